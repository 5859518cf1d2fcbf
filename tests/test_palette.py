"""The colours of the roles: the same everywhere, and apart for every kind of eye.

How a colour looks to somebody without one kind of cone: the matrices of Machado,
Oliveira and Fernandes (2009) for full severity, on linear RGB. How far two colours are
apart: their distance in OKLab, in which 0.02 is about what an eye just notices. Wanted
is twice that, for these are lines and areas next to each other, and each has its name
beside it: no figure tells its roles by colour alone.
"""

import itertools
import re

import numpy as np
import pytest

from rnncourse.plotting import COLOURS
from tests.conftest import ROOT

JUST_NOTICED = 0.02
ROLES = ("input", "state", "gate", "gradient")
EYES = {
    "usual": np.eye(3),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def css(theme):
    """Return the roles' colours of a theme as the style sheet has them."""
    text = (ROOT / "_static" / "course.css").read_text(encoding="utf-8")
    start = {"light": ":root {", "dark": 'html[data-theme="dark"] {'}[theme]
    block = text.split(start, 1)[1].split("}", 1)[0]
    return {k: v.upper() for k, v in re.findall(r"--rnn-(\w+): (#\w{6});", block)}


def scripts():
    """Return the colours of both themes as the interactive figures have them."""
    text = (ROOT / "_ext" / "interactive" / "figure.js").read_text(encoding="utf-8")
    found = re.findall(r'(\w+): \["(#\w{6})", "(#\w{6})"\]', text)
    light = {role: a.upper() for role, a, _ in found if role in COLOURS}
    return light, {role: b.upper() for role, _, b in found if role in COLOURS}


def seen(colour, eye):
    """Return a colour in OKLab as an eye sees it."""
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    low = values / 12.92
    linear = np.where(values <= 0.04045, low, ((values + 0.055) / 1.055) ** 2.4)
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    ) @ np.clip(EYES[eye] @ linear, 0, 1)
    return np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    ) @ np.cbrt(cones)


def apart(a, b, eye):
    """Return the distance of two colours for an eye."""
    return float(np.linalg.norm(seen(a, eye) - seen(b, eye)))


def test_a_role_has_one_colour_in_matplotlib_pages_and_scripts():
    light, dark = scripts()
    assert css("light") == light == {k: v.upper() for k, v in COLOURS.items()}
    assert css("dark") == dark
    assert set(dark) == set(COLOURS)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_roles_stay_apart(theme, eye):
    colours = css(theme)
    for a, b in itertools.combinations(ROLES, 2):
        assert apart(colours[a], colours[b], eye) >= 2 * JUST_NOTICED, (a, b)


def test_red_and_green_do_not():
    """Some eyes cannot tell these two apart, and then neither may the test."""
    assert apart("#B05010", "#787000", "usual") > 0.08
    assert apart("#B05010", "#787000", "deutan") < 2 * JUST_NOTICED


def test_black_and_white_are_as_far_apart_as_oklab_says():
    for eye in EYES:
        assert apart("#000000", "#FFFFFF", eye) == pytest.approx(1, abs=0.01)

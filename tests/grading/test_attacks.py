"""Every attack of tests/attacks is run for real, beside honest hand-ins."""

import os

import pytest

from ..attacks.corpus import ATTACKS, HONEST, ended, grade, name_of
from .common import POINTS, grades, linux

pytestmark = linux
LEVEL = os.environ.get("RNNCOURSE_ISOLATION", "")  # to run them at another one

each_attack = pytest.mark.parametrize(
    "attack",
    [
        pytest.param(
            attack,
            id=name_of(attack),
            marks=[] if attack.get("quick") else [pytest.mark.heavy],
        )
        for attack in ATTACKS
    ],
)


def chosen(request):
    """Give the attacks that this test run asks for."""
    items = (getattr(item, "callspec", None) for item in request.session.items)
    asked = [
        spec.params["attack"] for spec in items if spec and "attack" in spec.params
    ]
    return [attack for attack in ATTACKS if attack in asked] or ATTACKS[:1]


@pytest.fixture(scope="module")
def graded(request, tmp_path_factory):
    """Grade the attacks and some honest hand-ins in one run."""
    return grade(chosen(request), tmp_path_factory.mktemp("attacks"), level=LEVEL)


def test_there_are_attacks_of_every_class():
    assert len(ATTACKS) >= 150
    assert {attack["class"] for attack in ATTACKS} == set("ABCDEFG")
    names = [attack["name"] for attack in ATTACKS]
    assert len(set(names)) == len(names)


@each_attack
def test_attack_gains_nothing(graded, attack):
    result = graded["results"][attack["name"]]
    words = LEVEL != "standard"  # other walls, other words
    found = ended(attack, result, graded["loot"], words=words)
    assert found == {}, (result.flags, result.notebook[-3000:])


@pytest.mark.parametrize("student", HONEST)
def test_honest_hand_ins_beside_them_have_full_marks(graded, student):
    assert grades(graded["results"][student]) == POINTS


def test_nothing_is_left_behind_and_no_hand_in_is_changed(graded):
    assert graded["left"] == set()
    assert graded["changed"] == set()

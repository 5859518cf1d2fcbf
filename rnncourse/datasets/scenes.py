"""Pictures of one or two drawn shapes, and every caption that is true of them.

Whether a caption is right is decided by a grammar, not by likeness to one text::

    caption = thing | thing relation thing
    thing = "a" size shape
    size = "small" | "large"
    shape = "circle" | "square" | "triangle" | "cross"
    relation = "above" | "below" | "left of" | "right of"
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.validate import check_choice, check_size

SHAPES = ("circle", "square", "triangle", "cross")
SIZES = {"small": 2.6, "large": 4.6}  # radius in pixels
WORDS = ("a", *SIZES, *SHAPES, "above", "below", "left", "right", "of")
SIDE = 24  # pixels; four quarters of twelve
PAIRS_SHARE = 0.7  # of the scenes have two shapes
NOISE = 0.15


class Thing(NamedTuple):
    """A shape in a scene: its size and kind in words, its centre in pixels."""

    size: str
    kind: str
    row: float
    col: float


@dataclass(frozen=True)
class SceneData:
    """Pictures, what is in them, and a true caption of each.

    Attributes
    ----------
    pictures : (N, 24, 24) float32 array
        Ink from about 0 to 1, with noise.
    scenes : tuple of N tuples of Thing
    captions : tuple of N str
        One of the true ones, drawn evenly.
    description : str
    """

    pictures: NDArray[np.float32]
    scenes: tuple[tuple[Thing, ...], ...]
    captions: tuple[str, ...]
    description: str


def draw_shape(
    kind: str, row: float, col: float, radius: float, side: int = SIDE
) -> NDArray[np.bool_]:
    """Say of each pixel whether it belongs to a shape (15.10).

    Parameters
    ----------
    kind : "circle", "square", "triangle" or "cross"
    row, col : float
        The centre; rows are counted from the top.
    radius : float
    side : int
        Pixels a side.

    Returns
    -------
    (side, side) bool array

    Examples
    --------
    >>> print(draw_shape("triangle", 2, 2, 2, side=5).astype(int))
    [[0 0 1 0 0]
     [0 0 1 0 0]
     [0 1 1 1 0]
     [0 1 1 1 0]
     [1 1 1 1 1]]
    """
    check_choice("kind", kind, SHAPES)
    check_size("side", side)
    down = np.arange(side)[:, None] - row
    across = np.abs(np.arange(side)[None, :] - col)
    inside = np.maximum(np.abs(down), across) <= radius
    if kind == "circle":
        return np.asarray(down**2 + across**2 <= radius**2)  # (15.10)
    if kind == "triangle":
        return np.asarray(inside & (across <= (radius + down) / 2))
    if kind == "cross":
        inside = inside & (np.minimum(np.abs(down), across) <= radius / 3)
    return np.asarray(inside)


def true_captions(scene: Iterable[Any]) -> list[str]:
    """List every caption of the grammar that is true of a scene (15.12).

    Parameters
    ----------
    scene : one or two of (size, kind, row, col)
        Two shapes are above each other if their rows differ by more than a quarter
        of the picture, beside each other if their columns do; both may hold.

    Returns
    -------
    list of str, sorted

    Examples
    --------
    >>> true_captions([("small", "circle", 6, 6), ("large", "cross", 18, 7)])
    ['a large cross below a small circle', 'a small circle above a large cross']
    """
    things = [Thing(*thing) for thing in scene]
    names = [f"a {thing.size} {thing.kind}" for thing in things]
    if len(things) == 1:
        return names
    if len(things) != 2:
        raise ValueError(f"scene must have one or two shapes, got {len(things)}")
    found = set()
    for (one, a), (two, b) in itertools.permutations(zip(names, things, strict=True)):
        if b.row - a.row > SIDE / 4:
            found.add(f"{one} above {two}")
        if a.row - b.row > SIDE / 4:
            found.add(f"{one} below {two}")
        if b.col - a.col > SIDE / 4:
            found.add(f"{one} left of {two}")
        if a.col - b.col > SIDE / 4:
            found.add(f"{one} right of {two}")
    return sorted(found)


def is_caption(text: str) -> bool:
    """Say whether a text is a sentence of the grammar, true of a scene or not.

    Examples
    --------
    >>> is_caption("a small circle above a large cross"), is_caption("a small small")
    (True, False)
    """
    words = text.replace("left of", "left").replace("right of", "right").split()
    if "of" in words or "of" in text.split()[:1]:
        return False

    def thing(part: list[str]) -> bool:
        return (
            len(part) == 3 and part[0] == "a" and part[1] in SIZES and part[2] in SHAPES
        )

    if len(words) == 3:
        return thing(words)
    joined = len(words) == 7 and words[3] in ("above", "below", "left", "right")
    bare = any(f" {side} a" in text for side in ("left", "right"))
    return joined and not bare and thing(words[:3]) and thing(words[4:])


def has_pair(things: Iterable[Any], pair: tuple[str, str]) -> bool:
    """Say whether a scene has a thing of that size and kind, or those two kinds.

    Parameters
    ----------
    things : sequence whose members begin with size and kind
    pair : (size, kind) or (kind, kind)

    Examples
    --------
    >>> scene = [("small", "circle"), ("large", "cross")]
    >>> has_pair(scene, ("large", "circle")), has_pair(scene, ("cross", "circle"))
    (False, True)
    """
    made = [(thing[0], thing[1]) for thing in things]
    if pair[0] in SIZES:
        return pair in made
    return sorted(kind for _, kind in made) == sorted(pair)


def make_scenes(
    n: int,
    *,
    seed: int = 0,
    without: Iterable[tuple[str, str]] = (),
    only: Iterable[tuple[str, str]] = (),
) -> SceneData:
    """Draw scenes with a true caption each.

    Parameters
    ----------
    n : int
    seed : int
    without : pairs for :func:`has_pair`
        No scene has any of them.
    only : pairs for :func:`has_pair`
        If given, each scene has at least one of them.

    Returns
    -------
    SceneData

    Examples
    --------
    >>> data = make_scenes(3, seed=1)
    >>> data.pictures.shape, data.captions[0]
    ((3, 24, 24), 'a large circle right of a large circle')
    """
    check_size("n", n)
    check_size("seed", seed, least=0)
    banned, wanted = list(without), list(only)
    for pair in banned + wanted:
        check_choice("pair", pair[0], (*SIZES, *SHAPES))
        check_choice("pair", pair[1], SHAPES)
    rng = np.random.default_rng(seed)
    pictures, captions = [], []
    scenes: list[tuple[Thing, ...]] = []
    while len(scenes) < n:
        count = 1 + int(rng.random() < PAIRS_SHARE)
        sizes, kinds = rng.integers(2, size=count), rng.integers(4, size=count)
        things = [
            (tuple(SIZES)[s], SHAPES[k]) for s, k in zip(sizes, kinds, strict=True)
        ]
        if any(has_pair(things, pair) for pair in banned):
            continue
        if wanted and not any(has_pair(things, pair) for pair in wanted):
            continue
        scene = _place(things, rng)
        right = true_captions(scene)
        pictures.append(_paint(scene, rng))
        scenes.append(scene)
        captions.append(right[rng.integers(len(right))])
    return SceneData(
        np.stack(pictures),
        tuple(scenes),
        tuple(captions),
        "drawn shapes, 24 by 24 pixels, with one of the true captions; computed, CC0",
    )


def _place(
    things: list[tuple[str, str]], rng: np.random.Generator
) -> tuple[Thing, ...]:
    """Put each thing near the middle of a quarter of its own."""
    scene = []
    for (size, kind), quarter in zip(things, rng.permutation(4), strict=False):
        down, across = divmod(int(quarter), 2)
        row, col = rng.integers(-1, 2, size=2).tolist()
        scene.append(Thing(size, kind, 6 + 12 * down + row, 6 + 12 * across + col))
    return tuple(scene)


def _paint(scene: tuple[Thing, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    picture = rng.normal(0, NOISE, size=(SIDE, SIDE))
    for thing in scene:
        mask = draw_shape(thing.kind, thing.row, thing.col, SIZES[thing.size])
        picture[mask] += rng.uniform(0.6, 1)
    return picture.astype(np.float32)

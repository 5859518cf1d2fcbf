"""Tunes in four genres, as symbols: each genre is a handful of rules.

A tune is a list of words such as ``"C4:6"``, a pitch and a length in sixths of a
beat; ``"|"`` closes a bar. The rules make tunes, and say of any tune which of them it
keeps: so what a network writes can be judged exactly. All of it was made for the
course; no tune is anybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnncourse.reference.validate import check_choice, check_size

LETTERS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
BAR = "|"
N_BARS = 4


@dataclass(frozen=True)
class Genre:
    """The rules of a genre.

    Attributes
    ----------
    bar : int
        Length of a bar in sixths of a beat.
    rhythms : tuple of tuples of int
        The lengths of the notes of a bar, but for the last bar: one note.
    pitches : tuple of str
        From low to high; neighbours are one step apart.
    chords : tuple of 4 strings
        The letters of which a bar's first note must be one.
    leap : int
        The most steps from a note to the next.
    tempo : int
        Beats a minute, for playing.
    """

    bar: int
    rhythms: tuple[tuple[int, ...], ...]
    pitches: tuple[str, ...]
    chords: tuple[str, ...]
    leap: int
    tempo: int


GENRES = {
    "waltz": Genre(
        bar=18,
        rhythms=((6, 6, 6), (12, 6), (6, 3, 3, 6), (6, 6, 3, 3)),
        pitches=("C4", "D4", "E4", "F4", "G4", "A4", "B4", "C5"),
        chords=("C E G", "G B D", "G B D", "C"),
        leap=3,
        tempo=150,
    ),
    "march": Genre(
        bar=24,
        rhythms=((9, 3, 6, 6), (6, 6, 9, 3), (9, 3, 12), (6, 6, 6, 6)),
        pitches=("C4", "F4", "G4", "A4", "Bb4", "C5", "D5", "F5"),
        chords=("F A C", "Bb D F", "C G", "F"),
        leap=3,
        tempo=112,
    ),
    "blues": Genre(
        bar=24,
        rhythms=((4, 2, 4, 2, 6, 6), (6, 6, 4, 2, 4, 2), (4, 2, 6, 12), (6, 4, 2, 12)),
        pitches=("G3", "Bb3", "C4", "Eb4", "F4", "F#4", "G4", "Bb4", "C5"),
        chords=("C Eb G", "F C", "G Bb", "C"),
        leap=2,
        tempo=96,
    ),
    "lullaby": Genre(
        bar=18,
        rhythms=((9, 9), (6, 3, 6, 3), (6, 3, 9), (9, 6, 3)),
        pitches=("D4", "E4", "G4", "A4", "B4", "D5", "E5"),
        chords=("G B D", "E G B", "D A", "G"),
        leap=1,
        tempo=104,
    ),
}
RULES = ("bars", "rhythm", "pitches", "chords", "leaps", "repeat", "end")


def midi(pitch: str) -> int:
    """Return the number of a pitch: C4 is 60, each half tone counts one.

    Examples
    --------
    >>> midi("A4"), midi("Bb3"), midi("C5")
    (69, 58, 72)
    """
    letter, octave = pitch[:-1], pitch[-1]
    check_choice("letter", letter, LETTERS)
    return 12 * (int(octave) + 1) + LETTERS.index(letter)


def frequency(number: float) -> float:
    """Return the vibrations a second of a pitch's number, from the A of 440 (15.13).

    Examples
    --------
    >>> frequency(69), round(frequency(60), 2)
    (440.0, 261.63)
    """
    return float(440 * 2 ** ((number - 69) / 12))  # (15.13)


def make_tunes(genre: str, n: int, *, seed: int = 0) -> list[list[str]]:
    """Make tunes by the rules of a genre: four bars, the first rhythm comes back.

    Parameters
    ----------
    genre : "waltz", "march", "blues" or "lullaby"
    n, seed : int

    Returns
    -------
    list of n lists of str

    Examples
    --------
    >>> " ".join(make_tunes("lullaby", 1)[0][:8])
    'G4:6 E4:3 D4:9 | E4:9 D4:6 E4:3 |'
    >>> kept_rules(make_tunes("lullaby", 1)[0], "lullaby")["leaps"]
    True
    """
    check_choice("genre", genre, tuple(GENRES))
    check_size("n", n)
    check_size("seed", seed, least=0)
    rules = GENRES[genre]
    rng = np.random.default_rng([seed, list(GENRES).index(genre)])
    return [_make_tune(rules, rng) for _ in range(n)]


def _make_tune(rules: Genre, rng: np.random.Generator) -> list[str]:
    """Choose rhythms, then pitches from the last to the first, so that all can be met.

    ``ways`` says of each pitch whether a way leads on from it to the end.
    """
    count = len(rules.rhythms)
    plan = list(rng.integers(count, size=N_BARS - 1))
    plan[2] = plan[0]  # the first rhythm comes back
    lengths = [list(rules.rhythms[k]) for k in plan] + [[rules.bar]]
    steps = np.arange(len(rules.pitches))
    near = np.abs(steps[:, None] - steps) <= rules.leap
    allowed = []
    for bar, rhythm in enumerate(lengths):
        letters = rules.chords[bar].split()
        first = np.array([pitch[:-1] in letters for pitch in rules.pitches])
        allowed += [first] + [np.ones(len(steps), dtype=bool)] * (len(rhythm) - 1)
    ways = [allowed[-1]]
    for here in reversed(allowed[:-1]):
        ways.append(here & (near @ ways[-1]))
    at, pitches = -1, []
    for way in reversed(ways):
        open_to = way if at < 0 else way & near[at]
        weight = open_to * np.where(steps == at, 0.3, 1.0)  # seldom the same again
        at = int(rng.choice(len(steps), p=weight / weight.sum()))
        pitches.append(rules.pitches[at])
    tune: list[str] = []
    for rhythm in lengths:
        tune += [f"{pitches.pop(0)}:{length}" for length in rhythm] + [BAR]
    return tune


def kept_rules(tune: Sequence[str], genre: str) -> dict[str, bool]:
    """Say which rules of a genre a tune keeps.

    Parameters
    ----------
    tune : sequence of str
    genre : str

    Returns
    -------
    dict of bool
        ``bars``: four, each of the right length. ``rhythm``: each bar's is one of
        the genre's. ``pitches``: all are the genre's. ``chords``: each bar's first
        note fits. ``leaps``: none too wide. ``repeat``: bar 3 has the rhythm of
        bar 1. ``end``: one note, the last chord's.

    Examples
    --------
    >>> kept_rules(["C4:18", "|"], "waltz")["bars"]
    False
    """
    check_choice("genre", genre, tuple(GENRES))
    rules, bars = GENRES[genre], [[]]  # type: tuple[Genre, list[list[str]]]
    for word in tune:
        if word == BAR:
            bars.append([])
        else:
            bars[-1].append(word)
    closed, bars = not bars[-1], bars[:-1] if not bars[-1] else bars
    notes = [[word.split(":") for word in bar] for bar in bars]
    lengths = [tuple(int(length) for _, length in bar) for bar in notes]
    pitches = [pitch for bar in notes for pitch, _ in bar]
    known = all(pitch in rules.pitches for pitch in pitches)
    steps = [rules.pitches.index(pitch) for pitch in pitches] if known else []
    four = closed and len(bars) == N_BARS and all(bars)
    rhythms = (*rules.rhythms, (rules.bar,))
    return {
        "bars": four and all(sum(bar) == rules.bar for bar in lengths),
        "rhythm": four and all(bar in rhythms for bar in lengths),
        "pitches": known and bool(pitches),
        "chords": four
        and all(
            bar[0][0][:-1] in chord.split()
            for bar, chord in zip(notes, rules.chords, strict=True)
        ),
        "leaps": known
        and bool(pitches)
        and bool((np.abs(np.diff(steps)) <= rules.leap).all()),
        "repeat": four and lengths[2] == lengths[0],
        "end": four
        and len(notes[-1]) == 1
        and notes[-1][0][0][:-1] in rules.chords[-1].split(),
    }

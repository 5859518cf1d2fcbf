"""A small language with two things to remember: open brackets and an open quotation.

Sentences of eight words made of five letters, with round brackets, two deep at most,
and quotations, which may stand in brackets but hold none. The mark that opens a
quotation also closes it, so only memory tells the two apart. Made for the course.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.validate import check_size

SYMBOLS = ' "().enost'
WORDS = ("one", "no", "not", "so", "set", "tone", "nose", "stone")
DEEPEST = 2


def make_brackets(n_symbols: int, *, seed: int | np.random.Generator = 0) -> str:
    """Make a text that begins with a sentence and is cut after so many symbols.

    Parameters
    ----------
    n_symbols : int
    seed : int or Generator
        A generator goes on where it stands.

    Examples
    --------
    >>> make_brackets(40, seed=3)
    '("nose" set) ("so so not tone" "one ston'
    """
    check_size("n_symbols", n_symbols)
    rng, text = np.random.default_rng(seed), ""
    while len(text) < n_symbols:
        text += _phrase(rng, 0, quoted=False) + ". "
    return text[:n_symbols]


def _phrase(rng: np.random.Generator, depth: int, *, quoted: bool) -> str:
    parts = []
    while True:
        u = rng.random()
        if not quoted and depth < DEEPEST and u < 0.2:
            parts.append(f"({_phrase(rng, depth + 1, quoted=False)})")
        elif not quoted and u < 0.4:
            parts.append(f'"{_phrase(rng, depth, quoted=True)}"')
        else:
            parts.append(WORDS[rng.integers(len(WORDS))])
        if rng.random() < 0.3:
            return " ".join(parts)


def encode_brackets(text: str) -> NDArray[np.int64]:
    """Return the number of each symbol of a text, its place in ``SYMBOLS``.

    Raises
    ------
    ValueError
        If a character is not of the language.

    Examples
    --------
    >>> encode_brackets("(so)").tolist()
    [2, 8, 7, 3]
    """
    unknown = sorted(set(text) - set(SYMBOLS))
    if unknown:
        raise ValueError(f"text must have no symbol but {SYMBOLS!r}, got {unknown}")
    return np.array([SYMBOLS.index(c) for c in text], dtype=np.int64)


def read_brackets(
    text: str,
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.bool_]]:
    """Say after each symbol what is open and which symbols may come next.

    Parameters
    ----------
    text : str
        A bracket too many is passed over; spelling is not looked at.

    Returns
    -------
    quoted : (T,) bool array
        Whether a quotation is open.
    depth : (T,) int array
        How many brackets are.
    allowed : (T, 10) bool array
        Which of ``SYMBOLS`` the rules of the marks allow next.

    Examples
    --------
    >>> quoted, depth, allowed = read_brackets('("so')
    >>> quoted.tolist(), depth.tolist()
    ([False, True, True, True], [1, 1, 1, 1])
    >>> "".join(c for c, ok in zip(SYMBOLS, allowed[-1]) if ok)
    ' "enost'
    """
    quoted, depth, rows = False, 0, []
    for c in text:
        after = "letter"
        if c == '"':
            quoted = not quoted
            after = "begin" if quoted else "end"
        elif c == "(":
            depth, after = depth + 1, "begin"
        elif c == ")":
            depth, after = max(0, depth - 1), "end"
        elif c == " ":
            after = "begin"
        elif c == ".":
            after = "stop"
        begun, ended = after == "begin", after in ("letter", "end")
        marks = (
            ended or after == "stop",  # a space
            after == "letter" if quoted else begun,  # a quotation mark
            begun and not quoted and depth < DEEPEST,
            ended and not quoted and depth > 0,
            ended and not quoted and depth == 0,
        )
        rows.append((quoted, depth, (*marks, *[begun or after == "letter"] * 5)))
    q, d, allowed = zip(*rows, strict=True) if rows else ((), (), np.zeros((0, 10)))
    return np.array(q, bool), np.array(d, np.int64), np.array(allowed, bool)

"""Tasks that are computed: the answer is known, so is the best possible loss."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.functional import one_hot
from rnncourse.reference.validate import check_choice, check_size


@dataclass(frozen=True)
class SequenceData:
    """Sequences for one task, time first, zero after each length.

    Attributes
    ----------
    xs : (T, B, D) float64 array
    ys : (B,) or (T, B) array; see ``description``
    lengths : (B,) int64 array
    description : str
        Task, units, source, licence.
    """

    xs: NDArray[np.float64]
    ys: NDArray[Any]
    lengths: NDArray[np.int64]
    description: str


def make_alphabet(
    direction: str = "forward",
    *,
    n_sequences: int = 26,
    n_steps: int = 25,
    seed: int = 0,
) -> SequenceData:
    """Recite the alphabet: at each letter, name the next one.

    Parameters
    ----------
    direction : {"forward", "backward"}
        A to Z, or Z to A; round the corner where the end is reached.
    n_sequences : int
        How many recitals; the first 26 begin at a letter each of its own.
    n_steps : int
        Letters in a recital.
    seed : int
        Draws the order of the first letters. Not negative.

    Returns
    -------
    SequenceData
        ``xs`` (T, B, 26) one-hot letters, ``ys`` (T, B) the index of the next letter.
    """
    check_size("n_sequences", n_sequences)
    check_size("n_steps", n_steps)
    check_size("seed", seed, least=0)
    check_choice("direction", direction, ("forward", "backward"))
    rng = np.random.default_rng(seed)
    rounds = -(-n_sequences // 26)
    starts = np.concatenate([rng.permutation(26) for _ in range(rounds)])
    step = 1 if direction == "forward" else -1
    ids = starts[:n_sequences] + step * np.arange(n_steps + 1)[:, None]
    ids %= 26
    return SequenceData(
        xs=one_hot(ids[:-1], 26),
        ys=ids[1:],
        lengths=np.full(n_sequences, n_steps, dtype=np.int64),
        description=(
            f"the alphabet {string.ascii_uppercase[::step]}, letter by letter; "
            "ys is the next letter's index; computed, CC0"
        ),
    )


def make_adding(
    n_sequences: int = 1000, *, n_steps: int = 50, seed: int = 0
) -> SequenceData:
    """Add the two marked numbers of a long sequence.

    Parameters
    ----------
    n_sequences : int
    n_steps : int
        At least 2: one mark falls in each half.
        The first half has ``n_steps // 2`` steps.
    seed : int
        Not negative.

    Returns
    -------
    SequenceData
        ``xs`` (T, B, 2): a number uniform in [0, 1) and a mark that is 1 at exactly
        two steps; ``ys`` (B,): the sum of the two marked numbers. Always answering
        1 has a mean squared error of 1/6.

    References
    ----------
    Hochreiter and Schmidhuber, 1997, experiment 4; in this form Le, Jaitly and
    Hinton, 2015, arXiv:1504.00941.
    """
    check_size("n_sequences", n_sequences)
    check_size("n_steps", n_steps, least=2)
    check_size("seed", seed, least=0)
    rng = np.random.default_rng(seed)
    values = rng.random((n_steps, n_sequences))
    marks = np.zeros((n_steps, n_sequences))
    half, all_of_them = n_steps // 2, np.arange(n_sequences)
    first = rng.integers(0, half, size=n_sequences)
    second = rng.integers(half, n_steps, size=n_sequences)
    marks[first, all_of_them] = 1
    marks[second, all_of_them] = 1
    return SequenceData(
        xs=np.stack([values, marks], axis=-1),
        ys=values[first, all_of_them] + values[second, all_of_them],
        lengths=np.full(n_sequences, n_steps, dtype=np.int64),
        description=(
            f"adding task over {n_steps} steps; ys is the sum of the two marked "
            "numbers; computed, CC0"
        ),
    )

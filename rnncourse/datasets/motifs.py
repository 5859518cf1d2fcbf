"""A series with planted motifs: which came last but one decides what follows.

Two motifs stand in noise, at any place of a day and with either sign. The day after a
motif is higher or lower if the motif before it was the other one (21.13), and is as
any day if it was the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.validate import check_size

READINGS = 16  # a day
FIRST = (1, 1, 1, -1, -1, 1, -1, -1, 1, -1, 1, -1)
SHARE = 0.3  # of the days hold a motif
CHANGE = 2.0  # of the day after, up or down
NOISE = 0.5  # of a reading
WEATHER = 0.3  # of a day as a whole


@dataclass(frozen=True)
class MotifData:
    """A series, and what was planted in it.

    Attributes
    ----------
    readings : (N, R) float64 array
        One row a day.
    planted : (N,) int64 array
        1 where the first motif stands on that day, -1 for the second, 0 for none.
    change : (N,) float64 array
        What the motifs of the days before add to each reading of the day.
    description : str
    """

    readings: NDArray[np.float64]
    planted: NDArray[np.int64]
    change: NDArray[np.float64]
    description: str


def make_motifs(
    n_days: int = 3000,
    *,
    n_readings: int = READINGS,
    first: tuple[float, ...] = FIRST,
    seed: int = 0,
) -> MotifData:
    """Plant motifs in noise; the order of the last two moves the next day.

    Parameters
    ----------
    n_days : int
    n_readings : int
        A day; a motif must fit.
    first : tuple of float
        The first motif; the second is the same from the other end.
    seed : int
        Not negative.

    Returns
    -------
    MotifData

    Raises
    ------
    ValueError
        If a size does not fit, or the motif is its own mirror image.

    Examples
    --------
    >>> data = make_motifs(200)
    >>> data.readings.shape, sorted(set(data.planted.tolist()))
    ((200, 16), [-1, 0, 1])
    """
    check_size("n_days", n_days)
    check_size("n_readings", n_readings)
    check_size("seed", seed, least=0)
    if not 1 < len(first) <= n_readings:
        raise ValueError(
            f"first must have 2 to n_readings={n_readings} numbers, got {len(first)}"
        )
    if tuple(first) == tuple(first)[::-1]:
        raise ValueError("first must not be its own mirror image")
    rng = np.random.default_rng(seed)
    readings = NOISE * rng.normal(size=(n_days, n_readings))
    readings += WEATHER * rng.normal(size=(n_days, 1))
    planted = rng.choice([-1, 1], size=n_days) * (rng.random(n_days) < SHARE)
    signs = rng.choice([-1, 1], size=n_days)
    starts = rng.integers(0, n_readings - len(first) + 1, size=n_days)
    for day in np.flatnonzero(planted):
        motif = np.array(first if planted[day] == 1 else first[::-1])
        readings[day, starts[day] : starts[day] + len(motif)] += signs[day] * motif
    change = follow(planted)
    return MotifData(
        readings=readings + change[:, None],
        planted=planted.astype(np.int64),
        change=change,
        description=(
            f"{n_days} days of {n_readings} readings with two planted motifs; where "
            "they alternate, the next day rises or falls; computed, CC0"
        ),
    )


def follow(planted: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what the motifs make of each day: the rule of the series.

    Parameters
    ----------
    planted : (N,) int array of 1, -1 and 0

    Returns
    -------
    (N,) float64 array

    Examples
    --------
    >>> follow(np.array([1, 0, -1, -1, 1, 0])).tolist()
    [0.0, 0.0, 0.0, -2.0, 0.0, 2.0]
    """
    change = np.zeros(len(planted))
    before = 0
    for day, motif in enumerate(planted[:-1]):
        if motif:
            change[day + 1] = CHANGE * (motif - before) / 2 * (before != 0)  # (21.13)
            before = motif
    return change

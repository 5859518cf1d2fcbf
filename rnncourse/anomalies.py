"""Scores that say how unusual something is, and scores for those scores.

The equations are those of chapter 22.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.validate import check_size

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
MAD_TO_SIGMA = 1.4826  # of a normal distribution: its deviation over its MAD


def residual_scores(errors: Floats, quiet: Mask) -> Floats:
    """Return how far errors lie from usual, in robust standard deviations.

    Parameters
    ----------
    errors : (N,) array
        Forecast errors; NaN where there is none.
    quiet : (N,) bool array
        Where to learn what is usual.

    Returns
    -------
    (N,) float64 array
        Distance to the median of the quiet errors over 1.4826 times their median
        absolute deviation; NaN stays NaN.

    Raises
    ------
    ValueError
        If more than half of the quiet errors are equal, or all are NaN.
    """
    usual = errors[quiet & np.isfinite(errors)]
    if usual.size == 0:
        raise ValueError("errors: no number among the quiet ones")
    middle = np.median(usual)
    spread = MAD_TO_SIGMA * np.median(np.abs(usual - middle))
    if spread == 0:
        raise ValueError("errors: more than half of the quiet ones are equal")
    scores: Floats = np.abs(errors - middle) / spread  # (22.2)
    return scores


def power_spectrum(series: Floats, step: float = 1.0) -> tuple[Floats, Floats]:
    """Return how much of the variation of a series lies at each frequency.

    Parameters
    ----------
    series : (N,) array without holes
    step : float
        Time between two values.

    Returns
    -------
    frequency : (N // 2 + 1,) float64 array
        In turns per unit of ``step``.
    power : (N // 2 + 1,) float64 array
        Sums to the squared deviations from the mean.
    """
    N = len(series)
    power = np.abs(np.fft.rfft(series - np.mean(series))) ** 2 / N  # (22.3)
    twice = np.ones(len(power))
    twice[1 : (N + 1) // 2] = 2  # a frequency and its mirror image, (22.4)
    frequency: Floats = np.arange(len(power)) / (N * step)
    return frequency, twice * power


def tail_threshold(scores: Floats, rate: float, tail: float = 0.02) -> float:
    """Return the score that a share ``rate`` of usual ones would exceed.

    Parameters
    ----------
    scores : (N,) array of usual scores
    rate : float
        May be smaller than 1 / N: beyond the tail's start the scores are taken to
        die out exponentially.
    tail : float
        Share of the scores that makes up the tail.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        Unless 0 < rate <= tail < 1 and the tail holds at least two scores.
    """
    if not 0 < rate <= tail < 1:
        raise ValueError(f"rate, tail: got {rate}, {tail}; want 0 < rate <= tail < 1")
    start = np.quantile(scores, 1 - tail)
    above = scores[scores > start] - start
    if len(above) < 2:
        raise ValueError(f"scores: {len(above)} in the tail, at least 2 are needed")
    share = len(above) / len(scores)
    return float(start + above.mean() * np.log(share / rate))  # (22.7)


def alarm_events(alarms: Mask, gap: int = 0) -> list[tuple[int, int]]:
    """Join alarms that are close to each other.

    Parameters
    ----------
    alarms : (N,) bool array
    gap : int
        So many steps without an alarm may lie inside of an event.

    Returns
    -------
    list of (int, int)
        First and last step of each event.
    """
    check_size("gap", gap, least=0)
    at = np.flatnonzero(alarms)
    if len(at) == 0:
        return []
    groups = np.split(at, np.flatnonzero(np.diff(at) - 1 > gap) + 1)  # (22.8)
    return [(int(group[0]), int(group[-1])) for group in groups]


class EventScore(NamedTuple):
    """How well found events match the true ones."""

    precision: float
    recall: float


def event_scores(
    found: list[tuple[int, int]], true: list[tuple[int, int]], slack: int = 0
) -> EventScore:
    """Return precision and recall, counted in events.

    Parameters
    ----------
    found, true : lists of (first, last)
    slack : int
        A found event may miss a true one by so many steps and still count.

    Returns
    -------
    EventScore
        ``precision``, the share of found events that touch a true one, is NaN where
        nothing was found; ``recall``, the share of true events that a found one
        touches, is NaN where there are none.
    """
    check_size("slack", slack, least=0)

    def touch(a: tuple[int, int], b: tuple[int, int]) -> bool:
        return a[0] <= b[1] + slack and b[0] <= a[1] + slack

    hits = [any(touch(f, t) for t in true) for f in found]  # (22.9)
    seen = [any(touch(f, t) for f in found) for t in true]  # (22.10)
    return EventScore(
        float(np.mean(hits)) if hits else float("nan"),
        float(np.mean(seen)) if seen else float("nan"),
    )


def roc_area(scores: Floats, unusual: Mask) -> float:
    """Return how often an unusual one scores higher than a usual one.

    Parameters
    ----------
    scores : (N,) array
    unusual : (N,) bool array

    Returns
    -------
    float
        Over all pairs of an unusual and a usual one; a draw counts half.

    Raises
    ------
    ValueError
        If one of the two kinds is missing.
    """
    high, low = scores[unusual], np.sort(scores[~unusual])
    if len(high) == 0 or len(low) == 0:
        raise ValueError("unusual: both kinds are needed")
    below = np.searchsorted(low, high, side="left")
    not_above = np.searchsorted(low, high, side="right")
    return float((below + not_above).mean() / 2 / len(low))  # (22.12)


def component_errors(usual: Floats, X: Floats, K: int) -> Floats:
    """Return the squared error of writing rows with K principal components.

    Parameters
    ----------
    usual : (M, D) array
        Rows that the components are learnt from.
    X : (N, D) array
    K : int
        From 0, the distance to the mean, to ``min(M, D)``.

    Returns
    -------
    (N,) float64 array
    """
    check_size("K", K, least=0)
    mean = usual.mean(axis=0)
    V = np.linalg.svd(usual - mean, full_matrices=False)[2][:K]  # (K, D)
    away = X - mean
    left = away - away @ V.T @ V  # (22.13)
    errors: Floats = np.sum(left**2, axis=1)
    return errors

"""Choosing the output, one token after the other: greedy, sampling and beam search.

All three are written against one function of the model,
``step(state, tokens) -> (log_probs, state)``, and never look inside it:

- ``tokens`` is an (N,) integer array, the token chosen last in each of N rows;
- ``log_probs`` is the (N, V) array or tensor of log p of the token that follows;
- ``state`` is None, an array or tensor with N rows, or a tuple, list or dict of them.

So they serve NumPy and torch alike. Tokens are NumPy arrays throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.functional import log_softmax
from rnncourse.reference.validate import (
    Array,
    check_float,
    check_shape,
    check_size,
)

Step = Callable[[Any, NDArray[np.int64]], tuple[Any, Any]]
Choose = Callable[[Array], NDArray[np.int64]]


class Decoded(NamedTuple):
    """A batch of chosen sequences, time first."""

    tokens: NDArray[np.int64]  # (L, B), the end token after a sequence has ended
    lengths: NDArray[np.int64]  # (B,), the end token counted
    log_probs: NDArray[np.float64]  # (B,), log p(y | x) under the model


class Hypothesis(NamedTuple):
    """One sequence that beam search found."""

    tokens: tuple[int, ...]  # with the end token, if it was reached
    log_prob: float
    score: float  # the log-probability over the length penalty
    finished: bool  # False where the sequence was cut off at max_length


def greedy_search(
    step: Step, state: Any, start: Any, *, end: int, max_length: int
) -> Decoded:
    """Take the most probable token at every step; of equal ones that of lowest id.

    Parameters
    ----------
    step : callable
        See the top of this module.
    state : as ``step`` takes it
        State before the first token, one row for each sequence.
    start : (B,) array of int
        The token that each sequence is fed first; it is no part of the result.
    end : int
        The token that ends a sequence.
    max_length : int
        A sequence that has not ended by then is cut off.

    Returns
    -------
    Decoded

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, or ``step`` returns log-probabilities of another
        shape, NaN, or above 0.

    Examples
    --------
    >>> table = np.log([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
    >>> step = lambda state, tokens: (table[tokens], state)
    >>> greedy_search(step, None, [0, 2], end=0, max_length=4).tokens.T
    array([[1, 0, 0, 0],
           [2, 2, 2, 2]])
    """

    def choose(log_probs: Array) -> NDArray[np.int64]:
        return np.asarray(log_probs.argmax(axis=-1), dtype=np.int64)

    return _decode(step, state, start, choose, end, max_length)


def sample(
    step: Step,
    state: Any,
    start: Any,
    *,
    end: int,
    max_length: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Decoded:
    """Draw every token from the model's distribution, as it is or sharpened.

    Parameters
    ----------
    step, state, start, end, max_length
        As in :func:`greedy_search`.
    rng : numpy Generator
    temperature, top_k, top_p
        As in :func:`restrict`.

    Returns
    -------
    Decoded
        Its log-probabilities are the model's own, before any restriction.

    Raises
    ------
    TypeError, ValueError
        As in :func:`greedy_search` and :func:`restrict`.

    Examples
    --------
    >>> table = np.log([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
    >>> step = lambda state, tokens: (table[tokens], state)
    >>> rng = np.random.default_rng(0)
    >>> sample(step, None, [0], end=0, max_length=4, rng=rng, top_k=1).tokens.T
    array([[1, 0]])
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy Generator, got {type(rng).__name__}")
    _check_restriction(temperature, top_k, top_p)

    def choose(log_probs: Array) -> NDArray[np.int64]:
        kept = restrict(log_probs, temperature=temperature, top_k=top_k, top_p=top_p)
        # the largest of log p + Gumbel noise is a draw from p
        noisy = kept + rng.gumbel(size=kept.shape)
        return np.asarray(noisy.argmax(axis=-1), dtype=np.int64)

    return _decode(step, state, start, choose, end, max_length)


def restrict(
    log_probs: Array,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Array:
    """Sharpen distributions and cut off their tails, in this order.

    Parameters
    ----------
    log_probs : (..., V) array, float
    temperature : float above 0
        Divides the log-probabilities: below 1 sharper, above 1 flatter.
    top_k : int, optional
        Keep the k most probable tokens.
    top_p : float in (0, 1], optional
        Keep the smallest set of most probable tokens that reaches this probability
        (nucleus sampling, Holtzman and others, arXiv:1904.09751).

    Returns
    -------
    (..., V) array
        Log-probabilities again, −∞ for what is cut off. Of equally probable tokens
        those of lower id stay.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.

    Examples
    --------
    >>> log_probs = np.log([0.5, 0.3, 0.15, 0.05])
    >>> np.exp(restrict(log_probs, top_p=0.7)).round(3)
    array([0.625, 0.375, 0.   , 0.   ])
    """
    check_float("log_probs", log_probs)
    _check_restriction(temperature, top_k, top_p)
    kept = log_softmax(log_probs / temperature)
    order = np.argsort(-kept, axis=-1, kind="stable")
    place = np.argsort(order, axis=-1, kind="stable")  # 0 for the most probable
    if top_k is not None:
        kept = log_softmax(np.where(place < top_k, kept, -np.inf))
    if top_p is not None and top_p < 1:
        sorted_probs = np.exp(np.take_along_axis(kept, order, axis=-1))
        before = np.cumsum(sorted_probs, axis=-1) - sorted_probs
        before = np.take_along_axis(before, place, axis=-1)
        kept = log_softmax(np.where((before < top_p) | (place == 0), kept, -np.inf))
    return kept


def beam_search(
    step: Step,
    state: Any,
    start: int,
    *,
    end: int,
    width: int,
    max_length: int,
    alpha: float = 0.0,
    n_best: int = 1,
) -> list[Hypothesis]:
    """Follow the most probable prefixes of one sequence side by side (16.13).

    At every step all tokens are put after all prefixes and the ``width`` most
    probable results are kept. One that ends is set aside for good and leaves its
    place to others at the next step. With ``width=1`` this is
    :func:`greedy_search`; with V^T places and T steps nothing is ever dropped, so
    the best sequence of all is found. In between, a wider beam is usually better,
    but not always.

    Parameters
    ----------
    step : callable
        See the top of this module; called with at most ``width`` rows.
    state : as ``step`` takes it
        With one row.
    start, end : int
        The token fed first, and that which ends a sequence.
    width : int
    max_length : int
        What has not ended by then is cut off, and ranked beside the finished.
    alpha : float, at least 0
        Strength of the length penalty of Wu and others (arXiv:1609.08144); 0 ranks
        by the probability alone, more favours longer sequences.
    n_best : int
        How many hypotheses to return, at most.

    Returns
    -------
    list of Hypothesis
        Best score first. Of equal scores, the one found first comes first; of
        prefixes equally probable at one step, that of the better parent, then that
        of the lower token. Sequences of probability 0 are left out.

    Raises
    ------
    TypeError, ValueError
        As in :func:`greedy_search`.

    Examples
    --------
    >>> table = np.log([[0.1, 0.5, 0.4], [0.4, 0.3, 0.3], [0.9, 0.05, 0.05]])
    >>> step = lambda state, tokens: (table[tokens], state)
    >>> best, *_ = beam_search(step, None, 0, end=0, width=2, max_length=4)
    >>> best.tokens, round(float(np.exp(best.log_prob)), 2)
    ((2, 0), 0.36)
    """
    for name, size in {"width": width, "n_best": n_best}.items():
        check_size(name, size)
    check_size("start", start, least=0)
    _check_bounds(end, max_length)
    _check_number("alpha", alpha)
    if alpha < 0:
        raise ValueError(f"alpha must be at least 0, got {alpha}")
    found: list[Hypothesis] = []
    prefixes: list[tuple[int, ...]] = [()]
    totals = np.zeros(1)  # log p of each prefix
    tokens = np.array([start], dtype=np.int64)
    for length in range(1, max_length + 1):
        log_probs, state = step(state, tokens)
        log_probs = _read(log_probs, len(tokens), end)
        V = log_probs.shape[1]
        scores = (totals[:, None] + log_probs).ravel()  # (16.4)
        best = np.argsort(-scores, kind="stable")[:width]  # (16.13)
        best = best[np.isfinite(scores[best])]
        going, penalty = [], length_penalty(length, alpha)
        for place in best:
            parent, token = divmod(int(place), V)
            prefix, total = (*prefixes[parent], token), float(scores[place])
            if token == end or length == max_length:
                score = total / penalty  # (16.5)
                found.append(Hypothesis(prefix, total, score, token == end))
            else:
                going.append((parent, prefix, total))
        found.sort(key=lambda one: -one.score)
        if not going or _is_decided(found, going[0][2], n_best, max_length, alpha):
            break
        rows = np.array([parent for parent, _, _ in going], dtype=np.int64)
        prefixes = [prefix for _, prefix, _ in going]
        totals = np.array([total for _, _, total in going])
        tokens = np.array([prefix[-1] for prefix in prefixes], dtype=np.int64)
        state = take_rows(state, rows)
    return found[:n_best]


def length_penalty(length: int, alpha: float) -> float:
    """Return what the log-probability of a sequence of this length is divided by.

    Examples
    --------
    >>> length_penalty(1, 0.6), length_penalty(7, 1.0)
    (1.0, 2.0)
    """
    return float(((5 + length) / 6) ** alpha)  # (16.5)


def take_rows(state: Any, rows: NDArray[np.int64]) -> Any:
    """Choose rows of a state, which may be nested in tuples, lists and dicts.

    Examples
    --------
    >>> take_rows((np.array([[1.0], [2.0]]), None), np.array([1, 1, 0]))[0].ravel()
    array([2., 2., 1.])
    """
    if state is None:
        return None
    if isinstance(state, dict):
        return {name: take_rows(part, rows) for name, part in state.items()}
    if isinstance(state, (tuple, list)):
        parts = [take_rows(part, rows) for part in state]
        if hasattr(state, "_fields"):
            return type(state)(*parts)
        return type(state)(parts)
    return state[rows]


def _decode(
    step: Step, state: Any, start: Any, choose: Choose, end: int, max_length: int
) -> Decoded:
    """Let ``choose`` pick the tokens until all sequences have ended."""
    tokens = np.asarray(start)
    check_shape("start", tokens, "B")
    if tokens.size and tokens.dtype.kind not in "iu":
        raise TypeError(f"start must be whole numbers, got {tokens.dtype}")
    _check_bounds(end, max_length)
    tokens, B = tokens.astype(np.int64), len(tokens)
    live = np.ones(B, dtype=bool)
    lengths, totals = np.zeros(B, dtype=np.int64), np.zeros(B)
    chosen: list[NDArray[np.int64]] = []
    while live.any() and len(chosen) < max_length:
        log_probs, state = step(state, tokens)
        log_probs = _read(log_probs, B, end)
        tokens = np.where(live, choose(log_probs), end)
        at_token = np.take_along_axis(log_probs, tokens[:, None], axis=1)[:, 0]
        totals += np.where(live, at_token, 0)  # (16.4)
        lengths += live
        live = live & (tokens != end)
        chosen.append(tokens)
    stacked = np.array(chosen, dtype=np.int64).reshape(len(chosen), B)
    return Decoded(stacked, lengths, totals)


def _is_decided(
    found: list[Hypothesis], best: float, n_best: int, max_length: int, alpha: float
) -> bool:
    """Say whether no prefix can reach the result any more.

    A prefix only loses probability as it grows; the penalty at the greatest length
    is the most it can gain.
    """
    reachable = best / length_penalty(max_length, alpha)
    return len(found) >= n_best and found[n_best - 1].score >= reachable


def _read(log_probs: Any, N: int, end: int) -> NDArray[np.float64]:
    """Check what the model said and bring it to NumPy."""
    if hasattr(log_probs, "detach"):
        log_probs = log_probs.detach().cpu().numpy()
    check_float("log_probs", log_probs)
    check_shape("log_probs", log_probs, "N V", N=N)
    read = np.asarray(log_probs, dtype=np.float64)
    if end >= read.shape[1]:
        raise ValueError(f"end must lie in 0..{read.shape[1] - 1}, got {end}")
    slack = 1e-5  # a log-softmax in float32 may come out above 0 by rounding
    if not (read <= slack).all():
        worst = read[~(read <= slack)][0]
        raise ValueError(f"log_probs must be at most 0, got {worst}")
    if not np.isfinite(read.max(axis=1)).all():
        raise ValueError("log_probs must leave each row a token, got -inf throughout")
    return np.asarray(np.minimum(read, 0))


def _check_bounds(end: int, max_length: int) -> None:
    check_size("end", end, least=0)
    check_size("max_length", max_length)


def _check_number(name: str, value: Any) -> None:
    numbers = (int, float, np.integer, np.floating)
    if not isinstance(value, numbers) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")


def _check_restriction(
    temperature: float, top_k: int | None, top_p: float | None
) -> None:
    _check_number("temperature", temperature)
    if temperature <= 0:
        raise ValueError(
            f"temperature must be above 0 (take greedy_search instead of 0), "
            f"got {temperature}"
        )
    if top_k is not None:
        check_size("top_k", top_k)
    if top_p is not None:
        _check_number("top_p", top_p)
        if not 0 < top_p <= 1:
            raise ValueError(f"top_p must lie above 0 and at most at 1, got {top_p}")

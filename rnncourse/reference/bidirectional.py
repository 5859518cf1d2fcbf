"""Two layers over one sequence: one reads it forwards, the other backwards.

Works with any cell of :mod:`rnncourse.reference.cells`. Source: Schuster and Paliwal,
1997, "Bidirectional recurrent neural networks".
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.cells import (
    State,
    cell_backward,
    cell_forward,
    check_cell,
    init_cell,
)
from rnncourse.reference.sequences import reverse_valid
from rnncourse.reference.validate import (
    Array,
    check_dtype,
    check_float,
    check_lengths,
    check_shape,
)

States = tuple[State, State]


class BidirectionalParams(NamedTuple):
    """Weights of one cell for each direction, of the same sizes."""

    forwards: Any
    backwards: Any


class BidirectionalCache(NamedTuple):
    """What both directions remember."""

    cell: str
    forwards: Any
    backwards: Any
    ends: NDArray[np.int64] | None  # (B,), or None where all lengths are T
    shape: tuple[int, ...]  # of hs
    dtype: Any


def init_bidirectional(
    cell: str, D: int, H: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> BidirectionalParams:
    """Draw the weights of a cell twice.

    Examples
    --------
    >>> p = init_bidirectional("gru", 3, 5, rng=np.random.default_rng(0))
    >>> p.forwards.W_x.shape == p.backwards.W_x.shape == (3, 15)
    True
    """
    return BidirectionalParams(
        forwards=init_cell(cell, D, H, rng=rng, dtype=dtype),
        backwards=init_cell(cell, D, H, rng=rng, dtype=dtype),
    )


def bidirectional_forward(
    cell: str,
    xs: Array,
    p: BidirectionalParams,
    states: States | None = None,
    lengths: Any = None,
) -> tuple[Array, States, BidirectionalCache]:
    """Read each sequence in both directions.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    xs : (T, B, D) array, float32 or float64
    p : BidirectionalParams of the same dtype
    states : two tuples of (B, H) arrays, optional
        Where each direction starts; the backward one before the last valid step.
        Zeros if left out.
    lengths : (B,) array of int, each in 1..T, optional
        The backward direction starts at the last valid step. After the length both
        repeat what they said there: the forward one its last state, the backward one
        the state after its whole way back. What stands there in ``xs`` is never read.
        ``torch.nn`` writes zeros there in a packed sequence.

    Returns
    -------
    hs : (T, B, 2H) array
        Forward and backward state of each step side by side.
    states_T : two tuples of (B, H) arrays
        The last state of each direction; the backward one's stands at the first step.
    cache : BidirectionalCache
        For :func:`bidirectional_backward`.

    Raises
    ------
    TypeError, ValueError
        If the cell is unknown, or a shape, a dtype, a length or the number of states
        does not fit, or a valid input is not finite; the message names it.

    Examples
    --------
    >>> p = init_bidirectional("rnn", 3, 5, rng=np.random.default_rng(0))
    >>> hs, (ahead, back), _ = bidirectional_forward("rnn", np.ones((7, 2, 3)), p)
    >>> hs.shape, bool((hs[0, :, 5:] == back[0]).all())
    ((7, 2, 10), True)
    """
    D, _ = check_bidirectional(cell, p)
    check_float("xs", xs)
    check_dtype("xs", xs, p.forwards.W_x.dtype)
    check_shape("xs", xs, "T B D", D=D)
    if len(xs) == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    ends = None if lengths is None else check_lengths(lengths, *xs.shape[:2])
    state_f, state_b = _open_states("states", states)
    hs_f, last_f, cache_f = cell_forward(cell, xs, p.forwards, state_f, ends)
    turned = reverse_valid(xs, ends)
    hs_b, last_b, cache_b = cell_forward(cell, turned, p.backwards, state_b, ends)
    hs = np.concatenate([hs_f, reverse_valid(hs_b, ends)], axis=2)  # (14.7)
    cache = BidirectionalCache(cell, cache_f, cache_b, ends, hs.shape, hs.dtype)
    return hs, (last_f, last_b), cache


def bidirectional_backward(
    dhs: Array,
    cache: BidirectionalCache,
    p: BidirectionalParams,
    dstates_T: States | None = None,
) -> tuple[Array, States, BidirectionalParams]:
    """Differentiate :func:`bidirectional_forward`.

    Parameters
    ----------
    dhs : (T, B, 2H) array
    cache : BidirectionalCache
        From :func:`bidirectional_forward`.
    p : BidirectionalParams
        The weights of that forward pass.
    dstates_T : two tuples of (B, H) arrays, optional
        What arrives at the last states from beyond; zeros if left out.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dstates0 : two tuples of (B, H) arrays
    dp : BidirectionalParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_bidirectional("rnn", 3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = bidirectional_forward("rnn", np.ones((7, 2, 3)), p)
    >>> dxs, dstates0, dp = bidirectional_backward(np.ones_like(hs), cache, p)
    >>> dxs.shape
    (7, 2, 3)
    """
    if not isinstance(cache, BidirectionalCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from bidirectional_forward, got {kind}")
    cell, cache_f, cache_b, ends, (T, B, W), dtype = cache
    check_bidirectional(cell, p)
    check_shape("dhs", dhs, "T B 2H", T=T, B=B, **{"2H": W})
    check_dtype("dhs", dhs, dtype)
    dlast_f, dlast_b = _open_states("dstates_T", dstates_T)
    dhs_f, dhs_b = np.split(dhs, 2, axis=2)  # from (14.7)
    dhs_b = reverse_valid(dhs_b, ends)
    dxs_f, first_f, dp_f = cell_backward(cell, dhs_f, cache_f, p.forwards, dlast_f)
    dxs_b, first_b, dp_b = cell_backward(cell, dhs_b, cache_b, p.backwards, dlast_b)
    dxs = dxs_f + reverse_valid(dxs_b, ends)  # (14.8)
    return dxs, (first_f, first_b), BidirectionalParams(dp_f, dp_b)


def check_bidirectional(cell: str, p: Any, *, name: str = "p") -> tuple[int, int]:
    """Raise unless both directions are of the cell and of one size; return D and H.

    Examples
    --------
    >>> p = init_bidirectional("gru", 3, 5, rng=np.random.default_rng(0))
    >>> check_bidirectional("gru", p)
    (3, 5)
    """
    if not isinstance(p, BidirectionalParams):
        raise TypeError(f"{name} must be BidirectionalParams, got {type(p).__name__}")
    D, H = check_cell(cell, p.forwards, name=f"{name}.forwards")
    dtype = p.forwards.W_x.dtype
    check_cell(cell, p.backwards, name=f"{name}.backwards", D=D, H=H, dtype=dtype)
    return D, H


def _open_states(name: str, states: Any) -> tuple[State | None, State | None]:
    if states is None:
        return None, None
    if not isinstance(states, tuple) or len(states) != 2:
        found = len(states) if isinstance(states, tuple) else type(states).__name__
        raise TypeError(f"{name} must be a tuple (forwards, backwards), got {found}")
    return states

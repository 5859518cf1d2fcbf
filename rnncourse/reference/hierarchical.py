"""Levels with clocks of their own: a higher one steps more rarely and remembers longer.

Level l steps after every s_l inputs and reads what the level below says then (14.9); in
between it keeps its state. A gradient over k inputs so passes about k / s_l steps.
Sources: Schmidhuber, 1992, "Learning complex, extended sequences using the principle of
history compression"; El Hihi and Bengio, 1996, "Hierarchical recurrent neural networks
for long-term dependencies"; Koutnik and others, 2014, arXiv:1402.3511.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference._idle import IdleCache, idle_backward, idle_forward
from rnncourse.reference.cells import State, check_cell, check_state, init_cell
from rnncourse.reference.validate import (
    Array,
    check_dtype,
    check_finite,
    check_float,
    check_lengths,
    check_shape,
    check_size,
)


class HierarchicalParams(NamedTuple):
    """The weights of each level, the lowest and fastest first."""

    levels: tuple[Any, ...]


class HierarchicalCache(NamedTuple):
    """What :func:`hierarchical_forward` remembers."""

    cell: str
    periods: tuple[int, ...]
    levels: list[IdleCache | None]  # None where a level never stepped
    sizes: list[int]  # of the state of each level
    shape: tuple[int, ...]  # of xs
    dtype: Any


def init_hierarchical(
    cell: str,
    D: int,
    sizes: Sequence[int],
    *,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> HierarchicalParams:
    """Draw the weights of each level.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    D : int
        Size of the input.
    sizes : sequence of int
        Size of the state of each level, the lowest first.
    rng : numpy.random.Generator
    dtype : float32 or float64

    Examples
    --------
    >>> p = init_hierarchical("rnn", 3, [5, 4], rng=np.random.default_rng(0))
    >>> [level.W_x.shape for level in p.levels]
    [(3, 5), (5, 4)]
    """
    check_size("the number of levels", len(sizes))
    below = [D, *sizes[:-1]]
    pairs = zip(below, sizes, strict=True)
    return HierarchicalParams(
        tuple(init_cell(cell, n, H, rng=rng, dtype=dtype) for n, H in pairs)
    )


def hierarchical_forward(
    cell: str,
    xs: Array,
    p: HierarchicalParams,
    periods: Sequence[int],
    states: tuple[State, ...] | None = None,
    lengths: Any = None,
) -> tuple[Array, tuple[State, ...], HierarchicalCache]:
    """Read a batch of sequences with levels of different clocks.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    xs : (T, B, D) array, float32 or float64
    p : HierarchicalParams of the same dtype
    periods : sequence of int, one for each level
        Level l steps at inputs s_l, 2 s_l, ... of a sequence, counted from 1. With
        all periods 1 it is a stack.
    states : tuple with a tuple of (B, H) arrays for each level, optional
        Zeros if left out. The clocks start anew.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps all states.

    Returns
    -------
    hs : (T, B, sum of the sizes) array
        The states of all levels side by side, the lowest first.
    states_T : tuple
        The last state of each level.
    cache : HierarchicalCache
        For :func:`hierarchical_backward`.

    Raises
    ------
    TypeError, ValueError
        If the cell is unknown, or a shape, a dtype, a length, a period or the number
        of states does not fit, or a valid input is not finite.

    Examples
    --------
    >>> p = init_hierarchical("rnn", 3, [5, 4], rng=np.random.default_rng(0))
    >>> hs, _, _ = hierarchical_forward("rnn", np.ones((7, 2, 3)), p, [1, 3])
    >>> hs.shape
    (7, 2, 9)
    >>> (hs[1:, 0, 5:] != hs[:-1, 0, 5:]).any(axis=1)  # when the higher level steps
    array([False,  True, False, False,  True, False])
    """
    sizes = check_hierarchical(cell, p)
    clocks = _check_periods(periods, len(sizes))
    check_float("xs", xs)
    check_shape("xs", xs, "T B D", D=len(p.levels[0].W_x))
    check_dtype("xs", xs, p.levels[0].W_x.dtype)
    T, B, _ = xs.shape
    if T == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    ends = np.full(B, T)
    below = xs
    if lengths is not None:
        ends = check_lengths(lengths, T, B)
        below = np.where((np.arange(T)[:, None] < ends)[:, :, None], xs, 0)
    check_finite("xs", below)
    given = _open_states("states", states, cell, sizes, B, xs.dtype)
    said, last = [], []
    caches: list[IdleCache | None] = []
    for level, s, state in zip(p.levels, clocks, given, strict=True):
        steps = below[s - 1 :: s]
        hs, cache = steps, None
        begin = state[0]
        if len(steps):
            hs, state, cache = idle_forward(cell, steps, level, state, ends // s)
        below = _hold(begin, hs, s, T)  # (14.9)
        said.append(below)
        last.append(state)
        caches.append(cache)
    joined = np.concatenate(said, axis=2)
    remembered = HierarchicalCache(cell, clocks, caches, sizes, xs.shape, xs.dtype)
    return joined, tuple(last), remembered


def hierarchical_backward(
    dhs: Array,
    cache: HierarchicalCache,
    p: HierarchicalParams,
    dstates_T: tuple[State, ...] | None = None,
) -> tuple[Array, tuple[State, ...], HierarchicalParams]:
    """Differentiate :func:`hierarchical_forward`, from the highest level down.

    Parameters
    ----------
    dhs : (T, B, sum of the sizes) array
    cache : HierarchicalCache
        From :func:`hierarchical_forward`.
    p : HierarchicalParams
        The weights of that forward pass.
    dstates_T : tuple, optional
        What arrives at the last state of each level from beyond; zeros if left out.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dstates0 : tuple
    dp : HierarchicalParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_hierarchical("rnn", 3, [5, 4], rng=np.random.default_rng(0))
    >>> hs, _, cache = hierarchical_forward("rnn", np.ones((7, 2, 3)), p, [1, 3])
    >>> dxs, dstates0, dp = hierarchical_backward(np.ones_like(hs), cache, p)
    >>> dxs.shape, len(dp.levels)
    ((7, 2, 3), 2)
    """
    if not isinstance(cache, HierarchicalCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from hierarchical_forward, got {kind}")
    cell, periods, caches, sizes, (T, B, D), dtype = cache
    found = check_hierarchical(cell, p)
    if found != sizes:
        raise ValueError(f"p must have levels of sizes {sizes}, got {found}")
    check_shape("dhs", dhs, "T B H", T=T, B=B, H=sum(sizes))
    check_dtype("dhs", dhs, dtype)
    given = _open_states("dstates_T", dstates_T, cell, sizes, B, dtype)
    parts = np.split(dhs, np.cumsum(sizes)[:-1], axis=2)
    first: list[State] = []
    grads: list[Any] = []
    dbelow = np.zeros_like(parts[-1])  # what the level above sends to this one
    for k in reversed(range(len(sizes))):
        s, level, one, dstate = periods[k], p.levels[k], caches[k], given[k]
        dbegin, dsaid = _gather(parts[k] + dbelow, s)  # from (14.9)
        dbelow = np.zeros((T, B, sizes[k - 1] if k else D), dtype=dtype)
        dp = type(level)(*(np.zeros_like(w) for w in level))
        if one is not None:
            dsteps, dstate, dp = idle_backward(cell, dsaid, one, level, dstate)
            dbelow[s - 1 :: s] = dsteps
        first.append((dstate[0] + dbegin, *dstate[1:]))
        grads.append(dp)
    return dbelow, tuple(first[::-1]), HierarchicalParams(tuple(grads[::-1]))


def check_hierarchical(cell: str, p: Any) -> list[int]:
    """Raise unless each level fits the one below; return the sizes of the states.

    Examples
    --------
    >>> p = init_hierarchical("rnn", 3, [5, 4], rng=np.random.default_rng(0))
    >>> check_hierarchical("rnn", p)
    [5, 4]
    """
    if not isinstance(p, HierarchicalParams):
        raise TypeError(f"p must be HierarchicalParams, got {type(p).__name__}")
    if not isinstance(p.levels, tuple) or not p.levels:
        found = 0 if isinstance(p.levels, tuple) else type(p.levels).__name__
        raise ValueError(f"p.levels must be a tuple of at least one, got {found}")
    sizes: list[int] = []
    for k, level in enumerate(p.levels):
        D = sizes[-1] if sizes else None
        dtype = p.levels[0].W_x.dtype if k else None
        _, H = check_cell(cell, level, name=f"p.levels[{k}]", D=D, dtype=dtype)
        sizes.append(H)
    return sizes


def _check_periods(periods: Any, n: int) -> tuple[int, ...]:
    if len(periods) != n:
        raise ValueError(f"periods must be {n}, one for each level, got {len(periods)}")
    for k, s in enumerate(periods):
        check_size(f"periods[{k}]", s)
    return tuple(int(s) for s in periods)


def _open_states(
    name: str, states: Any, cell: str, sizes: list[int], B: int, dtype: Any
) -> tuple[State, ...]:
    """Check the states of all levels; zeros where nothing is given."""
    n = len(sizes)
    given = (None,) * n if states is None else states
    if not isinstance(given, tuple) or len(given) != n:
        found = len(states) if isinstance(states, tuple) else type(states).__name__
        raise TypeError(
            f"{name} must be a tuple of {n}, one for each level, got {found}"
        )
    return tuple(
        check_state(f"{name}[{k}]", state, cell, B=B, H=H, dtype=dtype)
        for k, (state, H) in enumerate(zip(given, sizes, strict=True))
    )


def _hold(begin: Array, hs: Array, s: int, T: int) -> Array:
    """Repeat the states after each step until the next one, and the first before."""
    if not len(hs):
        return np.broadcast_to(begin, (T, *begin.shape)).copy()
    known = np.concatenate([begin[None], hs])
    return known[(np.arange(T) + 1) // s]


def _gather(dheld: Array, s: int) -> tuple[Array, Array]:
    """Differentiate :func:`_hold`: sum over the time each state was held."""
    total = np.zeros((len(dheld) // s + 1, *dheld.shape[1:]), dtype=dheld.dtype)
    steps: NDArray[np.int64] = (np.arange(len(dheld)) + 1) // s
    np.add.at(total, steps, dheld)
    return total[0], total[1:]

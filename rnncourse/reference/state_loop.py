"""The loop over time of cells with one state, which may be read from further back.

A cell is a step, its derivative and the shapes of its weights; the loop adds lengths,
first states and sums over time. Most cells read the state one step ago. One that
reads further back, ``d`` steps ago, needs its last ``d`` states to go on, so these
are what such a layer starts from and ends with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.validate import (
    Array,
    check_draw,
    check_dtype,
    check_finite,
    check_float,
    check_lengths,
    check_shape,
    check_size,
)


class StateCell(NamedTuple):
    """One kind of cell.

    ``step(x, *states, p)`` gives (h, cache) and ``step_backward(dh, cache, p)`` gives
    ``(dx, *dstates, dp)``; a cache starts with x and the states. ``states`` names what
    is read, with the number of steps it lies back, or None for the layer's delay.
    ``shapes`` names the axes of each weight, the first of them ``"D H"``.
    """

    name: str
    params: type[Any]
    cache: type[Any]
    shapes: Mapping[str, str]
    step: Callable[..., tuple[Array, Any]]
    step_backward: Callable[..., tuple[Any, ...]]
    states: Mapping[str, int | None] = {"h_prev": 1}
    check: Callable[[Any, int], None] | None = None  # of what has no fixed shape


class StateLoopCache(NamedTuple):
    """What a layer remembers: the cell, its steps, and when each sequence ended."""

    cell: str
    steps: list[Any]
    d: int | None  # the delay, where the cell has one
    ends: NDArray[np.int64]  # (B,)
    live: NDArray[np.bool_] | None  # (T, B, 1), or None where all lengths are T


class Opened(NamedTuple):
    """The arguments of a layer after its door."""

    xs: Array  # (T, B, D), zero in the padding
    h0: Array  # (d, B, H), oldest first
    ends: NDArray[np.int64]  # (B,)
    live: NDArray[np.bool_] | None


def state_loop_forward(
    cell: StateCell,
    xs: Array,
    p: Any,
    h0: Array | None,
    lengths: Any,
    d: int | None = None,
) -> tuple[Array, Array, StateLoopCache]:
    """Read a batch of sequences with a cell.

    Parameters
    ----------
    cell : StateCell
    xs : (T, B, D) array, float32 or float64
    p : the cell's weights, of the same dtype
    h0 : (B, H) array of the same dtype, or (d, B, H) with a delay; None for zeros
        The state before the first step, or the last d of them, oldest first.
    lengths : (B,) array of int, each in 1..T, or None
        A finished sequence keeps its state; its padding is never read.
    d : int, optional
        The delay, for a cell that has one.

    Returns
    -------
    hs : (T, B, H) array
    h_T : (B, H) array, or (d, B, H) with a delay
        The last valid state of each sequence, or the last d, oldest first.
    cache : StateLoopCache
        For :func:`state_loop_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype, a length or the delay does not fit, or a valid input is
        not finite; the message names it.

    Examples
    --------
    >>> from rnncourse.reference.leaky import LEAKY, init_leaky
    >>> p = init_leaky(3, 5, rng=np.random.default_rng(0))
    >>> hs, h_T, cache = state_loop_forward(LEAKY, np.ones((7, 2, 3)), p, None, [7, 4])
    >>> bool((hs[3, 1] == h_T[1]).all())
    True
    """
    xs, h0, ends, live = open_layer(cell, xs, p, h0, lengths, d)
    n, (T, B, _), H = len(h0), xs.shape, h0.shape[2]
    s = np.empty((n + T, B, H), dtype=xs.dtype)  # s[n + t] follows step t
    s[:n] = h0
    steps, back = [], _delays(cell, d)
    for t in range(T):
        h, step = cell.step(xs[t], *(s[n + t - k] for k in back), p)
        s[n + t] = h if live is None else np.where(live[t], h, s[n + t - 1])  # (7.9)
        steps.append(step)
    h_T = s[ends + np.arange(n)[:, None], np.arange(B)]  # (n, B, H)
    # a copy, since the caller may change it and the cache stays
    hs, cache = s[n:].copy(), StateLoopCache(cell.name, steps, d, ends, live)
    return hs, h_T[0] if d is None else h_T, cache


def state_loop_backward(
    cell: StateCell, dhs: Array, cache: StateLoopCache, p: Any, dh_T: Array | None
) -> tuple[Array, Array, Any]:
    """Go back through time with a cell.

    Parameters
    ----------
    cell : StateCell
    dhs : (T, B, H) array
        Derivative of the loss with respect to each state, through its own output.
    cache : StateLoopCache
        From :func:`state_loop_forward` with the same cell.
    p : the cell's weights in that forward pass
    dh_T : array like the ``h_T`` of the forward pass, or None for zeros
        What arrives there from beyond.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dh0 : (B, H) array, or (d, B, H) with a delay
    dp : like p
        Summed over time and batch.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> from rnncourse.reference.leaky import LEAKY, init_leaky
    >>> p = init_leaky(3, 5, rng=np.random.default_rng(0))
    >>> state_loop_backward(LEAKY, np.ones((7, 2, 5)), [], p, None)
    Traceback (most recent call last):
        ...
    TypeError: cache must come from leaky_forward, got list
    """
    if not isinstance(cache, StateLoopCache) or cache.cell != cell.name:
        kind = type(cache).__name__
        if isinstance(cache, StateLoopCache):
            kind = f"that of {cache.cell}_forward"
        raise TypeError(f"cache must come from {cell.name}_forward, got {kind}")
    _, steps, d, ends, live = cache
    T, n, (x, h_prev, *_) = len(steps), d or 1, steps[0]
    (B, D), H = x.shape, h_prev.shape[1]
    check_params(cell, p, x.dtype, D=D, H=H)
    check_shape("dhs", dhs, "T B H", T=T, B=B, H=H)
    check_dtype("dhs", dhs, x.dtype)
    ds = np.zeros((n + T, B, H), dtype=x.dtype)
    ds[n:] = dhs
    arrived = open_past("dh_T", dh_T, d, B, H, x.dtype)
    ds[ends + np.arange(n)[:, None], np.arange(B)] += arrived  # no place twice
    dxs = np.empty((T, B, D), dtype=x.dtype)
    dp = cell.params(*(np.zeros_like(w) for w in p))
    back = _delays(cell, d)
    for t in reversed(range(T)):
        dh = ds[n + t]  # (8.9): all that reads this state has sent already
        if live is not None:
            ds[n + t - 1] += np.where(live[t], 0, dh)  # from (7.9)
            dh = np.where(live[t], dh, 0)
        dxs[t], *dstates, dp_t = cell.step_backward(dh, steps[t], p)
        for k, dstate in zip(back, dstates, strict=True):
            ds[n + t - k] += dstate
        for total, now in zip(dp, dp_t, strict=True):
            total += now
    return dxs, ds[0] if d is None else ds[:n], dp


# -- what the cells have in common -------------------------------------------------


def draw_matrices(
    D: int, H: int, *, rng: np.random.Generator, dtype: Any
) -> tuple[Array, Array]:
    """Draw uniform(−1/√H, 1/√H) matrices (D, H) and (H, H).

    Examples
    --------
    >>> W_x, W_h = draw_matrices(3, 5, rng=np.random.default_rng(0), dtype=np.float32)
    >>> W_x.shape, W_h.shape, W_h.dtype
    ((3, 5), (5, 5), dtype('float32'))
    """
    check_size("D", D)
    check_size("H", H)
    check_draw(rng, dtype)
    k = H**-0.5
    W_x = rng.uniform(-k, k, size=(D, H)).astype(dtype)
    return W_x, rng.uniform(-k, k, size=(H, H)).astype(dtype)


def check_params(
    cell: StateCell, p: Any, dtype: Any, D: int | None = None, H: int | None = None
) -> tuple[int, int]:
    """Raise unless weights are the cell's and fit; return D and H.

    Examples
    --------
    >>> from rnncourse.reference.leaky import LEAKY
    >>> check_params(LEAKY, (), np.float64)
    Traceback (most recent call last):
        ...
    TypeError: p must be LeakyParams, got tuple
    """
    if not isinstance(p, cell.params):
        raise TypeError(f"p must be {cell.params.__name__}, got {type(p).__name__}")
    sizes: dict[str, int | None] = {"D": D, "H": H}
    for name, axes in cell.shapes.items():
        w = getattr(p, name)
        check_shape(f"p.{name}", w, axes, **sizes)
        if axes == "D H":
            sizes["D"], sizes["H"] = w.shape
    for name, w in zip(p._fields, p, strict=True):
        check_dtype(f"p.{name}", w, dtype)
    known_D, known_H = p[0].shape
    if cell.check is not None:
        cell.check(p, known_H)
    return known_D, known_H


def check_step(cell: StateCell, x: Any, states: tuple[Any, ...], p: Any) -> None:
    """Raise unless the arguments of one step fit.

    Examples
    --------
    >>> from rnncourse.reference.leaky import LEAKY, init_leaky
    >>> p = init_leaky(3, 5, rng=np.random.default_rng(0))
    >>> check_step(LEAKY, np.ones((2, 3)), (np.ones((2, 4)),), p)
    Traceback (most recent call last):
        ...
    ValueError: h_prev must have shape (B=2, H=5), got (2, 4)
    """
    check_float("x", x)
    D, H = check_params(cell, p, x.dtype)
    check_shape("x", x, "B D", D=D)
    for name, state in zip(cell.states, states, strict=True):
        check_shape(name, state, "B H", B=x.shape[0], H=H)
        check_dtype(name, state, x.dtype)


def check_step_backward(cell: StateCell, dh: Any, cache: Any, p: Any) -> None:
    """Raise unless the arguments of one step's derivative fit.

    Examples
    --------
    >>> from rnncourse.reference.leaky import LEAKY
    >>> check_step_backward(LEAKY, np.ones((2, 5)), None, None)
    Traceback (most recent call last):
        ...
    TypeError: cache must come from leaky_step, got NoneType
    """
    if not isinstance(cache, cell.cache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from {cell.name}_step, got {kind}")
    x, h_prev = cache[:2]
    check_params(cell, p, x.dtype, D=x.shape[1], H=h_prev.shape[1])
    check_shape("dh", dh, "B H", B=h_prev.shape[0], H=h_prev.shape[1])
    check_dtype("dh", dh, x.dtype)


def open_layer(
    cell: StateCell, xs: Any, p: Any, h0: Any, lengths: Any, d: int | None = None
) -> Opened:
    """Check what a layer is given; empty the padding and say who is live.

    Examples
    --------
    >>> from rnncourse.reference.leaky import LEAKY, init_leaky
    >>> p = init_leaky(3, 5, rng=np.random.default_rng(0))
    >>> opened = open_layer(LEAKY, np.ones((7, 2, 3)), p, None, [7, 4])
    >>> opened.xs[:, 1, 0], opened.h0.shape
    (array([1., 1., 1., 1., 0., 0., 0.]), (1, 2, 5))
    """
    check_float("xs", xs)
    D, H = check_params(cell, p, xs.dtype)
    check_shape("xs", xs, "T B D", D=D)
    T, B, _ = xs.shape
    if T == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    past = open_past("h0", h0, d, B, H, xs.dtype)
    live, ends = None, np.full(B, T)
    if lengths is not None:
        ends = check_lengths(lengths, T, B)
        live = (np.arange(T)[:, None] < ends)[:, :, None]
        xs = np.where(live, xs, 0)  # 0 · NaN is NaN, so a mask later comes too late
    check_finite("xs", xs)
    return Opened(xs, past, ends, live)


def open_past(
    name: str, state: Any, d: int | None, B: int, H: int, dtype: Any
) -> Array:
    """Check a state (B, H), or d of them (d, B, H); return it as (d, B, H).

    Examples
    --------
    >>> open_past("h0", None, 3, 2, 5, np.float64).shape
    (3, 2, 5)
    """
    if state is None:
        return np.zeros((d or 1, B, H), dtype=dtype)
    check_shape(name, state, "B H" if d is None else "d B H", d=d, B=B, H=H)
    check_dtype(name, state, dtype)
    return np.asarray(state).reshape(d or 1, B, H)


def _delays(cell: StateCell, d: int | None) -> list[int]:
    """Return how many steps back each state lies that the cell reads."""
    return [k or d or 1 for k in cell.states.values()]

"""The loop over time that all kinds of LSTM share: a cell steps, the layer repeats.

A cell is a step, its derivative and the shapes of its weights. What a layer adds is
the same for each of them: lengths, initial states, and sums over time.
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


class Cell(NamedTuple):
    """One kind of LSTM.

    ``step(x, h_prev, c_prev, p)`` gives (h, c, cache) and ``step_backward(dh, dc,
    cache, p)`` gives (dx, dh_prev, dc_prev, dp); a cache starts with x, h_prev and
    c_prev. ``shapes`` names the axes of each weight, such as ``"D 4H"``.
    """

    name: str
    params: type
    cache: type
    shapes: Mapping[str, str]
    step: Callable[..., tuple[Array, Array, Any]]
    step_backward: Callable[..., tuple[Array, Array, Array, Any]]


# The weights of the plain LSTM and of those that only add to it.
PLAIN = {"W_x": "D 4H", "W_h": "H 4H", "b": "4H"}


class LoopCache(NamedTuple):
    """What a layer remembers: the cell, its steps, and who was still live."""

    cell: str
    steps: list[Any]
    live: NDArray[np.bool_] | None  # (T, B, 1), or None where all lengths are T


def loop_forward(
    cell: Cell,
    xs: Array,
    p: Any,
    h0: Array | None,
    c0: Array | None,
    lengths: Any,
) -> tuple[Array, tuple[Array, Array], LoopCache]:
    """Read a batch of sequences with a cell.

    Parameters
    ----------
    cell : Cell
    xs : (T, B, D) array, float32 or float64
    p : the cell's weights, of the same dtype
    h0, c0 : (B, H) arrays of the same dtype, or None for zeros
    lengths : (B,) array of int, each in 1..T, or None
        A finished sequence keeps h and c; its padding is never read.

    Returns
    -------
    hs : (T, B, H) array
    (h_T, c_T) : two (B, H) arrays
    cache : LoopCache
        For :func:`loop_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or a length does not fit, or a valid input is not
        finite; the message names it.

    Examples
    --------
    >>> from rnncourse.reference.lstm_variants import COUPLED, init_coupled
    >>> p = init_coupled(3, 5, rng=np.random.default_rng(0))
    >>> hs, (h_T, c_T), _ = loop_forward(COUPLED, np.ones((7, 2, 3)), p, None, None, 7)
    Traceback (most recent call last):
        ...
    ValueError: lengths must have shape (B=2,), got ()
    """
    check_float("xs", xs)
    D, H = check_params(cell, p, xs.dtype)
    check_shape("xs", xs, "T B D", D=D)
    T, B, _ = xs.shape
    if T == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    h = open_state("h0", h0, B, H, xs.dtype)
    c = open_state("c0", c0, B, H, xs.dtype)
    live = None
    if lengths is not None:
        ends = check_lengths(lengths, T, B)
        live = (np.arange(T)[:, None] < ends)[:, :, None]
        xs = np.where(live, xs, 0)  # 0 · NaN is NaN, so a mask later comes too late
    check_finite("xs", xs)
    hs = np.empty((T, B, H), dtype=xs.dtype)
    steps = []
    for t in range(T):
        h_new, c_new, step = cell.step(xs[t], h, c, p)
        if live is None:
            h, c = h_new, c_new
        else:
            h = np.where(live[t], h_new, h)  # (10.19)
            c = np.where(live[t], c_new, c)
        hs[t] = h
        steps.append(step)
    return hs, (h, c), LoopCache(cell.name, steps, live)


def loop_backward(
    cell: Cell,
    dhs: Array,
    cache: LoopCache,
    p: Any,
    dh_T: Array | None,
    dc_T: Array | None,
) -> tuple[Array, tuple[Array, Array], Any]:
    """Go back through time with a cell.

    Parameters
    ----------
    cell : Cell
    dhs : (T, B, H) array
        Derivative of the loss with respect to each h, through its own output.
    cache : LoopCache
        From :func:`loop_forward` with the same cell.
    p : the cell's weights in that forward pass
    dh_T, dc_T : (B, H) arrays, or None for zeros
        What arrives at the last h and c from beyond.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    (dh0, dc0) : two (B, H) arrays
    dp : like p
        Summed over time and batch.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> from rnncourse.reference.lstm_variants import COUPLED, init_coupled
    >>> p = init_coupled(3, 5, rng=np.random.default_rng(0))
    >>> loop_backward(COUPLED, np.ones((7, 2, 5)), [], p, None, None)
    Traceback (most recent call last):
        ...
    TypeError: cache must come from coupled_forward, got list
    """
    if not isinstance(cache, LoopCache) or cache.cell != cell.name:
        kind = type(cache).__name__
        if isinstance(cache, LoopCache):
            kind = f"that of {cache.cell}_forward"
        raise TypeError(f"cache must come from {cell.name}_forward, got {kind}")
    _, steps, live = cache
    x, h_prev = steps[0][:2]
    (B, D), H = x.shape, h_prev.shape[1]
    check_params(cell, p, x.dtype, D=D, H=H)
    check_shape("dhs", dhs, "T B H", T=len(steps), B=B, H=H)
    check_dtype("dhs", dhs, x.dtype)
    dh = open_state("dh_T", dh_T, B, H, x.dtype)
    dc = open_state("dc_T", dc_T, B, H, x.dtype)
    dxs = np.empty((len(steps), B, D), dtype=x.dtype)
    dp = cell.params(*(np.zeros_like(w) for w in p))
    for t in reversed(range(len(steps))):
        dh = dhs[t] + dh  # (8.9)
        if live is None:
            dxs[t], dh, dc, dp_t = cell.step_backward(dh, dc, steps[t], p)
        else:  # a finished sequence hands the gradients on, from (10.19)
            on = live[t]
            dxs[t], dh_prev, dc_prev, dp_t = cell.step_backward(
                np.where(on, dh, 0), np.where(on, dc, 0), steps[t], p
            )
            dh, dc = np.where(on, dh_prev, dh), np.where(on, dc_prev, dc)
        for total, now in zip(dp, dp_t, strict=True):
            total += now  # (10.14)
    return dxs, (dh, dc), dp


# -- what the cells have in common -------------------------------------------------


def draw_weights(
    D: int, H: int, gates: int, *, rng: np.random.Generator, dtype: Any
) -> tuple[Array, Array, float]:
    """Draw uniform(−1/√H, 1/√H) matrices W_x and W_h; return them and the bound.

    Examples
    --------
    >>> W_x, W_h, k = draw_weights(
    ...     3, 4, 2, rng=np.random.default_rng(0), dtype=np.float32
    ... )
    >>> W_x.shape, W_h.shape, k
    ((3, 8), (4, 8), 0.5)
    """
    check_size("D", D)
    check_size("H", H)
    check_draw(rng, dtype)
    k = float(H**-0.5)
    W_x = rng.uniform(-k, k, size=(D, gates * H)).astype(dtype)
    W_h = rng.uniform(-k, k, size=(H, gates * H)).astype(dtype)
    return W_x, W_h, k


def check_params(
    cell: Cell, p: Any, dtype: Any, D: int | None = None, H: int | None = None
) -> tuple[int, int]:
    """Raise unless the weights fit the cell and each other; return D and H.

    Examples
    --------
    >>> from rnncourse.reference.lstm_variants import COUPLED, init_coupled
    >>> p = init_coupled(3, 5, rng=np.random.default_rng(0))
    >>> check_params(COUPLED, p, np.float64)
    (3, 5)
    """
    D, H = check_weights(p, cell.params, cell.shapes, D, H)
    for name, w in zip(cell.shapes, p, strict=True):
        check_dtype(f"p.{name}", w, dtype)
    return D, H


def check_weights(
    p: Any,
    kind: type,
    shapes: Mapping[str, str],
    D: int | None = None,
    H: int | None = None,
    *,
    name: str = "p",
) -> tuple[int, int]:
    """Raise unless weights are of one kind and fit each other; return D and H.

    Examples
    --------
    >>> from rnncourse.reference.lstm_variants import COUPLED, init_coupled
    >>> p = init_coupled(3, 5, rng=np.random.default_rng(0))
    >>> check_weights(p._replace(b=np.zeros(5)), COUPLED.params, COUPLED.shapes)
    Traceback (most recent call last):
        ...
    ValueError: p.b must have shape (3H=15,), got (5,)
    """
    if not isinstance(p, kind):
        raise TypeError(f"{name} must be {kind.__name__}, got {type(p).__name__}")
    weights = dict(zip(shapes, p, strict=True))  # type: ignore[call-overload]
    for key in ("W_x", "W_h"):  # their rows say D and H
        check_shape(f"{name}.{key}", weights[key], shapes[key])
    check_float(f"{name}.W_x", weights["W_x"])
    D = len(weights["W_x"]) if D is None else D
    H = len(weights["W_h"]) if H is None else H
    sizes = {"D": D, "H": H, "3H": 3 * H, "4H": 4 * H}
    for key, axes in shapes.items():
        check_shape(f"{name}.{key}", weights[key], axes, **sizes)
        check_dtype(f"{name}.{key}", weights[key], weights["W_x"].dtype)
    return D, H


def check_step(cell: Cell, x: Array, h_prev: Array, c_prev: Array, p: Any) -> None:
    """Raise unless input, states and weights fit the cell's step.

    Examples
    --------
    >>> from rnncourse.reference.lstm_variants import COUPLED, init_coupled
    >>> p = init_coupled(3, 5, rng=np.random.default_rng(0))
    >>> check_step(COUPLED, np.ones((2, 3)), np.ones((2, 5)), np.ones((2, 5)), p)
    """
    check_float("x", x)
    D, H = check_params(cell, p, x.dtype)
    check_shape("x", x, "B D", D=D)
    for name, state in (("h_prev", h_prev), ("c_prev", c_prev)):
        check_shape(name, state, "B H", B=len(x), H=H)
        check_dtype(name, state, x.dtype)


def check_step_backward(cell: Cell, dh: Array, dc: Array, cache: Any, p: Any) -> None:
    """Raise unless gradients, cache and weights fit the cell's step.

    Examples
    --------
    >>> from rnncourse.reference.lstm_variants import COUPLED
    >>> check_step_backward(COUPLED, np.ones((2, 5)), np.ones((2, 5)), None, None)
    Traceback (most recent call last):
        ...
    TypeError: cache must come from coupled_step, got NoneType
    """
    if not isinstance(cache, cell.cache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from {cell.name}_step, got {kind}")
    x, h_prev = cache[:2]  # type: ignore[index]
    (B, D), H = x.shape, h_prev.shape[1]
    check_params(cell, p, x.dtype, D=D, H=H)
    for name, gradient in (("dh", dh), ("dc", dc)):
        check_shape(name, gradient, "B H", B=B, H=H)
        check_dtype(name, gradient, x.dtype)


def open_state(name: str, state: Array | None, B: int, H: int, dtype: Any) -> Array:
    """Check a state (B, H), or a gradient of one; zeros where it is None.

    Examples
    --------
    >>> open_state("h0", None, 2, 3, np.float64).shape
    (2, 3)
    """
    if state is None:
        return np.zeros((B, H), dtype=dtype)
    check_shape(name, state, "B H", B=B, H=H)
    check_dtype(name, state, dtype)
    return state

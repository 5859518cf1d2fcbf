"""The minimal GRU (Feng et al. 2024): a GRU whose gate does not look at the state.

Its step is linear in the state, so that the layer is a parallel scan. The textbook
twin steps through time and specifies; the fast twin scans. A test holds the two
equal.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.functional import sigmoid
from rnncourse.reference.scan import linear_scan, linear_scan_backward
from rnncourse.reference.state_loop import (
    StateCell,
    StateLoopCache,
    check_params,
    check_step,
    check_step_backward,
    open_layer,
    open_past,
    state_loop_backward,
    state_loop_forward,
)
from rnncourse.reference.validate import (
    Array,
    check_draw,
    check_dtype,
    check_shape,
    check_size,
)


class MinGRUParams(NamedTuple):
    """Weights of gate and candidate: ``W_z``, ``W_n`` (D, H); ``b_z``, ``b_n`` (H,)."""

    W_z: Array
    b_z: Array
    W_n: Array
    b_n: Array


class MinGRUCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_prev: Array
    z: Array
    n: Array


class MinGRULayerCache(NamedTuple):
    """What a layer remembers: what was read, the parts of each step, the states."""

    xs: Array  # (T, B, D)
    z: Array  # (T, B, H)
    n: Array
    kept: Array  # (T, B, H), a of (23.5); 1 where a sequence had ended
    hs: Array
    h0: Array  # (B, H)
    live: NDArray[np.bool_] | None  # (T, B, 1), or None where all lengths are T


def init_min_gru(
    D: int, H: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> MinGRUParams:
    """Draw uniform(−1/√D, 1/√D) weights and zero biases.

    Examples
    --------
    >>> init_min_gru(3, 5, rng=np.random.default_rng(0)).W_n.shape
    (3, 5)
    """
    check_size("D", D)
    check_size("H", H)
    check_draw(rng, dtype)
    k = D**-0.5  # no state among what is added up

    def draw() -> Array:
        return rng.uniform(-k, k, size=(D, H)).astype(dtype)

    def zeros() -> Array:
        return np.zeros(H, dtype=dtype)

    return MinGRUParams(draw(), zeros(), draw(), zeros())


def min_gru_step(x: Array, h_prev: Array, p: MinGRUParams) -> tuple[Array, MinGRUCache]:
    """Read one input.

    Parameters
    ----------
    x : (B, D) array, float32 or float64
    h_prev : (B, H) array of the same dtype
    p : MinGRUParams of the same dtype

    Returns
    -------
    h : (B, H) array
    cache : MinGRUCache
        For :func:`min_gru_step_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit; the message names it.

    Examples
    --------
    >>> p = MinGRUParams(*(np.zeros(s) for s in ((1, 1), 1) * 2))
    >>> h, cache = min_gru_step(np.zeros((1, 1)), np.ones((1, 1)), p)
    >>> h  # half of 1 and half of 0
    array([[0.5]])
    """
    check_step(MIN_GRU, x, (h_prev,), p)
    return _step(x, h_prev, p)


def _step(x: Array, h_prev: Array, p: MinGRUParams) -> tuple[Array, MinGRUCache]:
    z, n = _parts(x, p)
    h = (1 - z) * h_prev + z * n  # (23.3)
    return h, MinGRUCache(x, h_prev, z, n)


def _parts(x: Array, p: MinGRUParams) -> tuple[Array, Array]:
    """Return gate and candidate, of one step (B, D) or of all (T, B, D)."""
    z = sigmoid(x @ p.W_z + p.b_z)  # (23.1)
    n = x @ p.W_n + p.b_n  # (23.2)
    return z, n


def min_gru_step_backward(
    dh: Array, cache: MinGRUCache, p: MinGRUParams
) -> tuple[Array, Array, MinGRUParams]:
    """Differentiate :func:`min_gru_step`.

    Parameters
    ----------
    dh : (B, H) array
    cache : MinGRUCache
    p : MinGRUParams

    Returns
    -------
    dx : (B, D) array
    dh_prev : (B, H) array
    dp : MinGRUParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = MinGRUParams(*(np.zeros(s) for s in ((1, 1), 1) * 2))
    >>> cache = min_gru_step(np.zeros((1, 1)), np.ones((1, 1)), p)[1]
    >>> dx, dh_prev, dp = min_gru_step_backward(np.ones((1, 1)), cache, p)
    >>> dh_prev, dp.b_z
    (array([[0.5]]), array([-0.25]))
    """
    check_step_backward(MIN_GRU, dh, cache, p)
    return _step_backward(dh, cache, p)


def _step_backward(
    dh: Array, cache: MinGRUCache, p: MinGRUParams
) -> tuple[Array, Array, MinGRUParams]:
    x, h_prev, z, n = cache
    dz = dh * (n - h_prev)  # from (23.3)
    dn = dh * z  # from (23.3)
    dh_prev = dh * (1 - z)  # from (23.3)
    dx, dp = _parts_backward(dz, dn, x, z, p)
    return dx, dh_prev, dp


def _parts_backward(
    dz: Array, dn: Array, x: Array, z: Array, p: MinGRUParams
) -> tuple[Array, MinGRUParams]:
    """Differentiate (23.2) and (23.1) for rows (N, H)."""
    da_z = dz * z * (1 - z)  # (3.2)
    dp = MinGRUParams(
        W_z=x.T @ da_z, b_z=da_z.sum(axis=0), W_n=x.T @ dn, b_n=dn.sum(axis=0)
    )
    return da_z @ p.W_z.T + dn @ p.W_n.T, dp


# -- the textbook twin: a loop -----------------------------------------------------


def min_gru_forward_textbook(
    xs: Array, p: MinGRUParams, h0: Array | None = None, lengths: Any = None
) -> tuple[Array, Array, StateLoopCache]:
    """Read a batch of sequences, step by step; see :func:`min_gru_forward`.

    Examples
    --------
    >>> p = init_min_gru(3, 5, rng=np.random.default_rng(0))
    >>> min_gru_forward_textbook(np.ones((7, 2, 3)), p)[0].shape
    (7, 2, 5)
    """
    return state_loop_forward(MIN_GRU, xs, p, h0, lengths)


def min_gru_backward_textbook(
    dhs: Array, cache: StateLoopCache, p: MinGRUParams, dh_T: Array | None = None
) -> tuple[Array, Array, MinGRUParams]:
    """Go back through time, step by step; see :func:`min_gru_backward`.

    Examples
    --------
    >>> p = init_min_gru(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = min_gru_forward_textbook(np.ones((7, 2, 3)), p)
    >>> min_gru_backward_textbook(np.ones_like(hs), cache, p)[0].shape
    (7, 2, 3)
    """
    return state_loop_backward(MIN_GRU, dhs, cache, p, dh_T)


# -- the fast twin: a scan ---------------------------------------------------------


def min_gru_forward(
    xs: Array, p: MinGRUParams, h0: Array | None = None, lengths: Any = None
) -> tuple[Array, Array, MinGRULayerCache]:
    """Read a batch of sequences, all steps at once.

    Parameters
    ----------
    xs : (T, B, D) array, float32 or float64
    p : MinGRUParams of the same dtype
    h0 : (B, H) array of the same dtype, optional
        State before the first step; zeros if left out.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its state; its padding is never read.

    Returns
    -------
    hs : (T, B, H) array
    h_T : (B, H) array
    cache : MinGRULayerCache
        For :func:`min_gru_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or a length does not fit, or a valid input is not
        finite; the message names it.

    Examples
    --------
    >>> p = init_min_gru(3, 5, rng=np.random.default_rng(0))
    >>> hs, h_T, cache = min_gru_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> hs.shape, bool((hs[3, 1] == h_T[1]).all())
    ((7, 2, 5), True)
    """
    xs, past, ends, live = open_layer(MIN_GRU, xs, p, h0, lengths)
    z, n = _parts(xs, p)
    kept, added = 1 - z, z * n  # (23.3) as a and b of (23.5)
    if live is not None:  # h = 1 · h_prev + 0 keeps a finished sequence's state
        kept, added = np.where(live, kept, 1), np.where(live, added, 0)  # (7.9)
    hs = linear_scan(kept, added, past[0])
    if live is not None:  # to the last bit, whatever the tree of the scan rounds
        last = np.minimum(np.arange(len(xs))[:, None], ends - 1)
        hs = hs[last, np.arange(len(ends))]
    # copies, since the caller may change them and the cache stays
    cache = MinGRULayerCache(xs, z, n, kept, hs, past[0], live)
    return hs.copy(), hs[-1].copy(), cache


def min_gru_backward(
    dhs: Array, cache: MinGRULayerCache, p: MinGRUParams, dh_T: Array | None = None
) -> tuple[Array, Array, MinGRUParams]:
    """Go back through time, all steps at once.

    Parameters
    ----------
    dhs : (T, B, H) array
        Derivative of the loss with respect to each state, through its own output.
    cache : MinGRULayerCache
        From :func:`min_gru_forward`.
    p : MinGRUParams
    dh_T : (B, H) array, optional
        What arrives at the last state from beyond; zeros if left out.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dh0 : (B, H) array
    dp : MinGRUParams
        Summed over time and batch.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_min_gru(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = min_gru_forward(np.ones((7, 2, 3)), p)
    >>> dxs, dh0, dp = min_gru_backward(np.ones_like(hs), cache, p)
    >>> dxs.shape, dh0.shape
    ((7, 2, 3), (2, 5))
    """
    if not isinstance(cache, MinGRULayerCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from min_gru_forward, got {kind}")
    xs, z, n, kept, hs, h0, live = cache
    (T, B, D), H = xs.shape, hs.shape[2]
    check_params(MIN_GRU, p, xs.dtype, D=D, H=H)
    check_shape("dhs", dhs, "T B H", T=T, B=B, H=H)
    check_dtype("dhs", dhs, xs.dtype)
    dhs = dhs.copy()
    dhs[-1] += open_past("dh_T", dh_T, None, B, H, xs.dtype)[0]
    dkept, dadded, dh0 = linear_scan_backward(dhs, kept, hs, h0)  # (23.6)
    if live is not None:  # there a was 1 and b was 0, whatever the input
        dkept, dadded = np.where(live, dkept, 0), np.where(live, dadded, 0)
    dz = dadded * n - dkept  # from (23.3)
    dn = dadded * z  # from (23.3)
    dz, dn, z = (a.reshape(T * B, H) for a in (dz, dn, z))
    dxs, dp = _parts_backward(dz, dn, xs.reshape(T * B, D), z, p)
    return dxs.reshape(T, B, D), dh0, dp


MIN_GRU = StateCell(
    name="min_gru",
    params=MinGRUParams,
    cache=MinGRUCache,
    shapes={"W_z": "D H", "b_z": "H", "W_n": "D H", "b_n": "H"},
    step=_step,
    step_backward=_step_backward,
)

"""Connections that reach d steps back: beside those of length one, or in their place.

A gradient that crosses d steps at a stride passes T/d Jacobians instead of T (Lin et
al. 1996). Skip connections add such a path and keep the old one. Removed length-one
connections leave only the long ones, and so d networks that take turns.

The state of such a network is its last d states: a layer starts from them and ends
with them, oldest first, so that chunks can be read one after the other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.state_loop import (
    StateCell,
    StateLoopCache,
    check_step,
    check_step_backward,
    draw_matrices,
    state_loop_backward,
    state_loop_forward,
)
from rnncourse.reference.validate import Array, check_size


class SkipParams(NamedTuple):
    """``W_x`` (D, H), ``W_h`` (H, H) from t−1, ``W_s`` (H, H) from t−d, ``b`` (H,)."""

    W_x: Array
    W_h: Array
    W_s: Array
    b: Array


class SkipCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_prev: Array
    h_skip: Array
    h: Array


class RemovedParams(NamedTuple):
    """``W_x`` (D, H), ``W_h`` (H, H) from t−d, ``b`` (H,)."""

    W_x: Array
    W_h: Array
    b: Array


class RemovedCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_skip: Array
    h: Array


def init_skip(
    D: int, H: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> SkipParams:
    """Draw uniform(−1/√H, 1/√H) weights and zero biases.

    Examples
    --------
    >>> init_skip(3, 5, rng=np.random.default_rng(0)).W_s.shape
    (5, 5)
    """
    W_x, W_h = draw_matrices(D, H, rng=rng, dtype=dtype)
    _, W_s = draw_matrices(D, H, rng=rng, dtype=dtype)
    return SkipParams(W_x, W_h, W_s, np.zeros(H, dtype=dtype))


def init_removed(
    D: int, H: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> RemovedParams:
    """Draw uniform(−1/√H, 1/√H) weights and zero biases.

    Examples
    --------
    >>> init_removed(3, 5, rng=np.random.default_rng(0)).W_h.shape
    (5, 5)
    """
    W_x, W_h = draw_matrices(D, H, rng=rng, dtype=dtype)
    return RemovedParams(W_x, W_h, np.zeros(H, dtype=dtype))


# -- skip connections through time -------------------------------------------------


def skip_step(
    x: Array, h_prev: Array, h_skip: Array, p: SkipParams
) -> tuple[Array, SkipCache]:
    """Read one input, the state one step ago and the state d steps ago.

    Parameters
    ----------
    x : (B, D) array, float32 or float64
    h_prev, h_skip : (B, H) arrays of the same dtype
    p : SkipParams of the same dtype

    Returns
    -------
    h : (B, H) array
    cache : SkipCache
        For :func:`skip_step_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit; the message names it.

    Examples
    --------
    >>> p = SkipParams(np.eye(1), np.eye(1), np.eye(1), np.zeros(1))
    >>> h, cache = skip_step(np.log([[2.0]]), np.ones((1, 1)), -np.ones((1, 1)), p)
    >>> h.round(3)
    array([[0.6]])
    """
    check_step(SKIP, x, (h_prev, h_skip), p)
    return _skip_step(x, h_prev, h_skip, p)


def _skip_step(
    x: Array, h_prev: Array, h_skip: Array, p: SkipParams
) -> tuple[Array, SkipCache]:
    a = x @ p.W_x + h_prev @ p.W_h + h_skip @ p.W_s + p.b  # (9.8)
    h = np.tanh(a)  # (7.4)
    return h, SkipCache(x, h_prev, h_skip, h)


def skip_step_backward(
    dh: Array, cache: SkipCache, p: SkipParams
) -> tuple[Array, Array, Array, SkipParams]:
    """Differentiate :func:`skip_step`.

    Parameters
    ----------
    dh : (B, H) array
    cache : SkipCache
    p : SkipParams

    Returns
    -------
    dx : (B, D) array
    dh_prev, dh_skip : (B, H) arrays
        To be added to what other steps send to those states.
    dp : SkipParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = SkipParams(np.eye(1), np.eye(1), 2 * np.eye(1), np.zeros(1))
    >>> cache = skip_step(np.log([[2.0]]), np.zeros((1, 1)), np.zeros((1, 1)), p)[1]
    >>> dx, dh_prev, dh_skip, dp = skip_step_backward(np.ones((1, 1)), cache, p)
    >>> dh_prev.round(3), dh_skip.round(3)
    (array([[0.64]]), array([[1.28]]))
    """
    check_step_backward(SKIP, dh, cache, p)
    return _skip_step_backward(dh, cache, p)


def _skip_step_backward(
    dh: Array, cache: SkipCache, p: SkipParams
) -> tuple[Array, Array, Array, SkipParams]:
    x, h_prev, h_skip, h = cache
    da = dh * (1 - h**2)  # (8.10)
    dp = SkipParams(  # from (9.8), the terms of this step
        W_x=x.T @ da, W_h=h_prev.T @ da, W_s=h_skip.T @ da, b=da.sum(axis=0)
    )
    return da @ p.W_x.T, da @ p.W_h.T, da @ p.W_s.T, dp


def skip_forward(
    xs: Array,
    p: SkipParams,
    h0: Array | None = None,
    lengths: Any = None,
    *,
    d: int,
) -> tuple[Array, Array, StateLoopCache]:
    """Read a batch of sequences.

    Parameters
    ----------
    xs : (T, B, D) array, float32 or float64
    p : SkipParams of the same dtype
    h0 : (d, B, H) array of the same dtype, optional
        The d states before the first step, oldest first; zeros if left out.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its state; its padding is never read.
    d : int
        How far the skip connections reach back, at least 1.

    Returns
    -------
    hs : (T, B, H) array
    h_T : (d, B, H) array
        The last d valid states of each sequence, oldest first; where it is shorter
        than d, the rest comes from h0.
    cache : StateLoopCache
        For :func:`skip_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype, a length or d does not fit, or a valid input is not
        finite; the message names it.

    Examples
    --------
    >>> p = init_skip(3, 5, rng=np.random.default_rng(0))
    >>> hs, h_T, cache = skip_forward(np.ones((7, 2, 3)), p, d=4)
    >>> hs.shape, h_T.shape
    ((7, 2, 5), (4, 2, 5))
    """
    check_size("d", d)
    return state_loop_forward(SKIP, xs, p, h0, lengths, d)


def skip_backward(
    dhs: Array, cache: StateLoopCache, p: SkipParams, dh_T: Array | None = None
) -> tuple[Array, Array, SkipParams]:
    """Go back through time.

    Parameters
    ----------
    dhs : (T, B, H) array
    cache : StateLoopCache
        From :func:`skip_forward`.
    p : SkipParams
    dh_T : (d, B, H) array, optional

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dh0 : (d, B, H) array
    dp : SkipParams
        Summed over time and batch.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_skip(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = skip_forward(np.ones((7, 2, 3)), p, d=4)
    >>> dxs, dh0, dp = skip_backward(np.ones_like(hs), cache, p)
    >>> dh0.shape
    (4, 2, 5)
    """
    return state_loop_backward(SKIP, dhs, cache, p, dh_T)


# -- removed length-one connections ------------------------------------------------


def removed_step(
    x: Array, h_skip: Array, p: RemovedParams
) -> tuple[Array, RemovedCache]:
    """Read one input and the state d steps ago.

    Parameters
    ----------
    x : (B, D) array, float32 or float64
    h_skip : (B, H) array of the same dtype
    p : RemovedParams of the same dtype

    Returns
    -------
    h : (B, H) array
    cache : RemovedCache
        For :func:`removed_step_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit; the message names it.

    Examples
    --------
    >>> p = RemovedParams(np.eye(1), np.eye(1), np.zeros(1))
    >>> h, cache = removed_step(np.log([[2.0]]), np.zeros((1, 1)), p)
    >>> h.round(3)
    array([[0.6]])
    """
    check_step(REMOVED, x, (h_skip,), p)
    return _removed_step(x, h_skip, p)


def _removed_step(
    x: Array, h_skip: Array, p: RemovedParams
) -> tuple[Array, RemovedCache]:
    a = x @ p.W_x + h_skip @ p.W_h + p.b  # (9.9)
    h = np.tanh(a)  # (7.4)
    return h, RemovedCache(x, h_skip, h)


def removed_step_backward(
    dh: Array, cache: RemovedCache, p: RemovedParams
) -> tuple[Array, Array, RemovedParams]:
    """Differentiate :func:`removed_step`.

    Parameters
    ----------
    dh : (B, H) array
    cache : RemovedCache
    p : RemovedParams

    Returns
    -------
    dx : (B, D) array
    dh_skip : (B, H) array
    dp : RemovedParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = RemovedParams(np.eye(1), 2 * np.eye(1), np.zeros(1))
    >>> cache = removed_step(np.log([[2.0]]), np.zeros((1, 1)), p)[1]
    >>> removed_step_backward(np.ones((1, 1)), cache, p)[1].round(3)
    array([[1.28]])
    """
    check_step_backward(REMOVED, dh, cache, p)
    return _removed_step_backward(dh, cache, p)


def _removed_step_backward(
    dh: Array, cache: RemovedCache, p: RemovedParams
) -> tuple[Array, Array, RemovedParams]:
    x, h_skip, h = cache
    da = dh * (1 - h**2)  # (8.10)
    dp = RemovedParams(  # from (9.9), the terms of this step
        W_x=x.T @ da, W_h=h_skip.T @ da, b=da.sum(axis=0)
    )
    return da @ p.W_x.T, da @ p.W_h.T, dp


def removed_forward(
    xs: Array,
    p: RemovedParams,
    h0: Array | None = None,
    lengths: Any = None,
    *,
    d: int,
) -> tuple[Array, Array, StateLoopCache]:
    """Read a batch of sequences; as :func:`skip_forward`, with d=1 the simple layer.

    Parameters
    ----------
    xs : (T, B, D) array, float32 or float64
    p : RemovedParams of the same dtype
    h0 : (d, B, H) array of the same dtype, optional
    lengths : (B,) array of int, each in 1..T, optional
    d : int
        How far the connections reach back, at least 1.

    Returns
    -------
    hs : (T, B, H) array
    h_T : (d, B, H) array
    cache : StateLoopCache
        For :func:`removed_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype, a length or d does not fit, or a valid input is not
        finite; the message names it.

    Examples
    --------
    >>> p = init_removed(3, 5, rng=np.random.default_rng(0))
    >>> hs, h_T, cache = removed_forward(np.ones((7, 2, 3)), p, d=4)
    >>> bool((hs[3] == hs[0]).all())  # each of them the first of its network
    True
    """
    check_size("d", d)
    return state_loop_forward(REMOVED, xs, p, h0, lengths, d)


def removed_backward(
    dhs: Array, cache: StateLoopCache, p: RemovedParams, dh_T: Array | None = None
) -> tuple[Array, Array, RemovedParams]:
    """Go back through time; as :func:`skip_backward`.

    Parameters
    ----------
    dhs : (T, B, H) array
    cache : StateLoopCache
        From :func:`removed_forward`.
    p : RemovedParams
    dh_T : (d, B, H) array, optional

    Returns
    -------
    dxs : (T, B, D) array
    dh0 : (d, B, H) array
    dp : RemovedParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_removed(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = removed_forward(np.ones((7, 2, 3)), p, d=4)
    >>> removed_backward(np.ones_like(hs), cache, p)[1].shape
    (4, 2, 5)
    """
    return state_loop_backward(REMOVED, dhs, cache, p, dh_T)


SKIP = StateCell(
    name="skip",
    params=SkipParams,
    cache=SkipCache,
    shapes={"W_x": "D H", "W_h": "H H", "W_s": "H H", "b": "H"},
    step=_skip_step,
    step_backward=_skip_step_backward,
    states={"h_prev": 1, "h_skip": None},
)
REMOVED = StateCell(
    name="removed",
    params=RemovedParams,
    cache=RemovedCache,
    shapes={"W_x": "D H", "W_h": "H H", "b": "H"},
    step=_removed_step,
    step_backward=_removed_step_backward,
    states={"h_skip": None},
)

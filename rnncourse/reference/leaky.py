"""Leaky units: each state keeps a part of itself and takes on a part of the new.

The rate α may be one number or one for each unit, so that a layer holds fast and slow
units side by side (Mozer 1992; Jaeger et al. 2007). It stands among the weights and
has a gradient. To keep it fixed, do not update it. To learn it, learn w with
α = σ(w), whose gradient is ``dp.alpha * alpha * (1 - alpha)``: it cannot leave (0, 1).
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
from rnncourse.reference.validate import Array, check_shape


class LeakyParams(NamedTuple):
    """Weights ``W_x`` (D, H), ``W_h`` (H, H), ``b`` (H,); ``alpha`` () or (H,)."""

    W_x: Array
    W_h: Array
    b: Array
    alpha: Array


class LeakyCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_prev: Array
    n: Array


def init_leaky(
    D: int,
    H: int,
    alpha: Any = 0.1,
    *,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> LeakyParams:
    """Draw uniform(−1/√H, 1/√H) weights and zero biases.

    Parameters
    ----------
    D, H : int
    alpha : float or (H,) array, in (0, 1]
        The rate; a unit remembers for about 1/α steps, and 1 is a simple unit.
    rng : numpy.random.Generator
    dtype : float32 or float64

    Examples
    --------
    >>> p = init_leaky(3, 5, 0.25, rng=np.random.default_rng(0))
    >>> p.W_h.shape, p.alpha
    ((5, 5), array(0.25))
    """
    W_x, W_h = draw_matrices(D, H, rng=rng, dtype=dtype)
    p = LeakyParams(W_x, W_h, np.zeros(H, dtype=dtype), np.array(alpha, dtype=dtype))
    _check_alpha(p, H)
    return p


def leaky_step(x: Array, h_prev: Array, p: LeakyParams) -> tuple[Array, LeakyCache]:
    """Read one input.

    Parameters
    ----------
    x : (B, D) array, float32 or float64
    h_prev : (B, H) array of the same dtype
    p : LeakyParams of the same dtype

    Returns
    -------
    h : (B, H) array
    cache : LeakyCache
        For :func:`leaky_step_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or alpha lies outside (0, 1].

    Examples
    --------
    >>> p = LeakyParams(np.eye(1), np.zeros((1, 1)), np.zeros(1), np.array(0.5))
    >>> h, cache = leaky_step(np.log([[2.0]]), np.ones((1, 1)), p)
    >>> h.round(3)  # half of 1 and half of tanh(log 2) = 0.6
    array([[0.8]])
    """
    check_step(LEAKY, x, (h_prev,), p)
    return _step(x, h_prev, p)


def _step(x: Array, h_prev: Array, p: LeakyParams) -> tuple[Array, LeakyCache]:
    n = np.tanh(x @ p.W_x + h_prev @ p.W_h + p.b)  # (7.3) and (7.4)
    h = (1 - p.alpha) * h_prev + p.alpha * n  # (9.6)
    return h, LeakyCache(x, h_prev, n)


def leaky_step_backward(
    dh: Array, cache: LeakyCache, p: LeakyParams
) -> tuple[Array, Array, LeakyParams]:
    """Differentiate :func:`leaky_step`.

    Parameters
    ----------
    dh : (B, H) array
    cache : LeakyCache
    p : LeakyParams

    Returns
    -------
    dx : (B, D) array
    dh_prev : (B, H) array
    dp : LeakyParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = LeakyParams(np.eye(1), np.zeros((1, 1)), np.zeros(1), np.array(0.5))
    >>> cache = leaky_step(np.log([[2.0]]), np.ones((1, 1)), p)[1]
    >>> dx, dh_prev, dp = leaky_step_backward(np.ones((1, 1)), cache, p)
    >>> dh_prev, round(float(dp.alpha), 3)
    (array([[0.5]]), -0.4)
    """
    check_step_backward(LEAKY, dh, cache, p)
    return _step_backward(dh, cache, p)


def _step_backward(
    dh: Array, cache: LeakyCache, p: LeakyParams
) -> tuple[Array, Array, LeakyParams]:
    x, h_prev, n = cache
    dalpha = dh * (n - h_prev)  # (9.7)
    da = dh * p.alpha * (1 - n**2)  # (9.7)
    dh_prev = dh * (1 - p.alpha) + da @ p.W_h.T  # (9.7): what is kept, and (8.12)
    dp = LeakyParams(
        W_x=x.T @ da,  # (8.13), the term of this step
        W_h=h_prev.T @ da,  # (8.14)
        b=da.sum(axis=0),  # (8.15)
        alpha=np.asarray(dalpha.sum(axis=0 if p.alpha.ndim else None)),
    )
    return da @ p.W_x.T, dh_prev, dp  # (8.11)


def leaky_forward(
    xs: Array, p: LeakyParams, h0: Array | None = None, lengths: Any = None
) -> tuple[Array, Array, StateLoopCache]:
    """Read a batch of sequences.

    Parameters
    ----------
    xs : (T, B, D) array, float32 or float64
    p : LeakyParams of the same dtype
    h0 : (B, H) array of the same dtype, optional
        State before the first step; zeros if left out.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its state; its padding is never read.

    Returns
    -------
    hs : (T, B, H) array
    h_T : (B, H) array
    cache : StateLoopCache
        For :func:`leaky_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype, a length or alpha does not fit, or a valid input is not
        finite; the message names it.

    Examples
    --------
    >>> p = init_leaky(3, 5, 0.25, rng=np.random.default_rng(0))
    >>> hs, h_T, cache = leaky_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> hs.shape, bool((hs[3, 1] == h_T[1]).all())
    ((7, 2, 5), True)
    """
    return state_loop_forward(LEAKY, xs, p, h0, lengths)


def leaky_backward(
    dhs: Array, cache: StateLoopCache, p: LeakyParams, dh_T: Array | None = None
) -> tuple[Array, Array, LeakyParams]:
    """Go back through time.

    Parameters
    ----------
    dhs : (T, B, H) array
    cache : StateLoopCache
        From :func:`leaky_forward`.
    p : LeakyParams
    dh_T : (B, H) array, optional

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dh0 : (B, H) array
    dp : LeakyParams
        Summed over time and batch.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_leaky(3, 5, 0.25, rng=np.random.default_rng(0))
    >>> hs, _, cache = leaky_forward(np.ones((7, 2, 3)), p)
    >>> dxs, dh0, dp = leaky_backward(np.ones_like(hs), cache, p)
    >>> dxs.shape, dp.alpha.shape
    ((7, 2, 3), ())
    """
    return state_loop_backward(LEAKY, dhs, cache, p, dh_T)


def _check_alpha(p: LeakyParams, H: int) -> None:
    if p.alpha.ndim:
        check_shape("p.alpha", p.alpha, "H", H=H)
    outside = ~((p.alpha > 0) & (p.alpha <= 1))  # so that NaN is outside
    if outside.any():
        found = float(p.alpha[outside][0])
        raise ValueError(f"p.alpha must lie in (0, 1], got {found}")


LEAKY = StateCell(
    name="leaky",
    params=LeakyParams,
    cache=LeakyCache,
    shapes={"W_x": "D H", "W_h": "H H", "b": "H"},
    step=_step,
    step_backward=_step_backward,
    check=_check_alpha,
)

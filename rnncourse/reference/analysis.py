"""How far gradients reach, why they vanish or explode, and which inputs matter.

Everything takes arrays, or the step functions of any layer of this package. For torch
modules see :mod:`rnncourse.nn.analysis`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.validate import (
    Array,
    check_choice,
    check_dtype,
    check_finite,
    check_float,
    check_lengths,
    check_shape,
    check_size,
)


def gradient_against_lag(
    step: Callable[..., tuple[Any, ...]],
    step_backward: Callable[..., tuple[Any, ...]],
    xs: Array,
    p: Any,
    state: Array | tuple[Array, ...],
    dh_T: Array,
    K: int | None = None,
) -> Array:
    """Measure how much of a gradient at the last state is left k steps before.

    Parameters
    ----------
    step, step_backward : callables
        Of one layer, for example ``rnn_step`` and ``rnn_step_backward``, or those of
        the LSTM, GRU, leaky units, minGRU.
    xs : (T, B, D) array
    p : weights of that layer
    state : (B, H) array, or a tuple of them
        What it starts from: h0 or, for an LSTM, ``(h0, c0)``.
    dh_T : (B, H) array
        The derivative of the last step's loss with respect to h_T.
    K : int, optional
        The largest lag, at most T; T if left out.

    Returns
    -------
    (K + 1, B) array
        Entry k is the norm of dL_T/dh_{T-k}. Where the state has several parts it
        goes over all of them, for an LSTM over h and c as the step's two inputs: the
        path through c alone is what the cell was made for.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or K lies outside 0..T.

    References
    ----------
    Bengio, Simard and Frasconi (1994); Pascanu, Mikolov and Bengio (2013).

    Examples
    --------
    >>> from rnncourse.reference.rnn import RNNParams, rnn_step, rnn_step_backward
    >>> p = RNNParams(np.eye(1), 0.5 * np.eye(1), np.zeros(1))
    >>> xs, zero, one = np.zeros((3, 1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> gradient_against_lag(rnn_step, rnn_step_backward, xs, p, zero, one)[:, 0]
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    check_float("xs", xs)
    check_shape("xs", xs, "T B D")
    T, B, _ = xs.shape
    K = check_lag(K, T)
    check_finite("xs", xs)
    states = state if isinstance(state, tuple) else (state,)
    for part in states:
        check_float("state", part)
    check_shape("dh_T", dh_T, "B H", B=B, H=states[0].shape[-1])
    check_dtype("dh_T", dh_T, xs.dtype)
    caches = []
    for x in xs:
        *states, cache = step(x, *states, p)  # type: ignore[assignment]
        caches.append(cache)
    dstates = [dh_T, *(np.zeros_like(dh_T) for _ in states[1:])]
    norms = [_norm(dstates)]
    for cache in caches[: T - K - 1 if K < T else None : -1]:
        _, *dstates, _ = step_backward(*dstates, cache, p)  # (9.1), a factor a step
        norms.append(_norm(dstates))  # (9.10)
    return np.stack(norms)


def check_lag(K: Any, T: int) -> int:
    """Return the largest lag: T where K is None; raise unless it lies in 0..T.

    Examples
    --------
    >>> check_lag(None, 7), check_lag(3, 7)
    (7, 3)
    """
    if K is None:
        return T
    check_size("K", K, least=0)
    if K > T:
        raise ValueError(f"K must be at most T={T}, got {K}")
    return int(K)


def _norm(parts: list[Array]) -> Array:
    return np.asarray(np.sqrt(sum((d**2).sum(axis=-1) for d in parts)))  # (B,)


def jacobian_products(hs: Array, W_h: Array, *, nonlinearity: str = "tanh") -> Array:
    """Multiply the Jacobians of a simple layer: every dh_T/dh_k.

    Parameters
    ----------
    hs : (T, B, H) array
        The states h_1 to h_T of ``rnn_forward``.
    W_h : (H, H) array
    nonlinearity : {"tanh", "relu"}

    Returns
    -------
    (T + 1, B, H, H) array
        Entry k is dh_T/dh_k, k = 0 to T, with a row for each unit of h_k as in
        (8.8); the last is the identity.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the nonlinearity is unknown.

    Examples
    --------
    >>> jacobian_products(np.zeros((3, 1, 1)), np.array([[0.5]])).ravel()
    array([0.125, 0.25 , 0.5  , 1.   ])
    """
    check_float("hs", hs)
    check_shape("hs", hs, "T B H")
    T, B, H = hs.shape
    check_shape("W_h", W_h, "H H", H=H)
    check_dtype("W_h", W_h, hs.dtype)
    check_choice("nonlinearity", nonlinearity, ("tanh", "relu"))
    slope = 1 - hs**2 if nonlinearity == "tanh" else (hs > 0).astype(hs.dtype)
    products = np.empty((T + 1, B, H, H), dtype=hs.dtype)
    products[T] = np.eye(H)
    for k in reversed(range(T)):
        jacobian = W_h * slope[k][:, None, :]  # (8.8), of step k + 1
        products[k] = jacobian @ products[k + 1]  # (9.1)
    return products


def spectral_radius(W: Array) -> float:
    """Return the largest absolute value of an eigenvalue.

    Parameters
    ----------
    W : (H, H) array

    Raises
    ------
    TypeError, ValueError
        If it is not a square of finite floats.

    Examples
    --------
    >>> round(spectral_radius(np.array([[0.0, 2.0], [-2.0, 0.0]])), 6)
    2.0
    """
    _check_square(W)
    return float(np.abs(np.linalg.eigvals(W)).max())  # (9.2)


class PowerResult(NamedTuple):
    """What the power method found: the radius, the last direction, every growth."""

    value: float
    vector: Array  # (H,), of length 1
    history: Array  # (n_steps,), by how much each product made the vector longer
    settled: bool  # whether the direction stands still, apart from its sign


def power_method(W: Array, v: Array | None = None, n_steps: int = 1000) -> PowerResult:
    """Find the spectral radius with products alone, as a state meets ``W_h``.

    A row vector is multiplied and set to length 1, again and again. Where one real
    eigenvalue is the largest, the direction settles on its left eigenvector, and the
    growth on its absolute value. Where a complex pair, or λ and −λ, are the largest,
    the direction turns for ever; ``settled`` says so, and the value is then the
    geometric mean of the second half of the growths, whose error falls as 1/n_steps.

    Parameters
    ----------
    W : (H, H) array
    v : (H,) array, optional
        The first direction, not zero; if left out, one drawn with a fixed seed.
    n_steps : int

    Returns
    -------
    PowerResult
        value, vector, history, settled.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or v is zero.

    Examples
    --------
    >>> W = np.array([[2.0, 1.0], [0.0, 1.0]])
    >>> value, vector, history, settled = power_method(W)
    >>> round(value, 6), settled
    (2.0, True)
    """
    H = _check_square(W)
    check_size("n_steps", n_steps)
    if v is None:
        v = np.random.default_rng(0).normal(size=H).astype(W.dtype)
    check_shape("v", v, "H", H=H)
    check_dtype("v", v, W.dtype)
    check_finite("v", v)
    if not v.any():
        raise ValueError("v must not be zero")
    v = v / np.linalg.norm(v)
    history, distance = np.zeros(n_steps, dtype=W.dtype), np.inf
    for k in range(n_steps):
        product = v @ W  # (9.3)
        history[k] = np.linalg.norm(product)
        if history[k] == 0:  # nothing is left of the vector: W is nilpotent on it
            return PowerResult(0.0, v, history, True)
        v, before = product / history[k], v  # (9.3)
        distance = min(np.abs(v - before).max(), np.abs(v + before).max())
    if distance <= 100 * np.finfo(W.dtype).eps:
        return PowerResult(float(history[-1]), v, history, True)
    late = history[n_steps // 2 :].astype(np.float64)
    return PowerResult(float(np.exp(np.log(late).mean())), v, history, False)


def jacobian_bound(W_h: Array, gamma: float = 1.0) -> float:
    """Return ||W_h|| γ, which no Jacobian of a simple layer exceeds.

    Parameters
    ----------
    W_h : (H, H) array
    gamma : float
        The largest slope of the nonlinearity: 1 for tanh and relu, 1/4 for σ.

    Returns
    -------
    float
        Where it is below 1, all gradients vanish with the lag (Pascanu et al. 2013).

    Raises
    ------
    TypeError, ValueError
        If W_h is not a square of finite floats, or gamma is not positive.

    Examples
    --------
    >>> round(jacobian_bound(np.diag([3.0, 2.0]), gamma=0.25), 6)
    0.75
    """
    _check_square(W_h, "W_h")
    if not gamma > 0:
        raise ValueError(f"gamma must be positive, got {gamma}")
    return float(np.linalg.norm(W_h, ord=2)) * gamma  # (9.4)


def power_norms(W: Array, K: int) -> Array:
    """Return the spectral norms of W^0 to W^K.

    Parameters
    ----------
    W : (H, H) array
    K : int

    Returns
    -------
    (K + 1,) array

    Raises
    ------
    TypeError, ValueError
        If W is not a square of finite floats, or K is negative.

    Examples
    --------
    >>> power_norms(np.diag([0.5, 0.1]), 3)
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    H = _check_square(W)
    check_size("K", K, least=0)
    power, norms = np.eye(H, dtype=W.dtype), np.ones(K + 1, dtype=W.dtype)
    for k in range(1, K + 1):
        power = power @ W
        norms[k] = np.linalg.norm(power, ord=2)  # (9.11)
    return norms


def transient_growth(W: Array, K: int) -> float:
    """Return the largest norm of a power, max ||W^k|| for k = 0 to K.

    A matrix with spectral radius below 1 may still make a vector longer for a while;
    a normal one (one that commutes with its transpose) cannot.

    Parameters
    ----------
    W : (H, H) array
    K : int

    Raises
    ------
    TypeError, ValueError
        As in :func:`power_norms`.

    References
    ----------
    Trefethen and Embree (2005), Spectra and Pseudospectra.

    Examples
    --------
    >>> transient_growth(np.array([[0.0, 8.0], [0.0, 0.0]]), 5)  # its radius is 0
    8.0
    """
    return float(power_norms(W, K).max())  # (9.11)


def henrici_departure(W: Array) -> float:
    """Return how far a matrix is from a normal one, √(||W||²_F − Σ|λ|²).

    Parameters
    ----------
    W : (H, H) array

    Returns
    -------
    float
        0 for a normal matrix, for example a symmetric or an orthogonal one.

    Raises
    ------
    TypeError, ValueError
        If it is not a square of finite floats.

    References
    ----------
    Henrici (1962), Bounds for iterates, inverses, spectral variation and fields of
    values of non-normal matrices.

    Examples
    --------
    >>> henrici_departure(np.array([[0.5, 8.0], [0.0, 0.5]]))
    8.0
    """
    _check_square(W)
    eigenvalues = np.linalg.eigvals(W)
    surplus = (W**2).sum() - (np.abs(eigenvalues) ** 2).sum()  # (9.11)
    return float(np.sqrt(max(surplus, 0.0)))  # rounding may take it below zero


def input_times_gradient(xs: Array, dxs: Array, lengths: Any = None) -> Array:
    """Return the importance of every time step, input times gradient.

    Parameters
    ----------
    xs : (T, B, D) array
    dxs : (T, B, D) array
        The derivative of a score with respect to them, from any backward pass.
    lengths : (B,) array of int, each in 1..T, optional
        The padding, which may hold NaN, is of importance 0.

    Returns
    -------
    (T, B) array
        For a score that is linear in the inputs these add up to what the inputs
        contribute to it.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or a length does not fit.

    Examples
    --------
    >>> xs, dxs = np.array([[[1.0, 2.0]]]), np.array([[[3.0, -1.0]]])
    >>> input_times_gradient(xs, dxs)
    array([[1.]])
    """
    check_float("xs", xs)
    check_shape("xs", xs, "T B D")
    T, B, D = xs.shape
    check_shape("dxs", dxs, "T B D", T=T, B=B, D=D)
    check_dtype("dxs", dxs, xs.dtype)
    if lengths is not None:
        live = (np.arange(T)[:, None] < check_lengths(lengths, T, B))[:, :, None]
        xs, dxs = np.where(live, xs, 0), np.where(live, dxs, 0)
    return np.asarray((xs * dxs).sum(axis=2))  # (18.4)


def _check_square(W: Any, name: str = "W") -> int:
    check_float(name, W)
    check_shape(name, W, "H H", H=W.shape[0] if W.ndim else None)
    H = int(W.shape[0])
    if H == 0:
        raise ValueError(f"{name} must have at least one row, got H=0")
    check_finite(name, W)
    return H

"""The dense layer: one product and a bias."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.validate import (
    Array,
    check_draw,
    check_dtype,
    check_float,
    check_shape,
    check_size,
)


class DenseParams(NamedTuple):
    """Weights of a dense layer: ``W`` (D, K) and ``b`` (K,)."""

    W: Array
    b: Array


def init_dense(
    D: int, K: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> DenseParams:
    """Draw uniform(−1/√D, 1/√D) weights and zero biases, in the manner of torch.

    Examples
    --------
    >>> init_dense(3, 2, rng=np.random.default_rng(0)).W.shape
    (3, 2)
    """
    check_size("D", D)
    check_size("K", K)
    check_draw(rng, dtype)
    k = D**-0.5
    W = rng.uniform(-k, k, size=(D, K)).astype(dtype)
    return DenseParams(W=W, b=np.zeros(K, dtype=dtype))


def dense_forward(x: Array, p: DenseParams) -> Array:
    """Map each row.

    Parameters
    ----------
    x : (..., D) array
    p : DenseParams

    Returns
    -------
    (..., K) array

    Examples
    --------
    >>> p = DenseParams(W=np.array([[1.0], [2.0]]), b=np.array([0.5]))
    >>> dense_forward(np.array([[3.0, 4.0]]), p)
    array([[11.5]])
    """
    _check(x, p)
    return x @ p.W + p.b  # (7.5)


def dense_backward(dy: Array, x: Array, p: DenseParams) -> tuple[Array, DenseParams]:
    """Differentiate :func:`dense_forward`.

    Parameters
    ----------
    dy : (..., K) array
    x : (..., D) array

    Returns
    -------
    dx : (..., D) array
    dp : DenseParams
        Summed over all rows.

    Examples
    --------
    >>> p = DenseParams(W=np.array([[1.0], [2.0]]), b=np.array([0.5]))
    >>> dx, dp = dense_backward(np.ones((1, 1)), np.array([[3.0, 4.0]]), p)
    >>> dx
    array([[1., 2.]])
    >>> dp.W.ravel()
    array([3., 4.])
    """
    _check(x, p)
    D, K = p.W.shape
    check_dtype("dy", dy, x.dtype)
    if dy.shape != (*x.shape[:-1], K):
        want = (*x.shape[:-1], K)
        raise ValueError(f"dy must have shape {want}, got {dy.shape}")
    rows, drows = x.reshape(-1, D), dy.reshape(-1, K)
    dp = DenseParams(W=rows.T @ drows, b=drows.sum(axis=0))
    return dy @ p.W.T, dp


def _check(x: Array, p: DenseParams) -> None:
    check_float("x", x)
    check_shape("p.W", p.W, "D K")
    D, K = p.W.shape
    check_shape("p.b", p.b, "K", K=K)
    for name, w in p._asdict().items():
        check_dtype(f"p.{name}", w, x.dtype)
    if x.ndim == 0 or x.shape[-1] != D:
        raise ValueError(f"x must have shape (..., D={D}), got {x.shape}")

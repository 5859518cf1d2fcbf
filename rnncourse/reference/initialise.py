"""First weights. A row vector meets ``W`` (D, H) as ``x @ W``, so D is the fan-in.

A kernel (K, D, F) or (K1, K2, C, F) has a fan-in of all the inputs to one output.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rnncourse.reference.optim import check_rate
from rnncourse.reference.validate import Array, check_draw, check_float, check_size


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many inputs one output reads, and how many outputs one input feeds.

    Examples
    --------
    >>> fans((3, 8)), fans((5, 3, 8))
    ((3, 8), (15, 40))
    """
    if len(shape) < 2:
        raise ValueError(f"shape must have at least two axes, got {shape}")
    for size in shape:
        check_size("shape", size)
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


def uniform(
    shape: tuple[int, ...],
    bound: float,
    *,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> Array:
    """Draw from uniform(−bound, bound).

    Examples
    --------
    >>> w = uniform((2, 3), 0.1, rng=np.random.default_rng(0))
    >>> bool((abs(w) <= 0.1).all())
    True
    """
    bound = check_rate("bound", bound)
    check_draw(rng, dtype)
    return rng.uniform(-bound, bound, size=shape).astype(dtype)


def glorot_uniform(
    shape: tuple[int, ...], *, rng: np.random.Generator, dtype: Any = np.float64
) -> Array:
    """Draw uniformly with variance 2 / (fan-in + fan-out).

    References
    ----------
    Glorot and Bengio, 2010, "Understanding the difficulty of training deep feedforward
    neural networks", equation 16.

    Examples
    --------
    >>> glorot_uniform((2, 3), rng=np.random.default_rng(0)).shape
    (2, 3)
    """
    bound = math.sqrt(6 / sum(fans(shape)))  # (3.10)
    return uniform(shape, bound, rng=rng, dtype=dtype)


def glorot_normal(
    shape: tuple[int, ...], *, rng: np.random.Generator, dtype: Any = np.float64
) -> Array:
    """Draw from a normal distribution with variance 2 / (fan-in + fan-out).

    Examples
    --------
    >>> glorot_normal((2, 3), rng=np.random.default_rng(0)).shape
    (2, 3)
    """
    return _normal(shape, math.sqrt(2 / sum(fans(shape))), rng, dtype)  # (3.10)


def he_uniform(
    shape: tuple[int, ...], *, rng: np.random.Generator, dtype: Any = np.float64
) -> Array:
    """Draw uniformly with variance 2 / fan-in, which a relu needs.

    References
    ----------
    He, Zhang, Ren and Sun, 2015, arXiv:1502.01852, section 2.2.

    Examples
    --------
    >>> he_uniform((2, 3), rng=np.random.default_rng(0)).shape
    (2, 3)
    """
    return uniform(shape, math.sqrt(6 / fans(shape)[0]), rng=rng, dtype=dtype)  # (3.10)


def he_normal(
    shape: tuple[int, ...], *, rng: np.random.Generator, dtype: Any = np.float64
) -> Array:
    """Draw from a normal distribution with variance 2 / fan-in.

    Examples
    --------
    >>> he_normal((2, 3), rng=np.random.default_rng(0)).shape
    (2, 3)
    """
    return _normal(shape, math.sqrt(2 / fans(shape)[0]), rng, dtype)  # (3.10)


def orthogonal(
    D: int,
    H: int,
    *,
    rng: np.random.Generator,
    gain: float = 1.0,
    dtype: Any = np.float64,
) -> Array:
    """Draw a (D, H) matrix that keeps lengths, uniformly among all of them.

    With D ≤ H the rows are orthonormal, with D ≥ H the columns, times ``gain``.

    References
    ----------
    Saxe, McClelland and Ganguli, 2014, arXiv:1312.6120; for the signs Mezzadri, 2007,
    arXiv:math-ph/0609050.

    Examples
    --------
    >>> W = orthogonal(3, 3, rng=np.random.default_rng(0))
    >>> bool(np.allclose(W @ W.T, np.eye(3)))
    True
    """
    check_size("D", D)
    check_size("H", H)
    gain = check_rate("gain", gain)
    check_draw(rng, dtype)
    Q, R = np.linalg.qr(rng.normal(size=(max(D, H), min(D, H))))
    Q = Q * np.sign(np.diag(R))  # without it QR prefers some directions  (9.12)
    return np.ascontiguousarray(gain * (Q if D >= H else Q.T), dtype=dtype)


def identity(H: int, *, gain: float = 1.0, dtype: Any = np.float64) -> Array:
    """Return ``gain`` times the identity: a relu layer then keeps its state.

    References
    ----------
    Le, Jaitly and Hinton, 2015, arXiv:1504.00941.

    Examples
    --------
    >>> identity(2, gain=0.5)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    check_size("H", H)
    gain = check_rate("gain", gain)
    W = np.zeros((H, H), dtype=dtype)
    check_float("dtype", W)
    np.fill_diagonal(W, gain)
    return W


def unit_forget_bias(b: Array, *, bias: float = 1.0) -> Array:
    """Return an LSTM's bias (4H,), gates i, f, g, o, whose forget part is ``bias``.

    References
    ----------
    Gers, Schmidhuber and Cummins, 2000, Neural Computation 12; Jozefowicz, Zaremba and
    Sutskever, 2015, ICML.

    Examples
    --------
    >>> unit_forget_bias(np.zeros(8))
    array([0., 0., 1., 1., 0., 0., 0., 0.])
    """
    check_float("b", b)
    if b.ndim != 1 or not b.size or b.size % 4:
        raise ValueError(f"b must have shape (4H,), got {b.shape}")
    H = b.size // 4
    new = b.copy()
    new[H : 2 * H] = bias
    return new


def _normal(
    shape: tuple[int, ...], deviation: float, rng: np.random.Generator, dtype: Any
) -> Array:
    check_draw(rng, dtype)
    return (deviation * rng.normal(size=shape)).astype(dtype)

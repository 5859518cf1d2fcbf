"""Functions without memory, each with its derivative beside it.

In every ``*_backward`` a leading ``d`` means "derivative of the loss with respect
to", so ``dy`` has the shape of ``y``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.validate import (
    Array,
    check_dtype,
    check_finite,
    check_float,
    check_shape,
    check_size,
)


def sigmoid(z: Array) -> Array:
    """Squash numbers into (0, 1).

    Written through tanh, which cannot overflow and is the fastest form in NumPy.

    Parameters
    ----------
    z : array of any shape, float

    Returns
    -------
    array of the same shape and dtype

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    check_float("z", z)
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * z), dtype=z.dtype)


def sigmoid_backward(dy: Array, y: Array) -> Array:
    """Return dz for ``y = sigmoid(z)``, from the output alone.

    Examples
    --------
    >>> sigmoid_backward(np.ones(2), sigmoid(np.array([0.0, 100.0])))
    array([0.25, 0.  ])
    """
    _check_pair(dy, y)
    return np.asarray(dy * y * (1 - y))


def tanh_backward(dy: Array, y: Array) -> Array:
    """Return dz for ``y = tanh(z)``, from the output alone.

    Examples
    --------
    >>> tanh_backward(np.ones(2), np.tanh(np.array([0.0, 100.0])))
    array([1., 0.])
    """
    _check_pair(dy, y)
    return np.asarray(dy * (1 - y**2))


def relu(z: Array) -> Array:
    """Return the positive part of each number.

    Examples
    --------
    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    check_float("z", z)
    return np.asarray(np.maximum(z, 0))


def relu_backward(dy: Array, y: Array) -> Array:
    """Return dz for ``y = relu(z)``; at z = 0 the derivative is taken as 0.

    Examples
    --------
    >>> relu_backward(np.ones(3), relu(np.array([-2.0, 0.0, 3.0])))
    array([0., 0., 1.])
    """
    _check_pair(dy, y)
    return np.asarray(dy * (y > 0))


def softmax(z: Array) -> Array:
    """Turn scores into probabilities along the last axis.

    Parameters
    ----------
    z : (..., K) array, float

    Returns
    -------
    (..., K) array
        Positive, each row sums to 1. The largest score is subtracted first, so
        that no exponential overflows.

    Examples
    --------
    >>> softmax(np.log(np.array([1.0, 2.0, 5.0]))).round(3)
    array([0.125, 0.25 , 0.625])
    """
    return np.asarray(np.exp(log_softmax(z)))  # (7.6)


def log_softmax(z: Array) -> Array:
    """Return the logarithm of :func:`softmax`, exact for large scores too.

    Examples
    --------
    >>> log_softmax(np.array([1000.0, 1000.0])).round(4)
    array([-0.6931, -0.6931])
    """
    check_float("z", z)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(f"z must have at least one class, got shape {z.shape}")
    z = z - z.max(axis=-1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(axis=-1, keepdims=True)))


def one_hot(ids: Any, V: int, *, dtype: Any = np.float64) -> Array:
    """Write each number as a row with a single 1.

    Parameters
    ----------
    ids : array of whole numbers, each in 0..V-1
    V : int
        Number of symbols.

    Returns
    -------
    (..., V) array

    Examples
    --------
    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    ids = np.asarray(ids)
    check_size("V", V)
    _check_classes("ids", ids, V)
    rows = np.zeros((*ids.shape, V), dtype=dtype)
    np.put_along_axis(rows, ids.astype(np.intp)[..., None], 1, axis=-1)
    return rows


def cross_entropy(logits: Array, targets: Any, mask: Any = None) -> float:
    """Average −log of the probability that each target was given.

    Parameters
    ----------
    logits : (..., K) array, float
        Scores before the softmax.
    targets : (...) array of int, each in 0..K-1
    mask : (...) array of bool or float, optional
        Which entries count; the mean is over those alone. What stands elsewhere is
        never read.

    Returns
    -------
    float
        The loss in nats.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, a target that counts is not a class, a
        score that counts is NaN, or nothing counts.

    Examples
    --------
    >>> round(cross_entropy(np.log(np.array([[0.25, 0.75]])), [0]), 4)
    1.3863
    """
    logits, targets, weights = _check_scores(logits, targets, mask)
    at_target = np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)
    return float(-(weights * at_target[..., 0]).sum() / weights.sum())  # (7.7), (8.16)


def cross_entropy_backward(logits: Array, targets: Any, mask: Any = None) -> Array:
    """Return the derivative of :func:`cross_entropy` with respect to the logits.

    Examples
    --------
    >>> cross_entropy_backward(np.zeros((1, 4)), [2])
    array([[ 0.25,  0.25, -0.75,  0.25]])
    """
    logits, targets, weights = _check_scores(logits, targets, mask)
    hit = one_hot(targets, logits.shape[-1], dtype=logits.dtype)
    share = (weights / weights.sum()).astype(logits.dtype)
    return np.asarray((softmax(logits) - hit) * share[..., None])


def mse(y_hat: Array, y: Array, mask: Any = None) -> float:
    """Return the mean squared error over the entries that the mask keeps.

    Examples
    --------
    >>> mse(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    4.5
    >>> mse(np.array([1.0, 2.0]), np.array([1.0, 5.0]), mask=[1, 0])
    0.0
    """
    y_hat, y, weights = _check_forecast(y_hat, y, mask)
    return float((weights * (y_hat - y) ** 2).sum() / weights.sum())


def mse_backward(y_hat: Array, y: Array, mask: Any = None) -> Array:
    """Return the derivative of :func:`mse` with respect to ``y_hat``.

    Examples
    --------
    >>> mse_backward(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    array([ 0., -3.])
    """
    y_hat, y, weights = _check_forecast(y_hat, y, mask)
    return np.asarray(2 * weights * (y_hat - y) / weights.sum(), dtype=y_hat.dtype)


def mae(y_hat: Array, y: Array, mask: Any = None) -> float:
    """Return the mean absolute error over the entries that the mask keeps.

    Examples
    --------
    >>> mae(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    1.5
    """
    y_hat, y, weights = _check_forecast(y_hat, y, mask)
    return float((weights * np.abs(y_hat - y)).sum() / weights.sum())


def mae_backward(y_hat: Array, y: Array, mask: Any = None) -> Array:
    """Return the derivative of :func:`mae` with respect to ``y_hat``; 0 where equal.

    Examples
    --------
    >>> mae_backward(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    array([ 0. , -0.5])
    """
    y_hat, y, weights = _check_forecast(y_hat, y, mask)
    return np.asarray(weights * np.sign(y_hat - y) / weights.sum(), dtype=y_hat.dtype)


def _axes(a: Array) -> str:
    return " ".join(f"axis{k}" for k in range(a.ndim))


def _sizes(a: Array) -> dict[str, int | None]:
    return {f"axis{k}": n for k, n in enumerate(a.shape)}


def _check_classes(name: str, ids: Array, K: int) -> None:
    if ids.size and ids.dtype.kind not in "iu":
        raise TypeError(f"{name} must be whole numbers, got {ids.dtype}")
    outside = (ids < 0) | (ids >= K)
    if outside.any():
        raise ValueError(f"{name} must lie in 0..{K - 1}, got {ids[outside][0]}")


def _check_pair(dy: Array, y: Array) -> None:
    check_float("y", y)
    check_shape("dy", dy, _axes(y), **_sizes(y))
    check_dtype("dy", dy, y.dtype)


def _check_scores(
    logits: Array, targets: Any, mask: Any
) -> tuple[Array, Array, NDArray[np.float64]]:
    """Return scores and targets with harmless values where the mask is 0."""
    check_float("logits", logits)
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(
            f"logits must have at least one class, got shape {logits.shape}"
        )
    targets = np.asarray(targets)
    check_shape("targets", targets, _axes(logits[..., 0]), **_sizes(logits[..., 0]))
    weights = _check_mask("logits", logits[..., 0], mask)
    logits = np.where(weights[..., None] > 0, logits, 0)
    targets = np.where(weights > 0, targets, 0)
    _check_classes("targets", targets, logits.shape[-1])
    _check_no_nan("logits", logits)
    return logits, targets, weights


def _check_forecast(
    y_hat: Array, y: Any, mask: Any
) -> tuple[Array, Array, NDArray[np.float64]]:
    """Return forecast and truth with zeros where the mask is 0."""
    check_float("y_hat", y_hat)
    y = np.asarray(y)
    check_shape("y", y, _axes(y_hat), **_sizes(y_hat))
    if y.dtype.kind not in "iuf":
        raise TypeError(f"y must be numbers, got {y.dtype}")
    weights = _check_mask("y_hat", y_hat, mask)
    y_hat = np.where(weights > 0, y_hat, 0)
    y = np.where(weights > 0, y, 0)
    _check_no_nan("y_hat", y_hat)
    _check_no_nan("y", y)
    return y_hat, y, weights


def _check_mask(name: str, like: Array, mask: Any) -> NDArray[np.float64]:
    """Return the weights of the entries; ``name`` is that of ``like``."""
    if like.size == 0:
        raise ValueError(f"{name} must hold at least one entry, got none")
    given = np.ones(like.shape) if mask is None else np.asarray(mask)
    if given.dtype.kind not in "biuf":
        raise TypeError(f"mask must be numbers, got {given.dtype}")
    check_shape("mask", given, _axes(like), **_sizes(like))
    weights = given.astype(np.float64)
    check_finite("mask", weights)
    if (weights < 0).any():
        raise ValueError(f"mask must not be negative, got {weights.min()}")
    if not weights.sum() > 0:
        raise ValueError("mask must keep at least one entry, got none")
    return weights


def _check_no_nan(name: str, a: Array) -> None:
    bad = np.isnan(a)
    if bad.any():
        at = tuple(int(k) for k in np.argwhere(bad)[0])
        raise ValueError(f"{name} must not be NaN where it counts, got NaN at {at}")

"""Dense layers: one product and a bias; logistic regression; layers composed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.functional import (
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    tanh_backward,
)
from rnncourse.reference.validate import (
    Array,
    check_choice,
    check_draw,
    check_dtype,
    check_finite,
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
    dp = DenseParams(W=rows.T @ drows, b=drows.sum(axis=0))  # (3.5), (3.6)
    return dy @ p.W.T, dp  # (3.4)


def check_dense(
    name: str, p: Any, axes: str = "D K", *, dtype: Any = None, **sizes: int | None
) -> int:
    """Raise unless weights are those of a dense layer; return the size of its output.

    Parameters
    ----------
    name : str
        Of the argument, for messages: a part of other weights has a longer one.
    p : DenseParams
    axes : str
        Names of what it reads and of what it gives.
    dtype : optional
        That of their partners; without it the two only have one of their own.
    **sizes : int
        Those that are known already, by axis.

    Examples
    --------
    >>> p = init_dense(3, 2, rng=np.random.default_rng(0))
    >>> check_dense("p", p)
    2
    >>> check_dense("p.out", p, "H K", H=5)
    Traceback (most recent call last):
        ...
    ValueError: p.out.W must have shape (H=5, K), got (3, 2)
    """
    if not isinstance(p, DenseParams):
        raise TypeError(f"{name} must be DenseParams, got {type(p).__name__}")
    check_shape(f"{name}.W", p.W, axes, **sizes)
    check_float(f"{name}.W", p.W)
    K, last = int(p.W.shape[1]), axes.split()[1]
    check_shape(f"{name}.b", p.b, last, **{last: K})
    for key, w in p._asdict().items():
        check_dtype(f"{name}.{key}", w, p.W.dtype if dtype is None else dtype)
    return K


def _check(x: Array, p: DenseParams) -> None:
    check_float("x", x)
    check_dense("p", p, dtype=x.dtype)
    D = len(p.W)
    if x.ndim == 0 or x.shape[-1] != D:
        raise ValueError(f"x must have shape (..., D={D}), got {x.shape}")


# -- logistic regression -----------------------------------------------------------


class LogisticParams(NamedTuple):
    """Weights of a logistic regression: ``w`` (D,) and ``b`` (1,)."""

    w: Array
    b: Array


def logistic_forward(x: Array, p: LogisticParams) -> tuple[Array, Array]:
    """Give each row a probability.

    Parameters
    ----------
    x : (N, D) array, float32 or float64
    p : LogisticParams of the same dtype

    Returns
    -------
    probabilities : (N,) array
    z : (N,) array
        Scores, for :func:`binary_cross_entropy`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or an input is not finite.

    Examples
    --------
    >>> p = LogisticParams(w=np.array([1.0, -1.0]), b=np.array([np.log(3.0)]))
    >>> logistic_forward(np.array([[2.0, 2.0]]), p)[0].round(3)
    array([0.75])
    """
    _check_logistic(x, p)
    z = x @ p.w + p.b  # (1.1)
    return sigmoid(z), z  # (1.2)


def logistic_backward(
    dz: Array, x: Array, p: LogisticParams
) -> tuple[Array, LogisticParams]:
    """Differentiate the scores of :func:`logistic_forward`.

    Parameters
    ----------
    dz : (N,) array
        Usually from :func:`binary_cross_entropy_backward`.
    x : (N, D) array

    Returns
    -------
    dx : (N, D) array
    dp : LogisticParams

    Examples
    --------
    >>> p = LogisticParams(w=np.array([1.0, -1.0]), b=np.zeros(1))
    >>> dx, dp = logistic_backward(np.array([0.5]), np.array([[2.0, 4.0]]), p)
    >>> dp.w, dp.b
    (array([1., 2.]), array([0.5]))
    """
    _check_logistic(x, p)
    check_shape("dz", dz, "N", N=len(x))
    check_dtype("dz", dz, x.dtype)
    dp = LogisticParams(w=x.T @ dz, b=dz.sum(keepdims=True))  # (1.7)
    return dz[:, None] * p.w, dp


def binary_cross_entropy(z: Array, y: Any) -> float:
    """Average −log of the probability given to what happened, from the scores.

    Written so that no exponential overflows and no logarithm meets a zero.

    Parameters
    ----------
    z : (N,) array, float
        Scores before the sigmoid.
    y : (N,) array of 0 and 1, or of probabilities

    Returns
    -------
    float
        The loss in nats.

    Raises
    ------
    TypeError, ValueError
        If the shapes differ, a target lies outside [0, 1], or nothing is given.

    Examples
    --------
    >>> round(binary_cross_entropy(np.zeros(2), [0, 1]), 4)
    0.6931
    >>> binary_cross_entropy(np.array([-1000.0]), [1])
    1000.0
    """
    y = _check_targets(z, y)
    each = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))  # (1.6)
    return float(each.mean())  # (1.5)


def binary_cross_entropy_backward(z: Array, y: Any) -> Array:
    """Return the derivative of :func:`binary_cross_entropy` to the scores.

    Examples
    --------
    >>> binary_cross_entropy_backward(np.zeros(2), [0, 1])
    array([ 0.25, -0.25])
    """
    y = _check_targets(z, y)
    return np.asarray((sigmoid(z) - y) / len(z))  # (1.7)


def _check_logistic(x: Any, p: LogisticParams) -> None:
    check_float("x", x)
    if not isinstance(p, LogisticParams):
        raise TypeError(f"p must be LogisticParams, got {type(p).__name__}")
    check_shape("p.w", p.w, "D")
    check_shape("p.b", p.b, "one", one=1)
    check_shape("x", x, "N D", D=len(p.w))
    for name, w in p._asdict().items():
        check_dtype(f"p.{name}", w, x.dtype)
    check_finite("x", x)


def _check_targets(z: Any, y: Any) -> Array:
    check_float("z", z)
    check_shape("z", z, "N")
    if len(z) == 0:
        raise ValueError("z must have at least one score, got N=0")
    check_finite("z", z)
    targets: Array = np.asarray(y, dtype=z.dtype)
    check_shape("y", targets, "N", N=len(z))
    if not ((targets >= 0) & (targets <= 1)).all():
        low, high = targets.min(), targets.max()
        raise ValueError(f"y must lie in [0, 1], got {low:g} to {high:g}")
    return targets


# -- layers composed ---------------------------------------------------------------


class MLPParams(NamedTuple):
    """Dense layers in order; :func:`mlp_arrays` names their arrays."""

    layers: tuple[DenseParams, ...]


class MLPCache(NamedTuple):
    """What an MLP remembers: its input, then the output of each hidden layer."""

    hs: list[Array]
    nonlinearity: str


NONLINEARITIES: dict[
    str, tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]
] = {
    "tanh": (np.tanh, tanh_backward),  # (3.3)
    "relu": (relu, relu_backward),  # (3.7)
    "sigmoid": (sigmoid, sigmoid_backward),  # (3.2)
}


def init_mlp(
    sizes: Sequence[int], *, rng: np.random.Generator, dtype: Any = np.float64
) -> MLPParams:
    """Draw a dense layer between each two sizes, as :func:`init_dense` does.

    Examples
    --------
    >>> p = init_mlp([3, 8, 2], rng=np.random.default_rng(0))
    >>> [layer.W.shape for layer in p.layers]
    [(3, 8), (8, 2)]
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes must be at least two, got {len(sizes)}")
    layers = zip(sizes[:-1], sizes[1:], strict=True)
    return MLPParams(tuple(init_dense(D, K, rng=rng, dtype=dtype) for D, K in layers))


def mlp_arrays(p: MLPParams) -> dict[str, Array]:
    """Return all arrays by name, ``W_1``, ``b_1``, ``W_2`` ..., for an optimiser.

    Examples
    --------
    >>> list(mlp_arrays(init_mlp([3, 8, 2], rng=np.random.default_rng(0))))
    ['W_1', 'b_1', 'W_2', 'b_2']
    """
    return {
        f"{name}_{n}": a
        for n, layer in enumerate(p.layers, 1)
        for name, a in layer._asdict().items()
    }


def mlp_from_arrays(arrays: dict[str, Array]) -> MLPParams:
    """Undo :func:`mlp_arrays`.

    Examples
    --------
    >>> p = init_mlp([3, 8, 2], rng=np.random.default_rng(0))
    >>> len(mlp_from_arrays(mlp_arrays(p)).layers)
    2
    """
    count = range(1, len(arrays) // 2 + 1)
    want = {f"{name}_{n}" for n in count for name in "Wb"}
    if not arrays or arrays.keys() != want:
        raise ValueError(f"arrays must be W_1, b_1, W_2 ..., got {sorted(arrays)}")
    return MLPParams(
        tuple(DenseParams(arrays[f"W_{n}"], arrays[f"b_{n}"]) for n in count)
    )


def mlp_forward(
    x: Array, p: MLPParams, *, nonlinearity: str = "tanh"
) -> tuple[Array, MLPCache]:
    """Map each row through all layers; the last one is linear.

    Parameters
    ----------
    x : (..., D) array, float32 or float64
    p : MLPParams
    nonlinearity : "tanh", "relu" or "sigmoid"

    Returns
    -------
    y : (..., K) array
    cache : MLPCache
        For :func:`mlp_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, dtype or option does not fit, or an input is not finite.

    References
    ----------
    Rumelhart, Hinton and Williams, 1986, Nature 323, 533-536.

    Examples
    --------
    >>> layer = DenseParams(np.array([[2.0]]), np.array([-1.0]))
    >>> x = np.array([[0.0], [3.0]])
    >>> mlp_forward(x, MLPParams((layer, layer)), nonlinearity="relu")[0].ravel()
    array([-1.,  9.])
    """
    check_choice("nonlinearity", nonlinearity, tuple(NONLINEARITIES))
    check_float("x", x)
    _check_mlp(p, x.dtype)
    check_finite("x", x)
    squash, _ = NONLINEARITIES[nonlinearity]
    hs = [x]
    for layer in p.layers[:-1]:
        hs.append(squash(dense_forward(hs[-1], layer)))  # (3.8)
    return dense_forward(hs[-1], p.layers[-1]), MLPCache(hs, nonlinearity)


def mlp_backward(dy: Array, cache: MLPCache, p: MLPParams) -> tuple[Array, MLPParams]:
    """Differentiate :func:`mlp_forward`, from the last layer to the first.

    Parameters
    ----------
    dy : (..., K) array
    cache : MLPCache
    p : MLPParams

    Returns
    -------
    dx : (..., D) array
    dp : MLPParams

    Examples
    --------
    >>> layer = DenseParams(np.array([[2.0]]), np.array([-1.0]))
    >>> p = MLPParams((layer, layer))
    >>> y, cache = mlp_forward(np.array([[3.0]]), p, nonlinearity="relu")
    >>> mlp_backward(np.ones((1, 1)), cache, p)[0]
    array([[4.]])
    """
    if not isinstance(cache, MLPCache):
        raise TypeError(f"cache must be MLPCache, got {type(cache).__name__}")
    _check_mlp(p, cache.hs[0].dtype, cache.hs[0].shape[-1])
    if len(cache.hs) != len(p.layers):
        raise ValueError(
            f"p must have the {len(cache.hs)} layers of the cache, got {len(p.layers)}"
        )
    _, slope = NONLINEARITIES[cache.nonlinearity]
    dx, last = dense_backward(dy, cache.hs[-1], p.layers[-1])
    grads = [last]
    for n in range(len(p.layers) - 2, -1, -1):
        da = slope(dx, cache.hs[n + 1])
        dx, dp = dense_backward(da, cache.hs[n], p.layers[n])
        grads.append(dp)
    return dx, MLPParams(tuple(reversed(grads)))


def _check_mlp(p: MLPParams, dtype: Any, n: int | None = None) -> None:
    if not isinstance(p, MLPParams):
        raise TypeError(f"p must be MLPParams, got {type(p).__name__}")
    if not p.layers:
        raise ValueError("p must have at least one layer, got 0")
    for k, layer in enumerate(p.layers):
        n = check_dense(f"p.layers[{k}]", layer, dtype=dtype, D=n)

"""Convolution over sequences and images.

Sequences are (T, B, D), time first, with a kernel (K, D, F); images are
(B, height, width, C) with a kernel (K1, K2, C, F). "Convolution" is here what every
library calls so: cross-correlation, whose kernel is not flipped; a true convolution is
the same with :func:`flip_kernel`.

The textbook twins write one sum a line and specify; the fast twins lay all windows
out as rows, so that the layer is one product. A test holds the two equal.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference._sliding import AXES, check_input, each, places, windows_of
from rnncourse.reference.validate import (
    Array,
    check_choice,
    check_draw,
    check_dtype,
    check_float,
    check_shape,
    check_size,
)


class ConvParams(NamedTuple):
    """``W`` (K, D, F) for sequences, (K1, K2, C, F) for images, and ``b`` (F,)."""

    W: Array
    b: Array


class ConvCache(NamedTuple):
    """What a convolution remembers: its padded input and how it walked over it."""

    x: Array  # padded
    axes: tuple[int, ...]
    pads: list[tuple[int, int]]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]


def init_conv(
    kernel: int | tuple[int, int],
    D: int,
    F: int,
    *,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> ConvParams:
    """Draw uniform(−1/√n, 1/√n) weights, n inputs to each output, and zero biases.

    Parameters
    ----------
    kernel : int for sequences, (K1, K2) for images
    D, F : int
        Channels in and out.

    Examples
    --------
    >>> init_conv(5, 3, 8, rng=np.random.default_rng(0)).W.shape
    (5, 3, 8)
    >>> init_conv((3, 3), 1, 4, rng=np.random.default_rng(0)).W.shape
    (3, 3, 1, 4)
    """
    sizes = kernel if isinstance(kernel, tuple) else (kernel,)
    for size in sizes:
        check_size("kernel", size)
    check_size("D", D)
    check_size("F", F)
    check_draw(rng, dtype)
    k = (math.prod(sizes) * D) ** -0.5
    W = rng.uniform(-k, k, size=(*sizes, D, F)).astype(dtype)
    return ConvParams(W=W, b=np.zeros(F, dtype=dtype))


def flip_kernel(W: Array) -> Array:
    """Turn a kernel round in time or space: cross-correlation becomes convolution.

    Examples
    --------
    >>> flip_kernel(np.array([1.0, 2.0, 3.0]).reshape(3, 1, 1)).ravel()
    array([3., 2., 1.])
    """
    check_float("W", W)
    if W.ndim not in AXES:
        raise ValueError(f"W must be (K, D, F) or (K1, K2, C, F), got {W.shape}")
    return np.flip(W, axis=tuple(range(W.ndim - 2)))  # (4.2)


def output_size(
    N: int, K: int, *, stride: int = 1, dilation: int = 1, pads: int = 0
) -> int:
    """Return how many places a kernel of size K finds on N inputs and ``pads`` zeros.

    Examples
    --------
    >>> output_size(28, 5, stride=2)
    12
    """
    return (N + pads - dilation * (K - 1) - 1) // stride + 1  # (4.4)


def conv1d_forward(
    xs: Array,
    p: ConvParams,
    *,
    padding: str = "valid",
    stride: int = 1,
    dilation: int = 1,
) -> tuple[Array, ConvCache]:
    """Slide a kernel along sequences.

    Parameters
    ----------
    xs : (T, B, D) array, float32 or float64
        Time first.
    p : ConvParams with ``W`` (K, D, F)
    padding : "valid", "same" or "causal"
        No zeros; zeros on both sides, so that stride 1 keeps T (one more on the right
        where their number is odd); or zeros on the left alone, so that no output
        sees the future.
    stride, dilation : int
        Steps between outputs, and between the inputs that one output reads.

    Returns
    -------
    ys : (T', B, F) array
    cache : ConvCache
        For :func:`conv1d_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, dtype or option does not fit, or the kernel is longer than the
        padded sequences.

    References
    ----------
    LeCun et al., 1989, "Backpropagation applied to handwritten zip code recognition";
    for causal and dilated kernels van den Oord et al., 2016, arXiv:1609.03499.

    Examples
    --------
    >>> xs = np.array([1.0, 2.0, 4.0]).reshape(3, 1, 1)
    >>> p = ConvParams(np.array([-1.0, 1.0]).reshape(2, 1, 1), np.zeros(1))
    >>> conv1d_forward(xs, p)[0].ravel()
    array([1., 2.])
    >>> conv1d_forward(xs, p, padding="causal")[0].ravel()
    array([1., 1., 2.])
    """
    cache = _start("xs", xs, p, 3, padding, stride, dilation)
    return _correlate(cache, p), cache


def conv1d_backward(
    dys: Array, cache: ConvCache, p: ConvParams
) -> tuple[Array, ConvParams]:
    """Differentiate :func:`conv1d_forward`.

    Parameters
    ----------
    dys : (T', B, F) array
    cache : ConvCache
    p : ConvParams

    Returns
    -------
    dxs : (T, B, D) array
    dp : ConvParams

    Examples
    --------
    >>> p = ConvParams(np.array([-1.0, 1.0]).reshape(2, 1, 1), np.zeros(1))
    >>> ys, cache = conv1d_forward(np.ones((3, 1, 1)), p)
    >>> conv1d_backward(np.ones_like(ys), cache, p)[0].ravel()
    array([-1.,  0.,  1.])
    """
    _check_backward("dys", dys, cache, p, 3)
    return _correlate_backward(dys, cache, p)


def conv2d_forward(
    xs: Array,
    p: ConvParams,
    *,
    padding: str = "valid",
    stride: int | tuple[int, int] = 1,
    dilation: int | tuple[int, int] = 1,
) -> tuple[Array, ConvCache]:
    """Slide a kernel over images.

    Parameters
    ----------
    xs : (B, height, width, C) array, float32 or float64
    p : ConvParams with ``W`` (K1, K2, C, F)
    padding : "valid" or "same"
    stride, dilation : int, or one for each direction

    Returns
    -------
    ys : (B, height', width', F) array
    cache : ConvCache
        For :func:`conv2d_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, dtype or option does not fit.

    Examples
    --------
    >>> p = ConvParams(np.ones((2, 2, 1, 1)), np.zeros(1))
    >>> conv2d_forward(np.arange(6.0).reshape(1, 2, 3, 1), p)[0].ravel()
    array([ 8., 12.])
    """
    cache = _start("xs", xs, p, 4, padding, stride, dilation)
    return _correlate(cache, p), cache


def conv2d_backward(
    dys: Array, cache: ConvCache, p: ConvParams
) -> tuple[Array, ConvParams]:
    """Differentiate :func:`conv2d_forward`; returns dxs and dp.

    Examples
    --------
    >>> p = ConvParams(np.ones((2, 2, 1, 1)), np.zeros(1))
    >>> ys, cache = conv2d_forward(np.arange(6.0).reshape(1, 2, 3, 1), p)
    >>> conv2d_backward(np.ones_like(ys), cache, p)[0].ravel()
    array([1., 2., 1., 1., 2., 1.])
    """
    _check_backward("dys", dys, cache, p, 4)
    return _correlate_backward(dys, cache, p)


# -- the textbook twins ------------------------------------------------------------


def conv1d_forward_textbook(
    xs: Array,
    p: ConvParams,
    *,
    padding: str = "valid",
    stride: int = 1,
    dilation: int = 1,
) -> tuple[Array, ConvCache]:
    """Do as :func:`conv1d_forward`, one sum a step.

    Examples
    --------
    >>> p = ConvParams(np.ones((2, 1, 1)), np.zeros(1))
    >>> conv1d_forward_textbook(np.ones((3, 1, 1)), p)[0].ravel()
    array([2., 2.])
    """
    cache = _start("xs", xs, p, 3, padding, stride, dilation)
    (s,), (d,) = cache.strides, cache.dilations
    ys = np.zeros(_out_shape(cache, p), dtype=xs.dtype)
    for t in range(len(ys)):
        for k in range(len(p.W)):
            ys[t] += cache.x[t * s + k * d] @ p.W[k]  # (4.1)
        ys[t] += p.b
    return ys, cache


def conv1d_backward_textbook(
    dys: Array, cache: ConvCache, p: ConvParams
) -> tuple[Array, ConvParams]:
    """Differentiate :func:`conv1d_forward_textbook`.

    Examples
    --------
    >>> p = ConvParams(np.ones((2, 1, 1)), np.zeros(1))
    >>> ys, cache = conv1d_forward_textbook(np.ones((3, 1, 1)), p)
    >>> conv1d_backward_textbook(np.ones_like(ys), cache, p)[0].ravel()
    array([1., 2., 1.])
    """
    _check_backward("dys", dys, cache, p, 3)
    (s,), (d,) = cache.strides, cache.dilations
    dx, dW, db = np.zeros_like(cache.x), np.zeros_like(p.W), np.zeros_like(p.b)
    for t in range(len(dys)):
        for k in range(len(p.W)):
            dx[t * s + k * d] += dys[t] @ p.W[k].T  # (4.5)
            dW[k] += cache.x[t * s + k * d].T @ dys[t]  # (4.6)
        db += dys[t].sum(axis=0)  # (4.7)
    return _crop(dx, cache), ConvParams(dW, db)


def conv2d_forward_textbook(
    xs: Array,
    p: ConvParams,
    *,
    padding: str = "valid",
    stride: int | tuple[int, int] = 1,
    dilation: int | tuple[int, int] = 1,
) -> tuple[Array, ConvCache]:
    """Do as :func:`conv2d_forward`, one sum a pixel.

    Examples
    --------
    >>> p = ConvParams(np.ones((2, 2, 1, 1)), np.zeros(1))
    >>> conv2d_forward_textbook(np.ones((1, 2, 2, 1)), p)[0].item()
    4.0
    """
    cache = _start("xs", xs, p, 4, padding, stride, dilation)
    (s1, s2), (d1, d2) = cache.strides, cache.dilations
    ys = np.zeros(_out_shape(cache, p), dtype=xs.dtype)
    for i, j in np.ndindex(*ys.shape[1:3]):
        for k, m in np.ndindex(*p.W.shape[:2]):
            ys[:, i, j] += cache.x[:, i * s1 + k * d1, j * s2 + m * d2] @ p.W[k, m]
        ys[:, i, j] += p.b  # (4.3)
    return ys, cache


def conv2d_backward_textbook(
    dys: Array, cache: ConvCache, p: ConvParams
) -> tuple[Array, ConvParams]:
    """Differentiate :func:`conv2d_forward_textbook`.

    Examples
    --------
    >>> p = ConvParams(np.ones((2, 2, 1, 1)), np.zeros(1))
    >>> ys, cache = conv2d_forward_textbook(np.ones((1, 2, 2, 1)), p)
    >>> conv2d_backward_textbook(ys, cache, p)[1].b
    array([4.])
    """
    _check_backward("dys", dys, cache, p, 4)
    (s1, s2), (d1, d2) = cache.strides, cache.dilations
    dx, dW, db = np.zeros_like(cache.x), np.zeros_like(p.W), np.zeros_like(p.b)
    for i, j in np.ndindex(*dys.shape[1:3]):
        dy = dys[:, i, j]
        for k, m in np.ndindex(*p.W.shape[:2]):
            y, x = i * s1 + k * d1, j * s2 + m * d2
            dx[:, y, x] += dy @ p.W[k, m].T  # (4.5)
            dW[k, m] += cache.x[:, y, x].T @ dy  # (4.6)
        db += dy.sum(axis=0)  # (4.7)
    return _crop(dx, cache), ConvParams(dW, db)


# -- what all of them share --------------------------------------------------------


def _out_shape(cache: ConvCache, p: ConvParams) -> tuple[int, ...]:
    shape = [*cache.x.shape[:-1], p.W.shape[-1]]
    for n, axis in enumerate(cache.axes):
        shape[axis] = output_size(
            shape[axis],
            p.W.shape[n],
            stride=cache.strides[n],
            dilation=cache.dilations[n],
        )
    return tuple(shape)


def _rows(cache: ConvCache, p: ConvParams) -> Array:
    """Copy every window into a row of its own."""
    sizes = p.W.shape[:-2]
    windows = windows_of(cache.x, cache.axes, sizes, cache.strides, cache.dilations)
    rows = np.moveaxis(windows, cache.x.ndim - 1, -1)  # channels last, as in W
    return rows.reshape(math.prod(_out_shape(cache, p)[:-1]), math.prod(p.W.shape[:-1]))


def _correlate(cache: ConvCache, p: ConvParams) -> Array:
    W = p.W.reshape(-1, p.W.shape[-1])
    return (_rows(cache, p) @ W + p.b).reshape(_out_shape(cache, p))  # (4.1), (4.3)


def _correlate_backward(
    dys: Array, cache: ConvCache, p: ConvParams
) -> tuple[Array, ConvParams]:
    drows = dys.reshape(math.prod(dys.shape[:-1]), dys.shape[-1])
    dW = (_rows(cache, p).T @ drows).reshape(p.W.shape)  # (4.6)
    dx = np.zeros_like(cache.x)
    sizes = p.W.shape[:-2]
    for entry, at in places(
        dys.shape, cache.axes, sizes, cache.strides, cache.dilations
    ):
        dx[at] += dys @ p.W[entry].T  # (4.5)
    return _crop(dx, cache), ConvParams(dW, drows.sum(axis=0))  # (4.7)


def _crop(dx: Array, cache: ConvCache) -> Array:
    """Leave out what fell on the zeros around the input."""
    at = [slice(None)] * dx.ndim
    for axis, (left, right) in zip(cache.axes, cache.pads, strict=True):
        at[axis] = slice(left, dx.shape[axis] - right)
    return dx[tuple(at)]


def _start(
    name: str,
    x: Any,
    p: ConvParams,
    ndim: int,
    padding: str,
    stride: Any,
    dilation: Any,
) -> ConvCache:
    """Check all arguments of a convolution and pad its input."""
    check_input(name, x, ndim)
    _check_params(p, ndim, x.dtype)
    if x.shape[-1] != p.W.shape[-2]:
        raise ValueError(
            f"{name} must have as many channels as p.W, {p.W.shape[-2]}, got {x.shape}"
        )
    axes = AXES[ndim]
    check_choice(
        "padding",
        padding,
        ("valid", "same", "causal") if ndim == 3 else ("valid", "same"),
    )
    strides = each("stride", stride, len(axes))
    dilations = each("dilation", dilation, len(axes))
    pads = []
    for axis, K, d in zip(axes, p.W.shape, dilations, strict=False):
        missing = d * (K - 1)
        left, right = {
            "valid": (0, 0),
            "same": (missing // 2, missing - missing // 2),
            "causal": (missing, 0),  # (4.11)
        }[padding]
        if x.shape[axis] + left + right <= missing:
            raise ValueError(
                f"{name} must have at least {missing + 1} steps along axis {axis} "
                f"for this kernel, got {x.shape[axis]}"
            )
        pads.append((left, right))
    around = [(0, 0)] * ndim
    for axis, pad in zip(axes, pads, strict=True):
        around[axis] = pad
    return ConvCache(np.pad(x, around), axes, pads, strides, dilations)


def _check_params(p: ConvParams, ndim: int, dtype: Any) -> None:
    if not isinstance(p, ConvParams):
        raise TypeError(f"p must be ConvParams, got {type(p).__name__}")
    check_shape("p.W", p.W, "K D F" if ndim == 3 else "K1 K2 C F")
    check_shape("p.b", p.b, "F", F=p.W.shape[-1])
    for name, w in p._asdict().items():
        check_dtype(f"p.{name}", w, dtype)


def _check_backward(
    name: str, dys: Any, cache: ConvCache, p: ConvParams, ndim: int
) -> None:
    if not isinstance(cache, ConvCache) or cache.x.ndim != ndim:
        raise TypeError(
            f"cache must come from conv{ndim - 2}d_forward, got {type(cache).__name__}"
        )
    _check_params(p, ndim, cache.x.dtype)
    if p.W.shape[-2] != cache.x.shape[-1]:
        raise ValueError(
            f"p.W must have {cache.x.shape[-1]} channels as the cache has, "
            f"got {p.W.shape}"
        )
    check_dtype(name, dys, cache.x.dtype)
    if dys.shape != _out_shape(cache, p):
        raise ValueError(
            f"{name} must have shape {_out_shape(cache, p)}, got {dys.shape}"
        )

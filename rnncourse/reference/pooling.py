"""Pooling over sequences (T, B, D) and images (B, height, width, C).

Each window of the input becomes one number, channel by channel: its largest, or its
mean. Nothing is learnt here. Windows stand side by side unless a stride says otherwise.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference._sliding import AXES, check_input, each, places, windows_of
from rnncourse.reference.convolution import output_size
from rnncourse.reference.validate import Array, check_dtype, check_float


class PoolCache(NamedTuple):
    """What a pooling layer remembers; ``first`` is None for the mean."""

    shape: tuple[int, ...]  # of the input
    axes: tuple[int, ...]
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    first: NDArray[np.intp] | None  # where in its window the first maximum stands
    dtype: Any


def max_pool_forward(
    xs: Array,
    size: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
) -> tuple[Array, PoolCache]:
    """Keep the largest number of each window, channel by channel.

    Parameters
    ----------
    xs : (T, B, D) or (B, height, width, C) array, float32 or float64
    size : int, or for images one for each direction
    stride : the same, optional
        Steps between windows; without it they stand side by side.

    Returns
    -------
    ys : (T', B, D) or (B, height', width', C) array
        What does not fill a window is left out.
    cache : PoolCache
        For :func:`max_pool_backward`.

    Examples
    --------
    >>> xs = np.array([1.0, 3.0, 2.0, 0.0]).reshape(4, 1, 1)
    >>> max_pool_forward(xs, 2)[0].ravel()
    array([3., 2.])
    """
    windows, cache = _pool(xs, size, stride)
    first = windows.argmax(axis=-1)  # the first of equals
    ys = np.take_along_axis(windows, first[..., None], axis=-1)[..., 0]  # (4.8)
    return ys, cache._replace(first=first)


def max_pool_backward(dys: Array, cache: PoolCache) -> Array:
    """Send each gradient to the first maximum of its window.

    Examples
    --------
    >>> ys, cache = max_pool_forward(np.ones((4, 1, 1)), 2)
    >>> max_pool_backward(ys, cache).ravel()
    array([1., 0., 1., 0.])
    """
    _check_pool(dys, cache, "max_pool_forward")
    dxs = np.zeros(cache.shape, dtype=cache.dtype)
    ones = (1,) * len(cache.axes)
    windows = places(dys.shape, cache.axes, cache.sizes, cache.strides, ones)
    for n, (_, at) in enumerate(windows):
        dxs[at] += dys * (cache.first == n)  # (4.9)
    return dxs


def mean_pool_forward(
    xs: Array,
    size: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
) -> tuple[Array, PoolCache]:
    """Average each window, channel by channel; arguments as :func:`max_pool_forward`.

    Examples
    --------
    >>> xs = np.array([1.0, 3.0, 2.0, 0.0]).reshape(4, 1, 1)
    >>> mean_pool_forward(xs, 2)[0].ravel()
    array([2., 1.])
    """
    windows, cache = _pool(xs, size, stride)
    return windows.mean(axis=-1), cache  # (4.10)


def mean_pool_backward(dys: Array, cache: PoolCache) -> Array:
    """Share each gradient out equally among its window.

    Examples
    --------
    >>> ys, cache = mean_pool_forward(np.ones((4, 1, 1)), 2)
    >>> mean_pool_backward(ys, cache).ravel()
    array([0.5, 0.5, 0.5, 0.5])
    """
    _check_pool(dys, cache, "mean_pool_forward")
    dxs = np.zeros(cache.shape, dtype=cache.dtype)
    ones = (1,) * len(cache.axes)
    share = dys / math.prod(cache.sizes)  # (4.10)
    for _, at in places(dys.shape, cache.axes, cache.sizes, cache.strides, ones):
        dxs[at] += share
    return dxs


def _pool(xs: Any, size: Any, stride: Any) -> tuple[Array, PoolCache]:
    """Check all arguments of a pooling layer and copy each window into a row."""
    check_float("xs", xs)
    if xs.ndim not in AXES:
        raise ValueError(
            f"xs must be (T, B, D) or (B, height, width, C), got shape {xs.shape}"
        )
    check_input("xs", xs, xs.ndim)
    axes = AXES[xs.ndim]
    sizes = each("size", size, len(axes))
    strides = sizes if stride is None else each("stride", stride, len(axes))
    for axis, n in zip(axes, sizes, strict=True):
        if xs.shape[axis] < n:
            raise ValueError(
                f"xs must have at least {n} steps along axis {axis} for this size, "
                f"got {xs.shape[axis]}"
            )
    windows = windows_of(xs, axes, sizes, strides, (1,) * len(axes))
    windows = windows.reshape(*windows.shape[: xs.ndim], math.prod(sizes))
    return windows, PoolCache(xs.shape, axes, sizes, strides, None, xs.dtype)


def _check_pool(dys: Any, cache: PoolCache, maker: str) -> None:
    wants_first = maker == "max_pool_forward"
    if not isinstance(cache, PoolCache) or (cache.first is not None) != wants_first:
        raise TypeError(f"cache must come from {maker}, got {type(cache).__name__}")
    check_dtype("dys", dys, cache.dtype)
    want = list(cache.shape)
    for axis, n, s in zip(cache.axes, cache.sizes, cache.strides, strict=True):
        want[axis] = output_size(want[axis], n, stride=s)
    if dys.shape != tuple(want):
        raise ValueError(f"dys must have shape {tuple(want)}, got {dys.shape}")

"""What convolution and pooling share: windows over sequences and images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rnncourse.reference.validate import (
    Array,
    check_finite,
    check_float,
    check_shape,
    check_size,
)

AXES = {3: (0,), 4: (1, 2)}  # where sequences and images extend, by number of axes
NAMES = {3: "T B D", 4: "B height width C"}


def windows_of(
    x: Array,
    axes: tuple[int, ...],
    sizes: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
) -> Array:
    """View all windows: the axes of the output, then those of the kernel."""
    spans = [d * (k - 1) + 1 for k, d in zip(sizes, dilations, strict=True)]
    windows = sliding_window_view(x, spans, axis=axes)
    at = [slice(None)] * windows.ndim
    for n, axis in enumerate(axes):
        at[axis] = slice(None, None, strides[n])
        at[x.ndim + n] = slice(None, None, dilations[n])
    return windows[tuple(at)]


def places(
    shape: tuple[int, ...],
    axes: tuple[int, ...],
    sizes: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """For each entry of a kernel: which inputs it met, output by output."""
    for entry in np.ndindex(*sizes):
        at = [slice(None)] * len(shape)
        for axis, k, s, d in zip(axes, entry, strides, dilations, strict=True):
            at[axis] = slice(k * d, k * d + s * (shape[axis] - 1) + 1, s)
        yield entry, tuple(at)


def each(name: str, value: Any, n: int) -> tuple[int, ...]:
    """Return one whole number for each direction."""
    values = value if isinstance(value, tuple) else (value,) * n
    if len(values) != n:
        raise ValueError(f"{name} must be one number or {n}, got {value}")
    for v in values:
        check_size(name, v)
    return tuple(int(v) for v in values)


def check_input(name: str, x: Any, ndim: int) -> None:
    check_float(name, x)
    check_shape(name, x, NAMES[ndim])
    for axis in AXES[ndim]:
        if x.shape[axis] == 0:
            raise ValueError(
                f"{name} must have at least one step in each direction, got {x.shape}"
            )
    check_finite(name, x)

"""Checks at the public doors: each error names the argument, the rule and the fact."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def check_shape(name: str, a: Any, axes: str, **sizes: int | None) -> None:
    """Raise unless an array has the named axes.

    Parameters
    ----------
    name : str
        Name of the argument, as the caller wrote it.
    a : array
        The argument.
    axes : str
        Names of its axes, separated by spaces, for example ``"T B D"``.
    **sizes : int
        Sizes that are known already, by axis; ``None`` means any.

    Raises
    ------
    TypeError
        If ``a`` has no shape.
    ValueError
        If the number of axes or a known size differs.

    Examples
    --------
    >>> check_shape("xs", np.zeros((7, 2, 3)), "T B D", D=3)
    >>> check_shape("xs", np.zeros((7, 2, 4)), "T B D", D=3)
    Traceback (most recent call last):
        ...
    ValueError: xs must have shape (T, B, D=3), got (7, 2, 4)
    """
    if not hasattr(a, "shape"):
        raise TypeError(f"{name} must be an array, got {type(a).__name__}")
    names = axes.split()
    want = [sizes.get(axis) for axis in names]
    if len(a.shape) != len(want) or any(
        w is not None and w != n for w, n in zip(want, a.shape, strict=True)
    ):
        spec = ", ".join(
            n if w is None else f"{n}={w}" for n, w in zip(names, want, strict=True)
        )
        comma = "," if len(names) == 1 else ""
        raise ValueError(
            f"{name} must have shape ({spec}{comma}), got {tuple(a.shape)}"
        )


def check_float(name: str, a: Any) -> None:
    """Raise TypeError unless an array holds float32 or float64 numbers.

    Examples
    --------
    >>> check_float("x", np.zeros(3, dtype=int))
    Traceback (most recent call last):
        ...
    TypeError: x must be float32 or float64, got int64
    """
    if not hasattr(a, "dtype"):
        raise TypeError(f"{name} must be an array, got {type(a).__name__}")
    if a.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name} must be float32 or float64, got {a.dtype}")


def check_dtype(name: str, a: Any, dtype: Any) -> None:
    """Raise TypeError unless an array has the dtype that the other arguments have.

    Examples
    --------
    >>> check_dtype("h", np.zeros(3, dtype=np.float32), np.float64)
    Traceback (most recent call last):
        ...
    TypeError: h must be <class 'numpy.float64'> like its partners, got float32
    """
    if not hasattr(a, "dtype"):
        raise TypeError(f"{name} must be an array, got {type(a).__name__}")
    if a.dtype != dtype:
        raise TypeError(f"{name} must be {dtype} like its partners, got {a.dtype}")


def check_draw(rng: Any, dtype: Any) -> None:
    """Raise TypeError unless given a generator and float32 or float64.

    Examples
    --------
    >>> check_draw(np.random.default_rng(0), np.float64)
    >>> check_draw(0, np.float64)
    Traceback (most recent call last):
        ...
    TypeError: rng must be a numpy Generator, got int
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy Generator, got {type(rng).__name__}")
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"dtype must be float32 or float64, got {dtype}")


def check_finite(name: str, a: Array) -> None:
    """Raise ValueError if an array holds NaN or an infinity; say where the first is.

    Examples
    --------
    >>> check_finite("x", np.array([1.0, np.nan]))
    Traceback (most recent call last):
        ...
    ValueError: x must be finite, got nan at (1,)
    """
    if not np.isfinite(a).all():
        bad = ~np.isfinite(a)
        at = tuple(int(k) for k in np.argwhere(bad)[0])
        raise ValueError(f"{name} must be finite, got {a[at]} at {at}")


def check_lengths(
    lengths: Any, T: int, B: int, *, name: str = "lengths"
) -> NDArray[np.int64]:
    """Return lengths as an integer array (B,), each in 1..T.

    Raises
    ------
    TypeError
        If they are not whole numbers.
    ValueError
        If their number is not B or one lies outside 1..T.

    Examples
    --------
    >>> check_lengths([3, 1], T=3, B=2)
    array([3, 1])
    >>> check_lengths([4, 1], T=3, B=2)
    Traceback (most recent call last):
        ...
    ValueError: lengths must lie in 1..3, got 4
    """
    given = np.asarray(lengths)
    check_shape(name, given, "B", B=B)
    if given.size and given.dtype.kind not in "iu":
        raise TypeError(f"{name} must be whole numbers, got {given.dtype}")
    for value in given:
        if not 1 <= value <= T:
            raise ValueError(f"{name} must lie in 1..{T}, got {int(value)}")
    return given.astype(np.int64)


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless a value is one of the choices.

    Examples
    --------
    >>> check_choice("mode", "mean", ("sum", "last"))
    Traceback (most recent call last):
        ...
    ValueError: mode must be one of 'sum', 'last', got 'mean'
    """
    if value not in choices:
        known = ", ".join(map(repr, choices))
        raise ValueError(f"{name} must be one of {known}, got {value!r}")


def check_size(name: str, value: Any, *, least: int = 1) -> None:
    """Raise unless a value is a whole number of at least 1, or another bound.

    Examples
    --------
    >>> check_size("H", 5)
    >>> check_size("H", 0)
    Traceback (most recent call last):
        ...
    ValueError: H must be at least 1, got 0
    """
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")

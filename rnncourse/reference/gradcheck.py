"""Prove a gradient: nudge every entry and compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.optim import check_rate, named, pairs, rebuild
from rnncourse.reference.validate import Array, check_float


class GradientMismatch(AssertionError):
    """A gradient differs from the central difference; the message says where.

    Examples
    --------
    >>> w = {"w": np.array([1.0, 2.0])}
    >>> wrong = {"w": np.array([2.0, 5.0])}
    >>> try:
    ...     check_gradient(lambda p: float((p["w"] ** 2).sum()), w, wrong)
    ... except GradientMismatch as error:
    ...     print(error)
    worst relative error 2.0e-01 at w[1]: given 5, measured 4 (allowed: 1e-07)
    """


class Report(NamedTuple):
    """The worst entry of a gradient check."""

    error: float
    where: str
    given: float
    measured: float

    def __str__(self) -> str:
        return (
            f"worst relative error {self.error:.1e} at {self.where}: "
            f"given {self.given:.6g}, measured {self.measured:.6g}"
        )


def default_eps(dtype: Any) -> float:
    """Return δ^(1/3): it balances truncation (ε²) against rounding (δ/ε).

    Examples
    --------
    >>> f"{default_eps(np.float64):.1e}"
    '6.1e-06'
    """
    return float(np.finfo(dtype).eps ** (1 / 3))


def numerical_gradient(
    f: Callable[[Any], float], params: Any, eps: float | None = None
) -> Any:
    """Measure a gradient by central differences.

    Parameters
    ----------
    f : callable
        ``f(params)`` returns a scalar.
    params : NamedTuple or dict of float arrays
        Not changed.
    eps : float, optional
        Nudge relative to ``max(1, |w|)``; by default one that fits the dtype.

    Returns
    -------
    same kind as ``params``
        Two evaluations of ``f`` for each entry.

    Examples
    --------
    >>> w = {"w": np.array([1.0, 2.0])}
    >>> numerical_gradient(lambda p: float((p["w"] ** 2).sum()), w)["w"].round(6)
    array([2., 4.])
    """
    grads = {}
    for name, w in named(params).items():
        check_float(f"params.{name}", w)
        step = default_eps(w.dtype) if eps is None else check_rate("eps", eps)
        grads[name] = _slope(f, params, name, step)
    return rebuild(params, grads)


def _slope(f: Callable[[Any], float], params: Any, name: str, step: float) -> Array:
    arrays = dict(named(params))
    w = np.array(arrays[name])
    slope = np.empty_like(w)
    for at in np.ndindex(w.shape):
        nudge = step * max(1.0, abs(float(w[at])))
        ends = []
        for sign in (1, -1):
            moved = w.copy()
            moved[at] = w[at] + sign * nudge
            value = f(rebuild(params, {**arrays, name: moved}))
            if np.ndim(value) != 0:
                raise ValueError(f"f must return a scalar, got shape {np.shape(value)}")
            ends.append((float(moved[at]), float(value)))
        (x1, f1), (x2, f2) = ends
        slope[at] = (f1 - f2) / (x1 - x2)
    return slope


def relative_error(a: Array, b: Array) -> Array:
    """Return ``|a − b| / max(|a|, |b|, scale)``, entry by entry.

    The scale is a thousandth of the largest entry of either array (at least 1e-8),
    so that entries that ought to be zero do not count as wrong by 100 %. Where a or
    b is not finite, the error is infinite.

    Examples
    --------
    >>> relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.5]))
    array([0. , 0.2])
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"b must have shape {a.shape}, got {b.shape}")
    if a.size == 0:
        return np.zeros(a.shape)
    sound = np.isfinite(a) & np.isfinite(b)
    a, b = np.where(sound, a, 0), np.where(sound, b, 0)
    size = np.maximum(np.abs(a), np.abs(b))
    error = np.abs(a - b) / np.maximum(size, max(1e-3 * size.max(), 1e-8))
    return np.asarray(np.where(sound, error, np.inf))


def check_gradient(
    f: Callable[[Any], float],
    params: Any,
    grads: Any,
    *,
    tol: float = 1e-7,
    eps: float | None = None,
) -> Report:
    """Compare a gradient with central differences.

    Parameters
    ----------
    f : callable
        ``f(params)`` returns the loss.
    params, grads : NamedTuple or dict of arrays, with the same names and shapes
    tol : float
        Largest relative error allowed; 1e-7 suits float64, 1e-2 float32.

    Returns
    -------
    Report
        The worst entry.

    Raises
    ------
    GradientMismatch
        If the worst entry is worse than ``tol``, or one is not finite.

    Examples
    --------
    >>> w = {"w": np.array([1.0, 2.0])}
    >>> right = {"w": 2 * w["w"]}
    >>> check_gradient(lambda p: float((p["w"] ** 2).sum()), w, right).error < 1e-9
    True
    """
    pairs(params, grads)
    measured = named(numerical_gradient(f, params, eps))
    worst = Report(0.0, "no entry", 0.0, 0.0)
    for name, given in named(grads).items():
        given = np.asarray(given)
        error = relative_error(given, measured[name])
        if error.size and (error.max() > worst.error or worst.where == "no entry"):
            at = np.unravel_index(int(error.argmax()), error.shape)
            where = f"{name}[{', '.join(map(str, at))}]"
            values = float(given[at]), float(measured[name][at])
            worst = Report(float(error[at]), where, *values)
    if not worst.error <= tol:
        raise GradientMismatch(f"{worst} (allowed: {tol:.0e})")
    return worst

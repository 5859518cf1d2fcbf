"""The linear recurrence h_t = a_t h_{t-1} + b_t: as a loop, and as a parallel scan.

Two steps in a row are one step of the same kind (23.5), and it does not matter which
two are put together first. So the loop of T steps can be rebuilt as a tree of about
log2(T) levels, each of them one vectorised operation (Blelloch 1990; Martin and Cundy
2018). Nothing is divided and no logarithm taken: with all a in (0, 1), products can
only become too small, and then what they carry is too small to matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.reference.validate import (
    Array,
    check_choice,
    check_dtype,
    check_finite,
    check_float,
)

METHODS = ("blelloch", "hillis-steele")


def linear_loop(a: Array, b: Array, h0: Array | None = None) -> Array:
    """Follow h_t = a_t h_{t-1} + b_t, one step after the other.

    Parameters
    ----------
    a, b : (T, ...) arrays, float32 or float64
        Of one shape; every entry is a recurrence of its own.
    h0 : (...) array of the same dtype, optional
        What stands before the first step; zeros if left out.

    Returns
    -------
    hs : (T, ...) array

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or an entry is not finite.

    Examples
    --------
    >>> linear_loop(np.full(4, 0.5), np.ones(4))
    array([1.   , 1.5  , 1.75 , 1.875])
    """
    h = _open(a, b, h0)
    hs = np.empty_like(b)
    for t in range(len(a)):
        h = a[t] * h + b[t]
        hs[t] = h
    return hs


def linear_scan(
    a: Array, b: Array, h0: Array | None = None, *, method: str = "blelloch"
) -> Array:
    """Compute the same as :func:`linear_loop` in about log2(T) vectorised passes.

    Parameters
    ----------
    a, b, h0
        As in :func:`linear_loop`.
    method : {"blelloch", "hillis-steele"}
        The first puts neighbours together, scans the half that is left, and fills
        the gaps: 2 log2(T) passes, about 2 T operations. The second doubles the
        reach of every step in each pass: log2(T) passes, T log2(T) operations.

    Returns
    -------
    hs : (T, ...) array

    Raises
    ------
    TypeError, ValueError
        As in :func:`linear_loop`, and if the method is unknown.

    References
    ----------
    Blelloch (1990), Prefix sums and their applications; Hillis and Steele (1986),
    Data parallel algorithms.

    Examples
    --------
    >>> linear_scan(np.full(4, 0.5), np.ones(4), np.array(2.0))
    array([2., 2., 2., 2.])
    """
    check_choice("method", method, METHODS)
    h = _open(a, b, h0)
    b = b.copy()
    b[0] += a[0] * h  # then all starts from zero
    return _blelloch(a, b) if method == "blelloch" else _hillis_steele(a, b)


def _blelloch(a: Array, b: Array) -> Array:
    T = len(a)
    if T == 1:
        return b
    first, second = slice(0, T - 1, 2), slice(1, T, 2)  # a last one may be left over
    pair_a = a[second] * a[first]  # (23.5)
    pair_b = a[second] * b[first] + b[second]  # (23.5)
    hs = np.empty_like(b)
    hs[1::2] = _blelloch(pair_a, pair_b)  # where a pair ends, it has seen all before
    hs[0] = b[0]
    hs[2::2] = a[2::2] * hs[1 : T - 1 : 2] + b[2::2]
    return hs


def _hillis_steele(a: Array, b: Array) -> Array:
    a, b, reach = a.copy(), b.copy(), 1
    while reach < len(a):
        b[reach:] = a[reach:] * b[:-reach] + b[reach:]  # (23.5)
        a[reach:] = a[reach:] * a[:-reach]  # (23.5)
        reach *= 2
    return b


def linear_scan_backward(
    dhs: Array,
    a: Array,
    hs: Array,
    h0: Array | None = None,
    *,
    method: str = "blelloch",
) -> tuple[Array, Array, Array]:
    """Differentiate :func:`linear_scan`, by a scan in the other direction.

    Parameters
    ----------
    dhs : (T, ...) array
        Derivative of the loss with respect to each state, through its own output.
    a : (T, ...) array
        As in the forward pass.
    hs : (T, ...) array
        Its result.
    h0 : (...) array, optional
        What it started from; zeros if left out.
    method : {"blelloch", "hillis-steele"}

    Returns
    -------
    da, db : (T, ...) arrays
    dh0 : (...) array

    Raises
    ------
    TypeError, ValueError
        As in :func:`linear_scan`.

    Examples
    --------
    >>> a = np.full(3, 0.5)
    >>> hs = linear_scan(a, np.ones(3))
    >>> da, db, dh0 = linear_scan_backward(np.array([0.0, 0.0, 1.0]), a, hs)
    >>> da, db, float(dh0)
    (array([0. , 0.5, 1.5]), array([0.25, 0.5 , 1.  ]), 0.125)
    """
    check_choice("method", method, METHODS)
    h = _open(a, hs, h0, name="hs")
    _check_like("dhs", dhs, a)
    later = np.zeros_like(a)  # a_{t+1}; nothing arrives from beyond the last step
    later[:-1] = a[1:]
    scan = _blelloch if method == "blelloch" else _hillis_steele
    db = scan(later[::-1], dhs[::-1])[::-1]  # (23.6)
    if len(a) == 1:
        db = db.copy()  # a scan of one step is its input
    h_prev = np.concatenate([h[None], hs[:-1]])
    return db * h_prev, db, a[0] * db[0]  # (23.6)


def _open(a: Array, b: Array, h0: Array | None, *, name: str = "b") -> Array:
    """Check a recurrence; return what stands before its first step."""
    check_float("a", a)
    if a.ndim == 0 or len(a) == 0:
        raise ValueError(f"a must have at least one time step, got shape {a.shape}")
    _check_like(name, b, a)
    check_finite("a", a)
    check_finite(name, b)
    if h0 is None:
        return np.zeros(a.shape[1:], dtype=a.dtype)
    check_dtype("h0", h0, a.dtype)
    if h0.shape != a.shape[1:]:
        raise ValueError(f"h0 must have shape {a.shape[1:]}, got {h0.shape}")
    return np.asarray(h0)


def _check_like(name: str, b: Any, a: Array) -> None:
    check_dtype(name, b, a.dtype)
    if b.shape != a.shape:
        raise ValueError(f"{name} must have shape {a.shape} like a, got {b.shape}")

"""What is done to whole sequences before or after a layer reads them."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.reference.validate import Array, check_lengths


def reverse_valid(xs: Array, lengths: Any = None) -> Array:
    """Reverse the valid part of each sequence; padding stays at the end (14.6).

    Parameters
    ----------
    xs : (T, B, ...) array
    lengths : (B,) array of int, each in 1..T, optional

    Returns
    -------
    (T, B, ...) array
        A copy. Applying the function twice gives ``xs`` back.

    Raises
    ------
    TypeError, ValueError
        If ``xs`` has fewer than two axes or a length does not fit.

    Examples
    --------
    >>> xs = np.array([[1, 4], [2, 5], [3, 0]])
    >>> reverse_valid(xs, [3, 2])
    array([[3, 5],
           [2, 4],
           [1, 0]])
    """
    if not hasattr(xs, "shape"):
        raise TypeError(f"xs must be an array, got {type(xs).__name__}")
    if len(xs.shape) < 2:
        raise ValueError(f"xs must have shape (T, B, ...), got {xs.shape}")
    T, B = xs.shape[:2]
    if lengths is None:
        return xs[::-1].copy()
    ends, t = check_lengths(lengths, T, B), np.arange(T)[:, None]
    turned: Array = xs[np.where(t < ends, ends - 1 - t, t), np.arange(B)]  # (14.6)
    return turned

"""Sequences of tokens: what counts of them, and the loss of a model that tells them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.functional import cross_entropy, cross_entropy_backward
from rnncourse.reference.validate import (
    Array,
    check_float,
    check_lengths,
    check_shape,
)

Ids = NDArray[np.int64]


def open_tokens(
    name: str,
    tokens: Any,
    lengths: Any,
    V: int,
    *,
    T: int | None = None,
    B: int | None = None,
    lengths_name: str = "lengths",
) -> tuple[Ids, NDArray[np.bool_]]:
    """Check a batch of token sequences and say which of their steps count.

    Parameters
    ----------
    name : str
        Of the argument, for messages.
    tokens : (T, B) array of int, each in 0..V-1
        What stands after a length may be anything.
    lengths : (B,) array of int, each in 1..T, or None
    V : int
    T, B : int, optional
        Where they are known already.
    lengths_name : str
        Of that argument, for messages.

    Returns
    -------
    ids : (T, B) array of int
        0 in the padding.
    mask : (T, B) array of bool
        True where a token counts.

    Raises
    ------
    TypeError, ValueError
        If a shape, a length or a token does not fit; the message names it.

    Examples
    --------
    >>> ids, mask = open_tokens("xs", [[4, 2], [3, -1]], [2, 1], V=5)
    >>> ids.tolist(), mask.tolist()
    ([[4, 2], [3, 0]], [[True, True], [True, False]])
    """
    ids = np.asarray(tokens)
    check_shape(name, ids, "T B", T=T, B=B)
    T, B = ids.shape
    if T == 0:
        raise ValueError(f"{name} must have at least one time step, got T=0")
    if ids.size and ids.dtype.kind not in "iu":
        raise TypeError(f"{name} must be whole numbers, got {ids.dtype}")
    ends = np.full(B, T)
    if lengths is not None:
        ends = check_lengths(lengths, T, B, name=lengths_name)
    mask = np.arange(T)[:, None] < ends
    ids = np.where(mask, ids, 0).astype(np.int64)
    outside = (ids < 0) | (ids >= V)
    if outside.any():
        raise ValueError(f"{name} must lie in 0..{V - 1}, got {ids[outside][0]}")
    return ids, mask


def sequence_loss(logits: Array, ys: Any, lengths: Any = None) -> float:
    """Return −log p(y | x) per token, in nats, the mean over all that count.

    Parameters
    ----------
    logits : (S, B, V) array
        For example from ``seq2seq_forward``.
    ys : (S, B) array of int
    lengths : (B,) array of int, each in 1..S, optional
        Tokens after a length do not count; they need not even be tokens.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If a shape, a length or a token does not fit; the message names it.

    Examples
    --------
    >>> loss = sequence_loss(np.zeros((2, 1, 4)), [[3], [9]], [1])
    >>> round(float(np.exp(loss)), 4)
    4.0
    """
    return cross_entropy(logits, *_open_targets(logits, ys, lengths))  # (16.4)


def sequence_loss_backward(logits: Array, ys: Any, lengths: Any = None) -> Array:
    """Return the derivative of :func:`sequence_loss`, zero where nothing counts.

    Examples
    --------
    >>> dlogits = sequence_loss_backward(np.zeros((2, 1, 4)), [[3], [9]], [1])
    >>> dlogits[0, 0], bool(dlogits[1].any())
    (array([ 0.25,  0.25,  0.25, -0.75]), False)
    """
    return cross_entropy_backward(logits, *_open_targets(logits, ys, lengths))


def _open_targets(
    logits: Array, ys: Any, lengths: Any
) -> tuple[Ids, NDArray[np.bool_]]:
    check_float("logits", logits)
    check_shape("logits", logits, "S B V")
    S, B, V = logits.shape
    return open_tokens("ys", ys, lengths, V, T=S, B=B)

"""A long sequence in chunks: the state is carried on, the gradient need not be.

Chunk by chunk the states are those of the whole. The gradient may pass the borders,
and is then the full one, or stop there, which is truncated backpropagation as it is
trained (Williams and Peng, 1990). For a truncation by age, loss by loss, see
:func:`rnncourse.reference.rnn.rnn_backward_truncated`. Works with any cell of
:mod:`rnncourse.reference.cells`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference._idle import IdleCache, idle_backward, idle_forward
from rnncourse.reference.cells import State, check_cell, check_state
from rnncourse.reference.validate import (
    Array,
    check_dtype,
    check_finite,
    check_float,
    check_lengths,
    check_shape,
    check_size,
)


class ChunksCache(NamedTuple):
    """What :func:`chunks_forward` remembers: the cell, its chunks and their sizes."""

    cell: str
    chunks: list[IdleCache]
    sizes: list[int]
    shape: tuple[int, int, int]  # B, D and H
    dtype: Any


def chunks_forward(
    cell: str,
    xs: Array,
    p: Any,
    size: int,
    state: State | None = None,
    lengths: Any = None,
) -> tuple[Array, State, ChunksCache]:
    """Read long sequences chunk by chunk and carry the state; it equals the whole.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    xs : (T, B, D) array, float32 or float64
    p : the cell's weights, of the same dtype
    size : int
        Steps in a chunk; the last one may be shorter.
    state : tuple of (B, H) arrays, optional
        Where the last call ended, for instance; zeros if left out.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its state through all later chunks.

    Returns
    -------
    hs : (T, B, H) array
    state_T : tuple of (B, H) arrays
    cache : ChunksCache
        For :func:`chunks_backward`.

    Raises
    ------
    TypeError, ValueError
        If the cell is unknown, or a shape, a dtype, a length or the size does not
        fit, or a valid input is not finite; the message names it.

    Examples
    --------
    >>> from rnncourse.reference.cells import cell_forward, init_cell
    >>> p = init_cell("rnn", 3, 5, rng=np.random.default_rng(0))
    >>> whole, _, _ = cell_forward("rnn", np.ones((7, 2, 3)), p)
    >>> hs, _, cache = chunks_forward("rnn", np.ones((7, 2, 3)), p, size=3)
    >>> cache.sizes, bool(np.allclose(hs, whole))
    ([3, 3, 1], True)
    """
    check_float("xs", xs)
    D, H = check_cell(cell, p, dtype=xs.dtype)
    check_shape("xs", xs, "T B D", D=D)
    check_size("size", size)
    T, B, _ = xs.shape
    if T == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    ends = np.full(B, T)
    if lengths is not None:
        ends = check_lengths(lengths, T, B)
        xs = np.where((np.arange(T)[:, None] < ends)[:, :, None], xs, 0)
    check_finite("xs", xs)
    state = check_state("state", state, cell, B=B, H=H, dtype=xs.dtype)
    hs, caches, sizes = [], [], []
    for start in range(0, T, size):
        chunk = xs[start : start + size]
        left = np.clip(ends - start, 0, len(chunk))
        said, state, one = idle_forward(cell, chunk, p, state, left)
        hs.append(said)
        caches.append(one)
        sizes.append(len(chunk))
    cache = ChunksCache(cell, caches, sizes, (B, D, H), xs.dtype)
    return np.concatenate(hs), state, cache


def chunks_backward(
    dhs: Array,
    cache: ChunksCache,
    p: Any,
    dstate_T: State | None = None,
    *,
    through: bool = False,
) -> tuple[Array, State, Any]:
    """Go back through the chunks; the gradient stops at their borders.

    A loss reaches back to the first step of its own chunk. A finished sequence hands
    its gradient on to the chunk in which it ended.

    Parameters
    ----------
    dhs : (T, B, H) array
    cache : ChunksCache
        From :func:`chunks_forward`.
    p : the cell's weights in that forward pass
    dstate_T : tuple of (B, H) arrays, optional
        What arrives at the last state from beyond; zeros if left out.
    through : bool
        Let the gradient pass the borders: the full gradient.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dstate0 : tuple of (B, H) arrays
        With respect to the state before the first chunk.
    dp : like p
        Summed over time and batch.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> from rnncourse.reference.cells import init_cell
    >>> p = init_cell("rnn", 3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = chunks_forward("rnn", np.ones((6, 2, 3)), p, size=3)
    >>> dhs = np.zeros_like(hs)
    >>> dhs[-1] = 1  # a loss on the last state does not reach the first chunk
    >>> chunks_backward(dhs, cache, p)[0].any(axis=(1, 2))
    array([False, False, False,  True,  True,  True])
    """
    if not isinstance(cache, ChunksCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from chunks_forward, got {kind}")
    cell, chunks, sizes, (B, D, H), dtype = cache
    D, H = check_cell(cell, p, D=D, H=H, dtype=dtype)
    dstate = check_state("dstate_T", dstate_T, cell, B=B, H=H, dtype=dtype)
    check_shape("dhs", dhs, "T B H", T=sum(sizes), B=B, H=H)
    check_dtype("dhs", dhs, dtype)
    dxs = np.empty((len(dhs), B, D), dtype=dtype)
    dp = type(p)(*(np.zeros_like(w) for w in p))
    stop = len(dhs)
    for k in reversed(range(len(chunks))):
        here = slice(stop - sizes[k], stop)
        dxs[here], dstate, now = idle_backward(cell, dhs[here], chunks[k], p, dstate)
        if k and not through:  # the border stops it, where the sequence had not ended
            dstate = tuple(np.where(chunks[k].idle, ds, 0) for ds in dstate)
        for total, part in zip(dp, now, strict=True):
            total += part
        stop -= sizes[k]
    return dxs, dstate, dp

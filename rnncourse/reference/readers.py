"""States to outputs: one at each step, or one for a whole sequence.

A dense layer reads the states of any cell of :mod:`rnncourse.reference.cells`. Where
each sequence has one answer, it reads the last valid state or the mean of the valid
ones.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.cells import (
    State,
    cell_backward,
    cell_forward,
    check_cell,
    init_cell,
)
from rnncourse.reference.dense import (
    DenseParams,
    check_dense,
    dense_backward,
    dense_forward,
    init_dense,
)
from rnncourse.reference.validate import (
    Array,
    check_choice,
    check_dtype,
    check_float,
    check_lengths,
    check_shape,
    check_size,
)

POOLS = ("last", "mean")


class ReaderParams(NamedTuple):
    """A cell and the dense layer that reads its states: ``out`` (H, K)."""

    layer: Any
    out: DenseParams


class ReaderCache(NamedTuple):
    """What a network with outputs remembers."""

    cell: str
    layer: Any
    read: Array  # what the dense layer read: (T, B, H), or (B, H) for many-to-one
    T: int
    ends: NDArray[np.int64] | None  # (B,), or None where all lengths are T
    pool: str | None  # None for an output at each step


def init_reader(
    cell: str,
    D: int,
    H: int,
    K: int,
    *,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> ReaderParams:
    """Draw the weights of a cell and of its output layer.

    Examples
    --------
    >>> init_reader("rnn", 3, 5, 2, rng=np.random.default_rng(0)).out.W.shape
    (5, 2)
    """
    return ReaderParams(
        layer=init_cell(cell, D, H, rng=rng, dtype=dtype),
        out=init_dense(H, K, rng=rng, dtype=dtype),
    )


def pool_forward(hs: Array, lengths: Any = None, *, pool: str = "last") -> Array:
    """Make one vector of the states of each sequence.

    Parameters
    ----------
    hs : (T, B, H) array
    lengths : (B,) array of int, each in 1..T, optional
    pool : "last" or "mean"
        The last valid state, or the mean over the valid steps.

    Returns
    -------
    (B, H) array

    Raises
    ------
    TypeError, ValueError
        If a shape, a length or the choice does not fit.

    Examples
    --------
    >>> hs = np.array([1.0, 3.0, 9.0]).reshape(3, 1, 1)
    >>> pool_forward(hs, [2], pool="mean")
    array([[2.]])
    """
    check_float("hs", hs)
    check_shape("hs", hs, "T B H")
    T, B, _ = hs.shape
    weights = _pool_weights(pool, T, B, lengths, hs.dtype)
    pooled: Array = (np.where(weights > 0, hs, 0) * weights).sum(axis=0)
    return pooled  # what has no weight may be NaN


def pool_backward(
    dpooled: Array, T: int, lengths: Any = None, *, pool: str = "last"
) -> Array:
    """Differentiate :func:`pool_forward`; zero in the padding.

    Parameters
    ----------
    dpooled : (B, H) array
    T : int
        Number of steps of the states.
    lengths, pool
        As in the forward pass.

    Returns
    -------
    (T, B, H) array

    Examples
    --------
    >>> pool_backward(np.array([[1.0]]), 3, [2], pool="mean").ravel()
    array([0.5, 0.5, 0. ])
    """
    check_float("dpooled", dpooled)
    check_shape("dpooled", dpooled, "B H")
    check_size("T", T)
    return dpooled * _pool_weights(pool, T, len(dpooled), lengths, dpooled.dtype)


def many_to_many_forward(
    cell: str,
    xs: Array,
    p: ReaderParams,
    state: State | None = None,
    lengths: Any = None,
) -> tuple[Array, State, ReaderCache]:
    """Give an output for each step, y_t = h_t W_y + b_y (7.5).

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    xs : (T, B, D) array, float32 or float64
    p : ReaderParams of the same dtype
    state : tuple of (B, H) arrays, optional
    lengths : (B,) array of int, each in 1..T, optional
        After its length a sequence repeats its last output, as its state; a loss
        leaves these out with a mask (8.16).

    Returns
    -------
    ys : (T, B, K) array
    state_T : tuple of (B, H) arrays
    cache : ReaderCache
        For :func:`reader_backward`.

    Raises
    ------
    TypeError, ValueError
        If the cell is unknown, or a shape, a dtype, a length or an option does not
        fit, or a valid input is not finite; the message names it.

    Examples
    --------
    >>> p = init_reader("rnn", 3, 5, 2, rng=np.random.default_rng(0))
    >>> many_to_many_forward("rnn", np.ones((7, 4, 3)), p)[0].shape
    (7, 4, 2)
    """
    check_reader(cell, p)
    check_float("xs", xs)
    check_dtype("xs", xs, p.layer.W_x.dtype)
    hs, last, layer = cell_forward(cell, xs, p.layer, state, lengths)
    ys = dense_forward(hs, p.out)  # (7.5)
    return ys, last, ReaderCache(cell, layer, hs, len(hs), None, None)


def many_to_one_forward(
    cell: str,
    xs: Array,
    p: ReaderParams,
    state: State | None = None,
    lengths: Any = None,
    *,
    pool: str = "last",
) -> tuple[Array, State, ReaderCache]:
    """Give one output for each sequence, from its last valid state or their mean.

    Parameters
    ----------
    cell, xs, p, state
        As in :func:`many_to_many_forward`.
    lengths : (B,) array of int, each in 1..T, optional
        What stands after a length is never read.
    pool : "last" or "mean"
        Which the output layer reads: the last valid state or the mean of all valid.

    Returns
    -------
    y : (B, K) array
    state_T : tuple of (B, H) arrays
    cache : ReaderCache
        For :func:`reader_backward`.

    Raises
    ------
    TypeError, ValueError
        If the cell is unknown, or a shape, a dtype, a length or an option does not
        fit, or a valid input is not finite; the message names it.

    Examples
    --------
    >>> p = init_reader("rnn", 3, 5, 2, rng=np.random.default_rng(0))
    >>> many_to_one_forward("rnn", np.ones((7, 4, 3)), p, pool="mean")[0].shape
    (4, 2)
    """
    check_reader(cell, p)
    check_float("xs", xs)
    check_dtype("xs", xs, p.layer.W_x.dtype)
    hs, last, layer = cell_forward(cell, xs, p.layer, state, lengths)
    T, B, _ = hs.shape
    ends = None if lengths is None else check_lengths(lengths, T, B)
    pooled = pool_forward(hs, ends, pool=pool)
    y = dense_forward(pooled, p.out)  # (7.5)
    return y, last, ReaderCache(cell, layer, pooled, T, ends, pool)


def reader_backward(
    dys: Array, cache: ReaderCache, p: ReaderParams, dstate_T: State | None = None
) -> tuple[Array, State, ReaderParams]:
    """Differentiate many-to-many or many-to-one, whichever made the cache.

    Parameters
    ----------
    dys : (T, B, K) array, or (B, K) for many-to-one
    cache : ReaderCache
    p : ReaderParams
    dstate_T : tuple of (B, H) arrays, optional

    Returns
    -------
    dxs : (T, B, D) array
    dstate0 : tuple of (B, H) arrays
    dp : ReaderParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_reader("rnn", 3, 5, 2, rng=np.random.default_rng(0))
    >>> y, _, cache = many_to_one_forward("rnn", np.ones((7, 4, 3)), p)
    >>> reader_backward(np.ones_like(y), cache, p)[0].shape
    (7, 4, 3)
    """
    if not isinstance(cache, ReaderCache):
        raise TypeError(
            "cache must come from many_to_many_forward or many_to_one_forward, got "
            f"{type(cache).__name__}"
        )
    check_reader(cache.cell, p)
    K = p.out.W.shape[1]
    axes = "T B K" if cache.pool is None else "B K"
    *outer, _ = cache.read.shape
    sizes = dict(zip(axes.split(), (*outer, K), strict=True))
    check_shape("dys", dys, axes, **sizes)
    check_dtype("dys", dys, cache.read.dtype)
    dread, dout = dense_backward(dys, cache.read, p.out)
    if cache.pool is not None:
        dread = pool_backward(dread, cache.T, cache.ends, pool=cache.pool)
    dxs, dstate, dlayer = cell_backward(
        cache.cell, dread, cache.layer, p.layer, dstate_T
    )
    return dxs, dstate, ReaderParams(dlayer, dout)


def check_reader(cell: str, p: Any) -> tuple[int, int, int]:
    """Raise unless the output layer fits the cell; return D, H and K.

    Examples
    --------
    >>> check_reader("lstm", init_reader("lstm", 3, 5, 2, rng=np.random.default_rng(0)))
    (3, 5, 2)
    """
    if not isinstance(p, ReaderParams):
        raise TypeError(f"p must be ReaderParams, got {type(p).__name__}")
    D, H = check_cell(cell, p.layer, name="p.layer")
    K = check_dense("p.out", p.out, "H K", H=H, dtype=p.layer.W_x.dtype)
    return D, H, K


def _pool_weights(pool: str, T: int, B: int, lengths: Any, dtype: Any) -> Array:
    """Return the weight of each state in the pooled one, (T, B, 1)."""
    check_choice("pool", pool, POOLS)
    if T == 0:
        raise ValueError("hs must have at least one time step, got T=0")
    ends = np.full(B, T) if lengths is None else check_lengths(lengths, T, B)
    t = np.arange(T)[:, None]
    weights = t == ends - 1 if pool == "last" else (t < ends) / ends
    return weights[:, :, None].astype(dtype)

"""A recurrent layer that is told something beside the sequence: a context vector.

The context can make the first state (15.1), stand among the inputs of every step
(15.2), or both (15.3). With zeros for a context, and zero biases, all three are the
layer by itself. Works with any cell of :mod:`rnncourse.reference.cells`. Sources:
Vinyals and others, 2015, "Show and tell", arXiv:1411.4555, which tells an image once;
Mao and others, 2015, arXiv:1412.6632, at every step; Cho and others, 2014,
arXiv:1406.1078, both.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.cells import (
    State,
    cell_backward,
    cell_forward,
    check_cell,
    find_cell,
    init_cell,
)
from rnncourse.reference.dense import (
    DenseParams,
    check_dense,
    dense_backward,
    dense_forward,
    init_dense,
)
from rnncourse.reference.functional import tanh_backward
from rnncourse.reference.validate import (
    Array,
    check_choice,
    check_dtype,
    check_finite,
    check_float,
    check_shape,
    check_size,
)

PLACES = ("state", "input", "both")


class ConditionedParams(NamedTuple):
    """A cell's weights and those of the context, of size C.

    ``W_v`` (C, columns of ``layer.W_x``) lets it into every step, else None;
    ``start`` is dense, (C, H), or (C, 2H) for the h and c of an LSTM, and makes the
    first state, else None.
    """

    layer: Any
    W_v: Array | None
    start: DenseParams | None


class ConditionedCache(NamedTuple):
    """What :func:`conditioned_forward` remembers."""

    cell: str
    v: Array  # (B, C)
    state: State | None  # the first one, where the context made it
    layer: Any


def init_conditioned(
    cell: str,
    D: int,
    C: int,
    H: int,
    *,
    place: str = "both",
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> ConditionedParams:
    """Draw the weights of a cell and of its context.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    D, C, H : int
        Sizes of input, context and state.
    place : "state", "input" or "both"
    rng : numpy.random.Generator
    dtype : float32 or float64

    Examples
    --------
    >>> p = init_conditioned("lstm", 3, 4, 5, rng=np.random.default_rng(0))
    >>> p.layer.W_x.shape, p.W_v.shape, p.start.W.shape
    ((3, 20), (4, 20), (4, 10))
    """
    check_choice("place", place, PLACES)
    check_size("C", C)
    layer = init_cell(cell, D, H, rng=rng, dtype=dtype)
    W_v, start, k = None, None, H**-0.5
    if place != "state":
        W_v = rng.uniform(-k, k, size=(C, layer.W_x.shape[1])).astype(dtype)
    if place != "input":
        width = H * len(find_cell(cell).states)
        start = init_dense(C, width, rng=rng, dtype=dtype)
    return ConditionedParams(layer, W_v, start)


def context_state(v: Array, p: DenseParams, n_states: int = 1) -> State:
    """Make a first state of a context, h_0 = tanh(v W_c + b_c) (15.1).

    Parameters
    ----------
    v : (B, C) array, float32 or float64
    p : DenseParams, (C, n_states · H)
    n_states : int
        How many states the cell has: 2 for the h and c of an LSTM.

    Returns
    -------
    tuple of (B, H) arrays

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the context is not finite.

    Examples
    --------
    >>> p = DenseParams(np.array([[1.0, -1.0]]), np.zeros(2))
    >>> h, c = context_state(np.log([[2.0]]), p, n_states=2)
    >>> h.round(3), c.round(3)
    (array([[0.6]]), array([[-0.6]]))
    """
    check_float("v", v)
    check_dense("p", p, "C states", dtype=v.dtype)
    check_shape("v", v, "B C", C=len(p.W))
    check_finite("v", v)
    check_size("n_states", n_states)
    return tuple(np.split(np.tanh(dense_forward(v, p)), n_states, axis=1))  # (15.1)


def context_state_backward(
    dstate: State, state: State, v: Array, p: DenseParams
) -> tuple[Array, DenseParams]:
    """Differentiate :func:`context_state`.

    Parameters
    ----------
    dstate : tuple of (B, H) arrays
    state : tuple of (B, H) arrays
        From :func:`context_state`.
    v : (B, C) array
    p : DenseParams

    Returns
    -------
    dv : (B, C) array
    dp : DenseParams

    Examples
    --------
    >>> p, v = DenseParams(np.array([[1.0]]), np.zeros(1)), np.log([[2.0]])
    >>> dv, dp = context_state_backward((np.ones((1, 1)),), context_state(v, p), v, p)
    >>> dv.round(3)
    array([[0.64]])
    """
    check_float("v", v)
    check_dense("p", p, "C states", dtype=v.dtype)
    check_shape("v", v, "B C", C=len(p.W))
    for name, parts in (("state", state), ("dstate", dstate)):
        for k, part in enumerate(parts):
            H = p.W.shape[1] // len(parts)
            check_shape(f"{name}[{k}]", part, "B H", B=len(v), H=H)
            check_dtype(f"{name}[{k}]", part, v.dtype)
    da = tanh_backward(np.concatenate(dstate, axis=1), np.concatenate(state, axis=1))
    return dense_backward(da, v, p)  # from (15.1)


def conditioned_forward(
    cell: str,
    xs: Array,
    v: Array,
    p: ConditionedParams,
    state: State | None = None,
    lengths: Any = None,
) -> tuple[Array, State, ConditionedCache]:
    """Read a batch of sequences, each with a context.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    xs : (T, B, D) array, float32 or float64
    v : (B, C) array of the same dtype
        The context of each sequence.
    p : ConditionedParams of the same dtype
    state : tuple of (B, H) arrays, optional
        Zeros if left out. Must be left out where the context makes it.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its state.

    Returns
    -------
    hs : (T, B, H) array
    state_T : tuple of (B, H) arrays
    cache : ConditionedCache
        For :func:`conditioned_backward`.

    Raises
    ------
    TypeError, ValueError
        If the cell is unknown, a shape, a dtype or a length does not fit, a context or
        a valid input is not finite, or there are two first states.

    Examples
    --------
    >>> p = init_conditioned("gru", 3, 4, 5, rng=np.random.default_rng(0))
    >>> xs, v = np.ones((7, 2, 3)), np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    >>> hs, _, _ = conditioned_forward("gru", xs, v, p)
    >>> hs.shape, bool(np.allclose(hs[:, 0], hs[:, 1]))
    ((7, 2, 5), False)
    """
    _, C, _ = check_conditioned(cell, p)
    check_float("xs", xs)
    check_shape("xs", xs, "T B D")
    check_shape("v", v, "B C", B=xs.shape[1], C=C)
    check_dtype("v", v, xs.dtype)
    check_finite("v", v)
    if p.start is not None and state is not None:
        raise ValueError("state must be left out where the context makes the first one")
    made = None
    if p.start is not None:
        state = made = context_state(v, p.start, len(find_cell(cell).states))  # (15.3)
    read, layer = xs, p.layer
    if p.W_v is not None:
        read = _beside(xs, v, p)
        layer = p.layer._replace(W_x=np.concatenate([p.layer.W_x, p.W_v]))
    hs, last, cache = cell_forward(cell, read, layer, state, lengths)  # (15.2)
    return hs, last, ConditionedCache(cell, v, made, cache)


def conditioned_backward(
    dhs: Array,
    cache: ConditionedCache,
    p: ConditionedParams,
    dstate_T: State | None = None,
) -> tuple[Array, Array, State | None, ConditionedParams]:
    """Differentiate :func:`conditioned_forward`.

    Parameters
    ----------
    dhs : (T, B, H) array
    cache : ConditionedCache
        From :func:`conditioned_forward`.
    p : ConditionedParams
        The weights of that forward pass.
    dstate_T : tuple of (B, H) arrays, optional
        What arrives at the last state from beyond; zeros if left out.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dv : (B, C) array
        From all steps that were read and from the first state.
    dstate0 : tuple of (B, H) arrays, or None where the context made the state
    dp : ConditionedParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_conditioned("gru", 3, 4, 5, rng=np.random.default_rng(0))
    >>> xs, v = np.ones((7, 2, 3)), np.ones((2, 4))
    >>> hs, _, cache = conditioned_forward("gru", xs, v, p)
    >>> dxs, dv, dstate0, dp = conditioned_backward(np.ones_like(hs), cache, p)
    >>> dxs.shape, dv.shape, dstate0 is None
    ((7, 2, 3), (2, 4), True)
    """
    if not isinstance(cache, ConditionedCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from conditioned_forward, got {kind}")
    cell, v, state, steps = cache
    D, _, _ = check_conditioned(cell, p)
    if (state is None) != (p.start is None):
        want = "without" if state is None else "with"
        raise ValueError(f"p must be the weights of the forward pass, {want} start")
    layer, dW_v, dstart = p.layer, None, None
    dv = np.zeros_like(v)
    if p.W_v is not None:
        layer = p.layer._replace(W_x=np.concatenate([p.layer.W_x, p.W_v]))
    dread, dstate, dlayer = cell_backward(cell, dhs, steps, layer, dstate_T)
    dxs, first = dread[:, :, :D], None if p.start is not None else dstate
    if p.W_v is not None:
        dv = dread[:, :, D:].sum(axis=0)  # from (15.2)
        dW_v = dlayer.W_x[D:]
        dlayer = dlayer._replace(W_x=dlayer.W_x[:D])
    if state is not None and p.start is not None:
        more, dstart = context_state_backward(dstate, state, v, p.start)
        dv = dv + more  # from (15.3)
    return dxs, dv, first, ConditionedParams(dlayer, dW_v, dstart)


def check_conditioned(cell: str, p: Any) -> tuple[int, int, int]:
    """Raise unless the context's weights fit the cell's; return D, C and H.

    Examples
    --------
    >>> p = init_conditioned("gru", 3, 4, 5, rng=np.random.default_rng(0))
    >>> check_conditioned("gru", p)
    (3, 4, 5)
    """
    if not isinstance(p, ConditionedParams):
        raise TypeError(f"p must be ConditionedParams, got {type(p).__name__}")
    D, H = check_cell(cell, p.layer, name="p.layer")
    gates, dtype = p.layer.W_x.shape[1], p.layer.W_x.dtype
    C: int | None = None
    if p.W_v is None and p.start is None:
        raise ValueError("p must have W_v or start, for a context to be read, got none")
    if p.W_v is not None:
        check_shape("p.W_v", p.W_v, "C gates", gates=gates)
        check_dtype("p.W_v", p.W_v, dtype)
        C = len(p.W_v)
    if p.start is not None:
        states = H * len(find_cell(cell).states)
        sizes = {"C": C, "states": states}
        check_dense("p.start", p.start, "C states", dtype=dtype, **sizes)
        C = len(p.start.W)
    assert C is not None  # there is one of the two
    return D, C, H


def _beside(xs: Array, v: Array, p: ConditionedParams) -> Array:
    """Put the context beside the input of every step, (T, B, D + C)."""
    check_shape("xs", xs, "T B D", D=len(p.layer.W_x))
    repeated = np.broadcast_to(v, (len(xs), *v.shape))
    return np.concatenate([xs, repeated], axis=2)

"""The minimal LSTM (Feng et al. 2024): gates without the state, that add up to 1.

Its step is linear in the state, so that the layer is a parallel scan. The textbook
twin steps through time and specifies; the fast twin scans. A test holds the two
equal.

The quotient of the two gates is σ(log f − log i). So written it is safe where both
are too small to be told from zero, and i' = 1 − f' holds by construction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.functional import sigmoid
from rnncourse.reference.scan import linear_scan, linear_scan_backward
from rnncourse.reference.state_loop import (
    StateCell,
    StateLoopCache,
    check_params,
    check_step,
    check_step_backward,
    open_layer,
    open_past,
    state_loop_backward,
    state_loop_forward,
)
from rnncourse.reference.validate import (
    Array,
    check_draw,
    check_dtype,
    check_shape,
    check_size,
)


class MinLSTMParams(NamedTuple):
    """``W_f``, ``W_i``, ``W_n`` (D, H) and ``b_f``, ``b_i``, ``b_n`` (H,)."""

    W_f: Array
    b_f: Array
    W_i: Array
    b_i: Array
    W_n: Array
    b_n: Array


class MinLSTMParts(NamedTuple):
    """What a step computes from its input alone."""

    f_rest: Array  # 1 − f
    i_rest: Array  # 1 − i
    f_share: Array  # f' = f / (f + i)
    i_share: Array  # i' = i / (f + i) = 1 − f'
    n: Array  # the candidate


class MinLSTMCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_prev: Array
    parts: MinLSTMParts


class MinLSTMLayerCache(NamedTuple):
    """What a layer remembers: what was read, the parts of each step, the states."""

    xs: Array  # (T, B, D)
    parts: MinLSTMParts  # each (T, B, H)
    kept: Array  # (T, B, H), a of (23.5); 1 where a sequence had ended
    hs: Array
    h0: Array  # (B, H)
    live: NDArray[np.bool_] | None  # (T, B, 1), or None where all lengths are T


def init_min_lstm(
    D: int, H: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> MinLSTMParams:
    """Draw uniform(−1/√D, 1/√D) weights and zero biases.

    Examples
    --------
    >>> init_min_lstm(3, 5, rng=np.random.default_rng(0)).W_n.shape
    (3, 5)
    """
    check_size("D", D)
    check_size("H", H)
    check_draw(rng, dtype)
    k = D**-0.5  # no state among what is added up

    def draw() -> Array:
        return rng.uniform(-k, k, size=(D, H)).astype(dtype)

    def zeros() -> Array:
        return np.zeros(H, dtype=dtype)

    return MinLSTMParams(draw(), zeros(), draw(), zeros(), draw(), zeros())


def min_lstm_step(
    x: Array, h_prev: Array, p: MinLSTMParams
) -> tuple[Array, MinLSTMCache]:
    """Read one input.

    Parameters
    ----------
    x : (B, D) array, float32 or float64
    h_prev : (B, H) array of the same dtype
    p : MinLSTMParams of the same dtype

    Returns
    -------
    h : (B, H) array
    cache : MinLSTMCache
        For :func:`min_lstm_step_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit; the message names it.

    Examples
    --------
    >>> p = MinLSTMParams(*(np.zeros(s) for s in ((1, 1), 1) * 3))
    >>> h, cache = min_lstm_step(np.zeros((1, 1)), np.ones((1, 1)), p)
    >>> h  # half of 1 and half of 0
    array([[0.5]])
    """
    check_step(MIN_LSTM, x, (h_prev,), p)
    return _step(x, h_prev, p)


def _step(x: Array, h_prev: Array, p: MinLSTMParams) -> tuple[Array, MinLSTMCache]:
    parts = _parts(x, p)
    h = parts.f_share * h_prev + parts.i_share * parts.n  # (23.4)
    return h, MinLSTMCache(x, h_prev, parts)


def _parts(x: Array, p: MinLSTMParams) -> MinLSTMParts:
    """Return gates and candidate, of one step (B, D) or of all (T, B, D)."""
    a_f = x @ p.W_f + p.b_f  # (23.4): f = σ(a_f)
    a_i = x @ p.W_i + p.b_i  # (23.4): i = σ(a_i)
    log_ratio = np.logaddexp(0, -a_i) - np.logaddexp(0, -a_f)  # log f − log i
    f_share = sigmoid(log_ratio)  # (23.4): f / (f + i)
    return MinLSTMParts(
        f_rest=sigmoid(-a_f),
        i_rest=sigmoid(-a_i),
        f_share=f_share,
        i_share=1 - f_share,  # (23.4): i / (f + i)
        n=x @ p.W_n + p.b_n,  # (23.2)
    )


def min_lstm_step_backward(
    dh: Array, cache: MinLSTMCache, p: MinLSTMParams
) -> tuple[Array, Array, MinLSTMParams]:
    """Differentiate :func:`min_lstm_step`.

    Parameters
    ----------
    dh : (B, H) array
    cache : MinLSTMCache
    p : MinLSTMParams

    Returns
    -------
    dx : (B, D) array
    dh_prev : (B, H) array
    dp : MinLSTMParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = MinLSTMParams(*(np.zeros(s) for s in ((1, 1), 1) * 3))
    >>> cache = min_lstm_step(np.zeros((1, 1)), np.ones((1, 1)), p)[1]
    >>> dx, dh_prev, dp = min_lstm_step_backward(np.ones((1, 1)), cache, p)
    >>> dh_prev, dp.b_f
    (array([[0.5]]), array([0.125]))
    """
    check_step_backward(MIN_LSTM, dh, cache, p)
    return _step_backward(dh, cache, p)


def _step_backward(
    dh: Array, cache: MinLSTMCache, p: MinLSTMParams
) -> tuple[Array, Array, MinLSTMParams]:
    x, h_prev, parts = cache
    df_share, di_share = dh * h_prev, dh * parts.n  # from (23.4)
    dn = dh * parts.i_share  # from (23.4)
    dx, dp = _parts_backward(df_share - di_share, dn, x, parts, p)
    return dx, dh * parts.f_share, dp


def _parts_backward(
    dshare: Array, dn: Array, x: Array, parts: MinLSTMParts, p: MinLSTMParams
) -> tuple[Array, MinLSTMParams]:
    """Differentiate the gates and (23.2) for rows (N, H).

    ``dshare`` is the derivative with respect to f' where i' = 1 − f' moves along.
    """
    dlog_ratio = dshare * parts.f_share * parts.i_share  # (3.2)
    da_f = dlog_ratio * parts.f_rest  # log σ(a) has the slope 1 − σ(a)
    da_i = -dlog_ratio * parts.i_rest
    dp = MinLSTMParams(
        W_f=x.T @ da_f,
        b_f=da_f.sum(axis=0),
        W_i=x.T @ da_i,
        b_i=da_i.sum(axis=0),
        W_n=x.T @ dn,
        b_n=dn.sum(axis=0),
    )
    return da_f @ p.W_f.T + da_i @ p.W_i.T + dn @ p.W_n.T, dp


# -- the textbook twin: a loop -----------------------------------------------------


def min_lstm_forward_textbook(
    xs: Array, p: MinLSTMParams, h0: Array | None = None, lengths: Any = None
) -> tuple[Array, Array, StateLoopCache]:
    """Read a batch of sequences, step by step; see :func:`min_lstm_forward`.

    Examples
    --------
    >>> p = init_min_lstm(3, 5, rng=np.random.default_rng(0))
    >>> min_lstm_forward_textbook(np.ones((7, 2, 3)), p)[0].shape
    (7, 2, 5)
    """
    return state_loop_forward(MIN_LSTM, xs, p, h0, lengths)


def min_lstm_backward_textbook(
    dhs: Array, cache: StateLoopCache, p: MinLSTMParams, dh_T: Array | None = None
) -> tuple[Array, Array, MinLSTMParams]:
    """Go back through time, step by step; see :func:`min_lstm_backward`.

    Examples
    --------
    >>> p = init_min_lstm(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = min_lstm_forward_textbook(np.ones((7, 2, 3)), p)
    >>> min_lstm_backward_textbook(np.ones_like(hs), cache, p)[0].shape
    (7, 2, 3)
    """
    return state_loop_backward(MIN_LSTM, dhs, cache, p, dh_T)


# -- the fast twin: a scan ---------------------------------------------------------


def min_lstm_forward(
    xs: Array, p: MinLSTMParams, h0: Array | None = None, lengths: Any = None
) -> tuple[Array, Array, MinLSTMLayerCache]:
    """Read a batch of sequences, all steps at once.

    Parameters
    ----------
    xs : (T, B, D) array, float32 or float64
    p : MinLSTMParams of the same dtype
    h0 : (B, H) array of the same dtype, optional
        State before the first step; zeros if left out.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its state; its padding is never read.

    Returns
    -------
    hs : (T, B, H) array
    h_T : (B, H) array
    cache : MinLSTMLayerCache
        For :func:`min_lstm_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or a length does not fit, or a valid input is not
        finite; the message names it.

    Examples
    --------
    >>> p = init_min_lstm(3, 5, rng=np.random.default_rng(0))
    >>> hs, h_T, cache = min_lstm_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> hs.shape, bool((hs[3, 1] == h_T[1]).all())
    ((7, 2, 5), True)
    """
    xs, past, ends, live = open_layer(MIN_LSTM, xs, p, h0, lengths)
    parts = _parts(xs, p)
    kept, added = parts.f_share, parts.i_share * parts.n  # a and b of (23.5)
    if live is not None:  # h = 1 · h_prev + 0 keeps a finished sequence's state
        kept, added = np.where(live, kept, 1), np.where(live, added, 0)  # (7.9)
    hs = linear_scan(kept, added, past[0])
    if live is not None:  # to the last bit, whatever the tree of the scan rounds
        last = np.minimum(np.arange(len(xs))[:, None], ends - 1)
        hs = hs[last, np.arange(len(ends))]
    # copies, since the caller may change them and the cache stays
    cache = MinLSTMLayerCache(xs, parts, kept, hs, past[0], live)
    return hs.copy(), hs[-1].copy(), cache


def min_lstm_backward(
    dhs: Array, cache: MinLSTMLayerCache, p: MinLSTMParams, dh_T: Array | None = None
) -> tuple[Array, Array, MinLSTMParams]:
    """Go back through time, all steps at once.

    Parameters
    ----------
    dhs : (T, B, H) array
        Derivative of the loss with respect to each state, through its own output.
    cache : MinLSTMLayerCache
        From :func:`min_lstm_forward`.
    p : MinLSTMParams
    dh_T : (B, H) array, optional
        What arrives at the last state from beyond; zeros if left out.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dh0 : (B, H) array
    dp : MinLSTMParams
        Summed over time and batch.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_min_lstm(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = min_lstm_forward(np.ones((7, 2, 3)), p)
    >>> dxs, dh0, dp = min_lstm_backward(np.ones_like(hs), cache, p)
    >>> dxs.shape, dh0.shape
    ((7, 2, 3), (2, 5))
    """
    if not isinstance(cache, MinLSTMLayerCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from min_lstm_forward, got {kind}")
    xs, parts, kept, hs, h0, live = cache
    (T, B, D), H = xs.shape, hs.shape[2]
    check_params(MIN_LSTM, p, xs.dtype, D=D, H=H)
    check_shape("dhs", dhs, "T B H", T=T, B=B, H=H)
    check_dtype("dhs", dhs, xs.dtype)
    dhs = dhs.copy()
    dhs[-1] += open_past("dh_T", dh_T, None, B, H, xs.dtype)[0]
    dkept, dadded, dh0 = linear_scan_backward(dhs, kept, hs, h0)  # (23.6)
    if live is not None:  # there a was 1 and b was 0, whatever the input
        dkept, dadded = np.where(live, dkept, 0), np.where(live, dadded, 0)
    dshare = dkept - dadded * parts.n  # from (23.4)
    dn = dadded * parts.i_share  # from (23.4)
    dshare, dn = (d.reshape(T * B, H) for d in (dshare, dn))
    parts = MinLSTMParts(*(a.reshape(T * B, H) for a in parts))
    dxs, dp = _parts_backward(dshare, dn, xs.reshape(T * B, D), parts, p)
    return dxs.reshape(T, B, D), dh0, dp


MIN_LSTM = StateCell(
    name="min_lstm",
    params=MinLSTMParams,
    cache=MinLSTMCache,
    shapes={
        "W_f": "D H",
        "b_f": "H",
        "W_i": "D H",
        "b_i": "H",
        "W_n": "D H",
        "b_n": "H",
    },
    step=_step,
    step_backward=_step_backward,
)

"""The LSTM layer (Hochreiter and Schmidhuber 1997, Gers et al. 2000), both twins.

The textbook twin writes one equation a line and specifies; the fast twin stacks
``s_t = [1, x_t, h_{t-1}]`` into one row per sequence, as in
:mod:`rnncourse.reference.rnn`, keeps each gate as a block of its own, takes all four
gates from one tanh and differentiates them by the gate-product identity. A test
holds the two equal.

Gates stand in the order i, f, g, o: write, keep, candidate, read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.functional import sigmoid
from rnncourse.reference.validate import (
    Array,
    check_draw,
    check_dtype,
    check_finite,
    check_float,
    check_lengths,
    check_shape,
    check_size,
)


class LSTMParams(NamedTuple):
    """Weights of an LSTM: ``W_x`` (D, 4H), ``W_h`` (H, 4H), ``b`` (4H,)."""

    W_x: Array
    W_h: Array
    b: Array


class LSTMCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    tanh_c: Array


class LSTMLayerCache(NamedTuple):
    """What a layer remembers: all that was read, all gates, and who was live."""

    s: Array  # (T + 1, B, 1 + D + H), the rows [1, x_t, h_{t-1}]
    r: Array  # (T + 1, 6, B, H), the blocks tanh c_t, c_{t-1}, g, o, f, i
    live: NDArray[np.bool_] | None  # (T, B, 1), or None where all lengths are T


TextbookCache = list[tuple[LSTMCache, NDArray[np.bool_]]]
States = tuple[Array, Array]


def init_lstm(
    D: int,
    H: int,
    *,
    rng: np.random.Generator,
    forget_bias: float = 1.0,
    dtype: Any = np.float64,
) -> LSTMParams:
    """Draw uniform(−1/√H, 1/√H) weights; zero biases except the forget gate's.

    A forget bias of 1 starts by remembering (Gers et al. 2000; Jozefowicz et al.
    2015).

    Examples
    --------
    >>> p = init_lstm(3, 5, rng=np.random.default_rng(0))
    >>> p.W_h.shape, p.b[4:11]
    ((5, 20), array([0., 1., 1., 1., 1., 1., 0.]))
    """
    check_size("D", D)
    check_size("H", H)
    check_draw(rng, dtype)
    k = H**-0.5
    b = np.zeros(4 * H, dtype=dtype)
    b[H : 2 * H] = forget_bias
    return LSTMParams(
        W_x=rng.uniform(-k, k, size=(D, 4 * H)).astype(dtype),
        W_h=rng.uniform(-k, k, size=(H, 4 * H)).astype(dtype),
        b=b,
    )


def lstm_step(
    x: Array, h_prev: Array, c_prev: Array, p: LSTMParams
) -> tuple[Array, Array, LSTMCache]:
    """Read one input.

    Parameters
    ----------
    x : (B, D) array, float32 or float64
    h_prev, c_prev : (B, H) arrays of the same dtype
        State and cell before the step.
    p : LSTMParams of the same dtype

    Returns
    -------
    h, c : (B, H) arrays
        The new state and cell.
    cache : LSTMCache
        For :func:`lstm_step_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit; the message names it.

    Examples
    --------
    >>> p = LSTMParams(np.zeros((1, 4)), np.zeros((1, 4)), np.zeros(4))
    >>> h, c, cache = lstm_step(np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), p)
    >>> c, h.round(4)
    (array([[0.5]]), array([[0.2311]]))
    """
    check_float("x", x)
    D, H = _check_params(p, x.dtype)
    check_shape("x", x, "B D", D=D)
    for name, state in (("h_prev", h_prev), ("c_prev", c_prev)):
        check_shape(name, state, "B H", B=x.shape[0], H=H)
        check_dtype(name, state, x.dtype)
    a = x @ p.W_x + h_prev @ p.W_h + p.b  # (10.1)
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=-1)
    i = sigmoid(a_i)  # (10.2) write
    f = sigmoid(a_f)  # (10.3) keep
    g = np.tanh(a_g)  # (10.4) candidate
    o = sigmoid(a_o)  # (10.5) read
    c = f * c_prev + i * g  # (10.6)
    tanh_c = np.tanh(c)
    h = o * tanh_c  # (10.7)
    return h, c, LSTMCache(x, h_prev, c_prev, i, f, g, o, tanh_c)


def lstm_step_backward(
    dh: Array, dc: Array, cache: LSTMCache, p: LSTMParams
) -> tuple[Array, Array, Array, LSTMParams]:
    """Differentiate :func:`lstm_step`.

    Parameters
    ----------
    dh, dc : (B, H) arrays
        Derivatives with respect to the new state and cell, from the output and the
        future.
    cache : LSTMCache
        From :func:`lstm_step`.
    p : LSTMParams
        The weights of that step.

    Returns
    -------
    dx : (B, D) array
    dh_prev, dc_prev : (B, H) arrays
    dp : LSTMParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = LSTMParams(np.zeros((1, 4)), np.zeros((1, 4)), np.zeros(4))
    >>> zero, one = np.zeros((1, 1)), np.ones((1, 1))
    >>> cache = lstm_step(zero, zero, one, p)[2]
    >>> dx, dh_prev, dc_prev, dp = lstm_step_backward(zero, one, cache, p)
    >>> dc_prev, dp.b
    (array([[0.5]]), array([0.  , 0.25, 0.5 , 0.  ]))
    """
    if not isinstance(cache, LSTMCache):
        raise TypeError(f"cache must come from lstm_step, got {type(cache).__name__}")
    x, h_prev, c_prev, i, f, g, o, tanh_c = cache
    (B, H), dtype = tanh_c.shape, tanh_c.dtype
    _check_params(p, dtype, D=x.shape[1], H=H)
    for name, d in (("dh", dh), ("dc", dc)):
        check_shape(name, d, "B H", B=B, H=H)
        check_dtype(name, d, dtype)
    do = dh * tanh_c  # (10.8)
    dc = dc + dh * o * (1 - tanh_c**2)  # (10.9)
    df, dc_prev = dc * c_prev, dc * f  # (10.10)
    di, dg = dc * g, dc * i  # (10.11)
    da = np.concatenate(  # (10.12)
        [di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)],
        axis=-1,
    )
    dx, dh_prev = da @ p.W_x.T, da @ p.W_h.T  # (10.13)
    dp = LSTMParams(  # (10.14), the terms of this step
        W_x=x.T @ da, W_h=h_prev.T @ da, b=da.sum(axis=0)
    )
    return dx, dh_prev, dc_prev, dp


# -- the textbook twin: one equation a line ----------------------------------------


def lstm_forward_textbook(
    xs: Array,
    p: LSTMParams,
    h0: Array | None = None,
    c0: Array | None = None,
    lengths: Any = None,
) -> tuple[Array, States, TextbookCache]:
    """Read a batch of sequences, step by step; see :func:`lstm_forward`.

    Examples
    --------
    >>> p = init_lstm(3, 5, rng=np.random.default_rng(0))
    >>> hs, (h_T, c_T), caches = lstm_forward_textbook(np.ones((7, 2, 3)), p)
    >>> hs.shape
    (7, 2, 5)
    """
    xs, h, c, live = _check_layer(xs, p, h0, c0, lengths)
    hs, caches = [], []
    for t in range(len(xs)):
        h_new, c_new, cache = lstm_step(xs[t], h, c, p)
        h, c = np.where(live[t], h_new, h), np.where(live[t], c_new, c)  # (10.19)
        hs.append(h)
        caches.append((cache, live[t]))
    return np.stack(hs), (h, c), caches


def lstm_backward_textbook(
    dhs: Array,
    caches: TextbookCache,
    p: LSTMParams,
    dh_T: Array | None = None,
    dc_T: Array | None = None,
) -> tuple[Array, States, LSTMParams]:
    """Go back through time, step by step; see :func:`lstm_backward`.

    Examples
    --------
    >>> p = init_lstm(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, caches = lstm_forward_textbook(np.ones((7, 2, 3)), p)
    >>> dxs, (dh0, dc0), dp = lstm_backward_textbook(np.ones_like(hs), caches, p)
    >>> dxs.shape
    (7, 2, 3)
    """
    if not isinstance(caches, list) or not caches:
        kind = type(caches).__name__
        raise TypeError(f"caches must come from lstm_forward_textbook, got {kind}")
    first = caches[0][0]
    B, D = first.x.shape
    dtype = first.tanh_c.dtype
    dh, dc = _check_backward(dhs, p, dh_T, dc_T, len(caches), B, D, dtype)
    dxs, dp = [], LSTMParams(*(np.zeros_like(w) for w in p))
    for t in reversed(range(len(dhs))):
        cache, live = caches[t]
        dh = dhs[t] + dh  # what the output at t sends + what step t + 1 sends
        dh_live, dc_live = np.where(live, dh, 0), np.where(live, dc, 0)
        dx, dh_prev, dc_prev, dp_t = lstm_step_backward(dh_live, dc_live, cache, p)
        dh, dc = np.where(live, dh_prev, dh), np.where(live, dc_prev, dc)  # (10.19)
        dxs.append(dx)
        dp = LSTMParams(*(total + now for total, now in zip(dp, dp_t, strict=True)))
    return np.stack(dxs[::-1]), (dh, dc), dp


# -- the fast twin: stacked rows, gates in blocks ----------------------------------


def lstm_forward(
    xs: Array,
    p: LSTMParams,
    h0: Array | None = None,
    c0: Array | None = None,
    lengths: Any = None,
) -> tuple[Array, States, LSTMLayerCache]:
    """Read a batch of sequences.

    Parameters
    ----------
    xs : (T, B, D) array, float32 or float64
    p : LSTMParams of the same dtype
    h0, c0 : (B, H) arrays of the same dtype, optional
        State and cell before the first step; zeros if left out.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its state and cell, so what stands after its
        length is never read (it may be NaN), and ``h_T``, ``c_T`` belong to its
        last valid step. ``torch.nn`` writes zeros there in a packed sequence.

    Returns
    -------
    hs : (T, B, H) array
        The states.
    h_T, c_T : pair of (B, H) arrays
        The last state and cell.
    cache : LSTMLayerCache
        For :func:`lstm_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or a length does not fit, or a valid input is not
        finite; the message names it.

    Examples
    --------
    >>> p = init_lstm(3, 5, rng=np.random.default_rng(0))
    >>> hs, (h_T, c_T), cache = lstm_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> bool((hs[3, 1] == h_T[1]).all())
    True
    """
    xs, h0, c0, live = _check_layer(xs, p, h0, c0, lengths)
    (T, B, D), H = xs.shape, len(p.W_h)
    padded = not live.all()
    s = np.empty((T + 1, B, 1 + D + H), dtype=xs.dtype)
    s[:, :, 0] = 1
    s[:T, :, 1 : 1 + D] = xs
    s[T, :, 1 : 1 + D] = 0  # nothing is read after the last step
    hs = s[:, :, 1 + D :]
    hs[0] = h0
    r = np.empty((T + 1, 6, B, H), dtype=xs.dtype)
    r[0, 1] = c0
    W, a = _stack_weights(p), r[:T, 2:6]
    product: Callable[..., Any] = np.matmul
    if B == 1:  # the four blocks are one row, and one product fills it
        W = W.swapaxes(0, 1).reshape(1 + D + H, 4 * H)
        a, product = r.reshape(T + 1, 1, 6 * H)[:T, :, 2 * H :], np.dot
    products = np.empty((2, B, H), dtype=xs.dtype)
    kept, written = products
    half = np.array(0.5, dtype=xs.dtype)
    # one view for each line below and each step: cheaper than slices in the loop
    steps = zip(
        *(s[:T], a, hs[1:], r[1:, 1], r[:T, 0]),
        *(r[:T, k] for k in (np.s_[2:6], np.s_[3:6], np.s_[4:6], np.s_[1:3], 3)),
        strict=True,
    )
    # what comes last in each call is where its result goes
    for t, (s_t, a_t, h, c, tanh_c, gates, ofi, fi, cg, o) in enumerate(steps):
        product(s_t, W, a_t)  # (10.17), which is (10.1)
        np.tanh(gates, gates)  # (10.4) for g; tanh(a/2) for the others, so
        np.multiply(ofi, half, ofi)
        np.add(ofi, half, ofi)  # (10.2), (10.3) and (10.5)
        np.multiply(fi, cg, products)  # f * c_{t-1} and i * g
        np.add(kept, written, c)  # (10.6)
        np.tanh(c, tanh_c)
        np.multiply(o, tanh_c, h)  # (10.7)
        if padded:  # (10.19)
            np.copyto(c, r[t, 1], where=~live[t])
            np.copyto(h, hs[t], where=~live[t])
    cache = LSTMLayerCache(s, r, live if padded else None)
    # copies, since the caller may change them and the cache stays
    return hs[1:].copy(), (hs[T].copy(), r[T, 1].copy()), cache


def lstm_backward(
    dhs: Array,
    cache: LSTMLayerCache,
    p: LSTMParams,
    dh_T: Array | None = None,
    dc_T: Array | None = None,
) -> tuple[Array, States, LSTMParams]:
    """Go back through time.

    Parameters
    ----------
    dhs : (T, B, H) array
        Derivative of the loss with respect to each state, through its own output.
    cache : LSTMLayerCache
        From :func:`lstm_forward`.
    p : LSTMParams
        The weights of that forward pass.
    dh_T, dc_T : (B, H) arrays, optional
        What arrives at the last state and cell from beyond; zeros if left out.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dh0, dc0 : pair of (B, H) arrays
    dp : LSTMParams
        Summed over time and batch.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_lstm(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = lstm_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> dxs, (dh0, dc0), dp = lstm_backward(np.ones_like(hs), cache, p)
    >>> bool(dxs[4:, 1].any())
    False
    """
    s, r, live = _open(cache, p)
    (T, B, F), (D, H), dtype = (len(s) - 1, *s.shape[1:]), _sizes(p), s.dtype
    given = _check_backward(dhs, p, dh_T, dc_T, T, B, D, dtype)
    dh, dc = (d.copy() for d in given)
    W_back = _reorder(p.W_h, BACKWARD).T.copy()  # by row, since every step reads it
    das = np.empty((T, B, 4 * H), dtype=dtype)
    sent = np.empty((B, H), dtype=dtype)
    n = _steps_at_once(B * H)
    scratch = np.empty((n, 8, B, H), dtype=dtype)
    for end in range(T, 0, -n):
        start = max(0, end - n)
        now = np.s_[start:end]
        slopes = _slopes(r[now], scratch[: end - start])
        da = _blocks(das[now])  # (n, 4, B, H)
        steps = zip(
            *(range(start, end), das[now], dhs[now], r[now, 4], da[:, 0], da[:, 1:]),
            *(slopes[:, 0], slopes[:, 1], slopes[:, 2:]),
            strict=True,
        )
        for t, da_t, dh_t, f, da_o, da_fig, slope_c, slope_o, slope_fig in reversed(
            list(steps)
        ):
            np.add(dh, dh_t, dh)
            if live is not None:
                dh_kept, dc_kept = dh.copy(), dc.copy()
            np.multiply(dh, slope_c, sent)
            np.add(dc, sent, dc)  # (10.9)
            np.multiply(slope_o, dh, da_o)  # (10.12)
            np.multiply(slope_fig, dc, da_fig)  # (10.12)
            np.multiply(dc, f, dc)  # (10.10)
            if live is not None:
                da_t *= live[t]
            np.dot(da_t, W_back, dh)  # (10.13)
            if live is not None:  # (10.19)
                np.copyto(dh, dh_kept, where=~live[t])
                np.copyto(dc, dc_kept, where=~live[t])
    da_all = das.reshape(T * B, 4 * H)
    dxs = (da_all @ _reorder(p.W_x, BACKWARD).T).reshape(T, B, D)  # (10.13)
    dW = _restore(s[:T].reshape(T * B, F).T @ da_all, BACKWARD)  # (10.14)
    return dxs, (dh, dc), LSTMParams(W_x=dW[1 : 1 + D], W_h=dW[1 + D :], b=dW[0])


# The fast twin keeps its blocks in an order in which each line of its loops reads and
# writes neighbours: with tanh c and c_{t-1} before them, the gates g, o, f, i put
# each sigmoid three blocks behind its partner; backward, o (which dh moves) comes
# before f, i, g (which dc moves).
FORWARD, BACKWARD = "gofi", "ofig"


def _stack_weights(p: LSTMParams) -> Array:
    """Return [b, W_x, W_h] of each gate, (4, 1 + D + H, H), in the order of the blocks.

    The three sigmoids are halved on the way, so that one tanh serves all four
    gates: σ(a) = ½ + ½ tanh(a/2).
    """
    W = np.concatenate([p.b[None], p.W_x, p.W_h])
    blocks = dict(zip("ifgo", np.split(W, 4, axis=1), strict=True))
    stacked = np.stack([blocks[gate] for gate in FORWARD])
    stacked[1:] /= 2
    return stacked


def _reorder(W: Array, order: str) -> Array:
    """Return a copy (.., 4H) with the gates i, f, g, o in another order."""
    blocks = dict(zip("ifgo", np.split(W, 4, axis=1), strict=True))
    return np.concatenate([blocks[gate] for gate in order], axis=1)


def _restore(W: Array, order: str) -> Array:
    """Undo :func:`_reorder`."""
    blocks = dict(zip(order, np.split(W, 4, axis=1), strict=True))
    return np.concatenate([blocks[gate] for gate in "ifgo"], axis=1)


def _blocks(a: Array) -> Array:
    """View rows of four gates (..., B, 4H) as blocks (..., 4, B, H)."""
    *front, B, four_H = a.shape
    return a.reshape(*front, B, 4, four_H // 4).swapaxes(-2, -3)


def _slopes(r: Array, scratch: Array) -> Array:
    """Return what dh and dc are multiplied with, for several steps at once.

    A gate times its partner, y = σ(a) u, has da = (1 − σ) y dy (10.15): so o with
    tanh c, f with c_{t-1} and i with g. Blocks (n, 5, B, H): the dc and the da of o
    per dh, the da of f, i and g per dc.
    """
    slopes, y = scratch[:, :5], scratch[:, 5:]
    u, gates = r[:, :3], r[:, 3:]
    np.multiply(gates, u, out=y)  # h, f * c_{t-1} and i * g
    np.multiply(gates, y, out=slopes[:, 1:4])
    np.subtract(y, slopes[:, 1:4], out=slopes[:, 1:4])  # (10.15) for o, f and i
    # o (1 - tanh² c) and i (1 - g²), for c and g
    np.multiply(y[:, ::2], u[:, ::2], out=y[:, ::2])
    np.subtract(gates[:, ::2], y[:, ::2], out=slopes[:, ::4])
    return slopes


def _steps_at_once(size: int) -> int:
    """Return how many steps of so many numbers stay in a core's cache together."""
    return max(1, 2**14 // max(size, 1))


def _sizes(p: LSTMParams) -> tuple[int, int]:
    return len(p.W_x), len(p.W_h)


def _open(
    cache: LSTMLayerCache, p: LSTMParams
) -> tuple[Array, Array, NDArray[np.bool_] | None]:
    """Return what a layer remembers, if it is this layer's."""
    if not isinstance(cache, LSTMLayerCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from lstm_forward, got {kind}")
    D, H = _check_params(p, cache.s.dtype)
    if cache.s.shape[2] != 1 + D + H or cache.r.shape[3] != H:
        raise ValueError(
            "p must be the weights of the forward pass, with "
            f"D={cache.s.shape[2] - 1 - cache.r.shape[3]}, H={cache.r.shape[3]}, "
            f"got D={D}, H={H}"
        )
    return cache.s, cache.r, cache.live


# -- checks at the door ------------------------------------------------------------


def _check_params(
    p: LSTMParams, dtype: Any, D: int | None = None, H: int | None = None
) -> tuple[int, int]:
    if not isinstance(p, LSTMParams):
        raise TypeError(f"p must be LSTMParams, got {type(p).__name__}")
    four = None if H is None else 4 * H
    check_shape("p.W_h", p.W_h, "H 4H", H=H, **{"4H": four})
    H = len(p.W_h)
    check_shape("p.W_h", p.W_h, "H 4H", **{"4H": 4 * H})
    check_shape("p.W_x", p.W_x, "D 4H", D=D, **{"4H": 4 * H})
    check_shape("p.b", p.b, "4H", **{"4H": 4 * H})
    for name, w in p._asdict().items():
        check_dtype(f"p.{name}", w, dtype)
    return len(p.W_x), H


def _check_layer(
    xs: Array, p: LSTMParams, h0: Array | None, c0: Array | None, lengths: Any
) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    """Return the inputs with empty padding, the first states, and who is live."""
    check_float("xs", xs)
    D, H = _check_params(p, xs.dtype)
    check_shape("xs", xs, "T B D", D=D)
    T, B, _ = xs.shape
    if T == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    h0, c0 = _check_states({"h0": h0, "c0": c0}, B, H, xs.dtype)
    live = np.ones((T, B, 1), dtype=bool)
    if lengths is not None:
        ends = check_lengths(lengths, T, B)
        live = (np.arange(T)[:, None] < ends)[:, :, None]
        xs = np.where(live, xs, 0)  # 0 · NaN is NaN, so a mask later comes too late
    check_finite("xs", xs)
    return xs, h0, c0, live


def _check_backward(
    dhs: Array,
    p: LSTMParams,
    dh_T: Array | None,
    dc_T: Array | None,
    T: int,
    B: int,
    D: int,
    dtype: Any,
) -> States:
    """Return what arrives at the last state and cell."""
    _, H = _check_params(p, dtype, D=D)
    check_shape("dhs", dhs, "T B H", T=T, B=B, H=H)
    check_dtype("dhs", dhs, dtype)
    return _check_states({"dh_T": dh_T, "dc_T": dc_T}, B, H, dtype)


def _check_states(
    states: dict[str, Array | None], B: int, H: int, dtype: Any
) -> States:
    """Return a pair (B, H), zeros where one was left out."""
    checked = []
    for name, state in states.items():
        if state is None:
            state = np.zeros((B, H), dtype=dtype)
        check_shape(name, state, "B H", B=B, H=H)
        check_dtype(name, state, dtype)
        checked.append(state)
    return checked[0], checked[1]

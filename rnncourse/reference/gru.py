"""The GRU layer (Cho et al. 2014), both places of its reset gate, both twins.

The textbook twin writes one equation a line and specifies; the fast twin stacks
``s_t = [x_t, 1, h_{t-1}]`` into one row per sequence, reads all inputs with one
product per gate before the loop, and takes all slopes that do not depend on the
future out of the backward loop. A test holds the two equal.

Gates stand in the order r, z, n: reset, keep, candidate. ``reset="after"`` resets
the product with W_hn, as ``torch.nn.GRU`` and cuDNN do; ``reset="before"`` resets
the state, as the paper does. With ``z_keeps=True`` the gate z says how much of the
old state stays, as in torch and in the paper; with False how much is replaced, as in
Chung et al. 2014.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.functional import sigmoid
from rnncourse.reference.lstm_loop import check_weights, draw_weights, open_state
from rnncourse.reference.validate import (
    Array,
    check_choice,
    check_dtype,
    check_finite,
    check_float,
    check_lengths,
    check_shape,
)

RESETS = ("after", "before")
SHAPES = {"W_x": "D 3H", "W_h": "H 3H", "b": "3H", "b_hn": "H"}


class GRUParams(NamedTuple):
    """Weights of a GRU: ``W_x`` (D, 3H), ``W_h`` (H, 3H), ``b`` (3H,), ``b_hn`` (H,).

    ``b_hn`` is the bias inside the product with the reset gate; with
    ``reset="before"`` there is none, and it must be zeros.
    """

    W_x: Array
    W_h: Array
    b: Array
    b_hn: Array


class GRUCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_prev: Array
    r: Array
    z: Array
    n: Array
    m: Array  # what the reset gate meets: h W_hn + b_hn after, r * h before
    reset: str
    z_keeps: bool


class GRULayerCache(NamedTuple):
    """What a layer remembers: all that was read, and all gates."""

    s: Array  # (T + 1, B, D + 1 + H), the rows [x_t, 1, h_{t-1}]
    gates: Array  # (4, T, B, H), the blocks r, z, n, m; z = 1 after a length
    reset: str
    z_keeps: bool


TextbookCache = list[tuple[GRUCache, NDArray[np.bool_]]]


def init_gru(
    D: int, H: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> GRUParams:
    """Draw uniform(−1/√H, 1/√H) weights, as ``torch.nn.GRU`` does, and zero biases.

    There are 3H (D + H + 1) + H numbers (12.14).

    Examples
    --------
    >>> p = init_gru(3, 5, rng=np.random.default_rng(0))
    >>> p.W_h.shape, sum(w.size for w in p)
    ((5, 15), 140)
    """
    W_x, W_h, _ = draw_weights(D, H, 3, rng=rng, dtype=dtype)
    b, b_hn = np.zeros(3 * H, dtype=dtype), np.zeros(H, dtype=dtype)
    return GRUParams(W_x, W_h, b, b_hn)


def flip_z(p: GRUParams) -> GRUParams:
    """Turn weights for one convention of z into those for the other, exactly.

    Since 1 − σ(a) = σ(−a), negating what z is made of swaps keeping and replacing
    (12.15). Done twice it gives the same weights back.

    Examples
    --------
    >>> p = GRUParams(np.ones((1, 3)), np.ones((1, 3)), np.ones(3), np.ones(1))
    >>> flip_z(p).b
    array([ 1., -1.,  1.])
    """
    check_weights(p, GRUParams, SHAPES)
    H = len(p.W_h)
    sign = np.ones_like(p.b)
    sign[H : 2 * H] = -1
    return GRUParams(p.W_x * sign, p.W_h * sign, p.b * sign, p.b_hn.copy())


def gru_step(
    x: Array,
    h_prev: Array,
    p: GRUParams,
    *,
    reset: str = "after",
    z_keeps: bool = True,
) -> tuple[Array, GRUCache]:
    """Read one input.

    Parameters
    ----------
    x : (B, D) array, float32 or float64
    h_prev : (B, H) array of the same dtype
    p : GRUParams of the same dtype
    reset : "after" or "before"
        Whether the reset gate acts on the product with W_hn or on the state.
    z_keeps : bool
        Whether z is the share of the old state or that of the candidate.

    Returns
    -------
    h : (B, H) array
        The new state.
    cache : GRUCache
        For :func:`gru_step_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or ``b_hn`` is not zero with
        ``reset="before"``; the message names it.

    References
    ----------
    Cho and others, 2014, arXiv:1406.1078; Chung and others, 2014, arXiv:1412.3555.

    Examples
    --------
    >>> p = GRUParams(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(3), np.zeros(1))
    >>> h, cache = gru_step(np.ones((1, 1)), np.ones((1, 1)), p)
    >>> h
    array([[0.5]])
    """
    check_float("x", x)
    D, H = _check_params(p, x.dtype, reset=reset, z_keeps=z_keeps)
    check_shape("x", x, "B D", D=D)
    check_shape("h_prev", h_prev, "B H", B=x.shape[0], H=H)
    check_dtype("h_prev", h_prev, x.dtype)
    W_hr, W_hz, W_hn = np.split(p.W_h, 3, axis=1)
    x_r, x_z, x_n = np.split(x @ p.W_x + p.b, 3, axis=1)
    r = sigmoid(x_r + h_prev @ W_hr)  # (12.1) reset
    z = sigmoid(x_z + h_prev @ W_hz)  # (12.2) keep
    if reset == "after":
        m = h_prev @ W_hn + p.b_hn
        n = np.tanh(x_n + r * m)  # (12.3) candidate
    else:
        m = r * h_prev
        n = np.tanh(x_n + m @ W_hn)  # (12.4) candidate
    if z_keeps:  # noqa: SIM108 - one equation a line
        h = (1 - z) * n + z * h_prev  # (12.5)
    else:
        h = z * n + (1 - z) * h_prev  # (12.6)
    return h, GRUCache(x, h_prev, r, z, n, m, reset, z_keeps)


def gru_step_backward(
    dh: Array, cache: GRUCache, p: GRUParams
) -> tuple[Array, Array, GRUParams]:
    """Differentiate :func:`gru_step`.

    Parameters
    ----------
    dh : (B, H) array
        Derivative with respect to the new state, from the output and the future.
    cache : GRUCache
        From :func:`gru_step`; it knows the place of the reset gate.
    p : GRUParams
        The weights of that step.

    Returns
    -------
    dx : (B, D) array
    dh_prev : (B, H) array
    dp : GRUParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = GRUParams(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(3), np.zeros(1))
    >>> _, cache = gru_step(np.ones((1, 1)), np.ones((1, 1)), p)
    >>> dx, dh_prev, dp = gru_step_backward(np.ones((1, 1)), cache, p)
    >>> dh_prev, dp.b
    (array([[0.5]]), array([0.  , 0.25, 0.5 ]))
    """
    if not isinstance(cache, GRUCache):
        raise TypeError(f"cache must come from gru_step, got {type(cache).__name__}")
    x, h_prev, r, z, n, m, reset, z_keeps = cache
    (B, H), D = h_prev.shape, x.shape[1]
    _check_params(p, x.dtype, D=D, H=H, reset=reset, z_keeps=z_keeps)
    check_shape("dh", dh, "B H", B=B, H=H)
    check_dtype("dh", dh, x.dtype)
    W_hr, W_hz, W_hn = np.split(p.W_h, 3, axis=1)
    if z_keeps:
        dz, dn, dh_prev = dh * (h_prev - n), dh * (1 - z), dh * z  # (12.7)
    else:
        dz, dn, dh_prev = dh * (n - h_prev), dh * z, dh * (1 - z)  # from (12.6)
    da_n = dn * (1 - n**2)  # (12.8)
    if reset == "after":
        dr, dm = da_n * m, da_n * r  # (12.9)
        dh_prev = dh_prev + dm @ W_hn.T  # (12.12), the part through the candidate
        dW_hn, db_hn = h_prev.T @ dm, dm.sum(axis=0)  # (12.13)
    else:
        dm = da_n @ W_hn.T  # (12.10)
        dr = dm * h_prev  # (12.10)
        dh_prev = dh_prev + dm * r  # (12.12), the part through the candidate
        dW_hn, db_hn = m.T @ da_n, np.zeros_like(p.b_hn)  # (12.13)
    da_r, da_z = dr * r * (1 - r), dz * z * (1 - z)  # (12.11)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dx = da @ p.W_x.T  # (12.12)
    dh_prev = dh_prev + da_r @ W_hr.T + da_z @ W_hz.T  # (12.12)
    dW_h = [h_prev.T @ da_r, h_prev.T @ da_z, dW_hn]
    dp = GRUParams(  # (12.13), the terms of this step
        W_x=x.T @ da, W_h=np.concatenate(dW_h, axis=1), b=da.sum(axis=0), b_hn=db_hn
    )
    return dx, dh_prev, dp


# -- the textbook twin: one equation a line ----------------------------------------


def gru_forward_textbook(
    xs: Array,
    p: GRUParams,
    h0: Array | None = None,
    lengths: Any = None,
    *,
    reset: str = "after",
    z_keeps: bool = True,
) -> tuple[Array, Array, TextbookCache]:
    """Read a batch of sequences, step by step; see :func:`gru_forward`.

    Examples
    --------
    >>> p = init_gru(3, 5, rng=np.random.default_rng(0))
    >>> hs, h_T, caches = gru_forward_textbook(np.ones((7, 2, 3)), p, reset="before")
    >>> hs.shape
    (7, 2, 5)
    """
    xs, h, live = _check_layer(xs, p, h0, lengths, reset, z_keeps)
    hs, caches = [], []
    for t in range(len(xs)):
        h_new, cache = gru_step(xs[t], h, p, reset=reset, z_keeps=z_keeps)
        h = np.where(live[t], h_new, h)  # (7.9)
        hs.append(h)
        caches.append((cache, live[t]))
    return np.stack(hs), h.copy(), caches


def gru_backward_textbook(
    dhs: Array, caches: TextbookCache, p: GRUParams, dh_T: Array | None = None
) -> tuple[Array, Array, GRUParams]:
    """Go back through time, step by step; see :func:`gru_backward`.

    Examples
    --------
    >>> p = init_gru(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, caches = gru_forward_textbook(np.ones((7, 2, 3)), p)
    >>> dxs, dh0, dp = gru_backward_textbook(np.ones_like(hs), caches, p)
    >>> dxs.shape
    (7, 2, 3)
    """
    if not isinstance(caches, list) or not caches:
        kind = type(caches).__name__
        raise TypeError(f"caches must come from gru_forward_textbook, got {kind}")
    (x, h_prev, *_), _ = caches[0]
    (B, H), D = h_prev.shape, x.shape[1]
    dh = _check_backward(dhs, dh_T, len(caches), B, H, x.dtype)
    check_weights(p, GRUParams, SHAPES, D, H)
    dxs, dp = [], GRUParams(*(np.zeros_like(w) for w in p))
    for t in reversed(range(len(dhs))):
        cache, live = caches[t]
        dh = dhs[t] + dh  # (8.9)
        dx, dh_prev, dp_t = gru_step_backward(np.where(live, dh, 0), cache, p)
        dh = np.where(live, dh_prev, dh)  # from (7.9)
        dxs.append(dx)
        dp = GRUParams(*(total + now for total, now in zip(dp, dp_t, strict=True)))
    return np.stack(dxs[::-1]), dh, dp


# -- the fast twin: stacked rows, gates in blocks ----------------------------------


def gru_forward(
    xs: Array,
    p: GRUParams,
    h0: Array | None = None,
    lengths: Any = None,
    *,
    reset: str = "after",
    z_keeps: bool = True,
) -> tuple[Array, Array, GRULayerCache]:
    """Read a batch of sequences.

    Parameters
    ----------
    xs : (T, B, D) array, float32 or float64
    p : GRUParams of the same dtype
    h0 : (B, H) array of the same dtype, optional
        State before the first step; zeros if left out.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its state, so what stands after its length is
        never read (it may be NaN) and ``h_T`` is the state after its last valid
        step. ``torch.nn`` writes zeros there in a packed sequence.
    reset, z_keeps
        As in :func:`gru_step`.

    Returns
    -------
    hs : (T, B, H) array
        The states.
    h_T : (B, H) array
        The last one.
    cache : GRULayerCache
        For :func:`gru_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or a length does not fit, a valid input is not finite,
        or ``b_hn`` is not zero with ``reset="before"``; the message names it.

    Examples
    --------
    >>> p = init_gru(3, 5, rng=np.random.default_rng(0))
    >>> hs, h_T, cache = gru_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> bool((hs[3, 1] == h_T[1]).all())
    True
    """
    xs, h0, live = _check_layer(xs, p, h0, lengths, reset, z_keeps)
    (T, B, D), H = xs.shape, len(p.W_h)
    padded = not live.all()
    W, V = _stack_weights(p, z_keeps)
    s = np.empty((T + 1, B, D + 1 + H), dtype=xs.dtype)
    s[:T, :, :D] = xs
    s[T, :, :D] = 0  # nothing is read after the last step
    s[:, :, D] = 1
    hs = s[:, :, D + 1 :]
    hs[0] = h0
    gates = np.empty((4, T, B, H), dtype=xs.dtype)
    r, z, n, m = gates
    inputs = s[:T].reshape(T * B, D + 1 + H)[:, : D + 1]
    for k in range(3):  # x_t W_x + b of all steps at once
        np.matmul(inputs, W[:, k * H : k * H + H], out=gates[k].reshape(T * B, H))
    if padded:
        z[~live[:, :, 0]] = np.inf  # a_z = inf is z = 1: a finished sequence keeps h
    half = np.array(0.5, dtype=xs.dtype)
    for t in range(T):
        h_prev, rz = hs[t], gates[:2, t]
        if reset == "after":
            a = s[t, :, D:] @ V  # h_prev W_h, and b_hn for the candidate
            m[t] = a[:, 2 * H :]
        else:
            a = h_prev @ V[1:, : 2 * H]
        r[t] += a[:, :H]
        z[t] += a[:, H : 2 * H]
        np.tanh(rz, out=rz)  # of a/2, since the weights are halved, so
        rz *= half
        rz += half  # (12.1) and (12.2)
        if reset == "after":
            n[t] += r[t] * m[t]
        else:
            np.multiply(r[t], h_prev, out=m[t])
            n[t] += m[t] @ V[1:, 2 * H :]
        np.tanh(n[t], out=n[t])  # (12.3) or (12.4)
        hs[t + 1] = n[t] + z[t] * (h_prev - n[t])  # (12.5)
        if padded:
            np.copyto(hs[t + 1], h_prev, where=~live[t])  # (7.9), to the last digit
    # copies, since the caller may change them and the cache stays
    return hs[1:].copy(), hs[T].copy(), GRULayerCache(s, gates, reset, z_keeps)


def gru_backward(
    dhs: Array, cache: GRULayerCache, p: GRUParams, dh_T: Array | None = None
) -> tuple[Array, Array, GRUParams]:
    """Go back through time.

    Parameters
    ----------
    dhs : (T, B, H) array
        Derivative of the loss with respect to each state, through its own output.
    cache : GRULayerCache
        From :func:`gru_forward`; it knows the place of the reset gate.
    p : GRUParams
        The weights of that forward pass.
    dh_T : (B, H) array, optional
        What arrives at the last state from beyond; zeros if left out.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dh0 : (B, H) array
    dp : GRUParams
        Summed over time and batch; ``b_hn`` zero with ``reset="before"``.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_gru(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = gru_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> dxs, dh0, dp = gru_backward(np.ones_like(hs), cache, p)
    >>> bool(dxs[4:, 1].any())
    False
    """
    if not isinstance(cache, GRULayerCache):
        raise TypeError(f"cache must come from gru_forward, got {type(cache).__name__}")
    s, (r, z, _, _), reset, z_keeps = cache
    T, B, H = z.shape
    D = s.shape[2] - 1 - H
    dh = _check_backward(dhs, dh_T, T, B, H, s.dtype)
    _check_params(p, s.dtype, D=D, H=H, reset=reset, z_keeps=z_keeps)
    p = p if z_keeps else flip_z(p)
    W_hr, W_hz, W_hn = np.split(p.W_h, 3, axis=1)
    # The blocks of das: m, r, z, n after, so that what W_h reads and what W_x reads
    # are neighbours; r, z, n before.
    W_back = np.concatenate([W_hn, W_hr, W_hz], axis=1).T.copy()
    K = 4 if reset == "after" else 3
    das = np.empty((T, B, K, H), dtype=s.dtype)
    n_steps = max(1, 2**14 // max(1, B * H))  # so many stay in a core's cache
    for end in range(T, 0, -n_steps):
        start = max(0, end - n_steps)
        slopes = _slopes(cache, slice(start, end))
        for t in reversed(range(start, end)):
            dh = dhs[t] + dh  # (8.9)
            da, slope = das[t].swapaxes(0, 1), slopes[:, t - start]  # blocks (K, B, H)
            rows = das[t].reshape(B, K * H)
            if reset == "after":
                np.multiply(slope, dh, out=da)  # (12.7) to (12.9) and (12.11)
                dh = dh * z[t] + rows[:, : 3 * H] @ W_back  # (12.7) and (12.12)
            else:
                np.multiply(slope[1:], dh, out=da[1:])  # (12.7), (12.8) and (12.11)
                dm = rows[:, 2 * H :] @ W_back[:H]  # (12.10)
                np.multiply(slope[0], dm, out=da[0])  # (12.10) and (12.11)
                dh = dh * z[t] + dm * r[t]  # (12.7) and (12.12)
                dh += rows[:, : 2 * H] @ W_back[H:]  # (12.12)
    dxs, dp = _after_the_loop(das, cache, p)
    return dxs, dh, dp


def _stack_weights(p: GRUParams, z_keeps: bool) -> tuple[Array, Array]:
    """Return [W_x, b] and [b_h, W_h], halved where a sigmoid is taken from tanh.

    σ(a) = ½ + ½ tanh(a/2). The other convention of z is this one with its weights
    negated (12.15).
    """
    p = p if z_keeps else flip_z(p)
    H = len(p.W_h)
    b_h = np.zeros_like(p.b)
    b_h[2 * H :] = p.b_hn
    W, V = np.concatenate([p.W_x, p.b[None]]), np.concatenate([b_h[None], p.W_h])
    W[:, : 2 * H] /= 2
    V[:, : 2 * H] /= 2
    return W, V


def _slopes(cache: GRULayerCache, steps: slice) -> Array:
    """Return what dh is multiplied with to give the da of several steps.

    Blocks m, r, z, n with the reset gate after; r, z, n with it before, where r is
    multiplied with dm instead.
    """
    h_prev = cache.s[:-1][steps, :, -cache.gates.shape[3] :]
    r, z, n, m = cache.gates[:, steps]
    slopes = np.empty((4, *z.shape), dtype=z.dtype)
    d_m, d_r, d_z, d_n = slopes
    np.subtract(1, z, out=d_m)
    np.subtract(h_prev, n, out=d_z)
    d_z *= z
    d_z *= d_m  # (12.7) and (12.11)
    np.multiply(n, n, out=d_n)
    np.subtract(1, d_n, out=d_n)
    d_n *= d_m  # (12.7) and (12.8)
    np.subtract(1, r, out=d_r)
    d_r *= m  # with another r, (12.9) and (12.11); before, m holds that r: (12.10)
    if cache.reset == "before":
        return slopes[1:]
    np.multiply(d_n, r, out=d_m)  # (12.9)
    d_r *= d_m
    return slopes


def _after_the_loop(
    das: Array, cache: GRULayerCache, p: GRUParams
) -> tuple[Array, GRUParams]:
    """Turn all da_t into the gradients of inputs and weights, a product or two each."""
    (T, B, K, H), D = das.shape, len(p.W_x)
    da, rows = das.reshape(T * B, K * H), cache.s[:T].reshape(T * B, D + 1 + H)
    da_h, da_x = da[:, :-H], da[:, -3 * H :]
    dxs = (da_x @ p.W_x.T).reshape(T, B, D)  # (12.12)
    dW = rows[:, : D + 1].T @ da_x  # (12.13)
    dV = rows[:, D:].T @ da_h  # (12.13)
    if cache.reset == "after":  # m, r, z
        db_hn, dW_h = dV[0, :H], [dV[1:, H:], dV[1:, :H]]
    else:  # r, z, and what the candidate met
        m = cache.gates[3].reshape(T * B, H)
        db_hn, dW_h = np.zeros_like(p.b_hn), [dV[1:], m.T @ da[:, -H:]]
    dp = GRUParams(dW[:D], np.concatenate(dW_h, axis=1), dW[D], db_hn)
    return dxs, dp if cache.z_keeps else flip_z(dp)  # (12.15)


# -- checks at the door ------------------------------------------------------------


def check_kind(reset: str, z_keeps: bool) -> None:
    """Raise unless the place of the reset gate and the convention of z are known.

    Examples
    --------
    >>> check_kind("between", True)
    Traceback (most recent call last):
        ...
    ValueError: reset must be one of 'after', 'before', got 'between'
    """
    check_choice("reset", reset, RESETS)
    if not isinstance(z_keeps, bool):
        raise TypeError(f"z_keeps must be True or False, got {z_keeps!r}")


def check_no_inner_bias(p: GRUParams) -> None:
    """Raise unless ``b_hn`` is zero, as it must be with ``reset="before"``.

    Examples
    --------
    >>> check_no_inner_bias(init_gru(3, 5, rng=np.random.default_rng(0)))
    """
    if p.b_hn.any():
        raise ValueError(
            'p.b_hn must be zeros with reset="before", where the candidate has one '
            f"bias, got {p.b_hn[p.b_hn != 0][0]:.6g}; add it to the last third of p.b"
        )


def _check_params(
    p: GRUParams,
    dtype: Any,
    D: int | None = None,
    H: int | None = None,
    *,
    reset: str,
    z_keeps: bool,
) -> tuple[int, int]:
    check_kind(reset, z_keeps)
    D, H = check_weights(p, GRUParams, SHAPES, D, H)
    check_dtype("p.W_x", p.W_x, dtype)
    if reset == "before":
        check_no_inner_bias(p)
    return D, H


def _check_layer(
    xs: Array, p: GRUParams, h0: Array | None, lengths: Any, reset: str, z_keeps: bool
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return the inputs with empty padding, the first state, and who is live."""
    check_float("xs", xs)
    D, H = _check_params(p, xs.dtype, reset=reset, z_keeps=z_keeps)
    check_shape("xs", xs, "T B D", D=D)
    T, B, _ = xs.shape
    if T == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    h0 = open_state("h0", h0, B, H, xs.dtype)
    live = np.ones((T, B, 1), dtype=bool)
    if lengths is not None:
        live = (np.arange(T)[:, None] < check_lengths(lengths, T, B))[:, :, None]
        xs = np.where(live, xs, 0)  # 0 · NaN is NaN, so a mask later comes too late
    check_finite("xs", xs)
    return xs, h0, live


def _check_backward(
    dhs: Array, dh_T: Array | None, T: int, B: int, H: int, dtype: Any
) -> Array:
    """Return what arrives at the last state."""
    check_shape("dhs", dhs, "T B H", T=T, B=B, H=H)
    check_dtype("dhs", dhs, dtype)
    return open_state("dh_T", dh_T, B, H, dtype)

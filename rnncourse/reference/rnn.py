"""The simple recurrent layer: one loop, forward and backward.

The textbook twin writes one equation a line and specifies; the fast twin stacks
``s_t = [1, x_t, h_{t-1}]`` into one row per sequence, so that a step is one product
and all gradients of weights and inputs are one product each after the loop. A test
holds the two equal.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.functional import relu
from rnncourse.reference.validate import (
    Array,
    check_choice,
    check_draw,
    check_dtype,
    check_finite,
    check_float,
    check_lengths,
    check_shape,
    check_size,
)


class RNNParams(NamedTuple):
    """Weights of a recurrent layer: ``W_x`` (D, H), ``W_h`` (H, H), ``b`` (H,)."""

    W_x: Array
    W_h: Array
    b: Array


class RNNCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_prev: Array
    h: Array
    nonlinearity: str = "tanh"


class RNNLayerCache(NamedTuple):
    """What a layer remembers: all that was read, stacked, and who was still live."""

    s: Array  # (T + 1, B, 1 + D + H), the rows [1, x_t, h_{t-1}]
    live: NDArray[np.bool_] | None  # (T, B, 1), or None where all lengths are T
    nonlinearity: str = "tanh"


NONLINEARITIES = ("tanh", "relu")
TextbookCache = list[tuple[RNNCache, NDArray[np.bool_]]]


def init_rnn(
    D: int, H: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> RNNParams:
    """Draw uniform(−1/√H, 1/√H) weights, as ``torch.nn.RNN`` does, and zero biases.

    Examples
    --------
    >>> init_rnn(3, 5, rng=np.random.default_rng(0)).W_h.shape
    (5, 5)
    """
    check_size("D", D)
    check_size("H", H)
    check_draw(rng, dtype)
    k = H**-0.5
    return RNNParams(
        W_x=rng.uniform(-k, k, size=(D, H)).astype(dtype),
        W_h=rng.uniform(-k, k, size=(H, H)).astype(dtype),
        b=np.zeros(H, dtype=dtype),
    )


def rnn_step(
    x: Array, h_prev: Array, p: RNNParams, *, nonlinearity: str = "tanh"
) -> tuple[Array, RNNCache]:
    """Read one input.

    Parameters
    ----------
    x : (B, D) array, float32 or float64
    h_prev : (B, H) array of the same dtype
    p : RNNParams of the same dtype
    nonlinearity : "tanh" or "relu"

    Returns
    -------
    h : (B, H) array
        The new state.
    cache : RNNCache
        For :func:`rnn_step_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit; the message names it.

    Examples
    --------
    >>> p = RNNParams(np.array([[1.0]]), np.array([[0.5]]), np.zeros(1))
    >>> h, cache = rnn_step(np.log([[2.0]]), np.zeros((1, 1)), p)
    >>> h.round(3)
    array([[0.6]])
    """
    check_choice("nonlinearity", nonlinearity, NONLINEARITIES)
    check_float("x", x)
    D, H = _check_params(p, x.dtype)
    check_shape("x", x, "B D", D=D)
    check_shape("h_prev", h_prev, "B H", B=x.shape[0], H=H)
    check_dtype("h_prev", h_prev, x.dtype)
    a = x @ p.W_x + h_prev @ p.W_h + p.b  # (7.3)
    h = np.tanh(a) if nonlinearity == "tanh" else relu(a)  # (7.4)
    return h, RNNCache(x, h_prev, h, nonlinearity)


def rnn_step_backward(
    dh: Array, cache: RNNCache, p: RNNParams
) -> tuple[Array, Array, RNNParams]:
    """Differentiate :func:`rnn_step`.

    Parameters
    ----------
    dh : (B, H) array
        Derivative with respect to the new state, from the output and the future.
    cache : RNNCache
        From :func:`rnn_step`.
    p : RNNParams
        The weights of that step.

    Returns
    -------
    dx : (B, D) array
    dh_prev : (B, H) array
    dp : RNNParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = RNNParams(np.array([[1.0]]), np.array([[0.5]]), np.zeros(1))
    >>> _, cache = rnn_step(np.log([[2.0]]), np.zeros((1, 1)), p)
    >>> dx, dh_prev, dp = rnn_step_backward(np.ones((1, 1)), cache, p)
    >>> dx.round(2), dh_prev.round(2)
    (array([[0.64]]), array([[0.32]]))
    """
    if not isinstance(cache, RNNCache):
        raise TypeError(f"cache must come from rnn_step, got {type(cache).__name__}")
    x, h_prev, h, nonlinearity = cache
    _check_params(p, h.dtype, D=x.shape[1], H=h.shape[1])
    check_shape("dh", dh, "B H", B=h.shape[0], H=h.shape[1])
    check_dtype("dh", dh, h.dtype)
    da = dh * _slope(h, nonlinearity)  # (8.10)
    dx = da @ p.W_x.T  # (8.11)
    dh_prev = da @ p.W_h.T  # (8.12)
    dp = RNNParams(
        W_x=x.T @ da,  # (8.13), the term of this step
        W_h=h_prev.T @ da,  # (8.14)
        b=da.sum(axis=0),  # (8.15)
    )
    return dx, dh_prev, dp


# -- the textbook twin: one equation a line ----------------------------------------


def rnn_forward_textbook(
    xs: Array,
    p: RNNParams,
    h0: Array | None = None,
    lengths: Any = None,
    *,
    nonlinearity: str = "tanh",
) -> tuple[Array, Array, TextbookCache]:
    """Read a batch of sequences, step by step; see :func:`rnn_forward`.

    Examples
    --------
    >>> p = init_rnn(3, 5, rng=np.random.default_rng(0))
    >>> hs, h_T, caches = rnn_forward_textbook(np.ones((7, 2, 3)), p)
    >>> hs.shape
    (7, 2, 5)
    """
    xs, h, live = _check_layer(xs, p, h0, lengths)
    hs, caches = [], []
    for t in range(len(xs)):
        h_new, cache = rnn_step(xs[t], h, p, nonlinearity=nonlinearity)
        h = np.where(live[t], h_new, h)  # (7.9)
        hs.append(h)
        caches.append((cache, live[t]))
    return np.stack(hs), h, caches


def rnn_backward_textbook(
    dhs: Array, caches: TextbookCache, p: RNNParams, dh_T: Array | None = None
) -> tuple[Array, Array, RNNParams]:
    """Go back through time, step by step; see :func:`rnn_backward`.

    Examples
    --------
    >>> p = init_rnn(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, caches = rnn_forward_textbook(np.ones((7, 2, 3)), p)
    >>> dxs, dh0, dp = rnn_backward_textbook(np.ones_like(hs), caches, p)
    >>> dxs.shape
    (7, 2, 3)
    """
    if not isinstance(caches, list) or not caches:
        kind = type(caches).__name__
        raise TypeError(f"caches must come from rnn_forward_textbook, got {kind}")
    x, _, h, _ = caches[0][0]
    B, D = x.shape
    dh = _check_backward(dhs, p, dh_T, len(caches), B, D, h.dtype)
    dxs, dp = [], RNNParams(*(np.zeros_like(w) for w in p))
    for t in reversed(range(len(dhs))):
        cache, live = caches[t]
        dh = dhs[t] + dh  # (8.9)
        dx, dh_prev, dp_t = rnn_step_backward(np.where(live, dh, 0), cache, p)
        dh = np.where(live, dh_prev, dh)  # from (7.9)
        dxs.append(dx)
        dp = RNNParams(*(total + now for total, now in zip(dp, dp_t, strict=True)))
    return np.stack(dxs[::-1]), dh, dp


# -- the fast twin: stacked rows ---------------------------------------------------


def rnn_forward(
    xs: Array,
    p: RNNParams,
    h0: Array | None = None,
    lengths: Any = None,
    *,
    nonlinearity: str = "tanh",
) -> tuple[Array, Array, RNNLayerCache]:
    """Read a batch of sequences.

    Parameters
    ----------
    xs : (T, B, D) array, float32 or float64
    p : RNNParams of the same dtype
    h0 : (B, H) array of the same dtype, optional
        State before the first step; zeros if left out.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its state, so what stands after its length is
        never read (it may be NaN) and ``h_T`` is the state after its last valid
        step. ``torch.nn`` writes zeros there in a packed sequence.
    nonlinearity : "tanh" or "relu"
        The cache remembers it for the way back.

    Returns
    -------
    hs : (T, B, H) array
        The states.
    h_T : (B, H) array
        The last one.
    cache : RNNLayerCache
        For :func:`rnn_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or a length does not fit, or a valid input is not
        finite; the message names it.

    Examples
    --------
    >>> p = init_rnn(3, 5, rng=np.random.default_rng(0))
    >>> hs, h_T, cache = rnn_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> bool((hs[3, 1] == h_T[1]).all())
    True
    """
    xs, h, live = _check_layer(xs, p, h0, lengths)
    (T, B, D), H = xs.shape, len(p.b)
    check_choice("nonlinearity", nonlinearity, NONLINEARITIES)
    padded = not live.all()
    W = np.concatenate([p.b[None], p.W_x, p.W_h])  # (1 + D + H, H)
    s = np.empty((T + 1, B, 1 + D + H), dtype=xs.dtype)
    s[:, :, 0] = 1
    s[:T, :, 1 : 1 + D] = xs
    s[T, :, 1 : 1 + D] = 0  # nothing is read after the last step
    s[0, :, 1 + D :] = h
    for t in range(T):
        a = s[t] @ W  # (7.10), which is (7.3)
        h_new = np.tanh(a) if nonlinearity == "tanh" else relu(a)  # (7.4)
        h = np.where(live[t], h_new, h) if padded else h_new  # (7.9)
        s[t + 1, :, 1 + D :] = h
    hs = s[1:, :, 1 + D :].copy()  # the caller may change it, the cache stays
    return hs, h, RNNLayerCache(s, live if padded else None, nonlinearity)


def rnn_backward(
    dhs: Array, cache: RNNLayerCache, p: RNNParams, dh_T: Array | None = None
) -> tuple[Array, Array, RNNParams]:
    """Go back through time.

    Parameters
    ----------
    dhs : (T, B, H) array
        Derivative of the loss with respect to each state, through its own output.
    cache : RNNLayerCache
        From :func:`rnn_forward`.
    p : RNNParams
        The weights of that forward pass.
    dh_T : (B, H) array, optional
        What arrives at the last state from beyond; zeros if left out.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dh0 : (B, H) array
    dp : RNNParams
        Summed over time and batch.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_rnn(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = rnn_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> dxs, dh0, dp = rnn_backward(np.ones_like(hs), cache, p)
    >>> bool(dxs[4:, 1].any())
    False
    """
    hs, live = _open(cache, p)
    dh = _check_backward(dhs, p, dh_T, len(hs), hs.shape[1], len(p.W_x), hs.dtype)
    slope = _slope(hs, cache.nonlinearity)  # dh/da
    das = np.empty_like(slope)
    W_back = p.W_h.T.copy()  # row by row in memory, since every step reads it
    for t in reversed(range(len(hs))):
        dh = dhs[t] + dh  # (8.9)
        da = np.multiply(dh, slope[t], out=das[t])  # (8.10)
        if live is None:
            dh = da @ W_back  # (8.12)
        else:
            da *= live[t]
            dh = np.where(live[t], da @ W_back, dh)  # (8.12) and from (7.9)
    dxs, dp = _after_the_loop(das, cache, p)
    return dxs, dh, dp


def rnn_backward_truncated(
    dhs: Array,
    cache: RNNLayerCache,
    p: RNNParams,
    tau: int,
    dh_T: Array | None = None,
) -> tuple[Array, Array, RNNParams]:
    """Go back through time, but through at most ``tau`` steps for each loss.

    Every loss keeps its ``tau`` most recent Jacobians, which is the sum (8.17); the
    same as cutting the graph ``tau`` steps before each loss. ``tau=0`` leaves the
    immediate derivative, ``tau >= T`` the full gradient. The cost grows with
    T · tau, since the losses are followed one by one.

    Parameters
    ----------
    dhs, cache, p, dh_T
        As in :func:`rnn_backward`.
    tau : int
        At least 0.

    Returns
    -------
    dxs : (T, B, D) array
    dh0 : (B, H) array
    dp : RNNParams

    Raises
    ------
    TypeError, ValueError
        As in :func:`rnn_backward`, and if ``tau`` is negative or no whole number.

    Examples
    --------
    >>> p = init_rnn(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = rnn_forward(np.ones((7, 2, 3)), p)
    >>> _, dh0, _ = rnn_backward_truncated(np.ones_like(hs), cache, p, tau=2)
    >>> dh0.shape
    (2, 5)
    """
    hs, live = _open(cache, p)
    T, B, H = hs.shape
    dh_T = _check_backward(dhs, p, dh_T, T, B, len(p.W_x), hs.dtype)
    check_size("tau", tau, least=0)
    # ages[k]: what arrives at this step from the losses k steps later
    ages = np.zeros((min(tau, T) + 1, B, H), dtype=hs.dtype)
    ages[0] = dh_T  # a loss on the last state is as old as the last output's
    slope = _slope(hs, cache.nonlinearity)
    das = np.empty_like(slope)
    for t in reversed(range(T)):
        ages[0] += dhs[t]
        each = ages * slope[t]
        das[t] = each.sum(axis=0)  # (8.17)
        older = np.zeros_like(ages)
        older[1:] = each[:-1] @ p.W_h.T  # the oldest goes no further
        if live is None:
            ages = older
        else:  # a finished sequence hands the gradient on without growing older
            das[t] *= live[t]
            ages = np.where(live[t], older, ages)
    dxs, dp = _after_the_loop(das, cache, p)
    return dxs, ages.sum(axis=0), dp


def _slope(h: Array, nonlinearity: str) -> Array:
    """Return dh/da, which either nonlinearity lets one read off its own value."""
    slope: Array = 1 - h**2 if nonlinearity == "tanh" else (h > 0).astype(h.dtype)
    return slope


def _open(cache: RNNLayerCache, p: RNNParams) -> tuple[Array, NDArray[np.bool_] | None]:
    """Return the states (T, B, H) and who was live."""
    if not isinstance(cache, RNNLayerCache):
        raise TypeError(f"cache must come from rnn_forward, got {type(cache).__name__}")
    D, H = _check_params(p, cache.s.dtype)
    if cache.s.shape[2] != 1 + D + H:
        raise ValueError(
            f"p must be the weights of the forward pass, with D + H = "
            f"{cache.s.shape[2] - 1}, got D={D}, H={H}"
        )
    return cache.s[1:, :, 1 + D :], cache.live


def _after_the_loop(
    das: Array, cache: RNNLayerCache, p: RNNParams
) -> tuple[Array, RNNParams]:
    """Turn all da_t into the gradients of inputs and weights, one product each."""
    (T, B, H), (D, _) = das.shape, p.W_x.shape
    da = das.reshape(T * B, H)
    dxs = (da @ p.W_x.T).reshape(T, B, D)  # (8.11)
    dW = cache.s[:T].reshape(T * B, 1 + D + H).T @ da  # (8.13), (8.14) and (8.15)
    return dxs, RNNParams(W_x=dW[1 : 1 + D], W_h=dW[1 + D :], b=dW[0])


# -- checks at the door ------------------------------------------------------------


def _check_params(
    p: RNNParams, dtype: Any, D: int | None = None, H: int | None = None
) -> tuple[int, int]:
    if not isinstance(p, RNNParams):
        raise TypeError(f"p must be RNNParams, got {type(p).__name__}")
    check_shape("p.W_x", p.W_x, "D H", D=D, H=H)
    D, H = p.W_x.shape
    check_shape("p.W_h", p.W_h, "H H", H=H)
    check_shape("p.b", p.b, "H", H=H)
    for name, w in p._asdict().items():
        check_dtype(f"p.{name}", w, dtype)
    return D, H


def _check_layer(
    xs: Array, p: RNNParams, h0: Array | None, lengths: Any
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return the inputs with empty padding, the first state, and who is live."""
    check_float("xs", xs)
    D, H = _check_params(p, xs.dtype)
    check_shape("xs", xs, "T B D", D=D)
    T, B, _ = xs.shape
    if T == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    if h0 is None:
        h0 = np.zeros((B, H), dtype=xs.dtype)
    check_shape("h0", h0, "B H", B=B, H=H)
    check_dtype("h0", h0, xs.dtype)
    live = np.ones((T, B, 1), dtype=bool)
    if lengths is not None:
        ends = check_lengths(lengths, T, B)
        live = (np.arange(T)[:, None] < ends)[:, :, None]
        xs = np.where(live, xs, 0)  # 0 · NaN is NaN, so a mask later comes too late
    check_finite("xs", xs)
    return xs, h0, live


def _check_backward(
    dhs: Array, p: RNNParams, dh_T: Array | None, T: int, B: int, D: int, dtype: Any
) -> Array:
    """Return what arrives at the last state."""
    _, H = _check_params(p, dtype, D=D)
    check_shape("dhs", dhs, "T B H", T=T, B=B, H=H)
    check_dtype("dhs", dhs, dtype)
    if dh_T is None:
        dh_T = np.zeros((B, H), dtype=dtype)
    check_shape("dh_T", dh_T, "B H", B=B, H=H)
    check_dtype("dh_T", dh_T, dtype)
    return dh_T

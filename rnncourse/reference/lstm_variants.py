"""Two kinds of LSTM with fewer gates: coupled gates, and no forget gate.

Each is the plain LSTM of :mod:`rnncourse.reference.lstm` with one line changed; the
steps say which.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.functional import sigmoid
from rnncourse.reference.lstm import LSTMParams
from rnncourse.reference.lstm_loop import (
    PLAIN,
    Cell,
    LoopCache,
    check_step,
    check_step_backward,
    check_weights,
    draw_weights,
    loop_backward,
    loop_forward,
)
from rnncourse.reference.validate import Array, check_finite

# -- coupled gates: what is kept is not written ------------------------------------


class CoupledParams(NamedTuple):
    """Weights ``W_x`` (D, 3H), ``W_h`` (H, 3H), ``b`` (3H,); gate order f, g, o."""

    W_x: Array
    W_h: Array
    b: Array


class CoupledCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_prev: Array
    c_prev: Array
    f: Array
    g: Array
    o: Array
    tanh_c: Array


def init_coupled(
    D: int,
    H: int,
    *,
    rng: np.random.Generator,
    forget_bias: float = 1.0,
    dtype: Any = np.float64,
) -> CoupledParams:
    """Draw uniform(−1/√H, 1/√H) weights; zero biases but f's.

    Examples
    --------
    >>> init_coupled(3, 5, rng=np.random.default_rng(0)).W_h.shape
    (5, 15)
    """
    W_x, W_h, _ = draw_weights(D, H, 3, rng=rng, dtype=dtype)
    b = np.zeros(3 * H, dtype=dtype)
    b[:H] = forget_bias  # start by remembering
    return CoupledParams(W_x, W_h, b)


def coupled_step(
    x: Array, h_prev: Array, c_prev: Array, p: CoupledParams
) -> tuple[Array, Array, CoupledCache]:
    """Read one input; the cell moves from its old value towards the candidate.

    Source: Greff et al., "LSTM: a search space odyssey", 2017, variant CIFG.

    Parameters
    ----------
    x : (B, D) array, float32 or float64
    h_prev, c_prev : (B, H) arrays of the same dtype
    p : CoupledParams of the same dtype

    Returns
    -------
    h, c : (B, H) arrays
    cache : CoupledCache
        For :func:`coupled_step_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit; the message names it.

    Examples
    --------
    >>> p = CoupledParams(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(3))
    >>> _, c, _ = coupled_step(np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)), p)
    >>> c  # f = 1/2 and g = 0
    array([[0.5]])
    """
    check_step(COUPLED, x, h_prev, c_prev, p)
    a = x @ p.W_x + h_prev @ p.W_h + p.b  # (10.1)
    a_f, a_g, a_o = np.split(a, 3, axis=1)
    f = sigmoid(a_f)  # (10.3)
    g = np.tanh(a_g)  # (10.4)
    o = sigmoid(a_o)  # (10.5)
    c = f * c_prev + (1 - f) * g  # (11.4) in (11.5)
    tanh_c = np.tanh(c)
    h = o * tanh_c  # (10.7)
    return h, c, CoupledCache(x, h_prev, c_prev, f, g, o, tanh_c)


def coupled_step_backward(
    dh: Array, dc: Array, cache: CoupledCache, p: CoupledParams
) -> tuple[Array, Array, Array, CoupledParams]:
    """Differentiate :func:`coupled_step`.

    Parameters
    ----------
    dh, dc : (B, H) arrays
        Derivatives with respect to the new h and c, from output and future.
    cache : CoupledCache
    p : CoupledParams

    Returns
    -------
    dx : (B, D) array
    dh_prev, dc_prev : (B, H) arrays
    dp : CoupledParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_coupled(3, 5, rng=np.random.default_rng(0))
    >>> one = np.ones((2, 5))
    >>> _, _, cache = coupled_step(np.ones((2, 3)), one, one, p)
    >>> dx, dh_prev, dc_prev, dp = coupled_step_backward(one, one, cache, p)
    >>> dx.shape, dp.b.shape
    ((2, 3), (15,))
    """
    check_step_backward(COUPLED, dh, dc, cache, p)
    x, h_prev, c_prev, f, g, o, tanh_c = cache
    do = dh * tanh_c  # (10.8)
    dc = dc + dh * o * (1 - tanh_c**2)  # (10.9)
    df, dc_prev = dc * (c_prev - g), dc * f  # (11.13) and (10.10)
    dg = dc * (1 - f)  # from (11.5)
    da = np.concatenate(  # (10.12)
        [df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=1
    )
    dp = CoupledParams(x.T @ da, h_prev.T @ da, da.sum(axis=0))  # (10.14)
    return da @ p.W_x.T, da @ p.W_h.T, dc_prev, dp  # (10.13)


COUPLED = Cell(
    "coupled",
    CoupledParams,
    CoupledCache,
    {"W_x": "D 3H", "W_h": "H 3H", "b": "3H"},
    coupled_step,
    coupled_step_backward,
)


def coupled_forward(
    xs: Array,
    p: CoupledParams,
    h0: Array | None = None,
    c0: Array | None = None,
    lengths: Any = None,
) -> tuple[Array, tuple[Array, Array], LoopCache]:
    """Read a batch of sequences.

    Arguments, results and errors as in :func:`rnncourse.reference.lstm.lstm_forward`:
    xs (T, B, D) gives hs (T, B, H), the last h and c (B, H), and a cache. A finished
    sequence keeps h and c.

    Examples
    --------
    >>> p = init_coupled(3, 5, rng=np.random.default_rng(0))
    >>> hs, (h_T, c_T), _ = coupled_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> bool((hs[3, 1] == h_T[1]).all())
    True
    """
    return loop_forward(COUPLED, xs, p, h0, c0, lengths)


def coupled_backward(
    dhs: Array,
    cache: LoopCache,
    p: CoupledParams,
    dh_T: Array | None = None,
    dc_T: Array | None = None,
) -> tuple[Array, tuple[Array, Array], CoupledParams]:
    """Go back through time.

    Arguments, results and errors as in :func:`rnncourse.reference.lstm.lstm_backward`:
    dhs (T, B, H) gives dxs (T, B, D), zero in the padding, dh0 and dc0 (B, H), and dp.

    Examples
    --------
    >>> p = init_coupled(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = coupled_forward(np.ones((7, 2, 3)), p)
    >>> dxs, (dh0, dc0), dp = coupled_backward(np.ones_like(hs), cache, p)
    >>> dxs.shape
    (7, 2, 3)
    """
    return loop_backward(COUPLED, dhs, cache, p, dh_T, dc_T)


# -- no forget gate: the cell only adds --------------------------------------------


class NoForgetParams(NamedTuple):
    """Weights ``W_x`` (D, 3H), ``W_h`` (H, 3H), ``b`` (3H,); gate order i, g, o."""

    W_x: Array
    W_h: Array
    b: Array


class NoForgetCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_prev: Array
    i: Array
    g: Array
    o: Array
    tanh_c: Array


def init_no_forget(
    D: int, H: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> NoForgetParams:
    """Draw uniform(−1/√H, 1/√H) weights and zero biases.

    Examples
    --------
    >>> init_no_forget(3, 5, rng=np.random.default_rng(0)).W_h.shape
    (5, 15)
    """
    W_x, W_h, _ = draw_weights(D, H, 3, rng=rng, dtype=dtype)
    return NoForgetParams(W_x, W_h, np.zeros(3 * H, dtype=dtype))


def no_forget_step(
    x: Array, h_prev: Array, c_prev: Array, p: NoForgetParams
) -> tuple[Array, Array, NoForgetCache]:
    """Read one input; the cell keeps everything and adds to it.

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997; the forget
    gate came three years later. Arguments, results and errors as in
    :func:`coupled_step`.

    Examples
    --------
    >>> p = NoForgetParams(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(3))
    >>> _, c, _ = no_forget_step(np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)), p)
    >>> c  # g = 0
    array([[1.]])
    """
    check_step(NO_FORGET, x, h_prev, c_prev, p)
    a = x @ p.W_x + h_prev @ p.W_h + p.b  # (10.1)
    a_i, a_g, a_o = np.split(a, 3, axis=1)
    i = sigmoid(a_i)  # (10.2)
    g = np.tanh(a_g)  # (10.4)
    o = sigmoid(a_o)  # (10.5)
    c = c_prev + i * g  # (11.6)
    tanh_c = np.tanh(c)
    h = o * tanh_c  # (10.7)
    return h, c, NoForgetCache(x, h_prev, i, g, o, tanh_c)


def no_forget_step_backward(
    dh: Array, dc: Array, cache: NoForgetCache, p: NoForgetParams
) -> tuple[Array, Array, Array, NoForgetParams]:
    """Differentiate :func:`no_forget_step`; see :func:`coupled_step_backward`.

    Examples
    --------
    >>> p = init_no_forget(3, 5, rng=np.random.default_rng(0))
    >>> one = np.ones((2, 5))
    >>> _, _, cache = no_forget_step(np.ones((2, 3)), one, one, p)
    >>> dx, dh_prev, dc_prev, dp = no_forget_step_backward(one, one, cache, p)
    >>> dx.shape, dp.b.shape
    ((2, 3), (15,))
    """
    check_step_backward(NO_FORGET, dh, dc, cache, p)
    x, h_prev, i, g, o, tanh_c = cache
    do = dh * tanh_c  # (10.8)
    dc = dc + dh * o * (1 - tanh_c**2)  # (10.9); from (11.6) also dc_prev
    di, dg = dc * g, dc * i  # (10.11)
    da = np.concatenate(  # (10.12)
        [di * i * (1 - i), dg * (1 - g**2), do * o * (1 - o)], axis=1
    )
    dp = NoForgetParams(x.T @ da, h_prev.T @ da, da.sum(axis=0))  # (10.14)
    return da @ p.W_x.T, da @ p.W_h.T, dc, dp  # (10.13)


NO_FORGET = Cell(
    "no_forget",
    NoForgetParams,
    NoForgetCache,
    {"W_x": "D 3H", "W_h": "H 3H", "b": "3H"},
    no_forget_step,
    no_forget_step_backward,
)


def no_forget_forward(
    xs: Array,
    p: NoForgetParams,
    h0: Array | None = None,
    c0: Array | None = None,
    lengths: Any = None,
) -> tuple[Array, tuple[Array, Array], LoopCache]:
    """Read a batch of sequences; see :func:`coupled_forward`.

    Examples
    --------
    >>> p = init_no_forget(3, 5, rng=np.random.default_rng(0))
    >>> hs, (h_T, c_T), _ = no_forget_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> bool((hs[3, 1] == h_T[1]).all())
    True
    """
    return loop_forward(NO_FORGET, xs, p, h0, c0, lengths)


def no_forget_backward(
    dhs: Array,
    cache: LoopCache,
    p: NoForgetParams,
    dh_T: Array | None = None,
    dc_T: Array | None = None,
) -> tuple[Array, tuple[Array, Array], NoForgetParams]:
    """Go back through time; see :func:`coupled_backward`.

    Examples
    --------
    >>> p = init_no_forget(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = no_forget_forward(np.ones((7, 2, 3)), p)
    >>> dxs, (dh0, dc0), dp = no_forget_backward(np.ones_like(hs), cache, p)
    >>> dxs.shape
    (7, 2, 3)
    """
    return loop_backward(NO_FORGET, dhs, cache, p, dh_T, dc_T)


# -- as plain LSTMs ----------------------------------------------------------------


def lstm_from_coupled(p: CoupledParams) -> LSTMParams:
    """Write coupled gates as a plain LSTM: i has the weights of f, negated.

    The same network, since σ(−a) = 1 − σ(a), but training the result would let the
    two gates part.

    Raises
    ------
    TypeError, ValueError
        If it is no CoupledParams, or a shape or dtype does not fit.

    Examples
    --------
    >>> p = CoupledParams(np.zeros((2, 3)), np.zeros((1, 3)), np.array([1.0, 2, 3]))
    >>> lstm_from_coupled(p).b
    array([-1.,  1.,  2.,  3.])
    """
    _, H = check_weights(p, CoupledParams, COUPLED.shapes)
    return LSTMParams(  # (11.4)
        *(np.concatenate([-w[..., :H], w], axis=-1) for w in p)
    )


def coupled_from_lstm(p: LSTMParams) -> CoupledParams:
    """Couple the gates of a plain LSTM whose i has f's weights, negated.

    Raises
    ------
    TypeError, ValueError
        If it is no LSTMParams, a shape or dtype does not fit, or i is not 1 − f: no
        coupled LSTM computes the same then.

    Examples
    --------
    >>> coupled_from_lstm(LSTMParams(np.ones((2, 4)), np.ones((1, 4)), np.ones(4)))
    Traceback (most recent call last):
        ...
    ValueError: p.W_x must be negated from f to i, got 1.0 and 1.0 at (0, 0)
    """
    _, H = check_weights(p, LSTMParams, PLAIN)
    for name, w in zip(PLAIN, p, strict=True):
        w_i, w_f = w[..., :H], w[..., H : 2 * H]
        if (w_i != -w_f).any():
            at = tuple(int(k) for k in np.argwhere(w_i != -w_f)[0])
            raise ValueError(
                f"p.{name} must be negated from f to i, "
                f"got {w_i[at]} and {w_f[at]} at {at}"
            )
    return CoupledParams(*(w[..., H:].copy() for w in p))


def lstm_from_no_forget(p: NoForgetParams, forget_bias: float = 40.0) -> LSTMParams:
    """Write the cell without a forget gate as a plain LSTM whose f stays open.

    f reads nothing and is σ(forget_bias), so that only an infinite bias gives the
    same network. In each step 1 − f ≈ exp(−forget_bias) of the cell is lost, which
    at 40 is less than float64 can tell.

    Raises
    ------
    TypeError, ValueError
        If it is no NoForgetParams, a shape or dtype does not fit, or the bias is not
        finite.

    Examples
    --------
    >>> p = NoForgetParams(np.zeros((2, 3)), np.zeros((1, 3)), np.array([1.0, 2, 3]))
    >>> lstm_from_no_forget(p).b
    array([ 1., 40.,  2.,  3.])
    """
    _, H = check_weights(p, NoForgetParams, NO_FORGET.shapes)
    check_finite("forget_bias", np.asarray(forget_bias))
    W_x, W_h, b = (
        np.concatenate([w[..., :H], np.zeros_like(w[..., :H]), w[..., H:]], axis=-1)
        for w in p
    )
    b[H : 2 * H] = forget_bias
    return LSTMParams(W_x, W_h, b)

"""Layer normalisation, and the LSTM that is normalised by it at three places.

Source: Ba, Kiros and Hinton, "Layer normalization", 2016 (arXiv:1607.06450).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.functional import sigmoid
from rnncourse.reference.lstm_loop import (
    PLAIN,
    Cell,
    LoopCache,
    check_step,
    check_step_backward,
    draw_weights,
    loop_backward,
    loop_forward,
)
from rnncourse.reference.validate import Array, check_dtype, check_float, check_shape

EPS = 1e-5  # torch's default


class LayerNormCache(NamedTuple):
    """What the normalisation remembers: the normalised rows and 1/√(σ²+ε)."""

    unit: Array  # (..., N)
    scale: Array  # (..., 1)


def layer_norm(
    a: Array, gamma: Array, beta: Array, eps: float = EPS
) -> tuple[Array, LayerNormCache]:
    """Give each row mean 0 and variance 1, then a learnt scale and shift.

    Parameters
    ----------
    a : (..., N) array, float32 or float64
        Each row of the last axis by itself; the batch plays no part.
    gamma, beta : (N,) arrays of the same dtype
        Scale and shift.
    eps : float
        Keeps the division finite where a row is constant; the result is beta there.

    Returns
    -------
    y : (..., N) array
    cache : LayerNormCache
        For :func:`layer_norm_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or eps is not positive.

    Examples
    --------
    >>> y, _ = layer_norm(np.array([[1.0, 3.0], [5.0, 5.0]]), np.ones(2), np.zeros(2))
    >>> y.round(3)
    array([[-1.,  1.],
           [ 0.,  0.]])
    """
    check_float("a", a)
    if a.ndim == 0:
        raise ValueError("a must have at least one axis, got ()")
    for name, w in (("gamma", gamma), ("beta", beta)):
        check_shape(name, w, "N", N=a.shape[-1])
        check_dtype(name, w, a.dtype)
    if not eps > 0:
        raise ValueError(f"eps must be positive, got {eps}")
    centred = a - a.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    scale = 1 / np.sqrt(variance + eps)
    unit = centred * scale
    return gamma * unit + beta, LayerNormCache(unit, scale)  # (11.7)


def layer_norm_backward(
    dy: Array, cache: LayerNormCache, gamma: Array
) -> tuple[Array, Array, Array]:
    """Differentiate :func:`layer_norm`.

    A gradient along the row's mean or along the row itself is taken out: adding a
    number to the row or stretching it does not change y (but for eps).

    Parameters
    ----------
    dy : (..., N) array
    cache : LayerNormCache
    gamma : (N,) array

    Returns
    -------
    da : (..., N) array
    dgamma, dbeta : (N,) arrays
        Summed over all other axes.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> a = np.array([[1.0, 2.0, 6.0]])
    >>> _, cache = layer_norm(a, np.ones(3), np.zeros(3))
    >>> da, _, dbeta = layer_norm_backward(np.array([[1.0, 0, 0]]), cache, np.ones(3))
    >>> bool(abs(da.sum()) < 1e-12), dbeta
    (True, array([1., 0., 0.]))
    """
    if not isinstance(cache, LayerNormCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from layer_norm, got {kind}")
    unit, scale = cache
    check_shape("gamma", gamma, "N", N=unit.shape[-1])
    check_dtype("gamma", gamma, unit.dtype)
    check_dtype("dy", dy, unit.dtype)
    if dy.shape != unit.shape:
        raise ValueError(f"dy must have shape {unit.shape}, got {dy.shape}")
    dunit = dy * gamma
    along = (dunit * unit).mean(axis=-1, keepdims=True)
    da = scale * (dunit - dunit.mean(axis=-1, keepdims=True) - unit * along)  # (11.8)
    others = tuple(range(dy.ndim - 1))
    return da, (dy * unit).sum(axis=others), dy.sum(axis=others)


# -- the LSTM ----------------------------------------------------------------------


class LayerNormLSTMParams(NamedTuple):
    """Weights of a layer-normalised LSTM; gate order i, f, g, o.

    ``W_x`` (D, 4H), ``W_h`` (H, 4H), ``b`` (4H,); scale and shift of the input's
    product ``gamma_x``, ``beta_x`` (4H,), of the state's ``gamma_h``, ``beta_h``
    (4H,) and of the cell ``gamma_c``, ``beta_c`` (H,).
    """

    W_x: Array
    W_h: Array
    b: Array
    gamma_x: Array
    beta_x: Array
    gamma_h: Array
    beta_h: Array
    gamma_c: Array
    beta_c: Array


class LayerNormLSTMCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    tanh_c: Array  # of the normalised cell
    norm_x: LayerNormCache
    norm_h: LayerNormCache
    norm_c: LayerNormCache


def init_layer_norm_lstm(
    D: int,
    H: int,
    *,
    rng: np.random.Generator,
    forget_bias: float = 1.0,
    dtype: Any = np.float64,
) -> LayerNormLSTMParams:
    """Draw uniform(−1/√H, 1/√H) weights; scales of one, shifts of zero.

    Examples
    --------
    >>> init_layer_norm_lstm(3, 5, rng=np.random.default_rng(0)).gamma_c
    array([1., 1., 1., 1., 1.])
    """
    W_x, W_h, _ = draw_weights(D, H, 4, rng=rng, dtype=dtype)
    b = np.zeros(4 * H, dtype=dtype)
    b[H : 2 * H] = forget_bias  # start by remembering
    ones, zeros = np.ones(4 * H, dtype=dtype), np.zeros(4 * H, dtype=dtype)
    return LayerNormLSTMParams(
        W_x=W_x,
        W_h=W_h,
        b=b,
        gamma_x=ones,
        beta_x=zeros,
        gamma_h=ones.copy(),
        beta_h=zeros.copy(),
        gamma_c=ones[:H].copy(),
        beta_c=zeros[:H].copy(),
    )


def layer_norm_lstm_step(
    x: Array, h_prev: Array, c_prev: Array, p: LayerNormLSTMParams
) -> tuple[Array, Array, LayerNormLSTMCache]:
    """Read one input; both products, over all gates, and the cell are normalised.

    The cell that is handed on is the plain one; only what h shows is normalised.

    Parameters
    ----------
    x : (B, D) array, float32 or float64
    h_prev, c_prev : (B, H) arrays of the same dtype
    p : LayerNormLSTMParams of the same dtype

    Returns
    -------
    h, c : (B, H) arrays
    cache : LayerNormLSTMCache
        For :func:`layer_norm_lstm_step_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit; the message names it.

    Examples
    --------
    >>> p = init_layer_norm_lstm(3, 5, rng=np.random.default_rng(0))
    >>> x, h, c = np.ones((2, 3)), np.ones((2, 5)), np.zeros((2, 5))
    >>> (a, _, _), (b, _, _) = (layer_norm_lstm_step(s * x, h, c, p) for s in (1, 9))
    >>> bool(abs(a - b).max() < 1e-3)  # the size of the input hardly matters
    True
    """
    check_step(LAYER_NORM_LSTM, x, h_prev, c_prev, p)
    a_x, norm_x = layer_norm(x @ p.W_x, p.gamma_x, p.beta_x)
    a_h, norm_h = layer_norm(h_prev @ p.W_h, p.gamma_h, p.beta_h)
    a = a_x + a_h + p.b  # (11.9)
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    i = sigmoid(a_i)  # (10.2)
    f = sigmoid(a_f)  # (10.3)
    g = np.tanh(a_g)  # (10.4)
    o = sigmoid(a_o)  # (10.5)
    c = f * c_prev + i * g  # (10.6)
    c_norm, norm_c = layer_norm(c, p.gamma_c, p.beta_c)
    tanh_c = np.tanh(c_norm)
    h = o * tanh_c  # (11.10)
    norms = norm_x, norm_h, norm_c
    return h, c, LayerNormLSTMCache(x, h_prev, c_prev, i, f, g, o, tanh_c, *norms)


def layer_norm_lstm_step_backward(
    dh: Array, dc: Array, cache: LayerNormLSTMCache, p: LayerNormLSTMParams
) -> tuple[Array, Array, Array, LayerNormLSTMParams]:
    """Differentiate :func:`layer_norm_lstm_step`.

    Parameters
    ----------
    dh, dc : (B, H) arrays
        Derivatives with respect to the new h and c, from output and future.
    cache : LayerNormLSTMCache
    p : LayerNormLSTMParams

    Returns
    -------
    dx : (B, D) array
    dh_prev, dc_prev : (B, H) arrays
    dp : LayerNormLSTMParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_layer_norm_lstm(3, 5, rng=np.random.default_rng(0))
    >>> one = np.ones((2, 5))
    >>> _, _, cache = layer_norm_lstm_step(np.ones((2, 3)), one, one, p)
    >>> dx, _, _, dp = layer_norm_lstm_step_backward(one, one, cache, p)
    >>> dx.shape, dp.gamma_x.shape
    ((2, 3), (20,))
    """
    check_step_backward(LAYER_NORM_LSTM, dh, dc, cache, p)
    x, h_prev, c_prev, i, f, g, o, tanh_c, norm_x, norm_h, norm_c = cache
    do = dh * tanh_c  # (10.8)
    dc_norm = dh * o * (1 - tanh_c**2)  # from (11.10)
    dc_shown, dgamma_c, dbeta_c = layer_norm_backward(dc_norm, norm_c, p.gamma_c)
    dc = dc + dc_shown
    df, dc_prev = dc * c_prev, dc * f  # (10.10)
    di, dg = dc * g, dc * i  # (10.11)
    da = np.concatenate(  # (10.12)
        [di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)],
        axis=1,
    )
    da_x, dgamma_x, dbeta_x = layer_norm_backward(da, norm_x, p.gamma_x)  # from (11.9)
    da_h, dgamma_h, dbeta_h = layer_norm_backward(da, norm_h, p.gamma_h)
    dp = LayerNormLSTMParams(
        W_x=x.T @ da_x,  # (10.14), the term of this step
        W_h=h_prev.T @ da_h,
        b=da.sum(axis=0),
        gamma_x=dgamma_x,
        beta_x=dbeta_x,
        gamma_h=dgamma_h,
        beta_h=dbeta_h,
        gamma_c=dgamma_c,
        beta_c=dbeta_c,
    )
    return da_x @ p.W_x.T, da_h @ p.W_h.T, dc_prev, dp  # (10.13)


LAYER_NORM_LSTM = Cell(
    "layer_norm_lstm",
    LayerNormLSTMParams,
    LayerNormLSTMCache,
    {
        **PLAIN,
        "gamma_x": "4H",
        "beta_x": "4H",
        "gamma_h": "4H",
        "beta_h": "4H",
        "gamma_c": "H",
        "beta_c": "H",
    },
    layer_norm_lstm_step,
    layer_norm_lstm_step_backward,
)


def layer_norm_lstm_forward(
    xs: Array,
    p: LayerNormLSTMParams,
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
    >>> p = init_layer_norm_lstm(3, 5, rng=np.random.default_rng(0))
    >>> xs = np.ones((7, 2, 3))
    >>> hs, (h_T, c_T), _ = layer_norm_lstm_forward(xs, p, lengths=[7, 4])
    >>> bool((hs[3, 1] == h_T[1]).all())
    True
    """
    return loop_forward(LAYER_NORM_LSTM, xs, p, h0, c0, lengths)


def layer_norm_lstm_backward(
    dhs: Array,
    cache: LoopCache,
    p: LayerNormLSTMParams,
    dh_T: Array | None = None,
    dc_T: Array | None = None,
) -> tuple[Array, tuple[Array, Array], LayerNormLSTMParams]:
    """Go back through time.

    Arguments, results and errors as in :func:`rnncourse.reference.lstm.lstm_backward`:
    dhs (T, B, H) gives dxs (T, B, D), zero in the padding, dh0 and dc0 (B, H), and dp.

    Examples
    --------
    >>> p = init_layer_norm_lstm(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = layer_norm_lstm_forward(np.ones((7, 2, 3)), p)
    >>> dxs, (dh0, dc0), dp = layer_norm_lstm_backward(np.ones_like(hs), cache, p)
    >>> dxs.shape, dp.gamma_c.shape
    ((7, 2, 3), (5,))
    """
    return loop_backward(LAYER_NORM_LSTM, dhs, cache, p, dh_T, dc_T)

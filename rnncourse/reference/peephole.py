"""The LSTM with peepholes: its gates see the cell.

The plain LSTM of :mod:`rnncourse.reference.lstm` with three lines changed; the step
says which. Source: Gers and Schmidhuber, "Recurrent nets that time and count", 2000.
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
from rnncourse.reference.validate import Array


class PeepholeParams(NamedTuple):
    """Weights ``W_x`` (D, 4H), ``W_h`` (H, 4H), ``b`` (4H,), ``p_i`` to ``p_o`` (H,).

    The gates stand in the order i, f, g, o; each unit's gates see its own cell only.
    """

    W_x: Array
    W_h: Array
    b: Array
    p_i: Array
    p_f: Array
    p_o: Array


class PeepholeCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    c: Array
    tanh_c: Array


def init_peephole(
    D: int,
    H: int,
    *,
    rng: np.random.Generator,
    forget_bias: float = 1.0,
    dtype: Any = np.float64,
) -> PeepholeParams:
    """Draw uniform(−1/√H, 1/√H) weights and peepholes; zero biases but f's.

    Examples
    --------
    >>> init_peephole(3, 5, rng=np.random.default_rng(0)).p_o.shape
    (5,)
    """
    W_x, W_h, k = draw_weights(D, H, 4, rng=rng, dtype=dtype)
    b = np.zeros(4 * H, dtype=dtype)
    b[H : 2 * H] = forget_bias  # start by remembering
    p_i, p_f, p_o = rng.uniform(-k, k, size=(3, H)).astype(dtype)
    return PeepholeParams(W_x, W_h, b, p_i, p_f, p_o)


def peephole_step(
    x: Array, h_prev: Array, c_prev: Array, p: PeepholeParams
) -> tuple[Array, Array, PeepholeCache]:
    """Read one input; the gates i and f see the old cell, o sees the new one.

    Parameters
    ----------
    x : (B, D) array, float32 or float64
    h_prev, c_prev : (B, H) arrays of the same dtype
    p : PeepholeParams of the same dtype

    Returns
    -------
    h, c : (B, H) arrays
    cache : PeepholeCache
        For :func:`peephole_step_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit; the message names it.

    Examples
    --------
    >>> p = init_peephole(3, 5, rng=np.random.default_rng(0))
    >>> h, c, _ = peephole_step(np.ones((2, 3)), np.ones((2, 5)), np.ones((2, 5)), p)
    >>> h.shape, c.shape
    ((2, 5), (2, 5))
    """
    check_step(PEEPHOLE, x, h_prev, c_prev, p)
    a = x @ p.W_x + h_prev @ p.W_h + p.b  # (10.1)
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    i = sigmoid(a_i + c_prev * p.p_i)  # (11.1)
    f = sigmoid(a_f + c_prev * p.p_f)  # (11.2)
    g = np.tanh(a_g)  # (10.4)
    c = f * c_prev + i * g  # (10.6)
    o = sigmoid(a_o + c * p.p_o)  # (11.3)
    tanh_c = np.tanh(c)
    h = o * tanh_c  # (10.7)
    return h, c, PeepholeCache(x, h_prev, c_prev, i, f, g, o, c, tanh_c)


def peephole_step_backward(
    dh: Array, dc: Array, cache: PeepholeCache, p: PeepholeParams
) -> tuple[Array, Array, Array, PeepholeParams]:
    """Differentiate :func:`peephole_step`.

    Parameters
    ----------
    dh, dc : (B, H) arrays
        Derivatives with respect to the new h and c, from output and future.
    cache : PeepholeCache
    p : PeepholeParams

    Returns
    -------
    dx : (B, D) array
    dh_prev, dc_prev : (B, H) arrays
    dp : PeepholeParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_peephole(3, 5, rng=np.random.default_rng(0))
    >>> one = np.ones((2, 5))
    >>> _, _, cache = peephole_step(np.ones((2, 3)), one, one, p)
    >>> dx, dh_prev, dc_prev, dp = peephole_step_backward(one, one, cache, p)
    >>> dx.shape, dp.p_f.shape
    ((2, 3), (5,))
    """
    check_step_backward(PEEPHOLE, dh, dc, cache, p)
    x, h_prev, c_prev, i, f, g, o, c, tanh_c = cache
    da_o = dh * tanh_c * o * (1 - o)  # (10.8) and (10.12)
    dc = dc + dh * o * (1 - tanh_c**2) + da_o * p.p_o  # (10.9) and (11.11)
    da_f = dc * c_prev * f * (1 - f)  # (10.10) and (10.12)
    da_i = dc * g * i * (1 - i)  # (10.11) and (10.12)
    da_g = dc * i * (1 - g**2)
    dc_prev = dc * f + da_i * p.p_i + da_f * p.p_f  # (10.10) and (11.11)
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
    dp = PeepholeParams(
        W_x=x.T @ da,  # (10.14), the term of this step
        W_h=h_prev.T @ da,
        b=da.sum(axis=0),
        p_i=(da_i * c_prev).sum(axis=0),  # (11.12)
        p_f=(da_f * c_prev).sum(axis=0),
        p_o=(da_o * c).sum(axis=0),
    )
    return da @ p.W_x.T, da @ p.W_h.T, dc_prev, dp  # (10.13)


PEEPHOLE = Cell(
    "peephole",
    PeepholeParams,
    PeepholeCache,
    {**PLAIN, "p_i": "H", "p_f": "H", "p_o": "H"},
    peephole_step,
    peephole_step_backward,
)


def peephole_forward(
    xs: Array,
    p: PeepholeParams,
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
    >>> p = init_peephole(3, 5, rng=np.random.default_rng(0))
    >>> hs, (h_T, c_T), _ = peephole_forward(np.ones((7, 2, 3)), p, lengths=[7, 4])
    >>> bool((hs[3, 1] == h_T[1]).all())
    True
    """
    return loop_forward(PEEPHOLE, xs, p, h0, c0, lengths)


def peephole_backward(
    dhs: Array,
    cache: LoopCache,
    p: PeepholeParams,
    dh_T: Array | None = None,
    dc_T: Array | None = None,
) -> tuple[Array, tuple[Array, Array], PeepholeParams]:
    """Go back through time.

    Arguments, results and errors as in :func:`rnncourse.reference.lstm.lstm_backward`:
    dhs (T, B, H) gives dxs (T, B, D), zero in the padding, dh0 and dc0 (B, H), and dp.

    Examples
    --------
    >>> p = init_peephole(3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = peephole_forward(np.ones((7, 2, 3)), p)
    >>> dxs, (dh0, dc0), dp = peephole_backward(np.ones_like(hs), cache, p)
    >>> dxs.shape, dp.p_i.shape
    ((7, 2, 3), (5,))
    """
    return loop_backward(PEEPHOLE, dhs, cache, p, dh_T, dc_T)


# -- the plain LSTM is the one whose peepholes are zero ----------------------------


def peephole_from_lstm(p: LSTMParams) -> PeepholeParams:
    """Add peepholes of zero: the same network, from which training can go on.

    Raises
    ------
    TypeError, ValueError
        If it is no LSTMParams, or a shape or dtype does not fit.

    Examples
    --------
    >>> from rnncourse.reference.lstm import init_lstm
    >>> peephole_from_lstm(init_lstm(3, 5, rng=np.random.default_rng(0))).p_i
    array([0., 0., 0., 0., 0.])
    """
    _, H = check_weights(p, LSTMParams, PLAIN)
    none = np.zeros((3, H), dtype=p.b.dtype)
    return PeepholeParams(p.W_x.copy(), p.W_h.copy(), p.b.copy(), *none)


def lstm_from_peephole(p: PeepholeParams) -> LSTMParams:
    """Leave out peepholes that are zero.

    Raises
    ------
    TypeError, ValueError
        If it is no PeepholeParams, a shape or dtype does not fit, or a peephole is
        not zero: no plain LSTM computes the same then.

    Examples
    --------
    >>> p = PeepholeParams(*np.zeros((2, 1, 4)), np.zeros(4), *np.ones((3, 1)))
    >>> lstm_from_peephole(p)
    Traceback (most recent call last):
        ...
    ValueError: p.p_i must be zero to leave it out, got 1.0 at (0,)
    """
    check_weights(p, PeepholeParams, PEEPHOLE.shapes)
    for name in ("p_i", "p_f", "p_o"):
        w = getattr(p, name)
        if w.any():
            k = int(np.flatnonzero(w)[0])
            raise ValueError(
                f"p.{name} must be zero to leave it out, got {w[k]} at ({k},)"
            )
    return LSTMParams(p.W_x.copy(), p.W_h.copy(), p.b.copy())

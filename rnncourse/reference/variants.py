"""Networks whose loop closes elsewhere, at the output.

The output-to-hidden network feeds back its output instead of its state. Given the
true outputs of the past (teacher forcing), its steps do not wait for each other.

Other kinds of loop: :mod:`rnncourse.reference.leaky`, :mod:`rnncourse.reference.skip`
and the scans :mod:`rnncourse.reference.min_gru`, :mod:`rnncourse.reference.min_lstm`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

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


class OutputRNNParams(NamedTuple):
    """``W_x`` (D, H), ``W_o`` (K, H), ``b`` (H,), ``W_y`` (H, K), ``b_y`` (K,)."""

    W_x: Array
    W_o: Array
    b: Array
    W_y: Array
    b_y: Array


class OutputRNNCache(NamedTuple):
    """What one step remembers for its backward pass."""

    x: Array
    y_prev: Array
    h: Array


StepCaches = list[tuple[OutputRNNCache, NDArray[np.bool_]]]


def init_output_rnn(
    D: int, H: int, K: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> OutputRNNParams:
    """Draw uniform(−1/√H, 1/√H) weights and zero biases.

    Examples
    --------
    >>> init_output_rnn(3, 5, 2, rng=np.random.default_rng(0)).W_o.shape
    (2, 5)
    """
    for name, size in (("D", D), ("H", H), ("K", K)):
        check_size(name, size)
    check_draw(rng, dtype)
    k = H**-0.5

    def draw(*shape: int) -> Array:
        return np.asarray(rng.uniform(-k, k, size=shape), dtype=dtype)

    return OutputRNNParams(
        W_x=draw(D, H),
        W_o=draw(K, H),
        b=np.zeros(H, dtype=dtype),
        W_y=draw(H, K),
        b_y=np.zeros(K, dtype=dtype),
    )


def output_rnn_step(
    x: Array, y_prev: Array, p: OutputRNNParams
) -> tuple[Array, Array, OutputRNNCache]:
    """Read one input and the output before it.

    Parameters
    ----------
    x : (B, D) array
    y_prev : (B, K) array
        The previous output, computed (free running) or given (teacher forcing).

    Returns
    -------
    y : (B, K) array
    h : (B, H) array
    cache : OutputRNNCache

    Examples
    --------
    >>> p = init_output_rnn(3, 5, 2, rng=np.random.default_rng(0))
    >>> y, h, cache = output_rnn_step(np.ones((1, 3)), np.zeros((1, 2)), p)
    >>> y.shape, h.shape
    ((1, 2), (1, 5))
    """
    check_float("x", x)
    D, _, K = _check(p, x.dtype)
    check_shape("x", x, "B D", D=D)
    check_shape("y_prev", y_prev, "B K", B=x.shape[0], K=K)
    check_dtype("y_prev", y_prev, x.dtype)
    h = np.tanh(x @ p.W_x + y_prev @ p.W_o + p.b)  # (8.18)
    y = h @ p.W_y + p.b_y  # (7.5)
    return y, h, OutputRNNCache(x, y_prev, h)


def output_rnn_step_backward(
    dy: Array, cache: OutputRNNCache, p: OutputRNNParams
) -> tuple[Array, Array, OutputRNNParams]:
    """Differentiate :func:`output_rnn_step`; return dx, dy_prev and dp.

    Examples
    --------
    >>> p = init_output_rnn(3, 5, 2, rng=np.random.default_rng(0))
    >>> _, _, cache = output_rnn_step(np.ones((1, 3)), np.zeros((1, 2)), p)
    >>> dx, dy_prev, dp = output_rnn_step_backward(np.ones((1, 2)), cache, p)
    >>> dy_prev.shape
    (1, 2)
    """
    if not isinstance(cache, OutputRNNCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from output_rnn_step, got {kind}")
    x, y_prev, h = cache
    _, _, K = _check(p, h.dtype, D=x.shape[1])
    check_shape("dy", dy, "B K", B=h.shape[0], K=K)
    check_dtype("dy", dy, h.dtype)
    dh = dy @ p.W_y.T  # from (7.5)
    da = dh * (1 - h**2)  # (8.10)
    dp = OutputRNNParams(  # from (8.18) and (7.5)
        W_x=x.T @ da, W_o=y_prev.T @ da, b=da.sum(0), W_y=h.T @ dy, b_y=dy.sum(0)
    )
    return da @ p.W_x.T, da @ p.W_o.T, dp


def output_rnn_forward(
    xs: Array,
    p: OutputRNNParams,
    ys_true: Array | None = None,
    lengths: Any = None,
) -> tuple[Array, StepCaches]:
    """Read a batch of sequences.

    Parameters
    ----------
    xs : (T, B, D) array
    p : OutputRNNParams
    ys_true : (T, B, K) array, optional
        With it, step t reads ``ys_true[t-1]`` (teacher forcing); without it, its
        own output. The first step reads zeros either way.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its output; its padding is never read, neither in
        ``xs`` nor in ``ys_true``.

    Returns
    -------
    ys : (T, B, K) array
    caches : list
        For :func:`output_rnn_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or a length does not fit, or a valid input or true output
        is not finite; the message names it.

    Examples
    --------
    >>> p = init_output_rnn(3, 5, 2, rng=np.random.default_rng(0))
    >>> ys, caches = output_rnn_forward(np.ones((7, 1, 3)), p)
    >>> ys.shape
    (7, 1, 2)
    """
    check_float("xs", xs)
    D, _, K = _check(p, xs.dtype)
    check_shape("xs", xs, "T B D", D=D)
    T, B, _ = xs.shape
    if T == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    live = np.ones((T, B, 1), dtype=bool)
    if lengths is not None:
        ends = check_lengths(lengths, T, B)
        live = (np.arange(T)[:, None] < ends)[:, :, None]
        xs = np.where(live, xs, 0)  # 0 · NaN is NaN, so a mask later comes too late
    check_finite("xs", xs)
    if ys_true is not None:
        check_shape("ys_true", ys_true, "T B K", T=T, B=B, K=K)
        check_dtype("ys_true", ys_true, xs.dtype)
        ys_true = np.where(live, ys_true, 0)
        check_finite("ys_true", ys_true)
    y = y_prev = np.zeros((B, K), dtype=xs.dtype)
    ys, caches = [], []
    for t in range(T):
        y_new, _, cache = output_rnn_step(xs[t], y_prev, p)
        y = np.where(live[t], y_new, y)  # (7.9), of the output
        y_prev = y if ys_true is None else ys_true[t]
        ys.append(y)
        caches.append((cache, live[t]))
    return np.stack(ys), caches


def output_rnn_backward(
    dys: Array,
    caches: StepCaches,
    p: OutputRNNParams,
    *,
    teacher_forced: bool = False,
) -> tuple[Array, OutputRNNParams]:
    """Differentiate :func:`output_rnn_forward`.

    With teacher forcing no gradient crosses from one step to another, since the
    true outputs are constants.

    Parameters
    ----------
    dys : (T, B, K) array
        Derivative of the loss with respect to each output.
    caches : list
        From :func:`output_rnn_forward`.
    p : OutputRNNParams
    teacher_forced : bool
        Whether the forward pass was given the true outputs.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dp : OutputRNNParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the caches are of another kind.

    Examples
    --------
    >>> p = init_output_rnn(3, 5, 2, rng=np.random.default_rng(0))
    >>> ys, caches = output_rnn_forward(np.ones((7, 1, 3)), p)
    >>> dxs, dp = output_rnn_backward(np.ones_like(ys), caches, p)
    >>> dxs.shape
    (7, 1, 3)
    """
    if not isinstance(caches, list) or not caches:
        kind = type(caches).__name__
        raise TypeError(f"caches must come from output_rnn_forward, got {kind}")
    x, _, h = caches[0][0]
    T, B, (_, _, K) = len(caches), len(h), _check(p, h.dtype, D=x.shape[1])
    check_shape("dys", dys, "T B K", T=T, B=B, K=K)
    check_dtype("dys", dys, h.dtype)
    dy_next = np.zeros_like(dys[0])
    dxs, dp = [], OutputRNNParams(*(np.zeros_like(w) for w in p))
    for t in reversed(range(T)):
        cache, live = caches[t]
        dy = dys[t] + dy_next
        dx, dy_prev, dp_t = output_rnn_step_backward(np.where(live, dy, 0), cache, p)
        if teacher_forced:
            dy_prev = np.zeros_like(dy_prev)
        dy_next = np.where(live, dy_prev, dy)  # from (7.9)
        dxs.append(dx)
        dp = OutputRNNParams(*(a + b for a, b in zip(dp, dp_t, strict=True)))
    return np.stack(dxs[::-1]), dp


def _check(
    p: OutputRNNParams, dtype: Any, D: int | None = None
) -> tuple[int, int, int]:
    if not isinstance(p, OutputRNNParams):
        raise TypeError(f"p must be OutputRNNParams, got {type(p).__name__}")
    check_shape("p.W_x", p.W_x, "D H", D=D)
    check_shape("p.W_o", p.W_o, "K H", H=p.W_x.shape[1])
    (D, H), K = p.W_x.shape, p.W_o.shape[0]
    check_shape("p.b", p.b, "H", H=H)
    check_shape("p.W_y", p.W_y, "H K", H=H, K=K)
    check_shape("p.b_y", p.b_y, "K", K=K)
    for name, w in p._asdict().items():
        check_dtype(f"p.{name}", w, dtype)
    return D, H, K

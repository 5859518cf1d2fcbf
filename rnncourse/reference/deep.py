"""The three places for depth beside layers: before, in and after the recurrence.

A simple layer takes one tanh from an input to the next state. More of them fit between
input and state (14.2), in the transition from state to state (14.3), and between state
and output (14.4). Source: Pascanu, Gulcehre, Cho and Bengio, 2014, "How to construct
deep recurrent neural networks", arXiv:1312.6026.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.dense import (
    DenseParams,
    check_dense,
    dense_backward,
    dense_forward,
    init_dense,
)
from rnncourse.reference.functional import tanh_backward
from rnncourse.reference.state_loop import (
    StateCell,
    StateLoopCache,
    draw_matrices,
    state_loop_backward,
    state_loop_forward,
)
from rnncourse.reference.validate import (
    Array,
    check_dtype,
    check_finite,
    check_float,
    check_lengths,
    check_shape,
    check_size,
)


class TransitionParams(NamedTuple):
    """``W_x`` (D, H), ``W_h`` (H, H), ``b`` (H,); ``W_s`` (N, H, H), ``b_s`` (N, H).

    N is the number of further layers in the transition; with N = 0 it is a simple
    recurrent layer.
    """

    W_x: Array
    W_h: Array
    b: Array
    W_s: Array
    b_s: Array


class DeepParams(NamedTuple):
    """Dense layers before the recurrent one, and after it; either may be empty."""

    before: tuple[DenseParams, ...]
    layer: TransitionParams
    after: tuple[DenseParams, ...]


class TransitionCache(NamedTuple):
    """What one step remembers: what it read, and what each of its layers said."""

    x: Array
    h_prev: Array
    ss: list[Array]


class DeepCache(NamedTuple):
    """What :func:`deep_forward` remembers."""

    us: list[Array]  # the inputs, then what each layer before said
    layer: StateLoopCache
    qs: list[Array]  # the states, then what each layer after but the last said
    n_after: int


def init_deep(
    sizes_before: Sequence[int],
    H: int,
    sizes_after: Sequence[int] = (),
    *,
    n_transition: int = 0,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> DeepParams:
    """Draw the weights of all parts.

    Parameters
    ----------
    sizes_before : sequence of int
        The input's size D, then that of each layer before the recurrent one.
    H : int
        Size of the state.
    sizes_after : sequence of int
        That of each layer after it, the output's last.
    n_transition : int
        Further layers in the transition.
    rng : numpy.random.Generator
    dtype : float32 or float64

    Examples
    --------
    >>> p = init_deep([3, 4], 5, [6, 2], n_transition=1, rng=np.random.default_rng(0))
    >>> p.layer.W_x.shape, [layer.W.shape for layer in p.after]
    ((4, 5), [(5, 6), (6, 2)])
    """
    if not len(sizes_before):
        raise ValueError("sizes_before must hold at least the input's size, got none")
    check_size("n_transition", n_transition, least=0)
    W_x, W_h = draw_matrices(sizes_before[-1], H, rng=rng, dtype=dtype)
    k = H**-0.5
    W_s = rng.uniform(-k, k, size=(n_transition, H, H)).astype(dtype)
    b_s = np.zeros((n_transition, H), dtype=dtype)
    layer = TransitionParams(W_x, W_h, np.zeros(H, dtype=dtype), W_s, b_s)
    before, after = (
        tuple(
            init_dense(n, m, rng=rng, dtype=dtype)
            for n, m in zip(sizes[:-1], sizes[1:], strict=True)
        )
        for sizes in (list(sizes_before), [H, *sizes_after])
    )
    return DeepParams(before, layer, after)


def deep_forward(
    xs: Array, p: DeepParams, h0: Array | None = None, lengths: Any = None
) -> tuple[Array, Array, DeepCache]:
    """Read a batch of sequences.

    Parameters
    ----------
    xs : (T, B, D) array, float32 or float64
    p : DeepParams of the same dtype
    h0 : (B, H) array of the same dtype, optional
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its state and repeats its last output.

    Returns
    -------
    ys : (T, B, K) array
        The outputs; the last layer is linear. The states (T, B, H) where ``p.after``
        is empty.
    h_T : (B, H) array
    cache : DeepCache
        For :func:`deep_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or a length does not fit, or a valid input is not finite;
        the message names it.

    Examples
    --------
    >>> p = init_deep([3, 4], 5, [6, 2], n_transition=1, rng=np.random.default_rng(0))
    >>> ys, h_T, _ = deep_forward(np.ones((7, 4, 3)), p)
    >>> ys.shape, h_T.shape
    ((7, 4, 2), (4, 5))
    """
    check_float("xs", xs)
    check_deep(p)
    check_dtype("xs", xs, p.layer.W_x.dtype)
    check_shape("xs", xs, "T B D", D=_width(p))
    if len(xs) == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    if lengths is not None:
        ends = check_lengths(lengths, *xs.shape[:2])
        live = (np.arange(len(xs))[:, None] < ends)[:, :, None]
        xs = np.where(live, xs, 0)  # 0 · NaN is NaN, so a mask later comes too late
    check_finite("xs", xs)
    us = [xs]
    for dense in p.before:
        us.append(np.tanh(dense_forward(us[-1], dense)))  # (14.2)
    hs, h_T, cache = state_loop_forward(DEEP, us[-1], p.layer, h0, lengths)
    qs = [hs]
    for dense in p.after[:-1]:
        qs.append(np.tanh(dense_forward(qs[-1], dense)))  # (14.4)
    ys = dense_forward(qs[-1], p.after[-1]) if p.after else hs.copy()
    return ys, h_T, DeepCache(us, cache, qs, len(p.after))


def deep_backward(
    dys: Array, cache: DeepCache, p: DeepParams, dh_T: Array | None = None
) -> tuple[Array, Array, DeepParams]:
    """Differentiate :func:`deep_forward`, from the outputs to the inputs.

    Parameters
    ----------
    dys : array like ys
    cache : DeepCache
        From :func:`deep_forward`.
    p : DeepParams
        The weights of that forward pass.
    dh_T : (B, H) array, optional
        What arrives at the last state from beyond; zeros if left out.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dh0 : (B, H) array
    dp : DeepParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_deep([3, 4], 5, [6, 2], n_transition=1, rng=np.random.default_rng(0))
    >>> ys, _, cache = deep_forward(np.ones((7, 4, 3)), p)
    >>> dxs, dh0, dp = deep_backward(np.ones_like(ys), cache, p)
    >>> dxs.shape, dp.layer.W_s.shape
    ((7, 4, 3), (1, 5, 5))
    """
    if not isinstance(cache, DeepCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from deep_forward, got {kind}")
    us, steps, qs, n_after = cache
    check_deep(p)
    for name, n in {"before": len(us) - 1, "after": n_after}.items():
        if len(getattr(p, name)) != n:
            found = len(getattr(p, name))
            raise ValueError(f"p.{name} must have {n} layers, got {found}")
    T, B, H = qs[0].shape
    first = "p.before[0].W" if p.before else "p.layer.W_x"
    W = p.before[0].W if p.before else p.layer.W_x
    check_shape(first, W, "D K" if p.before else "D H", D=us[0].shape[2])
    K = len(p.after[-1].b) if p.after else H
    check_shape("dys", dys, "T B K", T=T, B=B, K=K)
    check_dtype("dys", dys, qs[0].dtype)
    dq, after = dys, []
    for k in reversed(range(len(p.after))):
        if k < len(p.after) - 1:
            dq = tanh_backward(dq, qs[k + 1])  # from (14.4)
        dq, dp = dense_backward(dq, qs[k], p.after[k])
        after.append(dp)
    du, dh0, dlayer = state_loop_backward(DEEP, dq, steps, p.layer, dh_T)
    before = []
    for k in reversed(range(len(p.before))):
        du, dp = dense_backward(tanh_backward(du, us[k + 1]), us[k], p.before[k])
        before.append(dp)  # from (14.2)
    return du, dh0, DeepParams(tuple(before[::-1]), dlayer, tuple(after[::-1]))


def check_deep(p: Any) -> None:
    """Raise unless the parts are of the right kind and each fits the one before.

    Examples
    --------
    >>> check_deep(init_deep([3, 4], 5, [2], rng=np.random.default_rng(0)))
    """
    if not isinstance(p, DeepParams):
        raise TypeError(f"p must be DeepParams, got {type(p).__name__}")
    if not isinstance(p.layer, TransitionParams):
        found = type(p.layer).__name__
        raise TypeError(f"p.layer must be TransitionParams, got {found}")
    n: int | None = None
    check_float("p.layer.W_x", p.layer.W_x)
    dtype = p.layer.W_x.dtype
    for k, dense in enumerate(p.before):
        n = check_dense(f"p.before[{k}]", dense, D=n, dtype=dtype)
    check_shape("p.layer.W_x", p.layer.W_x, "D H", D=n)
    n = H = p.layer.W_x.shape[1]
    N = len(p.layer.W_s)
    for name, axes in {"W_h": "H H", "b": "H", "W_s": "N H H", "b_s": "N H"}.items():
        check_shape(f"p.layer.{name}", getattr(p.layer, name), axes, N=N, H=H)
        check_dtype(f"p.layer.{name}", getattr(p.layer, name), dtype)
    for k, dense in enumerate(p.after):
        n = check_dense(f"p.after[{k}]", dense, "H K", dtype=dtype, H=n)


def _width(p: DeepParams) -> int:
    """Return the size of the input."""
    return len(p.before[0].W if p.before else p.layer.W_x)


# -- the transition ----------------------------------------------------------------


def _step(
    x: Array, h_prev: Array, p: TransitionParams
) -> tuple[Array, TransitionCache]:
    ss = [np.tanh(x @ p.W_x + h_prev @ p.W_h + p.b)]  # (7.3) and (7.4)
    for W, b in zip(p.W_s, p.b_s, strict=True):
        ss.append(np.tanh(ss[-1] @ W + b))  # (14.3)
    return ss[-1], TransitionCache(x, h_prev, ss)


def _step_backward(
    dh: Array, cache: TransitionCache, p: TransitionParams
) -> tuple[Array, Array, TransitionParams]:
    x, h_prev, ss = cache
    ds, dW_s, db_s = dh, np.zeros_like(p.W_s), np.zeros_like(p.b_s)
    for n in reversed(range(len(p.W_s))):
        da = ds * (1 - ss[n + 1] ** 2)  # from (14.3)
        dW_s[n], db_s[n] = ss[n].T @ da, da.sum(axis=0)
        ds = da @ p.W_s[n].T
    da = ds * (1 - ss[0] ** 2)  # (8.10)
    dp = TransitionParams(x.T @ da, h_prev.T @ da, da.sum(axis=0), dW_s, db_s)
    return da @ p.W_x.T, da @ p.W_h.T, dp  # (8.11) and (8.12)


DEEP = StateCell(
    name="deep",
    params=TransitionParams,
    cache=TransitionCache,
    shapes={"W_x": "D H", "W_h": "H H", "b": "H"},
    step=_step,
    step_backward=_step_backward,
)

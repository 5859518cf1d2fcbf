"""Attention: scores, weights and the mean that they make, forward and backward.

A query asks every key how well it fits; the softmax of the answers weighs the values.
Three scores are at hand. ``"dot"`` and ``"scaled"`` need no weights, ``"additive"``
has a small network of its own. All queries of a sequence are answered at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.functional import softmax
from rnncourse.reference.validate import (
    Array,
    check_choice,
    check_draw,
    check_dtype,
    check_finite,
    check_float,
    check_shape,
    check_size,
)

SCORES = ("additive", "dot", "scaled")


class AttentionParams(NamedTuple):
    """Weights of the additive score: ``W_q`` (Q, A), ``W_k`` (K, A), ``v`` (A,)."""

    W_q: Array
    W_k: Array
    v: Array


class AttentionCache(NamedTuple):
    """What :func:`attention_forward` remembers for its backward pass."""

    queries: Array  # (S, B, Q)
    keys: Array  # (T, B, K), zero where masked
    values: Array  # (T, B, M), zero where masked
    weights: Array  # (S, B, T)
    hidden: Array | None  # (S, T, B, A), the tanh of the additive score
    score: str


def init_attention(
    Q: int, K: int, A: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> AttentionParams:
    """Draw uniform weights within 1/√(number of inputs) for the additive score.

    Examples
    --------
    >>> init_attention(4, 3, 6, rng=np.random.default_rng(0)).W_q.shape
    (4, 6)
    """
    for name, size in {"Q": Q, "K": K, "A": A}.items():
        check_size(name, size)
    check_draw(rng, dtype)
    shapes = {"W_q": (Q, A), "W_k": (K, A), "v": (A,)}
    return AttentionParams(
        **{
            name: rng.uniform(-(s[0] ** -0.5), s[0] ** -0.5, size=s).astype(dtype)
            for name, s in shapes.items()
        }
    )


def attention_forward(
    queries: Array,
    keys: Array,
    values: Array,
    p: AttentionParams | None = None,
    mask: Any = None,
    *,
    score: str = "scaled",
) -> tuple[Array, Array, AttentionCache]:
    """Answer each query with a weighted mean of the values.

    The additive score is that of Bahdanau, Cho and Bengio (arXiv:1409.0473), the dot
    that of Luong, Pham and Manning (arXiv:1508.04025), the scaled dot that of Vaswani
    and others (arXiv:1706.03762).

    Parameters
    ----------
    queries : (S, B, Q) array, float32 or float64
        For example the states of a decoder.
    keys : (T, B, K) array of the same dtype
        For example the states of an encoder; K = Q for both dot scores.
    values : (T, B, M) array of the same dtype
        What is averaged; often the keys themselves.
    p : AttentionParams, optional
        For the additive score, and for it alone.
    mask : (T, B) array of bool, optional
        True where a key may be looked at. Masked keys get the weight 0 exactly, and
        what stands there is never read (it may be NaN).
    score : "additive", "dot" or "scaled"

    Returns
    -------
    contexts : (S, B, M) array
    weights : (S, B, T) array
        Each row sums to 1.
    cache : AttentionCache
        For :func:`attention_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, a number that is read is not finite, or a
        sequence has no key left to look at; the message names it.

    Examples
    --------
    >>> keys = np.log([[[1.0]], [[3.0]], [[9.0]]])
    >>> mask = np.array([[True], [True], [False]])
    >>> contexts, weights, _ = attention_forward(np.ones((1, 1, 1)), keys, keys, None,
    ...                                          mask, score="dot")
    >>> weights.round(2)
    array([[[0.25, 0.75, 0.  ]]])
    """
    live = _check_forward(queries, keys, values, p, mask, score)
    if live is not None:
        keys, values = np.where(live, keys, 0), np.where(live, values, 0)
    check_finite("keys", keys)
    check_finite("values", values)
    hidden = None
    if p is not None:
        hidden = np.tanh((queries @ p.W_q)[:, None] + keys @ p.W_k)  # (16.8)
        scores = (hidden @ p.v).swapaxes(1, 2)
    else:
        scores = np.einsum("sbk,tbk->sbt", queries, keys)  # (16.6)
    if score == "scaled":
        scores = scores * _scale(keys)  # (16.7)
    if live is not None:
        scores = np.where(live[:, :, 0].T, scores, -np.inf)
    weights = softmax(scores)  # (16.9)
    contexts = np.einsum("sbt,tbm->sbm", weights, values)  # (16.10)
    return (
        contexts,
        weights,
        AttentionCache(queries, keys, values, weights.copy(), hidden, score),
    )


def attention_backward(
    dcontexts: Array,
    cache: AttentionCache,
    p: AttentionParams | None = None,
    dweights: Array | None = None,
) -> tuple[Array, Array, Array, AttentionParams | None]:
    """Differentiate :func:`attention_forward`.

    Parameters
    ----------
    dcontexts : (S, B, M) array
    cache : AttentionCache
        From :func:`attention_forward`.
    p : AttentionParams, optional
        The weights of that forward pass, if it had any.
    dweights : (S, B, T) array, optional
        For a loss that looks at the weights themselves.

    Returns
    -------
    dqueries : (S, B, Q) array
    dkeys : (T, B, K) array
        Zero where masked; where keys and values are one array, add both gradients.
    dvalues : (T, B, M) array
    dp : AttentionParams or None

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> keys = np.log([[[1.0]], [[3.0]]])
    >>> cache = attention_forward(np.ones((1, 1, 1)), keys, keys, score="dot")[2]
    >>> dqueries, _, dvalues, _ = attention_backward(np.ones((1, 1, 1)), cache)
    >>> dvalues.ravel().round(2)
    array([0.25, 0.75])
    """
    _check_backward(dcontexts, cache, p, dweights)
    queries, keys, values, weights, hidden, score = cache
    dalpha = np.einsum("sbm,tbm->sbt", dcontexts, values)  # (16.11)
    dvalues = np.einsum("sbt,sbm->tbm", weights, dcontexts)  # (16.11)
    if dweights is not None:
        dalpha = dalpha + dweights
    mean = (weights * dalpha).sum(axis=-1, keepdims=True)
    dscores = weights * (dalpha - mean)  # (16.12)
    if score == "scaled":
        dscores = dscores * _scale(keys)  # from (16.7)
    if p is None or hidden is None:
        dqueries = np.einsum("sbt,tbk->sbk", dscores, keys)  # from (16.6)
        dkeys = np.einsum("sbt,sbk->tbk", dscores, queries)  # from (16.6)
        return dqueries, dkeys, dvalues, None
    dscores = dscores.swapaxes(1, 2)[..., None]  # (S, T, B, 1)
    da = dscores * p.v * (1 - hidden**2)  # (S, T, B, A), from (16.8)
    da_q, da_k = da.sum(axis=1), da.sum(axis=0)
    dp = AttentionParams(
        W_q=np.einsum("sbq,sba->qa", queries, da_q),
        W_k=np.einsum("tbk,tba->ka", keys, da_k),
        v=(dscores * hidden).sum(axis=(0, 1, 2)),
    )
    return da_q @ p.W_q.T, da_k @ p.W_k.T, dvalues, dp


def _scale(keys: Array) -> float:
    """Keep the variance of a dot product of K terms at 1."""
    return float(keys.shape[2] ** -0.5)


# -- checks at the door ------------------------------------------------------------


def _check_forward(
    queries: Array,
    keys: Array,
    values: Array,
    p: AttentionParams | None,
    mask: Any,
    score: str,
) -> NDArray[np.bool_] | None:
    """Return who may be looked at, (T, B, 1), or None where all may."""
    check_choice("score", score, SCORES)
    check_float("queries", queries)
    check_shape("queries", queries, "S B Q")
    S, B, Q = queries.shape
    check_shape("keys", keys, "T B K", B=B, K=None if score == "additive" else Q)
    T, _, K = keys.shape
    check_shape("values", values, "T B M", T=T, B=B)
    for name, n in {"queries": S, "keys": T}.items():
        if n == 0:
            raise ValueError(f"{name} must have at least one time step, got 0")
    for name, a in {"keys": keys, "values": values}.items():
        check_dtype(name, a, queries.dtype)
    check_finite("queries", queries)
    _check_params(p, score, Q, K, queries.dtype)
    if mask is None:
        return None
    live = np.asarray(mask)
    check_shape("mask", live, "T B", T=T, B=B)
    if live.dtype != bool:
        raise TypeError(f"mask must be bool, True where a key counts, got {live.dtype}")
    blind = ~live.any(axis=0)
    if blind.any():
        raise ValueError(
            f"mask must leave each sequence at least one key, got none in sequence "
            f"{int(blind.argmax())}"
        )
    return None if live.all() else live[:, :, None]


def _check_params(
    p: AttentionParams | None, score: str, Q: int, K: int, dtype: Any
) -> None:
    if score != "additive":
        if p is not None:
            raise TypeError(f"p must be left out with score={score!r}, which has none")
        return
    if not isinstance(p, AttentionParams):
        raise TypeError(f"p must be AttentionParams, got {type(p).__name__}")
    check_shape("p.v", p.v, "A")
    A = len(p.v)
    check_shape("p.W_q", p.W_q, "Q A", Q=Q, A=A)
    check_shape("p.W_k", p.W_k, "K A", K=K, A=A)
    for name, w in p._asdict().items():
        check_dtype(f"p.{name}", w, dtype)


def _check_backward(
    dcontexts: Array,
    cache: AttentionCache,
    p: AttentionParams | None,
    dweights: Array | None,
) -> None:
    if not isinstance(cache, AttentionCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from attention_forward, got {kind}")
    (S, B, Q), dtype = cache.queries.shape, cache.queries.dtype
    T, M = cache.values.shape[0], cache.values.shape[2]
    _check_params(p, cache.score, Q, cache.keys.shape[2], dtype)
    check_shape("dcontexts", dcontexts, "S B M", S=S, B=B, M=M)
    check_dtype("dcontexts", dcontexts, dtype)
    if dweights is not None:
        check_shape("dweights", dweights, "S B T", S=S, B=B, T=T)
        check_dtype("dweights", dweights, dtype)

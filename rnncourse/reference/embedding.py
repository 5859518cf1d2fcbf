"""Words as vectors: lookup in a table, and word2vec, which learns one from text.

Skip-gram with negative sampling: a word shall tell the words around it from words
drawn at random (Mikolov and others, arXiv:1310.4546).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.functional import sigmoid
from rnncourse.reference.optim import check_rate
from rnncourse.reference.validate import (
    Array,
    check_draw,
    check_dtype,
    check_finite,
    check_float,
    check_shape,
    check_size,
)

Ids = NDArray[np.int64]


class Word2VecParams(NamedTuple):
    """Two vectors for each word: ``E`` (V, D) as a centre, ``C`` (V, D) as context."""

    E: Array
    C: Array


class Word2VecCache(NamedTuple):
    """What :func:`word2vec_forward` remembers for its backward pass."""

    centres: Ids  # (N,)
    words: Ids  # (N, 1 + K), the true context and then the noise
    errors: Array  # (N, 1 + K), derivative with respect to each score


def init_embedding(
    V: int, D: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> Array:
    """Draw a table (V, D) of standard normal numbers, as ``torch.nn.Embedding`` does.

    Examples
    --------
    >>> init_embedding(11, 3, rng=np.random.default_rng(0)).shape
    (11, 3)
    """
    check_size("V", V)
    check_size("D", D)
    check_draw(rng, dtype)
    return rng.normal(size=(V, D)).astype(dtype)


def embedding_forward(ids: Any, E: Array) -> Array:
    """Look up one row of the table for each id.

    Parameters
    ----------
    ids : (...) array of int, each in 0..V-1
    E : (V, D) array, float

    Returns
    -------
    (..., D) array
        A copy. The same as the product of one-hot rows with the table.

    Raises
    ------
    TypeError, ValueError
        If the ids are no whole numbers or one is not in the table.

    Examples
    --------
    >>> embedding_forward([1, 0, 1], np.array([[0.5], [0.25]])).ravel()
    array([0.25, 0.5 , 0.25])
    """
    check_float("E", E)
    check_shape("E", E, "V D")
    return np.asarray(E[_check_ids("ids", ids, len(E))])  # (18.1)


def embedding_backward(dxs: Array, ids: Any, E: Array) -> Array:
    """Differentiate :func:`embedding_forward` with respect to the table.

    Parameters
    ----------
    dxs : (..., D) array
    ids : (...) array of int
    E : (V, D) array

    Returns
    -------
    dE : (V, D) array
        Every place where an id occurs adds to its row; rows never read are zero.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or an id does not fit.

    Examples
    --------
    >>> E = np.zeros((3, 1))
    >>> embedding_backward(np.array([[1.0], [2.0], [4.0]]), [1, 0, 1], E).ravel()
    array([2., 5., 0.])
    """
    check_float("E", E)
    check_shape("E", E, "V D")
    rows = _check_ids("ids", ids, len(E))
    check_float("dxs", dxs)
    check_dtype("dxs", dxs, E.dtype)
    if dxs.shape != (*rows.shape, E.shape[1]):
        want = (*rows.shape, E.shape[1])
        raise ValueError(f"dxs must have shape {want}, got {dxs.shape}")
    dE = np.zeros_like(E)
    np.add.at(dE, rows, dxs)  # from (18.1); += would keep one of repeated ids
    return dE


# -- word2vec ----------------------------------------------------------------------


def skipgram_pairs(ids: Any, window: int) -> tuple[Ids, Ids]:
    """Pair each word of a text with its neighbours.

    Parameters
    ----------
    ids : (L,) array of int
        The text.
    window : int
        How far a neighbour may be away, on either side.

    Returns
    -------
    centres, contexts : (N,) arrays of int
        By the place of the centre, then that of its neighbour.

    Raises
    ------
    TypeError, ValueError
        If the text is no row of whole numbers or the window is below 1.

    Examples
    --------
    >>> centres, contexts = skipgram_pairs([7, 8, 9], window=1)
    >>> centres, contexts
    (array([7, 8, 8, 9]), array([8, 7, 9, 8]))
    """
    text = _check_ids("ids", ids, None)
    check_shape("ids", text, "L")
    check_size("window", window)
    steps = np.delete(np.arange(-window, window + 1), window)
    others = np.arange(len(text))[:, None] + steps  # (L, 2 · window)
    keep = (others >= 0) & (others < len(text))
    return np.repeat(text, keep.sum(axis=1)), text[others[keep]]


def noise_distribution(counts: Any, power: float = 0.75) -> Array:
    """Turn the counts of the words into the distribution that noise is drawn from.

    Parameters
    ----------
    counts : (V,) array, at least 0
    power : float
        1 draws words as often as they occur, 0 all alike; 0.75 lies between.

    Returns
    -------
    (V,) array
        Sums to 1; a word that never occurs is never drawn.

    Raises
    ------
    ValueError
        If a count is negative or not finite, or all are 0.

    Examples
    --------
    >>> noise_distribution([1, 16, 0]).round(4)
    array([0.1111, 0.8889, 0.    ])
    """
    numbers = np.asarray(counts, dtype=np.float64)
    check_shape("counts", numbers, "V")
    check_finite("counts", numbers)
    if (numbers < 0).any() or not numbers.any():
        raise ValueError(
            f"counts must be at least 0 and not all 0, got {numbers.tolist()}"
        )
    weights = np.where(numbers > 0, numbers**power, 0)  # (18.5)
    return np.asarray(weights / weights.sum())


def init_word2vec(
    V: int, D: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> Word2VecParams:
    """Draw uniform(−1/2D, 1/2D) centres and zero contexts, as the first program did.

    Examples
    --------
    >>> init_word2vec(11, 3, rng=np.random.default_rng(0)).E.shape
    (11, 3)
    """
    check_size("V", V)
    check_size("D", D)
    check_draw(rng, dtype)
    k = 0.5 / D
    E = rng.uniform(-k, k, size=(V, D)).astype(dtype)
    return Word2VecParams(E=E, C=np.zeros((V, D), dtype=dtype))


def word2vec_forward(
    centres: Any, contexts: Any, negatives: Any, p: Word2VecParams
) -> tuple[float, Word2VecCache]:
    """Ask how badly the centres tell their contexts from the noise.

    Parameters
    ----------
    centres, contexts : (N,) arrays of int
        Pairs of words, from :func:`skipgram_pairs`.
    negatives : (N, K) array of int
        Words drawn as noise for each pair.
    p : Word2VecParams

    Returns
    -------
    loss : float
        −log σ(e·c) − Σ log σ(−e·n), the mean over the pairs, in nats.
    cache : Word2VecCache
        For :func:`word2vec_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or an id does not fit, or there is no pair.

    Examples
    --------
    >>> p = Word2VecParams(E=np.zeros((4, 2)), C=np.zeros((4, 2)))
    >>> loss, _ = word2vec_forward([0], [1], [[2, 3]], p)
    >>> round(float(loss / np.log(2)), 4)
    3.0
    """
    V, _ = _check_params(p)
    centres = _check_ids("centres", centres, V)
    check_shape("centres", centres, "N")
    N = len(centres)
    if N == 0:
        raise ValueError("centres must hold at least one pair, got N=0")
    contexts = _check_ids("contexts", contexts, V)
    check_shape("contexts", contexts, "N", N=N)
    negatives = _check_ids("negatives", negatives, V)
    check_shape("negatives", negatives, "N K", N=N)
    words = np.concatenate([contexts[:, None], negatives], axis=1)
    scores = np.einsum("nd,nkd->nk", p.E[centres], p.C[words])
    signs = np.where(np.arange(words.shape[1]) == 0, 1, -1).astype(p.E.dtype)
    loss = np.logaddexp(0, -signs * scores).sum() / N  # (18.2)
    errors = -signs * sigmoid(-signs * scores) / N  # (18.3)
    return float(loss), Word2VecCache(centres, words, errors.astype(p.E.dtype))


def word2vec_backward(cache: Word2VecCache, p: Word2VecParams) -> Word2VecParams:
    """Differentiate the loss of :func:`word2vec_forward`.

    Parameters
    ----------
    cache : Word2VecCache
        From :func:`word2vec_forward`.
    p : Word2VecParams
        The vectors of that forward pass.

    Returns
    -------
    dp : Word2VecParams

    Raises
    ------
    TypeError
        If the cache is of another kind.

    Examples
    --------
    >>> p = Word2VecParams(E=np.zeros((4, 1)), C=np.ones((4, 1)))
    >>> _, cache = word2vec_forward([0], [1], [[2, 3]], p)
    >>> word2vec_backward(cache, p).E.ravel()
    array([0.5, 0. , 0. , 0. ])
    """
    if not isinstance(cache, Word2VecCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from word2vec_forward, got {kind}")
    _check_params(p)
    centres, words, errors = cache
    e, c = p.E[centres], p.C[words]
    de = np.einsum("nk,nkd->nd", errors, c)  # (18.3)
    dc = errors[:, :, None] * e[:, None]  # (18.3)
    return Word2VecParams(
        E=embedding_backward(de, centres, p.E),
        C=embedding_backward(dc, words, p.C),
    )


def word2vec_step(
    p: Word2VecParams,
    centres: Any,
    contexts: Any,
    *,
    noise: Array,
    n_negatives: int,
    lr: float,
    rng: np.random.Generator,
) -> tuple[Word2VecParams, float]:
    """Draw noise for some pairs and go one step down the gradient.

    Parameters
    ----------
    p : Word2VecParams
        Not changed.
    centres, contexts : (N,) arrays of int
    noise : (V,) array
        From :func:`noise_distribution`.
    n_negatives : int
    lr : float
    rng : numpy Generator

    Returns
    -------
    p : Word2VecParams
    loss : float
        Before the step.

    Raises
    ------
    TypeError, ValueError
        As in :func:`word2vec_forward`, and if ``noise`` is no distribution.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> p, noise = init_word2vec(4, 2, rng=rng), np.full(4, 0.25)
    >>> p, loss = word2vec_step(p, [0], [1], noise=noise, n_negatives=1, lr=1.0,
    ...                         rng=rng)
    >>> round(float(loss / np.log(2)), 4)
    2.0
    """
    V, _ = _check_params(p)
    check_draw(rng, p.E.dtype)
    check_size("n_negatives", n_negatives)
    check_rate("lr", lr)
    check_float("noise", noise)
    check_shape("noise", noise, "V", V=V)
    if not abs(float(noise.sum()) - 1) < 1e-6 or (noise < 0).any():
        raise ValueError(f"noise must be a distribution, got the sum {noise.sum()}")
    shape = np.shape(centres)[0], n_negatives
    negatives = rng.choice(V, size=shape, p=noise)
    loss, cache = word2vec_forward(centres, contexts, negatives, p)
    dp = word2vec_backward(cache, p)
    return Word2VecParams(E=p.E - lr * dp.E, C=p.C - lr * dp.C), loss  # (2.1)


def nearest(E: Array, word: int, n: int = 1) -> tuple[Ids, Array]:
    """Find the words whose vectors point most nearly the same way.

    Parameters
    ----------
    E : (V, D) array
    word : int
        An id; it is not its own neighbour.
    n : int
        At most V − 1.

    Returns
    -------
    ids : (n,) array of int
        Nearest first; of equally near ones the lower id.
    cosines : (n,) array

    Raises
    ------
    ValueError
        If the word is not in the table, or n is no number of neighbours.

    Examples
    --------
    >>> ids, cosines = nearest(np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]]), 1, 2)
    >>> ids, cosines.round(3)
    (array([2, 0]), array([0.707, 0.   ]))
    """
    check_float("E", E)
    check_shape("E", E, "V D")
    check_finite("E", E)
    _check_ids("word", word, len(E))
    check_size("n", n)
    if n >= len(E):
        raise ValueError(f"n must be at most V - 1 = {len(E) - 1}, got {n}")
    sizes = np.linalg.norm(E, axis=1)
    products = sizes * sizes[word]
    cosines = E @ E[word] / np.where(products > 0, products, 1)
    order = np.argsort(-cosines, kind="stable")
    order = order[order != word][:n]
    return order.astype(np.int64), cosines[order]


# -- checks at the door ------------------------------------------------------------


def _check_ids(name: str, ids: Any, V: int | None) -> Ids:
    numbers = np.asarray(ids)
    if numbers.size and numbers.dtype.kind not in "iu":
        raise TypeError(f"{name} must be whole numbers, got {numbers.dtype}")
    if V is not None:
        outside = (numbers < 0) | (numbers >= V)
        if outside.any():
            found = numbers[outside].ravel()[0]
            raise ValueError(f"{name} must lie in 0..{V - 1}, got {found}")
    return numbers.astype(np.int64)


def _check_params(p: Word2VecParams) -> tuple[int, int]:
    if not isinstance(p, Word2VecParams):
        raise TypeError(f"p must be Word2VecParams, got {type(p).__name__}")
    check_float("p.E", p.E)
    check_shape("p.E", p.E, "V D")
    V, D = p.E.shape
    check_shape("p.C", p.C, "V D", V=V, D=D)
    check_dtype("p.C", p.C, p.E.dtype)
    return V, D

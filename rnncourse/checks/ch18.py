"""Checks of the assignment of chapter 18: text classification.

Every wrong answer below is one that people give. The small functions compute it, so
that a check can recognise it, and the tests hand it in.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Case, Check, by_slip

SLUG = "18-text-classification"
Rng = np.random.Generator


# -- the gradient of a lookup ---------------------------------------------------------


def _embedding_gradient(dxs: Any, ids: Any, V: int, *, slip: str = "") -> Any:
    dxs, ids = np.asarray(dxs), np.asarray(ids)
    dE = np.zeros((V, dxs.shape[-1]))
    if slip == "last":
        dE[ids] = dxs
        return dE
    if slip == "first":
        dE[ids[::-1]] = dxs[::-1]
        return dE
    np.add.at(dE, ids, dxs)
    times = np.maximum(np.bincount(ids, minlength=V), 1)[:, None]
    if slip == "mean":
        return dE / times
    if slip == "whole":
        return dE / len(ids)
    if slip == "squared":
        return dE * times
    if slip == "everywhere":
        return np.broadcast_to(dxs.sum(axis=0), dE.shape).copy()
    if slip == "only":
        return dE[np.unique(ids)]
    return dE


def _draw_lookup(rng: Rng) -> Inputs:
    ids = np.array([4, 1, 4, 0, 1, 4, 2])
    return {"dxs": rng.normal(size=(7, 3)), "ids": rng.permutation(ids), "V": 6}


def _draw_lookup_shuffled(rng: Rng) -> list[Inputs]:
    first = _draw_lookup(rng)
    order = rng.permutation(7)
    return [first, {**first, "dxs": first["dxs"][order], "ids": first["ids"][order]}]


def _draw_lookup_edge(rng: Rng) -> list[Inputs]:
    return [
        {"dxs": rng.normal(size=(4, 3)), "ids": np.array([2, 2, 2, 2]), "V": 5},
        {"dxs": rng.normal(size=(1, 2)), "ids": np.array([0]), "V": 3},
    ]


def _order_does_not_matter(calls: list[Inputs], values: list[Any]) -> str:
    first, second = (np.asarray(value) for value in values)
    if first.shape == second.shape and np.allclose(first, second):
        return ""
    return "The places may be taken in any order: the sum must be the same."


EMBEDDING_GRADIENT = Check(
    name="embedding-gradient",
    assignment=SLUG,
    points=3,
    title="embedding_gradient",
    asks="the gradient dE (V, D) of the table, from the gradients dxs (T, D) of the "
    "rows that were read and the ids (T,)",
    equation="18.6",
    section="A word is a row of a table",
    reference=_embedding_gradient,
    returns=("dE",),
    cases=(
        Case("value", "a sentence with repeated words", 2, _draw_lookup),
        Case("property", "the same places in another order", 1, _draw_lookup_shuffled,
             law=_order_does_not_matter),
        Case("edge", "one word four times; one word once", 1, _draw_lookup_edge),
    ),
    mistakes=by_slip(
        _embedding_gradient,
        {
            "repeats-overwritten": (
                "last",
                "a word that comes twice keeps only the gradient of its last place. "
                "(18.6) adds over all places; assigning at repeated ids does not add.",
            ),
            "first-place-only": (
                "first",
                "a word that comes twice keeps only the gradient of its first place. "
                "The sum in (18.6) runs over all of them.",
            ),
            "mean-over-places": (
                "mean",
                "the gradients of a word were averaged over its places. The chain "
                "rule adds: (18.6) has a sum.",
            ),
            "divided-by-length": (
                "whole",
                "everything was divided by the number of words. If the loss is a mean, "
                "that factor is in dxs already.",
            ),
            "counted-twice": (
                "squared",
                "a word with n places got n times its sum. Each place adds once.",
            ),
            "same-for-all-words": (
                "everywhere",
                "each row has the sum over all places. Only the places where that "
                "very word stands count for its row, (18.6).",
            ),
            "rows-of-the-sentence-only": (
                "only",
                "the table has rows only for the words of this sentence. The gradient "
                "has a row for each of the V words, zero for those not read.",
            ),
        },
    ),
)  # fmt: skip


# -- skip-gram pairs ------------------------------------------------------------------


def _pairs(ids: Any, window: int, *, slip: str = "") -> tuple[np.ndarray, np.ndarray]:
    text, centres, contexts = [int(i) for i in ids], [], []
    for t, centre in enumerate(text):
        for s in range(-window, window + 1):
            if slip == "after" and s < 0:
                continue
            if slip == "before" and s > 0:
                continue
            if slip == "short" and abs(s) == window:
                continue
            if slip == "edge-of-window" and abs(s) != window:
                continue
            if s == 0 and slip != "itself":
                continue
            if slip == "inner" and not window <= t < len(text) - window:
                continue
            u = t + s
            if slip == "wrap":
                u %= len(text)
            elif not 0 <= u < len(text):
                continue
            centres.append(centre)
            contexts.append(text[u])
    if slip == "swapped":
        return np.array(contexts), np.array(centres)
    if slip == "different":
        kept = list(dict.fromkeys(zip(centres, contexts, strict=True)))
        return np.array([a for a, _ in kept]), np.array([b for _, b in kept])
    return np.array(centres, dtype=np.int64), np.array(contexts, dtype=np.int64)


def _draw_text(rng: Rng) -> Inputs:
    ids = np.array([7, 3, 9, 3, 9, 5, 2, 8])
    ids[-2:] = rng.permutation([2, 8])
    return {"ids": ids, "window": 2}


def _draw_text_reversed(rng: Rng) -> list[Inputs]:
    ids = rng.integers(0, 5, size=9)
    ids[:5] = (3, 1, 3, 1, 3)
    return [{"ids": ids, "window": 3}, {"ids": ids[::-1].copy(), "window": 3}]


def _draw_text_edge(rng: Rng) -> list[Inputs]:
    return [
        {"ids": np.array([4, 6, 1]), "window": 5},
        {"ids": np.array([2, 0]), "window": 1},
        {"ids": np.array([3, 3]), "window": 4},
    ]


def _each_pair_both_ways(calls: list[Inputs], values: list[Any]) -> str:
    for value in values:
        centres, contexts = (np.asarray(part).ravel().tolist() for part in value)
        pairs = sorted(zip(centres, contexts, strict=False))
        if pairs != sorted((b, a) for a, b in pairs):
            return (
                "If b is a neighbour of a, then a is one of b: each pair comes both "
                "ways."
            )
    return ""


PAIRS = Check(
    name="skipgram-pairs",
    assignment=SLUG,
    points=3,
    title="skipgram_pairs",
    asks="the centres (N,) and contexts (N,) of all pairs of words at most `window` "
    "places apart, by the place of the centre and then by that of the neighbour",
    equation="18.7",
    section="A word is known by the company it keeps",
    reference=_pairs,
    returns=("centres", "contexts"),
    cases=(
        Case("value", "a text with repeated words", 2, _draw_text),
        Case("property", "the text and its mirror image", 1, _draw_text_reversed,
             law=_each_pair_both_ways),
        Case("edge", "a window wider than the text; two words", 1, _draw_text_edge),
    ),
    mistakes=by_slip(
        _pairs,
        {
            "only-words-after": (
                "after",
                "only neighbours to the right are paired. (18.7) looks to both sides.",
            ),
            "only-words-before": (
                "before",
                "only neighbours to the left are paired. (18.7) looks to both sides, "
                "ahead as well.",
            ),
            "word-paired-with-itself": (
                "itself",
                "each word is paired with itself, too. The step s = 0 is left out.",
            ),
            "window-one-too-short": (
                "short",
                "neighbours exactly `window` places away are missing. A range leaves "
                "out its end.",
            ),
            "only-the-rim": (
                "edge-of-window",
                "only neighbours exactly `window` places away are there; those in "
                "between count as well.",
            ),
            "ends-left-out": (
                "inner",
                "words near the ends of the text have no pairs. They have fewer "
                "neighbours, but the ones they have count.",
            ),
            "text-is-a-ring": (
                "wrap",
                "the last word and the first are neighbours. A negative index, or a "
                "remainder, goes round; a text does not.",
            ),
            "centres-and-contexts-swapped": (
                "swapped",
                "the two rows have changed places: the centre is to change slowly, "
                "its neighbours fast.",
            ),
            "each-pair-once": (
                "different",
                "a pair that occurs again was dropped. How often two words meet is "
                "what the vectors learn from.",
            ),
        },
    ),
)  # fmt: skip


# -- negative sampling ----------------------------------------------------------------


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _negative_sampling(e: Any, c: Any, n: Any, *, slip: str = "") -> Any:
    e, c, n = np.asarray(e), np.asarray(c), np.asarray(n)
    hit, misses = e @ c, n @ e
    K = len(n)
    loss = np.logaddexp(0, -hit) + np.logaddexp(0, misses).sum()
    dhit, dmisses = _sigmoid(hit) - 1, _sigmoid(misses)
    if slip == "noise-as-hits":
        loss = np.logaddexp(0, -hit) + np.logaddexp(0, -misses).sum()
        dmisses = dmisses - 1
    if slip == "mean":
        loss = np.logaddexp(0, -hit) + np.logaddexp(0, misses).mean()
        dmisses = dmisses / K
    if slip == "softmax":
        scores = np.concatenate([[hit], misses])
        p = np.exp(scores - scores.max())
        p = p / p.sum()
        loss, dhit, dmisses = -np.log(p[0]), p[0] - 1, p[1:]
    if slip == "no-noise":
        loss, dmisses = np.logaddexp(0, -hit), np.zeros(K)
    if slip == "whole-mean":
        loss, dhit, dmisses = loss / (K + 1), dhit / (K + 1), dmisses / (K + 1)
    if slip == "up":
        loss = -loss
        dhit, dmisses = -dhit, -dmisses
    de = dhit * c + dmisses @ n
    dc, dn = dhit * e, dmisses[:, None] * e
    if slip == "centre-from-context":
        de = dhit * c
    if slip == "sigmoid-twice":
        dhit = dhit * _sigmoid(hit) * (1 - _sigmoid(hit))
        dmisses = dmisses * _sigmoid(misses) * (1 - _sigmoid(misses))
        de, dc, dn = dhit * c + dmisses @ n, dhit * e, dmisses[:, None] * e
    return np.float64(loss), de, dc, dn


def _draw_noise(rng: Rng, D: int = 4, K: int = 3) -> Inputs:
    e, c = rng.normal(size=(2, D))
    return {"e": e, "c": c, "n": rng.normal(size=(K, D))}


def _draw_noise_shuffled(rng: Rng) -> list[Inputs]:
    first = _draw_noise(rng, D=6, K=5)
    return [first, {**first, "n": first["n"][::-1].copy()}]


def _draw_noise_edge(rng: Rng) -> list[Inputs]:
    e = rng.normal(size=5)
    e = 30 * e / np.linalg.norm(e)
    return [
        {"e": np.zeros(3), "c": np.ones(3), "n": rng.normal(size=(2, 3))},
        {"e": e, "c": -e, "n": np.stack([e, -e])},  # scores of 900
    ]


NEGATIVE_SAMPLING = Check(
    name="negative-sampling",
    assignment=SLUG,
    points=4,
    title="negative_sampling",
    asks="the loss (one number) for a centre e (D,), its context c (D,) and the noise "
    "n (K, D), and its gradients de (D,), dc (D,) and dn (K, D)",
    equation="18.3",
    section="Tell the neighbour from noise",
    reference=_negative_sampling,
    returns=("loss", "de", "dc", "dn"),
    cases=(
        Case("value", "random vectors", 2, _draw_noise),
        Case("property", "the noise in another order", 1, _draw_noise_shuffled),
        Case("edge", "a centre of zeros; scores of 900 and -900", 1, _draw_noise_edge),
    ),
    mistakes=by_slip(
        _negative_sampling,
        {
            "noise-pulled-closer": (
                "noise-as-hits",
                "the noise is treated like the true context: a minus sign is missing "
                "in the second term of (18.2), so everything attracts everything.",
            ),
            "mean-over-the-noise": (
                "mean",
                "the terms of the noise were averaged; (18.2) adds them, so K words "
                "of noise weigh K times.",
            ),
            "softmax-instead": (
                "softmax",
                "a softmax over context and noise. (18.2) asks K + 1 separate "
                "yes-or-no questions with a sigmoid each.",
            ),
            "noise-forgotten": (
                "no-noise",
                "only the true context counts. Without noise the loss falls to zero "
                "by making all vectors long and alike.",
            ),
            "mean-over-all-words": (
                "whole-mean",
                "loss and gradients were divided by K + 1; (18.2) is a sum over the "
                "context and the noise.",
            ),
            "likelihood-instead-of-loss": (
                "up",
                "everything has the other sign: the log-likelihood, which grows. "
                "(18.2) is minus that.",
            ),
            "centre-hears-the-context-only": (
                "centre-from-context",
                "the gradient of the centre has only the context's part. The noise "
                "pushes the centre away, too: the sum in (18.3).",
            ),
            "sigmoid-derived-twice": (
                "sigmoid-twice",
                "a factor σ(1 − σ) too many. The logarithm in (18.2) cancels it, and "
                "σ(z) − y is what remains.",
            ),
        },
    ),
)  # fmt: skip


# -- analogies ------------------------------------------------------------------------


def _unit(a: np.ndarray) -> np.ndarray:
    return np.asarray(a / np.linalg.norm(a, axis=-1, keepdims=True))


def _analogy(E: Any, a: int, b: int, c: int, *, slip: str = "") -> Any:
    E = np.asarray(E, dtype=float)
    U = E if slip in ("long", "distance") else _unit(E)
    v = U[b] - U[a] + U[c]
    if slip == "backwards":
        v = U[a] - U[b] + U[c]
    if slip == "sum":
        v = U[a] + U[b] + U[c]
    if slip == "only-c":
        v = U[c]
    score = U @ v
    if slip == "distance":
        score = -np.linalg.norm(U - v, axis=1)
    left = [a, b, c]
    if slip == "none-left":
        left = []
    if slip == "c-left":
        left = [c]
    score[left] = np.inf if slip == "farthest" else -np.inf
    return int(score.argmin() if slip == "farthest" else score.argmax())


ANALOGY_SLIPS = (
    "long", "distance", "backwards", "sum", "only-c", "none-left", "c-left", "farthest",
)  # fmt: skip


def _draw_analogy(rng: Rng) -> Inputs:
    """Draw a table on which each slip names a word of its own."""
    while True:
        E = rng.normal(size=(24, 5)) * rng.uniform(0.2, 5, size=(24, 1))
        a, b, c = (int(k) for k in rng.choice(24, size=3, replace=False))
        answers = [_analogy(E, a, b, c, slip=slip) for slip in ("", *ANALOGY_SLIPS)]
        if len(set(answers)) == len(answers):
            return {"E": E, "a": a, "b": b, "c": c}


def _draw_analogy_scaled(rng: Rng) -> list[Inputs]:
    first = _draw_analogy(rng)
    return [first, {**first, "E": first["E"] * 7.0}]


def _draw_analogy_edge(rng: Rng) -> list[Inputs]:
    planted = np.array(
        [[1.0, 0, 0], [1, 1, 0], [0, 0, 2], [0, 3, 6], [9, 9, 0], [0, 0, -1]]
    )
    planted = planted + 0.01 * rng.normal(size=planted.shape)
    return [
        {"E": planted, "a": 0, "b": 1, "c": 2},
        {"E": planted[:4], "a": 1, "b": 0, "c": 3},
    ]


ANALOGY = Check(
    name="analogy",
    assignment=SLUG,
    points=3,
    title="analogy",
    asks="the number of the word d for which a is to b as c is to d: one whole number",
    equation="18.8",
    section="Analogies, and what they hide",
    reference=_analogy,
    returns=("d",),
    cases=(
        Case("value", "rows of different lengths", 2, _draw_analogy),
        Case("property", "a table seven times as long", 1, _draw_analogy_scaled),
        Case("edge", "a planted analogy; four words alone", 1, _draw_analogy_edge),
    ),
    mistakes=by_slip(
        _analogy,
        {
            "rows-not-normalised": (
                "long",
                "the rows were taken with their lengths, so the longest vectors win. "
                "(18.8) brings each to length 1 first.",
            ),
            "nearest-by-distance": (
                "distance",
                "the nearest row by Euclidean distance among rows of all lengths. "
                "(18.8) compares directions.",
            ),
            "a-and-b-swapped": (
                "backwards",
                "the step goes from b to a. What leads from a to b is added to c.",
            ),
            "all-three-added": (
                "sum",
                "a, b and c were added; a has a minus sign in (18.8).",
            ),
            "neighbour-of-c": (
                "only-c",
                "the nearest neighbour of c: the step from a to b was not added.",
            ),
            "question-words-allowed": (
                "none-left",
                "the answer is one of the three words asked with. They are left out "
                "in (18.8), and nearly always they would win.",
            ),
            "only-c-left-out": (
                "c-left",
                "c was left out, a and b were not. All three words of the question "
                "are left out in (18.8).",
            ),
            "least-similar": (
                "farthest",
                "the word that points away most. (18.8) takes the largest cosine.",
            ),
        },
    ),
)  # fmt: skip


# -- padding --------------------------------------------------------------------------


def _pad_batch(sentences: Any, pad: int, *, slip: str = "") -> Any:
    T, B = max(len(s) for s in sentences), len(sentences)
    if slip == "shortest":
        T = min(len(s) for s in sentences)
    ids = np.full((T, B), pad, dtype=np.int64)
    if slip == "zeros":
        ids[:] = 0
    for b, s in enumerate(sentences):
        row = list(s)[:T]
        if slip == "left":
            ids[T - len(row) :, b] = row
        elif slip == "repeat":
            ids[:, b] = row + [row[-1]] * (T - len(row))
        else:
            ids[: len(row), b] = row
    lengths = np.array([min(len(s), T) for s in sentences], dtype=np.int64)
    mask = np.arange(T)[:, None] < lengths
    if slip == "left":
        mask = mask[::-1]
    if slip == "by-value":
        mask = ids != pad
    if slip == "one-more":
        mask = np.arange(T)[:, None] <= lengths
    if slip == "inverted":
        mask = ~mask
    if slip == "batch-first":
        return ids.T.copy(), mask.T.copy(), lengths
    if slip == "last-place":
        return ids, mask, lengths - 1
    return ids, mask, lengths


def _draw_sentences(rng: Rng) -> Inputs:
    """Draw sentences in which the number of the padding is a word as well."""
    sizes, pad = rng.permutation([2, 3, 5]), 3
    sentences = [[int(i) for i in rng.integers(4, 9, size=n)] for n in sizes]
    for s in sentences:
        s[0] = pad
    return {"sentences": sentences, "pad": pad}


def _draw_sentences_alone(rng: Rng) -> list[Inputs]:
    whole = _draw_sentences(rng)
    return [whole] + [{**whole, "sentences": [s]} for s in whole["sentences"]]


def _draw_sentences_edge(rng: Rng) -> list[Inputs]:
    return [
        {"sentences": [[5, 2, 7, 1]], "pad": 9},
        {"sentences": [[4], [8]], "pad": 1},
        {"sentences": [[6], [2, 5, 3, 8, 1, 7], [4, 4]], "pad": 0},
    ]


PAD_BATCH = Check(
    name="pad-batch",
    assignment=SLUG,
    points=3,
    title="pad_batch",
    asks="ids (T, B), time first, filled up at the end with `pad`; the mask (T, B), "
    "true at the words; and lengths (B,)",
    equation="18.9",
    section="Many words, one answer",
    reference=_pad_batch,
    returns=("ids", "mask", "lengths"),
    cases=(
        Case("value", "sentences of three lengths", 2, _draw_sentences),
        Case("property", "the batch, and each sentence alone", 1,
             _draw_sentences_alone),
        Case("edge", "one sentence; single words; a very long one", 1,
             _draw_sentences_edge),
    ),
    mistakes=by_slip(
        _pad_batch,
        {
            "filled-up-in-front": (
                "left",
                "the padding stands in front of the words. A network that reads "
                "forwards would then begin with noise; it was asked for at the end.",
            ),
            "mask-from-the-value": (
                "by-value",
                "the mask asks which ids differ from the padding's number. That "
                "number may be a word's, too: only the lengths know, (18.9).",
            ),
            "mask-one-too-long": (
                "one-more",
                "the mask is true one step too long. Steps count from 0, so the last "
                "word of n stands at n − 1.",
            ),
            "mask-inverted": (
                "inverted",
                "the mask is true in the padding. Here true means a word; some "
                "libraries have it the other way round.",
            ),
            "batch-first": (
                "batch-first",
                "sentences run along the first axis. Time is first in this course.",
            ),
            "cut-to-the-shortest": (
                "shortest",
                "long sentences were cut to the shortest one. Short ones are filled "
                "up to the longest.",
            ),
            "padded-with-zeros": (
                "zeros",
                "filled up with 0 whatever `pad` says. Number 0 may be a word.",
            ),
            "last-word-repeated": (
                "repeat",
                "short sentences repeat their last word. The padding has a number of "
                "its own.",
            ),
            "place-instead-of-length": (
                "last-place",
                "the lengths are one too small: that is the place of the last word.",
            ),
        },
    ),
)  # fmt: skip


# -- pooling over valid steps ---------------------------------------------------------


def _valid_pool(hs: Any, lengths: Any, *, slip: str = "") -> Any:
    hs, lengths = np.asarray(hs), np.asarray(lengths)
    T, B, _ = hs.shape
    mask = (np.arange(T)[:, None] < lengths)[:, :, None]
    last = hs[lengths - 1, np.arange(B)]
    mean = np.where(mask, hs, 0).sum(axis=0) / lengths[:, None]
    top = np.where(mask, hs, -np.inf).max(axis=0)
    if slip == "end":
        last = hs[-1]
    if slip == "after":
        last = hs[np.minimum(lengths, T - 1), np.arange(B)]
    if slip == "longest":
        last = hs[lengths.max() - 1 if lengths.max() < T else T - 2]
    if slip == "all-steps":
        mean = hs.mean(axis=0)
    if slip == "by-T":
        mean = np.where(mask, hs, 0).sum(axis=0) / T
    if slip == "by-batch":
        mean = np.where(mask, hs, 0).sum(axis=0) / lengths.sum()
    if slip == "max-all":
        top = hs.max(axis=0)
    if slip == "max-zero":
        top = np.where(mask, hs, 0).max(axis=0)
    if slip == "max-size":
        top = np.abs(np.where(mask, hs, 0)).max(axis=0)
    return last, mean, top


def _draw_states(rng: Rng) -> Inputs:
    """Draw negative states with a loud padding, so that no slip can hide."""
    hs = -rng.uniform(0.2, 0.8, size=(6, 3, 4))
    lengths = np.array([2, 3, 4])
    padding = np.arange(6)[:, None] >= lengths
    hs[padding] = rng.uniform(0.3, 0.9, size=(int(padding.sum()), 4))
    return {"hs": hs, "lengths": lengths}


def _draw_states_padding(rng: Rng) -> list[Inputs]:
    first = _draw_states(rng)
    other = first["hs"].copy()
    padding = np.arange(6)[:, None] >= first["lengths"]
    other[padding] = rng.uniform(2, 3, size=(int(padding.sum()), 4))
    return [first, {**first, "hs": other}]


def _draw_states_edge(rng: Rng) -> list[Inputs]:
    hs = -rng.uniform(0.1, 0.9, size=(5, 2, 3))
    broken = hs.copy()
    broken[1:, 0] = np.nan
    return [
        {"hs": hs, "lengths": np.array([5, 5])},
        {"hs": broken, "lengths": np.array([1, 4])},
    ]


def _padding_is_not_read(calls: list[Inputs], values: list[Any]) -> str:
    pairs = zip(*values, strict=False)
    if all(np.allclose(one, two) for one, two in pairs):
        return ""
    return "Only the padding differs between the two batches; the answers must not."


VALID_POOL = Check(
    name="valid-pool",
    assignment=SLUG,
    points=3,
    title="valid_pool",
    asks="the last state of each sentence, the mean and the largest over its valid "
    "steps: three arrays (B, H)",
    equation="18.10",
    section="Many words, one answer",
    reference=_valid_pool,
    returns=("last", "mean", "largest"),
    cases=(
        Case("value", "states below zero, padding above", 2, _draw_states),
        Case("property", "other numbers in the padding", 1, _draw_states_padding,
             law=_padding_is_not_read),
        Case("edge", "no padding; padding of NaN", 1, _draw_states_edge),
    ),
    mistakes=by_slip(
        _valid_pool,
        {
            "last-step-of-the-batch": (
                "end",
                "the last state is that of the batch's last step, which is padding "
                "for shorter sentences. (18.10) takes step n of each.",
            ),
            "one-step-late": (
                "after",
                "the last state was read one step late: with steps counted from 0, "
                "the n-th has the index n − 1.",
            ),
            "mean-with-padding": (
                "all-steps",
                "the mean takes the padding in. (18.11) has the mask in the sum and "
                "the length below it.",
            ),
            "mean-over-T": (
                "by-T",
                "the sum leaves the padding out, but it was divided by T. Short "
                "sentences come out too small; divide by their length, (18.11).",
            ),
            "mean-over-all-words": (
                "by-batch",
                "the sum was divided by the words of the whole batch. Each sentence "
                "has its own length in (18.11).",
            ),
            "largest-with-padding": (
                "max-all",
                "the largest looks into the padding. (18.12) takes it over the valid "
                "steps only.",
            ),
            "padding-as-zero": (
                "max-zero",
                "the padding was set to 0 before the largest was taken. States may be "
                "negative, and then 0 wins; (18.12) needs minus infinity there.",
            ),
            "largest-in-size": (
                "max-size",
                "the largest of the absolute values. (18.12) keeps the sign.",
            ),
        },
    ),
)  # fmt: skip


# -- which word mattered --------------------------------------------------------------


def _log_p(xs: np.ndarray, W: np.ndarray, b: np.ndarray, y: int) -> tuple[Any, Any]:
    h = np.tanh(xs.mean(axis=0))
    z = h @ W + b
    z = z - z.max()
    return z[y] - np.log(np.exp(z).sum()), h


def _word_importance(
    ids: Any, E: Any, W: Any, b: Any, y: int, *, slip: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    E, W, b = np.asarray(E), np.asarray(W), np.asarray(b)
    xs = E[np.asarray(ids)]
    score, h = _log_p(xs, W, b, y)
    z = h @ W + b
    p = np.exp(z - z.max())
    p = p / p.sum()
    target = np.eye(len(b))[y] - p
    if slip == "logit":
        target = np.eye(len(b))[y]
    dx = ((1 - h**2) * (target @ W.T)) / len(xs)  # the same at each place
    if slip == "loss":
        dx = -dx
    if slip == "no-tanh":
        dx = (target @ W.T) / len(xs)
    by_gradient = xs @ dx
    if slip == "sum-of-gradient":
        by_gradient = np.full(len(xs), dx.sum())
    if slip == "size":
        by_gradient = np.full(len(xs), np.linalg.norm(dx))
    if slip == "absolute":
        by_gradient = np.abs(xs * dx).sum(axis=1)
    left_out = []
    for t in range(len(xs)):
        rest = np.delete(xs, t, axis=0)
        if slip == "zeroed":
            rest = xs.copy()
            rest[t] = 0
        if slip == "alone":
            rest = xs[t : t + 1]
        if slip == "all-of-them":
            rest = xs[np.asarray(ids) != ids[t]]
            rest = rest if len(rest) else 0 * xs[:1]
        left_out.append(score - _log_p(rest, W, b, y)[0])
    by_leaving = np.array(left_out)
    if slip == "other-sign":
        by_leaving = -by_leaving
    return by_gradient, by_leaving


def _draw_sentence(rng: Rng, T: int = 6) -> Inputs:
    ids = rng.integers(0, 9, size=T)
    ids[[1, T - 1]] = 4, 4
    return {
        "ids": ids,
        "E": rng.normal(size=(9, 5)),
        "W": rng.normal(size=(5, 3)),
        "b": rng.normal(size=3),
        "y": int(rng.integers(3)),
    }


def _draw_sentence_shuffled(rng: Rng) -> list[Inputs]:
    first = _draw_sentence(rng)
    return [first, {**first, "ids": first["ids"][::-1].copy()}]


def _draw_sentence_edge(rng: Rng) -> list[Inputs]:
    first = _draw_sentence(rng, T=4)
    muted = first["E"].copy()
    muted[first["ids"][0]] = 0  # a word of zeros: its gradient importance is 0
    two = _draw_sentence(rng)
    return [{**first, "E": muted}, {**two, "ids": np.array([3, 7])}]


IMPORTANCE = Check(
    name="word-importance",
    assignment=SLUG,
    points=4,
    title="word_importance",
    asks="how much each word speaks for the answer y, by gradient (T,) and by leaving "
    "it out (T,)",
    equation="18.4",
    section="Which word mattered",
    reference=_word_importance,
    returns=("by_gradient", "by_leaving_out"),
    cases=(
        Case("value", "a sentence in which a word comes twice", 2, _draw_sentence),
        Case("property", "the sentence backwards", 1, _draw_sentence_shuffled),
        Case("edge", "a word of zeros; two words", 1, _draw_sentence_edge),
    ),
    mistakes=by_slip(
        _word_importance,
        {
            "logit-instead-of-log-probability": (
                "logit",
                "the gradient is that of the logit. The score here is log p, whose "
                "gradient at the logits is the one-hot row of y minus p.",
            ),
            "gradient-of-the-loss": (
                "loss",
                "the gradient of the loss: the right numbers with the other sign. The "
                "score of (18.4) is log p, which grows when a word helps.",
            ),
            "tanh-not-derived": (
                "no-tanh",
                "the tanh was passed without its derivative, 1 minus its square.",
            ),
            "gradient-without-input": (
                "sum-of-gradient",
                "the entries of the gradient were added, without the vector of the "
                "word. (18.4) multiplies the two, entry by entry.",
            ),
            "length-of-the-gradient": (
                "size",
                "the length of the gradient, which here is the same at every place. "
                "(18.4) is its product with the vector of the word.",
            ),
            "absolute-values-added": (
                "absolute",
                "absolute values were added. (18.4) keeps the signs: a word may "
                "speak for the answer or against it.",
            ),
            "word-set-to-zero": (
                "zeroed",
                "the word was replaced by zeros and still counted in the mean. "
                "(18.13) takes it out: the sentence has one word less.",
            ),
            "word-alone": (
                "alone",
                "the score of each word alone was compared. (18.13) reads all the "
                "others.",
            ),
            "all-its-places-left-out": (
                "all-of-them",
                "a word that comes twice was removed at both places. (18.13) leaves "
                "out one place at a time.",
            ),
            "left-out-minus-whole": (
                "other-sign",
                "the difference was taken the other way round. (18.13) is the score "
                "with the word minus the score without it.",
            ),
        },
    ),
)  # fmt: skip


CHECKS = (
    EMBEDDING_GRADIENT,
    PAIRS,
    NEGATIVE_SAMPLING,
    ANALOGY,
    PAD_BATCH,
    VALID_POOL,
    IMPORTANCE,
)

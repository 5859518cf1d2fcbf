"""Checks of the assignment of chapter 6: counting words.

Every wrong answer below is one that people give. The small functions compute it, so
that a check can recognise it, and the tests hand it in.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Case, Check, by_slip

SLUG = "06-counting-words"
Rng = np.random.Generator

DECK = (
    "the quick brown fox jumped over the lazy dog back",
    "now is the time for all good men to come to the aid of their party",
)
STOP_LIST = ("for", "is", "of", "the", "to")


# -- the term table -----------------------------------------------------------------


def _term_table(
    documents: Any, stop_list: Any, *, slip: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    stop = [] if slip == "stop" else stop_list
    kept = [[w for w in document if w not in stop] for document in documents]
    flat = [w for document in kept for w in document]
    terms = list(dict.fromkeys(flat)) if slip == "unsorted" else sorted(set(flat))
    if slip == "first":
        terms = sorted(set(kept[0]))
    counts = np.array([[d.count(w) for w in terms] for d in kept], dtype=np.int64)
    counts = counts.reshape(len(documents), len(terms))
    binary = (counts > 0).astype(np.int64)
    if slip == "binary":
        return binary, binary
    if slip == "binary-is-count":
        return counts, counts
    if slip == "once":
        return counts, (counts == 1).astype(np.int64)
    if slip == "share":
        return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), binary
    if slip == "transposed":
        return counts.T, binary.T
    return counts, binary


POOL = ("rain", "sun", "wind", "snow", "fog", "hail", "storm", "the", "of", "is")


def _drawn_documents(rng: Rng, N: int, length: int) -> list[list[str]]:
    """Draw documents; "zebra" comes first and only once, "snow" twice."""
    made = [[str(w) for w in rng.choice(POOL, size=length)] for _ in range(N)]
    made[0] = ["zebra", "snow", "the", "snow", *made[0]]
    made[-1] = ["apple", "fog", *made[-1]]
    return made


def _draw_table(rng: Rng) -> Inputs:
    return {"documents": _drawn_documents(rng, 3, 14), "stop_list": ["the", "of", "is"]}


def _draw_shuffled(rng: Rng) -> list[Inputs]:
    once = _draw_table(rng)
    shuffled = [[d[i] for i in rng.permutation(len(d))] for d in once["documents"]]
    return [once, {**once, "documents": shuffled}]


def _draw_table_edge(rng: Rng) -> list[Inputs]:
    stop = list(STOP_LIST)
    deck = [sentence.split() for sentence in DECK]
    return [
        {"documents": deck, "stop_list": stop},
        {"documents": [["of", "the"], *_drawn_documents(rng, 2, 6)], "stop_list": stop},
    ]


def _order_is_lost(calls: list[Inputs], values: list[Any]) -> str:
    first, second = (np.asarray(value[0]) for value in values)
    if first.shape == second.shape and (first == second).all():
        return ""
    return "The same words in another order must give the same counts; yours differ."


TABLE = Check(
    name="term-table",
    assignment=SLUG,
    points=3,
    title="term_table",
    asks="the counts (N, V), a row for each document and a column for each term, terms "
    "in alphabetical order, and the binary encoding (N, V) with 0 and 1",
    equation="6.1",
    section="Two documents become two rows",
    reference=_term_table,
    returns=("counts", "binary"),
    cases=(
        Case("value", "the two tables", 2, _draw_table),
        Case("property", "the same words in another order", 1, _draw_shuffled,
             law=_order_is_lost),
        Case("edge", "the deck's documents; one of stop words alone", 1,
             _draw_table_edge),
    ),
    mistakes=by_slip(
        _term_table,
        {
            "stop-words-kept": (
                "stop",
                "the words of the stop list have columns too. They are left out before "
                "anything is counted.",
            ),
            "order-of-appearance": (
                "unsorted",
                "the columns stand in the order in which the terms appear. They were "
                "asked for in alphabetical order, as in the deck's table.",
            ),
            "terms-of-first-document": (
                "first",
                "only the terms of the first document have a column; the vocabulary "
                "is that of all documents together.",
            ),
            "counts-binary": (
                "binary",
                "the counts are 0 and 1 as well. (6.1) says how often a term stands "
                "there; a second occurrence counts.",
            ),
            "binary-not-binary": (
                "binary-is-count",
                "the binary table holds counts. It says only whether a term is there.",
            ),
            "binary-means-exactly-once": (
                "once",
                "the binary table has a 1 where the count is exactly 1; a term that "
                "stands there twice is there, too.",
            ),
            "shares-instead-of-counts": (
                "share",
                "the counts were divided by the length of the document. Some books "
                "call that TF; (6.1) is the count.",
            ),
            "terms-as-rows": (
                "transposed",
                "a row for each term, as the deck prints its table. Here each document "
                "is a row, so that it can be multiplied from the right.",
            ),
        },
    ),
)  # fmt: skip


# -- lost order ---------------------------------------------------------------------


def _orders(words: Any, *, slip: str = "") -> Any:
    T, times = len(words), Counter(words)
    repeats = math.prod(math.factorial(n) for n in times.values())
    if slip == "all":
        return math.factorial(T)
    if slip == "different":
        return math.factorial(len(times))
    if slip == "power":
        return len(times) ** T
    if slip == "product":
        return math.factorial(T) / math.prod(times.values())
    if slip == "others":
        return math.factorial(T) // repeats - 1
    if slip == "adjacent":
        return T * (T - 1) // 2
    return math.factorial(T) // repeats


def _draw_orders(rng: Rng) -> Inputs:
    words = ["car", "car", "car", "drove", "away", "away", "i", "and"]
    return {"words": [words[i] for i in rng.permutation(len(words))]}


def _draw_orders_moved(rng: Rng) -> list[Inputs]:
    first = _draw_orders(rng)
    return [first, {"words": first["words"][::-1]}]


def _draw_orders_edge(rng: Rng) -> list[Inputs]:
    deck = "i got in the car and drove away".split()  # noqa: SIM905
    return [{"words": ["no"] * 5}, {"words": deck}, {"words": ["viver"]}]


ORDERS = Check(
    name="orders-of-a-bag",
    assignment=SLUG,
    points=2,
    title="orders_of_a_bag",
    asks="how many different sentences (sequences of words) have the same counts as "
    "this one, itself included: one number",
    equation="6.1",
    section="The row has forgotten the order",
    reference=_orders,
    returns=("number",),
    cases=(
        Case("value", "a sentence with repeated words", 2, _draw_orders),
        Case("property", "the same words in another order", 1, _draw_orders_moved),
        Case("edge", "one word five times; no word twice; one word", 1,
             _draw_orders_edge),
    ),
    mistakes=by_slip(
        _orders,
        {
            "repeats-counted-apart": (
                "all",
                "T! for T words. Swapping two equal words gives the same sentence, so "
                "those orders were counted several times.",
            ),
            "only-different-words": (
                "different",
                "the factorial of the number of different words. Each word stands as "
                "often as it did, so all T places have to be filled.",
            ),
            "any-words-in-any-place": (
                "power",
                "V to the power T: every word in every place. Most of those sentences "
                "have other counts.",
            ),
            "divided-by-counts": (
                "product",
                "T! divided by the counts. Three equal words can change places in "
                "six ways, not three.",
            ),
            "itself-left-out": (
                "others",
                "one too few: the sentence itself has its counts as well.",
            ),
            "swaps-only": (
                "adjacent",
                "the number of pairs that could be swapped. After one swap others "
                "are possible.",
            ),
        },
    ),
)  # fmt: skip


def _one_hot(words: Any, *, slip: str = "") -> Any:
    terms = list(dict.fromkeys(words)) if slip == "unsorted" else sorted(set(words))
    rows = np.zeros((len(words), len(terms)), dtype=np.int64)
    for t, word in enumerate(words):
        rows[t, terms.index(word)] = 1
    if slip == "bag":
        return rows.sum(axis=0)
    if slip == "ids":
        return rows.argmax(axis=1)
    if slip == "transposed":
        return rows.T
    if slip == "by-term":
        return np.eye(len(terms), dtype=np.int64)
    if slip == "cumulative":
        return np.minimum(rows.cumsum(axis=0), 1)
    if slip == "repeat":
        return np.eye(len(words), dtype=np.int64)
    return rows


def _draw_sentence(rng: Rng) -> Inputs:
    words = ["vou", "às", "aulas", "amanhã", "vou", "às", "compras"]
    return {"words": [words[i] for i in rng.permutation(7)]}


def _draw_two_lives(rng: Rng) -> list[Inputs]:
    words = ["viver", "para", "trabalhar", "para"]
    return [{"words": words}, {"words": ["trabalhar", "para", "viver", "para"]}]


def _bag_is_the_sum(calls: list[Inputs], values: list[Any]) -> str:
    first, second = (np.sum(value, axis=0) for value in values)
    if np.shape(first) == np.shape(second) and np.array_equal(first, second):
        return ""
    return "Summed over time, both sentences must give one and the same bag of words."


ONE_HOT = Check(
    name="one-hot-sentence",
    assignment=SLUG,
    points=2,
    title="one_hot_sentence",
    asks="one-hot rows (T, V), one for each word, columns in alphabetical order of the "
    "V different words",
    equation="6.1",
    section="The row has forgotten the order",
    reference=_one_hot,
    returns=("rows",),
    cases=(
        Case("value", "a sentence with repeated words", 2, _draw_sentence),
        Case("property", "two orders, one sum", 1, _draw_two_lives,
             law=_bag_is_the_sum),
        Case("edge", "one word, four times", 1,
             lambda rng: {"words": ["sim", "sim", "sim", "sim"]}),
    ),
    mistakes=by_slip(
        _one_hot,
        {
            "order-of-appearance": (
                "unsorted",
                "the columns follow the order in which the words appear, so the code "
                "of a word depends on the sentence's beginning. Sort them.",
            ),
            "order-lost": (
                "bag",
                "one row for the whole sentence: the bag of words again. One row for "
                "each word was asked for, and that keeps the order.",
            ),
            "numbers-instead-of-rows": (
                "ids",
                "the number of each word instead of its row. A number says that word "
                "4 is twice word 2; a one-hot row says nothing of the kind.",
            ),
            "time-second": (
                "transposed",
                "time runs along the second axis. Rows are steps here, columns are "
                "words.",
            ),
            "a-row-for-each-different-word": (
                "by-term",
                "each different word has one row. A word that comes twice has two "
                "rows, one at each of its places.",
            ),
            "earlier-words-kept": (
                "cumulative",
                "each row holds the words before it too. One-hot means a single 1.",
            ),
            "a-column-for-each-place": (
                "repeat",
                "every place has a column of its own, and equal words got different "
                "codes.",
            ),
        },
    ),
)  # fmt: skip


# -- TF-IDF -------------------------------------------------------------------------


def _tf_idf(counts: Any, *, slip: str = "") -> Any:
    n = np.asarray(counts, dtype=float)
    N, V = n.shape
    having = (n > 0).sum(axis=0)
    if slip == "occurrences":
        having = n.sum(axis=0)
    if slip == "terms":
        N = V
    idf = np.log(N / np.where(having > 0, having, N))
    if slip == "smooth":
        idf = np.log((1 + N) / (1 + having)) + 1
    if slip == "below":
        idf = np.log(N / (1 + having))
    if slip == "plus-one":
        idf = idf + 1
    if slip == "log10":
        idf = idf / np.log(10)
    if slip == "no-log":
        idf = N / np.where(having > 0, having, N)
    if slip == "upside-down":
        idf = -idf
    if slip == "df":
        idf = np.log(np.where(having > 0, having, 1))
    if slip == "idf-only":
        return (n > 0) * idf
    if slip == "share":
        n = n / np.maximum(n.sum(axis=1, keepdims=True), 1)
    if slip == "unit":
        v = n * idf
        return v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-300)
    return n * idf


def _draw_counts(N: int, V: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        counts = rng.integers(1, 5, size=(N, V)) * (rng.random((N, V)) < 0.5)
        counts[0] = rng.integers(1, 5, size=V)  # every term somewhere
        counts[:, 0] = rng.integers(1, 5, size=N)  # one term everywhere
        counts[1:, 1] = 0  # one term in one document, four times
        counts[0, 1] = 4
        return {"counts": counts}

    return draw


def _draw_counts_twice(rng: Rng) -> list[Inputs]:
    once = _draw_counts(4, 6)(rng)["counts"]
    return [{"counts": once}, {"counts": np.concatenate([once, once])}]


def _draw_counts_edge(rng: Rng) -> list[Inputs]:
    with_empty = _draw_counts(3, 5)(rng)["counts"]
    with_empty[:, 4] = 0
    return [{"counts": with_empty}, {"counts": np.array([[2, 1, 3]])}]


def _twice_the_same(calls: list[Inputs], values: list[Any]) -> str:
    once, twice = (np.asarray(value) for value in values)
    if np.allclose(np.concatenate([once, once]), twice):
        return ""
    return "Every document written down twice must keep its row: N and N_w both double."


TF_IDF = Check(
    name="tf-idf",
    assignment=SLUG,
    points=4,
    title="tf_idf",
    asks="the weights n · ln(N / N_w), shape (N, V), without any smoothing; 0 for a "
    "term that no document has",
    equation="6.3",
    section="A word that everybody uses says nothing",
    reference=_tf_idf,
    returns=("weights",),
    cases=(
        Case("value", "the weights", 3, _draw_counts(5, 8)),
        Case("property", "every document written down twice", 1, _draw_counts_twice,
             law=_twice_the_same),
        Case("edge", "a term that nobody uses; a single document", 1,
             _draw_counts_edge),
    ),
    mistakes=by_slip(
        _tf_idf,
        {
            "occurrences-instead-of-documents": (
                "occurrences",
                "N_w is how often the term occurs in all. (6.2) asks in how many "
                "documents; four times in one document is one.",
            ),
            "terms-instead-of-documents": (
                "terms",
                "N is the number of terms. In (6.2) it is the number of documents.",
            ),
            "scikit-learn-default": (
                "smooth",
                "the smoothed idf of scikit-learn, ln((1 + N)/(1 + N_w)) + 1. A fine "
                "choice, but not (6.2).",
            ),
            "one-added-to-documents": (
                "below",
                "one was added to N_w, against a division by 0. It makes the weight "
                "of a term that everybody uses negative; treat the empty column apart.",
            ),
            "one-added": (
                "plus-one",
                "one was added to the idf, so a term that everybody uses weighs as "
                "much as its count. By (6.2) it weighs 0.",
            ),
            "logarithm-to-base-10": (
                "log10",
                "the logarithm to base 10; the chapter's is the natural one.",
            ),
            "no-logarithm": (
                "no-log",
                "N / N_w without the logarithm: a term that everybody uses keeps its "
                "full count.",
            ),
            "upside-down": (
                "upside-down",
                "N_w / N under the logarithm. Rare terms weigh more, and the weights "
                "are not negative.",
            ),
            "document-frequency": (
                "df",
                "ln N_w: common terms gain. The frequency has to be inverted.",
            ),
            "count-forgotten": (
                "idf-only",
                "the idf where the term is there. (6.3) multiplies it by the count.",
            ),
            "shares-instead-of-counts": (
                "share",
                "the counts were divided by the length of the document first. (6.3) "
                "takes them as they are.",
            ),
            "rows-normalised": (
                "unit",
                "each row was scaled to length 1. The cosine (6.4) does that later.",
            ),
        },
    ),
)  # fmt: skip


# -- counting what follows ----------------------------------------------------------


def _count_next(ids: Any, context: Any, V: int, *, slip: str = "") -> Any:
    text, c = [int(i) for i in ids], [int(i) for i in context]
    if slip == "reversed":
        c = c[::-1]
    if slip == "last-only":
        c = c[-1:]
    if slip == "oldest-only":
        c = c[:1]
    k = len(c)
    counts = np.zeros(V, dtype=np.int64)
    t = k
    while t < len(text):
        if text[t - k : t] == c:
            at = t
            if slip == "before":
                at = t - k - 1
            if slip == "itself":
                at = max(t - 1, 0)
            if slip == "later":
                at = t + 1
            if 0 <= at < len(text):
                counts[text[at]] += 1
            if slip == "no-overlap" and k:
                t += k
                continue
        t += 1
    if slip == "share":
        return counts / max(counts.sum(), 1)
    if slip == "binary":
        return np.minimum(counts, 1)
    return counts


def _draw_text(k: int, n: int = 150) -> Callable[[Rng], Inputs]:
    """Draw a text in which runs overlap and the context is frequent.

    The context begins and ends with different tokens but repeats itself, so that
    each way to misread it counts something else.
    """

    def draw(rng: Rng) -> Inputs:
        V = 5
        context = np.array([3, 1, 3][:k])
        blocks: list[int] = []
        for _ in range(n // 5):
            blocks += [3, 1, 3, 1, int(rng.integers(V))]
            blocks += rng.integers(V, size=int(rng.integers(4))).tolist()
        return {"ids": np.array(blocks[:n]), "context": context, "V": V}

    return draw


def _draw_next(rng: Rng) -> Inputs:
    drawn = _draw_text(3)(rng)
    # a context that is not the same backwards, with what follows it at random
    ids = drawn["ids"].tolist()
    for _ in range(12):
        ids += [2, 2, int(rng.integers(5)), 2, 2, 0, int(rng.integers(5))]
    ids += [2, 2, 2, 2, 4, 1, 0, 2, 2, 3, 3]
    return {"ids": np.array(ids), "context": np.array([2, 2]), "V": 5}


def _draw_next_asymmetric(rng: Rng) -> Inputs:
    ids: list[int] = []
    for _ in range(30):
        ids += [1, 0, int(rng.integers(6))]
        ids += rng.integers(6, size=int(rng.integers(3))).tolist()
        ids += [0, 1, int(rng.integers(2, 6))]
    return {"ids": np.array([*ids, 3, 3]), "context": np.array([1, 0]), "V": 6}


def _draw_next_all(rng: Rng) -> list[Inputs]:
    """Draw a text and every context of one token."""
    ids = rng.integers(4, size=60)
    return [{"ids": ids, "context": np.array([c]), "V": 4} for c in range(4)]


def _every_place_once(calls: list[Inputs], values: list[Any]) -> str:
    if np.isclose(np.sum(values), len(calls[0]["ids"]) - 1):
        return ""
    return (
        "Over all contexts of one token the counts must add up to T - 1: everything "
        "but the first token follows something."
    )


def _draw_next_edge(rng: Rng) -> list[Inputs]:
    ids = rng.integers(4, size=30)
    nothing = np.zeros(0, dtype=np.int64)
    return [
        {"ids": ids, "context": nothing, "V": 5},
        {"ids": np.array([0, 1, 2, 0, 3, 3, 4]), "context": np.array([3, 4]), "V": 6},
        {"ids": np.array([2, 2, 2, 2, 2, 1]), "context": np.array([2, 2]), "V": 4},
    ]


COUNT = Check(
    name="count-next",
    assignment=SLUG,
    points=3,
    title="count_next",
    asks="how often each token came right after the context, shape (V,)",
    equation="6.7",
    section="Guess the next from the last few",
    reference=_count_next,
    returns=("counts",),
    cases=(
        Case("value", "the counts", 2,
             lambda rng: [_draw_next_asymmetric(rng), _draw_next(rng)]),
        Case("property", "all contexts of one token together", 1, _draw_next_all,
             law=_every_place_once),
        Case("edge", "no context; one at the very end; overlapping ones", 1,
             _draw_next_edge),
    ),
    mistakes=by_slip(
        _count_next,
        {
            "overlaps-missed": (
                "no-overlap",
                "the search goes on behind the context it has found. In 2 2 2 1 the "
                "context 2 2 stands twice.",
            ),
            "context-reversed": (
                "reversed",
                "the context was read backwards; its last token is the one right "
                "before the token that is counted.",
            ),
            "only-the-last-token": (
                "last-only",
                "only the last token of the context was compared: a bigram count. All "
                "k of them must agree, (6.6).",
            ),
            "only-the-first-token": (
                "oldest-only",
                "only the first token of the context was compared, and what follows "
                "that one was counted.",
            ),
            "counted-before": (
                "before",
                "the token before the context was counted, not the one after it.",
            ),
            "counted-the-context": (
                "itself",
                "the last token of the context was counted itself: one place too "
                "early.",
            ),
            "one-too-late": (
                "later",
                "the token after the next was counted: one place too late.",
            ),
            "shares-instead-of-counts": (
                "share",
                "the shares (6.7). Here N(cs) was asked for, before any division.",
            ),
            "kinds-instead-of-counts": (
                "binary",
                "1 for each token that ever followed. Adding those up gives T(c) of "
                "(6.9); N(cs) counts every time.",
            ),
        },
    ),
)  # fmt: skip


# -- Witten and Bell ----------------------------------------------------------------


def _witten_bell(counts: Any, shorter: Any, *, slip: str = "") -> Any:
    n, q = np.asarray(counts, dtype=float), np.asarray(shorter, dtype=float)
    N, T, V = n.sum(), float((n > 0).sum()), len(n)
    if not N:
        return np.full(V, 1 / V) if slip == "unseen-uniform" else q
    if slip == "kinds-are-all":
        T = N
    if slip == "kinds-are-V":
        T = float(V)
    if slip == "once":
        T = float((n == 1).sum())
    if slip == "plain":
        return n / N
    if slip == "add-one":
        return (n + 1) / (N + V)
    if slip == "uniform":
        q = np.full(V, 1 / V)
    if slip == "count-for-share":
        return (N * n + T * q) / (N + T)
    if slip == "not-weighted":
        return (n + q) / (N + T)
    if slip == "denominator":
        return (n + T * q) / N
    if slip == "swapped":
        return (T * n / N + N * q) / (N + T)
    if slip == "backoff":
        return np.where(n > 0, n / (N + T), T * q / (N + T))
    return (n + T * q) / (N + T)


def _draw_seen(V: int, seen: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        counts = np.zeros(V, dtype=np.int64)
        where = rng.permutation(V)[:seen]
        counts[where] = rng.integers(2, 9, size=seen)
        counts[where[0]] = 1
        return {"counts": counts, "shorter": rng.dirichlet(np.ones(V))}

    return draw


def _draw_uniform_counts(rng: Rng) -> Inputs:
    """Draw counts where every token came once: half goes to the shorter context."""
    V = 7
    return {"counts": np.ones(V, dtype=np.int64), "shorter": rng.dirichlet(np.ones(V))}


def _draw_unseen(rng: Rng) -> list[Inputs]:
    V = 5
    shorter = rng.dirichlet(np.ones(V))
    one = np.zeros(V, dtype=np.int64)
    one[2] = 100
    return [
        {"counts": np.zeros(V, dtype=np.int64), "shorter": shorter},
        {"counts": one, "shorter": shorter},
    ]


def _adds_to_one(calls: list[Inputs], values: list[Any]) -> str:
    if all(np.isclose(np.sum(value), 1) for value in values):
        return ""
    return f"Probabilities add up to 1; yours add up to {np.sum(values[0]):.4g}."


WITTEN_BELL = Check(
    name="witten-bell",
    assignment=SLUG,
    points=4,
    title="witten_bell",
    asks="the probabilities p_k, shape (V,), from the counts N(cs) and the "
    "probabilities p_{k-1} of the shorter context, both (V,)",
    equation="6.9",
    section="A zero is too sure",
    reference=_witten_bell,
    returns=("p",),
    cases=(
        Case("value", "the probabilities", 3, _draw_seen(9, 4)),
        Case("property", "they add up to 1", 1,
             lambda rng: [_draw_seen(8, 5)(rng), _draw_uniform_counts(rng)],
             law=_adds_to_one),
        Case("edge", "a context never seen; one with a single successor", 1,
             _draw_unseen),
    ),
    mistakes=by_slip(
        _witten_bell,
        {
            "all-instead-of-kinds": (
                "kinds-are-all",
                "N(c) was taken for T(c). T counts the different tokens that came "
                "after c, N all of them.",
            ),
            "vocabulary-instead-of-kinds": (
                "kinds-are-V",
                "V was taken for T(c). T counts only the different tokens that have "
                "followed this context.",
            ),
            "tokens-seen-once": (
                "once",
                "T(c) counts the tokens that came exactly once. Every token that "
                "came at all was new the first time.",
            ),
            "no-smoothing": (
                "plain",
                "the plain shares (6.7): what has not been seen gets 0.",
            ),
            "one-added": (
                "add-one",
                "one added to every count, Laplace's way. It does not ask the "
                "shorter context.",
            ),
            "all-tokens-alike": (
                "uniform",
                "the kept share was dealt out to all tokens alike. (6.9) deals it by "
                "the shorter context; 1/V stands only below order 0.",
            ),
            "shorter-not-weighted": (
                "not-weighted",
                "the shorter context's probabilities were added once instead of T(c) "
                "times, so the sum stays below 1.",
            ),
            "counts-instead-of-shares": (
                "count-for-share",
                "the weight N/(N + T) stands before the counts. As a mixture (6.9) is "
                "N/(N + T) times the share N(cs)/N, so N cancels.",
            ),
            "denominator-too-small": (
                "denominator",
                "the denominator is N(c) alone; T(c) was added above and has to be "
                "added below as well.",
            ),
            "weights-swapped": (
                "swapped",
                "the weights N and T have changed places: the more was seen, the "
                "more it trusts the shorter context.",
            ),
            "only-for-unseen": (
                "backoff",
                "the shorter context was asked only for tokens with count 0. (6.9) "
                "adds its share to every token, and only so is the sum 1.",
            ),
            "unseen-context-uniform": (
                "unseen-uniform",
                "a context that was never seen gives 1/V to each token. It should "
                "pass on what the shorter context says.",
            ),
        },
    ),
)  # fmt: skip


# -- the whole ladder ---------------------------------------------------------------


def _ladder(ids: Any, context: Any, V: int, *, slip: str = "") -> Any:
    c = [] if slip == "no-context" else [int(i) for i in context]
    p = np.full(V, 1 / V)
    lengths = range(len(c) + 1)
    if slip == "top-only":
        lengths = range(len(c), len(c) + 1)
    if slip == "no-order-0":
        lengths = range(1, len(c) + 1)
    if slip == "one-short":
        lengths = range(max(len(c), 1))
    for k in lengths:
        shorter = c[:k] if slip == "wrong-end" else c[len(c) - k :]
        counts = _count_next(ids, shorter, V)
        N, T = counts.sum(), (counts > 0).sum()
        if slip == "no-floor" and k == 0 or slip == "longest-alone" and N:
            p = counts / N
        elif N:
            p = (counts + T * p) / (N + T)
        elif slip == "unseen-uniform":
            p = np.full(V, 1 / V)
    return p


def _draw_ladder(rng: Rng) -> Inputs:
    V = 6
    ids = rng.choice(V - 1, size=90, p=[0.4, 0.25, 0.15, 0.15, 0.05])
    start = int(rng.integers(20, 60))
    ids[start : start + 4] = [0, 1, 3, 2]
    ids[70:73] = [0, 1, 3]
    return {"ids": ids, "context": np.array([0, 1, 3]), "V": V}


def _draw_ladder_twice(rng: Rng) -> list[Inputs]:
    """Draw two contexts that differ only beyond what was ever seen."""
    drawn = _draw_ladder(rng)
    other = {**drawn, "context": np.array([5, 0, 1, 3])}
    return [drawn, other]


def _unseen_changes_nothing(calls: list[Inputs], values: list[Any]) -> str:
    if not np.isclose(np.sum(values[0]), 1):
        return f"The probabilities add up to {np.sum(values[0]):.4g}, not to 1."
    if np.allclose(*values):
        return ""
    return (
        "An older token with which the context was never seen must change nothing: "
        "that rung of the ladder passes everything on."
    )


def _draw_ladder_edge(rng: Rng) -> list[Inputs]:
    ids = rng.integers(3, size=40)
    nothing = np.zeros(0, dtype=np.int64)
    return [
        {"ids": ids, "context": nothing, "V": 5},
        {"ids": ids, "context": np.array([4]), "V": 5},
        {"ids": np.array([0, 0, 0, 0]), "context": np.array([0, 0]), "V": 2},
    ]


LADDER = Check(
    name="ngram-probabilities",
    assignment=SLUG,
    points=5,
    title="ngram_probabilities",
    asks="the probability of each token after the context, shape (V,), by (6.9) from "
    "1/V up through 0, 1, … tokens of context",
    equation="6.10",
    section="A zero is too sure",
    reference=_ladder,
    returns=("p",),
    cases=(
        Case("value", "the probabilities", 3, _draw_ladder),
        Case("property", "they add up to 1; an unseen rung passes on", 1,
             _draw_ladder_twice, law=_unseen_changes_nothing),
        Case("edge", "no context; a context never seen; one kind of token", 1,
             _draw_ladder_edge),
    ),
    mistakes=by_slip(
        _ladder,
        {
            "only-the-top-rung": (
                "top-only",
                "the longest context was mixed with 1/V at once. Between them stand "
                "all shorter contexts, each with its own counts.",
            ),
            "order-0-left-out": (
                "no-order-0",
                "the rung without context is missing: how often each token comes at "
                "all stands between 1/V and one token of context.",
            ),
            "context-ignored": (
                "no-context",
                "only order 0: how often each token comes at all. The tokens before "
                "were not looked at.",
            ),
            "stops-one-short": (
                "one-short",
                "the last rung is missing: the whole context was never used.",
            ),
            "newest-token-dropped": (
                "wrong-end",
                "shorter contexts lost their newest token. In (6.9) c' is c without "
                "its oldest one; the newest says most.",
            ),
            "floor-left-out": (
                "no-floor",
                "order 0 is the plain share of each token. (6.10) starts below it "
                "with 1/V, so that a token that was never seen has a chance.",
            ),
            "longest-alone": (
                "longest-alone",
                "the shares (6.7) of the longest context that was seen, nothing mixed "
                "in.",
            ),
            "unseen-starts-again": (
                "unseen-uniform",
                "a context that was never seen set everything back to 1/V; it should "
                "pass on what the shorter context says.",
            ),
        },
    ),
)  # fmt: skip


# -- loss, bits, perplexity ---------------------------------------------------------


def _measures(log_p: Any, *, slip: str = "") -> tuple[float, float, float]:
    logs = np.asarray(log_p, dtype=float)
    nats = float(-logs.mean())
    bits, perplexity = nats / np.log(2), np.exp(nats)
    if slip == "sum":
        nats = float(-logs.sum())
        bits, perplexity = nats / np.log(2), np.exp(min(nats, 700))
    if slip == "sign":
        return -nats, -bits, float(np.exp(-nats))
    if slip == "bits-times":
        bits = nats * np.log(2)
    if slip == "two-to-nats":
        perplexity = 2**nats
    if slip == "e-to-bits":
        perplexity = np.exp(bits)
    if slip == "mean-p":
        nats = float(-np.log(np.exp(logs).mean()))
        bits, perplexity = nats / np.log(2), np.exp(nats)
    if slip == "mean-perplexity":
        perplexity = np.exp(-logs).mean()
    if slip == "base-10":
        bits = nats / np.log(10)
    if slip == "product":
        p = float(np.exp(logs).prod())
        perplexity = p ** (-1 / len(logs)) if p > 0 else np.inf
    return nats, float(bits), float(perplexity)


def _draw_logs(T: int) -> Callable[[Rng], Inputs]:
    return lambda rng: {"log_p": np.log(rng.uniform(0.05, 0.9, size=T))}


def _draw_equal(rng: Rng) -> list[Inputs]:
    once = _draw_logs(6)(rng)["log_p"]
    return [{"log_p": np.full(7, np.log(1 / 65))}, {"log_p": once},
            {"log_p": np.tile(once, 3)}]  # fmt: skip


def _as_if_65(calls: list[Inputs], values: list[Any]) -> str:
    if not np.isclose(values[0][2], 65):
        return "With every p equal to 1/65 the perplexity must be 65; yours is not."
    if not np.allclose(values[1], values[2]):
        return "The same text three times over must have the same numbers."
    return ""


MEASURES = Check(
    name="loss-bits-perplexity",
    assignment=SLUG,
    points=3,
    title="loss_bits_perplexity",
    asks="the mean loss in nats, the same in bits, and the perplexity: three numbers",
    equation="6.13",
    section="One number for a model",
    reference=_measures,
    returns=("nats", "bits", "perplexity"),
    cases=(
        Case("value", "the three numbers", 3, _draw_logs(11)),
        Case("property", "equal chances; a text three times over", 1, _draw_equal,
             law=_as_if_65),
        Case("edge", "5,000 tokens; one token", 1,
             lambda rng: [_draw_logs(5000)(rng), _draw_logs(1)(rng)]),
    ),
    mistakes=by_slip(
        _measures,
        {
            "sum-instead-of-mean": (
                "sum",
                "the sum over the text. (6.11) is a mean, so that texts of different "
                "lengths can be compared.",
            ),
            "sign": (
                "sign",
                "the sign is the other way round: logarithms of probabilities are "
                "negative, the loss (6.11) is not.",
            ),
            "multiplied-by-ln-2": (
                "bits-times",
                "multiplied by ln 2. A bit is smaller than a nat, so there are more "
                "of them: (6.12) divides.",
            ),
            "two-to-the-nats": (
                "two-to-nats",
                "2 to the power of the loss in nats. 2 belongs to bits and e to "
                "nats, (6.13).",
            ),
            "e-to-the-bits": (
                "e-to-bits",
                "e to the power of the loss in bits. 2 belongs to bits; in (6.13) "
                "stands the loss in nats.",
            ),
            "mean-of-probabilities": (
                "mean-p",
                "the probabilities were averaged before the logarithm. The logarithms "
                "are averaged: one very small p must hurt.",
            ),
            "mean-of-perplexities": (
                "mean-perplexity",
                "the mean of 1/p. The exponential comes after the mean, (6.13).",
            ),
            "logarithm-to-base-10": (
                "base-10",
                "divided by ln 10; that would be decimal digits, not bits, (6.12).",
            ),
            "product-underflows": (
                "product",
                "the probabilities were multiplied. Their product is 0 for a computer "
                "after some hundred tokens; add logarithms.",
            ),
        },
    ),
)  # fmt: skip


# -- drawing ------------------------------------------------------------------------


def _tempered(p: Any, tau: float, *, slip: str = "") -> Any:
    p = np.asarray(p, dtype=float)
    if slip == "times":
        tau = 1 / tau
    if slip == "softmax":
        z = p / tau
        e = np.exp(z - z.max())
        return e / e.sum()
    if slip == "naive":
        with np.errstate(all="ignore"):
            q = p ** (1 / tau)
            return q / q.sum()
    with np.errstate(divide="ignore"):
        logs = np.log(p) / tau
    q = np.exp(logs - logs.max())
    if slip == "unnormalised":
        return np.exp(logs)
    if slip == "by-max":
        return q
    if slip == "divided":
        return p / tau
    if slip == "greedy":
        return (p == p.max()).astype(float)
    if slip == "ignored":
        return p
    return q / q.sum()


def _draw_p(V: int, tau: float) -> Callable[[Rng], Inputs]:
    return lambda rng: {"p": rng.dirichlet(np.ones(V)), "tau": tau}


def _draw_cold(rng: Rng) -> list[Inputs]:
    p = rng.dirichlet(np.ones(40)) * 0.5
    p[3] += 0.5
    with_zero = np.array([0.5, 0.0, 0.3, 0.2])
    small = rng.dirichlet(np.full(300, 50.0))  # all near 1/300
    return [
        {"p": with_zero, "tau": 0.5},
        {"p": p, "tau": 0.01},
        {"p": small, "tau": 0.005},
    ]


def _nothing_at_one(calls: list[Inputs], values: list[Any]) -> str:
    if not np.isclose(np.sum(values[1]), 1):
        return f"The result adds up to {np.sum(values[1]):.4g}, not to 1."
    if not np.allclose(values[0], calls[0]["p"]):
        return "A temperature of 1 must change nothing."
    return ""


TEMPERATURE = Check(
    name="temperature",
    assignment=SLUG,
    points=2,
    title="temper",
    asks="the probabilities at temperature tau, shape (V,), adding up to 1",
    equation="6.14",
    section="Let it speak",
    reference=_tempered,
    returns=("p_tau",),
    cases=(
        Case("value", "colder and hotter", 2,
             lambda rng: [_draw_p(6, 0.5)(rng), _draw_p(6, 1.7)(rng)]),
        Case("property", "1 changes nothing; the sum is 1", 1,
             lambda rng: [_draw_p(5, 1.0)(rng), _draw_p(7, 0.7)(rng)],
             law=_nothing_at_one),
        Case("edge", "a zero stays a zero; very cold, 300 small numbers", 1,
             _draw_cold),
    ),
    mistakes=by_slip(
        _tempered,
        {
            "power-upside-down": (
                "times",
                "p to the power tau. (6.14) has 1/tau: colder must be sharper.",
            ),
            "softmax-of-probabilities": (
                "softmax",
                "a softmax of p/tau. That belongs to the outputs before a softmax; "
                "for probabilities the logarithms are divided by tau.",
            ),
            "not-normalised": (
                "unnormalised",
                "the power without its denominator: what comes does not add up to 1.",
            ),
            "largest-is-one": (
                "by-max",
                "divided by the largest instead of the sum.",
            ),
            "divided-by-tau": (
                "divided",
                "p divided by tau. That scales all alike; (6.14) takes a power.",
            ),
            "greedy": (
                "greedy",
                "everything on the likeliest token: that is the limit tau to 0.",
            ),
            "temperature-ignored": (
                "ignored",
                "p itself; tau was not used.",
            ),
            "underflow": (
                "naive",
                "right, until it is so cold that every power is 0 for the computer "
                "and 0/0 comes out. Take logarithms and subtract the largest first.",
            ),
        },
    ),
)  # fmt: skip


def _draw_tokens(p: Any, us: Any, *, slip: str = "") -> Any:
    p, us = np.asarray(p, dtype=float), np.asarray(us, dtype=float)
    V = len(p)
    if slip == "greedy":
        return np.full(len(us), int(p.argmax()))
    if slip == "uniform":
        return np.minimum((us * V).astype(np.int64), V - 1)
    if slip == "nearest":
        return np.abs(p[None] - us[:, None]).argmin(axis=1)
    if slip == "sorted":
        order = np.argsort(-p, kind="stable")
        at = np.searchsorted(np.cumsum(p[order]), us, side="right")
        return order[np.minimum(at, V - 1)]
    if slip == "from-the-end":
        last = int(np.flatnonzero(p[::-1])[-1])
        at = np.searchsorted(np.cumsum(p[::-1]), us, side="right")
        return V - 1 - np.minimum(at, last)
    at = np.searchsorted(np.cumsum(p), us, side="right")
    if slip == "left":
        at = np.searchsorted(np.cumsum(p), us, side="left")
    if slip == "one-late":
        return np.minimum(at + 1, V - 1)
    if slip == "one-early":
        return at - 1
    if slip == "past-the-end":
        return at
    return np.minimum(at, int(np.flatnonzero(p)[-1]))


def _draw_us(V: int, n: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        p = rng.dirichlet(np.full(V, 2.0))
        return {"p": p, "us": rng.random(n)}

    return draw


def _draw_grid(rng: Rng) -> Inputs:
    p = np.array([0.1, 0.35, 0.05, 0.3, 0.2])[rng.permutation(5)]
    return {"p": p, "us": (np.arange(2000) + 0.5) / 2000}


def _frequencies(calls: list[Inputs], values: list[Any]) -> str:
    share = np.bincount(np.asarray(values[0], dtype=int), minlength=5) / 2000
    if np.abs(share - calls[0]["p"]).max() < 0.002:
        return ""
    return (
        "The numbers 0.00025, 0.00075, … cover 0 to 1 evenly, so each token must "
        "come as often as its probability says; yours do not."
    )


def _draw_ends(rng: Rng) -> list[Inputs]:
    tenth = np.array([0.0, *[0.1] * 10, 0.0])  # adds up to 0.9999999999999999
    nearly = np.nextafter(1.0, 0.0)
    return [
        {"p": np.array([0.0, 0.25, 0.75]), "us": np.array([0.0, 0.2, 0.25, 0.9])},
        {"p": tenth, "us": np.array([0.5, nearly])},
    ]


DRAW = Check(
    name="draw-tokens",
    assignment=SLUG,
    points=3,
    title="draw_tokens",
    asks="for each u the first token up to and with which the probabilities add up to "
    "more than u: whole numbers, shape (n,)",
    equation="6.14",
    section="Let it speak",
    reference=_draw_tokens,
    returns=("tokens",),
    cases=(
        Case("value", "forty draws", 2, _draw_us(6, 40)),
        Case("property", "as often as the probability says", 1, _draw_grid,
             law=_frequencies),
        Case("edge", "u = 0 before a token of probability 0; u next to 1", 1,
             _draw_ends),
    ),
    mistakes=by_slip(
        _draw_tokens,
        {
            "always-the-likeliest": (
                "greedy",
                "always the likeliest token. A sample takes each by its probability.",
            ),
            "all-tokens-alike": (
                "uniform",
                "u was spread over the tokens alike; p was not used.",
            ),
            "nearest-probability": (
                "nearest",
                "the token whose probability is nearest to u. Lay the probabilities "
                "end to end from 0 to 1 and look where u falls.",
            ),
            "sorted-by-probability": (
                "sorted",
                "the probabilities were sorted first. As good a sample, but here the "
                "tokens are laid out in their own order, so that u decides.",
            ),
            "from-the-end": (
                "from-the-end",
                "the probabilities were laid out from the last token to the first.",
            ),
            "zero-can-be-drawn": (
                "left",
                "right but for u on a border: u = 0 drew a token with probability 0. "
                "The sum must be more than u, not equal to it.",
            ),
            "one-late": (
                "one-late",
                "each token is one too far: the one in whose stretch u falls was "
                "passed.",
            ),
            "one-early": (
                "one-early",
                "each token is one too early, and some are -1.",
            ),
            "past-the-end": (
                "past-the-end",
                "right, except that for u next to 1 it runs past the last token with "
                "a probability: rounding leaves the sum a little below 1.",
            ),
        },
    ),
)  # fmt: skip


# -- sparsity -----------------------------------------------------------------------


def _sparsity(train: Any, test: Any, k: int, *, slip: str = "") -> tuple[int, float]:
    old, new = [int(i) for i in train], [int(i) for i in test]
    if slip == "swapped":
        old, new = new, old
    width = k + 1 if slip == "with-the-token" else k
    ends = range(width, len(old) + 1)
    if slip != "last-one" and slip != "with-the-token":
        ends = range(width, len(old))
    known = {tuple(old[t - width : t]) for t in ends}
    if slip == "with-the-token":
        asked = [tuple(new[t - width : t]) for t in range(width, len(new) + 1)]
    else:
        asked = [tuple(new[t - k : t]) for t in range(k, len(new))]
    n: int = len(known)
    if slip == "all-places":
        n = len(ends)
    if slip == "possible":
        n = (max(old + new) + 1) ** k
    if slip == "distinct":
        asked = sorted(set(asked))
    hits = sum(c in known for c in asked)
    share = hits / len(asked)
    if slip == "unknown":
        share = 1 - share
    if slip == "whole-length":
        share = hits / len(new)
    return n, share


def _draw_pair(k: int, n: int, m: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        train = rng.choice(5, size=n, p=[0.4, 0.3, 0.15, 0.1, 0.05])
        train[-k:] = 7  # a context at the end that nothing followed
        test = rng.choice(5, size=m, p=[0.3, 0.3, 0.15, 0.1, 0.15])
        test[5 : 5 + k] = 7
        test[1], test[m // 2] = 6, 6  # a token that is new
        return {"train": train, "test": test, "k": k}

    return draw


def _draw_growing(rng: Rng) -> list[Inputs]:
    train, test = rng.integers(4, size=60), rng.integers(4, size=40)
    return [{"train": train, "test": test, "k": k} for k in (1, 2, 3, 4)]


def _known_shrinks(calls: list[Inputs], values: list[Any]) -> str:
    shares = [float(value[1]) for value in values]
    if shares == sorted(shares, reverse=True):
        return ""
    return "A longer context cannot be known more often; your share grows with k."


def _draw_pair_edge(rng: Rng) -> list[Inputs]:
    return [
        {"train": rng.integers(3, size=12), "test": rng.integers(3, size=7), "k": 0},
        {"train": np.array([0, 1, 0, 1]), "test": np.array([2, 3, 2, 3, 2]), "k": 2},
    ]


SPARSITY = Check(
    name="context-sparsity",
    assignment=SLUG,
    points=4,
    title="context_sparsity",
    asks="the number of different contexts of k tokens that something followed in the "
    "training text, and the share of places k, k + 1, … of the test text whose context "
    "is one of them",
    equation="6.8",
    section="What if n is small, what if n is large",
    reference=_sparsity,
    returns=("n_contexts", "share"),
    cases=(
        Case("value", "contexts of two tokens", 3, _draw_pair(2, 70, 41)),
        Case("property", "longer contexts are known less often", 1, _draw_growing,
             law=_known_shrinks),
        Case("edge", "the empty context; nothing in common", 1, _draw_pair_edge),
    ),
    mistakes=by_slip(
        _sparsity,
        {
            "texts-swapped": (
                "swapped",
                "training and test text have changed places.",
            ),
            "with-the-token": (
                "with-the-token",
                "runs of k + 1 tokens, the context and what follows it. A context "
                "is what stands before.",
            ),
            "last-one-counted": (
                "last-one",
                "the run at the very end of the training text counts as known. "
                "Nothing followed it, so it has no counts.",
            ),
            "places-instead-of-contexts": (
                "all-places",
                "the number of places in the training text; equal contexts count "
                "once.",
            ),
            "possible-instead-of-seen": (
                "possible",
                "V to the power k of (6.8): the contexts that are possible. Those "
                "that were seen are far fewer.",
            ),
            "different-contexts-of-the-test": (
                "distinct",
                "the share of the different contexts of the test text. A context "
                "that comes ten times counts ten times.",
            ),
            "share-of-unknown": (
                "unknown",
                "the share of places whose context is new; the others were asked for.",
            ),
            "first-places-counted": (
                "whole-length",
                "divided by all places of the test text. The first k have no whole "
                "context and do not count.",
            ),
        },
    ),
)  # fmt: skip


CHECKS = (
    TABLE,
    ORDERS,
    ONE_HOT,
    TF_IDF,
    COUNT,
    WITTEN_BELL,
    LADDER,
    MEASURES,
    TEMPERATURE,
    DRAW,
    SPARSITY,
)

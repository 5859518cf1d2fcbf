"""Texts as numbers: what is counted is what stands there, and nothing is lost."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncourse import text
from rnncourse.datasets import DataNotFound, fetch_shakespeare
from rnncourse.text import NGram, Vocabulary

DECK = (
    "The quick brown fox jumped over the lazy dog's back.",
    "Now is the time for all good men to come to the aid of their party.",
)
STOP_WORDS = ("for", "is", "of", "the", "to")
TABLE = {  # as printed in deck 001
    "aid": (0, 1), "all": (0, 1), "back": (1, 0), "brown": (1, 0), "come": (0, 1),
    "dog": (1, 0), "fox": (1, 0), "good": (0, 1), "jump": (1, 0), "lazy": (1, 0),
    "men": (0, 1), "now": (0, 1), "over": (1, 0), "party": (0, 1), "quick": (1, 0),
    "their": (0, 1), "time": (0, 1),
}  # fmt: skip


# -- tokens --------------------------------------------------------------------------


def test_words_keep_accents_and_apostrophes_and_drop_the_rest():
    got = text.words("Amanhã vou assistir às aulas, 2 vezes: dog's\u2014I\u2019m")
    assert got == ["amanhã", "vou", "assistir", "às", "aulas", "vezes", "dog's",
                   "i\u2019m"]  # fmt: skip


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=30))
def test_decoding_gives_back_what_was_encoded(tokens):
    v = Vocabulary.of(tokens)
    assert v.decode(v.encode(tokens)) == tokens
    assert sorted(set(tokens)) == list(v.tokens)


def test_rare_tokens_become_the_unknown_one():
    v = Vocabulary.of(["a", "a", "b", "b", "c"], least=2, unknown="?")
    assert v.tokens == ("?", "a", "b")
    assert v.encode(["c", "b", "z"]).tolist() == [0, 2, 0]
    assert v.decode(v.encode(["c", "b"])) == ["?", "b"]
    assert "c" not in v
    assert v == Vocabulary(("?", "a", "b"), unknown="?")
    assert hash(v) == hash(Vocabulary(("?", "a", "b"), unknown="?"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Vocabulary("aba"), "tokens must differ, got 'a' twice"),
        (lambda: Vocabulary("ab", unknown="?"), "unknown must be one of the tokens"),
        (lambda: Vocabulary("ab").encode("abc"), "got 'c' at 2"),
        (lambda: Vocabulary("ab").decode([2]), r"ids must lie in 0\.\.1, got 2"),
        (lambda: Vocabulary("ab").decode([-1]), r"ids must lie in 0\.\.1, got -1"),
        (lambda: Vocabulary.of("ab", least=0), "least must be at least 1"),
    ],
)
def test_vocabulary_names_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# -- documents -----------------------------------------------------------------------


def test_the_term_table_is_the_one_of_the_deck():
    terms, counts = text.count_terms(DECK, stop_words=STOP_WORDS, change=text.stem)
    assert len(terms) == 17
    assert dict(zip(terms, map(tuple, counts.T.tolist()), strict=True)) == TABLE


def test_counting_forgets_the_order():
    _, counts = text.count_terms(["viver para trabalhar", "trabalhar para viver"])
    assert (counts[0] == counts[1]).all()


def test_counts_of_a_document_add_up_to_its_words():
    _, counts = text.count_terms(DECK)
    assert counts.sum(axis=1).tolist() == [len(text.words(d)) for d in DECK]
    assert text.count_terms(["", "a b a"]).counts.tolist() == [[0, 0], [2, 1]]


def test_tf_idf_is_scikit_learns_without_its_smoothing():
    sk = pytest.importorskip("sklearn.feature_extraction.text")
    counts = np.random.default_rng(0).integers(0, 4, size=(7, 5))
    counts[0] += 1  # each term somewhere
    # smooth_idf=False is ln(N / n_w) + 1
    theirs = sk.TfidfTransformer(norm=None, smooth_idf=False).fit_transform(counts)
    np.testing.assert_allclose(text.tf_idf(counts), theirs.toarray() - counts)


def test_idf_of_a_term_that_is_everywhere_or_nowhere_is_zero():
    got = text.inverse_document_frequency([[3, 1, 0], [1, 0, 0]])
    np.testing.assert_allclose(got, [0, math.log(2), 0])


def test_idf_of_other_documents_may_be_given():
    assert text.tf_idf([[2, 3]], idf=[0.5, 0]).tolist() == [[1.0, 0.0]]


def test_cosine_knows_no_length():
    a, b = np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[6.0, 8.0], [-4.0, 3.0]])
    np.testing.assert_allclose(text.cosine(a, b), [[1, 0], [0, 0]], atol=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: text.tf_idf(np.zeros(3)), r"shape \(N, V\).* got \(3,\)"),
        (lambda: text.tf_idf(np.zeros((0, 3))), "N at least 1"),
        (lambda: text.tf_idf([[1, -1]]), "must not be negative, got -1"),
        (lambda: text.cosine([[1.0]], [[1.0, 2.0]]), r"\(1, 1\) and \(1, 2\)"),
    ],
)
def test_tables_name_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- n-grams -------------------------------------------------------------------------


class Slow:
    """Witten and Bell by dictionaries, a definition to hold the tables against."""

    def __init__(self, ids, V, order):
        self.V = V
        self.follows = defaultdict(Counter)
        for t, token in enumerate(ids):
            for k in range(min(order, t) + 1):
                self.follows[tuple(ids[t - k : t])][token] += 1

    def p(self, token, context):
        context = tuple(context)
        shorter = 1 / self.V if not context else self.p(token, context[1:])
        seen = self.follows.get(context)
        if not seen:
            return shorter
        n, kinds = sum(seen.values()), len(seen)
        return (seen[token] + kinds * shorter) / (n + kinds)


texts = st.lists(st.integers(0, 3), min_size=5, max_size=60)


@given(texts, texts, st.integers(0, 4))
def test_tables_and_dictionaries_agree(train, test, order):
    V = 5  # one token that is never seen
    fast, slow = NGram(train, V, order), Slow(train, V, order)
    want = [slow.p(s, test[max(0, t - order) : t]) for t, s in enumerate(test)]
    np.testing.assert_allclose(fast.log_probabilities(test), np.log(want), rtol=1e-12)
    for t in (0, 1, len(test) - 1):
        p = fast.probabilities(test[:t])
        np.testing.assert_allclose(p[test[t]], want[t], rtol=1e-12)
        assert math.isclose(p.sum(), 1, rel_tol=1e-12)
        assert (p > 0).all()


@given(texts, texts, st.integers(0, 4))
def test_depth_is_the_longest_context_that_something_followed(train, test, order):
    model, slow = NGram(train, 4, order), Slow(train, 4, order)
    for t, k in enumerate(model.depth(test).tolist()):
        past = test[max(0, t - order) : t]
        known = [j for j in range(len(past) + 1)
                 if tuple(past[len(past) - j :]) in slow.follows]  # fmt: skip
        assert k == max(known)


@given(texts, st.integers(0, 4), st.integers(0, 30))
def test_a_text_may_be_read_in_two_pieces(ids, order, cut):
    model = NGram([0, 1, 2, 3, 2, 1, 0, 0], 4, order)
    whole = model.log_probabilities(ids)
    head, tail = ids[:cut], ids[cut:]
    np.testing.assert_allclose(
        model.log_probabilities(tail, before=head), whole[len(head) :], rtol=1e-12
    )


def test_the_ladder_climbs_one_token_of_context_at_a_time():
    ids = [0, 1, 2, 0, 1, 3, 0, 1, 2]
    rows = NGram(ids, 4, 3).ladder([3, 0, 1])
    for k in range(4):
        lower = NGram(ids, 4, k).probabilities([3, 0, 1])
        np.testing.assert_allclose(rows[k], lower, rtol=1e-12)
    unseen = NGram(ids, 4, 3).ladder([2, 2, 1])
    assert (unseen[2] == unseen[1]).all()
    assert (unseen[3] == unseen[1]).all()


def test_a_bigram_by_hand():
    v = Vocabulary.of("abc")
    model = NGram(v.encode("abababac"), 3, 1)
    # 8 tokens of 3 kinds: p(b) = (3 + 3/3) / 11; after a: b three times, c once
    assert math.isclose(model.probabilities()[1], 4 / 11)
    assert math.isclose(model.probabilities([0])[1], (3 + 2 * 4 / 11) / 6)
    assert (model.n_contexts, model.n_entries) == (2, 3 + 3)
    assert "order=1" in repr(model)


def test_order_four_reaches_the_figure_of_the_course():
    try:
        data = fetch_shakespeare()
    except DataNotFound:
        pytest.skip("Shakespeare is not on this machine")
    v = Vocabulary.of(data.text)
    ids = v.encode(data.text)
    cut = int(0.9 * len(ids))
    losses = [
        -NGram(ids[:cut], len(v), k).log_probabilities(ids[cut:]).mean()
        for k in (0, 1, 4)
    ]
    np.testing.assert_allclose(losses, [3.347, 2.486, 1.669], atol=0.001)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: NGram([0, 1], 2, 2), ValueError, "at least order [+] 1 = 3 tokens"),
        (lambda: NGram([0, 2], 2, 0), ValueError, r"ids must lie in 0\.\.1, got 2"),
        (lambda: NGram([0.0, 1.0], 2, 0), TypeError, "whole numbers, got float64"),
        (lambda: NGram([[0, 1]], 2, 0), ValueError, r"shape \(T,\), got \(1, 2\)"),
        (lambda: NGram([0, 1], 2, -1), ValueError, "order must be at least 0"),
        (lambda: NGram([0, 1], 2, 1).probabilities([5]), ValueError, "got 5"),
    ],
)
def test_ngram_names_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


# -- perplexity and sampling ---------------------------------------------------------


def test_perplexity_of_equal_chances_is_their_number():
    assert math.isclose(text.perplexity(np.full(7, np.log(1 / 65))), 65)
    assert text.perplexity([0.0, 0.0]) == 1
    assert text.perplexity([0.0, -np.inf]) == math.inf


@pytest.mark.parametrize(
    ("logs", "message"),
    [
        ([], "must have at least one number, got none"),
        ([0.5], "at most 0, got 0.5"),
        ([float("nan")], "at most 0, got nan"),
    ],
)
def test_perplexity_refuses_what_is_no_probability(logs, message):
    with pytest.raises(ValueError, match=message):
        text.perplexity(logs)


class Fixed:
    def __init__(self, p):
        self.p = p

    def probabilities(self, context):
        return self.p


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_samples_have_the_frequencies_that_the_temperature_gives(temperature):
    p = np.array([0.6, 0.3, 0.1, 0.0])
    drawn = text.sample(Fixed(p), 4000, temperature=temperature, seed=1)
    want = p ** (1 / temperature) / (p ** (1 / temperature)).sum()
    share = np.bincount(drawn, minlength=4) / len(drawn)
    np.testing.assert_allclose(share, want, atol=0.03)


def test_samples_follow_seed_and_start():
    model = NGram([0, 1, 2] * 20, 3, 2)
    first, again = text.sample(model, 30, seed=5), text.sample(model, 30, seed=5)
    assert (first == again).all()
    assert (first != text.sample(model, 30, seed=6)).any()
    assert text.sample(model, 0).tolist() == []
    follows = text.sample(model, 9, start=[0, 1], temperature=0.05)
    assert follows.tolist() == [2, 0, 1] * 3


@pytest.mark.parametrize("temperature", [0, -1.0, float("inf"), float("nan")])
def test_a_temperature_is_above_zero(temperature):
    with pytest.raises(ValueError, match="temperature must be above 0"):
        text.sample(Fixed(np.ones(1)), 1, temperature=temperature)


# -- batches -------------------------------------------------------------------------


@given(st.integers(2, 200), st.integers(1, 9), st.integers(1, 12))
def test_no_token_is_lost_or_doubled_and_streams_go_on(n, B, T):
    if n < B + 1:
        return
    ids = np.arange(n)
    batches = list(text.stateful_batches(ids, B=B, T=T))
    seen = []
    last = None
    for batch in batches:
        assert batch.xs.shape == batch.ys.shape
        assert batch.lengths.min() >= 1
        assert batch.lengths.max() == len(batch.xs) <= T + 1
        there = np.arange(len(batch.xs))[:, None] < batch.lengths
        assert (batch.ys[there] == batch.xs[there] + 1).all()
        assert not batch.xs[~there].any()
        assert not batch.ys[~there].any()
        if last is not None:
            assert (batch.xs[0] == last).all(), "each stream goes on where it ended"
        last = batch.ys[batch.lengths - 1, np.arange(B)]
        seen += batch.ys[there].tolist()
    assert sorted(seen) == list(range(1, n))
    assert all((b.lengths == T).all() for b in batches[:-1])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"B": 4, "T": 2}, r"N at least B \+ 1 = 5, got \(4,\)"),
        ({"B": 0, "T": 2}, "B must be at least 1"),
        ({"B": 1, "T": 0}, "T must be at least 1"),
    ],
)
def test_batches_are_refused_at_once_not_at_the_first_use(sizes, message):
    with pytest.raises(ValueError, match=message):
        text.stateful_batches(np.arange(4), **sizes)

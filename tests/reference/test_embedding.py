"""Embedding and word2vec against numbers by hand, differences and torch."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnncourse.reference.embedding import (
    Word2VecParams,
    embedding_backward,
    embedding_forward,
    init_embedding,
    init_word2vec,
    nearest,
    noise_distribution,
    skipgram_pairs,
    word2vec_backward,
    word2vec_forward,
    word2vec_step,
)
from rnncourse.reference.functional import one_hot
from rnncourse.reference.gradcheck import check_gradient, relative_error

V, D, N, K = 7, 3, 5, 2
RNG = np.random.default_rng(0)
E = RNG.normal(size=(V, D))
IDS = np.array([[1, 4, 1], [0, 1, 6]])
P = Word2VecParams(E, RNG.normal(size=(V, D)))
CENTRES, CONTEXTS = np.array([0, 3, 3, 5, 1]), np.array([2, 3, 6, 0, 2])
NEGATIVES = np.array([[1, 1], [3, 0], [6, 2], [4, 5], [2, 2]])


# -- the table ---------------------------------------------------------------------


def test_lookup_is_the_product_of_one_hot_rows_with_the_table():
    np.testing.assert_allclose(embedding_forward(IDS, E), one_hot(IDS, V) @ E)


def test_each_place_of_a_repeated_id_adds_to_its_row_by_hand():
    dxs = np.array([[1.0], [2.0], [4.0]])
    dE = embedding_backward(dxs, [2, 0, 2], np.zeros((4, 1)))
    np.testing.assert_array_equal(dE.ravel(), [2, 0, 5, 0])


def test_gradient_of_the_table_agrees_with_differences_and_torch():
    dxs = RNG.normal(size=(*IDS.shape, D))
    dE = embedding_backward(dxs, IDS, E)

    def loss(q):
        return math.fsum((embedding_forward(IDS, q["E"]) * dxs).ravel())

    check_gradient(loss, {"E": E}, {"E": dE})
    table = torch.nn.Embedding(V, D, _weight=torch.tensor(E))
    xs = table(torch.tensor(IDS))
    xs.backward(torch.tensor(dxs))
    np.testing.assert_array_equal(embedding_forward(IDS, E), xs.detach().numpy())
    assert relative_error(dE, table.weight.grad.numpy()).max() <= 1e-10


def test_the_lookup_is_a_copy_and_keeps_the_dtype():
    table = E.astype(np.float32)
    xs = embedding_forward(IDS, table)
    xs[:] = 0
    assert xs.dtype == np.float32
    assert table.any()
    assert embedding_backward(xs, IDS, table).dtype == np.float32


def test_no_ids_give_no_rows_and_no_gradient():
    empty = np.zeros((4, 0), dtype=int)
    xs = embedding_forward(empty, E)
    assert xs.shape == (4, 0, D)
    assert not embedding_backward(xs, empty, E).any()


# -- word2vec ----------------------------------------------------------------------


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(1, 5))
def test_pairs_are_all_neighbours_within_the_window(text, window):
    want = [
        (text[i], text[j])
        for i in range(len(text))
        for j in range(max(0, i - window), min(len(text), i + window + 1))
        if i != j
    ]
    centres, contexts = skipgram_pairs(text, window)
    assert list(zip(centres.tolist(), contexts.tolist(), strict=True)) == want


def test_noise_lies_between_the_counts_and_all_alike():
    counts = np.array([1, 16, 0, 81])
    weights = np.array([1, 8, 0, 27])  # to the power 3/4
    np.testing.assert_allclose(noise_distribution(counts), weights / 36)
    np.testing.assert_allclose(noise_distribution(counts, power=1), counts / 98)
    np.testing.assert_allclose(
        noise_distribution(counts, power=0), np.array([1, 1, 0, 1]) / 3
    )


def test_loss_and_gradient_by_hand():
    # e = 1 and c = log 3, so σ(e c) = 3/4; the noise has n = 0, so σ(-e n) = 1/2
    p = Word2VecParams(np.array([[1.0], [0.0]]), np.array([[0.0], [math.log(3)]]))
    loss, cache = word2vec_forward([0], [1], [[0]], p)
    assert loss == pytest.approx(math.log(4 / 3) + math.log(2))
    dp = word2vec_backward(cache, p)
    # de = -(1/4) c + (1/2) n, dc = -(1/4) e, dn = (1/2) e
    np.testing.assert_allclose(dp.E.ravel(), [-math.log(3) / 4, 0])
    np.testing.assert_allclose(dp.C.ravel(), [0.5, -0.25])


def test_gradient_agrees_with_differences():
    def loss(q):
        return word2vec_forward(CENTRES, CONTEXTS, NEGATIVES, q)[0]

    _, cache = word2vec_forward(CENTRES, CONTEXTS, NEGATIVES, P)
    check_gradient(loss, P, word2vec_backward(cache, P))


def test_loss_and_gradient_agree_with_autograd():
    tables = [torch.tensor(w, requires_grad=True) for w in P]
    e, c, n = tables[0][CENTRES], tables[1][CONTEXTS], tables[1][NEGATIVES]
    log_p = torch.nn.functional.logsigmoid((e * c).sum(1)).sum()
    log_p = log_p + torch.nn.functional.logsigmoid(-(e[:, None] * n).sum(2)).sum()
    (-log_p / N).backward()
    loss, cache = word2vec_forward(CENTRES, CONTEXTS, NEGATIVES, P)
    assert loss == pytest.approx(-log_p.item() / N, rel=1e-12)
    for got, want in zip(word2vec_backward(cache, P), tables, strict=True):
        assert relative_error(got, want.grad.numpy()).max() <= 1e-10


def test_large_scores_do_not_overflow():
    p = Word2VecParams(np.full((2, 1), 1e3), np.array([[1.0], [-1.0]]))
    loss, cache = word2vec_forward([0], [1], [[0]], p)
    assert loss == 2000
    np.testing.assert_array_equal(word2vec_backward(cache, p).C.ravel(), [1e3, -1e3])


def test_words_with_the_same_contexts_become_neighbours():
    # "cat" (0) and "dog" (1) stand between the same words, "tax" (2) and "law" (3) too
    rng = np.random.default_rng(0)
    frames = {0: (4, 5), 1: (4, 5), 2: (6, 7), 3: (6, 7)}
    middles = rng.integers(0, 4, size=400)
    text = np.concatenate([[frames[m][0], m, frames[m][1]] for m in middles])
    centres, contexts = skipgram_pairs(text, 1)
    noise = noise_distribution(np.bincount(text, minlength=8))
    options = {"noise": noise, "n_negatives": 3, "lr": 2.0, "rng": rng}
    p, losses = init_word2vec(8, 4, rng=rng), []
    for _ in range(300):
        batch = rng.integers(0, len(centres), size=256)
        p, loss = word2vec_step(p, centres[batch], contexts[batch], **options)
        losses.append(loss)
    assert losses[0] == pytest.approx(4 * math.log(2), rel=1e-6)
    assert np.mean(losses[-20:]) < 0.8 * losses[0]
    for word, friend in ((0, 1), (1, 0), (2, 3), (3, 2)):
        assert nearest(p.E[:4], word)[0] == [friend]


def test_nearest_goes_by_direction_and_breaks_ties_by_id():
    table = np.array([[1.0, 0.0], [9.0, 0.1], [0.0, 2.0], [0.0, 5.0], [0.0, 0.0]])
    ids, cosines = nearest(table, 0, 4)
    np.testing.assert_array_equal(ids, [1, 2, 3, 4])
    np.testing.assert_allclose(cosines, [9 / math.hypot(9, 0.1), 0, 0, 0])


def test_first_vectors_are_drawn_as_said():
    table = init_embedding(400, 50, rng=np.random.default_rng(0), dtype=np.float32)
    assert table.dtype == np.float32
    assert abs(table.mean()) < 0.02
    assert table.std() == pytest.approx(1, abs=0.02)
    p = init_word2vec(400, 50, rng=np.random.default_rng(0))
    assert 0.0099 < np.abs(p.E).max() <= 0.01
    assert not p.C.any()


TEXT = "must be whole numbers, got float64"
STEP = {"noise": np.full(V, 1 / V), "n_negatives": 1, "lr": 0.1, "rng": RNG}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: embedding_forward([0.5], E), TypeError, f"ids {TEXT}"),
        (lambda: embedding_forward([V], E), ValueError, "ids must lie in 0..6, got 7"),
        (lambda: embedding_forward([-1], E), ValueError, "ids .* 0..6, got -1"),
        (lambda: embedding_forward([0], E[0]), ValueError, r"E must have shape \(V, D"),
        (lambda: embedding_forward([0], IDS), TypeError, "E must be float32 or"),
        (
            lambda: embedding_backward(E[:2], [0], E),
            ValueError,
            r"dxs must have shape \(1, 3\), got \(2, 3\)",
        ),
        (
            lambda: embedding_backward(E[:1].astype(np.float32), [0], E),
            TypeError,
            "dxs must be float64",
        ),
        (lambda: skipgram_pairs([0, 1], 0), ValueError, "window must be at least 1"),
        (lambda: skipgram_pairs([[0]], 1), ValueError, r"ids must have shape \(L,\)"),
        (lambda: skipgram_pairs([0.5], 1), TypeError, f"ids {TEXT}"),
        (lambda: noise_distribution([0, 0]), ValueError, "at least 0 and not all 0"),
        (lambda: noise_distribution([1, -1]), ValueError, r"got \[1.0, -1.0\]"),
        (lambda: noise_distribution([np.nan]), ValueError, "counts must be finite"),
        (
            lambda: word2vec_forward([], [], np.zeros((0, 1), dtype=int), P),
            ValueError,
            "centres must hold at least one pair",
        ),
        (
            lambda: word2vec_forward([0], [1, 2], [[0]], P),
            ValueError,
            r"contexts must have shape \(N=1,\)",
        ),
        (
            lambda: word2vec_forward([0], [1], [0], P),
            ValueError,
            r"negatives must have shape \(N=1, K\)",
        ),
        (
            lambda: word2vec_forward([0], [1], [[0]], tuple(P)),
            TypeError,
            "p must be Word2VecParams, got tuple",
        ),
        (
            lambda: word2vec_forward([0], [1], [[0]], P._replace(C=E[1:])),
            ValueError,
            r"p.C must have shape \(V=7, D=3\)",
        ),
        (
            lambda: word2vec_backward(P, P),
            TypeError,
            "cache must come from word2vec_forward, got Word2VecParams",
        ),
        (
            lambda: word2vec_step(P, [0], [1], **{**STEP, "noise": np.ones(V)}),
            ValueError,
            "noise must be a distribution, got the sum 7.0",
        ),
        (
            lambda: word2vec_step(P, [0], [1], **{**STEP, "lr": 0.0}),
            ValueError,
            "lr must be positive, got 0.0",
        ),
        (
            lambda: word2vec_step(P, [0], [1], **{**STEP, "rng": 1}),
            TypeError,
            "rng must be a numpy Generator",
        ),
        (lambda: nearest(E, 9), ValueError, "word must lie in 0..6, got 9"),
        (lambda: nearest(E, 0, 7), ValueError, "n must be at most V - 1 = 6, got 7"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_word_that_is_never_drawn_as_noise_may_have_probability_zero():
    rng = np.random.default_rng(0)
    p = init_word2vec(4, 3, rng=rng)
    given = {"centres": [1, 2], "contexts": [2, 3], "n_negatives": 8, "lr": 0.5}
    noise = np.array([0.0, 0.5, 0.5, 0.0])
    new, _ = word2vec_step(p, **given, noise=noise, rng=rng)
    moved = [(a != b).any(axis=1) for a, b in zip(new, p, strict=True)]
    np.testing.assert_array_equal(moved[1], [False, True, True, True])

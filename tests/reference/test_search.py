"""Greedy, sampling and beam search against each other and against all sequences."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.functional import log_softmax
from rnncourse.reference.search import (
    Hypothesis,
    beam_search,
    greedy_search,
    length_penalty,
    restrict,
    sample,
    take_rows,
)

END = 0


def chain(table):
    """Return a step whose next token depends on the last one alone."""
    table = np.log(np.asarray(table, dtype=float))
    return lambda state, tokens: (table[tokens], state)


def remembering(seed, V, *, sharpness=2.0, xp=np):
    """Return a step that depends on all tokens so far, and its first state.

    The state is a dict of a history (N, 3) and a count (N,).
    """
    rng = np.random.default_rng(seed)
    E, W, out = (xp.asarray(rng.normal(size=s)) for s in ((V, 3), (3, 3), (3, V)))

    def step(state, tokens):
        h = xp.tanh(E[xp.asarray(tokens)] + state["h"] @ W)
        logits = (sharpness * h @ out) + 0.1 * state["n"][:, None]
        log_probs = (
            log_softmax(logits) if xp is np else torch.log_softmax(logits, dim=-1)
        )
        return log_probs, {"h": h, "n": state["n"] + 1}

    def first(B):
        return {"h": xp.zeros((B, 3), dtype=xp.float64), "n": xp.zeros(B)}

    return step, first


def all_sequences(step, state, start, *, V, max_length, alpha=0.0):
    """Score every sequence that ends, or is cut off, by walking the whole tree."""
    found, open_ = [], [((), 0.0, state)]
    for length in range(1, max_length + 1):
        still = []
        for prefix, total, state in open_:
            last = prefix[-1] if prefix else start
            log_probs, after = step(state, np.array([last]))
            for token in range(V):
                more = total + float(log_probs[0, token])
                longer = (*prefix, token)
                if token == END or length == max_length:
                    score = more / ((5 + length) / 6) ** alpha
                    found.append((longer, more, score))
                else:
                    still.append((longer, more, after))
        open_ = still
    return sorted(found, key=lambda one: -one[2])


# -- by hand -----------------------------------------------------------------------

# After 0 token 1 looks best (0.5), but what follows it is uncertain; 2 is followed by
# the end for sure: 0.4 · 0.9 = 0.36 against 0.5 · 0.4 = 0.20.
TRAP = [[0.1, 0.5, 0.4], [0.4, 0.3, 0.3], [0.9, 0.05, 0.05]]


def test_greedy_walks_into_the_trap_and_a_beam_of_two_does_not_by_hand():
    greedy = greedy_search(chain(TRAP), None, [0], end=END, max_length=4)
    assert greedy.tokens.T.tolist() == [[1, 0]]
    np.testing.assert_allclose(np.exp(greedy.log_probs), [0.2], rtol=1e-14)
    (best,) = beam_search(chain(TRAP), None, 0, end=END, width=2, max_length=4)
    assert best.tokens == (2, 0)
    assert best.finished
    np.testing.assert_allclose(np.exp(best.log_prob), 0.36, rtol=1e-14)


def test_length_penalty_favours_the_longer_sequence_by_hand():
    # (end) has 0.4; (1, end) 0.6 · 0.6 = 0.36: only the penalty puts it first
    step = chain([[0.4, 0.6], [0.6, 0.4]])
    asked = {"end": END, "width": 2, "max_length": 2}
    assert beam_search(step, None, 0, **asked)[0].tokens == (0,)
    best, second, _ = beam_search(step, None, 0, **asked, alpha=1.0, n_best=3)
    assert (best.tokens, second.tokens) == ((1, 0), (0,))
    np.testing.assert_allclose(best.score, np.log(0.36) / (7 / 6), rtol=1e-14)
    np.testing.assert_allclose(second.score, np.log(0.4), rtol=1e-14)
    assert length_penalty(7, 1.0) == 2.0


def test_a_wider_beam_can_be_worse_by_hand():
    # A tree: its root is node 0; node 1 follows token 1, node 2 follows token 2.
    # (1, 1) has 0.4 · 0.4 and then ends for sure: 0.16. A beam of two drops it for
    # (2, 1) and (2, 2), of 0.35 · 0.5 each, which go on to a quarter of that.
    probs = np.array(
        [
            [0.05, 0.4, 0.35, 0.2],
            [0.2, 0.4, 0.2, 0.2],  # node 1
            [0.0, 0.5, 0.5, 0.0],  # node 2
            [1.0, 0.0, 0.0, 0.0],  # node 3, after (1, 1)
            [0.25, 0.25, 0.25, 0.25],  # node 4, after anything else
        ]
    )
    child = np.array([[4, 1, 2, 4], [4, 3, 4, 4], [4] * 4, [4] * 4, [4] * 4])

    def step(nodes, tokens):
        nodes = np.where(tokens == 9, 0, child[nodes, tokens % 9])
        with np.errstate(divide="ignore"):
            return np.log(probs[nodes]), nodes

    asked = {"end": END, "max_length": 3}
    (narrow,) = beam_search(step, np.array([0]), 9, width=1, **asked)
    (wide,) = beam_search(step, np.array([0]), 9, width=2, **asked)
    assert narrow.tokens == (1, 1, 0)
    np.testing.assert_allclose(np.exp(narrow.log_prob), 0.16, rtol=1e-14)
    np.testing.assert_allclose(np.exp(wide.log_prob), 0.04375, rtol=1e-14)


# -- laws of the beam --------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 999), V=st.integers(2, 6), alpha=st.sampled_from([0, 0.7]))
def test_beam_of_width_one_is_greedy(seed, V, alpha):
    step, first = remembering(seed, V)
    asked = {"end": END, "max_length": 6}
    greedy = greedy_search(step, first(1), [1], **asked)
    (best,) = beam_search(step, first(1), 1, width=1, alpha=alpha, **asked)
    assert list(best.tokens) == greedy.tokens[:, 0].tolist()
    assert len(best.tokens) == greedy.lengths[0]
    np.testing.assert_allclose(best.log_prob, greedy.log_probs[0], rtol=1e-13)


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 999),
    V=st.integers(2, 3),
    n=st.integers(1, 4),
    alpha=st.sampled_from([0.0, 0.6, 2.0]),
)
def test_beam_of_width_V_to_the_T_finds_the_best_of_all_sequences(seed, V, n, alpha):
    step, first = remembering(seed, V)
    want = all_sequences(step, first(1), 1, V=V, max_length=n, alpha=alpha)
    asked = {"end": END, "width": V**n, "max_length": n, "alpha": alpha}
    got = beam_search(step, first(1), 1, n_best=len(want) + 5, **asked)
    assert len(got) == len(want)
    assert {one.tokens for one in got} == {tokens for tokens, _, _ in want}
    np.testing.assert_allclose([g.score for g in got], [w[2] for w in want], rtol=1e-12)
    (best,) = beam_search(step, first(1), 1, **asked)  # which may stop earlier
    assert best == got[0]


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 999),
    width=st.integers(1, 7),
    alpha=st.sampled_from([0.0, 0.6]),
)
def test_every_hypothesis_has_the_probability_of_its_tokens(seed, width, alpha):
    step, first = remembering(seed, 4)
    found = beam_search(
        step, first(1), 1, end=END, width=width, max_length=5, alpha=alpha, n_best=9
    )
    assert len({one.tokens for one in found}) == len(found)
    assert [one.score for one in found] == sorted(
        (h.score for h in found), reverse=True
    )
    for one in found:
        state, last, total = first(1), 1, 0.0
        for token in one.tokens:
            log_probs, state = step(state, np.array([last]))
            total, last = total + log_probs[0, token], token
        assert one.finished == (one.tokens[-1] == END)
        assert END not in one.tokens[:-1]
        np.testing.assert_allclose(one.log_prob, total, rtol=1e-12)
        penalty = length_penalty(len(one.tokens), alpha)
        np.testing.assert_allclose(one.score, total / penalty, rtol=1e-12)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 999), width=st.integers(1, 6), alpha=st.sampled_from([0, 0.9])
)
def test_stopping_early_changes_nothing(seed, width, alpha):
    step, first = remembering(seed, 4)
    asked = {"end": END, "width": width, "max_length": 6, "alpha": alpha}
    everything = beam_search(step, first(1), 1, n_best=10**6, **asked)  # never stops
    for n_best in (1, 2, 3):
        assert (
            beam_search(step, first(1), 1, n_best=n_best, **asked)
            == (everything[:n_best])
        )


def test_search_stops_when_nothing_better_can_come():
    calls = []

    def step(state, tokens):
        calls.append(len(tokens))
        return np.log(np.array([[0.9, 0.05, 0.05]] * len(tokens))), state

    beam_search(step, None, 0, end=END, width=3, max_length=50)
    assert calls == [1]
    greedy_search(step, None, [0, 0], end=END, max_length=50)
    assert calls == [1, 2]


def test_ties_are_broken_by_parent_and_then_by_token():
    step = chain(np.full((3, 3), 1 / 3))
    found = beam_search(step, None, 0, end=END, width=4, max_length=2, n_best=9)
    # after (0) is set aside, 1 and 2 go on, and four of their six children are kept
    assert [one.tokens for one in found] == [(0,), (1, 0), (1, 1), (1, 2), (2, 0)]
    greedy = greedy_search(step, None, [1], end=2, max_length=2)
    assert greedy.tokens.ravel().tolist() == [0, 0]


def test_impossible_sequences_are_left_out():
    with np.errstate(divide="ignore"):
        step = chain([[0.0, 1.0, 0.0], [0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    found = beam_search(step, None, 0, end=END, width=9, max_length=2, n_best=99)
    assert [one.tokens for one in found] == [(1, 0), (1, 1)]
    assert [one.finished for one in found] == [True, False]


# -- batches, NumPy and torch ------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_greedy_of_a_batch_is_greedy_of_each(seed):
    step, first = remembering(seed, 5)
    starts, asked = [1, 2, 3, 4], {"end": END, "max_length": 7}
    whole = greedy_search(step, first(4), starts, **asked)
    for k, start in enumerate(starts):
        one = greedy_search(step, first(1), [start], **asked)
        n = int(one.lengths[0])
        assert whole.lengths[k] == n
        assert whole.tokens[:n, k].tolist() == one.tokens[:, 0].tolist()
        assert (whole.tokens[n:, k] == END).all()
        np.testing.assert_allclose(whole.log_probs[k], one.log_probs[0], rtol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_torch_is_searched_as_numpy_is(seed):
    step, first = remembering(seed, 5)
    twin, twin_first = remembering(seed, 5, xp=torch)
    asked = {"end": END, "max_length": 6}
    for a, b in zip(
        greedy_search(step, first(2), [1, 2], **asked),
        greedy_search(twin, twin_first(2), [1, 2], **asked),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    asked |= {"width": 4, "n_best": 4}
    found, same = (
        beam_search(step, first(1), 1, **asked),
        beam_search(twin, twin_first(1), 1, **asked),
    )
    assert [one.tokens for one in found] == [one.tokens for one in same]
    np.testing.assert_allclose(
        [one.score for one in found], [one.score for one in same], rtol=1e-12
    )


def test_an_empty_batch_is_decoded_to_nothing():
    got = greedy_search(chain(TRAP), None, [], end=END, max_length=3)
    assert got.tokens.shape == (0, 0)
    assert got.lengths.shape == got.log_probs.shape == (0,)


def test_rows_are_taken_from_every_part_of_a_state():
    rows, a = np.array([1, 1]), np.array([[1.0], [2.0]])
    one = Hypothesis(a, a, None, a)  # any NamedTuple will do
    got = take_rows({"a": (a, [a, torch.tensor(a)]), "n": one}, rows)
    assert isinstance(got["n"], Hypothesis)
    assert got["n"].score is None
    assert isinstance(got["a"][1], list)
    parts = (got["a"][0], *got["a"][1], got["n"].tokens)
    assert all(part.ravel().tolist() == [2, 2] for part in parts)


# -- sampling ----------------------------------------------------------------------


def test_samples_have_the_frequencies_of_the_model():
    N, p = 20_000, np.array([0.1, 0.5, 0.4])
    rng = np.random.default_rng(0)
    got = sample(
        chain([p] * 3), None, np.zeros(N, dtype=int), end=END, max_length=1, rng=rng
    )
    share = np.bincount(got.tokens[0], minlength=3) / N
    # five standard deviations of a share
    assert (np.abs(share - p) <= 5 * np.sqrt(p * (1 - p) / N)).all()
    np.testing.assert_allclose(got.log_probs, np.log(p)[got.tokens[0]], rtol=1e-14)


@pytest.mark.parametrize(
    "sharp", [{"top_k": 1}, {"top_p": 1e-9}, {"temperature": 1e-4}]
)
def test_sampling_at_its_sharpest_is_greedy(sharp):
    step, first = remembering(3, 5)
    asked = {"end": END, "max_length": 6}
    want = greedy_search(step, first(3), [1, 2, 3], **asked)
    rng = np.random.default_rng(0)
    got = sample(step, first(3), [1, 2, 3], rng=rng, **asked, **sharp)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_sampling_repeats_with_its_seed_and_changes_with_another():
    step, first = remembering(1, 5, sharpness=0.3)

    def draw(seed):
        rng = np.random.default_rng(seed)
        asked = {"end": END, "max_length": 9, "rng": rng}
        return sample(step, first(4), [1, 1, 2, 2], **asked).tokens

    np.testing.assert_array_equal(draw(0), draw(0))
    assert draw(0).shape != draw(1).shape or (draw(0) != draw(1)).any()


def test_restriction_by_hand():
    log_probs = np.log([0.15, 0.5, 0.05, 0.3])
    kept = np.exp(restrict(log_probs, top_k=2))
    np.testing.assert_allclose(kept, [0, 0.625, 0, 0.375], rtol=1e-14)
    kept = np.exp(restrict(log_probs, top_p=0.9))  # 0.5 + 0.3 is not enough
    np.testing.assert_allclose(kept, np.array([15, 50, 0, 30]) / 95, rtol=1e-14)
    kept = np.exp(restrict(log_probs, top_k=2, top_p=0.6))  # of 0.625 and 0.375
    np.testing.assert_allclose(kept, [0, 1, 0, 0], rtol=1e-14)
    kept = np.exp(restrict(np.log([0.2, 0.8]), temperature=0.5))  # squares: 4 to 64
    np.testing.assert_allclose(kept, [1 / 17, 16 / 17], rtol=1e-14)
    kept = np.exp(restrict(np.log([0.2, 0.8]), temperature=0.5, top_p=0.9))
    np.testing.assert_allclose(kept, [0, 1], rtol=1e-14)  # 0.8 alone is not enough
    tie = np.exp(restrict(np.log([0.25] * 4), top_k=3))
    np.testing.assert_allclose(tie, [1 / 3, 1 / 3, 1 / 3, 0], rtol=1e-14)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 999),
    top_p=st.floats(0.01, 1),
    top_k=st.none() | st.integers(1, 9),
)
def test_nucleus_is_the_smallest_set_that_reaches_its_probability(seed, top_p, top_k):
    rng = np.random.default_rng(seed)
    log_probs = log_softmax(rng.normal(size=(3, 7)) * 2)
    before = log_probs.copy()
    base = restrict(log_probs, top_k=top_k)
    for row, kept in zip(
        np.exp(base), restrict(log_probs, top_k=top_k, top_p=top_p), strict=True
    ):
        inside = np.sort(row[np.isfinite(kept)])
        np.testing.assert_allclose(np.exp(kept).sum(), 1, rtol=1e-12)
        assert inside.sum() >= top_p - 1e-12
        assert inside[1:].sum() < top_p  # without its least probable token
        if np.isfinite(kept).sum() < 7:
            assert row[~np.isfinite(kept)].max() <= inside[0]
    np.testing.assert_array_equal(log_probs, before)


def test_restriction_keeps_the_dtype():
    assert restrict(np.log(np.float32([0.5, 0.5])), top_k=1).dtype == np.float32


# -- bad input ---------------------------------------------------------------------

RNG = np.random.default_rng(0)
STEP = chain(TRAP)
ASKED = {"end": END, "max_length": 3}


def saying(log_probs):
    return lambda state, tokens: (log_probs, state)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: greedy_search(STEP, None, 0, **ASKED),
            ValueError,
            r"start must have shape \(B,\), got \(\)",
        ),
        (
            lambda: greedy_search(STEP, None, [0.5], **ASKED),
            TypeError,
            "start must be whole numbers, got float64",
        ),
        (
            lambda: greedy_search(STEP, None, [0], end=0, max_length=0),
            ValueError,
            "max_length must be at least 1, got 0",
        ),
        (
            lambda: greedy_search(STEP, None, [0], end=-1, max_length=3),
            ValueError,
            "end must be at least 0, got -1",
        ),
        (
            lambda: greedy_search(STEP, None, [0], end=3, max_length=3),
            ValueError,
            r"end must lie in 0..2, got 3",
        ),
        (
            lambda: greedy_search(saying(np.zeros(3)), None, [0], **ASKED),
            ValueError,
            r"log_probs must have shape \(N=1, V\), got \(3,\)",
        ),
        (
            lambda: greedy_search(saying([[0.0]]), None, [0], **ASKED),
            TypeError,
            "log_probs must be an array, got list",
        ),
        (
            lambda: greedy_search(saying(np.array([[0.5, -1]])), None, [0], **ASKED),
            ValueError,
            "log_probs must be at most 0, got 0.5",
        ),
        (
            lambda: beam_search(
                saying(np.array([[np.nan, -1]])), None, 0, width=2, **ASKED
            ),
            ValueError,
            "log_probs must be at most 0, got nan",
        ),
        (
            lambda: greedy_search(
                saying(np.array([[-np.inf, -np.inf]])), None, [0], **ASKED
            ),
            ValueError,
            "log_probs must leave each row a token, got -inf throughout",
        ),
        (
            lambda: beam_search(STEP, None, 0, width=0, **ASKED),
            ValueError,
            "width must be at least 1, got 0",
        ),
        (
            lambda: beam_search(STEP, None, [0], width=1, **ASKED),
            TypeError,
            r"start must be a whole number, got \[0\]",
        ),
        (
            lambda: beam_search(STEP, None, 0, width=1, n_best=0, **ASKED),
            ValueError,
            "n_best must be at least 1, got 0",
        ),
        (
            lambda: beam_search(STEP, None, 0, width=1, alpha=-1, **ASKED),
            ValueError,
            "alpha must be at least 0, got -1",
        ),
        (
            lambda: beam_search(STEP, None, 0, width=1, alpha="1", **ASKED),
            TypeError,
            "alpha must be a number, got '1'",
        ),
        (
            lambda: beam_search(STEP, None, 0, width=1, alpha=np.nan, **ASKED),
            ValueError,
            "alpha must be finite, got nan",
        ),
        (
            lambda: sample(STEP, None, [0], rng=0, **ASKED),
            TypeError,
            "rng must be a numpy Generator, got int",
        ),
        (
            lambda: sample(STEP, None, [0], rng=RNG, temperature=0, **ASKED),
            ValueError,
            r"temperature must be above 0 \(take greedy_search instead of 0\), got 0",
        ),
        (
            lambda: restrict(np.zeros(3), top_k=0),
            ValueError,
            "top_k must be at least 1, got 0",
        ),
        (
            lambda: restrict(np.zeros(3), top_p=1.5),
            ValueError,
            "top_p must lie above 0 and at most at 1, got 1.5",
        ),
        (
            lambda: restrict(np.zeros(3, dtype=int)),
            TypeError,
            "log_probs must be float32 or float64, got int64",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_all_sequences_really_are_all():
    step, first = remembering(0, 3)
    found = all_sequences(step, first(1), 1, V=3, max_length=3)
    cut = [t for t in itertools.product(range(3), repeat=3) if END not in t[:2]]
    assert {tokens for tokens, _, _ in found} == {(0,), (1, 0), (2, 0), *cut}
    np.testing.assert_allclose(sum(np.exp(total) for _, total, _ in found), 1)


@pytest.mark.parametrize("name", ["temperature", "top_p"])
def test_numbers_of_a_restriction_are_finite_numbers(name):
    with pytest.raises(TypeError, match=f"^{name} must be a number, got '1'$"):
        restrict(np.zeros(3), **{name: "1"})
    with pytest.raises(TypeError, match=f"^{name} must be a number, got True$"):
        restrict(np.zeros(3), **{name: True})
    with pytest.raises(ValueError, match=f"^{name} must be finite, got nan$"):
        restrict(np.zeros(3), **{name: np.nan})

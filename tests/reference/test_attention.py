"""Attention against numbers by hand, differences, torch and its own laws."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.attention import (
    SCORES,
    AttentionParams,
    attention_backward,
    attention_forward,
    init_attention,
)
from rnncourse.reference.gradcheck import check_gradient, relative_error

S, T, B, Q, K, M, A = 2, 5, 3, 4, 4, 6, 7  # Q = K, as the dot asks
LENGTHS = [5, 2, 1]
MASK = np.arange(T)[:, None] < np.array(LENGTHS)
each_score = pytest.mark.parametrize("score", SCORES)
masked_or_not = pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])


def draw(score, *, seed=0, T=T, B=B, K=None, dtype=np.float64):
    """Return queries, keys, values, weights and two gradients."""
    rng = np.random.default_rng(seed)
    K = K or (Q + 1 if score == "additive" else Q)
    p = None
    if score == "additive":
        p = init_attention(Q, K, A, rng=rng, dtype=dtype)
    shapes = (S, B, Q), (T, B, K), (T, B, M), (S, B, M), (S, B, T)
    queries, keys, values, dcontexts, dweights = (
        rng.normal(size=s).astype(dtype) for s in shapes
    )
    return queries, keys, values, p, dcontexts, dweights


def flat(results):
    for r in results:
        if isinstance(r, tuple):
            yield from r
        elif r is not None:
            yield r


# -- by hand -----------------------------------------------------------------------


def test_dot_by_hand():
    # scores log 1 and log 3: weights 1/4 and 3/4; values 8 and 16: context 14
    queries, keys = np.ones((1, 1, 1)), np.log([[[1.0]], [[3.0]]])
    values = np.array([[[8.0]], [[16.0]]])
    contexts, weights, cache = attention_forward(queries, keys, values, score="dot")
    np.testing.assert_allclose(weights.ravel(), [0.25, 0.75], rtol=1e-15)
    np.testing.assert_allclose(contexts.ravel(), [14], rtol=1e-15)
    # dα = (8, 16), its mean under α is 14: dscore = (-6/4, 2·3/4) = (-1.5, 1.5)
    got = attention_backward(np.ones((1, 1, 1)), cache)
    np.testing.assert_allclose(got[0].ravel(), [1.5 * math.log(3)], rtol=1e-14)
    np.testing.assert_allclose(got[1].ravel(), [-1.5, 1.5], rtol=1e-14)
    np.testing.assert_allclose(got[2].ravel(), [0.25, 0.75], rtol=1e-14)
    assert got[3] is None


def test_scaled_dot_by_hand():
    # four terms of log 3 / 2 sum to 2 log 3, and half of it is log 3
    queries = np.ones((1, 1, 4))
    keys = np.stack([np.zeros((1, 4)), np.full((1, 4), math.log(3) / 2)])
    values = np.array([[[8.0]], [[16.0]]])
    contexts, weights, cache = attention_forward(queries, keys, values)
    np.testing.assert_allclose(weights.ravel(), [0.25, 0.75], rtol=1e-15)
    dqueries, dkeys, _, _ = attention_backward(np.ones((1, 1, 1)), cache)
    np.testing.assert_allclose(dkeys[:, 0, 0], [-0.75, 0.75], rtol=1e-14)
    np.testing.assert_allclose(dqueries[0, 0], [0.375 * math.log(3)] * 4, rtol=1e-14)


def test_additive_by_hand():
    # tanh(log 2) = 3/5 and tanh(log 3) = 4/5; v makes the scores 0.6 v and 0.8 v
    v = 5 * math.log(3)  # so that they differ by log 3
    p = AttentionParams(np.array([[1.0]]), np.array([[1.0]]), np.array([v]))
    queries, keys = np.log([[[2.0]]]), np.log([[[1.0]], [[1.5]]])
    values = np.array([[[8.0]], [[16.0]]])
    contexts, weights, cache = attention_forward(
        queries, keys, values, p, score="additive"
    )
    np.testing.assert_allclose(weights.ravel(), [0.25, 0.75], rtol=1e-13)
    # dscore = (-1.5, 1.5); da = dscore · v · (1 - tanh²) with 0.64 and 0.36
    dqueries, dkeys, _, dp = attention_backward(np.ones((1, 1, 1)), cache, p)
    da = np.array([-1.5 * 0.64, 1.5 * 0.36]) * v
    np.testing.assert_allclose(dkeys.ravel(), da, rtol=1e-13)
    np.testing.assert_allclose(dqueries.ravel(), [da.sum()], rtol=1e-13)
    np.testing.assert_allclose(dp.v, [1.5 * (0.8 - 0.6)], rtol=1e-13)
    np.testing.assert_allclose(dp.W_q, [[da.sum() * math.log(2)]], rtol=1e-13)
    np.testing.assert_allclose(dp.W_k, [[da[1] * math.log(1.5)]], rtol=1e-13)


def test_masked_key_has_no_weight_by_hand():
    keys = np.log([[[1.0]], [[9.0]], [[3.0]]])
    mask = np.array([[True], [False], [True]])
    arguments = np.ones((1, 1, 1)), keys, keys, None, mask
    _, weights, _ = attention_forward(*arguments, score="dot")
    np.testing.assert_allclose(weights.ravel(), [0.25, 0, 0.75], rtol=1e-15)


# -- central differences and torch -------------------------------------------------


@each_score
@masked_or_not
def test_backward_agrees_with_central_differences(score, mask):
    queries, keys, values, p, dcontexts, dweights = draw(score)
    params = {"queries": queries, "keys": keys, "values": values}
    params |= p._asdict() if p else {}

    def loss(q):
        p = AttentionParams(q["W_q"], q["W_k"], q["v"]) if "v" in q else None
        contexts, weights, _ = attention_forward(
            q["queries"], q["keys"], q["values"], p, mask, score=score
        )
        moved = (contexts - start[0]) * dcontexts  # a large sum would hide in its
        return moved.sum() + ((weights - start[1]) * dweights).sum()  # rounding

    *start, cache = attention_forward(queries, keys, values, p, mask, score=score)
    *grads, dp = attention_backward(dcontexts, cache, p, dweights)
    named = dict(zip(("queries", "keys", "values"), grads, strict=True))
    check_gradient(loss, params, named | (dp._asdict() if dp else {}))


@masked_or_not
def test_scaled_dot_agrees_with_torch(mask):
    queries, keys, values, _, dcontexts, _ = draw("scaled", seed=1)
    contexts, _, cache = attention_forward(queries, keys, values, None, mask)
    x = [torch.tensor(a, requires_grad=True) for a in (queries, keys, values)]
    allowed = None if mask is None else torch.tensor(mask.T)[:, None]
    want = torch.nn.functional.scaled_dot_product_attention(
        *(a.swapaxes(0, 1) for a in x), attn_mask=allowed
    ).swapaxes(0, 1)
    want.backward(torch.tensor(dcontexts))
    assert relative_error(contexts, want.detach().numpy()).max() <= 1e-10
    got = attention_backward(dcontexts, cache)[:3]
    for a, b in zip(got, x, strict=True):
        assert relative_error(a, b.grad.numpy()).max() <= 1e-10


# -- laws --------------------------------------------------------------------------


@each_score
@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_masked_keys_have_weight_zero_and_are_never_read(score, seed, lengths, rubbish):
    queries, keys, values, p, dcontexts, dweights = draw(score, seed=seed)
    mask = np.arange(T)[:, None] < np.array(lengths)
    spoilt = [keys.copy(), values.copy()]
    for a in spoilt:
        a[~mask] = rubbish
    contexts, weights, cache = attention_forward(
        queries, keys, values, p, mask, score=score
    )
    contexts_2, weights_2, cache_2 = attention_forward(
        queries, *spoilt, p, mask, score=score
    )
    assert not weights.swapaxes(0, 2)[~mask].any()
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-14)
    np.testing.assert_array_equal(contexts, contexts_2)
    np.testing.assert_array_equal(weights, weights_2)
    got = attention_backward(dcontexts, cache, p, dweights)
    same = attention_backward(dcontexts, cache_2, p, dweights)
    for a, b in zip(flat(got), flat(same), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not got[1][~mask].any()
    assert not got[2][~mask].any()
    for k, n in enumerate(lengths):  # the same as if the padding had been cut off
        one = slice(k, k + 1)
        cut, _, _ = attention_forward(
            queries[:, one], keys[:n, one], values[:n, one], p, score=score
        )
        np.testing.assert_allclose(cut, contexts[:, one], rtol=1e-12, atol=1e-14)


@each_score
def test_order_of_the_keys_moves_the_weights_and_not_the_context(score):
    queries, keys, values, p, _, _ = draw(score)
    order = np.array([3, 0, 4, 1, 2])
    contexts, weights, _ = attention_forward(queries, keys, values, p, score=score)
    again, moved, _ = attention_forward(
        queries, keys[order], values[order], p, score=score
    )
    np.testing.assert_allclose(again, contexts, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(moved, weights[..., order], rtol=1e-13)


@each_score
@masked_or_not
def test_each_query_is_answered_by_itself(score, mask):
    queries, keys, values, p, _, _ = draw(score)
    contexts, _, _ = attention_forward(queries, keys, values, p, mask, score=score)
    for s in range(S):
        one = attention_forward(queries[[s]], keys, values, p, mask, score=score)[0]
        np.testing.assert_allclose(one[0], contexts[s], rtol=1e-13)


def test_huge_scores_do_not_overflow():
    keys = np.array([[[1e200]], [[-1e200]]])
    queries = np.full((1, 1, 1), 1e100)
    weights = attention_forward(queries, keys, np.ones((2, 1, 1)), score="dot")[1]
    assert weights.ravel().tolist() == [1, 0]


@each_score
@masked_or_not
def test_float32_stays_float32_and_is_near_float64(score, mask):
    narrow = draw(score, dtype=np.float32)
    wide = [
        AttentionParams(*(w.astype(float) for w in a))
        if isinstance(a, tuple)
        else None
        if a is None
        else a.astype(float)
        for a in narrow
    ]
    both = []
    for queries, keys, values, p, dcontexts, dweights in (narrow, wide):
        *out, cache = attention_forward(queries, keys, values, p, mask, score=score)
        back = attention_backward(dcontexts, cache, p, dweights)
        both.append([*out, *flat(back)])
    assert {a.dtype for a in both[0]} == {np.dtype(np.float32)}
    for a, b in zip(*both, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@each_score
def test_one_key_and_an_empty_batch(score):
    queries, keys, values, p, dcontexts, _ = draw(score, T=1)
    contexts, weights, _ = attention_forward(queries, keys, values, p, score=score)
    assert (weights == 1).all()
    np.testing.assert_array_equal(contexts, np.broadcast_to(values, contexts.shape))
    queries, keys, values, p, dcontexts, _ = draw(score, B=0)
    mask = np.ones((T, 0), dtype=bool)
    contexts, _, cache = attention_forward(queries, keys, values, p, mask, score=score)
    assert contexts.shape == (S, 0, M)
    dqueries, dkeys, _, dp = attention_backward(dcontexts, cache, p)
    assert dqueries.shape == (S, 0, Q)
    assert dkeys.shape == keys.shape
    assert dp is None or not any(w.any() for w in dp)


@each_score
@masked_or_not
def test_arguments_are_not_changed_and_results_are_the_callers(score, mask):
    queries, keys, values, p, dcontexts, dweights = draw(score)
    given = [*flat((queries, keys, values, p, dcontexts, dweights))]
    before = [a.copy() for a in given]
    contexts, weights, cache = attention_forward(
        queries, keys, values, p, mask, score=score
    )
    want = [*flat(attention_backward(dcontexts, cache, p, dweights))]
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)
    contexts[:] = weights[:] = 0
    got = flat(attention_backward(dcontexts, cache, p, dweights))
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_init_draws_within_its_bounds_and_repeats_with_its_seed():
    p = init_attention(400, 100, 25, rng=np.random.default_rng(0))
    for w, bound in zip(p, (0.05, 0.1, 0.2), strict=True):
        assert 0.8 * bound < np.abs(w).max() <= bound
    assert p.W_k.shape == (100, 25)
    again = init_attention(400, 100, 25, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(p.W_q, again.W_q)
    narrow = init_attention(2, 3, 4, rng=np.random.default_rng(0), dtype=np.float32)
    assert {w.dtype for w in narrow} == {np.dtype(np.float32)}


# -- bad input ---------------------------------------------------------------------

QUERIES, KEYS, VALUES, _, DCONTEXTS, DWEIGHTS = draw("scaled")
P = draw("additive", K=K)[3]
CACHE = attention_forward(QUERIES, KEYS, VALUES)[2]
GIVEN = {"queries": QUERIES, "keys": KEYS, "values": VALUES, "p": None, "mask": None}
NAN = KEYS.copy()
NAN[2, 1, 0] = np.nan
BLIND = MASK & np.array([True, False, True])


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"queries": QUERIES[0]}, ValueError, r"queries must have shape \(S, B, Q\)"),
        ({"queries": QUERIES.tolist()}, TypeError, "queries must be an array"),
        ({"queries": QUERIES.astype(int)}, TypeError, "queries must be float32 or"),
        ({"queries": QUERIES[:0]}, ValueError, "queries must have at least one time"),
        ({"queries": QUERIES * np.inf}, ValueError, "queries must be finite"),
        ({"keys": KEYS[:, :2]}, ValueError, r"keys must have shape \(T, B=3, K=4\)"),
        ({"keys": KEYS[..., :2]}, ValueError, r"keys must have .* got \(5, 3, 2\)"),
        ({"keys": KEYS[:0], "values": VALUES[:0]}, ValueError, "keys must have at"),
        ({"keys": KEYS.astype(np.float32)}, TypeError, "keys must be float64 like"),
        ({"keys": NAN}, ValueError, r"keys must be finite, got nan at \(2, 1, 0\)"),
        ({"values": VALUES * np.nan}, ValueError, "values must be finite, got nan"),
        ({"values": VALUES[1:]}, ValueError, r"values must have shape \(T=5, B=3, M\)"),
        ({"values": VALUES.astype(np.float32)}, TypeError, "values must be float64"),
        ({"mask": MASK.T}, ValueError, r"mask must have shape \(T=5, B=3\), got"),
        ({"mask": MASK.astype(int)}, TypeError, "mask must be bool.*, got int64"),
        ({"mask": BLIND}, ValueError, "mask must .* one key, got none in sequence 1"),
        ({"p": P}, TypeError, "p must be left out with score='scaled'"),
        ({"score": "cosine"}, ValueError, "score must be one of 'additive', 'dot'"),
        ({"score": "additive"}, TypeError, "p must be AttentionParams, got NoneType"),
        (
            {"score": "additive", "p": P._replace(W_q=P.W_q[1:])},
            ValueError,
            r"p.W_q must have shape \(Q=4, A=7\), got \(3, 7\)",
        ),
        (
            {"score": "additive", "p": P._replace(W_k=P.W_k[1:])},
            ValueError,
            r"p.W_k must have shape \(K=4, A=7\), got \(3, 7\)",
        ),
        (
            {"score": "additive", "p": P._replace(v=P.v.astype(np.float32))},
            TypeError,
            "p.v must be float64 like its partners, got float32",
        ),
    ],
)
def test_forward_names_what_does_not_fit(changed, error, message):
    with pytest.raises(error, match=message):
        attention_forward(**{**GIVEN, **changed})


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"dcontexts": DCONTEXTS[1:]}, ValueError, r"dcontexts .*\(S=2, B=3, M=6\)"),
        ({"dcontexts": DCONTEXTS.astype(np.float32)}, TypeError, "dcontexts must be"),
        ({"dweights": DWEIGHTS[1:]}, ValueError, r"dweights .*\(S=2, B=3, T=5\)"),
        ({"dweights": DWEIGHTS.astype(np.float32)}, TypeError, "dweights must be"),
        ({"cache": (1, 2)}, TypeError, "cache must come from attention_forward, got"),
        ({"p": P}, TypeError, "p must be left out"),
    ],
)
def test_backward_names_what_does_not_fit(changed, error, message):
    given = {"dcontexts": DCONTEXTS, "cache": CACHE, "p": None, "dweights": None}
    with pytest.raises(error, match=message):
        attention_backward(**{**given, **changed})


@pytest.mark.parametrize("name", ["Q", "K", "A"])
def test_init_names_what_does_not_fit(name):
    sizes = {"Q": 2, "K": 3, "A": 4, name: 0}
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        init_attention(**sizes, rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="rng must be a numpy Generator, got int"):
        init_attention(2, 3, 4, rng=0)

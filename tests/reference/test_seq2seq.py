"""Encoder and decoder against numbers by hand, differences, all sequences, and laws."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.attention import SCORES
from rnncourse.reference.cells import CELLS
from rnncourse.reference.dense import DenseParams
from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.gru import init_gru
from rnncourse.reference.nested import nested_arrays, nested_from_arrays
from rnncourse.reference.optim import Adam
from rnncourse.reference.rnn import RNNParams, init_rnn
from rnncourse.reference.search import (
    beam_search,
    greedy_search,
    length_penalty,
    sample,
    take_rows,
)
from rnncourse.reference.seq2seq import (
    Seq2SeqParams,
    decoder_step,
    encode,
    init_seq2seq,
    seq2seq_backward,
    seq2seq_forward,
)
from rnncourse.reference.tokens import sequence_loss, sequence_loss_backward
from tests.reference.differences import assert_gradient

T, S, B, V_X, V_Y, D, H, A = 4, 3, 3, 6, 5, 2, 3, 2
X_LENGTHS, Y_LENGTHS = [4, 2, 1], [3, 1, 2]
START, END = 0, 1
each_cell = pytest.mark.parametrize("cell", CELLS)
each_attention = pytest.mark.parametrize("attention", [None, *SCORES])
padded = {"x_lengths": X_LENGTHS, "y_lengths": Y_LENGTHS}
whole_or_padded = pytest.mark.parametrize(
    "lengths", [{}, padded], ids=["whole", "padded"]
)
any_cell = st.sampled_from(list(CELLS))
any_attention = st.sampled_from([None, *SCORES])


def draw(cell, attention=None, *, seed=0, V_y=V_Y, T=T, S=S, B=B, dtype=np.float64):
    """Return wide weights, biases among them, and tokens to read and to tell."""
    rng = np.random.default_rng(seed)
    A_ = A if attention == "additive" else None
    p = init_seq2seq(
        *(cell, V_X, V_y, D, H), attention=attention, A=A_, rng=rng, dtype=dtype
    )
    wide = {n: rng.normal(size=w.shape).astype(dtype) for n, w in arrays(p).items()}
    xs, ys = rng.integers(0, V_X, size=(T, B)), rng.integers(0, V_y, size=(S, B))
    return nested_from_arrays(p, wide), xs, ys


def arrays(p):
    return nested_arrays(p)


def loss_of(cell, xs, ys, p, attention, **options):
    logits, _, cache = seq2seq_forward(
        cell, xs, ys, p, start=START, attention=attention, **options
    )
    lengths = options.get("y_lengths")
    dlogits = sequence_loss_backward(logits, ys, lengths)
    return sequence_loss(logits, ys, lengths), seq2seq_backward(dlogits, cache, p)


def assert_near(got, want, tol=1e-12):
    assert arrays(got).keys() == arrays(want).keys()
    for name, a in arrays(got).items():
        assert relative_error(a, arrays(want)[name]).max() <= tol, name


# -- by hand -----------------------------------------------------------------------
# tanh(log 2) = 3/5 and tanh(log 3) = 4/5. The encoder reads token 1 to 3/5; the
# decoder reads the start token 0 to 4/5; both have W_x = 1, W_h = 1/2, b = 0.

CELL = RNNParams(np.array([[1.0]]), np.array([[0.5]]), np.zeros(1))
E_X = np.array([[7.0], [math.log(2)]])
E_Y = np.array([[math.log(3) - 0.3], [7.0]])


def test_without_attention_by_hand():
    # scores 0 and log 3: p = 1/4 and 3/4; telling token 1 costs log 4/3
    w = math.log(3) / 0.8
    out = DenseParams(np.array([[0.0, w]]), np.zeros(2))
    p = Seq2SeqParams(E_X, CELL, E_Y, CELL, None, out)
    loss, dp = loss_of("rnn", [[1]], [[1]], p, None)
    assert loss == pytest.approx(math.log(4 / 3), rel=1e-14)
    # dlogits = (1/4, -1/4); dh = -w/4; da = 0.36 dh; the encoder gets half of it
    dh = -w / 4
    da, da_x = 0.36 * dh, 0.64 * 0.5 * 0.36 * dh
    np.testing.assert_allclose(dp.out.b, [0.25, -0.25], rtol=1e-14)
    np.testing.assert_allclose(dp.out.W, [[0.2, -0.2]], rtol=1e-14)
    np.testing.assert_allclose(dp.E_y, [[da], [0]], rtol=1e-13)
    np.testing.assert_allclose(dp.decoder.W_h, [[0.6 * da]], rtol=1e-13)
    np.testing.assert_allclose(dp.decoder.b, [da], rtol=1e-13)
    np.testing.assert_allclose(dp.E_x, [[0], [da_x]], rtol=1e-13)
    np.testing.assert_allclose(dp.encoder.W_x, [[da_x * math.log(2)]], rtol=1e-13)
    np.testing.assert_allclose(dp.encoder.W_h, [[0]])
    assert dp.attention is None


def test_with_attention_by_hand():
    # one key has all the weight, so the context is 3/5 whatever the question was
    w = math.log(3) / 0.6
    out = DenseParams(np.array([[0.0, 0.0], [0.0, w]]), np.zeros(2))
    p = Seq2SeqParams(E_X, CELL, E_Y, CELL, None, out)
    logits, weights, _ = seq2seq_forward(
        "rnn", [[1]], [[1]], p, start=START, attention="dot"
    )
    np.testing.assert_allclose(weights, [[[1]]], rtol=1e-15)
    np.testing.assert_allclose(logits.ravel(), [0, math.log(3)], rtol=1e-14, atol=0)
    loss, dp = loss_of("rnn", [[1]], [[1]], p, "dot")
    assert loss == pytest.approx(math.log(4 / 3), rel=1e-14)
    # the output looks at the context alone: -w/4 goes straight to the encoder
    da_x = 0.64 * -w / 4
    np.testing.assert_allclose(dp.out.W, [[0.2, -0.2], [0.15, -0.15]], rtol=1e-14)
    np.testing.assert_allclose(dp.E_x, [[0], [da_x]], rtol=1e-13)
    np.testing.assert_allclose(dp.E_y, [[0], [0]], atol=1e-16)


# -- central differences -----------------------------------------------------------


@each_cell
@each_attention
@whole_or_padded
def test_backward_agrees_with_central_differences(cell, attention, lengths):
    p, xs, ys = draw(cell, attention)
    options = {"start": START, "attention": attention, **lengths}
    logits, _, cache = seq2seq_forward(cell, xs, ys, p, **options)
    dlogits = np.random.default_rng(1).normal(size=logits.shape)

    def loss(q):
        moved, _, _ = seq2seq_forward(cell, xs, ys, nested_from_arrays(p, q), **options)
        return math.fsum(((moved - logits) * dlogits).ravel())  # less rounding

    dp = seq2seq_backward(dlogits, cache, p)
    assert_gradient(loss, arrays(p), arrays(dp))


@each_cell
def test_gradient_of_the_masked_loss_agrees_with_central_differences(cell):
    p, xs, ys = draw(cell, "scaled", seed=2)
    base, dp = loss_of(cell, xs, ys, p, "scaled", **padded)
    options = {"start": START, "attention": "scaled", **padded}

    def loss(q):
        logits, *_ = seq2seq_forward(cell, xs, ys, nested_from_arrays(p, q), **options)
        return sequence_loss(logits, ys, Y_LENGTHS) - base

    assert_gradient(loss, arrays(p), arrays(dp))


# -- what the decoder reads --------------------------------------------------------


def test_teacher_forcing_reads_the_token_before():
    p, xs, ys = draw("gru")
    cache = seq2seq_forward("gru", xs, ys, p, start=2)[2]
    np.testing.assert_array_equal(cache.inputs, [[2] * B, *ys[:-1]])


@each_cell
@each_attention
def test_free_running_tells_what_greedy_search_chooses(cell, attention):
    p, xs, ys = draw(cell, attention)
    own = np.ones((S, B), dtype=bool)
    logits, _, cache = seq2seq_forward(
        cell, xs, ys, p, start=START, attention=attention, x_lengths=X_LENGTHS, own=own
    )
    memory, _ = encode(cell, xs, p, X_LENGTHS)
    step, state = decoder_step(cell, memory, p, attention=attention)
    tokens = np.full(B, START)
    for t in range(S):
        np.testing.assert_array_equal(cache.inputs[t], tokens)
        log_probs, state = step(state, tokens)
        tokens = log_probs.argmax(axis=1)
        np.testing.assert_array_equal(logits[t].argmax(axis=1), tokens)


def test_own_tokens_are_read_where_asked_and_true_ones_elsewhere():
    p, xs, ys = draw("lstm", "dot", seed=3)
    none, some = np.zeros((S, B), dtype=bool), np.zeros((S, B), dtype=bool)
    some[1, 0] = True
    run = {"start": START, "attention": "dot"}
    forced, _, taught = seq2seq_forward("lstm", xs, ys, p, **run)
    logits, _, cache = seq2seq_forward("lstm", xs, ys, p, own=none, **run)
    np.testing.assert_array_equal(logits, forced)
    np.testing.assert_array_equal(cache.inputs, taught.inputs)
    logits, _, cache = seq2seq_forward("lstm", xs, ys, p, own=some, **run)
    own = forced[0, 0].argmax()
    assert own != ys[0, 0]
    want = taught.inputs.copy()
    want[1, 0] = own
    np.testing.assert_array_equal(cache.inputs, want)
    np.testing.assert_array_equal(logits[:, 1:], forced[:, 1:])
    # the gradient is that of a decoder that had been given these tokens
    ys_own = np.concatenate([want[1:], ys[-1:]])
    _, _, same = seq2seq_forward("lstm", xs, ys_own, p, **run)
    dlogits = np.ones_like(logits)
    assert_near(seq2seq_backward(dlogits, cache, p), seq2seq_backward(dlogits, same, p))


# -- searching ---------------------------------------------------------------------


def searched(cell, attention, seed, V_y=V_Y):
    """Return weights, one sequence to read, and the decoder after reading it."""
    p, xs, _ = draw(cell, attention, seed=seed, V_y=V_y)
    memory, _ = encode(cell, xs, p, X_LENGTHS)
    step, state = decoder_step(cell, memory, p, attention=attention)
    return p, xs, step, state


def log_prob_of(cell, attention, p, x, tokens):
    """Ask by teacher forcing what a whole sequence is worth."""
    logits, _, _ = seq2seq_forward(
        cell, x, np.array(tokens)[:, None], p, start=START, attention=attention
    )
    return -len(tokens) * sequence_loss(logits, np.array(tokens)[:, None])


@settings(deadline=None, max_examples=30)
@given(any_cell, any_attention, st.integers(0, 999), st.integers(0, B - 1))
def test_beam_of_width_1_is_greedy(cell, attention, seed, k):
    p, xs, step, state = searched(cell, attention, seed)
    asked = {"end": END, "max_length": 5}
    greedy = greedy_search(step, state, [START] * B, **asked)
    one = take_rows(state, np.array([k]))
    (best,) = beam_search(step, one, START, width=1, **asked)
    n = greedy.lengths[k]
    assert list(best.tokens) == greedy.tokens[:n, k].tolist()
    assert best.log_prob == pytest.approx(greedy.log_probs[k], rel=1e-12)
    forced = log_prob_of(cell, attention, p, xs[: X_LENGTHS[k], [k]], best.tokens)
    assert best.log_prob == pytest.approx(forced, rel=1e-12)


@settings(deadline=None, max_examples=20)
@given(
    any_cell, any_attention, st.integers(0, 999), st.sampled_from([0.0, 0.6, 1.0, 2.0])
)
def test_beam_of_width_V_to_the_T_is_exhaustive(cell, attention, seed, alpha):
    V, n = 3, 3
    p, xs, step, state = searched(cell, attention, seed, V_y=V)
    k = seed % B
    x = xs[: X_LENGTHS[k], [k]]
    every = {
        y[: y.index(END) + 1] if END in y else y
        for y in itertools.product(range(V), repeat=n)
    }
    scores = {
        y: log_prob_of(cell, attention, p, x, y) / length_penalty(len(y), alpha)
        for y in every
    }
    found = beam_search(
        *(step, take_rows(state, np.array([k])), START),
        **{"end": END, "width": V**n, "max_length": n, "alpha": alpha},
        n_best=len(every),
    )
    assert [one.tokens for one in found] == sorted(every, key=lambda y: -scores[y])
    for one in found:
        assert one.score == pytest.approx(scores[one.tokens], rel=1e-11)


def test_a_sample_is_worth_what_teacher_forcing_says():
    p, xs, step, state = searched("gru", "additive", 4)
    asked = {"end": END, "max_length": 6}
    got = sample(step, state, [START] * B, rng=np.random.default_rng(0), **asked)
    for k in range(B):
        y = got.tokens[: got.lengths[k], k]
        worth = log_prob_of("gru", "additive", p, xs[: X_LENGTHS[k], [k]], y)
        assert got.log_probs[k] == pytest.approx(worth, rel=1e-12)
    rng = np.random.default_rng(0)
    sharp = sample(step, state, [START] * B, rng=rng, top_k=1, **asked)
    greedy = greedy_search(step, state, [START] * B, **asked)
    np.testing.assert_array_equal(sharp.tokens, greedy.tokens)


# -- laws --------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(
    cell=any_cell,
    attention=any_attention,
    seed=st.integers(0, 999),
    more=st.integers(0, 3),
    rubbish=st.sampled_from([-1, 0, V_X, 10**9]),
)
def test_padding_of_the_source_never_changes_a_result(
    cell, attention, seed, more, rubbish
):
    p, xs, ys = draw(cell, attention, seed=seed)
    run = {"start": START, "attention": attention, "x_lengths": X_LENGTHS}
    mask = np.arange(T)[:, None] < np.array(X_LENGTHS)
    longer = np.full((T + more, B), rubbish)
    longer[:T] = np.where(mask, xs, rubbish)
    logits, weights, cache = seq2seq_forward(cell, xs, ys, p, **run)
    logits_2, weights_2, cache_2 = seq2seq_forward(cell, longer, ys, p, **run)
    np.testing.assert_allclose(logits_2, logits, rtol=1e-12, atol=1e-13)
    if attention is not None:
        np.testing.assert_allclose(weights_2[..., :T], weights, rtol=1e-12)
        assert not weights_2[..., T:].any()
        assert not weights.swapaxes(0, 2)[~mask].any()
    dlogits = np.random.default_rng(seed).normal(size=logits.shape)
    got, same = (seq2seq_backward(dlogits, c, p) for c in (cache, cache_2))
    assert_near(got, same)
    for k, n in enumerate(X_LENGTHS):  # the same as if the padding had been cut off
        run["x_lengths"] = None
        cut, _, _ = seq2seq_forward(cell, xs[:n, [k]], ys[:, [k]], p, **run)
        np.testing.assert_allclose(cut, logits[:, [k]], rtol=1e-12, atol=1e-13)


@settings(deadline=None, max_examples=30)
@given(
    cell=any_cell,
    attention=any_attention,
    seed=st.integers(0, 999),
    more=st.integers(0, 3),
    rubbish=st.sampled_from([-100, 0, V_Y]),
)
def test_padding_of_the_target_never_changes_the_loss(
    cell, attention, seed, more, rubbish
):
    p, xs, ys = draw(cell, attention, seed=seed)
    mask = np.arange(S)[:, None] < np.array(Y_LENGTHS)
    longer = np.full((S + more, B), rubbish)
    longer[:S] = np.where(mask, ys, rubbish)
    loss, dp = loss_of(cell, xs, ys, p, attention, y_lengths=Y_LENGTHS)
    loss_2, dp_2 = loss_of(cell, xs, longer, p, attention, y_lengths=Y_LENGTHS)
    assert loss_2 == pytest.approx(loss, rel=1e-12)
    assert_near(dp_2, dp)


@each_cell
@each_attention
def test_after_its_length_a_sequence_repeats_its_last_logits(cell, attention):
    p, xs, ys = draw(cell, attention)
    logits, _, _ = seq2seq_forward(
        cell, xs, ys, p, start=START, attention=attention, **padded
    )
    for k, n in enumerate(Y_LENGTHS):
        last = np.broadcast_to(logits[n - 1, k], (S - n, V_Y))
        np.testing.assert_allclose(logits[n:, k], last, rtol=1e-13)


@settings(deadline=None, max_examples=25)
@given(any_cell, any_attention, st.integers(0, 999), st.permutations(range(B)))
def test_order_of_the_batch_does_not_matter(cell, attention, seed, order):
    p, xs, ys = draw(cell, attention, seed=seed)
    run = {"start": START, "attention": attention}
    logits, _, cache = seq2seq_forward(cell, xs, ys, p, **run, **padded)
    moved = {name: np.array(n)[order] for name, n in padded.items()}
    logits_2, _, cache_2 = seq2seq_forward(
        cell, xs[:, order], ys[:, order], p, **run, **moved
    )
    np.testing.assert_allclose(logits_2, logits[:, order], rtol=1e-12, atol=1e-13)
    dlogits = np.random.default_rng(seed).normal(size=logits.shape)
    dp = seq2seq_backward(dlogits, cache, p)
    assert_near(seq2seq_backward(dlogits[:, order], cache_2, p), dp)


@each_attention
def test_the_future_of_the_target_is_not_seen(attention):
    p, xs, ys = draw("lstm", attention)
    run = {"start": START, "attention": attention}
    logits, _, _ = seq2seq_forward("lstm", xs, ys, p, **run)
    other = ys.copy()
    other[1] = (ys[1] + 1) % V_Y
    changed, _, _ = seq2seq_forward("lstm", xs, other, p, **run)
    np.testing.assert_array_equal(changed[:2], logits[:2])
    assert (changed[2] != logits[2]).all()


@each_cell
@each_attention
def test_float32_stays_float32_and_is_near_float64(cell, attention):
    p, xs, ys = draw(cell, attention, dtype=np.float32)
    wide = nested_from_arrays(p, {n: w.astype(float) for n, w in arrays(p).items()})
    both = []
    for q in (p, wide):
        logits, weights, cache = seq2seq_forward(
            cell, xs, ys, q, start=START, attention=attention, **padded
        )
        dp = seq2seq_backward(np.ones_like(logits), cache, q)
        both.append([logits, *([] if weights is None else [weights])])
        both[-1] += arrays(dp).values()
    assert {a.dtype for a in both[0]} == {np.dtype(np.float32)}
    for a, b in zip(*both, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@each_cell
@each_attention
def test_one_step_and_an_empty_batch(cell, attention):
    p, xs, ys = draw(cell, attention, T=1, S=1)
    run = {"start": START, "attention": attention}
    logits, weights, _ = seq2seq_forward(cell, xs, ys, p, **run)
    assert logits.shape == (1, B, V_Y)
    if attention is not None:
        np.testing.assert_array_equal(weights, np.ones((1, B, 1)))
    p, xs, ys = draw(cell, attention, B=0)
    logits, _, cache = seq2seq_forward(
        cell, xs, ys, p, x_lengths=[], y_lengths=[], own=ys == 0, **run
    )
    assert logits.shape == (S, 0, V_Y)
    assert not any(w.any() for w in arrays(seq2seq_backward(logits, cache, p)).values())
    memory, _ = encode(cell, xs, p, [])
    step, state = decoder_step(cell, memory, p, attention=attention)
    assert greedy_search(step, state, [], end=END, max_length=3).lengths.shape == (0,)


@each_attention
def test_arguments_are_not_changed_and_results_are_the_callers(attention):
    p, xs, ys = draw("gru", attention)
    own = np.ones((S, B), dtype=bool)
    given = [*arrays(p).values(), xs, ys, own]
    before = [a.copy() for a in given]
    logits, weights, cache = seq2seq_forward(
        "gru", xs, ys, p, start=START, attention=attention, own=own, **padded
    )
    dlogits = np.ones_like(logits)
    want = seq2seq_backward(dlogits, cache, p)
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)
    logits[:] = 0
    if weights is not None:
        weights[:] = 0
    assert (dlogits == 1).all()
    assert_near(seq2seq_backward(dlogits, cache, p), want, 0)


def test_init_has_the_sizes_and_repeats_with_its_seed():
    given = {"attention": "additive", "A": 7, "dtype": np.float32}
    p, q = (
        init_seq2seq("lstm", 11, 13, 2, 4, rng=np.random.default_rng(0), **given)
        for _ in range(2)
    )
    shapes = {name: w.shape for name, w in arrays(p).items()}
    cell = {"W_x": (2, 16), "W_h": (4, 16), "b": (16,)}
    assert shapes == {
        "E_x": (11, 2),
        **{f"encoder.{n}": s for n, s in cell.items()},
        "E_y": (13, 2),
        **{f"decoder.{n}": s for n, s in cell.items()},
        **{"attention.W_q": (4, 7), "attention.W_k": (4, 7), "attention.v": (7,)},
        **{"out.W": (8, 13), "out.b": (13,)},
    }
    assert {w.dtype for w in arrays(p).values()} == {np.dtype(np.float32)}
    for a, b in zip(arrays(p).values(), arrays(q).values(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (p.encoder.W_h != p.decoder.W_h).any()
    plain = init_seq2seq("gru", 3, 4, 2, 5, rng=np.random.default_rng(0))
    assert plain.attention is None
    assert plain.out.W.shape == (5, 4)
    asked = {"attention": "additive", "rng": np.random.default_rng(0)}
    assert init_seq2seq("rnn", 3, 4, 2, 5, **asked).attention.W_q.shape == (5, 5)


def test_attention_learns_to_turn_a_sequence_round():
    rng, n, V = np.random.default_rng(0), 4, 6
    p = init_seq2seq("gru", V, V, 8, 24, attention="dot", rng=rng)
    adam, weights = Adam(lr=0.02), arrays(p)
    for _ in range(120):
        xs = rng.integers(1, V, size=(n, 32))
        _, dp = loss_of("gru", xs, xs[::-1], p, "dot")
        weights = adam.update(weights, arrays(dp))
        p = nested_from_arrays(p, weights)
    xs = rng.integers(1, V, size=(n, 100))
    step, state = decoder_step("gru", encode("gru", xs, p)[0], p, attention="dot")
    told = greedy_search(step, state, [START] * 100, end=START, max_length=n).tokens
    assert (told == xs[::-1]).mean() > 0.95


# -- bad input ---------------------------------------------------------------------

P, XS, YS = draw("rnn")
ASKING = draw("rnn", "additive")[0]
DOT = draw("rnn", "dot")[0]
LOGITS, _, CACHE = seq2seq_forward("rnn", XS, YS, P, start=START)
MEMORY, _ = encode("rnn", XS, P)
OTHER = init_rnn(3, 1, rng=np.random.default_rng(0))
NARROW = DenseParams(*(w.astype(np.float32) for w in P.out))
GIVEN = {"cell": "rnn", "xs": XS, "ys": YS, "p": P, "start": START}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cell": "elman"}, ValueError, "cell must be one of 'rnn', .* got 'elman'"),
        (
            {"cell": "gru"},
            TypeError,
            "p.encoder must be GRUParams, got RNNParams",
        ),
        ({"p": tuple(P)}, TypeError, "p must be Seq2SeqParams, got tuple"),
        ({"p": P._replace(E_x=P.E_x[0])}, ValueError, r"p.E_x must have .* \(V_x, D\)"),
        ({"p": P._replace(E_x=XS)}, TypeError, "p.E_x must be float32 or float64"),
        ({"p": P._replace(E_y=P.E_y[:, :1])}, ValueError, r"p.E_y .* \(V_y, D=2\)"),
        (
            {"p": P._replace(E_y=P.E_y.astype(np.float32))},
            TypeError,
            "p.E_y must be float64 like its partners",
        ),
        (
            {"p": P._replace(decoder=init_gru(D, H, rng=np.random.default_rng(0)))},
            TypeError,
            "p.decoder must be RNNParams, got GRUParams",
        ),
        (
            {"p": P._replace(decoder=OTHER)},
            ValueError,
            r"p.decoder.W_x must have shape \(D=2, H=3\), got \(3, 1\)",
        ),
        (
            {"p": P._replace(encoder=RNNParams(*(w.astype("f4") for w in P.encoder)))},
            TypeError,
            "p.encoder.W_x must be float64 like its partners",
        ),
        (
            {"p": P._replace(out=tuple(P.out))},
            TypeError,
            "p.out must be DenseParams, got tuple",
        ),
        ({"p": P._replace(out=NARROW)}, TypeError, "p.out.W must be float64"),
        ({"p": DOT}, ValueError, r"p.out.W must have shape \(H=3, V_y=5\), got \(6, 5"),
        ({"attention": "dot"}, ValueError, r"p.out.W must have shape \(2H=6, V_y=5\)"),
        ({"attention": "cosine"}, ValueError, "attention must be one of 'additive'"),
        (
            {"attention": "additive", "p": DOT},
            TypeError,
            "p.attention must be AttentionParams with attention='additive', got None",
        ),
        (
            {"attention": "dot", "p": ASKING},
            TypeError,
            "p.attention must be NoneType with attention='dot', got AttentionParams",
        ),
        ({"xs": XS[0]}, ValueError, r"xs must have shape \(T, B\), got \(3,\)"),
        ({"xs": XS[:0]}, ValueError, "xs must have at least one time step, got T=0"),
        ({"xs": XS * 1.0}, TypeError, "xs must be whole numbers, got float64"),
        ({"xs": XS + V_X}, ValueError, r"xs must lie in 0..5, got"),
        ({"ys": YS[:, :2]}, ValueError, r"ys must have shape \(T, B=3\), got \(3, 2\)"),
        ({"ys": YS + V_Y}, ValueError, r"ys must lie in 0..4, got"),
        ({"start": V_Y}, ValueError, "start must lie in 0..4, got 5"),
        ({"start": -1}, ValueError, "start must be at least 0, got -1"),
        ({"start": [0]}, TypeError, r"start must be a whole number, got \[0\]"),
        ({"x_lengths": [1, 2, 5]}, ValueError, r"^x_lengths must lie in 1..4, got 5"),
        ({"y_lengths": [1, 2, 4]}, ValueError, r"^y_lengths must lie in 1..3, got 4"),
        ({"y_lengths": [1, 2]}, ValueError, r"^y_lengths must have shape \(B=3,\)"),
        ({"own": YS > 9, "ys": YS[:2]}, ValueError, r"own must have shape \(S=2, B=3"),
        ({"own": YS}, TypeError, "own must be bool, got int64"),
    ],
)
def test_forward_names_what_does_not_fit(changed, error, message):
    with pytest.raises(error, match=message):
        seq2seq_forward(**{**GIVEN, **changed})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: seq2seq_backward(LOGITS[1:], CACHE, P),
            ValueError,
            r"dlogits must have shape \(S=3, B=3, V_y=5\), got \(2, 3, 5\)",
        ),
        (
            lambda: seq2seq_backward(LOGITS.astype(np.float32), CACHE, P),
            TypeError,
            "dlogits must be float64 like its partners, got float32",
        ),
        (
            lambda: seq2seq_backward(LOGITS, CACHE.encoder, P),
            TypeError,
            "cache must come from seq2seq_forward, got EncoderCache",
        ),
        (
            lambda: seq2seq_backward(LOGITS, CACHE, DOT),
            ValueError,
            r"p.out.W must have shape \(H=3, V_y=5\)",
        ),
        (
            lambda: decoder_step("rnn", CACHE, P),
            TypeError,
            "memory must come from encode, got Seq2SeqCache",
        ),
        (
            lambda: decoder_step("rnn", MEMORY, DOT),
            ValueError,
            r"p.out.W must have shape \(H=3, V_y=5\)",
        ),
        (lambda: encode("rnn", XS - 9, P), ValueError, "xs must lie in 0..5, got"),
        (
            lambda: init_seq2seq("rnn", 2, 2, 2, 2, attention="x", rng=None),
            ValueError,
            "attention must be one of",
        ),
        (
            lambda: init_seq2seq("rnn", 2, 2, 2, 2, rng=7),
            TypeError,
            "rng must be a numpy Generator, got int",
        ),
        (
            lambda: init_seq2seq("rnn", 0, 2, 2, 2, rng=np.random.default_rng(0)),
            ValueError,
            "V_x must be at least 1, got 0",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

"""The CNN-LSTM against numbers by hand, differences, its parts, and itself cut off."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.cnn_lstm import (
    PADDINGS,
    CNNLSTMParams,
    check_cnn_lstm,
    cnn_lstm_backward,
    cnn_lstm_forward,
    init_cnn_lstm,
    steps_left,
)
from rnncourse.reference.convolution import ConvParams
from rnncourse.reference.dense import DenseParams
from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.lstm import LSTMParams
from rnncourse.reference.nested import nested_arrays, nested_from_arrays
from tests.reference.differences import assert_gradient

N, T, B, D, F, H, K = 3, 9, 4, 2, 5, 3, 2  # N is the size of the kernel
LENGTHS = [9, 4, 5, 7]
each_padding = pytest.mark.parametrize("padding", PADDINGS)
pooled_or_not = pytest.mark.parametrize("pool", [None, 2])
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(*, seed=0, T=T, B=B, dtype=np.float64):
    """Return inputs, weights with biases, and a gradient."""
    rng = np.random.default_rng(seed)
    p = init_cnn_lstm(N, D, F, H, K, rng=rng)
    wide = {n: 0.7 * rng.normal(size=w.shape) for n, w in nested_arrays(p).items()}
    wide = {n: w.astype(dtype) for n, w in wide.items()}
    xs, dy = rng.normal(size=(T, B, D)), rng.normal(size=(B, K))
    return xs.astype(dtype), nested_from_arrays(p, wide), dy.astype(dtype)


def flat(dxs, dp):
    return {"xs": dxs, **nested_arrays(dp)}


def assert_near(got, want, tol=1e-12):
    assert got.keys() == want.keys()
    for name, a in got.items():
        assert relative_error(a, want[name]).max(initial=0) <= tol, name


# -- by hand -----------------------------------------------------------------------


def test_four_steps_by_hand():
    # the kernel takes differences: 1, 2, -1, -2; relu: 1, 2, 0, 0; windows of 2: 2, 0
    conv = ConvParams(np.array([-1.0, 1.0]).reshape(2, 1, 1), np.zeros(1))
    # the gates see nothing and stand at 1/2; the candidate is tanh of w times that
    w = math.log(2) / 2
    lstm = LSTMParams(np.array([[0, 0, w, 0]]), np.zeros((1, 4)), np.zeros(4))
    p = CNNLSTMParams(conv, lstm, DenseParams(np.array([[4.0]]), np.array([1.0])))
    xs = np.array([1.0, 3.0, 2.0, 0.0]).reshape(4, 1, 1)
    y, cache = cnn_lstm_forward(xs, p, pool=2)
    # g = tanh(log 2) = 0.6, then 0: c = 0.3, then 0.15; h = tanh(0.15) / 2
    h = math.tanh(0.15) / 2
    np.testing.assert_allclose(y, [[4 * h + 1]], rtol=1e-14)
    dxs, dp = cnn_lstm_backward(np.ones((1, 1)), cache, p)
    dc = 4 * 0.5 * (1 - math.tanh(0.15) ** 2)  # at the second step, half at the first
    da = dc / 2 * 0.5 * (1 - 0.36)  # of the first candidate
    np.testing.assert_allclose(dxs.ravel(), [-da * w, da * w, 0, 0], rtol=1e-13)
    np.testing.assert_allclose(dp.conv.W.ravel(), [da * w * 1, da * w * 3], rtol=1e-13)
    np.testing.assert_allclose(dp.conv.b, [da * w], rtol=1e-13)
    np.testing.assert_allclose(dp.lstm.W_x[0, 2], da * 2, rtol=1e-13)
    np.testing.assert_allclose(dp.out.W, [[h]], rtol=1e-14)
    np.testing.assert_allclose(dp.out.b, [1], rtol=1e-14)


def test_steps_left_by_hand():
    steps = np.array([9, 4, 5])
    assert steps_left("lengths", steps, 3).tolist() == [9, 4, 5]
    assert steps_left("lengths", steps, 3, padding="valid").tolist() == [7, 2, 3]
    got = steps_left("lengths", steps, 3, padding="valid", pool=2)
    assert got.tolist() == [3, 1, 1]
    assert steps_left("lengths", steps, 3, padding="same", pool=4).tolist() == [2, 1, 1]


# -- central differences -----------------------------------------------------------


@each_padding
@pooled_or_not
@lengths_or_none
def test_backward_agrees_with_central_differences(padding, pool, lengths):
    xs, p, dy = draw()
    options = {"lengths": lengths, "padding": padding, "pool": pool}
    y, cache = cnn_lstm_forward(xs, p, **options)

    def loss(q):
        weights = nested_from_arrays(p, {n: w for n, w in q.items() if n != "xs"})
        moved, _ = cnn_lstm_forward(q["xs"], weights, **options)
        return math.fsum(((moved - y) * dy).ravel())  # less rounding

    grads = flat(*cnn_lstm_backward(dy, cache, p))
    assert_gradient(loss, flat(xs, p), grads, eps=2e-4)  # no feature changes its sign


# -- laws --------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 99),
    padding=st.sampled_from(PADDINGS),
    pool=st.none() | st.integers(1, 2),
    lengths=st.lists(st.integers(4, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_a_shorter_sequence_is_answered_as_if_cut_off(
    seed, padding, pool, lengths, rubbish
):
    xs, p, dy = draw(seed=seed)
    options = {"padding": padding, "pool": pool}
    spoilt = xs.copy()
    spoilt[np.arange(T)[:, None] >= np.array(lengths)] = rubbish
    y, cache = cnn_lstm_forward(spoilt, p, lengths, **options)
    dxs, dp = cnn_lstm_backward(dy, cache, p)
    total = {name: np.zeros_like(w) for name, w in nested_arrays(p).items()}
    for k, n in enumerate(lengths):
        one, cut = cnn_lstm_forward(xs[:n, [k]], p, **options)
        np.testing.assert_allclose(y[[k]], one, rtol=1e-12, atol=1e-14)
        dx, dw = cnn_lstm_backward(dy[[k]], cut, p)
        np.testing.assert_allclose(dxs[:n, [k]], dx, rtol=1e-10, atol=1e-14)
        assert not dxs[n:, k].any()
        total = {name: total[name] + w for name, w in nested_arrays(dw).items()}
    assert_near(nested_arrays(dp), total, 1e-11)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 99), order=st.permutations(range(B)))
def test_order_of_the_batch_does_not_matter(seed, order):
    xs, p, dy = draw(seed=seed)
    y, cache = cnn_lstm_forward(xs, p, LENGTHS, pool=2)
    moved = np.array(LENGTHS)[order]
    y_2, cache_2 = cnn_lstm_forward(xs[:, order], p, moved, pool=2)
    np.testing.assert_allclose(y_2, y[order], rtol=1e-12)
    dxs, dp = cnn_lstm_backward(dy, cache, p)
    got = flat(*cnn_lstm_backward(dy[order], cache_2, p))
    assert_near(got, flat(dxs[:, order], dp))


def test_a_causal_network_of_full_lengths_is_that_without_lengths():
    xs, p, _ = draw()
    y, _ = cnn_lstm_forward(xs, p)
    same, _ = cnn_lstm_forward(xs, p, [T] * B, padding="causal", pool=1)
    np.testing.assert_array_equal(y, same)


@pooled_or_not
@lengths_or_none
def test_float32_stays_float32_and_is_near_float64(pool, lengths):
    xs, p, dy = draw(dtype=np.float32)
    wide = {n: w.astype(float) for n, w in nested_arrays(p).items()}
    both = []
    for x, q, d in ((xs, p, dy), (xs.astype(float), nested_from_arrays(p, wide), dy)):
        y, cache = cnn_lstm_forward(x, q, lengths, pool=pool)
        grads = flat(*cnn_lstm_backward(d.astype(x.dtype), cache, q))
        both.append([y, *grads.values()])
    assert {a.dtype for a in both[0]} == {np.dtype(np.float32)}
    for a, b in zip(*both, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@each_padding
def test_one_step_and_an_empty_batch(padding):
    xs, p, dy = draw(T=3)
    y, _ = cnn_lstm_forward(xs, p, padding="valid")  # the kernel finds one place
    assert y.shape == (B, K)
    xs, p, dy = draw(B=0)
    y, cache = cnn_lstm_forward(xs, p, [], padding=padding, pool=2)
    assert y.shape == (0, K)
    dxs, dp = cnn_lstm_backward(dy, cache, p)
    assert dxs.shape == (T, 0, D)
    assert not any(w.any() for w in nested_arrays(dp).values())


def test_one_input_is_enough_for_a_causal_kernel():
    xs, p, dy = draw(T=1)
    y, cache = cnn_lstm_forward(xs, p)
    dxs, dp = cnn_lstm_backward(dy, cache, p)
    assert y.shape == (B, K)
    assert not dp.conv.W[:-1].any()  # the earlier entries met the zeros on the left


@lengths_or_none
def test_arguments_are_not_changed_and_results_are_the_callers(lengths):
    xs, p, dy = draw()
    given = [xs, dy, *nested_arrays(p).values()]
    before = [a.copy() for a in given]
    y, cache = cnn_lstm_forward(xs, p, lengths, pool=2)
    want = flat(*cnn_lstm_backward(dy, cache, p))
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)
    y[:] = 0
    xs[:] = 0
    assert_near(flat(*cnn_lstm_backward(dy, cache, p)), want, 0)


def test_init_has_the_sizes_and_repeats_with_its_seed():
    p, q = (
        init_cnn_lstm(N, D, F, H, K, rng=np.random.default_rng(0), dtype=np.float32)
        for _ in range(2)
    )
    shapes = {name: w.shape for name, w in nested_arrays(p).items()}
    assert shapes == {
        **{"conv.W": (N, D, F), "conv.b": (F,)},
        **{"lstm.W_x": (F, 4 * H), "lstm.W_h": (H, 4 * H), "lstm.b": (4 * H,)},
        **{"out.W": (H, K), "out.b": (K,)},
    }
    assert {w.dtype for w in nested_arrays(p).values()} == {np.dtype(np.float32)}
    for a, b in zip(nested_arrays(p).values(), nested_arrays(q).values(), strict=True):
        np.testing.assert_array_equal(a, b)


# -- bad input ---------------------------------------------------------------------

XS, P, DY = draw()
CACHE = cnn_lstm_forward(XS, P)[1]
NAN = XS.copy()
NAN[2, 1, 0] = np.nan
HALF = P._replace(out=DenseParams(*(w.astype(np.float32) for w in P.out)))


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"xs": XS[0]}, ValueError, r"xs must have shape \(T, B, D=2\), got \(4, 2\)"),
        ({"xs": XS[..., :1]}, ValueError, r"xs must have shape .* got \(9, 4, 1\)"),
        ({"xs": XS[:0]}, ValueError, "^xs must have at least one time step, got T=0$"),
        ({"xs": XS.tolist()}, TypeError, "xs must be an array, got list"),
        ({"xs": XS.astype(int)}, TypeError, "xs must be float32 or float64, got int64"),
        ({"xs": XS.astype(np.float32)}, TypeError, "xs must be float64 like its"),
        ({"xs": NAN}, ValueError, r"xs must be finite, got nan at \(2, 1, 0\)"),
        (
            {"xs": XS[:3], "padding": "valid", "pool": 2},
            ValueError,
            "xs must have at least 4 steps for a kernel of 3 and a window of 2, got 3",
        ),
        (
            {"lengths": [9, 4, 2, 7], "padding": "valid"},
            ValueError,
            "lengths must have at least 3 steps for a kernel of 3 .* got 2",
        ),
        ({"lengths": [9, 1, 3, 3], "pool": 2}, ValueError, "at least 2 steps .* got 1"),
        ({"lengths": [9, 4, 0, 7]}, ValueError, r"lengths must lie in 1..9, got 0"),
        ({"lengths": [9, 4, 10, 7]}, ValueError, r"lengths must lie in 1..9, got 10"),
        ({"lengths": [9, 4]}, ValueError, r"lengths must have shape \(B=4,\)"),
        ({"lengths": [9, 4, 1.5, 7]}, TypeError, "lengths must be whole numbers"),
        ({"padding": "full"}, ValueError, "padding must be one of 'valid', 'same'"),
        ({"pool": 0}, ValueError, "pool must be at least 1, got 0"),
        ({"pool": 2.0}, TypeError, "pool must be a whole number, got 2.0"),
        ({"p": tuple(P)}, TypeError, "p must be CNNLSTMParams, got tuple"),
        ({"p": P._replace(conv=P.out)}, TypeError, "p.conv must be ConvParams, got De"),
        ({"p": P._replace(lstm=P.out)}, TypeError, "p.lstm must be LSTMParams, got De"),
        ({"p": P._replace(out=P.conv)}, TypeError, "p.out must be DenseParams, got Co"),
        ({"p": HALF}, TypeError, "p.out.W must be float64 like its partners, got floa"),
        (
            {"p": P._replace(conv=ConvParams(P.conv.W[0], P.conv.b))},
            ValueError,
            r"p.conv.W must have shape \(n, D, F\), got \(2, 5\)",
        ),
        (
            {"p": P._replace(conv=ConvParams(P.conv.W[..., :4], P.conv.b[:4]))},
            ValueError,
            r"p.lstm.W_x must have shape \(D=4, 4H=12\), got \(5, 12\)",
        ),
        (
            {"p": P._replace(lstm=P.lstm._replace(W_h=P.lstm.b))},
            ValueError,
            r"p.lstm.W_h must have shape \(H, 4H\), got \(12,\)",
        ),
        (
            {"p": P._replace(out=DenseParams(P.out.W[:2], P.out.b))},
            ValueError,
            r"p.out.W must have shape \(H=3, K\), got \(2, 2\)",
        ),
    ],
)
def test_forward_names_what_does_not_fit(changed, error, message):
    with pytest.raises(error, match=message):
        cnn_lstm_forward(**{"xs": XS, "p": P, **changed})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: cnn_lstm_backward(DY[1:], CACHE, P),
            ValueError,
            r"dy must have shape \(B=4, K=2\), got \(3, 2\)",
        ),
        (
            lambda: cnn_lstm_backward(DY.astype(np.float32), CACHE, P),
            TypeError,
            "dy must be float64 like its partners, got float32",
        ),
        (
            lambda: cnn_lstm_backward(DY, CACHE.conv, P),
            TypeError,
            "cache must come from cnn_lstm_forward, got ConvCache",
        ),
        (
            lambda: cnn_lstm_backward(DY, CACHE, tuple(P)),
            TypeError,
            "p must be CNNLSTM",
        ),
        (
            lambda: cnn_lstm_backward(DY, CACHE, draw(dtype=np.float32)[1]),
            TypeError,
            "p.conv.W must be float64 like its partners, got float32",
        ),
        (lambda: check_cnn_lstm(P.out), TypeError, "p must be CNNLSTMParams, got De"),
        (
            lambda: init_cnn_lstm(0, 1, 1, 1, 1, rng=np.random.default_rng(0)),
            ValueError,
            "kernel must be at least 1, got 0",
        ),
        (lambda: init_cnn_lstm(1, 1, 1, 1, 1, rng=7), TypeError, "rng must be a numpy"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

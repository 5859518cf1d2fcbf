"""The LSTM against numbers by hand, differences, torch and itself."""

import math
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.nn.convert import lstm_to_torch, module_from_params
from rnncourse.reference.gradcheck import check_gradient, relative_error
from rnncourse.reference.lstm import (
    LSTMParams,
    init_lstm,
    lstm_backward,
    lstm_backward_textbook,
    lstm_forward,
    lstm_forward_textbook,
    lstm_step,
    lstm_step_backward,
)

T, B, D, H = 7, 4, 3, 5  # all different, on purpose
LENGTHS = [7, 3, 1, 5]
TWINS = {
    "fast": (lstm_forward, lstm_backward),
    "textbook": (lstm_forward_textbook, lstm_backward_textbook),
}
twins = pytest.mark.parametrize(
    ("forward", "backward"), TWINS.values(), ids=TWINS.keys()
)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(*, seed=0, T=T, B=B, D=D, H=H, dtype=np.float64):
    """Return inputs, weights (with biases), first states and three gradients."""
    rng = np.random.default_rng(seed)
    p = init_lstm(D, H, rng=rng, dtype=dtype)
    p = p._replace(b=rng.normal(size=4 * H).astype(dtype))
    shapes = (T, B, D), (B, H), (B, H), (T, B, H), (B, H), (B, H)
    xs, h0, c0, dhs, dh_T, dc_T = (rng.normal(size=s).astype(dtype) for s in shapes)
    return xs, p, (h0, c0), dhs, (dh_T, dc_T)


def flat(results):
    """Unpack nested tuples of arrays."""
    for r in results:
        if isinstance(r, tuple):
            yield from flat(r)
        else:
            yield r


def assert_near(got, want, tol):
    for a, b in zip(flat(got), flat(want), strict=True):
        assert a.shape == b.shape
        assert relative_error(a, b).max(initial=0) <= tol


# -- by hand -----------------------------------------------------------------------
# Gates that ignore input and state: i = o = σ(0) = 1/2 and f = σ(log 3) = 3/4. The
# first candidate is tanh(log 2) = 3/5; c_0 is such that c_1 = 3/4 c_0 + 3/10 = log 2,
# so tanh c_1 = 3/5 and h_1 = 0.3. The second candidate is log(2)/2, which keeps
# c_2 = 3/4 log 2 + log(2)/4 = log 2, and h_2 = 0.3.

LOG_2 = math.log(2)
H0, C0 = np.array([[0.5]]), np.array([[(LOG_2 - 0.3) / 0.75]])


def by_hand():
    """Return weights and two inputs; the candidate's other part is 2 h."""
    p = LSTMParams(
        W_x=np.array([[0.0, 0.0, 1.0, 0.0]]),
        W_h=np.array([[0.0, 0.0, 2.0, 0.0]]),
        b=np.array([0.0, math.log(3), 0.0, 0.0]),
    )
    x1, x2 = LOG_2 - 2 * 0.5, math.atanh(LOG_2 / 2) - 2 * 0.3
    return p, np.array([[[x1]], [[x2]]])


def test_one_step_by_hand():
    p, xs = by_hand()
    h, c, cache = lstm_step(xs[0], H0, C0, p)
    np.testing.assert_allclose(h, [[0.3]], rtol=1e-14)
    np.testing.assert_allclose(c, [[LOG_2]], rtol=1e-14)
    # dc = 1/2 · (1 - 0.36) = 0.32; then da_i = dc g i(1-i), da_f = dc c_0 f(1-f),
    # da_g = dc i (1 - 0.36), da_o = tanh c o(1-o)
    one, zero = np.ones((1, 1)), np.zeros((1, 1))
    dx, dh_prev, dc_prev, dp = lstm_step_backward(one, zero, cache, p)
    da = [0.32 * 0.6 / 4, 0.32 * C0[0, 0] * 3 / 16, 0.16 * 0.64, 0.6 / 4]
    np.testing.assert_allclose(dp.b, da, rtol=1e-13)
    np.testing.assert_allclose(dx, [[0.1024]], rtol=1e-13)
    np.testing.assert_allclose(dh_prev, [[0.2048]], rtol=1e-13)
    np.testing.assert_allclose(dc_prev, [[0.24]], rtol=1e-13)
    np.testing.assert_allclose(dp.W_x, [xs[0, 0, 0] * np.array(da)], rtol=1e-13)
    np.testing.assert_allclose(dp.W_h, [0.5 * np.array(da)], rtol=1e-13)


@twins
def test_two_steps_by_hand(forward, backward):
    p, xs = by_hand()
    hs, (h_T, c_T), cache = forward(xs, p, H0, C0)
    np.testing.assert_allclose(hs.ravel(), [0.3, 0.3], rtol=1e-13)
    np.testing.assert_allclose([h_T, c_T], [[[0.3]], [[LOG_2]]], rtol=1e-13)
    # L = h_2: da_g = 0.16 (1 - g²) reaches h_1 twice as large; the cell brings 0.24
    da_g = 0.16 * (1 - (LOG_2 / 2) ** 2)
    dc_1 = 0.24 + 2 * da_g * 0.32
    dxs, (dh0, dc0), dp = backward(np.array([[[0.0]], [[1.0]]]), cache, p)
    np.testing.assert_allclose(dxs.ravel(), [dc_1 / 2 * 0.64, da_g], rtol=1e-12)
    np.testing.assert_allclose(dc0, [[0.75 * dc_1]], rtol=1e-12)
    np.testing.assert_allclose(dh0, [[2 * dc_1 / 2 * 0.64]], rtol=1e-12)
    np.testing.assert_allclose(dp.b[2], dc_1 / 2 * 0.64 + da_g, rtol=1e-12)


@twins
def test_a_finished_sequence_keeps_state_and_cell_by_hand(forward, backward):
    p, xs = by_hand()
    xs = np.concatenate([xs[:1], np.full((1, 1, 1), 99.0)])
    hs, (h_T, c_T), cache = forward(xs, p, H0, C0, lengths=[1])
    assert hs[1] == hs[0] == h_T
    np.testing.assert_allclose(c_T, [[LOG_2]], rtol=1e-14)
    dxs, (_, dc0), _ = backward(np.array([[[0.0]], [[1.0]]]), cache, p)
    np.testing.assert_allclose(dxs.ravel(), [0.1024, 0], rtol=1e-13)
    np.testing.assert_allclose(dc0, [[0.24]], rtol=1e-13)


# -- central differences -----------------------------------------------------------


def test_step_backward_agrees_with_central_differences():
    xs, p, (h0, c0), dhs, (_, dc) = draw()
    params = {"x": xs[0], "h_prev": h0, "c_prev": c0, **p._asdict()}

    def loss(q):
        weights = LSTMParams(*(q[n] for n in p._fields))
        h, c, _ = lstm_step(q["x"], q["h_prev"], q["c_prev"], weights)
        return math.fsum([*(h * dhs[0]).ravel(), *(c * dc).ravel()])

    _, _, cache = lstm_step(xs[0], h0, c0, p)
    dx, dh_prev, dc_prev, dp = lstm_step_backward(dhs[0], dc, cache, p)
    got = {"x": dx, "h_prev": dh_prev, "c_prev": dc_prev, **dp._asdict()}
    check_gradient(loss, params, got, tol=1e-7)


@twins
@lengths_or_none
def test_backward_agrees_with_central_differences(forward, backward, lengths):
    lengths = None if lengths is None else [4, 3, 1, 2]
    xs, p, (h0, c0), dhs, (dh_T, dc_T) = draw(T=4, B=4, D=2, H=3)
    params = {"xs": xs, "h0": h0, "c0": c0, **p._asdict()}

    def loss(q):
        weights = LSTMParams(*(q[n] for n in p._fields))
        hs, (h_T, c_T), _ = forward(q["xs"], weights, q["h0"], q["c0"], lengths)
        parts = ((hs, dhs), (h_T, dh_T), (c_T, dc_T))
        # a sum without rounding, which small derivatives would feel
        return math.fsum(v for a, d in parts for v in (a * d).ravel())

    cache = forward(xs, p, h0, c0, lengths)[2]
    dxs, (dh0, dc0), dp = backward(dhs, cache, p, dh_T, dc_T)
    got = {"xs": dxs, "h0": dh0, "c0": dc0, **dp._asdict()}
    # a loss of size 10 is rounded at 1e-15, which a smaller nudge would magnify
    check_gradient(loss, params, got, tol=1e-7, eps=1e-5)


# -- torch -------------------------------------------------------------------------


@twins
@lengths_or_none
def test_layer_agrees_with_autograd_of_its_twin(forward, backward, lengths):
    xs, p, states, dhs, slopes = draw(seed=1)
    hs, last, cache = forward(xs, p, *states, lengths)
    grads = backward(dhs, cache, p, *slopes)
    module = module_from_params(p)
    x, *start = (torch.from_numpy(a.copy()).requires_grad_() for a in (xs, *states))
    want, want_last = module(x, *start, lengths)
    torch.autograd.backward(
        [want, *want_last], [torch.from_numpy(d) for d in (dhs, *slopes)]
    )
    assert_near([hs, last], [a.detach().numpy() for a in (want, *want_last)], 1e-10)
    leaves = [x, *start, *module.parameters()]
    assert_near(grads, [a.grad.numpy() for a in leaves], 1e-10)


@twins
@lengths_or_none
def test_layer_agrees_with_torch_nn(forward, backward, lengths):
    xs, p, states, dhs, _ = draw(seed=2)
    hs, last, cache = forward(xs, p, *states, lengths)
    layer = lstm_to_torch(p)
    x, *start = (torch.from_numpy(a.copy()).requires_grad_() for a in (xs, *states))
    columns, ends = [], []  # each sequence by itself, cut at its length
    for k in range(B):
        n = T if lengths is None else lengths[k]
        each, end = layer(x[:n, k], tuple(s[k][None] for s in start))
        columns.append(torch.cat([each, each[-1:].expand(T - n, -1)]))
        ends.append(torch.cat(end))
    want = torch.stack(columns, dim=1)
    want.backward(torch.from_numpy(dhs))
    h_T, c_T = torch.stack(ends, dim=1).detach().numpy()
    assert_near([hs, last], [want.detach().numpy(), h_T, c_T], 1e-10)
    dp = (
        layer.weight_ih_l0.grad.numpy().T,
        layer.weight_hh_l0.grad.numpy().T,
        layer.bias_ih_l0.grad.numpy(),
    )
    got = backward(dhs, cache, p)
    assert_near(got, [*(a.grad.numpy() for a in (x, *start)), *dp], 1e-10)


# -- the twins ---------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_fast_twin_equals_textbook_twin(data):
    sizes = {k: data.draw(st.integers(1, 6), label=k) for k in "TBDH"}
    xs, p, states, dhs, slopes = draw(seed=data.draw(st.integers(0, 99)), **sizes)
    each = st.integers(1, sizes["T"])
    batch = st.lists(each, min_size=sizes["B"], max_size=sizes["B"])
    lengths = data.draw(st.none() | batch)
    hs, last, cache = lstm_forward(xs, p, *states, lengths)
    hs_2, last_2, caches = lstm_forward_textbook(xs, p, *states, lengths)
    for a, b in zip(flat([hs, last]), flat([hs_2, last_2]), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)
    fast = lstm_backward(dhs, cache, p, *slopes)
    textbook = lstm_backward_textbook(dhs, caches, p, *slopes)
    for a, b in zip(flat(fast), flat(textbook), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_the_backward_loop_in_several_chunks_equals_the_textbook():
    xs, p, states, dhs, slopes = draw(T=9, B=64, D=2, H=70)  # 3 steps at once
    lengths = np.arange(64) % 9 + 1
    cache = lstm_forward(xs, p, *states, lengths)[2]
    caches = lstm_forward_textbook(xs, p, *states, lengths)[2]
    got = lstm_backward(dhs, cache, p, *slopes)
    want = lstm_backward_textbook(dhs, caches, p, *slopes)
    for a, b in zip(flat(got), flat(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


def test_a_layer_remembers_little_more_than_its_backward_pass_needs():
    sizes = {"T": 50, "B": 16, "D": 8, "H": 32}
    xs, p, *_ = draw(**sizes, dtype=np.float32)
    tracemalloc.start()
    cache = lstm_forward(xs, p)[2]
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del cache
    per_step = sizes["D"] + 7 * sizes["H"]  # x, h, four gates, c and tanh c
    needed = 4 * sizes["T"] * sizes["B"] * per_step
    assert needed < kept < 1.2 * needed


# -- properties --------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 99),
    twin=st.sampled_from(sorted(TWINS)),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result(seed, twin, lengths, rubbish):
    forward, backward = TWINS[twin]
    xs, p, states, dhs, slopes = draw(seed=seed)
    padding = np.arange(T)[:, None] >= np.array(lengths)
    spoilt = xs.copy()
    spoilt[padding] = rubbish
    hs, last, cache = forward(xs, p, *states, lengths)
    hs_2, last_2, cache_2 = forward(spoilt, p, *states, lengths)
    got = backward(dhs, cache, p, *slopes)
    same = backward(dhs, cache_2, p, *slopes)
    results = [hs, last, got], [hs_2, last_2, same]
    for a, b in zip(*map(flat, results), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not got[0][padding].any()
    for k, n in enumerate(lengths):
        np.testing.assert_array_equal(last[0][k], hs[n - 1, k])


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 99), order=st.permutations(range(B)))
def test_order_of_the_batch_does_not_matter(seed, order):
    xs, p, (h0, c0), dhs, (dh_T, dc_T) = draw(seed=seed)
    lengths = np.array(LENGTHS)
    hs, (h_T, c_T), cache = lstm_forward(xs, p, h0, c0, lengths)
    moved = lstm_forward(xs[:, order], p, h0[order], c0[order], lengths[order])
    want = [hs[:, order], h_T[order], c_T[order]]
    assert_near(want, moved[:2], 1e-12)
    dxs, (dh0, dc0), dp = lstm_backward(dhs, cache, p, dh_T, dc_T)
    got = lstm_backward(dhs[:, order], moved[2], p, dh_T[order], dc_T[order])
    assert_near([dxs[:, order], dh0[order], dc0[order], dp], got, 1e-11)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 99), cut=st.integers(1, T - 1))
def test_chunks_with_carried_state_equal_the_whole(seed, cut):
    xs, p, states, dhs, slopes = draw(seed=seed)
    hs, last, cache = lstm_forward(xs, p, *states)
    hs_a, middle, cache_a = lstm_forward(xs[:cut], p, *states)
    hs_b, end, cache_b = lstm_forward(xs[cut:], p, *middle)
    assert_near([hs, last], [np.concatenate([hs_a, hs_b]), end], 1e-12)
    dxs_b, sent, dp_b = lstm_backward(dhs[cut:], cache_b, p, *slopes)
    dxs_a, first, dp_a = lstm_backward(dhs[:cut], cache_a, p, *sent)
    dp = LSTMParams(*(a + b for a, b in zip(dp_a, dp_b, strict=True)))
    together = np.concatenate([dxs_a, dxs_b]), first, dp
    assert_near(lstm_backward(dhs, cache, p, *slopes), together, 1e-11)


@twins
def test_the_cell_passes_on_the_product_of_its_forget_gates(forward, backward):
    xs, p, states, dhs, (_, dc_T) = draw()
    p = p._replace(W_h=np.zeros_like(p.W_h))  # no way round but through the cell
    _, _, cache = forward(xs, p, *states)
    f = [lstm_step(x, *states, p)[2].f for x in xs]
    _, (_, dc0), _ = backward(np.zeros_like(dhs), cache, p, None, dc_T)
    np.testing.assert_allclose(dc0, dc_T * np.prod(f, axis=0), rtol=1e-12)  # (10.16)


@twins
@lengths_or_none
def test_float32_stays_float32_and_is_near_float64(forward, backward, lengths):
    xs, p, states, dhs, slopes = draw(dtype=np.float32)
    hs, last, cache = forward(xs, p, *states, lengths)
    results = [*flat([hs, last, backward(dhs, cache, p, *slopes)])]
    assert {r.dtype for r in results} == {np.dtype(np.float32)}
    wide = [a.astype(np.float64) for a in (xs, *states, dhs, *slopes)]
    q = LSTMParams(*(w.astype(np.float64) for w in p))
    hs, last, cache = forward(wide[0], q, *wide[1:3], lengths)
    exact = [*flat([hs, last, backward(wide[3], cache, q, *wide[4:])])]
    for a, b in zip(results, exact, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@twins
def test_one_step_is_the_step(forward, backward):
    xs, p, states, dhs, slopes = draw(T=1)
    hs, last, cache = forward(xs, p, *states)
    h, c, step = lstm_step(xs[0], *states, p)
    assert_near([hs[0], last], [h, h, c], 1e-13)
    dxs, sent, dp = backward(dhs, cache, p, *slopes)
    want = lstm_step_backward(dhs[0] + slopes[0], slopes[1], step, p)
    assert_near([dxs[0], sent, dp], want, 1e-12)


@twins
def test_an_empty_batch_gives_empty_states_and_zero_gradients(forward, backward):
    xs, p, _, dhs, _ = draw(B=0)
    hs, last, cache = forward(xs, p, lengths=[])
    assert hs.shape == (T, 0, H)
    assert [s.shape for s in last] == [(0, H)] * 2
    dxs, first, dp = backward(dhs, cache, p)
    assert dxs.shape == (T, 0, D)
    assert [s.shape for s in first] == [(0, H)] * 2
    assert not any(w.any() for w in dp)


@twins
@lengths_or_none
def test_arguments_are_not_changed_and_results_are_the_callers(
    forward, backward, lengths
):
    xs, p, states, dhs, slopes = draw()
    given = [xs, *states, dhs, *slopes, *p]
    before = [a.copy() for a in given]
    hs, last, cache = forward(xs, p, *states, lengths)
    want = [a.copy() for a in flat(backward(dhs, cache, p, *slopes))]
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)
    hs[:] = last[0][:] = last[1][:] = 0  # no business of the cache
    for a, b in zip(flat(backward(dhs, cache, p, *slopes)), want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_saturated_gates_neither_overflow_nor_warn():
    xs, p, states, dhs, slopes = draw()
    p = p._replace(b=np.repeat([1e4, -1e4, 1e4, 1e4], H))
    hs, (_, c_T), cache = lstm_forward(xs, p, *states)
    np.testing.assert_array_equal(c_T, np.ones_like(c_T))  # f = 0, i = g = 1
    np.testing.assert_allclose(hs, np.tanh(1), rtol=1e-15)
    assert not lstm_backward(dhs, cache, p, *slopes)[0].any()


def test_init_draws_within_its_bound_and_remembers_at_first():
    p = init_lstm(D, 200, rng=np.random.default_rng(0), forget_bias=2.0)
    bound = 200**-0.5
    for w in (p.W_x, p.W_h):
        assert 0.99 * bound < np.abs(w).max() <= bound
    np.testing.assert_allclose(p.W_h.std(), bound / 3**0.5, rtol=0.01)
    np.testing.assert_array_equal(p.b, np.repeat([0.0, 2.0, 0.0, 0.0], 200))
    assert sum(w.size for w in p) == 4 * 200 * (D + 200 + 1)  # (10.18)
    again = init_lstm(D, 200, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(p.W_h, again.W_h)
    np.testing.assert_array_equal(again.b[200:400], np.ones(200))


# -- bad input ---------------------------------------------------------------------

XS, P, STATES, DHS, SLOPES = draw()
H_0, C_0 = STATES
CACHE, CACHES = lstm_forward(XS, P)[2], lstm_forward_textbook(XS, P)[2]
STEP = lstm_step(XS[0], *STATES, P)[2]
SMALL = init_lstm(2, H, rng=np.random.default_rng(0))
NAN = XS.copy()
NAN[2, 1, 0] = np.nan
F32 = np.float32
LAYER = [
    ((XS[0], P), ValueError, r"xs must have shape \(T, B, D=3\), got \(4, 3\)"),
    ((XS[:0], P), ValueError, "xs must have at least one time step, got T=0"),
    ((XS.tolist(), P), TypeError, "xs must be an array, got list"),
    ((XS.astype(int), P), TypeError, "xs must be float32 or .* got int64"),
    ((NAN, P), ValueError, r"xs must be finite, got nan at \(2, 1, 0\)"),
    ((XS.astype(F32), P), TypeError, "W_x must be float32 .* got float64"),
    ((XS, tuple(P)), TypeError, "p must be LSTMParams, got tuple"),
    ((XS, P._replace(W_h=P.W_h[:, 5:])), ValueError, r"p.W_h .* \(H, 4H=20\), got"),
    ((XS, P._replace(b=P.b[1:])), ValueError, r"p.b .* \(4H=20,\), got \(19,\)"),
    ((XS, P, H_0[:2]), ValueError, r"h0 must have shape \(B=4, H=5\), got \(2, 5\)"),
    ((XS, P, None, C_0[:2]), ValueError, r"c0 must have shape \(B=4, H=5\), got"),
    ((XS, P, H_0.astype(F32)), TypeError, "h0 must be float64 .* float32"),
    ((XS, P, H_0, C_0.astype(F32)), TypeError, "c0 must be float64 .* float32"),
    ((XS, P, None, None, [7, 3, 1]), ValueError, r"lengths must have shape \(B=4,\)"),
    ((XS, P, None, None, [7, 0, 1, 1]), ValueError, "lengths .* in 1..7, got 0"),
    ((XS, P, None, None, [7, 8, 1, 1]), ValueError, "lengths .* in 1..7, got 8"),
    ((XS, P, None, None, [7, 1.5, 1, 1]), TypeError, "lengths .* whole .* float64"),
]
BACKWARD = [
    ({"dhs": DHS[1:]}, ValueError, r"dhs must have shape \(T=7, B=4, H=5\)"),
    ({"dhs": DHS.astype(F32)}, TypeError, "dhs must be float64 .* float32"),
    ({"dh_T": SLOPES[0][1:]}, ValueError, r"dh_T must have shape \(B=4, H=5\)"),
    ({"dc_T": SLOPES[1][1:]}, ValueError, r"dc_T must have shape \(B=4, H=5\)"),
    ({"dc_T": SLOPES[1].astype(F32)}, TypeError, "dc_T must be float64"),
    ({"p": None}, TypeError, "p must be LSTMParams, got NoneType"),
]


@pytest.mark.parametrize("forward", [lstm_forward, lstm_forward_textbook])
@pytest.mark.parametrize(("args", "error", "message"), LAYER)
def test_bad_input_of_a_layer_is_named(forward, args, error, message):
    with pytest.raises(error, match=message):
        forward(*args)


@pytest.mark.parametrize(
    ("backward", "cache"),
    [
        (lstm_backward, {"cache": CACHE}),
        (lstm_backward_textbook, {"caches": CACHES}),
    ],
)
@pytest.mark.parametrize(("change", "error", "message"), BACKWARD)
def test_bad_gradient_is_named(backward, cache, change, error, message):
    with pytest.raises(error, match=message):
        backward(**{"dhs": DHS, "p": P, **change}, **cache)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: lstm_backward(DHS, CACHES, P),
            TypeError,
            "cache must come from lstm_forward, got list",
        ),
        (
            lambda: lstm_backward(DHS, CACHE, SMALL),
            ValueError,
            "p must be the weights of the forward pass, with D=3, H=5, got D=2, H=5",
        ),
        (
            lambda: lstm_backward_textbook(DHS, CACHE, P),
            TypeError,
            "caches must come from lstm_forward_textbook, got LSTMLayerCache",
        ),
        (
            lambda: lstm_backward_textbook(DHS, CACHES, SMALL),
            ValueError,
            r"p.W_x must have shape \(D=3, 4H=20\), got \(2, 20\)",
        ),
        (
            lambda: lstm_step_backward(H_0, C_0, CACHE, P),
            TypeError,
            "cache must come from lstm_step, got LSTMLayerCache",
        ),
        (
            lambda: lstm_step_backward(H_0[1:], C_0, STEP, P),
            ValueError,
            r"dh must have shape \(B=4, H=5\), got \(3, 5\)",
        ),
        (
            lambda: lstm_step_backward(H_0, C_0.astype(F32), STEP, P),
            TypeError,
            "dc must be float64",
        ),
        (lambda: lstm_step(XS, *STATES, P), ValueError, r"x must have .* \(B, D=3\)"),
        (lambda: lstm_step(XS[0], H_0[1:], C_0, P), ValueError, r"h_prev .* \(B=4, H"),
        (lambda: lstm_step(XS[0], H_0, C_0[1:], P), ValueError, r"c_prev .* \(B=4, H"),
        (
            lambda: lstm_step(XS[0], H_0, C_0.astype(F32), P),
            TypeError,
            "c_prev must be float64",
        ),
        (
            lambda: init_lstm(0, 5, rng=np.random.default_rng(0)),
            ValueError,
            "D must be at least 1, got 0",
        ),
        (
            lambda: init_lstm(3, 0, rng=np.random.default_rng(0)),
            ValueError,
            "H must be at least 1, got 0",
        ),
        (lambda: init_lstm(3, 5, rng=0), TypeError, "rng must be a numpy Generator"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

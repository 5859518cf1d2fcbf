"""Kinds of LSTM against numbers by hand, differences, torch and the plain LSTM."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.gradcheck import check_gradient, relative_error
from rnncourse.reference.layer_norm import (
    LayerNormLSTMParams,
    init_layer_norm_lstm,
    layer_norm,
    layer_norm_backward,
    layer_norm_lstm_backward,
    layer_norm_lstm_forward,
    layer_norm_lstm_step,
    layer_norm_lstm_step_backward,
)
from rnncourse.reference.lstm import LSTMParams, init_lstm, lstm_backward, lstm_forward
from rnncourse.reference.lstm_variants import (
    CoupledParams,
    NoForgetParams,
    coupled_backward,
    coupled_forward,
    coupled_from_lstm,
    coupled_step,
    coupled_step_backward,
    init_coupled,
    init_no_forget,
    lstm_from_coupled,
    lstm_from_no_forget,
    no_forget_backward,
    no_forget_forward,
    no_forget_step,
    no_forget_step_backward,
)
from rnncourse.reference.peephole import (
    PeepholeParams,
    init_peephole,
    lstm_from_peephole,
    peephole_backward,
    peephole_forward,
    peephole_from_lstm,
    peephole_step,
    peephole_step_backward,
)

T, B, D, H = 7, 4, 3, 5  # all different, on purpose
LENGTHS = [7, 3, 1, 5]


class Variant(NamedTuple):
    name: str
    params: type
    init: Callable
    step: Callable
    step_backward: Callable
    forward: Callable
    backward: Callable


VARIANTS = {
    v.name: v
    for v in (
        Variant(
            "peephole",
            PeepholeParams,
            init_peephole,
            peephole_step,
            peephole_step_backward,
            peephole_forward,
            peephole_backward,
        ),
        Variant(
            "coupled",
            CoupledParams,
            init_coupled,
            coupled_step,
            coupled_step_backward,
            coupled_forward,
            coupled_backward,
        ),
        Variant(
            "no_forget",
            NoForgetParams,
            init_no_forget,
            no_forget_step,
            no_forget_step_backward,
            no_forget_forward,
            no_forget_backward,
        ),
        Variant(
            "layer_norm_lstm",
            LayerNormLSTMParams,
            init_layer_norm_lstm,
            layer_norm_lstm_step,
            layer_norm_lstm_step_backward,
            layer_norm_lstm_forward,
            layer_norm_lstm_backward,
        ),
    )
}
each_variant = pytest.mark.parametrize("v", VARIANTS.values(), ids=VARIANTS.keys())
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(v, *, seed=0, T=T, B=B, D=D, H=H, dtype=np.float64):
    """Return inputs, weights (none of them special), first states and gradients."""
    rng = np.random.default_rng(seed)
    p = v.init(D, H, rng=rng, dtype=dtype)
    p = v.params(*(w + 0.3 * rng.normal(size=w.shape).astype(dtype) for w in p))
    shapes = (T, B, D), (B, H), (B, H), (T, B, H), (B, H), (B, H)
    xs, h0, c0, *dz = (rng.normal(size=s).astype(dtype) for s in shapes)
    return xs, p, h0, c0, dz


def flat(results):
    """Unpack arrays and tuples of arrays into arrays."""
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
# σ(log 3) = 3/4, σ(log 4) = 4/5, σ(log 9) = 9/10, tanh(log 2) = 3/5


def test_peephole_step_by_hand():
    # a_i = a_f = a_o = 0 but for the peepholes; a_g = log 2, so g = 3/5
    p = PeepholeParams(
        W_x=np.array([[0.0, 0.0, 1.0, 0.0]]),
        W_h=np.zeros((1, 4)),
        b=np.zeros(4),
        p_i=np.array([math.log(3)]),
        p_f=np.array([math.log(4)]),
        p_o=np.array([math.log(9) / 1.25]),
    )
    x, h_prev, c_prev = np.array([[math.log(2)]]), np.zeros((1, 1)), np.ones((1, 1))
    h, c, cache = peephole_step(x, h_prev, c_prev, p)
    # c = 4/5 · 1 + 3/4 · 3/5 = 5/4; o = σ(p_o · 5/4) = 9/10: o sees the new cell
    np.testing.assert_allclose(c, [[1.25]], rtol=1e-15)
    np.testing.assert_allclose(h, [[0.9 * math.tanh(1.25)]], rtol=1e-15)
    # with dc = 1 and dh = 0: da_o = 0, da_i = 3/5 · 3/16 = 0.1125, da_f = 4/25 = 0.16
    zero, one = np.zeros((1, 1)), np.ones((1, 1))
    dx, dh_prev, dc_prev, dp = peephole_step_backward(zero, one, cache, p)
    np.testing.assert_allclose(dp.b, [0.1125, 0.16, 0.75 * 0.64, 0], rtol=1e-14)
    np.testing.assert_allclose(dx, [[0.48]], rtol=1e-14)
    want = 0.8 + 0.1125 * math.log(3) + 0.16 * math.log(4)
    np.testing.assert_allclose(dc_prev, [[want]], rtol=1e-14)
    np.testing.assert_allclose([dp.p_i, dp.p_f, dp.p_o], [[0.1125], [0.16], [0]])
    assert not dh_prev.any()
    # with dh = 1 and dc = 0: da_o = tanh(5/4) · 9/100, which also reaches the cell
    *_, dp = peephole_step_backward(one, zero, cache, p)
    y = math.tanh(1.25)
    np.testing.assert_allclose(dp.p_o, [y * 0.09 * 1.25], rtol=1e-14)
    dc = 0.9 * (1 - y**2) + y * 0.09 * math.log(9) / 1.25
    np.testing.assert_allclose(dp.b, [0.1125 * dc, 0.16 * dc, 0.48 * dc, 0.09 * y])


def test_two_coupled_steps_by_hand():
    # f = 3/4 and g = 3/5 in each step, o = 1/2
    p = CoupledParams(np.zeros((1, 3)), np.zeros((1, 3)), np.log([3.0, 2.0, 1.0]))
    hs, (_, c_T), cache = coupled_forward(np.zeros((2, 1, 1)), p, c0=np.ones((1, 1)))
    # c_1 = 3/4 + 1/4 · 3/5 = 0.9; c_2 = 3/4 · 0.9 + 0.15 = 0.825
    np.testing.assert_allclose(c_T, [[0.825]], rtol=1e-15)
    np.testing.assert_allclose(hs.ravel(), np.tanh([0.9, 0.825]) / 2, rtol=1e-15)
    # L = c_2: df_2 = 0.9 - 0.6 = 0.3 and df_1 = 3/4 · (1 - 0.6) = 0.3, each times 3/16;
    # dg_2 = 1/4 and dg_1 = 3/16, each times 1 - 9/25
    one = np.ones((1, 1))
    _, (_, dc0), dp = coupled_backward(np.zeros((2, 1, 1)), cache, p, None, one)
    np.testing.assert_allclose(dc0, [[0.5625]], rtol=1e-15)
    want = [0.6 * 3 / 16, (0.25 + 0.1875) * 0.64, 0]
    np.testing.assert_allclose(dp.b, want, rtol=1e-14)


def test_two_steps_without_a_forget_gate_by_hand():
    # i = 3/4 and g = 3/5 in each step: the cell counts 0.45, 0.9
    p = NoForgetParams(np.zeros((1, 3)), np.zeros((1, 3)), np.log([3.0, 2.0, 1.0]))
    hs, (_, c_T), cache = no_forget_forward(np.zeros((2, 1, 1)), p)
    np.testing.assert_allclose(c_T, [[0.9]], rtol=1e-15)
    np.testing.assert_allclose(hs.ravel(), np.tanh([0.45, 0.9]) / 2, rtol=1e-15)
    # L = c_2 reaches c_0 whole; di = 0.6 · 3/16 and dg = 0.75 · 0.64 in each step
    one = np.ones((1, 1))
    _, (_, dc0), dp = no_forget_backward(np.zeros((2, 1, 1)), cache, p, None, one)
    np.testing.assert_allclose(dc0, [[1.0]])
    np.testing.assert_allclose(dp.b, [0.225, 0.96, 0], rtol=1e-14)


def test_layer_norm_by_hand():
    # mean 2, variance 1 with eps left out: the row is -1, 1
    a, gamma, beta = np.array([[1.0, 3.0]]), np.array([2.0, 5.0]), np.array([0.5, 0.0])
    y, cache = layer_norm(a, gamma, beta, eps=1e-30)
    np.testing.assert_allclose(y, [[-1.5, 5.0]], rtol=1e-15)
    # two numbers have no freedom left but their order, so nothing arrives at a
    da, dgamma, dbeta = layer_norm_backward(np.array([[3.0, 7.0]]), cache, gamma)
    np.testing.assert_allclose(da, [[0, 0]], atol=1e-14)
    np.testing.assert_allclose(dgamma, [-3, 7])
    np.testing.assert_allclose(dbeta, [3, 7])


def test_layer_normalised_step_by_hand():
    # H = 1: LN of one number is its shift, so beta_c alone is shown, whatever c is;
    # a_i, a_f, a_g, a_o are the biases where the scales of the products are zero
    p = LayerNormLSTMParams(
        W_x=np.ones((1, 4)),
        W_h=np.ones((1, 4)),
        b=np.log([3.0, 4.0, 2.0, 9.0]),
        gamma_x=np.zeros(4),
        beta_x=np.zeros(4),
        gamma_h=np.zeros(4),
        beta_h=np.zeros(4),
        gamma_c=np.ones(1),
        beta_c=np.log([2.0]),
    )
    one, zero = np.ones((1, 1)), np.zeros((1, 1))
    h, c, cache = layer_norm_lstm_step(one, one, one, p)
    np.testing.assert_allclose(c, [[0.8 + 0.75 * 0.6]], rtol=1e-15)
    np.testing.assert_allclose(h, [[0.9 * 0.6]], rtol=1e-15)
    dx, _, dc_prev, dp = layer_norm_lstm_step_backward(one, one, cache, p)
    np.testing.assert_allclose(dc_prev, [[0.8]], rtol=1e-15)  # h sends nothing to c
    np.testing.assert_allclose(dp.beta_c, [0.9 * 0.64], rtol=1e-14)
    want = [0.6 * 3 / 16, 0.16, 0.75 * 0.64, 0.6 * 0.09]
    np.testing.assert_allclose(dp.b, want, rtol=1e-14)
    np.testing.assert_allclose(dx, zero, atol=1e-15)


# -- central differences -----------------------------------------------------------


@each_variant
def test_step_backward_agrees_with_central_differences(v):
    xs, p, h0, c0, (dhs, _, dc) = draw(v)
    params = {"x": xs[0], "h_prev": h0, "c_prev": c0, **p._asdict()}

    def loss(q):
        q = dict(q)
        state = q.pop("x"), q.pop("h_prev"), q.pop("c_prev")
        h, c, _ = v.step(*state, v.params(**q))
        return (h * dhs[0]).sum() + (c * dc).sum()

    cache = v.step(xs[0], h0, c0, p)[2]
    dx, dh_prev, dc_prev, dp = v.step_backward(dhs[0], dc, cache, p)
    grads = {"x": dx, "h_prev": dh_prev, "c_prev": dc_prev, **dp._asdict()}
    check_gradient(loss, params, grads, tol=1e-7)


@each_variant
@lengths_or_none
def test_backward_agrees_with_central_differences(v, lengths):
    xs, p, h0, c0, (dhs, dh_T, dc_T) = draw(v, T=4, B=3, D=2)
    lengths = lengths and [4, 1, 3]
    params = {"xs": xs, "h0": h0, "c0": c0, **p._asdict()}

    def loss(q):
        q = dict(q)
        xs, h0, c0 = q.pop("xs"), q.pop("h0"), q.pop("c0")
        hs, (h_T, c_T), _ = v.forward(xs, v.params(**q), h0, c0, lengths)
        return (hs * dhs).sum() + (h_T * dh_T).sum() + (c_T * dc_T).sum()

    cache = v.forward(xs, p, h0, c0, lengths)[2]
    dxs, (dh0, dc0), dp = v.backward(dhs, cache, p, dh_T, dc_T)
    grads = {"xs": dxs, "h0": dh0, "c0": dc0, **dp._asdict()}
    check_gradient(loss, params, grads, tol=1e-7)


def test_layer_norm_agrees_with_torch_over_any_leading_axes():
    rng = np.random.default_rng(0)
    for shape in [(6,), (4, 6), (3, 4, 6)]:
        a, dy = rng.normal(size=(2, *shape))
        gamma, beta = rng.normal(size=(2, 6))
        inputs = [torch.tensor(z, requires_grad=True) for z in (a, gamma, beta)]
        want = torch.nn.functional.layer_norm(inputs[0], (6,), *inputs[1:])
        want.backward(torch.from_numpy(dy))
        y, cache = layer_norm(a, gamma, beta)
        assert_near([y], [want.detach().numpy()], 1e-10)
        grads = [z.grad.numpy() for z in inputs]
        assert_near(layer_norm_backward(dy, cache, gamma), grads, 1e-10)


# -- the plain LSTM ----------------------------------------------------------------


def plain(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    p = init_lstm(D, H, rng=rng, dtype=dtype)
    return p._replace(b=p.b + rng.normal(size=4 * H).astype(dtype))


@lengths_or_none
def test_peepholes_of_zero_are_the_plain_lstm(lengths):
    xs, _, h0, c0, dz = draw(VARIANTS["peephole"])
    q = plain()
    p = peephole_from_lstm(q)
    hs, last, cache = peephole_forward(xs, p, h0, c0, lengths)
    want_hs, want_last, want_cache = lstm_forward(xs, q, h0, c0, lengths)
    assert_near([hs, last], [want_hs, want_last], 1e-12)
    dxs, states, dp = peephole_backward(dz[0], cache, p, *dz[1:])
    want = lstm_backward(dz[0], want_cache, q, *dz[1:])
    assert_near([dxs, states, tuple(dp[:3])], want, 1e-10)
    assert np.abs(dp.p_o).min() > 0  # training would open them
    for a, b in zip(lstm_from_peephole(p), q, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.shares_memory(a, b)


@pytest.mark.parametrize("name", ["p_i", "p_f", "p_o"])
def test_each_peephole_makes_a_difference(name):
    xs, _, h0, c0, _ = draw(VARIANTS["peephole"])
    p = peephole_from_lstm(plain())
    open_p = p._replace(**{name: np.full(H, 0.5)})
    hs, other = (peephole_forward(xs, w, h0, c0)[0] for w in (p, open_p))
    assert np.abs(hs - other).max() > 1e-2
    with pytest.raises(ValueError, match=rf"p\.{name} must be zero .* 0\.5 at \(0,\)"):
        lstm_from_peephole(open_p)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 99), padded=st.booleans())
def test_coupled_gates_are_a_plain_lstm_with_negated_weights(seed, padded):
    xs, p, h0, c0, dz = draw(VARIANTS["coupled"], seed=seed)
    lengths = LENGTHS if padded else None
    q = lstm_from_coupled(p)
    hs, last, cache = coupled_forward(xs, p, h0, c0, lengths)
    want_hs, want_last, want_cache = lstm_forward(xs, q, h0, c0, lengths)
    assert_near([hs, last], [want_hs, want_last], 1e-11)
    dxs, states, dp = coupled_backward(dz[0], cache, p, *dz[1:])
    dxs_2, states_2, dq = lstm_backward(dz[0], want_cache, q, *dz[1:])
    assert_near([dxs, states], [dxs_2, states_2], 1e-9)
    # the shared weights are moved by both gates, by i with a minus
    folded = []
    for w in dq:
        w_i, w_f, rest = np.split(w, [H, 2 * H], axis=-1)
        folded.append(np.concatenate([w_f - w_i, rest], axis=-1))
    for a, b in zip(dp, folded, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)
    for a, b in zip(coupled_from_lstm(q), p, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_lstm_whose_gates_are_free_cannot_be_coupled():
    with pytest.raises(ValueError, match=r"p\.W_x must be negated from f to i, got"):
        coupled_from_lstm(plain())
    q = lstm_from_coupled(draw(VARIANTS["coupled"])[1])
    q.b[2] += 0.25
    with pytest.raises(ValueError, match=r"p\.b must be negated .* at \(2,\)"):
        coupled_from_lstm(q)


@pytest.mark.parametrize(("bias", "tol"), [(10, 2e-3), (20, 1e-7), (40, 1e-12)])
def test_without_a_forget_gate_is_the_limit_of_a_large_bias(bias, tol):
    xs, p, h0, c0, dz = draw(VARIANTS["no_forget"])
    q = lstm_from_no_forget(p, bias)
    hs, last, cache = no_forget_forward(xs, p, h0, c0, LENGTHS)
    want_hs, want_last, want_cache = lstm_forward(xs, q, h0, c0, LENGTHS)
    for a, b in zip(flat([hs, last]), flat([want_hs, want_last]), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tol)
    # each of T steps loses exp(-bias) of a cell whose size is at most |c0| + T
    bound = T * math.exp(-bias) * (np.abs(c0).max() + T)
    assert np.abs(last[1] - want_last[1]).max() <= bound + 1e-13
    got = no_forget_backward(dz[0], cache, p, *dz[1:])
    dxs, states, dq = lstm_backward(dz[0], want_cache, q, *dz[1:])
    kept = tuple(np.concatenate([w[..., :H], w[..., 2 * H :]], -1) for w in dq)
    for a, b in zip(flat(got), flat([dxs, states, kept]), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=100 * tol)


# -- normalisation -----------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 99), shift=st.floats(-9, 9), stretch=st.floats(0.5, 9))
def test_shift_and_stretch_of_a_row_do_not_change_its_norm(seed, shift, stretch):
    a = np.random.default_rng(seed).normal(size=(4, 6))
    one, zero = np.ones(6), np.zeros(6)
    y, _ = layer_norm(a, one, zero, eps=1e-14)
    moved, _ = layer_norm(stretch * a + shift, one, zero, eps=1e-14)
    np.testing.assert_allclose(moved, y, rtol=0, atol=1e-9)
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=1), 1, rtol=1e-9)


def test_a_constant_row_becomes_the_shift():
    gamma, beta = np.array([2.0, 3.0, 4.0]), np.array([0.5, -1.0, 7.0])
    y, cache = layer_norm(np.full((2, 3), 8.0), gamma, beta)
    np.testing.assert_array_equal(y, [beta, beta])
    for gradient in layer_norm_backward(np.ones((2, 3)), cache, gamma):
        assert np.isfinite(gradient).all()


def test_inputs_that_reach_all_gates_alike_are_normalised_away():
    xs, p, h0, c0, dz = draw(VARIANTS["layer_norm_lstm"])
    p = p._replace(W_x=np.ones((D, 4 * H)))
    hs, _, cache = layer_norm_lstm_forward(xs, p, h0, c0)
    other, _, _ = layer_norm_lstm_forward(xs + 3, p, h0, c0)
    np.testing.assert_allclose(hs, other, rtol=0, atol=1e-10)
    dxs, _, _ = layer_norm_lstm_backward(dz[0], cache, p)
    np.testing.assert_allclose(dxs, 0, atol=1e-9)


# -- properties --------------------------------------------------------------------


@each_variant
@settings(deadline=None, max_examples=12)
@given(
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result(v, seed, lengths, rubbish):
    xs, p, h0, c0, (dhs, dh_T, dc_T) = draw(v, seed=seed)
    padding = np.arange(T)[:, None] >= np.array(lengths)
    spoilt = xs.copy()
    spoilt[padding] = rubbish
    results = []
    for inputs in (xs, spoilt):
        hs, last, cache = v.forward(inputs, p, h0, c0, lengths)
        back = v.backward(dhs, cache, p, dh_T, dc_T)
        results.append([*flat([hs, last, *back])])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
    hs, h_T, c_T, dxs = results[0][:4]
    assert not dxs[padding].any()
    for k, n in enumerate(lengths):
        np.testing.assert_array_equal(hs[n - 1 :, k], np.tile(h_T[k], (T - n + 1, 1)))
        alone = v.forward(xs[:n, k : k + 1], p, h0[k : k + 1], c0[k : k + 1])
        assert_near([h_T[k : k + 1], c_T[k : k + 1]], alone[1], 1e-10)


@each_variant
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 99), order=st.permutations(range(B)))
def test_order_of_the_batch_does_not_matter(v, seed, order):
    xs, p, h0, c0, (dhs, dh_T, dc_T) = draw(v, seed=seed)
    n = np.array(LENGTHS)
    hs, (h_T, c_T), cache = v.forward(xs, p, h0, c0, n)
    shuffled = v.forward(xs[:, order], p, h0[order], c0[order], n[order])
    assert_near([hs[:, order], h_T[order], c_T[order]], flat(shuffled[:2]), 1e-11)
    dxs, (dh0, dc0), dp = v.backward(dhs, cache, p, dh_T, dc_T)
    got = v.backward(dhs[:, order], shuffled[2], p, dh_T[order], dc_T[order])
    assert_near(got, [dxs[:, order], (dh0[order], dc0[order]), dp], 1e-9)


@each_variant
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 99), cut=st.integers(1, T - 1))
def test_chunks_with_carried_state_equal_the_whole(v, seed, cut):
    xs, p, h0, c0, (dhs, dh_T, dc_T) = draw(v, seed=seed)
    hs, last, cache = v.forward(xs, p, h0, c0)
    hs_a, middle, cache_a = v.forward(xs[:cut], p, h0, c0)
    hs_b, last_b, cache_b = v.forward(xs[cut:], p, *middle)
    assert_near([hs, last], [np.concatenate([hs_a, hs_b]), last_b], 1e-11)
    dxs_b, carried, dp_b = v.backward(dhs[cut:], cache_b, p, dh_T, dc_T)
    dxs_a, first, dp_a = v.backward(dhs[:cut], cache_a, p, *carried)
    dp = tuple(a + b for a, b in zip(dp_a, dp_b, strict=True))
    whole = v.backward(dhs, cache, p, dh_T, dc_T)
    for a, b in zip(
        flat(whole), flat([np.concatenate([dxs_a, dxs_b]), first, dp]), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@each_variant
@lengths_or_none
def test_float32_stays_float32_and_is_near_float64(v, lengths):
    results = {}
    for dtype in (np.float32, np.float64):
        xs, p, h0, c0, dz = draw(v, dtype=np.float32)
        p = v.params(*(w.astype(dtype) for w in p))
        xs, h0, c0, *dz = (z.astype(dtype) for z in (xs, h0, c0, *dz))
        hs, last, cache = v.forward(xs, p, h0, c0, lengths)
        results[dtype] = [*flat([hs, last, *v.backward(dz[0], cache, p, *dz[1:])])]
        assert {r.dtype for r in results[dtype]} == {np.dtype(dtype)}
    for a, b in zip(*results.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


@each_variant
def test_one_step_is_the_step(v):
    xs, p, h0, c0, (dhs, dh_T, dc_T) = draw(v, T=1)
    hs, last, cache = v.forward(xs, p, h0, c0)
    h, c, step_cache = v.step(xs[0], h0, c0, p)
    assert_near([hs[0], last], [h, h, c], 0)
    dxs, first, dp = v.backward(dhs, cache, p, dh_T, dc_T)
    dx, dh_prev, dc_prev, dp_1 = v.step_backward(dhs[0] + dh_T, dc_T, step_cache, p)
    assert_near([dxs[0], first, dp], [dx, dh_prev, dc_prev, dp_1], 1e-14)


@each_variant
def test_an_empty_batch_gives_empty_states_and_zero_gradients(v):
    xs, p, _, _, (dhs, _, _) = draw(v, B=0)
    hs, (h_T, c_T), cache = v.forward(xs, p, lengths=[])
    assert hs.shape == (T, 0, H)
    assert h_T.shape == c_T.shape == (0, H)
    dxs, (dh0, dc0), dp = v.backward(dhs, cache, p)
    assert dxs.shape == (T, 0, D)
    assert dh0.shape == dc0.shape == (0, H)
    assert not any(w.any() for w in dp)


@each_variant
@lengths_or_none
def test_arguments_are_not_changed_and_results_are_the_callers(v, lengths):
    xs, p, h0, c0, dz = draw(v)
    given = [xs, h0, c0, *dz, *p]
    before = [a.copy() for a in given]
    hs, _, cache = v.forward(xs, p, h0, c0, lengths)
    want = [a.copy() for a in flat(v.backward(dz[0], cache, p, *dz[1:]))]
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)
    hs[:] = 0  # what the caller does with the states is no business of the cache
    for a, b in zip(flat(v.backward(dz[0], cache, p, *dz[1:])), want, strict=True):
        np.testing.assert_array_equal(a, b)


@each_variant
def test_init_draws_within_its_bound_and_repeats_with_its_seed(v):
    p = v.init(D, 200, rng=np.random.default_rng(0))
    bound = 200**-0.5
    for w in (p.W_x, p.W_h):
        assert 0.99 * bound < np.abs(w).max() <= bound
    again = v.init(D, 200, rng=np.random.default_rng(0), dtype=np.float32)
    for a, b in zip(p, again, strict=True):
        np.testing.assert_array_equal(a.astype(np.float32), b)
    forget = {"peephole": 1, "layer_norm_lstm": 1, "coupled": 0}.get(v.name)
    want = np.zeros_like(p.b)
    if forget is not None:
        want[forget * 200 : (forget + 1) * 200] = 1  # f starts by remembering
    np.testing.assert_array_equal(p.b, want)


# -- bad input ---------------------------------------------------------------------

F32 = np.float32


@each_variant
def test_forward_names_what_does_not_fit(v):
    xs, p, h0, c0, _ = draw(v)
    bad = xs.copy()
    bad[2, 1, 0] = np.nan
    n = p.W_x.shape[1]
    gates = n // H
    for arguments, error, message in [
        ((xs[0], p), ValueError, r"xs must have shape \(T, B, D=3\), got \(4, 3\)"),
        ((xs[..., :2], p), ValueError, r"xs must have shape .* got \(7, 4, 2\)"),
        ((xs[:0], p), ValueError, "xs must have at least one time step, got T=0"),
        ((xs.tolist(), p), TypeError, "xs must be an array, got list"),
        ((xs.astype(int), p), TypeError, "xs must be float32 or float64, got int64"),
        ((bad, p), ValueError, r"xs must be finite, got nan at \(2, 1, 0\)"),
        ((xs.astype(F32), p), TypeError, "W_x must be float32 .* got float64"),
        ((xs, tuple(p)), TypeError, f"p must be {v.params.__name__}, got tuple"),
        (
            (xs, p._replace(W_h=p.W_h[:3])),
            ValueError,
            rf"p.W_x must have shape \(D=3, {gates}H={3 * gates}\), got \(3, {n}\)",
        ),
        ((xs, p._replace(W_h=p.W_h[:, :3])), ValueError, r"p.W_h .* got \(5, 3\)"),
        ((xs, p._replace(b=p.b[:3])), ValueError, rf"p.b .* \({gates}H={n},\), got"),
        ((xs, p._replace(b=p.b.astype(F32))), TypeError, "p.b must be float64"),
        ((xs, p, h0[:2]), ValueError, r"h0 must have shape \(B=4, H=5\), got \(2, 5\)"),
        ((xs, p, h0.astype(F32)), TypeError, "h0 must be float64 .* float32"),
        ((xs, p, h0, c0[:, :2]), ValueError, r"c0 must have shape \(B=4, H=5\), got"),
        ((xs, p, h0, c0.tolist()), TypeError, "c0 must be an array, got list"),
        ((xs, p, h0, c0, [7, 3, 1]), ValueError, r"lengths must .* \(B=4,\)"),
        ((xs, p, h0, c0, [7, 3, 0, 5]), ValueError, "lengths must lie in 1..7, got 0"),
        ((xs, p, h0, c0, [7, 3, 8, 5]), ValueError, "lengths must lie in 1..7, got 8"),
        ((xs, p, h0, c0, [1.5] * 4), TypeError, "lengths must be whole .* float64"),
    ]:
        with pytest.raises(error, match=message):
            v.forward(*arguments)


@each_variant
def test_backward_names_what_does_not_fit(v):
    xs, p, _, _, (dhs, dh_T, dc_T) = draw(v)
    cache = v.forward(xs, p)[2]
    other = VARIANTS["coupled" if v.name == "peephole" else "peephole"]
    foreign = other.forward(xs, draw(other)[1])[2]
    small = draw(v, D=2)[1]
    for arguments, error, message in [
        ((dhs[1:], cache, p), ValueError, r"dhs must have shape \(T=7, B=4, H=5\)"),
        ((dhs.astype(F32), cache, p), TypeError, "dhs must be float64 .* float32"),
        ((dhs, cache, p, dh_T[1:]), ValueError, r"dh_T must have shape \(B=4, H=5\)"),
        ((dhs, cache, p, dh_T, dc_T[1:]), ValueError, r"dc_T must .* \(B=4, H=5\)"),
        ((dhs, cache, p, dh_T.astype(F32)), TypeError, "dh_T must be float64"),
        ((dhs, cache, small), ValueError, r"p.W_x must have shape \(D=3, "),
        ((dhs, [], p), TypeError, f"cache must come from {v.name}_forward, got list"),
        (
            (dhs, foreign, p),
            TypeError,
            f"cache must come from {v.name}_forward, got that of {other.name}_forward",
        ),
    ]:
        with pytest.raises(error, match=message):
            v.backward(*arguments)


@each_variant
def test_step_names_what_does_not_fit(v):
    xs, p, h0, c0, (dhs, _, dc) = draw(v)
    x, dh = xs[0], dhs[0]
    cache = v.step(x, h0, c0, p)[2]
    for arguments, error, message in [
        ((xs, h0, c0, p), ValueError, r"x must have shape \(B, D=3\), got"),
        ((x.astype(int), h0, c0, p), TypeError, "x must be float32 or float64"),
        ((x, h0[1:], c0, p), ValueError, r"h_prev must have shape \(B=4, H=5\)"),
        ((x, h0, c0[1:], p), ValueError, r"c_prev must have shape \(B=4, H=5\)"),
        ((x, h0, c0.astype(F32), p), TypeError, "c_prev must be float64"),
        ((x, h0, c0, list(p)), TypeError, f"p must be {v.params.__name__}, got list"),
    ]:
        with pytest.raises(error, match=message):
            v.step(*arguments)
    for arguments, error, message in [
        ((dh[1:], dc, cache, p), ValueError, r"dh must have shape \(B=4, H=5\)"),
        ((dh, dc.astype(F32), cache, p), TypeError, "dc must be float64"),
        ((dh, dc, tuple(cache), p), TypeError, f"come from {v.name}_step, got tuple"),
        ((dh, dc, cache, tuple(p)), TypeError, f"p must be {v.params.__name__}"),
    ]:
        with pytest.raises(error, match=message):
            v.step_backward(*arguments)


A, ONE = np.ones((2, 3)), np.ones(3)
NORM = layer_norm(A, ONE, ONE)[1]
RNG = np.random.default_rng(0)
PEEPHOLE = draw(VARIANTS["peephole"])[1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: layer_norm(A.astype(int), ONE, ONE), TypeError, "a must be float32"),
        (lambda: layer_norm(A[0, 0], ONE, ONE), ValueError, "a must .* one axis, got"),
        (lambda: layer_norm(A, ONE[1:], ONE), ValueError, r"gamma .* \(N=3,\), got"),
        (lambda: layer_norm(A, ONE, A), ValueError, r"beta must have shape \(N=3,\)"),
        (lambda: layer_norm(A, ONE, ONE.astype(F32)), TypeError, "beta must be float"),
        (lambda: layer_norm(A, ONE, ONE, 0), ValueError, "eps must be positive, got 0"),
        (
            lambda: layer_norm_backward(A, None, ONE),
            TypeError,
            "cache must come from layer_norm, got NoneType",
        ),
        (
            lambda: layer_norm_backward(A[1:], NORM, ONE),
            ValueError,
            r"dy must have shape \(2, 3\), got \(1, 3\)",
        ),
        (
            lambda: layer_norm_backward(A.astype(F32), NORM, ONE),
            TypeError,
            "dy must be float64",
        ),
        (lambda: layer_norm_backward(A, NORM, A), ValueError, "gamma must have shape"),
        (lambda: init_peephole(0, 5, rng=RNG), ValueError, "D must be at least 1"),
        (lambda: init_coupled(3, 0, rng=RNG), ValueError, "H must be at least 1"),
        (lambda: init_no_forget(3, 5, rng=0), TypeError, "rng must be a numpy Gen"),
        (
            lambda: init_layer_norm_lstm(3, 5, rng=RNG, dtype=int),
            TypeError,
            "dtype must be float32 or float64",
        ),
        (lambda: peephole_from_lstm(PEEPHOLE), TypeError, "p must be LSTMParams, got"),
        (lambda: lstm_from_peephole(None), TypeError, "p must be PeepholeParams, got"),
        (
            lambda: peephole_from_lstm(LSTMParams(A, A, ONE)),
            ValueError,
            r"p.W_x must have shape \(D=2, 4H=8\), got \(2, 3\)",
        ),
        (lambda: lstm_from_coupled(PEEPHOLE), TypeError, "p must be CoupledParams"),
        (lambda: coupled_from_lstm(PEEPHOLE), TypeError, "p must be LSTMParams"),
        (lambda: lstm_from_no_forget(PEEPHOLE), TypeError, "p must be NoForgetParams"),
        (
            lambda: lstm_from_no_forget(draw(VARIANTS["no_forget"])[1], np.inf),
            ValueError,
            "forget_bias must be finite, got inf",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_peepholes_are_drawn_from_the_interval_of_the_matrices():
    p = init_peephole(3, 64, rng=np.random.default_rng(0))
    for w in (p.p_i, p.p_f, p.p_o):
        assert w.min() < 0 < w.max()
        assert 0.8 * 64**-0.5 < np.abs(w).max() <= 64**-0.5

"""Other loops against numbers by hand, differences, their torch twins and the RNN."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.nn.variants import LeakyRNN, RemovedRNN, SkipRNN
from rnncourse.reference.gradcheck import check_gradient, relative_error
from rnncourse.reference.leaky import (
    LeakyParams,
    init_leaky,
    leaky_backward,
    leaky_forward,
    leaky_step,
    leaky_step_backward,
)
from rnncourse.reference.rnn import RNNParams, rnn_backward, rnn_forward
from rnncourse.reference.skip import (
    RemovedParams,
    SkipParams,
    init_removed,
    init_skip,
    removed_backward,
    removed_forward,
    removed_step,
    removed_step_backward,
    skip_backward,
    skip_forward,
    skip_step,
    skip_step_backward,
)
from rnncourse.reference.variants import (
    OutputRNNParams,
    init_output_rnn,
    output_rnn_backward,
    output_rnn_forward,
    output_rnn_step,
    output_rnn_step_backward,
)

T, B, D, H, K = 6, 4, 3, 5, 2
LENGTHS = [6, 2, 1, 4]
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


class Kind:
    """A layer under one roof: how to draw it, run it and build its twin."""

    def __init__(self, init, forward, backward, step, step_backward, twin, d=None):
        self.init, self._forward, self.backward = init, forward, backward
        self.step, self.step_backward = step, step_backward
        self._twin, self.d = twin, d
        self.n_states = 2 if init is init_skip else 1

    def forward(self, *arguments):
        options = {} if self.d is None else {"d": self.d}
        return self._forward(*arguments, **options)

    def draw(self, *, seed=0, T=T, B=B, D=D, H=H, dtype=np.float64):
        """Return inputs, weights (with biases), first state and two gradients."""
        rng = np.random.default_rng(seed)
        p = self.init(D, H, rng=rng, dtype=dtype)
        p = p._replace(b=rng.normal(size=H).astype(dtype))
        state = (B, H) if self.d is None else (self.d, B, H)
        shapes = (T, B, D), state, (T, B, H), state
        xs, h0, dhs, dh_T = (rng.normal(size=s).astype(dtype) for s in shapes)
        return xs, p, h0, dhs, dh_T

    def twin(self, p):
        module = self._twin(*p.W_x.shape, self.d or np.asarray(p[-1])).double()
        weights = {n: torch.from_numpy(np.array(w)) for n, w in p._asdict().items()}
        module.load_state_dict(weights)
        return module


def slow_and_fast(D, H, *, rng, dtype=np.float64):
    return init_leaky(D, H, np.linspace(0.1, 0.9, H), rng=rng, dtype=dtype)


LEAKY = (leaky_forward, leaky_backward, leaky_step, leaky_step_backward, LeakyRNN)
SKIP = (skip_forward, skip_backward, skip_step, skip_step_backward, SkipRNN)
REMOVED = (
    removed_forward,
    removed_backward,
    removed_step,
    removed_step_backward,
    RemovedRNN,
)
KINDS = {
    "leaky": Kind(init_leaky, *LEAKY),
    "leaky each": Kind(slow_and_fast, *LEAKY),
    "skip 1": Kind(init_skip, *SKIP, 1),
    "skip 3": Kind(init_skip, *SKIP, 3),
    "skip beyond": Kind(init_skip, *SKIP, 9),  # reaches only states before the start
    "removed 1": Kind(init_removed, *REMOVED, 1),
    "removed 2": Kind(init_removed, *REMOVED, 2),
    "removed beyond": Kind(init_removed, *REMOVED, 9),
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
three_kinds = pytest.mark.parametrize("name", ["leaky", "skip 3", "removed 2"])


def assert_near(got, want, tol):
    for a, b in zip(flat(got), flat(want), strict=True):
        assert a.shape == b.shape
        assert relative_error(a, b).max(initial=0) <= tol


def flat(results):
    for r in results:
        if isinstance(r, tuple):
            yield from r
        else:
            yield r


# -- by hand: tanh(log 2) = 3/5 and tanh(log 3) = 4/5 ------------------------------

ONE = np.array([[1.0]])


def test_two_steps_of_a_leaky_unit_by_hand():
    p = LeakyParams(ONE, 0.5 * ONE, np.zeros(1), np.array(0.25))
    # h_1 = 0.75 · 0 + 0.25 · 0.6 = 0.15; h_2 = 0.75 · 0.15 + 0.25 · 0.8 = 0.3125
    xs = np.array([[[math.log(2)]], [[math.log(3) - 0.075]]])
    hs, h_T, cache = leaky_forward(xs, p)
    np.testing.assert_allclose(hs.ravel(), [0.15, 0.3125], rtol=1e-14)
    np.testing.assert_array_equal(h_T, hs[-1])
    # L = h_2: da_2 = 0.25 · 0.36 = 0.09, dh_1 = 0.75 + 0.5 · 0.09 = 0.795,
    # da_1 = 0.795 · 0.25 · 0.64 = 0.1272, dh_0 = 0.795 · 0.75 + 0.0636 = 0.65985
    dxs, dh0, dp = leaky_backward(np.array([[[0.0]], [[1.0]]]), cache, p)
    np.testing.assert_allclose(dxs.ravel(), [0.1272, 0.09], rtol=1e-14)
    np.testing.assert_allclose(dh0, [[0.65985]], rtol=1e-14)
    np.testing.assert_allclose(dp.W_h, [[0.15 * 0.09]], rtol=1e-14)
    np.testing.assert_allclose(dp.b, [0.2172], rtol=1e-14)
    # dα = (0.8 - 0.15) + 0.795 · (0.6 - 0) = 1.127
    np.testing.assert_allclose(dp.alpha, 1.127, rtol=1e-14)


def test_three_steps_with_a_skip_of_two_by_hand():
    p = SkipParams(ONE, 0.5 * ONE, 2.0 * ONE, np.zeros(1))
    # h_1 = 0.6; a_2 = x_2 + 0.3 = log 3, h_2 = 0.8; a_3 = x_3 + 0.4 + 1.2 = log 2
    xs = np.array([math.log(2), math.log(3) - 0.3, math.log(2) - 1.6])[:, None, None]
    hs, h_T, cache = skip_forward(xs, p, d=2)
    np.testing.assert_allclose(hs.ravel(), [0.6, 0.8, 0.6], rtol=1e-14)
    np.testing.assert_array_equal(h_T, hs[1:])
    # L = h_3: da_3 = 0.64; dh_2 = 0.32, da_2 = 0.1152;
    # dh_1 = 0.5 · 0.1152 + 2 · 0.64 = 1.3376, da_1 = 0.856064
    dhs = np.array([0.0, 0.0, 1.0])[:, None, None]
    dxs, dh0, dp = skip_backward(dhs, cache, p)
    np.testing.assert_allclose(dxs.ravel(), [0.856064, 0.1152, 0.64], rtol=1e-14)
    # h_{-1} is read by step 1 (2 · da_1), h_0 by step 1 (da_1 / 2) and 2 (2 · da_2)
    np.testing.assert_allclose(dh0.ravel(), [1.712128, 0.658432], rtol=1e-14)
    np.testing.assert_allclose(dp.W_s, [[0.6 * 0.64]], rtol=1e-14)
    np.testing.assert_allclose(dp.W_h, [[0.6 * 0.1152 + 0.8 * 0.64]], rtol=1e-14)


def test_three_steps_without_length_one_connections_by_hand():
    p = RemovedParams(ONE, 0.5 * ONE, np.zeros(1))
    # h_1 = 0.6, h_2 = 0.8 beside it; a_3 = x_3 + 0.3 = log 3
    xs = np.array([math.log(2), math.log(3), math.log(3) - 0.3])[:, None, None]
    hs, _, cache = removed_forward(xs, p, d=2)
    np.testing.assert_allclose(hs.ravel(), [0.6, 0.8, 0.8], rtol=1e-14)
    # L = h_3: da_3 = 0.36, dh_1 = 0.18, da_1 = 0.1152; step 2 is on another path
    dhs = np.array([0.0, 0.0, 1.0])[:, None, None]
    dxs, dh0, dp = removed_backward(dhs, cache, p)
    np.testing.assert_allclose(dxs.ravel(), [0.1152, 0, 0.36], rtol=1e-14)
    np.testing.assert_allclose(dh0.ravel(), [0.0576, 0], rtol=1e-14)
    np.testing.assert_allclose(dp.W_h, [[0.6 * 0.36]], rtol=1e-14)


# -- central differences and torch -------------------------------------------------


@each_kind
def test_step_backward_agrees_with_central_differences(kind):
    xs, p, _, dhs, _ = kind.draw()
    states = np.random.default_rng(1).normal(size=(kind.n_states, B, H))
    params = {"x": xs[0], "states": states, **p._asdict()}

    def loss(q):
        w = type(p)(*(q[n] for n in p._fields))
        return (kind.step(q["x"], *q["states"], w)[0] * dhs[0]).sum()

    cache = kind.step(xs[0], *states, p)[1]
    dx, *dstates, dp = kind.step_backward(dhs[0], cache, p)
    check_gradient(loss, params, {"x": dx, "states": dstates, **dp._asdict()})


@each_kind
@lengths_or_none
def test_backward_agrees_with_central_differences(kind, lengths):
    xs, p, h0, dhs, dh_T = kind.draw()
    params = {"xs": xs, "h0": h0, **p._asdict()}
    hs_0, h_T_0, cache = kind.forward(xs, p, h0, lengths)

    def loss(q):  # near 0, so that its rounding hides no small entry
        w = type(p)(*(q[n] for n in p._fields))
        hs, h_T, _ = kind.forward(q["xs"], w, q["h0"], lengths)
        return ((hs - hs_0) * dhs).sum() + ((h_T - h_T_0) * dh_T).sum()

    dxs, dh0, dp = kind.backward(dhs, cache, p, dh_T)
    check_gradient(loss, params, {"xs": dxs, "h0": dh0, **dp._asdict()}, tol=1e-7)


@each_kind
@lengths_or_none
def test_layer_agrees_with_autograd_of_its_twin(kind, lengths):
    xs, p, h0, dhs, dh_T = kind.draw(seed=1)
    module = kind.twin(p)
    x, start = (torch.tensor(a, requires_grad=True) for a in (xs, h0))
    want = module(x, start, lengths)
    torch.autograd.backward(want, [torch.from_numpy(d) for d in (dhs, dh_T)])
    hs, h_T, cache = kind.forward(xs, p, h0, lengths)
    assert_near([hs, h_T], [w.detach().numpy() for w in want], 1e-10)
    dxs, dh0, dp = kind.backward(dhs, cache, p, dh_T)
    assert_near([dxs, dh0], [x.grad.numpy(), start.grad.numpy()], 1e-10)
    for name, w in module.named_parameters():
        assert relative_error(getattr(dp, name), w.grad.numpy()).max() <= 1e-10


# -- properties --------------------------------------------------------------------


def same_as_simple(kind, p, q):
    """Hold a kind with weights p equal to the simple layer with weights q."""
    xs, _, h0, dhs, _ = kind.draw(seed=2)
    start = h0 if kind.d is None else h0[-1]
    hs, _, cache = kind.forward(xs, p, h0, LENGTHS)
    want, _, want_cache = rnn_forward(xs, q, start, LENGTHS)
    dxs, dh0, dp = kind.backward(dhs, cache, p)
    want_dxs, want_dh0, dq = rnn_backward(dhs, want_cache, q)
    last = dh0 if kind.d is None else dh0[-1]
    assert_near([hs, dxs, last], [want, want_dxs, want_dh0], 1e-12)
    for name in q._fields:
        assert_near([getattr(dp, name)], [getattr(dq, name)], 1e-12)


def test_a_rate_of_one_is_the_simple_layer():
    p = KINDS["leaky"].draw()[1]
    same_as_simple(KINDS["leaky"], p._replace(alpha=np.array(1.0)), RNNParams(*p[:3]))


def test_a_removed_delay_of_one_is_the_simple_layer():
    p = KINDS["removed 1"].draw()[1]
    same_as_simple(KINDS["removed 1"], p, RNNParams(*p))


@pytest.mark.parametrize("name", ["skip 1", "skip 3"])
def test_a_skip_without_weights_is_the_simple_layer(name):
    p = KINDS[name].draw()[1]
    p = p._replace(W_s=np.zeros((H, H)))
    same_as_simple(KINDS[name], p, RNNParams(p.W_x, p.W_h, p.b))


def test_removed_connections_leave_networks_that_take_turns():
    kind = KINDS["removed 2"]
    xs, p, h0, _, _ = kind.draw()
    hs, _, _ = kind.forward(xs, p, h0)
    for turn in range(2):
        want, _, _ = rnn_forward(xs[turn::2], RNNParams(*p), h0[turn])
        np.testing.assert_allclose(hs[turn::2], want, rtol=1e-12)


def test_a_slow_unit_keeps_more_of_its_start_than_a_fast_one():
    p = init_leaky(D, 2, np.array([0.05, 0.8]), rng=np.random.default_rng(0))
    p = p._replace(W_x=0 * p.W_x, W_h=0 * p.W_h)
    hs, _, _ = leaky_forward(np.ones((T, 1, D)), p, np.ones((1, 2)))
    np.testing.assert_allclose(hs[-1], [[0.95**T, 0.2**T]], rtol=1e-12)


@three_kinds
@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result(name, seed, lengths, rubbish):
    kind = KINDS[name]
    xs, p, h0, dhs, dh_T = kind.draw(seed=seed)
    padding = np.arange(T)[:, None] >= np.array(lengths)
    spoilt = xs.copy()
    spoilt[padding] = rubbish
    hs, h_T, cache = kind.forward(xs, p, h0, lengths)
    hs_2, h_T_2, cache_2 = kind.forward(spoilt, p, h0, lengths)
    got = [hs, h_T, *kind.backward(dhs, cache, p, dh_T)]
    same = [hs_2, h_T_2, *kind.backward(dhs, cache_2, p, dh_T)]
    for a, b in zip(flat(got), flat(same), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not got[2][padding].any()
    last = h_T if kind.d is None else h_T[-1]
    for k, n in enumerate(lengths):
        np.testing.assert_array_equal(last[k], hs[n - 1, k])
        np.testing.assert_array_equal(hs[n:, k], hs[n - 1 : n, k].repeat(T - n, 0))


@three_kinds
@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 99), order=st.permutations(range(B)))
def test_order_of_the_batch_does_not_matter(name, seed, order):
    kind = KINDS[name]
    xs, p, h0, dhs, _ = kind.draw(seed=seed)
    lengths = np.array(LENGTHS)
    hs, _, cache = kind.forward(xs, p, h0, lengths)
    hs_2, _, cache_2 = kind.forward(xs[:, order], p, h0[..., order, :], lengths[order])
    dxs, dh0, dp = kind.backward(dhs, cache, p)
    want = kind.backward(dhs[:, order], cache_2, p)
    assert_near([hs[:, order]], [hs_2], 1e-12)
    assert_near([dxs[:, order], dh0[..., order, :], dp], want, 1e-12)


@each_kind
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 99), cut=st.integers(1, T - 1))
def test_chunks_with_carried_state_equal_the_whole(kind, seed, cut):
    xs, p, h0, dhs, dh_T = kind.draw(seed=seed)
    hs, h_T, cache = kind.forward(xs, p, h0)
    hs_a, h_a, cache_a = kind.forward(xs[:cut], p, h0)
    hs_b, h_b, cache_b = kind.forward(xs[cut:], p, h_a)
    assert_near([hs, h_T], [np.concatenate([hs_a, hs_b]), h_b], 1e-12)
    dxs_b, dh_a, dp_b = kind.backward(dhs[cut:], cache_b, p, dh_T)
    dxs_a, dh0, dp_a = kind.backward(dhs[:cut], cache_a, p, dh_a)
    dp = type(p)(*(a + b for a, b in zip(dp_a, dp_b, strict=True)))
    together = np.concatenate([dxs_a, dxs_b]), dh0, dp
    assert_near(kind.backward(dhs, cache, p, dh_T), together, 1e-11)


@each_kind
@lengths_or_none
def test_float32_stays_float32_and_is_near_float64(kind, lengths):
    xs, p, h0, dhs, dh_T = kind.draw(dtype=np.float32)
    hs, h_T, cache = kind.forward(xs, p, h0, lengths)
    results = [hs, h_T, *flat(kind.backward(dhs, cache, p, dh_T))]
    assert {r.dtype for r in results} == {np.dtype(np.float32)}
    wide = [a.astype(np.float64) for a in (xs, h0, dhs, dh_T)]
    q = type(p)(*(w.astype(np.float64) for w in p))
    hs, h_T, cache = kind.forward(wide[0], q, wide[1], lengths)
    exact = [hs, h_T, *flat(kind.backward(wide[2], cache, q, wide[3]))]
    for a, b in zip(results, exact, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@each_kind
def test_an_empty_batch_gives_empty_states_and_zero_gradients(kind):
    xs, p, _, dhs, _ = kind.draw(B=0)
    hs, h_T, cache = kind.forward(xs, p, None, [])
    assert hs.shape == (T, 0, H)
    assert h_T.shape[-2:] == (0, H)
    dxs, dh0, dp = kind.backward(dhs, cache, p)
    assert dxs.shape == (T, 0, D)
    assert dh0.shape == h_T.shape
    assert not any(w.any() for w in dp)


@each_kind
def test_one_step_is_the_step(kind):
    xs, p, h0, dhs, _ = kind.draw(T=1)
    hs, _, cache = kind.forward(xs, p, h0)
    states = {None: [h0], 1: [h0[-1]] * kind.n_states}.get(kind.d)
    if states is None:
        states = [h0[-1], h0[0]][-kind.n_states :]
    h, step_cache = kind.step(xs[0], *states, p)
    assert_near([hs[0]], [h], 1e-14)
    dx, *_, dp = kind.step_backward(dhs[0], step_cache, p)
    dxs, _, dp_layer = kind.backward(dhs, cache, p)
    assert_near([dxs[0], dp_layer], [dx, dp], 1e-14)


@each_kind
@lengths_or_none
def test_arguments_are_not_changed_and_results_are_the_callers(kind, lengths):
    xs, p, h0, dhs, dh_T = kind.draw()
    given = [xs, h0, dhs, dh_T, *p]
    before = [a.copy() for a in given]
    hs, h_T, cache = kind.forward(xs, p, h0, lengths)
    want = [a.copy() for a in flat(kind.backward(dhs, cache, p, dh_T))]
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)
    hs[:] = h_T[:] = 0
    for a, b in zip(flat(kind.backward(dhs, cache, p, dh_T)), want, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("init", [init_leaky, init_skip, init_removed])
def test_init_draws_within_its_bound_and_repeats_with_its_seed(init):
    p, again = (init(D, 400, rng=np.random.default_rng(0)) for _ in range(2))
    for name, w in p._asdict().items():
        np.testing.assert_array_equal(w, getattr(again, name))
        if name.startswith("W"):
            assert 0.99 * 400**-0.5 < np.abs(w).max() <= 400**-0.5
    assert not p.b.any()


# -- bad input of the three --------------------------------------------------------


@three_kinds
def test_errors_name_argument_expectation_and_fact(name):
    kind = KINDS[name]
    xs, p, h0, dhs, dh_T = kind.draw()
    cache = kind.forward(xs, p)[2]
    nan = np.where(np.arange(D) == 1, np.nan, xs)
    state = "B=4, H=5" if kind.d is None else f"d={kind.d}, B=4, H=5"
    known = name.split()[0]
    wrong = type(p)
    simple = RNNParams(p.W_x, p.W_h, p.b)
    other = rnn_forward(xs, simple)[2]
    step = kind.step(xs[0], *[np.zeros((B, H))] * kind.n_states, p)[1]
    one = np.zeros((B, H), dtype=np.float32)
    layer = [
        ((xs[0], p), ValueError, r"xs must have shape \(T, B, D=3\), got \(4, 3\)"),
        ((xs[:0], p), ValueError, "xs must have at least one time step, got T=0"),
        ((xs.tolist(), p), TypeError, "xs must be an array, got list"),
        ((xs.astype(int), p), TypeError, "xs must be float32 or float64, got int64"),
        ((nan, p), ValueError, r"xs must be finite, got nan at \(0, 0, 1\)"),
        ((xs.astype(np.float32), p), TypeError, "p.W_x must be float32 .* float64"),
        ((xs, tuple(p)), TypeError, f"p must be {wrong.__name__}, got tuple"),
        ((xs, p._replace(W_h=p.W_x)), ValueError, r"p.W_h .*\(H=5, H=5\), got \(3, 5"),
        ((xs, p._replace(b=p.b[1:])), ValueError, r"p.b must have shape \(H=5,\)"),
        ((xs, p, h0[:1, :1]), ValueError, rf"h0 must have shape \({state}\), got"),
        ((xs, p, h0.astype(np.float32)), TypeError, "h0 must be float64 .* float32"),
        ((xs, p, None, [6, 2, 1]), ValueError, r"lengths must have shape \(B=4,\)"),
        ((xs, p, None, [6, 2, 0, 4]), ValueError, "lengths must lie in 1..6, got 0"),
        ((xs, p, None, [6, 2, 7, 4]), ValueError, "lengths must lie in 1..6, got 7"),
        ((xs, p, None, [6, 2, 1.5, 4]), TypeError, "lengths must be whole .* float64"),
    ]
    for arguments, error, message in layer:
        with pytest.raises(error, match=message):
            kind.forward(*arguments)
    changes = [
        ({"dhs": dhs[1:]}, ValueError, r"dhs must have shape \(T=6, B=4, H=5\)"),
        ({"dhs": dhs.astype(np.float32)}, TypeError, "dhs must be float64 .* float32"),
        ({"dh_T": dh_T[:1, :1]}, ValueError, rf"dh_T must have shape \({state}\)"),
        ({"cache": other}, TypeError, f"{known}_forward, got RNNLayerCache"),
        ({"cache": cache._replace(cell="no")}, TypeError, "got that of no_forward"),
        ({"p": p._replace(W_x=p.W_x[1:])}, ValueError, r"p.W_x must .*D=3, H=5"),
    ]
    for changed, error, message in changes:
        arguments = {"dhs": dhs, "cache": cache, "p": p, "dh_T": None, **changed}
        with pytest.raises(error, match=message):
            kind.backward(*arguments.values())
    zero = [np.zeros((B, H))] * kind.n_states
    with pytest.raises(ValueError, match=r"x must have shape \(B, D=3\), got"):
        kind.step(xs, *zero, p)
    with pytest.raises(TypeError, match="h_(prev|skip) must be float64 .* float32"):
        kind.step(xs[0], *zero[1:], one, p)
    with pytest.raises(TypeError, match=f"cache must come from {known}_step, got list"):
        kind.step_backward(dhs[0], [], p)
    with pytest.raises(ValueError, match=r"dh must have shape \(B=4, H=5\)"):
        kind.step_backward(dhs, step, p)
    with pytest.raises(TypeError, match="dh must be float64 like .* got float32"):
        kind.step_backward(one, step, p)


P_SKIP, P_REMOVED = (
    init(D, H, rng=np.random.default_rng(0)) for init in (init_skip, init_removed)
)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda xs: skip_forward(xs, P_SKIP, d=0), ValueError, "d must be at least 1"),
        (lambda xs: skip_forward(xs, P_SKIP, d=None), TypeError, "d must .* got None"),
        (lambda xs: removed_forward(xs, P_REMOVED, d=1.5), TypeError, "d must .* 1.5"),
        (
            lambda xs: init_leaky(D, H, 0, rng=np.random.default_rng(0)),
            ValueError,
            r"p.alpha must lie in \(0, 1\], got 0.0",
        ),
        (
            lambda xs: init_leaky(D, H, 1.5, rng=np.random.default_rng(0)),
            ValueError,
            r"p.alpha must lie in \(0, 1\], got 1.5",
        ),
        (
            lambda xs: init_leaky(D, H, np.nan, rng=np.random.default_rng(0)),
            ValueError,
            r"p.alpha must lie in \(0, 1\], got nan",
        ),
        (
            lambda xs: init_leaky(D, H, [0.5, 0.2], rng=np.random.default_rng(0)),
            ValueError,
            r"p.alpha must have shape \(H=5,\), got \(2,\)",
        ),
        (lambda xs: init_leaky(0, H, rng=None), ValueError, "D must be at least 1"),
        (lambda xs: init_skip(D, 0, rng=None), ValueError, "H must be at least 1"),
        (lambda xs: init_removed(D, H, rng=0), TypeError, "rng must be .* got int"),
    ],
)
def test_what_only_one_of_them_has_is_checked_too(call, error, message):
    with pytest.raises(error, match=message):
        call(np.ones((T, B, D)))


# -- the output-to-hidden network --------------------------------------------------

RNG = np.random.default_rng(0)
P = OutputRNNParams(*(RNG.normal(size=s) for s in ((D, H), (K, H), H, (H, K), K)))
XS = RNG.normal(size=(T, B, D))
YS_TRUE, DYS = RNG.normal(size=(2, T, B, K))
forced = pytest.mark.parametrize("forced", [False, True], ids=["free", "forced"])


def test_two_steps_through_the_output_by_hand():
    p = OutputRNNParams(
        *(np.array(w) for w in ([[1.0]], [[0.5]], [0.0], [[2.0]], [0.1]))
    )
    # tanh(log 2) = 0.6, y_1 = 1.3; tanh(log 3) = 0.8, y_2 = 1.7
    free = np.array([[[math.log(2)]], [[math.log(3) - 0.65]]])
    ys, caches = output_rnn_forward(free, p)
    np.testing.assert_allclose(ys.ravel(), [1.3, 1.7], rtol=1e-14)
    # L = y_2: dh_2 = 2, da_2 = 0.72, dy_1 = 0.36, dh_1 = 0.72, da_1 = 0.4608
    dys = np.array([[[0.0]], [[1.0]]])
    dxs, dp = output_rnn_backward(dys, caches, p)
    np.testing.assert_allclose(dxs.ravel(), [0.4608, 0.72], rtol=1e-14)
    np.testing.assert_allclose(dp.W_o, [[1.3 * 0.72]], rtol=1e-14)
    np.testing.assert_allclose(dp.b_y, [1.36], rtol=1e-14)
    np.testing.assert_allclose(dp.W_y, [[0.8 + 0.36 * 0.6]], rtol=1e-14)
    # with the true y_1 = 1 the second step reads 0.5 of it, and sends nothing back
    taught = np.array([[[math.log(2)]], [[math.log(3) - 0.5]]])
    ys, caches = output_rnn_forward(taught, p, np.ones((2, 1, 1)))
    np.testing.assert_allclose(ys.ravel(), [1.3, 1.7], rtol=1e-14)
    dxs, dp = output_rnn_backward(dys, caches, p, teacher_forced=True)
    np.testing.assert_allclose(dxs.ravel(), [0, 0.72], rtol=1e-14)
    np.testing.assert_allclose(dp.W_o, [[0.72]], rtol=1e-14)


def test_output_step_backward_agrees_with_central_differences():
    params = {"x": XS[0], "y_prev": YS_TRUE[0], **P._asdict()}

    def loss(q):
        w = OutputRNNParams(*(q[n] for n in P._fields))
        return (output_rnn_step(q["x"], q["y_prev"], w)[0] * DYS[0]).sum()

    cache = output_rnn_step(XS[0], YS_TRUE[0], P)[2]
    dx, dy_prev, dp = output_rnn_step_backward(DYS[0], cache, P)
    check_gradient(loss, params, {"x": dx, "y_prev": dy_prev, **dp._asdict()})


@forced
@lengths_or_none
def test_output_backward_agrees_with_central_differences(forced, lengths):
    ys_true = YS_TRUE if forced else None

    def loss(q):
        w = OutputRNNParams(*(q[n] for n in P._fields))
        return (output_rnn_forward(q["xs"], w, ys_true, lengths)[0] * DYS).sum()

    caches = output_rnn_forward(XS, P, ys_true, lengths)[1]
    dxs, dp = output_rnn_backward(DYS, caches, P, teacher_forced=forced)
    params = {"xs": XS, **P._asdict()}
    check_gradient(loss, params, {"xs": dxs, **dp._asdict()}, tol=1e-7)


@forced
@lengths_or_none
def test_output_network_agrees_with_autograd(forced, lengths):
    w = [torch.from_numpy(a.copy()).requires_grad_() for a in P]
    x = torch.from_numpy(XS.copy()).requires_grad_()
    y, outputs = torch.zeros(B, K, dtype=x.dtype), []
    shown = y
    for t in range(T):
        y = torch.tanh(x[t] @ w[0] + y @ w[1] + w[2]) @ w[3] + w[4]
        live = t < torch.tensor(lengths or [T] * B)[:, None]
        shown = torch.where(live, y, shown)
        outputs.append(shown)
        if forced:
            y = torch.from_numpy(YS_TRUE[t])
    want = torch.stack(outputs)
    want.backward(torch.from_numpy(DYS))
    ys, caches = output_rnn_forward(XS, P, YS_TRUE if forced else None, lengths)
    dxs, dp = output_rnn_backward(DYS, caches, P, teacher_forced=forced)
    got = [ys, dxs, *dp]
    twins = [want.detach(), x.grad, *(a.grad for a in w)]
    for a, b in zip(got, twins, strict=True):
        assert relative_error(a, b.numpy()).max() <= 1e-10


def test_forced_steps_do_not_depend_on_earlier_inputs():
    changed = XS.copy()
    changed[0] += 1
    forced, _ = output_rnn_forward(changed, P, YS_TRUE)
    free, _ = output_rnn_forward(changed, P)
    np.testing.assert_array_equal(forced[1:], output_rnn_forward(XS, P, YS_TRUE)[0][1:])
    assert np.abs(free[1:] - output_rnn_forward(XS, P)[0][1:]).max() > 1e-3


@forced
def test_output_network_keeps_float32_and_takes_an_empty_batch(forced):
    p = init_output_rnn(D, H, K, rng=np.random.default_rng(0), dtype=np.float32)
    xs = XS.astype(np.float32)[:, :0]
    ys_true = YS_TRUE.astype(np.float32)[:, :0] if forced else None
    ys, caches = output_rnn_forward(xs, p, ys_true)
    assert ys.shape == (T, 0, K)
    dxs, dp = output_rnn_backward(ys, caches, p, teacher_forced=forced)
    assert dxs.shape == (T, 0, D)
    assert not any(w.any() for w in dp)
    assert {a.dtype for a in (ys, dxs, *dp)} == {np.dtype(np.float32)}


@forced
@settings(deadline=None, max_examples=25)
@given(
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_an_output(forced, lengths, rubbish):
    padding = np.arange(T)[:, None] >= np.array(lengths)
    results = []
    for filling in (1.0, rubbish):
        xs, ys_true = XS.copy(), YS_TRUE.copy()
        xs[padding] = ys_true[padding] = filling
        ys, caches = output_rnn_forward(xs, P, ys_true if forced else None, lengths)
        dxs, dp = output_rnn_backward(DYS, caches, P, teacher_forced=forced)
        results.append([ys, dxs, *dp])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not results[0][1][padding].any()
    for k, n in enumerate(lengths):
        alone = output_rnn_forward(XS[:n, k : k + 1], P, YS_TRUE[:n, k : k + 1])[0]
        free = output_rnn_forward(XS[:n, k : k + 1], P)[0]
        want = (alone if forced else free)[-1, 0]
        np.testing.assert_allclose(results[0][0][n - 1 :, k], [want] * (T - n + 1))


CACHES = output_rnn_forward(XS, P)[1]
NAN = np.where(np.arange(D) == 1, np.nan, XS)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: output_rnn_forward(XS[0], P), ValueError, r"xs must .* got \(4, 3\)"),
        (lambda: output_rnn_forward(XS[:0], P), ValueError, "xs .* step, got T=0"),
        (lambda: output_rnn_forward(XS.tolist(), P), TypeError, "xs .* got list"),
        (lambda: output_rnn_forward(NAN, P), ValueError, "xs must be finite, got nan"),
        (lambda: output_rnn_forward(XS, tuple(P)), TypeError, "p .* got tuple"),
        (
            lambda: output_rnn_forward(XS, P, YS_TRUE[1:]),
            ValueError,
            r"ys_true must have shape \(T=6, B=4, K=2\), got \(5, 4, 2\)",
        ),
        (
            lambda: output_rnn_forward(XS, P, YS_TRUE.astype(np.float32)),
            TypeError,
            "ys_true must be float64",
        ),
        (
            lambda: output_rnn_step(XS[0], YS_TRUE, P),
            ValueError,
            r"y_prev must have shape \(B=4, K=2\)",
        ),
        (
            lambda: output_rnn_step(XS[0].astype(np.float32), YS_TRUE[0], P),
            TypeError,
            "p.W_x must be float32",
        ),
        (
            lambda: output_rnn_step(XS[0], YS_TRUE[0], P._replace(W_y=P.W_o)),
            ValueError,
            r"p.W_y must have shape \(H=5, K=2\), got \(2, 5\)",
        ),
        (
            lambda: output_rnn_step_backward(DYS, CACHES[0][0], P),
            ValueError,
            "dy must have shape",
        ),
        (
            lambda: output_rnn_step_backward(DYS[0], CACHES, P),
            TypeError,
            "cache must come from output_rnn_step, got list",
        ),
        (
            lambda: output_rnn_backward(DYS[1:], CACHES, P),
            ValueError,
            r"dys must have shape \(T=6, B=4, K=2\)",
        ),
        (
            lambda: output_rnn_backward(DYS.astype(np.float32), CACHES, P),
            TypeError,
            "dys must be float64 like its partners, got float32",
        ),
        (
            lambda: output_rnn_forward(XS, P, None, [6, 2, 1]),
            ValueError,
            r"lengths must have shape \(B=4,\), got \(3,\)",
        ),
        (
            lambda: output_rnn_forward(XS, P, None, [6, 2, 1, 7]),
            ValueError,
            "lengths must lie in 1..6, got 7",
        ),
        (
            lambda: output_rnn_forward(XS, P, np.full((T, B, K), np.nan)),
            ValueError,
            r"ys_true must be finite, got nan at \(0, 0, 0\)",
        ),
        (lambda: output_rnn_backward(DYS, None, P), TypeError, "caches .* NoneType"),
        (lambda: init_output_rnn(1, 2, 0, rng=None), ValueError, "K must be at least"),
        (lambda: init_output_rnn(1, 2, 3, rng=0), TypeError, "rng must be .* got int"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

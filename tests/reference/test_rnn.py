"""The recurrent layer against numbers by hand, differences, torch and itself."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.nn.convert import module_from_params, rnn_to_torch
from rnncourse.reference.gradcheck import check_gradient, relative_error
from rnncourse.reference.rnn import (
    RNNParams,
    init_rnn,
    rnn_backward,
    rnn_backward_textbook,
    rnn_backward_truncated,
    rnn_forward,
    rnn_forward_textbook,
    rnn_step,
    rnn_step_backward,
)

T, B, D, H = 7, 4, 3, 5  # all different, on purpose
LENGTHS = [7, 3, 1, 5]
TWINS = {
    "fast": (rnn_forward, rnn_backward),
    "textbook": (rnn_forward_textbook, rnn_backward_textbook),
}
twins = pytest.mark.parametrize(
    ("forward", "backward"), TWINS.values(), ids=TWINS.keys()
)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(*, seed=0, T=T, B=B, D=D, H=H, dtype=np.float64):
    """Return inputs, weights (with a bias), first state and two gradients."""
    rng = np.random.default_rng(seed)
    p = init_rnn(D, H, rng=rng, dtype=dtype)
    p = p._replace(b=rng.normal(size=H).astype(dtype))
    shapes = (T, B, D), (B, H), (T, B, H), (B, H)
    xs, h0, dhs, dh_T = (rng.normal(size=s).astype(dtype) for s in shapes)
    return xs, p, h0, dhs, dh_T


def assert_near(got, want, tol):
    for a, b in zip(flat(got), flat(want), strict=True):
        assert a.shape == b.shape
        assert relative_error(a, b).max(initial=0) <= tol


def flat(results):
    """Unpack (array, array, RNNParams) into arrays."""
    for r in results:
        if isinstance(r, tuple):
            yield from r
        else:
            yield r


# -- by hand -----------------------------------------------------------------------
# tanh(log 2) = 3/5 and tanh(log 3) = 4/5, so inputs that lead to a = log 2 and
# a = log 3 make every number below a decimal fraction.

BY_HAND = RNNParams(W_x=np.array([[2.0]]), W_h=np.array([[0.5]]), b=np.array([0.0]))
X1, X2 = math.log(2) / 2, (math.log(3) - 0.5 * 0.6) / 2


@twins
def test_two_steps_by_hand(forward, backward):
    xs = np.array([[[X1]], [[X2]]])
    hs, h_T, cache = forward(xs, BY_HAND)
    np.testing.assert_allclose(hs.ravel(), [0.6, 0.8], rtol=1e-15)
    np.testing.assert_allclose(h_T, [[0.8]], rtol=1e-15)
    # L = h_2: da_2 = 1 - 0.64 = 0.36 and da_1 = 0.36 · 0.5 · (1 - 0.36) = 0.1152
    dhs = np.array([[[0.0]], [[1.0]]])
    dxs, dh0, dp = backward(dhs, cache, BY_HAND)
    np.testing.assert_allclose(dxs.ravel(), [0.2304, 0.72], rtol=1e-14)
    np.testing.assert_allclose(dh0, [[0.0576]], rtol=1e-14)
    np.testing.assert_allclose(dp.W_h, [[0.6 * 0.36]], rtol=1e-14)
    np.testing.assert_allclose(dp.b, [0.36 + 0.1152], rtol=1e-14)
    np.testing.assert_allclose(dp.W_x, [[0.1152 * X1 + 0.36 * X2]], rtol=1e-14)


def test_without_a_jacobian_only_the_immediate_derivative_is_left_by_hand():
    xs = np.array([[[X1]], [[X2]]])
    _, _, cache = rnn_forward(xs, BY_HAND)
    dhs = np.array([[[0.0]], [[1.0]]])
    dxs, dh0, dp = rnn_backward_truncated(dhs, cache, BY_HAND, 0)
    np.testing.assert_allclose(dxs.ravel(), [0, 0.72], rtol=1e-14)
    np.testing.assert_allclose(dh0, [[0.0]])
    np.testing.assert_allclose(dp.b, [0.36], rtol=1e-14)
    np.testing.assert_allclose(dp.W_h, [[0.216]], rtol=1e-14)


def test_row_of_W_h_says_what_a_unit_sends_by_hand():
    W_h = np.array([[0.0, 0.5], [0.0, 0.0]])  # unit 0 sends to unit 1
    p = RNNParams(W_x=np.array([[2.0, 0.0]]), W_h=W_h, b=np.zeros(2))
    hs, _, _ = rnn_forward(np.array([[[X1]], [[0.0]]]), p)
    np.testing.assert_allclose(hs[0, 0], [0.6, 0.0], rtol=1e-15)
    np.testing.assert_allclose(hs[1, 0], [0.0, 0.2913126124515909], rtol=1e-15)


@twins
def test_a_finished_sequence_keeps_its_state_by_hand(forward, backward):
    xs = np.array([[[X1]], [[X2]], [[99.0]]])
    hs, h_T, cache = forward(xs, BY_HAND, lengths=[2])
    np.testing.assert_allclose(hs.ravel(), [0.6, 0.8, 0.8], rtol=1e-15)
    np.testing.assert_allclose(h_T, [[0.8]], rtol=1e-15)
    dhs = np.array([[[0.0]], [[0.0]], [[1.0]]])  # the copy hands it to the original
    dxs, dh0, dp = backward(dhs, cache, BY_HAND)
    np.testing.assert_allclose(dxs.ravel(), [0.2304, 0.72, 0], rtol=1e-14)
    np.testing.assert_allclose(dp.b, [0.4752], rtol=1e-14)


# -- central differences -----------------------------------------------------------


def test_step_backward_agrees_with_central_differences():
    xs, p, h0, dhs, _ = draw()
    params = {"x": xs[0], "h_prev": h0, **p._asdict()}

    def loss(q):
        h, _ = rnn_step(q["x"], q["h_prev"], RNNParams(q["W_x"], q["W_h"], q["b"]))
        return (h * dhs[0]).sum()

    _, cache = rnn_step(xs[0], h0, p)
    dx, dh_prev, dp = rnn_step_backward(dhs[0], cache, p)
    check_gradient(loss, params, {"x": dx, "h_prev": dh_prev, **dp._asdict()})


@twins
@lengths_or_none
def test_backward_agrees_with_central_differences(forward, backward, lengths):
    xs, p, h0, dhs, dh_T = draw()
    params = {"xs": xs, "h0": h0, **p._asdict()}

    def loss(q):
        p = RNNParams(q["W_x"], q["W_h"], q["b"])
        hs, h_T, _ = forward(q["xs"], p, q["h0"], lengths)
        return (hs * dhs).sum() + (h_T * dh_T).sum()

    cache = forward(xs, p, h0, lengths)[2]
    dxs, dh0, dp = backward(dhs, cache, p, dh_T)
    check_gradient(loss, params, {"xs": dxs, "h0": dh0, **dp._asdict()}, tol=1e-7)


# -- torch -------------------------------------------------------------------------


def by_torch(xs, p, h0, dhs, dh_T, lengths=None):
    """Return states and gradients of ``torch.nn.RNN``, each sequence cut by itself."""
    layer = rnn_to_torch(p)
    x = torch.from_numpy(xs.copy()).requires_grad_()
    start = torch.from_numpy(h0.copy()).requires_grad_()
    T, B, _ = xs.shape
    columns = []
    for k in range(B):
        n = T if lengths is None else lengths[k]
        hs, _ = layer(x[:n, k], start[k][None])
        columns.append(torch.cat([hs, hs[-1:].expand(T - n, -1)]))
    hs = torch.stack(columns, dim=1)
    loss = (hs * torch.from_numpy(dhs)).sum() + (hs[-1] * torch.from_numpy(dh_T)).sum()
    loss.backward()
    dp = RNNParams(
        layer.weight_ih_l0.grad.numpy().T,
        layer.weight_hh_l0.grad.numpy().T,
        layer.bias_ih_l0.grad.numpy(),
    )
    return hs.detach().numpy(), x.grad.numpy(), start.grad.numpy(), dp


@twins
@lengths_or_none
def test_layer_agrees_with_torch_autograd(forward, backward, lengths):
    xs, p, h0, dhs, dh_T = draw(seed=1)
    hs, h_T, cache = forward(xs, p, h0, lengths)
    want_hs, *want = by_torch(xs, p, h0, dhs, dh_T, lengths)
    assert_near([hs, h_T], [want_hs, want_hs[-1]], 1e-10)
    assert_near(backward(dhs, cache, p, dh_T), want, 1e-10)


def by_detaching(xs, p, h0, dhs, dh_T, tau, lengths):
    """Cut the graph ``tau`` steps before each loss, as one would write it in torch."""
    w = [torch.from_numpy(a.copy()).requires_grad_() for a in p]
    x = torch.from_numpy(xs.copy()).requires_grad_()
    start = torch.from_numpy(h0.copy()).requires_grad_()
    loss = torch.zeros((), dtype=x.dtype)
    T, B, _ = xs.shape
    for k in range(B):
        states = [start[k]]  # states[t] follows t steps
        n = lengths[k] if lengths is not None else T
        for t in range(n):
            states.append(torch.tanh(x[t, k] @ w[0] + states[-1] @ w[1] + w[2]))
        for t in range(T):
            last = min(t + 1, n)
            first = max(0, last - tau - 1)  # tau Jacobians between tau + 1 steps
            h = states[first].detach() if last > tau else start[k]
            for i in range(first, last):
                h = torch.tanh(x[i, k] @ w[0] + h @ w[1] + w[2])
            dh = dhs[t, k] + (dh_T[k] if t == T - 1 else 0)
            loss = loss + (h * torch.from_numpy(np.asarray(dh))).sum()
    loss.backward()
    dh0 = np.zeros_like(h0) if start.grad is None else start.grad.numpy()
    return x.grad.numpy(), dh0, RNNParams(*(a.grad.numpy() for a in w))


@pytest.mark.parametrize("tau", range(T + 2))
@lengths_or_none
def test_truncated_gradient_equals_a_detached_recursion(tau, lengths):
    xs, p, h0, dhs, dh_T = draw(seed=2)
    cache = rnn_forward(xs, p, h0, lengths)[2]
    got = rnn_backward_truncated(dhs, cache, p, tau, dh_T)
    want = by_detaching(xs, p, h0, dhs, dh_T, tau, lengths)
    assert_near(got, want, 1e-10)


@pytest.mark.parametrize("tau", [T, T + 1, 10 * T])
@lengths_or_none
def test_truncation_no_shorter_than_the_sequence_is_the_full_gradient(tau, lengths):
    xs, p, h0, dhs, dh_T = draw(seed=3)
    cache = rnn_forward(xs, p, h0, lengths)[2]
    got = rnn_backward_truncated(dhs, cache, p, tau, dh_T)
    assert_near(got, rnn_backward(dhs, cache, p, dh_T), 1e-12)


def test_truncation_changes_the_gradient_of_a_longer_sequence():
    xs, p, h0, dhs, _ = draw(seed=3)
    cache = rnn_forward(xs, p, h0)[2]
    short = rnn_backward_truncated(dhs, cache, p, 1)[2].W_h
    whole = rnn_backward(dhs, cache, p)[2].W_h
    assert np.abs(short - whole).max() > 1e-2 * np.abs(whole).max()


# -- the twins ---------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_fast_twin_equals_textbook_twin(data):
    sizes = {k: data.draw(st.integers(1, 6), label=k) for k in "TBDH"}
    xs, p, h0, dhs, dh_T = draw(seed=data.draw(st.integers(0, 99)), **sizes)
    each = st.integers(1, sizes["T"])
    batch = st.lists(each, min_size=sizes["B"], max_size=sizes["B"])
    lengths = data.draw(st.none() | batch)
    hs, h_T, cache = rnn_forward(xs, p, h0, lengths)
    hs_2, h_T_2, caches = rnn_forward_textbook(xs, p, h0, lengths)
    np.testing.assert_allclose(hs, hs_2, rtol=0, atol=1e-12)
    np.testing.assert_allclose(h_T, h_T_2, rtol=0, atol=1e-12)
    fast = rnn_backward(dhs, cache, p, dh_T)
    textbook = rnn_backward_textbook(dhs, caches, p, dh_T)
    for a, b in zip(flat(fast), flat(textbook), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


# -- properties --------------------------------------------------------------------


@twins
@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result(forward, backward, seed, lengths, rubbish):
    xs, p, h0, dhs, dh_T = draw(seed=seed)
    padding = np.arange(T)[:, None] >= np.array(lengths)
    spoilt = xs.copy()
    spoilt[padding] = rubbish
    hs, h_T, cache = forward(xs, p, h0, lengths)
    hs_2, h_T_2, cache_2 = forward(spoilt, p, h0, lengths)
    np.testing.assert_array_equal(hs, hs_2)
    np.testing.assert_array_equal(h_T, h_T_2)
    got, same = backward(dhs, cache, p, dh_T), backward(dhs, cache_2, p, dh_T)
    for a, b in zip(flat(got), flat(same), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not got[0][padding].any()
    for k, n in enumerate(lengths):
        np.testing.assert_array_equal(h_T[k], hs[n - 1, k])


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 99), order=st.permutations(range(B)))
def test_order_of_the_batch_does_not_matter(seed, order):
    xs, p, h0, dhs, dh_T = draw(seed=seed)
    lengths = np.array(LENGTHS)
    hs, h_T, cache = rnn_forward(xs, p, h0, lengths)
    hs_2, h_T_2, cache_2 = rnn_forward(xs[:, order], p, h0[order], lengths[order])
    assert_near([hs[:, order], h_T[order]], [hs_2, h_T_2], 1e-12)
    dxs, dh0, dp = rnn_backward(dhs, cache, p, dh_T)
    shuffled = rnn_backward(dhs[:, order], cache_2, p, dh_T[order])
    assert_near([dxs[:, order], dh0[order], dp], shuffled, 1e-12)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 99), cut=st.integers(1, T - 1))
def test_chunks_with_carried_state_equal_the_whole(seed, cut):
    xs, p, h0, dhs, dh_T = draw(seed=seed)
    hs, h_T, cache = rnn_forward(xs, p, h0)
    hs_a, h_a, cache_a = rnn_forward(xs[:cut], p, h0)
    hs_b, h_b, cache_b = rnn_forward(xs[cut:], p, h_a)
    assert_near([hs, h_T], [np.concatenate([hs_a, hs_b]), h_b], 1e-12)
    dxs_b, dh_a, dp_b = rnn_backward(dhs[cut:], cache_b, p, dh_T)
    dxs_a, dh0, dp_a = rnn_backward(dhs[:cut], cache_a, p, dh_a)
    dp = RNNParams(*(a + b for a, b in zip(dp_a, dp_b, strict=True)))
    together = np.concatenate([dxs_a, dxs_b]), dh0, dp
    assert_near(rnn_backward(dhs, cache, p, dh_T), together, 1e-12)


@twins
@lengths_or_none
def test_float32_stays_float32_and_is_near_float64(forward, backward, lengths):
    xs, p, h0, dhs, dh_T = draw(dtype=np.float32)
    hs, h_T, cache = forward(xs, p, h0, lengths)
    results = [hs, h_T, *flat(backward(dhs, cache, p, dh_T))]
    assert {r.dtype for r in results} == {np.dtype(np.float32)}
    wide = [a.astype(np.float64) for a in (xs, h0, dhs, dh_T)]
    q = RNNParams(*(w.astype(np.float64) for w in p))
    hs, h_T, cache = forward(wide[0], q, wide[1], lengths)
    exact = [hs, h_T, *flat(backward(wide[2], cache, q, wide[3]))]
    for a, b in zip(results, exact, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_truncated_backward_keeps_float32():
    xs, p, h0, dhs, dh_T = draw(dtype=np.float32)
    cache = rnn_forward(xs, p, h0, LENGTHS)[2]
    results = flat(rnn_backward_truncated(dhs, cache, p, 2, dh_T))
    assert {r.dtype for r in results} == {np.dtype(np.float32)}


@twins
def test_one_step_is_the_step(forward, backward):
    xs, p, h0, dhs, _ = draw(T=1)
    hs, h_T, cache = forward(xs, p, h0)
    h, step_cache = rnn_step(xs[0], h0, p)
    assert_near([hs[0], h_T], [h, h], 1e-14)
    dxs, dh0, dp = backward(dhs, cache, p)
    dx, dh_prev, dp_step = rnn_step_backward(dhs[0], step_cache, p)
    assert_near([dxs[0], dh0, dp], [dx, dh_prev, dp_step], 1e-14)


@twins
def test_an_empty_batch_gives_empty_states_and_zero_gradients(forward, backward):
    xs, p, _, dhs, _ = draw(B=0)
    hs, h_T, cache = forward(xs, p, lengths=[])
    assert hs.shape == (T, 0, H)
    assert h_T.shape == (0, H)
    dxs, dh0, dp = backward(dhs, cache, p)
    assert dxs.shape == (T, 0, D)
    assert dh0.shape == (0, H)
    assert not any(w.any() for w in dp)


@twins
@lengths_or_none
def test_arguments_are_not_changed_and_results_are_the_callers(
    forward, backward, lengths
):
    xs, p, h0, dhs, dh_T = draw()
    given = [xs, h0, dhs, dh_T, *p]
    before = [a.copy() for a in given]
    hs, h_T, cache = forward(xs, p, h0, lengths)
    want = [a.copy() for a in flat(backward(dhs, cache, p, dh_T))]
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)
    hs[:] = 0  # what the caller does with the states is no business of the cache
    for a, b in zip(flat(backward(dhs, cache, p, dh_T)), want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_init_draws_within_its_bound_and_repeats_with_its_seed():
    p = init_rnn(D, 400, rng=np.random.default_rng(0))
    bound = 400**-0.5
    for w in (p.W_x, p.W_h):
        assert 0.99 * bound < np.abs(w).max() <= bound
    np.testing.assert_allclose(p.W_h.std(), bound / 3**0.5, rtol=0.01)
    assert not p.b.any()
    again = init_rnn(D, 400, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(p.W_h, again.W_h)


# -- relu --------------------------------------------------------------------------


@twins
def test_relu_by_hand(forward, backward):
    p = RNNParams(np.array([[2.0]]), np.array([[0.5]]), np.array([-1.0]))
    xs = np.array([[[2.0]], [[-1.0]], [[1.0]]])
    hs, _, cache = forward(xs, p, nonlinearity="relu")
    # a = 4 - 1 = 3, then -2 - 1 + 1.5 < 0, then 2 - 1 + 0 = 1
    np.testing.assert_array_equal(hs.ravel(), [3, 0, 1])
    dxs, dh0, dp = backward(np.ones_like(hs), cache, p)
    np.testing.assert_array_equal(dxs.ravel(), [2, 0, 2])  # nothing passes a zero
    np.testing.assert_array_equal(dh0, [[0.5]])
    np.testing.assert_array_equal(dp.b, [2])
    np.testing.assert_array_equal(dp.W_x, [[2 + 1]])


@twins
@lengths_or_none
def test_relu_agrees_with_differences_and_torch(forward, backward, lengths):
    xs, p, h0, dhs, dh_T = draw(seed=5)
    hs, h_T, cache = forward(xs, p, h0, lengths, nonlinearity="relu")
    dxs, dh0, dp = backward(dhs, cache, p, dh_T)
    module = module_from_params(p, nonlinearity="relu")
    x, start = (torch.from_numpy(a.copy()).requires_grad_() for a in (xs, h0))
    want = module(x, start, lengths)
    torch.autograd.backward(want, [torch.from_numpy(dhs), torch.from_numpy(dh_T)])
    assert_near([hs, h_T], [a.detach().numpy() for a in want], 1e-10)
    grads = [x.grad, start.grad, *(w.grad for w in module.parameters())]
    assert_near([dxs, dh0, dp], [g.numpy() for g in grads], 1e-10)
    params = {"xs": xs, "h0": h0, **p._asdict()}

    def loss(q):
        weights = RNNParams(q["W_x"], q["W_h"], q["b"])
        hs, h_T, _ = forward(q["xs"], weights, q["h0"], lengths, nonlinearity="relu")
        return math.fsum([*(hs * dhs).ravel(), *(h_T * dh_T).ravel()])

    check_gradient(loss, params, {"xs": dxs, "h0": dh0, **dp._asdict()}, tol=1e-7)


@twins
def test_relu_equals_torch_nn(forward, backward):
    xs, p, h0, *_ = draw(seed=6)
    layer = torch.nn.RNN(D, H, nonlinearity="relu").double()
    layer.load_state_dict(rnn_to_torch(p).state_dict())
    want, _ = layer(torch.from_numpy(xs), torch.from_numpy(h0)[None])
    hs, _, _ = forward(xs, p, h0, nonlinearity="relu")
    assert_near([hs], [want.detach().numpy()], 1e-10)


def test_truncated_backward_remembers_relu():
    xs, p, h0, dhs, dh_T = draw(seed=7)
    cache = rnn_forward(xs, p, h0, LENGTHS, nonlinearity="relu")[2]
    whole = rnn_backward(dhs, cache, p, dh_T)
    assert_near(rnn_backward_truncated(dhs, cache, p, T, dh_T), whole, 1e-12)


@pytest.mark.parametrize(
    "read",
    [
        lambda **o: rnn_forward(*draw()[:2], **o),
        lambda **o: rnn_forward_textbook(*draw()[:2], **o),
        lambda **o: rnn_step(draw()[0][0], draw()[2], draw()[1], **o),
    ],
    ids=["fast", "textbook", "step"],
)
def test_an_unknown_nonlinearity_is_named(read):
    with pytest.raises(ValueError, match="nonlinearity must be one of 'tanh', 'relu'"):
        read(nonlinearity="sigmoid")


# -- bad input ---------------------------------------------------------------------

XS, P, H0, DHS, DH_T = draw()
CACHE, CACHES = rnn_forward(XS, P)[2], rnn_forward_textbook(XS, P)[2]
STEP = rnn_step(XS[0], H0, P)[1]
NAN = XS.copy()
NAN[2, 1, 0] = np.nan
LAYER = [
    ((XS[0], P), ValueError, r"xs must have shape \(T, B, D=3\), got \(4, 3\)"),
    ((XS[..., :2], P), ValueError, r"xs must have shape .* got \(7, 4, 2\)"),
    ((XS[:0], P), ValueError, "xs must have at least one time step, got T=0"),
    ((XS.tolist(), P), TypeError, "xs must be an array, got list"),
    ((XS.astype(int), P), TypeError, "xs must be float32 or float64, got int64"),
    ((NAN, P), ValueError, r"xs must be finite, got nan at \(2, 1, 0\)"),
    ((XS.astype(np.float32), P), TypeError, "W_x must be float32 .* got float64"),
    ((XS, tuple(P)), TypeError, "p must be RNNParams, got tuple"),
    ((XS, P._replace(W_h=P.W_h[:3])), ValueError, r"p.W_h .*H=5.* got \(3, 5\)"),
    ((XS, P._replace(b=P.b[:3])), ValueError, r"p.b must have shape \(H=5,\)"),
    ((XS, P, H0[:2]), ValueError, r"h0 must have shape \(B=4, H=5\), got \(2, 5\)"),
    ((XS, P, H0.astype(np.float32)), TypeError, "h0 must be float64 .* float32"),
    ((XS, P, None, [7, 3, 1]), ValueError, r"lengths must have shape \(B=4,\)"),
    ((XS, P, None, [7, 3, 0, 5]), ValueError, r"lengths must lie in 1..7, got 0"),
    ((XS, P, None, [7, 3, 8, 5]), ValueError, r"lengths must lie in 1..7, got 8"),
    ((XS, P, None, [7, 3, 1.5, 5]), TypeError, "lengths must be whole .* float64"),
]
BACKWARD = [
    ({"dhs": DHS[1:]}, ValueError, r"dhs must have shape \(T=7, B=4, H=5\)"),
    ({"dhs": DHS.astype(np.float32)}, TypeError, "dhs must be float64 .* float32"),
    ({"dh_T": DH_T[1:]}, ValueError, r"dh_T must have shape \(B=4, H=5\)"),
    ({"dh_T": DH_T.astype(np.float32)}, TypeError, "dh_T must be float64"),
    ({"p": init_rnn(2, H, rng=np.random.default_rng(0))}, ValueError, "p"),
]


@pytest.mark.parametrize("forward", [rnn_forward, rnn_forward_textbook])
@pytest.mark.parametrize(("arguments", "error", "message"), LAYER)
def test_forward_names_what_does_not_fit(forward, arguments, error, message):
    with pytest.raises(error, match=message):
        forward(*arguments)


@pytest.mark.parametrize(
    ("backward", "cache"),
    [
        (rnn_backward, CACHE),
        (rnn_backward_textbook, CACHES),
        (lambda a, b, c, d: rnn_backward_truncated(a, b, c, 2, d), CACHE),
    ],
    ids=["fast", "textbook", "truncated"],
)
@pytest.mark.parametrize(("changed", "error", "message"), BACKWARD)
def test_backward_names_what_does_not_fit(backward, cache, changed, error, message):
    arguments = {"dhs": DHS, "cache": cache, "p": P, "dh_T": None, **changed}
    with pytest.raises(error, match=message):
        backward(*arguments.values())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: rnn_backward(DHS, CACHES, P), TypeError, "cache .* got list"),
        (
            lambda: rnn_backward_textbook(DHS, CACHE, P),
            TypeError,
            "caches .* got RNNLayerCache",
        ),
        (
            lambda: rnn_backward_truncated(DHS, CACHE, P, -1),
            ValueError,
            "tau must be at least 0, got -1",
        ),
        (
            lambda: rnn_backward_truncated(DHS, CACHE, P, 1.5),
            TypeError,
            "tau must be a whole number, got 1.5",
        ),
        (lambda: rnn_step(XS, H0, P), ValueError, r"x must have shape \(B, D=3\)"),
        (lambda: rnn_step(XS[0].astype(int), H0, P), TypeError, "x must be float32"),
        (lambda: rnn_step(XS[0], H0[1:], P), ValueError, r"h_prev .* got \(3, 5\)"),
        (
            lambda: rnn_step(XS[0], H0.astype(np.float32), P),
            TypeError,
            "h_prev must be float64",
        ),
        (lambda: rnn_step_backward(DHS, STEP, P), ValueError, "dh must have shape"),
        (
            lambda: rnn_step_backward(H0.astype(np.float32), STEP, P),
            TypeError,
            "dh must be float64",
        ),
        (lambda: rnn_step_backward(H0, CACHE, P), TypeError, "cache .* RNNLayerCache"),
        (lambda: init_rnn(0, 2, rng=None), ValueError, "D must be at least 1, got 0"),
        (lambda: init_rnn(1, 2.0, rng=None), TypeError, "H must be a whole number"),
        (lambda: init_rnn(1, 2, rng=7), TypeError, "rng must be .* got int"),
        (
            lambda: init_rnn(1, 2, rng=np.random.default_rng(0), dtype=int),
            TypeError,
            "dtype must be float32 or float64, got <class 'int'>",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

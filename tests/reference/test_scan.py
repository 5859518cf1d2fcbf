"""The scan against its loop; minGRU and minLSTM against hand, differences, torch."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.nn.scan import MinGRU, MinLSTM
from rnncourse.reference import min_gru, min_lstm
from rnncourse.reference.gradcheck import check_gradient, relative_error
from rnncourse.reference.min_gru import MinGRUParams, init_min_gru, min_gru_forward
from rnncourse.reference.min_lstm import MinLSTMParams, init_min_lstm, min_lstm_forward
from rnncourse.reference.rnn import init_rnn, rnn_forward
from rnncourse.reference.scan import linear_loop, linear_scan, linear_scan_backward

T, B, D, H = 6, 4, 3, 5
LENGTHS = [6, 2, 1, 4]
METHODS = ["blelloch", "hillis-steele"]
each_method = pytest.mark.parametrize("method", METHODS)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


class Cell:
    """The public functions of one module, by their short names."""

    def __init__(self, module, name, twin):
        self.name, self.twin_type = name, twin
        self.init = getattr(module, f"init_{name}")
        self.step = getattr(module, f"{name}_step")
        self.step_backward = getattr(module, f"{name}_step_backward")
        self.forward = getattr(module, f"{name}_forward")
        self.backward = getattr(module, f"{name}_backward")
        self.textbook_forward = getattr(module, f"{name}_forward_textbook")
        self.textbook_backward = getattr(module, f"{name}_backward_textbook")

    def draw(self, *, seed=0, T=T, B=B, D=D, H=H, dtype=np.float64):
        rng = np.random.default_rng(seed)
        p = self.init(D, H, rng=rng, dtype=dtype)
        p = type(p)(*((w + rng.normal(size=w.shape)).astype(dtype) for w in p))
        shapes = (T, B, D), (B, H), (T, B, H), (B, H)
        xs, h0, dhs, dh_T = (rng.normal(size=s).astype(dtype) for s in shapes)
        return xs, p, h0, dhs, dh_T

    def twin(self, p):
        module = self.twin_type(*p[0].shape).double()
        module.load_state_dict({n: torch.from_numpy(w) for n, w in p._asdict().items()})
        return module


CELLS = [Cell(min_gru, "min_gru", MinGRU), Cell(min_lstm, "min_lstm", MinLSTM)]
each_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.name)
TWINS = [("forward", "backward"), ("textbook_forward", "textbook_backward")]
each_twin = pytest.mark.parametrize("twin", TWINS, ids=["scan", "loop"])


def flat(results):
    for r in results:
        if isinstance(r, tuple):
            yield from r
        else:
            yield r


def assert_near(got, want, tol):
    for a, b in zip(flat(got), flat(want), strict=True):
        assert a.shape == b.shape
        assert relative_error(a, b).max(initial=0) <= tol


# -- the scan ----------------------------------------------------------------------


@each_method
def test_three_steps_of_a_scan_by_hand(method):
    a, b = np.array([0.5, 0.25, 0.5]), np.array([1.0, 2.0, 3.0])
    # h = 0.5 · 4 + 1 = 3, 0.25 · 3 + 2 = 2.75, 0.5 · 2.75 + 3 = 4.375
    hs = linear_scan(a, b, np.array(4.0), method=method)
    np.testing.assert_array_equal(hs, [3.0, 2.75, 4.375])
    # L = h_1 + h_3: db_3 = 1, db_2 = 0.5, db_1 = 1 + 0.25 · 0.5 = 1.125
    dhs = np.array([1.0, 0.0, 1.0])
    da, db, dh0 = linear_scan_backward(dhs, a, hs, np.array(4.0), method=method)
    np.testing.assert_array_equal(db, [1.125, 0.5, 1.0])
    np.testing.assert_array_equal(da, [4.5, 1.5, 2.75])  # db times h before
    np.testing.assert_array_equal(dh0, 0.5625)


@each_method
@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 99),
    n=st.integers(1, 40) | st.sampled_from([64, 65, 127, 128, 129]),
    shape=st.sampled_from([(), (3,), (2, 3), (0, 3)]),
    start=st.booleans(),
    edge=st.sampled_from([None, 0.0, 1.0, 1e-300]),
)
def test_scan_equals_loop(method, seed, n, shape, start, edge):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 1, size=(n, *shape)), rng.normal(size=(n, *shape))
    if edge is not None:
        a[rng.uniform(size=a.shape) < 0.5] = edge
    h0 = rng.normal(size=shape) if start else None
    want = linear_loop(a, b, h0)
    got = linear_scan(a, b, h0, method=method)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 9, 16, 31])
@each_method
def test_scan_backward_agrees_with_central_differences(method, n):
    rng = np.random.default_rng(n)
    q = {"a": rng.uniform(0.1, 0.9, size=(n, 2)), "b": rng.normal(size=(n, 2))}
    q["h0"] = rng.normal(size=2)
    dhs = rng.normal(size=(n, 2))
    hs = linear_scan(**q, method=method)

    def loss(q):
        return ((linear_scan(**q, method=method) - hs) * dhs).sum()

    grads = linear_scan_backward(dhs, q["a"], hs, q["h0"], method=method)
    check_gradient(loss, q, dict(zip(("a", "b", "h0"), grads, strict=True)))


@each_method
@pytest.mark.parametrize("n", [1, 5, 8])
def test_scan_backward_agrees_with_autograd_of_the_loop(method, n):
    rng = np.random.default_rng(0)
    a, b, dhs = rng.uniform(0, 1, (n, B)), *rng.normal(size=(2, n, B))
    tensors = [torch.tensor(x, requires_grad=True) for x in (a, b)]
    h, states = torch.zeros(B, dtype=torch.float64, requires_grad=True), []
    start = h
    for t in range(n):
        h = tensors[0][t] * h + tensors[1][t]
        states.append(h)
    torch.stack(states).backward(torch.from_numpy(dhs))
    got = linear_scan_backward(dhs, a, linear_scan(a, b), method=method)
    assert_near(got, [x.grad.numpy() for x in (*tensors, start)], 1e-10)


def test_scan_of_ten_thousand_small_factors_neither_overflows_nor_divides_by_zero():
    a, b = np.full(10_000, 1e-3), np.ones(10_000)  # the product of all is 1e-30000
    for method in METHODS:
        hs = linear_scan(a, b, method=method)
        np.testing.assert_allclose(hs[3:], 1 / (1 - 1e-3), rtol=1e-9)


@each_method
def test_scan_keeps_float32_and_its_arguments_and_gives_its_own_arrays(method):
    a, b, dhs = np.random.default_rng(0).uniform(size=(3, 1, 4)).astype(np.float32)
    before = [x.copy() for x in (a, b, dhs)]
    hs = linear_scan(a, b, method=method)
    results = [hs, *linear_scan_backward(dhs, a, hs, method=method)]
    assert {r.dtype for r in results} == {np.dtype(np.float32)}
    for r in results:
        assert not any(np.shares_memory(r, x) for x in (a, b, dhs))
    for x, y in zip((a, b, dhs), before, strict=True):
        np.testing.assert_array_equal(x, y)


A, NAN = np.full((3, 2), 0.5), np.array([[1.0, 1.0], [np.nan, 1.0], [1.0, 1.0]])
SMALL = A.astype(np.float32)


@pytest.mark.parametrize("scan", [linear_loop, linear_scan])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((A[:0], A[:0]), ValueError, r"a must have at least one .* shape \(0, 2\)"),
        ((np.array(1.0), A), ValueError, r"a must have at least one .* shape \(\)"),
        ((A.tolist(), A), TypeError, "a must be an array, got list"),
        ((A.astype(int), A), TypeError, "a must be float32 or float64, got int64"),
        ((A, A[1:]), ValueError, r"b must have shape \(3, 2\) like a, got \(2, 2\)"),
        ((A, SMALL), TypeError, "b must be float64 like its partners, got float32"),
        ((NAN, A), ValueError, r"a must be finite, got nan at \(1, 0\)"),
        ((A, NAN), ValueError, r"b must be finite, got nan at \(1, 0\)"),
        ((A, A, A), ValueError, r"h0 must have shape \(2,\), got \(3, 2\)"),
        ((A, A, SMALL[0]), TypeError, "h0 must be float64 .* got float32"),
    ],
)
def test_scan_names_what_does_not_fit(scan, arguments, error, message):
    with pytest.raises(error, match=message):
        scan(*arguments)


def test_scan_backward_names_what_does_not_fit():
    with pytest.raises(ValueError, match="method must be one of 'blelloch', 'hillis"):
        linear_scan(A, A, method="fast")
    with pytest.raises(ValueError, match="method must be one of .* got 'fast'"):
        linear_scan_backward(A, A, A, method="fast")
    with pytest.raises(ValueError, match=r"dhs must have shape \(3, 2\) like a"):
        linear_scan_backward(A[1:], A, A)
    with pytest.raises(ValueError, match=r"hs must have shape \(3, 2\) like a"):
        linear_scan_backward(A, A, A[1:])


# -- by hand -----------------------------------------------------------------------
# σ(log 3) = 3/4, so gates are quarters where their input is log 3

ONE, LOG3 = np.array([[1.0]]), np.array([math.log(3)])


@each_twin
def test_two_steps_of_a_min_gru_by_hand(twin):
    cell = CELLS[0]
    p = MinGRUParams(np.zeros((1, 1)), LOG3, ONE, np.zeros(1))
    # z = 3/4 and ñ = x: h_1 = 3/4 · 2 = 1.5, h_2 = 1/4 · 1.5 + 3/4 · 4 = 3.375
    xs = np.array([[[2.0]], [[4.0]]])
    hs, h_T, cache = getattr(cell, twin[0])(xs, p)
    np.testing.assert_allclose(hs.ravel(), [1.5, 3.375], rtol=1e-14)
    np.testing.assert_array_equal(h_T, hs[-1])
    # L = h_2: dz_2 = 4 - 1.5 = 2.5, dñ_2 = 3/4, dh_1 = 1/4, dz_1 = 1/4 · 2 = 0.5
    dhs = np.array([[[0.0]], [[1.0]]])
    dxs, dh0, dp = getattr(cell, twin[1])(dhs, cache, p)
    np.testing.assert_allclose(dxs.ravel(), [3 / 16, 3 / 4], rtol=1e-14)
    np.testing.assert_allclose(dh0, [[1 / 16]], rtol=1e-14)
    np.testing.assert_allclose(dp.b_z, [3 * 3 / 16], rtol=1e-14)  # σ' = 3/16
    np.testing.assert_allclose(dp.b_n, [15 / 16], rtol=1e-14)
    np.testing.assert_allclose(dp.W_z, [[3 / 16 * (2.5 * 4 + 0.5 * 2)]], rtol=1e-14)
    np.testing.assert_allclose(dp.W_n, [[3 / 4 * 4 + 3 / 16 * 2]], rtol=1e-14)


@each_twin
def test_two_steps_of_a_min_lstm_by_hand(twin):
    cell = CELLS[1]
    # f = 3/4 and i = 1/4, which add up to 1: f' = 3/4, i' = 1/4, ñ = x
    zero = np.zeros((1, 1))
    p = MinLSTMParams(zero, LOG3, zero, -LOG3, ONE, np.zeros(1))
    xs = np.array([[[4.0]], [[8.0]]])
    hs, _, cache = getattr(cell, twin[0])(xs, p)
    # h_1 = 1/4 · 4 = 1, h_2 = 3/4 · 1 + 1/4 · 8 = 2.75
    np.testing.assert_allclose(hs.ravel(), [1.0, 2.75], rtol=1e-14)
    # L = h_2: df' - di' is 1 - 8 = -7 at step 2, and 3/4 (0 - 4) = -3 at step 1;
    # d(f')/d(a_f) = 3/16 (1 - f) = 3/64, d(f')/d(a_i) = -3/16 (1 - i) = -9/64
    dhs = np.array([[[0.0]], [[1.0]]])
    dxs, dh0, dp = getattr(cell, twin[1])(dhs, cache, p)
    np.testing.assert_allclose(dxs.ravel(), [3 / 16, 1 / 4], rtol=1e-14)
    np.testing.assert_allclose(dh0, [[9 / 16]], rtol=1e-14)
    np.testing.assert_allclose(dp.b_f, [-10 * 3 / 64], rtol=1e-14)
    np.testing.assert_allclose(dp.b_i, [10 * 9 / 64], rtol=1e-14)
    np.testing.assert_allclose(dp.b_n, [7 / 16], rtol=1e-14)


# -- central differences and torch -------------------------------------------------


@each_cell
def test_step_backward_agrees_with_central_differences(cell):
    xs, p, h0, dhs, _ = cell.draw()
    params = {"x": xs[0], "h_prev": h0, **p._asdict()}

    def loss(q):
        w = type(p)(*(q[n] for n in p._fields))
        return (cell.step(q["x"], q["h_prev"], w)[0] * dhs[0]).sum()

    cache = cell.step(xs[0], h0, p)[1]
    dx, dh_prev, dp = cell.step_backward(dhs[0], cache, p)
    check_gradient(loss, params, {"x": dx, "h_prev": dh_prev, **dp._asdict()})


@each_cell
@each_twin
@lengths_or_none
def test_backward_agrees_with_central_differences(cell, twin, lengths):
    xs, p, h0, dhs, dh_T = cell.draw()
    params = {"xs": xs, "h0": h0, **p._asdict()}
    forward, backward = (getattr(cell, name) for name in twin)
    hs_0, h_T_0, cache = forward(xs, p, h0, lengths)

    def loss(q):  # near 0, so that its rounding hides no small entry
        w = type(p)(*(q[n] for n in p._fields))
        hs, h_T, _ = forward(q["xs"], w, q["h0"], lengths)
        return ((hs - hs_0) * dhs).sum() + ((h_T - h_T_0) * dh_T).sum()

    dxs, dh0, dp = backward(dhs, cache, p, dh_T)
    check_gradient(loss, params, {"xs": dxs, "h0": dh0, **dp._asdict()}, tol=1e-7)


@each_cell
@each_twin
@lengths_or_none
def test_layer_agrees_with_autograd_of_the_loop_in_torch(cell, twin, lengths):
    xs, p, h0, dhs, dh_T = cell.draw(seed=1)
    module = cell.twin(p)
    x, start = (torch.tensor(a, requires_grad=True) for a in (xs, h0))
    want = module(x, start, lengths, parallel=False)
    torch.autograd.backward(want, [torch.from_numpy(d) for d in (dhs, dh_T)])
    hs, h_T, cache = getattr(cell, twin[0])(xs, p, h0, lengths)
    assert_near([hs, h_T], [w.detach().numpy() for w in want], 1e-10)
    got = getattr(cell, twin[1])(dhs, cache, p, dh_T)
    grads = type(p)(*(getattr(module, n).grad.numpy() for n in p._fields))
    assert_near(got, [x.grad.numpy(), start.grad.numpy(), grads], 1e-10)


# -- properties --------------------------------------------------------------------


@each_cell
@settings(deadline=None, max_examples=40)
@given(st.data())
def test_scan_of_a_layer_equals_its_loop(cell, data):
    sizes = {k: data.draw(st.integers(1, 5), label=k) for k in "BDH"}
    sizes["T"] = data.draw(st.integers(1, 20) | st.sampled_from([32, 33]), label="T")
    xs, p, h0, dhs, dh_T = cell.draw(seed=data.draw(st.integers(0, 99)), **sizes)
    each = st.integers(1, sizes["T"])
    batch = st.lists(each, min_size=sizes["B"], max_size=sizes["B"])
    lengths = data.draw(st.none() | batch)
    results = []
    for forward, backward in (
        (cell.forward, cell.backward),
        (cell.textbook_forward, cell.textbook_backward),
    ):
        hs, h_T, cache = forward(xs, p, h0, lengths)
        results.append([hs, h_T, *flat(backward(dhs, cache, p, dh_T))])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 99),
    size=st.sampled_from([0.1, 1.0, 30.0, 1e3]),
    sign=st.sampled_from([-1, 1]),
)
def test_shares_of_a_min_lstm_add_up_to_one_even_of_closed_gates(seed, size, sign):
    xs, p, h0, _, _ = CELLS[1].draw(seed=seed)
    p = p._replace(b_f=p.b_f + sign * size, b_i=p.b_i + sign * size)
    _, cache = CELLS[1].step(xs[0], h0, p)
    parts = cache.parts
    np.testing.assert_allclose(parts.f_share + parts.i_share, 1, rtol=1e-15)
    if size <= 1:  # where the quotient itself is safe
        f, i = 1 - parts.f_rest, 1 - parts.i_rest
        np.testing.assert_allclose(parts.f_share, f / (f + i), rtol=1e-12)


def test_min_lstm_is_the_min_gru_with_a_gate_of_its_shares():
    xs, p, h0, _, _ = CELLS[1].draw()
    # with i = f both take a half, as a gate z = σ(0) = 1/2
    q = p._replace(W_i=p.W_f, b_i=p.b_f)
    gru = MinGRUParams(0 * p.W_f, 0 * p.b_f, p.W_n, p.b_n)
    want = min_gru_forward(xs, gru, h0)[0]
    np.testing.assert_allclose(min_lstm_forward(xs, q, h0)[0], want, rtol=1e-13)


@each_cell
@each_twin
@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result(cell, twin, seed, lengths, rubbish):
    xs, p, h0, dhs, dh_T = cell.draw(seed=seed)
    forward, backward = (getattr(cell, name) for name in twin)
    padding = np.arange(T)[:, None] >= np.array(lengths)
    spoilt = xs.copy()
    spoilt[padding] = rubbish
    results = []
    for inputs in (xs, spoilt):
        hs, h_T, cache = forward(inputs, p, h0, lengths)
        results.append([hs, h_T, *flat(backward(dhs, cache, p, dh_T))])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
    hs, h_T, dxs, *_ = results[0]
    assert not dxs[padding].any()
    for k, n in enumerate(lengths):
        np.testing.assert_array_equal(h_T[k], hs[n - 1, k])


@each_cell
def test_a_finished_sequence_keeps_its_state_to_the_last_bit(cell):
    xs, p, h0, _, _ = cell.draw(T=45, B=20)
    lengths = np.arange(1, 41, 2)
    hs, h_T, _ = cell.forward(xs, p, h0, lengths)
    for k, n in enumerate(lengths):
        np.testing.assert_array_equal(
            hs[n:, k], np.broadcast_to(hs[n - 1, k], (45 - n, H))
        )
        np.testing.assert_array_equal(h_T[k], hs[n - 1, k])


@each_cell
@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 99), cut=st.integers(1, T - 1))
def test_chunks_with_carried_state_equal_the_whole(cell, seed, cut):
    xs, p, h0, dhs, dh_T = cell.draw(seed=seed)
    hs, h_T, cache = cell.forward(xs, p, h0)
    hs_a, h_a, cache_a = cell.forward(xs[:cut], p, h0)
    hs_b, h_b, cache_b = cell.forward(xs[cut:], p, h_a)
    assert_near([hs, h_T], [np.concatenate([hs_a, hs_b]), h_b], 1e-11)
    dxs_b, dh_a, dp_b = cell.backward(dhs[cut:], cache_b, p, dh_T)
    dxs_a, dh0, dp_a = cell.backward(dhs[:cut], cache_a, p, dh_a)
    dp = type(p)(*(a + b for a, b in zip(dp_a, dp_b, strict=True)))
    together = np.concatenate([dxs_a, dxs_b]), dh0, dp
    assert_near(cell.backward(dhs, cache, p, dh_T), together, 1e-10)


@each_cell
@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 99), order=st.permutations(range(B)))
def test_order_of_the_batch_does_not_matter(cell, seed, order):
    xs, p, h0, dhs, _ = cell.draw(seed=seed)
    lengths = np.array(LENGTHS)
    hs, _, cache = cell.forward(xs, p, h0, lengths)
    hs_2, _, cache_2 = cell.forward(xs[:, order], p, h0[order], lengths[order])
    dxs, dh0, dp = cell.backward(dhs, cache, p)
    want = cell.backward(dhs[:, order], cache_2, p)
    assert_near([hs[:, order], dxs[:, order], dh0[order], dp], [hs_2, *want], 1e-11)


@each_cell
@each_twin
@lengths_or_none
def test_float32_stays_float32_and_is_near_float64(cell, twin, lengths):
    forward, backward = (getattr(cell, name) for name in twin)
    xs, p, h0, dhs, dh_T = cell.draw(dtype=np.float32)
    hs, h_T, cache = forward(xs, p, h0, lengths)
    results = [hs, h_T, *flat(backward(dhs, cache, p, dh_T))]
    assert {r.dtype for r in results} == {np.dtype(np.float32)}
    wide = [a.astype(np.float64) for a in (xs, h0, dhs, dh_T)]
    q = type(p)(*(w.astype(np.float64) for w in p))
    hs, h_T, cache = forward(wide[0], q, wide[1], lengths)
    exact = [hs, h_T, *flat(backward(wide[2], cache, q, wide[3]))]
    for a, b in zip(results, exact, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@each_cell
@each_twin
def test_an_empty_batch_and_one_step_work(cell, twin):
    forward, backward = (getattr(cell, name) for name in twin)
    xs, p, h0, dhs, _ = cell.draw(B=0)
    hs, h_T, cache = forward(xs, p, lengths=[])
    assert (hs.shape, h_T.shape) == ((T, 0, H), (0, H))
    dxs, dh0, dp = backward(dhs, cache, p)
    assert (dxs.shape, dh0.shape) == ((T, 0, D), (0, H))
    assert not any(w.any() for w in dp)
    xs, p, h0, dhs, _ = cell.draw(T=1)
    hs, h_T, cache = forward(xs, p, h0)
    h, step_cache = cell.step(xs[0], h0, p)
    assert_near([hs[0], h_T], [h, h], 1e-14)
    dxs, dh0, dp = backward(dhs, cache, p)
    assert_near([dxs[0], dh0, dp], cell.step_backward(dhs[0], step_cache, p), 1e-13)


@each_cell
@each_twin
def test_arguments_are_not_changed_and_results_are_the_callers(cell, twin):
    forward, backward = (getattr(cell, name) for name in twin)
    xs, p, h0, dhs, dh_T = cell.draw()
    arguments = [xs, h0, dhs, dh_T, *p]
    before = [a.copy() for a in arguments]
    hs, h_T, cache = forward(xs, p, h0)
    want = [a.copy() for a in flat(backward(dhs, cache, p, dh_T))]
    for a, b in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(a, b)
    hs[:] = h_T[:] = 0
    for a, b in zip(flat(backward(dhs, cache, p, dh_T)), want, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("init", [init_min_gru, init_min_lstm])
def test_init_draws_within_its_bound_and_repeats_with_its_seed(init):
    p, again = (init(16, 400, rng=np.random.default_rng(0)) for _ in range(2))
    for name, w in p._asdict().items():
        np.testing.assert_array_equal(w, getattr(again, name))
        if name.startswith("W"):
            assert 0.99 / 4 < np.abs(w).max() <= 1 / 4
        else:
            assert not w.any()


# -- bad input ---------------------------------------------------------------------


@each_cell
def test_errors_name_argument_expectation_and_fact(cell):
    xs, p, h0, dhs, dh_T = cell.draw()
    small = h0.astype(np.float32)
    nan = np.where(np.arange(D) == 1, np.nan, xs)
    kind = type(p).__name__
    rng = np.random.default_rng(0)
    other = rnn_forward(xs, init_rnn(D, H, rng=rng))[2]
    layer = [
        ((xs[0], p), ValueError, r"xs must have shape \(T, B, D=3\), got \(4, 3\)"),
        ((xs[:0], p), ValueError, "xs must have at least one time step, got T=0"),
        ((xs.tolist(), p), TypeError, "xs must be an array, got list"),
        ((nan, p), ValueError, r"xs must be finite, got nan at \(0, 0, 1\)"),
        ((xs.astype(np.float32), p), TypeError, "p.W_. must be float32 .* float64"),
        ((xs, tuple(p)), TypeError, f"p must be {kind}, got tuple"),
        ((xs, p._replace(W_n=p.W_n[1:])), ValueError, r"p.W_n .* got \(2, 5\)"),
        ((xs, p, h0[1:]), ValueError, r"h0 must have shape \(B=4, H=5\), got"),
        ((xs, p, small), TypeError, "h0 must be float64 .* float32"),
        ((xs, p, None, [1, 2]), ValueError, r"lengths must have shape \(B=4,\)"),
        ((xs, p, None, [6, 2, 7, 4]), ValueError, "lengths must lie in 1..6, got 7"),
    ]
    for forward in (cell.forward, cell.textbook_forward):
        for arguments, error, message in layer:
            with pytest.raises(error, match=message):
                forward(*arguments)
    for forward, backward in (
        (cell.forward, cell.backward),
        (cell.textbook_forward, cell.textbook_backward),
    ):
        cache = forward(xs, p)[2]
        for changed, error, message in [
            ({"dhs": dhs[1:]}, ValueError, r"dhs must have shape \(T=6, B=4, H=5\)"),
            ({"dhs": dhs.astype(np.float32)}, TypeError, "dhs must be float64"),
            ({"dh_T": dh_T[1:]}, ValueError, r"dh_T must have shape \(B=4, H=5\)"),
            ({"dh_T": small}, TypeError, "dh_T must be float64 .* float32"),
            ({"cache": other}, TypeError, f"{cell.name}_forward, got RNNLayerCache"),
            ({"p": p._replace(W_n=p.W_n[1:])}, ValueError, r"p.W_n must .*D=3, H=5"),
        ]:
            arguments = {"dhs": dhs, "cache": cache, "p": p, "dh_T": None, **changed}
            with pytest.raises(error, match=message):
                backward(*arguments.values())
    with pytest.raises(ValueError, match=r"h_prev must have shape \(B=4, H=5\)"):
        cell.step(xs[0], h0[1:], p)
    with pytest.raises(TypeError, match=f"cache must come from {cell.name}_step"):
        cell.step_backward(dhs[0], [], p)
    with pytest.raises(ValueError, match=r"dh must have shape \(B=4, H=5\)"):
        cell.step_backward(dhs, cell.step(xs[0], h0, p)[1], p)
    with pytest.raises(ValueError, match="H must be at least 1, got 0"):
        cell.init(D, 0, rng=rng)
    with pytest.raises(TypeError, match="rng must be a numpy Generator, got int"):
        cell.init(D, H, rng=0)

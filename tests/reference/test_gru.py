"""The GRU against numbers by hand, differences, torch and itself."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.nn.convert import gru_to_kind, gru_to_torch, module_from_params
from rnncourse.reference.gradcheck import check_gradient, relative_error
from rnncourse.reference.gru import (
    GRUParams,
    flip_z,
    gru_backward,
    gru_backward_textbook,
    gru_forward,
    gru_forward_textbook,
    gru_step,
    gru_step_backward,
    init_gru,
)

T, B, D, H = 7, 4, 3, 5  # all different, on purpose
LENGTHS = [7, 3, 1, 5]
TWINS = {
    "fast": (gru_forward, gru_backward),
    "textbook": (gru_forward_textbook, gru_backward_textbook),
}
KINDS = [
    {"reset": reset, "z_keeps": z_keeps}
    for reset, z_keeps in itertools.product(("after", "before"), (True, False))
]
twins = pytest.mark.parametrize(
    ("forward", "backward"), TWINS.values(), ids=TWINS.keys()
)
kinds = pytest.mark.parametrize(
    "kind", KINDS, ids=lambda k: f"{k['reset']}-{'keep' if k['z_keeps'] else 'new'}"
)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(*, seed=0, reset="after", T=T, B=B, D=D, H=H, dtype=np.float64):
    """Return inputs, weights (with biases), first state and two gradients."""
    rng = np.random.default_rng(seed)
    p = init_gru(D, H, rng=rng, dtype=dtype)
    b, b_hn = (rng.normal(size=w.shape).astype(dtype) for w in (p.b, p.b_hn))
    p = p._replace(b=b, b_hn=b_hn if reset == "after" else 0 * b_hn)
    shapes = (T, B, D), (B, H), (T, B, H), (B, H)
    xs, h0, dhs, dh_T = (rng.normal(size=s).astype(dtype) for s in shapes)
    return xs, p, h0, dhs, dh_T


def assert_near(got, want, tol):
    for a, b in zip(flat(got), flat(want), strict=True):
        assert a.shape == b.shape
        assert relative_error(a, b).max(initial=0) <= tol


def flat(results):
    """Unpack (array, array, GRUParams) into arrays."""
    for r in results:
        if isinstance(r, tuple):
            yield from r
        else:
            yield r


# -- by hand -----------------------------------------------------------------------
# Gates that ignore input and state: r = σ(0) = 1/2 and, keeping, z = σ(log 3) = 3/4.
# tanh(log 2) = 3/5 and tanh(log 3) = 4/5, so inputs that lead the candidate there
# make every number below a decimal fraction. From h_0 = 0.5:
# h_1 = 0.25 · 0.6 + 0.75 · 0.5 = 0.525 and h_2 = 0.25 · 0.8 + 0.75 · 0.525 = 0.59375.

HS = [0.525, 0.59375]
H0_BY_HAND = np.array([[0.5]])


def by_hand(reset, z_keeps):
    """Return weights and the two inputs: the candidate's other part is r (2 h + b)."""
    b_hn = 1.0 if reset == "after" else 0.0
    b_z = math.log(3) if z_keeps else -math.log(3)
    p = GRUParams(
        W_x=np.array([[0.0, 0.0, 1.0]]),
        W_h=np.array([[0.0, 0.0, 2.0]]),
        b=np.array([0.0, b_z, 0.0]),
        b_hn=np.array([b_hn]),
    )
    x1 = math.log(2) - 0.5 * (2 * 0.5 + b_hn)
    x2 = math.log(3) - 0.5 * (2 * 0.525 + b_hn)
    return p, np.array([[[x1]], [[x2]]])


@kinds
def test_one_step_by_hand(kind):
    p, xs = by_hand(**kind)
    h, cache = gru_step(xs[0], H0_BY_HAND, p, **kind)
    np.testing.assert_allclose(h, [[0.525]], rtol=1e-14)
    # dn = 1/4 and da_n = 0.25 · (1 - 0.36) = 0.16; z gets (0.5 - 0.6) · 3/16
    dx, dh_prev, dp = gru_step_backward(np.ones((1, 1)), cache, p)
    da_z = -0.01875 if kind["z_keeps"] else 0.01875
    if kind["reset"] == "after":  # dr = 0.16 · 2 and dm = 0.16 / 2
        da_r, dW_hn, db_hn = 0.32 * 0.25, 0.5 * 0.08, 0.08
    else:  # dm = 0.16 · 2, dr = 0.32 · 0.5, and W_hn met r h = 0.25
        da_r, dW_hn, db_hn = 0.16 * 0.25, 0.25 * 0.16, 0.0
    np.testing.assert_allclose(dx, [[0.16]], rtol=1e-13)
    np.testing.assert_allclose(dh_prev, [[0.75 + 0.16]], rtol=1e-13)
    np.testing.assert_allclose(dp.b, [da_r, da_z, 0.16], rtol=1e-13)
    np.testing.assert_allclose(dp.b_hn, [db_hn], rtol=1e-13)
    np.testing.assert_allclose(dp.W_h, [[da_r / 2, da_z / 2, dW_hn]], rtol=1e-13)


@twins
@kinds
def test_two_steps_by_hand(forward, backward, kind):
    p, xs = by_hand(**kind)
    hs, h_T, cache = forward(xs, p, H0_BY_HAND, **kind)
    np.testing.assert_allclose(hs.ravel(), HS, rtol=1e-14)
    np.testing.assert_allclose(h_T, [[HS[1]]], rtol=1e-14)
    # L = h_2: da_n = 0.25 · (1 - 0.64) = 0.09, so dh_1 = 0.75 + 0.09 · 0.5 · 2 = 0.84
    dxs, dh0, dp = backward(np.array([[[0.0]], [[1.0]]]), cache, p)
    np.testing.assert_allclose(dxs.ravel(), [0.84 * 0.16, 0.09], rtol=1e-13)
    np.testing.assert_allclose(dh0, [[0.84 * 0.91]], rtol=1e-13)
    np.testing.assert_allclose(dp.b[2], 0.84 * 0.16 + 0.09, rtol=1e-13)
    inner = 0.5 * (0.84 * 0.16 + 0.09) if kind["reset"] == "after" else 0.0
    np.testing.assert_allclose(dp.b_hn, [inner], rtol=1e-13)


@twins
@kinds
def test_a_finished_sequence_keeps_its_state_by_hand(forward, backward, kind):
    p, xs = by_hand(**kind)
    xs = np.concatenate([xs, np.full((1, 1, 1), 99.0)])
    hs, h_T, cache = forward(xs, p, H0_BY_HAND, lengths=[2], **kind)
    np.testing.assert_allclose(hs.ravel(), [*HS, HS[1]], rtol=1e-14)
    assert hs[2] == hs[1] == h_T
    dhs = np.array([[[0.0]], [[0.0]], [[1.0]]])  # the copy hands it to the original
    dxs, dh0, _ = backward(dhs, cache, p)
    np.testing.assert_allclose(dxs.ravel(), [0.84 * 0.16, 0.09, 0], rtol=1e-13)
    np.testing.assert_allclose(dh0, [[0.84 * 0.91]], rtol=1e-13)


# -- central differences -----------------------------------------------------------


def trained(p, kind):
    """Return the weights that the kind has; before, there is no b_hn."""
    names = p._asdict()
    return {n: w for n, w in names.items() if kind["reset"] == "after" or n != "b_hn"}


@kinds
def test_step_backward_agrees_with_central_differences(kind):
    xs, p, h0, dhs, _ = draw(reset=kind["reset"])
    params = {"x": xs[0], "h_prev": h0, **trained(p, kind)}

    def loss(q):
        weights = p._replace(**{n: q[n] for n in trained(p, kind)})
        return (gru_step(q["x"], q["h_prev"], weights, **kind)[0] * dhs[0]).sum()

    _, cache = gru_step(xs[0], h0, p, **kind)
    dx, dh_prev, dp = gru_step_backward(dhs[0], cache, p)
    got = {"x": dx, "h_prev": dh_prev, **trained(dp, kind)}
    check_gradient(loss, params, got, tol=1e-7)


@twins
@kinds
@lengths_or_none
def test_backward_agrees_with_central_differences(forward, backward, kind, lengths):
    sizes = {"T": 4, "B": 4, "D": 2, "H": 3}
    lengths = None if lengths is None else [4, 3, 1, 2]
    xs, p, h0, dhs, dh_T = draw(reset=kind["reset"], **sizes)
    params = {"xs": xs, "h0": h0, **trained(p, kind)}

    def loss(q):
        weights = p._replace(**{n: q[n] for n in trained(p, kind)})
        hs, h_T, _ = forward(q["xs"], weights, q["h0"], lengths, **kind)
        # a sum without rounding, which small derivatives would feel
        return math.fsum([*(hs * dhs).ravel(), *(h_T * dh_T).ravel()])

    cache = forward(xs, p, h0, lengths, **kind)[2]
    dxs, dh0, dp = backward(dhs, cache, p, dh_T)
    check_gradient(loss, params, {"xs": dxs, "h0": dh0, **trained(dp, kind)}, tol=1e-7)
    if kind["reset"] == "before":
        assert not dp.b_hn.any()


# -- torch -------------------------------------------------------------------------


@twins
@kinds
@lengths_or_none
def test_layer_agrees_with_autograd_of_its_twin(forward, backward, kind, lengths):
    xs, p, h0, dhs, dh_T = draw(seed=1, reset=kind["reset"])
    hs, h_T, cache = forward(xs, p, h0, lengths, **kind)
    dxs, dh0, dp = backward(dhs, cache, p, dh_T)
    module = module_from_params(p, **kind)
    x, start = (torch.from_numpy(a.copy()).requires_grad_() for a in (xs, h0))
    want_hs, want_h_T = module(x, start, lengths)
    slopes = torch.from_numpy(dhs), torch.from_numpy(dh_T)
    torch.autograd.backward([want_hs, want_h_T], slopes)
    assert_near([hs, h_T], [a.detach().numpy() for a in (want_hs, want_h_T)], 1e-10)
    want = [x.grad, start.grad, *(w.grad for w in module.parameters())]
    want = [np.zeros(H) if w is None else w.numpy() for w in want]
    assert_near([dxs, dh0, dp], want, 1e-10)


@twins
@lengths_or_none
@pytest.mark.parametrize("z_keeps", [True, False])
def test_layer_agrees_with_torch_nn(forward, backward, lengths, z_keeps):
    xs, p, h0, dhs, dh_T = draw(seed=2)
    hs, h_T, cache = forward(xs, p, h0, lengths, z_keeps=z_keeps)
    layer = gru_to_torch(p, z_keeps=z_keeps)
    x, start = (torch.from_numpy(a.copy()).requires_grad_() for a in (xs, h0))
    columns = []  # each sequence by itself, cut at its length
    for k in range(B):
        n = T if lengths is None else lengths[k]
        each, _ = layer(x[:n, k], start[k][None])
        columns.append(torch.cat([each, each[-1:].expand(T - n, -1)]))
    want = torch.stack(columns, dim=1)
    slopes = torch.from_numpy(dhs), torch.from_numpy(dh_T)
    torch.autograd.backward([want, want[-1]], slopes)
    want = want.detach().numpy()
    assert_near([hs, h_T], [want, want[-1]], 1e-10)
    dp = GRUParams(
        layer.weight_ih_l0.grad.numpy().T,
        layer.weight_hh_l0.grad.numpy().T,
        layer.bias_ih_l0.grad.numpy(),
        layer.bias_hh_l0.grad.numpy()[2 * H :],
    )
    dp = dp if z_keeps else flip_z(dp)
    got = backward(dhs, cache, p, dh_T)
    assert_near(got, [x.grad.numpy(), start.grad.numpy(), dp], 1e-10)


# -- the twins ---------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_fast_twin_equals_textbook_twin(data):
    sizes = {k: data.draw(st.integers(1, 6), label=k) for k in "TBDH"}
    kind = data.draw(st.sampled_from(KINDS))
    seed = data.draw(st.integers(0, 99))
    xs, p, h0, dhs, dh_T = draw(seed=seed, reset=kind["reset"], **sizes)
    each = st.integers(1, sizes["T"])
    batch = st.lists(each, min_size=sizes["B"], max_size=sizes["B"])
    lengths = data.draw(st.none() | batch)
    hs, h_T, cache = gru_forward(xs, p, h0, lengths, **kind)
    hs_2, h_T_2, caches = gru_forward_textbook(xs, p, h0, lengths, **kind)
    np.testing.assert_allclose(hs, hs_2, rtol=0, atol=1e-12)
    np.testing.assert_allclose(h_T, h_T_2, rtol=0, atol=1e-12)
    fast = gru_backward(dhs, cache, p, dh_T)
    textbook = gru_backward_textbook(dhs, caches, p, dh_T)
    for a, b in zip(flat(fast), flat(textbook), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@kinds
def test_the_backward_loop_in_several_chunks_equals_the_textbook(kind):
    sizes = {"T": 9, "B": 64, "D": 2, "H": 70}  # 3 steps at once
    xs, p, h0, dhs, dh_T = draw(reset=kind["reset"], **sizes)
    lengths = np.arange(64) % 9 + 1
    cache = gru_forward(xs, p, h0, lengths, **kind)[2]
    caches = gru_forward_textbook(xs, p, h0, lengths, **kind)[2]
    want = gru_backward_textbook(dhs, caches, p, dh_T)
    for a, b in zip(flat(gru_backward(dhs, cache, p, dh_T)), flat(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


# -- properties --------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 99),
    kind=st.sampled_from(KINDS),
    twin=st.sampled_from(sorted(TWINS)),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result(seed, kind, twin, lengths, rubbish):
    forward, backward = TWINS[twin]
    xs, p, h0, dhs, dh_T = draw(seed=seed, reset=kind["reset"])
    padding = np.arange(T)[:, None] >= np.array(lengths)
    spoilt = xs.copy()
    spoilt[padding] = rubbish
    hs, h_T, cache = forward(xs, p, h0, lengths, **kind)
    hs_2, h_T_2, cache_2 = forward(spoilt, p, h0, lengths, **kind)
    np.testing.assert_array_equal(hs, hs_2)
    np.testing.assert_array_equal(h_T, h_T_2)
    got, same = backward(dhs, cache, p, dh_T), backward(dhs, cache_2, p, dh_T)
    for a, b in zip(flat(got), flat(same), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not got[0][padding].any()
    for k, n in enumerate(lengths):
        np.testing.assert_array_equal(h_T[k], hs[n - 1, k])


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 99),
    kind=st.sampled_from(KINDS),
    order=st.permutations(range(B)),
)
def test_order_of_the_batch_does_not_matter(seed, kind, order):
    xs, p, h0, dhs, dh_T = draw(seed=seed, reset=kind["reset"])
    lengths = np.array(LENGTHS)
    hs, h_T, cache = gru_forward(xs, p, h0, lengths, **kind)
    shuffled = xs[:, order], p, h0[order], lengths[order]
    hs_2, h_T_2, cache_2 = gru_forward(*shuffled, **kind)
    assert_near([hs[:, order], h_T[order]], [hs_2, h_T_2], 1e-12)
    dxs, dh0, dp = gru_backward(dhs, cache, p, dh_T)
    got = gru_backward(dhs[:, order], cache_2, p, dh_T[order])
    assert_near([dxs[:, order], dh0[order], dp], got, 1e-11)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 99), kind=st.sampled_from(KINDS), cut=st.integers(1, T - 1))
def test_chunks_with_carried_state_equal_the_whole(seed, kind, cut):
    xs, p, h0, dhs, dh_T = draw(seed=seed, reset=kind["reset"])
    hs, h_T, cache = gru_forward(xs, p, h0, **kind)
    hs_a, h_a, cache_a = gru_forward(xs[:cut], p, h0, **kind)
    hs_b, h_b, cache_b = gru_forward(xs[cut:], p, h_a, **kind)
    assert_near([hs, h_T], [np.concatenate([hs_a, hs_b]), h_b], 1e-12)
    dxs_b, dh_a, dp_b = gru_backward(dhs[cut:], cache_b, p, dh_T)
    dxs_a, dh0, dp_a = gru_backward(dhs[:cut], cache_a, p, dh_a)
    dp = GRUParams(*(a + b for a, b in zip(dp_a, dp_b, strict=True)))
    together = np.concatenate([dxs_a, dxs_b]), dh0, dp
    assert_near(gru_backward(dhs, cache, p, dh_T), together, 1e-11)


@twins
@pytest.mark.parametrize("reset", ["after", "before"])
def test_flipped_z_computes_the_same_in_the_other_convention(forward, backward, reset):
    xs, p, h0, dhs, _ = draw(reset=reset)
    q = gru_to_kind(p, reset=reset, z_keeps=True, to_z_keeps=False)
    hs, _, cache = forward(xs, p, h0, reset=reset)
    hs_2, _, cache_2 = forward(xs, q, h0, reset=reset, z_keeps=False)
    assert_near([hs], [hs_2], 1e-12)
    assert np.abs(forward(xs, q, h0, reset=reset)[0] - hs).max() > 1e-2
    dxs, dh0, dp = backward(dhs, cache, p)
    dxs_2, dh0_2, dq = backward(dhs, cache_2, q)
    assert_near([dxs, dh0, dp], [dxs_2, dh0_2, flip_z(dq)], 1e-11)


@twins
def test_the_place_of_the_reset_gate_changes_the_result(forward, backward):
    xs, p, h0, _, _ = draw(reset="before")
    after, before = (forward(xs, p, h0, reset=r)[0] for r in ("after", "before"))
    assert np.abs(after - before).max() > 1e-2


@twins
@kinds
@lengths_or_none
def test_float32_stays_float32_and_is_near_float64(forward, backward, kind, lengths):
    xs, p, h0, dhs, dh_T = draw(reset=kind["reset"], dtype=np.float32)
    hs, h_T, cache = forward(xs, p, h0, lengths, **kind)
    results = [hs, h_T, *flat(backward(dhs, cache, p, dh_T))]
    assert {r.dtype for r in results} == {np.dtype(np.float32)}
    wide = [a.astype(np.float64) for a in (xs, h0, dhs, dh_T)]
    q = GRUParams(*(w.astype(np.float64) for w in p))
    hs, h_T, cache = forward(wide[0], q, wide[1], lengths, **kind)
    exact = [hs, h_T, *flat(backward(wide[2], cache, q, wide[3]))]
    for a, b in zip(results, exact, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@twins
@kinds
def test_one_step_is_the_step(forward, backward, kind):
    xs, p, h0, dhs, _ = draw(T=1, reset=kind["reset"])
    hs, h_T, cache = forward(xs, p, h0, **kind)
    h, step_cache = gru_step(xs[0], h0, p, **kind)
    assert_near([hs[0], h_T], [h, h], 1e-13)
    dxs, dh0, dp = backward(dhs, cache, p)
    dx, dh_prev, dp_step = gru_step_backward(dhs[0], step_cache, p)
    assert_near([dxs[0], dh0, dp], [dx, dh_prev, dp_step], 1e-12)


@twins
@kinds
def test_an_empty_batch_gives_empty_states_and_zero_gradients(forward, backward, kind):
    xs, p, _, dhs, _ = draw(B=0, reset=kind["reset"])
    hs, h_T, cache = forward(xs, p, lengths=[], **kind)
    assert hs.shape == (T, 0, H)
    assert h_T.shape == (0, H)
    dxs, dh0, dp = backward(dhs, cache, p)
    assert dxs.shape == (T, 0, D)
    assert dh0.shape == (0, H)
    assert not any(w.any() for w in dp)


@twins
@kinds
@lengths_or_none
def test_arguments_are_not_changed_and_results_are_the_callers(
    forward, backward, kind, lengths
):
    xs, p, h0, dhs, dh_T = draw(reset=kind["reset"])
    given = [xs, h0, dhs, dh_T, *p]
    before = [a.copy() for a in given]
    hs, h_T, cache = forward(xs, p, h0, lengths, **kind)
    want = [a.copy() for a in flat(backward(dhs, cache, p, dh_T))]
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)
    hs[:] = h_T[:] = 0  # what the caller does with them is no business of the cache
    for a, b in zip(flat(backward(dhs, cache, p, dh_T)), want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_saturated_gates_neither_overflow_nor_warn():
    xs, p, h0, dhs, _ = draw()
    p = p._replace(b=np.repeat([1e4, -1e4, 1e4], H))
    hs, _, cache = gru_forward(xs, p, h0)
    np.testing.assert_array_equal(hs, np.ones_like(hs))  # z = 0 and n = 1
    assert not any(a.any() for a in flat(gru_backward(dhs, cache, p)))


def test_init_draws_within_its_bound_and_repeats_with_its_seed():
    p = init_gru(D, 200, rng=np.random.default_rng(0))
    bound = 200**-0.5
    for w in (p.W_x, p.W_h):
        assert 0.99 * bound < np.abs(w).max() <= bound
    np.testing.assert_allclose(p.W_h.std(), bound / 3**0.5, rtol=0.01)
    assert not p.b.any()
    assert not p.b_hn.any()
    assert sum(w.size for w in p) == 3 * 200 * (D + 200 + 1) + 200  # (12.14)
    again = init_gru(D, 200, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(p.W_h, again.W_h)


# -- bad input ---------------------------------------------------------------------

XS, P, H0, DHS, DH_T = draw()
CACHE, CACHES = gru_forward(XS, P)[2], gru_forward_textbook(XS, P)[2]
STEP = gru_step(XS[0], H0, P)[1]
SMALL = init_gru(2, H, rng=np.random.default_rng(0))
NAN = XS.copy()
NAN[2, 1, 0] = np.nan
LAYER = [
    ((XS[0], P), {}, ValueError, r"xs must have shape \(T, B, D=3\), got \(4, 3\)"),
    ((XS[:0], P), {}, ValueError, "xs must have at least one time step, got T=0"),
    ((XS.tolist(), P), {}, TypeError, "xs must be an array, got list"),
    ((XS.astype(int), P), {}, TypeError, "xs must be float32 or .* got int64"),
    ((NAN, P), {}, ValueError, r"xs must be finite, got nan at \(2, 1, 0\)"),
    ((XS.astype(np.float32), P), {}, TypeError, "W_x must be float32 .* got float64"),
    ((XS, tuple(P)), {}, TypeError, "p must be GRUParams, got tuple"),
    ((XS, P._replace(W_h=P.W_h[:, 5:])), {}, ValueError, r"p.W_h .*H=5, 3H=15\), got"),
    ((XS, P._replace(b_hn=P.b)), {}, ValueError, r"p.b_hn .* \(H=5,\), got \(15,\)"),
    ((XS, P, H0[:2]), {}, ValueError, r"h0 must have shape \(B=4, H=5\), got \(2, 5\)"),
    ((XS, P, H0.astype(np.float32)), {}, TypeError, "h0 must be float64 .* float32"),
    ((XS, P, None, [7, 3, 1]), {}, ValueError, r"lengths must have shape \(B=4,\)"),
    ((XS, P, None, [7, 3, 0, 5]), {}, ValueError, "lengths must lie in 1..7, got 0"),
    ((XS, P, None, [7, 3, 8, 5]), {}, ValueError, "lengths must lie in 1..7, got 8"),
    ((XS, P, None, [7, 3, 1.5, 5]), {}, TypeError, "lengths must be whole .* float64"),
    ((XS, P), {"reset": "x"}, ValueError, "reset must be one of 'after', 'before', g"),
    ((XS, P), {"z_keeps": 1}, TypeError, "z_keeps must be True or False, got 1"),
    ((XS, P), {"reset": "before"}, ValueError, 'b_hn must be zeros with reset="before'),
]
BACKWARD = [
    ({"dhs": DHS[1:]}, ValueError, r"dhs must have shape \(T=7, B=4, H=5\)"),
    ({"dhs": DHS.astype(np.float32)}, TypeError, "dhs must be float64 .* float32"),
    ({"dh_T": DH_T[1:]}, ValueError, r"dh_T must have shape \(B=4, H=5\)"),
    ({"dh_T": DH_T.astype(np.float32)}, TypeError, "dh_T must be float64"),
    ({"p": SMALL}, ValueError, r"p.W_x must have shape \(D=3, 3H=15\), got \(2, 15\)"),
    ({"p": None}, TypeError, "p must be GRUParams, got NoneType"),
]


@pytest.mark.parametrize("forward", [gru_forward, gru_forward_textbook])
@pytest.mark.parametrize(("args", "options", "error", "message"), LAYER)
def test_bad_input_of_a_layer_is_named(forward, args, options, error, message):
    with pytest.raises(error, match=message):
        forward(*args, **options)


@pytest.mark.parametrize(
    ("backward", "cache"), [(gru_backward, CACHE), (gru_backward_textbook, CACHES)]
)
@pytest.mark.parametrize(("change", "error", "message"), BACKWARD)
def test_bad_gradient_is_named(backward, cache, change, error, message):
    with pytest.raises(error, match=message):
        backward(**{"dhs": DHS, "p": P, **change}, **{_cache_name(backward): cache})


def _cache_name(backward):
    return "caches" if backward is gru_backward_textbook else "cache"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: gru_backward(DHS, CACHES, P),
            TypeError,
            "cache must come from gru_forward, got list",
        ),
        (
            lambda: gru_backward_textbook(DHS, CACHE, P),
            TypeError,
            "caches must come from gru_forward_textbook, got GRULayerCache",
        ),
        (
            lambda: gru_step_backward(H0, CACHE, P),
            TypeError,
            "cache must come from gru_step, got GRULayerCache",
        ),
        (
            lambda: gru_step_backward(H0[1:], STEP, P),
            ValueError,
            r"dh must have shape \(B=4, H=5\), got \(3, 5\)",
        ),
        (lambda: gru_step(XS, H0, P), ValueError, r"x must have shape \(B, D=3\)"),
        (lambda: gru_step(XS[0], H0[1:], P), ValueError, r"h_prev .* \(B=4, H=5\)"),
        (lambda: gru_step(XS[0], H0, P, reset=1), ValueError, "reset must be one of"),
        (
            lambda: gru_step(XS[0], H0, P, reset="before"),
            ValueError,
            "b_hn must be zeros .* one bias, got .*; add it to the last third of p.b",
        ),
        (lambda: flip_z(tuple(P)), TypeError, "p must be GRUParams, got tuple"),
        (
            lambda: init_gru(0, 5, rng=np.random.default_rng(0)),
            ValueError,
            "D must be at least 1, got 0",
        ),
        (lambda: init_gru(3, 5, rng=0), TypeError, "rng must be a numpy Generator"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

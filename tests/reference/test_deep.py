"""Three places for depth, against numbers by hand, differences, and shallow layers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.deep import (
    DeepParams,
    TransitionParams,
    check_deep,
    deep_backward,
    deep_forward,
    init_deep,
)
from rnncourse.reference.dense import DenseParams, dense_forward
from rnncourse.reference.nested import nested_arrays
from rnncourse.reference.rnn import RNNParams, rnn_backward, rnn_forward
from tests.reference.networks import (
    assert_backward,
    assert_padding_is_never_read,
    assert_same,
    widen,
)

T, B, D, H, K = 5, 4, 3, 2, 6
LENGTHS = [5, 3, 1, 4]
# (sizes before, sizes after, further layers in the transition)
PLACES = {
    "none": ([D], [], 0),
    "before": ([D, 4, 5], [], 0),
    "transition": ([D], [], 2),
    "after": ([D], [5, K], 0),
    "all": ([D, 4], [5, K], 1),
}
each_place = pytest.mark.parametrize("place", PLACES)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(place="all", *, seed=0, T=T, B=B, dtype=np.float64):
    """Return inputs, weights, the first state and the gradient of the outputs."""
    rng = np.random.default_rng(seed)
    before, after, n = PLACES[place]
    p = widen(init_deep(before, H, after, n_transition=n, rng=rng), rng, dtype=dtype)
    shapes = (T, B, D), (B, H), (T, B, [H, *after][-1])
    xs, h0, dys = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return xs, p, h0, dys


# -- by hand -----------------------------------------------------------------------


def test_one_step_through_all_places_by_hand():
    # tanh(log 2) = 3/5 and tanh(log 3) = 4/5, so each weight of log 3 / 0.6 or
    # log 2 / 0.8 takes one to the other
    up, down = np.log(3) / 0.6, np.log(2) / 0.8
    p = DeepParams(
        before=(DenseParams(np.array([[1.0]]), np.zeros(1)),),
        layer=TransitionParams(
            *(np.array([[up]]), np.array([[9.0]]), np.zeros(1)),
            *(np.array([[[down]]]), np.zeros((1, 1))),
        ),
        after=(
            DenseParams(np.array([[up]]), np.zeros(1)),
            DenseParams(np.array([[3.0]]), np.array([0.5])),
        ),
    )
    ys, h_T, cache = deep_forward(np.log([[[2.0]]]), p)
    np.testing.assert_allclose(h_T, [[0.6]], rtol=1e-14)  # 0.6, 0.8, and 0.6 again
    np.testing.assert_allclose(ys, [[[3 * 0.8 + 0.5]]], rtol=1e-14)
    dxs, dh0, dp = deep_backward(np.ones((1, 1, 1)), cache, p)
    slope_6, slope_8 = 1 - 0.6**2, 1 - 0.8**2
    dh = 3 * slope_8 * up
    da_2 = dh * slope_6  # of the second layer in the transition
    da_1 = da_2 * down * slope_8
    np.testing.assert_allclose(dxs, [[[da_1 * up * slope_6]]], rtol=1e-13)
    np.testing.assert_allclose(dh0, [[da_1 * 9]], rtol=1e-13)
    np.testing.assert_allclose(dp.layer.W_s, [[[da_2 * 0.8]]], rtol=1e-13)
    np.testing.assert_allclose(dp.after[1].W, [[0.8]], rtol=1e-13)
    np.testing.assert_allclose(dp.before[0].W, np.log(2) * dxs[0], rtol=1e-13)


# -- central differences -----------------------------------------------------------


@each_place
@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=["whole", "padded"])
def test_backward_agrees_with_central_differences(place, lengths):
    xs, p, h0, _ = draw(place, T=3, B=2)

    def forward(xs, p, h0):
        ys, last, cache = deep_forward(xs, p, h0, lengths)
        return (ys, last), cache

    def backward(slopes, cache):
        dxs, first, dp = deep_backward(slopes[0], cache, p, slopes[1])
        return dxs, dp, first

    assert_backward(forward, backward, (xs, p, h0), np.random.default_rng(1))


# -- laws --------------------------------------------------------------------------


@lengths_or_none
def test_without_depth_it_is_the_simple_layer(lengths):
    xs, p, h0, dhs = draw("none")
    plain = RNNParams(*p.layer[:3])
    hs, h_T, cache = deep_forward(xs, p, h0, lengths)
    want, want_T, want_cache = rnn_forward(xs, plain, h0, lengths)
    assert_same((hs, h_T), (want, want_T))
    dxs, dh0, dp = deep_backward(dhs, cache, p)
    want_dxs, want_dh0, want_dp = rnn_backward(dhs, want_cache, plain)
    assert_same((dxs, dh0, *dp.layer[:3]), (want_dxs, want_dh0, *want_dp))


@lengths_or_none
def test_depth_before_and_after_only_changes_what_is_read_and_said(lengths):
    xs, p, h0, _ = draw("all")
    p = p._replace(
        layer=p.layer._replace(W_s=np.zeros((0, H, H)), b_s=np.zeros((0, H)))
    )
    us = np.tanh(dense_forward(xs, p.before[0]))
    hs, _, _ = rnn_forward(us, RNNParams(*p.layer[:3]), h0, lengths)
    want = dense_forward(np.tanh(dense_forward(hs, p.after[0])), p.after[1])
    ys, _, _ = deep_forward(xs, p, h0, lengths)
    np.testing.assert_allclose(ys, want, rtol=1e-12)


@settings(deadline=None, max_examples=30)
@given(
    place=st.sampled_from(list(PLACES)),
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result_or_a_gradient(place, seed, lengths, rubbish):
    xs, p, _, dys = draw(place, seed=seed)
    assert_padding_is_never_read(
        lambda xs, ends: deep_forward(xs, p, lengths=ends),
        lambda dys, cache: deep_backward(dys, cache, p),
        *(xs, dys, lengths, rubbish),
    )


@settings(deadline=None, max_examples=20)
@given(place=st.sampled_from(list(PLACES)), order=st.permutations(range(B)))
def test_order_of_the_batch_does_not_matter(place, order):
    xs, p, h0, dys = draw(place)
    ys, _, cache = deep_forward(xs, p, h0, LENGTHS)
    dxs, _, dp = deep_backward(dys, cache, p)
    ends = np.array(LENGTHS)[order]
    ys_2, _, cache = deep_forward(xs[:, order], p, h0[order], ends)
    dxs_2, _, dp_2 = deep_backward(dys[:, order], cache, p)
    assert_same((ys_2, dxs_2, dp_2), (ys[:, order], dxs[:, order], dp))


@settings(deadline=None, max_examples=20)
@given(place=st.sampled_from(list(PLACES)), n=st.integers(1, T - 1))
def test_chunks_with_carried_state_equal_the_whole(place, n):
    xs, p, h0, _ = draw(place)
    whole, last, _ = deep_forward(xs, p, h0)
    first, carried, _ = deep_forward(xs[:n], p, h0)
    then, end, _ = deep_forward(xs[n:], p, carried)
    assert_same((np.concatenate([first, then]), end), (whole, last))


@each_place
def test_float32_stays_and_one_step_and_an_empty_batch_work(place):
    for sizes in ({"T": 1}, {"B": 0}):
        xs, p, _, dys = draw(place, dtype=np.float32, **sizes)
        ys, h_T, cache = deep_forward(xs, p, lengths=[1] * xs.shape[1])
        grads = deep_backward(dys, cache, p)
        arrays = nested_arrays((ys, h_T, *grads)).values()
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
        assert ys.shape == dys.shape
        assert grads[0].shape == xs.shape


@each_place
def test_arguments_are_not_changed_and_results_are_the_callers(place):
    xs, p, h0, dys = draw(place)
    args = nested_arrays((xs, p, h0, dys)).values()
    before = [a.copy() for a in args]
    ys, _, cache = deep_forward(xs, p, h0)
    want = deep_backward(dys, cache, p)
    for a, b in zip(args, before, strict=True):
        np.testing.assert_array_equal(a, b)
    ys[:] = 0
    assert_same(deep_backward(dys, cache, p), want, 0)


# -- bad input ---------------------------------------------------------------------

XS, P, H0, DYS = draw()
CACHE = deep_forward(XS, P)[2]
NAN = np.where(np.arange(T)[:, None, None] == 2, np.nan, XS)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"xs": XS[0]}, ValueError, r"xs must have shape \(T, B, D=3\), got \(4, 3\)"),
        ({"xs": XS[:, :, :2]}, ValueError, r"xs must have shape .*D=3\), got"),
        ({"xs": XS[:0]}, ValueError, "xs must have at least one time step, got T=0"),
        ({"xs": XS.tolist()}, TypeError, "xs must be an array, got list"),
        ({"xs": XS.astype(int)}, TypeError, "xs must be float32 or float64, got int64"),
        (
            {"xs": XS.astype(np.float32)},
            TypeError,
            "^xs must be float64 like its partners, got float32",
        ),
        ({"xs": NAN}, ValueError, r"xs must be finite, got nan at \(2, 0, 0\)"),
        (
            {"xs": XS * np.inf},
            ValueError,
            r"xs must be finite, got -?inf at \(0, 0, 0\)",
        ),
        ({"h0": XS}, ValueError, r"h0 must have shape \(B=4, H=2\), got \(5, 4, 3\)"),
        ({"lengths": [0, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.5, got 0"),
        ({"lengths": [6, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.5, got 6"),
        ({"p": P.layer}, TypeError, "p must be DeepParams, got TransitionParams"),
        (
            {"p": P._replace(layer=P.after[0])},
            TypeError,
            "p.layer must be TransitionParams, got DenseParams",
        ),
        (
            {"p": P._replace(before=(P.layer,))},
            TypeError,
            r"p.before\[0\] must be DenseParams, got TransitionParams",
        ),
        (
            {"p": P._replace(before=P.after)},
            ValueError,
            r"p.layer.W_x must have shape \(D=6, H\), got \(4, 2\)",
        ),
        (
            {"p": P._replace(after=P.after[1:])},
            ValueError,
            r"p.after\[0\].W must have shape \(H=2, K\), got \(5, 6\)",
        ),
        (
            {"p": P._replace(layer=P.layer._replace(W_s=np.zeros((1, H, 3))))},
            ValueError,
            r"p.layer.W_s must have shape \(N=1, H=2, H=2\), got \(1, 2, 3\)",
        ),
        (
            {"p": P._replace(layer=P.layer._replace(b_s=np.zeros((2, H))))},
            ValueError,
            r"p.layer.b_s must have shape \(N=1, H=2\), got \(2, 2\)",
        ),
    ],
)
def test_forward_names_argument_expectation_and_fact(changed, error, message):
    with pytest.raises(error, match=message):
        deep_forward(**{"xs": XS, "p": P, **changed})


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cache": []}, TypeError, "cache must come from deep_forward, got list"),
        ({"dys": DYS[1:]}, ValueError, r"dys must have shape \(T=5, B=4, K=6\), got"),
        ({"dys": DYS.astype(np.float32)}, TypeError, "dys must be float64 like"),
        ({"dh_T": XS}, ValueError, r"dh_T must have shape \(B=4, H=2\)"),
        ({"p": P._replace(after=())}, ValueError, "p.after must have 2 layers, got 0"),
        (
            {"p": draw("transition")[1]},
            ValueError,
            "p.before must have 1 layers, got 0",
        ),
    ],
)
def test_backward_names_argument_expectation_and_fact(changed, error, message):
    with pytest.raises(error, match=message):
        deep_backward(**{"dys": DYS, "cache": CACHE, "p": P, **changed})


def test_init_checks_its_sizes():
    rng = np.random.default_rng(0)
    check_deep(init_deep([D], H, rng=rng))
    with pytest.raises(ValueError, match="sizes_before must hold at least"):
        init_deep([], H, rng=rng)
    with pytest.raises(ValueError, match="n_transition must be at least 0, got -1"):
        init_deep([D], H, n_transition=-1, rng=rng)


def test_backward_names_the_first_layer_whose_inputs_have_another_size():
    for before in ([3, 4], [3]):
        p = init_deep(before, H, rng=np.random.default_rng(0))
        _, _, cache = deep_forward(XS, p)
        other = init_deep([5, *before[1:]], H, rng=np.random.default_rng(0))
        name, size = (
            ("p.before[0].W", "D=3, K") if before[1:] else ("p.layer.W_x", "D=3, H")
        )
        with pytest.raises(ValueError) as caught:
            deep_backward(np.zeros((T, B, H)), cache, other)
        assert str(caught.value).startswith(f"{name} must have shape ({size}), got (5,")


def test_each_layer_before_must_fit_the_one_before_it():
    wide = init_deep([3, 4], H, rng=np.random.default_rng(0)).before
    p = init_deep([3, 6, 6], H, rng=np.random.default_rng(0))
    said = r"^p.before\[1\].W must have shape \(D=4, K\), got \(6, 6\)$"
    with pytest.raises(ValueError, match=said):
        deep_forward(XS, p._replace(before=(wide[0], p.before[1])))

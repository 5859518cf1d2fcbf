"""Levels with clocks of their own against numbers by hand, differences, and a stack."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.cells import CELLS, cell_forward
from rnncourse.reference.hierarchical import (
    HierarchicalParams,
    hierarchical_backward,
    hierarchical_forward,
    init_hierarchical,
)
from rnncourse.reference.nested import nested_arrays
from rnncourse.reference.rnn import RNNParams
from rnncourse.reference.stacked import StackedParams, stacked_backward, stacked_forward
from tests.reference.networks import (
    assert_backward,
    assert_padding_is_never_read,
    assert_same,
    widen,
)

T, B, D = 7, 4, 3
SIZES, PERIODS = [2, 4, 3], [1, 2, 3]
LENGTHS = [7, 4, 1, 5]
each_cell = pytest.mark.parametrize("cell", CELLS)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(cell, *, seed=0, T=T, B=B, D=D, sizes=SIZES, dtype=np.float64):
    """Return inputs, weights, first states and the gradient of the outputs."""
    rng = np.random.default_rng(seed)
    p = widen(init_hierarchical(cell, D, sizes, rng=rng), rng, dtype=dtype)
    states = tuple(
        tuple(rng.normal(size=(B, H)).astype(dtype) for _ in CELLS[cell].states)
        for H in sizes
    )
    shapes = (T, B, D), (T, B, sum(sizes))
    xs, dhs = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return xs, p, states, dhs


# -- by hand -----------------------------------------------------------------------


def test_three_steps_of_two_levels_by_hand():
    # tanh(log 2) = 3/5; the second level reads 0.6 once: 0.6 w = log 3, tanh = 4/5
    w = np.log(3) / 0.6
    low = RNNParams(np.array([[1.0]]), np.zeros((1, 1)), np.zeros(1))
    high = RNNParams(np.array([[w]]), np.array([[5.0]]), np.zeros(1))
    p, xs = HierarchicalParams((low, high)), np.log([1.0, 2.0, 3.0]).reshape(3, 1, 1)
    hs, (h_low, h_high), cache = hierarchical_forward("rnn", xs, p, [1, 2])
    np.testing.assert_allclose(hs[:, 0], [[0, 0], [0.6, 0.8], [0.8, 0.8]], atol=1e-14)
    np.testing.assert_allclose([h_low[0], h_high[0]], [[[0.8]], [[0.8]]], rtol=1e-14)
    dhs = np.zeros((3, 1, 2))
    dhs[:, :, 1] = 1  # the first of it reaches the state before, the others the step
    dxs, (dlow, dhigh), dp = hierarchical_backward(dhs, cache, p)
    da = 2 * (1 - 0.8**2)
    np.testing.assert_allclose(dxs.ravel(), [0, da * w * (1 - 0.6**2), 0], rtol=1e-13)
    np.testing.assert_allclose(dhigh[0], [[1 + 5 * da]], rtol=1e-13)
    np.testing.assert_allclose(dp.levels[1].W_x, [[0.6 * da]], rtol=1e-13)
    assert not dlow[0].any()


# -- central differences -----------------------------------------------------------


@each_cell
@pytest.mark.parametrize("lengths", [None, [4, 1]], ids=["whole", "padded"])
@pytest.mark.parametrize("periods", [[1, 2], [2, 3], [1, 9]])
def test_backward_agrees_with_central_differences(cell, lengths, periods):
    xs, p, states, _ = draw(cell, T=4, B=2, D=2, sizes=[2, 1])

    def forward(xs, p, states):
        hs, last, cache = hierarchical_forward(cell, xs, p, periods, states, lengths)
        return (hs, last), cache

    def backward(slopes, cache):
        dxs, first, dp = hierarchical_backward(slopes[0], cache, p, slopes[1])
        return dxs, dp, first

    assert_backward(forward, backward, (xs, p, states), np.random.default_rng(1))


# -- laws --------------------------------------------------------------------------


@each_cell
@lengths_or_none
def test_levels_with_one_clock_are_a_stack(cell, lengths):
    xs, p, states, dhs = draw(cell)
    dhs[..., : sum(SIZES[:2])] = 0  # a stack only says what its highest layer does
    hs, last, cache = hierarchical_forward(cell, xs, p, [1, 1, 1], states, lengths)
    stack = StackedParams(p.levels)
    want, want_last, want_cache = stacked_forward(cell, xs, stack, states, lengths)
    assert_same((hs[..., -SIZES[-1] :], last), (want, want_last))
    dxs, first, dp = hierarchical_backward(dhs, cache, p)
    want = stacked_backward(dhs[..., -SIZES[-1] :].copy(), want_cache, stack)
    assert_same((dxs, first, tuple(dp.levels)), (*want[:2], tuple(want[2].layers)))


@each_cell
@pytest.mark.parametrize("period", [1, 2, 3])
def test_one_level_is_the_cell_on_every_so_manieth_input(cell, period):
    xs, p, states, _ = draw(cell, sizes=[2])
    hs, last, _ = hierarchical_forward(cell, xs, p, [period], states)
    steps = xs[period - 1 :: period]
    want, want_last, _ = cell_forward(cell, steps, p.levels[0], states[0])
    for t in range(T):
        n = (t + 1) // period
        np.testing.assert_array_equal(hs[t], want[n - 1] if n else states[0][0])
    assert_same(last, (want_last,), 0)


@each_cell
def test_a_level_without_a_step_keeps_its_state(cell):
    xs, p, states, dhs = draw(cell)
    hs, last, cache = hierarchical_forward(cell, xs, p, [1, 2, T + 1], states)
    np.testing.assert_array_equal(hs[..., -SIZES[-1] :], [states[2][0]] * T)
    assert_same(last[2], states[2], 0)
    _, first, dp = hierarchical_backward(dhs, cache, p)
    assert not any(w.any() for w in dp.levels[2])
    want = dhs[..., -SIZES[-1] :].sum(axis=0)
    np.testing.assert_allclose(first[2][0], want, rtol=1e-12)


@settings(deadline=None, max_examples=30)
@given(
    cell=st.sampled_from(list(CELLS)),
    seed=st.integers(0, 99),
    periods=st.lists(st.integers(1, 8), min_size=3, max_size=3),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result_or_a_gradient(
    cell, seed, periods, lengths, rubbish
):
    xs, p, _, dhs = draw(cell, seed=seed)
    assert_padding_is_never_read(
        lambda xs, ends: hierarchical_forward(cell, xs, p, periods, lengths=ends),
        lambda dhs, cache: hierarchical_backward(dhs, cache, p),
        *(xs, dhs, lengths, rubbish),
    )


@settings(deadline=None, max_examples=20)
@given(cell=st.sampled_from(list(CELLS)), order=st.permutations(range(B)))
def test_order_of_the_batch_does_not_matter(cell, order):
    xs, p, _, dhs = draw(cell)
    hs, _, cache = hierarchical_forward(cell, xs, p, PERIODS, lengths=LENGTHS)
    dxs, _, dp = hierarchical_backward(dhs, cache, p)
    ends, moved = np.array(LENGTHS)[order], xs[:, order]
    hs_2, _, cache = hierarchical_forward(cell, moved, p, PERIODS, lengths=ends)
    dxs_2, _, dp_2 = hierarchical_backward(dhs[:, order], cache, p)
    assert_same((hs_2, dxs_2, dp_2), (hs[:, order], dxs[:, order], dp))


@each_cell
def test_chunks_that_end_where_all_clocks_strike_equal_the_whole(cell):
    xs, p, states, _ = draw(cell, T=8)
    whole, last, _ = hierarchical_forward(cell, xs, p, PERIODS, states)
    first, carried, _ = hierarchical_forward(cell, xs[:6], p, PERIODS, states)
    then, end, _ = hierarchical_forward(cell, xs[6:], p, PERIODS, carried)
    assert_same((np.concatenate([first, then]), end), (whole, last))


@each_cell
def test_float32_stays_and_one_step_and_an_empty_batch_work(cell):
    for sizes in ({"T": 1}, {"B": 0}):
        xs, p, _, dhs = draw(cell, dtype=np.float32, **sizes)
        ends = [1] * xs.shape[1]
        hs, last, cache = hierarchical_forward(cell, xs, p, PERIODS, lengths=ends)
        grads = hierarchical_backward(dhs, cache, p)
        arrays = nested_arrays((hs, last, *grads)).values()
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
        assert hs.shape == dhs.shape
        assert grads[0].shape == xs.shape


@lengths_or_none
def test_arguments_are_not_changed_and_results_are_the_callers(lengths):
    xs, p, states, dhs = draw("lstm")
    args = nested_arrays((xs, p, states, dhs)).values()
    before = [a.copy() for a in args]
    hs, _, cache = hierarchical_forward("lstm", xs, p, PERIODS, states, lengths)
    want = hierarchical_backward(dhs, cache, p)
    for a, b in zip(args, before, strict=True):
        np.testing.assert_array_equal(a, b)
    hs[:] = xs[:] = 0
    assert_same(hierarchical_backward(dhs, cache, p), want, 0)


# -- bad input ---------------------------------------------------------------------

XS, P, STATES, DHS = draw("rnn")
CACHE = hierarchical_forward("rnn", XS, P, PERIODS)[2]
NAN = np.where(np.arange(T)[:, None, None] == 2, np.nan, XS)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cell": "rmm"}, ValueError, "cell must be one of 'rnn', .* got 'rmm'"),
        ({"cell": "gru"}, TypeError, r"p.levels\[0\] must be GRUParams, got RNNParams"),
        ({"xs": XS[0]}, ValueError, r"xs must have shape \(T, B, D=3\), got \(4, 3\)"),
        ({"xs": XS[:0]}, ValueError, "xs must have at least one time step, got T=0"),
        ({"xs": XS.tolist()}, TypeError, "xs must be an array, got list"),
        ({"xs": XS.astype(int)}, TypeError, "xs must be float32 or float64, got int64"),
        ({"xs": XS.astype(np.float32)}, TypeError, "xs must be float64 like its"),
        ({"xs": NAN}, ValueError, r"xs must be finite, got nan at \(2, 0, 0\)"),
        ({"periods": [1, 2]}, ValueError, "periods must be 3, one .* got 2"),
        ({"periods": [1, 2, 0]}, ValueError, r"periods\[2\] must be at least 1, got 0"),
        ({"periods": [1, 2, 1.5]}, TypeError, r"periods\[2\] must be a whole number"),
        ({"lengths": [0, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.7, got 0"),
        ({"lengths": [8, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.7, got 8"),
        ({"states": STATES[1:]}, TypeError, "states must be a tuple of 3, .* got 2"),
        ({"states": [1]}, TypeError, "states must be a tuple of 3, .* got list"),
        (
            {"states": ((), *STATES[1:])},
            TypeError,
            r"states\[0\] must be a tuple \(h,\), got 0",
        ),
        (
            {"states": STATES[::-1]},
            ValueError,
            r"states\[0\]\[0\] must have shape \(B=4, H=2\), got \(4, 3\)",
        ),
        ({"p": P.levels}, TypeError, "p must be HierarchicalParams, got tuple"),
        ({"p": HierarchicalParams(())}, ValueError, "p.levels must be .* got 0"),
        ({"p": HierarchicalParams([])}, ValueError, "p.levels must be .* got list"),
        (
            {"p": HierarchicalParams((P.levels[0],) * 3)},
            ValueError,
            r"p.levels\[1\].W_x must have shape \(D=2, H=2\), got \(3, 2\)",
        ),
    ],
)
def test_forward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"cell": "rnn", "xs": XS, "p": P, "periods": PERIODS, **changed}
    with pytest.raises(error, match=message):
        hierarchical_forward(**arguments)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        (
            {"cache": []},
            TypeError,
            "cache must come from hierarchical_forward, .* list",
        ),
        ({"dhs": DHS[1:]}, ValueError, r"dhs must have shape \(T=7, B=4, H=9\), got"),
        ({"dhs": DHS.astype(np.float32)}, TypeError, "dhs must be float64 like"),
        ({"dstates_T": ()}, TypeError, "dstates_T must be a tuple of 3, .* got 0"),
        (
            {"p": HierarchicalParams(P.levels[:2])},
            ValueError,
            r"p must have levels of sizes \[2, 4, 3\], got \[2, 4\]",
        ),
    ],
)
def test_backward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"dhs": DHS, "cache": CACHE, "p": P, **changed}
    with pytest.raises(error, match=message):
        hierarchical_backward(**arguments)


def test_init_asks_for_a_level():
    said = "^the number of levels must be at least 1, got 0$"
    with pytest.raises(ValueError, match=said):
        init_hierarchical("rnn", D, [], rng=np.random.default_rng(0))

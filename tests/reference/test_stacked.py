"""Stacks of layers against numbers by hand, differences, and the layers themselves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.bidirectional import bidirectional_forward
from rnncourse.reference.cells import CELLS, cell_forward
from rnncourse.reference.nested import nested_arrays
from rnncourse.reference.rnn import RNNParams
from rnncourse.reference.stacked import (
    StackedParams,
    check_stacked,
    init_stacked,
    stacked_backward,
    stacked_forward,
)
from tests.reference.networks import (
    assert_backward,
    assert_padding_is_never_read,
    assert_same,
    widen,
)

T, B, D, H, N = 5, 4, 3, 2, 3
LENGTHS = [5, 3, 1, 4]
each_cell = pytest.mark.parametrize("cell", CELLS)
one_or_two = pytest.mark.parametrize("double", [False, True], ids=["one", "two"])
added_or_not = pytest.mark.parametrize("residual", [False, True])
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(
    cell, *, double=False, seed=0, T=T, B=B, D=D, H=H, n_layers=N, dtype=np.float64
):
    """Return inputs, weights, first states and the gradient of the outputs."""
    rng = np.random.default_rng(seed)
    p = init_stacked(cell, D, H, n_layers, bidirectional=double, rng=rng)
    p = widen(p, rng, dtype=dtype)
    n = len(CELLS[cell].states)

    def state():
        return tuple(rng.normal(size=(B, H)).astype(dtype) for _ in range(n))

    states = tuple((state(), state()) if double else state() for _ in range(n_layers))
    xs = rng.normal(size=(T, B, D)).astype(dtype)
    dhs = rng.normal(size=(T, B, 2 * H if double else H)).astype(dtype)
    return xs, p, states, dhs


# -- by hand -----------------------------------------------------------------------


def test_two_layers_by_hand():
    # tanh(log 2) = 3/5; the second layer: 0.6 w = log 3, tanh(log 3) = 4/5
    w = np.log(3) / 0.6
    low = RNNParams(np.array([[1.0]]), np.zeros((1, 1)), np.zeros(1))
    high = RNNParams(np.array([[w]]), np.zeros((1, 1)), np.zeros(1))
    p, xs = StackedParams((low, high)), np.log([[[2.0]]])
    for residual, h, dbelow in ((False, 0.8, 0.0), (True, 1.4, 1.0)):
        hs, (first, last), cache = stacked_forward("rnn", xs, p, residual=residual)
        np.testing.assert_allclose(hs, [[[h]]], rtol=1e-14)
        np.testing.assert_allclose([first[0], last[0]], [[[0.6]], [[0.8]]], rtol=1e-14)
        dxs, _, dp = stacked_backward(np.ones((1, 1, 1)), cache, p)
        da_high = 1 - 0.8**2
        da_low = (w * da_high + dbelow) * (1 - 0.6**2)
        np.testing.assert_allclose(dxs, [[[da_low]]], rtol=1e-13)
        np.testing.assert_allclose(dp.layers[1].W_x, [[0.6 * da_high]], rtol=1e-13)
        np.testing.assert_allclose(dp.layers[0].W_x, [[np.log(2) * da_low]], rtol=1e-13)


# -- central differences -----------------------------------------------------------


@each_cell
@one_or_two
@added_or_not
def test_backward_agrees_with_central_differences(cell, double, residual):
    xs, p, states, _ = draw(cell, double=double, T=3, B=2, D=2, n_layers=2)

    def forward(xs, p, states):
        hs, last, cache = stacked_forward(
            cell, xs, p, states, [3, 1], residual=residual
        )
        return (hs, last), cache

    def backward(slopes, cache):
        dxs, first, dp = stacked_backward(slopes[0], cache, p, slopes[1])
        return dxs, dp, first

    assert_backward(forward, backward, (xs, p, states), np.random.default_rng(1))


# -- laws --------------------------------------------------------------------------


@each_cell
@one_or_two
@added_or_not
@lengths_or_none
def test_a_stack_is_its_layers_one_after_another(cell, double, residual, lengths):
    xs, p, states, _ = draw(cell, double=double)
    run = bidirectional_forward if double else cell_forward
    want, ends = xs, []
    for k, layer in enumerate(p.layers):
        hs, end, _ = run(cell, want, layer, states[k], lengths)
        want = hs + want if residual and k else hs
        ends.append(end)
    hs, last, _ = stacked_forward(cell, xs, p, states, lengths, residual=residual)
    assert_same((hs, last), (want, tuple(ends)), 0)


@each_cell
def test_a_finished_sequence_keeps_its_states(cell):
    xs, p, _, _ = draw(cell)
    for residual in (False, True):
        hs, last, _ = stacked_forward(cell, xs, p, lengths=LENGTHS, residual=residual)
        for k, n in enumerate(LENGTHS):
            np.testing.assert_array_equal(hs[n - 1 :, k], hs[[n - 1] * (T - n + 1), k])
    assert len(last) == N


@settings(deadline=None, max_examples=30)
@given(
    cell=st.sampled_from(list(CELLS)),
    double=st.booleans(),
    residual=st.booleans(),
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result_or_a_gradient(
    cell, double, residual, seed, lengths, rubbish
):
    xs, p, _, dhs = draw(cell, double=double, seed=seed)
    assert_padding_is_never_read(
        lambda xs, ends: stacked_forward(cell, xs, p, lengths=ends, residual=residual),
        lambda dhs, cache: stacked_backward(dhs, cache, p),
        *(xs, dhs, lengths, rubbish),
    )


@settings(deadline=None, max_examples=20)
@given(
    cell=st.sampled_from(list(CELLS)),
    double=st.booleans(),
    order=st.permutations(range(B)),
)
def test_order_of_the_batch_does_not_matter(cell, double, order):
    xs, p, _, dhs = draw(cell, double=double)
    hs, _, cache = stacked_forward(cell, xs, p, lengths=LENGTHS)
    dxs, _, dp = stacked_backward(dhs, cache, p)
    ends = np.array(LENGTHS)[order]
    hs_2, _, cache = stacked_forward(cell, xs[:, order], p, lengths=ends)
    dxs_2, _, dp_2 = stacked_backward(dhs[:, order], cache, p)
    assert_same((hs_2, dxs_2, dp_2), (hs[:, order], dxs[:, order], dp))


@settings(deadline=None, max_examples=20)
@given(
    cell=st.sampled_from(list(CELLS)), residual=st.booleans(), n=st.integers(1, T - 1)
)
def test_chunks_with_carried_states_equal_the_whole(cell, residual, n):
    xs, p, states, _ = draw(cell)
    whole, last, _ = stacked_forward(cell, xs, p, states, residual=residual)
    first, carried, _ = stacked_forward(cell, xs[:n], p, states, residual=residual)
    then, end, _ = stacked_forward(cell, xs[n:], p, carried, residual=residual)
    assert_same((np.concatenate([first, then]), end), (whole, last))


@each_cell
@one_or_two
def test_float32_stays_and_one_step_and_an_empty_batch_work(cell, double):
    for sizes in ({"T": 1}, {"B": 0}):
        xs, p, _, dhs = draw(cell, double=double, dtype=np.float32, **sizes)
        ends = [1] * xs.shape[1]
        hs, last, cache = stacked_forward(cell, xs, p, lengths=ends, residual=True)
        grads = stacked_backward(dhs, cache, p)
        arrays = nested_arrays((hs, last, *grads)).values()
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
        assert hs.shape == dhs.shape
        assert grads[0].shape == xs.shape


@added_or_not
def test_arguments_are_not_changed_and_results_are_the_callers(residual):
    xs, p, states, dhs = draw("gru")
    args = nested_arrays((xs, p, states, dhs)).values()
    before = [a.copy() for a in args]
    hs, _, cache = stacked_forward("gru", xs, p, states, residual=residual)
    want = stacked_backward(dhs, cache, p)
    for a, b in zip(args, before, strict=True):
        np.testing.assert_array_equal(a, b)
    hs[:] = xs[:] = 0
    assert_same(stacked_backward(dhs, cache, p), want, 0)


def test_init_has_the_sizes_and_repeats_with_its_seed():
    p, q = (
        init_stacked("gru", D, H, 2, bidirectional=True, rng=np.random.default_rng(0))
        for _ in range(2)
    )
    assert [layer.forwards.W_x.shape for layer in p.layers] == [(D, 6), (2 * H, 6)]
    assert_same(p, q, 0)
    assert (p.layers[1].forwards.W_x != p.layers[1].backwards.W_x).all()


# -- bad input ---------------------------------------------------------------------

XS, P, STATES, DHS = draw("rnn")
CACHE = stacked_forward("rnn", XS, P)[2]
NAN = np.where(np.arange(T)[:, None, None] == 2, np.nan, XS)
LOW, MIDDLE, HIGH = P.layers
WIDE = RNNParams(np.zeros((H, 4)), np.zeros((4, 4)), np.zeros(4))


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cell": "rmm"}, ValueError, "cell must be one of 'rnn', .* got 'rmm'"),
        (
            {"cell": "gru"},
            TypeError,
            r"p.layers\[0\] must be GRUParams or .* RNNParams",
        ),
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
        ({"lengths": [0, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.5, got 0"),
        ({"lengths": [6, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.5, got 6"),
        ({"states": STATES[1:]}, TypeError, "states must be a tuple of 3, .* got 2"),
        ({"states": [*STATES]}, TypeError, "states must be a tuple of 3, .* got list"),
        ({"p": P.layers}, TypeError, "p must be StackedParams, got tuple"),
        ({"p": StackedParams(())}, ValueError, "p.layers must be a tuple of .* got 0"),
        ({"p": StackedParams([LOW])}, ValueError, "p.layers must be a .* got list"),
        (
            {"p": StackedParams((LOW, LOW))},
            ValueError,
            r"p.layers\[1\] must read D=2 values, got D=3",
        ),
        (
            {"p": StackedParams((LOW, WIDE)), "residual": True},
            ValueError,
            r"p.layers\[1\] must be 2 wide like the layer below, .* got 4",
        ),
    ],
)
def test_forward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"cell": "rnn", "xs": XS, "p": P, **changed}
    with pytest.raises(error, match=message):
        stacked_forward(**arguments)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cache": []}, TypeError, "cache must come from stacked_forward, got list"),
        ({"dhs": DHS[1:]}, ValueError, r"dhs must have shape \(T=5, B=4, H=2\), got"),
        ({"dhs": DHS.astype(np.float32)}, TypeError, "dhs must be float64 like"),
        ({"dstates_T": (None,)}, TypeError, "dstates_T must be a tuple of 3, .* got 1"),
        (
            {"p": StackedParams((LOW, MIDDLE))},
            ValueError,
            "p must have the 3 layers of the cache, got 2",
        ),
    ],
)
def test_backward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"dhs": DHS, "cache": CACHE, "p": P, **changed}
    with pytest.raises(error, match=message):
        stacked_backward(**arguments)


def test_layers_may_differ_in_width_where_nothing_is_added():
    top = RNNParams(np.zeros((4, 5)), np.zeros((5, 5)), np.zeros(5))
    assert check_stacked("rnn", StackedParams((LOW, WIDE, top))) == [2, 4, 5]
    with pytest.raises(ValueError, match="n_layers must be at least 1, got 0"):
        init_stacked("rnn", D, H, 0, rng=np.random.default_rng(0))

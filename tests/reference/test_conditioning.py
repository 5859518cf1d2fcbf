"""A context as first state, as input and as both: by hand, by differences, by laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.cells import CELLS, cell_backward, cell_forward
from rnncourse.reference.conditioning import (
    PLACES,
    ConditionedParams,
    check_conditioned,
    conditioned_backward,
    conditioned_forward,
    context_state,
    context_state_backward,
    init_conditioned,
)
from rnncourse.reference.dense import DenseParams
from rnncourse.reference.nested import nested_arrays
from rnncourse.reference.rnn import RNNParams
from tests.reference.networks import (
    assert_backward,
    assert_padding_is_never_read,
    assert_same,
    widen,
)

T, B, D, C, H = 5, 4, 3, 6, 2
LENGTHS = [5, 3, 1, 4]
each_cell = pytest.mark.parametrize("cell", CELLS)
each_place = pytest.mark.parametrize("place", PLACES)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(cell, place, *, seed=0, T=T, B=B, D=D, C=C, dtype=np.float64):
    """Return inputs, contexts, weights and the gradient of the outputs."""
    rng = np.random.default_rng(seed)
    p = init_conditioned(cell, D, C, H, place=place, rng=rng)
    shapes = (T, B, D), (B, C), (T, B, H)
    xs, v, dhs = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return xs, v, widen(p, rng, dtype=dtype), dhs


# -- by hand -----------------------------------------------------------------------


def test_two_steps_of_both_places_by_hand():
    # the context log 2 makes h_0 = 3/5; tanh(log 3) = 4/5, and again 3/5
    layer = RNNParams(np.array([[1.0]]), np.array([[0.5]]), np.zeros(1))
    start = DenseParams(np.array([[1.0]]), np.zeros(1))
    p = ConditionedParams(layer, np.array([[2.0]]), start)
    v = np.log([[2.0]])
    wanted = np.array([np.log(3) - 0.5 * 0.6, np.log(2) - 0.5 * 0.8])
    xs = (wanted - 2 * np.log(2)).reshape(2, 1, 1)
    hs, (h_T,), cache = conditioned_forward("rnn", xs, v, p)
    np.testing.assert_allclose(hs.ravel(), [0.8, 0.6], rtol=1e-14)
    dhs = np.array([0.0, 1.0]).reshape(2, 1, 1)
    dxs, dv, dstate0, dp = conditioned_backward(dhs, cache, p)
    da_2 = 1 - 0.6**2
    da_1 = da_2 * 0.5 * (1 - 0.8**2)
    da_0 = da_1 * 0.5 * (1 - 0.6**2)
    np.testing.assert_allclose(dxs.ravel(), [da_1, da_2], rtol=1e-13)
    np.testing.assert_allclose(dv, [[2 * (da_1 + da_2) + da_0]], rtol=1e-13)
    np.testing.assert_allclose(
        dp.W_v, np.log(2) * (da_1 + da_2) * np.eye(1), rtol=1e-13
    )
    np.testing.assert_allclose(dp.start.W, [[np.log(2) * da_0]], rtol=1e-13)
    np.testing.assert_allclose(dp.start.b, [da_0], rtol=1e-13)
    np.testing.assert_allclose(dp.layer.W_h, [[0.6 * da_1 + 0.8 * da_2]], rtol=1e-13)
    assert dstate0 is None
    assert h_T == hs[-1]


# -- central differences -----------------------------------------------------------


@each_cell
@each_place
@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=["whole", "padded"])
def test_backward_agrees_with_central_differences(cell, place, lengths):
    xs, v, p, _ = draw(cell, place, T=3, B=2, D=2, C=2)
    rng = np.random.default_rng(1)
    state = None
    if place == "input":
        state = tuple(rng.normal(size=(2, H)) for _ in CELLS[cell].states)

    def forward(xs, v, p, state):
        hs, last, cache = conditioned_forward(cell, xs, v, p, state, lengths)
        return (hs, last), cache

    def backward(slopes, cache):
        dxs, dv, first, dp = conditioned_backward(slopes[0], cache, p, slopes[1])
        return dxs, dv, dp, first

    assert_backward(forward, backward, (xs, v, p, state), rng)


def test_state_of_a_context_agrees_with_central_differences():
    rng = np.random.default_rng(0)
    v, p = rng.normal(size=(B, C)), DenseParams(rng.normal(size=(C, 4)), np.ones(4))

    def forward(v, p):
        state = context_state(v, p, 2)
        return state, state

    assert_backward(
        forward,
        lambda slopes, state: context_state_backward(slopes, state, v, p),
        *((v, p), rng),
    )


# -- laws --------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(
    cell=st.sampled_from(list(CELLS)),
    place=st.sampled_from(PLACES),
    seed=st.integers(0, 99),
    lengths=st.none() | st.lists(st.integers(1, T), min_size=B, max_size=B),
)
def test_a_context_of_zeros_is_no_context(cell, place, seed, lengths):
    xs, v, p, dhs = draw(cell, place, seed=seed)
    if p.start is not None:
        p = p._replace(start=p.start._replace(b=np.zeros_like(p.start.b)))
    hs, last, cache = conditioned_forward(
        cell, xs, np.zeros_like(v), p, lengths=lengths
    )
    want, want_last, want_cache = cell_forward(cell, xs, p.layer, lengths=lengths)
    assert_same((hs, last), (want, want_last))
    dxs, _, _, dp = conditioned_backward(dhs, cache, p)
    want_dxs, _, want_dp = cell_backward(cell, dhs, want_cache, p.layer)
    assert_same((dxs, dp.layer), (want_dxs, want_dp), 1e-11)
    assert p.W_v is None or not dp.W_v.any()
    assert p.start is None or not dp.start.W.any()


@each_cell
@lengths_or_none
def test_a_context_among_the_inputs_shifts_the_bias(cell, lengths):
    xs, v, p, _ = draw(cell, "input", B=1)
    ends = None if lengths is None else [3]
    hs, last, _ = conditioned_forward(cell, xs, v, p, lengths=ends)
    shifted = p.layer._replace(b=p.layer.b + (v @ p.W_v)[0])
    want, want_last, _ = cell_forward(cell, xs, shifted, lengths=ends)
    assert_same((hs, last), (want, want_last))


@each_cell
def test_both_is_the_input_begun_in_the_state_of_the_context(cell):
    xs, v, p, _ = draw(cell, "both")
    state = context_state(v, p.start, len(CELLS[cell].states))
    both = conditioned_forward(cell, xs, v, p)[:2]
    one = conditioned_forward(cell, xs, v, p._replace(start=None), state)[:2]
    assert_same(both, one, 0)
    alone = conditioned_forward(cell, xs, v, p._replace(W_v=None))[:2]
    assert_same(alone, cell_forward(cell, xs, p.layer, state)[:2], 0)


@settings(deadline=None, max_examples=30)
@given(
    cell=st.sampled_from(list(CELLS)),
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result_or_a_gradient(cell, seed, lengths, rubbish):
    xs, v, p, dhs = draw(cell, "both", seed=seed)
    v[:] = v[0]  # so that each sequence alone has the same

    def backward(dhs, cache):
        dxs, dv, _, dp = conditioned_backward(dhs, cache, p)
        return dxs, dv, dp

    assert_padding_is_never_read(
        lambda xs, ends: conditioned_forward(
            cell, xs, v[: xs.shape[1]], p, lengths=ends
        ),
        *(backward, xs, dhs, lengths, rubbish),
    )


@settings(deadline=None, max_examples=20)
@given(
    cell=st.sampled_from(list(CELLS)),
    place=st.sampled_from(PLACES),
    order=st.permutations(range(B)),
)
def test_order_of_the_batch_does_not_matter(cell, place, order):
    xs, v, p, dhs = draw(cell, place)
    hs, _, cache = conditioned_forward(cell, xs, v, p, lengths=LENGTHS)
    dxs, dv, _, dp = conditioned_backward(dhs, cache, p)
    ends = np.array(LENGTHS)[order]
    hs_2, _, cache = conditioned_forward(cell, xs[:, order], v[order], p, lengths=ends)
    dxs_2, dv_2, _, dp_2 = conditioned_backward(dhs[:, order], cache, p)
    assert_same((hs_2, dxs_2, dv_2, dp_2), (hs[:, order], dxs[:, order], dv[order], dp))


@each_cell
@each_place
def test_float32_stays_and_one_step_and_an_empty_batch_work(cell, place):
    for sizes in ({"T": 1}, {"B": 0}):
        xs, v, p, dhs = draw(cell, place, dtype=np.float32, **sizes)
        ends = [1] * xs.shape[1]
        hs, last, cache = conditioned_forward(cell, xs, v, p, lengths=ends)
        dxs, dv, _, dp = conditioned_backward(dhs, cache, p)
        arrays = nested_arrays((hs, last, dxs, dv, dp)).values()
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
        assert hs.shape == dhs.shape
        assert dxs.shape == xs.shape


@each_place
def test_arguments_are_not_changed_and_results_are_the_callers(place):
    xs, v, p, dhs = draw("lstm", place)
    args = nested_arrays((xs, v, p, dhs)).values()
    before = [a.copy() for a in args]
    hs, _, cache = conditioned_forward("lstm", xs, v, p)
    want = conditioned_backward(dhs, cache, p)
    for a, b in zip(args, before, strict=True):
        np.testing.assert_array_equal(a, b)
    hs[:] = xs[:] = 0
    assert_same(conditioned_backward(dhs, cache, p), want, 0)


@each_place
def test_init_draws_what_the_place_needs(place):
    p = init_conditioned("lstm", D, C, H, place=place, rng=np.random.default_rng(0))
    assert check_conditioned("lstm", p) == (D, C, H)
    assert (p.W_v is None) == (place == "state")
    assert (p.start is None) == (place == "input")
    if p.W_v is not None:
        assert 0.5 * H**-0.5 < np.abs(p.W_v).max() <= H**-0.5


# -- bad input ---------------------------------------------------------------------

XS, V, P, DHS = draw("rnn", "both")
CACHE = conditioned_forward("rnn", XS, V, P)[2]
NAN = np.where(np.arange(T)[:, None, None] == 2, np.nan, XS)
STATE = (np.zeros((B, H)),)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cell": "rmm"}, ValueError, "cell must be one of 'rnn', .* got 'rmm'"),
        ({"cell": "gru"}, TypeError, "p.layer must be GRUParams, got RNNParams"),
        ({"xs": XS[0]}, ValueError, r"xs must have shape \(T, B, D\), got \(4, 3\)"),
        ({"xs": XS[:, :, :2]}, ValueError, r"xs must have shape \(T, B, D=3\), got"),
        ({"xs": XS[:0]}, ValueError, "xs must have at least one time step, got T=0"),
        ({"xs": XS.tolist()}, TypeError, "xs must be an array, got list"),
        ({"xs": XS.astype(int)}, TypeError, "xs must be float32 or float64, got int64"),
        (
            {"xs": XS.astype(np.float32)},
            TypeError,
            "v must be float32 like its partner",
        ),
        ({"xs": NAN}, ValueError, r"xs must be finite, got nan at \(2, 0, 0\)"),
        ({"v": V[0]}, ValueError, r"v must have shape \(B=4, C=6\), got \(6,\)"),
        ({"v": V[:, :2]}, ValueError, r"v must have shape \(B=4, C=6\), got \(4, 2\)"),
        ({"v": V * np.nan}, ValueError, r"v must be finite, got nan at \(0, 0\)"),
        (
            {"v": V * np.nan, "p": P._replace(start=None)},
            ValueError,
            r"v must be finite, got nan at \(0, 0\)",
        ),
        ({"lengths": [0, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.5, got 0"),
        ({"lengths": [6, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.5, got 6"),
        (
            {"state": STATE},
            ValueError,
            "state must be left out where the context makes",
        ),
        ({"p": P.layer}, TypeError, "p must be ConditionedParams, got RNNParams"),
        (
            {"p": ConditionedParams(P.layer, None, None)},
            ValueError,
            "p must have W_v or start, for a context to be read, got none",
        ),
        (
            {"p": P._replace(W_v=P.W_v.T)},
            ValueError,
            r"p.W_v must have shape \(C, gates=2\), got \(2, 6\)",
        ),
        (
            {"p": P._replace(W_v=P.W_v.astype(np.float32))},
            TypeError,
            "p.W_v must be float64 like its partners, got float32",
        ),
        (
            {"p": P._replace(start=P.layer)},
            TypeError,
            "p.start must be DenseParams, got RNNParams",
        ),
        (
            {"p": P._replace(start=DenseParams(P.start.W[1:], P.start.b))},
            ValueError,
            r"p.start.W must have shape \(C=6, states=2\), got \(5, 2\)",
        ),
    ],
)
def test_forward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"cell": "rnn", "xs": XS, "v": V, "p": P, **changed}
    with pytest.raises(error, match=message):
        conditioned_forward(**arguments)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        (
            {"cache": []},
            TypeError,
            "cache must come from conditioned_forward, got list",
        ),
        ({"dhs": DHS[1:]}, ValueError, r"dhs must have shape \(T=5, B=4, H=2\), got"),
        ({"dhs": DHS.astype(np.float32)}, TypeError, "dhs must be float64 like"),
        ({"dstate_T": ()}, TypeError, "dstate_T must be a tuple .* got 0"),
        (
            {"p": P._replace(start=None)},
            ValueError,
            "p must be the weights of the forward pass, with start",
        ),
        (
            {"cache": conditioned_forward("rnn", XS, V, P._replace(start=None))[2]},
            ValueError,
            "p must be the weights of the forward pass, without start",
        ),
    ],
)
def test_backward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"dhs": DHS, "cache": CACHE, "p": P, **changed}
    with pytest.raises(error, match=message):
        conditioned_backward(**arguments)


def test_init_names_a_wrong_place():
    with pytest.raises(ValueError, match="place must be one of 'state', .* got 'end'"):
        init_conditioned("rnn", D, C, H, place="end", rng=np.random.default_rng(0))

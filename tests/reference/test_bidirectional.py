"""Two directions against numbers by hand, differences, and themselves turned round."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.bidirectional import (
    BidirectionalParams,
    bidirectional_backward,
    bidirectional_forward,
    check_bidirectional,
    init_bidirectional,
)
from rnncourse.reference.cells import CELLS, cell_forward
from rnncourse.reference.nested import nested_arrays
from rnncourse.reference.rnn import RNNParams
from rnncourse.reference.sequences import reverse_valid
from tests.reference.networks import (
    assert_backward,
    assert_padding_is_never_read,
    assert_same,
    widen,
)

T, B, D, H = 5, 4, 3, 2
LENGTHS = [5, 3, 1, 4]
each_cell = pytest.mark.parametrize("cell", CELLS)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(cell, *, seed=0, T=T, B=B, D=D, H=H, dtype=np.float64):
    """Return inputs, weights, first states and the gradient of the outputs."""
    rng = np.random.default_rng(seed)
    p = widen(init_bidirectional(cell, D, H, rng=rng), rng, dtype=dtype)
    n = len(CELLS[cell].states)
    xs = rng.normal(size=(T, B, D)).astype(dtype)
    states = tuple(
        tuple(rng.normal(size=(B, H)).astype(dtype) for _ in range(n)) for _ in "fb"
    )
    return xs, p, states, rng.normal(size=(T, B, 2 * H)).astype(dtype)


# -- by hand -----------------------------------------------------------------------


def test_two_steps_by_hand():
    # tanh(log 2) = 3/5 and tanh(log 3) = 4/5
    ahead = RNNParams(np.array([[1.0]]), np.array([[0.5]]), np.zeros(1))
    back = RNNParams(np.array([[1.0]]), np.array([[0.0]]), np.zeros(1))
    p = BidirectionalParams(ahead, back)
    xs = np.array([np.log(2), np.log(3) - 0.3]).reshape(2, 1, 1)
    hs, (h_f, h_b), cache = bidirectional_forward("rnn", xs, p)
    second = np.tanh(np.log(3) - 0.3)  # of the backward direction, which reads it first
    want = [[0.6, 0.6], [0.8, second]]
    np.testing.assert_allclose(hs[:, 0], want, rtol=1e-14)
    np.testing.assert_allclose([h_f[0][0, 0], h_b[0][0, 0]], [0.8, 0.6], rtol=1e-14)
    dxs, _, dp = bidirectional_backward(np.ones((2, 1, 2)), cache, p)
    da_2 = 1 - 0.8**2
    da_1 = (1 + 0.5 * da_2) * (1 - 0.6**2)
    db_1, db_2 = 1 - 0.6**2, 1 - second**2
    np.testing.assert_allclose(dxs.ravel(), [da_1 + db_1, da_2 + db_2], rtol=1e-13)
    np.testing.assert_allclose(dp.forwards.W_h, [[0.6 * da_2]], rtol=1e-13)
    np.testing.assert_allclose(dp.backwards.W_h, [[second * db_1]], rtol=1e-13)


# -- central differences -----------------------------------------------------------


@each_cell
@lengths_or_none
def test_backward_agrees_with_central_differences(cell, lengths):
    ends = None if lengths is None else [3, 1]
    xs, p, states, _ = draw(cell, T=3, B=2, D=2)

    def forward(xs, p, states):
        hs, last, cache = bidirectional_forward(cell, xs, p, states, ends)
        return (hs, last), cache

    def backward(slopes, cache):
        dxs, first, dp = bidirectional_backward(slopes[0], cache, p, slopes[1])
        return dxs, dp, first

    assert_backward(forward, backward, (xs, p, states), np.random.default_rng(1))


# -- laws --------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(
    cell=st.sampled_from(list(CELLS)),
    seed=st.integers(0, 99),
    lengths=st.none() | st.lists(st.integers(1, T), min_size=B, max_size=B),
)
def test_bidirectional_of_the_reversed_is_the_reverse(cell, seed, lengths):
    xs, p, states, dhs = draw(cell, seed=seed)
    hs, last, cache = bidirectional_forward(cell, xs, p, states, lengths)
    grads = bidirectional_backward(dhs, cache, p)
    turned, swapped = reverse_valid(xs, lengths), BidirectionalParams(*p[::-1])
    hs_2, last_2, cache_2 = bidirectional_forward(
        cell, turned, swapped, states[::-1], lengths
    )
    dhs_2 = reverse_valid(np.roll(dhs, H, axis=2), lengths)
    dxs, first, dp = bidirectional_backward(dhs_2, cache_2, swapped)
    back = reverse_valid(np.roll(hs_2, H, axis=2), lengths)
    assert_same((back, last_2[::-1]), (hs, last), 0)
    dxs = reverse_valid(dxs, lengths)
    assert_same((dxs, first[::-1], BidirectionalParams(*dp[::-1])), grads, 1e-12)


@settings(deadline=None, max_examples=30)
@given(
    cell=st.sampled_from(list(CELLS)),
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result_or_a_gradient(cell, seed, lengths, rubbish):
    xs, p, _, dhs = draw(cell, seed=seed)
    assert_padding_is_never_read(
        lambda xs, ends: bidirectional_forward(cell, xs, p, lengths=ends),
        lambda dhs, cache: bidirectional_backward(dhs, cache, p),
        *(xs, dhs, lengths, rubbish),
    )


@settings(deadline=None, max_examples=20)
@given(cell=st.sampled_from(list(CELLS)), order=st.permutations(range(B)))
def test_order_of_the_batch_does_not_matter(cell, order):
    xs, p, _, dhs = draw(cell)
    hs, _, cache = bidirectional_forward(cell, xs, p, lengths=LENGTHS)
    dxs, _, dp = bidirectional_backward(dhs, cache, p)
    ends = np.array(LENGTHS)[order]
    hs_2, _, cache = bidirectional_forward(cell, xs[:, order], p, lengths=ends)
    dxs_2, _, dp_2 = bidirectional_backward(dhs[:, order], cache, p)
    assert_same((hs_2, dxs_2, dp_2), (hs[:, order], dxs[:, order], dp))


@each_cell
@lengths_or_none
def test_each_half_is_the_cell_by_itself(cell, lengths):
    xs, p, states, _ = draw(cell)
    hs, last, _ = bidirectional_forward(cell, xs, p, states, lengths)
    ahead, end, _ = cell_forward(cell, xs, p.forwards, states[0], lengths)
    np.testing.assert_array_equal(hs[..., :H], ahead)
    np.testing.assert_array_equal(last[0], end)
    # after its length a sequence repeats what each direction knows of the whole
    np.testing.assert_array_equal(hs[-1, 2, H:], hs[0 if lengths else -1, 2, H:])
    np.testing.assert_array_equal(hs[0, :, H:], last[1][0])


@each_cell
def test_float32_stays_and_one_step_and_an_empty_batch_work(cell):
    for sizes in ({"T": 1}, {"B": 0}):
        xs, p, _, dhs = draw(cell, dtype=np.float32, **sizes)
        hs, last, cache = bidirectional_forward(cell, xs, p, lengths=[1] * xs.shape[1])
        grads = bidirectional_backward(dhs, cache, p)
        arrays = nested_arrays((hs, last, *grads)).values()
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
        assert hs.shape == dhs.shape
        assert grads[0].shape == xs.shape


@each_cell
@lengths_or_none
def test_arguments_are_not_changed_and_results_are_the_callers(cell, lengths):
    xs, p, states, dhs = draw(cell)
    args = nested_arrays((xs, p, states, dhs)).values()
    before = [a.copy() for a in args]
    hs, _, cache = bidirectional_forward(cell, xs, p, states, lengths)
    want = bidirectional_backward(dhs, cache, p)
    for a, b in zip(args, before, strict=True):
        np.testing.assert_array_equal(a, b)
    hs[:] = xs[:] = 0
    assert_same(bidirectional_backward(dhs, cache, p), want, 0)


# -- bad input ---------------------------------------------------------------------

XS, P, STATES, DHS = draw("rnn")
CACHE = bidirectional_forward("rnn", XS, P)[2]
NAN = np.where(np.arange(T)[:, None, None] == 2, np.nan, XS)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cell": "rmm"}, ValueError, "cell must be one of 'rnn', .* got 'rmm'"),
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
        ({"lengths": [1.5] * 4}, TypeError, "lengths must be whole numbers"),
        ({"states": STATES[0]}, TypeError, r"\(forwards, backwards\), got 1"),
        ({"states": [1, 2]}, TypeError, r"\(forwards, backwards\), got list"),
        ({"p": P.forwards}, TypeError, "p must be BidirectionalParams, got RNNParams"),
        (
            {"p": P._replace(backwards=None)},
            TypeError,
            "p.backwards must be RNNParams, got NoneType",
        ),
        (
            {"p": P._replace(backwards=RNNParams(*(w.astype("f4") for w in P[1])))},
            TypeError,
            "^p.backwards.W_x must be float64 like its partners, got float32$",
        ),
        (
            {"cell": "lstm"},
            TypeError,
            "p.forwards must be LSTMParams, got RNNParams",
        ),
        (
            {"p": P._replace(backwards=P.backwards._replace(W_h=XS[0]))},
            ValueError,
            r"p.backwards.W_h must have shape \(H=2, H=2\), got \(4, 3\)",
        ),
    ],
)
def test_forward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"cell": "rnn", "xs": XS, "p": P, **changed}
    with pytest.raises(error, match=message):
        bidirectional_forward(**arguments)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        (
            {"cache": []},
            TypeError,
            "cache must come from bidirectional_forward, .*list",
        ),
        ({"dhs": DHS[1:]}, ValueError, r"dhs must have shape \(T=5, B=4, 2H=4\), got"),
        ({"dhs": DHS.astype(np.float32)}, TypeError, "dhs must be float64 like"),
        ({"dstates_T": (1,)}, TypeError, "dstates_T must be a tuple .* got 1"),
    ],
)
def test_backward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"dhs": DHS, "cache": CACHE, "p": P, **changed}
    with pytest.raises(error, match=message):
        bidirectional_backward(**arguments)


def test_sizes_are_those_of_both_directions():
    assert check_bidirectional("rnn", P) == (D, H)

"""Chunks with a carried state against the whole, by hand and by differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.cells import CELLS, cell_backward, cell_forward, init_cell
from rnncourse.reference.chunks import chunks_backward, chunks_forward
from rnncourse.reference.nested import nested_arrays
from rnncourse.reference.rnn import RNNParams
from tests.reference.networks import (
    assert_backward,
    assert_padding_is_never_read,
    assert_same,
    widen,
)

T, B, D, H = 7, 4, 3, 2
LENGTHS = [7, 4, 1, 5]
each_cell = pytest.mark.parametrize("cell", CELLS)


def draw(cell, *, seed=0, T=T, B=B, D=D, H=H, dtype=np.float64):
    """Return inputs, weights, a first state, and gradients of states and the last."""
    rng = np.random.default_rng(seed)
    p = widen(init_cell(cell, D, H, rng=rng), rng, dtype=dtype)
    state, dlast = (
        tuple(rng.normal(size=(B, H)).astype(dtype) for _ in CELLS[cell].states)
        for _ in range(2)
    )
    shapes = (T, B, D), (T, B, H)
    xs, dhs = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return xs, p, state, dhs, dlast


def test_three_steps_in_two_chunks_by_hand():
    # tanh(log 2) = 3/5 at each step: the input makes up for what the state adds
    p = RNNParams(np.array([[1.0]]), np.array([[0.5]]), np.zeros(1))
    xs = (np.log(2) - 0.5 * np.array([0, 0.6, 0.6])).reshape(3, 1, 1)
    hs, (h_T,), cache = chunks_forward("rnn", xs, p, size=2)
    np.testing.assert_allclose(hs.ravel(), [0.6] * 3, rtol=1e-14)
    slope, dhs = 1 - 0.6**2, np.ones((3, 1, 1))
    whole = [slope * (1 + 0.5 * slope * (1 + 0.5 * slope)), slope * (1 + 0.5 * slope)]
    for through, want in (
        (False, [slope * (1 + 0.5 * slope), slope, slope]),
        (True, [*whole, slope]),
    ):
        dxs, (dh0,), dp = chunks_backward(dhs, cache, p, through=through)
        np.testing.assert_allclose(dxs.ravel(), want, rtol=1e-13)
        np.testing.assert_allclose(dh0, [[0.5 * want[0]]], rtol=1e-13)
        np.testing.assert_allclose(dp.W_h, [[0.6 * sum(want[1:])]], rtol=1e-13)
    assert h_T == hs[-1]


@each_cell
@pytest.mark.parametrize("lengths", [None, [4, 1]], ids=["whole", "padded"])
def test_full_gradient_agrees_with_central_differences(cell, lengths):
    xs, p, state, _, _ = draw(cell, T=4, B=2, D=2)

    def forward(xs, p, state):
        hs, last, cache = chunks_forward(cell, xs, p, 2, state, lengths)
        return (hs, last), cache

    def backward(slopes, cache):
        args = slopes[0], cache, p, slopes[1]
        dxs, first, dp = chunks_backward(*args, through=True)
        return dxs, dp, first

    assert_backward(forward, backward, (xs, p, state), np.random.default_rng(1))


some_lengths = st.none() | st.lists(st.integers(1, T), min_size=B, max_size=B)


@settings(deadline=None, max_examples=40)
@given(
    cell=st.sampled_from(list(CELLS)),
    seed=st.integers(0, 99),
    size=st.integers(1, T + 2),
    lengths=some_lengths,
)
def test_chunks_with_carried_state_equal_the_whole(cell, seed, size, lengths):
    xs, p, state, dhs, dlast = draw(cell, seed=seed)
    hs, last, cache = chunks_forward(cell, xs, p, size, state, lengths)
    want, want_last, want_cache = cell_forward(cell, xs, p, state, lengths)
    assert_same((hs, last), (want, want_last))
    got = chunks_backward(dhs, cache, p, dlast, through=True)
    assert_same(got, cell_backward(cell, dhs, want_cache, p, dlast), 1e-11)


@settings(deadline=None, max_examples=40)
@given(
    cell=st.sampled_from(list(CELLS)),
    seed=st.integers(0, 99),
    size=st.integers(1, T),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
)
def test_truncated_gradient_is_that_of_each_chunk_by_itself(cell, seed, size, lengths):
    xs, p, state, dhs, dlast = draw(cell, seed=seed)
    _, _, cache = chunks_forward(cell, xs, p, size, state, lengths)
    got = chunks_backward(dhs, cache, p, dlast)
    dxs, first = np.zeros_like(xs), tuple(np.zeros_like(s) for s in state)
    total = {name: np.zeros_like(w) for name, w in nested_arrays(p).items()}
    for k, n in enumerate(lengths):  # each sequence alone, cut at its end
        now = tuple(s[[k]] for s in state)
        for start in range(0, n, size):
            stop = min(start + size, n)
            _, now, one = cell_forward(cell, xs[start:stop, [k]], p, now)
            dh, end = dhs[start:stop, [k]].copy(), None
            if stop == n:  # what arrives later was handed on to here
                dh[-1] += dhs[n:, [k]].sum(axis=0)
                end = tuple(d[[k]] for d in dlast)
            dx, dfirst, dp = cell_backward(cell, dh, one, p, end)
            dxs[start:stop, [k]] = dx
            if start == 0:
                for s, d in zip(first, dfirst, strict=True):
                    s[[k]] = d
            for name, w in nested_arrays(dp).items():
                total[name] += w
    assert_same(got[:2], (dxs, first), 1e-11)
    assert_same(got[2], type(p)(**total), 1e-11)


@settings(deadline=None, max_examples=20)
@given(
    cell=st.sampled_from(list(CELLS)),
    size=st.integers(1, T),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result_or_a_gradient(cell, size, lengths, rubbish):
    xs, p, _, dhs, _ = draw(cell)
    assert_padding_is_never_read(
        lambda xs, ends: chunks_forward(cell, xs, p, size, lengths=ends),
        lambda dhs, cache: chunks_backward(dhs, cache, p),
        *(xs, dhs, lengths, rubbish),
    )


@settings(deadline=None, max_examples=20)
@given(cell=st.sampled_from(list(CELLS)), order=st.permutations(range(B)))
def test_order_of_the_batch_does_not_matter(cell, order):
    xs, p, _, dhs, _ = draw(cell)
    hs, _, cache = chunks_forward(cell, xs, p, 3, lengths=LENGTHS)
    dxs, _, dp = chunks_backward(dhs, cache, p)
    ends = np.array(LENGTHS)[order]
    hs_2, _, cache = chunks_forward(cell, xs[:, order], p, 3, lengths=ends)
    dxs_2, _, dp_2 = chunks_backward(dhs[:, order], cache, p)
    assert_same((hs_2, dxs_2, dp_2), (hs[:, order], dxs[:, order], dp))


@each_cell
def test_float32_stays_and_one_step_and_an_empty_batch_work(cell):
    for sizes in ({"T": 1}, {"B": 0}):
        xs, p, _, dhs, _ = draw(cell, dtype=np.float32, **sizes)
        ends = [1] * xs.shape[1]
        hs, last, cache = chunks_forward(cell, xs, p, 2, lengths=ends)
        grads = chunks_backward(dhs, cache, p)
        arrays = nested_arrays((hs, last, *grads)).values()
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
        assert hs.shape == dhs.shape
        assert grads[0].shape == xs.shape


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "padded"])
def test_arguments_are_not_changed_and_results_are_the_callers(lengths):
    xs, p, state, dhs, dlast = draw("lstm")
    args = nested_arrays((xs, p, state, dhs, dlast)).values()
    before = [a.copy() for a in args]
    hs, _, cache = chunks_forward("lstm", xs, p, 3, state, lengths)
    want = chunks_backward(dhs, cache, p, dlast)
    for a, b in zip(args, before, strict=True):
        np.testing.assert_array_equal(a, b)
    hs[:] = xs[:] = 0
    assert_same(chunks_backward(dhs, cache, p, dlast), want, 0)


XS, P, STATE, DHS, _ = draw("rnn")
CACHE = chunks_forward("rnn", XS, P, 3)[2]
NAN = np.where(np.arange(T)[:, None, None] == 5, np.nan, XS)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cell": "rmm"}, ValueError, "cell must be one of 'rnn', .* got 'rmm'"),
        ({"cell": "gru"}, TypeError, "p must be GRUParams, got RNNParams"),
        ({"xs": XS[0]}, ValueError, r"xs must have shape \(T, B, D=3\), got \(4, 3\)"),
        ({"xs": XS[..., :2]}, ValueError, r"xs must have shape \(T, B, D=3\), got"),
        ({"xs": XS[:0]}, ValueError, "xs must have at least one time step, got T=0"),
        ({"xs": XS.tolist()}, TypeError, "xs must be an array, got list"),
        ({"xs": NAN}, ValueError, r"xs must be finite, got nan at \(5, 0, 0\)"),
        ({"xs": XS.astype(np.float32)}, TypeError, "must be float32 like its partners"),
        ({"size": 0}, ValueError, "size must be at least 1, got 0"),
        ({"size": 1.5}, TypeError, "size must be a whole number, got 1.5"),
        ({"lengths": [0, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.7, got 0"),
        ({"lengths": [8, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.7, got 8"),
        ({"state": ()}, TypeError, r"state must be a tuple \(h,\), got 0"),
        ({"state": XS}, TypeError, r"state must be a tuple \(h,\), got ndarray"),
        ({"state": (XS,)}, ValueError, r"state\[0\] must have shape \(B=4, H=2\), got"),
    ],
)
def test_forward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"cell": "rnn", "xs": XS, "p": P, "size": 3, **changed}
    with pytest.raises(error, match=message):
        chunks_forward(**arguments)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cache": []}, TypeError, "cache must come from chunks_forward, got list"),
        ({"dhs": DHS[1:]}, ValueError, r"dhs must have shape \(T=7, B=4, H=2\), got"),
        ({"dhs": DHS.astype(np.float32)}, TypeError, "dhs must be float64 like"),
        ({"p": None}, TypeError, "p must be RNNParams, got NoneType"),
        ({"dstate_T": ()}, TypeError, r"dstate_T must be a tuple \(h,\), got 0"),
    ],
)
def test_backward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"dhs": DHS, "cache": CACHE, "p": P, **changed}
    with pytest.raises(error, match=message):
        chunks_backward(**arguments)

"""Outputs at each step or for the whole: by hand, by differences, by laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.cells import CELLS, cell_forward
from rnncourse.reference.dense import DenseParams
from rnncourse.reference.nested import nested_arrays
from rnncourse.reference.readers import (
    POOLS,
    ReaderParams,
    init_reader,
    many_to_many_forward,
    many_to_one_forward,
    pool_backward,
    pool_forward,
    reader_backward,
)
from rnncourse.reference.rnn import RNNParams
from tests.reference.networks import (
    assert_backward,
    assert_padding_is_never_read,
    assert_same,
    widen,
)

T, B, D, H, K = 5, 4, 3, 2, 6
LENGTHS = [5, 3, 1, 4]
each_cell = pytest.mark.parametrize("cell", CELLS)
each_pool = pytest.mark.parametrize("pool", [None, *POOLS])


def draw(cell, pool=None, *, seed=0, T=T, B=B, dtype=np.float64):
    """Return inputs, weights and the gradient of the outputs."""
    rng = np.random.default_rng(seed)
    p = widen(init_reader(cell, D, H, K, rng=rng), rng, dtype=dtype)
    shape = (T, B, K) if pool is None else (B, K)
    xs = rng.normal(size=(T, B, D)).astype(dtype)
    return xs, p, rng.normal(size=shape).astype(dtype)


def run(cell, pool, xs, p, state=None, lengths=None):
    if pool is None:
        return many_to_many_forward(cell, xs, p, state, lengths)
    return many_to_one_forward(cell, xs, p, state, lengths, pool=pool)


# -- by hand -----------------------------------------------------------------------


def test_two_steps_by_hand():
    # tanh(log 2) = 3/5 and tanh(log 3) = 4/5
    layer = RNNParams(np.array([[1.0]]), np.zeros((1, 1)), np.zeros(1))
    p = ReaderParams(layer, DenseParams(np.array([[10.0]]), np.array([1.0])))
    xs = np.log([2.0, 3.0]).reshape(2, 1, 1)
    da = np.array([1 - 0.6**2, 1 - 0.8**2])
    for pool, want, dxs_want, dW in (
        (None, [7, 9], 10 * da, 1.4),
        ("last", [9], [0, 10 * da[1]], 0.8),
        ("mean", [8], 5 * da, 0.7),
    ):
        ys, _, cache = run("rnn", pool, xs, p)
        np.testing.assert_allclose(ys.ravel(), want, rtol=1e-14)
        dxs, _, dp = reader_backward(np.ones_like(ys), cache, p)
        np.testing.assert_allclose(dxs.ravel(), dxs_want, rtol=1e-13)
        np.testing.assert_allclose(dp.out.W, [[dW]], rtol=1e-13)


# -- central differences -----------------------------------------------------------


@each_cell
@each_pool
@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=["whole", "padded"])
def test_backward_agrees_with_central_differences(cell, pool, lengths):
    xs, p, _ = draw(cell, pool, T=3, B=2)
    rng = np.random.default_rng(1)
    state = tuple(rng.normal(size=(2, H)) for _ in CELLS[cell].states)

    def forward(xs, p, state):
        ys, last, cache = run(cell, pool, xs, p, state, lengths)
        return (ys, last), cache

    def backward(slopes, cache):
        dxs, first, dp = reader_backward(slopes[0], cache, p, slopes[1])
        return dxs, dp, first

    assert_backward(forward, backward, (xs, p, state), rng)


# -- laws --------------------------------------------------------------------------


@each_cell
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "padded"])
def test_one_output_reads_the_last_valid_state_or_the_mean(cell, lengths):
    xs, p, _ = draw(cell)
    hs, last, _ = cell_forward(cell, xs, p.layer, lengths=lengths)
    for k, n in enumerate(lengths or [T] * B):
        for pool, want in (("last", hs[n - 1, k]), ("mean", hs[:n, k].mean(axis=0))):
            y, _, _ = run(cell, pool, xs, p, lengths=lengths)
            want = want @ p.out.W + p.out.b
            np.testing.assert_allclose(y[k], want, rtol=1e-12)
    np.testing.assert_array_equal(pool_forward(hs, lengths), last[0])


@settings(deadline=None, max_examples=40)
@given(
    cell=st.sampled_from(list(CELLS)),
    pool=st.sampled_from([None, *POOLS]),
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, T), min_size=B, max_size=B),
    rubbish=st.sampled_from([0.0, 1e30, np.inf, np.nan]),
)
def test_padding_never_changes_a_result_or_a_gradient(
    cell, pool, seed, lengths, rubbish
):
    xs, p, dys = draw(cell, pool, seed=seed)
    assert_padding_is_never_read(
        lambda xs, ends: run(cell, None, xs, p, lengths=ends),
        lambda dys, cache: reader_backward(dys, cache, p),
        *(xs, draw(cell, seed=seed)[2], lengths, rubbish),
    )
    if pool is not None:
        y, _, _ = run(cell, pool, xs, p, lengths=lengths)
        for k, n in enumerate(lengths):
            one, _, _ = run(cell, pool, xs[:n, [k]], p)
            np.testing.assert_allclose(y[[k]], one, rtol=1e-11, atol=1e-13)


@settings(deadline=None, max_examples=20)
@given(
    cell=st.sampled_from(list(CELLS)),
    pool=st.sampled_from([None, *POOLS]),
    order=st.permutations(range(B)),
)
def test_order_of_the_batch_does_not_matter(cell, pool, order):
    xs, p, dys = draw(cell, pool)
    ys, _, cache = run(cell, pool, xs, p, lengths=LENGTHS)
    dxs, _, dp = reader_backward(dys, cache, p)
    ends = np.array(LENGTHS)[order]
    ys_2, _, cache = run(cell, pool, xs[:, order], p, lengths=ends)
    moved, where = dys[..., order, :], np.s_[..., order, :]
    dxs_2, _, dp_2 = reader_backward(moved, cache, p)
    assert_same((ys_2, dxs_2, dp_2), (ys[where], dxs[:, order], dp))


@pytest.mark.parametrize("rubbish", [np.nan, np.inf])
def test_pooling_never_reads_the_padding(rubbish):
    hs = np.array([1.0, 3.0, rubbish]).reshape(3, 1, 1)
    assert pool_forward(hs, [2]) == 3
    assert pool_forward(hs, [2], pool="mean") == 2
    np.testing.assert_array_equal(
        pool_backward(np.ones((1, 1)), 3, [2], pool="last").ravel(), [0, 1, 0]
    )


@each_cell
@each_pool
def test_float32_stays_and_one_step_and_an_empty_batch_work(cell, pool):
    for sizes in ({"T": 1}, {"B": 0}):
        xs, p, dys = draw(cell, pool, dtype=np.float32, **sizes)
        ys, last, cache = run(cell, pool, xs, p, lengths=[1] * xs.shape[1])
        grads = reader_backward(dys, cache, p)
        arrays = nested_arrays((ys, last, *grads)).values()
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
        assert ys.shape == dys.shape
        assert grads[0].shape == xs.shape


@each_pool
def test_arguments_are_not_changed_and_results_are_the_callers(pool):
    xs, p, dys = draw("gru", pool)
    args = nested_arrays((xs, p, dys)).values()
    before = [a.copy() for a in args]
    ys, _, cache = run("gru", pool, xs, p)
    want = reader_backward(dys, cache, p)
    for a, b in zip(args, before, strict=True):
        np.testing.assert_array_equal(a, b)
    ys[:] = xs[:] = 0
    assert_same(reader_backward(dys, cache, p), want, 0)


# -- bad input ---------------------------------------------------------------------

XS, P, DYS = draw("rnn", "last")
CACHE = many_to_one_forward("rnn", XS, P)[2]


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cell": "rmm"}, ValueError, "cell must be one of 'rnn', .* got 'rmm'"),
        ({"cell": "gru"}, TypeError, "p.layer must be GRUParams, got RNNParams"),
        ({"xs": XS[0]}, ValueError, r"xs must have shape \(T, B, D=3\), got \(4, 3\)"),
        ({"xs": XS[:0]}, ValueError, "xs must have at least one time step, got T=0"),
        ({"xs": XS * np.nan}, ValueError, r"xs must be finite, got nan at \(0, 0, 0\)"),
        ({"xs": XS.astype(int)}, TypeError, "xs must be float32 or float64, got int64"),
        ({"lengths": [0, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.5, got 0"),
        ({"lengths": [6, 1, 1, 1]}, ValueError, r"lengths must lie in 1\.\.5, got 6"),
        ({"pool": "max"}, ValueError, "pool must be one of 'last', 'mean', got 'max'"),
        ({"p": P.layer}, TypeError, "p must be ReaderParams, got RNNParams"),
        (
            {"p": P._replace(out=P.layer)},
            TypeError,
            "p.out must be DenseParams, got RNNParams",
        ),
        (
            {"p": P._replace(out=DenseParams(P.out.W.T, P.out.b))},
            ValueError,
            r"p.out.W must have shape \(H=2, K\), got \(6, 2\)",
        ),
    ],
)
def test_forward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"cell": "rnn", "xs": XS, "p": P, **changed}
    with pytest.raises(error, match=message):
        many_to_one_forward(**arguments)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: reader_backward(DYS, [], P),
            TypeError,
            "cache must come from many_to_many_forward or many_to_one.*, got list",
        ),
        (
            lambda: reader_backward(DYS[1:], CACHE, P),
            ValueError,
            r"dys must have shape \(B=4, K=6\), got \(3, 6\)",
        ),
        (
            lambda: reader_backward(DYS.astype(np.float32), CACHE, P),
            TypeError,
            "dys must be float64 like its partners",
        ),
        (
            lambda: pool_forward(XS[:0]),
            ValueError,
            "hs must have at least one time step, got T=0",
        ),
        (
            lambda: pool_backward(DYS, 0),
            ValueError,
            "T must be at least 1, got 0",
        ),
        (
            lambda: pool_backward(XS, 5),
            ValueError,
            r"dpooled must have shape \(B, H\), got \(5, 4, 3\)",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_pooling_takes_the_last_state_unless_told_otherwise():
    hs, lengths = np.random.default_rng(0).normal(size=(5, 2, 3)), [5, 3]
    np.testing.assert_array_equal(
        pool_forward(hs, lengths), pool_forward(hs, lengths, pool="last")
    )
    back = pool_backward(np.ones((2, 3)), 5, lengths)
    np.testing.assert_array_equal(
        back, pool_backward(np.ones((2, 3)), 5, lengths, pool="last")
    )

"""One vector in, a sequence out: by hand, by differences, and step by step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.cells import CELLS, cell_forward
from rnncourse.reference.dense import DenseParams, dense_forward
from rnncourse.reference.nested import nested_arrays
from rnncourse.reference.one_to_many import one_to_many_backward, one_to_many_forward
from rnncourse.reference.readers import ReaderParams, init_reader
from rnncourse.reference.rnn import RNNParams
from tests.reference.networks import assert_backward, assert_same, widen

T, B, D, H = 4, 3, 2, 5
each_cell = pytest.mark.parametrize("cell", CELLS)


def draw(cell, *, seed=0, B=B, D=D, H=H, K=None, n=T, dtype=np.float64):
    """Return the first input, weights, the first state and the outputs' gradient."""
    rng = np.random.default_rng(seed)
    p = widen(init_reader(cell, D, H, K or D, rng=rng), rng, dtype=dtype)
    x = rng.normal(size=(B, D)).astype(dtype)
    state = tuple(rng.normal(size=(B, H)).astype(dtype) for _ in CELLS[cell].states)
    return x, p, state, rng.normal(size=(n, B, K or D)).astype(dtype)


def signs(y):
    """Choose a next input of two values by the largest of the outputs."""
    return np.eye(D, dtype=y.dtype)[y.argmax(axis=1) % D]


def test_two_steps_by_hand():
    # tanh(log 2) = 3/5; the output log 3 / 0.6 times that; tanh(log 3) = 4/5
    w = np.log(3) / 0.6
    layer = RNNParams(np.array([[1.0]]), np.zeros((1, 1)), np.zeros(1))
    p = ReaderParams(layer, DenseParams(np.array([[w]]), np.zeros(1)))
    ys, (h_T,), cache = one_to_many_forward("rnn", np.log([[2.0]]), p, 2)
    np.testing.assert_allclose(ys.ravel(), [np.log(3), 0.8 * w], rtol=1e-14)
    np.testing.assert_allclose(h_T, [[0.8]], rtol=1e-14)
    dys = np.array([0.0, 1.0]).reshape(2, 1, 1)
    dx, _, dp = one_to_many_backward(dys, cache, p)
    da_2 = w * (1 - 0.8**2)
    da_1 = da_2 * w * (1 - 0.6**2)
    np.testing.assert_allclose(dx, [[da_1]], rtol=1e-13)
    np.testing.assert_allclose(dp.out.W, [[0.8 + da_2 * 0.6]], rtol=1e-13)
    np.testing.assert_allclose(
        dp.layer.W_x, [[da_1 * np.log(2) + da_2 * np.log(3)]], rtol=1e-13
    )


@each_cell
@pytest.mark.parametrize("choose", [None, signs], ids=["fed back", "chosen"])
def test_backward_agrees_with_central_differences(cell, choose):
    x, p, state, _ = draw(cell, B=2, H=2)

    def forward(x, p, state):
        ys, last, cache = one_to_many_forward(cell, x, p, T, state, choose=choose)
        return (ys, last), cache

    def backward(slopes, cache):
        dx, first, dp = one_to_many_backward(slopes[0], cache, p, slopes[1])
        return dx, dp, first

    assert_backward(forward, backward, (x, p, state), np.random.default_rng(1))


@settings(deadline=None, max_examples=30)
@given(
    cell=st.sampled_from(list(CELLS)),
    seed=st.integers(0, 99),
    fed=st.booleans(),
    n=st.integers(1, 6),
)
def test_each_output_is_the_next_input(cell, seed, fed, n):
    x, p, state, _ = draw(cell, seed=seed)
    choose = None if fed else signs
    ys, last, _ = one_to_many_forward(cell, x, p, n, state, choose=choose)
    fedback = ys[:-1] if fed else [signs(y) for y in ys[:-1]]
    inputs = np.stack([x, *fedback])
    hs, want, _ = cell_forward(cell, inputs, p.layer, state)  # one call reads them all
    assert_same((ys, last), (dense_forward(hs, p.out), want))


@each_cell
def test_the_batch_is_a_batch_and_a_run_can_go_on(cell):
    x, p, state, _ = draw(cell)
    ys, last, _ = one_to_many_forward(cell, x, p, T, state)
    order = [2, 0, 1]
    moved = tuple(s[order] for s in state)
    ys_2, _, _ = one_to_many_forward(cell, x[order], p, T, moved)
    np.testing.assert_allclose(ys_2, ys[:, order], rtol=1e-12)
    first, carried, _ = one_to_many_forward(cell, x, p, 1, state)
    then, end, _ = one_to_many_forward(cell, first[-1], p, T - 1, carried)
    assert_same((np.concatenate([first, then]), end), (ys, last))


@each_cell
def test_float32_stays_and_one_step_and_an_empty_batch_work(cell):
    for n, size in ((1, B), (T, 0)):
        x, p, _, dys = draw(cell, B=size, n=n, dtype=np.float32)
        ys, last, cache = one_to_many_forward(cell, x, p, n)
        grads = one_to_many_backward(dys, cache, p)
        arrays = nested_arrays((ys, last, *grads)).values()
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
        assert ys.shape == dys.shape
        assert grads[0].shape == x.shape


def test_arguments_are_not_changed_and_results_are_the_callers():
    x, p, state, dys = draw("lstm")
    args = nested_arrays((x, p, state, dys)).values()
    before = [a.copy() for a in args]
    ys, _, cache = one_to_many_forward("lstm", x, p, T, state)
    want = one_to_many_backward(dys, cache, p)
    for a, b in zip(args, before, strict=True):
        np.testing.assert_array_equal(a, b)
    ys[:] = x[:] = 0
    assert_same(one_to_many_backward(dys, cache, p), want, 0)


X, P, STATE, DYS = draw("rnn")
CACHE = one_to_many_forward("rnn", X, P, T)[2]


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cell": "rmm"}, ValueError, "cell must be one of 'rnn', .* got 'rmm'"),
        ({"x": DYS}, ValueError, r"x must have shape \(B, D=2\), got \(4, 3, 2\)"),
        ({"x": X.astype(int)}, TypeError, "x must be float32 or float64, got int64"),
        ({"x": X * np.nan}, ValueError, r"x must be finite, got nan at \(0, 0\)"),
        (
            {"x": X.astype(np.float32)},
            TypeError,
            "^x must be float64 like its partners, got float32",
        ),
        ({"n_steps": 0}, ValueError, "n_steps must be at least 1, got 0"),
        ({"n_steps": 1.5}, TypeError, "n_steps must be a whole number, got 1.5"),
        ({"p": P.layer}, TypeError, "p must be ReaderParams, got RNNParams"),
        ({"state": ()}, TypeError, "state must be a tuple .* got 0"),
        (
            {"p": draw("rnn", K=4)[1]},
            ValueError,
            r"choose must be given where the output \(K=4\) is no input \(D=2\)",
        ),
        (
            {"choose": lambda y: y[1:]},
            ValueError,
            r"choose\(y\) must have shape \(B=3, D=2\), got \(2, 2\)",
        ),
        (
            {"choose": lambda y: y.astype(int)},
            TypeError,
            r"choose\(y\) must be float64 like its partners, got int64",
        ),
    ],
)
def test_forward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"cell": "rnn", "x": X, "p": P, "n_steps": T, **changed}
    with pytest.raises(error, match=message):
        one_to_many_forward(**arguments)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        (
            {"cache": []},
            TypeError,
            "cache must come from one_to_many_forward, got list",
        ),
        ({"dys": DYS[1:]}, ValueError, r"dys must have shape \(T=4, B=3, K=2\), got"),
        ({"dys": DYS.astype(np.float32)}, TypeError, "dys must be float64 like"),
        ({"p": P.layer}, TypeError, "p must be ReaderParams, got RNNParams"),
        ({"dstate_T": ()}, TypeError, "dstate_T must be a tuple .* got 0"),
    ],
)
def test_backward_names_argument_expectation_and_fact(changed, error, message):
    arguments = {"dys": DYS, "cache": CACHE, "p": P, **changed}
    with pytest.raises(error, match=message):
        one_to_many_backward(**arguments)

"""Logistic regression and MLPs against numbers by hand, differences and torch."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from rnncourse.reference.dense import (
    DenseParams,
    LogisticParams,
    MLPParams,
    binary_cross_entropy,
    binary_cross_entropy_backward,
    init_mlp,
    logistic_backward,
    logistic_forward,
    mlp_arrays,
    mlp_backward,
    mlp_forward,
    mlp_from_arrays,
)
from rnncourse.reference.gradcheck import check_gradient, relative_error
from rnncourse.reference.optim import SGD

SQUASH = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}
nonlinearities = pytest.mark.parametrize("nonlinearity", SQUASH)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 3))
Y = np.array([0, 1, 1, 0, 1, 0])
LOGISTIC = LogisticParams(RNG.normal(size=3), RNG.normal(size=1))
MLP = init_mlp([3, 5, 4, 2], rng=RNG)


def assert_near(got, want, tol):
    for a, b in zip(got, want, strict=True):
        assert a.shape == b.shape
        assert relative_error(a, b).max(initial=0) <= tol


# -- logistic regression -----------------------------------------------------------


def test_logistic_by_hand():
    p = LogisticParams(np.array([math.log(3.0)]), np.zeros(1))
    x = np.array([[1.0], [-1.0]])
    probabilities, z = logistic_forward(x, p)
    np.testing.assert_allclose(probabilities, [0.75, 0.25], rtol=1e-15)
    loss = binary_cross_entropy(z, [1, 1])
    np.testing.assert_allclose(loss, (math.log(4 / 3) + math.log(4)) / 2, rtol=1e-15)
    dz = binary_cross_entropy_backward(z, [1, 1])
    np.testing.assert_allclose(dz, [-0.125, -0.375], rtol=1e-15)
    dx, dp = logistic_backward(dz, x, p)
    np.testing.assert_allclose(dp.w, [-0.125 + 0.375], rtol=1e-15)
    np.testing.assert_allclose(dp.b, [-0.5], rtol=1e-15)
    np.testing.assert_allclose(dx[:, 0], dz * math.log(3), rtol=1e-15)


def test_logistic_agrees_with_torch_and_differences():
    probabilities, z = logistic_forward(X, LOGISTIC)
    dx, dp = logistic_backward(binary_cross_entropy_backward(z, Y), X, LOGISTIC)
    x, w, b = (torch.tensor(a, requires_grad=True) for a in (X, *LOGISTIC))
    score = x @ w + b
    want = F.binary_cross_entropy_with_logits(score, torch.tensor(Y).double())
    want.backward()
    assert abs(binary_cross_entropy(z, Y) - want.item()) < 1e-14
    assert_near([probabilities], [torch.sigmoid(score).detach().numpy()], 1e-10)
    assert_near([dx, *dp], [a.grad.numpy() for a in (x, w, b)], 1e-10)

    def loss(q):
        z = logistic_forward(q["x"], LogisticParams(q["w"], q["b"]))[1]
        return binary_cross_entropy(z, Y)

    check_gradient(
        loss, {"x": X, **LOGISTIC._asdict()}, {"x": dx, **dp._asdict()}, tol=1e-7
    )


def test_loss_of_a_certain_mistake_is_its_score():
    with np.errstate(all="raise", under="ignore"):
        assert binary_cross_entropy(np.array([-1e4, 1e4]), [1, 0]) == 1e4
        assert binary_cross_entropy(np.array([-1e4, 1e4]), [0, 1]) == 0


def test_logistic_keeps_float32_and_takes_no_rows():
    p = LogisticParams(*(w.astype(np.float32) for w in LOGISTIC))
    probabilities, z = logistic_forward(X.astype(np.float32), p)
    dz = binary_cross_entropy_backward(z, Y)
    dx, dp = logistic_backward(dz, X.astype(np.float32), p)
    assert {a.dtype for a in (probabilities, dz, dx, *dp)} == {np.dtype(np.float32)}
    assert logistic_forward(X[:0], LOGISTIC)[0].shape == (0,)


# -- layers composed ---------------------------------------------------------------


def test_two_layers_by_hand():
    first = DenseParams(np.array([[1.0, -1.0]]), np.zeros(2))
    last = DenseParams(np.array([[2.0], [3.0]]), np.array([1.0]))
    p = MLPParams((first, last))
    x = np.array([[2.0], [-1.0]])
    y, cache = mlp_forward(x, p, nonlinearity="relu")
    # hidden (2, 0) and (0, 1)
    np.testing.assert_array_equal(y, [[5], [4]])
    dx, dp = mlp_backward(np.array([[1.0], [10.0]]), cache, p)
    np.testing.assert_array_equal(dx, [[2], [-30]])
    np.testing.assert_array_equal(dp.layers[0].W, [[4, -30]])
    np.testing.assert_array_equal(dp.layers[0].b, [2, 30])
    np.testing.assert_array_equal(dp.layers[1].W, [[2], [10]])
    np.testing.assert_array_equal(dp.layers[1].b, [11])


@nonlinearities
@pytest.mark.parametrize("sizes", [[3, 2], [3, 5, 2], [3, 5, 4, 2]], ids=str)
def test_mlp_agrees_with_torch_and_differences(nonlinearity, sizes):
    rng = np.random.default_rng(1)
    p = init_mlp(sizes, rng=rng)
    x, dy = rng.normal(size=(4, 2, 3)), rng.normal(size=(4, 2, 2))
    y, cache = mlp_forward(x, p, nonlinearity=nonlinearity)
    dx, dp = mlp_backward(dy, cache, p)
    given = [torch.tensor(a, requires_grad=True) for a in (x, *mlp_arrays(p).values())]
    h, *weights = given
    for n in range(0, len(weights), 2):
        h = SQUASH[nonlinearity](h) if n else h
        h = h @ weights[n] + weights[n + 1]
    h.backward(torch.from_numpy(dy))
    assert_near([y], [h.detach().numpy()], 1e-10)
    want = [a.grad.numpy() for a in given]
    assert_near([dx, *mlp_arrays(dp).values()], want, 1e-10)

    def loss(q):
        arrays = {n: a for n, a in q.items() if n != "x"}
        y, _ = mlp_forward(q["x"], mlp_from_arrays(arrays), nonlinearity=nonlinearity)
        return math.fsum((y * dy).ravel())

    check_gradient(
        loss, {"x": x, **mlp_arrays(p)}, {"x": dx, **mlp_arrays(dp)}, tol=1e-7
    )


@nonlinearities
def test_mlp_keeps_float32_and_takes_an_empty_batch(nonlinearity):
    p = init_mlp([3, 5, 2], rng=np.random.default_rng(0), dtype=np.float32)
    y, cache = mlp_forward(X.astype(np.float32), p, nonlinearity=nonlinearity)
    dx, dp = mlp_backward(y, cache, p)
    arrays = [y, dx, *mlp_arrays(dp).values()]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
    y, cache = mlp_forward(X[:0], MLP, nonlinearity=nonlinearity)
    assert y.shape == (0, 2)
    assert not any(a.any() for a in mlp_arrays(mlp_backward(y, cache, MLP)[1]).values())


def test_an_optimiser_updates_the_arrays_of_an_mlp():
    y, cache = mlp_forward(X, MLP)
    _, dp = mlp_backward(2 * y, cache, MLP)
    new = mlp_from_arrays(SGD(1e-3).update(mlp_arrays(MLP), mlp_arrays(dp)))
    assert (mlp_forward(X, new)[0] ** 2).sum() < (y**2).sum()


CACHE = mlp_forward(X, MLP)[1]
NAN = X.copy()
NAN[1, 2] = np.nan


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: logistic_forward(X[:, :2], LOGISTIC),
            ValueError,
            r"x must have shape \(N, D=3\), got \(6, 2\)",
        ),
        (lambda: logistic_forward(NAN, LOGISTIC), ValueError, r"got nan at \(1, 2\)"),
        (
            lambda: logistic_forward(X, tuple(LOGISTIC)),
            TypeError,
            "p must be LogisticParams, got tuple",
        ),
        (
            lambda: logistic_forward(X.astype(np.float32), LOGISTIC),
            TypeError,
            "p.w must be float32",
        ),
        (
            lambda: logistic_backward(np.ones(2), X, LOGISTIC),
            ValueError,
            r"dz must have shape \(N=6,\), got \(2,\)",
        ),
        (
            lambda: binary_cross_entropy(np.zeros(2), [0, 2]),
            ValueError,
            r"y must lie in \[0, 1\], got 0 to 2",
        ),
        (
            lambda: binary_cross_entropy(np.zeros(2), [0]),
            ValueError,
            r"y must have shape \(N=2,\), got \(1,\)",
        ),
        (lambda: binary_cross_entropy(np.zeros(0), []), ValueError, "at least one"),
        (lambda: binary_cross_entropy(np.array([np.nan]), [1]), ValueError, "finite"),
        (
            lambda: mlp_forward(X, MLP, nonlinearity="step"),
            ValueError,
            "nonlinearity must be one of 'tanh', 'relu', 'sigmoid', got 'step'",
        ),
        (lambda: mlp_forward(NAN, MLP), ValueError, "x must be finite, got nan"),
        (lambda: mlp_forward(X[:, :2], MLP), ValueError, r"x must .* \(\.\.\., D=3\)"),
        (lambda: mlp_forward(X, LOGISTIC), TypeError, "p must be MLPParams, got Log"),
        (lambda: mlp_forward(X, MLPParams(())), ValueError, "at least one layer"),
        (lambda: mlp_backward(X, X, MLP), TypeError, "cache must be MLPCache"),
        (
            lambda: mlp_backward(X[:, :2], CACHE, MLPParams(MLP.layers[:2])),
            ValueError,
            "p must have the 3 layers of the cache, got 2",
        ),
        (
            lambda: mlp_backward(X, CACHE, MLP),
            ValueError,
            r"dy must have shape \(6, 2\), got \(6, 3\)",
        ),
        (lambda: init_mlp([3], rng=RNG), ValueError, "sizes must be at least two"),
        (lambda: mlp_from_arrays({}), ValueError, "arrays must be W_1, b_1"),
        (lambda: mlp_from_arrays({"W_1": X, "c": X}), ValueError, "got .*'W_1', 'c'"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

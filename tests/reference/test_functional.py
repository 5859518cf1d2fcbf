"""Functions and their derivatives against numbers by hand, differences and torch."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from rnncourse.reference import functional as f
from rnncourse.reference.dense import (
    DenseParams,
    dense_backward,
    dense_forward,
    init_dense,
)
from rnncourse.reference.gradcheck import check_gradient, relative_error

RNG = np.random.default_rng(0)
T, B, K, D = 5, 3, 4, 2
Z, DY = RNG.normal(size=(2, T, B, K))
TARGETS = RNG.integers(0, K, size=(T, B))
MASK = np.array([[1, 1, 1], [1, 0, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0]], dtype=bool)

ACTIVATIONS = {
    "sigmoid": (f.sigmoid, f.sigmoid_backward, torch.sigmoid),
    "tanh": (np.tanh, f.tanh_backward, torch.tanh),
    "relu": (f.relu, f.relu_backward, torch.relu),
}
activations = pytest.mark.parametrize(
    ("forward", "backward", "twin"), ACTIVATIONS.values(), ids=ACTIVATIONS.keys()
)
LOSSES = {
    "mse": (f.mse, f.mse_backward, F.mse_loss),
    "mae": (f.mae, f.mae_backward, F.l1_loss),
}
losses = pytest.mark.parametrize(
    ("loss", "backward", "twin"), LOSSES.values(), ids=LOSSES.keys()
)


def near(a, b, tol=1e-10):
    return relative_error(np.asarray(a), np.asarray(b)).max(initial=0) <= tol


@activations
def test_activation_backward_agrees_with_central_differences(forward, backward, twin):
    grads = {"z": backward(DY, forward(Z))}
    check_gradient(lambda q: (forward(q["z"]) * DY).sum(), {"z": Z}, grads)


@activations
def test_activation_agrees_with_torch_autograd(forward, backward, twin):
    z = torch.from_numpy(Z.copy()).requires_grad_()
    y = twin(z)
    y.backward(torch.from_numpy(DY))
    assert near(forward(Z), y.detach().numpy())
    assert near(backward(DY, forward(Z)), z.grad.numpy())


def test_activations_by_hand():
    z = np.array([-math.log(3), 0.0, math.log(4)])
    np.testing.assert_allclose(f.sigmoid(z), [0.25, 0.5, 0.8], rtol=1e-15)
    slope = f.sigmoid_backward(np.array([1.0, 2.0, -1.0]), np.array([0.25, 0.5, 0.8]))
    np.testing.assert_allclose(slope, [0.1875, 0.5, -0.16], rtol=1e-15)
    slope = f.tanh_backward(np.array([1.0, 2.0]), np.array([0.6, 0.8]))
    np.testing.assert_allclose(slope, [0.64, 0.72], rtol=1e-15)
    np.testing.assert_array_equal(f.relu(np.array([-2.0, 0.0, 3.0])), [0, 0, 3])
    slope = f.relu_backward(np.array([5.0, 5.0, 5.0]), np.array([0.0, 0.0, 3.0]))
    np.testing.assert_array_equal(slope, [0, 0, 5])


def test_no_activation_overflows():
    z = np.array([-1e4, 1e4])
    np.testing.assert_array_equal(f.sigmoid(z), [0, 1])
    np.testing.assert_array_equal(f.softmax(z), [0, 1])
    np.testing.assert_array_equal(f.log_softmax(z), [-2e4, 0])


def test_softmax_by_hand_and_by_torch():
    z = np.log([[1.0, 2.0, 5.0], [2.0, 2.0, 4.0]])
    want = [[0.125, 0.25, 0.625], [0.25, 0.25, 0.5]]
    np.testing.assert_allclose(f.softmax(z), want, rtol=1e-14)
    np.testing.assert_allclose(f.log_softmax(z), np.log(want), rtol=1e-14)
    twin = torch.log_softmax(torch.from_numpy(Z), dim=-1).numpy()
    assert near(f.log_softmax(Z), twin)


def test_one_hot_by_hand():
    rows = f.one_hot([[2, 0]], 3)
    np.testing.assert_array_equal(rows, [[[0, 0, 1], [1, 0, 0]]])
    assert f.one_hot([1], 3, dtype=np.float32).dtype == np.float32
    assert f.one_hot([], 3).shape == (0, 3)


def test_cross_entropy_by_hand():
    logits = np.log([[1.0, 2.0, 5.0], [2.0, 2.0, 4.0]])
    # -log 0.25 = 2 log 2 for the first row, -log 0.5 = log 2 for the second
    assert math.isclose(f.cross_entropy(logits, [1, 2]), 1.5 * math.log(2))
    assert math.isclose(f.cross_entropy(logits, [1, 2], [0, 1]), math.log(2))
    slope = f.cross_entropy_backward(logits, [1, 2])
    want = [[0.0625, -0.375, 0.3125], [0.125, 0.125, -0.25]]
    np.testing.assert_allclose(slope, want, rtol=1e-14)


@pytest.mark.parametrize("mask", [None, MASK, MASK * 0.3], ids=["all", "bool", "float"])
def test_cross_entropy_backward_agrees_with_central_differences(mask):
    grads = {"z": f.cross_entropy_backward(Z, TARGETS, mask)}
    check_gradient(lambda q: f.cross_entropy(q["z"], TARGETS, mask), {"z": Z}, grads)


@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
def test_cross_entropy_agrees_with_torch_autograd(mask):
    keep = np.ones((T, B), dtype=bool) if mask is None else mask
    z = torch.from_numpy(Z.copy()).requires_grad_()
    loss = F.cross_entropy(z[keep], torch.from_numpy(TARGETS[keep]))
    loss.backward()
    assert near(f.cross_entropy(Z, TARGETS, mask), loss.item())
    assert near(f.cross_entropy_backward(Z, TARGETS, mask), z.grad.numpy())


@losses
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
def test_regression_loss_agrees_with_differences_and_torch(loss, backward, twin, mask):
    y_hat, y = Z[..., 0], Z[..., 1]
    grads = {"y": backward(y_hat, y, mask)}
    check_gradient(lambda q: loss(q["y"], y, mask), {"y": y_hat}, grads)
    keep = np.ones((T, B), dtype=bool) if mask is None else mask
    guess = torch.from_numpy(y_hat.copy()).requires_grad_()
    value = twin(guess[keep], torch.from_numpy(y[keep]))
    value.backward()
    assert near(loss(y_hat, y, mask), value.item())
    assert near(grads["y"], guess.grad.numpy())


def test_regression_losses_by_hand():
    y_hat, y = np.array([1.0, 2.0, 7.0]), np.array([2, 2, 4])
    assert math.isclose(f.mse(y_hat, y), 10 / 3)
    assert math.isclose(f.mae(y_hat, y), 4 / 3)
    assert f.mse(y_hat, y, [1, 1, 0]) == 0.5
    np.testing.assert_array_equal(f.mse_backward(y_hat, y, [1, 1, 0]), [-1, 0, 0])
    np.testing.assert_array_equal(f.mae_backward(y_hat, y, [1, 1, 0]), [-0.5, 0, 0])


@pytest.mark.parametrize("rubbish", [np.nan, np.inf, 1e200])
def test_what_a_mask_hides_never_changes_a_loss_or_its_gradient(rubbish):
    spoilt, targets = Z.copy(), TARGETS.copy()
    spoilt[~MASK], targets[~MASK] = rubbish, -100
    assert f.cross_entropy(spoilt, targets, MASK) == f.cross_entropy(Z, TARGETS, MASK)
    slope = f.cross_entropy_backward(spoilt, targets, MASK)
    np.testing.assert_array_equal(slope, f.cross_entropy_backward(Z, TARGETS, MASK))
    for loss, backward, _ in LOSSES.values():
        clean, bad, y = Z[..., 0], spoilt[..., 0], Z[..., 1]
        assert loss(bad, spoilt[..., 1], MASK) == loss(clean, y, MASK)
        slope = backward(bad, spoilt[..., 1], MASK)
        np.testing.assert_array_equal(slope, backward(clean, y, MASK))


def test_float32_stays_float32():
    z, dy = Z.astype(np.float32), DY.astype(np.float32)
    y = f.sigmoid(z)
    arrays = [
        y,
        f.sigmoid_backward(dy, y),
        f.tanh_backward(dy, y),
        f.relu(z),
        f.relu_backward(dy, y),
        f.softmax(z),
        f.log_softmax(z),
        f.cross_entropy_backward(z, TARGETS, MASK),
        f.mse_backward(z, Z),
        f.mae_backward(z, Z),
    ]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


# -- the dense layer ---------------------------------------------------------------

X = RNG.normal(size=(T, B, D))
P = DenseParams(*(RNG.normal(size=s) for s in ((D, K), K)))


def test_dense_by_hand():
    p = DenseParams(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([1.0, 0, 0]))
    x = np.array([[1.0, -1.0]])
    np.testing.assert_array_equal(dense_forward(x, p), [[-2, -3, -3]])
    dx, dp = dense_backward(np.array([[1.0, 0.0, 2.0]]), x, p)
    np.testing.assert_array_equal(dx, [[7, 16]])
    np.testing.assert_array_equal(dp.W, [[1, 0, 2], [-1, 0, -2]])
    np.testing.assert_array_equal(dp.b, [1, 0, 2])


def test_dense_backward_agrees_with_differences_and_torch():
    dx, dp = dense_backward(DY, X, P)
    grads = {"x": dx, **dp._asdict()}
    params = {"x": X, **P._asdict()}

    def loss(q):
        return (dense_forward(q["x"], DenseParams(q["W"], q["b"])) * DY).sum()

    check_gradient(loss, params, grads)
    twins = {n: torch.from_numpy(a.copy()).requires_grad_() for n, a in params.items()}
    y = F.linear(twins["x"], twins["W"].T, twins["b"])
    y.backward(torch.from_numpy(DY))
    assert near(dense_forward(X, P), y.detach().numpy())
    for name, twin in twins.items():
        assert near(grads[name], twin.grad.numpy())


def test_dense_takes_an_empty_batch_and_keeps_float32():
    p = init_dense(D, K, rng=np.random.default_rng(0), dtype=np.float32)
    x = np.zeros((T, 0, D), dtype=np.float32)
    y = dense_forward(x, p)
    assert y.shape == (T, 0, K)
    dx, dp = dense_backward(y, x, p)
    assert dx.shape == x.shape
    assert not dp.W.any()
    assert {y.dtype, dx.dtype, dp.W.dtype, dp.b.dtype} == {np.dtype(np.float32)}


def test_dense_init_draws_within_its_bound():
    p = init_dense(100, 90, rng=np.random.default_rng(0))
    assert 0.099 < np.abs(p.W).max() <= 0.1
    assert not p.b.any()


def test_each_row_of_a_softmax_is_shifted_by_its_own_maximum():
    z = np.array([[0.0, 1.0], [-2000.0, -2001.0]])
    np.testing.assert_allclose(f.softmax(z)[1], f.softmax(z)[0][::-1], rtol=1e-12)
    np.testing.assert_allclose(f.log_softmax(z).sum(axis=1), [-1.6265234] * 2)


def test_one_class_and_one_row_are_allowed():
    assert f.cross_entropy(np.zeros((3, 1)), [0, 0, 0]) == 0
    assert f.cross_entropy(np.log([0.25, 0.75]), 1) == pytest.approx(-np.log(0.75))
    assert f.cross_entropy(np.zeros((2, 1, 3)), [[0], [2]]) == pytest.approx(np.log(3))


# -- bad input ---------------------------------------------------------------------

NAN = np.where(np.arange(K) == 1, np.nan, Z[0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: f.sigmoid(0.5), TypeError, "z must be an array, got float"),
        (lambda: f.sigmoid(TARGETS), TypeError, "z must be float32 or float64, got"),
        (lambda: f.log_softmax([1.0]), TypeError, "^z must be an array, got list"),
        (
            lambda: f.tanh_backward(DY[:, :, :2], Z),
            ValueError,
            r"dy must have shape \(axis0=5, axis1=3, axis2=4\), got \(5, 3, 2\)",
        ),
        (lambda: f.cross_entropy(np.zeros((2, 3, 0)), [[0]]), ValueError, "one class"),
        (
            lambda: f.cross_entropy(Z, TARGETS[:, :2]),
            ValueError,
            r"targets must have shape \(axis0=5, axis1=3\), got \(5, 2\)",
        ),
        (lambda: f.cross_entropy(Z[:, :0], TARGETS[:, :0]), ValueError, "one entry"),
        (
            lambda: f.cross_entropy(Z, TARGETS, MASK[:, :1]),
            ValueError,
            r"mask must have shape \(axis0=5, axis1=3\), got \(5, 1\)",
        ),
        (
            lambda: f.cross_entropy(Z, TARGETS, MASK * np.nan),
            ValueError,
            r"^mask must be finite, got nan at \(0, 0\)",
        ),
        (lambda: f.mse(Z, Z, Z * 0), ValueError, "^mask must keep at least one entry"),
        (
            lambda: f.mse(Z, Z[:, :, :1]),
            ValueError,
            r"y must have shape \(axis0=5, axis1=3, axis2=4\), got \(5, 3, 1\)",
        ),
        (lambda: f.relu([1.0]), TypeError, "z must be an array, got list"),
        (lambda: f.softmax(np.zeros((2, 0))), ValueError, "at least one class"),
        (lambda: f.log_softmax(np.float64(1)), ValueError, "at least one class"),
        (lambda: f.sigmoid_backward(DY[0], Z), ValueError, "dy must have shape"),
        (lambda: f.tanh_backward(DY, [1.0]), TypeError, "y must be an array, got list"),
        (
            lambda: f.relu_backward(DY.astype(np.float32), Z),
            TypeError,
            "dy must be float64 .* got float32",
        ),
        (lambda: f.one_hot([3], 3), ValueError, r"ids must lie in 0..2, got 3"),
        (lambda: f.one_hot([-1], 3), ValueError, r"ids must lie in 0..2, got -1"),
        (lambda: f.one_hot([0.0], 3), TypeError, "ids must be whole numbers, got f"),
        (lambda: f.one_hot([0], 0), ValueError, "V must be at least 1, got 0"),
        (
            lambda: f.cross_entropy(Z.tolist(), TARGETS),
            TypeError,
            "logits must be an array, got list",
        ),
        (
            lambda: f.cross_entropy(np.zeros((2, 0)), [0, 0]),
            ValueError,
            r"logits must have at least one class, got shape \(2, 0\)",
        ),
        (
            lambda: f.cross_entropy(Z, TARGETS[0]),
            ValueError,
            r"targets must have shape .* got \(3,\)",
        ),
        (lambda: f.cross_entropy(Z, TARGETS + K), ValueError, r"targets .* 0..3, got"),
        (lambda: f.cross_entropy(Z, TARGETS * 1.0), TypeError, "targets .* float64"),
        (lambda: f.cross_entropy(Z, TARGETS, MASK[0]), ValueError, "mask must have"),
        (lambda: f.cross_entropy(Z, TARGETS, MASK * -1), ValueError, "mask .* -1"),
        (lambda: f.cross_entropy(Z, TARGETS, MASK * 0), ValueError, "mask .* none"),
        (
            lambda: f.cross_entropy(Z[:0], TARGETS[:0]),
            ValueError,
            "logits must hold at least one entry",
        ),
        (
            lambda: f.cross_entropy_backward(NAN, TARGETS[0]),
            ValueError,
            r"logits must not be NaN where it counts, got NaN at \(0, 1\)",
        ),
        (lambda: f.mse(Z, Z[0]), ValueError, r"y must have shape .* got \(3, 4\)"),
        (lambda: f.mse(Z[0], NAN), ValueError, r"y must not be NaN .* at \(0, 1\)"),
        (lambda: f.mse_backward(NAN, Z[0]), ValueError, "y_hat must not be NaN"),
        (lambda: f.mae(TARGETS, TARGETS), TypeError, "y_hat must be float32 or"),
        (lambda: f.mae(Z[0], Z[0] > 0), TypeError, "y must be numbers, got bool"),
        (
            lambda: f.mae_backward(Z[:0], Z[:0]),
            ValueError,
            "y_hat must hold at least one entry",
        ),
        (lambda: dense_forward(Z, P), ValueError, r"x must have shape \(..., D=2\)"),
        (lambda: dense_forward(X.astype(int), P), TypeError, "x must be float32 or"),
        (lambda: dense_forward(X.astype(np.float32), P), TypeError, "p.W must be"),
        (lambda: dense_forward(X, P._replace(b=P.b[1:])), ValueError, "p.b must have"),
        (lambda: dense_backward(DY[1:], X, P), ValueError, "dy must have shape"),
        (lambda: dense_backward(DY.astype(np.float32), X, P), TypeError, "dy must be"),
        (lambda: init_dense(0, 1, rng=None), ValueError, "D must be at least 1, got"),
        (lambda: init_dense(1, 1, rng=1), TypeError, "rng must be .* got int"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

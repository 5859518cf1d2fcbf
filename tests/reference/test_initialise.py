"""First weights against the property that defines each, and torch's scale."""

import numpy as np
import pytest
import torch

from rnncourse.reference.initialise import (
    fans,
    glorot_normal,
    glorot_uniform,
    he_normal,
    he_uniform,
    identity,
    orthogonal,
    uniform,
    unit_forget_bias,
)
from rnncourse.reference.lstm import init_lstm

INIT = torch.nn.init
DRAWS = {
    "glorot_uniform": (glorot_uniform, INIT.xavier_uniform_),
    "glorot_normal": (glorot_normal, INIT.xavier_normal_),
    "he_uniform": (he_uniform, lambda w: INIT.kaiming_uniform_(w, nonlinearity="relu")),
    "he_normal": (he_normal, lambda w: INIT.kaiming_normal_(w, nonlinearity="relu")),
}


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("ours", "theirs"), DRAWS.values(), ids=DRAWS.keys())
@pytest.mark.parametrize("shape", [(300, 500), (5, 60, 500), (3, 5, 40, 250)], ids=str)
def test_scale_is_the_one_of_torch(ours, theirs, shape):
    w = ours(shape, rng=rng())
    # torch writes (out, in, kernel)
    size = len(shape)
    other = torch.empty(shape[-1], shape[-2], *shape[:-2], dtype=torch.float64)
    torch.manual_seed(0)
    theirs(other)
    assert w.ndim == size
    assert w.std() == pytest.approx(other.std().item(), rel=0.01)
    if "uniform" in ours.__name__:
        assert np.abs(w).max() == pytest.approx(other.abs().max().item(), rel=1e-3)
    assert abs(w.mean()) < 0.01 * w.std()


def test_fans_by_hand():
    assert fans((3, 8)) == (3, 8)
    assert fans((5, 3, 8)) == (15, 40)
    assert fans((2, 2, 3, 8)) == (12, 32)


def test_variance_by_hand():
    # fan-in 200 and fan-out 600: 2/800 and 2/200
    assert glorot_normal((200, 600), rng=rng()).var() == pytest.approx(0.0025, rel=0.02)
    assert glorot_uniform((200, 600), rng=rng()).var() == pytest.approx(
        0.0025, rel=0.02
    )
    assert he_normal((200, 600), rng=rng()).var() == pytest.approx(0.01, rel=0.02)
    assert he_uniform((200, 600), rng=rng()).var() == pytest.approx(0.01, rel=0.02)


def test_he_keeps_the_size_of_a_signal_through_relu_layers():
    x = rng(1).normal(size=(200, 400))
    start = (x**2).mean()
    for seed in range(5):
        x = np.maximum(x @ he_normal((400, 400), rng=rng(seed + 2)), 0)
    assert (x**2).mean() == pytest.approx(start, rel=0.25)


def test_uniform_fills_its_interval():
    w = uniform((1000, 10), 0.3, rng=rng())
    assert 0.299 < w.max() <= 0.3
    assert -0.3 <= w.min() < -0.299


@pytest.mark.parametrize(("D", "H"), [(5, 5), (3, 7), (7, 3), (1, 1)])
def test_orthogonal_has_singular_values_of_its_gain(D, H):
    W = orthogonal(D, H, rng=rng(), gain=1.5)
    assert W.shape == (D, H)
    values = np.linalg.svd(W, compute_uv=False)
    np.testing.assert_allclose(values, 1.5, rtol=1e-12)


def test_orthogonal_draws_both_orientations_and_no_preferred_sign():
    draws = [orthogonal(2, 2, rng=rng(seed)) for seed in range(400)]
    for entry in np.array(draws).reshape(400, 4).T:
        assert abs((entry > 0).mean() - 0.5) < 0.1
    turned = np.mean([np.linalg.det(W) > 0 for W in draws])
    assert abs(turned - 0.5) < 0.1


def test_identity_keeps_a_state():
    h = np.array([[1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(h @ identity(3), h)
    np.testing.assert_array_equal(h @ identity(3, gain=0.5), h / 2)


def test_unit_forget_bias_is_the_one_of_init_lstm_and_changes_no_argument():
    b = np.zeros(12)
    got = unit_forget_bias(b)
    np.testing.assert_array_equal(got, init_lstm(2, 3, rng=rng()).b)
    assert not b.any()
    np.testing.assert_array_equal(unit_forget_bias(b, bias=2.0)[3:6], 2)


@pytest.mark.parametrize(
    "draw",
    [
        lambda **o: uniform((3, 4), 0.1, **o),
        *(lambda f=f, **o: f((3, 4), **o) for f, _ in DRAWS.values()),
        lambda **o: orthogonal(3, 4, **o),
    ],
    ids=["uniform", *DRAWS, "orthogonal"],
)
def test_draws_repeat_with_their_seed_and_keep_the_dtype(draw):
    w = draw(rng=rng(3), dtype=np.float32)
    assert w.dtype == np.float32
    np.testing.assert_array_equal(w, draw(rng=rng(3), dtype=np.float32))
    assert (w != draw(rng=rng(4), dtype=np.float32)).any()
    with pytest.raises(TypeError, match="rng must be a numpy Generator, got int"):
        draw(rng=0)
    with pytest.raises(TypeError, match="dtype must be float32 or float64, got"):
        draw(rng=rng(), dtype=int)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fans((3,)), ValueError, r"shape must have at least two axes, got"),
        (lambda: fans((3, 0)), ValueError, "shape must be at least 1, got 0"),
        (lambda: uniform((2,), 0, rng=rng()), ValueError, "bound must be positive"),
        (lambda: orthogonal(0, 2, rng=rng()), ValueError, "D must be at least 1"),
        (lambda: orthogonal(2, 2, rng=rng(), gain=-1), ValueError, "gain must be pos"),
        (lambda: identity(0), ValueError, "H must be at least 1, got 0"),
        (lambda: identity(2, dtype=int), TypeError, "dtype must be float32 or float64"),
        (lambda: unit_forget_bias(np.zeros(6)), ValueError, r"b must have .* \(6,\)"),
        (lambda: unit_forget_bias([0.0]), TypeError, "b must be an array, got list"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_gain_that_cannot_be_is_named():
    with pytest.raises(ValueError, match=r"\bgain\b"):
        identity(3, gain=float("nan"))

"""Optimisers against numbers by hand and torch."""

from typing import NamedTuple

import numpy as np
import pytest
import torch

from rnncourse.reference.optim import (
    SGD,
    Adam,
    AdamW,
    Momentum,
    RMSprop,
    clip_by_global_norm,
    clip_by_value,
    global_norm,
)
from rnncourse.reference.rnn import RNNParams, init_rnn

OPTIMISERS = {
    "sgd": (lambda: SGD(0.1), lambda w: torch.optim.SGD(w, lr=0.1)),
    "momentum": (
        lambda: Momentum(0.1, 0.8),
        lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.8),
    ),
    "adam": (
        lambda: Adam(0.05, beta1=0.8, beta2=0.95),
        lambda w: torch.optim.Adam(w, lr=0.05, betas=(0.8, 0.95)),
    ),
    "adamw": (
        lambda: AdamW(0.05, beta1=0.8, beta2=0.95, weight_decay=0.2),
        lambda w: torch.optim.AdamW(w, lr=0.05, betas=(0.8, 0.95), weight_decay=0.2),
    ),
    "rmsprop": (
        lambda: RMSprop(0.05, decay=0.9),
        lambda w: torch.optim.RMSprop(w, lr=0.05, alpha=0.9),
    ),
    "adam as it comes": (Adam, torch.optim.Adam),
    "adamw as it comes": (AdamW, torch.optim.AdamW),
    "rmsprop as it comes": (RMSprop, torch.optim.RMSprop),
    "momentum as it comes": (
        lambda: Momentum(0.1),
        lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9),
    ),
}
optimisers = pytest.mark.parametrize(
    ("ours", "twin"), OPTIMISERS.values(), ids=OPTIMISERS.keys()
)


class One(NamedTuple):
    """A single weight."""

    w: np.ndarray


@optimisers
def test_twenty_updates_agree_with_torch(ours, twin):
    rng = np.random.default_rng(0)
    p = init_rnn(3, 5, rng=rng)
    w = [torch.from_numpy(a.copy()).requires_grad_() for a in p]
    optimiser, other = ours(), twin(w)
    for _ in range(20):
        grads = RNNParams(*(rng.normal(size=a.shape) for a in p))
        p = optimiser.update(p, grads)
        for a, g in zip(w, grads, strict=True):
            a.grad = torch.from_numpy(g)
        other.step()
    for a, b in zip(p, w, strict=True):
        np.testing.assert_allclose(a, b.detach().numpy(), rtol=1e-12, atol=1e-12)


def test_two_updates_by_hand():
    start, slope = {"w": np.array([1.0])}, {"w": np.array([2.0])}
    results = {}
    for name, optimiser in {
        "sgd": SGD(0.1),
        "momentum": Momentum(0.1, 0.5),
        "adam": Adam(0.1),
        "adamw": AdamW(0.1, weight_decay=0.5),
        "rmsprop": RMSprop(0.1, decay=0.75),
    }.items():
        once = optimiser.update(start, slope)
        results[name] = once["w"][0], optimiser.update(once, slope)["w"][0]
    np.testing.assert_allclose(results["sgd"], [0.8, 0.6])
    np.testing.assert_allclose(results["momentum"], [0.8, 0.5])  # v = 2, then 3
    np.testing.assert_allclose(results["adam"], [0.9, 0.8])  # a constant slope: lr
    # the same steps of lr, after the weight has lost a twentieth
    np.testing.assert_allclose(results["adamw"], [0.85, 0.95 * 0.85 - 0.1])
    # v = 1, then 7/4
    np.testing.assert_allclose(results["rmsprop"], [0.8, 0.8 - 0.2 / 1.75**0.5])


@optimisers
def test_update_keeps_kind_and_dtype_and_changes_no_argument(ours, twin):
    p, g = One(np.ones(3, np.float32)), One(np.ones(3, np.float32))
    new = ours().update(p, g)
    assert type(new) is One
    assert new.w.dtype == np.float32
    assert np.all(new.w < 1)
    np.testing.assert_array_equal(p.w, 1)
    np.testing.assert_array_equal(g.w, 1)


def test_a_rate_that_is_a_numpy_scalar_keeps_float32():
    p = {"w": np.ones(3, np.float32)}
    assert SGD(np.float64(0.1)).update(p, p)["w"].dtype == np.float32
    assert clip_by_global_norm(p, np.float64(1))[0]["w"].dtype == np.float32


def test_clipping_by_hand():
    grads = {"a": np.array([3.0]), "b": np.array([[0.0, 4.0]])}
    assert global_norm(grads) == 5
    clipped, norm = clip_by_global_norm(grads, 2.5)
    assert norm == 5
    np.testing.assert_allclose(clipped["a"], [1.5])
    np.testing.assert_allclose(clipped["b"], [[0, 2]])
    same, norm = clip_by_global_norm(grads, 5)
    assert norm == 5
    np.testing.assert_array_equal(same["b"], grads["b"])
    nothing = {"a": np.zeros(2)}
    assert clip_by_global_norm(nothing, 1)[1] == 0


def test_clipping_agrees_with_torch():
    rng = np.random.default_rng(1)
    g = RNNParams(*(rng.normal(size=s) for s in ((3, 5), (5, 5), 5)))
    w = [torch.zeros(a.shape, dtype=torch.float64, requires_grad=True) for a in g]
    for a, b in zip(w, g, strict=True):
        a.grad = torch.from_numpy(b.copy())
    want = torch.nn.utils.clip_grad_norm_(w, 1.0).item()
    clipped, norm = clip_by_global_norm(g, 1.0)
    assert np.isclose(norm, want, rtol=1e-12)
    for a, b in zip(clipped, w, strict=True):
        np.testing.assert_allclose(a, b.grad.numpy(), rtol=1e-5)  # torch adds 1e-6


def test_clipping_by_value_agrees_with_torch_and_changes_no_argument():
    rng = np.random.default_rng(2)
    g = RNNParams(*(3 * rng.normal(size=s) for s in ((3, 5), (5, 5), 5)))
    before = [a.copy() for a in g]
    w = [torch.zeros(a.shape, dtype=torch.float64, requires_grad=True) for a in g]
    for a, b in zip(w, g, strict=True):
        a.grad = torch.from_numpy(b.copy())
    torch.nn.utils.clip_grad_value_(w, 1.5)
    clipped = clip_by_value(g, np.float64(1.5))
    assert type(clipped) is RNNParams
    for a, b, c, d in zip(clipped, w, g, before, strict=True):
        np.testing.assert_array_equal(a, b.grad.numpy())
        np.testing.assert_array_equal(c, d)
    single = {"w": np.array([3.0, 0.5], np.float32)}
    assert clip_by_value(single, np.float64(1))["w"].dtype == np.float32


W = {"w": np.ones(2)}


@pytest.mark.parametrize("make", [SGD, Momentum, Adam, AdamW, RMSprop])
@pytest.mark.parametrize(
    ("params", "grads", "error", "message"),
    [
        (W, {"v": np.ones(2)}, ValueError, r"grads must have the names \['w'\], got"),
        (W, {"w": np.ones(3)}, ValueError, r"grads.w must have shape \(2,\), got"),
        (W, {"w": np.array([1, np.nan])}, ValueError, r"grads.w .* got nan at \(1,\)"),
        (W, {"w": np.ones(2, np.float32)}, TypeError, "grads.w must be float64"),
        ({"w": np.ones(2, int)}, W, TypeError, "params.w must be float32 or float64"),
        ([1.0], W, TypeError, "params must be a NamedTuple or dict .* got list"),
    ],
)
def test_update_names_what_does_not_fit(make, params, grads, error, message):
    with pytest.raises(error, match=message):
        make(0.1).update(params, grads)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SGD(0), ValueError, "lr must be positive, got 0"),
        (lambda: SGD(float("nan")), ValueError, "lr must be positive, got nan"),
        (lambda: SGD("fast"), TypeError, "lr must be a number, got str"),
        (lambda: Momentum(0.1, 1.0), ValueError, r"momentum must be in \(0, 1\), got"),
        (lambda: Adam(beta1=1.5), ValueError, r"beta1 must be in \(0, 1\), got 1.5"),
        (lambda: Adam(beta2=-1), ValueError, r"beta2 must be in \(0, 1\), got -1"),
        (lambda: Adam(eps=0), ValueError, "eps must be positive, got 0"),
        (lambda: clip_by_global_norm(W, 0), ValueError, "max_norm must be positive"),
        (
            lambda: clip_by_global_norm({"w": np.array([np.inf])}, 1),
            ValueError,
            "grads must be finite to be clipped, got norm inf",
        ),
        (lambda: AdamW(weight_decay=0), ValueError, "weight_decay must be positive"),
        (lambda: RMSprop(decay=1), ValueError, r"decay must be in \(0, 1\), got 1"),
        (lambda: clip_by_value(W, -1), ValueError, "limit must be positive, got -1"),
        (
            lambda: clip_by_value({"w": np.array([np.nan])}, 1),
            ValueError,
            r"grads.w must be finite, got nan at \(0,\)",
        ),
        (lambda: global_norm(3.0), TypeError, "params must be .* got float"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()


RATES = {  # each number that an optimiser is given, and whether it must be below 1
    SGD: {"lr": False},
    Momentum: {"lr": False, "momentum": True},
    Adam: {"lr": False, "beta1": True, "beta2": True, "eps": False},
    AdamW: {"lr": False, "beta1": True, "beta2": True, "eps": False},
    RMSprop: {"lr": False, "decay": True, "eps": False},
}
NUMBERS = [(make, n, b) for make, known in RATES.items() for n, b in known.items()]


@pytest.mark.parametrize(("make", "name", "below_one"), NUMBERS)
def test_numbers_of_an_optimiser_are_held_to_their_range(make, name, below_one):
    given = {"lr": 0.1}
    limit = r"in (0, 1)" if below_one else "positive"
    for wrong in (0, -0.5, float("nan"), *([1, 1.5] if below_one else [])):
        with pytest.raises(ValueError) as caught:
            make(**{**given, name: wrong})
        assert str(caught.value) == f"{name} must be {limit}, got {wrong}"
    with pytest.raises(TypeError) as caught:
        make(**{**given, name: "x"})
    assert str(caught.value) == f"{name} must be a number, got str"
    assert getattr(make(**{**given, name: 0.25}), name) == 0.25
    if not below_one:
        assert getattr(make(**{**given, name: 2}), name) == 2.0

"""Learning-rate schedules against numbers by hand and torch."""

import pytest
import torch
from torch.optim import lr_scheduler

from rnncourse.reference.schedules import constant, cosine, exponential, step_decay

STEPS = 20


def torch_factors(make, steps=STEPS):
    """Return the rates that a scheduler of torch gives to a rate of 1."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimiser)
    rates = []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return rates


def warm_cosine(optimiser, warm_up):
    first = lr_scheduler.LinearLR(
        optimiser, start_factor=1 / (warm_up + 1), total_iters=warm_up
    )
    then = lr_scheduler.CosineAnnealingLR(optimiser, STEPS - warm_up)
    return lr_scheduler.SequentialLR(optimiser, [first, then], [warm_up])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (constant, lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
        (
            lambda s: step_decay(s, every=6, factor=0.3),
            lambda o: lr_scheduler.StepLR(o, 6, gamma=0.3),
        ),
        (
            lambda s: exponential(s, factor=0.9),
            lambda o: lr_scheduler.ExponentialLR(o, 0.9),
        ),
        (
            lambda s: cosine(s, steps=STEPS),
            lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS),
        ),
    ],
    ids=["constant", "step", "exponential", "cosine"],
)
def test_factor_agrees_with_torch(ours, theirs):
    got = [ours(step) for step in range(STEPS)]
    assert got == pytest.approx(torch_factors(theirs), rel=1e-12)


@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step")
@pytest.mark.parametrize("warm_up", [1, 5, 19])
def test_cosine_with_warm_up_agrees_with_torch(warm_up):
    got = [cosine(step, steps=STEPS, warm_up=warm_up) for step in range(STEPS)]
    want = torch_factors(lambda o: warm_cosine(o, warm_up))
    assert got == pytest.approx(want, rel=1e-12)


def test_factors_by_hand():
    got = [cosine(step, steps=7, warm_up=3) for step in range(9)]
    half = 0.5**0.5
    want = [0.25, 0.5, 0.75, 1, (1 + half) / 2, 0.5, (1 - half) / 2, 0, 0]
    assert got == pytest.approx(want, abs=1e-15)
    assert [step_decay(s, every=2) for s in (0, 1, 2)] == [1, 1, 0.1]
    assert exponential(3, factor=0.5) == 0.125
    assert constant(10**9) == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: constant(-1), ValueError, "step must be at least 0, got -1"),
        (lambda: cosine(0.5, steps=3), TypeError, "step must be a whole number, got"),
        (lambda: cosine(0, steps=0), ValueError, "steps must be at least 1, got 0"),
        (
            lambda: cosine(0, steps=3, warm_up=3),
            ValueError,
            "warm_up must be less than steps=3, got 3",
        ),
        (
            lambda: cosine(0, steps=3, warm_up=-1),
            ValueError,
            "^warm_up must be at least 0, got -1$",
        ),
        (
            lambda: cosine(0, steps=3, warm_up=5),
            ValueError,
            "warm_up must be less than steps=3, got 5",
        ),
        (lambda: step_decay(0, every=0), ValueError, "every must be at least 1, got 0"),
        (lambda: step_decay(0, every=1, factor=0), ValueError, "factor must be positi"),
        (lambda: exponential(0, factor="x"), TypeError, "factor must be a number"),
        (lambda: exponential(-2, factor=0.5), ValueError, "step must be at least 0"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

"""Learning-rate schedules: functions from a step to a factor of the rate."""

from __future__ import annotations

import math

from rnncourse.reference.optim import check_rate
from rnncourse.reference.validate import check_size


def constant(step: int) -> float:
    """Return 1 at every step.

    Examples
    --------
    >>> constant(7)
    1.0
    """
    check_size("step", step, least=0)
    return 1.0


def step_decay(step: int, *, every: int, factor: float = 0.1) -> float:
    """Multiply by ``factor`` after each ``every`` steps.

    Examples
    --------
    >>> [step_decay(step, every=2, factor=0.5) for step in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    check_size("step", step, least=0)
    check_size("every", every)
    return check_rate("factor", factor) ** (step // every)


def exponential(step: int, *, factor: float) -> float:
    """Multiply by ``factor`` after each step.

    Examples
    --------
    >>> [exponential(step, factor=0.5) for step in range(3)]
    [1.0, 0.5, 0.25]
    """
    check_size("step", step, least=0)
    return check_rate("factor", factor) ** step


def cosine(step: int, *, steps: int, warm_up: int = 0) -> float:
    """Rise linearly over ``warm_up`` steps, then fall to zero along a cosine.

    Parameters
    ----------
    step : int
        Counted from 0; after ``steps`` the factor stays 0.
    steps : int
        All of them, those of the warm-up included.
    warm_up : int
        The first step has the factor 1 / (warm_up + 1), step ``warm_up`` has 1.

    Raises
    ------
    TypeError, ValueError
        If a number is not whole or too small, or the warm-up is not over in time.

    References
    ----------
    Loshchilov and Hutter, 2017, arXiv:1608.03983; for the warm-up Goyal et al., 2017,
    arXiv:1706.02677.

    Examples
    --------
    >>> round(cosine(5, steps=10), 3)
    0.5
    """
    check_size("step", step, least=0)
    check_size("steps", steps)
    check_size("warm_up", warm_up, least=0)
    if warm_up >= steps:
        raise ValueError(f"warm_up must be less than steps={steps}, got {warm_up}")
    if step < warm_up:
        return (step + 1) / (warm_up + 1)  # (2.8)
    done = min(1.0, (step - warm_up) / (steps - warm_up))
    return 0.5 * (1 + math.cos(math.pi * done))  # (2.7)

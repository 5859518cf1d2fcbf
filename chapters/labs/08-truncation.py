"""Run the labs of chapter 8 at length and store what they find.

The code is the chapter's own: its cells are run first, and timed. Then the truncation
lab runs with ten seeds, and the backward passes are timed. Takes about a minute.
Writes chapters/results/08-backpropagation-through-time.json.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from rnncourse import labs

SLUG = "08-backpropagation-through-time"
SEEDS = 10
TAUS = (0, 1, 2, 3, 4, 5, 7, 14, 55)


def milliseconds(function: Callable[[], object], rounds: int = 50) -> float:
    """Return the median processor time of one call."""
    spent = []
    for _ in range(rounds):
        begin = time.process_time()
        function()
        spent.append(time.process_time() - begin)
    return round(1e3 * statistics.median(spent), 3)


def backward_times(lab: dict) -> dict[str, float]:
    """Time the backward pass of one batch of the lab: cut at tau, and full."""
    T, B, H = 56, 32, 16
    rng = np.random.default_rng(1)
    p, dhs = lab["init_rnn"](1, H, rng=rng), rng.normal(size=(T, B, H)) / (T * B)
    xs = rng.normal(size=(T, B, 1))
    hs, _, cache = lab["rnn_forward"](xs, p)
    times = {
        f"tau_{tau}": milliseconds(lambda: lab["truncated"](dhs, xs, hs, p, tau))  # noqa: B023
        for tau in (0, 7, 14, 28)
    }
    return {**times, "full": milliseconds(lambda: lab["rnn_backward"](dhs, cache, p))}


def teacher_times(lab: dict) -> dict[str, float]:
    """Time the training of the output-to-hidden network, with a teacher and free."""
    train = lab["train_output_network"]
    return {
        "forced_seconds": milliseconds(lambda: train(True, 0), 5) / 1e3,
        "free_seconds": milliseconds(lambda: train(False, 0), 5) / 1e3,
    }


def summary(errors: list[float]) -> dict[str, float]:
    """Describe the errors of all seeds, in GWh."""
    return {
        "mean": float(np.mean(errors)),
        "sd": float(np.std(errors, ddof=1)),
        "least": float(np.min(errors)),
        "most": float(np.max(errors)),
    }


def main() -> None:
    """Train, and write the file."""
    lab, seconds = labs.run_cells(SLUG)
    begin = time.process_time()

    def errors(gradient, tau):
        return [
            float(lab["train_forecaster"](lambda *a: gradient(*a, tau), seed))
            for seed in range(SEEDS)
        ]

    found = {f"tau_{tau}": summary(errors(lab["truncated"], tau)) for tau in TAUS}
    found["as_printed_4"] = summary(errors(lab["as_printed"], 4))
    known = {"execution": {"cpu_seconds": seconds}}
    known["truncation"] = {
        "task": "next day of German electricity consumption, mean absolute error of "
        "2015 in GWh after 300 updates",
        "seeds": SEEDS,
        "seconds": round(time.process_time() - begin, 1),
        **found,
    }
    known["backward_ms"] = backward_times(lab)
    known["teacher"] = teacher_times(lab)
    labs.store(SLUG, known)


if __name__ == "__main__":
    main()

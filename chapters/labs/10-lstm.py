"""Measure what the forget bias changes on adding, and repeat the lab of chapter 10.

Adding runs with T = 50, 700 steps, five seeds for each of three forget biases, and four
seeds of bias 0 for 2,000 steps. Then the chapter's own cells are run, and timed, and
its reader of reviews is trained with two more seeds. Takes about three minutes. Writes
chapters/results/10-lstm.json.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch

from rnncourse import labs
from rnncourse.datasets import make_adding

SLUG = Path(__file__).stem
BIASES, SEEDS, STEPS, WIDTH, T = (0, 1, 3), 5, 700, 27, 50
LONG, LONG_SEEDS = 2000, 4


def train_adding(bias: float, seed: int, steps: int = STEPS) -> float:
    """Train an LSTM whose forget bias starts at ``bias``; return its test error."""
    torch.manual_seed(seed)
    layer, head = torch.nn.LSTM(2, WIDTH), torch.nn.Linear(WIDTH, 1)
    with torch.no_grad():  # the two biases are added: one holds all, one is zero
        layer.bias_ih_l0.zero_()
        layer.bias_hh_l0.zero_()
        layer.bias_ih_l0[WIDTH : 2 * WIDTH] = bias
    weights = [*layer.parameters(), *head.parameters()]
    opt = torch.optim.Adam(weights, lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps)
    data = make_adding(64 * 200, n_steps=T, seed=seed)
    xs, ys = (torch.tensor(a, dtype=torch.float32) for a in (data.xs, data.ys))
    pick = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        i = torch.randint(xs.shape[1], (64,), generator=pick)
        loss = ((head(layer(xs[:, i])[0][-1])[:, 0] - ys[i]) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        opt.step()
        schedule.step()
    test = make_adding(2000, n_steps=T, seed=10_000 + seed)
    with torch.no_grad():
        answer = head(layer(torch.tensor(test.xs, dtype=torch.float32))[0][-1])[:, 0]
    return float(((answer - torch.tensor(test.ys)) ** 2).mean())


def measure_bias() -> dict[str, Any]:
    """Return the test errors of all seeds for each forget bias."""
    found: dict[str, Any] = {"seeds": SEEDS, "steps": STEPS}
    for bias in BIASES:
        errors = []
        for seed in range(SEEDS):
            begin = time.process_time()
            errors.append(train_adding(bias, seed))
            seconds = time.process_time() - begin
            print(bias, seed, f"{errors[-1]:.4f} ({seconds:.0f} s)", flush=True)
        solved = sum(e < 0.02 for e in errors)
        found[f"b{bias}"] = labs.summary(errors) | {"all": errors, "solved": solved}
    return found


def main() -> None:
    """Run, measure, write."""
    torch.set_num_threads(1)
    results: dict[str, Any] = {"adding": measure_bias()}
    longer = [train_adding(0, seed, LONG) for seed in range(LONG_SEEDS)]
    results["longer"] = labs.summary(longer) | {"steps": LONG}
    names, seconds = labs.run_cells(SLUG)
    results["execution"] = {"cpu_seconds": seconds}
    first = names["accuracy"]
    more = [names["train_reader"](seed)[1] for seed in (1, 2)]
    results["reviews"] = labs.summary(100 * a for a in (first, *more))
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

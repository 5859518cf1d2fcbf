"""Repeat the lab of chapter 12 with more seeds, on a second task, and time a step.

The code is the chapter's own: its cells are run first, and timed. Then adding runs
with T = 50, 1,500 steps and five seeds; the three layers read Shakespeare's characters
at equal parameters, three seeds; and one training step of each is timed in turn.
Takes about seven minutes. Writes chapters/results/12-gru.json.
"""

from __future__ import annotations

import math
import statistics
import time
from pathlib import Path
from typing import Any

import torch

from rnncourse import labs
from rnncourse.datasets import fetch_shakespeare

SLUG = Path(__file__).stem
SEEDS, TEXT_SEEDS = 5, 3
TEXT_WIDTHS = {"RNN": 146, "GRU": 80, "LSTM": 67}  # about 40 thousand parameters
TEXT_STEPS, ROUNDS = 1000, 41


def read_text() -> tuple[torch.Tensor, torch.Tensor]:
    """Return the characters as numbers: the first nine tenths, and the rest."""
    text = fetch_shakespeare().text
    symbols = sorted(set(text))
    ids = torch.tensor([symbols.index(c) for c in text])
    cut = len(ids) * 9 // 10
    return ids[:cut], ids[cut:]


class Reader(torch.nn.Module):
    """A layer that reads characters one-hot and predicts the next."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.layer = getattr(torch.nn, name)(65, TEXT_WIDTHS[name])
        self.head = torch.nn.Linear(TEXT_WIDTHS[name], 65)
        if name == "LSTM":  # a forget bias of 1, as in the chapter
            H = TEXT_WIDTHS[name]
            with torch.no_grad():
                self.layer.bias_ih_l0[H : 2 * H] = 1

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the scores of the next character, (T, B, 65)."""
        return self.head(self.layer(torch.nn.functional.one_hot(ids, 65).float())[0])


def loss_of(model: Reader, ids: torch.Tensor) -> torch.Tensor:
    """Return the mean loss in nats of windows of characters, (T + 1, B)."""
    scores = model(ids[:-1]).flatten(0, 1)
    return torch.nn.functional.cross_entropy(scores, ids[1:].flatten())


def train_text(
    name: str, seed: int, train: torch.Tensor, held: torch.Tensor
) -> tuple[float, int]:
    """Train on windows of 64 characters; return held-out loss and parameters."""
    torch.manual_seed(seed)
    model = Reader(name)
    opt = torch.optim.Adam(model.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, TEXT_STEPS)
    pick = torch.Generator().manual_seed(seed)
    window = torch.arange(65)[:, None]
    for _ in range(TEXT_STEPS):
        at = torch.randint(len(train) - 65, (32,), generator=pick)
        loss = loss_of(model, train[at + window])
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        schedule.step()
    with torch.no_grad():
        whole = held[: len(held) // 257 * 257].reshape(-1, 257).T
        loss = float(loss_of(model, whole))
    return loss, sum(w.numel() for w in model.parameters())


def step_times(widths: dict[str, int]) -> dict[str, dict[str, float]]:
    """Return median and quartiles of one training step, in ms of processor time."""
    layers = {name: getattr(torch.nn, name)(2, width) for name, width in widths.items()}
    xs = torch.randn(50, 64, 2)
    spent: dict[str, list[float]] = {name: [] for name in layers}
    for _ in range(ROUNDS):
        for name, layer in layers.items():
            begin = time.process_time()
            layer(xs)[0].sum().backward()
            spent[name].append(1e3 * (time.process_time() - begin))
    found = {}
    for name, times in spent.items():
        low, middle, high = statistics.quantiles(times[1:], n=4)
        found[name] = {"ms": middle, "low": low, "high": high}
    return found


def verdict(losses: dict[str, list[float]]) -> str:
    """Say which orders the seeds support."""
    said = []
    names = {"GRU": "the GRU", "LSTM": "the LSTM", "RNN": "the plain network"}
    for one, other in (("GRU", "LSTM"), ("GRU", "RNN"), ("LSTM", "RNN")):
        a, b, what = losses[one], losses[other], (names[one], names[other])
        if max(a) < min(b):
            said.append(f"{what[0]} beats {what[1]} with every seed")
        elif max(b) < min(a):
            said.append(f"{what[1]} beats {what[0]} with every seed")
        else:
            said.append(f"the seeds of {what[0]} and {what[1]} overlap")
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def main() -> None:
    """Run, measure, write."""
    torch.set_num_threads(1)
    names, seconds = labs.run_cells(SLUG)
    results: dict[str, Any] = {
        "execution": {"cpu_seconds": seconds},
        "half_life": {
            "nine_tenths": math.log(0.5) / math.log(0.9),
            "ninety_nine": math.log(0.5) / math.log(0.99),
        },
        "speed": {"rounds": ROUNDS - 1, **step_times(names["WIDTHS"])},
    }
    train_adding = names["train_adding"]
    results["adding"] = {"seeds": SEEDS} | {
        name: labs.summary(
            train_adding(name, seed, T=50, steps=1500)[3] for seed in range(SEEDS)
        )
        for name in names["WIDTHS"]
    }
    results["text"] = run_text()
    print(labs.store(SLUG, results).read_text())


def run_text() -> dict[str, Any]:
    """Train the three on Shakespeare with each seed; return losses and sizes."""
    train, held = read_text()
    losses: dict[str, list[float]] = {name: [] for name in TEXT_WIDTHS}
    sizes = {}
    for seed in range(TEXT_SEEDS):
        for name in TEXT_WIDTHS:
            loss, sizes[name] = train_text(name, seed, train, held)
            losses[name].append(loss)
            print(name, seed, sizes[name], f"{loss:.3f}", flush=True)
    return {
        "seeds": TEXT_SEEDS,
        "steps": TEXT_STEPS,
        "parameters": statistics.mean(sizes.values()) / 1e3,
        "sizes": sizes,
        "verdict": verdict(losses),
        **{name: labs.summary(values) for name, values in losses.items()},
    }


if __name__ == "__main__":
    main()

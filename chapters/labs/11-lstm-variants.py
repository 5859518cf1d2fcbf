"""Repeat the lab of chapter 11 with longer sequences and more seeds, and on text.

The code is the chapter's own: its cells are run first, and timed. Then the five kinds
add over T = 50 and read Shakespeare's characters, five seeds each, at equal
parameters. Takes about five minutes. Writes chapters/results/11-lstm-variants.json.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from rnncourse import labs
from rnncourse.datasets import fetch_shakespeare

SLUG = Path(__file__).stem
SEEDS, T, ADDING_STEPS, TEXT_STEPS = 5, 50, 1400, 700
T_QUANTILE = 2.776  # of Student's t with four degrees of freedom, 97.5 %


def text(
    names: dict[str, Any],
    kind: str,
    *,
    seeds: Sequence[int],
    steps: int,
    T: int = 40,
    batch: int = 16,
    budget: int = 20_000,
    lr: float = 1e-2,
) -> tuple[list[float], int]:
    """Train a kind on Shakespeare's characters; return held-out losses and size."""
    words = fetch_shakespeare().text
    table = {c: k for k, c in enumerate(sorted(set(words)))}
    K, ids = len(table), torch.tensor([table[c] for c in words])
    cut = len(ids) * 9 // 10
    H, models = names["width"](kind, K, K, budget), []
    for seed in seeds:
        torch.manual_seed(seed)
        models.append(names["Reader"](kind, K, H, K, False))
    pick, one_hot = torch.Generator().manual_seed(0), torch.eye(K)

    def split(windows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        windows = windows.transpose(0, 1)  # from (T + 1, S, B)
        return one_hot[windows[:, :-1]], windows[:, 1:]

    def draw() -> tuple[torch.Tensor, torch.Tensor]:
        at = torch.randint(cut - T, (len(models), batch), generator=pick)
        return split(ids[at + torch.arange(T + 1)[:, None, None]])

    def loss_of(scores: torch.Tensor, want: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(scores.flatten(0, 1), want.flatten())

    weights, _, every = names["train"](models, draw, loss_of, steps, lr)
    held = ids[cut:][: (len(ids) - cut) // 101 * 101].reshape(-1, 101).T[:, ::4]
    with torch.no_grad():
        losses = every(weights, *split(held[:, None].expand(-1, len(models), -1)))
    return losses.tolist(), names["size"](models[0])


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean of five values and its 95 % t interval."""
    mean = statistics.mean(values)
    half = T_QUANTILE * statistics.stdev(values) / len(values) ** 0.5
    return mean, mean - half, mean + half


def describe_adding(errors: dict[str, Sequence[float]], sizes: dict[str, int]) -> Any:
    """Count the seeds that solved the task, kind by kind."""
    return {"seeds": SEEDS, "T": T, "steps": ADDING_STEPS} | {
        kind.replace(" ", "_"): {
            "parameters": sizes[kind],
            "solved": sum(e < 0.01 for e in found),
            "median": statistics.median(found),
            **labs.summary(found),
        }
        for kind, found in errors.items()
    }


def describe_text(losses: dict[str, Sequence[float]], sizes: dict[str, int]) -> Any:
    """Give intervals, of each kind and of its difference to the plain LSTM."""
    found: dict[str, Any] = {"seeds": SEEDS, "steps": TEXT_STEPS}
    lower, higher, same = [], [], []
    for kind, values in losses.items():
        mean, low, high = interval(values)
        entry = {"parameters": sizes[kind], "mean": mean, "low": low, "high": high}
        if kind != "plain":
            pairs = zip(values, losses["plain"], strict=True)
            gap, gap_low, gap_high = interval([a - b for a, b in pairs])
            entry |= {"gap": gap, "gap_low": gap_low, "gap_high": gap_high}
            (lower if gap_high < 0 else higher if gap_low > 0 else same).append(kind)
        found[kind.replace(" ", "_")] = entry
    said = []
    for kinds, what in (
        (lower, "a loss below the plain LSTM's, with an interval that leaves out zero"),
        (higher, "a loss above it, with an interval that leaves out zero"),
        (same, "an interval that holds zero: no difference was shown"),
    ):
        if kinds:
            said.append(f"{' and '.join(kinds)}: {what}")
    sentence = "; ".join(said)
    return found | {"verdict": f"{sentence[0].upper()}{sentence[1:]}."}


def main() -> None:
    """Run, measure, write."""
    torch.set_num_threads(1)
    names, seconds = labs.run_cells(SLUG)
    errors, losses = {}, {}
    sizes: tuple[dict[str, int], dict[str, int]] = {}, {}
    for kind in names["KINDS"]:
        _, found, sizes[0][kind] = names["adding"](
            kind, seeds=range(SEEDS), T=T, steps=ADDING_STEPS
        )
        errors[kind] = found.tolist()
        losses[kind], sizes[1][kind] = text(
            names, kind, seeds=range(SEEDS), steps=TEXT_STEPS
        )
        print(kind, errors[kind], losses[kind], flush=True)
    results = {
        "execution": {"cpu_seconds": seconds},
        "adding": describe_adding(errors, sizes[0]),
        "text": describe_text(losses, sizes[1]),
    }
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

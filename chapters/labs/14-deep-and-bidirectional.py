"""Repeat the labs of chapter 14 with three seeds: depth, and tagging both ways.

The code is the chapter's own: its cells are run first, and timed. Takes about four
minutes on one core. Writes chapters/results/14-deep-and-bidirectional.json.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import torch

from rnncourse import labs

SLUG = Path(__file__).stem
SEEDS = range(3)
DEPTHS = (1, 2, 3, 4, 8)


def depth(lab: dict[str, Any]) -> dict[str, Any]:
    """Return held-out loss by number of layers, plain and with sums."""
    found: dict[str, Any] = {"seeds": len(SEEDS)}
    for name, residual in (("plain", False), ("sums", True)):
        for n_layers in DEPTHS[residual:]:
            runs = [lab["train_tower"](n_layers, residual, seed) for seed in SEEDS]
            found[f"{name}_{n_layers}"] = {
                "width": lab["width_for"](n_layers),
                "parameters": runs[0][2],
                "train": statistics.mean(
                    statistics.mean(curve[-30:]) for _, curve, _ in runs
                ),
                **labs.summary(held for held, _, _ in runs),
            }
            print(name, n_layers, found[f"{name}_{n_layers}"], flush=True)
    return found


def tagging(lab: dict[str, Any]) -> dict[str, Any]:
    """Return the share of right words and of faultless requests by direction."""
    tags = [t for _, marks in lab["requests"]["test"] for t in marks]
    found: dict[str, Any] = {
        "seeds": len(SEEDS),
        "train": len(lab["requests"]["train"]),
        "all_o": tags.count("O") / len(tags),
    }
    for way in lab["TAG_WIDTHS"]:
        runs = [lab["train_tagger"](way, seed) for seed in SEEDS]
        found[way] = {
            "parameters": runs[0][2],
            "faultless": statistics.mean(run[1] for run in runs),
            **labs.summary(run[0] for run in runs),
        }
        print(way, found[way], flush=True)
    found["verdict"] = verdict(found)
    return found


def verdict(found: dict[str, Any]) -> str:
    """Say which order of the directions the seeds support."""
    both, ahead = found["both"], found["forwards"]
    if both["min"] > max(ahead["max"], found["backwards"]["max"]):
        first = "Both directions are ahead of either with every seed."
    else:
        first = "The ranges of the seeds overlap."
    if found["backwards"]["max"] < ahead["min"]:
        first += " With every seed the past alone says more than the future alone."
    return first


def main() -> None:
    """Run, measure, write after each part."""
    torch.set_num_threads(1)
    lab, seconds = labs.run_cells(SLUG)
    results: dict[str, Any] = {
        "execution": {"cpu_seconds": seconds},
        "toy": {"ceiling": (19 / 2 + 1) / 20},
    }
    print("cells", seconds, flush=True)
    results["tagging"] = tagging(lab)
    labs.store(SLUG, results)
    results["depth"] = depth(lab)
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

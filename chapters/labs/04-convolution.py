"""Run chapter 4 once and repeat its lab with five seeds, and with other pictures.

Writes chapters/results/04-convolution.json. Takes about three minutes.
"""

import time
from pathlib import Path

import numpy as np

from rnncourse import labs

SLUG = Path(__file__).stem
SEEDS = range(5)


def main() -> None:
    """Run, measure, write."""
    names, seconds = labs.run_cells(SLUG)
    kinds, trial = names["KINDS"], names["trial"]
    moved, spent = {}, {}
    for kind in kinds:
        begin = time.process_time()
        scores = [trial(kind, seed)[1] for seed in SEEDS]
        spent[kind] = (time.process_time() - begin) / len(SEEDS)
        moved[kind] = [labs.summary(by) for by in zip(*scores, strict=True)]
        print(kind, [round(s["mean"], 1) for s in moved[kind]])

    canvas = names["canvas"]
    order = np.random.default_rng(0).permutation(144)
    mixed = canvas.reshape(-1, 144)[:, order].reshape(canvas.shape)
    shuffled = {
        kind: labs.summary(trial(kind, seed, mixed)[1][0] for seed in SEEDS)
        for kind in ("mlp", "cnn")
    }
    plain_pictures = canvas[:, 2:10, 2:10]
    start_mlp = names["start_mlp"]
    kinds["mlp"] = (*kinds["mlp"][:2], lambda r: start_mlp(r, 64, 19), {})
    plain = {
        kind: labs.summary(trial(kind, seed, plain_pictures)[1][0] for seed in SEEDS)
        for kind in ("mlp", "cnn")
    }
    results = {
        "execution": {"cpu_seconds": seconds},
        "moved": moved,
        "shuffled": shuffled,
        "plain": plain,
        "seconds": spent,
    }
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

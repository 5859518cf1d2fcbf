"""Run chapter 3 once and draw the hundred starts of its XOR lab four times more.

Writes chapters/results/03-multilayer-perceptron.json. Takes about a minute.
"""

from pathlib import Path

import numpy as np

from rnncourse import labs

SLUG = Path(__file__).stem


def main() -> None:
    """Run, measure, write."""
    names, seconds = labs.run_cells(SLUG)
    solved = {}
    for kind, H in (("tanh", 2), ("tanh", 8), ("relu", 2), ("relu", 8)):
        counts = [names["solved"][kind, H]]
        for first in range(1, 5):
            right = names["learn_xor"](H, kind, first=100 * first)[1]
            counts.append(int((right == 4).sum()))
        solved[f"{kind}_{H}"] = labs.summary(counts)
    scores = names["scores"]
    gap = np.array(scores["MLP, 32 units"]) - np.array(scores["logistic"])
    results = {
        "execution": {"cpu_seconds": seconds},
        "gradient": {"parameters": sum(a.size for a in names["q"].values())},
        "xor": solved,
        "digits": {
            "logistic": labs.summary(scores["logistic"]),
            "train": len(names["train_i"]),
            "mlp": labs.summary(scores["MLP, 32 units"]),
            "mlp_128": labs.summary(scores["MLP, 128 units"]),
            "nearest": labs.summary(scores["nearest neighbour"]),
            "gap": labs.summary(gap),
        },
        "denoise": names["left"],
    }
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

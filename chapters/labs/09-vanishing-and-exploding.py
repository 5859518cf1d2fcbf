"""Run chapter 9 once, then its labs with more lags and more seeds.

Writes chapters/results/09-vanishing-and-exploding.json. The code is the chapter's own.
Takes about five minutes on one core.
"""

from pathlib import Path
from typing import Any

from rnncourse import labs
from rnncourse.nn import RemovedRNN

SLUG = Path(__file__).stem
SEEDS = range(3)
LAGS = (7, 13, 23, 47, 97)


def distance(lab: dict[str, Any]) -> dict[str, Any]:
    """Return the share of right answers by cell, lag and seed."""

    def right(make: Any, lag: int) -> list[float]:
        return [lab["train"](make, lag, seed, 300)[3] for seed in SEEDS]

    runs = {name: [right(make, k) for k in LAGS] for name, make in lab["CELLS"].items()}
    found: dict[str, Any] = {"lags": LAGS, "seeds": len(SEEDS), "runs": runs}
    for lag in (97, 100):
        shares = right(lambda D: RemovedRNN(D, lab["H"], d=lab["REACH"]), lag)
        found[f"removed_{lag}"] = labs.summary(shares)
    return found


def starts(lab: dict[str, Any]) -> dict[str, Any]:
    """Return the share of right answers at lag 40 by first matrix and seed."""
    runs, found = {}, {}
    for name in lab["STARTS"]:
        for kind in ("tanh", "relu"):
            shares = [
                lab["train"](lab["started"](name, seed, kind), 40, seed, 400, lr=1e-3)[
                    3
                ]
                for seed in SEEDS
            ]
            runs[f"{name}_{kind}"] = shares
            found[f"{name}_{kind}"] = labs.summary(shares)
    return {"runs": runs, **found}


def clipping(lab: dict[str, Any], seeds: int = 5) -> dict[str, Any]:
    """Return the share of right answers by learning rate, clipped or not."""
    found = lab["compare_clipping"](range(seeds))
    names = {
        (0.1, 1e9): "slow_free",
        (0.1, 1.0): "slow_clipped",
        (0.5, 1e9): "fast_free",
        (0.5, 1.0): "fast_clipped",
    }
    told = {names[key]: labs.summary(right) for key, (right, _) in found.items()}
    return {"seeds": seeds, **told}


def main() -> None:
    """Run, measure, write."""
    lab, seconds = labs.run_cells(SLUG)
    results = {
        "execution": {"cpu_seconds": seconds},
        "clipping": clipping(lab),
        "starts": starts(lab),
        "distance": distance(lab),
    }
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

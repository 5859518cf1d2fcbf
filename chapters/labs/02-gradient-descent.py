"""Run chapter 2 once; measure what batches and optimisers cost, with five seeds.

Writes chapters/results/02-gradient-descent.json. Takes about three minutes on one core.
Seconds are those of the processor, for the updates alone: losses are measured between
them, with the clock stopped.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from rnncourse import labs
from rnncourse.reference.functional import sigmoid
from rnncourse.reference.optim import SGD, Adam, AdamW, Momentum, RMSprop

SLUG = Path(__file__).stem
TARGET = 0.22  # training loss at which a run has arrived
SIZES = (1, 8, 32, 128, 0)  # examples in a batch; 0 stands for all of them
RATES = tuple(float(r) for r in 2.0 ** np.arange(-7, 4))
SEEDS = range(5)
TUNING_SEEDS = (100, 101, 102)  # splits of their own, on which the rates are chosen
OPTIMISERS: dict[str, Callable[[float], Any]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}
N_TRAIN = 1348  # three quarters of the 1,797 pictures
STEP_RATES = tuple(float(r) for r in 2.0 ** np.arange(-13, 4))


def split(seed: int, copies: int = 1) -> tuple[np.ndarray, ...]:
    """Return training and test data: is the digit odd?

    The training data may be repeated; their mean loss is that of the first copy.
    """
    digits = load_digits()
    X, y = digits.data / 16, (digits.target % 2).astype(float)
    order = np.random.default_rng(seed).permutation(len(y))
    test, train = order[: len(y) // 4], order[len(y) // 4 :]
    assert len(train) == N_TRAIN
    train = np.tile(train, copies)
    return X[train], y[train], X[test], y[test]


def loss_of(X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float) -> float:
    """Return the mean cross-entropy, safe at any score."""
    z = X @ w + b
    return float(np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))))


def arrive(
    data: tuple[np.ndarray, ...],
    size: int,
    lr: float,
    seed: int,
    *,
    most: float = 3.0,
    looks: int = 1,
    keep_going: bool = False,
) -> dict[str, Any]:
    """Train until the training loss is below the target; count and time it.

    The loss is looked at ``looks`` times an epoch. After ``most`` seconds the run ends
    without having arrived, and its ``seconds`` are infinite.
    """
    X, y, X_test, y_test = data
    N, rng = len(y), np.random.default_rng(seed)
    size = size or N
    once = slice(0, N_TRAIN)
    w, b, spent, steps, seen = np.zeros(X.shape[1]), 0.0, 0.0, 0, 0
    curve = [(0.0, 0.0, loss_of(X[once], y[once], w, b))]
    per_epoch = -(-N // size)
    every = max(1, per_epoch // looks)
    while spent < most:
        begin = time.process_time()
        order = rng.permutation(N)
        for k, start in enumerate(range(0, N, size)):
            if size < N:
                rows = order[start : start + size]
                x, t = X[rows], y[rows]
            else:
                x, t = X, y
            dz = (sigmoid(x @ w + b) - t) / len(t)
            w, b = w - lr * (dz @ x), b - lr * float(dz.sum())
            steps, seen = steps + 1, seen + len(t)
            if (k + 1) % every == 0 or k + 1 == per_epoch:
                spent += time.process_time() - begin
                now = loss_of(X[once], y[once], w, b)
                curve.append((seen / N, spent, now))
                if (now < TARGET and not keep_going) or not np.isfinite(now):
                    accuracy = float(np.mean((X_test @ w + b > 0) == y_test))
                    arrived = spent if now < TARGET else np.inf
                    return {
                        "seconds": arrived,
                        "spent": spent,
                        "epochs": seen / N,
                        "updates": steps,
                        "accuracy": 100 * accuracy,
                        "curve": curve,
                    }
                begin = time.process_time()
    return {
        "seconds": np.inf,
        "spent": spent,
        "epochs": seen / N,
        "updates": steps,
        "accuracy": np.nan,
        "curve": curve,
    }


def fastest(size: int, lr: float, seed: int, copies: int) -> dict[str, Any]:
    """Run the same training three times and keep the one least disturbed."""
    data = split(seed, copies)
    runs = [arrive(data, size, lr, seed, looks=16 * copies) for _ in range(3)]
    return min(runs, key=lambda run: float(run["spent"]))


def tuned(size: int) -> float:
    """Return the rate with which a size arrives first, over the tuning seeds."""

    def cost(lr: float) -> float:
        runs = (arrive(split(s), size, lr, s, most=0.3, looks=16) for s in TUNING_SEEDS)
        return float(
            np.mean([r["epochs"] if r["seconds"] < np.inf else np.inf for r in runs])
        )

    return min(RATES, key=cost)


def by_size(rates: dict[int, float], copies: int = 1) -> dict[str, Any]:
    """Measure each size of a batch, with its rate."""
    found: dict[str, Any] = {}
    for size, lr in rates.items():
        runs = [fastest(size, lr, seed, copies) for seed in SEEDS]
        found[name_of(size)] = {
            "rate": lr,
            "epochs": labs.summary(r["epochs"] for r in runs),
            "updates": labs.summary(r["updates"] for r in runs),
            "milliseconds": labs.summary(1e3 * r["seconds"] for r in runs),
            "epoch_milliseconds": labs.summary(
                1e3 * r["spent"] / r["epochs"] for r in runs
            ),
            "accuracy": labs.summary(r["accuracy"] for r in runs),
        }
        print(copies, size, found[name_of(size)], flush=True)
    return found


def name_of(size: int) -> str:
    """Return the key of a batch size in the results."""
    return f"size_{size}" if size else "all"


def curves(ways: dict[str, Any]) -> dict[str, Any]:
    """Record the loss over epochs and seconds, with a quarter of the fastest rate."""
    found = {}
    for name, size, most in (
        ("size_1", 1, 0.35),
        ("size_32", 32, 0.08),
        ("all", 0, 0.08),
    ):
        lr = ways[name]["rate"] / 4
        run = arrive(split(0), size, lr, 0, most=most, looks=16, keep_going=True)
        points = np.array(run["curve"][1:])
        pick = np.unique(np.geomspace(1, len(points), 80).astype(int) - 1)
        found[name] = {
            "epochs": points[pick, 0].round(4).tolist(),
            "milliseconds": (1e3 * points[pick, 1]).round(4).tolist(),
            "loss": points[pick, 2].round(4).tolist(),
        }
    return found


def epochs_of(make: Callable[[float], Any], lr: float, seed: int) -> float:
    """Return the epochs of 32-example batches until the target, at most 60."""
    X, y, _, _ = split(seed)
    rng, optimiser = np.random.default_rng(seed), make(lr)
    p = {"w": np.zeros(X.shape[1]), "b": np.zeros(1)}
    for epoch in range(60):
        order = rng.permutation(len(y))
        for k, start in enumerate(range(0, len(y), 32)):
            rows = order[start : start + 32]
            dz = (sigmoid(X[rows] @ p["w"] + p["b"]) - y[rows]) / len(rows)
            p = optimiser.update(p, {"w": dz @ X[rows], "b": dz.sum(keepdims=True)})
            if k % 10 == 9 and loss_of(X, y, p["w"], p["b"][0]) < TARGET:
                return epoch + (start + 32) / len(y)
    return np.inf


def optimisers_on_digits() -> dict[str, Any]:
    """Compare the optimisers on the lab, each with the rate that suits it best."""
    found = {}
    for name, make in OPTIMISERS.items():

        def cost(lr: float, make: Callable[[float], Any] = make) -> float:
            return float(np.mean([epochs_of(make, lr, seed) for seed in TUNING_SEEDS]))

        lr = min(STEP_RATES, key=cost)
        epochs = [epochs_of(make, lr, seed) for seed in SEEDS]
        found[name] = {"rate": lr, "epochs": labs.summary(epochs)}
        print(name, found[name], flush=True)
    return found


def steps_on_bowl(make: Callable[[float], Any], lr: float, turn: float) -> list[float]:
    """Return the steps down a bowl with κ = 100, turned, from twelve places."""
    c, s = np.cos(turn), np.sin(turn)
    Q = np.array([[c, -s], [s, c]])
    H = Q @ np.diag([1.0, 100.0]) @ Q.T
    counts = []
    for angle in 2 * np.pi * (np.arange(12) + 0.5) / 12:
        optimiser, p = make(lr), {"w": np.array([np.cos(angle), np.sin(angle)])}
        taken = 0
        while taken < 600 and 0.01 <= np.linalg.norm(p["w"]) < 1e6:
            p = optimiser.update(p, {"w": H @ p["w"]})
            taken += 1
        there = np.linalg.norm(p["w"]) < 0.01
        counts.append(float(taken) if there else np.inf)
    return counts


def optimisers_on_bowls() -> dict[str, Any]:
    """Compare them on a bowl along the axes and on the same bowl turned by 30°."""
    found: dict[str, Any] = {}
    for name in ("sgd", "momentum", "rmsprop", "adam"):
        found[name] = {}
        for where, turn in (("aligned", 0.0), ("turned", np.pi / 6)):
            runs = {r: steps_on_bowl(OPTIMISERS[name], r, turn) for r in STEP_RATES}
            lr = min(runs, key=lambda r: float(np.median(runs[r])))
            found[name][where] = {
                "rate": lr,
                "median": float(np.median(runs[lr])),
                "min": min(runs[lr]),
                "max": max(runs[lr]) if max(runs[lr]) < np.inf else None,
            }
        print(name, found[name], flush=True)
    return found


def main() -> None:
    """Run, measure, write."""
    rates = {size: tuned(size) for size in SIZES}
    ways = by_size(rates)
    results = {
        "target": TARGET,
        "pictures": len(load_digits().target),
        "train": N_TRAIN,
        "ways": ways,
        "copies": by_size(rates, 16),
        "curves": curves(ways),
        "optimisers": optimisers_on_digits(),
        "bowls": optimisers_on_bowls(),
    }
    labs.store(SLUG, results)
    names, seconds = labs.run_cells(SLUG)
    results["execution"] = {"cpu_seconds": seconds}
    results["early"] = {
        key: labs.summary(values) for key, values in names["early"].items()
    }
    hover = {key: labs.summary(values) for key, values in names["hover"].items()}
    results["hover"] = hover
    results["text"] = {
        "steps": names["needed"]["standardised"],
        "million_steps": names["needed"]["first in thousandths"] / 1e6,
        "hover_ratio": hover["constant"]["mean"] / hover["cosine"]["mean"],
    }
    labs.store(SLUG, results)


if __name__ == "__main__":
    main()

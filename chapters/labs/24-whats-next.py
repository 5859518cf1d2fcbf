"""Measure two newer cells on a task of chapter 13, and bands on the electricity days.

Adding has T = 100, as in chapter 13, whose GRU stands beside the new cells. Recall
shows pairs of a key and a value, then one of the keys. The bands come from networks
with dropout left on, from an ensemble, and from the residuals of 2015 alone. Every run
is stored as soon as it is done and is not repeated. Writes
chapters/results/24-whats-next.json. About four minutes on one free core; any words
given are names of runs to be done alone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnncourse import labs
from rnncourse.datasets import load_energy, make_adding
from rnncourse.forecasting import (
    Scaler,
    calendar_features,
    chronological_split,
    conformal_interval,
    coverage,
    day_groups,
    interval_score,
    mae,
    noise_variance,
    predictive_moments,
    window_features,
)
from rnncourse.nn.dropout import DropoutForecaster
from rnncourse.nn.linear_attention import LinearAttention
from rnncourse.nn.state_space import DiagonalSSM
from rnncourse.training import fit, predict, set_seed

SLUG = Path(__file__).stem
PLACE = Path(__file__).parents[1] / "results" / f"{SLUG}.json"
SEEDS = range(3)
T = 100
KEYS, VALUES, PAIRS = 32, 8, 8
DAYS, PASSES, EPOCHS = 33, 50, 25
SHARE = 0.1  # of dropout, taken beforehand; the others show what it changes
OTHERS = (0.05, 0.2)
Z90 = 1.6448536269514722  # a normal variable lies within ± so many deviations at 90 %
SHOWN = slice(340, 385)  # six weeks around Christmas 2016, of which passes are kept
SEASONS = {"winter": (12, 1, 2), "spring": (3, 4, 5), "summer": (6, 7, 8)}


# -- cells ---------------------------------------------------------------------------


class SoftmaxAttention(nn.Module):
    """One causal head of ordinary attention, (24.1)."""

    def __init__(self, H: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(H, H) for _ in range(3))

    def forward(self, xs: Tensor) -> tuple[Tensor, None]:
        """Take and return (T, B, H)."""
        q, k, v = (part(xs).transpose(0, 1) for part in self.parts)
        ys = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return ys.transpose(0, 1), None


class Block(nn.Module):
    """The same around each cell: a dense layer in front, one behind that is added."""

    def __init__(self, name: str, D: int, H: int, K: int) -> None:
        super().__init__()
        self.first = nn.Linear(D, H)
        self.cell: nn.Module
        if name == "linear attention":
            self.cell = LinearAttention(H, H, H)
        elif name == "state space":
            self.cell = DiagonalSSM(H, 4, shortest=8.0, longest=4000.0)
        elif name == "softmax attention":
            self.cell = SoftmaxAttention(H)
        else:
            self.cell = nn.GRU(H, H)
        self.second, self.out = nn.Linear(H, H), nn.Linear(H, K)

    def forward(self, xs: Tensor) -> Tensor:
        """Take (T, B, D), return (T, B, K)."""
        a = torch.relu(self.first(xs))
        scores: Tensor = self.out(a + torch.relu(self.second(self.cell(a)[0])))
        return scores


def train(net: nn.Module, loss_of: Callable[[int], Tensor], steps: int, lr: float):
    """Take steps of Adam, norms clipped at 1; return the mean loss of each tenth."""
    opt = torch.optim.Adam(net.parameters(), lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps)
    curve = []
    for k in range(steps):
        loss = loss_of(k)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        schedule.step()
        curve.append(loss.item())
    return [round(float(v), 5) for v in np.reshape(curve, (20, -1)).mean(axis=1)]


def run_adding(name: str, seed: int) -> dict[str, Any]:
    """Train 300 steps on T = 100; return the test error and the curve."""
    torch.manual_seed(seed)
    net = Block(name, 2, 32, 1)

    def batch(n: int, draw: int) -> tuple[Tensor, Tensor]:
        data = make_adding(n, n_steps=T, seed=draw)
        xs, ys = (torch.tensor(a, dtype=torch.float32) for a in (data.xs, data.ys))
        return net(xs)[-1, :, 0], ys

    def loss_of(k: int) -> Tensor:
        return nn.functional.mse_loss(*batch(64, 1_000_000 * (seed + 1) + k))

    curve = train(net, loss_of, 300, 1e-2 if name == "state space" else 5e-3)
    with torch.no_grad():
        error = float(nn.functional.mse_loss(*batch(2000, seed)))
    return {"error": error, "weights": weights(net), "curve": curve}


def pairs(n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return PAIRS keys with values (PAIRS + 1, n, ·), then a key; and its value."""
    keys = torch.stack(
        [torch.randperm(KEYS, generator=rng)[:PAIRS] for _ in range(n)], 1
    )
    values = torch.randint(VALUES, (PAIRS, n), generator=rng)
    asked, who = torch.randint(PAIRS, (n,), generator=rng), torch.arange(n)
    xs = torch.zeros(PAIRS + 1, n, KEYS + VALUES)
    xs[:PAIRS, :, :KEYS] = nn.functional.one_hot(keys, KEYS)
    xs[:PAIRS, :, KEYS:] = nn.functional.one_hot(values, VALUES)
    xs[PAIRS, who, keys[asked, who]] = 1
    return xs, values[asked, who]


def run_recall(name: str, seed: int) -> dict[str, Any]:
    """Train 500 steps; return the share of values that are right."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    net = Block(name, KEYS + VALUES, 32, VALUES)

    def loss_of(_: int) -> Tensor:
        xs, ys = pairs(64, rng)
        return nn.functional.cross_entropy(net(xs)[-1], ys)

    train(net, loss_of, 500, 5e-3)
    xs, ys = pairs(2000, torch.Generator().manual_seed(10_000 + seed))
    with torch.no_grad():
        right = float((net(xs)[-1].argmax(1) == ys).float().mean())
    return {"right": right, "weights": weights(net)}


def weights(net: nn.Module) -> int:
    """Return the number of parameters."""
    return sum(w.numel() for w in net.parameters())


# -- bands ---------------------------------------------------------------------------


class Days:
    """The days, windows and calendar of chapter 19, cut as there."""

    def __init__(self) -> None:
        energy = load_energy()
        y, dates = energy.consumption, energy.dates
        split = chronological_split(dates, "2015-01-01", "2016-01-01")
        self.scaler = Scaler.fit(y[split.train])
        calendar, _ = calendar_features(dates)
        z, target = self.scaler.transform(y), np.arange(DAYS, len(y))
        xs, known = window_features(z, DAYS, calendar)
        self.parts, self.y, self.dates = {}, {}, {}
        for part, mask in split._asdict().items():
            rows = mask[target]
            self.parts[part] = tuple(
                torch.tensor(a[rows], dtype=torch.float32)
                for a in (xs, known, z[target])
            )
            self.y[part], self.dates[part] = y[target][rows], dates[target][rows]

    def network(self, p: float, seed: int) -> DropoutForecaster:
        """Train one network of chapter 19's size."""
        set_seed(seed)
        model = DropoutForecaster(13, 64, known=12, width=64, p=p)
        fit(model, nn.functional.l1_loss, self.parts["train"],
            self.parts["validation"], epochs=EPOCHS, batch_size=64, lr=3e-3,
            weight_decay=0.1, seed=seed, device="cpu", progress=False)  # fmt: skip
        return model

    def passes(self, model: DropoutForecaster, part: str) -> np.ndarray:
        """Return PASSES forecasts (PASSES, N) in GWh."""
        z = model.passes(*self.parts[part][:2], n_passes=PASSES).numpy()
        return self.scaler.inverse(z)

    def once(self, model: DropoutForecaster, part: str) -> np.ndarray:
        """Return forecasts (1, N) in GWh without any mask."""
        z = predict(model, self.parts[part][:2]).numpy()
        return self.scaler.inverse(z)[None]


def run_days(p: float, seed: int, days: Days) -> dict[str, Any]:
    """Train one network; return its forecasts of 2015, 2016 and 2017."""
    model = days.network(p, seed)
    found: dict[str, Any] = {}
    for part in ("validation", "test"):
        once = days.once(model, part)[0]
        found[part] = {"once": packed(once)}
        if p:
            samples = days.passes(model, part)
            mean, spread = predictive_moments(samples)
            found[part]["mean"] = packed(mean)
            found[part]["variance"] = packed(spread)
            if seed == 0 and part == "test":
                found["shown"] = [packed(row) for row in samples[:, SHOWN]]
    return found


def packed(values: np.ndarray) -> str:
    """Return numbers as one line, so that the stored file stays readable."""
    return " ".join(f"{v:.5g}" for v in values)


def unpacked(line: str) -> np.ndarray:
    """Return the numbers of such a line."""
    return np.array(line.split(), dtype=float)


def groups_of(dates: np.ndarray) -> dict[str, np.ndarray]:
    """Return masks of the days by season, and by kind of day."""
    month = dates.astype("datetime64[M]").astype(int) % 12 + 1
    found = {name: np.isin(month, months) for name, months in SEASONS.items()}
    found["autumn"] = np.isin(month, (9, 10, 11))
    kinds = day_groups(dates)
    for kind in ("working day", "Saturday", "Sunday"):
        found[kind.replace(" ", "_")] = kinds == kind
    special = ("bridge day", "public holiday", "Christmas time")
    found["holiday_bridge_Christmas"] = np.isin(kinds, special)
    return found


def judge(y: np.ndarray, mean: np.ndarray, half: np.ndarray, masks: Any) -> Any:
    """Return coverage in all and by group, mean width and interval score."""
    low, high = mean - half, mean + half
    return {
        "coverage": coverage(y, low, high),
        "width": float(2 * half.mean()),
        "score": interval_score(y, low, high, level=0.9),
        "by_group": {g: coverage(y[m], low[m], high[m]) for g, m in masks.items()},
        "widths": {g: float(2 * half[m].mean()) for g, m in masks.items()},
    }


def bands(runs: dict[str, Any], p: float, seed: int, days: Days) -> dict[str, Any]:
    """Return every band of one network with dropout, judged on the test years."""
    run = runs[f"days {p} {seed}"]
    held, seen = (
        {k: unpacked(v) for k, v in run[part].items()}
        for part in ("validation", "test")
    )
    y, masks = days.y, groups_of(days.dates["test"])
    r = y["validation"] - held["mean"]
    noise = noise_variance(r, held["variance"])
    same = np.ones(len(seen["mean"]))
    total, before = seen["variance"] + noise, held["variance"] + noise
    half = {
        "dropout_alone": Z90 * np.sqrt(seen["variance"]),
        "dropout_and_noise": Z90 * np.sqrt(total),
        "gaussian_residuals": Z90 * np.sqrt(np.mean(r**2)) * same,
        "conformal": conformal_interval(r) * same,
        "scaled_conformal": conformal_interval(r / np.sqrt(before)) * np.sqrt(total),
    }
    return {
        "noise": float(np.sqrt(noise)),
        "spread": float(np.sqrt(seen["variance"]).mean()),
        "mae_mean": mae(y["test"], seen["mean"]),
        "mae_once": mae(y["test"], seen["once"]),
        "kinds": {n: judge(y["test"], seen["mean"], h, masks) for n, h in half.items()},
        "spread_by_group": {
            g: float(np.sqrt(seen["variance"][m]).mean()) for g, m in masks.items()
        },
        "error_by_group": {
            g: mae(y["test"][m], seen["mean"][m]) for g, m in masks.items()
        },
    }


def ensemble(runs: dict[str, Any], days: Days) -> dict[str, Any]:
    """Return the band of the networks without dropout, taken together."""
    there = [v for k, v in runs.items() if k.startswith("days 0.0 ")]
    y = days.y
    held, seen = (
        np.array([unpacked(v[p]["once"]) for v in there])
        for p in ("validation", "test")
    )
    mean, spread = predictive_moments(held)
    noise = noise_variance(y["validation"] - mean, spread)
    mean, spread = predictive_moments(seen)
    masks = groups_of(days.dates["test"])
    half = Z90 * np.sqrt(spread + noise)
    q = conformal_interval(y["validation"] - held.mean(axis=0)) * np.ones(len(mean))
    return {
        "networks": len(there),
        "single": labs.summary([mae(y["test"], one) for one in seen]),
        "mae": mae(y["test"], mean),
        "noise": float(np.sqrt(noise)),
        "spread": float(np.sqrt(spread).mean()),
        "conformal": judge(y["test"], mean, q, masks),
        **judge(y["test"], mean, half, masks),
    }


def beside() -> dict[str, Any]:
    """Return what chapters 13 and 19 have stored for the same task and days."""
    found: dict[str, Any] = {}
    memory = json.loads(PLACE.with_name("13-long-memory.json").read_text("utf-8"))
    for name in ("RNN", "LSTM", "GRU"):
        found[f"adding_{name}"] = memory["adding"][name]
    energy = json.loads(PLACE.with_name("19-energy-forecast.json").read_text("utf-8"))
    found["width_19"] = 2 * energy["interval"]["half_width"]
    found["coverage_19"] = energy["interval"]["coverage"]
    return found


# -- all of it -----------------------------------------------------------------------


def jobs(days: Days) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return all runs by name, what the chapter needs first in front."""
    found: dict[str, Callable[[], dict[str, Any]]] = {}
    for p in (SHARE, 0.0):
        for seed in SEEDS:
            found[f"days {p} {seed}"] = lambda p=p, s=seed: run_days(p, s, days)
    for seed in SEEDS:
        for name in ("linear attention", "state space"):
            found[f"adding {name} {seed}"] = lambda n=name, s=seed: run_adding(n, s)
    for seed in SEEDS:
        for name in ("softmax attention", "linear attention", "GRU", "state space"):
            found[f"recall {name} {seed}"] = lambda n=name, s=seed: run_recall(n, s)
    for p in OTHERS:
        found[f"days {p} 0"] = lambda p=p: run_days(p, 0, days)
    return found


def summarise(runs: dict[str, Any], days: Days) -> dict[str, Any]:
    """Return the figures that the chapter quotes, from the runs that are there."""
    found: dict[str, Any] = {
        "days": {p: len(v) for p, v in days.y.items()},
        "beside": beside(),
    }
    for task, figure in (("adding", "error"), ("recall", "right")):
        for run, v in runs.items():
            if run.startswith(task):
                name = run[len(task) + 1 : -2].replace(" ", "_")
                found.setdefault(task, {}).setdefault(name, []).append(v[figure])
        for name, values in found.get(task, {}).items():
            found[task][name] = labs.summary(values)
    each = [bands(runs, SHARE, s, days) for s in SEEDS if f"days {SHARE} {s}" in runs]
    if each:
        found["bands"], found["each_seed"] = mean_of(each), each
    others = [p for p in OTHERS if f"days {p} 0" in runs]
    found["other_shares"] = {
        f"p{round(100 * p):02d}": bands(runs, p, 0, days) for p in others
    }
    if sum(k.startswith("days 0.0 ") for k in runs) > 1:
        found["ensemble"] = ensemble(runs, days)
    return found


def mean_of(each: list[Any]) -> Any:
    """Return dictionaries of figures averaged entry by entry."""
    if isinstance(each[0], dict):
        return {k: mean_of([e[k] for e in each]) for k in each[0]}
    return float(np.mean(each))


def main() -> None:
    """Do the runs that are missing; store after each."""
    torch.set_num_threads(1)
    days = Days()
    runs: dict[str, Any] = {}
    if PLACE.exists():
        runs = json.loads(PLACE.read_text(encoding="utf-8")).get("runs", {})
    for name, job in jobs(days).items():
        if name in runs or (sys.argv[1:] and not name.startswith(tuple(sys.argv[1:]))):
            continue
        begin = time.process_time()
        runs[name] = {**job(), "seconds": round(time.process_time() - begin, 1)}
        brief = {k: v for k, v in runs[name].items() if not isinstance(v, list | dict)}
        print(name, brief, flush=True)
        labs.store(SLUG, {**summarise(runs, days), "runs": runs})
    seconds = sum(run["seconds"] for run in runs.values())
    found = {**summarise(runs, days), "cpu_minutes": round(seconds / 60, 1)}
    labs.store(SLUG, {**found, "runs": runs})


if __name__ == "__main__":
    main()

"""Both labs of chapter 21: a price that is a random walk, and planted motifs.

Writes chapters/results/21-cnn-lstm-forecast.json, which the chapter quotes. The price
was scored once, with settings fixed before. The planted series was designed until the
networks differed, with the same settings for all of them, as the chapter says. Each
part is kept in a temporary folder as soon as it is done, so that a stopped run goes on
where it was; ``--fresh`` begins again. No price is stored, only what was made of it.
"""

import csv
import io
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from torch import nn

from rnncourse.datasets import read
from rnncourse.datasets.motifs import FIRST, READINGS, make_motifs
from rnncourse.forecasting import (
    direction_test,
    make_windows,
    mape,
    skill_interval,
    variance_ratio,
)
from rnncourse.labs import store, summary
from rnncourse.nn import CNNLSTM, LSTM, Dense
from rnncourse.training import fit, predict, set_seed

SLUG = "21-cnn-lstm-forecast"
SEEDS = (0, 1, 2)
LENGTH = 29
PARTS = ("train", "validation", "test")
PRICE = {"epochs": 20, "batch_size": 128, "lr": 5e-3}
MOTIFS = {"epochs": 25, "batch_size": 64, "lr": 1e-2}
L1, L2 = nn.functional.l1_loss, nn.functional.mse_loss
SHORT = (1.0, 1.0, -2.0, -1.0, 2.0, -1.0)  # a motif of six, for days of eight readings
KEPT = Path(tempfile.gettempdir()) / f"rnncourse-{SLUG}"

torch.set_num_threads(1)


class Alone(nn.Module):
    """An LSTM over all steps and a dense layer on its last state."""

    def __init__(self, H):
        super().__init__()
        self.lstm, self.out = LSTM(1, H), Dense(H, 1)

    def forward(self, xs):
        """Answer sequences (T, B, 1) with (B, 1)."""
        return self.out(self.lstm(xs)[1][0])


class Flat(nn.Module):
    """Convolution, relu, pooling, and dense layers in place of the LSTM."""

    def __init__(self, kernel, F, pool, H):
        super().__init__()
        self.body = nn.Sequential(
            nn.ConstantPad1d((kernel - 1, 0), 0.0), nn.Conv1d(1, F, kernel),
            nn.ReLU(), nn.MaxPool1d(pool), nn.Flatten(),
            nn.Linear(LENGTH * F, H), nn.ReLU(), nn.Linear(H, 1),
        )  # fmt: skip

    def forward(self, xs):
        """Answer sequences (T, B, 1) with (B, 1)."""
        return self.body(xs.permute(1, 2, 0))


class BatchFirst(nn.Module):
    """Hand windows (B, T, 1) over time first."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, xs):
        """Answer windows (B, T, 1) with (B,)."""
        return self.model(xs.transpose(0, 1))[:, 0]


def train(make, data, seed, loss=L2, **settings):
    """Train one network on windows; forecasts of validation and test."""
    set_seed(seed)
    model = BatchFirst(make())
    tensors = {
        part: (tensor(X)[:, :, None], tensor(y)) for part, (X, y) in data.items()
    }
    started = time.process_time()
    history = fit(
        model, loss, tensors["train"], tensors["validation"], seed=seed, device="cpu",
        progress=False, **settings,
    )  # fmt: skip
    return {
        "test": predict(model, tensors["test"][:1]).numpy().astype(float),
        "validation": history.best,
        "curve": history.validation,
        "best_epoch": history.best_epoch,
        "seconds": time.process_time() - started,
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def tensor(a):
    """Return a float32 tensor."""
    return torch.tensor(np.ascontiguousarray(a), dtype=torch.float32)


def deal(X, y, shares):
    """Deal windows to the three parts in order of time."""
    first, second = (round(share * len(X)) for share in shares)
    cut = {"train": slice(first), "validation": slice(first, second)}
    return {p: (X[s], y[s]) for p, s in {**cut, "test": slice(second, None)}.items()}


def ridge(data):
    """Return a linear model's forecasts; validation chooses the penalty."""
    (X, y), (Xv, yv), (Xt, _) = (data[p] for p in PARTS)
    tried = []
    for alpha in (1e-3, 1.0, 30.0, 1000.0, 30000.0, 1e6):
        model = Ridge(alpha).fit(X, y)
        error = np.abs(yv - model.predict(Xv)).mean()
        tried.append((error, alpha, model.predict(Xt)))
    return min(tried, key=lambda t: t[0])[2]


def trees(data):
    """Return the forecasts of boosted trees; validation chooses their number."""
    (X, y), (Xv, yv), (Xt, _) = (data[p] for p in PARTS)
    tried = []
    for count in (25, 50, 100):
        model = HistGradientBoostingRegressor(max_iter=count, random_state=0).fit(X, y)
        error = np.abs(yv - model.predict(Xv)).mean()
        tried.append((error, count, model.predict(Xt)))
    return min(tried, key=lambda t: t[0])[2]


# -- the price ---------------------------------------------------------------------


def price():
    """Run everything on the daily price of bitcoin."""
    rows = list(csv.DictReader(io.StringIO(read("bitcoin").decode())))
    P = np.array([float(row["Close"]) for row in rows])
    days = np.array([row["Date"] for row in rows], dtype="datetime64[D]")
    r = np.diff(np.log(P))  # r[t] leads to P[t + 1]
    shares = (0.65, 0.80)
    X, y = make_windows(r, LENGTH)
    data = deal(X, y[:, 0], shares)
    mean, std = data["train"][0].mean(), data["train"][0].std()
    z = {p: ((X - mean) / std, (y - mean) / std) for p, (X, y) in data.items()}
    count = len(data["test"][1])
    old, new = P[-count - 1 : -1], P[-count:]
    truth = r[-count:]

    forecasts = {"persistence": np.zeros(count), "mean": np.full(count, mean)}
    forecasts["linear"] = mean + std * ridge(z)
    forecasts["boosting"] = mean + std * trees(z)
    runs = {}
    networks = {
        "lstm": lambda: Alone(30),
        "cnn_lstm": lambda: CNNLSTM(5, 1, 8, 26, 1),
    }
    for name, make in networks.items():
        runs[name] = [train(make, z, seed, loss=L1, **PRICE) for seed in SEEDS]
        for run in runs[name]:
            run["test"] = mean + std * run["test"]
        forecasts[name] = np.mean([run["test"] for run in runs[name]], axis=0)
        say(name, [mape(new, old * np.exp(run["test"])) for run in runs[name]])

    # The deck's way: the price itself, scaled to 0..1 by the training days.
    low, high = (
        P[: round(shares[0] * len(P))].min(),
        P[: round(shares[0] * len(P))].max(),
    )
    Xp, yp = make_windows((P - low) / (high - low), LENGTH)
    scaled = deal(Xp, yp[:, 0], shares)
    levels = [train(networks["cnn_lstm"], scaled, s, loss=L1, **PRICE) for s in SEEDS]
    for run in levels:
        run["price"] = (low + (high - low) * run.pop("test"))[-count:]
    say("levels", [mape(new, run["price"]) for run in levels])

    share = {name: np.abs(new - old * np.exp(f)) / new for name, f in forecasts.items()}
    share["levels"] = np.abs(new - np.mean([v["price"] for v in levels], axis=0)) / new
    found = {}
    for name, errors in share.items():
        found[name] = {"mape": 100 * errors.mean()}
        if name != "persistence":
            found[name] |= interval(errors, share["persistence"])
    for name, parts in runs.items():
        found[name]["seed"] = summary(
            mape(new, old * np.exp(run["test"])) for run in parts
        )
        found[name]["skill_seed"] = summary(
            1 - mape(new, old * np.exp(run["test"])) / found["persistence"]["mape"]
            for run in parts
        )
        found[name]["best_epoch"] = [run["best_epoch"] for run in parts]
        found[name]["parameters"] = parts[0]["parameters"]
        found[name]["seconds"] = summary(run["seconds"] for run in parts)
    found["levels"]["seed"] = summary(mape(new, run["price"]) for run in levels)
    for name in ("linear", "boosting", "lstm", "cnn_lstm"):
        found[name]["direction"] = direction(truth, forecasts[name])
        found[name]["r2"] = r2(new, old * np.exp(forecasts[name]))
    found["persistence"]["r2"] = r2(new, old)
    found["levels"]["r2"] = r2(new, np.mean([v["price"] for v in levels], axis=0))
    up = float(np.mean(truth > 0))

    return {
        "days": {
            "all": len(P), "windows": len(X),
            **{p: len(data[p][1]) for p in PARTS},
            "from": str(days[0]), "test_from": str(days[-count]), "to": str(days[-1]),
            "batches": -(-len(data["train"][1]) // 128),
        },
        "up": up,
        "walk": {
            f"q{q}": variance_ratio(r, q)._asdict() for q in (2, 4, 8, 16, 32)
        },
        "walk_test": {
            f"q{q}": variance_ratio(truth, q)._asdict() for q in (2, 4, 8, 16, 32)
        },
        "models": found,
        "leaks": leaks(P, r, shares, new, old, truth),
    }  # fmt: skip


def leaks(P, r, shares, new, old, truth):
    """Return the skill that smoothed inputs seem to have, with and without a leak."""
    logs, out = np.log(P), {}
    persistence = np.abs(new - old) / new
    for name, back, ahead in (("trailing", 4, 0), ("centred", 2, 2)):
        padded = np.pad(logs, (back, ahead), mode="edge")
        smooth = np.convolve(padded, np.ones(5) / 5, "valid")  # as long as P
        X, _ = make_windows(np.diff(smooth), LENGTH)
        data = deal(X, r[LENGTH:], shares)
        mean, std = data["train"][0].mean(), data["train"][0].std()
        scale = data["train"][1].std()
        z = {p: ((X - mean) / std, y / scale) for p, (X, y) in data.items()}
        found = {"linear": scale * ridge(z)}
        run = [
            train(lambda: CNNLSTM(5, 1, 8, 26, 1), z, s, loss=L1, **PRICE)["test"]
            for s in SEEDS
        ]
        found["cnn_lstm"] = scale * np.mean(run, axis=0)
        out[name] = {}
        for model, f in found.items():
            errors = np.abs(new - old * np.exp(f)) / new
            out[name][model] = {
                "mape": 100 * errors.mean(),
                **interval(errors, persistence),
                "hits": float(np.mean((truth > 0) == (f > 0))),
            }
            say("leak", name, model, out[name][model])
    return out


def direction(r, r_hat):
    """Return the direction test; who always says the same has no z to speak of."""
    said = float(np.mean(r_hat > 0))
    if said in (0.0, 1.0):
        hits = float(np.mean((r > 0) == (r_hat > 0)))
        return {"hits": hits, "luck": hits, "z": 0.0, "said_up": said}
    return {**direction_test(r, r_hat)._asdict(), "said_up": said}


def r2(y, y_hat):
    """Return the share of the variance that a forecast takes away."""
    return float(1 - np.mean((y - y_hat) ** 2) / np.var(y))


# -- planted motifs ----------------------------------------------------------------


def motif_data(readings, per_day):
    """Return windows of 29 days and the mean of the day after."""
    X = np.stack(
        [readings[d : d + LENGTH].ravel() for d in range(len(readings) - LENGTH)]
    )
    return deal(X, per_day[LENGTH:], (0.6, 0.8))


def motifs(name):
    """Train one kind of network on the planted motifs, or fit the rivals."""
    made = make_motifs()
    data = motif_data(made.readings, made.readings.mean(axis=1))
    y = data["test"][1]
    if name == "rivals":
        found = {"mean": np.full(len(y), data["train"][1].mean())}
        found["persistence"] = np.r_[data["validation"][1][-1], y[:-1]]
        found["linear"] = ridge(data)
        found["boosting"] = trees(data)
        found["rule"] = made.change[-len(y) :]  # who knew motifs and rule
        return {k: {"test": v.tolist()} for k, v in found.items()}
    kernel = len(FIRST)
    make = {
        "cnn_lstm": lambda: CNNLSTM(kernel, 1, 12, 20, 1, pool=READINGS),
        "cnn": lambda: Flat(kernel, 12, READINGS, 7),
        "lstm": lambda: Alone(25),
    }[name]
    runs = []
    for seed in SEEDS:
        run = train(make, data, seed, **MOTIFS)
        runs.append({**run, "test": run["test"].tolist()})
        say(name, seed, np.abs(y - run["test"]).mean(), round(run["seconds"]))
    return runs


def short_motifs():
    """Run LSTM and CNN-LSTM where motif, day and window are half as long."""
    made = make_motifs(2000, n_readings=8, first=SHORT)
    data = motif_data(made.readings, made.readings.mean(axis=1))
    y, runs = data["test"][1], {}
    for name, make in {
        "cnn_lstm": lambda: CNNLSTM(len(SHORT), 1, 12, 22, 1, pool=8),
        "lstm": lambda: Alone(25),
    }.items():
        runs[name] = [train(make, data, seed, **MOTIFS) for seed in SEEDS]
        say("short", name, [np.abs(y - run["test"]).mean() for run in runs[name]])
    errors = {
        name: np.abs(y - np.mean([run["test"] for run in parts], axis=0))
        for name, parts in runs.items()
    }
    errors["linear"] = np.abs(y - ridge(data))
    errors["rule"] = np.abs(y - made.change[-len(y) :])
    out = {name: {"mae": e.mean()} for name, e in errors.items()}
    for name, parts in runs.items():
        out[name]["seed"] = summary(np.abs(y - run["test"]).mean() for run in parts)
        out[name]["parameters"] = parts[0]["parameters"]
    out["skill"] = interval(errors["cnn_lstm"], errors["lstm"])
    out["days"] = {"steps": LENGTH * 8, **{p: len(data[p][1]) for p in PARTS}}
    return out


def judge_motifs():
    """Gather what was run on the motifs."""
    made = make_motifs()
    data = motif_data(made.readings, made.readings.mean(axis=1))
    y = data["test"][1]
    moved = made.change[-len(y) :] != 0
    errors, out = {}, {}
    for name, f in part("rivals", lambda: motifs("rivals")).items():
        errors[name] = np.abs(y - np.array(f["test"]))
        out[name] = {"mae": errors[name].mean(), "moved": errors[name][moved].mean()}
    for name in ("cnn_lstm", "cnn", "lstm"):
        runs = part(name, lambda name=name: motifs(name))
        every = [np.abs(y - np.array(run["test"])) for run in runs]
        together = np.mean([run["test"] for run in runs], axis=0)
        errors[name] = np.abs(y - together)
        out[name] = {
            "mae": errors[name].mean(),
            "moved": errors[name][moved].mean(),
            "seed": summary(e.mean() for e in every),
            "by_seed": [e.mean() for e in every],
            "seconds": summary(run["seconds"] for run in runs),
            "parameters": runs[0]["parameters"],
            "best_epoch": [run["best_epoch"] for run in runs],
            "curve": np.mean([run["curve"] for run in runs], axis=0),
        }
    best = "cnn_lstm"
    skill = {
        name: interval(errors[best], e) for name, e in errors.items() if name != best
    }
    per_seed = {
        name: [
            interval(np.abs(y - np.array(a["test"])), np.abs(y - np.array(b["test"])))
            for a, b in zip(part(best, None), part(name, None), strict=True)
        ]
        for name in ("lstm", "cnn")
    }
    return {
        "days": {**{p: len(data[p][1]) for p in PARTS}, "steps": LENGTH * READINGS,
                 "moved": int(moved.sum())},
        "models": out,
        "skill": skill,
        "skill_per_seed": per_seed,
    }  # fmt: skip


# -- running -----------------------------------------------------------------------

BEGUN = time.process_time()


def say(*words):
    """Print with the processor time since the start."""
    print(f"{time.process_time() - BEGUN:6.0f} s", *words, flush=True)


def interval(model, rival):
    """Return the skill with a 95 % interval; a week stays together."""
    found = skill_interval(model, rival, block=7)
    return dict(zip(("skill", "low", "high"), found, strict=True))


def part(name, run):
    """Return a part of the lab, from the folder if it was run before."""
    path = KEPT / f"{name}.json"
    if run is not None and not path.exists():
        begun = time.process_time()
        found = rounded(run(), 6)
        KEPT.mkdir(exist_ok=True)
        path.write_text(
            json.dumps({"found": found, "seconds": time.process_time() - begun})
        )
    return json.loads(path.read_text())["found"]


def rounded(value, digits=4):
    """Round every figure to what a reader could use."""
    if isinstance(value, dict):
        return {k: rounded(v, digits) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [rounded(v, digits) for v in value]
    if isinstance(value, float | np.floating):
        return round(float(value), digits)
    return value


def lab():
    """Run what has not been run yet, and store everything."""
    if "--fresh" in sys.argv:
        for path in KEPT.glob("*.json"):
            path.unlink()
    found = {"price": part("price", price), "short": part("short", short_motifs)}
    found["motifs"] = judge_motifs()
    spent = sum(json.loads(p.read_text())["seconds"] for p in KEPT.glob("*.json"))
    store(SLUG, rounded({"seeds": list(SEEDS), **found, "cpu_minutes": spent / 60}))
    say("stored")


if __name__ == "__main__":
    lab()

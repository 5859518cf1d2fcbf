"""The whole energy lab: search, three seeds, baselines, intervals, leaks.

Writes chapters/results/19-energy-forecast.json, which the chapter quotes. Everything
is chosen on 2015; the test days of 2016 and 2017 are scored once, at the end.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np
import sklearn
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from torch import nn

from rnncourse.datasets import load_energy
from rnncourse.forecasting import (
    Scaler,
    backtest,
    calendar_features,
    chronological_split,
    conformal_interval,
    coverage,
    day_groups,
    energy_baselines,
    error_by_group,
    mae,
    skill_interval,
    window_features,
)
from rnncourse.nn.forecaster import Forecaster
from rnncourse.training import fit, predict, set_seed

SEEDS = (0, 1, 2)
DAYS = 33
LEVEL = 0.9
# What was tried for the network that knows the calendar. The best mean validation
# error over the seeds is taken.
TRIED = [
    {"H": 32, "width": 0, "batch_size": 64, "epochs": 80, "weight_decay": 0.0},
    {"H": 32, "width": 32, "batch_size": 64, "epochs": 80, "weight_decay": 0.0},
    {"H": 48, "width": 64, "batch_size": 64, "epochs": 80, "weight_decay": 0.01},
    {"H": 64, "width": 64, "batch_size": 64, "epochs": 60, "weight_decay": 0.1},
    {"H": 32, "width": 64, "batch_size": 32, "epochs": 60, "weight_decay": 0.0},
]
PLAIN = {"H": 32, "width": 0, "batch_size": 64, "epochs": 80, "weight_decay": 0.0}

torch.set_num_threads(1)
started, cpu_started = time.time(), time.process_time()
energy = load_energy()
y, dates = energy.consumption, energy.dates
split = chronological_split(dates, "2015-01-01", "2016-01-01")
scaler = Scaler.fit(y[split.train])
calendar, _ = calendar_features(dates)
target = np.arange(DAYS, len(y))  # the day that window n forecasts
parts = {name: mask[target] for name, mask in split._asdict().items()}


def tensors(use_calendar, part):
    """Return windows, what is known of the target day, and the target."""
    xs, known = window_features(
        scaler.transform(y), DAYS, calendar if use_calendar else None
    )
    arrays = (
        [xs, known, scaler.transform(y)[target]]
        if use_calendar
        else [
            xs,
            scaler.transform(y)[target],
        ]
    )
    return tuple(torch.tensor(a[parts[part]], dtype=torch.float32) for a in arrays)


def train(cell, use_calendar, seed, H, width, **settings):
    """Train one network; return its forecasts of every day and what happened."""
    data = tensors(use_calendar, "train")
    set_seed(seed)
    known = calendar.shape[1] if use_calendar else 0
    model = Forecaster(cell, data[0].shape[-1], H, known=known, width=width)
    history = fit(
        model,
        nn.functional.l1_loss,
        data,
        tensors(use_calendar, "validation"),
        lr=3e-3,
        seed=seed,
        device="cpu",
        progress=False,
        **settings,
    )
    forecast = np.full(len(y), np.nan)
    for part, rows in parts.items():
        z = predict(model, tensors(use_calendar, part)[:-1]).numpy()
        forecast[target[rows]] = scaler.inverse(z)
    return forecast, history


def three(cell, use_calendar, settings):
    """Train on each seed; return forecasts and a record without test figures."""
    runs = [train(cell, use_calendar, seed, **settings) for seed in SEEDS]
    record = {
        "cell": cell,
        "calendar": use_calendar,
        **settings,
        "validation": [mae(y[split.validation], f[split.validation]) for f, _ in runs],
        "best_epoch": [h.best_epoch for _, h in runs],
        "seconds": [round(h.seconds, 1) for _, h in runs],
    }
    record["validation_mean"] = float(np.mean(record["validation"]))
    return [f for f, _ in runs], record


def score(forecasts, record):
    """Add the test figures of each seed and of their mean forecast."""
    test = split.test
    record["test"] = [mae(y[test], f[test]) for f in forecasts]
    record["test_mean"] = float(np.mean(record["test"]))
    record["test_low"], record["test_high"] = min(record["test"]), max(record["test"])
    together = np.mean(forecasts, axis=0)
    record["ensemble"] = backtest(y, {"e": together}, test)["e"]._asdict()
    return together


def classical(forecasts):
    """Add ridge and gradient boosting, each with the setting that 2015 likes best."""
    xs, known = window_features(scaler.transform(y), DAYS, calendar)
    flat = {
        "values": xs[:, :, 0],
        "calendar": np.hstack([xs.reshape(len(xs), -1), known]),
    }
    z = scaler.transform(y)[target]
    grids = {
        "ridge": [(Ridge, {"alpha": a}) for a in (0.1, 1.0, 10.0, 100.0, 1000.0)],
        "gradient boosting": [
            (
                HistGradientBoostingRegressor,
                {
                    "loss": "absolute_error",
                    "learning_rate": rate,
                    "max_iter": n,
                    "random_state": 0,
                },
            )
            for rate, n in ((0.1, 100), (0.1, 300), (0.05, 300), (0.05, 1000))
        ],
    }
    record = {}
    for name, grid in grids.items():
        for kind, X in flat.items():
            tried = []
            for make, settings in grid:
                model = make(**settings).fit(X[parts["train"]], z[parts["train"]])
                whole = np.full(len(y), np.nan)
                whole[target] = scaler.inverse(model.predict(X))
                held = split.validation
                tried.append((mae(y[held], whole[held]), settings, whole))
            best = min(tried, key=lambda t: t[0])
            record[key(f"{name}, {kind}")] = {
                "tried": [{**settings, "validation": v} for v, settings, _ in tried],
                "chosen": best[1],
            }
            forecasts[f"{name}, {kind}"] = best[2]
            print(f"{name}, {kind}: validation {best[0]:.2f} {best[1]}", flush=True)
    return record, flat


def main():
    """Run the lab."""
    forecasts = energy_baselines(dates, y, split.train)

    rivals, flat = classical(forecasts)

    search = []
    kept = []
    for settings in TRIED:
        runs, record = three("RNN", True, settings)
        print(
            f"tried {settings}: validation {record['validation_mean']:.2f}", flush=True
        )
        search.append(record)
        kept.append(runs)
    chosen = int(np.argmin([record["validation_mean"] for record in search]))

    networks, ensembles = {}, {}
    for cell in ("RNN", "GRU", "LSTM"):
        runs, record = three(cell, False, PLAIN)
        ensembles[f"{cell}, values"] = score(runs, record)
        networks[f"{cell}_values"] = record
        if cell == "RNN":
            runs, record = kept[chosen], dict(search[chosen])
        else:
            runs, record = three(cell, True, TRIED[chosen])
        ensembles[f"{cell}, calendar"] = score(runs, record)
        networks[f"{cell}_calendar"] = record
        print(
            cell, {k: networks[f"{cell}_{k}"]["test"] for k in ("values", "calendar")}
        )
    forecasts |= ensembles

    test = split.test
    scores = {n: s._asdict() for n, s in backtest(y, forecasts, test).items()}
    best = forecasts["RNN, calendar"]
    errors = {name: y[test] - f[test] for name, f in forecasts.items()}
    rival = min(
        (n for n in forecasts if n not in ensembles), key=lambda n: scores[n]["mae"]
    )
    rival_values = "gradient boosting, values"
    skills = {
        "calendar_against_best_baseline": (errors["RNN, calendar"], errors[rival]),
        "values_against_boosting": (errors["RNN, values"], errors[rival_values]),
        "calendar_against_ar_weekday": (
            errors["RNN, calendar"],
            errors["AR(7) + weekday"],
        ),
    }
    groups = day_groups(dates)
    years = dates.astype("datetime64[Y]").astype(int) + 1970
    residuals = (y - best)[split.validation]
    q = conformal_interval(residuals, level=LEVEL)
    covered = {
        g: coverage(y[m], best[m] - q, best[m] + q)
        for g in np.unique(groups)
        if (m := test & (groups == g)).any()
    }
    results = {
        "seeds": list(SEEDS),
        "device": "CPU, one thread",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "torch": torch.__version__.split("+")[0],
            "scikit-learn": sklearn.__version__,
        },
        "days": {name: int(mask.sum()) for name, mask in split._asdict().items()},
        "scores": {key(name): s for name, s in scores.items()},
        "networks": networks,
        "search": search,
        "chosen": chosen,
        "best_baseline": rival,
        "skill": {
            name: dict(
                zip(("skill", "low", "high"), skill_interval(*pair), strict=True)
            )
            for name, pair in skills.items()
        },
        "groups": {
            key(name): {
                key(g): {"mae": v, "days": n}
                for g, (v, n) in error_by_group(errors[name], groups[test]).items()
            }
            for name in (
                "AR(7) + weekday",
                rival,
                "RNN, values",
                "RNN, calendar",
            )
        },
        "interval": {
            "level": LEVEL,
            "half_width": q,
            "coverage": coverage(y[test], best[test] - q, best[test] + q),
            "by_group": {key(g): c for g, c in covered.items()},
            "by_year": {
                str(year): coverage(y[m], best[m] - q, best[m] + q)
                for year in (2016, 2017)
                if (m := years == year).any()
            },
        },
        "leaks": leaks(flat["values"], scaler.transform(y)[target])
        | {
            # Looked at only here, to show what choosing on the test days would do.
            "best_of_all_tried": min(mae(y[test], f[test]) for r in kept for f in r)
        },
        "rivals": rivals,
        "minutes": round((time.time() - started) / 60, 1),
        "cpu_minutes": round((time.process_time() - cpu_started) / 60, 1),
    }
    folder = Path(__file__).resolve().parent.parent / "results"
    path = folder / "19-energy-forecast.json"
    path.write_text(json.dumps(rounded(results), indent=1) + "\n", encoding="utf-8")
    print(f"written: {path.name} after {results['minutes']} minutes")


def leaks(X, z):
    """Measure what three ways of cheating would have shown, with gradient boosting."""

    def error(features, fit_rows, test_rows):
        model = HistGradientBoostingRegressor(loss="absolute_error", random_state=0)
        model.fit(features[fit_rows], z[fit_rows])
        guess = scaler.inverse(model.predict(features[test_rows]))
        return mae(y[target][test_rows], guess)

    train_rows = np.flatnonzero(parts["train"])
    test_rows = np.flatnonzero(parts["test"])
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(len(z))
    n = len(test_rows)
    around = np.convolve(scaler.transform(y), np.ones(7) / 7, mode="same")[target]
    return {
        "honest": error(X, train_rows, test_rows),
        "random_split": error(X, shuffled[n : n + len(train_rows)], shuffled[:n]),
        "centred_mean": error(np.column_stack([X, around]), train_rows, test_rows),
    }


def key(name):
    """Return a name fit for a token: AR7_weekday for "AR(7) + weekday"."""
    words = "".join(c if c.isalnum() else " " for c in name.replace("(", "")).split()
    return "_".join(words)


def rounded(value):
    """Round every figure to what a reader could use."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    return round(float(value), 4) if isinstance(value, float | np.floating) else value


if __name__ == "__main__":
    main()

"""The whole weather lab: baselines, input sets, three ways to look ahead, three seeds.

Writes chapters/results/20-weather-forecast.json, which the chapter quotes. Settings
were chosen on the validation hours; the test hours are scored once, at the end. With
``--jena`` the same code runs on Jena's eight years (fetched) and prints the figures.
"""

import sys
import time

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from torch import nn

from rnncourse.datasets import fetch_jena, load_weather
from rnncourse.forecasting import (
    Scaler,
    clock_features,
    fill_forward,
    horizon_errors,
    series_windows,
    skill_interval,
)
from rnncourse.labs import store, summary
from rnncourse.nn.forecaster import HorizonForecaster, LoopForecaster
from rnncourse.training import fit, predict, set_seed

SLUG = "20-weather-forecast"
SEEDS = (0, 1, 2)
LENGTH = HORIZON = 24
SHARES = (0.70, 0.85)  # where validation and test begin
PARTS = ("train", "validation", "test")
ROOMY = {"epochs": 15, "batch_size": 128, "lr": 5e-3}
# What else was tried; the mean error on the validation hours over the seeds decides.
TRIED = {"slower": {"lr": 1e-3}, "weight decay": {"weight_decay": 1.0}}
L1 = nn.functional.l1_loss
DRAWN = (0, 3, 9, 14)  # days of the test part that the chapter shows

torch.set_num_threads(1)


class Task:
    """Windows of one set of inputs, dealt to the three parts by their labels."""

    def __init__(self, hours, values, known, shares=SHARES):
        self.hours, self.N = hours, len(hours)
        first, second = (round(share * self.N) for share in shares)
        filled = fill_forward(values)
        self.scaler = Scaler.fit(filled[:first])
        z = self.scaler.transform(filled)
        self.D, self.known = z.shape[1], known.shape[1]
        self.X, self.Z = series_windows(
            np.concatenate([z, known], axis=1), LENGTH, HORIZON
        )
        _, Y = series_windows(values[:, :1], LENGTH, HORIZON)
        self.Y = Y[:, :, 0]  # measured °C; NaN where nothing was measured
        start = np.arange(len(self.Y)) + LENGTH  # hour of the first label
        end = start + HORIZON  # one past the last label
        whole = np.isfinite(self.Y).all(axis=1)
        self.rows = {
            "train": np.flatnonzero(whole & (end <= first)),
            "validation": np.flatnonzero(whole & (start >= first) & (end <= second)),
            "test": np.flatnonzero(whole & (start >= second)),
        }
        self.start = start

    def labels(self, part):
        """Return measured temperatures (M, horizon) of a part."""
        return self.Y[self.rows[part]]

    def celsius(self, z):
        """Return scaled temperatures in °C."""
        return self.scaler.mean[0] + self.scaler.std[0] * np.asarray(z)

    def shot(self, part, steps=slice(None)):
        """Return tensors for a network that answers once: windows, temperatures."""
        n = self.rows[part]
        return tensors(self.X[n], self.Z[n][:, steps, 0])

    def loop(self, part, horizon):
        """Return tensors for the loop: windows, what is known ahead, all series."""
        n = self.rows[part]
        ahead = self.Z[n][:, :horizon]
        return tensors(self.X[n], ahead[:, :, self.D :], ahead[:, :, : self.D])


def tensors(*arrays):
    """Return float32 tensors."""
    return tuple(torch.tensor(a, dtype=torch.float32) for a in arrays)


def train_shot(task, seed, steps=slice(None), extra=(), **settings):
    """Train a network that answers for some steps at once; forecasts in °C."""
    set_seed(seed)
    data = task.shot("train", steps)
    if extra:
        more = [other.shot("train", steps) for other in extra]
        data = tuple(torch.cat(parts) for parts in zip(data, *more, strict=True))
    horizon = data[1].shape[1]
    model = HorizonForecaster("LSTM", data[0].shape[2], 32, horizon=horizon)
    history = fit(
        model, L1, data, task.shot("validation", steps), seed=seed, device="cpu",
        progress=False, **(ROOMY | settings),
    )  # fmt: skip
    return {
        part: task.celsius(predict(model, task.shot(part)[:1])) for part in PARTS[1:]
    }, history


def train_loop(task, seed, horizon, model=None, **settings):
    """Train the loop over some steps; forecasts of all steps in °C."""
    set_seed(seed)
    model = model or LoopForecaster("LSTM", task.D, 32, known=task.known)
    history = fit(
        model, L1, task.loop("train", horizon), task.loop("validation", horizon),
        seed=seed, device="cpu", progress=False, **(ROOMY | settings),
    )  # fmt: skip
    found = {
        part: task.celsius(predict(model, task.loop(part, HORIZON)[:2])[:, :, 0])
        for part in PARTS[1:]
    }
    return found, history, model


def describe(task, runs, steps=range(1, HORIZON + 1)):
    """Return the errors of all seeds, at each step, and of their mean forecast."""
    at = [step - 1 for step in steps]
    truth = {part: task.labels(part)[:, at] for part in PARTS[1:]}
    curves = [horizon_errors(truth["test"], r["test"]) for r, _ in runs]
    held = [horizon_errors(truth["validation"], r["validation"]) for r, _ in runs]
    together = np.mean([r["test"] for r, _ in runs], axis=0)
    record = {
        "curve": np.mean(curves, axis=0),
        "low": np.min(curves, axis=0),
        "high": np.max(curves, axis=0),
        "ensemble": horizon_errors(truth["test"], together),
        "validation": float(np.mean(held)),
        "best_epoch": [h.best_epoch for _, h in runs],
        "seconds": [round(h.seconds, 1) for _, h in runs],
    }
    for step, column in ((1, 0), (24, -1)):
        if step in steps:
            record[f"h{step}"] = summary(c[column] for c in curves)
            record[f"h{step}"]["seed"] = [float(c[column]) for c in curves]
    if len(at) == HORIZON:
        record["all"] = summary(c.mean() for c in curves)
    return record, together


def classical(task):
    """Return forecasts (M, horizon) of the rivals for validation and test."""
    out = {}
    flat = {p: task.X[task.rows[p]].reshape(len(task.rows[p]), -1) for p in PARTS}
    last = {p: task.X[task.rows[p]][:, -1, :1] for p in PARTS}
    goal = task.Z[task.rows["train"]][:, :, 0]
    out["persistence"] = {
        p: task.celsius(np.repeat(last[p], HORIZON, axis=1)) for p in PARTS[1:]
    }
    out["same hour yesterday"] = {
        p: task.celsius(task.X[task.rows[p]][:, :, 0]) for p in PARTS[1:]
    }
    best = {}
    for alpha in (1.0, 30.0, 1000.0):
        model = Ridge(alpha).fit(flat["train"], goal)
        guess = {p: task.celsius(model.predict(flat[p])) for p in PARTS[1:]}
        error = horizon_errors(task.labels("validation"), guess["validation"])
        for step in range(HORIZON):  # each step may have its own penalty
            if step not in best or error[step] < best[step][0]:
                best[step] = (error[step], alpha, guess)
    out["linear"] = {
        p: np.stack([best[k][2][p][:, k] for k in range(HORIZON)], axis=1)
        for p in PARTS[1:]
    }
    return out, flat, last, goal


def boosting(task, flat, last, goal, steps):
    """Return boosted trees for some steps, each the better of two ways to aim."""
    found = {p: [] for p in PARTS[1:]}
    aims = []
    for step in steps:
        tried = []
        for aim in ("change", "value"):
            less = {p: last[p][:, 0] if aim == "change" else 0 for p in PARTS}
            model = HistGradientBoostingRegressor(
                loss="absolute_error", max_iter=100, random_state=0
            ).fit(flat["train"], goal[:, step - 1] - less["train"])
            guess = {p: task.celsius(model.predict(flat[p]) + less[p]) for p in found}
            truth = task.labels("validation")[:, step - 1]
            error = float(np.abs(truth - guess["validation"]).mean())
            tried.append((error, aim, guess))
        error, aim, guess = min(tried, key=lambda t: t[0])
        aims.append(aim)
        for p in found:
            found[p].append(guess[p])
    return {p: np.stack(v, axis=1) for p, v in found.items()}, aims


def new_york():
    """Return the tasks of the chapter by name of their inputs."""
    airports = {name: load_weather(name) for name in ("JFK", "EWR", "LGA")}
    jfk = airports["JFK"]
    clock = clock_features(jfk.hours)
    nothing = np.empty((len(clock), 0))
    day = (jfk.hours - jfk.hours.astype("datetime64[Y]")).astype(float) / 24
    angle = 2 * np.pi * day / 365.25
    year = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    everywhere = np.concatenate([w.values for w in airports.values()], axis=1)
    sets = {
        "temperature alone": (jfk.values[:, :1], nothing),
        "and the clock": (jfk.values[:, :1], clock),
        "five series": (jfk.values, clock),
        "and the year": (jfk.values, np.concatenate([clock, year], axis=1)),
        "fifteen series": (everywhere, clock),
    }
    tasks = {name: Task(jfk.hours, v, known) for name, (v, known) in sets.items()}
    others = [Task(jfk.hours, airports[n].values, clock) for n in ("EWR", "LGA")]
    return tasks, others


def say(started, *words):
    """Print with the processor time since the start."""
    print(f"{time.process_time() - started:6.0f} s", *words, flush=True)


def lab():
    """Run everything on New York and store it."""
    wall, cpu = time.time(), time.process_time()
    tasks, others = new_york()
    task = tasks["five series"]
    test = task.labels("test")
    forecasts, flat, last, goal = classical(task)
    baselines = {
        name: {"curve": horizon_errors(test, f["test"])}
        for name, f in forecasts.items()
    }
    steps = [1, 2, 3, 6, 12, 18, 24]
    trees, aims = boosting(task, flat, last, goal, steps)
    at = [step - 1 for step in steps]
    baselines["gradient boosting"] = {
        "curve": horizon_errors(test[:, at], trees["test"]),
        "aims": aims,
        "steps": steps,
    }
    for record in baselines.values():
        record["h1"], record["h24"] = record["curve"][0], record["curve"][-1]
    say(cpu, {name: (r["h1"], r["h24"]) for name, r in baselines.items()})

    # The same rivals, told the day of the year as well.
    dated, *more = classical(tasks["and the year"])
    dated_trees, _ = boosting(tasks["and the year"], *more, [1, 24])
    with_year = {
        "linear": horizon_errors(test, dated["linear"]["test"])[[0, -1]],
        "gradient boosting": horizon_errors(test[:, [0, -1]], dated_trees["test"]),
    }
    say(cpu, "with the year", with_year)

    inputs = {}
    for name, given in tasks.items():
        runs = [train_shot(given, seed) for seed in SEEDS]
        inputs[name], mean = describe(given, runs)
        if name == "five series":
            shot, shot_runs = mean, runs
        say(cpu, name, inputs[name]["h1"], inputs[name]["h24"])
    runs = [train_shot(task, seed, extra=others, epochs=6) for seed in SEEDS]
    inputs["three airports"], _ = describe(task, runs)
    say(cpu, "pooled", inputs["three airports"]["h24"])

    tried = {"as chosen": inputs["five series"]["validation"]}
    for name, settings in TRIED.items():
        runs = [train_shot(task, seed, **settings) for seed in SEEDS]
        tried[name] = describe(task, runs)[0]["validation"]  # no test figure is read
        say(cpu, "tried", name, tried[name])

    ways = {"all at once": inputs["five series"]}
    means = {"all at once": shot}
    for step in (1, 24):
        runs = [train_shot(task, s, slice(step - 1, step)) for s in SEEDS]
        name = f"one network for step {step}"
        ways[name], means[name] = describe(task, runs, [step])
        say(cpu, name, ways[name][f"h{step}"])
    iterated = [train_loop(task, seed, 1) for seed in SEEDS]
    ways["iterated"], means["iterated"] = describe(task, [r[:2] for r in iterated])
    say(cpu, "iterated", ways["iterated"]["h1"], ways["iterated"]["h24"])
    through = [
        train_loop(task, seed, HORIZON, r[2], epochs=8, lr=2e-3)
        for seed, r in zip(SEEDS, iterated, strict=True)
    ]
    ways["through the loop"], means["through the loop"] = describe(
        task, [r[:2] for r in through]
    )
    say(cpu, "loop", ways["through the loop"]["h1"], ways["through the loop"]["h24"])

    errors = {name: test - f["test"] for name, f in forecasts.items()}
    tree_errors = test[:, at] - trees["test"]
    skills = {}
    for step, own in ((1, "one network for step 1"), (24, "one network for step 24")):
        model = test[:, step - 1] - means[own][:, 0]
        rivals = {name: e[:, step - 1] for name, e in errors.items()}
        rivals["gradient boosting"] = tree_errors[:, steps.index(step)]
        skills[f"h{step}"] = {
            name: interval(model, rival) for name, rival in rivals.items()
        }
        skills[f"h{step}"]["all at once"] = interval(
            model, test[:, step - 1] - means["all at once"][:, step - 1]
        )
    skills["curve"] = [
        interval(test[:, k] - shot[:, k], errors["linear"][:, k])
        for k in range(HORIZON)
    ]
    origins = task.start[task.rows["test"]]
    local = (task.hours[origins] - np.timedelta64(5, "h")).astype("datetime64[h]")
    hour = local.astype(int) % 24
    noon = np.flatnonzero(hour == 12)
    store(
        SLUG,
        rounded({
            "seeds": list(SEEDS),
            "hours": {
                "grid": task.N,
                **{p: len(task.rows[p]) for p in PARTS},
                "missing": int(np.isnan(load_weather().values[:, 0]).sum()),
                "sigma": float(task.scaler.std[0]),
                "test_from": str(task.hours[task.start[task.rows["test"][0]]]),
                "validation_from": str(
                    task.hours[task.start[task.rows["validation"][0]]]
                ),
            },
            "baselines": baselines,
            "inputs": inputs,
            "with the year": {
                name: {"h1": e[0], "h24": e[1]} for name, e in with_year.items()
            },
            "tried": tried,
            "ways": ways,
            "skill": skills,
            "reach": {
                "iterated": reach(iterated, task),
                "through the loop": reach(through, task),
                "all at once": reach(shot_runs, task),
                "measured": float(test.std(axis=1).mean()),
            },
            "examples": [
                {
                    "from": str(task.hours[origins[noon[day]]]),
                    "before": task.celsius(
                        task.X[task.rows["test"][noon[day]]][:, 0]
                    ).tolist(),
                    "measured": test[noon[day]].tolist(),
                    **{
                        name: means[name][noon[day]].tolist()
                        for name in ("all at once", "iterated", "through the loop")
                    },
                    "linear": forecasts["linear"]["test"][noon[day]].tolist(),
                }
                for day in DRAWN
            ],
            "normalised": {
                "h1": ways["one network for step 1"]["h1"]["mean"]
                / float(task.scaler.std[0]),
                "persistence": baselines["persistence"]["h1"]
                / float(task.scaler.std[0]),
            },
            "minutes": (time.time() - wall) / 60,
            "cpu_minutes": (time.process_time() - cpu) / 60,
        }),
    )  # fmt: skip
    say(cpu, "stored")


def interval(model, rival):
    """Return the skill with a 95 % interval; three days stay together."""
    found = skill_interval(model, rival, block=72)
    return dict(zip(("skill", "low", "high"), found, strict=True))


def reach(runs, task):
    """Return how much a day's forecast swings, on average over windows and seeds."""
    return float(np.mean([r[0]["test"].std(axis=1).mean() for r in runs]))


def jena():
    """Run the one-step network and its rivals on Jena, in units of its own spread."""
    data = fetch_jena()
    task = Task(data.hours, data.values, clock_features(data.hours), (0.7, 0.9))
    forecasts, *_ = classical(task)
    sigma = float(task.scaler.std[0])
    for name, f in forecasts.items():
        print(name, horizon_errors(task.labels("test"), f["test"])[[0, -1]] / sigma)
    for seed in SEEDS:
        runs = [train_shot(task, seed, slice(0, 1), epochs=5)]
        record, _ = describe(task, runs, [1])
        print(f"LSTM, one step, seed {seed}: {record['h1']['mean'] / sigma:.4f}")


def rounded(value):
    """Round every figure to what a reader could use."""
    if isinstance(value, dict):
        return {k.replace(" ", "_"): rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [rounded(v) for v in value]
    return round(float(value), 4) if isinstance(value, float | np.floating) else value


if __name__ == "__main__":
    jena() if "--jena" in sys.argv else lab()

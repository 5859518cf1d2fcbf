"""The whole anomaly lab: two stars, planted dips, and heartbeats, with three seeds.

Writes chapters/results/22-anomalies.json, which the chapter quotes, part by part: name
the parts to run again (``heartbeats``, ``stars``, ``longer``), or none for all.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from rnncourse.anomalies import (
    alarm_events,
    component_errors,
    event_scores,
    power_spectrum,
    residual_scores,
    roc_area,
    tail_threshold,
)
from rnncourse.datasets.signals import fetch_heartbeats, fetch_light_curve
from rnncourse.forecasting import fill_forward
from rnncourse.labs import store, summary
from rnncourse.nn.anomaly import AheadForecaster, SequenceAutoencoder
from rnncourse.training import fit, predict, set_seed

SLUG = "22-anomalies"
SEEDS = (0, 1, 2)
PAST = 96  # cadences that a forecast reads: 47 hours
HOLES = PAST // 8  # of which so many may be missing
RATE = 1 / 50_000  # alarms that we are ready to hear for nothing, per cadence
TAIL = 0.02
GAP = 48  # cadences without alarm inside an event: one day
STARS = {  # days of training, days of calibration
    "boyajian": ((300, 600), (600, 780)),
    "kepler-90": ((260, 320), (320, 350)),
}
# Days and depths of the ten dips in table 1 of Boyajian et al., 2016.
DIPS = (140.49, 260.89, 359.11, 426.34, 792.74, 1205.96, 1495.97, 1519.60, 1540.40,
        1568.49)  # fmt: skip
QUIET = (810, 1190)  # days without a dip in that table, for planting

torch.set_num_threads(1)


# -- stars ---------------------------------------------------------------------------


class Past:
    """Windows of a light curve: what was read, and the value some cadences ahead."""

    def __init__(self, days, flux, ahead):
        self.days, self.flux, self.ahead = days, flux, ahead
        self.filled = fill_forward(flux[:, None])[:, 0]
        start = np.arange(len(flux) - PAST - ahead + 1)
        self.at = start + PAST + ahead - 1
        missing = np.concatenate([[0], np.cumsum(np.isnan(flux))])
        few = missing[start + PAST] - missing[start] <= HOLES
        self.good = np.isfinite(flux[self.at]) & few
        views = np.lib.stride_tricks.sliding_window_view(self.filled, PAST)
        self.windows = views[: len(start)]

    def within(self, days):
        """Return which cadences lie in a stretch of days."""
        return (self.days >= days[0]) & (self.days < days[1])

    def errors(self, forecast):
        """Return forecast errors (N,); NaN where there is no forecast."""
        out = np.full(len(self.flux), np.nan)
        out[self.at[self.good]] = (self.flux[self.at] - forecast)[self.good]
        return out


def persistence(past):
    """Forecast the last value."""
    return past.windows[:, -1]


def linear_weights(past, days):
    """Fit weights on how each value of the window differs from the last."""
    rows = past.good & past.within(days)[past.at]
    last = past.windows[rows, -1:]
    X = past.windows[rows, :-1] - last
    scale = X.std()
    A = np.concatenate([X / scale, np.ones((len(X), 1))], axis=1)
    y = (past.flux[past.at[rows]] - last[:, 0]) / scale
    return np.linalg.solve(A.T @ A + 10 * np.eye(PAST), A.T @ y), scale


def linear(past, fitted):
    """Forecast with these weights."""
    weights, scale = fitted
    last = past.windows[:, -1:]
    return (
        last[:, 0]
        + (past.windows[:, :-1] - last) @ weights[:-1]
        + (scale * weights[-1])
    )


def chunks(past, stride):
    """Return starts, and stretches (M, 2 PAST + ahead) less the mean of their past."""
    length = 2 * PAST + past.ahead
    views = np.lib.stride_tricks.sliding_window_view(past.filled, length)
    starts = np.arange(0, len(views), stride)
    parts = views[starts]
    return starts, parts - parts[:, :PAST].mean(axis=1, keepdims=True)


class Late(nn.Module):
    """An AheadForecaster whose answers begin once it has read PAST values."""

    def __init__(self, ahead):
        super().__init__()
        self.inner = AheadForecaster("GRU", 1, 16, ahead=ahead, change=True)

    def forward(self, xs):
        """Return (B, PAST + 1) forecasts."""
        return self.inner(xs)[:, PAST - 1 :, 0]


def train_star(past, train, held, seed):
    """Train a GRU on quiet days; return it, its scale, and the history."""
    starts, parts = chunks(past, 16)
    end = starts + parts.shape[1]
    missing = np.concatenate([[0], np.cumsum(np.isnan(past.flux))])
    whole = missing[end] - missing[starts] <= HOLES
    data = []
    for first, last in (train, held):
        inside = (past.days[starts] >= first) & (past.days[end - 1] < last)
        data.append(parts[inside & whole])
    scale = data[0].std()
    tensors = [torch.tensor(d[..., None] / scale, dtype=torch.float32) for d in data]
    pairs = [(x, x[:, PAST - 1 + past.ahead :, 0]) for x in tensors]
    set_seed(seed)
    model = Late(past.ahead)
    history = fit(
        model, nn.functional.smooth_l1_loss, *pairs, epochs=15, batch_size=32,
        lr=5e-3, seed=seed, device="cpu", progress=False,
    )  # fmt: skip
    return model, scale, history


def gru(past, model, scale):
    """Forecast every cadence; stretches overlap, each answer has read PAST values."""
    out = past.windows[:, -1].copy()  # the last few have no stretch of their own
    starts, parts = chunks(past, PAST)
    x = torch.tensor(parts[..., None] / scale, dtype=torch.float32)
    found = predict(model, (x,)).numpy() * scale
    level = past.filled[starts[:, None] + np.arange(PAST)].mean(axis=1)
    for start, row, mean in zip(starts, found, level, strict=True):
        rows = slice(start, start + len(row))  # the first has read all PAST values
        out[rows] = row + mean
    return out


def judge(past, forecast, held, rate=RATE):
    """Return scores, threshold and events of a forecaster."""
    quiet = past.within(held)
    scores = residual_scores(past.errors(forecast), quiet)
    usual = scores[quiet & np.isfinite(scores)]
    threshold = tail_threshold(usual, rate, TAIL)
    events = alarm_events(np.nan_to_num(scores) > threshold, GAP)
    return scores, threshold, events, usual


def forecasters(past, train, held, name, ahead):
    """Return the forecasts of all rivals by name, and how the networks trained."""
    fitted = linear_weights(past, train)
    found = {"persistence": [persistence(past)], "linear": [linear(past, fitted)]}
    runs = [train_star(past, train, held, seed) for seed in SEEDS]
    found["GRU"] = [gru(past, model, scale) for model, scale, _ in runs]
    how = {
        "best_epoch": [h.best_epoch for *_, h in runs],
        "seconds": [round(h.seconds, 1) for *_, h in runs],
    }
    say(name, ahead, how)
    return found, how, fitted, runs


def stars():
    """Find what is unusual in the light of both stars, for three horizons."""
    out, kept = {}, {}
    for name, (train, held) in STARS.items():
        curve = fetch_light_curve(name)
        out[name] = {"cadences": int(np.isfinite(curve.flux).sum())}
        for ahead in (1, 12, 48):
            past = Past(curve.days, curve.flux, ahead)
            if ahead == 48:
                found, how = {"linear": [linear(past, linear_weights(past, train))]}, {}
            else:
                found, how, fitted, runs = forecasters(past, train, held, name, ahead)
                if name == "boyajian":
                    kept[ahead] = (fitted, runs)
            record = {"how": how}
            for rival, forecasts in found.items():
                record[rival] = [
                    describe(curve, past, forecast, held) for forecast in forecasts
                ]
            out[name][f"ahead {ahead}"] = record
            for rival in found:
                say(name, ahead, rival, [
                    (r["sigma"], r["threshold"], len(r["events"]), r.get("recall"))
                    for r in record[rival]
                ])  # fmt: skip
    update("stars", out)
    return kept


def describe(curve, past, forecast, held):
    """Return what a forecaster found on a star."""
    scores, threshold, events, usual = judge(past, forecast, held)
    errors = past.errors(forecast)[past.within(held)]
    middle = np.nanmedian(errors)
    record = {
        "sigma": 1.4826e6 * np.nanmedian(np.abs(errors - middle)),  # parts per million
        "threshold": threshold,
        "largest_usual": usual.max(),
        "scored": int(np.isfinite(scores).sum()),
        "events_found": len(events),
        "events": [
            {
                "from": curve.days[a],
                "to": curve.days[b],
                "lowest": np.nanmin(curve.flux[a : b + 1]),
                "score": np.nanmax(scores[a : b + 1]),
                "cadences": int(np.nansum(scores[a : b + 1] > threshold)),
            }
            for a, b in events
        ],
    }
    if len(curve.days) > 20_000:  # Boyajian's star has a table of dips
        row = np.searchsorted(curve.days, DIPS)
        true = [(int(k), int(k)) for k in row]
        precision, recall = event_scores(events, true, slack=2 * GAP)
        record |= {
            "precision": precision,
            "recall": recall,
            "seen": [
                bool(event_scores(events, [one], slack=2 * GAP).recall) for one in true
            ],
        }
    return record


# -- planted dips --------------------------------------------------------------------

DEPTHS = (0.0005, 0.001, 0.002, 0.004, 0.008)
LENGTHS = (6, 24, 96)  # cadences: three hours, half a day, two days


def plant(curve, seed):
    """Return light with dips of known place, depth and length added to quiet days."""
    rng = np.random.default_rng(seed)
    flux = curve.flux.copy()
    kinds = [(d, n) for d in DEPTHS for n in LENGTHS] * 2
    slots = np.linspace(QUIET[0] + 5, QUIET[1] - 5, len(kinds) + 1)[:-1]
    true = []
    for slot, k in zip(slots, rng.permutation(len(kinds)), strict=True):
        depth, length = kinds[k]
        begin = int(np.searchsorted(curve.days, slot + rng.uniform(0, 5)))
        rows = np.arange(begin, begin + length)
        shape = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2
        flux[rows] *= 1 - depth * shape
        measured = np.isfinite(flux[rows]).mean()
        if measured > 0.8:
            true.append((begin, begin + length - 1, depth, length))
    return flux, true


def planted(kept):
    """Return precision and recall on planted dips for thresholds and kinds of dips."""
    curve = fetch_light_curve("boyajian")
    _, held = STARS["boyajian"]
    rates = [1 / n for n in (200, 1000, 5000, 20_000, 50_000, 200_000, 1_000_000)]
    out = {"rates": rates, "depths": DEPTHS, "lengths": LENGTHS}
    for ahead, (fitted, runs) in kept.items():
        for rival in ("persistence", "linear", "GRU"):
            rows, seen, count = [], {}, {}
            for seed in range(10):
                flux, true = plant(curve, seed)
                past = Past(curve.days, flux, ahead)
                if rival == "persistence":
                    forecast = persistence(past)
                elif rival == "linear":
                    forecast = linear(past, fitted)
                else:
                    model, scale, _ = runs[seed % len(runs)]
                    forecast = gru(past, model, scale)
                quiet = past.within(held)
                scores = residual_scores(past.errors(forecast), quiet)
                usual = scores[quiet & np.isfinite(scores)]
                inside = past.within(QUIET)
                spans = [t[:2] for t in true]
                row = []
                for rate in rates:
                    bound = tail_threshold(usual, rate, TAIL)
                    alarms = inside & (np.nan_to_num(scores) > bound)
                    events = alarm_events(alarms, GAP)
                    row.append(tuple(event_scores(events, spans, slack=ahead)))
                    if rate == RATE:
                        for begin, end, depth, length in true:
                            key = (DEPTHS.index(depth), LENGTHS.index(length))
                            hit = event_scores(events, [(begin, end)], slack=ahead)
                            seen[key] = seen.get(key, 0) + hit.recall
                            count[key] = count.get(key, 0) + 1
                rows.append(row)
            mean = np.nanmean(np.array(rows), axis=0)
            out[f"{rival} ahead {ahead}"] = {
                "precision": mean[:, 0],
                "recall": mean[:, 1],
                "by_kind": [
                    [seen[i, j] / count[i, j] for j in range(len(LENGTHS))]
                    for i in range(len(DEPTHS))
                ],
                "planted": sum(count.values()),
            }
            say("planted", rival, ahead, mean.round(2).tolist())
    update("planted", out)


# -- heartbeats ----------------------------------------------------------------------


def ahead_errors(usual, beats, order, ahead, place):
    """Return mean squared errors of a linear forecast, with or without its place."""
    T = beats.shape[1]
    at = np.arange(order - 1, T - ahead)

    def rows(x):
        parts = [x[:, at - k] for k in range(order)] + [np.ones((len(x), len(at)))]
        return np.stack(parts, axis=-1), x[:, at + ahead]

    (A, y), (B, z) = rows(usual), rows(beats)
    if not place:  # one set of weights for all places of a beat
        weights = np.linalg.lstsq(A.reshape(-1, order + 1), y.ravel(), rcond=None)[0]
        return np.mean((z - B @ weights) ** 2, axis=1)
    ridge = np.eye(order + 1)
    weights = np.stack([
        np.linalg.solve(A[:, t].T @ A[:, t] + ridge, A[:, t].T @ y[:, t])
        for t in range(len(at))
    ])  # fmt: skip
    return np.mean((z - np.einsum("btk,tk->bt", B, weights)) ** 2, axis=1)


AHEAD = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 60)


def heartbeats():
    """Score the beats of the test file by many rulers learnt from normal ones."""
    train, test = fetch_heartbeats("train"), fetch_heartbeats("test")
    usual, unusual = train.beats[train.kinds == 1], test.kinds != 1
    X = test.beats

    def area(errors):
        return roc_area(np.asarray(errors, dtype=float), unusual)

    out = {
        "train": len(usual),
        "test": len(X),
        "unusual": int(unusual.sum()),
        "components": [area(component_errors(usual, X, K)) for K in range(21)],
        "persistence": area(np.mean(np.diff(X, axis=1) ** 2, axis=1)),
        "ahead": AHEAD,
        "linear": [area(ahead_errors(usual, X, 10, h, False)) for h in AHEAD],
        "linear with place": [area(ahead_errors(usual, X, 10, h, True)) for h in AHEAD],
    }
    out["roughness"] = {
        name: float(np.mean(np.diff(X[rows], axis=1) ** 2))
        for name, rows in (("normal", ~unusual), ("unusual", unusual))
    }
    update("heartbeats", out)
    say("heartbeats", out)

    x = torch.tensor(usual[..., None], dtype=torch.float32)
    z = torch.tensor(X[..., None], dtype=torch.float32)
    first, held = x[:240], x[240:]
    mse = nn.functional.mse_loss
    networks = {}
    for ahead in (1, 20):
        runs = []
        for seed in SEEDS:
            set_seed(seed)
            model = AheadForecaster("GRU", 1, 32, ahead=ahead)
            history = fit(
                model, mse, (first, first[:, ahead:]), (held, held[:, ahead:]),
                epochs=60, batch_size=32, lr=5e-3, seed=seed, device="cpu",
                progress=False,
            )  # fmt: skip
            errors = ((predict(model, (z,)) - z[:, ahead:]) ** 2).mean(dim=(1, 2))
            runs.append((area(errors), history))
            say("GRU", ahead, seed, runs[-1][0], history.best_epoch, history.seconds)
        networks[f"GRU ahead {ahead}"] = spread(runs)
        update("networks", networks)
    for K in (4, 2):
        runs = []
        for seed in SEEDS:
            set_seed(seed)
            coder = SequenceAutoencoder("GRU", 1, 32, K=K)
            history = fit(
                coder, mse, (first, first), (held, held), epochs=100, batch_size=32,
                lr=5e-3, seed=seed, device="cpu", progress=False,
            )  # fmt: skip
            errors = ((predict(coder, (z,)) - z) ** 2).mean(dim=(1, 2))
            runs.append((area(errors), history))
            say("autoencoder", K, seed, runs[-1][0], history.best_epoch)
        networks[f"autoencoder {K}"] = spread(runs)
        update("networks", networks)


def longer():
    """Train the one-step GRU of the heartbeats for more epochs."""
    train, test = fetch_heartbeats("train"), fetch_heartbeats("test")
    x = torch.tensor(train.beats[train.kinds == 1][..., None], dtype=torch.float32)
    z = torch.tensor(test.beats[..., None], dtype=torch.float32)
    first, held = x[:240], x[240:]
    runs = []
    for seed in SEEDS:
        set_seed(seed)
        model = AheadForecaster("GRU", 1, 32)
        history = fit(
            model, nn.functional.mse_loss, (first, first[:, 1:]), (held, held[:, 1:]),
            epochs=200, batch_size=32, lr=5e-3, seed=seed, device="cpu",
            progress=False,
        )  # fmt: skip
        errors = ((predict(model, (z,)) - z[:, 1:]) ** 2).mean(dim=(1, 2)).numpy()
        runs.append((roc_area(errors.astype(float), test.kinds != 1), history))
        say("GRU, longer", seed, runs[-1][0], history.best, history.best_epoch)
    update("longer", spread(runs))


def spread(runs):
    """Return the areas of all seeds, and how they trained."""
    return {
        "area": {**summary(a for a, _ in runs), "seed": [a for a, _ in runs]},
        "best": [h.best for _, h in runs],
        "best_epoch": [h.best_epoch for _, h in runs],
        "seconds": [round(h.seconds, 1) for _, h in runs],
    }


# -- storing -------------------------------------------------------------------------

PATH = Path(__file__).parent.parent / "results" / f"{SLUG}.json"
STARTED = time.process_time()


def say(*words):
    """Print with the processor time since the start."""
    print(f"{time.process_time() - STARTED:6.0f} s", *words, flush=True)


def update(part, figures):
    """Store one part beside those that are there."""
    held = json.loads(PATH.read_text()) if PATH.is_file() else {}
    held.pop("machine", None)
    store(
        SLUG, {**held, part.replace(" ", "_"): rounded(figures), "seeds": list(SEEDS)}
    )


def rounded(value):
    """Round every figure to what a reader could use."""
    if isinstance(value, dict):
        keys = [k.replace(" ", "_").replace("-", "_") for k in value]
        return dict(zip(keys, map(rounded, value.values()), strict=True))
    if isinstance(value, list | tuple | np.ndarray):
        return [rounded(v) for v in value]
    return float(f"{value:.6g}") if isinstance(value, float | np.floating) else value


def spectrum_of_quiet_days():
    """Return the strongest period of Boyajian's star on quiet days, in days."""
    curve = fetch_light_curve("boyajian")
    inside = (curve.days >= QUIET[0]) & (curve.days < QUIET[1])
    filled = fill_forward(curve.flux[:, None])[inside, 0]
    frequency, power = power_spectrum(filled, float(np.diff(curve.days).mean()))
    fast = (frequency > 0.5) & (frequency < 5)
    return 1 / frequency[fast][np.argmax(power[fast])]


def lab(parts):
    """Run the parts that are named."""
    for part in parts:
        begin = time.process_time()
        if part == "heartbeats":
            heartbeats()
        elif part == "stars":
            planted(stars())
            update("period", {"days": spectrum_of_quiet_days()})
        elif part == "longer":
            longer()
        update(f"minutes {part}", {"cpu": (time.process_time() - begin) / 60})


if __name__ == "__main__":
    lab(sys.argv[1:] or ["heartbeats", "stars", "longer"])

"""Checks of the assignment of chapter 20: weather, many series and many steps.

Right answers come from :mod:`rnncourse.forecasting` where it has them. Each small
function below also computes the wrong answers that people give, by the name of the
slip, so that a check can recognise them and the tests hand them in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Case, Check, by_slip

SLUG = "20-weather-forecast"
Rng = np.random.Generator


# -- holes ---------------------------------------------------------------------------


def _fill(values: Any) -> Any:
    from rnncourse.forecasting import fill_forward

    return fill_forward(values)


def _fill_wrong(values: Any, *, slip: str) -> Any:
    out = values.copy()
    N, D = values.shape
    for d in range(D):
        seen = np.isfinite(values[:, d])
        at = np.flatnonzero(seen)
        for t in np.flatnonzero(~seen):
            before, after = at[at < t], at[at > t]
            if slip == "mean":
                out[t, d] = values[seen, d].mean()
            elif slip == "zero":
                out[t, d] = 0.0
            elif slip == "line":
                out[t, d] = np.interp(t, at, values[seen, d])
            elif slip == "back":
                out[t, d] = values[after[0] if len(after) else before[-1], d]
            elif slip == "once":
                out[t, d] = values[t - 1, d]
            elif slip == "neighbour":
                others = values[t, np.arange(D) != d]
                out[t, d] = others[0]
            elif slip == "nearest":
                ends = [*before[-1:], *after[:1]]
                out[t, d] = values[min(ends, key=lambda k: abs(k - t)), d]
    if slip == "drop":
        return values[np.isfinite(values).all(axis=1)]
    if slip == "row":
        whole = np.isfinite(values).all(axis=1)
        last = np.maximum.accumulate(np.where(whole, np.arange(N), 0))
        return values[last]
    return out


def _holed(rng: Rng, N: int, D: int, holes: int) -> np.ndarray:
    values = 10 + np.cumsum(rng.normal(size=(N, D)), axis=0)
    for d in range(D):
        values[1 + rng.permutation(N - 2)[:holes], d] = np.nan
    at = 2 + int(rng.integers(N - 8))
    values[at : at + 4, 0] = np.nan  # a long hole, and measured again after it
    values[at + 4, 0] = 3.0
    values[at - 1, 0] = 14.0
    return values


def _draw_fill(rng: Rng) -> Inputs:
    return {"values": _holed(rng, 19, 3, 5)}


def _draw_fill_later(rng: Rng) -> list[Inputs]:
    once = _holed(rng, 17, 2, 4)
    other = once.copy()
    other[9:] = np.where(np.isnan(other[9:]), np.nan, other[9:] + 50)
    return [{"values": once}, {"values": other}]


def _past_stays(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0][:9], values[1][:9], equal_nan=True):
        return ""
    return (
        "Other values from row 9 on changed what you filled in before row 9. On the "
        "day nobody knew them."
    )


def _draw_fill_edge(rng: Rng) -> list[Inputs]:
    end = _holed(rng, 11, 2, 2)
    end[-3:] = np.nan
    return [{"values": end}, {"values": rng.normal(size=(5, 4))}]


FILL = Check(
    name="fill-holes",
    assignment=SLUG,
    points=2,
    title="fill_holes",
    asks=(
        "values (N, D) with each NaN replaced by the last number above it in its column"
    ),
    equation="20.1",
    section="Hours that nobody measured",
    reference=_fill,
    returns=("filled",),
    cases=(
        Case("value", "holes filled from the past", 2, _draw_fill),
        Case(
            "property",
            "later rows change nothing before",
            1,
            _draw_fill_later,
            law=_past_stays,
        ),
        Case("edge", "holes up to the end; no holes", 1, _draw_fill_edge),
    ),
    mistakes=by_slip(
        _fill_wrong,
        {
            "filled-with-the-mean": (
                "mean",
                "holes became the mean of their column, which is made of later hours "
                "too. (20.1) takes the last measured one.",
            ),
            "filled-with-zero": (
                "zero",
                "holes became 0. A thermometer that is silent does not say 0 degrees.",
            ),
            "straight-line-over-the-hole": (
                "line",
                "a line was drawn over the hole to the next measured value. That value "
                "lies in the future of the hole, (20.1).",
            ),
            "filled-from-the-future": (
                "back",
                "holes took the next measured value. The hour itself could not know "
                "it; look the other way, (20.1).",
            ),
            "long-holes-stay-open": (
                "once",
                "only the first row of each hole was filled. In (20.1) the value "
                "before may itself have been filled in.",
            ),
            "filled-from-another-series": (
                "neighbour",
                "holes took a number of another column, in another unit. Each column "
                "has its own past.",
            ),
            "nearest-value": (
                "nearest",
                "holes took whichever measured value is nearest, sometimes a later "
                "one.",
            ),
            "rows-dropped": (
                "drop",
                "rows with a hole were thrown out. Then 24 rows are no longer 24 "
                "hours.",
            ),
            "whole-row-repeated": (
                "row",
                "where one series has a hole, the whole row was replaced. The other "
                "series were measured in that hour; keep them.",
            ),
        },
    ),
)


# -- the clock -----------------------------------------------------------------------


def _clock(hour: Any) -> Any:
    angle = 2 * np.pi * np.asarray(hour) / 24
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


def _clock_wrong(hour: Any, *, slip: str) -> Any:
    angle = 2 * np.pi * hour / {"twelve": 12, "last": 23, "week": 168}.get(slip, 24)
    if slip == "half":
        angle = np.pi * hour / 24
    if slip == "degrees":
        angle = 360 * hour / 24
    pair = [np.sin(angle), np.cos(angle)]
    if slip == "swapped":
        pair = pair[::-1]
    if slip == "sine-only":
        pair = [pair[0], pair[0]]
    return np.stack(pair, axis=0 if slip == "rows" else 1)


def _draw_clock(rng: Rng) -> Inputs:
    return {"hour": rng.integers(0, 24, size=11)}


def _draw_clock_days(rng: Rng) -> list[Inputs]:
    hour = rng.integers(0, 24, size=7)
    return [{"hour": hour}, {"hour": hour + 24}]


def _same_next_day(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0], values[1], atol=1e-6):
        return ""
    return "The same hour of the next day should stand at the same point; yours moved."


def _draw_clock_edge(rng: Rng) -> list[Inputs]:
    return [{"hour": np.array([23, 0, 1])}, {"hour": np.array([6])}]


CLOCK = Check(
    name="clock-point",
    assignment=SLUG,
    points=2,
    title="clock_point",
    asks=(
        "the hours as points (N, 2), sine first, on a circle that closes after 24 hours"
    ),
    equation="20.2",
    section="Angles are not numbers on a line",
    reference=_clock,
    returns=("points",),
    cases=(
        Case("value", "hours on the circle", 2, _draw_clock),
        Case(
            "property",
            "the same hour tomorrow",
            1,
            _draw_clock_days,
            law=_same_next_day,
        ),
        Case("edge", "midnight and its neighbours; a single hour", 1, _draw_clock_edge),
    ),
    mistakes=by_slip(
        _clock_wrong,
        {
            "two-turns-a-day": (
                "twelve",
                "the clock goes round twice a day, so 3 in the morning and 3 in the "
                "afternoon are one point. (20.2) divides by 24.",
            ),
            "midnight-twice": (
                "last",
                "the circle closes after 23 hours, so 23 o'clock and midnight "
                "coincide. There are 24 steps in (20.2), not 23.",
            ),
            "one-turn-a-week": (
                "week",
                "the circle closes after a week. What is asked is the hour of the day.",
            ),
            "half-a-circle": (
                "half",
                "a day is half a turn: midnight and the next midnight lie opposite "
                "each other. A whole turn is 2π.",
            ),
            "degrees-for-radians": (
                "degrees",
                "degrees went into a sine that expects radians.",
            ),
            "sine-and-cosine-swapped": (
                "swapped",
                "the cosine stands first. Either order would do for a network, but "
                "(20.2) has the sine first.",
            ),
            "one-coordinate-twice": (
                "sine-only",
                "both columns are the sine. One coordinate alone cannot tell 3 from 9 "
                "o'clock.",
            ),
            "points-in-columns": (
                "rows",
                "the points came as columns, (2, N). One row an hour is asked for.",
            ),
        },
    ),
)


# -- windows of many series ----------------------------------------------------------


def _windows(values: Any, length: int, horizon: int) -> Any:
    from rnncourse.forecasting import series_windows

    return series_windows(values, length, horizon)


def _windows_wrong(values: Any, length: int, horizon: int, *, slip: str) -> Any:
    N = len(values)
    gap = {"late": 1, "inside": -1}.get(slip, 0)
    step = length if slip == "apart" else 1
    starts = range(0, N - length - horizon - max(gap, 0) + (slip != "last"), step)
    X = np.stack([values[n : n + length] for n in starts])
    Y = np.stack([values[n + length + gap :][:horizon] for n in starts])
    if slip == "first-series":
        Y = Y[:, :, 0]
    if slip == "far":
        Y = Y[:, -1:]
    if slip == "series-first":
        X, Y = X.transpose(0, 2, 1), Y.transpose(0, 2, 1)
    if slip == "time-first":
        X, Y = X.transpose(1, 0, 2), Y.transpose(1, 0, 2)
    if slip == "mixed":
        X = X.transpose(0, 2, 1).reshape(X.shape)
    return X, Y


def _draw_windows(N: int, D: int, length: int, horizon: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {"values": rng.normal(size=(N, D)), "length": length, "horizon": horizon}

    return draw


def _draw_columns(rng: Rng) -> list[Inputs]:
    both = _draw_windows(13, 3, 4, 2)(rng)
    return [both, {**both, "values": both["values"][:, 1:2]}]


def _columns_stay_apart(calls: list[Inputs], values: list[Any]) -> str:
    X, one = values[0][0], values[1][0]
    if X.shape[-1] == 3 and np.array_equal(X[..., 1:2], one):
        return ""
    return (
        "Cut alone, the second series gives other windows than cut together with the "
        "rest: series got mixed."
    )


def _draw_windows_edge(rng: Rng) -> list[Inputs]:
    return [_draw_windows(7, 2, 4, 3)(rng), _draw_windows(6, 1, 2, 1)(rng)]


WINDOWS = Check(
    name="series-windows",
    assignment=SLUG,
    points=3,
    title="series_windows",
    asks="the windows X (M, length, D) and what follows each, Y (M, horizon, D)",
    equation="20.4",
    section="A window has two axes now",
    reference=_windows,
    returns=("X", "Y"),
    cases=(
        Case("value", "windows of several series", 2, _draw_windows(17, 3, 5, 2)),
        Case(
            "property",
            "each series on its own",
            1,
            _draw_columns,
            law=_columns_stay_apart,
        ),
        Case("edge", "one window only; a single series", 1, _draw_windows_edge),
        Case("naming", "equal sizes", 0, _draw_windows(9, 3, 3, 3)),
    ),
    mistakes=by_slip(
        _windows_wrong,
        {
            "labels-an-hour-late": (
                "late",
                "an hour is missing between a window and its labels. In (20.4) they "
                "follow at once.",
            ),
            "last-hour-is-a-label": (
                "inside",
                "the first label is the last row of its own window: the network would "
                "only have to copy it.",
            ),
            "windows-side-by-side": (
                "apart",
                "each window begins where the one before ended. (20.4) moves on by one "
                "hour.",
            ),
            "final-window-lost": (
                "last",
                "the last window that still has all its labels is missing.",
            ),
            "one-series-as-label": (
                "first-series",
                "only the first series came as labels. Whoever feeds forecasts back in "
                "needs them all, (20.4).",
            ),
            "one-hour-as-label": (
                "far",
                "only the last hour of the horizon came as a label.",
            ),
            "series-before-hours": (
                "series-first",
                "series and hours stand in each other's place: (M, D, length) for "
                "(M, length, D). In a square case nobody would notice.",
            ),
            "hours-before-windows": (
                "time-first",
                "time stands first. That is how a layer reads a batch; windows are "
                "stored with the window first, (20.4).",
            ),
            "numbers-reshaped-not-turned": (
                "mixed",
                "the shape is right and the numbers are not where they belong: a "
                "reshape cannot turn axes, it only refills them.",
            ),
        },
    ),
)


# -- which window belongs to which part -----------------------------------------------


def _deal(N: int, length: int, horizon: int, first: int, second: int) -> Any:
    start = np.arange(N - length - horizon + 1) + length
    end = start + horizon
    return end <= first, (start >= first) & (end <= second), start >= second


def _deal_wrong(
    N: int, length: int, horizon: int, first: int, second: int, *, slip: str
) -> Any:
    n = np.arange(N - length - horizon + 1)
    start, end = n + length, n + length + horizon
    if slip == "by-window":
        start = end = n
        return n < first, (n >= first) & (n < second), n >= second
    if slip == "by-first-label":
        return start < first, (start >= first) & (start < second), start >= second
    if slip == "by-last-label":
        last = end - 1
        return last < first, (last >= first) & (last < second), last >= second
    if slip == "short":
        return end < first, (start >= first) & (end < second), start >= second
    if slip == "strict":
        return end < first, (start > first) & (end < second), start > second
    if slip == "no-past":
        return end <= first, (n >= first) & (end <= second), n >= second
    if slip == "validation-leaks":
        return end <= first, (start >= first) & (start < second), start >= second
    if slip == "two-parts":
        return end <= second, (start >= first) & (end <= second), start >= second
    return end <= first + 1, (start >= first) & (end <= second + 1), start >= second


def _draw_deal(
    N: int, length: int, horizon: int, first: int, second: int
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        a, b = first + int(rng.integers(0, 3)), second + int(rng.integers(0, 3))
        return {"N": N, "length": length, "horizon": horizon, "first": a, "second": b}

    return draw


def _draw_deal_property(rng: Rng) -> list[Inputs]:
    return [_draw_deal(61, 5, h, 31, 45)(rng) for h in (2, 7)]


def _no_label_twice(calls: list[Inputs], values: list[Any]) -> str:
    for call, parts in zip(calls, values, strict=True):
        seen = []
        for part in parts:
            n = np.flatnonzero(np.asarray(part)) + call["length"]
            seen.append({int(k) + h for k in n for h in range(call["horizon"])})
        if seen[0] & seen[1] or seen[1] & seen[2] or seen[0] & seen[2]:
            return "An hour is a label in two parts: what is judged was also learnt."
    return ""


def _draw_deal_edge(rng: Rng) -> list[Inputs]:
    return [_draw_deal(24, 3, 1, 11, 17)(rng), _draw_deal(33, 9, 4, 17, 23)(rng)]


DEAL = Check(
    name="deal-windows",
    assignment=SLUG,
    points=3,
    title="deal_windows",
    asks=(
        "three masks (M,) of the windows for training, validation and test, each with "
        "all its labels inside its part"
    ),
    equation="20.5",
    section="A window has two axes now",
    reference=_deal,
    returns=("train", "validation", "test"),
    cases=(
        Case("value", "windows dealt by their labels", 2, _draw_deal(53, 6, 4, 29, 41)),
        Case(
            "property",
            "no hour is a label in two parts",
            1,
            _draw_deal_property,
            law=_no_label_twice,
        ),
        Case("edge", "one step ahead; windows longer than a part", 1, _draw_deal_edge),
    ),
    mistakes=by_slip(
        _deal_wrong,
        {
            "dealt-by-the-window": (
                "by-window",
                "a window's own first hour decided. Its labels come length hours later "
                "and may lie in the next part; the labels decide, (20.5).",
            ),
            "first-label-decides": (
                "by-first-label",
                "the first label alone decided, so the last labels of training windows "
                "reach into the validation hours. All labels must lie inside.",
            ),
            "last-label-decides": (
                "by-last-label",
                "the last label alone decided, so test windows begin with labels that "
                "were learnt from. All labels must lie inside.",
            ),
            "an-hour-lost-at-each-border": (
                "strict",
                "a window is missing at each border. The part before ends at hour "
                "first - 1, and a label may stand there; the next begins at first.",
            ),
            "last-window-of-a-part-lost": (
                "short",
                "the last window of training and of validation is missing. Its labels "
                "end at the hour before the border, which still belongs to its part.",
            ),
            "past-forbidden": (
                "no-past",
                "windows that look back over a border were thrown out. Reading the "
                "past is no leak: on the day it is known. Only labels must keep to a "
                "part.",
            ),
            "validation-reaches-into-test": (
                "validation-leaks",
                "the last validation windows have labels among the test hours. "
                "Whatever chooses the epoch must not see those.",
            ),
            "training-on-validation": (
                "two-parts",
                "training goes on to the test hours and includes the validation part, "
                "which then approves whatever was learnt by heart.",
            ),
            "one-label-over-the-border": (
                "over",
                "the last label stands one hour over the border: the hours of a part "
                "end one before its bound, (20.5).",
            ),
        },
    ),
)


# -- a loop of forecasts --------------------------------------------------------------


def _iterate(X: Any, known: Any, W: Any, b: Any) -> Any:
    return _iterate_wrong(X, known, W, b, slip="")


def _iterate_wrong(X: Any, known: Any, W: Any, b: Any, *, slip: str) -> Any:
    past, out, D = X.copy(), [], len(b)
    weights = W[::-1] if slip == "reversed" else W
    for h in range(known.shape[1]):
        x = np.einsum("bkd,kde->be", past, weights)
        if slip != "no-bias":
            x = x + b
        if slip == "change":
            x = past[:, -1, :D] + x
        out.append(x)
        fed = x
        if slip == "one-series":
            fed = np.concatenate([x[:, :1], past[:, -1, 1:D]], axis=1)
        late = known[:, min(h + 1, known.shape[1] - 1)]
        clock = {"late": late, "stale": X[:, -1, D:]}.get(slip, known[:, h])
        row = np.concatenate([fed, clock], axis=1)[:, None]
        if slip == "old":
            row = past[:, -1:]
        if slip == "front":
            past = np.concatenate([row, past[:, 1:]], axis=1)
        elif slip == "overwrite":
            past = np.concatenate([past[:, :-1], row], axis=1)
        elif slip != "never":
            past = np.concatenate([past[:, 1:], row], axis=1)
    if slip == "last":
        return np.repeat(out[-1][:, None], known.shape[1], axis=1)
    if slip == "starts-late":
        return np.stack([X[:, -1, :D], *out[:-1]], axis=1)
    return np.stack(out, axis=1)


def _draw_iterate(
    B: int, K: int, D: int, F: int, horizon: int
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "X": rng.normal(size=(B, K, D + F)),
            "known": rng.normal(size=(B, horizon, F)),
            "W": 0.8 * rng.normal(size=(K, D + F, D)) / np.sqrt(K * D),
            "b": rng.normal(size=D),
        }

    return draw


def _draw_iterate_law(rng: Rng) -> list[Inputs]:
    long = _draw_iterate(2, 3, 4, 1, 6)(rng)
    return [long, {**long, "known": long["known"][:, :3]}]


def _shorter_is_the_beginning(calls: list[Inputs], values: list[Any]) -> str:
    long, short = np.asarray(values[0]), np.asarray(values[1])
    if long.ndim == 3 and np.allclose(long[:, :3], short):
        return ""
    return "Three steps should be the first three of six steps; yours are not."


def _draw_iterate_edge(rng: Rng) -> list[Inputs]:
    return [_draw_iterate(3, 4, 2, 2, 1)(rng), _draw_iterate(2, 1, 3, 1, 5)(rng)]


ITERATE = Check(
    name="iterate-forecast",
    assignment=SLUG,
    points=4,
    title="iterate_forecast",
    asks=(
        "the forecasts (B, horizon, D), each made from a window that holds those before"
    ),
    equation="20.8",
    section="Let the forecast read its own forecasts",
    reference=_iterate,
    returns=("forecasts",),
    cases=(
        Case("value", "forecasts fed back", 2, _draw_iterate(5, 4, 2, 1, 6)),
        Case(
            "property",
            "a shorter horizon is the beginning of a longer one",
            1,
            _draw_iterate_law,
            law=_shorter_is_the_beginning,
        ),
        Case("edge", "one step; a window of one hour", 1, _draw_iterate_edge),
        Case("naming", "equal sizes", 0, _draw_iterate(3, 3, 2, 1, 3)),
    ),
    mistakes=by_slip(
        _iterate_wrong,
        {
            "never-fed-back": (
                "never",
                "every step read the same measured window, so all forecasts are the "
                "first. (20.8) reads the forecasts made so far.",
            ),
            "put-at-the-front": (
                "front",
                "the forecast was put at the start of the window. The newest hour "
                "stands last.",
            ),
            "window-grows-stale": (
                "overwrite",
                "the forecast overwrote the last hour, and the oldest hour stayed. The "
                "window slides: one out at the front, one in at the end.",
            ),
            "last-measurement-repeated": (
                "old",
                "the window slid on, but the last measured row went in again in place "
                "of the forecast.",
            ),
            "one-series-fed-back": (
                "one-series",
                "only the first series was fed back, and the others were held still. "
                "Forecast all D series, and read them all, (20.8).",
            ),
            "clock-an-hour-ahead": (
                "late",
                "the row that went back in had the clock of the hour after. Forecast "
                "and known features of one step are one row, (20.8).",
            ),
            "clock-stands-still": (
                "stale",
                "the forecast went back in with the clock of the last measured hour: "
                "for the network it stays that hour for ever.",
            ),
            "constant-forgotten": (
                "no-bias",
                "b was left out of the step, or added at the first step only.",
            ),
            "added-to-the-last-row": (
                "change",
                "the step was added to the last row. Here X W + b is the next row "
                "itself, no change to one.",
            ),
            "weights-upside-down": (
                "reversed",
                "W[0] met the newest hour. It belongs to the oldest, as W[k] to row k "
                "of the window.",
            ),
            "last-step-repeated": (
                "last",
                "all entries are the last step. Keep each forecast on the way.",
            ),
            "begins-with-the-present": (
                "starts-late",
                "the first entry is the last measured row, so every forecast stands "
                "one hour late.",
            ),
        },
    ),
)


# -- how far ahead can one see ---------------------------------------------------------


def _ar(y: Any, a: float, mean: float, sigma: float, horizon: int) -> Any:
    h = np.arange(1, horizon + 1)
    forecast = mean + a**h * (np.asarray(y)[:, None] - mean)
    return forecast, sigma * np.sqrt((1 - a ** (2 * h)) / (1 - a**2))


def _ar_wrong(
    y: Any, a: float, mean: float, sigma: float, horizon: int, *, slip: str
) -> Any:
    h = np.arange(1, horizon + 1)
    k = h - 1 if slip == "starts-at-zero" else h
    forecast = mean + a**k * (y[:, None] - mean)
    if slip == "to-zero":
        forecast = a**h * y[:, None]
    if slip == "mean-added":
        forecast = mean + a**h * y[:, None]
    if slip == "persistence":
        forecast = np.repeat(y[:, None], horizon, axis=1)
    if slip == "linear":
        forecast = mean + a * h * (y[:, None] - mean)
    variance = (1 - a ** (2 * k)) / (1 - a**2)
    if slip == "power":
        variance = (1 - a**h) / (1 - a)
    if slip == "limit":
        variance = np.full(horizon, 1 / (1 - a**2))
    if slip == "walk":
        variance = h.astype(float)
    if slip == "first":
        variance = np.ones(horizon)
    if slip == "sum":
        variance = ((1 - a**h) / (1 - a)) ** 2
    if slip == "variance":
        return forecast, sigma**2 * variance
    return forecast, sigma * np.sqrt(variance)


def _draw_ar(B: int, horizon: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "y": 12 + 4 * rng.normal(size=B),
            "a": float(rng.uniform(0.6, 0.9)),
            "mean": float(rng.uniform(8, 11)),
            "sigma": float(rng.uniform(0.4, 0.8)),
            "horizon": horizon,
        }

    return draw


def _draw_far(rng: Rng) -> Inputs:
    return _draw_ar(2, 200)(rng)


def _ends_at_the_climate(calls: list[Inputs], values: list[Any]) -> str:
    forecast, deviation = values[0]
    call = calls[0]
    limit = call["sigma"] / np.sqrt(1 - call["a"] ** 2)
    if np.allclose(np.asarray(forecast)[:, -1], call["mean"]) and np.isclose(
        np.asarray(deviation)[-1], limit
    ):
        return ""
    return (
        "Far ahead the forecast should be the mean, and the error as large as the "
        "spread of the series itself."
    )


def _draw_ar_edge(rng: Rng) -> list[Inputs]:
    one, negative = _draw_ar(3, 1)(rng), _draw_ar(2, 5)(rng)
    return [one, {**negative, "a": -negative["a"]}]


AR = Check(
    name="fading-forecast",
    assignment=SLUG,
    points=3,
    title="fading_forecast",
    asks=(
        "the forecasts (B, horizon) and the standard deviation "
        "(horizon,) of their errors"
    ),
    equation="20.11",
    section="Why errors grow, and where they stop",
    reference=_ar,
    returns=("forecast", "deviation"),
    cases=(
        Case("value", "forecasts and their spread", 2, _draw_ar(3, 7)),
        Case(
            "property",
            "far ahead only the mean is left",
            1,
            _draw_far,
            law=_ends_at_the_climate,
        ),
        Case("edge", "one step; a series that swings to and fro", 1, _draw_ar_edge),
    ),
    mistakes=by_slip(
        _ar_wrong,
        {
            "fades-to-zero": (
                "to-zero",
                "the forecast fades to 0 in place of the mean. (20.10) multiplies the "
                "distance to the mean.",
            ),
            "whole-value-fades": (
                "mean-added",
                "the mean was added to a share of y itself. What fades in (20.10) is "
                "y minus the mean.",
            ),
            "today-for-ever": (
                "persistence",
                "every step repeats y. That is the best forecast only where a is 1.",
            ),
            "factor-not-power": (
                "linear",
                "a was multiplied by the number of steps. Each step multiplies once "
                "more by a: a power, (20.10).",
            ),
            "counted-from-zero": (
                "starts-at-zero",
                "the first entry is 0 steps ahead, with no error. The horizon counts "
                "from 1.",
            ),
            "shares-not-squared": (
                "power",
                "variances were added with weights a, a², a³. A number times a has a "
                "variance times a²: (20.11) has even powers only.",
            ),
            "limit-from-the-start": (
                "limit",
                "the error is as large one step ahead as it is in the long run. That "
                "is the limit of (20.11).",
            ),
            "grows-without-end": (
                "walk",
                "the variance grows by the same amount each step, as in a random walk, "
                "a = 1. Here old surprises fade.",
            ),
            "first-step-only": (
                "first",
                "each step has the error of the first. Surprises on the way add up, "
                "(20.11).",
            ),
            "deviations-added": (
                "sum",
                "standard deviations were added up. Independent surprises add their "
                "variances; take the root at the end.",
            ),
            "root-forgotten": (
                "variance",
                "the variance came; its root was asked for, in the unit of y.",
            ),
        },
    ),
)


# -- the error curve -----------------------------------------------------------------


def _errors(Y: Any, Y_hat: Any) -> Any:
    from rnncourse.forecasting import horizon_errors

    return horizon_errors(Y, Y_hat)


def _errors_wrong(Y: Any, Y_hat: Any, *, slip: str) -> Any:
    e = Y - Y_hat
    seen = np.isfinite(e)
    if slip == "windows":
        return np.nanmean(np.abs(e), axis=1)
    if slip == "all":
        return np.full(Y.shape[1], np.nanmean(np.abs(e)))
    if slip == "rmse":
        return np.sqrt(np.nanmean(e**2, axis=0))
    if slip == "signed":
        return np.abs(np.nanmean(e, axis=0))
    if slip == "nan":
        return np.abs(e).mean(axis=0)
    if slip == "zero":
        return np.where(seen, np.abs(e), 0).mean(axis=0)
    if slip == "measured-zero":
        return np.abs(np.nan_to_num(Y) - Y_hat).mean(axis=0)
    if slip == "whole-windows":
        return np.abs(e[seen.all(axis=1)]).mean(axis=0)
    if slip == "running":
        curve = np.nanmean(np.abs(e), axis=0)
        return np.cumsum(curve) / np.arange(1, len(curve) + 1)
    if slip == "sum":
        return np.nansum(np.abs(e), axis=0)
    return np.nanmedian(np.abs(e), axis=0)


def _draw_errors(M: int, horizon: int, holes: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        Y = 10 + 3 * rng.normal(size=(M, horizon))
        Y_hat = Y + np.arange(1, horizon + 1) * rng.normal(size=(M, horizon))
        for k in range(holes):
            Y[1 + k, int(rng.integers(horizon))] = np.nan
        return {"Y": Y, "Y_hat": Y_hat}

    return draw


def _draw_errors_order(rng: Rng) -> list[Inputs]:
    once = _draw_errors(9, 4, 3)(rng)
    order = rng.permutation(9)
    return [once, {"Y": once["Y"][order], "Y_hat": once["Y_hat"][order]}]


def _order_is_nothing(calls: list[Inputs], values: list[Any]) -> str:
    if np.shape(values[0]) == (4,) and np.allclose(
        values[0], values[1], equal_nan=True
    ):
        return ""
    return "The same windows in another order should give the same curve."


def _draw_errors_edge(rng: Rng) -> list[Inputs]:
    return [_draw_errors(1, 6, 0)(rng), _draw_errors(5, 1, 2)(rng)]


ERRORS = Check(
    name="horizon-errors",
    assignment=SLUG,
    points=3,
    title="horizon_errors",
    asks="the mean absolute error of each step ahead (horizon,), over measured hours",
    equation="20.6",
    section="One error for each step ahead",
    reference=_errors,
    returns=("curve",),
    cases=(
        Case("value", "an error for each step", 2, _draw_errors(8, 5, 4)),
        Case(
            "property",
            "the order of windows does not matter",
            1,
            _draw_errors_order,
            law=_order_is_nothing,
        ),
        Case("edge", "one window; one step", 1, _draw_errors_edge),
        Case("naming", "equal sizes", 0, _draw_errors(6, 6, 3)),
    ),
    mistakes=by_slip(
        _errors_wrong,
        {
            "mean-over-steps": (
                "windows",
                "one error for each window. (20.6) goes over the windows and keeps the "
                "steps apart.",
            ),
            "one-number-for-all": (
                "all",
                "the same number at each step: the mean over everything hides how the "
                "error grows.",
            ),
            "squares-and-root": (
                "rmse",
                "errors were squared and the root taken. (20.6) has absolute values.",
            ),
            "errors-cancel": (
                "signed",
                "errors above and below cancelled before the absolute value was taken.",
            ),
            "a-hole-spoils-the-step": (
                "nan",
                "one unmeasured hour made a whole step NaN. Leave that hour out of its "
                "step, (20.6).",
            ),
            "holes-count-as-right": (
                "zero",
                "an unmeasured hour counted as an error of 0, and the step looks "
                "better than it is.",
            ),
            "holes-read-as-zero": (
                "measured-zero",
                "an unmeasured hour was taken for a measured 0. Nobody knows what was "
                "there; leave it out.",
            ),
            "windows-with-holes-dropped": (
                "whole-windows",
                "a window with one unmeasured hour was dropped at all steps. Its other "
                "hours were measured and count.",
            ),
            "error-so-far": (
                "running",
                "each entry is the mean over all steps up to it. Entry h - 1 should be "
                "the error of step h alone.",
            ),
            "not-divided-by-the-count": (
                "sum",
                "the errors were summed; (20.6) divides by the number of measured "
                "hours at that step.",
            ),
            "median-of-the-errors": (
                "median",
                "the median of the errors of a step; (20.6) is their mean.",
            ),
        },
    ),
)

CHECKS = (FILL, CLOCK, WINDOWS, DEAL, ERRORS, ITERATE, AR)

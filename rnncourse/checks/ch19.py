"""Checks of the assignment of chapter 19: forecasting a country's electricity.

Right answers come from :mod:`rnncourse.forecasting` where it has them. Each small
function below also computes the wrong answers that people give, by the name of the
slip, so that a check can recognise them and the tests hand them in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks import diagnose
from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Case, Check, by_slip

SLUG = "19-energy-forecast"
Rng = np.random.Generator


def _daily(rng: Rng, N: int) -> np.ndarray:
    """Draw a series that has a level and remembers its last days."""
    y = rng.normal(size=N)
    for t in range(2, N):
        y[t] += 0.5 * y[t - 1] - 0.3 * y[t - 2]
    return 40 + 5 * y


def _before(N: int, end: int) -> np.ndarray:
    return np.arange(N) < end


# -- windows ------------------------------------------------------------------------


def _windows(series: Any, length: int, horizon: int, stride: int) -> Any:
    from rnncourse.forecasting import make_windows

    return make_windows(series, length, horizon, stride)


def _windows_wrong(
    series: Any, length: int, horizon: int, stride: int, *, slip: str
) -> Any:
    gap = {"late": 1, "inside": -1}.get(slip, 0)
    step = {"apart": length, "stride": 1}.get(slip, stride)
    end = len(series) - length - horizon - gap + (slip != "last")
    starts = np.arange(0, max(end, 0), step)[:, None]
    at = np.arange(length)
    X = series[starts + (at[::-1] if slip == "reversed" else at)]
    ahead = np.array([horizon - 1]) if slip == "far" else np.arange(horizon)
    return X, series[starts + length + gap + ahead]


def _draw_windows(
    N: int, length: int, horizon: int, stride: int
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        sizes = {"length": length, "horizon": horizon, "stride": stride}
        return {"series": rng.normal(size=N), **sizes}

    return draw


def _draw_smallest(rng: Rng) -> list[Inputs]:
    return [_draw_windows(7, 5, 2, 3)(rng), _draw_windows(6, 1, 1, 2)(rng)]


def _neighbours_share(calls: list[Inputs], values: list[Any]) -> str:
    X, Y = values[0]
    if not np.array_equal(X[1:, :-1], X[:-1, 1:]):
        return (
            "With stride 1 a window and the next one share all values but one; yours "
            "do not."
        )
    if not np.array_equal(X[1:, -1], Y[:-1, 0]):
        return "With stride 1 the label of a window is the newest value of the next."
    return ""


WINDOWS = Check(
    name="windows",
    assignment=SLUG,
    points=2,
    title="make_windows",
    asks=(
        "the windows X (M, length) and the values right after each, Y (M, horizon); "
        "the next window begins stride days later"
    ),
    equation="19.1",
    section="Windows, and nothing after them",
    reference=_windows,
    returns=("X", "Y"),
    cases=(
        Case("value", "windows and labels", 2, _draw_windows(17, 4, 3, 2)),
        Case(
            "property",
            "neighbouring windows overlap",
            1,
            _draw_windows(11, 4, 1, 1),
            law=_neighbours_share,
        ),
        Case("edge", "one window only; windows of one day", 1, _draw_smallest),
    ),
    mistakes=by_slip(
        _windows_wrong,
        {
            "label-one-step-late": (
                "late",
                "there is a hole of one day between a window and its label. Deck 001 "
                "prints its last pair like that and loses x_t; the label of (19.1) is "
                "the very next value.",
            ),
            "label-inside-the-window": (
                "inside",
                "the first label is the last value of its own window, so the answer "
                "stands among the features.",
            ),
            "windows-do-not-overlap": (
                "apart",
                "each window begins where the one before ended. The stride says how "
                "far to move, and it may be less than the length.",
            ),
            "stride-ignored": (
                "stride",
                "the window moved on by one day each time, whatever the stride.",
            ),
            "last-window-missing": (
                "last",
                "the last window that still has all its labels is missing: count once "
                "more how many starts there are.",
            ),
            "only-the-farthest-label": (
                "far",
                "only the last day of the horizon came as a label; all of its days "
                "were asked for.",
            ),
            "window-reversed": (
                "reversed",
                "the values in each window run from new to old; leave them in the "
                "order of time.",
            ),
        },
    ),
)


# -- the scale ----------------------------------------------------------------------


def _standardise(y: Any, train: Any) -> Any:
    from rnncourse.forecasting import Scaler

    return Scaler.fit(y[train]).transform(y)


def _standardise_wrong(y: Any, train: Any, *, slip: str) -> Any:
    part = {"everything": y, "test": y[~train]}.get(slip, y[train])
    mean, std = part.mean(), part.std()
    if slip == "apart":
        z = np.empty(len(y))
        for days in (train, ~train):
            z[days] = (y[days] - y[days].mean()) / y[days].std()
        return z
    if slip == "range":
        return (y - part.min()) / (part.max() - part.min())
    if slip == "train-only":
        return (part - mean) / std
    if slip == "no-mean":
        return y / std
    scale = {"variance": std**2, "sample": part.std(ddof=1), "no-std": 1.0}
    return (y - mean) / scale.get(slip, std)


def _draw_scale(rng: Rng) -> Inputs:
    y = _daily(rng, 33)
    y[21:] = 15 + 1.7 * y[21:]  # later days are on another level
    return {"y": y, "train": _before(33, 21)}


def _draw_later_changed(rng: Rng) -> list[Inputs]:
    once = _draw_scale(rng)
    other = np.where(once["train"], once["y"], 3 * once["y"])
    return [once, {**once, "y": other}]


def _draw_scale_edge(rng: Rng) -> list[Inputs]:
    holes = np.array([True, True, False, True, False, False, True, False, True])
    return [
        {"y": _daily(rng, 9), "train": holes},
        {"y": 1e4 + _daily(rng, 7), "train": _before(7, 2)},
    ]


def _scale_knows_nothing(calls: list[Inputs], values: list[Any]) -> str:
    train = calls[0]["train"]
    if np.allclose(values[0][train], values[1][train]):
        return ""
    return (
        "Other values after the training part changed the numbers inside it: the scale "
        "knows of days that it must not have seen."
    )


SCALER = Check(
    name="scaler",
    assignment=SLUG,
    points=2,
    title="standardise",
    asks="z (N,), all days on the scale that the training days give",
    equation="19.4",
    section="Windows, and nothing after them",
    reference=_standardise,
    returns=("z",),
    cases=(
        Case("value", "all days on the training scale", 2, _draw_scale),
        Case(
            "property",
            "later days do not move the scale",
            1,
            _draw_later_changed,
            law=_scale_knows_nothing,
        ),
        Case("edge", "training days with gaps; two training days", 1, _draw_scale_edge),
    ),
    mistakes=by_slip(
        _standardise_wrong,
        {
            "fitted-on-everything": (
                "everything",
                "mean and standard deviation were taken over all days. (19.4) takes "
                "them from the training days; with all days the scale tells the model "
                "about the test years.",
            ),
            "fitted-on-test-days": (
                "test",
                "the scale was measured on the days outside the training part: the "
                "mask is the wrong way round.",
            ),
            "each-part-on-its-own": (
                "apart",
                "each part got a scale of its own. The later days then lose the very "
                "level that the model should meet; one scale serves all, (19.4).",
            ),
            "variance-instead-of-deviation": (
                "variance",
                "the distance to the mean was divided by the variance; σ in (19.4) is "
                "its root.",
            ),
            "sample-deviation": (
                "sample",
                "the standard deviation was made with N - 1. Here the sum of squares "
                "is divided by the number of training days.",
            ),
            "not-divided": (
                "no-std",
                "the mean was subtracted, and nothing was divided by σ.",
            ),
            "not-centred": (
                "no-mean",
                "the values were divided by σ without subtracting the mean first.",
            ),
            "range-instead-of-deviation": (
                "range",
                "the values were squeezed between the smallest and the largest "
                "training value. That is another scale than (19.4).",
            ),
            "only-training-days": (
                "train-only",
                "only the training days came back. The scale is measured there, and "
                "applied to all days.",
            ),
        },
    ),
)


# -- autoregression -----------------------------------------------------------------


def _ar(y: Any, fit: Any, order: int) -> Any:
    from rnncourse.forecasting import fit_linear_ar

    return fit_linear_ar(y, fit, order=order)


def _ar_wrong(y: Any, fit: Any, order: int, *, slip: str) -> Any:
    N = len(y)
    first = 0 if slip == "itself" else 1
    last = {"itself": order - 1, "short": order - 1, "long": order + 1}
    lags = range(first, last.get(slip, order) + 1)
    X = np.column_stack([*(np.roll(y, k) for k in lags), np.ones(N)])
    if slip == "no-intercept":
        X = X[:, :-1]
    enough = np.arange(N) >= (order + 1 if slip == "long" else order)
    learn = (fit if slip != "everything" else np.full(N, True)) & enough
    if slip == "wrapped":
        learn = fit
    w = np.linalg.lstsq(X[learn], y[learn], rcond=None)[0]
    if slip == "reversed":
        w = np.concatenate([w[:-1][::-1], w[-1:]])
    y_hat = X @ w
    if slip == "no-bias-added":
        y_hat = X[:, :-1] @ w[:-1]
    if slip == "early":
        y_hat, enough = np.roll(y_hat, -1), np.roll(enough, -1)
        enough[-1] = False
    return np.where(enough, y_hat, 0.0 if slip == "zeros" else np.nan)


def _draw_ar(N: int, end: int, order: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {"y": _daily(rng, N), "fit": _before(N, end), "order": order}

    return draw


def _draw_ar_later(rng: Rng) -> list[Inputs]:
    once = _draw_ar(42, 29, 4)(rng)
    other = np.where(once["fit"], once["y"], 20 + 2 * once["y"])
    return [once, {**once, "y": other}]


def _draw_ar_edge(rng: Rng) -> list[Inputs]:
    gap = _draw_ar(31, 26, 2)(rng)
    gap["fit"][11:17] = False
    return [_draw_ar(19, 14, 1)(rng), gap]


def _past_unmoved(calls: list[Inputs], values: list[Any]) -> str:
    fit = calls[0]["fit"]
    if np.allclose(values[0][fit], values[1][fit], equal_nan=True):
        return ""
    return (
        "Other values on days outside of fit changed the forecasts of the days in fit. "
        "The weights may not learn from those days."
    )


AUTOREGRESSION = Check(
    name="linear-autoregression",
    assignment=SLUG,
    points=4,
    title="ar_forecast",
    asks="a forecast for each day (N,), NaN on the first order days",
    equation="19.1",
    section="First the forecasts that cost nothing",
    reference=_ar,
    returns=("y_hat",),
    cases=(
        Case("value", "forecasts by least squares", 2, _draw_ar(37, 26, 3)),
        Case(
            "property",
            "nothing is learnt from days outside of fit",
            1,
            _draw_ar_later,
            law=_past_unmoved,
        ),
        Case("edge", "one lag; a gap among the days to fit", 1, _draw_ar_edge),
    ),
    mistakes=by_slip(
        _ar_wrong,
        {
            "intercept-forgotten": (
                "no-intercept",
                "(19.1) was fitted without its constant b: a series with a level far "
                "from 0 needs it.",
            ),
            "intercept-not-added": (
                "no-bias-added",
                "b was fitted, and then left out of the forecast, (19.1).",
            ),
            "lags-reversed": (
                "reversed",
                "the weights were fitted with the newest value first and applied with "
                "the oldest first, or the other way round. Keep one order.",
            ),
            "fitted-on-test-days-too": (
                "everything",
                "the weights were fitted on all days. Only the days in fit may be "
                "learnt from; the others are there to be forecast.",
            ),
            "own-value-as-feature": (
                "itself",
                "the value of the day itself is among its features, so the forecast "
                "knows the answer. In (19.1) the newest feature is the day before.",
            ),
            "one-lag-missing": (
                "short",
                "the sum of (19.1) stops one lag early: it has K terms.",
            ),
            "one-lag-too-many": (
                "long",
                "the sum of (19.1) has one lag more than K.",
            ),
            "forecast-stands-a-day-early": (
                "early",
                "each forecast stands one day too early: entry t should be the "
                "forecast of day t, made from the days before it.",
            ),
            "fitted-on-wrapped-days": (
                "wrapped",
                "the first days were fitted too, with values from the end of the "
                "series in place of the past that they do not have.",
            ),
            "first-days-zero": (
                "zeros",
                "the first days have 0 as a forecast. They have none: say so with NaN, "
                "or somebody will score them.",
            ),
        },
    ),
)


# -- the calendar, known in advance -------------------------------------------------


def _calendar(y: Any, weekday: Any, holiday: Any, length: int) -> Any:
    from rnncourse.forecasting import window_features

    known = np.column_stack([np.eye(7)[weekday], holiday])
    xs, ahead = window_features(y, length, known)
    return np.column_stack([xs[:, :, 0], ahead])


def _calendar_wrong(
    y: Any, weekday: Any, holiday: Any, length: int, *, slip: str
) -> Any:
    N = len(y)
    target = np.arange(length, N)
    values = np.stack([y[t - length : t] for t in target])
    if slip == "target":
        values = np.stack([y[t - length + 1 : t + 1] for t in target])
    day = {
        "before": target - 1,
        "window-start": target - length,
        "after": np.minimum(target + 1, N - 1),
    }.get(slip, target)
    shown = weekday[day]
    if slip == "sunday-first":
        shown = (shown + 1) % 7
    week = np.eye(7)[shown]
    if slip == "number":
        week = shown[:, None]
    if slip == "free-or-not":
        week = np.where(holiday[day][:, None] == 1, 0, week)
    free = holiday[target - 1] if slip == "holiday-before" else holiday[day]
    parts = [values, week, free]
    if slip == "no-holiday":
        parts = parts[:2]
    if slip == "calendar-first":
        parts = [week, free, values]
    return np.column_stack(parts)


def _draw_calendar(N: int, length: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        first = int(rng.integers(7))
        holiday = (rng.random(N) < 0.3).astype(float)
        middle = (N + length) // 2  # at least one holiday, and one day that is not
        holiday[[middle - 1, middle]] = [0, 1]
        return {
            "y": _daily(rng, N),
            "weekday": (first + np.arange(N)) % 7,
            "holiday": holiday,
            "length": length,
        }

    return draw


def _draw_last_day_changed(rng: Rng) -> list[Inputs]:
    once = _draw_calendar(13, 5)(rng)
    other = once["y"].copy()
    other[-1] += 100
    return [once, {**once, "y": other}]


def _draw_calendar_edge(rng: Rng) -> list[Inputs]:
    return [_draw_calendar(6, 5)(rng), _draw_calendar(9, 1)(rng)]


def _label_not_read(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0], values[1]):
        return ""
    return (
        "Another consumption on the last day changed the features. That number is "
        "only ever a label: nobody knows it when the forecast is made."
    )


CALENDAR = Check(
    name="calendar",
    assignment=SLUG,
    points=3,
    title="known_features",
    asks=(
        "a row for each day that has length days before it, shape "
        "(N - length, length + 8): those values, seven columns for the weekday of the "
        "day to be forecast, and whether it is a holiday"
    ),
    equation="19.1",
    section="Tell it what everybody knows",
    reference=_calendar,
    returns=("X",),
    cases=(
        Case("value", "values, weekday and holiday", 2, _draw_calendar(17, 4)),
        Case(
            "property",
            "the value to be forecast is not read",
            1,
            _draw_last_day_changed,
            law=_label_not_read,
        ),
        Case("edge", "one row only; windows of one day", 1, _draw_calendar_edge),
    ),
    mistakes=by_slip(
        _calendar_wrong,
        {
            "future-value-as-feature": (
                "target",
                "each window reaches one day too far and holds the value that is to "
                "be forecast. The calendar of that day is known in advance, its "
                "consumption is not.",
            ),
            "calendar-of-the-day-before": (
                "before",
                "weekday and holiday are those of the last day in the window. What "
                "helps is the calendar of the day to be forecast.",
            ),
            "calendar-of-the-first-day": (
                "window-start",
                "weekday and holiday are those of the first day in the window: row n "
                "forecasts day n + length.",
            ),
            "calendar-of-the-day-after": (
                "after",
                "weekday and holiday are those of the day after the one to be "
                "forecast. No leak, since calendars are known, but the wrong day.",
            ),
            "holiday-of-the-day-before": (
                "holiday-before",
                "the weekday belongs to the day to be forecast, the holiday to the "
                "day before it.",
            ),
            "weekday-as-a-number": (
                "number",
                "the weekday is one column from 0 to 6. A weighted sum then takes "
                "Sunday for six times Tuesday; give each weekday a column of its own.",
            ),
            "sunday-in-the-first-column": (
                "sunday-first",
                "the seven columns begin with Sunday. Here 0 is Monday, and Monday "
                "has the first column.",
            ),
            "weekday-wiped-on-holidays": (
                "free-or-not",
                "on holidays the weekday is missing. Both are known, and a holiday on "
                "a Sunday differs from one on a Tuesday.",
            ),
            "holiday-forgotten": (
                "no-holiday",
                "the column for holidays is missing.",
            ),
            "columns-in-another-order": (
                "calendar-first",
                "all columns are there, with the calendar in front. The values of the "
                "window come first.",
            ),
        },
    ),
)


# -- scores over the same days ------------------------------------------------------


def _backtest(y: Any, forecasts: dict[str, Any], days: Any) -> dict[str, float]:
    from rnncourse.forecasting import mae

    common = days & np.isfinite(np.stack(list(forecasts.values()))).all(axis=0)
    return {name: mae(y[common], f[common]) for name, f in forecasts.items()}


def _backtest_wrong(y: Any, forecasts: dict[str, Any], days: Any, *, slip: str) -> Any:
    there = np.isfinite(np.stack(list(forecasts.values()))).all(axis=0)
    common = (np.full(len(y), True) if slip == "all-days" else days) & there
    if slip == "other-days":
        common = ~days & there
    scores = {}
    for name, f in forecasts.items():
        part = {"own": days & np.isfinite(f), "nan": days, "zero": days}.get(
            slip, common
        )
        e = y[part] - f[part]
        if slip == "zero":
            e = np.nan_to_num(e)
        measures: dict[str, Callable[..., Any]] = {
            "mae": lambda e: np.mean(np.abs(e)),
            "rmse": lambda e: np.sqrt(np.mean(e**2)),
            "mse": lambda e: np.mean(e**2),
            "signed": np.mean,
            "abs-late": lambda e: np.abs(np.mean(e)),
            "sum": lambda e: np.sum(np.abs(e)),
            "median": lambda e: np.median(np.abs(e)),
            "percent": lambda e, part=part: 100 * np.mean(np.abs(e / y[part])),
        }
        scores[name] = measures[slip if slip in measures else "mae"](e)
    return scores


NAMES = ("persistence", "seasonal naive", "AR(3)")


def _draw_scores(
    N: int, first: int, gaps: tuple[int, ...] = ()
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        y = _daily(rng, N)
        forecasts = {}
        for late, name in enumerate(NAMES, start=1):
            f = y + late * rng.normal(1, 2, size=N)
            f[:late] = np.nan
            forecasts[name] = f
        for k, day in enumerate(gaps):
            forecasts[NAMES[k % 2]][day] = np.nan
        return {"y": y, "forecasts": forecasts, "days": ~_before(N, first)}

    return draw


def _draw_elsewhere_changed(rng: Rng) -> list[Inputs]:
    once = _draw_scores(19, 10)(rng)
    days = once["days"]
    other = {k: np.where(days, f, f - 50) for k, f in once["forecasts"].items()}
    return [once, {**once, "forecasts": other}]


def _draw_gaps(rng: Rng) -> list[Inputs]:
    return [_draw_scores(18, 8, (9, 12, 13))(rng), _draw_scores(11, 10)(rng)]


def _judge_scores(calls: list[Inputs], values: list[Any]) -> tuple[float, str]:
    """Compare dicts of scores name by name."""
    shares, messages = [], []
    for inputs, got in zip(calls, values, strict=True):
        want = _backtest(**inputs)
        asked = ", ".join(repr(name) for name in want)
        if not isinstance(got, dict):
            return 0.0, f"{diagnose.kind_of(got)} came; a dict was asked for."
        if set(got) != set(want):
            came = ", ".join(repr(name) for name in got) or "none"
            return 0.0, f"the scores should have the names {asked}; {came} came."
        good = [name for name in want if diagnose.close(got[name], want[name])]
        shares.append(len(good) / len(want))
        for name in want:
            if name in good:
                continue
            number = diagnose.numbers(got[name])
            if number is None or number.ndim:
                came = diagnose.kind_of(got[name])
            else:
                came = f"{float(number):.4g}"
            text = f"the score of {name!r} should be {want[name]:.4g}; {came} came."
            if good:
                text += f" Right: {', '.join(map(repr, good))}."
            messages.append(text)
            break
    return min(shares), " ".join(messages[:1])


BACKTEST = Check(
    name="backtest",
    assignment=SLUG,
    points=3,
    title="backtest",
    asks=(
        "a dict with the mean absolute error of each forecast by its name, all over "
        "the same days: those of days on which no forecast is missing (NaN)"
    ),
    equation="19.2",
    section="First the forecasts that cost nothing",
    reference=_backtest,
    returns=("scores",),
    cases=(
        Case("value", "the errors", 2, _draw_scores(23, 12), judge=_judge_scores),
        Case(
            "property",
            "forecasts of other days count for nothing",
            1,
            _draw_elsewhere_changed,
            judge=_judge_scores,
        ),
        Case(
            "edge",
            "missing forecasts; one day only",
            1,
            _draw_gaps,
            judge=_judge_scores,
        ),
    ),
    mistakes=by_slip(
        _backtest_wrong,
        {
            "rmse-instead-of-mae": (
                "rmse",
                "the root of the mean square. (19.2) is the mean of the absolute "
                "errors, which one terrible day moves less.",
            ),
            "square-instead-of-absolute": (
                "mse",
                "the mean of the squares; (19.2) has absolute values.",
            ),
            "signed-errors": (
                "signed",
                "errors kept their sign and cancel: that is the bias, not (19.2).",
            ),
            "absolute-value-too-late": (
                "abs-late",
                "the absolute value of the mean error: days above and below have "
                "cancelled before. Take it day by day, (19.2).",
            ),
            "sum-of-errors": (
                "sum",
                "the sum over the days; (19.2) divides by their number.",
            ),
            "median-instead-of-mean": (
                "median",
                "the median of the absolute errors; (19.2) is their mean, holidays "
                "included.",
            ),
            "percentage-errors": (
                "percent",
                "errors as percentages of the true values; (19.2) is in the unit of y.",
            ),
            "scored-on-all-days": (
                "all-days",
                "all days were scored, those to fit included. Only the days in days "
                "are judged on.",
            ),
            "scored-on-the-other-days": (
                "other-days",
                "the days outside of days were scored: the mask is upside down.",
            ),
            "each-on-its-own-days": (
                "own",
                "a day without one forecast still counted for the others, so scores "
                "over different days stand side by side. Leave it out for all.",
            ),
            "missing-day-makes-nan": (
                "nan",
                "a missing forecast turned its whole score into NaN. Find first the "
                "days on which all forecasts exist.",
            ),
            "missing-counts-as-perfect": (
                "zero",
                "a missing forecast counted as an error of 0, which rewards saying "
                "nothing.",
            ),
        },
    ),
)


# -- skill --------------------------------------------------------------------------


def _skill(y: Any, model: Any, baseline: Any) -> float:
    from rnncourse.forecasting import mae, skill_score

    return skill_score(mae(y, model), mae(y, baseline))


def _skill_wrong(y: Any, model: Any, baseline: Any, *, slip: str) -> Any:
    a, b = np.abs(y - model), np.abs(y - baseline)
    m, n = a.mean(), b.mean()
    if slip == "squares":
        m, n = (a**2).mean(), (b**2).mean()
    if slip == "rmse":
        m, n = np.sqrt((a**2).mean()), np.sqrt((b**2).mean())
    if slip == "signed":
        m, n = (y - model).mean(), (y - baseline).mean()
    if slip == "mean-baseline":
        n = np.abs(y - y.mean()).mean()
    formulas: dict[str, Callable[[], Any]] = {
        "swapped": lambda: 1 - n / m,
        "ratio": lambda: m / n,
        "sign": lambda: m / n - 1,
        "percent": lambda: 100 * (1 - m / n),
        "difference": lambda: n - m,
        "floor": lambda: max(0.0, float(1 - m / n)),
        "daily": lambda: 1 - (a / b).mean(),
    }
    with np.errstate(all="ignore"):
        return formulas.get(slip, lambda: 1 - m / n)()


def _draw_skill(good: float, bad: float) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        y = _daily(rng, 29)
        errors = rng.normal(0.4, 1, size=(2, 29))
        model, baseline = y + good * errors[0], y + bad * errors[1]
        return {"y": y, "model": model, "baseline": baseline}

    return draw


def _draw_tie_and_perfect(rng: Rng) -> list[Inputs]:
    once = _draw_skill(1, 3)(rng)
    return [{**once, "model": once["baseline"]}, {**once, "model": once["y"]}]


def _tie_is_zero(calls: list[Inputs], values: list[Any]) -> str:
    if not np.isclose(values[0], 0):
        return "A model that forecasts what the baseline does has skill 0."
    return "" if np.isclose(values[1], 1) else "A perfect forecast has skill 1."


SKILL = Check(
    name="skill",
    assignment=SLUG,
    points=2,
    title="skill",
    asks="one number, the share of the baseline's error that the model saves",
    equation="19.3",
    section="The table, and what the loop earned",
    reference=_skill,
    returns=("skill",),
    cases=(
        Case("value", "the skill", 2, _draw_skill(1, 3)),
        Case(
            "property",
            "0 for a tie and 1 for a perfect forecast",
            1,
            _draw_tie_and_perfect,
            law=_tie_is_zero,
        ),
        Case("edge", "the baseline wins", 1, _draw_skill(4, 2)),
    ),
    mistakes=by_slip(
        _skill_wrong,
        {
            "model-and-baseline-swapped": (
                "swapped",
                "model and baseline changed places: the error of the baseline belongs "
                "below the line of (19.3).",
            ),
            "ratio-instead-of-skill": (
                "ratio",
                "the share of the error that is left; (19.3) is the share saved.",
            ),
            "skill-upside-down": (
                "sign",
                "the sign is the other way round: a better model has a skill above 0, "
                "(19.3).",
            ),
            "skill-in-per-cent": (
                "percent",
                "the skill in per cent; (19.3) is a share, 1 for a perfect forecast.",
            ),
            "difference-not-a-share": (
                "difference",
                "the difference of the two errors, in the unit of y; (19.3) divides "
                "by the error of the baseline.",
            ),
            "root-of-squares": (
                "rmse",
                "skill made with the root of the mean square; (19.3) compares mean "
                "absolute errors.",
            ),
            "squared-errors": (
                "squares",
                "skill made with mean squares; (19.3) compares mean absolute errors.",
            ),
            "signed-errors": (
                "signed",
                "the errors were averaged with their signs, so that high and low "
                "forecasts cancel; (19.3) needs absolute errors.",
            ),
            "compared-with-the-mean": (
                "mean-baseline",
                "the model was compared with the mean of y, not with the baseline "
                "given. Any seasonal forecast beats that mean.",
            ),
            "losses-hidden": (
                "floor",
                "a skill below 0 was raised to 0. If the baseline wins, the number "
                "should say so.",
            ),
            "mean-of-daily-ratios": (
                "daily",
                "the ratio was made day by day and then averaged. One day on which "
                "the baseline happens to be right then outweighs all; average the "
                "errors first, (19.3).",
            ),
        },
    ),
)


# -- the luck of the days -----------------------------------------------------------


def _bootstrap(
    errors: Any, baseline: Any, starts: Any, block: int, level: float, *, slip: str = ""
) -> tuple[Any, Any, Any]:
    N, R = len(errors), len(starts)
    if slip == "moved-back":
        starts = np.minimum(starts, N - block)
    if slip == "backwards":
        starts = starts - (block - 1)
    index = starts[:, :, None] + np.arange(block)
    index = np.minimum(index, N - 1) if slip == "clipped" else index % N
    if slip == "interleaved":
        index = index.transpose(0, 2, 1)
    index = index.reshape(R, -1)[:, : None if slip == "uncut" else N]
    if slip == "starts-only":
        index = starts
    a, b = errors, baseline
    if slip != "signed":
        a, b = np.abs(a), np.abs(b)
    if slip == "swapped":
        a, b = b, a
    below = b.mean() if slip == "baseline-kept" else b[index].mean(axis=1)
    skills = 1 - a[index].mean(axis=1) / below
    if slip == "ratio":
        skills = 1 - skills
    if slip == "daily":
        skills = 1 - (a / b)[index].mean(axis=1)
    tails = [(1 - level) / 2, (1 + level) / 2]
    if slip == "one-sided":
        tails = [1 - level, level]
    if slip == "fixed":
        tails = [0.025, 0.975]
    low, high = np.quantile(skills, tails)
    if slip == "range":
        low, high = skills.min(), skills.max()
    return index, low, high


def _draw_bootstrap(
    N: int, block: int, R: int, level: float, share: float = 0.0
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        baseline = rng.normal(1, 2, size=N)
        errors = rng.normal(0.4, 1, size=N)
        if share:
            errors = share * baseline * rng.choice([-1, 1], size=N)
        starts = rng.integers(0, N, size=(R, -(-N // block)))
        starts[0, 0] = N - 1  # at least one block runs over the end
        drawn = {"errors": errors, "baseline": baseline, "starts": starts}
        return {**drawn, "block": block, "level": level}

    return draw


def _draw_bootstrap_edge(rng: Rng) -> list[Inputs]:
    return [_draw_bootstrap(11, 1, 13, 0.9)(rng), _draw_bootstrap(9, 9, 14, 0.5)(rng)]


def _same_share_everywhere(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(np.array([float(v) for v in values[0][1:]]), 0.75):
        return ""
    return (
        "The model's error is a quarter of the baseline's on every day, so each "
        "resample has skill 0.75, and so has each end of the interval."
    )


BOOTSTRAP = Check(
    name="block-bootstrap",
    assignment=SLUG,
    points=4,
    title="skill_interval",
    asks=(
        "the drawn days index (R, N), as integers, and the two ends low and high of "
        "the interval, numbers"
    ),
    equation="19.3",
    section="The table, and what the loop earned",
    reference=_bootstrap,
    returns=("index", "low", "high"),
    cases=(
        Case("value", "days and interval", 2, _draw_bootstrap(23, 5, 31, 0.8)),
        Case(
            "property",
            "a quarter of the error on every day",
            1,
            _draw_bootstrap(17, 3, 19, 0.9, share=0.25),
            law=_same_share_everywhere,
        ),
        Case("edge", "blocks of one day; one block", 1, _draw_bootstrap_edge),
    ),
    mistakes=by_slip(
        _bootstrap,
        {
            "blocks-do-not-wrap": (
                "clipped",
                "a block that passes the last day repeats that day. It should go on "
                "at the first day, as on a ring.",
            ),
            "blocks-moved-back": (
                "moved-back",
                "a block near the end was moved back until it fitted. Then days at "
                "both ends are drawn too rarely; let it go on at the first day.",
            ),
            "blocks-end-at-their-start": (
                "backwards",
                "a block holds the days up to its start; it begins there and runs on.",
            ),
            "blocks-interleaved": (
                "interleaved",
                "the blocks were dealt out in turns, first the first day of each. "
                "Days of one block should stay side by side.",
            ),
            "not-cut-to-N": (
                "uncut",
                "a resample has more days than the test part: the last block has to "
                "be cut so that N days remain.",
            ),
            "starts-without-their-blocks": (
                "starts-only",
                "only the first day of each block was drawn, not the days after it.",
            ),
            "baseline-not-resampled": (
                "baseline-kept",
                "the baseline's error was averaged over all days, the model's over "
                "the drawn ones. Both belong to the same days.",
            ),
            "errors-kept-their-sign": (
                "signed",
                "the days are right, and the errors entered (19.3) with their signs.",
            ),
            "errors-swapped": (
                "swapped",
                "the days are right, and model and baseline changed places in (19.3).",
            ),
            "ratio-not-skill": (
                "ratio",
                "the interval is that of the ratio of the errors; (19.3) takes it "
                "from 1.",
            ),
            "ratio-day-by-day": (
                "daily",
                "the ratio was made for each day before averaging; in (19.3) the means "
                "come first.",
            ),
            "tails-not-halved": (
                "one-sided",
                "the whole of 1 - level was cut off at each end. The two ends share "
                "it.",
            ),
            "level-ignored": (
                "fixed",
                "the interval is that of 95 %, whatever level was asked for.",
            ),
            "smallest-and-largest": (
                "range",
                "the ends are the smallest and the largest skill of all resamples: "
                "they grow with the number of draws.",
            ),
        },
    ),
)


# -- the band -----------------------------------------------------------------------


def _band(residuals: Any, y: Any, y_hat: Any, level: float) -> tuple[float, float]:
    from rnncourse.forecasting import conformal_interval, coverage

    q = conformal_interval(residuals, level=level)
    return q, coverage(y, y_hat - q, y_hat + q)


def _band_wrong(
    residuals: Any, y: Any, y_hat: Any, level: float, *, slip: str
) -> tuple[float, float]:
    N = len(residuals)
    sizes = np.sort(residuals if slip == "signed-q" else np.abs(residuals))
    share = {"alpha": 1 - level, "two-sided": (1 + level) / 2}.get(slip, level)
    rank = math.ceil((N if slip == "no-plus-one" else N + 1) * share)
    if slip == "rank":
        rank += 1
    q = sizes[min(rank, N) - 1]
    if slip == "interpolated":
        q = np.quantile(sizes, level)
    if slip == "deviation":
        q = 2 * np.std(residuals)
    if slip == "test-days":
        errors = np.sort(np.abs(y - y_hat))
        q = errors[min(math.ceil((len(y) + 1) * level), len(y)) - 1]
    e = y - y_hat
    inside = np.abs(e) <= q
    if slip == "signed-coverage":
        inside = e <= q
    if slip == "open-ends":
        inside = np.abs(e) < q
    if slip == "half-width":
        inside = np.abs(e) <= q / 2
    if slip == "validation":
        inside = np.abs(residuals) <= q
    if slip == "missed":
        inside = ~inside
    found = inside.sum() if slip == "count" else inside.mean()
    return (2 * q if slip == "whole" else q), found


def _draw_band(N: int, M: int, level: float) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        y_hat = _daily(rng, M)
        y = y_hat + rng.normal(0, 4, size=M)
        # one day far above and one far below, so that both ends of the band matter
        y[:2] = y_hat[:2] + [30, -30]
        residuals = rng.normal(0.8, 3, size=N)
        return {"residuals": residuals, "y": y, "y_hat": y_hat, "level": level}

    return draw


def _draw_turned(rng: Rng) -> list[Inputs]:
    once = _draw_band(31, 43, 0.8)(rng)
    return [once, {**once, "residuals": -once["residuals"]}]


def _sign_does_not_matter(calls: list[Inputs], values: list[Any]) -> str:
    if np.isclose(float(values[0][0]), float(values[1][0])):
        return ""
    return (
        "Turning the sign of every residual changed the width. The band reaches as far "
        "up as down; only the sizes count."
    )


def _draw_ends(rng: Rng) -> list[Inputs]:
    """Draw small whole numbers, so that some days lie exactly on an end."""
    residuals = rng.permutation(np.arange(1.0, 10.0)) * rng.choice([-1, 1], size=9)
    y_hat = rng.integers(20, 60, size=7).astype(float)
    y = y_hat + rng.permutation([9.0, -9.0, 2.0, 0.0, 10.0, -12.0, 4.0])
    few = {"residuals": residuals, "y": y, "y_hat": y_hat, "level": 0.9}
    return [few, _draw_band(3, 5, 0.5)(rng)]


BAND = Check(
    name="conformal-band",
    assignment=SLUG,
    points=4,
    title="conformal_band",
    asks=(
        "the half-width q, the ceil((N + 1) level)-th smallest of the N absolute "
        "residuals, and the coverage, the share of test days inside the band, ends "
        "included"
    ),
    equation="19.5",
    section="A forecast without an error is half a forecast",
    reference=_band,
    returns=("q", "coverage"),
    cases=(
        Case("value", "half-width and coverage", 2, _draw_band(40, 53, 0.9)),
        Case(
            "property",
            "the sign of the residuals does not matter",
            1,
            _draw_turned,
            law=_sign_does_not_matter,
        ),
        Case("edge", "few residuals; days exactly on an end", 1, _draw_ends),
    ),
    mistakes=by_slip(
        _band_wrong,
        {
            "plus-one-forgotten": (
                "no-plus-one",
                "the rank was counted among N residuals. The day to come is one more: "
                "with N + 1 the promise of (19.5) holds for few residuals too.",
            ),
            "quantile-between-residuals": (
                "interpolated",
                "q is a quantile that lies between two residuals, without the "
                "correction for the day to come. (19.5) takes one of the residuals, "
                "by its rank.",
            ),
            "rank-one-too-far": (
                "rank",
                "q is the next larger residual: Python counts from 0, ranks count "
                "from 1.",
            ),
            "one-sided-residuals": (
                "signed-q",
                "the residuals were sorted with their signs, so that large negative "
                "ones come first. (19.5) takes their absolute values.",
            ),
            "tails-halved": (
                "two-sided",
                "the missing share was halved as for an interval with two tails. "
                "Absolute residuals hold both tails already, (19.5).",
            ),
            "alpha-instead-of-level": (
                "alpha",
                "q is so small that most days lie outside: the share to be missed was "
                "taken for the share to be held.",
            ),
            "band-from-deviation": (
                "deviation",
                "q is two standard deviations. That trusts a bell curve and does not "
                "listen to the level; (19.5) reads q off the residuals.",
            ),
            "band-from-test-days": (
                "test-days",
                "q was measured on the test days themselves, where the band is then "
                "judged. It comes from the residuals of the validation days, (19.5).",
            ),
            "whole-width-returned": (
                "whole",
                "the coverage is right, and the whole width of the band came for q; "
                "the half was asked for.",
            ),
            "half-of-the-half-width": (
                "half-width",
                "q is right, and was halved before counting, as if it were the whole "
                "width; (19.6) goes q up and q down.",
            ),
            "coverage-of-signed-errors": (
                "signed-coverage",
                "a day far below its band counted as inside: only the upper end was "
                "looked at. (19.6) has two.",
            ),
            "ends-left-out": (
                "open-ends",
                "days exactly on an end of the band were counted as outside; in "
                "(19.6) the ends belong to it.",
            ),
            "misses-counted": (
                "missed",
                "the share outside of the band; (19.6) is the share inside.",
            ),
            "count-instead-of-share": (
                "count",
                "the number of days inside; (19.6) divides by the number of days.",
            ),
            "coverage-on-validation-days": (
                "validation",
                "the coverage was counted on the validation residuals, where it is "
                "right by construction. (19.6) asks the test days.",
            ),
        },
    ),
)


CHECKS = (
    WINDOWS,
    SCALER,
    AUTOREGRESSION,
    CALENDAR,
    BACKTEST,
    SKILL,
    BOOTSTRAP,
    BAND,
)

"""Forecasts of a series: windows, honest baselines, and how to compare fairly.

Every baseline forecasts one step ahead: the forecast for day t may use days before t
and what the calendar says of day t, nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.validate import check_finite, check_shape, check_size

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Mask = NDArray[np.bool_]

WEEKDAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)

# The seven fixed days that the list of baselines treats as Sundays of their own kind.
FIXED_HOLIDAYS = ("01-01", "05-01", "10-03", "12-24", "12-25", "12-26", "12-31")


# -- windows, splits, scales -------------------------------------------------------


def make_windows(
    series: Floats, length: int, horizon: int = 1, stride: int = 1
) -> tuple[Floats, Floats]:
    """Cut a series into features and labels.

    Window n holds ``series[n * stride : n * stride + length]`` and its labels are the
    ``horizon`` values right after it.

    Parameters
    ----------
    series : (N,) array of float
    length, horizon, stride : int
        At least 1 each.

    Returns
    -------
    X : (M, length) array
    Y : (M, horizon) array
        Copies, of the dtype of ``series``.

    Raises
    ------
    ValueError
        If the series is too short for one window, or holds NaN or an infinity.
    """
    single = np.asarray(series).dtype == np.float32
    series = _series("series", series)
    for name, size in (("length", length), ("horizon", horizon), ("stride", stride)):
        check_size(name, size)
    if len(series) < length + horizon:
        raise ValueError(
            f"series must have at least length + horizon = {length + horizon} values, "
            f"got {len(series)}"
        )
    both = np.lib.stride_tricks.sliding_window_view(series, length + horizon)[::stride]
    dtype = np.float32 if single else np.float64
    return both[:, :length].astype(dtype), both[:, length:].astype(dtype)


def window_features(
    z: Floats, length: int, known: Floats | None = None
) -> tuple[Floats, Floats]:
    """Put beside each value of a window what was known of its day.

    Window n forecasts day ``n + length``; ``make_windows`` gives its values and label.

    Parameters
    ----------
    z : (N,) array
        The series, scaled.
    length : int
        Days in a window.
    known : (N, F) array, optional
        What is known of each day in advance, such as :func:`calendar_features`.

    Returns
    -------
    xs : (N - length, length, 1 + F) array
        Value and known features of each day of the window; no day after it.
    target : (N - length, F) array
        Known features of the day to be forecast.
    """
    values, _ = make_windows(z, length)
    if known is None:
        return values[:, :, None], np.empty((len(values), 0))
    known = np.asarray(known, dtype=float)
    check_shape("known", known, "N F", N=len(z))
    check_finite("known", known)
    rolled = np.lib.stride_tricks.sliding_window_view(known, length, axis=0)[:-1]
    xs = np.concatenate([values[:, :, None], rolled.transpose(0, 2, 1)], axis=2)
    return xs, known[length:]


class Split(NamedTuple):
    """Boolean masks over the days: fit, then validate, then test."""

    train: Mask
    validation: Mask
    test: Mask


@overload
def chronological_split(
    dates: Dates, validation_from: Any, test_from: Any, /
) -> Split: ...
@overload
def chronological_split(dates: Dates, *bounds: Any) -> tuple[Mask, ...]: ...
def chronological_split(dates: Dates, *bounds: Any) -> tuple[Mask, ...]:
    """Split days in order of time, so that nothing later is learnt from.

    Parameters
    ----------
    dates : (N,) datetime64 array, increasing
    *bounds : date, such as ``"2015-01-01"``
        First day of the second part, of the third part, and so on.

    Returns
    -------
    Split or tuple of (N,) bool arrays
        With two bounds a :class:`Split` with the names train, validation and test,
        otherwise a plain tuple of one mask more than bounds. Each day is in one part.

    Raises
    ------
    TypeError
        If ``dates`` are not datetime64.
    ValueError
        If days or bounds are not in order or a part would be empty.
    """
    dates = _dates("dates", dates)
    if np.any(np.diff(dates) <= np.timedelta64(0)):
        raise ValueError("dates must increase from each to the next")
    if not bounds:
        raise ValueError("bounds must hold at least one date, got none")
    edges = [_date(bound) for bound in bounds]
    if any(late <= early for early, late in zip(edges, edges[1:], strict=False)):
        raise ValueError(f"bounds must increase, got {', '.join(map(str, edges))}")
    part_of = np.zeros(len(dates), dtype=int)
    for edge in edges:
        part_of += dates >= edge
    parts = tuple(part_of == k for k in range(len(edges) + 1))
    for k, part in enumerate(parts):
        if not part.any():
            raise ValueError(
                f"bounds must leave days in every part, but part {k} is empty: days "
                f"run {dates[0]} to {dates[-1]}, bounds are "
                f"{', '.join(map(str, edges))}"
            )
    return Split(*parts) if len(parts) == 3 else parts


@dataclass(frozen=True)
class Scaler:
    """Shift and scale to mean 0 and standard deviation 1 (19.4).

    Fit it on the training part only: ``Scaler.fit(y[split.train])``.
    """

    mean: Any
    std: Any

    @classmethod
    def fit(cls, values: Floats) -> Scaler:
        """Measure mean and standard deviation along the first axis.

        Raises
        ------
        ValueError
            If there is nothing to measure, or a column does not vary.
        """
        values = np.asarray(values, dtype=float)
        if values.ndim == 0 or len(values) == 0:
            raise ValueError(f"values must not be empty, got shape {values.shape}")
        check_finite("values", values)
        std = values.std(axis=0)
        if np.any(std == 0):
            raise ValueError("values must vary; a standard deviation is 0")
        return cls(values.mean(axis=0), std)

    def transform(self, values: Floats) -> Floats:
        """Return z = (y − μ) / σ."""
        return np.asarray((np.asarray(values) - self.mean) / self.std)  # (19.4)

    def inverse(self, z: Floats) -> Floats:
        """Return y = μ + σ z."""
        return np.asarray(self.mean + self.std * np.asarray(z))


# -- many series, many steps -------------------------------------------------------


def series_windows(
    values: Floats, length: int, horizon: int = 1
) -> tuple[Floats, Floats]:
    """Cut several series that run side by side into windows and what follows them.

    Window n holds ``values[n : n + length]``, its labels ``values[n + length : n +
    length + horizon]``. :func:`make_windows` does the same for one series.

    Parameters
    ----------
    values : (N, D) array
        One column a series. NaN is kept where it stands, in windows and in labels.
    length, horizon : int
        At least 1 each.

    Returns
    -------
    X : (M, length, D) array
    Y : (M, horizon, D) array
        Copies; M = N - length - horizon + 1.

    Raises
    ------
    ValueError
        If the series are too short for one window.
    """
    values = np.asarray(values, dtype=float)
    check_shape("values", values, "N D")
    for name, size in (("length", length), ("horizon", horizon)):
        check_size(name, size)
    both = length + horizon
    if len(values) < both:
        raise ValueError(
            f"values must have at least length + horizon = {both} rows, "
            f"got {len(values)}"
        )
    views = np.lib.stride_tricks.sliding_window_view(values, both, axis=0)
    rows = views.transpose(0, 2, 1)  # (M, length + horizon, D)
    return rows[:, :length].copy(), rows[:, length:].copy()  # (20.4)


def fill_forward(values: Floats) -> Floats:
    """Put the last measured value where there is none, looking back only.

    Parameters
    ----------
    values : (N,) or (N, D) array
        NaN where nothing was measured.

    Returns
    -------
    array of the same shape

    Raises
    ------
    ValueError
        If a series begins with NaN: nothing before it could fill that.
    """
    values = np.asarray(values, dtype=float)
    check_size("len(values)", len(values))
    measured = np.isfinite(values)
    if not measured[0].all():
        raise ValueError("values must begin with a measured row, the first holds NaN")
    rows = np.arange(len(values)).reshape(-1, *(1,) * (values.ndim - 1))
    last = np.maximum.accumulate(np.where(measured, rows, 0), axis=0)
    return np.asarray(np.take_along_axis(values, last, axis=0))  # (20.1)


def clock_features(hours: NDArray[np.datetime64]) -> Floats:
    """Return the hour of day as a point on a circle: 23 and 0 o'clock are neighbours.

    Parameters
    ----------
    hours : (N,) datetime64 array

    Returns
    -------
    (N, 2) array
        Sine and cosine; one turn a day.
    """
    hours = np.asarray(hours)
    if hours.dtype.kind != "M":
        raise TypeError(f"hours must be a datetime64 array, got {hours.dtype}")
    check_shape("hours", hours, "N")
    angle = 2 * np.pi * (hours.astype("datetime64[h]").astype(np.int64) % 24) / 24
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)  # (20.2)


def horizon_errors(Y: Floats, Y_hat: Floats) -> Floats:
    """Return the mean absolute error of each step ahead.

    Parameters
    ----------
    Y : (M, horizon) array
        NaN where nothing was measured; such hours are left out.
    Y_hat : (M, horizon) array
        A forecast for each of them, made from window m.

    Returns
    -------
    (horizon,) array
        Entry h - 1 is the error h steps ahead.

    Raises
    ------
    ValueError
        If a forecast is missing, or a step was never measured.
    """
    Y, Y_hat = np.asarray(Y, dtype=float), np.asarray(Y_hat, dtype=float)
    check_shape("Y", Y, "M horizon")
    check_shape("Y_hat", Y_hat, "M horizon", M=len(Y), horizon=Y.shape[1])
    check_finite("Y_hat", Y_hat)
    if np.isnan(Y).all(axis=0).any():
        raise ValueError("Y must have a measured value at each step ahead")
    return np.asarray(np.nanmean(np.abs(Y - Y_hat), axis=0))  # (20.6)


# -- errors ------------------------------------------------------------------------


def mae(y: Floats, y_hat: Floats) -> float:
    """Return the mean absolute error, in the unit of ``y``."""
    y, y_hat = _pair(y=y, y_hat=y_hat)
    return float(np.mean(np.abs(y - y_hat)))  # (19.2)


def rmse(y: Floats, y_hat: Floats) -> float:
    """Return the root of the mean squared error, in the unit of ``y``."""
    y, y_hat = _pair(y=y, y_hat=y_hat)
    return float(np.sqrt(np.mean((y - y_hat) ** 2)))


def mape(y: Floats, y_hat: Floats) -> float:
    """Return the mean absolute error as a percentage of the true values."""
    y, y_hat = _pair(y=y, y_hat=y_hat)
    if np.any(y == 0):
        raise ValueError("y must not be 0 anywhere, a percentage of it is asked for")
    return float(100 * np.mean(np.abs((y - y_hat) / y)))


# -- baselines ---------------------------------------------------------------------


def persistence(y: Floats, index: Any = None) -> Floats:
    """Forecast each day by the day before it; NaN where there is none.

    Parameters
    ----------
    y : (N,) array
    index : (N,) bool array or array of int, optional
        The days to forecast; all of them without it.
    """
    return seasonal_naive(y, index, period=1)


def seasonal_naive(y: Floats, index: Any = None, *, period: int = 7) -> Floats:
    """Forecast each day by the same day one period earlier; NaN where there is none.

    Parameters
    ----------
    y : (N,) array
    index : (N,) bool array or array of int, optional
        The days to forecast; all of them without it.
    period : int
        In steps: 7 for a week of days, 364 for the same weekday a year ago.
    """
    return _pick(lagged(y, period), index)


def weekly_difference(y: Floats, index: Any = None) -> Floats:
    """Forecast the same day of last week, moved by what changed since: y₇ + y₁ − y₈.

    Parameters are those of :func:`persistence`.
    """
    return _pick(lagged(y, 7) + lagged(y, 1) - lagged(y, 8), index)


def lagged(y: Floats, lag: int) -> Floats:
    """Return the series ``lag`` ≥ 1 steps late; its first ``lag`` values are NaN."""
    y = _series("y", y)
    check_size("lag", lag)
    late = np.full(len(y), np.nan)
    late[lag:] = y[:-lag]
    return late


def lag_matrix(y: Floats, order: int) -> Floats:
    """Return (N, order): row t holds y[t-1], …, y[t-order]; NaN before the start."""
    check_size("order", order)
    return np.stack([lagged(y, k) for k in range(1, order + 1)], axis=1)


def linear_forecast(
    y: Floats,
    fit: Mask,
    test: Any = None,
    *,
    order: int,
    extra: Floats | None = None,
) -> Floats:
    """Fit an autoregression by least squares and forecast one step ahead.

    Parameters
    ----------
    y : (N,) array
    fit : (N,) bool array
        The days whose values may be learnt from.
    test : (N,) bool array or array of int, optional
        The days to forecast; all of them without it.
    order : int
        How many days back the forecast looks.
    extra : (N, F) array, optional
        What is known of each day beforehand, such as :func:`weekday_dummies`.

    Returns
    -------
    (M,) array
        One forecast for each day of ``test``; NaN for the first ``order`` days.

    Raises
    ------
    ValueError
        If there are fewer days to learn from than coefficients.
    """
    y = _series("y", y)
    fit = _mask("fit", fit, len(y))
    columns = [lag_matrix(y, order), np.ones((len(y), 1))]
    if extra is not None:
        extra = np.asarray(extra, dtype=float)
        check_shape("extra", extra, "N F", N=len(y))
        check_finite("extra", extra)
        columns.append(extra)
    X = np.concatenate(columns, axis=1)
    usable = fit & np.isfinite(X).all(axis=1)
    if usable.sum() < X.shape[1]:
        raise ValueError(
            f"fit must keep at least {X.shape[1]} days with {order} days before them, "
            f"got {int(usable.sum())}"
        )
    w = np.linalg.lstsq(X[usable], y[usable], rcond=None)[0]
    return _pick(np.asarray(X @ w), test)  # (19.1)


def fit_linear_ar(y: Floats, fit: Mask, test: Any = None, *, order: int = 33) -> Floats:
    """Fit ŷ = b + Σ w_k y_{t−k} and forecast; see :func:`linear_forecast`."""
    return linear_forecast(y, fit, test, order=order)


def fit_ar_weekday(
    dates: Dates, y: Floats, fit: Mask, test: Any = None, *, order: int = 7
) -> Floats:
    """Fit an autoregression with a constant for each weekday; then forecast.

    Parameters and errors are those of :func:`linear_forecast`.
    """
    return linear_forecast(y, fit, test, order=order, extra=weekday_dummies(dates))


def weekday_dummies(dates: Dates) -> Floats:
    """Return (N, 6): a 1 for Tuesday to Sunday, Monday being the constant."""
    return weekday_one_hot(dates)[:, 1:]


def weekday_one_hot(dates: Dates) -> Floats:
    """Return (N, 7): a 1 in the column of each day's weekday, Monday first."""
    days = _dates("dates", dates).astype(np.int64)
    return np.eye(7)[(days + 3) % 7]  # 1970-01-01 was a Thursday


def fixed_holiday_dummy(dates: Dates) -> Floats:
    """Return (N, 1): a 1 on each of ``FIXED_HOLIDAYS``."""
    days = np.datetime_as_string(_dates("dates", dates))
    return np.array([[float(day[-5:] in FIXED_HOLIDAYS)] for day in days])


def energy_baselines(dates: Dates, y: Floats, fit: Mask) -> dict[str, Floats]:
    """Return the forecasts of the baselines that a network has to beat, for all days.

    Parameters
    ----------
    dates : (N,) datetime64 array
    y : (N,) array
    fit : (N,) bool array
        The days that the three linear models may learn from.

    Returns
    -------
    dict of name to (N,) array
        NaN on the first days of each, which have too little before them.
    """
    week = weekday_dummies(dates)
    known = np.concatenate([week, fixed_holiday_dummy(dates)], axis=1)
    return {
        "persistence": persistence(y),
        "seasonal naive": seasonal_naive(y, period=7),
        "weekly difference": weekly_difference(y),
        "same weekday last year": seasonal_naive(y, period=364),
        "linear AR(33)": fit_linear_ar(y, fit, order=33),
        "AR(7) + weekday": fit_ar_weekday(dates, y, fit, order=7),
        "AR(14) + weekday + holidays": linear_forecast(y, fit, order=14, extra=known),
    }


# -- the calendar, known in advance ------------------------------------------------


def german_holidays(years: Any) -> dict[np.datetime64, str]:
    """Return the days that are public holidays in all of Germany, with their names.

    Parameters
    ----------
    years : int or iterable of int

    Returns
    -------
    dict of datetime64[D] to str
        Nine a year since 1995; ten in 2017, when 31 October, 500 years after the
        beginning of the Reformation, was one in all of Germany for once.
    """
    import holidays

    years = {years} if isinstance(years, (int, np.integer)) else set(years)
    days = holidays.country_holidays(
        "DE", years=sorted(int(year) for year in years), language="en_US"
    )
    return {np.datetime64(day, "D"): name for day, name in sorted(days.items())}


def bridge_days(dates: Dates) -> Mask:
    """Return which days are working days between a public holiday and a weekend."""
    days = _dates("dates", dates)
    one = np.timedelta64(1, "D")
    free = np.array(list(german_holidays(_years(days))))
    weekday = weekday_one_hot(days).argmax(axis=1)
    monday = (weekday == 0) & np.isin(days + one, free)
    friday = (weekday == 4) & np.isin(days - one, free)
    return np.asarray((monday | friday) & ~np.isin(days, free))


def calendar_features(dates: Dates) -> tuple[Floats, list[str]]:
    """Return what the calendar says of each day, all of it known years ahead.

    Parameters
    ----------
    dates : (N,) datetime64 array
        In any order.

    Returns
    -------
    features : (N, 12) array
        Weekday (seven columns of 0 and 1), public holiday in all of Germany, bridge
        day (a working day between a holiday and a weekend), Christmas time (24
        December to 1 January), and a yearly sine and cosine.
    names : list of str
        Of the columns.
    """
    days = _dates("dates", dates)
    holiday = np.isin(days, np.array(list(german_holidays(_years(days)))))
    month = days.astype("datetime64[M]").astype(int) % 12 + 1
    day = (days - days.astype("datetime64[M]")).astype(int) + 1
    christmas = ((month == 12) & (day >= 24)) | ((month == 1) & (day == 1))
    angle = 2 * np.pi * (days - days.astype("datetime64[Y]")).astype(int) / 365.25
    columns = [holiday, bridge_days(days), christmas, np.sin(angle), np.cos(angle)]
    features = np.concatenate([weekday_one_hot(days), np.stack(columns, axis=1)], 1)
    names = list(WEEKDAYS)
    names += ["holiday", "bridge day", "Christmas time", "yearly sine", "yearly cosine"]
    return features, names


def day_groups(dates: NDArray[np.datetime64]) -> NDArray[np.str_]:
    """Name the kind of each day.

    The first label that fits, of Christmas time, public holiday,
    bridge day, Sunday, Saturday, working day.
    """
    features, names = calendar_features(dates)
    column = dict(zip(names, features.T.astype(bool), strict=True))
    labels = np.full(len(features), "working day", dtype="<U14")
    for label, name in (
        ("Saturday", "Saturday"),
        ("Sunday", "Sunday"),
        ("bridge day", "bridge day"),
        ("public holiday", "holiday"),
        ("Christmas time", "Christmas time"),
    ):
        labels[column[name]] = label
    return labels


# -- fair comparison ---------------------------------------------------------------


class Score(NamedTuple):
    """Errors of one forecast over one part of the days."""

    mae: float
    rmse: float
    mape: float
    days: int


Model = Callable[[Floats, Mask], Floats]


def backtest(
    y: Floats,
    forecasts: Mapping[str, Floats | Model],
    days: Mask,
    *,
    fit: Mask | None = None,
) -> dict[str, Score]:
    """Score forecasts over the same days.

    Parameters
    ----------
    y : (N,) array
    forecasts : mapping of name to (N,) array, or to a function
        A function is called as ``f(y, fit)`` and returns forecasts for all days, as
        :func:`fit_linear_ar` does.
    days : (N,) bool array
        The days to score.
    fit : (N,) bool array, optional
        What functions may learn from: all days before the first one to score without
        it. It may not share a day with ``days`` or come after the first of them.

    Returns
    -------
    dict of name to Score

    Raises
    ------
    ValueError
        If a forecast is missing on one of the days: scores over different days
        cannot be compared.
    """
    y = _series("y", y)
    days = _mask("days", days, len(y))
    if not days.any():
        raise ValueError("days must keep at least one day, got none")
    first = int(days.argmax())
    fit = np.arange(len(y)) < first if fit is None else _mask("fit", fit, len(y))
    if fit[first:].any():
        late = first + int(fit[first:].argmax())
        raise ValueError(
            f"fit must end before the first day to score, {first}, got day {late}"
        )
    scores = {}
    for name, found in forecasts.items():
        y_hat = np.asarray(found(y, fit) if callable(found) else found, dtype=float)
        check_shape(f"forecasts[{name!r}]", y_hat, "N", N=len(y))
        missing = int((~np.isfinite(y_hat[days])).sum())
        if missing:
            raise ValueError(
                f"forecasts[{name!r}] must have a value on each of the "
                f"{int(days.sum())} days, {missing} are missing"
            )
        part, guess = y[days], y_hat[days]
        errors = mae(part, guess), rmse(part, guess), mape(part, guess)
        scores[name] = Score(*errors, int(days.sum()))
    return scores


def skill_score(error_model: float, error_baseline: float) -> float:
    """Return which share of the baseline's error the model saves; 0 is a tie.

    Parameters
    ----------
    error_model, error_baseline : float
        Mean absolute errors over the same days.
    """
    if not 0 < error_baseline < np.inf:
        raise ValueError(f"error_baseline must be positive, got {error_baseline}")
    if not 0 <= error_model < np.inf:
        raise ValueError(f"error_model must not be negative, got {error_model}")
    return 1 - error_model / error_baseline  # (19.3)


def block_bootstrap(
    n: int, *, block: int, n_resamples: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw days in blocks that run on, so that neighbours stay together.

    Returns
    -------
    (n_resamples, n) array of int
        Indices into the days; blocks that pass the end go on at the start.

    References
    ----------
    Politis and Romano, 1992, A circular block-resampling procedure for stationary
    data.
    """
    for name, size in (("n", n), ("block", block), ("n_resamples", n_resamples)):
        check_size(name, size)
    if block > n:
        raise ValueError(f"block must be at most n={n}, got {block}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy Generator, got {type(rng).__name__}")
    starts = rng.integers(0, n, size=(n_resamples, -(-n // block), 1))
    runs = (starts + np.arange(block)) % n
    return np.asarray(runs.reshape(n_resamples, -1)[:, :n])


def skill_interval(
    errors_model: Floats,
    errors_baseline: Floats,
    *,
    block: int = 7,
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Return the skill and an interval that allows for the luck of these days.

    Parameters
    ----------
    errors_model, errors_baseline : (N,) arrays
        Errors on the same days; their absolute values are used. The two are
        resampled together.
    block : int
        Days that stay together, about as long as errors remember each other.
    n_resamples : int
    level : float
        In (0, 1).
    seed : int

    Returns
    -------
    skill, low, high : float
        Skill over all days, and the percentiles of the skill over resampled days.

    Raises
    ------
    ValueError
        If the baseline is right on all days of a resample, so that nothing is left to
        compare with.
    """
    a, b = _pair(errors_model=errors_model, errors_baseline=errors_baseline)
    _level(level)
    check_size("seed", seed, least=0)
    a, b = np.abs(a), np.abs(b)
    rng = np.random.default_rng(seed)
    draw = block_bootstrap(len(a), block=block, n_resamples=n_resamples, rng=rng)
    means = b[draw].mean(axis=1)
    if not means.all():
        raise ValueError("errors_baseline must not be 0 on all days of a resample")
    skills = 1 - a[draw].mean(axis=1) / means
    low, high = np.quantile(skills, [(1 - level) / 2, (1 + level) / 2])
    return skill_score(float(a.mean()), float(b.mean())), float(low), float(high)


def conformal_interval(residuals: Floats, *, level: float = 0.9) -> float:
    """Return the half-width q of a prediction interval ŷ ± q.

    Parameters
    ----------
    residuals : (N,) array
        Errors on days that the model was not fitted on (split conformal).
    level : float
        Share of future days that the interval shall hold, in (0, 1).

    Returns
    -------
    float
        The ⌈(N + 1) · level⌉-th smallest absolute residual.

    Raises
    ------
    ValueError
        If there are too few residuals for the level.

    References
    ----------
    Lei et al., 2018, Distribution-free predictive inference for regression,
    arXiv:1604.04173.
    """
    residuals = _series("residuals", residuals)
    exact = _level(level)  # 0.9 is 9/10 here, so that no rounding moves the rank
    rank = math.ceil((len(residuals) + 1) * exact)
    if rank > len(residuals):
        raise ValueError(
            f"residuals must be at least {math.ceil(exact / (1 - exact))} for "
            f"level={level}, got {len(residuals)}"
        )
    return float(np.sort(np.abs(residuals))[rank - 1])  # (19.5)


def coverage(y: Floats, low: Floats, high: Floats) -> float:
    """Return the share of true values (N,) that lie in their intervals, ends included.

    Parameters
    ----------
    y, low, high : (N,) arrays
    """
    y, low = _pair(y=y, low=low)
    _, high = _pair(y=y, high=high)
    if np.any(low > high):
        at = int(np.argmax(low > high))
        raise ValueError(
            f"low must not exceed high, got {low[at]} > {high[at]} at {at}"
        )
    return float(np.mean((low <= y) & (y <= high)))  # (19.6)


# -- bands whose width depends on the day --------------------------------------------


def predictive_moments(samples: Floats, noise: float = 0.0) -> tuple[Floats, Floats]:
    """Return mean and variance of a forecast of which there are several draws.

    Parameters
    ----------
    samples : (S, N) array
        Forecasts of N days by S networks, such as S passes with dropout left on.
        At least two.
    noise : float
        Variance of what no network can forecast, not negative.

    Returns
    -------
    mean, variance : (N,) arrays
        The variance is that of a new observation: noise and disagreement add.

    References
    ----------
    Gal and Ghahramani, 2016, Dropout as a Bayesian approximation, arXiv:1506.02142.

    Examples
    --------
    >>> predictive_moments(np.array([[1.0, 4.0], [3.0, 4.0]]), noise=0.5)
    (array([2., 4.]), array([2.5, 0.5]))
    """
    samples = np.asarray(samples, dtype=float)
    check_shape("samples", samples, "S N")
    if len(samples) < 2:
        raise ValueError(f"samples must have at least 2 rows, got {len(samples)}")
    if noise < 0:
        raise ValueError(f"noise must not be negative, got {noise}")
    mean = samples.mean(axis=0)  # (24.19)
    return mean, noise + samples.var(axis=0, ddof=1)  # (24.21)


def noise_variance(residuals: Floats, spread: Floats) -> float:
    """Return the variance that the disagreement of networks leaves unexplained.

    Parameters
    ----------
    residuals : (N,) array
        Errors of the mean forecast on days that the networks were not fitted on.
    spread : (N,) array
        Variance between the networks on the same days.

    Returns
    -------
    float
        Mean squared residual less mean spread; 0 where that is negative.

    Examples
    --------
    >>> noise_variance(np.array([3.0, -1.0]), np.array([1.0, 2.0]))
    3.5
    """
    residuals, spread = _pair(residuals=residuals, spread=spread)
    return max(0.0, float(np.mean(residuals**2 - spread)))  # (24.22)


def interval_score(y: Floats, low: Floats, high: Floats, *, level: float) -> float:
    """Return the mean width of intervals plus a fine for each value outside.

    Parameters
    ----------
    y, low, high : (N,) arrays
    level : float
        Promised share inside. The fine is the distance to the interval times
        2 / (1 - level), so that neither wide nor narrow bands pay.

    Returns
    -------
    float
        In the unit of y; small is good.

    References
    ----------
    Gneiting and Raftery, 2007, Strictly proper scoring rules, equation 43.

    Examples
    --------
    >>> one = np.array([1.0])
    >>> interval_score(one, 0 * one, 4 * one, level=0.5)
    4.0
    >>> interval_score(5 * one, 0 * one, 4 * one, level=0.5)
    8.0
    """
    y, low = _pair(y=y, low=low)
    _, high = _pair(y=y, high=high)
    fine = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    return float(np.mean(high - low + 2 / (1 - float(_level(level))) * fine))  # (24.25)


def error_by_group(
    errors: Floats, groups: NDArray[Any]
) -> dict[str, tuple[float, int]]:
    """Return mean absolute error and number of days for each label, in label order."""
    errors, groups = _series("errors", errors), np.asarray(groups)
    check_shape("groups", groups, "N", N=len(errors))
    return {
        str(g): (float(np.abs(errors[groups == g]).mean()), int((groups == g).sum()))
        for g in np.unique(groups)
    }


def rolling_origin(
    y: Floats,
    forecast: Model,
    origins: Sequence[int],
) -> Floats:
    """Refit at each origin and forecast up to the next, as one would in use.

    Parameters
    ----------
    y : (N,) array
    forecast : callable
        ``forecast(y, fit)`` returns forecasts for every day.
    origins : sequence of int, increasing
        Days before ``origins[k]`` may be learnt from for the forecasts of
        ``origins[k]`` up to ``origins[k + 1]``.

    Returns
    -------
    (N,) array
        NaN before the first origin.
    """
    y = _series("y", y)
    origins = list(origins)
    if not origins or any(b <= a for a, b in zip(origins, origins[1:], strict=False)):
        raise ValueError(f"origins must increase and not be empty, got {origins}")
    if origins[0] < 1 or origins[-1] >= len(y):
        raise ValueError(f"origins must lie in 1..{len(y) - 1}, got {origins}")
    result = np.full(len(y), np.nan)
    for start, end in zip(origins, [*origins[1:], len(y)], strict=True):
        fit = np.arange(len(y)) < start
        y_hat = np.asarray(forecast(y, fit), dtype=float)
        check_shape("forecast(y, fit)", y_hat, "N", N=len(y))
        result[start:end] = y_hat[start:end]
    return result


# -- is there anything to forecast -------------------------------------------------


class VarianceRatio(NamedTuple):
    """Variance of q-day returns over q times that of one day, and its z."""

    ratio: float
    z: float


def variance_ratio(r: Floats, q: int) -> VarianceRatio:
    """Test whether returns add up as those of a random walk do.

    Parameters
    ----------
    r : (n,) array
        Returns, not all equal.
    q : int
        Days that are added up, from 2 to n - 1.

    Returns
    -------
    VarianceRatio
        The ratio is near 1 for a random walk, above for trends, below for returns
        that take themselves back. ``z`` is about standard normal for a walk, and
        allows for wild and calm weeks.

    References
    ----------
    Lo and MacKinlay, 1988, Stock market prices do not follow random walks.

    Examples
    --------
    >>> variance_ratio(np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0]), 2).ratio
    0.0
    """
    r = _series("r", r)
    check_size("q", q, least=2)
    if q >= len(r):
        raise ValueError(f"q must be less than the {len(r)} returns, got {q}")
    e = r - r.mean()
    total = np.sum(e**2)
    if total <= 1e-24 * max(1.0, np.sum(r**2)):
        raise ValueError("r must not be the same on all days")
    sums = np.convolve(e, np.ones(q), "valid")
    ratio = np.mean(sums**2) / (q * total / len(r))  # (21.8)
    theta = 0.0
    for k in range(1, q):
        delta = np.sum(e[k:] ** 2 * e[:-k] ** 2) / total**2
        theta += (2 * (1 - k / q)) ** 2 * delta
    if theta == 0:
        raise ValueError("r must be other than its mean on days near each other")
    return VarianceRatio(float(ratio), float((ratio - 1) / np.sqrt(theta)))  # (21.9)


class DirectionTest(NamedTuple):
    """Share of hits, the share that luck would give, and z."""

    hits: float
    luck: float
    z: float


def direction_test(r: Floats, r_hat: Floats) -> DirectionTest:
    """Test whether forecasts know on which days a series rises.

    Parameters
    ----------
    r, r_hat : (n,) arrays
        Returns and their forecasts. Above 0 is up, all else is not; each must be up
        on some days and not on others.

    Returns
    -------
    DirectionTest
        ``luck`` keeps how often either is up. ``z`` is about standard normal where
        they have nothing to do with each other.

    References
    ----------
    Close to Pesaran and Timmermann, 1992, A simple nonparametric test of predictive
    performance.

    Examples
    --------
    >>> r = np.array([1.0, -1.0, 2.0, -2.0])
    >>> direction_test(r, np.array([3.0, 0.5, 1.0, -1.0]))[:2]
    (0.75, 0.5)
    """
    r, r_hat = _pair(r=r, r_hat=r_hat)
    up, said = r > 0, r_hat > 0
    p, s = float(up.mean()), float(said.mean())
    for name, share in (("r", p), ("r_hat", s)):
        if share in (0, 1):
            raise ValueError(f"{name} must be above 0 on some days and not on others")
    hits = float(np.mean(up == said))
    luck = p * s + (1 - p) * (1 - s)  # (21.10)
    spread = 2 * math.sqrt(p * (1 - p) * s * (1 - s))
    z = math.sqrt(len(r)) * (hits - luck) / spread  # (21.11)
    return DirectionTest(hits, luck, z)


def _series(name: str, values: Any) -> Floats:
    try:
        values = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must hold numbers, got {values!r:.60}") from None
    check_shape(name, values, "N")
    if len(values) == 0:
        raise ValueError(f"{name} must not be empty")
    check_finite(name, values)
    return np.asarray(values)


def _pair(**both: Any) -> tuple[Floats, Floats]:
    (name_a, a), (name_b, b) = both.items()
    a, b = _series(name_a, a), _series(name_b, b)
    if a.shape != b.shape:
        raise ValueError(
            f"{name_b} must be as long as {name_a}, got {len(b)} and {len(a)}"
        )
    return a, b


def _mask(name: str, mask: Any, n: int) -> Mask:
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"{name} must be a bool array, got {mask.dtype}")
    check_shape(name, mask, "N", N=n)
    return np.asarray(mask, dtype=bool)


def _pick(y_hat: Floats, index: Any) -> Floats:
    """Return the forecasts of the days asked for; all days where index is None."""
    if index is None:
        return y_hat
    index = np.asarray(index)
    if index.dtype == bool:
        return y_hat[_mask("index", index, len(y_hat))]
    if index.ndim != 1 or index.dtype.kind not in "iu":
        raise TypeError(
            "index must be a (N,) bool array or a 1-d array of int, got "
            f"{index.dtype} of shape {index.shape}"
        )
    if index.size and (index.min() < 0 or index.max() >= len(y_hat)):
        raise ValueError(
            f"index must lie in 0..{len(y_hat) - 1}, got {index.min()}..{index.max()}"
        )
    return np.asarray(y_hat[index])


def _dates(name: str, dates: Any) -> Dates:
    dates = np.asarray(dates)
    if dates.dtype.kind != "M":
        raise TypeError(f"{name} must be a datetime64 array, got {dates.dtype}")
    check_shape(name, dates, "N")
    if len(dates) == 0:
        raise ValueError(f"{name} must not be empty")
    if np.isnat(dates).any():
        raise ValueError(f"{name} must be dates, got NaT at {np.isnat(dates).argmax()}")
    return np.asarray(dates.astype("datetime64[D]"))


def _date(value: Any) -> np.datetime64:
    try:
        date = np.datetime64(value, "D")
    except (TypeError, ValueError):
        date = np.datetime64("NaT")
    if np.isnat(date):
        raise ValueError(f"bounds must be dates such as '2015-01-01', got {value!r}")
    return date


def _years(days: Dates) -> range:
    """Return the years of some days, and one more at either end."""
    years = days.astype("datetime64[Y]").astype(int) + 1970
    return range(int(years.min()) - 1, int(years.max()) + 2)


def _level(level: float) -> Fraction:
    """Return the level as the decimal fraction that was written."""
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level!r}")
    return Fraction(repr(float(level)))

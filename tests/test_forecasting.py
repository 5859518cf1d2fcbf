"""Do the baselines give the printed figures, and does no forecast see its own day?"""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnncourse import forecasting as f
from rnncourse.datasets import load_energy

# Germany, one day ahead: MAE, RMSE in GWh, MAPE in percent. The first three columns
# are over 2016 and 2017, linear models fitted on 2006 to 2014; the last three over 2017
# alone, linear models fitted on 2006 to 2015.
PRINTED = {
    "persistence": ("102.30 149.64 7.72", "102.34 149.16 7.73"),
    "seasonal naive": ("50.97 93.09 3.79", "54.10 96.70 4.04"),
    "weekly difference": ("41.14 81.89 3.08", "43.00 84.91 3.23"),
    "same weekday last year": ("40.14 72.59 2.99", "34.68 63.83 2.60"),
    "linear AR(33)": ("35.11 58.59 2.63", "35.79 59.88 2.70"),
    "AR(7) + weekday": ("29.48 54.12 2.24", "30.61 55.52 2.34"),
    "AR(14) + weekday + holidays": ("29.35 51.45 2.23", "30.33 51.56 2.31"),
}
COLUMNS = [("2015-01-01", "2016-01-01"), ("2016-01-01", "2017-01-01")]


@pytest.fixture(scope="module")
def energy():
    return load_energy()


def printed(score):
    return f"{score.mae:.2f} {score.rmse:.2f} {score.mape:.2f}"


# -- the table ---------------------------------------------------------------------


@pytest.mark.parametrize("column", (0, 1), ids=("2016-17", "2017"))
def test_baselines_reproduce_the_printed_digits(column, energy):
    fit_until, test_from = (np.datetime64(day) for day in COLUMNS[column])
    test = energy.dates >= test_from
    forecasts = f.energy_baselines(
        energy.dates, energy.consumption, energy.dates < fit_until
    )
    scores = f.backtest(energy.consumption, forecasts, test)
    assert {name: printed(s) for name, s in scores.items()} == {
        name: columns[column] for name, columns in PRINTED.items()
    }
    assert {s.days for s in scores.values()} == {(731, 365)[column]}


def test_the_same_digits_come_from_each_baseline_called_alone(energy):
    y, dates = energy.consumption, energy.dates
    split = f.chronological_split(dates, "2015-01-01", "2016-01-01")
    where = np.flatnonzero(split.test)
    y_test = y[split.test]
    for guess, wanted in (
        (f.persistence(y, split.test), 102.30),
        (f.persistence(y, where), 102.30),
        (f.seasonal_naive(y, split.test), 50.97),
        (f.seasonal_naive(y, where, period=364), 40.14),
        (f.weekly_difference(y, split.test), 41.14),
        (f.fit_linear_ar(y, split.train, split.test), 35.11),
        (f.fit_ar_weekday(dates, y, split.train, split.test), 29.48),
    ):
        assert guess.shape == y_test.shape
        assert round(f.mae(y_test, guess), 2) == wanted


def test_validation_year_is_not_learnt_from(energy):
    y = energy.consumption.copy()
    split = f.chronological_split(energy.dates, "2015-01-01", "2016-01-01")
    before = f.energy_baselines(energy.dates, y, split.train)
    late = np.flatnonzero(split.test)[400:]
    y[split.validation] += 500  # more than 364 days before the days looked at
    after = f.energy_baselines(energy.dates, y, split.train)
    for name in PRINTED:
        assert np.array_equal(before[name][late], after[name][late]), name


@pytest.mark.parametrize("name", PRINTED)
def test_forecast_of_a_day_sees_neither_that_day_nor_a_later_one(name, energy):
    y, dates = energy.consumption[:900].copy(), energy.dates[:900]
    fit = np.arange(900) < 400
    before = f.energy_baselines(dates, y, fit)[name]
    y[450:] = np.random.default_rng(0).normal(1000, 100, 450)
    after = f.energy_baselines(dates, y, fit)[name]
    assert np.array_equal(before[:451], after[:451], equal_nan=True)
    assert not np.array_equal(before[451:], after[451:], equal_nan=True)


# -- windows -----------------------------------------------------------------------

SERIES = hnp.arrays(
    np.float64, st.integers(2, 60), elements=st.floats(-1e6, 1e6, width=32)
)


@settings(deadline=None)
@given(SERIES, st.integers(1, 12), st.integers(1, 5), st.integers(1, 4))
def test_every_window_is_a_slice_and_its_labels_come_right_after(
    series, length, horizon, stride
):
    if len(series) < length + horizon:
        with pytest.raises(ValueError, match="series must have at least"):
            f.make_windows(series, length, horizon, stride)
        return
    X, Y = f.make_windows(series, length, horizon, stride)
    starts = range(0, len(series) - length - horizon + 1, stride)
    assert len(X) == len(Y) == len(starts)
    for x, y, start in zip(X, Y, starts, strict=True):
        assert np.array_equal(x, series[start : start + length])
        end = start + length
        assert np.array_equal(y, series[end : end + horizon])


@settings(deadline=None)
@given(st.integers(2, 60), st.integers(1, 12), st.integers(1, 5), st.integers(1, 4))
def test_no_label_is_among_its_own_features(n, length, horizon, stride):
    days = np.arange(float(max(n, length + horizon)))  # each value is its own day
    X, Y = f.make_windows(days, length, horizon, stride)
    assert (X.max(axis=1) < Y.min(axis=1)).all()


def test_windows_of_the_deck_are_33_days_and_the_next(energy):
    X, Y = f.make_windows(energy.consumption, 33)
    assert X.shape == (4350, 33)
    assert Y.shape == (4350, 1)
    assert Y[0, 0] == energy.consumption[33]
    assert np.array_equal(X[1:, -1], Y[:-1, 0])


def test_windows_are_copies_and_keep_the_dtype():
    series = np.arange(9, dtype=np.float32)
    X, Y = f.make_windows(series, 3, 2)
    assert X.dtype == Y.dtype == np.float32
    X[:], Y[:] = 0, 0
    assert np.array_equal(series, np.arange(9))


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(1, 12), st.integers(0, 4), st.integers(0, 99))
def test_window_features_stand_beside_their_own_day(n, length, F, seed):
    n = max(n, length + 1)
    rng = np.random.default_rng(seed)
    z, known = rng.normal(size=n), rng.normal(size=(n, F))
    xs, ahead = f.window_features(z, length, known)
    assert xs.shape == (n - length, length, 1 + F)
    assert ahead.shape == (n - length, F)
    for k in range(n - length):
        days = slice(k, k + length)
        assert np.array_equal(xs[k, :, 0], z[days])
        assert np.array_equal(xs[k, :, 1:], known[days])
        assert np.array_equal(ahead[k], known[k + length])
    alone, nothing = f.window_features(z, length)
    assert np.array_equal(alone, xs[:, :, :1])
    assert nothing.shape == (n - length, 0)


def test_window_features_do_not_hold_the_value_to_be_forecast():
    z, known = np.arange(1.0, 41.0), np.zeros((40, 2))
    before = f.window_features(z, 7, known)
    z[20:] += 100  # the first window that may notice forecasts day 21
    after = f.window_features(z, 7, known)
    assert np.array_equal(before[0][:14], after[0][:14])
    assert not np.array_equal(before[0][14], after[0][14])
    assert np.array_equal(before[1], after[1])


# -- splits and scales -------------------------------------------------------------


def test_split_has_the_days_of_the_reference(energy):
    split = f.chronological_split(energy.dates, "2015-01-01", "2016-01-01")
    assert [int(part.sum()) for part in split] == [3287, 365, 731]
    assert energy.dates[split.train][-1] == np.datetime64("2014-12-31")
    assert energy.dates[split.test][0] == np.datetime64("2016-01-01")


@settings(deadline=None)
@given(st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True).map(sorted))
def test_split_puts_each_day_in_one_part_and_parts_in_order(cuts):
    dates = np.datetime64("2001-02-03") + np.arange(100)
    parts = f.chronological_split(dates, *(dates[cut] for cut in cuts))
    assert len(parts) == len(cuts) + 1
    assert np.array_equal(np.sum(parts, axis=0), np.ones(100))
    edges = [np.flatnonzero(part)[0] for part in parts[1:]]
    assert edges == cuts
    for early, late in zip(parts, parts[1:], strict=False):
        assert dates[early].max() < dates[late].min()


def test_split_takes_dates_of_datetime_too():
    dates = np.datetime64("2001-01-01") + np.arange(10)
    a = f.chronological_split(dates, datetime.date(2001, 1, 4))
    b = f.chronological_split(dates, "2001-01-04")
    assert isinstance(a, tuple)
    assert len(a) == 2
    assert np.array_equal(a, b)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-1e3, 1e3), st.floats(0.1, 1e3))
def test_scaler_never_sees_the_test_part(seed, shift, factor):
    rng = np.random.default_rng(seed)
    y = rng.normal(100, 10, size=50)
    train = np.arange(50) < 30
    before = f.Scaler.fit(y[train])
    z = before.transform(y[train])
    y[~train] = shift + factor * y[~train]
    after = f.Scaler.fit(y[train])
    assert (before.mean, before.std) == (after.mean, after.std)
    assert np.array_equal(z, after.transform(y[train]))


@settings(deadline=None)
@given(
    hnp.arrays(np.float64, (20, 3), elements=st.floats(-1e3, 1e3)),
    st.integers(0, 99),
)
def test_scaling_there_and_back_changes_nothing(values, seed):
    values = values + np.random.default_rng(seed).normal(size=values.shape)
    scaler = f.Scaler.fit(values)
    z = scaler.transform(values)
    assert np.allclose(z.mean(axis=0), 0, atol=1e-9)
    assert np.allclose(z.std(axis=0), 1)
    assert np.allclose(scaler.inverse(z), values, rtol=1e-12, atol=1e-9)


def test_scaler_gives_the_values_computed_by_hand():
    scaler = f.Scaler.fit(np.array([1.0, 3.0]))
    assert (scaler.mean, scaler.std) == (2, 1)
    assert scaler.transform([5.0]) == 3
    assert scaler.inverse([3.0]) == 5


# -- errors and baselines, by hand -------------------------------------------------


def test_errors_by_hand():
    y, y_hat = np.array([100.0, 200.0, 400.0]), np.array([110.0, 180.0, 400.0])
    assert f.mae(y, y_hat) == 10
    assert f.rmse(y, y_hat) == pytest.approx(np.sqrt(500 / 3))
    assert f.mape(y, y_hat) == pytest.approx(100 * (0.1 + 0.1) / 3)


def test_naive_forecasts_by_hand():
    y = np.arange(1.0, 11.0) ** 2
    gap = np.nan
    assert np.array_equal(f.persistence(y)[:3], [gap, 1, 4], equal_nan=True)
    assert np.array_equal(f.seasonal_naive(y, [7, 9]), [1, 9])
    assert np.array_equal(f.seasonal_naive(y, [2, 4], period=2), [1, 9])
    # day 9: y[2] + y[8] - y[1] = 9 + 81 - 4
    assert np.array_equal(f.weekly_difference(y, [7, 9]), [gap, 86], equal_nan=True)
    assert np.array_equal(
        f.lag_matrix(y, 2)[:3], [[gap, gap], [1, gap], [4, 1]], equal_nan=True
    )


def test_autoregression_finds_the_coefficients_that_made_the_series():
    y = np.zeros(60)
    y[:2] = 3.0, -1.0
    for t in range(2, 60):
        y[t] = 1.5 * y[t - 1] - 0.9 * y[t - 2] + 2
    y_hat = f.fit_linear_ar(y, np.arange(60) < 30, order=2)
    assert np.isnan(y_hat[:2]).all()
    assert np.allclose(y_hat[2:], y[2:], atol=1e-9)


def test_weekday_model_finds_a_week_that_the_lags_cannot():
    dates = np.datetime64("2001-01-01") + np.arange(140)
    rng = np.random.default_rng(0)
    y = rng.normal(size=140)
    y += 100 * (f.weekday_one_hot(dates) @ np.arange(7))
    late = np.arange(140) >= 100
    plain = f.fit_linear_ar(y, ~late, late, order=1)
    week = f.fit_ar_weekday(dates, y, ~late, late, order=1)
    assert f.mae(y[late], week) < 2 < 20 < f.mae(y[late], plain)


def test_linear_forecast_is_the_least_squares_solution(energy):
    from sklearn.linear_model import LinearRegression

    y = energy.consumption[:500]
    X = np.array([y[t - 5 : t][::-1] for t in range(5, 500)])
    model = LinearRegression().fit(X[:395], y[5:400])
    ours = f.fit_linear_ar(y, np.arange(500) < 400, order=5)
    assert np.allclose(ours[5:], model.predict(X), rtol=1e-10)


# -- the calendar ------------------------------------------------------------------


def test_calendar_knows_the_weekday_of_each_day(energy):
    features, names = f.calendar_features(energy.dates)
    assert names[:7] == list(f.WEEKDAYS)
    assert features.shape == (4383, len(names)) == (4383, 12)
    wanted = [day.weekday() for day in energy.dates.astype(datetime.date)]
    assert np.array_equal(features[:, :7], np.eye(7)[wanted])


def test_calendar_has_the_national_holidays_of_2017_and_reformation_day_once():
    days = np.arange("2012-01-01", "2019-01-01", dtype="datetime64[D]")
    features, names = f.calendar_features(days)
    holiday = features[:, names.index("holiday")] == 1
    in_2017 = holiday & (days.astype("datetime64[Y]") == np.datetime64("2017"))
    assert [str(day)[5:] for day in days[in_2017]] == [
        "01-01", "04-14", "04-17", "05-01", "05-25",
        "06-05", "10-03", "10-31", "12-25", "12-26",
    ]  # fmt: skip
    reformation = [day for day in days[holiday] if str(day).endswith("10-31")]
    assert reformation == [np.datetime64("2017-10-31")]
    assert "Reformation" in f.german_holidays(2017)[reformation[0]]
    assert len(f.german_holidays([2015, 2016])) == 18


def test_bridge_days_lie_between_a_holiday_and_a_weekend():
    days = np.arange("2016-01-01", "2018-01-01", dtype="datetime64[D]")
    # After Ascension Day, a Thursday; before Unity and Reformation Day, Tuesdays.
    assert [str(day) for day in days[f.bridge_days(days)]] == [
        "2016-05-06", "2017-05-26", "2017-10-02", "2017-10-30",
    ]  # fmt: skip


def test_bridge_day_looks_over_the_turn_of_the_year():
    # 1 January 2013 was a Tuesday, and 31 December 2012 is asked for alone.
    assert f.bridge_days(np.array(["2012-12-31"], dtype="datetime64[D]")).tolist() == [
        True
    ]


def test_every_bridge_day_is_free_on_one_side_and_weekend_on_the_other(energy):
    days, one = energy.dates, np.timedelta64(1, "D")
    bridges = set(days[f.bridge_days(days)])
    holidays = f.german_holidays(range(2005, 2019))

    def weekend(day):
        return day.astype(datetime.date).weekday() >= 5

    assert len(bridges) > 20
    for day in days:
        wanted = (
            day not in holidays
            and not weekend(day)
            and (
                (day - one in holidays and weekend(day + one))
                or (day + one in holidays and weekend(day - one))
            )
        )
        assert (day in bridges) == wanted, day


def test_christmas_time_is_24_december_to_1_january():
    days = np.arange("2015-12-20", "2016-01-06", dtype="datetime64[D]")
    features, names = f.calendar_features(days)
    on = features[:, names.index("Christmas time")] == 1
    assert np.array_equal(
        days[on], np.arange("2015-12-24", "2016-01-02", dtype="datetime64[D]")
    )


def test_yearly_wave_goes_round_once_a_year():
    days = np.array(["2015-01-01", "2015-07-02", "2016-01-01"], dtype="datetime64[D]")
    features, names = f.calendar_features(days)
    sine, cosine = features[:, names.index("yearly sine") :].T
    assert np.allclose(sine**2 + cosine**2, 1)
    assert (sine[0], cosine[0]) == (0, 1)
    assert cosine[1] < -0.999
    assert np.array_equal(features[0, -2:], features[2, -2:])


def test_calendar_of_a_day_does_not_depend_on_the_days_around_it(energy):
    features, _ = f.calendar_features(energy.dates)
    order = np.random.default_rng(0).permutation(len(energy.dates))[:60]
    shuffled, _ = f.calendar_features(energy.dates[order])
    assert np.array_equal(shuffled, features[order])
    alone = [f.calendar_features(energy.dates[[k]])[0][0] for k in order[:10]]
    assert np.array_equal(alone, features[order[:10]])


# -- backtest ----------------------------------------------------------------------


def test_backtest_takes_functions_and_lets_them_learn_from_the_past_only(energy):
    y = energy.consumption[:1000]
    days = np.arange(1000) >= 900
    seen = []

    def model(series, fit):
        seen.append(fit)
        return f.fit_linear_ar(series, fit, order=7)

    scores = f.backtest(y, {"AR(7)": model, "naive": f.persistence(y)}, days)
    assert np.array_equal(seen[0], ~days)
    wanted = f.fit_linear_ar(y, ~days, days, order=7)
    assert scores["AR(7)"].mae == f.mae(y[days], wanted)
    assert scores["naive"].days == 100
    fit = np.arange(1000) < 500
    f.backtest(y, {"AR(7)": model}, days, fit=fit)
    assert np.array_equal(seen[1], fit)


def test_rolling_origin_refits_on_what_came_before(energy):
    y = energy.consumption[:800]

    def model(series, fit):
        return f.fit_linear_ar(series, fit, order=7)

    rolled = f.rolling_origin(y, model, [500, 650])
    assert np.isnan(rolled[:500]).all()
    index = np.arange(800)
    assert np.array_equal(rolled[500:650], model(y, index < 500)[500:650])
    assert np.array_equal(rolled[650:], model(y, index < 650)[650:])


def test_error_by_group_by_hand():
    errors = np.array([1.0, -3.0, 5.0, -7.0])
    groups = np.array(["b", "a", "b", "a"])
    assert f.error_by_group(errors, groups) == {"a": (5.0, 2), "b": (3.0, 2)}


# -- skill -------------------------------------------------------------------------


def test_skill_by_hand():
    assert f.skill_score(25.0, 100.0) == 0.75
    assert f.skill_score(100.0, 100.0) == 0
    assert f.skill_score(150.0, 100.0) == -0.5


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99))
def test_bootstrap_keeps_neighbours_together_and_goes_round(n, block, seed):
    block = min(block, n)
    rng = np.random.default_rng(seed)
    draw = f.block_bootstrap(n, block=block, n_resamples=5, rng=rng)
    assert draw.shape == (5, n)
    for row in draw:
        for start in range(0, n, block):
            run = row[start : start + block]
            assert np.array_equal(run, (run[0] + np.arange(len(run))) % n)


def test_bootstrap_draws_every_day_equally_often():
    rng = np.random.default_rng(0)
    draw = f.block_bootstrap(50, block=7, n_resamples=4000, rng=rng)
    counts = np.bincount(draw.ravel(), minlength=50)
    assert counts.min() > 0.93 * 4000
    assert counts.max() < 1.07 * 4000


def test_skill_interval_holds_the_skill_and_narrows_with_the_level():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 700), rng.normal(0, 2, 700)
    skill, low, high = f.skill_interval(a, b)
    assert skill == 1 - np.abs(a).mean() / np.abs(b).mean()
    assert low < skill < high
    assert 0.4 < low < high < 0.6
    _, low_50, high_50 = f.skill_interval(a, b, level=0.5)
    assert low < low_50 < high_50 < high
    assert f.skill_interval(a, b) == f.skill_interval(a, b)
    assert f.skill_interval(a, b, seed=1) != f.skill_interval(a, b)


def test_skill_interval_of_a_constant_ratio_is_one_point():
    b = np.random.default_rng(0).normal(size=100)
    skill, low, high = f.skill_interval(0.25 * b, b)
    assert (skill, low, high) == pytest.approx((0.75, 0.75, 0.75))


def test_blocks_widen_the_interval_where_errors_hang_together():
    rng = np.random.default_rng(0)
    model, baseline = (np.repeat(rng.exponential(size=60), 10) for _ in range(2))
    _, low_1, high_1 = f.skill_interval(model, baseline, block=1)
    _, low_20, high_20 = f.skill_interval(model, baseline, block=20)
    assert high_20 - low_20 > 2 * (high_1 - low_1)


def test_skill_interval_covers_the_truth_about_as_often_as_it_says():
    # Independent errors of true skill 1/2, 200 times over.
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        a, b = rng.exponential(1, 300), rng.exponential(2, 300)
        _, low, high = f.skill_interval(a, b, n_resamples=300, level=0.9)
        held += low <= 0.5 <= high
    assert 0.83 <= held / 200 <= 0.96


# -- intervals ---------------------------------------------------------------------


def test_conformal_rank_by_hand():
    residuals = np.array([-1.0, 2, -3, 4, -5, 6, -7, 8, -9])
    assert f.conformal_interval(residuals, level=0.9) == 9  # the 9th of 9
    assert f.conformal_interval(residuals, level=0.5) == 5  # ceil(10 * 0.5)
    assert f.conformal_interval(residuals, level=0.55) == 6
    hundred = np.arange(1.0, 100.0)
    # In binary 100 * 0.55 and 100 * 0.07 come out above 55 and 7.
    assert f.conformal_interval(hundred, level=0.55) == 55
    assert f.conformal_interval(hundred, level=0.07) == 7


def test_conformal_interval_covers_new_values_at_least_as_often_as_it_says():
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(400):
        q = f.conformal_interval(rng.standard_t(3, 39), level=0.9)
        new = rng.standard_t(3, 200)
        shares.append(f.coverage(new, np.full(200, -q), np.full(200, q)))
    assert 0.89 < np.mean(shares) < 0.915  # the law says 36 / 40 = 0.9


def test_coverage_counts_both_ends():
    y = np.array([0.0, 1.0, 2.0, 3.0])
    assert f.coverage(y, np.array([0.0, 0, 0, 0]), np.array([0.0, 2, 2, 2])) == 0.75


def test_conformal_interval_on_the_real_series_covers_about_what_it_says(energy):
    y = energy.consumption
    split = f.chronological_split(energy.dates, "2015-01-01", "2016-01-01")
    y_hat = f.fit_ar_weekday(energy.dates, y, split.train)
    q = f.conformal_interval((y - y_hat)[split.validation], level=0.9)
    guess = y_hat[split.test]
    assert 0.87 < f.coverage(y[split.test], guess - q, guess + q) < 0.93


# -- bad input ---------------------------------------------------------------------

Y = np.arange(1.0, 41.0)
DAYS = np.datetime64("2001-01-01") + np.arange(40)
FIRST = np.arange(40) < 30
BAD = [
    (f.make_windows, (Y[None], 3), {}, r"series must have shape \(N,\), got \(1, 40\)"),
    (f.make_windows, (Y[:0], 3), {}, "series must not be empty"),
    (f.make_windows, (np.append(Y, np.nan), 3), {}, r"series must be finite, got nan"),
    (f.make_windows, (["a", "b"], 1), {}, "series must hold numbers"),
    (f.make_windows, (Y, 0), {}, "length must be at least 1, got 0"),
    (f.make_windows, (Y, 3.0), {}, "length must be a whole number, got 3.0"),
    (f.make_windows, (Y, 3, 0), {}, "horizon must be at least 1, got 0"),
    (f.make_windows, (Y, 3, 1, 0), {}, "stride must be at least 1, got 0"),
    (f.make_windows, (Y, 40), {}, r"at least length \+ horizon = 41 values, got 40"),
    (f.window_features, (Y, 40), {}, r"length \+ horizon = 41 values, got 40"),
    (f.window_features, (Y, 3, Y), {}, r"known must have shape \(N=40, F\), got"),
    (f.window_features, (Y, 3, np.full((40, 1), np.nan)), {}, "known must be finite"),
    (f.chronological_split, (Y, "2001-01-05"), {}, "dates must be a datetime64 array"),
    (f.chronological_split, (DAYS[::-1], "2001-01-05"), {}, "dates must increase"),
    (f.chronological_split, (DAYS[:0], "2001-01-05"), {}, "dates must not be empty"),
    (f.chronological_split, (DAYS,), {}, "bounds must hold at least one date"),
    (f.chronological_split, (DAYS, "soon"), {}, "bounds must be dates .*'soon'"),
    (f.chronological_split, (DAYS, "2001-01-09", "2001-01-05"), {}, "bounds must incr"),
    (f.chronological_split, (DAYS, "2000-01-01"), {}, "part 0 is empty"),
    (f.chronological_split, (DAYS, "2001-01-05", "2003-01-01"), {}, "part 2 is empty"),
    (f.Scaler.fit, (Y[:0],), {}, r"values must not be empty, got shape \(0,\)"),
    (f.Scaler.fit, (np.ones(5),), {}, "values must vary"),
    (f.Scaler.fit, (np.array([1, np.inf]),), {}, r"values must be finite, got inf"),
    (f.mae, (Y, Y[:-1]), {}, "y_hat must be as long as y, got 39 and 40"),
    (f.rmse, (Y, Y * np.nan), {}, r"y_hat must be finite, got nan at \(0,\)"),
    (f.mape, (Y - 1, Y), {}, "y must not be 0 anywhere"),
    (f.persistence, (Y, 5), {}, "index must be a .* got int64 of shape"),
    (f.persistence, (Y, [0.5]), {}, "index must be a .* got float64"),
    (f.persistence, (Y, [40]), {}, r"index must lie in 0..39, got 40..40"),
    (f.persistence, (Y, FIRST[:9]), {}, r"index must have shape \(N=40,\)"),
    (f.seasonal_naive, (Y,), {"period": 0}, "lag must be at least 1, got 0"),
    (f.lagged, (Y, -1), {}, "lag must be at least 1, got -1"),
    (f.lag_matrix, (Y, 0), {}, "order must be at least 1, got 0"),
    (f.fit_linear_ar, (Y, FIRST * 1), {}, "fit must be a bool array, got int64"),
    (f.fit_linear_ar, (Y, FIRST[1:]), {}, r"fit must have shape \(N=40,\), got"),
    (f.fit_linear_ar, (Y, FIRST), {}, "fit must keep at least 34 days with 33 days"),
    (f.fit_ar_weekday, (DAYS[1:], Y, FIRST), {}, r"extra must have shape \(N=40, F\)"),
    (f.weekday_one_hot, (Y,), {}, "dates must be a datetime64 array, got float64"),
    (f.calendar_features, (DAYS[:0],), {}, "dates must not be empty"),
    (f.calendar_features, (DAYS[None],), {}, r"dates must have shape \(N,\)"),
    (f.bridge_days, (np.append(DAYS, np.datetime64("NaT")),), {}, "got NaT at 40"),
    (f.backtest, (Y, {}, FIRST & False), {}, "days must keep at least one day"),
    (f.backtest, (Y, {"a": f.persistence(Y)}, FIRST), {}, "1 are missing"),
    (f.backtest, (Y, {"a": Y[1:]}, ~FIRST), {}, r"forecasts\['a'\] must have shape"),
    (f.backtest, (Y, {}, ~FIRST), {"fit": FIRST | True}, "fit must end before the fir"),
    (f.skill_score, (1.0, 0.0), {}, "error_baseline must be positive, got 0.0"),
    (f.skill_score, (-1.0, 1.0), {}, "error_model must not be negative, got -1.0"),
    (f.skill_interval, (Y, Y[1:]), {}, "errors_baseline must be as long as errors_m"),
    (f.skill_interval, (Y, 0 * Y), {}, "errors_baseline must not be 0 on all days"),
    (f.skill_interval, (Y, Y), {"block": 41}, "block must be at most n=40, got 41"),
    (f.skill_interval, (Y, Y), {"level": 1}, r"level must lie in \(0, 1\), got 1"),
    (f.skill_interval, (Y, Y), {"n_resamples": 0}, "n_resamples must be at least 1"),
    (f.skill_interval, (Y, Y), {"seed": -1}, "seed must be at least 0, got -1"),
    (f.conformal_interval, (Y[:8],), {}, "at least 9 for level=0.9, got 8"),
    (f.conformal_interval, (Y,), {"level": 95}, r"level must lie in \(0, 1\), got 95"),
    (f.coverage, (Y, Y + 1, Y), {}, "low must not exceed high, got 2.0 > 1.0 at 0"),
    (f.coverage, (Y, Y[1:], Y), {}, "low must be as long as y, got 39 and 40"),
    (f.error_by_group, (Y, DAYS[1:]), {}, r"groups must have shape \(N=40,\)"),
    (f.rolling_origin, (Y, f.fit_linear_ar, []), {}, "origins must increase and not"),
    (f.rolling_origin, (Y, f.fit_linear_ar, [9, 9]), {}, "origins must increase"),
    (f.rolling_origin, (Y, f.fit_linear_ar, [40]), {}, r"origins must lie in 1..39"),
]


@pytest.mark.parametrize(
    ("function", "arguments", "options", "message"),
    BAD,
    ids=[f"{case[0].__qualname__}-{k}" for k, case in enumerate(BAD)],
)
def test_bad_input_is_named(function, arguments, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        function(*arguments, **options)


def test_generator_of_the_bootstrap_is_asked_for():
    with pytest.raises(TypeError, match="rng must be a numpy Generator, got int"):
        f.block_bootstrap(5, block=2, n_resamples=3, rng=0)


# -- many series, many steps -------------------------------------------------------


def test_windows_of_one_series_are_those_of_make_windows():
    values = np.random.default_rng(0).normal(size=(19, 3))
    X, Y = f.series_windows(values, 5, 2)
    assert X.shape == (13, 5, 3) and Y.shape == (13, 2, 3)
    for d in range(3):
        one = f.make_windows(values[:, d], 5, 2)
        assert np.array_equal(X[:, :, d], one[0])
        assert np.array_equal(Y[:, :, d], one[1])
    values[:] = 0
    assert X.any(), "copies"


def test_windows_keep_what_was_not_measured():
    values = np.arange(12.0).reshape(6, 2)
    values[3, 1] = np.nan
    X, Y = f.series_windows(values, 2, 2)
    assert np.isnan(X[2, 1, 1]) and np.isnan(Y[1, 0, 1])
    with pytest.raises(ValueError, match="at least length \\+ horizon = 7 rows, got 6"):
        f.series_windows(values, 5, 2)


def test_holes_are_filled_from_the_past_alone():
    nan = np.nan
    values = np.array([[1.0, 5.0], [nan, nan], [nan, 6.0], [2.0, nan]])
    want = [[1, 5], [1, 5], [1, 6], [2, 6]]
    assert f.fill_forward(values).tolist() == want
    assert f.fill_forward(values[:, 0]).tolist() == [1, 1, 1, 2]
    assert np.isnan(values[1, 0]), "its input stays"
    with pytest.raises(ValueError, match="must begin with a measured row"):
        f.fill_forward(values[1:])


def test_the_clock_goes_round_once_a_day():
    hours = np.arange("2013-01-01T00", "2013-01-03T00", dtype="datetime64[h]")
    clock = f.clock_features(hours)
    np.testing.assert_allclose(clock[:24], clock[24:], atol=1e-12)
    np.testing.assert_allclose(
        clock[[0, 6, 12, 18]], [[0, 1], [1, 0], [0, -1], [-1, 0]], atol=1e-12
    )
    with pytest.raises(TypeError, match="hours must be a datetime64"):
        f.clock_features(np.arange(3))


def test_horizon_errors_leave_out_what_was_not_measured():
    Y = np.array([[1.0, 2.0], [np.nan, 4.0], [5.0, 6.0]])
    Y_hat = np.array([[2.0, 2.0], [9.0, 1.0], [2.0, 9.0]])
    assert f.horizon_errors(Y, Y_hat).tolist() == [2.0, 2.0]
    with pytest.raises(ValueError, match="measured value at each step"):
        f.horizon_errors(np.full((2, 2), np.nan), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="Y_hat"):
        f.horizon_errors(Y, np.where(np.isnan(Y), np.nan, Y_hat))


def test_variance_ratio_is_one_of_a_walk_above_of_trends_and_below_of_swings():
    rng = np.random.default_rng(0)
    e = rng.normal(size=4000) * np.exp(np.sin(np.arange(4000) / 50))  # wild and calm
    walk, trend, swing = e[1:], e[1:] + 0.3 * e[:-1], e[1:] - 0.3 * e[:-1]
    assert abs(f.variance_ratio(walk, 5).z) < 2.5
    assert f.variance_ratio(trend, 5).z > 4 and f.variance_ratio(trend, 5).ratio > 1.2
    assert f.variance_ratio(swing, 5).z < -4 and f.variance_ratio(swing, 5).ratio < 0.8


def test_variance_ratio_by_hand():
    ratio, z = f.variance_ratio(np.array([1.0, -1.0, -1.0, 1.0]), 2)
    assert ratio == pytest.approx(4 / 3 / 2)  # sums 0, -2, 0
    assert z == pytest.approx((2 / 3 - 1) / np.sqrt(3 / 16))


def test_variance_ratio_has_the_size_it_says_on_wild_and_calm_weeks():
    rng = np.random.default_rng(1)
    calm = np.exp(np.sin(np.arange(600) / 20))
    z = [f.variance_ratio(calm * rng.normal(size=600), 4).z for _ in range(1000)]
    assert 0.02 < np.mean(np.abs(z) > 1.96) < 0.09


@pytest.mark.parametrize(
    ("r", "q", "message"),
    [
        (np.arange(5.0), 1, "q must be at least 2"),
        (np.arange(5.0), 5, "q must be less than the 5 returns, got 5"),
        (np.full(5, 0.1), 2, "r must not be the same on all days"),
        (np.array([1.0, 0, 0, -1.0]), 2, "on days near each other"),
    ],
)
def test_variance_ratio_refuses_what_has_none(r, q, message):
    with pytest.raises(ValueError, match=message):
        f.variance_ratio(r, q)


def test_direction_test_is_the_correlation_of_the_signs():
    rng = np.random.default_rng(0)
    r = 0.2 + rng.normal(size=300)
    r_hat = 0.4 + 0.3 * r + rng.normal(size=300)
    found = f.direction_test(r, r_hat)
    assert found.hits == np.mean((r > 0) == (r_hat > 0))
    assert found.z == pytest.approx(np.sqrt(300) * np.corrcoef(r > 0, r_hat > 0)[0, 1])
    again = f.direction_test(r, rng.permutation(r_hat))
    assert again.luck == pytest.approx(found.luck)


def test_direction_test_takes_no_change_as_not_up():
    assert f.direction_test(np.array([0.0, 1.0]), np.array([0.0, 1.0])).hits == 1.0


def test_direction_test_refuses_a_forecast_that_never_changes_its_mind():
    r = np.array([1.0, -1.0, 1.0])
    with pytest.raises(ValueError, match="r_hat must be above 0 on some days"):
        f.direction_test(r, np.ones(3))
    with pytest.raises(ValueError, match="r must be above 0 on some days"):
        f.direction_test(-np.ones(3), r)

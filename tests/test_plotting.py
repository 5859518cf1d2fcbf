"""Is what is drawn the data, in the colour of its role, with the axes named?"""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from rnncourse import plotting as p
from rnncourse.datasets import load_energy
from rnncourse.forecasting import Score

DAYS = np.datetime64("2017-01-01") + np.arange(60)
Y = np.sin(np.arange(60.0)) + 5


@pytest.fixture
def ax():
    with plt.rc_context():
        p.use_style()
        figure, ax = plt.subplots()
        yield ax
        figure.canvas.draw()  # a figure that cannot be drawn fails here
        assert ax.get_title() == "" or ax.get_title().startswith("SYNTHETIC")
        plt.close(figure)


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def numbers(line):
    return np.asarray(line.get_ydata(), dtype=float)


def test_series_is_drawn_in_the_colour_of_its_role(ax):
    y = Y.copy()
    y[3] = np.nan
    assert p.plot_series(DAYS, y, role="state", label="h", ylabel="GWh", ax=ax) is ax
    (line,) = ax.lines
    assert np.array_equal(line.get_xdata(), DAYS)
    assert np.array_equal(numbers(line), y, equal_nan=True)
    assert to_hex(line.get_color()).upper() == p.COLOURS["state"]
    assert line.get_label() == "h"
    assert ax.get_ylabel() == "GWh"


def test_dates_are_written_short(ax):
    p.plot_series(DAYS, Y, ax=ax)
    ax.figure.canvas.draw()
    texts = [tick.get_text() for tick in ax.get_xticklabels()]
    assert 2 <= len(texts) <= 9
    assert max(map(len, texts)) <= 4


def test_forecast_has_both_lines_and_the_band(ax):
    y_hat = Y + 0.5
    p.plot_forecast(DAYS, Y, y_hat, half_width=2.0, level=0.9, ylabel="GWh", ax=ax)
    measured, forecast = ax.lines
    assert np.array_equal(numbers(measured), Y)
    assert np.array_equal(numbers(forecast), y_hat)
    assert to_hex(measured.get_color()).upper() == p.COLOURS["input"]
    assert to_hex(forecast.get_color()).upper() == p.COLOURS["output"]
    assert forecast.get_linestyle() == "--", "told apart without colour"
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices[:, 1]
    assert corners.min() == pytest.approx(y_hat.min() - 2)
    assert corners.max() == pytest.approx(y_hat.max() + 2)
    assert labels(ax) == ["measured", "forecast", "90 % interval"]


def test_band_may_have_a_width_of_its_own_each_day(ax):
    widths = np.linspace(0, 3, 60)
    p.plot_forecast(np.arange(60), Y, Y, half_width=widths, ax=ax)
    corners = {tuple(v) for v in ax.collections[0].get_paths()[0].vertices}
    for t, (y, q) in enumerate(zip(Y, widths, strict=True)):
        assert (t, y - q) in corners
        assert (t, y + q) in corners


def test_forecast_without_an_interval_has_no_band(ax):
    p.plot_forecast(DAYS, Y, Y, ax=ax)
    assert len(ax.collections) == 0
    assert labels(ax) == ["measured", "forecast"]


def test_bars_have_their_lengths_numbers_and_names(ax):
    p.plot_bars(
        {"naive": 51.0, "network": 23.7},
        spread={"network": (23.0, 24.6)},
        highlight=["network"],
        xlabel="GWh",
        ax=ax,
    )
    assert [bar.get_width() for bar in ax.patches] == [51.0, 23.7]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["naive", "network"]
    colours = [to_hex(bar.get_facecolor()).upper() for bar in ax.patches]
    assert colours == [p.COLOURS["neutral"], p.COLOURS["output"]]
    assert [t.get_text() for t in ax.texts] == ["51.0", "23.7"]
    assert np.array_equal(ax.lines[0].get_xdata(), [23.0, 24.6])
    assert ax.texts[1].xy[0] == 24.6, "the number stands right of the whisker"
    assert ax.get_xlabel() == "GWh"
    low, high = ax.get_ylim()
    assert low > high, "the first on top"


def test_bars_of_nothing_but_zero_can_be_drawn(ax):
    p.plot_bars({"perfect": 0.0}, ax=ax)
    assert ax.get_xlim() == (0, 1)


def test_baselines_are_sorted_and_read_from_scores(ax):
    scores = {
        "network": Score(15.5, 20.0, 1.0, 731),
        "persistence": Score(102.3, 149.6, 7.7, 731),
        "linear": 35.1,
    }
    p.plot_baseline_bars(scores, models=["network"], xlabel="GWh", ax=ax)
    assert [bar.get_width() for bar in ax.patches] == [102.3, 35.1, 15.5]
    names = [t.get_text() for t in ax.get_yticklabels()]
    assert names == ["persistence", "linear", "network"]
    assert to_hex(ax.patches[2].get_facecolor()).upper() == p.COLOURS["output"]


def test_errors_by_group_stand_side_by_side(ax):
    errors = {
        "linear": {"workday": (30.0, 500), "bridge day": (90.0, 4)},
        "network": {"workday": (15.0, 500), "bridge day": (40.0, 4)},
    }
    p.plot_error_by_group(errors, ylabel="GWh", ax=ax)
    assert [bar.get_height() for bar in ax.patches] == [30, 90, 15, 40]
    left = [bar.get_x() for bar in ax.patches]
    assert left[0] < left[2] < left[1] < left[3]
    width = ax.patches[0].get_width()
    assert left[2] - left[0] == pytest.approx(width), "side by side, not overlapping"
    ticks = [t.get_text() for t in ax.get_xticklabels()]
    assert ticks == ["workday\n500", "bridge day\n4"]
    assert labels(ax) == ["linear", "network"]
    assert ax.get_ylabel() == "GWh"


def test_errors_by_group_may_be_plain_numbers(ax):
    p.plot_error_by_group({"linear": {"a": 1.0, "b": 2.0}}, ax=ax)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "b"]
    assert ax.get_legend() is None


def test_training_counts_epochs_from_one(ax):
    losses = {"training": [3.0, 2.0, 1.5], "validation": [3.0, 2.5, 2.6]}
    p.plot_training(losses, best_epoch=2, log=True, ylabel="MAE", ax=ax)
    train, validation, kept = ax.lines
    assert train.get_xdata().tolist() == [1, 2, 3]
    assert numbers(validation).tolist() == [3.0, 2.5, 2.6]
    assert set(kept.get_xdata()) == {2}
    assert ax.get_yscale() == "log"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "MAE")
    assert labels(ax) == ["training", "validation", "kept"]


def test_gradients_over_the_lag_are_on_a_log_scale(ax):
    norms = 0.5 ** np.arange(20.0)
    norms[-1] = 0
    p.plot_gradient_against_lag({"tanh": norms}, ax=ax)
    (line,) = ax.lines
    assert line.get_xdata().tolist() == list(range(20))
    assert np.array_equal(numbers(line)[:-1], norms[:-1])
    assert np.isnan(numbers(line)[-1])
    assert to_hex(line.get_color()).upper() == p.COLOURS["gradient"]
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == "steps back in time"


def test_states_are_a_map_with_zero_in_the_middle(ax):
    hs = np.linspace(-0.4, 0.9, 12).reshape(4, 3)
    p.plot_states(hs, tokens=list("abcd"), ax=ax)
    (image,) = ax.images
    assert np.array_equal(image.get_array(), hs.T)
    assert image.get_clim() == (-1, 1)
    assert [t.get_text() for t in ax.get_xticklabels()] == list("abcd")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time step", "unit")
    bar = ax.figure.axes[1]
    assert bar.get_ylabel() == "state"


@pytest.mark.parametrize("synthetic", [True, False])
def test_title_says_synthetic_where_the_data_are_and_only_there(synthetic, ax):
    data = load_energy(synthetic=synthetic)
    p.mark_synthetic(data, ax=p.plot_series(data.dates, data.consumption, ax=ax))
    assert ax.get_title() == ("SYNTHETIC electricity" if synthetic else "")


CALLS = {
    "plot_series": lambda **k: p.plot_series(DAYS, Y, **k),
    "plot_forecast": lambda **k: p.plot_forecast(DAYS, Y, Y, **k),
    "plot_bars": lambda **k: p.plot_bars({"a": 1.0}, **k),
    "plot_baseline_bars": lambda **k: p.plot_baseline_bars({"a": 1.0}, **k),
    "plot_error_by_group": lambda **k: p.plot_error_by_group({"a": {"b": 1.0}}, **k),
    "plot_training": lambda **k: p.plot_training({"a": [1.0]}, **k),
    "plot_gradient_against_lag": lambda **k: p.plot_gradient_against_lag(
        {"a": np.ones(3)}, **k
    ),
    "plot_states": lambda **k: p.plot_states(np.zeros((2, 3)), **k),
}


def test_every_plot_function_is_in_the_tests_of_this_file():
    assert set(CALLS) == {name for name in vars(p) if name.startswith("plot_")}


@pytest.mark.parametrize("name", CALLS)
def test_without_axes_new_ones_are_made_and_nothing_else_is_changed(name, monkeypatch):
    def shown():
        raise AssertionError("a helper must not show a figure")

    monkeypatch.setattr(plt, "show", shown)
    before = dict(matplotlib.rcParams)
    ax = CALLS[name]()
    assert dict(matplotlib.rcParams) == before
    assert ax.get_title() == ""
    plt.close(ax.figure)
    figure, mine = plt.subplots()
    size = figure.get_size_inches().tolist()
    assert CALLS[name](ax=mine) is mine
    assert figure.get_size_inches().tolist() == size
    plt.close(figure)


def test_style_is_a_file_of_the_package_and_names_the_colours():
    with plt.rc_context():
        p.use_style()
        cycle = [c["color"] for c in matplotlib.rcParams["axes.prop_cycle"]]
        assert {to_hex(c).upper() for c in cycle} == set(p.COLOURS.values())
        assert matplotlib.rcParams["svg.hashsalt"] == "rnncourse"


def luminance(colour):
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("role", p.COLOURS)
def test_colours_can_be_read_on_white(role):
    assert 1.05 / (luminance(p.COLOURS[role]) + 0.05) >= 4.5, "WCAG 2, text"


BAD = [
    (p.plot_series, (DAYS, Y[1:]), {}, r"y must have shape \(N=60,\), got \(59,\)"),
    (p.plot_series, (DAYS[:0], Y[:0]), {}, "x must not be empty"),
    (p.plot_series, (DAYS, Y), {"role": "h"}, r"role must be one of \['input', .*'h'"),
    (p.plot_forecast, (DAYS, Y, Y[1:]), {}, r"y_hat must have shape \(N=60,\)"),
    (p.plot_forecast, (DAYS, Y, Y), {"half_width": Y[:2]}, "half_width must be a num"),
    (p.plot_forecast, (DAYS, Y, Y), {"half_width": -1.0}, "half_width must be a numb"),
    (p.plot_bars, ({},), {}, "values must not be empty"),
    (p.plot_bars, ([1.0],), {}, "values must be a mapping, got list"),
    (p.plot_bars, ({"a": -1.0},), {}, r"values must be numbers of at least 0, got \["),
    (p.plot_bars, ({"a": np.nan},), {}, "values must be numbers of at least 0"),
    (p.plot_bars, ({"a": 1.0},), {"highlight": ["b"]}, "highlight must name .*'b'"),
    (p.plot_bars, ({"a": 1.0},), {"spread": {"b": (0, 1)}}, "spread must name .*'b'"),
    (p.plot_baseline_bars, ({},), {}, "scores must not be empty"),
    (p.plot_error_by_group, ({},), {}, "errors must not be empty"),
    (p.plot_error_by_group, ({"a": {}},), {}, r"errors\['a'\] must not be empty"),
    (
        p.plot_error_by_group,
        ({"a": {"x": 1.0}, "b": {"y": 1.0}},),
        {},
        r"errors\['b'\] must have the groups \['x'\], got \['y'\]",
    ),
    (
        p.plot_error_by_group,
        ({"a": {"x": 1.0}, "b": {"x": 1.0}},),
        {"roles": ["input"]},
        "roles must be at least 2, one a forecast, got 1",
    ),
    (p.plot_training, ({},), {}, "losses must not be empty"),
    (p.plot_training, ({"a": [1.0]},), {"best_epoch": 2}, r"must lie in 1..1, got 2"),
    (p.plot_training, ({"a": [[1.0]]},), {}, r"losses\['a'\] must have shape \(E,\)"),
    (p.plot_gradient_against_lag, ({},), {}, "norms must not be empty"),
    (p.plot_gradient_against_lag, ({"a": [[1.0]]},), {}, r"norms\['a'\] must have sh"),
    (p.plot_gradient_against_lag, ({"a": [-1.0]},), {}, r"must not be negative, got"),
    (p.plot_states, (np.zeros(3),), {}, r"hs must have shape \(T, H\), got \(3,\)"),
    (p.plot_states, (np.zeros((0, 3)),), {}, "hs must not be empty"),
    (p.plot_states, (np.zeros((2, 3)),), {"tokens": ["a"]}, "tokens must have 2 entr"),
]


@pytest.mark.parametrize(
    ("function", "arguments", "options", "message"),
    BAD,
    ids=[f"{case[0].__name__}-{k}" for k, case in enumerate(BAD)],
)
def test_bad_input_is_named_and_draws_nothing(function, arguments, options, message):
    open_before = plt.get_fignums()
    with pytest.raises((ValueError, TypeError), match=message):
        function(*arguments, **options)
    assert plt.get_fignums() == open_before

"""Figures of the course: data and axes in, axes out.

No function shows a figure, sets a title or a size: captions belong to the page and
sizes to ``rnncourse.mplstyle``. Matplotlib is imported when a function is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.validate import check_shape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# One colour for each role, in figures, pages and interactive pictures alike. The
# pages' dark theme has lighter ones of the same hue (see _static/course.css).
COLOURS = {
    "input": "#0072B2",
    "state": "#00785A",
    "gate": "#A0457F",
    "gradient": "#C44E00",
    "output": "#6A51A3",
    "neutral": "#5F6B76",
}


def use_style() -> None:
    """Switch Matplotlib to the course's style."""
    import matplotlib.pyplot as plt

    plt.style.use(str(Path(__file__).with_name("rnncourse.mplstyle")))


def plot_series(
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    role: str = "input",
    label: str | None = None,
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a series over its times in the colour of a role.

    Parameters
    ----------
    x : (N,) array of numbers or datetime64
    y : (N,) array
        NaN leaves a gap.
    role : str
        One of ``COLOURS``.
    label, ylabel : str, optional
        For the legend, which the caller draws, and for the axis, with its unit.
    """
    x, y = _line(x=x, y=y)
    colour = _colour(role)
    ax = _axes(ax)
    ax.plot(x, y, color=colour, label=label)
    if ylabel:
        ax.set_ylabel(ylabel)
    _mark_dates(ax, x)
    return ax


def plot_forecast(
    x: NDArray[Any],
    y: NDArray[Any],
    y_hat: NDArray[Any],
    *,
    half_width: float | NDArray[Any] | None = None,
    level: float | None = None,
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw true values and forecasts, with the band ŷ ± half_width if given.

    Parameters
    ----------
    x : (N,) array of numbers or datetime64
    y, y_hat : (N,) arrays
    half_width : float or (N,) array, optional
        Such as from :func:`rnncourse.forecasting.conformal_interval`.
    level : float, optional
        Of the interval, for the legend: 0.9 reads "90 % interval".
    ylabel : str
    """
    x, y = _line(x=x, y=y)
    _, y_hat = _line(x=x, y_hat=y_hat)
    q = np.asarray(0.0 if half_width is None else half_width, dtype=float)
    if q.shape not in ((), y_hat.shape) or not np.all(q >= 0):
        raise ValueError(
            f"half_width must be a number or a (N={len(y_hat)},) array, not "
            f"negative, got shape {q.shape} from {np.min(q):g} on"
        )
    ax = plot_series(x, y, role="input", label="measured", ylabel=ylabel, ax=ax)
    colour = _colour("output")
    ax.plot(x, y_hat, color=colour, linestyle="--", label="forecast")
    if half_width is not None:
        name = "interval" if level is None else f"{100 * level:g} % interval"
        band = y_hat - q, y_hat + q
        ax.fill_between(x, *band, color=colour, alpha=0.18, lw=0, label=name)
    ax.legend()
    return ax


def plot_bars(
    values: Mapping[str, float],
    *,
    spread: Mapping[str, tuple[float, float]] | None = None,
    highlight: Sequence[str] = (),
    xlabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw named values as horizontal bars, the first on top, each with its number.

    Parameters
    ----------
    values : mapping of name to number, not negative
    spread : mapping of name to (low, high), optional
        Drawn as a whisker.
    highlight : sequence of str
        Names drawn in the colour of the output; the others are neutral.
    xlabel : str
        With the unit.
    """
    _filled("values", values)
    for given, names_given in (("spread", spread or ()), ("highlight", highlight)):
        for name in names_given:
            if name not in values:
                raise ValueError(f"{given} must name bars of values, got {name!r}")
    names, ends = list(values), np.array(list(values.values()), dtype=float)
    if not np.all(ends >= 0):
        raise ValueError(f"values must be numbers of at least 0, got {ends.tolist()}")
    ax = _axes(ax)
    rows = np.arange(len(names))
    colours = [_colour("output" if n in highlight else "neutral") for n in names]
    bars = ax.barh(rows, ends, color=colours, height=0.7)
    labels = [f"{value:.1f}" for value in ends]
    for row, name in enumerate(names):
        if spread and name in spread:
            low, high = spread[name]
            ax.plot([low, high], [row, row], color="black", lw=1.2, marker="|")
            ends[row] = max(ends[row], high)
    for bar, end, text in zip(bars, ends, labels, strict=True):
        middle = bar.get_y() + bar.get_height() / 2
        ax.annotate(
            text, (end, middle), (5, 0), textcoords="offset points", va="center"
        )
    ax.set_yticks(rows, labels=names)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.12 * ends.max() or 1)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(xlabel)
    return ax


def plot_baseline_bars(
    scores: Mapping[str, Any],
    *,
    models: Sequence[str] = (),
    spread: Mapping[str, tuple[float, float]] | None = None,
    xlabel: str = "mean absolute error",
    ax: Axes | None = None,
) -> Axes:
    """Draw the errors of forecasts side by side, the largest on top.

    Parameters
    ----------
    scores : mapping of name to number, or to a Score of ``forecasting.backtest``
    models : sequence of str
        Which of them are no baselines; drawn in the colour of the output.
    spread : mapping of name to (low, high), optional
        Such as the range over seeds.
    xlabel : str
        With the unit.
    """
    _filled("scores", scores)
    values = {name: float(getattr(s, "mae", s)) for name, s in scores.items()}
    ordered = dict(sorted(values.items(), key=lambda item: -item[1]))
    return plot_bars(ordered, spread=spread, highlight=models, xlabel=xlabel, ax=ax)


def plot_error_by_group(
    errors: Mapping[str, Mapping[str, Any]],
    *,
    roles: Sequence[str] = ("neutral", "output", "state", "gate"),
    ylabel: str = "mean absolute error",
    ax: Axes | None = None,
) -> Axes:
    """Draw the errors of forecasts in groups of days, one bar a forecast and group.

    Parameters
    ----------
    errors : mapping of forecast to mapping of group to number or (number, days)
        All with the same groups, as ``forecasting.error_by_group`` gives them. Where
        the number of days is known it stands under the group's name.
    roles : sequence of str
        Colours of the forecasts in turn.
    ylabel : str
        With the unit.
    """
    _filled("errors", errors)
    groups = list(next(iter(errors.values())))
    for name, row in errors.items():
        _filled(f"errors[{name!r}]", row)
        if list(row) != groups:
            raise ValueError(
                f"errors[{name!r}] must have the groups {groups}, got {list(row)}"
            )
    if len(errors) > len(roles):
        raise ValueError(
            f"roles must be at least {len(errors)}, one a forecast, got {len(roles)}"
        )
    colours = [_colour(role) for role in roles]
    ax = _axes(ax)
    places, width = np.arange(len(groups)), 0.8 / len(errors)
    labels = [str(group) for group in groups]
    for k, (name, row) in enumerate(errors.items()):
        pairs = [np.atleast_1d(row[group]) for group in groups]
        left = places - 0.4 + (k + 0.5) * width
        heights = [float(pair[0]) for pair in pairs]
        ax.bar(left, heights, width, color=colours[k], label=name)
        if all(len(pair) > 1 for pair in pairs):
            labels = [f"{g}\n{int(p[1])}" for g, p in zip(groups, pairs, strict=True)]
    ax.set_xticks(places, labels=labels)
    ax.tick_params(axis="x", length=0)
    ax.set_ylabel(ylabel)
    if len(errors) > 1:
        ax.legend()
    return ax


def plot_training(
    losses: Mapping[str, Sequence[float]],
    *,
    best_epoch: int | None = None,
    ylabel: str = "loss",
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw loss curves by name over epochs, the first epoch being 1.

    Parameters
    ----------
    losses : mapping of name to losses, one an epoch
    best_epoch : int, optional
        Marked by a dotted line: the epoch whose weights were kept.
    ylabel : str
    log : bool
        Logarithmic axis of losses.
    """
    from matplotlib.ticker import MaxNLocator

    _filled("losses", losses)
    for name, curve in losses.items():
        check_shape(f"losses[{name!r}]", np.asarray(curve), "E")
    longest = max(len(curve) for curve in losses.values())
    if best_epoch is not None and not 1 <= best_epoch <= longest:
        raise ValueError(f"best_epoch must lie in 1..{longest}, got {best_epoch}")
    ax = _axes(ax)
    for name, curve in losses.items():
        ax.plot(np.arange(1, len(curve) + 1), curve, label=name)
    if best_epoch is not None:
        ax.axvline(best_epoch, color=_colour("neutral"), linestyle=":", label="kept")
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if log:
        ax.set_yscale("log")
    ax.legend()
    return ax


def plot_gradient_against_lag(
    norms: Mapping[str, NDArray[Any]], *, ax: Axes | None = None
) -> Axes:
    """Draw norms of gradients over the lag, on a logarithmic axis.

    Parameters
    ----------
    norms : mapping of name to (L,) array
        Length of the gradient 0, 1, … steps back, positive (a zero leaves a gap).
        A single curve has the colour of gradients.
    """
    _filled("norms", norms)
    curves = {name: np.asarray(curve, dtype=float) for name, curve in norms.items()}
    for name, curve in curves.items():
        check_shape(f"norms[{name!r}]", curve, "L")
        if np.any(curve < 0):
            raise ValueError(f"norms[{name!r}] must not be negative, got {curve.min()}")
    ax = _axes(ax)
    colour = {"color": _colour("gradient")} if len(norms) == 1 else {}
    for name, curve in curves.items():
        shown = np.where(curve > 0, curve, np.nan)
        ax.semilogy(np.arange(len(curve)), shown, label=name, **colour)
    ax.set(xlabel="steps back in time", ylabel="length of the gradient")
    ax.legend()
    return ax


def plot_states(
    hs: NDArray[Any], *, tokens: Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the states of one sequence as a map, time to the right, 0 in the middle.

    Parameters
    ----------
    hs : (T, H) array
        Between −1 and 1, as tanh leaves them; white is 0.
    tokens : sequence of str, optional
        What was read at each of the T steps.
    """
    hs = np.asarray(hs, dtype=float)
    check_shape("hs", hs, "T H")
    if hs.size == 0:
        raise ValueError(f"hs must not be empty, got shape {hs.shape}")
    if tokens is not None and len(tokens) != len(hs):
        raise ValueError(f"tokens must have {len(hs)} entries, got {len(tokens)}")
    ax = _axes(ax)
    image = ax.imshow(
        hs.T, aspect="auto", vmin=-1, vmax=1, cmap="PuOr", interpolation="nearest"
    )
    ax.set(xlabel="time step", ylabel="unit")
    if tokens is not None:
        ax.set_xticks(range(len(tokens)), labels=list(tokens))
    ax.figure.colorbar(image, ax=ax, label="state")
    return ax


def mark_synthetic(data: Any, *, ax: Axes) -> Axes:
    """Title the axes with the name of a data set if it is simulated, and only then.

    Parameters
    ----------
    data : data set with a ``name``, such as EnergyData or TextData
    """
    if str(data.name).startswith("SYNTHETIC"):
        ax.set_title(data.name)
    return ax


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots()[1]


def _colour(role: str) -> str:
    if role not in COLOURS:
        raise ValueError(f"role must be one of {list(COLOURS)}, got {role!r}")
    return COLOURS[role]


def _line(**both: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    (name_x, x), (name_y, y) = ((name, np.asarray(a)) for name, a in both.items())
    check_shape(name_x, x, "N")
    check_shape(name_y, y, "N", N=len(x))
    if len(x) == 0:
        raise ValueError(f"{name_x} must not be empty")
    return x, y


def _filled(name: str, mapping: Mapping[str, Any]) -> None:
    if not isinstance(mapping, Mapping):
        raise TypeError(f"{name} must be a mapping, got {type(mapping).__name__}")
    if not mapping:
        raise ValueError(f"{name} must not be empty")


def _mark_dates(ax: Axes, x: NDArray[Any]) -> None:
    """Write dates short: the year or month once, not at each tick."""
    if x.dtype.kind != "M":
        return
    import matplotlib.dates

    of_dates: Any = matplotlib.dates  # its classes have no types
    locator = of_dates.AutoDateLocator(minticks=3, maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(of_dates.ConciseDateFormatter(locator))

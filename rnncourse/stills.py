"""Still pictures of the interactive figures, drawn with matplotlib.

Each function draws what the script of the same name in ``_ext/interactive`` shows
before anyone has touched it, so a page reads the same with scripts off. The numbers
come from :mod:`rnncourse.reference`; the functions take numbers and return Axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.plotting import COLOURS
from rnncourse.reference.dense import (
    DenseParams,
    MLPParams,
    mlp_backward,
    mlp_forward,
)
from rnncourse.reference.functional import sigmoid
from rnncourse.reference.rnn import (
    RNNParams,
    rnn_backward,
    rnn_backward_truncated,
    rnn_forward,
    rnn_step,
    rnn_step_backward,
)
from rnncourse.reference.validate import check_finite, check_shape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Floats = NDArray[np.floating]

__all__ = [
    "Flow",
    "backprop_graph",
    "decision_line",
    "flow_numbers",
    "gradient_flow",
    "graph_numbers",
    "line_numbers",
    "rnn_cell",
    "unrolling",
    "windows",
]

# The same start as in _ext/interactive/*.js; a test compares the two.
UNROLLING_XS = (1.0, 0.5, -1.0, 0.0)
UNROLLING_WEIGHTS = (0.5, 0.8, 0.1)  # w_x, w_h, b
FLOW_XS = (0.9, -0.4, -0.6, 0.5, 0.3, -0.5)
FLOW_WEIGHTS = (0.5, 0.9, 0.0)  # w_x, w_h, b
DECK_DATES = tuple(f"{day:02d}.01.2017" for day in range(1, 12))
DECK_VALUES = (1435, 3895, 8270, 11390, 6545, 6465, 4895, 3270, 4305, 10845, 10510)
CELL_X = (1.0, -0.5)
CELL_H_PREV = (0.2, -0.4)
CELL_W_X = ((0.6, -0.3), (0.2, 0.8))
CELL_W_H = ((0.5, 0.4), (-0.6, 0.7))
CELL_B = (0.1, -0.1)


class Flow(NamedTuple):
    """The numbers of (8.7) for one loss step; entry 0 of a list is step 1."""

    h: Floats  # (T,) states
    immediate: Floats  # (T,) (8.3)
    factors: Floats  # (T,) (8.8)
    carried: Floats  # (T,) product of the factors i+1..t; 0 after step t
    terms: Floats  # (T,) carried times immediate
    total: float  # (8.7), from rnn_backward
    kept: float  # (8.17), from rnn_backward_truncated


def _array(name: str, values: object, axes: str, **sizes: int) -> NDArray[np.float64]:
    """Return finite numbers with the named axes as float64, or say what is wrong."""
    a = np.asarray(values, dtype=np.float64)
    check_shape(name, a, axes, **sizes)
    if a.size == 0:
        raise ValueError(f"{name} must have at least one number, got none")
    check_finite(name, a)
    return a


def _scalar_params(w_x: float, w_h: float, b: float) -> RNNParams:
    check_finite("w_x, w_h, b", np.array([w_x, w_h, b], float))
    return RNNParams(
        W_x=np.array([[w_x]], float),
        W_h=np.array([[w_h]], float),
        b=np.array([b], float),
    )


def flow_numbers(
    xs: Sequence[float], w_x: float, w_h: float, b: float, *, t: int, tau: int
) -> Flow:
    """Compute every term of dh_t/dw_h for a network with one input and one state.

    Parameters
    ----------
    xs : sequence of T numbers
    w_x, w_h, b : float
    t : int in 1..T
        The step whose state is differentiated.
    tau : int, at least 0
        Jacobians the truncated sum may pass.

    Returns
    -------
    Flow

    Raises
    ------
    ValueError
        When ``t`` is not a step or ``tau`` is negative.
    """
    inputs = _array("xs", xs, "T")[:, None, None]
    T = len(inputs)
    if not 1 <= t <= T:
        raise ValueError(f"t must be in 1..{T}, the steps of xs, got {t}")
    if tau < 0:
        raise ValueError(f"tau must be at least 0, got {tau}")
    p = _scalar_params(w_x, w_h, b)
    hs, _, cache = rnn_forward(inputs, p)
    immediate, factors = np.zeros(T), np.zeros(T)
    h = np.zeros((1, 1))
    for i in range(T):
        h, step_cache = rnn_step(inputs[i], h, p)
        _, dh_prev, dp = rnn_step_backward(np.ones((1, 1)), step_cache, p)
        immediate[i], factors[i] = dp.W_h[0, 0], dh_prev[0, 0]
    carried = np.array([np.prod(factors[i + 1 : t]) * (i < t) for i in range(T)])
    dhs = np.zeros((T, 1, 1))
    dhs[t - 1] = 1.0
    total = rnn_backward(dhs, cache, p)[2].W_h[0, 0]
    kept = rnn_backward_truncated(dhs, cache, p, tau)[2].W_h[0, 0]
    return Flow(
        hs[:, 0, 0], immediate, factors, carried, carried * immediate, total, kept
    )


def _canvas(ax: Axes | None, height: float) -> Axes:
    """Return the Axes, or new ones as wide as the page and as high as the diagram."""
    import matplotlib.pyplot as plt

    ax = plt.subplots(figsize=(7.2, height))[1] if ax is None else ax
    ax.set_axis_off()
    return ax


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    *,
    width: float = 1.5,
    bend: float = 0.0,
    alpha: float = 1.0,
) -> None:
    ax.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": colour,
            "lw": width,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 10 + width,
            "connectionstyle": f"arc3,rad={bend}",
            "alpha": alpha,
        },
    )


def _box(
    ax: Axes,
    x: float,
    y: float,
    width: float,
    height: float,
    colour: str,
    *,
    fill: float = 0.16,
    rounding: float = 0.08,
) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import FancyBboxPatch

    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2 + rounding, y - height / 2 + rounding),
            width - 2 * rounding,
            height - 2 * rounding,
            boxstyle=f"round,pad={rounding},rounding_size={rounding}",
            facecolor=to_rgba(colour, fill),
            edgecolor=colour,
            linewidth=1.3,
        )
    )


def _number(value: float, digits: int = 2) -> str:
    text = f"{abs(value):.{digits}f}"
    return f"\N{MINUS SIGN}{text}" if value < 0 and float(text) else text


def unrolling(
    *,
    xs: Sequence[float] = UNROLLING_XS,
    w_x: float = UNROLLING_WEIGHTS[0],
    w_h: float = UNROLLING_WEIGHTS[1],
    b: float = UNROLLING_WEIGHTS[2],
    ax: Axes | None = None,
) -> Axes:
    """Draw one unit as a loop and, beside it, unrolled over its inputs.

    Parameters
    ----------
    xs : sequence of T numbers
        The inputs, one a step.
    w_x, w_h, b : float
        The three weights of a network with one input and one state.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
    """
    inputs = _array("xs", xs, "T")[:, None, None]
    T = len(inputs)
    hs, _, _ = rnn_forward(inputs, _scalar_params(w_x, w_h, b))
    c = COLOURS
    ax = _canvas(ax, 3.8)

    def cell(x: float, name: str) -> None:
        _box(ax, x, 0, 0.9, 0.8, c["state"])
        ax.text(x, 0, "tanh", ha="center", va="center")
        _arrow(ax, (x, -1.15), (x, -0.44), c["input"])
        ax.text(x + 0.07, -0.78, "$w_x$", color=c["input"], va="center")
        ax.text(x, -1.35, f"$x_{name}$", color=c["input"], ha="center", va="center")
        _arrow(ax, (x, 0.42), (x, 0.95), c["state"])

    # the loop
    cell(0.0, "t")
    ax.text(0, 1.15, "$h_t$", color=c["state"], ha="center", va="center")
    _arrow(ax, (0.47, 0.15), (0.47, -0.2), c["state"], bend=-2.2)
    ax.text(0.98, 0.0, "$w_h$", color=c["state"], va="center")
    ax.text(1.68, 0.0, "=", ha="center", va="center", fontsize="x-large")

    # the same cell, once for each step
    x0 = 2.2
    ax.text(x0, 0, "$h_0$\n0", color=c["state"], ha="center", va="center")
    before = x0 + 0.2
    base, unit = 2.0, 0.55
    columns = x0 + 1.15 + 1.55 * np.arange(T)
    ax.plot(
        [columns[0] - 0.6, columns[-1] + 0.6], [base, base], color=c["neutral"], lw=0.8
    )
    for t, (x, x_t, h) in enumerate(
        zip(columns, xs, hs[:, 0, 0], strict=True), start=1
    ):
        cell(x, str(t))
        ax.text(x, -1.68, _number(x_t, 1), ha="center", va="center")
        _arrow(ax, (before, 0), (x - 0.46, 0), c["state"])
        ax.text(
            (before + x - 0.46) / 2,
            0.1,
            "$w_h$",
            color=c["state"],
            ha="center",
            va="bottom",
        )
        before = x + 0.46
        ax.text(x, 1.15, f"$h_{t}$", color=c["state"], ha="center", va="center")
        ax.bar(x, unit * h, width=0.34, bottom=base, color=c["state"])
        ax.text(
            x,
            base + unit * h + (0.06 if h >= 0 else -0.06),
            _number(h),
            ha="center",
            va="bottom" if h >= 0 else "top",
        )
    ax.set(xlim=(-0.6, columns[-1] + 0.7), ylim=(-1.9, base + unit + 0.25))
    return ax


def gradient_flow(
    *,
    xs: Sequence[float] = FLOW_XS,
    w_x: float = FLOW_WEIGHTS[0],
    w_h: float = FLOW_WEIGHTS[1],
    b: float = FLOW_WEIGHTS[2],
    t: int | None = None,
    tau: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the terms of (8.7) for one loss step: immediate, carried, summed.

    Parameters
    ----------
    xs : sequence of T numbers
    w_x, w_h, b : float
    t : int in 1..T, default T
        The step whose loss is looked at.
    tau : int in 0..T-1, default T-1
        How many Jacobians the gradient is carried through, as in (8.17).
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    T = len(xs)
    t = T if t is None else t
    tau = T - 1 if tau is None else tau
    f = flow_numbers(xs, w_x, w_h, b, t=t, tau=tau)
    kept = [i >= t - tau for i in range(1, T + 1)]
    c = COLOURS
    ax = _canvas(ax, 5.6)
    chain, low, carried_y, floor = 6.4, 4.2, 2.95, 0.2

    def title(y: float, text: str) -> None:
        ax.text(-0.15, y, text, color=c["neutral"], va="center", fontsize="small")

    # the network, and the way back
    title(7.65, r"factors $\partial h_j/\partial h_{j-1}$ above the arrows back")
    ax.text(0, chain, "$h_0$", ha="center", va="center")
    ax.plot([0.2, 0.7], [chain, chain], color=c["neutral"], ls=":")
    for i in range(1, T + 1):
        _box(ax, i, chain, 0.5, 0.8, c["state"])
        ax.text(i, chain, f"$h_{i}$", ha="center", va="center")
        if 1 < i <= t:
            shown = 1.0 if kept[i - 2] else 0.3
            width = float(np.clip(4 * abs(f.carried[i - 2]), 0.8, 8))
            _arrow(
                ax,
                (i - 0.27, chain),
                (i - 0.72, chain),
                c["gradient"],
                width=width,
                alpha=shown,
            )
            ax.text(
                i - 0.5,
                chain + 0.6,
                _number(f.factors[i - 1]),
                color=c["gradient"],
                ha="center",
                va="center",
                alpha=max(shown, 0.6),
            )
    _arrow(ax, (t, chain + 1.0), (t, chain + 0.42), c["gradient"], width=3)
    ax.text(t, chain + 1.22, f"$L_{t}$", color=c["gradient"], ha="center", va="center")

    # immediate: striped, with a diamond
    title(
        5.45, r"immediate derivative $\partial^{+} h_i/\partial w_h$ (striped, diamond)"
    )
    scale = 0.75 / max(0.3, float(np.abs(f.immediate).max()))
    ax.plot([0.5, T + 0.5], [low, low], color=c["neutral"], lw=0.8)
    steps = list(range(1, T + 1))
    ax.bar(
        steps,
        f.immediate * scale,
        0.42,
        bottom=low,
        facecolor="none",
        edgecolor=c["gradient"],
        hatch="////",
    )
    ax.plot(
        steps,
        low + f.immediate * scale,
        "D",
        color=c["gradient"],
        markerfacecolor="white",
    )
    for i, d in zip(steps, f.immediate, strict=True):
        ax.text(
            i,
            low - 0.13 if d >= 0 else low + 0.13,
            _number(d),
            ha="center",
            va="top" if d >= 0 else "bottom",
        )

    # carried back
    title(3.35, "times the product of the factors from $i+1$ to $t$")
    for i in range(1, t + 1):
        ax.text(
            i,
            carried_y,
            _number(f.carried[i - 1]),
            color=c["gradient"],
            ha="center",
            va="center",
            alpha=1 if kept[i - 1] else 0.55,
        )

    # the sum grows from right to left
    title(2.5, "what step $i$ adds; from right to left the sum grows to the total")
    order = list(range(t, 0, -1))
    added = [f.terms[i - 1] if kept[i - 1] else 0.0 for i in order]
    ends = np.cumsum(added)
    starts = ends - added
    reach = np.concatenate([[0.0], starts + [f.terms[i - 1] for i in order]])
    scale = 1.6 / max(0.25, float(reach.max() - reach.min()))
    zero = floor - scale * min(0.0, float(reach.min()))
    ax.plot([0, T + 0.5], [zero, zero], color=c["neutral"], lw=0.8)
    for i, start, end in zip(order, starts, ends, strict=True):
        term = f.terms[i - 1]
        solid = kept[i - 1]
        ax.bar(
            i,
            scale * term,
            0.42,
            bottom=zero + scale * start,
            facecolor=c["gradient"] if solid else "none",
            edgecolor=c["gradient"],
            linestyle="-" if solid else ":",
        )
        top = zero + scale * max(start, start + term)
        ax.text(
            i,
            top + 0.06,
            _number(term),
            ha="center",
            va="bottom",
            alpha=1 if solid else 0.6,
        )
        ax.plot(
            [i - 0.21, i - 0.79],
            [zero + scale * end] * 2,
            color=c["gradient"],
            ls=":",
            lw=1,
        )
        ax.text(i, floor - 0.35, f"$i={i}$", ha="center", va="top")
    ax.plot(0.05, zero + scale * ends[-1], "o", ms=17, color=c["gradient"])
    ax.text(
        0.05,
        zero + scale * ends[-1],
        "d",
        color="white",
        ha="center",
        va="center",
        style="italic",
    )
    ax.text(
        0.05,
        floor - 0.35,
        _number(f.kept, 3),
        ha="center",
        va="top",
        color=c["gradient"],
    )
    ax.set(xlim=(-0.35, T + 0.6), ylim=(-0.7, 7.95))
    return ax


def windows(
    *,
    values: Sequence[float] = DECK_VALUES,
    dates: Sequence[str] = DECK_DATES,
    length: int = 4,
    horizon: int = 1,
    stride: int = 1,
    unit: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a series and the windows cut from it, one row a window.

    Parameters
    ----------
    values : sequence of n numbers
    dates : sequence of n strings
    length, horizon, stride : int
        As in :func:`rnncourse.forecasting.make_windows`.
    unit : str
        Written on the axis of the values.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    from rnncourse.forecasting import make_windows

    numbers = _array("values", values, "n")
    n = len(numbers)
    if len(dates) != n:
        raise ValueError(f"dates must have one entry a value, {n}, got {len(dates)}")
    X, Y = make_windows(
        np.arange(n, dtype=np.float64), length, horizon=horizon, stride=stride
    )
    c = COLOURS
    ax = _canvas(ax, 4.6)
    few = n <= 20
    lowest = 0.0 if few else float(numbers.min())
    heights = (numbers - lowest) / (float(numbers.max()) - lowest or 1.0) * 2.4
    base = 0.9
    places = np.arange(n)
    if few:
        ax.bar(places, heights, 0.7, bottom=base, color=c["neutral"], alpha=0.45)
        for i, (v, y) in enumerate(zip(values, heights, strict=True)):
            ax.text(
                i, base + y + 0.06, f"{v:g}", ha="center", va="bottom", fontsize="small"
            )
            ax.text(
                i,
                base - 0.12,
                str(dates[i])[:6],
                ha="center",
                va="top",
                fontsize="small",
            )
    else:
        ax.plot(places, base + heights, color=c["neutral"], marker=".", ms=4, lw=1)
        for i in (0, n - 1):
            ax.text(
                i,
                base - 0.12,
                str(dates[i]),
                ha="left" if i == 0 else "right",
                va="top",
                fontsize="small",
            )
        for y, v in ((0.0, lowest), (2.4, float(numbers.max()))):
            ax.text(
                -1,
                base + y,
                f"{v:.0f} {unit}".strip(),
                ha="right",
                va="center",
                fontsize="small",
            )

    rows = list(zip(X, Y, strict=True))
    most = 8
    drawn = rows if len(rows) <= most else rows[: most - 1]
    for k, (features, labels) in enumerate(drawn):
        y = -0.55 * k
        for group, role in ((features, "input"), (labels, "output")):
            for i in np.asarray(group, int):
                ax.add_patch(
                    Rectangle(
                        (i - 0.48, y - 0.22),
                        0.96,
                        0.44,
                        facecolor=to_rgba(c[role], 0.2),
                        edgecolor=c[role],
                        linewidth=1.2 if few else 0.5,
                        linestyle="-" if role == "input" else "--",
                    )
                )
                if few:
                    ax.text(
                        i,
                        y,
                        f"{values[i]:g}",
                        ha="center",
                        va="center",
                        fontsize="small",
                        color=c[role],
                    )
        ax.text(-0.8, y, str(k + 1), ha="right", va="center", fontsize="small")
    bottom = -0.55 * len(drawn)
    if len(drawn) < len(rows):
        ax.text(
            n / 2,
            bottom,
            f"and {len(rows) - len(drawn)} more windows",
            ha="center",
            va="center",
            fontsize="small",
        )
        bottom -= 0.4
    ax.text(
        length / 2 - 0.5, bottom, "features", color=c["input"], ha="center", va="center"
    )
    ax.text(
        length + horizon / 2 - 0.5,
        bottom,
        "label" if horizon == 1 else "labels",
        color=c["output"],
        ha="center",
        va="center",
    )
    ax.set(xlim=(-1.4 if few else -0.14 * n, n - 0.3), ylim=(bottom - 0.3, base + 2.9))
    return ax


def rnn_cell(
    *,
    x: Sequence[float] = CELL_X,
    h_prev: Sequence[float] = CELL_H_PREV,
    W_x: Sequence[Sequence[float]] = CELL_W_X,
    W_h: Sequence[Sequence[float]] = CELL_W_H,
    b: Sequence[float] = CELL_B,
    ax: Axes | None = None,
) -> Axes:
    """Draw the anatomy of one step, (7.3) and (7.4), with D = H = 2 and its numbers.

    Parameters
    ----------
    x : sequence of 2 numbers
    h_prev : sequence of 2 numbers
    W_x, W_h : 2 by 2 numbers
    b : sequence of 2 numbers
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    p = RNNParams(
        W_x=_array("W_x", W_x, "D H", D=2, H=2),
        W_h=_array("W_h", W_h, "H H", H=2),
        b=_array("b", b, "H", H=2),
    )
    x_row = _array("x", x, "D", D=2)[None]
    h_row = _array("h_prev", h_prev, "H", H=2)[None]
    h, _ = rnn_step(x_row, h_row, p)
    c = COLOURS
    ax = _canvas(ax, 4.8)

    def cells(x: float, y: float, numbers: Floats, role: str) -> None:
        for i, line in enumerate(np.atleast_2d(numbers)):
            for j, v in enumerate(line):
                _box(ax, x + j - 0.5, y - 0.62 * i, 0.98, 0.6, c[role], rounding=0.02)
                ax.text(x + j - 0.5, y - 0.62 * i, _number(v), ha="center", va="center")

    left, right, middle = -1.9, 1.9, 0.0
    for at, y, name, numbers, role in (
        (left, 6.0, "$h_{t-1}$", h_row, "state"),
        (right, 6.0, "$x_t$", x_row, "input"),
        (left, 4.7, r"$\cdot\;W_h$", p.W_h, "state"),
        (right, 4.7, r"$\cdot\;W_x$", p.W_x, "input"),
        (middle, 0.0, "$h_t$", h, "state"),
    ):
        cells(at, y, numbers, role)
        ax.text(
            at + 0.16 if y < 6 else at,
            y + 0.5,
            name,
            color=c[role],
            ha="left" if y < 6 else "center",
            va="center",
        )
    for at, end, role in ((left, -0.3, "state"), (right, 0.3, "input")):
        _arrow(ax, (at, 5.65), (at, 5.05), c[role])
        _arrow(ax, (at, 3.7), (end, 2.95), c[role])
    ax.plot(0, 2.75, "o", ms=22, color="none", markeredgecolor=c["neutral"])
    ax.text(0, 2.75, "+", ha="center", va="center", fontsize="x-large")
    ax.text(1.75, 2.75, f"$b$ = ({', '.join(_number(v, 1) for v in p.b)})", va="center")
    _arrow(ax, (1.65, 2.75), (0.35, 2.75), c["neutral"])
    _arrow(ax, (0, 2.4), (0, 1.88), c["neutral"])
    ax.text(0.16, 2.15, "$a_t$", va="center")
    _box(ax, 0, 1.5, 1.3, 0.7, c["state"])
    ax.text(0, 1.5, "tanh", ha="center", va="center")
    _arrow(ax, (0, 1.12), (0, 0.36), c["state"])
    far = -3.6
    ax.plot([-1.05, far, far], [0, 0, 6], color=c["state"], lw=1.5)
    _arrow(ax, (far, 6), (left - 1.05, 6), c["state"])
    ax.text(far + 0.12, 3, "next step", color=c["state"], va="center", fontsize="small")
    ax.set(xlim=(far - 0.2, 3.6), ylim=(-0.5, 6.8))
    return ax


# -- the decision line of chapter 1 ------------------------------------------------

# The same start as in _ext/interactive/decision-line.js; a test compares the two.
LINE_POINTS = (
    (-1.6, -0.4, 0), (-1.1, 0.6, 0), (-0.9, -1.2, 0), (-0.3, -0.5, 0), (0.2, -1.4, 0),
    (0.7, 0.1, 0), (-0.4, 0.9, 1), (0.3, 1.5, 1), (0.8, 0.9, 1), (1.2, -0.3, 1),
    (1.5, 0.7, 1), (1.0, -1.0, 1),
)  # fmt: skip
LINE_START = (0.4, 1.2, 0.2)  # w[1], w[2], b


def line_numbers(w: object, b: float) -> dict[str, Floats]:
    """Return z, p, loss, accuracy and gradient of a neuron on ``LINE_POINTS``."""
    points = np.array(LINE_POINTS)
    xs, ys = points[:, :2], points[:, 2]
    w = _array("w", w, "D", D=2)
    z = xs @ w + b  # (1.1)
    p = sigmoid(z)  # (1.2)
    loss = np.mean(np.maximum(z, 0) - z * ys + np.log1p(np.exp(-np.abs(z))))  # (1.6)
    dz = (p - ys) / len(ys)  # (1.7)
    return {
        "z": z,
        "p": p,
        "loss": np.asarray(loss),
        "accuracy": np.asarray(np.mean((z > 0) == ys)),
        "dw": xs.T @ dz,
        "db": dz.sum(),
    }


def decision_line(*, axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """Draw a line among points, and the same line as a dot on the loss surface.

    Parameters
    ----------
    axes : two Axes, optional
        New ones, side by side, if left out.

    Returns
    -------
    two Axes
    """
    import matplotlib.pyplot as plt

    if axes is None:
        axes = plt.subplots(1, 2, figsize=(8, 3.8))[1]
    if len(axes) != 2:
        raise ValueError(f"axes must be two Axes, got {len(axes)}")
    points, (left, right) = np.array(LINE_POINTS), axes
    for label, mark, role, fill in (
        (0, "s", "gradient", "none"),
        (1, "o", "input", COLOURS["input"]),
    ):
        of = points[points[:, 2] == label, :2]
        left.plot(
            *of.T, mark, label=f"y = {label}", color=COLOURS[role], mfc=fill, ms=8
        )
    w1, w2, b = LINE_START
    across = np.array([-2.5, 2.5])
    left.plot(across, -(across * w1 + b) / w2, color=COLOURS["state"])
    left.set(xlabel="x[1]", ylabel="x[2]", xlim=(-2.5, 2.5), ylim=(-2.5, 2.5))
    left.legend(loc="lower left")
    grid = np.linspace(-3, 5, 61)
    surface = [[float(line_numbers((u, v), b)["loss"]) for u in grid] for v in grid]
    right.contour(grid, grid, surface, levels=14, cmap="Greys_r", linewidths=1)
    right.plot(w1, w2, "o", color=COLOURS["state"], markersize=9)
    dw = line_numbers((w1, w2), b)["dw"]
    arrow = {"arrowstyle": "->", "color": COLOURS["gradient"], "linewidth": 2}
    tip = (w1 - 4 * dw[0], w2 - 4 * dw[1])
    right.annotate("", tip, (w1, w2), arrowprops=arrow)
    right.set(xlabel="w[1]", ylabel="w[2]")
    return axes


GRAPH_START = {"x": 0.8, "w1": 1.2, "w2": -0.9, "v1": 1.5, "v2": 0.7, "target": -0.5}
GRAPH_NODES = {  # column and row, as in the script
    "w1": (0, 0),
    "x": (0, 2),
    "w2": (0, 4),
    "a1": (1, 1),
    "a2": (1, 3),
    "h1": (2, 1),
    "h2": (2, 3),
    "v1": (2, 0),
    "v2": (2, 4),
    "z": (3, 2),
    "L": (4, 2),
    "target": (4, 0),
}
GRAPH_EDGES = (
    ("w1", "a1"),
    ("x", "a1"),
    ("x", "a2"),
    ("w2", "a2"),
    ("a1", "h1"),
    ("a2", "h2"),
    ("h1", "z"),
    ("h2", "z"),
    ("v1", "z"),
    ("v2", "z"),
    ("z", "L"),
    ("target", "L"),
)


def graph_numbers(
    *, x: float, w1: float, w2: float, v1: float, v2: float, target: float
) -> dict[str, float]:
    """Return values and gradients of a network of one input and two tanh units."""
    layers = (
        DenseParams(np.array([[w1, w2]], float), np.zeros(2)),
        DenseParams(np.array([[v1], [v2]], float), np.zeros(1)),
    )
    p = MLPParams(layers)
    inputs = np.array([[x]], float)
    z, cache = mlp_forward(inputs, p)
    dz = z - target
    dx, dp = mlp_backward(dz, cache, p)
    (h1, h2), (dh1, dh2) = cache.hs[1][0], (dz @ p.layers[1].W.T)[0]
    (dw1, dw2), (da1, da2) = dp.layers[0].W[0], dp.layers[0].b
    dv1, dv2 = dp.layers[1].W[:, 0]
    found = {"a1": x * w1, "a2": x * w2, "h1": h1, "h2": h2, "z": z, "L": dz**2 / 2}
    found |= {"dL": 1.0, "dz": dz, "dv1": dv1, "dv2": dv2, "dh1": dh1, "dh2": dh2}
    found |= {"da1": da1, "da2": da2, "dw1": dw1, "dw2": dw2, "dx": dx}
    found |= {"x": x, "w1": w1, "w2": w2, "v1": v1, "v2": v2, "target": target}
    return {name: float(np.squeeze(value)) for name, value in found.items()}


def backprop_graph(*, ax: Axes | None = None) -> Axes:
    """Draw a small network as a graph, with all values and gradients.

    Parameters
    ----------
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
    """
    ax = _canvas(ax, 4.3)
    numbers = graph_numbers(**GRAPH_START)
    roles = {"x": "input", "z": "output", "L": "gradient", "target": "neutral"}
    width, height, orange = 0.74, 0.8, COLOURS["gradient"]
    place = {name: (column, -row) for name, (column, row) in GRAPH_NODES.items()}
    for start, end in GRAPH_EDGES:
        (x0, y0), (x1, y1) = place[start], place[end]
        upright = x0 == x1
        shift = (0, height / 2) if upright else (-width / 2, 0)
        first, last = (x0 - shift[0], y0 - shift[1]), (x1 + shift[0], y1 + shift[1])
        back = start != "target"
        colour = COLOURS["gradient" if back else "neutral"]
        _arrow(ax, *((last, first) if back else (first, last)), colour)
    for name, (x, y) in place.items():
        role = roles.get(name, "state")
        _box(ax, x, y, width, height, COLOURS[role], fill=0.06)
        label = f"${'_'.join(name)}$" if len(name) < 3 else name
        ax.text(x, y + 0.22, label, ha="center", va="center")
        value = _number(numbers[name], 3)
        ax.text(x, y - 0.02, value, ha="center", va="center", color=COLOURS["state"])
        if f"d{name}" in numbers:
            slope = _number(numbers[f"d{name}"], 3)
            ax.text(x, y - 0.26, slope, ha="center", va="center", color=orange)
    ax.set(xlim=(-0.5, 4.5), ylim=(-4.5, 0.5))
    return ax

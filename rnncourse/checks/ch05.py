"""The checks of chapter 5: windows, what a series remembers, and honest splits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, by_slip

ASSIGNMENT = "05-sequences-and-windows"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]
Rng = np.random.Generator

WINDOWS = "A window is a promise to forget"
LETTERS = "Letters make windows too"
MEMORY = "What a series remembers"
SQUARES = "Least squares on windows"
ORDER = "An MLP does not know which day came first"
BALL = "One snapshot has no direction"
LEAKS = "Deal the windows out and the future leaks in"
BASELINES = "The baselines to beat"


def _walk(rng: Rng, N: int, D: int | None = None) -> Array:
    """Draw a series that remembers its last two values, off the level 0."""
    y = rng.normal(size=(N, D or 1))
    for t in range(2, N):
        y[t] += 0.9 * y[t - 1] - 0.5 * y[t - 2]
    return 4 + (y if D else y[:, 0])


# -- cut-windows ------------------------------------------------------------------


def _cut(
    series: Array, length: int, horizon: int, stride: int, *, slip: str = ""
) -> tuple[Array, Array]:
    gap = {"gap": 1, "inside": -1}.get(slip, 0)
    step = {"apart": length, "single": 1}.get(slip, stride)
    spare = len(series) - length - horizon - gap
    M = max(0, spare // step + 1)
    starts = np.arange(M) * step
    if slip == "few":
        starts = starts[:-1]
    if slip == "from-end":
        starts = starts + (spare % step if M else 0)
    days = np.arange(length)[:, None]
    ahead = np.arange(horizon)[:, None]
    if slip == "far":
        ahead = ahead[-1:]
    X = series[starts + (days[::-1] if slip == "backwards" else days)]
    Y = series[starts + length + gap + ahead]
    if slip == "windows-first":
        return X.transpose(1, 0, 2), Y.transpose(1, 0, 2)
    return X, Y


def _draw_cut(N: int, D: int, length: int, horizon: int, stride: int) -> Any:
    def draw(rng: Rng) -> Inputs:
        sizes = {"length": length, "horizon": horizon, "stride": stride}
        return {"series": _walk(rng, N, D), **sizes}

    return draw


def _draw_decks(rng: Rng) -> list[Inputs]:
    """Draw the sizes of the decks' two tables, then too short and just long enough."""
    temperature = np.array([[35.0], [32], [45], [48], [41], [39], [36]])
    one = {"series": temperature, "length": 3, "horizon": 1, "stride": 1}
    return [one, _draw_cut(6, 2, 4, 3, 1)(rng), _draw_cut(7, 2, 4, 3, 2)(rng)]


def _label_is_the_next_newest(calls: list[Inputs], values: list[Any]) -> str:
    X, Y = (np.asarray(v) for v in values[0])
    if X.shape[1:] == Y.shape[1:] and np.array_equal(X[-1, 1:], Y[0, :-1]):
        return ""
    return (
        "With stride 1, the first label of a window is the newest day of the window "
        "after it."
    )


CUT = Check(
    name="cut-windows",
    assignment=ASSIGNMENT,
    points=3,
    title="cut_windows",
    asks="the windows X (length, M, D) and their labels Y (horizon, M, D), time first; "
    "M is the number of windows that fit, 0 if none does",
    equation="5.5",
    section=WINDOWS,
    reference=_cut,
    returns=("X", "Y"),
    cases=(
        Case("value", "windows of a series with two columns", 2,
             _draw_cut(26, 2, 5, 3, 4)),
        Case("property", "stride 1, each label the newest day of the next window", 1,
             _draw_cut(13, 2, 4, 1, 1), law=_label_is_the_next_newest),
        Case("edge", "the deck's seven temperatures; too short by one; one window", 1,
             _draw_decks),
    ),
    mistakes=by_slip(
        _cut,
        {
            "label-is-a-feature": (
                "inside",
                "the first label is also the newest day of its window, as in the "
                "deck's X_2. In (5.5) the labels begin on the day after.",
            ),
            "day-skipped": (
                "gap",
                "one day between a window and its labels belongs to neither, as in the "
                "deck's X_n. In (5.5) nothing is skipped.",
            ),
            "stride-is-the-length": (
                "apart",
                "windows were laid end to end. By (5.5) window n begins n strides "
                "after the first, and neighbours may overlap.",
            ),
            "stride-is-one": (
                "single",
                "a window begins on every day. That is right for stride 1 only; (5.5) "
                "moves on by the stride.",
            ),
            "one-window-too-few": (
                "few",
                "the last window is missing. It still fits if its last label is the "
                "last day of the series; count by (5.6).",
            ),
            "counted-from-the-end": (
                "from-end",
                "the windows are aligned with the end of the series. By (5.5) the "
                "first one begins on day 0, and days may be left over at the end.",
            ),
            "farthest-label-only": (
                "far",
                "each window has one label, the last day of the horizon. All days of "
                "the horizon were asked for.",
            ),
            "newest-day-first": (
                "backwards",
                "the days of a window run backwards. A window keeps the order of time, "
                "oldest day first.",
            ),
            "windows-before-time": (
                "windows-first",
                "the windows stand on the first axis and the days on the second. This "
                "course puts time first, because a recurrent network reads day after "
                "day for all windows at once.",
            ),
        },
    ),
)  # fmt: skip


# -- character-windows ------------------------------------------------------------


def _characters(
    text: str, length: int, letters: str, *, slip: str = ""
) -> tuple[Array, Array]:
    if slip == "spaces":
        text = text.replace(" ", "")
    ids = np.array([letters.index(c) for c in text], dtype=int)
    ids = ids + (slip == "from-one")
    step = {"apart": length, "second": 2}.get(slip, 1)
    ahead = {"inside": length - 1, "late": length + 1}.get(slip, length)
    M = len(ids) - max(ahead, length)
    starts = np.arange(0, M - (slip == "few"), step)
    X = ids[starts[:, None] + np.arange(length)]
    if slip == "wrap":
        starts = np.arange(len(ids))
        X = ids[(starts[:, None] + np.arange(length)) % len(ids)]
        return X, ids[(starts + length) % len(ids)]
    if slip == "one-back":
        return X, ids[starts]
    return X, ids[starts + ahead]


def _draw_sentence(words: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        sizes = rng.integers(3, 6, size=words)
        made = ("".join(rng.choice(list("adeilnostw"), size=k)) for k in sizes)
        return {"text": " ".join(made), "length": 3, "letters": " adeilnostw"}

    return draw


def _draw_wider(rng: Rng) -> list[Inputs]:
    first = _draw_sentence(4)(rng)
    return [first, {**first, "letters": first["letters"][::-1]}]


def _code_turned(calls: list[Inputs], values: list[Any]) -> str:
    (X, y), (turned_X, turned_y) = values
    last = len(calls[0]["letters"]) - 1
    if np.array_equal(last - np.asarray(X), turned_X) and np.array_equal(
        last - np.asarray(y), turned_y
    ):
        return ""
    return (
        "The list of letters was turned round, so each number k must become "
        f"{last} - k, and nothing else may change."
    )


def _draw_short_texts(rng: Rng) -> list[Inputs]:
    deck = {"text": "said", "length": 3, "letters": " adeilnostw"}
    return [deck, {**deck, "text": "well done", "length": 1}]


CHARACTERS = Check(
    name="character-windows",
    assignment=ASSIGNMENT,
    points=2,
    title="character_windows",
    asks="the windows X (M, length) and the character after each, y (M,), every "
    "character as its place in letters, counted from 0",
    equation="5.5",
    section=LETTERS,
    reference=_characters,
    returns=("X", "y"),
    cases=(
        Case("value", "windows of three characters", 2, _draw_sentence(5)),
        Case("property", "another numbering of the letters", 1, _draw_wider,
             law=_code_turned),
        Case("edge", "one window only; windows of one character", 1,
             _draw_short_texts),
    ),
    mistakes=by_slip(
        _characters,
        {
            "windows-end-to-end": (
                "apart",
                "a new window begins where the one before ended, so most of the "
                "characters are never anybody's label.",
            ),
            "every-second-window": (
                "second",
                "every second window is missing. The deck's list has such gaps, too: "
                "it goes from ' do' to 'one' and leaves out 'don'.",
            ),
            "spaces-dropped": (
                "spaces",
                "the spaces were taken out first. A space is a character like any "
                "other, and the only one that says where a word ends.",
            ),
            "label-from-the-window": (
                "inside",
                "the label is the last character of its own window. There is nothing "
                "left to guess then.",
            ),
            "label-one-too-late": (
                "late",
                "the label is the second character after the window, and the one right "
                "after it is lost.",
            ),
            "first-character-as-label": (
                "one-back",
                "the label is the first character of the window. By (5.5) it is the "
                "one that comes after the last.",
            ),
            "last-window-left-out": (
                "few",
                "the last window is missing, whose label is the last character of the "
                "text: for the deck's sentence, the pair (sai, d).",
            ),
            "text-closed-to-a-ring": (
                "wrap",
                "the windows at the end go on with the beginning of the text, as if it "
                "were a ring. They have no label in this text; leave them out.",
            ),
            "counted-from-one": (
                "from-one",
                "the places of the letters are counted from 1. Here the first letter "
                "of the list is number 0.",
            ),
        },
    ),
)  # fmt: skip


# -- autocorrelation --------------------------------------------------------------


def _autocorrelation(x: Array, K: int, *, slip: str = "") -> Array:
    N = len(x)
    z = np.asarray(x, dtype=float)
    if slip != "raw":
        z = z - z.mean()
    lags = range(K + 1)
    r = np.array([z[: N - k] @ z[k:] for k in lags])
    if slip == "products":
        return r / N
    if slip == "fair":
        return r / (N - np.arange(K + 1)) / (r[0] / N)
    if slip == "pairs":
        return np.array([np.corrcoef(z[: N - k], z[k:])[0, 1] for k in lags])
    if slip == "ring":
        return np.array([z @ np.roll(z, -k) for k in lags]) / r[0]
    if slip == "deviation":
        return r / N / z.std()
    if slip == "absolute":
        return np.abs(r) / r[0]
    if slip == "squared":
        return (r / r[0]) ** 2
    if slip == "no-zero":
        return r[1:] / r[0]
    if slip == "partial":
        s = np.array([(z[: N - k] - z[k:]) @ (z[: N - k] - z[k:]) for k in lags])
        return s / (2 * r[0])
    return r / r[0]


def _draw_series(N: int, K: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {"x": _walk(rng, N), "K": K}

    return draw


def _draw_other_unit(rng: Rng) -> list[Inputs]:
    first = _draw_series(19, 4)(rng)
    return [first, {**first, "x": 32 - 1.8 * first["x"]}]


def _unit_is_lost(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0], values[1]):
        return ""
    return (
        "The same series in another unit, with another zero and the other sign, must "
        "have the same autocorrelation."
    )


def _draw_alternating(rng: Rng) -> list[Inputs]:
    return [
        {"x": np.tile([1.0, 0.0], 8), "K": 3},
        {"x": _walk(rng, 9), "K": 8},
    ]


AUTOCORRELATION = Check(
    name="autocorrelation",
    assignment=ASSIGNMENT,
    points=2,
    title="autocorrelation",
    asks="the autocorrelations r_0 to r_K, an array of shape (K + 1,)",
    equation="5.3",
    section=MEMORY,
    reference=_autocorrelation,
    returns=("r",),
    cases=(
        Case("value", "six lags of a series", 2, _draw_series(23, 5)),
        Case("property", "the series in another unit", 1, _draw_other_unit,
             law=_unit_is_lost),
        Case("edge", "a series that alternates; every lag there is", 1,
             _draw_alternating),
    ),
    mistakes=by_slip(
        _autocorrelation,
        {
            "mean-left-in": (
                "raw",
                "the mean was not taken away first. A series far from 0 then seems to "
                "remember everything, whatever it does.",
            ),
            "not-divided": (
                "products",
                "the products were averaged but not divided by the variance. (5.3) is "
                "a pure number, 1 at lag 0.",
            ),
            "divided-by-pairs": (
                "fair",
                "each sum was divided by its own number of pairs, N - k. (5.3) divides "
                "every one by the same number; at long lags, where few pairs are left, "
                "yours can pass 1.",
            ),
            "correlation-of-two-pieces": (
                "pairs",
                "each lag is the correlation of two shorter series, each with a mean "
                "and a spread of its own. (5.3) uses those of the whole series.",
            ),
            "series-closed-to-a-ring": (
                "ring",
                "the end of the series was joined to its beginning, so that the last "
                "days are followed by the first ones. Those pairs are not neighbours.",
            ),
            "divided-by-the-deviation": (
                "deviation",
                "the products were divided by the standard deviation once. It takes "
                "the variance, its square, to lose the unit.",
            ),
            "sign-lost": (
                "absolute",
                "all values came out positive. A negative r_k is news: what is high "
                "now tends to be low k steps later.",
            ),
            "values-squared": (
                "squared",
                "the values were squared. (5.3) is the correlation itself, with its "
                "sign.",
            ),
            "lag-0-missing": (
                "no-zero",
                "lag 0 is missing. It is 1 always, and a good check for that reason.",
            ),
            "differences-instead-of-products": (
                "partial",
                "the squared differences at each lag were added up, as in a "
                "variogram. (5.3) adds up products.",
            ),
        },
    ),
)  # fmt: skip


# -- fit-autoregression -----------------------------------------------------------


def _autoregression(y: Array, order: int, *, slip: str = "") -> tuple[Array, Any]:
    y = np.asarray(y, dtype=float)
    N = len(y)
    lag = {"inside": 0, "gap": 2}.get(slip, 1)
    first = order + lag - 1
    if slip == "padded":
        first = 0
        rows = np.stack(
            [np.concatenate([np.zeros(k), y[: N - k]]) for k in range(1, order + 1)], 1
        )
    else:
        rows = np.stack(
            [y[first - k - lag : N - k - lag] for k in range(order)], axis=1
        )
    target = y[first:]
    if slip == "oldest-first":
        rows = rows[:, ::-1]
    if slip == "few":
        rows, target = rows[:-1], target[:-1]
    if slip == "no-constant":
        return np.linalg.lstsq(rows, target, rcond=None)[0], 0.0
    if slip == "ridge":
        both = np.column_stack([rows, np.ones(len(rows))])
        found = np.linalg.solve(both.T @ both + np.eye(order + 1), both.T @ target)
        return found[:-1], found[-1]
    if slip == "mean":
        z = np.linalg.lstsq(rows - y.mean(), target - y.mean(), rcond=None)[0]
        return z, y.mean()
    if slip == "each-alone":
        w = [np.polyfit(column, target, 1)[0] for column in rows.T]
        return np.array(w), float(np.mean(target - rows @ w))
    both = np.column_stack([rows, np.ones(len(rows))])
    found = np.linalg.lstsq(both, target, rcond=None)[0]
    return found[:-1], found[-1]


def _draw_fit(N: int, order: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {"y": _walk(rng, N), "order": order}

    return draw


TRUE_W, TRUE_B = np.array([1.1, -0.6, 0.3]), 2.0


def _draw_without_noise(rng: Rng) -> Inputs:
    y = np.zeros(24)
    y[:3] = rng.uniform(5, 20, size=3)
    for t in range(3, 24):
        y[t] = y[t - 3 : t][::-1] @ TRUE_W + TRUE_B
    return {"y": y, "order": 3}


def _truth_is_found(calls: list[Inputs], values: list[Any]) -> str:
    w, b = values[0]
    if np.shape(w) == (3,) and np.allclose(w, TRUE_W) and np.isclose(b, TRUE_B):
        return ""
    return (
        "Each day of this series was made without any noise from the three before it. "
        "The weights it was made with are a perfect fit, so least squares must find "
        "them: 1.1 for yesterday, then -0.6 and 0.3, and a constant of 2."
    )


def _draw_small_fits(rng: Rng) -> list[Inputs]:
    return [_draw_fit(12, 1)(rng), _draw_fit(7, 3)(rng)]


FIT = Check(
    name="fit-autoregression",
    assignment=ASSIGNMENT,
    points=3,
    title="fit_autoregression",
    asks="the weights w (order,), w[0] for the day before, and the constant b of the "
    "autoregression that fits y best in the sense of least squares",
    equation="5.7",
    section=SQUARES,
    reference=_autoregression,
    returns=("w", "b"),
    rtol=1e-5,
    atol=1e-7,
    cases=(
        Case("value", "an autoregression over three days", 2, _draw_fit(29, 3)),
        Case("property", "the weights of a series without noise", 1,
             _draw_without_noise, law=_truth_is_found),
        Case("edge", "order 1; four equations for four unknowns", 1,
             _draw_small_fits),
    ),
    mistakes=by_slip(
        _autoregression,
        {
            "weights-oldest-first": (
                "oldest-first",
                "the weights run from the oldest day to the newest. In (5.7) the "
                "first belongs to the day before.",
            ),
            "constant-left-out": (
                "no-constant",
                "there is no constant in the fit, so a series at level 4 has to be "
                "held up by its weights. Give (5.7) a column of ones.",
            ),
            "target-among-the-lags": (
                "inside",
                "the day to be forecast stands among the lags. Its weight is 1 and the "
                "fit is perfect, and worth nothing.",
            ),
            "yesterday-skipped": (
                "gap",
                "the lags begin with the day before yesterday. In (5.7) the first lag "
                "is 1.",
            ),
            "zeros-before-the-start": (
                "padded",
                "the first days, which have too few days before them, were filled up "
                "with zeros. A series at level 4 never was at 0; leave these rows "
                "out.",
            ),
            "last-day-not-used": (
                "few",
                "the last day of the series is not used as a target. It has all its "
                "lags, so it belongs to the fit.",
            ),
            "weights-held-small": (
                "ridge",
                "the weights are pulled towards 0, as ridge regression does. (5.7) "
                "minimises the squared error alone.",
            ),
            "mean-as-constant": (
                "mean",
                "the mean of the series came as the constant. If the fit is made on "
                "values with the mean taken away, the constant is what makes both "
                "forms agree: the mean times (1 minus the sum of the weights).",
            ),
            "each-lag-alone": (
                "each-alone",
                "each weight comes from a fit with one lag only. The lags resemble "
                "each other, so their weights have to be found together.",
            ),
        },
    ),
)  # fmt: skip


# -- permuted-weights -------------------------------------------------------------


def _permuted(
    xs: Array, W: Array, b: Array, order: Array, *, slip: str = ""
) -> tuple[Array, Array, Array]:
    back = np.argsort(order)
    if slip == "weights-left":
        return xs[:, order], W, b
    if slip == "inputs-left":
        return xs, W[order], b
    if slip == "inverse-weights":
        return xs[:, order], W[back], b
    if slip == "inverse-inputs":
        return xs[:, back], W[order], b
    if slip == "both-inverse":
        return xs[:, back], W[back], b
    if slip == "columns":
        return xs[:, order], W[:, order], b
    if slip == "bias":
        return xs[:, order], W[order], b[order]
    if slip == "units":
        return xs[:, order], W[order][:, order], b[order]
    if slip == "rows":
        return xs[order], W[order], b
    return xs[:, order], W[order], b


def _turning_order(rng: Rng, D: int) -> Array:
    """Draw an order that is not its own inverse."""
    while True:
        order = rng.permutation(D)
        if not np.array_equal(order[order], np.arange(D)):
            return order


def _draw_layer(N: int, D: int, H: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "xs": rng.normal(size=(N, D)),
            "W": rng.normal(size=(D, H)),
            "b": rng.normal(size=H),
            "order": _turning_order(rng, D),
        }

    return draw


def _sums_stay(calls: list[Inputs], values: list[Any]) -> str:
    given, (xs, W, b) = calls[0], values[0]
    if np.shape(xs) == given["xs"].shape and np.shape(W) == given["W"].shape:
        before = given["xs"] @ given["W"] + given["b"]
        if np.shape(b) == given["b"].shape and np.allclose(xs @ W + b, before):
            return ""
    return (
        "The weighted sums of all hidden units must be what they were, for every "
        "window. Yours are not."
    )


def _draw_plain_orders(rng: Rng) -> list[Inputs]:
    first = _draw_layer(2, 5, 3)(rng)
    backwards = {**first, "order": np.arange(5)[::-1].copy()}
    alone = {
        "xs": rng.normal(size=(4, 1)),
        "W": rng.normal(size=(1, 2)),
        "b": rng.normal(size=2),
        "order": np.array([0]),
    }
    return [backwards, alone]


PERMUTED = Check(
    name="permuted-weights",
    assignment=ASSIGNMENT,
    points=2,
    title="permuted_weights",
    asks="the windows with their days in the new order, xs (N, D), and weights W "
    "(D, H) and bias b (H,) with which the layer computes what it did before",
    equation="5.8",
    section=ORDER,
    reference=_permuted,
    returns=("xs", "W", "b"),
    cases=(
        Case("value", "windows, weights and bias in the new order", 2,
             _draw_layer(4, 6, 3)),
        Case("property", "the sums of the hidden units stay", 1,
             _draw_layer(7, 5, 2), law=_sums_stay),
        Case("edge", "the order turned round; a window of one day", 1,
             _draw_plain_orders),
        Case("naming", "as many units as days", 0, _draw_layer(5, 5, 5)),
    ),
    mistakes=by_slip(
        _permuted,
        {
            "weights-not-moved": (
                "weights-left",
                "the days moved and their weights stayed. Then each day meets the "
                "weight of another day, and that is a different network.",
            ),
            "days-not-moved": (
                "inputs-left",
                "the weights moved and the days stayed.",
            ),
            "weights-moved-back": (
                "inverse-weights",
                "the days moved by the order and the weights by its inverse. In (5.8) "
                "row k of W goes wherever day k goes.",
            ),
            "days-moved-back": (
                "inverse-inputs",
                "the days moved by the inverse of the order. Place j of the new window "
                "holds day order[j] of the old one.",
            ),
            "inverse-order": (
                "both-inverse",
                "everything moved by the inverse of the order. The sums of (5.8) stay, "
                "but this is not the order that was asked for: place j of the new "
                "window holds day order[j].",
            ),
            "columns-of-weights-moved": (
                "columns",
                "the columns of W moved. A column belongs to a hidden unit; the days "
                "are its rows.",
            ),
            "bias-moved-too": (
                "bias",
                "the bias moved, too. It belongs to the hidden units, and those stay "
                "where they are.",
            ),
            "units-moved-too": (
                "units",
                "the hidden units moved along with the days. That gives a network of "
                "equal worth, but (5.8) leaves the units in their places.",
            ),
            "windows-moved": (
                "rows",
                "the windows changed places with each other. The order is that of the "
                "days inside each window.",
            ),
        },
    ),
)  # fmt: skip


# -- next-position ----------------------------------------------------------------


def _next(points: Array, *, slip: str = "") -> Array:
    p = np.asarray(points, dtype=float)
    k = len(p)
    if k == 1 or slip == "stay":
        return p[-1].copy()
    v = p[-1] - p[-2]
    if slip == "mean-speed":
        return p[-1] + (p[-1] - p[0]) / (k - 1)
    if slip == "backwards":
        return p[-1] - v
    if slip == "speed-only":
        return v
    if k == 2 or slip == "straight":
        return p[-1] + v
    if slip == "first-three":
        return 3 * p[2] - 3 * p[1] + p[0]
    a = p[-1] - 2 * p[-2] + p[-3]
    if slip == "half":
        return p[-1] + v + a / 2
    if slip == "brake":
        return p[-1] + v - a
    if slip == "double":
        return p[-1] + v + 2 * a
    return p[-1] + v + a


def _draw_points(k: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        steps = rng.uniform(0.5, 1.5, size=(k, 2)) * rng.choice([-1, 1], size=2)
        return {"points": rng.uniform(2, 4, size=2) + np.cumsum(steps, axis=0)}

    return draw


def _thrown(rng: Rng) -> Inputs:
    t = np.arange(6.0)[:, None]
    start, speed = rng.uniform(1, 2, size=2), rng.uniform(0.5, 1.5, size=2)
    return {"points": (start + speed * t + np.array([0, -0.2]) * t**2)[:5]}


def _stays_on_the_parabola(calls: list[Inputs], values: list[Any]) -> str:
    p = calls[0]["points"]
    t = np.arange(5.0)
    want = [np.polyval(np.polyfit(t, p[:, k], 2), 5.0) for k in (0, 1)]
    if np.allclose(values[0], want):
        return ""
    return (
        "These snapshots lie on a parabola, as those of a thrown ball do. The next "
        "position lies on the same parabola; yours does not."
    )


def _draw_few_points(rng: Rng) -> list[Inputs]:
    return [_draw_points(1)(rng), _draw_points(2)(rng), _draw_points(3)(rng)]


BALL_CHECK = Check(
    name="next-position",
    assignment=ASSIGNMENT,
    points=2,
    title="next_position",
    asks="the next position of the ball, an array of shape (2,)",
    equation="5.10",
    section=BALL,
    reference=_next,
    returns=("position",),
    cases=(
        Case("value", "four snapshots", 2, _draw_points(4)),
        Case("property", "a thrown ball stays on its parabola", 1, _thrown,
             law=_stays_on_the_parabola),
        Case("edge", "one, two and three snapshots", 1, _draw_few_points),
    ),
    mistakes=by_slip(
        _next,
        {
            "ball-stands-still": (
                "stay",
                "the last position came back. With one snapshot that is all one can "
                "say; with more the ball has a speed.",
            ),
            "straight-line-always": (
                "straight",
                "the ball goes on in a straight line by (5.9). With three snapshots "
                "you can see its speed change, and (5.10) uses that.",
            ),
            "turned-back": (
                "backwards",
                "the ball goes back to where it was. The step is the newer position "
                "minus the older one.",
            ),
            "step-without-position": (
                "speed-only",
                "the step alone came back. It has to be added to the last position.",
            ),
            "mean-of-all-steps": (
                "mean-speed",
                "the mean of all steps was added. For a ball that speeds up or slows "
                "down, the newest steps say more.",
            ),
            "oldest-snapshots-used": (
                "first-three",
                "the first three snapshots were used. The next position follows the "
                "last three.",
            ),
            "half-the-change": (
                "half",
                "half of the change of speed was added. One half belongs to the "
                "physics formula for continuous time; between snapshots the whole "
                "change counts, as the differences in (5.10) show.",
            ),
            "change-subtracted": (
                "brake",
                "the change of speed was taken away. If the last step was longer than "
                "the one before, the next is longer still.",
            ),
            "change-twice": (
                "double",
                "the change of speed was added twice. Write (5.10) as position plus "
                "step plus change of step.",
            ),
        },
    ),
)  # fmt: skip


# -- leaking-windows --------------------------------------------------------------


def _leaking(
    train: Array, test: Array, length: int, horizon: int, *, slip: str = ""
) -> Array:
    train, test = np.asarray(train), np.asarray(test)
    d = test[:, None] - train  # (number of test windows, number of training windows)
    whole = length + horizon - 1
    if slip == "any-day":
        leaks = np.abs(d) <= whole
    elif slip == "labels-only":
        leaks = np.abs(d) <= horizon - 1
    elif slip == "features-only":
        leaks = (d + length <= length - 1) & (d + whole >= 0)
    elif slip == "same":
        leaks = d == 0
    elif slip == "neighbours":
        leaks = np.abs(d) <= 1
    elif slip == "first-label":
        leaks = (d + length >= 0) & (d + length <= whole)
    elif slip == "early":
        leaks = (d + whole - 1 >= 0) & (d + length - 1 <= whole)
    elif slip == "later":
        leaks = d < 0
    elif slip == "all":
        return np.asarray(((d >= -whole) & (d <= horizon - 1)).all(axis=1))
    else:
        leaks = (d >= -whole) & (d <= horizon - 1)
    found = leaks.any(axis=1)
    return np.asarray(~found if slip == "honest" else found)


def _draw_dealt(length: int, horizon: int) -> Callable[[Rng], Inputs]:
    """Draw test windows at every distance that decides between two readings."""

    def draw(rng: Rng) -> Inputs:
        whole = length + horizon - 1
        base = 40 + int(rng.integers(0, 9))
        offsets = [-whole - 1, -whole, -length, -1, 0, horizon - 1, horizon, whole + 3]
        offsets += [-whole - 9, 2, -2]
        test = base + np.array(offsets)
        train = np.array([base, base + 60, base + 63])
        return {
            "train": train,
            "test": rng.permutation(np.unique(test)),
            "length": length,
            "horizon": horizon,
        }

    return draw


def _draw_by_date(rng: Rng) -> list[Inputs]:
    """Draw a cut by date, where nothing leaks, and the same with parts swapped."""
    last = int(rng.integers(8, 12))
    early, late = np.arange(last + 1), np.arange(last + 2, last + 7)
    sizes = {"length": 5, "horizon": 2}
    return [
        {"train": early, "test": late, **sizes},
        {"train": late, "test": early, **sizes},
    ]


def _cut_by_date_is_honest(calls: list[Inputs], values: list[Any]) -> str:
    if not np.any(values[0]):
        return ""
    return (
        "In the first split every day to be forecast comes after every day of the "
        "training windows, so none of its windows leaks. The features of a test window "
        "may be days that were trained on: the past is known."
    )


def _draw_leak_edge(rng: Rng) -> list[Inputs]:
    one = int(rng.integers(10, 20))
    around = one + np.arange(-5, 4)
    return [
        {"train": np.array([one]), "test": around, "length": 3, "horizon": 1},
        {"train": np.array([one]), "test": around[:4], "length": 1, "horizon": 3},
    ]


LEAKING = Check(
    name="leaking-windows",
    assignment=ASSIGNMENT,
    points=3,
    title="leaking_windows",
    asks="for each test window True if one of the days it must forecast is a day of a "
    "training window, feature or label, and False otherwise; shape (number of test "
    "windows,)",
    equation="5.11",
    section=LEAKS,
    reference=_leaking,
    returns=("leaks",),
    cases=(
        Case("value", "windows dealt into two heaps", 2, _draw_dealt(4, 2)),
        Case("property", "a cut by date, and the same the wrong way round", 1,
             _draw_by_date, law=_cut_by_date_is_honest),
        Case("edge", "one training window, horizons 1 and 3", 1, _draw_leak_edge),
    ),
    mistakes=by_slip(
        _leaking,
        {
            "shared-features-counted": (
                "any-day",
                "windows that share any day were called leaking. The features of a "
                "test window may well be days of the training part: the past is "
                "known. Only the days to be forecast must be new.",
            ),
            "labels-against-labels": (
                "labels-only",
                "only the labels of the training windows were looked at. A day that "
                "was a feature there has been seen as well.",
            ),
            "labels-against-features": (
                "features-only",
                "only the features of the training windows were looked at. A day that "
                "was a label there has been seen as well.",
            ),
            "same-window-only": (
                "same",
                "only windows that stand in both parts were found. A window that "
                "begins one day later shares all its days but one.",
            ),
            "neighbours-only": (
                "neighbours",
                "only windows that begin at most one day apart were found. How far "
                "apart they may begin follows from (5.11), and depends on length and "
                "horizon.",
            ),
            "first-label-only": (
                "first-label",
                "only the first day of the horizon was looked at. Each of its days has "
                "to be new.",
            ),
            "label-days-one-early": (
                "early",
                "the days to be forecast were taken one day too early. A window that "
                "begins on day n has its first label on day n + length.",
            ),
            "later-training-counted": (
                "later",
                "every test window with a later training window was called leaking. "
                "Learning from the future is unwise, but by (5.11) it takes a shared "
                "day; a training window far away shares none.",
            ),
            "all-windows-asked": (
                "all",
                "a test window had to share days with all training windows. One is "
                "enough.",
            ),
            "turned-to-its-opposite": (
                "honest",
                "True came for the windows that are new, and False for those that "
                "leak.",
            ),
        },
    ),
)  # fmt: skip


# -- split-windows ----------------------------------------------------------------


def _split(
    N: int, length: int, horizon: int, validation_from: int, test_from: int,
    *, slip: str = "",
) -> tuple[Array, Array, Array]:  # fmt: skip
    starts = np.arange(N - length - horizon + 1)
    first, last = starts + length, starts + length + horizon - 1
    if slip == "first-label":
        last = first
    if slip == "last-label":
        first = last
    if slip == "begin":
        first = last = starts
    if slip == "newest":
        first = last = starts + length - 1
    if slip == "inside":
        first = starts
    if slip == "late":
        first, last = first - 1, last - 1
    if slip == "short":
        starts, first, last = starts[:-1], first[:-1], last[:-1]
    if slip == "no-overlap":
        starts, first, last = (a[::length] for a in (starts, first, last))
    train = starts[last < validation_from]
    validation = starts[(first >= validation_from) & (last < test_from)]
    test = starts[first >= test_from]
    if slip == "labels":
        return train + length, validation + length, test + length
    if slip == "validation-joined":
        return np.concatenate([train, validation]), validation, test
    return train, validation, test


def _draw_split(N: int, length: int, horizon: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        validation = 18 + int(rng.integers(0, 4))
        return {
            "N": N,
            "length": length,
            "horizon": horizon,
            "validation_from": validation,
            "test_from": validation + 9,
        }

    return draw


def _every_label_once(calls: list[Inputs], values: list[Any]) -> str:
    c = calls[0]
    sizes = [len(np.atleast_1d(v)) for v in values[0]]
    want = [
        c["validation_from"] - c["length"],
        c["test_from"] - c["validation_from"],
        c["N"] - c["test_from"],
    ]
    if sizes == want:
        return ""
    return (
        "With horizon 1 every day that has enough days before it is the label of "
        f"exactly one window, so the three parts have {want[0]}, {want[1]} and "
        f"{want[2]} windows; yours have {sizes[0]}, {sizes[1]} and {sizes[2]}."
    )


def _draw_split_edge(rng: Rng) -> list[Inputs]:
    v = 12 + int(rng.integers(0, 5))
    borders = {"validation_from": v, "test_from": v + 3}
    return [
        {"N": v + 7, "length": 4, "horizon": 4, **borders},  # none in validation
        {"N": v + 6, "length": 4, "horizon": 3, **borders},  # one there, one in test
    ]


SPLIT = Check(
    name="split-windows",
    assignment=ASSIGNMENT,
    points=2,
    title="split_windows",
    asks="the starts of the training, validation and test windows, three arrays of "
    "int, in the order of time; a window belongs to the part that holds all its labels",
    equation="5.12",
    section=LEAKS,
    reference=_split,
    returns=("train", "validation", "test"),
    cases=(
        Case("value", "windows of five days with three labels", 2,
             _draw_split(41, 5, 3)),
        Case("property", "horizon 1 uses every day once", 1, _draw_split(43, 6, 1),
             law=_every_label_once),
        Case("edge", "a part too short for the horizon; one window in it", 1,
             _draw_split_edge),
    ),
    mistakes=by_slip(
        _split,
        {
            "first-label-decides": (
                "first-label",
                "a window went where its first label lies, so the last training "
                "windows have labels in the validation part. By (5.12) all labels must "
                "lie in the part; a window astride the border goes nowhere.",
            ),
            "last-label-decides": (
                "last-label",
                "a window went where its last label lies, so the first validation "
                "windows have labels in the training part.",
            ),
            "first-day-decides": (
                "begin",
                "a window went where its first day lies. Then the last training "
                "windows forecast days of the validation part.",
            ),
            "newest-feature-decides": (
                "newest",
                "a window went where its newest feature lies. Its labels come later, "
                "and they decide.",
            ),
            "features-kept-inside": (
                "inside",
                "a window had to lie in its part with all its features. That is "
                "stricter than (5.12) and throws away the first days of each part, "
                "whose past is known.",
            ),
            "border-one-day-late": (
                "late",
                "the parts begin one day late: the day on which the validation part "
                "begins is its own, not the training part's.",
            ),
            "last-start-left-out": (
                "short",
                "the last window of the series is missing from the test part.",
            ),
            "windows-without-overlap": (
                "no-overlap",
                "the windows of a part do not overlap. A window begins on every day; "
                "what must not mix is labels of different parts.",
            ),
            "label-days-returned": (
                "labels",
                "the days of the first labels came back. The starts of the windows "
                "were asked for.",
            ),
            "validation-trained-on": (
                "validation-joined",
                "the validation windows stand in the training part as well.",
            ),
        },
    ),
)  # fmt: skip


# -- seasonal-skill ---------------------------------------------------------------


def _skill(y: Array, y_hat: Array, period: int, *, slip: str = "") -> tuple[Array, Any]:
    y, y_hat = np.asarray(y, dtype=float), np.asarray(y_hat, dtype=float)
    if slip == "yesterday":
        naive = y[period - 1 : -1]
    elif slip == "future":
        naive = np.roll(y, -period)[period:]
    elif slip == "forecast":
        naive = y_hat[:-period]
    elif slip == "same-day":
        naive = y[period:]
    else:
        naive = y[:-period]
    truth, guess = y[period:], y_hat[period:]
    e, e0 = np.abs(truth - guess).mean(), np.abs(truth - y[:-period]).mean()
    if slip == "all-days":
        e = np.abs(y - y_hat).mean()
    if slip == "squares":
        e, e0 = ((truth - guess) ** 2).mean(), ((truth - y[:-period]) ** 2).mean()
    if slip == "turned":
        return naive, 1 - e0 / e
    if slip == "ratio":
        return naive, e / e0
    if slip == "gain":
        return naive, e0 - e
    if slip in ("yesterday", "future", "forecast"):
        e0 = np.abs(truth - naive).mean()
    return naive, 1 - e / e0


def _draw_season(N: int, period: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        week = 6 * rng.normal(size=period)
        y = 50 + week[np.arange(N) % period] + 2 * rng.normal(size=N)
        y_hat = y + 1.2 * rng.normal(size=N)
        y_hat[:period] += 9  # the model began badly
        return {"y": y, "y_hat": y_hat, "period": period}

    return draw


def _draw_units_of_energy(rng: Rng) -> list[Inputs]:
    first = _draw_season(22, 5)(rng)
    return [first, {**first, "y": 3.6 * first["y"], "y_hat": 3.6 * first["y_hat"]}]


def _skill_has_no_unit(calls: list[Inputs], values: list[Any]) -> str:
    (naive, skill), (other_naive, other_skill) = values
    if np.allclose(skill, other_skill) and np.allclose(
        3.6 * np.asarray(naive), other_naive
    ):
        return ""
    return (
        "The same in terajoules instead of gigawatt-hours: forecasts and errors are "
        "3.6 times as large, and the skill is the same."
    )


def _draw_skill_edge(rng: Rng) -> list[Inputs]:
    worse = _draw_season(12, 1)(rng)
    worse["y_hat"] = worse["y"] + np.tile([9.0, -9.0], 6)
    whole = _draw_season(8, 7)(rng)
    return [worse, whole]


SKILL = Check(
    name="seasonal-skill",
    assignment=ASSIGNMENT,
    points=3,
    title="seasonal_skill",
    asks="naive (N - period,), the seasonal naive forecasts of the days from period "
    "on, and the skill of y_hat over them, on these days",
    equation="5.13",
    section=BASELINES,
    reference=_skill,
    returns=("naive", "skill"),
    cases=(
        Case("value", "three weeks of seven days", 2, _draw_season(24, 7)),
        Case("property", "the same in another unit", 1, _draw_units_of_energy,
             law=_skill_has_no_unit),
        Case("edge", "a model that loses; one day to compare on", 1,
             _draw_skill_edge),
    ),
    mistakes=by_slip(
        _skill,
        {
            "persistence-instead": (
                "yesterday",
                "each day was forecast by the day before. (5.13) goes one whole period "
                "back.",
            ),
            "next-period-used": (
                "future",
                "each day was forecast by a day that comes after it. Nobody has that "
                "number in time.",
            ),
            "forecasts-repeated": (
                "forecast",
                "the model's own forecasts of a period ago were repeated. The naive "
                "forecast of (5.13) repeats what happened.",
            ),
            "truth-as-forecast": (
                "same-day",
                "each day was forecast by itself, so the naive forecast has no error "
                "at all.",
            ),
            "different-days-compared": (
                "all-days",
                "the model was judged on all days and the baseline on those that have "
                "a day one period before. Errors on different days cannot be "
                "compared.",
            ),
            "squared-errors": (
                "squares",
                "the errors were squared before they were averaged. The skill asked "
                "for compares mean absolute errors.",
            ),
            "model-and-baseline-swapped": (
                "turned",
                "model and baseline changed places: your number says how the baseline "
                "does beside the model.",
            ),
            "share-left-over": (
                "ratio",
                "the share of the baseline's error that is left came back. The skill "
                "is the share that is saved.",
            ),
            "error-saved-in-units": (
                "gain",
                "the saved error came back in the unit of y. The skill is that divided "
                "by the error of the baseline.",
            ),
        },
    ),
)  # fmt: skip


CHECKS = (
    CUT,
    CHARACTERS,
    AUTOCORRELATION,
    FIT,
    PERMUTED,
    BALL_CHECK,
    LEAKING,
    SPLIT,
    SKILL,
)

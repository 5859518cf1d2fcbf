"""Checks of the assignment of chapter 21: convolution, LSTM, and an honest price.

Right answers come from the package where it has them. Each small function below also
computes the wrong answers that people give, by the name of the slip, so that a check
can recognise them and the tests hand them in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Case, Check, by_slip

SLUG = "21-cnn-lstm-forecast"
Rng = np.random.Generator


# -- one batch of windows --------------------------------------------------------------


def _batch(series: Any, length: int, size: int, number: int) -> Any:
    from rnncourse.forecasting import make_windows

    X, Y = make_windows(np.asarray(series, dtype=float), length)
    rows = slice((number - 1) * size, number * size)
    return X[rows][:, :, None], Y[rows, 0]


def _batch_wrong(series: Any, length: int, size: int, number: int, *, slip: str) -> Any:
    n = np.arange(len(series) - length)
    if slip == "tiles":
        n = n[::length]
    X, y = series[n[:, None] + np.arange(length)], series[n + length]
    if slip == "late":
        y = series[n + length - 1]
    start = number * size if slip == "zero" else (number - 1) * size
    if slip == "shift":
        start = number - 1
    X, y = X[start : start + size], y[start : start + size]
    if slip == "features":
        return X[:, None, :], y
    if slip == "time-first":
        return X.T[:, :, None], y
    if slip == "two-axes":
        return X, y
    if slip == "column":
        return X[:, :, None], y[:, None]
    if slip == "backwards":
        return X[:, ::-1, None], y
    return X[:, :, None], y


def _draw_batch(N: int, length: int, size: int, number: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "series": rng.normal(size=N),
            "length": length,
            "size": size,
            "number": number,
        }

    return draw


def _draw_batches(rng: Rng) -> list[Inputs]:
    first = _draw_batch(41, 7, 6, 1)(rng)
    return [{**first, "number": k} for k in (1, 2, 3)]


def _batches_go_on(calls: list[Inputs], values: list[Any]) -> str:
    y = [np.ravel(v[1]) for v in values]
    if [len(part) for part in y] == [6, 6, 6] and np.array_equal(
        np.concatenate(y), calls[0]["series"][7:25]
    ):
        return ""
    return "The targets of batches 1, 2 and 3 should be 18 days in a row."


def _draw_batch_edge(rng: Rng) -> list[Inputs]:
    return [_draw_batch(23, 5, 8, 3)(rng), _draw_batch(12, 1, 4, 2)(rng)]


BATCH = Check(
    name="take-batch",
    assignment=SLUG,
    points=2,
    title="take_batch",
    asks="windows X (B, length, 1) and targets y (B,) of one batch, counted from 1",
    equation="21.3",
    section="Batch number 8 has 128 rows of 29 steps",
    reference=_batch,
    returns=("X", "y"),
    cases=(
        Case("value", "windows and targets", 2, _draw_batch(60, 9, 8, 3)),
        Case(
            "property",
            "three batches follow each other",
            1,
            _draw_batches,
            law=_batches_go_on,
        ),
        Case("edge", "a last, smaller batch; windows of a day", 1, _draw_batch_edge),
    ),
    mistakes=by_slip(
        _batch_wrong,
        {
            "days-as-features": (
                "features",
                "the days became features of a single step, as deck 003 words it. "
                "They are steps: (batch, steps, channels) in (21.3).",
            ),
            "steps-before-rows": (
                "time-first",
                "the steps stand before the rows. Here the batch comes first, (21.3).",
            ),
            "no-channel-axis": (
                "two-axes",
                "X has no axis for the channel. It has one channel, and the axis "
                "stands there all the same.",
            ),
            "target-inside-the-window": (
                "late",
                "each target is the last day of its own window, so there is nothing "
                "to forecast. The target of (21.3) is the day after.",
            ),
            "batches-from-zero": (
                "zero",
                "the batch after the one asked for came. The deck counts batches from "
                "1, so number 1 begins at row 0.",
            ),
            "one-row-a-batch": (
                "shift",
                "the next batch began one row further on. It begins where the batch "
                "before it ended, (21.3).",
            ),
            "windows-side-by-side": (
                "tiles",
                "the windows do not overlap. In (21.3) the next window begins one day "
                "later.",
            ),
            "targets-in-a-column": (
                "column",
                "y came as a column. Subtracting a row of forecasts from it would "
                "spread into a square.",
            ),
            "newest-day-first": (
                "backwards",
                "the days of each window run backwards. An LSTM reads the oldest "
                "first.",
            ),
        },
    ),
)


# -- features without the future -------------------------------------------------------


def _causal(xs: Any, W: Any, b: Any) -> Any:
    from rnncourse.reference.convolution import ConvParams, conv1d_forward

    a, _ = conv1d_forward(xs, ConvParams(W, b), padding="causal")
    return np.maximum(a, 0)


def _causal_wrong(xs: Any, W: Any, b: Any, *, slip: str) -> Any:
    T, K = len(xs), len(W)
    left = {"same": (K - 1) // 2, "future": 0}.get(slip, K - 1)
    shape = xs.shape[1:]
    x = np.concatenate([np.zeros((left, *shape)), xs, np.zeros((K - 1 - left, *shape))])
    if slip == "repeat":
        x = np.concatenate([np.repeat(xs[:1], K - 1, axis=0), xs])
    if slip == "late":
        x = np.concatenate([np.zeros((K, *shape)), xs[:-1]])
    if slip == "valid":
        x, T = xs, T - K + 1
    kernel = W[::-1] if slip == "turned" else W
    a = sum(x[k : k + T] @ kernel[k] for k in range(K))
    if slip == "no-bias":
        return np.maximum(a, 0)
    if slip == "bias-after":
        return np.maximum(a, 0) + b
    if slip == "no-relu":
        return a + b
    if slip == "tanh":
        return np.tanh(a + b)
    return np.maximum(a + b, 0)


def _draw_conv(T: int, B: int, D: int, K: int, F: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "xs": rng.normal(size=(T, B, D)),
            "W": rng.normal(size=(K, D, F)) / np.sqrt(K * D),
            "b": 0.5 * rng.normal(size=F),
        }

    return draw


def _draw_conv_future(rng: Rng) -> list[Inputs]:
    once = _draw_conv(11, 2, 3, 4, 6)(rng)
    other = once["xs"].copy()
    other[6:] += 2
    return [once, {**once, "xs": other}]


def _no_feature_sees_the_future(calls: list[Inputs], values: list[Any]) -> str:
    first, second = (np.asarray(v) for v in values)
    if first.ndim and len(first) >= 6 and np.allclose(first[:6], second[:6]):
        return ""
    return "New values from step 6 on changed features of steps before it."


def _draw_conv_edge(rng: Rng) -> list[Inputs]:
    return [_draw_conv(5, 2, 3, 1, 4)(rng), _draw_conv(2, 3, 1, 5, 4)(rng)]


CAUSAL = Check(
    name="causal-features",
    assignment=SLUG,
    points=3,
    title="causal_features",
    asks="features (T, B, F), one row for each step, of what came up to that step",
    equation="21.2",
    section="Each filter gives 29 numbers, if the rim is filled",
    reference=_causal,
    returns=("features",),
    cases=(
        Case("value", "features of every step", 2, _draw_conv(9, 2, 3, 5, 4)),
        Case(
            "property",
            "later steps change nothing before",
            1,
            _draw_conv_future,
            law=_no_feature_sees_the_future,
        ),
        Case(
            "edge",
            "a kernel of one step; longer than the sequence",
            1,
            _draw_conv_edge,
        ),
    ),
    mistakes=by_slip(
        _causal_wrong,
        {
            "same-padding": (
                "same",
                "zeros were put on both sides. Then a feature sees days that come "
                "after it; (21.2) has them all in front.",
            ),
            "zeros-at-the-end": (
                "future",
                "all zeros stand behind the sequence, so each feature begins at its "
                "step and looks ahead. (21.2) looks back.",
            ),
            "first-value-repeated": (
                "repeat",
                "the rim was filled with the first value. (21.2) has zeros there.",
            ),
            "misses-its-own-step": (
                "late",
                "each feature ends one step too early. Step t itself belongs to it, "
                "(21.2), and is known by then.",
            ),
            "rim-cut-off": (
                "valid",
                "no padding: the first features are missing. 29 steps in should be 29 "
                "steps out.",
            ),
            "kernel-turned": (
                "turned",
                "the kernel was turned round. Its last row meets the newest step in "
                "(21.2).",
            ),
            "conv-bias-forgotten": ("no-bias", "the bias b of (21.2) is missing."),
            "bias-after-relu": (
                "bias-after",
                "the bias was added after the relu. In (21.2) it shifts what the relu "
                "cuts.",
            ),
            "relu-forgotten": (
                "no-relu",
                "negative features came through. (21.2) ends in a relu.",
            ),
            "tanh-for-relu": (
                "tanh",
                "tanh was taken in place of the relu of (21.2).",
            ),
        },
    ),
)


# -- the whole network -----------------------------------------------------------------


def _network(
    xs: Any, W: Any, b: Any, W_x: Any, W_h: Any, b_h: Any, W_o: Any, b_o: Any, pool: int
) -> Any:
    from rnncourse.reference.cnn_lstm import CNNLSTMParams, cnn_lstm_forward
    from rnncourse.reference.convolution import ConvParams
    from rnncourse.reference.dense import DenseParams
    from rnncourse.reference.lstm import LSTMParams

    p = CNNLSTMParams(
        ConvParams(W, b), LSTMParams(W_x, W_h, b_h), DenseParams(W_o, b_o)
    )
    return cnn_lstm_forward(xs, p, pool=pool)[0]


def _sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def _network_wrong(
    xs: Any,
    W: Any,
    b: Any,
    W_x: Any,
    W_h: Any,
    b_h: Any,
    W_o: Any,
    b_o: Any,
    pool: int,
    *,
    slip: str,
) -> Any:
    if slip == "same":
        f = _causal_wrong(xs, W, b, slip="same")
    elif slip == "no-relu":
        f = _causal_wrong(xs, W, b, slip="no-relu")
    else:
        f = _causal(xs, W, b)
    n = len(f) // pool
    groups = f[: n * pool].reshape(n, pool, *f.shape[1:])
    read = groups.max(axis=1)
    if slip == "mean-pool":
        read = groups.mean(axis=1)
    if slip == "stride":
        read = groups[:, 0]
    if slip == "no-pool":
        read = f
    if slip == "from-the-end":
        read = f[len(f) - n * pool :].reshape(groups.shape).max(axis=1)
    if slip == "over-time":
        read = f.max(axis=0, keepdims=True)
    H = len(W_h)
    h = c = np.zeros((xs.shape[1], H))
    hs = []
    for x in read:
        a = x @ W_x + h @ W_h + b_h
        i, fo, g, o = (a[:, k * H : (k + 1) * H] for k in range(4))
        if slip == "gate-order":
            i, fo = fo, i
        c = _sigmoid(fo) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
        hs.append(h)
    if slip == "mean-state":
        h = np.mean(hs, axis=0)
    if slip == "first-state":
        h = hs[0]
    if slip == "cell-state":
        h = c
    y = h @ W_o
    return y if slip == "no-bias" else y + b_o


def _draw_network(
    T: int, B: int, D: int, K: int, F: int, H: int, out: int, pool: int
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            **_draw_conv(T, B, D, K, F)(rng),
            "W_x": rng.normal(size=(F, 4 * H)),
            "W_h": rng.normal(size=(H, 4 * H)),
            "b_h": rng.normal(size=4 * H),
            "W_o": rng.normal(size=(H, out)),
            "b_o": rng.normal(size=out),
            "pool": pool,
        }

    return draw


def _draw_network_alone(rng: Rng) -> list[Inputs]:
    once = _draw_network(13, 3, 2, 4, 5, 6, 1, 2)(rng)
    return [once, *({**once, "xs": once["xs"][:, k : k + 1]} for k in range(3))]


def _each_row_alone(calls: list[Inputs], values: list[Any]) -> str:
    whole = np.asarray(values[0])
    alone = [np.asarray(v) for v in values[1:]]
    if whole.shape == (3, 1) and np.allclose(whole, np.concatenate(alone)):
        return ""
    return "A sequence should get the same answer alone and in a batch."


def _draw_network_edge(rng: Rng) -> list[Inputs]:
    return [
        _draw_network(7, 2, 1, 3, 4, 5, 2, 1)(rng),
        _draw_network(5, 2, 3, 2, 4, 6, 1, 5)(rng),
    ]


NETWORK = Check(
    name="cnn-lstm",
    assignment=SLUG,
    points=4,
    title="cnn_lstm",
    asks="answers y (B, K), one row for each sequence",
    equation="21.1",
    section="Convolution, then LSTM, then one dense layer",
    reference=_network,
    returns=("y",),
    cases=(
        Case("value", "answers of a batch", 2, _draw_network(14, 3, 2, 4, 5, 6, 2, 3)),
        Case(
            "property",
            "each sequence on its own",
            1,
            _draw_network_alone,
            law=_each_row_alone,
        ),
        Case("edge", "no pooling; one pool over all steps", 1, _draw_network_edge),
    ),
    mistakes=by_slip(
        _network_wrong,
        {
            "sees-ahead": (
                "same",
                "the convolution has zeros on both sides. Here it is causal, as in "
                "(21.2).",
            ),
            "no-relu-between": (
                "no-relu",
                "the relu between convolution and pooling is missing from (21.1).",
            ),
            "mean-of-the-window": (
                "mean-pool",
                "the mean of each window was kept. The pooling of (21.1) keeps the "
                "largest.",
            ),
            "first-of-the-window": (
                "stride",
                "only the first step of each window was kept, and a motif in the rest "
                "of it is lost. (21.1) keeps the largest.",
            ),
            "pooling-left-out": (
                "no-pool",
                "the LSTM read every step. After pooling it has only T // pool steps "
                "to read, (21.1).",
            ),
            "windows-from-the-end": (
                "from-the-end",
                "the windows were laid from the end. They begin at the first step; "
                "what fills no window at the end is left out.",
            ),
            "pooled-over-all-time": (
                "over-time",
                "one maximum was taken over all steps. That forgets the order, and "
                "the LSTM has nothing left to do.",
            ),
            "input-and-forget-swapped": (
                "gate-order",
                "input and forget gate were exchanged. The order of the columns is i, "
                "f, g, o.",
            ),
            "mean-of-the-states": (
                "mean-state",
                "the mean of all states was read. (21.1) reads the last one.",
            ),
            "state-after-one-step": (
                "first-state",
                "the state after the first step was read. (21.1) reads the last one, "
                "which has seen everything.",
            ),
            "cell-for-state": (
                "cell-state",
                "the dense layer read the cell c. It reads what the cell lets out, h.",
            ),
            "dense-bias-forgotten": (
                "no-bias",
                "the bias b_o of the dense layer is missing.",
            ),
        },
    ),
)


# -- prices ----------------------------------------------------------------------------


def _price(prices: Any, r_hat: Any) -> Any:
    from rnncourse.forecasting import mape

    prices = np.asarray(prices, dtype=float)
    forecast = prices[:-1] * np.exp(r_hat)
    return forecast, mape(prices[1:], forecast), mape(prices[1:], prices[:-1])


def _price_wrong(prices: Any, r_hat: Any, *, slip: str) -> Any:
    old, new = prices[:-1], prices[1:]
    base = new if slip == "tomorrow" else old
    forecast = base * np.exp(r_hat)
    if slip == "added":
        forecast = old + r_hat
    if slip == "linear":
        forecast = old * (1 + r_hat)
    if slip == "first":
        forecast = prices[0] * np.exp(r_hat)
    if slip == "chained":
        forecast = prices[0] * np.exp(np.cumsum(r_hat))
    if slip == "scale":
        forecast = old * 10**r_hat

    def mape(y_hat: Any) -> Any:
        share = np.abs(new - y_hat) / new
        if slip == "forecast-below":
            share = np.abs(new - y_hat) / y_hat
        if slip == "old-below":
            share = np.abs(new - y_hat) / old
        if slip == "of-the-mean":
            share = np.abs(new - y_hat) / new.mean()
        if slip == "signed":
            share = (new - y_hat) / new
        if slip == "rms":
            return 100 * np.sqrt((share**2).mean())
        return share.mean() * (1 if slip == "fraction" else 100)

    return forecast, mape(forecast), mape(old)


def _draw_price(N: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        steps = 0.15 * rng.normal(size=N)
        return {
            "prices": 300 * np.exp(np.cumsum(np.r_[0, steps])),
            "r_hat": 0.2 * rng.normal(size=N),
        }

    return draw


def _draw_price_units(rng: Rng) -> list[Inputs]:
    once = _draw_price(9)(rng)
    return [once, {**once, "prices": 100 * once["prices"]}]


def _unit_is_nothing(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose([*values[0][1:]], [*values[1][1:]]):
        return ""
    return "In cents in place of dollars the percentages should be the same."


def _draw_price_edge(rng: Rng) -> list[Inputs]:
    still = _draw_price(6)(rng)
    return [{**still, "r_hat": np.zeros(6)}, _draw_price(1)(rng)]


PRICE = Check(
    name="price-forecast",
    assignment=SLUG,
    points=3,
    title="price_forecast",
    asks=(
        "the forecast prices (N,), their mean absolute percentage error, and that of "
        "persistence"
    ),
    equation="21.5",
    section="Forecast the change, not the price",
    reference=_price,
    returns=("forecast", "mape", "persistence"),
    cases=(
        Case("value", "forecasts and both errors", 2, _draw_price(12)),
        Case(
            "property",
            "cents or dollars",
            1,
            _draw_price_units,
            law=_unit_is_nothing,
        ),
        Case("edge", "a forecast of no change; one day", 1, _draw_price_edge),
    ),
    mistakes=by_slip(
        _price_wrong,
        {
            "starts-from-tomorrow": (
                "tomorrow",
                "the change was put on the price of the day to be forecast. (21.5) "
                "starts from the last known one.",
            ),
            "return-added": (
                "added",
                "r was added to the price, as if it were dollars. It is the "
                "logarithm of a factor, (21.5).",
            ),
            "one-plus-return": (
                "linear",
                "1 + r was taken for the factor. That is close for small r only; r "
                "of (21.4) is a logarithm.",
            ),
            "all-from-the-first-day": (
                "first",
                "every forecast starts from the first price. Each day starts from the "
                "day before it, (21.5).",
            ),
            "forecasts-chained": (
                "chained",
                "each forecast was built on the forecast before. One step ahead, the "
                "price of the day before is known, (21.5).",
            ),
            "logarithm-to-ten": (
                "scale",
                "10 to the power of r was taken. The logarithm of (21.4) is the "
                "natural one.",
            ),
            "share-of-the-forecast": (
                "forecast-below",
                "errors were divided by the forecast. (21.6) divides by the true "
                "price.",
            ),
            "share-of-yesterday": (
                "old-below",
                "errors were divided by the price of the day before. (21.6) divides "
                "by the price that came.",
            ),
            "share-of-the-mean-price": (
                "of-the-mean",
                "errors were divided by the mean price. In (21.6) each day has its "
                "own.",
            ),
            "signs-cancel": (
                "signed",
                "errors above and below cancelled. (21.6) has absolute values.",
            ),
            "root-of-mean-square": (
                "rms",
                "shares were squared and the root taken. (21.6) has absolute values.",
            ),
            "fraction-for-percentage": (
                "fraction",
                "the error is a fraction; percentages were asked for, (21.6).",
            ),
        },
    ),
)


# -- the random-walk test --------------------------------------------------------------


def _ratio(r: Any, q: int) -> Any:
    from rnncourse.forecasting import variance_ratio

    return tuple(variance_ratio(r, q))


def _ratio_wrong(r: Any, q: int, *, slip: str) -> Any:
    n = len(r)
    e = r if slip == "mean" else r - r.mean()
    total = e.sum() if slip == "prices" else 0
    sums = np.convolve(e, np.ones(q), "valid") + total
    if slip == "blocks":
        sums = e[: n // q * q].reshape(-1, q).sum(axis=1)
    if slip == "changes":
        sums = np.convolve(e, np.ones(q + 1), "valid")
    below = {"no-q": 1, "q-squared": q**2}.get(slip, q) * (e**2).mean()
    ratio = (sums**2).mean() / below
    if slip == "upside-down":
        ratio = 1 / ratio
    if slip == "deviation":
        ratio = np.sqrt(ratio)
    k = np.arange(1, q)
    delta = np.array([(e[j:] ** 2 * e[:-j] ** 2).sum() for j in k]) / (e**2).sum() ** 2
    weight = 4 * (1 - k / q) ** 2
    if slip == "flat":
        weight = np.full(q - 1, 4.0)
    if slip == "no-square":
        weight = 2 * (1 - k / q)
    theta = (weight * delta).sum()
    if slip == "calm":
        theta = 2 * (2 * q - 1) * (q - 1) / (3 * q * n)
    z = ratio if slip == "no-one" else ratio - 1
    return ratio, z / (theta if slip == "variance" else np.sqrt(theta))


def _draw_returns(N: int, q: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        calm = np.exp(0.8 * np.sin(np.arange(N) / 7))  # calm weeks and wild ones
        e = calm * rng.normal(size=N)
        return {"r": 0.5 + e + 0.4 * np.r_[0, e[:-1]], "q": q}

    return draw


def _draw_scaled(rng: Rng) -> list[Inputs]:
    once = _draw_returns(47, 4)(rng)
    return [once, {**once, "r": 3 * once["r"] + 2}]


def _drift_is_nothing(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose([*values[0]], [*values[1]]):
        return ""
    return "A steady drift and another unit should change neither ratio nor z."


def _draw_ratio_edge(rng: Rng) -> list[Inputs]:
    return [_draw_returns(31, 2)(rng), _draw_returns(12, 11)(rng)]


RATIO = Check(
    name="variance-ratio",
    assignment=SLUG,
    points=3,
    title="variance_ratio",
    asks="the variance ratio and its z, two numbers",
    equation="21.9",
    section="Is it a random walk? Two variances tell",
    reference=_ratio,
    returns=("ratio", "z"),
    cases=(
        Case("value", "ratio and z of a series", 2, _draw_returns(53, 5)),
        Case(
            "property",
            "drift and unit do not matter",
            1,
            _draw_scaled,
            law=_drift_is_nothing,
        ),
        Case("edge", "two days; nearly the whole series", 1, _draw_ratio_edge),
    ),
    mistakes=by_slip(
        _ratio_wrong,
        {
            "drift-left-in": (
                "mean",
                "the mean was not taken off first, so a steady drift looks like a "
                "trend. (21.8) measures around the mean.",
            ),
            "blocks-for-sums": (
                "blocks",
                "sums of separate blocks were taken. (21.8) takes all that overlap, "
                "and wastes fewer.",
            ),
            "one-day-too-many": (
                "changes",
                "each sum has q + 1 days. q of them belong to (21.8).",
            ),
            "not-divided-by-q": (
                "no-q",
                "the variance of q days was divided by that of one. A walk gathers q "
                "times as much, so (21.8) divides by q too.",
            ),
            "divided-by-q-squared": (
                "q-squared",
                "q was squared. That suits a straight line; variances of a walk grow "
                "like q, (21.8).",
            ),
            "ratio-upside-down": (
                "upside-down",
                "one day stands above q days. (21.8) has the long sums above.",
            ),
            "deviations-compared": (
                "deviation",
                "standard deviations were compared. (21.8) compares variances.",
            ),
            "all-lags-alike": (
                "flat",
                "all lags weigh the same in the variance of the ratio. Lag k counts "
                "with 1 - k/q, (21.9).",
            ),
            "weight-not-squared": (
                "no-square",
                "the weight 2(1 - k/q) was not squared, but a variance is wanted, "
                "(21.9).",
            ),
            "calm-days-assumed": (
                "calm",
                "z was taken from the formula for days that are all alike. Prices "
                "have wild weeks, and (21.9) allows for them.",
            ),
            "one-not-subtracted": (
                "no-one",
                "z measures the ratio itself. A walk has 1, so the distance from 1 "
                "counts, (21.9).",
            ),
            "root-not-taken": (
                "variance",
                "the distance was divided by a variance. z divides by its root, "
                "(21.9).",
            ),
        },
    ),
)


# -- the direction test ----------------------------------------------------------------


def _direction(r: Any, r_hat: Any) -> Any:
    from rnncourse.forecasting import direction_test

    return tuple(direction_test(r, r_hat))


def _direction_wrong(r: Any, r_hat: Any, *, slip: str) -> Any:
    up, said = r > 0, r_hat > 0
    if slip == "late":
        up, said = up[1:], said[:-1]
    if slip == "rise":
        said = np.r_[False, np.diff(r_hat) > 0]
    p, s, n = up.mean(), said.mean(), len(up)
    hits, luck = (up == said).mean(), p * s + (1 - p) * (1 - s)
    if slip == "ups-only":
        hits = (up & said).mean()
    if slip == "when-said":
        hits = up[said].mean()
    if slip == "misses":
        hits = (up != said).mean()
    if slip == "half":
        luck = 0.5
    if slip == "ups-of-luck":
        luck = p * s
    if slip == "always-up":
        luck = max(p, 1 - p)
    spread = 2 * np.sqrt(p * (1 - p) * s * (1 - s))
    if slip == "coin":
        spread = np.sqrt(luck * (1 - luck))
    if slip == "product":
        spread = 2 * p * (1 - p) * s * (1 - s)
    if slip == "factor":
        spread = spread / 2
    root = {"no-root": 1, "n": n}.get(slip, np.sqrt(n))
    return hits, luck, root * (hits - luck) / spread


def _draw_direction(N: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        r = 0.45 + rng.normal(size=N)
        r_hat = 0.9 + 0.8 * r + 1.4 * rng.normal(size=N)
        r[:4], r_hat[:4] = [1.0, -1.0, 1.5, -0.5], [0.5, -0.4, -0.3, 0.2]
        return {"r": r, "r_hat": r_hat}

    return draw


def _draw_direction_size(rng: Rng) -> list[Inputs]:
    once = _draw_direction(37)(rng)
    return [once, {"r": once["r"] * 5, "r_hat": once["r_hat"] / 50}]


def _only_signs_count(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose([*values[0]], [*values[1]]):
        return ""
    return "Only the signs should count; larger returns gave another answer."


def _draw_direction_edge(rng: Rng) -> list[Inputs]:
    still = _draw_direction(19)(rng)
    still["r"][5] = 0.0
    right = _draw_direction(23)(rng)
    return [still, {**right, "r_hat": right["r"] / 3}]


DIRECTION = Check(
    name="direction-test",
    assignment=SLUG,
    points=3,
    title="direction_test",
    asks="the share of hits, the share that luck would give, and z: three numbers",
    equation="21.11",
    section="Right about the direction, or lucky?",
    reference=_direction,
    returns=("hits", "luck", "z"),
    cases=(
        Case("value", "hits, luck and z", 2, _draw_direction(41)),
        Case(
            "property",
            "only the signs count",
            1,
            _draw_direction_size,
            law=_only_signs_count,
        ),
        Case("edge", "a day without change; always right", 1, _draw_direction_edge),
    ),
    mistakes=by_slip(
        _direction_wrong,
        {
            "a-day-late": (
                "late",
                "each forecast was held against the day after its own.",
            ),
            "rise-of-the-forecast": (
                "rise",
                "the forecast was taken as up where it rose above the forecast "
                "before. A forecast r above 0 says up.",
            ),
            "rising-days-only": (
                "ups-only",
                "only rises that were called count. A fall that was called is a hit "
                "as well, (21.10).",
            ),
            "share-of-the-calls": (
                "when-said",
                "the share of rises among the days called up came. Hits are counted "
                "over all days, (21.10).",
            ),
            "misses-for-hits": ("misses", "the misses were counted, not the hits."),
            "luck-is-half": (
                "half",
                "luck was taken as one half. With more rises than falls, who always "
                "says up has more; see (21.10).",
            ),
            "luck-of-rises-only": (
                "ups-of-luck",
                "the luck of falling days is missing: two falls can meet by chance as "
                "well, (21.10).",
            ),
            "luck-of-the-commonest": (
                "always-up",
                "luck was taken as the share of the commoner direction. (21.10) asks "
                "how often these calls would meet by chance.",
            ),
            "spread-of-a-coin": (
                "coin",
                "the spread is that of n tosses with the share of luck. (21.11) keeps "
                "both shares of rises as they are.",
            ),
            "spread-without-root": (
                "product",
                "the root of the product p(1 - p)s(1 - s) is missing, (21.11).",
            ),
            "two-forgotten": (
                "factor",
                "the hits above luck are twice the covariance, and the 2 is missing, "
                "(21.11).",
            ),
            "number-of-days-left-out": (
                "no-root",
                "the number of days does not enter. More days make the same excess "
                "less likely to be luck, (21.11).",
            ),
            "days-without-root": (
                "n",
                "n stands where its root belongs, (21.11).",
            ),
        },
    ),
)


# -- smoothing that does not leak ------------------------------------------------------


def _trailing(x: Any, k: int) -> Any:
    x = np.asarray(x, dtype=float)
    return np.array([x[max(0, t - k + 1) : t + 1].mean() for t in range(len(x))])


def _trailing_wrong(x: Any, k: int, *, slip: str) -> Any:
    N = len(x)
    if slip == "valid":
        return np.convolve(x, np.ones(k) / k, "valid")
    if slip == "nan":
        return np.r_[np.full(k - 1, np.nan), np.convolve(x, np.ones(k) / k, "valid")]
    if slip == "zeros":
        return np.convolve(x, np.ones(k) / k)[:N]
    if slip == "zeros-centred":
        return np.convolve(x, np.ones(k) / k, "same")
    if slip == "all":
        return np.cumsum(x) / np.arange(1, N + 1)
    if slip == "fade":
        out = [x[0]]
        for value in x[1:]:
            out.append(out[-1] + (value - out[-1]) / k)
        return np.array(out)
    back, ahead = k - 1, 0
    if slip == "centred":
        back, ahead = k // 2, (k - 1) // 2
    if slip == "ahead":
        back, ahead = 0, k - 1
    if slip == "longer":
        back = k
    low = np.maximum(0, np.arange(N) - back)
    high = np.minimum(N, np.arange(N) + ahead + 1)
    if slip == "before":
        low, high = np.maximum(0, np.arange(N) - k), np.maximum(1, np.arange(N))
    if slip == "median":
        return np.array([np.median(x[a:b]) for a, b in zip(low, high, strict=True)])
    return np.array([x[a:b].mean() for a, b in zip(low, high, strict=True)])


def _draw_smooth(N: int, k: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {"x": 20 + np.cumsum(rng.normal(size=N)), "k": k}

    return draw


def _draw_smooth_future(rng: Rng) -> list[Inputs]:
    once = _draw_smooth(17, 4)(rng)
    other = once["x"].copy()
    other[9:] += 30
    return [once, {**once, "x": other}]


def _smooth_past_stays(calls: list[Inputs], values: list[Any]) -> str:
    first, second = (np.asarray(v) for v in values)
    if first.shape == (17,) and np.allclose(first[:9], second[:9], equal_nan=True):
        return ""
    return "New values from day 9 on changed the smooth curve before it: a leak."


def _draw_smooth_edge(rng: Rng) -> list[Inputs]:
    return [_draw_smooth(6, 1)(rng), _draw_smooth(5, 9)(rng)]


TRAILING = Check(
    name="trailing-mean",
    assignment=SLUG,
    points=2,
    title="trailing_mean",
    asks="the smoothed series (N,), each day the mean of the last k days up to it",
    equation="21.12",
    section="What a leak would have shown",
    reference=_trailing,
    returns=("smooth",),
    cases=(
        Case("value", "the mean of the last days", 2, _draw_smooth(21, 5)),
        Case(
            "property",
            "the future changes nothing",
            1,
            _draw_smooth_future,
            law=_smooth_past_stays,
        ),
        Case("edge", "one day; more days than there are", 1, _draw_smooth_edge),
    ),
    mistakes=by_slip(
        _trailing_wrong,
        {
            "centred-window": (
                "centred",
                "days on both sides of t were averaged. Those after t had not come "
                "yet: that is the leak of (21.12).",
            ),
            "looks-ahead": (
                "ahead",
                "the k days from t on were averaged, all but one of them still to "
                "come, (21.12).",
            ),
            "centred-with-zeros": (
                "zeros-centred",
                "days on both sides were averaged, with zeros beyond the ends: both a "
                "leak and a false level.",
            ),
            "zeros-before-the-start": (
                "zeros",
                "zeros were averaged in where there was no day yet. The first days "
                "have fewer values, and their mean divides by fewer.",
            ),
            "first-days-lost": (
                "valid",
                "the first k - 1 days are missing. Average what there is.",
            ),
            "first-days-nan": (
                "nan",
                "the first k - 1 days are NaN. Average what there is.",
            ),
            "mean-of-all-so-far": (
                "all",
                "all days so far were averaged; only the last k belong to (21.12).",
            ),
            "fading-mean": (
                "fade",
                "old days fade without end. (21.12) has k equal weights, then none.",
            ),
            "one-day-longer": (
                "longer",
                "k + 1 days were averaged.",
            ),
            "today-left-out": (
                "before",
                "the k days before t were averaged, without t, which is known by then.",
            ),
            "median-of-the-days": (
                "median",
                "the median of the k days came; their mean was asked for.",
            ),
        },
    ),
)

CHECKS = (BATCH, CAUSAL, NETWORK, PRICE, RATIO, DIRECTION, TRAILING)

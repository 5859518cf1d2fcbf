"""Answers to the assignment of chapter 20 that people give, wrong ones and right ones.

Each is the whole source of a solution cell. Wrong ones come with the name of the
mistake that the check must recognise.
"""

ASSIGNMENT = "20-weather-forecast"

WRONG = (
    (
        "fill-holes",
        """
def fill_holes(values):
    return np.where(np.isnan(values), np.nanmean(values, axis=0), values)
""",
        "filled-with-the-mean",
    ),
    (
        "fill-holes",
        """
def fill_holes(values):
    columns = []
    for column in values.T:
        seen = np.flatnonzero(~np.isnan(column))
        columns.append(np.interp(np.arange(len(column)), seen, column[seen]))
    return np.stack(columns, axis=1)
""",
        "straight-line-over-the-hole",
    ),
    (
        "fill-holes",
        """
def fill_holes(values):
    shifted = np.vstack([values[:1], values[:-1]])
    return np.where(np.isnan(values), shifted, values)
""",
        "long-holes-stay-open",
    ),
    (
        "clock-point",
        """
def clock_point(hour):
    turn = np.pi * (hour % 24) / 12 * 24 / 23
    return np.column_stack([np.sin(turn), np.cos(turn)])
""",
        "midnight-twice",
    ),
    (
        "clock-point",
        """
def clock_point(hour):
    circle = np.exp(2j * np.pi * hour / 24)
    return np.column_stack([circle.real, circle.imag])
""",
        "sine-and-cosine-swapped",
    ),
    (
        "series-windows",
        """
def series_windows(values, length, horizon):
    X, Y = [], []
    for n in range(len(values) - length - horizon):
        X.append(values[n : n + length])
        Y.append(values[n + length : n + length + horizon])
    return np.array(X), np.array(Y)
""",
        "final-window-lost",
    ),
    (
        "series-windows",
        """
def series_windows(values, length, horizon):
    both = length + horizon
    views = np.lib.stride_tricks.sliding_window_view(values, both, axis=0)
    return views[:, :, :length], views[:, :, length:]
""",
        "series-before-hours",
    ),
    (
        "series-windows",
        """
def series_windows(values, length, horizon):
    n = np.arange(len(values) - length - horizon + 1)[:, None]
    return values[n + np.arange(length)], values[n + length - 1 + np.arange(horizon)]
""",
        "last-hour-is-a-label",
    ),
    (
        "deal-windows",
        """
def deal_windows(N, length, horizon, first, second):
    hour = np.arange(N - length - horizon + 1) + length
    return hour < first, (first <= hour) & (hour < second), second <= hour
""",
        "first-label-decides",
    ),
    (
        "deal-windows",
        """
def deal_windows(N, length, horizon, first, second):
    n = np.arange(N - length - horizon + 1)
    end = n + length + horizon
    return end <= first, (n >= first) & (end <= second), n >= second
""",
        "past-forbidden",
    ),
    (
        "deal-windows",
        """
def deal_windows(N, length, horizon, first, second):
    start = np.arange(N - length - horizon + 1) + length
    end = start + horizon
    return end < first, (start >= first) & (end < second), start >= second
""",
        "last-window-of-a-part-lost",
    ),
    (
        "horizon-errors",
        """
def horizon_errors(Y, Y_hat):
    return np.mean(np.abs(np.nan_to_num(Y) - Y_hat), axis=0)
""",
        "holes-read-as-zero",
    ),
    (
        "horizon-errors",
        """
def horizon_errors(Y, Y_hat):
    return np.nan_to_num(np.abs(Y - Y_hat)).mean(axis=0)
""",
        "holes-count-as-right",
    ),
    (
        "horizon-errors",
        """
def horizon_errors(Y, Y_hat):
    whole = ~np.isnan(Y).any(axis=1)
    return np.abs(Y[whole] - Y_hat[whole]).mean(0)
""",
        "windows-with-holes-dropped",
    ),
    (
        "iterate-forecast",
        """
def iterate_forecast(X, known, W, b):
    once = np.tensordot(X, W, axes=([1, 2], [0, 1])) + b
    return np.stack([once] * known.shape[1], axis=1)
""",
        "never-fed-back",
    ),
    (
        "iterate-forecast",
        """
def iterate_forecast(X, known, W, b):
    B, K, width = X.shape
    D, H = len(b), known.shape[1]
    rows = np.concatenate([X, np.zeros((B, H, width))], axis=1)
    for h in range(H):
        x = np.einsum("bkd,kde->be", rows[:, h : h + K], W) + b
        rows[:, K + h, :D] = x
        rows[:, K + h, D:] = known[:, min(h + 1, H - 1)]
    return rows[:, K:, :D]
""",
        "clock-an-hour-ahead",
    ),
    (
        "fading-forecast",
        """
def fading_forecast(y, a, mean, sigma, horizon):
    h = np.arange(1, horizon + 1)
    return a**h * y[:, None], sigma * np.sqrt((1 - a ** (2 * h)) / (1 - a**2))
""",
        "fades-to-zero",
    ),
    (
        "fading-forecast",
        """
def fading_forecast(y, a, mean, sigma, horizon):
    forecast, spread, x = [], [], y
    for h in range(1, horizon + 1):
        x = mean + a * (x - mean)
        forecast.append(x)
        spread.append(sigma * h**0.5)
    return np.stack(forecast, axis=1), np.array(spread)
""",
        "grows-without-end",
    ),
)

RIGHT = (
    # holes
    (
        "fill-holes",
        """
def fill_holes(table):
    rows = [list(table[0])]
    for row in table[1:]:
        rows.append([old if np.isnan(new) else new for new, old in zip(row, rows[-1])])
    return rows
""",
    ),
    (
        "fill-holes",
        """
def fill_holes(values):
    rows = np.where(np.isnan(values), 0, np.arange(len(values))[:, None])
    last = np.maximum.accumulate(rows, axis=0)
    return values[last, np.arange(values.shape[1])]
""",
    ),
    (
        "fill-holes",
        """
import torch


def fill_holes(values):
    values = torch.as_tensor(values)
    at = torch.arange(len(values))[:, None].expand_as(values)
    last = torch.where(values.isnan(), 0, at).cummax(0).values
    return values.gather(0, last)
""",
    ),
    # the clock
    (
        "clock-point",
        """
import math


def clock_point(hours):
    points = []
    for k in hours:
        turn = math.tau * (int(k) % 24) / 24
        points.append((math.sin(turn), math.cos(turn)))
    return points
""",
    ),
    (
        "clock-point",
        """
def clock_point(hour):
    z = np.exp(2j * np.pi * hour / 24)
    return np.stack([z.imag, z.real], axis=-1)
""",
    ),
    (
        "clock-point",
        """
import torch


def clock_point(hour):
    turn = torch.as_tensor(hour).double() * (torch.pi / 12)
    return torch.stack([turn.sin(), turn.cos()], dim=1)
""",
    ),
    # windows
    (
        "series-windows",
        """
def series_windows(values, past, ahead):
    views = np.lib.stride_tricks.sliding_window_view(values, past + ahead, axis=0)
    rows = np.moveaxis(views, 1, 2)
    return rows[:, :past], rows[:, past:]
""",
    ),
    (
        "series-windows",
        """
def series_windows(table, L, H):
    n = np.arange(len(table) - L - H + 1)[:, None]
    return {"X": table[n + np.arange(L)], "Y": table[n + L + np.arange(H)]}
""",
    ),
    (
        "series-windows",
        """
import torch


def series_windows(values, length, horizon):
    rows = torch.as_tensor(values).unfold(0, length + horizon, 1).transpose(1, 2)
    return rows.split([length, horizon], dim=1)
""",
    ),
    # parts
    (
        "deal-windows",
        """
def deal_windows(hours, past, ahead, one, two):
    masks = [[], [], []]
    for n in range(hours - past - ahead + 1):
        labels = range(n + past, n + past + ahead)
        masks[0].append(all(k < one for k in labels))
        masks[1].append(all(one <= k < two for k in labels))
        masks[2].append(all(k >= two for k in labels))
    return tuple(np.array(mask) for mask in masks)
""",
    ),
    (
        "deal-windows",
        """
def deal_windows(N, length, horizon, first, second):
    part = np.digitize(np.arange(length, N), [first, second])
    parts = np.lib.stride_tricks.sliding_window_view(part, horizon)
    return tuple((parts == k).all(axis=1) for k in range(3))
""",
    ),
    (
        "deal-windows",
        """
import torch


def deal_windows(N, length, horizon, first, second):
    start = torch.arange(length, N - horizon + 1)
    end = start + horizon
    return end <= first, (start >= first) & (end <= second), start >= second
""",
    ),
    # errors
    (
        "horizon-errors",
        """
def horizon_errors(truth, guess):
    curve = []
    for h in range(truth.shape[1]):
        sizes = [
            abs(a - b) for a, b in zip(truth[:, h], guess[:, h]) if not np.isnan(a)
        ]
        curve.append(sum(sizes) / len(sizes))
    return curve
""",
    ),
    (
        "horizon-errors",
        """
def horizon_errors(Y, Y_hat):
    seen = np.isfinite(Y)
    sizes = np.abs(np.where(seen, Y, Y_hat) - Y_hat)
    return np.einsum("mh->h", sizes) / seen.sum(axis=0)
""",
    ),
    (
        "horizon-errors",
        """
import torch


def horizon_errors(Y, Y_hat):
    return (torch.as_tensor(Y) - torch.as_tensor(Y_hat)).abs().nanmean(dim=0)
""",
    ),
    # the loop
    (
        "iterate-forecast",
        """
def iterate_forecast(windows, ahead, weights, bias):
    K = windows.shape[1]
    answers = []
    for window, rows in zip(windows, ahead):
        window, forecasts = [np.array(row) for row in window], []
        for row in rows:
            x = bias.copy()
            for k in range(K):
                x = x + window[len(window) - K + k] @ weights[k]
            forecasts.append(x)
            window.append(np.concatenate([x, row]))
        answers.append(forecasts)
    return np.array(answers)
""",
    ),
    (
        "iterate-forecast",
        """
def iterate_forecast(X, known, W, b):
    flat, window, D = W.reshape(-1, len(b)), X.copy(), len(b)
    forecasts = np.empty((len(X), known.shape[1], D))
    for h in range(known.shape[1]):
        forecasts[:, h] = window.reshape(len(X), -1) @ flat + b
        window = np.roll(window, -1, axis=1)
        window[:, -1, :D], window[:, -1, D:] = forecasts[:, h], known[:, h]
    return forecasts
""",
    ),
    (
        "iterate-forecast",
        """
import torch


def iterate_forecast(X, known, W, b):
    rows = list(torch.as_tensor(X).unbind(1))
    known, W, b = (torch.as_tensor(a) for a in (known, W, b))
    K, forecasts = len(rows), []
    for row in known.unbind(1):
        x = b + sum(r @ w for r, w in zip(rows[-K:], W))
        forecasts.append(x)
        rows.append(torch.cat([x, row], dim=1))
    return torch.stack(forecasts, dim=1)
""",
    ),
    # fading
    (
        "fading-forecast",
        """
def fading_forecast(last, keep, level, surprise, steps):
    forecast, deviation, x, variance = [], [], last, 0.0
    for _ in range(steps):
        x = level + keep * (x - level)
        variance = keep**2 * variance + surprise**2
        forecast.append(x)
        deviation.append(variance**0.5)
    return np.stack(forecast, axis=1), deviation
""",
    ),
    (
        "fading-forecast",
        """
def fading_forecast(y, a, mean, sigma, horizon):
    powers = a ** np.arange(horizon + 1)
    forecast = mean + np.einsum("b,h->bh", y - mean, powers[1:])
    spread = sigma * np.cumsum(powers[:-1] ** 2) ** 0.5
    return {"forecast": forecast, "deviation": spread}
""",
    ),
    (
        "fading-forecast",
        """
import torch


def fading_forecast(y, a, mean, sigma, horizon):
    fade = torch.full((horizon,), a, dtype=torch.float64).cumprod(0)
    forecast = mean + torch.outer(torch.as_tensor(y) - mean, fade)
    return forecast, sigma * ((1 - fade**2) / (1 - a**2)).sqrt()
""",
    ),
)

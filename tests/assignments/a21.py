"""Answers to the assignment of chapter 21 that people give, wrong ones and right ones.

Each is the whole source of a solution cell. Wrong ones come with the name of the
mistake that the check must recognise.
"""

ASSIGNMENT = "21-cnn-lstm-forecast"

WRONG = (
    (
        "take-batch",
        """
def take_batch(series, length, size, number):
    views = np.lib.stride_tricks.sliding_window_view(series, length)[:-1]
    rows = slice((number - 1) * size, number * size)
    return views[rows][:, None, :], series[length:][rows]
""",
        "days-as-features",
    ),
    (
        "take-batch",
        """
def take_batch(series, length, size, number):
    X, y = [], []
    for n in range(number * size, (number + 1) * size):
        if n + length < len(series):
            X.append(series[n : n + length])
            y.append(series[n + length])
    return np.array(X).reshape(-1, length, 1), np.array(y)
""",
        "batches-from-zero",
    ),
    (
        "causal-features",
        """
def causal_features(xs, W, b):
    K, T = len(W), len(xs)
    left = (K - 1) // 2
    padded = np.pad(xs, ((left, K - 1 - left), (0, 0), (0, 0)))
    a = sum(padded[k : k + T] @ W[k] for k in range(K)) + b
    return a * (a > 0)
""",
        "same-padding",
    ),
    (
        "causal-features",
        """
def causal_features(xs, W, b):
    T = len(xs)
    a = np.zeros((T, xs.shape[1], len(b))) + b
    for t in range(T):
        for k in range(len(W)):
            if t - k >= 0:
                a[t] += xs[t - k] @ W[k]
    return np.maximum(a, 0)
""",
        "kernel-turned",
    ),
    (
        "cnn-lstm",
        """
def cnn_lstm(xs, W, b, W_x, W_h, b_h, W_o, b_o, pool):
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    padded = np.pad(xs, ((len(W) - 1, 0), (0, 0), (0, 0)))
    features = b + sum(padded[k : k + len(xs)] @ W[k] for k in range(len(W)))
    features = np.maximum(features, 0)
    h = c = np.zeros((xs.shape[1], len(W_h)))
    for t in range(0, len(xs) - pool + 1, pool):
        a = features[t : t + pool].mean(axis=0) @ W_x + h @ W_h + b_h
        i, f, g, o = np.split(a, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h @ W_o + b_o
""",
        "mean-of-the-window",
    ),
    (
        "cnn-lstm",
        """
def cnn_lstm(xs, W, b, W_x, W_h, b_h, W_o, b_o, pool):
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    padded = np.pad(xs, ((len(W) - 1, 0), (0, 0), (0, 0)))
    features = b + sum(padded[k : k + len(xs)] @ W[k] for k in range(len(W)))
    features = np.maximum(features, 0)
    h = c = np.zeros((xs.shape[1], len(W_h)))
    for t in range(0, len(xs) - pool + 1, pool):
        a = features[t : t + pool].max(axis=0) @ W_x + h @ W_h + b_h
        f, i, g, o = np.split(a, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h @ W_o + b_o
""",
        "input-and-forget-swapped",
    ),
    (
        "price-forecast",
        """
def price_forecast(prices, r_hat):
    path = prices[0] * np.cumprod(np.exp(r_hat))

    def score(guess):
        return 100 * np.abs(guess / prices[1:] - 1).mean()

    return path, score(path), score(prices[:-1])
""",
        "forecasts-chained",
    ),
    (
        "price-forecast",
        """
def price_forecast(prices, r_hat):
    forecast = prices[:-1] * np.exp(r_hat)

    def score(guess):
        return np.mean(abs(guess - prices[1:]) / prices[1:])

    return forecast, score(forecast), score(prices[:-1])
""",
        "fraction-for-percentage",
    ),
    (
        "variance-ratio",
        """
def variance_ratio(r, q):
    e = r - np.mean(r)
    walk = np.cumsum(np.r_[0, e])
    ratio = np.mean((walk[q:] - walk[:-q]) ** 2) / (q * np.mean(e**2))
    theta = 2 * (2 * q - 1) * (q - 1) / (3 * q * len(r))
    return ratio, (ratio - 1) / theta**0.5
""",
        "calm-days-assumed",
    ),
    (
        "variance-ratio",
        """
def variance_ratio(r, q):
    walk = np.cumsum(np.r_[0, r])
    ratio = np.mean((walk[q:] - walk[:-q]) ** 2) / (q * np.mean(r**2))
    s = r**2
    theta = sum(
        4 * (1 - k / q) ** 2 * (s[k:] @ s[:-k]) / s.sum() ** 2 for k in range(1, q)
    )
    return ratio, (ratio - 1) / theta**0.5
""",
        "drift-left-in",
    ),
    (
        "direction-test",
        """
def direction_test(r, r_hat):
    hits = np.mean((r > 0) == (r_hat > 0))
    p, s = np.mean(r > 0), np.mean(r_hat > 0)
    scale = 2 * np.sqrt(p * (1 - p) * s * (1 - s))
    return hits, 0.5, np.sqrt(len(r)) * (hits - 0.5) / scale
""",
        "luck-is-half",
    ),
    (
        "direction-test",
        """
def direction_test(r, r_hat):
    up, said = r > 0, r_hat > 0
    p, s = up.mean(), said.mean()
    hits, luck = (up == said).mean(), p * s + (1 - p) * (1 - s)
    return hits, luck, (hits - luck) / np.sqrt(luck * (1 - luck) / len(r))
""",
        "spread-of-a-coin",
    ),
    (
        "trailing-mean",
        """
def trailing_mean(x, k):
    smooth = []
    for t in range(len(x)):
        near = x[max(0, t - k // 2) : t + (k - 1) // 2 + 1]
        smooth.append(sum(near) / len(near))
    return smooth
""",
        "centred-window",
    ),
    (
        "trailing-mean",
        """
def trailing_mean(x, k):
    return np.array([sum(x[max(0, t - k + 1) : t + 1]) / k for t in range(len(x))])
""",
        "zeros-before-the-start",
    ),
)

RIGHT = (
    # one batch
    (
        "take-batch",
        """
def take_batch(values, steps, rows, which):
    X, y = [], []
    for n in range((which - 1) * rows, which * rows):
        if n + steps < len(values):
            X.append([[v] for v in values[n : n + steps]])
            y.append(values[n + steps])
    return X, y
""",
    ),
    (
        "take-batch",
        """
def take_batch(series, length, size, number):
    views = np.lib.stride_tricks.sliding_window_view(series, length + 1)
    some = views[(number - 1) * size : number * size]
    return {"X": some[:, :-1, np.newaxis], "y": some[:, -1]}
""",
    ),
    (
        "take-batch",
        """
import torch


def take_batch(series, length, size, number):
    rows = torch.as_tensor(series).unfold(0, length + 1, 1).split(size)[number - 1]
    return rows[:, :length].unsqueeze(2), rows[:, length]
""",
    ),
    # causal features
    (
        "causal-features",
        """
def causal_features(sequences, kernels, bias):
    rows = []
    for t in range(len(sequences)):
        total = np.tile(bias, (sequences.shape[1], 1))
        for back in range(min(t + 1, len(kernels))):
            total = total + sequences[t - back] @ kernels[len(kernels) - 1 - back]
        rows.append(np.where(total > 0, total, 0))
    return rows
""",
    ),
    (
        "causal-features",
        """
def causal_features(xs, W, b):
    padded = np.pad(xs, ((len(W) - 1, 0), (0, 0), (0, 0)))
    views = np.lib.stride_tricks.sliding_window_view(padded, len(W), axis=0)
    return np.clip(np.einsum("tbdk,kdf->tbf", views, W) + b, 0, None)
""",
    ),
    (
        "causal-features",
        """
import torch


def causal_features(xs, W, b):
    x = torch.as_tensor(xs).permute(1, 2, 0)
    x = torch.nn.functional.pad(x, (len(W) - 1, 0))
    kernel = torch.as_tensor(W).permute(2, 1, 0)
    y = torch.nn.functional.conv1d(x, kernel, torch.as_tensor(b))
    return y.relu().permute(2, 0, 1)
""",
    ),
    # the network
    (
        "cnn-lstm",
        """
def cnn_lstm(xs, kernels, kernel_bias, W_x, W_h, b_h, W_o, b_o, window):
    T, B, _ = xs.shape
    n, H = len(kernels), len(W_h)
    h, c, best = np.zeros((B, H)), np.zeros((B, H)), None
    for t in range(T - T % window):
        a = kernel_bias + sum(
            xs[t - back] @ kernels[n - 1 - back] for back in range(min(n, t + 1))
        )
        feature = np.maximum(a, 0)
        best = feature if t % window == 0 else np.maximum(best, feature)
        if t % window == window - 1:
            z = best @ W_x + h @ W_h + b_h
            gate = 0.5 * (1 + np.tanh(z / 2))
            c = gate[:, H : 2 * H] * c + gate[:, :H] * np.tanh(z[:, 2 * H : 3 * H])
            h = gate[:, 3 * H :] * np.tanh(c)
    return h @ W_o + b_o
""",
    ),
    (
        "cnn-lstm",
        """
import torch


def cnn_lstm(xs, W, b, W_x, W_h, b_h, W_o, b_o, pool):
    xs, W, b, W_x, W_h, b_h, W_o, b_o = (
        torch.as_tensor(a) for a in (xs, W, b, W_x, W_h, b_h, W_o, b_o)
    )
    x = torch.nn.functional.pad(xs.permute(1, 2, 0), (len(W) - 1, 0))
    x = torch.nn.functional.conv1d(x, W.permute(2, 1, 0), b).relu()
    x = torch.nn.functional.max_pool1d(x, pool).permute(2, 0, 1)
    layer = torch.nn.LSTM(x.shape[2], len(W_h)).to(x.dtype)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(W_x.T)
        layer.weight_hh_l0.copy_(W_h.T)
        layer.bias_ih_l0.copy_(b_h)
        layer.bias_hh_l0.zero_()
        _, (h, _) = layer(x)
    return h[0] @ W_o + b_o
""",
    ),
    # prices
    (
        "price-forecast",
        """
import math


def price_forecast(price, change):
    forecast, own, floor = [], 0.0, 0.0
    for t, r in enumerate(change):
        forecast.append(price[t] * math.exp(r))
        own += abs(price[t + 1] - forecast[t]) / price[t + 1]
        floor += abs(price[t + 1] - price[t]) / price[t + 1]
    return forecast, 100 * own / len(change), 100 * floor / len(change)
""",
    ),
    (
        "price-forecast",
        """
def price_forecast(prices, r_hat):
    forecast = np.exp(np.log(prices[:-1]) + r_hat)
    both = np.stack([forecast, prices[:-1]])
    own, floor = 100 * np.abs(1 - both / prices[1:]).mean(axis=1)
    return {"forecast": forecast, "mape": own, "persistence": floor}
""",
    ),
    (
        "price-forecast",
        """
import torch


def price_forecast(prices, r_hat):
    prices = torch.as_tensor(prices)
    forecast = prices[:-1] * torch.as_tensor(r_hat).exp()
    own = ((forecast - prices[1:]) / prices[1:]).abs().mean() * 100
    floor = (prices.diff() / prices[1:]).abs().mean() * 100
    return forecast, own, floor
""",
    ),
    # the random walk
    (
        "variance-ratio",
        """
def variance_ratio(returns, days):
    n, mean = len(returns), sum(returns) / len(returns)
    e = [value - mean for value in returns]
    long = [sum(e[t : t + days]) ** 2 for t in range(n - days + 1)]
    total = sum(value**2 for value in e)
    ratio = (sum(long) / len(long)) / (days * total / n)
    theta = 0
    for k in range(1, days):
        pairs = sum((e[t] * e[t - k]) ** 2 for t in range(k, n))
        theta += 4 * (days - k) ** 2 / days**2 * pairs / total**2
    return ratio, (ratio - 1) / theta**0.5
""",
    ),
    (
        "variance-ratio",
        """
def variance_ratio(r, q):
    walk = np.r_[0, np.cumsum(r - r.mean())]
    e = np.diff(walk)
    ratio = np.mean((walk[q:] - walk[:-q]) ** 2) / q / e.var()
    s = e**2 / np.sum(e**2)
    meet = np.correlate(s, s, "full")[len(s) : len(s) + q - 1]
    weight = 2 - 2 * np.arange(1, q) / q
    return {"ratio": ratio, "z": (ratio - 1) / np.sqrt(weight**2 @ meet)}
""",
    ),
    (
        "variance-ratio",
        """
import torch


def variance_ratio(r, q):
    e = torch.as_tensor(r) - torch.as_tensor(r).mean()
    sums = e.unfold(0, q, 1).sum(dim=1)
    ratio = sums.square().mean() / (q * e.square().mean())
    s = e.square() / e.square().sum()
    theta = sum((2 * (1 - k / q)) ** 2 * (s[k:] * s[:-k]).sum() for k in range(1, q))
    return ratio, (ratio - 1) / theta.sqrt()
""",
    ),
    # directions
    (
        "direction-test",
        """
def direction_test(truth, guess):
    n = len(truth)
    hits = sum((a > 0) == (b > 0) for a, b in zip(truth, guess)) / n
    p, s = sum(a > 0 for a in truth) / n, sum(b > 0 for b in guess) / n
    luck = p * s + (1 - p) * (1 - s)
    return hits, luck, (hits - luck) * (n / (4 * p * (1 - p) * s * (1 - s))) ** 0.5
""",
    ),
    (
        "direction-test",
        """
def direction_test(r, r_hat):
    up, said = (r > 0).astype(float), (r_hat > 0).astype(float)
    luck = np.dot([up.mean(), 1 - up.mean()], [said.mean(), 1 - said.mean()])
    z = np.sqrt(len(r)) * np.corrcoef(up, said)[0, 1]
    return {"hits": 1 - np.abs(up - said).mean(), "luck": luck, "z": z}
""",
    ),
    (
        "direction-test",
        """
import torch


def direction_test(r, r_hat):
    up = (torch.as_tensor(r) > 0).double()
    said = (torch.as_tensor(r_hat) > 0).double()
    p, s = up.mean(), said.mean()
    hits = (up == said).double().mean()
    luck = p * s + (1 - p) * (1 - s)
    below = up.std(correction=0) * said.std(correction=0) * 2
    return hits, luck, (hits - luck) / below * len(up) ** 0.5
""",
    ),
    # smoothing
    (
        "trailing-mean",
        """
def trailing_mean(values, days):
    smooth, last = [], []
    for value in values:
        last = [*last, value][-days:]
        smooth.append(sum(last) / len(last))
    return smooth
""",
    ),
    (
        "trailing-mean",
        """
def trailing_mean(x, k):
    total = np.concatenate([[0.0], np.cumsum(x)])
    end = np.arange(1, len(x) + 1)
    start = np.maximum(end - k, 0)
    return (total[end] - total[start]) / (end - start)
""",
    ),
    (
        "trailing-mean",
        """
import torch


def trailing_mean(x, k):
    x = torch.as_tensor(x)
    padded = torch.cat([torch.full((k - 1,), torch.nan, dtype=x.dtype), x])
    return padded.unfold(0, k, 1).nanmean(dim=1)
""",
    ),
)

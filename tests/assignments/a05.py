"""Answers to the assignment of chapter 5: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "05-sequences-and-windows"

WRONG = (
    (
        "cut-windows",
        """
def cut_windows(series, length, horizon, stride):
    X, Y = [], []
    for n in range(0, len(series) - length - horizon + 1, stride):
        X.append(series[n : n + length])
        Y.append(series[n + length : n + length + horizon])
    D = series.shape[1]
    return (
        np.array(X).reshape(-1, length, D), np.array(Y).reshape(-1, horizon, D)
    )
""",
        "windows-before-time",
    ),
    (
        "cut-windows",
        """
def cut_windows(series, length, horizon, stride):
    N, D = series.shape
    starts = range(0, N - length - horizon + 2, stride)
    X = np.empty((length, len(starts), D))
    Y = np.empty((horizon, len(starts), D))
    for m, n in enumerate(starts):
        X[:, m] = series[n : n + length]
        Y[:, m] = series[n + length - 1 : n + length - 1 + horizon]
    return X, Y
""",
        "label-is-a-feature",
    ),
    (
        "cut-windows",
        """
def cut_windows(series, length, horizon, stride):
    N, D = series.shape
    starts = range(0, N - length - horizon + 1, length)
    X = [[series[n + t] for n in starts] for t in range(length)]
    Y = [[series[n + length + t] for n in starts] for t in range(horizon)]
    return (
        np.reshape(X, (length, len(starts), D)),
        np.reshape(Y, (horizon, len(starts), D)),
    )
""",
        "stride-is-the-length",
    ),
    (
        "character-windows",
        """
def character_windows(text, length, letters):
    ids = [letters.index(c) for c in text if c != " "]
    starts = range(len(ids) - length)
    return (
        np.array([ids[n : n + length] for n in starts]),
        np.array([ids[n + length] for n in starts]),
    )
""",
        "spaces-dropped",
    ),
    (
        "character-windows",
        """
def character_windows(text, length, letters):
    pairs = []
    for n in range(len(text) - length - 1):
        pairs.append((text[n : n + length], text[n + length]))
    X = [[letters.find(c) for c in window] for window, _ in pairs]
    return np.array(X), np.array([letters.find(c) for _, c in pairs])
""",
        "last-window-left-out",
    ),
    (
        "character-windows",
        """
def character_windows(text, length, letters):
    ids = np.array([letters.index(c) for c in text])
    starts = np.arange(0, len(text) - length, length)
    return ids[starts[:, None] + np.arange(length)], ids[starts + length]
""",
        "windows-end-to-end",
    ),
    (
        "autocorrelation",
        """
def autocorrelation(x, K):
    r = [np.dot(x[: len(x) - k], x[k:]) for k in range(K + 1)]
    return np.array(r) / r[0]
""",
        "mean-left-in",
    ),
    (
        "autocorrelation",
        """
def autocorrelation(x, K):
    z = (x - x.mean()) / x.std()
    return np.array([np.mean(z[: len(z) - k] * z[k:]) for k in range(K + 1)])
""",
        "divided-by-pairs",
    ),
    (
        "autocorrelation",
        """
def autocorrelation(x, K):
    z = x - np.mean(x)
    return np.array([np.sum(z * np.roll(z, k)) for k in range(K + 1)]) / np.sum(z**2)
""",
        "series-closed-to-a-ring",
    ),
    (
        "fit-autoregression",
        """
def fit_autoregression(y, order):
    A = np.array([[*y[t - order : t], 1.0] for t in range(order, len(y))])
    found = np.linalg.pinv(A) @ y[order:]
    return found[:order], found[order]
""",
        "weights-oldest-first",
    ),
    (
        "fit-autoregression",
        """
def fit_autoregression(y, order):
    A = np.array([y[t - order : t][::-1] for t in range(order, len(y))])
    return np.linalg.lstsq(A, y[order:], rcond=None)[0], 0.0
""",
        "constant-left-out",
    ),
    (
        "fit-autoregression",
        """
def fit_autoregression(y, order):
    padded = np.concatenate([np.zeros(order), y])
    lags = [padded[order - k : order - k + len(y)] for k in range(1, order + 1)]
    A = np.column_stack([*lags, np.ones(len(y))])
    found = np.linalg.lstsq(A, y, rcond=None)[0]
    return found[:-1], found[-1]
""",
        "zeros-before-the-start",
    ),
    (
        "permuted-weights",
        """
def permuted_weights(xs, W, b, order):
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return xs[:, order], W[back], b
""",
        "weights-moved-back",
    ),
    (
        "permuted-weights",
        """
def permuted_weights(xs, W, b, order):
    P = np.eye(len(order))[order]
    return xs @ P, P.T @ W, b
""",
        "inverse-order",
    ),
    (
        "permuted-weights",
        """
def permuted_weights(xs, W, b, order):
    return np.take(xs, order, axis=1), W.copy(), b
""",
        "weights-not-moved",
    ),
    (
        "next-position",
        """
def next_position(points):
    if len(points) == 1:
        return points[0]
    return 2 * points[-1] - points[-2]
""",
        "straight-line-always",
    ),
    (
        "next-position",
        """
def next_position(points):
    steps = np.diff(points, axis=0)
    return points[-1] + (steps.mean(axis=0) if len(steps) else 0)
""",
        "mean-of-all-steps",
    ),
    (
        "next-position",
        """
def next_position(points):
    p = points[-1].copy()
    if len(points) > 1:
        p += points[-1] - points[-2]
    if len(points) > 2:
        p += 0.5 * np.diff(points, 2, axis=0)[-1]
    return p
""",
        "half-the-change",
    ),
    (
        "leaking-windows",
        """
def leaking_windows(train, test, length, horizon):
    size = length + horizon
    days = set()
    for n in train:
        days.update(range(n, n + size))
    return np.array([not days.isdisjoint(range(n, n + size)) for n in test])
""",
        "shared-features-counted",
    ),
    (
        "leaking-windows",
        """
def leaking_windows(train, test, length, horizon):
    labels = {n + length + k for n in train for k in range(horizon)}
    return np.array(
        [any(n + length + k in labels for k in range(horizon)) for n in test]
    )
""",
        "labels-against-labels",
    ),
    (
        "leaking-windows",
        """
def leaking_windows(train, test, length, horizon):
    return np.isin(test, train)
""",
        "same-window-only",
    ),
    (
        "leaking-windows",
        """
def leaking_windows(train, test, length, horizon):
    seen = np.unique(np.add.outer(train, np.arange(length + horizon)))
    return np.isin(np.asarray(test) + length, seen)
""",
        "first-label-only",
    ),
    (
        "split-windows",
        """
def split_windows(N, length, horizon, validation_from, test_from):
    parts = [], [], []
    for n in range(N - length - horizon + 1):
        label = n + length
        parts[int(label >= validation_from) + int(label >= test_from)].append(n)
    return tuple(np.array(part, dtype=int) for part in parts)
""",
        "first-label-decides",
    ),
    (
        "split-windows",
        """
def split_windows(N, length, horizon, validation_from, test_from):
    whole = length + horizon
    return (
        np.arange(0, validation_from - whole + 1),
        np.arange(validation_from, max(test_from - whole + 1, validation_from)),
        np.arange(test_from, max(N - whole + 1, test_from)),
    )
""",
        "features-kept-inside",
    ),
    (
        "split-windows",
        """
def split_windows(N, length, horizon, validation_from, test_from):
    starts = np.arange(N - length - horizon + 1)
    end = starts + length + horizon - 1
    return (
        starts[end < validation_from],
        starts[(end >= validation_from) & (end < test_from)],
        starts[end >= test_from],
    )
""",
        "last-label-decides",
    ),
    (
        "seasonal-skill",
        """
def seasonal_skill(y, y_hat, period):
    naive = y[:-period]
    error = np.abs(y - y_hat).mean()
    return naive, 1 - error / np.abs(y[period:] - naive).mean()
""",
        "different-days-compared",
    ),
    (
        "seasonal-skill",
        """
def seasonal_skill(y, y_hat, period):
    naive = y[period - 1 : -1]
    truth = y[period:]
    saved = np.abs(truth - naive).mean() - np.abs(truth - y_hat[period:]).mean()
    return naive, saved / np.abs(truth - naive).mean()
""",
        "persistence-instead",
    ),
    (
        "seasonal-skill",
        """
def seasonal_skill(y, y_hat, period):
    naive = y[:-period]
    model = np.sum((y[period:] - y_hat[period:]) ** 2)
    return naive, 1 - model / np.sum((y[period:] - naive) ** 2)
""",
        "squared-errors",
    ),
)

RIGHT = (
    (
        "cut-windows",
        """
def cut_windows(table, days, ahead, step):
    N, D = table.shape
    starts = list(range(0, N - days - ahead + 1, step))
    X = np.zeros((days, len(starts), D))
    Y = np.zeros((ahead, len(starts), D))
    for m, n in enumerate(starts):
        for t in range(days):
            X[t, m] = table[n + t]
        for t in range(ahead):
            Y[t, m] = table[n + days + t]
    return X, Y
""",
    ),
    (
        "cut-windows",
        """
def cut_windows(series, length, horizon, stride):
    whole = length + horizon
    if len(series) < whole:
        D = series.shape[1]
        return np.zeros((length, 0, D)), np.zeros((horizon, 0, D))
    view = np.lib.stride_tricks.sliding_window_view(series, whole, axis=0)
    both = view[::stride].transpose(2, 0, 1)
    return {"X": both[:length], "Y": both[length:]}
""",
    ),
    (
        "cut-windows",
        """
def cut_windows(series, length, horizon, stride):
    import torch

    series = torch.tensor(series)
    if len(series) < length + horizon:
        return series.new_zeros(length, 0, series.shape[1]), series.new_zeros(
            horizon, 0, series.shape[1]
        )
    both = series.unfold(0, length + horizon, stride).permute(2, 0, 1)
    return both[:length], both[length:]
""",
    ),
    (
        "character-windows",
        """
def character_windows(text, length, letters):
    places = {c: k for k, c in enumerate(letters)}
    X, y = [], []
    n = 0
    while n + length < len(text):
        X.append([places[c] for c in text[n : n + length]])
        y.append(places[text[n + length]])
        n += 1
    return X, y
""",
    ),
    (
        "character-windows",
        """
def character_windows(text, length, letters):
    onehot = np.array([[c == letter for letter in letters] for c in text], dtype=int)
    ids = np.einsum("tv,v->t", onehot, np.arange(len(letters)))
    windows = np.lib.stride_tricks.sliding_window_view(ids, length + 1)
    return windows[:, :-1], windows[:, -1]
""",
    ),
    (
        "character-windows",
        """
def character_windows(text, length, letters):
    import torch

    ids = torch.tensor([letters.index(c) for c in text])
    both = ids.unfold(0, length + 1, 1)
    return both[:, :length], both[:, length]
""",
    ),
    (
        "autocorrelation",
        """
def autocorrelation(series, most):
    mean = sum(series) / len(series)
    below = sum((v - mean) ** 2 for v in series)
    r = []
    for k in range(most + 1):
        above = 0.0
        for t in range(len(series) - k):
            above += (series[t] - mean) * (series[t + k] - mean)
        r.append(above / below)
    return r
""",
    ),
    (
        "autocorrelation",
        """
def autocorrelation(x, K):
    z = x - x.mean()
    full = np.correlate(z, z, mode="full")[len(z) - 1 :]
    return full[: K + 1] / full[0]
""",
    ),
    (
        "autocorrelation",
        """
def autocorrelation(x, K):
    import torch

    z = torch.tensor(x)
    z = z - z.mean()
    spectrum = torch.fft.rfft(z, n=2 * len(z)).abs() ** 2
    r = torch.fft.irfft(spectrum, n=2 * len(z))[: K + 1]
    return r / r[0]
""",
    ),
    (
        "fit-autoregression",
        """
def fit_autoregression(y, order):
    rows, targets = [], []
    for t in range(order, len(y)):
        rows.append([y[t - k] for k in range(1, order + 1)] + [1.0])
        targets.append(y[t])
    Q, R = np.linalg.qr(np.array(rows))
    found = np.linalg.solve(R, Q.T @ np.array(targets))
    return {"w": found[:order], "b": found[order]}
""",
    ),
    (
        "fit-autoregression",
        """
def fit_autoregression(y, order):
    from sklearn.linear_model import LinearRegression

    windows = np.lib.stride_tricks.sliding_window_view(y, order + 1)
    model = LinearRegression().fit(windows[:, :-1][:, ::-1], windows[:, -1])
    return model.coef_, model.intercept_
""",
    ),
    (
        "fit-autoregression",
        """
def fit_autoregression(y, order):
    import torch

    windows = torch.tensor(y).unfold(0, order + 1, 1)
    ones = torch.ones(len(windows), 1, dtype=windows.dtype)
    A = torch.cat([windows[:, :-1].flip(1), ones], dim=1)
    found = torch.linalg.lstsq(A, windows[:, -1:]).solution[:, 0]
    return found[:-1], found[-1]
""",
    ),
    (
        "permuted-weights",
        """
def permuted_weights(windows, weights, bias, places):
    new_windows, new_weights = np.zeros_like(windows), np.zeros_like(weights)
    for j, k in enumerate(places):
        new_windows[:, j] = windows[:, k]
        new_weights[j] = weights[k]
    return new_windows, new_weights, bias
""",
    ),
    (
        "permuted-weights",
        """
def permuted_weights(xs, W, b, order):
    P = np.eye(len(order))[:, order]
    return (
        np.einsum("nd,de->ne", xs, P), np.einsum("de,dh->eh", P, W), np.array(b)
    )
""",
    ),
    (
        "permuted-weights",
        """
def permuted_weights(xs, W, b, order):
    import torch

    order = torch.tensor(order)
    return {
        "xs": torch.tensor(xs).index_select(1, order),
        "W": torch.tensor(W)[order],
        "b": torch.tensor(b),
    }
""",
    ),
    (
        "next-position",
        """
def next_position(snapshots):
    x = []
    for axis in range(2):
        p = [point[axis] for point in snapshots[-3:]]
        if len(p) == 1:
            x.append(p[0])
        elif len(p) == 2:
            x.append(2 * p[1] - p[0])
        else:
            x.append(3 * p[2] - 3 * p[1] + p[0])
    return x
""",
    ),
    (
        "next-position",
        """
def next_position(points):
    last = points[-3:]
    k = len(last)
    weights = {1: [1.0], 2: [-1.0, 2.0], 3: [1.0, -3.0, 3.0]}[k]
    return np.einsum("k,kd->d", np.array(weights), last)
""",
    ),
    (
        "next-position",
        """
def next_position(points):
    import torch

    p = torch.tensor(points[-3:])
    total = torch.zeros(2, dtype=p.dtype)
    while len(p):
        total = total + p[-1]
        p = torch.diff(p, dim=0)
    return total
""",
    ),
    (
        "leaking-windows",
        """
def leaking_windows(train, test, length, horizon):
    answers = []
    for s in test:
        found = False
        for day in range(s + length, s + length + horizon):
            for n in train:
                if n <= day <= n + length + horizon - 1:
                    found = True
        answers.append(found)
    return np.array(answers)
""",
    ),
    (
        "leaking-windows",
        """
def leaking_windows(train, test, length, horizon):
    gap = np.subtract.outer(np.asarray(test), np.asarray(train))
    near = (gap < horizon) & (gap > -length - horizon)
    return near.any(axis=1)
""",
    ),
    (
        "leaking-windows",
        """
def leaking_windows(train, test, length, horizon):
    import torch

    train, test = torch.tensor(train), torch.tensor(test)
    seen = (train[:, None] + torch.arange(length + horizon)).unique()
    asked = test[:, None] + length + torch.arange(horizon)
    return torch.isin(asked, seen).any(dim=1)
""",
    ),
    (
        "split-windows",
        """
def split_windows(days, length, horizon, validation_from, test_from):
    borders = [0, validation_from, test_from, days]
    parts = []
    for begin, end in zip(borders, borders[1:]):
        part = []
        for n in range(days - length - horizon + 1):
            labels = range(n + length, n + length + horizon)
            if all(begin <= day < end for day in labels):
                part.append(n)
        parts.append(np.array(part, dtype=int))
    return tuple(parts)
""",
    ),
    (
        "split-windows",
        """
def split_windows(N, length, horizon, validation_from, test_from):
    borders = (length, validation_from, test_from, N)
    found = {}
    for k, name in enumerate(("train", "validation", "test")):
        found[name] = np.arange(borders[k], borders[k + 1] - horizon + 1) - length
    return found
""",
    ),
    (
        "split-windows",
        """
def split_windows(N, length, horizon, validation_from, test_from):
    import torch

    starts = torch.arange(N - length - horizon + 1)
    labels = starts[:, None] + length + torch.arange(horizon)
    part = (labels >= validation_from).long() + (labels >= test_from).long()
    whole = (part == part[:, :1]).all(dim=1)
    return tuple(starts[whole & (part[:, 0] == k)] for k in range(3))
""",
    ),
    (
        "seasonal-skill",
        """
def seasonal_skill(y, y_hat, period):
    naive, ours, theirs = [], 0.0, 0.0
    for t in range(period, len(y)):
        naive.append(y[t - period])
        ours += abs(y[t] - y_hat[t])
        theirs += abs(y[t] - y[t - period])
    return np.array(naive), (theirs - ours) / theirs
""",
    ),
    (
        "seasonal-skill",
        """
def seasonal_skill(y, y_hat, period):
    naive = np.roll(y, period)[period:]
    errors = np.abs(np.stack([y_hat[period:], naive]) - y[period:])
    ours, theirs = errors.mean(axis=1)
    return {"naive": naive, "skill": 1 - ours / theirs}
""",
    ),
    (
        "seasonal-skill",
        """
def seasonal_skill(y, y_hat, period):
    import torch

    y, y_hat = torch.tensor(y), torch.tensor(y_hat)
    naive = y[: len(y) - period]
    error = torch.nn.functional.l1_loss
    return naive, 1 - error(y_hat[period:], y[period:]) / error(naive, y[period:])
""",
    ),
)

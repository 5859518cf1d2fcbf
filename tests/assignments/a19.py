"""Answers to the assignment of chapter 19: wrong ones by name, right ones of kinds."""

ASSIGNMENT = "19-energy-forecast"

WRONG = (
    (
        "windows",
        """
def make_windows(series, length, horizon, stride):
    X, Y = [], []
    start = 0
    while start + length + 1 + horizon <= len(series):
        X.append(series[start : start + length])
        Y.append(series[start + length + 1 : start + length + 1 + horizon])
        start += stride
    X = np.array(X).reshape(-1, length)
    return X, np.array(Y).reshape(-1, horizon)
""",
        "label-one-step-late",
    ),
    (
        "windows",
        """
def make_windows(series, length, horizon, stride):
    starts = [s for s in range(len(series)) if s + length + horizon <= len(series)]
    X = np.array([series[s : s + length] for s in starts])
    return X, np.array([series[s + length : s + length + horizon] for s in starts])
""",
        "stride-ignored",
    ),
    (
        "windows",
        """
def make_windows(series, length, horizon, stride):
    last = len(series) - length - horizon
    starts = np.arange(0, last + 1, length)
    X = [series[s : s + length] for s in starts]
    return np.array(X), np.array([series[s + length :][:horizon] for s in starts])
""",
        "windows-do-not-overlap",
    ),
    (
        "scaler",
        """
def standardise(y, train):
    return (y - np.mean(y)) / np.std(y)
""",
        "fitted-on-everything",
    ),
    (
        "scaler",
        """
import torch


def standardise(y, train):
    y, train = torch.as_tensor(y), torch.as_tensor(train)
    return (y - y[train].mean()) / y[train].std()
""",
        "sample-deviation",
    ),
    (
        "scaler",
        """
def standardise(y, train):
    known = y[train]
    mean = known.sum() / len(known)
    return (y - mean) / ((known - mean) ** 2).mean()
""",
        "variance-instead-of-deviation",
    ),
    (
        "linear-autoregression",
        """
def ar_forecast(y, fit, order):
    windows = np.lib.stride_tricks.sliding_window_view(y, order)[:-1]
    learn = fit[order:]
    w = np.linalg.lstsq(windows[learn], y[order:][learn], rcond=None)[0]
    return np.concatenate([np.full(order, np.nan), windows @ w])
""",
        "intercept-forgotten",
    ),
    (
        "linear-autoregression",
        """
def ar_forecast(y, fit, order):
    rows = [[1, *y[t - order : t]] for t in range(order, len(y))]
    w = np.linalg.lstsq(np.array(rows)[fit[order:]], y[order:][fit[order:]])[0]
    y_hat = np.full(len(y), np.nan)
    for t in range(order, len(y)):
        y_hat[t] = w[0]
        for k in range(1, order + 1):
            y_hat[t] += w[k] * y[t - k]
    return y_hat
""",
        "lags-reversed",
    ),
    (
        "linear-autoregression",
        """
def ar_forecast(y, fit, order):
    A = np.array([[*y[t - order : t], 1] for t in range(order, len(y))])
    w = np.linalg.lstsq(A, y[order:], rcond=None)[0]
    return np.concatenate([np.full(order, np.nan), A @ w])
""",
        "fitted-on-test-days-too",
    ),
    (
        "calendar",
        """
def known_features(y, weekday, holiday, length):
    windows = np.lib.stride_tricks.sliding_window_view(y, length)[1:]
    return np.hstack([windows, np.eye(7)[weekday[length:]], holiday[length:, None]])
""",
        "future-value-as-feature",
    ),
    (
        "calendar",
        """
def known_features(y, weekday, holiday, length):
    windows = np.lib.stride_tricks.sliding_window_view(y, length)[:-1]
    days = slice(length - 1, -1)
    return np.hstack([windows, np.eye(7)[weekday[days]], holiday[days, None]])
""",
        "calendar-of-the-day-before",
    ),
    (
        "calendar",
        """
def known_features(y, weekday, holiday, length):
    windows = np.lib.stride_tricks.sliding_window_view(y, length)[:-1]
    return np.column_stack([windows, weekday[length:], holiday[length:]])
""",
        "weekday-as-a-number",
    ),
    (
        "backtest",
        """
def backtest(y, forecasts, days):
    good = days & np.all([np.isfinite(f) for f in forecasts.values()], axis=0)
    return {k: np.sqrt(np.mean((y - f)[good] ** 2)) for k, f in forecasts.items()}
""",
        "rmse-instead-of-mae",
    ),
    (
        "backtest",
        """
def backtest(y, forecasts, days):
    return {k: np.nanmean(np.abs(y - f)[days]) for k, f in forecasts.items()}
""",
        "each-on-its-own-days",
    ),
    (
        "backtest",
        """
def backtest(y, forecasts, days):
    return {k: float(abs(y - f)[days].mean()) for k, f in forecasts.items()}
""",
        "missing-day-makes-nan",
    ),
    (
        "skill",
        """
def skill(y, model, baseline):
    return 1 - abs(y - baseline).mean() / abs(y - model).mean()
""",
        "model-and-baseline-swapped",
    ),
    (
        "skill",
        """
def skill(y, model, baseline):
    return abs(y - model).sum() / abs(y - baseline).sum()
""",
        "ratio-instead-of-skill",
    ),
    (
        "skill",
        """
def skill(y, model, baseline):
    return 1 - np.linalg.norm(y - model) / np.linalg.norm(y - baseline)
""",
        "root-of-squares",
    ),
    (
        "block-bootstrap",
        """
def skill_interval(errors, baseline, starts, block, level):
    N = len(errors)
    index = []
    for row in starts:
        days = [min(s + k, N - 1) for s in row for k in range(block)]
        index.append(days[:N])
    index = np.array(index)
    a, b = abs(errors)[index].mean(1), abs(baseline)[index].mean(1)
    tail = (1 - level) / 2
    return index, np.quantile(1 - a / b, tail), np.quantile(1 - a / b, 1 - tail)
""",
        "blocks-do-not-wrap",
    ),
    (
        "block-bootstrap",
        """
def skill_interval(errors, baseline, starts, block, level):
    N = len(errors)
    index = (np.repeat(starts, block, axis=1)[:, :N] + np.arange(N) % block) % N
    a, b = abs(errors)[index].mean(1), abs(baseline)[index].mean(1)
    return index, np.quantile(1 - a / b, 1 - level), np.quantile(1 - a / b, level)
""",
        "tails-not-halved",
    ),
    (
        "block-bootstrap",
        """
def skill_interval(errors, baseline, starts, block, level):
    N = len(errors)
    index = (np.repeat(starts, block, axis=1)[:, :N] + np.arange(N) % block) % N
    skills = 1 - abs(errors)[index].mean(1) / abs(baseline).mean()
    tail = (1 - level) / 2
    return index, *np.quantile(skills, [tail, 1 - tail])
""",
        "baseline-not-resampled",
    ),
    (
        "conformal-band",
        """
def conformal_band(residuals, y, y_hat, level):
    q = np.quantile(np.abs(residuals), level)
    return q, np.mean(np.abs(y - y_hat) <= q)
""",
        "quantile-between-residuals",
    ),
    (
        "conformal-band",
        """
import math


def conformal_band(residuals, y, y_hat, level):
    q = sorted(abs(residuals))[math.ceil(len(residuals) * level) - 1]
    return q, np.mean(np.abs(y - y_hat) <= q)
""",
        "plus-one-forgotten",
    ),
    (
        "conformal-band",
        """
import math


def conformal_band(residuals, y, y_hat, level):
    q = sorted(residuals)[math.ceil((len(residuals) + 1) * level) - 1]
    return q, np.mean(np.abs(y - y_hat) <= q)
""",
        "one-sided-residuals",
    ),
    (
        "conformal-band",
        """
import math


def conformal_band(residuals, y, y_hat, level):
    q = sorted(abs(residuals))[math.ceil((len(residuals) + 1) * level) - 1]
    return q, np.mean(y - y_hat <= q)
""",
        "coverage-of-signed-errors",
    ),
)

RIGHT = (
    # windows
    (
        "windows",
        """
def make_windows(values, past, ahead, step):
    both = np.lib.stride_tricks.sliding_window_view(values, past + ahead)[::step]
    return both[:, :past], both[:, past:]
""",
    ),
    (
        "windows",
        """
import torch


def make_windows(series, length, horizon, stride):
    rows = torch.as_tensor(series).unfold(0, length + horizon, stride)
    return rows.split([length, horizon], dim=1)
""",
    ),
    (
        "windows",
        """
def make_windows(s, L, h, k):
    pairs, start = [], 0
    while len(s[start:]) >= L + h:
        pairs.append((list(s[start : start + L]), list(s[start + L : start + L + h])))
        start += k
    return {"X": [x for x, _ in pairs], "Y": [y for _, y in pairs]}
""",
    ),
    # the scale
    (
        "scaler",
        """
def standardise(series, mask):
    total = square = count = 0
    for value, known in zip(series, mask):
        if known:
            total, count = total + value, count + 1
    mean = total / count
    for value, known in zip(series, mask):
        if known:
            square += (value - mean) ** 2
    return [(value - mean) / (square / count) ** 0.5 for value in series]
""",
    ),
    (
        "scaler",
        """
import torch


def standardise(y, train):
    y = torch.as_tensor(y)
    std, mean = torch.std_mean(y[torch.as_tensor(train)], correction=0)
    return (y - mean) / std
""",
    ),
    (
        "scaler",
        """
def standardise(y, train):
    weight = train / np.count_nonzero(train)
    mean = np.einsum("n,n->", weight, y)
    return (y - mean) / np.sqrt(np.einsum("n,n,n->", weight, y - mean, y - mean))
""",
    ),
    # autoregression
    (
        "linear-autoregression",
        """
def ar_forecast(series, learn, K):
    rows, goals = [], []
    for t in range(K, len(series)):
        if learn[t]:
            rows.append([1.0] + [series[t - k] for k in range(1, K + 1)])
            goals.append(series[t])
    w, *_ = np.linalg.lstsq(np.array(rows), np.array(goals), rcond=None)
    out = [float("nan")] * K
    for t in range(K, len(series)):
        out.append(w[0] + sum(w[k] * series[t - k] for k in range(1, K + 1)))
    return out
""",
    ),
    (
        "linear-autoregression",
        """
def ar_forecast(y, fit, order):
    # centred, so that the constant drops out; the oldest value first
    past = np.lib.stride_tricks.sliding_window_view(y, order)[:-1]
    now, learn = y[order:], fit[order:]
    mean_past, mean_now = past[learn].mean(axis=0), now[learn].mean()
    A, v = past[learn] - mean_past, now[learn] - mean_now
    w = np.linalg.solve(np.einsum("nk,nl->kl", A, A), np.einsum("nk,n->k", A, v))
    y_hat = np.full_like(y, np.nan)
    y_hat[order:] = np.einsum("nk,k->n", past - mean_past, w) + mean_now
    return y_hat
""",
    ),
    (
        "linear-autoregression",
        """
import torch


def ar_forecast(y, fit, order):
    y, fit = torch.as_tensor(y), torch.as_tensor(fit)
    past = y.unfold(0, order, 1)[:-1]
    A = torch.cat([past, torch.ones(len(past), 1, dtype=y.dtype)], dim=1)
    learn = fit[order:]
    w = torch.linalg.lstsq(A[learn], y[order:][learn, None]).solution
    return torch.cat([y.new_full((order,), torch.nan), (A @ w)[:, 0]])
""",
    ),
    # the calendar
    (
        "calendar",
        """
def known_features(series, day_of_week, free, past):
    X = np.zeros((len(series) - past, past + 8))
    for n in range(len(X)):
        for k in range(past):
            X[n, k] = series[n + k]
        X[n, past + day_of_week[n + past]] = 1
        X[n, -1] = free[n + past]
    return X
""",
    ),
    (
        "calendar",
        """
def known_features(y, weekday, holiday, length):
    N = len(y)
    windows = y[np.arange(N - length)[:, None] + np.arange(length)]
    week = weekday[length:, None] == np.arange(7)
    return np.hstack([windows, week, holiday[length:, None]])
""",
    ),
    (
        "calendar",
        """
import torch


def known_features(y, weekday, holiday, length):
    y, weekday, holiday = map(torch.as_tensor, (y, weekday, holiday))
    week = torch.nn.functional.one_hot(weekday[length:].long(), 7)
    windows = y.unfold(0, length, 1)[:-1]
    return torch.cat([windows, week, holiday[length:, None]], dim=1)
""",
    ),
    # scores
    (
        "backtest",
        """
def backtest(truth, models, judged):
    kept = [
        t
        for t in range(len(truth))
        if judged[t] and not any(np.isnan(f[t]) for f in models.values())
    ]
    scores = {}
    for name in models:
        total = 0.0
        for t in kept:
            total += abs(truth[t] - models[name][t])
        scores[name] = total / len(kept)
    return scores
""",
    ),
    (
        "backtest",
        """
def backtest(y, forecasts, days):
    errors = np.abs(np.stack(list(forecasts.values()), axis=1) - y[:, None])[days]
    errors = errors[~np.isnan(errors).any(axis=1)]
    return dict(zip(forecasts, np.einsum("nm->m", errors) / len(errors)))
""",
    ),
    (
        "backtest",
        """
import torch


def backtest(y, forecasts, days):
    table = torch.stack([torch.as_tensor(f) for f in forecasts.values()])
    good = torch.as_tensor(days) & table.isfinite().all(0)
    return {
        name: torch.nn.functional.l1_loss(row[good], torch.as_tensor(y)[good])
        for name, row in zip(forecasts, table)
    }
""",
    ),
    # skill
    (
        "skill",
        """
def skill(truth, ours, theirs):
    left = saved = 0.0
    for t, a, b in zip(truth, ours, theirs):
        left, saved = left + abs(t - a), saved + abs(t - b)
    return (saved - left) / saved
""",
    ),
    (
        "skill",
        """
import torch


def skill(y, model, baseline):
    y, model, baseline = map(torch.as_tensor, (y, model, baseline))
    return 1 - torch.dist(y, model, p=1) / torch.dist(y, baseline, p=1)
""",
    ),
    (
        "skill",
        """
def skill(y, model, baseline):
    a, b = np.linalg.norm(np.stack([model, baseline]) - y, ord=1, axis=1)
    return 1 - a / b
""",
    ),
    # resampled days
    (
        "block-bootstrap",
        """
def skill_interval(ours, theirs, first, size, share):
    N, index, skills = len(ours), [], []
    for row in first:
        days = []
        for start in row:
            for k in range(size):
                if len(days) < N:
                    days.append((int(start) + k) % N)
        index.append(days)
        a = sum(abs(ours[d]) for d in days)
        b = sum(abs(theirs[d]) for d in days)
        skills.append(1 - a / b)
    tail = 50 * (1 - share)
    low, high = np.percentile(skills, [tail, 100 - tail])
    return np.array(index), low, high
""",
    ),
    (
        "block-bootstrap",
        """
def skill_interval(errors, baseline, starts, block, level):
    N = len(errors)
    ring = np.concatenate([np.arange(N), np.arange(block)])
    runs = [[ring[s : s + block] for s in row] for row in starts]
    index = np.array([np.concatenate(run)[:N] for run in runs])
    both = np.abs(np.stack([errors, baseline]))[:, index]
    a, b = np.einsum("mrn->mr", both)
    low, high = np.quantile((b - a) / b, [0.5 - level / 2, 0.5 + level / 2])
    return {"index": index, "low": low, "high": high}
""",
    ),
    (
        "block-bootstrap",
        """
import torch


def skill_interval(errors, baseline, starts, block, level):
    errors, baseline, starts = map(torch.as_tensor, (errors, baseline, starts))
    N = len(errors)
    index = starts[..., None].add(torch.arange(block)).remainder(N).flatten(1)[:, :N]
    skills = 1 - errors.abs()[index].mean(1) / baseline.abs()[index].mean(1)
    ends = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=skills.dtype)
    return index, *torch.quantile(skills, ends)
""",
    ),
    # the band
    (
        "conformal-band",
        """
def conformal_band(old, truth, guess, share):
    sizes = sorted(abs(float(r)) for r in old)
    rank = 1
    while rank < (len(sizes) + 1) * share:
        rank += 1
    q, inside = sizes[rank - 1], 0
    for a, b in zip(truth, guess):
        inside += b - q <= a <= b + q
    return q, inside / len(truth)
""",
    ),
    (
        "conformal-band",
        """
def conformal_band(residuals, y, y_hat, level):
    # one residual more, of unknown size: an infinite one
    sizes = np.append(np.abs(residuals), np.inf)
    q = np.quantile(sizes, level, method="inverted_cdf")
    return {"q": q, "coverage": 1 - np.mean(np.abs(y - y_hat) > q)}
""",
    ),
    (
        "conformal-band",
        """
import math

import torch


def conformal_band(residuals, y, y_hat, level):
    residuals, y, y_hat = map(torch.as_tensor, (residuals, y, y_hat))
    rank = math.ceil((len(residuals) + 1) * level)
    q = residuals.abs().kthvalue(rank).values
    return q, ((y - y_hat).abs() <= q).double().mean()
""",
    ),
)

"""Answers to the assignment of chapter 22 that people give, wrong ones and right ones.

Each is the whole source of a solution cell. Wrong ones come with the name of the
mistake that the check must recognise.
"""

ASSIGNMENT = "22-anomalies"

WRONG = (
    (
        "residual-scores",
        """
def residual_scores(errors, quiet):
    usual = errors[quiet]
    return np.abs(errors - np.nanmean(usual)) / np.nanstd(usual)
""",
        "mean-and-deviation",
    ),
    (
        "residual-scores",
        """
def residual_scores(errors, quiet):
    middle = np.nanmedian(errors)
    return np.abs(errors - middle) / (1.4826 * np.nanmedian(np.abs(errors - middle)))
""",
        "learnt-from-everything",
    ),
    (
        "residual-scores",
        """
def residual_scores(errors, quiet):
    distance = np.abs(errors - np.nanmedian(errors[quiet]))
    return distance / np.nanmedian(distance[quiet])
""",
        "factor-left-out",
    ),
    (
        "power-spectrum",
        """
def power_spectrum(series, step):
    terms = np.fft.rfft(series - series.mean())
    return np.fft.rfftfreq(len(series), step), np.abs(terms) ** 2 / len(series)
""",
        "mirror-image-lost",
    ),
    (
        "power-spectrum",
        """
def power_spectrum(series, step):
    N = len(series)
    power = 2 * np.abs(np.fft.rfft(series - series.mean())) ** 2 / N
    power[0] /= 2
    if N % 2 == 0:
        power[-1] /= 2
    return 2 * np.pi * np.fft.rfftfreq(N, step), power
""",
        "angle-per-time",
    ),
    (
        "tail-threshold",
        """
def tail_threshold(scores, rate, tail):
    return np.quantile(scores, 1 - rate)
""",
        "quantile-of-what-was-seen",
    ),
    (
        "tail-threshold",
        """
def tail_threshold(scores, rate, tail):
    u = np.quantile(scores, 1 - tail)
    beta = np.mean(scores[scores > u] - u)
    return u - beta * np.log(rate)
""",
        "share-forgotten",
    ),
    (
        "alarm-events",
        """
def alarm_events(alarms, gap):
    first, last = [], []
    for k in np.flatnonzero(alarms):
        if last and k - last[-1] <= gap:
            last[-1] = k
        else:
            first.append(k)
            last.append(k)
    return np.array(first), np.array(last)
""",
        "gap-one-too-short",
    ),
    (
        "alarm-events",
        """
def alarm_events(alarms, gap):
    first, last, start, end = [], [], None, None
    for k, alarm in enumerate(alarms):
        if not alarm:
            continue
        if start is not None and k - end > gap + 1:
            first.append(start)
            last.append(end)
            start = None
        if start is None:
            start = k
        end = k
    if not first:
        first, last = [start], [end]
    return np.array(first), np.array(last)
""",
        "final-event-lost",
    ),
    (
        "event-scores",
        """
def event_scores(found, true, slack):
    hits = 0
    for a, b in found:
        hits += any(a <= d + slack and c <= b + slack for c, d in true)
    return hits / len(found), hits / len(true)
""",
        "hits-over-true",
    ),
    (
        "event-scores",
        """
def event_scores(found, true, slack):
    def touches(one, others):
        return any(one[0] <= d + slack and c <= one[1] + slack for c, d in others)

    precision = np.mean([touches(t, found) for t in true])
    recall = np.mean([touches(f, true) for f in found])
    return precision, recall
""",
        "precision-and-recall-swapped",
    ),
    (
        "roc-area",
        """
def roc_area(scores, unusual):
    return np.mean(scores[unusual][:, None] > scores[~unusual][None, :])
""",
        "draws-count-as-lost",
    ),
    (
        "roc-area",
        """
def roc_area(scores, unusual):
    good, bad = scores[~unusual], scores[unusual]
    return np.mean([np.mean(a > good) + np.mean(a == good) / 2 for a in bad]) * 2 - 1
""",
        "stretched-to-minus-one",
    ),
    (
        "component-errors",
        """
def component_errors(usual, X, K):
    V = np.linalg.svd(usual, full_matrices=False)[2][:K]
    return ((X - X @ V.T @ V) ** 2).sum(axis=1)
""",
        "mean-of-usual-not-taken-off",
    ),
    (
        "component-errors",
        """
def component_errors(usual, X, K):
    mean = usual.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(usual.T))
    small = vectors[:, :K]  # eigh gives the smallest first
    left = (X - mean) - (X - mean) @ small @ small.T
    return (left**2).sum(axis=1)
""",
        "smallest-components",
    ),
)

RIGHT = (
    # residuals
    (
        "residual-scores",
        """
def residual_scores(e, calm):
    middle = np.nanmedian(e[calm])
    distance = np.abs(e - middle)
    return distance / np.nanmedian(distance[calm]) / 1.4826
""",
    ),
    (
        "residual-scores",
        """
import math


def residual_scores(errors, quiet):
    def middle_of(values):
        values = sorted(values)
        n = len(values)
        return (values[(n - 1) // 2] + values[n // 2]) / 2

    usual = [e for e, q in zip(errors, quiet) if q and not math.isnan(e)]
    middle = middle_of(usual)
    spread = 1.4826 * middle_of([abs(e - middle) for e in usual])
    return [abs(e - middle) / spread for e in errors]
""",
    ),
    (
        "residual-scores",
        """
import torch


def residual_scores(errors, quiet):
    e = torch.as_tensor(errors)
    usual = e[torch.as_tensor(quiet)]
    usual = usual[~usual.isnan()]
    half = torch.tensor(0.5, dtype=e.dtype)
    middle = usual.quantile(half)
    return (e - middle).abs() / (1.4826 * (usual - middle).abs().quantile(half))
""",
    ),
    # spectrum
    (
        "power-spectrum",
        """
def power_spectrum(x, dt):
    N = len(x)
    whole = np.abs(np.fft.fft(x - x.mean())) ** 2 / N
    power = whole[: N // 2 + 1].copy()
    for k in range(1, N):
        if k > N // 2:
            power[N - k] += whole[k]
    return np.arange(N // 2 + 1) / (N * dt), power
""",
    ),
    (
        "power-spectrum",
        """
def power_spectrum(series, step):
    N = len(series)
    n, k = np.arange(N), np.arange(N // 2 + 1)[:, None]
    x = series - series.mean()
    c, s = np.cos(2 * np.pi * k * n / N) @ x, np.sin(2 * np.pi * k * n / N) @ x
    twice = np.where((k[:, 0] == 0) | (2 * k[:, 0] == N), 1, 2)
    return k[:, 0] / (N * step), twice * (c**2 + s**2) / N
""",
    ),
    (
        "power-spectrum",
        """
import torch


def power_spectrum(series, step):
    x = torch.as_tensor(series)
    N = len(x)
    power = torch.fft.rfft(x - x.mean()).abs().square() / N
    power[1 : (N + 1) // 2] *= 2
    return {"frequency": torch.arange(N // 2 + 1) / (N * step), "power": power}
""",
    ),
    # threshold
    (
        "tail-threshold",
        """
def tail_threshold(s, rate, tail):
    s = np.sort(s)
    u = np.quantile(s, 1 - tail)
    first = np.searchsorted(s, u, side="right")
    share = 1 - first / len(s)
    return u + (s[first:].mean() - u) * (np.log(share) - np.log(rate))
""",
    ),
    (
        "tail-threshold",
        """
import math


def tail_threshold(scores, rate, tail):
    u = float(np.quantile(scores, 1 - tail))
    over = [s - u for s in scores if s > u]
    beta = sum(over) / len(over)
    return u + beta * math.log(len(over) / len(scores) / rate)
""",
    ),
    (
        "tail-threshold",
        """
import torch


def tail_threshold(scores, rate, tail):
    s = torch.as_tensor(scores)
    u = s.quantile(1 - tail)
    inside = s > u
    share = inside.double().mean()
    return u + (s[inside] - u).mean() * (share / rate).log()
""",
    ),
    # events
    (
        "alarm-events",
        """
def alarm_events(alarms, gap):
    at = np.flatnonzero(alarms)
    new = np.diff(at) > gap + 1
    return at[np.r_[True, new]], at[np.r_[new, True]]
""",
    ),
    (
        "alarm-events",
        """
def alarm_events(bells, most):
    first, last, silent = [], [], most + 1
    for t, bell in enumerate(bells):
        if bell:
            if silent > most:
                first.append(t)
                last.append(t)
            last[-1], silent = t, 0
        else:
            silent += 1
    return {"first": first, "last": last}
""",
    ),
    (
        "alarm-events",
        """
import torch


def alarm_events(alarms, gap):
    at = torch.as_tensor(alarms).nonzero()[:, 0]
    new = torch.diff(at) > gap + 1
    yes = torch.tensor([True])
    return at[torch.cat([yes, new])], at[torch.cat([new, yes])]
""",
    ),
    # precision and recall
    (
        "event-scores",
        """
def event_scores(found, true, slack):
    def touch(a, b):
        return max(a[0], b[0]) - min(a[1], b[1]) <= slack

    precision = sum(any(touch(f, t) for t in true) for f in found) / len(found)
    recall = sum(any(touch(f, t) for f in found) for t in true) / len(true)
    return precision, recall
""",
    ),
    (
        "event-scores",
        """
def event_scores(mine, theirs, slack):
    N = int(max(mine.max(), theirs.max())) + slack + 2

    def share(events, others):
        near = np.zeros(N, dtype=bool)
        for a, b in others:
            near[max(a - slack, 0) : b + slack + 1] = True
        return np.mean([near[a : b + 1].any() for a, b in events])

    return share(mine, theirs), share(theirs, mine)
""",
    ),
    (
        "event-scores",
        """
import torch


def event_scores(found, true, slack):
    f, t = torch.as_tensor(found)[:, None], torch.as_tensor(true)[None]
    apart = torch.maximum(f[..., 0], t[..., 0]) - torch.minimum(f[..., 1], t[..., 1])
    touch = apart <= slack
    return {
        "precision": touch.any(1).double().mean(),
        "recall": touch.any(0).double().mean(),
    }
""",
    ),
    # the area
    (
        "roc-area",
        """
def roc_area(scores, unusual):
    total, pairs = 0.0, 0
    for a in scores[unusual]:
        for b in scores[~unusual]:
            total += 1.0 if a > b else 0.5 if a == b else 0.0
            pairs += 1
    return total / pairs
""",
    ),
    (
        "roc-area",
        """
def roc_area(scores, unusual):
    values, at, count = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[at]
    bad, good = unusual.sum(), (~unusual).sum()
    return (rank[unusual].sum() - bad * (bad + 1) / 2) / (bad * good)
""",
    ),
    (
        "roc-area",
        """
import torch


def roc_area(scores, unusual):
    s, mask = torch.as_tensor(scores), torch.as_tensor(unusual)
    return ((s[mask][:, None] - s[~mask]).sign().mean() + 1) / 2
""",
    ),
    # components
    (
        "component-errors",
        """
def component_errors(usual, X, K):
    mean = usual.mean(axis=0)
    _, vectors = np.linalg.eigh((usual - mean).T @ (usual - mean))
    away = (X - mean) @ vectors[:, ::-1]
    return (away[:, K:] ** 2).sum(axis=1)
""",
    ),
    (
        "component-errors",
        """
def component_errors(normal, rows, count):
    mean = sum(normal) / len(normal)
    V = np.linalg.svd(normal - mean)[2]
    errors = []
    for row in rows:
        left = row - mean
        for v in V[:count]:
            left = left - (left @ v) * v
        errors.append(left @ left)
    return np.array(errors)
""",
    ),
    (
        "component-errors",
        """
import torch


def component_errors(usual, X, K):
    usual, X = torch.as_tensor(usual), torch.as_tensor(X)
    mean = usual.mean(0)
    V = torch.linalg.svd(usual - mean, full_matrices=False).Vh[:K]
    away = X - mean
    return away.square().sum(1) - (away @ V.T).square().sum(1)
""",
    ),
)

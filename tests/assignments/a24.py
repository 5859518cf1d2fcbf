"""Answers to the assignment of chapter 24 that people give, wrong ones and right ones.

Each is the whole source of a solution cell. Wrong ones come with the name of the
mistake that the check must recognise.
"""

ASSIGNMENT = "24-whats-next"

WRONG = (
    (
        "attention-step",
        """
def attention_step(q, k, v, S, z):
    y = q @ S / max(float(q @ z), 1e-30)
    return y, S + np.outer(k, v), z + k
""",
        "asked-before-writing",
    ),
    (
        "attention-step",
        """
def attention_step(q, k, v, S, z):
    S = S + k[:, None] * v
    z = z + k
    return np.einsum("k,kv->v", q, S) / z.sum(), S, z
""",
        "divided-by-all-of-z",
    ),
    (
        "attention-parallel",
        """
def attention_parallel(q, k, v):
    scores = np.einsum("tk,sk->ts", q, k)
    return scores / scores.sum(1, keepdims=True) @ v
""",
        "reads-the-future",
    ),
    (
        "attention-parallel",
        """
def attention_parallel(q, k, v):
    scores = np.tril(np.exp(q @ k.T / np.sqrt(q.shape[1])))
    return scores / scores.sum(1, keepdims=True) @ v
""",
        "attention-by-softmax",
    ),
    (
        "attention-parallel",
        """
def attention_parallel(q, k, v):
    weights = q @ k.T
    weights = weights / weights.sum(1, keepdims=True)
    weights[np.triu_indices(len(q), 1)] = 0
    return weights @ v
""",
        "masked-after-dividing",
    ),
    (
        "hold-still",
        """
def hold_still(rate, delta):
    return 1 + delta * rate, delta * np.ones(len(rate))
""",
        "straight-line-step",
    ),
    (
        "hold-still",
        """
def hold_still(rate, delta):
    a = np.exp(rate * delta)
    return a, 1 - a
""",
        "weights-share-one",
    ),
    (
        "mode-kernel",
        """
def mode_kernel(a, b, c, n_steps):
    h, out = b.copy(), []
    for _ in range(n_steps):
        h = a * h
        out.append(c @ h)
    return np.array(out)
""",
        "one-power-too-many",
    ),
    (
        "mode-kernel",
        """
def mode_kernel(a, b, c, n_steps):
    h, out = np.zeros(len(a)), []
    for _ in range(n_steps):
        h = a * h + b
        out.append(c @ h)
    return np.array(out)
""",
        "answer-to-a-step",
    ),
    (
        "count-products",
        """
def count_products(T, K, V):
    softmax = sum((K + V) * T for _ in range(T))
    return softmax, T * (K * V + K * V + K), T * K + T * V, K * V + K
""",
        "no-triangle",
    ),
    (
        "dropout-moments",
        """
def dropout_moments(samples, noise):
    return samples.mean(0), samples.var(0) + noise
""",
        "divided-by-all-passes",
    ),
    (
        "dropout-moments",
        """
def dropout_moments(samples, noise):
    mean = np.mean(samples, axis=0)
    return mean, ((samples - mean) ** 2).sum(0) / (len(samples) - 1)
""",
        "noise-left-out",
    ),
    (
        "coverage-by-group",
        """
def coverage_by_group(y, mean, variance, groups, n_groups):
    low, high = mean - 1.645 * variance, mean + 1.645 * variance
    inside = (low <= y) & (y <= high)
    return np.array([np.mean(inside[groups == g]) for g in range(n_groups)])
""",
        "variance-as-width",
    ),
    (
        "coverage-by-group",
        """
def coverage_by_group(y, mean, variance, groups, n_groups):
    inside = np.abs(y - mean) / np.sqrt(np.maximum(variance, 1e-30)) <= 1.6448536
    return np.repeat(inside.mean(), n_groups)
""",
        "one-number-for-all",
    ),
)

RIGHT = (
    (
        "attention-step",
        """
def attention_step(q, k, v, S, z):
    S_new = S + np.einsum("k,v->kv", k, v)
    z_new = np.add(z, k)
    return np.einsum("k,kv->v", q, S_new) / np.dot(q, z_new), S_new, z_new
""",
    ),
    (
        "attention-step",
        """
def attention_step(query, key, value, matrix, total):
    matrix, total = matrix.copy(), total.copy()
    for i in range(len(key)):
        total[i] += key[i]
        for j in range(len(value)):
            matrix[i, j] += key[i] * value[j]
    weight = sum(query[i] * total[i] for i in range(len(key)))
    answer = [
        sum(query[i] * matrix[i, j] for i in range(len(key))) / weight
        for j in range(len(value))
    ]
    return np.array(answer), matrix, total
""",
    ),
    (
        "attention-step",
        """
import torch


def attention_step(q, k, v, S, z):
    q, k, v, S, z = (torch.as_tensor(a) for a in (q, k, v, S, z))
    S, z = torch.addr(S, k, v), z + k
    return {"y": q @ S / (q @ z), "S": S, "z": z}
""",
    ),
    (
        "attention-parallel",
        """
def attention_parallel(q, k, v):
    S, z, ys = np.zeros((k.shape[1], v.shape[1])), np.zeros(k.shape[1]), []
    for t in range(len(q)):
        S = S + np.outer(k[t], v[t])
        z = z + k[t]
        ys.append(q[t] @ S / (q[t] @ z))
    return np.array(ys)
""",
    ),
    (
        "attention-parallel",
        """
def attention_parallel(q, k, v):
    outer = np.cumsum(np.einsum("tk,tv->tkv", k, v), axis=0)
    total = np.cumsum(k, axis=0)
    return np.einsum("tk,tkv->tv", q, outer) / (q * total).sum(1)[:, None]
""",
    ),
    (
        "attention-parallel",
        """
import torch


def attention_parallel(q, k, v):
    q, k, v = (torch.as_tensor(a) for a in (q, k, v))
    late = torch.ones(len(q), len(q), dtype=torch.bool).triu(1)
    scores = (q @ k.T).masked_fill(late, 0.0)
    return (scores @ v) / scores.sum(1)[:, None]
""",
    ),
    (
        "hold-still",
        """
def hold_still(rate, delta):
    a = np.exp(rate * delta)
    b = np.full(len(rate), delta)
    moving = rate != 0
    b[moving] = np.expm1(rate[moving] * delta) / rate[moving]
    return a, b
""",
    ),
    (
        "hold-still",
        """
import math


def hold_still(r, width):
    pairs = []
    for x in r:
        b = width if x == 0 else math.expm1(x * width) / x
        pairs.append((math.exp(x * width), b))
    return [p[0] for p in pairs], [p[1] for p in pairs]
""",
    ),
    (
        "hold-still",
        """
import torch


def hold_still(rate, delta):
    rate = torch.as_tensor(rate)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    s = torch.as_tensor(0.5 * delta * (nodes + 1))
    b = (torch.exp(rate[:, None] * s) * torch.as_tensor(weights)).sum(1) * delta / 2
    return torch.exp(rate * delta), b
""",
    ),
    (
        "mode-kernel",
        """
def mode_kernel(a, b, c, n_steps):
    h, out = b.copy(), []
    for _ in range(n_steps):
        out.append(float(c @ h))
        h = a * h
    return out
""",
    ),
    (
        "mode-kernel",
        """
def mode_kernel(a, b, c, n_steps):
    return np.einsum("n,n,nk->k", b, c, np.vander(a, n_steps, increasing=True))
""",
    ),
    (
        "mode-kernel",
        """
import torch


def mode_kernel(factor, enter, leave, n):
    factor, enter, leave = (torch.as_tensor(x) for x in (factor, enter, leave))
    return torch.stack([(leave * enter * factor**k).sum() for k in range(n)])
""",
    ),
    (
        "count-products",
        """
def count_products(T, K, V):
    softmax = sum(t * K + t * V for t in range(1, T + 1))
    linear = sum(K * V + K * V + K for _ in range(T))
    return softmax, linear, T * K + T * V, K * V + K
""",
    ),
    (
        "count-products",
        """
def count_products(steps, keys, values):
    met = np.arange(1, steps + 1).sum()
    return {
        "softmax": met * (keys + values),
        "linear": steps * keys * (2 * values + 1),
        "softmax_state": steps * (keys + values),
        "linear_state": keys * (values + 1),
    }
""",
    ),
    (
        "count-products",
        """
def count_products(T, K, V):
    triangle = T * (T + 1) / 2
    return (K + V) * triangle, T * (2.0 * K * V + K), (K + V) * T, K * (1 + V)
""",
    ),
    (
        "dropout-moments",
        """
def dropout_moments(samples, noise):
    S = len(samples)
    mean = np.sum(samples, axis=0) / S
    spread = np.sum((samples - mean) ** 2, axis=0) / (S - 1)
    return mean, spread + noise
""",
    ),
    (
        "dropout-moments",
        """
import torch


def dropout_moments(passes, sigma_squared):
    variance, mean = torch.var_mean(torch.as_tensor(passes), dim=0)
    return {"mean": mean, "variance": variance + sigma_squared}
""",
    ),
    (
        "dropout-moments",
        """
import statistics


def dropout_moments(samples, noise):
    days = samples.T.tolist()
    mean = [statistics.fmean(day) for day in days]
    return mean, [noise + statistics.variance(day) for day in days]
""",
    ),
    (
        "coverage-by-group",
        """
def coverage_by_group(y, mean, variance, groups, n_groups):
    inside = (y - mean) ** 2 <= 1.6448536269514722**2 * variance
    days = np.bincount(groups, minlength=n_groups)
    return np.bincount(groups, weights=inside, minlength=n_groups) / days
""",
    ),
    (
        "coverage-by-group",
        """
from statistics import NormalDist


def coverage_by_group(y, mean, variance, groups, n_groups):
    half = NormalDist().inv_cdf(0.95) * np.sqrt(variance)
    hits, days = [0] * n_groups, [0] * n_groups
    for k in range(len(y)):
        days[groups[k]] += 1
        hits[groups[k]] += int(mean[k] - half[k] <= y[k] <= mean[k] + half[k])
    return [h / d for h, d in zip(hits, days)]
""",
    ),
    (
        "coverage-by-group",
        """
import torch


def coverage_by_group(y, mean, variance, groups, n_groups):
    y, mean, variance, groups = map(torch.as_tensor, (y, mean, variance, groups))
    inside = ((y - mean).abs() <= 1.6448536269514722 * variance.sqrt()).double()
    which = torch.nn.functional.one_hot(groups.long(), n_groups).double()
    return inside @ which / which.sum(0)
""",
    ),
)

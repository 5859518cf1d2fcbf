"""Answers to the assignment of chapter 2: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "02-gradient-descent"

WRONG = (
    (
        "gradient-step",
        """
def gradient_step(X, y, w, b, lr):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    w = w - lr * X.T @ (p - y) / len(y)
    p = 1 / (1 + np.exp(-(X @ w + b)))
    b = b - lr * np.mean(p - y)
    return w, b
""",
        "bias-after-weights",
    ),
    (
        "gradient-step",
        """
def gradient_step(X, y, w, b, lr):
    error = y - 1 / (1 + np.exp(-(X @ w + b)))
    return w + lr * error @ X, b + lr * error.sum()
""",
        "summed",
    ),
    (
        "gradient-step",
        """
def gradient_step(X, y, w, b, lr):
    error = y - 1 / (1 + np.exp(-(X @ w + b)))
    return w - lr * error @ X / len(y), b - lr * error.mean()
""",
        "uphill",
    ),
    (
        "rate-bound",
        """
def rate_bound(X):
    values = np.linalg.eigh(X.T @ X / len(X))[0]
    return values[0], 2 / values[0]
""",
        "smallest-eigenvalue",
    ),
    (
        "rate-bound",
        """
def rate_bound(X):
    lam = np.linalg.norm(X, 2) / np.sqrt(len(X))
    return lam, 2 / lam
""",
        "singular-value",
    ),
    (
        "rate-bound",
        """
def rate_bound(X):
    lam = max(np.linalg.eigvalsh(np.cov(X.T, bias=True)))
    return lam, 2 / lam
""",
        "mean-taken-away",
    ),
    (
        "quadratic-descent",
        """
def quadratic_descent(X, y, w, lr, steps):
    path = [w]
    for _ in range(steps):
        w -= lr * X.T @ (X @ w - y) / len(y)
        path.append(w)
    return np.array(path)
""",
        "start-overwritten",
    ),
    (
        "quadratic-descent",
        """
def quadratic_descent(X, y, w, lr, steps):
    path = []
    for _ in range(steps):
        w = w - lr * X.T @ (X @ w - y) / len(y)
        path.append(w)
    return np.array(path) if path else w[None]
""",
        "start-missing",
    ),
    (
        "quadratic-descent",
        """
def quadratic_descent(X, y, w, lr, steps):
    slope = X.T @ (X @ w - y) / len(y)
    return np.stack([w - k * lr * slope for k in range(steps + 1)])
""",
        "gradient-of-the-start",
    ),
    (
        "epoch-cost",
        """
def epoch_cost(N, batch_size, epochs):
    steps = N // batch_size + 1
    return steps * epochs, N * epochs, N - (-(-N // batch_size) - 1) * batch_size
""",
        "one-too-many",
    ),
    (
        "epoch-cost",
        """
def epoch_cost(N, batch_size, epochs):
    steps = int(np.ceil(N / batch_size))
    return steps * epochs, N * epochs, N % batch_size
""",
        "rest-of-the-division",
    ),
    (
        "epoch-cost",
        """
def epoch_cost(N, batch_size, epochs):
    sizes = [min(batch_size, N - k) for k in range(0, N, batch_size)]
    return epochs * len(sizes), epochs * len(sizes) * batch_size, sizes[-1]
""",
        "padded",
    ),
    (
        "mini-batches",
        """
def mini_batches(N, batch_size, epochs, seed):
    made = []
    for _ in range(epochs):
        order = np.random.default_rng(seed).permutation(N)
        made.append([order[k : k + batch_size] for k in range(0, N, batch_size)])
    return made
""",
        "shuffled-once",
    ),
    (
        "mini-batches",
        """
def mini_batches(N, batch_size, epochs, seed):
    rng = np.random.default_rng(seed)
    steps = N // batch_size or 1
    made = []
    for _ in range(epochs):
        order = rng.permutation(N)
        made.append([order[k * batch_size : (k + 1) * batch_size]
                     for k in range(steps)])
    return made
""",
        "last-batch-dropped",
    ),
    (
        "mini-batches",
        """
def mini_batches(N, batch_size, epochs, seed):
    rng = np.random.default_rng(seed)
    sizes = [min(batch_size, N - k) for k in range(0, N, batch_size)]
    return [[rng.choice(N, size=n, replace=False) for n in sizes]
            for _ in range(epochs)]
""",
        "drawn-with-replacement",
    ),
    (
        "mini-batches",
        """
def mini_batches(N, batch_size, epochs, seed):
    cut = [list(range(k, min(k + batch_size, N))) for k in range(0, N, batch_size)]
    return [cut for _ in range(epochs)]
""",
        "not-shuffled",
    ),
    (
        "mini-batches",
        """
def mini_batches(N, batch_size, epochs, seed):
    rng = np.random.default_rng()
    made = []
    for _ in range(epochs):
        order = rng.permutation(N)
        made.append([order[k : k + batch_size] for k in range(0, N, batch_size)])
    return made
""",
        "seed-ignored",
    ),
    (
        "early-stop",
        """
def early_stop(losses, patience):
    wait = 0
    for t in range(1, len(losses)):
        if losses[t] < losses[t - 1]:
            wait = 0
        else:
            wait += 1
        if wait >= patience:
            return int(np.nanargmin(losses[: t + 1])), t
    return int(np.nanargmin(losses)), len(losses) - 1
""",
        "compared-with-the-epoch-before",
    ),
    (
        "early-stop",
        """
def early_stop(losses, patience):
    best, wait = 0, 0
    for t in range(1, len(losses)):
        if losses[t] < losses[best]:
            best, wait = t, 0
        else:
            wait += 1
            if wait > patience:
                return best, t
    return best, len(losses) - 1
""",
        "one-epoch-late",
    ),
    (
        "early-stop",
        """
def early_stop(losses, patience):
    best = 0
    for t, loss in enumerate(losses):
        if loss <= losses[best]:
            best = t
        elif t - best >= patience:
            return best, t
    return best, len(losses) - 1
""",
        "tie-is-better",
    ),
    (
        "momentum-step",
        """
def momentum_step(w, v, dw, lr, mu):
    return w - lr * v, mu * v + dw
""",
        "old-velocity",
    ),
    (
        "momentum-step",
        """
def momentum_step(w, v, dw, lr, mu):
    v = mu * v - lr * dw
    return w + v, v
""",
        "velocity-downhill",
    ),
    (
        "momentum-step",
        """
def momentum_step(w, v, dw, lr, mu):
    v = mu * v + (1 - mu) * dw
    return w - lr * v, v
""",
        "slope-damped",
    ),
    (
        "adam-step",
        """
def adam_step(w, m, v, dw, t, lr, beta1, beta2, eps):
    m = m + (1 - beta1) * (dw - m)
    v = v + (1 - beta2) * (dw * dw - v)
    return w - lr * m / (np.sqrt(v) + eps), m, v
""",
        "not-corrected",
    ),
    (
        "adam-step",
        """
def adam_step(w, m, v, dw, t, lr, beta1, beta2, eps):
    m = (beta1 * m + (1 - beta1) * dw) / (1 - beta1**t)
    v = (beta2 * v + (1 - beta2) * dw**2) / (1 - beta2**t)
    return w - lr * m / (np.sqrt(v) + eps), m, v
""",
        "corrected-ones-kept",
    ),
    (
        "adam-step",
        """
def adam_step(w, m, v, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    step = m / (1 - beta1**t) / (v / (1 - beta2**t) + eps) ** 0.5
    return w - lr * step, m, v
""",
        "eps-under-the-root",
    ),
)

RIGHT = (
    (
        "gradient-step",
        """
def gradient_step(X, y, w, b, lr):
    rows = np.column_stack([X, np.ones(len(X))])
    both = np.append(w, b)
    p = 0.5 * (1 + np.tanh(rows @ both / 2))
    both = both - lr * np.einsum("nd,n->d", rows, p - y) / len(y)
    return both[:-1], both[-1]
""",
    ),
    (
        "gradient-step",
        """
def gradient_step(features, labels, weights, bias, rate):
    dw, db = [0.0] * len(weights), 0.0
    for x, label in zip(features, labels):
        z = sum(a * c for a, c in zip(x, weights)) + bias
        error = 1 / (1 + np.exp(-z)) - label
        dw = [s + error * a for s, a in zip(dw, x)]
        db += error
    n = len(labels)
    return [c - rate * s / n for c, s in zip(weights, dw)], bias - rate * db / n
""",
    ),
    (
        "gradient-step",
        """
def gradient_step(X, y, w, b, lr):
    import torch

    X, y = torch.tensor(X), torch.tensor(y)
    w = torch.tensor(w, requires_grad=True)
    b = torch.tensor(b, requires_grad=True, dtype=torch.float64)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(X @ w + b, y)
    loss.backward()
    return w - lr * w.grad, b - lr * b.grad
""",
    ),
    (
        "rate-bound",
        """
def rate_bound(X):
    lam = np.linalg.norm(X, 2) ** 2 / X.shape[0]
    return lam, 2 / lam
""",
    ),
    (
        "rate-bound",
        """
def rate_bound(X):
    H = np.einsum("ni,nj->ij", X, X) / len(X)
    values, _ = np.linalg.eig(H)
    lam = max(values.real)
    return float(lam), 2 / float(lam)
""",
    ),
    (
        "rate-bound",
        """
def rate_bound(X):
    import torch

    X = torch.tensor(X)
    lam = torch.linalg.svdvals(X)[0] ** 2 / len(X)
    return {"lam": lam, "eta": 2 / lam}
""",
    ),
    (
        "quadratic-descent",
        """
def quadratic_descent(X, y, w, lr, steps):
    path = np.empty((steps + 1, len(w)))
    path[0] = w
    H, c = X.T @ X / len(y), X.T @ y / len(y)
    for k in range(steps):
        path[k + 1] = path[k] - lr * (H @ path[k] - c)
    return path
""",
    ),
    (
        "quadratic-descent",
        """
def quadratic_descent(X, y, w, lr, steps):
    w = w.copy()
    path = [w.copy()]
    while len(path) <= steps:
        for_each = [sum(a * c for a, c in zip(x, w)) - t for x, t in zip(X, y)]
        w -= lr * sum(e * x for e, x in zip(for_each, X)) / len(y)
        path.append(w.copy())
    return path
""",
    ),
    (
        "quadratic-descent",
        """
def quadratic_descent(X, y, w, lr, steps):
    import torch

    X, y, w = torch.tensor(X), torch.tensor(y), torch.tensor(w)
    path = [w]
    for _ in range(steps):
        w = w.detach().requires_grad_()
        (0.5 * torch.mean((X @ w - y) ** 2)).backward()
        w = w - lr * w.grad
        path.append(w)
    return torch.stack(path)
""",
    ),
    (
        "epoch-cost",
        """
def epoch_cost(N, batch_size, epochs):
    sizes = [min(batch_size, N - k) for k in range(0, N, batch_size)]
    return epochs * len(sizes), epochs * sum(sizes), sizes[-1]
""",
    ),
    (
        "epoch-cost",
        """
import math


def epoch_cost(points, size, rounds):
    return math.ceil(points / size) * rounds, points * rounds, points % size or size
""",
    ),
    (
        "epoch-cost",
        """
def epoch_cost(N, batch_size, epochs):
    full, rest = divmod(N, batch_size)
    updates = (full + (rest > 0)) * epochs
    return {"updates": updates, "examples": N * epochs, "last": rest or batch_size}
""",
    ),
    (
        "mini-batches",
        """
def mini_batches(N, batch_size, epochs, seed):
    rng = np.random.default_rng(seed)
    cuts = np.arange(batch_size, N, batch_size)
    return [np.split(rng.permutation(N), cuts) for _ in range(epochs)]
""",
    ),
    (
        "mini-batches",
        """
import random


def mini_batches(n, size, rounds, seed):
    generator = random.Random(seed)
    made = []
    for _ in range(rounds):
        left = list(range(n))
        generator.shuffle(left)
        batches = []
        while left:
            batches.append(left[:size])
            left = left[size:]
        made.append(batches)
    return made
""",
    ),
    (
        "mini-batches",
        """
def mini_batches(N, batch_size, epochs, seed):
    import torch

    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randperm(N, generator=generator).split(batch_size)
        for _ in range(epochs)
    ]
""",
    ),
    (
        "early-stop",
        """
def early_stop(losses, patience):
    best, lowest, wait = 0, losses[0], 0
    for t, loss in enumerate(losses[1:], start=1):
        if loss < lowest:
            best, lowest, wait = t, loss, 0
            continue
        wait += 1
        if wait == patience:
            return best, t
    return best, len(losses) - 1
""",
    ),
    (
        "early-stop",
        """
def early_stop(losses, patience):
    clean = np.where(np.isnan(losses), np.inf, losses)
    for t in range(len(clean)):
        best = np.argmin(clean[: t + 1])
        if t - best == patience:
            break
    return best, t
""",
    ),
    (
        "early-stop",
        """
def early_stop(losses, patience):
    t = best = 0
    while t + 1 < len(losses) and t - best < patience:
        t += 1
        best = t if losses[t] < losses[best] else best
    return {"best": best, "stop": t}
""",
    ),
    (
        "momentum-step",
        """
def momentum_step(w, v, dw, lr, mu):
    new = np.add(mu * v, dw)
    return np.subtract(w, lr * new), new
""",
    ),
    (
        "momentum-step",
        """
def momentum_step(weights, speed, slopes, rate, keep):
    speed = [keep * s + g for s, g in zip(speed, slopes)]
    return [a - rate * s for a, s in zip(weights, speed)], speed
""",
    ),
    (
        "momentum-step",
        """
def momentum_step(w, v, dw, lr, mu):
    import torch

    v = torch.tensor(v).mul(mu).add(torch.tensor(dw))
    return torch.tensor(w).sub(v, alpha=lr), v
""",
    ),
    (
        "adam-step",
        """
def adam_step(w, m, v, dw, t, lr, beta1, beta2, eps):
    m = m + (1 - beta1) * (dw - m)
    v = v + (1 - beta2) * (dw * dw - v)
    size = (v / (1 - beta2**t)) ** 0.5
    return w - lr / (1 - beta1**t) * m / (size + eps), m, v
""",
    ),
    (
        "adam-step",
        """
def adam_step(w, m, v, dw, t, lr, beta1, beta2, eps):
    out = []
    for a, first, second, slope in zip(w, m, v, dw):
        first = beta1 * first + (1 - beta1) * slope
        second = beta2 * second + (1 - beta2) * slope**2
        right = first / (1 - beta1**t)
        size = (second / (1 - beta2**t)) ** 0.5
        out.append((a - lr * right / (size + eps), first, second))
    return tuple(np.array(part) for part in zip(*out))
""",
    ),
    (
        "adam-step",
        """
def adam_step(w, m, v, dw, t, lr, beta1, beta2, eps):
    import torch

    w, m, v, dw = (torch.tensor(a) for a in (w, m, v, dw))
    m = torch.lerp(m, dw, 1 - beta1)
    v = beta2 * v + (1 - beta2) * dw.square()
    below = (v / (1 - beta2**t)).sqrt() + eps
    return w - lr * m / (1 - beta1**t) / below, m, v
""",
    ),
)

"""Answers to the assignment of chapter 13: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "13-long-memory"

WRONG = (
    (
        "adding-batch",
        """
def adding_batch(values, first, second):
    T, B = values.shape
    xs = np.zeros((T, B, 2))
    xs[..., 0] = values
    xs[first, np.arange(B), 1] = 1
    xs[second, np.arange(B), 1] = 1
    return xs, values.sum(axis=0)
""",
        "sum-of-all",
    ),
    (
        "copy-batch",
        """
def copy_batch(symbols, T, signal):
    n, B = symbols.shape
    xs = np.zeros((T + 2 * n, B), dtype=int)
    ys = xs.copy()
    xs[:n] = symbols
    xs[-n:] = signal
    ys[-n:] = symbols
    return xs, ys
""",
        "signal-with-the-answer",
    ),
    (
        "adding-line",
        """
def adding_line(low, high):
    return low + high, (high - low) ** 2 / 12
""",
        "one-number-only",
    ),
    (
        "copy-line",
        """
def copy_line(n, K, T):
    return n * np.log(K) / T
""",
        "wait-only",
    ),
    (
        "row-reader",
        """
def rows_of(pictures):
    B, R, C = pictures.shape
    return pictures.reshape(R, B, C) / 255
""",
        "reshaped-not-transposed",
    ),
    (
        "lag-accuracy",
        """
def accuracy_at(guesses, answers, lags, asked):
    right = guesses == answers
    return np.array([right[lags <= k].mean() for k in asked])
""",
        "up-to-the-lag",
    ),
    (
        "last-steps",
        """
def last_steps(logits, targets, n):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    loss = -np.take_along_axis(log_p, targets[..., None], axis=-1).mean()
    return loss, (z.argmax(axis=-1) == targets).mean()
""",
        "all-steps",
    ),
    (
        "symbols-kept",
        """
def symbols_kept(loss, n, K, T):
    return max(0.0, n - n * loss / np.log(K))
""",
        "last-steps-loss",
    ),
)

RIGHT = (
    (
        "adding-batch",
        """
def adding_batch(numbers, one, two):
    T, B = numbers.shape
    xs, ys = np.zeros((T, B, 2)), np.zeros(B)
    for b in range(B):
        for t in range(T):
            xs[t, b] = numbers[t, b], t in (one[b], two[b])
        ys[b] = numbers[one[b], b] + numbers[two[b], b]
    return xs, ys
""",
    ),
    (
        "adding-batch",
        """
def adding_batch(values, first, second):
    t = np.arange(len(values))[:, None]
    marks = ((t == first) | (t == second)).astype(float)
    return np.stack([values, marks], -1), np.einsum("tb,tb->b", values, marks)
""",
    ),
    (
        "adding-batch",
        """
def adding_batch(values, first, second):
    import torch

    v, i, j = (torch.as_tensor(a) for a in (values, first, second))
    marks = torch.zeros_like(v).scatter_(0, torch.stack([i, j]), 1.0)
    return torch.stack([v, marks], dim=-1), (v * marks).sum(0)
""",
    ),
    (
        "copy-batch",
        """
def copy_batch(symbols, T, signal):
    n, B = symbols.shape
    blanks = np.zeros((T - 1, B), dtype=int)
    end = np.full((n + 1, B), signal)
    silence = np.zeros((T + n, B), dtype=int)
    return np.concatenate([symbols, blanks, end]), np.concatenate([silence, symbols])
""",
    ),
    (
        "copy-batch",
        """
def copy_batch(words, wait, go):
    xs, ys = [], []
    for word in words.T.tolist():
        n = len(word)
        xs.append(word + [0] * (wait - 1) + [go] * (n + 1))
        ys.append([0] * (wait + n) + word)
    return np.array(xs).T, np.array(ys).T
""",
    ),
    (
        "copy-batch",
        """
def copy_batch(symbols, T, signal):
    import torch

    s = torch.as_tensor(symbols)
    n, B = s.shape
    xs = torch.nn.functional.pad(s, (0, 0, 0, T + n))
    ys = torch.nn.functional.pad(s, (0, 0, T + n, 0))
    xs[-(n + 1) :] = signal
    return xs, ys
""",
    ),
    (
        "adding-line",
        """
def adding_line(a, b):
    mean = (a + b) / 2
    square = (a * a + a * b + b * b) / 3
    return 2 * mean, 2 * (square - mean**2)
""",
    ),
    (
        "adding-line",
        """
def adding_line(low, high):
    return {"answer": low + high, "error": (high - low) ** 2 / 6}
""",
    ),
    (
        "adding-line",
        """
def adding_line(low, high):
    width = high - low
    return np.array([2 * low + width, width * width / 6])
""",
    ),
    (
        "copy-line",
        """
def copy_line(n, K, T):
    losses = np.zeros(T + 2 * n)
    losses[-n:] = -np.log(1 / K)
    return losses.mean()
""",
    ),
    (
        "copy-line",
        """
def copy_line(count, kinds, wait):
    import math

    return count * math.log(kinds) / (wait + count + count)
""",
    ),
    (
        "copy-line",
        """
def copy_line(n, K, T):
    import torch

    return n * torch.log(torch.tensor(float(K), dtype=torch.float64)) / (T + 2 * n)
""",
    ),
    (
        "row-reader",
        """
def rows_of(pictures):
    return np.stack([pictures[:, r] for r in range(pictures.shape[1])]) / 255
""",
    ),
    (
        "row-reader",
        """
def rows_of(images):
    return np.einsum("brc->rbc", images / 255.0)
""",
    ),
    (
        "row-reader",
        """
def rows_of(pictures):
    import torch

    return torch.as_tensor(pictures).double().transpose(0, 1) / 255
""",
    ),
    (
        "lag-accuracy",
        """
def accuracy_at(guesses, answers, lags, asked):
    found = []
    for k in asked:
        hits = total = 0
        for g, a, lag in zip(guesses, answers, lags):
            if lag == k:
                total += 1
                hits += g == a
        found.append(hits / total if total else float("nan"))
    return np.array(found)
""",
    ),
    (
        "lag-accuracy",
        """
def accuracy_at(guesses, answers, lags, asked):
    here = lags[None] == asked[:, None]
    with np.errstate(invalid="ignore"):
        return (here * (guesses == answers)).sum(1) / here.sum(1)
""",
    ),
    (
        "lag-accuracy",
        """
def accuracy_at(g, y, d, asked):
    import torch

    g, y, d, asked = (torch.as_tensor(a) for a in (g, y, d, asked))
    return torch.stack([(g == y)[d == k].double().mean() for k in asked])
""",
    ),
    (
        "last-steps",
        """
def last_steps(logits, targets, n):
    losses, hits = [], []
    T, B = targets.shape
    for t in range(T - n, T):
        for b in range(B):
            z = logits[t, b] - logits[t, b].max()
            losses.append(np.log(np.exp(z).sum()) - z[targets[t, b]])
            hits.append(z.argmax() == targets[t, b])
    return np.mean(losses), np.mean(hits)
""",
    ),
    (
        "last-steps",
        """
def last_steps(logits, targets, n):
    import torch

    z, y = torch.as_tensor(logits)[-n:], torch.as_tensor(targets)[-n:]
    loss = torch.nn.functional.cross_entropy(z.flatten(0, 1), y.flatten())
    return loss, (z.argmax(-1) == y).double().mean()
""",
    ),
    (
        "last-steps",
        """
def last_steps(scores, wanted, n):
    V = scores.shape[-1]
    z, y = scores[-n:].reshape(-1, V), wanted[-n:].ravel()
    total = np.logaddexp.reduce(z, axis=1)
    return (total - z[np.arange(len(y)), y]).mean(), np.mean(z.argmax(1) == y)
""",
    ),
    (
        "symbols-kept",
        """
def symbols_kept(loss, n, K, T):
    line = n * np.log(K) / (T + 2 * n)
    return n * (1 - loss / line) if loss < line else 0.0
""",
    ),
    (
        "symbols-kept",
        """
def symbols_kept(mean, count, kinds, wait):
    import math

    total = mean * (wait + count + count)
    return max(count - total / math.log(kinds), 0)
""",
    ),
    (
        "symbols-kept",
        """
def symbols_kept(loss, n, K, T):
    import torch

    nats = torch.tensor(loss, dtype=torch.float64) * (T + 2 * n)
    return (n - nats / torch.tensor(float(K), dtype=torch.float64).log()).clamp(min=0)
""",
    ),
)

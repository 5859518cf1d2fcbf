"""Answers to the assignment of chapter 18: wrong ones by name, right ones of kinds."""

ASSIGNMENT = "18-text-classification"

WRONG = (
    (
        "embedding-gradient",
        """
def embedding_gradient(dxs, ids, V):
    dE = np.zeros((V, dxs.shape[1]))
    dE[ids] += dxs
    return dE
""",
        "repeats-overwritten",
    ),
    (
        "embedding-gradient",
        """
def embedding_gradient(dxs, ids, V):
    dE = np.zeros((V, dxs.shape[1]))
    for i in set(ids.tolist()):
        dE[i] = dxs[ids == i].mean(axis=0)
    return dE
""",
        "mean-over-places",
    ),
    (
        "skipgram-pairs",
        """
def skipgram_pairs(ids, window):
    pairs = [
        (ids[t], ids[u])
        for t in range(len(ids))
        for u in range(max(0, t - window), min(len(ids), t + window))
        if u != t and abs(u - t) < window
    ]
    return np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
""",
        "window-one-too-short",
    ),
    (
        "skipgram-pairs",
        """
def skipgram_pairs(ids, window):
    centres, contexts = [], []
    for t in range(len(ids)):
        for u in range(t + 1, min(len(ids), t + window + 1)):
            centres.append(ids[t])
            contexts.append(ids[u])
    return np.array(centres), np.array(contexts)
""",
        "only-words-after",
    ),
    (
        "skipgram-pairs",
        """
def skipgram_pairs(ids, window):
    kept = [
        (a, ids[(t + s) % len(ids)])
        for t, a in enumerate(ids)
        for s in range(-window, window + 1)
        if s
    ]
    return np.array([a for a, _ in kept]), np.array([b for _, b in kept])
""",
        "text-is-a-ring",
    ),
    (
        "negative-sampling",
        """
def negative_sampling(e, c, n):
    loss = np.logaddexp(0, -(e @ c)) + np.logaddexp(0, n @ e).mean()
    hit = 1 / (1 + np.exp(-(e @ c))) - 1
    miss = 1 / (1 + np.exp(-(n @ e))) / len(n)
    return loss, hit * c + miss @ n, hit * e, miss[:, None] * e
""",
        "mean-over-the-noise",
    ),
    (
        "negative-sampling",
        """
def negative_sampling(e, c, n):
    loss = np.logaddexp(0, -(e @ c)) + np.logaddexp(0, n @ e).sum()
    hit = 1 / (1 + np.exp(-(e @ c))) - 1
    miss = 1 / (1 + np.exp(-(n @ e)))
    return loss, hit * c, hit * e, miss[:, None] * e
""",
        "centre-hears-the-context-only",
    ),
    (
        "analogy",
        """
def analogy(E, a, b, c):
    u = E / np.linalg.norm(E, axis=1, keepdims=True)
    return int(np.argmax(u @ (u[b] - u[a] + u[c])))
""",
        "question-words-allowed",
    ),
    (
        "analogy",
        """
def analogy(E, a, b, c):
    v = E[b] - E[a] + E[c]
    far = np.linalg.norm(E - v, axis=1)
    far[[a, b, c]] = np.inf
    return int(far.argmin())
""",
        "nearest-by-distance",
    ),
    (
        "pad-batch",
        """
def pad_batch(sentences, pad):
    T = max(map(len, sentences))
    ids = np.array([s + [pad] * (T - len(s)) for s in sentences]).T
    return ids, ids != pad, np.array([len(s) for s in sentences])
""",
        "mask-from-the-value",
    ),
    (
        "pad-batch",
        """
def pad_batch(sentences, pad):
    T = max(map(len, sentences))
    ids = np.array([[pad] * (T - len(s)) + s for s in sentences]).T
    lengths = np.array([len(s) for s in sentences])
    return ids, np.arange(T)[:, None] >= T - lengths, lengths
""",
        "filled-up-in-front",
    ),
    (
        "valid-pool",
        """
def valid_pool(hs, lengths):
    mask = (np.arange(len(hs))[:, None] < lengths)[:, :, None]
    last = hs[lengths - 1, np.arange(len(lengths))]
    kept = np.where(mask, hs, 0)
    return last, kept.sum(axis=0) / lengths[:, None], kept.max(axis=0)
""",
        "padding-as-zero",
    ),
    (
        "valid-pool",
        """
def valid_pool(hs, lengths):
    mask = (np.arange(len(hs))[:, None] < lengths)[:, :, None]
    mean = np.where(mask, hs, 0).sum(axis=0) / lengths[:, None]
    return hs[-1], mean, np.where(mask, hs, -np.inf).max(axis=0)
""",
        "last-step-of-the-batch",
    ),
    (
        "valid-pool",
        """
def valid_pool(hs, lengths):
    mask = (np.arange(len(hs))[:, None] < lengths)[:, :, None]
    last = hs[lengths - 1, np.arange(len(lengths))]
    mean = np.where(mask, hs, 0).mean(axis=0)
    return last, mean, np.where(mask, hs, -np.inf).max(axis=0)
""",
        "mean-over-T",
    ),
    (
        "word-importance",
        """
def word_importance(ids, E, W, b, y):
    def score(xs):
        h = np.tanh(xs.mean(axis=0))
        z = h @ W + b
        p = np.exp(z - z.max())
        return np.log(p[y] / p.sum()), h, p / p.sum()

    xs = E[ids]
    S, h, p = score(xs)
    dx = (1 - h**2) * (W @ (np.eye(len(b))[y] - p)) / len(xs)
    rest = []
    for t in range(len(xs)):
        less = xs.copy()
        less[t] = 0
        rest.append(S - score(less)[0])
    return xs @ dx, np.array(rest)
""",
        "word-set-to-zero",
    ),
    (
        "word-importance",
        """
def word_importance(ids, E, W, b, y):
    def score(xs):
        h = np.tanh(xs.mean(axis=0))
        z = h @ W + b
        p = np.exp(z - z.max())
        return np.log(p[y] / p.sum()), h, p / p.sum()

    xs = E[ids]
    S, h, p = score(xs)
    dx = (1 - h**2) * (W @ (p - np.eye(len(b))[y])) / len(xs)
    rest = [S - score(np.delete(xs, t, axis=0))[0] for t in range(len(xs))]
    return xs @ dx, np.array(rest)
""",
        "gradient-of-the-loss",
    ),
)

RIGHT = (
    (
        "embedding-gradient",
        """
def embedding_gradient(dxs, ids, V):
    dE = np.zeros((V, dxs.shape[1]))
    np.add.at(dE, ids, dxs)
    return dE
""",
    ),
    (
        "embedding-gradient",
        """
def embedding_gradient(gradients, numbers, V):
    return np.eye(V)[numbers].T @ gradients
""",
    ),
    (
        "embedding-gradient",
        """
def embedding_gradient(dxs, ids, V):
    import torch

    E = torch.zeros(V, dxs.shape[1], dtype=torch.float64, requires_grad=True)
    (E[torch.as_tensor(ids)] * torch.as_tensor(dxs)).sum().backward()
    return E.grad
""",
    ),
    (
        "skipgram-pairs",
        """
def skipgram_pairs(ids, window):
    pairs = [
        (a, b)
        for t, a in enumerate(ids)
        for u, b in enumerate(ids)
        if 1 <= abs(u - t) <= window
    ]
    return np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
""",
    ),
    (
        "skipgram-pairs",
        """
def skipgram_pairs(ids, window):
    t = np.arange(len(ids))
    near = np.abs(t[:, None] - t) <= window
    near[t, t] = False
    centre, context = np.nonzero(near)
    return ids[centre], ids[context]
""",
    ),
    (
        "skipgram-pairs",
        """
def skipgram_pairs(text, m):
    text = list(text)
    centres, contexts = [], []
    for t, word in enumerate(text):
        around = text[max(0, t - m) : t] + text[t + 1 : t + 1 + m]
        centres += [word] * len(around)
        contexts += around
    return centres, contexts
""",
    ),
    (
        "negative-sampling",
        """
def negative_sampling(e, c, n):
    import torch

    parts = [torch.tensor(a, requires_grad=True) for a in (e, c, n)]
    e, c, n = parts
    good = torch.nn.functional.logsigmoid(e @ c)
    loss = -good - torch.nn.functional.logsigmoid(-(n @ e)).sum()
    loss.backward()
    return loss.detach(), *(a.grad for a in parts)
""",
    ),
    (
        "negative-sampling",
        """
def negative_sampling(e, c, n):
    rows = np.vstack([c, n])
    sign = np.array([1.0] + [-1.0] * len(n))
    scores = sign * (rows @ e)
    loss = np.sum(np.logaddexp(0, -scores))
    d = -sign * np.exp(-np.logaddexp(0, scores))
    drows = np.outer(d, e)
    return {"loss": loss, "de": d @ rows, "dc": drows[0], "dn": drows[1:]}
""",
    ),
    (
        "negative-sampling",
        """
def negative_sampling(centre, context, noise):
    def answer(z):
        return 1 / (1 + np.exp(-z)) if z > 0 else np.exp(z) / (1 + np.exp(z))

    loss = np.logaddexp(0, -np.dot(centre, context))
    error = answer(np.dot(centre, context)) - 1
    de, dc, dn = error * context, error * centre, []
    for row in noise:
        loss += np.logaddexp(0, np.dot(centre, row))
        wrong = answer(np.dot(centre, row))
        de = de + wrong * row
        dn.append(wrong * centre)
    return loss, de, dc, np.array(dn)
""",
    ),
    (
        "analogy",
        """
def analogy(E, a, b, c):
    u = [row / np.sqrt(sum(row**2)) for row in E]
    v = u[b] - u[a] + u[c]
    others = [i for i in range(len(E)) if i not in (a, b, c)]
    return max(others, key=lambda i: u[i] @ v)
""",
    ),
    (
        "analogy",
        """
def analogy(E, a, b, c):
    u = E / np.linalg.norm(E, axis=1)[:, None]
    order = np.argsort(-(u @ (u[b] - u[a] + u[c])))
    return next(int(i) for i in order if i not in (a, b, c))
""",
    ),
    (
        "analogy",
        """
def analogy(E, a, b, c):
    import torch

    u = torch.nn.functional.normalize(torch.as_tensor(E), dim=1)
    near = torch.cosine_similarity(u, (u[b] - u[a] + u[c])[None])
    near[[a, b, c]] = -2
    return near.argmax().item()
""",
    ),
    (
        "pad-batch",
        """
def pad_batch(sentences, pad):
    from itertools import zip_longest

    ids = np.array(list(zip_longest(*sentences, fillvalue=pad)))
    lengths = np.array([len(s) for s in sentences])
    steps = np.array([[t < n for n in lengths] for t in range(len(ids))])
    return ids, steps, lengths
""",
    ),
    (
        "pad-batch",
        """
def pad_batch(sentences, pad):
    import torch

    rows = [torch.tensor(s) for s in sentences]
    ones = [torch.ones(len(s), dtype=torch.bool) for s in sentences]
    fill = torch.nn.utils.rnn.pad_sequence
    ids, mask = fill(rows, padding_value=pad), fill(ones)
    return ids, mask, mask.sum(dim=0)
""",
    ),
    (
        "pad-batch",
        """
def pad_batch(sentences, number):
    T = max(len(s) for s in sentences)
    ids = np.array([[*s, *[number] * (T - len(s))] for s in sentences]).T
    mask = np.array([[True] * len(s) + [False] * (T - len(s)) for s in sentences]).T
    return ids, mask, mask.sum(axis=0)
""",
    ),
    (
        "valid-pool",
        """
def valid_pool(hs, lengths):
    parts = [hs[:n, b] for b, n in enumerate(lengths)]
    last = np.stack([part[-1] for part in parts])
    mean = np.stack([part.mean(axis=0) for part in parts])
    return last, mean, np.stack([part.max(axis=0) for part in parts])
""",
    ),
    (
        "valid-pool",
        """
def valid_pool(hs, lengths):
    import torch

    hs, n = torch.as_tensor(hs), torch.as_tensor(lengths)
    live = (torch.arange(len(hs))[:, None] < n)[:, :, None]
    mean = hs.masked_fill(~live, 0).sum(dim=0) / n[:, None]
    last = hs[n - 1, torch.arange(len(n))]
    return last, mean, hs.masked_fill(~live, -torch.inf).amax(dim=0)
""",
    ),
    (
        "valid-pool",
        """
def valid_pool(states, n):
    T, B, H = states.shape
    total, top = np.zeros((B, H)), np.full((B, H), -np.inf)
    last = np.zeros((B, H))
    for b in range(B):
        for t in range(n[b]):
            last[b] = states[t, b]
            total[b] += states[t, b]
            top[b] = np.maximum(top[b], states[t, b])
    return {"last": last, "mean": total / np.reshape(n, (B, 1)), "largest": top}
""",
    ),
    (
        "word-importance",
        """
def word_importance(ids, E, W, b, y):
    import torch

    W, b = torch.as_tensor(W), torch.as_tensor(b)
    xs = torch.tensor(E[ids], requires_grad=True)

    def score(rows):
        return torch.log_softmax(torch.tanh(rows.mean(dim=0)) @ W + b, dim=0)[y]

    S = score(xs)
    S.backward()
    by_gradient = (xs * xs.grad).sum(dim=1).detach()
    keep = ~torch.eye(len(xs), dtype=torch.bool)
    rest = torch.stack([score(xs[k]) for k in keep]).detach()
    return by_gradient, S.detach() - rest
""",
    ),
    (
        "word-importance",
        """
def word_importance(ids, E, W, b, y):
    xs, T = E[ids], len(ids)

    def log_p(mean):
        z = np.tanh(mean) @ W + b
        return z - z.max() - np.log(np.exp(z - z.max()).sum())

    total = xs.sum(axis=0)
    whole = log_p(total / T)
    h = np.tanh(total / T)
    dz = -np.exp(whole)
    dz[y] += 1
    dx = (dz @ W.T) * (1 - h**2) / T
    left = [whole[y] - log_p((total - x) / (T - 1))[y] for x in xs]
    return (xs * dx).sum(axis=1), np.array(left)
""",
    ),
    (
        "word-importance",
        """
def word_importance(words, E, W, b, answer):
    def score(rows):
        z = b + W.T @ np.tanh(np.mean(rows, axis=0))
        return z[answer] - np.logaddexp.reduce(z)

    xs = [E[i] for i in words]
    slopes, eps = [], 1e-5
    for t, x in enumerate(xs):
        up = score(xs[:t] + [x * (1 + eps)] + xs[t + 1 :])
        down = score(xs[:t] + [x * (1 - eps)] + xs[t + 1 :])
        slopes.append((up - down) / (2 * eps))
    left = [score(xs) - score(xs[:t] + xs[t + 1 :]) for t in range(len(xs))]
    return slopes, left
""",
    ),
)

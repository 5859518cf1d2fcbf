"""Answers to the assignment of chapter 17: wrong ones by name, right ones of kinds."""

ASSIGNMENT = "17-text-generation"

WRONG = (
    (
        "encode-text",
        """
def encode_text(train, text):
    symbols = sorted(set(train + text))
    return np.array([symbols.index(c) + 1 for c in text]), len(symbols) + 1
""",
        "held-out-text-looked-at",
    ),
    (
        "encode-text",
        """
def encode_text(train, text):
    number = {}
    for c in train:
        number.setdefault(c, len(number) + 1)
    return np.array([number.get(c, 0) for c in text]), len(number) + 1
""",
        "order-of-appearance",
    ),
    (
        "encode-text",
        """
def encode_text(train, text):
    symbols = sorted(set(train))
    ids = [symbols.index(c) + 1 if c in symbols else 0 for c in text]
    return np.array(ids), len(symbols)
""",
        "unknown-not-counted",
    ),
    (
        "encode-text",
        """
def encode_text(train, text):
    number = {c: i for i, c in enumerate(sorted(set(train)), 1)}
    return np.array([number.get(c, len(number) + 1) for c in text]), len(number) + 1
""",
        "unknown-beyond-the-vocabulary",
    ),
    (
        "cut-streams",
        """
def cut_streams(ids, B, T):
    pairs = len(ids) - 1
    S = -(-pairs // (B * T))
    xs, ys = np.zeros(S * B * T, dtype=int), np.zeros(S * B * T, dtype=int)
    xs[:pairs], ys[:pairs] = ids[:-1], ids[1:]
    mask = np.arange(S * B * T) < pairs
    return tuple(a.reshape(S, B, T).transpose(0, 2, 1) for a in (xs, ys, mask))
""",
        "next-stretch-in-the-next-row",
    ),
    (
        "cut-streams",
        """
def cut_streams(ids, B, T):
    parts = np.array_split(np.asarray(ids), B)
    S = -(-(max(map(len, parts)) - 1) // T)
    xs, ys = np.zeros((S * T, B), dtype=int), np.zeros((S * T, B), dtype=int)
    mask = np.zeros((S * T, B), dtype=bool)
    for b, part in enumerate(parts):
        n = len(part) - 1
        xs[:n, b], ys[:n, b], mask[:n, b] = part[:-1], part[1:], True
    return tuple(a.reshape(S, T, B) for a in (xs, ys, mask))
""",
        "targets-lost-at-the-joints",
    ),
    (
        "cut-streams",
        """
def cut_streams(ids, B, T):
    n = (len(ids) - 1) // B
    S = -(-n // T)
    xs, ys = np.zeros((S * T, B), dtype=int), np.zeros((S * T, B), dtype=int)
    mask = np.zeros((S * T, B), dtype=bool)
    xs[:n], ys[:n] = ids[: n * B].reshape(B, n).T, ids[1 : n * B + 1].reshape(B, n).T
    mask[:n] = True
    return tuple(a.reshape(S, T, B) for a in (xs, ys, mask))
""",
        "rest-thrown-away",
    ),
    (
        "carry-state",
        """
def carry_state(ids, fresh, W_x, W_h, b):
    hs = []
    for stretch in ids:
        h = np.zeros((ids.shape[2], len(b)))
        for i in stretch:
            h = np.tanh(W_x[i] + h @ W_h + b)
            hs.append(h)
    return np.reshape(hs, (*ids.shape, len(b)))
""",
        "zeros-at-each-stretch",
    ),
    (
        "carry-state",
        """
def carry_state(ids, fresh, W_x, W_h, b):
    hs, h = [], np.zeros((ids.shape[2], len(b)))
    for stretch, new in zip(ids, fresh):
        if new.any():
            h = np.zeros_like(h)
        for i in stretch:
            h = np.tanh(W_x[i] + h @ W_h + b)
            hs.append(h)
    return np.reshape(hs, (*ids.shape, len(b)))
""",
        "one-fresh-stream-clears-all",
    ),
    (
        "text-loss",
        """
def text_loss(logits, ys, mask):
    log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    losses = -np.take_along_axis(log_p, ys[..., None], axis=-1)[..., 0]
    nats = np.mean([x[m].mean() for x, m in zip(losses, mask)])
    return nats, nats / np.log(2), np.exp(nats)
""",
        "mean-of-stretches",
    ),
    (
        "text-loss",
        """
def text_loss(logits, ys, mask):
    log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    nats = -np.take_along_axis(log_p, ys[..., None], axis=-1)[..., 0][mask].mean()
    return nats, nats / np.log(2), 2**nats
""",
        "two-to-the-nats",
    ),
    (
        "top-k",
        """
def top_k(logits, k):
    cut = np.argsort(-logits, kind="stable")[k:]
    z = logits.copy()
    z[cut] = 0
    e = np.exp(z - z.max())
    return e / e.sum()
""",
        "cut-scores-set-to-zero",
    ),
    (
        "top-k",
        """
def top_k(logits, k):
    e = np.exp(logits - logits.max())
    p = e / e.sum()
    p[np.argsort(-logits, kind="stable")[k:]] = 0
    return p
""",
        "not-scaled-up-again",
    ),
    (
        "nucleus",
        """
def nucleus(logits, mass):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    order = np.argsort(-p, kind="stable")
    size = max(1, int((np.cumsum(p[order]) <= mass).sum()))
    q = np.zeros(len(p))
    q[order[:size]] = p[order[:size]]
    return q / q.sum()
""",
        "stops-before-the-mass",
    ),
    (
        "nucleus",
        """
def nucleus(logits, mass):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    size = min(int((np.cumsum(p) < mass).sum()) + 1, len(p))
    q = np.zeros(len(p))
    q[:size] = p[:size]
    return q / q.sum()
""",
        "order-of-numbers",
    ),
    (
        "write-text",
        """
def write_text(start, us, tau, W_x, W_h, b, W_y, b_y):
    i, ids = start[-1], []
    for i0 in start[:1]:
        h = np.tanh(W_x[i0] + b)
    for i0 in start[1:]:
        h = np.tanh(W_x[i0] + h @ W_h + b)
    for u in us:
        z = (h @ W_y + b_y) / tau
        p = np.exp(z - z.max())
        i = int(np.searchsorted(np.cumsum(p / p.sum()), u, side="right"))
        i = min(i, len(p) - 1)
        ids.append(i)
        h = np.tanh(W_x[i] + b)
    return np.array(ids)
""",
        "state-thrown-away",
    ),
    (
        "write-text",
        """
def write_text(start, us, tau, W_x, W_h, b, W_y, b_y):
    h = np.zeros(len(b))
    for i in start:
        h = np.tanh(W_x[i] + h @ W_h + b)
    ids = []
    for _ in us:
        ids.append(int(np.argmax(h @ W_y + b_y)))
        h = np.tanh(W_x[ids[-1]] + h @ W_h + b)
    return np.array(ids)
""",
        "always-the-likeliest",
    ),
)

RIGHT = (
    (
        "encode-text",
        """
def encode_text(known, new):
    symbols = sorted(set(known))
    ids = []
    for c in new:
        ids.append(symbols.index(c) + 1 if c in symbols else 0)
    return np.array(ids), 1 + len(symbols)
""",
    ),
    (
        "encode-text",
        """
def encode_text(train, text):
    codes, seen = np.array([ord(c) for c in text]), np.unique([ord(c) for c in train])
    place = np.minimum(np.searchsorted(seen, codes), len(seen) - 1)
    return np.where(seen[place] == codes, place + 1, 0), len(seen) + 1
""",
    ),
    (
        "encode-text",
        """
import torch


def encode_text(train, text):
    table = [None, *sorted(set(train))]
    ids = torch.zeros(len(text), dtype=torch.long)
    for i, c in enumerate(table):
        for t in range(len(text)):
            if text[t] == c:
                ids[t] = i
    return ids, len(table)
""",
    ),
    (
        "cut-streams",
        """
def cut_streams(text, n_streams, n_steps):
    xs = np.array_split(np.asarray(text)[:-1], n_streams)
    ys = np.array_split(np.asarray(text)[1:], n_streams)
    S = -(-len(xs[0]) // n_steps)

    def fill(parts):
        rows = [np.pad(p, (0, S * n_steps - len(p))) for p in parts]
        return np.stack(rows, axis=1).reshape(S, n_steps, n_streams)

    return fill(xs), fill(ys), fill([np.ones(len(x), dtype=int) for x in xs]) == 1
""",
    ),
    (
        "cut-streams",
        """
def cut_streams(ids, B, T):
    q, r = divmod(len(ids) - 1, B)
    S = -(-(q + (r > 0)) // T)
    s, t, b = np.ogrid[:S, :T, :B]
    step = s * T + t
    mask = step < q + (b < r)
    at = np.where(mask, b * q + np.minimum(b, r) + step, 0)
    return np.where(mask, ids[at], 0), np.where(mask, ids[at + 1], 0), mask
""",
    ),
    (
        "cut-streams",
        """
import torch


def cut_streams(ids, B, T):
    ids = torch.as_tensor(np.array(ids))
    xs = torch.tensor_split(ids[:-1], B)
    ys = torch.tensor_split(ids[1:], B)
    S = -(-len(xs[0]) // T)
    shape = (S * T, B)
    out = torch.zeros(shape, dtype=ids.dtype), torch.zeros(shape, dtype=ids.dtype)
    mask = torch.zeros(shape, dtype=torch.bool)
    for b in range(B):
        n = len(xs[b])
        out[0][:n, b], out[1][:n, b], mask[:n, b] = xs[b], ys[b], True
    return out[0].view(S, T, B), out[1].view(S, T, B), mask.view(S, T, B)
""",
    ),
    (
        "carry-state",
        """
def carry_state(ids, fresh, Wx, Wh, bias):
    S, T, B = ids.shape
    hs = np.empty((S, T, B, len(bias)))
    for b in range(B):
        h = np.zeros(len(bias))
        for s in range(S):
            if fresh[s, b]:
                h = np.zeros(len(bias))
            for t in range(T):
                h = np.tanh(Wx[ids[s, t, b]] + h @ Wh + bias)
                hs[s, t, b] = h
    return hs
""",
    ),
    (
        "carry-state",
        """
def carry_state(ids, fresh, W_x, W_h, b):
    S, T, B = ids.shape
    eye = np.eye(len(W_x))
    h, out = np.zeros((B, len(b))), []
    for n in range(S * T):
        s, t = divmod(n, T)
        if t == 0:
            h = h * (1 - fresh[s].astype(float))[:, None]
        h = np.tanh(np.einsum("bv,vh->bh", eye[ids[s, t]], W_x) + h @ W_h + b)
        out.append(h)
    return np.stack(out).reshape(S, T, B, len(b))
""",
    ),
    (
        "carry-state",
        """
import torch


def carry_state(ids, fresh, W_x, W_h, b):
    ids, fresh = torch.as_tensor(np.array(ids)), torch.as_tensor(np.array(fresh))
    W_x, W_h, b = (torch.as_tensor(np.array(w)) for w in (W_x, W_h, b))
    h = torch.zeros(ids.shape[2], len(b), dtype=W_h.dtype)
    out = []
    for stretch, new in zip(ids, fresh):
        h = h.masked_fill(new[:, None], 0.0)
        hs = []
        for i in stretch:
            h = torch.tanh(W_x[i] + h @ W_h + b)
            hs.append(h)
        out.append(torch.stack(hs))
    return torch.stack(out)
""",
    ),
    (
        "text-loss",
        """
def text_loss(scores, targets, counts):
    total = n = 0
    for z, y, m in zip(
        scores.reshape(-1, scores.shape[-1]), targets.ravel(), counts.ravel()
    ):
        if m:
            total += z.max() + np.log(np.exp(z - z.max()).sum()) - z[y]
            n += 1
    return total / n, total / n / np.log(2), np.exp(total / n)
""",
    ),
    (
        "text-loss",
        """
def text_loss(logits, ys, mask):
    z, y = logits[mask], ys[mask]
    z = z - z.max(axis=1, keepdims=True)
    bits = np.mean(np.log2(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y] / np.log(2))
    return bits * np.log(2), bits, 2**bits
""",
    ),
    (
        "text-loss",
        """
import torch


def text_loss(logits, ys, mask):
    z, y, m = (torch.as_tensor(np.array(a)) for a in (logits, ys, mask))
    nats = torch.nn.functional.cross_entropy(z[m], y[m].long()).item()
    return {"nats": nats, "bits": nats / np.log(2), "perplexity": np.exp(nats)}
""",
    ),
    (
        "top-k",
        """
def top_k(scores, k):
    kept = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:k]
    z = np.full(len(scores), -np.inf)
    z[kept] = scores[kept]
    e = np.exp(z - z.max())
    return e / e.sum()
""",
    ),
    (
        "top-k",
        """
def top_k(logits, k):
    V = len(logits)
    above = (logits[:, None] < logits).sum(axis=1)
    tied = [(logits[:i] == logits[i]).sum() for i in range(V)]
    e = np.exp(logits - logits.max()) * (above + tied < k)
    return e / e.sum()
""",
    ),
    (
        "top-k",
        """
import torch


def top_k(logits, k):
    z = torch.as_tensor(np.array(logits))
    order = torch.sort(z, descending=True, stable=True).indices
    z[order[k:]] = -torch.inf
    return torch.softmax(z, dim=0)
""",
    ),
    (
        "nucleus",
        """
def nucleus(scores, share):
    p = np.exp(scores - np.max(scores))
    p /= p.sum()
    q, total = np.zeros(len(p)), 0.0
    for i in sorted(range(len(p)), key=lambda i: (-p[i], i)):
        q[i] = p[i]
        total += p[i]
        if total >= share:
            break
    return q / q.sum()
""",
    ),
    (
        "nucleus",
        """
def nucleus(logits, mass):
    p = np.exp(logits - np.logaddexp.reduce(logits))
    order = np.lexsort((np.arange(len(p)), -p))
    size = 1 + np.count_nonzero(np.cumsum(p[order])[:-1] < mass - 1e-12)
    kept = np.isin(np.arange(len(p)), order[:size])
    return np.where(kept, p, 0) / p[kept].sum()
""",
    ),
    (
        "nucleus",
        """
import torch


def nucleus(logits, mass):
    p = torch.softmax(torch.as_tensor(np.array(logits)), dim=0)
    sorted_p, order = torch.sort(p, descending=True, stable=True)
    out = sorted_p.cumsum(0) - sorted_p >= mass
    p[order[out]] = 0
    return p / p.sum()
""",
    ),
    (
        "write-text",
        """
def write_text(start, us, tau, W_x, W_h, b, W_y, b_y):
    h, text = np.zeros(len(b)), [int(i) for i in start]
    for n in range(len(start) + len(us) - 1 + 1):
        if n >= len(start):
            z = (h @ W_y + b_y) / tau
            p = np.exp(z - z.max())
            p, total, i = p / p.sum(), 0.0, 0
            while i < len(p) - 1 and total + p[i] <= us[n - len(start)]:
                total += p[i]
                i += 1
            text.append(i)
        h = np.tanh(W_x[text[n]] + h @ W_h + b)
    return np.array(text[len(start) :])
""",
    ),
    (
        "write-text",
        """
def write_text(start, us, tau, W_x, W_h, b, W_y, b_y):
    W = np.vstack([W_x, W_h, b])
    eye = np.eye(len(W_x))

    def read(h, i):
        return np.tanh(np.concatenate([eye[i], h, [1.0]]) @ W)

    h = np.zeros(len(b))
    for i in start:
        h = read(h, int(i))
    ids = []
    for u in us:
        z = (h @ W_y + b_y) / tau
        p = np.exp(z - np.logaddexp.reduce(z))
        ids.append(min(int((np.cumsum(p) <= u).sum()), len(p) - 1))
        h = read(h, ids[-1])
    return ids
""",
    ),
    (
        "write-text",
        """
import torch


def write_text(start, us, tau, *weights):
    W_x, W_h, b, W_y, b_y = (torch.as_tensor(np.array(w)) for w in weights)
    h = torch.zeros(len(b), dtype=W_h.dtype)
    for i in start:
        h = torch.tanh(W_x[int(i)] + h @ W_h + b)
    ids = []
    for u in us:
        total = torch.softmax((h @ W_y + b_y) / tau, dim=0).cumsum(0)
        i = min(int((total <= float(u)).sum()), len(b_y) - 1)
        ids.append(i)
        h = torch.tanh(W_x[i] + h @ W_h + b)
    return torch.tensor(ids)
""",
    ),
)

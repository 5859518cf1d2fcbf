"""Answers to the assignment of chapter 16: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "16-sequence-to-sequence"

WRONG = (
    (
        "seq-encoder",
        """
def encode(xs, lengths, E_x, W_x, W_h, b):
    h, hs = np.zeros((xs.shape[1], len(b))), []
    for tokens in xs:
        h = np.tanh(E_x[tokens] @ W_x + h @ W_h + b)
        hs.append(h)
    return np.stack(hs), h
""",
        "encoder-lengths-ignored",
    ),
    (
        "seq-decoder-step",
        """
def decoder_step(tokens, h_prev, E_y, W_x, W_h, b, W_o, b_o):
    h = np.tanh(E_y[tokens] @ W_x + h_prev @ W_h + b)
    scores = h @ W_o + b_o
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), h
""",
        "decoder-probabilities",
    ),
    (
        "seq-decoder-step",
        """
def decoder_step(tokens, h_prev, E_y, W_x, W_h, b, W_o, b_o):
    h = np.tanh(E_y[tokens] @ W_x + h_prev @ W_h + b)
    return h @ W_o + b_o, h
""",
        "decoder-not-normalised",
    ),
    (
        "seq-masked-loss",
        """
def masked_loss(logits, ys, lengths):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_probs, ys[:, :, None], axis=-1).mean()
""",
        "loss-counts-padding",
    ),
    (
        "seq-masked-loss",
        """
def masked_loss(logits, ys, lengths):
    S, B, _ = logits.shape
    total = 0
    for i in range(B):
        one = 0
        for s in range(lengths[i]):
            z = logits[s, i] - logits[s, i].max()
            one += np.log(np.exp(z).sum()) - z[ys[s, i]]
        total += one / lengths[i]
    return total / B
""",
        "loss-mean-of-means",
    ),
    (
        "seq-dot-attention",
        """
def dot_attention(queries, keys, mask, scaled):
    scores = np.einsum("sbk,tbk->sbt", queries, keys)
    if scaled:
        scores = scores / np.sqrt(keys.shape[2])
    scores = scores * mask.T
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
""",
        "attention-masked-to-zero",
    ),
    (
        "seq-additive-score",
        """
def additive_scores(queries, keys, W_q, W_k, v):
    return np.tanh(((queries @ W_q)[:, None] + keys @ W_k) @ v).swapaxes(1, 2)
""",
        "additive-tanh-outside",
    ),
    (
        "seq-context",
        """
def context_and_back(weights, values, dcontexts):
    contexts = np.einsum("sbt,tbm->sbm", weights, values)
    dalpha = np.einsum("sbm,tbm->sbt", dcontexts, values)
    dvalues = np.einsum("sbt,sbm->tbm", weights, dcontexts)
    return contexts, dvalues, dalpha
""",
        "context-softmax-skipped",
    ),
    (
        "seq-greedy",
        """
def greedy(table, starts, end, max_length):
    tokens, total, told = starts, 0, []
    for _ in range(max_length):
        rows = table[tokens]
        tokens, total = rows.argmax(axis=1), total + rows.max(axis=1)
        told.append(tokens)
    return np.stack(told), total
""",
        "greedy-never-stops",
    ),
    (
        "seq-beam",
        """
def beam(table, start, end, width, max_length, alpha):
    going, found = [(0.0, [])], []
    for length in range(1, max_length + 1):
        grown = [
            (total + table[told[-1] if told else start, token], [*told, token])
            for total, told in going
            for token in range(table.shape[1])
        ]
        grown.sort(key=lambda one: -one[0])
        going = []
        for total, told in grown[:width]:
            if told[-1] == end or length == max_length:
                found.append((total / length**alpha, told))
            else:
                going.append((total, told))
    score, told = max(found, key=lambda one: one[0])
    return np.array(told + [end] * (max_length - len(told))), score
""",
        "beam-divided-by-length",
    ),
)

RIGHT = (
    (
        "seq-encoder",
        """
def encode(tokens, n, E, W, U, c):
    T, B = tokens.shape
    hs = np.zeros((T, B, len(c)))
    for i in range(B):
        h = np.zeros(len(c))
        for t in range(T):
            if t < n[i]:
                h = np.tanh(E[tokens[t, i]] @ W + h @ U + c)
            hs[t, i] = h
    return hs, hs[-1]
""",
    ),
    (
        "seq-encoder",
        """
import torch


def encode(xs, lengths, E_x, W_x, W_h, b):
    E_x, W_x, W_h, b = (torch.as_tensor(a) for a in (E_x, W_x, W_h, b))
    h, hs = torch.zeros(xs.shape[1], len(b), dtype=b.dtype), []
    for t in range(len(xs)):
        live = torch.as_tensor(t < lengths)[:, None]
        new = torch.tanh(E_x[torch.as_tensor(xs[t])] @ W_x + h @ W_h + b)
        h = torch.where(live, new, h)
        hs.append(h)
    return torch.stack(hs), h
""",
    ),
    (
        "seq-encoder",
        """
def encode(xs, lengths, E_x, W_x, W_h, b):
    from_tokens = (E_x @ W_x + b)[xs]
    hs = [np.zeros_like(from_tokens[0])]
    for t, a in enumerate(from_tokens):
        live = (t < lengths)[:, None]
        hs.append(live * np.tanh(a + hs[-1] @ W_h) + (1 - live) * hs[-1])
    return {"hs": np.array(hs[1:]), "h_T": hs[-1]}
""",
    ),
    (
        "seq-decoder-step",
        """
import torch


def decoder_step(*given):
    tokens, h, E, W, U, b, W_o, b_o = (torch.as_tensor(a) for a in given)
    h = torch.tanh(E[tokens] @ W + h @ U + b)
    return torch.log_softmax(h @ W_o + b_o, dim=1), h
""",
    ),
    (
        "seq-decoder-step",
        """
def decoder_step(tokens, h_prev, E_y, W_x, W_h, b, W_o, b_o):
    h = np.tanh(np.eye(len(E_y))[tokens] @ E_y @ W_x + h_prev @ W_h + b)
    z = h @ W_o + b_o
    return z - np.logaddexp.reduce(z, axis=1, keepdims=True), h
""",
    ),
    (
        "seq-decoder-step",
        """
def decoder_step(y, h_prev, E, W, U, b, W_o, b_o):
    hs, logs = [], []
    for token, h in zip(y, h_prev):
        h = np.tanh(E[token] @ W + h @ U + b)
        z = h @ W_o + b_o
        logs.append(z - z.max() - np.log(sum(np.exp(z - z.max()))))
        hs.append(h)
    return np.array(logs), np.array(hs)
""",
    ),
    (
        "seq-masked-loss",
        """
import torch


def masked_loss(logits, ys, lengths):
    wanted = np.where(np.arange(len(ys))[:, None] < lengths, ys, -100)
    logits = torch.as_tensor(logits).flatten(0, 1)
    return torch.nn.functional.cross_entropy(logits, torch.as_tensor(wanted).flatten())
""",
    ),
    (
        "seq-masked-loss",
        """
def masked_loss(logits, ys, lengths):
    total = count = 0
    for i, n in enumerate(lengths):
        for s in range(n):
            z = logits[s, i] - logits[s, i].max()
            total += np.log(np.exp(z).sum()) - z[ys[s, i]]
            count += 1
    return total / count
""",
    ),
    (
        "seq-masked-loss",
        """
def masked_loss(scores, wanted, n):
    chosen = np.eye(scores.shape[2])[wanted]
    losses = np.logaddexp.reduce(scores, axis=2) - (chosen * scores).sum(2)
    return np.average(losses, weights=np.arange(len(wanted))[:, None] < n)
""",
    ),
    (
        "seq-dot-attention",
        """
import torch


def dot_attention(queries, keys, mask, scaled):
    queries, keys, mask = (torch.as_tensor(a) for a in (queries, keys, mask))
    scores = queries.transpose(0, 1) @ keys.permute(1, 2, 0)
    if scaled:
        scores = scores / keys.shape[2] ** 0.5
    scores = scores.masked_fill(~mask.T[:, None], -torch.inf)
    return scores.softmax(dim=-1).transpose(0, 1)
""",
    ),
    (
        "seq-dot-attention",
        """
def dot_attention(q, k, mask, scaled):
    weights = np.zeros((len(q), q.shape[1], len(k)))
    for s in range(len(q)):
        for i in range(q.shape[1]):
            z = k[mask[:, i], i] @ q[s, i]
            if scaled:
                z = z / k.shape[2] ** 0.5
            e = np.exp(z - z.max())
            weights[s, i, mask[:, i]] = e / e.sum()
    return weights
""",
    ),
    (
        "seq-dot-attention",
        """
def dot_attention(queries, keys, mask, scaled):
    scale = keys.shape[2] ** -0.5 if scaled else 1
    z = scale * (queries[:, None] * keys).sum(axis=3)
    e = np.exp(z - np.where(mask, z, -np.inf).max(axis=1, keepdims=True)) * mask
    return np.swapaxes(e / e.sum(axis=1, keepdims=True), 1, 2)
""",
    ),
    (
        "seq-additive-score",
        """
def additive_scores(q, k, W, U, v):
    scores = np.zeros((len(q), q.shape[1], len(k)))
    for s in range(len(q)):
        for t in range(len(k)):
            scores[s, :, t] = np.tanh(q[s] @ W + k[t] @ U) @ v
    return scores
""",
    ),
    (
        "seq-additive-score",
        """
def additive_scores(queries, keys, W_q, W_k, v):
    a = np.einsum("sbq,qa->sba", queries, W_q)
    c = np.einsum("tbk,ka->bta", keys, W_k)
    return np.einsum("sbta,a->sbt", np.tanh(a[:, :, None] + c), v)
""",
    ),
    (
        "seq-additive-score",
        """
import torch


def additive_scores(*given):
    q, k, W_q, W_k, v = (torch.as_tensor(a) for a in given)
    k = (k @ W_k).transpose(0, 1)
    return torch.tanh((q @ W_q).unsqueeze(2) + k) @ v
""",
    ),
    (
        "seq-context",
        """
import torch


def context_and_back(weights, values, dcontexts):
    scores = torch.tensor(np.log(np.maximum(weights, 1e-300)), requires_grad=True)
    values = torch.tensor(values, requires_grad=True)
    contexts = torch.einsum("sbt,tbm->sbm", scores.softmax(-1), values)
    dvalues, dscores = torch.autograd.grad(
        contexts, (values, scores), torch.tensor(dcontexts)
    )
    return contexts, dvalues, dscores
""",
    ),
    (
        "seq-context",
        """
def context_and_back(weights, values, dcontexts):
    contexts = np.zeros_like(dcontexts)
    dvalues, dscores = np.zeros_like(values), np.zeros_like(weights)
    for s in range(len(weights)):
        for i in range(weights.shape[1]):
            a, d = weights[s, i], dcontexts[s, i]
            contexts[s, i] = a @ values[:, i]
            dvalues[:, i] += np.outer(a, d)
            slope = np.diag(a) - np.outer(a, a)
            dscores[s, i] = slope @ (values[:, i] @ d)
    return contexts, dvalues, dscores
""",
    ),
    (
        "seq-context",
        """
def context_and_back(w, v, d):
    c = (w.transpose(1, 0, 2) @ v.transpose(1, 0, 2)).transpose(1, 0, 2)
    dv = np.einsum("sbt,sbm->tbm", w, d)
    # the weighted mean of d . v_j is d . c
    ds = w * (np.einsum("sbm,tbm->sbt", d, v) - (d * c).sum(-1)[..., None])
    return {"contexts": c, "dvalues": dv, "dscores": ds}
""",
    ),
    (
        "seq-greedy",
        """
def greedy(table, starts, end, max_length):
    tokens = np.full((max_length, len(starts)), end)
    total = np.zeros(len(starts))
    for i, last in enumerate(starts):
        for t in range(max_length):
            best = table[last].argmax()
            total[i] += table[last, best]
            tokens[t, i] = last = best
            if best == end:
                break
    return tokens, total
""",
    ),
    (
        "seq-greedy",
        """
import torch


def greedy(table, starts, end, max_length):
    table, last = torch.as_tensor(table), torch.as_tensor(starts)
    live, total, told = torch.ones(len(last), dtype=bool), 0, []
    for _ in range(max_length):
        gain, best = table[last].max(dim=1)
        total = total + gain * live
        last = torch.where(live, best, end)
        live = live & (last != end)
        told.append(last)
    return torch.stack(told), total
""",
    ),
    (
        "seq-greedy",
        """
def greedy(table, starts, end, max_length):
    after, gain = table.argmax(1), table.max(1)
    after[end], gain[end] = end, 0  # the end is never left, and costs nothing
    told, total, last = [], np.zeros(len(starts)), starts
    for _ in range(max_length):
        total, last = total + gain[last], after[last]
        told.append(last)
    return np.array(told), total
""",
    ),
    (
        "seq-beam",
        """
def beam(table, start, end, width, max_length, alpha):
    V = table.shape[1]
    totals, told = np.zeros(1), np.zeros((1, 0), dtype=int)
    last, best = np.array([start]), (-np.inf, None)
    for L in range(1, max_length + 1):
        scores = (totals[:, None] + table[last]).ravel()
        keep = np.argsort(-scores)[:width]
        told = np.column_stack([told[keep // V], keep % V])
        totals, last = scores[keep], keep % V
        done = (last == end) | (L == max_length)
        for total, tokens in zip(totals[done], told[done]):
            score = total / ((5 + L) / 6) ** alpha
            best = max(best, (score, tokens), key=lambda one: one[0])
        totals, told, last = totals[~done], told[~done], last[~done]
        if len(last) == 0:
            break
    tokens = np.full(max_length, end)
    tokens[: len(best[1])] = best[1]
    return tokens, best[0]
""",
    ),
    (
        "seq-beam",
        """
import heapq


def beam(table, start, end, width, max_length, alpha):
    going, found, L = [(0.0, (start,))], [], 0
    while going and L < max_length:
        L += 1
        grown = ((p + q, (*y, j)) for p, y in going for j, q in enumerate(table[y[-1]]))
        kept = heapq.nlargest(width, grown)
        going = [(p, y) for p, y in kept if y[-1] != end]
        ready = kept if L == max_length else [one for one in kept if one[1][-1] == end]
        found += [(p * (6 / (5 + L)) ** alpha, y[1:]) for p, y in ready]
    score, tokens = max(found)
    return list(tokens) + [end] * (max_length - len(tokens)), score
""",
    ),
    (
        "seq-beam",
        """
import torch


def beam(table, start, end, width, max_length, alpha):
    table = torch.as_tensor(table)
    going, best, best_score = [(torch.tensor(0.0).double(), [])], [], -float("inf")
    for L in range(1, max_length + 1):
        if not going:
            break
        rows = [p + table[(y or [start])[-1]] for p, y in going]
        flat = torch.cat(rows)
        top = flat.topk(min(width, len(flat)))
        later = []
        for p, at in zip(top.values, top.indices.tolist()):
            y = [*going[at // table.shape[1]][1], at % table.shape[1]]
            score = float(p) / ((5 + L) / 6) ** alpha
            if y[-1] != end and L < max_length:
                later.append((p, y))
            elif score > best_score:
                best, best_score = y, score
        going = later
    return np.array(best + [end] * (max_length - len(best))), best_score
""",
    ),
)

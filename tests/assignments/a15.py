"""Answers to the assignment of chapter 15: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "15-context-and-captioning"

WRONG = (
    (
        "context-start",
        """
def context_start(v, W_c, b_c):
    return v @ W_c + b_c
""",
        "first-state-without-tanh",
    ),
    (
        "context-start",
        """
def context_start(v, W_c, b_c):
    return np.stack([np.tanh(row @ W_c) + b_c for row in v])
""",
        "bias-outside-the-tanh",
    ),
    (
        "context-input",
        """
def context_rnn(xs, v, W_x, W_h, W_v, b, h0):
    hs, h = [], h0
    for t in range(len(xs)):
        a = xs[t] @ W_x + h @ W_h + b
        if t == 0:
            a = a + v @ W_v
        h = np.tanh(a)
        hs.append(h)
    return np.array(hs)
""",
        "context-at-the-first-step-only",
    ),
    (
        "context-input",
        """
def context_rnn(xs, v, W_x, W_h, W_v, b, h0):
    hs = []
    told = b
    h = h0
    for x in xs:
        told = told + v @ W_v
        h = np.tanh(x @ W_x + h @ W_h + told)
        hs.append(h)
    return np.stack(hs)
""",
        "context-piles-up",
    ),
    (
        "context-backward",
        """
def context_backward(das, dh0, h0, v, W_c, W_v):
    da_c = dh0
    da = das.sum(axis=0)
    return da_c @ W_c.T + da @ W_v.T, v.T @ da_c, da_c.sum(axis=0), v.T @ da
""",
        "slope-of-the-first-state-left-out",
    ),
    (
        "context-backward",
        """
def context_backward(das, dh0, h0, v, W_c, W_v):
    da_c = dh0 * (1 - h0 * h0)
    for da in das:
        dv = da_c @ W_c.T + da @ W_v.T
        dW_v = v.T @ da
    return dv, v.T @ da_c, da_c.sum(axis=0), dW_v
""",
        "last-use-only",
    ),
    (
        "greedy-caption",
        """
def greedy_captions(v, W_c, b_c, E, W_x, W_h, b, W_y, b_y, n_max):
    h = np.tanh(v @ W_c + b_c)
    word, said = np.zeros(len(v), dtype=int), []
    for _ in range(n_max):
        h = np.tanh(E[word] @ W_x + h @ W_h + b)
        word = np.argmax(h @ W_y + b_y, axis=1)
        said.append(word)
    return np.array(said).T
""",
        "went-on-after-the-end",
    ),
    (
        "greedy-caption",
        """
def greedy_captions(v, W_c, b_c, E, W_x, W_h, b, W_y, b_y, n_max):
    ids = np.zeros((len(v), n_max), dtype=int)
    h = np.tanh(v @ W_c + b_c)
    word = np.zeros(len(v), dtype=int)
    for t in range(n_max):
        h = np.tanh(E[word] @ W_x + h @ W_h + b)
        word = np.argmax(h @ W_y + b_y, axis=1)
        if (word == 0).any():
            break
        ids[:, t] = word
    return ids
""",
        "all-stopped-with-the-first",
    ),
    (
        "caption-log-probability",
        """
def caption_log_probability(scores, ids):
    z = scores - scores.max(axis=2, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=2, keepdims=True))
    out = np.zeros(ids.shape[1])
    for i in range(ids.shape[1]):
        for t in range(len(ids)):
            if ids[t, i] == 0:
                break
            out[i] += log_p[t, i, ids[t, i]]
    return out
""",
        "end-not-counted",
    ),
    (
        "caption-log-probability",
        """
def caption_log_probability(scores, ids):
    z = scores - scores.max(axis=2, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=2, keepdims=True))
    return np.take_along_axis(log_p, ids[:, :, None], 2)[:, :, 0].sum(0)
""",
        "counted-past-the-end",
    ),
    (
        "draw-shape",
        """
def draw_shape(kind, row, col, radius, side):
    d = row - np.arange(side)[:, None]
    e = np.abs(np.arange(side) - col)
    box = (np.abs(d) <= radius) & (e <= radius)
    if kind == "circle":
        return d**2 + e**2 <= radius**2
    if kind == "triangle":
        return box & (e <= (radius + d) / 2)
    if kind == "cross":
        return box & (np.minimum(np.abs(d), e) <= radius / 3)
    return box
""",
        "upside-down",
    ),
    (
        "draw-shape",
        """
def draw_shape(kind, row, col, radius, side):
    d = np.arange(side)[:, None] - row
    e = np.abs(np.arange(side)[None, :] - col)
    box = np.maximum(np.abs(d), e) <= radius
    if kind == "circle":
        return d**2 + e**2 <= radius
    if kind == "triangle":
        return box & (e <= (radius + d) / 2)
    if kind == "cross":
        return box & (np.minimum(np.abs(d), e) <= radius / 3)
    return box
""",
        "radius-not-squared",
    ),
    (
        "true-captions",
        """
def true_captions(scene):
    names = ["a " + thing[0] + " " + thing[1] for thing in scene]
    if len(names) == 1:
        return names
    (_, _, r, c), (_, _, s, d) = scene
    found = []
    if s - r > 6:
        found.append(names[0] + " above " + names[1])
    if r - s > 6:
        found.append(names[0] + " below " + names[1])
    if d - c > 6:
        found.append(names[0] + " left of " + names[1])
    if c - d > 6:
        found.append(names[0] + " right of " + names[1])
    return sorted(found)
""",
        "one-order-only",
    ),
    (
        "true-captions",
        """
def true_captions(scene):
    names = [f"a {size} {kind}" for size, kind, _, _ in scene]
    if len(scene) == 1:
        return names
    found = []
    for i, k in ((0, 1), (1, 0)):
        if scene[i][2] > scene[k][2] + 6:
            found.append(f"{names[i]} above {names[k]}")
            found.append(f"{names[k]} below {names[i]}")
        if scene[i][3] < scene[k][3] - 6:
            found.append(f"{names[i]} left of {names[k]}")
            found.append(f"{names[k]} right of {names[i]}")
    return sorted(found)
""",
        "above-and-below-exchanged",
    ),
)

RIGHT = (
    (
        "context-start",
        """
def context_start(v, W_c, b_c):
    rows = []
    for row in v:
        rows.append([np.tanh(sum(row * W_c[:, k]) + b_c[k]) for k in range(len(b_c))])
    return np.array(rows)
""",
    ),
    (
        "context-start",
        """
def context_start(context, weights, bias):
    a = np.einsum("bc,ch->bh", context, weights) + bias
    return (np.exp(2 * a) - 1) / (np.exp(2 * a) + 1)
""",
    ),
    (
        "context-start",
        """
def context_start(v, W_c, b_c):
    import torch

    v, W_c, b_c = (torch.as_tensor(a) for a in (v, W_c, b_c))
    return torch.tanh(torch.addmm(b_c, v, W_c))
""",
    ),
    (
        "context-input",
        """
def context_rnn(xs, v, W_x, W_h, W_v, b, h0):
    W = np.concatenate([W_x, W_h, W_v])
    hs, h = [], h0
    for x in xs:
        h = np.tanh(np.concatenate([x, h, v], axis=1) @ W + b)
        hs.append(h)
    return np.array(hs)
""",
    ),
    (
        "context-input",
        """
def context_rnn(xs, v, W_x, W_h, W_v, b, h0):
    T, B, D = xs.shape
    hs = np.zeros((T, B, len(b)))
    for i in range(B):
        own = b + v[i] @ W_v
        h = h0[i]
        for t in range(T):
            hs[t, i] = h = np.tanh(xs[t, i] @ W_x + h @ W_h + own)
    return hs
""",
    ),
    (
        "context-input",
        """
def context_rnn(words, v, W_x, W_h, W_v, b, state):
    import torch

    words, v, W_x, W_h, W_v, b, state = (
        torch.as_tensor(a) for a in (words, v, W_x, W_h, W_v, b, state)
    )
    said = []
    for word in words @ W_x:
        state = torch.tanh(word + state @ W_h + v @ W_v + b)
        said.append(state)
    return torch.stack(said)
""",
    ),
    (
        "context-backward",
        """
def context_backward(das, dh0, h0, v, W_c, W_v):
    da_c = dh0 - dh0 * h0 * h0
    dv = da_c @ W_c.T
    dW_v = np.zeros_like(W_v)
    for da in das:
        dv = dv + da @ W_v.T
        dW_v = dW_v + v.T @ da
    return dv, v.T @ da_c, da_c.sum(0), dW_v
""",
    ),
    (
        "context-backward",
        """
def context_backward(das, dh0, h0, v, W_c, W_v):
    da_c = dh0 * (1 - h0**2)
    return {
        "dv": np.einsum("tbh,ch->bc", das, W_v) + np.einsum("bh,ch->bc", da_c, W_c),
        "dW_c": np.einsum("bc,bh->ch", v, da_c),
        "db_c": np.einsum("bh->h", da_c),
        "dW_v": np.einsum("bc,tbh->ch", v, das),
    }
""",
    ),
    (
        "context-backward",
        """
def context_backward(das, dh0, h0, v, W_c, W_v):
    import torch

    das, dh0, h0, W_c, W_v = (torch.tensor(a) for a in (das, dh0, h0, W_c, W_v))
    v = torch.tensor(v, requires_grad=True)
    W_c.requires_grad_(True)
    W_v.requires_grad_(True)
    a_c = v @ W_c
    slope = dh0 * (1 - h0**2)
    ((a_c * slope).sum() + ((v @ W_v) * das).sum()).backward()
    return v.grad, W_c.grad, slope.sum(0), W_v.grad
""",
    ),
    (
        "greedy-caption",
        """
def greedy_captions(v, W_c, b_c, E, W_x, W_h, b, W_y, b_y, n_max):
    ids = np.zeros((len(v), n_max), dtype=int)
    for i, row in enumerate(v):
        h, word = np.tanh(row @ W_c + b_c), 0
        for t in range(n_max):
            h = np.tanh(E[word] @ W_x + h @ W_h + b)
            word = int(np.argmax(h @ W_y + b_y))
            if word == 0:
                break
            ids[i, t] = word
    return ids
""",
    ),
    (
        "greedy-caption",
        """
def greedy_captions(v, W_c, b_c, E, W_x, W_h, b, W_y, b_y, n_max):
    h = np.tanh(v @ W_c + b_c)
    word, said = np.zeros(len(v), dtype=int), []
    for _ in range(n_max):
        h = np.tanh(np.eye(len(E))[word] @ E @ W_x + h @ W_h + b)
        word = (h @ W_y + b_y).argmax(1)
        said.append(word)
    ids = np.stack(said, axis=1)
    return ids * np.cumprod(ids != 0, axis=1)
""",
    ),
    (
        "greedy-caption",
        """
def greedy_captions(v, W_c, b_c, E, W_x, W_h, b, W_y, b_y, n_max):
    import torch

    v, W_c, b_c, E, W_x, W_h, b, W_y, b_y = (
        torch.as_tensor(a) for a in (v, W_c, b_c, E, W_x, W_h, b, W_y, b_y)
    )
    state = torch.tanh(v @ W_c + b_c)
    read = torch.zeros(len(v), dtype=torch.long)
    live = torch.ones(len(v), dtype=torch.long)
    columns = []
    for _ in range(n_max):
        state = torch.tanh(E[read] @ W_x + state @ W_h + b)
        read = torch.argmax(state @ W_y + b_y, dim=1)
        live = live * (read != 0)
        columns.append(read * live)
    return torch.stack(columns, dim=1)
""",
    ),
    (
        "caption-log-probability",
        """
def caption_log_probability(scores, ids):
    T, B, V = scores.shape
    out = np.zeros(B)
    for i in range(B):
        for t in range(T):
            z = scores[t, i]
            out[i] += z[ids[t, i]] - z.max() - np.log(np.exp(z - z.max()).sum())
            if ids[t, i] == 0:
                break
    return out
""",
    ),
    (
        "caption-log-probability",
        """
def caption_log_probability(scores, ids):
    top = scores.max(axis=-1)
    normal = top + np.log(np.exp(scores - top[..., None]).sum(axis=-1))
    picked = np.einsum("tbv,tbv->tb", scores, np.eye(scores.shape[2])[ids])
    n = (ids == 0).argmax(axis=0)
    mask = np.arange(len(ids))[:, None] <= n
    return np.where(mask, picked - normal, 0).sum(axis=0)
""",
    ),
    (
        "caption-log-probability",
        """
def caption_log_probability(scores, ids):
    import torch

    scores, ids = torch.as_tensor(scores), torch.as_tensor(ids)
    loss = torch.nn.functional.cross_entropy(
        scores.permute(0, 2, 1), ids, reduction="none"
    )
    seen = torch.cumsum((ids == 0).long(), dim=0)
    open_ = torch.cat([torch.ones_like(seen[:1]), (seen[:-1] == 0).long()])
    return -(loss * open_).sum(dim=0)
""",
    ),
    (
        "draw-shape",
        """
def draw_shape(kind, row, col, radius, side):
    inside = np.zeros((side, side), dtype=bool)
    for i in range(side):
        for j in range(side):
            d, e = i - row, abs(j - col)
            if kind == "circle":
                inside[i, j] = d * d + e * e <= radius * radius
            elif kind == "square":
                inside[i, j] = abs(d) <= radius and e <= radius
            elif kind == "triangle":
                inside[i, j] = abs(d) <= radius and 2 * e <= radius + d
            else:
                box = abs(d) <= radius and e <= radius
                inside[i, j] = box and min(abs(d), e) <= radius / 3
    return inside
""",
    ),
    (
        "draw-shape",
        """
def draw_shape(kind, row, col, radius, side):
    i, j = np.indices((side, side))
    d, e = i - row, abs(j - col)
    box = (abs(d) <= radius) * (e <= radius)
    if kind == "circle":
        return d**2 + e**2 <= radius**2
    if kind == "triangle":
        return box * (2 * e - d <= radius)
    if kind == "cross":
        return box * ((abs(d) <= radius / 3) | (e <= radius / 3))
    return box
""",
    ),
    (
        "draw-shape",
        """
def draw_shape(shape, top, left, size, n):
    import torch

    d = (torch.arange(n) - top)[:, None].expand(n, n)
    e = (torch.arange(n) - left).abs()[None, :].expand(n, n)
    near = torch.maximum(d.abs(), e) <= size
    rules = {
        "circle": d**2 + e**2 <= size**2,
        "square": near,
        "triangle": near & (e <= (size + d) / 2),
        "cross": near & (torch.minimum(d.abs(), e) <= size / 3),
    }
    return rules[shape]
""",
    ),
    (
        "true-captions",
        """
def true_captions(scene):
    def name(thing):
        return "a " + " ".join(thing[:2])

    if len(scene) == 1:
        return [name(scene[0])]
    found = set()
    for one, two in (scene, scene[::-1]):
        if one[2] + 6 < two[2]:
            found.add(f"{name(one)} above {name(two)}")
        if one[2] > two[2] + 6:
            found.add(f"{name(one)} below {name(two)}")
        if one[3] + 6 < two[3]:
            found.add(f"{name(one)} left of {name(two)}")
        if one[3] > two[3] + 6:
            found.add(f"{name(one)} right of {name(two)}")
    return sorted(found)
""",
    ),
    (
        "true-captions",
        """
def true_captions(scene):
    names = [f"a {thing[0]} {thing[1]}" for thing in scene]
    if not scene[1:]:
        return names
    tests = {
        "above": lambda p, q: q[2] - p[2],
        "below": lambda p, q: p[2] - q[2],
        "left of": lambda p, q: q[3] - p[3],
        "right of": lambda p, q: p[3] - q[3],
    }
    return sorted(
        f"{names[i]} {word} {names[1 - i]}"
        for i in (0, 1)
        for word, gap in tests.items()
        if gap(scene[i], scene[1 - i]) > 6
    )
""",
    ),
    (
        "true-captions",
        """
def true_captions(scene):
    import itertools

    if len(scene) == 1:
        size, kind, _, _ = scene[0]
        return [f"a {size} {kind}"]
    out = []
    for (s, k, r, c), (s2, k2, r2, c2) in itertools.permutations(scene):
        relations = []
        if abs(r - r2) > 6:
            relations.append("above" if r < r2 else "below")
        if abs(c - c2) > 6:
            relations.append("left of" if c < c2 else "right of")
        out += [f"a {s} {k} {relation} a {s2} {k2}" for relation in relations]
    out.sort()
    return out
""",
    ),
)

"""Answers to the assignment of chapter 14: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "14-deep-and-bidirectional"

WRONG = (
    (
        "stacked-forward",
        """
def stacked_forward(xs, Ws_x, Ws_h, bs):
    last = []
    h = np.zeros((xs.shape[1], len(bs[0])))
    for W_x, W_h, b in zip(Ws_x, Ws_h, bs):
        hs = []
        for x in xs:
            h = np.tanh(x @ W_x + h @ W_h + b)
            hs.append(h)
        xs = np.stack(hs)
        last.append(h)
    return xs, np.stack(last)
""",
        "began-where-the-lower-ended",
    ),
    (
        "stacked-forward",
        """
def stacked_forward(xs, Ws_x, Ws_h, bs):
    h, hs = np.zeros((xs.shape[1], len(bs[0]))), []
    for x in xs:
        last = []
        for W_x, W_h, b in zip(Ws_x, Ws_h, bs):
            x = h = np.tanh(x @ W_x + h @ W_h + b)
            last.append(h)
        hs.append(h)
    return np.stack(hs), np.stack(last)
""",
        "one-state-for-all-layers",
    ),
    (
        "residual-layer",
        """
def residual_layer(below, W_u, W_h, b):
    h, out = np.zeros(below.shape[1:]), []
    for u in below:
        h = np.tanh(u @ W_u + h @ W_h + b) + u
        out.append(h)
    return np.stack(out)
""",
        "sum-went-round-in-time",
    ),
    (
        "residual-layer",
        """
def residual_layer(below, W_u, W_h, b):
    h, out = np.zeros(below.shape[1:]), []
    for u in below:
        h = np.tanh(u @ W_u + h @ W_h + b + u)
        out.append(h)
    return np.stack(out)
""",
        "added-before-the-tanh",
    ),
    (
        "level-steps",
        """
def level_steps(T, periods):
    return np.array([[int(t % s == 0) for s in periods] for t in range(T)])
""",
        "counted-from-zero",
    ),
    (
        "level-steps",
        """
def level_steps(T, periods):
    t = np.arange(1, T + 1)[:, None]
    return (t % np.cumprod(periods) == 0).astype(int)
""",
        "periods-multiplied-up",
    ),
    (
        "reverse-valid",
        """
def reverse_valid(xs, lengths):
    return xs[::-1].copy()
""",
        "padding-came-first",
    ),
    (
        "reverse-valid",
        """
def reverse_valid(xs, lengths):
    turned = np.zeros_like(xs)
    for i, n in enumerate(lengths):
        turned[:n, i] = xs[:n, i][::-1]
    return turned
""",
        "padding-wiped",
    ),
    (
        "bidirectional-forward",
        """
def bidirectional_forward(xs, lengths, W_x, W_h, b, W_x_b, W_h_b, b_b):
    hs = np.zeros((*xs.shape[:2], 2 * len(b)))
    for i, n in enumerate(lengths):
        h, k = np.zeros(len(b)), np.zeros(len(b))
        for t in range(n):
            h = np.tanh(xs[t, i] @ W_x + h @ W_h + b)
            k = np.tanh(xs[n - 1 - t, i] @ W_x_b + k @ W_h_b + b_b)
            hs[t, i] = np.concatenate([h, k])
    return hs
""",
        "not-turned-back",
    ),
    (
        "bidirectional-forward",
        """
def bidirectional_forward(xs, lengths, W_x, W_h, b, W_x_b, W_h_b, b_b):
    T, B, _ = xs.shape
    H = len(b)
    hs = np.zeros((T, B, 2 * H))
    h = np.zeros((B, H))
    for t in range(T):
        hs[t, :, :H] = h = np.tanh(xs[t] @ W_x + h @ W_h + b)
    h = np.zeros((B, H))
    for t in reversed(range(T)):
        hs[t, :, H:] = h = np.tanh(xs[t] @ W_x_b + h @ W_h_b + b_b)
    return hs * (np.arange(T)[:, None] < lengths)[:, :, None]
""",
        "read-the-padding-first",
    ),
    (
        "bidirectional-backward",
        """
def bidirectional_backward(dhs, xs, lengths, W_x, W_h, b, W_x_b, W_h_b, b_b):
    def turn(a):
        a = a.copy()
        for i, n in enumerate(lengths):
            a[:n, i] = a[:n, i][::-1]
        return a

    def one(dhs, xs, p):
        _, _, cache = rnn_forward(xs, p, None, lengths)
        dxs, _, dp = rnn_backward(dhs, cache, p)
        return dxs, dp

    H = len(b)
    dxs_f, dp_f = one(dhs[:, :, :H].copy(), xs, RNNParams(W_x, W_h, b))
    dxs_b, dp_b = one(turn(dhs[:, :, H:]), turn(xs), RNNParams(W_x_b, W_h_b, b_b))
    return dxs_f + dxs_b, *dp_f, *dp_b
""",
        "input-gradient-not-turned",
    ),
    (
        "bidirectional-backward",
        """
def bidirectional_backward(dhs, xs, lengths, W_x, W_h, b, W_x_b, W_h_b, b_b):
    def turn(a):
        a = a.copy()
        for i, n in enumerate(lengths):
            a[:n, i] = a[:n, i][::-1]
        return a

    def one(dhs, xs, p):
        _, _, cache = rnn_forward(xs, p, None, lengths)
        dxs, _, dp = rnn_backward(dhs, cache, p)
        return dxs, dp

    H = len(b)
    dxs_f, dp_f = one(dhs[:, :, :H].copy(), xs, RNNParams(W_x, W_h, b))
    dxs_b, dp_b = one(dhs[:, :, H:].copy(), turn(xs), RNNParams(W_x_b, W_h_b, b_b))
    return dxs_f + turn(dxs_b), *dp_f, *dp_b
""",
        "gradient-not-turned",
    ),
    (
        "causality-test",
        """
def looks_ahead(model, xs):
    other = xs.copy()
    other[-1] += 1
    return bool((model(other)[:-1] != model(xs)[:-1]).any())
""",
        "changed-the-last-input-only",
    ),
    (
        "causality-test",
        """
def looks_ahead(model, xs):
    ys = model(xs)
    for t in range(len(xs)):
        other = xs.copy()
        other[t] += 1
        if (model(other)[: t + 1] != ys[: t + 1]).any():
            return True
    return False
""",
        "watched-its-own-output",
    ),
    (
        "causality-test",
        """
def looks_ahead(model, xs):
    ys = model(xs)
    for t in range(1, len(xs)):
        other = xs.copy()
        other[t] += 1
        if not np.allclose(model(other)[:t], ys[:t], atol=1e-2):
            return True
    return False
""",
        "small-leak-let-through",
    ),
)

RIGHT = (
    (
        "stacked-forward",
        """
def stacked_forward(xs, Ws_x, Ws_h, bs):
    L, (T, B, _), H = len(bs), xs.shape, len(bs[0])
    states = [np.zeros((B, H)) for _ in range(L)]
    hs = np.empty((T, B, H))
    for t in range(T):
        said = xs[t]
        for k in range(L):
            said = np.tanh(said @ Ws_x[k] + states[k] @ Ws_h[k] + bs[k])
            states[k] = said
        hs[t] = said
    return hs, np.array(states)
""",
    ),
    (
        "stacked-forward",
        """
import torch


def stacked_forward(xs, Ws_x, Ws_h, bs):
    D, H = Ws_x[0].shape
    layer = torch.nn.RNN(D, H, num_layers=len(bs), dtype=torch.float64)
    with torch.no_grad():
        for k, (W_x, W_h, b) in enumerate(zip(Ws_x, Ws_h, bs)):
            getattr(layer, f"weight_ih_l{k}")[:] = torch.tensor(W_x.T)
            getattr(layer, f"weight_hh_l{k}")[:] = torch.tensor(W_h.T)
            getattr(layer, f"bias_ih_l{k}")[:] = torch.tensor(b)
            getattr(layer, f"bias_hh_l{k}")[:] = 0
        return layer(torch.tensor(xs))
""",
    ),
    (
        "stacked-forward",
        """
def stacked_forward(inputs, A, U, c):
    def run(u, k):
        h = np.zeros((u.shape[1], len(c[k])))
        for t in range(len(u)):
            h = np.tanh(np.einsum("bd,dh->bh", u[t], A[k]) + h @ U[k] + c[k])
            yield h

    ends = []
    for k in range(len(c)):
        inputs = np.array(list(run(inputs, k)))
        ends.append(inputs[-1])
    return {"hs": inputs, "h_T": np.array(ends)}
""",
    ),
    (
        "residual-layer",
        """
def residual_layer(below, W_u, W_h, b):
    hs = np.zeros((len(below) + 1, *below.shape[1:]), dtype=below.dtype)
    for t, u in enumerate(below):
        hs[t + 1] = np.tanh(u @ W_u + hs[t] @ W_h + b)
    return hs[1:] + below
""",
    ),
    (
        "residual-layer",
        """
import torch


def residual_layer(below, W_u, W_h, b):
    below, W_u, W_h, b = map(torch.as_tensor, (below, W_u, W_h, b))
    h, hs = torch.zeros_like(below[0]), []
    for u in below:
        h = torch.tanh(u @ W_u + h @ W_h + b)
        hs.append(h)
    return torch.stack(hs) + below
""",
    ),
    (
        "residual-layer",
        """
def residual_layer(said, A, U, c):
    out = said.copy()
    for i in range(said.shape[1]):
        h = np.zeros(len(c))
        for t in range(len(said)):
            h = np.tanh(A.T @ said[t, i] + U.T @ h + c)
            out[t, i] += h
    return out
""",
    ),
    (
        "level-steps",
        """
def level_steps(T, periods):
    steps = np.zeros((T, len(periods)))
    for k, s in enumerate(periods):
        steps[s - 1 :: s, k] = 1
    return steps
""",
    ),
    (
        "level-steps",
        """
def level_steps(T, periods):
    return [[int(t % s == 0) for s in periods] for t in range(1, T + 1)]
""",
    ),
    (
        "level-steps",
        """
import torch


def level_steps(n, clocks):
    t = torch.arange(1, n + 1)[:, None]
    return (torch.remainder(t, torch.tensor(clocks)) == 0).long()
""",
    ),
    (
        "reverse-valid",
        """
def reverse_valid(xs, lengths):
    T, B, _ = xs.shape
    t = np.arange(T)[:, None]
    return xs[np.where(t < lengths, lengths - 1 - t, t), np.arange(B)]
""",
    ),
    (
        "reverse-valid",
        """
def reverse_valid(xs, lengths):
    columns = [
        np.concatenate([xs[:n, i][::-1], xs[n:, i]]) for i, n in enumerate(lengths)
    ]
    return np.stack(columns, axis=1)
""",
    ),
    (
        "reverse-valid",
        """
import torch


def reverse_valid(xs, lengths):
    turned = torch.tensor(xs)
    for i, n in enumerate(lengths):
        turned[:n, i] = turned[:n, i].flip(0)
    return turned
""",
    ),
    (
        "bidirectional-forward",
        """
import torch


def bidirectional_forward(xs, lengths, W_x, W_h, b, W_x_b, W_h_b, b_b):
    D, H = W_x.shape
    layer = torch.nn.RNN(D, H, bidirectional=True, dtype=torch.float64)
    sets = {"": (W_x, W_h, b), "_reverse": (W_x_b, W_h_b, b_b)}
    with torch.no_grad():
        for end, (A, U, c) in sets.items():
            getattr(layer, f"weight_ih_l0{end}")[:] = torch.tensor(A.T)
            getattr(layer, f"weight_hh_l0{end}")[:] = torch.tensor(U.T)
            getattr(layer, f"bias_ih_l0{end}")[:] = torch.tensor(c)
            getattr(layer, f"bias_hh_l0{end}")[:] = 0
        rnn = torch.nn.utils.rnn
        packed = rnn.pack_padded_sequence(
            torch.tensor(xs), torch.tensor(lengths), enforce_sorted=False
        )
        return rnn.pad_packed_sequence(layer(packed)[0], total_length=len(xs))[0]
""",
    ),
    (
        "bidirectional-forward",
        """
def bidirectional_forward(xs, lengths, W_x, W_h, b, W_x_b, W_h_b, b_b):
    T, B, _ = xs.shape
    t = np.arange(T)[:, None]
    live = (t < lengths)[:, :, None]
    where = np.where(t < lengths, lengths - 1 - t, t), np.arange(B)

    def run(us, A, U, c):
        h, hs = np.zeros((B, len(c))), []
        for u in us:
            h = np.tanh(u @ A + h @ U + c)
            hs.append(h)
        return np.stack(hs)

    back = run(xs[where], W_x_b, W_h_b, b_b)[where]
    return live * np.concatenate([run(xs, W_x, W_h, b), back], axis=2)
""",
    ),
    (
        "bidirectional-forward",
        """
def bidirectional_forward(xs, lengths, A, U, c, A2, U2, c2):
    T, B, _ = xs.shape
    live = np.arange(T)[:, None] < lengths
    ahead, back = np.zeros((T, B, len(c))), np.zeros((T, B, len(c)))
    h, k = np.zeros((B, len(c))), np.zeros((B, len(c)))
    for t in range(T):
        on = live[t][:, None]
        h = np.where(on, np.tanh(xs[t] @ A + h @ U + c), h)
        ahead[t] = h * on
    for t in range(T - 1, -1, -1):
        on = live[t][:, None]
        k = np.where(on, np.tanh(xs[t] @ A2 + k @ U2 + c2), k)
        back[t] = k * on
    return np.concatenate([ahead, back], axis=-1)
""",
    ),
    (
        "bidirectional-backward",
        """
import torch


def bidirectional_backward(dhs, xs, lengths, *weights):
    x = torch.tensor(xs, requires_grad=True)
    ws = [torch.tensor(w, requires_grad=True) for w in weights]
    H, loss = len(weights[2]), 0
    dhs = torch.tensor(dhs)
    for i, n in enumerate(lengths):
        for times, (A, U, c), part in (
            (range(n), ws[:3], slice(0, H)),
            (range(n - 1, -1, -1), ws[3:], slice(H, None)),
        ):
            h = torch.zeros(H, dtype=x.dtype)
            for t in times:
                h = torch.tanh(x[t, i] @ A + h @ U + c)
                loss = loss + (h * dhs[t, i, part]).sum()
    return torch.autograd.grad(loss, [x, *ws])
""",
    ),
    (
        "bidirectional-backward",
        """
def bidirectional_backward(dhs, xs, lengths, W_x, W_h, b, W_x_b, W_h_b, b_b):
    H = len(b)
    dxs = np.zeros_like(xs)
    found = []
    for A, U, c, part, turned in (
        (W_x, W_h, b, dhs[:, :, :H], False),
        (W_x_b, W_h_b, b_b, dhs[:, :, H:], True),
    ):
        dA, dU, dc = np.zeros_like(A), np.zeros_like(U), np.zeros_like(c)
        for i, n in enumerate(lengths):
            times = list(range(n))[:: -1 if turned else 1]
            hs = [np.zeros(H)]
            for t in times:
                hs.append(np.tanh(xs[t, i] @ A + hs[-1] @ U + c))
            dh = np.zeros(H)
            for k in range(n - 1, -1, -1):
                t = times[k]
                da = (dh + part[t, i]) * (1 - hs[k + 1] ** 2)
                dxs[t, i] += A @ da
                dA += np.outer(xs[t, i], da)
                dU += np.outer(hs[k], da)
                dc += da
                dh = U @ da
        found += [dA, dU, dc]
    return [dxs, *found]
""",
    ),
    (
        "causality-test",
        """
def looks_ahead(model, xs):
    ys = model(xs)
    rng = np.random.default_rng(0)
    for t in range(len(xs) - 1):
        other = xs.copy()
        other[t + 1 :] = rng.normal(size=other[t + 1 :].shape)
        if not np.array_equal(model(other)[: t + 1], ys[: t + 1]):
            return True
    return False
""",
    ),
    (
        "causality-test",
        """
def looks_ahead(model, xs):
    T, _, D = xs.shape
    ys = model(xs)
    moved = np.zeros((T, T), dtype=bool)
    for s in range(T):
        for d in range(D):
            other = xs.copy()
            other[s, :, d] -= 2.0
            moved[:, s] |= np.abs(model(other) - ys).max(axis=(1, 2)) > 1e-10
    return np.triu(moved, 1).any()
""",
    ),
    (
        "causality-test",
        """
def looks_ahead(f, given):
    first = f(given)
    return any(
        abs(f(np.concatenate([given[:t], 3 - given[t:]]))[:t] - first[:t]).sum() > 1e-8
        for t in range(1, len(given))
    )
""",
    ),
)

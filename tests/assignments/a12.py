"""Answers to the assignment of chapter 12: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "12-gru"

WRONG = (
    (
        "gru-gates",
        """
def gru_gates(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    s = 1 / (1 + np.exp(-(x @ W_x + h_prev @ W_h + b)))
    return s[:, H : 2 * H], s[:, :H]
""",
        "gates-swapped",
    ),
    (
        "gru-gates",
        """
def gru_gates(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    s = np.tanh(x @ W_x + h_prev @ W_h + b)
    return s[:, :H], s[:, H : 2 * H]
""",
        "gates-tanh",
    ),
    (
        "gru-gates",
        """
def gru_gates(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    s = 1 / (1 + np.exp(-(x @ W_x + b)))
    return s[:, :H], s[:, H : 2 * H]
""",
        "gates-blind-to-the-state",
    ),
    (
        "gru-candidate",
        """
def gru_candidates(x, h_prev, r, W_x, W_h, b, b_hn):
    after = np.tanh(x @ W_x + b + r * (h_prev @ W_h) + b_hn)
    before = np.tanh(x @ W_x + b + (r * h_prev) @ W_h)
    return after, before
""",
        "inner-bias-outside",
    ),
    (
        "gru-candidate",
        """
def gru_candidates(x, h_prev, r, W_x, W_h, b, b_hn):
    before = np.tanh(x @ W_x + b + r * (h_prev @ W_h + b_hn))
    after = np.tanh(x @ W_x + b + (r * h_prev) @ W_h)
    return after, before
""",
        "places-swapped",
    ),
    (
        "gru-step",
        """
def gru_step(x, h_prev, W_x, W_h, b, b_hn):
    x_r, x_z, x_n = np.split(x @ W_x + b, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-x_r - h_r))
    z = 1 / (1 + np.exp(-x_z - h_z))
    n = np.tanh(x_n + r * (h_n + b_hn))
    return z * n + (1 - z) * h_prev
""",
        "other-convention-of-z",
    ),
    (
        "gru-step",
        """
def gru_step(x, h_prev, W_x, W_h, b, b_hn):
    H = len(b_hn)
    s = 1 / (1 + np.exp(-(x @ W_x + h_prev @ W_h + b)))
    r, z = s[:, :H], s[:, H : 2 * H]
    n = np.tanh(x @ W_x[:, -H:] + b[-H:] + (r * h_prev) @ W_h[:, -H:])
    return (1 - z) * n + z * h_prev
""",
        "reset-before",
    ),
    (
        "gru-step",
        """
def gru_step(x, h_prev, W_x, W_h, b, b_hn):
    H = len(b_hn)
    s = 1 / (1 + np.exp(-(x @ W_x + h_prev @ W_h + b)))
    r, z = s[:, :H], s[:, H : 2 * H]
    n = np.tanh(x @ W_x[:, -H:] + b[H : 2 * H] + r * (h_prev @ W_h[:, -H:] + b_hn))
    return (1 - z) * n + z * h_prev
""",
        "bias-of-z-in-the-candidate",
    ),
    (
        "gru-flip-z",
        """
def flip_z(W_x, W_h, b):
    return -W_x, -W_h, -b
""",
        "all-negated",
    ),
    (
        "gru-flip-z",
        """
def flip_z(W_x, W_h, b):
    H = len(W_h)
    W_x, W_h, b = W_x.copy(), W_h.copy(), b.copy()
    for W in (W_x, W_h, b):
        W[..., H : 2 * H] = 1 - W[..., H : 2 * H]
    return W_x, W_h, b
""",
        "one-minus-the-weights",
    ),
    (
        "gru-as-rnn",
        """
def gru_as_rnn(W_x, W_h, b):
    high = np.full(len(b), 30.0)
    return (
        np.hstack([0 * W_x, 0 * W_x, W_x]),
        np.hstack([0 * W_h, 0 * W_h, W_h]),
        np.hstack([high, high, b]),
    )
""",
        "keeps-for-ever",
    ),
    (
        "gru-as-rnn",
        """
def gru_as_rnn(W_x, W_h, b):
    return np.tile(W_x, 3), np.tile(W_h, 3), np.tile(b, 3)
""",
        "three-copies",
    ),
    (
        "gru-forward",
        """
def gru_forward(xs, lengths, h0, W_x, W_h, b, b_hn):
    h, hs = h0, []
    for x in xs:
        x_r, x_z, x_n = np.split(x @ W_x + b, 3, axis=1)
        h_r, h_z, h_n = np.split(h @ W_h, 3, axis=1)
        r = 1 / (1 + np.exp(-x_r - h_r))
        z = 1 / (1 + np.exp(-x_z - h_z))
        h = (1 - z) * np.tanh(x_n + r * (h_n + b_hn)) + z * h
        hs.append(h)
    return np.stack(hs), h
""",
        "gru-lengths-ignored",
    ),
    (
        "gru-step-backward",
        """
def gru_step_backward(dh, x, h_prev, W_x, W_h, b, b_hn):
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    x_r, x_z, x_n = np.split(x @ W_x + b, 3, axis=1)
    r = 1 / (1 + np.exp(-x_r - h_prev @ W_hr))
    z = 1 / (1 + np.exp(-x_z - h_prev @ W_hz))
    m = h_prev @ W_hn + b_hn
    n = np.tanh(x_n + r * m)
    da_n = dh * (1 - z) * (1 - n**2)
    da_r = da_n * m * r * (1 - r)
    da_z = dh * (h_prev - n) * z * (1 - z)
    da = np.hstack([da_r, da_z, da_n])
    back = np.hstack([da_r, da_z, da_n * r])
    dh_prev = back @ W_h.T
    dW_h = h_prev.T @ back
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(0), (da_n * r).sum(0)
""",
        "straight-path-forgotten",
    ),
    (
        "gru-counts",
        """
def gru_counts(D, H):
    n = 4 * H * (D + H + 1)
    return n, n + H, n + 4 * H
""",
        "counted-four-blocks",
    ),
    (
        "gru-counts",
        """
def gru_counts(D, H):
    n = 3 * H * (D + H + 1)
    return n, n, n
""",
        "counted-one-bias-set",
    ),
    (
        "gru-counts",
        """
def gru_counts(D, H):
    H, D = D, H
    n = 3 * (H * (D + H) + H)
    return n, n + H, n + 3 * H
""",
        "counts-swap-D-and-H",
    ),
    (
        "gru-counts",
        """
def gru_counts(D, H):
    block = D * H + H + H
    return 3 * block, 3 * block + H, 3 * (block + H)
""",
        "state-weights-counted-once",
    ),
)

RIGHT = (
    (
        "gru-gates",
        """
def gru_gates(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    gates = []
    for k in range(2):
        block = slice(k * H, (k + 1) * H)
        a = x @ W_x[:, block] + h_prev @ W_h[:, block] + b[block]
        gates.append(0.5 * (1 + np.tanh(a / 2)))
    return tuple(gates)
""",
    ),
    (
        "gru-gates",
        """
def gru_gates(x, h, W, U, b):
    a = np.einsum("bd,dk->bk", x, W) + np.einsum("bh,hk->bk", h, U) + b
    s = 1 / (1 + np.exp(-a))
    return {"r": s[:, : h.shape[1]], "z": s[:, h.shape[1] : -h.shape[1]]}
""",
    ),
    (
        "gru-gates",
        """
import torch


def gru_gates(x, h_prev, W_x, W_h, b):
    x, h_prev, W_x, W_h, b = map(torch.as_tensor, (x, h_prev, W_x, W_h, b))
    r, z, _ = torch.sigmoid(x @ W_x + h_prev @ W_h + b).chunk(3, dim=1)
    return r, z
""",
    ),
    (
        "gru-candidate",
        """
def gru_candidates(x, h_prev, r, W_x, W_h, b, b_hn):
    from_x = x @ W_x + b
    places = (r * (h_prev @ W_h + b_hn), (r * h_prev) @ W_h)
    return tuple(np.tanh(from_x + past) for past in places)
""",
    ),
    (
        "gru-candidate",
        """
def gru_candidates(x, h, gate, W, U, b, c):
    after = np.empty_like(h)
    before = np.empty_like(h)
    for i in range(len(h)):
        after[i] = np.tanh(x[i] @ W + b + gate[i] * (h[i] @ U + c))
        before[i] = np.tanh(x[i] @ W + b + (gate[i] * h[i]) @ U)
    return after, before
""",
    ),
    (
        "gru-candidate",
        """
import torch


def gru_candidates(*args):
    x, h, r, W, U, b, c = (torch.as_tensor(a) for a in args)
    return torch.tanh(x @ W + b + r * (h @ U + c)), torch.tanh(x @ W + b + r * h @ U)
""",
    ),
    (
        "gru-step",
        """
import torch


def gru_step(x, h_prev, W_x, W_h, b, b_hn):
    D, H = W_x.shape[0], len(b_hn)
    cell = torch.nn.GRUCell(D, H, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih[:] = torch.tensor(W_x.T)
        cell.weight_hh[:] = torch.tensor(W_h.T)
        cell.bias_ih[:] = torch.tensor(b)
        cell.bias_hh[:] = 0
        cell.bias_hh[2 * H :] = torch.tensor(b_hn)
        return cell(torch.tensor(x), torch.tensor(h_prev))
""",
    ),
    (
        "gru-step",
        """
def gru_step(x, h, W, U, b, c):
    H = len(c)
    s = 1 / (1 + np.exp(-(x @ W + h @ U + b)[:, : 2 * H]))
    r, z = s[:, :H], s[:, H:]
    n = np.tanh(x @ W[:, 2 * H :] + b[2 * H :] + r * (h @ U[:, 2 * H :] + c))
    return n + z * (h - n)
""",
    ),
    (
        "gru-step",
        """
def gru_step(x, h_prev, W_x, W_h, b, b_hn):
    B, H = h_prev.shape
    h = np.zeros((B, H))
    for i in range(B):
        a = x[i] @ W_x + b
        u = h_prev[i] @ W_h
        for j in range(H):
            r = 1 / (1 + np.exp(-a[j] - u[j]))
            z = 1 / (1 + np.exp(-a[H + j] - u[H + j]))
            n = np.tanh(a[2 * H + j] + r * (u[2 * H + j] + b_hn[j]))
            h[i, j] = z * h_prev[i, j] + (1 - z) * n
    return h
""",
    ),
    (
        "gru-flip-z",
        """
def flip_z(W_x, W_h, b):
    flipped = []
    for W in (W_x, W_h, b):
        r, z, n = np.split(W, 3, axis=-1)
        flipped.append(np.concatenate([r, -z, n], axis=-1))
    return flipped
""",
    ),
    (
        "gru-flip-z",
        """
def flip_z(W_x, W_h, b):
    W_x, W_h, b = W_x.copy(), W_h.copy(), b.copy()
    H = W_h.shape[0]
    W_x[:, H : 2 * H] *= -1
    W_h[:, H : 2 * H] *= -1
    b[H : 2 * H] *= -1
    return W_x, W_h, b
""",
    ),
    (
        "gru-flip-z",
        """
def flip_z(W_x, W_h, b):
    sign = np.repeat([1.0, -1.0, 1.0], len(W_h))
    return W_x @ np.diag(sign), W_h @ np.diag(sign), np.diag(sign) @ b
""",
    ),
    (
        "gru-as-rnn",
        """
def gru_as_rnn(W_x, W_h, b):
    D, H = W_x.shape
    big_x, big_h, big_b = np.zeros((D, 3 * H)), np.zeros((H, 3 * H)), np.zeros(3 * H)
    big_x[:, 2 * H :], big_h[:, 2 * H :], big_b[2 * H :] = W_x, W_h, b
    big_b[:H], big_b[H : 2 * H] = 40, -40
    return big_x, big_h, big_b
""",
    ),
    (
        "gru-as-rnn",
        """
def gru_as_rnn(W, U, c):
    end = 100 * np.ones(len(c))
    return (
        np.hstack([0 * W, 0 * W, W]),
        np.hstack([0 * U, 0 * U, U]),
        np.hstack([end, -end, c]),
    )
""",
    ),
    (
        "gru-as-rnn",
        """
import torch


def gru_as_rnn(W_x, W_h, b):
    def third(W):
        return torch.nn.functional.pad(torch.as_tensor(W), (2 * W.shape[-1], 0))

    biases = third(b)
    biases[: len(b)] += 60
    biases[len(b) : 2 * len(b)] -= 60
    return third(W_x), third(W_h), biases
""",
    ),
    (
        "gru-forward",
        """
import torch


def gru_forward(xs, lengths, h0, W_x, W_h, b, b_hn):
    (T, B, D), H = xs.shape, len(b_hn)
    cell = torch.nn.GRUCell(D, H, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih[:] = torch.tensor(W_x.T)
        cell.weight_hh[:] = torch.tensor(W_h.T)
        cell.bias_ih[:] = torch.tensor(b)
        cell.bias_hh[:] = 0
        cell.bias_hh[2 * H :] = torch.tensor(b_hn)
        h, hs = torch.tensor(h0), []
        for t in range(T):
            live = torch.tensor(t < lengths)[:, None]
            h = torch.where(live, cell(torch.tensor(xs[t]), h), h)
            hs.append(h)
    return torch.stack(hs), h
""",
    ),
    (
        "gru-forward",
        """
def gru_forward(xs, lengths, h0, W_x, W_h, b, b_hn):
    T, B, _ = xs.shape
    H = len(b_hn)
    hs = np.empty((T, B, H))
    for i in range(B):
        h = h0[i]
        for t in range(T):
            if t < lengths[i]:
                a, u = xs[t, i] @ W_x + b, h @ W_h
                s = 1 / (1 + np.exp(-a[: 2 * H] - u[: 2 * H]))
                n = np.tanh(a[2 * H :] + s[:H] * (u[2 * H :] + b_hn))
                h = (1 - s[H:]) * n + s[H:] * h
            hs[t, i] = h
    return hs, hs[-1]
""",
    ),
    (
        "gru-forward",
        """
def gru_forward(xs, lengths, h0, W, U, b, c):
    H, h, hs = len(c), h0, []
    inputs = xs @ W + b
    for t in range(len(xs)):
        u = h @ U
        s = 0.5 + 0.5 * np.tanh((inputs[t] + u)[:, : 2 * H] / 2)
        r, z = s[:, :H], s[:, H:]
        z = np.where(t < lengths[:, None], z, 1)
        n = np.tanh(inputs[t][:, 2 * H :] + r * (u[:, 2 * H :] + c))
        h = z * h + (1 - z) * n
        hs.append(h)
    return np.array(hs), h
""",
    ),
    (
        "gru-step-backward",
        """
import torch


def gru_step_backward(dh, x, h_prev, W_x, W_h, b, b_hn):
    given = x, h_prev, W_x, W_h, b, b_hn
    given = [torch.tensor(a, requires_grad=True) for a in given]
    x, h, W_x, W_h, b, b_hn = given
    x_r, x_z, x_n = (x @ W_x + b).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ W_h).chunk(3, dim=1)
    z = torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + torch.sigmoid(x_r + h_r) * (h_n + b_hn))
    new = (1 - z) * n + z * h
    return torch.autograd.grad(new, given, torch.tensor(dh))
""",
    ),
    (
        "gru-step-backward",
        """
def gru_step_backward(dh, x, h, W, U, b, c):
    H = len(c)
    a, u = x @ W + b, h @ U
    s = 1 / (1 + np.exp(-(a + u)[:, : 2 * H]))
    r, z = s[:, :H], s[:, H:]
    n = np.tanh(a[:, 2 * H :] + r * (u[:, 2 * H :] + c))
    dn = dh * (1 - z) * (1 - n * n)
    dr = dn * (u[:, 2 * H :] + c) * r * (1 - r)
    dz = dh * (h - n) * z * (1 - z)
    on_x = np.hstack([dr, dz, dn])
    on_h = np.hstack([dr, dz, dn * r])
    return {
        "dx": on_x @ W.T,
        "dh_prev": dh * z + on_h @ U.T,
        "dW_x": np.einsum("bd,bk->dk", x, on_x),
        "dW_h": np.einsum("bh,bk->hk", h, on_h),
        "db": on_x.sum(0),
        "db_hn": (dn * r).sum(0),
    }
""",
    ),
    (
        "gru-step-backward",
        """
def gru_step_backward(dh, x, h_prev, W_x, W_h, b, b_hn):
    H = len(b_hn)
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    parts = [np.zeros_like(a) for a in (x, h_prev, W_x, W_h, b, b_hn)]
    dx, dh_prev, dW_x, dW_h, db, db_hn = parts
    for i in range(len(x)):
        a, u = x[i] @ W_x + b, h_prev[i] @ W_h
        r, z = sigmoid(a[:H] + u[:H]), sigmoid(a[H:-H] + u[H:-H])
        m = u[-H:] + b_hn
        n = np.tanh(a[-H:] + r * m)
        d_n = dh[i] * (1 - z) * (1 - n**2)
        d_r, d_z = d_n * m * r * (1 - r), dh[i] * (h_prev[i] - n) * z * (1 - z)
        d_a = np.concatenate([d_r, d_z, d_n])
        d_u = np.concatenate([d_a[: 2 * H], d_n * r])
        dx[i] = W_x @ d_a
        dh_prev[i] = W_h @ d_u + dh[i] * z
        dW_x += np.outer(x[i], d_a)
        dW_h += np.outer(h_prev[i], d_u)
        db += d_a
        db_hn += d_n * r
    return tuple(parts)
""",
    ),
    (
        "gru-counts",
        """
def gru_counts(D, H):
    textbook = 3 * (D * H + H * H + H)
    return textbook, textbook + H, 3 * (D * H + H * H + 2 * H)
""",
    ),
    (
        "gru-counts",
        """
import torch


def gru_counts(D, H):
    torch_count = sum(p.numel() for p in torch.nn.GRU(D, H).parameters())
    return torch_count - 3 * H, torch_count - 2 * H, torch_count
""",
    ),
    (
        "gru-counts",
        """
def gru_counts(n_in, n_units):
    block = n_units * n_in + n_units**2 + n_units
    return np.array([3 * block, 3 * block + n_units, 3 * (block + n_units)])
""",
    ),
)

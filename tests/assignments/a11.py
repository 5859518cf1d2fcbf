"""Answers to the assignment of chapter 11: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "11-lstm-variants"

WRONG = (
    (
        "peephole-step",
        """
def peephole_step(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    a_i, a_f, a_g, a_o = np.split(x @ W_x + h_prev @ W_h + b, 4, axis=1)
    i = 1 / (1 + np.exp(-(a_i + c_prev * p_i)))  # (11.1)
    f = 1 / (1 + np.exp(-(a_f + c_prev * p_f)))  # (11.2)
    c = f * c_prev + i * np.tanh(a_g)
    o = 1 / (1 + np.exp(-(a_o + c_prev * p_o)))  # (11.3)
    return o * np.tanh(c), c
    ### END SOLUTION
""",
        "output-gate-sees-the-old-cell",
    ),
    (
        "peephole-step",
        """
def peephole_step(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    a_i, a_f, a_g, a_o = np.split(x @ W_x + h_prev @ W_h + b, 4, axis=1)
    i = 1 / (1 + np.exp(-(a_i + c_prev * p_f)))  # (11.1)
    f = 1 / (1 + np.exp(-(a_f + c_prev * p_i)))  # (11.2)
    c = f * c_prev + i * np.tanh(a_g)
    o = 1 / (1 + np.exp(-(a_o + c * p_o)))  # (11.3)
    return o * np.tanh(c), c
    ### END SOLUTION
""",
        "peepholes-exchanged",
    ),
    (
        "peephole-step",
        """
def peephole_step(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    a_i, a_f, a_g, a_o = np.split(x @ W_x + h_prev @ W_h + b, 4, axis=1)
    i = 1 / (1 + np.exp(-(a_i + h_prev * p_i)))  # (11.1)
    f = 1 / (1 + np.exp(-(a_f + h_prev * p_f)))  # (11.2)
    c = f * c_prev + i * np.tanh(a_g)
    o = 1 / (1 + np.exp(-(a_o + c * p_o)))  # (11.3)
    return o * np.tanh(c), c
    ### END SOLUTION
""",
        "peepholes-see-the-state",
    ),
    (
        "peephole-step-backward",
        """
def peephole_step_backward(dh, dc, c_prev, i, f, g, o, p_i, p_f, p_o):
    c = f * c_prev + i * g
    da_o = dh * np.tanh(c) * o * (1 - o)
    dc = dc + dh * o * (1 - np.tanh(c) ** 2)  # (11.11)
    da_f = dc * c_prev * f * (1 - f)
    da_i = dc * g * i * (1 - i)
    dc_prev = dc * f + da_i * p_i + da_f * p_f  # (11.11)
    dp_i = (da_i * c_prev).sum(axis=0)  # (11.12)
    dp_f = (da_f * c_prev).sum(axis=0)
    dp_o = (da_o * c).sum(axis=0)
    return dc_prev, dp_i, dp_f, dp_o
    ### END SOLUTION
""",
        "new-cell-hears-nothing-from-o",
    ),
    (
        "peephole-step-backward",
        """
def peephole_step_backward(dh, dc, c_prev, i, f, g, o, p_i, p_f, p_o):
    c = f * c_prev + i * g
    da_o = dh * np.tanh(c) * o * (1 - o)
    dc = dc + dh * o * (1 - np.tanh(c) ** 2) + da_o * p_o  # (11.11)
    da_f = dc * c_prev * f * (1 - f)
    da_i = dc * g * i * (1 - i)
    dc_prev = dc * f + da_i * p_i + da_f * p_f  # (11.11)
    dp_i = (da_i * c_prev).sum(axis=0)  # (11.12)
    dp_f = (da_f * c_prev).sum(axis=0)
    dp_o = (da_o * c_prev).sum(axis=0)
    return dc_prev, dp_i, dp_f, dp_o
    ### END SOLUTION
""",
        "dp-o-with-the-old-cell",
    ),
    (
        "peephole-step-backward",
        """
def peephole_step_backward(dh, dc, c_prev, i, f, g, o, p_i, p_f, p_o):
    c = f * c_prev + i * g
    da_o = dh * np.tanh(c) * o * (1 - o)
    dc = dc + dh * o * (1 - np.tanh(c) ** 2) + da_o * p_o  # (11.11)
    da_f = dc * c_prev * f * (1 - f)
    da_i = dc * g * i * (1 - i)
    dc_prev = dc * f  # (11.11)
    dp_i = (da_i * c_prev).sum(axis=0)  # (11.12)
    dp_f = (da_f * c_prev).sum(axis=0)
    dp_o = (da_o * c).sum(axis=0)
    return dc_prev, dp_i, dp_f, dp_o
    ### END SOLUTION
""",
        "old-cell-hears-nothing-from-the-gates",
    ),
    (
        "coupled-step",
        """
def coupled_step(x, h_prev, c_prev, W_x, W_h, b):
    a_f, a_g, a_o = np.split(x @ W_x + h_prev @ W_h + b, 3, axis=1)
    f = 1 / (1 + np.exp(-a_f))
    c = (1 - f) * c_prev + f * np.tanh(a_g)  # (11.5)
    return np.tanh(c) / (1 + np.exp(-a_o)), c
    ### END SOLUTION
""",
        "coupled-the-other-way",
    ),
    (
        "coupled-step",
        """
def coupled_step(x, h_prev, c_prev, W_x, W_h, b):
    a_f, a_g, a_o = np.split(x @ W_x + h_prev @ W_h + b, 3, axis=1)
    f = 1 / (1 + np.exp(-a_f))
    c = f * c_prev + np.tanh(a_g)  # (11.5)
    return np.tanh(c) / (1 + np.exp(-a_o)), c
    ### END SOLUTION
""",
        "coupled-candidate-whole",
    ),
    (
        "layer-norm",
        """
def layer_norm(a, gamma, beta, eps):
    mean = a.mean(axis=0, keepdims=True)
    variance = a.var(axis=0, keepdims=True)
    return gamma * (a - mean) / np.sqrt(variance + eps) + beta  # (11.7)
    ### END SOLUTION
""",
        "normed-over-the-batch",
    ),
    (
        "layer-norm",
        """
def layer_norm(a, gamma, beta, eps):
    mean = a.mean(axis=1, keepdims=True)
    variance = a.var(axis=1, keepdims=True, ddof=1)
    return gamma * (a - mean) / np.sqrt(variance + eps) + beta  # (11.7)
    ### END SOLUTION
""",
        "normed-with-n-minus-one",
    ),
    (
        "layer-norm-backward",
        """
def layer_norm_backward(dy, a, gamma, eps):
    scale = 1 / np.sqrt(a.var(axis=1, keepdims=True) + eps)
    unit = (a - a.mean(axis=1, keepdims=True)) * scale
    dunit = dy * gamma
    along = (dunit * unit).mean(axis=1, keepdims=True)
    da = scale * dunit  # (11.8)
    return da, (dy * unit).sum(axis=0), dy.sum(axis=0)
    ### END SOLUTION
""",
        "statistics-held-still",
    ),
    (
        "layer-norm-backward",
        """
def layer_norm_backward(dy, a, gamma, eps):
    scale = 1 / np.sqrt(a.var(axis=1, keepdims=True) + eps)
    unit = (a - a.mean(axis=1, keepdims=True)) * scale
    dunit = dy * gamma
    along = (dunit * unit).sum(axis=1, keepdims=True)
    da = scale * (dunit - dunit.sum(axis=1, keepdims=True) - unit * along)  # (11.8)
    return da, (dy * unit).sum(axis=0), dy.sum(axis=0)
    ### END SOLUTION
""",
        "sums-for-means",
    ),
    (
        "lstm-from-coupled",
        """
def lstm_from_coupled(W_x, W_h, b):
    H = len(W_h)
    return tuple(  # (11.4)
        np.concatenate([W[..., :H], W], axis=-1) for W in (W_x, W_h, b)
    )
    ### END SOLUTION
""",
        "input-gate-copied",
    ),
    (
        "lstm-from-coupled",
        """
def lstm_from_coupled(W_x, W_h, b):
    H = len(W_h)
    return tuple(  # (11.4)
        np.concatenate([1 - W[..., :H], W], axis=-1) for W in (W_x, W_h, b)
    )
    ### END SOLUTION
""",
        "input-gate-one-minus-the-weights",
    ),
    (
        "variant-counts",
        """
def variant_counts(D, H):
    block = H * (D + H + 1)  # (11.14)
    return 4 * block, 4 * block + 3 * H * H, 3 * block, 3 * block, 4 * block + 18 * H
    ### END SOLUTION
""",
        "peepholes-counted-as-matrices",
    ),
    (
        "variant-counts",
        """
def variant_counts(D, H):
    block = H * (D + H + 1)  # (11.14)
    return 4 * block, 4 * block + 3 * H, 3 * block, 3 * block, 4 * block + 16 * H
    ### END SOLUTION
""",
        "cell-norm-not-counted",
    ),
)

RIGHT = (
    (
        "peephole-step",
        """
def peephole_step(x, h, c, W, U, b, *peep):
    H = h.shape[1]
    a = np.einsum("bd,dk->bk", x, W) + np.einsum("bh,hk->bk", h, U) + b
    s = lambda v: 0.5 * (1 + np.tanh(v / 2))
    i = s(a[:, :H] + c @ np.diag(peep[0]))
    f = s(a[:, H : 2 * H] + c @ np.diag(peep[1]))
    new = f * c + i * np.tanh(a[:, 2 * H : 3 * H])
    return {"h": s(a[:, 3 * H :] + new @ np.diag(peep[2])) * np.tanh(new), "c": new}
""",
    ),
    (
        "peephole-step",
        """
import torch


def peephole_step(*given):
    x, h, c, W, U, b, p_i, p_f, p_o = (torch.as_tensor(a) for a in given)
    i, f, g, o = (x @ W + h @ U + b).chunk(4, dim=1)
    c = torch.sigmoid(f + p_f * c) * c + torch.sigmoid(i + p_i * c) * g.tanh()
    return torch.sigmoid(o + p_o * c) * c.tanh(), c
""",
    ),
    (
        "peephole-step",
        """
def peephole_step(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    B, H = h_prev.shape
    h, c = np.zeros((B, H)), np.zeros((B, H))
    for n in range(B):
        a = x[n] @ W_x + h_prev[n] @ W_h + b
        for k in range(H):
            i = 1 / (1 + np.exp(-a[k] - p_i[k] * c_prev[n, k]))
            f = 1 / (1 + np.exp(-a[H + k] - p_f[k] * c_prev[n, k]))
            c[n, k] = f * c_prev[n, k] + i * np.tanh(a[2 * H + k])
            o = 1 / (1 + np.exp(-a[3 * H + k] - p_o[k] * c[n, k]))
            h[n, k] = o * np.tanh(c[n, k])
    return h, c
""",
    ),
    (
        "peephole-step-backward",
        """
import torch


def peephole_step_backward(dh, dc, c_prev, i, f, g, o, p_i, p_f, p_o):
    old, i, f, g, o = (torch.tensor(a) for a in (c_prev, i, f, g, o))
    old.requires_grad_()
    p = [torch.tensor(a, requires_grad=True) for a in (p_i, p_f, p_o)]

    def gate(value, cell, peephole):  # the same value, its peephole made visible
        seen = cell * peephole
        return torch.sigmoid(torch.logit(value) + seen - seen.detach())

    c = gate(f, old, p[1]) * old + gate(i, old, p[0]) * g
    h = gate(o, c, p[2]) * torch.tanh(c)
    loss = (torch.tensor(dh) * h + torch.tensor(dc) * c).sum()
    return torch.autograd.grad(loss, [old, *p])
""",
    ),
    (
        "peephole-step-backward",
        """
def peephole_step_backward(dh, dc, old, i, f, g, o, p_i, p_f, p_o):
    new = f * old + i * g
    t = np.tanh(new)
    out = dh * t * o * (1 - o)
    down = dc + dh * o * (1 - t * t) + out * p_o
    keep, write = down * old * f * (1 - f), down * g * i * (1 - i)
    return {
        "dc_prev": down * f + write * p_i + keep * p_f,
        "dp_i": np.einsum("bh,bh->h", write, old),
        "dp_f": np.einsum("bh,bh->h", keep, old),
        "dp_o": np.einsum("bh,bh->h", out, new),
    }
""",
    ),
    (
        "peephole-step-backward",
        """
def peephole_step_backward(dh, dc, c_prev, i, f, g, o, p_i, p_f, p_o):
    back = np.zeros_like(dh)
    dp = np.zeros((3, dh.shape[1]))
    for n, k in np.ndindex(*dh.shape):
        c = f[n, k] * c_prev[n, k] + i[n, k] * g[n, k]
        a_o = dh[n, k] * np.tanh(c) * o[n, k] * (1 - o[n, k])
        d = dc[n, k] + dh[n, k] * o[n, k] / np.cosh(c) ** 2 + a_o * p_o[k]
        a_f = d * c_prev[n, k] * f[n, k] * (1 - f[n, k])
        a_i = d * g[n, k] * i[n, k] * (1 - i[n, k])
        back[n, k] = d * f[n, k] + a_i * p_i[k] + a_f * p_f[k]
        dp[:, k] += a_i * c_prev[n, k], a_f * c_prev[n, k], a_o * c
    return back, dp[0], dp[1], dp[2]
""",
    ),
    (
        "coupled-step",
        """
def coupled_step(x, h, c, W, U, b):
    H = h.shape[1]
    a = x @ W + h @ U + b
    gates = 1 / (1 + np.exp(-a))
    g = np.tanh(a[:, H : 2 * H])
    new = g + gates[:, :H] * (c - g)
    return gates[:, 2 * H :] * np.tanh(new), new
""",
    ),
    (
        "coupled-step",
        """
import torch


def coupled_step(*given):
    x, h, c, W, U, b = (torch.as_tensor(a) for a in given)
    f, g, o = (x @ W + h @ U + b).chunk(3, dim=1)
    c = torch.lerp(g.tanh(), c, f.sigmoid())
    return o.sigmoid() * c.tanh(), c
""",
    ),
    (
        "coupled-step",
        """
def coupled_step(x, h_prev, c_prev, W_x, W_h, b):
    hs, cs = [], []
    for row, h, c in zip(x, h_prev, c_prev):
        a_f, a_g, a_o = (row @ W_x + h @ W_h + b).reshape(3, -1)
        f = 1 / (1 + np.exp(-a_f))
        cs.append(c * f + np.tanh(a_g) * (1 - f))
        hs.append(np.tanh(cs[-1]) / (1 + np.exp(-a_o)))
    return np.array(hs), np.array(cs)
""",
    ),
    (
        "layer-norm",
        """
def layer_norm(a, gamma, beta, eps):
    rows = []
    for row in a:
        centred = row - sum(row) / len(row)
        rows.append(gamma * centred / (np.mean(centred**2) + eps) ** 0.5 + beta)
    return np.stack(rows)
""",
    ),
    (
        "layer-norm",
        """
import torch


def layer_norm(a, gamma, beta, eps):
    a, gamma, beta = map(torch.as_tensor, (a, gamma, beta))
    return torch.nn.functional.layer_norm(a, gamma.shape, gamma, beta, eps)
""",
    ),
    (
        "layer-norm",
        """
def layer_norm(z, scale, shift, tiny):
    N = z.shape[1]
    centred = z @ (np.eye(N) - 1 / N)
    power = np.einsum("bn,bn->b", centred, centred) / N
    return scale * centred * ((power + tiny) ** -0.5)[:, None] + shift
""",
    ),
    (
        "layer-norm-backward",
        """
import torch


def layer_norm_backward(dy, a, gamma, eps):
    a, gamma = (torch.tensor(v, requires_grad=True) for v in (a, gamma))
    beta = torch.zeros_like(gamma, requires_grad=True)
    y = torch.nn.functional.layer_norm(a, gamma.shape, gamma, beta, eps)
    return torch.autograd.grad(y, (a, gamma, beta), torch.tensor(dy))
""",
    ),
    (
        "layer-norm-backward",
        """
def layer_norm_backward(dy, a, gamma, eps):
    N = a.shape[1]
    da, dgamma = np.zeros_like(a), np.zeros_like(gamma)
    for k in range(len(a)):
        s = (a[k].var() + eps) ** -0.5
        u = (a[k] - a[k].mean()) * s
        jacobian = s * (np.eye(N) - 1 / N - np.outer(u, u) / N)
        da[k] = jacobian @ (dy[k] * gamma)
        dgamma += dy[k] * u
    return da, dgamma, dy.sum(axis=0)
""",
    ),
    (
        "layer-norm-backward",
        """
def layer_norm_backward(d, z, scale, tiny):
    z = z - z.mean(1)[:, None]
    width = np.sqrt((z**2).mean(1) + tiny)[:, None]
    e = d * scale / width
    along = np.einsum("bn,bn->b", e, z)[:, None] / z.shape[1]
    dz = e - along * z / width**2
    return {
        "da": dz - dz.mean(1)[:, None],
        "dgamma": np.einsum("bn,bn->n", d, z / width),
        "dbeta": d.sum(0),
    }
""",
    ),
    (
        "lstm-from-coupled",
        """
def lstm_from_coupled(W_x, W_h, b):
    full = []
    for W in (W_x, W_h, b):
        f, g, o = np.split(W, 3, axis=-1)
        full.append(np.concatenate([-f, f, g, o], axis=-1))
    return full
""",
    ),
    (
        "lstm-from-coupled",
        """
def lstm_from_coupled(W, U, b):
    one = np.eye(len(U))
    none = 0 * one
    spread = np.block(
        [[-one, one, none, none], [none, none, one, none], [none, none, none, one]]
    )
    return {"W_x": W @ spread, "W_h": U @ spread, "b": b @ spread}
""",
    ),
    (
        "lstm-from-coupled",
        """
import torch


def lstm_from_coupled(*given):
    given = [torch.as_tensor(W) for W in given]
    return [torch.cat([-W.chunk(3, dim=-1)[0], W], dim=-1) for W in given]
""",
    ),
    (
        "variant-counts",
        """
def variant_counts(n_in, n_units):
    column = 1 + n_in + n_units
    four, three = 4 * n_units * column, 3 * n_units * column
    return np.array([four, four + 3 * n_units, three, three, four + 18 * n_units])
""",
    ),
    (
        "variant-counts",
        """
def variant_counts(D, H):
    full = 4 * (D * H + H * H + H)
    short = 3 * (D * H + H * H + H)
    norms = 2 * (4 * H) + 2 * (4 * H) + 2 * H
    return {
        "plain": full,
        "peephole": full + 3 * H,
        "coupled": short,
        "no_forget": short,
        "layer_norm": full + norms,
    }
""",
    ),
    (
        "variant-counts",
        """
def variant_counts(D, H):
    gate = sum(np.zeros(shape).size for shape in ((D, H), (H, H), (H,)))
    return [4 * gate, 4 * gate + 3 * H, 3 * gate, 3 * gate, 4 * gate + 18 * H]
""",
    ),
)

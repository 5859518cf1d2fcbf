"""Answers to the assignment of chapter 10: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "10-lstm"

WRONG = (
    (
        "lstm-gates",
        """
def lstm_gates(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    a_i, a_f, a_o, a_g = np.split(a, 4, axis=1)
    s = lambda v: 1 / (1 + np.exp(-v))
    i, f, g, o = s(a_i), s(a_f), np.tanh(a_g), s(a_o)
    return i, f, g, o
""",
        "gates-in-tensorflow-order",
    ),
    (
        "lstm-gates",
        """
def lstm_gates(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    s = lambda v: 1 / (1 + np.exp(-v))
    i, f, g, o = s(a_i), s(a_f), s(a_g), s(a_o)
    return i, f, g, o
""",
        "candidate-with-sigmoid",
    ),
    (
        "lstm-gates",
        """
def lstm_gates(x, h_prev, W_x, W_h, b):
    a = x @ W_x + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    s = lambda v: 1 / (1 + np.exp(-v))
    i, f, g, o = s(a_i), s(a_f), np.tanh(a_g), s(a_o)
    return i, f, g, o
""",
        "lstm-gates-blind-to-state",
    ),
    (
        "lstm-cell",
        """
def lstm_cell(i, f, g, c_prev):
    return i * c_prev + f * g
""",
        "keeps-what-it-should-write",
    ),
    (
        "lstm-cell",
        """
def lstm_cell(i, f, g, c_prev):
    return np.tanh(f * c_prev + i * g)
""",
        "cell-through-tanh",
    ),
    (
        "lstm-output",
        """
def lstm_output(o, c):
    return o * c
""",
        "state-without-tanh",
    ),
    (
        "lstm-output",
        """
def lstm_output(o, c):
    return np.tanh(o * c)
""",
        "tanh-of-the-product",
    ),
    (
        "lstm-step",
        """
def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    s = lambda v: 1 / (1 + np.exp(-v))
    i, f, g, o = s(a_i), s(a_f), np.tanh(a_g), s(a_o)
    c = f * h_prev + i * g
    return o * np.tanh(c), c
""",
        "short-term-for-long",
    ),
    (
        "lstm-step",
        """
def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    s = lambda v: 1 / (1 + np.exp(-v))
    i, f, g, o = s(a_i), s(a_f), np.tanh(a_g), s(a_o)
    c = f * c_prev + i * g
    return c, o * np.tanh(c)
""",
        "pair-in-reverse",
    ),
    (
        "lstm-step-backward",
        """
def lstm_step_backward(dh, dc, x, h_prev, c_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    s = lambda v: 1 / (1 + np.exp(-v))
    i, f, g, o = s(a_i), s(a_f), np.tanh(a_g), s(a_o)
    t = np.tanh(f * c_prev + i * g)
    dc = dh * o * (1 - t**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2)]
    da = np.hstack([*da, dh * t * o * (1 - o)])
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)
""",
        "future-of-the-cell-dropped",
    ),
    (
        "lstm-step-backward",
        """
def lstm_step_backward(dh, dc, x, h_prev, c_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    s = lambda v: 1 / (1 + np.exp(-v))
    i, f, g, o = s(a_i), s(a_f), np.tanh(a_g), s(a_o)
    t = np.tanh(f * c_prev + i * g)
    dc = dc + dh * o
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2)]
    da = np.hstack([*da, dh * t * o * (1 - o)])
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)
""",
        "slope-of-tanh-c-missing",
    ),
    (
        "lstm-step-backward",
        """
def lstm_step_backward(dh, dc, x, h_prev, c_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    s = lambda v: 1 / (1 + np.exp(-v))
    i, f, g, o = s(a_i), s(a_f), np.tanh(a_g), s(a_o)
    t = np.tanh(f * c_prev + i * g)
    dc = dc + dh * o * (1 - t**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2)]
    da = np.hstack([*da, dh * t * o * (1 - o)])
    return da @ W_x.T, da @ W_h.T, dc * i, x.T @ da, h_prev.T @ da, da.sum(axis=0)
""",
        "cell-path-through-i",
    ),
    (
        "lstm-forward",
        """
def lstm_forward(xs, lengths, h0, c0, W_x, W_h, b):
    h, c, hs = h0, c0, []
    for t, x in enumerate(xs):
        a_i, a_f, a_g, a_o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
        s = lambda v: 1 / (1 + np.exp(-v))
        c_new = s(a_f) * c + s(a_i) * np.tanh(a_g)
        h_new = s(a_o) * np.tanh(c_new)
        m = (t < lengths)[:, None]
        h, c = np.where(m, h_new, h), c_new
        hs.append(h)
    return np.stack(hs), h, c
""",
        "cell-not-held",
    ),
    (
        "lstm-forward",
        """
def lstm_forward(xs, lengths, h0, c0, W_x, W_h, b):
    h, c, hs = h0, c0, []
    for t, x in enumerate(xs):
        a_i, a_f, a_g, a_o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
        s = lambda v: 1 / (1 + np.exp(-v))
        c_new = s(a_f) * c + s(a_i) * np.tanh(a_g)
        h_new = s(a_o) * np.tanh(c_new)
        m = (t <= lengths)[:, None]
        h, c = np.where(m, h_new, h), np.where(m, c_new, c)
        hs.append(h)
    return np.stack(hs), h, c
""",
        "lstm-one-step-late",
    ),
    (
        "lstm-from-torch",
        """
def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, weight_hh.T, bias_ih
""",
        "second-bias-forgotten",
    ),
    (
        "lstm-from-torch",
        """
def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    H = weight_hh.shape[1]
    W_x, W_h = weight_ih.reshape(-1, 4 * H), weight_hh.reshape(H, 4 * H)
    return W_x, W_h, bias_ih + bias_hh
""",
        "reshaped-both",
    ),
    (
        "lstm-counts",
        """
def lstm_counts(D, H):
    return 4 * H * (D + H + 1), 4 * H * (D + H + 1)
""",
        "lstm-one-bias-set",
    ),
    (
        "lstm-counts",
        """
def lstm_counts(D, H):
    return 3 * H * (D + H + 1), 3 * H * (D + H + 2)
""",
        "lstm-three-blocks",
    ),
)

RIGHT = (
    (
        "lstm-gates",
        """
def lstm_gates(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    a = np.hstack([x, h_prev]) @ np.vstack([W_x, W_h]) + b
    s = 1 / (1 + np.exp(-a))
    return s[:, :H], s[:, H:2*H], np.tanh(a[:, 2*H:3*H]), s[:, 3*H:]
""",
    ),
    (
        "lstm-gates",
        """
def lstm_gates(x, h_prev, W_x, W_h, b):
    import torch

    x, h, U, V, c = (torch.tensor(v) for v in (x, h_prev, W_x, W_h, b))
    a_i, a_f, a_g, a_o = torch.chunk(x @ U + h @ V + c, 4, dim=1)
    return a_i.sigmoid(), a_f.sigmoid(), a_g.tanh(), a_o.sigmoid()
""",
    ),
    (
        "lstm-gates",
        """
def lstm_gates(x, h_prev, W_x, W_h, bias):
    a = np.einsum('nd,dk->nk', x, W_x) + np.einsum('nh,hk->nk', h_prev, W_h) + bias
    out = []
    for k, part in enumerate(np.split(a, 4, axis=-1)):
        out.append(np.tanh(part) if k == 2 else 0.5 * (1 + np.tanh(part / 2)))
    return tuple(out)
""",
    ),
    (
        "lstm-cell",
        """
def lstm_cell(i, f, g, c_prev):
    return np.add(np.multiply(i, g), np.multiply(f, c_prev))
""",
    ),
    (
        "lstm-cell",
        """
def lstm_cell(write, keep, new, old):
    c = np.empty_like(old)
    for k in np.ndindex(*old.shape):
        c[k] = keep[k] * old[k] + write[k] * new[k]
    return c
""",
    ),
    (
        "lstm-cell",
        """
import torch


def lstm_cell(i, f, g, c_prev):
    i, f, g, c = map(torch.as_tensor, (i, f, g, c_prev))
    return torch.addcmul(f * c, i, g)
""",
    ),
    (
        "lstm-output",
        """
def lstm_output(o, c):
    e = np.exp(-2 * np.abs(c))
    return o * np.sign(c) * (1 - e) / (1 + e)
""",
    ),
    (
        "lstm-output",
        """
import torch


def lstm_output(o, c):
    return torch.as_tensor(o) * torch.tanh(torch.as_tensor(c))
""",
    ),
    (
        "lstm-output",
        """
def lstm_output(gate, cell):
    return np.array([[g * np.tanh(v) for g, v in zip(*r)] for r in zip(gate, cell)])
""",
    ),
    (
        "lstm-step",
        """
def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    i, f, g, o = np.split(x @ W_x + h_prev @ W_h + b, 4, axis=1)
    sig = lambda v: 0.5 + 0.5 * np.tanh(v / 2)
    c = sig(f) * c_prev + sig(i) * np.tanh(g)
    return sig(o) * np.tanh(c), c
""",
    ),
    (
        "lstm-step",
        """
import torch


def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    cell = torch.nn.LSTMCell(x.shape[1], H).double()
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor(W_x.T.copy()))
        cell.weight_hh.copy_(torch.tensor(W_h.T.copy()))
        cell.bias_ih.copy_(torch.tensor(b))
        cell.bias_hh.zero_()
        return cell(torch.tensor(x), (torch.tensor(h_prev), torch.tensor(c_prev)))
""",
    ),
    (
        "lstm-step",
        """
def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    hs, cs = [], []
    for row in range(len(x)):
        a = x[row] @ W_x + h_prev[row] @ W_h + b
        s = 1 / (1 + np.exp(-a))
        c = s[H : 2 * H] * c_prev[row] + s[:H] * np.tanh(a[2 * H : 3 * H])
        cs.append(c)
        hs.append(s[3 * H :] * np.tanh(c))
    return np.array(hs), np.array(cs)
""",
    ),
    (
        "lstm-step-backward",
        """
def lstm_step_backward(dh, dc, x, h_prev, c_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    s = lambda v: 1 / (1 + np.exp(-v))
    i, f, g, o = s(a_i), s(a_f), np.tanh(a_g), s(a_o)
    t = np.tanh(f * c_prev + i * g)
    dc = dc + dh * o * (1 - t**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2)]
    da = np.hstack([*da, dh * t * o * (1 - o)])
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)
""",
    ),
    (
        "lstm-step-backward",
        """
import torch


def lstm_step_backward(dh, dc, x, h_prev, c_prev, W_x, W_h, b):
    v = [torch.tensor(a, requires_grad=True) for a in (x, h_prev, c_prev, W_x, W_h, b)]
    i, f, g, o = torch.chunk(v[0] @ v[3] + v[1] @ v[4] + v[5], 4, dim=1)
    c = f.sigmoid() * v[2] + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    return torch.autograd.grad([h, c], v, [torch.tensor(dh), torch.tensor(dc)])
""",
    ),
    (
        "lstm-step-backward",
        """
def lstm_step_backward(dh, dc, x, h_prev, c_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    s = lambda v: 1 / (1 + np.exp(-v))
    i, f, g, o = s(a_i), s(a_f), np.tanh(a_g), s(a_o)
    t = np.tanh(f * c_prev + i * g)
    total = dc + dh * o * (1 - t * t)
    da = np.empty((len(x), 4 * f.shape[1]))
    H = f.shape[1]
    da[:, :H] = total * g * (i - i * i)
    da[:, H : 2 * H] = total * c_prev * (f - f * f)
    da[:, 2 * H : 3 * H] = total * i * (1 - g * g)
    da[:, 3 * H :] = dh * t * (o - o * o)
    parts = {'dx': da @ W_x.T, 'dh_prev': da @ W_h.T, 'dc_prev': total * f}
    parts['dW_x'] = np.einsum('nd,nk->dk', x, da)
    parts['dW_h'] = np.einsum('nh,nk->hk', h_prev, da)
    return parts | {'db': da.sum(0)}
""",
    ),
    (
        "lstm-forward",
        """
def lstm_forward(xs, lengths, h0, c0, W_x, W_h, b):
    h, c, hs = h0, c0, []
    for t, x in enumerate(xs):
        a_i, a_f, a_g, a_o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
        s = lambda v: 1 / (1 + np.exp(-v))
        c_new = s(a_f) * c + s(a_i) * np.tanh(a_g)
        h_new = s(a_o) * np.tanh(c_new)
        m = (t < lengths)[:, None]
        h, c = np.where(m, h_new, h), np.where(m, c_new, c)
        hs.append(h)
    return np.stack(hs), h, c
""",
    ),
    (
        "lstm-forward",
        """
def lstm_forward(xs, lengths, h0, c0, W_x, W_h, b):
    T, n = len(xs), len(h0)
    hs = np.empty((T, *h0.shape))
    h, c = h0.copy(), c0.copy()
    for k in range(n):
        for t in range(T):
            if t < lengths[k]:
                i, f, g, o = np.split(xs[t, k] @ W_x + h[k] @ W_h + b, 4)
                s = lambda v: 1 / (1 + np.exp(-v))
                c[k] = s(f) * c[k] + s(i) * np.tanh(g)
                h[k] = s(o) * np.tanh(c[k])
            hs[t, k] = h[k]
    return hs, h, c
""",
    ),
    (
        "lstm-forward",
        """
def lstm_forward(xs, lengths, h0, c0, W_x, W_h, b):
    h, c, hs = h0, c0, []
    for t in range(len(xs)):
        on = np.flatnonzero(t < np.asarray(lengths))
        h, c = h.copy(), c.copy()
        i, f, g, o = np.split(xs[t][on] @ W_x + h[on] @ W_h + b, 4, axis=1)
        s = lambda v: 0.5 + 0.5 * np.tanh(v / 2)
        c[on] = s(f) * c[on] + s(i) * np.tanh(g)
        h[on] = s(o) * np.tanh(c[on])
        hs.append(h)
    return np.stack(hs), h, c
""",
    ),
    (
        "lstm-from-torch",
        """
def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    swap = np.transpose
    return swap(weight_ih), swap(weight_hh), np.sum([bias_ih, bias_hh], axis=0)
""",
    ),
    (
        "lstm-from-torch",
        """
import torch


def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    U, V = torch.as_tensor(weight_ih), torch.as_tensor(weight_hh)
    return U.t(), V.t(), torch.as_tensor(bias_ih) + torch.as_tensor(bias_hh)
""",
    ),
    (
        "lstm-from-torch",
        """
def lstm_from_torch(U, V, p, q):
    flip = lambda M: np.array([[row[k] for row in M] for k in range(M.shape[1])])
    return {'W_x': flip(U), 'W_h': flip(V), 'b': p + q}
""",
    ),
    (
        "lstm-counts",
        """
def lstm_counts(D, H):
    n = 4 * (D * H + H * H + H)
    return n, n + 4 * H
""",
    ),
    (
        "lstm-counts",
        """
import torch


def lstm_counts(D, H):
    n = sum(w.numel() for w in torch.nn.LSTM(D, H).parameters())
    return n - 4 * H, n
""",
    ),
    (
        "lstm-counts",
        """
def lstm_counts(n_in, units):
    rows = 4 * units
    return np.array([rows * (n_in + units + k) for k in (1, 2)])
""",
    ),
)

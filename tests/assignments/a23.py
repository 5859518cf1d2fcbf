"""Answers to the assignment of chapter 23 that people give, wrong ones and right ones.

Each is the whole source of a solution cell. Wrong ones come with the name of the
mistake that the check must recognise.
"""

ASSIGNMENT = "23-speed"

WRONG = (
    (
        "fuse-gates",
        """
def fuse_gates(W, b):
    return W.reshape(W.shape[1], -1), b.reshape(-1)
""",
        "reshaped-not-joined",
    ),
    (
        "fuse-gates",
        """
def fuse_gates(W, b):
    return np.vstack(list(W)), np.hstack(list(b))
""",
        "one-below-the-other",
    ),
    (
        "stack-weights",
        """
def stack_weights(W_x, W_h, b):
    H = len(W_h)
    W = np.vstack([b, W_x, W_h]) / 2
    return W[:, np.r_[0 : 2 * H, 3 * H : 4 * H, 2 * H : 3 * H]]
""",
        "all-halved",
    ),
    (
        "stack-weights",
        """
def stack_weights(W_x, W_h, b):
    H = len(W_h)
    W = np.vstack([W_x, W_h, b])
    W[:, : 2 * H] *= 0.5
    W[:, 3 * H :] *= 0.5
    return np.hstack([W[:, : 2 * H], W[:, 3 * H :], W[:, 2 * H : 3 * H]])
""",
        "bias-at-the-bottom",
    ),
    (
        "step-cost",
        """
def step_cost(B, D, H, gates, itemsize):
    rows, columns = D + H, gates * H
    moved = rows * columns + B * (rows + columns)
    return 2 * B * rows * columns, itemsize * moved
""",
        "bias-not-counted",
    ),
    (
        "step-cost",
        """
def step_cost(B, D, H, gates, itemsize):
    each = (1 + D + H) * gates * H
    moved = each + (1 + D + H) + gates * H
    return 2 * B * each, itemsize * B * moved
""",
        "weights-for-each-sequence",
    ),
    (
        "roofline",
        """
def roofline(intensity, P, beta):
    seconds = intensity / P + 1 / beta  # for one byte
    return intensity / seconds, P / beta
""",
        "times-added-up",
    ),
    (
        "roofline",
        """
def roofline(intensity, P, beta):
    return np.where(intensity * beta < P, intensity * beta, P), beta / P
""",
        "corner-upside-down",
    ),
    (
        "join-steps",
        """
def join_steps(a1, b1, a2, b2):
    return a1 * a2, a1 * b2 + b1
""",
        "later-step-first",
    ),
    (
        "join-steps",
        """
def join_steps(a1, b1, a2, b2):
    a = a1 * a2
    return a, a * b1 + b2
""",
        "multiplied-by-both",
    ),
    (
        "scan-passes",
        """
def scan_passes(a, b, h0):
    a, b = a.copy(), b.copy()
    b[0] = b[0] + a[0] * h0
    out, reach = [b.copy()], 1
    while reach < len(a):
        for t in range(reach, len(a)):
            b[t] = b[t] + a[t] * b[t - reach]
            a[t] = a[t] * a[t - reach]
        out.append(b.copy())
        reach = 2 * reach
    return np.array(out)
""",
        "read-while-writing",
    ),
    (
        "scan-passes",
        """
def scan_passes(a, b, h0):
    first = b.copy()
    first[0] = first[0] + h0
    out, a, reach = [first], a.copy(), 1
    while reach < len(a):
        b = out[-1].copy()
        b[reach:] += a[reach:] * out[-1][:-reach]
        a[reach:] = a[reach:] * a[:-reach]
        out.append(b)
        reach *= 2
    return np.stack(out)
""",
        "state-not-multiplied",
    ),
    (
        "scan-passes",
        """
def scan_passes(a, b, h0):
    b = np.concatenate([(b[0] + a[0] * h0)[None], b[1:]])
    out, reach = [b], 1
    while reach < len(a):
        b = np.concatenate([b[:reach], a[reach:] * b[:-reach] + b[reach:]])
        out.append(b)
        reach *= 2
    return np.stack(out)
""",
        "factors-not-joined",
    ),
    (
        "min-gru",
        """
def min_gru(xs, W_z, b_z, W_n, b_n, h0):
    h, hs = h0, []
    for x in xs:
        z = 1 / (1 + np.exp(-(x @ W_z + b_z)))
        h = z * h + (1 - z) * (x @ W_n + b_n)
        hs.append(h)
    return np.stack(hs)
""",
        "gate-the-other-way",
    ),
    (
        "min-gru",
        """
def min_gru(xs, W_z, b_z, W_n, b_n, h0):
    h, hs = h0, []
    for x in xs:
        z = 1 / (1 + np.exp(-(x @ W_z + b_z)))
        h = h + z * (np.tanh(x @ W_n + b_n) - h)
        hs.append(h)
    return np.stack(hs)
""",
        "tanh-of-the-candidate",
    ),
    (
        "min-gru",
        """
def min_gru(xs, W_z, b_z, W_n, b_n, h0):
    z = 1 / (1 + np.exp(-(xs @ W_z + b_z)))
    new = z * (xs @ W_n + b_n)
    hs = np.empty_like(new)
    hs[0] = new[0]
    for t in range(1, len(xs)):
        hs[t] = (1 - z[t]) * hs[t - 1] + new[t]
    return hs
""",
        "initial-state-ignored",
    ),
)

RIGHT = (
    (
        "fuse-gates",
        """
def fuse_gates(weights, biases):
    return np.hstack([*weights]), biases.reshape(-1)
""",
    ),
    (
        "fuse-gates",
        """
import torch


def fuse_gates(W, b):
    W, b = torch.as_tensor(W), torch.as_tensor(b)
    return torch.cat(tuple(W), dim=1), b.flatten()
""",
    ),
    (
        "fuse-gates",
        """
def fuse_gates(W, b):
    K, D, H = W.shape
    return np.einsum("kdh->dkh", W).reshape(D, K * H), np.ravel(b)
""",
    ),
    (
        "stack-weights",
        """
def stack_weights(W_x, W_h, b):
    H = len(W_h)
    out = np.zeros((1 + len(W_x) + H, 4 * H))
    for place, gate in enumerate((0, 1, 3, 2)):
        factor = 1.0 if gate == 2 else 0.5
        columns = slice(gate * H, (gate + 1) * H)
        there = slice(place * H, (place + 1) * H)
        out[0, there] = factor * b[columns]
        out[1 : 1 + len(W_x), there] = factor * W_x[:, columns]
        out[1 + len(W_x) :, there] = factor * W_h[:, columns]
    return out
""",
    ),
    (
        "stack-weights",
        """
import torch


def stack_weights(inner, state, bias):
    rows = [torch.as_tensor(w) for w in (bias[None], inner, state)]
    i, f, g, o = torch.cat(rows).chunk(4, dim=1)
    return torch.cat([torch.cat([i, f, o], dim=1) / 2, g], dim=1)
""",
    ),
    (
        "stack-weights",
        """
def stack_weights(W_x, W_h, b):
    H = len(W_h)
    W = np.vstack([b, W_x, W_h])[:, np.r_[0 : 2 * H, 3 * H : 4 * H, 2 * H : 3 * H]]
    return W * np.repeat([0.5, 0.5, 0.5, 1.0], H)
""",
    ),
    (
        "step-cost",
        """
def step_cost(B, D, H, gates, itemsize):
    s, W, a = (B, 1 + D + H), (1 + D + H, gates * H), (B, gates * H)
    return 2 * s[1] * a[0] * a[1], itemsize * sum(np.prod(x) for x in (s, W, a))
""",
    ),
    (
        "step-cost",
        """
def step_cost(batch, inputs, units, gates, size):
    bytes_of = {
        "weights": (inputs + units + 1) * units * gates * size,
        "read": batch * (inputs + units + 1) * size,
        "written": batch * units * gates * size,
    }
    return 2 * batch * bytes_of["weights"] / size, sum(bytes_of.values())
""",
    ),
    (
        "step-cost",
        """
def step_cost(B, D, H, gates, itemsize):
    N = 0
    for _ in range(B):
        N += gates * H * (1 + D + H) * 2
    return N, (N // (2 * B) + B * (1 + D + H + gates * H)) * itemsize
""",
    ),
    (
        "roofline",
        """
def roofline(intensity, P, beta):
    return np.array([min(P, i * beta) for i in intensity]), P / beta
""",
    ),
    (
        "roofline",
        """
import torch


def roofline(intensity, P, beta):
    return torch.clamp(torch.as_tensor(intensity) * beta, max=P), P / beta
""",
    ),
    (
        "roofline",
        """
def roofline(intensity, P, beta):
    corner = P / beta
    return P * np.clip(intensity / corner, None, 1), corner
""",
    ),
    (
        "join-steps",
        """
def join_steps(a1, b1, a2, b2):
    at_zero = a2 * b1 + b2
    at_one = a2 * (a1 + b1) + b2
    return at_one - at_zero, at_zero
""",
    ),
    (
        "join-steps",
        """
def join_steps(a1, b1, a2, b2):
    a, b = [], []
    for p, q, r, s in zip(a1, b1, a2, b2):
        both = np.array([[r, s], [0, 1]]) @ np.array([[p, q], [0, 1]])
        a.append(both[0, 0])
        b.append(both[0, 1])
    return np.array(a), np.array(b)
""",
    ),
    (
        "join-steps",
        """
import torch


def join_steps(a1, b1, a2, b2):
    a1, b1, a2, b2 = (torch.as_tensor(v) for v in (a1, b1, a2, b2))
    return a1 * a2, torch.addcmul(b2, a2, b1)
""",
    ),
    (
        "scan-passes",
        """
def scan_passes(a, b, h0):
    T = len(a)
    pairs = [(a[t], b[t] + (a[0] * h0 if t == 0 else 0)) for t in range(T)]
    out, reach = [[q for _, q in pairs]], 1
    while reach < T:
        pairs = [
            (p * pairs[t - reach][0], p * pairs[t - reach][1] + q)
            if t >= reach
            else (p, q)
            for t, (p, q) in enumerate(pairs)
        ]
        out.append([q for _, q in pairs])
        reach += reach
    return np.array(out)
""",
    ),
    (
        "scan-passes",
        """
import torch


def scan_passes(a, b, h0):
    a, b, h0 = (torch.as_tensor(v).clone() for v in (a, b, h0))
    b[0] += a[0] * h0
    passes, reach = [b], 1
    while reach < len(a):
        b = torch.cat([b[:reach], a[reach:] * b[:-reach] + b[reach:]])
        a = torch.cat([a[:reach], a[reach:] * a[:-reach]])
        passes.append(b)
        reach *= 2
    return torch.stack(passes)
""",
    ),
    (
        "scan-passes",
        """
def scan_passes(a, b, h0):
    T = len(a)
    P = int(np.ceil(np.log2(T)))
    out = []
    for k in range(P + 1):
        row = np.zeros_like(b)
        for t in range(T):  # the last 2**k steps up to t, one after the other
            begin = t + 1 - 2**k
            h = np.zeros_like(h0) if begin > 0 else h0
            for j in range(max(begin, 0), t + 1):
                h = a[j] * h + b[j]
            row[t] = h
        out.append(row)
    return np.stack(out)
""",
    ),
    (
        "min-gru",
        """
def min_gru(xs, W_z, b_z, W_n, b_n, h0):
    h, hs = h0, []
    for x in xs:
        z = 1 / (1 + np.exp(-(x @ W_z + b_z)))
        h = (1 - z) * h + z * (x @ W_n + b_n)
        hs.append(h)
    return np.stack(hs)
""",
    ),
    (
        "min-gru",
        """
import torch


def min_gru(xs, W_z, b_z, W_n, b_n, h0):
    xs, W_z, b_z, W_n, b_n, h0 = map(torch.as_tensor, (xs, W_z, b_z, W_n, b_n, h0))
    z = torch.sigmoid(xs @ W_z + b_z)
    h, hs = h0, []
    for a, b in zip(1 - z, z * (xs @ W_n + b_n)):
        h = a * h + b
        hs.append(h)
    return torch.stack(hs)
""",
    ),
    (
        "min-gru",
        """
def min_gru(seq, gate, gate_bias, new, new_bias, state):
    z = 0.5 * (1 + np.tanh(0.5 * (np.einsum("tbd,dh->tbh", seq, gate) + gate_bias)))
    n = np.einsum("tbd,dh->tbh", seq, new) + new_bias
    hs = [state]
    for z_t, n_t in zip(z, n):
        hs.append(hs[-1] + z_t * (n_t - hs[-1]))
    return np.array(hs[1:])
""",
    ),
)

"""Answers to the assignment of chapter 7: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "07-recurrent-networks"

WRONG = (
    (
        "rnn-step",
        """
def rnn_step(x, h_prev, W_x, W_h, b):
    return np.tanh(x @ W_h + h_prev @ W_x + b)
""",
        "weights-swapped",
    ),
    (
        "rnn-step",
        """
def rnn_step(x, h_prev, W_x, W_h, b):
    new = np.zeros((len(x), len(b)), dtype=np.float32)
    for row in range(len(x)):
        new[row] = np.tanh(x[row] @ W_x + h_prev[row] @ W_h + b)
    return new
""",
        "float32",
    ),
    (
        "rnn-step",
        """
def rnn_step(x, h_prev, W_x, W_h, b):
    np.matmul(h_prev, W_h, out=(keep := np.empty_like(h_prev)))
    keep += x @ W_x + b
    np.tanh(keep, out=h_prev)
    return h_prev
""",
        "changed-its-input",
    ),
    (
        "rnn-forward",
        """
def rnn_forward(xs, h0, W_x, W_h, b):
    states = []
    for x in xs:
        states.append(np.tanh(x.dot(W_x) + h0.dot(W_h) + b))
    return np.array(states)
""",
        "state-not-carried",
    ),
    (
        "rnn-forward",
        """
def rnn_forward(xs, h0, W_x, W_h, b):
    h = h0.copy()
    states = []
    for x in xs:
        h[:] = np.tanh(x @ W_x + h @ W_h + b)
        states.append(h)
    return np.stack(states)
""",
        "one-array-many-times",
    ),
    (
        "rnn-forward",
        """
def rnn_forward(xs, h0, W_x, W_h, b):
    states = []
    for x in xs:
        h0 = np.tanh(x @ W_x + h0 @ W_h + b)
        states.append(h0)
    return np.stack(states, axis=-1)
""",
        "time-on-the-last-axis",
    ),
    (
        "padding-rule",
        """
def rnn_forward_padded(xs, lengths, h0, W_x, W_h, b):
    h, hs = h0, []
    for t in range(len(xs)):
        h = np.tanh(xs[t] @ W_x + h @ W_h + b)
        h[t >= lengths] = 0
        hs.append(h)
    return np.stack(hs), h
""",
        "padding-zeroed",
    ),
    (
        "padding-rule",
        """
def rnn_forward_padded(xs, lengths, h0, W_x, W_h, b):
    h, hs = h0, []
    for t in range(len(xs)):
        new = np.tanh(xs[t] @ W_x + h @ W_h + b)
        h = np.where((t <= lengths)[:, None], new, h)
        hs.append(h)
    return np.stack(hs), h
""",
        "one-step-too-many",
    ),
    (
        "step-probabilities",
        """
def step_probabilities(hs, W_y, b_y):
    scores = np.exp(hs @ W_y + b_y)
    return scores / np.sum(scores, axis=2, keepdims=True)
""",
        "overflow",
    ),
    (
        "step-probabilities",
        """
def step_probabilities(hs, W_y, b_y):
    z = hs @ W_y + b_y
    z = np.exp(z - z.max())
    return z / z.sum(axis=0)
""",
        "softmax-over-time",
    ),
    (
        "step-losses",
        """
def step_losses(o, y):
    p = np.exp(o) / np.exp(o).sum(-1, keepdims=True)
    T, B, K = o.shape
    return np.array([[-np.log(p[t, i, y[t, i]]) for i in range(B)] for t in range(T)])
""",
        "logarithm-of-zero",
    ),
    (
        "step-losses",
        """
def step_losses(o, y):
    o = o - o.max(axis=-1, keepdims=True)
    log_p = o - np.log(np.exp(o).sum(axis=-1, keepdims=True))
    picked = np.take_along_axis(log_p, y[:, :, None], axis=2)
    return -picked.mean()
""",
        "mean-taken",
    ),
    (
        "three-steps",
        """
x = np.array([[1.0, 0.5], [-0.5, 1.0], [0.25, -1.0]])
W_x = np.array([[0.4, -0.6], [0.3, 0.8]])
W_h = np.array([[0.5, 0.9], [-0.7, 0.2]])
b = np.array([0.1, -0.2])
h = np.zeros(2)
states = []
for t in range(3):
    h = np.tanh(W_x @ x[t] + W_h @ h + b)
    states.append(h.round(3))
states = np.array(states)
""",
        "column-vectors",
    ),
    (
        "counter",
        """
counter = {
    "W_x": np.array([[1.0]]),
    "W_h": np.array([[1.0]]),
    "b": np.array([0.0]),
    "W_y": np.array([[1.3]]),
    "b_y": np.array([0.0]),
}
""",
        "saturates",
    ),
    (
        "counter",
        """
counter = {
    "W_x": np.array([[0.002]]),
    "W_h": np.array([[0.5]]),
    "b": np.array([0.0]),
    "W_y": np.array([[500.0]]),
    "b_y": np.array([0.0]),
}
""",
        "leaks",
    ),
    (
        "parameter-count",
        """
def count_parameters(T, D, H, K):
    per_step = D * H + H * H + H + H * K + K
    return T * per_step
""",
        "weights-for-each-step",
    ),
    (
        "parameter-count",
        """
def count_parameters(T, D, H, K):
    return D * H + H**2 + 2 * H + K * (H + 1)
""",
        "two-biases",
    ),
)

RIGHT = (
    (
        "rnn-step",
        """
def rnn_step(x, h_prev, W_x, W_h, b):
    B, H = h_prev.shape
    h = np.empty((B, H))
    for i in range(B):
        for k in range(H):
            total = b[k]
            for d in range(x.shape[1]):
                total += x[i, d] * W_x[d, k]
            for j in range(H):
                total += h_prev[i, j] * W_h[j, k]
            up, down = np.exp(total), np.exp(-total)
            h[i, k] = (up - down) / (up + down)
    return h
""",
    ),
    (
        "rnn-step",
        """
def rnn_step(now, before, U, W, shift):
    summed = np.einsum("bd,dh->bh", now, U) + np.einsum("bj,jh->bh", before, W)
    return np.tanh(summed + shift)
""",
    ),
    (
        "rnn-step",
        """
import torch


def rnn_step(x, h_prev, W_x, W_h, b):
    x, h_prev, W_x, W_h, b = map(torch.as_tensor, (x, h_prev, W_x, W_h, b))
    print("one step for", len(x), "rows")
    return torch.tanh(x @ W_x + h_prev @ W_h + b)
""",
    ),
    (
        "rnn-forward",
        """
def rnn_forward(xs, h0, W_x, W_h, b):
    T, B, _ = xs.shape
    hs = np.zeros((T + 1, B, len(b)))
    hs[0] = h0
    for t in range(T):
        hs[t + 1] = np.tanh(xs[t] @ W_x + hs[t] @ W_h + b)
    return hs[1:]
""",
    ),
    (
        "rnn-forward",
        """
def rnn_forward(sequence, state, U, W, shift):
    def run(rest, state):
        if len(rest) == 0:
            return []
        state = np.tanh(
            np.concatenate([rest[0], state], axis=1) @ np.concatenate([U, W]) + shift
        )
        return [state, *run(rest[1:], state)]

    return run(sequence, state)
""",
    ),
    (
        "rnn-forward",
        """
def rnn_forward(xs, h0, W_x, W_h, b):
    import torch

    layer = torch.nn.RNN(W_x.shape[0], W_h.shape[0]).double()
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.from_numpy(W_x.T))
        layer.weight_hh_l0.copy_(torch.from_numpy(W_h.T))
        layer.bias_ih_l0.copy_(torch.from_numpy(b))
        layer.bias_hh_l0.zero_()
    return layer(torch.from_numpy(xs), torch.from_numpy(h0)[None])[0]
""",
    ),
    (
        "padding-rule",
        """
def rnn_forward_padded(xs, lengths, h0, W_x, W_h, b):
    T, B, _ = xs.shape
    hs = np.zeros((T, B, len(b)))
    for i in range(B):
        h = h0[i]
        for t in range(T):
            if t < lengths[i]:
                h = np.tanh(xs[t, i] @ W_x + h @ W_h + b)
            hs[t, i] = h
    return hs, hs[-1]
""",
    ),
    (
        "padding-rule",
        """
def rnn_forward_padded(xs, lengths, h0, W_x, W_h, b):
    h, hs = h0, []
    for t, x in enumerate(xs):
        m = (t < lengths).astype(float)[:, None]
        h = m * np.tanh(np.einsum("bd,dh->bh", x, W_x) + h @ W_h + b) + (1 - m) * h
        hs.append(h)
    return {"hs": np.array(hs), "h_T": h}
""",
    ),
    (
        "padding-rule",
        """
def rnn_forward_padded(xs, lengths, h0, W_x, W_h, b):
    import torch

    xs, lengths, h, W_x, W_h, b = map(torch.tensor, (xs, lengths, h0, W_x, W_h, b))
    hs = []
    for t in range(len(xs)):
        new = torch.tanh(xs[t] @ W_x + h @ W_h + b)
        h = torch.where((lengths > t).unsqueeze(1), new, h)
        hs.append(h)
    return torch.stack(hs), h
""",
    ),
    (
        "step-probabilities",
        """
def step_probabilities(hs, W_y, b_y):
    ps = np.empty((*hs.shape[:2], len(b_y)))
    for t in range(hs.shape[0]):
        for i in range(hs.shape[1]):
            o = hs[t, i] @ W_y + b_y
            e = np.exp(o - max(o))
            ps[t, i] = e / sum(e)
    return ps
""",
    ),
    (
        "step-probabilities",
        """
def step_probabilities(hs, W_y, b_y):
    o = np.einsum("tbh,hk->tbk", hs, W_y) + b_y
    return np.exp(o - np.logaddexp.reduce(o, axis=-1, keepdims=True))
""",
    ),
    (
        "step-probabilities",
        """
def step_probabilities(hs, W_y, b_y):
    import torch

    o = torch.from_numpy(hs) @ torch.from_numpy(W_y) + torch.from_numpy(b_y)
    return torch.softmax(o, dim=-1)
""",
    ),
    (
        "step-losses",
        """
def step_losses(o, y):
    losses = np.empty(y.shape)
    for t in range(y.shape[0]):
        for i in range(y.shape[1]):
            row = o[t, i]
            top = row.max()
            losses[t, i] = top + np.log(np.exp(row - top).sum()) - row[y[t, i]]
    return losses
""",
    ),
    (
        "step-losses",
        """
def step_losses(o, y):
    hot = np.eye(o.shape[-1])[y]
    return np.logaddexp.reduce(o, axis=-1) - np.einsum("tbk,tbk->tb", o, hot)
""",
    ),
    (
        "step-losses",
        """
def step_losses(o, y):
    import torch

    scores = torch.tensor(o, requires_grad=True).movedim(-1, 1)
    return torch.nn.functional.cross_entropy(scores, torch.tensor(y), reduction="none")
""",
    ),
    (
        "three-steps",
        """
import math


def step(x, h):
    return [
        math.tanh(0.4 * x[0] + 0.3 * x[1] + 0.5 * h[0] - 0.7 * h[1] + 0.1),
        math.tanh(-0.6 * x[0] + 0.8 * x[1] + 0.9 * h[0] + 0.2 * h[1] - 0.2),
    ]


h_1 = step([1, 0.5], [0, 0])
h_2 = step([-0.5, 1], h_1)
states = [h_1, h_2, step([0.25, -1], h_2)]
""",
    ),
    (
        "three-steps",
        """
W = np.array([[0.4, -0.6], [0.3, 0.8], [0.5, 0.9], [-0.7, 0.2]])
states = np.zeros((4, 2))
for t, x in enumerate([(1, 0.5), (-0.5, 1), (0.25, -1)]):
    states[t + 1] = np.tanh(np.r_[x, states[t]] @ W + [0.1, -0.2])
states = states[1:].round(3)
""",
    ),
    (
        "three-steps",
        """
import torch

cell = torch.nn.RNNCell(2, 2)
with torch.no_grad():
    cell.weight_ih.copy_(torch.tensor([[0.4, 0.3], [-0.6, 0.8]]))
    cell.weight_hh.copy_(torch.tensor([[0.5, -0.7], [0.9, 0.2]]))
    cell.bias_ih.copy_(torch.tensor([0.1, -0.2]))
    cell.bias_hh.zero_()
h, states = torch.zeros(1, 2), []
for x in ([1, 0.5], [-0.5, 1], [0.25, -1]):
    h = cell(torch.tensor([x]), h)
    states.append(h[0])
states = torch.stack(states)
""",
    ),
    (
        "counter",
        """
a = 1e-4
counter = dict(W_x=[[a]], W_h=[[1]], b=[0], W_y=[[1 / a]], b_y=[0])
""",
    ),
    (
        "counter",
        """
# Two units: the second counts downwards, and the output takes their difference.
counter = {
    "W_x": np.array([[0.002, -0.001]]),
    "W_h": np.eye(2),
    "b": np.zeros(2),
    "W_y": np.array([[400.0], [-200.0]]),
    "b_y": np.zeros(1),
}
""",
    ),
    (
        "counter",
        """
import torch

counter = {
    "W_x": torch.tensor([[-0.0005]]),
    "W_h": torch.ones(1, 1),
    "b": torch.zeros(1),
    "W_y": torch.tensor([[-2000.0]]),
    "b_y": torch.zeros(1),
}
""",
    ),
    (
        "parameter-count",
        """
def count_parameters(T, D, H, K):
    shapes = [(D, H), (H, H), (H,), (H, K), (K,)]
    return sum(np.prod(shape) for shape in shapes)
""",
    ),
    (
        "parameter-count",
        """
def count_parameters(steps, inputs, units, classes):
    total = 0
    for _ in range(units):
        total += inputs + units + 1
    return total + classes + classes * units
""",
    ),
    (
        "parameter-count",
        """
def count_parameters(T, D, H, K):
    import torch

    layer, head = torch.nn.RNN(D, H), torch.nn.Linear(H, K)
    both = [*layer.parameters(), *head.parameters()]
    return torch.tensor(sum(p.numel() for p in both) - H)
""",
    ),
)

"""Answers to "Spot the slip": lines copied from decks, and right ones of all kinds."""

ASSIGNMENT = "spot-the-slip"

WRONG = (
    (
        "powers-of-a-matrix",
        """
def state_after(W_h, h_0, t):
    values, Q = np.linalg.eigh(W_h)
    return h_0 @ (Q.T @ np.diag(values**t) @ Q)
""",
        "as-deck-004-prints-it",
    ),
    (
        "first-term-of-the-sum",
        """
def unrolled(b, c):
    T = len(b)
    later = sum(b[i] * np.prod(c[i + 1 :]) for i in range(1, T))
    return later + b[0] * np.prod(c)
""",
        "as-deck-001-prints-it",
    ),
    (
        "what-truncation-keeps",
        """
def truncated(b, c, tau):
    return sum(b[i] * np.prod(c[i + 1 :]) for i in range(len(b) - tau))
""",
        "as-deck-001-prints-it",
    ),
    (
        "windows-and-targets",
        """
def windows(series, tau):
    n = len(series) // tau
    X = np.array([series[i * tau : i * tau + tau] for i in range(n)])
    return X, np.array([series[tau + i] for i in range(n)])
""",
        "as-deck-001-prints-it",
    ),
    (
        "bias-of-the-candidate",
        """
def candidate(x, h_prev, r, W_x, W_h, b_z, b_h):
    return np.tanh(x @ W_x + (r * h_prev) @ W_h + b_z)
""",
        "as-deck-001-prints-it",
    ),
    (
        "z-turned-round",
        """
def turn_z(W_x, W_h, b):
    return 1 - W_x, 1 - W_h, 1 - b
""",
        "one-minus-each-weight",
    ),
    (
        "what-peepholes-see",
        """
def peephole_gates(a, c_prev, p_i, p_f, p_o):
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    i, f = sigmoid(a_i + c_prev * p_i), sigmoid(a_f + c_prev * p_f)
    return i, f, sigmoid(a_o + c_prev * p_o)
""",
        "output-gate-sees-the-old-cell",
    ),
    (
        "inputs-in-another-order",
        """
def weights_for(W, order):
    return W
""",
        "as-deck-002-says",
    ),
    (
        "steps-and-channels",
        """
def for_convolution(windows, K):
    B, T = windows.shape
    return windows.reshape(B, 1, T), T - K + 1
""",
        "as-deck-003-prints-it",
    ),
    (
        "what-the-cell-keeps",
        """
def new_cell(i, f, g, g_prev, c_prev, h_prev):
    return i * g_prev + f * c_prev
""",
        "as-deck-004-prints-it",
    ),
    (
        "loss-of-a-sequence",
        """
def sequence_loss(probs, targets):
    return sum(np.log(p[y]) for p, y in zip(probs, targets))
""",
        "as-deck-004-prints-it",
    ),
    (
        "never-quite-one",
        """
def rest_and_slope(a):
    y = 1 / (1 + np.exp(-a))
    return 1 - y, y * (1 - y)
""",
        "as-deck-000-has-it",
    ),
    (
        "a-fair-comparison",
        """
def lstm_units(D, H):
    return H
""",
        "as-many-units",
    ),
)

RIGHT = (
    (
        "powers-of-a-matrix",
        """
def state_after(W, h, steps):
    for _ in range(steps):
        h = h @ W
    return h
""",
    ),
    (
        "powers-of-a-matrix",
        """
def state_after(W, h, t):
    return np.einsum("bi,ij->bj", h, np.linalg.matrix_power(W, t))
""",
    ),
    (
        "powers-of-a-matrix",
        """
import torch

def state_after(W, h, t):
    values, Q = torch.linalg.eigh(torch.as_tensor(W))
    return torch.as_tensor(h) @ Q @ torch.diag(values**t) @ Q.T
""",
    ),
    (
        "first-term-of-the-sum",
        """
def unrolled(b, c):
    return sum(b[i] * np.prod(c[i + 1 :]) for i in range(len(b)))
""",
    ),
    (
        "first-term-of-the-sum",
        """
def unrolled(inputs, factors):
    if len(inputs) == 0:
        return 0.0
    return inputs[-1] + factors[-1] * unrolled(inputs[:-1], factors[:-1])
""",
    ),
    (
        "first-term-of-the-sum",
        """
import torch

def unrolled(b, c):
    b, c = torch.as_tensor(b), torch.as_tensor(c)
    after = torch.cat([c.flip(0).cumprod(0).flip(0)[1:], torch.ones(1).double()])
    return (b * after).sum()
""",
    ),
    (
        "what-truncation-keeps",
        """
def truncated(b, c, tau):
    b = b[max(0, len(b) - tau - 1) :]
    c = c[max(0, len(c) - tau - 1) :]
    a = 0.0
    for b_t, c_t in zip(b, c):
        a = b_t + c_t * a
    return a
""",
    ),
    (
        "immediate-and-total",
        """
import torch

def derivatives(w, xs, h_0):
    w = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    h = torch.tensor(h_0, dtype=torch.float64)
    for x in xs:
        before = h
        h = torch.tanh(w * h + x)
    (total,) = torch.autograd.grad(h, w, retain_graph=True)
    (immediate,) = torch.autograd.grad(torch.tanh(w * before.detach() + xs[-1]), w)
    return immediate, total
""",
    ),
    (
        "windows-and-targets",
        """
def windows(series, tau):
    view = np.lib.stride_tricks.sliding_window_view(series, tau + 1)
    return view[:, :-1], view[:, -1]
""",
    ),
    (
        "jacobian-of-a-step",
        """
def step_jacobian(h, W_h):
    H = len(h)
    J = np.zeros((H, H))
    for i in range(H):
        for j in range(H):
            J[i, j] = W_h[i, j] * (1 - h[j] ** 2)
    return J
""",
    ),
    (
        "any-length-any-place",
        """
def strongest(x, w, b):
    return (np.correlate(x, w, "valid") + b).max()
""",
    ),
    (
        "tanh-by-its-name",
        """
def hyperbolic_tangent(a):
    e = np.exp(-2 * np.abs(a))
    return np.sign(a) * (1 - e) / (1 + e)
""",
    ),
    (
        "never-quite-one",
        """
def rest_and_slope(a):
    e = np.exp(-np.abs(a))
    small, large = e / (1 + e), 1 / (1 + e)
    return np.where(a > 0, small, large), small * large
""",
    ),
    (
        "a-fair-comparison",
        """
def lstm_units(D, H):
    budget = 3 * H * (D + H + 1)  # 4 u (D + u + 1) <= budget is a quadratic in u
    u = int((-(D + 1) + np.sqrt((D + 1) ** 2 + budget)) / 2)
    while 4 * (u + 1) * (D + u + 2) <= budget:
        u += 1
    while 4 * u * (D + u + 1) > budget:
        u -= 1
    return u
""",
    ),
)

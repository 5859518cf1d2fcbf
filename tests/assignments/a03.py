"""Answers to the assignment of chapter 3: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "03-multilayer-perceptron"

WRONG = (
    (
        "activations",
        """
def activations(z):
    s = 1 / (1 + np.exp(-z))
    t = np.tanh(z)
    return s, s * (1 - s), t, t * (1 - t), z * (z > 0), 1.0 * (z > 0)
""",
        "tanh-with-slope-of-sigmoid",
    ),
    (
        "activations",
        """
def activations(z):
    s = 0.5 * (1 + np.tanh(0.5 * z))
    t = (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))
    return s, s - s**2, t, 1 - t * t, np.maximum(0, z), np.where(z > 0, 1.0, 0.0)
""",
        "tanh-by-exponentials",
    ),
    (
        "activations",
        """
def activations(z):
    s = 0.5 * (1 + np.tanh(0.5 * z))
    t = np.tanh(z)
    return s, s - s**2, t, 1 - t**2, np.where(z < 0, 0, z), np.where(z < 0, 0.0, 1.0)
""",
        "relu-one-at-zero",
    ),
    (
        "dense-forward",
        """
def dense_forward(x, W, b):
    sums = [[sum(v * w for v, w in zip(row, col)) for col in W.T] for row in x]
    return np.array(sums)
""",
        "layer-without-bias",
    ),
    (
        "dense-forward",
        """
def dense_forward(x, W, b):
    return np.tanh(np.dot(x, W) + b)
""",
        "squashed-by-tanh",
    ),
    (
        "dense-forward",
        """
def dense_forward(x, W, b):
    return W.T.dot(x.T) + b.reshape(-1, 1)
""",
        "columns-instead-of-rows",
    ),
    (
        "xor-by-hand",
        """
xor_weights = {
    "W_1": np.ones((2, 2)),
    "b_1": np.array([0.0, -1.0]),
    "W_2": np.array([[1.0], [-1.0]]),
    "b_2": np.array([-0.5]),
}
""",
        "on-the-threshold",
    ),
    (
        "xor-by-hand",
        """
xor_weights = {
    "W_1": [[2.0, 2.0], [2.0, 2.0]],
    "b_1": [-1.0, -3.0],
    "W_2": [[1.0], [1.0]],
    "b_2": [-0.5],
}
""",
        "only-or",
    ),
    (
        "xor-by-hand",
        """
xor_weights = {
    "W_1": [[1.0, 1.0], [-1.0, -1.0]],
    "b_1": [-0.5, -0.5],
    "W_2": [[1.0], [1.0]],
    "b_2": [-0.5],
}
""",
        "hidden-units-alike",
    ),
    (
        "mlp-parameter-count",
        """
def count_mlp_parameters(sizes):
    total = 0
    for k in range(1, len(sizes)):
        total += sizes[k - 1] * sizes[k] + 1
    return total
""",
        "one-bias-a-layer",
    ),
    (
        "mlp-parameter-count",
        """
def count_mlp_parameters(sizes):
    weights = np.dot(sizes[:-1], sizes[1:])
    return int(weights) + sum(sizes)
""",
        "inputs-with-biases",
    ),
    (
        "dense-backward",
        """
def dense_backward(dy, x, W):
    return dy @ W, x.T @ dy, dy.sum(axis=0)
""",
        "weights-not-turned-over",
    ),
    (
        "dense-backward",
        """
def dense_backward(dy, x, W):
    B = x.shape[0]
    return np.dot(dy, W.T), np.dot(x.T, dy) / B, np.mean(dy, axis=0)
""",
        "dW-and-db-averaged",
    ),
    (
        "dense-backward",
        """
def dense_backward(dy, x, W):
    return dy @ W.T, x.T @ dy, dy
""",
        "db-not-summed",
    ),
    (
        "output-heads",
        """
heads = {
    "tomorrow": (1, "identity", "squared error"),
    "week": (1, "identity", "squared error"),
    "digit": (10, "softmax", "cross-entropy"),
    "spam": (2, "softmax", "cross-entropy"),
    "tags": (20, "sigmoid", "cross-entropy"),
    "denoise": (64, "identity", "squared error"),
}
""",
        "one-neuron-for-seven-numbers",
    ),
    (
        "output-heads",
        """
heads = dict(
    tomorrow=(1, "identity", "squared error"),
    week=(7, "identity", "squared error"),
    digit=(10, "softmax", "cross-entropy"),
    spam=(1, "sigmoid", "cross-entropy"),
    tags=(20, "softmax", "cross-entropy"),
    denoise=(64, "identity", "squared error"),
)
""",
        "tags-that-compete",
    ),
    (
        "output-heads",
        """
heads = dict(
    tomorrow=(1, "identity", "squared error"),
    week=(7, "identity", "squared error"),
    digit=(10, "softmax", "cross-entropy"),
    spam=(1, "softmax", "cross-entropy"),
    tags=(20, "sigmoid", "cross-entropy"),
    denoise=(64, "identity", "squared error"),
)
""",
        "softmax-of-one",
    ),
    (
        "softmax-cross-entropy",
        """
def softmax_cross_entropy(z, y):
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    L = -np.mean(np.log(p[np.arange(len(y)), y]))
    p[np.arange(len(y)), y] -= 1
    return L, p / len(y)
""",
        "scores-overflow",
    ),
    (
        "softmax-cross-entropy",
        """
def softmax_cross_entropy(z, y):
    e = np.exp(z - z.max())
    p = e / e.sum(axis=1, keepdims=True)
    L = -np.mean(np.log(p[np.arange(len(y)), y]))
    return L, (p - np.eye(z.shape[1])[y]) / len(y)
""",
        "largest-of-all-rows",
    ),
    (
        "softmax-cross-entropy",
        """
def softmax_cross_entropy(z, y):
    s = z - z.max(axis=1)[:, None]
    log_p = s - np.log(np.exp(s).sum(axis=1))[:, None]
    L = -np.take_along_axis(log_p, y[:, None], axis=1).mean()
    return L, np.exp(log_p) - np.eye(z.shape[1])[y]
""",
        "gradient-not-divided",
    ),
    (
        "mlp-gradient",
        """
def mlp_gradient(X, y, W_1, b_1, W_2, b_2):
    h = np.tanh(X @ W_1 + b_1)
    e = np.exp(h @ W_2 + b_2)
    dz = (e / e.sum(axis=1, keepdims=True) - np.eye(len(b_2))[y]) / len(y)
    dh = dz @ W_2.T
    return X.T @ dh, dh.sum(axis=0), h.T @ dz, dz.sum(axis=0)
""",
        "slope-of-tanh-forgotten",
    ),
    (
        "mlp-gradient",
        """
def mlp_gradient(X, y, W_1, b_1, W_2, b_2):
    h = np.tanh(X @ W_1 + b_1)
    e = np.exp(h @ W_2 + b_2)
    dz = (e / e.sum(axis=1, keepdims=True) - np.eye(len(b_2))[y]) / len(y)
    dW_2, db_2 = h.T @ dz, dz.sum(axis=0)
    da = dz @ W_2.T * h * (1 - h)
    return X.T @ da, da.sum(axis=0), dW_2, db_2
""",
        "slope-of-the-sigmoid",
    ),
    (
        "mlp-gradient",
        """
def mlp_gradient(X, y, W_1, b_1, W_2, b_2):
    h = np.tanh(X @ W_1 + b_1)
    e = np.exp(h @ W_2 + b_2)
    dz = e / e.sum(axis=1, keepdims=True) - np.eye(len(b_2))[y]
    da = dz @ W_2.T * (1 - h**2)
    return X.T @ da, da.sum(axis=0), h.T @ dz, dz.sum(axis=0)
""",
        "gradient-of-the-sum",
    ),
)

RIGHT = (
    (
        "activations",
        """
import math


def activations(numbers):
    rows = []
    for v in numbers.ravel():
        s = 1 / (1 + math.exp(-v)) if v > -700 else 0.0
        t = math.tanh(v)
        rows.append([s, s * (1 - s), t, (1 - t) * (1 + t), max(v, 0.0), float(v > 0)])
    return [np.array(column).reshape(numbers.shape) for column in zip(*rows)]
""",
    ),
    (
        "activations",
        """
def activations(z):
    s = np.exp(-np.logaddexp(0, -z))
    t = np.tanh(z)
    step = np.heaviside(z, 0)
    return {"s": s, "ds": s - s**2, "t": t, "dt": 1 - t * t, "r": z * step, "dr": step}
""",
    ),
    (
        "activations",
        """
import torch


def activations(z):
    given = torch.tensor(z, requires_grad=True)
    answers = []
    for curve in (torch.sigmoid, torch.tanh, torch.relu):
        value = curve(given)
        answers += [value, torch.autograd.grad(value.sum(), given)[0]]
    return answers
""",
    ),
    (
        "dense-forward",
        """
def dense_forward(rows, weights, biases):
    B, D = rows.shape
    K = len(biases)
    sums = np.zeros((B, K))
    for n in range(B):
        for k in range(K):
            sums[n, k] = biases[k]
            for d in range(D):
                sums[n, k] += rows[n, d] * weights[d, k]
    return sums
""",
    ),
    (
        "dense-forward",
        """
def dense_forward(x, W, b):
    return np.einsum("bd,dk->bk", x, W) + b
""",
    ),
    (
        "dense-forward",
        """
import torch


def dense_forward(x, W, b):
    x, W, b = (torch.from_numpy(a) for a in (x, W, b))
    return torch.nn.functional.linear(x, W.T, b)
""",
    ),
    (
        "xor-by-hand",
        """
# the first without the second, or the second without the first
xor_weights = {
    "W_1": np.array([[1.0, -1.0], [-1.0, 1.0]]),
    "b_1": np.array([-0.5, -0.5]),
    "W_2": np.array([[1.0], [1.0]]),
    "b_2": np.array([-0.5]),
}
""",
    ),
    (
        "xor-by-hand",
        """
# OR and NAND, both needed
xor_weights = {
    "W_1": [[3, -2], [3, -2]],
    "b_1": [-1.5, 3],
    "W_2": [1, 1],
    "b_2": -1.5,
}
""",
    ),
    (
        "xor-by-hand",
        """
import torch

xor_weights = {
    "W_1": torch.ones(2, 2),
    "b_1": torch.tensor([-1.5, -0.5]),
    "W_2": torch.tensor([[-2.0], [1.0]]),
    "b_2": torch.tensor([-0.5]),
}
""",
    ),
    (
        "mlp-parameter-count",
        """
def count_mlp_parameters(layers):
    total = 0
    for k in range(1, len(layers)):
        total += layers[k - 1] * layers[k]  # weights
        total += layers[k]  # biases
    return total
""",
    ),
    (
        "mlp-parameter-count",
        """
def count_mlp_parameters(sizes):
    n = np.array(sizes)
    return int(np.einsum("l,l->", n[:-1] + 1, n[1:]))
""",
    ),
    (
        "mlp-parameter-count",
        """
import torch


def count_mlp_parameters(sizes):
    layers = [torch.nn.Linear(D, K) for D, K in zip(sizes[:-1], sizes[1:])]
    return sum(p.numel() for layer in layers for p in layer.parameters())
""",
    ),
    (
        "dense-backward",
        """
def dense_backward(grad, rows, weights):
    B, K = grad.shape
    D = rows.shape[1]
    dx, dW, db = np.zeros((B, D)), np.zeros((D, K)), np.zeros(K)
    for n in range(B):
        for k in range(K):
            db[k] += grad[n, k]
            for d in range(D):
                dx[n, d] += grad[n, k] * weights[d, k]
                dW[d, k] += rows[n, d] * grad[n, k]
    return dx, dW, db
""",
    ),
    (
        "dense-backward",
        """
def dense_backward(dy, x, W):
    return {
        "dx": np.einsum("bk,dk->bd", dy, W),
        "dW": np.einsum("bd,bk->dk", x, dy),
        "db": np.einsum("bk->k", dy),
    }
""",
    ),
    (
        "dense-backward",
        """
import torch


def dense_backward(dy, x, W):
    x, W = (torch.tensor(a, requires_grad=True) for a in (x, W))
    b = torch.zeros(dy.shape[1], dtype=x.dtype, requires_grad=True)
    (x @ W + b).backward(torch.tensor(dy))
    return x.grad, W.grad, b.grad
""",
    ),
    (
        "output-heads",
        """
number, yes_no = ("identity", "squared error"), ("sigmoid", "cross-entropy")
heads = {
    "tomorrow": (1, *number),
    "week": (7, *number),
    "denoise": (8 * 8, *number),
    "digit": (10, "softmax", "cross-entropy"),
    "spam": (2, "softmax", "cross-entropy"),
    "tags": (20, *yes_no),
}
""",
    ),
    (
        "output-heads",
        """
heads = {
    "tomorrow": [np.int64(1), "Identity", "squared error"],
    "week": [7, "identity", "squared error"],
    "digit": [10, "Softmax", "cross-entropy"],
    "spam": [1, "Sigmoid", "cross-entropy"],
    "tags": [20, "sigmoid", "Cross-entropy"],
    "denoise": [64, "identity", "squared error"],
}
""",
    ),
    (
        "output-heads",
        """
heads = {}
for task, neurons in (("tomorrow", 1), ("week", 7), ("denoise", 64)):
    heads[task] = (neurons, "identity", "squared error")
for task, neurons in (("spam", 1), ("tags", 20)):
    heads[task] = (neurons, "sigmoid", "cross-entropy")
heads["digit"] = (10, "softmax", "cross-entropy")
""",
    ),
    (
        "softmax-cross-entropy",
        """
import math


def softmax_cross_entropy(scores, classes):
    N, K = scores.shape
    L, dz = 0.0, np.zeros((N, K))
    for n in range(N):
        top = max(scores[n])
        total = sum(math.exp(v - top) for v in scores[n])
        L += (math.log(total) + top - scores[n, classes[n]]) / N
        for k in range(K):
            p = math.exp(scores[n, k] - top) / total
            dz[n, k] = (p - (k == classes[n])) / N
    return L, dz
""",
    ),
    (
        "softmax-cross-entropy",
        """
def softmax_cross_entropy(z, y):
    hit = np.eye(z.shape[1])[y]
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    return -np.einsum("nk,nk->", log_p, hit) / len(z), (np.exp(log_p) - hit) / len(z)
""",
    ),
    (
        "softmax-cross-entropy",
        """
import torch


def softmax_cross_entropy(z, y):
    z = torch.tensor(z, requires_grad=True)
    L = torch.nn.functional.cross_entropy(z, torch.tensor(y))
    L.backward()
    return L, z.grad
""",
    ),
    (
        "mlp-gradient",
        """
def mlp_gradient(X, y, W_1, b_1, W_2, b_2):
    grads = [np.zeros_like(a) for a in (W_1, b_1, W_2, b_2)]
    for x, label in zip(X, y):
        h = np.tanh(x @ W_1 + b_1)
        z = h @ W_2 + b_2
        dz = np.exp(z - np.logaddexp.reduce(z))
        dz[label] -= 1
        dz /= len(X)
        da = (W_2 @ dz) * (1 - h * h)
        for total, part in zip(grads, (np.outer(x, da), da, np.outer(h, dz), dz)):
            total += part
    return grads
""",
    ),
    (
        "mlp-gradient",
        """
def mlp_gradient(X, y, W_1, b_1, W_2, b_2):
    H = np.tanh(np.einsum("nd,dh->nh", X, W_1) + b_1)
    z = np.einsum("nh,hk->nk", H, W_2) + b_2
    dz = np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))
    dz = (dz - np.eye(len(b_2))[y]) / len(y)
    da = np.einsum("nk,hk,nh->nh", dz, W_2, 1 - H**2)
    return {
        "dW_1": np.einsum("nd,nh->dh", X, da),
        "db_1": np.einsum("nh->h", da),
        "dW_2": np.einsum("nh,nk->hk", H, dz),
        "db_2": np.einsum("nk->k", dz),
    }
""",
    ),
    (
        "mlp-gradient",
        """
import torch


def mlp_gradient(X, y, *arrays):
    leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
    W_1, b_1, W_2, b_2 = leaves
    z = torch.tanh(torch.tensor(X) @ W_1 + b_1) @ W_2 + b_2
    torch.nn.functional.cross_entropy(z, torch.tensor(y)).backward()
    return [leaf.grad for leaf in leaves]
""",
    ),
)

"""Answers to the assignment of chapter 1: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "01-perceptron"

WRONG = (
    (
        "vector-distance",
        """
def vector_distance(v1, v2, scales, e):
    total = 0
    for a, b, s in zip(v1, v2, scales):
        total += (s * a - s * b) ** 2
    return total, total < e
""",
        "root-forgotten",
    ),
    (
        "vector-distance",
        """
def vector_distance(v1, v2, scales, e):
    d = np.linalg.norm(v1 - v2)
    return d, d < e
""",
        "scales-ignored",
    ),
    (
        "vector-distance",
        """
def vector_distance(v1, v2, scales, e):
    d = np.linalg.norm(scales * v1 - scales * v2)
    return d, not d > e
""",
        "limit-included",
    ),
    (
        "neuron-output",
        """
def neuron_output(X, w, b):
    return np.array([sum(x_k * w_k + b for x_k, w_k in zip(x, w)) for x in X])
""",
        "bias-for-each-feature",
    ),
    (
        "neuron-output",
        """
def neuron_output(X, w, b):
    return np.dot(X, w)
""",
        "bias-forgotten",
    ),
    (
        "neuron-output",
        """
def neuron_output(X, w, b):
    return np.where(np.dot(X, w) + b > 0, 1.0, 0.0)
""",
        "step-taken",
    ),
    (
        "predict-probability",
        """
def predict_probability(X, w, b):
    return (1 + np.exp(-X @ w - b)) ** -1
""",
        "overflow",
    ),
    (
        "predict-probability",
        """
def predict_probability(X, w, b):
    z = b + np.dot(X, w)
    return np.where(z < 0, np.exp(z) / (np.exp(z) + 1), 1 / (np.exp(-z) + 1))
""",
        "both-branches-computed",
    ),
    (
        "predict-probability",
        """
def predict_probability(X, w, b):
    odds = np.exp(X @ w + b)
    return odds / (1 + odds)
""",
        "overflow-above",
    ),
    (
        "predict-probability",
        """
def predict_probability(X, w, b):
    return 0.5 * (1 + np.tanh(X @ w + b))
""",
        "slope-doubled",
    ),
    (
        "predict-probability",
        """
from math import exp


def predict_probability(X, w, b):
    sums = [sum(a * c for a, c in zip(x, w)) + b for x in X]
    return [1 / (1 + exp(-z)) for z in sums]
""",
        "overflow-in-a-loop",
    ),
    (
        "likelihood",
        """
def likelihood(p, y):
    product = 1.0
    for p_i, y_i in zip(p, y):
        product *= p_i if y_i else 1 - p_i
    return product, np.log(product)
""",
        "logarithm-of-the-product",
    ),
    (
        "likelihood",
        """
def likelihood(p, y):
    product = np.prod(p**y * (1 - p) ** (1 - y))
    return product, -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
""",
        "loss-instead",
    ),
    (
        "likelihood",
        """
def likelihood(p, y):
    return p.prod(), np.log(p).sum()
""",
        "labels-ignored",
    ),
    (
        "stable-loss",
        """
def stable_loss(z, y):
    p = 1 / (1 + np.exp(-z))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
""",
        "typed-as-it-stands",
    ),
    (
        "stable-loss",
        """
def stable_loss(z, y):
    p = (1 + np.tanh(z / 2)) / 2
    p = np.minimum(np.maximum(p, 1e-7), 1 - 1e-7)
    return -np.where(y == 1, np.log(p), np.log(1 - p)).mean()
""",
        "probability-clipped-coarsely",
    ),
    (
        "stable-loss",
        """
def stable_loss(z, y):
    total = 0.0
    for z_i, y_i in zip(z, y):
        total += max(z_i, 0) - z_i * y_i + np.log(1 + np.exp(-abs(z_i)))
    return total
""",
        "summed",
    ),
    (
        "loss-gradient",
        """
def loss_gradient(X, y, w, b):
    p = 0.5 + 0.5 * np.tanh((X @ w + b) / 2)
    dz = 2 * (p - y) * p * (1 - p) / len(y)
    return dz @ X, dz.sum()
""",
        "gradient-of-the-squared-error",
    ),
    (
        "loss-gradient",
        """
def loss_gradient(X, y, w, b):
    p = 0.5 + 0.5 * np.tanh((X @ w + b) / 2)
    dz = (p - y) / len(X)
    return X.T @ dz, dz.mean()
""",
        "bias-divided-twice",
    ),
    (
        "loss-gradient",
        """
def loss_gradient(X, y, w, b):
    p = 0.5 + 0.5 * np.tanh((X @ w + b) / 2)
    return X.T @ (y - p) / len(y), np.mean(y - p)
""",
        "uphill",
    ),
    (
        "accuracy-at-threshold",
        """
def accuracy_at_threshold(p, y, threshold):
    right = np.round(p) == y
    return right.mean(), (~right).sum()
""",
        "threshold-ignored",
    ),
    (
        "accuracy-at-threshold",
        """
def accuracy_at_threshold(p, y, threshold):
    errors = sum(int(a >= threshold) != b for a, b in zip(p, y))
    return 1 - errors / len(p), errors
""",
        "threshold-included",
    ),
    (
        "accuracy-at-threshold",
        """
def accuracy_at_threshold(p, y, threshold):
    answers = p > threshold
    return np.mean(answers == y), abs(int(answers.sum()) - int(y.sum()))
""",
        "errors-cancel",
    ),
    (
        "perceptron-update",
        """
def perceptron_update(X, y, w, b):
    gap = y - (X @ w + b > 0)
    return w + gap @ X, b + gap.sum()
""",
        "all-at-once",
    ),
    (
        "perceptron-update",
        """
def perceptron_update(X, y, w, b):
    for x, label in zip(X, y):
        gap = label - int(x @ w + b > 0)
        w += gap * x
        b += gap
    return w, b
""",
        "changed-its-input",
    ),
    (
        "perceptron-update",
        """
def perceptron_update(X, y, w, b):
    for x, label in zip(X, y):
        guess = 1 if x @ w + b >= 0 else 0
        if guess != label:
            w, b = w + (label - guess) * x, b + label - guess
    return w, b
""",
        "zero-counts-as-one",
    ),
)

RIGHT = (
    (
        "vector-distance",
        """
def vector_distance(a, b, factors, limit):
    total = 0.0
    for k in range(len(a)):
        total += (a[k] * factors[k] - b[k] * factors[k]) ** 2
    d = total**0.5
    return d, bool(d < limit)
""",
    ),
    (
        "vector-distance",
        """
def vector_distance(v1, v2, scales, e):
    gap = v1 - v2
    d = np.sqrt(np.einsum("k,k,k,k->", gap, gap, scales, scales))
    return {"d": d, "near": d < e}
""",
    ),
    (
        "vector-distance",
        """
import torch


def vector_distance(v1, v2, scales, e):
    v1, v2, scales = (torch.from_numpy(v) for v in (v1, v2, scales))
    d = torch.linalg.vector_norm(scales * v1 - scales * v2)
    return d, d < e
""",
    ),
    (
        "neuron-output",
        """
def neuron_output(points, weights, bias):
    sums = []
    for point in points:
        total = bias
        for feature, weight in zip(point, weights):
            total += feature * weight
        sums.append(total)
    return sums
""",
    ),
    (
        "neuron-output",
        """
def neuron_output(X, w, b):
    return np.einsum("nd,d->n", X, w) + b
""",
    ),
    (
        "neuron-output",
        """
def neuron_output(X, w, b):
    import torch

    X, w = torch.tensor(X), torch.tensor(w)
    return torch.nn.functional.linear(X, w[None], torch.tensor([b]).double())[:, 0]
""",
    ),
    (
        "predict-probability",
        """
import math


def predict_probability(X, w, b):
    p = []
    for x in X:
        z = sum(x_k * w_k for x_k, w_k in zip(x, w)) + b
        if z >= 0:
            p.append(1 / (1 + math.exp(-z)))
        else:
            p.append(math.exp(z) / (1 + math.exp(z)))
    return np.array(p)
""",
    ),
    (
        "predict-probability",
        """
def predict_probability(X, w, b):
    z = np.einsum("nd,d->n", X, w) + b
    return (1 + np.tanh(z / 2)) / 2
""",
    ),
    (
        "predict-probability",
        """
def predict_probability(X, w, b):
    import torch

    return torch.sigmoid(torch.tensor(X) @ torch.tensor(w) + b)
""",
    ),
    (
        "predict-probability",
        """
def predict_probability(X, w, b):
    return np.exp(-np.logaddexp(0, -(X @ w + b)))
""",
    ),
    (
        "likelihood",
        """
import math


def likelihood(p, y):
    product, total = 1.0, 0.0
    for p_i, y_i in zip(p, y):
        seen = p_i if y_i == 1 else 1 - p_i
        product *= seen
        total += math.log(seen)
    return product, total
""",
    ),
    (
        "likelihood",
        """
def likelihood(p, y):
    total = y @ np.log(p) + (1 - y) @ np.log(1 - p)
    return np.exp(total), total
""",
    ),
    (
        "likelihood",
        """
def likelihood(p, y):
    import torch

    seen = torch.distributions.Bernoulli(torch.tensor(p))
    log_p = seen.log_prob(torch.tensor(y).double())
    return log_p.exp().prod(), log_p.sum()
""",
    ),
    (
        "stable-loss",
        """
import math


def stable_loss(z, y):
    total = 0.0
    for z_i, y_i in zip(z, y):
        wrong_way = -z_i if y_i == 1 else z_i
        total += max(wrong_way, 0) + math.log1p(math.exp(-abs(wrong_way)))
    return total / len(z)
""",
    ),
    (
        "stable-loss",
        """
def stable_loss(z, y):
    return np.mean(np.logaddexp(0, z) - z * y)
""",
    ),
    (
        "stable-loss",
        """
def stable_loss(z, y):
    import torch

    return torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor(z), torch.tensor(y).double()
    )
""",
    ),
    (
        "loss-gradient",
        """
def loss_gradient(X, y, w, b):
    N, D = X.shape
    dw, db = np.zeros(D), 0.0
    for i in range(N):
        z = b
        for k in range(D):
            z += X[i, k] * w[k]
        gap = (1 + np.tanh(z / 2)) / 2 - y[i]
        for k in range(D):
            dw[k] += gap * X[i, k] / N
        db += gap / N
    return dw, db
""",
    ),
    (
        "loss-gradient",
        """
def loss_gradient(X, y, w, b):
    gap = (1 + np.tanh((np.einsum("nd,d->n", X, w) + b) / 2)) / 2 - y
    return {"dw": np.einsum("n,nd->d", gap, X) / len(gap), "db": gap.mean()}
""",
    ),
    (
        "loss-gradient",
        """
def loss_gradient(X, y, w, b):
    import torch

    X, y = torch.tensor(X), torch.tensor(y).double()
    w = torch.tensor(w, requires_grad=True)
    b = torch.tensor(b, dtype=torch.float64, requires_grad=True)
    torch.nn.functional.binary_cross_entropy_with_logits(X @ w + b, y).backward()
    return w.grad, b.grad
""",
    ),
    (
        "accuracy-at-threshold",
        """
def accuracy_at_threshold(p, y, threshold):
    errors = 0
    for guess, label in zip(p, y):
        answer = 1 if guess > threshold else 0
        if answer != label:
            errors += 1
    return (len(p) - errors) / len(p), errors
""",
    ),
    (
        "accuracy-at-threshold",
        """
def accuracy_at_threshold(p, y, threshold):
    gap = (p > threshold).astype(int) - y
    errors = np.einsum("n,n->", gap, gap)
    return 1 - errors / y.size, errors
""",
    ),
    (
        "accuracy-at-threshold",
        """
def accuracy_at_threshold(p, y, threshold):
    import torch

    right = (torch.tensor(p) > threshold) == torch.tensor(y).bool()
    return right.double().mean(), (~right).sum()
""",
    ),
    (
        "perceptron-update",
        """
def perceptron_update(X, y, w, b):
    w = list(w)
    for i in range(len(X)):
        z = b
        for k in range(len(w)):
            z += X[i, k] * w[k]
        if z > 0 and y[i] == 0:
            w, b = [w[k] - X[i, k] for k in range(len(w))], b - 1
        elif z <= 0 and y[i] == 1:
            w, b = [w[k] + X[i, k] for k in range(len(w))], b + 1
    return np.array(w), b
""",
    ),
    (
        "perceptron-update",
        """
def perceptron_update(X, y, w, b):
    rows = np.column_stack([X, np.ones(len(X))])
    both = np.append(w, b)
    for row, label in zip(rows, y):
        both = both + (label - np.heaviside(np.einsum("d,d->", row, both), 0)) * row
    return both[:-1], both[-1]
""",
    ),
    (
        "perceptron-update",
        """
def perceptron_update(X, y, w, b):
    import torch

    X, y, w = torch.tensor(X), torch.tensor(y), torch.tensor(w)
    for x, label in zip(X, y):
        gap = label - (x @ w + b > 0).long()
        w, b = w + gap * x, b + gap
    return w, b
""",
    ),
)

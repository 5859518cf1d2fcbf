"""Answers to the assignment of chapter 4: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "04-convolution"

WRONG = (
    (
        "conv-1d",
        """
def conv1d(x, W, b, stride, dilation):
    K = len(W)
    y = []
    for t in range(0, len(x) - dilation * (K - 1), stride):
        y.append(sum(x[t + k * dilation] @ W[K - 1 - k] for k in range(K)) + b)
    return np.array(y)
""",
        "kernel-flipped",
    ),
    (
        "conv-1d",
        """
def conv1d(x, W, b, stride, dilation):
    reach = dilation * (len(W) - 1)
    y = np.zeros((len(range(0, len(x) - reach, stride)), W.shape[2]))
    for t in range(len(y)):
        for k in range(len(W)):
            y[t] += x[t * stride + k * dilation] @ W[k] + b
    return y
""",
        "bias-with-each-weight",
    ),
    (
        "conv-1d",
        """
def conv1d(x, W, b, stride, dilation):
    K = len(W)
    windows = [x[t : t + K] for t in range(0, len(x) - K + 1, stride)]
    return np.einsum("tkd,kdf->tf", windows, W) + b
""",
        "dilation-ignored",
    ),
    (
        "conv-1d",
        """
def conv1d(x, W, b, stride, dilation):
    reach = dilation * (len(W) - 1)
    places = range(0, len(x) - reach, stride)
    return np.array([np.einsum("kd,kdf->f", x[t : t + reach + 1 : dilation], W)
                     for t in places])
""",
        "bias-forgotten",
    ),
    (
        "conv-2d",
        """
def conv2d(x, w, b, stride):
    (N, M), (K1, K2) = x.shape, w.shape
    return np.array(
        [
            [np.sum(x[i : i + K1, j : j + K2] * np.flip(w)) + b
             for j in range(0, M - K2 + 1, stride)]
            for i in range(0, N - K1 + 1, stride)
        ]
    )
""",
        "kernel-flipped",
    ),
    (
        "conv-2d",
        """
def conv2d(x, w, b, stride):
    (N, M), (K1, K2) = x.shape, w.shape
    y = np.zeros(((N - K1) // stride + 1, (M - K2) // stride + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            a, c = i * stride, j * stride
            y[i, j] = (x[a : a + K1, c : c + K2] * w).mean() + b
    return y
""",
        "mean-of-products",
    ),
    (
        "conv-2d",
        """
def conv2d(x, w, b, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)[::stride]
    return np.einsum("ijkm,km->ij", windows, w) + b
""",
        "stride-along-rows-only",
    ),
    (
        "output-size",
        """
def output_size(N, K, stride, dilation, pads):
    return (N + pads - dilation * (K - 1) - 1) // stride
""",
        "one-forgotten",
    ),
    (
        "output-size",
        """
import math


def output_size(N, K, stride, dilation, pads):
    return math.ceil((N + pads - dilation * (K - 1) - 1) / stride) + 1
""",
        "rounded-up",
    ),
    (
        "output-size",
        """
def output_size(N, K, stride, dilation, pads):
    return int((N + pads - dilation * K) / stride + 1)
""",
        "span-too-long",
    ),
    (
        "output-size",
        """
def output_size(N, K, stride, dilation, pads):
    return (N + 2 * pads - dilation * (K - 1) - 1) // stride + 1
""",
        "zeros-counted-twice",
    ),
    (
        "deck-example",
        """
sums = {
    "first": 5 * 121 - 113 - 73 - 54 - 99,
    "edge": 9 * 121 - (60 + 113 + 56 + 73 + 121 + 54 + 131 + 99 + 70),
    "corner": 5 * 69 - 129 - 115 - 134 - 95,
}
""",
        "rim-left-out",
    ),
    (
        "deck-example",
        """
sums = {
    "first": 5 * 60 - 113 - 73,
    "edge": 4 * 60 - 113 - 73,
    "corner": 5 * 130 - 134 - 95,
}
""",
        "four-neighbours",
    ),
    (
        "deck-example",
        """
sums = {"first": 114, "edge": 173, "corner": 255}
""",
        "cut-to-grey",
    ),
    (
        "both-ways",
        """
def both_ways(x, w):
    return np.correlate(x, w), -np.correlate(x, w)
""",
        "sign-instead-of-flip",
    ),
    (
        "both-ways",
        """
def both_ways(x, w):
    return np.convolve(x, w, "valid"), np.correlate(x, w, "valid")
""",
        "exchanged",
    ),
    (
        "both-ways",
        """
def both_ways(x, w):
    return np.correlate(x, w, "full"), np.convolve(x, w)
""",
        "full-length",
    ),
    (
        "both-ways",
        """
def both_ways(x, w):
    return np.correlate(x, w), np.correlate(x[::-1], w)
""",
        "input-reversed",
    ),
    (
        "pad-sequence",
        """
def pad_sequence(x, K, dilation, mode):
    n = dilation * (K - 1)
    before, after = {"valid": (0, 0), "same": (n // 2, n - n // 2), "causal": (0, n)}[
        mode
    ]
    return np.pad(x, [(before, after), (0, 0)])
""",
        "causal-on-the-right",
    ),
    (
        "pad-sequence",
        """
def pad_sequence(x, K, dilation, mode):
    n = {"valid": 0, "same": dilation * (K - 1) // 2}.get(mode, dilation * (K - 1))
    none = np.zeros((n, x.shape[1]))
    return np.concatenate([none, x] if mode == "causal" else [none, x, none])
""",
        "odd-zero-lost",
    ),
    (
        "pad-sequence",
        """
def pad_sequence(x, K, dilation, mode):
    if mode == "valid":
        return x
    n = dilation * (K - 1)
    before = n if mode == "causal" else n - n // 2
    return np.pad(x, [(before, n - before), (0, 0)])
""",
        "odd-zero-in-front",
    ),
    (
        "pad-sequence",
        """
def pad_sequence(x, K, dilation, mode):
    n = 0 if mode == "valid" else K - 1
    before = n if mode == "causal" else n // 2
    return np.pad(x, [(before, n - before), (0, 0)])
""",
        "dilation-ignored",
    ),
    (
        "max-pool",
        """
def max_pool(x, n, stride):
    rows, cols = (x.shape[0] - n) // stride + 1, (x.shape[1] - n) // stride + 1
    y = np.zeros((rows, cols, x.shape[2]))
    for i in range(rows):
        for j in range(cols):
            for a in range(n):
                for c in range(n):
                    y[i, j] = np.maximum(y[i, j], x[i * stride + a, j * stride + c])
    return y
""",
        "begins-at-zero",
    ),
    (
        "max-pool",
        """
def max_pool(x, n, stride):
    rows, cols = x.shape[0] // n, x.shape[1] // n
    blocks = x[: rows * n, : cols * n].reshape(rows, n, cols, n, -1)
    return blocks.max(axis=(1, 3))
""",
        "stride-ignored",
    ),
    (
        "max-pool",
        """
def max_pool(x, n, stride):
    rows, cols = range(0, len(x), stride), range(0, x.shape[1], stride)
    return np.array(
        [[x[i : i + n, j : j + n].max((0, 1)) for j in cols] for i in rows]
    )
""",
        "leftover-pooled",
    ),
    (
        "max-pool",
        """
def max_pool(x, n, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (n, n), axis=(0, 1))
    return windows[::stride, ::stride].mean(axis=(-2, -1))
""",
        "mean-taken",
    ),
    (
        "max-pool-backward",
        """
def max_pool_backward(dy, x, n):
    dx = np.zeros(x.shape)
    for i in range(dy.shape[0]):
        for j in range(dy.shape[1]):
            at = np.s_[i * n : i * n + n, j * n : j * n + n]
            dx[at] = dy[i, j] * (x[at] == x[at].max())
    return dx
""",
        "every-tie-gets-it",
    ),
    (
        "max-pool-backward",
        """
def max_pool_backward(dy, x, n):
    dx = np.zeros(x.shape)
    for i in range(dy.shape[0]):
        for j in range(dy.shape[1]):
            best = None
            for a in range(i * n, i * n + n):
                for c in range(j * n, j * n + n):
                    if best is None or x[a, c] >= x[best]:
                        best = a, c
            dx[best] = dy[i, j]
    return dx
""",
        "last-of-the-ties",
    ),
    (
        "max-pool-backward",
        """
def max_pool_backward(dy, x, n):
    dx = np.zeros_like(x)
    spread = np.kron(dy, np.ones((n, n)))
    dx[: len(spread), : spread.shape[1]] = spread
    return dx
""",
        "copied-to-all",
    ),
    (
        "max-pool-backward",
        """
def max_pool_backward(dy, x, n):
    dx = np.zeros((dy.shape[0] * n, dy.shape[1] * n))
    for (i, j), d in np.ndenumerate(dy):
        k = x[i * n : i * n + n, j * n : j * n + n].argmax()
        dx[i * n + k // n, j * n + k % n] = d
    return dx
""",
        "rest-cut-off",
    ),
    (
        "parameter-counts",
        """
def parameter_counts(height, width, C, kernel, F):
    return kernel[0] * kernel[1] * C * F, height * width * C * F
""",
        "biases-forgotten",
    ),
    (
        "parameter-counts",
        """
def parameter_counts(height, width, C, kernel, F):
    return F * (kernel[0] * kernel[1] + 1), F * (height * width * C + 1)
""",
        "channels-forgotten",
    ),
    (
        "parameter-counts",
        """
def parameter_counts(height, width, C, kernel, F):
    a, b = kernel
    places = (height - a + 1) * (width - b + 1)
    return places * F * (a * b * C + 1), F * (height * width * C + 1)
""",
        "weights-for-each-place",
    ),
)

RIGHT = (
    (
        "conv-1d",
        """
def conv1d(sequence, weights, bias, s, d):
    K, D, F = weights.shape
    places = (len(sequence) - d * (K - 1) - 1) // s + 1
    y = np.zeros((places, F))
    for t in range(places):
        for f in range(F):
            y[t, f] = bias[f]
            for k in range(K):
                for c in range(D):
                    y[t, f] += sequence[t * s + k * d, c] * weights[k, c, f]
    return y
""",
    ),
    (
        "conv-1d",
        """
def conv1d(x, W, b, stride, dilation):
    reach = dilation * (len(W) - 1) + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, reach, axis=0)
    return np.einsum("tdk,kdf->tf", windows[::stride, :, ::dilation], W) + b
""",
    ),
    (
        "conv-1d",
        """
import torch


def conv1d(x, W, b, stride, dilation):
    x, W, b = (torch.from_numpy(a) for a in (x, W, b))
    y = torch.nn.functional.conv1d(
        x.T[None], W.permute(2, 1, 0), b, stride=stride, dilation=dilation
    )
    return y[0].T
""",
    ),
    (
        "conv-2d",
        """
def conv2d(picture, kernel, bias, s):
    K1, K2 = kernel.shape
    rows, cols = (picture.shape[0] - K1) // s + 1, (picture.shape[1] - K2) // s + 1
    y = np.full((rows, cols), bias, dtype=float)
    for k in range(K1):
        for m in range(K2):
            part = picture[k : k + s * (rows - 1) + 1 : s]
            y += kernel[k, m] * part[:, m : m + s * (cols - 1) + 1 : s]
    return y
""",
    ),
    (
        "conv-2d",
        """
def conv2d(x, w, b, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)
    return np.einsum("ijkm,km->ij", windows[::stride, ::stride], w) + b
""",
    ),
    (
        "conv-2d",
        """
import torch


def conv2d(x, w, b, stride):
    x, w = torch.tensor(x)[None, None], torch.tensor(w)[None, None]
    return torch.nn.functional.conv2d(x, w, stride=stride)[0, 0] + b
""",
    ),
    (
        "output-size",
        """
def output_size(n, k, s, d, zeros):
    count, start = 0, 0
    while start + d * (k - 1) < n + zeros:
        count, start = count + 1, start + s
    return count
""",
    ),
    (
        "output-size",
        """
def output_size(N, K, stride, dilation, pads):
    return len(range(0, N + pads - dilation * (K - 1), stride))
""",
    ),
    (
        "output-size",
        """
def output_size(N, K, stride, dilation, pads):
    span = dilation * (K - 1) + 1
    return int(np.floor((N + pads - span) / stride)) + 1
""",
    ),
    (
        "deck-example",
        """
sums = {"corner": 421, "edge": 173, "first": 114}
""",
    ),
    (
        "deck-example",
        """
patch = np.zeros((7, 7))
patch[1:6, 1:6] = [
    [60, 113, 56, 139, 85],
    [73, 121, 54, 84, 128],
    [131, 99, 70, 129, 127],
    [80, 57, 115, 69, 134],
    [104, 126, 123, 95, 130],
]
sharp = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
edge = -np.ones((3, 3))
edge[1, 1] = 8
sums = {
    "first": (patch[:3, :3] * sharp).sum(),
    "edge": np.vdot(patch[:3, :3], edge),
    "corner": np.einsum("ij,ij->", patch[4:, 4:], sharp),
}
""",
    ),
    (
        "deck-example",
        """
import torch

sums = torch.tensor([114, 173, 421])
""",
    ),
    (
        "both-ways",
        """
def both_ways(signal, kernel):
    T, K = len(signal), len(kernel)
    a, c = [0.0] * (T - K + 1), [0.0] * (T - K + 1)
    for t in range(T - K + 1):
        for k in range(K):
            a[t] += signal[t + k] * kernel[k]
            c[t] += signal[t + k] * kernel[K - 1 - k]
    return a, c
""",
    ),
    (
        "both-ways",
        """
def both_ways(x, w):
    return {
        "correlation": np.correlate(x, w, "valid"),
        "convolution": np.convolve(x, w, "valid"),
    }
""",
    ),
    (
        "both-ways",
        """
import torch


def both_ways(x, w):
    x, w = torch.from_numpy(x), torch.from_numpy(w)
    windows = x.unfold(0, len(w), 1)
    return windows @ w, windows @ w.flip(0)
""",
    ),
    (
        "pad-sequence",
        """
def pad_sequence(x, K, d, how):
    T, D = x.shape
    zeros = 0 if how == "valid" else d * (K - 1)
    front = zeros if how == "causal" else zeros // 2
    out = np.zeros((T + zeros, D))
    out[front : front + T] = x
    return out
""",
    ),
    (
        "pad-sequence",
        """
def pad_sequence(x, K, dilation, mode):
    rows = list(x)
    blank = [np.zeros(x.shape[1])]
    n = dilation * (K - 1)
    if mode == "causal":
        rows = n * blank + rows
    if mode == "same":
        rows = (n // 2) * blank + rows + (n - n // 2) * blank
    return np.stack(rows)
""",
    ),
    (
        "pad-sequence",
        """
import torch


def pad_sequence(x, K, dilation, mode):
    n = dilation * (K - 1)
    ends = {"valid": (0, 0), "same": (n // 2, (n + 1) // 2), "causal": (n, 0)}[mode]
    return torch.nn.functional.pad(torch.from_numpy(x), (0, 0, *ends))
""",
    ),
    (
        "max-pool",
        """
def max_pool(picture, n, s):
    H, W, C = picture.shape
    y = np.full(((H - n) // s + 1, (W - n) // s + 1, C), -np.inf)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for a in range(n):
                for b in range(n):
                    y[i, j] = np.maximum(y[i, j], picture[i * s + a, j * s + b])
    return y
""",
    ),
    (
        "max-pool",
        """
def max_pool(x, n, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (n, n), axis=(0, 1))
    return windows[::stride, ::stride].max(axis=-1).max(axis=-1)
""",
    ),
    (
        "max-pool",
        """
import torch


def max_pool(x, n, stride):
    x = torch.from_numpy(x).permute(2, 0, 1)[None]
    return torch.nn.functional.max_pool2d(x, n, stride)[0].permute(1, 2, 0)
""",
    ),
    (
        "max-pool-backward",
        """
def max_pool_backward(d, picture, n):
    out = np.zeros(picture.shape)
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            best = (i * n, j * n)
            for a in range(i * n, i * n + n):
                for b in range(j * n, j * n + n):
                    if picture[a, b] > picture[best]:
                        best = (a, b)
            out[best] += d[i, j]
    return out
""",
    ),
    (
        "max-pool-backward",
        """
def max_pool_backward(dy, x, n):
    rows, cols = dy.shape
    blocks = x[: rows * n, : cols * n].reshape(rows, n, cols, n)
    flat = blocks.transpose(0, 2, 1, 3).reshape(rows, cols, n * n)
    hot = np.eye(n * n)[flat.argmax(axis=-1)] * dy[..., None]
    dx = np.zeros(x.shape)
    dx[: rows * n, : cols * n] = (
        hot.reshape(rows, cols, n, n).transpose(0, 2, 1, 3).reshape(rows * n, cols * n)
    )
    return dx
""",
    ),
    (
        "max-pool-backward",
        """
import torch


def max_pool_backward(dy, x, n):
    leaf = torch.tensor(x, requires_grad=True)
    top = torch.nn.functional.max_pool2d(leaf[None, None], n)[0, 0]
    top.backward(torch.tensor(dy))
    return leaf.grad
""",
    ),
    (
        "parameter-counts",
        """
def parameter_counts(h, w, channels, sides, units):
    weights = units * channels * np.prod(sides)
    return weights + units, units * channels * h * w + units
""",
    ),
    (
        "parameter-counts",
        """
def parameter_counts(height, width, C, kernel, F):
    conv = np.zeros((*kernel, C, F)).size + np.zeros(F).size
    return {"conv": conv, "dense": np.zeros((height, width, C, F)).size + F}
""",
    ),
    (
        "parameter-counts",
        """
import torch


def parameter_counts(height, width, C, kernel, F):
    layers = (
        torch.nn.Conv2d(C, F, tuple(int(k) for k in kernel)),
        torch.nn.Linear(height * width * C, F),
    )
    return tuple(sum(p.numel() for p in layer.parameters()) for layer in layers)
""",
    ),
)

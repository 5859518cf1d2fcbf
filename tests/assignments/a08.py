"""Answers to the assignment of chapter 8: wrong ones by name, right ones of kinds."""

ASSIGNMENT = "08-backpropagation-through-time"

WRONG = (
    (
        "unrolled-sum",
        """
def unrolled_sum(b, c):
    a = []
    for t in range(len(b)):
        total = b[t]
        for i in range(t):
            first = i if i == 0 else i + 1
            total = total + np.prod(c[first : t + 1]) * b[i]
        a.append(total if t else b[0] * c[0])
    return np.array(a)
""",
        "product-starts-early",
    ),
    (
        "state-derivative",
        """
def state_derivative(xs, h0, W_x, W_h, b):
    h = h0
    for x in xs:
        h_prev = h
        h = np.tanh(x @ W_x + h_prev @ W_h + b)
    result = np.zeros((len(b),) * 3)
    for i in range(len(b)):
        for j in range(len(b)):
            result[i, j, j] = (1 - h[j] ** 2) * h_prev[i]
    return result
""",
        "immediate-instead-of-total",
    ),
    (
        "state-derivative",
        """
def state_derivative(xs, h0, W_x, W_h, b):
    h = h0
    total = np.zeros((len(b),) * 3)
    for x in xs:
        new = np.tanh(x @ W_x + h @ W_h + b)
        D = np.diag(1 - new**2)
        total = np.einsum("i,jk->ijk", h, D) + total @ (W_h.T @ D)
        h = new
    return total
""",
        "transposed-W_h",
    ),
    (
        "output-backward",
        """
def output_backward(hs, ys, W_y, b_y):
    z = hs @ W_y + b_y
    z = z - z.max(-1, keepdims=True)
    p = np.exp(z)
    p = p / p.sum(-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))
    loss, do = 0.0, p.copy()
    for t in range(ys.shape[0]):
        for n in range(ys.shape[1]):
            loss -= log_p[t, n, ys[t, n]]
            do[t, n, ys[t, n]] -= 1
    return loss, do @ W_y.T, np.tensordot(hs, do, ([0, 1], [0, 1])), do.sum((0, 1))
""",
        "sum-instead-of-mean",
    ),
    (
        "rnn-step-backward",
        """
def rnn_step_backward(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - np.tanh(h) ** 2)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(0)
""",
        "tanh-twice",
    ),
    (
        "rnn-step-backward",
        """
def rnn_step_backward(dh, x, h_prev, h, W_x, W_h):
    return dh @ W_x.T, dh @ W_h.T, x.T @ dh, h_prev.T @ dh, dh.sum(0)
""",
        "slope-forgotten",
    ),
    (
        "rnn-step-backward",
        """
def rnn_step_backward(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h * h)
    return da @ W_x.T, da @ W_h, x.T @ da, h_prev.T @ da, da.sum(0)
""",
        "transposed-W_h",
    ),
    (
        "rnn-backward",
        """
def rnn_backward(dhs, xs, hs, h0, W_x, W_h):
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dxs, carry = np.zeros_like(xs), np.zeros_like(h0)
    for t in range(len(xs) - 1, -1, -1):
        da = (dhs[t] + carry) * (1 - hs[t] ** 2)
        dW_x += xs[t].T @ da
        dW_h += hs[t].T @ da
        db += da.sum(0)
        dxs[t], carry = da @ W_x.T, da @ W_h.T
    return dW_x, dW_h, db, dxs, carry
""",
        "h-t-where-h-prev-belongs",
    ),
    (
        "rnn-backward",
        """
def rnn_backward(dhs, xs, hs, h0, W_x, W_h):
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dxs, carry = np.zeros_like(xs), np.zeros_like(h0)
    for t in range(len(xs) - 2, -1, -1):
        da = (dhs[t] + carry) * (1 - hs[t] ** 2)
        dW_x += xs[t].T @ da
        dW_h += (hs[t - 1] if t else h0).T @ da
        db += da.sum(0)
        dxs[t], carry = da @ W_x.T, da @ W_h.T
    return dW_x, dW_h, db, dxs, carry
""",
        "last-step-missing",
    ),
    (
        "rnn-backward",
        """
def rnn_backward(dhs, xs, hs, h0, W_x, W_h):
    dxs, carry = np.zeros_like(xs), np.zeros_like(h0)
    for t in range(len(xs) - 1, -1, -1):
        da = (dhs[t] + carry) * (1 - hs[t] ** 2)
        dW_x = xs[t].T @ da
        dW_h = (hs[t - 1] if t else h0).T @ da
        db = da.sum(0)
        dxs[t], carry = da @ W_x.T, da @ W_h.T
    return dW_x, dW_h, db, dxs, carry
""",
        "weights-assigned-not-added",
    ),
    (
        "masked-loss",
        """
def masked_loss(logits, targets, lengths):
    T, B, K = logits.shape
    mask = (np.arange(T)[:, None] < lengths).astype(float)
    z = logits - logits.max(-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))
    one = np.eye(K)[targets]
    loss = -(mask[..., None] * one * log_p).sum() / (T * B)
    return loss, mask[..., None] * (np.exp(log_p) - one) / (T * B)
""",
        "mask-missing-in-denominator",
    ),
    (
        "masked-loss",
        """
def masked_loss(logits, targets, lengths):
    T, B, K = logits.shape
    mask = np.arange(T)[:, None] < lengths
    z = logits - logits.max(-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))
    one = np.eye(K)[targets]
    loss = -(one * log_p).sum(-1)[mask].mean()
    return loss, (np.exp(log_p) - one) / mask.sum()
""",
        "padding-leaks",
    ),
    (
        "truncated-gradient",
        """
def truncated_gradient(dhs, hs, h0, W_h, tau):
    result = np.zeros_like(W_h)
    for t in range(len(hs)):
        message = dhs[t]
        for i in range(t, -1, -1):
            da = message * (1 - hs[i] ** 2)
            if i == t or i <= t - tau:
                result += (hs[i - 1] if i else h0).T @ da
            message = da @ W_h.T
    return result
""",
        "keeps-the-oldest",
    ),
    (
        "truncated-gradient",
        """
def truncated_gradient(dhs, hs, h0, W_h, tau):
    result = np.zeros_like(W_h)
    for t in range(len(hs)):
        message = dhs[t]
        for i in range(t, max(0, t - tau - 1) - 1, -1):
            da = message * (1 - hs[i] ** 2)
            result += (hs[i - 1] if i else h0).T @ da
            message = da @ W_h.T
    return result
""",
        "one-step-too-far",
    ),
    (
        "numbers-kept",
        """
def numbers_kept(T, B, D, H, tau):
    n = min(T, tau)
    return B * (n * D + (n + 1) * H)
""",
        "tau-steps-instead-of-tau-plus-one",
    ),
    (
        "output-step",
        """
def output_step(x, y_prev, W_x, W_o, b, W_y, b_y):
    a = x @ W_x + y_prev @ W_o + b
    return np.tanh(a), a @ W_y + b_y
""",
        "a-sent-to-output",
    ),
    (
        "output-run",
        """
def output_run(xs, y0, ys_true, forced, W_x, W_o, b, W_y, b_y):
    out = []
    for t in range(len(xs)):
        y = y0 if t == 0 else ys_true[t - 1]
        out.append(np.tanh(xs[t] @ W_x + y @ W_o + b) @ W_y + b_y)
    return np.array(out)
""",
        "always-forced",
    ),
    (
        "many-to-one",
        """
def many_to_one(xs, lengths, ys, W_x, W_h, b, W_y, b_y):
    T, B, _ = xs.shape
    hs = [np.zeros((B, len(b)))]
    for x in xs:
        hs.append(np.tanh(x @ W_x + hs[-1] @ W_h + b))
    o = hs[-1] @ W_y + b_y
    o = o - o.max(1, keepdims=True)
    p = np.exp(o) / np.exp(o).sum(1, keepdims=True)
    loss = -np.log(p[np.arange(B), ys]).mean()
    p[np.arange(B), ys] -= 1
    dh, dW_h = p / B @ W_y.T, 0
    for t in range(T, 0, -1):
        da = dh * (1 - hs[t] ** 2)
        dW_h = dW_h + hs[t - 1].T @ da
        dh = da @ W_h.T
    return loss, dW_h
""",
        "reads-the-padding",
    ),
    (
        "train-step",
        """
def train_step(ids, lr, W_x, W_h, b, W_y, b_y):
    hs, xs, ys = [np.zeros(len(b))], np.eye(len(b_y))[ids[:-1]], ids[1:]
    for x in xs:
        hs.append(np.tanh(x @ W_x + hs[-1] @ W_h + b))
    hs, T = np.array(hs), len(xs)
    o = hs[1:] @ W_y + b_y
    p = np.exp(o) / np.exp(o).sum(1, keepdims=True)
    loss = -np.log(p[np.arange(T), ys]).mean()
    do = (p - np.eye(len(b_y))[ys]) / T
    da, carry = np.zeros((T, len(b))), 0
    for t in range(T - 1, -1, -1):
        da[t] = (do[t] @ W_y.T + carry) * (1 - hs[t + 1] ** 2)
        carry = da[t] @ W_h.T
    return (
        loss, W_x + lr * xs.T @ da, W_h + lr * hs[:-1].T @ da, b + lr * da.sum(0),
        W_y + lr * hs[1:].T @ do, b_y + lr * do.sum(0),
    )
""",
        "uphill",
    ),
)

_TORCH_LOSS = """
import torch


def tensors(*arrays):
    made = [torch.as_tensor(a) for a in arrays]
    return [a.clone().requires_grad_() for a in made]
"""

RIGHT = (
    # the lemma: from the newest term back, one matrix of products, torch
    (
        "unrolled-sum",
        """
def unrolled_sum(beta, gamma):
    out = np.zeros(len(beta))
    for t in range(len(beta)):
        factor = 1.0
        for i in range(t, -1, -1):
            out[t] += factor * beta[i]
            factor *= gamma[i]
    return out
""",
    ),
    (
        "unrolled-sum",
        """
def unrolled_sum(b, c):
    T = len(b)
    M = np.array([[np.prod(c[i + 1 : t + 1]) * (i <= t) for i in range(T)]
                  for t in range(T)])
    return np.einsum("ti,i->t", M, b)
""",
    ),
    (
        "unrolled-sum",
        """
import torch


def unrolled_sum(b, c):
    b, c = torch.as_tensor(b), torch.as_tensor(c)
    terms = [
        torch.stack([c[i + 1 : t + 1].prod() * b[i] for i in range(t + 1)]).sum()
        for t in range(len(b))
    ]
    return torch.stack(terms)
""",
    ),
    # the full sum: four loops over (8.7), einsum over all, autograd
    (
        "state-derivative",
        """
def state_derivative(inputs, start, A, B, bias):
    H = len(bias)
    hs = [start]
    for x in inputs:
        hs.append(np.tanh(x @ A + hs[-1] @ B + bias))
    total = np.zeros((H, H, H))
    for i in range(H):
        for j in range(H):
            for t in range(1, len(hs)):
                row = np.zeros(H)
                row[j] = (1 - hs[t][j] ** 2) * hs[t - 1][i]
                for s in range(t + 1, len(hs)):
                    row = (row @ B) * (1 - hs[s] ** 2)
                total[i, j] += row
    return total
""",
    ),
    (
        "state-derivative",
        """
def state_derivative(xs, h0, W_x, W_h, b):
    h, S = h0, np.zeros((h0.size,) * 3)
    for x in xs:
        new = np.tanh(x @ W_x + h @ W_h + b)
        S = np.einsum("ijm,mk->ijk", S, W_h)
        S = S + np.einsum("i,jk->ijk", h, np.eye(h0.size))
        S = np.einsum("ijk,k->ijk", S, 1 - new**2)
        h = new
    return S
""",
    ),
    (
        "state-derivative",
        """
import torch


def state_derivative(xs, h0, W_x, W_h, b):
    xs, h0, W_x, W_h, b = map(torch.as_tensor, (xs, h0, W_x, W_h, b))

    def last(W):
        h = h0
        for x in xs:
            h = torch.tanh(x @ W_x + h @ W + b)
        return h

    return torch.autograd.functional.jacobian(last, W_h).permute(1, 2, 0)
""",
    ),
    # the output
    (
        "output-backward",
        """
def output_backward(states, labels, V, c):
    T, B, H = states.shape
    loss, dV, dc = 0.0, np.zeros_like(V), np.zeros_like(c)
    dstates = np.zeros_like(states)
    for t in range(T):
        for n in range(B):
            o = states[t, n] @ V + c
            e = np.exp(o - o.max())
            p = e / e.sum()
            y = labels[t, n]
            loss += np.log(e.sum()) - (o[y] - o.max())
            p[y] -= 1
            p /= T * B
            dV += np.outer(states[t, n], p)
            dc += p
            dstates[t, n] = V @ p
    return loss / (T * B), dstates, dV, dc
""",
    ),
    (
        "output-backward",
        """
def output_backward(hs, ys, W_y, b_y):
    H, K = W_y.shape
    h, y = hs.reshape(-1, H), ys.ravel()
    o = h @ W_y + b_y
    m = o.max(1)
    log_z = m + np.log(np.exp(o - m[:, None]).sum(1))
    rows = np.arange(len(y))
    do = np.exp(o - log_z[:, None])
    do[rows, y] -= 1
    do /= len(y)
    loss = np.mean(log_z - o[rows, y])
    return loss, (do @ W_y.T).reshape(hs.shape), h.T @ do, do.sum(0)
""",
    ),
    (
        "output-backward",
        _TORCH_LOSS
        + """

def output_backward(hs, ys, W_y, b_y):
    h, W, c = tensors(hs, W_y, b_y)
    o = (h @ W + c).reshape(-1, len(b_y))
    loss = torch.nn.functional.cross_entropy(o, torch.as_tensor(ys).reshape(-1))
    loss.backward()
    return loss, h.grad, W.grad, c.grad
""",
    ),
    # one step
    (
        "rnn-step-backward",
        """
def rnn_step_backward(grad, inp, old, new, A, B):
    n, H = grad.shape
    D = inp.shape[1]
    dx, dold = np.zeros_like(inp), np.zeros_like(old)
    dA, dB, db = np.zeros_like(A), np.zeros_like(B), np.zeros_like(B[0])
    for s in range(n):
        for j in range(H):
            d = grad[s, j] * (1 - new[s, j]) * (1 + new[s, j])
            db[j] += d
            for i in range(D):
                dx[s, i] += d * A[i, j]
                dA[i, j] += d * inp[s, i]
            for i in range(H):
                dold[s, i] += d * B[i, j]
                dB[i, j] += d * old[s, i]
    return dx, dold, dA, dB, db
""",
    ),
    (
        "rnn-step-backward",
        """
def rnn_step_backward(dh, x, h_prev, h, W_x, W_h):
    da = dh - dh * h * h
    return (
        np.einsum("bh,dh->bd", da, W_x),
        np.einsum("bh,gh->bg", da, W_h),
        np.einsum("bd,bh->dh", x, da),
        np.einsum("bg,bh->gh", h_prev, da),
        np.einsum("bh->h", da),
    )
""",
    ),
    (
        "rnn-step-backward",
        """
import torch


def rnn_step_backward(dh, x, h_prev, h, W_x, W_h):
    dh, x, h_prev, h, W_x, W_h = map(torch.as_tensor, (dh, x, h_prev, h, W_x, W_h))
    da = dh * (1 - h.pow(2))
    return {
        "dx": da @ W_x.T,
        "dh_prev": da @ W_h.T,
        "dW_x": x.T @ da,
        "dW_h": h_prev.T @ da,
        "db": da.sum(0),
    }
""",
    ),
    # all steps
    (
        "rnn-backward",
        """
def rnn_backward(messages, inputs, states, first, A, B):
    before = np.concatenate([first[None], states[:-1]])
    das = np.empty_like(states)
    later = np.zeros_like(first)
    for t in range(len(inputs))[::-1]:
        das[t] = (messages[t] + later) * (1 - states[t] ** 2)
        later = das[t] @ B.T
    return (
        np.einsum("tbd,tbh->dh", inputs, das),
        np.einsum("tbg,tbh->gh", before, das),
        das.sum((0, 1)),
        das @ A.T,
        later,
    )
""",
    ),
    (
        "rnn-backward",
        """
def rnn_backward(dhs, xs, hs, h0, W_x, W_h):
    def back(t, message):
        if t < 0:
            return 0, 0, 0, [], message
        da = (dhs[t] + message) * (1 - hs[t] ** 2)
        dA, dB, db, dxs, dh0 = back(t - 1, da @ W_h.T)
        old = hs[t - 1] if t > 0 else h0
        return (
            dA + xs[t].T @ da, dB + old.T @ da, db + da.sum(0), dxs + [da @ W_x.T], dh0
        )

    dA, dB, db, dxs, dh0 = back(len(xs) - 1, np.zeros_like(h0))
    return dA, dB, db, np.array(dxs), dh0
""",
    ),
    (
        "rnn-backward",
        _TORCH_LOSS
        + """

def rnn_backward(dhs, xs, hs, h0, W_x, W_h):
    # The bias is not given; what it was follows from the first step.
    b = np.arctanh(hs[0][0]) - xs[0][0] @ W_x - h0[0] @ W_h
    xs, h0, W_x, W_h, b = tensors(xs, h0, W_x, W_h, b)
    h, loss = h0, 0
    for x, message in zip(xs, torch.as_tensor(dhs)):
        h = torch.tanh(x @ W_x + h @ W_h + b)
        loss = loss + (h * message).sum()
    return torch.autograd.grad(loss, (W_x, W_h, b, xs, h0))
""",
    ),
    # padding
    (
        "masked-loss",
        """
def masked_loss(out, goal, n):
    T, B, K = out.shape
    count, loss, grad = int(n.sum()), 0.0, np.zeros(out.shape)
    for s in range(B):
        for t in range(n[s]):
            e = np.exp(out[t, s] - out[t, s].max())
            p = e / e.sum()
            loss -= np.log(p[goal[t, s]])
            p[goal[t, s]] -= 1
            grad[t, s] = p / count
    return loss / count, grad
""",
    ),
    (
        "masked-loss",
        """
def masked_loss(logits, targets, lengths):
    T, B, K = logits.shape
    real = np.arange(T)[:, None] < lengths
    o, y = logits[real], targets[real]
    o = o - o.max(1, keepdims=True)
    log_p = o - np.log(np.exp(o).sum(1, keepdims=True))
    grad = np.zeros_like(logits)
    grad[real] = (np.exp(log_p) - np.eye(K)[y]) / len(y)
    return -log_p[np.arange(len(y)), y].mean(), grad
""",
    ),
    (
        "masked-loss",
        _TORCH_LOSS
        + """

def masked_loss(logits, targets, lengths):
    (o,) = tensors(logits)
    real = torch.arange(len(logits))[:, None] < torch.as_tensor(lengths)
    y = torch.as_tensor(targets).masked_fill(~real, -100)
    loss = torch.nn.functional.cross_entropy(o.flatten(0, 1), y.flatten())
    loss.backward()
    return loss, o.grad
""",
    ),
    # truncation
    (
        "truncated-gradient",
        """
def truncated_gradient(messages, states, first, B, reach):
    before = np.concatenate([first[None], states[:-1]])
    slope = 1 - states**2
    wave, dh = messages, messages.copy()
    for _ in range(min(reach, len(states) - 1)):
        wave = (wave[1:] * slope[1 : len(wave)]) @ B.T
        dh[: len(wave)] += wave
    return np.einsum("tbg,tbh->gh", before, dh * slope)
""",
    ),
    (
        "truncated-gradient",
        """
def truncated_gradient(dhs, hs, h0, W_h, tau):
    before = np.concatenate([h0[None], hs[:-1]])
    total = 0
    for i in range(len(hs)):
        # all losses that may look at step i, by Horner's rule from the latest
        stop = min(len(hs) - 1, i + tau)
        message = dhs[stop]
        for t in range(stop, i, -1):
            message = (message * (1 - hs[t] ** 2)) @ W_h.T + dhs[t - 1]
        total = total + before[i].T @ (message * (1 - hs[i] ** 2))
    return total
""",
    ),
    (
        "truncated-gradient",
        """
import torch


def truncated_gradient(dhs, hs, h0, W_h, tau):
    # The definition: detach the state tau + 1 steps before each loss. What the input
    # adds to each step is read off the states.
    W = torch.as_tensor(W_h).clone().requires_grad_()
    before = torch.as_tensor(np.concatenate([h0[None], hs[:-1]]))
    drive = torch.atanh(torch.as_tensor(hs)) - before @ W.detach()
    for t in range(len(hs)):
        start = max(0, t - tau)
        h = before[start]
        for i in range(start, t + 1):
            h = torch.tanh(drive[i] + h @ W)
        (h * torch.as_tensor(dhs[t])).sum().backward()
    return W.grad
""",
    ),
    # memory
    (
        "numbers-kept",
        """
def numbers_kept(steps, batch, inputs, hidden, reach):
    seen = steps if reach >= steps else reach + 1
    return batch * seen * inputs + batch * seen * hidden + batch * hidden
""",
    ),
    (
        "numbers-kept",
        """
def numbers_kept(T, B, D, H, tau):
    xs = np.zeros((T, B, D))[-(tau + 1) :]
    states = np.zeros((T + 1, B, H))[-(tau + 2) :]
    return xs.size + states.size
""",
    ),
    (
        "numbers-kept",
        """
from collections import deque


def numbers_kept(T, B, D, H, tau):
    held, before = deque(maxlen=tau + 1), B * H
    for _ in range(T):
        held.append(B * (D + H))
    return float(sum(held) + before)
""",
    ),
    # output to hidden
    (
        "output-step",
        """
def output_step(inp, back, A, O, bias, V, c):
    both = np.concatenate([inp, back], axis=1) @ np.concatenate([A, O])
    state = np.tanh(both + bias)
    return [state, state @ V + c]
""",
    ),
    (
        "output-step",
        """
def output_step(x, y_prev, W_x, W_o, b, W_y, b_y):
    a = np.einsum("bd,dh->bh", x, W_x) + np.einsum("bk,kh->bh", y_prev, W_o) + b
    h = (np.exp(2 * a) - 1) / (np.exp(2 * a) + 1)
    return h, np.einsum("bh,hk->bk", h, W_y) + b_y
""",
    ),
    (
        "output-step",
        """
import torch


def output_step(x, y_prev, W_x, W_o, b, W_y, b_y):
    x, y_prev, W_x, W_o, b, W_y, b_y = map(
        torch.as_tensor, (x, y_prev, W_x, W_o, b, W_y, b_y)
    )
    h = torch.tanh(torch.addmm(b, x, W_x) + y_prev @ W_o)
    return h, torch.addmm(b_y, h, W_y)
""",
    ),
    (
        "output-run",
        """
def output_run(xs, y0, ys_true, forced, W_x, W_o, b, W_y, b_y):
    if forced:  # no step waits for another
        before = np.concatenate([y0[None], ys_true[:-1]])
        return np.tanh(xs @ W_x + before @ W_o + b) @ W_y + b_y
    ys = np.zeros(ys_true.shape)
    for t in range(len(xs)):
        before = ys[t - 1] if t else y0
        ys[t] = np.tanh(xs[t] @ W_x + before @ W_o + b) @ W_y + b_y
    return ys
""",
    ),
    (
        "output-run",
        """
def output_run(xs, y0, ys_true, forced, W_x, W_o, b, W_y, b_y):
    def rest(t, y):
        if t == len(xs):
            return []
        _, out = output_step(xs[t], y, W_x, W_o, b, W_y, b_y)
        return [out] + rest(t + 1, ys_true[t] if forced else out)

    return rest(0, y0)
""",
    ),
    (
        "output-run",
        """
import torch


def output_run(xs, y0, ys_true, forced, *weights):
    W_x, W_o, b, W_y, b_y = map(torch.as_tensor, weights)
    y, ys = torch.as_tensor(y0), []
    for x, teacher in zip(torch.as_tensor(xs), torch.as_tensor(ys_true)):
        ys.append(torch.tanh(x @ W_x + y @ W_o + b) @ W_y + b_y)
        y = teacher if forced else ys[-1]
    return torch.stack(ys)
""",
    ),
    # many to one
    (
        "many-to-one",
        """
def many_to_one(xs, lengths, ys, W_x, W_h, b, W_y, b_y):
    B, loss, total = len(ys), 0.0, np.zeros_like(W_h)
    for n in range(B):  # one sequence at a time, without its padding
        hs = [np.zeros(len(b))]
        for t in range(lengths[n]):
            hs.append(np.tanh(xs[t, n] @ W_x + hs[-1] @ W_h + b))
        o = hs[-1] @ W_y + b_y
        p = np.exp(o - o.max())
        p /= p.sum()
        loss -= np.log(p[ys[n]]) / B
        p[ys[n]] -= 1
        dh = W_y @ p / B
        for t in range(lengths[n], 0, -1):
            da = dh * (1 - hs[t] ** 2)
            total += np.outer(hs[t - 1], da)
            dh = W_h @ da
    return loss, total
""",
    ),
    (
        "many-to-one",
        """
def many_to_one(xs, lengths, ys, W_x, W_h, b, W_y, b_y):
    B, T = len(ys), len(xs)
    h, hs, live = np.zeros((B, len(b))), [], []
    for t in range(T):  # a finished sequence keeps its state
        hs.append(h)
        live.append((t < lengths)[:, None])
        h = np.where(live[t], np.tanh(xs[t] @ W_x + h @ W_h + b), h)
    hs.append(h)
    o = h @ W_y + b_y
    p = np.exp(o - o.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    loss = -np.log(p[range(B), ys]).mean()
    p[range(B), ys] -= 1
    dh, dW = p @ W_y.T / B, np.zeros_like(W_h)
    for t in range(T - 1, -1, -1):
        da = np.where(live[t], dh * (1 - hs[t + 1] ** 2), 0)
        dW += hs[t].T @ da
        dh = np.where(live[t], da @ W_h.T, dh)
    return loss, dW
""",
    ),
    (
        "many-to-one",
        _TORCH_LOSS
        + """

def many_to_one(xs, lengths, ys, W_x, W_h, b, W_y, b_y):
    xs, W_x, W_h, b, W_y, b_y = tensors(xs, W_x, W_h, b, W_y, b_y)
    h, hs = torch.zeros(len(ys), len(b), dtype=b.dtype), []
    for x in xs:
        h = torch.tanh(x @ W_x + h @ W_h + b)
        hs.append(h)
    last = torch.stack(hs)[torch.as_tensor(lengths) - 1, torch.arange(len(ys))]
    loss = torch.nn.functional.cross_entropy(last @ W_y + b_y, torch.as_tensor(ys))
    return loss, *torch.autograd.grad(loss, W_h)
""",
    ),
    # the four steps
    (
        "train-step",
        """
def train_step(ids, lr, W_x, W_h, b, W_y, b_y):
    xs = np.eye(len(b_y))[ids[:-1]][:, None]
    h0 = np.zeros((1, len(b)))
    hs, h = [], h0
    for x in xs:
        h = np.tanh(x @ W_x + h @ W_h + b)
        hs.append(h)
    hs = np.array(hs)
    loss, dhs, dW_y, db_y = output_backward(hs, ids[1:, None], W_y, b_y)
    dW_x, dW_h, db, _, _ = rnn_backward(dhs, xs, hs, h0, W_x, W_h)
    return (
        loss, W_x - lr * dW_x, W_h - lr * dW_h, b - lr * db,
        W_y - lr * dW_y, b_y - lr * db_y,
    )
""",
    ),
    (
        "train-step",
        """
def train_step(chars, rate, A, B, bias, V, c):
    T, hs, ps = len(chars) - 1, {-1: np.zeros(len(bias))}, {}
    loss = 0.0
    for t in range(T):
        hs[t] = np.tanh(A[chars[t]] + hs[t - 1] @ B + bias)
        o = hs[t] @ V + c
        ps[t] = np.exp(o - o.max())
        ps[t] /= ps[t].sum()
        loss -= np.log(ps[t][chars[t + 1]]) / T
    dA, dB, db = np.zeros_like(A), np.zeros_like(B), np.zeros_like(bias)
    dV, dc, later = np.zeros_like(V), np.zeros_like(c), np.zeros_like(bias)
    for t in range(T - 1, -1, -1):
        do = ps[t] / T
        do[chars[t + 1]] -= 1 / T
        dV += np.outer(hs[t], do)
        dc += do
        da = (V @ do + later) * (1 - hs[t] ** 2)
        dA[chars[t]] += da
        dB += np.outer(hs[t - 1], da)
        db += da
        later = B @ da
    new = A - rate * dA, B - rate * dB, bias - rate * db, V - rate * dV, c - rate * dc
    return loss, *new
""",
    ),
    (
        "train-step",
        _TORCH_LOSS
        + """

def train_step(ids, lr, *weights):
    W_x, W_h, b, W_y, b_y = weights = tensors(*weights)
    h, os = torch.zeros_like(b), []
    for i in ids[:-1]:
        h = torch.tanh(W_x[int(i)] + h @ W_h + b)
        os.append(h @ W_y + b_y)
    goal = torch.as_tensor(ids[1:])
    loss = torch.nn.functional.cross_entropy(torch.stack(os), goal)
    loss.backward()
    with torch.no_grad():
        return loss, *(w - lr * w.grad for w in weights)
""",
    ),
)

"""Answers to the assignment of chapter 9: wrong ones by name, right ones of kinds.

Each is the whole source of the cell. The k-th answers of all cells go into one
notebook, so no answer calls a function of another cell.
"""

ASSIGNMENT = "09-vanishing-and-exploding"

WRONG = (
    (
        "power-method",
        """
def power_method(W_h, v, n_steps):
    old = v
    for _ in range(n_steps):
        old, v = v, v @ W_h
    return np.linalg.norm(v) / np.linalg.norm(old), v / np.linalg.norm(v)
""",
        "length-mended-only-at-the-end",
    ),
    (
        "power-method",
        """
def power_method(A, u, n):
    u = u / np.sqrt(u @ u)
    for _ in range(n):
        u = A @ u
        size = np.sqrt(u @ u)
        u = u / size
    return size, u
""",
        "matrix-from-the-left",
    ),
    (
        "power-method",
        """
def power_method(W_h, v, n_steps):
    v = v / np.linalg.norm(v)
    for _ in range(n_steps):
        growth = v @ W_h @ v
        v = v @ W_h
        v = v / np.linalg.norm(v)
    return growth, v
""",
        "projection-for-the-growth",
    ),
    (
        "jacobian-product",
        """
def jacobian_product(hs, W_h, gamma):
    product = np.eye(len(W_h))
    for h in hs:
        product = product @ np.diag(1 - h**2) @ W_h
    return product, (gamma * np.linalg.norm(W_h, 2)) ** len(hs)
""",
        "slope-scales-rows",
    ),
    (
        "jacobian-product",
        """
def jacobian_product(hs, W_h, gamma):
    product = np.eye(len(W_h))
    for h in hs:
        product = product @ W_h @ np.diag(1 - h**2)
    radius = max(abs(np.linalg.eigvals(W_h)))
    return product, (gamma * radius) ** len(hs)
""",
        "radius-instead-of-norm",
    ),
    (
        "jacobian-product",
        """
def jacobian_product(hs, W_h, gamma):
    product = np.eye(len(W_h))
    for h in hs:
        product = W_h @ np.diag(1 - h**2) @ product
    return product, (gamma * np.linalg.norm(W_h, 2)) ** len(hs)
""",
        "last-step-on-the-left",
    ),
    (
        "eigen-power",
        """
def eigen_power(W_h, k):
    values, Q = np.linalg.eig(W_h)
    return (Q.T @ np.diag(values**k) @ Q).real
""",
        "as-the-deck-prints-it",
    ),
    (
        "eigen-power",
        """
def eigen_power(W_h, k):
    values, Q = np.linalg.eig(W_h)
    return (Q @ np.diag(values**k) @ Q.T).real
""",
        "transpose-for-the-inverse",
    ),
    (
        "clip-gradients",
        """
def clip_gradients(dW_x, dW_y, db, limit, kind):
    grads = [dW_x, dW_y, db]
    norms = [np.linalg.norm(g) for g in grads]
    if kind == "norm":
        grads = [g * min(1, limit / max(n, 1e-12)) for g, n in zip(grads, norms)]
    else:
        grads = [np.clip(g, -limit, limit) for g in grads]
    return *grads, np.linalg.norm(norms)
""",
        "each-array-by-itself",
    ),
    (
        "clip-gradients",
        """
def clip_gradients(dW_x, dW_y, db, limit, kind):
    grads = [dW_x, dW_y, db]
    norm = np.sqrt(sum((g * g).sum() for g in grads))
    if kind == "value":
        return *[np.clip(g, -limit, limit) for g in grads], norm
    return *[g * limit / max(norm, 1e-12) for g in grads], norm
""",
        "always-rescaled",
    ),
    (
        "clip-gradients",
        """
def clip_gradients(dW_x, dW_y, db, limit, kind):
    grads = [dW_x, dW_y, db]
    norm = np.sqrt(sum((g * g).sum() for g in grads))
    if kind == "value":
        return *[np.minimum(g, limit) for g in grads], norm
    return *[g * limit / norm if norm > limit else g for g in grads], norm
""",
        "clipped-above-only",
    ),
    (
        "leaky-step",
        """
def leaky_step(x, h_prev, W_x, W_h, b, alpha, dh):
    n = np.tanh(x @ W_x + h_prev @ W_h + b)
    h = h_prev + alpha * (n - h_prev)
    da = alpha * dh * (1 - n * n)
    dalpha = ((n - h_prev) * dh).sum(axis=0)
    return h, da @ W_x.T, da @ W_h.T, h_prev.T @ da, dalpha
""",
        "leak-missing-in-dh_prev",
    ),
    (
        "leaky-step",
        """
def leaky_step(x, h_prev, W_x, W_h, b, alpha, dh):
    h = (1 - alpha) * h_prev + alpha * np.tanh(x @ W_x + h_prev @ W_h + b)
    da = dh * alpha * (1 - h**2)
    n = (h - (1 - alpha) * h_prev) / alpha
    dh_prev = dh * (1 - alpha) + da @ W_h.T
    return h, da @ W_x.T, dh_prev, h_prev.T @ da, ((n - h_prev) * dh).sum(axis=0)
""",
        "slope-of-the-mixture",
    ),
    (
        "leaky-step",
        """
def leaky_step(x, h_prev, W_x, W_h, b, alpha, dh):
    n = np.tanh(x @ W_x + h_prev @ W_h + b)
    h = alpha * h_prev + (1 - alpha) * n
    da = dh * (1 - alpha) * (1 - n**2)
    dh_prev = dh * alpha + da @ W_h.T
    return h, da @ W_x.T, dh_prev, h_prev.T @ da, ((n - h_prev) * dh).sum(axis=0)
""",
        "rate-the-other-way-round",
    ),
    (
        "skip-step",
        """
def skip_step(x, h_prev, h_skip, W_x, W_h, W_s, b, dh):
    h = np.tanh(x @ W_x + h_prev @ W_h + h_skip @ W_s + b)
    da = dh * (1 - h**2)
    back = da @ W_h.T + da @ W_s.T
    return h, back, back, h_prev.T @ da, h_skip.T @ da
""",
        "messages-merged",
    ),
    (
        "skip-step",
        """
def skip_step(x, h_prev, h_skip, W_x, W_h, W_s, b, dh):
    n = np.tanh(x @ W_x + h_prev @ W_h + b)
    da = dh * (1 - n**2)
    h = n + h_skip @ W_s
    return h, da @ W_h.T, dh @ W_s.T, h_prev.T @ da, h_skip.T @ da
""",
        "skip-outside-of-tanh",
    ),
    (
        "removed-forward",
        """
def removed_forward(xs, W_x, W_h, b, d):
    hs = []
    for t, x in enumerate(xs):
        back = hs[max(0, t - d - 1)] if t > d else 0 * b
        hs.append(np.tanh(x @ W_x + back @ W_h + b))
    return np.array(hs)
""",
        "reach-too-long",
    ),
    (
        "removed-forward",
        """
def removed_forward(xs, W_x, W_h, b, d):
    h, hs = np.zeros(len(b)), []
    for t, x in enumerate(xs):
        if t % d == 0:
            h = np.tanh(x @ W_x + h @ W_h + b)
        hs.append(h)
    return np.array(hs)
""",
        "state-held",
    ),
    (
        "gradient-against-lag",
        """
def gradient_against_lag(hs, W_h, dh_T):
    dh, norms = dh_T, [np.linalg.norm(dh_T)]
    for h in hs[::-1]:
        dh = (dh @ W_h.T) * (1 - h**2)
        norms.append(np.linalg.norm(dh))
    return norms
""",
        "slope-after-the-matrix",
    ),
    (
        "gradient-against-lag",
        """
def gradient_against_lag(hs, W_h, dh_T):
    dh, norms = dh_T, [np.linalg.norm(dh_T)]
    for h in hs:
        dh = (dh * (1 - h**2)) @ W_h.T
        norms.append(np.linalg.norm(dh))
    return np.array(norms)
""",
        "steps-in-forward-order",
    ),
    (
        "transient-growth",
        """
def transient_growth(W_h, K):
    norms = [np.linalg.norm(np.linalg.matrix_power(W_h, k)) for k in range(K + 1)]
    values = np.linalg.eigvals(W_h)
    surplus = np.sum(W_h**2) - np.sum(np.abs(values) ** 2)
    return np.array(norms), max(norms), np.sqrt(max(surplus, 0))
""",
        "frobenius-norms",
    ),
    (
        "transient-growth",
        """
def transient_growth(W_h, K):
    norms = [np.linalg.norm(np.linalg.matrix_power(W_h, k), 2) for k in range(K + 1)]
    values = np.linalg.eigvals(W_h)
    surplus = np.sum(W_h**2) - np.sum((values**2).real)
    return np.array(norms), max(norms), np.sqrt(max(surplus, 0))
""",
        "eigenvalues-squared-with-their-angles",
    ),
)

RIGHT = (
    (
        "power-method",
        """
def power_method(A, u, n):
    size = sum(a * a for a in u) ** 0.5
    for _ in range(n):
        u = [sum(u[i] / size * A[i, j] for i in range(len(u))) for j in range(len(u))]
        size = sum(a * a for a in u) ** 0.5
    return size, np.array(u) / size
""",
    ),
    (
        "power-method",
        """
import torch


def power_method(W_h, v, n_steps):
    W, v = torch.as_tensor(W_h), torch.as_tensor(v)
    v = v / v.norm()
    for _ in range(n_steps):
        v = v @ W
        growth = v.norm()
        v = v / growth
    return growth, v
""",
    ),
    (
        "power-method",
        """
def power_method(W_h, v, n_steps):
    column = (v / np.linalg.norm(v))[:, None]
    for _ in range(n_steps):
        column = W_h.T @ column
        growth = np.linalg.norm(column)
        column = column / growth
    return {"growth": growth, "v": column[:, 0]}
""",
    ),
    (
        "jacobian-product",
        """
def jacobian_product(states, W, largest_slope):
    product = np.diag(np.ones(len(W)))
    for h in reversed(states):
        product = np.einsum("ij,j,jk->ik", W, 1 - h * h, product)
    stretch = np.linalg.svd(W, compute_uv=False)[0]
    return product, np.prod([stretch * largest_slope] * len(states))
""",
    ),
    (
        "jacobian-product",
        """
import torch


def jacobian_product(hs, W_h, gamma):
    hs, W = torch.tensor(hs), torch.tensor(W_h)
    factors = [W @ torch.diag(1 - h**2) for h in hs]
    product = torch.linalg.multi_dot(factors) if len(factors) > 1 else factors[0]
    return product, float(torch.linalg.matrix_norm(W, 2) * gamma) ** len(hs)
""",
    ),
    (
        "jacobian-product",
        """
def jacobian_product(hs, W_h, gamma):
    rows = np.eye(len(W_h))
    for h in hs:
        rows = np.array([(row @ W_h) * (1 - h**2) for row in rows])
    top = np.linalg.eigvalsh(W_h @ W_h.T).max()
    return rows, (gamma * top**0.5) ** len(hs)
""",
    ),
    (
        "eigen-power",
        """
def eigen_power(W, k):
    lam, V = np.linalg.eig(W)
    return np.real(np.linalg.solve(V.T, ((V * lam**k)).T).T)
""",
    ),
    (
        "eigen-power",
        """
import torch


def eigen_power(W_h, k):
    values, V = torch.linalg.eig(torch.tensor(W_h))
    return (V @ torch.diag(values**k) @ torch.linalg.inv(V)).real
""",
    ),
    (
        "eigen-power",
        """
def eigen_power(W_h, k):
    values, V = np.linalg.eig(W_h.T)
    left = V.T
    power = 0
    for value, row, column in zip(values, left, np.linalg.inv(left).T):
        power = power + value**k * np.outer(column, row)
    return power.real
""",
    ),
    (
        "clip-gradients",
        """
def clip_gradients(dW_x, dW_y, db, limit, kind):
    long = np.concatenate([dW_x.ravel(), dW_y.ravel(), db])
    norm = np.linalg.norm(long)
    if kind == "norm":
        long = long / max(1.0, norm / limit)
    else:
        long = np.minimum(np.maximum(long, -limit), limit)
    parts = np.split(long, [dW_x.size, dW_x.size + dW_y.size])
    return parts[0].reshape(dW_x.shape), parts[1].reshape(dW_y.shape), parts[2], norm
""",
    ),
    (
        "clip-gradients",
        """
import torch


def clip_gradients(a, b, c, limit, kind):
    grads = [torch.tensor(g) for g in (a, b, c)]
    norm = torch.stack([g.pow(2).sum() for g in grads]).sum().sqrt()
    if kind == "value":
        return *[g.clamp(-limit, limit) for g in grads], norm
    factor = torch.where(norm > limit, limit / norm, torch.ones_like(norm))
    return *[g * factor for g in grads], norm
""",
    ),
    (
        "clip-gradients",
        """
def clip_gradients(dW_x, dW_y, db, limit, kind):
    norm = sum(float(np.vdot(g, g)) for g in (dW_x, dW_y, db)) ** 0.5

    def cut(g):
        if kind == "value":
            return np.where(np.abs(g) > limit, limit * np.sign(g), g)
        return g.copy() if norm <= limit else g / norm * limit

    return {"dW_x": cut(dW_x), "dW_y": cut(dW_y), "db": cut(db), "norm": norm}
""",
    ),
    (
        "leaky-step",
        """
import torch


def leaky_step(*given):
    x, h_prev, W_x, W_h, b, alpha, dh = (torch.tensor(g) for g in given)
    for part in (x, h_prev, W_h, alpha):
        part.requires_grad_()
    new = torch.tanh(x @ W_x + h_prev @ W_h + b)
    h = torch.lerp(h_prev, new, alpha.expand_as(new))
    grads = torch.autograd.grad(h, (x, h_prev, W_h, alpha), dh)
    return h.detach(), *grads
""",
    ),
    (
        "leaky-step",
        """
def leaky_step(x, old, U, V, b, rate, dh):
    new = np.tanh(x @ U + old @ V + b)
    h = old + rate * (new - old)
    dx, dold = np.zeros_like(x), np.zeros_like(old)
    dV, drate = np.zeros_like(V), np.zeros_like(rate)
    for k in range(len(x)):
        da = dh[k] * rate * (1 - new[k] ** 2)
        dx[k] = U @ da
        dold[k] = V @ da + (1 - rate) * dh[k]
        dV += np.outer(old[k], da)
        drate += dh[k] * (new[k] - old[k])
    return h, dx, dold, dV, drate
""",
    ),
    (
        "leaky-step",
        """
def leaky_step(x, h_prev, W_x, W_h, b, alpha, dh):
    n = np.tanh(np.hstack([x, h_prev]) @ np.vstack([W_x, W_h]) + b)
    h = n * alpha + h_prev * (1 - alpha)
    da = dh * alpha / np.cosh(np.arctanh(np.clip(n, -1 + 1e-15, 1 - 1e-15))) ** 2
    both = da @ np.vstack([W_x, W_h]).T
    dx, through = both[:, : x.shape[1]], both[:, x.shape[1] :]
    dW_h = np.einsum("bi,bj->ij", h_prev, da)
    return h, dx, through + dh - alpha * dh, dW_h, np.einsum("bh,bh->h", dh, n - h_prev)
""",
    ),
    (
        "skip-step",
        """
import torch


def skip_step(*given):
    x, one, far, W_x, W_h, W_s, b, dh = (torch.tensor(g) for g in given)
    watched = (one, far, W_h, W_s)
    for part in watched:
        part.requires_grad_()
    h = torch.tanh(x @ W_x + one @ W_h + far @ W_s + b)
    return h.detach(), *torch.autograd.grad(h, watched, dh)
""",
    ),
    (
        "skip-step",
        """
def skip_step(x, h_1, h_d, W_x, W_1, W_d, b, dh):
    both, W = np.concatenate([h_1, h_d], axis=1), np.concatenate([W_1, W_d])
    h = np.tanh(x @ W_x + both @ W + b)
    da = dh - dh * h * h
    back, dW = da @ W.T, both.T @ da
    H = len(W_1)
    return h, back[:, :H], back[:, H:], dW[:H], dW[H:]
""",
    ),
    (
        "skip-step",
        """
def skip_step(x, h_prev, h_skip, W_x, W_h, W_s, b, dh):
    h = np.tanh(x @ W_x + h_prev @ W_h + h_skip @ W_s + b)
    da = dh * (1 - h) * (1 + h)
    return {
        "h": h,
        "dh_prev": np.einsum("bj,ij->bi", da, W_h),
        "dh_skip": np.einsum("bj,ij->bi", da, W_s),
        "dW_h": np.einsum("bi,bj->ij", h_prev, da),
        "dW_s": np.einsum("bi,bj->ij", h_skip, da),
    }
""",
    ),
    (
        "removed-forward",
        """
def removed_forward(xs, W_x, W_h, b, d):
    waiting = [np.zeros(len(b)) for _ in range(d)]
    hs = []
    for x in xs:
        hs.append(np.tanh(x @ W_x + waiting.pop(0) @ W_h + b))
        waiting.append(hs[-1])
    return np.stack(hs)
""",
    ),
    (
        "removed-forward",
        """
def removed_forward(xs, W_x, W_h, b, d):
    hs = np.empty((len(xs), len(b)))
    for first in range(min(d, len(xs))):
        h = np.zeros(len(b))
        for t in range(first, len(xs), d):
            h = np.tanh(xs[t] @ W_x + h @ W_h + b)
            hs[t] = h
    return hs
""",
    ),
    (
        "removed-forward",
        """
import torch


def removed_forward(xs, W_x, W_h, b, d):
    xs, W_x, W_h, b = (torch.tensor(v) for v in (xs, W_x, W_h, b))
    hs = [torch.zeros_like(b)] * d
    for a in xs @ W_x + b:
        hs.append(torch.tanh(a + hs[-d] @ W_h))
    return torch.stack(hs[d:])
""",
    ),
    (
        "gradient-against-lag",
        """
def gradient_against_lag(states, W, message):
    curve = [float(np.sqrt(message @ message))]
    t = len(states)
    while t:
        t -= 1
        message = W @ ((1 - states[t] ** 2) * message)
        curve.append(float(np.sqrt(message @ message)))
    return curve
""",
    ),
    (
        "gradient-against-lag",
        """
import torch


def gradient_against_lag(hs, W_h, dh_T):
    hs, W, dh = torch.tensor(hs), torch.tensor(W_h), torch.tensor(dh_T)
    norms = torch.empty(len(hs) + 1, dtype=hs.dtype)
    norms[0] = dh.norm()
    for k, h in enumerate(hs.flip(0), start=1):
        dh = (dh * (1 - h.square())) @ W.T
        norms[k] = dh.norm()
    return norms
""",
    ),
    (
        "gradient-against-lag",
        """
def gradient_against_lag(hs, W_h, dh_T):
    product, norms = np.eye(len(W_h)), [np.linalg.norm(dh_T)]
    for h in hs[::-1]:
        product = (W_h * (1 - h**2)) @ product
        norms.append(np.linalg.norm(product @ dh_T))
    return np.array(norms)
""",
    ),
    (
        "transient-growth",
        """
def transient_growth(W_h, K):
    powers = [np.linalg.matrix_power(W_h, k) for k in range(K + 1)]
    norms = np.array([np.linalg.svd(p, compute_uv=False)[0] for p in powers])
    rest = (W_h * W_h).sum() - sum(abs(z) ** 2 for z in np.linalg.eigvals(W_h))
    return norms, norms.max(), max(rest, 0) ** 0.5
""",
    ),
    (
        "transient-growth",
        """
import torch


def transient_growth(W_h, K):
    W = torch.tensor(W_h)
    norms, power = [], torch.eye(len(W), dtype=W.dtype)
    for _ in range(K + 1):
        norms.append(torch.linalg.matrix_norm(power, ord=2))
        power = power @ W
    norms = torch.stack(norms)
    rest = W.square().sum() - torch.linalg.eigvals(W).abs().square().sum()
    return norms, norms.max(), rest.clamp(min=0).sqrt()
""",
    ),
    (
        "transient-growth",
        """
def transient_growth(W, K):
    norms, power = [], np.eye(len(W))
    for _ in range(K + 1):
        norms.append(np.sqrt(np.linalg.eigvalsh(power.T @ power).max()))
        power = W @ power
    lam = np.abs(np.linalg.eigvals(W))
    gap = np.linalg.norm(W) ** 2 - lam @ lam
    return {"norms": norms, "peak": max(norms), "departure": np.sqrt(abs(gap))}
""",
    ),
)

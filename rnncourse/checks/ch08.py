"""Checks of the assignment of chapter 8: backpropagation through time.

Every wrong answer below is one that people give. The small functions compute it, so
that a check can recognise it, and the tests hand it in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Case, Check, by_slip

SLUG = "08-backpropagation-through-time"
Rng = np.random.Generator


# -- what the answers are made of ---------------------------------------------------


def _weights(rng: Rng, D: int, H: int, K: int = 0) -> Inputs:
    """Draw weights large enough that the past counts."""
    drawn = {
        "W_x": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_h": rng.normal(size=(H, H)) / np.sqrt(H),
        "b": 0.3 * rng.normal(size=H),
    }
    if K:
        drawn |= {"W_y": rng.normal(size=(H, K)), "b_y": 0.3 * rng.normal(size=K)}
    return drawn


def _states(xs: Any, h0: Any, W_x: Any, W_h: Any, b: Any) -> np.ndarray:
    """Run (7.3) and (7.4); return h_0, h_1, .., h_T."""
    hs = [np.asarray(h0)]
    for x in xs:
        hs.append(np.tanh(x @ W_x + hs[-1] @ W_h + b))
    return np.stack(hs)


def _softmax(logits: Any) -> np.ndarray:
    from rnncourse.reference.functional import softmax

    return np.asarray(softmax(logits))


def _one_hot(ids: Any, V: int) -> np.ndarray:
    from rnncourse.reference.functional import one_hot

    return np.asarray(one_hot(ids, V))


def _loss(logits: Any, targets: Any) -> tuple[float, np.ndarray]:
    """Return the mean cross-entropy and its gradient, (8.20) with (8.1)."""
    from rnncourse.reference.functional import cross_entropy, cross_entropy_backward

    return cross_entropy(logits, targets), cross_entropy_backward(logits, targets)


# -- the lemma ----------------------------------------------------------------------


def _unrolled(b: Any, c: Any, *, slip: str = "") -> np.ndarray:
    T = len(b)
    a = np.zeros(T)
    for t in range(T):
        for i in range(t + 1):
            factors = c[i + 1 : t + 1]
            if slip == "early" and i == 0 or slip == "each-early":
                factors = c[i : t + 1]
            if slip == "late":
                factors = c[i + 1 : t]
            if slip == "newest" and i == t or slip == "oldest" and i == 0 < t:
                continue
            if slip == "no-product":
                factors = c[t : t + 1] if i < t else []
            a[t] += np.prod(factors) * b[i]
    return a


def _draw_unrolled(T: int, **given: float) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        c = rng.uniform(0.4, 1.4, size=T) * rng.choice([-1, 1], size=T)
        if "c" in given:
            c = np.full(T, given["c"])
        return {"b": rng.normal(size=T), "c": c}

    return draw


def _draw_lemma_edge(rng: Rng) -> list[Inputs]:
    with_zero = _draw_unrolled(6)(rng)
    with_zero["c"][3] = 0.0
    return [_draw_unrolled(1)(rng), with_zero]


def _sums_if_ones(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0], np.cumsum(calls[0]["b"])):
        return ""
    return "With every c equal to 1, a_t is b_1 + … + b_t; yours is not."


LEMMA = Check(
    name="unrolled-sum",
    assignment=SLUG,
    points=2,
    title="unrolled_sum",
    asks="the numbers a_1, …, a_T, shape (T,), from b and c, shape (T,) each",
    equation="8.6",
    section="Eight numbers before the general formula",
    reference=_unrolled,
    returns=("a",),
    cases=(
        Case("value", "the sum", 2, _draw_unrolled(7)),
        Case("property", "every c equal to 1", 1, _draw_unrolled(5, c=1.0),
             law=_sums_if_ones),
        Case("edge", "one step; a c that is 0", 1, _draw_lemma_edge),
    ),
    mistakes=by_slip(
        _unrolled,
        {
            "product-starts-early": (
                "early",
                "the oldest term has the factor c_1, as deck 001 prints it. But c_1 "
                "multiplies a_0 = 0; the product for b_1 starts at 2.",
            ),
            "each-product-starts-early": (
                "each-early",
                "every product starts at i. The factor c_i belongs to a_{i-1}; what "
                "happens to b_i begins at i + 1.",
            ),
            "product-ends-early": (
                "late",
                "the products end at t - 1. The step to a_t multiplies by c_t too.",
            ),
            "newest-term-missing": (
                "newest",
                "the term i = t is missing: its product is empty, that is 1, so b_t "
                "stands alone.",
            ),
            "oldest-term-missing": (
                "oldest",
                "the term i = 1 is missing: for t > 1 the sum should begin there.",
            ),
            "one-factor-only": (
                "no-product",
                "each old term has only the factor c_t. A term that is t - i steps "
                "old has passed t - i factors.",
            ),
        },
    ),
)  # fmt: skip


# -- the full sum -------------------------------------------------------------------


def _state_derivative(
    xs: Any, h0: Any, W_x: Any, W_h: Any, b: Any, *, slip: str = ""
) -> np.ndarray:
    hs = _states(xs, h0, W_x, W_h, b)
    H = len(b)
    total: np.ndarray = np.zeros((H, H, H))
    oldest = carried = total
    for t in range(1, len(hs)):
        slope = 1 - hs[t] ** 2
        if slip == "no-slope":
            slope = np.ones(H)
        if slip == "tanh-twice":
            slope = 1 - np.tanh(hs[t]) ** 2
        before = hs[t] if slip == "h-t" else hs[t - 1]
        immediate = np.einsum("i,jk->ijk", before, np.diag(slope))
        factor = W_h * slope
        if slip == "transposed":
            factor = W_h.T * slope
        if slip == "rows":
            factor = slope[:, None] * W_h
        if slip == "slope-once":
            factor = W_h
        carried = total @ factor
        if slip == "immediate":
            carried = np.zeros_like(total)
        if slip == "early" and t == 1:
            immediate = immediate @ factor
        total = immediate + carried
        oldest = immediate if t == 1 else oldest @ factor
    if slip == "newest":
        total = carried
    if slip == "oldest":
        total = total - oldest
    if slip == "axes":
        return np.moveaxis(total, 2, 0)
    return total


def _draw_derivative(T: int, **given: float) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        D, H = 2, 4
        weights = _weights(rng, D, H)
        if "W_h" in given:
            weights["W_h"] = np.full((H, H), given["W_h"])
        xs = rng.normal(size=(T, D))
        return {"xs": xs, "h0": rng.uniform(-0.9, 0.9, size=H), **weights}

    return draw


FULL_SUM = Check(
    name="state-derivative",
    assignment=SLUG,
    points=4,
    title="state_derivative",
    asks="the total derivative of h_T[k] with respect to W_h[i, j], shape (H, H, H), "
    "axes in the order i, j, k",
    equation="8.7",
    section="The full sum",
    reference=_state_derivative,
    returns=("dh_T/dW_h",),
    cases=(
        Case("value", "the derivative", 3, _draw_derivative(5)),
        Case("property", "with W_h = 0 only the last step counts", 1,
             _draw_derivative(3, W_h=0.0)),
        Case("edge", "one step", 1, _draw_derivative(1)),
    ),
    mistakes=by_slip(
        _state_derivative,
        {
            "immediate-instead-of-total": (
                "immediate",
                "the immediate derivative of the last step alone: h_{T-1} was held "
                "still, although it was made with the same W_h. (8.4) has two parts.",
            ),
            "h-t-where-h-prev-belongs": (
                "h-t",
                "h_t stands where (8.3) has h_{t-1}: W_h is multiplied by the state "
                "before the step.",
            ),
            "transposed-W_h": (
                "transposed",
                "W_h came transposed into (8.8). Our vectors are rows: the row index "
                "of the factor belongs to h_{t-1}.",
            ),
            "slope-forgotten": (
                "no-slope",
                "the slope of tanh, 1 - h_t^2, is missing in (8.3) and (8.8).",
            ),
            "slope-only-in-immediate": (
                "slope-once",
                "the slope is in the immediate derivative, not in the factor (8.8).",
            ),
            "tanh-twice": (
                "tanh-twice",
                "the slope is 1 - tanh(h_t)^2. The state h_t is already the tanh: "
                "1 - h_t^2.",
            ),
            "slope-scales-rows": (
                "rows",
                "the slope scales the rows of W_h. In (8.8) diag stands on the right, "
                "which scales columns.",
            ),
            "product-starts-early": (
                "early",
                "the oldest term was carried through one factor too many: its "
                "product starts at i + 1.",
            ),
            "last-step-missing": (
                "newest",
                "the term of the last step is missing: everything is carried, and "
                "nothing is new.",
            ),
            "first-step-missing": (
                "oldest",
                "the term of the first step is missing. With h_0 = 0 it would be "
                "zero; here h_0 is given.",
            ),
            "axes-in-another-order": (
                "axes",
                "right numbers with the axis of the state first; it was asked for "
                "last.",
            ),
        },
    ),
)  # fmt: skip


# -- the output ---------------------------------------------------------------------


def _output_backward(
    hs: Any, ys: Any, W_y: Any, b_y: Any, *, slip: str = ""
) -> tuple[Any, Any, Any, Any]:
    logits = hs @ W_y + b_y
    loss, dos = _loss(logits, ys)
    T, B = ys.shape
    if slip == "sum":
        loss, dos = loss * T * B, dos * T * B
    if slip == "sum-batch":
        loss, dos = loss * B, dos * B
    if slip == "gradient-sum":
        dos = dos * T * B
    if slip == "no-target":
        dos = _softmax(logits) / (T * B)
    if slip == "sign":
        loss, dos = -loss, -dos
    if slip == "sign-gradient":
        dos = -dos
    if slip == "last":
        dos = np.concatenate([0 * dos[:-1], dos[-1:]])
    dW_y = np.einsum("tbh,tbk->hk", hs, dos)
    if slip == "W-last":
        dW_y = hs[-1].T @ dos[-1]
    dhs = dos @ (W_y if slip == "transposed" else W_y.T)
    return loss, dhs, dW_y, dos.sum(axis=(0, 1))


def _draw_output(
    T: int, B: int, H: int, K: int, scale: float = 1.0
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "hs": np.tanh(rng.normal(size=(T, B, H))),
            "ys": rng.integers(0, K, size=(T, B)),
            "W_y": scale * rng.normal(size=(H, K)),
            "b_y": rng.normal(size=K),
        }

    return draw


def _nothing_in_all(calls: list[Inputs], values: list[Any]) -> str:
    if np.isclose(np.sum(values[0][3]), 0, atol=1e-12):
        return ""
    return (
        "Raising all outputs alike changes no probability, so the entries of db_y "
        "must add up to 0; yours do not."
    )


OUTPUT = Check(
    name="output-backward",
    assignment=SLUG,
    points=3,
    title="output_backward",
    asks="the mean loss over steps and batch, dhs (T, B, H), dW_y (H, K), db_y (K,)",
    equation="8.21",
    section="What one output sends to its state",
    reference=_output_backward,
    returns=("loss", "dhs", "dW_y", "db_y"),
    cases=(
        Case("value", "loss and derivatives", 2, _draw_output(5, 3, 4, 6)),
        Case("property", "db_y adds up to 0", 1, _draw_output(4, 2, 3, 5),
             law=_nothing_in_all),
        Case("edge", "one step, and large outputs", 1,
             _draw_output(1, 2, 3, 4, scale=600.0)),
        Case("naming", "H = K", 0, _draw_output(5, 3, 4, 4)),
    ),
    mistakes=by_slip(
        _output_backward,
        {
            "sum-instead-of-mean": (
                "sum",
                "the sum over steps and batch. (8.1) is a mean: the gradient has the "
                "factor 1 / (T B) as well.",
            ),
            "batch-summed": (
                "sum-batch",
                "a mean over the steps only; the mean runs over the batch too.",
            ),
            "gradient-not-averaged": (
                "gradient-sum",
                "the loss is a mean, and the derivatives belong to the sum.",
            ),
            "target-not-subtracted": (
                "no-target",
                "p alone came back through W_y. (8.20) subtracts 1 at the target.",
            ),
            "loss-sign": (
                "sign",
                "the sum of log p without the minus sign, as deck 004 prints it. It "
                "would be best at minus infinity.",
            ),
            "gradient-sign": (
                "sign-gradient",
                "the derivatives have the other sign: e_y - p instead of p - e_y.",
            ),
            "only-last-output": (
                "last",
                "only the output of the last step sends anything; here each step has "
                "a loss.",
            ),
            "dW_y-assigned-not-added": (
                "W-last",
                "dW_y holds only the last step. W_y is used in every step, so the "
                "contributions add.",
            ),
            "transposed-W_y": (
                "transposed",
                "W_y was applied to do as it stands. On the way back it is W_y "
                "transposed.",
            ),
        },
    ),
)  # fmt: skip


# -- one step back ------------------------------------------------------------------


def _step_backward(
    dh: Any, x: Any, h_prev: Any, h: Any, W_x: Any, W_h: Any, *, slip: str = ""
) -> tuple[Any, ...]:
    slope = 1 - h**2
    if slip == "no-slope":
        slope = np.ones_like(h)
    if slip == "tanh-twice":
        slope = 1 - np.tanh(h) ** 2
    if slip == "sigmoid":
        slope = h * (1 - h)
    if slip == "not-squared":
        slope = 1 - h
    da = dh * slope
    db = da.mean(axis=0) if slip == "mean" else da.sum(axis=0)
    if slip == "db-unsummed":
        db = da
    return (
        da @ (W_x if slip == "transposed-x" else W_x.T),
        (dh if slip == "past-slope" else da) @ (W_h if slip == "transposed" else W_h.T),
        x.T @ da / (len(x) if slip == "mean" else 1),
        (h if slip == "h-t" else h_prev).T @ da / (len(x) if slip == "mean" else 1),
        db,
    )


def _draw_step(
    B: int, D: int, H: int, dtype: str = "float64"
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        w = _weights(rng, D, H)
        x, h_prev = rng.normal(size=(B, D)), rng.uniform(-0.9, 0.9, size=(B, H))
        h = np.tanh(x @ w["W_x"] + h_prev @ w["W_h"] + w["b"])
        drawn = {"dh": rng.normal(size=(B, H)), "x": x, "h_prev": h_prev, "h": h}
        drawn |= {"W_x": w["W_x"], "W_h": w["W_h"]}
        return {name: a.astype(dtype) for name, a in drawn.items()}

    return draw


def _draw_step_twice(rng: Rng) -> list[Inputs]:
    once = _draw_step(3, 2, 4)(rng)
    return [once, {**once, "dh": 2 * once["dh"]}]


def _linear_in_dh(calls: list[Inputs], values: list[Any]) -> str:
    if all(np.allclose(2 * a, b) for a, b in zip(*values, strict=True)):
        return ""
    return "Twice the message dh must give twice every derivative; yours does not."


STEP = Check(
    name="rnn-step-backward",
    assignment=SLUG,
    points=3,
    title="rnn_step_backward",
    asks="dx (B, D), dh_prev (B, H), dW_x (D, H), dW_h (H, H), db (H,)",
    equation="8.10",
    section="Backwards, line by line",
    reference=_step_backward,
    returns=("dx", "dh_prev", "dW_x", "dW_h", "db"),
    cases=(
        Case("value", "the five derivatives", 3, _draw_step(3, 2, 5)),
        Case("property", "twice the message, twice the derivatives", 1,
             _draw_step_twice, law=_linear_in_dh),
        Case("edge", "one sequence, in float32", 1, _draw_step(1, 3, 4, "float32"),
             strict_dtype=True),
        Case("naming", "D = H = B", 0, _draw_step(3, 3, 3)),
    ),
    mistakes=by_slip(
        _step_backward,
        {
            "slope-forgotten": (
                "no-slope",
                "dh went through without the slope of tanh: (8.10) multiplies it by "
                "1 - h^2.",
            ),
            "tanh-twice": (
                "tanh-twice",
                "the slope is 1 - tanh(h)^2. That would be right with a in the place "
                "of h; h is already the tanh.",
            ),
            "slope-of-sigmoid": (
                "sigmoid",
                "the slope is h (1 - h), the one of the sigmoid. For tanh it is "
                "1 - h^2.",
            ),
            "slope-not-squared": (
                "not-squared",
                "the slope is 1 - h; the square is missing.",
            ),
            "slope-forgotten-in-dh_prev": (
                "past-slope",
                "dh_prev was made from dh. It comes from da, that is, after the tanh.",
            ),
            "transposed-W_h": (
                "transposed",
                "W_h in dh_prev should be transposed: see how y = u W passes dy back "
                "to u.",
            ),
            "transposed-W_x": (
                "transposed-x",
                "W_x in dx should be transposed.",
            ),
            "h-t-where-h-prev-belongs": (
                "h-t",
                "dW_h was made with h. W_h multiplies the state before the step: "
                "(8.14) has h_prev.",
            ),
            "mean-instead-of-sum": (
                "mean",
                "the weights' derivatives were averaged over the batch. The mean is "
                "in the loss already, (8.1); here contributions add.",
            ),
            "db-not-summed": (
                "db-unsummed",
                "db still has the batch axis; (8.15) sums over it.",
            ),
        },
    ),
)  # fmt: skip


# -- all steps back -----------------------------------------------------------------


def _backward(
    dhs: Any, xs: Any, hs: Any, h0: Any, W_x: Any, W_h: Any, *, slip: str = ""
) -> tuple[Any, ...]:
    T = len(xs)
    before = np.concatenate([h0[None], hs[:-1]])
    if slip == "h0-zero":
        before[0] = 0
    if slip == "h-t":
        before = hs
    dxs, das = np.zeros_like(xs), np.zeros_like(hs)
    dh_next = np.zeros_like(h0)
    steps = range(T) if slip == "forwards" else range(T - 1, -1, -1)
    for t in steps:
        if slip == "first" and t == 0 or slip == "last" and t == T - 1:
            continue
        dh = dhs[t] + dh_next
        if slip == "immediate":
            dh = dhs[t]
        if slip == "assigned" and t < T - 1:
            dh = dh_next
        slope = 1 - hs[t] ** 2
        if slip == "no-slope":
            slope = 1
        if slip == "tanh-twice":
            slope = 1 - np.tanh(hs[t]) ** 2
        das[t] = dh * slope
        dxs[t] = das[t] @ W_x.T
        dh_next = das[t] @ (W_h if slip == "transposed" else W_h.T)
        if slip == "carry-slope":
            dh_next = dh @ W_h.T
    n = 1 if slip == "W-assigned" else T
    scale = 1 / T if slip == "mean" else 1
    dW_x = np.einsum("tbd,tbh->dh", xs[:n], das[:n]) * scale
    dW_h = np.einsum("tbg,tbh->gh", before[:n], das[:n]) * scale
    return dW_x, dW_h, das[:n].sum(axis=(0, 1)) * scale, dxs, dh_next


def _draw_layer(
    T: int, B: int, D: int, H: int, only_last: bool = False
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        w = _weights(rng, D, H)
        xs, h0 = rng.normal(size=(T, B, D)), rng.uniform(-0.9, 0.9, size=(B, H))
        dhs = rng.normal(size=(T, B, H))
        if only_last:
            dhs[:-1] = 0
        hs = _states(xs, h0, **w)[1:]
        return {"dhs": dhs, "xs": xs, "hs": hs, "h0": h0, "W_x": w["W_x"],
                "W_h": w["W_h"]}  # fmt: skip

    return draw


LAYER = Check(
    name="rnn-backward",
    assignment=SLUG,
    points=4,
    title="rnn_backward",
    asks="dW_x (D, H), dW_h (H, H), db (H,), dxs (T, B, D) and dh0 (B, H)",
    equation="8.14",
    section="Backwards, line by line",
    reference=_backward,
    returns=("dW_x", "dW_h", "db", "dxs", "dh0"),
    cases=(
        Case("value", "the gradient of a sequence", 3, _draw_layer(6, 3, 2, 5)),
        Case("property", "a loss at the last step alone reaches the first", 1,
             _draw_layer(5, 2, 3, 4, only_last=True)),
        Case("edge", "one step", 1, _draw_layer(1, 2, 3, 4)),
    ),
    mistakes=by_slip(
        _backward,
        {
            "immediate-instead-of-total": (
                "immediate",
                "every step used only the message of its own output. (8.9) adds what "
                "step t + 1 sends.",
            ),
            "gradient-assigned-not-added": (
                "assigned",
                "the message of step t + 1 replaced the one of the output. A state "
                "with two readers adds what both send, (8.9).",
            ),
            "weights-assigned-not-added": (
                "W-assigned",
                "the weights' derivatives hold only what was written last, step 1. "
                "Each step adds its share.",
            ),
            "last-step-missing": (
                "last",
                "the last step is missing: the loop should begin at t = T.",
            ),
            "first-step-missing": (
                "first",
                "the first step is missing: the loop should go down to t = 1.",
            ),
            "h-t-where-h-prev-belongs": (
                "h-t",
                "dW_h was made with h_t. (8.14) has h_{t-1}, and h_0 at the first "
                "step.",
            ),
            "h0-taken-as-zero": (
                "h0-zero",
                "the first step's share of dW_h is missing: h_0 is given here and is "
                "not zero.",
            ),
            "transposed-W_h": (
                "transposed",
                "W_h carried the message back as it stands; (8.12) has it transposed.",
            ),
            "slope-forgotten": (
                "no-slope",
                "the slope 1 - h_t^2 of (8.10) is missing.",
            ),
            "slope-forgotten-in-the-carry": (
                "carry-slope",
                "the message to step t - 1 was made from dh_t. It comes from da_t, "
                "(8.12).",
            ),
            "tanh-twice": (
                "tanh-twice",
                "the slope is 1 - tanh(h_t)^2; h_t is already the tanh.",
            ),
            "loop-runs-forwards": (
                "forwards",
                "the loop ran from t = 1 to T. Messages come from the later step, so "
                "it must run from T down.",
            ),
            "mean-instead-of-sum": (
                "mean",
                "the shares of the steps were averaged. The 1/T of (8.1) is already "
                "in dhs; here they add.",
            ),
        },
    ),
)  # fmt: skip


# -- padding ------------------------------------------------------------------------


def _masked_loss(
    logits: Any, targets: Any, lengths: Any, *, slip: str = ""
) -> tuple[Any, Any]:
    T, B, K = logits.shape
    mask: np.ndarray = np.arange(T)[:, None] < lengths
    if slip == "short":
        mask = np.arange(T)[:, None] < lengths - 1
    if slip == "long":
        mask = np.arange(T)[:, None] <= lengths
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    each = -np.take_along_axis(log_p, targets[:, :, None], axis=-1)[:, :, 0]
    weight = mask / max(mask.sum(), 1)
    if slip == "denominator":
        weight = mask / (T * B)
    if slip == "ignored":
        weight = np.full((T, B), 1 / (T * B))
    if slip == "means":
        weight = mask / lengths / B
    if slip == "sum":
        weight = mask * 1.0
    loss = np.where(mask | (slip == "ignored"), each, 0) * weight
    if slip == "leak":
        weight = np.full((T, B), 1 / mask.sum())
    if slip == "gradient-denominator":
        weight = mask / (T * B)
    dlogits = weight[:, :, None] * (np.exp(log_p) - _one_hot(targets, K))
    return loss.sum(), dlogits


def _draw_padded(
    T: int, K: int, lengths: tuple[int, ...], garbage: float = 1.0
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        B = len(lengths)
        logits = rng.normal(size=(T, B, K))
        padding = np.arange(T)[:, None] >= np.array(lengths)
        logits[padding] *= garbage
        targets = rng.integers(0, K, size=(T, B))
        return {"logits": logits, "targets": targets, "lengths": np.array(lengths)}

    return draw


def _draw_two_paddings(rng: Rng) -> list[Inputs]:
    once = _draw_padded(5, 4, (5, 2, 3))(rng)
    longer = {
        "logits": np.concatenate([once["logits"], rng.normal(size=(3, 3, 4))]),
        "targets": np.concatenate([once["targets"], rng.integers(0, 4, size=(3, 3))]),
        "lengths": once["lengths"],
    }
    return [once, longer]


def _padding_is_free(calls: list[Inputs], values: list[Any]) -> str:
    if np.isclose(values[0][0], values[1][0]):
        return ""
    return "Three more steps of padding changed the loss; they must not."


MASKED = Check(
    name="masked-loss",
    assignment=SLUG,
    points=3,
    title="masked_loss",
    asks="the mean loss over the real steps, a number, and dlogits (T, B, K)",
    equation="8.16",
    section="Padding must not count",
    reference=_masked_loss,
    returns=("loss", "dlogits"),
    cases=(
        Case("value", "loss and gradient", 2, _draw_padded(6, 4, (6, 3, 5))),
        Case("property", "more padding changes nothing", 1, _draw_two_paddings,
             law=_padding_is_free),
        Case("edge", "a sequence of length 1, large numbers in the padding", 1,
             _draw_padded(4, 3, (1, 4), garbage=1e3)),
    ),
    mistakes=by_slip(
        _masked_loss,
        {
            "mask-missing-in-denominator": (
                "denominator",
                "the sum over the real steps was divided by T times B. (8.16) divides "
                "by the number of real steps.",
            ),
            "mask-ignored": (
                "ignored",
                "padding counts like everything else: the mean runs over all T times "
                "B steps.",
            ),
            "mean-of-means": (
                "means",
                "each sequence was averaged first, then the averages. A step of a "
                "short sequence then counts more than one of a long sequence.",
            ),
            "padding-leaks": (
                "leak",
                "the loss is masked, its gradient is not: padding still sends "
                "something back.",
            ),
            "gradient-denominator": (
                "gradient-denominator",
                "the loss is right, and its gradient was divided by T times B.",
            ),
            "sum-instead-of-mean": (
                "sum",
                "the sum over the real steps; (8.16) is their mean.",
            ),
            "last-real-step-missing": (
                "short",
                "the mask ends one step too soon: with length n the steps 0 to n - 1 "
                "are real.",
            ),
            "one-step-of-padding": (
                "long",
                "the mask ends one step too late: with length n step n is padding.",
            ),
        },
    ),
)  # fmt: skip


# -- truncation ---------------------------------------------------------------------


def _truncated(
    dhs: Any, hs: Any, h0: Any, W_h: Any, tau: int, *, slip: str = ""
) -> np.ndarray:
    T = len(hs)
    before = np.concatenate([h0[None], hs[:-1]])
    reach = {"far": tau + 1, "short": tau - 1, "full": T, "immediate": 0}.get(slip, tau)
    dW_h: np.ndarray = np.zeros(W_h.shape)
    for t in range(T):
        dh = dhs[t]
        for i in range(t, -1, -1):
            lag = t - i
            da = dh * (1 - hs[i] ** 2)
            keep = lag <= reach
            if slip == "oldest":
                keep = lag == 0 or lag >= tau
            if slip == "blocks":
                keep = i // max(tau, 1) == t // max(tau, 1)
            if slip == "last-loss" and t < T - 1:
                keep = False
            if slip == "no-immediate" and lag == 0:
                keep = False
            if keep:
                dW_h = dW_h + before[i].T @ da
            dh = da @ (W_h if slip == "transposed" else W_h.T)
    return dW_h


def _draw_truncated(T: int, tau: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        B, D, H = 2, 3, 4
        w = _weights(rng, D, H)
        h0 = rng.uniform(-0.9, 0.9, size=(B, H))
        hs = _states(rng.normal(size=(T, B, D)), h0, **w)[1:]
        dhs = rng.normal(size=(T, B, H))
        return {"dhs": dhs, "hs": hs, "h0": h0, "W_h": w["W_h"], "tau": tau}

    return draw


def _draw_whole(rng: Rng) -> list[Inputs]:
    return [{**_draw_truncated(5, 4)(rng), "tau": tau} for tau in (4, 9)]


TRUNCATED = Check(
    name="truncated-gradient",
    assignment=SLUG,
    points=4,
    title="truncated_gradient",
    asks="dW_h (H, H) when each loss reaches back through at most tau Jacobians",
    equation="8.17",
    section="Cutting the past short",
    reference=_truncated,
    returns=("dW_h",),
    cases=(
        Case("value", "the truncated gradient", 3, _draw_truncated(9, 3)),
        Case("property", "a large tau gives the full gradient", 1, _draw_whole),
        Case("edge", "tau = 0", 1, _draw_truncated(6, 0)),
    ),
    mistakes=by_slip(
        _truncated,
        {
            "keeps-the-oldest": (
                "oldest",
                "the oldest terms were kept and the recent ones dropped, as deck 001 "
                "prints it. (8.17) keeps i from t - tau to t.",
            ),
            "one-step-too-far": (
                "far",
                "each loss reaches through tau + 1 Jacobians; tau of them join "
                "tau + 1 steps.",
            ),
            "one-step-too-short": (
                "short",
                "each loss reaches through tau - 1 Jacobians: tau + 1 steps count, "
                "the step of the loss among them.",
            ),
            "not-truncated": (
                "full",
                "the full gradient: nothing was cut.",
            ),
            "immediate-only": (
                "immediate",
                "only the step of the loss itself counts, whatever tau is.",
            ),
            "cut-in-blocks": (
                "blocks",
                "the sequence was cut in blocks of tau steps. Then a loss right after "
                "a cut sees no past at all; here each loss has its own tau.",
            ),
            "last-loss-only": (
                "last-loss",
                "only the last loss counts; dhs has a message for every step.",
            ),
            "immediate-term-missing": (
                "no-immediate",
                "the term i = t is missing, where no Jacobian stands.",
            ),
            "transposed-W_h": (
                "transposed",
                "W_h should be transposed on the way back, (8.12).",
            ),
        },
    ),
)  # fmt: skip


# -- memory -------------------------------------------------------------------------


def _numbers_kept(T: int, B: int, D: int, H: int, tau: int, *, slip: str = "") -> int:
    n = min(T, tau + 1)
    if slip == "tau":
        n = min(T, tau)
    if slip == "full":
        n = T
    states = n if slip == "h0" else n + 1
    kept = B * (n * D + states * H)
    if slip == "batch":
        kept //= B
    if slip == "weights":
        kept += H * (D + H + 1)
    if slip == "inputs":
        kept = B * states * H
    return kept


def _draw_sizes(*ranges: tuple[int, int]) -> Callable[[Rng], list[Inputs]]:
    def draw(rng: Rng) -> list[Inputs]:
        names = ("T", "B", "D", "H", "tau")
        return [
            {n: int(rng.integers(lo, hi)) for n, (lo, hi) in zip(names, ranges)}  # noqa: B905
            for _ in range(3)
        ]

    return draw


_SMALL = ((2, 9), (2, 9), (2, 9))

MEMORY = Check(
    name="numbers-kept",
    assignment=SLUG,
    points=2,
    title="numbers_kept",
    asks="how many numbers (x and h) must be held at once, an integer",
    equation="8.17",
    section="The price is memory",
    reference=_numbers_kept,
    returns=("the count",),
    cases=(
        Case("value", "a cut past", 2, _draw_sizes((50, 90), *_SMALL, (3, 20))),
        Case("property", "tau as long as the sequence: all of it, O(T)", 1,
             _draw_sizes((20, 40), *_SMALL, (90, 99))),
        Case("edge", "tau = 0", 1, _draw_sizes((5, 9), *_SMALL, (0, 1))),
    ),
    mistakes=by_slip(
        _numbers_kept,
        {
            "tau-steps-instead-of-tau-plus-one": (
                "tau",
                "tau steps were counted. tau Jacobians join tau + 1 steps.",
            ),
            "first-state-forgotten": (
                "h0",
                "the state before the oldest step is missing: (8.14) needs h_{t-1}.",
            ),
            "not-truncated": (
                "full",
                "all T steps were counted although tau cuts the past.",
            ),
            "batch-forgotten": (
                "batch",
                "one sequence was counted; each sequence of the batch has its own "
                "inputs and states.",
            ),
            "weights-counted": (
                "weights",
                "the weights were counted too. They cost the same for every T.",
            ),
            "inputs-forgotten": (
                "inputs",
                "only the states were counted; (8.13) needs x_t.",
            ),
        },
    ),
)  # fmt: skip


# -- output to hidden ---------------------------------------------------------------


def _output_step(
    x: Any, y_prev: Any, W_x: Any, W_o: Any, b: Any, W_y: Any, b_y: Any, *,
    slip: str = "",
) -> tuple[Any, Any]:  # fmt: skip
    a = x @ W_x + y_prev @ (W_o.T if slip == "transposed" else W_o) + b
    if slip == "no-feedback":
        a = x @ W_x + b
    if slip == "no-bias":
        a = x @ W_x + y_prev @ W_o
    h = a if slip == "no-tanh" else np.tanh(a)
    y = h @ W_y + b_y
    if slip == "a-to-output":
        y = a @ W_y + b_y
    if slip == "no-output-bias":
        y = h @ W_y
    if slip == "tanh-output":
        y = np.tanh(y)
    return h, y


def _output_weights(rng: Rng, D: int, H: int, K: int) -> Inputs:
    w = _weights(rng, D, H, K)
    w["W_o"] = rng.normal(size=(K, H)) / np.sqrt(K)
    w["W_y"] = w["W_y"] / np.sqrt(H)
    return {name: w[name] for name in ("W_x", "W_o", "b", "W_y", "b_y")}


def _draw_output_step(B: int, D: int, H: int, K: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        x, y_prev = rng.normal(size=(B, D)), rng.normal(size=(B, K))
        return {"x": x, "y_prev": y_prev, **_output_weights(rng, D, H, K)}

    return draw


def _draw_no_feedback(rng: Rng) -> Inputs:
    drawn = _draw_output_step(3, 2, 4, 2)(rng)
    drawn["y_prev"] *= 0
    return drawn


OUTPUT_STEP = Check(
    name="output-step",
    assignment=SLUG,
    points=2,
    title="output_step",
    asks="the state h (B, H) and the output y (B, K)",
    equation="8.18",
    section="B. Output to hidden, and the price of teacher forcing",
    reference=_output_step,
    returns=("h", "y"),
    cases=(
        Case("value", "state and output", 2, _draw_output_step(3, 2, 5, 4)),
        Case("property", "an output of 0 feeds nothing back", 1, _draw_no_feedback),
        Case("edge", "one sequence, one output", 1, _draw_output_step(1, 3, 4, 1)),
        Case("naming", "H = K", 0, _draw_output_step(3, 2, 4, 4)),
    ),
    mistakes=by_slip(
        _output_step,
        {
            "feedback-forgotten": (
                "no-feedback",
                "y_prev was not used: the term y_{t-1} W_o of (8.18) is missing.",
            ),
            "bias-forgotten": ("no-bias", "b is missing in (8.18)."),
            "output-bias-forgotten": ("no-output-bias", "b_y is missing in y."),
            "tanh-forgotten": ("no-tanh", "h is a_t, without its tanh."),
            "a-sent-to-output": (
                "a-to-output",
                "the output was made from a_t; it reads h_t = tanh(a_t).",
            ),
            "tanh-on-output": (
                "tanh-output",
                "y went through a tanh; here the output is linear.",
            ),
            "transposed-W_o": ("transposed", "W_o was applied transposed."),
        },
    ),
)  # fmt: skip


def _output_run(
    xs: Any, y0: Any, ys_true: Any, forced: bool,
    W_x: Any, W_o: Any, b: Any, W_y: Any, b_y: Any, *, slip: str = "",
) -> np.ndarray:  # fmt: skip
    y, ys = y0, []
    for t, x in enumerate(xs):
        _, y_t = _output_step(x, y, W_x, W_o, b, W_y, b_y)
        ys.append(y_t)
        teach = {"always": True, "never": False, "swapped": not forced}.get(
            slip, forced
        )
        y = ys_true[t] if teach else y_t
        if slip == "y0" and not teach:
            y = y0
        if slip == "ahead" and teach:
            y = ys_true[min(t + 1, len(xs) - 1)]
    if slip == "ahead" and forced:
        ys[0] = _output_step(xs[0], ys_true[0], W_x, W_o, b, W_y, b_y)[1]
    if slip == "teacher-y0" and forced:
        ys = [
            _output_step(x, ys_true[t - 1], W_x, W_o, b, W_y, b_y)[1]
            for t, x in enumerate(xs)
        ]
    return np.stack(ys)


def _draw_run(T: int, *, forced: bool) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        B, D, H, K = 3, 2, 5, 4
        drawn = {"xs": rng.normal(size=(T, B, D)), "y0": rng.normal(size=(B, K))}
        drawn |= {"ys_true": rng.normal(size=(T, B, K))}
        return {**drawn, "forced": forced, **_output_weights(rng, D, H, K)}

    return draw


def _draw_both(rng: Rng) -> list[Inputs]:
    return [_draw_run(5, forced=True)(rng), _draw_run(5, forced=False)(rng)]


def _draw_other_teacher(rng: Rng) -> list[Inputs]:
    once = _draw_run(4, forced=False)(rng)
    return [once, {**once, "ys_true": rng.normal(size=once["ys_true"].shape)}]


def _teacher_not_heard(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0], values[1]):
        return ""
    return "Running free, another ys_true changed the outputs: it must not be read."


OUTPUT_RUN = Check(
    name="output-run",
    assignment=SLUG,
    points=2,
    title="output_run",
    asks="all outputs ys (T, B, K), with the teacher or running free",
    equation="8.18",
    section="B. Output to hidden, and the price of teacher forcing",
    reference=_output_run,
    returns=("ys",),
    cases=(
        Case("value", "with the teacher, and free", 2, _draw_both),
        Case("property", "running free, the teacher is not heard", 1,
             _draw_other_teacher, law=_teacher_not_heard),
        Case("edge", "one step", 1, _draw_run(1, forced=True)),
    ),
    mistakes=by_slip(
        _output_run,
        {
            "always-forced": (
                "always",
                "the true outputs are fed back even when forced is False.",
            ),
            "never-forced": (
                "never",
                "the network's own outputs are fed back even when forced is True.",
            ),
            "forced-and-free-swapped": (
                "swapped",
                "forced and free running are swapped.",
            ),
            "teacher-one-step-ahead": (
                "ahead",
                "step t was given the true y_t, the very number it has to predict. "
                "(8.18) has y_{t-1}.",
            ),
            "y0-not-used": (
                "teacher-y0",
                "the first step reads ys_true[-1], the last entry: in Python index "
                "-1 is the end. The output before the first step is y0.",
            ),
            "y0-at-every-step": (
                "y0",
                "running free, each step reads y0; from the second step on it should "
                "be the output of the step before.",
            ),
        },
    ),
)  # fmt: skip


# -- many to one --------------------------------------------------------------------


def _many_to_one(
    xs: Any, lengths: Any, ys: Any, W_x: Any, W_h: Any, b: Any, W_y: Any, b_y: Any, *,
    slip: str = "",
) -> tuple[Any, Any]:  # fmt: skip
    T, B, _ = xs.shape
    H = len(b)
    hs = _states(xs, np.zeros((B, H)), W_x, W_h, b)
    ends = np.full(B, T) if slip == "padding" else lengths
    if slip == "off-by-one":
        ends = lengths - 1
    last = hs[ends, np.arange(B)]
    loss, do = _loss(last @ W_y + b_y, ys)
    if slip == "sum":
        loss = loss * B
    do = do * (B if slip in ("sum", "sum-gradient") else 1)
    dh, dW_h = np.zeros((B, H)), np.zeros((H, H))
    for t in range(T, 0, -1):
        arrives = np.full(B, slip == "every-step") | (t == ends)
        if slip == "dense-mask":
            arrives = np.full(B, t == T)
        dh = dh + np.where(arrives[:, None], do @ W_y.T, 0)
        if slip == "every-step":
            dh = np.where((t <= ends)[:, None], dh, 0)
        da = dh * (1 - hs[t] ** 2)
        dW_h += hs[t - 1].T @ da
        dh = da @ W_h.T
        if slip == "immediate":
            dh = np.zeros_like(dh)
    return loss, dW_h


def _draw_many(T: int, lengths: tuple[int, ...]) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        B, D, H, K = len(lengths), 2, 4, 5
        drawn = {"xs": rng.normal(size=(T, B, D)), "lengths": np.array(lengths)}
        drawn |= {"ys": rng.integers(0, K, size=B)}
        return {**drawn, **_weights(rng, D, H, K)}

    return draw


def _draw_many_padded(rng: Rng) -> list[Inputs]:
    once = _draw_many(5, (5, 2, 4))(rng)
    more = np.concatenate([once["xs"], 5 * rng.normal(size=(2, 3, 2))])
    return [once, {**once, "xs": more}]


def _padding_unread(calls: list[Inputs], values: list[Any]) -> str:
    if all(np.allclose(a, b) for a, b in zip(*values, strict=True)):
        return ""
    return "Two more steps of padding changed the answer; they must not."


MANY_TO_ONE = Check(
    name="many-to-one",
    assignment=SLUG,
    points=3,
    title="many_to_one",
    asks="the mean loss over the batch, a number, and dW_h (H, H)",
    equation="8.9",
    section="C. Many inputs, one output",
    reference=_many_to_one,
    returns=("loss", "dW_h"),
    cases=(
        Case("value", "loss and gradient", 2, _draw_many(6, (6, 4, 3))),
        Case("property", "padding changes nothing", 1, _draw_many_padded,
             law=_padding_unread),
        Case("edge", "lengths 1 and 2", 1, _draw_many(4, (1, 2))),
    ),
    mistakes=by_slip(
        _many_to_one,
        {
            "reads-the-padding": (
                "padding",
                "the answer was read from the state at step T, after the padding. "
                "The last real step of each sequence has the answer.",
            ),
            "one-step-too-soon": (
                "off-by-one",
                "the answer was read one step before the last real one.",
            ),
            "gradient-at-every-step": (
                "every-step",
                "every real step got the message of the output. Only the last one "
                "has an output; the earlier ones get what travels back.",
            ),
            "message-starts-in-the-padding": (
                "dense-mask",
                "the loss is right, but its message starts at step T for all "
                "sequences, padding included.",
            ),
            "immediate-instead-of-total": (
                "immediate",
                "only the last step's own share: dh does not travel further back.",
            ),
            "sum-instead-of-mean": (
                "sum",
                "the sum over the batch; a mean was asked for.",
            ),
            "gradient-not-averaged": (
                "sum-gradient",
                "the loss is the mean over the batch, dW_h belongs to the sum.",
            ),
        },
    ),
)  # fmt: skip


# -- the four steps -----------------------------------------------------------------


def _train_step(
    ids: Any, lr: float, W_x: Any, W_h: Any, b: Any, W_y: Any, b_y: Any, *,
    slip: str = "",
) -> tuple[Any, ...]:  # fmt: skip
    V = len(b_y)
    inputs, targets = ids[:-1], ids[1:]
    if slip == "unshifted":
        targets = inputs
    if slip == "backwards":
        inputs, targets = targets, inputs
    T = len(inputs)
    xs = _one_hot(inputs, V)
    hs = _states(xs, np.zeros(len(b)), W_x, W_h, b)
    logits = hs[1:] @ W_y + b_y
    loss, dos = _loss(logits, targets)
    if slip in ("sum", "sum-gradient"):
        loss, dos = loss * (T if slip == "sum" else 1), dos * T
    das, dh_next = np.zeros_like(hs[1:]), np.zeros(len(b))
    for t in range(T - 1, -1, -1):
        if slip == "immediate":
            dh_next = 0 * dh_next
        das[t] = (dos[t] @ W_y.T + dh_next) * (1 - hs[t + 1] ** 2)
        dh_next = das[t] @ W_h.T
    grads = [
        xs.T @ das,
        (hs[1:] if slip == "h-t" else hs[:-1]).T @ das,
        das.sum(axis=0),
        hs[1:].T @ dos,
        dos.sum(axis=0),
    ]
    if slip == "gradients":
        return (loss, *grads)
    rate = {"ascent": -lr, "none": 0.0, "lr-forgotten": 1.0}.get(slip, lr)
    new = [w - rate * dw for w, dw in zip((W_x, W_h, b, W_y, b_y), grads, strict=True)]
    if slip == "output-frozen":
        new[3:] = [W_y, b_y]
    if slip == "late-loss":
        hs = _states(xs, np.zeros(len(b)), *new[:3])
        loss, _ = _loss(hs[1:] @ new[3] + new[4], targets)
    return (loss, *new)


def _draw_train(length: int, lr: float = 0.3) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        V, H = 6, 4
        ids = rng.integers(0, V, size=length)
        return {"ids": ids, "lr": lr, **_weights(rng, V, H, V)}

    return draw


TRAIN = Check(
    name="train-step",
    assignment=SLUG,
    points=4,
    title="train_step",
    asks="the loss before the change, a number, and the new W_x, W_h, b, W_y, b_y",
    equation="8.1",
    section="Training takes four steps, and three of them are old",
    reference=_train_step,
    returns=("loss", "W_x", "W_h", "b", "W_y", "b_y"),
    cases=(
        Case("value", "loss and new weights", 3, _draw_train(9)),
        Case("property", "a learning rate of 0 changes nothing", 1,
             _draw_train(7, lr=0.0)),
        Case("edge", "two characters: one step", 1, _draw_train(2)),
    ),
    mistakes=by_slip(
        _train_step,
        {
            "targets-not-shifted": (
                "unshifted",
                "each character was its own target. The target at step t is the next "
                "character.",
            ),
            "text-read-backwards": (
                "backwards",
                "inputs and targets are swapped: it predicts the character before.",
            ),
            "sum-instead-of-mean": (
                "sum",
                "the sum over the steps; (8.1) is their mean.",
            ),
            "gradient-not-averaged": (
                "sum-gradient",
                "the loss is the mean, and the change belongs to the sum: it is T "
                "times too large.",
            ),
            "immediate-instead-of-total": (
                "immediate",
                "no message passes from step t + 1 to step t, (8.9).",
            ),
            "h-t-where-h-prev-belongs": (
                "h-t",
                "dW_h was made with h_t; (8.14) has h_{t-1}.",
            ),
            "uphill": (
                "ascent",
                "the weights moved with the gradient; step 4 goes against it.",
            ),
            "not-updated": (
                "none",
                "the weights came back as they were given.",
            ),
            "learning-rate-forgotten": (
                "lr-forgotten",
                "the gradient was subtracted whole, without the learning rate.",
            ),
            "gradients-returned": (
                "gradients",
                "the gradients came; the new weights were asked for.",
            ),
            "output-weights-not-updated": (
                "output-frozen",
                "W_y and b_y came back unchanged; they learn too.",
            ),
            "loss-after-the-change": (
                "late-loss",
                "the loss of the new weights; the one that was differentiated was "
                "asked for.",
            ),
        },
    ),
)  # fmt: skip

CHECKS = (
    LEMMA,
    FULL_SUM,
    OUTPUT,
    STEP,
    LAYER,
    MASKED,
    TRUNCATED,
    MEMORY,
    OUTPUT_STEP,
    OUTPUT_RUN,
    MANY_TO_ONE,
    TRAIN,
)

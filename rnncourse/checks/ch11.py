"""The checks of chapter 11: peepholes, coupled gates, layer norm, their sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, Mistake

ASSIGNMENT = "11-lstm-variants"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]


def _sigmoid(a: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(a / 2)


def _cell(
    rng: np.random.Generator, B: int, D: int, H: int, *, gates: int = 4
) -> Inputs:
    """Draw an input, a state, stacked weights, and peepholes for four gates."""
    drawn = {
        "x": rng.normal(size=(B, D)),
        "h_prev": np.tanh(rng.normal(size=(B, H))),
        "c_prev": 1.5 * rng.normal(size=(B, H)),
        "W_x": rng.normal(size=(D, gates * H)) / np.sqrt(D),
        "W_h": rng.normal(size=(H, gates * H)) / np.sqrt(H),
        "b": rng.normal(size=gates * H),
    }
    if gates == 4:
        for name in ("p_i", "p_f", "p_o"):
            drawn[name] = rng.uniform(0.5, 1.5, size=H) * rng.choice([-1, 1], size=H)
    return drawn


def _batch_and_rows(whole: Inputs, names: tuple[str, ...]) -> list[Inputs]:
    """Return a batch, then each of its rows alone."""
    n_rows = len(whole[names[0]])
    rows = [{**whole, **{n: whole[n][k : k + 1] for n in names}} for k in range(n_rows)]
    return [whole, *rows]


def _rows_alone(calls: list[Inputs], values: list[Any]) -> str:
    """Say so if a row of a batch depends on its neighbours."""
    whole, *rows = (np.hstack(v) if isinstance(v, tuple | list) else v for v in values)
    if np.allclose(np.concatenate(rows), whole):
        return ""
    return "What a row gives must not change with the rows around it."


def _three_times(calls: list[Inputs], values: list[Any]) -> str:
    """Say so if three times the incoming gradient does not triple the answer."""
    one, three = values
    if all(np.allclose(3 * a, b) for a, b in zip(one, three, strict=True)):
        return ""
    return "A backward pass is linear: three times in must give three times out."


STATE = ("x", "h_prev", "c_prev")

# -- peephole-step ----------------------------------------------------------------


def _peephole(
    x: Array,
    h_prev: Array,
    c_prev: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    p_i: Array,
    p_f: Array,
    p_o: Array,
) -> Array:
    from rnncourse.reference.peephole import PeepholeParams, peephole_step

    p = PeepholeParams(W_x, W_h, b, p_i, p_f, p_o)
    return peephole_step(x, h_prev, c_prev, p)[:2]


def _peephole_slip(slip: str) -> Callable[..., Array]:
    """Return a step with one thing wrong."""

    def step(
        x: Array,
        h_prev: Array,
        c_prev: Array,
        W_x: Array,
        W_h: Array,
        b: Array,
        p_i: Array,
        p_f: Array,
        p_o: Array,
    ) -> Array:
        a_i, a_f, a_g, a_o = np.split(x @ W_x + h_prev @ W_h + b, 4, axis=1)
        if slip == "order":
            a_g, a_o = a_o, a_g
        if slip == "swapped":
            p_i, p_f = p_f, p_i
        seen = h_prev if slip == "state" else c_prev
        if slip == "dense":  # a matrix all of whose rows are p
            i = _sigmoid(a_i + c_prev @ np.tile(p_i, (len(p_i), 1)))
            f = _sigmoid(a_f + c_prev @ np.tile(p_f, (len(p_f), 1)))
        elif slip == "none":
            i, f = _sigmoid(a_i), _sigmoid(a_f)
        else:
            i, f = _sigmoid(a_i + seen * p_i), _sigmoid(a_f + seen * p_f)
        c = f * c_prev + i * np.tanh(a_g)
        shown = {"old": c_prev, "tanh": np.tanh(c), "blind": 0 * c}.get(slip, c)
        o = _sigmoid(a_o + shown * p_o)
        return o * (c if slip == "bare" else np.tanh(c)), c

    return step


PEEPHOLE_STEP = Check(
    name="peephole-step",
    assignment=ASSIGNMENT,
    points=3,
    title="peephole_step",
    asks="the new h and c, both of shape (B, H)",
    equation="11.3",
    section="A gate that looks at the cell",
    reference=_peephole,
    returns=("h", "c"),
    cases=(
        Case(
            "value",
            "h and c of a batch of two",
            1.5,
            lambda rng: _cell(rng, B=2, D=3, H=5),
        ),
        Case(
            "property",
            "each row of a batch gives what it gives alone",
            0.75,
            lambda rng: _batch_and_rows(_cell(rng, B=3, D=4, H=2), STATE),
            law=_rows_alone,
        ),
        Case(
            "edge",
            "one row with one unit, float64 kept",
            0.75,
            lambda rng: _cell(rng, B=1, D=2, H=1),
            strict_dtype=True,
        ),
        Case("naming", "equal sizes", 0, lambda rng: _cell(rng, B=4, D=4, H=4)),
    ),
    mistakes=(
        Mistake(
            "output-gate-sees-the-old-cell",
            _peephole_slip("old"),
            "the output gate looked at the old cell. It is computed last, when the "
            "new cell is there, and (11.3) shows it the new one.",
        ),
        Mistake(
            "output-gate-blind",
            _peephole_slip("blind"),
            "p_o was not used. The output gate has a peephole too, (11.3).",
        ),
        Mistake(
            "output-gate-sees-tanh",
            _peephole_slip("tanh"),
            "the output gate looked at tanh(c). The peephole of (11.3) shows c itself.",
        ),
        Mistake(
            "peepholes-as-matrices",
            _peephole_slip("dense"),
            "a unit's gate saw the cells of all units. A peephole is one number a "
            "unit: the product in (11.1) and (11.2) goes entry by entry.",
        ),
        Mistake(
            "peepholes-see-the-state",
            _peephole_slip("state"),
            "i and f looked at h_prev through their peepholes. They look at c_prev, "
            "(11.1) and (11.2); h_prev has gone through the output gate.",
        ),
        Mistake(
            "peepholes-exchanged",
            _peephole_slip("swapped"),
            "p_i and p_f stand in each other's place, see (11.1) and (11.2).",
        ),
        Mistake(
            "only-the-output-peeps",
            _peephole_slip("none"),
            "i and f were made without their peepholes, the last terms of (11.1) "
            "and (11.2).",
        ),
        Mistake(
            "peephole-blocks-out-of-order",
            _peephole_slip("order"),
            "candidate and output gate took each other's columns. The blocks stand "
            "in the order i, f, g, o; only (11.3) uses the fourth.",
        ),
        Mistake(
            "cell-shown-without-tanh",
            _peephole_slip("bare"),
            "h is o times c. The peephole of (11.3) sees c bare, but h still lets "
            "out tanh(c), as in the plain LSTM.",
        ),
    ),
)

# -- peephole-step-backward -------------------------------------------------------


def _peephole_backward(slip: str = "") -> Callable[..., Array]:
    """Return the backward step, with one thing wrong where a slip is named."""

    def backward(
        dh: Array,
        dc: Array,
        c_prev: Array,
        i: Array,
        f: Array,
        g: Array,
        o: Array,
        p_i: Array,
        p_f: Array,
        p_o: Array,
    ) -> Array:
        c = f * c_prev + i * g
        da_o = dh * np.tanh(c) * o * (1 - o)
        total = dh * o * (1 - np.tanh(c) ** 2)
        if slip != "future":
            total = total + dc
        if slip != "no-o":
            total = total + da_o * p_o
        da_f = total * c_prev * f * (1 - f)
        da_i = total * g * i * (1 - i)
        if slip == "slope":
            da_f, da_i = total * c_prev, total * g
        dc_prev = total * f
        if slip != "no-i-f":
            dc_prev = dc_prev + da_i * p_i + da_f * p_f
        if slip == "o-into-old":
            dc_prev = dc_prev + da_o * p_o
        dp_i, dp_f, dp_o = da_i * c_prev, da_f * c_prev, da_o * c
        if slip == "dp-o-old":
            dp_o = da_o * c_prev
        if slip == "dp-new":
            dp_i, dp_f = da_i * c, da_f * c
        gather = np.mean if slip == "mean" else np.sum
        return (dc_prev, *(gather(d, axis=0) for d in (dp_i, dp_f, dp_o)))

    return backward


def _peephole_gradient(
    dh: Array,
    dc: Array,
    c_prev: Array,
    i: Array,
    f: Array,
    g: Array,
    o: Array,
    p_i: Array,
    p_f: Array,
    p_o: Array,
) -> Array:
    from rnncourse.reference.peephole import (
        PeepholeCache,
        PeepholeParams,
        peephole_step_backward,
    )

    B, H = dh.shape
    c = f * c_prev + i * g
    x = np.zeros((B, 1), dtype=dh.dtype)
    cache = PeepholeCache(x, 0 * c, c_prev, i, f, g, o, c, np.tanh(c))
    W_x, W_h, b = (np.zeros(s, dtype=dh.dtype) for s in ((1, 4 * H), (H, 4 * H), 4 * H))
    p = PeepholeParams(W_x, W_h, b, p_i, p_f, p_o)
    _, _, dc_prev, dp = peephole_step_backward(dh, dc, cache, p)
    return dc_prev, dp.p_i, dp.p_f, dp.p_o


def _draw_backward(rng: np.random.Generator, B: int, H: int) -> Inputs:
    """Draw gradients, what a step has remembered, and peepholes."""
    cell = _cell(rng, B=B, D=1, H=H)
    drawn = {n: rng.normal(size=(B, H)) for n in ("dh", "dc")}
    drawn["c_prev"] = cell["c_prev"]
    for gate in ("i", "f", "g", "o"):
        drawn[gate] = rng.uniform(0.2, 0.8, size=(B, H))
    drawn["g"] = 2 * drawn["g"] - 1
    return drawn | {n: cell[n] for n in ("p_i", "p_f", "p_o")}


def _draw_backward_twice(rng: np.random.Generator) -> list[Inputs]:
    one = _draw_backward(rng, B=3, H=2)
    return [one, {**one, "dh": 3 * one["dh"], "dc": 3 * one["dc"]}]


def _draw_backward_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw one row with one unit, and a last step: dc = 0."""
    last = _draw_backward(rng, B=2, H=4)
    return [_draw_backward(rng, B=1, H=1), {**last, "dc": 0 * last["dc"]}]


PEEPHOLE_BACKWARD = Check(
    name="peephole-step-backward",
    assignment=ASSIGNMENT,
    points=5,
    title="peephole_step_backward",
    asks="dc_prev (B, H), and dp_i, dp_f, dp_o, each (H,)",
    equation="11.11",
    section="Two new paths for the gradient",
    reference=_peephole_gradient,
    returns=("dc_prev", "dp_i", "dp_f", "dp_o"),
    cases=(
        Case(
            "value",
            "all four gradients of a batch of two",
            3,
            lambda rng: _draw_backward(rng, B=2, H=5),
        ),
        Case(
            "property",
            "three times dh and dc give three times the gradients",
            1,
            _draw_backward_twice,
            law=_three_times,
        ),
        Case("edge", "one row with one unit, and dc = 0", 1, _draw_backward_edge),
    ),
    mistakes=(
        Mistake(
            "new-cell-hears-nothing-from-o",
            _peephole_backward("no-o"),
            "the path through p_o is missing. The output gate has seen the new c, so "
            "dc gets da_o * p_o before it is handed on: the first half of (11.11).",
        ),
        Mistake(
            "old-cell-hears-nothing-from-the-gates",
            _peephole_backward("no-i-f"),
            "dc_prev has only the path through the forget gate's product. i and f "
            "have seen c_prev: the second half of (11.11).",
        ),
        Mistake(
            "output-peephole-sent-to-the-old-cell",
            _peephole_backward("o-into-old"),
            "the gradient of the output gate's peephole went to c_prev as well. It "
            "has seen only the new cell, so in (11.11) it belongs to dc alone.",
        ),
        Mistake(
            "dp-o-with-the-old-cell",
            _peephole_backward("dp-o-old"),
            "dp_o was made with c_prev. A weight's gradient takes what the weight "
            "has multiplied: for p_o that is the new c, (11.12).",
        ),
        Mistake(
            "dp-i-with-the-new-cell",
            _peephole_backward("dp-new"),
            "dp_i and dp_f were made with the new c. Their peepholes have shown "
            "c_prev, (11.12).",
        ),
        Mistake(
            "peephole-slopes-missing",
            _peephole_backward("slope"),
            "da_i and da_f lack the slopes of their sigmoids, i(1 - i) and f(1 - f); "
            "(11.11) and (11.12) start from da, not from di and df.",
        ),
        Mistake(
            "peephole-future-forgotten",
            _peephole_backward("future"),
            "the dc that comes from the step after was dropped. (11.11) adds to it.",
        ),
        Mistake(
            "dp-averaged",
            _peephole_backward("mean"),
            "the gradients of the peepholes are means over the batch. (11.12) sums.",
        ),
    ),
)

# -- coupled-step -----------------------------------------------------------------


def _coupled(
    x: Array, h_prev: Array, c_prev: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    from rnncourse.reference.lstm_variants import CoupledParams, coupled_step

    return coupled_step(x, h_prev, c_prev, CoupledParams(W_x, W_h, b))[:2]


def _coupled_slip(slip: str) -> Callable[..., Array]:
    """Return a step with one thing wrong."""

    def step(
        x: Array, h_prev: Array, c_prev: Array, W_x: Array, W_h: Array, b: Array
    ) -> Array:
        a_f, a_g, a_o = np.split(x @ W_x + h_prev @ W_h + b, 3, axis=1)
        if slip == "order":
            a_f, a_g, a_o = a_g, a_o, a_f
        f, g, o = _sigmoid(a_f), np.tanh(a_g), _sigmoid(a_o)
        if slip == "other":
            c = (1 - f) * c_prev + f * g
        elif slip == "added":
            c = f * c_prev + g
        elif slip == "same":
            c = f * c_prev + f * g
        elif slip == "kept":
            c = c_prev + (1 - f) * g
        elif slip == "state":
            c = f * h_prev + (1 - f) * g
        else:
            c = f * c_prev + (1 - f) * g
        if slip == "no-output":
            return np.tanh(c), c
        return o * (c if slip == "bare" else np.tanh(c)), c

    return step


def _draw_far(rng: np.random.Generator) -> list[Inputs]:
    """Draw cells inside [-1, 1]: coupled, the new cell can not leave it."""
    inside = _cell(rng, B=3, D=4, H=2, gates=3)
    inside["c_prev"] = np.tanh(inside["c_prev"])
    return _batch_and_rows(inside, STATE)


COUPLED_STEP = Check(
    name="coupled-step",
    assignment=ASSIGNMENT,
    points=3,
    title="coupled_step",
    asks="the new h and c, each an array (B, H)",
    equation="11.5",
    section="What is kept is not written",
    reference=_coupled,
    returns=("h", "c"),
    cases=(
        Case(
            "value",
            "h and c of two rows",
            1.5,
            lambda rng: _cell(rng, B=2, D=3, H=5, gates=3),
        ),
        Case(
            "property",
            "each row of a batch gives what it gives alone",
            0.75,
            _draw_far,
            law=_rows_alone,
        ),
        Case(
            "edge",
            "one row with one unit, float64 kept",
            0.75,
            lambda rng: _cell(rng, B=1, D=2, H=1, gates=3),
            strict_dtype=True,
        ),
    ),
    mistakes=(
        Mistake(
            "coupled-the-other-way",
            _coupled_slip("other"),
            "f took the candidate and 1 - f the old cell. f is the share that is "
            "kept, (11.5).",
        ),
        Mistake(
            "coupled-candidate-whole",
            _coupled_slip("added"),
            "the candidate was added whole. Its share is i = 1 - f, (11.4).",
        ),
        Mistake(
            "coupled-same-share-twice",
            _coupled_slip("same"),
            "f multiplies both terms. The shares of (11.5) sum to 1: what is kept is "
            "not written.",
        ),
        Mistake(
            "coupled-nothing-forgotten",
            _coupled_slip("kept"),
            "the old cell was kept whole. That is nearer to (11.6); in (11.5) its "
            "share is f.",
        ),
        Mistake(
            "coupled-state-for-cell",
            _coupled_slip("state"),
            "the old state h_prev stands where (11.5) has the old cell c_prev.",
        ),
        Mistake(
            "coupled-blocks-out-of-order",
            _coupled_slip("order"),
            "the blocks were read in another order. Three are left, f, g and o, in "
            "that order; (11.4) makes i from f.",
        ),
        Mistake(
            "coupled-without-output-gate",
            _coupled_slip("no-output"),
            "h is tanh(c) alone. Coupling by (11.5) leaves the output gate as it was.",
        ),
        Mistake(
            "coupled-bare-cell",
            _coupled_slip("bare"),
            "h is o times c without tanh. The c of (11.5) is let out through tanh.",
        ),
    ),
)

# -- layer-norm -------------------------------------------------------------------


def _norm(a: Array, gamma: Array, beta: Array, eps: float) -> Array:
    from rnncourse.reference.layer_norm import layer_norm

    return layer_norm(a, gamma, beta, eps)[0]


def _norm_slip(slip: str) -> Callable[..., Array]:
    """Return a normalisation with one thing wrong."""

    def norm(a: Array, gamma: Array, beta: Array, eps: float) -> Array:
        axis = {"batch": 0, "all": None}.get(slip, -1)
        mean = a.mean(axis=axis, keepdims=True)
        var = a.var(axis=axis, keepdims=True)
        if slip == "ddof":
            n = a.shape[-1]
            var = var * n / max(n - 1, 1)
        if slip == "no-mean":
            return gamma * a / np.sqrt(var + eps) + beta
        if slip == "outside":
            return gamma * (a - mean) / (np.sqrt(var) + eps) + beta
        if slip == "variance":
            return gamma * (a - mean) / (var + eps) + beta
        unit = (a - mean) / np.sqrt(var + eps)
        if slip == "swapped":
            return beta * unit + gamma
        if slip == "bare":
            return unit
        if slip == "shift-first":
            return gamma * (unit + beta)
        return gamma * unit + beta

    return norm


def _draw_norm(rng: np.random.Generator, B: int, N: int) -> Inputs:
    return {
        "a": 1 + 0.7 * rng.normal(size=(B, N)),
        "gamma": rng.uniform(0.5, 2, size=N),
        "beta": rng.normal(size=N),
        "eps": float(rng.uniform(0.1, 0.4)),
    }


def _draw_norm_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw a constant row, and a row of one number."""
    flat = _draw_norm(rng, B=3, N=4)
    flat["a"][1] = 2.5
    return [flat, _draw_norm(rng, B=2, N=1)]


LAYER_NORM = Check(
    name="layer-norm",
    assignment=ASSIGNMENT,
    points=3,
    title="layer_norm",
    asks="the normalised rows, an array (B, N)",
    equation="11.7",
    section="Each row gets the same scale",
    reference=_norm,
    returns=("y",),
    cases=(
        Case("value", "two rows of five", 1.5, lambda rng: _draw_norm(rng, B=2, N=5)),
        Case(
            "property",
            "each row gives what it gives alone",
            0.75,
            lambda rng: _batch_and_rows(_draw_norm(rng, B=3, N=4), ("a",)),
            law=_rows_alone,
        ),
        Case("edge", "a constant row gives beta, so does N = 1", 0.75, _draw_norm_edge),
        Case("naming", "equal sizes", 0, lambda rng: _draw_norm(rng, B=4, N=4)),
    ),
    mistakes=(
        Mistake(
            "normed-over-the-batch",
            _norm_slip("batch"),
            "mean and variance were taken down the columns, over the batch. That is "
            "batch normalisation; (11.7) takes them along each row.",
        ),
        Mistake(
            "normed-over-everything",
            _norm_slip("all"),
            "one mean and one variance were taken of the whole array. (11.7) has its "
            "own for each row.",
        ),
        Mistake(
            "normed-with-n-minus-one",
            _norm_slip("ddof"),
            "the variance was divided by N - 1. (11.7) divides by N: the row is all "
            "there is, not a sample.",
        ),
        Mistake(
            "normed-without-the-mean",
            _norm_slip("no-mean"),
            "the mean was not taken away in the numerator of (11.7).",
        ),
        Mistake(
            "eps-outside-the-root",
            _norm_slip("outside"),
            "eps was added to σ. In (11.7) it stands under the root, beside σ².",
        ),
        Mistake(
            "divided-by-the-variance",
            _norm_slip("variance"),
            "the rows were divided by the variance, without the root of (11.7).",
        ),
        Mistake(
            "scale-and-shift-exchanged",
            _norm_slip("swapped"),
            "beta scales and gamma shifts. In (11.7) it is the other way round.",
        ),
        Mistake(
            "normed-not-scaled",
            _norm_slip("bare"),
            "the rows came back with mean 0 and variance 1, without the learnt scale "
            "and shift of (11.7).",
        ),
        Mistake(
            "shifted-before-scaled",
            _norm_slip("shift-first"),
            "gamma multiplies beta too. (11.7) scales first, then shifts.",
        ),
    ),
)

# -- layer-norm-backward ----------------------------------------------------------


def _norm_gradient(dy: Array, a: Array, gamma: Array, eps: float) -> Array:
    from rnncourse.reference.layer_norm import layer_norm, layer_norm_backward

    _, cache = layer_norm(a, gamma, np.zeros_like(gamma), eps)
    return layer_norm_backward(dy, cache, gamma)


def _norm_backward_slip(slip: str) -> Callable[..., Array]:
    """Return a backward pass with one thing wrong."""

    def backward(dy: Array, a: Array, gamma: Array, eps: float) -> Array:
        scale = 1 / np.sqrt(a.var(axis=-1, keepdims=True) + eps)
        unit = (a - a.mean(axis=-1, keepdims=True)) * scale
        d = dy if slip == "gamma" else dy * gamma
        da = d
        if slip not in ("straight", "mean"):
            da = da - d.mean(axis=-1, keepdims=True)
        if slip not in ("straight", "along"):
            da = da - unit * (d * unit).mean(axis=-1, keepdims=True)
        if slip == "sum":
            da = d - d.sum(-1, keepdims=True) - unit * (d * unit).sum(-1, keepdims=True)
        if slip != "scale":
            da = da * scale
        dgamma = (dy * (a if slip == "raw" else unit)).sum(axis=0)
        dbeta = (d if slip == "beta" else dy).sum(axis=0)
        if slip == "average":
            dgamma, dbeta = dgamma / len(dy), dbeta / len(dy)
        return da, dgamma, dbeta

    return backward


def _draw_norm_backward(rng: np.random.Generator, B: int, N: int) -> Inputs:
    drawn = _draw_norm(rng, B, N)
    del drawn["beta"]
    return {"dy": rng.normal(size=(B, N)), **drawn}


def _draw_norm_twice(rng: np.random.Generator) -> list[Inputs]:
    one = _draw_norm_backward(rng, B=3, N=4)
    return [one, {**one, "dy": 3 * one["dy"]}]


def _draw_norm_backward_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw a constant row, and a row of one number."""
    flat = _draw_norm_backward(rng, B=3, N=4)
    flat["a"][0] = -1.5
    return [flat, _draw_norm_backward(rng, B=2, N=1)]


LAYER_NORM_BACKWARD = Check(
    name="layer-norm-backward",
    assignment=ASSIGNMENT,
    points=5,
    title="layer_norm_backward",
    asks="da (B, N), dgamma (N,) and dbeta (N,)",
    equation="11.8",
    section="Each row gets the same scale",
    reference=_norm_gradient,
    returns=("da", "dgamma", "dbeta"),
    cases=(
        Case(
            "value",
            "all three gradients of two rows",
            3,
            lambda rng: _draw_norm_backward(rng, B=2, N=5),
        ),
        Case(
            "property",
            "three times dy gives three times the gradients",
            1,
            _draw_norm_twice,
            law=_three_times,
        ),
        Case("edge", "a constant row, and N = 1", 1, _draw_norm_backward_edge),
    ),
    mistakes=(
        Mistake(
            "statistics-held-still",
            _norm_backward_slip("straight"),
            "mean and variance were treated as constants. They are made of a, so "
            "each entry moves all of its row: the two subtractions of (11.8).",
        ),
        Mistake(
            "mean-held-still",
            _norm_backward_slip("mean"),
            "the first subtraction of (11.8) is missing: adding a number to a row "
            "does not change y, so da must sum to zero along it.",
        ),
        Mistake(
            "variance-held-still",
            _norm_backward_slip("along"),
            "the second subtraction of (11.8) is missing, the one for the variance.",
        ),
        Mistake(
            "sums-for-means",
            _norm_backward_slip("sum"),
            "sums were subtracted where (11.8) has means along the row.",
        ),
        Mistake(
            "da-without-gamma",
            _norm_backward_slip("gamma"),
            "gamma is missing in da: on the way back (11.8) meets it first.",
        ),
        Mistake(
            "da-not-rescaled",
            _norm_backward_slip("scale"),
            "the factor in front of (11.8), one over the root of σ² + eps, is missing.",
        ),
        Mistake(
            "dgamma-of-the-raw-row",
            _norm_backward_slip("raw"),
            "dgamma was made with a. In (11.7) gamma multiplies the normalised row.",
        ),
        Mistake(
            "dbeta-with-gamma",
            _norm_backward_slip("beta"),
            "dbeta carries gamma. beta is added after the scale of (11.7).",
        ),
        Mistake(
            "norm-gradients-averaged",
            _norm_backward_slip("average"),
            "dgamma and dbeta are means over the rows. Beside (11.8) they are sums.",
        ),
    ),
)

# -- lstm-from-coupled ------------------------------------------------------------


def _full(W_x: Array, W_h: Array, b: Array) -> Array:
    from rnncourse.reference.lstm_variants import CoupledParams, lstm_from_coupled

    return tuple(lstm_from_coupled(CoupledParams(W_x, W_h, b)))


def _full_slip(change: Callable[[Array], Array]) -> Callable[..., Array]:
    """Return an answer that does the same to all three arrays."""

    def full(W_x: Array, W_h: Array, b: Array) -> Array:
        return tuple(change(W) for W in (W_x, W_h, b))

    return full


def _blocks(W: Array) -> list[Array]:
    return np.split(W, 3, axis=-1)


def _full_copied(W: Array) -> Array:
    f, g, o = _blocks(W)
    return np.concatenate([f, f, g, o], axis=-1)


def _full_one_minus(W: Array) -> Array:
    f, g, o = _blocks(W)
    return np.concatenate([1 - f, f, g, o], axis=-1)


def _full_zero(W: Array) -> Array:
    f, g, o = _blocks(W)
    return np.concatenate([0 * f, f, g, o], axis=-1)


def _full_behind(W: Array) -> Array:
    f, g, o = _blocks(W)
    return np.concatenate([f, -f, g, o], axis=-1)


def _full_last(W: Array) -> Array:
    f, g, o = _blocks(W)
    return np.concatenate([f, g, o, -f], axis=-1)


def _full_wrong_block(W: Array) -> Array:
    f, g, o = _blocks(W)
    return np.concatenate([-g, f, g, o], axis=-1)


def _full_bias_kept(W_x: Array, W_h: Array, b: Array) -> Array:
    return *_full(W_x, W_h, b)[:2], _full_copied(b)


def _full_bias_only(W_x: Array, W_h: Array, b: Array) -> Array:
    return _full_copied(W_x), _full_copied(W_h), _full(W_x, W_h, b)[2]


def _draw_coupled(rng: np.random.Generator, D: int, H: int) -> Inputs:
    cell = _cell(rng, B=1, D=D, H=H, gates=3)
    return {n: cell[n] for n in ("W_x", "W_h", "b")}


def _draw_coupled_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw one unit, and a forget gate that reads nothing."""
    deaf = _draw_coupled(rng, D=3, H=2)
    deaf["W_x"][:, :2] = 0
    return [_draw_coupled(rng, D=1, H=1), deaf]


FROM_COUPLED = Check(
    name="lstm-from-coupled",
    assignment=ASSIGNMENT,
    points=3,
    title="lstm_from_coupled",
    asks="W_x (D, 4H), W_h (H, 4H) and b (4H,) of a plain LSTM",
    equation="11.4",
    section="What is kept is not written",
    reference=_full,
    returns=("W_x", "W_h", "b"),
    cases=(
        Case(
            "value",
            "the weights of four units in full",
            1.5,
            lambda rng: _draw_coupled(rng, D=3, H=4),
        ),
        Case(
            "property",
            "for networks of other sizes too",
            0.75,
            lambda rng: [_draw_coupled(rng, D=k, H=7 - k) for k in (2, 5)],
        ),
        Case("edge", "one unit, and a gate that ignores x", 0.75, _draw_coupled_edge),
    ),
    mistakes=(
        Mistake(
            "input-gate-copied",
            _full_slip(_full_copied),
            "i has the weights of f themselves, so i = f. (11.4) asks for 1 - f; "
            "think of what σ(-a) is.",
        ),
        Mistake(
            "input-gate-one-minus-the-weights",
            _full_slip(_full_one_minus),
            "1 - w was written for each weight. It is the gate that (11.4) takes "
            "from 1, after the sigmoid, not its weights.",
        ),
        Mistake(
            "input-gate-zero",
            _full_slip(_full_zero),
            "the weights of i are zero, which makes i = 1/2 always. In (11.4) it "
            "moves with f.",
        ),
        Mistake(
            "input-gate-behind-f",
            _full_slip(_full_behind),
            "the two gates stand in each other's place. A plain LSTM keeps its "
            "blocks as i, f, g, o, so the new block of (11.4) comes first.",
        ),
        Mistake(
            "input-gate-last",
            _full_slip(_full_last),
            "the new block was put at the end. The order is i, f, g, o, and (11.4) "
            "makes the first.",
        ),
        Mistake(
            "input-gate-from-the-candidate",
            _full_slip(_full_wrong_block),
            "the block of the candidate was negated. (11.4) makes i from f, which "
            "are the first H columns.",
        ),
        Mistake(
            "input-gate-bias-kept",
            _full_bias_kept,
            "the bias of i has the sign of f's. The whole sum must turn for (11.4).",
        ),
        Mistake(
            "input-gate-bias-alone",
            _full_bias_only,
            "only the bias of i was negated. All that a_f is made of must change its "
            "sign for (11.4).",
        ),
    ),
)

# -- variant-counts ---------------------------------------------------------------


def _counts(D: int, H: int) -> Array:
    block = H * (D + H + 1)
    return 4 * block, 4 * block + 3 * H, 3 * block, 3 * block, 4 * block + 18 * H


def _counts_slip(slip: str) -> Callable[..., Array]:
    """Return counts with one thing wrong."""

    def counts(D: int, H: int) -> Array:
        plain, peephole, coupled, no_forget, norm = _counts(D, H)
        if slip == "matrices":
            peephole = plain + 3 * H * H
        if slip == "four":
            peephole = plain + 4 * H
        if slip == "coupled":
            coupled = plain
        if slip == "no-cell":
            norm = plain + 16 * H
        if slip == "scale":
            norm = plain + 9 * H
        if slip == "once":
            norm = plain + 10 * H
        if slip == "bias":
            return tuple(
                n - k * H for n, k in zip(_counts(D, H), (4, 4, 3, 3, 4), strict=True)
            )
        return plain, peephole, coupled, no_forget, norm

    return counts


COUNTS = Check(
    name="variant-counts",
    assignment=ASSIGNMENT,
    points=2,
    title="variant_counts",
    asks="five whole numbers: plain, peephole, coupled, no forget gate, layer norm",
    equation="11.14",
    section="What each change costs",
    reference=_counts,
    returns=("plain", "peephole", "coupled", "no_forget", "layer_norm"),
    cases=(
        Case(
            "value",
            "the counts for sizes drawn at random",
            1,
            lambda rng: {"D": int(rng.integers(5, 9)), "H": int(rng.integers(10, 20))},
        ),
        Case(
            "property",
            "the same for four other sizes",
            0.5,
            lambda rng: [{"D": int(d), "H": int(d) + 3} for d in rng.integers(2, 9, 4)],
        ),
        Case(
            "edge",
            "one unit with one input; D = 5, H = 2",
            0.5,
            lambda rng: [{"D": 1, "H": 1}, {"D": 5, "H": 2}],
        ),
    ),
    mistakes=(
        Mistake(
            "peepholes-counted-as-matrices",
            _counts_slip("matrices"),
            "each peephole was counted as a matrix of H rows. It is diagonal: H "
            "numbers a gate in (11.14).",
        ),
        Mistake(
            "candidate-given-a-peephole",
            _counts_slip("four"),
            "four peepholes were counted. The candidate has none: (11.14) has three.",
        ),
        Mistake(
            "coupled-counted-in-full",
            _counts_slip("coupled"),
            "the coupled cell was counted with four blocks. i has no weights of its "
            "own there, so (11.14) has three.",
        ),
        Mistake(
            "cell-norm-not-counted",
            _counts_slip("no-cell"),
            "the normalisation of the cell was left out. It has a scale and a shift "
            "of H numbers each, beside the two of 4H in (11.14).",
        ),
        Mistake(
            "shifts-not-counted",
            _counts_slip("scale"),
            "only the scales were counted. Each normalisation of (11.14) learns a "
            "shift as well.",
        ),
        Mistake(
            "products-normed-together",
            _counts_slip("once"),
            "one normalisation was counted for both products. (11.14) has one for "
            "x W_x and another for h W_h.",
        ),
        Mistake(
            "variant-biases-not-counted",
            _counts_slip("bias"),
            "no bias was counted: (11.14) has one number for each column.",
        ),
    ),
)

CHECKS = (
    PEEPHOLE_STEP,
    PEEPHOLE_BACKWARD,
    COUPLED_STEP,
    LAYER_NORM,
    LAYER_NORM_BACKWARD,
    FROM_COUPLED,
    COUNTS,
)

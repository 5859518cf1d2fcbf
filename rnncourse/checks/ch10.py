"""The checks of chapter 10: gates, cell, state, gradient, padding, weights, counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, Mistake

ASSIGNMENT = "10-lstm"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]


def _sigmoid(a: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(a / 2)


def _draw(
    rng: np.random.Generator, B: int, D: int, H: int, *, T: int | None = None
) -> Inputs:
    """Draw an input (or T of them), state, cell and the weights in order i, f, g, o."""
    steps = () if T is None else (T,)
    end = "_prev" if T is None else "0"
    return {
        ("x" if T is None else "xs"): rng.normal(size=(*steps, B, D)),
        f"h{end}": np.tanh(rng.normal(size=(B, H))),
        f"c{end}": 1.5 * rng.normal(size=(B, H)),
        "W_x": rng.normal(size=(D, 4 * H)) / np.sqrt(D),
        "W_h": 1.5 * rng.normal(size=(H, 4 * H)) / np.sqrt(H),
        "b": rng.normal(size=4 * H),
    }


def _without_cell(drawn: Inputs) -> Inputs:
    return {k: v for k, v in drawn.items() if k != "c_prev"}


def _batch_and_rows(whole: Inputs) -> list[Inputs]:
    """Return a batch, then each of its rows alone."""
    per_row = [k for k in whole if k not in ("W_x", "W_h", "b")]
    rows = [
        {**whole, **{k: whole[k][r : r + 1] for k in per_row}}
        for r in range(len(whole[per_row[0]]))
    ]
    return [whole, *rows]


def _rows_alone(calls: list[Inputs], values: list[Any]) -> str:
    """Say so if a row of a batch depends on its neighbours."""
    whole, *rows = (np.hstack(v) if isinstance(v, tuple | list) else v for v in values)
    if np.allclose(np.concatenate(rows), whole):
        return ""
    return "A row of a batch must not depend on the rows beside it."


# -- lstm-gates -------------------------------------------------------------------


def _sums(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> list[Array]:
    return np.split(x @ W_x + h_prev @ W_h + b, 4, axis=-1)


def _gates(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    from rnncourse.reference.lstm import LSTMParams, lstm_step

    cache = lstm_step(x, h_prev, np.zeros_like(h_prev), LSTMParams(W_x, W_h, b))[2]
    return cache.i, cache.f, cache.g, cache.o


def _gates_by(change: str) -> Any:
    """Return an answer with one thing wrong."""

    def wrong(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
        if change == "state":
            h_prev = np.zeros_like(h_prev)
        if change == "bias":
            b = np.zeros_like(b)
        a_i, a_f, a_g, a_o = _sums(x, h_prev, W_x, W_h, b)
        if change == "order":  # i, f, o, g
            a_g, a_o = a_o, a_g
        if change == "swap":
            a_i, a_f = a_f, a_i
        i, f, g, o = _sigmoid(a_i), _sigmoid(a_f), np.tanh(a_g), _sigmoid(a_o)
        if change == "sigmoid":
            g = _sigmoid(a_g)
        if change == "tanh":
            i, f, o = np.tanh(a_i), np.tanh(a_f), np.tanh(a_o)
        if change == "coupled":
            i = 1 - f
        return i, f, g, o

    return wrong


GATES = Check(
    name="lstm-gates",
    assignment=ASSIGNMENT,
    points=3,
    title="lstm_gates",
    asks="the gates i, f, the candidate g and the gate o, each of shape (B, H)",
    equation="10.3",
    section="Three gates and a candidate",
    reference=_gates,
    returns=("i", "f", "g", "o"),
    cases=(
        Case(
            "value",
            "all four of a batch of two",
            1.5,
            lambda rng: _without_cell(_draw(rng, B=2, D=3, H=5)),
        ),
        Case(
            "property",
            "each row of a batch gives what it gives alone",
            0.75,
            lambda rng: _batch_and_rows(_without_cell(_draw(rng, B=3, D=4, H=2))),
            law=_rows_alone,
        ),
        Case(
            "edge",
            "one row with one unit, float64 kept",
            0.75,
            lambda rng: _without_cell(_draw(rng, B=1, D=2, H=1)),
            strict_dtype=True,
        ),
        Case(
            "naming",
            "equal sizes",
            0,
            lambda rng: _without_cell(_draw(rng, B=2, D=4, H=4)),
        ),
    ),
    mistakes=(
        Mistake(
            "gates-in-tensorflow-order",
            _gates_by("order"),
            "g and o stand in each other's block. The columns hold i, f, g, o, as in "
            "(10.1).",
        ),
        Mistake(
            "write-and-keep-swapped",
            _gates_by("swap"),
            "i and f stand in each other's block: the first H columns of (10.1) write, "
            "the next H keep.",
        ),
        Mistake(
            "candidate-with-sigmoid",
            _gates_by("sigmoid"),
            "the candidate went through the sigmoid. (10.4) has tanh: what is written "
            "may be negative.",
        ),
        Mistake(
            "gates-with-tanh",
            _gates_by("tanh"),
            "the gates went through tanh. (10.2), (10.3) and (10.5) are shares between "
            "0 and 1.",
        ),
        Mistake(
            "lstm-gates-blind-to-state",
            _gates_by("state"),
            "only the input was read. (10.1) adds h_prev W_h.",
        ),
        Mistake(
            "lstm-gates-without-bias",
            _gates_by("bias"),
            "the bias of (10.1) was left out.",
        ),
        Mistake(
            "lstm-gates-coupled",
            _gates_by("coupled"),
            "i was made as 1 - f. In (10.2) the input gate has weights of its own: the "
            "cell may keep and write at once.",
        ),
    ),
)


# -- lstm-cell --------------------------------------------------------------------


def _draw_cell(rng: np.random.Generator, B: int, H: int) -> Inputs:
    gates = {k: rng.uniform(0.05, 0.95, size=(B, H)) for k in "if"}
    return {
        "i": gates["i"],
        "f": gates["f"],
        "g": np.tanh(rng.normal(size=(B, H))),
        "c_prev": 2 * rng.normal(size=(B, H)),
    }


def _cell(i: Array, f: Array, g: Array, c_prev: Array) -> Array:
    return f * c_prev + i * g  # (10.6)


def _draw_cell_law(rng: np.random.Generator) -> list[Inputs]:
    """Draw a cell that only keeps, and one that only writes."""
    drawn = _draw_cell(rng, B=3, H=4)
    one, zero = np.ones_like(drawn["i"]), np.zeros_like(drawn["i"])
    return [{**drawn, "i": zero, "f": one}, {**drawn, "i": one, "f": zero}]


CELL = Check(
    name="lstm-cell",
    assignment=ASSIGNMENT,
    points=2,
    title="lstm_cell",
    asks="the new cell c of shape (B, H)",
    equation="10.6",
    section="The cell keeps and adds",
    reference=_cell,
    returns=("c",),
    cases=(
        Case("value", "a batch of two", 1, lambda rng: _draw_cell(rng, 2, 5)),
        Case(
            "property",
            "gates at their ends keep or replace exactly",
            0.5,
            _draw_cell_law,
        ),
        Case("edge", "one unit of one row", 0.5, lambda rng: _draw_cell(rng, 1, 1)),
        Case("naming", "equal sizes", 0, lambda rng: _draw_cell(rng, 4, 4)),
    ),
    mistakes=(
        Mistake(
            "keeps-what-it-should-write",
            lambda i, f, g, c_prev: i * c_prev + f * g,
            "f and i changed roles. In (10.6) f meets the old cell and i the new "
            "candidate.",
        ),
        Mistake(
            "cell-through-tanh",
            lambda i, f, g, c_prev: np.tanh(f * c_prev + i * g),
            "the new cell went through tanh. (10.6) has none: the cell is not bounded "
            "by 1, and its path has no tanh to fade in.",
        ),
        Mistake(
            "cell-never-forgets",
            lambda i, f, g, c_prev: c_prev + i * g,
            "the forget gate was left out of (10.6).",
        ),
        Mistake(
            "cell-mixed-by-f",
            lambda i, f, g, c_prev: f * c_prev + (1 - f) * g,
            "the candidate got the share 1 - f. In (10.6) it has its own gate i.",
        ),
        Mistake(
            "candidate-unguarded",
            lambda i, f, g, c_prev: f * c_prev + g,
            "the candidate was added whole. (10.6) lets in the share i of it.",
        ),
        Mistake(
            "cell-as-matrix-product",
            lambda i, f, g, c_prev: f @ c_prev.T @ np.ones_like(g) + i * g,
            "a matrix product was taken where (10.6) multiplies entry by entry: ⊙ is "
            "the Hadamard product, not a dot product.",
        ),
    ),
)


# -- lstm-output ------------------------------------------------------------------


def _draw_output(rng: np.random.Generator, B: int, H: int) -> Inputs:
    return {
        "o": rng.uniform(0.05, 0.95, size=(B, H)),
        "c": 2 * rng.normal(size=(B, H)),
    }


def _output(o: Array, c: Array) -> Array:
    return o * np.tanh(c)  # (10.7)


def _draw_far(rng: np.random.Generator) -> list[Inputs]:
    """Draw cells far from zero, and an output gate that is shut."""
    far = _draw_output(rng, B=3, H=2)
    far["c"] *= 20
    shut = _draw_output(rng, B=2, H=3)
    return [far, {**shut, "o": np.zeros_like(shut["o"])}]


OUTPUT = Check(
    name="lstm-output",
    assignment=ASSIGNMENT,
    points=2,
    title="lstm_output",
    asks="the new state h of shape (B, H)",
    equation="10.7",
    section="What the cell lets out",
    reference=_output,
    returns=("h",),
    cases=(
        Case("value", "a batch of two", 1, lambda rng: _draw_output(rng, 2, 5)),
        Case("property", "inside (-1, 1), and silent when shut", 0.5, _draw_far),
        Case("edge", "one unit of one row", 0.5, lambda rng: _draw_output(rng, 1, 1)),
        Case("naming", "equal sizes", 0, lambda rng: _draw_output(rng, 4, 4)),
    ),
    mistakes=(
        Mistake(
            "state-without-tanh",
            lambda o, c: o * c,
            "h = o * c, without the tanh of (10.7).",
        ),
        Mistake(
            "tanh-of-the-product",
            lambda o, c: np.tanh(o * c),
            "tanh was taken after the gate. (10.7) squashes c first, then o lets a "
            "share of it out.",
        ),
        Mistake(
            "gate-ignored",
            lambda o, c: np.tanh(c),
            "the output gate of (10.7) was not used.",
        ),
        Mistake(
            "state-through-sigmoid",
            lambda o, c: o * _sigmoid(c),
            "the cell went through the sigmoid. (10.7) has tanh, so a negative cell "
            "gives a negative state.",
        ),
        Mistake(
            "gate-upside-down",
            lambda o, c: (1 - o) * np.tanh(c),
            "1 - o took the place of o in (10.7).",
        ),
    ),
)


# -- lstm-step --------------------------------------------------------------------


def _step(
    x: Array, h_prev: Array, c_prev: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    from rnncourse.reference.lstm import LSTMParams, lstm_step

    return lstm_step(x, h_prev, c_prev, LSTMParams(W_x, W_h, b))[:2]


def _step_by(change: str) -> Any:
    def wrong(
        x: Array, h_prev: Array, c_prev: Array, W_x: Array, W_h: Array, b: Array
    ) -> Array:
        a_i, a_f, a_g, a_o = _sums(x, h_prev, W_x, W_h, b)
        if change == "order":
            a_g, a_o = a_o, a_g
        if change == "fi":
            a_i, a_f = a_f, a_i
        i, f, g, o = _sigmoid(a_i), _sigmoid(a_f), np.tanh(a_g), _sigmoid(a_o)
        if change == "sigmoid":
            g = _sigmoid(a_g)
        c = f * (h_prev if change == "short" else c_prev) + i * g
        h = o * np.tanh(c_prev if change == "old" else c)
        if change == "raw":
            h = o * c
        return (h if change != "pair" else c), (c if change != "pair" else h)

    return wrong


STEP = Check(
    name="lstm-step",
    assignment=ASSIGNMENT,
    points=3,
    title="lstm_step",
    asks="the new state h and the new cell c, both (B, H)",
    equation="10.7",
    section="What the cell lets out",
    reference=_step,
    returns=("h", "c"),
    cases=(
        Case("value", "a batch of two", 1.5, lambda rng: _draw(rng, 2, 3, 5)),
        Case(
            "property",
            "each row of a batch gives what it gives alone",
            0.75,
            lambda rng: _batch_and_rows(_draw(rng, 3, 4, 2)),
            law=_rows_alone,
        ),
        Case("edge", "one row, one unit", 0.75, lambda rng: _draw(rng, 1, 2, 1)),
        Case("naming", "equal sizes", 0, lambda rng: _draw(rng, 4, 4, 4)),
    ),
    mistakes=(
        Mistake(
            "step-in-tensorflow-order",
            _step_by("order"),
            "the third and fourth block were taken as o and g. (10.1) has them as g "
            "and o, as PyTorch does.",
        ),
        Mistake(
            "step-write-keep-swapped",
            _step_by("fi"),
            "the first block was taken as f and the second as i; (10.1) begins with i.",
        ),
        Mistake(
            "step-candidate-sigmoid",
            _step_by("sigmoid"),
            "the candidate of (10.4) was squashed by the sigmoid in this step.",
        ),
        Mistake(
            "short-term-for-long",
            _step_by("short"),
            "the forget gate met h_prev. In (10.6) it meets c_prev, the long-term "
            "state: the slip of deck 004.",
        ),
        Mistake(
            "state-from-the-old-cell",
            _step_by("old"),
            "h was made from c_prev. (10.7) reads the new cell.",
        ),
        Mistake(
            "step-state-without-tanh",
            _step_by("raw"),
            "c is right, but the tanh of (10.7) is missing on the way to h.",
        ),
        Mistake(
            "pair-in-reverse",
            _step_by("pair"),
            "c and h came back in reverse order; h of (10.7) is asked first.",
        ),
    ),
)


# -- lstm-step-backward -----------------------------------------------------------

GRADIENTS = ("dx", "dh_prev", "dc_prev", "dW_x", "dW_h", "db")


def _draw_back(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    sent = {"dh": rng.normal(size=(B, H)), "dc": rng.normal(size=(B, H))}
    return {**sent, **_draw(rng, B, D, H)}


def _back(
    dh: Array,
    dc: Array,
    x: Array,
    h_prev: Array,
    c_prev: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
) -> Array:
    from rnncourse.reference.lstm import LSTMParams, lstm_step, lstm_step_backward

    p = LSTMParams(W_x, W_h, b)
    cache = lstm_step(x, h_prev, c_prev, p)[2]
    dx, dh_prev, dc_prev, dp = lstm_step_backward(dh, dc, cache, p)
    return dx, dh_prev, dc_prev, dp.W_x, dp.W_h, dp.b


def _slip(slip: str) -> Any:
    """Return the gradients with one line of the derivation spoilt."""

    def wrong(
        dh: Array,
        dc: Array,
        x: Array,
        h_prev: Array,
        c_prev: Array,
        W_x: Array,
        W_h: Array,
        b: Array,
    ) -> Array:
        a_i, a_f, a_g, a_o = _sums(x, h_prev, W_x, W_h, b)
        i, f, g, o = _sigmoid(a_i), _sigmoid(a_f), np.tanh(a_g), _sigmoid(a_o)
        c = f * c_prev + i * g
        tanh_c = np.tanh(c)
        do = dh * (c if slip == "do" else tanh_c)
        through = dh * o * (1 if slip == "tanh" else 1 - tanh_c**2)
        dc = {"future": through, "state": dc}.get(slip, dc + through)
        df, dc_prev = dc * c_prev, dc * (i if slip == "path" else f)
        di, dg = dc * g, dc * i
        if slip == "swap":
            di, dg = dg, di
        da = [di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)]
        if slip == "sigmoid":
            da = [di, df, dg * (1 - g**2), do]
        if slip == "candidate":
            da[2] = dg * g * (1 - g)
        all_da: Array = np.concatenate(da, axis=1)
        db = all_da.mean(axis=0) if slip == "mean" else all_da.sum(axis=0)
        dW_x, dW_h = x.T @ all_da, h_prev.T @ all_da
        return all_da @ W_x.T, all_da @ W_h.T, dc_prev, dW_x, dW_h, db

    return wrong


def _draw_linear(rng: np.random.Generator) -> list[Inputs]:
    """Draw one step, and the same with three times the gradients."""
    drawn = _draw_back(rng, 3, 2, 4)
    return [drawn, {**drawn, "dh": 3 * drawn["dh"], "dc": 3 * drawn["dc"]}]


def _draw_back_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw one unit, and a gradient that comes through the cell alone."""
    silent = _draw_back(rng, 2, 3, 2)
    silent["dh"] = np.zeros_like(silent["dh"])
    return [_draw_back(rng, 1, 2, 1), silent]


BACKWARD = Check(
    name="lstm-step-backward",
    assignment=ASSIGNMENT,
    points=5,
    title="lstm_step_backward",
    asks="dx (B, D), dh_prev, dc_prev (B, H), dW_x (D, 4H), dW_h (H, 4H), db (4H,)",
    equation="10.9",
    section="The backward pass, line by line",
    reference=_back,
    returns=GRADIENTS,
    cases=(
        Case(
            "value", "six gradients of a batch", 3, lambda rng: _draw_back(rng, 2, 3, 5)
        ),
        Case("property", "three times in, three times out", 1, _draw_linear),
        Case("edge", "one unit, and dh = 0", 1, _draw_back_edge),
        Case("naming", "equal sizes", 0, lambda rng: _draw_back(rng, 4, 4, 4)),
    ),
    mistakes=(
        Mistake(
            "future-of-the-cell-dropped",
            _slip("future"),
            "the dc that arrives was replaced. (10.9) adds to it what comes through h.",
        ),
        Mistake(
            "state-does-not-reach-the-cell",
            _slip("state"),
            "dc got nothing from dh. h reads c, so (10.9) adds dh * o * (1 - tanh²).",
        ),
        Mistake(
            "slope-of-tanh-c-missing",
            _slip("tanh"),
            "the slope 1 - tanh²c of (10.9) is missing.",
        ),
        Mistake(
            "do-with-the-raw-cell",
            _slip("do"),
            "do was made with c. In (10.7) o multiplies tanh c, and (10.8) has the "
            "same factor.",
        ),
        Mistake(
            "cell-path-through-i",
            _slip("path"),
            "dc_prev was made with i. The straight path of (10.10) has the factor f.",
        ),
        Mistake(
            "di-and-dg-exchanged",
            _slip("swap"),
            "di and dg are exchanged. Each of (10.11) takes the other factor of i * g.",
        ),
        Mistake(
            "gate-slopes-missing",
            _slip("sigmoid"),
            "the slopes of the sigmoids in (10.12) are missing.",
        ),
        Mistake(
            "candidate-with-sigmoid-slope",
            _slip("candidate"),
            "the candidate got the slope of a sigmoid. g is a tanh: 1 - g² in (10.12).",
        ),
        Mistake(
            "lstm-mean-over-the-batch",
            _slip("mean"),
            "db is a mean over the batch; (10.14) sums.",
        ),
    ),
)


# -- lstm-forward -----------------------------------------------------------------


def _forward(
    xs: Array, lengths: Array, h0: Array, c0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    from rnncourse.reference.lstm import LSTMParams, lstm_forward

    hs, (h_T, c_T), _ = lstm_forward(xs, LSTMParams(W_x, W_h, b), h0, c0, lengths)
    return hs, h_T, c_T


def _forward_by(change: str) -> Any:
    def wrong(
        xs: Array,
        lengths: Array,
        h0: Array,
        c0: Array,
        W_x: Array,
        W_h: Array,
        b: Array,
    ) -> Array:
        late = 1 if change == "late" else 0
        live = (np.arange(len(xs))[:, None] < lengths + late)[:, :, None]
        if change == "ignored":
            live = np.ones_like(live)
        if change == "start":
            h0, c0 = np.zeros_like(h0), np.zeros_like(c0)
        h, c, hs = h0, c0, []
        for t, x in enumerate(xs):
            h_new, c_new = _step(x, h, c0 if change == "carry" else c, W_x, W_h, b)
            h = np.where(live[t], h_new, h)
            c = c_new if change == "cell" else np.where(live[t], c_new, c)
            hs.append(h)
        out = np.stack(hs)
        return (out * live if change == "zero" else out), h, c

    return wrong


def _draw_padded(rng: np.random.Generator, lengths: tuple[int, ...]) -> Inputs:
    drawn = _draw(rng, B=len(lengths), D=3, H=4, T=max(lengths))
    return {"xs": drawn.pop("xs"), "lengths": np.array(lengths), **drawn}


def _draw_rubbish(rng: np.random.Generator) -> list[Inputs]:
    """Draw padded sequences twice, with other numbers in the padding."""
    drawn = _draw_padded(rng, (6, 2, 4))
    other = drawn["xs"].copy()
    for row, length in enumerate(drawn["lengths"]):
        other[length:, row] = 1e3
    return [drawn, {**drawn, "xs": other}]


FORWARD = Check(
    name="lstm-forward",
    assignment=ASSIGNMENT,
    points=4,
    title="lstm_forward",
    asks="hs (T, B, H) and the final h_T and c_T, both (B, H)",
    equation="10.19",
    section="Many steps, unequal lengths",
    reference=_forward,
    returns=("hs", "h_T", "c_T"),
    cases=(
        Case(
            "value",
            "three sequences of unequal length",
            2,
            lambda rng: _draw_padded(rng, (5, 3, 2)),
        ),
        Case("property", "what stands in the padding is never read", 1, _draw_rubbish),
        Case(
            "edge",
            "no padding, and a sequence of one step",
            1,
            lambda rng: [_draw_padded(rng, (4, 4)), _draw_padded(rng, (1, 3, 2))],
        ),
    ),
    mistakes=(
        Mistake(
            "lstm-lengths-ignored",
            _forward_by("ignored"),
            "the lengths were not used; (10.19) holds a sequence that has ended.",
        ),
        Mistake(
            "cell-not-held",
            _forward_by("cell"),
            "h was held after the end but c ran on. (10.19) holds both.",
        ),
        Mistake(
            "lstm-padding-zeroed",
            _forward_by("zero"),
            "hs holds zeros after the end. (10.19) repeats the last valid state.",
        ),
        Mistake(
            "lstm-one-step-late",
            _forward_by("late"),
            "each sequence read one step of padding; counted from 0, the last step "
            "that (10.19) lets pass is length - 1.",
        ),
        Mistake(
            "cell-not-carried",
            _forward_by("carry"),
            "every step began from c0: (10.6) needs the cell of the step before.",
        ),
        Mistake(
            "lstm-start-ignored",
            _forward_by("start"),
            "h0 and c0 were not used; the first (10.6) keeps a share of c0.",
        ),
    ),
)


# -- lstm-from-torch --------------------------------------------------------------


def _draw_torch(rng: np.random.Generator, D: int, H: int) -> Inputs:
    return {
        "weight_ih": rng.normal(size=(4 * H, D)),
        "weight_hh": rng.normal(size=(4 * H, H)),
        "bias_ih": rng.normal(size=4 * H),
        "bias_hh": rng.normal(size=4 * H),
    }


def _load(weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array) -> Array:
    return weight_ih.T.copy(), weight_hh.T.copy(), bias_ih + bias_hh


def _load_by(change: str) -> Any:
    def wrong(
        weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array
    ) -> Array:
        W_x, W_h, b = _load(weight_ih, weight_hh, bias_ih, bias_hh)
        H = W_h.shape[0]
        if change == "order":
            order = np.r_[: 2 * H, 3 * H : 4 * H, 2 * H : 3 * H]
            return W_x[:, order], W_h[:, order], b[order]
        if change == "hh":
            return W_x, weight_hh.reshape(H, 4 * H), b
        if change == "reshape":
            return weight_ih.reshape(W_x.shape), weight_hh.reshape(W_h.shape), b
        biases = {"ih": bias_ih, "hh-bias": bias_hh, "mean": b / 2}
        return W_x, W_h, biases[change].copy()

    return wrong


LOAD = Check(
    name="lstm-from-torch",
    assignment=ASSIGNMENT,
    points=3,
    title="lstm_from_torch",
    asks="W_x (D, 4H), W_h (H, 4H) and b (4H,) of this course",
    equation="10.18",
    section="The layer of PyTorch",
    reference=_load,
    returns=("W_x", "W_h", "b"),
    cases=(
        Case(
            "value", "five inputs, two units", 1.5, lambda rng: _draw_torch(rng, 5, 2)
        ),
        Case(
            "property",
            "the same for three other layers",
            0.75,
            lambda rng: [_draw_torch(rng, D, D + 1) for D in (2, 3, 4)],
        ),
        Case("edge", "one unit, one input", 0.75, lambda rng: _draw_torch(rng, 1, 1)),
    ),
    mistakes=(
        Mistake(
            "second-bias-forgotten",
            _load_by("ih"),
            "only bias_ih was taken. PyTorch adds two, and b of (10.1) is their sum.",
        ),
        Mistake(
            "first-bias-forgotten",
            _load_by("hh-bias"),
            "only bias_hh was taken; the sum of both is the b of (10.1).",
        ),
        Mistake(
            "biases-averaged",
            _load_by("mean"),
            "the biases were averaged. In (10.1) they act one after the other: add "
            "them.",
        ),
        Mistake(
            "gates-reordered",
            _load_by("order"),
            "g and o changed places. PyTorch and (10.1) share the order i, f, g, o.",
        ),
        Mistake(
            "reshaped-both",
            _load_by("reshape"),
            "the matrices were reshaped. That deals the numbers out in another order; "
            "x W_x of (10.1) needs a transpose.",
        ),
        Mistake(
            "reshaped-the-second",
            _load_by("hh"),
            "W_h was reshaped, W_x transposed. Both of (10.1) need the transpose.",
        ),
    ),
)


# -- lstm-counts ------------------------------------------------------------------


def _counts(D: int, H: int) -> Array:
    return 4 * H * (D + H + 1), 4 * H * (D + H + 2)


COUNTS = Check(
    name="lstm-counts",
    assignment=ASSIGNMENT,
    points=2,
    title="lstm_counts",
    asks="two whole numbers: the textbook's count and torch.nn.LSTM's",
    equation="10.18",
    section="The layer of PyTorch",
    reference=_counts,
    returns=("textbook", "torch"),
    cases=(
        Case("value", "64 and 72 for D = 5, H = 2", 1, lambda rng: {"D": 5, "H": 2}),
        Case(
            "property",
            "four other sizes",
            0.5,
            lambda rng: [{"D": int(d), "H": int(d) + 3} for d in rng.integers(2, 9, 4)],
        ),
        Case("edge", "one unit, one input", 0.5, lambda rng: {"D": 1, "H": 1}),
    ),
    mistakes=(
        Mistake(
            "lstm-three-blocks",
            lambda D, H: (3 * H * (D + H + 1), 3 * H * (D + H + 2)),
            "three blocks were counted: (10.18) has four, the candidate too.",
        ),
        Mistake(
            "lstm-no-bias",
            lambda D, H: (4 * H * (D + H), 4 * H * (D + H + 1)),
            "one bias too few in both counts of (10.18).",
        ),
        Mistake(
            "lstm-one-bias-set",
            lambda D, H: (4 * H * (D + H + 1),) * 2,
            "both counts are the textbook's (10.18). PyTorch stores two biases.",
        ),
        Mistake(
            "lstm-always-two-biases",
            lambda D, H: (4 * H * (D + H + 2),) * 2,
            "both counts are PyTorch's; the textbook's (10.18) has one bias.",
        ),
        Mistake(
            "lstm-counts-in-reverse",
            lambda D, H: (4 * H * (D + H + 2), 4 * H * (D + H + 1)),
            "the two counts of (10.18) came in reverse.",
        ),
        Mistake(
            "lstm-one-block",
            lambda D, H: (H * (D + H + 1), H * (D + H + 2)),
            "one block was counted, which is a plain network; (10.18) has four.",
        ),
    ),
)

CHECKS = (GATES, CELL, OUTPUT, STEP, BACKWARD, FORWARD, LOAD, COUNTS)

"""The checks of chapter 7: one step, a sequence, padding, a network built by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from rnncourse.checks.diagnose import numbers
from rnncourse.checks.protocol import Case, Check, Mistake

ASSIGNMENT = "07-recurrent-networks"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]


def _cell(
    rng: np.random.Generator, B: int, D: int, H: int, *, T: int | None = None
) -> Inputs:
    """Draw a state, weights, and one input (or T of them)."""
    steps = () if T is None else (T,)
    return {
        ("x" if T is None else "xs"): rng.normal(size=(*steps, B, D)),
        ("h_prev" if T is None else "h0"): np.tanh(rng.normal(size=(B, H))),
        "W_x": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_h": rng.normal(size=(H, H)) / np.sqrt(H),
        "b": rng.normal(size=H),
    }


# -- rnn-step ---------------------------------------------------------------------


def _step(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    from rnncourse.reference.rnn import RNNParams, rnn_step

    return rnn_step(x, h_prev, RNNParams(W_x, W_h, b))[0]


def _draw_step_rows(rng: np.random.Generator) -> list[Inputs]:
    """Draw a batch of three, then each of its rows alone."""
    whole = _cell(rng, B=3, D=4, H=2)
    rows = [
        {**whole, "x": whole["x"][i : i + 1], "h_prev": whole["h_prev"][i : i + 1]}
        for i in range(3)
    ]
    return [whole, *rows]


def _rows_alone(calls: list[Inputs], values: list[Any]) -> str:
    whole, *rows = values
    if np.allclose(np.concatenate(rows), whole):
        return ""
    return "A row of a batch must not depend on the rows beside it."


def _draw_step_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw one row with one unit, and a step from the zero state."""
    start = _cell(rng, B=4, D=2, H=3)
    start["h_prev"] = np.zeros_like(start["h_prev"])
    return [_cell(rng, B=1, D=2, H=1), start]


def _step_swapped(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.tanh(x @ W_h + h_prev @ W_x + b)


def _step_transposed(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return np.tanh(x @ W_x + h_prev @ W_h.T + b)


def _step_no_bias(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.tanh(x @ W_x + h_prev @ W_h)


def _step_bias_late(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.tanh(x @ W_x + h_prev @ W_h) + b


def _step_no_tanh(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return x @ W_x + h_prev @ W_h + b


def _step_sigmoid(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return 1 / (1 + np.exp(-(x @ W_x + h_prev @ W_h + b)))


def _step_no_state(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.tanh(x @ W_x + b)


def _step_no_input(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.tanh(h_prev @ W_h + b)


def _step_entrywise(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.tanh(x @ W_x + h_prev * np.diag(W_h) + b)


def _step_float32(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.tanh(x @ W_x + h_prev @ W_h + b).astype(np.float32)


def _step_in_place(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    h_prev[...] = np.tanh(x @ W_x + h_prev @ W_h + b)
    return h_prev


STEP = Check(
    name="rnn-step",
    assignment=ASSIGNMENT,
    points=3,
    title="rnn_step",
    asks="the next state h, an array of shape (B, H)",
    equation="7.4",
    section="The step: two products, a sum and a tanh",
    reference=_step,
    returns=("h",),
    cases=(
        Case(
            "value",
            "the new state of a batch of two",
            2,
            lambda rng: _cell(rng, B=2, D=3, H=5),
        ),
        Case(
            "property",
            "each row of a batch gives what it gives alone",
            0.5,
            _draw_step_rows,
            law=_rows_alone,
        ),
        Case(
            "edge",
            "one row with one unit, the zero state, float64 kept",
            0.5,
            _draw_step_edge,
            strict_dtype=True,
        ),
        Case("naming", "equal sizes", 0, lambda rng: _cell(rng, B=2, D=4, H=4)),
    ),
    mistakes=(
        Mistake(
            "weights-swapped",
            _step_swapped,
            "W_h was applied to x, and W_x to the state. In (7.3) W_x reads the input "
            "(it has D rows) and W_h reads the previous state (it has H rows).",
        ),
        Mistake(
            "state-weights-transposed",
            _step_transposed,
            "W_h was used transposed. With row vectors the state stands on the left "
            "of W_h in (7.3), and nothing is transposed.",
        ),
        Mistake("bias-forgotten", _step_no_bias, "the bias b of (7.3) was left out."),
        Mistake(
            "bias-outside",
            _step_bias_late,
            "b was added after the tanh. In (7.3) it belongs to the sum a, before.",
        ),
        Mistake(
            "no-tanh",
            _step_no_tanh,
            "the sum a of (7.3) came back as it is. (7.4) squashes it first.",
        ),
        Mistake(
            "sigmoid",
            _step_sigmoid,
            "the logistic sigmoid took the place of tanh. Its states lie between 0 "
            "and 1, those of (7.4) between -1 and 1.",
        ),
        Mistake(
            "state-ignored",
            _step_no_state,
            "the previous state was not used. That is a dense layer, which has no "
            "memory: see the second term of (7.3).",
        ),
        Mistake(
            "input-ignored",
            _step_no_input,
            "the input x was not used: see the first term of (7.3).",
        ),
        Mistake(
            "entry-by-entry",
            _step_entrywise,
            "each unit saw only its own previous value. In (7.3) every unit reads all "
            "H units of the previous state: a matrix product, not entry by entry.",
        ),
        Mistake(
            "float32",
            _step_float32,
            "the answer was turned into float32 on the way, which throws away half of "
            "the digits of (7.4).",
        ),
        Mistake(
            "changed-its-input",
            _step_in_place,
            "the new state of (7.4) was written over the previous one.",
        ),
    ),
)


# -- rnn-forward ------------------------------------------------------------------


def _forward(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    from rnncourse.reference.rnn import RNNParams, rnn_forward

    return rnn_forward(xs, RNNParams(W_x, W_h, b), h0)[0]


def _draw_chunks(rng: np.random.Generator) -> list[Inputs]:
    """Draw a sequence whole, then its first two steps, then the rest from there."""
    whole = _cell(rng, B=2, D=4, H=3, T=6)
    first = {**whole, "xs": whole["xs"][:2]}
    rest = {**whole, "xs": whole["xs"][2:], "h0": _forward(**first)[-1]}
    return [whole, first, rest]


def _chunks_join(calls: list[Inputs], values: list[Any]) -> str:
    whole, first, rest = values
    if np.allclose(np.concatenate([first, rest]), whole):
        return ""
    return (
        "Read in two pieces, the second started where the first one ended, a sequence "
        "must give the same states as read at once."
    )


def _draw_forward_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw one time step, and one sequence alone from the zero state."""
    alone = _cell(rng, B=1, D=2, H=4, T=3)
    alone["h0"] = np.zeros_like(alone["h0"])
    return [_cell(rng, B=3, D=2, H=4, T=1), alone]


def _steps(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> list[Array]:
    states = [h0]
    for x in xs:
        states.append(np.tanh(x @ W_x + states[-1] @ W_h + b))
    return states[1:]


def _not_carried(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.stack([np.tanh(x @ W_x + h0 @ W_h + b) for x in xs])


def _two_back(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    states = [h0, h0]
    for x in xs:
        states.append(np.tanh(x @ W_x + states[-2] @ W_h + b))
    return np.stack(states[2:])


def _zero_start(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.stack(_steps(xs, 0 * h0, W_x, W_h, b))


def _only_last(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return _steps(xs, h0, W_x, W_h, b)[-1]


def _time_last(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.stack(_steps(xs, h0, W_x, W_h, b), axis=-1)


def _batch_first(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.stack(_steps(xs, h0, W_x, W_h, b), axis=1)


def _start_included(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.stack([h0, *_steps(xs, h0, W_x, W_h, b)])


def _one_late(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.stack([h0, *_steps(xs, h0, W_x, W_h, b)[:-1]])


def _one_array(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.stack([_steps(xs, h0, W_x, W_h, b)[-1]] * len(xs))


def _backwards(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return np.stack(_steps(xs[::-1], h0, W_x, W_h, b)[::-1])


def _last_missing(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    hs = np.zeros((len(xs), *h0.shape))
    hs[: len(xs) - 1] = _steps(xs, h0, W_x, W_h, b)[:-1]
    return hs


def _start_overwritten(xs: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    hs = np.stack(_steps(xs, h0, W_x, W_h, b))
    h0[...] = hs[-1]
    return hs


FORWARD = Check(
    name="rnn-forward",
    assignment=ASSIGNMENT,
    points=4,
    title="rnn_forward",
    asks="all states hs, an array of shape (T, B, H)",
    equation="7.2",
    section="The past has to fit into one row of numbers",
    reference=_forward,
    returns=("hs",),
    cases=(
        Case(
            "value",
            "the states of two sequences of four steps",
            2,
            lambda rng: _cell(rng, B=2, D=3, H=5, T=4),
        ),
        Case(
            "property",
            "a sequence read in two pieces gives the same states",
            1,
            _draw_chunks,
            law=_chunks_join,
        ),
        Case(
            "edge",
            "one step only, and one sequence alone",
            1,
            _draw_forward_edge,
            strict_dtype=True,
        ),
        Case("naming", "equal sizes", 0, lambda rng: _cell(rng, B=3, D=3, H=3, T=3)),
    ),
    mistakes=(
        Mistake(
            "state-not-carried",
            _not_carried,
            "every step started from h0. In (7.2) step t starts from the state that "
            "step t-1 left behind.",
        ),
        Mistake(
            "state-two-steps-back",
            _two_back,
            "step t read the state of step t-2; (7.2) has h_{t-1}.",
        ),
        Mistake(
            "started-from-zero",
            _zero_start,
            "the first step started from zeros, although h0 was given. (7.2) at t = 1 "
            "reads h0.",
        ),
        Mistake(
            "only-the-last-state",
            _only_last,
            "only the last state came back. Each of the T states of (7.2) was asked "
            "for.",
        ),
        Mistake(
            "time-on-the-last-axis",
            _time_last,
            "the states of (7.2) were stacked along the last axis. Time comes first.",
        ),
        Mistake(
            "batch-first",
            _batch_first,
            "the batch is the first axis of your hs, and time the second. The states "
            "of (7.2) are stacked with time first.",
        ),
        Mistake(
            "start-included",
            _start_included,
            "h0 is part of hs. It is where (7.2) begins, not one of its T states.",
        ),
        Mistake(
            "one-step-late",
            _one_late,
            "entry t of hs holds the state before step t; (7.2) gives the one after.",
        ),
        Mistake(
            "one-array-many-times",
            _one_array,
            "all entries of hs are one and the same array. A state that is "
            "overwritten in place changes everywhere it was put: (7.2) makes a new "
            "one at each step.",
        ),
        Mistake(
            "read-backwards",
            _backwards,
            "the sequence was read from its end. (7.2) goes from t = 1 upwards.",
        ),
        Mistake(
            "last-step-missing",
            _last_missing,
            "the loop ended one step early: (7.2) holds for t = T as well.",
        ),
        Mistake(
            "changed-its-input",
            _start_overwritten,
            "h0 was used as the place for the running state of (7.2).",
        ),
    ),
)


# -- padding-rule -----------------------------------------------------------------


def _padded(
    xs: Array, lengths: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    from rnncourse.reference.rnn import RNNParams, rnn_forward

    hs, h_T, _ = rnn_forward(xs, RNNParams(W_x, W_h, b), h0, lengths)
    return hs, h_T


def _draw_padded(
    rng: np.random.Generator,
    lengths: tuple[int, ...],
    D: int = 2,
    H: int = 4,
    T: int = 5,
) -> Inputs:
    """Draw sequences with zeros after each length."""
    cell = _cell(rng, B=len(lengths), D=D, H=H, T=T)
    n = np.array(lengths)
    xs = np.where((np.arange(T)[:, None] < n)[:, :, None], cell.pop("xs"), 0.0)
    return {"xs": xs, "lengths": n, **cell}


def _draw_rubbish(rng: np.random.Generator) -> list[Inputs]:
    """Draw a padded batch twice, the second time with rubbish in the padding."""
    clean = _draw_padded(rng, (2, 6, 4), D=5, H=2, T=6)
    live = (np.arange(6)[:, None] < clean["lengths"])[:, :, None]
    rubbish = rng.normal(size=clean["xs"].shape) * 10
    return [clean, {**clean, "xs": np.where(live, clean["xs"], rubbish)}]


def _rubbish_unread(calls: list[Inputs], values: list[Any]) -> str:
    clean, rubbish = values
    if all(np.allclose(a, b) for a, b in zip(clean, rubbish, strict=True)):
        return ""
    return "What stands in the padding must not change any state."


def _draw_padded_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw a batch without any padding, and a sequence of one step."""
    return [_draw_padded(rng, (4, 4), T=4), _draw_padded(rng, (1, 3, 2), H=5, T=3)]


def _live(xs: Array, lengths: Array) -> Array:
    return (np.arange(len(xs))[:, None] < lengths)[:, :, None]


def _pad_run(
    xs: Array, live: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> tuple[Array, Array]:
    h, hs = h0, []
    for x, on in zip(xs, live, strict=True):
        h = np.where(on, np.tanh(x @ W_x + h @ W_h + b), h)
        hs.append(h)
    return np.stack(hs), h


def _pad_ignored(
    xs: Array, lengths: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    hs = _steps(xs, h0, W_x, W_h, b)
    return np.stack(hs), hs[-1]


def _pad_zeroed(
    xs: Array, lengths: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    hs = np.stack(_steps(xs, h0, W_x, W_h, b)) * _live(xs, lengths)
    return hs, hs[-1]


def _pad_zeroed_gathered(
    xs: Array, lengths: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    hs = np.stack(_steps(xs, h0, W_x, W_h, b))
    return hs * _live(xs, lengths), hs[lengths - 1, np.arange(len(lengths))]


def _pad_last_entry(
    xs: Array, lengths: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    hs, _ = _pad_run(xs, _live(xs, lengths), h0, W_x, W_h, b)
    return hs, _steps(xs, h0, W_x, W_h, b)[-1]


def _pad_late(
    xs: Array, lengths: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return _pad_run(xs, _live(xs, lengths + 1), h0, W_x, W_h, b)


def _pad_early(
    xs: Array, lengths: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return _pad_run(xs, _live(xs, lengths - 1), h0, W_x, W_h, b)


def _pad_reset(
    xs: Array, lengths: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    h, hs = h0, []
    for x, on in zip(xs, _live(xs, lengths), strict=True):
        h = np.where(on, np.tanh(x @ W_x + h @ W_h + b), h0)
        hs.append(h)
    return np.stack(hs), h


def _pad_shortest(
    xs: Array, lengths: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    shortest = np.full_like(lengths, lengths.min())
    return _pad_run(xs, _live(xs, shortest), h0, W_x, W_h, b)


def _pad_reversed_mask(
    xs: Array, lengths: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return _pad_run(xs, ~_live(xs, lengths), h0, W_x, W_h, b)


def _pad_input_only(
    xs: Array, lengths: Array, h0: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    hs = _steps(xs * _live(xs, lengths), h0, W_x, W_h, b)
    return np.stack(hs), hs[-1]


PADDING = Check(
    name="padding-rule",
    assignment=ASSIGNMENT,
    points=4,
    title="rnn_forward_padded",
    asks="hs of shape (T, B, H) and the final states h_T of shape (B, H)",
    equation="7.9",
    section="Padding must change nothing",
    reference=_padded,
    returns=("hs", "h_T"),
    cases=(
        Case(
            "value",
            "states and final states of three sequences of unequal length",
            2,
            lambda rng: _draw_padded(rng, (5, 3, 2)),
        ),
        Case(
            "property",
            "what stands in the padding changes nothing",
            1,
            _draw_rubbish,
            law=_rubbish_unread,
        ),
        Case(
            "edge",
            "no padding at all, and a sequence of one step",
            1,
            _draw_padded_edge,
        ),
    ),
    mistakes=(
        Mistake(
            "padding-ignored",
            _pad_ignored,
            "the lengths were not used: the network went on reading after the end. "
            "(7.9) holds the state from there on.",
        ),
        Mistake(
            "padding-zeroed",
            _pad_zeroed,
            "the states after the end were set to 0, the final state with them. "
            "(7.9) keeps the last valid state; zero is a state like any other.",
        ),
        Mistake(
            "padding-zeroed-in-hs",
            _pad_zeroed_gathered,
            "the states in the padding are 0, as in PyTorch's packed sequences. Here "
            "hs repeats the last valid state, as (7.9) says.",
        ),
        Mistake(
            "final-state-of-the-padding",
            _pad_last_entry,
            "h_T is the state after reading the padding. By (7.9) it is the state "
            "after the last valid step of each sequence.",
        ),
        Mistake(
            "one-step-too-many",
            _pad_late,
            "each sequence read one step of padding. With t counted from 0, the last "
            "valid step of (7.9) is length - 1.",
        ),
        Mistake(
            "one-step-too-few",
            _pad_early,
            "each sequence stopped one step before its end: (7.9) begins after the "
            "length, not at it.",
        ),
        Mistake(
            "back-to-the-start",
            _pad_reset,
            "a finished sequence went back to h0. (7.9) keeps h_{t-1}, the state it "
            "had reached.",
        ),
        Mistake(
            "shortest-stops-all",
            _pad_shortest,
            "all sequences stopped when the shortest one ended. (7.9) is asked for "
            "each row of the batch on its own.",
        ),
        Mistake(
            "mask-upside-down",
            _pad_reversed_mask,
            "the condition is upside down: the state was kept in the valid steps and "
            "moved in the padding, the reverse of (7.9).",
        ),
        Mistake(
            "only-inputs-masked",
            _pad_input_only,
            "the padded inputs were set to 0, and the state went on moving: W_h and b "
            "still act on it. (7.9) is about the state.",
        ),
    ),
)


# -- step-probabilities -----------------------------------------------------------


def _probabilities(hs: Array, W_y: Array, b_y: Array) -> Array:
    from rnncourse.reference.functional import softmax

    return softmax(hs @ W_y + b_y)


def _draw_head(
    rng: np.random.Generator,
    T: int = 4,
    B: int = 2,
    H: int = 3,
    K: int = 5,
    scale: float = 1.0,
) -> Inputs:
    return {
        "hs": np.tanh(rng.normal(size=(T, B, H))),
        "W_y": scale * rng.normal(size=(H, K)),
        "b_y": rng.normal(size=K),
    }


def _draw_head_shift(rng: np.random.Generator) -> list[Inputs]:
    """Draw a head twice, the second time with one number added to every score."""
    head = _draw_head(rng, T=3, B=4, H=2, K=6)
    return [head, {**head, "b_y": head["b_y"] + 2.5}]


def _sums_to_one(calls: list[Inputs], values: list[Any]) -> str:
    for p in values:
        if not np.allclose(np.sum(p, axis=-1), 1) or np.min(p) < 0:
            return "The K probabilities of a step must be positive and sum to 1."
    if not np.allclose(values[0], values[1]):
        return "The same number added to all scores must change no probability."
    return ""


def _exp_scores(hs: Array, W_y: Array, b_y: Array) -> Array:
    return np.exp(hs @ W_y + b_y)


def _head_naive(hs: Array, W_y: Array, b_y: Array) -> Array:
    e = _exp_scores(hs, W_y, b_y)
    return e / e.sum(axis=-1, keepdims=True)


def _soft(o: Array, axis: Any) -> Array:
    e = np.exp(o - o.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


PROBABILITIES = Check(
    name="step-probabilities",
    assignment=ASSIGNMENT,
    points=3,
    title="step_probabilities",
    asks="the probabilities ps of every step, an array of shape (T, B, K)",
    equation="7.6",
    section="The state is not the answer",
    reference=_probabilities,
    returns=("ps",),
    cases=(
        Case("value", "the probabilities of four steps", 1.5, _draw_head),
        Case(
            "property",
            "they sum to 1, and a number added to all scores changes nothing",
            0.75,
            _draw_head_shift,
            law=_sums_to_one,
        ),
        Case(
            "edge",
            "scores in the thousands, and a single step",
            0.75,
            lambda rng: [
                _draw_head(rng, T=3, B=2, H=4, K=6, scale=2000.0),
                _draw_head(rng, T=1, B=1, H=2, K=3),
            ],
        ),
    ),
    mistakes=(
        Mistake(
            "overflow",
            _head_naive,
            "the exponential of (7.6) overflowed at large scores. Softmax does not "
            "change when the largest score is taken off all of them first.",
        ),
        Mistake(
            "no-softmax",
            lambda hs, W_y, b_y: hs @ W_y + b_y,
            "the scores o of (7.5) came back; (7.6) turns them into probabilities.",
        ),
        Mistake(
            "softmax-over-time",
            lambda hs, W_y, b_y: _soft(hs @ W_y + b_y, 0),
            "the softmax ran along time, the first axis. In (7.6) the K classes of "
            "one step share the probability.",
        ),
        Mistake(
            "softmax-over-the-batch",
            lambda hs, W_y, b_y: _soft(hs @ W_y + b_y, 1),
            "the softmax ran along the batch, the second axis. In (7.6) each sequence "
            "has its own probabilities.",
        ),
        Mistake(
            "softmax-over-everything",
            lambda hs, W_y, b_y: _soft(hs @ W_y + b_y, None),
            "all T * B * K numbers sum to 1 together. In (7.6) every step of every "
            "sequence has a sum of its own.",
        ),
        Mistake(
            "not-normalised",
            _exp_scores,
            "the exponentials were not divided by their sum, the lower half of (7.6).",
        ),
        Mistake(
            "sigmoid",
            lambda hs, W_y, b_y: 1 / (1 + np.exp(-(hs @ W_y + b_y))),
            "each score went through a sigmoid of its own, so that the K classes do "
            "not exclude each other as in (7.6).",
        ),
        Mistake(
            "bias-forgotten",
            lambda hs, W_y, b_y: _soft(hs @ W_y, -1),
            "the bias b_y of (7.5) was left out of the scores.",
        ),
        Mistake(
            "logarithm",
            lambda hs, W_y, b_y: np.log(_soft(hs @ W_y + b_y, -1)),
            "logarithms of probabilities came back; (7.6) has the probabilities.",
        ),
        Mistake(
            "sign-turned",
            lambda hs, W_y, b_y: _soft(-(hs @ W_y + b_y), -1),
            "the scores of (7.5) were negated, so that the best class of (7.6) came "
            "out as the worst.",
        ),
    ),
)


# -- step-losses ------------------------------------------------------------------


def _losses(o: Array, y: Array) -> Array:
    from rnncourse.reference.functional import log_softmax

    logp = log_softmax(o)
    return -np.take_along_axis(logp, y[..., None], axis=-1)[..., 0]


def _draw_losses(
    rng: np.random.Generator, T: int = 4, B: int = 3, K: int = 5, scale: float = 1.0
) -> Inputs:
    return {
        "o": scale * rng.normal(size=(T, B, K)),
        "y": rng.integers(0, K, size=(T, B)),
    }


def _draw_losses_even(rng: np.random.Generator) -> list[Inputs]:
    """Draw equal scores, and ordinary ones with a number added to all of them."""
    even = _draw_losses(rng, T=2, B=3, K=7)
    moved = _draw_losses(rng, T=3, B=2, K=4)
    return [{**even, "o": np.full_like(even["o"], 1.5)}, {**moved, "o": moved["o"] + 3}]


def _even_loss(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0], np.log(calls[0]["o"].shape[-1])):
        return ""
    return "With K equal scores every class has 1/K, and the loss is log K."


def _logp(o: Array) -> Array:
    m = o.max(axis=-1, keepdims=True)
    return o - m - np.log(np.exp(o - m).sum(axis=-1, keepdims=True))


def _at(a: Array, y: Array) -> Array:
    return np.take_along_axis(a, y[..., None], axis=-1)[..., 0]


def _loss_naive(o: Array, y: Array) -> Array:
    e = np.exp(o)
    return -np.log(_at(e / e.sum(axis=-1, keepdims=True), y))


LOSSES = Check(
    name="step-losses",
    assignment=ASSIGNMENT,
    points=3,
    title="step_losses",
    asks="the loss of each step of each sequence, an array of shape (T, B)",
    equation="7.7",
    section="The state is not the answer",
    reference=_losses,
    returns=("losses",),
    cases=(
        Case("value", "the losses of three sequences of four steps", 1.5, _draw_losses),
        Case(
            "property",
            "equal scores cost log K, and a number added to all changes nothing",
            0.75,
            _draw_losses_even,
            law=_even_loss,
        ),
        Case(
            "edge",
            "scores in the thousands, and a single step",
            0.75,
            lambda rng: [
                _draw_losses(rng, T=4, B=2, K=3, scale=2000.0),
                _draw_losses(rng, T=1, B=1, K=2),
            ],
        ),
    ),
    mistakes=(
        Mistake(
            "logarithm-of-zero",
            _loss_naive,
            "the probability was computed first and its logarithm after: at large "
            "scores it is 0 or not a number. (7.7) with (7.6) put in is a difference "
            "of two terms that do not overflow.",
        ),
        Mistake(
            "sign-turned",
            lambda o, y: _at(_logp(o), y),
            "the minus sign of (7.7) was lost: a loss is never below 0.",
        ),
        Mistake(
            "mean-taken",
            lambda o, y: np.mean(-_at(_logp(o), y)),
            "the mean was taken. (7.7) is the loss of one step; one number for each "
            "step and sequence was asked for.",
        ),
        Mistake(
            "summed-over-time",
            lambda o, y: -_at(_logp(o), y).sum(axis=0),
            "the losses were summed over time. (7.7) stands for each step alone.",
        ),
        Mistake(
            "in-bits",
            lambda o, y: -_at(_logp(o), y) / np.log(2),
            "the logarithm has base 2. The one of (7.7) is natural: losses are in "
            "nats, not in bits.",
        ),
        Mistake(
            "probability-itself",
            lambda o, y: np.exp(_at(_logp(o), y)),
            "the probability of the right class came back, without the logarithm of "
            "(7.7).",
        ),
        Mistake(
            "score-itself",
            lambda o, y: -_at(o, y),
            "the score of the right class was used as if it were a log-probability: "
            "the softmax (7.6) comes before (7.7).",
        ),
        Mistake(
            "best-class",
            lambda o, y: -_logp(o).max(axis=-1),
            "the loss of the class with the highest score came back. (7.7) asks for "
            "the class y_t that really came next.",
        ),
        Mistake(
            "one-minus",
            lambda o, y: 1 - np.exp(_at(_logp(o), y)),
            "the loss is 1 minus the probability; (7.7) has minus its logarithm.",
        ),
    ),
)


# -- counter ----------------------------------------------------------------------

PARTS = ("W_x", "W_h", "b", "W_y", "b_y")
COUNTER = {
    "W_x": np.array([[1e-3]]),
    "W_h": np.array([[1.0]]),
    "b": np.array([0.0]),
    "W_y": np.array([[1e3]]),
    "b_y": np.array([0.0]),
}


def _counter_parts(value: Any) -> tuple[dict[str, np.ndarray], str]:
    """Read the five arrays of a hand-built network; say what does not fit."""
    if not isinstance(value, dict) or set(value) != set(PARTS):
        return {}, f"a dict with the keys {', '.join(PARTS)} was asked for."
    parts = {name: numbers(value[name]) for name in PARTS}
    net = {n: a.astype(float) for n, a in parts.items() if a is not None and a.size}
    for name in PARTS:
        if name not in net or not np.isfinite(net[name]).all():
            return {}, f"{name} must be an array of finite numbers."
    H = net["W_h"].shape[0] if net["W_h"].ndim else 0
    want = {"W_x": (1, H), "W_h": (H, H), "b": (H,), "W_y": (H, 1), "b_y": (1,)}
    for name, shape in want.items():
        if net[name].shape != shape:
            return {}, (
                f"{name} must have shape {shape} with your H = {H} (the rows of W_h), "
                f"got {net[name].shape}."
            )
    return net, ""


def _counter_run(net: dict[str, np.ndarray], bits: np.ndarray) -> np.ndarray:
    """Run a hand-built network over bits (T, B); give its outputs (T, B)."""
    xs = bits[:, :, None].astype(float)
    h0 = np.zeros((bits.shape[1], net["W_h"].shape[0]))
    hs = np.stack(_steps(xs, h0, net["W_x"], net["W_h"], net["b"]))
    outputs: np.ndarray = hs @ net["W_y"] + net["b_y"]
    return outputs[:, :, 0]


def _judge_counter(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    net, trouble = _counter_parts(values[0])
    if trouble:
        return 0.0, trouble
    for inputs in calls:
        bits = inputs["bits"]
        count = np.cumsum(bits, axis=0)
        out = _counter_run(net, bits)
        off = np.abs(out - count)
        if off.max() < 0.5:
            continue
        t, i = (int(k) for k in np.argwhere(off >= 0.5)[0])
        read = "".join(str(int(v)) for v in bits[: t + 1, i])
        message = (
            f"after reading {read} there {_are(int(count[t, i]))}, and your network "
            f"says {out[t, i]:.3g}."
        )
        return 0.0, message, _counter_mistake(net)
    return 1.0, ""


def _are(n: int) -> str:
    return "is 1 one" if n == 1 else f"are {n} ones"


def _counter_mistake(net: dict[str, np.ndarray]) -> str:
    """Name what a network does instead of counting, from how it answers probes."""

    def out(bits: list[int]) -> np.ndarray:
        return _counter_run(net, np.array(bits)[:, None])[:, 0]

    ones, zeros, pulse = out([1] * 20), out([0] * 20), out([1, 0])
    gain = ones[0]
    if np.ptp(np.concatenate([ones, zeros])) < 1e-9:
        return "never-moves"
    if abs(zeros[-1] - zeros[0]) > 0.5 and np.allclose(ones, zeros, atol=0.5):
        return "counts-steps"
    if abs(zeros[0]) > 0.25 and np.allclose(zeros, zeros[0], atol=0.25):
        return "starts-elsewhere"
    if abs(zeros[-1]) > 0.5:
        return "counts-zeros"
    if gain < 0:
        return "counts-down"
    if abs(pulse[1]) < 0.05 * abs(gain):
        return "forgets-at-once"
    near_zero = {"W_x": 1e-4, "b": 1e-4, "W_y": 1e4}  # where tanh is straight
    small = {name: a * near_zero.get(name, 1.0) for name, a in net.items()}
    straight = _counter_run(small, np.ones((20, 1), dtype=int))[:, 0]
    if ones[-1] < 0.9 * 20 * gain and straight[-1] > 19 * straight[0]:
        return "saturates"
    if ones[-1] < 0.9 * 20 * gain:
        return "leaks"
    if ones[-1] > 1.2 * 20 * gain:
        return "grows"
    return "" if 0.97 < gain < 1.03 else "read-out-off"


def _bits(rng: np.random.Generator, T: int, B: int) -> Inputs:
    return {"bits": rng.integers(0, 2, size=(T, B))}


def _draw_orders(rng: np.random.Generator) -> list[Inputs]:
    """Draw the same ten bits in four orders."""
    bits = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    rows = [np.sort(bits), bits, rng.permutation(bits), rng.permutation(bits)]
    return [{"bits": np.stack(rows, axis=1)}]


def _net(
    w_x: float = 1e-3,
    w_h: float = 1.0,
    b: float = 0.0,
    w_y: float = 1e3,
    b_y: float = 0.0,
) -> dict[str, np.ndarray]:
    return {
        "W_x": np.array([[w_x]]),
        "W_h": np.array([[w_h]]),
        "b": np.array([b]),
        "W_y": np.array([[w_y]]),
        "b_y": np.array([b_y]),
    }


COUNTING = Check(
    name="counter",
    assignment=ASSIGNMENT,
    points=3,
    title="counter",
    asks=(
        "a dict with W_x (1, H), W_h (H, H), b (H,), W_y (H, 1) and b_y (1,), whose "
        "output after each step is within 0.5 of the number of ones read"
    ),
    equation="7.5",
    section="A network built by hand",
    reference=COUNTER,
    how="value",
    returns=("counter",),
    cases=(
        Case(
            "value",
            "the ones in random bits, up to twelve of them",
            1.5,
            lambda rng: _bits(rng, T=12, B=7),
            judge=_judge_counter,
        ),
        Case(
            "property",
            "the count after ten bits does not depend on their order",
            0.75,
            _draw_orders,
            judge=_judge_counter,
        ),
        Case(
            "edge",
            "no ones at all, twenty ones, and a single bit",
            0.75,
            lambda rng: [
                {"bits": np.zeros((20, 1), dtype=int)},
                {"bits": np.ones((20, 1), dtype=int)},
                {"bits": np.array([[0, 1]])},
            ],
            judge=_judge_counter,
        ),
    ),
    mistakes=(
        Mistake(
            "saturates",
            _net(w_x=0.5, w_y=1 / np.tanh(0.5)),
            "the tanh of (7.4) flattens your count. It is nearly a straight line only "
            "close to 0: let a one move the state by little, and let (7.5) magnify.",
        ),
        Mistake(
            "forgets-at-once",
            _net(w_h=0.0),
            "the state does not survive a single zero. In (7.3) W_h decides how much "
            "of the previous state is carried on.",
        ),
        Mistake(
            "leaks",
            _net(w_h=0.8),
            "a part of the count is lost at each step: W_h in (7.3) carries on less "
            "than what was there.",
        ),
        Mistake(
            "grows",
            _net(w_h=1.2),
            "the count grows by itself: W_h in (7.3) carries on more than what was "
            "there.",
        ),
        Mistake(
            "counts-steps",
            _net(w_x=0.0, b=1e-3),
            "every step is counted, whatever is read: b of (7.3) acts at each step, "
            "W_x only where x_t is 1.",
        ),
        Mistake(
            "counts-zeros",
            _net(w_x=-1e-3, b=1e-3),
            "zeros are counted: the sum (7.3) should be no larger than before when "
            "x_t = 0.",
        ),
        Mistake(
            "counts-down",
            _net(w_y=-1e3),
            "the count goes downwards: the signs of W_x in (7.3) and W_y in (7.5) do "
            "not fit together.",
        ),
        Mistake(
            "read-out-off",
            _net(w_y=100.0),
            "the state counts, but (7.5) reads it at the wrong scale: one more one "
            "should move the output by 1.",
        ),
        Mistake(
            "starts-elsewhere",
            _net(b_y=1.0),
            "the output is not 0 before the first one: see b_y in (7.5).",
        ),
        Mistake(
            "never-moves",
            _net(w_x=0.0),
            "the output is the same whatever is read: no path leads from x_t through "
            "(7.3) and (7.5) to it.",
        ),
    ),
)


# -- three-steps ------------------------------------------------------------------

PROBLEM = {
    "x": np.array([[1.0, 0.5], [-0.5, 1.0], [0.25, -1.0]]),
    "W_x": np.array([[0.4, -0.6], [0.3, 0.8]]),
    "W_h": np.array([[0.5, 0.9], [-0.7, 0.2]]),
    "b": np.array([0.1, -0.2]),
}
ROUNDING = 6e-4  # answers may be rounded to three decimals
APART = 0.02  # at least, of any two answers to other numbers


def _own_three(rng: np.random.Generator | None) -> Inputs:
    """Draw numbers as simple as those of the text, for which every slip shows."""
    while rng is not None:
        drawn = {
            "x": rng.integers(-4, 5, (3, 2)) / 4,
            "W_x": rng.integers(-9, 10, (2, 2)) / 10,
            "W_h": rng.integers(-9, 10, (2, 2)) / 10,
            "b": rng.integers(-3, 4, 2) / 10,
        }
        if all((value != 0).all() for value in drawn.values()) and _shows(drawn):
            return drawn
    return PROBLEM


def _shows(drawn: Inputs) -> bool:
    """Say whether right and wrong answers are all apart, and none is close to 1."""
    answers = [_three(**drawn), *(m.wrong(**drawn) for m in THREE_MISTAKES)]
    answers = [np.reshape(answer, (3, 2)) for answer in answers]
    pairs = itertools.combinations(answers, 2)
    return bool(
        np.abs(answers[0]).max() < 0.9
        and all(np.abs(one - other).max() > APART for one, other in pairs)
    )


def _sequence(
    x: Any = PROBLEM["x"],
    W_x: Any = PROBLEM["W_x"],
    W_h: Any = PROBLEM["W_h"],
    b: Any = PROBLEM["b"],
) -> Inputs:
    """Write the numbers as a batch of one sequence that starts from zeros."""
    xs = np.asarray(x)[:, None, :]
    return {"xs": xs, "h0": np.zeros((1, 2)), "W_x": W_x, "W_h": W_h, "b": b}


def _three(**given: Any) -> np.ndarray:
    return np.asarray(_forward(**_sequence(**given)))[:, 0, :]


def _judge_three(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    """Compare each of the three states."""
    got, want = numbers(values[0]), _three(**calls[0])
    if got is None:
        return 0.0, "numbers were asked for: three rows of two."
    if got.shape == (3, 1, 2):
        got = got[:, 0, :]
    if got.shape != want.shape:
        hint = " It is transposed." if got.shape == want.T.shape else ""
        return 0.0, f"states must have shape (3, 2), got {got.shape}.{hint}"
    right = [bool(np.allclose(g, w, atol=ROUNDING)) for g, w in zip(got, want)]  # noqa: B905
    if all(right):
        return 1.0, ""
    t = right.index(False)
    done = f"h_1 to h_{t} are right, " if t > 1 else "h_1 is right, " if t else ""
    text = (
        f"{done}h_{t + 1} is not: {np.round(got[t], 3).tolist()} came. Three decimals "
        "are enough."
    )
    return t / 3, text, _three_mistake(got, calls[0])


def _judge_three_follows(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    """Give credit for a state that follows from the learner's own state before."""
    got = numbers(values[0])
    if got is None or got.size != 6:
        return 0.0, "three states of two numbers were asked for."
    got = got.reshape(3, 2).astype(float)
    for t in (1, 2):
        whole = _sequence(**calls[0])
        one = {**whole, "xs": whole["xs"][t : t + 1], "h0": got[t - 1 : t]}
        if not np.allclose(_forward(**one)[0, 0], got[t], atol=2 * ROUNDING):
            text = (
                f"your h_{t + 1} does not follow from your own h_{t} by (7.3), (7.4)."
            )
            return 0.0, text, _three_mistake(got, calls[0])
    return 1.0, ""


def _judge_three_start(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    """Look at the first state alone, which starts from zeros."""
    got = numbers(values[0])
    if got is not None and got.size == 6:
        got = got.reshape(3, 2).astype(float)
        if np.allclose(got[0], _three(**calls[0])[0], atol=ROUNDING):
            return 1.0, ""
        return 0.0, ("h_1 starts from the zero state."), _three_mistake(got, calls[0])
    return 0.0, "three states of two numbers were asked for."


def _three_mistake(got: np.ndarray, given: Inputs) -> str:
    for mistake in THREE_MISTAKES:
        if np.allclose(mistake.wrong(**given).reshape(3, 2), got, atol=2 * ROUNDING):
            return mistake.name
    return ""


def _columns(**given: Any) -> np.ndarray:
    """Compute with W h instead of h W, as for column vectors."""
    p = _sequence(**given)
    turned = {**p, "W_x": p["W_x"].T, "W_h": p["W_h"].T}
    return np.stack(_steps(**turned))[:, 0]


def _with(step: Any, given: Inputs) -> np.ndarray:
    p, states = _sequence(**given), []
    h = p["h0"]
    for x in p["xs"]:
        h = step(x, h, p["W_x"], p["W_h"], p["b"])
        states.append(h[0])
    return np.stack(states)


def _reversed(**given: Any) -> np.ndarray:
    p = _sequence(**given)
    return np.stack(_steps(**{**p, "xs": p["xs"][::-1]}))[:, 0]


THREE_MISTAKES = (
    Mistake(
        "column-vectors",
        _columns,
        "the matrices stood on the left, as for column vectors. The rows of (7.3) "
        "stand on the left of W_x and W_h; writing them as columns transposes both "
        "matrices.",
    ),
    Mistake(
        "state-not-carried",
        lambda **given: _not_carried(**_sequence(**given))[:, 0],
        "each step started from the zero state. The second term of (7.3) is 0 only at "
        "t = 1.",
    ),
    Mistake(
        "state-two-steps-back",
        lambda **given: _two_back(**_sequence(**given))[:, 0],
        "h_3 was computed from h_1; (7.3) at t = 3 has h_2.",
    ),
    Mistake(
        "bias-forgotten",
        lambda **given: _with(_step_no_bias, given),
        "b was left out; it is added in (7.3) at each of the three steps.",
    ),
    Mistake(
        "no-tanh",
        lambda **given: _with(_step_no_tanh, given),
        "the sums a_t came out, and went into the next step: (7.4) applies tanh to "
        "each of them.",
    ),
    Mistake(
        "tanh-only-at-the-end",
        lambda **given: np.tanh(_with(_step_no_tanh, given)),
        "the tanh of (7.4) was applied to the three results only, so that each next "
        "step read a state without it.",
    ),
    Mistake(
        "sigmoid",
        lambda **given: _with(_step_sigmoid, given),
        "the logistic sigmoid stood where (7.4) has tanh: at a = 0 it gives 0.5 in "
        "place of 0.",
    ),
    Mistake(
        "inputs-reversed",
        _reversed,
        "the inputs were read from the last to the first; x_1 comes first in (7.2).",
    ),
)

THREE = Check(
    name="three-steps",
    assignment=ASSIGNMENT,
    points=3,
    title="states",
    asks="h_1, h_2 and h_3 as three rows of two numbers, to three decimals",
    equation="7.3",
    section="The step: two products, a sum and a tanh",
    reference=_three,
    how="value",
    returns=("states",),
    cases=(
        Case("value", "h_1, h_2 and h_3", 1.5, lambda rng: {}, judge=_judge_three),
        Case(
            "property",
            "each state follows from your own state before it",
            0.75,
            lambda rng: {},
            judge=_judge_three_follows,
        ),
        Case(
            "edge",
            "the first step, from the zero state",
            0.75,
            lambda rng: {},
            judge=_judge_three_start,
        ),
    ),
    mistakes=THREE_MISTAKES,
    numbers=_own_three,
)


# -- parameter-count --------------------------------------------------------------


def _count(T: int, D: int, H: int, K: int) -> int:
    return H * (D + H + 1) + K * (H + 1)


def _sizes(rng: np.random.Generator) -> Inputs:
    T, D, H, K = (int(n) for n in rng.permutation([5, 7, 11, 13]) + rng.integers(0, 2))
    return {"T": T, "D": D, "H": H, "K": K}


def _draw_two_lengths(rng: np.random.Generator) -> list[Inputs]:
    sizes = _sizes(rng)
    return [sizes, {**sizes, "T": 10 * sizes["T"]}]


def _time_is_free(calls: list[Inputs], values: list[Any]) -> str:
    if values[0] == values[1]:
        return ""
    return "A sequence ten times as long needs no further parameter."


PARAMETERS = Check(
    name="parameter-count",
    assignment=ASSIGNMENT,
    points=2,
    title="count_parameters",
    asks="the number of trainable numbers in W_x, W_h, b, W_y and b_y, as an integer",
    equation="7.8",
    section="Shared weights: the count does not know T",
    reference=_count,
    returns=("the count",),
    cases=(
        Case("value", "the count at some sizes", 1, _sizes),
        Case(
            "property",
            "the length of the sequence does not matter",
            0.5,
            _draw_two_lengths,
            law=_time_is_free,
        ),
        Case(
            "edge",
            "all sizes 1, and K larger than H",
            0.5,
            lambda rng: [
                {"T": 1, "D": 1, "H": 1, "K": 1},
                {"T": 3, "D": 1, "H": 2, "K": 20},
            ],
        ),
    ),
    mistakes=(
        Mistake(
            "weights-for-each-step",
            lambda T, D, H, K: T * (H * (D + H + 1) + K * (H + 1)),
            "each time step was given weights of its own. The count (7.8) has no T: "
            "the weights are shared.",
        ),
        Mistake(
            "no-biases",
            lambda T, D, H, K: H * (D + H) + K * H,
            "the biases b and b_y are missing: they are the two + 1 of (7.8).",
        ),
        Mistake(
            "output-bias-forgotten",
            lambda T, D, H, K: H * (D + H + 1) + K * H,
            "the K numbers of b_y are missing from (7.8).",
        ),
        Mistake(
            "state-bias-forgotten",
            lambda T, D, H, K: H * (D + H) + K * (H + 1),
            "the H numbers of b are missing from (7.8).",
        ),
        Mistake(
            "two-biases",
            lambda T, D, H, K: H * (D + H + 2) + K * (H + 1),
            "the state got two biases, as in PyTorch. Only their sum matters, and "
            "(7.8) counts one.",
        ),
        Mistake(
            "no-output-layer",
            lambda T, D, H, K: H * (D + H + 1),
            "the output layer of (7.5) was not counted: the second term of (7.8).",
        ),
        Mistake(
            "no-recurrent-weights",
            lambda T, D, H, K: H * (D + 1) + K * (H + 1),
            "W_h was not counted: with H rows and H columns it is often the largest "
            "part of (7.8).",
        ),
        Mistake(
            "diagonal-recurrent-weights",
            lambda T, D, H, K: H * (D + 2) + K * (H + 1),
            "W_h was counted as H numbers. In (7.8) each unit reads all units of the "
            "step before.",
        ),
    ),
)


CHECKS = (
    STEP,
    FORWARD,
    PADDING,
    PROBABILITIES,
    LOSSES,
    THREE,
    COUNTING,
    PARAMETERS,
)

"""The checks of chapter 15: context, one-to-many, captions and their scores."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, Mistake

ASSIGNMENT = "15-context-and-captioning"
PLACES_SECTION = "Three places for a context"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]


# -- context-start ----------------------------------------------------------------


def _start(v: Array, W_c: Array, b_c: Array) -> Array:
    from rnncourse.reference.conditioning import context_state
    from rnncourse.reference.dense import DenseParams

    return context_state(v, DenseParams(W_c, b_c))[0]


def _start_linear(v: Array, W_c: Array, b_c: Array) -> Array:
    return v @ W_c + b_c


def _start_no_bias(v: Array, W_c: Array, b_c: Array) -> Array:
    return np.tanh(v @ W_c)


def _start_sigmoid(v: Array, W_c: Array, b_c: Array) -> Array:
    return 1 / (1 + np.exp(-(v @ W_c + b_c)))


def _start_inside(v: Array, W_c: Array, b_c: Array) -> Array:
    return np.tanh(v) @ W_c + b_c


def _start_bias_outside(v: Array, W_c: Array, b_c: Array) -> Array:
    return np.tanh(v @ W_c) + b_c


def _start_shared(v: Array, W_c: Array, b_c: Array) -> Array:
    return np.tanh(np.broadcast_to(v.mean(axis=0), v.shape) @ W_c + b_c)


def _start_relu(v: Array, W_c: Array, b_c: Array) -> Array:
    return np.maximum(v @ W_c + b_c, 0)


def _draw_start(rng: np.random.Generator, B: int, C: int, H: int) -> Inputs:
    return {
        "v": rng.normal(size=(B, C)),
        "W_c": rng.normal(size=(C, H)) / np.sqrt(C),
        "b_c": 0.5 * rng.normal(size=H),
    }


def _draw_start_alone(rng: np.random.Generator) -> list[Inputs]:
    whole = _draw_start(rng, 3, 4, 2)
    return [whole, *({**whole, "v": whole["v"][i : i + 1]} for i in range(3))]


def _draw_start_edge(rng: np.random.Generator) -> list[Inputs]:
    none = _draw_start(rng, 2, 3, 4)
    return [{**none, "v": np.zeros((2, 3))}, _draw_start(rng, 1, 1, 1)]


START = Check(
    name="context-start",
    assignment=ASSIGNMENT,
    points=2,
    title="context_start",
    asks="the first state h_0 of each sequence, shape (B, H)",
    equation="15.1",
    section=PLACES_SECTION,
    reference=_start,
    returns=("h_0",),
    cases=(
        Case("value", "a batch of contexts", 1, lambda rng: _draw_start(rng, 2, 3, 5)),
        Case("property", "each sequence by itself", 0.5, _draw_start_alone),
        Case("edge", "a context of zeros; sizes of one", 0.5, _draw_start_edge),
    ),
    mistakes=(
        Mistake(
            "first-state-without-tanh",
            _start_linear,
            "the tanh is missing. A state lies between -1 and 1, and so does the one "
            "that (15.1) makes.",
        ),
        Mistake(
            "first-state-without-bias",
            _start_no_bias,
            "b_c is missing: by (15.1) a context of zeros still gives tanh(b_c).",
        ),
        Mistake(
            "first-state-by-sigmoid",
            _start_sigmoid,
            "a sigmoid stands where (15.1) has a tanh.",
        ),
        Mistake(
            "tanh-of-the-context",
            _start_inside,
            "the tanh was taken of v, before the product. (15.1) takes it of the sum.",
        ),
        Mistake(
            "bias-outside-the-tanh",
            _start_bias_outside,
            "b_c was added after the tanh. In (15.1) it stands inside.",
        ),
        Mistake(
            "one-context-for-all",
            _start_shared,
            "the contexts of the batch were averaged. (15.1) has a context, and so a "
            "first state, for each sequence.",
        ),
        Mistake(
            "first-state-by-relu",
            _start_relu,
            "negative sums came out as zero, as from a relu. (15.1) has a tanh.",
        ),
    ),
)


# -- context-input ----------------------------------------------------------------


def _steps(given: Inputs, hear: Callable[[Array, Array, int], Array]) -> Array:
    """Run a plain layer; ``hear`` makes the new state of a and v W_v at step t."""
    h, hs = given["h0"], []
    for t, x in enumerate(given["xs"]):
        a = x @ given["W_x"] + h @ given["W_h"] + given["b"]
        h = hear(a, given["v"] @ given["W_v"], t)
        hs.append(h)
    return np.stack(hs)


def _input(**given: Array) -> Array:
    return _steps(given, lambda a, told, t: np.tanh(a + told))


def _input_forgotten(**given: Array) -> Array:
    return _steps(given, lambda a, told, t: np.tanh(a))


def _input_once(**given: Array) -> Array:
    return _steps(given, lambda a, told, t: np.tanh(a + told * (t == 0)))


def _input_grows(**given: Array) -> Array:
    return _steps(given, lambda a, told, t: np.tanh(a + told * (t + 1)))


def _input_outside(**given: Array) -> Array:
    return _steps(given, lambda a, told, t: np.tanh(a) + told)


def _input_shared(**given: Array) -> Array:
    return _steps(given, lambda a, told, t: np.tanh(a + told.sum(0, keepdims=True)))


def _input_still(**given: Array) -> Array:
    first = given["h0"] @ given["W_h"]
    told = given["v"] @ given["W_v"] + given["b"]
    return np.tanh(given["xs"] @ given["W_x"] + first + told)


def _input_no_bias(**given: Array) -> Array:
    return _input(**{**given, "b": 0 * given["b"]})


def _input_from_zero(**given: Array) -> Array:
    return _input(**{**given, "h0": 0 * given["h0"]})


INPUT_ORDER = ("xs", "v", "W_x", "W_h", "W_v", "b", "h0")


def _by_order(wrong: Callable[..., Any], order: tuple[str, ...]) -> Callable[..., Any]:
    """Let a function of named arguments be called by position as well."""

    def call(*args: Any, **given: Any) -> Any:
        return wrong(**dict(zip(order, args, strict=False)), **given)

    return call


def _draw_input(
    rng: np.random.Generator, T: int, B: int, D: int, C: int, H: int
) -> Inputs:
    return {
        "xs": rng.normal(size=(T, B, D)),
        "v": rng.normal(size=(B, C)),
        "W_x": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_h": rng.normal(size=(H, H)) / np.sqrt(H),
        "W_v": rng.normal(size=(C, H)) / np.sqrt(C),
        "b": 0.5 * rng.normal(size=H),
        "h0": np.tanh(rng.normal(size=(B, H))),
    }


def _draw_input_bias(rng: np.random.Generator) -> list[Inputs]:
    """Draw one sequence with a context, and the same with the bias it stands for."""
    one = _draw_input(rng, 4, 1, 3, 2, 5)
    bias = one["b"] + (one["v"] @ one["W_v"])[0]
    return [one, {**one, "b": bias, "v": 0 * one["v"]}]


def _is_a_bias(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0], values[1]):
        return ""
    return "By (15.8) a context must do the same as v W_v added to the bias."


def _draw_input_edge(rng: np.random.Generator) -> list[Inputs]:
    return [_draw_input(rng, 1, 2, 3, 4, 5), _draw_input(rng, 3, 1, 1, 1, 1)]


INPUT = Check(
    name="context-input",
    assignment=ASSIGNMENT,
    points=3,
    title="context_rnn",
    asks="the states of all steps, shape (T, B, H)",
    equation="15.2",
    section=PLACES_SECTION,
    reference=_by_order(_input, INPUT_ORDER),
    returns=("hs",),
    cases=(
        Case(
            "value",
            "a batch, each sequence with its context",
            1.5,
            lambda rng: _draw_input(rng, 6, 2, 3, 4, 5),
        ),
        Case(
            "property",
            "a context is a bias of its own",
            0.75,
            _draw_input_bias,
            law=_is_a_bias,
        ),
        Case("edge", "a single step; sizes of one", 0.75, _draw_input_edge),
    ),
    mistakes=tuple(
        Mistake(name, _by_order(wrong, INPUT_ORDER), message)
        for name, wrong, message in (
            (
                "context-not-read",
                _input_forgotten,
                "the context changes nothing: v W_v of (15.2) is missing.",
            ),
            (
                "context-at-the-first-step-only",
                _input_once,
                "the context came in at the first step alone. (15.2) adds it at "
                "every step.",
            ),
            (
                "context-piles-up",
                _input_grows,
                "the context was added once more at each further step, t times at "
                "step t. (15.2) adds it once a step.",
            ),
            (
                "context-outside-the-tanh",
                _input_outside,
                "the context was added to the state, after the tanh. In (15.2) it "
                "stands in a_t, inside.",
            ),
            (
                "contexts-of-the-batch-summed",
                _input_shared,
                "each sequence heard the contexts of the whole batch. In (15.2) row i "
                "of v belongs to sequence i.",
            ),
            (
                "state-never-moves-on",
                _input_still,
                "every step read the first state. (15.2) reads h_{t-1}, the state of "
                "the step before.",
            ),
            (
                "bias-left-out-beside-the-context",
                _input_no_bias,
                "b is missing. The context is a further bias, (15.8); it does not "
                "replace the one that is there.",
            ),
            (
                "began-with-zeros",
                _input_from_zero,
                "the first state was taken to be zero. It is given; (15.2) with t = 1 "
                "reads it as h_0.",
            ),
        )
    ),
)


# -- context-backward -------------------------------------------------------------

BACK_ORDER = ("das", "dh0", "h0", "v", "W_c", "W_v")


def _back_parts(
    given: Inputs,
    *,
    das: Array | None = None,
    slope: Array | None = None,
    swap: bool = False,
) -> tuple[Array, Array, Array, Array]:
    """Return what the two paths give to dv, then da_c and the sum of the da_t."""
    slope = 1 - given["h0"] ** 2 if slope is None else slope
    da_c = given["dh0"] * slope
    da = given["das"].sum(axis=0) if das is None else das
    W_c, W_v = given["W_c"], given["W_v"]
    if swap:
        W_c, W_v = W_v, W_c
    return da_c @ W_c.T, da @ W_v.T, da_c, da


def _gradients(given: Inputs, dv: Array, da_c: Array, da: Array) -> Any:
    v = given["v"]
    return dv, v.T @ da_c, da_c.sum(axis=0), v.T @ da


def _back(**given: Array) -> Any:
    state, told, da_c, da = _back_parts(given)
    return _gradients(given, state + told, da_c, da)


def _back_no_state(**given: Array) -> Any:
    _, told, da_c, da = _back_parts(given)
    return _gradients(given, told, da_c, da)


def _back_no_input(**given: Array) -> Any:
    state, _, da_c, da = _back_parts(given)
    return _gradients(given, state, da_c, da)


def _back_last(**given: Array) -> Any:
    state, told, da_c, da = _back_parts(given, das=given["das"][-1])
    return _gradients(given, state + told, da_c, da)


def _back_first(**given: Array) -> Any:
    state, told, da_c, da = _back_parts(given, das=given["das"][0])
    return _gradients(given, state + told, da_c, da)


def _back_mean(**given: Array) -> Any:
    state, told, da_c, da = _back_parts(given, das=given["das"].mean(axis=0))
    return _gradients(given, state + told, da_c, da)


def _back_no_slope(**given: Array) -> Any:
    state, told, da_c, da = _back_parts(given, slope=np.ones_like(given["h0"]))
    return _gradients(given, state + told, da_c, da)


def _back_sigmoid(**given: Array) -> Any:
    h0 = given["h0"]
    state, told, da_c, da = _back_parts(given, slope=h0 * (1 - h0))
    return _gradients(given, state + told, da_c, da)


def _back_swapped(**given: Array) -> Any:
    state, told, da_c, da = _back_parts(given, swap=True)
    return _gradients(given, state + told, da_c, da)


def _draw_back(rng: np.random.Generator, T: int, B: int, C: int, H: int) -> Inputs:
    return {
        "das": rng.normal(size=(T, B, H)),
        "dh0": rng.normal(size=(B, H)),
        "h0": np.tanh(rng.normal(size=(B, H))),
        "v": rng.normal(size=(B, C)),
        "W_c": rng.normal(size=(C, H)),
        "W_v": rng.normal(size=(C, H)),
    }


def _draw_back_paths(rng: np.random.Generator) -> list[Inputs]:
    """Draw both paths, then the first state's alone, then the inputs' alone."""
    both = _draw_back(rng, 4, 2, 3, 5)
    return [both, {**both, "das": 0 * both["das"]}, {**both, "dh0": 0 * both["dh0"]}]


def _paths_add(calls: list[Inputs], values: list[Any]) -> str:
    both, state, told = (value[0] for value in values)
    if np.allclose(both, state + told):
        return ""
    return "By (15.7) what comes by the two paths must add up to dv."


def _draw_back_edge(rng: np.random.Generator) -> list[Inputs]:
    full = _draw_back(rng, 3, 2, 4, 3)
    full["h0"] = np.sign(full["h0"])  # saturated: nothing goes back through it
    return [full, _draw_back(rng, 1, 1, 2, 3)]


BACK = Check(
    name="context-backward",
    assignment=ASSIGNMENT,
    points=5,
    title="context_backward",
    asks="dv (B, C), dW_c (C, H), db_c (H,) and dW_v (C, H)",
    equation="15.7",
    section="Two ways back to the context",
    reference=_by_order(_back, BACK_ORDER),
    returns=("dv", "dW_c", "db_c", "dW_v"),
    cases=(
        Case(
            "value", "both paths of a batch", 3, lambda rng: _draw_back(rng, 6, 2, 4, 5)
        ),
        Case("property", "the two paths add", 1, _draw_back_paths, law=_paths_add),
        Case("edge", "a saturated first state; a single step", 1, _draw_back_edge),
    ),
    mistakes=tuple(
        Mistake(name, _by_order(wrong, BACK_ORDER), message)
        for name, wrong, message in (
            (
                "first-state-path-left-out",
                _back_no_state,
                "what comes back through the first state is missing from dv. (15.7) "
                "adds it to what comes through the inputs.",
            ),
            (
                "input-path-left-out",
                _back_no_input,
                "what comes back through the inputs is missing from dv. (15.7) adds "
                "it to what comes through the first state.",
            ),
            (
                "last-use-only",
                _back_last,
                "only the last step's da was counted. The context was used at every "
                "step, and (15.6) sums over all of them.",
            ),
            (
                "first-use-only",
                _back_first,
                "only the first step's da was counted. (15.6) sums over all steps, "
                "since each read the context.",
            ),
            (
                "mean-over-steps",
                _back_mean,
                "the steps were averaged. (15.6) is a sum: each further use adds.",
            ),
            (
                "slope-of-the-first-state-left-out",
                _back_no_slope,
                "dh_0 went on without the slope of the tanh. (15.5) multiplies by "
                "1 - h_0^2 first.",
            ),
            (
                "slope-of-a-sigmoid",
                _back_sigmoid,
                "the slope used for h_0 is that of a sigmoid, h(1 - h). (15.5) has "
                "that of a tanh.",
            ),
            (
                "weights-exchanged",
                _back_swapped,
                "W_c and W_v were exchanged on the way back to v. In (15.7) each path "
                "goes back through the weights it came by.",
            ),
        )
    ),
)


# -- greedy-caption ---------------------------------------------------------------

GREEDY_ORDER = ("v", "W_c", "b_c", "E", "W_x", "W_h", "b", "W_y", "b_y", "n_max")


def _write(
    given: Inputs,
    *,
    pick: Callable[[Array], Array] = lambda o: o.argmax(axis=1),
    feed: bool = True,
    told: bool = True,
    forget: bool = False,
) -> Array:
    """Write n_max words for each context, also after an end."""
    h0 = np.tanh(given["v"] @ given["W_c"] + given["b_c"])
    h = h0 if told else np.zeros_like(h0)
    ids, said = np.zeros(len(h), dtype=np.int64), []
    for _ in range(given["n_max"]):
        before = h0 if forget else h
        h = np.tanh(given["E"][ids] @ given["W_x"] + before @ given["W_h"] + given["b"])
        words = pick(h @ given["W_y"] + given["b_y"])
        said.append(words)
        ids = words if feed else ids
    return np.stack(said, axis=1)


def _ended(ids: Array) -> Array:
    """Put zeros after the first end."""
    return np.where(np.cumsum(ids == 0, axis=1) > 0, 0, ids)


def _greedy(**given: Any) -> Array:
    return _ended(_write(given))


def _greedy_on(**given: Any) -> Array:
    return _write(given)


def _greedy_start(**given: Any) -> Array:
    return _ended(_write(given, feed=False))


def _greedy_untold(**given: Any) -> Array:
    return _ended(_write(given, told=False))


def _greedy_forgets(**given: Any) -> Array:
    return _ended(_write(given, forget=True))


def _greedy_least(**given: Any) -> Array:
    return _ended(_write(given, pick=lambda o: o.argmin(axis=1)))


def _greedy_together(**given: Any) -> Array:
    ids = _write(given)
    over = np.cumsum((ids == 0).any(axis=0)) > 0
    return np.where(over, 0, ids)


def _greedy_with_start(**given: Any) -> Array:
    ids = _greedy(**given)
    return np.concatenate([np.zeros_like(ids[:, :1]), ids[:, :-1]], axis=1)


def _greedy_never_ends(**given: Any) -> Array:
    return _write(given, pick=lambda o: 1 + o[:, 1:].argmax(axis=1))


def _draw_greedy(
    rng: np.random.Generator, B: int, n_max: int, *, C: int = 3, H: int = 7, V: int = 6
) -> Inputs:
    """Draw until captions end at different steps, and words would have followed."""
    while True:
        given = {
            "v": 2 * rng.normal(size=(B, C)),
            "W_c": rng.normal(size=(C, H)),
            "b_c": rng.normal(size=H),
            "E": rng.normal(size=(V, 4)),
            "W_x": rng.normal(size=(4, H)),
            "W_h": 1.5 * rng.normal(size=(H, H)) / np.sqrt(H),
            "b": 0.5 * rng.normal(size=H),
            "W_y": rng.normal(size=(H, V)),
            "b_y": 0.3 * rng.normal(size=V),
            "n_max": n_max,
        }
        raw = _write(given)
        lengths = (_ended(raw) > 0).sum(axis=1)
        wrongs = (
            _greedy_on, _greedy_start, _greedy_untold, _greedy_forgets, _greedy_least,
            _greedy_together, _greedy_with_start, _greedy_never_ends,
        )  # fmt: skip
        answers = {_ended(raw).tobytes(), *(w(**given).tobytes() for w in wrongs)}
        ends = len(set(lengths.tolist())) > 1 and lengths.max() > 1
        if B == 1 or (ends and len(answers) == len(wrongs) + 1):
            return given


def _draw_greedy_alone(rng: np.random.Generator) -> list[Inputs]:
    whole = _draw_greedy(rng, 4, 7)
    return [whole, *({**whole, "v": whole["v"][i : i + 1]} for i in range(4))]


def _draw_greedy_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw captions without a word, captions without an end, and one step."""
    given = _draw_greedy(rng, 3, 5)
    at_once, never = given["b_y"].copy(), given["b_y"].copy()
    at_once[0], never[0] = 99, -99
    return [
        {**given, "b_y": at_once},
        {**given, "b_y": never},
        {**given, "n_max": 1},
    ]


GREEDY = Check(
    name="greedy-caption",
    assignment=ASSIGNMENT,
    points=5,
    title="greedy_captions",
    asks="the word numbers, shape (B, n_max), zero from the end on",
    equation="15.4",
    section="One vector in, a sequence out",
    reference=_by_order(_greedy, GREEDY_ORDER),
    returns=("ids",),
    cases=(
        Case(
            "value",
            "captions that end at different steps",
            3,
            lambda rng: _draw_greedy(rng, 5, 8),
        ),
        Case("property", "each caption by itself", 1, _draw_greedy_alone),
        Case("edge", "no word at all; no end; one step", 1, _draw_greedy_edge),
    ),
    mistakes=tuple(
        Mistake(name, _by_order(wrong, GREEDY_ORDER), message)
        for name, wrong, message in (
            (
                "went-on-after-the-end",
                _greedy_on,
                "words follow after an end. Once 0 was chosen the caption is over, "
                "and all further entries are 0, whatever (15.4) would choose.",
            ),
            (
                "start-read-at-every-step",
                _greedy_start,
                "every step read the start symbol. In (15.4) the word chosen at step "
                "t is what step t + 1 reads.",
            ),
            (
                "context-not-told",
                _greedy_untold,
                "the context changes nothing: the first state is zero, where (15.1) "
                "makes it of v. Then (15.4) gives one caption for all.",
            ),
            (
                "state-starts-over",
                _greedy_forgets,
                "every step read the first state. In (15.4) only the word comes back "
                "as input; the state goes on as well.",
            ),
            (
                "least-likely-word",
                _greedy_least,
                "the word with the smallest score was chosen. Greedy choice in (15.4) "
                "takes the largest.",
            ),
            (
                "all-stopped-with-the-first",
                _greedy_together,
                "all captions stopped where the first of them ended. In (15.4) each "
                "chooses its own end.",
            ),
            (
                "start-symbol-kept",
                _greedy_with_start,
                "the start symbol stands in front of the words. It is read, not "
                "said: (15.4) begins with what step 1 chooses.",
            ),
            (
                "end-never-chosen",
                _greedy_never_ends,
                "0 is never chosen. The end is one of the words in (15.4), and has a "
                "score like the others.",
            ),
        )
    ),
)


# -- caption-log-probability ------------------------------------------------------


def _log_softmax(scores: Array) -> Array:
    z = scores - scores.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _said(scores: Array, ids: Array) -> Array:
    """Return the log probability of each word, (T, B)."""
    picked = np.take_along_axis(_log_softmax(scores), ids[:, :, None], axis=2)
    return picked[:, :, 0]


def _counted(ids: Array) -> Array:
    """Return 1 up to the first end, the end among them, and 0 after it, (T, B)."""
    ends = np.cumsum(ids == 0, axis=0)
    return (ends - (ids == 0) == 0).astype(float)


def _log_p(scores: Array, ids: Array) -> Array:
    return (_said(scores, ids) * _counted(ids)).sum(axis=0)


def _log_p_no_end(scores: Array, ids: Array) -> Array:
    return (_said(scores, ids) * (np.cumsum(ids == 0, axis=0) == 0)).sum(axis=0)


def _log_p_padding(scores: Array, ids: Array) -> Array:
    return _said(scores, ids).sum(axis=0)


def _log_p_mean(scores: Array, ids: Array) -> Array:
    return _log_p(scores, ids) / _counted(ids).sum(axis=0)


def _log_p_loss(scores: Array, ids: Array) -> Array:
    return -_log_p(scores, ids)


def _log_p_plain(scores: Array, ids: Array) -> Array:
    return np.exp(_log_p(scores, ids))


def _log_p_scores(scores: Array, ids: Array) -> Array:
    picked = np.take_along_axis(scores, ids[:, :, None], axis=2)[:, :, 0]
    return (picked * _counted(ids)).sum(axis=0)


def _log_p_late(scores: Array, ids: Array) -> Array:
    return (_said(np.roll(scores, -1, axis=0), ids) * _counted(ids)).sum(axis=0)


def _log_p_best(scores: Array, ids: Array) -> Array:
    return (_log_softmax(scores).max(axis=2) * _counted(ids)).sum(axis=0)


def _draw_log_p(rng: np.random.Generator, lengths: tuple[int, ...], V: int) -> Inputs:
    """Draw scores, and captions of these many words, each followed by its end."""
    T = 2 + max(lengths)
    ids = rng.integers(1, V, size=(T, len(lengths)))
    ids[np.arange(T)[:, None] >= np.array(lengths)] = 0
    return {"scores": 2 * rng.normal(size=(T, len(lengths), V)), "ids": ids}


def _draw_log_p_shift(rng: np.random.Generator) -> list[Inputs]:
    """Draw scores, and the same with a number of its own added at each step."""
    given = _draw_log_p(rng, (2, 4, 1), 5)
    more = rng.normal(size=(*given["ids"].shape, 1))
    return [given, {**given, "scores": given["scores"] + more}]


def _shift_free(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0], values[1]):
        return ""
    return "A number added to all scores of a step must not change any probability."


def _draw_log_p_edge(rng: np.random.Generator) -> list[Inputs]:
    large = _draw_log_p(rng, (3, 1), 4)
    large["scores"] = 500 * large["scores"]
    return [_draw_log_p(rng, (0, 2), 5), large]


LOG_P = Check(
    name="caption-log-probability",
    assignment=ASSIGNMENT,
    points=4,
    title="caption_log_probability",
    asks="the log probability of each caption with its end, shape (B,)",
    equation="15.9",
    section="A floor that is not a failure",
    reference=_log_p,
    returns=("log_p",),
    cases=(
        Case(
            "value",
            "three captions of different lengths",
            2,
            lambda rng: _draw_log_p(rng, (5, 2, 3), 9),
        ),
        Case(
            "property", "only differences count", 1, _draw_log_p_shift, law=_shift_free
        ),
        Case("edge", "a caption without a word; large scores", 1, _draw_log_p_edge),
    ),
    mistakes=(
        Mistake(
            "end-not-counted",
            _log_p_no_end,
            "the end is missing from the sum. (15.9) runs to n + 1: that the caption "
            "stops there is a part of it.",
        ),
        Mistake(
            "counted-past-the-end",
            _log_p_padding,
            "the zeros after the end were counted as well. (15.9) stops with the end.",
        ),
        Mistake(
            "mean-over-words",
            _log_p_mean,
            "the words were averaged. (15.9) is a sum, so a longer caption is in "
            "general less probable.",
        ),
        Mistake(
            "loss-instead",
            _log_p_loss,
            "the sign is that of a loss. (15.9) asks for the log of a probability, "
            "which is never above zero.",
        ),
        Mistake(
            "probability-instead-of-its-log",
            _log_p_plain,
            "the probability itself came back. (15.9) asks for its logarithm, which "
            "long captions can still be written in.",
        ),
        Mistake(
            "scores-summed",
            _log_p_scores,
            "the raw scores were added up. (15.9) has probabilities: the softmax of "
            "each step comes first.",
        ),
        Mistake(
            "scores-of-the-next-step",
            _log_p_late,
            "word t was looked up among the scores of step t + 1. In (15.9) the "
            "scores of step t are those for word t.",
        ),
        Mistake(
            "best-word-counted",
            _log_p_best,
            "each step counted the most probable word. (15.9) counts the word that "
            "the caption has.",
        ),
    ),
)


# -- draw-shape -------------------------------------------------------------------


def _shape(kind: str, row: float, col: float, radius: float, side: int) -> Array:
    from rnncourse.datasets.scenes import draw_shape

    return draw_shape(kind, row, col, radius, side)


def _shape_exchanged(
    kind: str, row: float, col: float, radius: float, side: int
) -> Array:
    return _shape(kind, col, row, radius, side)


def _shape_upside(kind: str, row: float, col: float, radius: float, side: int) -> Array:
    flipped = _shape(kind, side - 1 - row, col, radius, side)
    return flipped[::-1].copy()


def _shape_unsquared(
    kind: str, row: float, col: float, radius: float, side: int
) -> Array:
    if kind != "circle":
        return _shape(kind, row, col, radius, side)
    return _shape(kind, row, col, np.sqrt(radius), side)


def _shape_half(kind: str, row: float, col: float, radius: float, side: int) -> Array:
    return _shape(kind, row, col, radius / 2, side)


def _shape_strict(kind: str, row: float, col: float, radius: float, side: int) -> Array:
    return _shape(kind, row, col, radius - 1e-9, side)


def _shape_arms(kind: str, row: float, col: float, radius: float, side: int) -> Array:
    if kind != "cross":
        return _shape(kind, row, col, radius, side)
    down, across = np.arange(side)[:, None] - row, np.arange(side)[None] - col
    return np.minimum(np.abs(down), np.abs(across)) <= radius / 3


def _shape_right_half(
    kind: str, row: float, col: float, radius: float, side: int
) -> Array:
    if kind != "triangle":
        return _shape(kind, row, col, radius, side)
    down, across = np.arange(side)[:, None] - row, np.arange(side)[None] - col
    inside = (np.abs(down) <= radius) & (np.abs(across) <= radius)
    return inside & (across <= (radius + down) / 2)


def _shape_wide(kind: str, row: float, col: float, radius: float, side: int) -> Array:
    if kind != "triangle":
        return _shape(kind, row, col, radius, side)
    down, across = np.arange(side)[:, None] - row, np.abs(np.arange(side)[None] - col)
    return (np.abs(down) <= radius) & (across <= radius + down)


def _shape_outside(
    kind: str, row: float, col: float, radius: float, side: int
) -> Array:
    return ~_shape(kind, row, col, radius, side)


KINDS = ("circle", "square", "triangle", "cross")


def _draw_shapes(
    rng: np.random.Generator, radius: float, row: float, col: float, side: int
) -> list[Inputs]:
    place = {"row": row, "col": col, "radius": radius, "side": side}
    return [{"kind": kind, **place} for kind in KINDS]


def _draw_shapes_moved(rng: np.random.Generator) -> list[Inputs]:
    down = int(rng.integers(1, 4))
    return [
        *_draw_shapes(rng, 3, 5, 7, 17),
        *_draw_shapes(rng, 3, 5 + down, 9, 17),
    ]


def _moves_along(calls: list[Inputs], values: list[Any]) -> str:
    down = calls[4]["row"] - calls[0]["row"]
    for before, after in zip(values[:4], values[4:], strict=True):
        if not np.array_equal(np.roll(before, (down, 2), axis=(0, 1)), after):
            return "A shape whose centre moves must be the same shape elsewhere."
    return ""


def _draw_shapes_edge(rng: np.random.Generator) -> list[Inputs]:
    return [
        *_draw_shapes(rng, 4, 1, 9, 11),  # part of it lies outside
        *_draw_shapes(rng, 0.4, 2, 3, 6),  # a single pixel
    ]


SHAPE = Check(
    name="draw-shape",
    assignment=ASSIGNMENT,
    points=3,
    title="draw_shape",
    asks="True where a pixel belongs to the shape, an array (side, side)",
    equation="15.10",
    section="Pictures with a grammar",
    reference=_shape,
    returns=("inside",),
    cases=(
        Case(
            "value",
            "the four shapes",
            1.5,
            lambda rng: _draw_shapes(rng, 3, 5, 8, 13),
        ),
        Case(
            "property",
            "the same shape elsewhere",
            0.75,
            _draw_shapes_moved,
            law=_moves_along,
        ),
        Case("edge", "partly outside; a single pixel", 0.75, _draw_shapes_edge),
    ),
    mistakes=(
        Mistake(
            "row-and-column-exchanged",
            _shape_exchanged,
            "row and column were exchanged. In (15.10) d counts rows downwards and e "
            "columns sideways, and the first axis of a picture is its rows.",
        ),
        Mistake(
            "upside-down",
            _shape_upside,
            "the triangle stands on its tip. Rows are counted from the top, so d in "
            "(15.10) grows downwards, and with it the width.",
        ),
        Mistake(
            "radius-not-squared",
            _shape_unsquared,
            "the circle is too small: squared distances were compared with the radius "
            "itself. (15.10) squares both sides.",
        ),
        Mistake(
            "radius-taken-for-diameter",
            _shape_half,
            "every shape is half as large. The radius of (15.10) reaches from the "
            "centre to the edge.",
        ),
        Mistake(
            "edge-left-out",
            _shape_strict,
            "the pixels just on the edge are missing. All of (15.10) says at most, "
            "not less than.",
        ),
        Mistake(
            "arms-without-end",
            _shape_arms,
            "the arms of the cross go on to the edge of the picture. (15.10) keeps "
            "them within the square.",
        ),
        Mistake(
            "triangle-one-sided",
            _shape_right_half,
            "the triangle is cut on one side alone. e in (15.10) is the distance "
            "sideways, without its sign.",
        ),
        Mistake(
            "triangle-too-wide",
            _shape_wide,
            "the triangle is twice as wide as it should be. (15.10) halves the sum of "
            "radius and d.",
        ),
        Mistake(
            "inside-out",
            _shape_outside,
            "the pixels outside of the shape are marked. (15.10) says which lie in it.",
        ),
    ),
)


# -- true-captions ----------------------------------------------------------------


def _captions(scene: list[Any]) -> list[str]:
    from rnncourse.datasets.scenes import true_captions

    return true_captions(scene)


def _sentences(
    scene: Iterable[Any],
    *,
    words: tuple[str, str, str, str] = ("above", "below", "left of", "right of"),
    gap: float = 6,
    orders: int = 2,
    sideways: bool = True,
    article: str = "a ",
    name: Callable[[Any], str] = lambda thing: f"{thing[0]} {thing[1]}",
) -> list[str]:
    """List captions like the right answer, but for one thing."""
    things = [list(thing) for thing in scene]
    names = [article + name(thing) for thing in things]
    if len(things) == 1:
        return names
    found = []
    for i, k in list(itertools.permutations(range(2)))[:orders]:
        down = things[k][2] - things[i][2]
        across = things[k][3] - things[i][3]
        held = [down > gap, -down > gap, across > gap, -across > gap]
        if not sideways and any(held[:2]):
            held[2:] = [False, False]
        found += [
            f"{names[i]} {word} {names[k]}"
            for word, holds in zip(words, held, strict=True)
            if holds
        ]
    return sorted(found)


def _captions_upside(scene: list[Any]) -> list[str]:
    return _sentences(scene, words=("below", "above", "left of", "right of"))


def _captions_mirror(scene: list[Any]) -> list[str]:
    return _sentences(scene, words=("above", "below", "right of", "left of"))


def _captions_one_order(scene: list[Any]) -> list[str]:
    return _sentences(scene, orders=1)


def _captions_one_axis(scene: list[Any]) -> list[str]:
    return _sentences(scene, sideways=False)


def _captions_any_gap(scene: list[Any]) -> list[str]:
    return _sentences(scene, gap=0)


def _captions_no_of(scene: list[Any]) -> list[str]:
    return _sentences(scene, words=("above", "below", "left", "right"))


def _captions_no_article(scene: list[Any]) -> list[str]:
    return _sentences(scene, article="")


def _captions_kind_first(scene: list[Any]) -> list[str]:
    return _sentences(scene, name=lambda thing: f"{thing[1]} {thing[0]}")


def _draw_scene(rng: np.random.Generator, *quarters: int) -> Inputs:
    """Draw things near the middle of these quarters, none at the same height."""
    near = rng.permutation([-1, 0, 1])
    scene = []
    for k, quarter in enumerate(quarters):
        down, across = divmod(quarter, 2)
        size = ("small", "large")[(k + int(rng.integers(2))) % 2]
        kind = KINDS[int(rng.integers(2)) + 2 * k]
        row = 6 + 12 * down + int(near[k])
        scene.append([size, kind, row, 6 + 12 * across + int(near[-1 - k])])
    return {"scene": scene}


def _draw_captions(rng: np.random.Generator) -> list[Inputs]:
    pairs = ((0, 3), (2, 0), (1, 0), (2, 1))
    return [_draw_scene(rng, *pair) for pair in pairs]


def _draw_captions_turned(rng: np.random.Generator) -> list[Inputs]:
    given = _draw_scene(rng, 1, 2)
    return [given, {"scene": given["scene"][::-1]}]


def _order_free(calls: list[Inputs], values: list[Any]) -> str:
    if sorted(values[0]) == sorted(values[1]):
        return ""
    return "The order in which the things are listed must not matter."


def _draw_captions_edge(rng: np.random.Generator) -> list[Inputs]:
    close = {"scene": [["small", "cross", 4, 4], ["small", "cross", 10, 18]]}
    return [_draw_scene(rng, 2), close]


CAPTIONS = Check(
    name="true-captions",
    assignment=ASSIGNMENT,
    points=4,
    title="true_captions",
    asks="the sorted list of all captions that are true of the scene",
    equation="15.12",
    section="Pictures with a grammar",
    reference=_captions,
    returns=("captions",),
    cases=(
        Case("value", "two shapes in four arrangements", 2, _draw_captions),
        Case(
            "property",
            "the order of the things does not matter",
            1,
            _draw_captions_turned,
            law=_order_free,
        ),
        Case("edge", "one shape; rows that hardly differ", 1, _draw_captions_edge),
    ),
    mistakes=(
        Mistake(
            "above-and-below-exchanged",
            _captions_upside,
            "above and below are exchanged. Rows are counted from the top, so what "
            "lies above has the smaller row. R(s) of (15.12) holds what is true.",
        ),
        Mistake(
            "left-and-right-exchanged",
            _captions_mirror,
            "left and right are exchanged. What lies left has the smaller column; "
            "R(s) of (15.12) holds what is true.",
        ),
        Mistake(
            "one-order-only",
            _captions_one_order,
            "every caption begins with the first thing of the list. Either may come "
            "first, and R(s) of (15.12) holds them all.",
        ),
        Mistake(
            "one-direction-only",
            _captions_one_axis,
            "of two things that stand diagonally only above and below were said. "
            "Left and right are true as well, and belong to R(s) of (15.12).",
        ),
        Mistake(
            "any-difference-counts",
            _captions_any_gap,
            "a difference of a pixel or two was enough. The task asks for more than "
            "six before a relation is true and belongs to R(s) of (15.12).",
        ),
        Mistake(
            "of-left-out",
            _captions_no_of,
            '"of" is missing after left and right. A caption of (15.12) must be a '
            "sentence of the grammar to be in R(s).",
        ),
        Mistake(
            "article-left-out",
            _captions_no_article,
            'the "a" in front of each thing is missing. R(s) of (15.12) holds whole '
            "sentences of the grammar.",
        ),
        Mistake(
            "shape-before-size",
            _captions_kind_first,
            "the shape stands before the size. In the grammar behind (15.12) a thing "
            'is "a", its size, its shape.',
        ),
    ),
)

CHECKS = (START, INPUT, BACK, GREEDY, LOG_P, SHAPE, CAPTIONS)

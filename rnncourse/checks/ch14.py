"""The checks of chapter 14: layers, residuals, clocks, two directions, causality."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, Mistake

ASSIGNMENT = "14-deep-and-bidirectional"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]


def _weights(rng: np.random.Generator, D: int, H: int) -> tuple[Array, Array, Array]:
    """Draw the weights of a plain recurrent layer."""
    W_x = rng.normal(size=(D, H)) / np.sqrt(D)
    return W_x, rng.normal(size=(H, H)) / np.sqrt(H), 0.5 * rng.normal(size=H)


def _run(xs: Array, W_x: Array, W_h: Array, b: Array, h: Array | None = None) -> Array:
    """Read a batch with a plain layer, without lengths: all states (T, B, H)."""
    h, hs = np.zeros((xs.shape[1], len(b))) if h is None else h, []
    for x in xs:
        h = np.tanh(x @ W_x + h @ W_h + b)
        hs.append(h)
    return np.stack(hs)


def _live(xs: Array, lengths: Array) -> Array:
    return (np.arange(len(xs))[:, None] < lengths)[:, :, None]


# -- reverse-valid ----------------------------------------------------------------


def _reverse(xs: Array, lengths: Array) -> Array:
    from rnncourse.reference.sequences import reverse_valid

    return reverse_valid(xs, lengths)


def _pick(xs: Array, source: Array) -> Array:
    """Take row ``source[t, b]`` of each sequence, kept inside the array."""
    source = np.clip(source, 0, len(xs) - 1)
    return xs[source, np.arange(xs.shape[1])]


def _reverse_all(xs: Array, lengths: Array) -> Array:
    return xs[::-1].copy()


def _reverse_zeroed(xs: Array, lengths: Array) -> Array:
    return np.where(_live(xs, lengths), _reverse(xs, lengths), 0)


def _reverse_off(xs: Array, lengths: Array) -> Array:
    t = np.arange(len(xs))[:, None]
    return _pick(xs, np.where(t < lengths, lengths - t, t))


def _reverse_short(xs: Array, lengths: Array) -> Array:
    return _reverse(xs, np.maximum(lengths - 1, 1))


def _reverse_shortest(xs: Array, lengths: Array) -> Array:
    return _reverse(xs, np.full_like(lengths, lengths.min()))


def _reverse_features(xs: Array, lengths: Array) -> Array:
    return xs[:, :, ::-1].copy()


def _reverse_batch(xs: Array, lengths: Array) -> Array:
    return xs[:, ::-1].copy()


def _draw_reverse(
    rng: np.random.Generator, T: int, lengths: tuple[int, ...], D: int
) -> Inputs:
    return {
        "xs": rng.normal(size=(T, len(lengths), D)),
        "lengths": np.array(lengths),
    }


def _draw_reverse_twice(rng: np.random.Generator) -> list[Inputs]:
    """Draw a batch, and what the right answer makes of it."""
    first = _draw_reverse(rng, 5, (3, 5), 4)
    return [first, {**first, "xs": _reverse(**first)}]


def _draw_reverse_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw a sequence of one step, and a batch of full length."""
    return [_draw_reverse(rng, 4, (1, 4, 2), 2), _draw_reverse(rng, 4, (4, 4), 3)]


REVERSE = Check(
    name="reverse-valid",
    assignment=ASSIGNMENT,
    points=3,
    title="reverse_valid",
    asks="the sequences with their valid part reversed, shape (T, B, D)",
    equation="14.6",
    section="Reading from both ends",
    reference=_reverse,
    returns=("turned",),
    cases=(
        Case(
            "value",
            "three sequences of different lengths",
            1.5,
            lambda rng: _draw_reverse(rng, 6, (4, 6, 2), 5),
        ),
        Case("property", "done twice it changes nothing", 0.75, _draw_reverse_twice),
        Case("edge", "one step alone; no padding at all", 0.75, _draw_reverse_edge),
    ),
    mistakes=(
        Mistake(
            "padding-came-first",
            _reverse_all,
            "the whole array was turned round, padding and all. Then a short sequence "
            "begins with its padding; (14.6) turns only the valid part.",
        ),
        Mistake(
            "padding-wiped",
            _reverse_zeroed,
            "the padding was set to zero. (14.6) leaves it as it is: only then does "
            "turning twice give back what was there.",
        ),
        Mistake(
            "one-step-too-late",
            _reverse_off,
            "the first step came from position `length`, which is padding already. "
            "Counted from 0, (14.6) takes the last valid step, `length` - 1.",
        ),
        Mistake(
            "last-step-left-out",
            _reverse_short,
            "the last valid step of each sequence stayed where it was. (14.6) turns "
            "all valid steps.",
        ),
        Mistake(
            "shortest-for-all",
            _reverse_shortest,
            "every sequence was turned up to the shortest length. In (14.6) each has "
            "a length of its own.",
        ),
        Mistake(
            "features-reversed",
            _reverse_features,
            "the last axis was turned: the features of a step. (14.6) turns time, "
            "the first axis.",
        ),
        Mistake(
            "batch-reversed",
            _reverse_batch,
            "the second axis was turned: the sequences changed places. (14.6) turns "
            "time, the first axis.",
        ),
    ),
)


# -- bidirectional-forward --------------------------------------------------------


def _draw_both(
    rng: np.random.Generator, T: int, lengths: tuple[int, ...], D: int, H: int
) -> Inputs:
    """Draw a padded batch and the weights of two directions."""
    drawn = _draw_reverse(rng, T, lengths, D)
    for end in ("", "_b"):
        names = (f"{name}{end}" for name in ("W_x", "W_h", "b"))
        drawn.update(zip(names, _weights(rng, D, H), strict=True))
    return drawn


def _directions(**given: Array) -> tuple[Array, Array]:
    """Return the states of both directions in the order of the steps."""
    xs, lengths = given["xs"], given["lengths"]
    ahead = _run(xs, given["W_x"], given["W_h"], given["b"])
    turned = _reverse(xs, lengths)
    back = _run(turned, given["W_x_b"], given["W_h_b"], given["b_b"])
    return ahead, _reverse(back, lengths)


WEIGHTS = tuple(f"{name}{end}" for end in ("", "_b") for name in ("W_x", "W_h", "b"))


def _by_order(wrong: Callable[..., Any], *names: str) -> Callable[..., Any]:
    """Let a function of named arguments be called by position as well."""

    def call(*args: Any, **given: Any) -> Any:
        return wrong(**dict(zip((*names, *WEIGHTS), args, strict=False)), **given)

    return call


def _join(given: Inputs, ahead: Array, back: Array) -> Array:
    both = np.concatenate([ahead, back], axis=2)
    return np.where(_live(both, given["lengths"]), both, 0)


def _both(**given: Array) -> Array:
    return _join(given, *_directions(**given))


def _both_not_turned_back(**given: Array) -> Array:
    ahead, back = _directions(**given)
    return _join(given, ahead, _reverse(back, given["lengths"]))


def _both_padding_first(**given: Array) -> Array:
    ahead, _ = _directions(**given)
    back = _run(given["xs"][::-1], given["W_x_b"], given["W_h_b"], given["b_b"])
    return _join(given, ahead, back[::-1])


def _both_swapped(**given: Array) -> Array:
    return _join(given, *_directions(**given)[::-1])


def _both_summed(**given: Array) -> Array:
    ahead, back = _directions(**given)
    return np.where(_live(ahead, given["lengths"]), ahead + back, 0)


def _both_one_set(**given: Array) -> Array:
    same = {f"{name}_b": given[name] for name in ("W_x", "W_h", "b")}
    return _both(**{**given, **same})


def _both_forwards(**given: Array) -> Array:
    ahead, _ = _directions(**given)
    back = _run(given["xs"], given["W_x_b"], given["W_h_b"], given["b_b"])
    return _join(given, ahead, back)


def _both_carried(**given: Array) -> Array:
    ahead, _ = _directions(**given)
    last = ahead[given["lengths"] - 1, np.arange(len(given["lengths"]))]
    turned = _reverse(given["xs"], given["lengths"])
    back = _run(turned, given["W_x_b"], given["W_h_b"], given["b_b"], last)
    return _join(given, ahead, _reverse(back, given["lengths"]))


def _both_padding_left(**given: Array) -> Array:
    return np.concatenate(_directions(**given), axis=2)


def _draw_both_rows(rng: np.random.Generator) -> list[Inputs]:
    """Draw a padded batch, then each sequence cut to its length and padded anew."""
    whole = _draw_both(rng, 5, (5, 3), 3, 2)
    other = np.where(_live(whole["xs"], whole["lengths"]), whole["xs"], 9.0)
    return [whole, {**whole, "xs": other}]


def _padding_unread(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0], values[1]):
        return ""
    return "What stands in the padding must not change any state."


def _draw_both_edge(rng: np.random.Generator) -> list[Inputs]:
    return [_draw_both(rng, 4, (1, 4), 3, 2), _draw_both(rng, 1, (1,), 2, 1)]


BOTH = Check(
    name="bidirectional-forward",
    assignment=ASSIGNMENT,
    points=5,
    title="bidirectional_forward",
    asks="the states of both directions side by side, (T, B, 2H), zero after the end",
    equation="14.7",
    section="Reading from both ends",
    reference=_by_order(_both, "xs", "lengths"),
    returns=("hs",),
    cases=(
        Case(
            "value",
            "both directions of a padded batch",
            3,
            lambda rng: _draw_both(rng, 6, (4, 6, 2), 4, 5),
        ),
        Case(
            "property", "padding is never read", 1, _draw_both_rows, law=_padding_unread
        ),
        Case("edge", "a sequence of one step", 1, _draw_both_edge),
    ),
    mistakes=(
        Mistake(
            "not-turned-back",
            _by_order(_both_not_turned_back, "xs", "lengths"),
            "the backward states stand in the order in which they were made, last step "
            "first. (14.7) turns them again, so that both halves of a row speak of "
            "the same step.",
        ),
        Mistake(
            "read-the-padding-first",
            _by_order(_both_padding_first, "xs", "lengths"),
            "the backward direction began in the padding. It must begin at the last "
            "valid step: turn the valid part alone, (14.6).",
        ),
        Mistake(
            "halves-swapped",
            _by_order(_both_swapped, "xs", "lengths"),
            "the backward states stand first. (14.7) has the forward half before the "
            "backward half.",
        ),
        Mistake(
            "directions-added",
            _by_order(_both_summed, "xs", "lengths"),
            "the two directions were added. (14.7) puts them side by side, 2H numbers "
            "a step.",
        ),
        Mistake(
            "one-set-of-weights",
            _by_order(_both_one_set, "xs", "lengths"),
            "both directions used the forward weights. (14.7) is two layers, each "
            "with weights of its own.",
        ),
        Mistake(
            "both-read-forwards",
            _by_order(_both_forwards, "xs", "lengths"),
            "the second layer read from the left as well. In (14.7) it reads what "
            "(14.6) has turned.",
        ),
        Mistake(
            "state-carried-over",
            _by_order(_both_carried, "xs", "lengths"),
            "the backward direction began with the last forward state. In (14.7) it "
            "begins with zeros: the two directions know nothing of each other.",
        ),
        Mistake(
            "padding-not-zero",
            _by_order(_both_padding_left, "xs", "lengths"),
            "the states after the end of a sequence are not zero, as this task asks "
            "beside (14.7).",
        ),
    ),
)


# -- bidirectional-backward -------------------------------------------------------

PARTS = ("dxs", "dW_x", "dW_h", "db", "dW_x_b", "dW_h_b", "db_b")


def _draw_back(
    rng: np.random.Generator, T: int, lengths: tuple[int, ...], D: int, H: int
) -> Inputs:
    """Draw what the forward pass takes, and a gradient that is zero in the padding."""
    given = _draw_both(rng, T, lengths, D, H)
    dhs = rng.normal(size=(T, len(lengths), 2 * H))
    return {"dhs": np.where(_live(dhs, given["lengths"]), dhs, 0), **given}


def _one_back(
    dhs: Array, xs: Array, lengths: Array, W_x: Array, W_h: Array, b: Array
) -> Any:
    from rnncourse.reference.rnn import RNNParams, rnn_backward, rnn_forward

    p = RNNParams(W_x, W_h, b)
    _, _, cache = rnn_forward(xs, p, None, lengths)
    dxs, _, dp = rnn_backward(dhs, cache, p)
    return dxs, tuple(dp)


def _pieces(
    given: Inputs, *, swap: bool = False, turn: Callable[..., Array] = _reverse
) -> Any:
    """Return the gradients of the inputs by direction, then those of the weights."""
    dhs, xs, lengths = given["dhs"], given["xs"], given["lengths"]
    dhs_f, dhs_b = np.split(dhs, 2, axis=2)
    if swap:
        dhs_f, dhs_b = dhs_b, dhs_f
    ahead, back = (
        tuple(given[f"{name}{end}"] for name in ("W_x", "W_h", "b"))
        for end in ("", "_b")
    )
    dxs_f, dp_f = _one_back(dhs_f, xs, lengths, *ahead)
    turned = _reverse(xs, lengths)
    dxs_b, dp_b = _one_back(turn(dhs_b, lengths), turned, lengths, *back)
    return dxs_f, dxs_b, dp_f, dp_b


def _back(**given: Array) -> Any:
    dxs_f, dxs_b, dp_f, dp_b = _pieces(given)
    return (dxs_f + _reverse(dxs_b, given["lengths"]), *dp_f, *dp_b)


def _back_not_turned(**given: Array) -> Any:
    dxs_f, dxs_b, dp_f, dp_b = _pieces(given, turn=lambda dhs, lengths: dhs)
    return (dxs_f + _reverse(dxs_b, given["lengths"]), *dp_f, *dp_b)


def _back_not_turned_again(**given: Array) -> Any:
    dxs_f, dxs_b, dp_f, dp_b = _pieces(given)
    return (dxs_f + dxs_b, *dp_f, *dp_b)


def _back_swapped(**given: Array) -> Any:
    dxs_f, dxs_b, dp_f, dp_b = _pieces(given, swap=True)
    return (dxs_f + _reverse(dxs_b, given["lengths"]), *dp_f, *dp_b)


def _back_forward_only(**given: Array) -> Any:
    dxs_f, _, dp_f, dp_b = _pieces(given)
    return (dxs_f, *dp_f, *dp_b)


def _back_backward_only(**given: Array) -> Any:
    _, dxs_b, dp_f, dp_b = _pieces(given)
    return (_reverse(dxs_b, given["lengths"]), *dp_f, *dp_b)


def _back_mean(**given: Array) -> Any:
    dxs, *rest = _back(**given)
    return (dxs / 2, *rest)


def _back_all_turned(**given: Array) -> Any:
    dxs_f, dxs_b, dp_f, dp_b = _pieces(given, turn=_reverse_all)
    return (dxs_f + dxs_b[::-1], *dp_f, *dp_b)


def _back_weights_swapped(**given: Array) -> Any:
    dxs, *rest = _back(**given)
    return (dxs, *rest[3:], *rest[:3])


def _draw_back_halves(rng: np.random.Generator) -> list[Inputs]:
    """Draw a gradient, its forward half alone, its backward half alone."""
    whole = _draw_back(rng, 4, (4, 3), 2, 3)
    masks = np.repeat([[1.0, 0.0], [0.0, 1.0]], 3, axis=1)
    return [whole, *({**whole, "dhs": whole["dhs"] * mask} for mask in masks)]


def _halves_add(calls: list[Inputs], values: list[Any]) -> str:
    whole, *halves = (value[0] for value in values)
    if np.allclose(whole, halves[0] + halves[1]):
        return ""
    return "dxs of both halves together must be the sum of what each half gives."


BACK = Check(
    name="bidirectional-backward",
    assignment=ASSIGNMENT,
    points=5,
    title="bidirectional_backward",
    asks="the gradients of xs (T, B, D), and of the weights of both directions",
    equation="14.8",
    section="The gradient of two directions",
    reference=_by_order(_back, "dhs", "xs", "lengths"),
    returns=PARTS,
    cases=(
        Case(
            "value",
            "all gradients of a padded batch",
            3,
            lambda rng: _draw_back(rng, 6, (4, 6, 2), 4, 5),
        ),
        Case(
            "property",
            "the gradients of the two halves add up",
            1,
            _draw_back_halves,
            law=_halves_add,
        ),
        Case(
            "edge",
            "a sequence of one step, padding without gradient",
            1,
            lambda rng: _draw_back(rng, 3, (1, 3), 4, 2),
        ),
    ),
    mistakes=(
        Mistake(
            "gradient-not-turned",
            _by_order(_back_not_turned, "dhs", "xs", "lengths"),
            "the backward layer got its half of dhs in the order of the steps. It "
            "worked on turned inputs, so before (14.8) its half is turned by (14.6).",
        ),
        Mistake(
            "input-gradient-not-turned",
            _by_order(_back_not_turned_again, "dhs", "xs", "lengths"),
            "the two gradients of the inputs were added step by step as they came. "
            "The one of the backward layer is still turned: see (14.8).",
        ),
        Mistake(
            "gradient-halves-swapped",
            _by_order(_back_swapped, "dhs", "xs", "lengths"),
            "each layer got the other's half of dhs. As in (14.7) the first H columns "
            "belong to the forward layer.",
        ),
        Mistake(
            "forward-part-only",
            _by_order(_back_forward_only, "dhs", "xs", "lengths"),
            "dxs holds what the forward layer sends and nothing else. Both layers "
            "read x, so (14.8) is a sum.",
        ),
        Mistake(
            "backward-part-only",
            _by_order(_back_backward_only, "dhs", "xs", "lengths"),
            "dxs holds what the backward layer sends and nothing else. Both layers "
            "read x: the forward term of (14.8) is missing.",
        ),
        Mistake(
            "input-gradient-averaged",
            _by_order(_back_mean, "dhs", "xs", "lengths"),
            "dxs is half of what it should be. (14.8) adds the two directions, it "
            "does not average them.",
        ),
        Mistake(
            "gradient-turned-with-padding",
            _by_order(_back_all_turned, "dhs", "xs", "lengths"),
            "the gradient was turned with its padding, whereas the inputs were turned "
            "without. (14.8) uses the reversal of (14.6) both times.",
        ),
        Mistake(
            "weight-gradients-swapped",
            _by_order(_back_weights_swapped, "dhs", "xs", "lengths"),
            "the weights' gradients of the two layers stand in each other's place. "
            "Beside (14.8) the forward ones are asked first.",
        ),
    ),
)


# -- stacked-forward --------------------------------------------------------------


def _draw_stack(
    rng: np.random.Generator, T: int, B: int, D: int, H: int, L: int
) -> Inputs:
    """Draw inputs and lists of the weights of L layers."""
    layers = [_weights(rng, D if k == 0 else H, H) for k in range(L)]
    names = ("Ws_x", "Ws_h", "bs")
    columns = (list(column) for column in zip(*layers, strict=True))
    return {
        "xs": rng.normal(size=(T, B, D)),
        **dict(zip(names, columns, strict=True)),
    }


def _layers(xs: Array, Ws_x: Any, Ws_h: Any, bs: Any) -> list[Array]:
    """Return the states of each layer."""
    said = []
    for W_x, W_h, b in zip(Ws_x, Ws_h, bs, strict=True):
        xs = _run(xs, W_x, W_h, b)
        said.append(xs)
    return said


def _stack(xs: Array, Ws_x: Any, Ws_h: Any, bs: Any) -> Any:
    from rnncourse.reference.rnn import RNNParams
    from rnncourse.reference.stacked import StackedParams, stacked_forward

    layers = (RNNParams(*w) for w in zip(Ws_x, Ws_h, bs, strict=True))
    hs, states, _ = stacked_forward("rnn", xs, StackedParams(tuple(layers)))
    return hs, np.stack([state[0] for state in states])


def _ends(said: list[Array]) -> Array:
    return np.stack([hs[-1] for hs in said])


def _stack_all_read_input(xs: Array, Ws_x: Any, Ws_h: Any, bs: Any) -> Any:
    weights = zip(Ws_x, Ws_h, bs, strict=True)
    said = [_run(xs, W_x, W_h, b) for W_x, W_h, b in weights]
    return said[-1], _ends(said)


def _stack_late(xs: Array, Ws_x: Any, Ws_h: Any, bs: Any) -> Any:
    said: list[Array] = []
    for k, (W_x, W_h, b) in enumerate(zip(Ws_x, Ws_h, bs, strict=True)):
        hs = _run(xs, W_x, W_h, b) if k == 0 else None
        if hs is None:
            below = np.concatenate([np.zeros_like(said[-1][:1]), said[-1][:-1]])
            hs = _run(below, W_x, W_h, b)
        said.append(hs)
    return said[-1], _ends(said)


def _stack_carried(xs: Array, Ws_x: Any, Ws_h: Any, bs: Any) -> Any:
    said: list[Array] = []
    for W_x, W_h, b in zip(Ws_x, Ws_h, bs, strict=True):
        start = said[-1][-1] if said else None
        said.append(_run(said[-1] if said else xs, W_x, W_h, b, start))
    return said[-1], _ends(said)


def _stack_lowest(xs: Array, Ws_x: Any, Ws_h: Any, bs: Any) -> Any:
    said = _layers(xs, Ws_x, Ws_h, bs)
    return said[0], _ends(said)


def _stack_top_only(xs: Array, Ws_x: Any, Ws_h: Any, bs: Any) -> Any:
    said = _layers(xs, Ws_x, Ws_h, bs)
    return said[-1], said[-1][-1]


def _stack_summed(xs: Array, Ws_x: Any, Ws_h: Any, bs: Any) -> Any:
    said = _layers(xs, Ws_x, Ws_h, bs)
    return np.sum(said, axis=0), _ends(said)


def _stack_first_states(xs: Array, Ws_x: Any, Ws_h: Any, bs: Any) -> Any:
    said = _layers(xs, Ws_x, Ws_h, bs)
    return said[-1], np.stack([hs[0] for hs in said])


def _stack_one_state(xs: Array, Ws_x: Any, Ws_h: Any, bs: Any) -> Any:
    h = np.zeros((xs.shape[1], len(bs[0])))
    hs: list[Array] = []
    last: list[Array] = []
    for x in xs:
        last = []
        for W_x, W_h, b in zip(Ws_x, Ws_h, bs, strict=True):
            x = h = np.tanh(x @ W_x + h @ W_h + b)
            last.append(h)
        hs.append(h)
    return np.stack(hs), np.stack(last)


def _draw_prefix(rng: np.random.Generator) -> list[Inputs]:
    """Draw a batch, then its first steps alone."""
    whole = _draw_stack(rng, T=5, B=2, D=4, H=3, L=2)
    return [whole, {**whole, "xs": whole["xs"][:3]}]


def _prefix_same(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0][0][:3], values[1][0]):
        return ""
    return "The first states must not depend on how long the sequence goes on."


STACK = Check(
    name="stacked-forward",
    assignment=ASSIGNMENT,
    points=3,
    title="stacked_forward",
    asks="the top layer's states (T, B, H) and each layer's last state (L, B, H)",
    equation="14.1",
    section="Layers on layers",
    reference=_stack,
    returns=("hs", "h_T"),
    cases=(
        Case(
            "value",
            "three layers over a batch of two",
            1.5,
            lambda rng: _draw_stack(rng, T=6, B=2, D=3, H=5, L=3),
        ),
        Case(
            "property",
            "earlier states do not wait for later inputs",
            0.75,
            _draw_prefix,
            law=_prefix_same,
        ),
        Case(
            "edge",
            "one layer alone, and one step alone",
            0.75,
            lambda rng: [
                _draw_stack(rng, T=4, B=2, D=3, H=2, L=1),
                _draw_stack(rng, T=1, B=3, D=2, H=4, L=2),
            ],
        ),
        Case("naming", "equal sizes", 0, lambda rng: _draw_stack(rng, 5, 3, 4, 4, 3)),
    ),
    mistakes=(
        Mistake(
            "every-layer-reads-the-input",
            _stack_all_read_input,
            "every layer read xs. In (14.1) a layer reads the states of the one below; "
            "only the lowest reads the input.",
        ),
        Mistake(
            "one-step-behind",
            _stack_late,
            "a layer read the state that the layer below had one step before. (14.1) "
            "takes the new one, of the same step t.",
        ),
        Mistake(
            "began-where-the-lower-ended",
            _stack_carried,
            "a layer began with the last state of the layer below. Each layer of "
            "(14.1) has a state of its own, zero at the start.",
        ),
        Mistake(
            "lowest-returned",
            _stack_lowest,
            "the states of the lowest layer came back. Asked are those of the highest "
            "in (14.1).",
        ),
        Mistake(
            "top-state-only",
            _stack_top_only,
            "only the highest layer's last state came back. To go on later, (14.1) "
            "needs the last state of every layer.",
        ),
        Mistake(
            "layers-added",
            _stack_summed,
            "the states of all layers were added. In (14.1) the highest layer speaks "
            "for the stack.",
        ),
        Mistake(
            "first-states-returned",
            _stack_first_states,
            "the states after the first step came back as the last ones; see the "
            "index t of (14.1).",
        ),
        Mistake(
            "one-state-for-all-layers",
            _stack_one_state,
            "all layers shared one variable for the state, so that a layer found "
            "there what the layer below had just written. (14.1) keeps one a layer.",
        ),
    ),
)


# -- residual-layer ---------------------------------------------------------------


def _draw_residual(rng: np.random.Generator, T: int, B: int, H: int) -> Inputs:
    W_u, W_h, b = _weights(rng, H, H)
    return {"below": rng.normal(size=(T, B, H)), "W_u": W_u, "W_h": W_h, "b": b}


def _residual(below: Array, W_u: Array, W_h: Array, b: Array) -> Array:
    return _run(below, W_u, W_h, b) + below


def _residual_none(below: Array, W_u: Array, W_h: Array, b: Array) -> Array:
    return _run(below, W_u, W_h, b)


def _residual_inside(below: Array, W_u: Array, W_h: Array, b: Array) -> Array:
    return _run(below, W_u + np.eye(len(W_u)), W_h, b)


def _residual_looped(below: Array, W_u: Array, W_h: Array, b: Array) -> Array:
    h, hs = np.zeros(below.shape[1:]), []
    for u in below:
        h = np.tanh(u @ W_u + h @ W_h + b) + u
        hs.append(h)
    return np.stack(hs)


def _residual_through_time(below: Array, W_u: Array, W_h: Array, b: Array) -> Array:
    h, hs = np.zeros(below.shape[1:]), []
    for u in below:
        h = np.tanh(u @ W_u + h @ W_h + b) + h
        hs.append(h)
    return np.stack(hs)


def _residual_mean(below: Array, W_u: Array, W_h: Array, b: Array) -> Array:
    return _residual(below, W_u, W_h, b) / 2


def _residual_product(below: Array, W_u: Array, W_h: Array, b: Array) -> Array:
    return _run(below, W_u, W_h, b) * below


def _residual_squashed(below: Array, W_u: Array, W_h: Array, b: Array) -> Array:
    return np.tanh(_residual(below, W_u, W_h, b))


def _residual_late(below: Array, W_u: Array, W_h: Array, b: Array) -> Array:
    late = np.concatenate([np.zeros_like(below[:1]), below[:-1]])
    return _run(below, W_u, W_h, b) + late


def _draw_silent(rng: np.random.Generator) -> Inputs:
    """Draw a layer whose weights are zero: it must hand on what it reads."""
    given = _draw_residual(rng, T=4, B=3, H=2)
    return {name: a if name == "below" else 0 * a for name, a in given.items()}


RESIDUAL = Check(
    name="residual-layer",
    assignment=ASSIGNMENT,
    points=3,
    title="residual_layer",
    asks="what the layer says plus what it has read, shape (T, B, H)",
    equation="14.5",
    section="A way round each layer",
    reference=_residual,
    returns=("out",),
    cases=(
        Case(
            "value",
            "a layer over a batch of two",
            1.5,
            lambda rng: _draw_residual(rng, T=6, B=2, H=5),
        ),
        Case(
            "property",
            "a layer of zeros hands on what it reads",
            0.75,
            _draw_silent,
        ),
        Case(
            "edge",
            "one step, one unit, float64 kept",
            0.75,
            lambda rng: [
                _draw_residual(rng, T=1, B=3, H=2),
                _draw_residual(rng, T=3, B=2, H=1),
            ],
            strict_dtype=True,
        ),
    ),
    mistakes=(
        Mistake(
            "no-way-round",
            _residual_none,
            "the layer's states came back alone. (14.5) adds what the layer has read.",
        ),
        Mistake(
            "added-before-the-tanh",
            _residual_inside,
            "what was read was added inside the tanh. In (14.5) it goes round the "
            "whole layer, so that nothing squashes it.",
        ),
        Mistake(
            "sum-went-round-in-time",
            _residual_looped,
            "the sum was taken as the next step's h_prev. In (14.5) the layer goes on "
            "with its own state; the sum goes up, not along.",
        ),
        Mistake(
            "added-the-state-before",
            _residual_through_time,
            "the state of the step before was added. That is a way round in time; "
            "(14.5) adds what comes from the layer below.",
        ),
        Mistake(
            "residual-averaged",
            _residual_mean,
            "the mean was taken. (14.5) is a plain sum: then the way round has the "
            "derivative 1.",
        ),
        Mistake(
            "residual-multiplied",
            _residual_product,
            "the two were multiplied entry by entry, like a gate. (14.5) adds.",
        ),
        Mistake(
            "sum-squashed",
            _residual_squashed,
            "the sum went through a tanh once more. After (14.5) nothing follows, or "
            "the way round is none.",
        ),
        Mistake(
            "residual-one-step-late",
            _residual_late,
            "what was read one step before was added. Both terms of (14.5) belong to "
            "the same step.",
        ),
    ),
)


# -- level-steps ------------------------------------------------------------------


def _clock(T: int, periods: Any) -> Array:
    t = np.arange(1, T + 1)[:, None]
    return (t % np.array(periods) == 0).astype(np.int64)


def _clock_from_zero(T: int, periods: Any) -> Array:
    return (np.arange(T)[:, None] % np.array(periods) == 0).astype(np.int64)


def _clock_relative(T: int, periods: Any) -> Array:
    return _clock(T, np.cumprod(periods))


def _clock_upside(T: int, periods: Any) -> Array:
    return 1 - _clock(T, periods)


def _clock_reversed(T: int, periods: Any) -> Array:
    return _clock(T, periods[::-1])


def _clock_count(T: int, periods: Any) -> Array:
    return np.arange(1, T + 1)[:, None] // np.array(periods)


def _clock_powers(T: int, periods: Any) -> Array:
    return _clock(T, 2 ** np.arange(len(periods)))


def _clock_since(T: int, periods: Any) -> Array:
    t = np.arange(1, T + 1)[:, None]
    return (t >= np.array(periods)).astype(np.int64)


def _draw_clock(rng: np.random.Generator) -> Inputs:
    return {"T": int(rng.integers(19, 23)), "periods": [1, 2, 3, 5]}


CLOCK = Check(
    name="level-steps",
    assignment=ASSIGNMENT,
    points=2,
    title="level_steps",
    asks="1 where a level steps and 0 where it rests, an array of shape (T, L)",
    equation="14.9",
    section="Levels with clocks",
    reference=_clock,
    returns=("steps",),
    cases=(
        Case("value", "four levels over about twenty steps", 1, _draw_clock),
        Case(
            "property",
            "a longer sequence begins like a shorter one",
            0.5,
            lambda rng: [{"T": n, "periods": [2, 7, 4]} for n in (9, 17)],
        ),
        Case(
            "edge",
            "a clock slower than the sequence, and one level alone",
            0.5,
            lambda rng: [{"T": 3, "periods": [1, 4]}, {"T": 5, "periods": [5]}],
        ),
    ),
    mistakes=(
        Mistake(
            "counted-from-zero",
            _clock_from_zero,
            "the steps were counted from 0, so that every level steps at the very "
            "first input. (14.9) counts from 1: a level with period 3 first reads "
            "what the level below says after three inputs.",
        ),
        Mistake(
            "periods-multiplied-up",
            _clock_relative,
            "the periods were multiplied up from level to level. In (14.9) each is "
            "counted in inputs, not in steps of the level below.",
        ),
        Mistake(
            "rest-and-step-exchanged",
            _clock_upside,
            "1 stands where the level rests. (14.9) holds the state there.",
        ),
        Mistake(
            "levels-upside-down",
            _clock_reversed,
            "the levels stand in reverse order. Column l belongs to the l-th period "
            "of (14.9).",
        ),
        Mistake(
            "counted-the-steps",
            _clock_count,
            "the number of steps so far came back, rather than whether (14.9) steps.",
        ),
        Mistake(
            "powers-of-two",
            _clock_powers,
            "the periods were taken to be 1, 2, 4, 8. (14.9) leaves them free; they "
            "are given.",
        ),
        Mistake(
            "never-rests-again",
            _clock_since,
            "a level goes on at every step once its first period is over. In (14.9) "
            "it steps at multiples alone.",
        ),
    ),
)


# -- causality-test ---------------------------------------------------------------


def _model(spec: Inputs) -> Callable[[Array], Array]:
    """Build the model that a plain description stands for."""
    rng = np.random.default_rng(spec["seed"])
    kind, D, H = spec["kind"], spec["D"], 4
    ahead, back = _weights(rng, D, H), _weights(rng, D, H)
    W, size = rng.normal(size=(D, H)), spec.get("size", 1.0)

    def run(xs: Array) -> Array:
        xs = np.asarray(xs, dtype=float)
        if kind == "memoryless":
            return np.tanh(xs @ W)
        if kind == "delay":
            return np.concatenate([np.zeros_like(xs[:1]), xs[:-1]]) @ W
        if kind == "centred":
            return np.tanh((xs - size * xs.mean(axis=0)) @ W)
        ys = _run(xs, *ahead)
        if kind == "bidirectional":
            ys = np.concatenate([ys, _run(xs[::-1], *back)[::-1]], axis=2)
        elif kind == "peek":  # one output, one later input, maybe one feature
            early, late = spec["pair"]
            seen = xs[late] if spec.get("feature") is None else xs[late, :, -1:]
            ys[early] += size * np.tanh(seen.sum(axis=1, keepdims=True))
        return ys

    return run


def _probe(
    spec: Inputs,
    xs: Array,
    *,
    times: Any = None,
    seen: Callable[[int], slice] = lambda t: slice(0, t),
    feature: Any = slice(None),
    tol: float = 1e-9,
) -> bool:
    """Change x_t for each t of times, and see whether any output of ``seen`` moves."""
    model = _model(spec)
    before = model(xs)
    for t in range(1, len(xs)) if times is None else times:
        other = np.array(xs)
        other[t, :, feature] += 1.7
        moved = np.abs(model(other) - before)[seen(t)]
        if moved.size and moved.max() > tol:
            return True
    return False


def _causality(spec: Inputs, xs: Array) -> bool:
    return _probe(spec, xs)


def _causality_after(spec: Inputs, xs: Array) -> bool:
    return _probe(spec, xs, times=range(len(xs)), seen=lambda t: slice(t + 1, None))


def _causality_own(spec: Inputs, xs: Array) -> bool:
    return _probe(spec, xs, times=range(len(xs)), seen=lambda t: slice(0, t + 1))


def _causality_last(spec: Inputs, xs: Array) -> bool:
    return _probe(spec, xs, times=[len(xs) - 1])


def _causality_first(spec: Inputs, xs: Array) -> bool:
    return _probe(spec, xs, seen=lambda t: slice(0, 1))


def _causality_coarse(spec: Inputs, xs: Array) -> bool:
    return _probe(spec, xs, tol=1e-2)


def _causality_upside(spec: Inputs, xs: Array) -> bool:
    return not _probe(spec, xs)


def _causality_feature(spec: Inputs, xs: Array) -> bool:
    return _probe(spec, xs, feature=slice(0, 1))


def _causality_next(spec: Inputs, xs: Array) -> bool:
    return _probe(spec, xs, seen=lambda t: slice(t - 1, t))


def _draw_models(
    rng: np.random.Generator, specs: tuple[Inputs, ...], T: int = 6, D: int = 3
) -> list[Inputs]:
    """Draw a model of each kind, with inputs."""
    seeds = rng.integers(1, 10_000, size=len(specs))
    return [
        {
            "spec": {**spec, "seed": int(seed), "D": D},
            "xs": rng.normal(size=(T, 2, D)),
        }
        for spec, seed in zip(specs, seeds, strict=True)
    ]


KNOWN = tuple(
    {"kind": kind}
    for kind in ("forward", "bidirectional", "delay", "centred", "memoryless")
)
HIDDEN: tuple[Inputs, ...] = (
    {"kind": "peek", "pair": [0, 1]},
    {"kind": "peek", "pair": [2, 3]},
    {"kind": "peek", "pair": [1, 4]},
    {"kind": "peek", "pair": [4, 5]},
    {"kind": "peek", "pair": [0, 5], "size": 1e-4},
    {"kind": "peek", "pair": [2, 5], "feature": -1},
    {"kind": "forward"},
)

CAUSALITY = Check(
    name="causality-test",
    assignment=ASSIGNMENT,
    points=4,
    title="looks_ahead",
    asks="True if any output depends on a later input, else False",
    equation="14.10",
    section="When the future may not be used",
    reference=_causality,
    returns=("answer",),
    cases=(
        Case(
            "value",
            "five models, two of which look ahead",
            2,
            lambda rng: _draw_models(rng, KNOWN),
        ),
        Case(
            "property",
            "one step that leaks, a small leak, a leak through one feature",
            1.5,
            lambda rng: _draw_models(rng, HIDDEN),
        ),
        Case(
            "edge",
            "two steps, one step",
            0.5,
            lambda rng: (
                _draw_models(rng, (KNOWN[1], KNOWN[0]), T=2)
                + _draw_models(rng, (KNOWN[1],), T=1)
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "watched-the-later-outputs",
            _causality_after,
            "outputs after the changed input were watched. They may move: that is "
            "memory. By (14.10) those before it may not.",
        ),
        Mistake(
            "watched-its-own-output",
            _causality_own,
            "the output of the changed step itself was watched too. (14.10) is about "
            "s > t: y_t may depend on x_t.",
        ),
        Mistake(
            "changed-the-last-input-only",
            _causality_last,
            "only the last input was changed. A model may look ahead elsewhere: "
            "(14.10) is asked of every pair of steps.",
        ),
        Mistake(
            "watched-the-first-output-only",
            _causality_first,
            "only the first output was watched. (14.10) speaks of every output before "
            "the changed input.",
        ),
        Mistake(
            "small-leak-let-through",
            _causality_coarse,
            "a small leak passed. A network computes the same numbers twice: where "
            "(14.10) holds, nothing moves at all, so the tolerance can be tiny.",
        ),
        Mistake(
            "answer-upside-down",
            _causality_upside,
            "the answer is the wrong way round: True is asked where (14.10) is broken.",
        ),
        Mistake(
            "one-feature-changed",
            _causality_feature,
            "only the first feature was changed. (14.10) holds for all entries of x, "
            "and a leak may run through another.",
        ),
        Mistake(
            "neighbour-only",
            _causality_next,
            "only the output just before the changed input was watched. (14.10) is "
            "about all earlier ones: a leak may skip steps.",
        ),
    ),
)

CHECKS = (STACK, RESIDUAL, CLOCK, REVERSE, BOTH, BACK, CAUSALITY)

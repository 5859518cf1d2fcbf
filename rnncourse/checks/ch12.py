"""The checks of chapter 12: the GRU's gates, both resets, both z, gradient, counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, Mistake

ASSIGNMENT = "12-gru"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]


def _sigmoid(a: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(a / 2)


def _cell(
    rng: np.random.Generator,
    B: int,
    D: int,
    H: int,
    *,
    T: int | None = None,
    inner: bool = False,
) -> Inputs:
    """Draw an input (or T of them), a state and the stacked weights r, z, n."""
    steps = () if T is None else (T,)
    drawn = {
        ("x" if T is None else "xs"): rng.normal(size=(*steps, B, D)),
        ("h_prev" if T is None else "h0"): np.tanh(rng.normal(size=(B, H))),
        "W_x": rng.normal(size=(D, 3 * H)) / np.sqrt(D),
        "W_h": 1.5 * rng.normal(size=(H, 3 * H)) / np.sqrt(H),
        "b": rng.normal(size=3 * H),
    }
    if inner:
        drawn["b_hn"] = rng.normal(size=H)
    return drawn


def _split(W: Array) -> list[Array]:
    """Cut the blocks r, z, n apart, along the last axis."""
    return np.split(W, 3, axis=-1)


def _rows_alone(calls: list[Inputs], values: list[Any]) -> str:
    """Say so if a row of a batch depends on its neighbours."""
    whole, *rows = (np.hstack(v) if isinstance(v, tuple | list) else v for v in values)
    if np.allclose(np.concatenate(rows), whole):
        return ""
    return "A row of a batch must not depend on the rows beside it."


def _batch_and_rows(whole: Inputs) -> list[Inputs]:
    """Return a batch, then each of its rows alone."""
    n_rows = len(whole["x"])
    rows = [
        {**whole, "x": whole["x"][i : i + 1], "h_prev": whole["h_prev"][i : i + 1]}
        for i in range(n_rows)
    ]
    return [whole, *rows]


# -- gru-gates --------------------------------------------------------------------


def _gates(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    from rnncourse.reference.gru import GRUParams, gru_step

    p = GRUParams(W_x, W_h, b, np.zeros(W_h.shape[0], dtype=b.dtype))
    cache = gru_step(x, h_prev, p)[1]
    return cache.r, cache.z


def _gate_sums(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    x_r, x_z, _ = _split(x @ W_x + b)
    h_r, h_z, _ = _split(h_prev @ W_h)
    return x_r + h_r, x_z + h_z


def _gates_swapped(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    a_r, a_z = _gate_sums(x, h_prev, W_x, W_h, b)
    return _sigmoid(a_z), _sigmoid(a_r)


def _gates_tanh(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    a_r, a_z = _gate_sums(x, h_prev, W_x, W_h, b)
    return np.tanh(a_r), np.tanh(a_z)


def _gates_raw(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    return _gate_sums(x, h_prev, W_x, W_h, b)


def _gates_no_state(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    x_r, x_z, _ = _split(x @ W_x + b)
    return _sigmoid(x_r), _sigmoid(x_z)


def _gates_no_bias(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    a_r, a_z = _gate_sums(x, h_prev, W_x, W_h, np.zeros_like(b))
    return _sigmoid(a_r), _sigmoid(a_z)


def _gates_last(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    _, x_z, x_n = _split(x @ W_x + b)
    _, h_z, h_n = _split(h_prev @ W_h)
    return _sigmoid(x_z + h_z), _sigmoid(x_n + h_n)


def _gates_softmax(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    a_r, a_z = _gate_sums(x, h_prev, W_x, W_h, b)
    r = _sigmoid(a_r - a_z)
    return r, 1 - r


def _draw_gates_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw one row with one unit, and a step from the zero state."""
    start = _cell(rng, B=4, D=2, H=3)
    start["h_prev"] = np.zeros_like(start["h_prev"])
    return [_cell(rng, B=1, D=2, H=1), start]


GATES = Check(
    name="gru-gates",
    assignment=ASSIGNMENT,
    points=3,
    title="gru_gates",
    asks="the reset gate r and the gate z, both of shape (B, H)",
    equation="12.1",
    section="Two gates, one state",
    reference=_gates,
    returns=("r", "z"),
    cases=(
        Case(
            "value",
            "both gates of a batch of two",
            1.5,
            lambda rng: _cell(rng, B=2, D=3, H=5),
        ),
        Case(
            "property",
            "each row of a batch gives what it gives alone",
            0.75,
            lambda rng: _batch_and_rows(_cell(rng, B=3, D=4, H=2)),
            law=_rows_alone,
        ),
        Case(
            "edge",
            "one row with one unit, the zero state, float64 kept",
            0.75,
            _draw_gates_edge,
            strict_dtype=True,
        ),
        Case("naming", "equal sizes", 0, lambda rng: _cell(rng, B=2, D=4, H=4)),
    ),
    mistakes=(
        Mistake(
            "gates-swapped",
            _gates_swapped,
            "r and z stand in each other's place. The columns of W_x, W_h and b hold "
            "r first (12.1), then z (12.2), then the candidate.",
        ),
        Mistake(
            "gates-tanh",
            _gates_tanh,
            "tanh took the place of the sigmoid. A gate of (12.1) is a share between "
            "0 and 1; tanh would let it turn a sign.",
        ),
        Mistake(
            "gates-not-squashed",
            _gates_raw,
            "the sums came back as they are. (12.1) and (12.2) squash them with the "
            "sigmoid.",
        ),
        Mistake(
            "gates-blind-to-the-state",
            _gates_no_state,
            "the gates saw only the input. In (12.1) and (12.2) they read the state "
            "before as well: what to forget depends on what is held.",
        ),
        Mistake(
            "gates-without-bias",
            _gates_no_bias,
            "the biases of (12.1) and (12.2) were left out.",
        ),
        Mistake(
            "gates-wrong-blocks",
            _gates_last,
            "the second and third block of columns were taken. r is the first H "
            "columns, z the next H: see (12.1) and (12.2).",
        ),
        Mistake(
            "gates-shared-out",
            _gates_softmax,
            "r and z were made to sum to 1. They are two gates of their own: (12.1) "
            "and (12.2) know nothing of each other.",
        ),
    ),
)


# -- gru-candidate ----------------------------------------------------------------


def _draw_candidate(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    """Draw what the candidate is made of: its own blocks alone."""
    return {
        "x": rng.normal(size=(B, D)),
        "h_prev": np.tanh(rng.normal(size=(B, H))),
        "r": rng.uniform(0.1, 0.9, size=(B, H)),
        "W_x": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_h": 1.5 * rng.normal(size=(H, H)) / np.sqrt(H),
        "b": rng.normal(size=H),
        "b_hn": rng.normal(size=H),
    }


def _candidates(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    after = np.tanh(x @ W_x + b + r * (h_prev @ W_h + b_hn))
    before = np.tanh(x @ W_x + b + (r * h_prev) @ W_h)
    return after, before


def _candidates_swapped(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    return _candidates(x, h_prev, r, W_x, W_h, b, b_hn)[::-1]


def _candidates_same(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    _, before = _candidates(x, h_prev, r, W_x, W_h, b, b_hn)
    return before, before


def _candidates_inner_bias_out(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    after = np.tanh(x @ W_x + b + r * (h_prev @ W_h) + b_hn)
    return after, _candidates(x, h_prev, r, W_x, W_h, b, b_hn)[1]


def _candidates_inner_bias_gone(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    return _candidates(x, h_prev, r, W_x, W_h, b, np.zeros_like(b_hn))


def _candidates_both_biases(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    before = np.tanh(x @ W_x + b + (r * h_prev) @ W_h + b_hn)
    return _candidates(x, h_prev, r, W_x, W_h, b, b_hn)[0], before


def _candidates_reset_all(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    after = np.tanh(r * (x @ W_x + b + h_prev @ W_h + b_hn))
    return after, _candidates(x, h_prev, r, W_x, W_h, b, b_hn)[1]


def _candidates_no_reset(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    return _candidates(x, h_prev, np.ones_like(r), W_x, W_h, b, b_hn)


def _candidates_other_side(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    return _candidates(x, h_prev, 1 - r, W_x, W_h, b, b_hn)


def _draw_open_reset(rng: np.random.Generator) -> list[Inputs]:
    """Draw with the reset gate fully open: both places then agree, but for b_hn."""
    drawn = _draw_candidate(rng, B=3, D=2, H=4)
    drawn["r"] = np.ones_like(drawn["r"])
    drawn["b_hn"] = np.zeros_like(drawn["b_hn"])
    return [drawn, {**drawn, "r": np.zeros_like(drawn["r"])}]


def _places_agree(calls: list[Inputs], values: list[Any]) -> str:
    """Say so if the two places differ where they must not."""
    if all(np.allclose(after, before) for after, before in values):
        return ""
    return "With r all 1, or all 0, and b_hn = 0 the two places must agree."


CANDIDATE = Check(
    name="gru-candidate",
    assignment=ASSIGNMENT,
    points=3,
    title="gru_candidates",
    asks="the candidate with the reset gate after, and with it before, both (B, H)",
    equation="12.3",
    section="The candidate, and where the reset gate acts",
    reference=_candidates,
    returns=("after", "before"),
    cases=(
        Case(
            "value",
            "both candidates of a batch of two",
            1.5,
            lambda rng: _draw_candidate(rng, B=2, D=3, H=5),
        ),
        Case(
            "property",
            "open or shut for all units, the two places agree",
            0.75,
            _draw_open_reset,
            law=_places_agree,
        ),
        Case(
            "edge",
            "one row, one input, one unit, where the places differ by b_hn alone",
            0.75,
            lambda rng: _draw_candidate(rng, B=1, D=1, H=1),
        ),
        Case("naming", "equal sizes", 0, lambda rng: _draw_candidate(rng, 4, 4, 4)),
    ),
    mistakes=(
        Mistake(
            "places-swapped",
            _candidates_swapped,
            "after and before are exchanged. After means after the product with W_hn, "
            "(12.3); before means that r meets the state itself, (12.4).",
        ),
        Mistake(
            "one-place-only",
            _candidates_same,
            "both are the candidate of (12.4), with r on the state. In (12.3) r meets "
            "what has come out of the product: units are mixed first, then reset.",
        ),
        Mistake(
            "inner-bias-outside",
            _candidates_inner_bias_out,
            "b_hn escaped from the reset gate. In (12.3) it stands inside the bracket "
            "that r multiplies: that is why PyTorch keeps two biases.",
        ),
        Mistake(
            "inner-bias-forgotten",
            _candidates_inner_bias_gone,
            "b_hn of (12.3) was left out.",
        ),
        Mistake(
            "inner-bias-twice",
            _candidates_both_biases,
            "b_hn was added with r before, too. (12.4) has one bias, b_n.",
        ),
        Mistake(
            "input-reset-too",
            _candidates_reset_all,
            "r multiplied the input as well. In (12.3) it decides only how much of "
            "the past is heard.",
        ),
        Mistake(
            "reset-ignored",
            _candidates_no_reset,
            "the reset gate was not used: with r = 1 both (12.3) and (12.4) are a "
            "plain recurrent step.",
        ),
        Mistake(
            "reset-upside-down",
            _candidates_other_side,
            "1 - r took the place of r. In (12.3) r = 0 silences the past and r = 1 "
            "lets it through.",
        ),
    ),
)


# -- gru-step ---------------------------------------------------------------------


def _step(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    from rnncourse.reference.gru import GRUParams, gru_step

    return gru_step(x, h_prev, GRUParams(W_x, W_h, b, b_hn))[0]


def _parts(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> tuple[Array, Array, Array]:
    """Return r, z and the candidate with the reset gate after."""
    x_r, x_z, x_n = _split(x @ W_x + b)
    h_r, h_z, h_n = _split(h_prev @ W_h)
    r, z = _sigmoid(x_r + h_r), _sigmoid(x_z + h_z)
    return r, z, np.tanh(x_n + r * (h_n + b_hn))


def _step_other_z(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    _, z, n = _parts(x, h_prev, W_x, W_h, b, b_hn)
    return z * n + (1 - z) * h_prev


def _step_before(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    r, z, _ = _parts(x, h_prev, W_x, W_h, b, b_hn)
    n = np.tanh(_split(x @ W_x + b)[2] + (r * h_prev) @ _split(W_h)[2])
    return (1 - z) * n + z * h_prev


def _step_candidate_only(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    return _parts(x, h_prev, W_x, W_h, b, b_hn)[2]


def _step_no_share(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    _, z, n = _parts(x, h_prev, W_x, W_h, b, b_hn)
    return n + z * h_prev


def _step_no_inner(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    return _step(x, h_prev, W_x, W_h, b, np.zeros_like(b_hn))


def _step_inner_out(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    r, z, _ = _parts(x, h_prev, W_x, W_h, b, b_hn)
    _, _, h_n = _split(h_prev @ W_h)
    n = np.tanh(_split(x @ W_x + b)[2] + r * h_n + b_hn)
    return (1 - z) * n + z * h_prev


def _step_wrong_bias(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    H = len(b_hn)
    b_z = np.concatenate([b[: 2 * H], b[H : 2 * H]])  # the slip X9
    return _step(x, h_prev, W_x, W_h, b_z, b_hn)


def _step_gates_swapped(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    H = len(b_hn)
    order = np.r_[H : 2 * H, :H, 2 * H : 3 * H]
    return _step(x, h_prev, W_x[:, order], W_h[:, order], b[order], b_hn)


def _step_sigmoid(
    x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array, b_hn: Array
) -> Array:
    r, z, n = _parts(x, h_prev, W_x, W_h, b, b_hn)
    return (1 - z) * _sigmoid(np.arctanh(n)) + z * h_prev


def _draw_step_bounded(rng: np.random.Generator) -> list[Inputs]:
    """Draw a batch, then each of its rows alone."""
    return _batch_and_rows(_cell(rng, B=3, D=4, H=2, inner=True))


def _draw_step_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw one row with one unit, and a step from the zero state."""
    start = _cell(rng, B=4, D=2, H=3, inner=True)
    start["h_prev"] = np.zeros_like(start["h_prev"])
    return [_cell(rng, B=1, D=2, H=1, inner=True), start]


STEP = Check(
    name="gru-step",
    assignment=ASSIGNMENT,
    points=3,
    title="gru_step",
    asks="the next state h, an array of shape (B, H)",
    equation="12.5",
    section="Keep or replace",
    reference=_step,
    returns=("h",),
    cases=(
        Case(
            "value",
            "the new state of a batch of two",
            2,
            lambda rng: _cell(rng, B=2, D=3, H=5, inner=True),
        ),
        Case(
            "property",
            "each row of a batch gives what it gives alone",
            0.5,
            _draw_step_bounded,
            law=_rows_alone,
        ),
        Case(
            "edge",
            "one row with one unit, the zero state, float64 kept",
            0.5,
            _draw_step_edge,
            strict_dtype=True,
        ),
        Case(
            "naming",
            "equal sizes",
            0,
            lambda rng: _cell(rng, B=4, D=4, H=4, inner=True),
        ),
    ),
    mistakes=(
        Mistake(
            "other-convention-of-z",
            _step_other_z,
            "z let the new in, and 1 - z kept the old. That is the other convention, "
            "(12.6); here z is the share that stays, (12.5).",
        ),
        Mistake(
            "reset-before",
            _step_before,
            "the reset gate met the state before the product with W_hn, as in (12.4). "
            "Asked is (12.3), with b_hn inside: a different function.",
        ),
        Mistake(
            "candidate-returned",
            _step_candidate_only,
            "the candidate itself came back. (12.5) mixes it with the old state.",
        ),
        Mistake(
            "shares-do-not-sum-to-one",
            _step_no_share,
            "the candidate was added whole. In (12.5) it gets the share 1 - z, so "
            "that the new state lies between the old one and the candidate.",
        ),
        Mistake(
            "step-without-inner-bias",
            _step_no_inner,
            "b_hn was not used: it stands beside h_prev W_hn in (12.3).",
        ),
        Mistake(
            "step-inner-bias-outside",
            _step_inner_out,
            "b_hn was added outside of the bracket that r multiplies in (12.3).",
        ),
        Mistake(
            "bias-of-z-in-the-candidate",
            _step_wrong_bias,
            "the candidate took the bias of z, a slip that one of the decks prints. "
            "(12.3) has a bias of its own, the last H entries of b.",
        ),
        Mistake(
            "step-gates-swapped",
            _step_gates_swapped,
            "r and z stand in each other's place: the first H columns make r (12.1), "
            "the next H make z (12.2).",
        ),
        Mistake(
            "candidate-sigmoid",
            _step_sigmoid,
            "the candidate went through a sigmoid. (12.3) takes tanh, so that a state "
            "may be negative.",
        ),
    ),
)


# -- gru-flip-z -------------------------------------------------------------------


def _draw_weights(rng: np.random.Generator, D: int, H: int) -> Inputs:
    """Draw stacked weights alone."""
    cell = _cell(rng, B=1, D=D, H=H)
    return {name: cell[name] for name in ("W_x", "W_h", "b")}


def _flip(W_x: Array, W_h: Array, b: Array) -> Array:
    from rnncourse.reference.gru import GRUParams, flip_z

    p = GRUParams(W_x, W_h, b, np.zeros(W_h.shape[0], dtype=b.dtype))
    return flip_z(p)[:3]


def _negate(W: Array, block: slice) -> Array:
    new = np.array(W)
    new[..., block] *= -1
    return new


def _flip_all(W_x: Array, W_h: Array, b: Array) -> Array:
    return -W_x, -W_h, -b


def _flip_bias_only(W_x: Array, W_h: Array, b: Array) -> Array:
    H = W_h.shape[0]
    return W_x, W_h, _negate(b, slice(H, 2 * H))


def _flip_no_bias(W_x: Array, W_h: Array, b: Array) -> Array:
    H = W_h.shape[0]
    middle = slice(H, 2 * H)
    return _negate(W_x, middle), _negate(W_h, middle), b


def _flip_reset(W_x: Array, W_h: Array, b: Array) -> Array:
    first = slice(0, W_h.shape[0])
    return _negate(W_x, first), _negate(W_h, first), _negate(b, first)


def _flip_one_minus(W_x: Array, W_h: Array, b: Array) -> Array:
    H = W_h.shape[0]
    new = [np.array(W) for W in (W_x, W_h, b)]
    for W in new:
        W[..., H : 2 * H] = 1 - W[..., H : 2 * H]
    return tuple(new)


def _flip_candidate(W_x: Array, W_h: Array, b: Array) -> Array:
    last = slice(2 * W_h.shape[0], None)
    return _negate(W_x, last), _negate(W_h, last), _negate(b, last)


def _flip_swapped(W_x: Array, W_h: Array, b: Array) -> Array:
    H = W_h.shape[0]
    order = np.r_[:H, 2 * H : 3 * H, H : 2 * H]
    return W_x[:, order], W_h[:, order], b[order]


def _flip_nothing(W_x: Array, W_h: Array, b: Array) -> Array:
    return W_x.copy(), W_h.copy(), b.copy()


def _draw_flip_twice(rng: np.random.Generator) -> list[Inputs]:
    """Draw weights, and what the right answer makes of them."""
    first = _draw_weights(rng, D=2, H=3)
    W_x, W_h, b = _flip(**first)
    return [first, {"W_x": W_x, "W_h": W_h, "b": b}]


def _draw_flip_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw one unit with one input, and weights of z that are zero."""
    zero = _draw_weights(rng, D=3, H=2)
    zero["W_x"][:, 2:4] = 0
    return [_draw_weights(rng, D=1, H=1), zero]


FLIP = Check(
    name="gru-flip-z",
    assignment=ASSIGNMENT,
    points=3,
    title="flip_z",
    asks="W_x (D, 3H), W_h (H, 3H) and b (3H,) for the other convention of z",
    equation="12.15",
    section="z in two conventions is one function",
    reference=_flip,
    returns=("W_x", "W_h", "b"),
    cases=(
        Case(
            "value",
            "the weights of four units",
            1.5,
            lambda rng: _draw_weights(rng, D=3, H=4),
        ),
        Case("property", "done twice it changes nothing", 0.75, _draw_flip_twice),
        Case("edge", "one unit, and a gate that ignores x", 0.75, _draw_flip_edge),
        Case("naming", "equal sizes", 0, lambda rng: _draw_weights(rng, D=4, H=4)),
    ),
    mistakes=(
        Mistake(
            "all-negated",
            _flip_all,
            "all weights changed their sign. (12.15) is about z alone: r and the "
            "candidate are the same in both conventions.",
        ),
        Mistake(
            "bias-alone-negated",
            _flip_bias_only,
            "only the bias of z was negated. The whole sum a_z must change its sign "
            "for σ(-a) = 1 - σ(a) of (12.15).",
        ),
        Mistake(
            "bias-not-negated",
            _flip_no_bias,
            "the bias of z kept its sign. It is part of the sum a_z in (12.2), which "
            "(12.15) negates.",
        ),
        Mistake(
            "reset-negated",
            _flip_reset,
            "the first H columns were negated. They make r, (12.1); those of z are "
            "the next H, and (12.15) speaks of these.",
        ),
        Mistake(
            "one-minus-the-weights",
            _flip_one_minus,
            "1 - w was written for each weight of z. It is the gate that becomes "
            "1 - z; its sum only changes its sign, (12.15).",
        ),
        Mistake(
            "candidate-negated",
            _flip_candidate,
            "the last H columns were negated, those of the candidate (12.3).",
        ),
        Mistake(
            "blocks-exchanged",
            _flip_swapped,
            "the blocks of z and of the candidate changed places. Both conventions "
            "store r, z, n in this order; (12.15) changes signs only.",
        ),
        Mistake(
            "nothing-flipped",
            _flip_nothing,
            "the weights came back as they were, and with them (12.6) gives another "
            "function than (12.5).",
        ),
    ),
)


# -- gru-extremes -----------------------------------------------------------------


def _draw_rnn(rng: np.random.Generator, D: int, H: int, scale: float = 1.0) -> Inputs:
    """Draw the weights of a plain recurrent network."""
    return {
        "W_x": scale * rng.normal(size=(D, H)) / np.sqrt(D),
        "W_h": scale * rng.normal(size=(H, H)) / np.sqrt(H),
        "b": rng.normal(size=H),
    }


def _as_gru(W_x: Array, W_h: Array, b: Array) -> Array:
    zero_x, zero_h, far = np.zeros_like(W_x), np.zeros_like(W_h), np.full_like(b, 50.0)
    return (
        np.concatenate([zero_x, zero_x, W_x], axis=1),
        np.concatenate([zero_h, zero_h, W_h], axis=1),
        np.concatenate([far, -far, b]),
    )


def _run_gru(W_x: Array, W_h: Array, b: Array, xs: Array, h0: Array) -> Array:
    """Return the states of a GRU with plain arrays as its weights."""
    h, hs = h0, []
    for x in xs:
        h = _step(x, h, W_x, W_h, b, np.zeros(h0.shape[1]))
        hs.append(h)
    return np.stack(hs)


def _run_rnn(W_x: Array, W_h: Array, b: Array, xs: Array, h0: Array) -> Array:
    h, hs = h0, []
    for x in xs:
        h = np.tanh(x @ W_x + h @ W_h + b)
        hs.append(h)
    return np.stack(hs)


def _judge_as_rnn(calls: list[Inputs], values: list[Any]) -> tuple[float, str, str]:
    """Run both networks on the same inputs and compare their states."""
    for call, value in zip(calls, values, strict=True):
        (D, H), name = call["W_x"].shape, ""
        xs, h0 = _probe(D, H)
        want = _run_rnn(call["W_x"], call["W_h"], call["b"], xs, h0)
        try:
            W_x, W_h, b = (np.asarray(part, dtype=float) for part in value)
        except (TypeError, ValueError):
            return 0.0, "three arrays are asked for: W_x, W_h and b of the GRU.", ""
        shapes = {"W_x": (D, 3 * H), "W_h": (H, 3 * H), "b": (3 * H,)}
        for part, array in zip(shapes, (W_x, W_h, b), strict=True):
            if array.shape != shapes[part]:
                said = f"{part} must have shape {shapes[part]}, got {array.shape}."
                return 0.0, said, ""
        if not all(np.isfinite(array).all() for array in (W_x, W_h, b)):
            return 0.0, "there is a weight that is not a finite number.", ""
        got = _run_gru(W_x, W_h, b, xs, h0)
        gap = float(np.abs(got - want).max())
        if gap > 1e-6:
            for mistake in AS_RNN_MISTAKES:
                W_x, W_h, b = mistake.wrong(**call)
                wrong = _run_gru(W_x, W_h, b, xs, h0)
                if np.allclose(got, wrong, rtol=0, atol=1e-6):
                    name = mistake.name
                    return 0.0, f"It looks like {mistake.message}", name
            said = (
                f"the states of your GRU differ from those of the network by {gap:.3g}."
                " Which values of r and z make (12.3) and (12.5) a tanh of (7.3)?"
            )
            return 0.0, said, name
    return 1.0, "", ""


def _probe(D: int, H: int) -> tuple[Array, Array]:
    """Return eight inputs of three sequences, and their first states."""
    rng = np.random.default_rng([D, H])
    return rng.normal(size=(8, 3, D)), np.tanh(rng.normal(size=(3, H)))


def _biased(r: float, z: float) -> Any:
    """Return an answer with the gates pushed to the ends named."""

    def answer(W_x: Array, W_h: Array, b: Array) -> Array:
        big_x, big_h, big_b = _as_gru(W_x, W_h, b)
        H = len(b)
        big_b[:H], big_b[H : 2 * H] = r, z
        return big_x, big_h, big_b

    return answer


def _three_copies(W_x: Array, W_h: Array, b: Array) -> Array:
    return (
        np.concatenate([W_x, W_x, W_x], axis=1),
        np.concatenate([W_h, W_h, W_h], axis=1),
        np.concatenate([b, b, b]),
    )


def _candidate_first(W_x: Array, W_h: Array, b: Array) -> Array:
    zero_x, zero_h, far = np.zeros_like(W_x), np.zeros_like(W_h), np.full_like(b, 50.0)
    return (
        np.concatenate([W_x, zero_x, zero_x], axis=1),
        np.concatenate([W_h, zero_h, zero_h], axis=1),
        np.concatenate([b, -far, np.zeros_like(b)]),
    )


AS_RNN_MISTAKES = (
    Mistake(
        "keeps-for-ever",
        _biased(50.0, 50.0),
        "z is 1, so the state never changes: by (12.5) that is the end at which the "
        "GRU copies. A plain network replaces its state at every step.",
    ),
    Mistake(
        "past-silenced",
        _biased(-50.0, -50.0),
        "r is 0, so the candidate of (12.3) never hears the past: that is a dense "
        "layer, applied to each input on its own.",
    ),
    Mistake(
        "half-open",
        _biased(0.0, 0.0),
        "the biases of the gates are 0, which leaves both gates half open, not at an "
        "end: σ(0) is one half in (12.1).",
    ),
    Mistake(
        "not-far-enough",
        _biased(1.0, -1.0),
        "the biases of the gates are 1 and -1, and σ(1) of (12.1) is only 0.73. Push "
        "them until what is left over cannot be seen.",
    ),
    Mistake(
        "three-copies",
        _three_copies,
        "all three blocks hold the network's weights, so the gates open and shut with "
        "the input. (12.1) and (12.2) should not depend on it at all.",
    ),
    Mistake(
        "wrong-block",
        _candidate_first,
        "the network's weights stand in the first block, which makes r (12.1). The "
        "candidate of (12.3) is the third.",
    ),
)

AS_RNN = Check(
    name="gru-as-rnn",
    assignment=ASSIGNMENT,
    points=3,
    title="gru_as_rnn",
    asks="W_x (D, 3H), W_h (H, 3H), b (3H,) of a GRU that acts as the plain network",
    equation="12.5",
    section="The gates at their extremes",
    reference=_as_gru,
    returns=("W_x", "W_h", "b"),
    cases=(
        Case(
            "value",
            "a GRU whose states are those of the plain network",
            1.5,
            lambda rng: _draw_rnn(rng, D=3, H=5),
            judge=_judge_as_rnn,
        ),
        Case(
            "property",
            "the same for four other networks",
            0.75,
            lambda rng: [_draw_rnn(rng, D=k, H=k + 1) for k in (2, 3, 4, 5)],
            judge=_judge_as_rnn,
        ),
        Case(
            "edge",
            "one unit with one input, and large weights",
            0.75,
            lambda rng: [_draw_rnn(rng, 1, 1), _draw_rnn(rng, 2, 4, scale=4.0)],
            judge=_judge_as_rnn,
        ),
    ),
    mistakes=AS_RNN_MISTAKES,
)


# -- gru-forward ------------------------------------------------------------------


def _forward(
    xs: Array,
    lengths: Array,
    h0: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    b_hn: Array,
) -> Array:
    from rnncourse.reference.gru import GRUParams, gru_forward

    hs, h_T, _ = gru_forward(xs, GRUParams(W_x, W_h, b, b_hn), h0, lengths)
    return hs, h_T


def _draw_padded(rng: np.random.Generator, lengths: tuple[int, ...]) -> Inputs:
    cell = _cell(rng, B=len(lengths), D=3, H=4, T=max(lengths), inner=True)
    return {"xs": cell.pop("xs"), "lengths": np.array(lengths), **cell}


def _draw_rubbish(rng: np.random.Generator) -> list[Inputs]:
    """Draw padded sequences twice, with other numbers in the padding."""
    drawn = _draw_padded(rng, (6, 2, 4))
    other = drawn["xs"].copy()
    for i, length in enumerate(drawn["lengths"]):
        other[length:, i] = 1e3
    return [drawn, {**drawn, "xs": other}]


def _run(
    xs: Array,
    h0: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    b_hn: Array,
    live: Array | None = None,
    *,
    carry: bool = True,
) -> tuple[Array, Array]:
    """Run the GRU; where ``live`` is false a sequence keeps its state."""
    h, hs = h0, []
    for t, x in enumerate(xs):
        new = _step(x, h if carry else h0, W_x, W_h, b, b_hn)
        h = new if live is None else np.where(live[t], new, h)
        hs.append(h)
    return np.stack(hs), h


def _live(xs: Array, lengths: Array) -> Array:
    return (np.arange(len(xs))[:, None] < lengths)[:, :, None]


def _forward_ignored(
    xs: Array,
    lengths: Array,
    h0: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    b_hn: Array,
) -> Array:
    return _run(xs, h0, W_x, W_h, b, b_hn)


def _forward_zeroed(
    xs: Array,
    lengths: Array,
    h0: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    b_hn: Array,
) -> Array:
    hs, h_T = _run(xs, h0, W_x, W_h, b, b_hn, _live(xs, lengths))
    return hs * _live(xs, lengths), h_T


def _forward_late(
    xs: Array,
    lengths: Array,
    h0: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    b_hn: Array,
) -> Array:
    return _run(xs, h0, W_x, W_h, b, b_hn, _live(xs, lengths + 1))


def _forward_no_carry(
    xs: Array,
    lengths: Array,
    h0: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    b_hn: Array,
) -> Array:
    return _run(xs, h0, W_x, W_h, b, b_hn, _live(xs, lengths), carry=False)


def _forward_from_zero(
    xs: Array,
    lengths: Array,
    h0: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    b_hn: Array,
) -> Array:
    return _run(xs, np.zeros_like(h0), W_x, W_h, b, b_hn, _live(xs, lengths))


def _forward_last_row(
    xs: Array,
    lengths: Array,
    h0: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    b_hn: Array,
) -> Array:
    hs, _ = _run(xs, h0, W_x, W_h, b, b_hn, _live(xs, lengths))
    return hs, _run(xs, h0, W_x, W_h, b, b_hn)[1]


def _forward_masked_inputs(
    xs: Array,
    lengths: Array,
    h0: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    b_hn: Array,
) -> Array:
    return _run(xs * _live(xs, lengths), h0, W_x, W_h, b, b_hn)


FORWARD = Check(
    name="gru-forward",
    assignment=ASSIGNMENT,
    points=4,
    title="gru_forward",
    asks="hs of shape (T, B, H) and the final states h_T of shape (B, H)",
    equation="12.5",
    section="Keep or replace",
    reference=_forward,
    returns=("hs", "h_T"),
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
            "no padding at all, and a sequence of one step",
            1,
            lambda rng: [_draw_padded(rng, (4, 4)), _draw_padded(rng, (1, 3, 2))],
        ),
    ),
    mistakes=(
        Mistake(
            "gru-lengths-ignored",
            _forward_ignored,
            "the lengths were not used: (12.5) went on changing states of sequences "
            "that had ended.",
        ),
        Mistake(
            "gru-padding-zeroed",
            _forward_zeroed,
            "hs holds zeros after the end of a sequence. It should repeat the last "
            "valid state, which is (12.5) with z = 1.",
        ),
        Mistake(
            "gru-one-step-late",
            _forward_late,
            "each sequence read one step of its padding. Counted from 0, the last "
            "step that (12.5) may take is length - 1.",
        ),
        Mistake(
            "gru-state-not-carried",
            _forward_no_carry,
            "every step began from h0 again. In (12.5) h_prev is the state that the "
            "step before left behind.",
        ),
        Mistake(
            "gru-start-ignored",
            _forward_from_zero,
            "the first state was zero. (12.5) at the first step keeps a share of h0.",
        ),
        Mistake(
            "gru-final-state-of-padding",
            _forward_last_row,
            "hs is right, but h_T went on through the padding: it is the state after "
            "the last step of (12.5) that each sequence really took.",
        ),
        Mistake(
            "gru-inputs-masked",
            _forward_masked_inputs,
            "the padded inputs were set to 0 and (12.5) ran on. State and biases "
            "still move it: hold the state instead.",
        ),
    ),
)


# -- gru-step-backward ------------------------------------------------------------

GRADIENTS = ("dx", "dh_prev", "dW_x", "dW_h", "db", "db_hn")


def _draw_backward(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    return {"dh": rng.normal(size=(B, H)), **_cell(rng, B, D, H, inner=True)}


def _backward(
    dh: Array,
    x: Array,
    h_prev: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    b_hn: Array,
) -> Array:
    from rnncourse.reference.gru import GRUParams, gru_step, gru_step_backward

    p = GRUParams(W_x, W_h, b, b_hn)
    dx, dh_prev, dp = gru_step_backward(dh, gru_step(x, h_prev, p)[1], p)
    return dx, dh_prev, dp.W_x, dp.W_h, dp.b, dp.b_hn


def _by_hand(
    dh: Array,
    x: Array,
    h_prev: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    b_hn: Array,
    *,
    slip: str = "",
) -> Array:
    """Return the gradients with one line of the derivation spoilt."""
    r, z, n = _parts(x, h_prev, W_x, W_h, b, b_hn)
    W_hr, W_hz, W_hn = _split(W_h)
    m = h_prev @ W_hn + b_hn
    dn = dh * (z if slip == "shares" else 1 - z)
    dz = dh * (n - h_prev if slip == "sign" else h_prev - n)
    dh_prev = np.zeros_like(dh) if slip == "highway" else dh * z
    da_n = dn if slip == "tanh" else dn * (1 - n**2)
    dr, dm = da_n * m, da_n * (1 if slip == "reset" else r)
    if slip == "bias":
        dr = da_n * (m - b_hn)
    da_r, da_z = dr * r * (1 - r), dz * z * (1 - z)
    if slip == "sigmoid":
        da_r, da_z = dr, dz
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    back = da_r @ W_hr.T + da_z @ W_hz.T + dm @ W_hn.T
    if slip == "gates":
        back = dm @ W_hn.T
    through = [da_r, da_z, da_n if slip == "block" else dm]
    dW_h = np.concatenate([h_prev.T @ d for d in through], axis=1)
    db_hn = (da_n if slip == "block" else dm).sum(axis=0)
    db = da.mean(axis=0) if slip == "mean" else da.sum(axis=0)
    return da @ W_x.T, dh_prev + back, x.T @ da, dW_h, db, db_hn


def _slip(name: str) -> Any:
    def wrong(
        dh: Array,
        x: Array,
        h_prev: Array,
        W_x: Array,
        W_h: Array,
        b: Array,
        b_hn: Array,
    ) -> Array:
        return _by_hand(dh, x, h_prev, W_x, W_h, b, b_hn, slip=name)

    return wrong


def _draw_linear(rng: np.random.Generator) -> list[Inputs]:
    """Draw one step with dh, and the same with 3 dh."""
    drawn = _draw_backward(rng, B=3, D=2, H=4)
    return [drawn, {**drawn, "dh": 3 * drawn["dh"]}]


def _three_times(calls: list[Inputs], values: list[Any]) -> str:
    """Say so if the gradients are not proportional to dh."""
    first, second = values
    if all(np.allclose(3 * a, b) for a, b in zip(first, second, strict=True)):
        return ""
    return "A dh three times as large must give gradients three times as large."


def _draw_backward_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw one row with one unit, and a gradient of zero."""
    still = _draw_backward(rng, B=2, D=3, H=2)
    still["dh"] = np.zeros_like(still["dh"])
    return [_draw_backward(rng, B=1, D=2, H=1), still]


BACKWARD = Check(
    name="gru-step-backward",
    assignment=ASSIGNMENT,
    points=5,
    title="gru_step_backward",
    asks="dx (B, D), dh_prev (B, H), dW_x (D, 3H), dW_h (H, 3H), db (3H,), db_hn (H,)",
    equation="12.12",
    section="The gradient, read upwards",
    reference=_backward,
    returns=GRADIENTS,
    cases=(
        Case(
            "value",
            "all six gradients of a batch of two",
            3,
            lambda rng: _draw_backward(rng, B=2, D=3, H=5),
        ),
        Case(
            "property",
            "three times the dh gives three times the gradients",
            1,
            _draw_linear,
            law=_three_times,
        ),
        Case("edge", "one row with one unit, and dh = 0", 1, _draw_backward_edge),
        Case("naming", "equal sizes", 0, lambda rng: _draw_backward(rng, 4, 4, 4)),
    ),
    mistakes=(
        Mistake(
            "shares-exchanged",
            _slip("shares"),
            "the candidate got the share z. By (12.5) it has 1 - z, and (12.7) hands "
            "the same share back.",
        ),
        Mistake(
            "sign-of-dz",
            _slip("sign"),
            "dz has the wrong sign: the derivative of (1 - z) n + z h_prev by z is "
            "h_prev - n, see (12.7).",
        ),
        Mistake(
            "straight-path-forgotten",
            _slip("highway"),
            "the straight path from h to h_prev is missing: the term dh * z of "
            "(12.7), the one that lets a gradient travel far.",
        ),
        Mistake(
            "tanh-not-differentiated",
            _slip("tanh"),
            "the slope of the candidate's tanh is missing, the factor of (12.8).",
        ),
        Mistake(
            "reset-not-passed",
            _slip("reset"),
            "the reset gate is missing on the way back: what went through r in (12.3) "
            "comes back through r in (12.9).",
        ),
        Mistake(
            "dr-without-the-inner-bias",
            _slip("bias"),
            "dr was made without b_hn. In (12.9) r multiplied the whole bracket, the "
            "bias inside as well.",
        ),
        Mistake(
            "sigmoid-not-differentiated",
            _slip("sigmoid"),
            "the slopes of the two sigmoids are missing, the factors of (12.11).",
        ),
        Mistake(
            "gates-send-nothing-back",
            _slip("gates"),
            "dh_prev heard nothing from the gates. They read h_prev in (12.1) and "
            "(12.2), so (12.12) has a term from each.",
        ),
        Mistake(
            "candidate-block-of-dW_h",
            _slip("block"),
            "the candidate's block of dW_h, and db_hn, were made with da_n. Between "
            "them and the sum stands r: (12.13) uses r * da_n there.",
        ),
        Mistake(
            "mean-over-the-batch",
            _slip("mean"),
            "db is a mean over the batch. (12.13) sums: each row has moved the loss.",
        ),
    ),
)


# -- gru-counts -------------------------------------------------------------------


def _counts(D: int, H: int) -> Array:
    return 3 * H * (D + H + 1), 3 * H * (D + H + 1) + H, 3 * H * (D + H + 2)


def _counts_four(D: int, H: int) -> Array:
    return 4 * H * (D + H + 1), 4 * H * (D + H + 1) + H, 4 * H * (D + H + 2)


def _counts_no_bias(D: int, H: int) -> Array:
    return 3 * H * (D + H), 3 * H * (D + H), 3 * H * (D + H)


def _counts_same(D: int, H: int) -> Array:
    return (3 * H * (D + H + 1),) * 3


def _counts_two(D: int, H: int) -> Array:
    return 2 * H * (D + H + 1), 2 * H * (D + H + 1) + H, 2 * H * (D + H + 2)


def _counts_reversed(D: int, H: int) -> Array:
    return _counts(D, H)[::-1]


def _counts_one_bias(D: int, H: int) -> Array:
    n = 3 * H * (D + H) + 1
    return n, n + 1, n + 1


def _counts_torch_plus(D: int, H: int) -> Array:
    n = 3 * H * (D + H + 1)
    return n, n + 3 * H, n + 3 * H


def _counts_swapped(D: int, H: int) -> Array:
    return _counts(H, D)


def _counts_not_squared(D: int, H: int) -> Array:
    n = 3 * H * (D + 2)
    return n, n + H, n + 3 * H


def _draw_counts_edge(rng: np.random.Generator) -> list[Inputs]:
    return [{"D": 1, "H": 1}, {"D": 5, "H": 2}]


COUNTS = Check(
    name="gru-counts",
    assignment=ASSIGNMENT,
    points=2,
    title="gru_counts",
    asks="three whole numbers: textbook, with b_hn, and in torch.nn.GRU",
    equation="12.14",
    section="Counting parameters",
    reference=_counts,
    returns=("textbook", "with_b_hn", "torch"),
    cases=(
        Case(
            "value",
            "the counts for sizes drawn at random",
            1,
            lambda rng: {"D": int(rng.integers(5, 9)), "H": int(rng.integers(10, 20))},
        ),
        Case(
            "property",
            "three times a plain network's count, for four sizes",
            0.5,
            lambda rng: [{"D": int(d), "H": int(d) + 3} for d in rng.integers(2, 9, 4)],
        ),
        Case("edge", "one unit with one input; D = 5, H = 2", 0.5, _draw_counts_edge),
    ),
    mistakes=(
        Mistake(
            "counted-four-blocks",
            _counts_four,
            "four blocks were counted. That is an LSTM; the GRU of (12.14) has three: "
            "r, z and the candidate.",
        ),
        Mistake(
            "counted-without-biases",
            _counts_no_bias,
            "no bias was counted; (12.14) has one for each row of every block.",
        ),
        Mistake(
            "counted-one-bias-set",
            _counts_same,
            "all three counts are the same. b_hn adds H numbers, and PyTorch "
            "keeps a second bias for every gate: see (12.14).",
        ),
        Mistake(
            "counted-gates-only",
            _counts_two,
            "only r and z were counted. The candidate has weights of its own, the "
            "third block of (12.14).",
        ),
        Mistake(
            "counts-in-reverse",
            _counts_reversed,
            "the three counts of (12.14) came in reverse order.",
        ),
        Mistake(
            "counts-swap-D-and-H",
            _counts_swapped,
            "D and H have changed places. The state has H numbers, so each block of "
            "(12.14) has a bias and D + H weights for every one of these H.",
        ),
        Mistake(
            "state-weights-counted-once",
            _counts_not_squared,
            "each unit was given one weight for the state. In (12.14) a block has H·H "
            "of them: every unit hears all H of the state before.",
        ),
        Mistake(
            "counted-one-number-as-bias",
            _counts_one_bias,
            "a bias was counted as one number. In (12.14) each is a row of H.",
        ),
        Mistake(
            "inner-bias-for-every-gate",
            _counts_torch_plus,
            "the count with b_hn has a second bias for all three blocks. Only the "
            "candidate of (12.3) needs one; PyTorch stores the rest as well.",
        ),
    ),
)

CHECKS = (GATES, CANDIDATE, STEP, FLIP, AS_RNN, FORWARD, BACKWARD, COUNTS)

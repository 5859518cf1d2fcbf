"""Checks of the assignment of chapter 23: speed.

Each small function below also computes the wrong answers that people give, by the
name of the slip, so that a check can recognise them and the tests hand them in.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Case, Check, by_slip

SLUG = "23-speed"
Rng = np.random.Generator


# -- four products in one ------------------------------------------------------------


def _fuse(W: Any, b: Any, *, slip: str = "") -> Any:
    if slip == "order":
        W, b = W[[0, 1, 3, 2]], b[[0, 1, 3, 2]]
    if slip == "reversed":
        W, b = W[::-1], b[::-1]
    K, D, H = W.shape
    if slip == "reshape":
        return W.reshape(D, K * H), b.reshape(K * H)
    if slip == "woven":
        return W.transpose(1, 2, 0).reshape(D, K * H), b.T.reshape(K * H)
    if slip == "below":
        return W.reshape(K * D, H), b.reshape(K * H)
    if slip == "bias-woven":
        return np.concatenate(list(W), axis=1), b.T.reshape(K * H)
    if slip == "bias-summed":
        return np.concatenate(list(W), axis=1), np.tile(b.sum(axis=0), K)
    return np.concatenate(list(W), axis=1), np.concatenate(list(b))


def _draw_fuse(rng: Rng) -> Inputs:
    return {"W": rng.normal(size=(4, 3, 5)), "b": rng.normal(size=(4, 5))}


def _draw_fuse_gate(rng: Rng) -> list[Inputs]:
    one = _draw_fuse(rng)
    other = {key: value.copy() for key, value in one.items()}
    other["W"][2] += 1.0
    other["b"][2] -= 1.0
    return [one, other]


def _one_block_moves(calls: list[Inputs], values: list[Any]) -> str:
    moved = np.flatnonzero((values[0][0] != values[1][0]).any(axis=0))
    if moved.tolist() == list(range(10, 15)):
        return ""
    return (
        "Only the candidate's own matrix was changed; the columns that changed are "
        f"{moved.tolist()}, and not the third block of five."
    )


def _draw_fuse_edge(rng: Rng) -> list[Inputs]:
    return [
        {"W": rng.normal(size=(4, 1, 2)), "b": rng.normal(size=(4, 2))},
        {"W": rng.normal(size=(4, 3, 1)), "b": rng.normal(size=(4, 1))},
    ]


FUSE = Check(
    name="fuse-gates",
    assignment=SLUG,
    points=2,
    title="fuse_gates",
    asks=(
        "one matrix (D, 4H) and one bias (4H,) that give the activations of the four "
        "gates side by side, in the order i, f, g, o"
    ),
    equation="23.7",
    section="Eight products are one",
    reference=_fuse,
    returns=("W", "b"),
    cases=(
        Case("value", "four gates side by side", 2, _draw_fuse),
        Case(
            "property",
            "one gate's weights touch its own columns",
            1,
            _draw_fuse_gate,
            law=_one_block_moves,
        ),
        Case("edge", "one input; one unit", 1, _draw_fuse_edge),
    ),
    mistakes=by_slip(
        _fuse,
        {
            "reshaped-not-joined": (
                "reshape",
                "the stack of matrices was reshaped. That deals numbers out in the "
                "order in which they lie in memory, and rows of one gate end up in "
                "another. Matrices side by side are joined along their columns.",
            ),
            "gates-woven": (
                "woven",
                "the columns of the gates alternate: unit 1 of all four, then unit 2. "
                "Each gate should be a block of H columns of its own, as in (23.7).",
            ),
            "one-below-the-other": (
                "below",
                "the matrices stand one below the other. That adds products of "
                "different inputs; four results of one input stand side by side.",
            ),
            "candidate-last": (
                "order",
                "the candidate g stands last. The order asked for is i, f, g, o, as "
                "the stack has it.",
            ),
            "gates-backwards": (
                "reversed",
                "the gates come in the order o, g, f, i. The first of the stack "
                "should be the first block.",
            ),
            "bias-woven": (
                "bias-woven",
                "the matrix is right, but the bias alternates between the gates. It "
                "must be cut in blocks of H as the columns are.",
            ),
            "bias-added-up": (
                "bias-summed",
                "every gate got the sum of the four biases. Each gate has a bias of "
                "its own.",
            ),
        },
    ),
)


# -- one matrix for a step -----------------------------------------------------------


def _stack(W_x: Any, W_h: Any, b: Any, *, slip: str = "") -> Any:
    H = len(W_h)
    parts = [b[None], W_x, W_h]
    if slip == "bias-last":
        parts = [W_x, W_h, b[None]]
    if slip == "state-first":
        parts = [b[None], W_h, W_x]
    if slip == "no-bias":
        parts = [0 * b[None], W_x, W_h]
    i, f, g, o = np.split(np.concatenate(parts), 4, axis=1)
    half = {"none": 1.0, "twice": 2.0}.get(slip, 0.5)
    if slip == "order":
        return np.concatenate([half * i, half * f, g, half * o], axis=1)
    last = half * g if slip == "all" else g
    if slip == "wrong-one":  # the blocks stand in their new order, the halves not
        return np.concatenate([half * i, half * f, o, half * g], axis=1)
    W = np.concatenate([half * i, half * f, half * o, last], axis=1)
    if slip == "bias-whole":
        W[0, : 3 * H] *= 2
    return W


def _draw_stack(rng: Rng) -> Inputs:
    return {
        "W_x": rng.normal(size=(3, 20)),
        "W_h": rng.normal(size=(5, 20)),
        "b": rng.normal(size=20),
    }


def _draw_stack_parts(rng: Rng) -> list[Inputs]:
    one = _draw_stack(rng)
    other = {key: value.copy() for key, value in one.items()}
    other["b"] += 1.0
    return [one, other]


def _bias_is_a_row(calls: list[Inputs], values: list[Any]) -> str:
    moved = np.flatnonzero((values[0] != values[1]).any(axis=1)).tolist()
    if moved == [0]:
        return ""
    return (
        f"Only the bias was changed, and rows {moved} of your matrix moved. The 1 "
        "stands first in [1, x, h], so the bias is row 0."
    )


def _draw_stack_edge(rng: Rng) -> list[Inputs]:
    return [
        {
            "W_x": rng.normal(size=(1, 8)),
            "W_h": rng.normal(size=(2, 8)),
            "b": rng.normal(size=8),
        },
        {
            "W_x": rng.normal(size=(4, 4)),
            "W_h": rng.normal(size=(1, 4)),
            "b": np.full(4, 0.5),
        },
    ]


STACK = Check(
    name="stack-weights",
    assignment=SLUG,
    points=3,
    title="stack_weights",
    asks=(
        "the matrix (1 + D + H, 4H) that [1, x, h] is multiplied with, blocks in the "
        "order i, f, o, g, those of the sigmoids halved"
    ),
    equation="23.7",
    section="Eight products are one",
    reference=_stack,
    returns=("W",),
    cases=(
        Case("value", "all weights of a step in one matrix", 2, _draw_stack),
        Case(
            "property",
            "the bias is the row of the 1",
            1,
            _draw_stack_parts,
            law=_bias_is_a_row,
        ),
        Case("edge", "one input; one unit", 1, _draw_stack_edge),
    ),
    mistakes=by_slip(
        _stack,
        {
            "nothing-halved": (
                "none",
                "no column was halved. Then a tanh of the whole row gives tanh a, and "
                "(23.8) needs tanh(a/2) for the sigmoids.",
            ),
            "all-halved": (
                "all",
                "the candidate was halved too. It is a tanh of a itself; only the "
                "three sigmoids take a/2, (23.8).",
            ),
            "doubled-for-halved": (
                "twice",
                "the columns of the sigmoids were doubled. (23.8) divides by 2 "
                "inside of the tanh.",
            ),
            "blocks-not-moved": (
                "order",
                "the halves are right, but the blocks still stand as i, f, g, o. With "
                "the candidate last, the three sigmoids are one slice.",
            ),
            "wrong-block-halved": (
                "wrong-one",
                "the candidate was halved and the read gate o was not. After o has "
                "moved to the third place, the halves must move with it.",
            ),
            "bias-not-halved": (
                "bias-whole",
                "the rows of W_x and W_h were halved and the bias was not. The bias "
                "is part of a, so it is halved as well.",
            ),
            "bias-at-the-bottom": (
                "bias-last",
                "the bias is the last row. In (23.7) the 1 stands before x and h, so "
                "the bias comes first.",
            ),
            "state-before-input": (
                "state-first",
                "the rows of W_h stand before those of W_x. In (23.7) the order is "
                "1, x, h.",
            ),
            "bias-lost": (
                "no-bias",
                "the row of the bias is all zeros, so that the gates lose it.",
            ),
        },
    ),
)


# -- operations and bytes ------------------------------------------------------------


def _cost(B: Any, D: Any, H: Any, gates: Any, itemsize: Any, *, slip: str = "") -> Any:
    F = D + H + (slip != "no-bias")
    G = gates * H if slip != "one-gate" else H
    operations = 2 * B * F * G
    if slip == "products-only":
        operations = B * F * G
    if slip == "one-sequence":
        operations = 2 * F * G
    numbers = F * G + B * F + B * G
    if slip == "weights-each":
        numbers = B * F * G + B * F + B * G
    if slip == "weights-only":
        numbers = F * G
    if slip == "no-result":
        numbers = F * G + B * F
    if slip == "numbers":
        itemsize = 1
    if slip == "bits":
        itemsize = 8 * itemsize
    return float(operations), float(itemsize * numbers)


def _sizes(B: int, D: int, H: int, gates: int, itemsize: int) -> Inputs:
    return {"B": B, "D": D, "H": H, "gates": gates, "itemsize": itemsize}


def _draw_cost(rng: Rng) -> list[Inputs]:
    B, D, H = (int(n) for n in rng.permutation([7, 13, 29]) + rng.integers(3))
    return [_sizes(B, D, H, 4, 4), _sizes(D, H, B, 3, 2)]


def _draw_cost_batch(rng: Rng) -> list[Inputs]:
    D, H = (int(n) for n in rng.integers(5, 40, size=2))
    return [_sizes(6, D, H, 3, 4), _sizes(12, D, H, 3, 4)]


def _batch_doubles(calls: list[Inputs], values: list[Any]) -> str:
    (N, Q), (N2, Q2) = values
    if np.isclose(N2, 2 * N) and Q2 < 2 * Q:
        return ""
    return (
        "Twice the batch is twice the operations and less than twice the bytes, since "
        f"the weights are fetched once. Yours grew {N2 / N:.2f} and {Q2 / Q:.2f} times."
    )


def _draw_cost_edge(rng: Rng) -> list[Inputs]:
    H = int(rng.integers(2, 50))
    return [_sizes(1, 1, H, 1, 8), _sizes(1, 3, 1, 4, 4)]


COST = Check(
    name="step-cost",
    assignment=SLUG,
    points=3,
    title="step_cost",
    asks="the operations N and the bytes Q of the product of one step, two numbers",
    equation="23.10",
    section="Count before you measure",
    reference=_cost,
    returns=("N", "Q"),
    cases=(
        Case("value", "operations and bytes", 2, _draw_cost),
        Case("property", "twice the batch", 1, _draw_cost_batch, law=_batch_doubles),
        Case("edge", "one sequence, one input; one unit", 1, _draw_cost_edge),
    ),
    mistakes=by_slip(
        _cost,
        {
            "additions-forgotten": (
                "products-only",
                "only multiplications were counted. Each goes with an addition, the 2 "
                "in (23.9).",
            ),
            "one-sequence-counted": (
                "one-sequence",
                "the operations are those of a single sequence. Every row of the "
                "batch is multiplied with W, (23.9).",
            ),
            "bias-not-counted": (
                "no-bias",
                "F is D + H. The 1 that carries the bias is a column of s as well, so "
                "F = 1 + D + H in (23.9).",
            ),
            "one-gate-counted": (
                "one-gate",
                "a single gate was counted. The matrix has as many blocks of H "
                "columns as there are gates.",
            ),
            "weights-for-each-sequence": (
                "weights-each",
                "the weights were counted once for each sequence. They are fetched "
                "once a step, whatever the batch; that is why a batch pays, (23.10).",
            ),
            "weights-alone": (
                "weights-only",
                "only the bytes of W were counted. In (23.10) s is read and a is "
                "written too.",
            ),
            "result-not-written": (
                "no-result",
                "what is read was counted, and what is written was not. (23.10) ends "
                "in the B rows of a.",
            ),
            "numbers-for-bytes": (
                "numbers",
                "Q counts numbers. A number takes `itemsize` bytes.",
            ),
            "bits-for-bytes": (
                "bits",
                "Q counts bits. A byte has eight of them; bytes are asked for.",
            ),
        },
    ),
)


# -- the roof ------------------------------------------------------------------------


def _roof(intensity: Any, P: Any, beta: Any, *, slip: str = "") -> Any:
    slope = intensity * beta
    if slip == "divided":
        slope = beta / intensity
    if slip == "no-slope":
        slope = np.full_like(intensity, beta)
    speed = np.minimum(P, slope)
    if slip == "larger":
        speed = np.maximum(P, slope)
    if slip == "both":
        speed = 1 / (1 / P + 1 / slope)
    if slip == "flat":
        speed = np.full_like(intensity, P)
    if slip == "endless":
        speed = slope
    ridge = {"upside-down": beta / P, "product": P * beta}.get(slip, P / beta)
    return speed, ridge


def _draw_roof(rng: Rng) -> Inputs:
    P, beta = rng.uniform(80, 120), rng.uniform(8, 16)
    return {
        "intensity": np.concatenate([rng.uniform(0.3, 4, 5), rng.uniform(20, 90, 4)]),
        "P": float(P),
        "beta": float(beta),
    }


def _draw_roof_scaled(rng: Rng) -> list[Inputs]:
    one = _draw_roof(rng)
    return [one, one | {"P": 3 * one["P"], "beta": 3 * one["beta"]}]


def _scales(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[1][0], 3 * np.asarray(values[0][0])):
        return ""
    return "A machine three times as fast in both should be three times as fast."


def _draw_roof_edge(rng: Rng) -> list[Inputs]:
    P, beta = float(rng.integers(20, 50)), 4.0
    return [
        {"intensity": np.array([P / beta]), "P": P, "beta": beta},
        {"intensity": np.array([1e-6, 1e6]), "P": P, "beta": beta},
    ]


ROOF = Check(
    name="roofline",
    assignment=SLUG,
    points=2,
    title="roofline",
    asks=(
        "the highest speed at each intensity, and the intensity at which the roof "
        "turns flat"
    ),
    equation="23.13",
    section="Count before you measure",
    reference=_roof,
    returns=("speed", "ridge"),
    cases=(
        Case("value", "below the slope and below the flat part", 2, _draw_roof),
        Case(
            "property",
            "a machine three times as fast",
            1,
            _draw_roof_scaled,
            law=_scales,
        ),
        Case("edge", "at the corner; far on either side", 1, _draw_roof_edge),
    ),
    mistakes=by_slip(
        _roof,
        {
            "higher-of-the-two": (
                "larger",
                "the higher of the two was taken. A step must get under both, so the "
                "lower one is the roof, (23.13).",
            ),
            "times-added-up": (
                "both",
                "the times of arithmetic and memory were added up. That is a guess for "
                "a machine that does one after the other; (23.13) is the bound.",
            ),
            "flat-everywhere": (
                "flat",
                "the roof is P everywhere. At a low intensity the numbers do not come "
                "in fast enough.",
            ),
            "slope-without-end": (
                "endless",
                "the slope never ends. No step does more than P operations a second.",
            ),
            "bandwidth-over-intensity": (
                "divided",
                "the bandwidth was divided by the intensity. I operations a byte times "
                "the bytes a second are operations a second, (23.13).",
            ),
            "bandwidth-for-speed": (
                "no-slope",
                "the bandwidth itself was compared with P. Those are bytes and "
                "operations; the intensity joins them, (23.13).",
            ),
            "corner-upside-down": (
                "upside-down",
                "the corner is β/P. There the two sides are equal, P = Iβ; solve that "
                "for I.",
            ),
            "corner-multiplied": (
                "product",
                "the corner is P times β. At the corner P = Iβ, so I is a quotient.",
            ),
        },
    ),
)


# -- two steps are one ---------------------------------------------------------------


def _join(a1: Any, b1: Any, a2: Any, b2: Any, *, slip: str = "") -> Any:
    if slip == "swapped":
        a1, b1, a2, b2 = a2, b2, a1, b1
    if slip == "added":
        return a1 + a2, a2 * b1 + b2
    if slip == "b-lost":
        return a1 * a2, a2 * b1
    if slip == "plain":
        return a1 * a2, b1 + b2
    if slip == "both":
        return a1 * a2, a1 * a2 * b1 + b2
    if slip == "late":
        return a1 * a2, a2 * (b1 + b2)
    if slip == "a-kept":
        return a2, a2 * b1 + b2
    return a2 * a1, a2 * b1 + b2


def _draw_join(rng: Rng) -> Inputs:
    return {name: rng.normal(size=6) for name in ("a1", "b1", "a2", "b2")}


def _draw_join_three(rng: Rng) -> list[Inputs]:
    (a1, b1), (a2, b2), (a3, b3) = rng.normal(size=(3, 2, 4))
    late = {"a1": a2, "b1": b2, "a2": a3, "b2": b3}
    a32, b32 = _join(**late)
    a21, b21 = _join(a1, b1, a2, b2)
    return [
        {"a1": a1, "b1": b1, "a2": a32, "b2": b32},
        {"a1": a21, "b1": b21, "a2": a3, "b2": b3},
    ]


def _either_way(calls: list[Inputs], values: list[Any]) -> str:
    if all(np.allclose(x, y) for x, y in zip(*values, strict=True)):
        return ""
    return (
        "Three steps joined first-two-first and last-two-first should be one and the "
        "same step; yours differ."
    )


def _draw_join_edge(rng: Rng) -> list[Inputs]:
    a, b = rng.normal(size=(2, 3))
    nothing = {"one": np.ones(3), "zero": np.zeros(3)}
    return [
        {"a1": nothing["one"], "b1": nothing["zero"], "a2": a, "b2": b},
        {"a1": a, "b1": b, "a2": nothing["zero"], "b2": b[::-1].copy()},
    ]


JOIN = Check(
    name="join-steps",
    assignment=SLUG,
    points=2,
    title="join_steps",
    asks="the pair (a, b) of the one step that does first step 1 and then step 2",
    equation="23.5",
    section="A recurrence without a loop",
    reference=_join,
    returns=("a", "b"),
    cases=(
        Case("value", "two steps joined", 2, _draw_join),
        Case(
            "property",
            "it does not matter which two of three come first",
            1,
            _draw_join_three,
            law=_either_way,
        ),
        Case("edge", "a step that does nothing; one that forgets", 1, _draw_join_edge),
    ),
    mistakes=by_slip(
        _join,
        {
            "later-step-first": (
                "swapped",
                "step 2 was done before step 1. Put step 1 into step 2: what came out "
                "of the first goes into the second, (23.5).",
            ),
            "factors-added": (
                "added",
                "the factors a were added. One after the other they multiply, (23.5).",
            ),
            "last-term-lost": (
                "b-lost",
                "b of the second step is missing. The second step adds it after "
                "everything else.",
            ),
            "terms-just-added": (
                "plain",
                "the two b were added as they are. The first one passes through step "
                "2 and is multiplied on the way, (23.5).",
            ),
            "multiplied-by-both": (
                "both",
                "b of the first step was multiplied by both factors. It meets only "
                "the factor that comes after it.",
            ),
            "late-term-multiplied": (
                "late",
                "both b were multiplied by the second factor. The second b is added "
                "after it, (23.5).",
            ),
            "first-factor-lost": (
                "a-kept",
                "a is that of the second step alone. What stood before both steps is "
                "multiplied by each of them.",
            ),
        },
    ),
)


# -- all states, pass by pass --------------------------------------------------------


def _passes(a: Any, b: Any, h0: Any, *, slip: str = "") -> Any:
    a, b = a.copy(), b.copy()
    if slip == "added-to-all":
        b = b + h0
    elif slip == "unscaled":
        b[0] += h0
    elif slip != "no-state":
        b[0] += a[0] * h0
    T, reach, found = len(a), 1, [b.copy()]
    while reach < (T if slip != "short" else (T + 1) // 2):
        if slip == "in-place":
            for t in range(reach, T):
                b[t] = a[t] * b[t - reach] + b[t]
                a[t] = a[t] * a[t - reach]
        else:
            before_a, before_b = a.copy(), b.copy()
            if slip == "a-first":
                a[reach:] = before_a[reach:] * before_a[:-reach]
                b[reach:] = a[reach:] * before_b[:-reach] + before_b[reach:]
            elif slip == "swapped":
                b[reach:] = before_a[:-reach] * before_b[reach:] + before_b[:-reach]
                a[reach:] = before_a[reach:] * before_a[:-reach]
            else:
                b[reach:] = before_a[reach:] * before_b[:-reach] + before_b[reach:]
                if slip != "a-stays":
                    a[reach:] = before_a[reach:] * before_a[:-reach]
        found.append(b.copy())
        reach = reach * 2 if slip != "one-by-one" else reach + 1
    return np.stack(found)


def _recurrence(rng: Rng, T: int, n: int) -> Inputs:
    return {
        "a": rng.uniform(0.3, 1.0, size=(T, n)),
        "b": rng.normal(size=(T, n)),
        "h0": 1 + rng.uniform(size=n),
    }


def _draw_passes(rng: Rng) -> Inputs:
    return _recurrence(rng, 8, 3)


def _draw_passes_loop(rng: Rng) -> list[Inputs]:
    return [_recurrence(rng, T, 2) for T in (11, 6)]


def _last_is_the_loop(calls: list[Inputs], values: list[Any]) -> str:
    for call, value in zip(calls, values, strict=True):
        h = call["h0"]
        for t in range(len(call["a"])):
            h = call["a"][t] * h + call["b"][t]
        if not np.allclose(value[-1][-1], h):
            return (
                "After the last pass the last row should be the state that a loop "
                f"reaches from h0 in {len(call['a'])} steps; it is not."
            )
    return ""


def _draw_passes_edge(rng: Rng) -> list[Inputs]:
    return [_recurrence(rng, 1, 4), _recurrence(rng, 2, 3), _recurrence(rng, 5, 2)]


PASSES = Check(
    name="scan-passes",
    assignment=SLUG,
    points=4,
    title="scan_passes",
    asks=(
        "b after no pass, after one, and so on, (P + 1, T, N) with P passes; the last "
        "are the states"
    ),
    equation="23.14",
    section="A recurrence without a loop",
    reference=_passes,
    returns=("passes",),
    cases=(
        Case("value", "eight steps in three passes", 2, _draw_passes),
        Case(
            "property",
            "the last pass gives what the loop gives",
            1,
            _draw_passes_loop,
            law=_last_is_the_loop,
        ),
        Case("edge", "one step, two, five", 1, _draw_passes_edge),
    ),
    mistakes=by_slip(
        _passes,
        {
            "state-forgotten": (
                "no-state",
                "the scan starts from zero. h0 belongs into the first step, as "
                "a[0] times h0 beside b[0].",
            ),
            "state-not-multiplied": (
                "unscaled",
                "h0 was added to b[0] as it is. The first step multiplies it by a[0].",
            ),
            "state-added-everywhere": (
                "added-to-all",
                "h0 was added to every row. Only the first step meets h0; the others "
                "get their share through the passes.",
            ),
            "reach-grows-by-one": (
                "one-by-one",
                "the reach grows 1, 2, 3. After a pass each place knows twice as many "
                "steps, so the next reach is twice as long, (23.14).",
            ),
            "factors-not-joined": (
                "a-stays",
                "b was joined and a stayed as it was. A joined step has the product "
                "of both factors, (23.5), and the next pass needs it.",
            ),
            "read-while-writing": (
                "in-place",
                "places were read that the same pass had already written. In a pass "
                "all joinings use what stood there before it.",
            ),
            "factor-joined-too-early": (
                "a-first",
                "a was joined before b, and b then used the new a. (23.5) takes both "
                "from before the pass.",
            ),
            "neighbours-in-the-wrong-order": (
                "swapped",
                "the earlier step was applied after the later one. Which two are "
                "joined first is free, their order is not, (23.5).",
            ),
            "a-pass-missing": (
                "short",
                "the last pass is missing. The reach must double until it is at "
                "least T, (23.14); before that the last place has not seen the first.",
            ),
        },
    ),
)


# -- a GRU without a loop ------------------------------------------------------------


def _min_gru(
    xs: Any, W_z: Any, b_z: Any, W_n: Any, b_n: Any, h0: Any, *, slip: str = ""
) -> Any:
    z = xs @ W_z + b_z
    if slip == "no-bias":
        z = xs @ W_z
    if slip != "no-sigmoid":
        z = 0.5 + 0.5 * np.tanh(0.5 * z)
    n = xs @ W_n + b_n
    if slip == "tanh":
        n = np.tanh(n)
    kept, added = 1 - z, z * n
    if slip == "z-keeps":
        kept, added = z, (1 - z) * n
    if slip == "not-gated":
        added = n
    if slip == "leak":
        kept = np.ones_like(z)
    if slip == "swapped":
        z = 0.5 + 0.5 * np.tanh(0.5 * n)
        n = xs @ W_z + b_z
        kept, added = 1 - z, z * n
    h = 0 * h0 if slip == "no-state" else h0
    hs = []
    for t in range(len(xs)):
        h = kept[t] * h + added[t]
        hs.append(h)
    return np.stack(hs)


def _layer(rng: Rng, T: int, B: int, D: int, H: int) -> Inputs:
    return {
        "xs": rng.normal(size=(T, B, D)),
        "W_z": rng.normal(size=(D, H)),
        "b_z": 1 + rng.normal(size=H),
        "W_n": rng.normal(size=(D, H)),
        "b_n": rng.normal(size=H),
        "h0": rng.normal(size=(B, H)),
    }


def _draw_min_gru(rng: Rng) -> Inputs:
    return _layer(rng, 6, 2, 3, 5)


def _draw_min_gru_alone(rng: Rng) -> list[Inputs]:
    whole = _layer(rng, 7, 3, 2, 4)
    each = [
        whole | {"xs": whole["xs"][:, k : k + 1], "h0": whole["h0"][k : k + 1]}
        for k in range(3)
    ]
    return [whole, *each]


def _each_alone(calls: list[Inputs], values: list[Any]) -> str:
    whole, *each = values
    if np.allclose(whole, np.concatenate(each, axis=1)):
        return ""
    return "A sequence read alone should have the states that it has in the batch."


def _draw_min_gru_edge(rng: Rng) -> list[Inputs]:
    long = _layer(rng, 600, 2, 1, 3)
    long["b_z"] = np.full(3, 5.0)
    keep = _layer(rng, 5, 2, 4, 3)
    keep["b_z"] = np.full(3, -60.0)
    return [_layer(rng, 1, 2, 3, 4), long, keep]


MIN_GRU = Check(
    name="min-gru",
    assignment=SLUG,
    points=4,
    title="min_gru",
    asks="all states hs (T, B, H) of a minGRU that starts from h0",
    equation="23.3",
    section="A gate that does not look back",
    reference=_min_gru,
    returns=("hs",),
    cases=(
        Case("value", "the states of all steps", 2, _draw_min_gru),
        Case(
            "property",
            "each sequence on its own",
            1,
            _draw_min_gru_alone,
            law=_each_alone,
        ),
        Case(
            "edge",
            "one step; six hundred; a gate that keeps everything",
            1,
            _draw_min_gru_edge,
        ),
    ),
    mistakes=by_slip(
        _min_gru,
        {
            "gate-the-other-way": (
                "z-keeps",
                "z keeps the old state and 1 − z lets the new one in. In (23.3) it is "
                "the other way round.",
            ),
            "tanh-of-the-candidate": (
                "tanh",
                "the candidate went through a tanh. In a minGRU it is linear, (23.2).",
            ),
            "gate-without-sigmoid": (
                "no-sigmoid",
                "the gate is not between 0 and 1: (23.1) has a sigmoid around it.",
            ),
            "candidate-not-gated": (
                "not-gated",
                "the candidate is added whole. (23.3) multiplies it with z.",
            ),
            "nothing-forgotten": (
                "leak",
                "the old state is kept whole. (23.3) multiplies it with 1 − z.",
            ),
            "initial-state-ignored": (
                "no-state",
                "the layer starts from zero, whatever h0 is.",
            ),
            "gate-and-candidate-swapped": (
                "swapped",
                "the weights of gate and candidate changed places: W_z belongs to "
                "(23.1), W_n to (23.2).",
            ),
            "bias-of-the-gate-lost": (
                "no-bias",
                "the gate has no bias. (23.1) adds b_z before the sigmoid.",
            ),
        },
    ),
)

CHECKS = (FUSE, STACK, COST, ROOF, JOIN, PASSES, MIN_GRU)

"""The checks of chapter 3: curves, layers, heads and the gradient of a whole MLP."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from rnncourse.checks.diagnose import numbers
from rnncourse.checks.protocol import Case, Check, Mistake, by_slip

ASSIGNMENT = "03-multilayer-perceptron"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]
Rng = np.random.Generator


# -- activations ------------------------------------------------------------------


def _activations(z: Array, *, slip: str = "") -> tuple[Array, ...]:
    s = 0.5 + 0.5 * np.tanh(0.5 * z)
    t = np.tanh(z)
    r = np.maximum(z, 0)
    ds, dt, dr = s * (1 - s), 1 - t**2, (z > 0).astype(z.dtype)
    if slip == "z-in-slope":
        ds = z * (1 - z)
    if slip == "twice":
        inner = s * (1 - s)
        ds = inner * (1 - inner)
    if slip == "one-minus-square":
        ds = 1 - s**2
    if slip == "product":
        dt = t * (1 - t)
    if slip == "no-square":
        dt = 1 - t
    if slip == "plus":
        dt = 1 + t**2
    if slip == "z-squared":
        dt = 1 - z**2
    if slip == "half-angle":
        t = 2 * s - 1
        dt = 1 - t**2
    if slip == "one-at-zero":
        dr = (z >= 0).astype(z.dtype)
    if slip == "relu-itself":
        dr = r
    if slip == "sign":
        dr = np.sign(z)
    if slip == "magnitude":
        r = np.abs(z)
    if slip == "exponentials":
        up, down = np.exp(z), np.exp(-z)
        t = (up - down) / (up + down)
        dt = 1 - t**2
    if slip == "slope-exponentials":
        ds = np.exp(-z) / (1 + np.exp(-z)) ** 2
    return s, ds, t, dt, r, dr


def _draw_points(rng: Rng) -> Inputs:
    """Draw both signs, some near 0 and some further out."""
    size = rng.uniform(0.2, 3, size=(2, 5))
    return {"z": size * np.where(np.arange(10).reshape(2, 5) % 2, 1.0, -1.0)}


def _draw_mirror(rng: Rng) -> list[Inputs]:
    z = rng.uniform(0.2, 3, size=7)
    return [{"z": z}, {"z": -z}]


def _curves_mirror(calls: list[Inputs], values: list[Any]) -> str:
    (s, ds, t, dt, r, dr), (s_m, ds_m, t_m, dt_m, r_m, dr_m) = values
    z = calls[0]["z"]
    if not (np.allclose(np.add(s, s_m), 1) and np.allclose(np.add(t, t_m), 0)):
        return "At z and -z the two sigmoids add up to 1 and the two tanh to 0."
    if not (np.allclose(ds, ds_m) and np.allclose(dt, dt_m)):
        return "The slopes of sigmoid and tanh are the same at z and at -z."
    if not np.allclose(np.subtract(r, r_m), z) or not np.allclose(np.add(dr, dr_m), 1):
        return "Of z and -z, relu lets one pass, with slope 1, and stops the other."
    return ""


ACTIVATIONS = Check(
    name="activations",
    assignment=ASSIGNMENT,
    points=3,
    title="activations",
    asks="six arrays of the shape of z: sigmoid, tanh and relu, each followed by its "
    "slope (s, ds, t, dt, r, dr)",
    equation="3.2",
    section="Three curves and their slopes",
    reference=_activations,
    returns=("s", "ds", "t", "dt", "r", "dr"),
    cases=(
        Case("value", "ten numbers of either sign", 2, _draw_points),
        Case("property", "z and -z", 0.5, _draw_mirror, law=_curves_mirror),
        Case("edge", "z = 0, 1000 and -1000", 0.5,
             lambda rng: {"z": np.array([0.0, 1e3, -1e3, 2.0, -40.0, 1e-3, 5.0])}),
    ),
    mistakes=by_slip(
        _activations,
        {
            "sigmoid-slope-of-z": (
                "z-in-slope",
                "z stands where (3.2) has the output: the slope is made of y and "
                "1 - y.",
            ),
            "sigmoid-slope-of-slope": (
                "twice",
                "the product of (3.2) was applied twice, the second time to the slope "
                "itself.",
            ),
            "sigmoid-with-slope-of-tanh": (
                "one-minus-square",
                "the sigmoid got the slope (3.3), which belongs to tanh.",
            ),
            "tanh-with-slope-of-sigmoid": (
                "product",
                "tanh got the slope (3.2), which belongs to the sigmoid.",
            ),
            "square-forgotten": (
                "no-square",
                "the square of (3.3) is missing. At z = 0 nothing shows, and on the "
                "left the slope comes out above 1.",
            ),
            "square-added": (
                "plus",
                "the square of (3.3) was added instead of subtracted, so the curve "
                "would be steepest where it is flat.",
            ),
            "tanh-slope-of-z": (
                "z-squared",
                "z was squared where (3.3) squares the output y.",
            ),
            "tanh-of-half": (
                "half-angle",
                "the sigmoid was stretched to (-1, 1) without doubling z. tanh z is "
                "2σ(2z) - 1, twice as steep.",
            ),
            "relu-one-at-zero": (
                "one-at-zero",
                "the slope of relu at exactly 0 is 1. The corner has no slope of its "
                "own, and (3.7) takes 0 there.",
            ),
            "relu-as-its-slope": (
                "relu-itself",
                "relu came back as its own slope. By (3.7) the slope is 1 wherever z "
                "passes, however large it is.",
            ),
            "sign-as-slope": (
                "sign",
                "the slope of relu is -1 on the left. There relu stands still, and "
                "(3.7) has 0.",
            ),
            "absolute-value": (
                "magnitude",
                "relu turned negative numbers round. It makes them 0.",
            ),
            "tanh-by-exponentials": (
                "exponentials",
                "tanh was typed with two exponentials. At z = 1000 both are infinite "
                "and their quotient is not a number; use the tanh there is.",
            ),
            "sigmoid-slope-by-exponentials": (
                "slope-exponentials",
                "the slope of the sigmoid was typed with exponentials, which gives "
                "infinity over infinity at z = -1000. (3.2) needs the output alone.",
            ),
        },
    ),
)  # fmt: skip


# -- dense-forward ----------------------------------------------------------------


def _forward(x: Array, W: Array, b: Array, *, slip: str = "") -> Array:
    if slip == "no-bias":
        return x @ W
    if slip == "minus":
        return x @ W - b
    if slip == "bias-each":
        return x @ W + W.shape[0] * b
    if slip == "mean":
        return x @ W / W.shape[0] + b
    if slip == "tanh":
        return np.tanh(x @ W + b)
    if slip == "relu":
        return np.maximum(x @ W + b, 0)
    if slip == "sigmoid":
        return 0.5 + 0.5 * np.tanh(0.5 * (x @ W + b))
    if slip == "first":
        return x[0] @ W + b
    if slip == "bias-first":
        return np.concatenate([x[:1] @ W + b, x[1:] @ W])
    if slip == "summed":
        return (x @ W + b).sum(axis=0)
    if slip == "W-transposed":
        return x @ W.T + b
    if slip == "columns":
        return W.T @ x.T + b[:, None]
    return x @ W + b


def _draw_layer(rng: Rng, B: int, D: int, K: int) -> Inputs:
    return {
        "x": rng.normal(size=(B, D)),
        "W": rng.normal(size=(D, K)),
        "b": rng.uniform(0.5, 1.5, size=K) * np.where(np.arange(K) % 2, -1.0, 1.0),
    }


def _draw_rows_alone(rng: Rng) -> list[Inputs]:
    whole = _draw_layer(rng, 4, 5, 2)
    return [whole, *({**whole, "x": whole["x"][k : k + 1]} for k in range(4))]


def _rows_do_not_meet(calls: list[Inputs], values: list[Any]) -> str:
    whole, *alone = values
    if np.allclose(whole, np.concatenate(alone)):
        return ""
    return "Each row alone must give what it gives in the batch: rows never meet."


def _draw_forward_edge(rng: Rng) -> list[Inputs]:
    """Draw no input at all, one number, and weights of zero."""
    layer = _draw_layer(rng, 3, 4, 2)
    nothing = {**layer, "x": np.zeros((3, 4))}
    deaf = {**layer, "W": np.zeros((4, 2))}
    return [nothing, deaf, _draw_layer(rng, 1, 1, 1)]


FORWARD = Check(
    name="dense-forward",
    assignment=ASSIGNMENT,
    points=2,
    title="dense_forward",
    asks="the sums y of a layer, shape (B, K), a row for every row of x",
    equation="3.1",
    section="A hidden layer moves the points",
    reference=_forward,
    returns=("y",),
    cases=(
        Case("value", "three rows through a layer of four", 1.25,
             lambda rng: _draw_layer(rng, 3, 5, 4)),
        Case("property", "each row on its own", 0.5, _draw_rows_alone,
             law=_rows_do_not_meet),
        Case("edge", "inputs of 0, weights of 0, one neuron", 0.25,
             _draw_forward_edge),
        Case("naming", "equal sizes", 0, lambda rng: _draw_layer(rng, 3, 3, 3)),
    ),
    mistakes=by_slip(
        _forward,
        {
            "layer-without-bias": (
                "no-bias",
                "the biases of (3.1) are missing: without an input every neuron would "
                "have to say 0.",
            ),
            "layer-bias-subtracted": (
                "minus",
                "b was subtracted. In (3.1) it is added.",
            ),
            "layer-bias-for-each-input": (
                "bias-each",
                "b was added once for each of the D inputs. In (3.1) a neuron has one "
                "bias.",
            ),
            "layer-mean": (
                "mean",
                "the products were averaged over the D inputs. (3.1) adds them up.",
            ),
            "squashed-by-tanh": (
                "tanh",
                "the sums went through tanh already. (3.1) is the layer before its "
                "activation.",
            ),
            "cut-by-relu": (
                "relu",
                "negative sums became 0, as after a relu. (3.1) stops before it.",
            ),
            "squashed-by-sigmoid": (
                "sigmoid",
                "the sums went through the sigmoid. (3.1) leaves them as they are.",
            ),
            "first-row-only": (
                "first",
                "only the first row of x was used. (3.1) holds for all B rows at once.",
            ),
            "bias-on-the-first-row": (
                "bias-first",
                "b was added to the first row of x W only. In (3.1) every row gets it.",
            ),
            "rows-added-up": (
                "summed",
                "the rows of the batch were added up. In (3.1) they stay apart.",
            ),
            "layer-weights-transposed": (
                "W-transposed",
                "W was turned over. It has a row for each input and a column for each "
                "neuron, so (3.1) takes it as it stands.",
            ),
            "columns-instead-of-rows": (
                "columns",
                "the answer stands on its side: a column for each row of x. In (3.1) "
                "an example is a row, before and after.",
            ),
        },
    ),
)  # fmt: skip


# -- xor-by-hand ------------------------------------------------------------------

XOR_PARTS = ("W_1", "b_1", "W_2", "b_2")
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([0, 1, 1, 0])


def _xor_parts(value: Any) -> tuple[dict[str, Array], str]:
    """Read the four arrays of a network by hand; say what does not fit."""
    if not isinstance(value, dict) or set(value) != set(XOR_PARTS):
        return {}, f"a dict with the keys {', '.join(XOR_PARTS)} was asked for."
    net = {}
    for name, shape in zip(XOR_PARTS, ((2, 2), (2,), (2, 1), (1,)), strict=True):
        a = numbers(value[name])
        if a is None or not np.isfinite(a).all():
            return {}, f"{name} must be an array of finite numbers."
        flat = name in ("W_2", "b_2") and a.size == np.prod(shape)
        if a.shape != shape and not flat:
            return {}, f"{name} must have shape {shape}, got {a.shape}."
        net[name] = a.astype(float).reshape(shape)
    return net, ""


def _xor_sums(net: dict[str, Array], x: Array) -> tuple[Array, Array, Array]:
    """Return the sums of the hidden layer, its answers, and the last sum."""
    a = x @ net["W_1"] + net["b_1"]
    h = (a > 0).astype(float)
    return a, h, (h @ net["W_2"] + net["b_2"])[:, 0]


def _judge_corners(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    net, trouble = _xor_parts(values[0])
    if trouble:
        return 0.0, trouble
    _, h, z = _xor_sums(net, CORNERS)
    said = (z > 0).astype(int)
    if (said == XOR).all():
        return 1.0, ""
    k = int(np.flatnonzero(said != XOR)[0])
    message = (
        f"for the inputs {CORNERS[k].astype(int).tolist()} the hidden units say "
        f"{h[k].astype(int).tolist()} and the network says {said[k]}."
    )
    return 0.0, message, _xor_mistake(net, h, said)


def _xor_mistake(net: dict[str, Array], h: Array, said: Array) -> str:
    """Name what a network answers instead of XOR."""
    if np.array_equal(said, 1 - XOR):
        return "answers-reversed-xor"
    turned = {**net, "W_1": net["W_1"].T}
    if np.array_equal(_xor_sums(turned, CORNERS)[2] > 0, XOR == 1):
        return "first-weights-turned-over"
    if np.ptp(said) == 0:
        return "never-moves-xor"
    if np.array_equal(h[:, 0], h[:, 1]):
        return "hidden-units-alike"
    if (np.ptp(h, axis=0) == 0).any():
        return "hidden-unit-asleep"
    if said.tolist() == [0, 1, 1, 1]:
        return "only-or"
    if said.tolist() == [0, 0, 0, 1]:
        return "only-and"
    return "one-side-only" if said[1] != said[2] else ""


def _judge_moved(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    net, trouble = _xor_parts(values[0])
    if trouble:
        return 0.0, trouble
    moves = np.array(list(itertools.product((-0.2, 0.0, 0.2), repeat=2)))
    x = (CORNERS[:, None] + moves).reshape(-1, 2)
    said = _xor_sums(net, x)[2] > 0
    wrong = np.flatnonzero(said != np.repeat(XOR == 1, len(moves)))
    if not len(wrong):
        return 1.0, ""
    at, answer = x[wrong[0]].round(1).tolist(), int(said[wrong[0]])
    message = f"at {at}, a fifth off its corner, the network says {answer}."
    name = "on-the-threshold" if _on_threshold(net) else "thin-margin"
    return 1 - len(wrong) / len(x), message, name


def _on_threshold(net: dict[str, Array]) -> bool:
    a, _, z = _xor_sums(net, CORNERS)
    return bool((np.abs(a) < 1e-9).any() or (np.abs(z) < 1e-9).any())


def _judge_threshold(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    net, trouble = _xor_parts(values[0])
    if trouble:
        return 0.0, trouble
    if _on_threshold(net):
        return 0.0, "at a corner one of the sums is exactly 0.", "on-the-threshold"
    return 1.0, ""


def _net(
    W_1: Any = ((1, 1), (1, 1)),
    b_1: Any = (-0.5, -1.5),
    W_2: Any = ((1,), (-1,)),
    b_2: Any = (-0.5,),
) -> dict[str, Array]:
    parts = zip(XOR_PARTS, (W_1, b_1, W_2, b_2), strict=True)
    return {name: np.array(value, dtype=float) for name, value in parts}


XOR_BY_HAND = Check(
    name="xor-by-hand",
    assignment=ASSIGNMENT,
    points=3,
    title="xor_weights",
    asks="a dict with W_1 (2, 2), b_1 (2,), W_2 (2, 1) and b_2 (1,) of a network with "
    "two hidden units that computes XOR, where every unit says 1 if its sum is above "
    "0 and 0 otherwise",
    equation="3.8",
    section="A hidden layer moves the points",
    reference=_net(),
    how="value",
    returns=("xor_weights",),
    cases=(
        Case("value", "the four corners", 1.5, lambda rng: {}, judge=_judge_corners),
        Case("property", "inputs that are off by up to a fifth", 1,
             lambda rng: {}, judge=_judge_moved),
        Case("edge", "no sum at a corner is exactly 0", 0.5, lambda rng: {},
             judge=_judge_threshold),
    ),
    mistakes=(
        Mistake(
            "answers-reversed-xor", _net(W_2=((-1,), (1,)), b_2=(0.5,)),
            "all four answers are the wrong way round. Change the sign of the last sum "
            "in (3.8), its bias included.",
        ),
        Mistake(
            "first-weights-turned-over", _net(W_1=((1, 1), (2, 2)), b_1=(-0.5, -3)),
            "W_1 is turned over: its columns are the hidden units, its rows the "
            "inputs, as in (3.1). With rows and columns exchanged your network is "
            "right.",
        ),
        Mistake(
            "never-moves-xor", _net(b_2=(-3.0,)),
            "the answer is the same at all four corners. Follow (3.8) from the end: "
            "which hidden units have to speak for the last sum to cross 0?",
        ),
        Mistake(
            "hidden-units-alike", _net(b_1=(-0.5, -0.5), W_2=((2,), (-1,))),
            "the two hidden units say the same at every corner. Then (3.8) has only "
            "one line to work with, and one line is too few.",
        ),
        Mistake(
            "hidden-unit-asleep", _net(b_1=(-0.5, -3.0)),
            "one hidden unit says the same at every corner, so it tells the last one "
            "nothing. Its bias in (3.1) is too far from its weights.",
        ),
        Mistake(
            "only-or", _net(W_2=((1,), (-0.25,))),
            "this is OR: the corner (1, 1) should be answered with 0. The unit that "
            "sees both inputs has to outweigh the other one in (3.8).",
        ),
        Mistake(
            "only-and", _net(W_2=((-0.5,), (1.5,))),
            "this is AND: only (1, 1) is answered with 1, the corner that should not "
            "be. Look at the signs of W_2 in (3.8).",
        ),
        Mistake(
            "one-side-only", _net(W_1=((1, 1), (-1, 1)), W_2=((1,), (-1,))),
            "the corners (0, 1) and (1, 0) are answered differently. XOR does not know "
            "which input is which; one of them is missing from the last sum of (3.8).",
        ),
        Mistake(
            "thin-margin", _net(b_1=(-0.9, -1.9)),
            "the corners are right and the lines of the hidden units pass close to "
            "some of them. With weights of 1, put each line of (3.1) half way between "
            "the corners it separates.",
        ),
        Mistake(
            "on-the-threshold", _net(b_2=(0.0,)),
            "a sum is exactly 0 at a corner, so the answer hangs on whether 0 counts "
            "as above 0. Choose the biases of (3.8) so that it never comes to that.",
        ),
    ),
)  # fmt: skip


# -- dense-backward ---------------------------------------------------------------


def _backward(
    dy: Array, x: Array, W: Array, *, slip: str = ""
) -> tuple[Array, Array, Array]:
    dx, dW, db = dy @ W.T, x.T @ dy, dy.sum(axis=0)
    if slip == "W-as-is":
        dx = dy @ W
    if slip == "dx-by-x":
        dx = x * (dy @ W.T)
    if slip == "dx-mean":
        dx = dx / W.shape[1]
    if slip == "dx-summed":
        dx = np.broadcast_to(dx.sum(axis=0), dx.shape)
    if slip == "dW-turned":
        dW = dW.T
    if slip == "dW-mean":
        dW = dW / len(x)
    if slip == "both-mean":
        dW, db = dW / len(x), db / len(x)
    if slip == "dW-first":
        dW = np.outer(x[0], dy[0])
    if slip == "dW-sums":
        dW = np.outer(x.sum(axis=0), dy.sum(axis=0))
    if slip == "dW-each":
        dW = x[:, :, None] * dy[:, None, :]
    if slip == "db-each":
        db = dy
    if slip == "db-mean":
        db = dy.mean(axis=0)
    if slip == "db-one":
        db = dy.sum()
    if slip == "db-rows":
        db = dy.sum(axis=1)
    if slip == "db-ones":
        db = np.full(dy.shape[1], float(len(dy)))
    return dx, dW, db


def _draw_back(rng: Rng, B: int, D: int, K: int) -> Inputs:
    layer = _draw_layer(rng, B, D, K)
    return {"dy": rng.normal(size=(B, K)), "x": layer["x"], "W": layer["W"]}


def _draw_back_in_rows(rng: Rng) -> list[Inputs]:
    whole = _draw_back(rng, 3, 5, 2)
    rows = (slice(k, k + 1) for k in range(3))
    return [whole, *({**whole, "dy": whole["dy"][k], "x": whole["x"][k]} for k in rows)]


def _rows_add_up(calls: list[Inputs], values: list[Any]) -> str:
    (dx, dW, db), *alone = values
    if not np.allclose(dx, np.concatenate([v[0] for v in alone])):
        return "The row of dx that belongs to an example must not know of the others."
    if not np.allclose(dW, sum(v[1] for v in alone)) or not np.allclose(
        db, sum(v[2] for v in alone)
    ):
        return (
            "The examples share W and b, so their parts of dW and db add up: the batch "
            "must give the sum of what its rows give."
        )
    return ""


def _draw_back_edge(rng: Rng) -> list[Inputs]:
    given = _draw_back(rng, 3, 4, 2)
    return [
        _draw_back(rng, 1, 1, 1),
        {**given, "dy": np.zeros((3, 2))},
        {**given, "x": np.zeros((3, 4))},
    ]


BACKWARD = Check(
    name="dense-backward",
    assignment=ASSIGNMENT,
    points=4,
    title="dense_backward",
    asks="the gradients dx (B, D), dW (D, K) and db (K,), given dy (B, K)",
    equation="3.5",
    section="One layer sends back three gradients",
    reference=_backward,
    returns=("dx", "dW", "db"),
    cases=(
        Case("value", "the three gradients of a layer", 2,
             lambda rng: _draw_back(rng, 3, 5, 4)),
        Case("property", "the batch is the sum of its rows", 1, _draw_back_in_rows,
             law=_rows_add_up),
        Case("edge", "one number; no gradient from above; no input", 1,
             _draw_back_edge),
        Case("naming", "equal sizes", 0, lambda rng: _draw_back(rng, 3, 3, 3)),
    ),
    mistakes=by_slip(
        _backward,
        {
            "weights-not-turned-over": (
                "W-as-is",
                "W was used as on the way forward. In (3.4) it is turned over: what "
                "led from input j to neuron k now leads from k to j.",
            ),
            "input-in-dx": (
                "dx-by-x",
                "dx was multiplied by x. The input belongs to dW, (3.5); for dx, "
                "(3.4), the factor is W.",
            ),
            "dx-averaged": (
                "dx-mean",
                "dx was averaged over the K neurons. (3.4) adds: an input acts through "
                "all of them at once.",
            ),
            "dx-mixes-rows": (
                "dx-summed",
                "every row of dx got the sum over the batch. Each example has an input "
                "of its own, so in (3.4) the rows stay apart.",
            ),
            "dW-turned-over": (
                "dW-turned",
                "dW has the shape (K, D). A gradient has the shape of what it belongs "
                "to, so in (3.5) x is the one that is turned over.",
            ),
            "dW-averaged": (
                "dW-mean",
                "dW was divided by the size of the batch. The mean belongs to the "
                "loss, and dy has it already; (3.5) adds.",
            ),
            "dW-and-db-averaged": (
                "both-mean",
                "dW and db were divided by the size of the batch. If the loss is a "
                "mean, dy holds the division already; (3.5) and (3.6) are sums.",
            ),
            "first-example-only": (
                "dW-first",
                "dW is made of the first example alone. In (3.5) all rows add to it.",
            ),
            "sums-multiplied": (
                "dW-sums",
                "the rows of x and of dy were each added up before they were "
                "multiplied. (3.5) multiplies within an example and adds afterwards.",
            ),
            "dW-not-summed": (
                "dW-each",
                "dW came for each example. They share one W, so (3.5) adds over the "
                "batch.",
            ),
            "db-not-summed": (
                "db-each",
                "db is dy itself. The batch shares b, so (3.6) adds its rows up.",
            ),
            "db-averaged": (
                "db-mean",
                "db is a mean over the batch. (3.6) is a sum.",
            ),
            "db-one-number": (
                "db-one",
                "all of dy was added into one number. (3.6) adds over the batch and "
                "keeps a number for each neuron.",
            ),
            "db-over-neurons": (
                "db-rows",
                "dy was added along the neurons. (3.6) adds along the batch.",
            ),
            "db-without-dy": (
                "db-ones",
                "db counts the rows of the batch. The derivative of y by b is 1, but "
                "the chain goes on: (3.6) adds up dy.",
            ),
        },
    ),
)  # fmt: skip


# -- softmax-cross-entropy --------------------------------------------------------


def _softmax_loss(z: Array, y: Array, *, slip: str = "") -> tuple[Any, Array]:
    N, K = z.shape
    rows = np.arange(N)
    top = z.max(axis=1, keepdims=True)
    if slip == "overflow":
        top = 0.0
    if slip == "one-top":
        top = z.max()
    if slip == "down":
        shifted = z - z.max(axis=0)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=0))
    elif slip == "sigmoids":
        log_p = np.log(0.5 + 0.5 * np.tanh(0.5 * z))
    else:
        e = np.exp(z - top)
        total = e.sum(axis=1, keepdims=True)
        log_p = z - top - np.log(total)
        if slip in ("overflow", "one-top", "late-log"):
            log_p = np.log(e / total)
    p = np.exp(log_p)
    if slip == "clipped":
        p = np.clip(p, 1e-7, 1 - 1e-7)
        log_p = np.log(p)
    hit = np.zeros((N, K))
    hit[rows, y] = 1
    L = -log_p[rows, y].mean()
    dz = (p - hit) / N
    if slip == "sum":
        L, dz = L * N, dz * N
    if slip == "dz-sum":
        dz = dz * N
    if slip == "per-entry":
        dz = dz / K
    if slip == "no-hit":
        dz = p / N
    if slip == "uphill":
        dz = -dz
    if slip == "slope":
        dz = dz * p * (1 - p)
    if slip == "target-only":
        dz = dz * hit
    if slip == "no-log":
        L = 1 - p[rows, y].mean()
    if slip == "log2":
        L = L / np.log(2)
    if slip == "positive":
        L = -L
    if slip == "all-classes":
        L = -log_p.mean()
    if slip == "binary":
        L = -(hit * log_p + (1 - hit) * np.log1p(-p)).sum() / N
    if slip == "changed":
        z -= top
    return L, dz


def _draw_scores(rng: Rng, N: int, K: int) -> Inputs:
    y = rng.permutation(np.arange(N) % K)
    return {"z": 1.5 * rng.normal(size=(N, K)), "y": y}


def _draw_raised(rng: Rng) -> list[Inputs]:
    """Draw scores, then add a number to each row."""
    first = _draw_scores(rng, 4, 3)
    return [first, {**first, "z": first["z"] + rng.uniform(1, 3, size=(4, 1))}]


def _raising_is_free(calls: list[Inputs], values: list[Any]) -> str:
    (L, dz), (L_2, dz_2) = values
    if not (np.isclose(L, L_2) and np.allclose(dz, dz_2)):
        return (
            "One number was added to all scores of a row. Softmax sees differences "
            "alone, so neither loss nor gradient may change."
        )
    if not np.allclose(np.sum(dz, axis=1), 0):
        return "Each row of dz must add up to 0: p adds up to 1, as the target does."
    return ""


def _draw_scores_edge(rng: Rng) -> list[Inputs]:
    far = np.array([[1000.0, 0.0, -1000.0], [-1000.0, -1001.0, -1002.0]])
    return [
        {"z": far, "y": np.array([0, 2])},
        {"z": far, "y": np.array([2, 0])},
        {"z": np.zeros((1, 4)), "y": np.array([3])},
    ]


SOFTMAX_LOSS = Check(
    name="softmax-cross-entropy",
    assignment=ASSIGNMENT,
    points=4,
    title="softmax_cross_entropy",
    asks="L, the mean cross-entropy of the softmax of z in nats, and dz, its gradient "
    "with respect to the scores, shape (N, K)",
    equation="3.9",
    section="Several neurons that compete",
    reference=_softmax_loss,
    returns=("L", "dz"),
    cases=(
        Case("value", "five rows of three scores", 2,
             lambda rng: _draw_scores(rng, 5, 3)),
        Case("property", "a number added to each row", 1, _draw_raised,
             law=_raising_is_free),
        Case("edge", "scores of 1000 and -1000; equal scores", 1, _draw_scores_edge),
    ),
    mistakes=by_slip(
        _softmax_loss,
        {
            "scores-overflow": (
                "overflow",
                "the exponentials overflow at a score of 1000. Take the largest score "
                "of the row away first: (3.14) does not notice.",
            ),
            "largest-of-all-rows": (
                "one-top",
                "the largest score of the whole array was taken away. A row far below "
                "it is then all 0, and (3.14) divides 0 by 0; each row needs its own.",
            ),
            "logarithm-of-zero": (
                "late-log",
                "p was formed first and its logarithm taken afterwards. A p that is "
                "rounded to 0 has none; take the logarithm of (3.14) on paper.",
            ),
            "probabilities-clipped": (
                "clipped",
                "p was kept away from 0 and 1 by a small number. The loss of a row "
                "that is wrong by 2000 is then no longer 2000; in the logarithm of "
                "(3.14) nothing has to be clipped.",
            ),
            "softmax-down-the-batch": (
                "down",
                "the softmax ran down the batch. In (3.14) the K scores of one row "
                "compete, not the examples.",
            ),
            "sigmoid-for-each-class": (
                "sigmoids",
                "each score went through a sigmoid of its own. Then the classes do not "
                "compete; in (3.14) they share one sum.",
            ),
            "loss-and-gradient-summed": (
                "sum",
                "L and dz are sums over the rows. The mean was asked for, and (3.9) "
                "divides by N.",
            ),
            "gradient-not-divided": (
                "dz-sum",
                "L is a mean and dz belongs to the sum. The gradient of a mean is "
                "divided by N as well, (3.9).",
            ),
            "divided-by-classes": (
                "per-entry",
                "dz was divided by N and by K. The loss of a row is one number, not K "
                "of them, so (3.9) divides by N alone.",
            ),
            "target-not-subtracted": (
                "no-hit",
                "dz is p over N. In (3.9) the 1 at the target is taken away: that is "
                "where the gradient gets its direction.",
            ),
            "target-minus-p": (
                "uphill",
                "the difference of (3.9) is the wrong way round: p minus the target is "
                "the gradient, and training subtracts it.",
            ),
            "slope-multiplied-again": (
                "slope",
                "dz was multiplied by p(1 - p). In (3.9) the slope of the softmax is "
                "in already; it has cancelled against the one of the logarithm.",
            ),
            "only-the-target-column": (
                "target-only",
                "dz is 0 outside of the target's column. The other scores share the "
                "sum of (3.14), so (3.9) pushes them down.",
            ),
            "loss-without-logarithm": (
                "no-log",
                "the loss is 1 minus the probability of the target. (3.9) is the "
                "gradient of minus its logarithm.",
            ),
            "loss-in-bits": (
                "log2",
                "the loss is in bits. The course takes the natural logarithm, and only "
                "for it does (3.9) come without a factor.",
            ),
            "loss-negative": (
                "positive",
                "the loss is negative. It is minus the logarithm, so it can only be 0 "
                "or more; its gradient is (3.9).",
            ),
            "mean-over-all-classes": (
                "all-classes",
                "the logarithms of all K probabilities were averaged. Only the "
                "target's counts; the others act through the sum in (3.14).",
            ),
            "binary-loss-for-each-class": (
                "binary",
                "the loss has a term for each class that was not the target, as K yes "
                "or no questions would. With (3.14) the target's term says it all.",
            ),
            "changed-its-input": (
                "changed",
                "the scores were overwritten on the way. Whoever called still needs z; "
                "subtract into a new array before (3.14).",
            ),
        },
    ),
)  # fmt: skip


# -- mlp-gradient -----------------------------------------------------------------


def _mlp_gradient(
    X: Array,
    y: Array,
    W_1: Array,
    b_1: Array,
    W_2: Array,
    b_2: Array,
    *,
    slip: str = "",
) -> tuple[Array, Array, Array, Array]:
    N = len(X)
    a = X @ W_1 + (0 if slip == "no-b1" else b_1)
    h = np.tanh(a)
    z = h @ W_2 + b_2
    if slip == "no-tanh":
        h = a
        z = h @ W_2 + b_2
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    if slip == "no-softmax":
        p = z
    hit = np.zeros_like(p)
    if slip != "no-target":
        hit[np.arange(N), y] = 1
    dz = (p - hit) / N
    if slip == "sum":
        dz = dz * N
    if slip == "uphill":
        dz = -dz
    if slip == "squares":
        q = 2 * (p - hit) / N
        dz = p * (q - (q * p).sum(axis=1, keepdims=True))
    dh = dz @ W_2.T
    slope = 1 - h**2
    if slip in ("no-slope", "no-tanh"):
        slope = 1.0
    if slip == "slope-of-a":
        slope = 1 - a**2
    if slip == "tanh-twice":
        slope = 1 - np.tanh(h) ** 2
    if slip == "sigmoid-slope":
        slope = h * (1 - h)
    if slip == "relu-slope":
        slope = (h > 0).astype(float)
    if slip == "slope-squared":
        slope = (1 - h**2) ** 2
    da = dh * slope
    dW_1, db_1, dW_2, db_2 = X.T @ da, da.sum(axis=0), h.T @ dz, dz.sum(axis=0)
    if slip == "dW2-of-a":
        dW_2 = a.T @ dz
    if slip == "db-means":
        db_1, db_2 = da.mean(axis=0), dz.mean(axis=0)
    if slip == "db1-before":
        db_1 = dh.sum(axis=0)
    if slip == "stops":
        dW_1, db_1 = np.zeros_like(dW_1), np.zeros_like(db_1)
    if slip == "after-update":
        da = (dz @ (W_2 - dW_2).T) * slope
        dW_1, db_1 = X.T @ da, da.sum(axis=0)
    return dW_1, db_1, dW_2, db_2


def _mlp_loss(X: Array, y: Array, *arrays: Array) -> float:
    W_1, b_1, W_2, b_2 = arrays
    z = np.tanh(X @ W_1 + b_1) @ W_2 + b_2
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return float(-log_p[np.arange(len(X)), y].mean())


def _draw_mlp(rng: Rng, N: int, D: int, H: int, K: int) -> Inputs:
    return {
        "X": rng.normal(size=(N, D)),
        "y": rng.permutation(np.arange(N) % K),
        "W_1": rng.normal(size=(D, H)) / np.sqrt(D),
        "b_1": 0.5 * rng.normal(size=H),
        "W_2": rng.normal(size=(H, K)),
        "b_2": 0.5 * rng.normal(size=K),
    }


def _draw_two_mlps(rng: Rng) -> list[Inputs]:
    return [_draw_mlp(rng, 6, 4, 5, 3), _draw_mlp(rng, 4, 2, 6, 5)]


def _central_difference(calls: list[Inputs], values: list[Any]) -> str:
    """Compare each gradient with the slope of the loss along itself."""
    names = ("W_1", "b_1", "W_2", "b_2")
    for call, grads in zip(calls, values, strict=True):
        for name, grad in zip(names, grads, strict=True):
            step = 1e-5 * np.asarray(grad) / max(1e-12, float(np.linalg.norm(grad)))
            up, down = (
                _mlp_loss(*{**call, name: call[name] + move}.values())
                for move in (step, -step)
            )
            slope, said = (up - down) / 2e-5, float(np.linalg.norm(grad))
            if not np.isclose(slope, said, rtol=1e-5, atol=1e-8):
                return (
                    f"Along d{name} the loss rises by {slope:.5f} for each unit, by "
                    f"central differences; the length of d{name} says {said:.5f}."
                )
    return ""


def _draw_mlp_edge(rng: Rng) -> list[Inputs]:
    """Draw one example, one hidden unit, and units that are saturated."""
    stuck = _draw_mlp(rng, 3, 2, 4, 3)
    stuck["b_1"] = np.array([40.0, -40.0, 0.3, 0.1])
    return [_draw_mlp(rng, 1, 3, 2, 4), _draw_mlp(rng, 3, 2, 1, 4), stuck]


MLP_GRADIENT = Check(
    name="mlp-gradient",
    assignment=ASSIGNMENT,
    points=5,
    title="mlp_gradient",
    asks="the gradients dW_1, db_1, dW_2 and db_2 of the mean cross-entropy, each of "
    "the shape of its array",
    equation="3.8",
    section="The whole gradient, checked twice",
    reference=_mlp_gradient,
    returns=("dW_1", "db_1", "dW_2", "db_2"),
    cases=(
        Case("value", "the four gradients", 2.5,
             lambda rng: _draw_mlp(rng, 5, 3, 4, 6)),
        Case("property", "the slope of the loss by central differences", 1.5,
             _draw_two_mlps, law=_central_difference),
        Case("edge", "one example, one hidden unit, saturated units", 1,
             _draw_mlp_edge),
    ),
    mistakes=by_slip(
        _mlp_gradient,
        {
            "slope-of-tanh-forgotten": (
                "no-slope",
                "the gradient went past the tanh as if it were not there. Between dh "
                "and dW_1 stands the slope (3.3).",
            ),
            "slope-from-the-sum": (
                "slope-of-a",
                "the sum before the tanh was squared. (3.3) is written with the "
                "output h.",
            ),
            "tanh-applied-again": (
                "tanh-twice",
                "tanh was applied to h a second time to get the slope. h is the output "
                "already; (3.3) squares it as it is.",
            ),
            "slope-of-the-sigmoid": (
                "sigmoid-slope",
                "the slope is that of a sigmoid, (3.2). The hidden units here are "
                "tanh, (3.3).",
            ),
            "slope-of-relu": (
                "relu-slope",
                "the slope is that of a relu, (3.7). The hidden units here are tanh, "
                "(3.3).",
            ),
            "slope-twice": (
                "slope-squared",
                "the slope (3.3) was multiplied in twice.",
            ),
            "tanh-forgotten": (
                "no-tanh",
                "the hidden layer has no tanh. Without one, (3.8) is a single linear "
                "layer in two pieces.",
            ),
            "hidden-bias-forgotten": (
                "no-b1",
                "b_1 was left out on the way forward, so all of (3.8) is computed at "
                "another place.",
            ),
            "scores-taken-for-probabilities": (
                "no-softmax",
                "the scores were used where (3.9) has the probabilities: the softmax "
                "is missing.",
            ),
            "targets-forgotten": (
                "no-target",
                "the targets y do not appear. In (3.9) the 1 of the target is taken "
                "away from p.",
            ),
            "gradient-of-the-sum": (
                "sum",
                "all four gradients are N times too large: (3.9) divides by N, since "
                "the loss is a mean.",
            ),
            "loss-uphill": (
                "uphill",
                "all four gradients have the wrong sign; look at the difference in "
                "(3.9).",
            ),
            "squared-error-instead": (
                "squares",
                "this is the gradient of the squared error of p. The cross-entropy "
                "gives the simpler (3.9), without the slope of the softmax.",
            ),
            "hidden-sums-in-dW-2": (
                "dW2-of-a",
                "dW_2 was made with the sums before the tanh. The input of the second "
                "layer, the x of its (3.5), is h.",
            ),
            "bias-gradients-averaged": (
                "db-means",
                "db_1 and db_2 are means over the batch. The division by N is in dz "
                "already, and (3.6) adds.",
            ),
            "hidden-bias-past-the-tanh": (
                "db1-before",
                "db_1 adds up dh. The bias sits inside the tanh, so (3.6) of the first "
                "layer adds what has passed the slope.",
            ),
            "stopped-at-the-last-layer": (
                "stops",
                "dW_1 and db_1 are 0: the gradient was not sent on through W_2 by "
                "(3.4).",
            ),
            "weights-already-changed": (
                "after-update",
                "W_2 was changed before the gradient went through it. Both layers need "
                "the weights of the way forward, also in (3.4).",
            ),
        },
    ),
)  # fmt: skip


# -- mlp-parameter-count ----------------------------------------------------------


def _count(sizes: Sequence[int], *, slip: str = "") -> int:
    pairs = list(itertools.pairwise(sizes))
    weights = sum(D * K for D, K in pairs)
    if slip == "no-bias":
        return weights
    if slip == "layer-bias":
        return weights + len(pairs)
    if slip == "input-bias":
        return weights + sum(sizes)
    if slip == "wrong-side":
        return weights + sum(sizes[:-1])
    if slip == "last-bias":
        return weights + sum(sizes[1:-1])
    if slip == "neurons":
        return sum(sizes)
    if slip == "product":
        return int(np.prod(sizes))
    if slip == "no-output":
        return sum((D + 1) * K for D, K in pairs[:-1])
    if slip == "both-plus":
        return sum((D + 1) * (K + 1) for D, K in pairs)
    if slip == "ends":
        return (sizes[0] + 1) * sizes[-1]
    if slip == "slopes":
        return weights + 2 * sum(sizes[1:])
    return weights + sum(sizes[1:])


def _draw_sizes(rng: Rng, layers: int) -> Inputs:
    return {"sizes": [int(n) for n in rng.permutation(np.arange(3, 14))[:layers]]}


def _draw_joined(rng: Rng) -> list[Inputs]:
    sizes = _draw_sizes(rng, 5)["sizes"]
    return [{"sizes": sizes}, {"sizes": sizes[:3]}, {"sizes": sizes[2:]}]


def _joined_counts_add(calls: list[Inputs], values: list[Any]) -> str:
    if np.isclose(values[0], values[1] + values[2]):
        return ""
    return "Two networks, one put behind the other, have as many numbers as both had."


PARAMETERS = Check(
    name="mlp-parameter-count",
    assignment=ASSIGNMENT,
    points=2,
    title="count_mlp_parameters",
    asks="how many numbers an MLP with these layer sizes learns, biases included, as "
    "an integer",
    equation="3.11",
    section="A hidden layer moves the points",
    reference=_count,
    returns=("the count",),
    cases=(
        Case("value", "an MLP with two hidden layers", 1.25,
             lambda rng: _draw_sizes(rng, 4)),
        Case("property", "two networks joined end to end", 0.5, _draw_joined,
             law=_joined_counts_add),
        Case("edge", "no hidden layer; layers of one; the network of the lab", 0.25,
             lambda rng: [{"sizes": [64, 10]}, {"sizes": [1, 1, 1]},
                          {"sizes": [64, 32, 10]}]),
    ),
    mistakes=by_slip(
        _count,
        {
            "weights-only": (
                "no-bias",
                "the biases are missing: the + 1 of (3.11), one for each neuron that "
                "adds something up.",
            ),
            "one-bias-a-layer": (
                "layer-bias",
                "each layer got one bias. In (3.11) every neuron has its own.",
            ),
            "inputs-with-biases": (
                "input-bias",
                "the inputs got biases as well. They compute nothing; (3.11) counts "
                "from the first hidden layer on.",
            ),
            "bias-for-each-sender": (
                "wrong-side",
                "biases were counted for the neurons that send. They belong to those "
                "that receive: the + 1 of (3.11) stands with the inputs and is "
                "multiplied by the outputs.",
            ),
            "no-bias-in-the-last-layer": (
                "last-bias",
                "the output neurons have no biases in your count. In (3.11) they do, "
                "like all that add something up.",
            ),
            "neurons-counted": (
                "neurons",
                "the neurons were counted. What is learnt are the numbers on the "
                "arrows between them, (3.11).",
            ),
            "sizes-multiplied": (
                "product",
                "all sizes were multiplied. In (3.11) each two neighbours are "
                "multiplied, and the layers are added.",
            ),
            "output-layer-left-out": (
                "no-output",
                "the last layer of (3.11) is missing.",
            ),
            "plus-one-on-both-sides": (
                "both-plus",
                "1 was added on both sides. The + 1 of (3.11) is the bias as one more "
                "input; there is no further output.",
            ),
            "hidden-layers-skipped": (
                "ends",
                "inputs and outputs were joined directly. In (3.11) the numbers lie "
                "between neighbours.",
            ),
            "activation-counted": (
                "slopes",
                "each neuron was given a second number beside its bias. An activation "
                "has nothing to learn and is not in (3.11).",
            ),
        },
    ),
)  # fmt: skip


# -- output-heads -----------------------------------------------------------------

HEADS: dict[str, tuple[int, str, str]] = {
    "tomorrow": (1, "identity", "squared error"),
    "week": (7, "identity", "squared error"),
    "digit": (10, "softmax", "cross-entropy"),
    "spam": (1, "sigmoid", "cross-entropy"),
    "tags": (20, "sigmoid", "cross-entropy"),
    "denoise": (64, "identity", "squared error"),
}
ALSO_RIGHT = {"spam": (2, "softmax", "cross-entropy")}
Head = tuple[int, str, str]


def _read_heads(value: Any) -> tuple[dict[str, Head], str]:
    if not isinstance(value, dict) or set(value) != set(HEADS):
        return {}, f"a dict with the keys {', '.join(HEADS)} was asked for."
    heads: dict[str, Head] = {}
    for task, head in value.items():
        if not isinstance(head, list) or len(head) != 3:
            return {}, f"{task} needs three things: neurons, activation and loss."
        size = numbers(head[0])
        if size is None or size.ndim or not all(isinstance(w, str) for w in head[1:]):
            return {}, f"{task} needs a number and two words, got {head!r}."[:200]
        activation, loss = (w.strip().casefold() for w in head[1:])
        if activation not in ("identity", "sigmoid", "softmax"):
            return {}, f"the activation of {task} is {activation!r}, not on the list."
        if loss not in ("squared error", "cross-entropy"):
            return {}, f"the loss of {task} is {loss!r}, not on the list."
        heads[task] = (int(size), activation, loss)
    return heads, ""


def _right_heads(task: str) -> list[Head]:
    return [HEADS[task], *([ALSO_RIGHT[task]] if task in ALSO_RIGHT else [])]


def _judge_heads(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    heads, trouble = _read_heads(values[0])
    if trouble:
        return 0.0, trouble
    wrong = [t for t in HEADS if t != "spam" and heads[t][:2] != HEADS[t][:2]]
    if not wrong:
        return 1.0, ""
    task, (size, activation, _) = wrong[0], heads[wrong[0]]
    others = f" Look at {', '.join(wrong[1:])} as well." if wrong[1:] else ""
    neurons = "neuron" if size == 1 else "neurons"
    message = f"for {task}, {size} {neurons} with {activation} will not do.{others}"
    credit = 1 - len(wrong) / 5
    return credit if credit > 0.5 else 0.0, message, _head_mistake(task, heads[task])


def _head_mistake(task: str, head: Head) -> str:
    size, activation, _ = head
    if HEADS[task][1] == "identity" and activation != "identity":
        return "squashed-number"
    if task == "week" and size == 1:
        return "one-neuron-for-seven-numbers"
    if task == "digit" and size == 1:
        return "class-as-a-number"
    if task == "digit" and activation == "sigmoid":
        return "classes-that-do-not-compete"
    if task == "tags" and activation == "softmax":
        return "tags-that-compete"
    if task == "denoise" and activation == "identity":
        return "not-a-neuron-for-each-pixel"
    if task == "digit" and activation == "identity":
        return "scores-without-probabilities"
    return ""


def _judge_losses(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    heads, trouble = _read_heads(values[0])
    if trouble:
        return 0.0, trouble
    fits = {"identity": "squared error"}
    wrong = [t for t, h in heads.items() if h[2] != fits.get(h[1], "cross-entropy")]
    if not wrong:
        return 1.0, ""
    name = "loss-does-not-fit"
    if heads[wrong[0]][2] == "squared error":
        name = "squared-error-of-a-probability"
    return 1 - len(wrong) / len(heads), f"look at the loss of {wrong[0]}.", name


def _judge_spam(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    heads, trouble = _read_heads(values[0])
    if trouble:
        return 0.0, trouble
    size, activation, _ = heads["spam"]
    if (size, activation) in [h[:2] for h in _right_heads("spam")]:
        return 1.0, ""
    name = ""
    if activation == "softmax" and size == 1:
        name = "softmax-of-one"
    if activation == "sigmoid" and size == 2:
        name = "yes-and-no-apart"
    return 0.0, f"for spam, {size} with {activation} will not do.", name


def _heads(**changes: Head) -> dict[str, Head]:
    return {**HEADS, **changes}


OUTPUT_HEADS = Check(
    name="output-heads",
    assignment=ASSIGNMENT,
    points=3,
    title="heads",
    asks="a dict with, for each of the six tasks, the number of output neurons, their "
    "activation and the loss",
    equation="3.15",
    section="The head says what a number means",
    reference=dict(HEADS),
    how="value",
    returns=("heads",),
    cases=(
        Case("value", "neurons and activations of five tasks", 1.5, lambda rng: {},
             judge=_judge_heads),
        Case("property", "each loss fits its activation", 0.75, lambda rng: {},
             judge=_judge_losses),
        Case("edge", "two classes, with one neuron or with two", 0.75, lambda rng: {},
             judge=_judge_spam),
    ),
    mistakes=(
        Mistake(
            "one-neuron-for-seven-numbers",
            _heads(week=(1, "identity", "squared error")),
            "one neuron was to give seven numbers. Regression needs a neuron for each "
            "number that is wanted: one column of W each, (3.1).",
        ),
        Mistake(
            "squashed-number",
            _heads(tomorrow=(1, "sigmoid", "cross-entropy")),
            "a quantity was squeezed into (0, 1) or made to share a sum of 1. "
            "Electricity and grey levels know no such limits; leave the sum of (3.1) "
            "as it is.",
        ),
        Mistake(
            "class-as-a-number",
            _heads(digit=(1, "identity", "squared error")),
            "the ten digits were put on a line, where a 3 taken for an 8 would cost "
            "more than one taken for a 4. Classes have no order: a neuron each, and "
            "(3.14).",
        ),
        Mistake(
            "classes-that-do-not-compete",
            _heads(digit=(10, "sigmoid", "cross-entropy")),
            "ten sigmoids may all say yes to one picture. A picture shows one digit, "
            "so its ten probabilities should add up to 1, as those of (3.14) do.",
        ),
        Mistake(
            "tags-that-compete",
            _heads(tags=(20, "softmax", "cross-entropy")),
            "with (3.14) the tags take probability from each other. A photograph may "
            "carry five of them or none: twenty questions with yes or no.",
        ),
        Mistake(
            "not-a-neuron-for-each-pixel",
            _heads(denoise=(1, "identity", "squared error")),
            "the picture that comes out has 64 pixels. Each is a number of its own and "
            "needs a column of W in (3.1).",
        ),
        Mistake(
            "scores-without-probabilities",
            _heads(digit=(10, "identity", "squared error")),
            "the ten scores were left as they are. (3.14) makes probabilities of them, "
            "and only those can be compared with what was seen.",
        ),
        Mistake(
            "squared-error-of-a-probability",
            _heads(digit=(10, "softmax", "squared error")),
            "a probability was judged by its squared error. That loss goes flat where "
            "the network is sure and wrong; the cross-entropy gives (3.9).",
        ),
        Mistake(
            "loss-does-not-fit",
            _heads(week=(7, "identity", "cross-entropy")),
            "the cross-entropy was asked of plain numbers. It needs probabilities, as "
            "(3.14) makes them.",
        ),
        Mistake(
            "softmax-of-one",
            _heads(spam=(1, "softmax", "cross-entropy")),
            "a softmax over one neuron is always 1, whatever its score. By (3.15) it "
            "takes two neurons, or one with another activation.",
        ),
        Mistake(
            "yes-and-no-apart",
            _heads(spam=(2, "sigmoid", "cross-entropy")),
            "two sigmoids may answer yes and no at once. By (3.15) one of them is "
            "enough, or the two have to compete.",
        ),
    ),
)  # fmt: skip


CHECKS = (
    ACTIVATIONS,
    FORWARD,
    XOR_BY_HAND,
    BACKWARD,
    OUTPUT_HEADS,
    SOFTMAX_LOSS,
    MLP_GRADIENT,
    PARAMETERS,
)

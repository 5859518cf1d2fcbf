"""The checks of chapter 1: a distance, a neuron, its loss and two ways to learn."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, by_slip

ASSIGNMENT = "01-perceptron"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]
Rng = np.random.Generator


def _sigmoid(z: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(z, dtype=float))


# -- vector-distance --------------------------------------------------------------


def _distance(
    v1: Array, v2: Array, scales: Array, e: float, *, slip: str = ""
) -> tuple[Any, bool]:
    gap = (v1 - v2) * scales
    if slip == "unscaled":
        gap = v1 - v2
    if slip == "divided":
        gap = (v1 - v2) / scales
    if slip == "one-scaled":
        gap = v1 * scales - v2
    squares = gap**2
    if slip == "late":
        squares = (v1 - v2) ** 2 * scales
    d = np.sqrt(squares.sum())
    if slip == "squared":
        d = squares.sum()
    if slip == "blocks":
        d = np.abs(gap).sum()
    if slip == "largest":
        d = np.abs(gap).max()
    if slip == "mean":
        d = np.sqrt(squares.mean())
    if slip == "lengths":
        d = abs(np.linalg.norm(v1 * scales) - np.linalg.norm(v2 * scales))
    if slip == "at":
        return d, bool(d <= e)
    if slip == "far":
        return d, bool(d > e)
    return d, bool(d < e)


def _near_and_far(rng: Rng, D: int) -> list[Inputs]:
    """Draw two vectors and a limit above their distance, then one below it."""
    v1, v2 = rng.uniform(0, 4, size=(2, D))
    given = {"v1": v1, "v2": v2, "scales": rng.uniform(1.5, 3, size=D)}
    d = _distance(**given, e=1.0)[0]
    return [{**given, "e": float(1.5 * d)}, {**given, "e": float(0.8 * d)}]


def _draw_units(rng: Rng) -> list[Inputs]:
    """Draw two vectors, then the same with one feature in thousandths."""
    first = _near_and_far(rng, 6)[0]
    factor = np.array([1, 1, 1, 1, 1, 1000.0])
    second = {
        "v1": first["v1"] * factor,
        "v2": first["v2"] * factor,
        "scales": first["scales"] / factor,
        "e": first["e"],
    }
    return [first, second]


def _unit_is_no_matter(calls: list[Inputs], values: list[Any]) -> str:
    (first, _), (second, _) = values
    if np.allclose(first, second):
        return ""
    return (
        "The sixth feature was noted in thousandths and its scale made a thousandth "
        "as large. That is the same thing in another unit, so the distance stays."
    )


def _draw_distance_edge(rng: Rng) -> list[Inputs]:
    """Draw a distance of exactly 5 with the limit 5, and a vector with itself."""
    at = {
        "v1": np.array([1.0, 2.0, 7.0]),
        "v2": np.array([4.0, 2.0, 5.0]),
        "scales": np.array([1.0, 3.0, 2.0]),
        "e": 5.0,
    }
    v = rng.uniform(1, 4, size=4)
    return [at, {"v1": v, "v2": v.copy(), "scales": np.full(4, 2.0), "e": 0.5}]


DISTANCE = Check(
    name="vector-distance",
    assignment=ASSIGNMENT,
    points=2,
    title="vector_distance",
    asks="the distance d of the two vectors, each feature multiplied by its scale, and "
    "near, True if d is below e and False otherwise",
    equation="1.1",
    section="A picture becomes a row of numbers",
    reference=_distance,
    returns=("d", "near"),
    cases=(
        Case("value", "two vectors, a wide and a narrow limit", 2,
             lambda rng: _near_and_far(rng, 6)),
        Case("property", "a feature noted in another unit", 1, _draw_units,
             law=_unit_is_no_matter),
        Case("edge", "a distance equal to the limit; a vector and itself", 1,
             _draw_distance_edge),
    ),
    mistakes=by_slip(
        _distance,
        {
            "root-forgotten": (
                "squared",
                "the squares were added and the root was not taken. Then d has squared "
                "units, and e has not.",
            ),
            "sum-of-differences": (
                "blocks",
                "the differences were added without squares. That is a distance, too, "
                "the one of a taxi between blocks of houses, but the chapter's is the "
                "straight one.",
            ),
            "largest-difference": (
                "largest",
                "only the feature that differs most was looked at. Every feature "
                "counts here.",
            ),
            "mean-of-squares": (
                "mean",
                "the squares were averaged before the root. With six features that "
                "makes d smaller by the root of six.",
            ),
            "difference-of-lengths": (
                "lengths",
                "each vector was measured on its own and the lengths were subtracted. "
                "Two vectors of one length can lie far apart.",
            ),
            "scales-ignored": (
                "unscaled",
                "the scales were not used, so the unit somebody chose for a feature "
                "decides how much it counts. Like the weights of (1.1), the scales are "
                "factors.",
            ),
            "divided-by-scales": (
                "divided",
                "the features were divided by their scales. A large scale then makes "
                "its feature count less; like a weight in (1.1), it should make it "
                "count more.",
            ),
            "scaled-after-squaring": (
                "late",
                "the differences were squared first and scaled afterwards. A scale "
                "belongs to the feature, so it is squared together with the "
                "difference.",
            ),
            "one-vector-scaled": (
                "one-scaled",
                "only the first vector was scaled. Now the two are in different units, "
                "and a vector has a distance from itself.",
            ),
            "limit-included": (
                "at",
                "a distance of exactly e was called near. The chapter asks for a "
                "distance below e.",
            ),
            "far-instead-of-near": (
                "far",
                "the truth value is the wrong way round: True came for vectors that "
                "are further apart than e.",
            ),
        },
    ),
)  # fmt: skip


# -- neuron-output ----------------------------------------------------------------


def _neuron(X: Array, w: Array, b: float, *, slip: str = "") -> Array:
    z = X @ w + b
    if slip == "no-bias":
        return X @ w
    if slip == "minus-bias":
        return X @ w - b
    if slip == "bias-each":
        return (X * w + b).sum(axis=1)
    if slip == "no-sum":
        return X * w + b
    if slip == "over-points":
        return (X * w).sum(axis=0) + b
    if slip == "mean":
        return (X * w).mean(axis=1) + b
    if slip == "step":
        return (z > 0).astype(float)
    if slip == "sigmoid":
        return _sigmoid(z)
    if slip == "unit":
        return z / np.linalg.norm(w)
    if slip == "bias-scaled":
        return (X + b) @ w
    if slip == "first":
        return z[0]
    return z


def _draw_neuron(rng: Rng, N: int, D: int) -> Inputs:
    w = rng.normal(size=D)
    return {
        "X": rng.normal(size=(N, D)),
        "w": 2.5 * w / np.linalg.norm(w),
        "b": float(rng.uniform(0.5, 1.5)),
    }


def _draw_along_the_line(rng: Rng) -> list[Inputs]:
    """Draw points, then move each by a vector at a right angle to w."""
    first = _draw_neuron(rng, 4, 2)
    along = np.array([-first["w"][1], first["w"][0]])
    return [first, {**first, "X": first["X"] + rng.normal(size=(4, 1)) * along}]


def _line_keeps_z(calls: list[Inputs], values: list[Any]) -> str:
    before, after = values
    if np.allclose(before, after):
        return ""
    return (
        "The points were moved at a right angle to w, in parallel with the line z = 0. "
        "That must leave their z as it was."
    )


def _draw_neuron_edge(rng: Rng) -> list[Inputs]:
    blind = {**_draw_neuron(rng, 3, 5), "w": np.zeros(5)}
    return [_draw_neuron(rng, 1, 1), {**_draw_neuron(rng, 1, 4), "b": -0.7}, blind]


NEURON = Check(
    name="neuron-output",
    assignment=ASSIGNMENT,
    points=2,
    title="neuron_output",
    asks="the weighted sums z, an array of shape (N,), one number for each point",
    equation="1.1",
    section="One neuron draws a line",
    reference=_neuron,
    returns=("z",),
    cases=(
        Case("value", "the sums of five points", 2,
             lambda rng: _draw_neuron(rng, 5, 3)),
        Case("property", "points moved in parallel with the line", 1,
             _draw_along_the_line, law=_line_keeps_z),
        Case("edge", "one point, one feature, all weights 0", 1, _draw_neuron_edge),
    ),
    mistakes=by_slip(
        _neuron,
        {
            "bias-forgotten": (
                "no-bias",
                "the bias b of (1.1) is missing, so every line goes through the "
                "origin.",
            ),
            "bias-subtracted": (
                "minus-bias",
                "b was subtracted, as a threshold would be. In (1.1) the bias is "
                "added; it is minus the threshold.",
            ),
            "bias-for-each-feature": (
                "bias-each",
                "b was added to every product, D times in all. In (1.1) it stands "
                "outside of the sum.",
            ),
            "products-not-summed": (
                "no-sum",
                "each product came back on its own, a number for every feature. The "
                "neuron of (1.1) adds them up.",
            ),
            "summed-over-points": (
                "over-points",
                "the sum of (1.1) ran over the points. It runs over the features of "
                "one point; the points never meet.",
            ),
            "mean-of-products": (
                "mean",
                "the products were averaged. (1.1) adds them, however many features "
                "there are.",
            ),
            "step-taken": (
                "step",
                "the perceptron's answer, 0 or 1, came back. Here the sum itself was "
                "asked for, before any decision.",
            ),
            "squashed": (
                "sigmoid",
                "the sums went through the sigmoid of (1.2) already. That is the next "
                "task.",
            ),
            "distance-from-the-line": (
                "unit",
                "z was divided by the length of w. That is how far each point lies "
                "from the line, a good thing to know, but (1.1) stops before it.",
            ),
            "bias-added-to-features": (
                "bias-scaled",
                "b was added to the features before they were weighted. In (1.1) no "
                "weight touches the bias.",
            ),
            "first-point-only": (
                "first",
                "one number came, the z of the first point. (1.1) was asked for every "
                "row of X.",
            ),
        },
    ),
)  # fmt: skip


# -- predict-probability ----------------------------------------------------------


def _probability(X: Array, w: Array, b: float, *, slip: str = "") -> Array:
    z = X @ w + b
    with np.errstate(over="raise"):  # as the graded cell has it
        if slip == "overflow":
            return 1 / (1 + np.exp(-z))
        if slip == "overflow-above":
            return np.exp(z) / (1 + np.exp(z))
        if slip == "both-branches":
            up, down = np.exp(z), np.exp(-z)
            return np.where(z > 0, 1 / (1 + down), up / (1 + up))
    if slip == "loop":
        return np.array([1 / (1 + math.exp(-z_i)) for z_i in z])
    if slip == "no-sigmoid":
        return z
    if slip == "step":
        return (z > 0).astype(float)
    if slip == "other-class":
        return _sigmoid(-z)
    if slip == "tanh":
        return np.tanh(z)
    if slip == "double":
        return _sigmoid(2 * z)
    if slip == "no-bias":
        return _sigmoid(X @ w)
    if slip == "softmax":
        up = np.exp(z - z.max())
        return up / up.sum()
    if slip == "odds":
        return np.exp(np.minimum(z, 700))
    if slip == "clipped":
        return np.clip(z, 0, 1)
    if slip == "shifted":
        return np.clip(0.5 + z / 4, 0, 1)
    return _sigmoid(z)


def _draw_points_and_a_near_one(rng: Rng) -> Inputs:
    """Draw five points; the third lies near the line, at z = 0.4."""
    drawn = _draw_neuron(rng, 5, 3)
    X, w = drawn["X"], drawn["w"]
    X[2] += (0.4 - X[2] @ w - drawn["b"]) * w / (w @ w)
    return drawn


def _draw_mirrored(rng: Rng) -> list[Inputs]:
    first = _draw_neuron(rng, 4, 3)
    return [first, {**first, "w": -first["w"], "b": -first["b"]}]


def _probabilities_of_both(calls: list[Inputs], values: list[Any]) -> str:
    first, second = values
    if np.allclose(np.add(first, second), 1):
        return ""
    return (
        "With the signs of w and b turned round the neuron speaks for the other class, "
        "so the two probabilities of a point must add up to 1."
    )


def _draw_far_points(rng: Rng) -> list[Inputs]:
    w = np.array([1.0, -2.0])
    far = [np.array([[1000.0, 0.0]]), np.array([[0.0, 500.0]])]
    far.append(np.array([[2.0, 1.0], [400.0, -300.0], [-1000.0, 0.0]]))
    return [{"X": X, "w": w, "b": 0.0} for X in far]


PROBABILITY = Check(
    name="predict-probability",
    assignment=ASSIGNMENT,
    points=3,
    title="predict_probability",
    asks="the probabilities p that y = 1, an array of shape (N,), without an overflow "
    "at any z",
    equation="1.2",
    section="From a line to a probability",
    reference=_probability,
    returns=("p",),
    cases=(
        Case("value", "the probabilities of five points", 2,
             _draw_points_and_a_near_one),
        Case("property", "the probabilities of both classes", 1, _draw_mirrored,
             law=_probabilities_of_both),
        Case("edge", "z = 1000, z = -1000 and z = 0, no overflow", 1,
             _draw_far_points),
    ),
    mistakes=by_slip(
        _probability,
        {
            "overflow": (
                "overflow",
                "(1.2) was typed as it stands. At z = -1000 it needs e to the power "
                "1000, which no computer holds. For a negative z, multiply numerator "
                "and denominator by e to the power z.",
            ),
            "overflow-above": (
                "overflow-above",
                "the form with e to the power z above and below the fraction bar was "
                "used for every z. It equals (1.2), and it is the safe one for a "
                "negative z; at z = 1000 both exponentials overflow.",
            ),
            "overflow-in-a-loop": (
                "loop",
                "(1.2) was typed as it stands, with Python's own exponential, which "
                "stops where NumPy goes on with infinity. Treat a negative z apart: "
                "there, multiply numerator and denominator by e to the power z.",
            ),
            "both-branches-computed": (
                "both-branches",
                "both forms of (1.2) are there, and each is computed at every z before "
                "one of them is picked. So the one that is thrown away overflows. Make "
                "the exponent -|z| in both.",
            ),
            "no-sigmoid": (
                "no-sigmoid",
                "z came back as it is. (1.2) turns it into a number between 0 and 1.",
            ),
            "step-taken": (
                "step",
                "the perceptron's 0 or 1 came back. The point of (1.2) is all that "
                "lies between them.",
            ),
            "sign-of-the-exponent": (
                "other-class",
                "the sign of z in the exponent of (1.2) is turned round, and what came "
                "is the probability that y = 0. Try a large z: p should be near 1.",
            ),
            "tanh": (
                "tanh",
                "tanh took the place of (1.2). It lies between -1 and 1, and no "
                "probability is negative.",
            ),
            "slope-doubled": (
                "double",
                "the tanh form of (1.2) was used with z where z/2 belongs, so the "
                "curve is twice as steep.",
            ),
            "bias-forgotten": (
                "no-bias",
                "b was left out of the sum before (1.2) was applied.",
            ),
            "softmax-over-points": (
                "softmax",
                "the numbers add up to 1 over the points. In (1.2) every point has a "
                "probability of its own, whatever the others have.",
            ),
            "odds-instead": (
                "odds",
                "e to the power z came: the odds. Odds of 3 to 1 are a probability of "
                "3/4; (1.2) is the way from one to the other.",
            ),
            "cut-off": (
                "clipped",
                "z was cut off below 0 and above 1. Then z = 0, a point on the line, "
                "has p = 0, where (1.2) gives one half.",
            ),
            "straight-line": (
                "shifted",
                "the sigmoid of (1.2) was replaced by its tangent at 0, cut off at "
                "both ends. That reaches 0 and 1, which the sigmoid never does.",
            ),
        },
    ),
)  # fmt: skip


# -- likelihood -------------------------------------------------------------------


def _likelihood(p: Array, y: Array, *, slip: str = "") -> tuple[Any, Any]:
    each = np.where(y == 1, p, 1 - p)
    if slip == "swapped":
        each = np.where(y == 1, 1 - p, p)
    if slip == "labels-ignored":
        each = p
    if slip == "ones-only":
        each = p**y
    if slip == "zeros-only":
        each = (1 - p) ** (1 - y)
    product, total = np.prod(each), np.log(each).sum()
    if slip == "log-of-product":
        total = np.log(product)
    if slip == "product-from-mean":
        product = np.exp(total / len(p))
    if slip == "sum":
        product = each.sum()
    if slip == "mean":
        total = total / len(p)
    if slip == "minus":
        total = -total
    if slip == "loss":
        total = -total / len(p)
    if slip == "log2":
        total = total / np.log(2)
    if slip == "log10":
        total = total / np.log(10)
    if slip == "any":
        product = 1 - np.prod(1 - each)
    return product, total


def _draw_labelled(N: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        y = rng.permutation(np.arange(N) % 2)
        return {"p": rng.uniform(0.55, 0.9, size=N), "y": y}

    return draw


def _draw_two_parts(rng: Rng) -> list[Inputs]:
    whole = _draw_labelled(7)(rng)
    return [whole, *({k: v[s] for k, v in whole.items()} for s in _HALVES)]


_HALVES = (slice(0, 3), slice(3, 7))


def _products_multiply(calls: list[Inputs], values: list[Any]) -> str:
    (product, total), (p1, t1), (p2, t2) = values
    if np.isclose(product, p1 * p2) and np.isclose(total, t1 + t2):
        return ""
    return (
        "Split into two parts, the points must have likelihoods that multiply, and "
        "logarithms that add up, to those of the whole."
    )


def _draw_likelihood_edge(rng: Rng) -> list[Inputs]:
    coins = {"p": np.full(2000, 0.5), "y": rng.integers(0, 2, size=2000)}
    return [coins, {"p": np.array([0.2]), "y": np.array([0])}]


LIKELIHOOD = Check(
    name="likelihood",
    assignment=ASSIGNMENT,
    points=3,
    title="likelihood",
    asks="the likelihood of all labels, the product of (1.4) over the points, and its "
    "logarithm by (1.8): two numbers",
    equation="1.8",
    section="The loss is minus a log probability",
    reference=_likelihood,
    returns=("product", "log_likelihood"),
    cases=(
        Case("value", "the likelihood of five labels", 1.5, _draw_labelled(5)),
        Case("property", "the points in two parts", 0.5, _draw_two_parts,
             law=_products_multiply),
        Case("edge", "two thousand coin tosses; one point", 1, _draw_likelihood_edge),
    ),
    mistakes=by_slip(
        _likelihood,
        {
            "logarithm-of-the-product": (
                "log-of-product",
                "the product was computed first and its logarithm taken afterwards. "
                "For two thousand points the product is rounded to 0, and a 0 has no "
                "logarithm. The right side of (1.8) never forms the product.",
            ),
            "labels-swapped": (
                "swapped",
                "p was used for the label 0, and 1 - p for the label 1. Put y = 1 into "
                "(1.4) and see which factor is left.",
            ),
            "labels-ignored": (
                "labels-ignored",
                "p was used for every point. For a point with y = 0, (1.4) gives "
                "1 - p, the probability of the label that was seen.",
            ),
            "only-ones": (
                "ones-only",
                "the points with y = 0 count for nothing: the second factor of (1.4) "
                "is missing, so p = 1 everywhere would be the best answer.",
            ),
            "only-zeros": (
                "zeros-only",
                "the points with y = 1 count for nothing: the first factor of (1.4) "
                "is missing.",
            ),
            "added-up": (
                "sum",
                "the probabilities were added. All labels together, of points drawn "
                "independently, have the product as their probability: the left side "
                "of (1.8).",
            ),
            "mean-of-logarithms": (
                "mean",
                "the sum of logarithms was divided by the number of points. (1.5) does "
                "that; (1.8) does not.",
            ),
            "minus-sign": (
                "minus",
                "the logarithm came with a minus sign. (1.5) has one, because training "
                "goes downhill; (1.8) is the logarithm itself, which is negative.",
            ),
            "loss-instead": (
                "loss",
                "the loss (1.5) came: minus the mean. The step before it was asked "
                "for, the sum of (1.8).",
            ),
            "base-two": (
                "log2",
                "the logarithm has base 2, so that it counts bits. The chapter's "
                "logarithm in (1.8) has base e.",
            ),
            "base-ten": (
                "log10",
                "the logarithm has base 10. In (1.8), log is the natural one.",
            ),
            "geometric-mean": (
                "product-from-mean",
                "the product is a geometric mean: its N-th root came. (1.4) is "
                "multiplied over the points, and that is all.",
            ),
            "at-least-one": (
                "any",
                "the product is the probability that at least one label is as seen. "
                "All of them together were asked for: (1.4), multiplied.",
            ),
        },
    ),
)  # fmt: skip


# -- stable-loss ------------------------------------------------------------------


def _loss(z: Array, y: Array, *, slip: str = "") -> Any:
    z = np.asarray(z, dtype=float)
    each = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))  # (1.6)
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-z))
        if slip == "typed":
            each = -(y * np.log(p) + (1 - y) * np.log(1 - p))
        if slip == "overflow":
            each = np.log(1 + np.exp(z)) - z * y
        if slip == "clipped":
            kept = np.clip(p, 1e-15, 1 - 1e-15)
            each = -(y * np.log(kept) + (1 - y) * np.log(1 - kept))
        if slip == "coarsely":
            kept = np.clip(p, 1e-7, 1 - 1e-7)
            each = -(y * np.log(kept) + (1 - y) * np.log(1 - kept))
        if slip == "plus-epsilon":
            each = -(y * np.log(p + 1e-7) + (1 - y) * np.log(1 - p + 1e-7))
        if slip == "abs":
            each = np.maximum(z, 0) - z * y + np.log1p(np.exp(-z))
    if slip == "max":
        each = -z * y + np.log1p(np.exp(-np.abs(z)))
    if slip == "abs-for-max":
        each = np.abs(z) - z * y + np.log1p(np.exp(-np.abs(z)))
    if slip == "no-product":
        each = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
    if slip == "no-log":
        each = np.maximum(z, 0) - z * y
    if slip == "swapped":
        each = np.maximum(z, 0) - z * (1 - y) + np.log1p(np.exp(-np.abs(z)))
    if slip == "signs":
        each = np.logaddexp(0, -z * y)
    if slip == "squares":
        each = (p - y) ** 2
    if slip == "base":
        each = each / np.log(2)
    if slip == "sum":
        return each.sum()
    if slip == "minus":
        return -each.mean()
    if slip == "each":
        return each
    return each.mean()


def _draw_scores(N: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        y = rng.permutation(np.arange(N) % 2)
        signs = np.where(rng.permutation(N) < N // 2, -1.0, 1.0)
        return {"z": signs * rng.uniform(0.4, 3, size=N), "y": y}

    return draw


def _draw_turned_round(rng: Rng) -> list[Inputs]:
    first = _draw_scores(8)(rng)
    return [first, {"z": -first["z"], "y": 1 - first["y"]}]


def _classes_are_alike(calls: list[Inputs], values: list[Any]) -> str:
    first, second = values
    if np.isclose(first, second):
        return ""
    return (
        "The two classes changed their names, and every z its sign. The loss must not "
        "notice."
    )


def _draw_far_scores(rng: Rng) -> list[Inputs]:
    pairs = ((1000.0, 0), (1000.0, 1), (-1000.0, 1), (-1000.0, 0), (0.0, 1))
    calls = [{"z": np.array([z]), "y": np.array([y])} for z, y in pairs]
    z, y = (np.array(v) for v in zip(*pairs, strict=True))
    return [*calls, {"z": z, "y": y}]


LOSS = Check(
    name="stable-loss",
    assignment=ASSIGNMENT,
    points=3,
    title="stable_loss",
    asks="the mean L over the points of the loss (1.6), one number, exact at "
    "|z| = 1000 as well",
    equation="1.6",
    section="At |z| = 1000 the formula breaks and the loss does not",
    reference=_loss,
    returns=("L",),
    cases=(
        Case("value", "the loss of seven points", 2, _draw_scores(7)),
        Case("property", "the two classes with their names swapped", 0.5,
             _draw_turned_round, law=_classes_are_alike),
        Case("edge", "z = 1000 and z = -1000 with either label", 1.5,
             _draw_far_scores),
    ),
    mistakes=by_slip(
        _loss,
        {
            "typed-as-it-stands": (
                "typed",
                "p was computed first and (1.5) typed as it stands. At z = 1000, p is "
                "rounded to 1, and the logarithm of 1 - p is the logarithm of 0, even "
                "where y should have multiplied it away. (1.6) never forms p.",
            ),
            "exponential-overflows": (
                "overflow",
                "log(1 + e^z) - zy was used, which is right on paper. At z = 1000 the "
                "exponential overflows before the logarithm can bring it back. In "
                "(1.6) the exponent is never positive.",
            ),
            "probability-clipped": (
                "clipped",
                "p was kept away from 0 and 1 by 1e-15. Nothing breaks any more, but a "
                "point that is wrong by 1000 is charged about 35, and its gradient is "
                "0. (1.6) has no limit to choose.",
            ),
            "probability-clipped-coarsely": (
                "coarsely",
                "p was kept away from 0 and 1 by 1e-7. That hides the overflow and "
                "caps the loss of a point at 16, however wrong it is; (1.6) gives "
                "1000 for 1000.",
            ),
            "small-number-added": (
                "plus-epsilon",
                "1e-7 was added inside the logarithms. Then the loss of every point is "
                "a little off, and one that is wrong and sure pays 16 at most. (1.6) "
                "needs no such help.",
            ),
            "absolute-value-forgotten": (
                "abs",
                "the exponent is -z. In (1.6) it is -|z|; without the bars a negative "
                "z costs |z| too much, and at -1000 the exponential overflows.",
            ),
            "maximum-forgotten": (
                "max",
                "max(z, 0), the first term of (1.6), is missing. Where z is positive "
                "the loss comes out too small, even negative.",
            ),
            "absolute-value-for-maximum": (
                "abs-for-max",
                "|z| stands where (1.6) has max(z, 0). They differ where z is "
                "negative: there the first term should be 0.",
            ),
            "label-forgotten": (
                "no-product",
                "the term zy of (1.6) is missing, so every point was treated as one "
                "with y = 0.",
            ),
            "logarithm-dropped": (
                "no-log",
                "only the first two terms of (1.6) are there. That is the loss seen "
                "from far away: on the line, at z = 0, it should be log 2.",
            ),
            "labels-swapped": (
                "swapped",
                "the labels are the wrong way round: at z = 1000 a point with y = 1 "
                "should cost nothing, by (1.6).",
            ),
            "labels-of-plus-minus-one": (
                "signs",
                "the form for labels -1 and 1 was used. With labels 0 and 1, as in "
                "(1.6), every point with y = 0 then costs log 2, wherever it lies.",
            ),
            "squared-error": (
                "squares",
                "the squared error of p came. It is not minus a log probability, and "
                "no point can cost more than 1; (1.6) is the cross-entropy.",
            ),
            "base-two": (
                "base",
                "the loss is in bits. The logarithm of (1.6) has base e, so the loss "
                "of not looking is 0.693 and not 1.",
            ),
            "summed": (
                "sum",
                "the losses (1.6) were added. (1.5) divides by N, so that the size of "
                "the data does not set the learning rate.",
            ),
            "log-likelihood-instead": (
                "minus",
                "the mean log-likelihood came, (1.5) without its minus sign. Going "
                "downhill on it would make the true labels less probable.",
            ),
            "not-averaged": (
                "each",
                "the loss of each point came, as (1.6) gives it. The task asks for "
                "their mean.",
            ),
        },
    ),
)  # fmt: skip


# -- loss-gradient ----------------------------------------------------------------


def _gradient(
    X: Array, y: Array, w: Array, b: float, *, slip: str = ""
) -> tuple[Any, Any]:
    z = X @ w + b
    if slip == "no-bias":
        z = X @ w
    p, N = _sigmoid(z), len(y)
    dz = (p - y) / N  # (1.7)
    if slip == "step":
        dz = ((z > 0) - y) / N
    if slip == "no-sigmoid":
        dz = (z - y) / N
    if slip == "uphill":
        dz = -dz
    if slip == "sum":
        dz = dz * N
    if slip == "features":
        dz = dz * N / X.shape[1]
    if slip == "slope":
        dz = dz * p * (1 - p)
    if slip == "squares":
        dz = 2 * dz * p * (1 - p)
    if slip == "two":
        dz = 2 * dz
    if slip == "no-label":
        dz = p / N
    if slip == "absolute":
        dz = np.abs(dz)
    dw, db = X.T @ dz, dz.sum()
    if slip == "mean-twice":
        db = dz.mean()
    if slip == "bias-sum":
        db = N * dz.sum()
    if slip == "each-dz":
        db = dz
    if slip == "no-inputs":
        dw = np.full(len(w), dz.sum())
    if slip == "mean-inputs":
        dw = X.mean(axis=0) * dz.sum()
    if slip == "per-point":
        dw = X * dz[:, None]
    if slip == "decay":
        dw = dw + w
    return dw, db


def _draw_gradient(N: int, D: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        drawn = _draw_neuron(rng, N, D)
        y = rng.permutation(np.arange(N) % 3 == 0).astype(np.int64)
        return {"X": drawn["X"], "y": y, "w": drawn["w"], "b": drawn["b"]}

    return draw


def _draw_points_twice(rng: Rng) -> list[Inputs]:
    once = _draw_gradient(4, 3)(rng)
    twice = {"X": np.concatenate([once["X"]] * 2), "y": np.concatenate([once["y"]] * 2)}
    return [once, {**once, **twice}]


def _twice_is_once(calls: list[Inputs], values: list[Any]) -> str:
    (dw, db), (dw_2, db_2) = values
    if np.allclose(dw, dw_2) and np.allclose(db, db_2):
        return ""
    return (
        "Every point was written down twice. The mean loss is the same, and so must "
        "its gradient be."
    )


def _draw_gradient_edge(rng: Rng) -> list[Inputs]:
    w = np.array([100.0, -100.0])
    far = {"X": np.array([[10.0, 0.0], [0.0, 10.0], [10.0, 0.0]]), "w": w, "b": 0.0}
    sure = {"X": far["X"], "y": np.array([1, 0, 0]), "w": w, "b": 0.0}
    return [sure, _draw_gradient(1, 4)(rng)]


GRADIENT = Check(
    name="loss-gradient",
    assignment=ASSIGNMENT,
    points=4,
    title="loss_gradient",
    asks="the gradient of the mean loss: dw, an array of shape (D,), and db, a number",
    equation="1.7",
    section="The gradient is a difference",
    reference=_gradient,
    returns=("dw", "db"),
    cases=(
        Case("value", "the gradient of five points", 2, _draw_gradient(5, 3)),
        Case("property", "every point twice", 1, _draw_points_twice,
             law=_twice_is_once),
        Case("edge", "points at |z| = 1000, right and wrong; one point", 1,
             _draw_gradient_edge),
    ),
    mistakes=by_slip(
        _gradient,
        {
            "uphill": (
                "uphill",
                "y - p was used. That is the direction in which to move, minus the "
                "gradient; (1.7) is the gradient itself.",
            ),
            "summed": (
                "sum",
                "the division by N of (1.7) is missing: the gradient of the sum of the "
                "losses came.",
            ),
            "divided-by-features": (
                "features",
                "the division was by the number of features. In (1.7) it is by the "
                "number of points, the rows of X.",
            ),
            "slope-of-the-sigmoid": (
                "slope",
                "there is a factor p(1 - p), the slope of the sigmoid. In the "
                "cross-entropy it cancels: (1.7) holds the plain difference.",
            ),
            "gradient-of-the-squared-error": (
                "squares",
                "this is the gradient of the squared error. It nearly vanishes where "
                "the neuron is wrong and sure, which is what (1.7) avoids.",
            ),
            "factor-of-two": (
                "two",
                "there is a 2, as from the derivative of a square. Nothing is squared "
                "on the way to (1.7).",
            ),
            "step-instead-of-probability": (
                "step",
                "the perceptron's 0 or 1 stands where (1.7) has p. Then a point that "
                "is right asks for nothing, and how sure it is never matters.",
            ),
            "no-sigmoid": (
                "no-sigmoid",
                "z stands where (1.7) has p, as in linear regression. Squash it first.",
            ),
            "label-forgotten": (
                "no-label",
                "p alone went on to the weights. It is the difference from the label "
                "that (1.7) sends back.",
            ),
            "absolute-difference": (
                "absolute",
                "the differences lost their signs. A point that is too low has to push "
                "the other way than one that is too high: see dz in (1.7).",
            ),
            "bias-forgotten": (
                "no-bias",
                "b was left out when p was computed, so (1.7) was evaluated for "
                "another line.",
            ),
            "bias-divided-twice": (
                "mean-twice",
                "db is a mean of dz. In (1.7) dz has been divided by N already; db is "
                "its sum.",
            ),
            "bias-not-divided": (
                "bias-sum",
                "db is the sum of the differences without the division by N, while dw "
                "has it. In (1.7) both come from one dz.",
            ),
            "bias-for-each-point": (
                "each-dz",
                "db has an entry for each point. There is one bias for all points, so "
                "what they send is added up, as (1.7) says.",
            ),
            "inputs-forgotten": (
                "no-inputs",
                "every weight got the same, the sum of dz. What reaches weight k is "
                "multiplied by feature k: the derivative of (1.1).",
            ),
            "inputs-averaged": (
                "mean-inputs",
                "the points were averaged before they met dz. In (1.7) each row of X "
                "is multiplied by its own difference, and the sum comes afterwards.",
            ),
            "not-summed-over-points": (
                "per-point",
                "dw has a row for each point. (1.7) adds up what they ask for, into "
                "one number a weight.",
            ),
            "penalty-added": (
                "decay",
                "w itself was added to dw. That is the gradient of a penalty on long "
                "weights, and the loss behind (1.7) has none.",
            ),
        },
    ),
)  # fmt: skip


# -- accuracy-at-threshold --------------------------------------------------------


def _accuracy(
    p: Array, y: Array, threshold: float, *, slip: str = ""
) -> tuple[Any, Any]:
    y_hat = (p > threshold).astype(np.int64)
    if slip == "half":
        y_hat = (p > 0.5).astype(np.int64)
    if slip == "at":
        y_hat = (p >= threshold).astype(np.int64)
    if slip == "reversed":
        y_hat = (p < threshold).astype(np.int64)
    wrong = y_hat != y
    accuracy, errors = 1 - wrong.mean(), int(wrong.sum())
    if slip == "percent":
        accuracy = 100 * accuracy
    if slip == "rate":
        errors = wrong.mean()
    if slip == "rate-twice":
        accuracy = wrong.mean()
    if slip == "count":
        accuracy, errors = int((~wrong).sum()), errors
    if slip == "right-ones":
        errors = int((~wrong).sum())
    if slip == "misses":
        errors = int((wrong & (y == 1)).sum())
    if slip == "alarms":
        errors = int((wrong & (y == 0)).sum())
    if slip == "net":
        errors = int(abs(y_hat.sum() - y.sum()))
    if slip == "recall":
        accuracy = 1 - wrong[y == 1].mean() if (y == 1).any() else 0.0
    if slip == "precision":
        accuracy = 1 - wrong[y_hat == 1].mean() if y_hat.any() else 0.0
    if slip == "soft":
        accuracy = 1 - np.abs(p - y).mean()
    if slip == "share":
        accuracy = y_hat.mean()
    return accuracy, errors


def _draw_guesses(rng: Rng, threshold: float) -> Inputs:
    """Draw eleven points: three missed, one false alarm, some p above one half."""
    p = (np.arange(11) + rng.uniform(0.2, 0.8, size=11)) / 11
    y = (p > threshold).astype(np.int64)
    y[[0]] = 1 - y[[0]]
    y[[2, 3]] = 1 - y[[2, 3]]
    y[10] = 1 - y[10]
    order = rng.permutation(11)
    return {"p": p[order], "y": y[order], "threshold": threshold}


def _draw_thresholds(rng: Rng) -> list[Inputs]:
    first = _draw_guesses(rng, 0.75)
    return [{**first, "threshold": t} for t in (0.1, 0.4, 0.75, 0.95)]


def _shares_match(calls: list[Inputs], values: list[Any]) -> str:
    for call, (accuracy, errors) in zip(calls, values, strict=True):
        if not np.isclose(accuracy, 1 - errors / len(call["p"])):
            return "At each threshold the share of errors and the accuracy make 1."
    return ""


def _draw_accuracy_edge(rng: Rng) -> list[Inputs]:
    p = np.array([0.25, 0.5, 0.25, 0.75])
    y = np.array([1, 0, 0, 1])
    return [
        {"p": p, "y": y, "threshold": 0.25},
        {"p": p, "y": y, "threshold": 0.5},
        {"p": p, "y": y, "threshold": 1.0},
        {"p": np.array([0.7]), "y": np.array([1]), "threshold": 0.9},
    ]


ACCURACY = Check(
    name="accuracy-at-threshold",
    assignment=ASSIGNMENT,
    points=2,
    title="accuracy_at_threshold",
    asks="the accuracy, a share between 0 and 1, and errors, the number of points "
    "answered wrongly, if the answer is 1 where p is above the threshold",
    equation="1.2",
    section="From a line to a probability",
    reference=_accuracy,
    returns=("accuracy", "errors"),
    cases=(
        Case("value", "eleven points at the threshold 0.75", 2,
             lambda rng: _draw_guesses(rng, 0.75)),
        Case("property", "one set of points at four thresholds", 1, _draw_thresholds,
             law=_shares_match),
        Case("edge", "p equal to the threshold; nothing above it; one point", 1,
             _draw_accuracy_edge),
    ),
    mistakes=by_slip(
        _accuracy,
        {
            "threshold-ignored": (
                "half",
                "the threshold was always one half, which is z = 0 in (1.2). The one "
                "that was given moves the line.",
            ),
            "threshold-included": (
                "at",
                "a p equal to the threshold was answered with 1. The chapter says 1 "
                "above it; on the line, where (1.2) gives one half, the answer is 0.",
            ),
            "answers-reversed": (
                "reversed",
                "1 was answered where p is small. In (1.2) p is the probability that "
                "y = 1.",
            ),
            "percent": (
                "percent",
                "the accuracy is in per cent. A share between 0 and 1 was asked for.",
            ),
            "error-rate-instead-of-number": (
                "rate",
                "errors is a share. How many there are was asked for: a whole number.",
            ),
            "error-rate-as-accuracy": (
                "rate-twice",
                "the share of wrong answers came as the accuracy. A neuron that errs "
                "nowhere should have 1.",
            ),
            "count-instead-of-share": (
                "count",
                "the accuracy is the number of right answers. Divided by the number of "
                "points it can be compared between data sets.",
            ),
            "right-ones-counted": (
                "right-ones",
                "the points that were answered rightly were counted as errors.",
            ),
            "misses-only": (
                "misses",
                "only the points with y = 1 can be errors in your count. Answering 1 "
                "for a point with y = 0 is one as well.",
            ),
            "false-alarms-only": (
                "alarms",
                "only answers 1 for a point with y = 0 were counted. A point with "
                "y = 1 that was passed over is an error, too.",
            ),
            "errors-cancel": (
                "net",
                "errors is the difference between how many ones were answered and how "
                "many there are. A miss and a false alarm cancel there; compare point "
                "by point.",
            ),
            "recall": (
                "recall",
                "the accuracy was taken among the points with y = 1 alone. That share "
                "is called recall, and answering 1 everywhere makes it perfect.",
            ),
            "precision": (
                "precision",
                "the accuracy was taken among the points that were answered with 1. "
                "That share is called precision; all points count here.",
            ),
            "no-decision": (
                "soft",
                "the accuracy was computed from p itself, without a decision. It "
                "counts answers, 0 or 1, and cannot see how sure they were.",
            ),
            "share-of-ones": (
                "share",
                "the share of points answered with 1 came. It was not compared with "
                "the labels.",
            ),
        },
    ),
)  # fmt: skip


# -- perceptron-update ------------------------------------------------------------


def _update(X: Array, y: Array, w: Array, b: float, *, slip: str = "") -> Any:
    start, start_b = w.copy(), b
    new, bias = w.copy(), b
    rows = range(len(y))[::-1] if slip == "backwards" else range(len(y))
    for i in rows:
        z = X[i] @ new + bias
        if slip == "at-once":
            z = X[i] @ start + start_b
        if slip == "no-bias-in-z":
            z = X[i] @ new
        y_hat = float(z > 0)
        if slip == "on-the-line":
            y_hat = float(z >= 0)
        if slip == "probability":
            y_hat = float(_sigmoid(z))
        if slip == "raw":
            y_hat = float(z)
        move = y[i] - y_hat
        if slip == "sign":
            move = -move
        if slip == "always":
            move = 2.0 * y[i] - 1
        if slip == "only-adds":
            move = abs(move)
        if slip == "ones-only":
            move = max(move, 0.0)
        if slip == "double":
            move = 2 * move
        if slip == "right-ones":
            move = (2.0 * y[i] - 1) * (move == 0)
        step = move * X[i]
        if slip == "unit":
            step = step / np.linalg.norm(X[i])
        if slip == "no-input":
            step = move
        new = new + step
        if slip != "bias-fixed":
            bias = bias + (-move if slip == "bias-sign" else move)
        if slip == "first" or (slip == "stops" and move):
            break
    if slip == "mean":
        new, bias = start + (new - start) / len(y), start_b + (bias - start_b) / len(y)
    if slip == "change":
        return new - start, bias - start_b
    if slip == "in-place":
        w[...] = new
    return new, bias


def _one_wrong(rng: Rng, label: int, D: int) -> Inputs:
    """Draw one point on the wrong side of the line."""
    drawn = _draw_neuron(rng, 1, D)
    w, x = drawn["w"], drawn["X"]
    sign = 1.0 if label == 0 else -1.0
    b = sign * drawn["b"]
    if np.sign(x[0] @ w) != sign:
        x = -x  # now both the product and the bias speak for the wrong label
    return {"X": x, "y": np.array([label]), "w": w, "b": b}


def _draw_wrong_points(rng: Rng) -> list[Inputs]:
    return [_one_wrong(rng, 1, 3), _one_wrong(rng, 0, 3)]


def _draw_in_two_goes(rng: Rng) -> list[Inputs]:
    """Draw seven points, whose order matters, at once and as four and three."""
    X = rng.normal(size=(7, 2)) + 0.3
    X[0] = [1.0, -0.5]  # right
    X[1], X[2] = [1.5, 0.5], [1.0, 0.8]  # wrong; wrong only before that update
    X[3], X[4] = [2.0, 1.0], [-1.2, 0.5]  # wrong; right
    y = np.array([0, 1, 1, 0, 1, *rng.permutation([0, 1])])
    whole: Inputs = {"X": X, "y": y, "w": np.array([-0.4, -0.3]), "b": -0.2}
    first = {**whole, "X": X[:4], "y": y[:4]}
    w, b = _update(**first)
    return [whole, first, {"X": X[4:], "y": y[4:], "w": w, "b": float(b)}]


def _goes_join(calls: list[Inputs], values: list[Any]) -> str:
    (w, b), _, (w_2, b_2) = values
    if np.allclose(w, w_2) and np.allclose(b, b_2):
        return ""
    return (
        "Four points and then the other three, started from where the four ended, must "
        "lead to the same weights as all seven in one go."
    )


def _draw_update_edge(rng: Rng) -> list[Inputs]:
    """Draw points that are right, one by its bias alone, and two on the line."""
    right = {**_one_wrong(rng, 1, 4), "y": np.array([0])}

    def one(x: list[float], label: int, b: float) -> Inputs:
        w = np.array([1.0, -2.0])
        return {"X": np.array([x], float), "y": np.array([label]), "w": w, "b": b}

    return [right, one([3, 1], 0, -1.5), one([2, 1], 0, 0.0), one([2, 1], 1, 0.0)]


UPDATE = Check(
    name="perceptron-update",
    assignment=ASSIGNMENT,
    points=3,
    title="perceptron_update",
    asks="the weights w, an array of shape (D,), and the bias b after one pass over "
    "the points in their order",
    equation="1.3",
    section="One neuron draws a line",
    reference=_update,
    returns=("w", "b"),
    cases=(
        Case("value", "one point that is wrong, of either label", 1.5,
             _draw_wrong_points),
        Case("property", "seven points at once, and as four and three", 1,
             _draw_in_two_goes, law=_goes_join),
        Case("edge", "a point that is right; a point on the line", 0.5,
             _draw_update_edge),
    ),
    mistakes=by_slip(
        _update,
        {
            "all-at-once": (
                "at-once",
                "every point was answered with the weights of the start. (1.3) "
                "changes them after each wrong point, and the next one meets the new "
                "ones.",
            ),
            "wrong-direction": (
                "sign",
                "the sign of (1.3) is turned round: a point with y = 1 that was "
                "answered with 0 should be added, so that its z grows.",
            ),
            "right-points-too": (
                "always",
                "points that were answered rightly moved the weights as well. In (1.3) "
                "y and its guess cancel there, and nothing happens.",
            ),
            "only-right-points": (
                "right-ones",
                "the weights moved for the points that were right, and stood still for "
                "the others. In (1.3) it is the other way round.",
            ),
            "never-subtracted": (
                "only-adds",
                "every wrong point was added. (1.3) takes a point away if it was "
                "answered with 1 and y is 0.",
            ),
            "only-label-one": (
                "ones-only",
                "wrong points with y = 0 were passed over. (1.3) has an update for "
                "them, too: minus the point.",
            ),
            "doubled": (
                "double",
                "the step is twice as long as in (1.3), as happens with labels -1 and "
                "1. Here the labels are 0 and 1.",
            ),
            "bias-left-alone": (
                "bias-fixed",
                "only w was changed. (1.3) has a second half, for b.",
            ),
            "bias-wrong-way": (
                "bias-sign",
                "w moves as in (1.3) and b the other way, as a threshold would.",
            ),
            "bias-not-in-the-guess": (
                "no-bias-in-z",
                "the guess was made without b, so some points count as wrong, or as "
                "right, that are not. It comes from z of (1.1), bias included.",
            ),
            "zero-counts-as-one": (
                "on-the-line",
                "a point with z = 0 was answered with 1. The perceptron says 1 if z is "
                "above 0, so on the line it says 0, before (1.3) asks.",
            ),
            "probability-instead-of-guess": (
                "probability",
                "p stands where (1.3) has the guess, 0 or 1. That is the step of the "
                "logistic neuron, (1.7), for one point.",
            ),
            "sum-instead-of-guess": (
                "raw",
                "z itself was subtracted from y. (1.3) needs the answer, 0 or 1, that "
                "is made of it.",
            ),
            "length-taken-out": (
                "unit",
                "the point was divided by its length before it was added. (1.3) adds "
                "it as it is.",
            ),
            "point-forgotten": (
                "no-input",
                "every weight moved by y minus the guess. (1.3) multiplies by the "
                "point: a feature that was 0 has no part in the error.",
            ),
            "first-point-only": (
                "first",
                "the pass ended after the first point. (1.3) is applied to each of "
                "them in turn.",
            ),
            "stopped-at-an-error": (
                "stops",
                "the pass ended at the first wrong point. Go on with the new weights "
                "of (1.3).",
            ),
            "last-point-first": (
                "backwards",
                "the points were visited from the last to the first. For (1.3) the "
                "order matters, and the one given was asked for.",
            ),
            "averaged": (
                "mean",
                "the updates were divided by the number of points. (1.3) knows no "
                "N: each wrong point counts in full.",
            ),
            "change-only": (
                "change",
                "the change came, not the new weights. (1.3) adds it to what was "
                "there.",
            ),
            "changed-its-input": (
                "in-place",
                "the new weights of (1.3) were written over the old ones, which "
                "whoever called still wanted to compare.",
            ),
        },
    ),
)  # fmt: skip


CHECKS = (
    DISTANCE,
    NEURON,
    PROBABILITY,
    LIKELIHOOD,
    LOSS,
    GRADIENT,
    ACCURACY,
    UPDATE,
)

"""The checks of chapter 9: products of matrices, clipping, and longer paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, by_slip

ASSIGNMENT = "09-vanishing-and-exploding"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]
Rng = np.random.Generator


def _orthogonal(rng: Rng, H: int) -> Array:
    Q, R = np.linalg.qr(rng.normal(size=(H, H)))
    return Q * np.sign(np.diag(R))


# -- power-method -----------------------------------------------------------------


def _power(
    W_h: Array, v: Array, n_steps: int, *, slip: str = ""
) -> tuple[Any, Array | None]:
    if slip == "end":
        with np.errstate(all="ignore"):
            for _ in range(n_steps):
                v, before = v @ W_h, v
            growth = np.linalg.norm(v) / np.linalg.norm(before)
            return growth, v / np.linalg.norm(v)

    def size(vector: Array) -> Any:
        if slip == "largest":
            return np.abs(vector).max()
        if slip == "sum":
            return np.abs(vector).sum()
        return np.linalg.norm(vector)

    v = v / size(v) if slip != "start" else np.array(v)
    growths = []
    steps = n_steps + {"more": 1, "fewer": -1}.get(slip, 0)
    for _ in range(max(steps, 1)):
        product = W_h @ v if slip == "columns" else v @ W_h
        growths.append(size(product))
        before, v = v, product / size(product)
    growth = growths[-1]
    if slip == "rayleigh":
        growth = before @ W_h @ before
    if slip == "square":
        growth = growth**2
    if slip == "mean":
        growth = np.mean(growths)
    if slip == "total":
        growth = np.prod(growths)
    if slip == "next":
        growth = np.linalg.norm(v @ W_h)
    if slip == "before":
        v = before
    if slip == "stretched":
        v = product
    if slip == "positive":
        v = np.abs(v)
    if slip == "eigenvalue":
        growth = np.abs(np.linalg.eigvals(W_h)).max()
    return growth, v


def _draw_power(n_steps: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        H = 4
        eigenvalues = np.array([-1.3, 0.8, 0.5, 0.2])  # the largest one is negative
        V = _orthogonal(rng, H) + 0.4 * rng.normal(size=(H, H)) / H
        W_h = V @ np.diag(eigenvalues) @ np.linalg.inv(V)
        return {"W_h": W_h, "v": rng.normal(size=H) + 0.5, "n_steps": n_steps}

    return draw


def _draw_scaled(rng: Rng) -> list[Inputs]:
    first = _draw_power(5)(rng)
    return [first, {**first, "W_h": 3 * first["W_h"], "v": 7 * first["v"]}]


def _scales(calls: list[Inputs], values: list[Any]) -> str:
    (growth, v), (growth_3, v_3) = values
    if np.isclose(3 * growth, growth_3) and np.allclose(v, v_3):
        return ""
    return (
        "The matrix was multiplied by 3 and the first vector by 7. Each product then "
        "grows by three times as much, and the direction is what it was."
    )


def _draw_power_edge(rng: Rng) -> list[Inputs]:
    huge = _draw_power(400)(rng)
    tiny = _draw_power(400)(rng)
    return [
        _draw_power(1)(rng),
        {**huge, "W_h": 50 * huge["W_h"]},
        {**tiny, "W_h": 0.01 * tiny["W_h"]},
    ]


POWER = Check(
    name="power-method",
    assignment=ASSIGNMENT,
    points=3,
    title="power_method",
    asks="growth, by how much the last of n_steps products made the vector longer, and "
    "v, (H,), its direction afterwards, of length 1",
    equation="9.3",
    section="Only one direction survives",
    reference=_power,
    returns=("growth", "v"),
    cases=(
        Case("value", "seven products", 2, _draw_power(7)),
        Case("property", "a matrix three times as large", 1, _draw_scaled, law=_scales),
        Case("edge", "one product; 400 products of a large and of a small matrix", 1,
             _draw_power_edge),
    ),
    mistakes=by_slip(
        _power,
        {
            "matrix-from-the-left": (
                "columns",
                "the matrix stands on the left of the vector. Our states are rows, so "
                "(9.3) multiplies from the other side, and finds a left eigenvector.",
            ),
            "length-mended-only-at-the-end": (
                "end",
                "all products were taken first and the length was set to 1 at the "
                "end. In (9.3) it is done after each one; after 400 of them there is "
                "nothing left to divide, or too much.",
            ),
            "first-vector-not-shortened": (
                "start",
                "the first vector kept its length, so the first growth of (9.3) is "
                "measured from a wrong start.",
            ),
            "largest-entry-for-the-length": (
                "largest",
                "the vector was divided by its largest entry. Many books do so; "
                "(9.3) uses the length.",
            ),
            "entries-summed-for-the-length": (
                "sum",
                "the absolute entries were added up where (9.3) has the length of "
                "the vector, a root of a sum of squares.",
            ),
            "projection-for-the-growth": (
                "rayleigh",
                "the growth is a product of the vector, the matrix and the vector "
                "again. That estimates the eigenvalue with its sign; (9.3) asks for "
                "a length.",
            ),
            "length-squared": (
                "square",
                "the growth is a squared length: the root is missing.",
            ),
            "growths-averaged": (
                "mean",
                "the mean of all growths came. The early ones of (9.3) still carry "
                "the other directions; the last one was asked for.",
            ),
            "growths-multiplied": (
                "total",
                "the product of all growths came, which is how much longer the vector "
                "got in all. (9.3) is about the last step.",
            ),
            "growth-of-the-next-product": (
                "next",
                "v is right, and the growth is that of one product more: it was "
                "measured after the loop of (9.3), with the direction it left.",
            ),
            "direction-of-the-step-before": (
                "before",
                "the growth is right, and v is the direction before the last product "
                "of (9.3).",
            ),
            "direction-not-shortened": (
                "stretched",
                "v came as the last product left it. (9.3) ends with a length of 1.",
            ),
            "sign-dropped": (
                "positive",
                "the entries of v lost their signs. A direction has them; only the "
                "growth is positive.",
            ),
            "radius-instead-of-growth": (
                "eigenvalue",
                "the growth is the spectral radius (9.2) already. That is where the "
                "growths go; after a few products they are not there.",
            ),
            "one-product-too-few": (
                "fewer",
                "one product of (9.3) is missing.",
            ),
            "one-product-too-many": (
                "more",
                "one product more than n_steps was taken in (9.3).",
            ),
        },
    ),
)  # fmt: skip


# -- jacobian-product -------------------------------------------------------------


def _product(
    hs: Array, W_h: Array, gamma: float, *, slip: str = ""
) -> tuple[Array, Any]:
    T, H = hs.shape
    product = np.eye(H)
    order = range(T)
    if slip == "backwards":
        order = range(T - 1, -1, -1)
    if slip == "first":
        order = range(1, T)
    if slip == "last":
        order = range(T - 1)
    for t in order:
        slope = 1 - hs[t] ** 2
        if slip == "tanh-twice":
            slope = 1 - np.tanh(hs[t]) ** 2
        if slip == "square":
            slope = (1 - hs[t]) ** 2
        factor = W_h * slope
        if slip == "rows":
            factor = W_h * slope[:, None]
        if slip == "no-slope":
            factor = W_h
        if slip == "transposed":
            factor = W_h.T * slope
        product = product * factor if slip == "entrywise" else product @ factor
    if slip == "entrywise" and T:
        product = np.prod([W_h * (1 - h**2) for h in hs], axis=0)
    if slip == "gradients":
        product = product.T
    size = np.linalg.norm(W_h, 2)
    if slip == "frobenius":
        size = np.linalg.norm(W_h)
    if slip == "radius":
        size = np.abs(np.linalg.eigvals(W_h)).max()
    if slip == "largest":
        size = np.abs(W_h).max()
    bound = (size * gamma) ** T
    if slip == "once":
        bound = size * gamma
    if slip == "gamma-once":
        bound = size**T * gamma
    if slip == "no-gamma":
        bound = size**T
    if slip == "times":
        bound = size * gamma * T
    if slip == "measured":
        bound = np.linalg.norm(product, 2)
    return product, bound


def _draw_product(T: int, H: int = 3) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "hs": np.tanh(0.8 * rng.normal(size=(T, H))),
            "W_h": 0.9 * rng.normal(size=(H, H)),
            "gamma": 0.9,
        }

    return draw


def _draw_halves(rng: Rng) -> list[Inputs]:
    whole = _draw_product(5, 4)(rng)
    return [whole, {**whole, "hs": whole["hs"][:2]}, {**whole, "hs": whole["hs"][2:]}]


def _halves_join(calls: list[Inputs], values: list[Any]) -> str:
    (whole, _), (early, _), (late, _) = values
    if np.allclose(whole, np.asarray(early) @ np.asarray(late)):
        return ""
    return (
        "The product over five steps must be that over the first two, times that over "
        "the last three, early ones on the left."
    )


def _draw_two_hundred(rng: Rng) -> list[Inputs]:
    still = np.zeros((200, 1))
    return [{"hs": still, "W_h": np.array([[w]]), "gamma": 1.0} for w in (1.1, 0.9)] + [
        _draw_product(1)(rng)
    ]


PRODUCT = Check(
    name="jacobian-product",
    assignment=ASSIGNMENT,
    points=3,
    title="jacobian_product",
    asks="the product, (H, H), of the Jacobians of all steps with a row for each unit "
    "of h_0, and the bound on its norm, a number",
    equation="9.1",
    section="The message meets a matrix at every step",
    reference=_product,
    returns=("product", "bound"),
    cases=(
        Case("value", "the Jacobians of four steps", 2, _draw_product(4)),
        Case("property", "early steps times late steps", 1, _draw_halves,
             law=_halves_join),
        Case("edge", "200 steps of 1.1 and of 0.9; one step", 1, _draw_two_hundred),
    ),
    mistakes=by_slip(
        _product,
        {
            "last-step-on-the-left": (
                "backwards",
                "the factors stand in the reverse order. With rows, (9.1) puts later "
                "steps to the right.",
            ),
            "slope-scales-rows": (
                "rows",
                "the slopes scale the rows of W_h. In (9.1), as in chapter 8, the "
                "diagonal stands on the right and scales columns.",
            ),
            "slope-left-out": (
                "no-slope",
                "the product is a power of W_h: the slopes of tanh are missing in "
                "(9.1).",
            ),
            "tanh-of-a-state": (
                "tanh-twice",
                "tanh was taken of the states once more. A state is a tanh already, "
                "and its slope in (9.1) needs only a square.",
            ),
            "one-minus-h-squared-whole": (
                "square",
                "1 - h was squared as a whole. The slope in (9.1) is 1 minus the "
                "square of h.",
            ),
            "recurrent-matrix-transposed": (
                "transposed",
                "W_h came transposed. A row of a factor of (9.1) belongs to the unit "
                "before the step.",
            ),
            "answer-transposed": (
                "gradients",
                "the product has a row for each unit of the last state. (9.1) has one "
                "for each unit of the first.",
            ),
            "entries-multiplied": (
                "entrywise",
                "the factors were multiplied entry by entry. The chain rule (9.1) "
                "sums over the units in between: a matrix product.",
            ),
            "first-factor-missing": (
                "first",
                "the factor of the first step is missing in (9.1).",
            ),
            "last-factor-missing": (
                "last",
                "the factor of the last step is missing in (9.1).",
            ),
            "frobenius-norm": (
                "frobenius",
                "the bound was made with the root of all squared entries. It holds, "
                "but it is loose; (9.4) uses the largest singular value.",
            ),
            "radius-instead-of-norm": (
                "radius",
                "the spectral radius stands where (9.4) has the norm. A product can "
                "be larger than that, so it is no bound.",
            ),
            "largest-entry-instead-of-norm": (
                "largest",
                "the largest entry of W_h stands where (9.4) has its norm.",
            ),
            "bound-of-one-step": (
                "once",
                "the bound is that of one factor. (9.4) has a power of it, one for "
                "each step.",
            ),
            "bound-times-steps": (
                "times",
                "the bound was multiplied by the number of steps. Factors multiply: "
                "(9.4) is a power.",
            ),
            "gamma-left-out": (
                "no-gamma",
                "the largest slope gamma is missing in (9.4).",
            ),
            "gamma-once": (
                "gamma-once",
                "gamma stands in the bound once. Every step has its slope, so it is "
                "inside of the power of (9.4).",
            ),
            "norm-of-the-product": (
                "measured",
                "the second answer is the norm of the product itself. A bound is what "
                "(9.4) promises before anything is multiplied.",
            ),
        },
    ),
)  # fmt: skip


# -- eigen-power ------------------------------------------------------------------


def _eigen_power(W_h: Array, k: float, *, slip: str = "") -> Array:
    if slip == "entrywise":
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(np.sign(W_h) ** k * np.abs(W_h) ** k)
    if slip == "symmetric":
        values, V = np.linalg.eigh(W_h)
        values = values.astype(complex)
    else:
        values, V = np.linalg.eig(W_h)
        values = values.astype(complex)
    if slip == "absolute":
        values = np.abs(values)
    if slip == "real-first":
        values = values.real.astype(complex)
    exponent = k + {"more": 1, "fewer": -1}.get(slip, 0)
    powers = np.diag(k * values if slip == "times" else values**exponent)
    inverse = np.linalg.inv(V)
    if slip == "transposed":
        inverse = V.T
    if slip == "outside":
        return (inverse @ powers @ V).real
    if slip == "deck":
        return (V.T @ powers @ V).real
    if slip == "diagonal":
        return powers.real
    if slip == "half":
        return (V @ powers).real
    if slip == "left":
        return (V @ powers @ inverse).real.T
    if slip == "modulus":
        return np.abs(V @ powers @ inverse)
    return np.asarray((V @ powers @ inverse).real)


def _with_eigenvalues(rng: Rng, values: Array) -> Array:
    V = _orthogonal(rng, len(values)) + 0.6 * rng.normal(size=(len(values),) * 2)
    return V @ np.diag(values) @ np.linalg.inv(V)


def _draw_eigen(rng: Rng) -> list[Inputs]:
    c, s = 0.9 * np.cos(1.1), 0.9 * np.sin(1.1)
    block = np.array([[c, s, 0], [-s, c, 0], [0, 0, -0.7]])
    V = _orthogonal(rng, 3) + 0.3 * rng.normal(size=(3, 3))
    turning = V @ block @ np.linalg.inv(V)
    return [
        {"W_h": _with_eigenvalues(rng, np.array([1.1, -0.8, 0.5, 0.3])), "k": 5},
        {"W_h": turning, "k": 4},
    ]


def _draw_root(rng: Rng) -> Inputs:
    Q = _orthogonal(rng, 4)
    return {"W_h": Q @ np.diag([1.4, 0.9, 0.5, 0.2]) @ Q.T, "k": 0.5}


def _is_a_root(calls: list[Inputs], values: list[Any]) -> str:
    root = np.asarray(values[0])
    if np.allclose(root @ root, calls[0]["W_h"]):
        return ""
    return "With k = 1/2 the answer, multiplied by itself, must give W_h back."


def _draw_eigen_edge(rng: Rng) -> list[Inputs]:
    W_h = _with_eigenvalues(rng, np.array([0.9, -0.6, 0.4]))
    return [
        {"W_h": W_h, "k": 0},
        {"W_h": np.array([[1.1]]), "k": 200},
        {"W_h": np.array([[0.0, 1.0], [-1.0, 0.0]]), "k": 3},
    ]


EIGEN = Check(
    name="eigen-power",
    assignment=ASSIGNMENT,
    points=3,
    title="eigen_power",
    asks="the k-th power of W_h, (H, H), real, for any k of at least 0 that the "
    "eigenvalues allow, 1/2 too",
    equation="9.14",
    section="The eigenvalues tell the far future",
    reference=_eigen_power,
    returns=("the power",),
    cases=(
        Case("value", "the power of two matrices, one with complex eigenvalues", 2,
             _draw_eigen),
        Case("property", "the square root of a symmetric matrix", 1, _draw_root,
             law=_is_a_root),
        Case("edge", "k = 0; 1.1 to the power 200; a turn", 1, _draw_eigen_edge),
    ),
    mistakes=by_slip(
        _eigen_power,
        {
            "eigenvectors-swapped": (
                "outside",
                "the matrix of eigenvectors and its inverse changed places. In (9.14) "
                "the inverse stands on the right.",
            ),
            "as-the-deck-prints-it": (
                "deck",
                "the transpose came first and the eigenvectors last, as on the slide. "
                "It is the other way round, and a transpose is enough for symmetric "
                "matrices alone; see (9.14).",
            ),
            "transpose-for-the-inverse": (
                "transposed",
                "the transpose of the eigenvectors stands where (9.14) has the "
                "inverse. The two agree only for orthonormal eigenvectors.",
            ),
            "treated-as-symmetric": (
                "symmetric",
                "the eigenvalues are those of a symmetric matrix: only one half of "
                "W_h was read.",
            ),
            "entries-raised": (
                "entrywise",
                "every entry of W_h was raised to the power by itself. (9.14) raises "
                "the eigenvalues.",
            ),
            "eigenvalues-multiplied-by-k": (
                "times",
                "the eigenvalues were multiplied by k; (9.14) raises them to it.",
            ),
            "absolute-eigenvalues": (
                "absolute",
                "the eigenvalues lost their signs and angles. Their absolute value "
                "tells the growth; the power of (9.14) needs all of them.",
            ),
            "imaginary-parts-dropped-first": (
                "real-first",
                "the imaginary parts of the eigenvalues were dropped before the "
                "power. In (9.14) they cancel at the very end.",
            ),
            "eigenvalues-alone": (
                "diagonal",
                "the diagonal matrix of (9.14) came without the eigenvectors around "
                "it.",
            ),
            "inverse-left-out": (
                "half",
                "the inverse on the right of (9.14) is missing.",
            ),
            "power-transposed": (
                "left",
                "the right power came transposed. Left eigenvectors need the inverse "
                "of (9.14) on the other side.",
            ),
            "modulus-taken": (
                "modulus",
                "each entry came as its absolute value. To get rid of an imaginary "
                "part of 0 in (9.14), keep the real part.",
            ),
            "one-power-too-many": (
                "more",
                "the exponent in (9.14) is one too large.",
            ),
            "one-power-too-few": (
                "fewer",
                "the exponent in (9.14) is one too small.",
            ),
        },
    ),
)  # fmt: skip


# -- clip-gradients ---------------------------------------------------------------


def _clip(
    dW_x: Array, dW_y: Array, db: Array, limit: float, kind: str, *, slip: str = ""
) -> tuple[Array, Array, Array, Any]:
    grads = [dW_x, dW_y, db]
    norm = np.sqrt(sum((g**2).sum() for g in grads))
    if slip == "squared":
        norm = norm**2
    if slip == "norms-added":
        norm = sum(np.sqrt((g**2).sum()) for g in grads)
    if slip == "largest":
        norm = max(np.abs(g).max() for g in grads)
    if slip == "mean":
        norm = np.sqrt(np.concatenate([g.ravel() for g in grads]) ** 2).mean()
    if slip == "no-bias":
        norm = np.sqrt((dW_x**2).sum() + (dW_y**2).sum())
    if (kind == "value") != (slip == "kinds"):
        clipped = [np.clip(g, -limit, limit) for g in grads]
        if slip == "above":
            clipped = [np.minimum(g, limit) for g in grads]
        if slip == "dropped":
            clipped = [np.where(np.abs(g) > limit, 0.0, g) for g in grads]
        if slip == "signs":
            clipped = [limit * np.sign(g) for g in grads]
        if slip == "absolute":
            clipped = [np.minimum(np.abs(g), limit) for g in grads]
        return *clipped, norm
    if slip == "each":
        clipped = [
            g * min(1.0, limit / max(np.sqrt((g**2).sum()), 1e-300)) for g in grads
        ]
        return *clipped, norm
    with np.errstate(all="ignore"):
        scale = limit / norm if norm > limit else 1.0
        if slip == "always":
            scale = limit / norm if norm else 1.0
        if slip == "zero":
            scale = np.divide(limit, norm) if norm else np.nan
            scale = min(scale, 1.0) if norm else np.nan
        if slip == "to-one" and norm > limit:
            scale = 1 / norm
        if slip == "inverse" and norm > limit:
            scale = norm / limit
        if slip == "unclipped":
            scale = 1.0
        if slip == "below":
            scale = 1.0 if norm > limit or not norm else limit / norm
        clipped = [g * scale for g in grads]
    if slip == "norm-after":
        norm = np.sqrt(sum((g**2).sum() for g in clipped))
    return *clipped, norm


def _draw_grads(rng: Rng, size: float = 1.0) -> Inputs:
    D, H, K = 3, 5, 2
    shapes = ((D, H), (H, K), (H,))
    dW_x, dW_y, db = (size * rng.normal(size=shape) for shape in shapes)
    return {"dW_x": dW_x, "dW_y": dW_y, "db": db}


def _draw_clip(rng: Rng) -> list[Inputs]:
    given = _draw_grads(rng)
    return [
        {**given, "limit": 2.0, "kind": "norm"},
        {**given, "limit": 0.7, "kind": "value"},
    ]


def _draw_twice_as_long(rng: Rng) -> list[Inputs]:
    first = {**_draw_grads(rng, 2.0), "limit": 1.5, "kind": "norm"}
    longer = {n: 2 * first[n] for n in ("dW_x", "dW_y", "db")}
    return [first, {**first, **longer}]


def _clipped_alike(calls: list[Inputs], values: list[Any]) -> str:
    first, longer = values
    if all(np.allclose(a, b) for a, b in zip(first[:3], longer[:3], strict=True)):
        return ""
    return (
        "Both gradients were longer than the limit and had one direction, so after "
        "clipping by norm they must be the same."
    )


def _draw_clip_edge(rng: Rng) -> list[Inputs]:
    short = {**_draw_grads(rng, 0.01), "limit": 1.0}
    zero = {n: 0 * short[n] for n in ("dW_x", "dW_y", "db")}
    return [
        {**short, "kind": "norm"},
        {**short, "kind": "value"},
        {**short, **zero, "kind": "norm"},
    ]


CLIP = Check(
    name="clip-gradients",
    assignment=ASSIGNMENT,
    points=3,
    title="clip_gradients",
    asks="the clipped dW_x (D, H), dW_y (H, K), db (H,), and the global norm before "
    "clipping",
    equation="9.5",
    section="The cliff",
    reference=_clip,
    returns=("dW_x", "dW_y", "db", "norm"),
    cases=(
        Case("value", "gradients above the limit, by norm and by value", 2, _draw_clip),
        Case("property", "the same direction, twice as long", 1, _draw_twice_as_long,
             law=_clipped_alike),
        Case("edge", "gradients below the limit, and all zero", 1, _draw_clip_edge),
    ),
    mistakes=by_slip(
        _clip,
        {
            "each-array-by-itself": (
                "each",
                "every array was clipped by its own norm. The norm of (9.5) is "
                "global: one length and one factor for all, or the direction turns.",
            ),
            "always-rescaled": (
                "always",
                "gradients below the limit were made longer. (9.5) touches only those "
                "that are above it.",
            ),
            "zero-divided-by-zero": (
                "zero",
                "a gradient of zero came back as NaN: it was divided by its norm. "
                "(9.5) asks first whether the norm is above the limit.",
            ),
            "shortened-to-one": (
                "to-one",
                "the clipped gradients have length 1. (9.5) leaves them as long as "
                "the limit.",
            ),
            "factor-upside-down": (
                "inverse",
                "the factor of (9.5) is upside down: long gradients got longer.",
            ),
            "compared-the-wrong-way": (
                "below",
                "the short gradients were rescaled and the long ones left alone: the "
                "comparison of (9.5) is turned round.",
            ),
            "nothing-clipped": (
                "unclipped",
                "with clipping by norm the gradients came back as they were, though "
                "longer than the limit; see (9.5).",
            ),
            "squares-not-rooted": (
                "squared",
                "the sum of squares was used for the norm; the root is missing in "
                "(9.5).",
            ),
            "norms-added-up": (
                "norms-added",
                "the three norms were added. The global norm of (9.5) is that of one "
                "long vector: add the squares, then take the root once.",
            ),
            "largest-entry-as-the-norm": (
                "largest",
                "the largest absolute entry stands where (9.5) has the norm.",
            ),
            "mean-entry-as-the-norm": (
                "mean",
                "the mean absolute entry stands where (9.5) has the norm.",
            ),
            "bias-left-out-of-the-norm": (
                "no-bias",
                "the bias has no part in the norm. (9.5) counts every parameter.",
            ),
            "norm-after-clipping": (
                "norm-after",
                "the norm was taken after clipping, so it can never be above the "
                "limit. The one before was asked for: it shows how often (9.5) acts.",
            ),
            "kinds-exchanged": (
                "kinds",
                "clipping by norm and by value changed places: (9.5) is for the one, "
                "(9.13) for the other.",
            ),
            "clipped-above-only": (
                "above",
                "by value, large negative entries passed. (9.13) has a limit on "
                "either side.",
            ),
            "large-entries-dropped": (
                "dropped",
                "by value, entries beyond the limit became 0. (9.13) cuts them to "
                "the limit.",
            ),
            "signs-kept-alone": (
                "signs",
                "by value, each entry became plus or minus the limit. (9.13) leaves "
                "the small ones alone.",
            ),
            "absolute-values-clipped": (
                "absolute",
                "by value, the signs went lost. (9.13) keeps them.",
            ),
        },
    ),
)  # fmt: skip


# -- leaky-step -------------------------------------------------------------------


def _leaky(
    x: Array,
    h_prev: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    alpha: Array,
    dh: Array,
    *,
    slip: str = "",
) -> tuple[Array, ...]:
    n = np.tanh(x @ W_x + h_prev @ W_h + b)
    keep, take = (alpha, 1 - alpha) if slip == "swapped" else (1 - alpha, alpha)
    h = keep * h_prev + take * n
    if slip == "inside":
        h = np.tanh(keep * h_prev + take * (x @ W_x + h_prev @ W_h + b))
    if slip == "no-keep":
        h = take * n + h_prev
    slope = 1 - n**2
    if slip == "slope-of-h":
        slope = 1 - h**2
    if slip == "no-slope":
        slope = np.ones_like(n)
    da = dh * take * slope
    if slip == "no-rate":
        da = dh * slope
    kept, through = dh * keep, da @ W_h.T
    dh_prev = kept + through
    if slip == "only-through":
        dh_prev = through
    if slip == "only-kept":
        dh_prev = kept
    if slip == "whole-kept":
        dh_prev = dh + through
    if slip == "untransposed":
        dh_prev = kept + da @ W_h
    dW_h = (h if slip == "h-new" else h_prev).T @ da
    change = n - h_prev
    if slip == "rate-sign":
        change = h_prev - n
    if slip == "rate-n":
        change = n
    dalpha = (dh * change).sum(axis=0)
    if slip == "rate-mean":
        dalpha = (dh * change).mean(axis=0)
    if slip == "rate-one":
        dalpha = np.full_like(dalpha, dalpha.sum())
    return h, da @ W_x.T, dh_prev, dW_h, dalpha


def _draw_leaky(
    B: int, D: int = 3, H: int = 5, rate: float | None = None, scale: float = 1.0
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        alpha = rng.uniform(0.15, 0.4, size=H)
        return {
            "x": rng.normal(size=(B, D)),
            "h_prev": rng.uniform(-0.9, 0.9, size=(B, H)),
            "W_x": rng.normal(size=(D, H)),
            "W_h": scale * 0.5 * rng.normal(size=(H, H)),
            "b": 0.5 * rng.normal(size=H),
            "alpha": alpha if rate is None else np.full(H, rate),
            "dh": rng.normal(size=(B, H)),
        }

    return draw


def _draw_no_recurrence(rng: Rng) -> Inputs:
    return _draw_leaky(4, scale=0.0)(rng)


def _only_the_leak(calls: list[Inputs], values: list[Any]) -> str:
    (given,), (value,) = calls, values
    if np.allclose(value[2], (1 - given["alpha"]) * given["dh"]):
        return ""
    return (
        "With W_h = 0 a state reaches the next one through the leak alone, so dh_prev "
        "must be 1 - alpha times dh."
    )


def _draw_leaky_edge(rng: Rng) -> list[Inputs]:
    return [
        _draw_leaky(2, rate=1.0)(rng),
        _draw_leaky(2, rate=1e-3)(rng),
        _draw_leaky(1)(rng),
    ]


LEAKY = Check(
    name="leaky-step",
    assignment=ASSIGNMENT,
    points=4,
    title="leaky_step",
    asks="the state h (B, H) and the derivatives dx (B, D), dh_prev (B, H), "
    "dW_h (H, H), dalpha (H,)",
    equation="9.7",
    section="Leak slowly",
    reference=_leaky,
    returns=("h", "dx", "dh_prev", "dW_h", "dalpha"),
    cases=(
        Case("value", "state and derivatives", 3, _draw_leaky(4)),
        Case("property", "without W_h only the leak is left", 1, _draw_no_recurrence,
             law=_only_the_leak),
        Case("edge", "rates of 1 and of 1/1000; a batch of one", 1, _draw_leaky_edge),
    ),
    mistakes=by_slip(
        _leaky,
        {
            "rate-the-other-way-round": (
                "swapped",
                "alpha and 1 - alpha changed places. In (9.6) alpha says how much of "
                "the new is taken on, so a small one remembers long.",
            ),
            "leak-inside-of-tanh": (
                "inside",
                "the old state was mixed in before tanh. In (9.6) it stays outside; "
                "that is why its gradient meets no slope.",
            ),
            "nothing-leaks-out": (
                "no-keep",
                "the old state was kept whole and the new added to it. In (9.6) the "
                "two shares make 1.",
            ),
            "slope-of-the-mixture": (
                "slope-of-h",
                "the slope was made of h. In (9.7) it belongs to tanh, and the tanh "
                "here is n; h is a mixture.",
            ),
            "slope-missing": (
                "no-slope",
                "the slope of tanh is missing on the way back in (9.7).",
            ),
            "rate-missing-in-da": (
                "no-rate",
                "the new part was weighted with alpha on the way forward, and not on "
                "the way back: (9.7) has it in da.",
            ),
            "leak-missing-in-dh_prev": (
                "only-through",
                "dh_prev came through W_h alone. (9.7) has a second road, the leak "
                "itself, and it is the one that reaches far.",
            ),
            "matrix-missing-in-dh_prev": (
                "only-kept",
                "dh_prev came along the leak alone. h_prev stands in tanh as well, so "
                "(9.7) adds what comes through W_h.",
            ),
            "leak-without-its-share": (
                "whole-kept",
                "the leak sends dh back whole. In (9.7) it has the factor 1 - alpha, "
                "as on the way forward.",
            ),
            "W_h-not-transposed": (
                "untransposed",
                "W_h was used on the way back as it stands; (9.7) has it transposed.",
            ),
            "new-state-in-dW_h": (
                "h-new",
                "dW_h was made with h. W_h meets the state before the step, h_prev.",
            ),
            "rate-gradient-sign": (
                "rate-sign",
                "dalpha has the wrong sign. More alpha means more of n and less of "
                "h_prev: see (9.7).",
            ),
            "rate-gradient-of-the-new-part": (
                "rate-n",
                "dalpha looks at n alone. alpha stands in (9.6) twice, and the second "
                "time with a minus.",
            ),
            "rate-gradient-averaged": (
                "rate-mean",
                "dalpha was averaged over the batch. Like every weight it collects: "
                "a sum.",
            ),
            "rates-as-one": (
                "rate-one",
                "dalpha was summed over the units, too. Here each unit has a rate of "
                "its own, so (9.7) sums over the batch only.",
            ),
        },
    ),
)  # fmt: skip


# -- skip-step --------------------------------------------------------------------


def _skip(
    x: Array,
    h_prev: Array,
    h_skip: Array,
    W_x: Array,
    W_h: Array,
    W_s: Array,
    b: Array,
    dh: Array,
    *,
    slip: str = "",
) -> tuple[Array, ...]:
    W_1, W_d = (W_s, W_h) if slip == "swapped" else (W_h, W_s)
    a = x @ W_x + h_prev @ W_1 + h_skip @ W_d + b
    if slip == "shared":
        a = x @ W_x + (h_prev + h_skip) @ W_h + b
    if slip == "unweighted":
        a = x @ W_x + h_prev @ W_h + h_skip + b
    if slip == "replaced":
        a = x @ W_x + h_skip @ W_s + b
    if slip == "ignored":
        a = x @ W_x + h_prev @ W_h + b
    h = np.tanh(a)
    if slip == "outside":
        n = np.tanh(x @ W_x + h_prev @ W_h + b)
        h = n + h_skip @ W_s
    da = dh * (1 - h**2)
    if slip == "no-slope":
        da = dh
    if slip == "slope-of-a":
        da = dh * (1 - a**2)
    if slip == "outside":
        da = dh * (1 - n**2)
    dh_prev, dh_skip = da @ W_1.T, da @ W_d.T
    if slip == "merged":
        dh_prev = dh_skip = dh_prev + dh_skip
    if slip == "outside":
        dh_skip = dh @ W_s.T
    if slip == "crossed":
        dh_prev, dh_skip = dh_skip, dh_prev
    if slip == "untransposed":
        dh_prev, dh_skip = da @ W_h, da @ W_s
    if slip == "half":
        dh_prev, dh_skip = dh_prev / 2, dh_skip / 2
    dW_h, dW_s = h_prev.T @ da, h_skip.T @ da
    if slip == "same-state":
        dW_s = h_prev.T @ da
    if slip == "mean":
        dW_h, dW_s = dW_h / len(x), dW_s / len(x)
    return h, dh_prev, dh_skip, dW_h, dW_s


def _draw_skip(B: int, D: int = 3, H: int = 5) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "x": rng.normal(size=(B, D)),
            "h_prev": rng.uniform(-0.9, 0.9, size=(B, H)),
            "h_skip": rng.uniform(-0.9, 0.9, size=(B, H)),
            "W_x": 0.5 * rng.normal(size=(D, H)),
            "W_h": 0.5 * rng.normal(size=(H, H)),
            "W_s": 0.5 * rng.normal(size=(H, H)),
            "b": 0.5 * rng.normal(size=H),
            "dh": rng.normal(size=(B, H)),
        }

    return draw


def _draw_exchanged(rng: Rng) -> list[Inputs]:
    first = _draw_skip(2)(rng)
    second = {**first, "h_prev": first["h_skip"], "h_skip": first["h_prev"]}
    return [first, {**second, "W_h": first["W_s"], "W_s": first["W_h"]}]


def _exchange_answers(calls: list[Inputs], values: list[Any]) -> str:
    first, second = values
    order = (0, 2, 1, 4, 3)
    if all(np.allclose(first[i], second[j]) for i, j in enumerate(order)):
        return ""
    return (
        "The two earlier states and their matrices changed places together. Then h "
        "stays, and the derivatives change places, too."
    )


def _draw_skip_edge(rng: Rng) -> list[Inputs]:
    start = _draw_skip(2)(rng)
    start["h_skip"] = np.zeros_like(start["h_skip"])
    return [start, _draw_skip(1)(rng)]


SKIP = Check(
    name="skip-step",
    assignment=ASSIGNMENT,
    points=3,
    title="skip_step",
    asks="the state h (B, H) and the derivatives dh_prev, dh_skip (B, H), dW_h, "
    "dW_s (H, H)",
    equation="9.8",
    section="Reach back further",
    reference=_skip,
    returns=("h", "dh_prev", "dh_skip", "dW_h", "dW_s"),
    cases=(
        Case("value", "state and derivatives", 3, _draw_skip(4)),
        Case("property", "both earlier states exchanged", 1, _draw_exchanged,
             law=_exchange_answers),
        Case("edge", "no state d steps back yet; a batch of one", 1, _draw_skip_edge),
    ),
    mistakes=by_slip(
        _skip,
        {
            "matrices-exchanged": (
                "swapped",
                "W_h and W_s changed places. In (9.8) W_h meets the state one step "
                "back, W_s the one d steps back.",
            ),
            "one-matrix-for-both": (
                "shared",
                "both earlier states went through W_h. (9.8) has a matrix for each.",
            ),
            "skip-without-a-matrix": (
                "unweighted",
                "the state d steps back was added as it is. That is a residual "
                "connection; (9.8) weights it with W_s.",
            ),
            "length-one-connection-lost": (
                "replaced",
                "the state one step back has no part in a. That is (9.9), the next "
                "task; (9.8) keeps it.",
            ),
            "skip-left-out": (
                "ignored",
                "the state d steps back has no part in a, as in a simple network; "
                "(9.8) adds it.",
            ),
            "skip-outside-of-tanh": (
                "outside",
                "the skip was added after tanh. In (9.8) it is part of a.",
            ),
            "slope-forgotten": (
                "no-slope",
                "the slope of tanh is missing on the way back from (9.8).",
            ),
            "slope-from-a": (
                "slope-of-a",
                "the slope was made of a. It is 1 minus the square of the state h.",
            ),
            "messages-merged": (
                "merged",
                "one message went to both earlier states. From (9.8) each gets its "
                "own, through its own matrix; they are added only where two steps "
                "meet.",
            ),
            "messages-crossed": (
                "crossed",
                "dh_prev and dh_skip changed places on the way back from (9.8).",
            ),
            "matrices-not-transposed": (
                "untransposed",
                "on the way back from (9.8) both matrices stand transposed.",
            ),
            "messages-halved": (
                "half",
                "each message was halved. A state that is used along two roads is "
                "not divided: the derivative of a sum, (9.8), is a sum.",
            ),
            "wrong-state-in-dW_s": (
                "same-state",
                "dW_s was made with the state one step back. W_s meets h_skip in "
                "(9.8).",
            ),
            "weights-averaged-over-the-batch": (
                "mean",
                "dW_h and dW_s were averaged over the batch; the sum was asked for.",
            ),
        },
    ),
)  # fmt: skip


# -- removed-forward --------------------------------------------------------------


def _removed(
    xs: Array, W_x: Array, W_h: Array, b: Array, d: int, *, slip: str = ""
) -> Array:
    T, H = len(xs), len(b)
    reach = d + {"more": 1, "fewer": -1}.get(slip, 0)
    hs = np.zeros((T, H))
    for t in range(T):
        back = hs[t - reach] if reach >= 1 and t >= reach else np.zeros(H)
        one = hs[t - 1] if t else np.zeros(H)
        if slip == "one":
            back = one
        if slip == "both" and d > 1:
            back = back + one
        if slip == "one-at-first" and t < d:
            back = one
        if slip == "average":
            past = hs[max(0, t - d) : t]
            back = past.mean(axis=0) if len(past) else np.zeros(H)
        if slip == "every-d" and t % d:
            back = np.zeros(H)
        if slip == "every-d" and not t % d:
            back = one
        x = xs[t]
        if slip == "input-too":
            x = xs[t - d] if t >= d else np.zeros_like(xs[t])
        a = x @ W_x + back @ W_h + (0 if slip == "no-bias" else b)
        if slip == "transposed":
            a = x @ W_x + W_h @ back + b
        hs[t] = a if slip == "linear" else np.tanh(a)
        if slip == "late" and t < d:
            hs[t] = 0
        if slip == "holds" and t % d:
            hs[t] = one
        if slip == "no-input":
            hs[t] = np.tanh(back @ W_h + b)
    if slip == "final":
        return hs[-1]
    return hs


def _draw_removed(T: int, d: int, D: int = 2, H: int = 4) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "xs": rng.normal(size=(T, D)),
            "W_x": rng.normal(size=(D, H)),
            "W_h": 0.8 * rng.normal(size=(H, H)),
            "b": 0.5 + 0.5 * rng.normal(size=H),
            "d": d,
        }

    return draw


def _draw_in_turns(rng: Rng) -> list[Inputs]:
    whole = _draw_removed(8, 3)(rng)
    return [whole] + [{**whole, "xs": whole["xs"][r::3], "d": 1} for r in range(3)]


def _takes_turns(calls: list[Inputs], values: list[Any]) -> str:
    whole, *turns = (np.asarray(v) for v in values)
    if all(np.allclose(whole[r::3], turn) for r, turn in enumerate(turns)):
        return ""
    return (
        "With d = 3 the layer is three networks that take turns. The first must give "
        "what a simple network gives that reads steps 1, 4, 7 only, and so on."
    )


def _draw_removed_edge(rng: Rng) -> list[Inputs]:
    return [
        _draw_removed(5, 7)(rng),
        _draw_removed(5, 5)(rng),
        _draw_removed(4, 1)(rng),
    ]


REMOVED = Check(
    name="removed-forward",
    assignment=ASSIGNMENT,
    points=3,
    title="removed_forward",
    asks="the states hs, (T, H), of one sequence xs, (T, D), with nothing before the "
    "first step",
    equation="9.9",
    section="Take the short connections away",
    reference=_removed,
    returns=("hs",),
    cases=(
        Case("value", "seven states with connections of length two", 2,
             _draw_removed(7, 2)),
        Case("property", "three networks that take turns", 1, _draw_in_turns,
             law=_takes_turns),
        Case("edge", "d above T, d = T, d = 1", 1, _draw_removed_edge),
    ),
    mistakes=by_slip(
        _removed,
        {
            "one-step-back": (
                "one",
                "each state read the one before it. (9.9) reads the one d steps back "
                "and no other.",
            ),
            "both-kept": (
                "both",
                "the connection of length one is still there, beside the long one. "
                "(9.9) takes it away.",
            ),
            "one-step-back-at-first": (
                "one-at-first",
                "the first d states read the one before them. There is nothing d "
                "steps back yet, so (9.9) starts them from zero.",
            ),
            "reach-too-long": (
                "more",
                "the states reach back d + 1 steps; (9.9) says d.",
            ),
            "reach-too-short": (
                "fewer",
                "the states reach back d - 1 steps; (9.9) says d.",
            ),
            "states-averaged": (
                "average",
                "the last d states were averaged. (9.9) reads one of them.",
            ),
            "recurrence-every-d-steps": (
                "every-d",
                "every d-th step read its neighbour and the others read none. In "
                "(9.9) each step reads a state, d steps back.",
            ),
            "state-held": (
                "holds",
                "the state changes at every d-th step and is held in between. (9.9) "
                "computes a new one at each step.",
            ),
            "inputs-delayed": (
                "input-too",
                "the input was taken d steps back as well. In (9.9) only the state "
                "is old.",
            ),
            "first-steps-silent": (
                "late",
                "the first d states are zero. They have an input to read already: "
                "only what is before them in (9.9) is zero.",
            ),
            "tanh-left-out": (
                "linear",
                "the states came without tanh.",
            ),
            "bias-missing": (
                "no-bias",
                "the bias b of (9.9) is missing.",
            ),
            "recurrent-weights-transposed": (
                "transposed",
                "W_h stands on the left of the state. States are rows: (9.9) "
                "multiplies from the right.",
            ),
            "inputs-not-read": (
                "no-input",
                "the inputs have no part in the states; (9.9) begins with them.",
            ),
            "last-state-only": (
                "final",
                "one state came, the last. All T were asked for.",
            ),
        },
    ),
)  # fmt: skip


# -- gradient-against-lag ---------------------------------------------------------


def _against_lag(hs: Array, W_h: Array, dh_T: Array, *, slip: str = "") -> Array:
    dh, messages = dh_T, [dh_T]
    order = list(range(len(hs) - 1, -1, -1))
    if slip == "forwards":
        order.reverse()
    for t in order:
        slope = 1 - hs[t] ** 2
        if slip == "shifted":
            slope = 1 - hs[t - 1] ** 2 if t else np.ones_like(hs[0])
        if slip == "no-slope":
            slope = np.ones_like(hs[t])
        if slip == "tanh-twice":
            slope = 1 - np.tanh(hs[t]) ** 2
        back = W_h if slip == "untransposed" else W_h.T
        dh = (dh @ back) * slope if slip == "after" else (dh * slope) @ back
        messages.append(dh)
    norms = np.array([np.linalg.norm(m) for m in messages])
    if slip == "squared":
        return norms**2
    if slip == "relative":
        return norms / max(norms[0], 1e-300)
    if slip == "largest":
        return np.array([np.abs(m).max() for m in messages])
    if slip == "sum":
        return np.array([m.sum() for m in messages])
    if slip == "oldest":
        return norms[::-1]
    if slip == "no-zero":
        return norms[1:]
    if slip == "short":
        return norms[:-1]
    if slip == "collected":
        return np.cumsum(norms)
    if slip == "logarithm":
        return np.log(np.maximum(norms, 1e-300))
    return norms


def _draw_lag(T: int, H: int = 4) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "hs": np.tanh(0.7 * rng.normal(size=(T, H))),
            "W_h": 0.7 * rng.normal(size=(H, H)),
            "dh_T": 1.5 * rng.normal(size=H),
        }

    return draw


def _draw_turning(rng: Rng) -> list[Inputs]:
    first = _draw_lag(6, 5)(rng)
    still = {"hs": 0 * first["hs"], "W_h": _orthogonal(rng, 5), "dh_T": first["dh_T"]}
    return [{**first, "dh_T": 2 * first["dh_T"]}, still]


def _length_is_kept(calls: list[Inputs], values: list[Any]) -> str:
    still = np.asarray(values[1])
    if np.allclose(still, np.linalg.norm(calls[1]["dh_T"])):
        return ""
    return (
        "In the second call W_h is orthogonal and all slopes are 1. Such a product "
        "keeps lengths, so the curve must be level."
    )


def _draw_lag_edge(rng: Rng) -> list[Inputs]:
    saturated = _draw_lag(3)(rng)
    saturated["hs"] = np.sign(saturated["hs"])
    return [_draw_lag(1)(rng), saturated]


LAG = Check(
    name="gradient-against-lag",
    assignment=ASSIGNMENT,
    points=3,
    title="gradient_against_lag",
    asks="the T + 1 norms of the derivative with respect to h_T, h_{T-1}, ..., h_0",
    equation="9.10",
    section="How far back does a gradient reach?",
    reference=_against_lag,
    returns=("norms",),
    cases=(
        Case("value", "the curve over six steps", 2, _draw_lag(6)),
        Case("property", "twice the message; a matrix that only turns", 1,
             _draw_turning, law=_length_is_kept),
        Case("edge", "one step; saturated states", 1, _draw_lag_edge),
    ),
    mistakes=by_slip(
        _against_lag,
        {
            "steps-in-forward-order": (
                "forwards",
                "the message passed the first step first. It starts at h_T, so (9.10) "
                "meets the last step first.",
            ),
            "slope-of-the-step-before": (
                "shifted",
                "each factor has the slope of the step before. Between h_t and its "
                "predecessor stands the slope made of h_t.",
            ),
            "slope-not-used": (
                "no-slope",
                "the slopes are missing: this is the curve of a linear network.",
            ),
            "state-squashed-again": (
                "tanh-twice",
                "the slopes were made of tanh of the states. The states are that "
                "already.",
            ),
            "forward-matrix": (
                "untransposed",
                "W_h was used as on the way forward. A message of (9.10) travels "
                "back, through the transpose.",
            ),
            "slope-after-the-matrix": (
                "after",
                "the message passed W_h first and the slope afterwards. Read the step "
                "upwards: tanh was last, so its slope comes first.",
            ),
            "norms-squared": (
                "squared",
                "the norms are squared.",
            ),
            "relative-to-lag-zero": (
                "relative",
                "the curve was divided by its first entry, so it says what is left "
                "of 1. (9.10) is not relative.",
            ),
            "largest-entries": (
                "largest",
                "the largest entry of each message came; (9.10) asks for the length.",
            ),
            "entries-added": (
                "sum",
                "the entries of each message were added, signs and all. They can "
                "cancel; (9.10) asks for the length.",
            ),
            "oldest-first": (
                "oldest",
                "the curve runs from h_0 to h_T. Entry k of (9.10) is lag k, so it "
                "begins with h_T.",
            ),
            "lag-zero-missing": (
                "no-zero",
                "lag 0 is missing: (9.10) begins with the message itself.",
            ),
            "first-state-missing": (
                "short",
                "the curve ends at h_1. h_0 is a state, too, so (9.10) has T + 1 "
                "entries.",
            ),
            "lags-collected": (
                "collected",
                "the norms were added up along the way. (9.10) is about each lag by "
                "itself.",
            ),
            "logarithm-taken": (
                "logarithm",
                "logarithms came. The axis of the figure is logarithmic, the numbers "
                "of (9.10) are not.",
            ),
        },
    ),
)  # fmt: skip


# -- transient-growth -------------------------------------------------------------


def _transient(W_h: Array, K: int, *, slip: str = "") -> tuple[Array, Any, Any]:
    H = len(W_h)
    powers = [np.eye(H)]
    for _ in range(K):
        powers.append(powers[-1] * W_h if slip == "entrywise" else powers[-1] @ W_h)
    if slip == "entrywise":
        powers = [np.eye(H)] + [W_h**k for k in range(1, K + 1)]
    norms = np.array([np.linalg.norm(p, 2) for p in powers])
    if slip == "frobenius":
        norms = np.array([np.linalg.norm(p) for p in powers])
    if slip == "largest":
        norms = np.array([np.abs(p).max() for p in powers])
    values = np.linalg.eigvals(W_h)
    if slip == "radius":
        norms = np.abs(values).max() ** np.arange(K + 1.0)
    if slip == "bound":
        norms = np.linalg.norm(W_h, 2) ** np.arange(K + 1.0)
    if slip == "no-zero":
        norms = norms[1:]
    peak = norms.max() if len(norms) else 1.0
    if slip == "last":
        peak = norms[-1]
    if slip == "where":
        peak = int(np.argmax(norms))
    if slip == "without-zero":
        peak = norms[1:].max() if K else 0.0
    if slip == "sum":
        peak = norms.sum()
    surplus = (W_h**2).sum() - (np.abs(values) ** 2).sum()
    if slip == "unrooted":
        return norms, peak, max(surplus, 0.0)
    if slip == "angles":
        surplus = (W_h**2).sum() - (values**2).sum().real
    if slip == "spectral":
        surplus = H * np.linalg.norm(W_h, 2) ** 2 - (np.abs(values) ** 2).sum()
    if slip == "first-powers":
        surplus = max(np.linalg.norm(W_h) - np.abs(values).sum(), 0) ** 2
    if slip == "commutator":
        surplus = np.linalg.norm(W_h @ W_h.T - W_h.T @ W_h) ** 2
    return norms, peak, np.sqrt(max(surplus, 0.0))


def _not_normal(rng: Rng, H: int) -> Array:
    """Draw a matrix of radius 0.8, with a complex pair, that grows at first."""
    T = np.triu(rng.uniform(1.0, 2.5, size=(H, H)), 2)
    T[:2, :2] = 0.8 * np.array(
        [[np.cos(0.9), np.sin(0.9)], [-np.sin(0.9), np.cos(0.9)]]
    )
    T[range(2, H), range(2, H)] = rng.uniform(-0.7, 0.7, size=H - 2)
    Q = _orthogonal(rng, H)
    return Q @ T @ Q.T


def _draw_transient(rng: Rng) -> Inputs:
    return {"W_h": _not_normal(rng, 5), "K": 7}


def _draw_other_basis(rng: Rng) -> list[Inputs]:
    W_h, Q = _not_normal(rng, 4), _orthogonal(rng, 4)
    return [{"W_h": W_h, "K": 5}, {"W_h": Q @ W_h @ Q.T, "K": 5}]


def _basis_is_no_matter(calls: list[Inputs], values: list[Any]) -> str:
    first, second = values
    if all(np.allclose(a, b) for a, b in zip(first, second, strict=True)):
        return ""
    return (
        "The second matrix is the first one, seen from a turned basis. Lengths do not "
        "know the basis, so all three answers must be the same."
    )


def _draw_normal(rng: Rng) -> list[Inputs]:
    Q = _orthogonal(rng, 4)
    symmetric = Q @ np.diag([0.9, -0.6, 0.3, 0.1]) @ Q.T
    return [
        {"W_h": symmetric, "K": 4},
        {"W_h": 0.9 * Q, "K": 3},
        {"W_h": _not_normal(rng, 3), "K": 0},
    ]


TRANSIENT = Check(
    name="transient-growth",
    assignment=ASSIGNMENT,
    points=3,
    title="transient_growth",
    asks="the norms of the powers 0 to K, (K + 1,), the largest of them, and the "
    "departure from normality, a number",
    equation="9.11",
    section="The eigenvalues do not tell the next ten steps",
    reference=_transient,
    returns=("norms", "peak", "departure"),
    atol=1e-6,
    cases=(
        Case("value", "a matrix that grows before it fades", 2, _draw_transient),
        Case("property", "the same matrix in another basis", 1, _draw_other_basis,
             law=_basis_is_no_matter),
        Case("edge", "a symmetric one, an orthogonal one; K = 0", 1, _draw_normal),
    ),
    mistakes=by_slip(
        _transient,
        {
            "frobenius-norms": (
                "frobenius",
                "the norms are roots of summed squares of entries; that of the "
                "identity is then above 1. (9.11) uses the largest stretch of a "
                "vector.",
            ),
            "largest-entries-of-the-powers": (
                "largest",
                "the largest entry of each power came. It depends on the basis; the "
                "norm of (9.11) does not.",
            ),
            "powers-of-the-radius": (
                "radius",
                "the norms are powers of the spectral radius. For a normal matrix "
                "they would be; (9.11) is about the others.",
            ),
            "powers-of-the-norm": (
                "bound",
                "the norms are powers of the norm of W_h. That is the bound (9.4), "
                "and the powers stay below it.",
            ),
            "powers-of-the-entries": (
                "entrywise",
                "the entries were raised to the power one by one; (9.11) multiplies "
                "matrices.",
            ),
            "power-zero-missing": (
                "no-zero",
                "the list begins with the first power. (9.11) begins with the "
                "identity, whose norm is 1.",
            ),
            "last-norm-as-the-peak": (
                "last",
                "the peak is the last norm. (9.11) asks for the largest.",
            ),
            "place-of-the-peak": (
                "where",
                "the peak came as the power at which it is reached; its height was "
                "asked for, (9.11).",
            ),
            "peak-without-power-zero": (
                "without-zero",
                "the peak leaves out the power 0. A matrix that only shrinks has its "
                "largest norm there: (9.11) can never be below 1.",
            ),
            "norms-summed": (
                "sum",
                "the norms were added; (9.11) takes the largest.",
            ),
            "departure-squared": (
                "unrooted",
                "the departure is a difference of squares still: take the root in "
                "(9.11).",
            ),
            "eigenvalues-squared-with-their-angles": (
                "angles",
                "the eigenvalues were squared as complex numbers. (9.11) squares "
                "their absolute values.",
            ),
            "spectral-norm-in-the-departure": (
                "spectral",
                "the departure was made with the largest stretch of W_h. There "
                "(9.11) has the sum of all squared entries.",
            ),
            "departure-without-squares": (
                "first-powers",
                "the departure is a difference of a norm and absolute eigenvalues. "
                "In (9.11) they are squared before they are subtracted.",
            ),
            "commutator-as-the-departure": (
                "commutator",
                "the departure is the norm of the commutator of W_h and its "
                "transpose. It is zero for the same matrices, but (9.11) is another "
                "measure.",
            ),
        },
    ),
)  # fmt: skip


CHECKS = (POWER, PRODUCT, EIGEN, CLIP, LEAKY, SKIP, REMOVED, LAG, TRANSIENT)

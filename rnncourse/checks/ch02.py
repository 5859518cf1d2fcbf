"""The checks of chapter 2: a step, its limit, batches, memory and when to stop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, by_slip

ASSIGNMENT = "02-gradient-descent"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]
Rng = np.random.Generator


# -- gradient-step ----------------------------------------------------------------


def _step(
    X: Array, y: Array, w: Array, b: float, lr: float, *, slip: str = ""
) -> tuple[Array, Any]:
    N = len(y)

    def slopes(w: Array, b: float) -> tuple[Array, Any]:
        z = X @ w + (0 if slip == "no-bias" else b)
        p = 0.5 + 0.5 * np.tanh(0.5 * z)
        if slip == "no-sigmoid":
            p = z
        if slip == "step":
            p = (z > 0).astype(float)
        dz = (p - y) / N
        if slip == "squares":
            dz = 2 * dz * p * (1 - p)
        if slip == "sum":
            dz = dz * N
        if slip == "features":
            dz = dz * N / X.shape[1]
        if slip == "one":
            keep = np.zeros(N)
            keep[0] = N
            dz = dz * keep
        return X.T @ dz, dz.mean() if slip == "bias-mean" else dz.sum()

    dw, db = slopes(w, b)
    if slip == "b-late":
        db = slopes(w - lr * dw, b)[1]
    if slip == "w-late":
        dw = slopes(w, b - lr * db)[0]
    if slip == "uphill":
        dw, db = -dw, -db
    if slip == "no-rate":
        return w - dw, b - db
    if slip == "gradient":
        return dw, db
    if slip == "moves":
        return -lr * dw, -lr * db
    if slip == "bias-still":
        return w - lr * dw, b
    if slip == "unit":
        size = np.sqrt(dw @ dw + db**2)
        return w - lr * dw / size, b - lr * db / size
    if slip == "decay":
        return w * (1 - lr) - lr * dw, b - lr * db
    return w - lr * dw, b - lr * db  # (2.1)


def _draw_neuron(rng: Rng, N: int, D: int) -> Inputs:
    y = rng.permutation(np.arange(N) % 2).astype(float)
    return {
        "X": rng.normal(size=(N, D)) + 0.8 * y[:, None] + 0.3,
        "y": y,
        "w": rng.normal(size=D),
        "b": float(rng.uniform(0.5, 1.0)),
        "lr": float(rng.uniform(0.5, 0.8)),
    }


def _draw_twice_the_points(rng: Rng) -> list[Inputs]:
    """Draw points, then every one of them twice."""
    first = _draw_neuron(rng, 5, 3)
    twice = {"X": np.repeat(first["X"], 2, axis=0), "y": np.repeat(first["y"], 2)}
    return [first, {**first, **twice}]


def _copies_change_nothing(calls: list[Inputs], values: list[Any]) -> str:
    (w1, b1), (w2, b2) = values
    if np.allclose(w1, w2) and np.isclose(b1, b2):
        return ""
    return (
        "Every point was given a second time. The mean loss is the same then, so the "
        "step must be the same."
    )


def _draw_step_edge(rng: Rng) -> list[Inputs]:
    return [_draw_neuron(rng, 1, 4), {**_draw_neuron(rng, 4, 2), "lr": 0.0}]


STEP = Check(
    name="gradient-step",
    assignment=ASSIGNMENT,
    points=3,
    title="gradient_step",
    asks="the new weights w, shape (D,), and the new bias b, one number, after one "
    "step on the mean loss of all points",
    equation="2.1",
    section="Downhill is against the gradient",
    reference=_step,
    returns=("w", "b"),
    cases=(
        Case("value", "one step on six points", 2,
             lambda rng: _draw_neuron(rng, 6, 3)),
        Case("property", "every point given twice", 1, _draw_twice_the_points,
             law=_copies_change_nothing),
        Case("edge", "one point; a learning rate of 0", 1, _draw_step_edge),
    ),
    mistakes=by_slip(
        _step,
        {
            "uphill": (
                "uphill",
                "the gradient was added. It points uphill; (2.1) takes it away.",
            ),
            "rate-forgotten": (
                "no-rate",
                "the gradient was taken away as it is, without the learning rate of "
                "(2.1).",
            ),
            "gradient-returned": (
                "gradient",
                "the gradient came. The task asks for the weights after the step "
                "(2.1).",
            ),
            "only-the-move": (
                "moves",
                "the move came, minus the rate times the gradient. (2.1) adds it to "
                "the weights there are.",
            ),
            "bias-after-weights": (
                "b-late",
                "w was changed first, and the slope for b was then taken at the new "
                "w. In (2.1) both slopes belong to the same old place.",
            ),
            "weights-after-bias": (
                "w-late",
                "b was changed first, and the slopes for w were then taken at the new "
                "b. In (2.1) all slopes belong to the same old place.",
            ),
            "bias-kept": (
                "bias-still",
                "w moved and b did not. (2.1) moves every parameter, the bias as well.",
            ),
            "bias-not-in-z": (
                "no-bias",
                "b is missing from the sum z = x·w + b, so the gradient belongs to "
                "another neuron.",
            ),
            "summed": (
                "sum",
                "the gradients of the points were added. The mean loss has their "
                "mean; with the sum, twice the data would make twice the step of "
                "(2.1).",
            ),
            "divided-by-features": (
                "features",
                "the sum was divided by the number of features. The mean of (2.1) "
                "runs over the points.",
            ),
            "first-point-only": (
                "one",
                "only the first point was looked at. This task uses all of them for "
                "one step.",
            ),
            "bias-averaged-twice": (
                "bias-mean",
                "the slope for b was divided by N twice: once in dz, and once more "
                "in a mean where a sum belongs.",
            ),
            "no-sigmoid": (
                "no-sigmoid",
                "z itself was compared with the labels. The neuron's answer is p, the "
                "sigmoid of z.",
            ),
            "step-taken": (
                "step",
                "the answers 0 and 1 were compared with the labels. That is the "
                "perceptron's rule, averaged; the loss here has slopes from p.",
            ),
            "squared-error": (
                "squares",
                "the slope has a factor 2p(1 - p): it is the one of the squared error. "
                "The cross-entropy's is p - y.",
            ),
            "length-one": (
                "unit",
                "the gradient was brought to length 1 first. Then every step is "
                "equally long, and near the bottom it walks past it; (2.1) has "
                "shorter steps where it is flatter.",
            ),
            "weights-shrunk": (
                "decay",
                "the weights themselves were shrunk as well. That is weight decay; "
                "(2.1) has none.",
            ),
        },
    ),
)  # fmt: skip


# -- mini-batches -----------------------------------------------------------------


def _batches(
    N: int, batch_size: int, epochs: int, seed: int, *, slip: str = ""
) -> list[list[Array]]:
    rng = np.random.default_rng(None if slip == "unseeded" else seed)
    if slip == "fixed":
        rng = np.random.default_rng(0)
    once, made = rng.permutation(N), []
    for _ in range(1 if slip == "one-epoch" else epochs):
        order = rng.permutation(N)
        if slip == "in-order":
            order = np.arange(N)
        if slip == "once":
            order = once
        if slip == "replaced":
            order = rng.integers(N, size=N)
        if slip == "from-one":
            order = order + 1
        if slip == "blocks":
            cuts = [np.arange(N)[k : k + batch_size] for k in range(0, N, batch_size)]
            order = np.concatenate([cuts[k] for k in rng.permutation(len(cuts))])
            # the short block may stand anywhere; cut where the blocks end
            made.append(_cut_blocks(order, batch_size))
            continue
        if slip == "even":
            made.append(np.array_split(order, math.ceil(N / batch_size)))
            continue
        if slip == "count":
            made.append(np.array_split(order, batch_size))
            continue
        end = N - N % batch_size if slip == "dropped" and batch_size < N else N
        cut = [order[k : k + batch_size] for k in range(0, end, batch_size)]
        if slip == "filled" and len(cut[-1]) < batch_size:
            missing = batch_size - len(cut[-1])
            cut[-1] = np.concatenate([cut[-1], np.resize(order, missing)])
        if slip == "empty" and N % batch_size == 0:
            cut.append(order[:0])
        if slip == "overlap":
            cut = [order[k : k + batch_size + 1] for k in range(0, N, batch_size)]
        made.append(cut)
    return made


def _cut_blocks(order: Array, batch_size: int) -> list[Array]:
    starts = [0, *(np.flatnonzero(order % batch_size == 0)), len(order)]
    pairs = zip(starts, starts[1:], strict=False)
    return [order[a:b] for a, b in pairs if b > a]


def _read_epochs(call: Inputs, value: Any) -> list[list[Array]]:
    epochs = [[np.asarray(batch) for batch in epoch] for epoch in value]
    for epoch in epochs:
        for batch in epoch:
            if batch.ndim != 1 or (batch.size and batch.dtype.kind not in "iu"):
                raise TypeError("a batch must be a row of indices")
    return epochs


Trouble = tuple[float, str, str]  # credit, message, name of the mistake


def _trouble_with_epoch(call: Inputs, cut: list[Array]) -> Trouble | None:
    """Say what is wrong with the batches of one epoch, or return None."""
    N, B = call["N"], call["batch_size"]
    seen = np.concatenate(cut) if cut else np.zeros(0, int)
    sizes = [len(batch) for batch in cut]
    want = [min(B, N - k) for k in range(0, N, B)]
    asked = f"With N = {N} and batches of {B} an epoch came in sizes {sizes}"
    if seen.size and seen.max() >= N:
        low, high = seen.min(), seen.max()
        text = f"The indices run from {low} to {high}; {N} points are 0 to {N - 1}."
        return 0.0, text, "counted-from-one"
    missing = N - len(np.unique(seen))
    text = f"{asked}; {missing} of the points are in none of them."
    if len(seen) == N and missing:
        return 0.0, text, "drawn-with-replacement"
    if N > B and sizes == want[:-1] and missing == want[-1]:
        return 0.5, text, "last-batch-dropped"
    if missing:
        return 0.0, text, ""
    if sizes == want:
        return None
    text = f"{asked}; {want} were asked for."
    if len(seen) > N:
        if sizes == [B] * len(want):
            return 0.5, text, "last-batch-filled"
        return 0.0, text, "batches-overlap"
    if sizes == [*want, 0]:
        return 0.5, text, "empty-batch-at-the-end"
    if len(sizes) == B and max(sizes) - min(sizes) <= 1:
        return 0.0, text, "so-many-batches"
    if len(sizes) == len(want) and sorted(sizes) == sorted(want):
        return 0.0, text, "blocks-shuffled"
    if len(sizes) == len(want) and max(sizes) - min(sizes) <= 1:
        return 0.5, text, "evenly-split"
    return 0.0, text, ""


def _trouble_with_order(call: Inputs, epochs: list[list[Array]]) -> Trouble | None:
    """Say what is wrong with the shuffling of enough points, or return None."""
    orders = [np.concatenate(cut) for cut in epochs]
    if any(np.array_equal(order, np.arange(call["N"])) for order in orders):
        return 0.0, "The points came in the order 0, 1, 2, …", "not-shuffled"
    gaps = [np.diff(batch) for cut in epochs for batch in cut if len(batch) > 1]
    if gaps and np.all(np.concatenate(gaps) == 1):
        text = "Within each batch the points are neighbours, as they lie in the data."
        return 0.0, text, "blocks-shuffled"
    if len(orders) > 1 and np.array_equal(orders[0], orders[1]):
        return 0.5, "Epochs 1 and 2 have the same order.", "shuffled-once"
    return None


def _judge_batches(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    worst: Trouble | None = None
    read = []
    for call, value in zip(calls, values, strict=True):
        epochs = _read_epochs(call, value)
        read.append(epochs)
        found = [_trouble_with_epoch(call, cut) for cut in epochs]
        if len(epochs) != call["epochs"]:
            text = f"{call['epochs']} epochs were asked for and {len(epochs)} came."
            named = "one-epoch" if len(epochs) == 1 else ""
            found.append((0.0, text, named))
        troubles = [trouble for trouble in found if trouble]
        if not troubles and call["N"] > 9:
            order = _trouble_with_order(call, epochs)
            troubles = [order] if order else []
        if troubles and (worst is None or troubles[0][0] < worst[0]):
            worst = troubles[0]
    return worst or (1, "")


def _judge_seeds(calls: list[Inputs], values: list[Any]) -> tuple[Any, ...]:
    credit, *told = _judge_batches(calls, values)
    if credit < 1:
        return (credit, *told)
    first, again, other = (
        np.concatenate([batch for cut in _read_epochs(call, value) for batch in cut])
        for call, value in zip(calls, values, strict=True)
    )
    if not np.array_equal(first, again):
        return 0, "Two calls with one seed gave two orders.", "seed-ignored"
    if np.array_equal(first, other):
        return 0, "Two seeds gave one order.", "one-seed-for-all"
    return 1, ""


def _draw_batches(rng: Rng) -> Inputs:
    seed = int(rng.integers(1, 1000))
    return {"N": 25, "batch_size": 7, "epochs": 3, "seed": seed}


def _draw_seeds(rng: Rng) -> list[Inputs]:
    given = {"N": 17, "batch_size": 4, "epochs": 2}
    a, b = (int(s) for s in rng.choice(np.arange(1, 999), size=2, replace=False))
    return [{**given, "seed": s} for s in (a, a, b)]


def _draw_batch_edge(rng: Rng) -> list[Inputs]:
    seed = int(rng.integers(1, 1000))
    sizes = ((6, 3), (3, 8), (4, 1), (1, 1))
    return [{"N": N, "batch_size": B, "epochs": 2, "seed": seed} for N, B in sizes]


BATCHES = Check(
    name="mini-batches",
    assignment=ASSIGNMENT,
    points=4,
    title="mini_batches",
    asks="a list with one entry for each epoch; an entry is the list of its batches, "
    "each an array of at most batch_size indices from 0 to N - 1, every index once an "
    "epoch, in an order that the seed settles and that is new in each epoch",
    equation="2.16",
    section="All, one, or a few",
    reference=_batches,
    returns=("epochs",),
    cases=(
        Case("value", "25 points in batches of 7, three epochs", 2, _draw_batches,
             judge=_judge_batches),
        Case("property", "one seed twice, then another", 1, _draw_seeds,
             judge=_judge_seeds),
        Case("edge", "sizes that divide N, are larger than N, or are 1", 1,
             _draw_batch_edge, judge=_judge_batches),
    ),
    mistakes=by_slip(
        _batches,
        {
            "last-batch-dropped": (
                "dropped",
                "the last, short batch was left out. (2.16) rounds up: the points "
                "that remain make one more step.",
            ),
            "last-batch-filled": (
                "filled",
                "the last batch was filled up with points that had been used. Then "
                "some count twice in an epoch; the last batch may be short.",
            ),
            "evenly-split": (
                "even",
                "the points were split into parts as equal as possible. Asked for are "
                "full batches, and a short one at the end if any are left.",
            ),
            "so-many-batches": (
                "count",
                "batch_size was taken for the number of batches. It is the number of "
                "points in one.",
            ),
            "empty-batch-at-the-end": (
                "empty",
                "a batch without points came where the size divides N. Its mean "
                "gradient would be 0/0.",
            ),
            "batches-overlap": (
                "overlap",
                "the slices are one too long, so that neighbouring batches share a "
                "point.",
            ),
            "not-shuffled": (
                "in-order",
                "nothing was shuffled. If the data are sorted by label, the first "
                "batches then hold one class alone.",
            ),
            "blocks-shuffled": (
                "blocks",
                "the batches were cut first and then put in another order. The same "
                "points meet in every epoch; shuffle the points, then cut.",
            ),
            "shuffled-once": (
                "once",
                "the points were shuffled once, or with the same seed in every epoch. "
                "Shuffle anew for each epoch, from one generator that is made before "
                "the first.",
            ),
            "drawn-with-replacement": (
                "replaced",
                "each index was drawn on its own. About a third of the points are "
                "then missed in an epoch; (2.16) counts steps in which each is seen "
                "once.",
            ),
            "counted-from-one": (
                "from-one",
                "the indices begin at 1. In Python the first point is number 0.",
            ),
            "one-epoch": (
                "one-epoch",
                "one epoch came. Every epoch is asked for, each with an order of its "
                "own.",
            ),
            "seed-ignored": (
                "unseeded",
                "the generator was made without the seed, so nobody can repeat the "
                "run.",
            ),
            "one-seed-for-all": (
                "fixed",
                "the seed is written into the function. Then five seeds are one run, "
                "five times.",
            ),
        },
    ),
)  # fmt: skip


# -- rate-bound -------------------------------------------------------------------


def _bound(X: Array, *, slip: str = "") -> tuple[Any, Any]:
    N, D = X.shape
    H = X.T @ X / N
    if slip == "sum":
        H = H * N
    if slip == "features":
        H = H * N / D
    if slip == "double":
        H = 2 * H
    if slip == "quarter":
        H = H / 4
    if slip == "centred":
        gap = X - X.mean(axis=0)
        H = gap.T @ gap / N
    values = np.linalg.eigvalsh(H)
    lam = values[-1]
    if slip == "smallest":
        lam = values[0]
    if slip == "trace":
        lam = np.trace(H)
    if slip == "mean":
        lam = values.mean()
    if slip == "diagonal":
        lam = H.diagonal().max()
    if slip == "frobenius":
        lam = np.sqrt((H**2).sum())
    if slip == "singular":
        lam = np.sqrt(lam)
    if slip == "one":
        return lam, 1 / lam
    if slip == "half":
        return lam, lam / 2
    if slip == "best":
        return lam, 2 / (lam + values[0])
    if slip == "swapped":
        return 2 / lam, lam
    return lam, 2 / lam  # (2.2)


def _draw_features(rng: Rng, N: int, D: int) -> Inputs:
    mixing = np.eye(D) + 0.4 * rng.normal(size=(D, D))
    return {"X": (rng.normal(size=(N, D)) + 0.5) @ mixing}


def _draw_units(rng: Rng) -> list[Inputs]:
    """Draw features, then the same ten times as large."""
    first = _draw_features(rng, 8, 3)
    return [first, {"X": 10 * first["X"]}]


def _square_of_the_unit(calls: list[Inputs], values: list[Any]) -> str:
    (lam, eta), (lam10, eta10) = values
    if np.isclose(lam10, 100 * lam) and np.isclose(eta10, eta / 100):
        return ""
    return (
        "The features were noted in a unit a tenth as large, so they are ten times as "
        "large. The curvature must grow by 100, and the bound fall by 100."
    )


def _draw_bound_edge(rng: Rng) -> list[Inputs]:
    column = rng.normal(size=(6, 1)) + 1
    same = np.hstack([column, 2 * column])
    one_point = {"X": rng.normal(size=(1, 3)) + 1}
    return [{"X": column}, {"X": same}, one_point]


BOUND = Check(
    name="rate-bound",
    assignment=ASSIGNMENT,
    points=3,
    title="rate_bound",
    asks="the largest eigenvalue lam of the Hessian (2.10), and eta, the learning rate "
    "from which on gradient descent no longer converges: two numbers",
    equation="2.2",
    section="Every direction has its own factor",
    reference=_bound,
    returns=("lam", "eta"),
    cases=(
        Case("value", "nine points with four features", 2,
             lambda rng: _draw_features(rng, 9, 4)),
        Case("property", "features in another unit", 1, _draw_units,
             law=_square_of_the_unit),
        Case("edge", "one feature; a feature and its double; one point", 1,
             _draw_bound_edge),
    ),
    mistakes=by_slip(
        _bound,
        {
            "one-over-lambda": (
                "one",
                "1/λ came for the bound. There the steepest direction is done in one "
                "step; it takes twice that rate to throw the path out, (2.2).",
            ),
            "half-of-lambda": (
                "half",
                "the fraction of (2.2) stands on its head: a more curved bowl needs a "
                "smaller rate.",
            ),
            "best-rate-instead": (
                "best",
                "the best rate (2.12) came. The bound (2.2) is set by the largest "
                "eigenvalue alone.",
            ),
            "swapped": (
                "swapped",
                "the two numbers came in the other order: the eigenvalue first, then "
                "the bound (2.2).",
            ),
            "smallest-eigenvalue": (
                "smallest",
                "the smallest eigenvalue was used. The flattest direction would allow "
                "that rate; the steepest one does not, (2.2).",
            ),
            "sum-of-eigenvalues": (
                "trace",
                "the eigenvalues were added up (the trace). That is never less than "
                "the largest, so the rate is safe, and smaller than (2.2) needs.",
            ),
            "mean-eigenvalue": (
                "mean",
                "the eigenvalues were averaged. One steep direction is enough to "
                "throw the path out, however flat the others are, (2.2).",
            ),
            "largest-on-the-diagonal": (
                "diagonal",
                "the largest number on the diagonal of H was taken. It is the largest "
                "eigenvalue only where the axes of the bowl are the axes of the "
                "weights.",
            ),
            "frobenius-norm": (
                "frobenius",
                "the root of the sum of all squares in H was taken (its Frobenius "
                "norm). The matrix norm that (2.2) needs is the spectral one, the "
                "largest eigenvalue.",
            ),
            "singular-value": (
                "singular",
                "the root of the eigenvalue came, which is the largest singular value "
                "of X over the root of N. Square it: (2.10) holds X twice.",
            ),
            "not-divided": (
                "sum",
                "the product of X with itself was not divided by N. The loss is a "
                "mean, and so is its Hessian (2.10).",
            ),
            "divided-by-features": (
                "features",
                "the product was divided by the number of features. The mean of "
                "(2.10) runs over the points.",
            ),
            "factor-two": (
                "double",
                "the Hessian is twice too large: it belongs to the mean square "
                "without the ½ that this chapter puts in front, (2.10).",
            ),
            "factor-of-the-neuron": (
                "quarter",
                "a factor ¼ is in it. That is the logistic neuron's, (2.13); here the "
                "loss is the squared error (2.10).",
            ),
            "mean-taken-away": (
                "centred",
                "the means of the features were taken away first, as for a "
                "covariance. (2.10) has the features as they are.",
            ),
        },
    ),
)  # fmt: skip


# -- quadratic-descent ------------------------------------------------------------


def _descend(
    X: Array, y: Array, w: Array, lr: float, steps: int, *, slip: str = ""
) -> Array:
    N = len(y)
    if slip != "overwritten":
        w = w.copy()
    first = X.T @ (X @ w - y) / N
    path = [w]
    for _ in range(steps + (slip == "one-more")):
        dw = X.T @ (X @ w - y) / N  # (2.10)
        if slip == "frozen":
            dw = first
        if slip == "uphill":
            dw = -dw
        if slip == "sum":
            dw = dw * N
        if slip == "features":
            dw = dw * N / X.shape[1]
        if slip == "double":
            dw = 2 * dw
        if slip == "no-target":
            dw = X.T @ (X @ w) / N
        if slip == "plus":
            dw = X.T @ (X @ w + y) / N
        if slip in ("overwritten", "one-array"):
            w -= lr * dw
        else:
            w = w - lr * dw  # (2.1)
        path.append(w)
    if slip == "no-start":
        path = path[1:] or [w]
    if slip == "one-less":
        path = path[:-1] or [w]
    if slip == "last":
        return w
    if slip == "across":
        return np.stack(path).T
    return np.stack(path)


def _draw_bowl(rng: Rng, N: int, D: int, steps: int) -> Inputs:
    X = rng.normal(size=(N, D)) + 0.3
    bound = 2 / np.linalg.eigvalsh(X.T @ X / N)[-1]
    return {
        "X": X,
        "y": rng.normal(size=N) + 1,
        "w": rng.normal(size=D),
        "lr": float(0.6 * bound),
        "steps": steps,
    }


def _draw_in_two_parts(rng: Rng) -> list[Inputs]:
    """Draw a run of seven steps, and the same in three and four."""
    whole = _draw_bowl(rng, 6, 2, 7)
    path = _descend(**whole)
    return [whole, {**whole, "steps": 3}, {**whole, "w": path[3], "steps": 4}]


def _parts_make_the_whole(calls: list[Inputs], values: list[Any]) -> str:
    whole, first, second = values
    if np.allclose(whole, np.concatenate([first, second[1:]])):
        return ""
    return (
        "Three steps and then four from where they ended must be the seven steps: "
        "gradient descent remembers nothing."
    )


def _draw_descent_edge(rng: Rng) -> list[Inputs]:
    still = _draw_bowl(rng, 5, 3, 0)
    bottom = _draw_bowl(rng, 7, 2, 3)
    bottom["w"] = np.linalg.lstsq(bottom["X"], bottom["y"], rcond=None)[0]
    wild = _draw_bowl(rng, 5, 2, 20)
    wild["lr"] = wild["lr"] * 2
    return [still, bottom, wild]


DESCENT = Check(
    name="quadratic-descent",
    assignment=ASSIGNMENT,
    points=3,
    title="quadratic_descent",
    asks="the path, an array of shape (steps + 1, D): the start in row 0, then the "
    "weights after each step",
    equation="2.10",
    section="Every direction has its own factor",
    reference=_descend,
    returns=("path",),
    cases=(
        Case("value", "the path of five steps", 2,
             lambda rng: _draw_bowl(rng, 7, 3, 5)),
        Case("property", "seven steps, and three and four", 0.5, _draw_in_two_parts,
             law=_parts_make_the_whole),
        Case("edge", "no step; a start at the bottom; a rate above the bound", 1,
             _draw_descent_edge),
    ),
    mistakes=by_slip(
        _descend,
        {
            "start-missing": (
                "no-start",
                "the path begins after the first step. Row 0 is the start.",
            ),
            "last-step-missing": (
                "one-less",
                "the last step is not in the path: so many steps make one row more "
                "than steps.",
            ),
            "one-step-more": (
                "one-more",
                "the path has one step too many. Its rows are the start and one for "
                "each step.",
            ),
            "only-the-end": (
                "last",
                "only the last weights came. The whole path was asked for.",
            ),
            "rows-and-columns": (
                "across",
                "the steps run along the second axis. One row is one step.",
            ),
            "one-array-many-names": (
                "one-array",
                "every row is the end of the path: one and the same array was put "
                "into the list each time and changed in place afterwards.",
            ),
            "start-overwritten": (
                "overwritten",
                "the array that was handed over is changed in place, and the list "
                "holds that one array many times. Each step needs an array of its "
                "own.",
            ),
            "gradient-of-the-start": (
                "frozen",
                "the gradient was computed once, before the loop. It changes with w: "
                "(2.10) has to be taken anew in every step.",
            ),
            "uphill": (
                "uphill",
                "the gradient was added, or the residual has the other sign. The loss "
                "rises from step to step; (2.1) goes against the gradient.",
            ),
            "summed": (
                "sum",
                "the gradient was summed over the points. (2.10) divides by N.",
            ),
            "divided-by-features": (
                "features",
                "the gradient was divided by the number of weights. (2.10) divides by "
                "N, the number of points.",
            ),
            "factor-two": (
                "double",
                "the gradient is twice too large. The ½ in front of the loss is there "
                "to cancel the 2 of the square, (2.10).",
            ),
            "targets-forgotten": (
                "no-target",
                "y is missing from the gradient, so the path leads to w = 0. (2.10) "
                "multiplies the residual.",
            ),
            "targets-added": (
                "plus",
                "y was added to the prediction. The residual of (2.10) is their "
                "difference.",
            ),
        },
    ),
)  # fmt: skip


# -- momentum-step ----------------------------------------------------------------


def _momentum(
    w: Array, v: Array, dw: Array, lr: float, mu: float, *, slip: str = ""
) -> tuple[Array, Array]:
    new = mu * v + dw  # (2.3)
    if slip == "damped":
        new = mu * v + (1 - mu) * dw
    if slip == "swapped":
        new = v + mu * dw
    if slip == "no-memory":
        new = dw
    if slip == "no-decay":
        new = v + dw
    if slip == "memory-alone":
        new = mu * v
    if slip == "minus":
        new = mu * v - dw
    if slip == "inside":
        new = mu * v + lr * dw
        return w - new, new
    if slip == "signed":
        new = mu * v - lr * dw
        return w + new, new
    if slip == "late":
        return w - lr * v, new
    if slip == "ahead":
        return w - lr * (dw + mu * new), new
    if slip == "uphill":
        return w + lr * new, new
    if slip == "no-rate":
        return w - new, new
    if slip == "forgotten":
        return w - lr * new, v
    if slip == "plain":
        return w - lr * dw, new
    if slip == "order":
        return new, w - lr * new
    return w - lr * new, new


def _draw_momentum(rng: Rng, D: int) -> Inputs:
    w, v, dw = rng.normal(size=(3, D))
    return {
        "w": w,
        "v": v + np.sign(v),
        "dw": dw,
        "lr": float(rng.uniform(0.2, 0.6)),
        "mu": float(rng.uniform(0.6, 0.8)),
    }


def _draw_steady(rng: Rng) -> Inputs:
    given = _draw_momentum(rng, 4)
    return {**given, "v": given["dw"] / (1 - given["mu"])}


def _keeps_its_speed(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0][1], calls[0]["v"]):
        return ""
    return (
        "At v = dw/(1 - μ) what is forgotten equals what comes in, so v must stay: on "
        "a steady slope momentum walks 1/(1 - μ) times as fast and no faster."
    )


def _draw_momentum_edge(rng: Rng) -> list[Inputs]:
    rest = _draw_momentum(rng, 3)
    flat = _draw_momentum(rng, 2)
    return [
        {**rest, "v": np.zeros(3)},
        {**flat, "dw": np.zeros(2)},
        {**_draw_momentum(rng, 5), "mu": 0.0},
    ]


MOMENTUM = Check(
    name="momentum-step",
    assignment=ASSIGNMENT,
    points=2,
    title="momentum_step",
    asks="the new weights w and the new velocity v, each of shape (D,)",
    equation="2.3",
    section="Momentum remembers",
    reference=_momentum,
    returns=("w", "v"),
    cases=(
        Case("value", "one step of five weights", 2,
             lambda rng: _draw_momentum(rng, 5)),
        Case("property", "a velocity that a steady slope keeps up", 1, _draw_steady,
             law=_keeps_its_speed),
        Case("edge", "a start from rest; level ground; μ = 0", 1,
             _draw_momentum_edge),
    ),
    mistakes=by_slip(
        _momentum,
        {
            "old-velocity": (
                "late",
                "the weights were moved by the velocity from before. (2.3) updates v "
                "first, and w uses the new one.",
            ),
            "velocity-not-used": (
                "plain",
                "v was updated and then not used: the weights moved by the gradient "
                "alone, as in (2.1).",
            ),
            "velocity-not-kept": (
                "forgotten",
                "the old velocity came back. The next step then starts without what "
                "this one learnt.",
            ),
            "slope-damped": (
                "damped",
                "the gradient was multiplied by 1 - μ. That is an average, as in "
                "Adam; in (2.3) the gradient comes in whole.",
            ),
            "factor-at-the-slope": (
                "swapped",
                "μ stands before the gradient. In (2.3) it stands before v and makes "
                "the past fade.",
            ),
            "nothing-fades": (
                "no-decay",
                "μ is missing: v became the sum of all gradients so far, and nothing "
                "of it fades, (2.3).",
            ),
            "nothing-remembered": (
                "no-memory",
                "v became the gradient of this step alone, so μ changes nothing.",
            ),
            "slope-ignored": (
                "memory-alone",
                "the new velocity is μv, without the gradient of this step.",
            ),
            "slope-subtracted": (
                "minus",
                "the gradient was taken away from v, and v from w: two minus signs, "
                "and so it walks uphill.",
            ),
            "rate-inside": (
                "inside",
                "the learning rate is inside v. The weights are the same for a fixed "
                "rate, but v is not the one of (2.3), and when the rate falls, the "
                "past keeps the old one.",
            ),
            "velocity-downhill": (
                "signed",
                "v points downhill and holds the learning rate, as some books have "
                "it. (2.3) collects gradients in v, and the rate and the sign come in "
                "with w.",
            ),
            "a-look-ahead": (
                "ahead",
                "the step looks one velocity ahead: that is Nesterov's variant. (2.3) "
                "is the older one.",
            ),
            "uphill": (
                "uphill",
                "the velocity was added to w. It collects gradients, so it points "
                "uphill.",
            ),
            "rate-forgotten": (
                "no-rate",
                "the learning rate of (2.3) was not used.",
            ),
            "in-the-other-order": (
                "order",
                "the two came in the other order: w first, then v.",
            ),
        },
    ),
)  # fmt: skip


# -- adam-step --------------------------------------------------------------------


def _adam(
    w: Array,
    m: Array,
    v: Array,
    dw: Array,
    t: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    *,
    slip: str = "",
) -> tuple[Array, Array, Array]:
    if slip == "betas":
        beta1, beta2 = beta2, beta1
    square = np.abs(dw) if slip == "abs" else dw**2
    if slip == "late":
        m_used, v_used = m, v
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * square
    if slip == "momentum":
        m = beta1 * m / 1 + beta1 * dw
    if slip != "late":
        m_used, v_used = m, v
    at = t + 1 if slip == "t-plus" else t
    one = 1 if slip == "first" else at
    m_hat = m_used / (1 - beta1**one)
    v_hat = v_used / (1 - beta2**one)
    if slip in ("uncorrected", "m-alone-v"):
        m_hat = m_used
    if slip in ("uncorrected", "m-alone"):
        v_hat = v_used
    if slip == "rms":
        m_hat = dw
    below = np.sqrt(v_hat) + eps
    if slip == "inside":
        below = np.sqrt(v_hat + eps)
    if slip == "no-root":
        below = v_hat + eps
    if slip == "no-division":
        below = np.ones_like(v_hat)
    new = w - lr * m_hat / below  # (2.5)
    if slip == "uphill":
        new = w + lr * m_hat / below
    if slip == "no-eps":
        with np.errstate(all="ignore"):
            new = w - lr * m_hat / np.sqrt(v_hat)
    if slip == "hats":
        return new, m_hat, v_hat
    return new, m, v


def _draw_adam(rng: Rng, D: int) -> Inputs:
    return {
        "w": rng.normal(size=D),
        "m": rng.normal(size=D),
        "v": rng.uniform(0.2, 2, size=D),
        "dw": rng.normal(size=D),
        "t": int(rng.integers(3, 7)),
        "lr": float(rng.uniform(0.1, 0.5)),
        "beta1": 0.8,
        "beta2": 0.9,
        "eps": 0.01,
    }


def _draw_steeper(rng: Rng) -> list[Inputs]:
    """Draw a step, then the same on a loss a thousand times as steep."""
    first = {**_draw_adam(rng, 4), "eps": 1e-12}
    steep = {name: 1000 * first[name] for name in ("m", "dw")}
    return [first, {**first, **steep, "v": 1e6 * first["v"]}]


def _steepness_is_no_matter(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0][0], values[1][0]):
        return ""
    return (
        "The loss was made a thousand times as steep, and with it m and the root of "
        "v. Adam's step must stay as it was."
    )


def _draw_adam_edge(rng: Rng) -> list[Inputs]:
    start = {**_draw_adam(rng, 3), "m": np.zeros(3), "v": np.zeros(3), "t": 1}
    unused = {**start, "dw": start["dw"] * np.array([1.0, 0.0, 1.0])}
    return [start, unused]


ADAM = Check(
    name="adam-step",
    assignment=ASSIGNMENT,
    points=3,
    title="adam_step",
    asks="the new weights w, and the two averages m and v as they are before the "
    "correction, each of shape (D,)",
    equation="2.5",
    section="A rate for each weight",
    reference=_adam,
    returns=("w", "m", "v"),
    cases=(
        Case("value", "one step of five weights", 2, lambda rng: _draw_adam(rng, 5)),
        Case("property", "a loss a thousand times as steep", 1, _draw_steeper,
             law=_steepness_is_no_matter),
        Case("edge", "the first step; a weight that has had no slope yet", 1,
             _draw_adam_edge),
    ),
    mistakes=by_slip(
        _adam,
        {
            "not-corrected": (
                "uncorrected",
                "m and v were used without the correction of (2.5). Both start at 0 "
                "and are too small in the first steps, v more so.",
            ),
            "only-m-corrected": (
                "m-alone",
                "m was corrected and v was not. (2.5) divides both, each by its own "
                "number.",
            ),
            "only-v-corrected": (
                "m-alone-v",
                "v was corrected and m was not. (2.5) divides both, each by its own "
                "number.",
            ),
            "corrected-as-at-the-first-step": (
                "first",
                "the correction has no t in it: it is right for the first step and "
                "far too large later. In (2.5) the β stand to the power t.",
            ),
            "counted-from-zero": (
                "t-plus",
                "1 was added to t. The first step has t = 1 already, (2.5).",
            ),
            "corrected-ones-kept": (
                "hats",
                "the corrected averages came back. They serve this step alone; the "
                "next one goes on from m and v as they were before the correction.",
            ),
            "averages-from-before": (
                "late",
                "the step used m and v from before this gradient. (2.5) updates them "
                "first.",
            ),
            "eps-under-the-root": (
                "inside",
                "eps stands under the root. In (2.5) it is added to the root; under "
                "it, 1e-8 would act like 1e-4.",
            ),
            "eps-forgotten": (
                "no-eps",
                "eps is missing. A weight that has had no slope yet gives 0/0.",
            ),
            "root-forgotten": (
                "no-root",
                "the root of v was not taken, so a slope twice as large makes half "
                "the step. (2.5) divides by the size, not by its square.",
            ),
            "not-divided": (
                "no-division",
                "m was not divided by anything. That is momentum; in (2.5) each "
                "weight has its own size below the fraction bar.",
            ),
            "slope-for-m": (
                "rms",
                "the gradient itself stands above the fraction bar. That is RMSprop "
                "(2.4) with a correction; Adam has m there.",
            ),
            "size-for-square": (
                "abs",
                "v averages the sizes of the gradients. In (2.5) it averages their "
                "squares.",
            ),
            "betas-swapped": (
                "betas",
                "β1 and β2 changed places.",
            ),
            "uphill": (
                "uphill",
                "the step was added. m collects gradients, which point uphill.",
            ),
            "weights-of-the-average": (
                "momentum",
                "the gradient came into m with the factor β1, where (2.5) has 1 - β1.",
            ),
        },
    ),
)  # fmt: skip


# -- early-stop -------------------------------------------------------------------


def _stop(losses: Array, patience: int, *, slip: str = "") -> tuple[int, int]:
    best, rises = 0, 0
    for t in range(1, len(losses)):
        better = losses[t] < losses[best]
        if slip == "ties":
            better = losses[t] <= losses[best]
        if slip == "nan":
            better = not losses[t] >= losses[best]
        if slip == "previous":
            rises = 0 if losses[t] < losses[t - 1] else rises + 1
            best = t if better else best
            if rises >= patience:
                return best, t
            continue
        if slip == "first-rise" and not better:
            return best, t
        if slip == "not-reset":
            rises += not better
            best = t if better else best
            if rises >= patience:
                return best, t
            continue
        if better:
            best = t
        waited = t - best
        if slip in ("late", "late-by-one") and waited > patience:
            return best, t
        if slip == "early" and waited >= max(patience - 1, 1):
            return best, t
        if slip not in ("late", "early", "whole") and waited >= patience:  # (2.17)
            if slip == "current":
                return t, t
            if slip == "order":
                return t, best
            if slip == "from-one":
                return best + 1, t + 1
            if slip == "window":
                first = max(0, t - patience)
                return first + int(np.argmin(losses[first : t + 1])), t
            if slip == "argmin":
                return int(np.argmin(losses)), t
            if slip == "back":
                return best, best
            if slip == "value":
                return losses[best], t
            return best, t
    end = len(losses) - 1
    if slip == "no-end":
        return best, end + 1
    if slip == "order":
        return end, best
    if slip == "from-one":
        return best + 1, end + 1
    if slip == "current":
        return end, end
    if slip == "argmin":
        return int(np.argmin(losses)), end
    if slip == "back":
        return best, best
    if slip == "value":
        return losses[best], end
    return best, end


def _draw_losses(rng: Rng) -> list[Inputs]:
    """Draw a loss that falls, wavers, has its best, rises, and would fall later."""
    low = float(rng.uniform(0.3, 0.35))
    shape = [1.0, 0.8, 0.85, 0.7, 0.72, 0.71, 0.5, 0.52, 0.51, 0.55, 0.6, 0.3, 0.2]
    losses = low * np.array(shape)
    tie = low * np.array([1.0, 0.6, 0.7, 0.6, 0.65, 0.61, 0.9, 0.3])
    return [{"losses": losses, "patience": 4}, {"losses": tie, "patience": 3}]


def _draw_other_futures(rng: Rng) -> list[Inputs]:
    """Draw losses, then the same with another end after the stop."""
    first = _draw_losses(rng)[0]
    losses = first["losses"].copy()
    losses[11:] = 2.0
    cut = {**first, "losses": first["losses"][:11]}
    return [first, {**first, "losses": losses}, cut]


def _future_is_not_known(calls: list[Inputs], values: list[Any]) -> str:
    first, second, third = (list(value) for value in values)
    if first == second == third:
        return ""
    return (
        "The three rows of losses differ only after the stop. Whoever stops does not "
        "know what would have come."
    )


def _draw_stop_edge(rng: Rng) -> list[Inputs]:
    falling = {"losses": np.array([0.9, 0.7, 0.6, 0.5, 0.4]), "patience": 2}
    rising = {"losses": np.array([0.5, 0.6, 0.7, 0.8]), "patience": 1}
    broken = np.array([0.9, 0.5, np.nan, np.nan, np.nan, 0.4])
    waiting = {"losses": np.array([0.9, 0.5, 0.6, 0.7]), "patience": 6}
    return [falling, rising, {"losses": broken, "patience": 2}, waiting]


STOP = Check(
    name="early-stop",
    assignment=ASSIGNMENT,
    points=3,
    title="early_stop",
    asks="the epoch best with the lowest loss seen until then, and the epoch stop "
    "after which training ends, both counted from 0",
    equation="2.17",
    section="Stop when waiting no longer helps",
    reference=_stop,
    returns=("best", "stop"),
    cases=(
        Case("value", "a loss that wavers; a loss that comes back to its best", 2,
             _draw_losses),
        Case("property", "other losses after the stop", 1, _draw_other_futures,
             law=_future_is_not_known),
        Case("edge", "a loss that only falls or rises; nan; too few epochs", 1,
             _draw_stop_edge),
    ),
    mistakes=by_slip(
        _stop,
        {
            "one-epoch-late": (
                "late",
                "it waited for more than the patience. (2.17) stops when the wait "
                "equals it.",
            ),
            "one-epoch-early": (
                "early",
                "it waited one epoch too few: at the best epoch itself the wait of "
                "(2.17) is 0, not 1.",
            ),
            "first-rise": (
                "first-rise",
                "it stopped as soon as the loss was no better, whatever the patience.",
            ),
            "compared-with-the-epoch-before": (
                "previous",
                "each loss was compared with the one before. A loss that zigzags far "
                "above its best then never stops; (2.17) compares with the best.",
            ),
            "wait-not-begun-anew": (
                "not-reset",
                "the epochs without gain were counted from the start of the run. In "
                "(2.17) a new best begins the wait anew.",
            ),
            "tie-is-better": (
                "ties",
                "a loss equal to the best was taken for a gain. A loss that stands "
                "still would then never stop; (2.17) keeps the first of equals.",
            ),
            "nan-is-better": (
                "nan",
                "nan was taken for a gain. A comparison with nan is false, so ask "
                "whether the loss is lower, not whether it fails to be higher.",
            ),
            "best-of-the-future": (
                "argmin",
                "the best was looked for in all the losses, those after the stop "
                "included. They would never have been computed.",
            ),
            "no-stop": (
                "whole",
                "it ran to the end. (2.17) ends the run when the wait reaches the "
                "patience.",
            ),
            "best-is-the-stop": (
                "current",
                "the epoch of the stop came twice. The weights to keep are those of "
                "the best epoch, which lies back by the patience.",
            ),
            "stop-is-the-best": (
                "back",
                "the best epoch came twice. That it was the best is known only after "
                "the wait; the run ends later.",
            ),
            "best-of-the-wait": (
                "window",
                "of equal losses the last one was called best. (2.17) keeps the "
                "first, which cost less training.",
            ),
            "in-the-other-order": (
                "order",
                "the two came in the other order: the best epoch first.",
            ),
            "counted-from-one": (
                "from-one",
                "the epochs were counted from 1. Here the first is epoch 0, as in the "
                "array.",
            ),
            "loss-instead-of-epoch": (
                "value",
                "the lowest loss came where its epoch was asked for.",
            ),
            "one-past-the-end": (
                "no-end",
                "where the patience never ran out, an epoch after the last came. The "
                "run ends with its last epoch then.",
            ),
        },
    ),
)  # fmt: skip


# -- epoch-cost -------------------------------------------------------------------


def _cost(
    N: int, batch_size: int, epochs: int, *, slip: str = ""
) -> tuple[Any, Any, Any]:
    steps: Any = -(-N // batch_size)  # (2.16)
    last = N - (steps - 1) * batch_size
    examples = N * epochs
    if slip == "floor":
        steps = max(N // batch_size, 1)
    if slip == "fraction":
        steps = N / batch_size
    if slip == "plus-one":
        steps = N // batch_size + 1
    if slip == "round":
        steps = max(round(N / batch_size), 1)
    if slip == "remainder":
        last = N % batch_size
    if slip == "full":
        last = batch_size
    if slip == "one-epoch":
        return steps, N, last
    if slip == "updates-once":
        return steps, examples, last
    if slip == "examples-once":
        return steps * epochs, N, last
    if slip == "padded":
        examples = steps * batch_size * epochs
    if slip == "dropped":
        examples = (N // batch_size) * batch_size * epochs or examples
    if slip == "all-each":
        examples = steps * N * epochs
    if slip == "one-each":
        examples = steps * epochs
    if slip == "joined":
        steps = -(-N * epochs // batch_size) / epochs
    if slip == "order":
        return examples, steps * epochs, last
    updates = steps * epochs
    return (round(updates) if slip == "joined" else updates), examples, last


def _draw_cost(rng: Rng) -> list[Inputs]:
    return [
        {"N": 10 * int(rng.integers(10, 30)) + 7, "batch_size": 10, "epochs": 4},
        {"N": 8 * int(rng.integers(10, 30)) + 3, "batch_size": 8, "epochs": 7},
    ]


def _draw_every_size(rng: Rng) -> list[Inputs]:
    N = int(rng.integers(60, 99))
    return [{"N": N, "batch_size": B, "epochs": 3} for B in (1, 7, 25, N)]


def _same_examples(calls: list[Inputs], values: list[Any]) -> str:
    seen = [float(value[1]) for value in values]
    if len(set(seen)) == 1:
        return ""
    return (
        "The four calls differ in the size of a batch alone. An epoch looks at every "
        "example once, so the number of examples must not depend on it."
    )


def _draw_cost_edge(rng: Rng) -> list[Inputs]:
    k = int(rng.integers(3, 9))
    return [
        {"N": 12 * k, "batch_size": 12, "epochs": 2},
        {"N": k, "batch_size": 32, "epochs": 5},
        {"N": 1, "batch_size": 1, "epochs": 1},
    ]


COST = Check(
    name="epoch-cost",
    assignment=ASSIGNMENT,
    points=2,
    title="epoch_cost",
    asks="three whole numbers: the updates of the weights in all epochs, the examples "
    "whose gradient was computed in all epochs, and the size of an epoch's last batch",
    equation="2.16",
    section="All, one, or a few",
    reference=_cost,
    returns=("updates", "examples", "last"),
    cases=(
        Case("value", "sizes that leave a rest", 2, _draw_cost),
        Case("property", "four sizes of a batch", 1, _draw_every_size,
             law=_same_examples),
        Case("edge", "a size that divides N; one larger than N; one example", 1,
             _draw_cost_edge),
    ),
    mistakes=by_slip(
        _cost,
        {
            "rounded-down": (
                "floor",
                "the number of steps was rounded down, so the examples that remain "
                "are never used. (2.16) rounds up.",
            ),
            "not-rounded": (
                "fraction",
                "a fraction of a step came. (2.16) rounds up.",
            ),
            "rounded-to-the-nearest": (
                "round",
                "the number of steps was rounded to the nearest. A rest, however "
                "small, needs one more step, (2.16).",
            ),
            "one-too-many": (
                "plus-one",
                "1 was added to the rounded quotient in every case. Where the size "
                "divides N nothing remains; (2.16) adds nothing there.",
            ),
            "rest-of-the-division": (
                "remainder",
                "the rest of the division came for the last batch. Where there is no "
                "rest, the last batch is a full one, not an empty one.",
            ),
            "last-batch-full": (
                "full",
                "the last batch was taken for a full one. What it holds is what the "
                "others left.",
            ),
            "one-epoch-only": (
                "one-epoch",
                "updates and examples are those of one epoch. All epochs were asked "
                "for.",
            ),
            "updates-of-one-epoch": (
                "updates-once",
                "the examples are those of all epochs, the updates those of one.",
            ),
            "examples-of-one-epoch": (
                "examples-once",
                "the updates are those of all epochs, the examples those of one.",
            ),
            "padded": (
                "padded",
                "every batch was counted as full. The last one holds fewer examples.",
            ),
            "rest-not-counted": (
                "dropped",
                "the examples of the short batch were not counted.",
            ),
            "all-in-each-step": (
                "all-each",
                "every update was charged with all N examples. That is so for the "
                "full batch alone; a step looks at its own batch.",
            ),
            "one-in-each-step": (
                "one-each",
                "every update was charged with one example. A step looks at all "
                "those of its batch.",
            ),
            "epochs-joined": (
                "joined",
                "the epochs were joined into one long row before it was cut into "
                "batches. Each epoch ends with its own short batch, (2.16).",
            ),
            "in-the-other-order": (
                "order",
                "updates and examples changed places.",
            ),
        },
    ),
)  # fmt: skip


CHECKS = (STEP, BATCHES, BOUND, DESCENT, MOMENTUM, ADAM, STOP, COST)

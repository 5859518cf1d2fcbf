"""The checks of the assignment "Spot the slip": each line of a deck, mended.

The line as a deck prints it is a mistake of its check, so that whoever copies it is
told which slip it is. Two slips have no number to prove: X14 and X28.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, Mistake

ASSIGNMENT = "spot-the-slip"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Rng = np.random.Generator
Draw = Callable[[Rng], Any]
Answer = Callable[..., Any]
PAGES = {
    "03": "03-multilayer-perceptron",
    "04": "04-convolution",
    "05": "05-sequences-and-windows",
    "07": "07-recurrent-networks",
    "08": "08-backpropagation-through-time",
    "09": "09-vanishing-and-exploding",
    "10": "10-lstm",
    "11": "11-lstm-variants",
    "12": "12-gru",
    "19": "19-energy-forecast",
}


def _check(
    name: str,
    title: str,
    asks: str,
    at: tuple[str, str],
    reference: Answer,
    cases: tuple[tuple[str, Draw], tuple[str, Draw], tuple[str, Draw]],
    mistakes: dict[str, tuple[Answer, str]],
    **options: Any,
) -> Check:
    """Make a check of two points; ``at`` is equation and section of a chapter."""
    equation, section = at
    weighed = zip(("value", "property", "edge"), cases, (2, 1, 1), strict=True)
    return Check(
        name=name,
        assignment=ASSIGNMENT,
        page=PAGES[f"{int(equation.split('.')[0]):02}"],
        points=2,
        title=title,
        asks=asks,
        equation=equation,
        section=section,
        reference=reference,
        cases=tuple(Case(kind, *case[:1], w, *case[1:]) for kind, case, w in weighed),
        mistakes=tuple(Mistake(n, *wrong) for n, wrong in mistakes.items()),
        **options,
    )


def _sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


# -- X1: powers of a matrix ---------------------------------------------------------


def _power(W_h: Array, h_0: Array, t: int) -> Array:
    return h_0 @ np.linalg.matrix_power(W_h, t)


def _power_printed(W_h: Array, h_0: Array, t: int) -> Array:
    values, Q = np.linalg.eigh(W_h)
    return h_0 @ (Q.T @ np.diag(values**t) @ Q)


def _power_no_vectors(W_h: Array, h_0: Array, t: int) -> Array:
    return h_0 * np.linalg.eigvalsh(W_h) ** t


def _draw_power(t: int, H: int = 4) -> Draw:
    def draw(rng: Rng) -> dict[str, Any]:
        A = rng.normal(size=(H, H))
        W_h = (A + A.T) / H**0.5
        return {"W_h": W_h, "h_0": rng.normal(size=(2, H)), "t": t}

    return draw


def _draw_powers(rng: Rng) -> list[dict[str, Any]]:
    first = _draw_power(3)(rng)
    return [first, {**first, "W_h": 2 * first["W_h"]}]


POWER = _check(
    "powers-of-a-matrix",
    "state_after",
    "the state h_0 (B, H) after t steps of a linear network with a symmetric W_h",
    ("9.14", "The eigenvalues tell the far future"),
    _power,
    (
        ("five steps", _draw_power(5)),
        ("the same matrix, doubled", _draw_powers),
        ("no step, and one", lambda rng: [_draw_power(0)(rng), _draw_power(1, 3)(rng)]),
    ),
    {
        "as-deck-004-prints-it": (
            _power_printed,
            "the transposed matrix of eigenvectors stands on the left, as the deck has "
            "it. Set t = 1: (9.14) must give the matrix back, and this gives another.",
        ),
        "eigenvectors-left-out": (
            _power_no_vectors,
            "each entry of the state was multiplied by a power of an eigenvalue. That "
            "is right for coordinates along the eigenvectors only, see (9.14).",
        ),
        "one-step-too-many": (
            lambda W_h, h_0, t: _power(W_h, h_0, t + 1),
            "the matrix was used once more than there are steps in (9.14).",
        ),
    },
)


# -- X2: the first term of the sum --------------------------------------------------


def _unrolled(b: Array, c: Array) -> Array:
    a = 0.0
    for b_t, c_t in zip(b, c, strict=True):
        a = b_t + c_t * a
    return a


def _sum_from(shift: int, first_only: bool = False) -> Answer:
    def wrong(b: Array, c: Array) -> Array:
        start = [i + (shift if not first_only or i == 0 else 1) for i in range(len(b))]
        return sum(b[i] * np.prod(c[start[i] :]) for i in range(len(b)))

    return wrong


def _draw_bc(T: int) -> Draw:
    def draw(rng: Rng) -> dict[str, Any]:
        return {"b": rng.normal(size=T), "c": rng.uniform(0.4, 1.6, size=T)}

    return draw


def _draw_first_factors(rng: Rng) -> list[dict[str, Any]]:
    one = _draw_bc(5)(rng)
    c = one["c"].copy()
    c[0] = -3.0
    return [one, {**one, "c": c}]


FIRST_TERM = _check(
    "first-term-of-the-sum",
    "unrolled",
    "a_T, one number, from the rows b and c, both (T,), with a_0 = 0",
    ("8.6", "Eight numbers before the general formula"),
    _unrolled,
    (
        ("six steps", _draw_bc(6)),
        ("another first factor, which must change nothing", _draw_first_factors),
        ("one step", _draw_bc(1)),
    ),
    {
        "as-deck-001-prints-it": (
            _sum_from(0, first_only=True),
            "the last term carries the factor of its own step too. Since a_0 = 0 that "
            "factor has nothing to multiply: in (8.6) the product begins one later.",
        ),
        "own-factor-in-every-term": (
            _sum_from(0),
            "every term was multiplied by the factor of its own step. What arrives at "
            "step i is weighed by the steps after it, see (8.6).",
        ),
        "product-begins-too-late": (
            _sum_from(2),
            "each product of (8.6) begins one step too late.",
        ),
    },
)


# -- X3: what truncation keeps ------------------------------------------------------


def _kept(b: Array, c: Array, first: int, last: int) -> Array:
    return sum(b[i] * np.prod(c[i + 1 :]) for i in range(max(first, 0), last))


def _truncated(b: Array, c: Array, tau: int) -> Array:
    return _kept(b, c, len(b) - 1 - tau, len(b))


def _draw_truncated(T: int, tau: int) -> Draw:
    return lambda rng: {**_draw_bc(T)(rng), "tau": tau}


def _draw_old_change(rng: Rng) -> list[dict[str, Any]]:
    one = _draw_truncated(7, 3)(rng)
    b = one["b"].copy()
    b[:3] += 5.0
    return [one, {**one, "b": b}]


TRUNCATION = _check(
    "what-truncation-keeps",
    "truncated",
    "the sum for a_T that goes back tau steps and no further, one number",
    ("8.17", "Cutting the past short"),
    _truncated,
    (
        ("seven steps, of which tau = 2", _draw_truncated(7, 2)),
        ("other values before the cut, which must change nothing", _draw_old_change),
        (
            "tau longer than the sequence; tau = 0",
            lambda rng: [_draw_truncated(4, 9)(rng), _draw_truncated(4, 0)(rng)],
        ),
    ),
    {
        "as-deck-001-prints-it": (
            lambda b, c, tau: _kept(b, c, 0, len(b) - tau),
            "the sum runs over the oldest steps. Truncation forgets those: (8.17) "
            "begins near the end.",
        ),
        "one-step-too-few": (
            lambda b, c, tau: _kept(b, c, len(b) - tau, len(b)),
            "the step that lies tau back is missing. (8.17) keeps it, so there are "
            "tau + 1 terms.",
        ),
        "one-step-too-many": (
            lambda b, c, tau: _kept(b, c, len(b) - 2 - tau, len(b)),
            "the sum goes back one step further than (8.17).",
        ),
        "nothing-cut": (
            lambda b, c, tau: _kept(b, c, 0, len(b)),
            "this is the whole sum. (8.17) leaves out all that lies more than tau "
            "steps back.",
        ),
    },
)


# -- X4: immediate and total derivative ---------------------------------------------


def _derivatives(w: float, xs: Array, h_0: float, slip: str = "") -> Array:
    h, total, immediate = h_0, 0.0, 0.0
    for x in xs:
        new = np.tanh(w * h + x)
        slope = 1.0 if slip == "slope" else 1 - new**2
        immediate = slope * (new if slip == "new" else h)
        total = immediate + slope * w * total
        h = new
    return (immediate, immediate) if slip == "same" else (immediate, total)


def _draw_scalar(T: int, h_0: float = 0.4) -> Draw:
    return lambda rng: {
        "w": float(rng.uniform(0.6, 1.2)),
        "xs": rng.normal(size=T),
        "h_0": h_0,
    }


DERIVATIVES = _check(
    "immediate-and-total",
    "derivatives",
    "the immediate and the total derivative of h_T with respect to w, for "
    "h_t = tanh(w h_{t-1} + x_t), two numbers",
    ("8.4", "The gradient has two parts"),
    lambda w, xs, h_0: _derivatives(w, xs, h_0),
    (
        ("four steps", _draw_scalar(4)),
        ("a start at zero", _draw_scalar(3, 0.0)),
        ("one step, where both are equal", _draw_scalar(1)),
    ),
    {
        "one-sign-for-both": (
            lambda w, xs, h_0: _derivatives(w, xs, h_0, "same"),
            "both are the immediate derivative, which a single sign for the two "
            "suggests. The total one goes on into the past, see (8.4).",
        ),
        "slope-of-tanh-forgotten": (
            lambda w, xs, h_0: _derivatives(w, xs, h_0, "slope"),
            "the slope of tanh is missing in both parts of (8.4).",
        ),
        "new-state-for-the-old": (
            lambda w, xs, h_0: _derivatives(w, xs, h_0, "new"),
            "the state after the step stands where (8.4) has the one before it.",
        ),
    },
    returns=("immediate", "total"),
)


# -- X5: a condition on each factor -------------------------------------------------


def _norm(A: Array) -> Array:
    return np.linalg.norm(A, 2)


def _chain(factors: Any) -> Array:
    made = np.eye(len(factors[0]))
    for factor in factors:
        made = made @ factor
    return made


def _norms(factors: Any) -> Array:
    return np.prod([_norm(J) for J in factors]), _norm(_chain(factors))


def _radii(factors: Any) -> Array:
    radii = [np.abs(np.linalg.eigvals(J)).max() for J in factors]
    return np.prod(radii), _norm(_chain(factors))


def _frobenius(factors: Any) -> Array:
    return np.prod([np.linalg.norm(J) for J in factors]), np.linalg.norm(
        _chain(factors)
    )


def _draw_factors(n: int, H: int = 3) -> Draw:
    return lambda rng: {"factors": [rng.normal(size=(H, H)) for _ in range(n)]}


def _draw_dead_product(rng: Rng) -> list[dict[str, Any]]:
    size = float(rng.uniform(1.5, 2.5))
    up = np.array([[0.0, size], [0.0, 0.0]])  # norm above 1, its square is 0
    return [{"factors": [up, up]}, _draw_factors(1)(rng)]


FACTORS = _check(
    "condition-on-each-factor",
    "bound_and_norm",
    "the product of the norms of all factors, and the norm of their product "
    "(largest singular values), two numbers",
    ("8.22", "The condition is on each factor, not on the product"),
    _norms,
    (
        ("four matrices", _draw_factors(4)),
        (
            "each factor doubled",
            lambda rng: [
                (one := _draw_factors(3)(rng)),
                {"factors": [2 * J for J in one["factors"]]},
            ],
        ),
        ("norms above 1 whose product is 0; one factor", _draw_dead_product),
    ),
    {
        "as-deck-001-prints-it": (
            lambda factors: (_norm(_chain(factors)), _norm(_chain(factors))),
            "the condition was put on the product. (8.22) bounds each factor; the "
            "product may be far below that.",
        ),
        "spectral-radius-for-the-norm": (
            _radii,
            "eigenvalues were taken for the factors. A matrix can stretch a row by "
            "more than its largest eigenvalue; (8.22) needs the norm.",
        ),
        "sum-of-squares-for-the-norm": (
            _frobenius,
            "the root of the sum of all squared entries was taken. (8.22) means the "
            "largest factor by which a row can grow.",
        ),
    },
    returns=("bound", "norm"),
)


# -- X6: a mean over the steps ------------------------------------------------------


def _mean_loss(losses: Array) -> Array:
    return losses.mean(), np.full(len(losses), 1 / len(losses))


MEAN_LOSS = _check(
    "mean-over-the-steps",
    "loss_and_gradient",
    "the loss L of a sequence, and its derivative with respect to each L_t, (T,)",
    ("8.1", "The loss is a mean over time"),
    _mean_loss,
    (
        ("five steps", lambda rng: {"losses": rng.uniform(1, 3, size=5)}),
        (
            "the sequence twice over, whose loss must be the same",
            lambda rng: [
                {"losses": (one := rng.uniform(1, 3, size=3))},
                {"losses": np.concatenate([one, one])},
            ],
        ),
        ("one step", lambda rng: {"losses": rng.uniform(1, 3, size=1)}),
    ),
    {
        "sum-over-the-steps": (
            lambda losses: (losses.sum(), np.ones(len(losses))),
            "the losses were added up. Twice the steps would then need half the "
            "learning rate; (8.1) is a mean.",
        ),
        "as-deck-001-counts": (
            lambda losses: (
                losses.sum() / (len(losses) + 1),
                np.full(len(losses), 1 / (len(losses) + 1)),
            ),
            "the sum was divided by one step more than there are. The deck's sum "
            "begins at 0, where there is no loss; (8.1) begins at 1.",
        ),
        "gradient-of-the-sum": (
            lambda losses: (losses.mean(), np.ones(len(losses))),
            "the loss is a mean and its gradient that of a sum. Each L_t of (8.1) has "
            "the same share.",
        ),
    },
    returns=("loss", "dlosses"),
)


# -- X7 and X8: windows -------------------------------------------------------------


def _windows(series: Array, tau: int) -> Array:
    n = len(series) - tau
    return np.stack([series[i : i + tau] for i in range(n)]), series[tau:]


def _jumping(series: Array, tau: int) -> Array:
    n = len(series) // tau
    X = np.stack([series[i * tau : (i + 1) * tau] for i in range(n)])
    return X, series[tau : tau + n]


def _draw_series(N: int, tau: int) -> Draw:
    return lambda rng: {"series": rng.normal(size=N).cumsum(), "tau": tau}


WINDOWS = _check(
    "windows-and-targets",
    "windows",
    "every window of tau values, (N - tau, tau), and the value that follows each, "
    "(N - tau,)",
    ("5.5", "A window is a promise to forget"),
    _windows,
    (
        ("eleven values, tau = 4", _draw_series(11, 4)),
        (
            "a series raised by 10",
            lambda rng: [
                (one := _draw_series(9, 2)(rng)),
                {**one, "series": one["series"] + 10},
            ],
        ),
        ("room for one window only", _draw_series(5, 4)),
    ),
    {
        "as-deck-001-prints-it": (
            _jumping,
            "the windows jump by their length while the targets move by one, so from "
            "the second on a target lies inside its own window. By (5.5) both move by "
            "the same stride.",
        ),
        "target-inside-the-window": (
            lambda series, tau: (_windows(series, tau)[0], series[tau - 1 : -1]),
            "the target is the last value of its own window. By (5.5) it is the one "
            "after.",
        ),
        "last-window-lost": (
            lambda series, tau: tuple(part[:-1] for part in _windows(series, tau)),
            "the last window is missing, though the value that follows it is known, "
            "see (5.5).",
        ),
    },
    returns=("X", "y"),
)


def _letters(ids: Array, length: int) -> Array:
    return _windows(ids, length)


def _letters_apart(ids: Array, length: int) -> Array:
    X, y = _windows(ids, length)
    return X[::length], y[::length]


def _letters_tail(ids: Array, length: int) -> Array:
    X, y = _windows(ids, length)
    X = X.copy()
    X[-1, 1:] = ids[-length + 1 :]  # the deck's "sad" where the text has "sai"
    return X, y


def _draw_ids(N: int, length: int) -> Draw:
    return lambda rng: {"ids": rng.permutation(26)[:N], "length": length}


LETTERS = _check(
    "windows-of-letters",
    "letter_windows",
    "every window of as many letters as length says, as rows of ids, and the letter "
    "after each",
    ("5.6", "Letters make windows too"),
    _letters,
    (
        ("twelve letters in threes", _draw_ids(12, 3)),
        ("the same letters in fours", _draw_ids(12, 4)),
        ("one window", _draw_ids(4, 3)),
    ),
    {
        "windows-end-to-end": (
            _letters_apart,
            "the windows stand end to end. The deck's list begins so and then does "
            "not; by (5.6) with stride 1 there is one for every letter but the first "
            "few.",
        ),
        "as-deck-001-prints-the-last": (
            _letters_tail,
            "the last window holds the letter that it should foretell, like the deck's "
            "“sad”. A window ends before its target, see (5.6).",
        ),
        "last-letter-never-foretold": (
            lambda ids, length: tuple(part[:-1] for part in _letters(ids, length)),
            "the last letter is no target. Count the windows by (5.6).",
        ),
    },
    returns=("windows", "nexts"),
)


# -- X9 to X11: the GRU -------------------------------------------------------------


def _candidate(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b_z: Array, b_h: Array
) -> Array:
    return np.tanh(x @ W_x + (r * h_prev) @ W_h + b_h)


def _candidate_printed(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b_z: Array, b_h: Array
) -> Array:
    return np.tanh(x @ W_x + (r * h_prev) @ W_h + b_z)


def _candidate_no_reset(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b_z: Array, b_h: Array
) -> Array:
    return np.tanh(x @ W_x + h_prev @ W_h + b_h)


def _candidate_after(
    x: Array, h_prev: Array, r: Array, W_x: Array, W_h: Array, b_z: Array, b_h: Array
) -> Array:
    return np.tanh(x @ W_x + r * (h_prev @ W_h) + b_h)


def _draw_candidate(B: int, r: float | None = None) -> Draw:
    def draw(rng: Rng) -> dict[str, Any]:
        D, H = 3, 5
        return {
            "x": rng.normal(size=(B, D)),
            "h_prev": rng.normal(size=(B, H)),
            "r": rng.uniform(size=(B, H)) if r is None else np.full((B, H), r),
            "W_x": rng.normal(size=(D, H)) / 2,
            "W_h": rng.normal(size=(H, H)) / 2,
            "b_z": rng.normal(size=H),
            "b_h": rng.normal(size=H),
        }

    return draw


def _draw_other_z(rng: Rng) -> list[dict[str, Any]]:
    one = _draw_candidate(2)(rng)
    return [one, {**one, "b_z": one["b_z"] + 1}]


CANDIDATE = _check(
    "bias-of-the-candidate",
    "candidate",
    "the candidate of a GRU whose reset gate acts before the product, (B, H)",
    ("12.4", "The candidate, and where the reset gate acts"),
    _candidate,
    (
        ("two rows", _draw_candidate(2)),
        ("another bias of z, which must change nothing", _draw_other_z),
        (
            "a gate quite open and one quite shut",
            lambda rng: [_draw_candidate(1, 1.0)(rng), _draw_candidate(1, 0.0)(rng)],
        ),
    ),
    {
        "as-deck-001-prints-it": (
            _candidate_printed,
            "the bias of the update gate was added. The candidate of (12.4) has one of "
            "its own.",
        ),
        "reset-gate-forgotten": (
            _candidate_no_reset,
            "the candidate sees the whole old state. In (12.4) the reset gate decides "
            "how much of it.",
        ),
        "reset-after-the-product": (
            _candidate_after,
            "the gate weighs what the matrix has mixed already. That is (12.3), "
            "another function; the deck's is (12.4).",
        ),
    },
)


def _draw_gate_weights(D: int, H: int) -> Draw:
    return lambda rng: {
        "W_x": rng.normal(size=(D, H)),
        "W_h": rng.normal(size=(H, H)),
        "b": rng.normal(size=H),
    }


def _draw_no_bias(rng: Rng) -> dict[str, Any]:
    return {**_draw_gate_weights(2, 3)(rng), "b": np.zeros(3)}


OTHER_Z = _check(
    "z-turned-round",
    "turn_z",
    "W_x (D, H), W_h (H, H) and b (H,) of an update gate that is 1 where the given "
    "one is 0",
    ("12.15", "z in two conventions is one function"),
    lambda W_x, W_h, b: (-W_x, -W_h, -b),
    (
        ("a gate of five units", _draw_gate_weights(3, 5)),
        (
            "weights ten times as large",
            lambda rng: [
                (one := _draw_gate_weights(2, 4)(rng)),
                {name: 10 * w for name, w in one.items()},
            ],
        ),
        ("no bias", _draw_no_bias),
    ),
    {
        "one-minus-each-weight": (
            lambda W_x, W_h, b: (1 - W_x, 1 - W_h, 1 - b),
            "every weight was taken from 1. It is the gate that turns into 1 − z; ask "
            "what that does to the number inside the sigmoid, see (12.15).",
        ),
        "bias-not-turned": (
            lambda W_x, W_h, b: (-W_x, -W_h, b),
            "the matrices were turned and the bias was not. All of the preactivation "
            "must change, see (12.15).",
        ),
        "nothing-turned": (
            lambda W_x, W_h, b: (W_x, W_h, b),
            "the weights are as they were. Decks 001 and 003 use one letter for "
            "opposite gates; (12.15) goes from one to the other.",
        ),
    },
    returns=("W_x", "W_h", "b"),
)


def _both_places(r: Array, h_prev: Array, W_h: Array, b: Array) -> Array:
    return (r * h_prev) @ W_h + b, r * (h_prev @ W_h + b)


def _draw_places(r: float | None = None) -> Draw:
    def draw(rng: Rng) -> dict[str, Any]:
        B, H = 2, 4
        return {
            "r": rng.uniform(size=(B, H)) if r is None else np.full((B, H), r),
            "h_prev": rng.normal(size=(B, H)),
            "W_h": rng.normal(size=(H, H)),
            "b": rng.normal(size=H),
        }

    return draw


PLACES = _check(
    "two-places-of-the-reset",
    "both_places",
    "what the reset gate lets through to the candidate, before the product as in deck "
    "001 and after it as in PyTorch, each with the bias b, two arrays (B, H)",
    ("12.3", "r in two places is two functions"),
    _both_places,
    (
        ("two rows", _draw_places()),
        (
            "a state twice as large",
            lambda rng: [
                (one := _draw_places()(rng)),
                {**one, "h_prev": 2 * one["h_prev"]},
            ],
        ),
        (
            "r = 1, where they agree, and r = 0",
            lambda rng: [_draw_places(1.0)(rng), _draw_places(0.0)(rng)],
        ),
    ),
    {
        "the-two-places-swapped": (
            lambda r, h_prev, W_h, b: _both_places(r, h_prev, W_h, b)[::-1],
            "the two stand in each other's place: after the product, (12.3), the gate "
            "weighs what the matrix gives.",
        ),
        "taken-for-one-function": (
            lambda r, h_prev, W_h, b: (_both_places(r, h_prev, W_h, b)[0],) * 2,
            "both are the form of the deck, as if the weights could be loaded from one "
            "into the other. (12.3) and (12.4) are two functions.",
        ),
        "bias-outside-the-gate": (
            lambda r, h_prev, W_h, b: ((r * h_prev) @ W_h + b, r * (h_prev @ W_h) + b),
            "after the product the bias stands outside the gate. In (12.3) this bias "
            "is inside, which is why PyTorch keeps two.",
        ),
    },
    returns=("before", "after"),
)


# -- X12: parameters ----------------------------------------------------------------


PARAMETERS = _check(
    "parameters-of-two-books",
    "parameters",
    "how many parameters an LSTM with D inputs and H units has in a textbook and in "
    "PyTorch, two numbers",
    ("10.18", "The layer of PyTorch"),
    lambda D, H: (4 * H * (D + H + 1), 4 * H * (D + H + 2)),
    (
        ("the deck's 5 inputs and 2 units", lambda rng: {"D": 5, "H": 2}),
        (
            "drawn sizes",
            lambda rng: [
                {"D": int(rng.integers(3, 9)), "H": int(rng.integers(9, 20))},
                {"D": int(rng.integers(9, 20)), "H": int(rng.integers(3, 9))},
            ],
        ),
        ("one input, one unit", lambda rng: {"D": 1, "H": 1}),
    ),
    {
        "as-deck-001-counts": (
            lambda D, H: (4 * H * (D + H + 1),) * 2,
            "both have one bias for each gate and unit. Print the names of the "
            "parameters of PyTorch's layer: (10.18) has another number for it.",
        ),
        "three-gates-counted": (
            lambda D, H: (3 * H * (D + H + 1), 3 * H * (D + H + 2)),
            "three blocks of weights were counted. An LSTM has the candidate besides "
            "its three gates, see (10.18).",
        ),
        "no-bias-counted": (
            lambda D, H: (4 * H * (D + H), 4 * H * (D + H + 1)),
            "the two counts are one bias too small; compare (10.18).",
        ),
    },
    returns=("textbook", "pytorch"),
)


# -- X13: peepholes -----------------------------------------------------------------


def _peephole_gates(
    a: Array, c_prev: Array, p_i: Array, p_f: Array, p_o: Array, slip: str = ""
) -> Array:
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)

    def seen(c: Array, p: Array) -> Array:
        return (c @ p)[:, None] if slip == "dot" else c * p

    i = _sigmoid(a_i + seen(c_prev, p_i))
    f = _sigmoid(a_f + seen(c_prev, p_f))
    c = f * c_prev + i * np.tanh(a_g)
    if slip == "early":
        return i, f, _sigmoid(a_o + seen(c_prev, p_o))
    if slip == "none":
        return i, f, _sigmoid(a_o)
    return i, f, _sigmoid(a_o + seen(c, p_o))


def _peephole_with(slip: str) -> Answer:
    return lambda a, c_prev, p_i, p_f, p_o: _peephole_gates(
        a, c_prev, p_i, p_f, p_o, slip
    )


def _draw_peephole(B: int, H: int, size: float = 1.0) -> Draw:
    return lambda rng: {
        "a": rng.normal(size=(B, 4 * H)),
        "c_prev": rng.normal(size=(B, H)) + 0.5,
        "p_i": size * rng.normal(size=H),
        "p_f": size * rng.normal(size=H),
        "p_o": size * rng.normal(size=H),
    }


def _draw_other_o(rng: Rng) -> list[dict[str, Any]]:
    one = _draw_peephole(2, 3)(rng)
    return [one, {**one, "p_o": -one["p_o"]}]


PEEPHOLES = _check(
    "what-peepholes-see",
    "peephole_gates",
    "the gates i, f and o of an LSTM with peepholes, from the preactivations a "
    "(B, 4H) in the order i, f, g, o; three arrays (B, H)",
    ("11.3", "A gate that looks at the cell"),
    lambda a, c_prev, p_i, p_f, p_o: _peephole_gates(a, c_prev, p_i, p_f, p_o),
    (
        ("three rows", _draw_peephole(3, 4)),
        ("the peephole of o turned round", _draw_other_o),
        (
            "peepholes of zero; one unit",
            lambda rng: [_draw_peephole(2, 3, 0.0)(rng), _draw_peephole(2, 1)(rng)],
        ),
    ),
    {
        "as-deck-001-prints-it": (
            _peephole_with("dot"),
            "the cell state was multiplied as by a full matrix, so every unit sees all "
            "others. A peephole is diagonal: each unit sees its own, (11.3).",
        ),
        "output-gate-sees-the-old-cell": (
            _peephole_with("early"),
            "the output gate looks at the cell state before the step. By the time it "
            "opens the new one is there, (11.3).",
        ),
        "output-gate-sees-nothing": (
            _peephole_with("none"),
            "the output gate has no peephole; compare (11.3).",
        ),
    },
    returns=("i", "f", "o"),
)


# -- X15: the Jacobian --------------------------------------------------------------


def _draw_jacobian(H: int, scale: float = 1.0) -> Draw:
    return lambda rng: {
        "h": np.tanh(scale * rng.normal(size=H)),
        "W_h": rng.normal(size=(H, H)),
    }


JACOBIAN = _check(
    "jacobian-of-a-step",
    "step_jacobian",
    "the Jacobian of the state h = tanh(x W_x + h_prev W_h + b) with respect to "
    "h_prev, (H, H), a row for each entry of h_prev",
    ("8.8", "The full sum"),
    lambda h, W_h: W_h * (1 - h**2),
    (
        ("four units", _draw_jacobian(4)),
        (
            "the matrix doubled",
            lambda rng: [
                (one := _draw_jacobian(3)(rng)),
                {**one, "W_h": 2 * one["W_h"]},
            ],
        ),
        (
            "saturated units; one unit",
            lambda rng: [_draw_jacobian(3, 9.0)(rng), _draw_jacobian(1)(rng)],
        ),
    ),
    {
        "slopes-on-the-rows": (
            lambda h, W_h: W_h * (1 - h**2)[:, None],
            "the slopes of tanh scale the rows. Without a diagonal matrix the deck "
            "leaves open which; a slope belongs to an entry of the new state, a "
            "column of (8.8).",
        ),
        "slopes-forgotten": (
            lambda h, W_h: W_h,
            "the slopes of tanh are missing from (8.8).",
        ),
        "one-slope-for-all": (
            lambda h, W_h: W_h * (1 - h**2).mean(),
            "all entries have the same slope. In (8.8) each unit has its own, on a "
            "diagonal.",
        ),
    },
)


# -- X16 and X17: what feedforward networks can do ----------------------------------


def _draw_order(T: int, K: int) -> Draw:
    def draw(rng: Rng) -> dict[str, Any]:
        order = rng.permutation(T)
        while np.array_equal(order, np.argsort(order)):  # an order that is its inverse
            order = rng.permutation(T)
        return {"W": rng.normal(size=(T, K)), "order": order}

    return draw


def _draw_same_order(rng: Rng) -> dict[str, Any]:
    return {"W": rng.normal(size=(4, 2)), "order": np.arange(4)}


PERMUTED = _check(
    "inputs-in-another-order",
    "weights_for",
    "first weights W' (T, K) with which an MLP gives for x[:, order] what it gave for "
    "x with W",
    ("5.8", "An MLP does not know which day came first"),
    lambda W, order: W[order],
    (
        ("six inputs", _draw_order(6, 3)),
        (
            "two orders of the same weights",
            lambda rng: [
                (one := _draw_order(5, 2)(rng)),
                {**one, "order": np.roll(np.arange(5), 2)},
            ],
        ),
        ("the order left as it is", _draw_same_order),
    ),
    {
        "as-deck-002-says": (
            lambda W, order: W,
            "the weights are as they were. A trained network does change its answer "
            "when its inputs change places; only with weights moved along is it the "
            "same function, (5.8).",
        ),
        "order-undone": (
            lambda W, order: W[np.argsort(order)],
            "the rows were moved the other way round. Row k must meet the input that "
            "stands at place k now, see (5.8).",
        ),
        "columns-moved": (
            lambda W, order: W[:, np.argsort(np.resize(order, W.shape[1]))],
            "the columns were moved. They belong to the hidden units; inputs are rows "
            "in (5.8).",
        ),
    },
)


def _strongest(x: Array, w: Array, b: float) -> Array:
    n = len(x) - len(w) + 1
    return max(x[t : t + len(w)] @ w for t in range(n)) + b


def _draw_signal(T: int, K: int) -> Draw:
    return lambda rng: {
        "x": rng.normal(size=T),
        "w": rng.normal(size=K),
        "b": float(rng.normal()),
    }


def _draw_moved(rng: Rng) -> list[dict[str, Any]]:
    one = _draw_signal(3, 3)(rng)
    x, low = 4 * one["w"], np.zeros(5)
    return [
        {**one, "x": np.concatenate([x, low])},
        {**one, "x": np.concatenate([low, x])},
        {**one, "x": np.concatenate([low, low, x, low])},
    ]


ANY_LENGTH = _check(
    "any-length-any-place",
    "strongest",
    "the largest response of one kernel w, with bias b, over a signal x of any "
    "length, one number",
    ("4.8", "Pooling forgets where"),
    _strongest,
    (
        ("nine values, a kernel of three", _draw_signal(9, 3)),
        ("the same pattern elsewhere, in a longer signal", _draw_moved),
        ("a signal as long as the kernel", _draw_signal(4, 4)),
    ),
    {
        "one-place-only": (
            lambda x, w, b: x[: len(w)] @ w + b,
            "the kernel was laid at the beginning only, as if a convolution could not "
            "act in several places. Slide it, then pool over all places, (4.8).",
        ),
        "kernel-turned-round": (
            lambda x, w, b: _strongest(x, w[::-1], b),
            "the kernel was turned round before it was laid on the signal. What is "
            "pooled in (4.8) are products without that turn.",
        ),
        "mean-for-the-largest": (
            lambda x, w, b: np.correlate(x, w, "valid").mean() + b,
            "the mean of all responses was taken, which shrinks as the signal grows. "
            "(4.8) is the largest.",
        ),
    },
)


# -- X18: time steps and channels ---------------------------------------------------


def _channels(windows: Array, K: int) -> Array:
    return windows[:, :, None], windows.shape[1] - K + 1


def _draw_batch(B: int, T: int, K: int) -> Draw:
    return lambda rng: {"windows": rng.normal(size=(B, T)), "K": K}


CHANNELS = _check(
    "steps-and-channels",
    "for_convolution",
    "a batch of windows (B, T) of one series as (B, steps, channels), and how many "
    "places a kernel of K steps has without padding",
    ("4.4", "How many places are there"),
    _channels,
    (
        ("the deck's 29 days, three windows", _draw_batch(3, 29, 5)),
        (
            "a kernel of one step and one of four",
            lambda rng: [_draw_batch(2, 7, 1)(rng), _draw_batch(2, 7, 4)(rng)],
        ),
        ("a kernel as long as the window", _draw_batch(2, 6, 6)),
    ),
    {
        "as-deck-003-prints-it": (
            lambda windows, K: (windows[:, None, :], windows.shape[1] - K + 1),
            "the days became channels of a single step. A kernel cannot slide along "
            "one step: 29 days are 29 steps of one channel, and (4.4) counts places.",
        ),
        "time-before-batch": (
            lambda windows, K: (windows.T[:, :, None], windows.shape[1] - K + 1),
            "time stands before the batch, as in our recurrent layers. Here the batch "
            "was asked for first, then the N steps of (4.4).",
        ),
        "as-many-places-as-steps": (
            lambda windows, K: (windows[:, :, None], windows.shape[1]),
            "a place was counted for every step. That needs padding; without it (4.4) "
            "loses some at the end.",
        ),
    },
    returns=("x", "places"),
)


# -- X19 and X20: the cell ----------------------------------------------------------


def _draw_pair(B: int, H: int) -> Draw:
    return lambda rng: {"u": rng.normal(size=(B, H)), "v": rng.normal(size=(B, H))}


PRODUCTS = _check(
    "two-products",
    "products",
    "the product that an LSTM takes of two batches of rows, (B, H), and their dot "
    "products, (B,)",
    ("10.6", "Two states, one of them protected"),
    lambda u, v: (u * v, (u * v).sum(axis=1)),
    (
        ("three rows", _draw_pair(3, 4)),
        (
            "the two exchanged, which changes nothing",
            lambda rng: [
                (one := _draw_pair(2, 5)(rng)),
                {"u": one["v"], "v": one["u"]},
            ],
        ),
        (
            "one row; one entry",
            lambda rng: [_draw_pair(1, 3)(rng), _draw_pair(2, 1)(rng)],
        ),
    ),
    {
        "as-deck-004-calls-it": (
            lambda u, v: ((u * v).sum(axis=1), (u * v).sum(axis=1)),
            "both are dot products, which is what the deck calls its sign. That is one "
            "number for a row; a gate of (10.6) needs one for each unit.",
        ),
        "every-entry-with-every-other": (
            lambda u, v: (u[:, :, None] * v[:, None, :], (u * v).sum(axis=1)),
            "every entry of one row was multiplied by every entry of the other. In "
            "(10.6) a gate meets its own unit only.",
        ),
        "summed-over-the-batch": (
            lambda u, v: (u * v, (u * v).sum(axis=0)),
            "the dot product runs over the batch. Sequences of a batch never meet, in "
            "(10.6) or anywhere else; sum over the units of one row.",
        ),
    },
    returns=("product", "dot"),
)


def _draw_cell(B: int, H: int, **fixed: float) -> Draw:
    def draw(rng: Rng) -> dict[str, Any]:
        made = {name: rng.uniform(size=(B, H)) for name in ("i", "f")}
        for name in ("g", "g_prev", "c_prev", "h_prev"):
            made[name] = rng.uniform(-1, 1, size=(B, H))
        return {**made, **{name: np.full((B, H), v) for name, v in fixed.items()}}

    return draw


def _cell(i: str, g: str, f: str, c: str) -> Answer:
    def update(**given: Array) -> Array:
        return given[i] * given[g] + given[f] * given[c]

    names = ("i", "f", "g", "g_prev", "c_prev", "h_prev")
    return lambda *rows, **given: update(
        **dict(zip(names, rows, strict=False)), **given
    )


def _cell_right(
    i: Array, f: Array, g: Array, g_prev: Array, c_prev: Array, h_prev: Array
) -> Array:
    return f * c_prev + i * g


CELL = _check(
    "what-the-cell-keeps",
    "new_cell",
    "the cell state after the step, (B, H)",
    ("10.6", "The cell keeps and adds"),
    _cell_right,
    (
        ("two rows", _draw_cell(2, 5)),
        (
            "another candidate of the step before, which must change nothing",
            lambda rng: [
                (one := _draw_cell(2, 3)(rng)),
                {**one, "g_prev": one["g_prev"] + 1, "h_prev": one["h_prev"] - 1},
            ],
        ),
        (
            "all kept, nothing written; all written, nothing kept",
            lambda rng: [
                _draw_cell(2, 3, i=0.0, f=1.0)(rng),
                _draw_cell(2, 3, i=1.0, f=0.0)(rng),
            ],
        ),
    ),
    {
        "as-deck-004-prints-it": (
            _cell("i", "g_prev", "f", "c_prev"),
            "the candidate of the step before was written. The one of (10.6) has just "
            "been computed from this input.",
        ),
        "short-term-state-kept": (
            _cell("i", "g", "f", "h_prev"),
            "the short-term state was kept, as the deck's words have it. (10.6) keeps "
            "the long one, c.",
        ),
        "gates-exchanged": (
            _cell("f", "g", "i", "c_prev"),
            "the gates stand in each other's place: in (10.6) f keeps and i writes.",
        ),
    },
)


# -- X21: the loss of a causal network ----------------------------------------------


def _draw_probabilities(T: int, V: int) -> Draw:
    def draw(rng: Rng) -> dict[str, Any]:
        logits = rng.normal(size=(T, V))
        probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return {"probs": probs, "targets": rng.integers(0, V, size=T)}

    return draw


def _said(probs: Array, targets: Array) -> Array:
    return probs[np.arange(len(targets)), targets]


def _draw_certain(rng: Rng) -> list[dict[str, Any]]:
    one = _draw_probabilities(1, 4)(rng)
    return [one, {"probs": np.eye(3)[[2, 0]], "targets": np.array([2, 0])}]


LIKELIHOOD = _check(
    "loss-of-a-sequence",
    "sequence_loss",
    "the loss of a whole sequence from the probabilities (T, V) that stood at each "
    "step before its target (T,) was seen, one number in nats",
    ("8.19", "Three places for the loop"),
    lambda probs, targets: -np.log(_said(probs, targets)).sum(),
    (
        ("five steps", _draw_probabilities(5, 7)),
        (
            "the sequence twice over",
            lambda rng: [
                (one := _draw_probabilities(3, 4)(rng)),
                {name: np.concatenate([a, a]) for name, a in one.items()},
            ],
        ),
        ("one step; a network that is certain and right", _draw_certain),
    ),
    {
        "as-deck-004-prints-it": (
            lambda probs, targets: np.log(_said(probs, targets)).sum(),
            "the minus sign is missing, as in the deck. Training makes a loss smaller; "
            "without the sign of (8.19) it would make the truth less likely.",
        ),
        "mean-for-the-sum": (
            lambda probs, targets: -np.log(_said(probs, targets)).mean(),
            "the mean over the steps was taken. (8.19) is minus the log probability of "
            "the whole sequence, a sum.",
        ),
        "log-of-the-sum": (
            lambda probs, targets: -np.log(_said(probs, targets).sum()),
            "the probabilities were added up before the logarithm. In (8.19) they are "
            "multiplied, so the logarithms add.",
        ),
    },
)


# -- X22 and X23: the plain network -------------------------------------------------


def _step(
    x: Array, below: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return np.tanh(x @ W_x + h_prev @ W_h + b)


def _step_below(
    x: Array, below: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return np.tanh(x @ W_x + below @ W_h + b)


def _step_both(
    x: Array, below: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return np.tanh(x @ W_x + (below + h_prev) @ W_h + b)


def _step_linear(
    x: Array, below: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return x @ W_x + h_prev @ W_h + b


def _draw_step(B: int, h: float | None = None) -> Draw:
    def draw(rng: Rng) -> dict[str, Any]:
        D, H = 3, 5
        return {
            "x": rng.normal(size=(B, D)),
            "below": rng.normal(size=(B, H)),
            "h_prev": rng.normal(size=(B, H)) if h is None else np.full((B, H), h),
            "W_x": rng.normal(size=(D, H)) / 2,
            "W_h": rng.normal(size=(H, H)) / 2,
            "b": rng.normal(size=H),
        }

    return draw


STEP = _check(
    "whose-output-comes-back",
    "recurrent_step",
    "the state of a recurrent layer after the input x, (B, H); below is what another "
    "layer, below this one, gave at the same step",
    ("7.3", "The step: two products, a sum and a tanh"),
    _step,
    (
        ("two rows", _draw_step(2)),
        (
            "another output of the layer below, which must change nothing",
            lambda rng: [
                (one := _draw_step(2)(rng)),
                {**one, "below": one["below"] + 1},
            ],
        ),
        ("the first step, from a state of zeros", _draw_step(1, 0.0)),
    ),
    {
        "as-deck-004-says": (
            _step_below,
            "the output of the layer below came back through the recurrent matrix. "
            "That network has no memory; in (7.3) it is this layer's own state of the "
            "step before.",
        ),
        "both-came-back": (
            _step_both,
            "two outputs went through the recurrent matrix. (7.3) has the layer's own "
            "old state alone.",
        ),
        "no-tanh": (
            _step_linear,
            "this is the sum of (7.3) before its tanh.",
        ),
    },
)


def _draw_columns(D: int, H: int, K: int) -> Draw:
    return lambda rng: {
        "U": rng.normal(size=(H, D)),
        "W_h": rng.normal(size=(H, H)),
        "V": rng.normal(size=(K, H)),
    }


ROWS = _check(
    "columns-into-rows",
    "to_rows",
    "the matrices W_x (D, H), W_h (H, H) and W_y (H, K) for rows, from U, W_h and V "
    "for columns, h = tanh(U x + W_h h_prev), o = V h",
    ("7.11", "The famous ten lines have no bias"),
    lambda U, W_h, V: (U.T, W_h.T, V.T),
    (
        ("three matrices", _draw_columns(3, 5, 2)),
        (
            "matrices doubled",
            lambda rng: [
                (one := _draw_columns(2, 4, 3)(rng)),
                {name: 2 * W for name, W in one.items()},
            ],
        ),
        ("one input, one output", _draw_columns(1, 3, 1)),
    ),
    {
        "square-matrix-forgotten": (
            lambda U, W_h, V: (U.T, W_h, V.T),
            "the square matrix is as it was, since its shape complains about nothing. "
            "(7.11) transposes all of them.",
        ),
        "numbers-poured-into-the-shape": (
            lambda U, W_h, V: (
                U.reshape(U.shape[::-1]),
                W_h.T,
                V.reshape(V.shape[::-1]),
            ),
            "the numbers were poured into the other shape in their order. (7.11) "
            "mirrors a matrix, it does not refill it.",
        ),
        "rows-and-columns-mixed": (
            lambda U, W_h, V: (U.T, W_h.T, V),
            "the last matrix still stands on the left of a column, as in the deck that "
            "mixes both in one line. Choose one convention, (7.11).",
        ),
    },
    returns=("W_x", "W_h", "W_y"),
)


# -- X24 and X26: the two squashing functions ---------------------------------------


def _naive_tanh(a: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))


TANH = _check(
    "tanh-by-its-name",
    "hyperbolic_tangent",
    "what deck 004 calls “tahn” of every entry of a, in its shape, finite for every a",
    ("3.3", "Three curves and their slopes"),
    lambda a: np.tanh(a),
    (
        ("a row of numbers", lambda rng: {"a": rng.normal(size=6)}),
        (
            "the signs turned",
            lambda rng: [{"a": (a := rng.normal(size=(2, 3)))}, {"a": -a}],
        ),
        ("zero, and ±1,000", lambda rng: {"a": np.array([0.0, 1000.0, -1000.0])}),
    ),
    {
        "tangent-of-an-angle": (
            np.tan,
            "this is the tangent of an angle, which runs to infinity. (3.3) is the "
            "hyperbolic one.",
        ),
        "sigmoid-for-tanh": (
            lambda a: np.exp(-np.logaddexp(0, -a)),
            "this is the sigmoid (3.2), from 0 to 1. The one of (3.3) goes through 0.",
        ),
        "overflow": (
            _naive_tanh,
            "large entries became infinity divided by infinity. Write (3.3) so that no "
            "exponential is taken of a large positive number.",
        ),
    },
)


def _tails(a: Array) -> Array:
    rest = np.exp(-np.logaddexp(0, a))  # 1 - sigma(a) = sigma(-a)
    return rest, rest * np.exp(-np.logaddexp(0, -a))


def _tails_cancelled(a: Array) -> Array:
    y = np.exp(-np.logaddexp(0, -a))
    return 1 - y, y * (1 - y)


OPEN = _check(
    "never-quite-one",
    "rest_and_slope",
    "how far the sigmoid is below 1 at each entry of a, and its slope there, two "
    "arrays; both are never 0, and right to six digits up to |a| = 500",
    ("3.2", "Three curves and their slopes"),
    _tails,
    (
        ("a row of numbers", lambda rng: {"a": rng.normal(size=5)}),
        (
            "the signs turned",
            lambda rng: [{"a": (a := 2 * rng.normal(size=4))}, {"a": -a}],
        ),
        ("far out: 40, 300, 500", lambda rng: {"a": np.array([40.0, 300.0, 500.0])}),
    ),
    {
        "as-deck-000-has-it": (
            _tails_cancelled,
            "the sigmoid was rounded to 1, as a closed interval allows, and then taken "
            "from 1. The range of (3.2) is open: find what 1 − y is before any number "
            "is rounded.",
        ),
        "rest-for-the-slope": (
            lambda a: (_tails(a)[0], _tails(a)[0]),
            "what is left to 1 was given as the slope too. Far out they are nearly "
            "equal, in the middle one is half of the other, see (3.2).",
        ),
        "tanh-for-the-sigmoid": (
            lambda a: (1 - np.tanh(a), 1 - np.tanh(a) ** 2),
            "these are rest and slope of tanh, (3.3), and not of the sigmoid.",
        ),
    },
    returns=("rest", "slope"),
    atol=0.0,
)


# -- X25 and X27: claims about who is best ------------------------------------------


def _skill(y: Array, forecast: Array) -> Array:
    last = np.abs(y[1:] - y[:-1]).mean()
    return 1 - np.abs(y[1:] - forecast[1:]).mean() / last


def _skill_wrapped(y: Array, forecast: Array) -> Array:
    return 1 - np.abs(y - forecast).mean() / np.abs(y - np.roll(y, 1)).mean()


def _skill_squared(y: Array, forecast: Array) -> Array:
    last = ((y[1:] - y[:-1]) ** 2).mean()
    return 1 - ((y[1:] - forecast[1:]) ** 2).mean() / last


def _skill_turned(y: Array, forecast: Array) -> Array:
    last = np.abs(y[1:] - y[:-1]).mean()
    return 1 - last / np.abs(y[1:] - forecast[1:]).mean()


def _draw_forecast(N: int, noise: float) -> Draw:
    def draw(rng: Rng) -> dict[str, Any]:
        y = rng.normal(size=N).cumsum()
        return {"y": y, "forecast": y + noise * rng.normal(size=N)}

    return draw


def _draw_persistent(rng: Rng) -> list[dict[str, Any]]:
    y = rng.normal(size=9).cumsum()
    same = np.concatenate([[y[0] + 3], y[:-1]])
    return [{"y": y, "forecast": same}, _draw_forecast(6, 3.0)(rng)]


SKILL = _check(
    "who-beats-the-last-value",
    "skill",
    "the skill score of forecasts (N,) of y (N,) against persistence, over the days "
    "that have a day before them, one number",
    ("19.3", "The table, and what the loop earned"),
    _skill,
    (
        ("twenty days", _draw_forecast(20, 0.5)),
        (
            "another unit, which must change nothing",
            lambda rng: [
                (one := _draw_forecast(12, 0.4)(rng)),
                {name: 1000 * a for name, a in one.items()},
            ],
        ),
        ("persistence itself, skill 0; a bad forecast", _draw_persistent),
    ),
    {
        "first-day-compared-with-the-last": (
            _skill_wrapped,
            "the first day was compared with the last one of the series. It has no day "
            "before it; (19.3) needs the same days above and below.",
        ),
        "squared-errors": (
            _skill_squared,
            "errors were squared. (19.3) divides mean absolute errors.",
        ),
        "fraction-turned-round": (
            _skill_turned,
            "the baseline stands above the model. In (19.3) it is below, so that a "
            "model without error has skill 1.",
        ),
    },
)


def _lstm_units(D: int, H: int) -> int:
    budget, units = 3 * H * (D + H + 1), 0
    while 4 * (units + 1) * (D + units + 2) <= budget:
        units += 1
    return units


FAIR = _check(
    "a-fair-comparison",
    "lstm_units",
    "the largest number of LSTM units with no more parameters than a GRU of H units, "
    "both with D inputs and one bias, one number",
    ("12.14", "Lab: three networks of one size"),
    _lstm_units,
    (
        ("8 inputs, 40 units", lambda rng: {"D": 8, "H": 40}),
        (
            "drawn sizes",
            lambda rng: [
                {"D": int(rng.integers(1, 12)), "H": int(rng.integers(20, 90))}
                for _ in range(3)
            ],
        ),
        ("few units", lambda rng: [{"D": 2, "H": 2}, {"D": 30, "H": 3}]),
    ),
    {
        "as-many-units": (
            lambda D, H: H,
            "both have as many units. The LSTM then has a third more parameters, and a "
            "table that calls it the more accurate says nothing, see (12.14).",
        ),
        "three-quarters-of-the-units": (
            lambda D, H: 3 * H // 4,
            "units were counted as if parameters grew in proportion. The recurrent "
            "matrix grows with the square of them, see (12.14).",
        ),
        "one-unit-too-many": (
            lambda D, H: _lstm_units(D, H) + 1,
            "this LSTM has more parameters than the GRU of (12.14); round down.",
        ),
    },
)


CHECKS = (
    POWER,
    FIRST_TERM,
    TRUNCATION,
    DERIVATIVES,
    FACTORS,
    MEAN_LOSS,
    WINDOWS,
    LETTERS,
    CANDIDATE,
    OTHER_Z,
    PLACES,
    PARAMETERS,
    PEEPHOLES,
    JACOBIAN,
    PERMUTED,
    ANY_LENGTH,
    CHANNELS,
    PRODUCTS,
    CELL,
    LIKELIHOOD,
    STEP,
    ROWS,
    TANH,
    SKILL,
    OPEN,
    FAIR,
)

"""Checks of the assignment of chapter 24: newer cells, and bands from dropout.

Each right answer stands here in NumPy, in a function that also computes the wrong
answers that people give, by the name of the slip, so that a check can recognise them
and the tests hand them in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Case, Check, by_slip

SLUG = "24-whats-next"
Rng = np.random.Generator
Z90 = 1.6448536269514722


# -- one step of linear attention ------------------------------------------------------


def _step(q: Any, k: Any, v: Any, S: Any, z: Any, *, slip: str = "") -> Any:
    added = np.outer(v, k) if slip == "turned" else np.outer(k, v)
    S_new = added if slip == "forgets" else S + added
    z_new = k if slip == "sum-forgets" else z + k
    ask = k if slip == "asks-the-key" else q
    matrix, total = (S, z) if slip == "before" else (S_new, z_new)
    y = ask @ matrix
    if slip == "sum-of-z":
        y = y / total.sum()
    elif slip != "raw":
        y = y / (ask @ total)
    return y, S_new, z_new


def _features(rng: Rng, *shape: int) -> np.ndarray:
    return np.asarray(0.2 + rng.exponential(size=shape))


def _draw_step(K: int, V: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "q": _features(rng, K),
            "k": _features(rng, K),
            "v": rng.normal(size=V),
            "S": rng.normal(size=(K, V)),
            "z": _features(rng, K),
        }

    return draw


def _draw_equal_values(rng: Rng) -> Inputs:
    inputs = _draw_step(4, 3)(rng)
    return {**inputs, "S": np.outer(inputs["z"], inputs["v"])}


def _mean_of_equals(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(np.asarray(values[0][0]), calls[0]["v"]):
        return ""
    return (
        "Every value stored so far equals v, so their weighted mean should be v "
        "whatever the query asks."
    )


def _draw_first_step(rng: Rng) -> list[Inputs]:
    start = _draw_step(5, 2)(rng)
    nothing = {"S": np.zeros((5, 2)), "z": np.zeros(5)}
    return [{**start, **nothing}, _draw_step(1, 1)(rng)]


STEP = Check(
    name="attention-step",
    assignment=SLUG,
    points=3,
    title="attention_step",
    asks="the answer y (V,), the matrix S (K, V) and the sum z (K,) after this step",
    equation="24.6",
    section="A matrix as the state",
    reference=_step,
    returns=("y", "S", "z"),
    cases=(
        Case("value", "one step", 2, _draw_step(4, 3)),
        Case(
            "property",
            "equal values give that value",
            1,
            _draw_equal_values,
            law=_mean_of_equals,
        ),
        Case("edge", "the first step of all; sizes of one", 1, _draw_first_step),
        Case("naming", "equal sizes", 0, _draw_step(3, 3)),
    ),
    mistakes=by_slip(
        np.errstate(all="ignore")(_step),
        {
            "asked-before-writing": (
                "before",
                "the query met the state of the step before. In (24.6) S and z hold "
                "the present key and value already.",
            ),
            "weights-do-not-sum-to-one": (
                "raw",
                "y was not divided by q·z, so it grows with every key that is "
                "written, (24.6).",
            ),
            "divided-by-all-of-z": (
                "sum-of-z",
                "y was divided by the sum of z. The weights in (24.6) belong to this "
                "query: divide by its product with z.",
            ),
            "key-and-value-changed-places": (
                "turned",
                "the outer product has the value as its rows. (24.4) writes K rows, "
                "one for each entry of the key.",
            ),
            "key-asks": (
                "asks-the-key",
                "the key was used as the query. The key says where to write, the "
                "query where to read.",
            ),
            "matrix-starts-anew": (
                "forgets",
                "S holds the present outer product only. (24.4) adds it to what was "
                "there.",
            ),
            "sum-of-keys-starts-anew": (
                "sum-forgets",
                "z is the present key only. (24.5) adds up all keys so far.",
            ),
        },
    ),
)


# -- all steps at once -----------------------------------------------------------------


def _parallel(q: Any, k: Any, v: Any, *, slip: str = "") -> Any:
    T = len(q)
    scores = q @ k.T
    if slip == "scaled-softmax":
        scores = scores / np.sqrt(q.shape[1])
    if slip in ("softmax", "scaled-softmax"):
        scores = np.exp(scores - scores.max())
    if slip == "masked-late":
        return np.tril(scores / scores.sum(axis=1, keepdims=True)) @ v
    if slip == "turned-over":
        scores = np.triu(scores)
    elif slip == "diagonal":
        scores = np.diag(np.diag(scores))
    elif slip != "future":
        scores = np.tril(scores)
    if slip == "raw":
        return scores @ v
    if slip == "count":
        return scores @ v / np.arange(1, T + 1)[:, None]
    if slip == "columns":
        return scores / scores.sum(axis=0) @ v
    return scores @ v / scores.sum(axis=1, keepdims=True)


def _draw_parallel(T: int, K: int, V: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "q": _features(rng, T, K),
            "k": _features(rng, T, K),
            "v": rng.normal(size=(T, V)),
        }

    return draw


def _draw_prefix(rng: Rng) -> list[Inputs]:
    whole = _draw_parallel(7, 3, 2)(rng)
    return [whole, {name: a[:4] for name, a in whole.items()}]


def _past_alone(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(np.asarray(values[0])[:4], values[1]):
        return ""
    return (
        "The first four answers change when later steps are cut off, so they have "
        "looked ahead."
    )


def _draw_parallel_edge(rng: Rng) -> list[Inputs]:
    return [_draw_parallel(1, 3, 2)(rng), _draw_parallel(5, 1, 1)(rng)]


PARALLEL = Check(
    name="attention-parallel",
    assignment=SLUG,
    points=3,
    title="attention_parallel",
    asks="the answers (T, V) of all steps, each from its own and earlier steps",
    equation="24.2",
    section="A matrix as the state",
    reference=_parallel,
    returns=("ys",),
    cases=(
        Case("value", "seven steps", 2, _draw_parallel(7, 4, 3)),
        Case(
            "property", "later steps change nothing", 1, _draw_prefix, law=_past_alone
        ),
        Case("edge", "one step; one feature and one value", 1, _draw_parallel_edge),
        Case("naming", "equal sizes", 0, _draw_parallel(4, 4, 4)),
    ),
    mistakes=by_slip(
        np.errstate(all="ignore")(_parallel),
        {
            "reads-the-future": (
                "future",
                "every query met every key, later ones too. The sums in (24.2) end at "
                "t.",
            ),
            "reads-only-the-future": (
                "turned-over",
                "the mask stands upside down: each step sees itself and what comes "
                "after. Rows are queries, columns are keys.",
            ),
            "reads-itself-alone": (
                "diagonal",
                "each step met its own key only, so every answer is its own value.",
            ),
            "not-divided": (
                "raw",
                "the products were not divided by their sum, the lower line of (24.2).",
            ),
            "divided-by-the-steps": (
                "count",
                "the products were divided by the number of steps. Divide by the sum "
                "of the products, (24.2).",
            ),
            "keys-share-out": (
                "columns",
                "the weights of each key sum to one over the queries. In (24.2) those "
                "of each query sum to one over the keys.",
            ),
            "masked-after-dividing": (
                "masked-late",
                "the weights were divided while they still covered later steps, so "
                "after the mask they no longer sum to one.",
            ),
            "exponential-taken": (
                "softmax",
                "an exponential of the products was taken, as in (24.1). The features "
                "are positive already and take its place in (24.2).",
            ),
            "attention-by-softmax": (
                "scaled-softmax",
                "this is softmax attention, (24.1): products over the root of K, in an "
                "exponential. In (24.2) the products themselves are the scores.",
            ),
        },
    ),
)


# -- a step of a clock -----------------------------------------------------------------


def _hold(rate: Any, delta: float, *, slip: str = "") -> Any:
    x = rate * delta
    zero = rate == 0
    safe = np.where(zero, 1.0, rate)
    a = np.exp(x)
    b = np.where(zero, delta, (a - 1) / safe)
    if slip == "euler":
        return 1 + x, np.full_like(rate, delta)
    if slip == "width":
        return a, np.full_like(rate, delta)
    if slip == "not-divided":
        return a, a - 1
    if slip == "twice":
        return a, b * delta
    if slip == "by-both":
        return a, b / delta
    if slip == "bilinear":
        return (1 + x / 2) / (1 - x / 2), delta / (1 - x / 2)
    if slip == "grows":
        return np.exp(-x), np.where(zero, delta, (np.exp(-x) - 1) / -safe)
    if slip == "no-delta":
        return np.exp(rate), np.where(zero, 1.0, (np.exp(rate) - 1) / safe)
    if slip == "convex":
        return a, 1 - a
    return a, b


def _draw_hold(rng: Rng) -> Inputs:
    return {
        "rate": -rng.uniform(0.3, 2.5, size=6),
        "delta": float(rng.uniform(0.3, 0.8)),
    }


def _draw_half_steps(rng: Rng) -> list[Inputs]:
    once = _draw_hold(rng)
    return [once, {**once, "delta": once["delta"] / 2}]


def _two_halves(calls: list[Inputs], values: list[Any]) -> str:
    (a, b), (a_half, b_half) = (tuple(map(np.asarray, v)) for v in values)
    if np.allclose(a_half**2, a) and np.allclose(a_half * b_half + b_half, b):
        return ""
    return (
        "With the input held still, two steps of half the length should land where "
        "one whole step does: a = a½², b = a½ b½ + b½."
    )


def _draw_hold_edge(rng: Rng) -> list[Inputs]:
    still = _draw_hold(rng)
    rate = still["rate"].copy()
    rate[2] = 0.0
    return [{**still, "rate": rate}, {"rate": np.array([-3.0]), "delta": 1e-4}]


HOLD = Check(
    name="hold-still",
    assignment=SLUG,
    points=3,
    title="hold_still",
    asks="the factor a (N,) and the input weight b (N,) of one step",
    equation="24.9",
    section="A state that decays and turns",
    reference=_hold,
    returns=("a", "b"),
    cases=(
        Case("value", "six rates", 2, _draw_hold),
        Case(
            "property",
            "two half steps are one whole step",
            1,
            _draw_half_steps,
            law=_two_halves,
        ),
        Case("edge", "a rate of zero; a very short step", 1, _draw_hold_edge),
    ),
    mistakes=by_slip(
        np.errstate(all="ignore")(_hold),
        {
            "straight-line-step": (
                "euler",
                "the step follows the slope at its start, 1 + rate·delta. (24.9) "
                "follows the curve to its end.",
            ),
            "input-times-the-step": (
                "width",
                "the input is added with weight delta. It fades while it comes in: "
                "see the fraction in (24.9).",
            ),
            "not-divided-by-the-rate": (
                "not-divided",
                "the input weight lacks its division by the rate, so its sign is "
                "wrong too.",
            ),
            "step-counted-twice": (
                "twice",
                "the input weight was multiplied by delta once more; the integral has "
                "done that.",
            ),
            "divided-by-the-step-too": (
                "by-both",
                "the input weight was divided by rate·delta. (24.9) divides by the "
                "rate.",
            ),
            "trapezium-rule": (
                "bilinear",
                "the step is the bilinear rule. It is a good one, and another than "
                "(24.9).",
            ),
            "decay-became-growth": (
                "grows",
                "the sign in the exponent is turned round: the state grows.",
            ),
            "step-length-ignored": (
                "no-delta",
                "delta does not occur: the step has length 1 whatever was asked.",
            ),
            "weights-share-one": (
                "convex",
                "the input weight is 1 - a, as in a leaky unit or a GRU. That is "
                "(24.9) only for a rate of -1.",
            ),
        },
    ),
)


# -- the kernel ------------------------------------------------------------------------


def _kernel(a: Any, b: Any, c: Any, n_steps: int, *, slip: str = "") -> Any:
    k = np.arange(n_steps)
    if slip == "late":
        k = k + 1
    weight = {"no-b": c, "no-c": b, "first": c * b}.get(slip, c * b)
    if slip == "times":
        return (weight[:, None] * a[:, None] * k).sum(axis=0)
    if slip == "modes-first":
        return weight.sum() * a.sum() ** k
    if slip == "mean":
        return (weight[:, None] * a[:, None] ** k).mean(axis=0)
    if slip == "first":
        return weight[0] * a[0] ** k
    if slip == "b-to-the-power":
        return (c[:, None] * (a * b)[:, None] ** k).sum(axis=0)
    kernel = (weight[:, None] * a[:, None] ** k).sum(axis=0)
    if slip == "running":
        return kernel.cumsum()
    if slip == "reversed":
        return kernel[::-1]
    return kernel


def _draw_kernel(N: int, n_steps: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "a": rng.uniform(0.3, 0.95, size=N),
            "b": rng.uniform(0.4, 1.6, size=N),
            "c": rng.normal(size=N),
            "n_steps": n_steps,
        }

    return draw


def _draw_longer(rng: Rng) -> list[Inputs]:
    short = _draw_kernel(3, 4)(rng)
    return [short, {**short, "n_steps": 9}]


def _beginning_stays(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0], np.asarray(values[1])[:4]):
        return ""
    return "A longer kernel should begin with the same four numbers."


def _draw_kernel_edge(rng: Rng) -> list[Inputs]:
    swing = _draw_kernel(2, 6)(rng)
    return [_draw_kernel(4, 1)(rng), {**swing, "a": np.array([-0.7, 1.0])}]


KERNEL = Check(
    name="mode-kernel",
    assignment=SLUG,
    points=3,
    title="mode_kernel",
    asks="the kernel (n_steps,): the output 0, 1, … steps after one unit of input",
    equation="24.12",
    section="A state that decays and turns",
    reference=_kernel,
    returns=("kernel",),
    cases=(
        Case("value", "three modes, seven steps", 2, _draw_kernel(3, 7)),
        Case(
            "property",
            "a longer kernel begins alike",
            1,
            _draw_longer,
            law=_beginning_stays,
        ),
        Case(
            "edge",
            "one step; a mode that changes its sign and one that never fades",
            1,
            _draw_kernel_edge,
        ),
        Case("naming", "as many modes as steps", 0, _draw_kernel(4, 4)),
    ),
    mistakes=by_slip(
        np.errstate(all="ignore")(_kernel),
        {
            "one-power-too-many": (
                "late",
                "the first entry holds a already. An input acts at its own step with "
                "a to the power 0, (24.12).",
            ),
            "input-weight-left-out": (
                "no-b",
                "b does not occur. The input enters each mode with that weight.",
            ),
            "output-weight-left-out": (
                "no-c",
                "c does not occur. The output reads each mode with that weight.",
            ),
            "factor-times-steps": (
                "times",
                "a was multiplied by k. Each step multiplies once more by a: a power.",
            ),
            "modes-summed-too-early": (
                "modes-first",
                "the modes were added up before the power was taken. Each fades at "
                "its own pace; sum over them at the end, (24.12).",
            ),
            "mean-over-modes": (
                "mean",
                "the mean over the modes was taken, (24.12) has their sum.",
            ),
            "first-mode-only": (
                "first",
                "one mode was used, the others were dropped.",
            ),
            "weight-in-the-power": (
                "b-to-the-power",
                "b was raised to the power k with a. The input enters once, (24.10).",
            ),
            "answer-to-a-step": (
                "running",
                "the kernel was added up along time. That is the answer to an input "
                "that stays on.",
            ),
            "latest-first": (
                "reversed",
                "the kernel stands in the other direction: entry 0 is the lag 0.",
            ),
        },
    ),
)


# -- what it costs ---------------------------------------------------------------------


def _count(T: int, K: int, V: int, *, slip: str = "") -> Any:
    softmax = (K + V) * T * (T + 1) // 2
    linear = T * (2 * K * V + K)
    softmax_state, linear_state = T * (K + V), K * (V + 1)
    if slip == "all":
        softmax = (K + V) * T * T
    if slip == "from-zero":
        softmax = (K + V) * T * (T - 1) // 2
    if slip == "last":
        softmax = (K + V) * T
    if slip == "scores":
        softmax = K * T * (T + 1) // 2
    if slip == "read":
        linear = T * (K * V + K)
    if slip == "normaliser":
        linear = T * 2 * K * V
    if slip == "one":
        linear = 2 * K * V + K
    if slip == "keys":
        softmax_state = T * K
    if slip == "matrix":
        linear_state = K * V
    if slip == "grows":
        linear_state = T * K * (V + 1)
    return softmax, linear, softmax_state, linear_state


def _draw_count(rng: Rng) -> Inputs:
    return {
        "T": int(rng.integers(20, 60)),
        "K": int(rng.integers(5, 9)),
        "V": int(rng.integers(10, 14)),
    }


def _draw_twice_as_long(rng: Rng) -> list[Inputs]:
    once = _draw_count(rng)
    return [once, {**once, "T": 2 * once["T"]}]


def _doubling(calls: list[Inputs], values: list[Any]) -> str:
    (s1, l1, k1, m1), (s2, l2, k2, m2) = values
    if l2 == 2 * l1 and k2 == 2 * k1 and m2 == m1 and 3.5 * s1 < s2 < 4 * s1:
        return ""
    return (
        "With twice the steps, softmax attention should cost nearly four times as "
        "much and keep twice as much; linear attention should cost twice as much and "
        "keep the same."
    )


def _draw_count_edge(rng: Rng) -> list[Inputs]:
    return [{"T": 1, "K": 3, "V": 5}, {"T": 128, "K": 64, "V": 64}]


COUNT = Check(
    name="count-products",
    assignment=SLUG,
    points=2,
    title="count_products",
    asks=(
        "multiplications of softmax and of linear attention over T steps, and the "
        "numbers that each keeps after them"
    ),
    equation="24.15",
    section="What a step costs",
    reference=_count,
    returns=("softmax", "linear", "softmax_state", "linear_state"),
    cases=(
        Case("value", "drawn sizes", 2, _draw_count),
        Case("property", "twice the length", 1, _draw_twice_as_long, law=_doubling),
        Case("edge", "one step; the length where both cost alike", 1, _draw_count_edge),
    ),
    mistakes=by_slip(
        np.errstate(all="ignore")(_count),
        {
            "no-triangle": (
                "all",
                "every query was charged for all T keys. Step t has t of them, and "
                "1 + 2 + … + T is T (T + 1) / 2, (24.14).",
            ),
            "own-key-not-counted": (
                "from-zero",
                "step t was charged for t - 1 keys. It meets its own key as well.",
            ),
            "last-step-alone": (
                "last",
                "softmax attention was charged for the last step alone.",
            ),
            "values-not-weighted": (
                "scores",
                "only the products of query and key were counted. Each value is "
                "multiplied by its weight, V more for every key.",
            ),
            "reading-is-not-free": (
                "read",
                "writing the outer product was counted, reading it with the query was "
                "not: both take K V products, (24.15).",
            ),
            "denominator-not-counted": (
                "normaliser",
                "the K products of q with z are missing in (24.15).",
            ),
            "one-step-for-all": (
                "one",
                "linear attention was charged for one step. T of them are taken.",
            ),
            "values-not-kept": (
                "keys",
                "softmax attention must keep the values too, not the keys alone.",
            ),
            "sum-of-keys-not-kept": (
                "matrix",
                "the state has the matrix and the K numbers of z beside it.",
            ),
            "state-grows": (
                "grows",
                "the state of linear attention was multiplied by T. It does not grow; "
                "that is its point.",
            ),
        },
    ),
)


# -- mean and variance of many passes --------------------------------------------------


def _moments(samples: Any, noise: float, *, slip: str = "") -> Any:
    S = len(samples)
    mean = samples.mean(axis=0)
    spread = samples.var(axis=0, ddof=1)
    if slip == "days":
        return samples.mean(axis=1), noise + samples.var(axis=1, ddof=1)
    if slip == "one-pass":
        mean = samples[0]
    variance = {
        "no-noise": spread,
        "divided": noise + samples.var(axis=0),
        "of-the-mean": noise + spread / S,
        "shared": noise / S + spread,
        "squared": noise**2 + spread,
        "second": noise + (samples**2).mean(axis=0),
        "noise-only": np.full_like(mean, noise),
        "deviations": (np.sqrt(noise) + np.sqrt(spread)) ** 2,
        "root": np.sqrt(noise + spread),
    }.get(slip, noise + spread)
    return mean, variance


def _draw_moments(S: int, N: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        level = rng.normal(size=N)
        spread = rng.uniform(1, 3, size=N)
        return {
            "samples": level + spread * rng.normal(size=(S, N)),
            "noise": float(rng.uniform(1.5, 3)),
        }

    return draw


def _draw_shift(rng: Rng) -> list[Inputs]:
    once = _draw_moments(7, 4)(rng)
    return [once, {**once, "samples": once["samples"] + 50}]


def _shift_moves_the_mean(calls: list[Inputs], values: list[Any]) -> str:
    (mean, variance), (moved, same) = (tuple(map(np.asarray, v)) for v in values)
    if np.allclose(moved, mean + 50) and np.allclose(variance, same):
        return ""
    return "With 50 added to every pass the mean moves by 50 and the variance stays."


def _draw_moments_edge(rng: Rng) -> list[Inputs]:
    agree = np.repeat(rng.normal(size=(1, 5)), 6, axis=0)
    return [_draw_moments(2, 3)(rng), {"samples": agree, "noise": 2.25}]


MOMENTS = Check(
    name="dropout-moments",
    assignment=SLUG,
    points=3,
    title="dropout_moments",
    asks="mean (N,) and variance (N,) of a new observation on each of N days",
    equation="24.21",
    section="Leave the dropout on",
    reference=_moments,
    returns=("mean", "variance"),
    cases=(
        Case("value", "nine passes", 2, _draw_moments(9, 5)),
        Case(
            "property",
            "a shift moves the mean alone",
            1,
            _draw_shift,
            law=_shift_moves_the_mean,
        ),
        Case("edge", "two passes; passes that agree", 1, _draw_moments_edge),
        Case("naming", "as many passes as days", 0, _draw_moments(5, 5)),
    ),
    mistakes=by_slip(
        np.errstate(all="ignore")(_moments),
        {
            "noise-left-out": (
                "no-noise",
                "the variance is that of the passes alone. A new observation has "
                "noise of its own, (24.20).",
            ),
            "divided-by-all-passes": (
                "divided",
                "squares were divided by S. Around their own mean they are too small "
                "by one part in S: (24.21) divides by S - 1.",
            ),
            "variance-of-the-mean": (
                "of-the-mean",
                "the spread was divided by the number of passes. That tells how well "
                "the mean is known, and more passes would make any band vanish.",
            ),
            "noise-divided": (
                "shared",
                "the noise was divided by the number of passes. It belongs to the "
                "observation; no pass takes any of it away.",
            ),
            "noise-squared-again": (
                "squared",
                "the noise was squared. It came as a variance.",
            ),
            "mean-not-taken-off": (
                "second",
                "the mean square of the passes was taken; their mean has to be taken "
                "off first.",
            ),
            "passes-ignored": (
                "noise-only",
                "the variance is the noise alone, the same on every day.",
            ),
            "standard-deviations-added": (
                "deviations",
                "standard deviations were added. Independent errors add variances, "
                "(24.20).",
            ),
            "deviation-for-variance": (
                "root",
                "the standard deviation came; the variance was asked for.",
            ),
            "mean-over-days": (
                "days",
                "means were taken over the days of a pass. Take them over the passes "
                "of a day.",
            ),
            "first-pass-as-mean": (
                "one-pass",
                "the mean is the first pass.",
            ),
        },
    ),
)


# -- coverage, group by group ----------------------------------------------------------


def _groups(
    y: Any, mean: Any, variance: Any, groups: Any, n_groups: int, *, slip: str = ""
) -> Any:
    factor = {"one-sided": 1.2815515655446004, "two": 1.959963984540054}.get(slip, Z90)
    half = factor * (variance if slip == "variance" else np.sqrt(variance))
    if slip == "halved":
        half = half / 2
    if slip == "no-factor":
        half = np.sqrt(variance)
    inside = np.abs(y - mean) <= half
    if slip == "above":
        inside = y <= mean + half
    if slip == "outside":
        inside = ~inside
    share = np.array([inside[groups == g].mean() for g in range(n_groups)])
    if slip == "together":
        return np.full(n_groups, inside.mean())
    if slip == "of-all":
        return np.array([(inside & (groups == g)).mean() for g in range(n_groups)])
    if slip == "number":
        return np.array([inside[groups == g].sum() for g in range(n_groups)])
    return share


def _draw_groups(N: int, n_groups: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        spread = rng.uniform(0.3, 3, size=N)
        mean = 20 + rng.normal(size=N)
        groups = np.concatenate([np.arange(n_groups), rng.integers(n_groups, size=N)])
        return {
            "y": mean + 1.1 * spread * rng.normal(size=N),
            "mean": mean,
            "variance": spread**2,
            "groups": groups[:N],
            "n_groups": n_groups,
        }

    return draw


def _draw_one_group(rng: Rng) -> list[Inputs]:
    days = _draw_groups(400, 3)(rng)
    return [days, {**days, "groups": 0 * days["groups"], "n_groups": 1}]


def _parts_make_the_whole(calls: list[Inputs], values: list[Any]) -> str:
    sizes = np.bincount(calls[0]["groups"], minlength=3)
    parts = np.asarray(values[0], dtype=float)
    if parts.shape == (3,) and np.isclose(
        parts @ sizes / sizes.sum(), float(np.asarray(values[1]).reshape(-1)[0])
    ):
        return ""
    return (
        "The coverage of all days should be the mean of the groups' coverage, each "
        "weighted by its number of days."
    )


def _draw_groups_edge(rng: Rng) -> list[Inputs]:
    sure = _draw_groups(4, 4)(rng)
    y = sure["mean"] + np.array([0.0, 1.0, 0.0, -1.0])
    return [
        {**sure, "y": y, "variance": np.zeros(4)},
        {**sure, "y": y, "variance": np.array([0.3, 0.3, 0.5, 0.5])},
    ]


GROUPS = Check(
    name="coverage-by-group",
    assignment=SLUG,
    points=3,
    title="coverage_by_group",
    asks="the share of days (n_groups,) inside the 90 % band, for each group",
    equation="24.23",
    section="Does the band keep its promise?",
    reference=_groups,
    returns=("share",),
    cases=(
        Case("value", "three groups", 2, _draw_groups(900, 3)),
        Case(
            "property",
            "the groups together are all days",
            1,
            _draw_one_group,
            law=_parts_make_the_whole,
        ),
        Case("edge", "bands of no width; groups of one day", 1, _draw_groups_edge),
    ),
    mistakes=by_slip(
        np.errstate(all="ignore")(_groups),
        {
            "variance-as-width": (
                "variance",
                "the variance stands where its root belongs: half the band is 1.645 "
                "standard deviations, (24.23).",
            ),
            "one-sided-factor": (
                "one-sided",
                "the factor is 1.28, which leaves 10 % above and 10 % below. For 90 % "
                "inside it is 1.645.",
            ),
            "factor-of-95-per-cent": (
                "two",
                "the factor is 1.96, that of a 95 % band.",
            ),
            "factor-missing": (
                "no-factor",
                "half the band is one standard deviation: 68 %, not 90 %.",
            ),
            "width-for-half-width": (
                "halved",
                "1.645 standard deviations were taken for the whole band. They go up "
                "and down from the mean.",
            ),
            "upper-end-only": (
                "above",
                "a day far below the band was counted as inside.",
            ),
            "days-outside": (
                "outside",
                "the days outside were counted.",
            ),
            "one-number-for-all": (
                "together",
                "every group has the coverage of all days. The mean is what hides the "
                "holidays.",
            ),
            "divided-by-all-days": (
                "of-all",
                "the days inside were divided by all days, not by those of the group.",
            ),
            "days-not-shares": (
                "number",
                "days were counted; a share was asked for.",
            ),
        },
    ),
)

CHECKS = (STEP, PARALLEL, HOLD, KERNEL, COUNT, MOMENTS, GROUPS)

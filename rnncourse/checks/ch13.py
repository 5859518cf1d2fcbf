"""Checks of the assignment of chapter 13: tasks for memory, and the lines to beat.

Every wrong answer below is one that people give. The small functions compute it, so
that a check can recognise it, and the tests hand it in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Case, Check, Mistake

SLUG = "13-long-memory"
Rng = np.random.Generator


def _variants(
    function: Callable[..., Any], slips: dict[str, str]
) -> tuple[Mistake, ...]:
    """Make one mistake for each slip that ``function`` takes by name."""
    return tuple(
        Mistake(name, _with(function, name), message) for name, message in slips.items()
    )


def _with(function: Callable[..., Any], slip: str) -> Callable[..., Any]:
    def wrong(*arguments: Any) -> Any:
        return function(*arguments, slip=slip)

    return wrong


# -- adding -------------------------------------------------------------------------


def _adding(values: Any, first: Any, second: Any, *, slip: str = "") -> Any:
    values = np.asarray(values)
    T, B = values.shape
    marks, who = np.zeros((T, B)), np.arange(B)
    marks[first, who] = marks[second, who] = 1
    if slip == "counted-from-one":
        marks = np.roll(marks, -1, axis=0)
    ys = (values * marks).sum(axis=0)
    if slip == "mean-of-the-marked":
        ys = ys / 2
    if slip == "sum-of-all":
        ys = values.sum(axis=0)
    seen = values * marks if slip == "unmarked-numbers-hidden" else values
    pair = (marks, seen) if slip == "marks-first" else (seen, marks)
    return np.stack(pair, axis=-1), ys


def _draw_adding(T: int, B: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "values": rng.random((T, B)),
            "first": rng.integers(0, T // 2, size=B),
            "second": rng.integers(T // 2, T, size=B),
        }

    return draw


def _draw_adding_edge(rng: Rng) -> list[Inputs]:
    ends = {"first": np.array([0, 0]), "second": np.array([6, 6])}
    return [_draw_adding(2, 3)(rng), {"values": rng.random((7, 2))} | ends]


ADDING = Check(
    name="adding-batch",
    assignment=SLUG,
    points=3,
    title="adding_batch",
    asks="the inputs xs (T, B, 2) and the answers ys (B,)",
    equation="13.1",
    section="Two numbers in a hundred",
    reference=_adding,
    returns=("xs", "ys"),
    cases=(
        Case("value", "inputs and sums", 2, _draw_adding(9, 4)),
        Case("property", "a single sequence", 1, _draw_adding(12, 1)),
        Case("edge", "two steps; marks at both ends", 1, _draw_adding_edge),
    ),
    mistakes=_variants(
        _adding,
        {
            "counted-from-one": "the marks stand one step too early. `first` and "
            "`second` count from 0, as NumPy does.",
            "mean-of-the-marked": "ys is the mean of the marked numbers; (13.1) asks "
            "for their sum.",
            "sum-of-all": "ys sums all numbers of the sequence; (13.1) counts the "
            "marked two only.",
            "unmarked-numbers-hidden": "the unmarked numbers were set to 0. Then "
            "nothing has to be ignored: the task is to let them pass unread.",
            "marks-first": "the columns are exchanged: the number is entry 0 of each "
            "step, the mark entry 1.",
        },
    ),
)


# -- copy ---------------------------------------------------------------------------


def _copy(symbols: Any, T: int, signal: int, *, slip: str = "") -> Any:
    symbols = np.asarray(symbols)
    n, B = symbols.shape
    xs = np.zeros((T + 2 * n, B), dtype=np.int64)
    ys = xs.copy()
    xs[:n] = symbols
    ys[-n:] = symbols
    start = T + n - 1
    if slip == "signal-with-the-answer":
        start = T + n
    xs[start:] = signal
    if slip == "signal-once":
        xs[start + 1 :] = 0
    if slip == "reversed":
        ys[-n:] = symbols[::-1]
    if slip == "answer-at-once":
        ys = np.concatenate([symbols, np.zeros((T + n, B), dtype=np.int64)])
    if slip == "answer-shown":
        xs[-n:] = symbols
    return xs, ys


def _draw_copy(n: int, B: int, T: int, K: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        symbols = rng.integers(1, K + 1, size=(n, B))
        symbols[0] = 1
        symbols[-1] = K  # so that a reversal shows
        return {"symbols": symbols, "T": T, "signal": K + 1}

    return draw


COPY = Check(
    name="copy-batch",
    assignment=SLUG,
    points=3,
    title="copy_batch",
    asks="inputs and targets, whole numbers of shape (T + 2n, B) each",
    equation="13.4",
    section="Ten symbols, then silence",
    reference=_copy,
    returns=("xs", "ys"),
    cases=(
        Case("value", "inputs and targets", 2, _draw_copy(4, 3, 7, 8)),
        Case("property", "another alphabet and length", 1, _draw_copy(3, 2, 11, 5)),
        Case("edge", "the shortest wait, T = 1", 1, _draw_copy(3, 2, 1, 4)),
    ),
    mistakes=_variants(
        _copy,
        {
            "signal-with-the-answer": "the signal comes together with the first "
            "answer. It stands one step before, n + 1 times in all.",
            "signal-once": "the signal is given once and zeros follow it. In (13.4) "
            "it stands at all of the last n + 1 steps.",
            "reversed": "the targets come backwards; (13.4) wants them in the order "
            "in which they were read.",
            "answer-at-once": "the targets stand at the first n steps. Then nothing "
            "need be remembered: they belong to the last n.",
            "answer-shown": "the inputs of the last n steps hold the answer itself.",
        },
    ),
)


# -- the two lines ------------------------------------------------------------------


def _adding_line(low: float, high: float, *, slip: str = "") -> Any:
    answer, error = low + high, (high - low) ** 2 / 6
    if slip == "one-number-only":
        error = error / 2
    if slip == "answer-of-one-number":
        answer = answer / 2
    if slip == "spread-not-squared":
        error = (high - low) / 6
    if slip == "standard-deviation":
        error = np.sqrt(error)
    return answer, error


def _draw_range(low: float, high: float) -> Callable[[Rng], Inputs]:
    return lambda rng: {"low": low, "high": high}


ADDING_LINE = Check(
    name="adding-line",
    assignment=SLUG,
    points=2,
    title="adding_line",
    asks="the best constant answer and its mean squared error, two numbers",
    equation="13.3",
    section="The line of one who remembers nothing",
    reference=_adding_line,
    returns=("answer", "error"),
    cases=(
        Case("value", "numbers from 1 to 4", 2, _draw_range(1.0, 4.0)),
        Case("property", "numbers from -2 to 3", 1, _draw_range(-2.0, 3.0)),
        Case("edge", "the task of the chapter, 0 to 1", 1, _draw_range(0.0, 1.0)),
    ),
    mistakes=_variants(
        _adding_line,
        {
            "one-number-only": "the error is the variance of one number. Two are "
            "added, and variances of independent numbers add up, (13.3).",
            "answer-of-one-number": "the answer is the mean of one number; the mean "
            "of a sum of two is twice that, (13.2).",
            "spread-not-squared": "the width of the interval enters unsquared. For "
            "0 to 1 that makes no difference, elsewhere it does, (13.3).",
            "standard-deviation": "the error is a root: the standard deviation of "
            "the sum. The squared error is its variance.",
        },
    ),
)


def _copy_line(n: int, K: int, T: int, *, slip: str = "") -> float:
    steps = T + 2 * n
    if slip == "wait-only":
        steps = T
    if slip == "answers-only":
        steps = n
    if slip == "input-counted-once":
        steps = T + n
    choices = K + 2 if slip == "blank-and-signal-counted" else K
    logarithm = np.log2 if slip == "bits" else np.log
    return float(n * logarithm(choices) / steps)


def _draw_copy_line(n: int, K: int, T: int) -> Callable[[Rng], Inputs]:
    return lambda rng: {"n": n, "K": K, "T": T}


COPY_LINE = Check(
    name="copy-line",
    assignment=SLUG,
    points=2,
    title="copy_line",
    asks="the mean loss in nats of one who remembers nothing, a number",
    equation="13.5",
    section="Ten symbols, then silence",
    reference=_copy_line,
    returns=("loss",),
    cases=(
        Case("value", "6 symbols of 5 kinds, T = 37", 2, _draw_copy_line(6, 5, 37)),
        Case("property", "the task of the chapter", 1, _draw_copy_line(10, 8, 100)),
        Case("edge", "symbols of one kind only", 1, _draw_copy_line(4, 1, 9)),
    ),
    mistakes=_variants(
        _copy_line,
        {
            "wait-only": "the mean is taken over T steps. The sequence has T + 2n: "
            "reading, waiting and answering, (13.5).",
            "answers-only": "this is the loss of the last n steps alone. (13.5) is "
            "the mean over all of them, and most cost nothing.",
            "input-counted-once": "the mean is taken over T + n steps; reading takes "
            "n and answering another n.",
            "blank-and-signal-counted": "the guess is spread over blank and signal "
            "too. Who knows the task gives them no probability at the end.",
            "bits": "the loss is in bits. The course counts in nats: natural "
            "logarithms.",
        },
    ),
)


# -- rows ---------------------------------------------------------------------------


def _rows(pictures: Any, *, slip: str = "") -> np.ndarray:
    pictures = np.asarray(pictures)
    xs = pictures.transpose(1, 0, 2)
    if slip == "columns-not-rows":
        xs = pictures.transpose(2, 0, 1)
    if slip == "reshaped-not-transposed":
        B, R, C = pictures.shape
        xs = pictures.reshape(R, B, C)
    if slip == "batch-first":
        xs = pictures
    return np.asarray(xs / (1 if slip == "not-scaled" else 255))


def _draw_pictures(B: int, R: int, C: int) -> Callable[[Rng], Inputs]:
    return lambda rng: {
        "pictures": rng.integers(0, 256, size=(B, R, C)).astype(np.uint8)
    }


ROWS = Check(
    name="row-reader",
    assignment=SLUG,
    points=3,
    title="rows_of",
    asks="the pictures as sequences of rows, shape (R, B, C), between 0 and 1",
    equation="13.6",
    section="A picture read line by line",
    reference=_rows,
    returns=("xs",),
    cases=(
        Case("value", "the rows in order", 2, _draw_pictures(3, 5, 4)),
        Case("property", "as many pictures as rows", 1, _draw_pictures(6, 6, 6)),
        Case("edge", "a single picture", 1, _draw_pictures(1, 4, 7)),
        Case("naming", "equal sizes", 0, _draw_pictures(4, 4, 4)),
    ),
    mistakes=_variants(
        _rows,
        {
            "columns-not-rows": "step t reads column t. In (13.6) it reads row t.",
            "reshaped-not-transposed": "the shape was forced by reshape. That keeps "
            "the numbers in their order in memory and mixes the pictures.",
            "batch-first": "the batch stands first. Here time comes first: axis 0 "
            "counts the rows.",
            "not-scaled": "the grey values still run from 0 to 255; divide them so "
            "that white ink is 1.",
        },
    ),
)


# -- accuracy against lag -----------------------------------------------------------


def _lags(
    guesses: Any, answers: Any, lags: Any, asked: Any, *, slip: str = ""
) -> np.ndarray:
    right = np.asarray(guesses) == np.asarray(answers)
    found = []
    for lag in asked:
        here = np.asarray(lags) == lag
        if slip == "up-to-the-lag":
            here = np.asarray(lags) <= lag
        if slip == "share-of-all":
            found.append((right & here).sum() / len(right))
        elif not here.any():
            found.append(0.0 if slip == "nothing-is-zero" else np.nan)
        else:
            found.append(right[here].mean())
    values = np.array(found)
    return 1 - values if slip == "errors-counted" else values


def _draw_lags(n: int, missing: bool = False) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        answers = rng.integers(0, 4, size=n)
        lags = rng.choice([1, 2, 5, 9], size=n)
        lags[:4] = [1, 2, 5, 9]
        right = rng.random(n) < 0.7
        right[:4] = True
        right[lags == 9] = np.arange((lags == 9).sum()) % 3 != 1
        guesses = np.where(right, answers, (answers + 1) % 4)
        asked = np.array([5, 1, 7, 9] if missing else [5, 1, 9])
        return {"guesses": guesses, "answers": answers, "lags": lags, "asked": asked}

    return draw


LAGS = Check(
    name="lag-accuracy",
    assignment=SLUG,
    points=3,
    title="accuracy_at",
    asks="the share of right guesses at each lag asked, NaN where there is none",
    equation="13.7",
    section="I grew up in Colombia",
    reference=_lags,
    returns=("accuracy",),
    cases=(
        Case("value", "three of four lags", 2, _draw_lags(60)),
        Case("property", "another number of answers", 1, _draw_lags(35)),
        Case("edge", "a lag that never occurs", 1, _draw_lags(40, missing=True)),
    ),
    mistakes=_variants(
        _lags,
        {
            "up-to-the-lag": "all answers up to that lag are counted. Short lags are "
            "easy and hide what happens at the long ones, (13.7).",
            "share-of-all": "you divide by the number of all answers; (13.7) divides "
            "by the number at that lag.",
            "nothing-is-zero": "a lag without answers has accuracy 0. Nothing was "
            "measured there; say NaN.",
            "errors-counted": "you count the wrong guesses, not the right ones.",
        },
    ),
)


# -- the last steps -----------------------------------------------------------------


def _last(logits: Any, targets: Any, n: int, *, slip: str = "") -> Any:
    logits, targets = np.asarray(logits), np.asarray(targets)
    if slip == "first-steps":
        logits, targets = logits[:n], targets[:n]
    elif slip == "one-step-early":
        logits, targets = logits[-n - 1 : -1], targets[-n - 1 : -1]
    elif slip != "all-steps":
        logits, targets = logits[-n:], targets[-n:]
    top = logits.max(axis=-1, keepdims=True)
    logs = logits - top - np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(logs, targets[..., None], axis=-1)[..., 0]
    right = logits.argmax(axis=-1) == targets
    loss = -chosen.sum() if slip == "sum-of-losses" else -chosen.mean()
    if slip == "whole-sequences":
        return loss, right.all(axis=0).mean()
    return loss, right.mean()


def _draw_last(
    steps: int, B: int, V: int, n: int, scale: float = 1.0
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        targets = rng.integers(0, V, size=(steps, B))
        logits = scale * rng.normal(size=(steps, B, V))
        np.put_along_axis(
            logits,
            targets[..., None],
            scale * rng.choice([3.0, -1.0], p=[0.7, 0.3], size=(steps, B, 1)),
            axis=-1,
        )
        return {"logits": logits, "targets": targets, "n": n}

    return draw


LAST = Check(
    name="last-steps",
    assignment=SLUG,
    points=3,
    title="last_steps",
    asks="the mean loss and the share of right symbols over the last n steps",
    equation="13.8",
    section="Ten symbols, then silence",
    reference=_last,
    returns=("loss", "accuracy"),
    cases=(
        Case("value", "loss and accuracy", 2, _draw_last(13, 5, 6, 4)),
        Case("property", "one answer step only", 1, _draw_last(8, 4, 3, 1)),
        Case("edge", "scores in the thousands", 1, _draw_last(9, 3, 4, 3, 2000.0)),
    ),
    mistakes=_variants(
        _last,
        {
            "first-steps": "the first n steps were looked at; the answers stand in "
            "the last n, (13.8).",
            "one-step-early": "your n steps end one step before the end.",
            "all-steps": "all steps were counted. Blanks are easy; they hide whether "
            "anything was remembered, (13.8).",
            "sum-of-losses": "the losses are summed; (13.8) is their mean over steps "
            "and batch.",
            "whole-sequences": "the accuracy counts sequences that are right as a "
            "whole; asked is the share of single symbols.",
        },
    ),
)

# -- how much was kept ---------------------------------------------------------------


def _kept(loss: float, n: int, K: int, T: int, *, slip: str = "") -> float:
    logarithm = np.log2 if slip == "bits" else np.log
    steps = {"wait-only": T, "last-steps-loss": n}.get(slip, T + 2 * n)
    forgotten = loss * steps / logarithm(K)
    kept = n - forgotten
    if slip == "forgotten-counted":
        kept = min(n, forgotten)
    if slip == "share-not-count":
        kept = kept / n
    return float(kept if slip == "below-zero" else max(0.0, kept))


def _draw_kept(n: int, K: int, T: int, kept: float) -> Callable[[Rng], Inputs]:
    line = n * np.log(K) / (T + 2 * n)

    def draw(rng: Rng) -> Inputs:
        return {"loss": float(line * (1 - kept / n)), "n": n, "K": K, "T": T}

    return draw


def _draw_kept_edge(rng: Rng) -> list[Inputs]:
    return [
        {"loss": 0.25, "n": 5, "K": 4, "T": 60},  # above the line
        {"loss": 0.0, "n": 7, "K": 3, "T": 20},
    ]


KEPT = Check(
    name="symbols-kept",
    assignment=SLUG,
    points=2,
    title="symbols_kept",
    asks="the number of symbols that the loss shows to be kept, at least 0",
    equation="13.9",
    section="A loss read as a number of symbols",
    reference=_kept,
    returns=("kept",),
    cases=(
        Case("value", "a loss below the line", 2, _draw_kept(6, 5, 37, 4.3)),
        Case("property", "the task of the chapter", 1, _draw_kept(10, 8, 100, 0.75)),
        Case("edge", "a loss above the line; a loss of 0", 1, _draw_kept_edge),
    ),
    mistakes=_variants(
        _kept,
        {
            "share-not-count": "this is a share between 0 and 1; (13.9) asks for a "
            "number of symbols out of n.",
            "forgotten-counted": "you count the symbols that were forgotten. What is "
            "kept is the rest of the n, (13.9).",
            "last-steps-loss": "the loss was read as the mean of the last n steps. "
            "Given is the mean over all T + 2n, as in (13.5).",
            "wait-only": "the loss was taken as a mean over T steps; the sequence has "
            "T + 2n.",
            "bits": "a forgotten symbol costs log2 K here. The loss is in nats, so it "
            "costs ln K.",
            "below-zero": "a loss above the line gives a number below 0. Nobody keeps "
            "fewer than no symbols: the loss then shows 0, (13.9).",
        },
    ),
)

CHECKS = (ADDING, COPY, ADDING_LINE, COPY_LINE, ROWS, LAGS, LAST, KEPT)

"""What the assignments call: ``check("rnn-step", rnn_step)``.

A check draws inputs, asks the answer, and judges what came back: what is right, how
far off the rest is and where, which common mistake it looks like, and where to read.
The same words appear on the page, in Colab, on the command line and in the feedback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnncourse.checks import variants
from rnncourse.checks.ask import ask
from rnncourse.checks.catalogue import all_checks, find_check, list_checks
from rnncourse.checks.judge import TEXTS_NUMBERS, judge
from rnncourse.checks.protocol import (
    Case,
    Check,
    CheckFailed,
    Finding,
    Mistake,
    UnknownCheck,
    Verdict,
    draw,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rnncourse.checks.notebook import Report

__all__ = [
    "Case",
    "Check",
    "CheckFailed",
    "Finding",
    "Mistake",
    "UnknownCheck",
    "Verdict",
    "all_checks",
    "ask",
    "check",
    "check_notebook",
    "draw",
    "find_check",
    "judge",
    "list_checks",
    "numbers",
    "run_check",
]


def check(
    name: str,
    answer: object,
    *,
    seed: int | None = None,
    device: str | None = None,
    course: str = "",
    learner: str = "",
) -> float:
    """Check an answer, print what was found, and return the points.

    Parameters
    ----------
    name : str
        Name of the check, as in the task.
    answer : object
        The function, model or value that was asked for.
    seed : int, optional
        Draws other inputs than the usual ones.
    device : str, optional
        Where tensors are handed over; by default where the model is.
    course, learner : str
        Whose numbers the task was about, if the course gives everybody their own.

    Returns
    -------
    float
        The points earned, as the last line of a graded cell. It is more than 0.

    Raises
    ------
    CheckFailed
        If no credit was earned; its message is all that is shown.
    UnknownCheck
        If there is no such check; the message names close ones.
    """
    found = find_check(name)
    verdict = run_check(
        found, answer, seed=seed, device=device, owner=variants.here(course, learner)
    )
    if verdict.printed:
        print(verdict.printed, end="" if verdict.printed.endswith("\n") else "\n")
    if not verdict.points:
        raise CheckFailed(verdict.text) from None
    print(verdict.text)
    return verdict.points


def numbers(name: str, course: str = "", learner: str = "") -> dict[str, Any]:
    """Give the numbers that a task is about.

    Parameters
    ----------
    name : str
        Name of the check, as in the task.
    course, learner : str
        A course's word, and your name in it. Without them the numbers are those of
        the text. In a graded run the name is the one that you handed in under.

    Returns
    -------
    dict
        The numbers by name.

    Raises
    ------
    UnknownCheck
        If there is no such check; the message names close ones.
    ValueError
        If everybody has the same numbers in it.
    """
    return variants.numbers_of(find_check(name), variants.here(course, learner))


def run_check(
    check: Check,
    answer: object,
    *,
    seed: int | None = None,
    device: str | None = None,
    owner: variants.Owner = variants.NOBODY,
) -> Verdict:
    """Draw, ask and judge in one process, and return the verdict."""
    own = variants.numbers_of(check, owner) if check.numbers else None
    drawn = draw(check, seed, own)
    replies = [
        ask(answer, calls, how=check.how, library=check.library, device=device)
        for calls in drawn
    ]
    others = []
    if check.numbers is not None and owner:
        others.append((TEXTS_NUMBERS, check.numbers(None)))
    return judge(check, drawn, replies, others)


def check_notebook(path: str | Path, *, time_limit: int = 120) -> Report:
    """Run a filled notebook in a fresh kernel and report every graded cell."""
    from rnncourse.checks.notebook import check_notebook

    return check_notebook(path, time_limit=time_limit)

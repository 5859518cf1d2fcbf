"""What a check is made of: data, so that tests and other programs can read it.

A check has three parts. ``draw`` makes inputs, ``ask`` alone meets the learner's
code, ``judge`` compares. Between them go only plain values (see :mod:`.ask`), so
that ``ask`` may run in another process than the other two.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.language import where

Draw = Callable[[np.random.Generator], Inputs | Sequence[Inputs]]
KINDS = ("value", "property", "edge", "naming")


@dataclass(frozen=True)
class Case:
    """One thing that is asked, with the share of the credit it is worth.

    Parameters
    ----------
    kind : {"value", "property", "edge", "naming"}
        ``naming`` cases earn nothing. They are drawn with equal sizes, so that a
        mistake which only raises an error elsewhere shows what it computes.
    says : str
        What is looked at, as it is printed: "each sequence on its own".
    weight : float
        Share of the credit, relative to the other cases of the check.
    draw : callable
        ``draw(rng)`` gives the arguments of one call, or a list for several calls.
    strict_dtype : bool
        Whether float32 is wrong where float64 is right.
    law : callable, optional
        ``law(calls, values)`` says in a sentence which relation between the answers
        is broken, or "" if it holds. Asked only when an answer is wrong.
    judge : callable, optional
        ``judge(calls, values)`` replaces the comparison with the reference. It
        returns ``(credit, message)`` or ``(credit, message, mistake)``: credit from
        0 to 1, and the name of a mistake of the catalogue or "". The values are
        plain, but may be of any kind and shape.
    """

    kind: str
    says: str
    weight: float
    draw: Draw
    strict_dtype: bool = False
    law: Callable[[list[Inputs], list[Any]], str] | None = None
    judge: Callable[[list[Inputs], list[Any]], tuple[Any, ...]] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {self.kind!r}")
        if (self.weight > 0) == (self.kind == "naming"):
            raise ValueError(f"{self.says}: only a naming case has weight 0")


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give, and what to tell them.

    Parameters
    ----------
    name : str
        Words joined by hyphens, unique within the check: ``"bias-forgotten"``.
    wrong : callable
        A small implementation with the arguments of the right one; for a check
        with ``how="value"`` the wrong value itself may stand here.
    message : str
        Completes "It looks like …" in the words of a good teaching assistant, with
        the place to read. It never gives the answer's code.
    """

    name: str
    wrong: Any
    message: str


def by_slip(
    function: Callable[..., Any], slips: dict[str, tuple[str, str]]
) -> tuple[Mistake, ...]:
    """Make one mistake for each slip that ``function`` takes by name.

    Parameters
    ----------
    function : callable
        Computes the answer, wrong in the way that its keyword ``slip`` names.
    slips : dict
        From the name of a mistake to its slip and its message.
    """

    def wrong(slip: str) -> Callable[..., Any]:
        return lambda *arguments: function(*arguments, slip=slip)

    return tuple(
        Mistake(name, wrong(slip), message) for name, (slip, message) in slips.items()
    )


@dataclass(frozen=True)
class Check:
    """A graded cell: what is asked, what is right, what is often wrong.

    Parameters
    ----------
    name : str
        The cell's words: ``"rnn-step"``; the graded cell is ``rnn-step-check``.
    assignment : str
        The slug ``"07-recurrent-networks"``.
    points : float
        Equal to nbgrader's points of the cell (a test holds the two together).
    title : str
        The name of what is asked for, as it begins each message: ``"rnn_step"``.
    asks : str
        What was asked, in words with shapes: "the next state h, shape (B, H)".
    equation : str
        Number of the equation it comes from: ``"7.4"``.
    section : str
        The heading in the chapter to read.
    reference : callable
        The right answer, with the same arguments; its value for ``how="value"``.
    returns : tuple of str
        Names of the parts of the answer, in order.
    cases : tuple of Case
        At least one each of value, property and edge; the first is the value, and
        without any credit there the others give none.
    mistakes : tuple of Mistake
        The catalogue.
    how : {"call", "value"}
        Whether the answer is a function (or model), or the value itself.
    library : {"numpy", "torch"}
        What inputs are handed over as. Answers may be of either in both cases.
    rtol, atol : float
        Tolerance in float64; an answer in float32 gets float32's.
    page : str
        The slug of the chapter to read, where it is not the assignment's own.
    numbers : callable, optional
        For ``how="value"``: the numbers that the task is about. ``numbers(None)``
        gives those of the text, ``numbers(rng)`` others that are as good, for a learner
        of a course (see :mod:`.variants`). Reference, mistakes and cases get them by
        name, and their defaults are those of the text.
    """

    name: str
    assignment: str
    points: float
    title: str
    asks: str
    equation: str
    section: str
    reference: Any
    cases: tuple[Case, ...]
    mistakes: tuple[Mistake, ...] = ()
    returns: tuple[str, ...] = ("the answer",)
    how: str = "call"
    library: str = "numpy"
    rtol: float = 1e-6
    atol: float = 1e-8
    page: str = ""
    numbers: Callable[[np.random.Generator | None], Inputs] | None = None

    def __post_init__(self) -> None:
        if self.numbers is not None and self.how != "value":
            raise ValueError(f"{self.name}: numbers are for answers that are values")
        if not self.cases or self.cases[0].kind != "value":
            raise ValueError(f"{self.name}: the first case must be the value")
        names = [mistake.name for mistake in self.mistakes]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: two mistakes have one name")

    @property
    def chapter(self) -> int:
        """The number of the chapter to read."""
        return int((self.page or self.assignment).split("-")[0])

    @property
    def link(self) -> str:
        """The address of the section to read, on the published pages."""
        page = self.page or self.assignment
        return where(page, self.section, self.section)


@dataclass(frozen=True)
class Finding:
    """What was found in one case."""

    case: Case
    credit: float
    message: str = ""
    mistake: str = ""


@dataclass(frozen=True)
class Verdict:
    """What was found in all: points, the text that is shown, the mistakes named."""

    name: str
    points: float
    out_of: float
    text: str
    findings: tuple[Finding, ...]
    mistakes: tuple[str, ...] = ()
    printed: str = field(default="", compare=False)

    @property
    def right(self) -> bool:
        """Whether nothing was lost."""
        return self.points == self.out_of


class CheckFailed(AssertionError):
    """No credit. Shown as its message alone, without a trace of the check's code."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class UnknownCheck(LookupError):
    """There is no check of that name."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def draw(
    check: Check, seed: int | None = None, own: Inputs | None = None
) -> list[list[Inputs]]:
    """Draw the inputs of every call of every case.

    Parameters
    ----------
    check : Check
    seed : int, optional
        By default a public one, made of the check's name. A graded run gives a
        secret one.
    own : dict, optional
        The numbers that the task was about; by default those of the text. Only for a
        check that has ``numbers``.

    Returns
    -------
    list of list of dict
        For each case its calls, for each call its arguments by name.
    """
    if check.numbers is not None:
        inputs = check.numbers(None) if own is None else own
        return [[inputs] for _ in check.cases]
    start = zlib.crc32(check.name.encode()) if seed is None else seed
    drawn: list[list[Inputs]] = []
    for number, case in enumerate(check.cases):
        made = case.draw(np.random.default_rng([start, number]))
        drawn.append([made] if isinstance(made, dict) else list(made))
    return drawn

"""What stands in the place of nbgrader's Execute: cells run inside, verdicts outside.

It leaves in each graded cell what nbgrader reads: no error and a number for credit, an
error with the message for none. For a cell with a check of this course the numbers and
words are written here, on the trusted side; any other graded cell keeps what its kernel
said, and a flag says that those points rest on trust.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import zmq

from rnncourse.checks import Check, Mistake, all_checks
from rnncourse.checks import notebook as words
from rnncourse.checks.ask import Inputs
from rnncourse.checks.variants import NOBODY, Owner, numbers_of
from rnncourse.grading.conversation import Conversation, check_of, seed_for
from rnncourse.grading.host import Forks
from rnncourse.grading.kernel import Kernel, KernelTrouble, Outcome
from rnncourse.grading.limits import Limits
from rnncourse.grading.scores import Cell, marks_of, new_output

GONE = "the kernel died before this cell (out of memory, or exit?)."
DIED = "the kernel died in this cell (out of memory, or exit?)."
FULL = "the notebook used more memory than it may, and was stopped in this cell."
FLOOD = "the cell printed without end and was stopped."
OVER = "the time for the whole notebook was over before this cell."
UNREAD = "what came back could not be read, so it earns nothing."
SILENT = "the cell gave no points: was it changed?"


@dataclass
class Run:
    """Everything that one hand-in is run with, and what was noticed.

    Parameters
    ----------
    forks : Forks
    limits : Limits
    context : zmq.Context
    files : sequence of (str, bytes)
    secret : bytes or None
        What seeds are made of; None draws what a check draws at home.
    key : str
        Of the hand-in, for its seeds.
    owner : Owner
        Whose numbers its tasks are about.
    others : tuple of (Mistake, Owner)
        Whose numbers they might be about instead, and how to say so.
    """

    forks: Forks
    limits: Limits
    context: zmq.Context[Any]
    files: Sequence[tuple[str, bytes]] = ()
    secret: bytes | None = None
    key: str = ""
    owner: Owner = NOBODY
    others: tuple[tuple[Mistake, Owner], ...] = ()
    flags: list[str] = field(default_factory=list)
    mistakes: dict[str, list[str]] = field(default_factory=dict)
    findings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def seed(self, cell: str) -> int | None:
        """Give the seed of a cell."""
        if self.secret is None:
            return None
        return seed_for(self.secret, self.key, cell)

    def numbers(self, name: str) -> Inputs | None:
        """Give the numbers of a check for this learner, where there are any."""
        check = all_checks().get(name)
        if check is None or check.numbers is None:
            return None
        return numbers_of(check, self.owner)

    def of_others(self, check: Check) -> Iterator[tuple[Mistake, Inputs]]:
        """Give the numbers of others; none if everybody has the same."""
        if check.numbers is not None and self.owner:
            for mistake, owner in self.others:
                yield mistake, numbers_of(check, owner)

    def talk(self, check: Check | None, seed: int | None = None) -> Conversation:
        """Begin the conversation about a cell."""
        return Conversation(
            check,
            seed,
            most=self.limits.answers,
            numbers=self.numbers,
            others=self.of_others,
        )


class Notebook:
    """The cells of one hand-in and the kernel that they run in."""

    def __init__(self, run: Run, notebook: dict[str, Any]) -> None:
        self.run = run
        self.cells: list[Cell] = notebook["cells"]
        self.limits = run.limits
        self.end = time.monotonic() + self.limits.notebook_seconds
        self.kernel: Kernel | None = None
        self.kept = 0
        self.forks = 0
        self.fatal: set[int] = set()  # cells that a replay leaves out
        self.count = 0

    def execute(self) -> None:
        """Run all cells."""
        try:
            for index, cell in enumerate(self.cells):
                if cell["cell_type"] == "code":
                    self._cell(index, cell)
        finally:
            self._close()

    def _close(self) -> None:
        if self.kernel is not None:
            self.kept = self.kernel.kept
            self.kernel.close()
            self.kernel = None

    def _cell(self, index: int, cell: Cell) -> None:
        cell["outputs"], cell["execution_count"] = [], None
        marks = marks_of(cell)
        graded = bool(marks.get("grade"))
        check = all_checks().get(check_of(cell["source"])) if graded else None
        if not cell["source"].strip():
            return
        seed = self.run.seed(str(marks.get("grade_id"))) if check else None
        talk = self.run.talk(check, seed)
        why = self._ready(index, checking=check is not None)
        outcome = Outcome(stopped=why) if why else self._run(index, cell, talk)
        self.count += 1
        cell["execution_count"] = self.count
        noticed = [*outcome.flags, *talk.flags]
        if check is not None:
            self._write_verdict(cell, check, talk, outcome)
        else:
            cell["outputs"] = outcome.outputs
            if reason := self._reason(outcome):
                cell["outputs"].append(_error("Stopped", reason))
                noticed.append(reason)
            if graded and not marks.get("solution"):
                noticed.append("verdict from the kernel")
        name = str(marks.get("grade_id") or f"own cell {index + 1}")
        self.run.flags += [f"{name}: {text}" for text in dict.fromkeys(noticed)]

    def _run(self, index: int, cell: Cell, talk: Conversation) -> Outcome:
        assert self.kernel is not None
        left = self.end - time.monotonic()
        seconds = max(0.1, min(self.limits.cell_seconds, left))
        outcome = self.kernel.run(cell["source"], talk, seconds)
        if outcome.died:
            self.fatal.add(index)
        return outcome

    # -- the kernel ----------------------------------------------------------------

    def _ready(self, index: int, *, checking: bool) -> str:
        """Have a kernel in the state before a cell; say why not, or ""."""
        if time.monotonic() > self.end:
            return "over"
        if self.kernel is not None:
            usable = self.kernel.alive and not (checking and self.kernel.spent)
            if usable:
                return ""
        while self.forks <= self.limits.restarts:
            self._close()
            self.forks += 1
            try:
                self.kernel = Kernel(
                    self.run.forks, self.limits, self.run.files, self.run.context
                )
            except KernelTrouble:
                if not self.count:  # nothing of the learner's has run: it is not theirs
                    raise
                continue
            self.kernel.kept = self.kept
            if self._replay(index):
                return ""
            if time.monotonic() > self.end:
                return "over"
        return "gone"

    def _replay(self, upto: int) -> bool:
        """Run the cells before one again, without those that broke the kernel."""
        assert self.kernel is not None
        for index, cell in enumerate(self.cells[:upto]):
            skip = cell["cell_type"] != "code" or index in self.fatal
            if skip or marks_of(cell).get("grade"):
                continue
            if cell["source"].strip():
                outcome = self._run(index, cell, self.run.talk(None))
                if outcome.died:
                    return False
        return True

    # -- the verdict ---------------------------------------------------------------

    def _reason(self, outcome: Outcome) -> str:
        """Say why a cell was ended, in the words of `rnncourse check`."""
        seconds = round(self.limits.cell_seconds)
        by_reason = {
            "time": f"the cell took longer than {seconds} seconds and was stopped.",
            "memory": FULL,
            "output": FLOOD,
            "over": OVER,
            "gone": GONE,
        }
        if outcome.stopped:
            return by_reason[outcome.stopped]
        return DIED if outcome.died else ""

    def _write_verdict(
        self, cell: Cell, check: Check, talk: Conversation, outcome: Outcome
    ) -> None:
        verdict = talk.verdict
        most = float(marks_of(cell)["points"])
        if verdict is None:
            why = self._without(check, talk, outcome)
            cell["outputs"] = [_error("CheckFailed", why)]
            return
        points = min(max(verdict.points, 0.0), most)
        cell["outputs"] = []
        name = str(marks_of(cell)["grade_id"])
        self.run.findings[name] = [
            {
                "says": found.case.says,
                "kind": found.case.kind,
                "weight": found.case.weight,
                "credit": found.credit,
                "message": found.message,
                "mistake": found.mistake,
            }
            for found in verdict.findings
        ]
        if verdict.mistakes:
            self.run.mistakes[name] = list(verdict.mistakes)
        printed = verdict.printed
        if printed and not printed.endswith("\n"):
            printed += "\n"
        if points > 0:
            printed += verdict.text + "\n"
        if printed:
            cell["outputs"].append(new_output("stream", name="stdout", text=printed))
        if points > 0:
            made = {"data": {"text/plain": repr(points)}, "execution_count": self.count}
            cell["outputs"].append(new_output("execute_result", **made))
        else:
            cell["outputs"].append(_error("CheckFailed", verdict.text))

    def _without(self, check: Check, talk: Conversation, outcome: Outcome) -> str:
        """Say why a check came to no verdict."""
        if reason := self._reason(outcome):
            return reason
        if talk.broken:
            return f"{check.title}: {UNREAD}"
        if outcome.error is not None and outcome.error[0] != "CheckFailed":
            name, text = outcome.error
            made = SimpleNamespace(ename=name, evalue=text)
            said = words._error_text(made, check.name, round(self.limits.cell_seconds))
            return str(said)
        return SILENT


def _error(name: str, text: str) -> dict[str, Any]:
    """Make an error output that shows its message alone."""
    return new_output("error", ename=name, evalue=text, traceback=text.splitlines())

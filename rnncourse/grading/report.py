"""What an instructor sees: progress with an estimated end, and the table after it."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import IO

from rnncourse.grading.engine import Plan
from rnncourse.grading.result import Result
from rnncourse.messages import counted

BAR = 24


class Progress:
    """How far the run is, and when it will end, from the times seen so far.

    Parameters
    ----------
    total : int
        Hand-ins to grade.
    stream : file, optional
        Where to write; on a terminal one line that changes, else a line each.
    """

    def __init__(self, total: int, stream: IO[str] | None = None) -> None:
        self.total = total
        self.done = 0
        self._width = 0
        self._stream = sys.stdout if stream is None else stream
        self._start = time.monotonic()
        self._live = self._stream.isatty()

    def left(self) -> float | None:
        """Estimate the seconds that are left; None before the first result."""
        if not self.done:
            return None
        passed = time.monotonic() - self._start
        return passed / self.done * (self.total - self.done)

    def add(self, result: Result, out_of: float) -> None:
        """Count one more result and say so."""
        self.done += 1
        left = self.left() or 0.0
        count = f"{self.done}/{self.total}"
        until = f"{duration(left)} left" if self.done < self.total else "done"
        if self._live:
            full = round(BAR * self.done / self.total)
            bar = "#" * full + "." * (BAR - full)
            text = f"[{bar}] {count}, {until}"
            self._stream.write(f"\r{text:<{self._width}}")  # over all of the last one
            self._stream.write("\n" if self.done == self.total else "")
            self._width = len(text)
        else:
            self._stream.write(f"{count}  {line(result, out_of)}  ({until})\n")
        self._stream.flush()


def duration(seconds: float) -> str:
    """Give a time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def line(result: Result, out_of: float) -> str:
    """Give one result in a line."""
    if result.trouble:
        return f"{result.student}: needs attention, {result.trouble}"
    by_hand = sum(bool(row["needs_manual_grade"]) for row in result.rows["grades"])
    more = f", {by_hand} to read" if by_hand else ""
    return f"{result.student}: {result.points:g} of {out_of:g}{more}"


def announcement(plan: Plan) -> str:
    """Say what a run will do."""
    ready = len(plan.done) + len(plan.to_merge)
    before = f", {ready} of them graded before" if ready else ""
    lines = [
        f"{plan.assignment}: {counted(len(plan.submissions), 'hand-in')}{before}",
        plan.reached.text,
        *(f"  {sentence}" for sentence in plan.reached.missing),
        f"results: {plan.out}",
    ]
    troubled = [one for one in plan.to_grade if one.trouble]
    lines += [f"  {one.student} needs attention: {one.trouble}" for one in troubled]
    return "\n".join(lines)


def summary(plan: Plan, results: Sequence[Result]) -> str:
    """Give the report of a run; it states the level of isolation, as each does."""
    hand_ins = counted(len(results), "hand-in")
    lines = [f"{plan.assignment}: {hand_ins}", plan.reached.text, ""]
    lines += [f"  {line(result, plan.out_of)}" for result in results]
    named: Counter[str] = Counter()
    for result in results:
        for cell, mistakes in result.mistakes.items():
            named.update(f"{cell}: {mistake}" for mistake in mistakes)
    if named:
        lines += ["", "Mistakes that were named:"]
        lines += [f"  {count} x {name}" for name, count in named.most_common()]
    for title, texts in (
        ("Put right, and told to the learner:", _told(results)),
        ("Worth a look:", _flagged(results)),
    ):
        if texts:
            lines += ["", title, *texts]
    return "\n".join(lines)


def _told(results: Sequence[Result]) -> list[str]:
    return [
        f"  {result.student}: {note}"
        for result in results
        if not result.trouble
        for note in result.notes
    ]


def _flagged(results: Sequence[Result]) -> list[str]:
    return [f"  {r.student}: {flag}" for r in results for flag in r.flags]

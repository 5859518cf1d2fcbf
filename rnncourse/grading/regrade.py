"""Grade again, look at what would change, and only then change it.

The second grading runs beside the first, with a gradebook of its own and the same
secret inputs. What differs is told: who, which cell, from what to what, and why. Only
when that was confirmed do the results go into the real gradebook; the old marks are
kept in a file, and what people gave by hand stays.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rnncourse.grading import engine, export, history
from rnncourse.grading.engine import GradingError, Plan, Settings
from rnncourse.grading.history import Finished
from rnncourse.grading.journal import Journal
from rnncourse.grading.result import Result
from rnncourse.messages import counted


@dataclass(frozen=True)
class Change:
    """One mark that would change."""

    student: str
    cell: str
    before: float | None
    after: float | None
    why: str
    by_hand: float | None = None  # a person's points, which stay

    @property
    def text(self) -> str:
        """The change in one line."""
        sign = "gains" if (self.after or 0) > (self.before or 0) else "loses"
        if self.before is None or self.after is None:
            sign = "changes"
        hand = ""
        if self.by_hand is not None:
            hand = f"; {self.by_hand:g} by hand stay and are flagged for another look"
        return (
            f"{self.student} {sign} in {self.cell}: {_shown(self.before)} to "
            f"{_shown(self.after)} ({self.why}{hand})"
        )


@dataclass(frozen=True)
class Regraded:
    """What a second grading came to.

    Parameters
    ----------
    finished : Finished
        The first.
    plan : Plan
        Of the second.
    results : tuple of Result
        Of the second.
    changes : tuple of Change
    """

    finished: Finished
    plan: Plan
    results: tuple[Result, ...]
    changes: tuple[Change, ...]

    @property
    def text(self) -> str:
        """Who gains, who loses, and why."""
        graded = f"{counted(len(self.results), 'hand-in')} graded again"
        if not self.changes:
            return f"{graded}: no mark would change."
        totals: dict[str, float] = {}
        for change in self.changes:
            gained = (change.after or 0.0) - (change.before or 0.0)
            totals[change.student] = totals.get(change.student, 0.0) + gained
        up = sum(value > 0 for value in totals.values())
        down = sum(value < 0 for value in totals.values())
        lines = [
            f"{graded}: {counted(len(self.changes), 'mark')} would change; "
            f"{counted(up, 'learner')} would gain, {down} would lose.",
            *(f"  {change.text}" for change in self.changes),
        ]
        return "\n".join(lines)


def _shown(score: float | None) -> str:
    return "none" if score is None else f"{score:g}"


def again(
    settings: Settings,
    *,
    fresh: bool = False,
    began: Callable[[Plan], None] = lambda plan: None,
    tell: Callable[[Result], None] = lambda result: None,
) -> Regraded:
    """Grade all hand-ins again, beside the gradebook.

    Parameters
    ----------
    settings : Settings
        As of the first run.
    fresh : bool
        Forget an earlier regrade that was not confirmed.
    began, tell : callable
        Told of the plan, and of each result as it comes.
    """
    finished = history.load(
        settings.folder, settings.assignment, out=settings.out, url=settings.gradebook
    )
    beside = _beside(finished)
    if fresh:
        shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True, exist_ok=True)
    name = f"{finished.assignment}.journal"
    with (
        contextlib.closing(Journal(finished.out / ".grading" / name)) as first,
        contextlib.closing(Journal(beside / ".grading" / name)) as second,
    ):
        second.take_secret(first.secret)
    second_settings = replace(
        settings,
        assignment=finished.assignment,
        out=beside,
        gradebook=f"sqlite:///{beside.resolve() / 'gradebook.db'}",
        hidden=(*settings.hidden, finished.out),
    )
    plan = engine.plan(second_settings)
    began(plan)
    results = engine.grade(second_settings, plan, tell=tell)
    changes = compare(finished, results, _cause(finished, plan))
    return Regraded(finished, plan, tuple(results), tuple(changes))


def apply(settings: Settings, regraded: Regraded) -> Path:
    """Bring a second grading into the real gradebook; return the file of old marks."""
    finished, plan = regraded.finished, regraded.plan
    kept = finished.out / ".grading" / _kept_name(finished)
    made = export.export(finished, "csv")
    kept.write_bytes(next(iter(made.files.values())))
    old = {result.student: result for result in finished.results}
    name = f"{finished.assignment}.journal"
    with contextlib.closing(Journal(finished.out / ".grading" / name)) as journal:
        for result in regraded.results:
            unchanged = old.get(result.student) == result  # the gradebook has it
            journal.replace(plan.keys[result.student], result, merged=unchanged)
    real = replace(
        settings,
        assignment=finished.assignment,
        out=finished.out,
        gradebook=finished.url,
    )
    made_plan = engine.plan(real)
    engine.grade(real, made_plan)
    history.remember(made_plan, settings.releases)
    shutil.rmtree(_beside(finished), ignore_errors=True)
    return kept


def _beside(finished: Finished) -> Path:
    return finished.out / ".grading" / f"regrade-{finished.assignment}"


def _kept_name(finished: Finished) -> str:
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return f"marks-{finished.assignment}-{stamp}.csv"


# -- what differs ------------------------------------------------------------------


def compare(finished: Finished, results: list[Result], cause: str) -> list[Change]:
    """List the marks that differ from those of the first grading."""
    old = {result.student: result for result in finished.results}
    changes = []
    for result in results:
        before = old.get(result.student)
        if before is None:
            changes += _new(result)
            continue
        was, now = _scores(before), _scores(result)
        marks = finished.marks.get(result.student, {})
        for cell in finished.cells:
            if was.get(cell) == now.get(cell):
                continue
            mark = marks.get(cell)
            changes.append(
                Change(
                    student=result.student,
                    cell=cell,
                    before=was.get(cell),
                    after=now.get(cell),
                    why=_why(before, result, cell, cause),
                    by_hand=mark.manual if mark else None,
                )
            )
    return changes


def _new(result: Result) -> list[Change]:
    return [
        Change(result.student, cell, None, score, "a new hand-in")
        for cell, score in _scores(result).items()
    ]


def _scores(result: Result) -> dict[str, float | None]:
    return {row["cell"]: row["auto_score"] for row in result.rows["grades"]}


def _why(before: Result, after: Result, cell: str, cause: str) -> str:
    if before.trouble and not after.trouble:
        return "it can be read now"
    if after.trouble:
        return f"it cannot be read now: {after.trouble}"
    reason = "the hand-in changed" if before.digest != after.digest else cause
    was = {one["says"]: one for one in before.findings.get(cell, [])}
    for one in after.findings.get(cell, []):
        earlier = was.get(one["says"])
        if earlier is None:
            return f"{reason}; new: {one['says']}"
        if earlier["credit"] != one["credit"]:
            now = "right now" if one["credit"] == 1 else "not right now"
            named = f", {one['mistake']}".replace("-", " ") if one["mistake"] else ""
            return f"{reason}; {one['says']}: {now}{named}"
    return reason


def _cause(finished: Finished, plan: Plan) -> str:
    """Say what changed since the first grading, apart from hand-ins."""
    path = finished.out / ".grading" / f"{finished.assignment}.run.json"
    was = json.loads(path.read_text(encoding="utf-8"))
    now = history.facts_of(plan.release)
    if was["release_digest"] != now["release_digest"]:
        return "the assignment changed"
    if was["checks"] != now["checks"]:
        return "the checks changed"
    if was["version"] != now["version"]:
        return "graded by another version"
    return "the run differs: time, memory or chance"


__all__ = ["Change", "GradingError", "Regraded", "again", "apply", "compare"]

"""The class report: one page that shows a teacher how the class did, and on what.

Pictures first: how points are spread, which task was hard, who had what. Then the
mistakes that were named, each with somebody's answer; who may need a talk; what could
not be read, with the sentence. The page is for teachers, it names people.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from rnncourse.checks import Check, all_checks
from rnncourse.grading import clean, pages
from rnncourse.grading.conversation import check_of
from rnncourse.grading.history import Finished
from rnncourse.grading.result import Result
from rnncourse.messages import counted

TALK_BELOW = 0.5  # of the points
MOST_MISTAKES = 12
ENOUGH = 8  # hand-ins below which a correlation says nothing


@dataclass(frozen=True)
class Task:
    """How one graded cell went, over the class."""

    name: str
    title: str
    out_of: float
    mean: float
    full: int
    part: int
    none: int
    waiting: int
    separates: float | None  # correlation with the points of the other tasks

    @property
    def count(self) -> int:
        """How many have points here."""
        return self.full + self.part + self.none


@dataclass(frozen=True)
class Named:
    """A mistake that was named, how often, and one answer that has it."""

    task: str
    name: str
    students: tuple[str, ...]
    message: str
    example: str


def make(finished: Finished, *, now: str = "") -> str:
    """Fill the page.

    Parameters
    ----------
    finished : Finished
    now : str
        The time to state; by default the present.
    """
    graded = [result for result in finished.results if not result.trouble]
    points = {one.student: finished.score(one.student) for one in graded}
    values = sorted(points.values())
    tasks = per_task(finished)
    return pages.render(
        "class_report.html.j2",
        title=finished.title,
        assignment=finished.assignment,
        level=finished.level[:1].upper() + finished.level[1:],
        now=now or datetime.now().astimezone().strftime("%d %B %Y, %H:%M"),
        count=len(finished.results),
        graded=len(graded),
        median=statistics.median(values) if values else None,
        mean=statistics.fmean(values) if values else None,
        out_of=finished.out_of,
        all_points=sum(value >= finished.out_of for value in values),
        waiting=sum(not finished.complete(one.student) for one in graded),
        aside=[one for one in finished.results if one.trouble],
        histogram=pages.histogram(
            values,
            finished.out_of,
            marked=statistics.median(values) if values else None,
        ),
        tasks=[{"task": task, "bar": _bar(task)} for task in tasks],
        hardest=_hardest(tasks),
        picture=heat_map(finished, points),
        rows=_rows(finished, points),
        cells=[_title(finished, name) for name in finished.cells],
        mistakes=named_mistakes(finished)[:MOST_MISTAKES],
        talks=talks(finished, points),
        right=[one for one in graded if one.notes],
        flags=[(one.student, flag) for one in graded for flag in one.flags],
    )


# -- tasks -------------------------------------------------------------------------


def per_task(finished: Finished) -> list[Task]:
    """Say how each graded cell went."""
    made = []
    for name in finished.cells:
        given: list[tuple[float, float]] = []  # this task, the others
        waiting, out_of = 0, 0.0
        for result in finished.results:
            mark = finished.marks.get(result.student, {}).get(name)
            if mark is None or result.trouble:
                continue
            out_of = mark.out_of
            if mark.score is None or mark.waits:
                waiting += 1
                continue
            given.append((mark.score, finished.score(result.student) - mark.score))
        scores = [score for score, _ in given]
        made.append(
            Task(
                name=name,
                title=_title(finished, name),
                out_of=out_of,
                mean=statistics.fmean(scores) if scores else 0.0,
                full=sum(score >= out_of for score in scores),
                part=sum(0 < score < out_of for score in scores),
                none=sum(score <= 0 for score in scores),
                waiting=waiting,
                separates=_correlation(given),
            )
        )
    return made


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < ENOUGH:
        return None
    try:
        return statistics.correlation(*zip(*pairs, strict=True))
    except statistics.StatisticsError:  # all alike
        return None


def _check(finished: Finished, name: str) -> Check | None:
    for cell in finished.release["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
            return all_checks().get(check_of(cell["source"]))
    return None


def _title(finished: Finished, name: str) -> str:
    check = _check(finished, name)
    return check.title if check else name


def _bar(task: Task) -> Markup:
    if not task.count:
        return Markup("")
    shares = [
        ("full", task.full / task.count),
        ("half", task.part / task.count),
        ("none", task.none / task.count),
    ]
    label = f"{task.full} all points, {task.part} some, {task.none} none"
    return pages.bar(shares, label)


def _hardest(tasks: Sequence[Task]) -> Task | None:
    """Name the task with the lowest share, once most of its answers have points."""
    seen = [task for task in tasks if task.count > task.waiting and task.out_of]
    hardest = min(seen, key=lambda task: task.mean / task.out_of, default=None)
    return None if hardest is None or hardest.mean >= hardest.out_of else hardest


# -- mistakes ----------------------------------------------------------------------


def named_mistakes(finished: Finished) -> list[Named]:
    """Gather the mistakes that were named, the most frequent first."""
    who: dict[tuple[str, str], list[Result]] = {}
    for result in finished.results:
        for cell, mistakes in result.mistakes.items():
            for mistake in mistakes:
                who.setdefault((cell, mistake), []).append(result)
    made = []
    for (cell, mistake), results in who.items():
        check = _check(finished, cell)
        known = {one.name: one.message for one in check.mistakes} if check else {}
        shortest = min(
            (answer for one in results if (answer := _answer(one, cell))),
            key=len,
            default="",
        )
        made.append(
            Named(
                task=check.title if check else cell,
                name=mistake.replace("-", " "),
                students=tuple(one.student for one in results),
                message=known.get(mistake, ""),
                example=shortest,
            )
        )
    return sorted(made, key=lambda one: (-len(one.students), one.task, one.name))


def _answer(result: Result, cell: str) -> str:
    """Give the answer that stands before a graded cell."""
    if not result.notebook:
        return ""
    answer = ""
    for one in json.loads(result.notebook)["cells"]:
        marks = one["metadata"].get("nbgrader", {})
        if marks.get("grade_id") == cell:
            return answer
        if marks.get("solution"):
            answer = clean.joined(one["source"])
    return ""


# -- people ------------------------------------------------------------------------


def talks(finished: Finished, points: dict[str, float]) -> list[tuple[str, str]]:
    """Say who may need a talk, and what speaks for it."""
    found = []
    for student, score in sorted(points.items(), key=lambda pair: pair[1]):
        marks = finished.marks.get(student, {})
        if score >= TALK_BELOW * finished.out_of or not finished.complete(student):
            continue
        nothing = [name for name, mark in marks.items() if not mark.score]
        why = (
            f"{pages.points(score)} of {pages.points(finished.out_of)} points, "
            f"nothing yet in {len(nothing)} of {counted(len(marks), 'task')}"
        )
        if len(nothing) == len(marks):
            why = "no points in any task"
        found.append((student, why))
    return found


def _rows(
    finished: Finished, points: dict[str, float]
) -> list[tuple[str, list[float | None], float]]:
    return [
        (
            student,
            [
                mark.score if (mark := finished.marks[student].get(name)) else None
                for name in finished.cells
            ],
            points[student],
        )
        for student in sorted(points, key=lambda student: -points[student])
    ]


def heat_map(finished: Finished, points: dict[str, float]) -> Markup:
    """Draw who had what: a row for each learner, a column for each task."""
    rows = _rows(finished, points)
    if not rows or len(rows) > 400:
        return Markup("")
    names = [_title(finished, name) for name in finished.cells]
    left, top, cell = 150, 130, 30
    tall = 20 if len(rows) <= 60 else 6
    width, height = left + cell * len(names) + 60, top + tall * len(rows) + 4
    parts = []
    for column, name in enumerate(names):
        x = left + column * cell + cell / 2 + 4
        parts.append(
            f'<text transform="translate({x:g} {top - 8}) rotate(-50)">'
            f"{Markup.escape(name[:24])}</text>"
        )
    for number, (student, scores, total) in enumerate(rows):
        y = top + number * tall
        if tall >= 14:
            parts.append(
                f'<text x="{left - 8}" y="{y + tall - 6}" class="end">'
                f"{Markup.escape(student[:20])}</text>"
                f'<text x="{left + cell * len(names) + 8}" y="{y + tall - 6}">'
                f"{pages.points(total)}</text>"
            )
        for column, score in enumerate(scores):
            mark = finished.marks[student].get(finished.cells[column])
            kind, sign = "empty", "?"
            if score is not None and mark is not None:
                kind = "none" if score <= 0 else "half"
                kind = "full" if score >= mark.out_of else kind
                sign = {"full": "", "half": "◐", "none": "✗"}[kind]
            x = left + column * cell
            parts.append(
                f'<rect class="{kind}" x="{x}" y="{y}" width="{cell - 2}" '
                f'height="{tall - 2}"><title>{Markup.escape(student)}, '
                f"{Markup.escape(names[column])}: {pages.points(score)}</title></rect>"
            )
            if tall >= 14 and sign:
                parts.append(
                    f'<text class="sign" x="{x + cell / 2 - 1:g}" '
                    f'y="{y + tall - 6}">{sign}</text>'
                )
    label = (
        f"Who had what: {counted(len(rows), 'learner')}, the best first, "
        f"by {counted(len(names), 'task')}. "
        "The table below says the same."
    )
    return Markup(
        f'<svg class="map" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{label}">' + "".join(parts) + "</svg>"
    )

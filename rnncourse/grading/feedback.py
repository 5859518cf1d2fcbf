"""Feedback: one page for each hand-in, with the credit of each property and why.

nbgrader's own converter makes it: it finds the graded notebooks, asks the gradebook
for points and comments, and writes into the feedback folder, where
``nbgrader release_feedback`` and formgrader look. Only the page itself is ours, since
nbgrader's shows a learner's HTML as it came and asks a foreign address for formulas.
"""

from __future__ import annotations

import gc
import json
import logging
import multiprocessing
import os
import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import GetGrades

from rnncourse.checks import all_checks
from rnncourse.grading import clean, gradebook, intake, pages
from rnncourse.grading.conversation import check_of
from rnncourse.grading.history import Finished
from rnncourse.grading.result import Result

FROM_EXCHANGE = ("timestamp.txt", "submission_secret.txt")  # release_feedback asks
FULL, HALF, NONE = "good", "part", "bad"
WORTH_IT = 8  # pages, for a process of their own
AT_ONCE = 50  # hand-ins that are asked for in the gradebook
GONE = "no feedback page, since it is no longer in the gradebook"


class Marks(GetGrades):  # type: ignore[misc]
    """nbgrader's points and comments, and whether a person has set them.

    They are asked of one gradebook for many hand-ins at once; nbgrader opens one for
    each and asks for each cell, which takes as long as everything else on a page.
    """

    submissions: dict[str, Any] = {}  # noqa: RUF012  # of those whose pages come next

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Put the marks of a hand-in into its cells."""
        about = resources["nbgrader"]
        handed_in = self.submissions[about["student"]].notebooks
        (found,) = [one for one in handed_in if one.name == about["notebook"]]
        self.grades = {one.name: one for one in found.grades}
        self.comments = {one.name: one for one in found.comments}
        for index, cell in enumerate(nb.cells):
            self.preprocess_cell(cell, resources, index)
        penalty = found.late_submission_penalty or 0
        about["score"] = found.score - penalty
        about["max_score"] = found.max_score
        about["late_penalty"] = penalty
        return nb, resources

    def _get_comment(self, cell: Any, resources: Any) -> None:
        marks = cell.metadata["nbgrader"]
        marks["comment"] = self.comments[marks["grade_id"]].comment

    def _get_score(self, cell: Any, resources: Any) -> None:
        marks = cell.metadata["nbgrader"]
        grade = self.grades[marks["grade_id"]]
        marks["score"], marks["points"] = grade.score, grade.max_score
        marks["by_hand"] = grade.manual_score is not None
        marks["waits"] = bool(grade.needs_manual_grade)


class FeedbackExporter(Exporter):
    """Turns a graded notebook into a page that stands alone."""

    file_extension = ".html"
    finished: Finished | None = None

    def from_notebook_node(  # type: ignore[override]  # a page, as HTMLExporter's is
        self, nb: Any, resources: Any = None, **more: Any
    ) -> tuple[str, Any]:
        """Let the preprocessors ask the gradebook, then fill the page."""
        started: Any = self  # its methods are not typed
        resources = started._init_resources(resources)
        for preprocessor in self._preprocessors:  # nbconvert copies it three times
            nb, resources = preprocessor(nb, resources)
        finished = type(self).finished
        assert finished is not None, "what was graded must be set before"
        about = resources["nbgrader"]
        text = page(
            finished,
            finished.of(about["student"]),
            json.loads(json.dumps(nb)),
            score=about["score"],
            out_of=about["max_score"],
            penalty=about["late_penalty"],
        )
        return text, resources


def write(
    finished: Finished,
    students: Sequence[str] | None = None,
    *,
    submitted: Path | None = None,
    tell: Callable[[str], None] = lambda text: None,
    jobs: int = 1,
) -> list[Path]:
    """Write the feedback of some students, or of all.

    Parameters
    ----------
    finished : Finished
    students : sequence of str, optional
    submitted : Path, optional
        nbgrader's folder of hand-ins; what the exchange left beside a hand-in is
        copied from there, since releasing feedback needs it.
    tell : callable
        Told of each hand-in whose page could not be made.
    jobs : int
        Processes at a time.

    Returns
    -------
    list of Path
        The pages, by student.
    """
    wanted = [
        result
        for result in finished.results
        if students is None or result.student in students
    ]
    FeedbackExporter.finished = finished
    parts = max(1, min(jobs, len(wanted) // WORTH_IT))
    if parts == 1:
        done = [_write_some(wanted, submitted)]
    else:
        # The first page is written here: what all have is then there in each fork.
        wanted.sort(key=lambda result: not result.notebook)
        done = [_write_some(wanted[:1], submitted)]
        shares = [wanted[number::parts] for number in range(1, parts + 1)]
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(parts, context, initializer=gc.freeze) as pool:
            asked = [pool.submit(_write_some, share, submitted) for share in shares]
            done += [one.result() for one in asked]
    for _, troubles in done:
        for text in troubles:
            tell(text)
    return sorted(path for paths, _ in done for path in paths)


def _write_some(
    wanted: Sequence[Result], submitted: Path | None
) -> tuple[list[Path], list[str]]:
    """Write some pages; give them, and a sentence for each that could not be made."""
    finished = FeedbackExporter.finished
    assert finished is not None
    written, troubles = [], []
    converter = _converter(finished)
    book = gradebook.open_gradebook(finished.url)
    try:
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            students = [result.student for result in some]
            with gradebook.quiet():
                found = gradebook.submissions(book, finished.assignment, students)
                Marks.submissions = {one.student_id: one for one in found}
            for result in some:
                if result.notebook and result.student not in Marks.submissions:
                    troubles.append(f"{result.student}: {GONE}")
                    continue
                try:
                    written.append(_write_one(finished, result, submitted, converter))
                except (Exception, SystemExit) as error:
                    why = f"{type(error).__name__}: {error}"[:200]
                    troubles.append(
                        f"{result.student}: no feedback page could be made ({why})"
                    )
    finally:
        Marks.submissions = {}
        gradebook.close(book)
    return written, troubles


def _write_one(
    finished: Finished,
    result: Result,
    submitted: Path | None,
    converter: GenerateFeedback,
) -> Path:
    folder = finished.out / "feedback" / result.student / finished.assignment
    path = folder / f"{finished.assignment}.html"
    _bring_from_exchange(finished, result.student, submitted)
    if result.notebook:
        converter.coursedir.student_id = result.student
        with gradebook.quiet():
            converter.start()
        return path
    folder.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(aside_page(finished, result), encoding="utf-8")
    os.replace(fresh, path)
    for name in FROM_EXCHANGE:
        beside = _autograded(finished, result.student) / name
        if beside.is_file():
            shutil.copy(beside, folder / name)
    return path


def _converter(finished: Finished) -> GenerateFeedback:
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    settings = Config()
    settings.CourseDirectory.root = str(finished.out.resolve())
    settings.CourseDirectory.db_url = finished.url
    settings.CourseDirectory.assignment_id = finished.assignment
    settings.GenerateFeedback.preprocessors = [Marks]
    settings.GenerateFeedback.exporter_class = FeedbackExporter
    settings.GenerateFeedback.force = True
    log = logging.getLogger("rnncourse.grading.nbgrader")
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    with gradebook.quiet():
        course = CourseDirectory(config=settings)
        return GenerateFeedback(coursedir=course, config=settings, log=log)


def _autograded(finished: Finished, student: str) -> Path:
    return finished.out / "autograded" / student / finished.assignment


def _bring_from_exchange(
    finished: Finished, student: str, submitted: Path | None
) -> None:
    """Copy what the exchange left beside a hand-in, if it is what it should be."""
    if submitted is None:
        return
    folder = submitted / student / finished.assignment
    for name in FROM_EXCHANGE:
        try:
            data = intake.read_regular(folder / name, 4096)
        except intake.Refused:
            continue
        target = _autograded(finished, student) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


# -- the page ----------------------------------------------------------------------


def aside_page(finished: Finished, result: Result) -> str:
    """Make the page of a hand-in that was set aside: the sentence, nothing else."""
    sentence = result.notes[-1] if result.notes else result.trouble
    return _render(finished, result, trouble=sentence)


def page(
    finished: Finished,
    result: Result,
    notebook: dict[str, Any],
    *,
    score: float,
    out_of: float,
    penalty: float = 0.0,
) -> str:
    """Make the page of one graded notebook.

    Parameters
    ----------
    finished : Finished
    result : Result
    notebook : dict
        With points and comments in its cells' marks, as nbgrader's GetGrades puts
        them there.
    score, out_of, penalty : float
    """
    released = {cell["source"] for cell in finished.release["cells"]}
    tasks: list[dict[str, Any]] = []
    cells: list[dict[str, Any]] = []
    waiting = 0
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        source = clean.joined(cell["source"])
        often = source in released
        if cell["cell_type"] == "markdown" and source.startswith("**What was put"):
            continue  # told at the top of the page
        if marks.get("locked") and source.startswith(f"# {finished.title}"):
            source = source.partition("\n")[2]  # the page's own heading
        if often:
            source = pages.Often(source)
        shown: dict[str, Any] = {
            "kind": cell["cell_type"],
            "source": source,
            "outputs": [clean.output(one) for one in cell.get("outputs", [])],
            "task": None,
            "answer": False,
            "points": "",
            "comment": marks.get("comment") or "",
            "fold": "",
        }
        if marks.get("grade") and not marks.get("solution"):
            shown["task"] = _task(result, marks, source, len(tasks) + 1)
            tasks.append(shown["task"])
            if shown["task"]["findings"]:  # the table says it; what is printed stays
                shown["outputs"] = _printed_only(shown["outputs"], source)
        elif marks.get("grade"):  # a person reads it
            waiting += bool(marks.get("waits"))
            shown["answer"] = True
            given = None if marks.get("waits") else marks.get("score")
            shown["points"] = (
                "a person reads it"
                if given is None
                else f"{pages.points(given)} of {pages.points(marks['points'])} points"
            )
        elif cell["cell_type"] == "code" and not marks.get("solution") and marks:
            shown["fold"] = "Code that came with the assignment"
        cells.append(shown)
    return _render(
        finished,
        result,
        cells=cells,
        tasks=tasks,
        score=score,
        out_of=out_of,
        penalty=penalty,
        waiting=waiting,
    )


def _render(finished: Finished, result: Result, **values: Any) -> str:
    defaults: dict[str, Any] = {
        "assignment": finished.assignment,
        "title": finished.title,
        "student": result.student,
        "level": finished.level[:1].upper() + finished.level[1:],
        "notes": result.notes,
        "trouble": "",
        "cells": [],
        "tasks": [],
        "score": None,
        "out_of": finished.out_of,
        "penalty": 0.0,
        "waiting": 0,
    }
    return pages.render("feedback.html.j2", **{**defaults, **values})


def _task(
    result: Result, marks: dict[str, Any], source: str, number: int
) -> dict[str, Any]:
    name = str(marks["grade_id"])
    out_of = float(marks["points"])
    score = float(marks.get("score") or 0.0)
    check = all_checks().get(check_of(source))
    by_name = {one.name: one.message for one in check.mistakes} if check else {}
    weights = sum(one.weight for one in check.cases) if check else 1.0
    findings = []
    told: set[str] = set()
    for found in result.findings.get(name, []):
        worth = out_of * found["weight"] / weights
        credit = worth * found["credit"]
        looks_like = by_name.get(found["mistake"], "")
        findings.append(
            {
                "says": found["says"],
                "state": _state(found["credit"], 1.0),
                "sign": _sign(found["credit"], 1.0),
                "credit": credit,
                "worth": worth,
                "message": _why(found, told, check.returns if check else ()),
                "looks_like": "" if found["mistake"] in told else looks_like,
            }
        )
        told |= {found["mistake"], found["message"]} - {""}
    made = {
        "number": number,
        "name": check.title if check else name,
        "score": score,
        "out_of": out_of,
        "state": _state(score, out_of),
        "short": _short(result, name, score, out_of, findings),
        "by_hand": bool(marks.get("by_hand")),
        "findings": findings,
        "asks": "",
    }
    if check and score < out_of:
        made |= {
            "asks": check.asks,
            "link": check.link,
            "section": check.section,
            "chapter": check.chapter,
            "equation": check.equation,
        }
    return made


def _why(found: dict[str, Any], told: set[str], names: Sequence[str]) -> str:
    message = str(found["message"])
    if not message:
        return "Right." if found["credit"] == 1 else "Without the value, no credit."
    if message in told:
        return "The same."
    first = message.split()[0]  # a name of the code keeps its small letter
    if "_" in first or first in names:
        return message
    return message[0].upper() + message[1:]


def _short(
    result: Result,
    name: str,
    score: float,
    out_of: float,
    findings: Sequence[dict[str, Any]],
) -> str:
    if score >= out_of:
        return "✓ right"
    if named := result.mistakes.get(name):
        return f"{_sign(score, out_of)} {', '.join(named)}".replace("-", " ")
    missed = [found["says"] for found in findings if found["state"] != FULL]
    if missed and score:
        return f"◐ not yet: {'; '.join(missed)}"
    return f"{_sign(score, out_of)} {'in part' if score else 'not right yet'}"


def _state(given: float, most: float) -> str:
    return FULL if given >= most else HALF if given > 0 else NONE


def _sign(given: float, most: float) -> str:
    return {FULL: "✓", HALF: "◐", NONE: "✗"}[_state(given, most)]


def _printed_only(
    outputs: Sequence[dict[str, str]], source: str
) -> list[dict[str, str]]:
    """Leave of a check's outputs what the learner's code printed.

    The verdict's own words, which the table holds, begin with the check's title.
    """
    check = all_checks().get(check_of(source))
    title = check.title if check else ""
    kept = []
    for one in outputs:
        if one["how"] != "text":
            continue
        verdict = re.search(rf"^{re.escape(title)}: [\d.]+ of ", one["what"], re.M)
        text = one["what"][: verdict.start()] if verdict else one["what"]
        if text.strip() and not re.fullmatch(r"[\d.]+", text.strip()):
            kept.append({"how": "text", "what": text})
    return kept

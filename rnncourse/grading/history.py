"""What earlier runs left: results from the journal, marks from the gradebook.

Feedback, reports, exports and regrades begin here, so that they say what the
gradebook says, with the marks and comments that people gave.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnncourse import __version__
from rnncourse.grading import engine, gradebook
from rnncourse.grading.engine import GradingError
from rnncourse.grading.host import PACKAGE
from rnncourse.grading.journal import Journal
from rnncourse.grading.result import Result


@dataclass(frozen=True)
class Mark:
    """One graded cell of one learner, as the gradebook has it."""

    auto: float | None
    manual: float | None
    waits: bool  # for a person
    out_of: float

    @property
    def score(self) -> float | None:
        """What counts: a person's points, else the check's; None if neither."""
        if self.manual is not None:
            return self.manual
        return None if self.waits and not self.auto else self.auto


@dataclass(frozen=True)
class Finished:
    """An assignment that was graded.

    Parameters
    ----------
    assignment : str
    out : Path
        Where the gradebook and the graded notebooks are.
    url : str
        Of the gradebook.
    release : dict
        The released notebook.
    results : tuple of Result
        By student.
    marks : dict
        For each student the :class:`Mark` of each graded cell, in its order.
    penalties : dict
        Points taken off for a late hand-in, by student.
    names : dict
        First name, last name, e-mail address and LMS id, by student; often empty.
    level : str
        The isolation of the run, in one line.
    """

    assignment: str
    out: Path
    url: str
    release: dict[str, Any]
    results: tuple[Result, ...]
    marks: dict[str, dict[str, Mark]]
    penalties: dict[str, float]
    names: dict[str, tuple[str, str, str, str]]
    level: str

    @property
    def title(self) -> str:
        """The heading of the assignment."""
        for cell in self.release["cells"]:
            if cell["cell_type"] == "markdown" and cell["source"].startswith("# "):
                return str(cell["source"].splitlines()[0][2:].strip())
        return self.assignment

    @property
    def cells(self) -> list[str]:
        """The graded cells, in the order of the notebook."""
        found = (cell["metadata"].get("nbgrader", {}) for cell in self.release["cells"])
        return [str(marks["grade_id"]) for marks in found if marks.get("grade")]

    @property
    def out_of(self) -> float:
        """The points that can be had, a person's included."""
        found = (cell["metadata"].get("nbgrader", {}) for cell in self.release["cells"])
        return sum(float(marks["points"]) for marks in found if marks.get("grade"))

    def of(self, student: str) -> Result:
        """Give the result of a student."""
        return next(one for one in self.results if one.student == student)

    def score(self, student: str) -> float:
        """Sum what a student has so far, a late hand-in's penalty taken off."""
        marks = self.marks.get(student, {})
        given = sum(mark.score or 0.0 for mark in marks.values())
        return max(0.0, given - self.penalties.get(student, 0.0))

    def complete(self, student: str) -> bool:
        """Whether nothing of a student waits for a person."""
        marks = self.marks.get(student, {})
        return bool(marks) and not any(mark.waits for mark in marks.values())


def remember(plan: engine.Plan, releases: Path) -> None:
    """Write down how a run was made, for the commands that come after it."""
    facts = {
        "assignment": plan.assignment,
        "release": str((releases / plan.assignment).resolve()),
        "gradebook": plan.url,
        "level": plan.reached.text,
        **facts_of(plan.release),
    }
    path = plan.out / ".grading" / f"{plan.assignment}.run.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    os.replace(fresh, path)


def facts_of(release: dict[str, Any]) -> dict[str, str]:
    """Say what marks rest on apart from hand-ins: assignment, checks, version."""
    checks = hashlib.sha256()
    for part in ("checks", "reference"):
        for path in sorted((PACKAGE / part).glob("*.py")):
            checks.update(path.name.encode() + path.read_bytes())
    text = json.dumps(release, sort_keys=True)
    return {
        "version": __version__,
        "checks": checks.hexdigest(),
        "release_digest": hashlib.sha256(text.encode()).hexdigest(),
    }


def load(
    folder: Path, assignment: str = "", *, out: Path | None = None, url: str = ""
) -> Finished:
    """Read what was graded.

    Parameters
    ----------
    folder : Path
        Of the hand-ins, or of the results.
    assignment : str
        Needed only where there are results of several.
    out, url
        As they were given to the run.

    Raises
    ------
    GradingError
        If nothing was graded there, or it does not say of what.
    """
    place = out or _place(folder)
    facts = _facts(place, assignment)
    name = str(facts["assignment"])
    release_path = Path(facts["release"]) / f"{name}.ipynb"
    if not release_path.is_file():
        raise GradingError(
            f"the released notebook is no longer at {release_path}; grade again with "
            f"`rnncourse grade {folder}`, which finds it anew"
        )
    url = url or str(facts["gradebook"])
    if url.startswith("sqlite:///") and not Path(url[10:]).exists():
        raise GradingError(f"the gradebook is no longer at {url[10:]}; name it by --db")
    with contextlib.closing(Journal(place / ".grading" / f"{name}.journal")) as journal:
        results = journal.merged()
    marks, penalties, names = _marks(url, name, [one.student for one in results])
    return Finished(
        assignment=name,
        out=place,
        url=url,
        release=engine.read_release(release_path),
        results=tuple(results),
        marks=marks,
        penalties=penalties,
        names=names,
        level=str(facts["level"]),
    )


def _place(folder: Path) -> Path:
    for place in (folder, engine.default_out(folder)):
        if (place / ".grading").is_dir():
            return place
    raise GradingError(
        f"nothing was graded in {folder} yet; run `rnncourse grade {folder}` first"
    )


def _facts(place: Path, assignment: str) -> dict[str, Any]:
    found = {
        path.name.removesuffix(".run.json"): path
        for path in sorted((place / ".grading").glob("*.run.json"))
    }
    if not found:
        raise GradingError(
            f"the run in {place} did not end; run `rnncourse grade` again, it goes on"
        )
    if assignment and assignment not in found:
        raise GradingError(
            f"{assignment} was not graded there; there are: {', '.join(found)}"
        )
    if not assignment and len(found) > 1:
        raise GradingError(
            f"several assignments were graded there ({', '.join(found)}); "
            "name one by --assignment"
        )
    path = found[assignment or next(iter(found))]
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return facts


def _marks(
    url: str, assignment: str, students: Sequence[str]
) -> tuple[
    dict[str, dict[str, Mark]],
    dict[str, float],
    dict[str, tuple[str, str, str, str]],
]:
    marks: dict[str, dict[str, Mark]] = {}
    penalties: dict[str, float] = {}
    names: dict[str, tuple[str, str, str, str]] = {}
    with gradebook.quiet(), gradebook.open_gradebook(url) as book:
        for submission in gradebook.submissions(book, assignment):
            person = submission.student
            if person.id not in students:
                continue
            names[person.id] = (
                person.first_name or "",
                person.last_name or "",
                person.email or "",
                person.lms_user_id or "",
            )
            penalties[person.id] = float(submission.late_submission_penalty or 0.0)
            marks[person.id] = {
                grade.name: Mark(
                    auto=grade.auto_score,
                    manual=grade.manual_score,
                    waits=bool(grade.needs_manual_grade),
                    out_of=float(grade.max_score),
                )
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
    return marks, penalties, names

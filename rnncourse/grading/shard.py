"""Grade one hand-in with nbgrader's own converter, in a course folder of its own."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq

from rnncourse.grading import gradebook
from rnncourse.grading.executor import Run, SandboxedExecute
from rnncourse.grading.host import Forks, prefix
from rnncourse.grading.intake import Refused, Submission, parse, rebuild
from rnncourse.grading.kernel import new_context
from rnncourse.grading.limits import Limits
from rnncourse.grading.result import Result, set_aside

LEARNER = "learner"  # the only one of a private course


@dataclass(frozen=True)
class Course:
    """What every hand-in of a run is graded with.

    Parameters
    ----------
    assignment : str
    release : dict
        The released notebook.
    source_files : tuple of (str, bytes)
        What the assignment brings along beside its notebook.
    template : Path
        A gradebook that knows the assignment and no learner.
    address : str
        Of the warm process.
    limits : Limits
    secret : bytes or None
        What the drawn inputs are derived from; None for those of home.
    """

    assignment: str
    release: dict[str, Any]
    source_files: tuple[tuple[str, bytes], ...]
    template: Path
    address: str
    limits: Limits
    secret: bytes | None


class Grader:
    """Grades hand-ins one after another, in this process.

    Parameters
    ----------
    course : Course
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        self.forks = Forks(course.address)
        self.context: zmq.Context[Any] = new_context(course.limits)
        self._base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

    def close(self) -> None:
        """Leave nothing behind."""
        self.forks.close()
        self.context.destroy(linger=0)

    def grade(self, submission: Submission) -> Result:
        """Grade one hand-in; one that cannot be is set aside with a sentence."""
        start = time.monotonic()
        try:
            if submission.trouble:
                raise Refused(submission.trouble)
            rebuilt = rebuild(parse(submission.notebook), self.course.release)
            notes = [*submission.notes, *rebuilt.notes]
            result = self._convert(submission, rebuilt.notebook, notes)
        except Refused as refused:
            result = set_aside(self.course.template, submission, str(refused))
        result.seconds = time.monotonic() - start
        return result

    def _convert(
        self, submission: Submission, notebook: dict[str, Any], notes: Sequence[str]
    ) -> Result:
        course = self.course
        folder = Path(tempfile.mkdtemp(prefix=prefix("shard"), dir=self._base))
        try:
            handed_in = folder / "submitted" / LEARNER / course.assignment
            handed_in.mkdir(parents=True)
            name = f"{course.assignment}.ipynb"
            (handed_in / name).write_text(json.dumps(notebook), encoding="utf-8")
            (folder / "source" / course.assignment).mkdir(parents=True)
            database = folder / "gradebook.db"
            shutil.copyfile(course.template, database)
            # What came along is there for the cells, the instructor's files first.
            files = {**dict(submission.files), **dict(course.source_files)}
            run = Run(
                forks=self.forks,
                limits=course.limits,
                context=self.context,
                files=tuple(files.items()),
                secret=course.secret,
                key=hashlib.sha256(submission.notebook).hexdigest(),
            )
            problem = _autograde(folder, course.assignment, run)
            graded = folder / "autograded" / LEARNER / course.assignment / name
            if problem or not graded.exists():
                why = f"the converter stopped ({problem or 'no notebook'})."
                return set_aside(course.template, submission, why)
            text = graded.read_text(encoding="utf-8")
            return Result(
                student=submission.student,
                digest=submission.digest,
                rows=gradebook.read_rows(database),
                notebook=_with_notes(text, notes),
                notes=list(notes),
                flags=list(dict.fromkeys(run.flags)),
                mistakes=run.mistakes,
                findings=run.findings,
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _autograde(folder: Path, assignment: str, run: Run) -> str:
    """Run nbgrader's Autograde; return what it raised, or ""."""
    from nbconvert.preprocessors import ClearMetadataPreprocessor
    from nbgrader.converters import Autograde
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import (
        AssignLatePenalties,
        LimitOutput,
        SaveAutoGrades,
    )
    from traitlets.config import Config

    settings = Config()
    settings.CourseDirectory.root = str(folder)
    settings.CourseDirectory.db_url = gradebook.sqlite_url(folder / "gradebook.db")
    settings.CourseDirectory.assignment_id = assignment
    settings.CourseDirectory.student_id = LEARNER
    # The notebook was rebuilt on the release, so what nbgrader would put right or
    # refuse is right already; its checks cost as much as the learner's cells.
    settings.Autograde.sanitize_preprocessors = []
    settings.Autograde.autograde_preprocessors = [
        SandboxedExecute,
        ClearMetadataPreprocessor,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
    ]
    log = logging.getLogger("rnncourse.grading.nbgrader")
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    course = CourseDirectory(config=settings)
    SandboxedExecute.current = run
    try:
        with gradebook.quiet():
            Autograde(coursedir=course, config=settings, log=log).start()
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    finally:
        SandboxedExecute.current = None
    return ""


def _with_notes(text: str, notes: Sequence[str]) -> str:
    """Tell the learner what was put right, at the top of the graded notebook."""
    if not notes:
        return text
    notebook = json.loads(text)
    lines = ["**What was put right in this hand-in**", "", *(f"- {n}" for n in notes)]
    cell = {
        "cell_type": "markdown",
        "id": "put-right",
        "metadata": {},
        "source": "\n".join(lines),
    }
    notebook["cells"].insert(0, cell)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"

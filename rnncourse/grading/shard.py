"""Grade one hand-in: rebuild it, run it, read its scores."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import zmq

from rnncourse.checks import Mistake, variants
from rnncourse.checks.judge import (
    ANOTHERS_NUMBERS,
    OTHER_NAMES_NUMBERS,
    TEXTS_NUMBERS,
)
from rnncourse.checks.variants import Owner
from rnncourse.grading import faults, scores
from rnncourse.grading.executor import Notebook, Run
from rnncourse.grading.host import Forks, HostError, libraries_in
from rnncourse.grading.intake import Refused, Submission, parse, rebuild
from rnncourse.grading.kernel import KernelTrouble, boots, new_context
from rnncourse.grading.limits import Limits
from rnncourse.grading.result import Result, set_aside, stamped

READY = "ready"


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
    warm : tuple of (frozenset of str, str)
        The addresses of the warm processes, and the libraries each has loaded.
    limits : Limits
    secret : bytes or None
        What the drawn inputs are derived from; None for those of home.
    students : tuple of str
        All who handed in, where everybody has numbers of their own.
    """

    assignment: str
    release: dict[str, Any]
    source_files: tuple[tuple[str, bytes], ...]
    warm: tuple[tuple[frozenset[str], str], ...]
    limits: Limits
    secret: bytes | None
    students: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """What the numbers of this course are made of; "" for those of the text."""
        return variants.stated(self.release).word


class Grader:
    """Grades hand-ins one after another, in this process.

    Parameters
    ----------
    course : Course
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        self.forks = [(has, Forks(address)) for has, address in course.warm]
        self.context: zmq.Context[Any] = new_context(course.limits)

    def close(self) -> None:
        """Leave nothing behind."""
        for _, forks in self.forks:
            forks.close()
        self.context.destroy(linger=0)

    def rehearse(self) -> str:
        """Start one kernel before the first hand-in; say what failed, or READY."""
        return boots(self.forks[0][1], self.course.limits, self.context) or READY

    def grade(self, submission: Submission) -> Result:
        """Grade one hand-in; one that cannot be is set aside with a sentence."""
        start = time.monotonic()
        faults.at("worker begin")
        try:
            if submission.trouble:
                raise Refused(submission.trouble)
            handed_in = parse(submission.notebook)
            rebuilt = rebuild(handed_in, self.course.release)
            notes = [*submission.notes, *rebuilt.notes]
            name = variants.stated(handed_in).name
            result = self._run(submission, rebuilt.notebook, notes, name)
        except Refused as refused:
            result = self._set_aside(submission, str(refused))
        except (HostError, KernelTrouble, OSError, MemoryError, zmq.ZMQError) as error:
            words = f"{type(error).__name__}: {error}"[:300]
            why = f"this machine could not run it ({words}); a next start tries again."
            result = self._set_aside(submission, why)
            result.again = True
        except Exception as error:  # one hand-in never stops the others
            words = f"{type(error).__name__}: {error}"[:300]
            result = self._set_aside(submission, f"grading it stopped ({words}).")
        faults.at("worker ran")
        result.seconds = time.monotonic() - start
        return result

    def _set_aside(self, submission: Submission, why: str) -> Result:
        return set_aside(self.course.release, self.course.assignment, submission, why)

    def _forks_for(self, notebook: bytes) -> Forks:
        """Choose the warm process that has what a notebook names, or most of it."""
        named = libraries_in(notebook)
        return max(self.forks, key=lambda one: len(one[0] & named))[1]

    def _others(self, owner: Owner, name: str) -> Iterator[tuple[Mistake, Owner]]:
        """Say whose numbers an answer may be about that is wrong for its owner's."""
        mine = variants.plain_name(owner.name)
        yield TEXTS_NUMBERS, variants.NOBODY
        class_ = {variants.plain_name(one) for one in self.course.students} - {mine}
        stated = variants.plain_name(name)
        if stated and stated != mine and stated not in class_:
            yield OTHER_NAMES_NUMBERS, Owner(owner.word, stated)
        for one in sorted(class_):
            yield ANOTHERS_NUMBERS, Owner(owner.word, one)

    def _run(
        self,
        submission: Submission,
        notebook: dict[str, Any],
        notes: Sequence[str],
        name: str,
    ) -> Result:
        course = self.course
        owner = Owner(course.word, submission.student)
        # What came along is there for the cells, the instructor's files first.
        files = {**dict(submission.files), **dict(course.source_files)}
        run = Run(
            forks=self._forks_for(submission.notebook),
            limits=course.limits,
            context=self.context,
            files=tuple(files.items()),
            secret=course.secret,
            key=hashlib.sha256(submission.notebook).hexdigest(),
            owner=owner,
            others=tuple(self._others(owner, name)) if owner else (),
        )
        Notebook(run, notebook).execute()
        scores.limit_lines(notebook)
        return Result(
            student=submission.student,
            digest=submission.digest,
            rows=stamped(scores.rows_of(notebook, course.assignment), submission),
            notebook=scores.written(_with_notes(notebook, notes)),
            notes=list(notes),
            flags=list(dict.fromkeys(run.flags)),
            mistakes=run.mistakes,
            findings=run.findings,
        )


def _with_notes(notebook: dict[str, Any], notes: Sequence[str]) -> dict[str, Any]:
    """Tell the learner what was put right, at the top of the graded notebook."""
    if not notes:
        return notebook
    lines = ["**What was put right in this hand-in**", "", *(f"- {n}" for n in notes)]
    cell = {
        "cell_type": "markdown",
        "id": "put-right",
        "metadata": {},
        "source": "\n".join(lines),
    }
    return {**notebook, "cells": [cell, *notebook["cells"]]}

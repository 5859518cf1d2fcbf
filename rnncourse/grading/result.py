"""What came of one hand-in, as plain data."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from rnncourse.grading.intake import Submission
from rnncourse.grading.scores import Rows, attention_rows

ATTENTION = "Needs attention: {} It was not graded; a person looks at it."


@dataclass
class Result:
    """What came of one hand-in: the same bytes wherever it was graded.

    Parameters
    ----------
    student, digest : str
    rows : dict
        For the gradebook.
    notebook : str
        The graded notebook, or "".
    trouble : str
        Why it was set aside, or "".
    notes : list of str
        What the learner is told: repairs.
    flags : list of str
        What the instructor is told.
    mistakes : dict
        The mistakes that were named, by graded cell.
    findings : dict
        What was found, by graded cell: for each case its ``says``, ``kind``,
        ``weight``, ``credit``, ``message`` and ``mistake``.
    again : bool
        The machine failed, not the hand-in: a next start tries once more.
    seconds : float
        Left out of comparisons.
    """

    student: str
    digest: str
    rows: Rows
    notebook: str = ""
    trouble: str = ""
    notes: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    mistakes: dict[str, list[str]] = field(default_factory=dict)
    findings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    again: bool = False
    seconds: float = field(default=0.0, compare=False)

    def to_json(self) -> str:
        """Write it."""
        return json.dumps(vars(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read it."""
        return cls(**json.loads(text))

    @property
    def points(self) -> float:
        """What the checks gave."""
        return sum(row["auto_score"] or 0.0 for row in self.rows["grades"])


def stamped(rows: Rows, submission: Submission) -> Rows:
    """Add when the hand-in came: nbgrader compares that with the due date."""
    return {**rows, "submissions": [{"timestamp": submission.stamp}]}


def set_aside(
    release: dict[str, Any], assignment: str, submission: Submission, why: str
) -> Result:
    """Give the result of a hand-in that a person must look at: never a silent 0."""
    sentence = ATTENTION.format(why[:1].upper() + why[1:])
    return Result(
        student=submission.student,
        digest=submission.digest,
        rows=stamped(attention_rows(release, assignment, sentence), submission),
        trouble=why,
        notes=[sentence],
    )

"""Marks as the files that learning platforms import.

Each format follows what the importer reads, not what a page about it says; where that
is public, it is named beside the format. Text that a spreadsheet would take for a
formula is quoted (OWASP, "CSV injection": a leading = + - @, tab or carriage return).
Who waits for a person is left out and named, since an import overwrites what is there.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rnncourse.checks import all_checks
from rnncourse.grading.conversation import check_of
from rnncourse.grading.engine import GradingError
from rnncourse.grading.history import Finished
from rnncourse.grading.result import Result

FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
ILIAS_TITLES = ["update", "usr_id", "login", "lastname", "firstname", "status", "mark"]
ILIAS_TITLES += ["notice", "comment", "plagiarism", "plag_comment"]
NUMBER = re.compile(r"-?\d+(\.\d+)?")
MOODLE_MOST = 100  # unless the site allows more: gradepointmax
# Column names that Canvas takes for its own totals and skips.
CANVAS_OWN = re.compile(
    "(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)"
)


@dataclass
class Exported:
    """Files by name, and what the teacher must know."""

    files: dict[str, bytes] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Options:
    """What a format may need to be told.

    Parameters
    ----------
    column : str
        The heading of the column as the platform has it, its id included.
    pass_at : float
        Share of the points from which ILIAS is told "passed".
    provisional : bool
        Take those who wait for a person with the points they have.
    now : str
        The time to state; by default the present.
    """

    column: str = ""
    pass_at: float = 0.5
    provisional: bool = False
    now: str = ""


def export(finished: Finished, format: str, options: Options | None = None) -> Exported:
    """Make the files of a format.

    Raises
    ------
    GradingError
        If the format cannot hold what was graded.
    """
    made = Exported()
    FORMATS[format](finished, options or Options(), made)
    return made


def safe(text: str) -> str:
    """Quote what a spreadsheet would run, and leave numbers and a lone dash alone."""
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    if text == "-" or NUMBER.fullmatch(text):
        return text
    return f"'{text}" if FORMULA.match(text) else text


def points(value: float) -> str:
    """Write points with at most two decimals and a point, in every locale."""
    return f"{round(value + 0.0, 2):g}"


def _table(rows: list[list[str]], *, quote_all: bool = False) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(  # lines as in RFC 4180
        stream,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
        lineterminator="\r\n",
    )
    writer.writerows([[safe(cell) for cell in row] for row in rows])
    return stream.getvalue().encode("utf-8", "replace")


def _ready(
    finished: Finished, options: Options, made: Exported
) -> Iterator[tuple[Result, float]]:
    """Give those whose points can be imported; name the others."""
    for result in finished.results:
        student = result.student
        if result.trouble:
            made.warnings.append(f"{student} is left out: {result.trouble}")
        elif not finished.complete(student) and not options.provisional:
            made.warnings.append(
                f"{student} is left out: an answer waits for a person "
                "(--provisional takes the points so far)"
            )
        else:
            if safe(student) != student:
                made.warnings.append(
                    f"{student} begins with a sign that spreadsheets run; it was "
                    "quoted, so the platform will not find it"
                )
            yield result, finished.score(student)


def _some(students: list[str]) -> str:
    shown = ", ".join(students[:6])
    rest = f" and {len(students) - 6} more" if len(students) > 6 else ""
    return f"{shown}{rest} {'is' if len(students) == 1 else 'are'}"


def _told(finished: Finished, result: Result) -> str:
    """Say in one line what was missed, as a comment for the platform."""
    missed = []
    for cell in finished.cells:
        if mistakes := result.mistakes.get(cell):
            task = cell.removesuffix("-check")
            missed.append(f"{task}: {', '.join(mistakes).replace('-', ' ')}")
    return "; ".join(missed)


# -- formats -----------------------------------------------------------------------


def _csv(finished: Finished, options: Options, made: Exported) -> None:
    """Write everything, for a spreadsheet: each task a column, nobody left out."""
    head = ["student", "last_name", "first_name", "email", "assignment", "state"]
    rows = [[*head, *finished.cells, "late_penalty", "score", "max_score"]]
    for result in finished.results:
        student = result.student
        first, last, email, _ = finished.names.get(student, ("", "", "", ""))
        marks = finished.marks.get(student, {})
        state = "complete" if finished.complete(student) else "waits for a person"
        given = [
            marks[name].score if name in marks else None for name in finished.cells
        ]
        scores = ["" if score is None else points(score) for score in given]
        rows.append(
            [
                *(student, last, first, email, finished.assignment),
                "needs attention" if result.trouble else state,
                *scores,
                points(finished.penalties.get(student, 0.0)),
                "" if result.trouble else points(finished.score(student)),
                points(finished.out_of),
            ]
        )
    made.files[f"{finished.assignment}.csv"] = _table(rows)


def _moodle(finished: Finished, options: Options, made: Exported) -> None:
    """Write for Moodle's "Import, CSV file".

    grade/import/csv/classes/load_data.php maps a column to username, email or ID
    number, skips a row whose field is blank, reads numbers in any locale, and takes
    "-" for no grade. docs.moodle.org/en/Grade_import: map grade and feedback both, or
    the grades are lost.
    """
    if finished.out_of > MOODLE_MOST:
        made.warnings.append(
            f"the task has {points(finished.out_of)} points; Moodle takes more than "
            f"{MOODLE_MOST} only where the site's gradepointmax is raised"
        )
    name = options.column or finished.title
    rows = [["Username", "Email address", name, f"{name} (Feedback)"]]
    for result, score in _ready(finished, options, made):
        email = finished.names.get(result.student, ("", "", "", ""))[2]
        told = _told(finished, result)
        rows.append([result.student, email, points(score), told])
    made.files[f"{finished.assignment}-moodle.csv"] = _table(rows)


def _canvas(finished: Finished, options: Options, made: Exported) -> None:
    """Write for Canvas's gradebook import.

    lib/gradebook_importer.rb of instructure/canvas-lms: the header is Student, ID,
    SIS User ID, SIS Login ID, Section and then assignments, one of them named as
    "TITLE (ID)" to be found by its id; a row whose first field has "Points Possible"
    gives the maximum; people are found by ID, then by SIS ids, then by name; a blank
    grade clears the one that is there.
    """
    name = options.column or finished.title
    if CANVAS_OWN.search(name):
        raise GradingError(f"Canvas skips a column named “{name}”; give --column")
    if not re.search(r"\(\d+\)$", name):
        made.warnings.append(
            f"Canvas will make a new assignment “{name}”; for one that is there give "
            'its heading from an exported gradebook, --column "TITLE (ID)"'
        )
    known = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    rows = [[*known, name]]
    rows.append(["    Points Possible", "", "", "", "", points(finished.out_of)])
    for result, score in _ready(finished, options, made):
        first, last, _, number = finished.names.get(result.student, ("", "", "", ""))
        person = f"{last}, {first}" if last and first else last or first
        number = number if number.isdigit() else ""
        rows.append(
            [person or result.student, number, "", result.student, "", points(score)]
        )
    made.files[f"{finished.assignment}-canvas.csv"] = _table(rows)


def _blackboard(finished: Finished, options: Options, made: Exported) -> None:
    """Write for Blackboard's "Work offline, upload grades".

    Its help ("Uploading or downloading Grade Center items"): a header row, people by
    Username, a column by the id in its heading ("… |12345"), each field of a comma
    file in quotation marks; a column without id becomes a new text column.
    """
    name = options.column or finished.title
    if not re.search(r"\|\d+$", name):
        made.warnings.append(
            f"Blackboard will make a new text column “{name}”; for one that is there "
            'give its heading from a download, --column "TITLE |ID"'
        )
    rows = [["Last Name", "First Name", "Username", name]]
    for result, score in _ready(finished, options, made):
        first, last, _, _ = finished.names.get(result.student, ("", "", "", ""))
        rows.append([last, first, result.student, points(score)])
    made.files[f"{finished.assignment}-blackboard.csv"] = _table(rows, quote_all=True)


def _ilias(finished: Finished, options: Options, made: Exported) -> None:
    """Write status.csv for ILIAS with the plugin ExerciseStatusFile.

    class.ilPluginExAssignmentStatusFile.php of ilifau/ExerciseStatusFile: exactly
    these titles in this order; a row counts where update is 1 and usr_id is a number
    of a member; status is notgraded, passed or failed.
    """
    rows, unknown = [ILIAS_TITLES], []
    for result, score in _ready(finished, options, made):
        first, last, _, number = finished.names.get(result.student, ("", "", "", ""))
        if not number.isdigit():
            unknown.append(result.student)
            continue
        passed = score >= options.pass_at * finished.out_of
        state = "passed" if passed else "failed"
        if not finished.complete(result.student):
            state = "notgraded"
        told = _told(finished, result)
        rows.append(
            ["1", number, result.student, last, first]
            + [state, points(score), "", told, "", ""]
        )
    if unknown:
        made.warnings.append(
            f"{_some(unknown)} left out: ILIAS finds people by usr_id; put it into the "
            "gradebook (nbgrader db student add NAME --lms-user-id NUMBER)"
        )
    made.files["status.csv"] = _table(rows)


def _gradescope(finished: Finished, options: Options, made: Exported) -> None:
    """Write a results.json for each learner, as a Gradescope autograder leaves it.

    gradescope-autograders.readthedocs.io/en/latest/specs: score in all, and a list of
    tests with score, max_score, status, name, number, output and output_format.
    """
    titles = _titles(finished)
    for result, score in _ready(finished, options, made):
        marks = finished.marks.get(result.student, {})
        tests = []
        for number, name in enumerate(finished.cells, start=1):
            mark = marks.get(name)
            if mark is None:
                continue
            given = mark.score or 0.0
            tests.append(
                {
                    "score": round(given, 2),
                    "max_score": mark.out_of,
                    "status": "passed" if given >= mark.out_of else "failed",
                    "name": titles[name],
                    "number": str(number),
                    "output": _output(result, name),
                    "output_format": "text",
                    "visibility": "visible",
                }
            )
        notes = "\n".join(result.notes)
        content = {
            "score": round(score, 2),
            "output": notes or finished.title,
            "output_format": "text",
            "visibility": "after_published",
            "stdout_visibility": "hidden",
            "tests": tests,
        }
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        name = f"gradescope/{result.student}/results.json"
        made.files[name] = text.encode("utf-8", "replace")


def _lti(finished: Finished, options: Options, made: Exported) -> None:
    """Write the line item and the scores of LTI 1.3's Assignment and Grade Services.

    www.imsglobal.org/spec/lti-ags/v2p0: a score is posted to LINEITEM/scores as
    application/vnd.ims.lis.v1.score+json with userId, timestamp (with a time zone and
    below a second), activityProgress and gradingProgress; scoreMaximum stands wherever
    scoreGiven does; without scoreGiven the platform clears the score.
    """
    stamp = options.now or datetime.now(UTC).isoformat(timespec="milliseconds")
    scores, unknown = [], []
    for result, score in _ready(finished, options, made):
        known = finished.names.get(result.student, ("", "", "", ""))[3]
        if not known:
            unknown.append(result.student)
        complete = finished.complete(result.student)
        scores.append(
            {
                "userId": known or result.student,
                "scoreGiven": round(score, 2),
                "scoreMaximum": finished.out_of,
                "comment": _told(finished, result),
                "timestamp": stamp,
                "activityProgress": "Completed",
                "gradingProgress": "FullyGraded" if complete else "PendingManual",
            }
        )
    if unknown:
        made.warnings.append(
            f"{_some(unknown)} in by name: a platform knows people by the sub of their "
            "launch; put it into the gradebook (nbgrader db student add NAME "
            "--lms-user-id SUB)"
        )
    content = {
        "lineitem": {
            "label": options.column or finished.title,
            "scoreMaximum": finished.out_of,
            "resourceId": finished.assignment,
        },
        "scores": scores,
    }
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    made.files[f"{finished.assignment}-lti-ags.json"] = text.encode("utf-8", "replace")


def _titles(finished: Finished) -> dict[str, str]:
    known = all_checks()
    titles = {}
    for cell in finished.release["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade"):
            check = known.get(check_of(cell["source"]))
            titles[marks["grade_id"]] = check.title if check else marks["grade_id"]
    return titles


def _output(result: Result, name: str) -> str:
    lines = []
    for found in result.findings.get(name, []):
        sign = "Right" if found["credit"] == 1 else "Not yet"
        message = f". {found['message']}" if found["message"] else "."
        lines.append(f"{sign}: {found['says']}{message}")
    return "\n".join(lines) or "Not answered, or not right yet."


FORMATS: dict[str, Callable[[Finished, Options, Exported], None]] = {
    "csv": _csv,
    "moodle": _moodle,
    "canvas": _canvas,
    "blackboard": _blackboard,
    "ilias": _ilias,
    "gradescope": _gradescope,
    "lti-ags": _lti,
}

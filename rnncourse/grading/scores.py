"""What nbgrader would write of a graded notebook, without its converter.

The rules are those of nbgrader's ``SaveAutoGrades`` and ``LimitOutput`` and the form is
that of nbformat: a test runs those on the same notebooks and compares every row and
every byte. Read here they cost a few milliseconds; by nbgrader's converter, which opens
a gradebook seven times for one hand-in and validates the notebook at every step, they
cost more than running the learner's cells, and a worker would need all its imports.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from json.encoder import encode_basestring as _quoted
from typing import Any

Notebook = dict[str, Any]
Cell = dict[str, Any]
Rows = dict[str, list[dict[str, Any]]]

MAX_LINES = 1000  # of printed output of one cell, as LimitOutput has it
TRUNCATED = "... Output truncated ..."
NO_RESPONSE = "No response."


def new_output(kind: str, **given: Any) -> dict[str, Any]:
    """Make an output of a cell in the form of nbformat."""
    usual: dict[str, dict[str, Any]] = {
        "stream": {"name": "stdout", "text": ""},
        "display_data": {"metadata": {}, "data": {}},
        "execute_result": {"metadata": {}, "data": {}, "execution_count": None},
        "error": {"ename": "", "evalue": "", "traceback": []},
    }
    return {"output_type": kind, **usual[kind], **given}


def marks_of(cell: Cell) -> dict[str, Any]:
    """Give what nbgrader has marked a cell with."""
    marks: dict[str, Any] = cell["metadata"].get("nbgrader", {})
    return marks


def checksum(cell: Cell) -> str:
    """Compute what tells nbgrader whether an answer was changed."""
    marks = marks_of(cell)
    grade, solution = marks.get("grade", False), marks.get("solution", False)
    locked = not solution and (bool(grade) or marks.get("locked", False))
    parts = [cell["source"], cell["cell_type"], str(grade), str(solution), str(locked)]
    parts.append(marks["grade_id"])
    if grade:
        parts.append(str(float(marks["points"])))
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


def score(cell: Cell) -> float | None:
    """Read the score off a graded cell; None is for a person to give.

    An error or something on the error stream is no credit, a number is that much,
    anything else is full credit.
    """
    marks = marks_of(cell)
    most = float(marks["points"])
    if marks.get("solution"):
        return 0.0 if marks.get("checksum") == checksum(cell) else None
    if cell["cell_type"] != "code":
        return None
    for output in cell["outputs"]:
        kind = output["output_type"]
        if kind == "error" or (kind == "stream" and output["name"] == "stderr"):
            return 0.0
        if kind == "execute_result":
            return _credit(output["data"].get("text/plain", ""), most)
    return most


def _credit(shown: str, most: float) -> float | None:
    """Read a cell's value as credit; where nbgrader would stop, a person looks."""
    if not shown:
        return None
    try:
        credit = float(shown)
    except ValueError:
        return most
    if credit > most:
        return None
    return credit if credit >= 0 else most


def rows_of(notebook: Notebook, assignment: str) -> Rows:
    """Give the rows of a graded notebook for the gradebook."""
    grades, comments = [], []
    for cell in notebook["cells"]:
        marks = marks_of(cell)
        row = {"notebook": assignment, "cell": str(marks.get("grade_id", ""))}
        if marks.get("grade"):
            credit = score(cell)
            by_hand = int(credit is None)
            grades.append({**row, "auto_score": credit, "needs_manual_grade": by_hand})
        if marks.get("task"):
            grades.append({**row, "auto_score": None, "needs_manual_grade": 0})
            comments.append({**row, "auto_comment": None})
        elif marks.get("solution"):
            untouched = marks.get("checksum") == checksum(cell)
            said = NO_RESPONSE if untouched else None
            comments.append({**row, "auto_comment": said})
    return _rows(assignment, grades, comments)


def attention_rows(release: Notebook, assignment: str, sentence: str) -> Rows:
    """Give the rows of a hand-in that a person must look at: no score, the reason."""
    grades, comments = [], []
    for cell in release["cells"]:
        marks = marks_of(cell)
        row = {"notebook": assignment, "cell": str(marks.get("grade_id", ""))}
        if marks.get("grade"):
            grades.append({**row, "auto_score": None, "needs_manual_grade": 1})
        if marks.get("solution"):
            comments.append({**row, "auto_comment": sentence})
    rows = _rows(assignment, grades, comments)
    return {**rows, "notebooks": [], "comments": rows["comments"][:1]}


def _rows(
    assignment: str, grades: list[dict[str, Any]], comments: list[dict[str, Any]]
) -> Rows:
    return {
        "submissions": [{"timestamp": None}],
        "notebooks": [{"notebook": assignment, "late_submission_penalty": None}],
        "grades": sorted(grades, key=lambda row: str(row["cell"])),
        "comments": sorted(comments, key=lambda row: str(row["cell"])),
    }


def limit_lines(notebook: Notebook) -> None:
    """Shorten what cells printed, where it is more than anybody reads."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = list(_limited(cell["outputs"]))


def _limited(outputs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    length = 0
    for output in outputs:
        if output["output_type"] == "stream":
            if length == MAX_LINES:
                continue
            lines = output["text"].split("\n")
            if len(lines) + length > MAX_LINES:
                lines = [*lines[: MAX_LINES - length - 1], TRUNCATED]
            length += len(lines)
            output["text"] = "\n".join(lines)
        yield output


def written(notebook: Notebook) -> str:
    """Write a notebook as nbformat does, texts as lists of lines."""
    made = copy.copy(notebook)
    made["cells"] = [_split(cell) for cell in notebook["cells"]]
    return _json(made, "\n") + "\n"


def _json(value: Any, line: str) -> str:
    """Write JSON as ``dumps`` does with an indent of 1 and sorted keys.

    ``dumps`` has its fast part only for what has no indent; without it, writing a
    notebook takes as long as looking at all its answers.
    """
    if isinstance(value, str):
        return _quoted(value)
    deeper = line + " "
    if isinstance(value, dict) and value:
        pairs = [f"{_quoted(k)}: {_json(value[k], deeper)}" for k in sorted(value)]
        return "{" + deeper + f",{deeper}".join(pairs) + line + "}"
    if isinstance(value, list) and value:
        items = [_json(item, deeper) for item in value]
        return "[" + deeper + f",{deeper}".join(items) + line + "]"
    return json.dumps(value)


def _split(cell: Cell) -> Cell:
    cell = {**cell, "source": cell["source"].splitlines(True)}
    if cell["cell_type"] == "code":
        cell["outputs"] = [_split_output(output) for output in cell["outputs"]]
    return cell


def _split_output(output: dict[str, Any]) -> dict[str, Any]:
    if output["output_type"] == "stream":
        return {**output, "text": output["text"].splitlines(True)}
    if "data" in output:
        data = {
            kind: text.splitlines(True) if kind.startswith("text/") else text
            for kind, text in output["data"].items()
        }
        return {**output, "data": data}
    return output

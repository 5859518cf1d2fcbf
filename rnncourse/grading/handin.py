"""What a learner runs before handing in: check, put right, and write one file.

Nothing leaves the machine, and nothing is needed from another. The same steps that
the grader takes put a damaged notebook right here, where its owner can look at it;
then the visible checks run; then one notebook is written, and beside it a receipt
that says what was in it and when. It works on Windows and macOS too. In Colab, where
the notebook is not a file of the machine, call :func:`from_colab` in a cell.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rnncourse import __version__
from rnncourse.checks import all_checks, check_notebook, variants
from rnncourse.checks.notebook import Report
from rnncourse.grading import intake

CLONE = Path(__file__).resolve().parent.parent.parent
# Names that Windows keeps for devices, with any ending.
RESERVED = {"con", "prn", "aux", "nul"} | {
    f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10)
}


class NotHandedIn(ValueError):
    """A notebook that cannot be handed in; the message says what to do."""


@dataclass(frozen=True)
class HandIn:
    """What was written, and what its owner is told.

    Parameters
    ----------
    path, receipt : Path
    sha256 : str
        Of the file, as the receipt has it.
    assignment : str
    notes : tuple of str
        What was put right, or what the grader will put right.
    report : Report or None
        Of the visible checks; None if they were not run.
    """

    path: Path
    receipt: Path
    sha256: str
    assignment: str
    notes: tuple[str, ...]
    report: Report | None

    @property
    def complete(self) -> bool:
        """Whether nothing was damaged and no point is missing."""
        right = self.report is None or self.report.complete
        return right and not self.notes

    @property
    def text(self) -> str:
        """What to print."""
        lines = [self.report.text, ""] if self.report else []
        if self.notes:
            lines += ["What was put right, please look at it:"]
            lines += [f"  {note}" for note in self.notes] + [""]
        lines += [
            f"Hand in this file: {self.path}",
            f"Keep this receipt: {self.receipt}",
            f"  sha256 {self.sha256}",
        ]
        return "\n".join(lines)


def hand_in(
    path: Path,
    *,
    to: Path | None = None,
    name: str = "",
    check: bool = True,
    release: Path | None = None,
    time_limit: int = 120,
    now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
) -> HandIn:
    """Check a notebook, put it right, and write the file to hand in.

    Parameters
    ----------
    path : Path
        The notebook; it is never changed.
    to : Path, optional
        A folder; by default ``handin`` beside the notebook.
    name : str
        Whose it is; then the file is named ``NAME__ASSIGNMENT.ipynb``.
    check : bool
        Run the visible checks.
    release : Path, optional
        The notebook as it was handed out; found by itself in a clone of the course.
    time_limit : int
        Seconds for one cell.

    Raises
    ------
    NotHandedIn
        If there is nothing to hand in.
    """
    try:
        data = intake.read_regular(path, intake.MAX_NOTEBOOK)
        notebook = intake.parse(data)
    except intake.Refused as refused:
        raise NotHandedIn(
            f"{path} cannot be handed in: {refused} Open it in Jupyter, save it there, "
            "and try again; if it does not open, go back to the last copy that does."
        ) from None
    return _hand_in(
        notebook,
        beside=path.resolve().parent,
        to=to or path.resolve().parent / "handin",
        name=name,
        check=check,
        release=release,
        time_limit=time_limit,
        now=now,
    )


def _hand_in(
    notebook: dict[str, Any],
    *,
    beside: Path,
    to: Path,
    name: str,
    check: bool,
    release: Path | None,
    time_limit: int,
    now: Callable[[], datetime],
) -> HandIn:
    assignment = assignment_of(notebook)
    found = release or find_release(assignment)
    if found is not None:
        trusted = json.loads(found.read_text(encoding="utf-8"))
        for cell in trusted["cells"]:
            cell["source"] = "".join(cell["source"])
        try:
            rebuilt = intake.rebuild(notebook, trusted)
        except intake.Refused as refused:
            raise NotHandedIn(f"this cannot be handed in: {refused}") from None
        notebook, notes = rebuilt.notebook, rebuilt.notes
    else:
        notes = explain(notebook, assignment)
        notebook = _stripped(notebook)
    notes += _whose(notebook, name)
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    report = _check(text, beside, assignment, time_limit) if check else None
    stem = f"{plain_name(name)}__{assignment}" if name else assignment
    to.mkdir(parents=True, exist_ok=True)
    path, receipt = to / f"{stem}.ipynb", to / f"{stem}-receipt.txt"
    data = text.encode("utf-8", "replace")
    digest = hashlib.sha256(data).hexdigest()
    _write(path, data)
    _write(receipt, _receipt(path, digest, assignment, report, now()).encode())
    return HandIn(path, receipt, digest, assignment, tuple(notes), report)


def _whose(notebook: dict[str, Any], name: str) -> list[str]:
    """Say what is odd about the name in the cell that names course and learner."""
    owner = variants.stated(notebook)
    if not owner.word:
        return []
    if not owner:
        return [
            "In this course everybody has numbers of their own, and the cell "
            f"“{variants.CELL}” has no name: put yours there, and look at your numbers."
        ]
    if name and variants.plain_name(name) != variants.plain_name(owner.name):
        return [
            f"The cell “{variants.CELL}” has the numbers of “{owner.name}”; handed in "
            f"as “{name}”, this is judged by the numbers of that name."
        ]
    return []


def assignment_of(notebook: dict[str, Any]) -> str:
    """Say of which assignment a notebook is, by the checks that it names.

    Raises
    ------
    NotHandedIn
        If it names none.
    """
    votes: Counter[str] = Counter()
    text = json.dumps(notebook.get("cells"))
    for check in all_checks().values():
        if f'"{check.name}-check"' in text or f'check(\\"{check.name}\\"' in text:
            votes[check.assignment] += 1
    if not votes:
        raise NotHandedIn(
            "there is no task of this course in the notebook; is it the right file?"
        )
    return votes.most_common(1)[0][0]


def find_release(assignment: str) -> Path | None:
    """Find the notebook as it was handed out, in a clone of the course."""
    path = CLONE / "exercises" / assignment / f"{assignment}.ipynb"
    return path if path.is_file() else None


def explain(notebook: dict[str, Any], assignment: str) -> list[str]:
    """Say what is damaged, where the released notebook is not at hand."""
    seen: Counter[str] = Counter()
    for cell in notebook["cells"]:
        marks = cell.get("metadata", {}) if isinstance(cell, dict) else {}
        marks = marks.get("nbgrader") if isinstance(marks, dict) else None
        if isinstance(marks, dict):
            seen[str(marks.get("grade_id"))] += 1
    notes = []
    for check in all_checks().values():
        if check.assignment != assignment:
            continue
        for name, what in ((check.name, "answer"), (f"{check.name}-check", "cell")):
            if not seen[name]:
                notes.append(
                    f"The {what} “{name}” is missing; the grader puts the cell back, "
                    "an answer cannot be put back. Copy it from an earlier version."
                )
            elif seen[name] > 1:
                notes.append(
                    f"The {what} “{name}” is there {seen[name]} times; delete the "
                    "copies you do not mean."
                )
    return notes


def _stripped(notebook: dict[str, Any]) -> dict[str, Any]:
    cells = []
    for cell in notebook["cells"]:
        if not isinstance(cell, dict):
            continue
        kept = dict(cell)
        if kept.get("cell_type") == "code":
            kept |= {"outputs": [], "execution_count": None}
        cells.append(kept)
    return {**notebook, "cells": cells}


def _check(text: str, beside: Path, assignment: str, time_limit: int) -> Report:
    """Run the visible checks on what is handed in, where its own files are."""
    for folder in (beside, Path(tempfile.gettempdir())):
        try:
            handle, name = tempfile.mkstemp(".ipynb", ".handin-", folder)
        except OSError:
            continue
        break
    else:
        raise NotHandedIn("there is no folder to write to; make some room")
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        report = check_notebook(path, time_limit=time_limit)
    finally:
        path.unlink(missing_ok=True)
    return Report(Path(f"{assignment}.ipynb"), report.cells)


def plain_name(text: str) -> str:
    """Make a name that every file system takes and the grader reads."""
    name = re.sub(r'[<>:"/\\|?*\s]+', "-", intake.student_name(text)).strip(".-")
    name = re.sub("_{2,}", "_", name)[:60].rstrip(". -")  # __ ends the name in a file's
    if name.split(".")[0].lower() in RESERVED:
        name = f"the-{name}"
    return name or "nameless"


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(data)
    os.replace(fresh, path)


def _receipt(
    path: Path, digest: str, assignment: str, report: Report | None, when: datetime
) -> str:
    points = "checks not run"
    if report:
        points = f"{report.points:g} of {report.out_of:g} points by the visible checks"
    return (
        f"file      {path.name}\n"
        f"sha256    {digest}\n"
        f"time      {when.isoformat(timespec='seconds')}\n"
        f"task      {assignment}\n"
        f"rnncourse {__version__}\n"
        f"result    {points}; the grader draws other numbers\n"
    )


def matches(path: Path, receipt: Path) -> bool:
    """Tell whether a file is the one that a receipt was written for."""
    found = re.search(r"^sha256\s+([0-9a-f]{64})$", receipt.read_text("utf-8"), re.M)
    return found is not None and (
        hashlib.sha256(path.read_bytes()).hexdigest() == found[1]
    )


# -- Colab -------------------------------------------------------------------------


@dataclass
class _Colab:
    """The two services of Colab that are needed; a test brings its own."""

    message: Any = field(default=None)
    files: Any = field(default=None)

    @classmethod
    def here(cls) -> _Colab:
        try:
            from google.colab import _message, files
        except ImportError:
            raise NotHandedIn(
                "this is not Colab; call `rnncourse handin YOUR-NOTEBOOK.ipynb`"
            ) from None
        return cls(_message, files)


def from_colab(
    name: str = "", *, check: bool = True, colab: _Colab | None = None
) -> HandIn:
    """Hand in the notebook that is open in Colab, and download the file.

    The notebook is asked from the page; if the page does not answer, choose the file
    that you downloaded from the File menu.

    Parameters
    ----------
    name : str
        Whose it is.
    check : bool
        Run the visible checks.
    """
    colab = colab or _Colab.here()
    notebook = _open_notebook(colab)
    folder = Path(tempfile.mkdtemp(prefix="handin-"))
    made = _hand_in(
        notebook,
        beside=Path.cwd(),
        to=folder,
        name=name,
        check=check,
        release=None,
        time_limit=120,
        now=lambda: datetime.now().astimezone(),
    )
    print(made.text)
    colab.files.download(str(made.path))
    return made


def _open_notebook(colab: _Colab) -> dict[str, Any]:
    try:
        answer = colab.message.blocking_request("get_ipynb", request="", timeout_sec=20)
        text = json.dumps(answer["ipynb"])
    except Exception:  # whatever the page says, there is the other way
        print("Choose the notebook that you downloaded (File, Download, .ipynb).")
        uploaded = colab.files.upload()
        if not uploaded:
            raise NotHandedIn("no file was chosen") from None
        data = next(iter(uploaded.values()))
    else:
        data = text.encode("utf-8", "replace")
    try:
        return intake.parse(data)
    except intake.Refused as refused:
        raise NotHandedIn(f"this cannot be handed in: {refused}") from None

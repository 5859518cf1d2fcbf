"""Numbers of one's own: the same task with other numbers for each learner of a course.

A check that has ``numbers`` is about some numbers which the task states. Outside any
course they are those of the text. A course chooses a word; from the word, a learner's
name and the assignment a seed is made, and from the seed that learner's numbers. At
home the notebook states both, ``COURSE, LEARNER = "autumn", "ada"``; in a graded run
the word is the released notebook's and the name is the one that was handed in under.
So values that somebody passes on are wrong for everybody else.

The word is no secret: the notebook has it. It makes the numbers of one course differ
from those of the next, and nobody can work them out before the word is known.
"""

from __future__ import annotations

import ast
import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Check

CELL = "learner"  # grade_id of the cell that names course and learner


@dataclass(frozen=True)
class Owner:
    """Whose numbers they are; with an empty word or name those of the text."""

    word: str = ""
    name: str = ""

    def __bool__(self) -> bool:
        return bool(self.word.strip() and plain_name(self.name))


NOBODY = Owner()


def plain_name(text: str) -> str:
    """Make one name of its spellings: "Ada Lovelace", "ada-lovelace"."""
    name = unicodedata.normalize("NFKC", str(text)).casefold()
    return re.sub(r"[^\w.@+]+", "-", name)[:80].strip(".-_")  # as intake.student_name


def seed_of(owner: Owner, assignment: str) -> int:
    """Make the seed of a learner's numbers in an assignment."""
    said = f"{plain_name(owner.name)}\0{assignment}".encode()
    made = hmac.digest(owner.word.strip().encode(), said, hashlib.sha256)
    return int.from_bytes(made[:16], "big")


def numbers_of(check: Check, owner: Owner = NOBODY) -> Inputs:
    """Give the numbers that a check is about for a learner.

    Raises
    ------
    ValueError
        If the check has the same numbers for everybody.
    """
    if check.numbers is None:
        raise ValueError(f"{check.name} has no numbers of its own")
    if not owner:
        return check.numbers(None)
    return check.numbers(np.random.default_rng(seed_of(owner, check.assignment)))


def here(word: str, name: str) -> Owner:
    """Say whose numbers a notebook is about that states a course and a learner.

    nbgrader's autograder knows better than the notebook who handed in: it runs it in
    the folder ``autograded/LEARNER/ASSIGNMENT``.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        parts = Path.cwd().parts
        if len(parts) > 2 and parts[-3] == "autograded":
            name = parts[-2]
    return Owner(str(word), str(name))


def stated(notebook: dict[str, Any]) -> Owner:
    """Read what the cell of a notebook states, as data, without running it."""
    for cell in notebook.get("cells", ()):
        if not isinstance(cell, dict) or not isinstance(cell.get("metadata"), dict):
            continue
        marks = cell["metadata"].get("nbgrader")
        if isinstance(marks, dict) and marks.get("grade_id") == CELL:
            source = cell.get("source", "")
            text = "".join(source) if isinstance(source, list) else str(source)
            return _read(text)
    return NOBODY


def word_in(source: str) -> str:
    """Read the course's word from the source of the cell."""
    return _read(source).word


def _read(source: str) -> Owner:
    found = {"COURSE": "", "LEARNER": ""}
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return NOBODY
    for line in body:
        if isinstance(line, ast.Assign) and len(line.targets) == 1:
            for name, value in _pairs(line.targets[0], line.value):
                known = isinstance(name, ast.Name) and name.id in found
                if known and isinstance(value, ast.Constant):
                    found[name.id] = str(value.value or "")  # type: ignore[attr-defined]
    return Owner(found["COURSE"], found["LEARNER"])


def _pairs(target: ast.expr, value: ast.expr) -> Iterable[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return zip(target.elts, value.elts, strict=False)
    return [(target, value)]

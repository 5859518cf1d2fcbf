"""nbgrader's gradebook: a private one for each hand-in, and one writer for the real.

A hand-in is graded against a copy of a template: a gradebook that knows the
assignment and no learner. Its rows come back as plain data and are merged here, one
transaction for each hand-in, so nothing is ever half written and nothing waits for a
lock. What a person has given, by hand or in a comment, is never touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

COURSE = "default_course"  # what nbgrader's own preprocessors write to

Rows = dict[str, list[dict[str, Any]]]

_SUBMISSIONS = (
    "select s.timestamp from submitted_assignment s "
    "join assignment a on a.id = s.assignment_id"
)
_NOTEBOOKS = (
    "select n.name notebook, m.late_submission_penalty from submitted_notebook m "
    "join notebook n on n.id = m.notebook_id order by n.name"
)
_GRADES = (
    "select n.name notebook, b.name cell, g.auto_score, g.needs_manual_grade "
    "from grade g join submitted_notebook m on m.id = g.notebook_id "
    "join notebook n on n.id = m.notebook_id join base_cell b on b.id = g.cell_id "
    "order by n.name, b.name"
)
_COMMENTS = (
    "select n.name notebook, b.name cell, c.auto_comment from comment c "
    "join submitted_notebook m on m.id = c.notebook_id "
    "join notebook n on n.id = m.notebook_id join base_cell b on b.id = c.cell_id "
    "order by n.name, b.name"
)
_ASKED = (
    "select n.name notebook, b.name cell from {kind} k "
    "join base_cell b on b.id = k.id join notebook n on n.id = b.notebook_id "
    "order by n.name, b.name"
)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the warnings of nbgrader's dependencies out of the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def sqlite_url(path: Path) -> str:
    """Give the URL of a database file."""
    return f"sqlite:///{path}"


def open_gradebook(url: str) -> Any:
    """Open nbgrader's gradebook, making it where there is none.

    Returns
    -------
    nbgrader.api.Gradebook
    """
    from nbgrader.api import Gradebook

    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        if not path.exists() or not path.stat().st_size:
            _create(path)
    else:  # nbgrader calls alembic by its name
        scripts = os.path.dirname(sys.executable)
        if scripts not in os.environ.get("PATH", "").split(os.pathsep):
            os.environ["PATH"] = scripts + os.pathsep + os.environ.get("PATH", "")
    with quiet():
        return Gradebook(url, COURSE)


def _create(path: Path) -> None:
    """Make an empty gradebook, as nbgrader does, without a process for its version."""
    import nbgrader
    from alembic.script import ScriptDirectory
    from nbgrader.api import Base
    from sqlalchemy import create_engine, text

    scripts = Path(nbgrader.__file__).parent / "alembic"
    with quiet():
        head = ScriptDirectory(str(scripts)).get_current_head()
        engine = create_engine(sqlite_url(path))
        Base.metadata.create_all(bind=engine)
        with engine.begin() as connection:
            connection.execute(
                text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            )
            connection.execute(
                text("INSERT INTO alembic_version (version_num) VALUES (:head)"),
                {"head": head},
            )
        engine.dispose()


def start_from(url: str, template: Path) -> bool:
    """Begin a gradebook file as a copy of a template; false if there is one already."""
    path = Path(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:///") or path.exists():
        return False
    fresh = path.with_suffix(".new")
    shutil.copyfile(template, fresh)
    os.replace(fresh, path)
    return True


def register(url: str, assignment: str, release: Any) -> None:
    """Make the assignment known to a gradebook, by nbgrader's own SaveCells.

    Parameters
    ----------
    url : str
    assignment : str
    release : NotebookNode
        The released notebook; it is not changed.
    """
    import copy

    from nbgrader.preprocessors import SaveCells

    book = open_gradebook(url)
    with book, quiet():
        book.update_or_create_assignment(assignment)
    given = {"notebook": assignment, "assignment": assignment, "db_url": url}
    with quiet():
        SaveCells().preprocess(copy.deepcopy(release), {"nbgrader": given})


# -- out of a private gradebook ----------------------------------------------------


def read_rows(path: Path) -> Rows:
    """Read what one hand-in left in its private gradebook."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return {
            "submissions": _all(connection, _SUBMISSIONS),
            "notebooks": _all(connection, _NOTEBOOKS),
            "grades": _all(connection, _GRADES),
            "comments": _all(connection, _COMMENTS),
        }
    finally:
        connection.close()


def _all(connection: sqlite3.Connection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query)]


def attention_rows(template: Path, sentence: str) -> Rows:
    """Give the rows of a hand-in that a person must look at: no score, the reason."""
    connection = sqlite3.connect(f"file:{template}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        graded = _all(connection, _ASKED.format(kind="grade_cells"))
        answers = _all(connection, _ASKED.format(kind="solution_cells"))
    finally:
        connection.close()
    return {
        "submissions": [{"timestamp": None}],
        "notebooks": [],
        "grades": [
            {**row, "auto_score": None, "needs_manual_grade": 1} for row in graded
        ],
        "comments": [{**row, "auto_comment": sentence} for row in answers[:1]],
    }


# -- into the real one -------------------------------------------------------------


def merge(book: Any, assignment: str, student: str, rows: Rows) -> None:
    """Write one hand-in into the gradebook, in one transaction.

    Writing the same rows again changes nothing. Scores and comments that a person
    gave stay; a score given by hand is marked for another look, as nbgrader does.
    """
    if not rows["submissions"]:
        return
    with quiet():
        try:
            _merge(book, assignment, student, rows)
        except BaseException:
            book.db.rollback()
            raise


def _merge(book: Any, assignment: str, student: str, rows: Rows) -> None:
    from nbgrader.api import Comment, Grade, SubmittedNotebook

    book.update_or_create_student(student)
    stamp = rows["submissions"][0]["timestamp"]
    when = {"timestamp": datetime.fromisoformat(stamp)} if stamp else {}
    submission = book.update_or_create_submission(assignment, student, **when)
    notebooks = {m.name: m for m in submission.notebooks}
    grades: dict[tuple[str, str], Grade] = {}
    comments: dict[tuple[str, str], Comment] = {}
    for name, notebook in notebooks.items():
        assert isinstance(notebook, SubmittedNotebook)
        grades.update({(name, grade.name): grade for grade in notebook.grades})
        comments.update({(name, one.name): one for one in notebook.comments})
    for row in rows["grades"]:
        grade = grades[row["notebook"], row["cell"]]
        grade.auto_score = row["auto_score"]
        looked_at = grade.manual_score is not None
        grade.needs_manual_grade = bool(row["needs_manual_grade"]) or looked_at
    for row in rows["comments"]:
        comments[row["notebook"], row["cell"]].auto_comment = row["auto_comment"]
    for row in rows["notebooks"]:
        penalty = row["late_submission_penalty"]
        notebooks[row["notebook"]].late_submission_penalty = penalty
    book.db.commit()

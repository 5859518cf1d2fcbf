"""nbgrader's gradebook, and the one writer of a run.

What came of a hand-in are rows of plain data; they are merged here, some hand-ins in
one transaction, so nothing is ever half written and nobody waits long for a lock. What
a person has given, by hand or in a comment, is never touched.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rnncourse.grading import faults
from rnncourse.grading.host import runs
from rnncourse.grading.scores import Rows, marks_of

LOCK_SECONDS = 60.0
COURSE = "default_course"  # what nbgrader's own preprocessors write to


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the warnings of nbgrader's dependencies out of the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def sqlite_url(path: Path) -> str:
    """Give the URL of a database file."""
    return f"sqlite:///{path}"


def load() -> None:
    """Import nbgrader, and of its dependencies not the one that costs most.

    jsonschema compiles a grammar of all addresses there are for a format that no
    notebook has; it takes as long as everything else, and is left out where it can be.
    """
    if "nbgrader.preprocessors" in sys.modules:
        return
    slow = "rfc3987_syntax"
    left_out = slow not in sys.modules and "jsonschema" not in sys.modules
    if left_out:
        sys.modules[slow] = None  # type: ignore[assignment]
    collecting = gc.isenabled()
    gc.disable()  # all of it stays: no search for garbage need go over it, now or later
    try:
        with quiet():
            import alembic.script  # noqa: F401
            import nbgrader.api
            import nbgrader.preprocessors  # noqa: F401
    finally:
        if left_out:
            del sys.modules[slow]
        gc.freeze()
        if collecting:
            gc.enable()


def open_gradebook(url: str) -> Any:
    """Open nbgrader's gradebook, making it where there is none.

    Returns
    -------
    nbgrader.api.Gradebook
    """
    load()
    from nbgrader.api import Gradebook

    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        _sweep(path)
        if not path.exists() or not path.stat().st_size:
            _create(path)
    else:  # nbgrader calls alembic by its name
        scripts = os.path.dirname(sys.executable)
        if scripts not in os.environ.get("PATH", "").split(os.pathsep):
            os.environ["PATH"] = scripts + os.pathsep + os.environ.get("PATH", "")
    with quiet():
        return Gradebook(url, COURSE)


def submissions(
    book: Any, assignment: str, students: Sequence[str] = ()
) -> Iterator[Any]:
    """Give the submissions of an assignment with their marks, some at a time.

    nbgrader's API asks the database anew for each notebook, mark and maximum; here a
    few queries bring fifty submissions.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    assignment : str
    students : sequence of str
        Whose alone; with the comments, too.

    Yields
    ------
    nbgrader.api.SubmittedAssignment
    """
    from nbgrader import api
    from sqlalchemy.orm import joinedload, selectinload, undefer

    one, notebook = api.SubmittedAssignment, api.SubmittedNotebook
    notebooks = selectinload(one.notebooks)
    grades = notebooks.selectinload(notebook.grades)
    wanted = [
        joinedload(one.student),
        undefer(one.late_submission_penalty),
        grades.options(joinedload(api.Grade.cell), undefer(api.Grade.max_score)),
    ]
    query = book.db.query(one).join(api.Assignment)
    query = query.filter(api.Assignment.name == assignment)
    if students:
        query = query.filter(one.student_id.in_(students))
        comments = notebooks.selectinload(notebook.comments)
        wanted += [
            notebooks.options(undefer(notebook.score), undefer(notebook.max_score)),
            comments.joinedload(api.Comment.cell),
        ]
    yield from query.options(*wanted).yield_per(50)


def close(book: Any) -> None:
    """Close a gradebook, and the connections that SQLAlchemy keeps for later."""
    book.close()
    book.engine.dispose()


def _sweep(path: Path) -> None:
    """Remove what runs that were killed left of a gradebook in the making.

    That is the file itself or SQLite's journal beside it, whether they were killed
    before the gradebook had its name or just after.
    """
    for old in path.parent.glob(f"{path.name}.*.new*"):
        if not runs(old.name.removeprefix(f"{path.name}.").split(".")[0]):
            old.unlink(missing_ok=True)


def _create(path: Path) -> None:
    """Make an empty gradebook, as nbgrader does, without a process for its version."""
    import nbgrader
    from alembic.script import ScriptDirectory
    from nbgrader.api import Base
    from sqlalchemy import create_engine, text

    scripts = Path(nbgrader.__file__).parent / "alembic"
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    with quiet():
        head = ScriptDirectory(str(scripts)).get_current_head()
        engine = create_engine(sqlite_url(fresh))
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
    faults.at("gradebook made")
    with contextlib.suppress(FileExistsError):  # another grader was first
        os.link(fresh, path)
    fresh.unlink()


def register(url: str, assignment: str, release: Any) -> None:
    """Make the assignment known to a gradebook, by nbgrader's own SaveCells.

    Parameters
    ----------
    url : str
    assignment : str
    release : dict
        The released notebook; it is not changed.
    """
    load()
    _until_free(lambda: _register(url, assignment, release))


def _register(url: str, assignment: str, release: Any) -> None:
    import nbformat
    from nbgrader.preprocessors import SaveCells

    with quiet():
        book = open_gradebook(url)
        try:
            if _is_known(book, assignment, release):
                return
            book.update_or_create_assignment(assignment)
            faults.at("gradebook registered")
        finally:
            close(book)
        given = {"notebook": assignment, "assignment": assignment, "db_url": url}
        SaveCells().preprocess(nbformat.from_dict(release), {"nbgrader": given})


def _is_known(book: Any, assignment: str, release: dict[str, Any]) -> bool:
    """Tell whether a gradebook has the cells of a release already, each as it is."""
    from nbgrader.api import MissingEntry

    try:
        notebook = book.find_notebook(assignment, assignment)
    except MissingEntry:
        return False
    has = {("grade", cell.name, cell.max_score) for cell in notebook.grade_cells}
    has |= {("solution", cell.name, None) for cell in notebook.solution_cells}
    has |= {("task", cell.name, cell.max_score) for cell in notebook.task_cells}
    has |= {("source", cell.name, cell.source) for cell in notebook.source_cells}
    wanted = set()
    for cell in release["cells"]:
        marks = marks_of(cell)
        if not marks:
            continue
        name = marks["grade_id"]
        for kind in ("grade", "solution", "task"):
            if marks.get(kind):
                points = None if kind == "solution" else float(marks["points"])
                wanted.add((kind, name, points))
        wanted.add(("source", name, cell["source"]))
    return has == wanted


# -- into the real one -------------------------------------------------------------


def merge(book: Any, assignment: str, student: str, rows: Rows) -> None:
    """Write one hand-in into the gradebook, see :func:`merge_all`."""
    merge_all(book, assignment, [(student, rows)])


def merge_all(
    book: Any,
    assignment: str,
    results: Iterable[tuple[str, Rows]],
    seconds: float | None = None,
) -> None:
    """Write some hand-ins into the gradebook, all in one transaction.

    Writing the same rows again changes nothing. Scores and comments that a person
    gave stay; a score given by hand is marked for another look, as nbgrader does.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    assignment : str
    results : iterable of (str, Rows)
        The student of each.
    seconds : float, optional
        For how long to try again where others hold the database.
    """
    results = list(results)

    def once() -> None:
        with quiet(), _one_transaction(book):
            for student, rows in results:
                if rows["submissions"]:
                    book.update_or_create_student(student)
            book.db.flush()
            with book.db.no_autoflush:  # all rows of a kind at once, at the end
                for student, rows in results:
                    faults.at("gradebook one")
                    _merge(book, assignment, student, rows)

    _until_free(once, seconds)


def _until_free(write: Callable[[], None], seconds: float | None = None) -> None:
    """Write, and try again while others hold the database or make the same rows."""
    from nbgrader.api import InvalidEntry
    from sqlalchemy.exc import (
        IntegrityError,
        OperationalError,
        PendingRollbackError,
        ProgrammingError,
    )

    passing: tuple[type[Exception], ...]
    passing = (IntegrityError, InvalidEntry, OperationalError, PendingRollbackError)
    passing += (ProgrammingError,)  # two that make the tables at once
    end = time.monotonic() + (LOCK_SECONDS if seconds is None else seconds)
    while True:
        try:
            write()
            return
        except passing as error:
            if time.monotonic() > end or "full" in str(error):
                raise
            time.sleep(random.uniform(0.05, 0.3))


@contextlib.contextmanager
def _one_transaction(book: Any) -> Iterator[None]:
    """Have nbgrader's API, which commits at every step, commit once at the end.

    Its rows wait in between, so that each is written once and with its marks.
    """
    faults.at("gradebook begin")
    book.db.commit = lambda: None
    try:
        yield
        del book.db.commit
        faults.at("gradebook commit")
        book.db.commit()
    except BaseException:
        book.db.__dict__.pop("commit", None)
        book.db.rollback()
        raise
    faults.at("gradebook committed")


def _merge(book: Any, assignment: str, student: str, rows: Rows) -> None:
    if not rows["submissions"]:
        return
    from nbgrader.api import Comment, Grade, SubmittedNotebook

    stamp = rows["submissions"][0]["timestamp"]
    when = {"timestamp": datetime.fromisoformat(stamp)} if stamp else {}
    submission = book.update_or_create_submission(assignment, student, **when)
    notebooks = {m.name: m for m in submission.notebooks}
    grades: dict[tuple[str, str], Grade] = {}
    comments: dict[tuple[str, str], Comment] = {}
    for name, notebook in notebooks.items():
        assert isinstance(notebook, SubmittedNotebook)
        # What is not written yet knows its cell by the number alone.
        released = notebook.notebook
        marked = (released.grade_cells, released.solution_cells, released.task_cells)
        cells = {cell.id: cell.name for some in marked for cell in some}
        grades.update({(name, cells[one.cell_id]): one for one in notebook.grades})
        comments.update({(name, cells[one.cell_id]): one for one in notebook.comments})
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

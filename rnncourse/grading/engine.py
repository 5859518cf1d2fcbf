"""Grade a folder of hand-ins: from files to the gradebook."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncourse.checks import all_checks
from rnncourse.checks.catalogue import module_of
from rnncourse.grading import faults, levels, versions
from rnncourse.grading.conversation import check_of
from rnncourse.grading.host import Host, libraries_in
from rnncourse.grading.intake import Submission, collect, looks_like
from rnncourse.grading.journal import Journal
from rnncourse.grading.limits import Limits
from rnncourse.grading.result import Result, set_aside
from rnncourse.grading.zygote import LIBRARIES

if TYPE_CHECKING:
    from rnncourse.grading.shard import Course

FLUSH_RESULTS = 32  # that wait for the gradebook
FLUSH_SECONDS = 1.0
WORTH_IT = 2  # hand-ins that name a library


class GradingError(RuntimeError):
    """A run that cannot begin; the message says what to do."""


class Stopped(GradingError):
    """A run that could not go on; what was graded is kept, and a next start goes on."""


@dataclass(frozen=True)
class Settings:
    """What to grade, with what, and where results go.

    Parameters
    ----------
    folder : Path
        Of the hand-ins, see :func:`.intake.collect`.
    releases : Path
        Holds ``ASSIGNMENT/ASSIGNMENT.ipynb`` for each assignment.
    assignment : str
        By default the one whose cells the hand-ins have.
    out : Path, optional
        Where gradebook, graded notebooks and journal go; by default the course
        folder if ``folder`` is one, else ``FOLDER-graded`` beside it.
    gradebook : str
        A database URL; by default ``gradebook.db`` in ``out``.
    jobs : int
        Hand-ins at a time; by default what :func:`jobs_of` says.
    scheduler : str
        The address of a Dask scheduler whose workers are to grade instead.
    isolation : str
        A level to demand; by default the best that this machine has, and never none.
    public : bool
        Draw the inputs that everybody sees at home.
    hidden : tuple of Path
        Folders that no hand-in may see, beside those known here.
    limits : Limits
    """

    folder: Path
    releases: Path
    assignment: str = ""
    out: Path | None = None
    gradebook: str = ""
    jobs: int = 0
    scheduler: str = ""
    isolation: str = ""
    public: bool = False
    hidden: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Plan:
    """What a run will do: shown by a dry run, done by :func:`grade`."""

    assignment: str
    out: Path
    url: str
    reached: levels.Reached
    release: dict[str, Any]
    submissions: tuple[Submission, ...]
    done: tuple[Result, ...]  # of an earlier run, nothing left to do
    to_merge: tuple[Result, ...]  # graded earlier, not in the gradebook yet
    to_grade: tuple[Submission, ...]
    keys: dict[str, str]
    secret: bytes
    out_of: float


@contextlib.contextmanager
def _stopping() -> Iterator[None]:
    """Say what stopped a run that was at work, and that nothing is lost."""
    kept = "What was graded is kept; the same command goes on from here."
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise Stopped(f"the run could not go on: {error}. {kept}") from error
    except Exception as error:
        if type(error).__module__.startswith(("sqlalchemy.", "nbgrader.")):
            why = str(getattr(error, "orig", error))
            raise Stopped(
                f"the gradebook could not be written: {why}. {kept}"
            ) from error
        raise


# -- planning ----------------------------------------------------------------------


@_stopping()
def plan(settings: Settings) -> Plan:
    """Look at everything, change nothing but the journal.

    Raises
    ------
    GradingError
        If there is nothing to grade, the assignment is not known, or the level that
        was demanded is not reached.
    """
    folder = settings.folder
    if not folder.is_dir():
        raise GradingError(f"there is no folder {folder}")
    assignment = settings.assignment or guess(folder, settings.releases)
    release_path = settings.releases / assignment / f"{assignment}.ipynb"
    if not release_path.is_file():
        known = ", ".join(sorted(releases(settings.releases)))
        raise GradingError(f"there is no assignment {assignment}; there are: {known}")
    submissions = collect(folder, assignment)
    if not submissions:
        raise GradingError(f"there is no notebook in {folder}")
    release = read_release(release_path)
    reached = choose_level(settings.isolation)
    out = settings.out or default_out(folder)
    out.mkdir(parents=True, exist_ok=True)
    done, to_merge, to_grade, keys = [], [], [], {}
    base = _base_key(release, settings.public, _chapters(release))
    with contextlib.closing(_journal(out, assignment)) as journal:
        secret = journal.secret
        for one in submissions:
            key = hashlib.sha256(f"{base} {one.digest}".encode()).hexdigest()
            keys[one.student] = key
            found = journal.find(key, one.student)
            if found is None:
                to_grade.append(one)
            elif found[1]:
                done.append(found[0])
            else:
                to_merge.append(found[0])
    return Plan(
        assignment=assignment,
        out=out,
        url=settings.gradebook or f"sqlite:///{out.resolve() / 'gradebook.db'}",
        reached=reached,
        release=release,
        submissions=tuple(submissions),
        done=tuple(done),
        to_merge=tuple(to_merge),
        to_grade=tuple(to_grade),
        keys=keys,
        secret=secret,
        out_of=points_of(release),
    )


def read_release(path: Path) -> dict[str, Any]:
    """Read a released notebook as plain data, each cell's source in one piece."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def _journal(out: Path, assignment: str) -> Journal:
    return Journal(out / ".grading" / f"{assignment}.journal")


def releases(folder: Path) -> dict[str, Path]:
    """Find the released notebooks, by assignment."""
    return {
        path.parent.name: path
        for path in folder.glob("*/*.ipynb")
        if path.stem == path.parent.name
    }


def guess(folder: Path, released: Path) -> str:
    """Say of which assignment the hand-ins are, by the cells that they name."""
    known = {
        name: [
            cell["metadata"]["nbgrader"]["grade_id"]
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if cell["metadata"].get("nbgrader", {}).get("grade")
        ]
        for name, path in releases(released).items()
    }
    votes = dict.fromkeys(known, 0)
    for name in known:
        for one in collect(folder, name)[:20]:
            votes[name] += looks_like(one.notebook, known[name])
    best = sorted(votes, key=lambda name: -votes[name])
    if not best or not votes[best[0]]:
        raise GradingError(
            "no hand-in could be told to belong to an assignment; name it by "
            f"--assignment, one of: {', '.join(sorted(known))}"
        )
    return best[0]


def default_out(folder: Path) -> Path:
    """Give the place of the results: the course folder, or one beside the hand-ins."""
    if (folder / "submitted").is_dir():
        return folder
    folder = folder.resolve()
    return folder.with_name(f"{folder.name}-graded")


def choose_level(wanted: str) -> levels.Reached:
    """Find the level to grade at.

    Raises
    ------
    GradingError
        If it is below what was demanded, or would be none without having been asked.
    """
    if wanted == "none":
        return levels.Reached("none", False, ())
    if wanted == "standard":
        if failed := levels.try_level("standard"):
            raise GradingError(f"isolation standard is not reached here: {failed}")
        return levels.Reached("standard", False, ())
    reached = levels.reached()
    if reached.level == "none" or (wanted and reached.level != wanted):
        wanted = wanted or "standard"
        raise GradingError(
            f"isolation {wanted} is not reached here. {' '.join(reached.missing)} "
            "Nothing was graded. For hand-ins that you trust: --isolation none"
        )
    return reached


def points_of(release: dict[str, Any]) -> float:
    """Sum the points that checks can give."""
    known = all_checks()
    total = 0.0
    for cell in release["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade") and cell["cell_type"] == "code":
            check = known.get(check_of(cell["source"]))
            total += float(check.points if check else marks["points"])
    return total


def _chapters(release: dict[str, Any]) -> set[str]:
    """Name the modules that the checks of an assignment are in."""
    known = all_checks()
    names = (check_of(cell["source"]) for cell in release["cells"])
    return {f"{module_of(known[name])}.py" for name in names if name in known}


def _base_key(release: dict[str, Any], public: bool, chapters: set[str]) -> str:
    """Hash everything but the hand-in that a result depends on."""
    made = hashlib.sha256(f"{versions.trusted(chapters)} {public}".encode())
    made.update(json.dumps(release, sort_keys=True).encode())
    return made.hexdigest()


# -- doing -------------------------------------------------------------------------


def grade(
    settings: Settings,
    made: Plan | None = None,
    *,
    tell: Callable[[Result], None] = lambda result: None,
    keep: bool = True,
) -> list[Result]:
    """Grade what is not graded yet, and bring it into the gradebook.

    Parameters
    ----------
    settings : Settings
    made : Plan, optional
        From :func:`plan`, if it was looked at before.
    tell : callable
        Told each new result as it comes.
    keep : bool
        Whether the results that are returned hold their notebooks. Without them the
        memory of a run does not grow with its hand-ins; the files are written anyway.

    Returns
    -------
    list of Result
        Of all hand-ins, those of earlier runs too, by student.

    Raises
    ------
    GradingError
        If the run cannot begin.
    Stopped
        If it cannot go on: the disk is full, or others hold the gradebook for long.
    """
    made = made or plan(settings)
    results = list(made.done)
    with contextlib.ExitStack() as stack:
        journal = _journal(made.out, made.assignment)
        stack.callback(journal.close)
        writer = _Writer(made, journal, keep=keep)
        stack.callback(writer.close)
        stack.enter_context(_stopping())
        graded: Iterator[Result] = iter(())
        if made.to_grade:
            if settings.scheduler:
                graded = _grade_there(made, settings, writer)
            else:
                graded = _grade_here(made, settings, writer, stack)
        for result in made.to_merge:
            results.append(result)
            writer.take(result)
        for result in graded:
            if not result.again:
                journal.store(made.keys[result.student], result)
            results.append(result)
            tell(result)
            writer.take(result)
        writer.flush()
    return sorted(results, key=lambda result: result.student)


def _hidden(made: Plan, settings: Settings) -> tuple[Path, ...]:
    return (made.out, settings.folder, settings.releases, *settings.hidden)


def _course(
    made: Plan, settings: Settings, warm: tuple[tuple[frozenset[str], str], ...]
) -> Course:
    from rnncourse.grading.shard import Course

    return Course(
        assignment=made.assignment,
        release=made.release,
        source_files=_source_files(settings.releases / made.assignment),
        warm=warm,
        limits=settings.limits,
        secret=None if settings.public else made.secret,
        students=tuple(one.student for one in made.submissions),
    )


def _grade_here(
    made: Plan, settings: Settings, writer: _Writer, stack: contextlib.ExitStack
) -> Iterator[Result]:
    """Grade on this machine; the results come as they are ready.

    The order is chosen for the first result to come early: the warm process imports
    while the workers are forked here, nbgrader is imported while it gets ready, and
    what needs a large library goes last, since that is imported last.
    """
    warm = _warm(made)
    host = Host(
        made.reached.level,
        hidden=_hidden(made, settings),
        outer=made.reached.outer,
        libraries=warm,
    )
    stack.callback(host.close)
    from rnncourse.grading.pool import Pool, Task
    from rnncourse.grading.shard import READY, Grader

    course = _course(made, settings, host.warm)

    def make() -> tuple[Callable[[Submission | None], str], Callable[[], None]]:
        grader = Grader(course)

        def work(one: Submission | None) -> str:
            return grader.rehearse() if one is None else grader.grade(one).to_json()

        return work, grader.close

    limits = settings.limits
    most = limits.notebook_seconds + 4 * limits.cell_seconds + 60
    jobs = min(jobs_of(settings.jobs), len(made.to_grade))
    pool = Pool(make, jobs, most, before_fork=writer.wait_for_load)
    stack.callback(pool.close)
    writer.load()
    host.wait_until_ready()
    said = next(pool.run([Task("", None)]))[1]
    if said != READY:
        why = said or "the process ended"
        raise GradingError(f"no kernel could be started in the sandbox: {why}")
    order = sorted(made.to_grade, key=lambda one: not _has(warm[0], one))
    running = pool.run([Task(one.student, one) for one in order])
    return (_result(made, task.payload, text) for task, text in running)


def _grade_there(made: Plan, settings: Settings, writer: _Writer) -> Iterator[Result]:
    """Grade by the workers of a Dask scheduler."""
    from rnncourse.grading import cluster

    order = cluster.order_for(
        _course(made, settings, ()),
        made.reached.level,
        made.reached.outer,
        _warm(made),
        _hidden(made, settings),
    )
    writer.load()
    try:
        for one, text in cluster.grade_by_scheduler(
            settings.scheduler, order, made.to_grade
        ):
            yield _result(made, one, text)
    except cluster.ClusterError as error:
        raise GradingError(str(error)) from None


def _result(made: Plan, one: Submission, text: str) -> Result:
    if text:
        return Result.from_json(text)
    why = "grading it ended the grader, twice."
    return set_aside(made.release, made.assignment, one, why)


def jobs_of(wanted: int) -> int:
    """Say how many hand-ins are graded at a time; 0 leaves it to the machine.

    One more than there are cores: each waits a little for its kernel to start and end.
    """
    return wanted or min(os.cpu_count() or 1, 8) + 1


def _warm(made: Plan) -> list[frozenset[str]]:
    """Say which large libraries the warm processes have loaded.

    The first one has those that the assignment itself needs. There is a second one if
    so many hand-ins name another that importing it once is less work.
    """
    first = libraries_in(json.dumps(made.release).encode())
    known = all_checks()
    asked = {check_of(cell["source"]) for cell in made.release["cells"]}
    first |= {known[name].library for name in asked & set(known)} & set(LIBRARIES)
    named = [libraries_in(one.notebook) - first for one in made.to_grade]
    more = frozenset(
        name for name in LIBRARIES if sum(name in one for one in named) >= WORTH_IT
    )
    return [first, first | more] if more else [first]


def _has(loaded: frozenset[str], one: Submission) -> bool:
    return libraries_in(one.notebook) <= loaded


def _source_files(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """Read what an assignment brings along; it is the instructor's own."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return tuple(
        (str(path.relative_to(folder)), path.read_bytes())
        for path in paths
        if path.suffix != ".ipynb"
    )


class _Writer:
    """The one writer of a run: gradebook, graded notebooks, journal, in this order.

    It writes some results at a time, and never holds one back for longer than a moment.
    What was not written when a run ended is in the journal, and is written by the next.
    """

    def __init__(self, made: Plan, journal: Journal, *, keep: bool) -> None:
        self._made = made
        self._keep = keep
        self._journal = journal
        self._waiting: list[Result] = []
        self._since = time.monotonic()
        self._loading: threading.Thread | None = None
        self._failed: Exception | None = None
        self._book: Any = None

    def load(self) -> None:
        """Begin to import nbgrader and to register the assignment, beside the rest."""
        self._loading = threading.Thread(target=self._register, daemon=True)
        self._loading.start()

    def _register(self) -> None:
        from rnncourse.grading import gradebook

        made = self._made
        try:
            gradebook.register(made.url, made.assignment, made.release)
        except Exception as error:  # told by the first flush
            self._failed = error

    def wait_for_load(self) -> None:
        """Wait until that is done, if it has begun."""
        if self._loading is not None:
            self._loading.join()

    def take(self, result: Result) -> None:
        """Take a result to where people look for it; again does no harm."""
        self._waiting.append(result)
        loading = self._loading is not None and self._loading.is_alive()
        late = time.monotonic() - self._since > FLUSH_SECONDS
        if (late and not loading) or len(self._waiting) >= FLUSH_RESULTS:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if not self._waiting:
            return
        from rnncourse.grading import gradebook

        made = self._made
        if self._book is None:
            if self._loading is None:
                self.load()
            self.wait_for_load()
            if self._failed is not None:
                raise self._failed
            self._book = gradebook.open_gradebook(made.url)
        batch, self._waiting = self._waiting, []
        rows = [(result.student, result.rows) for result in batch]
        gradebook.merge_all(self._book, made.assignment, rows)
        for result in batch:
            self._write_notebook(result)
            if not self._keep:
                result.notebook = ""
        final = [result.student for result in batch if not result.again]
        self._journal.mark_merged([(name, made.keys[name]) for name in final])
        self._since = time.monotonic()

    def _write_notebook(self, result: Result) -> None:
        if not result.notebook:
            return
        name = self._made.assignment
        folder = self._made.out / "autograded" / result.student / name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.ipynb"
        fresh = path.with_suffix(".new")
        faults.at("notebook write")
        fresh.write_text(result.notebook, encoding="utf-8")
        faults.at("notebook replace")
        os.replace(fresh, path)

    def close(self) -> None:
        """Close the gradebook, and leave none half made."""
        self.wait_for_load()
        if self._book is not None:
            from rnncourse.grading import gradebook

            gradebook.close(self._book)


def with_limits(settings: Settings, **changed: Any) -> Settings:
    """Give the settings with other limits."""
    return replace(settings, limits=replace(settings.limits, **changed))

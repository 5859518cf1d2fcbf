"""Grade a folder of hand-ins: from files to the gradebook."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncourse import __version__
from rnncourse.checks import all_checks
from rnncourse.checks.catalogue import MODULE, module_of
from rnncourse.grading import levels
from rnncourse.grading.conversation import check_of
from rnncourse.grading.host import PACKAGE, Host, prefix
from rnncourse.grading.intake import Submission, collect, looks_like
from rnncourse.grading.journal import Journal
from rnncourse.grading.limits import Limits
from rnncourse.grading.result import Result, set_aside

if TYPE_CHECKING:
    from rnncourse.grading.shard import Course

TRUSTED = ("checks", "reference", "grading")  # what a verdict depends on


class GradingError(RuntimeError):
    """A run that cannot begin; the message says what to do."""


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
        Hand-ins at a time.
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


# -- planning ----------------------------------------------------------------------


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
    made = hashlib.sha256(f"{__version__} {public}".encode())
    made.update(json.dumps(release, sort_keys=True).encode())
    for part in TRUSTED:
        for path in sorted((PACKAGE / part).glob("*.py")):
            if re.fullmatch(MODULE, path.stem) and path.name not in chapters:
                continue
            made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest()


# -- doing -------------------------------------------------------------------------


def grade(
    settings: Settings,
    made: Plan | None = None,
    *,
    tell: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Grade what is not graded yet, and bring it into the gradebook.

    Parameters
    ----------
    settings : Settings
    made : Plan, optional
        From :func:`plan`, if it was looked at before.
    tell : callable
        Told each new result as it comes.

    Returns
    -------
    list of Result
        Of all hand-ins, those of earlier runs too, by student.
    """
    made = made or plan(settings)
    results = list(made.done)
    with contextlib.ExitStack() as stack:
        journal = _journal(made.out, made.assignment)
        stack.callback(journal.close)
        scratch = Path(stack.enter_context(_scratch()))
        template = scratch / "template.db"
        if made.to_grade:
            hidden = (made.out, settings.folder, settings.releases, *settings.hidden)
            # It imports while nbgrader is imported here.
            host = Host(made.reached.level, hidden=hidden, outer=made.reached.outer)
            stack.callback(host.close)
            from rnncourse.grading.shard import Course

            _make_template(template, made)
            course = Course(
                assignment=made.assignment,
                release=made.release,
                source_files=_source_files(settings.releases / made.assignment),
                template=template,
                address=host.address,
                limits=settings.limits,
                secret=None if settings.public else made.secret,
            )
            host.wait_until_ready()
            _rehearse(course)
            graded = _grade_all(course, made.to_grade, settings)
        else:
            graded = iter(())
        if made.to_merge or made.to_grade:
            writer = _Writer(made, journal, template)
            stack.callback(writer.close)
            for result in made.to_merge:
                writer.write(result)
                results.append(result)
            for result in graded:
                journal.store(made.keys[result.student], result)
                writer.write(result)
                results.append(result)
                tell(result)
    return sorted(results, key=lambda result: result.student)


def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=prefix("grading"))


def _make_template(path: Path, made: Plan) -> None:
    import nbformat

    from rnncourse.grading import gradebook

    released = nbformat.from_dict(made.release)
    gradebook.register(gradebook.sqlite_url(path), made.assignment, released)


def _source_files(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """Read what an assignment brings along; it is the instructor's own."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return tuple(
        (str(path.relative_to(folder)), path.read_bytes())
        for path in paths
        if path.suffix != ".ipynb"
    )


def _rehearse(course: Course) -> None:
    """Start one kernel before the first hand-in; it also warms what all will need.

    In a process of its own, since workers are forked from this one.
    """
    import multiprocessing

    from rnncourse.grading.kernel import boots

    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=lambda: theirs.send(boots(course.address, course.limits)), daemon=True
    )
    process.start()
    theirs.close()
    try:
        trouble = ours.recv()
    except EOFError:
        trouble = "the process ended"
    process.join()
    if trouble:
        raise GradingError(f"no kernel could be started in the sandbox: {trouble}")


def _grade_all(
    course: Course, submissions: Sequence[Submission], settings: Settings
) -> Iterator[Result]:
    from rnncourse.grading.pool import Pool, Task
    from rnncourse.grading.shard import Grader

    jobs = settings.jobs or min(os.cpu_count() or 1, 8)
    limits = settings.limits
    most = limits.notebook_seconds + 4 * limits.cell_seconds + 60

    def make() -> tuple[Callable[[Submission], str], Callable[[], None]]:
        grader = Grader(course)
        return lambda one: grader.grade(one).to_json(), grader.close

    pool = Pool(make, min(jobs, len(submissions)), most)
    try:
        tasks = [Task(one.student, one) for one in submissions]
        for task, text in pool.run(tasks):
            if text:
                yield Result.from_json(text)
            else:
                why = "grading it ended the grader, twice."
                yield set_aside(course.template, task.payload, why)
    finally:
        pool.close()


class _Writer:
    """The one writer of a run: gradebook, graded notebook, journal, in this order."""

    def __init__(self, made: Plan, journal: Journal, template: Path) -> None:
        import nbformat

        from rnncourse.grading import gradebook

        self._merge = gradebook.merge
        self._made = made
        self._journal = journal
        if not (template.exists() and gradebook.start_from(made.url, template)):
            released = nbformat.from_dict(made.release)
            gradebook.register(made.url, made.assignment, released)
        self._book = gradebook.open_gradebook(made.url)

    def write(self, result: Result) -> None:
        """Bring a result where people look for it; again does no harm."""
        made = self._made
        self._merge(self._book, made.assignment, result.student, result.rows)
        if result.notebook:
            folder = made.out / "autograded" / result.student / made.assignment
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{made.assignment}.ipynb"
            fresh = path.with_suffix(".new")
            fresh.write_text(result.notebook, encoding="utf-8")
            os.replace(fresh, path)
        self._journal.mark_merged(made.keys[result.student], result.student)

    def close(self) -> None:
        """Close the gradebook."""
        self._book.close()


def with_limits(settings: Settings, **changed: Any) -> Settings:
    """Give the settings with other limits."""
    return replace(settings, limits=replace(settings.limits, **changed))

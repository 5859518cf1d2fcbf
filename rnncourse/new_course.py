"""A course folder of one's own: the assignments you teach, ready for nbgrader.

What is written is remembered by its hash. An upgrade renews what you did not touch,
keeps what you changed, and where both changed puts the new text beside yours.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from rnncourse import __version__
from rnncourse.exercises import NOT_RELEASED, fill_address
from rnncourse.grading.engine import GradingError

RECORD = ".rnncourse.json"
# What a notebook says outside any course, as its file has it.
NO_COURSE = b'COURSE, LEARNER = \\"\\", '
CONFIG = '''"""Settings of nbgrader for this course; run its commands in this folder."""

c = get_config()

c.CourseDirectory.course_id = {course_id!r}

# What stands in place of a solution. The checks read it as "not answered yet".
STUB = "# Your code here\\nraise NotImplementedError()"
c.ClearSolutions.code_stub = {{"python": STUB}}
c.ClearSolutions.text_stub = "Your answer here."

# One check takes well under a second; the largest task trains for half a minute.
c.ExecutePreprocessor.timeout = 120
c.Execute.timeout = 120

# Formgrader shows what learners wrote: no script of theirs runs in your browser.
c.HTMLExporter.sanitize_html = True

# Whose file `nbgrader zip_collect` has before it: LEARNER__NAME.ipynb, as written by
# `rnncourse handin --name LEARNER`, whatever Canvas puts before it. Without that the
# learner is the folder that Moodle makes, or the person whom Canvas names.
c.FileNameCollectorPlugin.named_regexp = (
    r".*[/\\\\](?:[^/\\\\]*_\\d+_\\d+_)?(?P<student_id>[^/\\\\]+?)"
    r"(?:__|_assignsubmission_file_?[/\\\\]|_\\d+_\\d+_)(?P<file_id>[^/\\\\]+\\.ipynb)$"
)
'''
README = """# {course_id}

A course folder for [nbgrader](https://nbgrader.readthedocs.io), made by
`rnncourse new-course` {version}. `source/` is yours: it holds the solutions, keep it
to yourself. `release/` is what learners get. `term-plan.md` says what comes when.

| you want to | in this folder |
|---|---|
| change a task | edit `source/`, then `nbgrader generate_assignment NAME --force` |
| hand out | give learners `release/NAME/`, or `nbgrader release_assignment NAME` |
| give everybody own numbers | set `COURSE` in the cell `learner` of a source |
| take in | put hand-ins into `submitted/LEARNER/NAME/`, or `nbgrader collect NAME` |
| take in a zip | put it into `downloaded/NAME/archive/`; `nbgrader zip_collect NAME` |
| grade | `rnncourse grade . --assignment NAME` |
| read what a check cannot | `jupyter lab`, then Formgrader |
| give feedback | `rnncourse grade feedback .`, then `nbgrader release_feedback NAME` |
| give marks | `rnncourse grade export . --format moodle` (or canvas, csv, …) |
| take a newer release of the course | `rnncourse new-course . --upgrade` |

A learner checks and packs a notebook with `rnncourse handin NOTEBOOK`.
"""
IGNORED = """gradebook.db
downloaded/
submitted/
autograded/
feedback/
export/
report-*.html
similar-*.html
.grading/
.ipynb_checkpoints/
"""


@dataclass
class Done:
    """What was done to each file, by its name in the folder."""

    written: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # changed by the instructor alone
    beside: list[str] = field(default_factory=list)  # changed by both: NAME.new
    absent: list[str] = field(default_factory=list)  # deleted by the instructor

    @property
    def text(self) -> str:
        """What to print."""
        titles = {
            "written": "written",
            "renewed": "renewed, since you had not changed them",
            "kept": "yours, kept as they are",
            "beside": "changed by you and by the course: yours kept, see NAME.new",
            "absent": "deleted by you, left so",
        }
        lines = []
        for kind, title in titles.items():
            names = getattr(self, kind)
            if names:
                lines.append(f"{len(names)} {title}")
                if kind in ("kept", "beside", "absent"):
                    lines += [f"  {name}" for name in names]
        return "\n".join(lines) or "nothing to do: all is as the course has it"


def chapters_of(text: str) -> list[int]:
    """Read "5,7-9,19".

    Raises
    ------
    GradingError
        If that is not a list of chapters.
    """
    found: list[int] = []
    for part in text.replace(" ", "").split(","):
        between = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", part)
        if not between:
            raise GradingError(f"chapters are given as 5,7-9,19; got {text!r}")
        first, last = int(between[1]), int(between[2] or between[1])
        if last < first:
            raise GradingError(f"{part} names no chapter; {last}-{first} does")
        found += range(first, last + 1)
    return sorted(dict.fromkeys(found))


def make(
    root: Path,
    folder: Path,
    chapters: Sequence[int],
    *,
    start: date | None = None,
    word: str = "",
) -> Done:
    """Lay out a course folder.

    Parameters
    ----------
    root : Path
        A clone of the course.
    folder : Path
        New, or empty.
    chapters : sequence of int
    start : date, optional
        Of the first week; without it the plan numbers the weeks.
    word : str
        Gives everybody numbers of their own, made of it and a learner's name, in the
        tasks that have such (see :mod:`rnncourse.checks.variants`).
    """
    if word and not re.fullmatch(r"\w[\w .-]{0,39}", word):
        raise GradingError(f"the word may have letters, digits, . and -; got {word!r}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        if (folder / RECORD).is_file():
            raise GradingError(
                f"{folder} is a course already; --upgrade takes the newer release and "
                "adds chapters, another name makes a second course"
            )
        raise GradingError(f"{folder} is not empty; name a new folder")
    files = contents(root, folder, chapters, start, word)
    done = Done()
    for name, data in files.items():
        _write(folder / name, data)
        done.written.append(name)
    _remember(folder, files, chapters, start, word)
    return done


def upgrade(root: Path, folder: Path, more: Sequence[int] = ()) -> Done:
    """Take a newer release of the course, and keep what the instructor changed.

    Parameters
    ----------
    root : Path
        A clone of the course, at the newer release.
    folder : Path
        Made by :func:`make`.
    more : sequence of int
        Chapters to add.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except OSError:
        raise GradingError(
            f"{folder} was not made by `rnncourse new-course`: it has no {RECORD}"
        ) from None
    except ValueError:
        raise GradingError(
            f"{folder / RECORD} cannot be read; make a course beside this one and "
            "copy what you changed"
        ) from None
    chapters = sorted({*record["chapters"], *more})
    start = date.fromisoformat(record["start"]) if record["start"] else None
    word = record.get("word", "")
    files = contents(root, folder, chapters, start, word)
    was: dict[str, str] = record["files"]
    own = {name for name in was if _changed(folder / name, was[name])}
    done = Done()
    for name, data in files.items():
        path, now = folder / name, _hash(data)
        if name not in was and not path.exists():
            _write(path, data)
            done.written.append(name)
        elif not path.exists():
            done.absent.append(name)
        elif _hash(path.read_bytes()) == now:
            continue
        elif name in own or name not in was or _follows(name, own):
            if was.get(name) == now or _follows(name, own):
                done.kept.append(name)
            else:
                _write(path.with_name(path.name + ".new"), data)
                done.beside.append(name)
        else:
            _write(path, data)
            done.renewed.append(name)
    _remember(folder, files, chapters, start, word)
    return done


def _changed(path: Path, was: str) -> bool:
    return path.exists() and _hash(path.read_bytes()) != was


def _follows(name: str, own: set[str]) -> bool:
    """Whether a handed-out file belongs to a source that the instructor changed."""
    parts = name.split("/")
    return parts[0] == "release" and any(
        other.startswith(f"source/{parts[1]}/") for other in own
    )


def contents(
    root: Path,
    folder: Path,
    chapters: Sequence[int],
    start: date | None,
    word: str = "",
) -> dict[str, bytes]:
    """Give every file of a course folder, by its name in it.

    Raises
    ------
    GradingError
        If there is no assignment for a chapter.
    """
    known = {
        int(path.name[:2]): path.name
        for path in sorted((root / "exercises").iterdir())
        if path.is_dir() and re.match(r"\d\d-", path.name)
    }
    there = ", ".join(map(str, sorted(known)))
    if not chapters:
        raise GradingError(
            f"which chapters? Say --chapters 5,7-9,19, of these: {there}"
        )
    unknown = [number for number in chapters if number not in known]
    if unknown:
        which = ", ".join(map(str, unknown))
        raise GradingError(f"no assignment for chapter {which}; there are: {there}")
    names = [known[number] for number in chapters]
    course_id = re.sub(r"[^\w-]+", "-", folder.resolve().name) or "course"
    about = {"course_id": course_id, "version": __version__}
    files = {
        "nbgrader_config.py": CONFIG.format(**about).encode(),
        "README.md": README.format(**about).encode(),
        ".gitignore": IGNORED.encode(),
        "term-plan.md": plan(root, names, start).encode(),
    }
    for name in names:
        for part, source in (("source", "solutions"), ("release", "exercises")):
            top = root / source / name
            for path in sorted(top.rglob("*")):
                if path.is_file() and not NOT_RELEASED & set(path.parts):
                    inner = path.relative_to(top).as_posix()
                    files[f"{part}/{name}/{inner}"] = _filled(path, word)
    return files


def _filled(path: Path, word: str) -> bytes:
    """Read a file; a notebook gets the course's public address and its word."""
    data = path.read_bytes()
    if path.suffix == ".ipynb" and word:
        named = NO_COURSE.replace(b'\\"\\"', f'\\"{word}\\"'.encode())
        data = data.replace(NO_COURSE, named)
    if path.suffix != ".ipynb" or b"{{ address." not in data:
        return data
    return fill_address(data.decode("utf-8")).encode("utf-8")


def plan(root: Path, names: Sequence[str], start: date | None) -> str:
    """Write the term plan: a week for each assignment."""
    lines = [
        "# Term plan",
        "",
        "A week for each assignment: read the chapter, hand out, take in a week later.",
        "Move rows as you like; an upgrade keeps what you change.",
        "",
        "| week | read | hand out | hand in by | points | hours |",
        "|---|---|---|---|---|---|",
    ]
    for number, name in enumerate(names):
        title, points, hours = about(root, name)
        week, due = f"{number + 1}", f"end of week {number + 2}"
        if start:
            begins = start + timedelta(weeks=number)
            week = f"{number + 1}, from {begins.isoformat()}"
            due = (begins + timedelta(weeks=1, days=6)).isoformat()
        lines.append(
            f"| {week} | chapter {int(name[:2])}, {title} | {name} | {due} | "
            f"{points} | {hours} |"
        )
    return "\n".join(lines) + "\n"


def about(root: Path, name: str) -> tuple[str, str, str]:
    """Give title, points and hours of an assignment, as it says them itself."""
    path = root / "exercises" / name / f"{name}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    text = "".join(notebook["cells"][0]["source"])
    title = re.search(r"^# \d+\. (.+?)(?:: assignment)?$", text, re.M)
    points = re.search(r"([\d.]+) points", text)
    tasks = (
        re.search(r"(\d+) minutes", "".join(cell["source"]))
        for cell in notebook["cells"]
        if str(cell["metadata"].get("nbgrader", {}).get("grade_id")).endswith("-task")
    )
    minutes = sum(int(found[1]) for found in tasks if found)
    return (
        title[1] if title else name,
        points[1] if points else "",
        f"{minutes / 60:.1f}" if minutes else "",
    )


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".writing")
    fresh.write_bytes(data)
    os.replace(fresh, path)


def _remember(
    folder: Path,
    files: dict[str, bytes],
    chapters: Sequence[int],
    start: date | None,
    word: str,
) -> None:
    record = {
        "version": __version__,
        "chapters": list(chapters),
        "start": start.isoformat() if start else "",
        "word": word,
        "files": {name: _hash(data) for name, data in files.items()},
    }
    text = json.dumps(record, indent=1, sort_keys=True) + "\n"
    _write(folder / RECORD, text.encode())

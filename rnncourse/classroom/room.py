"""Where a classroom keeps its things, who is in it, and its first assignment."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rnncourse.environment import SetupError, say

COURSE = "rnn"
TEACHER = "teacher"
LEARNERS = {"ada": ("Ada", "Adamant"), "emil": ("Emil", "Eager")}
NAMES = (TEACHER, *LEARNERS)
PLACE = "RNNCOURSE_CLASSROOM"  # the variable that tells servers where the room is
SETTINGS = Path(__file__).resolve().parent / "jupyter"
DAYS_TO_HAND_IN = 7
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that looks like another

FOR_THE_TEACHER = """# Start here

1. Wait until a learner has handed in, then open **Nbgrader > Formgrader** in the menu
   and press the button in the column "Collect".
2. Open a terminal (**File > New > Terminal**) and grade:

       cd {course}
       rnncourse grade . --assignment {assignment}

3. Look into Formgrader again: "Manual Grading" shows each answer and its verdict. After
   a mark or a comment by hand, `rnncourse grade feedback .` renews the pages.
4. Press the button in the column "Release Feedback". (Leave "Generate Feedback" alone:
   it would replace the pages by nbgrader's plain ones.)

`{course}/README.md` says what else the course folder can do.
"""
FOR_A_LEARNER = """# Start here

1. Open **Nbgrader > Assignment List** in the menu and press "Fetch".
2. Open the notebook, answer a task, and run the cell below it. "Validate" above the
   notebook runs them all.
3. Save, and press "Submit" in the list: as often as you like, the last one counts.
4. When the teacher has released the feedback, press "Fetch Feedback" in the list.
"""


@dataclass(frozen=True)
class Room:
    """The folder of a classroom.

    Parameters
    ----------
    folder : Path
    """

    folder: Path

    @classmethod
    def from_environment(cls) -> Room:
        """Find the room that this process belongs to."""
        return cls(Path(os.environ[PLACE]))

    @property
    def record(self) -> Path:
        """The file that makes a folder a classroom; it holds the passwords."""
        return self.folder / "classroom.json"

    @property
    def hub(self) -> Path:
        """What JupyterHub remembers, and its log."""
        return self.folder / "hub"

    @property
    def exchange(self) -> Path:
        """The folder by which nbgrader hands out and takes in."""
        return self.folder / "exchange"

    @property
    def homes(self) -> Path:
        """The folders of the people."""
        return self.folder / "homes"

    @property
    def course(self) -> Path:
        """The teacher's course folder."""
        return self.homes / TEACHER / COURSE

    def read(self) -> dict[str, Any]:
        """Read the record; empty where there is none."""
        try:
            found: dict[str, Any] = json.loads(self.record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise SetupError(
                f"{self.record} cannot be read ({error}); --fresh starts anew"
            ) from None
        return found

    def write(self, record: dict[str, Any]) -> None:
        """Write the record, readable by nobody else, or leave the old one."""
        fresh = self.record.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as stream:
            json.dump(record, stream, indent=1)
        os.replace(fresh, self.record)

    def variables(self, name: str) -> dict[str, str]:
        """Give the environment variables of a person's server."""
        role = TEACHER if name == TEACHER else "learner"
        settings = os.pathsep.join(str(SETTINGS / part) for part in (role, "all"))
        scripts = os.path.dirname(sys.executable)
        return {
            PLACE: str(self.folder),
            "JUPYTER_CONFIG_PATH": settings,
            "PATH": os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)]),
            # Three servers with a kernel each share the machine.
            "OMP_NUM_THREADS": "1",
        }


def open_room(folder: Path, *, fresh: bool) -> Room:
    """Take a folder as a classroom, or make it one.

    Parameters
    ----------
    folder : Path
        New, empty, or a classroom.
    fresh : bool
        Throw away what an earlier classroom left there.

    Raises
    ------
    SetupError
        If something else is in the folder.
    """
    room = Room(folder.resolve())
    ours = room.record.is_file()
    if folder.exists() and not ours and (not folder.is_dir() or any(folder.iterdir())):
        raise SetupError(
            f"{folder} is no classroom and not empty; name another one by --folder"
        )
    try:
        room.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not ours:
            room.write({})
        elif fresh:
            _empty(room)
    except OSError as error:
        raise SetupError(f"{folder} cannot be written: {error.strerror}") from None
    return room


def _empty(room: Room) -> None:
    room.write({})  # whatever happens now, the room is not taken for a finished one
    for path in (room.hub, room.exchange, room.homes):
        shutil.rmtree(path, ignore_errors=True)
        if path.exists():
            raise SetupError(f"{path} could not be removed; is it in use?")


def prepare(room: Room, root: Path, chapters: Sequence[int]) -> dict[str, Any]:
    """Make people, course and exchange, and release the first assignment.

    A room that has them is left as it is.

    Parameters
    ----------
    room : Room
    root : Path
        A clone of the course.
    chapters : sequence of int
        Whose assignments the course has; the first one is released.

    Returns
    -------
    dict
        The record: passwords, chapters, the released assignment.
    """
    record = room.read()
    if record.get("prepared"):
        if chapters and list(chapters) != record["chapters"]:
            there = ",".join(map(str, record["chapters"]))
            raise SetupError(
                f"this classroom has chapters {there}; --fresh starts one anew, "
                "--folder a second one beside it"
            )
        return record
    from rnncourse import new_course
    from rnncourse.grading.engine import GradingError

    _empty(room)  # what an interrupted start left
    say(f"making a classroom in {room.folder} (some seconds)")
    for path in (room.hub, room.exchange, *(room.homes / name for name in NAMES)):
        path.mkdir(parents=True)
    room.exchange.chmod(0o777)  # nbgrader asks for that; the room itself is closed
    chapters = list(chapters) or [1]
    try:
        new_course.make(root, room.course, chapters)
    except GradingError as error:
        raise SetupError(str(error)) from None
    (name,) = [
        path.name
        for path in (room.course / "source").iterdir()
        if path.name.startswith(f"{chapters[0]:02d}-")
    ]
    _hand_out(room, name)
    for person in NAMES:
        text = FOR_THE_TEACHER if person == TEACHER else FOR_A_LEARNER
        text = text.format(course=COURSE, assignment=name)
        path = room.homes / person / "start-here.md"
        path.write_text(text, encoding="utf-8")
    record = {
        "prepared": True,
        "chapters": chapters,
        "assignment": name,
        "passwords": {person: _password() for person in NAMES},
    }
    room.write(record)
    return record


def _password() -> str:
    letters = [secrets.choice(LETTERS) for _ in range(12)]
    return "-".join("".join(letters[i : i + 4]) for i in (0, 4, 8))


def _hand_out(room: Room, assignment: str) -> None:
    """Make learners and assignment known to nbgrader, and release it: its commands."""
    students = room.hub / "students.csv"
    with students.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(("id", "first_name", "last_name"))
        table.writerows((who, *names) for who, names in LEARNERS.items())
    due = datetime.now(UTC) + timedelta(days=DAYS_TO_HAND_IN)
    when = due.strftime("%Y-%m-%d 18:00 UTC")
    nbgrader(room, "db", "student", "import", str(students))
    nbgrader(room, "db", "assignment", "add", assignment, f"--duedate={when}")
    nbgrader(room, "generate_assignment", assignment, "--force")
    nbgrader(room, "release_assignment", assignment)


def nbgrader(room: Room, *arguments: str, name: str = TEACHER) -> str:
    """Call nbgrader's command line as a person in the room; return what it says.

    Raises
    ------
    SetupError
        If it fails.
    """
    home = room.homes / name
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("JUPYTER", "XDG_", "IPYTHON"))
    }
    env |= {**room.variables(name), "HOME": str(home), "JUPYTERHUB_USER": name}
    called = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "nbgrader", *arguments],
        cwd=room.course if name == TEACHER else home,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    said = (called.stdout + called.stderr).strip()
    if called.returncode:
        raise SetupError(f"nbgrader {' '.join(arguments)} failed:\n{said[-1500:]}")
    return said


@contextlib.contextmanager
def only_one(room: Room) -> Any:
    """Hold a room, so that no second start works in it.

    Raises
    ------
    SetupError
        If another one holds it.
    """
    import fcntl

    with (room.folder / "in-use").open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stream.seek(0)
            who = stream.read().strip() or "unknown"
            raise SetupError(
                f"the classroom in {room.folder} is open already, by process {who}"
            ) from None
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n")
        stream.flush()
        yield

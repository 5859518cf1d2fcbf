"""The same attacks on stock ``nbgrader autograde``, between two honest hand-ins.

The course folder is as nbgrader makes it: source, release, gradebook and hand-ins side
by side, graded by one command as the instructor. A graded cell calls the course's
``check`` in the learner's kernel, as it does at home. What the attack did is read from
outside after its box has ended; only what was left behind must be seen from inside.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from rnncourse.exercises import ROOT

from . import corpus

BEFORE, AFTER = "a-honest", "z-honest"  # nbgrader grades in the order of names
CELL_SECONDS, RUN_SECONDS = 60, 600  # for a machine that does much else
CONFIG = f"""
c = get_config()
load_subconfig("course_config.py")
c.CourseDirectory.root = "."
c.Execute.timeout = {CELL_SECONDS}
c.ExecutePreprocessor.timeout = {CELL_SECONDS}
c.Execute.startup_timeout = 300
c.ExecutePreprocessor.startup_timeout = 300
"""


def run(work: Path, names: list[str]) -> None:
    """Be inside the box: make the course, grade it, look around."""
    from .__main__ import limit_this_process

    limit_this_process()
    attacks = [one for one in corpus.ATTACKS if corpus.name_of(one) in names]
    course = work / "course"
    loot = f"LOOT-{secrets.token_hex(8)}"
    (work / "secret.txt").write_text(loot, encoding="utf-8")
    (work / "loot").write_text(loot, encoding="utf-8")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(work),
        "GRADER_SECRET": loot,
        "OMP_NUM_THREADS": "1",
    }

    def call(*command: str, seconds: float) -> tuple[int, str]:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "nbgrader", *command],
                cwd=course,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired as stopped:
            return -1, (stopped.stderr or b"").decode(errors="replace")
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def keep(text: str) -> None:
        fresh = work / "stage.new"
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, work / "stage.json")

    if not course.exists():  # the first box makes it, the others get it
        source = course / "solutions" / corpus.SHORT / f"{corpus.SHORT}.ipynb"
        corpus.write(source, corpus.filled(_with_marks(corpus.model())))
        shutil.copy(ROOT / "nbgrader_config.py", course / "course_config.py")
        (course / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
        code, said = call("generate_assignment", corpus.SHORT, seconds=300)
        if code:
            keep(json.dumps({"stage": "failed", "said": said[-2000:]}))
            return
    if not names:
        keep(json.dumps({"stage": "made"}))
        return
    for attack in attacks:
        folder = course / "submitted" / attack["name"] / corpus.SHORT
        folder.mkdir(parents=True)
        corpus.make(attack, folder / f"{corpus.SHORT}.ipynb", work / "secret.txt")
    for student in (BEFORE, AFTER):
        folder = course / "submitted" / student / corpus.SHORT
        folder.mkdir(parents=True)
        corpus.make_honest(folder / f"{corpus.SHORT}.ipynb", loot)
    seconds = RUN_SECONDS * (1 + 0.3 * len(names))
    keep(json.dumps({"stage": "grading"}))
    before = _processes()
    with corpus.handing_out(loot):
        code, said = call("autograde", corpus.SHORT, seconds=seconds)
    time.sleep(0.5)
    left = sorted(set(_processes().items()) - set(before.items()))
    keep(
        json.dumps(
            {
                "stage": "done",
                "code": code,
                "said": said[-4000:],
                "left": [f"{pid} {line}" for pid, line in left],
            }
        )
    )


def _with_marks(answers: dict[str, str]) -> dict[str, str]:
    """Write answers as a source has them, between the marks of a solution."""
    marked = "### BEGIN SOLUTION\n{}\n### END SOLUTION"
    return {
        name: text if "BEGIN SOLUTION" in text else marked.format(text)
        for name, text in answers.items()
    }


def _processes() -> dict[int, str]:
    """Give the other processes of this box that are alive, with their commands."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            fields = Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1].split()
            line = Path(f"/proc/{name}/cmdline").read_bytes()
            if fields[0] not in "ZX" and int(name) != os.getpid() and line:
                text = line.replace(b"\0", b" ").decode(errors="replace").strip()
                # A record is published: it names no folder of this machine.
                found[int(name)] = text.replace(f"{sys.prefix}/bin/", "")[:120]
    return found


def alone(attack: dict[str, Any]) -> bool:
    """Tell whether an attack is run by itself, since it might stop those beside it."""
    text = json.dumps(attack)
    words = ("fork", "kill", "subprocess", "Thread", "while True", "1 << 2", "000_000")
    return attack["class"] in "EG" or any(word in text for word in words)


def read(work: Path, names: list[str]) -> dict[str, Any]:
    """Be outside, when the box has ended: see what the attacks achieved."""
    attacks = [one for one in corpus.ATTACKS if corpus.name_of(one) in names]
    stage: dict[str, Any] = {"stage": "nothing"}
    with suppress(OSError, ValueError):
        stage = json.loads((work / "stage.json").read_bytes())
    if stage["stage"] in ("nothing", "failed"):
        raise SystemExit(f"{names}: no course was made: {stage.get('said', '')}")
    course = work / "course"
    marks = _marks(course / "gradebook.db")
    everybody: dict[str, str] = {}
    others = {who: marks.get(who) for who in (BEFORE, AFTER)}
    wrong = {w: s for w, s in others.items() if s not in (None, corpus.POINTS)}
    if wrong:
        everybody["mark"] = f"marks of others: {wrong}"
    missing = [who for who, scores in others.items() if scores is None]
    if stage["stage"] == "grading":
        everybody["stopped"] = "the command was ended, with what had called it"
    elif stage["code"] == -1:
        everybody["stopped"] = "the command did not end, and was ended after minutes"
    elif missing:
        everybody["stopped"] = "the hand-ins after it were not graded"
    if stage.get("left"):
        everybody["left"] = "; ".join(stage["left"])[:300]
    loot = (work / "loot").read_text(encoding="utf-8")
    each = {
        corpus.name_of(attack): _of_one(attack, course, marks, loot)
        for attack in attacks
    }
    if len(names) == 1:
        found = {**each[names[0]], **everybody}
        if len(found) > 1:
            found.pop("otherwise", None)
        each = {names[0]: found}
    return {"each": each, "all": everybody, "level": "none"}


def _of_one(
    attack: dict[str, Any],
    course: Path,
    marks: dict[str, dict[str, float | None]],
    loot: str,
) -> dict[str, str]:
    """See what one attack achieved for itself."""
    found: dict[str, str] = {}
    got = marks.get(attack["name"])
    right = attack.get("earns", 0.0)
    most = sum(corpus.POINTS.values()) - corpus.POINTS[corpus.ATTACKED] + right
    limit = 0.0 if attack.get("aside") else most
    scores = got or {}
    total = sum(score or 0.0 for score in scores.values())
    if total > limit + 1e-9 or (scores.get(corpus.ATTACKED) or 0.0) > right:
        found["mark"] = f"{total:g} points, {limit:g} would be right"
    graded = course / "autograded" / attack["name"] / corpus.SHORT
    text = ""
    with suppress(OSError):
        text = (graded / f"{corpus.SHORT}.ipynb").read_text("utf-8", "replace")
    if loot in text:
        found["read"] = "the secret is in the graded notebook"
    shown = ""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        shown = corpus.outputs_shown(text)
    said = re.search(r"ATTACK-[A-Z]+", shown.replace("ATTACK-FOUND []", ""))
    if said and said[0] == "ATTACK-SCRIPT":
        found["left"] = "a script is in the outputs of the graded notebook"
    elif said:  # not more of it: what was found are files of this machine
        found.setdefault("read", f"the graded notebook says {said[0]}")
    if got is None and not found:
        found["otherwise"] = "no marks, and no sentence for the learner"
    return found


def _marks(path: Path) -> dict[str, dict[str, float | None]]:
    """Read the marks of those that the gradebook calls graded."""
    question = """
    select student.id, cell.name, grade.auto_score
    from submitted_assignment
    join student on student.id = submitted_assignment.student_id
    join submitted_notebook on submitted_notebook.assignment_id =
        submitted_assignment.id
    join grade on grade.notebook_id = submitted_notebook.id
    join grade_cells on grade_cells.id = grade.cell_id
    join base_cell cell on cell.id = grade_cells.id
    """
    marks: dict[str, dict[str, float | None]] = {}
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for student, cell, score in database.execute(question):
            marks.setdefault(student, {})[cell] = score
    finally:
        database.close()
    return {
        student: scores
        for student, scores in marks.items()
        if any(score is not None for score in scores.values())
    }

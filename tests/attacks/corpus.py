"""The attacks as data, how their hand-ins are made, and how one ended.

Used by the tests, which run every attack at the best level of a machine, and by
``python -m tests.attacks``, which runs them at a level, or on stock nbgrader, and
stores what happened.
"""

import contextlib
import copy
import json
import os
import secrets
import socket
import threading
import time
import tomllib

from rnncourse.checks import all_checks, draw
from rnncourse.checks.judge import right_answer
from rnncourse.exercises import ROOT
from rnncourse.grading import engine
from rnncourse.grading.limits import Limits

from ..grading.common import (
    POINTS,
    SHORT,
    cell_of,
    filled,
    grades,
    leftovers,
    make_releases,
    model,
    write,
)

FILES = sorted((ROOT / "tests" / "attacks").glob("*.toml"))
ATTACKS = [
    {**attack, "class": path.stem[0].upper()}
    for path in FILES
    for attack in tomllib.loads(path.read_text(encoding="utf-8"))["attack"]
]
ATTACKED = "unrolled-sum-check"
HONEST = ("honest-1", "honest-2", "honest-3")
LIMITS = Limits(cell_seconds=4, deaf_seconds=1, notebook_seconds=40)
MOST_BYTES = 12 << 20  # of a graded notebook, whatever was printed


def name_of(attack):
    return f"{attack['class']}-{attack['name']}"


def public_answers():
    """Give the answers to the inputs of home, as somebody might pass them on."""
    check = all_checks()["unrolled-sum"]
    calls = [inputs for case in draw(check) for inputs in case]
    return {
        len(inputs["b"]): list(map(float, right_answer(check, inputs)))
        for inputs in calls
    }


def make(attack, path, secret):
    """Write the hand-in of one attack to ``path``, whose folder is there."""
    if "file" in attack:
        exec(attack["file"], {"path": path, "secret": secret, "os": os})
        return
    answers = model()
    answers["unrolled-sum"] = attack.get("answer", "def unrolled_sum(b, c):\n    pass")
    if "{public}" in answers["unrolled-sum"]:
        table = repr(public_answers())
        answers["unrolled-sum"] = answers["unrolled-sum"].replace("{public}", table)
    notebook = filled(answers)
    if "own" in attack:
        own = {"cell_type": "code", "metadata": {}, "source": attack["own"]}
        at = notebook["cells"].index(cell_of(notebook, "unrolled-sum"))
        notebook["cells"].insert(at, {**own, "outputs": [], "execution_count": None})
    if "cells" in attack:
        scope = {"notebook": notebook, "copy": copy}
        scope["cell"] = lambda name: cell_of(notebook, name)
        exec(attack["cells"], scope)
    write(path, notebook)


def make_honest(path, loot):
    """Write a right hand-in, with a secret in it and beside it."""
    notebook = filled(model())
    notebook["cells"][0]["metadata"]["said"] = loot
    write(path, notebook)
    (path.parent / "mine.txt").write_text(loot, encoding="utf-8")


@contextlib.contextmanager
def handing_out(loot):
    """Serve a secret on an abstract socket, as some service of the host might."""
    stop = threading.Event()

    def serve():
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("\0LOOT-socket")
            server.listen(8)
            server.settimeout(0.2)
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = server.accept()
                    connection.sendall(loot.encode())
                    connection.close()

    service = threading.Thread(target=serve)
    service.start()
    try:
        yield
    finally:
        stop.set()
        service.join()


@contextlib.contextmanager
def in_environment(name, value):
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


def grade(attacks, top, *, level="", jobs=2, limits=LIMITS):
    """Grade some attacks and some honest hand-ins in one run, with loot around it."""
    loot = f"LOOT-{secrets.token_hex(8)}"
    secret = top / "secret.txt"
    secret.write_text(loot, encoding="utf-8")
    folder = top / "handed-in"
    folder.mkdir()
    for attack in attacks:
        (folder / attack["name"]).mkdir()
        make(attack, folder / attack["name"] / f"{SHORT}.ipynb", secret)
    for name in HONEST:
        make_honest(folder / name / f"{SHORT}.ipynb", loot)
    before = {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}
    with handing_out(loot), in_environment("GRADER_SECRET", loot):
        settings = engine.Settings(
            folder=folder,
            releases=make_releases(top / "releases"),
            out=top / "out",
            jobs=jobs,
            isolation=level,
            limits=limits,
        )
        start = time.monotonic()
        plan = engine.plan(settings)
        results = {one.student: one for one in engine.grade(settings, plan)}
        seconds = time.monotonic() - start
    time.sleep(0.2)
    after = {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}
    return {
        "results": results,
        "loot": loot,
        "left": leftovers(),
        "changed": {str(p) for p in set(before.items()) ^ set(after.items())},
        "seconds": seconds,
        "level": plan.reached.text.removeprefix("isolation: "),
    }


def ended(attack, result, loot, *, words=True):
    """Say what an attack achieved, by kind; nothing if it ended as it should.

    Parameters
    ----------
    words : bool
        Whether the words that the attack demands must be there; behind other walls
        the system answers in other words.
    """
    got = grades(result)
    found = {}

    def bad(kind, what):
        found.setdefault(kind, what)

    if set(got) != set(POINTS):
        bad("mark", f"cells {sorted(got)}")
    elif attack.get("aside"):
        if not result.trouble:
            bad("otherwise", "it was not set aside")
        if any(score is not None for score in got.values()):
            bad("mark", f"it was set aside with marks {got}")
        if not all(row["needs_manual_grade"] for row in result.rows["grades"]):
            bad("otherwise", "it was set aside without being marked for a person")
    else:
        if result.trouble:
            bad("otherwise", f"it was set aside: {result.trouble}")
        elif got[ATTACKED] != attack.get("earns", 0.0):
            bad("mark", f"{ATTACKED}: {got[ATTACKED]}")
        others = {name: got[name] for name in POINTS if name != ATTACKED}
        if any(not 0 <= (score or 0) <= POINTS[name] for name, score in others.items()):
            bad("mark", f"other cells: {others}")
        wanted = {name: POINTS[name] for name in others}
        if attack.get("keeps", True) and others != wanted and not result.trouble:
            bad("otherwise", f"its other answers lost points: {others}, {result.flags}")
    if len(result.notebook) >= MOST_BYTES:
        bad("otherwise", f"its notebook has {len(result.notebook):,} bytes")
    shown = outputs_shown(result.notebook)
    if loot in json.dumps([result.notebook, result.notes, result.flags]):
        bad("read", "the secret is in what came out")
    if "ATTACK-" in shown.replace("ATTACK-FOUND []", ""):
        bad("read", shown[shown.index("ATTACK-") :][:200])
    says = attack.get("says", "")
    told = [shown, *result.notes, *result.flags, result.trouble]
    for said in (says if words else "", attack.get("always", "")):
        if said not in "\n".join(told):
            bad("otherwise", f"it never says {said!r}")
    return found


def outputs_shown(notebook):
    """Give all that a graded notebook shows as output."""
    if not notebook:
        return ""
    return "\n".join(
        json.dumps(cell["outputs"], ensure_ascii=False)
        for cell in json.loads(notebook)["cells"]
        if cell["cell_type"] == "code"
    )

"""Every attack of tests/attacks is run for real, beside honest hand-ins."""

import contextlib
import copy
import json
import os
import secrets
import socket
import threading
import time
import tomllib

import pytest

from rnncourse.checks import all_checks, draw
from rnncourse.checks.judge import right_answer
from rnncourse.exercises import ROOT
from rnncourse.grading import engine
from rnncourse.grading.limits import Limits

from .common import (
    POINTS,
    SHORT,
    cell_of,
    filled,
    grades,
    leftovers,
    linux,
    make_releases,
    model,
    write,
)

pytestmark = linux
FILES = sorted((ROOT / "tests" / "attacks").glob("*.toml"))
ATTACKS = [
    {**attack, "class": path.stem[0].upper()}
    for path in FILES
    for attack in tomllib.loads(path.read_text(encoding="utf-8"))["attack"]
]
ATTACKED = "unrolled-sum-check"
HONEST = ("honest-1", "honest-2", "honest-3")
LIMITS = Limits(cell_seconds=4, deaf_seconds=1, notebook_seconds=40)
LEVEL = os.environ.get("RNNCOURSE_ISOLATION", "")  # to run them at another one
MOST_BYTES = 12 << 20  # of a graded notebook, whatever was printed

each_attack = pytest.mark.parametrize(
    "attack",
    [
        pytest.param(
            attack,
            id=f"{attack['class']}-{attack['name']}",
            marks=[] if attack.get("quick") else [pytest.mark.heavy],
        )
        for attack in ATTACKS
    ],
)


def public_answers():
    """Give the answers to the inputs of home, as somebody might pass them on."""
    check = all_checks()["unrolled-sum"]
    calls = [inputs for case in draw(check) for inputs in case]
    return {
        len(inputs["b"]): list(map(float, right_answer(check, inputs)))
        for inputs in calls
    }


def make(attack, folder, loot, secret):
    """Write the hand-in of one attack."""
    path = folder / attack["name"] / f"{SHORT}.ipynb"
    if "file" in attack:
        path.parent.mkdir(parents=True)
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


def hand_out_loot(loot, stop):
    """Serve a secret on an abstract socket, as some service of the host might."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0LOOT-socket")
        server.listen(8)
        server.settimeout(0.2)
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = server.accept()
                connection.sendall(loot.encode())
                connection.close()


def chosen(request):
    """Give the attacks that this test run asks for."""
    items = (getattr(item, "callspec", None) for item in request.session.items)
    asked = [
        spec.params["attack"] for spec in items if spec and "attack" in spec.params
    ]
    return [attack for attack in ATTACKS if attack in asked] or ATTACKS[:1]


@pytest.fixture(scope="module")
def graded(request, tmp_path_factory):
    """Grade the attacks and some honest hand-ins in one run."""
    top = tmp_path_factory.mktemp("attacks")
    loot = f"LOOT-{secrets.token_hex(8)}"
    secret = top / "secret.txt"
    secret.write_text(loot, encoding="utf-8")
    folder = top / "handed-in"
    folder.mkdir()
    for attack in chosen(request):
        make(attack, folder, loot, secret)
    for name in HONEST:
        notebook = filled(model())
        notebook["cells"][0]["metadata"]["said"] = loot
        write(folder / name / f"{SHORT}.ipynb", notebook)
        (folder / name / "mine.txt").write_text(loot, encoding="utf-8")
    before = {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}
    stop = threading.Event()
    service = threading.Thread(target=hand_out_loot, args=(loot, stop))
    service.start()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GRADER_SECRET", loot)
        settings = engine.Settings(
            folder=folder,
            releases=make_releases(top / "releases"),
            out=top / "out",
            jobs=2,
            isolation=LEVEL,
            limits=LIMITS,
        )
        start = time.monotonic()
        results = {one.student: one for one in engine.grade(settings)}
    seconds = time.monotonic() - start
    stop.set()
    service.join()
    time.sleep(0.2)
    after = {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}
    return {
        "results": results,
        "loot": loot,
        "left": leftovers(),
        "changed": {str(p) for p in set(before.items()) ^ set(after.items())},
        "seconds": seconds,
    }


def test_there_are_attacks_of_every_class():
    assert len(ATTACKS) >= 150
    assert {attack["class"] for attack in ATTACKS} == set("ABCDEFG")
    names = [attack["name"] for attack in ATTACKS]
    assert len(set(names)) == len(names)


@each_attack
def test_attack_gains_nothing(graded, attack):
    result = graded["results"][attack["name"]]
    got = grades(result)
    if attack.get("aside"):
        assert result.trouble
        assert set(got) == set(POINTS)
        assert all(score is None for score in got.values())
        assert all(row["needs_manual_grade"] for row in result.rows["grades"])
    else:
        assert not result.trouble
        assert got[ATTACKED] == attack.get("earns", 0.0), result.notebook[-3000:]
        others = {name: got[name] for name in POINTS if name != ATTACKED}
        if attack.get("keeps", True):
            wanted = {name: POINTS[name] for name in others}
            assert others == wanted, (result.flags, result.notebook[-3000:])
        assert all(0 <= others[name] <= POINTS[name] for name in others)
        assert set(got) == set(POINTS)
    assert len(result.notebook) < MOST_BYTES
    everything = json.dumps([result.notebook, result.notes, result.flags])
    shown = _outputs(result)
    assert graded["loot"] not in everything
    assert "ATTACK-" not in shown.replace("ATTACK-FOUND []", "")
    if LEVEL != "standard" and (says := attack.get("says")):  # other walls, other words
        told = [shown, *result.notes, *result.flags, result.trouble]
        assert says in "\n".join(told)


def _outputs(result):
    """Give all that the graded notebook shows as output."""
    if not result.notebook:
        return ""
    cells = json.loads(result.notebook)["cells"]
    return "\n".join(
        json.dumps(cell["outputs"], ensure_ascii=False)
        for cell in cells
        if cell["cell_type"] == "code"
    )


@pytest.mark.parametrize("student", HONEST)
def test_honest_hand_ins_beside_them_have_full_marks(graded, student):
    assert grades(graded["results"][student]) == POINTS


def test_nothing_is_left_behind_and_no_hand_in_is_changed(graded):
    assert graded["left"] == set()
    assert graded["changed"] == set()

"""Whatever ends a run, and wherever: the next start ends as if nothing had been.

Most runs here hand out results that were graded once and go through the journal, the
gradebook and the graded notebooks for real, in a process that is killed for real. Some
grade for real and lose their driver, a worker, a kernel or the warm process.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from rnncourse.exercises import ROOT
from rnncourse.grading import engine, faults, gradebook, host
from rnncourse.grading.limits import Limits

from .common import SHORT, filled, leftovers, linux, make_releases, model, write
from .test_run import rows_of

pytestmark = linux
MODEL = model()
HAND_INS = {
    "ada": MODEL,
    "ben": {},
    "cleo": {**MODEL, "numbers-kept": "1 / 0"},
    "dora": {**MODEL, "output-step": "def output_step(*given):\n    return given"},
    "emil": MODEL,
}
SEED = 20261121
QUICK, MANY = 30, 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("faults"))


def make_folder(top):
    make_releases(top / "releases")
    for name, answers in HAND_INS.items():
        write(top / "in" / f"{name}.ipynb", filled(answers))
    (top / "in" / "fred.ipynb").write_bytes(b"\x89PNG\r\n")
    return top


def settings_for(top, out):
    return engine.Settings(
        folder=top / "in",
        releases=top / "releases",
        out=out,
        jobs=2,
        public=True,
        limits=Limits(cell_seconds=20),
    )


@pytest.fixture(scope="module")
def undisturbed(folder, tmp_path_factory):
    return grade_undisturbed(folder, tmp_path_factory.mktemp)


def grade_undisturbed(folder, new_folder):
    """Grade everything once; also count the places that a run comes to."""
    out = new_folder("undisturbed")
    results = engine.grade(settings_for(folder, out))
    places = []
    again = new_folder("counted")
    ours, theirs = os.pipe()
    code = run_apart(
        folder,
        again,
        results,
        lambda place: os.write(theirs, f"{place}\n".encode()),
    )
    os.close(theirs)
    with os.fdopen(ours) as stream:
        places = stream.read().splitlines()
    assert code == 0
    made = {"results": results, "places": places, "left": what_is_left(out)}
    assert what_is_left(again) == made["left"]
    return made


def run_apart(top, out, results, hook, *, real=False):
    """Run in a process of its own; return its exit code, negative for a signal."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 9
        try:
            os.setsid()
            faults.hook = hook
            engine.FLUSH_RESULTS = 2
            gradebook.LOCK_SECONDS = 1.0
            if not real:
                by_name = {one.student: one for one in results}
                engine._grade_here = lambda made, *_: iter(
                    [by_name[one.student] for one in made.to_grade]
                )
                engine._Writer.load = engine._Writer._register  # no thread here
            engine.grade(settings_for(top, out))
            code = 0
        except engine.Stopped:
            code = 4
        except KeyboardInterrupt:
            code = 130
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def what_is_left(out):
    """Read everything a run leaves: gradebook row by row, notebooks byte by byte."""
    database = sqlite3.connect(out / "gradebook.db")
    tables = [
        name
        for (name,) in database.execute(
            "select name from sqlite_master where type = 'table' order by name"
        )
    ]
    counts = {
        table: database.execute(f'select count(*) from "{table}"').fetchone()[0]
        for table in tables
    }
    database.close()
    notebooks = {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted((out / "autograded").rglob("*"))
        if path.is_file()
    }
    others = sorted(path.name for path in out.iterdir() if path.name != ".grading")
    return {
        "counts": counts,
        "rows": rows_of(out),
        "notebooks": notebooks,
        "files": others,
    }


class At:
    """Do something when a run comes to a place for the n-th time, counted over all."""

    def __init__(self, number, what, only=None):
        self.left = number
        self.what = what
        self.only = only
        self.driver = os.getpid()

    def __call__(self, place):
        if self.only is None or place == self.only:
            self.left -= 1
            if self.left == 0:
                self.what()


def kill_me():
    os.kill(os.getpid(), signal.SIGKILL)


def numbers(how_many, places, seed=SEED):
    """Choose where to stop: at random, but each place at least once."""
    chosen = {places.index(place) + 1 for place in dict.fromkeys(places)}
    rest = [n for n in range(1, len(places) + 1) if n not in chosen]
    random.Random(seed).shuffle(rest)
    return sorted([*chosen, *rest[: max(0, how_many - len(chosen))]])


def test_a_run_killed_at_any_write_ends_alike(folder, undisturbed, tmp_path):
    places = undisturbed["places"]
    assert set(places) == {p for p in faults.PLACES if not p.startswith("worker")}
    chosen = numbers(QUICK, places)
    assert len(chosen) >= QUICK
    for number in chosen:
        out = tmp_path / str(number)
        code = run_apart(folder, out, undisturbed["results"], At(number, kill_me))
        assert code == -signal.SIGKILL
        assert run_apart(folder, out, undisturbed["results"], None) == 0
        left = what_is_left(out)
        assert left == undisturbed["left"], places[number - 1]
        shutil.rmtree(out)


@pytest.mark.heavy
def test_a_run_killed_again_and_again_ends_alike(folder, undisturbed, tmp_path):
    """Kill 200 times: several times in one run before it may end."""
    chance = random.Random(SEED)
    kills = 0
    while kills < MANY:
        out = tmp_path / str(kills)
        kills += kill_and_compare(folder, out, undisturbed, chance)


def kill_and_compare(folder, out, undisturbed, chance):
    """Kill one run a few times, let it end, compare; say how often it was killed."""
    kills = 0
    for _ in range(chance.randint(1, 5)):
        number = chance.randint(1, len(undisturbed["places"]))
        hook = At(number, kill_me)
        code = run_apart(folder, out, undisturbed["results"], hook)
        assert code in (0, -signal.SIGKILL)
        kills += code != 0
    assert run_apart(folder, out, undisturbed["results"], None) == 0
    assert what_is_left(out) == undisturbed["left"]
    shutil.rmtree(out)
    return kills


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("journal store", sqlite3.OperationalError("database or disk is full")),
        ("gradebook begin", OSError(28, "No space left on device")),
        ("notebook write", OSError(28, "No space left on device")),
        ("journal merged", sqlite3.OperationalError("disk I/O error")),
    ],
)
def test_what_cannot_be_written_stops_the_run_with_a_sentence(
    folder, undisturbed, tmp_path, place, error
):
    def fail():
        raise error

    out = tmp_path / "out"
    hook = At(2, fail, only=place)
    assert run_apart(folder, out, undisturbed["results"], hook) == 4
    assert run_apart(folder, out, undisturbed["results"], None) == 0
    assert what_is_left(out) == undisturbed["left"]


def test_a_gradebook_that_others_hold_is_waited_for(folder, undisturbed, tmp_path):
    """Hold the database while a run wants to write, for a moment and for too long."""
    out = tmp_path / "out"
    assert run_apart(folder, out, undisturbed["results"], At(1, kill_me)) < 0
    with gradebook.quiet():
        gradebook.register(
            f"sqlite:///{out / 'gradebook.db'}",
            SHORT,
            engine.read_release(folder / "releases" / SHORT / f"{SHORT}.ipynb"),
        )
    with holding(out / "gradebook.db", 60):
        assert run_apart(folder, out, undisturbed["results"], None) == 4
    with holding(out / "gradebook.db", 1):
        assert run_apart(folder, out, undisturbed["results"], None) == 0
    assert what_is_left(out) == undisturbed["left"]


HOLD = """
import sqlite3, sys, time
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("begin immediate")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


@contextlib.contextmanager
def holding(path, seconds):
    """Hold a database for some seconds, in a process of its own."""
    command = [sys.executable, "-c", HOLD, str(path), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield
        process.kill()


FULL = """
import json, subprocess, sys
from pathlib import Path
top, out = Path(sys.argv[1]), Path(sys.argv[2])
def mount(*how):
    subprocess.run(["mount", *how, "tmpfs", str(out)], check=True)
mount("-t", "tmpfs", "-o", "size=300k")
from tests.grading import test_faults as own
from rnncourse.grading.result import Result
from rnncourse.grading.levels import Reached
own.engine.choose_level = lambda wanted: Reached("strict", False, ())
results = [Result.from_json(text) for text in json.loads(sys.stdin.read())]
codes = [own.run_apart(top, out, results, None)]
subprocess.run(["mount", "-o", "remount,size=64m", str(out)], check=True)
codes.append(own.run_apart(top, out, results, None))
left = own.what_is_left(out)
left["notebooks"] = {k: v.decode() for k, v in left["notebooks"].items()}
print(json.dumps({"codes": codes, "left": left}))
"""


def test_a_disk_that_is_really_full(folder, undisturbed, tmp_path):
    """Write to a tmpfs of 300 kB, mounted in a namespace of its own."""
    out = tmp_path / "out"
    out.mkdir()
    apart = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*apart, "true"], capture_output=True).returncode:
        pytest.skip("no user namespaces here")
    done = subprocess.run(
        [*apart, sys.executable, "-c", FULL, str(folder), str(out)],
        input=json.dumps([one.to_json() for one in undisturbed["results"]]),
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["codes"] == [4, 0]
    wanted = undisturbed["left"]
    left = found["left"]
    assert left["counts"] == wanted["counts"]
    assert left["rows"] == json.loads(json.dumps(wanted["rows"]))
    assert left["notebooks"] == {
        name: data.decode() for name, data in wanted["notebooks"].items()
    }
    assert list(out.iterdir()) == []  # nothing was mounted out here


# -- runs that grade for real ------------------------------------------------------


def once(path):
    """Say whether this is the first time, over all processes."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def children_of(pid):
    return [
        int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ]


@pytest.mark.parametrize("place", ["worker begin", "worker ran", "worker send"])
def test_a_killed_worker_costs_nothing(folder, undisturbed, tmp_path, place):
    def hook(at):
        if at == place and once(tmp_path / "killed"):
            kill_me()

    assert run_apart(folder, tmp_path / "out", [], hook, real=True) == 0
    assert (tmp_path / "killed").exists()
    assert what_is_left(tmp_path / "out") == undisturbed["left"]
    assert leftovers() == set()


def test_a_driver_killed_while_it_grades_leaves_nothing_and_goes_on(
    folder, undisturbed, tmp_path
):
    out = tmp_path / "out"
    hook = At(2, kill_me, only="journal stored")
    assert run_apart(folder, out, [], hook, real=True) == -signal.SIGKILL
    end = time.monotonic() + 20
    while leftovers() and time.monotonic() < end:
        host.sweep()  # as the next start does
        time.sleep(0.1)
    assert leftovers() == set()
    plan = engine.plan(settings_for(folder, out))
    assert len(plan.done) + len(plan.to_merge) == 2
    assert run_apart(folder, out, [], None, real=True) == 0
    assert what_is_left(out) == undisturbed["left"]


def test_a_gradebook_killed_while_it_is_made_leaves_nothing(
    folder, undisturbed, tmp_path
):
    """Kill at moments spread over all of it: SQLite's own journal may lie there."""
    gradebook.load()
    release = engine.plan(settings_for(folder, tmp_path / "plan")).release

    def register(out):
        url = gradebook.sqlite_url(out / "gradebook.db")
        gradebook.register(url, SHORT, release)

    out = tmp_path / "whole"
    start = time.monotonic()
    code, _ = in_a_fork(lambda: register(out), out)
    took = time.monotonic() - start
    assert code == 0
    seen = set()
    for number in range(QUICK):
        out = tmp_path / str(number)
        after = took * number / QUICK
        seen |= in_a_fork(lambda out=out: register(out), out, after)[1]
        assert in_a_fork(lambda out=out: register(out), out) == (0, {"gradebook.db"})
    assert "gradebook.db" in seen
    assert any(name.endswith(".new-journal") for name in seen)


def in_a_fork(work, out, kill_after=None):
    """Do it in a process that may be killed; say how it ended and which files stay."""
    out.mkdir(exist_ok=True)
    pid = os.fork()
    if pid == 0:
        code = 9
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, {path.name for path in out.iterdir()}


def test_an_interrupt_ends_a_run_that_goes_on_later(folder, undisturbed, tmp_path):
    out = tmp_path / "out"
    hook = At(1, lambda: os.kill(os.getpid(), signal.SIGINT), only="journal stored")
    assert run_apart(folder, out, [], hook, real=True) == 130
    assert leftovers() == set()
    assert run_apart(folder, out, [], None, real=True) == 0
    assert what_is_left(out) == undisturbed["left"]


def test_without_the_warm_process_nothing_is_final(folder, undisturbed, tmp_path):
    """Kill it in the middle: those that had no kernel wait for the next start."""
    out = tmp_path / "out"

    def hook(at):
        if at == "worker begin" and not once(tmp_path / "first"):
            for pid in children_of(os.getppid()):
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
                if b"rnncourse.grading.zygote" in line:
                    os.kill(pid, signal.SIGKILL)

    assert run_apart(folder, out, [], hook, real=True) == 0
    plan = engine.plan(settings_for(folder, out))
    assert plan.to_grade
    assert all(one.student != "fred" for one in plan.to_grade)
    waiting = rows_of(out)[plan.to_grade[0].student]
    assert any(row[1] for row in waiting.values() if isinstance(row, tuple))
    assert run_apart(folder, out, [], None, real=True) == 0
    assert what_is_left(out) == undisturbed["left"]


def test_what_the_machine_did_is_told_apart_from_what_the_hand_in_did(undisturbed):
    one = undisturbed["results"][0]
    assert not one.again
    assert replace(one, again=True) != one

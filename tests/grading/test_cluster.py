"""Hand-ins graded by the workers of a scheduler: the same bytes, and no silent zero."""

import contextlib
import json
import subprocess
import sys
import time

import pytest

from rnncourse.exercises import ROOT
from rnncourse.grading import engine, versions
from rnncourse.grading.limits import Limits

from .common import filled, leftovers, linux, make_releases, model, write

pytestmark = linux
MODEL = model()
HAND_INS = {
    "model": MODEL,
    "empty": {},
    "halved": {**MODEL, "numbers-kept": "1 / 0"},
    "printing": {**MODEL, "unrolled-sum": "print('x' * 99)\n" + MODEL["unrolled-sum"]},
}


@contextlib.contextmanager
def dask(folder, *, threads=2, code=""):
    """Run a scheduler and a worker in processes of their own; give the address."""
    file = folder / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0"]
    command += ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    scheduler = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    start = "from distributed.cli import dask_worker; dask_worker.main()"
    worker = [sys.executable, "-c", f"{code}\n{start}"]
    worker += ["--scheduler-file", str(file), "--nthreads", str(threads)]
    worker += ["--no-nanny", "--no-dashboard", "--local-directory", str(folder)]
    processes = [scheduler]
    try:
        end = time.monotonic() + 60
        while not (file.exists() and file.read_text().strip()):
            assert time.monotonic() < end and scheduler.poll() is None
            time.sleep(0.05)
        if threads:
            made = subprocess.Popen(worker, cwd=ROOT, stderr=subprocess.DEVNULL)
            processes.append(made)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(30)


def settings_for(top, out, **more):
    return engine.Settings(
        folder=top / "in",
        releases=top / "releases",
        out=out,
        public=True,
        limits=Limits(cell_seconds=20),
        **more,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    top = tmp_path_factory.mktemp("cluster")
    make_releases(top / "releases")
    for name, answers in HAND_INS.items():
        write(top / "in" / f"{name}.ipynb", filled(answers))
    (top / "in" / "picture.ipynb").write_bytes(b"\x89PNG\r\n")
    return top


def bytes_of(results):
    """Give the results as they are stored, but for the time they took."""
    return [{**json.loads(one.to_json()), "seconds": 0} for one in results]


def test_the_bytes_are_the_same_for_one_two_and_four_workers_and_a_scheduler(
    folder, tmp_path
):
    made = {
        jobs: bytes_of(engine.grade(settings_for(folder, tmp_path / jobs, jobs=count)))
        for jobs, count in (("one", 1), ("two", 2), ("four", 4))
    }
    with dask(tmp_path) as address:
        there = settings_for(folder, tmp_path / "there", scheduler=address)
        made["there"] = bytes_of(engine.grade(there))
    assert made["one"] == made["two"] == made["four"] == made["there"]
    assert [one["student"] for one in made["one"]] == sorted([*HAND_INS, "picture"])
    written = {
        name: {
            path.parent.parent.name: path.read_bytes()
            for path in (tmp_path / name / "autograded").rglob("*.ipynb")
        }
        for name in made
    }
    assert set(written["one"]) == set(HAND_INS)
    assert written["one"] == written["two"] == written["four"] == written["there"]
    assert leftovers() == set()


def test_a_worker_with_another_version_grades_nothing(folder, tmp_path):
    other = "from rnncourse.grading import versions; versions.trusted = lambda: 'other'"
    with dask(tmp_path, threads=1, code=other) as address:
        settings = settings_for(folder, tmp_path / "out", scheduler=address)
        with pytest.raises(engine.GradingError, match="another version"):
            engine.grade(settings)
    assert len(engine.plan(settings_for(folder, tmp_path / "out")).to_grade) == 5


def test_no_scheduler_and_no_workers_are_said(folder, tmp_path, monkeypatch):
    from rnncourse.grading import cluster

    monkeypatch.setattr(cluster, "WAIT_SECONDS", 1.0)
    nowhere = settings_for(folder, tmp_path, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(engine.GradingError, match="no scheduler"):
        engine.grade(nowhere)
    with dask(tmp_path, threads=0) as address:
        alone = settings_for(folder, tmp_path, scheduler=address)
        with pytest.raises(engine.GradingError, match="no workers"):
            engine.grade(alone)


def test_a_run_on_this_machine_does_not_import_dask():
    code = (
        "import sys; from rnncourse.grading import engine, pool, shard; "
        "sys.exit('distributed' in sys.modules or 'torch' in sys.modules "
        "or 'nbgrader' in sys.modules or 'nbformat' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_the_version_is_that_of_the_trusted_files():
    assert versions.trusted() == versions.trusted()
    assert versions.trusted(["ch08.py"]) != versions.trusted(["ch09.py"])

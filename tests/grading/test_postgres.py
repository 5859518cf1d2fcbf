"""A gradebook on a PostgreSQL server, real and local, with two graders at once."""

import contextlib
import gc
import os
import shutil
import subprocess
import tempfile
import threading
import warnings
from pathlib import Path

import pytest

from rnncourse.grading import engine, gradebook
from rnncourse.grading.result import Result

from .common import POINTS, SHORT, linux, make_releases

# nbgrader's SaveCells leaves its connections to the collector.
pytestmark = [
    linux,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
FOUND = [shutil.which("pg_ctl"), *Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")]
BIN = next((Path(os.path.realpath(path)).parent for path in FOUND if path), None)


def as_ordinary_user(*command):
    """PostgreSQL refuses root; its package makes a user for it."""
    first = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*first, *map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def server():
    if BIN is None:
        pytest.skip("no PostgreSQL here")
    with tempfile.TemporaryDirectory(prefix="rnncourse-pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        data = folder / "data"
        as_ordinary_user(BIN / "initdb", "-D", data, "-A", "trust", "-U", "teacher")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        start = [BIN / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
        as_ordinary_user(*start, "-o", options, "start")
        try:
            as_ordinary_user(
                BIN / "createdb", "-h", folder, "-U", "teacher", "gradebook"
            )
            yield f"postgresql+psycopg://teacher@/gradebook?host={folder}"
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                gc.collect()
            as_ordinary_user(BIN / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def result_of(student, points=2.0):
    """Make a result as a run would."""
    row = {"notebook": SHORT}
    return Result(
        student=student,
        digest="x",
        rows={
            "submissions": [{"timestamp": None}],
            "notebooks": [{**row, "late_submission_penalty": None}],
            "grades": [
                {**row, "cell": cell, "auto_score": points, "needs_manual_grade": 0}
                for cell in POINTS
            ],
            "comments": [],
        },
    )


def scores(url):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's own dependencies
        with contextlib.closing(gradebook.open_gradebook(url)) as book:
            return {
                submission.student.id: [grade.auto_score for grade in one.grades]
                for submission in book.assignment_submissions(SHORT)
                for one in submission.notebooks
            }


def test_two_graders_write_at_once(server, tmp_path):
    release = make_releases(tmp_path) / SHORT / f"{SHORT}.ipynb"
    release = engine.read_release(release)
    failed = []

    def write(students):
        try:
            gradebook.register(server, SHORT, release)
            book = gradebook.open_gradebook(server)
            for k in range(0, len(students), 3):
                batch = [result_of(name) for name in students[k : k + 3]]
                pairs = [(one.student, one.rows) for one in batch]
                gradebook.merge_all(book, SHORT, pairs)
            gradebook.close(book)
        except BaseException as error:
            failed.append(error)

    # The same learners in the middle: both make them, and one of the two must wait.
    names = [f"learner-{k:02}" for k in range(24)]
    threads = [
        threading.Thread(target=write, args=(names[:16],)),
        threading.Thread(target=write, args=(names[8:][::-1],)),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert scores(server) == {name: [2.0] * len(POINTS) for name in names}


def test_what_was_written_can_be_written_again(server, tmp_path):
    release = make_releases(tmp_path) / SHORT / f"{SHORT}.ipynb"
    gradebook.register(server, SHORT, engine.read_release(release))
    with contextlib.closing(gradebook.open_gradebook(server)) as book:
        for points in (1.0, 0.5):
            gradebook.merge(book, SHORT, "ada", result_of("ada", points).rows)
    assert scores(server)["ada"] == [0.5] * len(POINTS)

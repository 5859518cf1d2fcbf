"""The exchange of the classroom by nbgrader's commands, without hub and browser."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.assignments import a01
from tests.conftest import ROOT

pytestmark = pytest.mark.heavy
if os.name == "nt":
    pytest.skip("the exchange needs Linux or macOS", allow_module_level=True)

from rnncourse.classroom import room as rooms  # noqa: E402

NAME = a01.ASSIGNMENT
RIGHT = "def neuron_output(X, w, b):\n    return X @ w + b\n"


def answer(room, name, source):
    """Put a comment with the learner's name and an answer into the notebook."""
    path = room.homes / name / NAME / f"{NAME}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    (cell,) = [
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "neuron-output"
    ]
    cell["source"] = [f"# by {name}\n", source]
    path.write_text(json.dumps(notebook), encoding="utf-8")


def grade(room):
    called = subprocess.run(
        [sys.executable, "-m", "rnncourse", "grade", ".", "--assignment", NAME],
        cwd=room.course,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert called.returncode == 0, called.stdout + called.stderr
    rooms.nbgrader(room, "release_feedback", NAME)
    return called.stdout


def marks(room):
    from rnncourse.grading import gradebook

    book = gradebook.open_gradebook(f"sqlite:///{room.course / 'gradebook.db'}")
    try:
        return {
            one.student_id: (one.score, one.total_seconds_late)
            for one in book.assignment_submissions(NAME)
        }
    finally:
        gradebook.close(book)


def feedback(room, name):
    """Fetch feedback as a learner; return the text of all there is, oldest first."""
    rooms.nbgrader(room, "fetch_feedback", NAME, name=name)
    pages = sorted((room.homes / name / NAME).glob("feedback/*/*.html"))
    texts = [page.read_text(encoding="utf-8") for page in pages]
    return [" ".join(re.sub(r"<[^>]*>", " ", text).split()) for text in texts]


def test_again_and_late_and_each_learner_the_own_feedback(tmp_path):
    room = rooms.open_room(tmp_path / "room", fresh=False)
    record = rooms.prepare(room, ROOT, [])
    assert record["assignment"] == NAME
    for name in ("ada", "emil"):
        rooms.nbgrader(room, "fetch_assignment", NAME, name=name)
    answer(room, "ada", "def neuron_output(X, w, b):\n    return X @ w\n")
    rooms.nbgrader(room, "submit", NAME, name="ada")
    assert "cheating" not in rooms.nbgrader(room, "collect", NAME)
    grade(room)
    assert marks(room) == {"ada": (0, 0)}
    (first,) = feedback(room, "ada")
    assert "0 of 22 points" in first
    assert "by ada" in first

    answer(room, "ada", RIGHT)
    rooms.nbgrader(room, "submit", NAME, name="ada")
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    rooms.nbgrader(room, "db", "assignment", "add", NAME, f"--duedate={now}")
    answer(room, "emil", RIGHT)
    rooms.nbgrader(room, "submit", NAME, name="emil")
    said = rooms.nbgrader(room, "collect", NAME, "--update")
    assert "Updating submission: ada" in said
    assert "Collecting submission: emil" in said
    grade(room)
    found = marks(room)
    assert found["ada"] == (2, 0)
    points, late = found["emil"]
    assert points == 2
    assert late > 0

    (his,) = feedback(room, "emil")
    assert "by emil" in his
    assert "by ada" not in his
    old, new = feedback(room, "ada")
    assert old == first
    assert "2 of 22 points" in new
    assert "by emil" not in new

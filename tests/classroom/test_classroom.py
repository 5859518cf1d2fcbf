"""A classroom for real: a hub, three people in a browser, hand-out to feedback.

One story in one room, told in order; a step that fails ends it. RNNCOURSE_PICTURES
names a folder for pictures of the steps.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.assignments import a01
from tests.classroom.people import Person
from tests.conftest import ROOT, require_tool

pytestmark = pytest.mark.heavy

NAME = a01.ASSIGNMENT
TASK = "neuron-output"
WRONG, MISTAKE = next(
    (source, mistake)
    for task, source, mistake in a01.WRONG
    if mistake == "bias-forgotten"
)
RIGHT = "def neuron_output(X, w, b):\n    return X @ w + b\n"
OTHERS = "def accuracy_at_threshold(p, y, limit):\n    # by emil\n    return p, y\n"


def free_port():
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


class Classroom:
    """`rnncourse classroom` as a person starts and stops it."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.said = folder.with_suffix(".txt")
        self.process = None

    def start(self, *options, wait=900):
        command = [sys.executable, "-m", "rnncourse", "classroom"]
        command += ["--folder", str(self.folder), "--port", str(self.port), *options]
        with self.said.open("w") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
            )
        end = time.monotonic() + wait
        while "The classroom is open" not in self.said.read_text():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < end, self.said.read_text()
            time.sleep(0.5)

    def stop(self):
        """Press Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(120)

    @property
    def passwords(self):
        """The passwords as they were printed."""
        lines = [line.split() for line in self.said.read_text().splitlines()]
        people = ("teacher", "ada", "emil")
        return {line[0]: line[1] for line in lines if line and line[0] in people}

    def running(self):
        """Name every process that belongs to this room."""
        import psutil

        found = []
        for one in psutil.process_iter():
            try:
                words = [*one.cmdline(), *one.environ().values()]
                if any(str(self.folder) in word for word in words):
                    found.append(" ".join(one.cmdline())[:200])
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def home(self, name):
        return self.folder / "homes" / name

    @property
    def course(self):
        return self.home("teacher") / "rnn"

    def marks(self):
        """Read the gradebook: points and seconds late of each learner."""
        from rnncourse.grading import gradebook

        book = gradebook.open_gradebook(f"sqlite:///{self.course / 'gradebook.db'}")
        try:
            return {
                one.student_id: (one.score, one.total_seconds_late)
                for one in book.assignment_submissions(NAME)
            }
        finally:
            gradebook.close(book)

    def feedback(self, name):
        """Read the text of the feedback that a learner has, oldest first."""
        pages = sorted((self.home(name) / NAME).glob("feedback/*/*.html"))
        texts = [page.read_text(encoding="utf-8") for page in pages]
        return [" ".join(re.sub(r"<[^>]*>", " ", text).split()) for text in texts]


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A fresh classroom, open."""
    pytest.importorskip("jupyterhub", reason="`rnncourse test-classroom` installs it")
    for tool in ("node", "npm"):
        require_tool(tool, shutil.which(tool), "JupyterHub's proxy needs it")
    made = Classroom(tmp_path_factory.mktemp("classroom") / "room")
    try:
        made.start("--fresh")
        yield made
    finally:
        if made.process and made.process.poll() is None:
            made.stop()


@pytest.fixture(scope="module")
def people(room, browser):
    """Everybody, each in a window of their own."""
    pictures = os.environ.get("RNNCOURSE_PICTURES")
    if pictures:
        Path(pictures).mkdir(parents=True, exist_ok=True)
        pictures = Path(pictures)
    made = {
        name: Person(browser, room.address, name, pictures or None)
        for name in ("ada", "emil", "teacher")
    }
    yield made
    for one in made.values():
        one.picture("end")
        one.close()


def grade(room, teacher):
    """Grade in the teacher's terminal, and wait until that is done."""
    done = room.home("teacher") / "done.txt"
    done.unlink(missing_ok=True)
    teacher.type_in_terminal(
        f"cd ~/rnn; rnncourse grade . --assignment {NAME}; echo $? > ~/done.txt"
    )
    end = time.monotonic() + 600
    while not done.is_file() or not done.read_text().strip():
        assert time.monotonic() < end, "grading took more than ten minutes"
        time.sleep(0.5)
    teacher.picture("graded")
    assert done.read_text().strip() == "0"


def test_a_wrong_password_lets_nobody_in(room, people):
    assert "Invalid username or password" in people["ada"].sign_in("wrong")
    assert set(room.passwords) == {"ada", "emil", "teacher"}
    assert people["ada"].sign_in(room.passwords["ada"]) == ""


def test_nobody_comes_in_from_another_machine(room):
    import psutil

    mine = psutil.Process(room.process.pid).children(recursive=True)
    listening = {
        connection.laddr.ip
        for one in mine
        for connection in one.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_a_learner_fetches_answers_validates_and_hands_in(room, people):
    ada = people["ada"]
    ada.open_list()
    ada.picture("1-list")
    ada.fetch(NAME)
    ada.open_notebook(NAME)
    ada.run_first()
    words = ada.answer(TASK, WRONG)
    assert "neuron_output: 0 of 2 points" in words[0]
    ada.picture("2-answer")
    ada.save()
    said = ada.validate()
    ada.picture("3-validate")
    assert "neuron_output: 0 of 2 points" in said
    assert "Not answered yet" in said
    ada.dismiss()
    ada.open_list()
    assert ada.submit(NAME) == 1
    ada.picture("4-handed-in")


def test_a_learner_sees_neither_formgrader_nor_the_others(room, people):
    ada = people["ada"]
    assert ada.page.locator('.lm-Menu-itemLabel:text-is("Formgrader")').count() == 0
    assert ada.status("/user/ada/formgrader") == 404
    assert ada.status("/user/ada/api/contents") == 200
    assert ada.status("/user/emil/api/contents") in (403, 404)
    assert ada.status("/user/teacher/api/contents") in (403, 404)
    assert ada.status("/hub/admin") == 403


def test_the_teacher_collects_grades_looks_and_releases(room, people):
    teacher = people["teacher"]
    assert teacher.sign_in(room.passwords["teacher"]) == ""
    teacher.open_formgrader()
    said = teacher.press("collect")
    assert "Successfully collected" in said
    assert "Collecting submission: ada" in said
    assert "cheating" not in said
    grade(room, teacher)
    (points, late) = room.marks()["ada"]
    assert (points, late) == (0, 0)
    teacher.open_formgrader()
    rows = teacher.open_submissions(NAME)
    teacher.picture("5-formgrader")
    assert len(rows) == 1
    assert "0 / 22" in rows[0]
    shown = teacher.open_first_submission()
    teacher.picture("6-hand-in")
    assert "neuron_output: 0 of 2 points" in shown
    teacher.open_formgrader()
    assert "Successfully released feedback" in teacher.press("release-feedback")


def test_the_learner_reads_why_and_hands_in_again(room, people):
    ada = people["ada"]
    ada.open_list()
    assert ["view feedback" in line for line in ada.fetch_feedback(NAME)] == [True]
    ada.picture("7-feedback-fetched")
    text = ada.read_feedback()
    ada.picture("8-feedback")
    assert MISTAKE.replace("-", " ") in text
    assert "0 of 22 points" in " ".join(text.split())
    assert len(room.feedback("ada")) == 1
    ada.open_notebook(NAME)
    assert "neuron_output: 2 of 2 points" in ada.answer(TASK, RIGHT)[0]
    ada.save()
    ada.open_list()
    assert ada.submit(NAME) == 2


def test_another_learner_hands_in_late(room, people):
    from rnncourse.classroom.room import Room, nbgrader

    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    nbgrader(Room(room.folder), "db", "assignment", "add", NAME, f"--duedate={now}")
    emil = people["emil"]
    assert emil.sign_in(room.passwords["emil"]) == ""
    emil.open_list()
    assert emil.rows("submitted").count() == 0
    emil.fetch(NAME)
    emil.open_notebook(NAME)
    emil.run_first()
    emil.answer("accuracy-at-threshold", OTHERS)
    emil.save()
    emil.open_list()
    assert emil.submit(NAME) == 1
    assert ["feedback" in line for line in emil.fetch_feedback(NAME)] == [False]
    assert room.feedback("emil") == []


def test_the_second_round_grades_what_is_new(room, people):
    teacher = people["teacher"]
    teacher.open_formgrader()
    said = teacher.press("collect")
    assert "Updating submission: ada" in said
    assert "Collecting submission: emil" in said
    grade(room, teacher)
    marks = room.marks()
    assert marks["ada"] == (2, 0)
    points, late = marks["emil"]
    assert points == 0
    assert late > 0
    teacher.open_formgrader()
    assert "Successfully released feedback" in teacher.press("release-feedback")


def test_each_learner_gets_the_own_feedback_only(room, people):
    ada, emil = people["ada"], people["emil"]
    emil.open_list()
    assert len(emil.fetch_feedback(NAME)) == 1
    (his,) = room.feedback("emil")
    assert "by emil" in his
    ada.open_list()
    assert len(ada.fetch_feedback(NAME)) == 2
    first, second = room.feedback("ada")
    assert "0 of 22 points" in first
    assert "2 of 22 points" in second
    assert "by emil" not in first + second
    ada.picture("9-second-feedback")


def test_nothing_was_asked_of_another_machine(people):
    """Except by Formgrader, which loads MathJax wherever it shows a hand-in."""
    asked = [address for one in people.values() for address in one.asked]
    assert [address for address in asked if "/mathjax/" not in address] == []
    assert people["ada"].asked == people["emil"].asked == []


def test_two_starts_in_one_folder_are_one_too_many(room):
    second = Classroom(room.folder)
    second.said = room.said.with_suffix(".second")
    with pytest.raises(AssertionError, match="open already, by process"):
        second.start()


def test_ctrl_c_leaves_nothing_running_and_keeps_everything(room):
    passwords, marks = room.passwords, room.marks()
    assert len(room.running()) >= 5  # the command, hub, proxy, three servers
    assert room.stop() == 0
    assert "the same command opens it again" in room.said.read_text()
    assert "Traceback" not in room.said.read_text()
    assert room.running() == []
    room.start()
    assert room.passwords == passwords
    assert room.marks() == marks
    assert room.stop() == 0


def test_a_killed_hub_is_told_and_leaves_nothing(room):
    import psutil

    room.start()
    (hub,) = [
        one
        for one in psutil.Process(room.process.pid).children()
        if "jupyterhub" in one.cmdline()
    ]
    hub.kill()
    assert room.process.wait(120) == 1
    assert "JupyterHub ended by itself (-9)" in room.said.read_text()
    assert room.running() == []


def test_fresh_starts_anew(room):
    before = json.loads((room.folder / "classroom.json").read_text())["passwords"]
    room.start("--fresh")
    assert room.passwords.keys() == before.keys()
    assert not set(room.passwords.values()) & set(before.values())
    assert not (room.home("ada") / NAME).exists()
    assert list((room.folder / "exchange").glob("*/inbound/*")) == []
    assert room.stop() == 0
    assert room.running() == []

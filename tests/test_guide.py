"""The page for instructors, followed word by word: each command, on real hand-ins.

Whatever stands behind a dollar sign in a box of the page is run, in the order of the
page, in one fresh folder. ``# 3`` behind a command is the exit code that it must have.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import warnings
import zipfile

import pytest

from rnncourse import cli
from rnncourse.grading import history
from tests.assignments.common import answers, fill, model_answers, read
from tests.conftest import ROOT
from tests.grading.common import leftovers, linux

PAGE = ROOT / "appendices" / "for-instructors.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAME = "07-recurrent-networks"
LEARNERS = ["learner-a", "learner-b", "learner-c"]
# In boxes without a dollar sign: a network, a browser, servers of one's own.
NOT_RUN = [
    "git clone ADDRESS",
    "cd rnncourse",
    "make setup",
    "source .venv",
    "jupyter lab",
]
NOT_RUN += ["createdb", "rnncourse grade . --db", "dask scheduler", "dask worker"]
NOT_RUN += ["rnncourse grade . --scheduler"]


def boxes(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def commands():
    """Give each command of the page with the exit code that it says."""
    made = []
    for line in "".join(boxes("console")).splitlines():
        assert line.startswith("$ "), line
        command, _, code = line[2:].partition("  # ")
        made.append((command, int(code or 0)))
    return made


class Follower:
    """One who types what the page says, in one terminal."""

    def __init__(self, folder):
        self.folder = folder
        self.said = {}
        path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
        self.environment = {
            **os.environ,
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
            "JUPYTER_DATA_DIR": str(folder / "jupyter-data"),
        }

    def type(self, command, capsys, monkeypatch):
        """Run a command where the one before left off; return its exit code."""
        first, *rest = shlex.split(command)
        monkeypatch.chdir(self.folder)
        if first == "cd":
            self.folder = self.folder / rest[0]
            return 0 if self.folder.is_dir() else 1
        if first == "rnncourse":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of nbgrader's own dependencies
                code = cli.main(rest)
            out = capsys.readouterr()
            self.said[command] = out.out + out.err
            return code
        where = ROOT if "nbconvert" in command else self.folder
        command = command.replace("--output-dir slides", f"--output-dir {self.folder}")
        done = subprocess.run(
            command,
            shell=True,
            cwd=where,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        self.said[command] = done.stdout + done.stderr
        return done.returncode


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Follow the page from its first command to its last."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        yield Follower(tmp_path_factory.mktemp("guide")), monkeypatch


pytestmark = linux


def test_the_commands_of_the_page_do_what_it_says(followed, capsys):
    follower, monkeypatch = followed
    for command, code in commands():
        got = follower.type(command, capsys, monkeypatch)
        said = follower.said.get(command, "")
        assert got == code, f"{command}: {got}\n{said[-3000:]}"
    assert follower.folder.name == "my-course"
    assert leftovers() == set()


def said_by(followed, part):
    """Give what the first command with these words said."""
    said = followed[0].said
    return next(said[command] for command in said if part in command)


def test_what_the_page_says_came_is_what_came(followed):
    assert "isolation: " in said_by(followed, "doctor")
    graded = said_by(followed, "grade .")
    assert "padding-zeroed" in graded and "learner-b: 25 of 25, 1 to read" in graded
    assert said_by(followed, "grade collect").count("as it should be") == 3
    exported = said_by(followed, "export")
    assert "learner-b is left out" in exported
    regraded = said_by(followed, "regrade .")
    assert "learner-c" in regraded and "padding-rule" in regraded
    assert "written; the marks before are in" in said_by(followed, "--yes")
    assert "learner-b and learner-c: 100%" in said_by(followed, "similarity")


def test_every_learner_holds_a_page_in_the_end_and_the_platform_a_table(followed):
    course = followed[0].folder
    for learner in LEARNERS:
        page = course / "feedback" / learner / NAME / f"{NAME}.html"
        assert "points" in page.read_text(encoding="utf-8")
    (table,) = (course / "export").glob("*-moodle.csv")
    rows = table.read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == LEARNERS
    assert [row.split(",")[2] for row in rows[1:]] == ["0", "25", "21"]
    (slides,) = course.glob("*.slides.html")
    text = slides.read_text(encoding="utf-8")
    assert text.count("<section") > 20 and "Padding must change nothing" in text
    assert "def rnn_step" not in text and '<aside class="notes">' in text


def test_mistakes_that_learners_make_are_named_in_this_course(followed, capsys):
    """The same course takes what Moodle and Canvas hand down, with wrong answers."""
    follower, monkeypatch = followed
    course = follower.folder
    model, shipped = model_answers(NAME), answers(NAME)
    step = [
        (source, name) for cell, source, name in shipped.WRONG if cell == "rnn-step"
    ]
    sources = {"dora": step[0], "evan": step[1]}
    archive = course / "downloaded" / NAME / "archive"
    for path in archive.iterdir():
        path.unlink()
    names = {
        "dora": "Dora Novak_4711_assignsubmission_file/{}__{}.ipynb",
        "evan": "novakevan_LATE_12_345_{}__{}.ipynb",
    }
    for (learner, (source, _)), platform in zip(
        sources.items(), ("moodle", "canvas"), strict=True
    ):
        notebook = fill(read("exercises", NAME), model | {"rnn-step": source})
        with zipfile.ZipFile(archive / f"{platform}.zip", "w") as file:
            file.writestr(names[learner].format(learner, NAME), json.dumps(notebook))
    bare = json.dumps(fill(read("exercises", NAME), {}))
    with zipfile.ZipFile(archive / "moodle.zip", "a") as file:
        file.writestr(f"Eli Ito_4712_assignsubmission_file/{NAME}.ipynb", bare)
    for command in (f"nbgrader zip_collect {NAME} --force", "rnncourse grade ."):
        assert follower.type(command, capsys, monkeypatch) == 0, follower.said[command]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's own dependencies
        finished = history.load(course)
    found = {one.student: one.mistakes for one in finished.results}
    assert sorted(found) == ["Eli-Ito_4712", "dora", "evan", *LEARNERS]
    for learner, (_, name) in sources.items():
        assert found[learner] == {"rnn-step-check": [name]}


def test_each_box_without_a_dollar_has_a_reason():
    lines = "".join(boxes("bash")).splitlines()
    for line in lines:
        assert any(line.startswith(first) for first in NOT_RUN), line
    for first in NOT_RUN:
        assert any(line.startswith(first) for line in lines), first
    assert len(commands()) >= 20


def test_options_and_codes_that_the_page_names_are_the_tools(capsys):
    """Each option behind a command of the page, in a box or in a sentence, exists."""
    calls = re.findall(r"`(rnncourse [^`\n]+)`|^\$? ?(rnncourse .+)$", TEXT, re.M)
    helps = {}
    for call in {a or b for a, b in calls}:
        words = call.split("  # ")[0].split()[1:]
        known = cli.build_parser()._subparsers._group_actions[0].choices
        two = " ".join(words[:2])
        name = two if two in known else words[0]
        assert name in known, call
        helps.setdefault(name, known[name].format_help())
        for option in re.findall(r"--[\w-]+", call):
            assert option in helps[name], call


def test_times_of_a_class_are_those_that_were_measured():
    """The seconds on the page are the shortest and longest of the stored runs."""
    path = ROOT / "benchmarks" / "results" / "grading.json"
    stored = json.loads(path.read_text(encoding="utf-8"))

    def span(name):
        seconds = [round(run["wall_seconds"]) for run in stored["runs"][name]]
        low, high = min(seconds), max(seconds)
        return f"{low}" if low == high else f"{low} to {high}"

    assert stored["stock_hand_ins"] == 30
    assert f"30 hand-ins took {span('ours-30')} seconds" in TEXT
    assert f"300 took {span('ours-300')}." in TEXT
    assert f"autograde` took {span('stock')} for the 30." in TEXT
    path = path.with_name("grading-run.json")
    long = json.loads(path.read_text(encoding="utf-8"))["long"]
    assert (long["hand_ins"], long["hostile"]) == (1000, 100)
    took = f"one in ten of them hostile, took {long['wall_seconds']:.0f} seconds."
    assert f"A thousand, {took}" in TEXT


def test_pictures_are_small_and_have_a_command_that_makes_them():
    named = re.findall(r"\]\(\.\./docs/pictures/([\w-]+)\.png\)", TEXT)
    script = (ROOT / "docs" / "pictures" / "make.py").read_text(encoding="utf-8")
    kept = sorted(path.stem for path in (ROOT / "docs" / "pictures").glob("*.png"))
    assert sorted(named) == kept
    for name in named:
        assert f'"{name}": (' in script
        assert (ROOT / "docs" / "pictures" / f"{name}.png").stat().st_size <= 150_000

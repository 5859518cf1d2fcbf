"""What a learner hands in: checked, put right, one file with a receipt."""

import copy
import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncourse import cli
from rnncourse.checks import notebook as running
from rnncourse.grading import handin, intake

from .common import SHORT, cell_of, filled, model, short_release, write

LONG = "08-backpropagation-through-time"


@pytest.fixture
def release(tmp_path):
    return write(tmp_path / "released" / f"{SHORT}.ipynb", short_release())


def damaged():
    notebook = filled(model())
    notebook["cells"].remove(cell_of(notebook, "numbers-kept-check"))
    cell_of(notebook, "output-step")["metadata"] = {}
    notebook["cells"].append(copy.deepcopy(cell_of(notebook, "unrolled-sum")))
    return notebook


def test_a_damaged_notebook_is_put_right_and_its_owner_is_told(tmp_path, release):
    path = write(tmp_path / "mine.ipynb", damaged())
    before = path.read_bytes()
    made = handin.hand_in(path, name="Ada L.", release=release, check=False)
    assert path.read_bytes() == before
    assert len(made.notes) == 3 and not made.complete
    assert all(note in made.text for note in made.notes)
    assert made.path == tmp_path / "handin" / f"Ada-L__{LONG}.ipynb"
    written = json.loads(made.path.read_text(encoding="utf-8"))
    assert cell_of(written, "numbers-kept-check")
    again = intake.rebuild(written, short_release())
    assert again.notes == []
    assert sorted(os.listdir(made.path.parent)) == sorted(
        [made.path.name, made.receipt.name]
    )


def test_the_receipt_belongs_to_the_file_and_to_no_other(tmp_path, release):
    path = write(tmp_path / "mine.ipynb", filled(model()))
    when = datetime(2027, 1, 31, 18, tzinfo=UTC)
    made = handin.hand_in(path, release=release, check=False, now=lambda: when)
    text = made.receipt.read_text(encoding="utf-8")
    assert hashlib.sha256(made.path.read_bytes()).hexdigest() == made.sha256
    assert made.sha256 in text and "2027-01-31T18:00:00+00:00" in text and LONG in text
    assert made.complete
    assert handin.matches(made.path, made.receipt)
    made.path.write_bytes(made.path.read_bytes() + b" ")
    assert not handin.matches(made.path, made.receipt)


def test_the_grader_reads_the_name_back(tmp_path, release):
    path = write(tmp_path / "mine.ipynb", filled(model()))
    made = handin.hand_in(path, name="émile/../x", release=release, check=False)
    (found,) = [
        one
        for one in intake.collect(made.path.parent, LONG)
        if one.notebook or one.trouble
    ]
    assert (found.student, found.trouble) == (handin.plain_name("émile/../x"), "")
    assert found.notebook == made.path.read_bytes()


def test_the_visible_checks_run_on_what_is_handed_in(tmp_path, release):
    notebook = damaged()
    notebook["cells"].pop()
    cell_of(notebook, "unrolled-sum")["source"] = "open('mine.txt').read()"
    path = write(tmp_path / "mine.ipynb", notebook)
    (tmp_path / "mine.txt").write_text("beside it", encoding="utf-8")
    made = handin.hand_in(path, release=release)
    points = {cell.name: cell.points for cell in made.report.cells}
    assert points == {
        "unrolled-sum-check": 0.0,
        "numbers-kept-check": 2.0,
        "output-step-check": 2.0,
    }
    assert "4 of 6 points" in made.text
    assert "4 of 6 points" in made.receipt.read_text(encoding="utf-8")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"mine.ipynb", "mine.txt", "handin", "released"}


def test_without_the_released_notebook_damage_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr(handin, "find_release", lambda assignment: None)
    notebook = damaged()
    notebook["cells"][0]["outputs"] = [{"output_type": "stream", "text": "long"}]
    path = write(tmp_path / "mine.ipynb", notebook)
    made = handin.hand_in(path, check=False)
    told = "\n".join(made.notes)
    assert "The cell “numbers-kept-check” is missing" in told
    assert "The answer “unrolled-sum” is there 2 times" in told
    written = json.loads(made.path.read_text(encoding="utf-8"))
    assert len(written["cells"]) == len(notebook["cells"])
    assert all(not cell.get("outputs") for cell in written["cells"])


def test_in_a_clone_the_released_notebook_is_found():
    assert handin.find_release(LONG).name == f"{LONG}.ipynb"
    assert handin.find_release("no-such") is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"\x89PNG", "not UTF-8"),
        (b'{"nbformat": 4, "cells": []}', "no task of this course"),
    ],
)
def test_what_cannot_be_handed_in_says_what_to_do(tmp_path, capsys, data, words):
    path = tmp_path / "mine.ipynb"
    path.write_bytes(data)
    assert cli.main(["handin", str(path)]) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "handin").exists()


def test_the_command_answers_by_its_code(tmp_path, release, capsys):
    path = write(tmp_path / "mine.ipynb", damaged())
    more = ["--no-check", "--release", str(release), "--name", "ada"]
    assert cli.main(["handin", str(path), *more]) == 3
    said = capsys.readouterr().out
    assert "What was put right" in said and "Keep this receipt" in said
    made = tmp_path / "handin" / f"ada__{LONG}.ipynb"
    receipt = tmp_path / "handin" / f"ada__{LONG}-receipt.txt"
    assert cli.main(["handin", str(made), "--verify", str(receipt)]) == 0
    assert cli.main(["handin", str(path), "--verify", str(receipt)]) == 1
    assert cli.main(["handin", str(tmp_path / "none.ipynb")]) == 1
    assert cli.main(["handin", str(made), *more[:3]]) == 0


@given(st.text(max_size=40) | st.sampled_from(["CON", "nul.txt", "a. ", "../..", "…"]))
def test_every_name_is_one_that_windows_takes(text):
    name = handin.plain_name(text)
    assert name and not re.search(r'[<>:"/\\|?*\x00-\x1f]', name)
    assert name[-1] not in ". " and name[0] not in ".-"
    assert name.split(".")[0].lower() not in handin.RESERVED
    assert "__" not in name
    assert handin.plain_name(name) == name


ON_WINDOWS = """
import os, sys
for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
    vars(os).pop(name, None)
os.O_BINARY = 0
from rnncourse.grading import handin, intake
assert intake.OPENING == 0
assert intake.read_regular(sys.argv[1], 10) == b"a\\r\\nb"
assert not any(name.startswith("nbgrader") for name in sys.modules)
"""


def test_handing_in_needs_no_flag_that_windows_lacks_and_no_nbgrader(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"a\r\nb")
    command = [sys.executable, "-c", ON_WINDOWS, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Page:
    """Colab's page, as the two services see it."""

    def __init__(self, notebook, answers=True):
        self.notebook, self.answers = notebook, answers
        self.downloaded = []

    def blocking_request(self, name, request, timeout_sec):
        assert name == "get_ipynb"
        if not self.answers:
            raise TimeoutError
        return {"ipynb": self.notebook}

    def upload(self):
        return {"mine.ipynb": json.dumps(self.notebook).encode()}

    def download(self, path):
        self.downloaded.append(Path(path).read_bytes())


@pytest.mark.parametrize("answers", [True, False], ids=["asked", "uploaded"])
def test_in_colab_the_open_notebook_is_handed_in(answers, capsys, monkeypatch):
    monkeypatch.setattr(handin, "find_release", lambda assignment: None)
    page = Page(filled(model()), answers)
    made = handin.from_colab("ada", check=False, colab=handin._Colab(page, page))
    assert made.path.name == f"ada__{LONG}.ipynb"
    (data,) = page.downloaded
    assert hashlib.sha256(data).hexdigest() == made.sha256
    said = capsys.readouterr().out
    assert ("Choose the notebook" in said) == (not answers)


def test_outside_of_colab_it_says_what_to_call():
    with pytest.raises(handin.NotHandedIn, match="rnncourse handin"):
        handin.from_colab()


def test_a_check_that_fails_to_run_leaves_no_file(tmp_path, release, monkeypatch):
    def broken(path, time_limit):
        raise ValueError("no kernel")

    monkeypatch.setattr(handin, "check_notebook", broken)
    path = write(tmp_path / "mine.ipynb", filled(model()))
    with pytest.raises(ValueError, match="no kernel"):
        handin.hand_in(path, release=release)
    assert {p.name for p in tmp_path.iterdir()} == {"mine.ipynb", "released"}
    assert running.check_notebook is not broken

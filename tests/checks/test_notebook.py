"""A filled notebook checked from outside: the same words, and no way to hang."""

import os
import subprocess
import sys

import nbformat
import pytest

from rnncourse.checks import check_notebook, find_check, run_check

SETUP = "import numpy as np\nfrom rnncourse.checks import check"
RIGHT = """
def rnn_step(x, h_prev, W_x, W_h, b):
    return np.tanh(x @ W_x + h_prev @ W_h + b)
"""
FLOAT32 = RIGHT.replace("+ b)", "+ b).astype('float32')")
NO_BIAS = RIGHT.replace(" + b", "")
CALL = 'check("rnn-step", rnn_step)'


def cell(source, grade_id="", points=3):
    made = nbformat.v4.new_code_cell(source)
    if grade_id:
        made.metadata["nbgrader"] = {
            "grade": True,
            "grade_id": grade_id,
            "points": points,
            "solution": False,
            "locked": True,
            "schema_version": 3,
        }
    return made


def write(path, cells):
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Run one notebook in which each graded cell goes another way."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "beside.txt").write_text("beside")
    free = nbformat.v4.new_markdown_cell("An answer in words.")
    free.metadata["nbgrader"] = {"grade": True, "grade_id": "words", "points": 2}
    cells = [
        cell(SETUP),
        cell(CALL, "undefined"),
        cell(RIGHT),
        cell(CALL, "right"),
        cell(FLOAT32),
        cell(CALL, "partial"),
        cell(NO_BIAS),
        cell(CALL, "wrong"),
        cell('check("rnn-stp", rnn_step)', "misspelt"),
        cell(CALL.replace("rnn_step)", "3)"), "changed", 3),
        cell("import time; time.sleep(600)", "slow", 1),
        cell("open('beside.txt').read()"),
        cell("print('no points here')", "silent", 1),
        cell("import sys; print('careful', file=sys.stderr); 1", "noisy", 1),
        cell("1000", "too-much", 2),
        cell(RIGHT + "\nprint('x' * 5000)"),
        cell(CALL),
        free,
        cell("import os; os._exit(3)"),
        cell(CALL, "after-death"),
    ]
    path = write(folder / "filled.ipynb", cells)
    before = path.read_bytes()
    result = check_notebook(path, time_limit=8)
    assert path.read_bytes() == before
    return result


def found(report, name):
    (result,) = [c for c in report.cells if c.name == name]
    return result


def test_the_words_are_those_of_the_notebook(report):
    check = find_check("rnn-step")
    (wrong,) = (m.wrong for m in check.mistakes if m.name == "bias-forgotten")
    assert found(report, "wrong").text == run_check(check, wrong).text
    assert found(report, "wrong").points == 0


@pytest.mark.parametrize(
    ("name", "points", "words"),
    [
        ("right", 3, "rnn_step: 3 of 3 points."),
        ("partial", 2.5, "right, but in float32 where float64 was given"),
        ("undefined", 0, "rnn_step: not answered yet, or the cell above stopped"),
        ("misspelt", 0, "Did you mean 'rnn-step'"),
        ("changed", 0, "A function was asked for, and a number came"),
        ("slow", 0, "the cell took longer than 8 seconds and was stopped."),
        ("silent", 0, "the cell gave no points: was it changed?"),
        ("noisy", 1, "careful"),
        ("too-much", 2, ""),
        ("rnn-step-check", 3, "rnn_step: 3 of 3 points."),
        ("after-death", 0, "the kernel died before this cell"),
    ],
)
def test_each_cell_is_reported(report, name, points, words):
    result = found(report, name)
    assert result.points == points
    assert words in result.text
    assert "\x1b" not in result.text
    assert result.text in report.text.replace("\n    ", "\n")


def test_words_wait_for_a_person(report):
    assert found(report, "words").points is None
    assert "[words] 2 points: read by a person" in report.text


def test_the_sum_stands_at_the_top(report):
    assert report.points == 11.5
    assert report.text.startswith(f"filled.ipynb: 11.5 of {report.out_of:g} points\n")
    assert not report.complete


def test_what_is_no_notebook_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="path must be a notebook"):
        check_notebook(tmp_path / "none.ipynb")
    (tmp_path / "text.ipynb").write_text("not json")
    with pytest.raises(ValueError, match="path must be a notebook"):
        check_notebook(tmp_path / "text.ipynb")
    path = write(tmp_path / "plain.ipynb", [cell("1 + 1")])
    with pytest.raises(ValueError, match="path must have graded cells"):
        check_notebook(path)


def test_no_kernel_is_left_behind(tmp_path):
    path = write(
        tmp_path / "pid.ipynb",
        [cell(f"{SETUP}\nimport os\nopen('pid', 'w').write(str(os.getpid()))\n{RIGHT}")]
        + [cell(CALL, "right")],
    )
    assert check_notebook(path).complete
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(("source", "code"), [(RIGHT, 0), (NO_BIAS, 1)])
def test_the_command_prints_the_report(tmp_path, source, code):
    path = write(
        tmp_path / "mine.ipynb", [cell(SETUP), cell(source), cell(CALL, "step")]
    )
    done = subprocess.run(
        [sys.executable, "-m", "rnncourse", "check", str(path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    assert done.stdout.strip() == check_notebook(path).text

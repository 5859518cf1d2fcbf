"""A graded run from the folder to the gradebook."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import warnings
from dataclasses import replace

import pytest

from rnncourse import cli
from rnncourse.checks import check_notebook
from rnncourse.exercises import ROOT
from rnncourse.grading import engine, levels, report
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
    outputs_of,
    short_release,
    text_of,
    write,
)

pytestmark = linux

MODEL = model()
LOUD = """
def unrolled_sum(b, c):
    print("a loud answer")
    a = []
    for t in range(len(b)):
        a.append(b[t] + (c[t] * a[-1] if a else 0))
    b += 0.5
    return np.array(a)
"""
HALF = """
def output_step(x, y_prev, W_x, W_o, b, W_y, b_y):
    h = np.tanh(x @ W_x + y_prev @ W_o + b)
    return h, h @ W_y
"""
NO_COPY = MODEL["numbers-kept"].replace("numbers_kept", "numbers_held")
HAND_INS = {
    "model": MODEL,
    "empty": {},
    "loud": {**MODEL, "unrolled-sum": LOUD},
    "half": {**MODEL, "output-step": HALF, "numbers-kept": "1 / 0"},
    "misnamed": {**MODEL, "numbers-kept": NO_COPY},
    "torch": {
        **MODEL,
        "unrolled-sum": "import torch\n"
        "def unrolled_sum(b, c):\n"
        "    b, c = torch.from_numpy(b), torch.from_numpy(c)\n"
        "    a = [b[0]]\n"
        "    for t in range(1, len(b)):\n"
        "        a.append(b[t] + c[t] * a[-1])\n"
        "    return torch.stack(a)",
    },
}
ODD = """
import sys, warnings
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.show()
print("much " * 3000, file=sys.stderr)
warnings.warn("odd")
def numbers_kept(T, B, D, H, tau):
    warnings.warn("odd")
    print("much " * 3000)
    steps = min(int(tau) + 1, int(T))
    return float(steps * B * D + (steps + 1) * B * H)
"""
HAND_INS["odd"] = {**MODEL, "numbers-kept": ODD}
WORDS = ("empty", "loud", "half", "misnamed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make a folder of hand-ins, some of them damaged or unreadable."""
    top = tmp_path_factory.mktemp("hand-ins")
    make_releases(top / "releases")
    for name, answers in HAND_INS.items():
        write(top / "in" / f"{name}.ipynb", filled(answers))
    damaged = filled(MODEL)
    damaged["cells"].remove(cell_of(damaged, "output-step"))
    cell_of(damaged, "numbers-kept")["metadata"] = {}
    damaged["cells"].reverse()
    write(top / "in" / "damaged.ipynb", damaged)
    (top / "in" / "picture.ipynb").write_bytes(b"\x89PNG\r\n")
    own = filled(MODEL)
    first = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1}
    source = "print(open('own.csv').read())\ncheck('unrolled-sum', None)"
    own["cells"].append({**first, "source": source})
    write(top / "in" / "files" / f"{SHORT}.ipynb", own)
    (top / "in" / "files" / "own.csv").write_text("kept beside it")
    return top


def settings_for(top, out, **more):
    made = engine.Settings(
        folder=top / "in",
        releases=top / "releases",
        out=out,
        jobs=2,
        public=True,
        limits=Limits(cell_seconds=20),
    )
    return replace(made, **more)


def rows_of(out, assignment=SHORT):
    """Read the whole gradebook through nbgrader's API."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's own dependencies
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
            return {
                submission.student.id: {
                    **{
                        grade.name: (
                            grade.auto_score,
                            grade.needs_manual_grade,
                            grade.manual_score,
                        )
                        for notebook in submission.notebooks
                        for grade in notebook.grades
                    },
                    **{
                        f"comment on {comment.name}": comment.auto_comment
                        for notebook in submission.notebooks
                        for comment in notebook.comments
                    },
                }
                for submission in book.assignment_submissions(assignment)
            }


@pytest.fixture(scope="module")
def graded(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    results = engine.grade(settings_for(folder, out))
    assert leftovers() == set()
    return {"out": out, "by": {one.student: one for one in results}}


@pytest.mark.parametrize(
    ("student", "lost"),
    [
        ("model", {}),
        ("torch", {}),
        ("files", {}),
        ("odd", {}),
        ("empty", dict.fromkeys(POINTS, 0.0)),
        ("misnamed", {"numbers-kept-check": 0.0}),
        ("damaged", {"output-step-check": 0.0}),
    ],
)
def test_each_hand_in_has_the_points_it_earned(graded, student, lost):
    assert grades(graded["by"][student]) == {**POINTS, **lost}


def test_partial_credit_and_the_mistake_are_kept(graded):
    half = graded["by"]["half"]
    assert 0 < grades(half)["output-step-check"] < 2
    assert grades(half)["numbers-kept-check"] == 0
    loud = grades(graded["by"]["loud"])["unrolled-sum-check"]
    assert 0 < loud < 2


def test_the_gradebook_says_what_the_results_say(graded):
    rows = rows_of(graded["out"])
    assert set(rows) == set(graded["by"])
    for student, result in graded["by"].items():
        for name, score in grades(result).items():
            assert rows[student][name][0] == score
            assert rows[student][name][1] == bool(result.trouble)


def test_what_cannot_be_read_waits_for_a_person_with_the_reason(graded):
    picture = graded["by"]["picture"]
    assert "not UTF-8" in picture.trouble
    row = rows_of(graded["out"])["picture"]
    assert row["unrolled-sum-check"] == (None, True, None)
    comments = [text for name, text in row.items() if name.startswith("comment")]
    assert any(text and "not UTF-8" in text for text in comments)


def test_repairs_are_told_to_the_learner_in_the_graded_notebook(graded):
    damaged = graded["by"]["damaged"]
    assert len(damaged.notes) == 3
    first = json.loads(damaged.notebook)["cells"][0]["source"]
    assert all(note in "".join(first) for note in damaged.notes)
    path = graded["out"] / "autograded" / "damaged" / SHORT / f"{SHORT}.ipynb"
    assert path.read_text(encoding="utf-8") == damaged.notebook


def test_files_beside_the_notebook_are_there_and_other_checks_do_not_count(graded):
    files = graded["by"]["files"]
    last = json.loads(files.notebook)["cells"][-1]
    said = text_of(last["outputs"])
    assert "kept beside it" in said
    assert "counts only in its own cell" in said


def run_at_home(path):
    """Run a notebook as JupyterLab would; return its cells with their outputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of event loops, in the tool chain
        import nbclient
        import nbformat

        notebook = nbformat.read(path, as_version=4)
        nbclient.NotebookClient(notebook, allow_errors=True).execute()
    return json.loads(nbformat.writes(notebook))


@pytest.fixture(scope="module")
def at_home(folder):
    """Run all worded hand-ins at home: in one notebook kernel and on the line."""
    return {
        name: (
            run_at_home(folder / "in" / f"{name}.ipynb"),
            check_notebook(folder / "in" / f"{name}.ipynb"),
        )
        for name in WORDS
    }


def plain(outputs):
    """Leave of outputs what a person reads, byte for byte.

    A kernel may send what is printed in several pieces; they are shown as one.
    """
    kept = []
    for output in outputs:
        one = {
            k: v for k, v in output.items() if k not in ("execution_count", "metadata")
        }
        if "text" in one:
            one["text"] = "".join(one["text"])
        if "data" in one:
            one["data"] = {k: "".join(v) for k, v in one["data"].items()}
        if kept and "text" in one and kept[-1].get("name") == one["name"]:
            kept[-1]["text"] += one["text"]
        else:
            kept.append(one)
    return kept


@pytest.mark.parametrize("student", WORDS)
def test_the_words_are_the_same_byte_for_byte_in_three_places(graded, at_home, student):
    notebook, line = at_home[student]
    on_the_line = {cell.name: cell for cell in line.cells}
    for name in POINTS:
        inside = plain(outputs_of(graded["by"][student], name))
        home = plain(cell_of(notebook, name)["outputs"])
        if home[-1].get("ename") not in ("NameError",):
            assert inside == home, name
        shown = [text_of([output]) for output in inside if "data" not in output]
        joined = "\n".join(text.rstrip("\n") for text in shown)
        assert joined == on_the_line[name].text, name
        assert grades(graded["by"][student])[name] == on_the_line[name].points


def test_one_worker_gives_the_same_bytes_as_two(folder, graded, tmp_path):
    results = engine.grade(settings_for(folder, tmp_path / "out", jobs=1))
    assert {one.student: one for one in results} == graded["by"]
    assert rows_of(tmp_path / "out") == rows_of(graded["out"])


def test_a_second_start_grades_nothing_again(folder, graded):
    again = engine.plan(settings_for(folder, graded["out"]))
    assert again.to_grade == again.to_merge == ()
    told = []
    results = engine.grade(settings_for(folder, graded["out"]), again, tell=told.append)
    assert told == []
    assert {one.student: one for one in results} == graded["by"]


def test_marks_given_by_hand_stay(graded, tmp_path):
    from rnncourse.grading import gradebook

    out = tmp_path / "out"
    out.mkdir()
    shutil.copy(graded["out"] / "gradebook.db", out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's own dependencies
        with gradebook.open_gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
            grade = book.find_grade("unrolled-sum-check", SHORT, SHORT, "empty")
            grade.manual_score = 1.5
            comment = book.find_comment("unrolled-sum", SHORT, SHORT, "empty")
            comment.manual_comment = "a start"
            book.db.commit()
            for result in graded["by"].values():
                gradebook.merge(book, SHORT, result.student, result.rows)
            grade = book.find_grade("unrolled-sum-check", SHORT, SHORT, "empty")
            assert (grade.manual_score, grade.needs_manual_grade) == (1.5, True)
            comment = book.find_comment("unrolled-sum", SHORT, SHORT, "empty")
            assert comment.comment == "a start"


def test_a_dry_run_and_the_report_state_the_level(folder, graded):
    plan = engine.plan(settings_for(folder, graded["out"]))
    for text in (
        report.announcement(plan),
        report.summary(plan, list(graded["by"].values())),
    ):
        assert plan.reached.text in text
        assert plan.reached.level in plan.reached.text
    assert "picture: needs attention" in text
    assert "damaged: The answer" in text


def test_the_assignment_is_known_by_its_cells(folder):
    assert engine.guess(folder / "in", folder / "releases") == SHORT
    with pytest.raises(engine.GradingError, match="--assignment"):
        engine.guess(folder / "releases" / SHORT / "..", folder / "nowhere")


def test_a_level_that_is_not_reached_is_refused(folder, tmp_path, monkeypatch):
    low = levels.Reached("none", False, ("strict does not work here.",))
    monkeypatch.setattr(levels, "reached", lambda: low)
    for wanted in ("", "strict"):
        with pytest.raises(engine.GradingError, match="Nothing was graded"):
            engine.plan(settings_for(folder, tmp_path, isolation=wanted))


def test_progress_estimates_the_end(graded, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(report.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    progress = report.Progress(4, stream)
    assert progress.left() is None
    results = list(graded["by"].values())
    now[0] = 10.0
    progress.add(results[0], 6)
    assert progress.left() == 30.0
    assert "1/4" in stream.getvalue() and "30 s left" in stream.getvalue()
    for result in results[1:4]:
        progress.add(result, 6)
    assert progress.left() == 0
    assert stream.getvalue().count("\n") == 4


def test_the_line_on_a_terminal_covers_the_one_before(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(report.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    stream.isatty = lambda: True
    progress = report.Progress(2, stream)
    for now[0] in (80.0, 81.0):
        progress.add(None, 6)
    _, first, last = stream.getvalue().split("\r")
    assert first.endswith("1/2, 80 s left")
    assert last.rstrip().endswith("2/2, done")
    assert len(last.rstrip("\n")) >= len(first)


def test_points_of_a_release():
    assert engine.points_of(short_release()) == sum(POINTS.values())


def test_the_command_line_grades_and_answers_by_its_code(tmp_path, capsys):
    def run(*arguments):
        code = cli.main(["grade", *map(str, arguments)])
        return code, capsys.readouterr()

    code, said = run(tmp_path / "nowhere")
    assert code == 1
    assert "there is no folder" in said.err
    assignment = "08-backpropagation-through-time"
    released = (ROOT / "exercises" / assignment / f"{assignment}.ipynb").read_bytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").write_bytes(released)
    code, said = run(tmp_path / "in", "--dry-run")
    assert code == 0
    assert f"{assignment}: 1 hand-in\n" in said.out
    assert "isolation: strict" in said.out
    assert not (tmp_path / "in-graded" / "gradebook.db").exists()
    (tmp_path / "in" / "ben.ipynb").write_bytes(b"")
    code, said = run(tmp_path / "in")
    assert code == 3
    assert "ada: 0 of 36" in said.out
    assert "ben: needs attention" in said.out
    rows = rows_of(tmp_path / "in-graded", assignment)
    assert rows["ada"]["unrolled-sum-check"] == (0, False, None)


def test_ctrl_c_in_the_middle_is_a_sentence_and_a_second_start_goes_on(tmp_path):
    """As a terminal does it: the signal goes to every process of the command."""
    assignment = "08-backpropagation-through-time"
    released = (ROOT / "exercises" / assignment / f"{assignment}.ipynb").read_bytes()
    names = [f"learner-{n:02}" for n in range(30)]  # seconds of work to stop in
    (tmp_path / "in").mkdir()
    for name in names:
        (tmp_path / "in" / f"{name}.ipynb").write_bytes(released)
    command = [sys.executable, "-m", "rnncourse", "grade", str(tmp_path / "in")]
    command += ["--jobs", "1", "--no-pages"]
    said = ""
    with subprocess.Popen(
        ["env", "--default-signal=INT", *command],  # what runs the tests may ignore it
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as running:
        for line in running.stdout:
            said += line
            if line.startswith("1/30"):
                os.killpg(running.pid, signal.SIGINT)
    assert running.returncode == 130
    assert "30/30" not in said
    assert "Traceback" not in said
    last = said.splitlines()[-1]
    assert last.startswith("rnncourse: stopped; what was graded is kept")
    assert leftovers() == set()
    again = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    assert again.returncode == 0, again.stdout + again.stderr
    ready = int(re.search(r"30 hand-ins, (\d+) of them graded before", again.stdout)[1])
    assert 1 <= ready < 30
    assert f"{30 - ready}/{30 - ready}  " in again.stdout
    assert set(rows_of(tmp_path / "in-graded", assignment)) == set(names)

"""The whole cycle with nbgrader's own commands, as an instructor runs them.

generate → fill in → validate → collect → autograde → feedback. One course holds all
learners: the model answer, an empty hand-in, wrong answers and right ones written in
other ways. Each assignment is graded in one run.
"""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest

from rnncourse.checks import all_checks, check_notebook

from .common import (
    ASSIGNMENTS,
    ROOT,
    answers,
    by_turns,
    checked_cells,
    fill,
    marks,
    model_answers,
    read,
)

COLLECT = r"""
c = get_config()
load_subconfig("course_config.py")
c.FileNameCollectorPlugin.named_regexp = (
    r".*[/\\](?P<student_id>[\w-]+)__(?P<file_id>.+)"
)
"""


@dataclass
class Graded:
    """One assignment after a whole cycle."""

    assignment: str
    course: Path
    sources: dict[str, dict[str, str]]
    grades: dict[str, dict[str, float]] = field(default_factory=dict)
    manual: dict[str, set[str]] = field(default_factory=dict)
    validated: dict[str, dict] = field(default_factory=dict)

    def feedback(self, student: str) -> str:
        """Read the words of the feedback page, without its markup."""
        path = self.course / "feedback" / student / self.assignment
        text = (path / f"{self.assignment}.html").read_text(encoding="utf-8")
        return squeeze(html.unescape(re.sub(r"<[^>]+>", "", text)))


def squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text)


class Course:
    """A private course folder, and nbgrader's commands run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "solutions", folder / "solutions")
        shutil.copy(ROOT / "nbgrader_config.py", folder / "course_config.py")
        (folder / "nbgrader_config.py").write_text(COLLECT, encoding="utf-8")
        home = folder / "home"
        home.mkdir()
        scripts = str(Path(sys.executable).parent)  # alembic is called from there
        self.environment = {
            **os.environ,
            "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}",
            "HOME": str(home),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "OMP_NUM_THREADS": "1",
        }

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


def students_of(assignment: str) -> dict[str, dict[str, str]]:
    """Make up the hand-ins: for each learner the sources of the answered cells."""
    model = model_answers(assignment)
    given = answers(assignment)
    made = {"model": model, "empty": {}}
    for k, turn in enumerate(by_turns(given.WRONG)):
        made[f"wrong-{k}"] = {**model, **{c: source for c, (source, _) in turn.items()}}
    for k, turn in enumerate(by_turns(given.RIGHT)):
        made[f"right-{k}"] = {**model, **{c: source for c, (source,) in turn.items()}}
    return made


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def graded(request, course):
    """Run one assignment through the cycle."""
    name = request.param
    course.run("generate_assignment", name)
    released = course.folder / "exercises" / name / f"{name}.ipynb"

    students = students_of(name)
    archive = course.folder / "downloaded" / name / "archive"
    archive.mkdir(parents=True)
    for student, sources in students.items():
        notebook = fill(nbformat.read(released, 4), sources)
        nbformat.write(notebook, archive / f"{student}__{name}.ipynb")
    result = Graded(name, course.folder, students)

    for student in ("model", "empty"):
        path = archive / f"{student}__{name}.ipynb"
        said = course.run("validate", "--Validator.json=True", str(path))
        result.validated[student] = {"text": said}

    course.run("zip_collect", name)
    course.run("autograde", name)
    course.run("generate_feedback", name)

    for student, grades in grades_of(course.folder, name).items():
        result.grades[student] = {n: g for n, g in grades.items() if g is not None}
        result.manual[student] = {n for n, g in grades.items() if g is None}
    return result


def grades_of(folder: Path, assignment: str) -> dict[str, dict[str, float | None]]:
    """Read the gradebook through nbgrader's API."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's own dependencies
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "rnncourse") as book:
            return {
                submission.student.id: {
                    grade.name: None if grade.needs_manual_grade else grade.auto_score
                    for notebook in submission.notebooks
                    for grade in notebook.grades
                }
                for submission in book.assignment_submissions(assignment)
            }


def full_marks(assignment: str) -> dict[str, float]:
    cells = checked_cells(read("solutions", assignment))
    return {name: float(marks(cell).points) for name, cell in cells.items()}


def test_the_release_is_what_is_committed(graded):
    made = graded.course / "exercises" / graded.assignment
    kept = ROOT / "exercises" / graded.assignment
    names = {path.name for path in kept.iterdir()}
    assert names == {path.name for path in made.iterdir()}
    for name in names:
        assert (made / name).read_bytes() == (kept / name).read_bytes(), name


def test_validation_passes_the_model_answer_alone(graded):
    assert "Success! Your notebook passes all the tests." in str(
        graded.validated["model"]
    )
    said = graded.validated["empty"]["text"]
    assert "Success!" not in said
    assert "Not answered yet" in said


def test_every_hand_in_is_graded(graded):
    assert set(graded.grades) == set(graded.sources)


def test_model_answer_has_full_marks(graded):
    assert graded.grades["model"] == full_marks(graded.assignment)


def test_empty_hand_in_has_none_and_breaks_nothing(graded):
    wanted = dict.fromkeys(full_marks(graded.assignment), 0.0)
    got = graded.grades["empty"]
    assert {name: got[name] for name in wanted} == wanted
    assert "Not answered yet" in graded.feedback("empty")


def test_wrong_answers_lose_exactly_their_cells_and_are_named(graded):
    checks = all_checks()
    full = full_marks(graded.assignment)
    for k, turn in enumerate(by_turns(answers(graded.assignment).WRONG)):
        student = f"wrong-{k}"
        got = graded.grades[student]
        lost = {name for name in full if got[name] < full[name]}
        assert lost == {f"{cell}-check" for cell in turn}, student
        feedback = graded.feedback(student)
        for cell, (_, mistake) in turn.items():
            (message,) = (m.message for m in checks[cell].mistakes if m.name == mistake)
            assert squeeze(message) in feedback, f"{student}: {cell}"


def test_right_answers_have_full_marks_however_they_are_written(graded):
    full = full_marks(graded.assignment)
    students = [name for name in graded.grades if name.startswith("right-")]
    assert len(students) >= 3
    for student in students:
        assert graded.grades[student] == full, graded.feedback(student)[-3000:]


def test_only_free_text_waits_for_a_person(graded):
    free = {
        marks(cell).grade_id
        for cell in read("solutions", graded.assignment).cells
        if cell.cell_type == "markdown" and marks(cell).get("grade")
    }
    assert graded.manual["model"] == free


def test_nbgrader_reads_a_grade_from_each_cell_as_it_is_shown(graded):
    from nbgrader.utils import determine_grade

    for student in graded.grades:
        path = graded.course / "autograded" / student / graded.assignment
        notebook = nbformat.read(path / f"{graded.assignment}.ipynb", 4)
        for name, cell in checked_cells(notebook).items():
            assert determine_grade(cell)[0] == graded.grades[student][name]
            for output in cell.outputs:
                assert output.get("name") != "stderr", f"{student}: {name}"
                if output.output_type == "error":
                    assert output.ename == "CheckFailed", f"{student}: {name}"
                    assert "Traceback" not in "\n".join(output.traceback)


def test_the_command_line_says_what_the_feedback_says(graded):
    student = "wrong-0"
    archive = graded.course / "downloaded" / graded.assignment / "archive"
    report = check_notebook(archive / f"{student}__{graded.assignment}.ipynb")
    got = {c.name: c.points for c in report.cells if c.points is not None}
    assert got == graded.grades[student]
    feedback = graded.feedback(student)
    for cell in report.cells:
        for line in cell.text.splitlines():
            assert squeeze(line) in feedback
            assert line in report.text


def test_a_cell_changed_by_the_learner_is_graded_as_released(course, graded):
    """Nbgrader puts the released cell back; nothing written into it counts."""
    name, student = graded.assignment, "tampered"
    released = course.folder / "exercises" / name / f"{name}.ipynb"
    notebook = nbformat.read(released, 4)
    for cell in checked_cells(notebook).values():
        cell.source = "1000"
    folder = course.folder / "submitted" / student / name
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / released.name)
    course.run("autograde", name, "--student", student)
    got = grades_of(course.folder, name)[student]
    assert not any(got[cell] for cell in full_marks(name))


def test_the_exchange_carries_a_hand_in(tmp_path_factory):
    """Release, fetch, submit and collect through nbgrader's exchange."""
    course = Course(tmp_path_factory.mktemp("exchange-course"))
    exchange = course.folder / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    with (course.folder / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(f"c.Exchange.root = {json.dumps(str(exchange))}\n")
    name = ASSIGNMENTS[0]
    course.run("generate_assignment", name)
    course.run("release_assignment", name)
    course.run("fetch_assignment", name)
    path = course.folder / name / f"{name}.ipynb"
    nbformat.write(fill(nbformat.read(path, 4), model_answers(name)), path)
    course.run("submit", name)
    course.run("collect", name)
    (collected,) = (course.folder / "submitted").glob(f"*/{name}/{name}.ipynb")
    assert collected.read_bytes() == path.read_bytes()

"""Everybody has numbers of their own: at home, in a graded run, and under nbgrader."""

import json

import numpy as np
import pytest

from rnncourse import new_course
from rnncourse.checks import all_checks, check, find_check, numbers, run_check
from rnncourse.checks.protocol import CheckFailed
from rnncourse.checks.variants import (
    CELL,
    NOBODY,
    Owner,
    numbers_of,
    plain_name,
    stated,
)
from rnncourse.exercises import ROOT
from rnncourse.grading import engine, intake
from rnncourse.grading.handin import hand_in
from rnncourse.grading.limits import Limits

from ..assignments.test_cycle import Course
from .common import cell_of, filled, grades, linux, outputs_of, read, text_of, write

WORD = "autumn-2027"
OWN = [one for one in all_checks().values() if one.numbers is not None]
LEARNERS = [Owner(WORD, f"learner {number}") for number in range(12)]
SEVEN, FOUR = "07-recurrent-networks", "04-convolution"
TASK = "three-steps"
FULL = 3.0

each_check = pytest.mark.parametrize("one", OWN, ids=lambda one: one.name)


# -- the numbers -------------------------------------------------------------------


def test_two_assignments_have_such_a_task():
    assert {one.assignment for one in OWN} >= {SEVEN, FOUR}


@each_check
def test_the_numbers_of_nobody_are_those_of_the_text(one):
    for owner in (NOBODY, Owner(WORD, ""), Owner("", "ada"), Owner(" ", " ")):
        assert repr(numbers_of(one, owner)) == repr(one.numbers(None))
    assert run_check(one, one.reference()).points == one.points


@each_check
def test_every_learner_has_others_and_always_the_same(one):
    drawn = [repr(numbers_of(one, owner)) for owner in LEARNERS]
    assert len({*drawn, repr(one.numbers(None))}) == len(LEARNERS) + 1
    assert drawn == [repr(numbers_of(one, owner)) for owner in LEARNERS]
    next_term = Owner("spring-2028", LEARNERS[0].name)
    assert repr(numbers_of(one, next_term)) != drawn[0]


@each_check
@pytest.mark.parametrize("owner", LEARNERS[:5], ids=lambda owner: owner.name)
def test_right_and_wrong_are_told_apart_for_any_numbers(one, owner):
    own = numbers_of(one, owner)
    right = run_check(one, one.reference(**own), owner=owner)
    assert right.points == one.points, right.text
    for mistake in one.mistakes:
        wrong = run_check(one, mistake.wrong(**own), owner=owner)
        assert wrong.points < one.points
        assert wrong.mistakes[:1] == (mistake.name,), wrong.text


@each_check
def test_the_texts_numbers_are_named_where_they_are_not_asked_for(one):
    got = run_check(one, one.reference(), owner=LEARNERS[0])
    assert got.points == 0
    assert got.mistakes == ("numbers-of-the-text",)
    assert "the numbers of the text were used" in got.text


def test_a_name_has_many_spellings():
    for name in ("Ada Lovelace", "ada-lovelace", " ADA  Lovelace "):
        assert plain_name(name) == "ada-lovelace"
    assert plain_name("Zoë") == plain_name("zoe\u0308".upper())
    assert plain_name("  ") == ""
    assert plain_name(intake.student_name("Ada Lovelace")) == plain_name("Ada Lovelace")


def test_a_check_without_such_numbers_says_so():
    with pytest.raises(ValueError, match="rnn-step"):
        numbers("rnn-step")


@pytest.mark.parametrize(
    ("source", "want"),
    [
        ('COURSE, LEARNER = "a", "b"', Owner("a", "b")),
        ('COURSE = "a"\nLEARNER = "b"', Owner("a", "b")),
        ("COURSE, LEARNER = ", NOBODY),
        ("COURSE, LEARNER = open('x'), 7", Owner("", "7")),
        ("(" * 3000, NOBODY),
        ("\0", NOBODY),
        ("", NOBODY),
    ],
)
def test_the_cell_is_read_without_being_run(source, want):
    marks = {"nbgrader": {"grade_id": CELL}}
    assert stated({"cells": [{"metadata": marks, "source": source}]}) == want


@pytest.mark.parametrize("cells", [[None], [{}], [{"metadata": {"nbgrader": []}}], []])
def test_a_notebook_without_the_cell_states_nothing(cells):
    assert stated({"cells": cells}) == NOBODY


# -- a graded run ------------------------------------------------------------------


def release_with(word, assignment=SEVEN, only=TASK):
    """Give a release of one task, in a course with a word."""
    notebook = read("exercises", assignment)
    wanted = {"setup", CELL, f"{only}-numbers", only, f"{only}-check"}
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in wanted
    ]
    source = cell_of(notebook, CELL)["source"]
    cell_of(notebook, CELL)["source"] = source.replace('""', f'"{word}"', 1)
    return notebook


def answer_by(name, one=TASK):
    """Give an answer as typed in by somebody who worked it out with these numbers."""
    check = find_check(one)
    value = check.reference(**numbers_of(check, Owner(WORD, name) if name else NOBODY))
    if one == TASK:
        return f"states = {np.round(value, 3).tolist()}"
    return f"sums = dict(zip(('first', 'edge', 'corner'), {value}))"


def with_name(notebook, name):
    cell = cell_of(notebook, CELL)
    cell["source"] = cell["source"].replace(', ""', f', "{name}"', 1)
    return notebook


def handed_in(release, name, answer):
    return with_name(filled({TASK: answer}, release), name)


HAND_INS = {
    "ada": ("Ada", answer_by("ada")),
    "Ben-Okri": ("Ben Okri", answer_by("ben-okri")),
    "copies": ("copies", answer_by("ada")),
    "copies-all": ("Ada", answer_by("ada")),
    "reads-the-text": ("", answer_by("")),
    "nickname": ("Nick", answer_by("nick")),
    "computes": (
        "",
        f'n = numbers("{TASK}")\nh = np.zeros(2)\nstates = []\nfor x in n["x"]:\n'
        '    h = np.tanh(x @ n["W_x"] + h @ n["W_h"] + n["b"])\n    states.append(h)',
    ),
    "no-cell": (None, answer_by("no-cell")),
    "broken-cell": (None, answer_by("broken-cell")),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    top = tmp_path_factory.mktemp("variants")
    release = release_with(WORD)
    write(top / "releases" / SEVEN / f"{SEVEN}.ipynb", release)
    for student, (name, answer) in HAND_INS.items():
        notebook = handed_in(release, name or "", answer)
        if student == "no-cell":
            notebook["cells"].remove(cell_of(notebook, CELL))
        if student == "broken-cell":
            cell_of(notebook, CELL)["source"] = "COURSE, LEARNER = 1/0, ("
        write(top / "in" / f"{student}.ipynb", notebook)
    settings = engine.Settings(
        folder=top / "in",
        releases=top / "releases",
        out=top / "out",
        jobs=1,
        limits=Limits(cell_seconds=30),
    )
    results = {one.student: one for one in engine.grade(settings)}
    return top, results


def said(graded, student):
    return text_of(outputs_of(graded[1][student], f"{TASK}-check"))


@linux
@pytest.mark.parametrize(
    "student", ["ada", "Ben-Okri", "computes", "no-cell", "broken-cell"]
)
def test_own_numbers_earn_all_points(graded, student):
    assert grades(graded[1][student])[f"{TASK}-check"] == FULL, said(graded, student)


@linux
@pytest.mark.parametrize(
    ("student", "mistake", "words"),
    [
        ("copies", "numbers-of-another-learner", "the numbers of another learner"),
        ("copies-all", "numbers-of-another-learner", "the numbers of another learner"),
        ("reads-the-text", "numbers-of-the-text", "the numbers of the text were used"),
        ("nickname", "numbers-of-another-name", "had another name than the one"),
    ],
)
def test_the_numbers_of_others_earn_nothing_and_are_named(
    graded, student, mistake, words
):
    result = graded[1][student]
    assert grades(result)[f"{TASK}-check"] == 0
    assert result.mistakes[f"{TASK}-check"] == [mistake]
    assert words in said(graded, student)
    assert "ada" not in said(graded, student).lower()  # whose they are is not told


@linux
def test_the_check_at_home_says_the_same_as_the_graded_run(graded, capsys):
    check_ = find_check(TASK)
    for student, name in (("ada", "Ada"), ("Ben-Okri", "Ben Okri")):
        answer = check_.reference(**numbers_of(check_, Owner(WORD, name)))
        points = check(TASK, np.round(answer, 3), course=WORD, learner=name)
        assert points == FULL
        shown = capsys.readouterr().out
        assert said(graded, student) == f"{shown}{FULL}" or shown in said(
            graded, student
        )
    with pytest.raises(CheckFailed) as failed:
        check(TASK, check_.reference(), course=WORD, learner="reads the text")
    assert str(failed.value) == said(graded, "reads-the-text")


@linux
def test_the_sandbox_shows_the_numbers_of_whoever_handed_in(graded):
    shown = text_of(outputs_of(graded[1]["copies-all"], f"{TASK}-numbers"))
    check_ = find_check(TASK)
    mine, theirs = (
        "".join(repr(numbers_of(check_, Owner(WORD, name))).split())
        for name in ("copies-all", "ada")
    )
    assert "".join(shown.split()) == mine != theirs


@linux
def test_without_a_word_everybody_has_the_numbers_of_the_text(tmp_path):
    release = release_with("")
    write(tmp_path / "releases" / SEVEN / f"{SEVEN}.ipynb", release)
    for student in ("ada", "ben"):
        notebook = handed_in(release, "", answer_by(""))
        write(tmp_path / "in" / f"{student}.ipynb", notebook)
    made = engine.grade(
        engine.Settings(folder=tmp_path / "in", releases=tmp_path / "releases", jobs=1)
    )
    assert [grades(one)[f"{TASK}-check"] for one in made] == [FULL, FULL]


# -- before handing in, and a course of one's own ----------------------------------


def test_handin_keeps_the_name_and_says_what_is_odd_about_it(tmp_path):
    release = release_with(WORD)
    given = write(tmp_path / "release.ipynb", release)
    for stated_name, name, words in (
        ("Ada", "Ada", ""),
        ("Ada", "", ""),
        ("", "", "has no name: put yours there"),
        ("Ada", "Ben", "judged by the numbers of that name"),
    ):
        path = write(
            tmp_path / "mine.ipynb", handed_in(release, stated_name, answer_by("ada"))
        )
        made = hand_in(path, name=name, check=False, release=given)
        assert "".join(made.notes) == "" if not words else words in made.notes[-1]
        written = json.loads(made.path.read_text(encoding="utf-8"))
        assert stated(written) == Owner(WORD, stated_name)


def test_a_learner_cannot_choose_another_word(tmp_path):
    release = release_with(WORD)
    notebook = handed_in(release, "ada", answer_by("ada"))
    cell = cell_of(notebook, CELL)
    cell["source"] = cell["source"].replace(WORD, "mine")
    assert stated(intake.rebuild(notebook, release).notebook) == Owner(WORD, "ada")


def test_a_course_of_ones_own_has_its_word_in_source_and_release(tmp_path):
    folder = tmp_path / "mine"
    new_course.make(ROOT, folder, [7], word=WORD)
    for part in ("source", "release"):
        path = folder / part / SEVEN / f"{SEVEN}.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert stated(notebook) == Owner(WORD, "")
    assert new_course.upgrade(ROOT, folder).text.startswith("nothing to do")
    with pytest.raises(engine.GradingError, match="word"):
        new_course.make(ROOT, tmp_path / "other", [7], word='"); import os')


# -- nbgrader's own commands -------------------------------------------------------


def test_the_cycle_of_nbgrader_gives_everybody_their_own_numbers(tmp_path):
    """Generate, hand in, validate, autograde; nbgrader knows who handed in."""
    import nbformat

    course = Course(tmp_path)
    source = tmp_path / "solutions" / SEVEN / f"{SEVEN}.ipynb"
    notebook = release_of_source(source)
    write(source, notebook)
    course.run("generate_assignment", SEVEN)
    released = json.loads(
        (tmp_path / "exercises" / SEVEN / f"{SEVEN}.ipynb").read_text(encoding="utf-8")
    )
    assert stated(released) == Owner(WORD, "")
    for cell in released["cells"]:
        cell["source"] = "".join(cell["source"])
    for student in ("ada", "Ben-Okri", "copies", "copies-all", "reads-the-text"):
        name, answer = HAND_INS[student]
        path = tmp_path / "submitted" / student / SEVEN / f"{SEVEN}.ipynb"
        write(path, handed_in(released, name, answer))
        if student == "ada":
            done = course.run("validate", "--Validator.json=True", str(path))
            assert "failed" not in done, done
    course.run("autograde", SEVEN)
    scores = {}
    for path in sorted((tmp_path / "autograded").glob("*/*/*.ipynb")):
        outputs = cell_of(
            {"cells": nbformat.read(path, 4).cells}, f"{TASK}-check"
        ).outputs
        scores[path.parent.parent.name] = outputs
    for student in ("ada", "Ben-Okri"):
        assert outputs_text(scores[student]).endswith("3.0"), student
    for student in ("copies", "copies-all", "reads-the-text"):
        (error,) = scores[student]
        assert error.output_type == "error"
        assert "0 of 3 points" in error.evalue
    assert "the numbers of the text were used" in scores["reads-the-text"][0].evalue


def outputs_text(outputs):
    return text_of([dict(output) for output in outputs])


def release_of_source(path):
    """Leave one task of a source, in a course with a word."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    wanted = {"setup", CELL, f"{TASK}-numbers", TASK, f"{TASK}-check"}
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in wanted
    ]
    cell = cell_of(notebook, CELL)
    cell["source"] = cell["source"].replace('""', f'"{WORD}"', 1)
    return notebook

"""The assignments as files, and their answers without nbgrader: fast."""

import re
import types

import pytest

from rnncourse.checks import all_checks, run_check
from rnncourse.exercises import exercises

from .common import (
    ASSIGNMENTS,
    ROOT,
    answers,
    checked_cells,
    marks,
    model_answers,
    read,
    short,
)

WHOSE = "(?:, course=COURSE, learner=LEARNER)?"  # where everybody has own numbers
CALL = re.compile(rf'check\("([a-z0-9-]+)", (.+?){WHOSE}\)')
each_assignment = pytest.mark.parametrize("assignment", ASSIGNMENTS)
WRONG = [
    pytest.param(name, *wrong, id=f"{short(name)}-{wrong[0]}-{wrong[2]}")
    for name in ASSIGNMENTS
    for wrong in answers(name).WRONG
]
RIGHT = [
    pytest.param(name, *right, id=f"{short(name)}-{right[0]}-{number}")
    for name in ASSIGNMENTS
    for number, right in enumerate(answers(name).RIGHT)
]


def verdict_of(assignment: str, cell: str, source: str):
    """Run an answer in a module of its own and check it.

    The first code cell and the model answers of the other cells run before, as they
    would in the notebook.
    """
    module = types.ModuleType("answer")
    notebook = read("solutions", assignment)
    for other in notebook.cells:
        if other.cell_type != "code" or marks(other).get("grade"):
            continue
        if marks(other).grade_id == cell:
            exec(compile(source, f"<{cell}>", "exec"), module.__dict__)
        else:
            lines = [x for x in other.source.splitlines() if "%pip" not in x]
            plain = "\n".join(lines).replace("is None:", "is None: pass")
            exec(compile(plain, f"<{marks(other).grade_id}>", "exec"), module.__dict__)
    call = CALL.fullmatch(checked_cells(notebook)[f"{cell}-check"].source)
    assert call is not None
    return run_check(all_checks()[call[1]], eval(call[2], module.__dict__))


@each_assignment
def test_a_release_needs_only_check_and_numbers_of_the_package(assignment):
    """A graded run hides the rest, or an answer could be looked up."""
    for cell in read("exercises", assignment).cells:
        imports = re.findall(
            r"^(?:from|import) rnncourse.*$", cell.source, re.MULTILINE
        )
        known = {f"from rnncourse.checks import {n}" for n in ("check", "numbers")}
        assert set(imports) <= known, cell.id


def test_exercises_are_what_the_solutions_generate():
    assert exercises(check=True, root=ROOT) == []


@each_assignment
def test_cells_have_words_for_ids_and_no_outputs(assignment):
    notebook = read("solutions", assignment)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", cell.id), cell.id
        assert marks(cell).get("grade_id", cell.id) == cell.id
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


@each_assignment
def test_a_graded_cell_is_one_call_worth_the_points_of_its_check(assignment):
    found = set()
    for name, cell in checked_cells(read("solutions", assignment)).items():
        call = CALL.fullmatch(cell.source)
        assert call is not None, f"{name} must be one call of check"
        check = all_checks()[call[1]]
        assert name == f"{check.name}-check"
        assert check.assignment == assignment
        assert marks(cell).points == check.points
        assert marks(cell).locked
        found.add(check.name)
    wanted = {c.name for c in all_checks().values() if c.assignment == assignment}
    assert found == wanted
    assert len(found) >= 7


def test_there_are_twenty_graded_cells_in_all():
    assert sum(len(checked_cells(read("solutions", a))) for a in ASSIGNMENTS) >= 20


@each_assignment
def test_each_task_names_points_minutes_and_an_equation(assignment):
    cells = {cell.id: cell for cell in read("solutions", assignment).cells}
    for name, cell in checked_cells(read("solutions", assignment)).items():
        text = cells[name.replace("-check", "-task")].source
        assert re.search(rf"\b{marks(cell).points:g} points?\b", text), name
        assert re.search(r"\d+ minutes", text), name
        assert re.search(r"\(\d+\.\d+\)", text), name


@each_assignment
def test_free_text_is_rare_and_marked(assignment):
    notebook = read("solutions", assignment)
    free = [c for c in notebook.cells if c.cell_type == "markdown" and marks(c).grade]
    assert len(free) <= 1
    for cell in free:
        before = notebook.cells[notebook.cells.index(cell) - 1].source
        assert "person" in before + cell.source


@each_assignment
def test_stubs_keep_signature_docstring_and_hold_no_solution(assignment):
    released = {cell.id: cell.source for cell in read("exercises", assignment).cells}
    for name, source in model_answers(assignment).items():
        stub = released[name]
        assert "SOLUTION" not in stub
        for line in re.findall(r"^def .+$", source, re.MULTILINE)[:1]:
            assert line in stub
            assert '"""' in stub


@each_assignment
def test_there_are_enough_answers_to_try(assignment):
    given = answers(assignment)
    assert len(given.WRONG) >= 6
    cells = [cell for cell, _ in given.RIGHT]
    assert sum(cells.count(cell) >= 3 for cell in set(cells)) >= 2
    assert any("torch" in source for _, source in given.RIGHT)


@pytest.mark.parametrize(("assignment", "cell", "source", "mistake"), WRONG)
def test_wrong_answer_loses_points_under_its_name(assignment, cell, source, mistake):
    verdict = verdict_of(assignment, cell, source)
    assert verdict.points < verdict.out_of
    assert mistake in verdict.mistakes, verdict.text


@pytest.mark.parametrize(("assignment", "cell", "source"), RIGHT)
def test_right_answer_has_full_marks_however_it_is_written(assignment, cell, source):
    verdict = verdict_of(assignment, cell, source)
    assert verdict.points == verdict.out_of, verdict.text

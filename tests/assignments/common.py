"""Read the assignments and fill their notebooks with answers."""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import nbformat

from rnncourse.exercises import assignments

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = assignments(ROOT)


def short(assignment: str) -> str:
    """Give the number of an assignment, or its last word if it has none."""
    first, *_, last = assignment.split("-")
    return first if first.isdecimal() else last


@cache
def answers(assignment: str) -> ModuleType:
    """Load the answers of an assignment from its module beside this file."""
    name = short(assignment)
    path = Path(__file__).with_name(f"a{name}.py")
    spec = importlib.util.spec_from_file_location(f"answers_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert assignment == module.ASSIGNMENT
    return module


def read(folder: str, assignment: str):
    path = ROOT / folder / assignment / f"{assignment}.ipynb"
    return nbformat.read(path, as_version=4)


def marks(cell):
    return cell.metadata.get("nbgrader", {})


def checked_cells(notebook):
    """Give the graded code cells by id."""
    return {
        marks(cell).grade_id: cell
        for cell in notebook.cells
        if cell.cell_type == "code" and marks(cell).get("grade")
    }


def model_answers(assignment: str) -> dict[str, str]:
    """Give the sources of the solution cells, by id."""
    return {
        marks(cell).grade_id: cell.source
        for cell in read("solutions", assignment).cells
        if marks(cell).get("solution")
    }


def by_turns(triples) -> list[dict[str, tuple[str, ...]]]:
    """Deal answers out: the k-th of each cell goes to the k-th notebook."""
    dealt: list[dict[str, tuple[str, ...]]] = []
    for cell, *rest in triples:
        for turn in dealt:
            if cell not in turn:
                turn[cell] = tuple(rest)
                break
        else:
            dealt.append({cell: tuple(rest)})
    return dealt


def fill(notebook, sources: dict[str, str]):
    """Put answers into a released notebook, as a learner does."""
    left = dict(sources)
    for cell in notebook.cells:
        if marks(cell).get("solution") and marks(cell).grade_id in left:
            cell.source = left.pop(marks(cell).grade_id).strip("\n")
    assert not left, f"no such cells: {sorted(left)}"
    return notebook

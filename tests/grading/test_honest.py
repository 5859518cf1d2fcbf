"""Right answers, given in odd ways: every one of tests/honest has full marks."""

import copy
import json
import os
import tomllib

import pytest

from rnncourse.exercises import ROOT
from rnncourse.grading import engine
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
    write,
)

pytestmark = linux
CASES = [
    case
    for path in sorted((ROOT / "tests" / "honest").glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["honest"]
]
TASKS = {"sum": "unrolled-sum", "kept": "numbers-kept", "step": "output-step"}
KEYS = {"name", *TASKS, "own", "after", "cells", "file"}
LEVEL = os.environ.get("RNNCOURSE_ISOLATION", "")
LIMITS = Limits(cell_seconds=60, notebook_seconds=300)


def own_cell(source):
    cell = {"cell_type": "code", "metadata": {}, "source": source.strip("\n")}
    return {**cell, "outputs": [], "execution_count": None}


def make(case, folder):
    """Write one hand-in."""
    answers = model()
    answers.update(
        {name: case[key].strip("\n") for key, name in TASKS.items() if key in case}
    )
    notebook = filled(answers)
    if "own" in case:
        notebook["cells"].insert(1, own_cell(case["own"]))
    if "after" in case:
        notebook["cells"].append(own_cell(case["after"]))
    scope = {"notebook": notebook, "copy": copy, "json": json}
    scope["cell"] = lambda name: cell_of(notebook, name)
    if "cells" in case:
        exec(case["cells"], scope)
    path = folder / case["name"] / f"{SHORT}.ipynb"
    if "file" in case:
        path.parent.mkdir(parents=True)
        exec(case["file"], {**scope, "path": path})
    else:
        write(path, notebook)


@pytest.fixture(scope="module")
def graded(request, tmp_path_factory):
    top = tmp_path_factory.mktemp("honest")
    (top / "in").mkdir()
    items = (getattr(item, "callspec", None) for item in request.session.items)
    asked = [spec.params["case"] for spec in items if spec and "case" in spec.params]
    for case in asked or CASES[:1]:
        make(case, top / "in")
    settings = engine.Settings(
        folder=top / "in",
        releases=make_releases(top / "releases"),
        assignment=SHORT,
        out=top / "out",
        jobs=2,
        isolation=LEVEL,
        limits=LIMITS,
    )
    results = {one.student: one for one in engine.grade(settings)}
    return {"results": results, "left": leftovers()}


def test_there_are_enough_and_each_is_another():
    assert len(CASES) >= 60
    assert len({case["name"] for case in CASES}) == len(CASES)
    for case in CASES:
        assert set(case) <= KEYS
    what = [json.dumps({k: v for k, v in c.items() if k != "name"}) for c in CASES]
    assert len(set(what)) == len(what)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_honest_hand_in_has_full_marks(graded, case):
    result = graded["results"][case["name"]]
    assert not result.trouble
    assert grades(result) == POINTS, (result.notes, result.flags, result.findings)


def test_they_leave_nothing_behind(graded):
    assert graded["left"] == set()

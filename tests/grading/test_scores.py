"""The rows and the bytes are those that nbgrader and nbformat make of a notebook."""

import copy
import json
import warnings

import nbformat
import pytest

from rnncourse.grading import gradebook, scores

from .common import SHORT, filled, linux, model

pytestmark = linux


def output(kind, **given):
    return scores.new_output(kind, **given)


OUTPUTS = {
    "nothing": [],
    "words": [output("stream", text="a\nb")],
    "many": [output("stream", text=f"{n}\n" * 400) for n in range(4)],
    "exactly": [output("stream", text="\n" * 999), output("stream", text="x")],
    "warning": [output("stream", name="stderr", text="w")],
    "error": [output("error", ename="E", evalue="v", traceback=["t"])],
    "half": [output("execute_result", data={"text/plain": "1.5"}, execution_count=1)],
    "below": [output("execute_result", data={"text/plain": "-1"}, execution_count=1)],
    "nan": [output("execute_result", data={"text/plain": "nan"}, execution_count=1)],
    "text": [output("execute_result", data={"text/plain": "None"}, execution_count=1)],
    "shown": [
        output("display_data", data={"text/plain": "a\nb", "image/png": "AA=="}),
        output("execute_result", data={"text/plain": "0.5"}, execution_count=2),
    ],
}


def graded(outputs):
    """Give a notebook as it is when its cells have run."""
    notebook = filled({**model(), "numbers-kept": "x = '\u2028\u00e9'\n\n"})
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"], cell["outputs"] = 1, []
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["outputs"] = copy.deepcopy(outputs)
    return notebook


@pytest.mark.parametrize("name", OUTPUTS)
def test_as_nbgrader_and_nbformat_do_it(name, tmp_path):
    ours, theirs = graded(OUTPUTS[name]), nbformat.from_dict(graded(OUTPUTS[name]))
    scores.limit_lines(ours)
    gradebook.load()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's own dependencies
        from nbgrader.preprocessors import LimitOutput, SaveAutoGrades

        url = gradebook.sqlite_url(tmp_path / "gradebook.db")
        gradebook.register(url, SHORT, filled({}))
        given = {"notebook": SHORT, "assignment": SHORT, "student": "ada"}
        resources = {"nbgrader": {**given, "db_url": url}}
        with gradebook.open_gradebook(url) as book:
            book.update_or_create_student("ada")
            book.update_or_create_submission(SHORT, "ada")
        theirs, _ = LimitOutput().preprocess(theirs, {})
        theirs, _ = SaveAutoGrades().preprocess(theirs, resources)
        with gradebook.open_gradebook(url) as book:
            submission = book.find_submission_notebook(SHORT, SHORT, "ada")
            wanted = {
                grade.name: (grade.auto_score, grade.needs_manual_grade)
                for grade in submission.grades
            }
            comments = {one.name: one.auto_comment for one in submission.comments}
    rows = scores.rows_of(ours, SHORT)
    assert {
        row["cell"]: (row["auto_score"], bool(row["needs_manual_grade"]))
        for row in rows["grades"]
    } == wanted
    assert {row["cell"]: row["auto_comment"] for row in rows["comments"]} == comments
    assert scores.written(ours) == nbformat.writes(theirs) + "\n"


@pytest.mark.parametrize("shown", ["1000", "inf", ""])
def test_where_nbgrader_would_stop_a_person_looks(shown):
    made = output("execute_result", data={"text/plain": shown}, execution_count=1)
    rows = scores.rows_of(graded([made]), SHORT)["grades"]
    assert all(row["auto_score"] is None and row["needs_manual_grade"] for row in rows)


def test_an_untouched_answer_is_no_response():
    rows = scores.rows_of(json.loads(json.dumps(filled({}))), SHORT)
    assert {row["auto_comment"] for row in rows["comments"]} == {"No response."}


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"cells": []},
        {"b": [1, 2.5, None, True, -0.0, 1e300], "a": {"z": {}, "y": []}},
        {'ü\n"\\\u2028': ["\ud7ff", "\x1f", [[], [{}]]], "nan": float("nan")},
    ],
)
def test_a_notebook_is_written_as_json_writes_it(value):
    wanted = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    assert scores._json(value, "\n") == wanted

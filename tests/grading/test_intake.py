"""What is let in, and how damaged notebooks are put right."""

import contextlib
import copy
import json
import os

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rnncourse.grading import intake
from rnncourse.grading.intake import Refused, Submission, collect, parse, rebuild

from .common import CELLS, SHORT, cell_of, filled, grade_id, model, short_release, write

RELEASE = short_release()
MODEL = model()


def answers_of(notebook):
    return {grade_id(c): c["source"] for c in notebook["cells"] if grade_id(c) in CELLS}


def rebuilt(notebook):
    return rebuild(parse(json.dumps(notebook).encode()), RELEASE)


def damaged(how):
    notebook = filled(MODEL)
    how(notebook)
    return rebuilt(notebook)


def assert_as_released(notebook):
    """Every released cell is there once, in order, with its own metadata."""
    kept = [cell for cell in notebook["cells"] if grade_id(cell)]
    assert [grade_id(cell) for cell in kept] == [grade_id(c) for c in RELEASE["cells"]]
    for cell, trusted in zip(kept, RELEASE["cells"], strict=True):
        assert cell["metadata"] == trusted["metadata"]
        assert cell["cell_type"] == trusted["cell_type"]
        if grade_id(cell) not in CELLS:
            assert cell["source"] == trusted["source"]


def test_an_undamaged_notebook_is_told_nothing():
    made = rebuilt(filled(MODEL))
    assert made.notes == []
    assert answers_of(made.notebook) == MODEL
    assert_as_released(made.notebook)


def swap(notebook):
    notebook["cells"].reverse()


def delete_test(notebook):
    notebook["cells"].remove(cell_of(notebook, "numbers-kept-check"))


def change_test(notebook):
    cell_of(notebook, "numbers-kept-check")["source"] = "2.0"


def copy_test(notebook):
    notebook["cells"].append(copy.deepcopy(cell_of(notebook, "numbers-kept-check")))


def lose_marks(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def lose_marks_and_ids(notebook):
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"], cell["id"] = {}, f"new-{number}"


def older_format(notebook):
    notebook["nbformat_minor"] = 2
    for cell in notebook["cells"]:
        del cell["id"]


def windows(notebook):
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n").splitlines(keepends=True)


def colab(notebook):
    notebook["metadata"] = {"colab": {"provenance": []}}
    for cell in notebook["cells"]:
        cell["metadata"]["colab"] = {"base_uri": "x"}
        cell["metadata"]["id"] = "abc"


def another_type(notebook):
    cell = cell_of(notebook, "numbers-kept")
    cell["cell_type"] = "markdown"


def points(notebook):
    for cell in notebook["cells"]:
        cell["metadata"]["nbgrader"] |= {
            "points": 99,
            "solution": True,
            "locked": False,
        }


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (swap, "another order"),
        (delete_test, "“numbers-kept-check” was missing"),
        (change_test, "“numbers-kept-check” had been changed"),
        (copy_test, "“numbers-kept-check” was there twice"),
        (lose_marks, "had lost its marks"),
        (lose_marks_and_ids, "had lost its marks"),
        (older_format, ""),
        (windows, ""),
        (colab, ""),
        (another_type, "had become a markdown cell"),
        (points, ""),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_damage_is_put_right_and_told(how, told):
    made = damaged(how)
    assert answers_of(made.notebook) == MODEL
    assert_as_released(made.notebook)
    if told:
        assert any(told in note for note in made.notes), made.notes
    else:
        assert made.notes == []


def test_a_split_answer_is_put_together():
    first, second = (
        "def helper(x):\n    return x",
        "def numbers_kept(*a):\n    return 1",
    )

    def split(notebook):
        cell = cell_of(notebook, "numbers-kept")
        half = copy.deepcopy(cell)
        cell["source"], half["source"] = first, second
        notebook["cells"].insert(notebook["cells"].index(cell) + 1, half)

    made = damaged(split)
    assert answers_of(made.notebook)["numbers-kept"] == f"{first}\n\n{second}"
    assert any("put together" in note for note in made.notes)


def test_a_half_that_lost_its_marks_stays_as_an_own_cell_after_the_other():
    def split(notebook):
        cell = cell_of(notebook, "numbers-kept")
        half = {"cell_type": "code", "metadata": {}, "source": "rest = 1"}
        notebook["cells"].insert(notebook["cells"].index(cell) + 1, half)

    made = damaged(split)
    sources = [cell["source"] for cell in made.notebook["cells"]]
    assert sources[sources.index(MODEL["numbers-kept"]) + 1] == "rest = 1"
    assert made.notes == []


def test_a_deleted_answer_is_the_empty_one_of_the_release():
    made = damaged(lambda nb: nb["cells"].remove(cell_of(nb, "numbers-kept")))
    released = cell_of(RELEASE, "numbers-kept")["source"]
    assert answers_of(made.notebook)["numbers-kept"] == released
    assert any("“numbers-kept” was missing" in note for note in made.notes)


def test_own_cells_stay_where_they_were():
    def add(notebook):
        own = {"cell_type": "code", "metadata": {"tags": ["x"]}, "source": "mine = 1"}
        notebook["cells"].insert(2, own)

    made = damaged(add)
    assert made.notebook["cells"][2]["source"] == "mine = 1"
    assert made.notebook["cells"][2]["metadata"] == {}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8"),
        (b"[]", "not a notebook"),
        (b"{}", "format"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 5, "cells": []}', "format"),
        (b"[" * 10**6, "nested"),
        (b'{"a":' * 10**5, "nested"),
        (b'{"nbformat": 4, "cells": [{}', "line 1"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(data, why):
    with pytest.raises(Refused, match=why) as caught:
        parse(data)
    assert str(caught.value).endswith(".")


def test_a_byte_order_mark_and_utf_16_are_read():
    text = json.dumps(filled(MODEL))
    for data in (b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
        assert answers_of(rebuild(parse(data), RELEASE).notebook) == MODEL


def test_format_3_is_upgraded():
    import nbformat

    old = nbformat.convert(nbformat.from_dict(filled(MODEL)), 3)
    made = rebuild(parse(nbformat.writes(old).encode()), RELEASE)
    assert answers_of(made.notebook) == MODEL


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "cell_type",
                    "source",
                    "metadata",
                    "nbgrader",
                    "grade_id",
                    "id",
                    "tags",
                ]
            ),
            inner | st.sampled_from(["code", "markdown", *CELLS]),
            max_size=4,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(JSON, max_size=4), st.integers(0, 6))
@example([{"id": [], "cell_type": "code"}], 0)
@example([{"cell_type": [], "source": ""}], 0)
def test_any_cells_are_rebuilt_on_the_release_or_refused(cells, place):
    notebook = filled(MODEL)
    notebook["cells"][place:place] = cells
    try:
        made = rebuilt(notebook)
    except Refused:
        return
    assert_as_released(made.notebook)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_notebook_or_refused(data):
    with contextlib.suppress(Refused):
        rebuild(parse(data), RELEASE)


# -- files -------------------------------------------------------------------------


def test_the_three_layouts_are_found(tmp_path):
    notebook = filled(MODEL)
    write(tmp_path / "ada.ipynb", notebook)
    write(tmp_path / "ben__anything.ipynb", notebook)
    write(tmp_path / "cem" / f"{SHORT}.ipynb", notebook)
    write(tmp_path / "dora" / "renamed.ipynb", notebook)
    write(tmp_path / "edi" / SHORT / f"{SHORT}.ipynb", notebook)
    (tmp_path / "notes.txt").write_text("x")
    found = collect(tmp_path, SHORT)
    assert [one.student for one in found] == ["ada", "ben", "cem", "dora", "edi"]
    assert not any(one.trouble for one in found)
    assert "renamed" in found[3].notes[0]
    course = tmp_path / "course" / "submitted"
    write(course / "ada" / SHORT / f"{SHORT}.ipynb", notebook)
    assert [one.student for one in collect(course.parent, SHORT)] == ["ada"]


def test_what_is_not_a_plain_file_is_not_opened(tmp_path):
    target = write(tmp_path / "secret" / "x.txt", {"a": "secret"})
    folder = tmp_path / "in"
    for name in ("link", "hard", "pipe", "folder", "nothing"):
        (folder / name).mkdir(parents=True)
    (folder / "link" / f"{SHORT}.ipynb").symlink_to(target)
    os.link(target, folder / "hard" / f"{SHORT}.ipynb")
    os.mkfifo(folder / "pipe" / f"{SHORT}.ipynb")
    (folder / "folder" / f"{SHORT}.ipynb").mkdir()
    (folder / "whole").symlink_to(target.parent)
    found = {one.student: one.trouble for one in collect(folder, SHORT)}
    assert set(found) == {"link", "hard", "pipe", "folder", "nothing"}
    assert all(trouble.endswith(".") for trouble in found.values()), found


def test_files_beside_the_notebook_come_along_and_odd_ones_do_not(tmp_path):
    folder = tmp_path / "ada"
    write(folder / f"{SHORT}.ipynb", filled(MODEL))
    (folder / "data").mkdir()
    (folder / "data" / "own.csv").write_text("1,2")
    (folder / "numpy.py").write_text("raise SystemExit")
    (folder / ".hidden").write_text("x")
    (folder / "link.csv").symlink_to("/etc/passwd")
    (one,) = collect(tmp_path, SHORT)
    assert one.files == (("data/own.csv", b"1,2"),)
    assert "left out" in one.notes[0]


def test_two_hand_ins_under_one_name_are_set_aside(tmp_path):
    write(tmp_path / "ada__1.ipynb", filled(MODEL))
    write(tmp_path / "ada__2.ipynb", filled(MODEL))
    (one,) = collect(tmp_path, SHORT)
    assert "more than one" in one.trouble


@pytest.mark.parametrize(
    "name", ["../../x", "a/b", ".", "..", "", "\0", "a b", "Zoë", "x" * 500, "\udc80"]
)
def test_a_students_name_is_safe_as_a_path(name):
    made = intake.student_name(name)
    assert made and "/" not in made and not made.startswith(".")
    assert len(made.encode()) <= 250


def test_when_it_came_is_the_exchange_s_word_and_nothing_odd():
    def stamp(text):
        return Submission("ada", b"", (("timestamp.txt", text),)).stamp

    assert stamp(b"2026-11-21 18:13:09.353589 UTC\n") == "2026-11-21T18:13:09.353589"
    assert stamp(b"2026-11-21 18:13:09 UTC") == "2026-11-21T18:13:09"
    odd = (b"", b"tomorrow", b"2026-13-41 18:13:09 UTC", b"\xff\xfe", b"9" * 10**6)
    odd += (b"2026-11-21 18:13:09 CET", b"2026-11-21 18:13:09 UTC or so")
    assert [stamp(text) for text in odd] == [None] * len(odd)
    assert Submission("ada").stamp is None

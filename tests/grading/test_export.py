"""Exports against golden files, and each against its importer's own rules.

RNNCOURSE_GOLDEN=1 writes the golden files anew; read the difference before you commit.
"""

import csv
import io
import json
import os
import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncourse import grade_commands as commands
from rnncourse.grading import export
from rnncourse.grading.engine import GradingError

from .common import POINTS
from .finished import finished, result

GOLDEN = Path(__file__).with_name("golden")
COLUMNS = {"canvas": "Backpropagation (4711)", "blackboard": "Task 8 |815"}
NOW = "2027-01-31T18:00:00.000+00:00"
READY = ("ada", "ben", "cem", "dan")  # eve waits for a person, zoe was not read


def made(format, **more):
    options = export.Options(column=COLUMNS.get(format, ""), now=NOW, **more)
    return export.export(finished(), format, options)


def rows(exported):
    (data,) = exported.files.values()
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))


@pytest.mark.parametrize("format", export.FORMATS)
def test_the_files_are_the_golden_ones(format):
    for name, data in made(format).files.items():
        path = GOLDEN / format / name
        if os.environ.get("RNNCOURSE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        assert data == path.read_bytes(), name
    kept = {p.relative_to(GOLDEN / format).as_posix() for p in _files(GOLDEN / format)}
    assert kept == set(made(format).files)


def _files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_command_offers_every_format():
    assert set(commands.FORMATS) == set(export.FORMATS)


@pytest.mark.parametrize("format", [name for name in export.FORMATS if name != "csv"])
def test_who_waits_is_left_out_and_named_since_an_import_overwrites(format):
    exported = made(format)
    text = "".join(data.decode() for data in exported.files.values())
    assert "eve" not in text and "zoe" not in text
    assert any("eve is left out" in warning for warning in exported.warnings)
    assert any("zoe is left out" in warning for warning in exported.warnings)
    more = made(format, provisional=True)
    text = "".join(more.files) + "".join(d.decode() for d in more.files.values())
    assert "eve" in text or '"15"' in text
    assert "zoe" not in text


def test_csv_has_everybody_and_every_task():
    head, *body = rows(made("csv"))
    assert head[6:9] == [*POINTS]
    by = {row[0]: dict(zip(head, row, strict=True)) for row in body}
    assert set(by) == {"ada", "ben", "cem", "dan", "eve", "zoe"}
    assert by["dan"]["score"] == "4.5" and by["dan"]["late_penalty"] == "1.5"
    assert by["ben"]["unrolled-sum-check"] == "0"
    assert by["zoe"]["score"] == "" and by["zoe"]["state"] == "needs attention"
    assert by["eve"]["state"] == "waits for a person"


def test_moodle_reads_it():
    # grade/import/csv/classes/load_data.php: a column maps to username, e-mail or id
    # number; update_grade_item takes '', '-' or what unformat_float reads.
    head, *body = rows(made("moodle"))
    assert head[0] == "Username" and head[1] == "Email address"
    assert head[3] == f"{head[2]} (Feedback)"
    assert [row[0] for row in body] == list(READY)
    for row in body:
        assert re.fullmatch(r"\d+(\.\d+)?", row[2])
        assert float(row[2]) <= export.MOODLE_MOST
    assert body[1][3] == "unrolled-sum: product starts early"


def test_canvas_reads_it():
    # lib/gradebook_importer.rb: row_has_student_headers?, update_column_count and
    # last_student_info_column; process_pp by "Points Possible" in the first field.
    head, possible, *body = rows(made("canvas"))
    assert "Student" in head[0] and "ID" in head[1] and len(head) > 3
    assert re.search(r"SIS\s+User\s+ID", head[2])
    assert re.search(r"SIS\s+Login\s+ID", head[3])
    assert "Section" in head[4]
    assert re.search(r"\(\d+\)$", head[5])
    assert "Points Possible" in possible[0] and possible[5] == "6"
    assert len({len(row) for row in (head, possible, *body)}) == 1
    assert [row[3] for row in body] == list(READY)
    for row in body:
        assert re.fullmatch(r"\d*", row[1])
        assert row[5], "a blank would clear the grade that is there"
    with pytest.raises(GradingError, match="--column"):
        export.export(finished(), "canvas", export.Options(column="Final Score"))


def test_blackboard_reads_it():
    # Its help: a header, Username, the column's id in its heading, all in quotes.
    (data,) = made("blackboard").files.values()
    for line in data.decode().splitlines():
        assert line.startswith('"') and line.endswith('"')
    head, *body = rows(made("blackboard"))
    assert head[2] == "Username" and head[3].endswith("|815")
    assert [row[2] for row in body] == list(READY)


def test_ilias_reads_it():
    # ilPluginExAssignmentStatusFile: exactly these titles in this order; update, a
    # numeric usr_id, one of three states, and a plagiarism flag it knows.
    exported = made("ilias")
    assert set(exported.files) == {"status.csv"}
    head, *body = rows(exported)
    titles = "update,usr_id,login,lastname,firstname,status,mark,notice,comment"
    assert ",".join(head) == f"{titles},plagiarism,plag_comment"
    assert [row[2] for row in body] == ["ada", "cem", "dan"]  # ben has no usr_id
    assert any("ben is left out" in warning for warning in exported.warnings)
    for row in body:
        assert row[0] == "1" and row[1].isdigit() and int(row[1]) > 0
        assert row[5] in {"notgraded", "passed", "failed"}
        assert row[9] in {"", "none", "suspicion", "detected"}
    assert [row[5] for row in body] == ["passed", "failed", "passed"]
    strict = rows(made("ilias", pass_at=0.8))[1:]
    assert [row[5] for row in strict] == ["passed", "failed", "failed"]


def test_gradescope_reads_it():
    # gradescope-autograders.readthedocs.io/en/latest/specs
    exported = made("gradescope")
    assert set(exported.files) == {f"gradescope/{s}/results.json" for s in READY}
    views = {"hidden", "after_due_date", "after_published", "visible"}
    for data in exported.files.values():
        content = json.loads(data)
        assert isinstance(content["score"], float)
        assert content["visibility"] in views and content["stdout_visibility"] in views
        assert content["tests"]
        for test in content["tests"]:
            assert 0 <= test["score"] <= test["max_score"]
            assert test["status"] in {"passed", "failed"}
            assert test["output_format"] in {"text", "html", "simple_format", "md"}
            assert test["visibility"] in views


def test_lti_ags_reads_it():
    # www.imsglobal.org/spec/lti-ags/v2p0, sections on line items and scores
    content = json.loads(next(iter(made("lti-ags", provisional=True).files.values())))
    assert content["lineitem"]["label"] and content["lineitem"]["scoreMaximum"] > 0
    states = {"Initialized", "Started", "InProgress", "Submitted", "Completed"}
    for score in content["scores"]:
        assert isinstance(score["userId"], str) and score["userId"]
        assert score["scoreGiven"] >= 0 and score["scoreMaximum"] == 6
        assert score["activityProgress"] in states
        stamp = datetime.fromisoformat(score["timestamp"])
        assert stamp.tzinfo is not None and "." in score["timestamp"]
    by = {score["userId"]: score for score in content["scores"]}
    assert by["11"]["gradingProgress"] == "FullyGraded"
    assert by["15"]["gradingProgress"] == "PendingManual"


@given(st.text(max_size=20) | st.sampled_from(["=1+1", "\t=x", " @a", "+1", "-1", "-"]))
def test_no_field_is_a_formula(text):
    made_safe = export.safe(text)
    lone = made_safe == "-" or re.fullmatch(r"-?\d+(\.\d+)?", made_safe)
    assert lone or not re.match(r"\s*[=+\-@\t\r]", made_safe)
    assert text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n") in made_safe


def test_a_hostile_name_is_quoted_and_told():
    assert b"'=HYPERLINK" in next(iter(made("csv").files.values()))
    odd = finished([result("+cmd", POINTS)])
    exported = export.export(odd, "moodle")
    assert any("spreadsheets run" in warning for warning in exported.warnings)
    assert b"\n'+cmd," in next(iter(exported.files.values()))

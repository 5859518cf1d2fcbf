"""The record of where the chapters run, on a chapter that really runs."""

import nbformat
import pytest

from rnncourse import notebooks, status


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A course of two chapters: one runs, one raises; records go beside them."""
    (tmp_path / "src").mkdir()
    for slug, code in (("01-good", "assert 1 + 1 == 2"), ("02-bad", "1 / 0")):
        (tmp_path / "src" / f"{slug}.md").write_text("")
        cell = nbformat.v4.new_code_cell(code)
        nbformat.write(
            nbformat.v4.new_notebook(cells=[cell]), tmp_path / f"{slug}.ipynb"
        )
    monkeypatch.setattr(notebooks, "chapters_folder", lambda: tmp_path)
    monkeypatch.setattr(status, "folder", lambda: tmp_path / "status")
    return tmp_path


def test_a_run_records_what_passed_and_what_failed(room, capsys):
    assert status.run("pinned") == ["02-bad"]
    good, bad = status.last("pinned", "01-good"), status.last("pinned", "02-bad")
    assert good.passed
    assert good.green == good.date
    assert not bad.passed
    assert bad.green is None
    assert set(status.SHOWN) < set(status.read("pinned")["versions"])
    said = capsys.readouterr().out
    assert "02-bad failed" in said
    assert "ZeroDivisionError" in said
    assert list((room / "status").iterdir()) == [room / "status" / "pinned.json"]


def test_a_failure_keeps_the_last_green_day(room):
    once = {"seconds": 1.0, "versions": {}}
    status.write("macos", "01-good", passed=True, date="2026-11-01", **once)
    status.write("macos", "01-good", passed=False, date="2026-11-08", **once)
    last = status.last("macos", "01-good")
    assert (last.passed, last.date, last.green) == (False, "2026-11-08", "2026-11-01")
    assert status.last("windows", "01-good") is None


def test_an_unknown_environment_is_refused(room):
    with pytest.raises(ValueError, match="no environment 'amiga'; there are: pinned"):
        status.write("amiga", "01-good", passed=True, seconds=1.0, versions={})

"""What is stored of attacks, kills and fuzzing: the page says it, and nothing else."""

import json
import os

import pytest

from rnncourse.exercises import ROOT
from rnncourse.grading import certificate

from ..attacks import stock
from ..attacks.__main__ import _box
from ..attacks.corpus import ATTACKS, name_of

FOLDER = ROOT / certificate.FOLDER
OURS = sorted(FOLDER.glob("attacks-st[ar][ni]*.json"))  # standard, strict


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_page_is_what_the_records_give():
    page = (ROOT / certificate.PAGE).read_text(encoding="utf-8")
    assert page == certificate.render(FOLDER)


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_a_stored_run_is_of_known_attacks_and_none_gained_anything(path):
    cases = read(path)["cases"]
    assert set(cases) <= {name_of(attack) for attack in ATTACKS}
    harm = {"mark", "read", "left", "stopped"}
    assert not {n for n, case in cases.items() if harm & set(case["found"])}


def test_the_table_counts_what_was_found(tmp_path):
    folder = tmp_path / "docs" / "certificates"
    folder.mkdir(parents=True)
    cases = {
        "A-one": {"key": "1", "found": {}},
        "B-two": {"key": "2", "found": {"mark": "6 points", "left": "a process"}},
    }
    facts = {"version": "nbgrader 0.9.6", "level": "none", "date": "2026-11-21"}
    record = json.dumps({**facts, "cases": cases})
    (folder / "attacks-stock.json").write_text(record, encoding="utf-8")
    text = certificate.render(folder)
    assert "| stock nbgrader 0.9.6 | 2 of 0 | 1 | 0 | 1 | 0 | 0 | 2026-11-21 |" in text
    assert "<summary>Stock, changed a mark: 1</summary>\n\n- B two\n" in text
    assert "A-one" not in text


def test_what_stock_nbgrader_runs_is_in_a_box(tmp_path):
    """No network, no processes of the host, a system that cannot be written."""
    command = " ".join(_box(tmp_path))
    for wall in ("--unshare-pid", "--unshare-net", "--ro-bind / /", "--tmpfs /tmp"):
        assert wall in command
    assert f"--bind {tmp_path} {tmp_path}" in command


@pytest.mark.skipif(getattr(os, "geteuid", int)() != 0, reason="only root changes")
def test_the_walls_within_a_box_are_those_of_an_ordinary_user(tmp_path):
    """Root's bubblewrap would cover /proc, and the kernel then allow no second one."""
    assert _box(tmp_path, nests=True)[0] == "setpriv"
    assert _box(tmp_path)[0] == "bwrap"
    assert "--cap-add" not in _box(tmp_path, nests=True)


def test_attacks_that_might_stop_others_run_alone():
    alone = {name_of(attack) for attack in ATTACKS if stock.alone(attack)}
    assert {"E-fork-bomb", "E-signals-to-everybody", "E-all-memory"} <= alone
    assert len(alone) < len(ATTACKS)


@pytest.mark.skipif(not (FOLDER / "faults.json").exists(), reason="no record of kills")
def test_the_stored_kills_changed_nothing():
    record = read(FOLDER / "faults.json")
    assert record["differed"] == ""
    assert record["kills"] >= record["runs_compared"] > 0


@pytest.mark.skipif(not (FOLDER / "fuzz.json").exists(), reason="no record of fuzzing")
def test_the_stored_fuzzing_found_nothing():
    for halves in read(FOLDER / "fuzz.json").values():
        for one in halves.values():
            assert "failed" not in one
            assert one["inputs"] > 0
            assert one["slowest_cpu_seconds"] < 10

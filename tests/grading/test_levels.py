"""The walls hold, and what is said about them is true."""

import os
import shutil

import pytest

from rnncourse import doctor
from rnncourse.grading import breakout, levels, sandbox
from rnncourse.grading.host import Host

from .common import leftovers, linux

pytestmark = linux


@pytest.fixture(scope="module")
def reached():
    return levels.reached()


def test_this_machine_reaches_a_level_that_grades(reached):
    assert reached.level in sandbox.LEVELS
    assert reached.level != "none", reached.missing


def test_the_walls_hold_against_every_attempt(reached):
    proof = breakout.prove(reached)
    assert proof.trouble == ""
    assert proof.broken == ()
    assert len(proof.held) >= 12
    assert "RNNCOURSE_CANARY" not in os.environ
    assert leftovers() == set()


def test_the_doctor_states_the_level_and_the_proof(monkeypatch, reached):
    said = doctor.describe_isolation()
    assert said[0] == reached.text
    assert any("tried to break out" in line for line in said)
    low = levels.Reached("none", False, ("strict does not work here: no.",))
    monkeypatch.setattr(levels, "reached", lambda: low)
    assert doctor.describe_isolation() == [low.text, f"  {low.missing[0]}"]


def test_a_broken_wall_would_be_said():
    proof = breakout.Proof(held=("mounts",), broken=("opens the network",))
    assert proof.lines == [
        "  tried to break out in 2 ways: 1 held",
        "  BROKEN: opens the network",
    ]


def test_without_bubblewrap_the_level_says_so(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    found = levels.reached()
    assert not found.outer
    assert any("install the package bubblewrap" in line for line in found.missing)


def test_without_a_filter_no_level_but_none_is_reached(monkeypatch):
    monkeypatch.setattr(sandbox, "build_filter", lambda: None)
    found = levels.reached()
    assert found.level == "none"
    assert all("libseccomp" in line for line in found.missing if "strict" in line)


def test_only_what_would_be_seen_is_hidden():
    """A course folder that holds its own environment does not hide that."""
    hidden = ("/course", "/course/venv/secret", "/elsewhere", "/course/venv")
    plan = sandbox.Plan("strict", ("/usr", "/course/venv"), (), hidden, "/x", {})
    assert plan.hidden_below() == ["/course/venv/secret"]


def test_the_sandbox_sees_no_reference_and_no_check():
    host = Host("none")
    try:
        view = host.base / "view" / "rnncourse"
        names = {str(path.relative_to(view)) for path in view.rglob("*.py")}
        assert "checks/__init__.py" in names
        assert not [
            name for name in names if name.startswith(("checks/ch", "reference/"))
        ]
        assert "raise ImportError" in (view / "reference.py").read_text()
        words = (view / "checks" / "__init__.py").read_text()
        assert "judge" not in words.replace("judged", "")
    finally:
        host.close()
    assert not host.base.exists()

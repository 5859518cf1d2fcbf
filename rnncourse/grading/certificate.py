"""A certificate for each assignment: what its checks and the sandbox were seen to do.

The command grades, for real and with secret inputs, hand-ins made of the wrong and
right answers that the repository ships (tests/assignments), and runs the attacks
(tests/attacks). The numbers go into docs/certificates/, and a page of the book is
made from them. A number here is a count of what was run, on one machine, on one day.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

from rnncourse import __version__
from rnncourse.grading import engine
from rnncourse.grading.engine import GradingError
from rnncourse.grading.result import Result

FOLDER = Path("docs") / "certificates"
PAGE = Path("appendices") / "certificates.md"
HEAD = """# Certificates

Each row is one assignment, graded for real by `rnncourse grade` with inputs that no
hand-in has seen. *Caught* counts the wrong answers shipped with the course that lost
points, *named* those whose mistake was named rightly. *Accepted* counts right answers,
written in other ways (loops, einsum, torch for NumPy, other names), that had full
marks. *Time* is the median for one hand-in, on a machine that did other things too.

The answers are in `tests/assignments/`; `rnncourse certificate` makes this page anew.

| assignment | caught | named | accepted | time | isolation | date |
|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Certificate:
    """What was counted for one assignment."""

    assignment: str
    wrong: int
    caught: int
    named: int
    right: int
    accepted: int
    hand_ins: int
    median_seconds: float
    isolation: str
    machine: str
    version: str
    date: str
    missed: tuple[str, ...] = ()  # what was not as it should be, by name

    @property
    def row(self) -> str:
        """The certificate as a row of the page."""
        return (
            f"| {self.assignment} | {self.caught} of {self.wrong} | "
            f"{self.named} of {self.wrong} | {self.accepted} of {self.right} | "
            f"{self.median_seconds:.2f} s | {self.isolation.split(' (')[0]} | "
            f"{self.date} |"
        )


def make(root: Path, assignment: str, *, jobs: int = 0, level: str = "") -> Certificate:
    """Grade the shipped answers of one assignment and count.

    Raises
    ------
    GradingError
        If the repository ships no answers for it.
    """
    shipped = _answers(root, assignment)
    release = engine.read_release(
        root / "exercises" / assignment / f"{assignment}.ipynb"
    )
    model = _model(root, assignment)
    wrong = [(cell, source, name) for cell, source, name in shipped.WRONG]
    right = [(cell, source) for cell, source in shipped.RIGHT]
    with tempfile.TemporaryDirectory(prefix="rnncourse-certificate-") as name:
        top = Path(name)
        (top / "in").mkdir()
        turns = {}
        for kind, triples in (("wrong", wrong), ("right", right)):
            for number, dealt in enumerate(_by_turns(triples)):
                turns[f"{kind}-{number:02}"] = dealt
        turns["model"] = {}
        for student, dealt in turns.items():
            sources = model | {cell: rest[0] for cell, rest in dealt.items()}
            text = json.dumps(_filled(release, sources))
            path = top / "in" / f"{student}.ipynb"
            path.write_text(text, encoding="utf-8")
        settings = engine.Settings(
            folder=top / "in",
            releases=root / "exercises",
            assignment=assignment,
            out=top / "out",
            jobs=jobs,
            isolation=level,
            hidden=(root / "solutions", root / "tests"),
        )
        plan = engine.plan(settings)
        results = {one.student: one for one in engine.grade(settings, plan)}
    return _count(assignment, release, turns, results, plan.reached.text)


def _count(
    assignment: str,
    release: dict[str, Any],
    turns: dict[str, dict[str, tuple[str, ...]]],
    results: dict[str, Result],
    level: str,
) -> Certificate:
    full = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]["points"]
        for cell in release["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }
    totals = dict.fromkeys(("wrong", "caught", "named", "right", "accepted"), 0)
    missed = []
    if "model" in results:
        rows = results["model"].rows["grades"]
        missed += [
            f"{row['cell'].removesuffix('-check')}: the model answer lost points"
            for row in rows
            if not row["needs_manual_grade"] and row["auto_score"] < full[row["cell"]]
        ]
    for student, dealt in turns.items():
        result = results[student]
        scores = {row["cell"]: row["auto_score"] for row in result.rows["grades"]}
        for cell, rest in dealt.items():
            graded = f"{cell}-check"
            lost = (scores[graded] or 0.0) < full[graded]
            if student.startswith("wrong"):
                named = rest[1] in result.mistakes.get(graded, [])
                totals["wrong"] += 1
                totals["caught"] += lost
                totals["named"] += named
                if not (lost and named):
                    missed.append(f"{cell}: {rest[1]}")
            else:
                totals["right"] += 1
                totals["accepted"] += not lost
                if lost:
                    found = result.findings.get(graded, [])
                    why = [one["message"] for one in found if one["credit"] < 1]
                    said = f" ({why[0]})" if why else ""
                    missed.append(f"{cell}: a right answer lost points{said}")
    return Certificate(
        assignment=assignment,
        **totals,
        hand_ins=len(turns),
        median_seconds=round(
            statistics.median(one.seconds for one in results.values()), 3
        ),
        isolation=level.removeprefix("isolation: "),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        version=__version__,
        date=date.today().isoformat(),
        missed=tuple(missed),
    )


def attacks(root: Path, level: str = "") -> dict[str, Any]:
    """Run every attack of the corpus, and count those that gained nothing."""
    with tempfile.TemporaryDirectory(prefix="rnncourse-certificate-") as name:
        report = Path(name) / "report.xml"
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-m", "", "-p", "no:cacheprovider"]
            + [f"--junitxml={report}", "tests/grading/test_attacks.py"],
            cwd=root,
            env={**os.environ, "RNNCOURSE_ISOLATION": level},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if not report.exists():
            raise GradingError("the attacks could not be run; try pytest by itself")
        cases = ElementTree.parse(report).getroot().iter("testcase")
        withstood, failed = 0, []
        for case in cases:
            found = re.fullmatch(
                r"test_attack_gains_nothing\[(.+)\]", case.get("name", "")
            )
            if found is None:
                continue
            bad = any(case.find(kind) is not None for kind in ("failure", "error"))
            if bad or case.find("skipped") is not None:
                failed.append(found[1])
            else:
                withstood += 1
    shipped = sum(
        len(tomllib.loads(path.read_text(encoding="utf-8"))["attack"])
        for path in (root / "tests" / "attacks").glob("*.toml")
    )
    reached = engine.choose_level(level)
    return {
        "shipped": shipped,
        "withstood": withstood,
        "failed": failed,
        "isolation": reached.text.removeprefix("isolation: "),
        "date": date.today().isoformat(),
    }


def store(root: Path, made: Sequence[Certificate], attacked: Any = None) -> Path:
    """Write the counts, and the page from all that are stored."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for one in made:
        _write_json(folder / f"{one.assignment}.json", asdict(one))
    if attacked is not None:
        _write_json(folder / "attacks.json", attacked)
    page = root / PAGE
    page.write_text(render(folder), encoding="utf-8")
    return page


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")


def render(folder: Path) -> str:
    """Make the page from the stored counts."""
    made = []
    for path in sorted(set(folder.glob("*.json")) - {folder / "attacks.json"}):
        content = json.loads(path.read_text(encoding="utf-8"))
        made.append(Certificate(**{**content, "missed": tuple(content["missed"])}))
    lines = [HEAD.rstrip("\n"), *(one.row for one in made)]
    for one in made:
        if one.missed:
            lines += ["", f"{one.assignment}, not as it should be: "]
            lines[-1] += "; ".join(one.missed) + "."
    path = folder / "attacks.json"
    if path.exists():
        counted = json.loads(path.read_text(encoding="utf-8"))
        lines += ["", "## Attacks", ""]
        lines.append(
            f"{counted['withstood']} of {counted['shipped']} shipped attacks gained "
            "nothing, and ended as their test demands "
            f"({counted['isolation']}, {counted['date']}). They are hand-ins of three "
            "tasks of chapter 8, kept in `tests/attacks/`; the sandbox and the talk "
            "with it are the same for every assignment."
        )
        if counted["failed"]:
            lines.append(
                f"Ended otherwise: {', '.join(counted['failed'])}; one that is stopped "
                "by its time limit on a busy machine is among these."
            )
    return "\n".join(lines) + "\n"


# -- the shipped answers -----------------------------------------------------------


def _answers(root: Path, assignment: str) -> ModuleType:
    first, *_, last = assignment.split("-")
    name = first if first.isdecimal() else last
    path = root / "tests" / "assignments" / f"a{name}.py"
    if not path.is_file():
        raise GradingError(f"there are no answers for {assignment} in {path.parent}")
    spec = importlib.util.spec_from_file_location(f"answers_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _model(root: Path, assignment: str) -> dict[str, str]:
    source = engine.read_release(
        root / "solutions" / assignment / f"{assignment}.ipynb"
    )
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["source"]
        for cell in source["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }


def _by_turns(answers: Sequence[tuple[str, ...]]) -> list[dict[str, tuple[str, ...]]]:
    """Deal answers out: the k-th of each cell goes to the k-th hand-in."""
    dealt: list[dict[str, tuple[str, ...]]] = []
    for cell, *rest in answers:
        for turn in dealt:
            if cell not in turn:
                turn[cell] = tuple(rest)
                break
        else:
            dealt.append({cell: tuple(rest)})
    return dealt


def _filled(release: dict[str, Any], sources: dict[str, str]) -> dict[str, Any]:
    notebook = copy.deepcopy(release)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if cell["metadata"].get("nbgrader", {}).get("solution") and name in sources:
            cell["source"] = sources[name].strip("\n")
    return notebook

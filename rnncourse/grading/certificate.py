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
    level = engine.choose_level(level).level
    done = subprocess.run(
        [sys.executable, "-m", "tests.attacks", "--again", "--level", level],
        cwd=root,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    path = root / FOLDER / f"attacks-{level}.json"
    if done.returncode not in (0, 1) or not path.exists():
        raise GradingError("the attacks could not be run; see python -m tests.attacks")
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    failed = [name for name, case in cases.items() if case["found"]]
    shipped = _shipped(root)
    return {"shipped": shipped, "withstood": len(cases) - len(failed), "failed": failed}


def _shipped(root: Path) -> int:
    """Count the attacks of the corpus."""
    return sum(
        len(tomllib.loads(path.read_text(encoding="utf-8"))["attack"])
        for path in (root / "tests" / "attacks").glob("*.toml")
    )


def store(root: Path, made: Sequence[Certificate]) -> Path:
    """Write the counts, and the page from all that are stored."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for one in made:
        _write_json(folder / f"{one.assignment}.json", asdict(one))
    page = root / PAGE
    page.write_text(render(folder), encoding="utf-8")
    return page


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")


def render(folder: Path) -> str:
    """Make the page from the stored counts."""
    made = []
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if "assignment" not in content:
            continue  # what the attacks, the kills and the fuzzing came to
        made.append(Certificate(**{**content, "missed": tuple(content["missed"])}))
    lines = [HEAD.rstrip("\n"), *(one.row for one in made)]
    for one in made:
        if one.missed:
            lines += ["", f"{one.assignment}, not as it should be: "]
            lines[-1] += "; ".join(one.missed) + "."
    lines += _attacked(folder)
    lines += _besides(folder)
    return "\n".join(lines) + "\n"


ATTACKED = """
## Attacks

`tests/attacks/` holds {shipped} hand-ins of three tasks of chapter 8 that want more
than is theirs. Those that the table counts as run were graded for real beside honest
ones. The sandbox and the talk with it are the same for every assignment.{stock}

{head}
|---|---|---|---|---|---|---|---|"""
KINDS = {
    "mark": "changed a mark",
    "read": "reached what it must not",
    "left": "left something behind",
    "stopped": "stopped others",
    "otherwise": "ended otherwise",
}
AFTER = """
*Ended otherwise* is, for this course's grader, anything that the test of an attack does
not allow, down to other words."""
STOCK = """
Stock nbgrader, as it is installed, graded them in a box of bubblewrap."""
STOCK_AFTER = """
For stock it is a hand-in without marks and without a sentence that says why.

Here they are by name. The letter is the class: A the file itself, B the process that
runs it, C what it says to the grader, D reading, E the machine, F answers by heart, G
the parts of this course's grader."""


def _attacked(folder: Path) -> list[str]:
    """Write the table of the attacks, from the records that there are."""
    records = {}
    for how in ("strict", "strict-as-user", "standard", "stock"):
        path = folder / f"attacks-{how}.json"
        if path.exists():
            records[how] = json.loads(path.read_text(encoding="utf-8"))
    if not records:
        return []
    shipped = _shipped(folder.parent.parent)
    head = " | ".join(["| graded by | run", *KINDS.values(), "date |"])
    lines = ATTACKED.format(
        shipped=shipped, head=head, stock=STOCK if "stock" in records else ""
    ).splitlines()
    for how, record in records.items():
        cases = record["cases"]
        who = f"`rnncourse grade`, {record['level'].split(' (')[0]}"
        if how == "strict-as-user":
            who += ", as an ordinary user"
        if how == "stock":
            who = f"stock {record['version']}"
        counts = [
            sum(kind in case["found"] for case in cases.values()) for kind in KINDS
        ]
        lines.append(
            f"| {who} | {len(cases)} of {shipped} | "
            + " | ".join(map(str, counts))
            + f" | {record['date']} |"
        )
    lines += AFTER.splitlines()
    if "stock" in records:
        lines += STOCK_AFTER.splitlines()
    for how, record in records.items():
        lines += _by_name(how, record)
    return lines


def _by_name(how: str, record: dict[str, Any]) -> list[str]:
    """Name the attacks that achieved something, by what they achieved."""
    names: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name, case in record["cases"].items():
        for kind in case["found"]:
            names[kind].append(name)
    lines = []
    for kind, found in names.items():
        if found:
            who = "Stock" if how == "stock" else how
            lines += ["", "<details>"]
            lines += [f"<summary>{who}, {KINDS[kind]}: {len(found)}</summary>", ""]
            lines += [f"- {name.replace('-', ' ')}" for name in found]
            lines += ["", "</details>"]
    return lines


def _besides(folder: Path) -> list[str]:
    """Say what fuzzing and killing came to, where they were recorded."""
    lines = []
    path = folder / "faults.json"
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        lines += ["", "## Kills", ""]
        lines.append(
            f"{found['kills']} times a run was killed at a random one of its "
            f"{found['writes_in_a_run']} writes ({found['runs_compared']} runs, "
            f"{found['date']}). After each run had been started again, its gradebook "
            "and notebooks "
            + (
                f"differed from those of an undisturbed run: {found['differed']}"
                if found["differed"]
                else "equalled those of an undisturbed run, row by row."
            )
        )
    path = folder / "fuzz.json"
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        lines += ["", "## Fuzzing", ""]
        lines.append(
            "Bytes and spoilt notebooks for the intake, frames and values for the "
            "channel to the sandbox: no crash, no input of more than ten seconds, no "
            "more than 1 GB of memory, and no point for any of them."
        )
        lines += ["", "| by | what | inputs | minutes | processor time | slowest |"]
        lines.append("|---|---|---|---|---|---|")
        for by, halves in found.items():
            for half, one in halves.items():
                bad = ", **failed**" if "failed" in one else ""
                lines.append(
                    f"| {by} | {half} | {one.get('inputs', 0):,}{bad} | "
                    f"{one.get('seconds', 0) / 60:.1f} | "
                    f"{one.get('cpu_seconds', 0)} s | "
                    f"{one.get('slowest_cpu_seconds', 0):.2f} s |"
                )
    return lines


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

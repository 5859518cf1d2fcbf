"""``rnncourse grade`` beside stock ``nbgrader autograde``, whole commands, in turn.

Both grade the same hand-ins of chapter 8: the model answer, an empty one, wrong answers
and right ones written in other ways, one in eight with torch. Each round runs stock
once and ours once, in alternating order, from the start of the process to its end, and
takes wall-clock and CPU time of the process and all below it. On a machine that others
use too the CPU times are the ones to read; both are stored, with the load.

Stock grades one hand-in after another and starts a kernel for each, so its time for
more hand-ins than it was run on is its time for one times their number.

Run it with ``python -m benchmarks.grading``; it writes
``benchmarks/results/grading.json``. Without arguments it is small enough to wait for.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
ASSIGNMENT = "08-backpropagation-through-time"
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
GOALS = {30: 9.0, 300: 14.0}  # times stock, start-up included
FIRST_SECONDS = 4.0
OURS = "from rnncourse.cli import main; raise SystemExit(main())"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, store, and return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.grading", description=__doc__)
    parser.add_argument("--stock", type=int, default=8, help="hand-ins stock grades")
    parser.add_argument("--ours", type=int, nargs="+", default=[30], help="and ours")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args(argv)
    as_a_user_has_it()
    with tempfile.TemporaryDirectory(prefix="rnncourse-bench-") as name:
        found = measure(Path(name), args.stock, args.ours, args.rounds, args.jobs)
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "grading.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print("every goal is met" if not found["missed"] else f"missed: {found['missed']}")
    return 1 if found["missed"] else 0


def as_a_user_has_it() -> None:
    """Set what is measured to one thread, and let Python keep what it compiled."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def measure(
    top: Path, stock: int, ours: Sequence[int], rounds: int, jobs: int
) -> dict[str, Any]:
    """Run both in turn."""
    from tests.assignments.test_cycle import Course

    (top / "stock").mkdir()
    course = Course(top / "stock")
    course.run("generate_assignment", ASSIGNMENT)
    hand_in(course.folder, top, stock, ours)
    runs: dict[str, list[dict[str, Any]]] = {"stock": []}
    runs.update({f"ours-{count}": [] for count in ours})
    for number in range(rounds):
        order = ["stock", *(f"ours-{count}" for count in ours)]
        for name in order if number % 2 == 0 else reversed(order):
            if name == "stock":
                took = run_stock(course)
            else:
                took = run_ours(top / name, top / "out", jobs)
            runs[name].append(took)
            print(name, took, flush=True)
    return summary(runs, stock, ours, jobs)


def hand_in(course: Path, top: Path, stock: int, ours: Sequence[int]) -> None:
    """Write the hand-ins of both; those of stock are the first of the others."""
    import nbformat

    from tests.assignments.common import fill
    from tests.assignments.test_cycle import students_of

    made = list(students_of(ASSIGNMENT).items())
    released = course / "exercises" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    folders = [(course / "submitted", stock)]
    folders += [(top / f"ours-{count}", count) for count in ours]
    for folder, count in folders:
        for number in range(count):
            name, sources = made[number % len(made)]
            path = folder / f"{name}-{number:04}" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(fill(nbformat.read(released, 4), sources), path)


def run_stock(course: Any) -> dict[str, Any]:
    """Grade everything anew with nbgrader's own command."""
    shutil.rmtree(course.folder / "autograded", ignore_errors=True)
    before, start = cpu(), time.monotonic()
    course.run("autograde", ASSIGNMENT, "--force")
    return taken(before, start)


def run_ours(folder: Path, out: Path, jobs: int) -> dict[str, Any]:
    """Grade everything anew with the whole command line."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-u", "-c", OURS, "grade", str(folder)]
    command += ["--out", str(out), "--assignment", ASSIGNMENT, "--jobs", str(jobs)]
    before, start, first = cpu(), time.monotonic(), None
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if first is None and re.match(r"1/\d+ ", line):
                first = time.monotonic() - start
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    assert first is not None
    return {**taken(before, start), "first_seconds": round(first, 2)}


def cpu() -> float:
    """Give the CPU seconds of all that has run below this process."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def taken(before: float, start: float) -> dict[str, Any]:
    """Say what a run took, and how busy the machine was at its end."""
    return {
        "wall_seconds": round(time.monotonic() - start, 2),
        "cpu_seconds": round(cpu() - before, 2),
        "load": round(os.getloadavg()[0], 2),
    }


def summary(
    runs: dict[str, list[dict[str, Any]]], stock: int, ours: Sequence[int], jobs: int
) -> dict[str, Any]:
    """Compare; the ratio of a round is steadier than either time."""
    from rnncourse.grading.engine import jobs_of

    rows, missed = [], []
    for count in ours:
        row: dict[str, Any] = {"hand_ins": count}
        for kind in ("wall", "cpu"):
            pairs = zip(runs["stock"], runs[f"ours-{count}"], strict=True)
            ratios = [
                theirs[f"{kind}_seconds"] / stock * count / mine[f"{kind}_seconds"]
                for theirs, mine in pairs
            ]
            row[f"{kind}_ratio"] = round(statistics.median(ratios), 2)
            row[f"{kind}_ratio_from_to"] = [
                round(min(ratios), 2),
                round(max(ratios), 2),
            ]
        firsts = [one["first_seconds"] for one in runs[f"ours-{count}"]]
        row["first_seconds"] = statistics.median(firsts)
        rows.append(row)
        if count in GOALS and row["wall_ratio"] < GOALS[count]:
            missed.append(f"{GOALS[count]} x stock over {count}")
        if row["first_seconds"] > FIRST_SECONDS:
            missed.append(f"first verdict within {FIRST_SECONDS} s of {count}")
    return {
        "assignment": ASSIGNMENT,
        "stock_hand_ins": stock,
        "jobs": jobs_of(jobs),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "rows": rows,
        "runs": runs,
        "missed": missed,
    }


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    raise SystemExit(main())

"""How a graded run behaves: memory, time, workers, walls, and its own estimate.

A long run of chapter 8's hand-ins, one in ten of them hostile (an endless loop, one
that takes memory without end, one that forks without end), is watched from the side
that grades: what memory the driver and its workers have after each result, how the CPU
time grows, what the honest ones take beside the hostile, and how near the end was to
what the run said after a tenth. Then shorter ones, in turn: one worker and two, with
walls and without. Last, eight workers of a Dask scheduler do nothing but wait, which
shows what handing out the work costs.

Run it with ``python -m benchmarks.grading_run``; it writes
``benchmarks/results/grading-run.json``. Without arguments it is small enough to wait
for; the stored numbers are of ``--many 1000``, and of ``--parts short --some 120
--rounds 3``, since two dozen are done before two workers have paid for their start.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import psutil

from benchmarks.grading import ASSIGNMENT, RESULTS, ROOT, as_a_user_has_it

HOSTILE = ("endless-loop", "all-memory", "fork-bomb")
EVERY = 10
MiB = 1 << 20
GOALS = {
    "driver grew by MiB": 50.0,
    "later tenths by earlier ones": 1.10,
    "a worker grew by MiB": 50.0,
    "estimate by truth": 0.20,
    "two workers by one": 1.8,
    "cluster is busy": 0.90,
    "walls cost": 0.15,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, store, and return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.grading_run", description=__doc__)
    parser.add_argument("--many", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=60.0, help="for the many")
    parser.add_argument("--some", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--parts", nargs="*", default=["long", "short", "cluster"])
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args(argv)
    as_a_user_has_it()
    path = args.out / "grading-run.json"
    found: dict[str, Any] = {}
    with contextlib.suppress(FileNotFoundError):  # of the parts that are not run now
        found = json.loads(path.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="rnncourse-bench-") as name:
        made = _releases(Path(name))
        if "long" in args.parts:
            found["long"] = long_run(Path(name), made, args.many, args.minutes)
        if "short" in args.parts:
            found |= short_runs(Path(name), made, args.some, args.rounds)
    if "cluster" in args.parts:
        found["cluster"] = cluster()
    found["cores"] = os.cpu_count()
    found["missed"] = missed(found)
    args.out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print("every goal is met" if not found["missed"] else f"missed: {found['missed']}")
    return 1 if found["missed"] else 0


def _releases(top: Path) -> list[Any]:
    """Give the notebooks of hand-ins, all of what needs no other library."""
    import nbformat

    from tests.assignments.common import fill
    from tests.assignments.test_cycle import students_of

    released = nbformat.read(ROOT / "exercises" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", 4)
    made = [
        fill(nbformat.from_dict(json.loads(json.dumps(released))), sources)
        for sources in students_of(ASSIGNMENT).values()
        if "torch" not in str(sources)
    ]
    return [nbformat.writes(one) for one in made]


def _hostile(text: str) -> list[str]:
    """Put the answer of an attack into a hand-in."""
    from tests.attacks.corpus import ATTACKS

    known = {attack["name"]: attack for attack in ATTACKS}
    made = []
    for name in HOSTILE:
        notebook = json.loads(text)
        cell = next(
            cell
            for cell in notebook["cells"]
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "unrolled-sum"
        )
        cell["source"] = known[name]["answer"]
        made.append(json.dumps(notebook))
    return made


def _settings(folder: Path, out: Path, **more: Any) -> Any:
    from rnncourse.grading import engine
    from rnncourse.grading.limits import Limits

    return engine.Settings(
        folder=folder,
        releases=ROOT / "exercises",
        assignment=ASSIGNMENT,
        out=out,
        limits=Limits(cell_seconds=4, deaf_seconds=1),
        **more,
    )


def _cpu(me: psutil.Process) -> float:
    """Sum the CPU time of this process and of all below it, the ended ones too."""
    total = sum(me.cpu_times()[:2])
    for child in me.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(child.cpu_times()[:4])
    return float(total)


# -- a long run --------------------------------------------------------------------


class Enough(Exception):
    """The time for a long run is over."""


def long_run(top: Path, made: list[str], count: int, minutes: float) -> dict[str, Any]:
    """Grade many, one in ten hostile, and watch; if it takes too long, not all."""
    from rnncourse.grading import engine, report

    hostile = _hostile(made[0])
    folder = top / "long"
    folder.mkdir()
    for number in range(count):
        turn = number // EVERY
        bad = number % EVERY == EVERY // 2
        text = hostile[turn % len(hostile)] if bad else made[number % len(made)]
        (folder / f"n{number:05}.ipynb").write_text(text, encoding="utf-8")
    settings = _settings(folder, top / "long-out")
    plan = engine.plan(settings)
    me = psutil.Process()
    progress = report.Progress(count, open(os.devnull, "w"))  # noqa: SIM115
    rows: list[tuple[float, float, int]] = []  # wall, CPU, memory of the driver
    workers: dict[int, list[int]] = {}
    estimate: list[float] = []
    results: list[tuple[int, float, bool]] = []  # number, seconds, to be tried again

    def tell(result: Any) -> None:
        number = int(result.student.removeprefix("n"))
        results.append((number, result.seconds, result.again))
        progress.add(result, plan.out_of)
        rows.append((time.monotonic(), _cpu(me), me.memory_info().rss))
        for child in me.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.num_threads() and "zygote" not in " ".join(child.cmdline()):
                    workers.setdefault(child.pid, []).append(child.memory_info().rss)
        if progress.done == max(1, count // 10):
            estimate.append(rows[-1][0] - start + (progress.left() or 0.0))
        if rows[-1][0] - start > 60 * minutes:
            raise Enough

    start = time.monotonic()
    with contextlib.suppress(Enough):
        engine.grade(settings, plan, tell=tell, keep=False)
    took = time.monotonic() - start
    wanted, count = count, len(results)
    bad_seconds = [seconds for n, seconds, _ in results if n % EVERY == EVERY // 2]
    good_seconds = [seconds for n, seconds, _ in results if n % EVERY != EVERY // 2]
    beside = (EVERY // 2 + 1, EVERY // 2 - 1)  # at the same time as a hostile one
    near = [seconds for n, seconds, _ in results if n % EVERY in beside]
    tenth = max(1, count // 10)
    starts = range(0, count - tenth + 1, tenth)
    spent = [rows[n + tenth - 1][1] - rows[n][1] for n in starts]
    half = len(spent) // 2
    kept = [max(p[-5:]) - max(p[: max(5, len(p) // 10)]) for p in workers.values()]
    return {
        "hand_ins": count,
        "of": wanted,
        "hostile": len(bad_seconds),
        "load": round(os.getloadavg()[0], 2),
        "wall_seconds": round(took, 1),
        "first_seconds": round(rows[0][0] - start, 2),
        "estimate_after_a_tenth": round(estimate[0] * count / wanted, 1),
        "driver_mib": [round(rows[n][2] / MiB, 1) for n in range(tenth, count, tenth)],
        "driver_grew_mib": round((rows[-1][2] - rows[tenth][2]) / MiB, 1),
        "workers_grew_mib": [round(n / MiB, 1) for n in kept],
        "cpu_seconds_by_tenth": [round(n, 2) for n in spent],
        "later_by_earlier": round(
            statistics.fmean(spent[half:]) / statistics.fmean(spent[:half]), 3
        ),
        "honest_seconds": round(statistics.median(good_seconds), 3),
        "honest_beside_hostile_seconds": round(statistics.median(near), 3),
        "hostile_seconds": round(statistics.median(bad_seconds), 2),
        "hostile_most_seconds": round(max(bad_seconds), 2),
        "budget_seconds": settings.limits.notebook_seconds,
        "again": sum(again for _, _, again in results),
    }


# -- short ones, in turn -----------------------------------------------------------


def short_runs(
    top: Path, made: list[str], count: int, rounds: int
) -> dict[str, dict[str, Any]]:
    """One worker and two, walls and none."""
    folder = top / "short"
    folder.mkdir()
    for number in range(count):
        text = made[number % len(made)]
        (folder / f"n{number:05}.ipynb").write_text(text, encoding="utf-8")
    kinds: dict[str, dict[str, Any]] = {
        "one": {"jobs": 1},
        "two": {"jobs": 2},
        "none": {"jobs": 2, "isolation": "none"},
    }
    wall: dict[str, list[float]] = {kind: [] for kind in kinds}
    cpu: dict[str, list[float]] = {kind: [] for kind in kinds}
    loads = []
    for number in range(rounds):
        order = list(kinds) if number % 2 == 0 else list(reversed(kinds))
        for kind in order:
            out = top / f"short-{kind}-{number}"
            took = _one(folder, out, kinds[kind])
            wall[kind].append(took[0])
            cpu[kind].append(took[1])
            loads.append(round(os.getloadavg()[0], 2))
            print(kind, took, flush=True)
    faster = [one / two for one, two in zip(wall["one"], wall["two"], strict=True)]
    dearer = [two / none - 1 for two, none in zip(cpu["two"], cpu["none"], strict=True)]
    return {
        "workers": {
            "hand_ins": count,
            "loads": loads,
            "one_wall_seconds": wall["one"],
            "two_wall_seconds": wall["two"],
            "one_cpu_seconds": cpu["one"],
            "two_cpu_seconds": cpu["two"],
            "speed_up": round(statistics.median(faster), 2),
        },
        "walls": {
            "hand_ins": count,
            "strict_cpu_seconds": cpu["two"],
            "none_cpu_seconds": cpu["none"],
            "strict_wall_seconds": wall["two"],
            "none_wall_seconds": wall["none"],
            "cost": round(statistics.median(dearer), 3),
        },
    }


def _one(folder: Path, out: Path, more: dict[str, Any]) -> tuple[float, float]:
    """Grade, and give wall and CPU time from the first verdict to the last."""
    from rnncourse.grading import engine

    me = psutil.Process()
    seen: list[tuple[float, float]] = []
    settings = _settings(folder, out, **more)
    engine.grade(
        settings, tell=lambda result: seen.append((time.monotonic(), _cpu(me)))
    )
    return (
        round(seen[-1][0] - seen[0][0], 2),
        round(seen[-1][1] - seen[0][1], 2),
    )


# -- a simulated cluster -----------------------------------------------------------


@contextlib.contextmanager
def _waiting_workers(seconds: float) -> Iterator[None]:
    from distributed import WorkerPlugin

    from rnncourse.grading import cluster as ours

    def wait(name: str, submission: bytes) -> str:
        time.sleep(seconds)
        return "done"

    class NoPlugin(WorkerPlugin):
        def __init__(self, name: str, order: bytes) -> None:
            self.name = name

    with (
        mock.patch.object(ours, "_grade", wait),
        mock.patch.object(ours, "GradingPlugin", NoPlugin),
    ):
        yield


def cluster(
    workers: int = 8, each: int = 40, seconds: float = 0.5
) -> dict[str, float | int]:
    """Give workers of a scheduler what only takes time; say how busy they were."""
    from distributed import LocalCluster

    from rnncourse.grading import cluster as ours
    from rnncourse.grading.intake import Submission

    hand_ins = [
        Submission(f"n{number:05}", b"x" * 40_000) for number in range(workers * each)
    ]
    address_of: dict[str, Any] = {
        "n_workers": workers,
        "threads_per_worker": 1,
        "processes": False,
        "protocol": "tcp://",
        "dashboard_address": None,
    }
    with _waiting_workers(seconds), LocalCluster(**address_of) as there:
        order: Any = None
        start = time.monotonic()
        done = list(ours.grade_by_scheduler(there.scheduler_address, order, hand_ins))
        took = time.monotonic() - start
    assert len(done) == len(hand_ins)
    return {
        "workers": workers,
        "hand_ins": len(hand_ins),
        "seconds_each": seconds,
        "wall_seconds": round(took, 2),
        "busy": round(len(hand_ins) * seconds / workers / took, 3),
        "load": round(os.getloadavg()[0], 2),
    }


def missed(found: dict[str, Any]) -> list[str]:
    """Name the goals that were not met."""
    made: dict[str, bool] = {}
    if long := found.get("long"):
        off = abs(long["estimate_after_a_tenth"] / long["wall_seconds"] - 1)
        made["driver grew by MiB"] = abs(long["driver_grew_mib"]) <= 50
        made["later tenths by earlier ones"] = abs(long["later_by_earlier"] - 1) <= 0.1
        made["a worker grew by MiB"] = max(long["workers_grew_mib"]) <= 50
        made["estimate by truth"] = off <= GOALS["estimate by truth"]
    if "workers" in found:
        made["two workers by one"] = found["workers"]["speed_up"] >= 1.8
    if "walls" in found:
        made["walls cost"] = found["walls"]["cost"] <= GOALS["walls cost"]
    if "cluster" in found:
        made["cluster is busy"] = found["cluster"]["busy"] >= GOALS["cluster is busy"]
    return [f"{name}: {GOALS[name]:g}" for name, met in made.items() if not met]


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    raise SystemExit(main())

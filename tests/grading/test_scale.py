"""Many hand-ins: the driver's memory stays, and the later ones take no longer."""

import time
from pathlib import Path

import pytest

from rnncourse.grading import engine
from rnncourse.grading.limits import Limits

from .common import POINTS, filled, grades, leftovers, linux, make_releases, model
from .common import write as write_notebook

pytestmark = [linux, pytest.mark.heavy]
MANY = 200
HOSTILE = (
    "def unrolled_sum(b, c):\n    kept = []\n    while True:\n        kept.append(1)"
)


def resident():
    """Give the bytes of memory that this process has."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no VmRSS")


def test_memory_is_flat_and_a_hostile_one_in_ten_costs_its_own_time(tmp_path):
    make_releases(tmp_path / "releases")
    right, hostile = filled(model()), filled({**model(), "unrolled-sum": HOSTILE})
    for number in range(MANY):
        made = hostile if number % 10 == 5 else right
        write_notebook(tmp_path / "in" / f"n{number:04}.ipynb", made)
    settings = engine.Settings(
        folder=tmp_path / "in",
        releases=tmp_path / "releases",
        out=tmp_path / "out",
        jobs=2,
        limits=Limits(cell_seconds=2, deaf_seconds=1),
    )
    memory, seconds = [], []

    def tell(result):
        memory.append(resident())
        seconds.append(time.monotonic())

    results = engine.grade(settings, tell=tell)
    assert len(results) == MANY
    for number, result in enumerate(results):
        got = grades(result)
        if number % 10 == 5:
            assert got == {**POINTS, "unrolled-sum-check": 0.0}
        else:
            assert got == POINTS
    # After the first batches, when all that is imported late has been imported.
    assert memory[-1] - memory[MANY // 4] < 50 << 20
    first = seconds[MANY // 2] - seconds[0]
    second = seconds[-1] - seconds[MANY // 2]
    print(f"{MANY}: {memory[MANY // 4] >> 20} MB, then {memory[-1] >> 20} MB;")
    print(f"first half {first:.1f} s, second half {second:.1f} s")
    assert second < 1.5 * first
    assert leftovers() == set()

"""Where each chapter runs: notebook by environment, and the last day it was green.

One run of ``rnncourse status NAME`` runs the stored notebooks from a folder of their
own in the Python it is called with, and writes ``docs/status/NAME.json``. The weekly
workflow does so on each system, and a page of the book shows all of them.
"""

from __future__ import annotations

import datetime
import json
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import nbformat

from rnncourse import notebooks
from rnncourse.environment import project_root, say

ENVIRONMENTS = {
    "pinned": "Linux, Python 3.11, pinned versions",
    "colab": "Linux, Colab's versions",
    "lowest": "Linux, lowest versions",
    "newest": "Linux, newest versions",
    "macos": "macOS, newest versions",
    "windows": "Windows, newest versions",
}
SHOWN = ("numpy", "torch", "matplotlib", "scikit-learn", "ipython")


@dataclass(frozen=True)
class Last:
    """The last run of one chapter: passed or not, and the last day it did pass."""

    passed: bool
    date: str
    green: str | None
    seconds: float


def folder() -> Path:
    """Return the folder of the records."""
    return project_root() / "docs" / "status"


def read(environment: str) -> dict[str, Any]:
    """Return the record of an environment, empty if it has none yet."""
    path = folder() / f"{environment}.json"
    if not path.is_file():
        return {"environment": environment, "versions": {}, "chapters": {}}
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def last(environment: str, slug: str) -> Last | None:
    """Return the last run of a chapter in an environment, or None."""
    found = read(environment)["chapters"].get(slug)
    return None if found is None else Last(**found)


def write(
    environment: str,
    slug: str,
    *,
    passed: bool,
    seconds: float,
    versions: dict[str, str],
    date: str | None = None,
) -> None:
    """Add one run to the record of an environment; a failure keeps the last green day.

    Raises
    ------
    ValueError
        If no environment has this name.
    """
    if environment not in ENVIRONMENTS:
        raise ValueError(
            f"no environment {environment!r}; there are: {', '.join(ENVIRONMENTS)}"
        )
    date = date or datetime.datetime.now(datetime.UTC).date().isoformat()
    record, before = read(environment), last(environment, slug)
    green = date if passed else before and before.green
    record["versions"] = versions
    record["chapters"][slug] = {
        "passed": passed,
        "date": date,
        "green": green,
        "seconds": round(seconds, 1),
    }
    record["chapters"] = dict(sorted(record["chapters"].items()))
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / f"{environment}.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def versions() -> dict[str, str]:
    """Return the system and the versions that a run is made with."""
    found = {"system": platform.platform(), "python": platform.python_version()}
    for name in SHOWN:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def run(environment: str, names: Sequence[str] | None = None) -> list[str]:
    """Run the stored chapters, each in an empty folder; return those that failed."""
    failed = []
    slugs = notebooks.select(names)
    begun = time.perf_counter()
    for done, slug in enumerate(slugs):
        notebook = nbformat.read(
            notebooks.chapters_folder() / f"{slug}.ipynb", as_version=4
        )
        start, passed = time.perf_counter(), True
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as room:
            try:
                notebooks.execute(notebook, slug, Path(room))
            except notebooks.BuildError as error:
                passed = False
                failed.append(slug)
                say(str(error))
        seconds = time.perf_counter() - start
        write(environment, slug, passed=passed, seconds=seconds, versions=versions())
        mean = (time.perf_counter() - begun) / (done + 1)
        left = mean * (len(slugs) - done - 1) / 60
        word = "ran" if passed else "failed"
        took = f"{slug} {word}, {seconds:.0f} s; about {left:.0f} min left"
        say(f"[{done + 1}/{len(slugs)}] {took}")
    return failed

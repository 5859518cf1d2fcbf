"""A run of each chapter prints what is stored, and a rebuild gives the same bytes."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest

from rnncourse import notebooks
from tests.conftest import ROOT

SLUGS = notebooks.known()
# Not compared: pictures, whose bytes depend on the machine's libraries, and rounding
# errors, whose last digits depend on its processor. A cell that prints one bounds it.
SANITIZE = """\
[pictures]
regex: ^iVBORw0KGgo[A-Za-z0-9+/=\\s]+$
replace: PICTURE
[figure]
regex: <Figure size .*>
replace: FIGURE
[rounding]
regex: \\b\\d(?:\\.\\d+)?e-(?:0[6-9]|1\\d)\\b
replace: ROUNDING
"""


def minutes(slug):
    """Return how long the cells of a chapter took when it was last measured."""
    path = ROOT / "chapters" / "results" / f"{slug}.json"
    stored = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return stored.get("execution", {}).get("cpu_seconds", 0) / 60


def by_length(slugs):
    """A chapter that runs for more than a minute waits for `make test-all`."""
    return [
        pytest.param(slug, marks=[pytest.mark.heavy] if minutes(slug) > 1 else [])
        for slug in slugs
    ]


@pytest.mark.parametrize("slug", by_length(SLUGS))
def test_stored_outputs_are_what_a_run_prints(slug, tmp_path):
    """Run nbval, as a reader's notebook would run, in a process of its own."""
    sanitize = tmp_path / "sanitize.cfg"
    sanitize.write_text(SANITIZE)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--nbval", "-p", "no:cacheprovider"]
        + ["--nbval-current-env"]
        + ["-p", "no:xdist", "-W", "default", "-o", "addopts=", "-o", "filterwarnings="]
        + ["--nbval-sanitize-with", str(sanitize), f"chapters/{slug}.ipynb"],
        cwd=ROOT,
        env={**os.environ, **notebooks.kernel_variables()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:]
    assert re.search(r"\d+ passed", run.stdout)


def but_for_times(path):
    """Return a notebook without what cells tagged "timed" show: a clock's times."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "timed" in cell.metadata.get("tags", []):
            cell.outputs = []
    return nbformat.writes(notebook)


@pytest.mark.heavy
@pytest.mark.parametrize("slug", SLUGS)
def test_a_rebuild_gives_the_same_bytes(slug, tmp_path):
    stored = but_for_times(notebooks.chapters_folder() / f"{slug}.ipynb")
    first, second = tmp_path / "first.ipynb", tmp_path / "second.ipynb"
    notebooks.build_one(slug, first)
    if but_for_times(first) == stored:
        return
    # Another machine may draw a picture with other bytes; then two runs here agree.
    notebooks.build_one(slug, second)
    assert but_for_times(second) == but_for_times(first)

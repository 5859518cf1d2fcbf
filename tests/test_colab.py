"""Every chapter runs from an empty folder with the versions that Colab has.

Colab's published list of 2026-08: Python 3.13, numpy 2.1.3, torch 2.11,
matplotlib 3.10, pandas 2.2.3, IPython 7.34. Where a version cannot be installed
(torch for another Python without gigabytes of CUDA, say) the nearest one is taken,
and the test prints which.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from rnncourse import address, status
from tests.conftest import ROOT

pytestmark = pytest.mark.heavy

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))
VERSIONS = [
    "numpy==2.1.3",
    "matplotlib==3.10.*",
    "pandas==2.2.3",
    "scikit-learn>=1.6",
    "ipython==7.34.0",
    "ipykernel==6.17.1",
    "jupyter-client<8.7",
    "nbclient",
    "pooch",
    "tqdm",
    "holidays",
    "setuptools>=77",
]
# In the order tried; torch 2.11 brings several gigabytes of CUDA, as on Colab.
TORCH = ["torch==2.11.*", "torch==2.13.0"]
ROOM = ROOT / "_build" / "colab"


def find_python() -> str:
    """Return a Python 3.13, or the one that runs the tests where there is none."""
    versions = sorted(Path.home().glob(".pyenv/versions/3.13*/bin/python"))
    for candidate in [shutil.which("python3.13"), *map(str, versions)]:
        if candidate:
            probe = subprocess.run([candidate, "--version"], capture_output=True)
            if probe.stdout.startswith(b"Python 3.13"):
                return candidate
    return sys.executable


def pip(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call pip in the emulated environment."""
    command = [str(python), "-m", "pip", "install", "-q", "--no-input", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def colab(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """Make the environment once; return its Python and the variables it runs under."""
    room = tmp_path_factory.mktemp("colab")
    python = ROOM / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = ROOM / "complete"
    recipe = "\n".join([find_python(), *VERSIONS, *TORCH])
    if not done.is_file() or done.read_text() != recipe:
        shutil.rmtree(ROOM, ignore_errors=True)
        subprocess.run([find_python(), "-m", "venv", str(ROOM)], check=True)
        assert any(pip(python, t).returncode == 0 for t in TORCH), "no torch"
        installed = pip(python, *VERSIONS)
        assert installed.returncode == 0, installed.stderr[-2000:]
        site = next(ROOM.rglob("site-packages"))
        (site / "google" / "colab").mkdir(parents=True)
        (site / "google" / "colab" / "__init__.py").write_text("drive = files = None\n")
        done.write_text(recipe)

    # The install line of the first cell is answered by a clone of this repository.
    clone = room / "clone"
    subprocess.run(
        ["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(clone)], check=True
    )
    tag = address.install().rsplit("@", 1)[1]
    tagged = ["git", "-C", str(clone), "tag", "-f", tag]
    subprocess.run(tagged, check=True, capture_output=True)
    variables = {
        **os.environ,
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{clone.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address.repository(),
        "JUPYTER_PATH": "",
        "IPYTHONDIR": str(room / "ipython"),
        "HOME": str(room),
    }
    return python, variables


def test_the_versions_are_colabs_and_no_cell_upgrades_them(colab):
    python, variables = colab
    code = (
        "import numpy, torch, matplotlib, IPython, sys;"
        "print(sys.version.split()[0], numpy.__version__, torch.__version__,"
        " matplotlib.__version__, IPython.__version__)"
    )
    run = subprocess.run(
        [str(python), "-c", code],
        capture_output=True,
        text=True,
        env=variables,
        check=True,
    )
    print("Python, numpy, torch, matplotlib, IPython:", run.stdout.strip())
    assert " 2.1.3 " in run.stdout
    assert run.stdout.strip().endswith("7.34.0")


FIRST_CELL = """
import sys, time, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"][:1]
client = NotebookClient(notebook, timeout=300)
with client.setup_kernel():
    begun = time.perf_counter()
    client.execute_cell(notebook.cells[0], 0)
    print(f"{time.perf_counter() - begun:.2f}", notebook.cells[0].outputs)
"""


def test_the_first_cell_is_quiet_and_quick_where_the_package_is(colab, tmp_path):
    python, variables = colab
    first = {
        next(c.source for c in nbformat.read(p, 4).cells if c.cell_type == "code")
        for p in CHAPTERS
    }
    assert len(first) == 1, "the chapters do not begin alike"
    run = subprocess.run(
        [str(python), "-c", FIRST_CELL, str(CHAPTERS[0])],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**variables, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    seconds, outputs = run.stdout.split(maxsplit=1)
    print(f"the first cell took {seconds} s")
    assert outputs.strip() == "[]"
    assert float(seconds) < 5


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_runs_from_an_empty_folder(chapter, colab, tmp_path):
    python, variables = colab
    # Each chapter installs the package itself, as on a fresh runtime.
    pip_remove = [str(python), "-m", "pip", "uninstall", "-q", "-y", "rnncourse"]
    subprocess.run(pip_remove, capture_output=True, check=False)
    shutil.copy(chapter, tmp_path)
    begun = time.perf_counter()
    run = subprocess.run(
        [str(python.parent / "jupyter-execute"), chapter.name, "--timeout=900"],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    frozen = subprocess.run(
        [str(python), "-m", "pip", "freeze"],
        capture_output=True,
        text=True,
        env=variables,
        check=True,
    ).stdout
    pinned = dict(line.split("==") for line in frozen.splitlines() if "==" in line)
    status.write(
        "colab",
        chapter.stem,
        passed=run.returncode == 0,
        seconds=time.perf_counter() - begun,
        versions={name: pinned.get(name, "none") for name in status.SHOWN},
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert "numpy==2.1.3" in frozen, "a cell changed numpy"

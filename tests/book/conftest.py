"""One real build and one real browser for all tests of the pages."""

import subprocess
import sys
from pathlib import Path

import pytest

from rnncourse.cli import JUPYTER_BOOK
from rnncourse.environment import find_browser
from tests.conftest import ROOT, require_tool

# As root Chromium needs no sandbox; the others keep it from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def build(tmp_path_factory) -> tuple[Path, str]:
    """Build the book from nothing with warnings as errors; return folder and log."""
    out = tmp_path_factory.mktemp("book")
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", "-W", "-n"]
    command += ["--keep-going", "--all", "--path-output", str(out), str(ROOT)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    log = run.stdout + run.stderr
    assert run.returncode == 0, log[-5000:]
    return out / "_build" / "html", log


@pytest.fixture(scope="session")
def site(build) -> Path:
    """The folder of the built pages."""
    return build[0]


@pytest.fixture(scope="session")
def browser():
    """One Chromium for the session."""
    path = find_browser()
    require_tool("Chromium", path, "the pages cannot be opened; install Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()

"""One real build and one real browser for all tests of the pages."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rnncourse import translations
from rnncourse.cli import BUILD_EDITION, JUPYTER_BOOK
from tests.conftest import ROOT


@pytest.fixture(scope="session")
def build(tmp_path_factory) -> tuple[Path, str]:
    """Build the book from nothing with warnings as errors; return folder and log."""
    out = tmp_path_factory.mktemp("book")
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", "-W", "-n"]
    command += ["--keep-going", "--all", "--path-output", str(out), str(ROOT)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    log = run.stdout + run.stderr
    assert run.returncode == 0, log[-5000:]
    site = out / "_build" / "html"
    for language in translations.LANGUAGES:
        command = [sys.executable, "-c", BUILD_EDITION, language, str(out / language)]
        run = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False
        )
        log += run.stdout + run.stderr
        assert run.returncode == 0, log[-5000:]
        shutil.copytree(translations.built(out / language), site / language)
    return site, log


@pytest.fixture(scope="session")
def site(build) -> Path:
    """The folder of the built pages."""
    return build[0]

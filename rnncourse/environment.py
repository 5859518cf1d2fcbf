"""Set up the course: a virtual environment with the pinned versions.

Only the standard library is imported, since this runs on a fresh clone before
anything is installed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

EXTRAS = ("book", "grade", "dev")
LOWEST_PYTHON = (3, 11)
STAMP = ".rnncourse-setup"


class SetupError(Exception):
    """The set-up cannot go on; the message says what to do."""


def project_root() -> Path:
    """Return the folder of the clone this package lies in.

    Raises
    ------
    SetupError
        If the package was installed without its repository.
    """
    root = Path(__file__).resolve().parent.parent
    if not (root / "constraints.txt").is_file():
        raise SetupError(
            "this command needs a clone of the course's repository; "
            "the installed package alone has no chapters, exercises or tests"
        )
    return root


def in_environment() -> bool:
    """Tell whether a virtual or conda environment is active."""
    return sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ


def environment_python(root: Path) -> Path:
    """Return the interpreter that commands of this clone run on."""
    if in_environment():
        return Path(sys.executable)
    folder = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    return root / ".venv" / folder


def fingerprint(root: Path) -> str:
    """Return a hash of everything that decides what is installed."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((root / name).read_bytes())
    digest.update(str(root).encode())
    return digest.hexdigest()


def ensure(root: Path | None = None) -> Path:
    """Make sure the environment holds the pinned versions; return its Python.

    A virtual environment ``.venv`` is made where none is active. A second call
    that changes nothing takes well under a second.

    Raises
    ------
    SetupError
        If Python is too old or the installation fails.
    """
    root = project_root() if root is None else root
    if sys.version_info < LOWEST_PYTHON:
        have = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(
            f"Python 3.11 or newer is needed, this is {have}; "
            "try `make PYTHON=python3.12 book` or install one from python.org"
        )
    python = environment_python(root)
    own = not in_environment()
    stamp = (root / ".venv" if own else Path(sys.prefix)) / STAMP
    if python.is_file() and stamp.is_file() and stamp.read_text() == fingerprint(root):
        return python
    if own and not python.is_file():
        say(f"making a virtual environment in {root / '.venv'}")
        run([sys.executable, "-m", "venv", str(root / ".venv")], VENV_ADVICE)
    where = "the new environment" if own else f"the active environment {sys.prefix}"
    say(
        f"installing the pinned versions of constraints.txt into {where} "
        "(about 2 GB and a few minutes the first time, seconds after that)"
    )
    run(
        [str(python), "-m", "pip", "install", "--quiet", "--no-input"]
        + ["--disable-pip-version-check"]
        + ["--constraint", str(root / "constraints.txt")]
        + ["--editable", f"{root}[{','.join(EXTRAS)}]"],
        "the installation failed; read pip's message above. Without a network it "
        "cannot work. On Linux without a GPU, set PIP_EXTRA_INDEX_URL to the "
        "address that pytorch.org names for CPU builds to avoid a large download",
    )
    stamp.write_text(fingerprint(root))
    say("set-up done")
    return python


VENV_ADVICE = (
    "could not make a virtual environment; on Debian and Ubuntu install "
    "python3-venv, or activate an environment of your own first"
)


def say(text: str) -> None:
    """Print one line of progress at once."""
    print(f"rnncourse: {text}", flush=True)


def run(command: list[str], advice: str) -> None:
    """Run a command and turn a failure into advice."""
    if subprocess.run(command).returncode != 0:
        raise SetupError(advice)


def pinned(root: Path) -> dict[str, str]:
    """Return ``{distribution: version}`` of constraints.txt, names normalised."""
    lines = (root / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {normalise(name): version.strip() for name, version in pairs}


def required(root: Path, *extras: str) -> dict[str, str]:
    """Return ``{distribution: specifier}`` of pyproject.toml for some extras."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    split = (re.match(r"([A-Za-z0-9._-]+)(.*)", line) for line in lines)
    return {normalise(m.group(1)): m.group(2) for m in split if m}


def requirements(root: Path, extra: str) -> list[str]:
    """Return the lines of one extra of pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return list(project["optional-dependencies"][extra])


def normalise(name: str) -> str:
    """Return a distribution's name in the form of PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower().strip()


# So that Chromium opens what it is given, and calls nobody.
QUIET_BROWSER = (
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str | None:
    """Return the path of a Chromium or Chrome, if there is one."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if path := shutil.which(name):
            return path
    return None

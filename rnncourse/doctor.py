"""Say what this machine has, what it lacks, and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from rnncourse import __version__, environment, messages


def examine() -> tuple[list[str], bool]:
    """Look around.

    Returns
    -------
    lines : list of str
        One line a finding; a line that begins with ``lacks`` or ``differs`` ends
        with the remedy.
    healthy : bool
        Whether everything a reader or learner needs is there. Browser, Node and
        a GPU are extras and do not count.
    """
    lines = [
        f"rnncourse {__version__}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}, "
        f"{messages.counted(os.cpu_count() or 1, 'core')}"
    ]
    healthy = True
    try:
        root: Path | None = environment.project_root()
    except environment.SetupError:
        root = None
    if root is not None:
        problems = compare_versions(root)
        healthy = not problems
        lines += problems or ["versions: as pinned in constraints.txt"]
    lines.append(describe_torch())
    lines.append(describe_data(root))
    if browser := environment.find_browser():
        lines.append(f"browser: {browser}")
    else:
        lines.append("lacks a browser: the page tests skip; install Chromium")
    if node := shutil.which("node"):
        version = subprocess.run([node, "--version"], capture_output=True, text=True)
        lines.append(f"node: {version.stdout.strip()}")
    else:
        lines.append("lacks Node: the figures' number tests skip; install Node 18+")
    lines += describe_isolation()
    lines.append(
        "all a reader needs is here" if healthy else "run `make setup` to put it right"
    )
    return lines, healthy


def compare_versions(root: Path) -> list[str]:
    """Return one line for each required distribution not at its pinned version."""
    pins = environment.pinned(root)
    lines = []
    for name in environment.required(root, *environment.EXTRAS):
        try:
            have = metadata.version(name).split("+")[0]
        except metadata.PackageNotFoundError:
            lines.append(f"lacks {name}: run `make setup`")
            continue
        if name in pins and have != pins[name]:
            lines.append(f"differs: {name} {have}, the pinned one is {pins[name]}")
    return lines


def describe_torch() -> str:
    """Say which torch there is and what it can compute on."""
    try:
        import torch
    except ImportError:
        return "lacks torch: run `make setup`"
    if torch.cuda.is_available():
        device = f"GPU {torch.cuda.get_device_name()}"
    elif torch.backends.mps.is_available():
        device = "Apple GPU"
    else:
        device = "CPU only, which is all the course needs"
    return f"torch {torch.__version__}: {device}"


def describe_isolation() -> list[str]:
    """Say behind which walls hand-ins would be graded, and prove that they hold."""
    if platform.system() != "Linux":
        return ["isolation: none here; grade in the course's container or on Linux"]
    try:
        from rnncourse.grading import breakout, groups, levels
    except ImportError as error:
        return [f"isolation: not tried, {error.name} is missing; run `make setup`"]
    reached = levels.reached()
    lines = [reached.text, *(f"  {sentence}" for sentence in reached.missing)]
    if reached.level != "none":
        lines += breakout.prove(reached).lines
        lines.append(groups.describe())
    return lines


def describe_data(root: Path | None) -> str:
    """Say where data would come from."""
    if folder := os.environ.get("RNNCOURSE_DATA"):
        found = "which exists" if Path(folder).is_dir() else "which does not exist"
        return f"data: RNNCOURSE_DATA is {folder}, {found}"
    if root is not None and (root.parent / "shared" / "data").is_dir():
        return f"data: tests and notebook builds use {root.parent / 'shared' / 'data'}"
    return "data: downloaded into the user's cache when a chapter asks for it"

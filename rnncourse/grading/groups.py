"""Control groups: what all processes of a hand-in may take together.

Where the grader may make control groups (as root, or in a slice that systemd has
delegated), each sandbox is put into one of its own before its walls go up, so memory
and processes have a limit that holds at once and for all of them. Elsewhere rlimits
hold for each process, and the grader looks at the sum several times a second.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

from rnncourse.grading.limits import Limits

TOP = Path("/sys/fs/cgroup")
END_SECONDS = 2.0
CALLS = itertools.count()


class Group:
    """The control groups of one sandbox: one for both limits, or one for each.

    Parameters
    ----------
    parents : tuple of Path
        From :func:`find`.
    limits : Limits
    """

    def __init__(self, parents: tuple[Path, ...], limits: Limits) -> None:
        name = f"rnncourse-{os.getpid()}-{next(CALLS)}"
        self.folders = [parent / name for parent in parents]
        self.doors: list[int] = []
        made: list[Path] = []
        try:
            for folder in self.folders:
                folder.mkdir()
                made.append(folder)
                _set(folder, limits)
            self.doors += [
                os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
                for folder in self.folders
            ]
        except OSError:
            for folder in made:
                folder.rmdir()
            raise

    def shut(self) -> None:
        """Close the doors here; the sandbox has gone through its own copies."""
        for door in self.doors:
            os.close(door)
        self.doors = []

    @property
    def empty(self) -> bool:
        """Whether nobody went in."""
        return not all(
            (folder / "cgroup.procs").read_text().strip() for folder in self.folders
        )

    def remove(self, seconds: float = 0.0) -> bool:
        """Remove the groups; false if something still runs in them."""
        end = time.monotonic() + seconds
        while self.folders:
            try:
                self.folders[-1].rmdir()
            except FileNotFoundError:
                self.folders.pop()
            except OSError:
                if time.monotonic() > end:
                    return False
                time.sleep(0.005)
            else:
                self.folders.pop()
        return True


def _set(folder: Path, limits: Limits) -> None:
    """Write the limits that a group has files for."""
    memory, tasks = str(limits.memory_in_all), str(limits.processes)
    for name, value in (
        ("memory.max", memory),
        ("memory.swap.max", "0"),
        ("memory.limit_in_bytes", memory),
        ("pids.max", tasks),
    ):
        if (folder / name).exists():
            (folder / name).write_text(value)


def find(top: Path = TOP) -> tuple[Path, ...]:
    """Find where control groups for memory and processes can be made here.

    Returns
    -------
    tuple of Path
        Empty where there is no such place.
    """
    own = _own()
    unified = top / own.get("", "").lstrip("/")
    if _controls(unified, {"memory", "pids"}) and _may(unified):
        return (unified,)
    found = []
    for kind, file in (("memory", "memory.limit_in_bytes"), ("pids", "pids.max")):
        folder = top / kind / own.get(kind, "").lstrip("/")
        if not (folder / "cgroup.procs").exists():  # another root than this one's
            folder = top / kind
        if _may(folder, file):
            found.append(folder)
    return tuple(found)


def _own() -> dict[str, str]:
    """Give the path of this process by controller; "" stands for the unified one."""
    own: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            own.update(dict.fromkeys(controllers.split(","), path))
    return own


def _controls(folder: Path, wanted: set[str]) -> bool:
    try:
        given = (folder / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False
    return wanted <= set(given)


def _may(parent: Path, file: str = "") -> bool:
    """Try to make a group there."""
    folder = parent / f"rnncourse-try-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError:
        return False
    try:
        return not file or (folder / file).exists()
    finally:
        folder.rmdir()


def sweep(parents: tuple[Path, ...], runs: Callable[[str], bool]) -> None:
    """Remove the groups of runs that were killed."""
    for parent in parents:
        for folder in parent.glob("rnncourse-[0-9]*"):
            if not runs(folder.name.split("-")[1]):
                with contextlib.suppress(OSError):
                    folder.rmdir()


def describe() -> str:
    """Say what keeps memory and processes of a hand-in within their limits."""
    found = find()
    if not found:
        return (
            "limits: rlimits for each process, and the sum of memory watched; for a "
            "limit by the kernel run under `systemd-run --user --scope -p Delegate=yes`"
        )
    kinds = {path.relative_to(TOP).parts[0] for path in found}
    held = " and ".join(sorted({"memory", "pids"} & kinds)) or "memory and processes"
    held = held.replace("pids", "processes")
    return f"limits: rlimits, and {held} of all its processes by a control group"

"""Which walls this machine allows: try, and say what is missing."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rnncourse.grading import sandbox
from rnncourse.grading.host import prefix
from rnncourse.grading.limits import Limits

SECONDS = 10


@dataclass(frozen=True)
class Reached:
    """A level of isolation, and what was found on the way to it.

    Parameters
    ----------
    level : str
        The best that works here.
    outer : bool
        Whether bubblewrap stands around it.
    missing : tuple of str
        Sentences: what failed above, and what to install.
    """

    level: str
    outer: bool
    missing: tuple[str, ...]

    @property
    def text(self) -> str:
        """The level in one line, as every report states it."""
        walls = {
            "strict": "namespaces and a seccomp filter",
            "standard": "Landlock and a seccomp filter, without namespaces",
            "none": "no walls: only for hand-ins that you trust",
        }[self.level]
        outer = ", inside bubblewrap" if self.outer else ""
        return f"isolation: {self.level} ({walls}{outer})"


def try_level(level: str) -> str:
    """Put up the walls of a level in a process of its own; say what failed, or ""."""
    base = tempfile.mkdtemp(prefix=prefix("grading"))
    os.chmod(base, 0o711)
    os.mkdir(f"{base}/boxes", 0o711)
    listen, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        _try(level, base, tell)
    os.close(tell)
    signal.alarm(0)
    with os.fdopen(listen, "rb") as stream:
        said = stream.read(2000).decode(errors="replace")
    os.waitpid(pid, 0)
    shutil.rmtree(base, ignore_errors=True)
    return "" if said == "inside" else said or "it ended without a word"


def _try(level: str, base: str, tell: int) -> None:
    """Be the process that enters; never return."""
    try:
        signal.alarm(SECONDS)
        filter = sandbox.build_filter() if level != "none" else None
        if level != "none" and filter is None:
            raise sandbox.SandboxError(0, "libseccomp or pyseccomp is missing")
        plan = sandbox.Plan(level, *sandbox.needed_folders(base), (), base, {})
        sandbox.enter(
            plan,
            Limits().inside(),
            [("own.txt", b"x")],
            slot=4000,
            keep=[tell],
            filter=filter,
            report=lambda _: None,
        )
        Path("written.txt").write_text("x", encoding="utf-8")
        try:
            Path(os.__file__).read_bytes()
        except OSError:
            where = "the interpreter lies where another user cannot read it"
            raise sandbox.SandboxError(0, f"{where} ({os.__file__})") from None
        os.write(tell, b"inside")
    except BaseException as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        os.write(tell, f"{said or error}".encode()[:500])
    finally:
        os._exit(0)


def reached() -> Reached:
    """Find the best level that works on this machine."""
    missing = []
    outer, why = _outer()
    if why:
        missing.append(why)
    for level in ("strict", "standard"):
        failed = try_level(level)
        if not failed:
            return Reached(level, outer and level == "strict", tuple(missing))
        missing.append(f"{level} does not work here: {failed}.")
    missing.append("Allow user namespaces, or grade in the course's container image.")
    return Reached("none", False, tuple(missing))


def _outer() -> tuple[bool, str]:
    if shutil.which("bwrap") is None:
        return False, "bubblewrap is missing: install the package bubblewrap."
    if os.geteuid() == 0:
        why = "bubblewrap is left out for root; grade as an ordinary user."
        return False, why
    return True, ""

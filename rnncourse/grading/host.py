"""The grader's side of the warm process: what it sees, its start, its forks."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from rnncourse.grading import sandbox

PACKAGE = Path(__file__).resolve().parent.parent
# What of the package is seen inside, and under which name.
SEEN = {
    "__init__.py": "__init__.py",
    "checks/ask.py": "checks/ask.py",
    "grading/client.py": "checks/__init__.py",
    "grading/__init__.py": "grading/__init__.py",
    "grading/wire.py": "grading/wire.py",
    "grading/sandbox.py": "grading/sandbox.py",
    "grading/zygote.py": "grading/zygote.py",
}
NOT_SEEN = ("reference", "nn", "forecasting", "training", "text", "datasets")
STUB = """raise ImportError(
    "rnncourse.{name} is not there in a graded run: the task is to write it yourself"
)
"""
START_SECONDS = 120
FORK_SECONDS = 20


class HostError(RuntimeError):
    """The warm process did not start, or did not fork."""


def make_view(folder: Path) -> Path:
    """Write the part of the package that a sandbox sees: no reference, no check.

    Returns
    -------
    Path
        What to put on ``PYTHONPATH``.
    """
    root = folder / "view"
    for source, target in SEEN.items():
        path = root / "rnncourse" / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / source, path)
    for name in NOT_SEEN:
        path = root / "rnncourse" / f"{name}.py"
        path.write_text(STUB.format(name=name), encoding="utf-8")
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return root


def outer_wall(plan: sandbox.Plan) -> list[str]:
    """Give the bubblewrap command that the warm process runs in."""
    command = [shutil.which("bwrap") or "bwrap", "--unshare-all", "--die-with-parent"]
    command += ["--new-session", "--clearenv", "--hostname", "grading"]
    for name, value in plan.env.items():
        command += ["--setenv", name, value]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    command += ["--tmpfs", plan.base]
    for shown in plan.shown:
        command += ["--ro-bind", shown, shown]
    for name, target in plan.links:
        command += ["--symlink", target, name]
    for name in ("/bin", "/lib", "/lib64", "/sbin"):
        if os.path.islink(name):
            command += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            command += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/fonts"):
        command += ["--ro-bind-try", name, name]
    for hidden in plan.hidden_below():
        command += ["--tmpfs", hidden]
    return [*command, "--chdir", "/", "--"]


def prefix(what: str) -> str:
    """Begin the name of a scratch folder so that a later run knows whose it was."""
    return f"rnncourse-{what}-{os.getpid()}-"


def sweep() -> None:
    """Remove the scratch folders of runs that were killed."""
    for place in {tempfile.gettempdir(), "/dev/shm"}:
        for path in Path(place).glob("rnncourse-*-*-*"):
            made = re.fullmatch(r"rnncourse-(?:grading|shard)-(\d+)-\w+", path.name)
            mine = made and path.lstat().st_uid == os.geteuid()
            if made and mine and not _runs(made[1]):
                shutil.rmtree(path, ignore_errors=True)


def _runs(pid: str) -> bool:
    """Tell whether a process lives; one that only waits to be counted does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


class Host:
    """One warm process for this machine; workers connect to :attr:`address`.

    Parameters
    ----------
    level : {"strict", "standard", "none"}
    hidden : sequence of path
        Folders that no sandbox may see: solutions, hand-ins, results.
    outer : bool
        Whether to start inside bubblewrap (``strict`` only).
    preload : sequence of str, optional
        Modules to import instead of the usual ones.
    """

    def __init__(
        self,
        level: str,
        *,
        hidden: Sequence[Path | str] = (),
        outer: bool = False,
        preload: Sequence[str] = (),
    ) -> None:
        sweep()
        self.base = Path(tempfile.mkdtemp(prefix=prefix("grading")))
        self.base.chmod(0o711)
        self.private = self.base / "private"
        self.private.mkdir(mode=0o700)
        (self.base / "boxes").mkdir(mode=0o711)
        (self.base / "home").mkdir(mode=0o700)
        view = make_view(self.base)
        out_of_sight = [str(PACKAGE), str(self.private), *map(str, hidden)]
        shown, links = sandbox.needed_folders(str(view))
        self.plan = sandbox.Plan(
            level=level,
            shown=shown,
            links=links,
            hidden=tuple(os.path.realpath(path) for path in out_of_sight),
            base=str(self.base),
            env=sandbox.environment(str(view), str(self.base / "home")),
        )
        self.outer = outer and level == "strict"
        self.address = str(self.private / "zygote")
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._preload = list(preload)
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            listening.bind(self.address)
            listening.listen(128)
            fd = listening.fileno()
            command = outer_wall(self.plan) if self.outer else []
            command += [sys.executable, "-P", "-s", "-m", "rnncourse.grading.zygote"]
            process = subprocess.Popen(
                [*command, str(fd)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=self.plan.env,
                cwd="/",
                pass_fds=(fd,),
                start_new_session=True,
            )
        assert process.stdin is not None
        given = {**asdict(self.plan), "preload": self._preload}
        process.stdin.write(json.dumps(given).encode() + b"\n")
        process.stdin.flush()
        return process

    def wait_until_ready(self) -> None:
        """Wait for the imports.

        Raises
        ------
        HostError
            If the process ended instead; the message holds its last words.
        """
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != b"ready":
            self._process.wait(START_SECONDS)
            self._errors.seek(0)
            words = self._errors.read().decode(errors="replace").strip()
            raise HostError(f"the warm process did not start: {words[-1500:]}")

    @property
    def pid(self) -> int:
        """The process as this machine counts it."""
        return self._process.pid

    def close(self) -> None:
        """End the process, and with it every kernel it forked."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._process.stdout.close()
        self._errors.close()
        shutil.rmtree(self.base, ignore_errors=True)
        sweep()

    def __enter__(self) -> Host:
        self.wait_until_ready()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Forks:
    """A worker's connection to the warm process.

    Parameters
    ----------
    address : str
        :attr:`Host.address`.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.folder = os.path.dirname(address)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.connect(address)
        self._socket.settimeout(FORK_SECONDS)

    def fork(
        self,
        request: dict[str, Any],
        sockets: Sequence[int],
        files: Sequence[tuple[str, bytes]] = (),
    ) -> int:
        """Have a kernel forked; return a pidfd of its first process.

        Raises
        ------
        HostError
            If no kernel came; the message says why.
        """
        with tempfile.TemporaryFile() as packed:
            for _, data in files:
                packed.write(data)
            packed.flush()
            sizes = [[name, len(data)] for name, data in files]
            message = json.dumps({**request, "files": sizes}).encode()
            socket.send_fds(self._socket, [message], [*sockets, packed.fileno()])
        try:
            reply, fds, _, _ = socket.recv_fds(self._socket, 1 << 16, 4)
        except TimeoutError:
            raise HostError("the warm process did not fork in time") from None
        if not fds:
            said = json.loads(reply) if reply else {}
            raise HostError(f"no sandbox: {said.get('error', 'the process is gone')}")
        return fds[0]

    def close(self) -> None:
        """Leave; kernels asked for on this connection are ended."""
        self._socket.close()


def pid_of(pidfd: int) -> int:
    """Give the pid behind a pidfd as this process counts; -1 once it has ended."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    return -1

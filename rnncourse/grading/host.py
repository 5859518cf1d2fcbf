"""The grader's side of the warm process: what it sees, its start, its forks."""

from __future__ import annotations

import contextlib
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

from rnncourse.grading import groups, sandbox, zygote
from rnncourse.grading.limits import Limits

PACKAGE = Path(__file__).resolve().parent.parent
# What of the package is seen inside, and under which name.
SEEN = {
    "__init__.py": "__init__.py",
    "checks/ask.py": "checks/ask.py",
    "grading/client.py": "checks/__init__.py",
    "grading/__init__.py": "grading/__init__.py",
    "grading/forked.py": "grading/forked.py",
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
FORK_SECONDS = 60  # the second process may still be at its imports


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
            if made and mine and not runs(made[1]):
                shutil.rmtree(path, ignore_errors=True)
    groups.sweep(groups.find(), runs)


def runs(pid: str) -> bool:
    """Tell whether a process lives; one that only waits to be counted does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def libraries_in(text: bytes) -> frozenset[str]:
    """Name the large libraries that a notebook speaks of."""
    return frozenset(name for name in zygote.LIBRARIES if name.encode() in text)


def _modules(has: frozenset[str]) -> list[str]:
    return [module for name in sorted(has) for module in zygote.LIBRARIES[name]]


class Host:
    """The warm processes of this machine; workers connect to their addresses.

    Parameters
    ----------
    level : {"strict", "standard", "none"}
    hidden : sequence of path
        Folders that no sandbox may see: solutions, hand-ins, results.
    outer : bool
        Whether to start inside bubblewrap (``strict`` only).
    libraries : sequence of set of str
        For each warm process which of :data:`.zygote.LIBRARIES` it has loaded; each
        is a fork of the one before, with more.
    preload : sequence of str
        Modules that the first one imports.
    """

    def __init__(
        self,
        level: str,
        *,
        hidden: Sequence[Path | str] = (),
        outer: bool = False,
        libraries: Sequence[frozenset[str]] = (frozenset(zygote.LIBRARIES),),
        preload: Sequence[str] = zygote.PRELOAD,
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
            first_uid=sandbox.own_uids(),
        )
        self.outer = outer and level == "strict"
        self.warm = tuple(
            (has, str(self.private / f"zygote-{number}"))
            for number, has in enumerate(libraries)
        )
        self.address = self.warm[0][1]
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._preload = [
            [*(() if number else preload), *_modules(has)]
            for number, has in enumerate(libraries)
        ]
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with contextlib.ExitStack() as stack:
            fds = []
            for _, address in self.warm:
                listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                stack.enter_context(listening)
                listening.bind(address)
                listening.listen(128)
                fds.append(listening.fileno())
            command = outer_wall(self.plan) if self.outer else []
            command += [sys.executable, "-P", "-s", "-m", "rnncourse.grading.zygote"]
            process = subprocess.Popen(
                [*command, *map(str, fds)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=self.plan.env,
                cwd="/",
                pass_fds=fds,
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
        self._parents = groups.find()
        self._groups: list[groups.Group] = []

    def fork(
        self,
        request: dict[str, Any],
        sockets: Sequence[int],
        limits: Limits,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> int:
        """Have a kernel forked; return a pidfd of its first process.

        Raises
        ------
        HostError
            If no kernel came; the message says why.
        """
        group = self._new_group(limits)
        doors = group.doors if group else []
        with tempfile.TemporaryFile() as packed:
            for _, data in files:
                packed.write(data)
            packed.flush()
            sizes = [[name, len(data)] for name, data in files]
            asked = {**request, "limits": limits.inside(), "files": sizes}
            message = json.dumps({**asked, "doors": len(doors)}).encode()
            fds = [*doors, *sockets, packed.fileno()]
            socket.send_fds(self._socket, [message], fds)
        if group:
            group.shut()
        try:
            reply, fds, _, _ = socket.recv_fds(self._socket, 1 << 16, 4)
        except TimeoutError:
            raise HostError("the warm process did not fork in time") from None
        if not fds:
            said = json.loads(reply) if reply else {}
            raise HostError(f"no sandbox: {said.get('error', 'the process is gone')}")
        if group and group.empty:  # it could not go in: the other limits hold alone
            self._parents = ()
        return fds[0]

    def _new_group(self, limits: Limits) -> groups.Group | None:
        """Make a control group, where there can be one; remove those that are done."""
        self._groups = [one for one in self._groups if not one.remove()]
        if not self._parents:
            return None
        try:
            group = groups.Group(self._parents, limits)
        except OSError:
            self._parents = ()
            return None
        self._groups.append(group)
        return group

    def close(self) -> None:
        """Leave; kernels asked for on this connection are ended."""
        self._socket.close()
        for group in self._groups:
            group.remove(groups.END_SECONDS)


def pid_of(pidfd: int) -> int:
    """Give the pid behind a pidfd as this process counts; -1 once it has ended."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    return -1

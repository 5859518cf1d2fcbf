"""Open a classroom and close it again, leaving nothing behind that runs."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from rnncourse import environment
from rnncourse.classroom.room import NAMES, TEACHER, Room, only_one, open_room, prepare
from rnncourse.environment import SetupError, say

HERE = Path(__file__).resolve().parent
LOWEST_NODE = 18
START_SECONDS = 120.0
STOP_SECONDS = 30.0
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GET_NODE = (
    f"install Node {LOWEST_NODE} or newer with npm (on Debian and Ubuntu: "
    "apt install nodejs npm; else from nodejs.org) and start again"
)


def ensure() -> Path:
    """Make sure that the environment has JupyterHub; return its Python."""
    if os.name == "nt":
        raise SetupError("JupyterHub needs Linux or macOS; on Windows use WSL")
    root = environment.project_root()
    python = environment.ensure(root)
    wanted = environment.pinned(root)["jupyterhub"]
    ask = "from importlib.metadata import version; print(version('jupyterhub'))"
    have = subprocess.run([str(python), "-c", ask], capture_output=True, text=True)
    if have.stdout.strip() != wanted:
        say(f"installing JupyterHub {wanted} into the course's environment")
        environment.run(
            [str(python), "-m", "pip", "install", "--quiet", "--no-input"]
            + ["--disable-pip-version-check"]
            + ["--constraint", str(root / "constraints.txt")]
            + environment.requirements(root, "classroom"),
            "JupyterHub could not be installed; read pip's message above",
        )
    return python


# -- the proxy ---------------------------------------------------------------------


def find_node() -> str:
    """Find Node, new enough.

    Raises
    ------
    SetupError
        If it is missing or old.
    """
    node = shutil.which("node")
    if not node:
        raise SetupError(
            f"JupyterHub's proxy runs on Node, which is missing: {GET_NODE}"
        )
    asked = subprocess.run([node, "--version"], capture_output=True, text=True)
    have = asked.stdout.strip()
    found = re.fullmatch(r"v(\d+)\..*", have)
    if not found or int(found[1]) < LOWEST_NODE:
        raise SetupError(f"Node is too old, {have or 'of no version'}: {GET_NODE}")
    return node


def install_proxy(place: Path | None = None) -> Path:
    """Bring in configurable-http-proxy as package-lock.json pins it.

    Parameters
    ----------
    place : Path, optional
        By default a folder of the course's environment.

    Returns
    -------
    Path
        The script that Node runs.

    Raises
    ------
    SetupError
        If npm is missing or fails.
    """
    place = place or Path(sys.prefix) / "share" / "rnncourse" / "proxy"
    script = place / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"
    lock = (HERE / "proxy" / "package-lock.json").read_bytes()
    done = place / "installed"  # written last, so a broken installation is renewed
    if script.is_file() and done.is_file() and done.read_bytes() == lock:
        return script
    npm = shutil.which("npm")
    if not npm:
        raise SetupError(f"npm is missing, which brings JupyterHub's proxy: {GET_NODE}")
    version = json.loads(lock)["packages"]["node_modules/configurable-http-proxy"]
    say(f"installing configurable-http-proxy {version['version']} into {place}")
    place.mkdir(parents=True, exist_ok=True)
    done.unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "proxy" / name, place / name)
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    called = subprocess.run(
        command, cwd=place, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if called.returncode or not script.is_file():
        said = (called.stderr + called.stdout).strip()[-1500:]
        raise SetupError(
            f"{said}\nnpm could not install the proxy, its words are above; "
            "it needs the network the first time"
        )
    done.write_bytes(lock)
    return script


# -- ports -------------------------------------------------------------------------


def must_be_free(port: int) -> None:
    """Refuse a port that something listens on, or that may not be had."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            why = "taken" if getattr(error, "errno", 0) == 98 else str(error)
            raise SetupError(
                f"port {port} cannot be used ({why}); name another one: "
                f"--port {port + 10 if 1024 <= port < 65000 else 8110}"
            ) from None


def free_ports(number: int) -> list[int]:
    """Find ports that nothing listens on."""
    with contextlib.ExitStack() as stack:
        tried = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in tried:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in tried]


# -- open and close ----------------------------------------------------------------


def run_classroom(args: argparse.Namespace) -> int:
    """Open the classroom until Ctrl-C."""
    root = environment.project_root()
    node, script = find_node(), install_proxy()
    room = open_room(Path(args.folder or root / "classroom"), fresh=False)
    with _stoppable(), only_one(room):
        try:
            must_be_free(args.port)
            if args.fresh:
                open_room(room.folder, fresh=True)
            record = prepare(room, root, _chapters(args.chapters))
            with _hub(room, node, script, args.port) as process:
                print(welcome(room, record, args.port), flush=True)
                code = process.wait()
                raise SetupError(f"JupyterHub ended by itself ({code}), {_log(room)}")
        except KeyboardInterrupt:
            print(flush=True)
            say("closed; the same command opens it again as it is now")
            return 0


def _chapters(text: str) -> list[int]:
    from rnncourse import new_course
    from rnncourse.grading.engine import GradingError

    try:
        return new_course.chapters_of(text) if text else []
    except GradingError as error:
        raise SetupError(str(error)) from None


def welcome(room: Room, record: dict[str, Any], port: int) -> str:
    """Say where it is and who may come in."""
    lines = [
        f"\nThe classroom is open at http://127.0.0.1:{port}/  (Ctrl-C closes it)",
        "",
        f"  {'name':<10}{'password':<17}begins with",
    ]
    for name in NAMES:
        first = "Formgrader" if name == TEACHER else "Assignment List"
        password = record["passwords"][name]
        lines.append(f"  {name:<10}{password:<17}Nbgrader > {first}")
    lines += [
        "",
        f"Released: {record['assignment']}. Each folder has a start-here.md.",
        "A browser knows one person at a time: use a private window for each.",
        f"Files: {room.folder}. It keeps its state; --fresh starts anew.",
        "A demonstration: all three run as your own user of this machine and could "
        "read each\nother's files. The book's page “A classroom” says what a real "
        "server needs.",
    ]
    return "\n".join(lines)


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Take being told to end as Ctrl-C, once: closing is not interrupted."""

    def stop(number: int, frame: FrameType | None) -> None:
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    old = {
        number: signal.signal(number, stop)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, was in old.items():
            signal.signal(number, was)


@contextlib.contextmanager
def _hub(
    room: Room, node: str, script: Path, port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Run JupyterHub; at the end neither it nor anything it started runs."""
    hub_port, proxy_port = free_ports(2)
    env = {
        **os.environ,
        **room.variables(TEACHER),
        "RNNCOURSE_PORT": str(port),
        "RNNCOURSE_HUB_PORT": str(hub_port),
        "RNNCOURSE_PROXY_PORT": str(proxy_port),
        "RNNCOURSE_NODE": node,
        "RNNCOURSE_PROXY": str(script),
        "PYTHONUNBUFFERED": "1",
    }
    env.pop("JUPYTER_CONFIG_PATH")
    env.pop("CONFIGPROXY_AUTH_TOKEN", None)
    (room.hub / "proxy.pid").unlink(missing_ok=True)  # of a start that was killed
    _adopt_orphans()
    command = [sys.executable, "-W", "ignore", "-m", "jupyterhub"]
    command += ["--config", str(HERE / "jupyterhub_config.py")]
    with (room.hub / "hub.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=room.hub,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us; we tell the hub
            preexec_fn=_die_with_parent,
        )
    try:
        _wait_until_open(process, room, port)
        yield process
    finally:
        _close(process)


def _wait_until_open(process: subprocess.Popen[bytes], room: Room, port: int) -> None:
    say("starting JupyterHub")
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SetupError(f"JupyterHub did not start, {_log(room)}")
        with contextlib.suppress(OSError, urllib.error.URLError):
            address = f"http://127.0.0.1:{port}/hub/health"
            with urllib.request.urlopen(address, timeout=5):
                return
        time.sleep(0.3)
    raise SetupError(
        f"JupyterHub did not answer within {START_SECONDS:.0f} s, {_log(room)}"
    )


def _log(room: Room) -> str:
    path = room.hub / "hub.log"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return f"see {path}, which ends with:\n" + "\n".join(lines[-15:])


def _close(process: subprocess.Popen[bytes]) -> None:
    """End the hub and whatever it started, wherever that went."""
    import psutil

    def family() -> list[psutil.Process]:
        return list(psutil.Process().children(recursive=True))

    say("closing")
    known = family()
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    # A process object knows when it began, so a number used again is not hit.
    left = {one for one in (*known, *family()) if one.is_running()}
    for one in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=5)
    for one in {*stubborn, *family()}:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(stubborn, timeout=5)


def _adopt_orphans() -> None:
    """Become the parent of what a dead hub leaves, to end it (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _die_with_parent() -> None:
    """Have the hub told to end if its parent is killed (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

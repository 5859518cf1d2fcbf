"""JupyterLab on the chapters, in the course's environment and on this machine only."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

from rnncourse.environment import SetupError, project_root, say

FIRST = "chapters/01-perceptron.ipynb"
START = 120  # seconds; it takes three, on a busy machine more
END = 20


def open_lab(port: int, *, browser: bool) -> int:
    """Run JupyterLab until Ctrl-C; return its exit status, 0 where it was stopped.

    Parameters
    ----------
    port : int
        The first to try.
    browser : bool
        Whether to open the reader's browser.

    Raises
    ------
    SetupError
        If JupyterLab is missing, no port is free or it does not start.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise SetupError("JupyterLab is missing; run `make setup` first")
    root = project_root()
    register_kernel()
    port, token = free_port(port), secrets.token_hex(16)
    # It starts a session of its own, so that Ctrl-C is told to it once, and by us.
    server = subprocess.Popen(
        command(root, port),
        cwd=root,
        env={**os.environ, "JUPYTER_TOKEN": token, "JUPYTER_PREFER_ENV_PATH": "1"},
        start_new_session=True,
    )
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        wait_for(server, f"http://127.0.0.1:{port}/api")
        address = f"http://127.0.0.1:{port}/lab/tree/{FIRST}?token={token}"
        say(f"JupyterLab is at {address}  (Ctrl-C stops)")
        if browser:
            webbrowser.open(address)
        return server.wait()
    except KeyboardInterrupt:
        say("stopping JupyterLab")
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)
        end(server)


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def command(root: Path, port: int) -> list[str]:
    """Return the call of JupyterLab; it asks nobody for news or newer versions."""
    options = {
        "ServerApp.root_dir": root,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": False,
        "ServerApp.log_level": 40,
        "LabApp.default_url": f"/lab/tree/{FIRST}",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.news_url": None,
    }
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options["ServerApp.allow_root"] = True
    words = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "jupyterlab", *words]


def register_kernel(prefix: Path | None = None) -> None:
    """Make the kernel ``python3`` of this environment run this environment's Python.

    The chapters ask for a kernel of that name. The one that comes with ipykernel
    names no path, which is right; another is replaced.
    """
    prefix = Path(sys.prefix) if prefix is None else prefix
    found = prefix / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"
    if found.is_file():
        runs = json.loads(found.read_text(encoding="utf-8"))["argv"][0]
        if runs == "python" or Path(runs).absolute() == Path(sys.executable).absolute():
            return
    install = [sys.executable, "-m", "ipykernel", "install", "--name", "python3"]
    done = subprocess.run([*install, "--prefix", str(prefix)], capture_output=True)
    if done.returncode:
        raise SetupError(f"the kernel could not be registered: {done.stderr.decode()}")


def free_port(first: int) -> int:
    """Return the first port from a number on that nobody listens at."""
    for port in range(first, first + 20):
        with socket.socket() as tried:
            if os.name != "nt":  # one that was left a moment ago is free
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SetupError(f"ports {first} to {first + 19} are taken; try --port")


def wait_for(server: subprocess.Popen[bytes], address: str) -> None:
    """Wait until an address answers."""
    until = time.monotonic() + START
    while server.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SetupError("JupyterLab did not start; its own message is above")


def end(server: subprocess.Popen[bytes]) -> None:
    """End JupyterLab, which ends its kernels."""
    if server.poll() is not None:
        return
    server.terminate()  # no question, as one Ctrl-C would bring
    try:
        server.wait(END)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()

"""Prove the walls: try to get out of them, in a kernel like any learner's."""

from __future__ import annotations

import json
import os
import secrets
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rnncourse.grading.conversation import Conversation
from rnncourse.grading.host import Forks, Host, HostError
from rnncourse.grading.kernel import Kernel, KernelTrouble, new_context
from rnncourse.grading.levels import Reached
from rnncourse.grading.limits import Limits

SECONDS = 30.0

# Each attempt returns whether it got out. They run inside, with GIVEN filled in.
ATTEMPTS = """
import ctypes, glob, importlib, json, os, resource, socket, sys, tempfile
given = json.loads({given!r})
libc = ctypes.CDLL(None, use_errno=True)

def reads_a_file_of_the_host():
    return given["word"] in open(given["file"]).read()

def writes_a_file_of_the_host():
    open(given["file"], "a").write("x")
    return True

def writes_into_the_interpreter():
    open(os.__file__, "a").close()
    return True

def reads_the_graders_environment():
    texts = [open(p, "rb").read() for p in glob.glob("/proc/[0-9]*/environ")
             if os.access(p, os.R_OK)]
    return given["word"].encode() in b"".join(texts) + str(os.environ).encode()

def sees_the_graders_process():
    return given["word"] in open(f"/proc/{{given['pid']}}/environ").read()

def signals_the_graders_process():
    os.kill(given["pid"], 0)
    return b"rnncourse" in open(f"/proc/{{given['pid']}}/cmdline", "rb").read()

def imports_the_reference():
    importlib.import_module("rnncourse.reference.rnn")
    return True

def opens_the_network():
    socket.create_connection(("127.0.0.1", given["port"]), timeout=2)
    return True

def reaches_a_service_of_the_host():
    s = socket.socket(socket.AF_UNIX)
    s.connect("\\\\0" + given["service"])
    return True

def makes_a_namespace():
    return libc.unshare(0x10000000) == 0

def mounts():
    place = tempfile.mkdtemp().encode()  # its own: where there is no wall, it works
    if libc.mount(b"none", place, b"tmpfs", 0, None):
        return False
    libc.umount2(place, 2)
    return True

def traces():
    child = os.fork()  # never a process outside: one that is traced stands still
    if child == 0:
        os._exit(libc.ptrace(0, 0, 0, 0) == 0)
    return os.waitpid(child, 0)[1] != 0

def becomes_root():
    os.setuid(0)
    return "CapEff:\\t0000000000000000" not in open("/proc/self/status").read()

def raises_its_limits():
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_NPROC, unlimited)
    return True

found = {{}}
for name, attempt in list(globals().items()):
    if callable(attempt) and getattr(attempt, "__module__", "") == __name__:
        try:
            found[name] = bool(attempt())
        except BaseException:
            found[name] = False
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Proof:
    """What became of the attempts.

    Parameters
    ----------
    held : tuple of str
        Attempts that failed, as they must.
    broken : tuple of str
        Attempts that got out.
    trouble : str
        Why nothing could be tried, or "".
    """

    held: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def lines(self) -> list[str]:
        """Say it."""
        if self.trouble:
            return [f"  could not be tried: {self.trouble}"]
        lines = [f"  tried to break out in {len(self.held + self.broken)} ways: "]
        lines[0] += f"{len(self.held)} held" if self.broken else "all held"
        lines += [f"  BROKEN: {name}" for name in self.broken]
        return lines


def prove(reached: Reached) -> Proof:
    """Start the sandbox as a graded run does, and try to get out of it."""
    word = f"word-{secrets.token_hex(8)}"
    name = f"rnncourse-{secrets.token_hex(4)}"
    limits = Limits()
    os.environ["RNNCOURSE_CANARY"] = word
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX) as service,
        socket.socket(socket.AF_INET) as server,
    ):
        os.chmod(folder, 0o755)
        canary = Path(folder, "canary.txt")
        canary.write_text(word, encoding="utf-8")
        canary.chmod(0o666)
        service.bind(f"\0{name}")
        service.listen(8)
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        given = {
            "word": word,
            "file": str(canary),
            "pid": os.getpid(),
            "uid": os.getuid(),
            "port": server.getsockname()[1],
            "service": name,
        }
        try:
            with Host(
                reached.level,
                outer=reached.outer,
                libraries=(frozenset(),),
                preload=["ipykernel"],
            ) as host:
                said = _run(host, limits, ATTEMPTS.format(given=json.dumps(given)))
        except (HostError, KernelTrouble, OSError) as error:
            return Proof(trouble=str(error))
        finally:
            del os.environ["RNNCOURSE_CANARY"]
    try:
        found = json.loads(said)
    except ValueError:
        return Proof(trouble=f"the attempts did not end: {said[-200:]}")
    spoken = {key: key.replace("_", " ") for key in found}
    return Proof(
        held=tuple(spoken[key] for key, out in found.items() if not out),
        broken=tuple(spoken[key] for key, out in found.items() if out),
    )


def _run(host: Host, limits: Limits, source: str) -> str:
    context = new_context(limits)
    forks = Forks(host.address)
    try:
        kernel = Kernel(forks, limits, (), context)
        try:
            outcome = kernel.run(source, Conversation(None), SECONDS)
        finally:
            kernel.close()
    finally:
        forks.close()
        context.destroy(linger=0)
    return "".join(str(output.get("text", output)) for output in outcome.outputs)

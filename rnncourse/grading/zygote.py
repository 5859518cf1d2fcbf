"""A warm process that forks kernels; it holds nothing that a learner must not see.

It is executed, not forked from the grader, with an environment of its own, so it
knows no right answer, no seed and no gradebook. It imports the heavy libraries once.
Each request on its socket carries, as descriptors, five listening sockets of a kernel,
the channel of the checks and the learner's files; the reply carries a pidfd.

What only some hand-ins need is imported by a fork of it, which serves a second socket
while this one is at work already.

``python -m rnncourse.grading.zygote FD [FD]`` where FD are listening sockets; the plan
comes on standard input. It ends when standard input closes.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from typing import Any

from rnncourse.grading import sandbox

CHECK_FD = "RNNCOURSE_CHECK_FD"  # as in client.py, which stands elsewhere inside
MAX_REQUEST = 1 << 16
SLOTS = sandbox.UIDS // 2  # sandboxes at a time, of each of two processes

# What a kernel and a first cell load; each costs more than a check if loaded late.
PRELOAD = (
    "numpy",
    "numpy.ma",
    "numpy.testing",
    "numpy.random",
    "numpy.linalg",
    "numpy.fft",
    "safetensors.numpy",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "pdb",
    "tornado.platform.asyncio",
    "tornado.queues",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.core.ultratb",
    "IPython.core.completer",
    "pygments.formatters.terminal256",
    "pygments.lexers.python",
    "pygments.styles.default",
    "stack_data",
    "executing",
    "encodings.idna",
    "encodings.latin_1",
    "rnncourse.checks",
    "rnncourse.grading.forked",
)
# And what takes longer than all of these together, by the word that names it. The
# backend of notebooks is left to the kernel: it looks for a shell when it is imported.
LIBRARIES = {
    "matplotlib": ("matplotlib.pyplot", "matplotlib.backends.backend_agg"),
    "torch": ("torch", "torch.nn"),
}


def serve(
    listening: list[socket.socket],
    plan: sandbox.Plan,
    preload: list[list[str]],
    *,
    number: int = 0,
) -> None:
    """Import, say "ready", and fork a kernel for each request until stdin closes.

    Parameters
    ----------
    listening : list of socket
    plan : Plan
    preload : list of list of str
        For each socket what is to be imported, in addition to what the one before has.
    number : int
        How many processes serve before this one.
    """
    gc.disable()  # nothing that is imported is rubbish; a fork turns it on again
    for name in preload[0]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if not number and "rnncourse.grading.forked" in preload[0]:
        from rnncourse.grading import forked

        forked.prepare()
    second = 0
    if len(listening) > 1:
        second = os.fork()
        if not second:
            sandbox.die_with_parent()
            listening.pop(0).close()
            serve(listening, plan, preload[1:], number=number + 1)
            os._exit(0)
        for later in listening[1:]:
            later.close()
    filter = sandbox.build_filter() if plan.level != "none" else None
    gc.collect()
    gc.freeze()
    if not number:
        print("ready", flush=True)
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        selector.register(listening[0], selectors.EVENT_READ)
        server = _Server(listening[0], plan, filter, number)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    if not os.read(0, 1):
                        if second:
                            _wait_for(second)
                        return
                elif key.fileobj is listening[0]:
                    connection, _ = listening[0].accept()
                    selector.register(connection, selectors.EVENT_READ)
                else:
                    assert isinstance(key.fileobj, socket.socket)
                    if not server.answer(key.fileobj):
                        selector.unregister(key.fileobj)
                        key.fileobj.close()


def _wait_for(pid: int) -> None:
    """Have the second process end before this one, so that nothing is left."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


class _Server:
    """The requests, and which children belong to which connection."""

    def __init__(
        self, listening: socket.socket, plan: sandbox.Plan, filter: Any, number: int
    ) -> None:
        self.listening = listening
        self.plan = plan
        self.filter = filter
        self.first_slot = number * SLOTS
        self.children: dict[int, tuple[int, socket.socket]] = {}  # pid: slot, asker

    def answer(self, connection: socket.socket) -> bool:
        """Take one request; false once the other side has gone."""
        try:
            message, fds, _, _ = socket.recv_fds(connection, MAX_REQUEST, 16)
        except OSError:
            message, fds = b"", []
        self._reap()
        if not message:
            for pid, (_, asker) in self.children.items():
                if asker is connection:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGTERM)  # its keeper ends it
            return False
        taken = {slot for slot, _ in self.children.values()}
        free = range(self.first_slot, self.first_slot + SLOTS)
        slot = next(n for n in free if n not in taken)
        pid = os.fork()
        if pid == 0:
            try:
                self._child(connection, json.loads(message), fds, slot)
            except BaseException:
                text = traceback.format_exc().encode()[-2000:]
                with contextlib.suppress(OSError):
                    connection.send(json.dumps({"error": text.decode()}).encode())
            finally:
                os._exit(1)
        self.children[pid] = (slot, connection)
        for fd in fds:
            os.close(fd)
        return True

    def _reap(self) -> None:
        while self.children:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                pid = 0
            if not pid:
                return
            self.children.pop(pid, None)

    def _child(
        self,
        connection: socket.socket,
        request: dict[str, Any],
        fds: list[int],
        slot: int,
    ) -> None:
        gc.enable()
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        doors, fds = fds[: request["doors"]], fds[request["doors"] :]
        for door in doors:  # into the control groups, while they can be seen
            with contextlib.suppress(OSError):  # the grader notices
                os.write(door, b"0")
            os.close(door)
        *kernel, check, packed = fds
        sizes = request["files"]
        with open(packed, "rb") as stream:
            stream.seek(0)
            files = [(name, stream.read(size)) for name, size in sizes]

        def report(pid: int) -> None:
            pidfd = os.pidfd_open(pid)
            socket.send_fds(connection, [b'{"started": true}'], [pidfd])
            os.close(pidfd)

        sandbox.enter(
            self.plan,
            request["limits"],
            files,
            slot=slot,
            keep=[*kernel, check],
            filter=self.filter,
            report=report,
        )
        os.environ[CHECK_FD] = str(check)
        sys.path.append(os.getcwd())  # last: a learner's numpy.py hides nothing
        from rnncourse.grading import forked

        sockets = dict(zip(forked.CHANNELS, kernel, strict=True))
        forked.run(request["key"], request["scheme"], sockets)


def main(argv: list[str]) -> int:
    """Start from the command line that :mod:`.host` writes."""
    given = json.loads(sys.stdin.readline())
    plan = sandbox.Plan(
        level=given["level"],
        shown=tuple(given["shown"]),
        links=tuple((name, target) for name, target in given["links"]),
        hidden=tuple(given["hidden"]),
        base=given["base"],
        env=given["env"],
        first_uid=given["first_uid"],
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listening = [socket.socket(fileno=int(fd)) for fd in argv[1:]]
    serve(listening, plan, given["preload"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))

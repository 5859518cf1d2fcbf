"""One kernel behind its walls: run a cell, gather its output, keep every limit.

A single loop watches the kernel's messages, the channel of the check and the process
itself, so nothing that happens in the sandbox can make this side wait longer, read
more or keep more than :class:`.limits.Limits` says.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import json
import os
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.session import DELIM, Session

from rnncourse.grading.conversation import Conversation
from rnncourse.grading.host import Forks, HostError, pid_of
from rnncourse.grading.limits import Limits
from rnncourse.grading.provisioner import ForkManager, ForkProvisioner
from rnncourse.grading.scores import new_output

BOOT_SECONDS = 30.0
LAST_WORDS = 0.3  # seconds to wait for the idle message after the reply
WATCH_SECONDS = 0.25  # between two looks at the memory
PIECE = 1 << 20
PICTURES = ("image/png", "image/jpeg")
CUT = "\n[the rest of the output was cut here]\n"


class KernelTrouble(RuntimeError):
    """A kernel did not come up."""


@dataclass
class Outcome:
    """What came of running one cell."""

    outputs: list[Any] = field(default_factory=list)
    error: tuple[str, str] | None = None  # its name and text, as the kernel says
    stopped: str = ""  # why the grader ended it
    died: bool = False
    flags: list[str] = field(default_factory=list)


class Kernel:
    """A kernel forked for one hand-in.

    Parameters
    ----------
    forks : Forks
    limits : Limits
    files : sequence of (str, bytes)
        What lies in its working folder.
    context : zmq.Context
        From :func:`new_context`.
    """

    def __init__(
        self,
        forks: Forks,
        limits: Limits,
        files: Sequence[tuple[str, bytes]],
        context: zmq.Context[Any],
    ) -> None:
        self.limits = limits
        self.kept = 0  # characters of output, of all cells
        self.spent = False  # no check can be talked about any more
        self._channel, theirs = socket.socketpair()
        self._channel.setblocking(False)
        self._unsent = b""
        self._manager = ForkManager(forks, theirs, limits, files, context)
        try:
            self._manager.start_kernel()
        except BaseException:
            self._channel.close()
            raise
        finally:
            theirs.close()
        process = self._manager.provisioner
        assert isinstance(process, ForkProvisioner)
        self._process = process
        self._shell = self._manager.connect_shell()
        self._iopub = self._manager.connect_iopub()
        for sock in (self._shell, self._iopub):
            sock.linger = 0
        self._poller = zmq.Poller()
        for watched in (self._shell, self._iopub, self._process.pidfd):
            self._poller.register(watched, zmq.POLLIN)
        self._poller.register(self._channel, zmq.POLLIN)
        try:
            self._wait_for_boot()
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether its process still runs."""
        return not self._process.ended()

    def close(self) -> None:
        """End the kernel and leave nothing behind."""
        self._shell.close(0)
        self._iopub.close(0)
        self._channel.close()
        self._manager.shutdown_kernel(now=True)

    def _send(self, kind: str, content: dict[str, Any]) -> str:
        message = self._manager.session.msg(kind, content)
        self._manager.session.send(self._shell, message)
        return str(message["header"]["msg_id"])

    def _wait_for_boot(self) -> None:
        """Wait for the kernel's first word, which says that its output is heard."""
        end = time.monotonic() + BOOT_SECONDS
        while not self._receive(self._iopub):
            if time.monotonic() > end or not self.alive:
                raise KernelTrouble("the kernel did not come up")
            self._poller.poll(200)

    def _receive(self, sock: zmq.Socket[Any]) -> dict[str, Any] | None:
        """Take one message; None if there is none or it is not one."""
        try:
            parts = [sock.recv(zmq.NOBLOCK)]
            while sock.getsockopt(zmq.RCVMORE):
                part = sock.recv(zmq.NOBLOCK)
                if len(parts) < 16:
                    parts.append(part)
        except zmq.Again:
            return None
        return _message(parts, self._manager.session)

    # -- one cell ------------------------------------------------------------------

    def run(self, source: str, conversation: Conversation, seconds: float) -> Outcome:
        """Run a cell to its end, or to the end of its time.

        Parameters
        ----------
        source : str
        conversation : Conversation
            What to answer if the cell calls a check.
        seconds : float
            Then it is interrupted, and killed if that does not help.
        """
        outcome = Outcome()
        gather = Gather(self.limits, self.limits.notebook_output - self.kept)
        self._drain()
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        me = self._send("execute_request", content)
        start = time.monotonic()
        interrupted = False
        replied = 0.0
        watch = start + WATCH_SECONDS
        while True:
            now = time.monotonic()
            if replied and now - replied > LAST_WORDS:
                break
            if not interrupted and now - start > seconds:
                interrupted = True
                outcome.stopped = "time"
                self._process.signal_now(signal.SIGINT)
            if interrupted and now - start > seconds + self.limits.deaf_seconds:
                self._process.signal_now(signal.SIGKILL)
                self._process.ended(5.0)
            if now > watch and not replied:
                watch = now + WATCH_SECONDS
                if self._too_much_memory():
                    outcome.stopped = "memory"
                    self._process.signal_now(signal.SIGKILL)
                    self._process.ended(5.0)
            ready = dict(self._poller.poll(50))
            if self._channel.fileno() in ready:
                self._talk(conversation)
            idle = False
            for _ in range(64 if self._iopub in ready else 0):  # then the clock again
                message = self._receive(self._iopub)
                if message is None:
                    break
                if message["parent_header"].get("msg_id") != me:
                    continue
                kind = message["header"].get("msg_type")
                if kind == "status":
                    state = message["content"].get("execution_state")
                    idle = idle or state == "idle"
                else:
                    gather.add(kind, message["content"])
            if gather.flood and not outcome.stopped:
                outcome.stopped = "output"
                self._process.signal_now(signal.SIGKILL)
            if self._shell in ready:
                message = self._receive(self._shell)
                if message and message["parent_header"].get("msg_id") == me:
                    replied = replied or time.monotonic()
            if idle:  # with or without a reply, which is of no use to anybody
                break
            if self._process.pidfd in ready and not self.alive:
                outcome.died = True
                break
        outcome.outputs, outcome.error = gather.outputs, gather.error
        if gather.cut:
            outcome.flags.append("output was cut")
        self.kept += gather.kept
        return outcome

    def _drain(self) -> None:
        """Throw away what came between two cells."""
        with contextlib.suppress(OSError):
            for _ in range(1000):
                if not self._channel.recv(PIECE):
                    break
        self._unsent = b""
        for sock in (self._iopub, self._shell):
            for _ in range(1000):
                if self._receive(sock) is None:
                    break

    def _talk(self, conversation: Conversation) -> None:
        for _ in range(8):
            try:
                piece = self._channel.recv(PIECE)
            except BlockingIOError:
                break
            except OSError:
                piece = b""
            if not piece:  # closed by the other side: nothing more can be asked
                self.spent = True
                with contextlib.suppress(KeyError):
                    self._poller.unregister(self._channel)
                conversation.broken = True
                return
            for frame in conversation.hear(piece):
                self._unsent += frame
            if conversation.broken:  # the other side must not wait for an answer
                self.spent = True
                with contextlib.suppress(OSError):
                    self._channel.shutdown(socket.SHUT_RDWR)
                with contextlib.suppress(KeyError):
                    self._poller.unregister(self._channel)
                return
        while self._unsent:
            try:
                sent = self._channel.send(self._unsent)
            except BlockingIOError:
                self._poller.modify(self._channel, zmq.POLLIN | zmq.POLLOUT)
                return
            except OSError:
                self._unsent = b""
                break
            self._unsent = self._unsent[sent:]
        self._poller.modify(self._channel, zmq.POLLIN)

    def _too_much_memory(self) -> bool:
        pid = pid_of(self._process.pidfd)
        return pid > 0 and memory_below(pid) > self.limits.memory_in_all


def _message(parts: list[bytes], session: Session) -> dict[str, Any] | None:
    """Read the parts of a message; None if they are none.

    A session of jupyter_client reads the same, and looks in every text for a date,
    which takes longer than all else that is done about a cell.
    """
    try:
        start = parts.index(DELIM) + 1
        signature, header, parent, metadata, content = parts[start : start + 5]
        signed = session.sign([header, parent, metadata, content])
        if not hmac.compare_digest(signed, signature):
            return None
        message = {
            "header": json.loads(header),
            "parent_header": json.loads(parent),
            "content": json.loads(content),
        }
    except (ValueError, RecursionError):  # forged, not JSON, nested without end
        return None
    good = all(isinstance(part, dict) for part in message.values())
    return message if good else None


def boots(forks: Forks, limits: Limits, context: zmq.Context[Any]) -> str:
    """Start a kernel, run a cell and end it; say what failed, or ""."""
    try:
        kernel = Kernel(forks, limits, (), context)
        outcome = kernel.run("print(1 + 1)", Conversation(None), BOOT_SECONDS)
        kernel.close()
    except (KernelTrouble, HostError) as error:
        return str(error)
    said = [output.get("text") for output in outcome.outputs]
    return "" if said == ["2\n"] else f"it said {said}"


# -- output ------------------------------------------------------------------------


class Gather:
    """Collects the output of a cell; keeps no more than it may.

    Only text, PNG and JPEG are kept: what a learner's code makes is shown in the
    instructor's browser, and HTML, SVG or JavaScript could act there.
    """

    def __init__(self, limits: Limits, left: int) -> None:
        self.limits = limits
        self.left = max(0, min(limits.cell_output, left))
        self.flood_at = 64 * limits.cell_output
        self.seen = self.kept = 0
        self.cut = False
        self.outputs: list[Any] = []
        self.error: tuple[str, str] | None = None

    @property
    def flood(self) -> bool:
        """Whether so much came that the cell is better ended."""
        return self.seen > self.flood_at

    def add(self, kind: Any, content: dict[str, Any]) -> None:
        """Take one message of the kernel."""
        if kind == "stream":
            self._stream(content)
        elif kind in ("display_data", "execute_result"):
            self._display(kind, content)
        elif kind == "error":
            name, text = clean(content.get("ename")), clean(content.get("evalue"))
            self.error = self.error or (name[:100], text[:2000])
            lines = content.get("traceback")
            lines = lines[:60] if isinstance(lines, list) else []
            trace = [clean(line)[:2000] for line in lines]
            if self._room(sum(map(len, trace)) + len(text)):
                self.outputs.append(
                    new_output(
                        "error", ename=name[:100], evalue=text[:2000], traceback=trace
                    )
                )
        elif kind == "clear_output":
            self.outputs.clear()

    def _room(self, size: int) -> bool:
        self.seen += size
        if self.kept + size > self.left or len(self.outputs) >= self.limits.outputs:
            if not self.cut:
                self.cut = True
                self.outputs.append(new_output("stream", name="stdout", text=CUT))
            return False
        self.kept += size
        return True

    def _stream(self, content: dict[str, Any]) -> None:
        text = clean(content.get("text"))
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        last = self.outputs[-1] if self.outputs and not self.cut else None
        room = self.left - self.kept
        if len(text) > room:
            self._keep_stream(name, text[:room], last)
            self._room(len(text))
        else:
            self._keep_stream(name, text, last)

    def _keep_stream(self, name: str, text: str, last: Any) -> None:
        if self.cut or not text:
            return
        if last and last["output_type"] == "stream" and last["name"] == name:
            self.seen += len(text)
            self.kept += len(text)
            last["text"] += text
        elif self._room(len(text)):
            self.outputs.append(new_output("stream", name=name, text=text))

    def _display(self, kind: str, content: dict[str, Any]) -> None:
        data = content.get("data")
        if not isinstance(data, dict):
            return
        kept = {}
        if "text/plain" in data:
            kept["text/plain"] = clean(data["text/plain"])
        for name in PICTURES:
            if isinstance(data.get(name), str) and _is_base64(data[name]):
                kept[name] = data[name]
        if kept and self._room(sum(map(len, kept.values()))):
            more = {"execution_count": 1} if kind == "execute_result" else {}
            self.outputs.append(new_output(kind, data=kept, **more))


def clean(text: Any) -> str:
    """Give a text that can be stored: no lone surrogates, no NUL."""
    if isinstance(text, list):
        text = "".join(part for part in text if isinstance(part, str))
    if not isinstance(text, str):
        return ""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


# -- the outside -------------------------------------------------------------------


def new_context(limits: Limits) -> zmq.Context[Any]:
    """Make a context whose sockets read no message beyond the limit."""
    context: zmq.Context[Any] = zmq.Context()
    context.setsockopt(zmq.MAXMSGSIZE, limits.message)
    context.setsockopt(zmq.RCVHWM, 32)
    context.setsockopt(zmq.LINGER, 0)
    return context


def memory_below(pid: int) -> int:
    """Sum the memory that a process and all below it have for themselves, in bytes.

    Where a process shares pages with others (every fork does with the warm process),
    its share is counted, if this user may look; otherwise what is not a file.
    """
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                fields = Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1]
                parents.setdefault(int(fields.split()[1]), []).append(int(name))
    total, todo = 0, [pid]
    while todo:
        one = todo.pop()
        todo += parents.get(one, [])
        with contextlib.suppress(OSError, IndexError, ValueError):
            total += _memory_of(one)
    return total


def _memory_of(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")

"""The kernel that runs in a fork: ipykernel without what a graded run has no use for.

A notebook's kernel keeps threads so that it answers a person while a cell runs: one
receives requests, one sends output, and each message wakes both. Here one cell follows
another and nobody looks on, so requests and output go through the main thread, which
is half of what a short cell costs.
"""

from __future__ import annotations

import ast
import os
import signal
import sys
import threading
import warnings
import zlib
from typing import Any

import ipykernel.compiler
import zmq
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client.session import Session
from zmq.eventloop.zmqstream import ZMQStream

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
LISTEN_SECONDS = 20.0  # for the grader to listen to what is said


class Publisher(IOPubThread):
    """Sends output from the thread that made it, one message at a time."""

    def __init__(self, socket: Any, session: Any) -> None:
        given = {"pipe": False, "session": session}
        super().__init__(socket, **given)  # type: ignore[no-untyped-call]
        self._one_at_a_time = threading.RLock()

    def start(self) -> None:
        """Leave the thread alone; what would wake it is done at once."""

    def schedule(self, f: Any) -> None:
        """Do it, while no other thread uses the socket.

        An interrupt waits until a message is whole: the next would be part of it.
        """
        with self._one_at_a_time:
            if threading.current_thread() is not threading.main_thread():
                f()
                return
            came: list[int] = []
            before = signal.signal(signal.SIGINT, lambda *_: came.append(1))
            try:
                f()
            finally:
                signal.signal(signal.SIGINT, before)
        if came and callable(before):
            before(signal.SIGINT, None)


class Stream(OutStream):
    """Printed output, sent at the end of a cell, or a moment after it was printed."""

    _timer: threading.Timer | None = None

    def _schedule_flush(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self.flush_interval, self._flush)
            self._timer.daemon = True
            try:
                self._timer.start()
            except RuntimeError:  # the hand-in has all the threads that it may
                self._flush()

    def _flush(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        super()._flush()  # type: ignore[no-untyped-call]


class NoThread:
    """Says that there is no thread for requests, as ipykernel asks."""

    parent_thread = threading.main_thread()

    def __bool__(self) -> bool:
        return False


class Shell(ZMQInteractiveShell):
    """IPython's shell; what ipykernel asks it twice about a cell it looks at once."""

    transformed: tuple[str, str] | None = None

    def transform_cell(self, raw_cell: str) -> str:
        """Give a cell as Python."""
        known = self.transformed
        if known is None or known[0] != raw_cell:
            made = super().transform_cell(raw_cell)  # type: ignore[no-untyped-call]
            self.transformed = known = (raw_cell, made)
        return known[1]

    def should_run_async(self, raw_cell: str, **given: Any) -> bool:
        """Tell whether a cell needs a loop; without one of two words none does."""
        text = given.get("transformed_cell") or raw_cell
        if "await" not in text and "async" not in text:
            return False
        return bool(super().should_run_async(raw_cell, **given))


class Kernel(IPythonKernel):
    """A kernel with one shell, which says only what somebody waits for."""

    _execute_sleep = 0.0
    shell_class = Shell

    @property
    def _supports_kernel_subshells(self) -> bool:
        return False

    async def do_execute(self, *given: Any, **more: Any) -> Any:
        """Run a cell; what the one before has set up may change how it is read."""
        shell: Any = self.shell
        shell.transformed = None
        return await super().do_execute(*given, **more)  # type: ignore[no-untyped-call]

    def _publish_execute_input(self, *_: Any) -> None:
        """Leave it: whoever sent the cell knows it."""

    def _publish_status(self, status: str, *given: Any) -> None:
        if status != "busy":
            super()._publish_status(status, *given)  # type: ignore[no-untyped-call]


class OutputOnly(Session):
    """Says nothing beside the output, whose last word ends a cell for the grader."""

    def send(
        self,
        stream: Any,
        msg_or_type: Any,
        content: Any = None,
        *given: Any,
        **more: Any,
    ) -> Any:
        """Send a message, unless it is the reply to a cell."""
        if msg_or_type == "execute_reply":
            return {"content": content}
        return super().send(stream, msg_or_type, content, *given, **more)


class ForkedKernel(IPKernelApp):
    """A kernel in two halves: what all have alike, and its own two sockets."""

    def make(self) -> None:
        """Do what needs no socket, once for all kernels: it is most of the work.

        It is :meth:`IPKernelApp.initialize` without sockets and streams.
        """
        app: Any = self  # its methods are not typed
        super(IPKernelApp, app).initialize([])  # type: ignore[no-untyped-call]
        app.session = OutputOnly(parent=app)
        # Where it lies is said in the fork, and nobody needs its folders.
        app.profile_dir.unobserve_all("location")
        app.log.setLevel(app.log_level)  # else each message makes records for nobody
        app.init_pdb()
        app.kernel = Kernel.instance(
            parent=app,
            session=app.session,
            shell_channel_thread=NoThread(),
            log=app.log,
            profile_dir=app.profile_dir,
        )
        app.init_shell()
        app.init_gui_pylab()
        app.init_extensions()
        app.init_code()

    def connect(self, key: str, scheme: str, sockets: dict[str, int]) -> None:
        """Do the rest of :meth:`IPKernelApp.initialize` in the fork.

        Parameters
        ----------
        key, scheme : str
            Of the signatures of messages.
        sockets : dict
            For each channel the descriptor of a listening socket.
        """
        app: Any = self
        kernel, session = app.kernel, app.session
        session.key, session.signature_scheme = key.encode(), scheme
        session.pid = os.getpid()
        app.profile_dir.location = os.path.join(os.getcwd(), ".ipython")
        app.context = zmq.Context()
        shell = self._socket(zmq.ROUTER, "shell", sockets)
        output = self._socket(zmq.XPUB, "iopub", sockets)
        app.configure_tornado_logger()
        app.iopub_thread = Publisher(output, session)
        app.iopub_socket = app.iopub_thread.background_socket
        app.init_io()
        app.init_signal()
        app.displayhook.get_execution_count = lambda: kernel.execution_count
        kernel._stdout, kernel._stderr = sys.stdout, sys.stderr
        kernel.shell_stream = ZMQStream(shell)
        kernel.iopub_thread, kernel.iopub_socket = app.iopub_thread, app.iopub_socket
        for speaks in (kernel.shell.displayhook, kernel.shell.display_pub):
            speaks.pub_socket = app.iopub_socket
        kernel.shell.init_environment()
        app.init_path()

    def _socket(self, kind: int, channel: str, sockets: dict[str, int]) -> Any:
        app: Any = self
        made = app.context.socket(kind)
        made.linger = 1000
        made.setsockopt(zmq.USE_FD, sockets[channel])
        made.bind(f"ipc:///k-{CHANNELS.index(channel) + 1}")
        return made

    def parse_command_line(self, argv: Any = None) -> None:
        """Leave it: there is none."""

    def init_crash_handler(self) -> None:
        """Leave it: there is nowhere to write to."""


_token_transforms = TransformerManager.do_token_transforms


def _transforms(self: TransformerManager, lines: list[str]) -> list[str]:
    """Look for IPython's own syntax only in what is not Python as it stands."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse("".join(lines))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return list(_token_transforms(self, lines))  # type: ignore[no-untyped-call]
    return lines


def prepare() -> None:
    """Do before the fork what every kernel would do after it."""
    setattr(TransformerManager, "do_token_transforms", _transforms)  # noqa: B010
    # The name of a cell's code is a hash of it, which was computed in Python.
    ipykernel.compiler.murmur2_x86 = lambda text, seed: zlib.crc32(
        text.encode("utf-8", "replace"), seed
    )
    app: Any = ForkedKernel.instance(
        log_level=50,
        quiet=True,
        outstream_class="rnncourse.grading.forked.Stream",
    )
    app.config.HistoryManager.enabled = False
    app.config.HistoryManager.hist_file = ":memory:"
    app.config.BaseIPythonApplication.auto_create = False
    app.config.IPKernelApp.exec_PYTHONSTARTUP = False
    app.make()


def run(key: str, scheme: str, sockets: dict[str, int]) -> None:
    """Be a kernel; the parameters are those of :meth:`ForkedKernel.connect`."""
    if not ForkedKernel.initialized():
        prepare()
    app: Any = ForkedKernel.instance()
    app.connect(key, scheme, sockets)
    if "matplotlib_inline.backend_inline" in sys.modules:
        # It was imported before there was a shell to draw for.
        from matplotlib_inline.backend_inline import configure_inline_support

        configure_inline_support(app.shell, "inline")
    # What is said before somebody listens is lost.
    app.iopub_thread.socket.poll(LISTEN_SECONDS * 1000)
    app.start()

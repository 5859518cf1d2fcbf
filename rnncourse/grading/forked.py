"""The kernel that runs in a fork: ipykernel without what a graded run has no use for.

A notebook's kernel keeps threads so that it answers a person while a cell runs: one
receives requests, one sends output, and each message wakes both. Here one cell follows
another and nobody looks on, so requests and output go through the main thread, which
is half of what a short cell costs.
"""

from __future__ import annotations

import ast
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
from IPython.core.inputtransformer2 import TransformerManager

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


class Kernel(IPythonKernel):
    """A kernel with one shell, which says only what somebody waits for."""

    _execute_sleep = 0.0

    @property
    def _supports_kernel_subshells(self) -> bool:
        return False

    def _publish_execute_input(self, *_: Any) -> None:
        """Leave it: whoever sent the cell knows it."""

    def _publish_status(self, status: str, *given: Any) -> None:
        if status != "busy":
            super()._publish_status(status, *given)  # type: ignore[no-untyped-call]


class ForkedKernel(IPKernelApp):
    """A kernel on sockets that are already bound, without files and ports."""

    sockets: dict[str, int] = {}  # noqa: RUF012  # set once, in the fork

    def parse_command_line(self, argv: Any = None) -> None:
        """Leave it: there is none."""

    def _try_bind_socket(self, sock: Any, port: int) -> int:
        sock.setsockopt(zmq.USE_FD, self.sockets[CHANNELS[port - 1]])
        sock.bind(f"ipc:///k-{port}")
        return port

    def init_control(self, context: Any) -> None:
        """Do without the thread for requests."""
        super().init_control(context)  # type: ignore[no-untyped-call]
        self.shell_channel_thread = NoThread()

    def init_iopub(self, context: Any) -> None:
        """Do without the thread for output."""
        socket = context.socket(zmq.XPUB)
        socket.linger = 1000
        app: Any = self  # its methods are not typed
        self.iopub_port = app._bind_socket(socket, self.iopub_port)
        app.configure_tornado_logger()
        self.iopub_thread = Publisher(socket, self.session)
        self.iopub_socket = self.iopub_thread.background_socket

    def init_heartbeat(self) -> None:
        """Leave it: the grader holds a pidfd."""

    def write_connection_file(self, **_: Any) -> None:
        """Leave it: nobody reads one."""

    def cleanup_connection_file(self) -> None:
        """Leave it: there is none."""

    def init_connection_file(self) -> None:
        """Leave it: there is none."""

    def init_crash_handler(self) -> None:
        """Leave it: there is nowhere to write to."""

    def init_blackhole(self) -> None:
        """Leave it: output goes nowhere already."""

    def init_poller(self) -> None:
        """Leave it: the kernel dies with its namespace or its parent."""


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


def run(key: str, scheme: str, sockets: dict[str, int]) -> None:
    """Be a kernel.

    Parameters
    ----------
    key, scheme : str
        Of the signatures of messages.
    sockets : dict
        For each channel the descriptor of a listening socket.
    """
    ForkedKernel.sockets = sockets
    app: Any = ForkedKernel.instance(
        transport="ipc",
        ip="/k",
        shell_port=1,
        iopub_port=2,
        stdin_port=3,
        control_port=4,
        hb_port=5,
        log_level=50,
        quiet=True,
        kernel_class=Kernel,
        outstream_class="rnncourse.grading.forked.Stream",
    )
    app.config.Session.key = key.encode()  # the first message is signed
    app.config.Session.signature_scheme = scheme
    app.config.HistoryManager.enabled = False
    app.config.HistoryManager.hist_file = ":memory:"
    app.config.BaseIPythonApplication.auto_create = False
    app.config.IPKernelApp.exec_PYTHONSTARTUP = False
    app.initialize([])
    if "matplotlib_inline.backend_inline" in sys.modules:
        # It was imported before there was a shell to draw for.
        from matplotlib_inline.backend_inline import configure_inline_support

        configure_inline_support(app.shell, "inline")
    # What is said before somebody listens is lost.
    app.iopub_thread.socket.poll(LISTEN_SECONDS * 1000)
    app.start()

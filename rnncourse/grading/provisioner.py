"""Kernels by fork, as jupyter_client provides any other kernel."""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import signal
import socket
import tempfile
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Any as AnyTrait

from rnncourse.grading.host import Forks
from rnncourse.grading.limits import Limits

NAME = "rnncourse-fork"
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


class ForkProvisioner(KernelProvisionerBase):
    """Gets a kernel from the warm process and keeps a pidfd of it."""

    pidfd: int = -1
    folder: str = ""

    @property
    def has_process(self) -> bool:
        """Whether a process was started and not yet waited for."""
        return self.pidfd >= 0

    def _manager(self) -> ForkManager:
        assert isinstance(self.parent, ForkManager)
        return self.parent

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether the kernel has ended, or does so within some seconds."""
        if self.pidfd < 0:
            return True
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    async def poll(self) -> int | None:
        """Give None while it runs."""
        return 0 if self.ended() else None

    async def wait(self) -> int | None:
        """Wait for its end."""
        while not self.ended():
            await asyncio.sleep(0.005)
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1
        return 0

    def signal_now(self, number: int) -> None:
        """Send a signal; nothing happens where there is no process any more."""
        if self.pidfd >= 0:
            try:
                signal.pidfd_send_signal(self.pidfd, number)
            except ProcessLookupError:
                return

    async def send_signal(self, signum: int) -> None:
        """Send a signal."""
        self.signal_now(signum)

    async def kill(self, restart: bool = False) -> None:
        """End it, and with it everything in its pid namespace."""
        self.signal_now(signal.SIGKILL)
        self.ended(5.0)

    async def terminate(self, restart: bool = False) -> None:
        """Ask it to end."""
        self.signal_now(signal.SIGTERM)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose where the channels are."""
        manager = self._manager()
        self.folder = tempfile.mkdtemp(prefix="k-", dir=manager.forks.folder)
        manager.transport, manager.ip = "ipc", os.path.join(self.folder, "k")
        for number, channel in enumerate(CHANNELS, start=1):
            setattr(manager, f"{channel}_port", number)
        self.connection_info = manager.get_connection_info()
        return {"cmd": ["fork"], "env": {}}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Bind the channels here, and hand them to a fork."""
        manager = self._manager()
        bound = []
        for number in range(1, len(CHANNELS) + 1):
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.bind(f"{self.folder}/k-{number}")
            sock.listen(64)
            bound.append(sock)
        request = {
            "key": manager.session.key.decode(),
            "scheme": manager.session.signature_scheme,
        }
        fds = [*(sock.fileno() for sock in bound), manager.channel.fileno()]
        try:
            self.pidfd = manager.forks.fork(request, fds, manager.limits, manager.files)
        finally:
            for sock in bound:
                sock.close()
        return self.connection_info

    async def cleanup(self, restart: bool = False) -> None:
        """Leave nothing behind."""
        if self.pidfd >= 0:
            await self.kill()
            await self.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class AnySpec(KernelSpecManager):
    """Answers every kernel name with a fork; a hand-in does not choose its kernel."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Give the one specification there is."""
        return KernelSpec(
            argv=["fork"],
            display_name="Python 3",
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": NAME}},
        )


class ForkManager(KernelManager):
    """A kernel manager whose kernels are forks of the warm process.

    Parameters
    ----------
    forks : Forks
    channel : socket
        The learner's end of the check channel.
    limits : Limits
    files : sequence of (str, bytes)
        What lies in its working folder.
    """

    forks = AnyTrait()
    channel = AnyTrait()
    limits = AnyTrait()
    files = AnyTrait()

    def __init__(
        self,
        forks: Forks,
        channel: socket.socket,
        limits: Limits,
        files: Sequence[tuple[str, bytes]],
        context: zmq.Context[Any],
    ) -> None:
        register()
        super().__init__(
            forks=forks,
            channel=channel,
            limits=limits,
            files=files,
            context=context,
            kernel_spec_manager=AnySpec(),
        )


def register() -> None:
    """Make the provisioner known to jupyter_client, in this process."""
    factory = KernelProvisionerFactory.instance()
    if NAME not in factory.provisioners:
        place = "rnncourse.grading.provisioner:ForkProvisioner"
        factory.provisioners[NAME] = EntryPoint(NAME, place, factory.GROUP_NAME)

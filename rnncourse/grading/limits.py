"""Every bound of a graded run, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MiB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a hand-in may take; the defaults fit the assignments of this course."""

    cell_seconds: float = 60.0  # then the cell is interrupted
    deaf_seconds: float = 2.0  # and, if it does not listen, its process killed
    notebook_seconds: float = 300.0  # all cells together, replays included
    cpu_seconds: int = 300  # of the whole sandbox's first process
    memory: int = 2048 * MiB  # of one process, above what it starts with
    memory_in_all: int = 3072 * MiB  # of all processes of a hand-in, together
    processes: int = 48  # threads count
    open_files: int = 256
    file_size: int = 64 * MiB
    scratch: int = 96 * MiB  # the only place that can be written
    inodes: int = 4096
    cell_output: int = 1 * MiB  # kept; the rest is dropped and the cell says so
    notebook_output: int = 8 * MiB
    outputs: int = 200  # pieces of output of one cell
    message: int = 8 * MiB  # one message of the kernel
    answers: int = 256 * MiB  # all that one check may hand back
    restarts: int = 4  # fresh processes after a crash

    def inside(self) -> dict[str, Any]:
        """Give what the sandbox must know, as plain numbers."""
        return asdict(self)

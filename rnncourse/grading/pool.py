"""Worker processes, each on one hand-in at a time.

They are forked from the driver before it has a thread and before it has imported what
only the gradebook needs, so each is small and ready at once. A worker that dies or
hangs is replaced, and the driver knows which hand-in it held: that one is tried once
more and then set aside.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from rnncourse.grading import faults, sandbox

ATTEMPTS = 2
WORKER_MEMORY = 4 << 30  # above what it starts with

Work = Callable[[Any], str]


@dataclass
class Task:
    """One piece of work and how often it was begun."""

    name: str
    payload: Any
    attempts: int = 0


@dataclass
class _Worker:
    process: Any
    connection: Connection
    task: Task | None = None
    began: float = 0.0


class Pool:
    """Some worker processes.

    Parameters
    ----------
    make : callable
        Called in each worker; gives ``(work, close)``.
    jobs : int
    seconds : float
        More than any piece of work may take; then its worker is killed.
    before_fork : callable
        Called before a worker is replaced: no thread may be at work then.
    """

    def __init__(
        self,
        make: Callable[[], tuple[Work, Callable[[], None]]],
        jobs: int,
        seconds: float,
        before_fork: Callable[[], None] = lambda: None,
    ) -> None:
        self._make = make
        self._before_fork = before_fork
        self._seconds = seconds
        self._context = multiprocessing.get_context("fork")
        self._workers = [self._start() for _ in range(jobs)]

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(self._make, theirs, ours), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def run(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, str]]:
        """Do all tasks; give each with its text, or with "" if it was given up.

        Every worker has its next task before a result is given out, so none waits
        for what is done with it.
        """
        waiting = list(reversed(tasks))
        self._give_all(waiting)
        return self._results(waiting, len(tasks))

    def _give_all(self, waiting: list[Task]) -> None:
        for worker in self._workers:
            if worker.task is None and waiting:
                self._give(worker, waiting.pop())

    def _results(
        self, waiting: list[Task], open_tasks: int
    ) -> Iterator[tuple[Task, str]]:
        while open_tasks:
            self._give_all(waiting)
            busy = [worker for worker in self._workers if worker.task]
            ready = wait([worker.connection for worker in busy], timeout=0.5)
            for worker in busy:
                task = worker.task
                assert task is not None
                if worker.connection in ready:
                    text = _receive(worker.connection)
                elif time.monotonic() - worker.began > self._seconds:
                    text = None
                else:
                    continue
                worker.task = None
                if text is None:
                    self._replace(worker)
                    if task.attempts < ATTEMPTS:
                        waiting.append(task)
                        continue
                open_tasks -= 1
                self._give_all(waiting)
                yield task, text or ""

    def _give(self, worker: _Worker, task: Task) -> None:
        task.attempts += 1
        worker.task, worker.began = task, time.monotonic()
        with contextlib.suppress(OSError):  # a dead one is noticed when it is read
            worker.connection.send(task.payload)

    def _replace(self, worker: _Worker) -> None:
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        self._before_fork()
        fresh = self._start()
        worker.process, worker.connection = fresh.process, fresh.connection

    def close(self) -> None:
        """End the workers; one that is at work is not waited for."""
        for worker in self._workers:
            worker.connection.close()
            if worker.task is not None:
                worker.process.kill()
        for worker in self._workers:
            worker.process.join(5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _receive(connection: Connection) -> str | None:
    try:
        return connection.recv_bytes().decode("utf-8", "surrogatepass")
    except (EOFError, OSError):
        return None


def _work(
    make: Callable[[], tuple[Work, Callable[[], None]]],
    connection: Connection,
    other: Connection,
) -> None:
    """Live as a worker until the driver hangs up."""
    other.close()
    gc.freeze()  # what the driver has made stays, and stays shared
    sandbox.die_with_parent()  # its pipes are held open by the workers beside it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver decides
    os.nice(1)
    _limit_memory()
    work, close = make()
    try:
        while True:
            try:
                payload = connection.recv()
            except (EOFError, OSError):
                return
            text = work(payload)
            faults.at("worker send")
            connection.send_bytes(text.encode("utf-8", "surrogatepass"))
    finally:
        close()


def _limit_memory() -> None:
    with open("/proc/self/statm") as file:
        present = int(file.read().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = present + WORKER_MEMORY
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))

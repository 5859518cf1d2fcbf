"""Hand-ins graded by the workers of a Dask scheduler, wherever they are.

Work goes there as plain data and comes back as text, so no disk is shared. Each worker
has its own warm processes and its own walls, rehearsed before it is trusted with a
hand-in: a machine that does not reach the level of the run grades nothing.

Only a run that names a scheduler imports this: ``distributed`` alone takes as long as
a run on one machine needs to its first result, and a cluster of processes on the same
machine gives nothing that :mod:`.pool` does not.
"""

from __future__ import annotations

import pickle
import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from distributed import Client, WorkerPlugin, as_completed, get_worker

from rnncourse.grading import versions
from rnncourse.grading.host import Host
from rnncourse.grading.intake import Submission
from rnncourse.grading.shard import READY, Course, Grader

WAIT_SECONDS = 60.0  # for a scheduler, and for its first worker
AHEAD = 3  # hand-ins that wait at each thread


class ClusterError(RuntimeError):
    """The scheduler or its workers cannot grade; the message says why."""


@dataclass(frozen=True)
class Order:
    """What a worker must know to grade.

    Parameters
    ----------
    course : Course
        Without warm processes; a worker has its own.
    level : str
    outer : bool
    libraries : tuple of frozenset of str
        What each warm process has loaded.
    hidden : tuple of str
    version : str
        Of the trusted files, which must be the same everywhere.
    """

    course: Course
    level: str
    outer: bool
    libraries: tuple[frozenset[str], ...]
    hidden: tuple[str, ...]
    version: str


class GradingPlugin(WorkerPlugin):
    """The warm processes of a worker, and a grader for each of its threads."""

    def __init__(self, name: str, order: bytes) -> None:
        self.name = name
        self._order = order

    def setup(self, worker: Any) -> None:
        """Start the warm processes; they import while the worker goes on."""
        self.order: Order = pickle.loads(self._order)
        self.trouble = ""
        self._lock = threading.Lock()
        self._own = threading.local()
        self._graders: list[Grader] = []
        self._host: Host | None = None
        if versions.trusted() != self.order.version:
            self.trouble = "it has another version of the course"
            return
        self._host = Host(
            self.order.level,
            outer=self.order.outer,
            hidden=self.order.hidden,
            libraries=self.order.libraries,
        )

    def teardown(self, worker: Any) -> None:
        """Leave nothing behind."""
        for grader in self._graders:
            grader.close()
        if self._host is not None:
            self._host.close()

    def grader(self) -> Grader:
        """Give this thread's grader, rehearsed."""
        with self._lock:
            if self._host is not None and not self._graders and not self.trouble:
                self._prepare(self._host)
            if self.trouble:
                raise ClusterError(self.trouble)
            if not hasattr(self._own, "grader"):
                self._own.grader = self._new()
            grader: Grader = self._own.grader
            return grader

    def _new(self) -> Grader:
        assert self._host is not None
        grader = Grader(replace(self.order.course, warm=self._host.warm))
        self._graders.append(grader)
        return grader

    def _prepare(self, host: Host) -> None:
        try:
            host.wait_until_ready()
            self._own.grader = self._new()
            said = self._own.grader.rehearse()
        except Exception as error:
            said = str(error)
        if said != READY:
            where = f"isolation {self.order.level} is not reached there"
            self.trouble = f"{where}: {said}"


def _grade(name: str, submission: bytes) -> str:
    """Grade one hand-in; this runs in a worker."""
    plugin: Any = get_worker().plugins[name]
    one: Submission = pickle.loads(submission)
    return str(plugin.grader().grade(one).to_json())


def grade_by_scheduler(
    address: str, order: Order, submissions: Sequence[Submission]
) -> Iterator[tuple[Submission, str]]:
    """Have hand-ins graded; give each with its result as text, in any order.

    A hand-in whose worker dies is given to another one; if it ends several, its text
    is "".

    Raises
    ------
    ClusterError
        If there is no scheduler, it has no workers, or one of them cannot grade.
    """
    from distributed import KilledWorker

    name = f"rnncourse-{secrets.token_hex(8)}"
    try:
        client = Client(address, timeout=WAIT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"there is no scheduler at {address}: {error}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=WAIT_SECONDS)
        except TimeoutError:
            raise ClusterError(f"the scheduler at {address} has no workers") from None
        client.register_plugin(GradingPlugin(name, pickle.dumps(order)))
        try:
            waiting = iter(submissions)
            running: dict[str, Submission] = {}
            futures: list[Any] = []
            done = as_completed([], loop=client.loop)

            def give() -> None:
                """Keep every thread busy, and no more than that on the way."""
                threads = sum(client.nthreads().values())
                while len(running) < AHEAD * max(1, threads):
                    one = next(waiting, None)
                    if one is None:
                        return
                    future = client.submit(
                        _grade,
                        name,
                        pickle.dumps(one),
                        key=f"{name}-{len(one.student)}-{one.student}",
                        pure=False,
                    )
                    running[str(future.key)] = one
                    futures.append(future)
                    done.add(future)

            give()
            while running:
                future = next(done)
                one = running.pop(str(future.key))
                try:
                    text = future.result()
                except KilledWorker:
                    text = ""
                except ClusterError as error:
                    raise ClusterError(f"a worker cannot grade: {error}") from None
                futures.remove(future)
                future.release()
                give()
                yield one, text
        finally:
            client.cancel(futures)
            client.unregister_worker_plugin(name)


def order_for(
    course: Course,
    level: str,
    outer: bool,
    libraries: Sequence[frozenset[str]],
    hidden: Sequence[Path | str],
) -> Order:
    """Put together what workers must know."""
    return Order(
        course=course,
        level=level,
        outer=outer,
        libraries=tuple(libraries),
        hidden=tuple(map(str, hidden)),
        version=versions.trusted(),
    )

"""Time programs against each other, in turn, so that a busy machine is fair to all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rnncourse.reference.validate import check_size

Clock = Callable[[], float]


def interleave(
    programs: Mapping[str, Callable[[], Any]],
    *,
    rounds: int = 7,
    seconds: float = 0.02,
    clock: Clock = time.process_time,
) -> dict[str, list[float]]:
    """Time programs in turn.

    Parameters
    ----------
    programs : dict of functions without arguments
    rounds : int
        Every second round goes through the programs backwards.
    seconds : float
        Each turn repeats its program until about this much time has passed.
    clock : function
        Processor time of this process if left out: it does not run while another
        program has the core. Work on a GPU needs ``time.perf_counter`` and programs
        that wait for it.

    Returns
    -------
    dict of lists
        For each program and each round the seconds that one call took.

    Raises
    ------
    ValueError
        If there is no program, or ``rounds`` or ``seconds`` is not positive.

    Examples
    --------
    >>> times = interleave({"one": lambda: sum(range(10))}, rounds=3, seconds=0.001)
    >>> len(times["one"]), min(times["one"]) > 0
    (3, True)
    """
    if not programs:
        raise ValueError("programs must hold at least one program, got none")
    check_size("rounds", rounds)
    if not seconds > 0:
        raise ValueError(f"seconds must be positive, got {seconds}")
    repeats = {name: _repeats(run, seconds, clock) for name, run in programs.items()}
    times: dict[str, list[float]] = {name: [] for name in programs}
    for k in range(rounds):
        for name in list(programs)[:: -1 if k % 2 else 1]:
            begin = clock()
            for _ in range(repeats[name]):
                programs[name]()
            times[name].append((clock() - begin) / repeats[name])
    return times


def _repeats(run: Callable[[], Any], seconds: float, clock: Clock) -> int:
    """Return how often a program runs in so much time; 1 if once takes longer."""
    run()  # what is done once only is done now
    repeats = 1
    while True:
        begin = clock()
        for _ in range(repeats):
            run()
        took = clock() - begin
        if took >= seconds / 4 or repeats >= 2**20:
            return max(1, round(repeats * seconds / max(took, 1e-9)))
        repeats *= 4


def paired_ratio(
    times: Mapping[str, Sequence[float]], name: str, to: str
) -> tuple[float, float, float]:
    """Compare two programs round by round.

    Parameters
    ----------
    times : dict of lists
        From :func:`interleave`.
    name, to : str
        How many times as long the first takes as the second.

    Returns
    -------
    low, median, high : float
        Smallest, middle and largest ratio of all rounds. A ratio of one round is far
        steadier than either time, since both met the same machine.

    Raises
    ------
    ValueError
        If the two have not the same number of rounds.

    Examples
    --------
    >>> paired_ratio({"slow": [2.0, 6.0, 9.0], "fast": [1.0, 2.0, 3.0]}, "slow", "fast")
    (2.0, 3.0, 3.0)
    """
    pairs = zip(times[name], times[to], strict=True)
    ratios = [one / other for one, other in pairs]
    return min(ratios), statistics.median(ratios), max(ratios)

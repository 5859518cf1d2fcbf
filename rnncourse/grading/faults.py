"""Where a test may stop a run: every place where something is about to be written.

A run calls :func:`at` with the name of the place. Nothing happens unless a test has set
:data:`hook`, which may kill the process, fill its disk or lock its database there.
"""

from __future__ import annotations

from collections.abc import Callable

PLACES = (
    "journal made",
    "journal store",
    "journal stored",
    "gradebook made",
    "gradebook registered",
    "gradebook begin",
    "gradebook one",
    "gradebook commit",
    "gradebook committed",
    "notebook write",
    "notebook replace",
    "journal merged",
    "worker begin",
    "worker ran",
    "worker send",
)

hook: Callable[[str], None] | None = None


def at(place: str) -> None:
    """Say that the run has come to a place."""
    if hook is not None:
        hook(place)

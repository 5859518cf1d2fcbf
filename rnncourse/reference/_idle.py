"""A cell over a batch in which some sequences have no step at all.

The cells ask for lengths of at least 1. Where a network reads a sequence in parts, or
a level of it steps rarely, a short sequence has nothing to read: it keeps its state.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.cells import State, cell_backward, cell_forward
from rnncourse.reference.validate import Array


class IdleCache(NamedTuple):
    """What the cell remembers, and which sequences had no step."""

    layer: Any
    idle: NDArray[np.bool_]  # (B, 1)


def idle_forward(
    cell: str, xs: Array, p: Any, state: State, lengths: NDArray[np.int64]
) -> tuple[Array, State, IdleCache]:
    """Read a batch with ``cell_forward``; lengths lie in 0..T, states are given.

    ``xs`` is finite in the padding too: a sequence without a step is read as one of
    one step, whose result is then dropped.
    """
    idle = (lengths == 0)[:, None]
    hs, last, layer = cell_forward(cell, xs, p, state, np.maximum(lengths, 1))
    kept = tuple(np.where(idle, s, new) for s, new in zip(state, last, strict=True))
    return np.where(idle, state[0], hs), kept, IdleCache(layer, idle)


def idle_backward(
    cell: str, dhs: Array, cache: IdleCache, p: Any, dstate_T: State
) -> tuple[Array, State, Any]:
    """Differentiate :func:`idle_forward`."""
    layer, idle = cache
    passed = (dstate_T[0] + dhs.sum(axis=0), *dstate_T[1:])  # where nothing was read
    dstate_T = tuple(np.where(idle, 0, ds) for ds in dstate_T)
    dhs = np.where(idle, 0, dhs)
    dxs, first, dp = cell_backward(cell, dhs, layer, p, dstate_T)
    kept = tuple(np.where(idle, a, b) for a, b in zip(passed, first, strict=True))
    return dxs, kept, dp

"""Two layers over one sequence, forwards and backwards, as a torch module."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.cells import make_cell, run_cell
from rnncourse.nn.doors import open_sequences
from rnncourse.reference.cells import find_cell

State = tuple[Tensor, ...]


def open_each(name: str, given: Any, n: int, what: str) -> tuple[Any, ...]:
    """Return one entry for each of several parts; None for each where none is given.

    Examples
    --------
    >>> open_each("states", None, 2, "layer")
    (None, None)
    """
    if given is None:
        return (None,) * n
    if not isinstance(given, tuple) or len(given) != n:
        found = len(given) if isinstance(given, tuple) else type(given).__name__
        raise TypeError(
            f"{name} must be a tuple of {n}, one for each {what}, got {found}"
        )
    return given


def reverse_valid(xs: Tensor, ends: Tensor | None) -> Tensor:
    """Reverse the valid part of each sequence; padding stays at the end (14.6).

    Parameters
    ----------
    xs : (T, B, ...) tensor
    ends : (B,) tensor of lengths, or None where all are T

    Examples
    --------
    >>> xs = torch.tensor([[1, 4], [2, 5], [3, 0]])
    >>> reverse_valid(xs, torch.tensor([3, 2])).tolist()
    [[3, 5], [2, 4], [1, 0]]
    """
    if ends is None:
        return xs.flip(0)
    t = torch.arange(len(xs), device=xs.device)[:, None]
    turned = torch.where(t < ends, ends - 1 - t, t)
    return xs[turned, torch.arange(xs.shape[1], device=xs.device)]  # (14.6)


class Bidirectional(nn.Module):
    """Two directions of one cell; twin of :mod:`rnncourse.reference.bidirectional`.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    D, H : int
        Sizes of input and state.

    Attributes
    ----------
    forwards, backwards : modules of the cell

    Examples
    --------
    >>> hs, states = Bidirectional("gru", 3, 5)(torch.zeros(7, 2, 3), lengths=[7, 4])
    >>> hs.shape, len(states)
    (torch.Size([7, 2, 10]), 2)
    """

    def __init__(self, cell: str, D: int, H: int) -> None:
        super().__init__()
        self.forwards = make_cell(cell, D, H)
        self.backwards = make_cell(cell, D, H)
        self.cell = cell

    def forward(
        self,
        xs: Tensor | PackedSequence,
        states: tuple[State, State] | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor, tuple[State, State]]:
        """Read each sequence in both directions.

        Parameters
        ----------
        xs : (T, B, D) tensor, on the device and in the dtype of the weights
            Or a ``PackedSequence`` of such, which brings its lengths along.
        states : two tuples of (B, H) tensors, optional
            The backward direction starts before the last valid step.
        lengths : (B,) whole numbers in 1..T, optional
            After its length both directions repeat their last state, where torch
            writes zeros in a packed sequence.

        Returns
        -------
        hs : (T, B, 2H) tensor
        states_T : two tuples of (B, H) tensors
        """
        W_x = self.forwards.W_x
        xs, live = open_sequences(xs, lengths, len(W_x), W_x)
        ends = None if live is None else live.sum(dim=0)[:, 0]
        ahead, back = open_each("states", states, 2, "direction")
        hs_f, last_f = self._run(self.forwards, xs, ahead, ends)
        turned = reverse_valid(xs, ends)
        hs_b, last_b = self._run(self.backwards, turned, back, ends)
        hs = torch.cat([hs_f, reverse_valid(hs_b, ends)], dim=2)  # (14.7)
        return hs, (last_f, last_b)

    def _run(
        self, layer: Any, xs: Tensor, state: Any, ends: Tensor | None
    ) -> tuple[Tensor, State]:
        return run_cell(layer, xs, open_cell_state(self.cell, state), ends)


def open_cell_state(cell: str, state: Any) -> State:
    """Raise unless a state is a tuple of as many parts as the cell has.

    Examples
    --------
    >>> open_cell_state("lstm", None)
    ()
    >>> open_cell_state("lstm", (torch.zeros(2, 5),))
    Traceback (most recent call last):
        ...
    TypeError: state must be a tuple (h, c), got 1
    """
    if state is None:
        return ()
    names = find_cell(cell).states
    if not isinstance(state, tuple) or len(state) != len(names):
        want = ", ".join(names) + ("," if len(names) == 1 else "")
        found = len(state) if isinstance(state, tuple) else type(state).__name__
        raise TypeError(f"state must be a tuple ({want}), got {found}")
    return state

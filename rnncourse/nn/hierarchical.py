"""Levels with clocks of their own as a torch module, in the reference's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.bidirectional import open_cell_state, open_each
from rnncourse.nn.cells import make_cell
from rnncourse.nn.doors import open_sequences, open_state
from rnncourse.reference.cells import find_cell
from rnncourse.reference.validate import check_size


class Hierarchical(nn.Module):
    """Levels that step more and more rarely; twin of ``reference.hierarchical``.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    D : int
        Size of the input.
    sizes : sequence of int
        Size of the state of each level, the lowest first.
    periods : sequence of int
        Level l steps at inputs s_l, 2 s_l, ... of a sequence, counted from 1.

    Attributes
    ----------
    levels : ModuleList of cells

    Examples
    --------
    >>> model = Hierarchical("gru", 3, [5, 4], [1, 3])
    >>> hs, states = model(torch.zeros(7, 2, 3), lengths=[7, 4])
    >>> hs.shape, len(states)
    (torch.Size([7, 2, 9]), 2)
    """

    def __init__(
        self, cell: str, D: int, sizes: Sequence[int], periods: Sequence[int]
    ) -> None:
        super().__init__()
        check_size("the number of levels", len(sizes))
        if len(periods) != len(sizes):
            raise ValueError(
                f"periods must be {len(sizes)}, one for each level, got {len(periods)}"
            )
        for k, s in enumerate(periods):
            check_size(f"periods[{k}]", s)
        below = [D, *sizes[:-1]]
        pairs = zip(below, sizes, strict=True)
        self.levels = nn.ModuleList(make_cell(cell, n, H) for n, H in pairs)
        self.cell, self.periods = cell, tuple(periods)

    def forward(
        self,
        xs: Tensor | PackedSequence,
        states: tuple[Any, ...] | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Read a batch of sequences, all levels step by step.

        Parameters
        ----------
        xs : (T, B, D) tensor, on the device and in the dtype of the weights
            Or a ``PackedSequence`` of such, which brings its lengths along.
        states : tuple with a tuple of (B, H) tensors for each level, optional
        lengths : (B,) whole numbers in 1..T, optional
            A finished sequence keeps all states.

        Returns
        -------
        hs : (T, B, sum of the sizes) tensor
            The states of all levels side by side, the lowest first.
        states_T : tuple
        """
        weights: list[Any] = [level.W_h for level in self.levels]
        W_x: Any = self.levels[0].W_x
        xs, live = open_sequences(xs, lengths, len(W_x), W_x)
        n, B = len(find_cell(self.cell).states), xs.shape[1]
        now = []
        given = open_each("states", states, len(self.levels), "level")
        for k, (state, W_h) in enumerate(zip(given, weights, strict=True)):
            parts = open_cell_state(self.cell, state) or (None,) * n
            name = f"states[{k}]"
            now.append(tuple(open_state(name, s, B, len(W_h), W_h) for s in parts))
        hs = []
        for t in range(len(xs)):
            read = xs[t]
            for k, (level, s) in enumerate(zip(self.levels, self.periods, strict=True)):
                if (t + 1) % s == 0:  # (14.9)
                    step: Any = level.step
                    new = step(read, *now[k])
                    new = new if isinstance(new, tuple) else (new,)
                    if live is not None:
                        pairs = zip(new, now[k], strict=True)
                        new = tuple(torch.where(live[t], a, b) for a, b in pairs)
                    now[k] = new
                read = now[k][0]
            hs.append(torch.cat([state[0] for state in now], dim=1))
        return torch.stack(hs), tuple(now)

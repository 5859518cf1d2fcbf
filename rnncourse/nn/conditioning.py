"""A recurrent layer with a context vector as a torch module."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.bidirectional import open_cell_state
from rnncourse.nn.cells import make_cell, run_cell
from rnncourse.nn.dense import Dense
from rnncourse.nn.doors import check_partner, open_sequences
from rnncourse.reference.cells import find_cell
from rnncourse.reference.conditioning import PLACES
from rnncourse.reference.validate import check_choice, check_shape, check_size


class Conditioned(nn.Module):
    """A cell that is told a context; twin of :mod:`rnncourse.reference.conditioning`.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    D, C, H : int
        Sizes of input, context and state.
    place : "state", "input" or "both"

    Attributes
    ----------
    layer : module of the cell
    W_v : (C, columns of layer.W_x) parameter or None
    start : Dense or None

    Examples
    --------
    >>> model = Conditioned("lstm", 3, 4, 5)
    >>> hs, (h_T, c_T) = model(torch.zeros(7, 2, 3), torch.ones(2, 4), lengths=[7, 4])
    >>> hs.shape
    torch.Size([7, 2, 5])
    """

    W_v: nn.Parameter | None

    def __init__(
        self, cell: str, D: int, C: int, H: int, *, place: str = "both"
    ) -> None:
        super().__init__()
        check_choice("place", place, PLACES)
        check_size("C", C)
        self.layer = make_cell(cell, D, H)
        self.n_states = len(find_cell(cell).states)
        W_v, start = None, None
        if place != "state":
            k, gates = H**-0.5, self.layer.W_x.shape[1]
            W_v = nn.Parameter(torch.empty(C, gates).uniform_(-k, k))
        if place != "input":
            start = Dense(C, H * self.n_states)
        self.register_parameter("W_v", W_v)
        self.start = start
        self.cell, self.C = cell, C

    def forward(
        self,
        xs: Tensor | PackedSequence,
        v: Tensor,
        state: tuple[Tensor, ...] | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Read a batch of sequences, each with a context.

        Parameters
        ----------
        xs : (T, B, D) tensor, on the device and in the dtype of the weights
            Or a ``PackedSequence`` of such, which brings its lengths along.
        v : (B, C) tensor
        state : tuple of (B, H) tensors, optional
            Must be left out where the context makes it.
        lengths : (B,) whole numbers in 1..T, optional
            A finished sequence keeps its state.

        Returns
        -------
        hs : (T, B, H) tensor
        state_T : tuple of (B, H) tensors
        """
        W_x = self.layer.W_x
        xs, live = open_sequences(xs, lengths, len(W_x), W_x)
        T, B, _ = xs.shape
        check_partner("v", v, W_x)
        check_shape("v", v, "B C", B=B, C=self.C)
        given = open_cell_state(self.cell, state)
        if self.start is not None:
            if given:
                raise ValueError(
                    "state must be left out where the context makes the first one"
                )
            given = torch.tanh(self.start(v)).chunk(self.n_states, dim=1)  # (15.1)
        ends = None if live is None else live.sum(dim=0)[:, 0]
        if self.W_v is None:
            return run_cell(self.layer, xs, given, ends)
        # (15.2): the context stands beside each input, its weights below W_x
        read = torch.cat([xs, v.expand(T, B, self.C)], dim=2)
        joined = {"W_x": torch.cat([W_x, self.W_v])}
        options = {"lengths": ends}
        hs, last = torch.func.functional_call(
            self.layer, joined, (read, *given), options
        )
        return hs, last if isinstance(last, tuple) else (last,)

"""Depth by layers as a torch module, in the reference's names."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.bidirectional import Bidirectional, open_cell_state, open_each
from rnncourse.nn.cells import make_cell, run_cell
from rnncourse.nn.doors import open_sequences
from rnncourse.reference.validate import check_size


class Stacked(nn.Module):
    """Layers that read each other; twin of :mod:`rnncourse.reference.stacked`.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    D, H : int
        Sizes of input and state.
    n_layers : int
    bidirectional : bool
        Two directions in each layer; the one above reads 2H values a step.
    residual : bool
        Add to what each layer but the lowest says what it has read.

    Attributes
    ----------
    layers : ModuleList
        Of cells or of :class:`~rnncourse.nn.bidirectional.Bidirectional`.

    Examples
    --------
    >>> import torch
    >>> hs, states = Stacked("lstm", 3, 5, 2)(torch.zeros(7, 2, 3), lengths=[7, 4])
    >>> hs.shape, len(states)
    (torch.Size([7, 2, 5]), 2)
    """

    def __init__(
        self,
        cell: str,
        D: int,
        H: int,
        n_layers: int,
        *,
        bidirectional: bool = False,
        residual: bool = False,
    ) -> None:
        super().__init__()
        check_size("n_layers", n_layers)
        check_size("H", H)
        make = Bidirectional if bidirectional else make_cell
        sizes = [D] + [2 * H if bidirectional else H] * (n_layers - 1)
        self.layers = nn.ModuleList(make(cell, n, H) for n in sizes)
        self.cell, self.residual = cell, residual

    def forward(
        self,
        xs: Tensor | PackedSequence,
        states: tuple[Any, ...] | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Read a batch of sequences.

        Parameters
        ----------
        xs : (T, B, D) tensor, on the device and in the dtype of the weights
            Or a ``PackedSequence`` of such, which brings its lengths along.
        states : tuple with the state of each layer, optional
            For each a tuple of (B, H) tensors, or two such tuples with two directions.
        lengths : (B,) whole numbers in 1..T, optional
            In each layer a finished sequence keeps its state.

        Returns
        -------
        hs : (T, B, H) tensor, 2H with two directions
        states_T : tuple
            The last state of each layer.
        """
        first: Any = self.layers[0]
        W_x = (first.forwards if isinstance(first, Bidirectional) else first).W_x
        hs, live = open_sequences(xs, lengths, len(W_x), W_x)
        ends = None if live is None else live.sum(dim=0)[:, 0]
        given, last = open_each("states", states, len(self.layers), "layer"), []
        for k, (layer, state) in enumerate(zip(self.layers, given, strict=True)):
            below = hs
            if isinstance(layer, Bidirectional):
                hs, end = layer(below, state, ends)  # (14.1)
            else:
                state = open_cell_state(self.cell, state)
                hs, end = run_cell(layer, below, state, ends)  # (14.1)
            if self.residual and k:
                hs = hs + below  # (14.5)
            last.append(end)
        return hs, tuple(last)

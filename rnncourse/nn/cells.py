"""The cells by name as torch modules, for what is built around any of them."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from rnncourse.nn.gru import GRU
from rnncourse.nn.lstm import LSTM
from rnncourse.nn.rnn import RNN
from rnncourse.reference.validate import check_choice

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}  # the names of reference.cells


def make_cell(cell: str, D: int, H: int) -> Any:
    """Make a layer of the cell of a name.

    Examples
    --------
    >>> make_cell("lstm", 3, 5)
    LSTM()
    """
    check_choice("cell", cell, tuple(CELLS))
    return CELLS[cell](D, H)


def run_cell(
    layer: Any, xs: Tensor, state: tuple[Tensor, ...] = (), lengths: Any = None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Read a batch of sequences; states are a tuple, of one or of two.

    Examples
    --------
    >>> import torch
    >>> hs, state = run_cell(make_cell("lstm", 3, 5), torch.zeros(7, 2, 3))
    >>> len(state)
    2
    """
    hs, last = layer(xs, *state, lengths=lengths)
    return hs, last if isinstance(last, tuple) else (last,)

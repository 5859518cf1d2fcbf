"""A recurrent forecaster: read the past, add what is known of the day, answer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rnncourse.reference.validate import check_choice, check_shape, check_size

CELLS = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}


class Forecaster(nn.Module):
    """Many-to-one: a recurrent layer over the window, a head on its last state.

    Parameters
    ----------
    cell : {"RNN", "GRU", "LSTM"}
    D : int
        Features of each day in the window.
    H : int
        Units of the recurrent layer.
    known : int
        Features that are known of the target day, read by the head; may be 0.
    width : int
        Units of a hidden layer in the head; 0 for a linear head.

    Examples
    --------
    >>> model = Forecaster("GRU", 1, 8, known=2)
    >>> model(torch.zeros(4, 33, 1), torch.zeros(4, 2)).shape
    torch.Size([4])
    """

    def __init__(
        self, cell: str, D: int, H: int, *, known: int = 0, width: int = 0
    ) -> None:
        super().__init__()
        check_choice("cell", cell, tuple(CELLS))
        check_size("D", D)
        check_size("H", H)
        self.layer = CELLS[cell](D, H)
        head: list[nn.Module] = [nn.Linear(H + known, width or 1)]
        if width:
            head += [nn.ReLU(), nn.Linear(width, 1)]
        self.head = nn.Sequential(*head)

    def forward(self, xs: Tensor, known: Tensor | None = None) -> Tensor:
        """Forecast one value for each window.

        Parameters
        ----------
        xs : (B, T, D) tensor
            Windows, batch first as they are stored.
        known : (B, F) tensor, optional

        Returns
        -------
        (B,) tensor
        """
        check_shape("xs", xs, "B T D", D=self.layer.input_size)
        hs, _ = self.layer(xs.transpose(0, 1))
        state = hs[-1]  # h_T, a summary of the window
        if known is not None:
            state = torch.cat([state, known], dim=-1)
        forecast: Tensor = self.head(state)
        return forecast[:, 0]

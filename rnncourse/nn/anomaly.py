"""Two networks whose errors tell the usual from the unusual."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rnncourse.nn.forecaster import CELLS
from rnncourse.reference.validate import check_choice, check_shape, check_size


class AheadForecaster(nn.Module):
    """Forecast, from each place in a sequence, the value some steps ahead.

    Parameters
    ----------
    cell : {"RNN", "GRU", "LSTM"}
    D : int
        Features of a step.
    H : int
        Units of the recurrent layer.
    ahead : int
        Steps ahead.
    change : bool
        Forecast the change from the last value, and not the value.

    Examples
    --------
    >>> model = AheadForecaster("GRU", 1, 8, ahead=5)
    >>> model(torch.zeros(4, 20, 1)).shape
    torch.Size([4, 15, 1])
    """

    def __init__(
        self, cell: str, D: int, H: int, *, ahead: int = 1, change: bool = False
    ) -> None:
        super().__init__()
        check_choice("cell", cell, tuple(CELLS))
        for name, size in (("D", D), ("H", H), ("ahead", ahead)):
            check_size(name, size)
        self.ahead = ahead
        self.change = change
        self.layer = CELLS[cell](D, H)
        self.head = nn.Linear(H, D)

    def forward(self, xs: Tensor) -> Tensor:
        """Forecast step t + ahead for each t that has one.

        Parameters
        ----------
        xs : (B, T, D) tensor

        Returns
        -------
        (B, T - ahead, D) tensor
            Entry t belongs to ``xs[:, t + ahead]`` and has read steps 0 to t only.
        """
        check_shape("xs", xs, "B T D", D=self.layer.input_size)
        read = xs[:, : -self.ahead]
        hs, _ = self.layer(read.transpose(0, 1))
        forecast: Tensor = self.head(hs).transpose(0, 1)
        return read + forecast if self.change else forecast  # (22.1)


class SequenceAutoencoder(nn.Module):
    """Read a sequence into K numbers, and write it again from these alone.

    Parameters
    ----------
    cell : {"RNN", "GRU"}
    D : int
        Features of a step.
    H : int
        Units of the encoder and of the decoder.
    K : int
        Numbers of the code.

    Examples
    --------
    >>> model = SequenceAutoencoder("GRU", 1, 8, K=2)
    >>> model(torch.zeros(4, 20, 1)).shape
    torch.Size([4, 20, 1])
    """

    def __init__(self, cell: str, D: int, H: int, *, K: int) -> None:
        super().__init__()
        check_choice("cell", cell, ("RNN", "GRU"))
        for name, size in (("D", D), ("H", H), ("K", K)):
            check_size(name, size)
        self.encoder = CELLS[cell](D, H)
        self.code = nn.Linear(H, K)
        self.start = nn.Linear(K, H)
        self.decoder = CELLS[cell](K, H)
        self.head = nn.Linear(H, D)

    def encode(self, xs: Tensor) -> Tensor:
        """Return the codes (B, K) of sequences (B, T, D)."""
        check_shape("xs", xs, "B T D", D=self.encoder.input_size)
        hs, _ = self.encoder(xs.transpose(0, 1))
        code: Tensor = self.code(hs[-1])
        return code  # (22.14)

    def forward(self, xs: Tensor) -> Tensor:
        """Write each sequence again from its code.

        Parameters
        ----------
        xs : (B, T, D) tensor

        Returns
        -------
        (B, T, D) tensor
        """
        code = self.encode(xs)
        steps = code.expand(xs.shape[1], -1, -1).contiguous()
        hs, _ = self.decoder(steps, torch.tanh(self.start(code))[None])
        written: Tensor = self.head(hs).transpose(0, 1)
        return written  # (22.15)

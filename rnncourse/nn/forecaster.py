"""Recurrent forecasters: read the past, then answer once, at once, or in a loop."""

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


class HorizonForecaster(nn.Module):
    """Answer for all steps of the horizon at once, as changes from the last value.

    Parameters
    ----------
    cell : {"RNN", "GRU", "LSTM"}
    D : int
        Series and known features in the window. Column 0 is the one to forecast.
    H : int
        Units of the recurrent layer.
    horizon : int
        Steps ahead.

    Examples
    --------
    >>> model = HorizonForecaster("LSTM", 7, 8, horizon=24)
    >>> model(torch.zeros(4, 24, 7)).shape
    torch.Size([4, 24])
    """

    def __init__(self, cell: str, D: int, H: int, *, horizon: int) -> None:
        super().__init__()
        check_choice("cell", cell, tuple(CELLS))
        for name, size in (("D", D), ("H", H), ("horizon", horizon)):
            check_size(name, size)
        self.layer = CELLS[cell](D, H)
        self.head = nn.Linear(H, horizon)

    def forward(self, xs: Tensor) -> Tensor:
        """Forecast column 0 of each window.

        Parameters
        ----------
        xs : (B, T, D) tensor

        Returns
        -------
        (B, horizon) tensor
        """
        check_shape("xs", xs, "B T D", D=self.layer.input_size)
        hs, _ = self.layer(xs.transpose(0, 1))
        change: Tensor = self.head(hs[-1])
        return xs[:, -1, :1] + change  # (20.7)


class LoopForecaster(nn.Module):
    """Forecast all series one step ahead, and read the forecast for the next step.

    Parameters
    ----------
    cell : {"RNN", "GRU", "LSTM"}
    D : int
        Series to forecast: the first D columns of a window.
    H : int
        Units of the recurrent layer.
    known : int
        Features that are known in advance, such as the clock: the columns after.

    Examples
    --------
    >>> model = LoopForecaster("LSTM", 5, 8, known=2)
    >>> model(torch.zeros(4, 24, 7), torch.zeros(4, 6, 2)).shape
    torch.Size([4, 6, 5])
    """

    def __init__(self, cell: str, D: int, H: int, *, known: int = 0) -> None:
        super().__init__()
        check_choice("cell", cell, tuple(CELLS))
        for name, size, least in (("D", D, 1), ("H", H, 1), ("known", known, 0)):
            check_size(name, size, least=least)
        self.D = D
        self.layer = CELLS[cell](D + known, H)
        self.head = nn.Linear(H, D)

    def forward(self, xs: Tensor, known: Tensor) -> Tensor:
        """Forecast as many steps as there are known rows ahead.

        Parameters
        ----------
        xs : (B, T, D + known) tensor
        known : (B, horizon, known) tensor
            What is known of each step ahead. With one row this is the one-step model.

        Returns
        -------
        (B, horizon, D) tensor
        """
        width = self.layer.input_size
        check_shape("xs", xs, "B T D", D=width)
        check_shape("known", known, "B T F", B=len(xs), F=width - self.D)
        hs, state = self.layer(xs.transpose(0, 1))
        x = xs[:, -1, : self.D] + self.head(hs[-1])  # one step ahead
        forecasts = [x]
        for step in known.transpose(0, 1)[:-1]:
            read = torch.cat([x, step], dim=-1)  # (20.8)
            hs, state = self.layer(read[None], state)
            x = x + self.head(hs[-1])
            forecasts.append(x)
        return torch.stack(forecasts, dim=1)

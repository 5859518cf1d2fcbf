"""The LSTM layer as a torch module, and the loop over time of all its kinds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.doors import open_sequences, open_state
from rnncourse.reference.validate import check_size


class LSTMLayer(nn.Module, ABC):
    """What all kinds of LSTM share: the two matrices, the bias, and the loop.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.
    gates : int
        How many blocks of H columns the matrices have.

    Examples
    --------
    >>> issubclass(LSTM, LSTMLayer)
    True
    """

    def __init__(self, D: int, H: int, gates: int) -> None:
        super().__init__()
        check_size("D", D)
        check_size("H", H)
        k = H**-0.5
        self.W_x = nn.Parameter(torch.empty(D, gates * H).uniform_(-k, k))
        self.W_h = nn.Parameter(torch.empty(H, gates * H).uniform_(-k, k))
        self.b = nn.Parameter(torch.zeros(gates * H))

    @abstractmethod
    def step(self, x: Tensor, h_prev: Tensor, c_prev: Tensor) -> tuple[Tensor, Tensor]:
        """Read one input (B, D) in the state (B, H), (B, H); return the new h and c."""

    def forward(
        self,
        xs: Tensor | PackedSequence,
        h0: Tensor | None = None,
        c0: Tensor | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read a batch of sequences.

        Parameters
        ----------
        xs : (T, B, D) tensor, on the device and in the dtype of the weights
            Or a ``PackedSequence`` of such, which brings its lengths along.
        h0, c0 : (B, H) tensors, optional
        lengths : (B,) whole numbers in 1..T, optional
            A finished sequence keeps h and c.

        Returns
        -------
        hs : (T, B, H) tensor
        (h_T, c_T) : two (B, H) tensors
        """
        D, H = len(self.W_x), len(self.W_h)
        xs, live = open_sequences(xs, lengths, D, self.W_x)
        h = open_state("h0", h0, xs.shape[1], H, self.W_x)
        c = open_state("c0", c0, xs.shape[1], H, self.W_x)
        hs = []
        for t in range(len(xs)):
            h_new, c_new = self.step(xs[t], h, c)
            if live is None:
                h, c = h_new, c_new
            else:
                h = torch.where(live[t], h_new, h)  # (10.19)
                c = torch.where(live[t], c_new, c)
            hs.append(h)
        return torch.stack(hs), (h, c)


class LSTM(LSTMLayer):
    """The LSTM; twin of :mod:`rnncourse.reference.lstm`.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.

    Attributes
    ----------
    W_x, W_h, b : (D, 4H), (H, 4H), (4H,) parameters
        Gate order i, f, g, o; the bias of f starts at 1. One bias, where
        ``torch.nn.LSTM`` has two that are only ever added.

    Examples
    --------
    >>> hs, (h_T, c_T) = LSTM(3, 5)(torch.zeros(7, 2, 3), lengths=[7, 4])
    >>> hs.shape, c_T.shape
    (torch.Size([7, 2, 5]), torch.Size([2, 5]))
    """

    def __init__(self, D: int, H: int) -> None:
        super().__init__(D, H, 4)
        nn.init.ones_(self.b[H : 2 * H].detach())

    def step(self, x: Tensor, h_prev: Tensor, c_prev: Tensor) -> tuple[Tensor, Tensor]:
        """Read one input (B, D) in the state (B, H), (B, H); return the new h and c."""
        a = x @ self.W_x + h_prev @ self.W_h + self.b  # (10.1)
        a_i, a_f, a_g, a_o = a.chunk(4, dim=1)
        i = torch.sigmoid(a_i)  # (10.2) write
        f = torch.sigmoid(a_f)  # (10.3) keep
        g = torch.tanh(a_g)  # (10.4) candidate
        o = torch.sigmoid(a_o)  # (10.5) read
        c = f * c_prev + i * g  # (10.6)
        return o * torch.tanh(c), c  # (10.7)

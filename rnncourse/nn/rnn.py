"""The simple recurrent layer as a torch module, in the reference's names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.doors import open_sequences, open_state
from rnncourse.reference.rnn import NONLINEARITIES
from rnncourse.reference.validate import check_choice, check_size


class RNN(nn.Module):
    """The simple recurrent layer; twin of :mod:`rnncourse.reference.rnn`.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.
    nonlinearity : "tanh" or "relu"

    Attributes
    ----------
    W_x : (D, H) parameter
    W_h : (H, H) parameter
    b : (H,) parameter
        One bias, where ``torch.nn.RNN`` has two that are only ever added.

    Examples
    --------
    >>> hs, h_T = RNN(3, 5)(torch.zeros(7, 2, 3), lengths=[7, 4])
    >>> hs.shape, h_T.shape
    (torch.Size([7, 2, 5]), torch.Size([2, 5]))
    """

    def __init__(self, D: int, H: int, *, nonlinearity: str = "tanh") -> None:
        super().__init__()
        check_size("D", D)
        check_size("H", H)
        check_choice("nonlinearity", nonlinearity, NONLINEARITIES)
        self.nonlinearity = nonlinearity
        k = H**-0.5
        self.W_x = nn.Parameter(torch.empty(D, H).uniform_(-k, k))
        self.W_h = nn.Parameter(torch.empty(H, H).uniform_(-k, k))
        self.b = nn.Parameter(torch.zeros(H))

    def step(self, x: Tensor, h_prev: Tensor) -> Tensor:
        """Read one input (B, D) in the state (B, H); return the new state."""
        a = x @ self.W_x + h_prev @ self.W_h + self.b  # (7.3)
        return torch.tanh(a) if self.nonlinearity == "tanh" else a.relu()  # (7.4)

    def forward(
        self,
        xs: Tensor | PackedSequence,
        h0: Tensor | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor, Tensor]:
        """Read a batch of sequences.

        Parameters
        ----------
        xs : (T, B, D) tensor, on the device and in the dtype of the weights
            Or a ``PackedSequence`` of such, which brings its lengths along.
        h0 : (B, H) tensor, optional
        lengths : (B,) whole numbers in 1..T, optional
            A finished sequence keeps its state.

        Returns
        -------
        hs : (T, B, H) tensor
        h_T : (B, H) tensor
        """
        D, H = self.W_x.shape
        xs, live = open_sequences(xs, lengths, D, self.W_x)
        h, hs = open_state("h0", h0, xs.shape[1], H, self.W_x), []
        for t in range(len(xs)):
            h_new = self.step(xs[t], h)
            h = h_new if live is None else torch.where(live[t], h_new, h)  # (7.9)
            hs.append(h)
        return torch.stack(hs), h

"""Recurrent layers as torch modules, written with the reference's names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rnncourse.reference.validate import check_lengths, check_shape, check_size


class RNN(nn.Module):
    """The simple recurrent layer; twin of :mod:`rnncourse.reference.rnn`.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.

    Attributes
    ----------
    W_x : (D, H) parameter
    W_h : (H, H) parameter
    b : (H,) parameter
        One bias, where ``torch.nn.RNN`` has two that are only ever added.
    """

    def __init__(self, D: int, H: int) -> None:
        super().__init__()
        check_size("D", D)
        check_size("H", H)
        k = H**-0.5
        self.W_x = nn.Parameter(torch.empty(D, H).uniform_(-k, k))
        self.W_h = nn.Parameter(torch.empty(H, H).uniform_(-k, k))
        self.b = nn.Parameter(torch.zeros(H))

    def step(self, x: Tensor, h_prev: Tensor) -> Tensor:
        """Read one input (B, D) in the state (B, H); return the new state."""
        a = x @ self.W_x + h_prev @ self.W_h + self.b  # (7.3)
        return torch.tanh(a)  # (7.4)

    def forward(
        self, xs: Tensor, h0: Tensor | None = None, lengths: Any = None
    ) -> tuple[Tensor, Tensor]:
        """Read a batch of sequences.

        Parameters
        ----------
        xs : (T, B, D) tensor, on the device and in the dtype of the weights
        h0 : (B, H) tensor, optional
        lengths : (B,) whole numbers in 1..T, optional
            A finished sequence keeps its state.

        Returns
        -------
        hs : (T, B, H) tensor
        h_T : (B, H) tensor
        """
        D, H = self.W_x.shape
        self._check_partner("xs", xs)
        check_shape("xs", xs, "T B D", D=D)
        T, B, _ = xs.shape
        if T == 0:
            raise ValueError("xs must have at least one time step, got T=0")
        if h0 is None:
            h0 = xs.new_zeros(B, H)
        self._check_partner("h0", h0)
        check_shape("h0", h0, "B H", B=B, H=H)
        h, hs = h0, []
        live = None
        if lengths is not None:
            if isinstance(lengths, Tensor):
                lengths = lengths.detach().cpu().numpy()
            checked = check_lengths(lengths, T, B)
            ends = torch.as_tensor(checked, device=xs.device)
            steps = torch.arange(T, device=xs.device)
            live = (steps[:, None] < ends)[:, :, None]  # (T, B, 1)
            xs = torch.where(live, xs, 0)  # padding may be NaN, and 0 · NaN is NaN
        for t in range(T):
            h_new = self.step(xs[t], h)
            h = h_new if live is None else torch.where(live[t], h_new, h)  # (7.9)
            hs.append(h)
        return torch.stack(hs), h

    def _check_partner(self, name: str, a: Any) -> None:
        if not isinstance(a, Tensor):
            raise TypeError(f"{name} must be a tensor, got {type(a).__name__}")
        if a.dtype != self.W_x.dtype:
            raise TypeError(
                f"{name} must be {self.W_x.dtype} like the weights, got {a.dtype}"
            )
        if a.device != self.W_x.device:
            raise ValueError(
                f"{name} must be on {self.W_x.device} like the weights, got {a.device}"
            )

"""The GRU layer as a torch module, in the reference's names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.doors import open_sequences, open_state
from rnncourse.reference.gru import check_kind
from rnncourse.reference.validate import check_size


class GRU(nn.Module):
    """The GRU layer; twin of :mod:`rnncourse.reference.gru`.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.
    reset : "after" or "before"
        Whether the reset gate acts on the product with W_hn, as in ``torch.nn.GRU``,
        or on the state.
    z_keeps : bool
        Whether z is the share of the old state or that of the candidate.

    Attributes
    ----------
    W_x, W_h, b : (D, 3H), (H, 3H), (3H,) parameters
        Gate order r, z, n.
    b_hn : (H,) parameter
        The bias inside the product with the reset gate. With ``reset="before"``
        there is none: it stays zero and is not trained.

    Examples
    --------
    >>> hs, h_T = GRU(3, 5, reset="before")(torch.zeros(7, 2, 3), lengths=[7, 4])
    >>> hs.shape, h_T.shape
    (torch.Size([7, 2, 5]), torch.Size([2, 5]))
    """

    def __init__(
        self, D: int, H: int, *, reset: str = "after", z_keeps: bool = True
    ) -> None:
        super().__init__()
        check_size("D", D)
        check_size("H", H)
        check_kind(reset, z_keeps)
        self.reset, self.z_keeps = reset, z_keeps
        k = H**-0.5
        self.W_x = nn.Parameter(torch.empty(D, 3 * H).uniform_(-k, k))
        self.W_h = nn.Parameter(torch.empty(H, 3 * H).uniform_(-k, k))
        self.b = nn.Parameter(torch.zeros(3 * H))
        self.b_hn = nn.Parameter(torch.zeros(H), requires_grad=reset == "after")

    def extra_repr(self) -> str:
        """Name sizes and kind where the module is printed."""
        D, H = self.W_x.shape[0], self.W_h.shape[0]
        return f"{D}, {H}, reset={self.reset!r}, z_keeps={self.z_keeps}"

    def step(self, x: Tensor, h_prev: Tensor) -> Tensor:
        """Read one input (B, D) in the state (B, H); return the new state."""
        W_hr, W_hz, W_hn = self.W_h.chunk(3, dim=1)
        x_r, x_z, x_n = (x @ self.W_x + self.b).chunk(3, dim=1)
        r = torch.sigmoid(x_r + h_prev @ W_hr)  # (12.1)
        z = torch.sigmoid(x_z + h_prev @ W_hz)  # (12.2)
        if self.reset == "after":
            n = torch.tanh(x_n + r * (h_prev @ W_hn + self.b_hn))  # (12.3)
        else:
            n = torch.tanh(x_n + (r * h_prev) @ W_hn)  # (12.4)
        if self.z_keeps:
            return (1 - z) * n + z * h_prev  # (12.5)
        return z * n + (1 - z) * h_prev  # (12.6)

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
        D, H = len(self.W_x), len(self.W_h)
        xs, live = open_sequences(xs, lengths, D, self.W_x)
        h, hs = open_state("h0", h0, xs.shape[1], H, self.W_x), []
        for t in range(len(xs)):
            h_new = self.step(xs[t], h)
            h = h_new if live is None else torch.where(live[t], h_new, h)  # (7.9)
            hs.append(h)
        return torch.stack(hs), h

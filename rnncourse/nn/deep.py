"""Depth before, in and after the recurrence as torch modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.dense import Dense
from rnncourse.nn.doors import open_sequences, open_state
from rnncourse.reference.validate import check_size


class Transition(nn.Module):
    """A simple recurrent layer with further layers in its transition.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.
    N : int
        Number of further layers.

    Attributes
    ----------
    W_x, W_h, b : (D, H), (H, H), (H,) parameters
    W_s, b_s : (N, H, H), (N, H) parameters

    Examples
    --------
    >>> Transition(3, 5, 2)(torch.zeros(7, 2, 3))[0].shape
    torch.Size([7, 2, 5])
    """

    def __init__(self, D: int, H: int, N: int = 0) -> None:
        super().__init__()
        check_size("D", D)
        check_size("H", H)
        check_size("N", N, least=0)
        k = H**-0.5
        self.W_x = nn.Parameter(torch.empty(D, H).uniform_(-k, k))
        self.W_h = nn.Parameter(torch.empty(H, H).uniform_(-k, k))
        self.b = nn.Parameter(torch.zeros(H))
        self.W_s = nn.Parameter(torch.empty(N, H, H).uniform_(-k, k))
        self.b_s = nn.Parameter(torch.zeros(N, H))

    def step(self, x: Tensor, h_prev: Tensor) -> Tensor:
        """Read one input (B, D) in the state (B, H); return the new state."""
        s = torch.tanh(x @ self.W_x + h_prev @ self.W_h + self.b)  # (7.3), (7.4)
        for W, b in zip(self.W_s, self.b_s, strict=True):
            s = torch.tanh(s @ W + b)  # (14.3)
        return s

    def forward(
        self,
        xs: Tensor | PackedSequence,
        h0: Tensor | None = None,
        lengths: Any = None,
    ) -> tuple[Tensor, Tensor]:
        """Read a batch of sequences (T, B, D); return all states and the last."""
        D, H = self.W_x.shape
        xs, live = open_sequences(xs, lengths, D, self.W_x)
        h, hs = open_state("h0", h0, xs.shape[1], H, self.W_x), []
        for t in range(len(xs)):
            h_new = self.step(xs[t], h)
            h = h_new if live is None else torch.where(live[t], h_new, h)  # (7.9)
            hs.append(h)
        return torch.stack(hs), h


class DeepRNN(nn.Module):
    """Depth at three places; twin of :mod:`rnncourse.reference.deep`.

    Parameters
    ----------
    sizes_before : sequence of int
        The input's size D, then that of each layer before the recurrent one.
    H : int
        Size of the state.
    sizes_after : sequence of int
        That of each layer after it, the output's last.
    n_transition : int
        Further layers in the transition.

    Attributes
    ----------
    before, after : ModuleLists of Dense
    layer : Transition

    Examples
    --------
    >>> ys, h_T = DeepRNN([3, 4], 5, [6, 2], n_transition=1)(torch.zeros(7, 2, 3))
    >>> ys.shape, h_T.shape
    (torch.Size([7, 2, 2]), torch.Size([2, 5]))
    """

    def __init__(
        self,
        sizes_before: Sequence[int],
        H: int,
        sizes_after: Sequence[int] = (),
        *,
        n_transition: int = 0,
    ) -> None:
        super().__init__()
        if not len(sizes_before):
            raise ValueError(
                "sizes_before must hold at least the input's size, got none"
            )
        self.D = sizes_before[0]
        self.before = _chain(sizes_before)
        self.layer = Transition(sizes_before[-1], H, n_transition)
        self.after = _chain([H, *sizes_after])

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
            A finished sequence keeps its state and repeats its last output.

        Returns
        -------
        ys : (T, B, K) tensor
            The states (T, B, H) where there is no layer after.
        h_T : (B, H) tensor
        """
        us, live = open_sequences(xs, lengths, self.D, self.layer.W_x)
        for dense in self.before:
            us = torch.tanh(dense(us))  # (14.2)
        ends = None if live is None else live.sum(dim=0)[:, 0]
        ys, h_T = self.layer(us, h0, ends)
        for k, dense in enumerate(self.after):
            ys = dense(torch.tanh(ys) if k else ys)  # (14.4); the last one is linear
        return ys, h_T


def _chain(sizes: Sequence[int]) -> nn.ModuleList:
    pairs = zip(sizes[:-1], sizes[1:], strict=True)
    return nn.ModuleList(Dense(n, m) for n, m in pairs)

"""Layers whose loop closes elsewhere, as torch modules in the reference's names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.doors import check_partner, open_sequences, open_state
from rnncourse.reference.validate import check_shape, check_size


def _draw(fan: int, *shape: int) -> nn.Parameter:
    return nn.Parameter(torch.empty(*shape).uniform_(-(fan**-0.5), fan**-0.5))


class LeakyRNN(nn.Module):
    """Leaky units; twin of :mod:`rnncourse.reference.leaky`.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.
    alpha : float or (H,) values, in (0, 1]
        The rate, or the first one where it is learnt.
    learn : bool
        Whether to learn it, as α = σ(w), which keeps it in (0, 1).

    Attributes
    ----------
    W_x, W_h, b : (D, H), (H, H), (H,) parameters
    alpha : () or (H,) buffer
        The rate; None where it is learnt.
    alpha_logit : () or (H,) parameter
        None where the rate is fixed. See :meth:`rate`.

    Examples
    --------
    >>> hs, h_T = LeakyRNN(3, 5, 0.25)(torch.zeros(7, 2, 3), lengths=[7, 4])
    >>> hs.shape
    torch.Size([7, 2, 5])
    """

    alpha: Tensor
    alpha_logit: nn.Parameter | None

    def __init__(
        self, D: int, H: int, alpha: Any = 0.1, *, learn: bool = False
    ) -> None:
        super().__init__()
        check_size("D", D)
        check_size("H", H)
        self.W_x, self.W_h = _draw(H, D, H), _draw(H, H, H)
        self.b = nn.Parameter(torch.zeros(H))
        rate = torch.as_tensor(alpha, dtype=self.b.dtype)
        if rate.ndim:
            check_shape("alpha", rate, "H", H=H)
        outside = ~((rate > 0) & (rate < 1 if learn else rate <= 1))
        if outside.any():
            bound = "(0, 1) to be learnt" if learn else "(0, 1]"
            found = float(torch.as_tensor(alpha).flatten()[outside.flatten()][0])
            raise ValueError(f"alpha must lie in {bound}, got {found}")
        self.register_buffer("alpha", None if learn else rate.clone())
        logit = nn.Parameter(torch.logit(rate)) if learn else None
        self.register_parameter("alpha_logit", logit)

    def rate(self) -> Tensor:
        """Return α, () or (H,)."""
        if self.alpha_logit is not None:
            return torch.sigmoid(self.alpha_logit)
        return self.alpha

    def step(self, x: Tensor, h_prev: Tensor) -> Tensor:
        """Read one input (B, D) in the state (B, H); return the new state."""
        alpha = self.rate()
        n = torch.tanh(x @ self.W_x + h_prev @ self.W_h + self.b)  # (7.3), (7.4)
        return (1 - alpha) * h_prev + alpha * n  # (9.6)

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


class _Delayed(nn.Module, ABC):
    """What reads states up to d steps back: the last d of them are its state."""

    def __init__(self, D: int, H: int, d: int) -> None:
        super().__init__()
        check_size("D", D)
        check_size("H", H)
        check_size("d", d)
        self.d = d
        self.W_x, self.W_h = _draw(H, D, H), _draw(H, H, H)
        self.b = nn.Parameter(torch.zeros(H))

    @abstractmethod
    def _next(self, x: Tensor, past: Tensor) -> Tensor:
        """Read one input after the states (d, B, H); return the new state."""

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
        h0 : (d, B, H) tensor, optional
            The d states before the first step, oldest first.
        lengths : (B,) whole numbers in 1..T, optional
            A finished sequence keeps its states.

        Returns
        -------
        hs : (T, B, H) tensor
        h_T : (d, B, H) tensor
            The last d states, oldest first.
        """
        D, H = self.W_x.shape
        xs, live = open_sequences(xs, lengths, D, self.W_x)
        B = xs.shape[1]
        past = self.W_x.new_zeros(self.d, B, H)
        if h0 is not None:
            check_partner("h0", h0, self.W_x)
            check_shape("h0", h0, "d B H", d=self.d, B=B, H=H)
            past = h0
        hs = []
        for t in range(len(xs)):
            h = self._next(xs[t], past)
            moved = torch.cat([past[1:], h[None]])
            past = moved if live is None else torch.where(live[t], moved, past)  # (7.9)
            hs.append(past[-1])
        return torch.stack(hs), past


class SkipRNN(_Delayed):
    """Skip connections through time; twin of :mod:`rnncourse.reference.skip`.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.
    d : int
        How far the skip connections reach back.

    Attributes
    ----------
    W_x, W_h, W_s, b : (D, H), (H, H), (H, H), (H,) parameters

    Examples
    --------
    >>> hs, h_T = SkipRNN(3, 5, d=4)(torch.zeros(7, 2, 3))
    >>> hs.shape, h_T.shape
    (torch.Size([7, 2, 5]), torch.Size([4, 2, 5]))
    """

    def __init__(self, D: int, H: int, d: int) -> None:
        super().__init__(D, H, d)
        self.W_s = _draw(H, H, H)

    def step(self, x: Tensor, h_prev: Tensor, h_skip: Tensor) -> Tensor:
        """Read one input (B, D) and two states (B, H); return the new state."""
        a = x @ self.W_x + h_prev @ self.W_h + h_skip @ self.W_s + self.b  # (9.8)
        return torch.tanh(a)  # (7.4)

    def _next(self, x: Tensor, past: Tensor) -> Tensor:
        return self.step(x, past[-1], past[0])


class RemovedRNN(_Delayed):
    """Removed length-one connections; twin of the reference's ``removed_forward``.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.
    d : int
        How far the connections reach back.

    Attributes
    ----------
    W_x, W_h, b : (D, H), (H, H), (H,) parameters

    Examples
    --------
    >>> hs, h_T = RemovedRNN(3, 5, d=4)(torch.zeros(7, 2, 3))
    >>> hs.shape, h_T.shape
    (torch.Size([7, 2, 5]), torch.Size([4, 2, 5]))
    """

    def step(self, x: Tensor, h_skip: Tensor) -> Tensor:
        """Read one input (B, D) and the state (B, H) d steps ago; return the new."""
        return torch.tanh(x @ self.W_x + h_skip @ self.W_h + self.b)  # (9.9), (7.4)

    def _next(self, x: Tensor, past: Tensor) -> Tensor:
        return self.step(x, past[0])


class OutputRNN(nn.Module):
    """The output-to-hidden network; twin of :mod:`rnncourse.reference.variants`.

    Parameters
    ----------
    D, H, K : int
        Sizes of input, hidden layer and output.

    Attributes
    ----------
    W_x, W_o, b, W_y, b_y : (D, H), (K, H), (H,), (H, K), (K,) parameters

    Examples
    --------
    >>> OutputRNN(3, 5, 2)(torch.zeros(7, 1, 3)).shape
    torch.Size([7, 1, 2])
    """

    def __init__(self, D: int, H: int, K: int) -> None:
        super().__init__()
        for name, size in (("D", D), ("H", H), ("K", K)):
            check_size(name, size)
        self.W_x, self.W_o = _draw(H, D, H), _draw(H, K, H)
        self.b = nn.Parameter(torch.zeros(H))
        self.W_y = _draw(H, H, K)
        self.b_y = nn.Parameter(torch.zeros(K))

    def step(self, x: Tensor, y_prev: Tensor) -> Tensor:
        """Read one input (B, D) and the output (B, K) before it; return the new."""
        h = torch.tanh(x @ self.W_x + y_prev @ self.W_o + self.b)  # (8.18)
        return h @ self.W_y + self.b_y  # (7.5)

    def forward(
        self,
        xs: Tensor | PackedSequence,
        ys_true: Tensor | None = None,
        lengths: Any = None,
    ) -> Tensor:
        """Read a batch of sequences.

        Parameters
        ----------
        xs : (T, B, D) tensor, on the device and in the dtype of the weights
            Or a ``PackedSequence`` of such, which brings its lengths along.
        ys_true : (T, B, K) tensor, optional
            With it, step t reads ``ys_true[t-1]`` (teacher forcing); without it, its
            own output. The first step reads zeros either way.
        lengths : (B,) whole numbers in 1..T, optional
            A finished sequence keeps its output.

        Returns
        -------
        (T, B, K) tensor
        """
        xs, live = open_sequences(xs, lengths, len(self.W_x), self.W_x)
        T, B, K = *xs.shape[:2], len(self.b_y)
        if ys_true is not None:
            check_partner("ys_true", ys_true, self.W_x)
            check_shape("ys_true", ys_true, "T B K", T=T, B=B, K=K)
            if live is not None:
                ys_true = torch.where(live, ys_true, 0)
        y = y_prev = self.W_x.new_zeros(B, K)
        ys = []
        for t in range(T):
            y_new = self.step(xs[t], y_prev)
            y = y_new if live is None else torch.where(live[t], y_new, y)  # (7.9)
            y_prev = y if ys_true is None else ys_true[t]
            ys.append(y)
        return torch.stack(ys)

"""The linear recurrence in torch, loop and parallel scan, and two layers made of it.

Twins of :mod:`rnncourse.reference.scan`, :mod:`rnncourse.reference.min_gru` and
:mod:`rnncourse.reference.min_lstm`. The scan differentiates itself by a scan in the
other direction and remembers only what that needs; the loop leaves it to autograd.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.doors import check_partner, open_sequences, open_state
from rnncourse.reference.validate import check_size


def linear_loop(a: Tensor, b: Tensor, h0: Tensor | None = None) -> Tensor:
    """Follow h_t = a_t h_{t-1} + b_t, one step after the other.

    Parameters
    ----------
    a, b : (T, ...) tensors
        Of one shape, dtype and device.
    h0 : (...) tensor, optional
        What stands before the first step; zeros if left out.

    Returns
    -------
    (T, ...) tensor

    Raises
    ------
    TypeError, ValueError
        If something does not fit; the message names it.

    Examples
    --------
    >>> linear_loop(torch.full((4,), 0.5), torch.ones(4))
    tensor([1.0000, 1.5000, 1.7500, 1.8750])
    """
    h, hs = _open(a, b, h0), []
    for t in range(len(a)):
        h = a[t] * h + b[t]
        hs.append(h)
    return torch.stack(hs)


def linear_scan(a: Tensor, b: Tensor, h0: Tensor | None = None) -> Tensor:
    """Compute the same as :func:`linear_loop` in 2 log2(T) vectorised passes.

    Parameters
    ----------
    a, b, h0
        As in :func:`linear_loop`.

    Returns
    -------
    (T, ...) tensor

    Raises
    ------
    TypeError, ValueError
        As in :func:`linear_loop`.

    Examples
    --------
    >>> linear_scan(torch.full((4,), 0.5), torch.ones(4), torch.tensor(2.0))
    tensor([2., 2., 2., 2.])
    """
    hs: Tensor = _Scan.apply(a, b, _open(a, b, h0))  # type: ignore[no-untyped-call]
    return hs


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, h0: Tensor) -> Tensor:
        start = (a[0] * h0 + b[0])[None]  # then all starts from zero
        hs = _blelloch(a, torch.cat([start, b[1:]]))
        ctx.save_for_backward(a, hs, h0)
        return hs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dhs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, hs, h0 = ctx.saved_tensors
        later = torch.cat([a[1:], torch.zeros_like(a[:1])])  # a_{t+1}
        db = _blelloch(later.flip(0), dhs.flip(0)).flip(0)  # (23.6)
        h_prev = torch.cat([h0[None], hs[:-1]])
        return db * h_prev, db, a[0] * db[0]  # (23.6)


def _blelloch(a: Tensor, b: Tensor) -> Tensor:
    T = len(a)
    if T == 1:
        return b
    first, second = slice(0, T - 1, 2), slice(1, T, 2)  # a last one may be left over
    pair_a = a[second] * a[first]  # (23.5)
    pair_b = a[second] * b[first] + b[second]  # (23.5)
    hs = torch.empty_like(b)
    hs[1::2] = _blelloch(pair_a, pair_b)  # where a pair ends, it has seen all before
    hs[0] = b[0]
    hs[2::2] = a[2::2] * hs[1 : T - 1 : 2] + b[2::2]
    return hs


def _open(a: Any, b: Any, h0: Any) -> Tensor:
    """Check a recurrence; return what stands before its first step."""
    check_partner("a", a, a if isinstance(a, Tensor) else torch.zeros(()))
    if a.ndim == 0 or len(a) == 0:
        shape = tuple(a.shape)
        raise ValueError(f"a must have at least one time step, got shape {shape}")
    if h0 is None:
        h0 = a.new_zeros(a.shape[1:])
    for name, value, shape in (("b", b, a.shape), ("h0", h0, a.shape[1:])):
        check_partner(name, value, a)
        if value.shape != shape:
            raise ValueError(
                f"{name} must have shape {tuple(shape)}, got {tuple(value.shape)}"
            )
    start: Tensor = h0
    return start


class _MinLayer(nn.Module, ABC):
    """A layer whose step is linear in the state: h = kept * h_prev + added."""

    W_n: nn.Parameter
    b_n: nn.Parameter

    def __init__(self, D: int, H: int, parts: str) -> None:
        super().__init__()
        check_size("D", D)
        check_size("H", H)
        k = D**-0.5
        for part in parts:
            W = nn.Parameter(torch.empty(D, H).uniform_(-k, k))
            self.register_parameter(f"W_{part}", W)
            self.register_parameter(f"b_{part}", nn.Parameter(torch.zeros(H)))

    @abstractmethod
    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is kept and what is added, of one step or of all."""

    def step(self, x: Tensor, h_prev: Tensor) -> Tensor:
        """Read one input (B, D) in the state (B, H); return the new state."""
        kept, added = self._parts(x)
        return kept * h_prev + added  # (23.3), (23.4)

    def forward(
        self,
        xs: Tensor | PackedSequence,
        h0: Tensor | None = None,
        lengths: Any = None,
        *,
        parallel: bool = True,
    ) -> tuple[Tensor, Tensor]:
        """Read a batch of sequences.

        Parameters
        ----------
        xs : (T, B, D) tensor, on the device and in the dtype of the weights
            Or a ``PackedSequence`` of such, which brings its lengths along.
        h0 : (B, H) tensor, optional
        lengths : (B,) whole numbers in 1..T, optional
            A finished sequence keeps its state; in the scan up to rounding.
        parallel : bool
            Scan, or loop.

        Returns
        -------
        hs : (T, B, H) tensor
        h_T : (B, H) tensor
        """
        D, H = self.W_n.shape
        xs, live = open_sequences(xs, lengths, D, self.W_n)
        h = open_state("h0", h0, xs.shape[1], H, self.W_n)
        kept, added = self._parts(xs)
        if live is not None:
            kept, added = torch.where(live, kept, 1), torch.where(live, added, 0)
        follow = linear_scan if parallel else linear_loop
        hs = follow(kept, added, h)
        return hs, hs[-1]


class MinGRU(_MinLayer):
    """The minimal GRU; twin of :mod:`rnncourse.reference.min_gru`.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.

    Attributes
    ----------
    W_z, b_z, W_n, b_n : (D, H), (H,), (D, H), (H,) parameters

    Examples
    --------
    >>> hs, h_T = MinGRU(3, 5)(torch.zeros(7, 2, 3), lengths=[7, 4])
    >>> hs.shape
    torch.Size([7, 2, 5])
    """

    W_z: nn.Parameter
    b_z: nn.Parameter

    def __init__(self, D: int, H: int) -> None:
        super().__init__(D, H, "zn")

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = torch.sigmoid(x @ self.W_z + self.b_z)  # (23.1)
        return 1 - z, z * (x @ self.W_n + self.b_n)  # (23.2) in (23.3)


class MinLSTM(_MinLayer):
    """The minimal LSTM; twin of :mod:`rnncourse.reference.min_lstm`.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.

    Attributes
    ----------
    W_f, b_f, W_i, b_i, W_n, b_n : (D, H) and (H,) parameters

    Examples
    --------
    >>> hs, h_T = MinLSTM(3, 5)(torch.zeros(7, 2, 3), lengths=[7, 4])
    >>> hs.shape
    torch.Size([7, 2, 5])
    """

    W_f: nn.Parameter
    b_f: nn.Parameter
    W_i: nn.Parameter
    b_i: nn.Parameter

    def __init__(self, D: int, H: int) -> None:
        super().__init__(D, H, "fin")

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        log_f = functional.logsigmoid(x @ self.W_f + self.b_f)
        log_i = functional.logsigmoid(x @ self.W_i + self.b_i)
        f_share = torch.sigmoid(log_f - log_i)  # (23.4): f / (f + i)
        i_share = torch.sigmoid(log_i - log_f)  # (23.4): i / (f + i)
        return f_share, i_share * (x @ self.W_n + self.b_n)  # (23.2) in (23.4)

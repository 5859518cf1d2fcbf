"""Kinds of LSTM as torch modules; twins of the reference's, in its names.

A module has the parameters and one step; the loop over time is that of
:mod:`rnncourse.nn.lstm`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from rnncourse.nn.lstm import LSTMLayer


class PeepholeLSTM(LSTMLayer):
    """The LSTM with peepholes; twin of :mod:`rnncourse.reference.peephole`.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.

    Attributes
    ----------
    W_x, W_h, b : (D, 4H), (H, 4H), (4H,) parameters
        Gate order i, f, g, o; the bias of f starts at 1.
    p_i, p_f, p_o : (H,) parameters
        The peepholes.

    Examples
    --------
    >>> hs, (h_T, c_T) = PeepholeLSTM(3, 5)(torch.zeros(7, 2, 3), lengths=[7, 4])
    >>> hs.shape, c_T.shape
    (torch.Size([7, 2, 5]), torch.Size([2, 5]))
    """

    def __init__(self, D: int, H: int) -> None:
        super().__init__(D, H, 4)
        nn.init.ones_(self.b[H : 2 * H].detach())
        k = H**-0.5
        self.p_i = nn.Parameter(torch.empty(H).uniform_(-k, k))
        self.p_f = nn.Parameter(torch.empty(H).uniform_(-k, k))
        self.p_o = nn.Parameter(torch.empty(H).uniform_(-k, k))

    def step(self, x: Tensor, h_prev: Tensor, c_prev: Tensor) -> tuple[Tensor, Tensor]:
        """Read one input (B, D) in the state (B, H), (B, H); return the new h and c."""
        a = x @ self.W_x + h_prev @ self.W_h + self.b  # (10.1)
        a_i, a_f, a_g, a_o = a.chunk(4, dim=1)
        i = torch.sigmoid(a_i + c_prev * self.p_i)  # (11.1)
        f = torch.sigmoid(a_f + c_prev * self.p_f)  # (11.2)
        c = f * c_prev + i * torch.tanh(a_g)  # (10.6)
        o = torch.sigmoid(a_o + c * self.p_o)  # (11.3)
        return o * torch.tanh(c), c  # (10.7)


class CoupledLSTM(LSTMLayer):
    """The LSTM with i = 1 − f; twin of :mod:`rnncourse.reference.lstm_variants`.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.

    Attributes
    ----------
    W_x, W_h, b : (D, 3H), (H, 3H), (3H,) parameters
        Gate order f, g, o; the bias of f starts at 1.

    Examples
    --------
    >>> hs, _ = CoupledLSTM(3, 5)(torch.zeros(7, 2, 3))
    >>> hs.shape
    torch.Size([7, 2, 5])
    """

    def __init__(self, D: int, H: int) -> None:
        super().__init__(D, H, 3)
        nn.init.ones_(self.b[:H].detach())

    def step(self, x: Tensor, h_prev: Tensor, c_prev: Tensor) -> tuple[Tensor, Tensor]:
        """Read one input (B, D) in the state (B, H), (B, H); return the new h and c."""
        a = x @ self.W_x + h_prev @ self.W_h + self.b  # (10.1)
        a_f, a_g, a_o = a.chunk(3, dim=1)
        f = torch.sigmoid(a_f)  # (10.3)
        c = f * c_prev + (1 - f) * torch.tanh(a_g)  # (11.4) in (11.5)
        return torch.sigmoid(a_o) * torch.tanh(c), c  # (10.7)


class NoForgetLSTM(LSTMLayer):
    """The LSTM of 1997, which only adds; twin of the reference's ``no_forget``.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.

    Attributes
    ----------
    W_x, W_h, b : (D, 3H), (H, 3H), (3H,) parameters
        Gate order i, g, o.

    Examples
    --------
    >>> hs, _ = NoForgetLSTM(3, 5)(torch.zeros(7, 2, 3))
    >>> hs.shape
    torch.Size([7, 2, 5])
    """

    def __init__(self, D: int, H: int) -> None:
        super().__init__(D, H, 3)

    def step(self, x: Tensor, h_prev: Tensor, c_prev: Tensor) -> tuple[Tensor, Tensor]:
        """Read one input (B, D) in the state (B, H), (B, H); return the new h and c."""
        a = x @ self.W_x + h_prev @ self.W_h + self.b  # (10.1)
        a_i, a_g, a_o = a.chunk(3, dim=1)
        c = c_prev + torch.sigmoid(a_i) * torch.tanh(a_g)  # (11.6)
        return torch.sigmoid(a_o) * torch.tanh(c), c  # (10.7)


class LayerNormLSTM(LSTMLayer):
    """The layer-normalised LSTM; twin of :mod:`rnncourse.reference.layer_norm`.

    Parameters
    ----------
    D, H : int
        Sizes of input and state.

    Attributes
    ----------
    W_x, W_h, b : (D, 4H), (H, 4H), (4H,) parameters
        Gate order i, f, g, o; the bias of f starts at 1.
    gamma_x, beta_x, gamma_h, beta_h : (4H,) parameters
        Scale and shift of the input's and the state's product.
    gamma_c, beta_c : (H,) parameters
        Scale and shift of the cell that h shows.

    Examples
    --------
    >>> hs, _ = LayerNormLSTM(3, 5)(torch.zeros(7, 2, 3))
    >>> hs.shape
    torch.Size([7, 2, 5])
    """

    def __init__(self, D: int, H: int) -> None:
        super().__init__(D, H, 4)
        nn.init.ones_(self.b[H : 2 * H].detach())
        self.gamma_x = nn.Parameter(torch.ones(4 * H))
        self.beta_x = nn.Parameter(torch.zeros(4 * H))
        self.gamma_h = nn.Parameter(torch.ones(4 * H))
        self.beta_h = nn.Parameter(torch.zeros(4 * H))
        self.gamma_c = nn.Parameter(torch.ones(H))
        self.beta_c = nn.Parameter(torch.zeros(H))

    def step(self, x: Tensor, h_prev: Tensor, c_prev: Tensor) -> tuple[Tensor, Tensor]:
        """Read one input (B, D) in the state (B, H), (B, H); return the new h and c."""
        (N,), (H,) = self.b.shape, self.gamma_c.shape
        a_x = layer_norm(x @ self.W_x, (N,), self.gamma_x, self.beta_x)
        a_h = layer_norm(h_prev @ self.W_h, (N,), self.gamma_h, self.beta_h)
        a_i, a_f, a_g, a_o = (a_x + a_h + self.b).chunk(4, dim=1)  # (11.9)
        i, f, o = a_i.sigmoid(), a_f.sigmoid(), a_o.sigmoid()
        c = f * c_prev + i * torch.tanh(a_g)  # (10.6)
        c_norm = layer_norm(c, (H,), self.gamma_c, self.beta_c)  # (11.7)
        return o * torch.tanh(c_norm), c  # (11.10)

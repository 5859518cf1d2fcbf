"""A diagonal state-space layer: a loop, a convolution, and why they are the same.

Each channel has N modes of its own. A mode is one complex number h with
dh/ds = rate · h + u: it decays and turns. Sampled every ``delta`` with the input held
still in between, it is the linear recurrence h_t = a h_{t-1} + b x_t, and unrolled it
is a convolution with the kernel b a^k (Gu, Goel and Ré, 2022, arXiv:2111.00396; with a
diagonal matrix Gupta, Gu and Berant, 2022, arXiv:2203.14343, and Gu et al., 2022,
arXiv:2206.11893).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from rnncourse.nn.doors import check_partner
from rnncourse.reference.validate import check_choice, check_shape, check_size


def zero_order_hold(
    rate: Tensor, delta: Tensor, gain: Tensor | float = 1.0
) -> tuple[Tensor, Tensor]:
    """Sample dh/ds = rate · h + gain · u, the input held still for each step.

    Parameters
    ----------
    rate : (...) real or complex tensor
        Negative real part: the mode decays. 0 is a plain sum.
    delta : tensor that broadcasts with ``rate``
        Length of a step, positive.
    gain : number or tensor that broadcasts

    Returns
    -------
    a, b : (...) tensors
        The step h_t = a h_{t-1} + b x_t.

    Examples
    --------
    >>> a, b = zero_order_hold(torch.tensor([-1.0, 0.0]), torch.tensor(0.5))
    >>> a, b
    (tensor([0.6065, 1.0000]), tensor([0.3935, 0.5000]))
    """
    turn = rate * delta
    still = turn == 0
    safe = torch.where(still, torch.ones_like(turn), turn)
    grown = torch.where(still, torch.ones_like(turn), (torch.exp(turn) - 1) / safe)
    return torch.exp(turn), grown * delta * gain  # (24.9)


def mode_kernel(a: Tensor, b: Tensor, c: Tensor, n_steps: int) -> Tensor:
    """Return what one unit of input does to the output 0, 1, … steps later.

    Parameters
    ----------
    a, b, c : (..., N) tensors of one dtype
        Factor (not 0 where it is complex), input and output weight of each mode.
    n_steps : int

    Returns
    -------
    (..., n_steps) real tensor

    Examples
    --------
    >>> half = torch.tensor([0.5])
    >>> mode_kernel(half, torch.tensor([2.0]), torch.tensor([1.0]), 4)
    tensor([2.0000, 1.0000, 0.5000, 0.2500])
    """
    check_size("n_steps", n_steps)
    k = torch.arange(n_steps, device=a.device)
    if a.is_complex():  # the same as a power, and several times as fast
        powers = torch.exp(torch.log(a)[..., None] * k)
    else:
        powers = a[..., None] ** k  # (..., N, n_steps)
    kernel = torch.einsum("...n,...nk->...k", b * c, powers)  # (24.12)
    return kernel.real if kernel.is_complex() else kernel


def causal_convolution(xs: Tensor, kernel: Tensor) -> Tensor:
    """Convolve each channel with its kernel, by way of the Fourier transform.

    Parameters
    ----------
    xs : (T, B, H) tensor
    kernel : (H, T) tensor

    Returns
    -------
    (T, B, H) tensor
        Entry t is the sum over k of kernel[:, k] xs[t - k].

    Examples
    --------
    >>> impulse = torch.tensor([1.0, 0.0, 0.0]).reshape(3, 1, 1)
    >>> causal_convolution(impulse, torch.tensor([[3.0, 2.0, 1.0]])).flatten().round()
    tensor([3., 2., 1.])
    """
    check_shape("xs", xs, "T B H")
    T, _, H = xs.shape
    check_shape("kernel", kernel, "H T", H=H, T=T)
    n = 2 * T  # room enough, so that the end does not wrap round to the start
    product = torch.fft.rfft(xs, n, dim=0) * torch.fft.rfft(kernel.T, n, dim=0)[:, None]
    ys: Tensor = torch.fft.irfft(product, n, dim=0)[:T]  # (24.12)
    return ys


class DiagonalSSM(nn.Module):
    """H channels, each a linear recurrence with N complex modes.

    Channels do not mix and nothing bends; put a dense layer and an activation around.

    Parameters
    ----------
    H, N : int
        Channels, and modes of each.
    shortest, longest : float
        Range of the memory times in steps that the modes start with.

    Attributes
    ----------
    log_decay, turn : (H, N) parameters
        rate = -exp(log_decay) + i turn, so that no mode can grow.
    log_delta : (H, 1) parameter
    c_real, c_imag : (H, N) parameters
    skip : (H,) parameter

    Examples
    --------
    >>> ys, h = DiagonalSSM(5, 4)(torch.zeros(7, 2, 5), how="loop")
    >>> ys.shape, h.shape
    (torch.Size([7, 2, 5]), torch.Size([2, 5, 4]))
    """

    def __init__(
        self, H: int, N: int, *, shortest: float = 2.0, longest: float = 500.0
    ) -> None:
        super().__init__()
        check_size("H", H)
        check_size("N", N)
        if not 0 < shortest <= longest:
            raise ValueError(
                "shortest must be positive and not above longest, "
                f"got {shortest} and {longest}"
            )
        low, high = math.log(shortest / 2), math.log(longest / 2)
        # With a rate of -1/2 a step of delta keeps memory for 2 / delta steps.
        self.log_delta = nn.Parameter(-torch.empty(H, 1).uniform_(low, high))
        self.log_decay = nn.Parameter(torch.full((H, N), math.log(0.5)))
        self.turn = nn.Parameter(math.pi * torch.arange(N).float().repeat(H, 1))
        self.c_real = nn.Parameter(torch.randn(H, N) / N**0.5)
        self.c_imag = nn.Parameter(torch.randn(H, N) / N**0.5)
        self.skip = nn.Parameter(torch.ones(H))

    def modes(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return factors a, input weights b, output weights c, (H, N) and complex."""
        rate = torch.complex(-torch.exp(self.log_decay), self.turn)
        a, b = zero_order_hold(rate, torch.exp(self.log_delta))
        return a, b, torch.complex(self.c_real, self.c_imag)

    def memory(self) -> Tensor:
        """Return the steps after which a mode has faded to 1/e, (H, N)."""
        return -1 / torch.log(self.modes()[0].abs())  # (24.13)

    def step(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Read one input (B, H) in the state (B, H, N); return output and state."""
        a, b, c = self.modes()
        h = a * h + b * x[..., None]  # (24.10)
        return (c * h).sum(-1).real + self.skip * x, h  # (24.11)

    def forward(
        self, xs: Tensor, *, how: str = "convolution"
    ) -> tuple[Tensor, Tensor | None]:
        """Read a batch of sequences.

        Parameters
        ----------
        xs : (T, B, H) tensor
        how : {"convolution", "loop"}

        Returns
        -------
        ys : (T, B, H) tensor
        state : (B, H, N) complex tensor, or None
            Only the loop has one to return.
        """
        check_choice("how", how, ("convolution", "loop"))
        H, N = self.turn.shape
        check_shape("xs", xs, "T B H", H=H)
        check_partner("xs", xs, self.skip)
        if how == "convolution":
            kernel = mode_kernel(*self.modes(), len(xs))
            return causal_convolution(xs, kernel) + self.skip * xs, None
        h = torch.zeros(
            xs.shape[1], H, N, dtype=self.modes()[0].dtype, device=xs.device
        )
        ys = []
        for x in xs:
            y, h = self.step(x, h)
            ys.append(y)
        return torch.stack(ys), h

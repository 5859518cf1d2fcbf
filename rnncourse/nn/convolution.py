"""Convolution over sequences as a torch module, in the reference's names."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from rnncourse.nn.doors import check_partner
from rnncourse.reference.validate import check_choice, check_shape, check_size

PADDINGS = ("valid", "same", "causal")


class Conv1d(nn.Module):
    """Slide a kernel along sequences; twin of ``reference.convolution``'s ``conv1d``.

    Parameters
    ----------
    kernel : int
    D, F : int
        Channels in and out.
    padding : "valid", "same" or "causal"
    stride, dilation : int
        Steps between outputs, and between the inputs that one output reads.

    Attributes
    ----------
    W : (kernel, D, F) parameter
        ``torch.nn.Conv1d`` keeps its axes in the opposite order.
    b : (F,) parameter

    Examples
    --------
    >>> Conv1d(3, 1, 8, padding="causal")(torch.zeros(29, 4, 1)).shape
    torch.Size([29, 4, 8])
    """

    def __init__(
        self,
        kernel: int,
        D: int,
        F: int,
        *,
        padding: str = "valid",
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        super().__init__()
        sizes = {"kernel": kernel, "D": D, "F": F, "stride": stride}
        for name, size in {**sizes, "dilation": dilation}.items():
            check_size(name, size)
        check_choice("padding", padding, PADDINGS)
        self.padding, self.stride, self.dilation = padding, stride, dilation
        k = (kernel * D) ** -0.5
        self.W = nn.Parameter(torch.empty(kernel, D, F).uniform_(-k, k))
        self.b = nn.Parameter(torch.zeros(F))

    def forward(self, xs: Tensor) -> Tensor:
        """Turn sequences (T, B, D), time first, into (T', B, F)."""
        check_partner("xs", xs, self.W)
        K, D, _ = self.W.shape
        check_shape("xs", xs, "T B D", D=D)
        if len(xs) == 0:
            raise ValueError("xs must have at least one time step, got T=0")
        missing = self.dilation * (K - 1)
        left, right = {
            "valid": (0, 0),
            "same": (missing // 2, missing - missing // 2),
            "causal": (missing, 0),  # (4.11)
        }[self.padding]
        least = missing + 1 - left - right
        if len(xs) < least:
            raise ValueError(
                f"xs must have at least {least} steps for this kernel, got {len(xs)}"
            )
        padded = functional.pad(xs.permute(1, 2, 0), (left, right))  # (B, D, T)
        ys = functional.conv1d(
            *(padded, self.W.permute(2, 1, 0), self.b),
            stride=self.stride,
            dilation=self.dilation,
        )  # (4.1)
        return ys.permute(2, 0, 1)

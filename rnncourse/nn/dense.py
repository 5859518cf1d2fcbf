"""A dense layer as a torch module, in the reference's names."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rnncourse.nn.doors import check_partner
from rnncourse.reference.validate import check_size


class Dense(nn.Module):
    """One product and a bias; twin of ``reference.dense.dense_forward``.

    Parameters
    ----------
    D, K : int
        Sizes of input and output.

    Attributes
    ----------
    W : (D, K) parameter
        The transpose of what ``torch.nn.Linear`` keeps.
    b : (K,) parameter

    Examples
    --------
    >>> Dense(3, 2)(torch.zeros(7, 4, 3)).shape
    torch.Size([7, 4, 2])
    """

    def __init__(self, D: int, K: int) -> None:
        super().__init__()
        check_size("D", D)
        check_size("K", K)
        k = D**-0.5
        self.W = nn.Parameter(torch.empty(D, K).uniform_(-k, k))
        self.b = nn.Parameter(torch.zeros(K))

    def forward(self, x: Tensor) -> Tensor:
        """Map each row of a tensor (..., D) to (..., K)."""
        check_partner("x", x, self.W)
        D = len(self.W)
        if x.ndim == 0 or x.shape[-1] != D:
            raise ValueError(f"x must have shape (..., D={D}), got {tuple(x.shape)}")
        return x @ self.W + self.b  # (3.1)

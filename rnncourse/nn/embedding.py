"""Embedding and skip-gram as torch modules, in the reference's names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from rnncourse.reference.validate import check_shape, check_size


class Embedding(nn.Module):
    """A table of vectors; twin of ``reference.embedding.embedding_forward``.

    Parameters
    ----------
    V, D : int
        Number of symbols and size of their vectors.

    Attributes
    ----------
    E : (V, D) parameter

    Examples
    --------
    >>> Embedding(11, 3)([[1, 4], [4, 0]]).shape
    torch.Size([2, 2, 3])
    """

    def __init__(self, V: int, D: int) -> None:
        super().__init__()
        check_size("V", V)
        check_size("D", D)
        self.E = nn.Parameter(torch.randn(V, D))

    def forward(self, ids: Any) -> Tensor:
        """Look up one row of the table (D,) for each id in 0..V-1, of any shape."""
        return self.E[open_ids("ids", ids, self.E)]  # (18.1)


class SkipGram(nn.Module):
    """Skip-gram with negative sampling; twin of ``reference.embedding``'s word2vec.

    Parameters
    ----------
    V, D : int
        Number of words and size of their vectors.

    Attributes
    ----------
    E : (V, D) parameter
        The vectors of the centres.
    C : (V, D) parameter
        Those of the contexts, zero at first.

    Examples
    --------
    >>> loss = SkipGram(4, 2)([0], [1], [[2, 3]])
    >>> round(loss.item() / 0.6931, 3)
    3.0
    """

    def __init__(self, V: int, D: int) -> None:
        super().__init__()
        check_size("V", V)
        check_size("D", D)
        self.E = nn.Parameter(torch.empty(V, D).uniform_(-0.5 / D, 0.5 / D))
        self.C = nn.Parameter(torch.zeros(V, D))

    def forward(self, centres: Any, contexts: Any, negatives: Any) -> Tensor:
        """Return the mean loss of pairs (N,), (N,) against noise (N, K)."""
        centres = open_ids("centres", centres, self.E)
        check_shape("centres", centres, "N")
        N = len(centres)
        if N == 0:
            raise ValueError("centres must hold at least one pair, got N=0")
        contexts = open_ids("contexts", contexts, self.E)
        check_shape("contexts", contexts, "N", N=N)
        negatives = open_ids("negatives", negatives, self.E)
        check_shape("negatives", negatives, "N K", N=N)
        e = self.E[centres]
        hits = (e * self.C[contexts]).sum(dim=-1)
        misses = torch.einsum("nd,nkd->nk", e, self.C[negatives])
        found = functional.logsigmoid(hits).sum()
        return -(found + functional.logsigmoid(-misses).sum()) / N  # (18.2)


def open_ids(name: str, ids: Any, table: Tensor) -> Tensor:
    """Check ids against a table (V, D) and bring them to its device.

    Examples
    --------
    >>> open_ids("ids", [2, 0], torch.zeros(3, 1))
    tensor([2, 0])
    """
    numbers = torch.as_tensor(ids, device=table.device)
    whole = not (numbers.is_floating_point() or numbers.is_complex())
    if numbers.numel() and (not whole or numbers.dtype == torch.bool):
        raise TypeError(f"{name} must be whole numbers, got {numbers.dtype}")
    outside = (numbers < 0) | (numbers >= len(table))
    if outside.any():
        found = int(numbers[outside].flatten()[0])
        raise ValueError(f"{name} must lie in 0..{len(table) - 1}, got {found}")
    return numbers.long()

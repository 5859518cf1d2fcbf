"""Attention as a torch module, in the reference's names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rnncourse.nn.doors import check_partner
from rnncourse.reference.attention import SCORES
from rnncourse.reference.validate import check_choice, check_shape, check_size


class Attention(nn.Module):
    """Attention with three scores; twin of :mod:`rnncourse.reference.attention`.

    Parameters
    ----------
    score : "additive", "dot" or "scaled"
    Q, K, A : int
        Sizes of query, key and hidden layer, for the additive score and it alone.

    Attributes
    ----------
    W_q : (Q, A) parameter
    W_k : (K, A) parameter
    v : (A,) parameter
        Of the additive score; the others have none.

    Examples
    --------
    >>> keys = torch.ones(4, 1, 3)
    >>> contexts, weights = Attention("dot")(torch.ones(2, 1, 3), keys, keys)
    >>> weights[0]
    tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
    """

    W_q: nn.Parameter
    W_k: nn.Parameter
    v: nn.Parameter

    def __init__(
        self,
        score: str = "scaled",
        Q: int | None = None,
        K: int | None = None,
        A: int | None = None,
    ) -> None:
        super().__init__()
        check_choice("score", score, SCORES)
        self.score = score
        for name, size in {"Q": Q, "K": K, "A": A}.items():
            if score == "additive":
                check_size(name, size)
            elif size is not None:
                raise TypeError(
                    f"{name} must be left out with score={score!r}, which has no "
                    f"weights, got {size}"
                )
        if score == "additive":
            self.W_q = _draw(Q, A)
            self.W_k = _draw(K, A)
            self.v = _draw(A)

    def forward(
        self, queries: Tensor, keys: Tensor, values: Tensor, mask: Any = None
    ) -> tuple[Tensor, Tensor]:
        """Answer each query with a weighted mean of the values.

        Parameters
        ----------
        queries : (S, B, Q) tensor
        keys : (T, B, K) tensor
        values : (T, B, M) tensor
        mask : (T, B) tensor or array of bool, optional
            True where a key may be looked at; what stands elsewhere is never read.

        Returns
        -------
        contexts : (S, B, M) tensor
        weights : (S, B, T) tensor
        """
        live = self._open(queries, keys, values, mask)
        if live is not None:
            keys = torch.where(live[:, :, None], keys, 0)
            values = torch.where(live[:, :, None], values, 0)
        if self.score == "additive":
            hidden = torch.tanh((queries @ self.W_q)[:, None] + keys @ self.W_k)
            scores = (hidden @ self.v).swapaxes(1, 2)  # (16.8)
        else:
            scores = torch.einsum("sbk,tbk->sbt", queries, keys)  # (16.6)
        if self.score == "scaled":
            scores = scores * keys.shape[2] ** -0.5  # (16.7)
        if live is not None:
            scores = scores.masked_fill(~live.T, -torch.inf)
        weights = torch.softmax(scores, dim=-1)  # (16.9)
        return torch.einsum("sbt,tbm->sbm", weights, values), weights  # (16.10)

    def _open(
        self, queries: Tensor, keys: Tensor, values: Tensor, mask: Any
    ) -> Tensor | None:
        """Check all arguments; return who may be looked at, or None where all may."""
        Q = K = None
        if self.score == "additive":
            check_partner("queries", queries, self.W_q)
            Q, K = len(self.W_q), len(self.W_k)
        elif not isinstance(queries, Tensor) or not queries.is_floating_point():
            kind = getattr(queries, "dtype", type(queries).__name__)
            raise TypeError(f"queries must be a floating-point tensor, got {kind}")
        check_shape("queries", queries, "S B Q", Q=Q)
        S, B, Q = queries.shape
        check_partner("keys", keys, queries, whose="the queries")
        check_shape("keys", keys, "T B K", B=B, K=K or Q)
        T = len(keys)
        check_partner("values", values, queries, whose="the queries")
        check_shape("values", values, "T B M", T=T, B=B)
        for name, n in {"queries": S, "keys": T}.items():
            if n == 0:
                raise ValueError(f"{name} must have at least one time step, got 0")
        if mask is None:
            return None
        live = torch.as_tensor(mask, device=keys.device)
        check_shape("mask", live, "T B", T=T, B=B)
        if live.dtype != torch.bool:
            raise TypeError(
                f"mask must be bool, True where a key counts, got {live.dtype}"
            )
        blind = ~live.any(dim=0)
        if blind.any():
            raise ValueError(
                "mask must leave each sequence at least one key, got none in sequence "
                f"{int(blind.int().argmax())}"
            )
        return live


def _draw(*shape: Any) -> nn.Parameter:
    """Draw uniform weights within 1/√(number of inputs)."""
    k = shape[0] ** -0.5
    return nn.Parameter(torch.empty(*shape).uniform_(-k, k))

"""Causal linear attention: a loop with a matrix as its state, or all steps at once.

Softmax attention compares each query with every key so far. Written with positive
features of query and key in place of the exponential, the sum over the past can be
carried along: a matrix and a row, whatever the length (Katharopoulos et al., 2020,
arXiv:2006.16236). Both ways of computing it are here, and tests hold them equal.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rnncourse.nn.doors import check_partner
from rnncourse.reference.validate import check_shape, check_size

State = tuple[Tensor, Tensor]


def positive(u: Tensor) -> Tensor:
    """Map every entry to a positive feature: 1 + u above 0, exp(u) below.

    Parameters
    ----------
    u : (...) tensor

    Returns
    -------
    (...) tensor

    Examples
    --------
    >>> positive(torch.tensor([-1.0, 0.0, 2.0]))
    tensor([0.3679, 1.0000, 3.0000])
    """
    return nn.functional.elu(u) + 1  # (24.3)


def attention_step(
    q: Tensor, k: Tensor, v: Tensor, state: State
) -> tuple[Tensor, State]:
    """Write one key and value into the state, then ask it with the query.

    Parameters
    ----------
    q, k : (B, K) tensors
        Features, all positive, see :func:`positive`.
    v : (B, V) tensor
    state : tuple of (B, K, V) and (B, K) tensors
        The matrix of what was stored, and the sum of the keys.

    Returns
    -------
    y : (B, V) tensor
    state : as it came, one step on

    Examples
    --------
    >>> one, nothing = torch.ones(1, 2), (torch.zeros(1, 2, 1), torch.zeros(1, 2))
    >>> y, (S, z) = attention_step(one, one, torch.tensor([[5.0]]), nothing)
    >>> y
    tensor([[5.]])
    """
    S, z = state
    S = S + k[:, :, None] * v[:, None, :]  # (24.4)
    z = z + k  # (24.5)
    read = torch.einsum("bk,bkv->bv", q, S)
    return read / (q * z).sum(1, keepdim=True), (S, z)  # (24.6)


def attention_loop(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, State]:
    """Read a sequence step by step, with a state that does not grow.

    Parameters
    ----------
    q, k : (T, B, K) tensors
        Features, all positive.
    v : (T, B, V) tensor

    Returns
    -------
    ys : (T, B, V) tensor
    state : tuple of (B, K, V) and (B, K) tensors

    Raises
    ------
    TypeError, ValueError
        If something does not fit; the message names it.

    Examples
    --------
    >>> q, v = torch.ones(3, 1, 2), torch.tensor([3.0, 5.0, 10.0]).reshape(3, 1, 1)
    >>> attention_loop(q, q, v)[0].flatten()  # equal weights: the mean so far
    tensor([3., 4., 6.])
    """
    T, B, K, V = _open(q, k, v)
    state = q.new_zeros(B, K, V), q.new_zeros(B, K)
    ys = []
    for t in range(T):
        y, state = attention_step(q[t], k[t], v[t], state)
        ys.append(y)
    return torch.stack(ys), state


def attention_parallel(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Compute the same as :func:`attention_loop` for all steps at once.

    Parameters
    ----------
    q, k, v
        As in :func:`attention_loop`.

    Returns
    -------
    (T, B, V) tensor

    Raises
    ------
    TypeError, ValueError
        As in :func:`attention_loop`.

    Examples
    --------
    >>> q, v = torch.ones(3, 1, 2), torch.tensor([3.0, 5.0, 10.0]).reshape(3, 1, 1)
    >>> attention_parallel(q, q, v).flatten()
    tensor([3., 4., 6.])
    """
    _open(q, k, v)
    q, k, v = (a.transpose(0, 1) for a in (q, k, v))  # (B, T, ·), for products
    scores = torch.tril(q @ k.transpose(1, 2))  # (B, T, T), no step sees a later one
    ys = scores @ v / scores.sum(2, keepdim=True)  # (24.2)
    return ys.transpose(0, 1)


def _open(q: Tensor, k: Tensor, v: Tensor) -> tuple[int, int, int, int]:
    check_shape("q", q, "T B K")
    T, B, K = q.shape
    if T < 1:
        raise ValueError(f"q must have at least one time step, got {tuple(q.shape)}")
    for name, a in (("k", k), ("v", v)):
        check_partner(name, a, q, whose="q")
    check_shape("k", k, "T B K", T=T, B=B, K=K)
    check_shape("v", v, "T B V", T=T, B=B)
    return T, B, K, v.shape[2]


class LinearAttention(nn.Module):
    """A layer of one head: queries, keys and values of each input, and no more.

    Parameters
    ----------
    D, K, V : int
        Sizes of input, keys and values. The state has K (V + 1) numbers.

    Attributes
    ----------
    W_q, W_k, W_v : (D, K), (D, K), (D, V) parameters
    b_q, b_k : (K,) parameters

    Examples
    --------
    >>> ys, (S, z) = LinearAttention(3, 4, 5)(torch.zeros(7, 2, 3), parallel=False)
    >>> ys.shape, S.shape, z.shape
    (torch.Size([7, 2, 5]), torch.Size([2, 4, 5]), torch.Size([2, 4]))
    """

    def __init__(self, D: int, K: int, V: int) -> None:
        super().__init__()
        for name, size in (("D", D), ("K", K), ("V", V)):
            check_size(name, size)
        r = D**-0.5
        for name, width in (("W_q", K), ("W_k", K), ("W_v", V)):
            weight = nn.Parameter(torch.empty(D, width).uniform_(-r, r))
            self.register_parameter(name, weight)
        self.b_q = nn.Parameter(torch.zeros(K))
        self.b_k = nn.Parameter(torch.zeros(K))

    W_q: nn.Parameter
    W_k: nn.Parameter
    W_v: nn.Parameter

    def features(self, xs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return positive queries and keys (..., K) and values (..., V) of inputs."""
        q = positive(xs @ self.W_q + self.b_q)
        k = positive(xs @ self.W_k + self.b_k)
        return q, k, xs @ self.W_v

    def forward(
        self, xs: Tensor, *, parallel: bool = True
    ) -> tuple[Tensor, State | None]:
        """Read a batch of sequences.

        Parameters
        ----------
        xs : (T, B, D) tensor
        parallel : bool
            All steps at once, or the loop.

        Returns
        -------
        ys : (T, B, V) tensor
        state : tuple of (B, K, V) and (B, K) tensors, or None
            Only the loop has one to return.
        """
        check_shape("xs", xs, "T B D", D=self.W_q.shape[0])
        check_partner("xs", xs, self.W_q)
        q, k, v = self.features(xs)
        if parallel:
            return attention_parallel(q, k, v), None
        return attention_loop(q, k, v)

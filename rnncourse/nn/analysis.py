"""How far gradients reach and which inputs matter, for torch modules, by autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from rnncourse.nn.doors import check_partner, open_sequences
from rnncourse.reference.analysis import check_lag
from rnncourse.reference.validate import check_shape


def gradient_against_lag(
    step: Callable[..., Any],
    xs: Tensor,
    state: Tensor | tuple[Tensor, ...],
    dh_T: Tensor,
    K: int | None = None,
) -> Tensor:
    """Measure how much of a gradient at the last state is left k steps before.

    Parameters
    ----------
    step : callable
        Of a module, for example ``RNN(3, 5).step``: ``step(x, *states)`` returns
        the new state or a tuple of them.
    xs : (T, B, D) tensor
    state : (B, H) tensor, or a tuple of them
        What it starts from: h0 or, for an LSTM, ``(h0, c0)``.
    dh_T : (B, H) tensor
    K : int, optional
        The largest lag, at most T; T if left out.

    Returns
    -------
    (K + 1, B) tensor
        As :func:`rnncourse.reference.analysis.gradient_against_lag`: entry k is the
        norm over all parts of the state, each taken as an input of the next step.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or a device does not fit, or K lies outside 0..T.

    Examples
    --------
    >>> from rnncourse.nn import RNN
    >>> zero, one = torch.zeros(1, 5), torch.ones(1, 5)
    >>> gradient_against_lag(RNN(3, 5).step, torch.zeros(7, 1, 3), zero, one).shape
    torch.Size([8, 1])
    """
    states = state if isinstance(state, tuple) else (state,)
    check_partner("xs", xs, states[0])
    check_shape("xs", xs, "T B D")
    T, B, _ = xs.shape
    K = check_lag(K, T)
    check_partner("dh_T", dh_T, states[0])
    check_shape("dh_T", dh_T, "B H", B=B, H=states[0].shape[-1])
    with torch.enable_grad():
        read = []  # what step t + 1 takes from step t, a node of its own
        for x in xs:
            states = tuple(s.detach().requires_grad_() for s in states)
            out = step(x, *states)
            out = out if isinstance(out, tuple) else (out,)
            read.append((states, out))
            states = out
    dstates = [dh_T, *(torch.zeros_like(dh_T) for _ in states[1:])]
    norms = [_norm(dstates)]
    for before, after in read[: T - K - 1 if K < T else None : -1]:
        found = torch.autograd.grad(after, before, dstates, allow_unused=True)
        dstates = [
            torch.zeros_like(s) if d is None else d
            for s, d in zip(before, found, strict=True)
        ]
        norms.append(_norm(dstates))  # (9.10)
    return torch.stack(norms)


def _norm(parts: list[Tensor]) -> Tensor:
    return torch.stack([(d**2).sum(dim=-1) for d in parts]).sum(dim=0).sqrt()


def input_times_gradient(
    score: Callable[[Tensor], Tensor], xs: Tensor, lengths: Any = None
) -> Tensor:
    """Return the importance of every time step, input times gradient.

    Parameters
    ----------
    score : callable
        Gives one number for inputs (T, B, D), for example the sum of the logits that
        a model gives its answers.
    xs : (T, B, D) tensor
    lengths : (B,) whole numbers in 1..T, optional
        The padding, which may hold NaN, is of importance 0.

    Returns
    -------
    (T, B) tensor

    Raises
    ------
    TypeError, ValueError
        If a shape or a length does not fit, or the score is not one number.

    Examples
    --------
    >>> xs = torch.tensor([[[1.0, 2.0]]])
    >>> input_times_gradient(lambda x: (x * torch.tensor([3.0, -1.0])).sum(), xs)
    tensor([[1.]])
    """
    check_partner("xs", xs, xs if isinstance(xs, Tensor) else torch.zeros(()))
    check_shape("xs", xs, "T B D")
    xs, live = open_sequences(xs, lengths, xs.shape[2], xs)
    with torch.enable_grad():
        x = xs.detach().requires_grad_()
        value = score(x)
        if value.numel() != 1:
            raise ValueError(f"score must give one number, got {tuple(value.shape)}")
        (dxs,) = torch.autograd.grad(value.sum(), x)
    importance = (x.detach() * dxs).sum(dim=2)  # (18.4)
    return importance if live is None else torch.where(live[:, :, 0], importance, 0)

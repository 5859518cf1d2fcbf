"""What every layer does at its door: partners, shapes, lengths, packed sequences."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from rnncourse.reference.validate import check_lengths, check_shape


def check_partner(
    name: str, a: Any, weight: Tensor, *, whose: str = "the weights"
) -> None:
    """Raise unless a tensor has the dtype and the device of a weight.

    Examples
    --------
    >>> check_partner("xs", torch.zeros(2, dtype=torch.float64), torch.zeros(1))
    Traceback (most recent call last):
        ...
    TypeError: xs must be torch.float32 like the weights, got torch.float64
    """
    if not isinstance(a, Tensor):
        raise TypeError(f"{name} must be a tensor, got {type(a).__name__}")
    if a.dtype != weight.dtype:
        raise TypeError(f"{name} must be {weight.dtype} like {whose}, got {a.dtype}")
    if a.device != weight.device:
        raise ValueError(
            f"{name} must be on {weight.device} like {whose}, got {a.device}"
        )


def open_sequences(
    xs: Any, lengths: Any, D: int, weight: Tensor
) -> tuple[Tensor, Tensor | None]:
    """Check a batch of sequences and say which of their steps are read.

    Parameters
    ----------
    xs : (T, B, D) tensor, or a ``PackedSequence`` of them
        A packed sequence brings its lengths along.
    lengths : (B,) whole numbers in 1..T, or None
    D : int
    weight : tensor
        One of the layer's, for its dtype and device.

    Returns
    -------
    xs : (T, B, D) tensor
        Zero in the padding, which may hold anything, NaN among it.
    live : (T, B, 1) bool tensor or None
        None where all sequences are as long as the batch.

    Raises
    ------
    TypeError, ValueError
        If something does not fit; the message names it.

    Examples
    --------
    >>> xs, live = open_sequences(torch.ones(3, 2, 1), [3, 1], 1, torch.zeros(1))
    >>> live[:, :, 0].tolist()
    [[True, True], [True, False], [True, False]]
    >>> xs[:, 1, 0].tolist()
    [1.0, 0.0, 0.0]
    """
    if isinstance(xs, PackedSequence):
        if lengths is not None:
            raise ValueError(
                "lengths must be left out with a packed sequence, which knows its own"
            )
        xs, lengths = pad_packed_sequence(xs)
    check_partner("xs", xs, weight)
    check_shape("xs", xs, "T B D", D=D)
    T, B, _ = xs.shape
    if T == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    if lengths is None:
        return xs, None
    if isinstance(lengths, Tensor):
        lengths = lengths.detach().cpu().numpy()
    ends = torch.as_tensor(check_lengths(lengths, T, B), device=xs.device)
    live = (torch.arange(T, device=xs.device)[:, None] < ends)[:, :, None]
    return torch.where(live, xs, 0), live  # 0 · NaN is NaN, so a mask comes too late


def open_state(name: str, state: Any, B: int, H: int, weight: Tensor) -> Tensor:
    """Check an initial state (B, H); zeros where it is None.

    Examples
    --------
    >>> open_state("h0", None, 2, 3, torch.zeros(1)).shape
    torch.Size([2, 3])
    """
    if state is None:
        return weight.new_zeros(B, H)
    check_partner(name, state, weight)
    check_shape(name, state, "B H", B=B, H=H)
    checked: Tensor = state
    return checked

"""Weights between ``reference``, ``nn`` and ``torch.nn``.

The only place that knows the differences: torch stores matrices transposed and
keeps two biases, of which only the sum matters.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from rnncourse.nn.rnn import RNN
from rnncourse.reference.rnn import RNNParams
from rnncourse.reference.validate import check_shape


def rnn_from_torch(layer: nn.RNN) -> RNNParams:
    """Take the weights of a one-layer ``torch.nn.RNN`` as arrays.

    Raises
    ------
    TypeError
        If it is not a ``torch.nn.RNN``.
    ValueError
        If it has several layers, two directions, or another nonlinearity than tanh.

    Examples
    --------
    >>> rnn_from_torch(nn.RNN(3, 5)).W_x.shape
    (3, 5)
    """
    if type(layer) is not nn.RNN:
        raise TypeError(f"layer must be a torch.nn.RNN, got {type(layer).__name__}")
    if layer.num_layers != 1 or layer.bidirectional:
        raise ValueError(
            "layer must have one layer and one direction, got "
            f"num_layers={layer.num_layers}, bidirectional={layer.bidirectional}"
        )
    if layer.nonlinearity != "tanh":
        raise ValueError(f"layer must use tanh, got {layer.nonlinearity}")
    w = {n: p.detach().cpu().numpy() for n, p in layer.named_parameters()}
    zero = np.zeros(layer.hidden_size, dtype=w["weight_hh_l0"].dtype)
    return RNNParams(
        W_x=w["weight_ih_l0"].T.copy(),  # (H, D) to (D, H)
        W_h=w["weight_hh_l0"].T.copy(),  # (H, H), columns to rows
        b=w.get("bias_ih_l0", zero) + w.get("bias_hh_l0", zero),
    )


def rnn_to_torch(p: RNNParams, *, batch_first: bool = False) -> nn.RNN:
    """Build a ``torch.nn.RNN`` with the weights, in the dtype of the arrays.

    Examples
    --------
    >>> p = RNNParams(np.zeros((3, 5)), np.zeros((5, 5)), np.zeros(5))
    >>> rnn_to_torch(p)
    RNN(3, 5)
    """
    D, H = _sizes(p)
    layer = nn.RNN(D, H, batch_first=batch_first).to(_dtype(p))
    weights = {
        "weight_ih_l0": p.W_x.T,  # (D, H) to (H, D)
        "weight_hh_l0": p.W_h.T,
        "bias_ih_l0": p.b,
        "bias_hh_l0": np.zeros_like(p.b),
    }
    layer.load_state_dict(
        {n: torch.from_numpy(np.array(w)) for n, w in weights.items()}
    )
    return layer


def module_from_params(p: RNNParams) -> RNN:
    """Build the twin module with the weights, in the dtype of the arrays.

    Examples
    --------
    >>> p = RNNParams(np.zeros((3, 5)), np.zeros((5, 5)), np.zeros(5))
    >>> module_from_params(p)
    RNN()
    """
    D, H = _sizes(p)
    module = RNN(D, H).to(_dtype(p))
    with torch.no_grad():
        for name, w in p._asdict().items():
            getattr(module, name).copy_(torch.from_numpy(np.array(w)))
    return module


def params_from_module(module: RNN) -> RNNParams:
    """Take the weights of the twin module as arrays.

    Examples
    --------
    >>> params_from_module(RNN(3, 5)).W_h.shape
    (5, 5)
    """
    if not isinstance(module, RNN):
        kind = type(module).__name__
        raise TypeError(f"module must be a rnncourse.nn.RNN, got {kind}")
    arrays = {n: w.detach().cpu().numpy().copy() for n, w in module.named_parameters()}
    return RNNParams(**arrays)


def _sizes(p: RNNParams) -> tuple[int, int]:
    check_shape("p.W_x", p.W_x, "D H")
    D, H = p.W_x.shape
    check_shape("p.W_h", p.W_h, "H H", H=H)
    check_shape("p.b", p.b, "H", H=H)
    return D, H


def _dtype(p: RNNParams) -> torch.dtype:
    kinds = {w.dtype for w in p}
    if len(kinds) != 1 or kinds & {np.dtype(np.float32), np.dtype(np.float64)} != kinds:
        names = sorted(str(kind) for kind in kinds)
        raise TypeError(f"p must be float32 or float64 throughout, got {names}")
    return torch.float32 if kinds == {np.dtype(np.float32)} else torch.float64

"""Weights between ``reference``, ``nn``, ``torch.nn`` and Keras.

The only place that knows the differences: torch stores matrices transposed and
keeps two biases, of which only the sum matters, except inside the reset gate's
product. Keras has the gates of a GRU in the order z, r, h. What needs no torch stands
beside the cell it turns into: see :mod:`rnncourse.reference.lstm_variants` and
:mod:`rnncourse.reference.peephole`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from rnncourse.nn.gru import GRU
from rnncourse.nn.lstm import LSTM
from rnncourse.nn.lstm_variants import (
    CoupledLSTM,
    LayerNormLSTM,
    NoForgetLSTM,
    PeepholeLSTM,
)
from rnncourse.nn.networks import NETWORKS
from rnncourse.nn.rnn import RNN
from rnncourse.reference.gru import (
    SHAPES,
    GRUParams,
    check_kind,
    check_no_inner_bias,
    flip_z,
)
from rnncourse.reference.layer_norm import LAYER_NORM_LSTM, LayerNormLSTMParams
from rnncourse.reference.lstm import LSTMParams
from rnncourse.reference.lstm_loop import PLAIN, check_weights
from rnncourse.reference.lstm_variants import (
    COUPLED,
    NO_FORGET,
    CoupledParams,
    NoForgetParams,
)
from rnncourse.reference.nested import nested_arrays
from rnncourse.reference.peephole import PEEPHOLE, PeepholeParams
from rnncourse.reference.rnn import RNNParams
from rnncourse.reference.validate import check_shape

Stack = list[list[Any]]  # parameters by layer, then by direction


# -- torch.nn ----------------------------------------------------------------------


def layers_from_torch(layer: nn.RNNBase) -> Stack:
    """Take the weights of a ``torch.nn.RNN``, ``LSTM`` or ``GRU`` of any depth.

    Parameters
    ----------
    layer : torch.nn.RNN, LSTM or GRU
        Any number of layers, one direction or two.

    Returns
    -------
    list of lists
        For each layer its directions, forwards first: ``RNNParams``, ``LSTMParams``
        or ``GRUParams``. Those of a GRU are for ``reset="after"``, ``z_keeps=True``.

    Raises
    ------
    TypeError
        If it is another kind of module.
    ValueError
        If an LSTM has projections (``proj_size``), which the reference does not
        have: its state would have another width than its cell.

    Examples
    --------
    >>> stack = layers_from_torch(nn.LSTM(3, 5, num_layers=2, bidirectional=True))
    >>> [[p.W_x.shape for p in layer] for layer in stack]
    [[(3, 20), (3, 20)], [(10, 20), (10, 20)]]
    """
    if type(layer) not in TAKE:
        known = ", ".join(f"torch.nn.{kind.__name__}" for kind in TAKE)
        raise TypeError(f"layer must be one of {known}, got {type(layer).__name__}")
    if layer.proj_size:
        raise ValueError(
            f"layer must have no projection, got proj_size={layer.proj_size}; it "
            "makes the state narrower than the cell, which the reference does not have"
        )
    w = {n: p.detach().cpu().numpy() for n, p in layer.named_parameters()}
    take = TAKE[type(layer)]
    ends = ["", "_reverse"] if layer.bidirectional else [""]
    return [[take(w, f"_l{k}{end}") for end in ends] for k in range(layer.num_layers)]


def layers_to_torch(
    stack: Sequence[Sequence[Any]], *, batch_first: bool = False, **options: Any
) -> nn.RNNBase:
    """Build a ``torch.nn`` layer from parameters by layer and direction.

    Parameters
    ----------
    stack : list of lists of RNNParams, LSTMParams or GRUParams
        As :func:`layers_from_torch` gives them; all of one kind and H.
    batch_first : bool
    **options
        What else torch's layer takes, such as ``nonlinearity="relu"``.

    Raises
    ------
    TypeError, ValueError
        If the kinds or shapes do not fit together.

    Examples
    --------
    >>> p = RNNParams(np.zeros((3, 5)), np.zeros((5, 5)), np.zeros(5))
    >>> layers_to_torch([[p, p]])
    RNN(3, 5, bidirectional=True)
    """
    first = stack[0][0]
    if type(first) not in GIVE:
        known = ", ".join(kind.__name__ for kind in GIVE)
        raise TypeError(f"stack must hold one of {known}, got {type(first).__name__}")
    (D, H), directions = _sizes(first), len(stack[0])
    weights: dict[str, Any] = {}
    for k, layer in enumerate(stack):
        if len(layer) != directions or directions not in (1, 2):
            raise ValueError(
                f"stack[{k}] must have 1 direction or 2, as many as the others, "
                f"got {len(layer)}"
            )
        width = D if k == 0 else H * directions
        for p, end in zip(layer, ("", "_reverse"), strict=False):
            if type(p) is not type(first):
                raise TypeError(
                    f"stack[{k}] must hold {type(first).__name__} like the others, "
                    f"got {type(p).__name__}"
                )
            if _sizes(p) != (width, H):
                raise ValueError(
                    f"stack[{k}] must have D={width}, H={H}, got D={_sizes(p)[0]}, "
                    f"H={_sizes(p)[1]}"
                )
            weights |= {f"{n}_l{k}{end}": w for n, w in GIVE[type(p)](p).items()}
    kind = {RNNParams: nn.RNN, LSTMParams: nn.LSTM, GRUParams: nn.GRU}[type(first)]
    made: nn.RNNBase = kind(
        *(D, H, len(stack)),
        bidirectional=directions == 2,
        batch_first=batch_first,
        **options,
    ).to(_dtype(first))
    made.load_state_dict({n: torch.from_numpy(np.array(w)) for n, w in weights.items()})
    return made


def _one(layer: Any, kind: Any) -> Any:
    """Take the weights of a layer that must have one layer and one direction."""
    if type(layer) is not kind:
        raise TypeError(
            f"layer must be a torch.nn.{kind.__name__}, got {type(layer).__name__}"
        )
    if layer.num_layers != 1 or layer.bidirectional:
        raise ValueError(
            "layer must have one layer and one direction, got "
            f"num_layers={layer.num_layers}, bidirectional={layer.bidirectional}; "
            "layers_from_torch takes several"
        )
    return layers_from_torch(layer)[0][0]


def rnn_from_torch(layer: nn.RNN, *, nonlinearity: str = "tanh") -> RNNParams:
    """Take the weights of a one-layer ``torch.nn.RNN`` as arrays.

    Raises
    ------
    TypeError
        If it is not a ``torch.nn.RNN``.
    ValueError
        If it has several layers, two directions, or another nonlinearity than the
        one asked for, which ``rnn_forward`` must be told too.

    Examples
    --------
    >>> rnn_from_torch(nn.RNN(3, 5)).W_x.shape
    (3, 5)
    """
    p: RNNParams = _one(layer, nn.RNN)
    if layer.nonlinearity != nonlinearity:
        raise ValueError(f"layer must use {nonlinearity}, got {layer.nonlinearity}")
    return p


def rnn_to_torch(
    p: RNNParams, *, batch_first: bool = False, nonlinearity: str = "tanh"
) -> nn.RNN:
    """Build a ``torch.nn.RNN`` with the weights, in the dtype of the arrays.

    Examples
    --------
    >>> p = RNNParams(np.zeros((3, 5)), np.zeros((5, 5)), np.zeros(5))
    >>> rnn_to_torch(p)
    RNN(3, 5)
    """
    _sizes(p)
    made: Any = layers_to_torch(
        [[p]], batch_first=batch_first, nonlinearity=nonlinearity
    )
    return made  # type: ignore[no-any-return]


def lstm_from_torch(layer: nn.LSTM) -> LSTMParams:
    """Take the weights of a one-layer ``torch.nn.LSTM``; both use i, f, g, o.

    Raises
    ------
    TypeError
        If it is not a ``torch.nn.LSTM``.
    ValueError
        If it has several layers, two directions or projections.

    Examples
    --------
    >>> lstm_from_torch(nn.LSTM(3, 5)).W_x.shape
    (3, 20)
    """
    p: LSTMParams = _one(layer, nn.LSTM)
    return p


def lstm_to_torch(p: LSTMParams, *, batch_first: bool = False) -> nn.LSTM:
    """Build a ``torch.nn.LSTM`` with the weights, in the dtype of the arrays.

    Examples
    --------
    >>> p = LSTMParams(np.zeros((3, 20)), np.zeros((5, 20)), np.zeros(20))
    >>> lstm_to_torch(p)
    LSTM(3, 5)
    """
    made: Any = layers_to_torch([[p]], batch_first=batch_first)
    return made  # type: ignore[no-any-return]


def gru_from_torch(layer: nn.GRU) -> GRUParams:
    """Take the weights of a one-layer ``torch.nn.GRU`` as arrays.

    They are for ``reset="after"`` and ``z_keeps=True``. torch's two biases are added
    for r and z and kept apart for n, whose second one the reset gate multiplies.

    Raises
    ------
    TypeError
        If it is not a ``torch.nn.GRU``.
    ValueError
        If it has several layers or two directions.

    Examples
    --------
    >>> gru_from_torch(nn.GRU(3, 5)).W_x.shape
    (3, 15)
    """
    p: GRUParams = _one(layer, nn.GRU)
    return p


def gru_to_torch(
    p: GRUParams,
    *,
    reset: str = "after",
    z_keeps: bool = True,
    batch_first: bool = False,
) -> nn.GRU:
    """Build a ``torch.nn.GRU`` with the weights, in the dtype of the arrays.

    Weights for the other convention of z are turned round on the way.

    Raises
    ------
    ValueError
        If the weights are for ``reset="before"``, which torch does not have.

    Examples
    --------
    >>> p = GRUParams(np.zeros((3, 15)), np.zeros((5, 15)), np.zeros(15), np.zeros(5))
    >>> gru_to_torch(p)
    GRU(3, 5)
    """
    p = gru_to_kind(p, reset=reset, z_keeps=z_keeps, to_reset="after", to_z_keeps=True)
    made: Any = layers_to_torch([[p]], batch_first=batch_first)
    return made  # type: ignore[no-any-return]


def _matrices(w: dict[str, Any], end: str) -> tuple[Any, Any, Any, Any]:
    W_x, W_h = w[f"weight_ih{end}"].T.copy(), w[f"weight_hh{end}"].T.copy()
    zero = np.zeros(W_x.shape[1], dtype=W_x.dtype)
    return W_x, W_h, w.get(f"bias_ih{end}", zero), w.get(f"bias_hh{end}", zero)


def _take_rnn(w: dict[str, Any], end: str) -> RNNParams:
    W_x, W_h, b_x, b_h = _matrices(w, end)
    return RNNParams(W_x, W_h, b_x + b_h)  # torch keeps two; only the sum matters


def _take_lstm(w: dict[str, Any], end: str) -> LSTMParams:
    return LSTMParams(*_take_rnn(w, end))  # gate order i, f, g, o in both


def _take_gru(w: dict[str, Any], end: str) -> GRUParams:
    W_x, W_h, b_x, b_h = _matrices(w, end)
    H = len(W_h)
    b = np.concatenate([b_x[: 2 * H] + b_h[: 2 * H], b_x[2 * H :]])
    return GRUParams(W_x, W_h, b, b_h[2 * H :].copy())


def _give(p: Any) -> dict[str, Any]:
    return {
        "weight_ih": p.W_x.T,
        "weight_hh": p.W_h.T,
        "bias_ih": p.b,
        "bias_hh": np.zeros_like(p.b),
    }


def _give_gru(p: GRUParams) -> dict[str, Any]:
    inner = np.concatenate([np.zeros_like(p.b[: -len(p.b_hn)]), p.b_hn])
    return {**_give(p), "bias_hh": inner}


TAKE: dict[Any, Any] = {nn.RNN: _take_rnn, nn.LSTM: _take_lstm, nn.GRU: _take_gru}
GIVE: dict[Any, Any] = {RNNParams: _give, LSTMParams: _give, GRUParams: _give_gru}


# -- Keras -------------------------------------------------------------------------


def lstm_from_keras(weights: Sequence[Any]) -> LSTMParams:
    """Take the weights of a ``keras.layers.LSTM``, as ``get_weights`` gives them.

    Parameters
    ----------
    weights : kernel (D, 4H), recurrent kernel (H, 4H) and bias (4H,)
        Keras's order i, f, c, o is that of the reference, with g for c.

    Raises
    ------
    ValueError
        If there are not three arrays or their shapes do not fit.

    Examples
    --------
    >>> lstm_from_keras([np.zeros((3, 20)), np.zeros((5, 20)), np.zeros(20)]).b.shape
    (20,)
    """
    if len(weights) != 3:
        raise ValueError(
            "weights must be kernel, recurrent kernel and bias, "
            f"got {len(weights)} arrays"
        )
    p = LSTMParams(*(np.array(w) for w in weights))
    check_weights(p, LSTMParams, PLAIN)
    return p


def lstm_to_keras(p: LSTMParams) -> list[np.ndarray]:
    """Return the weights for ``set_weights`` of a ``keras.layers.LSTM``.

    Examples
    --------
    >>> p = LSTMParams(np.zeros((3, 20)), np.zeros((5, 20)), np.zeros(20))
    >>> [w.shape for w in lstm_to_keras(p)]
    [(3, 20), (5, 20), (20,)]
    """
    check_weights(p, LSTMParams, PLAIN)
    return [w.copy() for w in p]


def gru_from_keras(weights: Sequence[Any], *, z_keeps: bool = True) -> GRUParams:
    """Take the weights of a ``keras.layers.GRU``, as ``get_weights`` gives them.

    Parameters
    ----------
    weights : kernel (D, 3H), recurrent kernel (H, 3H) and bias
        In the order z, r, h. A bias (2, 3H) belongs to ``reset_after=True``, which
        is ``reset="after"`` here; a bias (3H,) to ``reset_after=False``, which is
        ``reset="before"``.
    z_keeps : bool
        The convention wanted; Keras's is True.

    Raises
    ------
    TypeError, ValueError
        If there are not three arrays or their shapes do not fit.

    Examples
    --------
    >>> weights = np.zeros((3, 15)), np.zeros((5, 15)), np.zeros((2, 15))
    >>> gru_from_keras(weights).b_hn.shape
    (5,)
    """
    if len(weights) != 3:
        raise ValueError(
            "weights must be kernel, recurrent kernel and bias, "
            f"got {len(weights)} arrays"
        )
    W_x, W_h, b = (_swap_z_r(np.asarray(w)) for w in weights)
    H = len(W_h)
    b_hn = np.zeros(H, dtype=b.dtype)
    if b.ndim == 2:
        check_shape("weights[2]", b, "two 3H", two=2, **{"3H": 3 * H})
        b_hn = b[1, 2 * H :].copy()
        b = np.concatenate([b[0, : 2 * H] + b[1, : 2 * H], b[0, 2 * H :]])
    p = GRUParams(W_x, W_h, b, b_hn)
    return gru_to_kind(p, to_z_keeps=z_keeps)


def gru_to_keras(
    p: GRUParams, *, reset: str = "after", z_keeps: bool = True
) -> list[np.ndarray]:
    """Return the weights for ``set_weights`` of a ``keras.layers.GRU``.

    Parameters
    ----------
    p : GRUParams
    reset : "after" or "before"
        What the weights are for: ``reset_after=True`` or False in Keras.
    z_keeps : bool
        The convention of the weights; those with False are turned round.

    Returns
    -------
    list of arrays
        Kernel (D, 3H), recurrent kernel (H, 3H) and bias in the order z, r, h; the
        bias (2, 3H) with the reset gate after, (3H,) with it before.

    Examples
    --------
    >>> p = GRUParams(np.zeros((3, 15)), np.zeros((5, 15)), np.zeros(15), np.zeros(5))
    >>> [w.shape for w in gru_to_keras(p)]
    [(3, 15), (5, 15), (2, 15)]
    """
    p = gru_to_kind(p, reset=reset, z_keeps=z_keeps, to_z_keeps=True)
    b = p.b
    if reset == "after":
        b = np.stack([b, np.concatenate([np.zeros_like(b[: -len(p.b_hn)]), p.b_hn])])
    return [_swap_z_r(w) for w in (p.W_x, p.W_h, b)]


def gru_to_kind(
    p: GRUParams,
    *,
    reset: str = "after",
    z_keeps: bool = True,
    to_reset: str | None = None,
    to_z_keeps: bool | None = None,
) -> GRUParams:
    """Turn weights for one kind of GRU into weights of another that computes the same.

    Parameters
    ----------
    p : GRUParams
    reset, z_keeps
        The kind that the weights are for.
    to_reset, to_z_keeps
        The kind wanted; the same where left out.

    Returns
    -------
    GRUParams
        Copies. Between the conventions of z the weights of z are negated (12.15),
        which is exact and gives the same weights back when done twice.

    Raises
    ------
    ValueError
        If the reset gate shall change its place, which no weights can do; or if
        ``b_hn`` is not zero with ``reset="before"``.

    Examples
    --------
    >>> p = GRUParams(np.ones((1, 3)), np.ones((1, 3)), np.ones(3), np.zeros(1))
    >>> gru_to_kind(p, z_keeps=True, to_z_keeps=False).W_x
    array([[ 1., -1.,  1.]])
    """
    to_reset = reset if to_reset is None else to_reset
    to_z_keeps = z_keeps if to_z_keeps is None else to_z_keeps
    check_kind(reset, z_keeps)
    check_kind(to_reset, to_z_keeps)
    check_weights(p, GRUParams, SHAPES)
    if reset != to_reset:
        raise ValueError(
            f'reset="{reset}" cannot become reset="{to_reset}": before, the gate '
            "weighs each state and W_hn mixes what is left, (r * h) W_hn; after, it "
            "weighs what is mixed already, r * (h W_hn); no weights make the two "
            "equal for all inputs, unless W_hn is diagonal. Train the other kind anew"
        )
    if reset == "before":
        check_no_inner_bias(p)
    if z_keeps != to_z_keeps:
        return flip_z(p)
    return GRUParams(*(w.copy() for w in p))


def _swap_z_r(w: np.ndarray) -> np.ndarray:
    """Swap the first two of three gates: r, z, n to z, r, n or back."""
    first, second, third = np.split(w, 3, axis=-1)
    return np.concatenate([second, first, third], axis=-1)


# -- the twin modules --------------------------------------------------------------


def module_from_params(p: Any, **options: Any) -> Any:
    """Build the twin module with the weights, in the dtype of the arrays.

    Parameters
    ----------
    p : RNNParams, LSTMParams, GRUParams, those of a variant or of a whole network
    **options
        What the module takes besides its sizes, such as ``reset="before"``, or
        ``attention="dot"``, which no weights tell.

    Examples
    --------
    >>> p = RNNParams(np.zeros((3, 5)), np.zeros((5, 5)), np.zeros(5))
    >>> module_from_params(p)
    RNN()
    """
    module = _build(p, **options).to(_dtype(p))
    with torch.no_grad():
        _fill(module, p, "p")
    return module


def params_from_module(module: Any) -> Any:
    """Take the weights of the twin module as arrays.

    Examples
    --------
    >>> params_from_module(RNN(3, 5)).W_h.shape
    (5, 5)
    """
    kinds = MODULES | {params: kind for params, (kind, _) in NETWORKS.items()}
    for params, kind in kinds.items():
        if isinstance(module, kind):
            return params(*(_take(getattr(module, n, None)) for n in params._fields))
    known = ", ".join(kind.__name__ for kind in kinds.values())
    raise TypeError(
        f"module must be one of {known} of rnncourse.nn, got {type(module).__name__}"
    )


def _build(p: Any, **options: Any) -> Any:
    """Make the module that has room for the weights."""
    if type(p) in NETWORKS:
        _, make = NETWORKS[type(p)]
        return make(p, **options)
    D, H = _sizes(p)
    kind = MODULES[type(p)]
    if kind is GRU and options.get("reset") == "before":
        check_no_inner_bias(p)
    return kind(D, H, **options)


def _fill(module: Any, p: Any, path: str) -> None:
    """Copy weights to where the module has the same names, however deep."""
    names = getattr(p, "_fields", map(str, range(len(p))))  # of a ModuleList: 0, 1 ...
    for name, w in zip(names, p, strict=True):
        if isinstance(w, tuple):
            _fill(getattr(module, name), w, f"{path}.{name}")
        elif w is not None:
            room = getattr(module, name)
            if w.shape != room.shape:
                raise ValueError(
                    f"{path}.{name} must have shape {tuple(room.shape)}, got {w.shape}"
                )
            room.copy_(torch.from_numpy(np.array(w)))


def _take(w: Any) -> Any:
    """Copy a weight, or all those of a module inside; None where there are none."""
    if isinstance(w, nn.ModuleList):
        return tuple(params_from_module(part) for part in w)
    if isinstance(w, nn.Module):
        return params_from_module(w) if [*w.parameters()] else None
    return None if w is None else w.detach().cpu().numpy().copy()


# The twin of each kind of parameters and the axes of its weights.
MODULES: dict[Any, Any] = {
    RNNParams: RNN,
    LSTMParams: LSTM,
    GRUParams: GRU,
    PeepholeParams: PeepholeLSTM,
    CoupledParams: CoupledLSTM,
    NoForgetParams: NoForgetLSTM,
    LayerNormLSTMParams: LayerNormLSTM,
}
AXES: dict[Any, Any] = {
    RNNParams: {"W_x": "D H", "W_h": "H H", "b": "H"},
    LSTMParams: PLAIN,
    GRUParams: SHAPES,
    PeepholeParams: PEEPHOLE.shapes,
    CoupledParams: COUPLED.shapes,
    NoForgetParams: NO_FORGET.shapes,
    LayerNormLSTMParams: LAYER_NORM_LSTM.shapes,
}


def _sizes(p: Any) -> tuple[int, int]:
    if type(p) not in AXES:
        known = ", ".join(kind.__name__ for kind in AXES)
        raise TypeError(f"p must be one of {known}, got {type(p).__name__}")
    _dtype(p)
    return check_weights(p, type(p), AXES[type(p)])


def _dtype(p: Any) -> torch.dtype:
    kinds = {w.dtype for w in nested_arrays(p).values()}
    if len(kinds) != 1 or kinds & {np.dtype(np.float32), np.dtype(np.float64)} != kinds:
        names = sorted(str(kind) for kind in kinds)
        raise TypeError(f"p must be float32 or float64 throughout, got {names}")
    return torch.float32 if kinds == {np.dtype(np.float32)} else torch.float64

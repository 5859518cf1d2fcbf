"""Networks that are no cell by themselves: how to make the twin of their parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from rnncourse.nn.attention import Attention
from rnncourse.nn.bidirectional import Bidirectional
from rnncourse.nn.cells import make_cell
from rnncourse.nn.cnn_lstm import CNNLSTM
from rnncourse.nn.conditioning import Conditioned
from rnncourse.nn.convolution import Conv1d
from rnncourse.nn.deep import DeepRNN, Transition
from rnncourse.nn.dense import Dense
from rnncourse.nn.hierarchical import Hierarchical
from rnncourse.nn.seq2seq import EncoderDecoder
from rnncourse.nn.stacked import Stacked
from rnncourse.reference.attention import AttentionParams
from rnncourse.reference.bidirectional import (
    BidirectionalParams,
    check_bidirectional,
)
from rnncourse.reference.cells import CELLS
from rnncourse.reference.cnn_lstm import CNNLSTMParams, check_cnn_lstm
from rnncourse.reference.conditioning import ConditionedParams, check_conditioned
from rnncourse.reference.convolution import ConvParams
from rnncourse.reference.deep import DeepParams, TransitionParams, check_deep
from rnncourse.reference.dense import DenseParams
from rnncourse.reference.hierarchical import HierarchicalParams, check_hierarchical
from rnncourse.reference.seq2seq import Seq2SeqParams, check_seq2seq
from rnncourse.reference.stacked import StackedParams, check_stacked
from rnncourse.reference.validate import check_shape


def _make_attention(p: AttentionParams) -> Attention:
    check_shape("p.W_q", p.W_q, "Q A")
    check_shape("p.W_k", p.W_k, "K A", A=p.W_q.shape[1])
    return Attention("additive", len(p.W_q), *p.W_k.shape)


def _make_dense(p: DenseParams) -> Dense:
    check_shape("p.W", p.W, "D K")
    return Dense(*p.W.shape)


def _make_conv(p: ConvParams, **options: Any) -> Conv1d:
    check_shape("p.W", p.W, "K D F")
    return Conv1d(*p.W.shape, **options)


def _make_seq2seq(p: Seq2SeqParams, attention: str | None = None) -> EncoderDecoder:
    """Make an encoder and a decoder; the score must be said where it has no weights."""
    cell = _cell_of("p.encoder", p.encoder)
    if attention is None and p.attention is not None:
        attention = "additive"
    check_seq2seq(cell, p, attention)
    A = None if p.attention is None else len(p.attention.v)
    sizes = len(p.E_x), *p.E_y.shape, len(p.decoder.W_h)
    return EncoderDecoder(cell, *sizes, attention=attention, A=A)


def _make_cnn_lstm(p: CNNLSTMParams, **options: Any) -> CNNLSTM:
    check_cnn_lstm(p)
    return CNNLSTM(*p.conv.W.shape, *p.out.W.shape, **options)


def _make_bidirectional(p: BidirectionalParams) -> Bidirectional:
    cell = _cell_of("p.forwards", p.forwards)
    return Bidirectional(cell, *check_bidirectional(cell, p))


def _make_stacked(p: StackedParams, **options: Any) -> Stacked:
    """Make a stack with room for its layers, which may differ in width."""
    double = [isinstance(layer, BidirectionalParams) for layer in p.layers]
    cells: list[Any] = [
        layer.forwards if two else layer
        for layer, two in zip(p.layers, double, strict=True)
    ]
    cell = _cell_of("p.layers[0]", cells[0] if cells else None)
    check_stacked(cell, p)
    sizes = [(len(layer.W_x), len(layer.W_h)) for layer in cells]
    made = Stacked(cell, *sizes[0], len(sizes), **options)
    made.layers = nn.ModuleList(
        Bidirectional(cell, D, H) if two else make_cell(cell, D, H)
        for (D, H), two in zip(sizes, double, strict=True)
    )
    return made


def _make_transition(p: TransitionParams) -> Transition:
    check_shape("p.W_x", p.W_x, "D H")
    D, H = p.W_x.shape
    check_shape("p.W_s", p.W_s, "N H H", H=H)
    return Transition(D, H, len(p.W_s))


def _make_deep(p: DeepParams) -> DeepRNN:
    check_deep(p)
    D, H = p.layer.W_x.shape
    before = [len(dense.W) for dense in p.before] + [D]
    after = [dense.W.shape[1] for dense in p.after]
    return DeepRNN(before, H, after, n_transition=len(p.layer.W_s))


def _make_hierarchical(p: HierarchicalParams, periods: Any) -> Hierarchical:
    """Make the levels; their clocks must be said, since no weights tell them."""
    lowest = p.levels[0] if p.levels else None
    cell = _cell_of("p.levels[0]", lowest)
    return Hierarchical(
        cell, len(p.levels[0].W_x), check_hierarchical(cell, p), periods
    )


def _make_conditioned(p: ConditionedParams) -> Conditioned:
    cell = _cell_of("p.layer", p.layer)
    sizes = check_conditioned(cell, p)
    place = "both" if p.start is not None else "input"
    return Conditioned(cell, *sizes, place="state" if p.W_v is None else place)


def _cell_of(name: str, p: Any) -> str:
    """Return the name of the cell that weights belong to."""
    names = {known.params: name for name, known in CELLS.items()}
    if type(p) not in names:
        known = ", ".join(kind.__name__ for kind in names)
        raise TypeError(f"{name} must be one of {known}, got {type(p).__name__}")
    return names[type(p)]


# The twin of each kind of parameters, and how to make one that has room for them.
NETWORKS: dict[Any, tuple[Any, Callable[..., Any]]] = {
    AttentionParams: (Attention, _make_attention),
    DenseParams: (Dense, _make_dense),
    ConvParams: (Conv1d, _make_conv),
    Seq2SeqParams: (EncoderDecoder, _make_seq2seq),
    CNNLSTMParams: (CNNLSTM, _make_cnn_lstm),
    BidirectionalParams: (Bidirectional, _make_bidirectional),
    StackedParams: (Stacked, _make_stacked),
    TransitionParams: (Transition, _make_transition),
    DeepParams: (DeepRNN, _make_deep),
    HierarchicalParams: (Hierarchical, _make_hierarchical),
    ConditionedParams: (Conditioned, _make_conditioned),
}

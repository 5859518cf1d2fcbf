"""The reference against onnxruntime: what ``torch.nn`` cannot compute, it can.

Each case is a small model of one ONNX node, with sizes, weights, states and lengths
of its own. ONNX keeps the gates of an LSTM as i, o, f, c (peepholes as i, o, f) and
those of a GRU as z, r, h; matrices are transposed, and there are two biases.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from rnncourse.reference.gru import gru_forward, init_gru
from rnncourse.reference.lstm import init_lstm, lstm_forward
from rnncourse.reference.lstm_variants import (
    coupled_forward,
    init_coupled,
    lstm_from_coupled,
)
from rnncourse.reference.peephole import init_peephole, peephole_forward
from rnncourse.reference.rnn import init_rnn, rnn_forward
from rnncourse.reference.sequences import reverse_valid

TOLERANCE = 1e-6  # float32, absolute and relative
SEEDS = range(12)
DIRECTIONS = ("forward", "reverse", "bidirectional")


class Family(NamedTuple):
    """A node, its attributes, and the functions of the reference that it checks."""

    op: str
    attributes: dict[str, Any]
    init: Callable
    forward: Callable  # (xs, p, *states, lengths) -> hs, tuple of last states
    order: tuple[int, ...]  # where ONNX's gates stand among ours
    prepare: Callable = lambda p: p


def read_rnn(nonlinearity):
    def forward(xs, p, h0, lengths):
        hs, h_T, _ = rnn_forward(xs, p, h0, lengths, nonlinearity=nonlinearity)
        return hs, (h_T,)

    return forward


def read_gru(reset):
    def forward(xs, p, h0, lengths):
        hs, h_T, _ = gru_forward(xs, p, h0, lengths, reset=reset)
        return hs, (h_T,)

    return forward


def read_lstm(layer):
    def forward(xs, p, h0, c0, lengths):
        return layer(xs, p, h0, c0, lengths)[:2]

    return forward


I_O_F_C = (0, 3, 1, 2)  # among i, f, g, o
Z_R_H = (1, 0, 2)  # among r, z, n
FAMILIES = {
    "rnn-tanh": Family(
        "RNN", {"activations": ["Tanh"]}, init_rnn, read_rnn("tanh"), (0,)
    ),
    "rnn-relu": Family(
        "RNN", {"activations": ["Relu"]}, init_rnn, read_rnn("relu"), (0,)
    ),
    "gru-before": Family(
        "GRU", {"linear_before_reset": 0}, init_gru, read_gru("before"), Z_R_H
    ),
    "gru-after": Family(
        "GRU", {"linear_before_reset": 1}, init_gru, read_gru("after"), Z_R_H
    ),
    "lstm": Family("LSTM", {}, init_lstm, read_lstm(lstm_forward), I_O_F_C),
    "peephole": Family("LSTM", {}, init_peephole, read_lstm(peephole_forward), I_O_F_C),
    "coupled": Family(
        "LSTM",
        {"input_forget": 1},
        init_coupled,
        read_lstm(coupled_forward),
        I_O_F_C,
        lstm_from_coupled,
    ),
}


def draw(family, seed):
    """Return a case: inputs, lengths or None, and weights and states by direction."""
    rng = np.random.default_rng(seed)
    T, B, D, H = (int(n) for n in rng.choice(np.arange(2, 10), 4, replace=False))
    weights, states = [], []
    for _ in range(2):
        p = family.init(D, H, rng=rng, dtype=np.float32)
        p = type(p)(*(w + rng.normal(0, 0.1, w.shape).astype(w.dtype) for w in p))
        if family.attributes.get("linear_before_reset") == 0:
            p = p._replace(b_hn=np.zeros_like(p.b_hn))  # outside the product it is b
        weights.append(p)
        number = 2 if family.op == "LSTM" else 1
        states.append(rng.normal(size=(number, B, H)).astype(np.float32))
    xs = rng.normal(size=(T, B, D)).astype(np.float32)
    lengths = rng.integers(1, T + 1, size=B) if seed % 3 else None
    return xs, lengths, weights, states


def by_reference(family, xs, lengths, weights, states, direction):
    """Return hs (T, directions, B, H) and the last states (directions, B, H)."""
    hs, last = [], []
    ways = {"forward": [False], "reverse": [True]}.get(direction, [False, True])
    for way, p, state in zip(ways, weights, states, strict=False):
        turned = reverse_valid(xs, lengths) if way else xs
        out, ends = family.forward(turned, p, *state, lengths)
        hs.append(reverse_valid(out, lengths) if way else out)
        last.append(ends)
    return np.stack(hs, axis=1), [np.stack(s) for s in zip(*last, strict=True)]


def by_onnx(family, xs, lengths, weights, states, direction, p_order=(0, 2, 1)):
    """Return the same, computed by onnxruntime."""
    number = 2 if direction == "bidirectional" else 1
    weights = [family.prepare(p) for p in weights[:number]]
    H = weights[0].W_h.shape[0]

    def gates(w):
        return np.concatenate(
            [np.split(w, len(family.order), -1)[k] for k in family.order], -1
        )

    def biases(p):
        second = np.zeros_like(p.b)
        if hasattr(p, "b_hn"):
            second[2 * H :] = p.b_hn
        return np.concatenate([gates(p.b), gates(second)])

    feed = {
        "X": xs,
        "W": np.stack([gates(p.W_x).T for p in weights]),  # (directions, gates·H, D)
        "R": np.stack([gates(p.W_h).T for p in weights]),
        "B": np.stack([biases(p) for p in weights]),
        "sequence_lens": None if lengths is None else lengths.astype(np.int32),
        "initial_h": np.stack([s[0] for s in states[:number]]),
    }
    if family.op == "LSTM":
        feed["initial_c"] = np.stack([s[1] for s in states[:number]])
    if hasattr(weights[0], "p_i"):
        each = [(p.p_i, p.p_f, p.p_o) for p in weights]
        feed["P"] = np.stack([np.concatenate([e[k] for k in p_order]) for e in each])
    names = [name if a is not None else "" for name, a in feed.items()]
    feed = {name: np.ascontiguousarray(a) for name, a in feed.items() if a is not None}
    outputs = ["Y", "Y_h", "Y_c"][: 3 if family.op == "LSTM" else 2]
    attributes = dict(family.attributes)
    if "activations" in attributes:
        attributes["activations"] = attributes["activations"] * number
    node = helper.make_node(
        family.op, names, outputs, hidden_size=H, direction=direction, **attributes
    )
    graph = helper.make_graph(
        [node],
        "case",
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape
            )
            for name, a in feed.items()
        ],
        [
            helper.make_tensor_value_info(n, TensorProto.FLOAT, [None] * rank)
            for n, rank in zip(outputs, (4, 3, 3), strict=False)
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    hs, *last = session.run(None, feed)
    return hs, last


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", FAMILIES)
def test_reference_agrees_with_onnxruntime(name, seed, direction):
    family = FAMILIES[name]
    xs, lengths, weights, states = draw(family, seed)
    hs, last = by_reference(family, xs, lengths, weights, states, direction)
    want_hs, want_last = by_onnx(family, xs, lengths, weights, states, direction)
    ends = np.full(xs.shape[1], len(xs)) if lengths is None else lengths
    live = np.arange(len(xs))[:, None] < ends  # (T, B)
    assert hs.dtype == np.float32
    assert hs.shape == want_hs.shape
    for k in range(hs.shape[1]):  # in the padding ONNX writes zeros, we keep the state
        np.testing.assert_allclose(
            hs[:, k][live], want_hs[:, k][live], rtol=TOLERANCE, atol=TOLERANCE
        )
        assert not want_hs[:, k][~live].any()
    for ours, theirs in zip(last, want_last, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE)


def test_the_oracle_tells_the_orders_of_the_gates_and_peepholes_apart():
    family = FAMILIES["peephole"]
    case = draw(family, 1)
    hs, _ = by_reference(family, *case, "forward")
    for wrong in (
        by_onnx(family._replace(order=(0, 1, 2, 3)), *case, "forward"),
        by_onnx(family, *case, "forward", p_order=(0, 1, 2)),
    ):
        assert np.abs(hs[0] - wrong[0][0]).max() > 1e-3  # all are live in step 1


def test_the_oracle_tells_the_places_of_the_reset_gate_apart():
    case = draw(FAMILIES["gru-before"], 1)
    hs, _ = by_reference(FAMILIES["gru-before"], *case, "forward")
    other, _ = by_onnx(FAMILIES["gru-after"], *case, "forward")
    assert np.abs(hs[0] - other[0]).max() > 1e-3

"""The converters for Keras against Keras 3 itself, on its torch backend.

Keras keeps the gates of an LSTM as i, f, c, o and those of a GRU as z, r, h, and
puts the batch first. Import and build take seconds, so there are few layers.
"""

import os

import numpy as np
import pytest
import torch

os.environ["KERAS_BACKEND"] = "torch"  # Keras reads it once, when it is imported
keras = pytest.importorskip("keras")

from rnncourse.nn.convert import (  # noqa: E402
    gru_from_keras,
    gru_to_keras,
    lstm_from_keras,
    lstm_to_keras,
)
from rnncourse.reference.gru import gru_forward, init_gru  # noqa: E402
from rnncourse.reference.lstm import init_lstm, lstm_forward  # noqa: E402

T, B, D, H = 7, 4, 3, 5
TOLERANCE = 1e-6  # float32
RESETS = {"after": True, "before": False}  # reset_after
each_reset = pytest.mark.parametrize("reset", RESETS)


def draw(p, *, seed=0):
    """Return weights with noise on every entry, inputs and two states."""
    rng = np.random.default_rng(seed)
    p = type(p)(*(w + rng.normal(0, 0.3, w.shape).astype(w.dtype) for w in p))
    shapes = (T, B, D), (B, H), (B, H)
    return p, *(rng.normal(size=s).astype(np.float32) for s in shapes)


def draw_gru(reset):
    p = init_gru(D, H, rng=np.random.default_rng(1), dtype=np.float32)
    p, xs, h0, _ = draw(p)
    if reset == "before":
        p = p._replace(b_hn=np.zeros_like(p.b_hn))  # outside the product it is b
    return p, xs, h0


def build(kind, **options):
    """Return a Keras layer whose weights exist and are not special."""
    layer = kind(H, return_sequences=True, return_state=True, **options)
    layer.build((B, T, D))
    rng = np.random.default_rng(2)
    layer.set_weights([rng.normal(0, 0.4, tuple(w.shape)) for w in layer.weights])
    return layer


def weights_of(layer):
    """Return the weights as arrays; Keras's own way warns under NumPy 2."""
    return [w.value.detach().numpy() for w in layer.weights]


def by_keras(layer, xs, *states):
    """Return hs (T, B, H) and the last states of a Keras layer."""
    start = [torch.from_numpy(s) for s in states]
    hs, *last = layer(torch.from_numpy(xs).swapaxes(0, 1), start)
    return hs.detach().swapaxes(0, 1).numpy(), [s.detach().numpy() for s in last]


def assert_near(got, want):
    for a, b in zip(got, want, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE)


def test_keras_runs_on_torch():
    assert keras.backend.backend() == "torch"


def test_lstm_taken_from_keras_computes_the_same():
    layer = build(keras.layers.LSTM)
    p = lstm_from_keras(weights_of(layer))
    _, xs, h0, c0 = draw(init_lstm(D, H, rng=np.random.default_rng(1)))
    hs, last, _ = lstm_forward(xs, p, h0, c0)
    want, want_last = by_keras(layer, xs, h0, c0)
    assert_near([hs, *last], [want, *want_last])


def test_lstm_given_to_keras_computes_the_same():
    p = init_lstm(D, H, rng=np.random.default_rng(1), dtype=np.float32)
    p, xs, h0, c0 = draw(p)
    layer = build(keras.layers.LSTM)
    layer.set_weights(lstm_to_keras(p))
    hs, last, _ = lstm_forward(xs, p, h0, c0)
    want, want_last = by_keras(layer, xs, h0, c0)
    assert_near([hs, *last], [want, *want_last])


def test_keras_tells_the_orders_of_the_lstms_gates_apart():
    p = init_lstm(D, H, rng=np.random.default_rng(1), dtype=np.float32)
    p, xs, h0, c0 = draw(p)
    layer = build(keras.layers.LSTM)
    onnx_order = (np.split(w, 4, axis=-1) for w in p)
    layer.set_weights([np.concatenate([i, o, f, g], -1) for i, f, g, o in onnx_order])
    hs, _, _ = lstm_forward(xs, p, h0, c0)
    assert np.abs(hs - by_keras(layer, xs, h0, c0)[0]).max() > 1e-2


@each_reset
def test_gru_taken_from_keras_computes_the_same(reset):
    layer = build(keras.layers.GRU, reset_after=RESETS[reset])
    p = gru_from_keras(weights_of(layer))
    _, xs, h0 = draw_gru(reset)
    hs, h_T, _ = gru_forward(xs, p, h0, reset=reset)
    want, (want_h,) = by_keras(layer, xs, h0)
    assert_near([hs, h_T], [want, want_h])


@each_reset
def test_gru_given_to_keras_computes_the_same(reset):
    p, xs, h0 = draw_gru(reset)
    layer = build(keras.layers.GRU, reset_after=RESETS[reset])
    layer.set_weights(gru_to_keras(p, reset=reset))
    hs, h_T, _ = gru_forward(xs, p, h0, reset=reset)
    want, (want_h,) = by_keras(layer, xs, h0)
    assert_near([hs, h_T], [want, want_h])


@each_reset
def test_weights_survive_the_round_trip_through_keras(reset):
    p, *_ = draw(init_lstm(D, H, rng=np.random.default_rng(1), dtype=np.float32))
    q, *_ = draw_gru(reset)
    pairs = (
        (lstm_from_keras(lstm_to_keras(p)), p),
        (gru_from_keras(gru_to_keras(q, reset=reset)), q),
    )
    for got, want in pairs:
        for a, b in zip(got, want, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)

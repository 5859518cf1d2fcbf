"""Parameters inside parameters: there and back."""

import numpy as np
import pytest

from rnncourse.reference.dense import DenseParams, MLPParams
from rnncourse.reference.nested import (
    add_params,
    nested_arrays,
    nested_from_arrays,
)
from rnncourse.reference.seq2seq import init_seq2seq

P = init_seq2seq("rnn", 4, 5, 2, 3, attention="dot", rng=np.random.default_rng(0))


def test_each_array_has_its_path_and_is_itself():
    arrays = nested_arrays(P)
    assert list(arrays) == [
        *("E_x", "encoder.W_x", "encoder.W_h", "encoder.b"),
        *("E_y", "decoder.W_x", "decoder.W_h", "decoder.b"),
        *("out.W", "out.b"),
    ]
    assert arrays["decoder.W_h"] is P.decoder.W_h


def test_the_way_back_keeps_the_kinds_and_what_is_left_out():
    doubled = {name: 2 * w for name, w in nested_arrays(P).items()}
    q = nested_from_arrays(P, doubled)
    assert type(q) is type(P)
    assert type(q.encoder) is type(P.encoder)
    assert q.attention is None
    np.testing.assert_array_equal(q.out.b, 2 * P.out.b)
    np.testing.assert_array_equal(q.encoder.W_x, 2 * P.encoder.W_x)


def test_a_plain_tuple_counts_from_zero_and_comes_back():
    layer = DenseParams(np.ones((1, 1)), np.zeros(1))
    p = MLPParams((layer, layer))
    assert list(nested_arrays(p)) == [f"layers.{n}.{w}" for n in (0, 1) for w in "Wb"]
    q = nested_from_arrays(p, nested_arrays(p))
    assert type(q.layers) is tuple
    assert q.layers[1] == layer


def test_two_gradients_add_up_array_by_array_and_keep_their_kinds():
    layer = DenseParams(np.array([[1.0]]), np.array([2.0]))
    other = DenseParams(np.array([[10.0]]), np.array([20.0]))
    total = add_params(MLPParams((layer, other)), MLPParams((other, other)))
    assert type(total) is MLPParams
    assert type(total.layers) is tuple
    assert total.layers == ((11.0, 22.0), (20.0, 40.0))
    assert layer.W == 1  # neither is changed
    with pytest.raises(ValueError, match="zip"):
        add_params((layer,), (layer, layer))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nested_arrays([1]), TypeError, "p must be a tuple of .* got list"),
        (
            lambda: nested_from_arrays(P.out, {"W": P.out.W}),
            ValueError,
            r"arrays must have the names \['W', 'b'\], got \['W'\]",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

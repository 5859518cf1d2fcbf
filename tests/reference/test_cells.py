"""Every cell under one name and one way to call it."""

import numpy as np
import pytest

from rnncourse.reference.cells import (
    CELLS,
    cell_backward,
    cell_forward,
    find_cell,
    init_cell,
)
from rnncourse.reference.gru import gru_backward, gru_forward
from rnncourse.reference.lstm import lstm_backward, lstm_forward
from rnncourse.reference.rnn import rnn_backward, rnn_forward

T, B, D, H = 4, 3, 2, 5
LENGTHS = [4, 1, 2]
each_cell = pytest.mark.parametrize("cell", CELLS)
DIRECT = {
    "rnn": (rnn_forward, rnn_backward),
    "lstm": (lstm_forward, lstm_backward),
    "gru": (gru_forward, gru_backward),
}


def draw(cell):
    rng = np.random.default_rng(0)
    p = init_cell(cell, D, H, rng=rng)
    n = len(find_cell(cell).states)
    xs, dhs = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    return (
        p,
        xs,
        tuple(rng.normal(size=(n, B, H))),
        dhs,
        tuple(rng.normal(size=(n, B, H))),
    )


@each_cell
def test_a_cell_by_name_is_the_cell_itself(cell):
    p, xs, state, dhs, dstate = draw(cell)
    forward, backward = DIRECT[cell]
    hs, last, cache = cell_forward(cell, xs, p, state, LENGTHS)
    want_hs, want_last, want_cache = forward(xs, p, *state, lengths=LENGTHS)
    dxs, first, dp = cell_backward(cell, dhs, cache, p, dstate)
    want_dxs, want_first, want_dp = backward(dhs, want_cache, p, *dstate)
    if len(state) == 1:
        want_last, want_first = (want_last,), (want_first,)
    got = [hs, *last, dxs, *first, *dp]
    want = [want_hs, *want_last, want_dxs, *want_first, *want_dp]
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)
    assert isinstance(p, CELLS[cell].params)


@each_cell
def test_states_left_out_are_zeros(cell):
    p, xs, state, dhs, dstate = draw(cell)
    zeros = tuple(np.zeros_like(s) for s in state)
    hs, last, cache = cell_forward(cell, xs, p)
    same, same_last, _ = cell_forward(cell, xs, p, zeros, [T] * B)
    dxs, _, _ = cell_backward(cell, dhs, cache, p)
    same_dxs, _, _ = cell_backward(cell, dhs, cache, p, zeros)
    for a, b in zip([hs, *last, dxs], [same, *same_last, same_dxs], strict=True):
        np.testing.assert_array_equal(a, b)


P, XS, STATE, DHS, _ = draw("lstm")
CACHE = cell_forward("lstm", XS, P)[2]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: find_cell("lsmt"), ValueError, "cell must be one of 'rnn'.*'lsmt'"),
        (lambda: init_cell("gru", 0, 1, rng=None), ValueError, "D must be at least 1"),
        (
            lambda: cell_forward("lstm", XS, P, STATE[:1]),
            TypeError,
            r"^state .*\(h, c\), got 1",
        ),
        (lambda: cell_forward("lstm", XS, P, STATE[0]), TypeError, "tuple .* ndarray"),
        (lambda: cell_forward("rnn", XS, P, STATE), TypeError, r"tuple \(h,\), got 2"),
        (lambda: cell_forward("rnn", XS, P), TypeError, "p must be RNNParams, got LS"),
        (
            lambda: cell_backward("lstm", DHS, CACHE, P, (DHS[0],)),
            TypeError,
            r"dstate_T must be a tuple \(h, c\), got 1",
        ),
        (
            lambda: cell_backward("gru", DHS, CACHE, P),
            TypeError,
            "cache must come from gru_forward, got LSTMLayerCache",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

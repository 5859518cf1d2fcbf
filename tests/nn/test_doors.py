"""What every layer does at its door: packed sequences, partners, states."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from rnncourse.nn import RNN
from rnncourse.nn.doors import check_partner, open_sequences, open_state

T, B, D, H = 7, 4, 3, 5
LENGTHS = [7, 3, 1, 5]
WEIGHT = torch.zeros(1)


@pytest.mark.parametrize("in_order", [True, False])
def test_a_packed_sequence_reads_as_the_padded_one_with_lengths(in_order):
    lengths = sorted(LENGTHS, reverse=True) if in_order else LENGTHS
    torch.manual_seed(0)
    layer, xs, h0 = RNN(D, H), torch.randn(T, B, D), torch.randn(B, H)
    packed = pack_padded_sequence(xs, lengths, enforce_sorted=in_order)
    for got, want in zip(layer(packed, h0), layer(xs, h0, lengths), strict=True):
        assert torch.equal(got, want)


def test_a_packed_batch_agrees_with_torch_where_torch_has_a_value():
    torch.manual_seed(0)
    theirs, xs = torch.nn.RNN(D, H), torch.randn(T, B, D)
    ours = RNN(D, H)
    with torch.no_grad():
        ours.W_x.copy_(theirs.weight_ih_l0.T)
        ours.W_h.copy_(theirs.weight_hh_l0.T)
        ours.b.copy_(theirs.bias_ih_l0 + theirs.bias_hh_l0)
    packed = pack_padded_sequence(xs, LENGTHS, enforce_sorted=False)
    hs, h_T = ours(packed)
    want, last = theirs(packed)
    want, _ = torch.nn.utils.rnn.pad_packed_sequence(want)
    live = torch.arange(T)[:, None] < torch.tensor(LENGTHS)
    torch.testing.assert_close(hs[live], want[live])
    torch.testing.assert_close(h_T, last[0])


def test_steps_behind_the_end_are_not_live_and_read_as_zero():
    xs = torch.full((T, B, D), float("nan"))
    for column, n in enumerate(LENGTHS):
        xs[:n, column] = 1
    opened, live = open_sequences(xs, np.array(LENGTHS), D, WEIGHT)
    assert live[:, :, 0].sum(0).tolist() == LENGTHS
    assert opened.sum() == D * sum(LENGTHS)


def test_a_state_that_is_left_out_is_zero_on_the_device_of_the_weights():
    state = open_state("h0", None, B, H, torch.zeros(1, dtype=torch.float64))
    assert state.shape == (B, H)
    assert state.dtype == torch.float64
    assert not state.any()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: open_sequences(
                pack_padded_sequence(torch.zeros(T, B, D), [T] * B), LENGTHS, D, WEIGHT
            ),
            ValueError,
            "lengths must be left out with a packed sequence",
        ),
        (
            lambda: check_partner("xs", [1.0], WEIGHT),
            TypeError,
            "xs must be a tensor, got list",
        ),
        (
            lambda: open_state("c0", torch.zeros(B, 2), B, H, WEIGHT),
            ValueError,
            r"c0 must have shape \(B=4, H=5\), got \(4, 2\)",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

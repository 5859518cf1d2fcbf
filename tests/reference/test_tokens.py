"""Token sequences: what counts, and the loss over it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference.gradcheck import check_gradient, relative_error
from rnncourse.reference.tokens import (
    open_tokens,
    sequence_loss,
    sequence_loss_backward,
)

S, B, V = 4, 3, 5
RNG = np.random.default_rng(0)
LOGITS, YS = RNG.normal(size=(S, B, V)), RNG.integers(0, V, size=(S, B))
LENGTHS = [4, 1, 2]
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def test_loss_is_the_mean_over_tokens_and_not_over_sequences_by_hand():
    # the first sequence tells its one token with 1/4, the second both with 1/2
    logits = np.log([[[1, 3], [1, 1]], [[9, 1], [1, 1]]])
    ys = [[0, 1], [7, 0]]  # 7 stands behind the end
    loss = sequence_loss(logits, ys, [1, 2])
    assert loss == pytest.approx((math.log(4) + 2 * math.log(2)) / 3, rel=1e-15)
    dlogits = sequence_loss_backward(logits, ys, [1, 2])
    want = np.array([[[-3, 3], [2, -2]], [[0, 0], [-2, 2]]]) / 12
    np.testing.assert_allclose(dlogits, want, rtol=1e-15, atol=1e-16)


@lengths_or_none
def test_gradient_agrees_with_differences_and_torch(lengths):
    dlogits = sequence_loss_backward(LOGITS, YS, lengths)
    check_gradient(
        lambda q: sequence_loss(q["logits"], YS, lengths),
        {"logits": LOGITS},
        {"logits": dlogits},
    )
    _, mask = open_tokens("ys", YS, lengths, V)
    logits = torch.tensor(LOGITS, requires_grad=True)
    targets = torch.tensor(np.where(mask, YS, -100))
    loss = torch.nn.functional.cross_entropy(
        logits.reshape(-1, V), targets.ravel(), ignore_index=-100
    )
    loss.backward()
    assert sequence_loss(LOGITS, YS, lengths) == pytest.approx(loss.item(), rel=1e-14)
    assert relative_error(dlogits, logits.grad.numpy()).max() <= 1e-10


@settings(deadline=None, max_examples=25)
@given(
    lengths=st.lists(st.integers(1, S), min_size=B, max_size=B),
    rubbish=st.sampled_from([-100, -1, V, 10**9]),
    number=st.sampled_from([np.nan, np.inf, 1e30]),
)
def test_padding_never_changes_the_loss(lengths, rubbish, number):
    mask = np.arange(S)[:, None] < np.array(lengths)
    ys, logits = np.where(mask, YS, rubbish), np.where(mask[..., None], LOGITS, number)
    assert sequence_loss(logits, ys, lengths) == sequence_loss(LOGITS, YS, lengths)
    got = sequence_loss_backward(logits, ys, lengths)
    np.testing.assert_array_equal(got, sequence_loss_backward(LOGITS, YS, lengths))
    assert not got[~mask].any()
    ids, found = open_tokens("ys", ys, lengths, V)
    np.testing.assert_array_equal(found, mask)
    np.testing.assert_array_equal(ids, np.where(mask, YS, 0))


def test_the_gradient_keeps_the_dtype():
    assert sequence_loss_backward(LOGITS.astype(np.float32), YS).dtype == np.float32


def test_an_empty_batch_of_tokens_is_opened():
    ids, mask = open_tokens("xs", np.zeros((3, 0), dtype=int), [], V)
    assert ids.shape == mask.shape == (3, 0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: open_tokens("xs", [1], None, V), ValueError, r"xs must .* \(T, B\)"),
        (lambda: open_tokens("xs", [[]] * 0, None, V), ValueError, "xs must have"),
        (
            lambda: open_tokens("xs", np.zeros((0, 2), dtype=int), None, V),
            ValueError,
            "xs must have at least one time step, got T=0",
        ),
        (
            lambda: open_tokens("xs", [[0.5]], None, V),
            TypeError,
            "whole numbers, got f",
        ),
        (lambda: open_tokens("xs", [[True]], None, V), TypeError, "numbers, got bool"),
        (lambda: open_tokens("xs", [[5]], None, V), ValueError, "in 0..4, got 5"),
        (lambda: open_tokens("xs", [[-1]], None, V), ValueError, "in 0..4, got -1"),
        (
            lambda: open_tokens("xs", YS, [1, 2, 5], V),
            ValueError,
            "lengths .*1..4, got 5",
        ),
        (lambda: open_tokens("xs", YS, None, V, B=2), ValueError, r"\(T, B=2\)"),
        (lambda: sequence_loss(LOGITS[0], YS), ValueError, r"logits .* \(S, B, V\)"),
        (lambda: sequence_loss(LOGITS, YS[1:]), ValueError, r"ys .* \(T=4, B=3\)"),
        (
            lambda: sequence_loss(LOGITS.tolist(), YS),
            TypeError,
            "logits must be an arr",
        ),
        (lambda: sequence_loss(LOGITS * np.nan, YS), ValueError, "logits must not be"),
        (
            lambda: sequence_loss(LOGITS[:, :0], YS[:, :0]),
            ValueError,
            "at least one en",
        ),
        (lambda: sequence_loss_backward(LOGITS, YS + V), ValueError, "ys must lie in"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

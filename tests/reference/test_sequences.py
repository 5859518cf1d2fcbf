"""Sequences turned round, padding left where it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncourse.reference.sequences import reverse_valid

T, B, D = 5, 3, 2


def test_the_valid_part_is_reversed_by_hand():
    xs = np.array([[1, 4, 7], [2, 5, 0], [3, 0, 0]])
    want = [[3, 5, 7], [2, 4, 0], [1, 0, 0]]
    np.testing.assert_array_equal(reverse_valid(xs, [3, 2, 1]), want)
    np.testing.assert_array_equal(reverse_valid(xs), xs[::-1])


@given(lengths=st.lists(st.integers(1, T), min_size=B, max_size=B))
def test_twice_is_the_identity_and_padding_stays(lengths):
    xs = np.random.default_rng(0).normal(size=(T, B, D))
    once = reverse_valid(xs, lengths)
    padding = np.arange(T)[:, None] >= np.array(lengths)
    np.testing.assert_array_equal(once[padding], xs[padding])
    np.testing.assert_array_equal(once[0], xs[np.array(lengths) - 1, range(B)])
    np.testing.assert_array_equal(reverse_valid(once, lengths), xs)


def test_the_result_is_a_copy_and_may_be_empty():
    xs = np.zeros((T, B))
    for turned in (reverse_valid(xs), reverse_valid(xs, [T] * B)):
        assert not np.shares_memory(turned, xs)
    assert reverse_valid(np.zeros((T, 0, D)), []).shape == (T, 0, D)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: reverse_valid([1, 2]), TypeError, "xs must be an array, got list"),
        (
            lambda: reverse_valid(np.zeros(3)),
            ValueError,
            r"xs must have shape \(T, B, ...\), got \(3,\)",
        ),
        (
            lambda: reverse_valid(np.zeros((3, 2)), [4, 1]),
            ValueError,
            "lengths must lie in 1..3, got 4",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

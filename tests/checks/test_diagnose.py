"""The slips that happen everywhere, seen in arrays of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.checks.diagnose import (
    close,
    difference,
    looks_like,
    numbers,
    shape_trouble,
    type_trouble,
)

SIZES = st.integers(3, 6)
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def arrays(draw, ndim=3):
    shape = draw(st.permutations(range(3, 3 + ndim)))
    return np.random.default_rng(draw(SEEDS)).normal(size=shape)


def sign_of(got, want, **sizes):
    return looks_like(got, want, sizes, close)


def form_of(got, want):
    return shape_trouble(got, want, "h", close)


@given(arrays())
@settings(max_examples=25, deadline=None)
def test_what_is_right_looks_like_nothing(a):
    assert close(a, a.copy())
    assert close(a.astype(np.float32), a)
    assert form_of(a, a) == ""
    assert type_trouble(a, a, "h") == ""


@given(arrays(), SEEDS)
@settings(max_examples=25, deadline=None)
def test_one_wrong_entry_is_found_and_placed(a, seed):
    at = tuple(np.random.default_rng(seed).integers(0, a.shape))
    b = a.copy()
    b[at] += 0.01
    assert not close(b, a)
    place = ", ".join(str(int(i)) for i in at)
    assert f"largest difference 0.01 at [{place}]" in difference(b, a)


@given(arrays(), st.sampled_from([2, 3, 7]))
@settings(max_examples=25, deadline=None)
def test_a_factor_is_named_with_the_size_it_equals(a, n):
    assert f"{n} times too large ({n} = B)" in sign_of(n * a, a, B=n)
    assert f"{n} times too small ({n} = B)" in sign_of(a / n, a, B=n)
    assert sign_of(-a, a) == "The sign is the other way round."
    assert "times the right one" in sign_of(-n * a, a)


def test_two_places_in_a_list_have_no_ratio():
    assert sign_of(np.array(8), np.array(12)) == ""
    assert "2 times too small" in sign_of(np.array(6), np.array(12))  # a count may
    assert "1.5 times too small" in sign_of(np.array(0.8), np.array(1.2))


@given(arrays())
@settings(max_examples=25, deadline=None)
def test_a_shift_in_time_is_named(a):
    assert "one step late" in sign_of(np.roll(a, 1, axis=0), a)
    assert "one step early" in sign_of(np.roll(a, -1, axis=0), a)
    assert "reversed" in sign_of(a[::-1], a)
    late = a.copy()
    late[-1] = 0
    assert sign_of(late, a) == "Right except at the last step, which is 0."


@given(arrays(ndim=2))
@settings(max_examples=25, deadline=None)
def test_a_transposition_is_named(a):
    assert "It is transposed." in form_of(a.T, a)
    square = a[:3, :3]
    assert sign_of(square.T, square) == "It is transposed."


@given(arrays())
@settings(max_examples=25, deadline=None)
def test_a_wrong_shape_is_told_for_what_it_is(a):
    assert "time comes first" in form_of(a.swapaxes(0, 1), a)
    assert "Only the last step came" in form_of(a[-1], a)
    assert "All steps came" in form_of(a, a[-1])
    assert "The first entry is missing" in form_of(a[1:], a)
    assert "The last entry is missing" in form_of(a[:-1], a)
    assert "the first one does not belong" in form_of(a, a[1:])
    assert "One number was asked for" in form_of(a, np.array(1.0))
    assert "One number for each entry" in form_of(np.array(1.0), a)


def test_one_wrong_row_is_told():
    a = np.random.default_rng(0).normal(size=(6, 4))
    b = a.copy()
    b[2] += np.arange(4) + 1
    assert sign_of(b, a) == "Along the first axis only index 2 of 0 to 5 is wrong."


def test_nothing_is_claimed_of_noise():
    rng = np.random.default_rng(1)
    assert sign_of(rng.normal(size=(4, 5)), rng.normal(size=(4, 5))) == ""


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (1, 1.0, True),
        ([1, 2], np.array([1.0, 2.0]), True),
        ([np.ones(2), np.ones(2)], np.ones((2, 2)), True),
        ("Yes ", "yes", True),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False),
        ([np.ones(2), "x"], [np.ones(2), "x"], True),
        ([np.ones(2), "x"], [np.ones(2)], False),
        (True, 1, False),
        (np.array([True]), np.array([1.0]), False),
        (1 + 0j, 1.0, False),
        (None, 0.0, False),
        ("1", 1, False),
        (np.nan, np.nan, True),
        (10**400, 1.0, False),
    ],
)
def test_close_compares_values_and_kinds(a, b, equal):
    assert close(a, b) is equal


def test_the_type_counts_where_it_is_asked():
    a = np.ones(3)
    assert not close(a.astype(np.float32), a, dtype=True)
    assert close(a, a, dtype=True)


def test_lists_that_do_not_stack_are_not_numbers():
    assert numbers([np.ones(2), np.ones(3)]) is None
    assert numbers([]) is None
    assert numbers("1") is None
    assert numbers([[1, 2], [3, 4]]).shape == (2, 2)

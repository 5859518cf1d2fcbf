"""Every check lets the right thing pass and says what is wrong with the other."""

import numpy as np
import pytest

from rnncourse.reference import validate as v

A = np.zeros((2, 3))


def test_right_arguments_pass():
    v.check_shape("a", A, "B D", B=2)
    v.check_shape("a", A, "B D", B=None, D=3)
    v.check_float("a", A)
    v.check_dtype("a", A, np.float64)
    v.check_finite("a", A)
    v.check_choice("way", "up", ("up", "down"))
    v.check_size("n", np.int64(1))
    v.check_draw(np.random.default_rng(0), np.float32)
    lengths = v.check_lengths([1, 3], 3, 2)
    np.testing.assert_array_equal(lengths, [1, 3])
    assert lengths.dtype == np.int64
    assert v.check_lengths([], 3, 0).shape == (0,)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: v.check_shape("a", A, "B D", D=4),
            ValueError,
            "a must have shape (B, D=4), got (2, 3)",
        ),
        (
            lambda: v.check_shape("a", A, "H", H=4),
            ValueError,
            "a must have shape (H=4,), got (2, 3)",
        ),
        (
            lambda: v.check_shape("a", [1], "B"),
            TypeError,
            "a must be an array, got list",
        ),
        (
            lambda: v.check_float("a", A > 0),
            TypeError,
            "a must be float32 or float64, got bool",
        ),
        (
            lambda: v.check_dtype("a", A, np.dtype(np.float32)),
            TypeError,
            "a must be float32 like its partners, got float64",
        ),
        (lambda: v.check_dtype("a", 1, float), TypeError, "must be an array, got int"),
        (
            lambda: v.check_finite("a", np.array([[1, -np.inf]])),
            ValueError,
            "a must be finite, got -inf at (0, 1)",
        ),
        (
            lambda: v.check_lengths([1], 3, 2),
            ValueError,
            "lengths must have shape (B=2,), got (1,)",
        ),
        (
            lambda: v.check_lengths([1, 4], 3, 2),
            ValueError,
            "lengths must lie in 1..3, got 4",
        ),
        (
            lambda: v.check_lengths([1.0, 2.0], 3, 2),
            TypeError,
            "lengths must be whole numbers, got float64",
        ),
        (
            lambda: v.check_choice("way", "left", ("up", "down")),
            ValueError,
            "way must be one of 'up', 'down', got 'left'",
        ),
        (lambda: v.check_size("n", 0), ValueError, "n must be at least 1, got 0"),
        (
            lambda: v.check_size("n", True),
            TypeError,
            "n must be a whole number, got True",
        ),
        (
            lambda: v.check_draw(3, np.float64),
            TypeError,
            "rng must be a numpy Generator, got int",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)

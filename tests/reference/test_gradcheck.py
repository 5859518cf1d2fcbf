"""The gradient check itself: it measures right and it catches what is wrong."""

from typing import NamedTuple

import numpy as np
import pytest

from rnncourse.reference.gradcheck import (
    GradientMismatch,
    check_gradient,
    numerical_gradient,
    relative_error,
)


class Params(NamedTuple):
    """Two arrays."""

    a: np.ndarray
    b: np.ndarray


P = Params(np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([0.5]))


def cubic(p):
    """Sum of cubes times b: slopes 3 a² b and the sum of cubes."""
    return (p.a**3).sum() * p.b[0]


RIGHT = Params(3 * P.a**2 * 0.5, np.array([35.0]))


def test_numerical_gradient_by_hand():
    measured = numerical_gradient(cubic, P)
    np.testing.assert_allclose(measured.a, [[1.5, 6], [13.5, 1.5]], rtol=1e-9)
    np.testing.assert_allclose(measured.b, [35], rtol=1e-9)
    np.testing.assert_array_equal(P.a, [[1, 2], [3, -1]])  # nothing was moved


def test_step_fits_the_dtype():
    p = Params(*(w.astype(np.float32) for w in P))
    measured = numerical_gradient(cubic, p)
    assert measured.a.dtype == np.float32
    np.testing.assert_allclose(measured.a, RIGHT.a, rtol=1e-3)


def test_right_gradient_passes_and_is_reported():
    report = check_gradient(cubic, P, RIGHT)
    assert report.error < 1e-8
    assert "worst relative error" in str(report)


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [("a", (1, 0), 13.6), ("b", (0,), -35.0), ("a", (0, 1), np.nan), ("b", (0,), 0.0)],
)
def test_worst_entry_is_named(name, at, value):
    wrong = RIGHT._replace(**{name: getattr(RIGHT, name).copy()})
    getattr(wrong, name)[at] = value
    where = f"{name}[{', '.join(map(str, at))}]"
    with pytest.raises(GradientMismatch) as caught:
        check_gradient(cubic, P, wrong)
    assert f"at {where}: given {value:.6g}, measured" in str(caught.value)


def test_an_error_of_one_millionth_is_caught():
    with pytest.raises(GradientMismatch, match="1.0e-06"):
        check_gradient(cubic, P, RIGHT._replace(a=RIGHT.a * (1 + 1e-6)))


def test_relative_error_by_hand():
    error = relative_error(np.array([1.0, 0.0, 8.0]), np.array([1.0, 0.004, 10.0]))
    np.testing.assert_allclose(error, [0, 0.4, 0.2])  # 0.004 against 10 / 1000
    assert relative_error(np.zeros(0), np.zeros(0)).shape == (0,)
    error = relative_error(np.array([1.0, np.nan, np.inf]), np.array([1.1, 1, 1]))
    np.testing.assert_allclose(error, [1 / 11, np.inf, np.inf])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: numerical_gradient(lambda q: q["w"], {"w": np.ones(2)}),
            ValueError,
            r"f must return a scalar, got shape \(2,\)",
        ),
        (
            lambda: numerical_gradient(cubic, {"w": np.ones(2, int)}),
            TypeError,
            "params.w must be float32 or float64, got int64",
        ),
        (lambda: numerical_gradient(cubic, [1.0]), TypeError, "params must be"),
        (lambda: numerical_gradient(cubic, P, 0), ValueError, "eps must be positive"),
        (
            lambda: check_gradient(cubic, P, RIGHT._replace(b=np.ones(2))),
            ValueError,
            r"grads.b must have shape \(1,\), got \(2,\)",
        ),
        (
            lambda: check_gradient(cubic, P, {"a": RIGHT.a}),
            ValueError,
            r"grads must have the names \['a', 'b'\], got \['a'\]",
        ),
        (
            lambda: relative_error(np.ones(2), np.ones(3)),
            ValueError,
            r"b must have shape \(2,\), got \(3,\)",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_report_without_any_error_still_names_an_entry():
    none = Params(np.zeros_like(P.a), np.zeros_like(P.b))
    report = check_gradient(lambda p: 1.0, P, none)
    assert (report.error, report.where) == (0.0, "a[0, 0]")

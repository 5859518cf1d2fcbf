"""Starlight and heartbeats: what comes out of the files, and the grid of cadences."""

import numpy as np
import pytest

from rnncourse.datasets.signals import (
    _fits_header,
    _on_a_grid,
    fetch_heartbeats,
    fetch_light_curve,
)


@pytest.mark.parametrize(
    ("star", "measured", "lowest"),
    [("boyajian", 65_316, 0.7861), ("kepler-90", 9_628, 0.9916)],
)
def test_light_lies_on_an_even_grid(star, measured, lowest):
    curve = fetch_light_curve(star)
    assert curve.days.shape == curve.flux.shape
    assert np.isfinite(curve.flux).sum() == measured
    assert np.isclose(np.nanmin(curve.flux), lowest, atol=5e-5)
    assert abs(np.nanmedian(curve.flux) - 1) < 1e-3
    steps = 24 * 60 * np.diff(curve.days)
    assert np.all(steps > 0) and np.isclose(np.median(steps), 29.42, atol=0.01)
    assert curve.licence and curve.citation and curve.description


def test_planets_of_kepler_90_pass_when_they_should():
    curve = fetch_light_curve("kepler-90")
    low = curve.days[curve.flux < 0.9965]
    assert set(np.round(low).astype(int)) <= {357, 358, 472}
    assert {358, 472} <= set(np.round(low).astype(int))


def test_beats_are_scaled_and_counted():
    test, train = fetch_heartbeats("test"), fetch_heartbeats()
    assert test.beats.shape == (4500, 140) and train.beats.shape == (500, 140)
    assert np.bincount(test.kinds).tolist() == [0, 2627, 1590, 86, 175, 22]
    assert np.bincount(train.kinds)[1] == 292
    np.testing.assert_allclose(test.beats.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(test.beats.std(axis=1, ddof=1), 1, atol=1e-5)


def test_names_that_are_not_there_are_named():
    with pytest.raises(ValueError, match="star"):
        fetch_light_curve("sun")
    with pytest.raises(ValueError, match="part"):
        fetch_heartbeats("all")


def test_a_missing_cadence_becomes_a_row_of_nan():
    step = 29.4244 / 60 / 24
    days, flux = _on_a_grid(step * np.array([0, 1.01, 4.0]), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(flux, [1, 2, np.nan, np.nan, 3])
    np.testing.assert_allclose(
        days, step * np.array([0, 1.01, 2.01, 3.0, 4]), atol=1e-3
    )


def test_a_header_ends_at_its_block():
    cards = ["TFIELDS =   2 / how many", "TTYPE1  = 'TIME    '", "COMMENT x", "END"]
    raw = "".join(c.ljust(80) for c in cards).ljust(2880).encode() + b"data"
    found, at = _fits_header(raw, 0)
    assert found == {"TFIELDS": "2", "TTYPE1": "TIME"} and raw[at:] == b"data"

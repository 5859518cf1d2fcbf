"""Is the electricity of Germany what it is said to be, and the simulated one marked?"""

import gzip
import hashlib
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rnncourse import datasets
from rnncourse.datasets import fetch_jena, load_energy, load_weather, make_energy
from rnncourse.datasets import registry as module

FILES = Path(module.__file__).parent / "files"


def test_energy_has_the_days_and_figures_of_its_source():
    e = load_energy()
    days = np.arange("2006-01-01", "2018-01-01", dtype="datetime64[D]")
    assert e.dates.dtype == "datetime64[D]"
    assert np.array_equal(e.dates, days)
    y = e.consumption
    assert y.dtype == np.float64
    assert y.mean() == pytest.approx(1338.676, abs=5e-4)
    assert y.std() == pytest.approx(165.76, abs=2e-2)
    assert (y.min(), y.max()) == (842.395, pytest.approx(1709.568, abs=5e-4))
    assert e.dates[y.argmin()] == np.datetime64("2009-04-12")
    assert e.dates[y.argmax()] == np.datetime64("2010-12-01")
    assert y[0] == 1069.1840000000002
    assert y[-1] == 1107.11488


def test_wind_and_sun_are_missing_where_the_source_has_none():
    e = load_energy()
    assert np.isfinite(e.wind).sum() == 2920
    assert np.isfinite(e.solar).sum() == 2188
    assert np.isnan(e.wind[e.dates < np.datetime64("2010-01-01")]).all()
    assert np.isnan(e.solar[e.dates < np.datetime64("2012-01-01")]).all()
    assert (e.wind[-1], e.solar[-1]) == (721.1760000000002, 19.979999999999997)


def test_shipped_file_is_the_source_byte_for_byte_with_its_papers_beside_it():
    packed = (FILES / "germany-energy.csv.gz").read_bytes()
    assert packed[3] == 0, "no file name inside"
    assert packed[4:8] == b"\0\0\0\0", "no time inside"
    checksum = hashlib.sha256(gzip.decompress(packed)).hexdigest()
    e = module.entry("energy")
    assert checksum == e["sha256"]
    papers = (FILES / "germany-energy.txt").read_text(encoding="utf-8")
    assert checksum in papers
    assert e["urls"][0] in papers
    for word in ("Licence:", "Citation:", "CC BY 4.0", "10.25832/time_series"):
        assert word in papers


def test_every_shipped_file_is_registered_and_all_are_small():
    shipped = {e["ships"] for e in module.registry().values() if "ships" in e}
    assert {p.name for p in FILES.glob("*.gz")} == shipped
    assert sum(p.stat().st_size for p in FILES.iterdir()) < 3_000_000


def test_damaged_installation_is_told(monkeypatch):
    monkeypatch.setitem(module.registry()["energy"], "sha256", "0" * 64)
    with pytest.raises(datasets.DataNotFound, match="germany-energy.csv.gz is damaged"):
        load_energy()


def test_energy_says_licence_and_citation():
    e = load_energy()
    assert "CC BY 4.0" in e.licence
    assert re.search(r"doi\.org/10\.25832", e.citation)
    assert e.licence in e.description
    assert "SYNTHETIC" not in e.name + e.description


def test_simulated_energy_has_the_same_shape_and_says_so_everywhere():
    real, simulated = load_energy(), load_energy(synthetic=True)
    assert simulated.name.startswith("SYNTHETIC")
    assert simulated.description.startswith("SYNTHETIC")
    assert np.array_equal(simulated.dates, real.dates)
    assert simulated.consumption.shape == real.consumption.shape
    assert not np.array_equal(simulated.consumption, real.consumption)


def test_simulated_energy_is_lowest_on_sundays():
    e = make_energy(3 * 364)
    by_day = e.consumption.reshape(-1, 7).mean(axis=0)  # begins on a Sunday
    assert by_day.argmin() == 0
    assert by_day[6] < by_day[1:6].min()


def test_simulated_energy_depends_on_the_seed_alone():
    a, b, c = (make_energy(50, seed=s).consumption for s in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_days": 0}, "n_days must be at least 1, got 0"),
        ({"n_days": 2.5}, "n_days must be a whole number, got 2.5"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make_energy(**arguments)


@pytest.mark.parametrize(
    ("station", "missing"),
    [
        ("EWR", [28, 28, 962, 284, 284]),
        ("JFK", [24, 24, 855, 75, 75]),
        ("LGA", [24, 24, 987, 177, 177]),
    ],
)
def test_new_york_has_every_hour_and_says_which_were_not_measured(station, missing):
    w = load_weather(station)
    hours = np.arange("2013-01-01T06", "2013-12-31T00", dtype="datetime64[h]")
    assert np.array_equal(w.hours, hours)
    assert w.values.shape == (8730, 5) == (len(hours), len(w.columns))
    assert len(w.units) == len(w.columns)
    assert np.isnan(w.values).sum(axis=0).tolist() == missing
    assert np.abs(w.values[:, 3:][np.isfinite(w.values[:, 3:])]).max() < 30, "m/s"


def test_new_york_has_the_figures_of_its_source_in_our_units():
    w = load_weather()
    temperature, dew_point, pressure, east, north = w.values[0]
    assert temperature == pytest.approx((39.02 - 32) / 1.8)
    assert dew_point == pytest.approx((26.06 - 32) / 1.8)
    assert pressure == 1012.6
    speed = 0.44704 * 12.65858  # from 260 degrees, so it blows to the east
    assert east == pytest.approx(speed * np.sin(np.deg2rad(80)))
    assert north == pytest.approx(speed * np.cos(np.deg2rad(80)))
    assert np.nanmean(w.values[:, 0]) == pytest.approx(12.4845, abs=5e-4)
    assert np.nanmax(w.values[:, 0]) == pytest.approx(36.7, abs=0.01)
    assert "CC0" in w.licence and w.licence in w.description


def test_weather_file_is_the_source_byte_for_byte_with_its_papers_beside_it():
    packed = (FILES / "new-york-weather.csv.gz").read_bytes()
    assert packed[3:8] == b"\0" * 5, "no file name and no time inside"
    checksum = hashlib.sha256(gzip.decompress(packed)).hexdigest()
    e = module.entry("weather-new-york")
    papers = (FILES / "new-york-weather.txt").read_text(encoding="utf-8")
    assert checksum == e["sha256"]
    for word in (checksum, e["urls"][0], "Licence: CC0", "Citation:"):
        assert word in papers


def test_unknown_station_is_named():
    with pytest.raises(ValueError, match="station must be"):
        load_weather("BOS")


JENA = """"Date Time","p (mbar)","T (degC)","Tdew (degC)","wv (m/s)","wd (deg)"
01.01.2009 00:10:00,996.52,-8.02,-8.90,1.03,152.3
01.01.2009 01:00:00,996.50,-8.05,-8.88,2.00,270.0
01.01.2009 01:10:00,996.50,-8.31,-9.10,0.67,166.5
01.01.2009 02:00:00,996.62,-8.88,-9.77,-9999.00,190.3
01.01.2009 04:00:00,997.71,-9.67,-10.62,0.00,166.9
"""


def test_jena_is_taken_at_full_hours_in_the_columns_of_new_york(tmp_path, monkeypatch):
    """The real file is not here; five lines in its format are."""
    content = JENA.encode()
    kept = tmp_path / "jena" / "jena_climate_2009_2016.csv.zip"
    kept.parent.mkdir()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("jena_climate_2009_2016.csv", content)
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    monkeypatch.setitem(module.registry()["jena"], "git_blob", blob)
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path))
    w = fetch_jena()
    assert w.columns == load_weather().columns
    assert w.hours.tolist() == [
        np.datetime64(f"2009-01-01T0{k}", "h").item() for k in (1, 2, 3, 4)
    ]
    np.testing.assert_allclose(w.values[0], [-8.05, -8.88, 996.5, 2, 0], atol=1e-12)
    assert np.isnan(w.values[1]).tolist() == [False, False, False, True, True]
    assert np.isnan(w.values[2]).all(), "no row for 3 o'clock"
    assert (w.values[3, 3:] == 0).all(), "calm"

"""Is the electricity of Germany what it is said to be, and the simulated one marked?"""

import gzip
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from rnncourse import datasets
from rnncourse.datasets import load_energy, make_energy
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

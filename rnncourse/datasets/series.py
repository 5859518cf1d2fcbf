"""Series of numbers over time."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnncourse.datasets.registry import describe, entry, read
from rnncourse.reference.validate import check_size


@dataclass(frozen=True)
class EnergyData:
    """Daily electricity of Germany.

    Attributes
    ----------
    name : str
        For titles; begins with SYNTHETIC where the numbers are simulated.
    dates : (N,) datetime64[D] array, one a day without a gap
    consumption, wind, solar : (N,) float64 arrays, in GWh a day
        ``wind`` is NaN before 2010 and on two days after, ``solar`` before 2012 and
        on four days after.
    description, licence, citation : str
    """

    name: str
    dates: NDArray[np.datetime64]
    consumption: NDArray[np.float64]
    wind: NDArray[np.float64]
    solar: NDArray[np.float64]
    description: str
    licence: str
    citation: str


def load_energy(*, synthetic: bool = False, seed: int = 0) -> EnergyData:
    """Read the daily electricity of Germany, 2006 to 2017, from the package.

    Parameters
    ----------
    synthetic : bool
        Return :func:`make_energy` over the same days instead, labelled SYNTHETIC.
    seed : int
        For the simulated series.

    Returns
    -------
    EnergyData
        4383 days in GWh.

    References
    ----------
    Open Power System Data, 2018, Data Package Time series, version 2018-06-30,
    https://doi.org/10.25832/time_series/2018-06-30
    """
    if synthetic:
        return make_energy(4383, seed=seed)
    text = read("energy").decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))

    def column(name: str) -> NDArray[np.float64]:
        return np.array([float(row[name]) if row[name] else np.nan for row in rows])

    e = entry("energy")
    return EnergyData(
        name="electricity of Germany",
        dates=np.array([row["Date"] for row in rows], dtype="datetime64[D]"),
        consumption=column("Consumption"),
        wind=column("Wind"),
        solar=column("Solar"),
        description=describe("energy"),
        licence=e["licence"],
        citation=e["citation"],
    )


def make_energy(n_days: int = 4383, *, seed: int = 0) -> EnergyData:
    """Simulate a series of the shape of :func:`load_energy`, labelled SYNTHETIC.

    A yearly wave, a weekly pattern and correlated noise; no holidays, wind or sun. For
    tests and for trying code out, never in place of the real series.

    Parameters
    ----------
    n_days : int
        From 1 January 2006 on.
    seed : int
        Not negative.
    """
    check_size("n_days", n_days)
    check_size("seed", seed, least=0)
    rng = np.random.default_rng(seed)
    days = np.arange(n_days)
    dates = np.datetime64("2006-01-01", "D") + days  # a Sunday
    noise = np.zeros(n_days)
    for t in range(1, n_days):
        noise[t] = 0.7 * noise[t - 1] + rng.normal(0, 25)
    weekly = np.array([-220, 20, 50, 55, 50, 30, -120])[days % 7]
    yearly = 120 * np.cos(2 * np.pi * days / 365.25)
    return EnergyData(
        name="SYNTHETIC electricity",
        dates=dates,
        consumption=1340 + yearly + weekly + noise,
        wind=np.full(n_days, np.nan),
        solar=np.full(n_days, np.nan),
        description="SYNTHETIC electricity: a yearly wave, a week and noise, in GWh",
        licence="CC0",
        citation="computed by rnncourse.datasets.make_energy",
    )

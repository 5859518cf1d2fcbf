"""Series of numbers over time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnncourse.datasets.registry import describe, entry, read
from rnncourse.reference.validate import check_choice, check_size


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


# What each weather series holds, in this order; the wind is the motion of the air, as
# two numbers, since 359 degrees and 1 degree are neighbours and their mean is not 180.
WEATHER_COLUMNS = ("temperature", "dew point", "pressure", "wind east", "wind north")
WEATHER_UNITS = ("°C", "°C", "hPa", "m/s", "m/s")
NEW_YORK_STATIONS = ("EWR", "JFK", "LGA")
FASTEST_WIND = 120.0  # m/s; the fastest gust on record outside a tornado had 113


@dataclass(frozen=True)
class WeatherData:
    """Hourly weather of one place, several series side by side.

    Attributes
    ----------
    name : str
        For titles.
    hours : (N,) datetime64[h] array, UTC where the source says so, without a gap
    values : (N, D) float64 array
        One column a series; NaN in hours that were not measured.
    columns, units : tuple of str
        Names and units of the D columns.
    description, licence, citation : str
    """

    name: str
    hours: NDArray[np.datetime64]
    values: NDArray[np.float64]
    columns: tuple[str, ...]
    units: tuple[str, ...]
    description: str
    licence: str
    citation: str


def load_weather(station: str = "JFK") -> WeatherData:
    """Read the hourly weather of an airport of New York, 2013, from the package.

    Parameters
    ----------
    station : {"EWR", "JFK", "LGA"}

    Returns
    -------
    WeatherData
        8730 hours in UTC, from 1 January 2013 06:00: temperature and dew point (°C),
        pressure (hPa), wind to the east and to the north (m/s). Hours without a row in
        the source, and one wind speed of 1048 miles an hour at Newark, are NaN.

    References
    ----------
    Wickham, R package nycflights13, weather, https://github.com/tidyverse/nycflights13
    """
    check_choice("station", station, NEW_YORK_STATIONS)
    text = read("weather-new-york").decode("utf-8")
    rows = [
        row for row in csv.DictReader(io.StringIO(text)) if row["origin"] == station
    ]

    def column(key: str) -> NDArray[np.float64]:
        return _numbers(row[key] for row in rows)

    return _weather(
        "weather-new-york",
        f"weather at {station}, New York",
        np.array([row["time_hour"][:13] for row in rows], dtype="datetime64[h]"),
        temperature=(column("temp") - 32) / 1.8,
        dew_point=(column("dewp") - 32) / 1.8,
        pressure=column("pressure"),
        speed=0.44704 * column("wind_speed"),
        direction=column("wind_dir"),
    )


def fetch_jena(*, cache_dir: str | Path | None = None) -> WeatherData:
    """Read or download the weather of Jena, 2009 to 2016, at full hours.

    Parameters
    ----------
    cache_dir : path, optional
        Folder for the download instead of the user's cache.

    Returns
    -------
    WeatherData
        The same five columns as :func:`load_weather`. The clock is that of the file;
        wind speeds of -9999 m/s in it are NaN.

    Raises
    ------
    DataNotFound
        If the file is nowhere and cannot be downloaded.

    References
    ----------
    Max Planck Institute for Biogeochemistry, Jena, https://www.bgc-jena.mpg.de/wetter/
    """
    text = read("jena", cache_dir=cache_dir).decode("utf-8")
    rows = csv.DictReader(io.StringIO(text))
    full = [row for row in rows if row["Date Time"][14:] == "00:00"]
    stamps = [row["Date Time"] for row in full]  # such as 31.12.2016 23:00:00
    iso = [f"{s[6:10]}-{s[3:5]}-{s[:2]}T{s[11:13]}" for s in stamps]

    def column(key: str) -> NDArray[np.float64]:
        return _numbers(row[key] for row in full)

    return _weather(
        "jena",
        "weather in Jena",
        np.array(iso, dtype="datetime64[h]"),
        temperature=column("T (degC)"),
        dew_point=column("Tdew (degC)"),
        pressure=column("p (mbar)"),
        speed=column("wv (m/s)"),
        direction=column("wd (deg)"),
    )


def _numbers(texts: Iterable[str]) -> NDArray[np.float64]:
    return np.array([float(t) if t not in ("", "NA") else np.nan for t in texts])


def _weather(
    entry_name: str,
    name: str,
    stamps: NDArray[np.datetime64],
    *,
    temperature: NDArray[np.float64],
    dew_point: NDArray[np.float64],
    pressure: NDArray[np.float64],
    speed: NDArray[np.float64],
    direction: NDArray[np.float64],
) -> WeatherData:
    """Put measured rows on a grid of all hours, the wind as two numbers."""
    possible = (speed >= 0) & (speed < FASTEST_WIND)
    speed = np.where(possible, speed, np.nan)
    angle = np.deg2rad(np.where(speed == 0, 0.0, direction))
    columns = [
        temperature,
        dew_point,
        pressure,
        -speed * np.sin(angle),  # (20.3): the direction says where it comes from
        -speed * np.cos(angle),
    ]
    hours = np.arange(stamps.min(), stamps.max() + 1)
    values = np.full((len(hours), len(columns)), np.nan)
    values[(stamps - hours[0]).astype(int)] = np.stack(columns, axis=1)
    e = entry(entry_name)
    return WeatherData(
        name=name,
        hours=hours,
        values=values,
        columns=WEATHER_COLUMNS,
        units=WEATHER_UNITS,
        description=describe(entry_name),
        licence=e["licence"],
        citation=e["citation"],
    )

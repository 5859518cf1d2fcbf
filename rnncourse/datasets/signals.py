"""Light of two stars, and heartbeats one by one."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnncourse.datasets.registry import describe, entry, read
from rnncourse.reference.validate import check_choice

CADENCE = 29.4244 / 60 / 24  # days between two measurements of Kepler
BLOCK = 2880  # a FITS file is made of blocks of this many bytes
CARD = 80  # and its header of cards of this many letters
FORMATS = {"D": ">f8", "E": ">f4", "J": ">i4"}


@dataclass(frozen=True)
class LightCurve:
    """Brightness of a star over time.

    Attributes
    ----------
    name : str
        For titles.
    days : (N,) float64 array
        Kepler's day count (barycentric Julian date minus 2454833), one row a cadence
        of 29.4 minutes, without a gap.
    flux : (N,) float64 array
        Brightness over its usual value; NaN where nothing was measured.
    description, licence, citation : str
    """

    name: str
    days: NDArray[np.float64]
    flux: NDArray[np.float64]
    description: str
    licence: str
    citation: str


@dataclass(frozen=True)
class Heartbeats:
    """Single beats of an electrocardiogram, cut out and brought to one length.

    Attributes
    ----------
    beats : (N, 140) float64 array
        Each beat has mean 0 and standard deviation 1.
    kinds : (N,) int64 array
        1 for a normal beat, 2 to 5 for the others.
    description, licence, citation : str
    """

    beats: NDArray[np.float64]
    kinds: NDArray[np.int64]
    description: str
    licence: str
    citation: str


def fetch_light_curve(
    star: str = "boyajian", *, cache_dir: str | Path | None = None
) -> LightCurve:
    """Read or download the light of a star that Kepler watched.

    Parameters
    ----------
    star : {"boyajian", "kepler-90"}
        KIC 8462852 over four years, or KIC 11442793 in quarters 3, 4 and 5.
    cache_dir : path, optional
        Folder for the download instead of the user's cache.

    Returns
    -------
    LightCurve

    Raises
    ------
    DataNotFound
        If a file is nowhere and cannot be downloaded.
    """
    check_choice("star", star, ("boyajian", "kepler-90"))
    if star == "boyajian":
        found = entry("kepler-boyajian")
        text = read("kepler-boyajian", cache_dir=cache_dir).decode("ascii")
        days, flux = np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1).T
        name = "Boyajian's star, KIC 8462852"
        about = describe("kepler-boyajian")
    else:
        parts = []
        for quarter in (3, 4, 5):
            raw = read(f"kepler-90-quarter-{quarter}", cache_dir=cache_dir)
            table = _fits_table(raw)
            light = table["PDCSAP_FLUX"].astype(float)
            seen = np.isfinite(table["TIME"]) & np.isfinite(light)
            light = light[seen] / np.median(light[seen])
            parts.append((table["TIME"][seen].astype(float), light))
        days, flux = np.concatenate(parts, axis=1)
        found = entry("kepler-90-quarter-3")
        name = "Kepler-90, KIC 11442793"
        about = "light of Kepler-90 (KIC 11442793), quarters 3 to 5, normalised"
    days, flux = _on_a_grid(days, flux)
    return LightCurve(name, days, flux, about, found["licence"], found["citation"])


def fetch_heartbeats(
    part: str = "train", *, cache_dir: str | Path | None = None
) -> Heartbeats:
    """Read or download the heartbeats of ECG5000 (the download is 77 MB).

    Parameters
    ----------
    part : {"train", "test"}
        500 or 4500 beats.
    cache_dir : path, optional
        Folder for the download instead of the user's cache.

    Returns
    -------
    Heartbeats

    Raises
    ------
    DataNotFound
        If the file is nowhere and cannot be downloaded.
    """
    check_choice("part", part, ("train", "test"))
    key = f"ecg5000-{part}"
    rows = np.loadtxt(io.StringIO(read(key, cache_dir=cache_dir).decode("ascii")))
    found = entry(key)
    return Heartbeats(
        rows[:, 1:],
        rows[:, 0].astype(np.int64),
        describe(key),
        found["licence"],
        found["citation"],
    )


def _on_a_grid(
    days: NDArray[np.float64], flux: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Put measurements in rows of one cadence each; rows without one are NaN."""
    steps = np.maximum(np.round(np.diff(days) / CADENCE).astype(int), 1)
    row = np.concatenate([[0], np.cumsum(steps)])
    light = np.full(row[-1] + 1, np.nan)
    light[row] = flux
    return np.interp(np.arange(len(light)), row, days), light


def _fits_table(raw: bytes) -> NDArray[np.void]:
    """Return the first table of a FITS file."""
    _, at = _fits_header(raw, 0)  # the first header has no data
    cards, at = _fits_header(raw, at)
    columns = range(1, int(cards["TFIELDS"]) + 1)
    kinds = np.dtype([(cards[f"TTYPE{k}"], FORMATS[cards[f"TFORM{k}"][-1]])
                      for k in columns])  # fmt: skip
    return np.frombuffer(raw, kinds, count=int(cards["NAXIS2"]), offset=at)


def _fits_header(raw: bytes, at: int) -> tuple[dict[str, str], int]:
    """Return the cards of a header, and where the data after it begin."""
    cards: dict[str, str] = {}
    while True:
        block, at = raw[at : at + BLOCK].decode("ascii"), at + BLOCK
        for k in range(0, BLOCK, CARD):
            card = block[k : k + CARD]
            if card.rstrip() == "END":
                return cards, at
            if card[8:9] == "=":
                value = card[10:].split("/")[0]
                cards[card[:8].strip()] = value.strip().strip("'").strip()

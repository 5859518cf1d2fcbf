"""Texts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnncourse.datasets.registry import describe, entry, read
from rnncourse.reference.validate import check_size

N_CHARACTERS = 1_115_394
SYNTHETIC_WORDS = ("the", "a", "king", "queen", "sees", "hears", "and", "sword", "day")


@dataclass(frozen=True)
class TextData:
    """One long text with its source.

    Attributes
    ----------
    text : str
    name, description, licence, citation : str
    """

    text: str
    name: str
    description: str
    licence: str
    citation: str


def fetch_shakespeare(
    *, cache_dir: str | Path | None = None, synthetic: bool = False, seed: int = 0
) -> TextData:
    """Return plays of Shakespeare: 1,115,394 characters, 65 different ones.

    Parameters
    ----------
    cache_dir : path, optional
        Folder for the download (1.1 MB) instead of the user's cache.
    synthetic : bool
        Make a text of the same length from nine words in random order instead,
        labelled SYNTHETIC: for trying code out without a network.
    seed : int
        For the synthetic text. Not negative.

    Raises
    ------
    DataNotFound
        If the text is nowhere and cannot be downloaded.
    """
    if synthetic:
        check_size("seed", seed, least=0)
        rng = np.random.default_rng(seed)
        words = " ".join(rng.choice(SYNTHETIC_WORDS, size=N_CHARACTERS // 2))
        return TextData(
            text=words[:N_CHARACTERS],
            name="SYNTHETIC text",
            description="SYNTHETIC text: nine words in random order",
            licence="CC0",
            citation="computed by rnncourse.datasets.fetch_shakespeare",
        )
    e = entry("shakespeare")
    return TextData(
        text=read("shakespeare", cache_dir=cache_dir).decode("ascii"),
        name="Shakespeare",
        description=describe("shakespeare"),
        licence=e["licence"],
        citation=e["citation"],
    )

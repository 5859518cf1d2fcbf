"""Data for the chapters: ``make_*`` computes, ``load_*`` reads, ``fetch_*`` downloads.

Whatever is read comes with its licence, citation and source, and its bytes are
compared with a checksum before anything is made of them.
"""

from rnncourse.datasets.registry import (
    DataNotFound,
    Dataset,
    data_home,
    data_table,
    describe,
    fetch,
    list_datasets,
    names,
    read,
)
from rnncourse.datasets.series import EnergyData, load_energy, make_energy
from rnncourse.datasets.tasks import SequenceData, make_adding, make_alphabet
from rnncourse.datasets.texts import TextData, fetch_shakespeare

__all__ = [
    "DataNotFound",
    "Dataset",
    "EnergyData",
    "SequenceData",
    "TextData",
    "data_home",
    "data_table",
    "describe",
    "fetch",
    "fetch_shakespeare",
    "list_datasets",
    "load_energy",
    "make_adding",
    "make_alphabet",
    "make_energy",
    "names",
    "read",
]

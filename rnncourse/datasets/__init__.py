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
from rnncourse.datasets.series import (
    EnergyData,
    WeatherData,
    fetch_jena,
    load_energy,
    load_weather,
    make_energy,
)
from rnncourse.datasets.tasks import SequenceData, make_adding, make_alphabet
from rnncourse.datasets.texts import TextData, fetch_shakespeare

__all__ = [
    "DataNotFound",
    "Dataset",
    "EnergyData",
    "SequenceData",
    "TextData",
    "WeatherData",
    "data_home",
    "data_table",
    "describe",
    "fetch",
    "fetch_jena",
    "fetch_shakespeare",
    "list_datasets",
    "load_energy",
    "load_weather",
    "make_adding",
    "make_alphabet",
    "make_energy",
    "names",
    "read",
]

"""What the checks say, in the language that ``RNNCOURSE_LANG`` names.

``locales/LANGUAGE/common.po`` has what every check says, ``NN-slug.po`` what one
assignment's checks say. What no catalogue has is said in English.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

from rnncourse.messages import Speaker, read_po

FOLDER = Path(__file__).with_name("locales")
Voice = Callable[[str], str]


def language() -> str:
    """Return the language asked for, or "" for English and for those there are not."""
    name = os.environ.get("RNNCOURSE_LANG", "").replace("-", "_").split("_")[0].lower()
    return name if name.isalpha() and (FOLDER / name).is_dir() else ""


def voice(assignment: str = "") -> Voice:
    """Return what turns a message of an assignment's checks into the reader's language.

    Parameters
    ----------
    assignment : str
        The slug ``"07-recurrent-networks"``; without one only the common messages
        are known.
    """
    wanted = language()
    return _speaker(wanted, assignment).say if wanted else str


@cache
def _speaker(wanted: str, assignment: str) -> Speaker:
    entries = read_po(FOLDER / wanted / "common.po")
    if assignment:
        entries = entries | read_po(FOLDER / wanted / f"{assignment}.po")
    return Speaker(entries)


def anchor(section: str) -> str:
    """Return the anchor that a page gives to the heading of a section."""
    plain = unicodedata.normalize("NFKD", section.lower())
    letters = plain.encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", letters).strip("-")


def where(page: str, section: str, said: str) -> str:
    """Return the address of a section: in the reader's edition if it has one."""
    from rnncourse import address

    edition = "" if said == section else f"{language()}/"
    return f"{address.pages()}{edition}chapters/{page}.html#{anchor(said)}"

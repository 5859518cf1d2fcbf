"""Whose answers are alike: a list for a person to look at, never a verdict.

Code cells are read as tokens in which names, numbers and words of comment do not
matter, so renaming hides nothing. Of each cell the starter code is left out. What
remains is compared by winnowing (Schleimer, Wilkerson, Aiken, "Winnowing: local
algorithms for document fingerprinting", SIGMOD 2003, the method of MOSS): pieces of
``PIECE`` tokens are hashed, the least hash of each window is kept, and two hand-ins
are as alike as the share of kept hashes that they have in common. What many wrote,
the obvious way, is left out as well.

The kept library copydetect does the same on files; it was last released in 2024,
imports a plotting library to do so, and compares letters, so it was not taken.
"""

from __future__ import annotations

import hashlib
import io
import json
import keyword
import tokenize
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from rnncourse.grading import clean, pages
from rnncourse.grading.history import Finished

PIECE = 12  # tokens: shorter ones are everywhere
WINDOW = 6
COMMON = 0.3  # of the class: what more than this wrote is the obvious way
ENOUGH = 20  # kept hashes below which a share says nothing
OWN = "own cells"
ALIKE = 0.5  # share from which a pair is named
SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING}
SKIPPED |= {tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


@dataclass(frozen=True)
class Pair:
    """Two hand-ins and how alike they are.

    Parameters
    ----------
    first, second : str
    share : float
        Of the smaller one's fingerprint that the other has too, 0 to 1.
    both : int
        Pieces that both have.
    cells : tuple of str
        The tasks where they are alike.
    """

    first: str
    second: str
    share: float
    both: int
    cells: tuple[str, ...]


def find(finished: Finished, *, alike: float = ALIKE) -> list[Pair]:
    """List the pairs that are alike, those with most in common first."""
    prints = {
        result.student: fingerprints(json.loads(result.notebook), finished.release)
        for result in finished.results
        if result.notebook
    }
    return pairs(prints, alike=alike)


def page(finished: Finished, found: Sequence[Pair], *, now: str = "") -> str:
    """Show each pair with both answers."""
    answers: dict[str, dict[str, str]] = {}
    named = {student for pair in found for student in (pair.first, pair.second)}
    for result in finished.results:
        if result.student not in named:
            continue
        texts: dict[str, str] = {}
        for cell in json.loads(result.notebook)["cells"]:
            marks = cell["metadata"].get("nbgrader", {})
            if cell["cell_type"] == "code" and (not marks or marks.get("solution")):
                name = str(marks.get("grade_id", OWN))
                source = clean.joined(cell["source"])
                texts[name] = f"{texts[name]}\n\n{source}" if name in texts else source
        answers[result.student] = texts
    return pages.render(
        "similarity.html.j2",
        title=finished.title,
        assignment=finished.assignment,
        now=now or datetime.now().astimezone().strftime("%d %B %Y, %H:%M"),
        count=len(finished.results),
        pairs=found,
        answers=answers,
        common=round(100 * COMMON),
    )


def pairs(
    prints: dict[str, dict[str, frozenset[int]]], *, alike: float = ALIKE
) -> list[Pair]:
    """Compare fingerprints, by student and cell."""
    whole = {
        student: frozenset(
            (cell, one) for cell, marks in cells.items() for one in marks
        )
        for student, cells in prints.items()
    }
    count = Counter(one for marks in whole.values() for one in marks)
    most = max(2, COMMON * len(whole))
    rare = {
        student: frozenset(one for one in marks if count[one] <= most)
        for student, marks in whole.items()
    }
    found = []
    for first, second in combinations(sorted(rare), 2):
        smaller = min(len(rare[first]), len(rare[second]))
        if smaller < ENOUGH:
            continue
        both = rare[first] & rare[second]
        share = len(both) / smaller
        if share >= alike:
            where = Counter(cell for cell, _ in both)
            cells = tuple(cell for cell, _ in where.most_common())
            found.append(Pair(first, second, share, len(both), cells))
    return sorted(found, key=lambda pair: (-pair.both, pair.first, pair.second))


def fingerprints(
    notebook: dict[str, Any], release: dict[str, Any]
) -> dict[str, frozenset[int]]:
    """Take the fingerprint of each answer, and of the learner's own cells."""
    starter = {
        cell["metadata"]["nbgrader"]["grade_id"]: set(
            _hashes(tokens(clean.joined(cell["source"])))
        )
        for cell in release["cells"]
        if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader")
    }
    made: dict[str, frozenset[int]] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        marks = cell["metadata"].get("nbgrader", {})
        if marks and not marks.get("solution"):
            continue
        name = str(marks.get("grade_id", OWN))
        kept = winnow(_hashes(tokens(clean.joined(cell["source"]))))
        made[name] = made.get(name, frozenset()) | (kept - starter.get(name, set()))
    return made


def tokens(source: str) -> list[str]:
    """Read code as tokens: names, numbers and texts lose what they are called."""
    found: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in SKIPPED:
                continue
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                found.append("name")
            elif token.type == tokenize.NUMBER:
                found.append("number")
            elif token.type == tokenize.STRING:
                found.append("text")
            else:
                found.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        pass  # what was read so far is compared
    return found


def _hashes(words: Sequence[str]) -> list[int]:
    return [
        int.from_bytes(
            hashlib.blake2b(
                "\0".join(words[at : at + PIECE]).encode(), digest_size=8
            ).digest(),
            "big",
        )
        for at in range(len(words) - PIECE + 1)
    ]


def winnow(hashes: Sequence[int]) -> frozenset[int]:
    """Keep the least hash of each window: two texts that share enough share one."""
    if len(hashes) <= WINDOW:
        return frozenset([min(hashes)]) if hashes else frozenset()
    return frozenset(
        min(hashes[at : at + WINDOW]) for at in range(len(hashes) - WINDOW + 1)
    )

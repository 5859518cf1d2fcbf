"""The parts and pages of the book in its order, as ``_toc.yml`` lists them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rnncourse.environment import project_root

Parts = tuple[tuple[str, tuple[str, ...]], ...]


def parts(root: Path) -> Parts:
    """Return caption and pages of each part; the front page has one without caption."""
    return _parts((root / "_toc.yml").read_text(encoding="utf-8"))


@cache
def _parts(text: str) -> Parts:
    import yaml

    toc = yaml.safe_load(text)
    listed = [
        (part["caption"], tuple(chapter["file"] for chapter in part["chapters"]))
        for part in toc["parts"]
    ]
    return ("", (toc["root"],)), *listed


def pages() -> list[str]:
    """Return every page of the book."""
    return [page for _, listed in parts(project_root()) for page in listed]

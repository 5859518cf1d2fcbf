"""The appendix for lecturers who know the source decks: where each slide is now.

``docs/checklist.toml`` names the rows of the decks, ``docs/coverage/NN.toml`` the
places in chapter NN where a row's artefacts stand.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from course import chapter_link, link, set_symbols
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from rnncourse import address, notebooks

DOCS = Path(__file__).parent.parent / "docs"


class CoverageTable(SphinxDirective):
    """List every row of the decks with links to what shows it."""

    def run(self):
        """Return one section for each deck."""
        checklist = tomllib.loads((DOCS / "checklist.toml").read_text(encoding="utf-8"))
        decks = checklist.pop("decks")
        tables = {
            path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
            for path in sorted((DOCS / "coverage").glob("*.toml"))
        }
        slugs = {slug.split("-")[0]: slug for slug in notebooks.known()}
        sections = []
        for key, title in decks.items():
            name = f"deck-{key.lower()}"
            section = nodes.section(ids=[name], names=[name])
            section += nodes.title("", title)
            rows = nodes.definition_list(classes=["evidence"])
            for row, what in checklist.items():
                if row.startswith(key):
                    rows += item(row, what, tables, slugs)
            section += rows
            sections.append(section)
        return sections


def item(row, what, tables, slugs) -> nodes.definition_list_item:
    """Return a row as a term, and below it a line for each chapter that shows it."""
    number = nodes.strong("", row)
    words = set_symbols(f" {what['what']}")
    term = nodes.term("", "", number, *words, ids=[row.lower()])
    shown = nodes.definition()
    for chapter in sorted(
        {*what["chapters"], *(t for t in tables if row in tables[t])}
    ):
        if chapter not in slugs:
            shown += nodes.paragraph("", f"Chapter {int(chapter)}: not written yet")
            continue
        slug = slugs[chapter]
        line = nodes.paragraph("", "", chapter_link(slug))
        for kind, places in tables[chapter].get(row, {}).items():
            line += nodes.Text(" · ")
            line += link(label(kind, places), target(slug, places))
        shown += line
    for page in what.get("pages", ()):
        title = page.replace("-", " ").capitalize()
        shown += nodes.paragraph("", "", link(title, f"{page}.html"))
    if words := what.get("every"):
        shown += nodes.paragraph("", f"In every chapter: {words.lower()}s")
    if not len(shown):
        shown += nodes.paragraph("", "Across the book: not written yet")
    return nodes.definition_list_item("", term, shown)


def label(kind: str, places: dict[str, str]) -> str:
    """Return ``figure 7.3``, or the kind alone where it has no number."""
    kind = {"erratum": "slip", "worked": "worked example"}.get(kind, kind)
    if "figure" in places:
        return (
            f"{kind} {places['figure']}"
            if kind == "figure"
            else f"{kind} (figure {places['figure']})"
        )
    return kind


def target(slug: str, places: dict[str, str]) -> str:
    """Return the address of the paragraph, or else of the assignment."""
    if "anchor" in places:
        return f"../chapters/{slug}.html#{places['anchor']}"
    if "graded" in places:
        return address.source(f"exercises/{slug}/{slug}.ipynb")
    return f"../chapters/{slug}.html"


def setup(app):
    """Connect the directive."""
    app.add_directive("coverage-table", CoverageTable)
    return {"version": "1", "parallel_read_safe": True}

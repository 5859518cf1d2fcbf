"""What the coverage tables promise stands in the chapters and assignments."""

import re
import tomllib

import nbformat
import pytest
from docutils import nodes

from rnncourse import notebooks
from tests.conftest import ROOT

TABLES = sorted((ROOT / "docs" / "coverage").glob("*.toml"))
CHECKLIST = tomllib.loads((ROOT / "docs" / "checklist.toml").read_text("utf-8"))
DECKS = CHECKLIST.pop("decks")
KINDS = {
    "text": "T",
    "derivation": "D",
    "figure": "F",
    "interactive": "I",
    "worked": "W",
    "lab": "L",
    "exercise": "E",
    "question": "Q",
    "erratum": "X",
}


def anchor(title):
    """Return the anchor that the page gives a heading, its apostrophes curled."""
    return nodes.make_id(title.replace("'", "’"))


def chapter(number):
    """Return slug, anchors, figures and tags of a chapter, and its graded ids."""
    (slug,) = notebooks.select([number])
    notebook = notebooks.render(slug)
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    solutions = nbformat.read(ROOT / "solutions" / slug / f"{slug}.ipynb", as_version=4)
    return {
        "anchor": {anchor(t) for t in re.findall(r"^#+ (.+)$", text, re.MULTILINE)},
        "figure": set(re.findall(r"^\*Figure (\d+\.\d+)\.", text, re.MULTILINE)),
        "cell": {t for c in notebook.cells for t in c.metadata.get("tags", [])},
        "graded": {c.id for c in solutions.cells},
        "slip": {f"X{k}" for k in range(1, 29)},
    }


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_every_place_that_a_row_names_exists(table):
    there = chapter(table.stem)
    rows = tomllib.loads(table.read_text(encoding="utf-8"))
    assert rows
    missing = [
        (row, kind, what, place)
        for row, artefacts in rows.items()
        for kind, places in artefacts.items()
        for what, place in places.items()
        if place not in there[what]
    ]
    assert missing == []


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_every_artefact_has_a_known_kind_and_a_place(table):
    rows = tomllib.loads(table.read_text(encoding="utf-8"))
    for row, artefacts in rows.items():
        assert re.fullmatch(r"(S\d-\d{2}|X\d+)", row), row
        assert set(artefacts) <= set(KINDS), row
        assert all(artefacts.values()), row


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_a_chapter_shows_something_of_every_row_it_answers_for(table):
    rows = tomllib.loads(table.read_text(encoding="utf-8"))
    promised = {
        row for row, what in CHECKLIST.items() if table.stem in what["chapters"]
    }
    assert promised - set(rows) == set()
    assert set(rows) - set(CHECKLIST) == set()


def test_a_row_is_complete_once_all_its_chapters_stand():
    shown = {}
    for table in TABLES:
        for row, artefacts in tomllib.loads(table.read_text("utf-8")).items():
            shown.setdefault(row, set()).update(KINDS[kind] for kind in artefacts)
    standing = {path.stem for path in TABLES}
    missing = {
        row: set(what["shows"]) - shown.get(row, set())
        for row, what in CHECKLIST.items()
        if what["chapters"] and set(what["chapters"]) <= standing
    }
    assert {row: kinds for row, kinds in missing.items() if kinds} == {}


def test_every_interactive_row_is_answered_by_a_figure_that_moves():
    shown = {}
    for table in TABLES:
        for row, artefacts in tomllib.loads(table.read_text("utf-8")).items():
            if "interactive" in artefacts:
                shown.setdefault(row, []).append(artefacts["interactive"].get("cell"))
    wanted = {row for row, what in CHECKLIST.items() if "I" in what["shows"]}
    assert len(wanted) > 20
    assert wanted - set(shown) == set()
    scripts = {path.stem for path in (ROOT / "_ext" / "interactive").glob("*.js")}
    for row, cells in shown.items():
        for cell in cells:
            assert cell and cell.removeprefix("interactive-") in scripts, row
            assert cell.startswith("interactive-"), row


def test_there_are_24_figures_that_move_and_each_is_in_a_chapter():
    scripts = {path.stem for path in (ROOT / "_ext" / "interactive").glob("*.js")}
    used = {
        tag.removeprefix("interactive-")
        for slug in notebooks.known()
        for cell in notebooks.render(slug).cells
        for tag in cell.metadata.get("tags", [])
        if tag.startswith("interactive-")
    }
    assert used == scripts - {"figure"}
    assert len(used) >= 24


def in_every_chapter(what):
    """Tell whether each chapter has at least two of what a row wants everywhere."""
    sources = (ROOT / "chapters" / "src").glob("*.md")
    return "every" in what and all(
        path.read_text("utf-8").count(f"{what['every']} ") >= 2 for path in sources
    )


def test_237_of_237_rows_and_28_of_28_slips_are_complete():
    shown, standing = {}, {table.stem for table in TABLES}
    for table in TABLES:
        for row, artefacts in tomllib.loads(table.read_text("utf-8")).items():
            shown.setdefault(row, set()).update(KINDS[kind] for kind in artefacts)
    complete = [
        row
        for row, what in CHECKLIST.items()
        if (what["chapters"] or what.get("pages") or in_every_chapter(what))
        and set(what["chapters"]) <= standing
        and (not what["chapters"] or set(what["shows"]) <= shown.get(row, set()))
    ]
    slips = sum(row.startswith("X") for row in complete)
    assert (len(complete) - slips, slips) == (237, 28)


def test_the_checklist_has_every_row_of_the_five_decks():
    counts = {deck: sum(row.startswith(deck) for row in CHECKLIST) for deck in DECKS}
    assert counts == {"S0": 39, "S1": 55, "S2": 40, "S3": 46, "S4": 57, "X": 28}
    for row, what in CHECKLIST.items():
        assert what["what"] and set(what["shows"]) <= set(KINDS.values()), row
        assert what["shows"], row
        for page in what.get("pages", ()):
            assert (ROOT / "appendices" / f"{page}.md").is_file(), row


def test_every_chapter_that_stands_has_a_table():
    assert {p.stem for p in TABLES} == {s.split("-")[0] for s in notebooks.known()}

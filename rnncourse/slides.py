"""A chapter as slides: a slide for each section, what is said goes to the notes.

``jupyter nbconvert --to slides`` uses it with the option
``--SlidesExporter.preprocessors=rnncourse.slides.BySection``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

SHOWN = re.compile(r"\$\$|\||[-*] |\d+\. |<img|!\[")  # of a paragraph: what a slide has


class BySection(Preprocessor):
    """Give each heading and each figure a slide, and the text to the speaker.

    A slide has the heading, equations, tables, lists, figures and what a cell prints.
    Paragraphs become the speaker's notes (key S in the browser), code is left out.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook with its cells cut and marked for reveal.js."""
        cells = []
        for cell in nb.cells:
            if cell.cell_type == "markdown":
                cells += list(_pieces(cell.source))
            elif cell.cell_type == "code" and _shows(cell):
                figure = any("image/png" in out.get("data", {}) for out in cell.outputs)
                cells.append(_marked(cell, "subslide" if figure else "-"))
        nb.cells = cells
        resources.setdefault("global_content_filter", {})["include_input"] = False
        return nb, resources


def _pieces(text: str) -> Iterator[NotebookNode]:
    """Cut Markdown into slides (headings), what they show, and notes."""
    text = re.sub(r"</?(details|summary)>", "", text)
    for block in re.split(r"\n{2,}", text.strip()):
        if heading := re.match(r"(#+) ", block):
            kind = "slide" if len(heading[1]) < 3 else "subslide"
        else:
            kind = "-" if SHOWN.match(block) else "notes"
        yield _marked(new_markdown_cell(block), kind)


def _shows(cell: NotebookNode) -> bool:
    """Tell whether a code cell leaves something to see."""
    hidden = "remove-cell" in cell.metadata.get("tags", [])
    return bool(cell.outputs) and not hidden


def _marked(cell: NotebookNode, kind: str) -> NotebookNode:
    cell.metadata["slideshow"] = {"slide_type": kind}
    return cell

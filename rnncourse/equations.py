r"""Where each numbered equation of the book stands, and how we know that it is right.

An equation is a ``\tag{8.4}`` in a chapter's text. The evidence is a line of the
package whose comment names the number, or a code cell of the chapter tagged
``proves-8.4``.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rnncourse.environment import project_root

TAG = re.compile(r"\\tag\{(\d+\.\d+)\}")
NUMBER = re.compile(r"\((\d+\.\d+)\)")
PROVES = re.compile(r"^proves-(\d+\.\d+)$")


@dataclass(frozen=True)
class Line:
    """A line of the package that names an equation in its comment."""

    path: str
    line: int
    function: str
    code: str


@dataclass
class Evidence:
    """What is known of one equation."""

    number: str
    chapter: str
    tex: str
    lines: list[Line] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether there is a line or a cell."""
        return bool(self.lines or self.cells)


def order(number: str) -> tuple[int, int]:
    """Return a key that sorts 8.9 before 8.10."""
    chapter, equation = number.split(".")
    return int(chapter), int(equation)


@cache
def collect() -> dict[str, Evidence]:
    """Return the evidence for every equation of the book, by number, in order.

    Raises
    ------
    ValueError
        If a number is given twice.
    """
    from rnncourse.notebooks import known, render

    found: dict[str, Evidence] = {}
    for slug in known():
        notebook = render(slug)
        for cell in notebook.cells:
            if cell.cell_type != "markdown":
                continue
            for block in re.findall(r"\$\$(.*?)\$\$", cell.source, re.DOTALL):
                for number in TAG.findall(block):
                    if number in found:
                        raise ValueError(f"{slug}: equation {number} is given twice")
                    tex = TAG.sub("", block).strip()
                    found[number] = Evidence(number, slug, tex)
        code_cells = [c for c in notebook.cells if c.cell_type == "code"]
        for count, cell in enumerate(code_cells, start=1):
            for number in proven(cell.metadata.get("tags", [])):
                if number in found:
                    found[number].cells.append(count)
    for number, line in citations():
        if number in found:
            found[number].lines.append(line)
    return dict(sorted(found.items(), key=lambda item: order(item[0])))


def proven(tags: list[str]) -> list[str]:
    """Return the numbers that a cell's tags claim to prove."""
    return [m.group(1) for m in map(PROVES.match, tags) if m]


@cache
def citations() -> list[tuple[str, Line]]:
    """Return each equation named in a comment of the package, with its line."""
    root = project_root()
    found = []
    for path in sorted((root / "rnncourse").rglob("*.py")):
        if "checks" in path.parts:  # wrong on purpose, much of it
            continue
        found += _citations_of(path, path.relative_to(root).as_posix())
    return found


def _citations_of(path: Path, name: str) -> list[tuple[str, Line]]:
    text = path.read_text(encoding="utf-8")
    if not NUMBER.search(text):
        return []
    tree = ast.parse(text)
    statements = _statements(text)
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        for number in NUMBER.findall(token.string):
            row = token.start[0]
            after = (s for s in statements if s[1] >= row)
            start, _, code = next(after, (row, row, ""))
            found.append((number, Line(name, start, _function(tree, start), code)))
    return found


def _statements(text: str) -> list[tuple[int, int, str]]:
    """Return first row, last row and code, on one line, of every statement."""
    found: list[tuple[int, int, str]] = []
    pieces: list[str] = []
    start, end = 0, (0, 0)
    silent = (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
            code = re.sub(r"\s+", " ", "".join(pieces)).strip()
            code = re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", code)
            if code:
                found.append((start, token.start[0], code))
            pieces = []
        elif token.type not in (*silent, tokenize.COMMENT):
            if not pieces:
                start = token.start[0]
            elif token.start != end:
                pieces.append(" ")
            pieces.append(token.string)
            end = token.end
    return found


def _function(tree: ast.Module, row: int) -> str:
    """Return the dotted name of the innermost function or class around a row."""
    names, inside = [], True
    nodes: list[ast.stmt] = tree.body
    while inside:
        inside = False
        for node in nodes:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            if node.lineno <= row <= (node.end_lineno or 0):
                names.append(node.name)
                nodes, inside = node.body, True
                break
    return ".".join(names)

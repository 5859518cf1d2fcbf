"""``{status-board}``: notebook by environment, and the last day each was green."""

from __future__ import annotations

import datetime

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from rnncourse import __version__, notebooks, status


class StatusBoard(SphinxDirective):
    """A table of all chapters and environments, and the versions behind it."""

    def run(self):
        """Return the table and the list of versions."""
        for path in sorted(status.folder().glob("*.json")):
            self.env.note_dependency(str(path))
        table = nodes.table(classes=["status"])
        group = nodes.tgroup(cols=1 + len(status.ENVIRONMENTS))
        table += group
        for _ in range(1 + len(status.ENVIRONMENTS)):
            group += nodes.colspec(colwidth=1)
        head, body = nodes.thead(), nodes.tbody()
        group += [head, body]
        head += row(["chapter", *status.ENVIRONMENTS.values()])
        for slug in notebooks.known():
            anchor = f"chapter-{slug.split('-')[0]}"
            cells = [cell(status.last(name, slug)) for name in status.ENVIRONMENTS]
            link = nodes.reference(
                "", slug, refuri=f"../chapters/{slug}.html", internal=False
            )
            body += row([link, *cells], ids=[anchor])
        return [table, *behind()]


def cell(last: status.Last | None) -> nodes.Node:
    """Return what one field says."""
    if last is None:
        return nodes.Text("not run yet")
    if last.passed:
        return nodes.Text(day(last.date))
    green = f", green on {day(last.green)}" if last.green else ""
    return nodes.strong("", f"failed on {day(last.date)}{green}")


def day(date: str) -> str:
    """Return 2026-11-21 as 21 Nov 2026."""
    return datetime.date.fromisoformat(date).strftime("%d %b %Y").lstrip("0")


def row(fields: list, ids: list[str] | None = None) -> nodes.row:
    """Return a row of a table."""
    made = nodes.row(ids=ids or [])
    for field in fields:
        node = nodes.Text(field) if isinstance(field, str) else field
        made += nodes.entry("", nodes.paragraph("", "", node))
    return made


def behind() -> list[nodes.Node]:
    """Return one paragraph for each environment that ran, with its versions."""
    shown = []
    for name, words in status.ENVIRONMENTS.items():
        versions = status.read(name)["versions"]
        if versions:
            text = ", ".join(f"{key} {value}" for key, value in versions.items())
            shown.append(nodes.paragraph("", f"{words}: {text}."))
    return shown


def setup(app):
    """Connect the directive."""
    app.add_directive("status-board", StatusBoard)
    return {"version": __version__, "parallel_read_safe": True}

"""The attacks that the page for instructors speaks of, linked to the data that runs.

``{attack}`name``` links to an attack of ``tests/attacks/`` and fails the build if there
is none of that name; ``{attack-classes}`` is a table of the classes with their number.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from course import link
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from rnncourse import address
from rnncourse.messages import counted

FOLDER = Path(__file__).parent.parent / "tests" / "attacks"
logger = logging.getLogger(__name__)


@cache
def known() -> dict[str, tuple[str, int]]:
    """Return {attack: (file, line)}."""
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            if match := re.fullmatch(r'name = "([\w-]+)"', line):
                found[match[1]] = (f"tests/attacks/{path.name}", number)
    return found


class Attack(SphinxRole):
    """A link to one attack."""

    def run(self):
        """Return the link, and warn if there is no such attack."""
        if self.text not in known():
            logger.warning(
                "there is no attack %s", self.text, location=self.get_location()
            )
            return [nodes.Text(self.text)], []
        words = self.text.replace("-", " ")
        return [link(words, address.source(*known()[self.text]))], []


class AttackClasses(SphinxDirective):
    """Each class of attacks: what it is, how many there are, and where."""

    def run(self):
        """Return a list with an item for each file."""
        items = nodes.bullet_list()
        for path in sorted(FOLDER.glob("*.toml")):
            text = path.read_text(encoding="utf-8")
            head = re.match(r"# (Class \w: .+)\n", text)
            count = text.count("[[attack]]")
            title = head[1].rstrip(".") if head else path.stem
            name = f"tests/attacks/{path.name}"
            to = link(counted(count, "attack"), address.source(name))
            items += nodes.list_item(
                "", nodes.paragraph("", "", nodes.Text(f"{title}: "), to)
            )
        return [items]


def setup(app):
    """Connect the role and the directive."""
    app.add_role("attack", Attack())
    app.add_directive("attack-classes", AttackClasses)
    return {"version": "1", "parallel_read_safe": True}

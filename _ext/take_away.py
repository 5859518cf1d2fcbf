"""``{take-away}``: where the zip, the PDF and the older versions are, and how large."""

from __future__ import annotations

from course import link
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from rnncourse import __version__, address
from rnncourse.publish import LIST

# In megabytes, rounded; a test compares them with the files that are made.
SIZES = {"zip": 15, "pdf": 33}


class TakeAway(SphinxDirective):
    """List the files with their sizes; they lie beside the published pages."""

    def run(self):
        """Return the list."""
        told = {
            "zip": "the pages, figures that move included: unpack it and open "
            "index.html. You can make it with `make offline`",
            "pdf": "the whole book on paper, with an outline and figures that stand "
            "still. You can make it with `make pdf`",
        }
        items = []
        for kind, words in told.items():
            name = f"rnncourse-book.{kind}"
            paragraph = nodes.paragraph("", "", link(name, address.pages() + name))
            text, command = words.split("`")[:2]
            paragraph += nodes.Text(f" ({SIZES[kind]} MB): {text}")
            paragraph += [nodes.literal("", command), nodes.Text(".")]
            items.append(nodes.list_item("", paragraph))
        versions = link("Released versions", address.pages() + LIST)
        paragraph = nodes.paragraph("", "", versions, nodes.Text(", each as one zip."))
        return [nodes.bullet_list("", *items, nodes.list_item("", paragraph))]


def setup(app):
    """Connect the directive."""
    app.add_directive("take-away", TakeAway)
    return {"version": __version__, "parallel_read_safe": True}

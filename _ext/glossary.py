"""The first use of each glossary word in a chapter links to the glossary.

``appendices/glossary.md`` is the list; a new word there needs no change here. The
definition is the link's title, so that pointing at a word is enough to read it.
"""

from __future__ import annotations

import re
from functools import cache

from docutils import nodes

LEFT_ALONE = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.emphasis,  # captions and titles of works
)


def link_first_uses(app, doctree, docname):
    """Turn the first use of each word of the glossary into a link, in chapters only."""
    if not docname.startswith("chapters/"):
        return
    words = known_words(app.env)
    if not words:
        return
    pattern = word_pattern(words)
    seen: set[str] = set()
    for text in list(doctree.findall(nodes.Text)):
        if not inside(text, LEFT_ALONE):
            pieces = split(str(text), pattern, words, seen)
            if len(pieces) > 1:
                text.parent.replace(
                    text, [make(app, docname, piece) for piece in pieces]
                )


@cache
def known_words(env):
    """Return {word in lower case: (page, anchor, definition)}; synonyms share them."""
    glossary = "appendices/glossary"
    if glossary not in env.found_docs:
        return {}
    words = {}
    for item in env.get_doctree(glossary).findall(nodes.definition_list_item):
        terms = [child for child in item.children if isinstance(child, nodes.term)]
        meaning = item.next_node(nodes.definition).astext().strip()
        meaning = re.sub(r"\s+Chapter \d+\.$", "", meaning)
        for term in terms:
            entry = (glossary, terms[0]["ids"][0], meaning)
            words[term.astext().lower()] = entry
    return words


def word_pattern(words) -> re.Pattern:
    """Match a whole word, longest first, with a plural s."""
    names = sorted(words, key=len, reverse=True)
    return re.compile(
        rf"(?<![\w-])({'|'.join(map(re.escape, names))})(?:e?s)?(?![\w-])",
        re.IGNORECASE,
    )


def split(text: str, pattern: re.Pattern, words, seen: set[str]) -> list:
    """Cut text into strings and (string, entry) pairs; add what was met to ``seen``."""
    pieces, end = [], 0
    for match in pattern.finditer(text):
        entry = words[match[1].lower()]
        if entry[1] in seen:
            continue
        seen.add(entry[1])
        pieces += [text[end : match.start()], (match[0], entry)]
        end = match.end()
    return [piece for piece in (*pieces, text[end:]) if piece]


def make(app, docname, piece) -> nodes.Node:
    """Return plain text, or the link to a word's entry."""
    if isinstance(piece, str):
        return nodes.Text(piece)
    text, (page, anchor, meaning) = piece
    address = f"{app.builder.get_relative_uri(docname, page)}#{anchor}"
    return nodes.reference(
        "",
        text,
        internal=True,
        refuri=address,
        reftitle=meaning,
        classes=["glossary-word"],
    )


def inside(node, kinds) -> bool:
    """Tell whether a node stands within one of these kinds."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def setup(app):
    """Connect the pass."""
    app.connect("doctree-resolved", link_first_uses)
    return {"version": "1", "parallel_read_safe": True}

"""What the course adds to Jupyter Book: addresses, evidence, figures that move.

- Every public address derives from ``rnncourse/address.toml``.
- Every numbered equation links to how we know it.
- Symbols of running text, h_t say, get real subscripts; notebooks have none.
- No line of running text ends between a number and its per cent, or before a sign =.
- A cell tagged ``interactive-NAME`` gets the script ``_ext/interactive/NAME.js``; it
  stands here and not under ``_static``, whose scripts Jupyter Book puts on every page.
- Stock output is mended where it is invalid or inaccessible.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from rnncourse import __version__, address, equations

HERE = Path(__file__).parent
ROOT = HERE.parent
CARD = ROOT / "docs" / "book.png"
logger = logging.getLogger(__name__)


# -- addresses ---------------------------------------------------------------------


def set_addresses(app, config):
    """Fill in every address that the theme and the cards ask for."""
    config.html_theme_options["repository_url"] = address.repository()
    config.html_baseurl = address.pages()
    config.ogp_site_url = address.pages()
    config.ogp_site_name = config.html_title
    config.ogp_image = f"{address.pages()}_static/{CARD.name}"
    config.ogp_image_alt = "A page of the book: text, an equation and a figure"
    # Asked of the network, links into this book and its own repository say nothing.
    own = [re.escape(address.repository()), r"\.\./chapters/"]
    config.linkcheck_ignore = [*config.linkcheck_ignore, *own]
    config.version = config.release = __version__
    config.templates_path.append(str(HERE / "templates"))


# -- evidence ----------------------------------------------------------------------


class EquationEvidence(SphinxDirective):
    """List every equation with the line or the cell that shows it is right."""

    def run(self):
        """Return one section for each chapter that has equations."""
        sections, lists = [], {}
        for found in equations.collect().values():
            if found.chapter not in lists:
                title = nodes.title("", "", chapter_link(found.chapter))
                lists[found.chapter] = nodes.definition_list(classes=["evidence"])
                name = f"evidence-of-{found.chapter}"
                section = nodes.section("", title, lists[found.chapter], ids=[name])
                section["names"] = [name]
                sections.append(section)
            lists[found.chapter] += evidence_item(found)
        return sections or [nodes.paragraph("", "No equation yet.")]


def evidence_item(found: equations.Evidence) -> nodes.definition_list_item:
    """Return an equation as a term, and what shows that it is right below it."""
    anchor, page = dashed(found.number), f"../chapters/{found.chapter}.html"
    number = link(f"({found.number})", f"{page}#eq-{anchor}")
    tex = nodes.math("", " ".join(found.tex.split()))
    term = nodes.term("", "", number, nodes.Text(" "), tex, ids=[f"evidence-{anchor}"])
    shown = nodes.definition()
    for cell in found.cells:
        to = link(f"code cell {cell}", f"{page}#proof-{anchor}")
        shown += nodes.paragraph("", "proven by ", to, nodes.Text(" of the chapter"))
    for line in found.lines:
        name = f"{line.path}, line {line.line}"
        to = link(name, address.source(line.path, line.line))
        place = f", {line.function}: " if line.function else ": "
        code = nodes.literal("", line.code)
        shown += nodes.paragraph("", "", to, nodes.Text(place), code)
    return nodes.definition_list_item("", term, shown)


def link(text: str, uri: str) -> nodes.reference:
    """Return a link."""
    return nodes.reference("", text, refuri=uri, internal=False)


def chapter_link(slug: str) -> nodes.reference:
    """Return a link to a chapter by its number and words."""
    number, words = slug.split("-", 1)
    title = f"Chapter {int(number)}: {words.replace('-', ' ')}"
    return link(title, f"../chapters/{slug}.html")


def dashed(number: str) -> str:
    """Return ``8-4`` for ``8.4``, fit for an anchor."""
    return number.replace(".", "-")


def link_equations(body: str) -> str:
    """Give each numbered equation an anchor and a link to how we know it."""
    known = equations.collect()
    here = set(re.findall(r'id="proof-(\d+-\d+)"', body))

    def linked(match: re.Match[str]) -> str:
        numbers = equations.TAG.findall(match.group(0))
        if not numbers or numbers[0] not in known:
            return match.group(0)
        number = numbers[0]
        target = (
            f"#proof-{dashed(number)}"
            if dashed(number) in here
            else f"../appendices/how-we-know.html#evidence-{dashed(number)}"
        )
        return (
            f'<div class="numbered" id="eq-{dashed(number)}">{match.group(0)}'
            f'<a class="how" href="{target}">How do we know'
            f'<span class="visually-hidden"> equation {number}</span>?</a></div>'
        )

    return re.sub(r'<div class="math[^"]*"[^>]*>.*?</div>', linked, body, flags=re.S)


# -- symbols -----------------------------------------------------------------------

# A letter, perhaps behind the d or ∂ of a derivative and under a hat or a tilde, or a
# closing bracket, and what hangs below or above it.
SYMBOL = re.compile(
    r"(?P<base>(?:d|∂\S?)?[^\W\d_][\u0300-\u036f]?′?|\)(?=\^))"
    r"(?P<sign>[_^])"
    r"(?:\{(?P<braced>[^{}]+(?:\{[^{}]*\})?)\}|\((?P<round>[\w,\u2212+ -]+)\)"
    r"|(?P<word>train|min|max|lag|[a-z]{1,2}|[^\W\d_]|\d+)(?![a-z0-9_]))"
)


def set_symbols(text: str) -> list[nodes.Node]:
    """Return text as nodes in which h_t has a subscript and γ^lag a superscript."""
    found, end = [], 0
    for match in SYMBOL.finditer(text):
        before = text[match.start() - 1 : match.start()]
        starts = match["base"] == ")" or not re.match(r"[A-Za-z0-9_]", before)
        if match.start() != end and not starts:
            continue  # a name such as from_next
        found.append(nodes.Text(text[end : match.start()] + match["base"]))
        kind = nodes.subscript if match["sign"] == "_" else nodes.superscript
        inner = match["braced"] or match["word"] or match["round"]
        if match["round"] and match["sign"] == "_":  # X_(t) of some decks
            inner = f"({inner})"
        found.append(kind("", "", *set_symbols(inner)))
        end = match.end()
    return [*found, nodes.Text(text[end:])] if end < len(text) else found


PAGES_WITH_SYMBOLS = (
    "chapters/",
    "appendices/glossary",
    "appendices/notation",
    "appendices/spot-the-slip",
)


APART = (nodes.literal, nodes.FixedTextElement, nodes.math, nodes.raw, nodes.title)


def running_text(document) -> list[nodes.Text]:
    """Return the pieces of text that stand in no code, formula or title."""

    def runs(node: nodes.Node) -> bool:
        above = node.parent
        return above is None or (not isinstance(above, APART) and runs(above))

    return [text for text in document.findall(nodes.Text) if runs(text)]


class SetSymbols(SphinxTransform):
    """Set the symbols of running text."""

    default_priority = 700

    def apply(self):
        """Replace each piece of text that has a symbol in it."""
        if not self.env.docname.startswith(PAGES_WITH_SYMBOLS):
            return
        for text in running_text(self.document):
            if SYMBOL.search(text):
                text.parent.replace(text, set_symbols(str(text)))


# -- line breaks -------------------------------------------------------------------

# What a line may not part: a number and its unit, a word and its number, as in
# "chapter 7", a sign of relation and what stands before it, the beginning of "(1 − z)",
# and two numbers in brackets.
UNPARTED = re.compile(
    r"(?<=\d) (?=(?:%|°C|s|ms|MB|GB)(?!\w))|(?<=[\w)\]|]) (?=[=≈≤≥<>≠] )"
    r"|(?<=\b[Cc]hapter) (?=\d)|(?<=\bFigure) (?=\d)|(?<=\b[Dd]eck) (?=\d)"
    r"|(?<=\b[Cc]apítulo) (?=\d)|(?<=\bFigura) (?=\d)"
    r"|(?<=\(1) (?=[\u2212+·] )|(?<=\(1 [\u2212+·]) (?=\S|$)"
    r"|(?<=\(\d,) (?=\u2212?\d\))"
)


# Stored results are written with a hyphen, after which a line may end.
NEGATIVE = re.compile(r"(?:^|(?<=[\s(]))-(?=\d)")


def hold_together(text: str) -> str:
    """Return text with true minus signs, and no breaks where a line should not end."""
    return UNPARTED.sub("\u00a0", NEGATIVE.sub("\u2212", text))


def hold_lines(app, doctree, docname):
    """Hold the running text of a page together."""
    for text in running_text(doctree):
        if (held := hold_together(text)) != text:
            text.parent.replace(text, nodes.Text(held))


# -- cells -------------------------------------------------------------------------


def anchor_proofs(body: str) -> str:
    """Give the first cell that proves an equation an anchor for it."""
    seen: set[str] = set()

    def anchored(match: re.Match[str]) -> str:
        spans = ""
        for number in re.findall(r"tag_proves-(\d+\.\d+)", match.group(0)):
            if number not in seen:
                seen.add(number)
                spans += f'<span class="anchor" id="proof-{dashed(number)}"></span>'
        return spans + match.group(0)

    return re.sub(r'<div class="cell [^"]*tag_proves-[^"]*"[^>]*>', anchored, body)


def figure_parameters(pagename: str) -> list[tuple[str, object]]:
    """Return name and parameters of each interactive figure of a page, in order."""
    path = ROOT / f"{pagename}.ipynb"
    if not path.is_file():
        return []
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        for tag in cell.metadata.get("tags", []):
            if tag.startswith("interactive-"):
                name = tag.removeprefix("interactive-")
                found.append((name, cell.metadata.get("interactive")))
    return found


def scripts_of(names) -> list[str]:
    """Return the scripts of figures, each behind those that it says it needs."""
    found: dict[str, None] = {}
    for name in names:
        path = HERE / "interactive" / f"{name}.js"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        for needed in re.findall(r"^// needs (\S+)$", text, flags=re.M):
            found[needed] = None
        found[name] = None
    return list(found)


def add_figures(body: str, pagename: str, pathto) -> str:
    """Mark the cells of interactive figures and load their scripts, on this page."""
    figures = figure_parameters(pagename)
    if not figures:
        return body
    for name, parameters in figures:
        if not (HERE / "interactive" / f"{name}.js").is_file():
            logger.warning("%s: there is no _ext/interactive/%s.js", pagename, name)
        data = f' data-interactive="{name}"'
        if parameters is not None:
            data += f' data-params="{html.escape(json.dumps(parameters))}"'
        body = re.sub(
            rf'(<div class="cell [^"]*tag_interactive-{name}[^"]*")(?! data-)',
            lambda m, data=data: m.group(1) + data,
            body,
            count=1,
        )
    names = ["figure", *scripts_of(dict.fromkeys(name for name, _ in figures))]
    scripts = "".join(
        f'<script defer src="{pathto(f"_static/interactive/{name}.js", 1)}"></script>'
        for name in names
    )
    return body + scripts


# -- repairs -----------------------------------------------------------------------


def check_alt(body: str, pagename: str) -> None:
    """Warn of pictures that a reader who cannot see them learns nothing about."""
    for alt in re.findall(r'<img[^>]*?alt="([^"]*)"', body):
        if alt.startswith(("../_images", "_images")) or not alt.strip():
            logger.warning("%s: a figure has no alt text (%r)", pagename, alt[:40])


def mend(body: str) -> str:
    """Put right what the stock output has invalid or out of reach of a keyboard."""
    body = re.sub(r' id="(?:proof|exercise|solution)-content"', "", body)
    body = body.replace(' role="doc-biblioentry"', ' role="listitem"')
    body = body.replace("<style scoped>", "<style>")
    body = re.sub(r'<table border="\d+" ', "<table ", body)
    # A paragraph may not stand in a summary, and its words are its name.
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    body = re.sub(
        r'<p class="(collapsed|expanded) admonition-title">(.*?)</p>',
        r'<span class="\1">\2</span>',
        body,
    )
    # A paragraph all in italics says what stands above it; in a table it is a word.
    body = re.sub(
        r"(?<!<td>)<p>(<em>(?:(?!</?em>).)*</em>)</p>",
        r'<p class="legend">\1</p>',
        body,
        flags=re.S,
    )
    # Sphinx wraps whatever has a line break into a split, which allows no \\tag.
    body = re.sub(
        r"\\begin\{split\}((?:(?!\\end\{split\}).)*?\\tag\{.*?)\\end\{split\}",
        r"\1",
        body,
        flags=re.S,
    )
    # Whatever may scroll sideways can be reached by keyboard.
    body = re.sub(r'<div class="(math[^"]*)">', r'<div tabindex="0" class="\1">', body)
    return re.sub(r"<pre>", r'<pre tabindex="0">', body)


def change_page(app, pagename, templatename, context, doctree):
    """Apply all of the above to one page."""
    seen, kept = set(), []
    for script in context.get("script_files", []):  # Sphinx 7.4 writes some twice
        inline = getattr(script, "attributes", {}).get("body")
        if inline and inline in seen:
            continue
        seen.add(inline)
        kept.append(script)
    context["script_files"] = kept
    body = context.get("body")
    if not body:
        return
    check_alt(body, pagename)
    if pagename.startswith("chapters/"):
        body = link_equations(anchor_proofs(body))
    if doctree is not None:
        offer_edit(context, pagename)
    body = add_figures(body, pagename, context["pathto"])
    context["body"] = mend(body)


def offer_edit(context, pagename: str) -> None:
    """Add a link to the text of the page: that of a chapter is not its notebook."""
    text = f"{pagename}.md"
    if pagename.startswith("chapters/"):
        text = f"chapters/src/{Path(pagename).name}.md"
    button = {
        "type": "link",
        "url": address.edit(text),
        "tooltip": "Edit the text of this page",
        "text": "Edit the text",
        "icon": "fas fa-pencil-alt",
        "label": "edit-text-button",
    }
    for group in context.get("header_buttons", []):
        if group.get("label") == "source-buttons":
            group["buttons"].append(button)


def finish(app, exception):
    """Put the figures' scripts, a card and a map beside the pages."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    shutil.copy2(CARD, static / CARD.name)
    pages = "".join(
        f"<url><loc>{address.pages()}{name}.html</loc></url>"
        for name in sorted(app.env.found_docs)
    )
    (Path(app.outdir) / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<urlset '
        f'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{pages}</urlset>\n',
        encoding="utf-8",
    )
    # Jupyter Book's own, written where there is none, is no valid page.
    first = f"{app.config.root_doc}.html"
    (Path(app.outdir) / "index.html").write_text(
        f'<!DOCTYPE html>\n<html lang="{app.config.language}">\n'
        '<meta charset="utf-8">\n'
        f"<title>{html.escape(app.config.html_title)}</title>\n"
        f'<meta http-equiv="Refresh" content="0; url={first}">\n'
        f'<p><a href="{first}">{html.escape(app.config.html_title)}</a></p>\n</html>\n',
        encoding="utf-8",
    )
    shutil.copytree(HERE / "interactive", static / "interactive", dirs_exist_ok=True)


def setup(app):
    """Connect everything."""
    app.add_transform(SetSymbols)
    app.add_directive("equation-evidence", EquationEvidence)
    app.connect("config-inited", set_addresses, priority=900)
    app.connect("doctree-resolved", hold_lines, priority=700)
    app.connect("html-page-context", change_page, priority=900)
    app.connect("build-finished", finish)
    return {"version": __version__, "parallel_read_safe": True}

"""What the course adds to Jupyter Book: local mathematics, addresses, evidence.

- MathJax comes from the package sphinx-mathjax-offline, so no page asks another host.
- Every public address derives from ``rnncourse/address.toml``.
- Every numbered equation links to how we know it.
- A cell tagged ``interactive-NAME`` gets the script ``_ext/interactive/NAME.js``; it
  stands here and not under ``_static``, whose scripts Jupyter Book puts on every page.
- Stock output is mended where it is invalid or inaccessible.
"""

from __future__ import annotations

import html
import importlib.util
import json
import re
import shutil
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from rnncourse import __version__, address, equations

HERE = Path(__file__).parent
ROOT = HERE.parent
MATHJAX = ("tex-chtml.js", "output/chtml/fonts/woff-v2", "input/tex/extensions")
logger = logging.getLogger(__name__)


# -- addresses ---------------------------------------------------------------------


def set_addresses(app, config):
    """Fill in every address that the theme and the cards ask for."""
    config.html_theme_options["repository_url"] = address.repository()
    config.html_baseurl = address.pages()
    config.ogp_site_url = address.pages()
    config.version = config.release = __version__
    config.templates_path.append(str(HERE / "templates"))


# -- evidence ----------------------------------------------------------------------


class EquationEvidence(SphinxDirective):
    """List every equation with the line or the cell that shows it is right."""

    def run(self):
        """Return the list as HTML; the page's own inline equation loads MathJax."""
        return [nodes.raw("", evidence_html(), format="html")]


def evidence_html() -> str:
    """Return one section of HTML for each chapter that has equations."""
    parts, chapter = [], None
    for number, found in equations.collect().items():
        if found.chapter != chapter:
            if chapter is not None:
                parts.append("</dl>")
            chapter = found.chapter
            parts.append(f"<h2>{chapter_link(chapter)}</h2><dl class='evidence'>")
        parts.append(
            f'<dt id="evidence-{dashed(number)}">'
            f'<a href="../chapters/{chapter}.html#eq-{dashed(number)}">({number})</a> '
            f'<span class="math notranslate nohighlight">'
            f"\\({html.escape(found.tex)}\\)</span></dt>"
        )
        for cell in found.cells:
            parts.append(
                f'<dd>proven by <a href="../chapters/{chapter}.html'
                f'#proof-{dashed(number)}">code cell {cell}</a> of the chapter</dd>'
            )
        for line in found.lines:
            parts.append(
                f'<dd><a href="{address.source(line.path, line.line)}">'
                f"{line.path}, {line.function}</a>: "
                f"<code>{html.escape(line.code)}</code></dd>"
            )
    parts.append("</dl>" if chapter is not None else "<p>No equation yet.</p>")
    return "\n".join(parts)


def chapter_link(slug: str) -> str:
    """Return a link to a chapter by its number and words."""
    number, words = slug.split("-", 1)
    title = f"Chapter {int(number)}: {words.replace('-', ' ')}"
    return f'<a href="../chapters/{slug}.html">{title}</a>'


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
    names = ["figure", *dict.fromkeys(name for name, _ in figures)]
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
        source = f"chapters/src/{Path(pagename).name}.md"
        context["text_source"] = address.source(source)
    body = add_figures(body, pagename, context["pathto"])
    context["body"] = mend(body)


def copy_files(app, exception):
    """Put MathJax and the figures' scripts beside the pages."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    origin = importlib.util.find_spec("sphinx-mathjax-offline").origin
    source = Path(origin).parent / "static" / "mathjax"
    for name in MATHJAX:
        target = static / "mathjax" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source / name, target)
    shutil.copytree(HERE / "interactive", static / "interactive", dirs_exist_ok=True)


def setup(app):
    """Connect everything."""
    app.add_directive("equation-evidence", EquationEvidence)
    app.connect("config-inited", set_addresses, priority=900)
    app.connect("html-page-context", change_page, priority=900)
    app.connect("build-finished", copy_files)
    return {"version": __version__, "parallel_read_safe": True}

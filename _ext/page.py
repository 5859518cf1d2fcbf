"""What stands around the text of each page, for its reader and for those who cite it.

- A number in brackets, (8.4), links to that equation, which shows on pointing.
- Self-checks become quizzes, by ``quiz.js``, on the pages that have some.
- Below each page: its version, when its text last changed, how to cite it, and where to
  report a mistake in it.
- ``llms.txt``: a plain index of the pages, with a sentence on each.
- ``{errata}`` lists the errors of earlier versions, as the changelog has them.

``_static/page.js`` adds what needs a script; without it nothing is missing but comfort.
"""

from __future__ import annotations

import html
import re
import shutil
from functools import partial
from pathlib import Path

from course import hold_together, set_symbols
from course_map import minutes, places
from docutils import nodes
from docutils.statemachine import StringList
from docutils.utils.smartquotes import educate_tokens
from edition import voice
from glossary import inside
from sphinx.util.docutils import SphinxDirective

from rnncourse import __version__, address, contents, equations

ROOT = Path(__file__).parents[1]
NUMBER = re.compile(r"\((\d{1,2}\.\d{1,3})\)")
LEFT_ALONE = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
)


# -- references to equations ---------------------------------------------------------


def link_numbers(app, doctree, docname):
    """Turn each number in brackets that is an equation's into a link to it."""
    known, to = equations.collect(), places(app, docname)
    for text in list(doctree.findall(nodes.Text)):
        if inside(text, LEFT_ALONE):
            continue
        pieces, end = [], 0
        for match in NUMBER.finditer(text):
            found = known.get(match[1])
            if found is None:
                continue
            page = f"chapters/{found.chapter}"
            anchor = f"#eq-{match[1].replace('.', '-')}"
            pieces += [
                nodes.Text(str(text)[end : match.start()]),
                nodes.reference(
                    "",
                    match[0],
                    internal=True,
                    refuri=to(page) + anchor,
                    classes=["equation-number"],
                ),
            ]
            end = match.end()
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(str(text)[end:])])


def carry_equations(body: str) -> str:
    """Give each link to an equation the equation itself, for its preview."""
    known = equations.collect()

    def carried(match: re.Match[str]) -> str:
        tex = " ".join(known[match[2]].tex.split())
        return f'{match[1]} data-tex="{html.escape(tex)}">({match[2]})</a>'

    pattern = r'(<a class="equation-number[^>]*?)>\((\d+\.\d+)\)</a>'
    return re.sub(pattern, carried, body)


# -- self-checks ---------------------------------------------------------------------

# What the quizzes say, in the order in which a reader meets it.
QUIZ = {
    "count": "{0} of {1} self-checks answered, {2} right.",
    "right": "Right: {1}.",
    "wrong": "Not {0}. The answer is {1}.",
    "yours": "your answer",
    "answer": "the answer",
    "explanation": "Explanation",
    "again": "Try again",
    "kept": "Remembered by this browser alone.",
    "unkept": "This browser forgets them with the page.",
    "forget": "Forget my answers",
}


SELF_CHECK = re.compile(r"(<summary[^>]*>)([\w-]+ \d+\. [^<]*)(?=</summary>)")


def set_question(match: re.Match[str], language: str = "en") -> str:
    """Set quotes, code and symbols in a question: Markdown leaves a summary alone."""

    def written(found: list[nodes.Node]) -> str:
        return "".join(
            hold_together(str(node))
            if isinstance(node, nodes.Text)
            else f"<{node.tagname[:3]}>{written(node.children)}</{node.tagname[:3]}>"
            for node in found
        )

    pieces = enumerate(match[2].split("`"))
    kinds = [("literal" if k % 2 else "plain", piece) for k, piece in pieces]
    said = match[1]
    for k, piece in enumerate(educate_tokens(kinds, attr="q", language=language)):
        said += f"<code>{piece}</code>" if k % 2 else written(set_symbols(piece))
    return said


def add_quizzes(app, pagename, templatename, context, doctree):
    """Load the script of the quizzes where a page has self-checks."""
    asked = partial(set_question, language=app.config.language)
    body, count = SELF_CHECK.subn(asked, context.get("body") or "")
    if not count:
        return
    context["body"] = body
    said = "".join(f' data-{key}="{voice(app)(text)}"' for key, text in QUIZ.items())
    script = context["pathto"]("_static/quiz.js", 1)
    context["body"] += f'<script defer src="{script}"{said}></script>'


def copy_script(app, exception):
    """Put the script beside the pages; under ``_static`` all pages would load it."""
    if not exception and app.builder.format == "html":
        shutil.copy2(Path(__file__).with_name("quiz.js"), Path(app.outdir) / "_static")


# -- the foot of a page --------------------------------------------------------------


def add_foot(app, pagename, templatename, context, doctree):
    """Put version, date, citation and ways to answer below a page."""
    if doctree is None or not context.get("body"):
        return
    title = re.sub(r"<[^>]+>", "", context["title"])
    changed = context.get("last_updated")
    say, to = voice(app), places(app, pagename)
    mistake = address.issue(
        f"Mistake: {html.unescape(title)}",
        f"Page: {address.pages()}{pagename}.html, version {__version__}\n\n"
        "What it says:\n\nWhat it should say, and how you know:\n",
    )
    errata, board = to("appendices/errata"), to("appendices/status")
    if pagename.startswith("chapters/"):
        board += f"#chapter-{Path(pagename).name.split('-')[0]}"
    parts = [
        f"{say('Version')} {__version__}"
        + (f", {say('text of')} {changed}" if changed else ""),
        f'<a class="report-mistake" href="{html.escape(mistake)}" '
        f'data-passage="{say("Report a mistake in this passage")}">'
        f"{say('Report a mistake on this page')}</a>",
        f'<a href="{errata}">{say("Errata")}</a>',
        f'<a href="{board}">{say("Where it runs")}</a>',
    ]
    spent = ""
    if minutes := minutes_of(pagename):
        words = f'data-left="{say("min left")}" data-read="{say("read")}"'
        spent = f' data-minutes="{minutes}" {words}'
    context["body"] = carry_equations(context["body"]) + (
        f'<aside class="page-foot" aria-label="{say("About this page")}"{spent}>'
        f"<p>{' · '.join(parts)}</p>{citation(app, pagename, title)}</aside>"
    )


def minutes_of(pagename: str) -> int:
    """Return how long a chapter says, in its English text, that it takes to read."""
    source = ROOT / "chapters" / "src" / f"{Path(pagename).name}.md"
    if not pagename.startswith("chapters/") or not source.is_file():
        return 0
    return minutes(source.read_text(encoding="utf-8"))


def citation(app, pagename: str, title: str) -> str:
    """Return the folded citation of a chapter; other pages have none."""
    if not pagename.startswith("chapters/"):
        return ""
    number, name = html.unescape(title).split(". ", 1)
    year = app.config.copyright.split(",")[0]
    site, page = app.config.html_title, f"{address.pages()}{pagename}.html"
    key = f"rnncourse{year}{Path(pagename).name.split('-', 1)[1].replace('-', '')}"
    text = (
        f"The rnncourse authors ({year}). {name}. In <cite>{html.escape(site)}</cite>, "
        f"version {__version__}, chapter {number}. {page}"
    )
    entry = (
        f"@incollection{{{key},\n  author    = {{{{The rnncourse authors}}}},\n"
        f"  title     = {{{name}}},\n  booktitle = {{{site}}},\n"
        f"  chapter   = {{{number}}},\n  edition   = {{{__version__}}},\n"
        f"  year      = {{{year}}},\n  url       = {{{page}}}\n}}"
    )
    return (
        f"<details><summary>{voice(app)('Cite this chapter')}</summary>"
        f"<p>{text}</p>"
        f'<pre tabindex="0">{html.escape(entry)}</pre></details>'
    )


# -- errata --------------------------------------------------------------------------


def errata(text: str) -> list[tuple[str, list[str]]]:
    """Return the errata of each version that has some, as lines of Markdown."""
    found = []
    for block in re.split(r"(?m)^## ", text)[1:]:
        version, _, rest = block.partition("\n")
        section = re.search(r"(?ms)^### Errata\n+(.*?)(?=^### |\Z)", rest)
        if section and section[1].strip():
            found.append((version.strip(), section[1].strip().splitlines()))
    return found


class Errata(SphinxDirective):
    """List the errors of earlier versions."""

    def run(self):
        """Return one section for each version, or a sentence if there is none."""
        changelog = ROOT / "CHANGELOG.md"
        self.env.note_dependency(str(changelog))
        shown = []
        for version, lines in errata(changelog.read_text(encoding="utf-8")):
            name = nodes.make_id(f"errata-{version}")
            section = nodes.section("", nodes.title("", version), ids=[name])
            section["names"] = [name]
            self.state.nested_parse(StringList(lines, str(changelog)), 0, section)
            shown.append(section)
        return shown or [nodes.paragraph("", "No erratum is known.")]


# -- a plain index -------------------------------------------------------------------


def keep_promise(app, doctree):
    """Keep what a page is good for while it is at hand: to read all again is slow."""
    kept = app.env.metadata[app.env.docname]
    kept["first sentence"] = first = first_sentence(doctree)
    kept["promise"] = promise(doctree) or first


def write_index(app, exception):
    """Write ``llms.txt``: each page with its address and what it is good for."""
    if exception or app.builder.format != "html" or app.config.language != "en":
        return
    (_, (front,)), *parts = contents.parts(ROOT)
    kept = app.env.metadata
    lines = [
        f"# {app.config.html_title}",
        "",
        f"> {kept[front]['first sentence']}",
    ]
    for caption, pages in parts:
        lines += ["", f"## {caption}", ""]
        for page in pages:
            title = app.env.titles[page].astext()
            where = f"{address.pages()}{page}.html"
            lines.append(f"- [{title}]({where}): {kept[page]['promise']}")
    path = Path(app.outdir) / "llms.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def promise(doctree) -> str:
    """Return what a reader of a page can do after it; "" if it does not say."""
    for paragraph in doctree.findall(nodes.paragraph):
        after = paragraph.next_node(descend=False, siblings=True)
        if paragraph.astext().endswith("you can") and isinstance(
            after, nodes.bullet_list
        ):
            items = (" ".join(item.astext().split()) for item in after.children)
            return "after it you can " + " ".join(items)
    return ""


def first_sentence(doctree) -> str:
    """Return the first sentence of a page's text."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 20:
            return re.split(r"(?<=[.?!])\s", text)[0]
    return ""


def setup(app):
    """Connect everything."""
    app.add_directive("errata", Errata)
    app.connect("doctree-read", keep_promise)
    app.connect("doctree-resolved", link_numbers, priority=600)
    app.connect("html-page-context", add_foot, priority=950)
    app.connect("html-page-context", add_quizzes, priority=960)
    app.connect("build-finished", write_index)
    app.connect("build-finished", copy_script)
    return {"version": __version__, "parallel_read_safe": True}

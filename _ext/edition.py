"""The book in several languages: the switch on every page, and what an edition mends.

The English book is built as ever; ``rnncourse.translations`` writes the pages of
another edition, which this extension then finishes: words that no catalogue of the
theme has, links that lead to English pages, and paragraphs shown in English.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path

from rnncourse import __version__, address, contents, translations
from rnncourse.messages import TEMPLATE, Speaker, read_po
from rnncourse.translations import LANGUAGES, MARK

SWITCH = "language-switch.html"
HERE = Path(__file__).parent
HERE_TOO = "Read this page in this language"
CODE_IS_ENGLISH = "This is a translation. Code and its output stay in English."
NOT_YET = "This page is not translated yet: go to the front page of the edition"
SHARED = ("interactive", "book.png")  # an edition uses the English ones


def edition(app) -> str:
    """Return the language of the edition that is built; "" for the English one."""
    language = (app.config.language or "en").split("_")[0]
    return language if language in LANGUAGES else ""


def voice(app):
    """Return what says a word of a page's frame in the language of this edition."""
    language = edition(app)
    if not language:
        return lambda source: html.escape(source)
    words = Speaker(read_po(translations.catalogue(language, "edition")))
    return lambda source: html.escape(words.whole(source) or source)


def settle(app, config):
    """Put the switch into the header, and set the addresses of another edition."""
    theme = config.html_theme_options
    header = list(theme.get("article_header_end", ["article-header-buttons.html"]))
    theme["article_header_end"] = [SWITCH, *[name for name in header if name != SWITCH]]
    if language := edition(app):
        base = f"{address.pages()}{language}/"
        config.html_baseurl = config.ogp_site_url = base
        config.ogp_site_name = config.html_title


def offer_languages(app, pagename, templatename, context, doctree):
    """Tell the page where it is found in the other languages."""
    here = edition(app)
    up = "../" * pagename.count("/")
    others = []
    if here:
        to = f"{up}../{pagename if pagename != 'glosario' else 'intro'}.html"
        found = pagename in contents.pages()
        tip = "Read this page in English"
        others.append(switch("en", "English", tip, to, found))
    else:
        for language, name in LANGUAGES.items():
            found = pagename in translations.pages(language)
            to = f"{up}{language}/{pagename if found else 'intro'}.html"
            words = Speaker(read_po(translations.catalogue(language, "edition")))
            tip = HERE_TOO if found else NOT_YET
            others.append(switch(language, name, words.whole(tip) or tip, to, found))
    context["language_switch"] = others
    alternates = "".join(
        f'<link rel="alternate" hreflang="{o["lang"]}" href="{o["absolute"]}">'
        for o in others
        if o["same"] and doctree is not None
    )
    context["metatags"] = context.get("metatags", "") + alternates.replace(
        "@", f"{address.pages()}"
    )


def switch(lang: str, name: str, tip: str, to: str, same: bool) -> dict:
    """Return one entry of the switch; ``same`` if it leads to this very page."""
    absolute = "@" + to.replace("../", "")
    return {"lang": lang, "name": name, "tip": tip, "href": to, "same": same} | {
        "absolute": absolute
    }


def order_pages(app, pagename, templatename, context, doctree):
    """Let the page before and the page after be those of the whole book."""
    language, order = edition(app), contents.pages()
    if not language or pagename not in order:
        return
    at, there = order.index(pagename), translations.pages(language)
    for name, place in (("prev", at - 1), ("next", at + 1)):
        if 0 <= place < len(order) and order[place] not in there:
            to = f"{address.pages()}{order[place]}.html"
            context[name] = {"link": to, "title": translations.title(order[place])}


# -- after the build ---------------------------------------------------------------


def finish(app, exception):
    """Mend the written pages of an edition, and share what the English one has."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    language = edition(app)
    if not language:
        extend_map(out)
        return
    words = Speaker(read_po(translations.catalogue(language, "edition")))
    for name in SHARED:
        path = out / "_static" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    (out / "sitemap.xml").unlink(missing_ok=True)
    write_words(language, out)
    for path in sorted(out.rglob("*.html")):
        page = path.relative_to(out).with_suffix("").as_posix()
        if not page.startswith("_static"):
            text = path.read_text(encoding="utf-8")
            text = mend(text, language, page, words)
            path.write_text(text, encoding="utf-8")


def extend_map(out: Path) -> None:
    """Add the pages of the other editions to the map of the site."""
    path = out / "sitemap.xml"
    if not path.is_file():
        return
    more = "".join(
        f"<url><loc>{address.pages()}{language}/{page}.html</loc></url>"
        for language in LANGUAGES
        for page in translations.pages(language)
    )
    text = path.read_text(encoding="utf-8").replace("</urlset>", f"{more}</urlset>")
    path.write_text(text, encoding="utf-8")


def mend(text: str, language: str, page: str, words: Speaker) -> str:
    """Finish one page of an edition."""
    up = "../" * page.count("/")

    def say(source: str) -> str:
        return words.whole(source) or source

    # What the English site has once.
    text = re.sub(
        rf'((?:src|content)="){up}_static/(interactive/)', rf"\1{up}../_static/\2", text
    )
    # A folded answer ends behind its last paragraph.
    text = text.replace("</details></p>", "</p></details>")
    text = text.replace(
        'href="../appendices/how-we-know.html',
        f'hreflang="en" href="{up}../appendices/how-we-know.html',
    )
    # Links to English pages, here as on paper written with their whole address.
    pages = re.escape(address.pages())

    def english(match: re.Match[str]) -> str:
        before, to, after = match.groups()
        if to.startswith(tuple(f"{name}/" for name in LANGUAGES)) or to in LANGUAGES:
            return match.group(0)
        before = re.sub(r'\s(?:target|rel)="[^"]*"', "", before)
        after = re.sub(r'\s(?:target|rel)="[^"]*"', "", after)
        link = f'<a{before}href="{up}../{to}" hreflang="en"{after}>'
        return link.replace("reference external", "reference internal")

    text = re.sub(rf'<a(\s[^>]*?)href="{pages}([^"]*)"([^>]*)>', english, text)
    text = re.sub(
        r'How do we know<span class="visually-hidden"> equation ([\d.]+)</span>\?',
        lambda m: (
            say("How do we know")
            + f'<span class="visually-hidden"> {say("equation")} {m.group(1)}</span>?'
        ),
        text,
    )
    # Titles of English pages, at the side and below the text.
    text = re.sub(
        r'(<li class="toctree-l\d[^"]*"><a )(?=[^>]*hreflang="en")',
        r'\1lang="en" ',
        text,
    )
    text = re.sub(
        r'(<a\b[^>]*hreflang="en"[^>]*>(?:(?!</a>).)*?<p) (?=class="prev-next-title")',
        r'\1 lang="en" ',
        text,
        flags=re.S,
    )
    # Paragraphs that nobody has translated.
    text = re.sub(
        rf'<(div|span|summary) class="{MARK}( docutils)?"',
        rf'<\1 lang="en" class="{MARK}"',
        text,
    )
    text = note(text, language, page, say)
    for source in (
        "Skip to main content",
        "Home",
        "Edit the text",
        "Edit the text of this page",
        "Show the code",
        "Hide the code",
    ):
        text = text.replace(f">{source}<", f">{say(source)}<")
        text = text.replace(f'"{source}"', f'"{say(source)}"')
    return add_words(text, language, up)


def note(text: str, language: str, page: str, say) -> str:
    """Say below the title what of the page is in English."""
    if page not in translations.pages(language):
        return text
    counted = translations.count(language, page)
    said = say(CODE_IS_ENGLISH)
    if not page.startswith("chapters/"):
        said = ""
    for words, all_, there in (
        (
            "Paragraphs in English, because they changed or are new:",
            counted.messages,
            counted.translated,
        ),
        ("Figures with English labels:", counted.figures, counted.drawn),
    ):
        if all_ - there:
            said += f" {say(words)} {all_ - there} / {all_}."
    if not said:
        return text
    line = f'<p class="edition-note">{said.strip()}</p>'
    article = r"(<article\b.*?</h1>)"
    return re.sub(article, rf"\1\n{line}", text, count=1, flags=re.S)


# -- figures that move -------------------------------------------------------------


def write_words(language: str, out: Path) -> None:
    """Write the words of each interactive figure as a script of its own."""
    target = out / "_static" / "words"
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy2(HERE / "words.js", target / "words.js")
    source = translations.folder(language) / "LC_MESSAGES" / "interactive"
    for path in sorted(source.glob("*.po")):
        words: dict[str, dict[str, str]] = {"exact": {}, "templates": {}}
        for entry in read_po(path).values():
            if entry.usable:
                kind = "templates" if TEMPLATE in entry.flags else "exact"
                words[kind][entry.source] = entry.target
        text = json.dumps(words, ensure_ascii=False, sort_keys=True)
        (target / f"{path.stem}.js").write_text(LOAD_WORDS % text, encoding="utf-8")


LOAD_WORDS = """\
(function (have, more) {
for (const kind of ["exact", "templates"]) Object.assign(have[kind], more[kind]);
})(window.rnnWords = window.rnnWords || { exact: {}, templates: {} }, %s);
"""


def add_words(text: str, language: str, up: str) -> str:
    """Load the words of a page's figures before the figures."""
    first = re.search(r'<script defer src="[^"]*_static/interactive/', text)
    if first is None:
        return text
    folder = translations.folder(language) / "LC_MESSAGES" / "interactive"
    names = re.findall(r'src="[^"]*_static/interactive/([\w-]+)\.js"', text)
    names = [name for name in names if (folder / f"{name}.po").is_file()]
    scripts = "".join(
        f'<script defer src="{up}_static/words/{name}.js"></script>'
        for name in [*names, "words"]
    )
    return text[: first.start()] + scripts + text[first.start() :]


def setup(app):
    """Connect everything; after the course's own changes."""
    app.connect("config-inited", settle, priority=950)
    app.connect("html-page-context", offer_languages, priority=400)
    app.connect("html-page-context", order_pages, priority=950)
    app.connect("build-finished", finish, priority=950)
    return {"version": __version__, "parallel_read_safe": True}

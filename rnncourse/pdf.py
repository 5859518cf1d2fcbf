"""The whole book as one PDF: the built pages in one, printed by Chromium.

The pages are joined rather than built anew as a single page: there the same heading
of two chapters, "Summary" say, is one anchor, and links between pages lose their way.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from rnncourse import __version__, address
from rnncourse.contents import parts
from rnncourse.environment import (
    QUIET_BROWSER,
    SetupError,
    find_browser,
    project_root,
    say,
)
from rnncourse.messages import counted

if TYPE_CHECKING:
    from playwright.sync_api import Page

STYLE, SCRIPT = Path("_ext") / "pdf.css", Path("_ext") / "pdf.js"
# What a page has for a reader at a screen.
LEFT_OUT = (
    ".headerlink, a.how, .you-are-here, .page-foot, .on-screen, "
    "script, noscript, link, audio, video, button"
)
POINTS_AT = ("href", "xlink:href")
NAMES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers")
WIDTH = 655  # CSS pixels between the margins of A4


# -- one page of all ---------------------------------------------------------------


def join(site: Path, target: Path, root: Path) -> None:
    """Write every page of a built book into one page, with title and contents.

    Parameters
    ----------
    site : Path
        The built pages.
    target : Path
        Of the page to write; it loads pictures and style from `site`.
    root : Path
        Of the repository.
    """
    order = [(caption or "About this book", found) for caption, found in parts(root)]
    pages = [page for _, listed in order for page in listed]
    read = {
        page: BeautifulSoup((site / f"{page}.html").read_text("utf-8"), "lxml")
        for page in pages
    }
    articles = {page: article(read[page]) for page in pages}
    known = {
        page: {str(tag["id"]) for tag in found.find_all(id=True)}
        for page, found in articles.items()
    }
    up = Path(os.path.relpath(site, target.parent)).as_posix()
    for page, found in articles.items():
        settle(found, page, known, up)
    name = read[pages[0]].select_one('meta[property="og:site_name"]')
    title = html.escape(str(name["content"])) if name else "The book"
    body = [title_page(read[pages[0]], title, up), contents(order, articles)]
    for number, (caption, listed) in enumerate(order):
        body.append(f'<h1 class="part" id="part-{number}">{html.escape(caption)}</h1>')
        body += [str(articles[page]) for page in listed]
    style = (root / STYLE).read_text(encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        '<!DOCTYPE html>\n<html lang="en" data-theme="light"><head>'
        f'<meta charset="utf-8"><title>{title}</title>'
        f"{''.join(heads(read, up))}<style>{style}</style></head>"
        f'<body><main class="bd-article">{"".join(body)}</main></body></html>\n',
        encoding="utf-8",
    )


def article(page: BeautifulSoup) -> Tag:
    """Take the text out of a page, without what is for a screen only."""
    found = page.select_one("article.bd-article")
    if found is None:
        raise SetupError("a built page has no article; run `make clean`, then again")
    for tag in found.select(LEFT_OUT):
        tag.decompose()
    for fold in found.find_all("details"):
        fold["open"] = ""
    found["class"] = "page"
    return found


def settle(found: Tag, page: str, known: dict[str, set[str]], up: str) -> None:
    """Make the anchors of a page its own, and lead its links within the one page."""
    for tag in found.find_all(True):
        if "id" in tag.attrs:
            tag["id"] = anchor(page, str(tag["id"]))
        for name in NAMES:
            if name in tag.attrs:
                value = tag[name]
                words = value if isinstance(value, list) else str(value).split()
                tag[name] = " ".join(anchor(page, word) for word in words)
        for name in POINTS_AT:
            if name in tag.attrs:
                tag[name] = led(str(tag[name]), page, known)
        if tag.name == "img" and "src" in tag.attrs:
            tag["src"] = f"{up}/{resolved(str(tag['src']), page)}"
            del tag["loading"]
        if level := re.fullmatch(r"h([1-5])", tag.name):
            tag.name = f"h{int(level[1]) + 1}"
    found["id"] = anchor(page)


def anchor(page: str, name: str = "") -> str:
    """Return the anchor of a page, or of a place in it, in the one page."""
    return page.replace("/", "-") + (f"--{name}" if name else "")


def resolved(link: str, page: str) -> str:
    """Return the path of a link from the root of the site."""
    path = unquote(urlsplit(link).path)
    return os.path.normpath(Path(page).parent / path).replace(os.sep, "/")


def led(link: str, page: str, known: dict[str, set[str]]) -> str:
    """Return where a link of a page leads in the PDF."""
    split = urlsplit(link)
    if split.scheme or split.netloc:
        return link
    path = resolved(link, page) if split.path else f"{page}.html"
    to = path.removesuffix(".html")
    if to not in known:
        return address.pages() + path + (f"#{split.fragment}" if split.fragment else "")
    place = split.fragment if split.fragment in known[to] else ""
    return f"#{anchor(to, place)}"


def heads(read: dict[str, BeautifulSoup], up: str) -> Iterator[str]:
    """Yield the style sheets of all pages and what typesets their equations."""
    seen = set()
    for page, soup in read.items():
        for tag in soup.head.find_all(["link", "style", "script"]) if soup.head else []:
            if tag.find_parent("noscript"):
                continue
            source = str(tag.get("href") or tag.get("src") or "")
            path = resolved(source, page) if source else ""
            if tag.name == "link" and "stylesheet" in (tag.get("rel") or []):
                made = f'<link rel="stylesheet" href="{up}/{path}">'
            elif tag.name == "style":
                made = str(tag)
            elif tag.name == "script" and "mathjax" in path:
                made = f'<script defer src="{up}/{path}"></script>'
            elif tag.name == "script" and "window.MathJax" in tag.text:
                made = str(tag)
            else:
                continue
            if made not in seen:
                seen.add(made)
                yield made


def title_page(front: BeautifulSoup, title: str, up: str) -> str:
    """Return the first page."""
    logo = front.select_one("img.logo__image")
    picture = ""
    if logo:
        picture = f'<img src="{up}/{resolved(str(logo["src"]), "intro")}" alt="">'
    today = date.today()
    return (
        f'<section class="title-page">{picture}'
        f'<p class="title">{title}</p>'
        f'<p class="version">Version {__version__}</p>'
        "<p>The rnncourse authors</p>"
        '<p class="small">The same book with figures that move, and its notebooks to '
        f"run: {shown(address.pages())}. Code and mistakes: "
        f"{shown(address.repository())}. Text and figures are under CC BY 4.0, code "
        "under the MIT licence. "
        f"Printed on {today.day} {today:%B %Y}.</p></section>"
    )


def shown(link: str) -> str:
    """Return a link that shows where it leads, for paper."""
    return f'<a href="{link}">{link}</a>'


def contents(order: list[tuple[str, tuple[str, ...]]], articles: dict[str, Tag]) -> str:
    """Return the table of contents; page numbers are filled in later."""
    title = '<p class="title">Contents</p>'
    lines = [f'<nav class="book-contents" aria-label="Contents">{title}']
    for number, (caption, listed) in enumerate(order):
        lines.append(
            f'<p class="in-part"><a href="#part-{number}">'
            f"{html.escape(caption)}</a></p>"
        )
        for page in listed:
            heading = articles[page].find("h2")
            name = heading.get_text() if isinstance(heading, Tag) else page
            lines.append(
                f'<p class="in-page"><a href="#{anchor(page)}">{html.escape(name)}</a>'
                f'<span class="leader"></span><span class="at" '
                f'data-of="{anchor(page)}"></span></p>'
            )
            if sections := list(section_links(articles[page])):
                lines.append(f'<p class="in-section">{" · ".join(sections)}</p>')
    return "".join([*lines, "</nav>"])


def section_links(found: Tag) -> Iterator[str]:
    """Yield a link to each section of a page."""
    for heading in found.find_all("h3"):
        section = heading.find_parent("section")
        if isinstance(section, Tag) and section.get("id"):
            name = html.escape(heading.get_text())
            yield f'<a href="#{section["id"]}">{name}</a>'


# -- printing ----------------------------------------------------------------------


def make(site: Path, target: Path, root: Path | None = None) -> int:
    """Print the pages of a built book into one PDF; return how many sheets it has.

    Parameters
    ----------
    site : Path
        The built pages.
    target : Path
        Of the PDF.
    root : Path, optional
        Of the repository; default that of this package.

    Raises
    ------
    SetupError
        If there is no Chromium, or an equation could not be typeset.
    """
    path = find_browser()
    if path is None:
        raise SetupError("Chromium or Chrome is missing; it prints the PDF")
    from playwright.sync_api import sync_playwright

    root = root or project_root()
    joined = target.with_suffix(".html")
    join(site, joined, root)
    quiet = list(QUIET_BROWSER)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet.append("--no-sandbox")  # Chromium has none for root
    with sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=path, args=quiet)
        page = chromium.new_page(viewport={"width": WIDTH, "height": 1000})
        page.set_default_timeout(0)
        page.context.set_offline(True)
        page.emulate_media(media="print")
        page.goto(joined.as_uri(), wait_until="load")
        prepare(page, root)
        say("printing twice: the first tells the page numbers for the contents")
        part = target.with_suffix(".part")
        printed(page, part, final=False)
        page.evaluate("numbers => fillPageNumbers(numbers)", pages_of(part))
        printed(page, part, final=True)
        chromium.close()
    count = pack(part, target)
    part.unlink()
    return count


def prepare(page: Page, root: Path) -> None:
    """Typeset, then fit what is too wide."""
    page.evaluate("() => window.MathJax?.startup?.promise")
    page.evaluate("() => document.fonts.ready.then(() => null)")
    if broken := page.locator("mjx-merror").count():
        raise SetupError(f"{counted(broken, 'equation')} could not be typeset")
    page.add_script_tag(content=(root / SCRIPT).read_text(encoding="utf-8"))
    page.evaluate("prepare()")


def printed(page: Page, target: Path, *, final: bool) -> None:
    """Print what the browser shows; only the last time for keeps."""
    page.pdf(
        path=target,
        prefer_css_page_size=True,
        print_background=True,
        tagged=final,
        outline=final,
    )


def pages_of(target: Path) -> dict[str, str]:
    """Return the number of the sheet on which each anchor of a PDF lies."""
    import pikepdf

    with pikepdf.open(target) as pdf:
        sheets = enumerate(pdf.pages, 1)
        number: dict[Any, str] = {page.objgen: str(at) for at, page in sheets}
        return {
            name.removeprefix("/"): number[place[0].objgen]
            for name, place in pdf.Root.Dests.items()
        }


def pack(part: Path, target: Path) -> int:
    """Write a PDF as small as it goes without loss; return how many sheets it has."""
    import pikepdf

    with pikepdf.open(part) as pdf:
        packed = pikepdf.ObjectStreamMode.generate
        pdf.save(target, object_stream_mode=packed, recompress_flate=True)
        return len(pdf.pages)

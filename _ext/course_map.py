"""The map of the course, and the plan of a term, made from what the chapters say.

Parts and chapters come from ``_toc.yml``; what a chapter needs first, and how long it
takes to read, from its own paragraph "You need …". ``docs/course-map.toml`` names
chapters that do not stand yet, ``docs/term-plan.toml`` what is read in which week. So a
new chapter needs no change here.

``{course-map}`` draws the map; each chapter has it folded at its end, with a mark at
itself. ``{term-plan}`` is the table of weeks.
"""

from __future__ import annotations

import html
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from docutils import nodes
from edition import edition, voice
from sphinx.util.docutils import SphinxDirective

from rnncourse import address, contents, translations
from rnncourse.messages import Speaker, read_po

ROOT = Path(__file__).parent.parent
WIDTH, ROW, DOT = 100, 40, 88  # of the drawing: user units, stretched to the rows
TIMES = {"an hour": 60, "an hour and a half": 90, "two hours": 120}


# -- what is known of a chapter ----------------------------------------------------


@dataclass(frozen=True)
class Chapter:
    """A chapter that stands, or one that is planned and has no slug."""

    number: int
    title: str
    part: str
    slug: str = ""
    needs: tuple[int, ...] = ()
    minutes: int = 0


def chapters(root: Path = ROOT) -> list[Chapter]:
    """Return all chapters, those that stand and those that are planned, by number."""
    found = {}
    for part, pages in contents.parts(root):
        for page in pages:
            folder, _, slug = page.partition("/")
            if folder == "chapters":
                number = int(slug[:2])
                found[number] = read(root, slug, part)
    listed = tomllib.loads((root / "docs/course-map.toml").read_text(encoding="utf-8"))
    for one in listed.get("planned", []):
        found.setdefault(one["number"], Chapter(**one))
    return [found[number] for number in sorted(found)]


def read(root: Path, slug: str, part: str) -> Chapter:
    """Read title, needs and minutes from the text of a chapter."""
    path = root / "chapters" / "src" / f"{slug}.md"
    text = path.read_text(encoding="utf-8")
    number = int(slug[:2])
    title = re.search(r"^# \d+\. (.+)$", text, re.M)
    paragraph = re.search(r"^You need .+$", text, re.M)
    first = paragraph[0] if paragraph else ""  # a test asks for it
    needs = tuple(n for n in numbers(first) if n != number)
    name = title[1] if title else slug
    return Chapter(number, name, part, slug, needs, minutes(first))


def numbers(paragraph: str) -> list[int]:
    """Return the chapters that a paragraph "You need … Allow …" names as needed."""
    first = re.split(r"(?<=\.) (?=Allow|Reading)", paragraph, maxsplit=1)[0]
    linked = re.findall(r"\]\((\d\d)-[\w-]+\.ipynb\)", first)
    plain = re.findall(r"\bchapters? (\d+(?:(?:, | and | to )\d+)*)", first)
    return sorted({*map(int, linked), *(n for text in plain for n in range_of(text))})


def range_of(text: str) -> list[int]:
    """Return the numbers of "1, 3 and 5" or "1 to 4"."""
    if " to " in text:
        low, high = map(int, text.split(" to "))
        return list(range(low, high + 1))
    return [int(number) for number in re.findall(r"\d+", text)]


def minutes(paragraph: str) -> int:
    """Return how long a chapter says that it takes to read; 0 if it does not."""
    found = re.search(
        r"(?:Allow|Reading takes)(?: about)? "
        r"(an hour and a half|an hour|two hours|(\d+) minutes)",
        paragraph,
    )
    if found is None:
        return 0
    return int(found[2]) if found[2] else TIMES[found[1]]


def arrows(known: list[Chapter]) -> list[tuple[int, int]]:
    """Return (needed, needing) without those that follow from others."""
    needs = {one.number: set(one.needs) for one in known}

    def all_below(number: int) -> set[int]:
        below = set(needs.get(number, ()))
        return below.union(*(all_below(n) for n in below)) if below else below

    made = []
    for one in known:
        implied = set().union(*(all_below(n) for n in one.needs))
        made += [(n, one.number) for n in one.needs if n not in implied]
    return made


# -- the map -----------------------------------------------------------------------


def places(app, page: str):
    """Return what gives the address of another page; an edition lacks some."""

    def link(to: str) -> str:
        if to in app.env.found_docs:
            return app.builder.get_relative_uri(page, to)
        return f"{address.pages()}{to}.html"

    return link


def draw(known: list[Chapter], link, here: int = 0, say=str) -> str:
    """Return the map as HTML.

    Parameters
    ----------
    known : list of Chapter
    link : callable
        Gives the address of a page from where the map is.
    here : int
        The chapter to mark.
    say : callable
        Translates a word of the map.
    """
    rows: dict[int, int] = {}
    parts, row = [], 0
    for part in dict.fromkeys(one.part for one in known):
        items = []
        row += 1
        for one in known:
            if one.part == part:
                rows[one.number] = row
                row += 1
                items.append(item(one, link, here, say))
        name = say(part)
        parts.append(
            f'<li><span class="part">{name}</span><ol>{"".join(items)}</ol></li>'
        )
    drawn = [arc(rows, *arrow) for arrow in arrows(known)]
    return (
        f'<div class="course-map" style="--rows: {row}">'
        f'<svg viewBox="0 0 {WIDTH} {row * ROW}" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false">{"".join(drawn)}</svg>'
        f'<ol class="parts">{"".join(parts)}</ol></div>'
    )


def set_title(one: Chapter) -> str:
    """Return the title of a chapter for a page, with the apostrophe of print."""
    return html.escape(one.title.replace("'", "’"))


def item(one: Chapter, link, here: int, say=str) -> str:
    """Return a chapter as an item of the list: its link, and what it needs."""
    name = f'<span class="title">{set_title(one)}</span>'
    title = f'<span class="number">{one.number}</span> {name}'
    if not one.slug:
        title = f'<span class="name">{title}</span>'
        return (
            f'<li class="planned">{title}<small>{say("not written yet")}</small></li>'
        )
    current = ' aria-current="page"' if one.number == here else ""
    title = (
        f'<a class="name" href="{link(f"chapters/{one.slug}")}"{current}>{title}</a>'
    )
    needs = f"{say('needs')} {listed(one.needs, say)} · " if one.needs else ""
    return f"<li>{title}<small>{needs}{one.minutes} min</small></li>"


def listed(needs: tuple[int, ...], say=str) -> str:
    """Return "7, 8 and 12"."""
    words = [str(number) for number in needs]
    if not words[1:]:
        return words[0]
    return f"{', '.join(words[:-1])} {say('and')} {words[-1]}"


def middle(row: int) -> float:
    """Return the height of a row's middle."""
    return (row + 0.5) * ROW


def arc(rows: dict[int, int], low: int, high: int) -> str:
    """Return an arrow from a chapter to one that needs it, the further the wider."""
    if low not in rows:
        return ""
    start, end = middle(rows[low]) + 5, middle(rows[high]) - 1
    out = DOT - 7 - min(78, 9 + 5.2 * (rows[high] - rows[low]))
    x = DOT - 6
    return (
        f'<path class="arc" d="M{x} {start:g}C{out:g} {start:g} {out:g} {end:g} '
        f'{x} {end:g}"/><path class="head" d="M{x - 7} {end - 4:g}L{x + 1} {end:g}'
        f'L{x - 7} {end + 4:g}Z"/>'
    )


def translated(app, known: list[Chapter]) -> list[Chapter]:
    """Return the chapters with their titles in the language of this edition."""
    language = edition(app)
    if not language:
        return known
    there = translations.pages(language)
    said = []
    for one in known:
        page = f"chapters/{one.slug}"
        if page in there:
            words = Speaker(read_po(translations.catalogue(language, page)))
            title = words.whole(f"{one.number}. {one.title}") or one.title
            one = replace(one, title=title.removeprefix(f"{one.number}. "))
        said.append(one)
    return said


class CourseMap(SphinxDirective):
    """The map of the course."""

    def run(self):
        """Return the map as it stands."""
        app = self.env.app
        known = translated(app, chapters())
        text = draw(known, places(app, self.env.docname), say=voice(app))
        return [nodes.raw("", text, format="html")]


def add_here(app, pagename, templatename, context, doctree):
    """Put the map, folded, at the end of each chapter."""
    if not pagename.startswith("chapters/") or not context.get("body"):
        return
    known = translated(app, chapters())
    slug = pagename.removeprefix("chapters/")
    here = next((one.number for one in known if one.slug == slug), 0)
    say = voice(app)
    text = draw(known, places(app, pagename), here, say)
    context["body"] += (
        f'<details class="you-are-here"><summary>{say("You are here")}: '
        f"{say('the map of the course')}</summary>{text}</details>"
    )


# -- the plan of a term ------------------------------------------------------------


class TermPlan(SphinxDirective):
    """Fourteen weeks: what is read and how long that takes, and what is handed out."""

    def run(self):
        """Return a table with a row for each week."""
        known = {one.number: one for one in chapters()}
        plan = tomllib.loads((ROOT / "docs/term-plan.toml").read_text(encoding="utf-8"))
        rows = [
            week_of(number, week, known, self.link)
            for number, week in enumerate(plan["weeks"], start=1)
        ]
        titles = ("Week", "Read", "Minutes", "Hand out", "Points", "Hours")
        head = "".join(f'<th scope="col">{title}</th>' for title in titles)
        text = (
            '<div class="pst-scrollable-table-container" tabindex="0">'
            f'<table class="table"><thead><tr>{head}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )
        return [nodes.raw("", text, format="html")]

    def link(self, page: str) -> str:
        """Return the address of a page from here."""
        return self.env.app.builder.get_relative_uri(self.env.docname, page)


def week_of(number: int, week: dict, known: dict[int, Chapter], link) -> str:
    """Return the row of a week."""
    from rnncourse import new_course

    parts, total = [], 0
    for chapter in week["read"]:
        one = known[chapter]
        total += one.minutes
        text = f"{one.number}. {set_title(one)}"
        if one.slug:
            text = f'<a href="{link(f"chapters/{one.slug}")}">{text}</a>'
        else:
            text += " (not written yet)"
        parts.append(text)
    _, points, hours = new_course.about(ROOT, week["hand_out"])
    cells = ["<br>".join(parts), f"{total}", week["hand_out"], points, hours]
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{number}</th>{row}</tr>'


def setup(app):
    """Connect the directives and the folded maps."""
    app.add_directive("course-map", CourseMap)
    app.add_directive("term-plan", TermPlan)
    app.connect("html-page-context", add_here, priority=800)
    return {"version": "1", "parallel_read_safe": True}

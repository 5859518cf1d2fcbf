"""Pages that stand alone: one file each, no script, nothing from another address.

Text is escaped by the template engine unless it was made safe by :mod:`.clean`. Each
page carries a policy that forbids scripts, foreign addresses, frames and forms, and
allows one style sheet, by its hash: should something slip through the cleaning, it
still does nothing.
"""

from __future__ import annotations

import base64
import hashlib
import keyword
import re
from collections.abc import Callable, Sequence
from functools import cache, wraps
from html import escape
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from rnncourse.grading import clean

FOLDER = Path(__file__).parent / "templates"
# No part of it goes back over what it took, so its time is that of the length.
PYTHON = re.compile(
    rf"""
    (?P<c> \#[^\n]*+ )
    | (?P<s> (?: \b(?i: [bf]r | r[bf] | [rbuf] ) )?+
        (?: \"{{3}} (?: [^"\\]++ | \\. | "(?!"") )*+ (?: \"{{3}} )?+
        | '{{3}} (?: [^'\\]++ | \\. | '(?!\'\') )*+ (?: '{{3}} )?+
        | " (?: [^"\\\n]++ | \\. )*+ "?+
        | ' (?: [^'\\\n]++ | \\. )*+ '?+ ) )
    | (?P<k> \b(?: {"|".join(keyword.kwlist)} )\b )
    | [^\W\d]\w*+
    | (?P<m> (?i: 0[xob][\da-f_]++
        | (?: \d[\d_]*+ \.?+ [\d_]*+ | \.\d[\d_]*+ ) (?: e[+-]?\d[\d_]*+ )?+ j?+ ) )
    """,
    re.VERBOSE | re.DOTALL,
)


@cache
def style() -> str:
    """Give the one style sheet."""
    return (FOLDER / "page.css").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """Give the content security policy of each page."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["points"] = points
    made.filters["plain"] = clean.plain
    made.filters["markdown"] = markdown
    made.filters["code"] = code
    return made


class Often(str):
    """A text of the assignment, which every page of a run has."""


def once(make: Callable[[str], Markup]) -> Callable[[str], Markup]:
    """Let a function make what every page has only once."""
    kept = cache(make)
    return wraps(make)(
        lambda text: kept(text) if isinstance(text, Often) else make(text)
    )


@once
def markdown(text: str) -> Markup:
    """Render Markdown."""
    return Markup(clean.markdown(text))


def render(template: str, **values: Any) -> str:
    """Fill a page."""
    return (
        _environment()
        .get_template(template)
        .render(style=Markup(style()), policy=policy(), **values)
    )


def points(value: float | None) -> str:
    """Give points for people: 2, 1.5, or a dash where there are none yet."""
    return "–" if value is None else f"{round(value, 2):g}"


@once
def code(text: str) -> Markup:
    """Colour some Python, as far as it is that; the text is escaped.

    One expression does it in a tenth of the time that Pygments takes, which was half
    the time of a page; and a page knows no more than these four colours.
    """
    text = clean.plain(text).rstrip("\n")
    made, end = [], 0
    for found in PYTHON.finditer(text):
        kind = found.lastgroup
        if kind:
            made.append(escape(text[end : found.start()], quote=False))
            shown = escape(found[0], quote=False)
            made.append(f'<span class="k-{kind}">{shown}</span>')
            end = found.end()
    return Markup("".join(made) + escape(text[end:], quote=False))


# -- pictures ----------------------------------------------------------------------


def histogram(
    values: Sequence[float], out_of: float, *, marked: float | None
) -> Markup:
    """Draw how points are spread, as an SVG with its numbers beside the bars."""
    bins = next((n for n in (10, 9, 12, 8, 11, 7, 6) if not out_of % n), 10)
    counts = [0] * bins
    for value in values:
        share = value / out_of if out_of else 0.0
        counts[min(bins - 1, max(0, int(share * bins)))] += 1
    width, height, base = 640, 225, 180
    step = width / bins
    most = max([*counts, 1])
    parts = []
    for number, count in enumerate(counts):
        tall = round(140 * count / most, 1)
        x = round(number * step + 4, 1)
        low, high = number * out_of / bins, (number + 1) * out_of / bins
        parts.append(
            f'<rect class="bar" x="{x}" y="{base - tall}" width="{step - 8:.1f}" '
            f'height="{tall}" rx="2"><title>{low:g} to {high:g} points: {count}'
            "</title></rect>"
        )
        middle = round(x + step / 2 - 4, 1)
        if count:
            parts.append(
                f'<text class="count" x="{middle}" y="{base - tall - 6}">{count}</text>'
            )
        parts.append(f'<text class="axis" x="{x - 4}" y="{base + 20}">{low:g}</text>')
    parts.append(
        f'<text class="axis end" x="{width}" y="{base + 20}">{out_of:g}</text>'
        f'<line class="rule" x1="0" x2="{width}" y1="{base}" y2="{base}"/>'
        f'<text class="axis middle" x="{width / 2}" y="{base + 40}">points</text>'
    )
    if marked is not None and out_of:
        x = round(width * marked / out_of, 1)
        anchor = "end" if x > width / 2 else "start"
        shift = -6 if anchor == "end" else 6
        parts.append(
            f'<line class="mark" x1="{x}" x2="{x}" y1="8" y2="{base}"/>'
            f'<text class="marked" text-anchor="{anchor}" x="{x + shift}" y="16">'
            f"median {marked:g}</text>"
        )
    shown = ", ".join(
        f"{n * out_of / bins:g} to {(n + 1) * out_of / bins:g} points: {count}"
        for n, count in enumerate(counts)
        if count
    )
    return Markup(
        f'<svg viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="Hand-ins by points. {shown or "None yet."}">'
        + "".join(parts)
        + "</svg>"
    )


def bar(shares: Sequence[tuple[str, float]], label: str) -> Markup:
    """Draw one bar of parts that sum to at most 1; each part has a class."""
    parts, x = [], 0.0
    for kind, share in shares:
        width = round(100 * share, 2)
        if width > 0:
            parts.append(
                f'<rect class="{kind}" x="{x:g}" y="0" width="{width:g}" height="10"/>'
            )
        x = round(x + width, 2)
    return Markup(
        '<svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{Markup.escape(label)}">'
        f'<rect class="empty" x="0" y="0" width="100" height="10"/>'
        + "".join(parts)
        + "</svg>"
    )

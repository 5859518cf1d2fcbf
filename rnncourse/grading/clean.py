"""What a learner wrote, made fit for another person's browser.

A hand-in may print HTML, SVG, Markdown or JavaScript, and all of it ends in a page
that a teacher opens. Here it loses what could run or call home. HTML goes through
nh3 (the parser and sanitiser ammonia, as browsers parse); a drawing is shown as a
picture, in which nothing runs; formulas become MathML that is built from a short list
of elements. What has no safe form is left out, and the page says so. Beside this each
page forbids scripts and foreign addresses by its own policy, see :mod:`.pages`.
"""

from __future__ import annotations

import base64
import binascii
import html as standard_html
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import nh3

MiB = 1 << 20
KEPT = "\n\t\ufffd"
MAX_TEXT = 100_000  # characters of one output on a page
MAX_PICTURE = 3 * MiB
LEFT_OUT = "An output of this cell would run in a browser ({}); it was left out."
TOO_LARGE = "An output of this cell is too large to be shown here; it was left out."


def _words(text: str) -> set[str]:
    return set(text.split())


TAGS = _words(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp small "
    "span strong sub summary sup table tbody td tfoot th thead tr tt u ul var"
)
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
DROPPED_WHOLE = {"script", "style", "iframe", "object", "embed", "template", "title"}
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
LINK = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]")
OPEN, CLOSE = "\ue000", "\ue001"  # around the number of a formula; taken out of text

MATHML = _words(
    "math mrow mi mn mo ms mtext mspace msub msup msubsup mfrac msqrt mroot mover "
    "munder munderover mtable mtr mtd mpadded mphantom menclose mstyle "
    "mmultiscripts mprescripts none"
)
MATHML_ATTRIBUTES = _words(
    "accent accentunder columnalign columnspacing display displaystyle fence form "
    "height largeop linethickness lspace mathvariant maxsize minsize movablelimits "
    "notation rowspacing rspace scriptlevel separator stretchy symmetric width"
)
MATHML_VALUE = re.compile(r"[\w .%+-]{0,40}")

PICTURES = ("image/png", "image/jpeg", "image/gif")


# -- HTML --------------------------------------------------------------------------


def html(text: str) -> str:
    """Give the part of some HTML that is safe to show: no script, style or request.

    Links keep only http, https, mailto and places on the page; pictures must be
    within the text itself, so that opening the page tells nobody.
    """
    return _cleaned_html(without_marks(text))


def _cleaned_html(text: str) -> str:
    return nh3.clean(
        text,
        tags=TAGS,
        clean_content_tags=DROPPED_WHOLE,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if LINK.match(value) else None
    if name == "src":
        return value if PICTURE.fullmatch(value) else None
    return without_marks(value)


def without_marks(text: str) -> str:
    """Take out what no text may hold: our own marks, NUL, lone surrogates."""
    text = text.encode("utf-8", "replace").decode()
    return re.sub(f"[{OPEN}{CLOSE}\0]", "\ufffd", text)


def plain(text: str) -> str:
    """Take colours and cursor jumps out of what was printed, and cut it."""
    text = without_marks(ANSI.sub("", text))
    if not text.translate(str.maketrans("", "", KEPT)).isprintable():
        text = "".join(c for c in text if c in KEPT or c.isprintable())
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}\n… {len(text) - MAX_TEXT:,} more characters"
    return text


# -- Markdown ----------------------------------------------------------------------


def markdown(text: str) -> str:
    """Render Markdown with formulas; what is HTML in it is cleaned like all HTML."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    formulas: list[tuple[str, bool]] = []

    def keep(tex: str, block: bool) -> str:
        formulas.append((tex, block))
        return f"{OPEN}{len(formulas) - 1}{CLOSE}"

    class Renderer(IPythonRenderer):
        def inline_math(self, body: str) -> str:
            return keep(body, False)

        def block_math(self, body: str) -> str:
            return keep(body, True)

        def latex_environment(self, name: str, body: str) -> str:
            return keep(rf"\begin{{{name}}}{body}\end{{{name}}}", True)

        def block_mermaidjs(self, code: str) -> str:
            return f"<pre><code>{standard_html.escape(code)}</code></pre>"

        def _embed_image_or_attachment(self, src: str) -> str:
            return src  # an attachment is not handed in; a file is not on this page

    renderer = Renderer(escape=False, exclude_anchor_links=True)
    rendered = MarkdownWithMath(renderer=renderer).render(without_marks(text))
    # The marks stand in text only: every attribute loses them on the way.
    cleaned = re.sub(r"<(/?)h1>", r"<\1h2>", _cleaned_html(rendered))  # one title each
    return re.sub(
        f"{OPEN}(\\d{{1,6}}){CLOSE}",
        lambda found: _formula(formulas, int(found[1])),
        cleaned,
    )


def _formula(formulas: list[tuple[str, bool]], number: int) -> str:
    if number >= len(formulas):
        return ""
    tex, block = formulas[number]
    return math(tex, block=block)


def math(tex: str, *, block: bool = False) -> str:
    """Turn TeX into MathML; where that fails, show the TeX as it was typed."""
    typed = f"<code>{standard_html.escape(tex.strip())}</code>"
    if len(tex) > 2000 or tex.count("{") > 200:
        return typed
    from latex2mathml.converter import convert

    tag = re.search(r"\\tag\{([\w.]+)\}", tex)
    body = re.sub(r"\\tag\{[\w.]+\}|\\[Bb]igg?[lrm]?(?=[^a-zA-Z])", "", tex)
    how = "block" if block else "inline"
    try:
        made = ElementTree.fromstring(convert(body, display=how))
        kept = _math_element(made, depth=0)
        text = ElementTree.tostring(kept, "unicode", short_empty_elements=False)
    except Exception:  # the converter raises many kinds, and nothing rests on it
        return typed
    return f"{text} ({tag[1]})" if tag else text


def _math_element(given: ElementTree.Element, depth: int) -> ElementTree.Element:
    name = given.tag.rsplit("}", 1)[-1]
    if name not in MATHML or depth > 60:
        raise ValueError(f"no {name} in a formula")
    made = ElementTree.Element(name)
    for key, value in given.attrib.items():
        if key in MATHML_ATTRIBUTES and MATHML_VALUE.fullmatch(value):
            made.set(key, value)
    made.text, made.tail = given.text, given.tail
    made.extend(_math_element(child, depth + 1) for child in given)
    return made


# -- outputs -----------------------------------------------------------------------


def picture(kind: str, data: str) -> str:
    """Give a picture's data as an address within the page, or "" if it is none."""
    if kind == "image/svg+xml":
        data = base64.b64encode(data.encode("utf-8", "replace")).decode()
    else:
        data = re.sub(r"\s+", "", data)
        try:
            base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            return ""
    return f"data:{kind};base64,{data}" if data else ""


def joined(value: Any) -> str:
    """Give a notebook's text, which may come in lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def output(given: dict[str, Any]) -> dict[str, str]:
    """Say how one output of a cell is shown on a page.

    Returns
    -------
    dict
        ``how`` is one of text, error, picture, html, note; ``what`` the text, the
        address within the page, the safe HTML, or the sentence.
    """
    kind = given.get("output_type")
    if kind == "stream":
        return {"how": "text", "what": plain(joined(given.get("text")))}
    if kind == "error":
        lines = given.get("traceback") or [joined(given.get("evalue"))]
        text = "\n".join(line for line in lines if isinstance(line, str))
        return {"how": "error", "what": plain(text)}
    data = given.get("data")
    if not isinstance(data, dict):
        return {"how": "note", "what": LEFT_OUT.format("of no known kind")}
    for name in (*PICTURES, "image/svg+xml"):
        if name in data:
            if len(joined(data[name])) > MAX_PICTURE:
                return {"how": "note", "what": TOO_LARGE}
            if address := picture(name, joined(data[name])):
                return {"how": "picture", "what": address}
    if "text/html" in data and len(joined(data["text/html"])) <= MAX_TEXT:
        return {"how": "html", "what": html(joined(data["text/html"]))}
    if "text/markdown" in data and len(joined(data["text/markdown"])) <= MAX_TEXT:
        return {"how": "html", "what": markdown(joined(data["text/markdown"]))}
    if "text/plain" in data:
        return {"how": "text", "what": plain(joined(data["text/plain"]))}
    names = ", ".join(sorted(plain(str(name))[:40] for name in data)) or "empty"
    return {"how": "note", "what": LEFT_OUT.format(names)}

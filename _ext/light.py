"""Make the built pages light, and hold what is on them in its place while they load.

- Scripts and styles of the theme stay on those pages only that have what they serve.
- No script holds the page up: all run in their order when the page has been read.
- The theme's icons come as a font; the script that draws them again is left out.
- A picture says its size beforehand, and loads when it is nearly in sight.
- A wide one stands in a box that scrolls on a phone, with a way to see it whole.
- Of the theme's icons those stay that a page shows, in the style sheet and in the font.
- Of the theme's style sheets those rules stay that can meet something on a page.
- Light or dark is settled before anything is drawn, so that code keeps its height.
- A notebook to download has no outputs, which are most of its weight.
- Maps for debugging the theme's files are not published, nor named in the files.
"""

from __future__ import annotations

import json
import re
import struct
from functools import cache
from pathlib import Path

import tinycss2
from edition import voice

from rnncourse import __version__

# Files of the theme and of Jupyter Book's extensions, by name, and what on a page calls
# for them; nothing calls for what has None.
SERVES = {
    "fontawesome": None,
    "sphinx-thebe": None,
    "togglebutton": r'class="(?:[^"]* )?(?:toggle|admonition [^"]*dropdown)[ "]',
    "design-tabs": r'class="[^"]*\bsd-tab-set\b',
    "sphinx-design.min": r'class="[^"]*\bsd-',
    "clipboard.min": r'<div class="highlight',
    "copybutton": r'<div class="highlight',
    "searchtools": r'id="search-results"',
    "language_data": r'id="search-results"',
    "searchindex": r'id="search-results"',
    "sphinx_highlight": r'id="search-results"',
}
FILE = re.compile(
    r'\s*<(?:script|link)\b[^>]* (?:src|href)="[^"]*?(?P<name>[\w.-]+)\.(?:js|css)'
    r'(?:\?[^"]*)?"[^>]*>(?:</script>)?'
)
# Fetched first of all, a script would hold the first picture of the page up.
PRELOAD = re.compile(r'\s*<link rel="preload" as="script"[^>]*>')
# Settings of the scripts above, which nothing reads without them.
SETTINGS = {
    "togglebutton": r"let toggle\w+ = |var togglebuttonSelector = ",
    "sphinx-thebe": r"const THEBE_JS_URL = ",
}
SCRIPT = re.compile(r'<script(?! (?:defer|async))(?P<rest>[^>]* src="[^"]*"></script>)')
# A module waits for the page as deferred scripts do, and keeps its place among them.
OPTIONS = re.compile(r"<script>(?=DOCUMENTATION_OPTIONS\.)")
# Kinds of words that every style of code leaves in the colour of the text.
PLAIN = re.compile(r'<span class="(?:n|p|w)">([^<]*)</span>')
SIDEBAR_ENDS = '<main id="main-content"'
# As the theme does later, when the page is there and would be seen to move.
SCROLL_SIDEBAR = """<script>{
const bar = document.querySelector("div.bd-sidebar");
const here = [...document.querySelectorAll(".bd-docs-nav .active")].pop();
const last = parseInt(sessionStorage.getItem("sidebar-scroll-top"), 10);
const y = here?.getBoundingClientRect().y;
if (bar && !isNaN(last)) bar.scrollTop = last;
else if (bar && y > innerHeight / 2)
bar.scrollTop = y - bar.getBoundingClientRect().y - bar.clientHeight / 4;
}</script>
"""
SEARCH_LABEL = re.compile(r'(search-button-field[^>]*?) aria-label="[^"]*"')
SHORTCUT = '<span class="search-button__kbd-shortcut">'
THEME = 'dataset.theme = localStorage.getItem("theme") || "auto"'
SETTLED = THEME.replace(
    '"auto"', '(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'
)
SHEETS = ("styles/*.css", "basic.css", "mystnb.*.css", "sphinx-design.min.css")
COMPOSED = "bs-"  # the theme's script makes such names out of parts
GLYPH = re.compile(r"\\([0-9a-f]{4})|([\ue000-\uf8ff])")  # written, or as it is
WORD = re.compile(r"[\w-]+")
WOFF2 = re.compile(r'url\([^)]*\.woff2\) format\("woff2"\),')
MAP = re.compile(r"\n?(?://|/\*)# sourceMappingURL=\S+(?: \*/|\*/)?\s*$")
PICTURE = re.compile(
    r'<img(?P<before>[^>]*?) src="(?P<src>[^"]+\.(?:png|svg))"(?P<after>[^>]*)>'
)

# A figure of this many pixels has labels of seven on a phone that shows it whole.
NARROW = 780
WHOLE = "See the whole figure"
FIGURE = re.compile(
    r'<img(?=[^>]* src="(?P<src>[^"]*_images/[^"]+)")'
    r'[^>]* width="(?P<width>\d+)"[^>]*>(?!<a )'
)


@cache
def size_of(path: Path) -> tuple[int, int] | None:
    """Return width and height of a PNG or an SVG, or None if it is neither."""
    if path.suffix == ".svg":
        head = path.read_text(encoding="utf-8")
        box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', head)
        return (round(float(box[1])), round(float(box[2]))) if box else None
    with path.open("rb") as file:
        head = file.read(24)
    if head[:8] != b"\x89PNG\r\n\x1a\n":
        return None
    return struct.unpack(">II", head[16:24])


def lighten(text: str, folder: Path) -> str:
    """Return a page of a folder made light; a second time changes nothing."""
    text = PRELOAD.sub("", prune(text))
    text = SCRIPT.sub(r"<script defer\g<rest>", text)
    text = OPTIONS.sub('<script type="module">', text)
    # The button's name is its text, "Search", and the keys are no part of it.
    text = SEARCH_LABEL.sub(r"\1", text)
    text = text.replace(SHORTCUT, SHORTCUT.replace(">", ' aria-hidden="true">'))
    text = PLAIN.sub(r"\1", text).replace(THEME, SETTLED)
    if SCROLL_SIDEBAR not in text:
        text = text.replace(SIDEBAR_ENDS, SCROLL_SIDEBAR + SIDEBAR_ENDS, 1)

    def placed(match: re.Match[str]) -> str:
        if " width=" in match[0] or not (folder / match["src"]).is_file():
            return match[0]
        size = size_of((folder / match["src"]).resolve())
        if size is None:
            return match[0]
        lazy = ' loading="lazy"' if "_images/" in match["src"] else ""
        return (
            f'<img{match["before"]} src="{match["src"]}" width="{size[0]}" '
            f'height="{size[1]}"{lazy}{match["after"]}>'
        )

    return PICTURE.sub(placed, text)


def frame(text: str, whole: str = WHOLE) -> str:
    """Put each wide figure of a page into a box; a second time changes nothing."""

    def framed(match: re.Match[str]) -> str:
        if int(match["width"]) <= NARROW:
            return match[0]
        return (
            f'<span class="wide-figure" style="--width: {match["width"]}">{match[0]}'
            f'<a href="{match["src"]}">{whole}</a></span>'
        )

    return FIGURE.sub(framed, text)


def prune(text: str) -> str:
    """Take scripts and styles off a page that has nothing they serve."""
    unneeded = {
        name
        for name, calls in SERVES.items()
        if calls is None or not re.search(calls, text)
    }
    text = FILE.sub(lambda m: "" if m["name"] in unneeded else m[0], text)
    for name in unneeded & set(SETTINGS):
        text = re.sub(rf"\s*<script>(?:{SETTINGS[name]})[^<]*</script>", "", text)
    return text


def strip(path: Path) -> None:
    """Take the outputs out of a notebook: who downloads it will run it."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    text = json.dumps(notebook, indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def met(selector: str, words: set[str]) -> bool:
    """Say whether all classes and ids of a selector are words of a page or a script."""
    outside = re.sub(r"\([^()]*\)", "", selector)  # of :not(.a) a page has no a
    names = re.findall(r"[.#]([\w-]+)", outside)
    return "\\" in outside or all(
        name in words or name.startswith(COMPOSED) for name in names
    )


def cut_rules(rules: list, words: set[str]) -> str:
    """Return the rules of a style sheet that can meet something."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            asked = tinycss2.serialize(rule.prelude)
            some = [s for s in re.split(r",(?![^(\[]*[)\]])", asked) if met(s, words)]
            if some:
                kept.append(f"{','.join(some)}{{{tinycss2.serialize(rule.content)}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = cut_rules(tinycss2.parse_rule_list(rule.content), words)
            if inner:
                asked = tinycss2.serialize(rule.prelude)
                kept.append(f"@{rule.at_keyword}{asked}{{{inner}}}")
        elif rule.type != "comment":
            kept.append(rule.serialize())
    return "".join(kept)


def cut_font(path: Path, glyphs: set[int]) -> None:
    """Leave those of a font's letters that are shown; of two formats keep TrueType."""
    if path.suffix != ".ttf":
        path.unlink()
        return
    from fontTools import subset, ttLib

    font = ttLib.TTFont(path)
    cutter = subset.Subsetter(subset.Options(notdef_outline=False))
    cutter.populate(unicodes=glyphs)
    cutter.subset(font)
    font.save(path)


def finish(app, exception):
    """Lighten every page that was built."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    words: set[str] = set()
    whole = voice(app)(WHOLE)
    for path in sorted(out.rglob("*.html")):
        if "_static" not in path.relative_to(out).parts:
            text = path.read_text(encoding="utf-8")
            light = frame(lighten(text, path.parent), whole)
            if light != text:
                path.write_text(light, encoding="utf-8")
            words |= set(WORD.findall(light))
    for path in (out / "_sources").rglob("*.ipynb"):
        strip(path)
    static = out / "_static"
    for path in {*static.rglob("*.map"), *static.rglob("fontawesome.js*")}:
        path.unlink()
    for path in [*static.glob("scripts/*.js"), *static.glob("styles/*.css")]:
        text = path.read_text(encoding="utf-8")
        path.write_text(MAP.sub("\n", text), encoding="utf-8")
    for path in static.rglob("*.js"):
        words |= set(WORD.findall(path.read_text(encoding="utf-8")))
    for name in SHEETS:
        for path in static.glob(name):
            text = WOFF2.sub("", path.read_text(encoding="utf-8"))
            text = cut_rules(tinycss2.parse_stylesheet(text), words)
            path.write_text(text, encoding="utf-8")
    glyphs = {
        ord(letter or chr(int(code, 16)))
        for path in static.rglob("*.css")
        for code, letter in GLYPH.findall(path.read_text(encoding="utf-8"))
    }
    for font in (static / "vendor").rglob("fa-*"):
        cut_font(font, glyphs)


def setup(app):
    """Connect the pass."""
    app.connect("build-finished", finish, priority=900)
    return {"version": __version__, "parallel_read_safe": True}

"""Typeset equations once, when the book is built, so that no reader's browser has to.

MathJax, from the package sphinx-mathjax-offline, runs over each distinct expression of
the book in a headless Chromium. Its markup, with MathML for screen readers, goes into
the pages; the one style sheet that all of it needs goes beside them, and pages with
equations load that instead of MathJax. What was made is kept under ``_build/equations``
until a TeX expression or this file changes. Where there is no Chromium, the pages load
MathJax as Sphinx wrote them.
"""

from __future__ import annotations

import hashlib
import html
import importlib.util
import json
import re
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

from sphinx.errors import ExtensionError
from sphinx.util import logging

from rnncourse import __version__
from rnncourse.environment import QUIET_BROWSER, find_browser, project_root

FONTS = "mathjax/output/chtml/fonts/woff-v2"
WITHOUT_BROWSER = ("tex-chtml.js", "output/chtml/fonts/woff-v2", "input/tex/extensions")
ARGUMENTS = ["--no-sandbox", *QUIET_BROWSER]  # as root Chromium has none
MATH = re.compile(
    r'(<(?P<tag>div|span)[^>]* class="math [^>]*>)\s*'
    r"\\(?P<kind>[\[(])(?P<tex>[^<]*)\\[\])]\s*(</(?P=tag)>)"
)
LOADER = re.compile(
    r"<script>window\.MathJax = .*?</script>\s*"
    r'<script[^>]* src="(?P<static>[^"]*_static/)mathjax/tex-chtml\.js[^"]*"></script>'
)
PREVIEW = re.compile(r' href="[^"]*#eq-(?P<name>[\d-]+)" data-tex="(?P<tex>[^"]*)"')
# Letters as high as those of the text around, as MathJax itself makes them where it
# runs beside the text; 0.442 em is the height of its x.
STYLE = """
mjx-container[jax="CHTML"] { font-size: calc(1ex / 0.442); }
/* One that is out of sight is not laid out; its height is known, to some pixels. */
div.math[style] {
  content-visibility: auto;
  --below: 0px;
  --letters: calc(var(--height) * 1ex / 0.442);
  contain-intrinsic-height: auto calc(var(--letters) + var(--below) + 1.2rem);
}
/* Where it leaves its number no room, that stands below it; course.css does it. */
@media screen and (max-width: 768px) {
  div.math[style] {
    --below: clamp(0px, (var(--width) * 1ex / 0.442 - 100vw + 2rem) * 999, 1.6rem);
  }
}
"""
# What MathJax says of a numbered equation: its own width, and its number's with a gap.
WIDTHS = re.compile(
    r'<mjx-table style="width: auto; min-width: (?P<own>[\d.]+)em; '
    r'margin: 0px (?P<number>[\d.]+)em;">'
)
# No menu: it would need MathJax, and a stop for the keyboard at each equation.
SETTINGS = {
    "startup": {"typeset": False},
    "options": {"enableMenu": False},
    "chtml": {"matchFontHeight": False},
}
TYPESET = """async (expressions) => {
  const made = {}, markup = {}, heights = {};
  for (const [key, tex, display] of expressions)
    made[key] = await MathJax.tex2chtmlPromise(tex, { display });
  const sheet = MathJax.chtmlStylesheet();
  document.head.append(sheet);
  document.body.append(...Object.values(made));
  await document.fonts.ready;
  const size = (part) => parseFloat(getComputedStyle(part).fontSize);
  for (const [key, tex, display] of expressions) {
    markup[key] = made[key].outerHTML;
    const height = made[key].getBoundingClientRect().height / size(made[key]);
    if (display) heights[key] = Number(height.toFixed(3));
  }
  return { markup, heights, style: sheet.textContent };
}"""
logger = logging.getLogger(__name__)


def mathjax() -> Path:
    """Return the folder of the MathJax that is installed."""
    origin = importlib.util.find_spec("sphinx-mathjax-offline").origin
    return Path(origin).parent / "static" / "mathjax"


# -- what is to be typeset -----------------------------------------------------------


def expression(tex: str, *, display: bool) -> str:
    """Return an expression as one string, in TeX's brackets."""
    tex = html.unescape(tex).strip()
    return rf"\[{tex}\]" if display else rf"\({tex}\)"


def previewed(match: re.Match[str]) -> str:
    """Return the equation that a link to it on another page shows."""
    number = match["name"].replace("-", ".")
    return expression(rf"{html.unescape(match['tex'])} \tag{{{number}}}", display=True)


def previews(text: str) -> dict[str, str]:
    """Return the equations that a page links to and does not have itself, by name."""
    return {
        match["name"]: previewed(match)
        for match in PREVIEW.finditer(text)
        if f'id="eq-{match["name"]}"' not in text
    }


def expressions(text: str) -> set[str]:
    """Return each expression of a page, and of the previews on it."""
    found = {
        expression(m["tex"], display=m["kind"] == "[") for m in MATH.finditer(text)
    }
    return found | set(previews(text).values())


# -- typesetting ---------------------------------------------------------------------


def typeset(wanted: set[str], kept: Path) -> dict | None:
    """Return markup by expression and the style sheet; None without a browser.

    Parameters
    ----------
    wanted : set of str
        Expressions in TeX's brackets.
    kept : path
        Where the last result lies, and the next one will.

    Raises
    ------
    ExtensionError
        If MathJax does not understand an expression.
    """
    made_by = [version("sphinx-mathjax-offline"), Path(__file__).read_text("utf-8")]
    key = hashlib.sha256(json.dumps([made_by, sorted(wanted)]).encode()).hexdigest()
    if kept.is_file():
        last = json.loads(kept.read_text(encoding="utf-8"))
        if last["key"] == key:
            return last
    made = run_mathjax(sorted(wanted))
    if made is None:
        return None
    wrong = [tex for tex in sorted(wanted) if "<mjx-merror" in made["markup"][tex]]
    if wrong:
        raise ExtensionError(f"MathJax does not understand {wrong}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=kept.parent, delete=False, encoding="utf-8"
    ) as file:
        json.dump({"key": key, **made}, file)
    Path(file.name).replace(kept)
    return made


def run_mathjax(wanted: list[str]) -> dict | None:
    """Let MathJax typeset expressions in a browser; None if none can be started."""
    browser = find_browser()
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        browser = None
    if browser is None:
        logger.info("equations: no Chromium or no Playwright, so pages load MathJax")
        return None
    source = (mathjax() / "tex-chtml.js").as_uri()
    page_text = (
        f'<!DOCTYPE html><style>{STYLE}</style><body style="font-family: sans-serif">'
        f"<script>window.MathJax = {json.dumps(SETTINGS)}</script>"
        f'<script src="{source}"></script>'
    )
    calls = [(tex, tex[2:-2], tex[1] == "[") for tex in wanted]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "equations.html"
        path.write_text(page_text, encoding="utf-8")
        try:
            chromium = playwright.chromium.launch(
                executable_path=browser, args=ARGUMENTS
            )
        except Error as error:
            said = str(error).splitlines()[0]
            logger.info("equations: %s; so pages load MathJax", said)
            return None
        page = chromium.new_page()
        page.goto(path.as_uri())
        page.evaluate("() => MathJax.startup.promise")
        made = page.evaluate(TYPESET, calls)
        here = f"{(mathjax() / FONTS.removeprefix('mathjax/')).as_uri()}/"
        made["style"] = made["style"].replace(here, f"{FONTS}/")
        chromium.close()
    return made


# -- pages ---------------------------------------------------------------------------


def width(markup: str) -> float:
    """Return the width in em that an equation and its number need; 0 without one."""
    found = WIDTHS.search(markup)
    return round(float(found["own"]) + float(found["number"]), 3) if found else 0


def set_page(text: str, made: dict, mark: str) -> str:
    """Return a page with its equations typeset, and without MathJax."""
    markup = made["markup"]
    templates = "".join(
        f'<template id="preview-{name}">{markup[tex]}</template>'
        for name, tex in previews(text).items()
    )

    def placed(match: re.Match[str]) -> str:
        tex = expression(match["tex"], display=match["kind"] == "[")
        opened = match[1]
        if tex in made["heights"]:
            size = f"--height: {made['heights'][tex]}; --width: {width(markup[tex])}"
            opened = f'{opened[:-1]} style="{size}">'
        return f"{opened}{markup[tex]}{match[5]}"

    def loaded(match: re.Match[str]) -> str:
        # Fonts are not asked for beforehand: each letter's box has its size without
        # them, and in a book opened from a folder a browser refuses to.
        sheet = f"{match['static']}equations.css?v={mark}"
        return f'<link rel="stylesheet" href="{sheet}">'

    text = MATH.sub(placed, text)
    text = PREVIEW.sub(lambda m: m[0][: m[0].index(" data-tex=")], text)
    return LOADER.sub(loaded, text).replace("</body>", f"{templates}</body>")


def finish(app, exception):
    """Typeset every page that was built, or put MathJax beside the pages."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    pages = {
        path: path.read_text(encoding="utf-8")
        for path in sorted(out.rglob("*.html"))
        if "_static" not in path.relative_to(out).parts
    }
    pages = {path: text for path, text in pages.items() if LOADER.search(text)}
    wanted = set().union(*map(expressions, pages.values()))
    kept = project_root() / "_build" / "equations" / f"{app.config.language}.json"
    made = typeset(wanted, kept) if wanted else None
    for name in WITHOUT_BROWSER if made is None else [FONTS.removeprefix("mathjax/")]:
        source, target = mathjax() / name, static / "mathjax" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)
    if made is None:
        return
    (static / "equations.css").write_text(made["style"] + STYLE, encoding="utf-8")
    (static / "mathjax" / "tex-chtml.js").unlink(missing_ok=True)
    mark = hashlib.sha256((made["style"] + STYLE).encode()).hexdigest()[:8]
    for path, text in pages.items():
        path.write_text(set_page(text, made, mark), encoding="utf-8")


def setup(app):
    """Connect the pass; before pages are made light."""
    app.connect("build-finished", finish, priority=800)
    return {"version": __version__, "parallel_read_safe": True}

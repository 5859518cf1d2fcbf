"""Equations are typeset when the book is built, and without a browser as ever."""

import re
import types

import pytest

from rnncourse.environment import find_browser
from tests.book.test_page import extension
from tests.book.test_pages import MODES, Opened
from tests.conftest import by_itself, require_tool

PAGE = (
    "<html><head>"
    '<script>window.MathJax = {"options": {}}</script>\n'
    '    <script defer="defer" src="../_static/mathjax/tex-chtml.js"></script>'
    '</head><body><div class="numbered" id="eq-8-1">'
    '<div tabindex="0" class="math notranslate nohighlight">\n'
    r"\[a &lt; b \tag{8.1}\]</div></div>"
    r'<span class="math notranslate nohighlight">\(h_t\)</span>'
    '<a class="equation-number" href="#eq-8-1" data-tex="a &lt; b">(8.1)</a>'
    '<a class="equation-number" href="07.html#eq-7-2" data-tex="\\hat y">(7.2)</a>'
    "</body></html>"
)
WANTED = {r"\[a < b \tag{8.1}\]", r"\(h_t\)", r"\[\hat y \tag{7.2}\]"}


@pytest.fixture(scope="module")
def typeset():
    """The extension, which is no part of the package."""
    return extension("typeset")


@pytest.fixture
def built(tmp_path):
    """A folder with one built page, as the extension is given it."""
    (tmp_path / "chapters").mkdir()
    (tmp_path / "_static").mkdir()
    (tmp_path / "chapters" / "08.html").write_text(PAGE, encoding="utf-8")
    app = types.SimpleNamespace(
        outdir=tmp_path,
        builder=types.SimpleNamespace(format="html"),
        config=types.SimpleNamespace(language="test"),
    )
    return app, tmp_path


def no_browser(*values):
    raise AssertionError("a browser was asked for")


def test_expressions_are_those_of_the_page_and_of_its_previews(typeset):
    assert typeset.expressions(PAGE) == WANTED


def test_a_page_gets_its_markup_and_loses_mathjax(typeset):
    markup = {
        tex: f"<mjx-container>{n}</mjx-container>" for n, tex in enumerate(WANTED)
    }
    heights = {r"\[a < b \tag{8.1}\]": 1.2}
    made = {"markup": markup, "heights": heights}
    text = typeset.set_page(PAGE, made, "1234")
    assert "MathJax" not in text
    assert "tex-chtml" not in text
    assert "data-tex" not in text
    assert '<link rel="stylesheet" href="../_static/equations.css?v=1234">' in text
    shown = markup[r"\[a < b \tag{8.1}\]"]
    assert f'nohighlight" style="--height: 1.2; --width: 0">{shown}</div>' in text
    shown = markup[r"\(h_t\)"]
    assert f'nohighlight">{shown}</span>' in text
    preview = markup[r"\[\hat y \tag{7.2}\]"]
    assert f'<template id="preview-7-2">{preview}</template></body>' in text
    assert "preview-8-1" not in text  # it stands on the page itself
    assert typeset.set_page(text, made, "1234") == text


@pytest.mark.parametrize("missing", ["chromium", "start"])
def test_without_a_browser_pages_load_mathjax(typeset, built, monkeypatch, missing):
    app, folder = built
    monkeypatch.setattr(typeset, "project_root", lambda: folder)
    browser = None if missing == "chromium" else str(folder / "no-such-browser")
    monkeypatch.setattr(typeset, "find_browser", lambda: browser)
    by_itself(typeset.finish, app, None)
    assert (folder / "chapters" / "08.html").read_text(encoding="utf-8") == PAGE
    assert (folder / "_static" / "mathjax" / "tex-chtml.js").is_file()
    assert (folder / "_static" / "mathjax" / "input" / "tex" / "extensions").is_dir()
    assert not (folder / "_static" / "equations.css").exists()


def test_an_unchanged_book_starts_no_browser(typeset, tmp_path, monkeypatch):
    kept = tmp_path / "kept.json"
    made = {"markup": dict.fromkeys(WANTED, "<mjx-container>")}
    monkeypatch.setattr(typeset, "run_mathjax", lambda wanted: made)
    typeset.typeset(WANTED, kept)
    monkeypatch.setattr(typeset, "run_mathjax", no_browser)
    assert typeset.typeset(WANTED, kept)["markup"] == made["markup"]
    with pytest.raises(AssertionError, match="browser"):
        typeset.typeset({*WANTED, r"\(x\)"}, kept)


def test_mathjax_typesets_and_says_what_it_does_not_understand(typeset, tmp_path):
    require_tool("Chromium", find_browser(), "nothing can be typeset")
    # In a process of its own: Playwright's loop may run in this one already.
    made = run_apart(tmp_path, sorted(WANTED))
    assert "mjx-assistive-mml" in made["markup"][r"\(h_t\)"]
    assert 'aria-hidden="true"' in made["markup"][r"\(h_t\)"]
    assert 'display="true"' in made["markup"][r"\[\hat y \tag{7.2}\]"]
    assert "mjx-eqn:7.2" in made["markup"][r"\[\hat y \tag{7.2}\]"]
    assert "mjx-c210E" in made["style"] or "mjx-c1D44F" in made["style"]
    assert "tabindex" not in str(made["markup"])
    assert set(made["heights"]) == WANTED - {r"\(h_t\)"}
    assert all(0.8 < height < 2.5 for height in made["heights"].values())
    assert 5 < typeset.width(made["markup"][r"\[a < b \tag{8.1}\]"]) < 7
    assert typeset.width(made["markup"][r"\(h_t\)"]) == 0
    broken = run_apart(tmp_path, [r"\(\frac{1\)"])
    assert "does not understand" in broken["error"]


def run_apart(folder, wanted):
    """Typeset in another process; return what came, or the error."""
    import json
    import subprocess
    import sys

    from tests.conftest import ROOT

    code = (
        "import json, sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(ROOT / '_ext')!r})\nimport typeset\n"
        f"wanted, kept = json.loads(sys.argv[1]), Path({str(folder / 'made.json')!r})\n"
        "try:\n    made = typeset.typeset(set(wanted), kept)\n"
        "except Exception as error:\n    made = {'error': str(error)}\n"
        "print(json.dumps(made))\n"
    )
    command = [sys.executable, "-c", code, json.dumps(wanted)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


# -- the built book ------------------------------------------------------------------


def test_no_page_brings_mathjax_and_every_equation_stands(site):
    require_tool("Chromium", find_browser(), "the pages load MathJax")
    assert not list(site.rglob("tex-chtml.js"))
    count = 0
    for path in site.rglob("*.html"):
        if "_static" in path.relative_to(site).parts:
            continue
        text = path.read_text(encoding="utf-8")
        assert "window.MathJax" not in text, path
        assert "<mjx-merror" not in text, path
        opened = re.findall(r'<(?:div|span)[^>]* class="math [^>]*>(.{15})', text, re.S)
        assert set(opened) <= {"<mjx-container "}, path
        assert ("_static/equations.css" in text) >= bool(opened), path
        count += len(opened)
    assert count > 700


def test_what_is_out_of_sight_has_the_height_it_will_have(site, browser):
    name = "chapters/08-backpropagation-through-time"
    for mode in ("light", "phone"):
        with Opened(browser, site, name, **MODES[mode]) as opened:
            off, counted = opened.page.evaluate(
                "() => { const all = [...document.querySelectorAll("
                "'div.math[style]')]"
                ".filter(e => !e.closest('details'));"
                "const before = all.map(e => e.getBoundingClientRect().height);"
                "all.forEach(e => e.style.contentVisibility = 'visible');"
                "const after = all.map(e => e.getBoundingClientRect().height);"
                "return [Math.max(...before.map((h, i) => Math.abs(h - after[i]))),"
                "all.length]; }"
            )
            assert counted > 20
            assert off < 16


def test_an_equation_keeps_its_size_and_scrolls_on_a_phone(site, browser):
    """Letters are as high as the text's; a wide one scrolls in a box to focus."""
    with Opened(browser, site, "chapters/10-lstm", **MODES["phone"]) as opened:
        page = opened.page
        scale = page.evaluate(
            "() => { const e = document.querySelector('mjx-container');"
            "const size = (x) => parseFloat(getComputedStyle(x).fontSize);"
            "const probe = document.createElement('i');"
            "probe.style.cssText = 'position: absolute; width: 100ex';"
            "e.parentElement.append(probe);"
            "return size(e) * 0.442 / (probe.offsetWidth / 100); }"
        )
        assert scale == pytest.approx(1, abs=0.01)
        box = page.locator("#eq-10-1 .math")
        box.scroll_into_view_if_needed()
        page.wait_for_function(
            "() => { const e = document.querySelector('#eq-10-1 .math');"
            "return e.scrollWidth > e.clientWidth; }"
        )
        assert box.evaluate("e => e.tabIndex") == 0


# Equations whose number is out of its box, or on the equation, as far left and as far
# right as the box goes; then how many scroll, and how many have their number below.
NUMBERS = """() => {
  document.querySelectorAll("details").forEach((fold) => (fold.open = true));
  const amiss = [], wide = [], below = [];
  for (const box of document.querySelectorAll("div.numbered > div.math")) {
    box.style.contentVisibility = "visible";
    if (box.scrollWidth > box.clientWidth) wide.push(box.parentElement.id);
    for (const at of [0, 1e5]) {
      box.scrollLeft = at;
      const [b, number, own] = [box, box.querySelector("mjx-labels mjx-mtd"),
        box.querySelector("mjx-table")].map((part) => part.getBoundingClientRect());
      const inside = number.left >= b.left - 1 && number.right <= b.right + 1
        && number.bottom <= b.bottom + 1;
      const under = number.top >= own.bottom - 1;
      if (!inside || !(under || number.left >= own.right - 1))
        amiss.push(box.parentElement.id);
      if (under && !at) below.push(box.parentElement.id);
    }
  }
  return [amiss, wide.length, below.length];
}"""


@pytest.mark.parametrize(
    "name",
    [
        "chapters/08-backpropagation-through-time",
        "chapters/10-lstm",
        "chapters/14-deep-and-bidirectional",
        "chapters/19-energy-forecast",
        "es/chapters/19-energy-forecast",
    ],
)
def test_the_number_of_an_equation_is_always_in_sight(name, site, browser):
    for mode in ("light", "phone"):
        with Opened(browser, site, name, **MODES[mode]) as opened:
            amiss, wide, below = opened.page.evaluate(NUMBERS)
            assert amiss == []
            assert below >= wide
            assert below > 0 or mode == "light"

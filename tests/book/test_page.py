"""What stands around the text: previews, time left, citation, errata, weight."""

import gzip
import importlib.util
import re
import sys
import zipfile
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

from rnncourse import __version__, address, cli, equations, notebooks, status
from tests.book.test_pages import CHAPTERS, MODES, PAGES, Links, Opened
from tests.conftest import ROOT

PAGE_LIMIT, SITE_LIMIT = 1.5e6, 40e6  # bytes; of a page, as they travel


def extension(name):
    """Import a module of ``_ext``, which is no part of the package."""
    pytest.importorskip("sphinx")
    sys.path.insert(0, str(ROOT / "_ext"))
    try:
        spec = importlib.util.spec_from_file_location(
            name, ROOT / "_ext" / f"{name}.py"
        )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "_ext"))
    return module


def test_errata_are_those_of_the_changelog():
    found = extension("page").errata(
        "# Changelog\n\nWords.\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n"
        "## 0.2.0\n\n### Errata\n\n- (8.4): a sign.\n- 9, lab: seeds.\n\n"
        "### Added\n\n- B.\n\n## 0.1.0\n\n### Errata\n"
    )
    assert found == [("0.2.0", ["- (8.4): a sign.", "- 9, lab: seeds."])]


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_says_how_long_it_takes_and_how_to_cite_it(name, site):
    text = (site / f"{name}.html").read_text(encoding="utf-8")
    (minutes,) = re.findall(r'class="page-foot"[^>]* data-minutes="(\d+)"', text)
    assert 20 <= int(minutes) <= 120
    (entry,) = re.findall(r"@incollection\{(\w+),(.*?)\n\}", text, re.DOTALL)
    assert f"{address.pages()}{name}.html" in entry[1]
    assert f"{{{__version__}}}" in entry[1]
    number = int(name.split("/")[1].split("-")[0])
    assert re.search(rf"chapter\s+= \{{{number}\}}", entry[1])


@pytest.mark.parametrize("name", PAGES)
def test_a_mistake_on_a_page_is_reported_with_its_address(name, site):
    links = Links((site / f"{name}.html").read_text(encoding="utf-8")).links
    (report,) = [u for u in links if "/issues/new?title=Mistake" in u]
    asked = parse_qs(urlsplit(report).query)
    assert f"{address.pages()}{name}.html, version {__version__}" in asked["body"][0]


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_leads_to_its_row_of_the_status_board(name, site):
    links = Links((site / f"{name}.html").read_text(encoding="utf-8")).links
    anchor = f"chapter-{name.split('/')[1].split('-')[0]}"
    assert f"../appendices/status.html#{anchor}" in links
    board = (site / "appendices" / "status.html").read_text(encoding="utf-8")
    (row,) = re.findall(rf'<tr[^>]* id="{anchor}"[^>]*>.*?</tr>', board, re.DOTALL)
    assert row.count("<td") == 1 + len(status.ENVIRONMENTS)


def test_numbers_in_brackets_lead_to_their_equations(site):
    count = 0
    for name in CHAPTERS:
        text = (site / f"{name}.html").read_text(encoding="utf-8")
        pattern = r'<a class="equation-number[^>]*href="([^"]+)"[^>]*>\(([\d.]+)\)</a>'
        for to, number in re.findall(pattern, text):
            count += 1
            page, anchor = to.split("#")
            assert anchor == f"eq-{number.replace('.', '-')}"
            found = equations.collect()[number]
            assert page in ("", f"{found.chapter}.html")
            shown = anchor if page == "" else anchor.replace("eq-", "preview-")
            assert f'id="{shown}"' in text
    assert count > 200


def test_the_equation_shows_on_pointing_and_by_keyboard(site, browser):
    name = "chapters/08-backpropagation-through-time"
    with Opened(browser, site, name, **MODES["light"]) as opened:
        link = opened.page.locator("a.equation-number[href^='#']").first
        link.hover()
        card = opened.page.locator(".equation-card")
        card.locator("mjx-container").wait_for(timeout=30_000)
        assert link.inner_text() in card.text_content()
        assert card.locator("[id]").count() == 0
        opened.page.keyboard.press("Escape")
        assert card.count() == 0
        opened.page.mouse.move(0, 0)
        opened.page.keyboard.press("Tab")  # the browser knows: by keyboard now
        link.focus()
        card.locator("mjx-container").wait_for(timeout=30_000)
        assert card.get_attribute("role") == "tooltip"
        other = opened.page.locator("a.equation-number:not([href^='#'])").first
        other.focus()
        card.locator("mjx-container").wait_for(timeout=30_000)
        assert other.inner_text() in card.text_content()
        assert opened.said == []


def test_time_left_counts_down_and_a_marked_passage_can_be_reported(site, browser):
    name = "chapters/07-recurrent-networks"
    with Opened(browser, site, name, **MODES["phone"]) as opened:
        page = opened.page
        said = page.locator(".reading span")
        assert said.inner_text() == ""  # hidden at the top
        page.evaluate("() => scrollTo(0, document.body.scrollHeight / 2)")
        page.wait_for_function("() => document.querySelector('.reading.started')")
        middle = int(said.inner_text().split()[0])
        page.evaluate("() => document.querySelector('.page-foot').scrollIntoView()")
        page.wait_for_function(
            "() => document.querySelector('.reading span').textContent === 'read'"
        )
        assert 10 <= middle <= 50  # of 60 minutes
        offer = page.locator(".report-passage")
        assert not offer.is_visible()
        page.evaluate(
            "() => getSelection().selectAllChildren("
            "document.querySelector('#one-product-instead-of-two p'))"
        )
        offer.wait_for(state="visible", timeout=30_000)
        body = parse_qs(urlsplit(offer.get_attribute("href")).query)["body"][0]
        assert f"{name}.html#one-product-instead-of-two" in body
        assert "\n> Put a 1, the input and the old state" in body
        assert body.endswith("What it should say, and how you know:\n")


def test_the_plain_index_names_every_chapter_and_what_it_is_good_for(site):
    text = (site / "llms.txt").read_text(encoding="utf-8")
    for name in CHAPTERS:
        (line,) = [one for one in text.splitlines() if f"/{name}.html)" in one]
        assert len(line.split("): ")[1].split()) >= 8, line


def travels(path):
    """Return the bytes of a file on its way: text is packed by every host."""
    data = path.read_bytes()
    packed = path.suffix in (".html", ".js", ".css", ".svg", ".json")
    return len(gzip.compress(data, 6)) if packed else len(data)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(name, site):
    path = site / f"{name}.html"
    page = Links(path.read_text(encoding="utf-8"))
    files = {path}
    for address_ in page.loaded:
        file = (path.parent / address_.split("?")[0]).resolve()
        if file.is_file():
            files.add(file)
    assert sum(map(travels, files)) <= PAGE_LIMIT
    assert not [s for s in page.loaded if "fontawesome.js" in s]


def test_the_whole_site_is_light(site):
    assert sum(p.stat().st_size for p in site.rglob("*") if p.is_file()) <= SITE_LIMIT


def test_the_packed_book_opens_from_a_folder_without_a_network(site, browser, tmp_path):
    count = cli.pack(site, tmp_path / "book.zip")
    with zipfile.ZipFile(tmp_path / "book.zip") as packed:
        assert len(packed.namelist()) == count
        packed.extractall(tmp_path / "unpacked")
    said = extension("take_away").SIZES["zip"]
    assert 0.85 * said < (tmp_path / "book.zip").stat().st_size / 1e6 < 1.15 * said
    book = tmp_path / "unpacked" / "book"
    assert 'url=intro.html"' in (book / "index.html").read_text(encoding="utf-8")
    with Opened(browser, book, "intro", offline=True) as opened:
        opened.page.locator("a.reference.internal:visible", has_text="8.").first.click()
        opened.page.locator("#eq-8-1 mjx-container").wait_for(timeout=30_000)
        assert opened.said == []
        assert all(u.startswith(("file:", "data:")) for u in opened.asked)


def test_a_notebook_to_download_waits_to_be_run(site):
    for slug in notebooks.known():
        path = site / "_sources" / "chapters" / f"{slug}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert code
        assert not any(cell.outputs or cell.execution_count for cell in code)


def test_pictures_say_their_size_and_a_second_pass_changes_nothing(site):
    light = extension("light")
    for slug in notebooks.known():
        path = site / "chapters" / f"{slug}.html"
        text = path.read_text(encoding="utf-8")
        assert light.lighten(text, path.parent) == text
        figures = re.findall(r'<img[^>]*src="\.\./_images/[^>]*>', text)
        assert figures
        assert all(" width=" in f and " height=" in f for f in figures)
        assert sum('loading="lazy"' in f for f in figures) >= len(figures) - 1


def test_a_wide_figure_is_framed_once():
    light = extension("light")
    wide = '<p><img alt="a" src="../_images/a.png" width="804" height="300" /></p>'
    framed = light.frame(wide, "Ver")
    assert framed == (
        f'<p><span class="wide-figure" style="--width: 804">{wide[3:-4]}'
        '<a href="../_images/a.png">Ver</a></span></p>'
    )
    assert light.frame(framed) == framed
    for kept in (wide.replace("804", "780"), wide.replace("_images", "_static")):
        assert light.frame(kept) == kept


def points(slug):
    """Return the smallest letters of each figure of a chapter, in points.

    They are those that the cell asks for, and else those of a legend.
    """
    path = ROOT / "chapters" / f"{slug}.ipynb"
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                asked = re.findall(r"\b(?:font|label)size=([\d.]+)", cell.source)
                found.append(min([STYLE["legend.fontsize"], *map(float, asked)]))
    return found


# Each picture of a chapter: its width on the page, 0 if a script took its place, its
# own, and what can be scrolled of its box.
SHOWN = """() => [...document.querySelectorAll(".cell_output img")].map((img) => {
  const box = img.closest(".wide-figure");
  return [img.clientWidth, Number(img.getAttribute("width")),
    box ? box.scrollWidth - box.clientWidth : 0];
})"""
STYLE = {  # letters in points, and pixels in an inch
    key: float(value)
    for key, value in re.findall(
        r"^(legend\.fontsize|savefig\.dpi): ([\d.]+)",
        (ROOT / "rnncourse" / "rnncourse.mplstyle").read_text(encoding="utf-8"),
        re.M,
    )
}
# Chapters of figures side by side.
MANY_PANELS = ("01-", "05-", "08-", "23-")
LABEL, ANY_LABEL = 7, 6.4  # pixels


@pytest.mark.parametrize(
    "name",
    [
        name
        if name.split("/")[1].startswith(MANY_PANELS)
        else pytest.param(name, marks=pytest.mark.heavy)
        for name in CHAPTERS
    ],
)
def test_labels_of_figures_can_be_read_on_a_phone(name, site, browser):
    slug = name.split("/")[1]
    with Opened(browser, site, name, **MODES["phone"]) as opened:
        pictures = opened.page.evaluate(SHOWN)
    letters = points(slug)
    assert len(letters) == len(pictures) > 4
    least = LABEL if slug.startswith(MANY_PANELS) else ANY_LABEL
    small = [
        (number, size)
        for number, (size_pt, (shown, own, _)) in enumerate(
            zip(letters, pictures, strict=True), 1
        )
        if shown and (size := size_pt * STYLE["savefig.dpi"] / 72 * shown / own) < least
    ]
    assert small == []
    assert any(more > 0 for _, _, more in pictures)


def test_a_wide_figure_scrolls_in_a_box_and_can_be_seen_whole(site, browser):
    name = "chapters/01-perceptron"
    with Opened(browser, site, name, **MODES["phone"]) as opened:
        page = opened.page
        box = page.locator(".wide-figure").nth(1)
        link = box.get_by_role("link", name="See the whole figure")
        link.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
        box.evaluate("box => { box.scrollLeft = 1e5; }")
        end = box.locator("img").evaluate("i => i.getBoundingClientRect().right")
        assert 320 < end < 345  # left of the soft edge, which ends at 374
        before = box.bounding_box()["x"]
        assert link.bounding_box()["x"] == pytest.approx(before, abs=2)
        to = link.get_attribute("href")
        assert (site / "chapters" / to).resolve().is_file()
    with Opened(browser, site, name, **MODES["light"]) as opened:
        boxes = opened.page.locator(".wide-figure")
        assert boxes.count() > 4
        assert not any(link.is_visible() for link in boxes.locator("a").all())
        over = "all => all.some(e => getComputedStyle(e).overflowX !== 'visible')"
        assert not boxes.evaluate_all(over)


def test_without_scripts_a_wide_still_is_as_large(site, browser):
    options = {**MODES["phone"], "java_script_enabled": False}
    name = "chapters/08-backpropagation-through-time"
    with Opened(browser, site, name, **options) as opened:
        still = opened.page.locator("[data-interactive] .wide-figure img").first
        own = int(still.get_attribute("width"))
        assert still.bounding_box()["width"] == pytest.approx(0.66 * own, abs=1)


def test_a_rule_stays_if_something_on_a_page_may_meet_it():
    light = extension("light")
    rules = light.tinycss2.parse_stylesheet(
        "a,.gone b{top:0}.here:not(.gone){top:1px}.bs-made-up{top:2px}#gone{top:3px}"
        "@media print{.gone{top:4px}}@media screen{.here .also{top:5px}}"
        "@font-face{font-family:F}.sd\\/half{top:6px}:is(.gone,p){top:7px}"
    )
    assert light.cut_rules(rules, {"here", "also"}) == (
        "a{top:0}.here:not(.gone){top:1px}.bs-made-up{top:2px}"
        "@media screen{.here .also{top:5px}}"
        "@font-face{font-family:F}.sd\\/half{top:6px}:is(.gone,p){top:7px}"
    )


def test_the_icons_that_are_shown_are_in_the_font(site):
    from fontTools import ttLib

    static = site / "_static"
    font = ttLib.TTFont(next(static.rglob("fa-solid-900.ttf")))
    sheet = (static / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    for name in ("fa-rocket", "fa-download", "fa-circle-half-stroke"):
        letter = re.search(rf'\.{name}:before[^{{]*{{content:"(.)"}}', sheet)[1]
        assert ord(letter) in font.getBestCmap()
    # A warning's, too, which the theme names in a variable.
    assert ord(re.search(r'--pst-icon-exclamation-triangle: ?"(.)"', sheet)[1]) in (
        font.getBestCmap()
    )
    assert sum(p.stat().st_size for p in static.rglob("fa-*")) < 20_000

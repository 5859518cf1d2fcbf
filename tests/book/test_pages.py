"""The built book as readers meet it, in a real browser."""

import re
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from rnncourse import address, equations, notebooks, translations

CHAPTERS = [f"chapters/{slug}" for slug in notebooks.known()]
APPENDICES = ("for-instructors", "how-we-know", "bibliography")
PAGES = ["intro", *CHAPTERS, *(f"appendices/{name}" for name in APPENDICES)]
MODES = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
AXE = {"preload": False, "resultTypes": ["violations"]}  # the rest takes long
# What is folded, answers and code, is to be read too.
UNFOLD = "() => document.querySelectorAll('details').forEach(d => d.open = true)"
# Equations that do not show their beginning first, and pictures out of shape.
AMISS = """() => {
  const left = (part) => part.getBoundingClientRect().left;
  const shape = (img) => img.getAttribute("width") / img.getAttribute("height");
  return [
    ...[...document.querySelectorAll("article div.math")]
      .filter((box) => left(box.firstElementChild) < left(box) - 1),
    ...[...document.querySelectorAll("article img[height]")]
      .filter((img) => img.clientHeight
        && Math.abs(img.clientWidth / img.clientHeight / shape(img) - 1) > 0.05),
  ].map((part) => part.outerHTML.slice(0, 200));
}"""
FIGURES = [
    (f"chapters/{slug}", tag.removeprefix("interactive-"))
    for slug in notebooks.known()
    for cell in notebooks.render(slug).cells
    for tag in cell.metadata.get("tags", [])
    if tag.startswith("interactive-")
]


class Links(HTMLParser):
    """The ids, links and pictures of one page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.pictures, self.loaded = set(), [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Collect what the tests ask about."""
        found = dict(attributes)
        if found.get("id"):
            self.ids.add(found["id"])
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag == "img":
            self.pictures.append(found)
        if tag in ("script", "img") and found.get("src"):
            self.loaded.append(found["src"])
        if tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload"):
            self.loaded.append(found["href"])


@pytest.fixture(scope="module")
def parsed(site):
    """Each page of the site, parsed, by its path."""
    return {
        path: Links(path.read_text(encoding="utf-8"))
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }


class Opened:
    """A page in the browser with what it said and asked for while it loaded."""

    def __init__(self, browser, site, name, **options):
        self.context = browser.new_context(reduced_motion="reduce", **options)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto((site / f"{name}.html").as_uri(), wait_until="load")

    def _hear(self, message):
        if message.type in ("error", "warning"):
            self.said.append(message.text)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.context.close()


def pages_and_modes():
    """Every page in every mode; `make test` takes each chapter in one of them."""
    for name in [*PAGES, "search"]:
        for number, mode in enumerate(MODES):
            turn = name not in CHAPTERS or CHAPTERS.index(name) % 3 == number
            marks = [] if turn else [pytest.mark.heavy]
            yield pytest.param(name, mode, marks=marks, id=f"{name}-{mode}")


@pytest.mark.parametrize(("name", "mode"), list(pages_and_modes()))
def test_page_is_quiet_local_rendered_and_accessible(name, mode, site, browser):
    from axe_playwright_python.sync_playwright import Axe

    with Opened(browser, site, name, **MODES[mode]) as opened:
        page = opened.page
        rendered, wanted, wrong = page.evaluate(
            "() => ['mjx-container', 'div.math, span.math', 'mjx-merror']"
            ".map(s => document.querySelectorAll(s).length)"
        )
        assert wrong == 0
        assert rendered == wanted
        page.evaluate(UNFOLD)
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert width <= MODES[mode]["viewport"]["width"]
        assert page.evaluate(AMISS) == []
        theme = page.evaluate("() => document.documentElement.dataset.theme")
        assert theme == ("dark" if mode == "dark" else "light")
        assert opened.said == []
        outside = [u for u in opened.asked if not u.startswith(("file:", "data:"))]
        assert outside == []
        violations = Axe().run(page, options=AXE).response["violations"]
        assert [
            (v["id"], node["target"], node["html"][:200])
            for v in violations
            for node in v["nodes"][:3]
        ] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_equation_of_the_text_is_on_the_page(name, site):
    text = (site / f"{name}.html").read_text(encoding="utf-8")
    written = [
        number
        for number, found in equations.collect().items()
        if f"chapters/{found.chapter}" == name
    ]
    anchors = re.findall(r'id="eq-(\d+)-(\d+)"', text)
    assert sorted(f"{a}.{b}" for a, b in anchors) == sorted(written)
    assert text.count('<a class="how"') == len(written)
    slug = name.removeprefix("chapters/")
    cells = [c.source for c in notebooks.render(slug).cells if "$$" in c.source]
    blocks = sum(len(re.findall(r"\$\$.+?\$\$", c, re.DOTALL)) for c in cells)
    assert len(re.findall(r'<div[^>]*class="math', text)) == blocks


def test_the_appendix_lists_the_evidence_for_each_equation(site):
    text = (site / "appendices/how-we-know.html").read_text(encoding="utf-8")
    listed = re.findall(r'<dt id="evidence-(\d+)-(\d+)">', text)
    assert [f"{a}.{b}" for a, b in listed] == list(equations.collect())
    lines = [line for e in equations.collect().values() for line in e.lines]
    for line in lines:
        assert address.source(line.path, line.line) in text
    assert len(lines) > 20


def test_an_equation_proven_on_its_page_links_to_the_cell(parsed, site):
    for number, found in equations.collect().items():
        page = parsed[site / f"chapters/{found.chapter}.html"]
        here = f"#proof-{number.replace('.', '-')}"
        there = f"../appendices/how-we-know.html#evidence-{number.replace('.', '-')}"
        assert (here if found.cells else there) in page.links


def test_the_button_switches_between_light_and_dark(site, browser):
    with Opened(browser, site, "intro", **MODES["light"]) as opened:
        button = opened.page.locator("button.theme-switch-button:visible").first
        seen = set()
        for _ in range(3):
            button.click()
            seen.add(
                opened.page.evaluate("() => document.documentElement.dataset.theme")
            )
        assert seen == {"light", "dark"}


@pytest.mark.parametrize(("name", "figure"), FIGURES)
def test_interactive_figure_answers_the_keyboard(name, figure, site, browser):
    with Opened(browser, site, name, **MODES["light"]) as opened:
        cell = opened.page.locator(f'[data-interactive="{figure}"]')
        control = cell.locator(
            'input[type="range"], [role="slider"], button, [tabindex="0"]'
        )
        cell.scroll_into_view_if_needed()
        before = told(cell)
        changed = False
        for k in range(min(control.count(), 8)):
            if not control.nth(k).is_visible():
                continue
            control.nth(k).focus()
            for key in ("ArrowRight", "ArrowUp", "Enter"):
                opened.page.keyboard.press(key)
            if told(cell) != before:
                changed = True
                break
        assert changed, f"no number of {figure} changed by keyboard"
        assert not cell.locator("img").first.is_visible()
        assert opened.said == []


def told(cell):
    """Return what a figure says: its text and the values of its controls."""
    values = "i => [i.value, i.checked, i.getAttribute('aria-valuetext')]"
    inputs = cell.locator("input, select").evaluate_all(f"all => all.map({values})")
    return cell.inner_text(), inputs


@pytest.mark.parametrize(("name", "figure"), FIGURES)
def test_interactive_figure_is_a_still_picture_without_scripts(
    name, figure, site, browser
):
    with Opened(browser, site, name, java_script_enabled=False) as opened:
        still = opened.page.locator(f'[data-interactive="{figure}"] img')
        assert still.count() == 1
        assert still.is_visible()
        assert len(still.get_attribute("alt").split()) >= 8


def test_every_chapter_that_stands_is_in_the_book_and_no_source_is(site):
    pages = {path.stem for path in (site / "chapters").glob("*.html")}
    assert pages == set(notebooks.known())
    assert not (site / "solutions").exists()
    assert not (site / "chapters" / "src").exists()


def test_scripts_of_figures_load_only_where_there_is_a_figure(parsed, site):
    editions = [site, *(site / language for language in translations.LANGUAGES)]
    with_figures = {e / f"{name}.html" for e in editions for name, _ in FIGURES}
    for path, page in parsed.items():
        scripts = [s for s in page.loaded if "/interactive/" in s]
        assert bool(scripts) == (path in with_figures), path


def test_nothing_is_loaded_from_another_host(parsed):
    for path, page in parsed.items():
        assert [s for s in page.loaded if urlsplit(s).netloc] == [], path


def test_every_picture_has_an_alt_text(parsed):
    for path, page in parsed.items():
        for picture in page.pictures:
            alt = picture.get("alt", "")
            assert alt.strip(), (path, picture)
            assert not alt.startswith(("../_images", "_images")), path


def test_every_link_inside_the_book_leads_somewhere(parsed, site):
    broken = []
    for path, page in parsed.items():
        for link in page.links:
            target, anchor = urldefrag(link)
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            other = (path.parent / unquote(target)).resolve() if target else path
            known = parsed[other].ids if other in parsed else {anchor}
            if not other.exists() or (anchor and anchor not in known):
                broken.append((path.name, link))
    assert broken == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_buttons_open_this_notebook_in_colab_and_binder(name, parsed, site):
    links = parsed[site / f"{name}.html"].links
    assert address.colab(f"{name}.ipynb") in links
    binder = [link for link in links if "mybinder.org" in link]
    assert binder
    assert all(f"/gh/{address.slug()}/" in link for link in binder)
    assert all(f"{name}.ipynb" in unquote(link) for link in binder)
    text = f"chapters/src/{name.removeprefix('chapters/')}.md"
    assert address.edit(text) in links


def test_cards_and_the_map_give_the_public_address(site):
    map_of_site = (site / "sitemap.xml").read_text(encoding="utf-8")
    for name in PAGES:
        page = f"{address.pages()}{name}.html"
        text = (site / f"{name}.html").read_text(encoding="utf-8")
        assert f'<meta property="og:url" content="{page}"' in text
        assert f'<link rel="canonical" href="{page}"' in text
        assert f"<loc>{page}</loc>" in map_of_site
        (card,) = re.findall(r'property="og:image" content="([^"]+)"', text)
        assert (site / card.removeprefix(address.pages())).is_file()
        assert "not set" not in re.findall(r"<meta property.*>", text)[3]


def test_search_finds_a_word_of_a_chapter(site, browser):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *values):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/search.html?q=truncation")
        first = page.locator("#search-results li a").first
        first.wait_for(timeout=10_000)
        hits = page.locator("#search-results li a").all_inner_texts()
        assert any("Backpropagation" in hit for hit in hits)
    finally:
        context.close()
        server.shutdown()
        server.server_close()


def test_the_build_says_nothing_that_a_reader_of_the_log_would_mend(build):
    assert "WARNING" not in build[1]

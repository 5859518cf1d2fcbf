"""The Spanish edition as readers meet it."""

import importlib.util
import re
from types import SimpleNamespace

import pytest

from rnncourse import address, translations
from rnncourse.messages import Speaker, read_po
from tests.book.test_pages import AXE, MODES, UNFOLD, Opened
from tests.conftest import ROOT

PAGES = [f"es/{page}" for page in translations.pages("es")]


def read(site, name):
    return (site / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def edition():
    """The extension, which is no part of the package."""
    pytest.importorskip("sphinx")
    path = ROOT / "_ext" / "edition.py"
    spec = importlib.util.spec_from_file_location("edition", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mended(edition, text, page="chapters/07-recurrent-networks"):
    words = Speaker(read_po(translations.catalogue("es", "edition")))
    return edition.mend(text, "es", page, words)


def test_a_paragraph_in_english_says_so_to_a_screen_reader(edition):
    text = '<div class="untranslated docutils">A</div><span class="untranslated">B'
    assert mended(edition, text) == (
        '<div lang="en" class="untranslated">A</div>'
        '<span lang="en" class="untranslated">B'
    )


def test_a_link_to_an_english_page_is_relative_and_marked(edition):
    to = f"{address.pages()}chapters/10-lstm.html"
    text = f'<li class="toctree-l1"><a class="reference external" href="{to}">10'
    assert mended(edition, text) == (
        '<li class="toctree-l1"><a lang="en" class="reference internal" '
        'href="../../chapters/10-lstm.html" hreflang="en">10'
    )
    own = f'<a href="{address.pages()}es/intro.html">'
    assert mended(edition, own) == own


@pytest.mark.parametrize(
    ("language", "page", "to", "tip"),
    [
        ("en", "chapters/07-recurrent-networks", "../es/chapters/07-", "Leer esta"),
        ("en", "chapters/08-x", "../es/intro.html", "aún no está traducida"),
        ("en", "search", "es/intro.html", "aún no está traducida"),
        ("es", "chapters/07-recurrent-networks", "../../chapters/07-", "Read this"),
        ("es", "intro", "../intro.html", "Read this"),
        ("es", "glosario", "../intro.html", "Read this"),
    ],
)
def test_every_page_offers_its_other_language(edition, language, page, to, tip):
    app = SimpleNamespace(config=SimpleNamespace(language=language))
    context = {"metatags": ""}
    edition.offer_languages(app, page, "page.html", context, object())
    (other,) = context["language_switch"]
    assert other["href"].startswith(to)
    assert tip in other["tip"]
    same = page.endswith(("intro", "07-recurrent-networks"))
    assert bool(context["metatags"]) == same
    if same:
        assert f'href="{address.pages()}' in context["metatags"]


def test_the_way_to_the_evidence_is_said_in_spanish(edition):
    text = '<a class="how" href="../appendices/how-we-know.html#evidence-7-1">How do'
    text += ' we know<span class="visually-hidden"> equation 7.1</span>?</a>'
    assert mended(edition, text) == (
        '<a class="how" hreflang="en" '
        'href="../../appendices/how-we-know.html#evidence-7-1">¿Cómo lo sabemos'
        '<span class="visually-hidden"> la ecuación 7.1</span>?</a>'
    )


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("es/intro", "phone"),
        ("es/chapters/07-recurrent-networks", "light"),
        ("es/chapters/07-recurrent-networks", "dark"),
        ("es/chapters/07-recurrent-networks", "phone"),
        ("es/chapters/05-sequences-and-windows", "phone"),
        ("es/chapters/19-energy-forecast", "dark"),
        ("es/glosario", "light"),
        ("es/search", "light"),
    ],
)
def test_spanish_page_is_quiet_local_and_accessible(name, mode, site, browser):
    from axe_playwright_python.sync_playwright import Axe

    with Opened(browser, site, name, **MODES[mode]) as opened:
        page = opened.page
        page.evaluate(UNFOLD)
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert width <= MODES[mode]["viewport"]["width"]
        assert opened.said == []
        assert all(u.startswith(("file:", "data:")) for u in opened.asked)
        assert page.locator("mjx-merror").count() == 0
        violations = Axe().run(page, options=AXE).response["violations"]
        assert [
            (v["id"], node["target"], node["html"][:200])
            for v in violations
            for node in v["nodes"][:3]
        ] == []


@pytest.mark.parametrize("name", PAGES)
def test_page_says_its_language_and_its_other_one(name, site):
    page = name.removeprefix("es/")
    spanish, english = read(site, name), read(site, page)
    assert '<html lang="es"' in spanish
    assert '<html lang="en"' in english
    for text, lang, other in ((spanish, "en", page), (english, "es", name)):
        found = f'hreflang="{lang}" href="{address.pages()}{other}.html"'
        assert f'<link rel="alternate" {found}' in text
    assert f'<link rel="canonical" href="{address.pages()}{name}.html"' in spanish
    assert f"<loc>{address.pages()}{name}.html</loc>" in (
        site / "sitemap.xml"
    ).read_text("utf-8")


@pytest.mark.parametrize("mode", ["light", "phone"])
def test_the_switch_leads_there_and_back_by_keyboard(mode, site, browser):
    with Opened(browser, site, "chapters/07-recurrent-networks", **MODES[mode]) as o:
        for there in ("es/chapters/07", "html/chapters/07"):
            switch = o.page.locator("a.language-switch")
            assert switch.is_visible()
            switch.focus()
            o.page.keyboard.press("Enter")
            o.page.wait_for_url(f"**/{there}-recurrent-networks.html")


def test_an_untranslated_page_leads_to_the_spanish_front_page_and_says_so(site):
    text = read(site, "chapters/08-backpropagation-through-time")
    (switch,) = re.findall(r'<a class="language-switch"[^>]*>', text)
    assert 'href="../es/intro.html"' in switch
    assert "aún no está traducida" in switch


@pytest.mark.parametrize("name", PAGES)
def test_links_to_english_pages_are_marked_and_stay_in_the_book(name, site):
    text = read(site, name)
    body = text.split("<article", 1)[1]
    assert f'href="{address.pages()}' not in body.split("</article>", 1)[0]
    english = re.findall(r"<a\b[^>]*href=\"(?:\.\./)+(?!es/)[^\"]*\.html[^>]*>", text)
    leaving = [a for a in english if f'href="{up(name)}../' in a]
    assert leaving
    assert all('hreflang="en"' in a for a in leaving), leaving


def up(name):
    return "../" * (name.count("/") - 1)


@pytest.mark.parametrize("name", PAGES)
def test_the_theme_speaks_spanish(name, site):
    text = re.sub(r"<pre.*?</pre>", "", read(site, name), flags=re.S)
    for english in ("Show the code", "How do we know", "Skip to main", "Search"):
        assert f">{english}<" not in text
        assert f'"{english}"' not in text
        assert f">{english} " not in text
    if name.startswith("es/chapters"):
        assert "¿Cómo lo sabemos" in text
        assert "Mostrar el código" in text
        assert "El código y lo que imprime están en inglés." in text


def test_interactive_figures_speak_spanish(site, browser):
    name = "es/chapters/07-recurrent-networks"
    with Opened(browser, site, name, **MODES["light"]) as opened:
        figure = opened.page.locator('.rnn-fig[data-figure="rnn-cell"]')
        assert figure.get_attribute("aria-label") == (
            "Figura interactiva: celda recurrente"
        )
        text = figure.inner_text()
        assert "Paso siguiente →" in text
        assert "0,20" in text
        assert not re.search(r"\b(the|Next|step|Input|weights)\b", text)


def test_an_edition_shares_what_the_english_book_has(site):
    assert (site / "_static" / "interactive").is_dir()
    assert not (site / "es" / "_static" / "interactive").exists()


def test_the_figures_of_a_page_are_the_spanish_ones(site):
    index = translations._index("es", "chapters/07-recurrent-networks")
    shown = {p.read_bytes() for p in (site / "es" / "_images").glob("*.png")}
    folder = translations._drawings("es", "chapters/07-recurrent-networks")
    counted = translations.count("es", "chapters/07-recurrent-networks")
    fresh = [n for n in index["beside"] if (folder / n).read_bytes() in shown]
    assert len(fresh) == counted.drawn

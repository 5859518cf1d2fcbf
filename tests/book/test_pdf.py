"""The book as one PDF: joined from its pages, printed, tagged, with an outline."""

import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup

from rnncourse import address, pdf
from rnncourse.environment import SetupError, find_browser
from tests.book.test_page import extension
from tests.book.test_pages import CHAPTERS, PAGES
from tests.conftest import ROOT, by_itself, require_tool

TOC = """\
root: intro
parts:
  - caption: First part
    chapters:
      - file: chapters/01-one
      - file: chapters/02-two
"""
FRAME = """<!DOCTYPE html><html><head>
<meta property="og:site_name" content="A small book">
<link rel="stylesheet" href="{up}_static/s.css?digest=1"><script src="x.js"></script>
</head><body><nav>sidebar</nav><article class="bd-article">{text}</article></body>
</html>
"""
ONE = """<section id="one"><h1>1. One<a class="headerlink" href="#one">#</a></h1>
<p><a id="a" href="02-two.html#summary">on</a> <a id="b" href="02-two.html">two</a>
<a id="c" href="../genindex.html">index</a> <a id="d" href="https://a.org/x.html">x</a>
<a id="e" href="../intro.html#gone">lost</a></p>
<details><summary>Answer</summary><p>forty-two</p></details>
<img src="../_images/p.png" alt="a picture" loading="lazy">
<section id="summary"><h2>Summary</h2><p>short<span class="on-screen">rocket</span></p>
</section><details class="you-are-here"><summary>Map</summary><p>m</p></details>
<aside class="page-foot">Report a mistake</aside></section>"""
TWO = """<section id="two"><h1>2. Two</h1><section id="summary"><h2>Summary</h2>
<p aria-describedby="two">words</p></section></section>"""


@pytest.fixture
def small(tmp_path):
    """A site of three pages, and the root that lists them."""
    root, site = tmp_path / "root", tmp_path / "site"
    (root / "_ext").mkdir(parents=True)
    (site / "chapters").mkdir(parents=True)
    (root / "_toc.yml").write_text(TOC)
    for name in (pdf.STYLE, pdf.SCRIPT):
        (root / name).write_text((ROOT / name).read_text())
    front = '<section id="book"><h1>A small book</h1><p>Hello</p></section>'
    (site / "intro.html").write_text(FRAME.format(up="", text=front))
    (site / "chapters" / "01-one.html").write_text(FRAME.format(up="../", text=ONE))
    (site / "chapters" / "02-two.html").write_text(FRAME.format(up="../", text=TWO))
    return root, site


def test_links_and_anchors_of_all_pages_hold_in_the_one_page(small, tmp_path):
    root, site = small
    pdf.join(site, tmp_path / "out" / "book.html", root)
    page = BeautifulSoup((tmp_path / "out" / "book.html").read_text(), "lxml")
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    links = {tag.get("id", "")[-3:]: tag["href"] for tag in page.select("article a")}
    assert links["--a"] == "#chapters-02-two--summary"
    assert links["--b"] == "#chapters-02-two"
    assert links["--c"] == f"{address.pages()}genindex.html"
    assert links["--d"] == "https://a.org/x.html"
    assert links["--e"] == "#intro"
    inner = [tag["href"][1:] for tag in page.select('a[href^="#"]')]
    assert len(inner) > 8
    assert set(inner) <= set(ids)
    assert page.select_one("[aria-describedby]")["aria-describedby"] in ids


def test_what_is_for_a_screen_stays_there_and_answers_are_open(small, tmp_path):
    root, site = small
    pdf.join(site, tmp_path / "book.html", root)
    text = (tmp_path / "book.html").read_text()
    page = BeautifulSoup(text, "lxml")
    gone = ("sidebar", "Report a mistake", "headerlink", "you-are-here", "x.js")
    for words in (*gone, "rocket"):
        assert words not in text.split("</style>")[1], words
    assert all("open" in fold.attrs for fold in page.find_all("details"))
    assert page.select_one("article img")["src"] == "site/_images/p.png"
    assert text.count("s.css") == 1
    names = [(tag.name, tag.get_text()) for tag in page.find_all(["h1", "h2", "h3"])]
    assert ("h1", "First part") in names
    assert ("h2", "1. One") in names
    assert ("h3", "Summary") in names


def test_the_first_page_on_paper_speaks_of_nothing_that_only_a_screen_has():
    text = (ROOT / "intro.md").read_text(encoding="utf-8")
    printed, count = re.subn(r"\[[^]]*\]\{\.on-screen\}", "", text)
    assert count >= 2
    for words in ("this map", "rocket"):
        assert words in text
        assert words not in printed


def outline(items, level=0):
    """Yield level and title of each entry of an outline."""
    for item in items:
        yield level, item.title
        yield from outline(item.children, level + 1)


def test_a_small_book_prints_with_tags_outline_and_page_numbers(small, tmp_path):
    pikepdf = pytest.importorskip("pikepdf")
    require_tool("Chromium", find_browser(), "nothing can be printed")
    root, site = small
    count = by_itself(pdf.make, site, tmp_path / "book.pdf", root)
    with pikepdf.open(tmp_path / "book.pdf") as made:
        assert len(made.pages) == count
        assert made.Root.MarkInfo.Marked
        assert str(made.Root.Lang) == "en"
        with made.open_outline() as found:
            assert (1, "1. One") in list(outline(found.root))
    joined = BeautifulSoup((tmp_path / "book.html").read_text(), "lxml")
    wanted = {tag["data-of"] for tag in joined.select(".at")}
    assert wanted <= set(pdf.pages_of(tmp_path / "book.pdf"))
    assert not (tmp_path / "book.part").exists()


def test_an_equation_that_cannot_be_typeset_stops_the_printing(small, tmp_path):
    require_tool("Chromium", find_browser(), "nothing can be printed")
    root, site = small
    path = site / "chapters" / "02-two.html"
    path.write_text(path.read_text().replace("words", "<mjx-merror>x</mjx-merror>"))
    with pytest.raises(SetupError, match="1 equation could not be typeset"):
        by_itself(pdf.make, site, tmp_path / "book.pdf", root)


def test_without_a_browser_it_says_what_is_missing(small, tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "find_browser", lambda: None)
    with pytest.raises(SetupError, match="Chromium or Chrome is missing"):
        pdf.make(small[1], tmp_path / "book.pdf", small[0])


@pytest.mark.heavy
def test_the_whole_book_as_a_pdf(site, tmp_path):
    pikepdf = pytest.importorskip("pikepdf")
    require_tool("Chromium", find_browser(), "nothing can be printed")
    target = tmp_path / "book.pdf"
    count = by_itself(pdf.make, site, target)
    assert 400 <= count <= 1000
    assert target.stat().st_size <= 40e6
    numbers = pdf.pages_of(target)
    assert {pdf.anchor(page) for page in PAGES} <= set(numbers)
    joined = BeautifulSoup(target.with_suffix(".html").read_text("utf-8"), "lxml")
    figures = Counter(tag["alt"] for tag in joined.select("article img"))
    with pikepdf.open(target) as made:
        assert made.Root.MarkInfo.Marked
        with made.open_outline() as found:
            listed = list(outline(found.root))
        chapters = [t for level, t in listed if level == 1 and re.match(r"\d+\. ", t)]
        assert [int(title.split(".")[0]) for title in chapters] == [
            int(name.split("/")[1].split("-")[0]) for name in CHAPTERS
        ]
        said, kinds = Counter(), Counter()
        for each in made.objects:
            if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == (
                "/StructElem"
            ):
                kinds[str(each.get("/S"))] += 1
                said[str(each.get("/Alt", ""))] += each.get("/S") == "/Figure"
        assert {"/H1", "/H2", "/H3", "/P", "/Table", "/Link", "/L"} <= set(kinds)
        # A figure may be in two pieces for a reader, never in none.
        missing = [alt for alt in figures if said[alt] < figures[alt]]
        assert missing == []
        inside = [
            str(note.Dest).removeprefix("/")
            for page in made.pages
            for note in page.get("/Annots", [])
            if isinstance(note.get("/Dest"), pikepdf.Name)
        ]
        assert len(inside) > 1000
        assert set(inside) <= set(numbers)
    said = extension("take_away").SIZES["pdf"]
    assert 0.85 * said < target.stat().st_size / 1e6 < 1.15 * said

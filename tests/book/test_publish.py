"""The published site: the newest pages, the files to take away, older releases."""

import re
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from rnncourse import __version__, address, cli, publish
from rnncourse.environment import SetupError

PAGE = """<!DOCTYPE html><html lang="en"><head><title>{title}</title>{canonical}</head>
<body data-x="1"><h1>{title}</h1></body></html>"""


def make_site(folder, *pages, words=""):
    """Write a few pages."""
    for name in pages:
        path = folder / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        link = f'<link rel="canonical" href="https://elsewhere.org/{name}.html" />'
        canonical = link if name != "index" else ""
        path.write_text(PAGE.format(title=f"{name} {words}", canonical=canonical))
    (folder / "sitemap.xml").write_text("<urlset/>")


@pytest.fixture
def laid_out(tmp_path):
    """Three versions: an old one, a newer one, and 1.10.0 as it is now."""
    build, releases = tmp_path / "_build", tmp_path / "releases"
    releases.mkdir()
    for version, pages in (
        ("1.2.0", ("index", "chapters/01-one", "chapters/02-gone")),
        ("1.9.0", ("index", "chapters/01-one")),
        ("1.10.0", ("index", "chapters/01-one")),
    ):
        make_site(tmp_path / version, *pages, words=version)
        cli.pack(tmp_path / version, releases / f"rnncourse-book-{version}.zip")
    (releases / "notes.zip").write_text("no release")
    make_site(build / "html", "index", "chapters/01-one", words="now")
    for kind in ("zip", "pdf"):
        (build / f"rnncourse-book-1.10.0.{kind}").write_text(kind)
    publish.publish(build, releases, tmp_path / "site", "1.10.0")
    return tmp_path / "site"


def canonical(path):
    (found,) = re.findall(r'<link rel="canonical" href="([^"]*)"', path.read_text())
    return found


def test_the_newest_pages_are_at_the_top_with_the_files_to_take_away(laid_out):
    assert "now" in (laid_out / "index.html").read_text()
    assert (laid_out / "rnncourse-book.zip").read_text() == "zip"
    assert (laid_out / "rnncourse-book.pdf").read_text() == "pdf"
    assert (laid_out / "v1.2.0" / "rnncourse-book.zip").stat().st_size > 200
    assert [p.parent for p in laid_out.rglob("sitemap.xml")] == [laid_out]


def test_a_release_stays_and_names_the_page_now_as_the_one_to_find(laid_out):
    for version in ("v1.2.0", "v1.9.0", "v1.10.0"):
        page = laid_out / version / "chapters" / "01-one.html"
        assert version[1:] in page.read_text()
        assert canonical(page) == f"{address.pages()}chapters/01-one.html"
        assert canonical(laid_out / version / "index.html") == (
            f"{address.pages()}index.html"
        )
    gone = laid_out / "v1.2.0" / "chapters" / "02-gone.html"
    assert canonical(gone) == f"{address.pages()}v1.2.0/chapters/02-gone.html"


def test_only_a_release_older_than_now_is_called_old(laid_out):
    called = {
        path.relative_to(laid_out).as_posix()
        for path in laid_out.rglob("*.html")
        if "which is old" in path.read_text()
    }
    assert called == {
        "v1.2.0/index.html",
        "v1.2.0/chapters/01-one.html",
        "v1.2.0/chapters/02-gone.html",
        "v1.9.0/index.html",
        "v1.9.0/chapters/01-one.html",
    }


def test_versions_are_listed_the_newest_first(laid_out):
    text = (laid_out / publish.LIST).read_text()
    order = re.findall(r">Version ([\d.]+)<", text)
    assert order == ["1.10.0", "1.9.0", "1.2.0"]


def test_what_is_not_built_is_told(tmp_path):
    with pytest.raises(SetupError, match="the book is not built"):
        publish.publish(tmp_path, tmp_path, tmp_path / "site")
    make_site(tmp_path / "html", "index")
    with pytest.raises(SetupError, match=r"rnncourse-book-.*\.zip is missing"):
        publish.publish(tmp_path, tmp_path, tmp_path / "site")


def test_without_a_release_the_list_says_so(tmp_path):
    build = tmp_path / "_build"
    make_site(build / "html", "index")
    for kind in ("zip", "pdf"):
        (build / f"rnncourse-book-{__version__}.{kind}").touch()
    publish.publish(build, tmp_path / "nothing", tmp_path / "site")
    text = (tmp_path / "site" / publish.LIST).read_text()
    assert "No version has been released yet" in text


def walk_to_now(browser, site, page):
    """Open an old page, follow its first line, and return what is shown then."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format, *values):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(viewport={"width": 390, "height": 844})
    try:
        start = f"http://127.0.0.1:{server.server_port}/"
        opened = context.new_page()
        opened.set_default_timeout(60_000)
        opened.goto(start + page)
        line = opened.locator("aside.old-version")
        assert line.is_visible()
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390
        line.get_by_role("link").first.click()
        opened.wait_for_load_state()
        now = opened.url.removeprefix(start), opened.locator("h1").first.inner_text()
        opened.goto(start + page)
        opened.locator("aside.old-version a", has_text="All versions").click()
        opened.locator("h1", has_text="Versions of the book").wait_for()
        return now
    finally:
        context.close()
        server.shutdown()
        server.server_close()


def test_an_old_page_leads_to_the_same_page_now(laid_out, browser):
    page = "chapters/01-one.html"
    assert walk_to_now(browser, laid_out, f"v1.2.0/{page}") == (
        page,
        "chapters/01-one now",
    )
    gone = walk_to_now(browser, laid_out, "v1.2.0/chapters/02-gone.html")
    assert gone == ("index.html", "index now")


@pytest.mark.heavy
def test_two_versions_of_the_whole_book(site, tmp_path, browser):
    releases, build = tmp_path / "releases", tmp_path / "_build"
    releases.mkdir()
    shutil.copytree(site, build / "html")
    cli.pack(site, releases / "rnncourse-book-0.0.1.zip")
    cli.pack(site, build / f"rnncourse-book-{__version__}.zip")
    (build / f"rnncourse-book-{__version__}.pdf").touch()
    out = tmp_path / "site"
    publish.publish(build, releases, out)
    pages = [path.relative_to(site) for path in site.rglob("*.html")]
    # An index.html is one line that leads on to the front page beside it.
    pages = [p for p in pages if p.name != "index.html" and "_static" not in p.parts]
    assert len(pages) > 40
    for page in pages:
        text = (out / "v0.0.1" / page).read_text(encoding="utf-8")
        assert text.count('class="old-version"') == 1, page
        assert canonical(out / "v0.0.1" / page) == address.pages() + page.as_posix()
    name = "chapters/08-backpropagation-through-time.html"
    now = walk_to_now(browser, out, f"v0.0.1/{name}")
    assert now[0] == name
    assert now[1].startswith("8. ")

"""A book in which nothing has changed is not built again; anything else is."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rnncourse import built, cli, environment
from tests.conftest import ROOT

FILES = {
    ".gitignore": "_build/\n__pycache__/\n*.log\n/classroom/\n",
    "_config.yml": "title: A small book\n",
    "_toc.yml": "root: intro\n",
    "_ext/course.py": "x = 1\n",
    "chapters/src/01-one.md": "# 1. One\n",
    "chapters/01-one.ipynb": '{"outputs": ["0.5"]}\n',
    "constraints.txt": "Sphinx==7.4.7\n",
    "rnncourse/classroom/run.py": "y = 1\n",
}


class Book:
    """A small book and a builder that only writes a page, and counts."""

    def __init__(self, root):
        self.root, self.builds, self.status = root, [], 0
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def page(self, name):
        return self.root / "_build" / "html" / name

    def build_english(self, root, log):
        self.builds.append("en")
        log.write_text("what Sphinx said")
        for name in ("index.html", "intro.html"):
            self.write(f"_build/html/{name}", f"page {len(self.builds)}")
        return self.status

    def begin_editions(self, root, languages):
        self.builds += languages
        return {}

    def make(self, *options):
        """Return how the command ends and what it builds."""
        self.builds = []
        return cli.main(["book", "--no-serve", *options]), self.builds


@pytest.fixture
def book(tmp_path, monkeypatch):
    made = Book(tmp_path)
    monkeypatch.setattr(cli, "project_root", lambda: tmp_path)
    monkeypatch.setattr(environment, "ensure", lambda root: Path(sys.executable))
    monkeypatch.setattr(cli, "_build_book", made.build_english)
    monkeypatch.setattr(cli, "begin_editions", made.begin_editions)
    return made


def test_nothing_changed_is_said_in_a_line_and_nothing_is_built(book, capsys):
    assert book.make() == (0, ["en"])
    capsys.readouterr()
    assert book.make() == (0, [])
    (line,) = capsys.readouterr().out.splitlines()
    assert "nothing has changed" in line
    assert str(book.page("index.html")) in line
    assert "--force" in line
    assert book.make("--force") == (0, ["en"])


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_changed_file_is_a_reason_to_build(book, name):
    book.make()
    book.write(name, FILES[name].replace("1", "2") + "\n")
    assert book.make() == (0, ["en"])
    assert book.make() == (0, [])


def test_a_new_file_a_file_gone_and_a_file_renamed_are_reasons_to_build(book):
    book.make()
    book.write("locales/figures/07.png", "a picture")
    assert book.make() == (0, ["en"])
    (book.root / "_ext/course.py").rename(book.root / "_ext/map.py")
    assert book.make() == (0, ["en"])
    (book.root / "_ext/map.py").unlink()
    assert book.make() == (0, ["en"])
    assert book.make() == (0, [])


@pytest.mark.parametrize("name", ["index.html", "intro.html"])
def test_a_built_page_gone_or_spoilt_is_a_reason_to_build(book, name):
    book.make()
    book.page(name).unlink()
    assert book.make() == (0, ["en"])
    book.page(name).write_text("half a pa")
    assert book.make() == (0, ["en"])
    assert book.make() == (0, [])


def test_pages_gone_altogether_are_a_reason_to_build(book):
    book.make()
    shutil.rmtree(book.root / "_build" / "html")
    assert book.make() == (0, ["en"])


def test_a_failed_build_is_built_again_even_if_an_earlier_one_was_green(book):
    book.make()
    assert (book.root / built.KEPT).is_file()
    book.status = 1
    assert book.make("--force") == (1, ["en"])
    assert not (book.root / built.KEPT).exists()
    assert book.make() == (1, ["en"])
    book.status = 0
    assert book.make() == (0, ["en"])
    assert book.make() == (0, [])


def test_a_build_that_was_stopped_is_built_again(book, monkeypatch):
    book.make()

    def stopped(root, log):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cli, "_build_book", stopped)
        assert book.make("--force")[0] == 130
    assert book.make() == (0, ["en"])


def test_what_changes_while_it_is_built_is_built_the_next_time(book, monkeypatch):
    def edited(root, log):
        book.write("chapters/src/01-one.md", "# 1. Another\n")
        return book.build_english(root, log)

    with monkeypatch.context() as patch:
        patch.setattr(cli, "_build_book", edited)
        assert book.make() == (0, ["en"])
    assert book.make() == (0, ["en"])
    assert book.make() == (0, [])


def test_an_english_build_is_not_enough_for_all_languages_but_all_are_for_it(book):
    book.write("locales/es/LC_MESSAGES/intro.po", 'msgid "a"')
    assert book.make("--english") == (0, ["en"])
    assert book.make("--english") == (0, [])
    assert book.make() == (0, ["es", "en"])
    assert book.make("--english") == (0, [])


def test_what_git_ignores_and_environments_are_no_reason_to_build(book):
    book.make()
    for name in (
        "_build/es/stamp",
        "_ext/__pycache__/course.pyc",
        "classroom/state.json",
        "what.log",
        "venv/pyvenv.cfg",
        "venv/bin/python",
    ):
        book.write(name, "x")
    assert book.make() == (0, [])


def test_a_commit_another_browser_and_another_version_are_reasons_to_build(
    book, monkeypatch, tmp_path
):
    if shutil.which("git") is None:
        pytest.skip("git is missing: pages have no dates")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.org"]
    subprocess.run([*git, "init", "-q"], cwd=book.root, check=True)
    book.make()
    commit = [*git, "commit", "-q", "--allow-empty", "-m", "x"]
    subprocess.run(commit, cwd=book.root, check=True)
    assert book.make() == (0, ["en"])
    assert book.make() == (0, [])
    with monkeypatch.context() as patch:
        patch.setattr(built, "find_browser", lambda: sys.executable)
        assert book.make() == (0, ["en"])
    book.make()
    info = tmp_path.parent / f"{tmp_path.name}-more" / "another-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: another\nVersion: 1.0\n")
    monkeypatch.setenv("PYTHONPATH", str(info.parent))
    before = built.around(book.root, Path(sys.executable))
    assert "another 1.0" in before[1]
    (info / "METADATA").write_text("Name: another\nVersion: 1.1\n")
    assert built.around(book.root, Path(sys.executable)) != before


def test_every_file_of_the_repository_counts():
    if not (ROOT / ".git").exists():
        pytest.skip("this copy has no history")
    said = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    listed = {name for name in said.split("\0") if (ROOT / name).is_file()} - {""}
    assert len(listed) > 500
    assert listed <= {p.relative_to(ROOT).as_posix() for p in built.files(ROOT)}

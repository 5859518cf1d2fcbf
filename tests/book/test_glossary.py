"""The glossary: links from first uses, and only from text."""

import importlib.util
import re

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def glossary():
    """The extension, which is no part of the package."""
    pytest.importorskip("sphinx")
    path = ROOT / "_ext" / "glossary.py"
    spec = importlib.util.spec_from_file_location("glossary", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WORDS = {
    "gate": ("g", "term-gate", ""),
    "reset gate": ("g", "term-reset-gate", ""),
    "lstm": ("g", "term-lstm", ""),
    "long short-term memory": ("g", "term-lstm", ""),
}


def marked(glossary, text, seen=None):
    pattern = glossary.word_pattern(WORDS)
    pieces = glossary.split(text, pattern, WORDS, set() if seen is None else seen)
    return "".join(p if isinstance(p, str) else f"[{p[0]}]" for p in pieces)


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("A gate and a gate.", "A [gate] and a gate."),
        ("Gates open.", "[Gates] open."),
        ("The reset gate, then a gate.", "The [reset gate], then a [gate]."),
        (
            "An LSTM is a long short-term memory.",
            "An [LSTM] is a long short-term memory.",
        ),
        (
            "aggregate, gated, gate-like, investigate",
            "aggregate, gated, gate-like, investigate",
        ),
        ("nothing here", "nothing here"),
    ],
)
def test_the_first_use_is_marked_once(glossary, text, page):
    assert marked(glossary, text) == page


def test_a_word_met_before_is_left_alone(glossary):
    seen = set()
    assert marked(glossary, "a gate", seen) == "a [gate]"
    assert marked(glossary, "a gate", seen) == "a gate"


def test_words_are_in_order_and_defined_once():
    text = (ROOT / "appendices" / "glossary.md").read_text("utf-8")
    body = text.split("```{glossary}\n")[1].split("```")[0]
    words = [line for line in body.splitlines() if line and line[0] != " "]
    assert len(words) == len({word.lower() for word in words}) >= 80
    firsts = [entry.splitlines()[0].lower() for entry in body.split("\n\n") if entry]
    assert firsts == sorted(firsts)


def test_each_chapter_links_words_to_entries_that_exist(site):
    entries = (site / "appendices" / "glossary.html").read_text("utf-8")
    for page in sorted((site / "chapters").glob("*.html")):
        links = re.findall(
            r'class="glossary-word[^"]*" href="\.\./appendices/glossary\.html#([^"]+)"'
            r' title="([^"]+)"',
            page.read_text("utf-8"),
        )
        assert len(links) >= 5, page.name
        assert len(links) == len({anchor for anchor, _ in links}), page.name
        for anchor, meaning in links:
            assert f'id="{anchor}"' in entries
            assert meaning.strip()

"""The map of the course and the plan of a term say what the chapters say."""

import re
import sys
import tomllib

import pytest

from rnncourse import notebooks
from rnncourse.exercises import assignments
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def maps():
    """The extension, which is no part of the package."""
    pytest.importorskip("sphinx")
    sys.path.insert(0, str(ROOT / "_ext"))
    try:
        import course_map
    finally:
        sys.path.remove(str(ROOT / "_ext"))
    return course_map


@pytest.fixture(scope="module")
def known(maps):
    return maps.chapters()


def test_the_map_has_24_chapters_in_7_parts_and_links_those_that_stand(known):
    assert [one.number for one in known] == list(range(1, 25))
    assert len(dict.fromkeys(one.part for one in known)) == 7
    assert [one.slug for one in known if one.slug] == notebooks.known()


def test_each_chapter_says_what_it_needs_and_how_long_it_takes(known):
    for one in known:
        if one.slug:
            text = (ROOT / f"chapters/src/{one.slug}.md").read_text(encoding="utf-8")
            assert re.search(r"^You need ", text, re.M), one.slug
            assert 30 <= one.minutes <= 120, one.slug
        assert all(number < one.number for number in one.needs), one


@pytest.mark.parametrize(
    ("paragraph", "needs"),
    [
        ("You need vectors; no network yet. Allow 45 minutes, as chapter 3.", []),
        ("You need chapters 1 and 2 and products. Allow an hour.", [1, 2]),
        ("You need chapters 1 to 3. Allow an hour.", [1, 2, 3]),
        ("You need the step of [chapter 7](07-recurrent-networks.ipynb). Reading", [7]),
        ("You need chapters [10](10-lstm.ipynb) and [12](12-gru.ipynb).", [10, 12]),
        ("You need the LSTM of chapter 10, see (10.1) to (10.14).", [10]),
    ],
)
def test_needs_are_read_as_they_are_written(maps, paragraph, needs):
    assert maps.numbers(paragraph) == needs


def test_minutes_are_read_as_they_are_written(maps):
    assert maps.minutes("x. Allow an hour and a half; running") == 90
    assert maps.minutes("x. Reading takes about 50 minutes.") == 50
    assert maps.minutes("x. Allow an hour. Running") == 60
    assert maps.minutes("no time") == 0


def test_an_arrow_that_follows_from_others_is_left_out(maps):
    chain = [
        maps.Chapter(1, "a", "p", "01-a"),
        maps.Chapter(2, "b", "p", "02-b", (1,)),
        maps.Chapter(3, "c", "p", "03-c", (1, 2)),
    ]
    assert maps.arrows(chain) == [(1, 2), (2, 3)]


def test_the_map_is_a_list_of_links_that_needs_no_picture(maps, known):
    text = maps.draw(known, lambda page: f"{page}.html", here=8)
    items = re.findall(r"<li>(<a.+?)</li>", text)
    assert len(items) == len(notebooks.known())
    assert text.count('aria-current="page"') == 1
    eight = next(item for item in items if "Backpropagation" in item)
    assert 'href="chapters/08-backpropagation-through-time.html"' in eight
    assert 'aria-current="page"' in eight and "needs 7" in eight
    assert text.count("<svg") == 1 and 'aria-hidden="true"' in text
    assert text.count('class="arc"') == len(maps.arrows(known))


def test_a_chapter_that_comes_to_stand_replaces_its_plan(maps, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "chapters/src").mkdir(parents=True)
    plan = '[[planned]]\nnumber = 2\ntitle = "Later"\npart = "P"\n'
    (tmp_path / "docs/course-map.toml").write_text(plan)
    (tmp_path / "_toc.yml").write_text(
        "root: intro\nparts:\n- caption: P\n  chapters:\n  - file: chapters/01-a\n"
    )
    (tmp_path / "chapters/src/01-a.md").write_text(
        "# 1. A\n\nYou need it. Allow an hour."
    )
    first, later = maps.chapters(tmp_path)
    assert (first.title, first.minutes, later.title, later.slug) == (
        "A",
        60,
        "Later",
        "",
    )
    (tmp_path / "_toc.yml").write_text(
        "root: intro\nparts:\n- caption: P\n  chapters:\n"
        "  - file: chapters/01-a\n  - file: chapters/02-b\n"
    )
    (tmp_path / "chapters/src/02-b.md").write_text("# 2. B\n\nYou need chapter 1.")
    assert maps.chapters(tmp_path)[1] == maps.Chapter(2, "B", "P", "02-b", (1,), 0)


def test_the_term_has_each_chapter_once_and_hands_out_what_there_is(known):
    path = ROOT / "docs" / "term-plan.toml"
    weeks = tomllib.loads(path.read_text(encoding="utf-8"))["weeks"]
    assert len(weeks) == 14
    read = [number for week in weeks for number in week["read"]]
    assert read == [one.number for one in known]
    assert {week["hand_out"] for week in weeks} <= set(assignments(ROOT))


def test_each_chapter_has_the_map_with_a_mark_at_itself(site):
    for slug in notebooks.known():
        text = (site / f"chapters/{slug}.html").read_text(encoding="utf-8")
        (folded,) = re.findall(
            r'<details class="you-are-here">.*?</details>', text, re.S
        )
        (here,) = re.findall(r'href="([^"]*)" aria-current="page"', folded)
        assert here == ""  # this very page
    first = (site / "intro.html").read_text(encoding="utf-8")
    assert first.count('class="course-map"') == 1

"""Self-checks: one form in the text, and quizzes that answer at once on the page."""

import re
from collections import Counter
from dataclasses import dataclass

import pytest

from rnncourse import notebooks, translations
from rnncourse.messages import read_po
from tests.book.test_page import extension
from tests.book.test_pages import AXE, MODES, Opened

SLUGS = notebooks.known()
TRANSLATED = [p for p in translations.pages("es") if p.startswith("chapters/")]
FORM = re.compile(
    r"<details>\s*<summary>(?P<name>[\w-]+) (?P<number>\d+)\. "
    r"(?P<asked>[^<\n]+)</summary>\s*\((?P<right>[a-h])\)[.,:] "
    r"(?P<why>(?:(?!<details>).)+?)\s*</details>",
    re.DOTALL,
)
OPTION = re.compile(r"\s\(([a-z])\)\s")  # as in _ext/quiz.js


@dataclass
class Check:
    """A self-check as its text gives it."""

    number: int
    question: str
    letters: list[str]
    options: list[str]
    right: str
    why: str


def read(text, name="Self-check"):
    """Return the self-checks of a text; one of another form is an error."""
    found = []
    for match in FORM.finditer(text):
        if match["name"] == name:
            question, *rest = OPTION.split(match["asked"])
            found.append(
                Check(
                    int(match["number"]),
                    question,
                    rest[::2],
                    [option.rstrip(";. ") for option in rest[1::2]],
                    match["right"],
                    match["why"],
                )
            )
    written = len(re.findall(rf"{name} \d+\.", text))
    assert len(found) == written, f"{written - len(found)} of another form"
    for check in found:
        there = (name, check.number, check.question)
        assert len(check.letters) >= 2, there
        assert check.letters == list("abcdefgh")[: len(check.letters)], there
        assert len(set(check.options)) == len(check.options), there
        assert all(check.options), there
        assert check.right in check.letters, there
        assert len(check.why) > 30, there
    return found


def of_chapter(slug):
    source = notebooks.chapters_folder() / "src" / f"{slug}.md"
    return read(source.read_text(encoding="utf-8"))


def of_translation(page):
    catalogue = translations.folder("es") / "LC_MESSAGES" / f"{page}.po"
    entries = read_po(catalogue).values()
    text = "\n\n".join(entry.target for entry in entries)
    # In chapter 7 the closing tag is no message.
    text = re.sub(
        r"(</summary>\n\n[^\n]*?)(?: </details>)?\n\n", r"\1</details>\n", text
    )
    return read(text, "Autoevaluación")


@pytest.mark.parametrize("slug", SLUGS)
def test_every_self_check_has_options_one_right_one_and_a_reason(slug):
    found = of_chapter(slug)
    assert [check.number for check in found] == list(range(1, len(found) + 1))
    assert 2 <= len(found) <= 5


GOOD = (
    "<details>\n<summary>Self-check 1. Is it? (a) Yes; (b) no.</summary>\n\n"
    "(b). It is not, for several reasons that stand here.\n</details>\n"
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" (a) Yes; (b) no.", ""),
        (" (a) Yes; (b) no.", " (a) Yes."),
        (" (a) Yes; (b) no.", " (a) Yes; (c) no."),
        (" (a) Yes; (b) no.", " (a) Yes; (b) Yes."),
        ("(b). It", "(c). It"),
        ("(b). It", "No. It"),
        ("It is not, for several reasons that stand here.", "So."),
    ],
)
def test_a_self_check_of_another_form_is_noticed(old, new):
    assert len(read(GOOD)) == 1
    assert old in GOOD
    with pytest.raises(AssertionError):
        read(GOOD.replace(old, new))


def beside_the_wrong(check, which):
    """Return the right option's length over that of the longest or shortest wrong."""
    lengths = dict(zip(check.letters, map(len, check.options), strict=True))
    right = lengths.pop(check.right)
    return right / which(lengths.values())


def test_no_letter_and_no_length_gives_the_answer_away():
    found = [check for slug in SLUGS for check in of_chapter(slug)]
    letters = Counter(check.right for check in found)
    assert max(letters.values()) < 0.45 * len(found), letters
    longest = sum(beside_the_wrong(check, max) > 1 for check in found)
    shortest = sum(beside_the_wrong(check, min) < 1 for check in found)
    assert longest < 0.4 * len(found), f"{longest} of {len(found)}"
    assert shortest < 0.4 * len(found), f"{shortest} of {len(found)}"
    assert [check for check in found if beside_the_wrong(check, max) > 1.5] == []


@pytest.mark.parametrize("page", TRANSLATED)
def test_a_translated_self_check_has_the_same_right_answer(page):
    spanish, english = of_translation(page), of_chapter(page.split("/")[1])
    assert [(c.number, c.letters, c.right) for c in spanish] == [
        (c.number, c.letters, c.right) for c in english
    ]
    assert [check for check in spanish if beside_the_wrong(check, max) > 1.5] == []


# -- on the page ---------------------------------------------------------------------

PAGE = "chapters/08-backpropagation-through-time"
REFUSED = (
    "Object.defineProperty(window, 'localStorage', "
    "{ get() { throw new DOMException('no', 'SecurityError'); } });"
)

STORED = "() => Object.keys(localStorage).filter(k => k.startsWith('rnn-self-checks'))"


def option(quiz, letter):
    return quiz.locator(".options button", has_text=f"({letter})")


def told(page):
    return page.locator(".quiz-count span").inner_text()


@pytest.mark.parametrize("slug", SLUGS)
def test_the_script_reads_every_self_check_as_its_text_means_it(
    slug, site, browser, tmp_path
):
    text = (site / "chapters" / f"{slug}.html").read_text(encoding="utf-8")
    folded = re.findall(
        r"<details>\s*<summary>Self-check.*?</details>", text, re.DOTALL
    )
    (script,) = re.findall(r"<script [^>]*_static/quiz\.js[^>]*></script>", text)
    script = script.replace("../_static", (site / "_static").as_uri())
    (tmp_path / "small.html").write_text(
        f'<html lang="en"><meta charset="utf-8"><article class="bd-article">'
        f"{''.join(folded)}</article>{script}</html>",
        encoding="utf-8",
    )
    with Opened(browser, tmp_path, "small") as opened:
        quizzes = opened.page.locator(".quiz")
        checks = of_chapter(slug)
        assert quizzes.count() == len(checks)
        for k, check in enumerate(checks):
            quiz = quizzes.nth(k)
            assert quiz.locator("button:visible").count() == len(check.options)
            option(quiz, check.right).click()
            assert (
                quiz.locator(".verdict.right").inner_text()
                == f"Right: ({check.right})."
            )
        assert told(opened.page).startswith(
            f"{len(checks)} of {len(checks)} self-checks answered, {len(checks)} right."
        )
        assert opened.said == []


def test_a_quiz_answers_at_once_and_remembers(site, browser):
    right = [check.right for check in of_chapter(PAGE.split("/")[1])]
    with Opened(browser, site, PAGE, **MODES["light"]) as opened:
        page = opened.page
        quizzes = page.locator(".quiz")
        first, second = quizzes.nth(0), quizzes.nth(1)
        why = first.locator("details > p").first
        assert not why.is_visible()
        assert first.locator("[role=status]").inner_text() == ""
        wrong = "c" if right[0] != "c" else "a"
        option(first, wrong).click()
        said = f"Not ({wrong}). The answer is ({right[0]})."
        assert first.locator("[role=status]").inner_text() == said
        assert why.is_visible()
        assert "your answer" in option(first, wrong).inner_text()
        assert "the answer" in option(first, right[0]).inner_text()
        option(first, right[0]).click(force=True)  # the first answer stands
        assert first.locator("[role=status]").inner_text() == said

        option(second, "a").focus()
        for _ in range("abc".index(right[1])):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert second.locator("[role=status]").inner_text() == f"Right: ({right[1]})."
        count = f"2 of {len(right)} self-checks answered, 1 right."
        assert told(page) == f"{count} Remembered by this browser alone."

        page.reload()
        assert first.locator("[role=status]").inner_text() == said
        assert why.is_visible()
        assert told(page).startswith(count)

        first.get_by_role("button", name="Try again").press("Enter")
        assert first.locator("[role=status]").inner_text() == ""
        assert not why.is_visible()
        assert option(first, "a").evaluate("b => b === document.activeElement")
        page.keyboard.press("Space")
        assert first.locator("[role=status]").inner_text() != ""

        page.get_by_role("button", name="Forget my answers").click()
        assert told(page).startswith(f"0 of {len(right)} ")
        page.reload()
        assert told(page).startswith(f"0 of {len(right)} ")
        assert page.evaluate(STORED) == []
        assert opened.said == []


def test_a_quiz_works_where_nothing_may_be_stored(site, browser):
    with Opened(browser, site, PAGE, **MODES["phone"]) as opened:
        page = opened.page
        page.add_init_script(REFUSED)
        page.reload()
        quiz = page.locator(".quiz").first
        option(quiz, "a").click()
        assert quiz.locator("[role=status]").inner_text() != ""
        assert told(page).endswith("This browser forgets them with the page.")
        page.reload()
        assert quiz.locator("[role=status]").inner_text() == ""
        # Only the theme's own scripts complain there.
        assert "quiz.js" not in " ".join(opened.said)


def test_an_answer_is_forgotten_when_its_text_has_changed(site, browser):
    with Opened(browser, site, PAGE, **MODES["light"]) as opened:
        page = opened.page
        option(page.locator(".quiz").first, "a").click()
        (key,) = page.evaluate(STORED)
        page.evaluate(
            "key => { const old = JSON.parse(localStorage.getItem(key));"
            " localStorage.setItem(key, JSON.stringify("
            "Object.fromEntries(Object.keys(old).map(k => [k, 'an older text'])))); }",
            key,
        )
        page.reload()
        assert told(page).startswith("0 of ")
        option(page.locator(".quiz").first, "b").click()
        assert told(page).startswith("1 of ")
        page.evaluate("key => localStorage.setItem(key, '{broken')", key)
        page.reload()
        assert told(page).startswith("0 of ")
        assert opened.said == []


def test_without_scripts_and_on_paper_a_self_check_is_a_folded_text(site, browser):
    with Opened(
        browser, site, PAGE, **MODES["light"], java_script_enabled=False
    ) as opened:
        page = opened.page
        assert page.locator(".quiz").count() == 0
        asked = page.locator("summary", has_text="Self-check 1.")
        assert "(a) t\u00a0= 1 only; (b)" in asked.inner_text()
        why = page.locator("details", has=asked).locator("p").first
        assert not why.is_visible()
        asked.click()
        assert why.is_visible()
    with Opened(browser, site, PAGE, **MODES["light"]) as opened:
        page = opened.page
        page.emulate_media(media="print")
        assert not page.locator(".quiz .options").first.is_visible()
        asked = page.locator(".quiz summary").first
        assert "(a) t\u00a0= 1 only; (b)" in asked.inner_text()


@pytest.mark.parametrize("mode", ["light", "dark", "phone"])
def test_an_answered_quiz_is_accessible(mode, site, browser):
    from axe_playwright_python.sync_playwright import Axe

    with Opened(browser, site, PAGE, **MODES[mode]) as opened:
        page = opened.page
        for letter, quiz in zip("abc", page.locator(".quiz").all(), strict=False):
            option(quiz, letter).click()
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert width <= MODES[mode]["viewport"]["width"]
        violations = (
            Axe().run(page, context=".quiz", options=AXE).response["violations"]
        )
        assert [
            (v["id"], node["target"], node["html"][:200])
            for v in violations
            for node in v["nodes"][:3]
        ] == []


def test_spanish_quizzes_speak_spanish(site, browser):
    said = extension("page").QUIZ.values()
    entries = read_po(translations.catalogue("es", "edition"))
    assert all(entries[text].usable for text in said)
    page = "es/chapters/05-sequences-and-windows"
    with Opened(browser, site, page, **MODES["phone"]) as opened:
        quiz = opened.page.locator(".quiz").first
        option(quiz, "a").click()
        assert quiz.locator("[role=status]").inner_text() == (
            "No es (a). La respuesta es (b)."
        )
        assert "tu respuesta" in option(quiz, "a").inner_text()
        assert told(opened.page).startswith(
            "1 de 5 autoevaluaciones respondidas, 0 bien"
        )
        assert opened.said == []


def test_the_script_is_loaded_only_where_there_is_a_self_check(site):
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        asks = re.search(r"<summary[^>]*>(?:Self-check|Autoevaluación) \d+\.", text)
        assert ("_static/quiz.js" in text) == bool(asks), path

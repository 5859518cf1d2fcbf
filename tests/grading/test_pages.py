"""Feedback, class report and similarity as people see them, in a real browser."""

import html
import io
import json
import keyword
import re
import sys
import time
import tokenize
from dataclasses import replace

import pytest

from rnncourse.exercises import ROOT
from rnncourse.grading import class_report, feedback, pages, similarity

from .common import POINTS, filled, model
from .finished import finished, result

MODES = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
AXE = {"preload": False, "resultTypes": ["violations"]}
UNFOLD = "() => document.querySelectorAll('details').forEach(d => d.open = true)"


def feedback_page(whole, student):
    one = next(r for r in whole.results if r.student == student)
    notebook = json.loads(one.notebook)
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade"):
            marks["score"] = whole.marks[student][marks["grade_id"]].score
        if marks.get("solution"):
            marks["comment"] = (
                "Well done, **almost**: $a_t$." if student == "ben" else ""
            )
    score = whole.score(student)
    return feedback.page(whole, one, notebook, score=score, out_of=6)


@pytest.fixture(scope="module")
def whole():
    return finished()


@pytest.fixture(scope="module")
def made(whole):
    pair = similarity.Pair("ada", "ben", 0.75, 30, ("unrolled-sum",))
    aside = next(r for r in whole.results if r.trouble)
    return {
        "feedback": feedback_page(whole, "ben"),
        "aside": feedback.aside_page(whole, aside),
        "class": class_report.make(whole, now="today"),
        "similar": similarity.page(whole, [pair], now="today"),
    }


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["feedback", "aside", "class", "similar"])
def test_a_page_is_readable_alone_and_fits(browser, tmp_path, made, name, mode):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    path = tmp_path / "page.html"
    path.write_text(made[name], encoding="utf-8")
    context = browser.new_context(**MODES[mode], bypass_csp=True)  # for axe's script
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri(), wait_until="load")
    page.evaluate(UNFOLD)
    assert said == []
    assert asked == [path.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = axe.Axe().run(page, options=AXE).response["violations"]
    shown = [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found]
    assert shown == []
    context.close()


def test_the_style_passes_the_pages_own_policy(browser, tmp_path, made):
    path = tmp_path / "page.html"
    path.write_text(made["class"], encoding="utf-8")
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    ground = page.evaluate("getComputedStyle(document.body).maxWidth")
    margin = page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")
    assert (said, ground, margin != "none") == ([], "none", True)
    context.close()


def test_feedback_gives_credit_by_property_with_the_reason(made):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", made["feedback"]))
    assert "4 of 6 points" in text
    assert "unrolled_sum: 0 of 2 points" in text
    assert "a has the right shape, not the right numbers." in text
    assert "It looks like the oldest term has the factor c_1" in text
    assert "the equation is (8.6)" in text
    assert "Well done," in text and "<strong>almost</strong>" in made["feedback"]
    assert "isolation: strict" in text.lower()
    assert made["feedback"].count('<h3 id="task-') == 3


def test_feedback_of_what_was_set_aside_says_why_and_gives_no_mark(made):
    assert "not UTF-8" in made["aside"]
    assert "0 of 6" not in made["aside"]


def test_the_class_report_counts_what_there_is(whole, made):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", made["class"]))
    assert "6 hand-ins" in text and "1 could not be graded" in text
    assert "2 × unrolled_sum: product starts early" in text
    assert "cem : 0.5 of 6 points, nothing yet in 2 of 3 tasks" in text
    assert "zoe : the file is not UTF-8" in text
    assert "dan , put right and told: Cells stood in another order." in text
    tasks = {task.name: task for task in class_report.per_task(whole)}
    first = tasks["unrolled-sum-check"]
    assert (first.full, first.part, first.none, first.waiting) == (2, 1, 1, 1)
    assert (first.mean, first.separates) == (1.125, None)  # too few to say


def test_a_task_that_separates_is_told_from_one_that_does_not():
    scores = [(2, 2, 0), (2, 2, 2), (2, 2, 0), (2, 1, 2), (0, 0, 0), (0, 0, 2)]
    scores += [(0, 0, 0), (0, 0, 2)]
    results = [
        result(f"s{n}", dict(zip(POINTS, map(float, three), strict=True)))
        for n, three in enumerate(scores)
    ]
    tasks = class_report.per_task(finished(results))
    assert tasks[0].separates > 0.5 > 0.1 > tasks[2].separates


def test_a_task_that_most_wait_for_is_not_called_the_hardest(whole):
    first, *others = class_report.per_task(whole)
    low = replace(first, mean=0.0, full=0, part=0, none=1, waiting=0)
    assert class_report._hardest([low, *others]) is low
    assert class_report._hardest([replace(low, waiting=9), *others]) is not None
    assert class_report._hardest([replace(low, waiting=9)]) is None


def test_an_empty_class_and_a_large_one_have_a_page():
    nobody = class_report.make(finished([]))
    assert "Every hand-in could be read." in nobody
    many = [result(f"s{n:03}", POINTS) for n in range(150)]
    assert class_report.make(finished(many)).count("<rect") > 450


def test_the_histogram_puts_each_in_one_bar():
    drawn = pages.histogram([0, 3.9, 4, 36, 36], 36, marked=4)
    shown = re.findall(r"<title>([\d.]+) to ([\d.]+) points: (\d+)", drawn)
    counted = {(low, high): int(n) for low, high, n in shown}
    assert sum(counted.values()) == 5
    assert (
        counted["0", "4"] == 2 and counted["4", "8"] == 1 and counted["32", "36"] == 2
    )


# -- similarity --------------------------------------------------------------------

OWN = """def unrolled_sum(b, c):
    total = []
    for t in range(len(b)):
        value = 0.0
        for i in range(t + 1):
            factor = 1.0
            for j in range(i + 1, t + 1):
                factor = factor * c[j]
            value = value + factor * b[i]
        total.append(value)
    return np.array(total)
"""
RENAMED = (
    OWN.replace("total", "out").replace("value", "v").replace("factor", "f")
    + "\n# my own idea\n"
)
OTHER = """def unrolled_sum(b, c):
    steps = len(b)
    table = np.ones((steps, steps))
    for last in range(steps):
        for first in range(steps):
            table[last, first] = np.prod(c[first + 1 : last + 1]) * (first <= last)
    answer = table @ b
    return answer if len(answer) else np.zeros(0)
"""


def prints(source):
    release = finished([]).release
    notebook = filled({**model(), "unrolled-sum": source})
    return similarity.fingerprints(notebook, release)


def test_renaming_hides_nothing_and_another_way_is_another_way():
    given = {"ada": prints(OWN), "ben": prints(RENAMED), "cem": prints(OTHER)}
    alone = {k: {"unrolled-sum": v["unrolled-sum"]} for k, v in given.items()}
    (pair,) = similarity.pairs(alone)
    assert (pair.first, pair.second, pair.share) == ("ada", "ben", 1.0)
    assert pair.cells == ("unrolled-sum",)


def test_what_many_wrote_and_the_starter_code_are_left_out():
    given = {f"s{n}": prints(OWN) for n in range(10)}
    assert similarity.pairs(given) == []
    release = finished([]).release
    assert all(
        not marks for marks in similarity.fingerprints(release, release).values()
    )


@pytest.mark.parametrize("source", ["def f(:", "'''", "\t x\n y", "", "\0", "¶" * 50])
def test_code_that_is_none_is_read_as_far_as_it_goes(source):
    assert isinstance(similarity.tokens(source), list)


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    '''Two\n    lines <b>.'''\n    return x + 1.5  # why & how",
        "def broken(:\n  '''without an end",
        "if 1:\n  x\n y",
        "x = 'é' \\\n  + f'{y!r}'",
        "$ not python\n!ls",
        "",
    ],
)
def test_coloured_code_says_what_was_typed(text):
    coloured = str(pages.code(text))
    assert html.unescape(re.sub(r"</?span[^>]*>", "", coloured)) == text
    assert "<b>" not in coloured


def test_words_texts_numbers_and_comments_have_colours():
    coloured = str(pages.code("return 'a', 1  # b"))
    for kind, what in (
        ("k", "return"),
        ("s", "&#x27;a&#x27;"),
        ("m", "1"),
        ("c", "# b"),
    ):
        plain = what.replace("&#x27;", "'")
        assert f'<span class="k-{kind}">{plain}</span>' in coloured


def tokens_with_colours(source):
    kinds = {tokenize.STRING: "s", tokenize.NUMBER: "m", tokenize.COMMENT: "c"}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = kinds.get(token.type, "")
        if token.type == tokenize.NAME and keyword.iskeyword(token.string):
            kind = "k"
        if kind:
            yield kind, token.string


@pytest.mark.parametrize(
    "path", sorted((ROOT / "solutions").glob("*/*.ipynb")), ids=lambda path: path.stem
)
def test_colours_are_those_of_pythons_own_tokenizer(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    compared = 0
    for source in sources:
        if "%pip" in source or (sys.version_info >= (3, 12) and 'f"' in source):
            continue  # from 3.12 on the tokenizer takes f-strings apart
        compared += 1
        found = pages.PYTHON.finditer(source)
        coloured = [(one.lastgroup, one[0]) for one in found if one.lastgroup]
        assert coloured == list(tokens_with_colours(source))
    assert compared > 3


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("rb'a' + Rb\"b\" + f'{x}'", ["rb'a'", 'Rb"b"', "f'{x}'"]),
        ('"""a"b\\"""" ""', ['"""a"b\\""""', '""']),
        ("x1 + .5e-3j + 0xFF", [".5e-3j", "0xFF"]),
        ("1_0.", ["1_0."]),
        ("notin = is_not", []),
        ("'open\nif x", ["'open", "if"]),
    ],
)
def test_colours_of_rare_forms(text, wanted):
    found = [one[0] for one in pages.PYTHON.finditer(text) if one.lastgroup]
    assert found == wanted


def test_code_without_an_end_takes_no_more_time_than_its_length():
    for piece in ('"', "'", '"""', "\\", '"\\', "f'", "0x", "1e", "#\n'"):
        start = time.process_time()
        pages.code(piece * 30_000)
        assert time.process_time() - start < 1, piece

"""What learners wrote must not run in another person's browser."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncourse.grading import class_report, clean, feedback, pages, similarity

from .common import POINTS, cell_of, filled, model
from .finished import finished, result

SCRIPT = "window.pwned=1;document.title='PWNED'"
VECTORS = [
    "<script>{}</script>",
    '<img src=x onerror="{}">',
    '<svg onload="{}"><circle r=9></svg>',
    "<svg><script>{}</script></svg>",
    '<svg><a xlink:href="javascript:{}"><text>x</text></a></svg>',
    '<svg><animate onbegin="{}" attributeName=x dur=1s></svg>',
    '<a href="javascript:{}" class=bait>x</a>',
    '<a href=" &#106;avascript:{}" class=bait>x</a>',
    '<a href="java\tscript:{}" class=bait>x</a>',
    '<a href="data:text/html,<script>{}</script>" class=bait>x</a>',
    '<iframe srcdoc="<script>parent.{}</script>"></iframe>',
    '<iframe src="javascript:parent.{}"></iframe>',
    '<object data="data:text/html,<script>{}</script>"></object>',
    '<embed src="javascript:{}">',
    '<math><mtext><table><mglyph><style><img src=x onerror="{}">',
    '<math><mi xlink:href="javascript:{}">x</mi></math>',
    "<style>@import 'http://evil.example/x.css';</style>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    '<meta http-equiv=refresh content="0;url=http://evil.example/">',
    "<base href=http://evil.example/>",
    '<form action=http://evil.example/><input autofocus onfocus="{}"></form>',
    '<details open ontoggle="{}">x</details>',
    '<video><source onerror="{}"></video>',
    "<img src=http://evil.example/seen.png>",
    '<div style="background:url(http://evil.example/b.png)">x</div>',
    "<p style=position:fixed;inset:0>over all</p>",
    "<noscript><p title=\"</noscript><img src=x onerror='{}'>\"></noscript>",
    '<!--><img src=x onerror="{}">-->',
    "<textarea><img title=\"</textarea><img src=x onerror='{}'>\"></textarea>",
    "<template><script>{}</script></template>",
    '<marquee onstart="{}">x</marquee>',
    "</main></body><script>{}</script>",
    "<title></title><script>{}</script>",
    "![x](javascript:{})",
    "[x](javascript:{})",
    "[x](java&#115;cript:{})",
    "<javascript:{}>",
    '![$\\text{{"><img src=x onerror={}>}}$](y)',
    '$\\text{{<img src=x onerror="{}">}}$',
    "$$\\href{{javascript:{}}}{{x}}$$",
    "$\\style{{background:url(http://evil.example)}}{{x}}$",
    "```mermaid\n</pre><script>{}</script>\n```",
    "```<script>{}</script>\nx\n```",
    '| a |\n|---|\n| <img src=x onerror="{}"> |',
    '\ue0000\ue001<img alt="\ue0000\ue001" src=x onerror="{}"> $x$',
]
HOSTILE = [vector.format(SCRIPT) for vector in VECTORS]


class Seen(HTMLParser):
    """Every element and attribute that a browser would see."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]

    def handle_comment(self, data):
        self.tags.add("!--")


def assert_harmless(text):
    seen = Seen(text)
    assert seen.tags <= clean.TAGS | clean.MATHML, text
    for tag, name, value in seen.attributes:
        if tag in clean.MATHML:
            assert name in clean.MATHML_ATTRIBUTES
            continue
        assert name in {"rel", *clean.ATTRIBUTES.get(tag, ())}, (tag, name)
        if name == "href":
            assert re.match(r"(https?://|mailto:|#)", value, re.I)
        if name == "src":
            assert clean.PICTURE.fullmatch(value)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_way_to_run_is_left(text):
    assert_harmless(clean.html(text))
    assert_harmless(clean.markdown(text))


PIECES = st.sampled_from(
    [*HOSTILE, "<", ">", '"', "'", "$", "$$", "`", "&lt;", "\\", "\n\n", "<p", "<math>"]
    + ["</", "<!--", "-->", "]]>", "<![CDATA[", "\0", "\ue000", "\ue001", "<svg>", "x"]
)


@given(st.lists(PIECES | st.text(max_size=12), max_size=8).map("".join))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_put_together_stays_harmless(text):
    once = clean.html(text)
    assert_harmless(once)
    assert clean.html(once) == once
    assert_harmless(clean.markdown(text))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["output_type", "data", "text", "text/html", "image/png"]
                )
                | st.sampled_from(["text/markdown", "text/plain", "image/svg+xml"])
                | st.text(max_size=5),
                inner | st.sampled_from(HOSTILE),
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
@settings(max_examples=150, deadline=None)
def test_any_output_has_a_way_to_be_shown(given_output):
    if not isinstance(given_output, dict):
        return
    shown = clean.output(given_output)
    assert shown["how"] in {"text", "error", "picture", "html", "note"}
    if shown["how"] == "html":
        assert_harmless(shown["what"])


def test_honest_text_stays_as_it_was():
    assert clean.html("<b>bold</b> <em>x</em> a &lt; b") == (
        "<b>bold</b> <em>x</em> a &lt; b"
    )
    made = clean.markdown(
        "# T\n\nA **word**, `a < b`, $a_t < b$ and\n\n$$x^2 \\tag{8.1}$$"
    )
    assert "<h2>T</h2>" in made and "<strong>word</strong>" in made
    assert "<code>a &lt; b</code>" in made
    assert made.count("<math") == 2 and 'display="block"' in made and "(8.1)" in made
    assert clean.math(r"\nonsense{") == r"<code>\nonsense{</code>"


def test_every_formula_of_the_assignments_becomes_mathml():
    from rnncourse.exercises import ROOT, assignments

    count = 0
    for name in assignments(ROOT):
        path = ROOT / "exercises" / name / f"{name}.ipynb"
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                made = clean.markdown("".join(cell["source"]))
                assert not re.search(r"<code>[^<]*\\[a-z]+[^<]*</code>", made), name
                count += made.count("<math")
    assert count >= 8


def test_pictures_are_kept_and_drawings_become_pictures():
    data = {"output_type": "display_data", "data": {"image/png": "iVBO\nRw0K"}}
    assert clean.output(data) == {
        "how": "picture",
        "what": "data:image/png;base64,iVBORw0K",
    }
    data["data"] = {"image/svg+xml": "<svg><script>1</script></svg>"}
    assert clean.output(data)["what"].startswith("data:image/svg+xml;base64,")
    data["data"] = {"image/png": 'x" onerror="1', "text/plain": "a figure"}
    assert clean.output(data) == {"how": "text", "what": "a figure"}
    data["data"] = {"application/javascript": SCRIPT}
    assert "left out" in clean.output(data)["what"]
    colours = {"output_type": "stream", "text": "\x1b[31mred\x1b[0m \x1b]0;x\a"}
    assert clean.output(colours)["what"].startswith("red ")


# -- in a real browser -------------------------------------------------------------


def hostile_result():
    """Give a hand-in with every vector in text, outputs, answers and words."""
    notebook = filled(model())
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {kind: text}}
        for text in HOSTILE
        for kind in ("text/html", "text/markdown", "image/svg+xml", "text/plain")
    ]
    outputs += [{"output_type": "stream", "name": "stdout", "text": "\n".join(HOSTILE)}]
    outputs += [
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": HOSTILE}
    ]
    own = {"cell_type": "code", "metadata": {}, "source": "\n".join(HOSTILE)}
    notebook["cells"].insert(1, {**own, "outputs": outputs, "execution_count": 1})
    for text in HOSTILE:
        notebook["cells"].insert(
            1, {"cell_type": "markdown", "metadata": {}, "source": text}
        )
    cell_of(notebook, "unrolled-sum")["source"] = "\n".join(HOSTILE)
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade"):
            marks["score"] = 0.0
        if marks.get("solution"):
            marks["comment"] = "\n\n".join(HOSTILE)
    made = result("mallory", dict.fromkeys(POINTS, 0.0), wrong=list(POINTS))
    made.notebook = json.dumps(notebook)
    made.notes, made.flags = HOSTILE[:], HOSTILE[:]
    for found in made.findings.values():
        found[0]["message"] = found[0]["says"] = HOSTILE[0]
    return made, notebook


def hostile_pages():
    made, notebook = hostile_result()
    second = result("trent", dict.fromkeys(POINTS, 0.0))
    second.notebook = made.notebook
    aside = result("<script>x</script>", dict.fromkeys(POINTS, 0.0))
    aside.trouble, aside.notes, aside.notebook = HOSTILE[0], HOSTILE[:1], ""
    whole = finished([made, second, aside])
    pair = similarity.Pair("mallory", "trent", 1.0, 9, ("own cells", "unrolled-sum"))
    return {
        "feedback": feedback.page(whole, made, notebook, score=0, out_of=6),
        "aside": feedback.aside_page(whole, aside),
        "class": class_report.make(whole),
        "similar": similarity.page(whole, [pair]),
    }


OPEN = "() => document.querySelectorAll('details').forEach(d => d.open = true)"
PRESS = """() => document
  .querySelectorAll('a:not([href^="http"]):not([href^=mailto])')
  .forEach(a => a.click?.())"""
FOUND = "() => Boolean(window.pwned || document.title.includes('PWNED'))"


def ran(browser, tmp_path, text):
    """Open a page, press whatever can be pressed; say what ran or called home.

    A page that leads away by itself has taken over, and counts as one that ran.
    """
    from playwright.sync_api import Error

    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: dialog.dismiss())
    page.goto(path.as_uri(), wait_until="load")
    try:
        page.evaluate(OPEN)
        found = page.evaluate(FOUND)
        page.evaluate(PRESS)
        page.wait_for_timeout(150)
        found = found or page.evaluate(FOUND) or page.url.split("#")[0] != path.as_uri()
    except Error as error:
        assert "navigation" in str(error)
        found = True
    context.close()
    foreign = [url for url in asked if not url.startswith(("file:", "data:image/"))]
    return found, foreign


@pytest.fixture(scope="module")
def made_pages():
    return hostile_pages()


@pytest.mark.parametrize("name", ["feedback", "aside", "class", "similar"])
@pytest.mark.parametrize("wall", ["both", "cleaning alone"])
def test_in_a_browser_nothing_runs_and_nobody_is_called(
    browser, tmp_path, made_pages, name, wall
):
    text = made_pages[name]
    assert "Content-Security-Policy" in text
    if wall == "cleaning alone":
        text = re.sub(r"<meta http-equiv=.Content-Security-Policy.*?>", "", text)
    assert ran(browser, tmp_path, text) == (False, [])


def test_the_policy_alone_stops_what_would_run(browser, tmp_path):
    bare = "<!DOCTYPE html><title>x</title>" + "\n".join(HOSTILE[:12])
    assert ran(browser, tmp_path, bare)[0], "the vectors must be able to run at all"
    policy = f'<meta http-equiv="Content-Security-Policy" content="{pages.policy()}">'
    assert ran(browser, tmp_path, policy + bare) == (False, [])


def test_formgrader_runs_nothing_with_the_settings_of_a_course(browser, tmp_path):
    import warnings

    from rnncourse import new_course

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's own dependencies
        import nbformat
        from nbconvert.exporters import HTMLExporter
        from traitlets.config import Config

        scope = {"get_config": lambda: config}
        config = Config()
        exec(new_course.CONFIG.format(course_id="x"), scope)
        notebook = nbformat.from_dict(hostile_result()[1])
        made = []
        for settings_used in (Config(), config):
            exporter = HTMLExporter(config=settings_used, template_name="basic")
            made.append(exporter.from_notebook_node(notebook)[0])
    assert ran(browser, tmp_path, made[0])[0], "it must be able to run at all"
    assert not ran(browser, tmp_path, made[1])[0]

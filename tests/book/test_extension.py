"""What _ext/course.py does to a page, on small pieces of text."""

import importlib.util
import logging

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def course():
    """The extension, which is no part of the package."""
    pytest.importorskip("sphinx")
    spec = importlib.util.spec_from_file_location("course", ROOT / "_ext" / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def set_in_marks(course, text):
    """Return text as the page sets it, below as <h|t>, above as <h'lag>."""
    marks = {"subscript": "|", "superscript": "'"}

    def marked(node):
        if node.tagname == "#text":
            return str(node)
        return f"<{marks[node.tagname]}{''.join(map(marked, node.children))}>"

    return "".join(map(marked, course.set_symbols(text)))


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("the state h_t after", "the state h<|t> after"),
        ("x_tW_x + h_{t−1}W_h + b", "x<|t>W<|x> + h<|t−1>W<|h> + b"),
        ("dh_t/dW_h", "dh<|t>/dW<|h>"),
        ("∂⁺h_t", "∂⁺h<|t>"),
        ("x_tᵀda_t", "x<|t>ᵀda<|t>"),
        ("p_t − e_{y_t}", "p<|t> − e<|y<|t>>"),
        ("γ^lag and γ^(t−i)", "γ<'lag> and γ<'t−i>"),
        ("deck 004 has X_(t)", "deck 004 has X<|(t)>"),
        ("μ_train, W_h[0, 1], h_t²", "μ<|train>, W<|h>[0, 1], h<|t>²"),
        ("C\u0303_{t−1} and C\u0303_t", "C\u0303<|t−1> and C\u0303<|t>"),
        ("p^y (1 − p)^(1−y), e^(−abs z)", "p<'y> (1 − p)<'1−y>, e<'−abs z>"),
    ],
)
def test_symbols_of_running_text_are_set(course, text, page):
    assert set_in_marks(course, text) == page


@pytest.mark.parametrize("text", ["from_next", "n_inputs", "time_series", "rnn_step"])
def test_names_of_code_are_left_alone(course, text):
    assert set_in_marks(course, text) == text


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("up to 1.5 % deep", "up to 1.5~% deep"),
        ("with p = 0.5, |z| = 1 and f(x) ≈ 2", "with p~= 0.5, |z|~= 1 and f(x)~≈ 2"),
        ("chapter 7, Figure 1.5 of deck 002", "chapter~7, Figure~1.5 of deck~002"),
        ("some % and seven chapters = all", "some % and seven chapters~= all"),
        ("y (1 \u2212 y) at (0, 1), (a, b)", "y (1~\u2212~y) at (0,~1), (a, b)"),
        ("0.3 s, 12 ms and 3 °C in 2 steps", "0.3~s, 12~ms and 3~°C in 2 steps"),
        ("-0.1 (-0.2 to -0.3), 2013-11", "\u22120.1 (\u22120.2 to \u22120.3), 2013-11"),
        ("(1 to 3) and (1, 2, 3)", "(1 to 3) and (1, 2, 3)"),
    ],
)
def test_a_line_does_not_end_where_it_should_not(course, text, page):
    assert course.hold_together(text) == page.replace("~", "\u00a0")


def test_a_paragraph_in_italics_is_a_caption_and_a_word_in_italics_is_none(course):
    caption = "<p><em>Figure 1. A <code>cell</code>.</em></p>"
    assert course.mend(caption) == caption.replace("<p>", '<p class="legend">')
    for other in ("<p><em>One</em> word.</p>", "<td><p><em>tanh</em></p></td>"):
        assert course.mend(other) == other


@pytest.mark.parametrize("alt", ["", "  ", "../_images/0f6e.png"])
def test_a_figure_without_alt_text_is_a_warning(course, alt, caplog, monkeypatch):
    monkeypatch.setattr(course, "logger", logging.getLogger("course"))
    course.check_alt(f'<img src="a.png" alt="{alt}"/>', "chapters/01-a")
    assert "chapters/01-a: a figure has no alt text" in caplog.text


def test_a_figure_with_alt_text_is_none(course, caplog, monkeypatch):
    monkeypatch.setattr(course, "logger", logging.getLogger("course"))
    course.check_alt('<img src="a.png" alt="Two lines that cross."/>', "chapters/01-a")
    assert caplog.text == ""


def test_an_inline_script_written_twice_is_kept_once(course):
    class Script:
        def __init__(self, body):
            self.attributes = {"body": body}

    context = {"script_files": [Script("a"), Script("b"), Script("a")]}
    course.change_page(None, "intro", "page.html", context, None)
    assert [s.attributes["body"] for s in context["script_files"]] == ["a", "b"]


def test_stock_output_is_mended(course):
    mended = course.mend(
        '<div id="proof-content"></div><div role="doc-biblioentry"></div>'
        '<table border="1" class="dataframe"></table><pre>a</pre>'
        '<div class="math notranslate">b</div>'
    )
    assert mended == (
        '<div></div><div role="listitem"></div>'
        '<table class="dataframe"></table><pre tabindex="0">a</pre>'
        '<div tabindex="0" class="math notranslate">b</div>'
    )

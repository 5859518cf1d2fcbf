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
    ],
)
def test_symbols_of_running_text_are_set(course, text, page):
    assert set_in_marks(course, text) == page


@pytest.mark.parametrize("text", ["from_next", "n_inputs", "time_series", "rnn_step"])
def test_names_of_code_are_left_alone(course, text):
    assert set_in_marks(course, text) == text


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

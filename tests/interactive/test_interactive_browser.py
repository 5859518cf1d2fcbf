"""Do the interactive figures answer to mouse, touch and keys, in light and dark?"""

import importlib.util
import re
from urllib.parse import unquote

import numpy as np
import pytest

from rnncourse import stills
from rnncourse.datasets import tunes
from tests.conftest import require_tool
from tests.interactive.harness import FIGURES, write_page

LINE = ("first weight", "second weight", "bias b")
MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def show(browser, tmp_path):
    """Open the page; at the end nothing may have been written to the console."""
    contexts, messages = [], []

    def open_page(*, width=1100, quiet=True, before=None, page=None, **options):
        path = write_page(tmp_path, **(page or {}))
        context = browser.new_context(
            viewport={"width": width, "height": 900}, **options
        )
        contexts.append(context)
        sheet = context.new_page()
        sheet.set_default_timeout(30_000)  # a busy machine loads slowly
        if quiet:
            sheet.on("console", lambda m: messages.append(f"{m.type}: {m.text}"))
        sheet.on("pageerror", lambda e: messages.append(f"error: {e}"))
        if before:
            sheet.add_init_script(before)
        sheet.goto(path.as_uri())
        return sheet

    yield open_page
    for context in contexts:
        context.close()
    assert messages == []


def figure(page, name):
    return page.locator(f"[data-figure={name}]")


def panel(page, name):
    text = figure(page, name).locator(".rnn-panel").inner_text()
    return text.replace(MINUS, "-").replace("\n", " ").replace("\u00a0", " ")


def slider(page, name, label):
    return figure(page, name).get_by_label(label, exact=True)


def state_by_hand(xs, w_x, w_h, b, t):
    h = 0.0
    for x in xs[:t]:
        h = np.tanh(w_x * x + w_h * h + b)
    return f"{h:.3f}"


def test_with_scripts_off_the_still_pictures_stay(show):
    page = show(java_script_enabled=False)
    assert page.locator(".rnn-fig").count() == 0
    for name in FIGURES:
        assert page.get_by_alt_text(f"Still picture of {name}").is_visible()


@pytest.mark.parametrize("by_class", [True, False], ids=["class", "data-interactive"])
def test_with_scripts_on_each_figure_takes_the_place_of_its_picture(show, by_class):
    page = show(page={"by_class": by_class})
    for name in FIGURES:
        assert figure(page, name).is_visible()
        assert figure(page, name).get_attribute("aria-label")
        assert page.get_by_alt_text(f"Still picture of {name}").is_hidden()
        assert figure(page, name).evaluate(
            "f => f.parentElement.className.includes('cell_output')"
        )


def test_on_paper_the_still_picture_is_printed(show):
    page = show()
    page.emulate_media(media="print")
    for name in FIGURES:
        assert figure(page, name).is_hidden()
        assert page.get_by_alt_text(f"Still picture of {name}").is_visible()


def test_a_figure_that_fails_leaves_its_picture(show):
    page = show(quiet=False)
    page.evaluate(
        """() => {
          const cell = document.querySelector('.tag_interactive-unrolling');
          cell.removeAttribute('data-rnn-mounted');
          cell.querySelector('.rnn-fig').remove();
          cell.querySelector('img').classList.remove('rnn-still');
          window.rnnFigures.unrolling = () => { throw new Error('broken'); };
          window.rnnFigure.mount();
        }"""
    )
    assert figure(page, "unrolling").count() == 0
    assert page.get_by_alt_text("Still picture of unrolling").is_visible()


def test_parameters_of_the_cell_are_used_and_bad_ones_are_not(show):
    params = {
        "unrolling": {"xs": [0.5, -0.3, 1.0], "w_x": 1.5, "w_h": "wide", "t": 2},
        "windows": {"series": [{"name": "Mine", "start": "2020-02-01",
                                "values": [3, 1, 4, 1, 5, 9, 2, 6]}], "show": 1},
    }  # fmt: skip
    page = show(page={"params": params})
    w_h, b = stills.UNROLLING_WEIGHTS[1:]
    assert "Step 2 of 3" in panel(page, "unrolling")
    want = state_by_hand((0.5, -0.3), 1.5, w_h, b, 2)
    assert want in panel(page, "unrolling")
    assert "4 windows from 8 values" in panel(page, "windows")


def test_unrolling_answers_to_keys_and_keeps_the_focus(show):
    page = show()
    xs, weights = list(stills.UNROLLING_XS), list(stills.UNROLLING_WEIGHTS)
    assert state_by_hand(xs, *weights, 3) in panel(page, "unrolling")
    x1 = figure(page, "unrolling").get_by_role("slider", name="input x 1")
    x1.focus()
    for key in ("ArrowDown", "ArrowDown", "PageDown"):
        page.keyboard.press(key)
    assert x1.get_attribute("aria-valuenow") == "0.3"
    assert x1.evaluate("node => node === document.activeElement")
    xs[0] = 0.3
    assert state_by_hand(xs, *weights, 3) in panel(page, "unrolling")
    page.keyboard.press("End")
    assert x1.get_attribute("aria-valuenow") == "2"
    xs[0] = 2.0
    slider(page, "unrolling", "wh").focus()
    page.keyboard.press("ArrowRight")
    weights[1] += 0.05
    assert state_by_hand(xs, *weights, 3) in panel(page, "unrolling")
    page.wait_for_timeout(500)
    spoken = figure(page, "unrolling").get_by_role("status").inner_text()
    assert state_by_hand(xs, *weights, 3) in spoken.replace(MINUS, "-")


def test_unrolling_steps_through_time_and_folds(show):
    page = show()
    fig = figure(page, "unrolling")
    fig.get_by_role("button", name="Back").click()
    fig.get_by_role("button", name="Back").click()
    assert "Step 1 of 4" in panel(page, "unrolling")
    assert state_by_hand(stills.UNROLLING_XS, *stills.UNROLLING_WEIGHTS, 1) in panel(
        page, "unrolling"
    )
    assert fig.get_by_role("slider", name="input x").count() == 4
    fig.get_by_role("button", name="Fold into a loop").click()
    page.wait_for_timeout(700)
    assert fig.get_by_role("slider", name="input x").count() == 1, "one cell, a loop"
    fig.get_by_role("button", name="Unroll the loop").click()
    page.wait_for_timeout(700)
    assert fig.get_by_role("slider", name="input x").count() == 4
    for _ in range(3):
        fig.get_by_role("button", name="Next step").click()
    assert fig.get_by_role("button", name="Next step").is_disabled()


def test_with_less_motion_the_loop_folds_at_once(show):
    page = show(reduced_motion="reduce")
    fig = figure(page, "unrolling")
    fig.get_by_role("button", name="Fold into a loop").click()
    assert fig.get_by_role("slider", name="input x").count() == 1


def test_unrolling_is_dragged_by_the_mouse(show):
    page = show()
    x4 = figure(page, "unrolling").get_by_role("slider", name="input x 4")
    x4.scroll_into_view_if_needed()
    box = x4.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0], middle[1] - 20, steps=4)
    page.mouse.up()
    up = float(x4.get_attribute("aria-valuenow"))
    assert up == pytest.approx(1.0, abs=0.11)
    page.mouse.move(middle[0], middle[1] + 30)
    assert float(x4.get_attribute("aria-valuenow")) == up, "let go is let go"


@pytest.mark.parametrize("name", FIGURES)
def test_a_finger_moves_something_in_each_figure(show, name):
    page = show(width=390, has_touch=True, is_mobile=True)
    fig = figure(page, name)
    before = panel(page, name)
    if name == "unrolling":
        target, at = fig.get_by_role("slider", name="input x 2"), {"x": 24, "y": 14}
    elif name == "gradient-flow":
        target, at = fig.locator("g.rnn-pick").nth(1), {"x": 20, "y": 20}
    elif name == "windows":
        target, at = fig.locator("svg"), {"x": 250, "y": 120}
    elif name in ("decision-line", "learning-rate", "moving-ball"):
        target, at = fig.locator("svg"), {"x": 60, "y": 60}
    elif name == "backprop-graph":
        target, at = fig.get_by_role("button", name="Next"), {"x": 20, "y": 20}
    elif name == "kernel-slide":
        target, at = fig.locator("svg"), {"x": 180, "y": 160}
    elif name == "backoff":
        target, at = fig.get_by_role("button", name="Take one off"), {"x": 30, "y": 20}
    elif name == "cliff":
        target, at = fig.locator("svg"), {"x": 120, "y": 80}
    elif name == "matrix-power":
        target, at = fig.locator("svg"), {"x": 120, "y": 120}
    elif name == "gru-cell":
        target, at = fig.get_by_role("button", name="Copy"), {"x": 20, "y": 20}
    elif name == "alignment":
        target, at = fig.get_by_role("button", name="Next"), {"x": 20, "y": 20}
    elif name == "beam-search":
        target, at = fig.get_by_role("button", name="Next step"), {"x": 20, "y": 20}
    elif name == "scan-tree":
        target, at = fig.get_by_role("button", name="Next pass"), {"x": 20, "y": 20}
    elif name == "genre-player":
        target, at = fig.get_by_role("button", name="New tune"), {"x": 20, "y": 20}
    elif name == "lstm-cell":
        target, at = fig.get_by_role("button", name="Keep"), {"x": 20, "y": 20}
    elif name in ("word-by-word", "next-character"):
        target, at = fig.get_by_role("button", name="Back"), {"x": 20, "y": 20}
    elif name == "gate-surgery":
        target = fig.get_by_role("button", name="Forget the quotation")
        at = {"x": 20, "y": 20}
    elif name == "state-matching":
        target, at = fig.locator("svg"), {"x": 120, "y": 120}
    elif name == "gradient-spectra":
        target, at = fig.locator("svg"), {"x": 250, "y": 420}
    elif name == "kernel-memory":
        target, at = fig.get_by_role("button", name="Plain sum"), {"x": 20, "y": 20}
    else:
        target, at = fig.get_by_role("button", name="Loop"), {"x": 18, "y": 20}
    target.tap(position=at)
    assert panel(page, name) != before


def test_cliff_throws_a_dot_from_the_wall_and_clipping_holds_it(show):
    page = show()
    fig, bias = figure(page, "cliff"), slider(page, "cliff", "bias b")
    step = fig.get_by_role("button", name="Step", exact=True)
    bias.fill("0.14")
    step.click()
    assert "Thrown out of the picture" in panel(page, "cliff")
    slider(page, "cliff", "threshold").fill("0.5")
    bias.fill("0.14")
    step.click()
    assert "clipped" in panel(page, "cliff")
    assert 0.2 < float(bias.input_value()) < 0.35
    svg = fig.locator("svg")
    svg.click(position={"x": 80, "y": 80})
    assert float(bias.input_value()) < 0
    bias.focus()
    before = float(bias.input_value())
    page.keyboard.press("ArrowRight")
    assert float(bias.input_value()) == pytest.approx(before + 0.005)


def test_gru_cell_goes_to_its_extremes_and_through_time(show):
    page = show()
    fig = figure(page, "gru-cell")
    fig.get_by_role("button", name="Copy").click()
    assert panel(page, "gru-cell").endswith("= 0.80.")
    fig.get_by_role("button", name="Dense layer").click()
    want = f"{np.tanh(0.9 * -0.6):.2f}"
    assert panel(page, "gru-cell").endswith(f"= {want}.")
    fig.get_by_role("button", name="Next step").click()
    assert f"0.00 · ({want})" in panel(page, "gru-cell"), "what was new is old now"
    fig.get_by_label("z keeps the old").uncheck()
    assert "1 − z = 1.00" in panel(page, "gru-cell").replace("-", "−")


LISTEN = """
window.heard = {players: 0, tones: [], closed: 0};
const Real = window.AudioContext;
window.AudioContext = class extends Real {
  constructor() { super(); window.heard.players += 1; }
  createOscillator() {
    const tone = super.createOscillator(), start = tone.start.bind(tone);
    tone.start = (at) => {
      window.heard.tones.push([tone.frequency.value, at]);
      start(at);
    };
    return tone;
  }
  close() { window.heard.closed += 1; return super.close(); }
};
"""


def test_genre_player_sounds_only_when_play_is_pressed_by_key(show):
    page = show(before=LISTEN)
    fig = figure(page, "genre-player")
    fig.get_by_label("Genre").select_option("lullaby")
    fig.get_by_role("button", name="New tune").click()
    assert page.evaluate("heard") == {"players": 0, "tones": [], "closed": 0}
    tune = fig.locator("code").inner_text().split()
    notes = [word.split(":") for word in tune if word != "|"]
    play = fig.get_by_role("button", name="Play")
    play.focus()
    page.keyboard.press("Enter")
    stop = fig.get_by_role("button", name="Stop")
    assert stop.is_visible()
    page.wait_for_timeout(400)
    assert fig.locator("rect.rnn-f-gradient").count() == 1, "the note that sounds"
    heard = page.evaluate("heard")
    assert heard["players"] == 1
    want = [tunes.frequency(tunes.midi(pitch)) for pitch, _ in notes]
    hertz, at = np.array(heard["tones"]).T
    np.testing.assert_allclose(hertz, want, rtol=1e-5)  # audio has single precision
    beats = np.array([int(length) / 6 for _, length in notes])
    second = 60 / tunes.GENRES["lullaby"].tempo
    np.testing.assert_allclose(np.diff(at), beats[:-1] * second, rtol=1e-6)
    stop.press("Enter")
    assert page.evaluate("heard.closed") == 1
    assert fig.locator("rect.rnn-f-gradient").count() == 0
    assert play.is_visible()


def test_genre_player_without_audio_shows_the_notes_and_says_so(show):
    gone = "delete window.AudioContext; delete window.webkitAudioContext;"
    page = show(before=gone)
    figure(page, "genre-player").get_by_role("button", name="Play").click()
    assert "no audio" in panel(page, "genre-player")
    page.wait_for_timeout(300)
    assert figure(page, "genre-player").locator("rect.rnn-f-gradient").count() == 1


def test_genre_player_mixes_and_stops_when_something_is_changed(show):
    page = show(before=LISTEN)
    fig = figure(page, "genre-player")
    before = fig.locator("code").inner_text()
    fig.get_by_role("button", name="Play").click()
    slider(page, "genre-player", "share of the second").fill("0.5")
    assert page.evaluate("heard.closed") == 1
    assert "(0.50, 0.00, 0.50, 0.00)" in panel(page, "genre-player")
    slider(page, "genre-player", "share of the second").fill("0")
    assert fig.locator("code").inner_text() == before
    fig.get_by_role("button", name="New tune").click()
    assert fig.locator("code").inner_text() != before
    slider(page, "genre-player", "temperature").press("Home")
    assert "Tune 2," in panel(page, "genre-player")


def test_lstm_cell_keeps_falls_silent_and_goes_on(show):
    page = show()
    fig = figure(page, "lstm-cell")
    fig.get_by_role("button", name="Keep").click()
    assert f"tanh(1.20) = {0.7 * np.tanh(1.2):.2f}." in panel(page, "lstm-cell")
    fig.get_by_role("button", name="Silent").click()
    assert panel(page, "lstm-cell").endswith("= 0.00.")
    fig.get_by_role("button", name="Add").click()
    fig.get_by_role("button", name="Next step").click()
    assert "1.00 · 0.60 = 0.60" in panel(page, "lstm-cell"), "the new cell is the old"
    gate = slider(page, "lstm-cell", "f, keep")
    gate.focus()
    page.keyboard.press("ArrowLeft")
    assert "0.95 · 0.60 = 0.57" in panel(page, "lstm-cell")


def test_matrix_power_counts_to_two_hundred(show):
    page = show()
    fig = figure(page, "matrix-power")
    assert "spectral radius 0.900" in panel(page, "matrix-power")
    fig.get_by_label("Matrix").select_option("growth")
    fig.get_by_role("button", name="200 products").click()
    assert "1.90e+8" in panel(page, "matrix-power")
    slider(page, "matrix-power", "start, degrees").fill("90")
    text = panel(page, "matrix-power")  # 7.06e-10, but for the rounding of cos 90°
    assert "longest 1.000, after 0" in text and "1.16e-8" in text
    fig.locator("svg").click(position={"x": 260, "y": 164})
    assert slider(page, "matrix-power", "start, degrees").input_value() == "0"


def test_kernel_memory_fades_turns_and_becomes_a_plain_sum(show):
    page = show()
    fig = figure(page, "kernel-memory")
    assert "after 10.0 steps" in panel(page, "kernel-memory")
    slider(page, "kernel-memory", "decay").focus()
    page.keyboard.press("ArrowLeft")  # 0.45 a second, 0.2 seconds a step
    assert "after 11.1 steps" in panel(page, "kernel-memory")
    slider(page, "kernel-memory", "step Δ").fill("0.4")
    assert "after 5.6 steps" in panel(page, "kernel-memory")
    fig.get_by_role("button", name="Plain sum").click()
    text = panel(page, "kernel-memory")
    assert "never fades" in text and "b = 0.400 + 0.000i" in text
    fig.get_by_role("button", name="Reset").click()
    assert "after 10.0 steps" in panel(page, "kernel-memory")


def test_decision_line_is_dragged_on_both_of_its_pictures(show):
    page = show()
    svg = figure(page, "decision-line").locator("svg")
    w1, w2, b = stills.LINE_START
    before = [float(slider(page, "decision-line", n).input_value()) for n in LINE]
    assert before == [w1, w2, b]
    svg.drag_to(
        svg, source_position={"x": 60, "y": 60}, target_position={"x": 60, "y": 160}
    )
    after = [float(slider(page, "decision-line", n).input_value()) for n in LINE]
    assert after[:2] == before[:2]  # it moves and does not turn
    assert after[2] != b
    box = svg.bounding_box()
    at = {"x": box["width"] - 120, "y": 60}
    svg.click(position=at)
    now = [float(slider(page, "decision-line", n).input_value()) for n in LINE]
    assert now[:2] != after[:2]
    assert now[2] == after[2]


def test_decision_line_takes_the_steps_of_the_chapter(show):
    page = show()
    w1, w2, b = stills.LINE_START
    want = stills.line_numbers((w1, w2), b)
    assert f"{want['loss']:.3f}" in panel(page, "decision-line")
    figure(page, "decision-line").get_by_role("button", name="Gradient step").click()
    after = stills.line_numbers(
        (w1 - 2 * want["dw"][0], w2 - 2 * want["dw"][1]), b - 2 * float(want["db"])
    )
    assert f"{after['loss']:.3f}" in panel(page, "decision-line")
    for _ in range(20):
        figure(page, "decision-line").get_by_role("button", name="Perceptron").click()
    assert "which was wrong" in panel(page, "decision-line")  # none fits all points


def test_learning_rate_crosses_its_bound(show):
    page = show()
    fig = figure(page, "learning-rate")
    assert "Below the bound" in panel(page, "learning-rate")
    fig.get_by_role("button", name="1 % above").click()
    text = panel(page, "learning-rate")
    assert "-1.020 for λ = 1.848" in text
    assert "the walk leaves the bowl" in text
    slider(page, "learning-rate", "steps").focus()
    page.keyboard.press("Home")
    assert "After 0 steps the loss is 0.787635 above" in panel(page, "learning-rate")
    fig.get_by_role("combobox", name="Surface").select_option("neuron")
    assert "the bound 2/λmax at the bottom is 21.002" in panel(page, "learning-rate")
    slider(page, "learning-rate", "learning rate η").press("End")
    assert "jumps to and fro" in panel(page, "learning-rate")
    fig.get_by_role("button", name="Reset").click()
    assert panel(page, "learning-rate").startswith("η = 8.000")


def test_learning_rate_is_dragged_on_two_of_its_pictures(show):
    page = show()
    svg = figure(page, "learning-rate").locator("svg")
    names = ("learning rate η", "start, first weight", "start, second weight")

    def values():
        return [float(slider(page, "learning-rate", n).input_value()) for n in names]

    before = values()
    svg.click(position={"x": 200, "y": 200})
    moved = values()
    assert moved[0] == before[0]
    assert moved[1] != before[1] and moved[2] != before[2]
    box = svg.bounding_box()
    svg.click(position={"x": box["width"] - 20, "y": 60})
    assert values()[1:] == moved[1:]
    assert values()[0] > before[0]


def test_backprop_graph_goes_forwards_then_backwards_by_keys(show):
    page = show()
    fig, want = (
        figure(page, "backprop-graph"),
        stills.graph_numbers(**stills.GRAPH_START),
    )
    assert "Nothing has been computed" in panel(page, "backprop-graph")
    assert fig.get_by_role("button", name="Back").is_disabled()
    fig.get_by_role("button", name="Next").click()
    assert f"= {want['a1']:.3f} (3.1)" in panel(page, "backprop-graph")
    slider(page, "backprop-graph", "step").focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    assert "Step 7 of 17, backwards" in panel(page, "backprop-graph")
    shown = fig.locator("svg").text_content().replace(MINUS, "-")
    assert f"{want['L']:.3f}" in shown
    assert f"{want['dz']:.3f}" not in shown
    page.keyboard.press("End")
    shown = fig.locator("svg").text_content().replace(MINUS, "-")
    for name, value in want.items():
        assert f"{value:.3f}" in shown, name
    assert f"= {want['dx']:.3f} (3.4)" in panel(page, "backprop-graph")
    assert fig.get_by_role("button", name="Next").is_disabled()


def test_backprop_graph_says_when_a_unit_is_saturated(show):
    page = show()
    slider(page, "backprop-graph", "w1").press("End")
    slider(page, "backprop-graph", "x").press("End")
    slider(page, "backprop-graph", "step").focus()
    for _ in range(13):
        page.keyboard.press("ArrowRight")
    text = panel(page, "backprop-graph")
    assert "Step 13 of 17" in text
    assert "saturated" in text
    figure(page, "backprop-graph").get_by_role("button", name="Reset").click()
    assert float(slider(page, "backprop-graph", "x").input_value()) == 0.8


def test_kernel_slide_is_moved_by_keys_and_by_the_mouse(show):
    page = show()
    fig = figure(page, "kernel-slide")
    assert "= 300 - 113 - 73 = 114" in panel(page, "kernel-slide")
    frame = fig.get_by_role("button", name="Kernel in row")
    frame.focus()
    page.keyboard.press("ArrowRight")
    assert "Row 1, column 2" in panel(page, "kernel-slide")
    assert "= 328" in panel(page, "kernel-slide")
    page.keyboard.press("End")
    assert "Row 5, column 5" in panel(page, "kernel-slide")
    assert "= 421" in panel(page, "kernel-slide")
    page.keyboard.press("Enter")
    assert "= 114" in panel(page, "kernel-slide"), "after the last comes the first"
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    assert "Row 5, column 5" in panel(page, "kernel-slide"), "it stays inside"
    assert frame.evaluate("node => node === document.activeElement")
    box = frame.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    step = box["width"] / 3
    page.mouse.move(box["x"] - step / 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert "Row 5, column 3" in panel(page, "kernel-slide")
    page.mouse.move(box["x"] + step, box["y"] - 2 * step)
    assert "Row 5, column 3" in panel(page, "kernel-slide"), "let go is let go"


def test_kernel_slide_turns_its_kernel_and_fills_the_map(show):
    page = show()
    fig = figure(page, "kernel-slide")
    fig.get_by_role("combobox", name="Kernel").select_option("left to right")
    assert "= 113 + 121 = 234" in panel(page, "kernel-slide")
    fig.get_by_role("checkbox").check()
    assert "= -113 - 121 = -234" in panel(page, "kernel-slide")
    fig.get_by_role("button", name="Reset").click()
    fig.get_by_role("button", name="Fill all").click()
    sums = fig.locator("svg text.rnn-f-output").all_text_contents()
    assert sums[0] == "114" and len([s for s in sums if s]) == 25
    fig.get_by_role("button", name="Next place").click()
    assert "Row 1, column 2" in panel(page, "kernel-slide")


def test_backoff_reads_what_is_typed_and_falls_back_when_it_is_new(show):
    page = show()
    assert "after “sha”: seen 5 times, 3 kinds" in panel(page, "backoff")
    field = figure(page, "backoff").get_by_label("What stands before")
    field.fill("SZ!")
    text = panel(page, "backoff")
    assert "after “sz␣”: never seen; it leaves all to “z␣”" in text
    assert "after “␣”: seen" in text
    field.fill("")
    assert "without context: 602 letters, 24 kinds" in panel(page, "backoff")
    assert figure(page, "backoff").get_by_role("button", name="one off").is_disabled()
    figure(page, "backoff").get_by_role("button", name="Reset").click()
    slider(page, "backoff", "order k").press("End")
    figure(page, "backoff").get_by_role("button", name="likeliest").click()
    assert field.input_value() == "shal"


def test_moving_ball_shows_where_it_is_and_what_the_rules_miss(show):
    page = show()
    fig = figure(page, "moving-ball")
    assert "The ball is at" not in panel(page, "moving-ball")
    slider(page, "moving-ball", "snapshots").press("End")
    fig.get_by_role("button", name="Show where it is").click()
    text = panel(page, "moving-ball")
    assert "Throw 1, 4 snapshots" in text
    assert "The ball is at (0.60, 0.75)" in text
    assert "Straight on (5.9): 0.08. With the step changing (5.10): 0.00." in text
    fig.get_by_role("checkbox").check()
    assert "there are 24 ways to line them up" in panel(page, "moving-ball")
    fig.get_by_role("combobox", name="Scene").select_option("rolling")
    assert "The ball is at" not in panel(page, "moving-ball"), "a new throw is hidden"
    fig.get_by_role("button", name="Reset").click()
    assert "Throw 1, 2 snapshots" in panel(page, "moving-ball")


def test_moving_ball_takes_a_guess_by_hand_and_by_key(show):
    page = show()
    svg = figure(page, "moving-ball").locator("svg")
    box = svg.bounding_box()
    svg.click(position={"x": box["width"] / 2, "y": 10 + 105})
    assert "Your guess: (0.50, 0.75)" in panel(page, "moving-ball")
    slider(page, "moving-ball", "guess, across").press("Home")
    assert "Your guess: (0.00, 0.7" in panel(page, "moving-ball")


def numbers_after(text, words):
    found = re.search(re.escape(words) + r".*?(-?\d+\.\d{3})", text)
    return float(found.group(1))


def test_gradient_flow_answers_to_keys_and_its_two_ways_agree(show):
    page = show()
    loss = slider(page, "gradient-flow", "loss at t")
    loss.focus()
    page.keyboard.press("ArrowLeft")
    w_x, w_h, b = stills.FLOW_WEIGHTS
    text = panel(page, "gradient-flow")
    want = stills.flow_numbers(stills.FLOW_XS, w_x, w_h, b, t=5, tau=5)
    assert f"= {want.total:.3f}" in text
    assert numbers_after(text, "by the recursion (8.4)") == round(want.total, 3)
    assert numbers_after(text, "immediate part alone") == round(want.immediate[4], 3)
    slider(page, "gradient-flow", "reach τ").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    want = stills.flow_numbers(stills.FLOW_XS, w_x, w_h, b, t=5, tau=2)
    text = panel(page, "gradient-flow")
    assert "Truncated at τ = 2 (8.17), steps 3 to 5" in text
    assert f"= {want.kept:.3f}. Dropped: {want.total - want.kept:.3f}" in text


def test_gradient_flow_shows_the_wrong_end_as_wrong(show):
    page = show()
    box = figure(page, "gradient-flow").get_by_role("checkbox")
    box.focus()
    page.keyboard.press("Space")
    text = panel(page, "gradient-flow")
    assert "Wrong end cut" in text
    w_x, w_h, b = stills.FLOW_WEIGHTS
    want = stills.flow_numbers(stills.FLOW_XS, w_x, w_h, b, t=6, tau=3)
    wrong = sum(want.terms[i - 1] for i in (1, 2, 3, 6))
    assert f"= {wrong:.3f}" in text
    assert f"(8.17) keeps steps 3 to 6: {want.kept:.3f}" in text


def test_gradient_flow_plays_and_ends_where_it_began(show):
    page = show()
    fig = figure(page, "gradient-flow")
    shown = fig.locator("svg").inner_html()
    fig.get_by_role("button", name="Send the gradient back").click()
    page.wait_for_timeout(800)
    assert fig.locator("svg").inner_html() != shown
    page.wait_for_timeout(3600)
    assert fig.locator("svg").inner_html() == shown


def rows(page):
    return figure(page, "windows").locator("tbody tr")


def test_windows_slide_by_keys_and_the_table_follows(show):
    page = show()
    assert rows(page).count() == 7
    slider(page, "windows", "window").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    current = figure(page, "windows").locator("tr[aria-current=true]")
    assert current.inner_text().split("\t") == ["3", "8270, 11390, 6545, 6465", "4895"]
    slider(page, "windows", "horizon").focus()
    page.keyboard.press("ArrowRight")
    slider(page, "windows", "stride").focus()
    page.keyboard.press("ArrowRight")
    assert "3 windows from 11 values" in panel(page, "windows")
    assert rows(page).nth(1).inner_text().split("\t") == [
        "2",
        "8270, 11390, 6545, 6465",
        "4895, 3270",
    ]


def test_windows_of_the_slide_are_marked_wrong(show):
    page = show()
    figure(page, "windows").get_by_role("checkbox").check()
    assert rows(page).count() == 3
    rows(page).nth(1).click()
    assert "Wrong: as printed, the label x6 already stands among" in panel(
        page, "windows"
    )
    rows(page).nth(2).click()
    assert "x10 is skipped" in panel(page, "windows")


def test_windows_slide_over_the_real_series(show):
    page = show()
    fig = figure(page, "windows")
    fig.get_by_role("combobox", name="Series").select_option("1")
    assert "30 windows from 63 values" in panel(page, "windows")
    fig.get_by_role("button", name="Slide").click()
    page.wait_for_timeout(900)
    fig.get_by_role("button", name="Stop").click()
    assert "Window 2" in panel(page, "windows")
    box = fig.locator("svg").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 120)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 120, steps=5)
    page.mouse.up()
    assert "Window 30" in panel(page, "windows")


def test_rnn_cell_explains_the_part_that_has_the_focus(show):
    page = show()
    fig = figure(page, "rnn-cell")
    h = [f"{v:.3f}" for v in cell_step(stills.CELL_X, stills.CELL_H_PREV)]
    fig.get_by_role("button", name="New state (7.4)").focus()
    assert f"({h[0]}, {h[1]})" in panel(page, "rnn-cell")
    fig.get_by_role("button", name="Input weights").hover()
    assert panel(page, "rnn-cell").startswith("Input weights.")
    page.mouse.move(0, 0)
    assert panel(page, "rnn-cell").startswith("New state"), "the chosen part comes back"
    page.keyboard.press("Shift+Tab")
    assert panel(page, "rnn-cell").startswith("Squash (7.4).")


def cell_step(x, h_prev):
    return np.tanh(
        np.array(x) @ stills.CELL_W_X + np.array(h_prev) @ stills.CELL_W_H
        + stills.CELL_B
    )  # fmt: skip


def test_rnn_cell_carries_its_state_to_the_next_step(show):
    page = show()
    fig = figure(page, "rnn-cell")
    h = cell_step(stills.CELL_X, stills.CELL_H_PREV)
    slider(page, "rnn-cell", "xt, entry 1").focus()
    fig.get_by_role("button", name="Next step").click()
    x = np.array(stills.CELL_X)
    slider(page, "rnn-cell", "xt, entry 1").focus()
    page.keyboard.press("ArrowRight")
    x[0] += 0.1
    fig.get_by_role("button", name="New state (7.4)").click()
    want = cell_step(x, h)
    assert f"({want[0]:.3f}, {want[1]:.3f})" in panel(page, "rnn-cell")
    slider(page, "rnn-cell", "H = nneurons").focus()
    page.keyboard.press("ArrowRight")
    table = fig.get_by_role("table").inner_text()
    assert "3 × 3" in table and "18" in table


@pytest.mark.parametrize("width", [320, 390, 1100])
def test_nothing_is_too_wide_too_small_or_too_near(show, width):
    page = show(width=width)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0
    small = page.evaluate(
        """() => [...document.querySelectorAll('.rnn-fig *')].filter(
             n => [...n.childNodes].some(c => c.nodeType === 3 && c.data.trim())
                  && parseFloat(getComputedStyle(n).fontSize) < 12
           ).map(n => n.textContent)"""
    )
    assert small == [], "no text under 12 px"
    spilt = page.evaluate(
        """() => [...document.querySelectorAll('.rnn-fig svg text')].filter(n => {
             const box = n.getBoundingClientRect();
             const out = n.ownerSVGElement.getBoundingClientRect();
             return box.left < out.left - 3 || box.right > out.right + 3;
           }).map(n => n.textContent)"""
    )
    assert spilt == [], "no text outside its picture"
    tight = page.evaluate(
        """() => [...document.querySelectorAll(
             '.rnn-fig :is(button, input, select, [tabindex="0"])')].map(n => {
               const at = n.closest('label') || n;
               const box = at.getBoundingClientRect();
               return [n.textContent || n.type, box.width, box.height];
             }).filter(([, w, h]) => w < 24 || h < 24)"""
    )
    assert tight == [], "targets of at least 24 px"


@pytest.mark.parametrize(
    ("theme", "width"), [("light", 1100), ("dark", 1100), ("light", 390), ("dark", 390)]
)
def test_axe_finds_no_violation(show, theme, width):
    found = importlib.util.find_spec("axe_playwright_python")
    require_tool("axe-playwright-python", found, "it looks for what shuts people out")
    from axe_playwright_python.sync_playwright import Axe

    page = show(width=width, page={"theme": theme})
    figure(page, "gradient-flow").get_by_role("checkbox").check()
    figure(page, "windows").get_by_role("checkbox").check()
    rows(page).nth(1).click()
    violations = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in violations] == []


@pytest.mark.parametrize("name", FIGURES)
def test_a_focused_control_can_be_seen(show, name):
    page = show()
    stops = figure(page, name).locator(":is(button, input, select, [tabindex='0'])")
    first = figure(page, name).locator(":is(button, select):not([disabled])").first
    first.focus()
    seen = set()
    for _ in range(stops.count() - 1):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """() => {
              const n = document.activeElement;
              if (!n.closest('.rnn-fig')) return null;
              const ring = n.querySelector('.rnn-ring');
              const style = getComputedStyle(ring || n);
              const mark = ring ? style.strokeWidth : style.outlineWidth;
              return [n.outerHTML.slice(0, 60), parseFloat(mark)];
            }"""
        )
        if state is None:
            break
        seen.add(state[0])
        assert state[1] >= 2, f"no visible focus on {state[0]}"
    assert len(seen) >= 4


def test_alignment_follows_pointer_and_keys(show):
    page = show()
    fig = figure(page, "alignment")
    assert panel(page, "alignment").startswith("Character 1, ")
    fig.get_by_role("button", name="Next").click()
    assert panel(page, "alignment").startswith("Character 2, ")
    row = slider(page, "alignment", "character written")
    row.focus()
    page.keyboard.press("ArrowRight")
    assert panel(page, "alignment").startswith("Character 3, ")
    fig.locator("svg").hover(position={"x": 60, "y": 30 + 4.5 * 20})
    assert panel(page, "alignment").startswith("Character 5, ")
    slider(page, "alignment", "all scores times").fill("0")
    read = len("saturday, 9 mar 2024")
    assert f"(place 1) {1 / read:.2f}" in panel(page, "alignment")


def test_word_by_word_steps_through_a_question_and_takes_another(show):
    page = show()
    fig = figure(page, "word-by-word")
    assert "Word 4 of 4: what time is it" in panel(page, "word-by-word")
    assert fig.get_by_role("button", name="Next word").is_disabled()
    for _ in range(3):
        fig.get_by_role("button", name="Back").click()
    assert "Word 1 of 4: what \u00b7 \u00b7 \u00b7" in panel(page, "word-by-word")
    assert fig.get_by_role("button", name="Back").is_disabled()
    field = fig.get_by_label("Your question")
    field.fill("Set a TIMER, [zork]!")
    text = panel(page, "word-by-word")
    assert "Word 4 of 4: set a timer zork (?)" in text
    field.fill("")
    assert "type a question" in panel(page, "word-by-word")
    fig.get_by_role("button", name="what is the weather").click()
    assert "after it: weather" in panel(page, "word-by-word")
    fig.get_by_role("button", name="Reset").click()
    assert field.input_value() == "what time is it"


def address_of(page):
    """Return the address after its #, when the hand has come to rest."""
    page.wait_for_timeout(450)
    return page.evaluate("location.hash")


def go_to(page, hash_):
    page.evaluate("hash => { location.hash = hash; }", hash_)
    page.wait_for_timeout(120)


def test_a_setting_stands_in_the_address_and_comes_back_from_it(show):
    page = show()
    assert address_of(page) == "", "nothing is written before a hand moves something"
    slider(page, "cliff", "bias b").focus()
    page.keyboard.press("ArrowLeft")
    slider(page, "cliff", "time steps").fill("50")
    hash_ = address_of(page)
    assert hash_ == "#fig-cliff:bias-b=0.495&time-steps=50"
    shown = panel(page, "cliff")
    other = show()
    go_to(other, hash_)
    assert panel(other, "cliff") == shown
    assert figure(other, "cliff").evaluate(
        "f => { const b = f.getBoundingClientRect();"
        " return b.top < innerHeight && b.bottom > 0; }"
    ), "the address leads to its figure"
    figure(page, "cliff").get_by_role("button", name="Reset").click()
    assert address_of(page) == "", "the beginning needs no address"


def test_an_address_is_read_when_the_page_opens(show):
    page = show()
    url = page.url
    page.goto("about:blank")
    page.goto(f"{url}#fig-matrix-power:matrix=growth&products-k=200")
    assert "1.90e+8" in panel(page, "matrix-power")
    text = panel(page, "cliff")
    go_to(page, "#fig-matrix-power:start-degrees=90&matrix=growth&products-k=200")
    assert "1.16e-8" in panel(page, "matrix-power")
    go_to(page, "#fig-matrix-power:products-k=3")
    assert "Eigenvalues 0.90 and 0.90" in panel(page, "matrix-power")
    assert panel(page, "cliff") == text, "the other figures stay as they are"


@pytest.mark.parametrize(
    "hash_",
    [
        "#some-section",
        "#fig-nobody:a=1",
        "#fig-cliff:bias-b=wide&time-steps=&=&&threshold=%",
        "#fig-matrix-power:matrix=mine",
        "#fig-cliff",
        "#<img src=x onerror=alert(1)>",
    ],
)
def test_an_address_that_says_nothing_changes_nothing(show, hash_):
    page = show()
    before = [panel(page, name) for name in FIGURES]
    go_to(page, hash_)
    assert [panel(page, name) for name in FIGURES] == before
    assert unquote(address_of(page)) == hash_, "an anchor stays in the address"


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("unrolling", "step=1&inputs=0.3%2C0.5%2C-1%2C2&w-h=1.2"),
        ("unrolling", "folded=1"),
        ("kernel-slide", "place=2%2C5&kernel=left%20to%20right"),
        ("moving-ball", "scene=rolling&throw=2&snapshots=3"),
        ("backoff", "context=the%20w&order-k=4"),
        ("genre-player", "tune=7&genre=lullaby&temperature=0.3"),
        ("word-by-word", "question=set%20a%20timer&word=2"),
        ("rnn-cell", "part=h&xt-entry-1=0.4"),
        ("gradient-flow", "loss-at-t=5&cut-the-wrong-end-as-a-p=1"),
        ("beam-search", "table=greedy%20is%20fooled&width-k=3&step=2&candidate=2"),
    ],
)
def test_what_no_control_shows_is_in_the_address_too(show, name, setting):
    page = show(reduced_motion="reduce")
    fig = figure(page, name)

    def said():
        page.wait_for_timeout(100)
        return fig.locator("svg").first.inner_html(), panel(page, name)

    before = said()
    go_to(page, f"#fig-{name}:{setting}")
    there = said()
    assert there != before
    go_to(page, f"#fig-{name}:")
    assert said() == before, "an empty setting is the beginning"
    go_to(page, f"#fig-{name}:{setting}")
    assert said() == there


def test_a_page_that_may_not_change_its_address_still_works(show):
    page = show(before="history.replaceState = () => { throw new Error('no'); };")
    slider(page, "cliff", "time steps").fill("50")
    assert address_of(page) == ""
    assert slider(page, "cliff", "time steps").input_value() == "50"


def test_gate_surgery_cuts_where_the_hand_drags(show):
    page = show(page={"figures": ["gate-surgery"]})
    fig, svg = figure(page, "gate-surgery"), figure(page, "gate-surgery").locator("svg")
    assert "forget gate of unit 9 held shut, step 12" in panel(page, "gate-surgery")
    assert ") from 0.40 to 0.04" in panel(page, "gate-surgery")
    fig.get_by_role("button", name="Forget the quotation").click()
    text = panel(page, "gate-surgery")
    assert "unit 10 held shut, step 12" in text and '" from 0.30 to 0.00' in text
    box = svg.bounding_box()
    x, y = box["x"] + 22 + 9.5 * 22, box["y"] + 26 + 4.5 * 13  # step 10, unit 4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3 * 22, y, steps=4)
    page.mouse.up()
    page.mouse.move(x + 6 * 22, y)
    assert "unit 4 held shut, steps 10 to 13" in panel(page, "gate-surgery")
    page.mouse.click(box["x"] + 22 + 2.5 * 22, box["y"] + 12)
    assert "After step 3" in panel(page, "gate-surgery")


def test_gate_surgery_answers_to_keys_and_to_other_texts(show):
    page = show(page={"figures": ["gate-surgery"]})
    fig = figure(page, "gate-surgery")
    fig.get_by_label("to step").focus()
    page.keyboard.press("ArrowRight")
    assert "steps 12 to 13" in panel(page, "gate-surgery")
    fig.get_by_label("Hold the").select_option("o")
    fig.locator("select").nth(1).select_option("-1")
    fig.get_by_label("shut or open").select_option("1")
    assert "output gate of all units held open" in panel(page, "gate-surgery")
    fig.get_by_label("held").uncheck()
    text = panel(page, "gate-surgery")
    assert "Nothing is held" in text
    loss = re.search(r"loss (\d\.\d+) nats a symbol, now (\d\.\d+)", text)
    assert loss.group(1) == loss.group(2), "untouched twice"
    field = fig.get_by_label("Text")
    field.fill("No <b>one</b>!")
    assert field.input_value() == "no one"
    assert slider(page, "gate-surgery", "look after step").get_attribute("max") == "6"
    field.fill("")
    assert "Type a text" in panel(page, "gate-surgery")
    field.fill("(so")
    for view in ("d", "h", "i", "f", "o"):
        fig.get_by_label("Show").select_option(view)
        assert fig.locator("svg rect").count() > 3 * 16
    fig.get_by_role("button", name="Reset").click()
    assert ") from 0.40 to 0.04" in panel(page, "gate-surgery")


def test_state_matching_marks_by_hand_and_by_key(show):
    page = show(page={"figures": ["state-matching"]})
    fig = figure(page, "state-matching")
    text = panel(page, "state-matching")
    assert "places 180 to 185" in text and "8 of the 8 nearest" in text
    fig.get_by_label("Compare").select_option("10")
    assert "2 of the 8 nearest" in panel(page, "state-matching"), "as the chapter says"
    assert fig.locator("tbody tr").count() == 8
    box = fig.locator("svg").bounding_box()
    cols = int(box["width"] // 12)
    wide = box["width"] / cols
    page.mouse.move(box["x"] + 2.5 * wide, box["y"] + 36)
    page.mouse.down()
    page.mouse.move(box["x"] + 6.5 * wide, box["y"] + 36, steps=5)
    page.mouse.up()
    page.mouse.move(box["x"] + 20 * wide, box["y"] + 60)
    assert f"places {cols + 3} to {cols + 7}" in panel(page, "state-matching")
    slider(page, "state-matching", "length").focus()
    page.keyboard.press("Home")
    assert f"places {cols + 3} to {cols + 3}" in panel(page, "state-matching")
    fig.get_by_label("Compare").select_option("marked")
    slider(page, "state-matching", "length").press("End")
    slider(page, "state-matching", "on beyond").fill("0.95")
    slider(page, "state-matching", "span from").fill("1")
    assert "units none" in panel(page, "state-matching")
    fig.get_by_role("button", name="Reset").click()
    assert "places 180 to 185" in panel(page, "state-matching")


def test_gradient_spectra_shows_what_training_did_to_the_gradient(show):
    page = show(page={"figures": ["gradient-spectra"]})
    fig = figure(page, "gradient-spectra")
    assert "11 of 12 directions" in panel(page, "gradient-spectra")
    fig.get_by_label("Network").select_option("small_1200")
    text = panel(page, "gradient-spectra")
    assert "1 of 12 directions" in text
    assert float(re.search(r"probability (0\.\d+)", text).group(1)) > 0.8
    box = fig.locator("svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 14, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 60, box["y"] + 100, steps=3)
    page.mouse.up()
    page.mouse.move(box["x"] + 400, box["y"] + 100)
    lag = int(slider(page, "gradient-spectra", "lag k").input_value())
    assert 33 <= lag <= 37 and f"Lag {lag}:" in panel(page, "gradient-spectra")
    loss = slider(page, "gradient-spectra", "loss at step t")
    loss.fill("5")
    assert "Lag 5:" in panel(page, "gradient-spectra"), "no lag beyond the first state"
    loss.focus()
    page.keyboard.press("ArrowLeft")
    assert "Asked after step 4" in panel(page, "gradient-spectra")
    fig.get_by_role("button", name="Reset").click()
    assert "Lag 20: singular values 0.202" in panel(page, "gradient-spectra")


@pytest.mark.parametrize(
    ("name", "setting", "said"),
    [
        ("gate-surgery", "text=(no%20one)&of=-1&from-step=2&to-step=3", "all units"),
        ("gate-surgery", "hold-the=o&of=9&shut-or-open=1", "output gate of unit 9"),
        ("state-matching", "span-from=343&length=3&compare=9", "places 343 to 345"),
        ("gradient-spectra", "network=orthogonal_300&lag-k=7&country=4", "Lag 7:"),
    ],
)
def test_a_setting_of_surgery_matching_or_spectra_can_be_linked_to(
    show, name, setting, said
):
    page = show(page={"figures": [name]})
    before = panel(page, name)
    assert said not in before
    go_to(page, f"#fig-{name}:{setting}")
    there = panel(page, name)
    assert said in there
    go_to(page, f"#fig-{name}:")
    assert panel(page, name) == before
    go_to(page, f"#fig-{name}:{setting}")
    assert panel(page, name) == there


def test_scan_tree_knows_every_state_after_its_last_pass(show):
    page = show()
    fig = figure(page, "scan-tree")
    assert "Pass 0 of 5, 0 of 11 joinings" in panel(page, "scan-tree")
    assert fig.get_by_role("button", name="Back").is_disabled()
    for _ in range(3):
        fig.get_by_role("button", name="Next pass").click()
    text = panel(page, "scan-tree")  # places 1, 2, 4 and 8
    assert "4 of 8 states are known" in text
    h = 2.0
    for t in range(8):
        h = h / 2 + (0 if t % 3 else 1)
    assert f"Place 8 holds steps 1 to 8: h = {h:.3f}" in text
    fig.get_by_label("Way").select_option("hillis-steele")
    assert "Pass 0 of 3, 0 of 17 joinings" in panel(page, "scan-tree")
    slider(page, "scan-tree", "steps T").fill("16")
    fig.get_by_role("button", name="All").click()
    assert "16 of 16 states are known" in panel(page, "scan-tree")
    assert fig.get_by_role("button", name="Next pass").is_disabled()
    width = fig.locator("svg").bounding_box()["width"]
    fig.locator("svg").click(position={"x": 44 + 0.5 * (width - 52) / 16, "y": 60})
    assert "Place 1 holds step 1 alone: h = 2.000" in panel(page, "scan-tree")
    slider(page, "scan-tree", "place").fill("5")
    assert "Place 5 holds steps 1 to 5" in panel(page, "scan-tree")


def test_beam_search_shows_a_beam_that_is_fooled_and_one_that_is_not(show):
    page = show()
    fig = figure(page, "beam-search")
    text = panel(page, "beam-search")
    assert "Width 2 finds b b b a, p = 0.041. Width 1, greedy: a end, p = 0.200" in text
    assert "Step 1 of 4, candidate 1 of 3: a, p = 0.500; kept." in text
    assert fig.get_by_role("button", name="Back").is_disabled()
    fig.get_by_role("button", name="Next step").click()
    candidate = slider(page, "beam-search", "candidate")
    candidate.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    said = "candidate 3 of 6: a end, p = 0.500 \u00b7 0.40 = 0.200; dropped: 2 better."
    assert said in panel(page, "beam-search")
    width = slider(page, "beam-search", "width k")
    width.focus()
    page.keyboard.press("ArrowRight")
    assert "Width 3 finds a end, p = 0.200" in panel(page, "beam-search")
    candidate.fill("3")
    assert "kept, and set aside: it has ended." in panel(page, "beam-search")
    fig.get_by_label("Table").select_option("greedy is fooled")
    width.fill("2")
    text = panel(page, "beam-search")
    assert "Width 2 finds b end, p = 0.360. Width 1, greedy: a end, p = 0.200" in text
    slider(page, "beam-search", "penalty \u03b1").fill("1")
    assert "b end, p = 0.360, score -0.876" in panel(page, "beam-search")


def test_beam_search_tells_what_is_pointed_at(show):
    page = show()
    fig = figure(page, "beam-search")
    fig.get_by_role("button", name="All").click()
    assert "Step 4 of 4, candidate 1 of 6" in panel(page, "beam-search")
    box = fig.locator("svg").bounding_box()
    column = (box["width"] - 40) / 4
    page.mouse.move(box["x"] + 28 + 1.5 * column, box["y"] + 44 + 2 * 26)
    assert "Step 2 of 4, candidate 3 of 6: a end" in panel(page, "beam-search")


def test_next_character_answers_to_its_knobs(show):
    page = show()
    fig = figure(page, "next-character")
    cut = panel(page, "next-character")
    assert "read: QUEEN MARGARET:" in cut
    slider(page, "next-character", "top k").press("Home")
    assert "1 of 65 characters kept" in panel(page, "next-character")
    assert "as good as 1.00 choices" in panel(page, "next-character")
    fig.get_by_role("button", name="Draw 20").click()
    drawn = panel(page, "next-character").split("twenty draws: ")[1].split()
    assert len(drawn) == 20
    assert len(set(drawn)) == 1
    fig.get_by_role("button", name="As learned").click()
    text = panel(page, "next-character")
    assert "65 of 65 characters kept, 100.0 %" in text
    raw = fig.locator(".rnn-panel").inner_text()
    assert "100.0\u00a0%" in raw  # no line ends between the two
    assert "twenty draws" not in text
    warm = slider(page, "next-character", "temperature")
    warm.press("End")
    assert panel(page, "next-character") != text
    fig.get_by_role("button", name="Reset").click()
    assert panel(page, "next-character") == cut
    fig.get_by_role("button", name="Back").click()
    fig.get_by_role("button", name="Next character").click()
    assert panel(page, "next-character") == cut

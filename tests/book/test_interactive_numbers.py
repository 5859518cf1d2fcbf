"""Do the interactive figures compute what the package computes?

Each script exports its small computation; Node runs it on random inputs and the
answers are compared with :mod:`rnncourse.reference` and with the still pictures.
"""

import ast
import base64
import json
import re
import shutil
import subprocess
from datetime import date

import numpy as np
import pytest
import torch

from rnncourse import stills
from rnncourse.checks.ch17 import NUCLEUS, TOP_K
from rnncourse.datasets import load_energy
from rnncourse.datasets.brackets import (
    SYMBOLS,
    encode_brackets,
    make_brackets,
    read_brackets,
)
from rnncourse.datasets.tunes import GENRES, frequency, kept_rules, midi
from rnncourse.forecasting import make_windows
from rnncourse.nn.state_space import mode_kernel, zero_order_hold
from rnncourse.plotting import COLOURS
from rnncourse.reference.analysis import jacobian_products
from rnncourse.reference.attention import attention_forward
from rnncourse.reference.conditioning import context_state
from rnncourse.reference.convolution import ConvParams, conv2d_forward, flip_kernel
from rnncourse.reference.dense import DenseParams
from rnncourse.reference.functional import softmax
from rnncourse.reference.gru import GRUParams, gru_forward, gru_step
from rnncourse.reference.lstm import LSTMParams, lstm_step
from rnncourse.reference.rnn import (
    RNNParams,
    init_rnn,
    rnn_backward,
    rnn_backward_truncated,
    rnn_forward,
    rnn_step,
    rnn_step_backward,
)
from rnncourse.reference.scan import METHODS, linear_loop
from rnncourse.reference.search import beam_search
from rnncourse.text import NGram, Vocabulary, words
from rnncourse.trained import NETWORKS, load_network
from tests.conftest import ROOT, require_tool

SCRIPTS = ROOT / "_ext" / "interactive"
NODE = shutil.which("node")
N_CASES = 60

RUN = """
const [file, what] = process.argv.slice(1);
const made = require(file)[what];
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(
  typeof made === "function" ? cases.map((c) => made(c)) : made));
"""


def node(figure, what, cases=()):
    """Call the function ``what`` of a figure once a case, or read its constant."""
    require_tool("node", NODE, "it runs the figures' scripts")
    done = subprocess.run(
        [NODE, "-e", RUN, str(SCRIPTS / f"{figure}.js"), what],
        input=json.dumps(list(cases)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def close(got, want):
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def scalar_network(c):
    p = RNNParams(
        W_x=np.array([[c["w_x"]]]), W_h=np.array([[c["w_h"]]]), b=np.array([c["b"]])
    )
    xs = np.array(c["xs"]).reshape(-1, 1, 1)
    return p, xs, np.array([[c["h0"]]])


def draw_scalar(rng):
    return {
        "xs": rng.normal(size=rng.integers(1, 9)).tolist(),
        "w_x": rng.normal(),
        "w_h": 1.5 * rng.normal(),
        "b": rng.normal(),
        "h0": rng.uniform(-1, 1),
    }


def test_unrolling_gives_the_states_of_rnn_forward():
    rng = np.random.default_rng(0)
    cases = [draw_scalar(rng) for _ in range(N_CASES)]
    for case, got in zip(cases, node("unrolling", "states", cases), strict=True):
        p, xs, h0 = scalar_network(case)
        hs, _, _ = rnn_forward(xs, p, h0)
        close(got["h"], np.concatenate([h0[0], hs[:, 0, 0]]))
        close(np.tanh(got["a"]), hs[:, 0, 0])


def test_gradient_flow_gives_every_term_and_the_sums():
    rng = np.random.default_rng(1)
    cases = []
    for _ in range(N_CASES):
        case = draw_scalar(rng)
        T = len(case["xs"])
        t = int(rng.integers(1, T + 1))
        cases.append(case | {"t": t, "tau": int(rng.integers(0, T + 1))})
    for case, got in zip(cases, node("gradient-flow", "flow", cases), strict=True):
        p, xs, h0 = scalar_network(case)
        T, t, tau = len(xs), case["t"], case["tau"]
        hs, _, cache = rnn_forward(xs, p, h0)
        close(got["h"], np.concatenate([h0[0], hs[:, 0, 0]]))
        h, immediate, factors = h0, [], []
        for x in xs:
            h, step = rnn_step(x, h, p)
            _, dh_prev, dp = rnn_step_backward(np.ones((1, 1)), step, p)
            immediate.append(dp.W_h[0, 0])
            factors.append(dh_prev[0, 0])
        close(got["immediate"], immediate)
        close(got["factors"], factors)

        dhs = np.zeros((T, 1, 1))
        dhs[t - 1] = 1.0
        total = rnn_backward(dhs, cache, p)[2].W_h[0, 0]
        close(got["total"], total)
        close(got["recursion"], total)
        kept = rnn_backward_truncated(dhs, cache, p, tau)[2].W_h[0, 0]
        close(got["kept"], kept)

        # each term by itself: what one more Jacobian of reach brings in
        reach = [
            rnn_backward_truncated(dhs, cache, p, k)[2].W_h[0, 0] for k in range(t)
        ]
        by_step = np.diff([0.0, *reach])[::-1]
        close(got["terms"], np.concatenate([by_step, np.zeros(T - t)]))
        # the slip: step t, and the oldest steps up to t - tau
        oldest = sum(by_step[: max(0, t - tau)])
        close(got["slip"], oldest + (by_step[-1] if tau > 0 else 0.0))


def test_cutting_the_wrong_end_gives_another_number():
    w_x, w_h, b = stills.FLOW_WEIGHTS
    xs = list(stills.FLOW_XS)
    case = {"xs": xs, "w_x": w_x, "w_h": w_h, "b": b, "t": len(xs), "tau": 2}
    (got,) = node("gradient-flow", "flow", [case])
    assert abs(got["slip"] - got["kept"]) > 0.05
    assert abs(got["total"] - got["kept"]) > 0.05


def test_windows_are_those_of_make_windows():
    rng = np.random.default_rng(2)
    cases = []
    for _ in range(N_CASES):
        length, horizon = (int(k) for k in rng.integers(1, 8, size=2))
        n = length + horizon + int(rng.integers(0, 25))
        stride = int(rng.integers(1, 6))
        sizes = {"length": length, "horizon": horizon, "stride": stride}
        cases.append({"n": n} | sizes)
    for case, got in zip(cases, node("windows", "windows", cases), strict=True):
        n = case.pop("n")
        series = rng.normal(size=n)
        X, Y = make_windows(series, **case)
        assert len(got) == len(X)
        np.testing.assert_array_equal([series[w["features"]] for w in got], X)
        np.testing.assert_array_equal([series[w["labels"]] for w in got], Y)
        count = (n - case["length"] - case["horizon"]) // case["stride"] + 1
        assert len(got) == count, "the number the figure prints"


def test_the_slides_windows_are_wrong_where_the_figure_says_so():
    cases = [{"n": n, "length": k} for n in range(6, 26) for k in range(3, n // 2 + 1)]
    assert len(cases) >= 50
    for case, got in zip(cases, node("windows", "slips", cases), strict=True):
        n, tau = case["n"], case["length"]
        X, Y = make_windows(np.arange(n), tau)
        right = [([*x], [*y]) for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
        first, second, last = got
        assert first["fault"] is None
        assert (first["features"], first["labels"]) == right[0]
        assert second["fault"] == "leak"
        assert second["features"] == [tau, *range(tau, 2 * tau)], "x_{tau+1} twice"
        assert second["labels"][0] in second["features"], "the label is a feature"
        assert last["fault"] == "gap"
        assert last["labels"][0] - last["features"][-1] == 2, "one day is skipped"
        for wrong in (second, last):
            assert (wrong["features"], wrong["labels"]) not in right


def test_rnn_cell_gives_the_step_of_the_reference():
    rng = np.random.default_rng(3)
    cases = []
    for _ in range(N_CASES):
        D, H = 2, 2
        cases.append(
            {
                "x": rng.normal(size=D).tolist(),
                "h_prev": rng.uniform(-1, 1, size=H).tolist(),
                "W_x": rng.normal(size=(D, H)).tolist(),
                "W_h": rng.normal(size=(H, H)).tolist(),
                "b": rng.normal(size=H).tolist(),
            }
        )
    for case, got in zip(cases, node("rnn-cell", "step", cases), strict=True):
        v = {name: np.array(value) for name, value in case.items()}
        p = RNNParams(W_x=v["W_x"], W_h=v["W_h"], b=v["b"])
        h, _ = rnn_step(v["x"][None], v["h_prev"][None], p)
        close(got["h"], h[0])
        close(got["from_x"], v["x"] @ p.W_x)
        close(got["from_h"], v["h_prev"] @ p.W_h)
        close(np.tanh(got["a"]), h[0])


def test_the_dimension_table_holds_for_real_parameters():
    rng = np.random.default_rng(4)
    cases = [
        {"m": m, "n_inputs": D, "n_neurons": H}
        for m, D, H in rng.integers(1, 9, size=(N_CASES, 3)).tolist()
    ]
    for case, got in zip(cases, node("rnn-cell", "shapes", cases), strict=True):
        m, D, H = case.values()
        p = init_rnn(D, H, rng=rng)
        h, _ = rnn_step(np.zeros((m, D)), np.zeros((m, H)), p)
        assert got["h"] == list(h.shape)
        assert got["x"] == [m, D]
        for name in p._fields:
            assert got[name] == list(getattr(p, name).shape)
        assert got["weights"] == sum(a.size for a in p)


def test_still_pictures_start_with_the_numbers_of_the_scripts():
    unrolling = node("unrolling", "START")
    assert unrolling.pop("xs") == list(stills.UNROLLING_XS)
    assert list(unrolling.values()) == list(stills.UNROLLING_WEIGHTS)
    flow = node("gradient-flow", "START")
    assert flow.pop("xs") == list(stills.FLOW_XS)
    assert list(flow.values()) == list(stills.FLOW_WEIGHTS)
    deck = node("windows", "DECK")
    assert deck["values"] == list(stills.DECK_VALUES)
    assert deck["start"] == "2017-01-01"
    cell = node("rnn-cell", "START")
    for name, value in {
        "x": stills.CELL_X,
        "h_prev": stills.CELL_H_PREV,
        "W_x": stills.CELL_W_X,
        "W_h": stills.CELL_W_H,
        "b": stills.CELL_B,
    }.items():
        assert cell[name] == json.loads(json.dumps(value))


def test_the_stretch_of_german_electricity_is_the_real_one():
    shown = node("windows", "ENERGY")
    energy = load_energy()
    first = int(np.flatnonzero(energy.dates == np.datetime64(shown["start"]))[0])
    real = energy.consumption[first : first + len(shown["values"])]
    np.testing.assert_allclose(shown["values"], real, atol=0.0501)
    last = date.fromisoformat(str(energy.dates[first + len(real) - 1])[:10])
    assert last < date(2015, 1, 1), "validation and test years are not shown"


def test_flow_numbers_of_the_still_agree_with_the_script():
    w_x, w_h, b = stills.FLOW_WEIGHTS
    case = {"xs": list(stills.FLOW_XS), "w_x": w_x, "w_h": w_h, "b": b}
    (got,) = node("gradient-flow", "flow", [case | {"t": 5, "tau": 2}])
    want = stills.flow_numbers(stills.FLOW_XS, w_x, w_h, b, t=5, tau=2)
    close(got["h"][1:], want.h)
    for name in ("immediate", "factors", "carried", "terms", "total", "kept"):
        close(got[name], getattr(want, name))


@pytest.mark.parametrize(
    "draw", ["unrolling", "gradient_flow", "windows", "rnn_cell", "backprop_graph"]
)
def test_still_is_drawn_on_the_axes_it_is_given(draw):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    try:
        assert getattr(stills, draw)(ax=ax) is ax
        texts = [text.get_text() for text in ax.texts]
        assert len(texts) > 10
        figure.canvas.draw()
    finally:
        plt.close(figure)


def test_unrolling_still_prints_the_states_of_the_reference():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    xs = (0.3, -1.2, 0.8)
    figure, ax = plt.subplots()
    try:
        stills.unrolling(xs=xs, w_x=0.9, w_h=-0.6, b=0.2, ax=ax)
        texts = {text.get_text().replace("\N{MINUS SIGN}", "-") for text in ax.texts}
    finally:
        plt.close(figure)
    p, inputs, h0 = scalar_network(
        {"xs": xs, "w_x": 0.9, "w_h": -0.6, "b": 0.2, "h0": 0.0}
    )
    hs, _, _ = rnn_forward(inputs, p, h0)
    assert {f"{h:.2f}" for h in hs[:, 0, 0]} <= texts


@pytest.mark.parametrize(
    ("t", "tau", "message"), [(0, 1, "t must"), (4, 1, "t must"), (2, -1, "tau must")]
)
def test_flow_numbers_refuses_a_step_that_is_not_there(t, tau, message):
    with pytest.raises(ValueError, match=message):
        stills.flow_numbers((0.1, 0.2, 0.3), 0.5, 0.9, 0.0, t=t, tau=tau)


@pytest.mark.parametrize(
    ("draw", "wrong", "message"),
    [
        ("unrolling", {"xs": ()}, "xs must have at least one number, got none"),
        ("unrolling", {"w_h": float("nan")}, "w_x, w_h, b must be finite"),
        ("gradient_flow", {"xs": (0.1, float("inf"))}, r"xs must be finite.*\(1,\)"),
        ("windows", {"values": [[1.0, 2.0]], "dates": ["a"]}, "values must have shape"),
        ("rnn_cell", {"x": (1.0, 2.0, 3.0)}, r"x must have shape \(D=2,\)"),
        ("rnn_cell", {"W_h": ((1.0, 2.0),)}, "W_h must have shape"),
    ],
)
def test_stills_name_the_argument_that_is_wrong(draw, wrong, message):
    with pytest.raises(ValueError, match=message):
        getattr(stills, draw)(**wrong)


def test_windows_still_refuses_dates_that_do_not_fit():
    with pytest.raises(ValueError, match="dates must have one entry a value, 3, got 2"):
        stills.windows(values=(1, 2, 3), dates=("a", "b"), length=1)


def test_each_figure_has_its_numbers_compared():
    text = "".join(p.read_text("utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    compared = set(re.findall(r'\bnode\(\s*"([\w-]+)", "', text))
    assert {path.stem for path in SCRIPTS.glob("*.js")} - {"figure"} <= compared


def test_decision_line_gives_the_loss_and_gradient_of_the_package():
    rng = np.random.default_rng(5)
    cases = []
    for _ in range(N_CASES):
        w1, w2, b = 3 * rng.normal(size=3)
        points = rng.normal(size=(7, 3))
        points[:, 2] = rng.integers(0, 2, size=7)
        cases.append({"w1": w1, "w2": w2, "b": b, "points": points.tolist()})
    steps = node("decision-line", "perceptron", cases)
    found = zip(cases, node("decision-line", "measure", cases), steps, strict=True)
    for case, got, step in found:
        points = np.array(case["points"])
        w = torch.tensor([case["w1"], case["w2"]], dtype=torch.float64)
        b = torch.tensor(case["b"], dtype=torch.float64)
        w.requires_grad_(), b.requires_grad_()
        xs, ys = torch.tensor(points[:, :2]), torch.tensor(points[:, 2])
        z = xs @ w + b
        loss = torch.nn.functional.binary_cross_entropy_with_logits(z, ys)
        loss.backward()
        close(got["loss"], loss.item())
        close([got["dw1"], got["dw2"], got["db"]], [*w.grad.tolist(), b.grad.item()])
        close(got["p"], torch.sigmoid(z).tolist())
        wrong = np.flatnonzero((z.detach().numpy() > 0) != (points[:, 2] == 1))
        assert got["right"] == 7 - len(wrong)
        if not len(wrong):
            assert step is None
            continue
        x1, x2, y = points[wrong[0]]
        sign = 1 if y == 1 else -1
        close(step["w1"], case["w1"] + sign * x1)
        close(step["w2"], case["w2"] + sign * x2)
        close(step["b"], case["b"] + sign)


def test_decision_line_starts_as_its_still_picture():
    assert node("decision-line", "POINTS") == [list(p) for p in stills.LINE_POINTS]
    assert tuple(node("decision-line", "START").values()) == stills.LINE_START
    w1, w2, b = stills.LINE_START
    (got,) = node("decision-line", "measure", [{"w1": w1, "w2": w2, "b": b}])
    want = stills.line_numbers((w1, w2), b)
    close([got["dw1"], got["dw2"]], want["dw"])
    close([got["loss"], got["accuracy"]], [want["loss"], want["accuracy"]])


def test_backoff_climbs_the_ladder_of_the_ngram_model():
    start, letters = node("backoff", "START"), node("backoff", "LETTERS")
    v, rng = Vocabulary(letters), np.random.default_rng(6)
    cases = [start]
    for _ in range(N_CASES):
        at, n = int(rng.integers(500)), int(rng.integers(0, 9))
        context = start["text"][at : at + n]
        if rng.random() < 0.4:  # somewhere it becomes one that was never seen
            context = "z" + context[:2] + "q" + context[2:]
        cases.append(start | {"context": context, "order": int(rng.integers(7))})
    for case, got in zip(cases, node("backoff", "ladder", cases), strict=True):
        model = NGram(v.encode(case["text"]), len(v), case["order"])
        want = model.ladder(v.encode(case["context"]))
        close([rung["p"] for rung in got], want)
        assert [len(rung["c"]) for rung in got] == list(range(len(want)))
    draws = [{"p": [0, 0.25, 0.75], "u": u} for u in (0, 0.2, 0.25, 0.99)]
    assert node("backoff", "pick", draws) == [1, 1, 2, 2]


def test_backoff_starts_with_the_text_and_context_of_its_still_picture():
    start = node("backoff", "START")
    source = (ROOT / "chapters" / "src" / "06-counting-words.md").read_text("utf-8")
    poem = re.search(r"^sonnet = \(\n(.*?)^\)", source, re.DOTALL | re.MULTILINE)
    assert "".join(re.findall(r'"(.*)"', poem.group(1))) == start["text"]
    assert f'alphabet.encode("{start["context"]}")' in source
    assert f"order={start['order']})" in source


def learning_rate_surfaces():
    """Return X, y of the forecast and of the neuron of chapter 2's figure."""
    from sklearn.datasets import load_digits

    days = load_energy().consumption
    s = (days - days.mean()) / days.std()
    digits = load_digits()
    keep = np.isin(digits.target, (3, 8))
    ink = digits.images[keep].sum(axis=(1, 2))
    left = digits.images[keep][:, :, :4].sum(axis=(1, 2)) / ink
    X = np.column_stack([ink, left])
    X = ((X - X.mean(axis=0)) / X.std(axis=0)).round(1)
    forecast = np.column_stack([s[7:-7], s[:-14]]), s[14:]
    return {"bowl": forecast, "neuron": (X, (digits.target[keep] == 3) * 1.0)}


def test_learning_rate_walks_over_the_measured_surfaces():
    surfaces = learning_rate_surfaces()
    bowl = node("learning-rate", "BOWL")
    X, y = surfaces["bowl"]
    (h11, h12), (_, h22) = X.T @ X / len(y)
    c1, c2 = X.T @ y / len(y)
    want = {"h11": h11, "h12": h12, "h22": h22, "c1": c1, "c2": c2, "k": y @ y / 2}
    want["k"] /= len(y)
    assert bowl == {name: round(value, 4) for name, value in want.items()}
    X, y = surfaces["neuron"]
    close(node("learning-rate", "INKS"), X[:, 0])
    close(node("learning-rate", "LEFTS"), X[:, 1])
    close(node("learning-rate", "THREES"), y)
    rng = np.random.default_rng(8)
    cases = []
    for name, lr in (("bowl", 1.3), ("neuron", 30.0)):
        for _ in range(N_CASES // 4):
            w1, w2 = rng.normal(size=2)
            case = {"surface": name, "w1": w1, "w2": w2, "lr": lr * rng.random()}
            cases.append(case | {"steps": int(rng.integers(0, 8))})
    H = np.array([[bowl["h11"], bowl["h12"]], [bowl["h12"], bowl["h22"]]])
    H, c, X, y = (
        torch.tensor(a, dtype=torch.float64)
        for a in (H, [bowl["c1"], bowl["c2"]], X, y)
    )

    def loss(w, surface):
        if surface == "bowl":
            return 0.5 * w @ H @ w - c @ w + bowl["k"]
        return torch.nn.functional.binary_cross_entropy_with_logits(X @ w, y)

    found = node("learning-rate", "walk", cases)
    places = node("learning-rate", "measure", cases)
    for case, got, place in zip(cases, found, places, strict=True):
        name = case["surface"]
        w = torch.tensor([case["w1"], case["w2"]], dtype=torch.float64)
        curved = torch.autograd.functional.hessian(lambda v, n=name: loss(v, n), w)
        close([[place["h11"], place["h12"]], [place["h12"], place["h22"]]], curved)
        for at, height in zip(got["path"], got["losses"], strict=True):
            close(at, w)
            close(height, loss(w, name))
            (dw,) = torch.autograd.grad(loss(w.requires_grad_(), name), w)
            w = (w - case["lr"] * dw).detach()
    asked = [{"surface": "bowl"}, {"surface": "neuron"}]
    for case, got in zip(asked, node("learning-rate", "bottom", asked), strict=True):
        w = torch.tensor([got["w1"], got["w2"]], dtype=torch.float64)
        (dw,) = torch.autograd.grad(loss(w.requires_grad_(), case["surface"]), w)
        assert dw.norm() < 1e-12
        name = case["surface"]
        curved = torch.autograd.functional.hessian(lambda v, n=name: loss(v, n), w)
        least, most = torch.linalg.eigvalsh(curved).tolist()
        close([got["least"], got["most"], got["bound"]], [least, most, 2 / most])


def test_learning_rate_starts_as_its_still_picture():
    start = node("learning-rate", "SURFACES")["bowl"]
    source = (ROOT / "chapters" / "src" / "02-gradient-descent.md").read_text("utf-8")
    steps = node("learning-rate", "START")["steps"]
    line = f"({start['w1']}, {start['w2']}), {start['lr']}, {steps}"
    assert f"START, RATE, STEPS = {line}" in source


def test_backprop_graph_gives_the_gradients_of_autograd():
    rng, names = np.random.default_rng(7), ("x", "w1", "w2", "v1", "v2", "target")
    cases = [
        dict(zip(names, row, strict=True))
        for row in rng.uniform(-4, 4, size=(N_CASES, 6)).tolist()
    ]
    for case, got in zip(cases, node("backprop-graph", "graph", cases), strict=True):
        n = {k: torch.tensor(v, dtype=torch.float64) for k, v in case.items()}
        for k in names:
            n[k].requires_grad_()
        n["a1"], n["a2"] = n["x"] * n["w1"], n["x"] * n["w2"]
        n["h1"], n["h2"] = torch.tanh(n["a1"]), torch.tanh(n["a2"])
        n["z"] = n["h1"] * n["v1"] + n["h2"] * n["v2"]
        n["L"] = (n["z"] - n["target"]) ** 2 / 2
        for k in ("a1", "a2", "h1", "h2", "z", "L"):
            n[k].retain_grad()
        n["L"].backward()
        assert set(got) == {*n, *(f"d{k}" for k in n if k != "target"), "s1", "s2"}
        for k, v in n.items():
            close(got[k], v.item())
            if k != "target":
                close(got[f"d{k}"], v.grad.item())
        close([got["s1"], got["s2"]], [1 - got["h1"] ** 2, 1 - got["h2"] ** 2])
        want = stills.graph_numbers(**case)
        close([got[k] for k in want], list(want.values()))


def test_backprop_graph_computes_nothing_before_what_it_needs():
    start, steps = node("backprop-graph", "START"), node("backprop-graph", "STEPS")
    assert start == stills.GRAPH_START
    assert {*steps, *start} == set(stills.graph_numbers(**start))
    for before, after in stills.GRAPH_EDGES:
        if before not in start:
            assert steps.index(before) < steps.index(after)
        if before != "target":
            assert steps.index(f"d{after}") < steps.index(f"d{before}")
    assert steps.index("L") + 1 == steps.index("dL")


def test_kernel_slide_gives_the_products_and_sums_of_the_package():
    rng = np.random.default_rng(7)
    cases = []
    for _ in range(N_CASES):
        rows, cols = (int(n) for n in rng.integers(1, 7, size=2))
        cases.append(
            {
                "x": rng.normal(size=(rows, cols)).tolist(),
                "w": rng.normal(size=(3, 3)).tolist(),
                "i": int(rng.integers(rows)),
                "j": int(rng.integers(cols)),
                "flip": bool(rng.integers(2)),
            }
        )
    for case, got in zip(cases, node("kernel-slide", "place", cases), strict=True):
        x, w = np.array(case["x"]), np.array(case["w"])
        W = w[:, :, None, None]
        W = flip_kernel(W) if case["flip"] else W
        p = ConvParams(W, np.zeros(1))
        ys, _ = conv2d_forward(x[None, :, :, None], p, padding="same")
        close(got["sum"], ys[0, case["i"], case["j"], 0])
        close(got["used"], W[:, :, 0, 0])
        close(np.sum(got["products"]), got["sum"])
        close(np.multiply(got["patch"], got["used"]), got["products"])


def test_kernel_slide_starts_with_the_picture_and_sum_of_its_still_picture():
    start, kernels = node("kernel-slide", "START"), node("kernel-slide", "KERNELS")
    source = (ROOT / "chapters" / "src" / "04-convolution.md").read_text("utf-8")
    for name, want in (
        ("patch", start["x"]),
        ("sharpen", kernels[start["kernel"]]),
        ("edge", kernels["edges"]),
    ):
        found = re.search(rf"^{name} = np\.array\((.*?)\)$", source, re.M | re.S)
        assert ast.literal_eval(found.group(1).strip()) == want
    case = {"x": start["x"], "w": kernels["sharpen"], "i": start["i"], "j": start["j"]}
    assert [got["sum"] for got in node("kernel-slide", "place", [case])] == [114]


def chapter_source(slug):
    return (ROOT / "chapters" / "src" / f"{slug}.md").read_text("utf-8")


def test_cliff_gives_the_loss_and_its_slope_by_autograd():
    rng = np.random.default_rng(9)
    cases = [
        {
            "w": rng.uniform(0.8, 1.6),
            "b": rng.uniform(-0.4, 1.3),
            "steps": int(rng.integers(1, 20)),
            "rate": rng.uniform(0.05, 1),
            "limit": float(rng.choice([0, 0.01, 5.0])),
        }
        for _ in range(N_CASES)
    ]
    steps = node("cliff", "descend", cases)
    clipped = 0
    for case, got, step in zip(
        cases, node("cliff", "slice", cases), steps, strict=True
    ):
        b = torch.tensor(case["b"], dtype=torch.float64, requires_grad=True)
        h = torch.tensor(-0.3, dtype=torch.float64)
        for _ in range(case["steps"]):
            h = torch.tanh(case["w"] * h + b)
        loss = (h - 0.3) ** 2
        loss.backward()
        slope = b.grad.item()
        np.testing.assert_allclose([got["loss"], got["db"]], [loss.item(), slope], 1e-9)
        limit = case["limit"] or np.inf
        clipped += abs(slope) > limit
        moved = case["rate"] * np.clip(slope, -limit, limit)
        np.testing.assert_allclose(step["b"], case["b"] - moved, 1e-9)
    assert 5 < clipped < N_CASES


def test_matrix_power_gives_the_rows_eigenvalues_and_norm_of_numpy():
    rng = np.random.default_rng(10)
    names, cases = ("w11", "w12", "w21", "w22"), []
    for _ in range(N_CASES):
        entries = dict(zip(names, rng.normal(size=4), strict=True))
        angle, k = rng.uniform(-180, 180), int(rng.integers(1, 12))
        cases.append(entries | {"angle": angle, "k": k})
    turning = 0
    for case, got in zip(cases, node("matrix-power", "powers", cases), strict=True):
        *entries, angle, k = case.values()
        W = np.reshape(entries, (2, 2))
        v = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        rows = [v @ np.linalg.matrix_power(W, i) for i in range(k + 1)]
        np.testing.assert_allclose(got["rows"], rows, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(got["lengths"], np.linalg.norm(rows, axis=1), 1e-9)
        values = np.linalg.eigvals(W).astype(complex)
        turning += abs(values.imag).max() > 0
        found = np.sort_complex([complex(*pair) for pair in got["eigenvalues"]])
        np.testing.assert_allclose(found, np.sort_complex(values), atol=1e-9)
        np.testing.assert_allclose(got["radius"], abs(values).max(), atol=1e-9)
        np.testing.assert_allclose(got["norm"], np.linalg.norm(W, 2), rtol=1e-9)
    assert 5 < turning < N_CASES


def test_figures_of_chapter_9_start_as_their_still_pictures():
    source = chapter_source("09-vanishing-and-exploding")
    cliff, power = node("cliff", "START"), node("matrix-power", "START")
    assert "w, b, rate = {w}, {b}, {rate}".format(**cliff) in source
    assert f"STEPS, H0, TARGET = {cliff['steps']}, -0.3, 0.3" in source
    rows = [[power["w11"], power["w12"]], [float(power["w21"]), power["w22"]]]
    assert f"W = np.array({rows})" in source
    assert f"for _ in range({power['k']}):" in source


def test_gru_cell_takes_the_step_of_the_package():
    rng = np.random.default_rng(12)
    names, cases = ("x", "h_prev", "w_x", "w_h"), []
    for _ in range(N_CASES):
        gates = dict(zip("rz", rng.uniform(0.01, 0.99, size=2), strict=True))
        drawn = dict(zip(names, rng.uniform(-1, 1, size=4), strict=True))
        cases.append(drawn | gates | {"z_keeps": bool(rng.random() < 0.5)})
    for case, got in zip(cases, node("gru-cell", "step", cases), strict=True):
        b_r, b_z = (np.log(case[g] / (1 - case[g])) for g in "rz")  # so σ gives them
        p = GRUParams(
            W_x=np.array([[0, 0, case["w_x"]]]),
            W_h=np.array([[0, 0, case["w_h"]]]),
            b=np.array([b_r, b_z, 0]),
            b_hn=np.zeros(1),
        )
        x, h_prev = np.array([[case["x"]]]), np.array([[case["h_prev"]]])
        h, cache = gru_step(x, h_prev, p, reset="before", z_keeps=case["z_keeps"])
        close([got["n"], got["h"]], [cache.n.item(), h.item()])
    start = node("gru-cell", "START")
    source = chapter_source("12-gru")
    assert "w_x, w_h = {w_x}, {w_h}".format(**start) in source
    assert "= {x}, {h_prev}, {r}, {z}\n".format(**start) in source


def test_moving_ball_follows_the_rules_of_the_chapter():
    rng = np.random.default_rng(50)
    cases = [{"points": rng.uniform(size=(k % 4 + 1, 2)).tolist()} for k in range(20)]
    lines_up = node("moving-ball", "orders", cases)
    for case, got, all_ways in zip(
        cases, node("moving-ball", "rules", cases), lines_up, strict=True
    ):
        p = np.array(case["points"])
        close(got["stay"], p[-1])
        if len(p) > 1:
            close(got["straight"], 2 * p[-1] - p[-2])  # (5.9)
        else:
            assert got["straight"] is None
        if len(p) > 2:
            close(got["bent"], 3 * p[-1] - 3 * p[-2] + p[-3])  # (5.10)
        else:
            assert got["bent"] is None
        assert len(all_ways) == [1, 2, 6, 24][len(p) - 1]
        close(all_ways[0], got["bent"] or got["straight"] or got["stay"])


def test_moving_ball_throws_are_what_their_scenes_say():
    throws = node("moving-ball", "THROWS")
    cases = [
        {"scene": scene, "number": number + 1, "seen": 4}
        for scene, made in throws.items()
        for number in range(len(made))
    ]
    at_a_wall = 0
    for case, path in zip(cases, node("moving-ball", "snapshots", cases), strict=True):
        p = np.array(path)
        assert p.shape == (5, 2)
        assert (p >= 0).all() and (p <= 1).all()
        second, third = np.diff(p, 2, axis=0), np.diff(p, 3, axis=0)
        if case["scene"] == "rolling":
            np.testing.assert_allclose(second, 0, atol=1e-12)
        elif case["scene"] == "thrown":
            np.testing.assert_allclose(third, 0, atol=1e-12)
            assert (second[:, 1] < -0.01).all()
        else:
            at_a_wall += np.abs(second).max() > 0.05
    assert at_a_wall == len(throws["billiard"])
    start = node("moving-ball", "START")
    x, y, dx, dy, _, fall = throws[start["scene"]][start["number"] - 1]
    source = chapter_source("05-sequences-and-windows")
    assert f"np.array([{x}, {y}]) + n * [{dx}, {dy}]" in source
    assert f"n * (n - 1) / 2 * [0, {fall}]" in source
    assert start["seen"] == 2 and "straight_on(thrown[:2])" in source


def test_figures_and_pictures_give_a_role_the_same_colour():
    text = (SCRIPTS / "figure.js").read_text(encoding="utf-8")
    pairs = re.findall(r"(\w+): \[\"(#\w{6})\", \"#\w{6}\"\]", text)
    assert dict(pairs) == COLOURS


def test_scripts_ask_no_other_host():
    for path in sorted(SCRIPTS.rglob("*.js")):
        text = path.read_text(encoding="utf-8")
        hosts = set(re.findall(r"https?://([^/\"' ]+)", text))
        assert hosts <= {"www.w3.org", "doi.org"}, f"{path.name}: {hosts}"
        for word in ("fetch(", "XMLHttpRequest", "import(", "localStorage"):
            assert word not in text, f"{path.name} uses {word}"


def test_lstm_cell_takes_the_step_of_the_package():
    rng = np.random.default_rng(10)
    cases = []
    for _ in range(N_CASES):
        gates = dict(zip("ifo", rng.uniform(0.01, 0.99, size=3), strict=True))
        cases.append(gates | {"c": rng.normal(), "g": rng.uniform(-0.95, 0.95)})
    zero = np.zeros((1, 1))
    for case, got in zip(cases, node("lstm-cell", "step", cases), strict=True):
        a_i, a_f, a_o = (np.log(case[k] / (1 - case[k])) for k in "ifo")
        b = np.array([a_i, a_f, np.arctanh(case["g"]), a_o])  # so the gates are given
        p = LSTMParams(np.zeros((1, 4)), np.zeros((1, 4)), b)
        h, c, _ = lstm_step(zero, zero, np.array([[case["c"]]]), p)
        close([got["cell"], got["h"]], [c.item(), h.item()])
        close(got["kept"] + got["added"], c.item())
    start = node("lstm-cell", "START")
    source = chapter_source("10-lstm")
    assert (
        "c_1, f_1, i_1, g_1, o_1 = {c}, {f}, {i}, {g}, {o}\n".format(**start) in source
    )


def test_alignment_sharpens_as_a_softmax_of_the_scores():
    rng = np.random.default_rng(16)
    cases = []
    for _ in range(N_CASES):
        row = rng.dirichlet(np.ones(rng.integers(2, 9)))
        cases.append({"row": row.tolist(), "factor": rng.uniform(0, 3)})
    for case, got in zip(cases, node("alignment", "sharpen", cases), strict=True):
        scores = np.log(case["row"])[:, None, None]  # keys of one number each
        query = np.full((1, 1, 1), case["factor"])
        _, weights, _ = attention_forward(query, scores, scores, score="dot")
        close(got, weights[0, 0])
    tops = [{"row": case["row"], "n": 2} for case in cases]
    for case, got in zip(tops, node("alignment", "places", tops), strict=True):
        assert got == np.argsort(-np.array(case["row"]))[:2].tolist()
    start = node("alignment", "START")
    rows = np.array(start["weights"])
    assert rows.shape == (len(start["written"]), len(start["read"]))
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=0.06)  # two decimals each
    assert f'source = "{start["read"]}"' in chapter_source("16-sequence-to-sequence")


def player_weights():
    """Return the notes and the arrays that the genre player holds, by name."""
    given, arrays = node("genre-player", "WEIGHTS"), {}
    for name, stored in given["arrays"].items():
        whole = np.frombuffer(base64.b64decode(stored["bytes"]), dtype=np.int8)
        arrays[name] = stored["scale"] * whole.reshape(stored["shape"])
    return given["notes"], arrays


def test_genre_player_takes_the_step_of_the_package():
    notes, a = player_weights()
    H, C = a["start.weight"].shape
    hh = np.split(a["layer.bias_hh_l0"], 3)
    b = a["layer.bias_ih_l0"] + np.concatenate([hh[0], hh[1], np.zeros(H)])
    p = GRUParams(a["layer.weight_ih_l0"].T, a["layer.weight_hh_l0"].T, b, hh[2])
    rng, cases = np.random.default_rng(15), []
    for _ in range(N_CASES):
        v = rng.dirichlet(np.ones(C)).tolist()
        h = rng.uniform(-1, 1, size=H).tolist()
        cases.append({"note": int(rng.integers(len(notes))), "v": v, "h": h})
    starts = node("genre-player", "first", cases)
    for case, got, h0 in zip(
        cases, node("genre-player", "step", cases), starts, strict=True
    ):
        v = np.array([case["v"]])
        x = np.concatenate([a["embed.weight"][[case["note"]]], v], axis=1)
        h, _ = gru_step(x, np.array([case["h"]]), p)
        close(got["h"], h[0])
        close(got["scores"], (h @ a["head.weight"].T + a["head.bias"])[0])
        start = DenseParams(a["start.weight"].T, a["start.bias"])
        close(h0, context_state(v, start)[0][0])  # (15.1)


def test_genre_player_writes_tunes_of_the_genre_asked():
    start, known = node("genre-player", "START"), node("genre-player", "GENRES")
    assert known == {
        name: {"bar": rules.bar, "tempo": rules.tempo} for name, rules in GENRES.items()
    }
    asked = [
        {**start, "genre": genre, "other": genre, "seed": seed}
        for genre in GENRES
        for seed in range(1, 41)
    ]
    tunes = node("genre-player", "compose", asked)
    assert len({tuple(tune) for tune in tunes}) > 130, "a new seed is a new tune"
    for genre in GENRES:
        written = [t for c, t in zip(asked, tunes, strict=True) if c["genre"] == genre]
        in_bars = [kept_rules(tune, genre)["bars"] for tune in written]
        assert np.mean(in_bars) > 0.85, genre
    again = node("genre-player", "compose", asked[:3])
    assert again == tunes[:3], "a seed is a tune"


def test_genre_player_knows_pitch_time_and_mixture():
    tune = ["A4:6", "C4:3", "Bb3:9", "|", "F#4:18", "|"]
    (got,) = node("genre-player", "score", [tune])
    numbers = [midi(word.split(":")[0]) for word in tune if word != "|"]
    assert [note["n"] for note in got["notes"]] == numbers
    close([note["hertz"] for note in got["notes"]], [frequency(n) for n in numbers])
    close([note["start"] for note in got["notes"]], [0, 1, 1.5, 3])
    close([note["beats"] for note in got["notes"]], [1, 0.5, 1.5, 3])
    assert got["bars"] == [3, 6] and got["beats"] == 6
    (v,) = node(
        "genre-player", "context", [{"genre": "waltz", "other": "blues", "share": 0.25}]
    )
    close(v, [0.75, 0, 0.25, 0])
    source = chapter_source("15-context-and-captioning")
    assert f"temperature={node('genre-player', 'START')['temperature']}" in source


def word_by_word_network(model):
    """Return table, gates and head of the small reader as the package takes them."""
    parts = {k: np.array(v) / 100 for k, v in model.items() if len(k) < 5}
    H, K = len(parts["b_hn"]), len(parts["b_y"])
    p = GRUParams(
        W_x=parts["W_x"].reshape(-1, 3 * H),
        W_h=parts["W_h"].reshape(H, 3 * H),
        b=parts["b"],
        b_hn=parts["b_hn"],
    )
    E = parts["E"].reshape(-1, len(p.W_x))
    return E, p, parts["W_y"].reshape(H, K), parts["b_y"]


def test_word_by_word_reads_as_the_gru_of_the_package():
    model, start = node("word-by-word", "MODEL"), node("word-by-word", "START")
    E, p, W_y, b_y = word_by_word_network(model)
    rng = np.random.default_rng(18)
    sizes = rng.integers(1, 13, size=20)
    cases = [{"ids": rng.integers(0, len(E), size=n).tolist()} for n in sizes]
    for case, got in zip(cases, node("word-by-word", "read", cases), strict=True):
        hs, *_ = gru_forward(E[case["ids"]][:, None], p)
        close(got["states"], hs[:, 0])
        close(got["p"], softmax(hs[:, 0] @ W_y + b_y))
    source = chapter_source("18-text-classification")
    assert f'question = "{start["question"]}"' in source


def test_word_by_word_knows_its_words_and_tells_the_intents_apart():
    model, start = node("word-by-word", "MODEL"), node("word-by-word", "START")
    known = model["words"].split()
    assert known[0] == "<unk>"
    assert len(known) == len(set(known))
    questions = {
        start["question"]: "time",
        "What's the WEATHER, please?": "weather",
        "set a timer for ten minutes": "timer",
        "what song is this": "what_song",
        "what is your name": "what_is_your_name",
    }
    for question, encoded in zip(
        questions, node("word-by-word", "encode", list(questions)), strict=True
    ):
        assert encoded["words"] == words(question)
        want = [known.index(w) if w in known else 0 for w in encoded["words"]]
        assert encoded["ids"] == want
        (read,) = node("word-by-word", "read", [encoded])
        assert model["intents"][np.argmax(read["p"][-1])] == questions[question]


NETWORK_SCRIPTS = {
    "brackets": "networks/brackets",
    "countries": "gradient-spectra",
}


@pytest.mark.parametrize("name", NETWORK_SCRIPTS)
def test_a_script_holds_the_weights_of_the_package(name):
    stored = (ROOT / "rnncourse" / "trained" / f"{name}.json").read_text("utf-8")
    assert node(NETWORK_SCRIPTS[name], "MODEL") == json.loads(stored)
    assert set(NETWORKS) == set(NETWORK_SCRIPTS)


def test_the_scripts_of_all_figures_stay_light():
    text = "".join(path.read_text("utf-8") for path in SCRIPTS.rglob("*.js"))
    code = re.sub(r"^const (?:MODEL|WEIGHTS) = .*$", "", text, flags=re.M)
    assert len(code.encode()) <= 250_000, "code, without the stored weights"
    assert len(text.encode()) <= 300_000, "with them"


def draw_brackets(rng):
    text = make_brackets(int(rng.integers(1, 37)), seed=int(rng.integers(10**6)))
    first = int(rng.integers(1, len(text) + 1))
    hold = {
        "gate": str(rng.choice(["i", "f", "o"])),
        "unit": int(rng.integers(-1, 16)),
        "value": int(rng.integers(2)),
        "first": first,
        "last": int(rng.integers(first, len(text) + 1)),
    }
    return {"text": text, "hold": None if rng.random() < 0.2 else hold}


def read_held(case):
    """Read with the package's step; a held gate has a bias that nothing outweighs."""
    a, hold = load_network("brackets"), case["hold"]
    p = LSTMParams(a["W_x"], a["W_h"], a["b"])
    H = len(p.W_h)
    b = p.b.copy()
    if hold:
        block = "ifgo".index(hold["gate"]) * H
        units = np.arange(H) if hold["unit"] == -1 else hold["unit"]
        b[block + units] = 1000 if hold["value"] else -1000
    h = c = np.zeros((1, H))
    rows = []
    for t, k in enumerate(encode_brackets(case["text"]), start=1):
        now = bool(hold) and hold["first"] <= t <= hold["last"]
        x = np.eye(len(SYMBOLS))[[k]]
        h, c, cache = lstm_step(x, h, c, p._replace(b=b) if now else p)
        rows.append((cache.i[0], cache.f[0], cache.o[0], c[0], h[0]))
    i, f, o, cs, hs = (np.array(part) for part in zip(*rows, strict=True))
    probs = softmax(hs @ a["W_y"] + a["b_y"])
    return {"i": i, "f": f, "o": o, "c": cs, "h": hs, "p": probs}


def test_gate_surgery_reads_as_the_lstm_of_the_package_with_its_bias_held():
    rng = np.random.default_rng(100)
    cases = [draw_brackets(rng) for _ in range(N_CASES)]
    held = sum(case["hold"] is not None for case in cases)
    assert 0 < held < N_CASES
    for case, got in zip(cases, node("gate-surgery", "judge", cases), strict=True):
        want = read_held(case)
        for name, rows in want.items():
            said = [step[name] for step in got["said"]]
            np.testing.assert_allclose(said, rows, rtol=1e-9, atol=1e-12)
        allowed = read_brackets(case["text"])[2]
        forbidden = np.where(allowed, 0, want["p"]).sum(axis=1)
        np.testing.assert_allclose(got["forbidden"], forbidden, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(got["mean"], forbidden.mean(), rtol=1e-9)
        ids = encode_brackets(case["text"])
        if len(ids) > 1:
            loss = -np.log(want["p"][np.arange(len(ids) - 1), ids[1:]]).mean()
            np.testing.assert_allclose(got["loss"], loss, rtol=1e-9)


def test_gate_surgery_knows_the_marks_of_the_language():
    rng = np.random.default_rng(101)
    cases = [draw_brackets(rng) for _ in range(N_CASES)]
    cases += [{"text": 'so)) "( n.. e"'}, {"text": "(((no"}]
    assert node("gate-surgery", "SYMBOLS") == SYMBOLS
    for case, got in zip(cases, node("gate-surgery", "marks", cases), strict=True):
        quoted, depth, allowed = read_brackets(case["text"])
        assert [step["quoted"] for step in got] == quoted.tolist()
        assert [step["depth"] for step in got] == depth.tolist()
        assert [step["allowed"] for step in got] == allowed.tolist()


def test_gate_surgery_makes_the_network_forget_what_the_presets_say():
    start, presets = node("gate-surgery", "START"), node("gate-surgery", "PRESETS")
    assert len(presets) >= 3
    cases = [
        {"text": setting["text"], "hold": setting}
        for setting in ({**start, **preset} for preset in presets.values())
    ]
    touched = node("gate-surgery", "judge", cases)
    free = node("gate-surgery", "judge", [{"text": c["text"]} for c in cases])
    for name, cut, whole in zip(presets, touched, free, strict=True):
        look = {**start, **presets[name]}["look"] - 1
        change = np.abs(
            np.array(cut["said"][look]["p"]) - whole["said"][look]["p"]
        ).max()
        assert change > 0.15, name
    source = chapter_source("10-lstm")
    assert f"text = {start['text']!r}" in source


def matching_cells():
    text = node("state-matching", "TEXT")
    return text, np.tanh(read_held({"text": text, "hold": None})["c"])


def test_state_matching_finds_the_spans_that_numpy_finds():
    text, cells = matching_cells()
    rng = np.random.default_rng(102)
    cases = []
    for _ in range(N_CASES):
        length = int(rng.integers(1, 13))
        kind = rng.choice(["marked", "all", str(rng.integers(16))])
        cases.append(
            {
                "first": int(rng.integers(1, len(text) - length + 2)),
                "length": length,
                "theta": float(rng.choice([0.1, 0.5, 0.8])),
                "compare": str(kind),
                "n": int(rng.integers(1, 12)),
            }
        )
    patterns = node("state-matching", "pattern", cases)
    found = node("state-matching", "match", cases)
    some = 0
    for case, signs, got in zip(cases, patterns, found, strict=True):
        at, length, theta = case["first"] - 1, case["length"], case["theta"]
        span = cells[at : at + length]
        on, off = (span > theta).all(axis=0), (span < -theta).all(axis=0)
        np.testing.assert_array_equal(signs, on.astype(int) - off)
        units = {"marked": np.flatnonzero(on | off), "all": np.arange(16)}.get(
            case["compare"]
        )
        if units is None:
            units = np.array([int(case["compare"])])
        assert got["units"] == units.tolist()
        if not len(units):
            assert got["found"] == []
            continue
        some += 1
        windows = np.lib.stride_tricks.sliding_window_view(cells, length, axis=0)
        gaps = windows[:, units] - span.T[units]  # (places, units, length)
        far = np.sqrt((gaps**2).mean(axis=(1, 2)))
        assert len(got["found"]) <= case["n"]
        places = np.array([one["at"] - 1 for one in got["found"]])
        distances = np.array([one["distance"] for one in got["found"]])
        np.testing.assert_allclose(distances, far[places], rtol=1e-9, atol=1e-12)
        # none overlaps another or the marked span, and no free place was nearer
        taken, order = [at], np.argsort(far, kind="stable")
        want = []
        for place in order:
            if len(want) < case["n"] and all(abs(place - t) >= length for t in taken):
                taken.append(place)
                want.append(far[place])
        np.testing.assert_allclose(distances, want, rtol=1e-9, atol=1e-12)
    assert some > N_CASES // 2


def test_state_matching_reads_the_text_of_the_chapter():
    text = node("state-matching", "TEXT")
    made = make_brackets(600, seed=8)
    assert text == made[: made.rindex(".") + 1]
    start = node("state-matching", "START")
    source = chapter_source("10-lstm")
    assert "make_brackets(600, seed=8)" in source
    assert f"first, length = {start['first']}, {start['length']}" in source


SPECTRA = ("small_0", "small_1200", "orthogonal_0", "orthogonal_300", "orthogonal_1200")


def country_network(case):
    a = load_network("countries")
    p = RNNParams(*(a[f"{case['net']}.{key}"] for key in ("W_x", "W_h", "b")))
    filler = [8 + int(c) for c in node("gradient-spectra", "START")["filler"]]
    xs = np.eye(16)[[case["country"] - 1, *filler], None]
    hs, _, _ = rnn_forward(xs, p)
    return a, p, hs


def draw_spectra(seed):
    rng = np.random.default_rng(seed)
    return [
        {
            "net": str(rng.choice(SPECTRA)),
            "country": int(rng.integers(1, 9)),
            "t": int(rng.integers(1, 41)),
        }
        for _ in range(N_CASES)
    ]


def test_gradient_spectra_multiplies_the_jacobians_of_the_package():
    cases = draw_spectra(103)
    answers = node("gradient-spectra", "answer", cases)
    found = node("gradient-spectra", "products", cases)
    for case, got, answer in zip(cases, found, answers, strict=True):
        a, p, hs = country_network(case)
        t = case["t"]
        want = jacobian_products(hs[:t], p.W_h)[::-1, 0]  # lag 0 first
        assert len(got) == t + 1
        for lag, product in enumerate(want):
            scale = np.abs(product).max()
            np.testing.assert_allclose(
                np.array(got[lag]) / scale, product / scale, rtol=1e-6, atol=1e-9
            )
        scores = hs[t - 1, 0] @ a[f"{case['net']}.W_y"] + a[f"{case['net']}.b_y"]
        close(answer, softmax(scores[None])[0])


def test_gradient_spectra_has_the_singular_values_of_numpy():
    rng = np.random.default_rng(104)
    matrices = []
    for k in range(N_CASES):
        n = int(rng.integers(1, 14))
        A = rng.normal(size=(n, n)) * 10.0 ** rng.integers(-30, 5)
        if k % 3 == 0:  # far apart, as products are
            A = A * 10.0 ** rng.uniform(-5, 0, size=n)
        if k % 5 == 0:
            A[:, 0] = 0
        matrices.append(A)
    cases = [{"A": A.tolist()} for A in matrices]
    for A, got in zip(
        matrices, node("gradient-spectra", "singular", cases), strict=True
    ):
        want = np.linalg.svd(A, compute_uv=False)
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-13 * max(want[0], 0))
    for case, got in zip(
        draw_spectra(105)[:6],
        node("gradient-spectra", "spectra", draw_spectra(105)[:6]),
        strict=True,
    ):
        _, p, hs = country_network(case)
        products = jacobian_products(hs[: case["t"]], p.W_h)[::-1, 0]
        want = np.linalg.svd(products, compute_uv=False)
        for mine, theirs in zip(got["values"], want, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-12 * theirs[0])
        np.testing.assert_allclose(got["bound"], np.linalg.norm(p.W_h, 2), rtol=1e-9)


def test_gradient_spectra_starts_as_its_still_picture():
    start = node("gradient-spectra", "START")
    filler = np.random.default_rng(9).integers(8, size=39)
    assert start["filler"] == "".join(map(str, filler))
    source = chapter_source("09-vanishing-and-exploding")
    assert "default_rng(9).integers(8, size=39)" in source
    assert start["net"] in source and f"shown = {start['lag']}" in source


def test_scan_tree_joins_as_the_chapter_counts_and_ends_at_the_states_of_the_loop():
    rng = np.random.default_rng(23)
    cases = []
    for T in range(2, 17):
        for method in METHODS:
            a, b = rng.uniform(0, 1, T), rng.normal(size=T)
            made = {"a": a.tolist(), "b": b.tolist(), "h0": rng.normal()}
            cases.append(made | {"method": method})
    for case, got in zip(cases, node("scan-tree", "scan", cases), strict=True):
        a, b, h0 = np.array(case["a"]), np.array(case["b"]), np.array(case["h0"])
        close(got["hs"], linear_loop(a, b, h0))
        T, (_, *rows) = len(a), got["rows"]
        assert all(place["first"] == 0 for place in rows[-1])
        m = np.log2(T)
        if case["method"] == "hillis-steele":
            assert len(rows) == np.ceil(m)  # (23.14)
            reach = [min(2 ** (k + 1), T) for k in range(len(rows))]
            held = [T - row[-1]["first"] for row in rows]
            assert held == reach
        if m == int(m):  # (23.14) and (23.15)
            counts = {
                "hillis-steele": (m, T * m - (T - 1)),
                "blelloch": (2 * m - 1, 2 * T - 2 - m),
            }
            assert (len(rows), got["joinings"]) == counts[case["method"]]


def test_beam_search_finds_what_the_package_finds():
    rng = np.random.default_rng(16)
    tables = [rng.dirichlet(np.full(3, 0.7), size=3) for _ in range(N_CASES)]
    tables += [np.array(table) for table in node("beam-search", "TABLES").values()]
    cases = [
        {"table": table.tolist(), "width": width, "alpha": alpha, "T": T}
        for table in tables
        for width, alpha, T in [
            (1, 0, 4),
            (2, 0, 4),
            (int(rng.integers(1, 5)), float(rng.uniform(0, 2)), 4),
            (
                int(rng.integers(1, 5)),
                float(rng.uniform(0, 2)),
                int(rng.integers(1, 7)),
            ),
            (81, 0.6, 4),
        ]
    ]
    for case, got in zip(cases, node("beam-search", "search", cases), strict=True):
        log_probs = np.log(case["table"])

        def step(state, tokens, log_probs=log_probs):
            return log_probs[tokens], state

        (want,) = beam_search(
            step, None, 0, end=0, width=case["width"], max_length=case["T"],
            alpha=case["alpha"],
        )  # fmt: skip
        best = got["best"]
        assert best["tokens"] == list(want.tokens)
        close([best["log"], best["score"]], [want.log_prob, want.score])
        for row in got["steps"]:
            assert sum(one["kept"] for one in row) == min(case["width"], len(row))


def test_beam_search_has_the_tables_of_the_chapter_and_starts_as_its_picture():
    first, fooled = node("beam-search", "TABLES").values()
    start, source = (
        node("beam-search", "START"),
        chapter_source("16-sequence-to-sequence"),
    )
    assert f"table = np.log({first})" in source
    assert f"fooled = np.log({fooled})" in source
    assert f"width, T = {start['width']}, {start['T']}" in source
    assert (start["table"], start["alpha"]) == ("a beam of two is fooled", 0)


def test_scan_tree_starts_as_its_still_picture():
    start, source = node("scan-tree", "START"), chapter_source("23-speed")
    assert f'T = {start["T"]}\nmethod = "{start["method"]}"\n' in source


def test_kernel_memory_gives_the_held_step_and_the_kernel_of_the_package():
    rng = np.random.default_rng(24)
    cases = [
        {
            "decay": float(rng.uniform(0, 2)),
            "turn": float(rng.uniform(0, 8)),
            "delta": float(rng.uniform(0.02, 1)),
            "steps": int(rng.integers(2, 60)),
        }
        for _ in range(N_CASES)
    ]
    cases.append({"decay": 0, "turn": 0, "delta": 0.3, "steps": 5})  # a plain sum
    for case, got in zip(cases, node("kernel-memory", "kernel", cases), strict=True):
        rate = complex(-case["decay"], case["turn"])
        rate = torch.tensor(rate, dtype=torch.complex128)
        delta = torch.tensor(case["delta"], dtype=torch.float64)
        a, b = zero_order_hold(rate, delta)
        close(complex(*got["a"]), complex(a))
        close(complex(*got["b"]), complex(b))
        c = torch.ones(1, dtype=torch.complex128)
        kernel = mode_kernel(a[None], b[None], c, case["steps"])
        np.testing.assert_allclose(got["kernel"], kernel, atol=1e-10)
        if case["decay"]:
            close(got["memory"], -1 / np.log(abs(complex(a))))
        else:
            assert got["memory"] is None
    start = node("kernel-memory", "START")
    source = chapter_source("24-whats-next")
    still = re.search(r"DECAY, TURN, DELTA, STEPS = (.+)", source)[1]
    assert [float(v) for v in still.split(", ")] == list(start.values())


def test_next_character_cuts_as_the_rules_of_the_chapter():
    rng = np.random.default_rng(17)
    cases = [
        {
            "logits": (3 * rng.normal(size=12)).tolist(),
            "tau": rng.uniform(0.1, 2),
            "k": int(rng.integers(1, 14)),
            "mass": rng.uniform(0.05, 1),
        }
        for _ in range(40)
    ]
    cases.append({"logits": [0.0] * 8, "tau": 1, "k": 8, "mass": 0.5})
    cases.append({"logits": [0.0] * 8, "tau": 1, "k": 2, "mass": 1})
    for case, got in zip(cases, node("next-character", "shape", cases), strict=True):
        first = TOP_K.reference(np.array(case["logits"]) / case["tau"], case["k"])
        logs = np.log(first, where=first > 0, out=np.full(len(first), -np.inf))
        want = NUCLEUS.reference(logs, case["mass"])
        close(got["p"], want)
        assert got["kept"] == (want > 0).sum()
        entropy = -(want[want > 0] * np.log(want[want > 0])).sum()
        close(got["choices"], np.exp(entropy))
    draws = [{"p": [0.25, 0, 0.75], "u": u} for u in (0.0, 0.2, 0.25, 0.99, 1.0)]
    assert node("next-character", "pick", draws) == [0, 0, 2, 2, 2]


def test_next_character_has_scores_after_each_character_of_its_line():
    data, start = node("next-character", "DATA"), node("next-character", "START")
    symbols, line = data["symbols"], data["line"]
    scores = np.reshape(data["scores"], (len(line), len(symbols)))
    assert list(symbols) == sorted(set(symbols))
    assert set(line) <= set(symbols)
    assert scores.max() == 0
    steps = [{"step": t} for t in (1, 5, len(line))]
    for case, got in zip(steps, node("next-character", "scores", steps), strict=True):
        close(got, scores[case["step"] - 1] / 100)
    # the network behind it knows the line: mostly the character that comes is likely
    p = softmax(scores / 100.0)[:-1]
    coming = p[np.arange(len(line) - 1), [symbols.index(c) for c in line[1:]]]
    assert -np.log(coming).mean() < 2
    assert (start["step"], start["k"]) == (len(line), len(symbols))
    source = chapter_source("17-text-generation")
    assert f"line = {json.dumps(line)}" in source
    assert f"tau={start['tau']}, mass={start['mass']}" in source

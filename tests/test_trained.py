"""Are the trained networks stored as they are read, and do they do what they learnt?"""

import doctest
import json

import numpy as np
import pytest

from rnncourse import trained
from rnncourse.datasets.brackets import (
    SYMBOLS,
    encode_brackets,
    make_brackets,
    read_brackets,
)
from rnncourse.reference.functional import log_softmax
from rnncourse.reference.lstm import LSTMParams, lstm_forward
from tests.conftest import ROOT


def test_what_is_packed_comes_back_rounded():
    rng = np.random.default_rng(0)
    arrays = {"W": rng.normal(size=(3, 5)), "b": rng.uniform(-3, 3, size=7)}
    for parts in (10_000, 100):
        packed = json.loads(json.dumps(trained.pack(arrays, parts)))
        back = trained.unpack(packed)
        for name, a in arrays.items():
            np.testing.assert_allclose(back[name], a, atol=0.5001 / parts)
            assert np.array_equal(trained.unpack(trained.pack(back, parts))[name],
                                  back[name])  # fmt: skip


def test_a_weight_too_large_or_a_network_unknown_is_named():
    with pytest.raises(ValueError, match=r"W must lie within ±3\.2767, got 4"):
        trained.pack({"W": np.array([[4.0]])})
    with pytest.raises(ValueError, match="name must be one of"):
        trained.load_network("nobody")


def test_weights_are_written_into_the_one_line_of_a_script(tmp_path, monkeypatch):
    monkeypatch.setattr(trained, "__file__", str(tmp_path / "__init__.py"))
    script = tmp_path / "figure.js"
    script.write_text("// before\nconst MODEL = {};\n// behind\n", encoding="utf-8")
    trained.write_network("mine", {"b": np.array([0.5])}, script)
    text = (tmp_path / "mine.json").read_text("utf-8")
    lines = script.read_text("utf-8").splitlines()
    assert lines == ["// before", f"const MODEL = {text.strip()};", "// behind"]
    script.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="one line of weights, got 0"):
        trained.write_network("mine", {"b": np.array([0.5])}, script)


def test_the_reader_of_brackets_does_as_well_as_its_lab_has_stored():
    stored = json.loads((ROOT / "chapters/results/10-brackets.json").read_text("utf-8"))
    a = trained.load_network("brackets")
    p = LSTMParams(a["W_x"], a["W_h"], a["b"])
    rng = np.random.default_rng(77)  # other texts than the lab's
    texts = [make_brackets(110, seed=rng) for _ in range(100)]
    ids = np.stack([encode_brackets(text) for text in texts], axis=1)
    hs = lstm_forward(np.eye(len(SYMBOLS))[ids], p)[0]
    logs = log_softmax(hs @ a["W_y"] + a["b_y"])
    loss = -np.take_along_axis(logs[:-1], ids[1:, :, None], axis=2).mean()
    assert loss == pytest.approx(stored["loss"], abs=0.03)
    allowed = np.stack([read_brackets(text)[2] for text in texts], axis=1)
    forbidden = 100 * np.where(allowed, 0, np.exp(logs)).sum(axis=2).mean()
    assert forbidden < 3 * stored["forbidden_percent"]


def test_each_example_gives_what_it_shows():
    result = doctest.testmod(trained)
    assert result.attempted >= 3 and result.failed == 0

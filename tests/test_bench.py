"""The benchmarks compare two passes that compute the same."""

import json
import time

import numpy as np
import pytest
import torch

from benchmarks import gpu, grading_run, layers, train_characters
from rnncourse.datasets.texts import fetch_shakespeare

SMALL = (5, 3, 2, 4)
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
each_device = pytest.mark.parametrize("device", DEVICES)
each_kind = pytest.mark.parametrize("name", layers.KINDS)


@each_kind
@pytest.mark.parametrize("shape", [SMALL, layers.SHAPES[0]], ids=str)
def test_both_candidates_compute_the_same(name, shape):
    ours, theirs = (run() for run in layers.candidates(layers.KINDS[name], shape))
    T, B, D, H = shape
    assert ours.dxs.shape == (T, B, D)
    assert ours.hs.shape == (T, B, H)
    assert layers.largest_difference(ours, theirs) < 1e-5  # float32


def test_a_wrong_candidate_would_be_seen():
    ours, theirs = (run() for run in layers.candidates(layers.KINDS["rnn"], SMALL))
    wrong = ours._replace(dxs=ours.dxs * 1.01)
    assert layers.largest_difference(wrong, theirs) > 1e-3


@each_kind
def test_a_run_writes_ratio_spread_machine_and_versions(name):
    kind = layers.KINDS[name]
    row = layers.measure(kind, SMALL, rounds=3, seconds_per_turn=0.02)
    low, high = row["quartiles"]
    assert 0 < low <= row["ratio"] <= high
    assert row["shape"] == {"T": 5, "B": 3, "D": 2, "H": 4}
    assert 0 < row["share_of_products"] < 1
    if name == "lstm":
        *parts, total = row["floor"].values()
        assert min(parts) > 0
        assert total > max(parts)
    assert {"processor", "numpy", "torch", "threads"} <= layers.machine().keys()


# What the backward needs of each step, in rows of H numbers, beside x itself.
NEEDED = {
    "rnn": ["h"],  # 1 - h² is the slope of tanh
    "gru": ["r", "z", "n", "h_prev W_hn + b_hn", "h"],
    "lstm": ["i", "f", "g", "o", "c", "tanh c", "h"],
}


@each_kind
@pytest.mark.parametrize("shape", [(50, 16, 8, 32), (100, 64, 65, 100)], ids=str)
def test_a_forward_pass_holds_little_more_than_its_backward_needs(name, shape):
    found = layers.memory(layers.KINDS[name], shape)
    _, B, D, H = shape
    needed = 4 * B * (D + H * len(NEEDED[name]))  # float32
    assert found["needed_bytes_per_step"] == needed
    assert 0.95 < found["memory_ratio"] <= layers.MEMORY
    # even while it works: no list of steps, no second copy of the inputs or gates
    assert found["memory_ratio"] <= found["peak_ratio"] <= layers.MEMORY


def test_a_layer_that_keeps_too_much_would_be_seen():
    kind = layers.KINDS["lstm"]

    def greedy(xs, p):
        hs, last, cache = kind.forward(xs, p)
        return hs, last, (cache, cache.r.copy())

    found = layers.memory(kind._replace(forward=greedy), (50, 16, 8, 32))
    assert found["memory_ratio"] > 1.5


@each_kind
def test_stored_figures_cover_every_shape_on_one_thread(name):
    path = layers.RESULTS / f"{name}.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    shapes = [tuple(row["shape"].values()) for row in stored["rows"]]
    assert shapes == list(layers.SHAPES)
    assert stored["machine"]["threads"] == 1
    assert stored["worst"] == max(row["ratio"] for row in stored["rows"])
    assert all(row["largest_difference"] < 1e-4 for row in stored["rows"])
    late = [r["shape"] for r in stored["rows"] if r["ratio"] > r["required"]]
    assert stored["missed"] == late
    assert all(("floor" in row) == (name == "lstm") for row in stored["rows"])


def test_an_unknown_kind_is_refused(capsys):
    with pytest.raises(SystemExit):
        layers.main(["lstn"])
    assert "no kind ['lstn']; there are rnn, gru, lstm" in capsys.readouterr().err


# -- the character model -------------------------------------------------------------


@pytest.mark.parametrize(
    "sizes",
    [train_characters.Sizes(20, 8, 16), train_characters.Sizes(12, 1, 24)],
    ids=str,
)
def test_numpy_and_torch_train_alike_step_by_step(sizes):
    text = fetch_shakespeare(synthetic=True).text
    ids, V = train_characters.encode(text)
    rng = np.random.default_rng(2)
    ours = train_characters.in_numpy(V, sizes.H)
    theirs = train_characters.in_torch(V, sizes.H)
    losses = []
    for _ in range(25):
        pair = train_characters.batch(ids, sizes, rng)
        losses.append((ours(*pair), theirs(*pair)))
    own, other = np.array(losses).T
    np.testing.assert_allclose(own, other, rtol=2e-5)  # float32, 25 steps of Adam
    assert own[0] == pytest.approx(np.log(V), rel=0.05)  # it starts by guessing
    assert own[-5:].mean() < own[:5].mean() - 0.05  # and learns


def test_another_optimiser_would_be_seen(monkeypatch):
    ids, V = train_characters.encode(fetch_shakespeare(synthetic=True).text)
    theirs = train_characters.in_torch(V, 16)
    monkeypatch.setattr(train_characters, "LEARNING_RATE", 2.2e-3)
    ours = train_characters.in_numpy(V, 16)
    pair = train_characters.batch(
        ids, train_characters.Sizes(20, 8, 16), np.random.default_rng(2)
    )
    losses = np.array([(ours(*pair), theirs(*pair)) for _ in range(10)])
    assert abs(losses[-1, 0] / losses[-1, 1] - 1) > 1e-4


def test_stored_training_has_the_same_losses_on_both_sides():
    stored = json.loads(train_characters.RESULTS.read_text(encoding="utf-8"))
    sizes = [tuple(row["sizes"][n] for n in "TBH") for row in stored["rows"]]
    assert sizes == list(train_characters.SIZES)
    assert stored["text"] == "Shakespeare"  # the real one
    assert stored["machine"]["threads"] == 1
    assert stored["slowest"] == min(row["ratio"] for row in stored["rows"])
    for row in stored["rows"]:
        first, others = row["first_losses"], row["torch_first_losses"]
        np.testing.assert_allclose(first, others, atol=train_characters.AGREE)
        low, high = row["quartiles"]
        assert low <= row["ratio"] <= high


# -- on a GPU ------------------------------------------------------------------------


@each_device
@each_kind
def test_every_way_through_the_loop_computes_the_same(name, device):
    runs = gpu.candidates(name, SMALL, device)
    want = {"eager", "cudnn"} | ({"graph", "compiled"} if device == "cuda" else set())
    assert set(runs) == want
    base = gpu.Pass(*(a.clone() for a in runs["eager"]()))
    assert base.hs.device.type == device
    for way in runs:
        assert gpu.difference(runs[way](), base) < 1e-4, way
        assert gpu.difference(runs[way](), base) < 1e-4, f"{way}, the second time"
    wrong = base._replace(dxs=base.dxs * 1.01)
    assert gpu.difference(wrong, base) > 1e-3


@each_device
def test_scan_and_loop_of_the_long_sequence_compute_the_same(device):
    runs = gpu.long_candidates((64, 3, 2, 4), device)
    assert set(runs) == {"eager", "loop", "scan"}
    assert gpu.difference(runs["scan"](), runs["loop"]()) < 1e-4
    assert gpu.LONG[0] == 512


def test_timings_are_told_as_multiples_of_the_eager_loop():
    runs = {"eager": lambda: time.sleep(0), "slow": lambda: sum(range(200_000))}
    row = gpu.compare(runs, "cpu", rounds=3)
    assert row["eager"]["times_eager"] == 1
    assert row["slow"]["times_eager"] < 0.5
    assert row["slow"]["ms"] > row["eager"]["ms"]


def test_without_a_gpu_nothing_is_measured_or_written(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main(["--out", str(tmp_path / "gpu.json")]) == 0
    assert "no GPU here" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_run_on_a_gpu_names_it_and_writes_every_shape(monkeypatch, tmp_path):
    monkeypatch.setattr(gpu, "SHAPES", [SMALL])
    monkeypatch.setattr(gpu, "LONG", (16, 3, 2, 4))
    path = tmp_path / "gpu.json"
    gpu.main(["--rounds", "3", "--out", str(path)])  # too small to meet a goal
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert stored["machine"]["gpu"] == torch.cuda.get_device_name()
    assert [row["kind"] for row in stored["layers"]] == list(layers.KINDS)
    assert all(row["graph"]["times_eager"] > 0 for row in stored["layers"])
    assert stored["scan"]["scan"]["times_eager"] > 0


def test_goals_of_a_graded_run_are_met_or_named():
    long = {
        "driver_grew_mib": 13.0,
        "later_by_earlier": 1.07,
        "workers_grew_mib": [4.0, 2.5],
        "estimate_after_a_tenth": 110.0,
        "wall_seconds": 100.0,
    }
    found = {
        "long": long,
        "workers": {"speed_up": 1.9},
        "walls": {"cost": 0.1},
        "cluster": {"busy": 0.95},
    }
    assert grading_run.missed(found) == []
    worse = {"later_by_earlier": 1.2, "estimate_after_a_tenth": 70.0}
    found |= {"long": {**long, **worse}, "walls": {"cost": 0.3}}
    assert grading_run.missed(found) == [
        "later tenths by earlier ones: 1.1",
        "estimate by truth: 0.2",
        "walls cost: 0.15",
    ]

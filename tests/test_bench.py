"""The benchmarks compare two passes that compute the same."""

import json

import pytest

from benchmarks import layers, train_characters

SMALL = (5, 3, 2, 4)
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
    assert {"processor", "numpy", "torch", "threads"} <= layers.machine().keys()


@each_kind
def test_a_layer_keeps_little_more_than_its_backward_pass_needs(name):
    found = layers.memory(layers.KINDS[name], (50, 16, 8, 32))
    assert 0.9 < found["memory_ratio"] <= layers.MEMORY


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


def test_an_unknown_kind_is_refused(capsys):
    with pytest.raises(SystemExit):
        layers.main(["lstn"])
    assert "no kind ['lstn']; there are rnn, gru, lstm" in capsys.readouterr().err


def test_stored_training_has_the_same_losses_on_both_sides():
    stored = json.loads(train_characters.RESULTS.read_text(encoding="utf-8"))
    assert stored["machine"]["threads"] == 1
    assert stored["ratio"] > 0

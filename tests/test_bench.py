"""The benchmark compares two passes that compute the same."""

import json
from pathlib import Path

import pytest

from benchmarks import rnn

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results" / "rnn.json"
SMALL = (5, 3, 2, 4)


@pytest.mark.parametrize("shape", [SMALL, rnn.SHAPES[0]], ids=str)
def test_both_candidates_compute_the_same(shape):
    ours, theirs = (run() for run in rnn.candidates(shape))
    T, B, D, H = shape
    assert ours.dxs.shape == (T, B, D)
    assert ours.hs.shape == (T, B, H)
    assert rnn.largest_difference(ours, theirs) < 1e-5  # float32


def test_a_wrong_candidate_would_be_seen():
    ours, theirs = (run() for run in rnn.candidates(SMALL))
    wrong = ours._replace(dxs=ours.dxs * 1.01)
    assert rnn.largest_difference(wrong, theirs) > 1e-3


def test_a_run_writes_ratio_spread_machine_and_versions():
    row = rnn.measure(SMALL, rounds=3, seconds_per_turn=0.02)
    low, high = row["quartiles"]
    assert 0 < low <= row["ratio"] <= high
    assert row["shape"] == {"T": 5, "B": 3, "D": 2, "H": 4}
    assert {"processor", "numpy", "torch", "threads"} <= rnn.machine().keys()


def test_stored_figures_cover_every_shape_on_one_thread():
    stored = json.loads(RESULTS.read_text(encoding="utf-8"))
    shapes = [tuple(row["shape"].values()) for row in stored["rows"]]
    assert shapes == list(rnn.SHAPES)
    assert stored["machine"]["threads"] == 1
    assert stored["worst"] == max(row["ratio"] for row in stored["rows"])
    assert all(row["largest_difference"] < 1e-4 for row in stored["rows"])

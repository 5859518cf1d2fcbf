"""Are the motifs planted as said, and does the rule need their order?"""

import numpy as np
import pytest

from rnncourse.datasets.motifs import (
    CHANGE,
    FIRST,
    NOISE,
    READINGS,
    SHARE,
    follow,
    make_motifs,
)


def test_the_next_day_moves_only_where_the_motifs_alternate():
    assert follow(np.array([0, 1, 0, 0, -1, 0, 1, 1, 0])).tolist() == [
        *[0.0] * 5, -CHANGE, 0.0, CHANGE, 0.0,
    ]  # fmt: skip
    assert follow(np.array([-1, 1, -1])).tolist() == [0.0, 0.0, CHANGE]
    assert not follow(np.array([1, 1, 0, 1])).any()


def test_the_last_motif_alone_does_not_tell_what_follows():
    data = make_motifs(4000)
    after = data.change[1:][data.planted[:-1] == 1]
    assert set(after) == {0.0, CHANGE}
    assert 0.4 < np.mean(after == CHANGE) < 0.6


def test_a_motif_is_found_by_its_own_kernel_and_in_either_sign():
    data = make_motifs(3000, seed=1)
    days = data.readings - data.readings.mean(axis=1, keepdims=True)
    places = np.lib.stride_tricks.sliding_window_view(days, len(FIRST), axis=1)
    first, second = (np.max(np.abs(places @ m), axis=1) for m in (FIRST, FIRST[::-1]))
    shown = data.planted != 0
    assert np.mean((first > second)[shown] == (data.planted == 1)[shown]) > 0.95
    signed = np.take_along_axis(
        places @ FIRST, np.abs(places @ FIRST).argmax(1)[:, None], 1
    )
    up = (signed > 0)[data.planted == 1].mean()
    assert 0.4 < up < 0.6


def test_the_sizes_are_as_said():
    data = make_motifs(6000, seed=2)
    assert data.readings.shape == (6000, READINGS)
    assert abs(np.mean(data.planted != 0) - SHARE) < 0.02
    still = data.readings[data.planted == 0]
    spread = (still - still.mean(axis=1, keepdims=True)).std(ddof=0)
    assert abs(spread / np.sqrt(1 - 1 / READINGS) - NOISE) < 0.01
    assert sum(FIRST) == 0


def test_a_seed_gives_the_same_series_and_wrong_sizes_are_named():
    assert np.array_equal(make_motifs(9).readings, make_motifs(9, seed=0).readings)
    assert not np.array_equal(make_motifs(9).planted, make_motifs(9, seed=1).planted)
    assert len(make_motifs().planted) == 3000
    with pytest.raises(ValueError, match="n_days must be at least 1, got 0"):
        make_motifs(0)
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        make_motifs(3, seed=-1)


def test_another_motif_and_shorter_days_are_planted_as_asked():
    one = (3.0, -1.0)
    data = make_motifs(2000, n_readings=2, first=one)
    still = data.readings - data.readings.mean(axis=1, keepdims=True)
    turned = still[data.planted != 0] @ np.array(one)
    assert abs(np.mean(np.abs(turned)) - 8.0) < 0.3  # (2, -2) @ (3, -1), either sign
    with pytest.raises(ValueError, match="first must have 2 to n_readings=3 numbers"):
        make_motifs(9, n_readings=3, first=(1, 2, 3, 4))
    with pytest.raises(ValueError, match="own mirror image"):
        make_motifs(9, first=(1, 2, 1))
    with pytest.raises(ValueError, match="n_readings must be at least 1, got 0"):
        make_motifs(9, n_readings=0)

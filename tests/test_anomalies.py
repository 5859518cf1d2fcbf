"""Scores for the unusual: small cases by hand, laws, and what is refused."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from rnncourse.anomalies import (
    alarm_events,
    component_errors,
    event_scores,
    power_spectrum,
    residual_scores,
    roc_area,
    tail_threshold,
)
from rnncourse.nn.anomaly import AheadForecaster, SequenceAutoencoder

rng = np.random.default_rng(22)


def test_scores_by_hand():
    errors = np.array([1.0, 2.0, 3.0, 5.0, 10.0, np.nan, -4.0])
    quiet = np.array([True, True, True, True, True, True, False])
    found = residual_scores(errors, quiet)  # median 3, distances 2 1 0 2 7, median 2
    expected = np.array([2, 1, 0, 2, 7, np.nan, 7]) / (2 * 1.4826)
    np.testing.assert_allclose(found, expected)


def test_scores_need_quiet_errors_that_differ():
    with pytest.raises(ValueError, match="no number among the quiet"):
        residual_scores(np.array([np.nan, 1.0]), np.array([True, False]))
    with pytest.raises(ValueError, match="more than half"):
        residual_scores(np.array([1.0, 1.0, 1.0, 4.0]), np.ones(4, dtype=bool))


@pytest.mark.parametrize("N", [2, 3, 8, 17])
def test_power_adds_up_and_finds_a_wave(N):
    x = 7 + rng.normal(size=N)
    frequency, power = power_spectrum(x, 0.25)
    assert len(frequency) == len(power) == N // 2 + 1
    assert frequency[0] == 0 and np.isclose(power[0], 0)
    assert np.isclose(power.sum(), np.sum((x - x.mean()) ** 2))
    if N == 17:
        turns = np.cos(2 * np.pi * 3 * np.arange(N) / N)
        f, p = power_spectrum(turns, 0.25)
        assert np.argmax(p) == 3 and np.isclose(f[3], 3 / (17 * 0.25))
        assert np.isclose(p[3], N / 2)
    assert np.allclose(power_spectrum(x)[0], 0.25 * frequency)


def test_the_tail_goes_on_where_the_scores_end():
    scores = np.arange(1.0, 101.0)
    # the 0.98 quantile is 98.02; two scores lie above, by 0.98 and 1.98
    expected = 98.02 + 1.48 * np.log(0.02 / 1e-4)
    assert np.isclose(tail_threshold(scores, 1e-4), expected)
    assert tail_threshold(scores, 1e-6) > tail_threshold(scores, 1e-4) > 100


@pytest.mark.parametrize(("rate", "tail"), [(0, 0.1), (0.2, 0.1), (0.1, 1.0)])
def test_the_tail_refuses_shares_that_make_no_sense(rate, tail):
    with pytest.raises(ValueError, match="want 0 < rate <= tail < 1"):
        tail_threshold(np.arange(50.0), rate, tail)


def test_the_tail_needs_two_scores():
    with pytest.raises(ValueError, match="1 in the tail, at least 2"):
        tail_threshold(np.arange(20.0), 0.001)


def test_alarms_join_over_short_gaps_only():
    alarms = np.zeros(12, dtype=bool)
    assert alarm_events(alarms) == []
    alarms[[0, 1, 4, 11]] = True
    assert alarm_events(alarms) == [(0, 1), (4, 4), (11, 11)]
    assert alarm_events(alarms, 1) == [(0, 1), (4, 4), (11, 11)]
    assert alarm_events(alarms, 2) == [(0, 4), (11, 11)]
    assert alarm_events(alarms, 6) == [(0, 11)]
    with pytest.raises(ValueError, match="gap"):
        alarm_events(alarms, -1)


def test_events_touch_within_the_slack():
    found, true = [(0, 3), (5, 6), (20, 30)], [(4, 4), (25, 26), (50, 60)]
    assert event_scores(found, true) == (1 / 3, 1 / 3)
    assert event_scores(found, true, slack=1) == (1, 2 / 3)
    nothing = event_scores([], true)
    assert np.isnan(nothing.precision) and nothing.recall == 0
    assert np.isnan(event_scores(found, []).recall)
    with pytest.raises(ValueError, match="slack"):
        event_scores(found, true, slack=-1)


def test_the_area_is_that_of_scikit_learn():
    scores, unusual = rng.integers(0, 9, size=200).astype(float), rng.random(200) < 0.3
    assert np.isclose(roc_area(scores, unusual), roc_auc_score(unusual, scores))
    assert roc_area(np.ones(4), np.arange(4) < 2) == 0.5
    for one_kind in (np.ones(4, dtype=bool), np.zeros(4, dtype=bool)):
        with pytest.raises(ValueError, match="both kinds"):
            roc_area(np.ones(4), one_kind)


@pytest.mark.parametrize("K", [0, 1, 3, 6])
def test_components_are_those_of_scikit_learn(K):
    usual, X = 3 + rng.normal(size=(20, 6)), rng.normal(size=(7, 6))
    if K:
        model = PCA(K).fit(usual)
        copy = model.inverse_transform(model.transform(X))
    else:
        copy = usual.mean(axis=0)
    expected = np.sum((X - copy) ** 2, axis=1)
    np.testing.assert_allclose(component_errors(usual, X, K), expected, atol=1e-12)


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("change", [False, True])
def test_a_forecast_ahead_reads_nothing_later(cell, change):
    torch.manual_seed(0)
    model = AheadForecaster(cell, 2, 5, ahead=3, change=change)
    xs = torch.randn(4, 11, 2)
    once = model(xs)
    assert once.shape == (4, 8, 2)
    later = xs.clone()
    later[:, 6:] += 1
    again = model(later)
    torch.testing.assert_close(again[:, :6], once[:, :6])
    assert not torch.allclose(again[:, 6:], once[:, 6:])
    with torch.no_grad():
        for weights in model.head.parameters():
            weights.zero_()
    still = model(xs)
    torch.testing.assert_close(still, xs[:, :8] if change else torch.zeros(4, 8, 2))


@pytest.mark.parametrize("cell", ["RNN", "GRU"])
def test_an_autoencoder_writes_from_its_code_alone(cell):
    torch.manual_seed(0)
    model = SequenceAutoencoder(cell, 1, 6, K=2)
    xs = torch.randn(3, 9, 1)
    assert model.encode(xs).shape == (3, 2)
    assert model(xs).shape == (3, 9, 1)
    with torch.no_grad():
        for weights in model.code.parameters():
            weights.zero_()
    copies = model(xs)  # the same code for all: the same sequence for all
    torch.testing.assert_close(copies, copies[:1].expand(3, -1, -1))


def test_networks_name_what_is_wrong():
    with pytest.raises(ValueError, match="cell"):
        SequenceAutoencoder("LSTM", 1, 4, K=2)
    with pytest.raises(ValueError, match="ahead"):
        AheadForecaster("GRU", 1, 4, ahead=0)
    with pytest.raises(ValueError, match="xs"):
        AheadForecaster("GRU", 1, 4)(torch.zeros(2, 5, 3))

"""Checks of the assignment of chapter 22: scores for the unusual.

Right answers come from :mod:`rnncourse.anomalies`. Each small function below also
computes the wrong answers that people give, by the name of the slip, so that a check
can recognise them and the tests hand them in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Case, Check, by_slip

SLUG = "22-anomalies"
Rng = np.random.Generator


# -- how far from usual --------------------------------------------------------------


def _residual(errors: Any, quiet: Any) -> Any:
    from rnncourse.anomalies import residual_scores

    return residual_scores(errors, quiet)


def _residual_wrong(errors: Any, quiet: Any, *, slip: str) -> Any:
    known = np.isfinite(errors)
    usual = errors[known if slip == "everywhere" else known & quiet]
    middle = np.median(usual)
    mad = np.median(np.abs(usual - middle))
    if slip == "deviation":
        return np.abs(errors - usual.mean()) / usual.std()
    if slip == "zero-centred":
        return np.abs(errors) / (1.4826 * np.median(np.abs(usual)))
    if slip == "mean-distance":
        return np.abs(errors - middle) / (1.4826 * np.mean(np.abs(usual - middle)))
    if slip == "factor-above":
        return 1.4826 * np.abs(errors - middle) / mad
    if slip == "signed":
        return (errors - middle) / (1.4826 * mad)
    if slip == "squared":
        return ((errors - middle) / (1.4826 * mad)) ** 2
    if slip == "filled":
        return np.nan_to_num(np.abs(errors - middle) / (1.4826 * mad))
    scale = mad if slip == "plain" else 1.4826 * mad
    return np.abs(errors - middle) / scale


def _draw_residual(rng: Rng, N: int = 29) -> Inputs:
    errors = 3 + rng.normal(size=N) * rng.uniform(0.5, 2)
    quiet = np.arange(N) < 2 * N // 3
    errors[1], errors[3] = 18.0, -16.0  # outliers among the quiet ones
    errors[~quiet] += 6
    errors[[0, -2]] = np.nan
    return {"errors": errors, "quiet": quiet}


def _draw_residual_units(rng: Rng) -> list[Inputs]:
    once = _draw_residual(rng)
    return [once, {**once, "errors": 1000 * once["errors"] - 70}]


def _units_do_not_count(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(values[0], values[1], equal_nan=True):
        return ""
    return (
        "The same errors in another unit, counted from another zero, score otherwise."
    )


def _draw_residual_edge(rng: Rng) -> list[Inputs]:
    all_quiet = _draw_residual(rng, 12)
    all_quiet["quiet"] = np.ones(12, dtype=bool)
    few = _draw_residual(rng, 9)
    few["quiet"] = np.isin(np.arange(9), (2, 4, 5, 8))
    return [all_quiet, few]


RESIDUAL = Check(
    name="residual-scores",
    assignment=SLUG,
    points=2,
    title="residual_scores",
    asks="a score (N,) for each error, NaN where the error is NaN",
    equation="22.2",
    section="How far from usual",
    reference=_residual,
    returns=("scores",),
    cases=(
        Case("value", "scores of errors", 2, _draw_residual),
        Case(
            "property",
            "the unit does not matter",
            1,
            _draw_residual_units,
            law=_units_do_not_count,
        ),
        Case("edge", "everything quiet; four quiet values", 1, _draw_residual_edge),
    ),
    mistakes=by_slip(
        _residual_wrong,
        {
            "mean-and-deviation": (
                "deviation",
                "mean and standard deviation were used. Two outliers stretch both; "
                "(22.2) has medians.",
            ),
            "usual-taken-as-zero": (
                "zero-centred",
                "distances were taken from 0. The usual error may be another one, "
                "(22.2) takes its median off first.",
            ),
            "learnt-from-everything": (
                "everywhere",
                "what is usual was learnt from all errors, those of the event "
                "included. Take the quiet ones.",
            ),
            "mean-of-the-distances": (
                "mean-distance",
                "the distances to the median were averaged. (22.2) takes their median, "
                "which outliers cannot move far.",
            ),
            "factor-left-out": (
                "plain",
                "the 1.4826 is missing, so the scores are half as large again as in "
                "standard deviations.",
            ),
            "factor-on-top": (
                "factor-above",
                "1.4826 multiplies the distance. It belongs to the spread, below the "
                "line of (22.2).",
            ),
            "sign-kept": (
                "signed",
                "scores are negative for errors below the median. A dip is as unusual "
                "as a flare: absolute value.",
            ),
            "scores-squared": (
                "squared",
                "scores were squared; (22.2) has the absolute value.",
            ),
            "unknown-scores-zero": (
                "filled",
                "an unknown error got the score 0, as if all had been well. Leave it "
                "NaN.",
            ),
        },
    ),
)


# -- the power spectrum --------------------------------------------------------------


def _spectrum(series: Any, step: float) -> Any:
    from rnncourse.anomalies import power_spectrum

    return power_spectrum(series, step)


def _spectrum_wrong(series: Any, step: float, *, slip: str) -> Any:
    N = len(series)
    x = series if slip == "mean-left" else series - series.mean()
    size = np.abs(np.fft.rfft(x))
    power = size**2 / N
    if slip == "amplitude":
        power = size / np.sqrt(N)
    if slip == "undivided":
        power = size**2
    if slip == "squared-count":
        power = size**2 / N**2
    twice = np.full(len(power), 2.0)
    if slip == "once":
        twice[:] = 1
    elif slip != "all-twice":
        twice[0] = 1
        if N % 2 == 0 and slip != "last-twice":
            twice[-1] = 1
        if N % 2 == 1 and slip == "odd-last-once":
            twice[-1] = 1
    frequency = np.arange(len(power)) / (N * step)
    if slip == "angular":
        frequency = 2 * np.pi * frequency
    if slip == "per-step":
        frequency = frequency * step
    if slip == "times-step":
        frequency = frequency * step**2
    if slip == "period":
        frequency = 1 / np.maximum(frequency, 1 / (N * step))
    return frequency, twice * power


def _draw_spectrum(N: int) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "series": 5 + rng.normal(size=N).cumsum(),
            "step": float(rng.uniform(0.2, 0.5)),
        }

    return draw


def _draw_parseval(rng: Rng) -> list[Inputs]:
    return [_draw_spectrum(18)(rng), _draw_spectrum(23)(rng)]


def _power_is_variation(calls: list[Inputs], values: list[Any]) -> str:
    for call, (_, power) in zip(calls, values, strict=True):
        x = call["series"]
        if not np.isclose(np.sum(np.asarray(power)), np.sum((x - x.mean()) ** 2)):
            return "The power should add up to the squared deviations from the mean."
    return ""


def _draw_spectrum_edge(rng: Rng) -> list[Inputs]:
    turn = {"series": np.cos(2 * np.pi * 3 * np.arange(20) / 20) + 2, "step": 0.25}
    return [turn, {"series": rng.normal(size=3), "step": 2.0}]


SPECTRUM = Check(
    name="power-spectrum",
    assignment=SLUG,
    points=3,
    title="power_spectrum",
    asks="frequencies and power, (N // 2 + 1,) each",
    equation="22.3",
    section="What a forecast can use",
    reference=_spectrum,
    returns=("frequency", "power"),
    cases=(
        Case("value", "an even number of values", 2, _draw_spectrum(16)),
        Case(
            "property",
            "the power adds up to the variation",
            1,
            _draw_parseval,
            law=_power_is_variation,
        ),
        Case("edge", "a pure wave; three values", 1, _draw_spectrum_edge),
        Case("naming", "an odd number of values", 0, _draw_spectrum(15)),
    ),
    mistakes=by_slip(
        _spectrum_wrong,
        {
            "mean-not-taken-off": (
                "mean-left",
                "the mean stayed in, and all its power stands at frequency 0. (22.3) "
                "takes it off.",
            ),
            "size-not-squared": (
                "amplitude",
                "the size of each term came; power is its square.",
            ),
            "not-divided-by-n": (
                "undivided",
                "the squares were not divided by N, so longer series have more power.",
            ),
            "divided-by-n-twice": (
                "squared-count",
                "the squares were divided by N². (22.3) divides by N, and the sum of "
                "(22.4) needs that.",
            ),
            "mirror-image-lost": (
                "once",
                "each frequency counts once. All but the first, and for even N the "
                "last, stand for two, (22.4).",
            ),
            "everything-doubled": (
                "all-twice",
                "the last frequency of an even N was doubled as well; it is its own "
                "mirror image.",
            ),
            "last-of-odd-not-doubled": (
                "odd-last-once",
                "with an odd N the last frequency has a mirror image too, and you "
                "counted it once.",
            ),
            "angle-per-time": (
                "angular",
                "the frequencies are angles per unit of time, larger by 2π. Turns are "
                "asked for.",
            ),
            "turns-per-step": (
                "per-step",
                "frequencies are in turns per step. Divide by the time a step takes.",
            ),
            "multiplied-by-the-step": (
                "times-step",
                "frequencies were multiplied by the step where (22.3) divides by it.",
            ),
            "periods-for-frequencies": (
                "period",
                "periods came, the time of one turn. A frequency is 1 over it.",
            ),
        },
    ),
)


# -- the threshold -------------------------------------------------------------------


def _tail(scores: Any, rate: float, tail: float) -> Any:
    from rnncourse.anomalies import tail_threshold

    return tail_threshold(scores, rate, tail)


def _tail_wrong(scores: Any, rate: float, tail: float, *, slip: str) -> Any:
    start = np.quantile(scores, 1 - tail)
    above = scores[scores > start]
    share = len(above) / len(scores)
    excess = (above - start).mean()
    if slip == "quantile":
        return float(np.quantile(scores, 1 - rate))
    if slip == "start":
        return float(start)
    if slip == "not-excess":
        excess = above.mean()
    if slip == "median":
        excess = np.median(above - start)
    if slip == "deviation":
        excess = above.std()
    if slip == "all-excess":
        excess = np.maximum(scores - start, 0).mean()
    if slip == "share-forgotten":
        return float(start + excess * np.log(1 / rate))
    if slip == "upside-down":
        return float(start + excess * np.log(rate / share))
    if slip == "log-ten":
        return float(start + excess * np.log10(share / rate))
    if slip == "from-zero":
        return float(excess * np.log(share / rate))
    if slip == "normal":
        from statistics import NormalDist

        z = NormalDist().inv_cdf(1 - rate)
        return float(scores.mean() + z * scores.std())
    return float(start + excess * np.log(share / rate))


def _draw_tail(N: int, rate: float, tail: float) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        return {
            "scores": 1 + rng.exponential(size=N) ** 1.3,
            "rate": rate,
            "tail": tail,
        }

    return draw


def _draw_tail_law(rng: Rng) -> list[Inputs]:
    once = _draw_tail(150, 1e-3, 0.1)(rng)
    return [{**once, "rate": rate} for rate in (1e-3, 1e-4, 1e-5)]


def _ten_times_rarer(calls: list[Inputs], values: list[Any]) -> str:
    steps = np.diff(np.ravel(values))
    if np.isclose(steps[0], steps[1]) and steps[0] > 0:
        return ""
    return "Each tenfold rarer alarm should lift the threshold by the same amount."


def _draw_tail_edge(rng: Rng) -> list[Inputs]:
    return [_draw_tail(40, 0.05, 0.05)(rng), _draw_tail(25, 1e-6, 0.4)(rng)]


TAIL = Check(
    name="tail-threshold",
    assignment=SLUG,
    points=3,
    title="tail_threshold",
    asks="the score that a share `rate` of usual scores would exceed, one number",
    equation="22.7",
    section="How high to hang the bell",
    reference=_tail,
    returns=("threshold",),
    cases=(
        Case("value", "a rate below one in N", 2, _draw_tail(200, 1e-4, 0.1)),
        Case(
            "property",
            "ten times rarer",
            1,
            _draw_tail_law,
            law=_ten_times_rarer,
        ),
        Case("edge", "a rate as large as the tail; a thick tail", 1, _draw_tail_edge),
    ),
    mistakes=by_slip(
        _tail_wrong,
        {
            "quantile-of-what-was-seen": (
                "quantile",
                "it is a quantile of the scores themselves. With fewer than 1 / rate "
                "of them that is about their maximum; (22.7) goes on from the tail.",
            ),
            "tail-begins-here": (
                "start",
                "it is u, where the tail begins. The second term of (22.7) is missing.",
            ),
            "score-for-excess": (
                "not-excess",
                "the mean of the scores in the tail was taken, and not of how far they "
                "lie above u.",
            ),
            "median-excess": (
                "median",
                "the median of the excesses was taken. The β of an exponential is "
                "their mean.",
            ),
            "spread-of-the-excess": (
                "deviation",
                "the standard deviation of the excesses was taken. For a true "
                "exponential it equals the mean, for a sample it does not.",
            ),
            "everybody-in-the-tail": (
                "all-excess",
                "the mean excess went over all scores, with 0 for those below u. Only "
                "the tail counts in (22.6).",
            ),
            "share-forgotten": (
                "share-forgotten",
                "the logarithm has 1 over the rate. Only a share of the scores reaches "
                "the tail at all: (22.7) has that share over the rate.",
            ),
            "logarithm-upside-down": (
                "upside-down",
                "rarer alarms give a lower threshold: the fraction in the logarithm "
                "stands on its head.",
            ),
            "logarithm-to-ten": (
                "log-ten",
                "a logarithm to base 10 was used; the exponential of (22.6) needs the "
                "natural one.",
            ),
            "tail-start-not-added": (
                "from-zero",
                "the height above u came alone. Add u.",
            ),
            "normal-tail": (
                "normal",
                "scores were taken to be normal. Their tail is what we do not know, so "
                "(22.7) measures it.",
            ),
        },
    ),
)


# -- events --------------------------------------------------------------------------


def _events(alarms: Any, gap: int) -> Any:
    from rnncourse.anomalies import alarm_events

    found = np.array(alarm_events(alarms, gap)).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _events_wrong(alarms: Any, gap: int, *, slip: str) -> Any:
    at = np.flatnonzero(alarms)
    gap = {"never": 0, "tight": gap - 1, "wide": gap + 1}.get(slip, gap)
    if slip == "anywhere":
        gap = len(alarms)
    cuts = np.flatnonzero(np.diff(at) > gap + 1) + 1
    groups: list[Any] = list(np.split(at, cuts))
    if slip == "from-first":
        groups = [[at[0]]]
        for k in at[1:]:
            if k - groups[-1][0] > gap + 1:
                groups.append([k])
            else:
                groups[-1].append(k)
    if slip == "last-lost" and len(groups) > 1:
        groups = groups[:-1]
    if slip == "single-lost":
        groups = [g for g in groups if len(g) > 1] or groups
    first = np.array([g[0] for g in groups])
    last = np.array([g[-1] for g in groups])
    if slip == "one-past":
        last = last + 1
    if slip == "lengths":
        last = last - first + 1
    if slip == "padded":
        last = np.minimum(last + gap, len(alarms) - 1)
    return first, last


def _draw_events(rng: Rng, N: int = 90, gap: int = 3) -> Inputs:
    steps = [1, 2, gap, gap + 1, gap + 2, gap + 3, gap + 1, 9, 1, gap, gap + 1]
    at = int(rng.integers(1, 5)) + np.cumsum([0, *rng.permutation(steps), 8])
    alarms = np.zeros(N, dtype=bool)
    alarms[at[at < N - 1]] = True
    return {"alarms": alarms, "gap": gap}


def _draw_events_mirror(rng: Rng) -> list[Inputs]:
    once = _draw_events(rng, 85, 4)
    return [once, {**once, "alarms": once["alarms"][::-1].copy()}]


def _mirror(calls: list[Inputs], values: list[Any]) -> str:
    (first, last), (first_back, last_back) = values
    N = len(calls[0]["alarms"])
    if len(first) == len(last_back) and np.array_equal(
        np.asarray(first), N - 1 - np.asarray(last_back)[::-1]
    ):
        return ""
    return "Read backwards in time, the same alarms should make the same events."


def _draw_events_edge(rng: Rng) -> list[Inputs]:
    ends = np.zeros(12, dtype=bool)
    ends[[0, 1, 5, 11]] = True
    return [{"alarms": ends, "gap": 0}, {"alarms": np.ones(5, dtype=bool), "gap": 2}]


EVENTS = Check(
    name="alarm-events",
    assignment=SLUG,
    points=3,
    title="alarm_events",
    asks="first and last step of each event, (E,) whole numbers each",
    equation="22.8",
    section="One event, many alarms",
    reference=_events,
    returns=("first", "last"),
    cases=(
        Case("value", "alarms joined to events", 2, _draw_events),
        Case(
            "property",
            "the same events backwards",
            1,
            _draw_events_mirror,
            law=_mirror,
        ),
        Case("edge", "alarms at both ends; one long alarm", 1, _draw_events_edge),
    ),
    mistakes=by_slip(
        _events_wrong,
        {
            "gaps-never-bridged": (
                "never",
                "an event ends at the first step without an alarm. So many as `gap` "
                "may lie inside.",
            ),
            "gap-one-too-short": (
                "tight",
                "gaps of exactly `gap` steps end an event in yours. Count the steps "
                "without an alarm, not the distance.",
            ),
            "gap-one-too-long": (
                "wide",
                "gaps of one step more than `gap` are bridged in yours.",
            ),
            "one-event-for-all": (
                "anywhere",
                "all alarms became one event, from the first to the last.",
            ),
            "measured-from-the-first": (
                "from-first",
                "each alarm was compared with the first of its event. Compare it with "
                "the one before; an event may be long.",
            ),
            "final-event-lost": (
                "last-lost",
                "the last event is missing: it ends with the data, and no later alarm "
                "closes it.",
            ),
            "single-alarms-dropped": (
                "single-lost",
                "events of a single alarm are missing. One step can be an event.",
            ),
            "ends-one-past": (
                "one-past",
                "the end is one step after the last alarm. The last alarm itself is "
                "asked for.",
            ),
            "length-for-end": (
                "lengths",
                "the second part holds lengths. The last step is asked for.",
            ),
            "gap-added-at-the-end": (
                "padded",
                "each event was drawn out by `gap` steps after its last alarm.",
            ),
        },
    ),
)


# -- precision and recall ------------------------------------------------------------


def _score(found: Any, true: Any, slack: int) -> Any:
    from rnncourse.anomalies import event_scores

    return tuple(event_scores(list(map(tuple, found)), list(map(tuple, true)), slack))


def _score_wrong(found: Any, true: Any, slack: int, *, slip: str) -> Any:
    slack = {"none": 0, "strict": slack - 1, "double": 2 * slack}.get(slip, slack)
    touch = (found[:, None, 0] <= true[None, :, 1] + slack) & (
        true[None, :, 0] <= found[:, None, 1] + slack
    )
    if slip == "one-side":
        touch = (found[:, None, 0] <= true[None, :, 1] + slack) & (
            true[None, :, 0] <= found[:, None, 1]
        )
    if slip == "inside":
        touch = (found[:, None, 0] >= true[None, :, 0] - slack) & (
            found[:, None, 1] <= true[None, :, 1] + slack
        )
    if slip == "start":
        touch = np.abs(found[:, None, 0] - true[None, :, 0]) <= slack
    precision, recall = touch.any(axis=1).mean(), touch.any(axis=0).mean()
    if slip == "swapped":
        return recall, precision
    if slip == "pairs":
        return touch.sum() / len(found), touch.sum() / len(true)
    if slip == "same-hits":
        return precision, touch.any(axis=1).sum() / len(true)
    if slip == "same-hits-true":
        return touch.any(axis=0).sum() / len(found), recall
    if slip == "false-share":
        return 1 - precision, 1 - recall
    if slip == "f-score":
        both = 2 * precision * recall / max(precision + recall, 1e-12)
        return both, both
    return precision, recall


def _draw_score(rng: Rng, slack: int = 4) -> Inputs:
    true = [[20, 40], [100, 130], [200, 210], [300, 306], [400, 450], [500, 503]]
    found = [
        [22, 25], [30, 36],  # two inside of one
        [60, 66],  # false
        [100 - 9, 100 - slack],  # just within reach, before
        [210 + slack, 210 + 9],  # just within reach, after
        [306 + slack + 2, 306 + slack + 5],  # just out of reach
        [395, 470],  # around a true one
        [600, 601], [640, 700],
    ]  # fmt: skip
    move = int(rng.integers(0, 30))
    keep = np.sort(rng.permutation(len(found) - 2))[: len(found) - 2]
    rows = [*keep, len(found) - 2 + int(rng.integers(2))]
    return {
        "found": np.array(found)[rows] + move,
        "true": np.array(true) + move,
        "slack": slack,
    }


def _draw_score_roles(rng: Rng) -> list[Inputs]:
    once = _draw_score(rng, 3)
    return [once, {**once, "found": once["true"], "true": once["found"]}]


def _roles(calls: list[Inputs], values: list[Any]) -> str:
    (precision, recall), (other_precision, other_recall) = values
    if np.isclose(precision, other_recall) and np.isclose(recall, other_precision):
        return ""
    return "With found and true exchanged, precision should become recall."


def _draw_score_edge(rng: Rng) -> list[Inputs]:
    one = {"found": np.array([[5, 9]]), "true": np.array([[9, 12]]), "slack": 0}
    far = {"found": np.array([[5, 8], [50, 60]]), "true": np.array([[9, 12]])}
    return [one, {**far, "slack": 0}, {**far, "slack": 1}]


SCORE = Check(
    name="event-scores",
    assignment=SLUG,
    points=3,
    title="event_scores",
    asks="precision and recall, counted in events",
    equation="22.10",
    section="One event, many alarms",
    reference=_score,
    returns=("precision", "recall"),
    cases=(
        Case("value", "found events against true ones", 2, _draw_score),
        Case(
            "property",
            "found and true exchanged",
            1,
            _draw_score_roles,
            law=_roles,
        ),
        Case("edge", "one step shared; next to each other", 1, _draw_score_edge),
    ),
    mistakes=by_slip(
        _score_wrong,
        {
            "no-slack": (
                "none",
                "slack was not used: an alarm a few steps off is false in yours.",
            ),
            "slack-one-too-short": (
                "strict",
                "an event exactly `slack` steps away does not count in yours.",
            ),
            "slack-twice": (
                "double",
                "slack was granted to both events, so the distance may be twice as "
                "long.",
            ),
            "slack-on-one-side": (
                "one-side",
                "slack is granted after a true event, and not before it.",
            ),
            "must-lie-inside": (
                "inside",
                "a found event counts only where it lies within a true one. To touch "
                "is enough.",
            ),
            "starts-compared": (
                "start",
                "only the first steps were compared. An alarm in the middle of a long "
                "event is a hit.",
            ),
            "precision-and-recall-swapped": (
                "swapped",
                "the two are swapped: precision is a share of what was found, (22.9).",
            ),
            "pairs-counted": (
                "pairs",
                "pairs were counted, so an event found twice counts twice.",
            ),
            "hits-over-true": (
                "same-hits",
                "recall counts found events that hit. Two alarms in one dip make one "
                "dip found: count true events, (22.10).",
            ),
            "true-over-found": (
                "same-hits-true",
                "precision counts true events. It is a share of found ones, (22.9).",
            ),
            "misses-for-hits": (
                "false-share",
                "the shares of false alarms and of missed events came. Both are asked "
                "the other way.",
            ),
            "one-number-of-both": (
                "f-score",
                "both are the same mean of precision and recall. Keep them apart: they "
                "cost different things.",
            ),
        },
    ),
)


# -- the area under the curve --------------------------------------------------------


def _area(scores: Any, unusual: Any) -> Any:
    from rnncourse.anomalies import roc_area

    return roc_area(scores, unusual)


def _area_wrong(scores: Any, unusual: Any, *, slip: str) -> Any:
    high, low = scores[unusual], scores[~unusual]
    if slip == "flipped":
        high, low = low, high
    won = (high[:, None] > low).mean()
    drawn = (high[:, None] == low).mean()
    if slip == "draws-won":
        return won + drawn
    if slip == "draws-lost":
        return won
    if slip == "best":
        return max(won + drawn / 2, 1 - won - drawn / 2)
    if slip == "accuracy":
        return ((scores > np.median(scores)) == unusual).mean()
    if slip == "all-pairs":
        return (high[:, None] > scores).mean() + (high[:, None] == scores).mean() / 2
    if slip == "gini":
        return 2 * (won + drawn / 2) - 1
    if slip == "count":
        return float((won + drawn / 2) * len(high) * len(low))
    if slip == "mean":
        return (high > low.mean()).mean()
    if slip == "median":
        return (high > np.median(low)).mean()
    if slip == "precision":
        order = np.argsort(-scores, kind="stable")
        hit = unusual[order]
        return float((np.cumsum(hit) / np.arange(1, len(hit) + 1))[hit].mean())
    return won + drawn / 2


def _draw_area(rng: Rng, N: int = 37, bad: int = 11) -> Inputs:
    unusual = rng.permutation(N) < bad
    scores = np.round(2 * rng.exponential(size=N) + unusual * rng.uniform(0.4, 1.2))
    return {"scores": scores, "unusual": unusual}


def _draw_area_monotone(rng: Rng) -> list[Inputs]:
    once = _draw_area(rng, 31, 13)
    return [once, {**once, "scores": once["scores"] ** 3 + 5}]


def _order_is_all(calls: list[Inputs], values: list[Any]) -> str:
    if np.isclose(values[0], values[1]):
        return ""
    return "Only the order of the scores should count; scores cubed gave another area."


def _draw_area_edge(rng: Rng) -> list[Inputs]:
    worse = _draw_area(rng, 21, 6)
    worse["scores"] = worse["scores"] - 4 * worse["unusual"]
    same = {"scores": np.full(7, 2.5), "unusual": np.arange(7) < 3}
    return [worse, same]


AREA = Check(
    name="roc-area",
    assignment=SLUG,
    points=3,
    title="roc_area",
    asks="the share of pairs in which the unusual one scores higher, one number",
    equation="22.12",
    section="A heartbeat that is too easy to forecast",
    reference=_area,
    returns=("area",),
    cases=(
        Case("value", "scores with draws", 2, _draw_area),
        Case(
            "property",
            "only the order counts",
            1,
            _draw_area_monotone,
            law=_order_is_all,
        ),
        Case("edge", "worse than chance; all scores equal", 1, _draw_area_edge),
    ),
    mistakes=by_slip(
        _area_wrong,
        {
            "usual-ones-higher": (
                "flipped",
                "it is the share of pairs in which the usual one is higher.",
            ),
            "draws-count-as-won": (
                "draws-won",
                "a draw counts as won. It counts half in (22.12).",
            ),
            "draws-count-as-lost": (
                "draws-lost",
                "a draw counts as lost. It counts half in (22.12).",
            ),
            "never-below-half": (
                "best",
                "an area below one half was turned round. A score that is worse than "
                "chance should say so.",
            ),
            "accuracy-at-the-median": (
                "accuracy",
                "it is an accuracy at one threshold. The area needs none.",
            ),
            "compared-with-all": (
                "all-pairs",
                "unusual ones were compared with everybody, each other included. "
                "Compare them with usual ones.",
            ),
            "stretched-to-minus-one": (
                "gini",
                "the area was stretched so that chance is 0. In (22.12) chance is one "
                "half.",
            ),
            "pairs-not-divided": (
                "count",
                "pairs were counted and not divided by their number.",
            ),
            "compared-with-the-mean": (
                "mean",
                "unusual ones were compared with the mean of the usual ones, one "
                "number. (22.12) goes over all pairs.",
            ),
            "compared-with-the-median": (
                "median",
                "unusual ones were compared with the median of the usual ones only.",
            ),
            "average-precision": (
                "precision",
                "it is the average precision, the area under another curve; it changes "
                "with the share of unusual ones.",
            ),
        },
    ),
)


# -- principal components ------------------------------------------------------------


def _components(usual: Any, X: Any, K: int) -> Any:
    from rnncourse.anomalies import component_errors

    return component_errors(usual, X, K)


def _components_wrong(usual: Any, X: Any, K: int, *, slip: str) -> Any:
    mean = usual.mean(axis=0)
    if slip == "uncentred":
        mean = np.zeros_like(mean)
    if slip == "own-mean":
        mean = X.mean(axis=0)
    learnt = X - X.mean(axis=0) if slip == "learnt-from-all" else usual - mean
    if slip == "own-mean":
        learnt = usual - usual.mean(axis=0)
    U, S, V = np.linalg.svd(learnt, full_matrices=False)
    away = X - mean
    P = V[: K + 1] if slip == "one-more" else V[:K]
    if slip == "last":
        P = V[len(V) - K :]
    inside = away @ P.T @ P
    if slip == "inside":
        return np.sum(inside**2, axis=1)
    if slip == "mean-lost":
        return np.sum((X - inside) ** 2, axis=1)
    if slip == "scaled":
        Z = away @ P.T / S[: len(P)]
        return np.sum(Z**2, axis=1)
    left = away - inside
    if slip == "root":
        return np.sqrt(np.sum(left**2, axis=1))
    if slip == "average":
        return np.mean(left**2, axis=1)
    if slip == "absolute":
        return np.sum(np.abs(left), axis=1)
    if slip == "by-column":
        return np.sum(left**2, axis=0)
    return np.sum(left**2, axis=1)


def _draw_components(
    M: int = 23, N: int = 9, D: int = 6, K: int = 2
) -> Callable[[Rng], Inputs]:
    def draw(rng: Rng) -> Inputs:
        shape = rng.normal(size=(3, D)) * np.array([[3.0], [2.0], [1.0]])
        centre = 2 * rng.normal(size=D)
        usual = centre + rng.normal(size=(M, 3)) @ shape + 0.3 * rng.normal(size=(M, D))
        X = 1.0 + centre + rng.normal(size=(N, 3)) @ shape + rng.normal(size=(N, D))
        return {"usual": usual, "X": X, "K": K}

    return draw


def _draw_components_law(rng: Rng) -> list[Inputs]:
    once = _draw_components()(rng)
    return [{**once, "K": K} for K in (1, 2, 3, 4)]


def _more_explain_more(calls: list[Inputs], values: list[Any]) -> str:
    rows = np.array([np.asarray(v) for v in values])
    if np.all(np.diff(rows, axis=0) <= 1e-9):
        return ""
    return "With one component more, no row should be written worse."


def _draw_components_edge(rng: Rng) -> list[Inputs]:
    return [_draw_components(K=0)(rng), _draw_components(M=12, N=3, D=5, K=5)(rng)]


COMPONENTS = Check(
    name="component-errors",
    assignment=SLUG,
    points=3,
    title="component_errors",
    asks="the squared error (N,) of writing each row with K components",
    equation="22.13",
    section="Two numbers for a normal beat",
    reference=_components,
    returns=("errors",),
    cases=(
        Case("value", "rows written with two components", 2, _draw_components()),
        Case(
            "property",
            "more components explain more",
            1,
            _draw_components_law,
            law=_more_explain_more,
        ),
        Case("edge", "no component; all of them", 1, _draw_components_edge),
        Case("naming", "equal sizes", 0, _draw_components(M=7, N=7, D=7, K=3)),
    ),
    mistakes=by_slip(
        _components_wrong,
        {
            "mean-of-usual-not-taken-off": (
                "uncentred",
                "the mean of the usual rows was not taken off. (22.13) describes how a "
                "row differs from it.",
            ),
            "mean-of-the-new-rows": (
                "own-mean",
                "the mean of X was taken off. Judged by itself, a batch of odd rows is "
                "usual; take the mean of the usual ones.",
            ),
            "learnt-from-what-is-judged": (
                "learnt-from-all",
                "components were learnt from X. They should know the usual rows only.",
            ),
            "one-component-more": (
                "one-more",
                "K + 1 components were used.",
            ),
            "smallest-components": (
                "last",
                "the K components with the smallest spread were used. (22.13) has the "
                "largest.",
            ),
            "explained-for-left": (
                "inside",
                "it is the part that the components explain. What is left over is "
                "asked for.",
            ),
            "mean-not-put-back": (
                "mean-lost",
                "the row was compared with its copy before the mean was put back.",
            ),
            "distance-among-components": (
                "scaled",
                "it is a distance within the components. (22.13) measures what lies "
                "outside of them.",
            ),
            "root-of-the-error": (
                "root",
                "the root was taken. Squared errors are asked for.",
            ),
            "mean-over-columns": (
                "average",
                "the squares were averaged; (22.13) adds them up.",
            ),
            "absolute-for-squares": (
                "absolute",
                "absolute differences were added; (22.13) has squares.",
            ),
            "errors-of-columns": (
                "by-column",
                "one number for each column came. One for each row is asked for.",
            ),
        },
    ),
)

CHECKS = (RESIDUAL, SPECTRUM, TAIL, EVENTS, SCORE, AREA, COMPONENTS)

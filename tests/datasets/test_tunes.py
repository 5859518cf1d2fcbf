"""Do the tunes keep the rules of their genre, and do the rules tell genres apart?"""

import numpy as np
import pytest

from rnncourse.datasets.tunes import (
    BAR,
    GENRES,
    RULES,
    frequency,
    kept_rules,
    make_tunes,
    midi,
)

each_genre = pytest.mark.parametrize("genre", GENRES)


@each_genre
def test_a_tune_keeps_all_rules_of_its_genre_and_not_those_of_another(genre):
    for tune in make_tunes(genre, 100, seed=1):
        assert all(kept_rules(tune, genre).values())
        assert tuple(kept_rules(tune, genre)) == RULES
        for other in GENRES:
            if other != genre:
                assert not all(kept_rules(tune, other).values())


def spoilt(tune, rule, genre):
    """Return a tune that breaks one rule of its genre."""
    notes = [k for k, word in enumerate(tune) if word != BAR]
    pitch, length = tune[notes[1]].split(":")
    low, high = GENRES[genre].pitches[0], GENRES[genre].pitches[-1]
    far = high if midi(pitch) < (midi(low) + midi(high)) / 2 else low
    other = list(tune)
    if rule == "bars":
        other[notes[1]] = f"{pitch}:{int(length) + 1}"
    elif rule == "pitches":
        other[notes[1]] = f"C#7:{length}"
    elif rule == "leaps":
        other[notes[1]] = f"{far}:{length}"
    elif rule == "end":
        other = other[:-2]
    return other


@each_genre
@pytest.mark.parametrize("rule", ["bars", "pitches", "leaps", "end"])
def test_a_broken_rule_is_seen(genre, rule):
    tunes = make_tunes(genre, 40, seed=2)
    broken = [not kept_rules(spoilt(t, rule, genre), genre)[rule] for t in tunes]
    assert np.mean(broken) > (0.5 if rule == "leaps" else 0.99)


def test_rhythm_chords_and_repeat_are_seen_where_they_are_broken():
    text = "C4:12 E4:6 | G4:6 A4:6 B4:6 | G4:12 F4:6 | C4:18 |"
    tune = text.split()
    assert all(kept_rules(tune, "waltz").values())
    for old, new, rule in (
        ("G4:12", "G4:6", "rhythm"),
        ("C4:12", "D4:12", "chords"),
        ("F4:6", "F4:3 F4:3", "repeat"),
    ):
        other = text.replace(old, new, 1).split()
        assert not kept_rules(other, "waltz")[rule], rule


def test_nothing_and_half_a_tune_keep_few_rules():
    assert not any(kept_rules([], "march").values())
    half = make_tunes("march", 1)[0][:5]
    kept = kept_rules(half, "march")
    assert kept["pitches"] and not kept["bars"] and not kept["end"]


def test_pitches_have_the_numbers_and_vibrations_of_a_piano():
    assert [midi(p) for p in ("C4", "A4", "Bb3", "F#4")] == [60, 69, 58, 66]
    assert frequency(69) == 440
    np.testing.assert_allclose(frequency(60), 261.6256, rtol=1e-6)  # middle C
    np.testing.assert_allclose(frequency(81) / frequency(69), 2)


def test_a_seed_gives_the_same_tunes_and_genres_differ():
    assert make_tunes("blues", 5, seed=3) == make_tunes("blues", 5, seed=3)
    assert make_tunes("blues", 5, seed=3) != make_tunes("blues", 5, seed=4)
    with pytest.raises(ValueError, match="genre must be"):
        make_tunes("polka", 1)

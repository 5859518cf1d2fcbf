"""Are the computed tasks what their descriptions say?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.datasets import fetch_shakespeare, make_adding, make_alphabet


def letters(ids):
    return "".join(chr(ord("A") + int(i)) for i in ids)


def test_alphabet_forwards_names_the_next_letter():
    data = make_alphabet("forward", n_sequences=26, n_steps=25)
    assert data.xs.shape == (25, 26, 26)
    read = data.xs.argmax(axis=-1)
    k = int(np.argmax(read[0] == 0))  # the recital that begins with A
    assert letters(read[:, k]) == "ABCDEFGHIJKLMNOPQRSTUVWXY"
    assert letters(data.ys[:, k]) == "BCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_alphabet_backwards_names_the_letter_before():
    data = make_alphabet("backward", n_steps=25)
    read = data.xs.argmax(axis=-1)
    k = int(np.argmax(read[0] == 25))
    assert letters(read[:, k]) == "ZYXWVUTSRQPONMLKJIHGFEDCB"
    assert letters(data.ys[:, k]) == "YXWVUTSRQPONMLKJIHGFEDCBA"
    assert "ZYXWV" in data.description


@settings(deadline=None)
@given(
    st.sampled_from(["forward", "backward"]),
    st.integers(1, 60),
    st.integers(1, 40),
    st.integers(0, 9),
)
def test_alphabet_goes_round_one_letter_a_step(direction, B, T, seed):
    data = make_alphabet(direction, n_sequences=B, n_steps=T, seed=seed)
    read, step = data.xs.argmax(axis=-1), 1 if direction == "forward" else -1
    assert data.xs.shape == (T, B, 26)
    assert data.xs.dtype == np.float64
    assert np.array_equal(data.xs.sum(axis=-1), np.ones((T, B)))
    assert np.array_equal((read + step) % 26, data.ys)
    assert np.array_equal(data.ys[:-1], read[1:])
    assert np.array_equal(data.lengths, np.full(B, T))
    assert data.lengths.dtype == np.int64
    assert len(set(read[0, :26])) == min(B, 26), "each begins at a letter of its own"


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(2, 31), st.integers(0, 9))
def test_adding_has_one_mark_in_each_half_and_their_sum(B, T, seed):
    data = make_adding(B, n_steps=T, seed=seed)
    values, marks = data.xs[..., 0], data.xs[..., 1]
    assert data.xs.shape == (T, B, 2)
    assert data.xs.dtype == np.float64
    assert values.min() >= 0
    assert values.max() < 1
    assert set(np.unique(marks)) <= {0.0, 1.0}
    assert np.array_equal(marks[: T // 2].sum(axis=0), np.ones(B))
    assert np.array_equal(marks[T // 2 :].sum(axis=0), np.ones(B))
    assert np.allclose((values * marks).sum(axis=0), data.ys, rtol=0, atol=1e-15)
    assert np.array_equal(data.lengths, np.full(B, T))


def test_adding_marks_reach_both_ends_of_both_halves():
    marks = make_adding(4000, n_steps=7).xs[..., 1].sum(axis=1)
    assert marks.min() > 800, "no step is left out: 4000 / 3 and 4000 / 4 are expected"


def test_always_answering_one_costs_a_sixth_of_the_adding_task():
    ys = make_adding(200_000, n_steps=2).ys
    assert np.mean((ys - 1) ** 2) == pytest.approx(1 / 6, rel=0.01)


def test_seed_alone_decides():
    for make in (make_alphabet, make_adding):
        a, b, c = (make(n_sequences=26, n_steps=9, seed=s).xs for s in (3, 3, 4))
        assert np.array_equal(a, b)
        assert not np.array_equal(a, c)


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (make_alphabet, {"direction": "up"}, "direction must be one of 'forward', "),
        (make_alphabet, {"n_steps": 0}, "n_steps must be at least 1, got 0"),
        (make_alphabet, {"n_sequences": True}, "n_sequences must be a whole number"),
        (make_alphabet, {"seed": 0.5}, "seed must be a whole number, got 0.5"),
        (make_adding, {"n_steps": 1}, "n_steps must be at least 2, got 1"),
        (make_adding, {"n_sequences": 0}, "n_sequences must be at least 1, got 0"),
        (make_adding, {"seed": -2}, "seed must be at least 0, got -2"),
    ],
)
def test_bad_arguments_are_named(make, arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(**arguments)


def test_shakespeare_has_its_characters(monkeypatch):
    from rnncourse.datasets import registry
    from tests.conftest import SHARED_DATA

    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real text is not here: there is no folder {SHARED_DATA}")
    monkeypatch.setenv("RNNCOURSE_DATA", str(SHARED_DATA))
    data = fetch_shakespeare()
    assert len(data.text) == 1_115_394
    assert len(set(data.text)) == 65
    assert data.text.startswith("First Citizen:\nBefore we proceed any further")
    assert "SYNTHETIC" not in data.name + data.description
    assert data.licence == registry.entry("shakespeare")["licence"]


def test_simulated_text_needs_no_network_and_says_what_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path))
    data = fetch_shakespeare(cache_dir=tmp_path, synthetic=True, seed=5)
    assert len(data.text) == 1_115_394
    assert data.name.startswith("SYNTHETIC")
    assert data.description.startswith("SYNTHETIC")
    assert data.text == fetch_shakespeare(synthetic=True, seed=5).text
    assert data.text != fetch_shakespeare(synthetic=True, seed=6).text
    assert not list(tmp_path.iterdir())

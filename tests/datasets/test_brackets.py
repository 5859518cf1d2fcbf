"""Does the language of brackets keep its own rules, and say what is open?"""

import re

import numpy as np
import pytest

from rnncourse.datasets.brackets import (
    DEEPEST,
    SYMBOLS,
    WORDS,
    encode_brackets,
    make_brackets,
    read_brackets,
)


@pytest.mark.parametrize("seed", range(20))
def test_each_symbol_of_a_text_was_allowed_after_the_one_before(seed):
    text = make_brackets(200, seed=seed)
    assert len(text) == 200
    _, depth, allowed = read_brackets(text)
    assert allowed[np.arange(199), encode_brackets(text)[1:]].all()
    assert depth.min() >= 0 and depth.max() <= DEEPEST
    whole = text[: text.rindex(" ")]
    assert set(re.findall(r"[a-z]+", whole)) <= set(WORDS)


def test_brackets_nest_and_quotations_do_not():
    text = make_brackets(5000, seed=1)
    quoted, depth, _ = read_brackets(text)
    assert {0, 1, 2} == set(depth.tolist())
    opened = [c == "(" for c in text]
    assert not (quoted & opened).any(), "no bracket opens in a quotation"
    assert (quoted & (depth == 2)).any(), "a quotation may stand in two brackets"


def test_a_seed_is_a_text_and_a_generator_goes_on():
    assert make_brackets(50, seed=4) == make_brackets(50, seed=4)
    assert make_brackets(50, seed=4) != make_brackets(50, seed=5)
    rng = np.random.default_rng(4)
    assert make_brackets(50, seed=rng) == make_brackets(50, seed=4)
    assert make_brackets(50, seed=rng) != make_brackets(50, seed=4)


def test_what_is_open_by_hand():
    quoted, depth, allowed = read_brackets('(so "no")).')
    assert depth.tolist() == [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]
    assert quoted.tolist() == [False] * 4 + [True] * 3 + [False] * 4

    def after(step):
        return "".join(c for c, ok in zip(SYMBOLS, allowed[step], strict=True) if ok)

    assert after(0) == '"(enost', "after a bracket"
    assert after(2) == " )enost", "after a letter in a bracket"
    assert after(4) == "enost", "after a mark that opens"
    assert after(6) == ' "enost', "after a letter in a quotation"
    assert after(7) == " )", "after a mark that closes"
    assert after(10) == " ", "after the end"


def test_nothing_is_open_in_no_text():
    quoted, depth, allowed = read_brackets("")
    assert quoted.shape == depth.shape == (0,) and allowed.shape == (0, len(SYMBOLS))


def test_a_strange_symbol_is_named():
    with pytest.raises(
        ValueError, match=r"text must have no symbol but .* got \['x'\]"
    ):
        encode_brackets("nox")
    with pytest.raises(ValueError, match="n_symbols"):
        make_brackets(0)

"""Are the scenes as they are described, and their captions all that is true?"""

import itertools

import numpy as np
import pytest

from rnncourse.datasets.scenes import (
    SHAPES,
    SIDE,
    SIZES,
    WORDS,
    draw_shape,
    has_pair,
    is_caption,
    make_scenes,
    true_captions,
)

NEW = [("small", "triangle"), ("large", "cross")]
APART = [("circle", "square")]


def every_caption():
    """Return the sentences of the grammar, as the module's first lines give it."""
    things = [f"a {size} {kind}" for size in SIZES for kind in SHAPES]
    relations = ("above", "below", "left of", "right of")
    pairs = itertools.product(things, relations, things)
    return things + [" ".join(parts) for parts in pairs]


def test_a_caption_is_a_sentence_of_the_grammar_and_nothing_else_is():
    sentences = set(every_caption())
    assert len(sentences) == 8 + 8 * 4 * 8
    assert all(is_caption(text) for text in sentences)
    rng = np.random.default_rng(0)
    refused = 0
    for text in sorted(sentences):
        words = text.split()
        for _ in range(4):
            other, k = list(words), int(rng.integers(len(words)))
            change = rng.integers(3)
            if change == 0:
                other[k] = WORDS[rng.integers(len(WORDS))]
            elif change == 1:
                del other[k]
            else:
                other.insert(k, WORDS[rng.integers(len(WORDS))])
            changed = " ".join(other)
            assert is_caption(changed) == (changed in sentences), changed
            refused += changed not in sentences
    assert refused > 500


def test_captions_of_a_scene_are_true_of_where_its_things_stand():
    data = make_scenes(300, seed=3)
    for scene, caption in zip(data.scenes, data.captions, strict=True):
        right = true_captions(scene)
        assert caption in right
        assert len(right) == (1 if len(scene) == 1 else len(set(right)))
        if len(scene) == 1:
            continue
        (one, two), apart = scene, SIDE / 4
        n_relations = (abs(one.row - two.row) > apart) + (
            abs(one.col - two.col) > apart
        )
        if one[:2] != two[:2]:
            assert len(right) == 2 * n_relations
        higher = min(scene, key=lambda thing: thing.row)
        lower = max(scene, key=lambda thing: thing.row)
        above = f"a {higher.size} {higher.kind} above a {lower.size} {lower.kind}"
        assert (above in right) == (lower.row - higher.row > apart)


def test_all_true_captions_are_drawn_about_evenly():
    data = make_scenes(3000, seed=4)
    first = [
        true_captions(scene).index(caption)
        for scene, caption in zip(data.scenes, data.captions, strict=True)
        if len(true_captions(scene)) == 4
    ]
    assert len(first) > 500
    assert np.abs(np.bincount(first) / len(first) - 0.25).max() < 0.06


def test_banned_pairs_never_occur_and_wanted_ones_always_do():
    train = make_scenes(400, seed=0, without=NEW + APART)
    assert not any(has_pair(s, p) for s in train.scenes for p in NEW + APART)
    things = make_scenes(200, seed=1, only=NEW, without=APART)
    assert all(any(has_pair(s, p) for p in NEW) for s in things.scenes)
    assert not any(has_pair(s, APART[0]) for s in things.scenes)
    seen = {thing.kind for s in train.scenes for thing in s}
    assert seen == set(SHAPES)


def test_pictures_have_ink_where_the_shapes_are():
    data = make_scenes(100, seed=5)
    for picture, scene in zip(data.pictures, data.scenes, strict=True):
        masks = [draw_shape(s.kind, s.row, s.col, SIZES[s.size]) for s in scene]
        inside = np.any(masks, axis=0)
        assert sum(m.sum() for m in masks) == inside.sum()  # they do not touch
        assert picture[inside].mean() > 0.5
        assert abs(picture[~inside].mean()) < 0.05
    assert data.pictures.dtype == np.float32


def test_the_same_seed_draws_the_same_and_another_does_not():
    a, b, c = (make_scenes(20, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(a.pictures, b.pictures) and a.captions == b.captions
    assert not np.array_equal(a.pictures, c.pictures)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: draw_shape("star", 3, 3, 2), "kind must be"),
        (lambda: make_scenes(0), "n must be"),
        (lambda: make_scenes(2, only=[("blue", "cross")]), "pair must be"),
        (lambda: true_captions([]), "one or two shapes, got 0"),
    ],
)
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()

"""The BLEU that chapter 16 writes out is the one that papers count."""

import jupytext
import numpy as np
import pytest

from rnncourse import notebooks

pytest.importorskip("sacrebleu")
from sacrebleu.metrics import BLEU  # noqa: E402


def bleu_of_the_chapter():
    path = notebooks.chapters_folder() / "src" / "16-sequence-to-sequence.md"
    cells = jupytext.read(path, fmt="md:myst").cells
    (source,) = (c.source for c in cells if "def bleu(" in c.source)
    names = {}
    before = "import numpy as np\nfrom collections import Counter\n"
    exec(before + source.partition("\n\n\ndef scores_of")[0], names)
    return names["bleu"]


def by_sacrebleu(outputs, answers):
    most = max(map(len, answers))
    columns = [
        [" ".join(some[k]) if k < len(some) else None for some in answers]
        for k in range(most)
    ]
    metric = BLEU(tokenize="none", smooth_method="none", force=True)
    return metric.corpus_score([" ".join(o) for o in outputs], columns).score


def draw(rng):
    """Draw outputs that share pieces with their answers, shorter or longer."""
    outputs, answers = [], []
    for _ in range(40):
        truth = [f"w{k}" for k in rng.integers(0, 12, size=rng.integers(4, 10))]
        others = []
        for _ in range(rng.integers(1, 4)):
            cut = rng.integers(0, 3)
            others.append((*truth[cut:], *(["w3"] * rng.integers(0, 2))))
        changed = [w if rng.random() < 0.9 else "w5" for w in truth]
        outputs.append(tuple(changed[: rng.integers(3, 11)]))
        answers.append(set(others))
    return outputs, [sorted(some) for some in answers]


@pytest.mark.parametrize("seed", range(5))
def test_bleu_equals_sacrebleu_with_several_answers(seed):
    outputs, answers = draw(np.random.default_rng(seed))
    ours, theirs = (
        bleu_of_the_chapter()(outputs, answers),
        by_sacrebleu(outputs, answers),
    )
    assert 5 < theirs < 95
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_bleu_pays_for_outputs_that_are_too_short():
    outputs, answers = [("a", "b", "c", "d")], [[("a", "b", "c", "d", "e", "f")]]
    ours = bleu_of_the_chapter()(outputs, answers)
    assert ours == pytest.approx(100 * np.exp(1 - 6 / 4))
    assert ours == pytest.approx(by_sacrebleu(outputs, answers), abs=1e-9)


def test_bleu_without_any_run_of_four_words_is_nothing():
    outputs, answers = [("a", "b", "x", "d")], [[("a", "b", "c", "d")]]
    assert bleu_of_the_chapter()(outputs, answers) == 0
    assert by_sacrebleu(outputs, answers) == 0

"""The torch table and skip-gram against their NumPy twins, on each device."""

import numpy as np
import pytest
import torch

from rnncourse.nn import Embedding, SkipGram
from rnncourse.nn.embedding import open_ids
from rnncourse.reference.embedding import (
    Word2VecParams,
    embedding_backward,
    embedding_forward,
    word2vec_backward,
    word2vec_forward,
)
from rnncourse.reference.gradcheck import relative_error

V, D = 7, 3
RNG = np.random.default_rng(0)
P = Word2VecParams(RNG.normal(size=(V, D)), RNG.normal(size=(V, D)))
IDS = np.array([[1, 4, 1], [0, 1, 6]])
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)


def near(got, want):
    return relative_error(got.detach().cpu().numpy(), want).max() <= 1e-10


@on_each_device
def test_table_agrees_with_its_numpy_twin(device):
    table = Embedding(V, D).double().to(device)
    table.load_state_dict({"E": torch.from_numpy(P.E)})
    xs = table(IDS)
    dxs = RNG.normal(size=xs.shape)
    xs.backward(torch.tensor(dxs, device=device))
    assert near(xs, embedding_forward(IDS, P.E))
    assert near(table.E.grad, embedding_backward(dxs, IDS, P.E))


@on_each_device
def test_skip_gram_agrees_with_its_numpy_twin(device):
    model = SkipGram(V, D).double().to(device)
    weights = {n: torch.from_numpy(w) for n, w in P._asdict().items()}
    model.load_state_dict(weights)
    pairs = [0, 3, 3], [2, 3, 6], [[1, 1], [3, 0], [6, 2]]
    loss = model(*pairs)
    loss.backward()
    want, cache = word2vec_forward(*pairs, P)
    dp = word2vec_backward(cache, P)
    assert loss.item() == pytest.approx(want, rel=1e-12)
    assert near(model.E.grad, dp.E)
    assert near(model.C.grad, dp.C)


def test_first_vectors_are_drawn_as_said():
    torch.manual_seed(0)
    assert Embedding(400, 50).E.std().item() == pytest.approx(1, abs=0.02)
    model = SkipGram(400, 50)
    assert 0.0099 < model.E.abs().max().item() <= 0.01
    assert not model.C.any()


MODEL = SkipGram(V, D)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Embedding(0, 2), ValueError, "V must be at least 1, got 0"),
        (lambda: SkipGram(2, 0), ValueError, "D must be at least 1, got 0"),
        (lambda: Embedding(V, D)([7]), ValueError, "ids must lie in 0..6, got 7"),
        (lambda: Embedding(V, D)([0.5]), TypeError, "ids must be whole numbers, got"),
        (lambda: MODEL([], [], []), ValueError, "at least one pair, got N=0"),
        (lambda: MODEL([0], [1, 2], [[0]]), ValueError, r"contexts .* \(N=1,\)"),
        (lambda: MODEL([0], [1], [0]), ValueError, r"negatives .* \(N=1, K\)"),
        (
            lambda: open_ids("ids", torch.tensor([True]), MODEL.E),
            TypeError,
            "ids must be whole numbers, got torch.bool",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

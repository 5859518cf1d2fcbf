"""The attention module against its NumPy twin and torch's own, on each device."""

import math

import numpy as np
import pytest
import torch

from rnncourse.nn import Attention
from rnncourse.nn.convert import module_from_params, params_from_module
from rnncourse.reference.attention import (
    SCORES,
    AttentionParams,
    attention_backward,
    attention_forward,
    init_attention,
)
from rnncourse.reference.gradcheck import relative_error

S, T, B, Q, M, A = 2, 5, 3, 4, 6, 7
MASK = np.arange(T)[:, None] < np.array([5, 2, 1])
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)
each_score = pytest.mark.parametrize("score", SCORES)
masked_or_not = pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])


def draw(score, dtype=np.float64):
    """Return the module's weights, queries, keys, values and two gradients."""
    rng = np.random.default_rng(0)
    K = Q + 1 if score == "additive" else Q
    p = None
    if score == "additive":
        p = init_attention(Q, K, A, rng=rng, dtype=dtype)
    shapes = (S, B, Q), (T, B, K), (T, B, M), (S, B, M), (S, B, T)
    return p, *(rng.normal(size=s).astype(dtype) for s in shapes)


def build(score, p, device="cpu"):
    module = Attention(score) if p is None else module_from_params(p)
    assert module.score == score
    return module.to(device)


def tensors(device, *arrays):
    return [torch.tensor(a, device=device, requires_grad=True) for a in arrays]


@on_each_device
@each_score
@masked_or_not
def test_module_agrees_with_its_numpy_twin(device, score, mask):
    p, *inputs, dcontexts, dweights = draw(score)
    module = build(score, p, device)
    given = tensors(device, *inputs)
    contexts, weights = module(*given, mask)
    slopes = [torch.tensor(d, device=device) for d in (dcontexts, dweights)]
    torch.autograd.backward([contexts, weights], slopes)
    assert contexts.device == given[0].device
    *want, cache = attention_forward(*inputs, p, mask, score=score)
    *grads, dp = attention_backward(dcontexts, cache, p, dweights)
    pairs = [*zip((contexts, weights), want, strict=True)]
    pairs += [(x.grad, d) for x, d in zip(given, grads, strict=True)]
    if dp is not None:
        pairs += [(getattr(module, n).grad, dw) for n, dw in dp._asdict().items()]
    for got, expected in pairs:
        got = got.detach().cpu().numpy()
        assert relative_error(got, expected).max() <= 1e-10


@on_each_device
def test_scaled_dot_agrees_with_torch(device):
    inputs = draw("scaled")[1:4]
    x = tensors(device, *inputs)
    allowed = torch.tensor(MASK.T, device=device)[:, None]
    want = torch.nn.functional.scaled_dot_product_attention(
        *(a.swapaxes(0, 1) for a in x), attn_mask=allowed
    )
    contexts, _ = Attention()(*x, MASK)
    torch.testing.assert_close(contexts, want.swapaxes(0, 1), rtol=1e-10, atol=1e-12)


@on_each_device
@each_score
@pytest.mark.parametrize("rubbish", [float("nan"), float("inf"), 1e30])
def test_what_is_masked_never_changes_a_result_or_a_gradient(device, score, rubbish):
    p, queries, keys, values, dcontexts, _ = draw(score)
    results = []
    for spoilt in (False, True):
        if spoilt:
            keys[~MASK] = values[~MASK] = rubbish
        module = build(score, p, device)
        given = tensors(device, queries, keys, values)
        contexts, weights = module(*given, torch.tensor(MASK, device=device))
        contexts.backward(torch.tensor(dcontexts, device=device))
        assert not weights.swapaxes(0, 2)[~MASK].any()
        grads = [w.grad for w in (*given, *module.parameters())]
        results.append([contexts, weights, *grads])
    for a, b in zip(*results, strict=True):
        assert torch.equal(a, b)


def test_two_keys_by_hand():
    # scores log 1 and log 3: weights 1/4 and 3/4; values 8 and 16: context 14
    keys = torch.tensor([1.0, 3.0], dtype=torch.float64).log()[:, None, None]
    values = torch.tensor([8.0, 16.0], dtype=torch.float64)[:, None, None]
    values.requires_grad_()
    queries = torch.ones(1, 1, 1, dtype=torch.float64, requires_grad=True)
    contexts, weights = Attention("dot")(queries, keys, values)
    np.testing.assert_allclose(weights.detach().ravel(), [0.25, 0.75], rtol=1e-15)
    assert contexts.item() == pytest.approx(14, rel=1e-15)
    contexts.sum().backward()  # dα is (8, 16), so dscore is (-1.5, 1.5)
    assert queries.grad.item() == pytest.approx(1.5 * math.log(3), rel=1e-14)
    np.testing.assert_allclose(values.grad.ravel(), [0.25, 0.75], rtol=1e-15)


@each_score
def test_module_keeps_float32_and_takes_one_key_and_an_empty_batch(score):
    p, queries, keys, values, *_ = draw(score, np.float32)
    module = build(score, p)
    x = tensors("cpu", queries, keys[:1], values[:1])
    contexts, weights = module(*x)
    assert contexts.dtype == weights.dtype == torch.float32
    torch.testing.assert_close(contexts, x[2].expand(S, B, M))
    empty = [a[:, :0] for a in x]
    contexts, weights = module(*empty, np.ones((1, 0), dtype=bool))
    assert contexts.shape == (S, 0, M)
    assert weights.shape == (S, 0, 1)


def test_module_draws_within_its_bounds():
    module = Attention("additive", 400, 100, 25)
    for w, bound in zip(module.parameters(), (0.05, 0.1, 0.2), strict=True):
        assert 0.8 * bound < w.abs().max() <= bound
    assert module.W_k.shape == (100, 25)
    assert [*Attention("dot").parameters()] == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_survive_the_round_trip(dtype):
    p = draw("additive", dtype)[0]
    back = params_from_module(module_from_params(p))
    assert isinstance(back, AttentionParams)
    for a, b in zip(back, p, strict=True):
        assert a.dtype == dtype
        np.testing.assert_array_equal(a, b)


QUERIES, KEYS, VALUES = (torch.from_numpy(a) for a in draw("scaled")[1:4])
GIVEN = {"queries": QUERIES, "keys": KEYS, "values": VALUES, "mask": None}
ADDITIVE = module_from_params(draw("additive")[0])
BLIND = MASK & np.array([True, False, True])


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"queries": QUERIES[0]}, ValueError, r"queries must have shape \(S, B, Q\)"),
        ({"queries": QUERIES.numpy()}, TypeError, "queries must be a fl.* got float64"),
        ({"queries": 7}, TypeError, "queries must be a floating-point tensor, got int"),
        ({"queries": QUERIES.long()}, TypeError, "queries must be a .* torch.int64"),
        ({"queries": QUERIES[:0]}, ValueError, "queries must have at least one time"),
        ({"keys": KEYS[:, :2]}, ValueError, r"keys must have shape \(T, B=3, K=4\)"),
        ({"keys": KEYS[..., :2]}, ValueError, r"keys must have .* got \(5, 3, 2\)"),
        ({"keys": KEYS[:0], "values": VALUES[:0]}, ValueError, "keys must have at"),
        ({"keys": KEYS.float()}, TypeError, "keys must be torch.float64 like the qu"),
        ({"keys": KEYS.to("meta")}, ValueError, "keys must be on cpu like the queries"),
        ({"values": VALUES[1:]}, ValueError, r"values must have shape \(T=5, B=3, M\)"),
        ({"values": VALUES.float()}, TypeError, "values must be torch.float64"),
        ({"mask": MASK.T}, ValueError, r"mask must have shape \(T=5, B=3\), got"),
        ({"mask": MASK.astype(int)}, TypeError, "mask must be bool.*, got torch.int64"),
        ({"mask": BLIND}, ValueError, "mask must .* one key, got none in sequence 1"),
    ],
)
def test_forward_names_what_does_not_fit(changed, error, message):
    with pytest.raises(error, match=message):
        Attention()(**{**GIVEN, **changed})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Attention("cosine"), ValueError, "score must be one of 'additive'"),
        (lambda: Attention("dot", Q=3), TypeError, "Q must be left out .*'dot'.* 3"),
        (lambda: Attention("additive", 3, 4), TypeError, "A must be a whole number"),
        (lambda: Attention("additive", 3, 0, 4), ValueError, "K must be at least 1"),
        (
            lambda: ADDITIVE(QUERIES[..., :3], KEYS, VALUES),
            ValueError,
            r"queries must have shape \(S, B, Q=4\)",
        ),
        (
            lambda: ADDITIVE(QUERIES, KEYS, VALUES),
            ValueError,
            r"keys must have shape \(T, B=3, K=5\)",
        ),
        (
            lambda: ADDITIVE(QUERIES.float(), KEYS, VALUES),
            TypeError,
            "queries must be torch.float64 like the weights",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

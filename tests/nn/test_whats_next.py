"""Linear attention, diagonal state space and dropout that stays on."""

import math

import numpy as np
import pytest
import torch

from rnncourse.nn.dropout import DropoutForecaster, dropout_mask
from rnncourse.nn.linear_attention import (
    LinearAttention,
    attention_loop,
    attention_parallel,
    positive,
)
from rnncourse.nn.state_space import (
    DiagonalSSM,
    causal_convolution,
    mode_kernel,
    zero_order_hold,
)

T, B, D, K, V = 7, 2, 3, 4, 5


def features(*shape, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return positive(torch.randn(shape, generator=rng, dtype=torch.float64))


def test_attention_answers_with_the_weighted_mean_of_the_past():
    q, k = features(T, B, K), features(T, B, K, seed=1)
    v = features(T, B, V, seed=2) - 1
    ys = attention_parallel(q, k, v)
    looped, (S, z) = attention_loop(q, k, v)
    for t in range(T):
        w = torch.einsum("bk,jbk->jb", q[t], k[: t + 1])
        want = torch.einsum("jb,jbv->bv", w / w.sum(0), v[: t + 1])
        torch.testing.assert_close(ys[t], want)
        torch.testing.assert_close(looped[t], want)
    torch.testing.assert_close(S, torch.einsum("tbk,tbv->bkv", k, v))
    torch.testing.assert_close(z, k.sum(0))


def test_attention_layer_has_the_same_gradients_in_both_forms():
    torch.manual_seed(0)
    layer = LinearAttention(D, K, V).double()
    xs = torch.randn(T, B, D, dtype=torch.float64)
    grads = []
    for parallel in (True, False):
        ys, _ = layer(xs, parallel=parallel)
        grads.append(torch.autograd.grad(ys.cos().sum(), layer.parameters()))
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", ["q", "k", "v"])
def test_attention_says_which_argument_does_not_fit(name):
    good = {"q": features(T, B, K), "k": features(T, B, K), "v": features(T, B, V)}
    with pytest.raises(ValueError, match=f"{name} must have"):
        attention_parallel(**{**good, name: good[name][:0]})
    with pytest.raises(TypeError, match=r"[qkv] must be torch.float"):
        attention_parallel(**{**good, name: good[name].float()})


def test_a_held_step_is_two_held_half_steps():
    rate = torch.tensor([-0.3 + 2j, -1.5, 0.0], dtype=torch.complex128)
    delta = torch.tensor(0.7, dtype=torch.float64)
    a, b = zero_order_hold(rate, delta)
    a_half, b_half = zero_order_hold(rate, delta / 2)
    torch.testing.assert_close(a, a_half**2)
    torch.testing.assert_close(b, a_half * b_half + b_half)
    torch.testing.assert_close(b[2].real, delta)


def test_convolution_is_the_sum_over_lags():
    rng = torch.Generator().manual_seed(0)
    xs = torch.randn(T, B, D, generator=rng, dtype=torch.float64)
    kernel = torch.randn(D, T, generator=rng, dtype=torch.float64)
    want = torch.zeros_like(xs)
    for t in range(T):
        for k in range(t + 1):
            want[t] += kernel[:, k] * xs[t - k]
    torch.testing.assert_close(causal_convolution(xs, kernel), want)


def test_real_and_complex_modes_have_one_kernel():
    a, b, c = torch.tensor([[0.9, -0.4], [0.5, 2.0], [1.0, -3.0]]).double()
    complex_ones = (x.to(torch.complex128) for x in (a, b, c))
    torch.testing.assert_close(mode_kernel(a, b, c, 6), mode_kernel(*complex_ones, 6))


def test_state_space_layer_gives_the_same_in_both_ways_and_never_grows():
    torch.manual_seed(0)
    layer = DiagonalSSM(3, 4, shortest=2, longest=50).double()
    xs = torch.randn(9, B, 3, dtype=torch.float64)
    looped, state = layer(xs, how="loop")
    torch.testing.assert_close(layer(xs)[0], looped)
    h = torch.zeros(B, 3, 4, dtype=torch.complex128)
    for x in xs:
        _, h = layer.step(x, h)
    torch.testing.assert_close(state, h)
    memory = layer.memory()
    assert (layer.modes()[0].abs() < 1).all()
    assert memory.min() > 2 * (1 - 1e-6)
    assert memory.max() < 50 * (1 + 1e-6)


def test_state_space_layer_refuses_a_range_that_is_none():
    with pytest.raises(ValueError, match="shortest must be positive"):
        DiagonalSSM(2, 2, shortest=5, longest=4)
    with pytest.raises(ValueError, match="how"):
        DiagonalSSM(2, 2)(torch.zeros(3, 1, 2), how="sideways")


def test_mask_silences_a_share_and_keeps_the_mean():
    mask = dropout_mask((100_000,), 0.25, torch.Generator().manual_seed(0))
    assert mask.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert float((mask == 0).float().mean()) == pytest.approx(0.25, abs=0.006)
    for p in (-0.1, 1.0):
        with pytest.raises(ValueError, match="p must be in"):
            dropout_mask((2,), p)


def test_passes_differ_with_dropout_and_agree_without():
    torch.manual_seed(0)
    xs, known = torch.randn(6, 5, 2), torch.randn(6, 1)
    wet = DropoutForecaster(2, 8, known=1, width=8, p=0.3).eval()
    passes = wet.passes(xs, known, n_passes=200, seed=3)
    assert torch.equal(passes, wet.passes(xs, known, n_passes=200, seed=3))
    assert (passes.std(0) > 0.01).all()
    once = wet(xs, known)
    assert torch.equal(once, wet(xs, known)), "no mask when it is not asked for"
    dry = DropoutForecaster(2, 8, known=1, width=8, p=0.0)
    assert float(dry.passes(xs, known, n_passes=3).std(0).max()) == 0
    assert not math.isclose(float(np.ptp(passes.numpy())), 0)

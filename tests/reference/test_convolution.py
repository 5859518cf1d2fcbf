"""Convolution and pooling against numbers by hand, differences, torch and loops."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from rnncourse.reference.convolution import (
    ConvParams,
    conv1d_backward,
    conv1d_backward_textbook,
    conv1d_forward,
    conv1d_forward_textbook,
    conv2d_backward,
    conv2d_backward_textbook,
    conv2d_forward,
    conv2d_forward_textbook,
    flip_kernel,
    init_conv,
    output_size,
)
from rnncourse.reference.gradcheck import check_gradient, relative_error
from rnncourse.reference.pooling import (
    max_pool_backward,
    max_pool_forward,
    mean_pool_backward,
    mean_pool_forward,
)

TWINS_1D = {
    "fast": (conv1d_forward, conv1d_backward),
    "textbook": (conv1d_forward_textbook, conv1d_backward_textbook),
}
TWINS_2D = {
    "fast": (conv2d_forward, conv2d_backward),
    "textbook": (conv2d_forward_textbook, conv2d_backward_textbook),
}
POOLS = {
    "max": (max_pool_forward, max_pool_backward),
    "mean": (mean_pool_forward, mean_pool_backward),
}
twins_1d = pytest.mark.parametrize(
    ("forward", "backward"), TWINS_1D.values(), ids=TWINS_1D.keys()
)
twins_2d = pytest.mark.parametrize(
    ("forward", "backward"), TWINS_2D.values(), ids=TWINS_2D.keys()
)
pools = pytest.mark.parametrize(
    ("forward", "backward"), POOLS.values(), ids=POOLS.keys()
)
devices = pytest.mark.parametrize(
    "device", ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
)
OPTIONS_1D = pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": "same"},
        {"padding": "causal"},
        {"stride": 2},
        {"padding": "same", "dilation": 2},
        {"padding": "causal", "stride": 3, "dilation": 2},
    ],
    ids=str,
)
OPTIONS_2D = pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": "same"},
        {"stride": (2, 1)},
        {"padding": "same", "dilation": (1, 2)},
        {"padding": "same", "stride": 2, "dilation": 2},
    ],
    ids=str,
)


def draw(shape, kernel, channels, *, seed=0, dtype=np.float64):
    """Return an input and weights with a bias."""
    rng = np.random.default_rng(seed)
    p = init_conv(kernel, shape[-1], channels, rng=rng, dtype=dtype)
    p = p._replace(b=rng.normal(size=channels).astype(dtype))
    return rng.normal(size=shape).astype(dtype), p


def torch_pads(sizes, padding, dilations):
    """Return the zeros around the input in the order of torch, last axis first."""
    around = []
    for K, d in zip(reversed(sizes), reversed(dilations), strict=True):
        n = d * (K - 1)
        around += {"valid": [0, 0], "same": [n // 2, n - n // 2], "causal": [n, 0]}[
            padding
        ]
    return around


def torch_conv(x, W, b, options):
    """Convolve with torch, in the layout of this package."""
    n = x.ndim - 2
    dilation = options.get("dilation", 1)
    each = dilation if isinstance(dilation, tuple) else (dilation,) * n
    pads = torch_pads(W.shape[:n], options.get("padding", "valid"), each)
    if n == 1:
        y = F.conv1d(
            F.pad(x.permute(1, 2, 0), pads),
            W.permute(2, 1, 0),
            b,
            stride=options.get("stride", 1),
            dilation=dilation,
        )
        return y.permute(2, 0, 1)
    y = F.conv2d(
        F.pad(x.permute(0, 3, 1, 2), pads),
        W.permute(3, 2, 0, 1),
        b,
        stride=options.get("stride", 1),
        dilation=dilation,
    )
    return y.permute(0, 2, 3, 1)


def assert_near(got, want, tol):
    for a, b in zip(got, want, strict=True):
        assert a.shape == b.shape
        assert relative_error(a, b).max(initial=0) <= tol


def assert_agrees(forward, backward, xs, p, options, device):
    """Compare with torch and its autograd, and with differences."""
    ys, cache = forward(xs, p, **options)
    dys = np.random.default_rng(9).normal(size=ys.shape)
    dxs, dp = backward(dys, cache, p)
    given = [torch.tensor(a, device=device, requires_grad=True) for a in (xs, *p)]
    want = torch_conv(*given, options)
    want.backward(torch.tensor(dys, device=device))
    assert_near([ys], [want.detach().cpu().numpy()], 1e-10)
    assert_near([dxs, *dp], [g.grad.cpu().numpy() for g in given], 1e-10)

    def loss(q):
        got = forward(q["xs"], ConvParams(q["W"], q["b"]), **options)[0]
        return math.fsum((got * dys).ravel())

    check_gradient(
        loss, {"xs": xs, **p._asdict()}, {"xs": dxs, **dp._asdict()}, tol=1e-7
    )


# -- by hand -----------------------------------------------------------------------


@twins_1d
def test_a_sequence_by_hand(forward, backward):
    xs = np.array([1.0, 2.0, 4.0]).reshape(3, 1, 1)
    p = ConvParams(np.array([3.0, 5.0]).reshape(2, 1, 1), np.array([0.5]))
    ys, cache = forward(xs, p)
    # 1·3 + 2·5 + 1/2 and 2·3 + 4·5 + 1/2
    np.testing.assert_array_equal(ys.ravel(), [13.5, 26.5])
    dxs, dp = backward(np.array([1.0, 10.0]).reshape(2, 1, 1), cache, p)
    np.testing.assert_array_equal(dxs.ravel(), [3, 5 + 30, 50])
    np.testing.assert_array_equal(dp.W.ravel(), [1 + 20, 2 + 40])
    np.testing.assert_array_equal(dp.b, [11])


@twins_1d
def test_causal_and_same_by_hand(forward, backward):
    xs = np.array([1.0, 2.0, 4.0]).reshape(3, 1, 1)
    p = ConvParams(np.array([3.0, 5.0]).reshape(2, 1, 1), np.zeros(1))
    causal, cache = forward(xs, p, padding="causal")
    np.testing.assert_array_equal(causal.ravel(), [5, 13, 26])
    dxs, _ = backward(np.ones_like(causal), cache, p)
    np.testing.assert_array_equal(dxs.ravel(), [8, 8, 5])
    same, _ = forward(xs, p, padding="same")  # the odd zero stands on the right
    np.testing.assert_array_equal(same.ravel(), [13, 26, 12])


@twins_2d
def test_an_image_by_hand(forward, backward):
    xs = np.array([[1.0, 2, 3], [4, 5, 6]]).reshape(1, 2, 3, 1)
    p = ConvParams(np.array([[1.0, 10], [100, 1000]]).reshape(2, 2, 1, 1), np.ones(1))
    ys, cache = forward(xs, p)
    np.testing.assert_array_equal(ys.ravel(), [5422, 6533])
    dxs, dp = backward(np.array([1.0, 2.0]).reshape(1, 1, 2, 1), cache, p)
    np.testing.assert_array_equal(dxs.ravel(), [1, 12, 20, 100, 1200, 2000])
    np.testing.assert_array_equal(dp.W.ravel(), [5, 8, 14, 17])
    np.testing.assert_array_equal(dp.b, [3])


@pytest.mark.parametrize("K", [1, 2, 3, 4])
def test_a_flipped_kernel_gives_a_true_convolution(K):
    rng = np.random.default_rng(K)
    x, w = rng.normal(size=9), rng.normal(size=K)
    p = ConvParams(flip_kernel(w.reshape(K, 1, 1)), np.zeros(1))
    ys, _ = conv1d_forward(x.reshape(9, 1, 1), p)
    np.testing.assert_allclose(ys.ravel(), np.convolve(x, w, "valid"), rtol=1e-12)


def test_an_image_kernel_is_flipped_in_both_directions():
    W = np.arange(4.0).reshape(2, 2, 1, 1)
    np.testing.assert_array_equal(flip_kernel(W).ravel(), [3, 2, 1, 0])


@pools
def test_overlapping_windows_by_hand(forward, backward):
    xs = np.array([1.0, 4.0, 4.0, 2.0, 9.0]).reshape(5, 1, 1)
    ys, cache = forward(xs, 3, stride=1)
    dxs = backward(np.array([3.0, 6.0, 12.0]).reshape(3, 1, 1), cache)
    if forward is max_pool_forward:  # of equals the first is taken
        np.testing.assert_array_equal(ys.ravel(), [4, 4, 9])
        np.testing.assert_array_equal(dxs.ravel(), [0, 9, 0, 0, 12])
    else:
        np.testing.assert_allclose(ys.ravel(), [3, 10 / 3, 5], rtol=1e-15)
        np.testing.assert_array_equal(dxs.ravel(), [1, 3, 7, 6, 4])


# -- torch and differences ---------------------------------------------------------


@twins_1d
@OPTIONS_1D
@devices
@pytest.mark.parametrize("K", [1, 2, 3])
def test_conv1d_agrees_with_torch_and_differences(
    forward, backward, options, K, device
):
    xs, p = draw((7, 2, 3), K, 4)
    assert_agrees(forward, backward, xs, p, options, device)


@twins_2d
@OPTIONS_2D
@devices
def test_conv2d_agrees_with_torch_and_differences(forward, backward, options, device):
    xs, p = draw((2, 6, 5, 2), (3, 2), 3)
    assert_agrees(forward, backward, xs, p, options, device)


def test_same_is_the_padding_that_torch_calls_same():
    xs, p = draw((7, 2, 3), 4, 5)
    x, W = (torch.from_numpy(a) for a in (xs, p.W))
    with warnings.catch_warnings():  # torch says once in a process that it copies
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel")
        want = F.conv1d(x.permute(1, 2, 0), W.permute(2, 1, 0), padding="same").permute(
            2, 0, 1
        )
    got, _ = conv1d_forward(xs, p, padding="same")
    assert_near([got - p.b], [want.numpy()], 1e-10)


@pools
@pytest.mark.parametrize(
    ("shape", "size", "stride"),
    [
        ((7, 2, 3), 2, None),
        ((7, 2, 3), 3, 2),
        ((2, 6, 5, 3), 2, None),
        ((2, 6, 5, 3), (3, 2), (1, 2)),
    ],
)
def test_pooling_agrees_with_torch_and_differences(
    forward, backward, shape, size, stride
):
    rng = np.random.default_rng(0)
    xs = rng.permutation(math.prod(shape)).reshape(shape) / 8.0  # no ties, far apart
    ys, cache = forward(xs, size, stride=stride)
    dys = rng.normal(size=ys.shape)
    dxs = backward(dys, cache)
    x = torch.tensor(xs, requires_grad=True)
    kind = "max" if forward is max_pool_forward else "avg"
    pool = getattr(F, f"{kind}_pool{len(shape) - 2}d")
    there, back = ((1, 2, 0), (2, 0, 1)) if len(shape) == 3 else ((0, 3, 1, 2), None)
    want = pool(x.permute(there), size, stride).permute(back or (0, 2, 3, 1))
    want.backward(torch.from_numpy(dys))
    assert_near([ys, dxs], [want.detach().numpy(), x.grad.numpy()], 1e-10)
    check_gradient(
        lambda q: math.fsum((forward(q["xs"], size, stride=stride)[0] * dys).ravel()),
        {"xs": xs},
        {"xs": dxs},
        tol=1e-7,
    )


# -- properties --------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 12),
    st.sampled_from(["valid", "same", "causal"]),
)
def test_twins_agree_and_the_size_is_as_announced(K, s, d, T, padding):
    if padding == "valid":
        T += d * (K - 1)
    xs, p = draw((T, 2, 3), K, 2, seed=T)
    options = {"padding": padding, "stride": s, "dilation": d}
    ys, cache = conv1d_forward(xs, p, **options)
    zeros = 0 if padding == "valid" else d * (K - 1)
    assert len(ys) == output_size(T, K, stride=s, dilation=d, pads=zeros)
    again, other = conv1d_forward_textbook(xs, p, **options)
    dxs, dp = conv1d_backward(ys, cache, p)
    dxs_loop, dp_loop = conv1d_backward_textbook(ys, other, p)
    assert_near([ys, dxs, *dp], [again, dxs_loop, *dp_loop], 1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2))
def test_twins_agree_over_images(K1, K2, s, d):
    xs, p = draw((2, 6, 5, 2), (K1, K2), 3, seed=K1)
    options = {"stride": s, "dilation": d}
    ys, cache = conv2d_forward(xs, p, **options)
    again, other = conv2d_forward_textbook(xs, p, **options)
    dxs, dp = conv2d_backward(ys, cache, p)
    dxs_loop, dp_loop = conv2d_backward_textbook(ys, other, p)
    assert_near([ys, dxs, *dp], [again, dxs_loop, *dp_loop], 1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 8))
def test_a_causal_output_does_not_see_the_future(K, d, t):
    xs, p = draw((9, 1, 2), K, 2)
    later = xs.copy()
    later[t:] += 1
    a, _ = conv1d_forward(xs, p, padding="causal", dilation=d)
    b, _ = conv1d_forward(later, p, padding="causal", dilation=d)
    np.testing.assert_array_equal(a[:t], b[:t])
    assert (a[t] != b[t]).all()


@twins_1d
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_arguments_are_not_changed(forward, backward, dtype):
    xs, p = draw((6, 2, 3), 3, 4, dtype=dtype)
    before = [a.copy() for a in (xs, *p)]
    ys, cache = forward(xs, p, padding="same")
    dxs, dp = backward(ys, cache, p)
    assert {a.dtype for a in (ys, dxs, *dp)} == {np.dtype(dtype)}
    for a, b in zip((xs, *p), before, strict=True):
        np.testing.assert_array_equal(a, b)


@pools
def test_pooling_keeps_float32(forward, backward):
    ys, cache = forward(np.ones((4, 2, 1), np.float32), 2)
    assert ys.dtype == backward(ys, cache).dtype == np.float32


@twins_1d
def test_an_empty_batch_gives_empty_outputs_and_zero_gradients(forward, backward):
    xs, p = draw((6, 0, 3), 3, 4)
    ys, cache = forward(xs, p)
    assert ys.shape == (4, 0, 4)
    dxs, dp = backward(ys, cache, p)
    assert dxs.shape == xs.shape
    assert not any(w.any() for w in dp)


@twins_2d
def test_an_empty_batch_of_images_is_taken(forward, backward):
    xs, p = draw((0, 4, 4, 1), (2, 2), 3)
    ys, cache = forward(xs, p)
    assert ys.shape == (0, 3, 3, 3)
    assert backward(ys, cache, p)[0].shape == xs.shape


@pools
def test_pooling_takes_an_empty_batch(forward, backward):
    ys, cache = forward(np.zeros((4, 0, 2)), 2)
    assert ys.shape == (2, 0, 2)
    assert backward(ys, cache).shape == (4, 0, 2)


def test_init_draws_within_its_bound_and_repeats_with_its_seed():
    p = init_conv((5, 4), 5, 400, rng=np.random.default_rng(0))
    assert 0.099 < np.abs(p.W).max() <= 0.1  # 5·4·5 inputs to each output
    np.testing.assert_allclose(p.W.std(), 0.1 / 3**0.5, rtol=0.01)
    assert not p.b.any()
    again = init_conv((5, 4), 5, 400, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(p.W, again.W)


# -- bad input ---------------------------------------------------------------------

XS, P = draw((7, 2, 3), 3, 4)
IMAGES, Q = draw((2, 5, 5, 3), (2, 2), 4)
YS, CACHE = conv1d_forward(XS, P)
MAXIMA, POOL = max_pool_forward(XS, 2)
NAN = XS.copy()
NAN[2, 1, 0] = np.nan


@pytest.mark.parametrize("forward", [conv1d_forward, conv1d_forward_textbook])
@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((XS[0], P), {}, ValueError, r"xs must have shape \(T, B, D\), got \(2, 3\)"),
        ((XS[:0], P), {}, ValueError, "xs must have at least one step in each"),
        ((XS[..., :2], P), {}, ValueError, "as many channels as p.W, 3, got"),
        ((XS.astype(int), P), {}, TypeError, "xs must be float32 or float64, got int"),
        ((NAN, P), {}, ValueError, r"xs must be finite, got nan at \(2, 1, 0\)"),
        ((XS.astype(np.float32), P), {}, TypeError, "p.W must be float32"),
        ((XS, tuple(P)), {}, TypeError, "p must be ConvParams, got tuple"),
        ((XS, Q), {}, ValueError, r"p.W must have shape \(K, D, F\)"),
        ((XS, P._replace(b=P.b[:2])), {}, ValueError, r"p.b must have shape \(F=4,\)"),
        ((XS, P), {"padding": "full"}, ValueError, "padding must be one of 'valid'"),
        ((XS, P), {"stride": 0}, ValueError, "stride must be at least 1, got 0"),
        ((XS, P), {"dilation": 1.5}, TypeError, "dilation must be a whole number"),
        ((XS, P), {"stride": (1, 2)}, ValueError, "stride must be one number or 1"),
        ((XS[:2], P), {}, ValueError, "xs must have at least 3 steps along axis 0"),
    ],
)
def test_forward_names_what_does_not_fit(forward, arguments, options, error, message):
    with pytest.raises(error, match=message):
        forward(*arguments, **options)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: conv2d_forward(IMAGES, Q, padding="causal"),
            ValueError,
            "padding must be one of 'valid', 'same', got 'causal'",
        ),
        (
            lambda: conv1d_backward(YS[1:], CACHE, P),
            ValueError,
            r"dys must have shape \(5, 2, 4\), got \(4, 2, 4\)",
        ),
        (
            lambda: conv1d_backward(YS.astype(np.float32), CACHE, P),
            TypeError,
            "dys must be float64",
        ),
        (
            lambda: conv1d_backward(YS, CACHE, P._replace(W=P.W[:, :2])),
            ValueError,
            "p.W must have 3 channels as the cache has",
        ),
        (
            lambda: conv2d_backward(YS, CACHE, Q),
            TypeError,
            "cache must come from conv2d_forward, got ConvCache",
        ),
        (
            lambda: conv1d_backward_textbook(YS, POOL, P),
            TypeError,
            "cache must come from conv1d_forward, got PoolCache",
        ),
        (lambda: flip_kernel(np.ones(3)), ValueError, r"W must be \(K, D, F\) or"),
        (lambda: init_conv(0, 1, 1, rng=None), ValueError, "kernel must be at least 1"),
        (lambda: init_conv(1, 1, 1, rng=3), TypeError, "rng must be .* got int"),
        (lambda: max_pool_forward(XS[0], 2), ValueError, r"xs must be \(T, B, D\) or"),
        (lambda: max_pool_forward(NAN, 2), ValueError, "xs must be finite"),
        (lambda: max_pool_forward(XS, 8), ValueError, "at least 8 steps along axis 0"),
        (lambda: max_pool_forward(XS, 0), ValueError, "size must be at least 1"),
        (
            lambda: mean_pool_backward(MAXIMA, POOL),
            TypeError,
            "cache must come from mean_pool_forward",
        ),
        (
            lambda: max_pool_backward(MAXIMA, CACHE),
            TypeError,
            "cache must come from max_pool_forward, got ConvCache",
        ),
        (
            lambda: max_pool_backward(MAXIMA[1:], POOL),
            ValueError,
            r"dys must have shape \(3, 2, 3\), got \(2, 2, 3\)",
        ),
        (
            lambda: max_pool_backward(MAXIMA.astype(np.float32), POOL),
            TypeError,
            "dys must be float64",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

"""Convolution and the CNN-LSTM as modules against their NumPy twins and torch."""

import math

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from rnncourse.nn import CNNLSTM, Conv1d
from rnncourse.nn.convert import module_from_params, params_from_module
from rnncourse.reference.cnn_lstm import (
    PADDINGS,
    CNNLSTMParams,
    cnn_lstm_backward,
    cnn_lstm_forward,
    init_cnn_lstm,
)
from rnncourse.reference.convolution import (
    ConvParams,
    conv1d_backward,
    conv1d_forward,
    init_conv,
)
from rnncourse.reference.dense import DenseParams
from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.lstm import LSTMParams
from rnncourse.reference.nested import nested_arrays, nested_from_arrays

N, T, B, D, F, H, K = 3, 9, 4, 2, 5, 3, 2  # N is the size of the kernel
LENGTHS = [9, 4, 5, 7]
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)
each_padding = pytest.mark.parametrize("padding", PADDINGS)
pooled_or_not = pytest.mark.parametrize("pool", [None, 2])
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(dtype=np.float64):
    """Return weights with biases, inputs, and a gradient."""
    rng = np.random.default_rng(0)
    p = init_cnn_lstm(N, D, F, H, K, rng=rng)
    wide = {n: 0.7 * rng.normal(size=w.shape) for n, w in nested_arrays(p).items()}
    wide = {n: w.astype(dtype) for n, w in wide.items()}
    xs, dy = rng.normal(size=(T, B, D)), rng.normal(size=(B, K))
    return nested_from_arrays(p, wide), xs.astype(dtype), dy.astype(dtype)


def near(got, want):
    return relative_error(got.detach().cpu().numpy(), want).max(initial=0) <= 1e-10


# -- convolution -------------------------------------------------------------------


@on_each_device
@each_padding
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 3), (2, 2)])
def test_convolution_agrees_with_its_numpy_twin(device, padding, stride, dilation):
    rng = np.random.default_rng(0)
    p = init_conv(N, D, F, rng=rng)._replace(b=rng.normal(size=F))
    options = {"padding": padding, "stride": stride, "dilation": dilation}
    xs = rng.normal(size=(T, B, D))
    want, cache = conv1d_forward(xs, p, **options)
    dys = rng.normal(size=want.shape)
    dxs, dp = conv1d_backward(dys, cache, p)
    layer = module_from_params(p, **options).to(device)
    x = torch.tensor(xs, device=device, requires_grad=True)
    ys = layer(x)
    ys.backward(torch.tensor(dys, device=device))
    assert near(ys, want)
    assert near(x.grad, dxs)
    assert near(layer.W.grad, dp.W)
    assert near(layer.b.grad, dp.b)


def test_convolution_takes_differences_by_hand():
    p = ConvParams(np.array([-1.0, 1.0]).reshape(2, 1, 1), np.zeros(1))
    xs = torch.tensor([1.0, 3.0, 2.0], dtype=torch.float64).reshape(3, 1, 1)
    assert module_from_params(p)(xs).ravel().tolist() == [2, -1]
    causal = module_from_params(p, padding="causal")
    assert causal(xs).ravel().tolist() == [1, 2, -1]


def test_convolution_draws_within_its_bound():
    layer = Conv1d(5, 80, 30)
    assert 0.049 < layer.W.abs().max() <= 0.05
    assert not layer.b.any()


# -- the CNN-LSTM ------------------------------------------------------------------


@on_each_device
@each_padding
@pooled_or_not
@lengths_or_none
def test_module_agrees_with_its_numpy_twin(device, padding, pool, lengths):
    p, xs, dy = draw()
    options = {"padding": padding, "pool": pool}
    want, cache = cnn_lstm_forward(xs, p, lengths, **options)
    dxs, dp = cnn_lstm_backward(dy, cache, p)
    model = module_from_params(p, **options).to(device)
    x = torch.tensor(xs, device=device, requires_grad=True)
    y = model(x, lengths)
    y.backward(torch.tensor(dy, device=device))
    assert y.device == x.device
    assert near(y, want)
    assert near(x.grad, dxs)
    named, grads = dict(model.named_parameters()), nested_arrays(dp)
    assert named.keys() == grads.keys()
    for name, want in grads.items():
        assert near(named[name].grad, want), name


@on_each_device
def test_module_agrees_with_layers_of_torch(device):
    p, xs, _ = draw()
    conv = torch.nn.Conv1d(D, F, N, padding="same")
    lstm = torch.nn.LSTM(F, H)
    linear = torch.nn.Linear(H, K)
    pairs = {
        conv.weight: p.conv.W.transpose(2, 1, 0),
        conv.bias: p.conv.b,
        lstm.weight_ih_l0: p.lstm.W_x.T,
        lstm.weight_hh_l0: p.lstm.W_h.T,
        lstm.bias_ih_l0: p.lstm.b,
        lstm.bias_hh_l0: np.zeros_like(p.lstm.b),
        linear.weight: p.out.W.T,
        linear.bias: p.out.b,
    }
    for room, w in pairs.items():
        room.data = torch.tensor(w, device=device)
    x = torch.tensor(xs, device=device)
    features = torch.nn.functional.max_pool1d(conv(x.permute(1, 2, 0)).relu(), 2)
    _, (h_T, _) = lstm(features.permute(2, 0, 1))
    model = module_from_params(p, padding="same", pool=2).to(device)
    torch.testing.assert_close(model(x), linear(h_T[0]), rtol=1e-10, atol=1e-12)


@on_each_device
@each_padding
@pytest.mark.parametrize("rubbish", [float("nan"), float("inf"), 1e30])
def test_padding_never_changes_a_result_or_a_gradient(device, padding, rubbish):
    p, xs, _ = draw()
    spoilt = xs.copy()
    spoilt[np.arange(T)[:, None] >= np.array(LENGTHS)] = rubbish
    results = []
    for inputs in (xs, spoilt):
        model = module_from_params(p, padding=padding, pool=2).to(device)
        x = torch.tensor(inputs, device=device, requires_grad=True)
        y = model(x, torch.tensor(LENGTHS, device=device))
        y.sum().backward()
        results.append([y, x.grad, *(w.grad for w in model.parameters())])
    for a, b in zip(*results, strict=True):
        assert torch.equal(a, b)


def test_a_packed_sequence_brings_its_lengths():
    p, xs, _ = draw()
    x, model = torch.from_numpy(xs), module_from_params(p)
    packed = pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
    assert torch.equal(model(packed), model(x, LENGTHS))


def test_module_by_hand():
    # differences, relu, windows of 2: the LSTM reads 2 and 0; see the NumPy test
    lstm = LSTMParams(
        np.array([[0, 0, math.log(2) / 2, 0]]), np.zeros((1, 4)), np.zeros(4)
    )
    p = CNNLSTMParams(
        ConvParams(np.array([-1.0, 1.0]).reshape(2, 1, 1), np.zeros(1)),
        *(lstm, DenseParams(np.array([[4.0]]), np.array([1.0]))),
    )
    xs = torch.tensor([1.0, 3.0, 2.0, 0.0], dtype=torch.float64).reshape(4, 1, 1)
    xs.requires_grad_()
    y = module_from_params(p, pool=2)(xs)
    assert y.item() == pytest.approx(2 * math.tanh(0.15) + 1, rel=1e-14)
    y.sum().backward()
    d = 2 * (1 - math.tanh(0.15) ** 2) / 4 * (1 - 0.36) * math.log(2) / 2
    np.testing.assert_allclose(xs.grad.ravel(), [-d, d, 0, 0], rtol=1e-13)


def test_module_keeps_float32_and_takes_one_step_and_an_empty_batch():
    model = CNNLSTM(N, D, F, H, K)
    y = model(torch.zeros(1, 2, D))
    assert y.dtype == torch.float32
    assert y.shape == (2, K)
    pooled = CNNLSTM(N, D, F, H, K, pool=2, padding="valid")
    assert pooled(torch.zeros(T, 0, D), []).shape == (0, K)


# -- conversion --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_survive_the_round_trip(dtype):
    p = draw(dtype)[0]
    back = params_from_module(module_from_params(p, pool=2))
    assert type(back) is CNNLSTMParams
    assert [type(part) for part in back] == [ConvParams, LSTMParams, DenseParams]
    for name, w in nested_arrays(p).items():
        assert nested_arrays(back)[name].dtype == dtype
        np.testing.assert_array_equal(nested_arrays(back)[name], w)


P, XS, _ = draw()
X, MODEL = torch.from_numpy(XS), module_from_params(P, pool=2)
CONV = MODEL.conv


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Conv1d(0, 1, 1), ValueError, "kernel must be at least 1, got 0"),
        (lambda: Conv1d(1, 1, 1, stride=0), ValueError, "stride must be at least 1"),
        (lambda: Conv1d(1, 1, 1, dilation=1.5), TypeError, "dilation must be a whole"),
        (lambda: Conv1d(1, 1, 1, padding="x"), ValueError, "padding must be one of"),
        (lambda: CONV(XS), TypeError, "xs must be a tensor, got ndarray"),
        (lambda: CONV(X[..., :1]), ValueError, r"xs must have shape \(T, B, D=2\)"),
        (lambda: CONV(X[:0]), ValueError, "xs must have at least one time step"),
        (
            lambda: module_from_params(P.conv, dilation=5)(X),
            ValueError,
            "xs must have at least 11 steps for this kernel, got 9",
        ),
        (
            lambda: module_from_params(P.conv._replace(W=P.conv.W[0])),
            ValueError,
            r"p.W must have shape \(K, D, F\), got \(2, 5\)",
        ),
        (
            lambda: module_from_params(P.out._replace(W=P.out.b)),
            ValueError,
            r"p.W must have shape \(D, K\), got \(2,\)",
        ),
        (
            lambda: module_from_params(P._replace(out=P.out._replace(W=P.out.W[1:]))),
            ValueError,
            r"p.out.W must have shape \(H=3, K\), got \(2, 2\)",
        ),
        (lambda: CNNLSTM(N, D, F, H, K, pool=0), ValueError, "pool must be at least 1"),
        (lambda: MODEL(XS), TypeError, "xs must be a tensor, got ndarray"),
        (lambda: MODEL(X[:0]), ValueError, "xs must have at least one time step"),
        (lambda: MODEL(X.float()), TypeError, "xs must be torch.float64 like the wei"),
        (lambda: MODEL(X[:1]), ValueError, "xs must have at least 2 steps .* got 1"),
        (lambda: MODEL(X, [9, 1, 5, 5]), ValueError, "lengths must have at least 2 st"),
        (lambda: MODEL(X, [9, 1, 5, 10]), ValueError, "lengths must lie in 1..9, got"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

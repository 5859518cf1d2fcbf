"""The torch module against its NumPy twin and ``torch.nn.RNN``, on each device."""

import numpy as np
import pytest
import torch

from rnncourse.nn import RNN
from rnncourse.nn.convert import (
    module_from_params,
    params_from_module,
    rnn_from_torch,
    rnn_to_torch,
)
from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.rnn import RNNParams, init_rnn, rnn_backward, rnn_forward

T, B, D, H = 7, 4, 3, 5
LENGTHS = [7, 3, 1, 5]
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(dtype=np.float64):
    rng = np.random.default_rng(0)
    p = init_rnn(D, H, rng=rng, dtype=dtype)._replace(
        b=rng.normal(size=H).astype(dtype)
    )
    shapes = (T, B, D), (B, H), (T, B, H), (B, H)
    return p, *(rng.normal(size=s).astype(dtype) for s in shapes)


def tensors(device, *arrays):
    return [torch.tensor(a, device=device, requires_grad=True) for a in arrays]


@on_each_device
@lengths_or_none
def test_module_agrees_with_its_numpy_twin(device, lengths):
    p, xs, h0, dhs, dh_T = draw()
    module = module_from_params(p).to(device)
    x, start, *slopes = tensors(device, xs, h0, dhs, dh_T)
    hs, h_T = module(x, start, lengths)
    torch.autograd.backward([hs, h_T], [s.detach() for s in slopes])
    assert hs.device == x.device
    want_hs, want_h_T, cache = rnn_forward(xs, p, h0, lengths)
    dxs, dh0, dp = rnn_backward(dhs, cache, p, dh_T)
    pairs = [(hs, want_hs), (h_T, want_h_T), (x.grad, dxs), (start.grad, dh0)]
    pairs += [(getattr(module, n).grad, dw) for n, dw in dp._asdict().items()]
    for got, want in pairs:
        assert relative_error(got.detach().cpu().numpy(), want).max() <= 1e-10


@on_each_device
def test_module_agrees_with_torch_nn(device):
    p, xs, h0, _, _ = draw()
    x, start = tensors(device, xs, h0)
    hs, h_T = module_from_params(p).to(device)(x, start)
    want, last = rnn_to_torch(p).to(device)(x, start[None])
    torch.testing.assert_close(hs, want, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(h_T, last[0], rtol=1e-10, atol=1e-12)


@on_each_device
@pytest.mark.parametrize("rubbish", [float("nan"), float("inf"), 1e30])
def test_padding_never_changes_a_result_or_a_gradient(device, rubbish):
    p, xs, _, dhs, _ = draw()
    spoilt = xs.copy()
    spoilt[np.arange(T)[:, None] >= np.array(LENGTHS)] = rubbish
    results = []
    for inputs in (xs, spoilt):
        module = module_from_params(p).to(device)
        x, slope = tensors(device, inputs, dhs)
        hs, _ = module(x, lengths=torch.tensor(LENGTHS, device=device))
        hs.backward(slope.detach())
        results.append([hs, x.grad, *(w.grad for w in module.parameters())])
    for a, b in zip(*results, strict=True):
        assert torch.equal(a, b)


def test_two_steps_by_hand():
    # tanh(log 2) = 3/5; a_2 = 0.5 · 0.6 + log 3 - 0.3 and tanh(log 3) = 4/5
    p = RNNParams(np.array([[1.0]]), np.array([[0.5]]), np.zeros(1))
    xs = torch.tensor([2.0, 3.0], dtype=torch.float64).log()[:, None, None]
    hs, h_T = module_from_params(p)(xs - torch.tensor([0, 0.3])[:, None, None])
    np.testing.assert_allclose(hs.detach().numpy().ravel(), [0.6, 0.8], rtol=1e-7)
    assert torch.equal(h_T, hs[-1])


def test_module_keeps_float32_and_takes_one_step_and_an_empty_batch():
    module = RNN(D, H)
    hs, h_T = module(torch.zeros(1, 2, D))
    assert hs.dtype == h_T.dtype == torch.float32
    assert hs.shape == (1, 2, H)
    hs, h_T = module(torch.zeros(T, 0, D), lengths=[])
    assert hs.shape == (T, 0, H)
    assert h_T.shape == (0, H)


def test_module_draws_within_its_bound():
    module = RNN(D, 400)
    bound = 400**-0.5
    assert 0.99 * bound < module.W_h.abs().max() <= bound
    assert not module.b.any()


@on_each_device
@lengths_or_none
def test_relu_module_agrees_with_its_numpy_twin(device, lengths):
    p, xs, h0, *_ = draw()
    module = module_from_params(p, nonlinearity="relu").to(device)
    hs, h_T = module(*tensors(device, xs, h0), lengths)
    want_hs, want_h_T, _ = rnn_forward(xs, p, h0, lengths, nonlinearity="relu")
    for got, want in ((hs, want_hs), (h_T, want_h_T)):
        assert relative_error(got.detach().cpu().numpy(), want).max() <= 1e-10


# -- conversion --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_survive_each_round_trip(dtype):
    p = draw(dtype)[0]
    for back in (
        rnn_from_torch(rnn_to_torch(p)),
        params_from_module(module_from_params(p)),
    ):
        for a, b in zip(back, p, strict=True):
            assert a.dtype == dtype
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("bias", [True, False])
def test_layer_taken_from_torch_computes_the_same(bias):
    torch.manual_seed(0)
    layer = torch.nn.RNN(D, H, bias=bias).double()
    xs = draw()[1]
    want, _ = layer(torch.from_numpy(xs))
    hs, _, _ = rnn_forward(xs, rnn_from_torch(layer))
    np.testing.assert_allclose(hs, want.detach().numpy(), rtol=1e-10, atol=1e-12)


def test_converted_weights_are_copies():
    p = draw()[0]
    layer, module = rnn_to_torch(p), module_from_params(p)
    taken, kept = rnn_from_torch(layer), params_from_module(module)
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
        module.W_h.zero_()
    for copy in (p, taken, kept):
        assert np.abs(copy.W_h).min() > 0


def test_batch_first_swaps_the_first_two_axes_only():
    p, xs, *_ = draw()
    x = torch.from_numpy(xs)
    want, _ = rnn_to_torch(p)(x)
    hs, _ = rnn_to_torch(p, batch_first=True)(x.swapaxes(0, 1))
    torch.testing.assert_close(hs.swapaxes(0, 1), want)


P, XS, H0, _, _ = draw()
MODULE, X = module_from_params(P), torch.from_numpy(XS)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: RNN(0, 2), ValueError, "D must be at least 1, got 0"),
        (lambda: RNN(2, 2, nonlinearity="x"), ValueError, "nonlinearity must be one"),
        (lambda: RNN(2, 1.5), TypeError, "H must be a whole number, got 1.5"),
        (lambda: MODULE(X[0]), ValueError, r"xs must have shape \(T, B, D=3\), got"),
        (lambda: MODULE(X[:0]), ValueError, "xs must have at least one time step"),
        (lambda: MODULE(XS), TypeError, "xs must be a tensor, got ndarray"),
        (lambda: MODULE(X.float()), TypeError, "xs must be torch.float64 .*float32"),
        (lambda: MODULE(X.to("meta")), ValueError, "xs must be on cpu .* got meta"),
        (lambda: MODULE(X, X), ValueError, r"h0 must have shape \(B=4, H=5\)"),
        (lambda: MODULE(X, X.float()), TypeError, "h0 must be torch.float64"),
        (lambda: MODULE(X, None, [1, 2]), ValueError, r"lengths .* \(B=4,\), got"),
        (lambda: MODULE(X, None, [1, 2, 3, 8]), ValueError, r"lengths .* 1..7, got 8"),
        (lambda: MODULE(X, None, torch.zeros(4)), TypeError, "lengths .* float32"),
        (
            lambda: rnn_from_torch(torch.nn.LSTM(2, 3)),
            TypeError,
            "layer must be a torch.nn.RNN, got LSTM",
        ),
        (
            lambda: rnn_from_torch(torch.nn.RNN(2, 3, num_layers=2)),
            ValueError,
            "one layer and one direction, got num_layers=2",
        ),
        (
            lambda: rnn_from_torch(torch.nn.RNN(2, 3, bidirectional=True)),
            ValueError,
            "got num_layers=1, bidirectional=True",
        ),
        (
            lambda: rnn_from_torch(torch.nn.RNN(2, 3, nonlinearity="relu")),
            ValueError,
            "layer must use tanh, got relu",
        ),
        (
            lambda: rnn_to_torch(P._replace(W_h=P.W_x)),
            ValueError,
            r"p.W_x must have shape \(D=3, H=3\), got \(3, 5\)",
        ),
        (
            lambda: module_from_params(P._replace(b=P.b.astype(int))),
            TypeError,
            r"p must be float32 or float64 throughout, got \['float64', 'int64'\]",
        ),
        (
            lambda: params_from_module(torch.nn.RNN(2, 3)),
            TypeError,
            r"module must be one of RNN, .*of rnncourse.nn, got RNN",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

"""The torch LSTM against its NumPy twin and ``torch.nn.LSTM``, and the conversions."""

import numpy as np
import pytest
import torch

from rnncourse.nn import LSTM
from rnncourse.nn.convert import (
    AXES,
    MODULES,
    gru_from_torch,
    layers_from_torch,
    layers_to_torch,
    lstm_from_keras,
    lstm_from_torch,
    lstm_to_keras,
    lstm_to_torch,
    module_from_params,
    params_from_module,
    rnn_from_torch,
    rnn_to_torch,
)
from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.gru import GRUParams, init_gru
from rnncourse.reference.lstm import LSTMParams, init_lstm, lstm_backward, lstm_forward
from rnncourse.reference.rnn import RNNParams, init_rnn, rnn_forward

T, B, D, H = 7, 4, 3, 5
LENGTHS = [7, 3, 1, 5]
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)
KINDS = {torch.nn.RNN: RNNParams, torch.nn.LSTM: LSTMParams, torch.nn.GRU: GRUParams}
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def draw(dtype=np.float64):
    rng = np.random.default_rng(0)
    p = init_lstm(D, H, rng=rng, dtype=dtype)
    p = p._replace(b=rng.normal(size=4 * H).astype(dtype))
    shapes = (T, B, D), (B, H), (B, H), (T, B, H), (B, H), (B, H)
    return p, *(rng.normal(size=s).astype(dtype) for s in shapes)


def tensors(device, *arrays):
    return [torch.tensor(a, device=device, requires_grad=True) for a in arrays]


@on_each_device
@lengths_or_none
def test_module_agrees_with_its_numpy_twin(device, lengths):
    p, xs, h0, c0, dhs, dh_T, dc_T = draw()
    module = module_from_params(p).to(device)
    x, h, c, *slopes = tensors(device, xs, h0, c0, dhs, dh_T, dc_T)
    hs, (h_T, c_T) = module(x, h, c, lengths)
    torch.autograd.backward([hs, h_T, c_T], [s.detach() for s in slopes])
    assert hs.device == x.device
    want, last, cache = lstm_forward(xs, p, h0, c0, lengths)
    dxs, (dh0, dc0), dp = lstm_backward(dhs, cache, p, dh_T, dc_T)
    pairs = [(hs, want), (h_T, last[0]), (c_T, last[1])]
    pairs += [(x.grad, dxs), (h.grad, dh0), (c.grad, dc0)]
    pairs += [(getattr(module, n).grad, dw) for n, dw in dp._asdict().items()]
    for got, want in pairs:
        assert relative_error(got.detach().cpu().numpy(), want).max() <= 1e-10


@on_each_device
def test_module_agrees_with_torch_nn(device):
    p, xs, h0, c0, *_ = draw()
    x, h, c = tensors(device, xs, h0, c0)
    hs, (h_T, c_T) = module_from_params(p).to(device)(x, h, c)
    want, last = lstm_to_torch(p).to(device)(x, (h[None], c[None]))
    torch.testing.assert_close(hs, want, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(h_T, last[0][0], rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(c_T, last[1][0], rtol=1e-10, atol=1e-12)


@on_each_device
@pytest.mark.parametrize("rubbish", [float("nan"), float("inf"), 1e30])
def test_padding_never_changes_a_result_or_a_gradient(device, rubbish):
    p, xs, _, _, dhs, *_ = draw()
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


def test_one_step_by_hand():
    # i = o = 1/2, f = σ(log 3) = 3/4, g = tanh(log 2) = 3/5, c = 0.75 c_prev + 0.3
    p = LSTMParams(
        np.array([[0.0, 0.0, 1.0, 0.0]]),
        np.array([[0.0, 0.0, 2.0, 0.0]]),
        np.array([0.0, np.log(3), 0.0, 0.0]),
    )
    x = torch.tensor([[2.0]], dtype=torch.float64).log() - 2 * 0.5
    start = torch.tensor([[0.5]], dtype=torch.float64)
    h, c = module_from_params(p).step(x, start, 4 * start)
    np.testing.assert_allclose(c.item(), 1.8, rtol=1e-14)
    np.testing.assert_allclose(h.item(), 0.5 * np.tanh(1.8), rtol=1e-14)


def test_module_keeps_float32_and_takes_one_step_and_an_empty_batch():
    module = LSTM(D, H)
    hs, (h_T, c_T) = module(torch.zeros(1, 2, D))
    assert hs.dtype == h_T.dtype == c_T.dtype == torch.float32
    assert hs.shape == (1, 2, H)
    hs, (h_T, c_T) = module(torch.zeros(T, 0, D), lengths=[])
    assert hs.shape == (T, 0, H)
    assert h_T.shape == c_T.shape == (0, H)


def test_module_draws_within_its_bound_and_starts_by_remembering():
    module = LSTM(D, 400)
    bound = 400**-0.5
    assert 0.99 * bound < module.W_h.abs().max() <= bound
    assert module.b.tolist() == [0.0] * 400 + [1.0] * 400 + [0.0] * 800


# -- conversion --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_survive_each_round_trip(dtype):
    p = draw(dtype)[0]
    for back in (
        lstm_from_torch(lstm_to_torch(p)),
        params_from_module(module_from_params(p)),
        lstm_from_keras(lstm_to_keras(p)),
    ):
        for a, b in zip(back, p, strict=True):
            assert a.dtype == dtype
            np.testing.assert_array_equal(a, b)
            assert not np.shares_memory(a, b)


@pytest.mark.parametrize("bias", [True, False])
def test_layer_taken_from_torch_computes_the_same(bias):
    torch.manual_seed(0)
    layer = torch.nn.LSTM(D, H, bias=bias).double()
    xs = draw()[1]
    want, _ = layer(torch.from_numpy(xs))
    hs, _, _ = lstm_forward(xs, lstm_from_torch(layer))
    np.testing.assert_allclose(hs, want.detach().numpy(), rtol=1e-10, atol=1e-12)


@each_kind
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_stack_survives_the_way_there_and_back(kind, depth, bidirectional):
    torch.manual_seed(0)
    layer = kind(D, H, depth, bidirectional=bidirectional).double()
    stack = layers_from_torch(layer)
    assert [len(each) for each in stack] == [1 + bidirectional] * depth
    assert {type(p) for each in stack for p in each} == {KINDS[kind]}
    again = layers_to_torch(stack)
    assert type(again) is kind
    xs = torch.from_numpy(draw()[1])
    torch.testing.assert_close(again(xs)[0], layer(xs)[0], rtol=1e-12, atol=1e-13)


@each_kind
def test_batch_first_swaps_the_first_two_axes_only(kind):
    torch.manual_seed(0)
    stack = layers_from_torch(kind(D, H).double())
    x = torch.from_numpy(draw()[1])
    hs, _ = layers_to_torch(stack, batch_first=True)(x.swapaxes(0, 1))
    torch.testing.assert_close(hs.swapaxes(0, 1), layers_to_torch(stack)(x)[0])


def test_relu_layers_are_converted_where_relu_is_named():
    p = init_rnn(D, H, rng=np.random.default_rng(0))
    layer = rnn_to_torch(p, nonlinearity="relu")
    assert layer.nonlinearity == "relu"
    xs = draw()[1]
    want, _ = layer(torch.from_numpy(xs))
    q = rnn_from_torch(layer, nonlinearity="relu")
    hs, _, _ = rnn_forward(xs, q, nonlinearity="relu")
    np.testing.assert_allclose(hs, want.detach().numpy(), rtol=1e-10, atol=1e-12)


def test_each_kind_of_parameters_has_a_twin():
    assert MODULES.keys() == AXES.keys()
    for kind, module in MODULES.items():
        assert params_from_module(module(D, H)).__class__ is kind


P, XS, *_ = draw()
R = init_rnn(D, H, rng=np.random.default_rng(0))
MODULE, X = module_from_params(P), torch.from_numpy(XS)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: LSTM(0, 2), ValueError, "D must be at least 1, got 0"),
        (lambda: MODULE(X[0]), ValueError, r"xs must have shape \(T, B, D=3\), got"),
        (lambda: MODULE(X, X), ValueError, r"h0 must have shape \(B=4, H=5\)"),
        (lambda: MODULE(X, None, X), ValueError, r"c0 must have shape \(B=4, H=5\)"),
        (
            lambda: lstm_from_torch(torch.nn.LSTM(3, 5, proj_size=2)),
            ValueError,
            "layer must have no projection, got proj_size=2; it makes the state narrow",
        ),
        (
            lambda: lstm_from_torch(torch.nn.GRU(3, 5)),
            TypeError,
            "layer must be a torch.nn.LSTM, got GRU",
        ),
        (
            lambda: lstm_from_torch(torch.nn.LSTM(3, 5, 2)),
            ValueError,
            "one direction, got num_layers=2, .*layers_from_torch takes several",
        ),
        (
            lambda: gru_from_torch(torch.nn.GRU(3, 5, bidirectional=True)),
            ValueError,
            "got num_layers=1, bidirectional=True",
        ),
        (
            lambda: layers_from_torch(torch.nn.Linear(3, 5)),
            TypeError,
            "layer must be one of torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU, got Linea",
        ),
        (
            lambda: layers_to_torch([[tuple(P)]]),
            TypeError,
            "stack must hold one of RNNParams, LSTMParams, GRUParams, got tuple",
        ),
        (
            lambda: layers_to_torch([[P], [P]]),
            ValueError,
            r"stack\[1\] must have D=5, H=5, got D=3, H=5",
        ),
        (
            lambda: layers_to_torch([[P, P], [P]]),
            ValueError,
            r"stack\[1\] must have 1 direction or 2, as many as the others, got 1",
        ),
        (
            lambda: layers_to_torch([[P, R]]),
            TypeError,
            r"stack\[0\] must hold LSTMParams like the others, got RNNParams",
        ),
        (
            lambda: lstm_from_keras([P.W_x, P.W_h]),
            ValueError,
            "weights must be kernel, recurrent kernel and bias, got 2 arrays",
        ),
        (
            lambda: lstm_from_keras([P.W_x, P.W_h, P.b[1:]]),
            ValueError,
            r"p.b must have shape \(4H=20,\), got \(19,\)",
        ),
        (
            lambda: lstm_to_keras(init_gru(3, 5, rng=np.random.default_rng(0))),
            TypeError,
            "p must be LSTMParams, got GRUParams",
        ),
        (
            lambda: module_from_params(tuple(P)),
            TypeError,
            "p must be one of RNNParams, LSTMParams, .* got tuple",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

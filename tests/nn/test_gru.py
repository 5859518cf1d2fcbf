"""The torch GRU against its NumPy twin and ``torch.nn.GRU``, and the conversions."""

import itertools

import numpy as np
import pytest
import torch

from rnncourse.nn import GRU
from rnncourse.nn.convert import (
    gru_from_keras,
    gru_from_torch,
    gru_to_keras,
    gru_to_kind,
    gru_to_torch,
    module_from_params,
    params_from_module,
)
from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.gru import GRUParams, gru_backward, gru_forward, init_gru

T, B, D, H = 7, 4, 3, 5
LENGTHS = [7, 3, 1, 5]
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)
kinds = pytest.mark.parametrize(
    ("reset", "z_keeps"), list(itertools.product(("after", "before"), (True, False)))
)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(dtype=np.float64, reset="after"):
    rng = np.random.default_rng(0)
    p = init_gru(D, H, rng=rng, dtype=dtype)
    b, b_hn = (rng.normal(size=w.shape).astype(dtype) for w in (p.b, p.b_hn))
    p = p._replace(b=b, b_hn=b_hn if reset == "after" else 0 * b_hn)
    shapes = (T, B, D), (B, H), (T, B, H), (B, H)
    return p, *(rng.normal(size=s).astype(dtype) for s in shapes)


def tensors(device, *arrays):
    return [torch.tensor(a, device=device, requires_grad=True) for a in arrays]


@on_each_device
@kinds
@lengths_or_none
def test_module_agrees_with_its_numpy_twin(device, reset, z_keeps, lengths):
    p, xs, h0, dhs, dh_T = draw(reset=reset)
    module = module_from_params(p, reset=reset, z_keeps=z_keeps).to(device)
    x, start, *slopes = tensors(device, xs, h0, dhs, dh_T)
    hs, h_T = module(x, start, lengths)
    torch.autograd.backward([hs, h_T], [s.detach() for s in slopes])
    assert hs.device == x.device
    want_hs, want_h_T, cache = gru_forward(
        xs, p, h0, lengths, reset=reset, z_keeps=z_keeps
    )
    dxs, dh0, dp = gru_backward(dhs, cache, p, dh_T)
    pairs = [(hs, want_hs), (h_T, want_h_T), (x.grad, dxs), (start.grad, dh0)]
    for name, dw in dp._asdict().items():
        grad = getattr(module, name).grad
        if name == "b_hn" and reset == "before":
            assert grad is None
        else:
            pairs.append((grad, dw))
    for got, want in pairs:
        assert relative_error(got.detach().cpu().numpy(), want).max() <= 1e-10


@on_each_device
@pytest.mark.parametrize("z_keeps", [True, False])
def test_module_agrees_with_torch_nn(device, z_keeps):
    p, xs, h0, _, _ = draw()
    x, start = tensors(device, xs, h0)
    hs, h_T = module_from_params(p, z_keeps=z_keeps).to(device)(x, start)
    want, last = gru_to_torch(p, z_keeps=z_keeps).to(device)(x, start[None])
    torch.testing.assert_close(hs, want, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(h_T, last[0], rtol=1e-10, atol=1e-12)


@on_each_device
@kinds
@pytest.mark.parametrize("rubbish", [float("nan"), float("inf"), 1e30])
def test_padding_never_changes_a_result_or_a_gradient(device, reset, z_keeps, rubbish):
    p, xs, _, dhs, _ = draw(reset=reset)
    spoilt = xs.copy()
    spoilt[np.arange(T)[:, None] >= np.array(LENGTHS)] = rubbish
    results = []
    for inputs in (xs, spoilt):
        module = module_from_params(p, reset=reset, z_keeps=z_keeps).to(device)
        x, slope = tensors(device, inputs, dhs)
        hs, _ = module(x, lengths=torch.tensor(LENGTHS, device=device))
        hs.backward(slope.detach())
        grads = [w.grad for w in module.parameters() if w.requires_grad]
        results.append([hs, x.grad, *grads])
    for a, b in zip(*results, strict=True):
        assert torch.equal(a, b)


def test_one_step_by_hand():
    # r = 1/2, z = σ(log 3) = 3/4, n = tanh(log 2) = 3/5: h = 0.15 + 0.75 · 0.5
    p = GRUParams(
        np.array([[0.0, 0.0, 1.0]]),
        np.array([[0.0, 0.0, 2.0]]),
        np.array([0.0, np.log(3), 0.0]),
        np.array([1.0]),
    )
    x = torch.tensor([[2.0]], dtype=torch.float64).log() - 0.5 * (2 * 0.5 + 1)
    h = module_from_params(p).step(x, torch.full((1, 1), 0.5, dtype=torch.float64))
    np.testing.assert_allclose(h.item(), 0.525, rtol=1e-14)


def test_module_keeps_float32_and_takes_one_step_and_an_empty_batch():
    module = GRU(D, H)
    hs, h_T = module(torch.zeros(1, 2, D))
    assert hs.dtype == h_T.dtype == torch.float32
    assert hs.shape == (1, 2, H)
    hs, h_T = module(torch.zeros(T, 0, D), lengths=[])
    assert hs.shape == (T, 0, H)
    assert h_T.shape == (0, H)


def test_module_draws_within_its_bound_and_says_its_kind():
    module = GRU(D, 400, reset="before", z_keeps=False)
    bound = 400**-0.5
    assert 0.99 * bound < module.W_h.abs().max() <= bound
    assert not module.b.any()
    assert str(module) == "GRU(3, 400, reset='before', z_keeps=False)"
    trained = {n for n, w in module.named_parameters() if w.requires_grad}
    assert trained == {"W_x", "W_h", "b"}


# -- conversion --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_survive_each_round_trip(dtype):
    p, q = draw(dtype)[0], draw(dtype, "before")[0]
    flip = {"z_keeps": True, "to_z_keeps": False}
    back = {"z_keeps": False, "to_z_keeps": True}
    for got, want in (
        (gru_from_torch(gru_to_torch(p)), p),
        (params_from_module(module_from_params(p)), p),
        (params_from_module(module_from_params(q, reset="before")), q),
        (gru_to_kind(gru_to_kind(p, **flip), **back), p),
        (gru_to_kind(p), p),
        (gru_from_keras(gru_to_keras(p)), p),
        (gru_from_keras(gru_to_keras(q, reset="before")), q),
        (gru_from_keras(gru_to_keras(p, z_keeps=False), z_keeps=False), p),
    ):
        for a, b in zip(got, want, strict=True):
            assert a.dtype == dtype
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("bias", [True, False])
def test_layer_taken_from_torch_computes_the_same(bias):
    torch.manual_seed(0)
    layer = torch.nn.GRU(D, H, bias=bias).double()
    xs = draw()[1]
    want, _ = layer(torch.from_numpy(xs))
    hs, _, _ = gru_forward(xs, gru_from_torch(layer))
    np.testing.assert_allclose(hs, want.detach().numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("reset", ["after", "before"])
def test_the_other_convention_of_z_computes_the_same_with_turned_weights(reset):
    p, xs, h0, _, _ = draw(reset=reset)
    q = gru_to_kind(p, reset=reset, z_keeps=True, to_z_keeps=False)
    x, start = tensors("cpu", xs, h0)
    one = module_from_params(p, reset=reset)(x, start)[0]
    other = module_from_params(q, reset=reset, z_keeps=False)(x, start)[0]
    torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_keras_order_is_z_r_h_with_two_biases_after_and_one_before():
    by_gate = np.arange(6.0)  # r r z z n n at H = 2
    p = GRUParams(by_gate[None], np.stack([by_gate] * 2), by_gate, np.array([8.0, 9]))
    kernel, recurrent, bias = gru_to_keras(p)
    np.testing.assert_array_equal(kernel, [[2, 3, 0, 1, 4, 5]])
    np.testing.assert_array_equal(recurrent[1], [2, 3, 0, 1, 4, 5])
    np.testing.assert_array_equal(bias, [[2, 3, 0, 1, 4, 5], [0, 0, 0, 0, 8, 9]])
    p = p._replace(b_hn=np.zeros(2))
    np.testing.assert_array_equal(
        gru_to_keras(p, reset="before")[2], [2, 3, 0, 1, 4, 5]
    )
    taken = gru_from_keras([kernel, recurrent, bias + 1])  # both biases of r and z
    np.testing.assert_array_equal(taken.b, [2, 3, 4, 5, 5, 6])
    np.testing.assert_array_equal(taken.b_hn, [9, 10])


def test_converted_weights_are_copies():
    p = draw()[0]
    layer, module, keras = gru_to_torch(p), module_from_params(p), gru_to_keras(p)
    taken, kept = gru_from_torch(layer), params_from_module(module)
    same, back = gru_to_kind(p), gru_from_keras(keras)
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
        module.W_h.zero_()
    for w in keras:
        w[:] = 0
    for copy in (p, taken, kept, back):
        assert np.abs(copy.W_h).min() > 0
    assert not any(np.shares_memory(a, b) for a, b in zip(same, p, strict=True))


def test_batch_first_swaps_the_first_two_axes_only():
    p, xs, *_ = draw()
    x = torch.from_numpy(xs)
    want, _ = gru_to_torch(p)(x)
    hs, _ = gru_to_torch(p, batch_first=True)(x.swapaxes(0, 1))
    torch.testing.assert_close(hs.swapaxes(0, 1), want)


P, XS, H0, _, _ = draw()
PLAIN = draw(reset="before")[0]
MODULE, X = module_from_params(P), torch.from_numpy(XS)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: GRU(0, 2), ValueError, "D must be at least 1, got 0"),
        (lambda: GRU(2, 1.5), TypeError, "H must be a whole number, got 1.5"),
        (lambda: GRU(2, 3, reset="no"), ValueError, "reset must be one of 'after', "),
        (lambda: GRU(2, 3, z_keeps=None), TypeError, "z_keeps must be True or False"),
        (lambda: MODULE(X[0]), ValueError, r"xs must have shape \(T, B, D=3\), got"),
        (lambda: MODULE(X[:0]), ValueError, "xs must have at least one time step"),
        (lambda: MODULE(XS), TypeError, "xs must be a tensor, got ndarray"),
        (lambda: MODULE(X, X), ValueError, r"h0 must have shape \(B=4, H=5\)"),
        (lambda: MODULE(X, None, [1, 2, 3, 8]), ValueError, "lengths .* 1..7, got 8"),
        (
            lambda: gru_from_torch(torch.nn.LSTM(2, 3)),
            TypeError,
            "layer must be a torch.nn.GRU, got LSTM",
        ),
        (
            lambda: gru_from_torch(torch.nn.GRU(2, 3, num_layers=2)),
            ValueError,
            "one layer and one direction, got num_layers=2",
        ),
        (
            lambda: gru_from_torch(torch.nn.GRU(2, 3, bidirectional=True)),
            ValueError,
            "got num_layers=1, bidirectional=True",
        ),
        (
            lambda: gru_to_torch(PLAIN, reset="before"),
            ValueError,
            'reset="before" cannot become reset="after": before, the gate weighs each '
            "state and W_hn mixes what is left",
        ),
        (
            lambda: gru_to_kind(PLAIN, reset="after", to_reset="before"),
            ValueError,
            'reset="after" cannot become reset="before"',
        ),
        (
            lambda: gru_to_keras(P, reset="before"),
            ValueError,
            'p.b_hn must be zeros with reset="before"',
        ),
        (
            lambda: module_from_params(P, reset="before"),
            ValueError,
            'p.b_hn must be zeros with reset="before"',
        ),
        (lambda: gru_to_kind(P, reset="x"), ValueError, "reset must be one of"),
        (lambda: gru_to_kind(None), TypeError, "p must be GRUParams, got NoneType"),
        (
            lambda: gru_from_keras(gru_to_keras(P)[:2]),
            ValueError,
            "weights must be kernel, recurrent kernel and bias, got 2 arrays",
        ),
        (
            lambda: gru_from_keras([*gru_to_keras(P)[:2], np.zeros((3, 15))]),
            ValueError,
            r"weights\[2\] must have shape \(two=2, 3H=15\), got \(3, 15\)",
        ),
        (
            lambda: gru_to_torch(P._replace(W_h=P.W_x)),
            ValueError,
            r"p.W_x must have shape \(D=3, 3H=9\), got \(3, 15\)",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

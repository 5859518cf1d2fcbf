"""The scan in torch against its loop, and the layers made of it, on each device."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence

from rnncourse.nn.scan import MinGRU, MinLSTM, linear_loop, linear_scan
from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.min_gru import (
    MinGRUParams,
    min_gru_backward_textbook,
    min_gru_forward_textbook,
)
from rnncourse.reference.min_lstm import (
    MinLSTMParams,
    min_lstm_backward_textbook,
    min_lstm_forward_textbook,
)

T, B, D, H = 7, 4, 3, 5
LENGTHS = [7, 3, 1, 5]
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)
TWINS = {
    MinGRU: (MinGRUParams, min_gru_forward_textbook, min_gru_backward_textbook),
    MinLSTM: (MinLSTMParams, min_lstm_forward_textbook, min_lstm_backward_textbook),
}
each_module = pytest.mark.parametrize("kind", TWINS, ids=lambda kind: kind.__name__)


def draw(kind, device):
    torch.manual_seed(0)
    module = kind(D, H).double().to(device)
    for w in module.parameters():
        torch.nn.init.normal_(w)
    arrays = {n: w.detach().cpu().numpy() for n, w in module.state_dict().items()}
    rng = np.random.default_rng(0)
    shapes = (T, B, D), (B, H), (T, B, H), (B, H)
    return module, TWINS[kind][0](**arrays), *(rng.normal(size=s) for s in shapes)


def tensors(device, *arrays):
    return [torch.tensor(a, device=device, requires_grad=True) for a in arrays]


@on_each_device
@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 99),
    n=st.integers(1, 34) | st.sampled_from([64, 65, 127]),
    shape=st.sampled_from([(), (3,), (2, 3), (0, 2)]),
)
def test_scan_and_its_gradient_equal_those_of_the_loop(device, seed, n, shape):
    rng = np.random.default_rng(seed)
    a, b, dhs = rng.uniform(size=(n, *shape)), *rng.normal(size=(2, n, *shape))
    results = []
    for follow in (linear_loop, linear_scan):
        inputs = tensors(device, a, b, np.ones(shape))
        hs = follow(*inputs)
        hs.backward(torch.tensor(dhs, device=device))
        results.append([hs.detach(), *(x.grad for x in inputs)])
    for x, y in zip(*results, strict=True):
        torch.testing.assert_close(x, y, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_scan_passes_the_gradient_check_of_torch(n):
    rng = np.random.default_rng(n)
    arrays = rng.uniform(size=(n, 2)), rng.normal(size=(n, 2)), rng.normal(size=2)
    assert torch.autograd.gradcheck(linear_scan, tensors("cpu", *arrays))


def test_scan_by_hand_with_and_without_a_start():
    a, b = torch.tensor([0.5, 0.25, 0.5]), torch.tensor([1.0, 2.0, 3.0])
    assert linear_scan(a, b, torch.tensor(4.0)).tolist() == [3.0, 2.75, 4.375]
    assert linear_scan(a, b).tolist() == [1.0, 2.25, 4.125]


@on_each_device
@lengths_or_none
@pytest.mark.parametrize("parallel", [True, False], ids=["scan", "loop"])
@each_module
def test_module_agrees_with_its_numpy_twin(kind, device, lengths, parallel):
    module, p, xs, h0, dhs, dh_T = draw(kind, device)
    _, forward, backward = TWINS[kind]
    x, start, *slopes = tensors(device, xs, h0, dhs, dh_T)
    hs, h_T = module(x, start, lengths, parallel=parallel)
    torch.autograd.backward([hs, h_T], [s.detach() for s in slopes])
    want_hs, want_h_T, cache = forward(xs, p, h0, lengths)
    dxs, dh0, dp = backward(dhs, cache, p, dh_T)
    pairs = [(hs, want_hs), (h_T, want_h_T), (x.grad, dxs), (start.grad, dh0)]
    pairs += [(w.grad, getattr(dp, n)) for n, w in module.named_parameters()]
    for got, want in pairs:
        assert got.device == x.device
        assert relative_error(got.detach().cpu().numpy(), want).max() <= 1e-10


@on_each_device
@each_module
def test_packed_sequences_and_padding_of_any_kind_give_the_same(kind, device):
    module, _, xs, _, _, _ = draw(kind, device)
    padding = np.arange(T)[:, None] >= np.array(LENGTHS)
    x, bad = tensors(device, xs, np.where(padding[:, :, None], np.nan, xs))
    packed = pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False)
    want = module(x, lengths=LENGTHS)
    for got in (module(bad, lengths=LENGTHS), module(packed)):
        for a, b in zip(got, want, strict=True):
            assert torch.equal(a, b)
    module(bad, lengths=LENGTHS)[0].sum().backward()
    assert not bad.grad[torch.from_numpy(padding)].any()
    assert not torch.isnan(bad.grad).any()


@each_module
def test_step_is_what_the_layer_repeats(kind):
    module, _, xs, h0, _, _ = draw(kind, "cpu")
    h, inputs = torch.from_numpy(h0), torch.from_numpy(xs)
    hs, h_T = module(inputs, h)
    for x in inputs:
        h = module.step(x, h)
    torch.testing.assert_close(h_T, h, rtol=1e-11, atol=1e-12)
    assert torch.equal(h_T, hs[-1])


@each_module
def test_module_keeps_float32_and_takes_one_step_and_an_empty_batch(kind):
    module = kind(D, H)
    hs, h_T = module(torch.zeros(1, 2, D))
    assert hs.dtype == h_T.dtype == torch.float32
    assert hs.shape == (1, 2, H)
    hs, h_T = module(torch.zeros(T, 0, D), lengths=[])
    assert (hs.shape, h_T.shape) == ((T, 0, H), (0, H))


def test_shares_of_closed_gates_stay_finite():
    module = MinLSTM(D, H)
    for bias in (module.b_f, module.b_i):
        torch.nn.init.constant_(bias, -500.0)
    hs, _ = module(torch.ones(T, B, D))
    hs.sum().backward()
    assert torch.isfinite(hs).all()
    assert all(torch.isfinite(w.grad).all() for w in module.parameters())


A, X, MODULE = torch.full((3, 2), 0.5), torch.zeros(T, B, D), MinGRU(D, H)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: linear_scan(A[:0], A[:0]), ValueError, r"a .* step, .* \(0, 2\)"),
        (lambda: linear_loop(A.sum(), A), ValueError, r"a .* step, got shape \(\)"),
        (lambda: linear_scan(A.numpy(), A), TypeError, "a must be a tensor, got nd"),
        (lambda: linear_scan(A, A[1:]), ValueError, r"b must .* \(3, 2\), got \(2, 2"),
        (lambda: linear_scan(A, A.double()), TypeError, "b must be torch.float32"),
        (lambda: linear_loop(A, A, A), ValueError, r"h0 must have shape \(2,\), got"),
        (lambda: MinGRU(0, H), ValueError, "D must be at least 1, got 0"),
        (lambda: MinLSTM(D, 0), ValueError, "H must be at least 1, got 0"),
        (lambda: MODULE(X[0]), ValueError, r"xs must have shape \(T, B, D=3\)"),
        (lambda: MODULE(X[:0]), ValueError, "xs must have at least one time step"),
        (lambda: MODULE(X.double()), TypeError, "xs must be torch.float32"),
        (lambda: MODULE(X, X), ValueError, r"h0 must have shape \(B=4, H=5\)"),
        (lambda: MODULE(X, None, [8] * B), ValueError, "lengths .* 1..7, got 8"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

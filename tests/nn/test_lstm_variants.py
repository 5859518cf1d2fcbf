"""The torch modules against their NumPy twins and torch's LSTM, on each device."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from rnncourse.nn.lstm_variants import (
    CoupledLSTM,
    LayerNormLSTM,
    NoForgetLSTM,
    PeepholeLSTM,
)
from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.layer_norm import (
    init_layer_norm_lstm,
    layer_norm_lstm_backward,
    layer_norm_lstm_forward,
)
from rnncourse.reference.lstm_variants import (
    coupled_backward,
    coupled_forward,
    init_coupled,
    init_no_forget,
    no_forget_backward,
    no_forget_forward,
)
from rnncourse.reference.peephole import (
    init_peephole,
    peephole_backward,
    peephole_forward,
)

T, B, D, H = 7, 4, 3, 5
LENGTHS = [7, 3, 1, 5]
TWINS = {
    PeepholeLSTM: (init_peephole, peephole_forward, peephole_backward),
    CoupledLSTM: (init_coupled, coupled_forward, coupled_backward),
    NoForgetLSTM: (init_no_forget, no_forget_forward, no_forget_backward),
    LayerNormLSTM: (
        init_layer_norm_lstm,
        layer_norm_lstm_forward,
        layer_norm_lstm_backward,
    ),
}
each_module = pytest.mark.parametrize("kind", TWINS, ids=lambda kind: kind.__name__)
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(kind, device="cpu"):
    """Return a module, the same weights as arrays, and the data."""
    rng = np.random.default_rng(0)
    p = TWINS[kind][0](D, H, rng=rng)
    p = type(p)(*(w + 0.3 * rng.normal(size=w.shape) for w in p))
    module = kind(D, H).double().to(device)
    module.load_state_dict({n: torch.from_numpy(w) for n, w in p._asdict().items()})
    shapes = (T, B, D), (B, H), (B, H), (T, B, H), (B, H), (B, H)
    return module, p, [rng.normal(size=s) for s in shapes]


def tensors(device, *arrays):
    return [torch.tensor(a, device=device, requires_grad=True) for a in arrays]


@each_module
@on_each_device
@lengths_or_none
def test_module_agrees_with_its_numpy_twin(kind, device, lengths):
    _, forward, backward = TWINS[kind]
    module, p, (xs, h0, c0, dhs, dh_T, dc_T) = draw(kind, device)
    inputs = tensors(device, xs, h0, c0)
    hs, (h_T, c_T) = module(*inputs, lengths)
    assert hs.device == inputs[0].device
    slopes = [torch.tensor(a, device=device) for a in (dhs, dh_T, dc_T)]
    torch.autograd.backward([hs, h_T, c_T], slopes)
    want_hs, want_last, cache = forward(xs, p, h0, c0, lengths)
    dxs, states, dp = backward(dhs, cache, p, dh_T, dc_T)
    got = [hs, h_T, c_T, *(z.grad for z in inputs)]
    got += [getattr(module, name).grad for name in p._fields]
    want = [want_hs, *want_last, dxs, *states, *dp]
    for a, b in zip(got, want, strict=True):
        assert relative_error(a.detach().cpu().numpy(), b).max() <= 1e-10


@each_module
@on_each_device
@pytest.mark.parametrize("rubbish", [float("nan"), float("inf"), 1e30])
def test_padding_never_changes_a_result_or_a_gradient(kind, device, rubbish):
    xs = draw(kind)[2][0]
    spoilt = xs.copy()
    spoilt[np.arange(T)[:, None] >= np.array(LENGTHS)] = rubbish
    results = []
    for inputs in (xs, spoilt):
        module = draw(kind, device)[0]
        (x,) = tensors(device, inputs)
        hs, (_, c_T) = module(x, lengths=torch.tensor(LENGTHS, device=device))
        (hs.sum() + c_T.sum()).backward()
        results.append([hs, c_T, x.grad, *(w.grad for w in module.parameters())])
    for a, b in zip(*results, strict=True):
        assert torch.equal(a, b)


@on_each_device
def test_peepholes_of_zero_are_torchs_lstm(device):
    module, _, (xs, h0, c0, *_) = draw(PeepholeLSTM, device)
    layer = torch.nn.LSTM(D, H).double().to(device)  # also in the order i, f, g, o
    with torch.no_grad():
        for p in (module.p_i, module.p_f, module.p_o):
            p.zero_()
        layer.weight_ih_l0.copy_(module.W_x.T)
        layer.weight_hh_l0.copy_(module.W_h.T)
        layer.bias_ih_l0.copy_(module.b)
        layer.bias_hh_l0.zero_()
    x, h, c = tensors(device, xs, h0, c0)
    hs, last = module(x, h, c)
    want, want_last = layer(x, (h[None], c[None]))
    torch.testing.assert_close(hs, want, rtol=1e-10, atol=1e-12)
    for a, b in zip(last, want_last, strict=True):
        torch.testing.assert_close(a, b[0], rtol=1e-10, atol=1e-12)


@each_module
def test_a_packed_sequence_brings_its_lengths(kind):
    module, _, (xs, *_) = draw(kind)
    x = torch.from_numpy(xs)
    packed = pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
    hs, (h_T, c_T) = module(packed)
    want, (want_h, want_c) = module(x, lengths=LENGTHS)
    for a, b in ((hs, want), (h_T, want_h), (c_T, want_c)):
        assert torch.equal(a, b)


def test_two_steps_without_a_forget_gate_by_hand():
    module = NoForgetLSTM(1, 1).double()
    with torch.no_grad():
        for w in (module.W_x, module.W_h):
            w.zero_()
        module.b.copy_(torch.tensor([3.0, 2.0, 1.0], dtype=torch.float64).log())
    hs, (_, c_T) = module(torch.zeros(2, 1, 1, dtype=torch.float64))
    # i = 3/4 and g = 3/5 in each step, o = 1/2
    np.testing.assert_allclose(c_T.detach(), [[0.9]], rtol=1e-7)
    want = np.tanh([0.45, 0.9]) / 2
    np.testing.assert_allclose(hs.detach().ravel(), want, rtol=1e-7)


@each_module
def test_module_keeps_float32_and_takes_one_step_and_an_empty_batch(kind):
    module = kind(D, H)
    hs, (h_T, c_T) = module(torch.zeros(1, 2, D))
    assert hs.dtype == h_T.dtype == c_T.dtype == torch.float32
    assert torch.equal(hs[0], h_T)
    hs, (h_T, c_T) = module(torch.zeros(T, 0, D), lengths=[])
    assert hs.shape == (T, 0, H)
    assert h_T.shape == c_T.shape == (0, H)


@each_module
def test_module_starts_as_its_twin_does(kind):
    torch.manual_seed(0)
    module = kind(D, 300)
    p = TWINS[kind][0](D, 300, rng=np.random.default_rng(0))
    assert [name for name, _ in module.named_parameters()] == list(p._fields)
    bound = 300**-0.5
    assert 0.99 * bound < module.W_h.abs().max() <= bound
    for name, w in p._asdict().items():
        mine = getattr(module, name).detach().numpy()
        assert mine.shape == w.shape
        if name.startswith(("b", "gamma")):  # not drawn
            np.testing.assert_array_equal(mine, w)


@each_module
def test_error_names_argument_expectation_and_fact(kind):
    module, _, (xs, h0, *_) = draw(kind)
    x, h = torch.from_numpy(xs), torch.from_numpy(h0)
    for arguments, error, message in [
        ((x[0],), ValueError, r"xs must have shape \(T, B, D=3\), got"),
        ((x[:0],), ValueError, "xs must have at least one time step"),
        ((xs,), TypeError, "xs must be a tensor, got ndarray"),
        ((x.float(),), TypeError, "xs must be torch.float64 .*float32"),
        ((x, h[1:]), ValueError, r"h0 must have shape \(B=4, H=5\)"),
        ((x, h, h[1:]), ValueError, r"c0 must have shape \(B=4, H=5\)"),
        ((x, h, h.float()), TypeError, "c0 must be torch.float64"),
        ((x, h, h, [1, 2, 3, 8]), ValueError, "lengths must lie in 1..7, got 8"),
    ]:
        with pytest.raises(error, match=message):
            module(*arguments)
    with pytest.raises(ValueError, match="D must be at least 1, got 0"):
        kind(0, 2)
    with pytest.raises(TypeError, match="H must be a whole number, got 1.5"):
        kind(2, 1.5)

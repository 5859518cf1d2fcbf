"""The torch modules with other loops against their NumPy twins, on each device."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from rnncourse.nn import RNN
from rnncourse.nn.variants import LeakyRNN, OutputRNN, RemovedRNN, SkipRNN
from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.leaky import LeakyParams, leaky_backward, leaky_forward
from rnncourse.reference.skip import (
    RemovedParams,
    SkipParams,
    removed_backward,
    removed_forward,
    skip_backward,
    skip_forward,
)
from rnncourse.reference.variants import (
    OutputRNNParams,
    output_rnn_backward,
    output_rnn_forward,
)

T, B, D, H, K = 7, 4, 3, 5, 2
LENGTHS = [7, 3, 1, 5]
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)
RATES = np.linspace(0.1, 1, H)
TWINS = {
    "leaky": (lambda: LeakyRNN(D, H), LeakyParams, leaky_forward, leaky_backward, None),
    "leaky each": (
        lambda: LeakyRNN(D, H, RATES),
        LeakyParams,
        leaky_forward,
        leaky_backward,
        None,
    ),
    "skip": (lambda: SkipRNN(D, H, 3), SkipParams, skip_forward, skip_backward, 3),
    "removed": (
        lambda: RemovedRNN(D, H, 2),
        RemovedParams,
        removed_forward,
        removed_backward,
        2,
    ),
}
each_twin = pytest.mark.parametrize("name", TWINS)


def draw(name, device):
    """Return module, weights, inputs, first state and two gradients."""
    torch.manual_seed(0)
    make, params, _, _, d = TWINS[name]
    module = make().double().to(device)
    torch.nn.init.normal_(module.b)
    state = {n: w.detach().cpu().numpy() for n, w in module.state_dict().items()}
    rng = np.random.default_rng(0)
    past = (B, H) if d is None else (d, B, H)
    arrays = [rng.normal(size=s) for s in ((T, B, D), past, (T, B, H), past)]
    return module, params(**state), *arrays


def tensors(device, *arrays):
    return [torch.tensor(a, device=device, requires_grad=True) for a in arrays]


@on_each_device
@lengths_or_none
@each_twin
def test_module_agrees_with_its_numpy_twin(name, device, lengths):
    module, p, xs, h0, dhs, dh_T = draw(name, device)
    _, _, forward, backward, d = TWINS[name]
    x, start, *slopes = tensors(device, xs, h0, dhs, dh_T)
    hs, h_T = module(x, start, lengths)
    torch.autograd.backward([hs, h_T], [s.detach() for s in slopes])
    options = {} if d is None else {"d": d}
    want_hs, want_h_T, cache = forward(xs, p, h0, lengths, **options)
    dxs, dh0, dp = backward(dhs, cache, p, dh_T)
    pairs = [(hs, want_hs), (h_T, want_h_T), (x.grad, dxs), (start.grad, dh0)]
    pairs += [(w.grad, getattr(dp, n)) for n, w in module.named_parameters()]
    for got, want in pairs:
        assert got.device == x.device
        assert relative_error(got.detach().cpu().numpy(), want).max() <= 1e-10


@on_each_device
@each_twin
def test_packed_sequences_and_padding_of_any_kind_give_the_same(name, device):
    module, _, xs, _, _, _ = draw(name, device)
    padding = np.arange(T)[:, None] >= np.array(LENGTHS)
    spoilt = np.where(padding[:, :, None], np.nan, xs)
    x, bad = tensors(device, xs, spoilt)
    packed = pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False)
    want = module(x, lengths=LENGTHS)
    for given in (
        module(bad, lengths=torch.tensor(LENGTHS, device=device)),
        module(packed),
    ):
        for a, b in zip(given, want, strict=True):
            assert torch.equal(a, b)
    module(bad, lengths=LENGTHS)[0].sum().backward()
    assert not torch.isnan(bad.grad).any()
    assert not bad.grad[torch.from_numpy(padding)].any()


@on_each_device
def test_a_learnt_rate_has_the_gradient_of_its_logit(device):
    _, p, xs, h0, dhs, _ = draw("leaky each", device)
    p = p._replace(alpha=np.linspace(0.1, 0.9, H))
    module = LeakyRNN(D, H, p.alpha, learn=True).double().to(device)
    weights = {n: torch.from_numpy(getattr(p, n)) for n in ("W_x", "W_h", "b")}
    logit = torch.from_numpy(np.log(p.alpha / (1 - p.alpha)))
    module.load_state_dict({**weights, "alpha_logit": logit})
    rate = module.rate().detach().cpu().numpy()
    np.testing.assert_allclose(rate, p.alpha, rtol=1e-12)
    x, start, slope = tensors(device, xs, h0, dhs)
    module(x, start)[0].backward(slope.detach())
    _, _, cache = leaky_forward(xs, p, h0)
    dp = leaky_backward(dhs, cache, p)[2]
    want = dp.alpha * p.alpha * (1 - p.alpha)
    got = module.alpha_logit.grad.cpu().numpy()
    assert relative_error(got, want).max() <= 1e-10


def test_a_rate_of_one_is_the_simple_layer():
    module, simple = LeakyRNN(D, H, 1.0), RNN(D, H)
    simple.load_state_dict({n: getattr(module, n) for n in ("W_x", "W_h", "b")})
    xs = torch.randn(T, B, D, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(module(xs), simple(xs))


@each_twin
def test_step_is_what_the_layer_repeats(name):
    module, _, xs, h0, _, _ = draw(name, "cpu")
    x, past = torch.from_numpy(xs[0]), torch.from_numpy(h0)
    if name == "skip":
        h = module.step(x, past[-1], past[0])
    else:
        h = module.step(x, past if past.ndim == 2 else past[0])
    hs, _ = module(x[None], past)
    assert torch.equal(hs[0], h)


def draw_output(device):
    torch.manual_seed(0)
    module = OutputRNN(D, H, K).double().to(device)
    for bias in (module.b, module.b_y):
        torch.nn.init.normal_(bias)
    arrays = {n: w.detach().cpu().numpy() for n, w in module.state_dict().items()}
    rng = np.random.default_rng(0)
    shapes = (T, B, D), (T, B, K), (T, B, K)
    return module, OutputRNNParams(**arrays), *(rng.normal(size=s) for s in shapes)


@on_each_device
@lengths_or_none
@pytest.mark.parametrize("forced", [False, True], ids=["free", "forced"])
def test_output_network_agrees_with_its_numpy_twin(device, lengths, forced):
    module, p, xs, ys_true, dys = draw_output(device)
    x, taught, slope = tensors(device, xs, ys_true, dys)
    ys = module(x, taught.detach() if forced else None, lengths)
    ys.backward(slope.detach())
    want, caches = output_rnn_forward(xs, p, ys_true if forced else None, lengths)
    dxs, dp = output_rnn_backward(dys, caches, p, teacher_forced=forced)
    pairs = [(ys, want), (x.grad, dxs)]
    pairs += [(w.grad, getattr(dp, n)) for n, w in module.named_parameters()]
    for got, expected in pairs:
        assert relative_error(got.detach().cpu().numpy(), expected).max() <= 1e-10


@on_each_device
def test_padding_of_true_outputs_is_never_read(device):
    module, _, xs, ys_true, _ = draw_output(device)
    padding = (np.arange(T)[:, None] >= np.array(LENGTHS))[:, :, None]
    spoilt = [np.where(padding, np.nan, a) for a in (xs, ys_true)]
    want = module(*tensors(device, xs, ys_true), LENGTHS)
    assert torch.equal(module(*tensors(device, *spoilt), LENGTHS), want)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LeakyRNN(D, H),
        lambda: SkipRNN(D, H, 3),
        lambda: RemovedRNN(D, H, 2),
        lambda: OutputRNN(D, H, K),
    ],
)
def test_modules_keep_float32_and_take_one_step_and_an_empty_batch(make):
    module = make()
    out = module(torch.zeros(1, 2, D))
    ys = out[0] if isinstance(out, tuple) else out
    assert ys.dtype == torch.float32
    assert ys.shape[:2] == (1, 2)
    out = module(torch.zeros(T, 0, D), lengths=[])
    ys = out[0] if isinstance(out, tuple) else out
    assert ys.shape[:2] == (T, 0)


X = torch.zeros(T, B, D)
LEAKY, SKIP, OUTPUT = LeakyRNN(D, H), SkipRNN(D, H, 3), OutputRNN(D, H, K)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: LeakyRNN(0, H), ValueError, "D must be at least 1, got 0"),
        (lambda: LeakyRNN(D, H, 0), ValueError, r"alpha .* in \(0, 1\], got 0.0"),
        (lambda: LeakyRNN(D, H, 1.5), ValueError, r"alpha .* \(0, 1\], got 1.5"),
        (
            lambda: LeakyRNN(D, H, 1.0, learn=True),
            ValueError,
            r"alpha must lie in \(0, 1\) to be learnt, got 1.0",
        ),
        (
            lambda: LeakyRNN(D, H, [0.5, 0.1]),
            ValueError,
            r"alpha must have shape \(H=5,\), got \(2,\)",
        ),
        (lambda: SkipRNN(D, H, 0), ValueError, "d must be at least 1, got 0"),
        (lambda: RemovedRNN(D, 1.5, 2), TypeError, "H must be a whole number"),
        (lambda: OutputRNN(D, H, 0), ValueError, "K must be at least 1, got 0"),
        (lambda: LEAKY(X[0]), ValueError, r"xs must have shape \(T, B, D=3\), got"),
        (lambda: LEAKY(X, X), ValueError, r"h0 must have shape \(B=4, H=5\)"),
        (lambda: SKIP(X[:0]), ValueError, "xs must have at least one time step"),
        (lambda: SKIP(X.double()), TypeError, "xs must be torch.float32 like"),
        (
            lambda: SKIP(X, torch.zeros(B, H)),
            ValueError,
            r"h0 must have shape \(d=3, B=4, H=5\), got \(4, 5\)",
        ),
        (
            lambda: SKIP(X, torch.zeros(3, B, H).double()),
            TypeError,
            "h0 must be torch.float32 like the weights, got torch.float64",
        ),
        (lambda: SKIP(X, None, [8, 1, 1, 1]), ValueError, "lengths .* 1..7, got 8"),
        (
            lambda: OUTPUT(X, torch.zeros(T, B, D)),
            ValueError,
            r"ys_true must have shape \(T=7, B=4, K=2\), got \(7, 4, 3\)",
        ),
        (
            lambda: OUTPUT(X, np.zeros((T, B, K))),
            TypeError,
            "ys_true must be a tensor, got ndarray",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

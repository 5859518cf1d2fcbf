"""Depth, direction and conditioning as modules against their twins and ``torch.nn``."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnncourse.nn import (
    Bidirectional,
    Conditioned,
    DeepRNN,
    Hierarchical,
    Stacked,
    Transition,
)
from rnncourse.nn.convert import (
    layers_from_torch,
    layers_to_torch,
    module_from_params,
    params_from_module,
)
from rnncourse.reference.bidirectional import (
    BidirectionalParams,
    bidirectional_backward,
    bidirectional_forward,
    init_bidirectional,
)
from rnncourse.reference.cells import CELLS
from rnncourse.reference.chunks import chunks_backward, chunks_forward
from rnncourse.reference.conditioning import (
    PLACES,
    conditioned_backward,
    conditioned_forward,
    context_state,
    init_conditioned,
)
from rnncourse.reference.deep import DeepParams, deep_backward, deep_forward, init_deep
from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.hierarchical import (
    HierarchicalParams,
    hierarchical_backward,
    hierarchical_forward,
    init_hierarchical,
)
from rnncourse.reference.nested import nested_arrays, nested_from_arrays
from rnncourse.reference.one_to_many import one_to_many_backward, one_to_many_forward
from rnncourse.reference.readers import (
    init_reader,
    many_to_many_forward,
    many_to_one_forward,
    reader_backward,
)
from rnncourse.reference.rnn import RNNParams
from rnncourse.reference.stacked import (
    StackedParams,
    init_stacked,
    stacked_backward,
    stacked_forward,
)
from tests.reference.networks import like, widen

T, B, D, C, H, K = 6, 4, 3, 2, 5, 7
LENGTHS = [6, 3, 1, 5]
SIZES, PERIODS = [4, 3], [1, 3]
TORCH = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)
each_cell = pytest.mark.parametrize("cell", CELLS)
one_or_two = pytest.mark.parametrize("double", [False, True], ids=["one", "two"])
lengths_or_none = pytest.mark.parametrize(
    "lengths", [None, LENGTHS], ids=["whole", "padded"]
)


def draw(cell, p, *, sizes=None, double=False, dtype=np.float64):
    """Return inputs, wide weights and first states, one for each of the sizes."""
    rng = np.random.default_rng(0)
    n = len(CELLS[cell].states)

    def state(size):
        return tuple(rng.normal(size=(B, size)).astype(dtype) for _ in range(n))

    states = [(state(s), state(s)) if double else state(s) for s in sizes or []]
    xs = rng.normal(size=(T, B, D)).astype(dtype)
    return xs, widen(p, rng, dtype=dtype), tuple(states)


def tensors(tree, device):
    """Return a tree of tensors that ask for a gradient."""
    made = {
        name: torch.tensor(a, device=device, requires_grad=True)
        for name, a in nested_arrays(tree).items()
    }
    return nested_from_arrays(tree, made)


def assert_near(got, want):
    """Compare a tree of tensors with one of arrays."""
    got, want = nested_arrays(got), nested_arrays(want)
    assert got.keys() == want.keys()
    for name, a in got.items():
        value = a.detach().cpu().numpy()
        assert relative_error(value, want[name]).max(initial=0) <= 1e-10, name


def assert_twins(module, inputs, call, results, backward, p):
    """Hold results and all gradients of a module to those of the reference.

    ``backward(slopes)`` gives the gradients of the inputs, a tree like them, and of
    the weights ``p``.
    """
    device = next(module.parameters()).device
    asked = tensors(inputs, device)
    got = call(module, *asked)
    assert_near(got, results)
    slopes = like(results, np.random.default_rng(1))
    flat = [torch.tensor(s, device=device) for s in nested_arrays(slopes).values()]
    torch.autograd.backward(list(nested_arrays(got).values()), flat)
    dinputs, dp = backward(slopes)
    grads = {name: a.grad for name, a in nested_arrays(asked).items()}
    assert_near(nested_from_arrays(inputs, grads), dinputs)
    named, want = dict(module.named_parameters()), nested_arrays(dp)
    assert named.keys() == want.keys()
    for name, dw in want.items():
        value = named[name].grad.cpu().numpy()
        assert relative_error(value, dw).max(initial=0) <= 1e-10, name


# -- against the twins -------------------------------------------------------------


@on_each_device
@each_cell
@lengths_or_none
def test_bidirectional_agrees_with_its_numpy_twin(device, cell, lengths):
    p = init_bidirectional(cell, D, H, rng=np.random.default_rng(0))
    xs, p, (states,) = draw(cell, p, sizes=[H], double=True)
    hs, last, cache = bidirectional_forward(cell, xs, p, states, lengths)

    def backward(slopes):
        dxs, first, dp = bidirectional_backward(slopes[0], cache, p, slopes[1])
        return (dxs, first), dp

    assert_twins(
        module_from_params(p).to(device),
        (xs, states),
        lambda module, xs, states: module(xs, states, lengths),
        *((hs, last), backward, p),
    )


@on_each_device
@each_cell
@one_or_two
@pytest.mark.parametrize("residual", [False, True])
@lengths_or_none
def test_stack_agrees_with_its_numpy_twin(device, cell, double, residual, lengths):
    rng = np.random.default_rng(0)
    p = init_stacked(cell, D, H, 2, bidirectional=double, rng=rng)
    xs, p, states = draw(cell, p, sizes=[H, H], double=double)
    args = cell, xs, p, states, lengths
    hs, last, cache = stacked_forward(*args, residual=residual)

    def backward(slopes):
        dxs, first, dp = stacked_backward(slopes[0], cache, p, slopes[1])
        return (dxs, first), dp

    assert_twins(
        module_from_params(p, residual=residual).to(device),
        (xs, states),
        lambda module, xs, states: module(xs, states, lengths),
        *((hs, last), backward, p),
    )


@on_each_device
@each_cell
@pytest.mark.parametrize("periods", [[1, 3], [2, 2], [1, 9]])
@lengths_or_none
def test_hierarchy_agrees_with_its_numpy_twin(device, cell, periods, lengths):
    p = init_hierarchical(cell, D, SIZES, rng=np.random.default_rng(0))
    xs, p, states = draw(cell, p, sizes=SIZES)
    hs, last, cache = hierarchical_forward(cell, xs, p, periods, states, lengths)

    def backward(slopes):
        dxs, first, dp = hierarchical_backward(slopes[0], cache, p, slopes[1])
        return (dxs, first), dp

    module = module_from_params(p, periods=periods).to(device)
    for w in module.parameters():  # of a level that never steps
        w.grad = torch.zeros_like(w)
    assert_twins(
        *(module, (xs, states)),
        lambda module, xs, states: module(xs, states, lengths),
        *((hs, last), backward, p),
    )


@on_each_device
@each_cell
@pytest.mark.parametrize("place", PLACES)
@lengths_or_none
def test_conditioned_agrees_with_its_numpy_twin(device, cell, place, lengths):
    p = init_conditioned(cell, D, C, H, place=place, rng=np.random.default_rng(0))
    xs, p, states = draw(cell, p, sizes=[H] if place == "input" else [])
    state = states[0] if states else None
    v = np.random.default_rng(2).normal(size=(B, C))
    hs, last, cache = conditioned_forward(cell, xs, v, p, state, lengths)

    def backward(slopes):
        dxs, dv, first, dp = conditioned_backward(slopes[0], cache, p, slopes[1])
        return (dxs, dv, first), dp

    assert_twins(
        module_from_params(p).to(device),
        (xs, v, state),
        lambda module, xs, v, state: module(xs, v, state, lengths),
        *((hs, last), backward, p),
    )


@on_each_device
@pytest.mark.parametrize(
    ("before", "after", "n"),
    [
        ([D], [], 0),
        ([D, 4, 2], [], 0),
        ([D], [], 2),
        ([D], [4, K], 0),
        ([D, 4], [K], 1),
    ],
)
@lengths_or_none
def test_deep_agrees_with_its_numpy_twin(device, before, after, n, lengths):
    p = init_deep(before, H, after, n_transition=n, rng=np.random.default_rng(0))
    xs, p, ((h0,),) = draw("rnn", p, sizes=[H])
    ys, h_T, cache = deep_forward(xs, p, h0, lengths)

    def backward(slopes):
        dxs, dh0, dp = deep_backward(slopes[0], cache, p, slopes[1])
        return (dxs, dh0), dp

    module = module_from_params(p).to(device)
    for w in module.parameters():  # torch has no gradient of what is empty
        w.grad = torch.zeros_like(w)
    assert_twins(
        *(module, (xs, h0)),
        lambda module, xs, h0: module(xs, h0, lengths),
        *((ys, h_T), backward, p),
    )


# -- what the reference builds of a cell and a dense layer -------------------------


class Reader(torch.nn.Module):
    """A cell and a dense layer side by side, to be called in any way."""

    def __init__(self, p):
        super().__init__()
        self.layer, self.out = module_from_params(p.layer), module_from_params(p.out)


@on_each_device
@each_cell
@pytest.mark.parametrize("pool", [None, "last", "mean"])
@lengths_or_none
def test_reader_agrees_with_modules(device, cell, pool, lengths):
    p = init_reader(cell, D, H, K, rng=np.random.default_rng(0))
    xs, p, (state,) = draw(cell, p, sizes=[H])
    if pool is None:
        ys, last, cache = many_to_many_forward(cell, xs, p, state, lengths)
    else:
        ys, last, cache = many_to_one_forward(cell, xs, p, state, lengths, pool=pool)

    def call(module, xs, state):
        hs, last = module.layer(xs, *state, lengths=lengths)
        last = last if isinstance(last, tuple) else (last,)
        if pool == "last":
            hs = last[0]
        elif pool == "mean":
            hs = torch.stack(
                [hs[:n, k].mean(dim=0) for k, n in enumerate(lengths or [T] * B)]
            )
        return module.out(hs), last

    def backward(slopes):
        dxs, first, dp = reader_backward(slopes[0], cache, p, slopes[1])
        return (dxs, first), dp

    module = Reader(p).to(device)
    assert_twins(module, (xs, state), call, (ys, last), backward, p)


@on_each_device
@each_cell
def test_one_to_many_agrees_with_modules(device, cell):
    p = init_reader(cell, D, H, D, rng=np.random.default_rng(0))
    xs, p, (state,) = draw(cell, p, sizes=[H])
    ys, last, cache = one_to_many_forward(cell, xs[0], p, T, state)

    def call(module, x, state):
        ys = []
        for _ in range(T):
            _, state = module.layer(x[None], *state)
            state = state if isinstance(state, tuple) else (state,)
            x = module.out(state[0])
            ys.append(x)
        return torch.stack(ys), state

    def backward(slopes):
        dx, first, dp = one_to_many_backward(slopes[0], cache, p, slopes[1])
        return (dx, first), dp

    module = Reader(p).to(device)
    assert_twins(module, (xs[0], state), call, (ys, last), backward, p)


@on_each_device
@each_cell
@pytest.mark.parametrize("through", [False, True])
def test_chunks_agree_with_a_module_whose_state_is_detached(device, cell, through):
    p = CELLS[cell].init(D, H, rng=np.random.default_rng(0))
    xs, p, (state,) = draw(cell, p, sizes=[H])
    hs, last, cache = chunks_forward(cell, xs, p, 4, state)

    def call(module, xs, state):
        said = []
        for chunk in xs.split(4):
            if said and not through:
                state = tuple(s.detach() for s in state)
            hs, state = module(chunk, *state)
            state = state if isinstance(state, tuple) else (state,)
            said.append(hs)
        return torch.cat(said), state

    def backward(slopes):
        args = slopes[0], cache, p, slopes[1]
        dxs, first, dp = chunks_backward(*args, through=through)
        return (dxs, first), dp

    module = module_from_params(p).to(device)
    assert_twins(module, (xs, state), call, (hs, last), backward, p)


# -- against torch.nn --------------------------------------------------------------


@on_each_device
@each_cell
@one_or_two
@pytest.mark.parametrize("n_layers", [1, 2, 3])
@lengths_or_none
def test_stack_agrees_with_torch_nn(device, cell, double, n_layers, lengths):
    torch.manual_seed(0)
    layer = TORCH[cell](D, H, n_layers, bidirectional=double).double().to(device)
    stack = layers_from_torch(layer)
    p = StackedParams(
        tuple(BidirectionalParams(*pair) if double else pair[0] for pair in stack)
    )
    x = torch.randn(T, B, D, dtype=torch.float64, device=device, requires_grad=True)
    module = module_from_params(p).to(device)
    if lengths is None:
        read, (want, last) = x, layer(x)
        live = torch.ones(T, B, 1, dtype=torch.bool, device=device)
    else:
        read = pack_padded_sequence(x, lengths, enforce_sorted=False)
        packed, last = layer(read)
        want, _ = pad_packed_sequence(packed)
        live = torch.arange(T)[:, None, None] < torch.tensor(lengths)[:, None]
        live = live.to(device)
    hs, states = module(read)
    close = {"rtol": 1e-10, "atol": 1e-12}
    hs = torch.where(live, hs, 0)  # torch writes zeros after a length
    torch.testing.assert_close(hs, want, **close)
    parts = [part for state in states for part in (state if double else (state,))]
    lasts = last if isinstance(last, tuple) else (last,)
    for k, want_last in enumerate(lasts):
        torch.testing.assert_close(
            torch.stack([s[k] for s in parts]), want_last, **close
        )
    dhs = torch.randn_like(want)
    (got,) = torch.autograd.grad(hs, x, dhs, retain_graph=True)
    (wanted,) = torch.autograd.grad(want, x, dhs)
    torch.testing.assert_close(got, wanted, **close)
    # and the reference, which knows nothing of torch
    reference, _, cache = stacked_forward(
        cell, x.detach().cpu().numpy(), p, lengths=lengths
    )
    valid = live.cpu().numpy()
    assert_near((want,), (np.where(valid, reference, 0),))
    dxs, _, _ = stacked_backward(np.where(valid, dhs.cpu().numpy(), 0), cache, p)
    assert_near((wanted,), (dxs,))


@each_cell
def test_weights_of_a_stack_go_to_torch_nn_and_back(cell):
    rng = np.random.default_rng(0)
    p = widen(init_stacked(cell, D, H, 2, bidirectional=True, rng=rng), rng)
    back = layers_from_torch(layers_to_torch(p.layers))
    again = StackedParams(tuple(BidirectionalParams(*pair) for pair in back))
    for a, b in zip(*(nested_arrays(q).values() for q in (p, again)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_state_of_a_context_is_a_dense_layer_and_tanh():
    p = init_conditioned("lstm", D, C, H, rng=np.random.default_rng(0))
    v = np.random.default_rng(1).normal(size=(B, C))
    h, c = context_state(v, p.start, 2)
    want = torch.tanh(module_from_params(p.start)(torch.from_numpy(v)))
    np.testing.assert_allclose(np.hstack([h, c]), want.detach().numpy(), rtol=1e-12)


# -- padding, packed sequences, sizes ----------------------------------------------

RNG = np.random.default_rng(0)
NETWORKS = {
    "bidirectional": (init_bidirectional("lstm", D, H, rng=RNG), {}),
    "stacked": (init_stacked("gru", D, H, 2, rng=RNG), {"residual": True}),
    "stacked both ways": (
        init_stacked("rnn", D, H, 2, bidirectional=True, rng=RNG),
        {},
    ),
    "hierarchical": (
        init_hierarchical("lstm", D, SIZES, rng=RNG),
        {"periods": PERIODS},
    ),
    "deep": (init_deep([D, 4], H, [K], n_transition=1, rng=RNG), {}),
    **{
        f"conditioned by {place}": (
            init_conditioned("gru", D, C, H, place=place, rng=RNG),
            {},
        )
        for place in PLACES
    },
}
each_network = pytest.mark.parametrize("name", NETWORKS)


def build(name, device="cpu", dtype=np.float64):
    p, options = NETWORKS[name]
    p = widen(p, np.random.default_rng(0), dtype=dtype)
    return module_from_params(p, **options).to(device), p


def call(module, x, lengths=None):
    B = LENGTHS if lengths is None else lengths
    if isinstance(module, Conditioned):
        v = torch.ones(len(B), C, dtype=module.layer.b.dtype, device=x.data.device)
        return module(x, v, lengths=lengths)
    return module(x, lengths=lengths)


@on_each_device
@each_network
@pytest.mark.parametrize("rubbish", [float("nan"), float("inf"), 1e30])
def test_padding_never_changes_a_result_or_a_gradient(device, name, rubbish):
    xs = np.random.default_rng(1).normal(size=(T, B, D))
    spoilt = xs.copy()
    spoilt[np.arange(T)[:, None] >= np.array(LENGTHS)] = rubbish
    found = []
    for inputs in (xs, spoilt):
        module, _ = build(name, device)
        x = torch.tensor(inputs, device=device, requires_grad=True)
        ys, _ = call(module, x, LENGTHS)
        (ys**2).sum().backward()
        found.append([ys, x.grad, *(w.grad for w in module.parameters())])
    for a, b in zip(*found, strict=True):
        assert torch.equal(a, b)


@on_each_device
@each_network
def test_a_packed_sequence_is_its_lengths(device, name):
    module, _ = build(name, device)
    x = torch.randn(T, B, D, dtype=torch.float64, device=device)
    packed = pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
    ys, last = call(module, x, LENGTHS)
    ys_2, last_2 = call(module, packed)
    assert torch.equal(ys, ys_2)
    for a, b in zip(
        *(nested_arrays((s,)).values() for s in (last, last_2)), strict=True
    ):
        assert torch.equal(a, b)


@each_network
def test_float32_stays_and_one_step_and_an_empty_batch_work(name):
    module, _ = build(name, dtype=np.float32)
    ys, last = call(module, torch.zeros(1, 2, D), [1, 1])
    assert ys.shape[:2] == (1, 2)
    assert {a.dtype for a in nested_arrays((ys, last)).values()} == {torch.float32}
    ys, last = call(module, torch.zeros(T, 0, D), [])
    assert ys.shape[:2] == (T, 0)


@each_network
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_survive_the_round_trip(name, dtype):
    module, p = build(name, dtype=dtype)
    q = params_from_module(module)
    assert type(q) is type(p)
    both = nested_arrays(p), nested_arrays(q)
    assert both[0].keys() == both[1].keys()
    for path, w in both[0].items():
        assert both[1][path].dtype == dtype
        np.testing.assert_array_equal(both[1][path], w)


def test_layers_may_differ_in_width_and_direction():
    rng = np.random.default_rng(0)
    low = init_bidirectional("gru", D, 2, rng=rng)
    p = StackedParams((low, CELLS["gru"].init(4, 7, rng=rng)))
    xs = rng.normal(size=(T, B, D))
    hs, _ = module_from_params(p)(torch.from_numpy(xs))
    want, _, _ = stacked_forward("gru", xs, p)
    assert_near((hs,), (want,))


def test_a_deep_transition_can_stand_alone():
    rng = np.random.default_rng(0)
    p = init_deep([D], H, n_transition=2, rng=rng).layer
    p = p._replace(b=rng.normal(size=H), b_s=rng.normal(size=(2, H)))
    xs = rng.normal(size=(T, B, D))
    alone = module_from_params(p)
    hs, h_T = alone(torch.from_numpy(xs), lengths=LENGTHS)
    want, last, _ = deep_forward(xs, DeepParams((), p, ()), lengths=LENGTHS)
    assert_near((hs, h_T), (want, last))
    for got, w in zip(params_from_module(alone), p, strict=True):
        np.testing.assert_array_equal(got, w)


def test_modules_draw_within_their_bounds():
    stack, told = Stacked("rnn", D, 400, 2), Conditioned("gru", D, C, 400)
    deep = DeepRNN([D], 400, n_transition=2)
    for w in (stack.layers[1].W_h, told.W_v, deep.layer.W_h, deep.layer.W_s):
        assert 0.05 * 0.99 < w.abs().max() <= 0.05
    assert not deep.layer.b_s.any()
    assert Stacked("rnn", D, H, 2, bidirectional=True).layers[1].forwards.W_x.shape == (
        *(2 * H, H),
    )


# -- bad input ---------------------------------------------------------------------

X = torch.zeros(T, B, D)
S = torch.zeros(B, H)
STACK, TOLD = Stacked("lstm", D, H, 2), Conditioned("rnn", D, C, H)
BOTH, LEVELS = Bidirectional("rnn", D, H), Hierarchical("rnn", D, SIZES, PERIODS)
DEEP = DeepRNN([D, 4], H)
TRANSITION = init_deep([D], H, n_transition=2, rng=np.random.default_rng(0)).layer
V = torch.zeros(B, C)
LAYER = RNNParams(np.zeros((D, H)), np.zeros((H, H)), np.zeros(H))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Stacked("rmm", D, H, 2), ValueError, "cell must be one of .* 'rmm'"),
        (lambda: Stacked("rnn", D, H, 0), ValueError, "n_layers must be at least 1"),
        (lambda: Stacked("rnn", D, 0, 2), ValueError, "H must be at least 1, got 0"),
        (lambda: Bidirectional("rnn", 0, H), ValueError, "D must be at least 1, got 0"),
        (
            lambda: Hierarchical("rnn", D, [], []),
            ValueError,
            "the number of levels must be at least 1, got 0",
        ),
        (
            lambda: Hierarchical("rnn", D, SIZES, [1]),
            ValueError,
            "periods must be 2, one for each level, got 1",
        ),
        (
            lambda: Hierarchical("rnn", D, SIZES, [1, 0]),
            ValueError,
            r"periods\[1\] must be at least 1, got 0",
        ),
        (
            lambda: Conditioned("rnn", D, C, H, place="end"),
            ValueError,
            "place must be one of 'state', .* got 'end'",
        ),
        (
            lambda: Conditioned("rnn", D, 0, H),
            ValueError,
            "C must be at least 1, got 0",
        ),
        (lambda: DeepRNN([], H), ValueError, "sizes_before must hold at least"),
        (lambda: Transition(D, H, -1), ValueError, "N must be at least 0, got -1"),
        *(
            (
                lambda module=module: module(X[0]),
                ValueError,
                r"xs must have shape \(T, B, D=3\), got \(4, 3\)",
            )
            for module in (STACK, BOTH, LEVELS, DEEP)
        ),
        (lambda: STACK(X[:0]), ValueError, "xs must have at least one time step, got"),
        (lambda: STACK(X.double()), TypeError, "xs must be torch.float32 like"),
        (lambda: STACK(X, lengths=[7, 1, 1, 1]), ValueError, r"lie in 1\.\.6, got 7"),
        (lambda: LEVELS(X, lengths=[0, 1, 1, 1]), ValueError, r"in 1\.\.6, got 0"),
        (lambda: STACK(X, (None,)), TypeError, "states must be a tuple of 2, .* got 1"),
        (lambda: STACK(X, [1]), TypeError, "states must be a tuple of 2, .* got list"),
        (
            lambda: STACK(X, ((S,), (S,))),
            TypeError,
            r"state must be a tuple \(h, c\), got 1",
        ),
        (lambda: BOTH(X, (S, S)), TypeError, r"a tuple \(h,\), got Tensor"),
        (lambda: LEVELS(X, (None,)), TypeError, "2, one for each level, got 1"),
        (
            lambda: LEVELS(X, ((S,), None)),
            ValueError,
            r"states\[0\] must have shape \(B=4, H=4\), got \(4, 5\)",
        ),
        (lambda: TOLD(X, V[1:]), ValueError, r"v must have shape \(B=4, C=2\), got"),
        (lambda: TOLD(X, V.double()), TypeError, "v must be torch.float32 like"),
        (lambda: TOLD(X, V, (S,)), ValueError, "state must be left out where"),
        (
            lambda: module_from_params(StackedParams(())),
            TypeError,
            r"p.layers\[0\] must be one of RNNParams, .* got NoneType",
        ),
        (
            lambda: module_from_params(HierarchicalParams(()), periods=[]),
            TypeError,
            r"p.levels\[0\] must be one of RNNParams, .* got NoneType",
        ),
        (
            lambda: module_from_params(StackedParams((LAYER, LAYER))),
            ValueError,
            r"p.layers\[1\] must read D=5 values, got D=3",
        ),
        (
            lambda: module_from_params(DeepParams((), LAYER, ())),
            TypeError,
            "p.layer must be TransitionParams, got RNNParams",
        ),
        (
            lambda: module_from_params(TRANSITION._replace(b=np.zeros(H - 1))),
            ValueError,
            r"p.b must have shape \(5,\), got \(4,\)",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

"""Encoder and decoder as a module against their NumPy twin, on each device."""

import math

import numpy as np
import pytest
import torch

from rnncourse.nn import Dense, EncoderDecoder
from rnncourse.nn.cells import CELLS as TORCH_CELLS
from rnncourse.nn.cells import make_cell, run_cell
from rnncourse.nn.convert import module_from_params, params_from_module
from rnncourse.reference.attention import SCORES
from rnncourse.reference.cells import CELLS, cell_forward, init_cell
from rnncourse.reference.dense import (
    DenseParams,
    dense_backward,
    dense_forward,
    init_dense,
)
from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.nested import nested_arrays, nested_from_arrays
from rnncourse.reference.rnn import RNNParams
from rnncourse.reference.search import beam_search, greedy_search, take_rows
from rnncourse.reference.seq2seq import (
    Seq2SeqParams,
    decoder_step,
    encode,
    init_seq2seq,
    seq2seq_backward,
    seq2seq_forward,
)

T, S, B, V_X, V_Y, D, H, A = 5, 4, 3, 6, 7, 2, 3, 4
X_LENGTHS, Y_LENGTHS = [5, 2, 1], [4, 1, 3]
START, END = 0, 1
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)
each_cell = pytest.mark.parametrize("cell", CELLS)
each_attention = pytest.mark.parametrize("attention", [None, *SCORES])
padded = {"x_lengths": X_LENGTHS, "y_lengths": Y_LENGTHS}
whole_or_padded = pytest.mark.parametrize(
    "lengths", [{}, padded], ids=["whole", "padded"]
)


def draw(cell, attention=None, dtype=np.float64):
    """Return wide weights, biases among them, and tokens to read and to tell."""
    rng = np.random.default_rng(0)
    p = init_seq2seq(
        *(cell, V_X, V_Y, D, H), attention=attention, A=A, rng=rng, dtype=dtype
    )
    wide = {n: rng.normal(size=w.shape) for n, w in nested_arrays(p).items()}
    wide = {n: w.astype(dtype) for n, w in wide.items()}
    xs, ys = rng.integers(0, V_X, size=(T, B)), rng.integers(0, V_Y, size=(S, B))
    return nested_from_arrays(p, wide), xs, ys


def build(p, attention, device="cpu"):
    options = {} if attention is None else {"attention": attention}
    return module_from_params(p, **options).to(device)


def near(got, want):
    return relative_error(got.detach().cpu().numpy(), want).max(initial=0) <= 1e-10


# -- its parts ---------------------------------------------------------------------


@on_each_device
def test_dense_agrees_with_its_numpy_twin(device):
    rng = np.random.default_rng(0)
    p = init_dense(D, H, rng=rng)._replace(b=rng.normal(size=H))
    x, dy = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    layer = module_from_params(p).to(device)
    rows = torch.tensor(x, device=device, requires_grad=True)
    y = layer(rows)
    y.backward(torch.tensor(dy, device=device))
    dx, dp = dense_backward(dy, x, p)
    assert near(y, dense_forward(x, p))
    assert near(rows.grad, dx)
    assert near(layer.W.grad, dp.W)
    assert near(layer.b.grad, dp.b)
    torch.manual_seed(0)
    fresh = Dense(400, 3)
    assert 0.04 < fresh.W.abs().max() <= 0.05
    assert not fresh.b.any()


@each_cell
def test_cells_have_the_names_of_the_reference(cell):
    assert TORCH_CELLS.keys() == CELLS.keys()
    p = init_cell(cell, D, H, rng=np.random.default_rng(0))
    module = module_from_params(p)
    assert isinstance(make_cell(cell, D, H), type(module))
    xs = np.random.default_rng(1).normal(size=(T, B, D))
    hs, state = run_cell(module, torch.from_numpy(xs), lengths=X_LENGTHS)
    want, last, _ = cell_forward(cell, xs, p, lengths=X_LENGTHS)
    for a, b in zip([hs, *state], [want, *last], strict=True):
        assert near(a, b)


# -- the whole ---------------------------------------------------------------------


@on_each_device
@each_cell
@each_attention
@whole_or_padded
def test_module_agrees_with_its_numpy_twin(device, cell, attention, lengths):
    p, xs, ys = draw(cell, attention)
    model = build(p, attention, device)
    logits, weights = model(xs, ys, start=START, **lengths)
    want, want_weights, cache = seq2seq_forward(
        cell, xs, ys, p, start=START, attention=attention, **lengths
    )
    assert logits.device == model.E_x.device
    assert near(logits, want)
    assert (weights is None) == (attention is None)
    if attention is not None:
        assert near(weights, want_weights)
    dlogits = np.random.default_rng(1).normal(size=logits.shape)
    logits.backward(torch.tensor(dlogits, device=device))
    grads = nested_arrays(seq2seq_backward(dlogits, cache, p))
    named = dict(model.named_parameters())
    assert named.keys() == grads.keys()
    for name, want in grads.items():
        assert near(named[name].grad, want), name


@on_each_device
@each_cell
@each_attention
def test_module_reads_its_own_tokens_as_its_numpy_twin(device, cell, attention):
    p, xs, ys = draw(cell, attention)
    own = np.random.default_rng(2).random((S, B)) < 0.5
    options = {"start": START, **padded}
    logits, _ = build(p, attention, device)(
        *(torch.tensor(a, device=device) for a in (xs, ys)),
        own=torch.tensor(own, device=device),
        **options,
    )
    want, _, cache = seq2seq_forward(
        cell, xs, ys, p, attention=attention, own=own, **options
    )
    assert near(logits, want)
    assert (cache.inputs[1:] != ys[:-1])[own[1:]].any()


@on_each_device
@each_cell
@each_attention
def test_module_is_searched_as_its_numpy_twin(device, cell, attention):
    p, xs, _ = draw(cell, attention)
    model = build(p, attention, device)
    step, state = model.decoder_step(model.encode(xs, X_LENGTHS))
    memory, _ = encode(cell, xs, p, X_LENGTHS)
    want, want_state = decoder_step(cell, memory, p, attention=attention)
    asked = {"end": END, "max_length": 5}
    got = greedy_search(step, state, [START] * B, **asked)
    same = greedy_search(want, want_state, [START] * B, **asked)
    np.testing.assert_array_equal(got.tokens, same.tokens)
    np.testing.assert_allclose(got.log_probs, same.log_probs, rtol=1e-10)
    for k in range(B):
        found, twins = (
            beam_search(
                *(ready, take_rows(before, np.array([k])), START),
                **{"width": 4, "alpha": 0.6, "n_best": 4},
                **asked,
            )
            for ready, before in ((step, state), (want, want_state))
        )
        assert [one.tokens for one in found] == [one.tokens for one in twins]
        scores = [[one.score for one in each] for each in (found, twins)]
        np.testing.assert_allclose(*scores, rtol=1e-10)


@on_each_device
@each_cell
@each_attention
def test_padding_never_changes_a_result_or_a_gradient(device, cell, attention):
    p, xs, ys = draw(cell, attention)
    masks = [
        np.arange(len(a))[:, None] < np.array(n)
        for a, n in ((xs, X_LENGTHS), (ys, Y_LENGTHS))
    ]
    spoilt = [np.where(mask, a, -100) for mask, a in zip(masks, (xs, ys), strict=True)]
    results = []
    for x, y in ((xs, ys), spoilt):
        model = build(p, attention, device)
        logits, _ = model(torch.tensor(x, device=device), y, start=START, **padded)
        loss = logits[torch.tensor(masks[1], device=device)].square().sum()
        loss.backward()
        results.append([loss, *(w.grad for w in model.parameters())])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)


def test_one_token_by_hand():
    # the encoder reads to tanh(log 2) = 3/5, the decoder to tanh(log 3) = 4/5
    cell = RNNParams(np.array([[1.0]]), np.array([[0.5]]), np.zeros(1))
    w = math.log(3) / 0.8
    p = Seq2SeqParams(
        E_x=np.array([[7.0], [math.log(2)]]),
        encoder=cell,
        E_y=np.array([[math.log(3) - 0.3], [7.0]]),
        decoder=cell,
        attention=None,
        out=DenseParams(np.array([[0.0, w]]), np.zeros(2)),
    )
    model = module_from_params(p)
    logits, _ = model([[1]], [[1]], start=START)
    np.testing.assert_allclose(logits.detach().ravel(), [0, math.log(3)], rtol=1e-14)
    loss = torch.nn.functional.cross_entropy(logits[0], torch.tensor([1]))
    assert loss.item() == pytest.approx(math.log(4 / 3), rel=1e-14)
    loss.backward()
    da = 0.36 * -w / 4
    np.testing.assert_allclose(model.E_y.grad, [[da], [0]], rtol=1e-13)
    np.testing.assert_allclose(model.E_x.grad, [[0], [0.64 * da / 2]], rtol=1e-13)


@each_cell
@each_attention
def test_module_keeps_float32_and_takes_one_step_and_an_empty_batch(cell, attention):
    model = EncoderDecoder(cell, V_X, V_Y, D, H, attention=attention)
    logits, weights = model([[1, 2]], [[3, 4]], start=START)
    assert logits.dtype == torch.float32
    assert logits.shape == (1, 2, V_Y)
    empty = torch.zeros(T, 0, dtype=torch.long)
    logits, _ = model(empty, empty[:S], start=START, x_lengths=[], y_lengths=[])
    assert logits.shape == (S, 0, V_Y)


@pytest.mark.parametrize("A", [None, 4])
def test_hidden_size_of_the_score_is_that_of_the_state_unless_said(A):
    model = EncoderDecoder("rnn", V_X, V_Y, D, H, attention="additive", A=A)
    assert model.attention.W_q.shape == (H, A or H)
    assert model.attention.v.shape == (A or H,)


def test_a_score_with_weights_need_not_be_said():
    assert module_from_params(draw("gru", "additive")[0]).attention.score == "additive"


def test_the_search_leaves_no_trace_for_autograd():
    model = EncoderDecoder("gru", V_X, V_Y, D, H, attention="dot")
    step, state = model.decoder_step(model.encode([[1]]))
    log_probs, (_, h) = step(state, [START])
    assert not log_probs.requires_grad
    assert not h.requires_grad


# -- conversion --------------------------------------------------------------------


@each_cell
@each_attention
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_survive_the_round_trip(cell, attention, dtype):
    p = draw(cell, attention, dtype)[0]
    back = params_from_module(build(p, attention))
    assert type(back) is Seq2SeqParams
    assert type(back.encoder) is type(back.decoder) is CELLS[cell].params
    assert type(back.out) is DenseParams
    arrays = nested_arrays(back)
    assert arrays.keys() == nested_arrays(p).keys()
    for name, w in nested_arrays(p).items():
        assert arrays[name].dtype == dtype
        np.testing.assert_array_equal(arrays[name], w)
        assert not np.shares_memory(arrays[name], w)


P, XS, YS = draw("rnn")
MODEL = build(P, None)
GIVEN = {"xs": XS, "ys": YS, "start": START}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"xs": XS[0]}, ValueError, r"xs must have shape \(T, B\), got \(3,\)"),
        ({"xs": XS * 1.0}, TypeError, "xs must be whole numbers, got float64"),
        ({"xs": torch.from_numpy(XS) + V_X}, ValueError, "xs must lie in 0..5, got"),
        ({"xs": XS[:0]}, ValueError, "xs must have at least one time step, got T=0"),
        ({"ys": YS[:, :2]}, ValueError, r"ys must have shape \(T, B=3\), got \(4, 2\)"),
        ({"ys": YS + V_Y}, ValueError, "ys must lie in 0..6, got"),
        ({"start": V_Y}, ValueError, "start must lie in 0..6, got 7"),
        ({"start": -1}, ValueError, "start must be at least 0, got -1"),
        ({"x_lengths": [1, 2, 6]}, ValueError, "lengths must lie in 1..5, got 6"),
        ({"y_lengths": torch.tensor([1, 2])}, ValueError, r"lengths .* \(B=3,\)"),
        ({"own": YS[1:] > 9}, ValueError, r"own must have shape \(S=4, B=3\)"),
        ({"own": YS}, TypeError, "own must be bool, got torch.int64"),
    ],
)
def test_forward_names_what_does_not_fit(changed, error, message):
    with pytest.raises(error, match=message):
        MODEL(**{**GIVEN, **changed})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: EncoderDecoder("elman", 2, 2, 2, 2),
            ValueError,
            "cell must be one of 'rnn', 'lstm', 'gru', got 'elman'",
        ),
        (
            lambda: EncoderDecoder("rnn", 0, 2, 2, 2),
            ValueError,
            "V_x must be at least 1, got 0",
        ),
        (
            lambda: EncoderDecoder("rnn", 2, 2, 2, 2, attention="cosine"),
            ValueError,
            "score must be one of 'additive'",
        ),
        (
            lambda: EncoderDecoder("rnn", 2, 2, 2, 2, attention="additive", A=0),
            ValueError,
            "A must be at least 1, got 0",
        ),
        (
            lambda: MODEL.decoder_step(XS),
            TypeError,
            "memory must come from encode, got ndarray",
        ),
        (lambda: Dense(0, 2), ValueError, "D must be at least 1, got 0"),
        (
            lambda: MODEL.out(torch.zeros(2, 4, dtype=torch.float64)),
            ValueError,
            r"x must have shape \(..., D=3\), got \(2, 4\)",
        ),
        (lambda: MODEL.out(XS), TypeError, "x must be a tensor, got ndarray"),
        (
            lambda: module_from_params(draw("rnn", "dot")[0]),
            ValueError,
            r"p.out.W must have shape \(H=3, V_y=7\), got \(6, 7\)",
        ),
        (
            lambda: module_from_params(draw("rnn", "additive")[0], attention="dot"),
            TypeError,
            "p.attention must be NoneType with attention='dot', got AttentionParams",
        ),
        (
            lambda: module_from_params(P._replace(encoder=P.out)),
            TypeError,
            "p.encoder must be one of RNNParams, .*got DenseParams",
        ),
        (
            lambda: module_from_params(P._replace(out=P.out._replace(b=P.out.b[:2]))),
            ValueError,
            r"p.out.b must have shape \(V_y=7,\), got \(2,\)",
        ),
        (
            lambda: params_from_module(torch.nn.Linear(2, 3)),
            TypeError,
            "module must be one of RNN, .*EncoderDecoder.* got Linear",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

"""What is said of gradients and matrices, against hand, differences and autograd."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.nn import analysis as twin
from rnncourse.nn.gru import GRU
from rnncourse.nn.rnn import RNN
from rnncourse.nn.scan import MinGRU
from rnncourse.nn.variants import LeakyRNN
from rnncourse.reference.analysis import (
    gradient_against_lag,
    henrici_departure,
    input_times_gradient,
    jacobian_bound,
    jacobian_products,
    power_method,
    power_norms,
    spectral_radius,
    transient_growth,
)
from rnncourse.reference.gradcheck import numerical_gradient, relative_error
from rnncourse.reference.gru import GRUParams, gru_step, gru_step_backward
from rnncourse.reference.leaky import LeakyParams, leaky_step, leaky_step_backward
from rnncourse.reference.lstm import init_lstm, lstm_step, lstm_step_backward
from rnncourse.reference.min_gru import (
    MinGRUParams,
    min_gru_step,
    min_gru_step_backward,
)
from rnncourse.reference.rnn import (
    RNNParams,
    init_rnn,
    rnn_backward,
    rnn_forward,
    rnn_step,
    rnn_step_backward,
)

T, B, D, H = 6, 4, 3, 5
RNG = np.random.default_rng(0)
XS, H0, DH = (RNG.normal(size=s) for s in ((T, B, D), (B, H), (B, H)))
P = init_rnn(D, H, rng=RNG)
ONE = np.ones((1, 1))
LAYERS = {
    "RNN": (RNN, RNNParams, rnn_step, rnn_step_backward),
    "GRU": (GRU, GRUParams, gru_step, gru_step_backward),
    "leaky": (LeakyRNN, LeakyParams, leaky_step, leaky_step_backward),
    "minGRU": (MinGRU, MinGRUParams, min_gru_step, min_gru_step_backward),
}


def lag(xs=XS, p=P, state=H0, dh_T=DH, K=None):
    return gradient_against_lag(rnn_step, rnn_step_backward, xs, p, state, dh_T, K)


# -- gradient against lag ----------------------------------------------------------


def test_gradient_against_lag_by_hand():
    # tanh(log 2) = 0.6, tanh(log 3) = 0.8: factors 0.5 · 0.36, then 0.5 · 0.64
    p = RNNParams(ONE, 0.5 * ONE, np.zeros(1))
    xs = np.array([math.log(2), math.log(3) - 0.3])[:, None, None]
    got = lag(xs, p, 0 * ONE, 2 * ONE)
    np.testing.assert_allclose(got.ravel(), [2, 0.36, 0.1152], rtol=1e-14)


def test_gradient_against_lag_is_what_the_layers_backward_says():
    for k in range(T + 1):
        hs, _, _ = rnn_forward(XS, P, H0)
        start = hs[T - k - 1] if k < T else H0
        if k == 0:
            want = np.linalg.norm(DH, axis=1)
        else:
            cache = rnn_forward(XS[T - k :], P, start)[2]
            dh0 = rnn_backward(np.zeros((k, B, H)), cache, P, DH)[1]
            want = np.linalg.norm(dh0, axis=1)
        np.testing.assert_allclose(lag()[k], want, rtol=1e-12)
        np.testing.assert_array_equal(lag(K=k), lag()[: k + 1])


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("K", [None, 0, 3])
def test_gradient_against_lag_agrees_with_autograd(name, K):
    kind, params, step, step_backward = LAYERS[name]
    torch.manual_seed(0)
    module = kind(D, H).double()
    arrays = {n: w.detach().numpy() for n, w in module.state_dict().items()}
    p = params(**arrays)
    got = gradient_against_lag(step, step_backward, XS, p, H0, DH, K)
    tensors = [torch.from_numpy(a) for a in (XS, H0, DH)]
    want = twin.gradient_against_lag(module.step, *tensors, K)
    assert relative_error(got, want.numpy()).max() <= 1e-10


def test_gradient_against_lag_of_an_lstm_goes_over_h_and_c():
    p = init_lstm(D, H, rng=np.random.default_rng(1), forget_bias=3.0)
    got = gradient_against_lag(lstm_step, lstm_step_backward, XS, p, (H0, H0), DH)
    W_x, W_h, b = (torch.from_numpy(w) for w in p)

    def step(x, h, c):
        a_i, a_f, a_g, a_o = (x @ W_x + h @ W_h + b).chunk(4, dim=1)
        c = a_f.sigmoid() * c + a_i.sigmoid() * a_g.tanh()
        return a_o.sigmoid() * c.tanh(), c

    tensors = [torch.from_numpy(a) for a in (XS, H0, DH)]
    state = tensors[1], tensors[1]
    want = twin.gradient_against_lag(step, tensors[0], state, tensors[2])
    assert relative_error(got, want.numpy()).max() <= 1e-10

    def loss(q):  # the whole derivative with respect to the start, h and c
        h, c = q["h"], q["c"]
        for x in XS:
            h, c, _ = lstm_step(x, h, c, p)
        return (h * DH).sum()

    g = numerical_gradient(loss, {"h": H0, "c": H0})
    norm = np.sqrt((g["h"] ** 2).sum(axis=1) + (g["c"] ** 2).sum(axis=1))
    np.testing.assert_allclose(got[T], norm, rtol=1e-7)


def test_autograd_twin_takes_a_step_that_does_not_read_its_state():
    xs, zero = torch.ones(2, 1, 1), torch.zeros(1, 1)
    got = twin.gradient_against_lag(
        lambda x, h, c: (c + x, x * h * 0 + c), xs, (zero, zero), zero + 1
    )
    assert got.ravel().tolist() == [1.0, 1.0, 1.0]
    unread = twin.gradient_against_lag(
        lambda x, h, c: (c + x, 2 * c), xs, (zero, zero), zero + 1
    )
    assert unread.ravel().tolist() == [1.0, 1.0, 2.0]


# -- Jacobians and matrices --------------------------------------------------------


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_jacobian_products_are_the_derivatives_of_the_last_state(nonlinearity):
    rng = np.random.default_rng(3)
    W_h = rng.normal(size=(H, H))
    act = torch.tanh if nonlinearity == "tanh" else torch.relu
    h = torch.from_numpy(H0[0]).requires_grad_()
    states = [h]
    for x in XS[:, 0]:
        a = torch.from_numpy(x @ P.W_x) + states[-1] @ torch.from_numpy(W_h)
        states.append(act(a))
    hs = torch.stack(states[1:]).detach().numpy()[:, None]
    products = jacobian_products(hs, W_h, nonlinearity=nonlinearity)
    assert products.shape == (T + 1, 1, H, H)
    for k, state in enumerate(states):
        rows = [
            torch.autograd.grad(states[-1][j], state, retain_graph=True)[0].numpy()
            for j in range(H)
        ]  # rows[j][i] is dh_T[j]/dh_k[i]
        np.testing.assert_allclose(products[k, 0], np.array(rows).T, atol=1e-12)


def test_jacobian_products_by_hand():
    hs = np.array([0.6, 0.8])[:, None, None]
    got = jacobian_products(hs, 0.5 * ONE).ravel()
    np.testing.assert_allclose(got, [0.5 * 0.64 * 0.5 * 0.36, 0.18, 1], rtol=1e-14)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 999), n=st.integers(1, 6))
def test_radius_is_below_the_norm_and_the_powers_tend_to_it(seed, n):
    W = np.random.default_rng(seed).normal(size=(n, n))
    radius = spectral_radius(W)
    assert radius <= jacobian_bound(W) * (1 + 1e-12)
    norms = power_norms(W, 3)
    np.testing.assert_allclose(norms[:2], [1, jacobian_bound(W)])
    assert (norms >= radius ** np.arange(4) * (1 - 1e-9)).all()
    assert transient_growth(W, 3) == norms.max()


def test_no_jacobian_exceeds_the_bound():
    hs, _, _ = rnn_forward(XS, P, H0)
    for h in hs.reshape(-1, H):
        jacobian = P.W_h * (1 - h**2)
        assert np.linalg.norm(jacobian, 2) <= jacobian_bound(P.W_h)
    assert jacobian_bound(P.W_h, 0.25) == jacobian_bound(P.W_h) / 4


@pytest.mark.parametrize("sign", [1, -1])
def test_power_method_settles_on_a_real_eigenvalue(sign):
    Q = np.linalg.qr(RNG.normal(size=(4, 4)))[0]
    W = Q @ np.diag([sign * 3.0, 2.0, 1.0, 0.5]) @ Q.T
    value, vector, history, settled = power_method(W, n_steps=200)
    assert settled
    np.testing.assert_allclose(value, 3.0, rtol=1e-12)
    np.testing.assert_allclose(vector @ W, sign * 3 * vector, atol=1e-10)
    np.testing.assert_allclose(np.linalg.norm(vector), 1)
    assert history.shape == (200,)
    np.testing.assert_allclose(history[-1], value)


def test_power_method_finds_the_left_vector_of_a_matrix_that_is_not_symmetric():
    W = np.array([[2.0, 1.0], [0.0, 1.0]])
    vector = power_method(W, np.array([1.0, 0.3])).vector
    np.testing.assert_allclose(vector / vector[0], [1.0, 1.0], rtol=1e-9)


def test_power_method_says_where_the_direction_turns_for_ever():
    c, s = 0.9 * math.cos(0.7), 0.9 * math.sin(0.7)
    S = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 0.3]])
    W = S @ turn @ np.linalg.inv(S)
    value, _, history, settled = power_method(W, n_steps=2000)
    assert not settled
    np.testing.assert_allclose(value, spectral_radius(W), rtol=1e-3)
    assert np.ptp(history[-50:]) > 0.01  # no single growth says it
    np.testing.assert_allclose(value, np.exp(np.log(history[1000:]).mean()))
    both = power_method(np.array([[0.0, 4.0], [1.0, 0.0]]))  # eigenvalues 2 and -2
    assert not both.settled
    np.testing.assert_allclose(both.value, 2.0, rtol=1e-9)


def test_power_method_ends_where_nothing_is_left():
    value, vector, history, settled = power_method(np.array([[0.0, 8.0], [0.0, 0.0]]))
    assert (value, settled) == (0.0, True)
    assert np.isfinite(vector).all()
    assert history[0] > 0
    assert not history[1:].any()


def test_a_matrix_with_radius_half_may_grow_before_it_shrinks():
    W = np.array([[0.5, 8.0], [0.0, 0.5]])
    # W^k = [[0.5^k, 8 k 0.5^(k-1)], [0, 0.5^k]]: k = 2 gives 8 beside 0.25
    np.testing.assert_allclose(spectral_radius(W), 0.5)
    np.testing.assert_allclose(henrici_departure(W), 8.0)
    assert transient_growth(W, 20) > 8
    assert power_norms(W, 20)[20] < 1e-3
    assert transient_growth(0.5 * np.eye(2), 20) == 1.0


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 999), n=st.integers(1, 6))
def test_normal_matrices_depart_by_nothing_and_others_by_something(seed, n):
    A = np.random.default_rng(seed).normal(size=(n, n))
    for normal in (A + A.T, A - A.T, np.linalg.qr(A)[0]):
        assert henrici_departure(normal) <= 1e-6 * max(1, np.linalg.norm(normal))
    shift = np.diag(np.ones(n), k=1)
    np.testing.assert_allclose(henrici_departure(shift), math.sqrt(n), rtol=1e-6)


# -- importance --------------------------------------------------------------------


def test_importance_adds_up_to_a_linear_score():
    w = RNG.normal(size=(T, B, D))
    importance = input_times_gradient(XS, w)
    assert importance.shape == (T, B)
    np.testing.assert_allclose(importance.sum(), (XS * w).sum())


@pytest.mark.parametrize("lengths", [None, [6, 2, 1, 4]], ids=["whole", "padded"])
def test_importance_agrees_with_autograd(lengths):
    module = RNN(D, H).double()
    p = RNNParams(*(w.detach().numpy() for w in module.parameters()))
    dhs = np.zeros((T, B, H))
    cache = rnn_forward(XS, p, None, lengths)[2]
    xs = XS.copy()
    if lengths is not None:
        xs[np.arange(T)[:, None] >= np.array(lengths)] = np.nan
    dxs, _, _ = rnn_backward(dhs, cache, p, DH)
    got = input_times_gradient(xs, dxs, lengths)
    want = twin.input_times_gradient(
        lambda x: (module(x, lengths=lengths)[1] * torch.from_numpy(DH)).sum(),
        torch.from_numpy(xs),
        lengths,
    )
    assert relative_error(got, want.numpy()).max() <= 1e-10


# -- bad input ---------------------------------------------------------------------

SMALL = DH.astype(np.float32)
W = P.W_h
NAN = np.where(np.eye(H) == 1, np.nan, W)
X = torch.zeros(T, B, D)
S = torch.zeros(B, H)


def step(x, h):
    return h


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lag(K=T + 1), ValueError, "K must be at most T=6, got 7"),
        (lambda: lag(K=-1), ValueError, "K must be at least 0, got -1"),
        (lambda: lag(XS[0]), ValueError, r"xs must have shape \(T, B, D\), got"),
        (lambda: lag(XS * np.nan), ValueError, "xs must be finite, got nan"),
        (lambda: lag(dh_T=DH[1:]), ValueError, r"dh_T must have shape \(B=4, H=5\)"),
        (lambda: lag(dh_T=SMALL), TypeError, "dh_T must be float64 .* float32"),
        (lambda: jacobian_products(DH, W), ValueError, r"hs must .* \(T, B, H\)"),
        (
            lambda: jacobian_products(XS, W),
            ValueError,
            r"W_h must have shape \(H=3, H=3\), got \(5, 5\)",
        ),
        (
            lambda: jacobian_products(np.zeros((2, 1, H)), W, nonlinearity="abs"),
            ValueError,
            "nonlinearity must be one of 'tanh', 'relu', got 'abs'",
        ),
        (lambda: spectral_radius([[1.0]]), TypeError, "W must be an array, got list"),
        (lambda: spectral_radius(W[1:]), ValueError, r"W .*\(H=4, H=4\), got \(4, 5\)"),
        (
            lambda: spectral_radius(W[0, 0]),
            ValueError,
            r"W must have shape .* got \(\)",
        ),
        (lambda: spectral_radius(W[:0, :0]), ValueError, "W .* one row, got H=0"),
        (lambda: henrici_departure(NAN), ValueError, r"W must be finite, got nan at"),
        (lambda: power_norms(W, -1), ValueError, "K must be at least 0, got -1"),
        (lambda: jacobian_bound(W, 0), ValueError, "gamma must be positive, got 0"),
        (lambda: jacobian_bound(W[1:]), ValueError, "W_h must have shape"),
        (lambda: power_method(W, n_steps=0), ValueError, "n_steps must be at least 1"),
        (lambda: power_method(W, W), ValueError, r"v must have shape \(H=5,\)"),
        (lambda: power_method(W, SMALL[0]), TypeError, "v must be float64"),
        (lambda: power_method(W, 0 * W[0]), ValueError, "v must not be zero"),
        (lambda: input_times_gradient(XS, DH), ValueError, "dxs must have shape"),
        (lambda: input_times_gradient(XS, XS, [1]), ValueError, "lengths must have"),
        (
            lambda: twin.gradient_against_lag(step, XS, S, S),
            TypeError,
            "xs must be a tensor, got ndarray",
        ),
        (
            lambda: twin.gradient_against_lag(step, X, S, S[1:]),
            ValueError,
            r"dh_T must have shape \(B=4, H=5\), got \(3, 5\)",
        ),
        (
            lambda: twin.gradient_against_lag(step, X, S, S, 9),
            ValueError,
            "K must be at most T=6, got 9",
        ),
        (
            lambda: twin.input_times_gradient(lambda x: x, X),
            ValueError,
            r"score must give one number, got \(6, 4, 3\)",
        ),
        (
            lambda: twin.input_times_gradient(torch.sum, XS),
            TypeError,
            "xs must be a tensor, got ndarray",
        ),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_direction_that_turns_for_ever_is_still_a_direction():
    W = np.array([[0.0, 2.0], [-2.0, 0.0]])  # a quarter turn, twice as long
    value, vector, _, settled = power_method(W, n_steps=40)
    assert not settled
    assert value == pytest.approx(2.0)
    assert vector.shape == (2,)
    assert np.linalg.norm(vector) == pytest.approx(1.0)

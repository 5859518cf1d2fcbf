"""The output-to-hidden network against numbers by hand, differences and torch."""

import math

import numpy as np
import pytest
import torch

from rnncourse.reference.gradcheck import check_gradient, relative_error
from rnncourse.reference.variants import (
    OutputRNNParams,
    init_output_rnn,
    output_rnn_backward,
    output_rnn_forward,
    output_rnn_step,
    output_rnn_step_backward,
)

T, B, D, H, K = 6, 4, 3, 5, 2
RNG = np.random.default_rng(0)
P = OutputRNNParams(*(RNG.normal(size=s) for s in ((D, H), (K, H), H, (H, K), K)))
XS = RNG.normal(size=(T, B, D))
YS_TRUE, DYS = RNG.normal(size=(2, T, B, K))
forced = pytest.mark.parametrize("forced", [False, True], ids=["free", "forced"])


def test_two_steps_by_hand():
    p = OutputRNNParams(
        *(np.array(w) for w in ([[1.0]], [[0.5]], [0.0], [[2.0]], [0.1]))
    )
    # tanh(log 2) = 0.6, y_1 = 1.3; tanh(log 3) = 0.8, y_2 = 1.7
    free = np.array([[[math.log(2)]], [[math.log(3) - 0.65]]])
    ys, caches = output_rnn_forward(free, p)
    np.testing.assert_allclose(ys.ravel(), [1.3, 1.7], rtol=1e-14)
    # L = y_2: dh_2 = 2, da_2 = 0.72, dy_1 = 0.36, dh_1 = 0.72, da_1 = 0.4608
    dys = np.array([[[0.0]], [[1.0]]])
    dxs, dp = output_rnn_backward(dys, caches, p)
    np.testing.assert_allclose(dxs.ravel(), [0.4608, 0.72], rtol=1e-14)
    np.testing.assert_allclose(dp.W_o, [[1.3 * 0.72]], rtol=1e-14)
    np.testing.assert_allclose(dp.b_y, [1.36], rtol=1e-14)
    np.testing.assert_allclose(dp.W_y, [[0.8 + 0.36 * 0.6]], rtol=1e-14)
    # with the true y_1 = 1 the second step reads 0.5 of it, and sends nothing back
    taught = np.array([[[math.log(2)]], [[math.log(3) - 0.5]]])
    ys, caches = output_rnn_forward(taught, p, np.ones((2, 1, 1)))
    np.testing.assert_allclose(ys.ravel(), [1.3, 1.7], rtol=1e-14)
    dxs, dp = output_rnn_backward(dys, caches, p, teacher_forced=True)
    np.testing.assert_allclose(dxs.ravel(), [0, 0.72], rtol=1e-14)
    np.testing.assert_allclose(dp.W_o, [[0.72]], rtol=1e-14)


def test_step_backward_agrees_with_central_differences():
    params = {"x": XS[0], "y_prev": YS_TRUE[0], **P._asdict()}

    def loss(q):
        w = OutputRNNParams(*(q[n] for n in P._fields))
        return (output_rnn_step(q["x"], q["y_prev"], w)[0] * DYS[0]).sum()

    cache = output_rnn_step(XS[0], YS_TRUE[0], P)[2]
    dx, dy_prev, dp = output_rnn_step_backward(DYS[0], cache, P)
    check_gradient(loss, params, {"x": dx, "y_prev": dy_prev, **dp._asdict()})


@forced
def test_backward_agrees_with_central_differences(forced):
    ys_true = YS_TRUE if forced else None

    def loss(q):
        w = OutputRNNParams(*(q[n] for n in P._fields))
        return (output_rnn_forward(q["xs"], w, ys_true)[0] * DYS).sum()

    caches = output_rnn_forward(XS, P, ys_true)[1]
    dxs, dp = output_rnn_backward(DYS, caches, P, teacher_forced=forced)
    params = {"xs": XS, **P._asdict()}
    check_gradient(loss, params, {"xs": dxs, **dp._asdict()}, tol=1e-7)


@forced
def test_network_agrees_with_torch_autograd(forced):
    w = [torch.from_numpy(a.copy()).requires_grad_() for a in P]
    x = torch.from_numpy(XS.copy()).requires_grad_()
    y, outputs = torch.zeros(B, K, dtype=x.dtype), []
    for t in range(T):
        y = torch.tanh(x[t] @ w[0] + y @ w[1] + w[2]) @ w[3] + w[4]
        outputs.append(y)
        if forced:
            y = torch.from_numpy(YS_TRUE[t])
    want = torch.stack(outputs)
    want.backward(torch.from_numpy(DYS))
    ys, caches = output_rnn_forward(XS, P, YS_TRUE if forced else None)
    dxs, dp = output_rnn_backward(DYS, caches, P, teacher_forced=forced)
    got = [ys, dxs, *dp]
    twins = [want.detach(), x.grad, *(a.grad for a in w)]
    for a, b in zip(got, twins, strict=True):
        assert relative_error(a, b.numpy()).max() <= 1e-10


def test_forced_steps_do_not_depend_on_earlier_inputs():
    changed = XS.copy()
    changed[0] += 1
    forced, _ = output_rnn_forward(changed, P, YS_TRUE)
    free, _ = output_rnn_forward(changed, P)
    np.testing.assert_array_equal(forced[1:], output_rnn_forward(XS, P, YS_TRUE)[0][1:])
    assert np.abs(free[1:] - output_rnn_forward(XS, P)[0][1:]).max() > 1e-3


@forced
def test_float32_stays_float32_and_an_empty_batch_works(forced):
    p = init_output_rnn(D, H, K, rng=np.random.default_rng(0), dtype=np.float32)
    xs = XS.astype(np.float32)[:, :0]
    ys_true = YS_TRUE.astype(np.float32)[:, :0] if forced else None
    ys, caches = output_rnn_forward(xs, p, ys_true)
    assert ys.shape == (T, 0, K)
    dxs, dp = output_rnn_backward(ys, caches, p, teacher_forced=forced)
    assert dxs.shape == (T, 0, D)
    assert not any(w.any() for w in dp)
    assert {a.dtype for a in (ys, dxs, *dp)} == {np.dtype(np.float32)}


CACHES = output_rnn_forward(XS, P)[1]
NAN = np.where(np.arange(D) == 1, np.nan, XS)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: output_rnn_forward(XS[0], P), ValueError, r"xs must .* got \(4, 3\)"),
        (lambda: output_rnn_forward(XS[:0], P), ValueError, "xs .* step, got T=0"),
        (lambda: output_rnn_forward(XS.tolist(), P), TypeError, "xs .* got list"),
        (lambda: output_rnn_forward(NAN, P), ValueError, "xs must be finite, got nan"),
        (lambda: output_rnn_forward(XS, tuple(P)), TypeError, "p .* got tuple"),
        (
            lambda: output_rnn_forward(XS, P, YS_TRUE[1:]),
            ValueError,
            r"ys_true must have shape \(T=6, B=4, K=2\), got \(5, 4, 2\)",
        ),
        (
            lambda: output_rnn_forward(XS, P, YS_TRUE.astype(np.float32)),
            TypeError,
            "ys_true must be float64",
        ),
        (
            lambda: output_rnn_step(XS[0], YS_TRUE, P),
            ValueError,
            r"y_prev must have shape \(B=4, K=2\)",
        ),
        (
            lambda: output_rnn_step(XS[0].astype(np.float32), YS_TRUE[0], P),
            TypeError,
            "p.W_x must be float32",
        ),
        (
            lambda: output_rnn_step(XS[0], YS_TRUE[0], P._replace(W_y=P.W_o)),
            ValueError,
            r"p.W_y must have shape \(H=5, K=2\), got \(2, 5\)",
        ),
        (
            lambda: output_rnn_step_backward(DYS, CACHES[0], P),
            ValueError,
            "dy must have shape",
        ),
        (
            lambda: output_rnn_step_backward(DYS[0], CACHES, P),
            TypeError,
            "cache must come from output_rnn_step, got list",
        ),
        (
            lambda: output_rnn_backward(DYS[1:], CACHES, P),
            ValueError,
            r"dys must have shape \(T=6, B=4, K=2\)",
        ),
        (lambda: output_rnn_backward(DYS, None, P), TypeError, "caches .* NoneType"),
        (lambda: init_output_rnn(1, 2, 0, rng=None), ValueError, "K must be at least"),
        (lambda: init_output_rnn(1, 2, 3, rng=0), TypeError, "rng must be .* got int"),
    ],
)
def test_error_names_argument_expectation_and_fact(call, error, message):
    with pytest.raises(error, match=message):
        call()

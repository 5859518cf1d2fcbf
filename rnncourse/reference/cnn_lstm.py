"""A CNN-LSTM: convolution finds patterns, an LSTM their order, a dense layer decides.

conv → relu → (max-pool) → LSTM → dense on the last state (21.1). A kernel that slides
along time turns a few steps into one feature vector; pooling leaves the LSTM fewer
steps to remember over.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.cells import check_cell
from rnncourse.reference.convolution import (
    ConvCache,
    ConvParams,
    conv1d_backward,
    conv1d_forward,
    init_conv,
)
from rnncourse.reference.dense import (
    DenseParams,
    check_dense,
    dense_backward,
    dense_forward,
    init_dense,
)
from rnncourse.reference.functional import relu, relu_backward
from rnncourse.reference.lstm import (
    LSTMLayerCache,
    LSTMParams,
    init_lstm,
    lstm_backward,
    lstm_forward,
)
from rnncourse.reference.pooling import (
    PoolCache,
    max_pool_backward,
    max_pool_forward,
)
from rnncourse.reference.validate import (
    Array,
    check_choice,
    check_dtype,
    check_float,
    check_lengths,
    check_shape,
    check_size,
)

PADDINGS = ("valid", "same", "causal")


class CNNLSTMParams(NamedTuple):
    """``conv`` with ``W`` (n, D, F), ``lstm`` with ``W_x`` (F, 4H), ``out`` (H, K)."""

    conv: ConvParams
    lstm: LSTMParams
    out: DenseParams


class CNNLSTMCache(NamedTuple):
    """What :func:`cnn_lstm_forward` remembers for its backward pass."""

    live: NDArray[np.bool_] | None  # (T, B, 1), or None where all lengths are T
    conv: ConvCache
    features: Array  # (T', B, F), after the relu
    pool: PoolCache | None
    lstm: LSTMLayerCache
    h_T: Array  # (B, H)
    kernel: int


def init_cnn_lstm(
    kernel: int,
    D: int,
    F: int,
    H: int,
    K: int,
    *,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> CNNLSTMParams:
    """Draw the weights of the three layers, each as it does by itself.

    Parameters
    ----------
    kernel : int
        How many steps a pattern spans.
    D, F, H, K : int
        Sizes of input, features, state and output.

    Examples
    --------
    >>> p = init_cnn_lstm(3, 1, 8, 5, 1, rng=np.random.default_rng(0))
    >>> p.conv.W.shape, p.lstm.W_x.shape, p.out.W.shape
    ((3, 1, 8), (8, 20), (5, 1))
    """
    return CNNLSTMParams(
        conv=init_conv(kernel, D, F, rng=rng, dtype=dtype),
        lstm=init_lstm(F, H, rng=rng, dtype=dtype),
        out=init_dense(H, K, rng=rng, dtype=dtype),
    )


def cnn_lstm_forward(
    xs: Array,
    p: CNNLSTMParams,
    lengths: Any = None,
    *,
    padding: str = "causal",
    pool: int | None = None,
) -> tuple[Array, CNNLSTMCache]:
    """Read a batch of sequences and answer each with one vector.

    Parameters
    ----------
    xs : (T, B, D) array, float32 or float64
    p : CNNLSTMParams of the same dtype
    lengths : (B,) array of int, each in 1..T, optional
        A shorter sequence is answered as if it had been cut off: kernel and windows
        find as many places as on it alone. What stands after its length is never
        read; it may be NaN.
    padding : "valid", "same" or "causal"
        Of the convolution.
    pool : int, optional
        Keep the largest of so many features in a row; what does not fill a window
        is left out. Without it there is no pooling.

    Returns
    -------
    y : (B, K) array
    cache : CNNLSTMCache
        For :func:`cnn_lstm_backward`.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or an option does not fit, a sequence is too short for
        the kernel and the window, or a valid input is not finite.

    References
    ----------
    Donahue and others, 2015, arXiv:1411.4389, for images; Sainath and others, 2015,
    "Convolutional, long short-term memory, fully connected deep neural networks".

    Examples
    --------
    >>> p = init_cnn_lstm(3, 1, 8, 5, 2, rng=np.random.default_rng(0))
    >>> y, cache = cnn_lstm_forward(np.ones((29, 4, 1)), p, [29, 20, 8, 2], pool=2)
    >>> y.shape, len(cache.lstm.r) - 1
    ((4, 2), 14)
    """
    check_float("xs", xs)
    D = check_cnn_lstm(p)
    check_dtype("xs", xs, p.conv.W.dtype)
    check_shape("xs", xs, "T B D", D=D)
    T, B, _ = xs.shape
    if T == 0:
        raise ValueError("xs must have at least one time step, got T=0")
    shape: dict[str, Any] = {"padding": padding, "pool": pool}
    steps_left("xs", np.array([T]), len(p.conv.W), **shape)
    live, ends = None, None
    if lengths is not None:
        given = check_lengths(lengths, T, B)
        ends = steps_left("lengths", given, len(p.conv.W), **shape)
        live = (np.arange(T)[:, None] < given)[:, :, None]
        xs = np.where(live, xs, 0)  # a kernel may look beyond the end, as at a border
    a, conv = conv1d_forward(xs, p.conv, padding=padding)
    features = relu(a)
    read, pooled = features, None
    if pool is not None:
        read, pooled = max_pool_forward(features, pool)
    _, (h_T, _), lstm = lstm_forward(read, p.lstm, lengths=ends)
    y = dense_forward(h_T, p.out)  # (21.1)
    return y, CNNLSTMCache(live, conv, features, pooled, lstm, h_T, len(p.conv.W))


def cnn_lstm_backward(
    dy: Array, cache: CNNLSTMCache, p: CNNLSTMParams
) -> tuple[Array, CNNLSTMParams]:
    """Differentiate :func:`cnn_lstm_forward`, from the last layer to the first.

    Parameters
    ----------
    dy : (B, K) array
    cache : CNNLSTMCache
        From :func:`cnn_lstm_forward`.
    p : CNNLSTMParams
        The weights of that forward pass.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dp : CNNLSTMParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_cnn_lstm(3, 1, 8, 5, 2, rng=np.random.default_rng(0))
    >>> y, cache = cnn_lstm_forward(np.ones((29, 4, 1)), p, [29, 20, 8, 2], pool=2)
    >>> dxs, dp = cnn_lstm_backward(np.ones_like(y), cache, p)
    >>> dxs.shape, bool(dxs[20:, 1].any())
    ((29, 4, 1), False)
    """
    if not isinstance(cache, CNNLSTMCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from cnn_lstm_forward, got {kind}")
    live, conv, features, pooled, lstm, h_T, _ = cache
    check_cnn_lstm(p)
    check_dtype("p.conv.W", p.conv.W, h_T.dtype)
    sizes = {"n": cache.kernel, "D": conv.x.shape[2], "F": features.shape[2]}
    check_shape("p.conv.W", p.conv.W, "n D F", **sizes)
    check_shape("dy", dy, "B K", B=len(h_T), K=len(p.out.b))
    check_dtype("dy", dy, h_T.dtype)
    dh_T, dout = dense_backward(dy, h_T, p.out)  # (21.1), read upwards
    T = len(lstm.s) - 1
    dhs = np.zeros((T, *h_T.shape), dtype=h_T.dtype)  # only the last state is read
    dread, _, dlstm = lstm_backward(dhs, lstm, p.lstm, dh_T)
    dfeatures = dread if pooled is None else max_pool_backward(dread, pooled)
    da = relu_backward(dfeatures, features)
    dxs, dconv = conv1d_backward(da, conv, p.conv)
    if live is not None:
        dxs = np.where(live, dxs, 0)  # the zeros there were no inputs
    return dxs, CNNLSTMParams(dconv, dlstm, dout)


def steps_left(
    name: str,
    steps: NDArray[np.int64],
    kernel: int,
    *,
    padding: str = "causal",
    pool: int | None = None,
) -> NDArray[np.int64]:
    """Return how many steps the LSTM reads of sequences of these lengths.

    Parameters
    ----------
    name : str
        Of the argument, for messages.
    steps : (B,) array of int
    kernel : int
    padding, pool
        As in :func:`cnn_lstm_forward`.

    Returns
    -------
    (B,) array of int, each at least 1

    Raises
    ------
    TypeError, ValueError
        If an option does not fit or a sequence is too short for it.

    Examples
    --------
    >>> steps_left("lengths", np.array([9, 4]), kernel=3, padding="valid", pool=2)
    array([3, 1])
    """
    check_choice("padding", padding, PADDINGS)
    window = 1
    if pool is not None:
        check_size("pool", pool)
        window = pool
    lost = kernel - 1 if padding == "valid" else 0
    left = (steps - lost) // window  # (4.4), of the kernel and then of the window
    if (left < 1).any():
        raise ValueError(
            f"{name} must have at least {lost + window} steps for a kernel of {kernel} "
            f"and a window of {window}, got {steps.min()}"
        )
    return left


def check_cnn_lstm(p: Any) -> int:
    """Raise unless the three layers fit each other; return D.

    Examples
    --------
    >>> check_cnn_lstm(init_cnn_lstm(3, 1, 8, 5, 2, rng=np.random.default_rng(0)))
    1
    """
    if not isinstance(p, CNNLSTMParams):
        raise TypeError(f"p must be CNNLSTMParams, got {type(p).__name__}")
    if not isinstance(p.conv, ConvParams):
        raise TypeError(f"p.conv must be ConvParams, got {type(p.conv).__name__}")
    check_shape("p.conv.W", p.conv.W, "n D F")
    check_float("p.conv.W", p.conv.W)
    (_, D, F), dtype = p.conv.W.shape, p.conv.W.dtype
    check_shape("p.conv.b", p.conv.b, "F", F=F)
    check_dtype("p.conv.b", p.conv.b, dtype)
    _, H = check_cell("lstm", p.lstm, name="p.lstm", D=F, dtype=dtype)
    check_dense("p.out", p.out, "H K", dtype=dtype, H=H)
    return int(D)

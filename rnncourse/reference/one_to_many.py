"""One vector in, a sequence out: each output is the next input.

Works with any cell of :mod:`rnncourse.reference.cells`. A context vector comes in as
the first input, or as the first state, which
:func:`~rnncourse.reference.conditioning.context_state` makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.cells import State, cell_backward, cell_forward
from rnncourse.reference.dense import dense_backward, dense_forward
from rnncourse.reference.nested import nested_arrays, nested_from_arrays
from rnncourse.reference.readers import ReaderParams, check_reader
from rnncourse.reference.validate import (
    Array,
    check_dtype,
    check_finite,
    check_float,
    check_shape,
    check_size,
)


class OneToManyCache(NamedTuple):
    """What :func:`one_to_many_forward` remembers: its steps, and what was read."""

    cell: str
    steps: list[Any]
    hs: Array  # (T, B, H)
    feeds: bool  # whether the output itself was the next input


def one_to_many_forward(
    cell: str,
    x: Array,
    p: ReaderParams,
    n_steps: int,
    state: State | None = None,
    *,
    choose: Callable[[Array], Array] | None = None,
) -> tuple[Array, State, OneToManyCache]:
    """Read one vector, then its own outputs (15.4).

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    x : (B, D) array
        The first input.
    p : ReaderParams
    n_steps : int
        Number of outputs T.
    state : tuple of (B, H) arrays, optional
    choose : function, optional
        Maps an output (B, K) to the next input (B, D), as the embedding of the most
        probable symbol; a choice has no gradient, and none goes through it. If left
        out, the output is the next input, so K = D, and the gradient goes through.

    Returns
    -------
    ys : (T, B, K) array
    state_T : tuple of (B, H) arrays
    cache : OneToManyCache

    Raises
    ------
    TypeError, ValueError
        If something does not fit; the message names it.

    Examples
    --------
    >>> from rnncourse.reference.readers import init_reader
    >>> p = init_reader("rnn", 3, 5, 3, rng=np.random.default_rng(0))
    >>> ys, _, _ = one_to_many_forward("rnn", np.ones((2, 3)), p, 7)
    >>> ys.shape
    (7, 2, 3)
    """
    D, _, K = check_reader(cell, p)
    check_float("x", x)
    check_dtype("x", x, p.layer.W_x.dtype)
    check_shape("x", x, "B D", D=D)
    check_finite("x", x)
    check_size("n_steps", n_steps)
    B = len(x)
    if choose is None and K != D:
        raise ValueError(
            f"choose must be given where the output (K={K}) is no input (D={D})"
        )
    ys, hs, steps = [], [], []
    for _ in range(n_steps):
        h, state, step = cell_forward(cell, x[None], p.layer, state)
        y = dense_forward(h[0], p.out)  # (7.5)
        ys.append(y)
        hs.append(h[0])
        steps.append(step)
        if choose is None:
            x = y  # (15.4)
        else:
            x = choose(y.copy())
            check_shape("choose(y)", x, "B D", B=B, D=D)
            check_dtype("choose(y)", x, y.dtype)
    assert state is not None  # there was a step
    cache = OneToManyCache(cell, steps, np.stack(hs), choose is None)
    return np.stack(ys), state, cache


def one_to_many_backward(
    dys: Array, cache: OneToManyCache, p: ReaderParams, dstate_T: State | None = None
) -> tuple[Array, State, ReaderParams]:
    """Differentiate :func:`one_to_many_forward`.

    Parameters
    ----------
    dys : (T, B, K) array
    cache : OneToManyCache
    p : ReaderParams
    dstate_T : tuple of (B, H) arrays, optional

    Returns
    -------
    dx : (B, D) array
        With respect to the first input.
    dstate0 : tuple of (B, H) arrays
    dp : ReaderParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> from rnncourse.reference.readers import init_reader
    >>> p = init_reader("rnn", 3, 5, 3, rng=np.random.default_rng(0))
    >>> ys, _, cache = one_to_many_forward("rnn", np.ones((2, 3)), p, 7)
    >>> one_to_many_backward(np.ones_like(ys), cache, p)[0].shape
    (2, 3)
    """
    if not isinstance(cache, OneToManyCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from one_to_many_forward, got {kind}")
    check_reader(cache.cell, p)
    T, B, _ = cache.hs.shape
    check_shape("dys", dys, "T B K", T=T, B=B, K=len(p.out.b))
    check_dtype("dys", dys, cache.hs.dtype)
    dstate = dstate_T
    dx = np.zeros((B, len(p.layer.W_x)), dtype=dys.dtype)
    total = {name: np.zeros_like(w) for name, w in nested_arrays(p).items()}
    for t in reversed(range(T)):
        dy = dys[t]
        if cache.feeds and t < T - 1:
            dy = dy + dx  # from (15.4): what the next step sends to its input
        dh, dout = dense_backward(dy, cache.hs[t], p.out)
        (dx,), dstate, dlayer = cell_backward(
            cache.cell, dh[None], cache.steps[t], p.layer, dstate
        )
        for name, now in nested_arrays(ReaderParams(dlayer, dout)).items():
            total[name] += now
    assert dstate is not None  # there was a step
    return dx, dstate, nested_from_arrays(p, total)

"""The cells by name, all called in one way, for what is built around any of them.

A cell takes and gives a tuple of states: (h,) of a plain layer or a GRU, (h, c) of an
LSTM. A new cell needs one line in ``CELLS``, if ``forward(xs, p, *state,
lengths=...)`` and ``backward(dhs, cache, p, *dstate)`` fit it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.gru import SHAPES as GRU_SHAPES
from rnncourse.reference.gru import GRUParams, gru_backward, gru_forward, init_gru
from rnncourse.reference.lstm import LSTMParams, init_lstm, lstm_backward, lstm_forward
from rnncourse.reference.lstm_loop import PLAIN, check_weights
from rnncourse.reference.rnn import RNNParams, init_rnn, rnn_backward, rnn_forward
from rnncourse.reference.validate import Array, check_choice, check_dtype, check_shape

State = tuple[Array, ...]


class Cell(NamedTuple):
    """One kind of recurrent layer: its weights' shapes and the names of its states."""

    params: type
    shapes: Mapping[str, str]
    init: Callable[..., Any]
    forward: Callable[..., tuple[Array, Any, Any]]
    backward: Callable[..., tuple[Array, Any, Any]]
    states: tuple[str, ...] = ("h",)


RNN_SHAPES = {"W_x": "D H", "W_h": "H H", "b": "H"}
CELLS = {
    "rnn": Cell(RNNParams, RNN_SHAPES, init_rnn, rnn_forward, rnn_backward),
    "lstm": Cell(LSTMParams, PLAIN, init_lstm, lstm_forward, lstm_backward, ("h", "c")),
    "gru": Cell(GRUParams, GRU_SHAPES, init_gru, gru_forward, gru_backward),
}


def find_cell(cell: str) -> Cell:
    """Return the cell of a name.

    Examples
    --------
    >>> find_cell("lstm").states
    ('h', 'c')
    """
    check_choice("cell", cell, tuple(CELLS))
    return CELLS[cell]


def init_cell(
    cell: str, D: int, H: int, *, rng: np.random.Generator, dtype: Any = np.float64
) -> Any:
    """Draw the weights of a cell.

    Examples
    --------
    >>> init_cell("gru", 3, 5, rng=np.random.default_rng(0)).W_x.shape
    (3, 15)
    """
    return find_cell(cell).init(D, H, rng=rng, dtype=dtype)


def cell_forward(
    cell: str, xs: Array, p: Any, state: State | None = None, lengths: Any = None
) -> tuple[Array, State, Any]:
    """Read a batch of sequences with any cell.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    xs : (T, B, D) array, float32 or float64
    p : the cell's weights, of the same dtype
    state : tuple of (B, H) arrays, optional
        One for each state of the cell, as (h, c) of an LSTM; zeros if left out.
    lengths : (B,) array of int, each in 1..T, optional
        A finished sequence keeps its state.

    Returns
    -------
    hs : (T, B, H) array
    state_T : tuple of (B, H) arrays
    cache
        For :func:`cell_backward`.

    Raises
    ------
    TypeError, ValueError
        If the cell is unknown, the number of states is wrong, or an argument does
        not fit the cell; the message names it.

    Examples
    --------
    >>> p = init_cell("rnn", 3, 5, rng=np.random.default_rng(0))
    >>> hs, (h_T,), _ = cell_forward("rnn", np.ones((7, 2, 3)), p)
    >>> bool((hs[-1] == h_T).all())
    True
    """
    known = find_cell(cell)
    given = open_state("state", state, known)
    hs, last, cache = known.forward(xs, p, *given, lengths=lengths)
    return hs, _as_tuple(last), cache


def cell_backward(
    cell: str, dhs: Array, cache: Any, p: Any, dstate_T: State | None = None
) -> tuple[Array, State, Any]:
    """Go back through time with any cell.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    dhs : (T, B, H) array
        Derivative of the loss with respect to each h, through its own output.
    cache
        From :func:`cell_forward`.
    p : the cell's weights in that forward pass
    dstate_T : tuple of (B, H) arrays, optional
        What arrives at the last states from beyond; zeros if left out.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dstate0 : tuple of (B, H) arrays
    dp : like p

    Raises
    ------
    TypeError, ValueError
        As in :func:`cell_forward`, and if the cache is of another kind.

    Examples
    --------
    >>> p = init_cell("lstm", 3, 5, rng=np.random.default_rng(0))
    >>> hs, _, cache = cell_forward("lstm", np.ones((7, 2, 3)), p)
    >>> dxs, (dh0, dc0), dp = cell_backward("lstm", np.ones_like(hs), cache, p)
    >>> dxs.shape, dc0.shape
    ((7, 2, 3), (2, 5))
    """
    known = find_cell(cell)
    given = open_state("dstate_T", dstate_T, known)
    dxs, first, dp = known.backward(dhs, cache, p, *given)
    return dxs, _as_tuple(first), dp


def check_cell(
    cell: str,
    p: Any,
    *,
    name: str = "p",
    D: int | None = None,
    H: int | None = None,
    dtype: Any = None,
) -> tuple[int, int]:
    """Raise unless weights are those of a cell and fit each other; return D and H.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    p : the cell's weights
    name : str
        Of the argument, for messages: a part of other weights has a longer one.
    D, H : int, optional
        Where they are known already.
    dtype : optional
        That of their partners, where it is known.

    Examples
    --------
    >>> p = init_cell("lstm", 3, 5, rng=np.random.default_rng(0))
    >>> check_cell("lstm", p)
    (3, 5)
    >>> check_cell("lstm", p, name="p.decoder", D=4)
    Traceback (most recent call last):
        ...
    ValueError: p.decoder.W_x must have shape (D=4, 4H=20), got (3, 20)
    """
    known = find_cell(cell)
    D, H = check_weights(p, known.params, known.shapes, D, H, name=name)
    if dtype is not None:
        check_dtype(f"{name}.W_x", p.W_x, dtype)
    return D, H


def check_state(
    name: str, state: Any, cell: str, *, B: int, H: int, dtype: Any
) -> State:
    """Return a cell's state after a look at all its parts; zeros where it is None.

    Examples
    --------
    >>> check_state("state", None, "gru", B=1, H=2, dtype=np.float64)
    (array([[0., 0.]]),)
    >>> check_state("state", (np.zeros((1, 3)),), "gru", B=1, H=2, dtype=np.float64)
    Traceback (most recent call last):
        ...
    ValueError: state[0] must have shape (B=1, H=2), got (1, 3)
    """
    known = find_cell(cell)
    if state is None:
        return tuple(np.zeros((B, H), dtype=dtype) for _ in known.states)
    for k, part in enumerate(open_state(name, state, known)):
        check_shape(f"{name}[{k}]", part, "B H", B=B, H=H)
        check_dtype(f"{name}[{k}]", part, dtype)
    return tuple(state)


def open_state(name: str, state: Any, cell: Cell) -> State:
    """Return what is given for the states of a cell; nothing where nothing is.

    Examples
    --------
    >>> open_state("state", None, find_cell("gru"))
    ()
    """
    if state is None:
        return ()
    if not isinstance(state, tuple) or len(state) != len(cell.states):
        want = ", ".join(cell.states) + ("," if len(cell.states) == 1 else "")
        found = f"{len(state)}" if isinstance(state, tuple) else type(state).__name__
        raise TypeError(f"{name} must be a tuple ({want}), got {found}")
    return state


def _as_tuple(state: Any) -> State:
    return state if isinstance(state, tuple) else (state,)

"""The cells by name, all called in one way, for what is built around any of them.

A cell takes and gives a tuple of states: (h,) of a plain layer or a GRU, (h, c) of an
LSTM. A new cell needs one line in ``CELLS``, if ``forward(xs, p, *state,
lengths=...)`` and ``backward(dhs, cache, p, *dstate)`` fit it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.gru import GRUParams, gru_backward, gru_forward, init_gru
from rnncourse.reference.lstm import LSTMParams, init_lstm, lstm_backward, lstm_forward
from rnncourse.reference.rnn import RNNParams, init_rnn, rnn_backward, rnn_forward
from rnncourse.reference.validate import Array, check_choice

State = tuple[Array, ...]


class Cell(NamedTuple):
    """One kind of recurrent layer and the names of its states."""

    params: type
    init: Callable[..., Any]
    forward: Callable[..., tuple[Array, Any, Any]]
    backward: Callable[..., tuple[Array, Any, Any]]
    states: tuple[str, ...] = ("h",)


CELLS = {
    "rnn": Cell(RNNParams, init_rnn, rnn_forward, rnn_backward),
    "lstm": Cell(LSTMParams, init_lstm, lstm_forward, lstm_backward, ("h", "c")),
    "gru": Cell(GRUParams, init_gru, gru_forward, gru_backward),
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

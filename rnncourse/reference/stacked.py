"""Depth by layers: each reads the states of the one below.

A layer is a cell of :mod:`rnncourse.reference.cells` or, with
:class:`~rnncourse.reference.bidirectional.BidirectionalParams`, two of them. The other
places for depth are in :mod:`rnncourse.reference.deep`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.bidirectional import (
    BidirectionalParams,
    bidirectional_backward,
    bidirectional_forward,
    check_bidirectional,
    init_bidirectional,
)
from rnncourse.reference.cells import (
    cell_backward,
    cell_forward,
    check_cell,
    find_cell,
    init_cell,
)
from rnncourse.reference.validate import (
    Array,
    check_dtype,
    check_float,
    check_shape,
    check_size,
)


class StackedParams(NamedTuple):
    """The weights of each layer, the lowest first."""

    layers: tuple[Any, ...]


class StackedCache(NamedTuple):
    """What a stack remembers: the cell, its layers, and whether they add up."""

    cell: str
    layers: list[Any]
    residual: bool
    shape: tuple[int, ...]  # of hs
    dtype: Any


def init_stacked(
    cell: str,
    D: int,
    H: int,
    n_layers: int,
    *,
    bidirectional: bool = False,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> StackedParams:
    """Draw the weights of each layer.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    D, H : int
        Sizes of input and state, the same state size in each layer.
    n_layers : int
    bidirectional : bool
        Two directions in each layer; the one above reads 2H values a step.
    rng : numpy.random.Generator
    dtype : float32 or float64

    Examples
    --------
    >>> p = init_stacked("rnn", 3, 5, 2, rng=np.random.default_rng(0))
    >>> [layer.W_x.shape for layer in p.layers]
    [(3, 5), (5, 5)]
    """
    check_size("n_layers", n_layers)
    init = init_bidirectional if bidirectional else init_cell
    width = 2 * H if bidirectional else H
    sizes = [D] + [width] * (n_layers - 1)
    return StackedParams(tuple(init(cell, n, H, rng=rng, dtype=dtype) for n in sizes))


def stacked_forward(
    cell: str,
    xs: Array,
    p: StackedParams,
    states: tuple[Any, ...] | None = None,
    lengths: Any = None,
    *,
    residual: bool = False,
) -> tuple[Array, tuple[Any, ...], StackedCache]:
    """Read a batch of sequences with several layers.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    xs : (T, B, D) array, float32 or float64
    p : StackedParams of the same dtype
    states : tuple with the state of each layer, optional
        For each a tuple of (B, H) arrays, as (h, c) of an LSTM; with two directions
        two such tuples; or None for zeros.
    lengths : (B,) array of int, each in 1..T, optional
        In each layer a finished sequence keeps its state.
    residual : bool
        Add to what each layer but the lowest says what it has read (He and others,
        2016, arXiv:1512.03385, for images). All layers must be equally wide.

    Returns
    -------
    hs : (T, B, H) array
        What the highest layer says; 2H values with two directions.
    states_T : tuple
        The last state of each layer.
    cache : StackedCache
        For :func:`stacked_backward`.

    Raises
    ------
    TypeError, ValueError
        If the cell is unknown, or a shape, a dtype, a length or the number of states
        does not fit, or a valid input is not finite; the message names it.

    Examples
    --------
    >>> p = init_stacked("lstm", 3, 5, 2, rng=np.random.default_rng(0))
    >>> hs, states_T, _ = stacked_forward("lstm", np.ones((7, 2, 3)), p)
    >>> hs.shape, len(states_T), bool((hs[-1] == states_T[1][0]).all())
    ((7, 2, 5), 2, True)
    """
    widths = check_stacked(cell, p, residual=residual)
    check_float("xs", xs)
    low = p.layers[0]
    low = low.forwards if isinstance(low, BidirectionalParams) else low
    check_dtype("xs", xs, low.W_x.dtype)
    given = _open_each("states", states, len(widths))
    hs, last, caches = xs, [], []
    for k, (layer, state) in enumerate(zip(p.layers, given, strict=True)):
        double = isinstance(layer, BidirectionalParams)
        run = bidirectional_forward if double else cell_forward
        below = hs
        hs, end, cache = run(cell, below, layer, state, lengths)  # (14.1)
        if residual and k:
            hs = hs + below  # (14.5)
        last.append(end)
        caches.append(cache)
    return hs, tuple(last), StackedCache(cell, caches, residual, hs.shape, hs.dtype)


def stacked_backward(
    dhs: Array,
    cache: StackedCache,
    p: StackedParams,
    dstates_T: tuple[Any, ...] | None = None,
) -> tuple[Array, tuple[Any, ...], StackedParams]:
    """Differentiate :func:`stacked_forward`, from the highest layer down.

    Parameters
    ----------
    dhs : array like hs
    cache : StackedCache
        From :func:`stacked_forward`.
    p : StackedParams
        The weights of that forward pass.
    dstates_T : tuple, optional
        What arrives at the last state of each layer from beyond, each as ``states``
        of the forward pass; zeros if left out.

    Returns
    -------
    dxs : (T, B, D) array
        Zero where a sequence had ended.
    dstates0 : tuple
        For each layer.
    dp : StackedParams

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_stacked("rnn", 3, 5, 2, rng=np.random.default_rng(0))
    >>> hs, _, cache = stacked_forward("rnn", np.ones((7, 2, 3)), p)
    >>> dxs, dstates0, dp = stacked_backward(np.ones_like(hs), cache, p)
    >>> dxs.shape, len(dp.layers)
    ((7, 2, 3), 2)
    """
    if not isinstance(cache, StackedCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from stacked_forward, got {kind}")
    cell, caches, residual, (T, B, H), dtype = cache
    widths = check_stacked(cell, p, residual=residual)
    if len(widths) != len(caches):
        raise ValueError(
            f"p must have the {len(caches)} layers of the cache, got {len(widths)}"
        )
    given = _open_each("dstates_T", dstates_T, len(widths))
    check_shape("dhs", dhs, "T B H", T=T, B=B, H=H)
    check_dtype("dhs", dhs, dtype)
    first: list[Any] = []
    grads: list[Any] = []
    found: list[Any]
    for k in reversed(range(len(widths))):
        layer, above, arrived = p.layers[k], dhs, given[k]
        if isinstance(layer, BidirectionalParams):
            dhs, *found = bidirectional_backward(dhs, caches[k], layer, arrived)
        else:
            dhs, *found = cell_backward(cell, dhs, caches[k], layer, arrived)
        if residual and k:
            dhs = dhs + above  # from (14.5)
        first.append(found[0])
        grads.append(found[1])
    return dhs, tuple(first[::-1]), StackedParams(tuple(grads[::-1]))


def check_stacked(cell: str, p: Any, *, residual: bool = False) -> list[int]:
    """Raise unless each layer fits the one below; return how wide each one is.

    Examples
    --------
    >>> p = init_stacked("rnn", 3, 5, 2, bidirectional=True,
    ...                  rng=np.random.default_rng(0))
    >>> check_stacked("rnn", p)
    [10, 10]
    """
    if not isinstance(p, StackedParams):
        raise TypeError(f"p must be StackedParams, got {type(p).__name__}")
    if not isinstance(p.layers, tuple) or not p.layers:
        found = 0 if isinstance(p.layers, tuple) else type(p.layers).__name__
        raise ValueError(f"p.layers must be a tuple of at least one, got {found}")
    kind: Any = find_cell(cell).params
    widths: list[int] = []
    for k, layer in enumerate(p.layers):
        name = f"p.layers[{k}]"
        if isinstance(layer, BidirectionalParams):
            D, H = check_bidirectional(cell, layer, name=name)
            width = 2 * H
        elif isinstance(layer, kind):
            D, width = check_cell(cell, layer, name=name)
        else:
            raise TypeError(
                f"{name} must be {kind.__name__} or BidirectionalParams, got "
                f"{type(layer).__name__}"
            )
        if widths and widths[-1] != D:
            raise ValueError(f"{name} must read D={widths[-1]} values, got D={D}")
        if residual and widths and widths[-1] != width:
            raise ValueError(
                f"{name} must be {widths[-1]} wide like the layer below, to which it "
                f"is added, got {width}"
            )
        widths.append(width)
    return widths


def _open_each(name: str, given: Any, n: int) -> tuple[Any, ...]:
    """Return one entry a layer; None for each where nothing is given."""
    if given is None:
        return (None,) * n
    if not isinstance(given, tuple) or len(given) != n:
        found = len(given) if isinstance(given, tuple) else type(given).__name__
        raise TypeError(
            f"{name} must be a tuple of {n}, one for each layer, got {found}"
        )
    return given

"""Parameters inside parameters: name every array, and put them back.

A network of several parts keeps the parameters of each part in a field of its own.
Optimisers and gradient checks want one level of names; these two go there and back.
"""

from __future__ import annotations

from typing import Any

from rnncourse.reference.validate import Array


def nested_arrays(p: Any) -> dict[str, Array]:
    """Return all arrays of nested tuples by path, for an optimiser.

    Parameters
    ----------
    p : NamedTuple or tuple
        Of arrays, of further tuples, or of None where a part is left out.

    Returns
    -------
    dict
        The arrays themselves, under names such as ``"encoder.W_x"``; a plain tuple
        counts from 0.

    Raises
    ------
    TypeError
        If it is no tuple.

    Examples
    --------
    >>> import numpy as np
    >>> from rnncourse.reference.dense import init_mlp
    >>> list(nested_arrays(init_mlp([3, 8, 2], rng=np.random.default_rng(0))))
    ['layers.0.W', 'layers.0.b', 'layers.1.W', 'layers.1.b']
    """
    if not isinstance(p, tuple):
        raise TypeError(f"p must be a tuple of parameters, got {type(p).__name__}")
    found: dict[str, Array] = {}
    for name, part in zip(_names(p), p, strict=True):
        if isinstance(part, tuple):
            found |= {f"{name}.{n}": w for n, w in nested_arrays(part).items()}
        elif part is not None:
            found[name] = part
    return found


def nested_from_arrays(like: Any, arrays: dict[str, Array]) -> Any:
    """Undo :func:`nested_arrays`.

    Parameters
    ----------
    like : NamedTuple or tuple
        Says how the parts are nested; its arrays are not used.
    arrays : dict
        One array for each path.

    Returns
    -------
    same kind as ``like``

    Raises
    ------
    ValueError
        If a path is missing or there is one too many.

    Examples
    --------
    >>> import numpy as np
    >>> from rnncourse.reference.dense import init_mlp
    >>> p = init_mlp([3, 8, 2], rng=np.random.default_rng(0))
    >>> doubled = {name: 2 * w for name, w in nested_arrays(p).items()}
    >>> bool((nested_from_arrays(p, doubled).layers[1].W == 2 * p.layers[1].W).all())
    True
    """
    want = nested_arrays(like)
    if arrays.keys() != want.keys():
        raise ValueError(
            f"arrays must have the names {sorted(want)}, got {sorted(arrays)}"
        )
    return _put_back(like, arrays, "")


def add_params(a: Any, b: Any) -> Any:
    """Add two gradients of the same kind, however deep their tuples.

    Examples
    --------
    >>> import numpy as np
    >>> from rnncourse.reference.dense import DenseParams
    >>> one = DenseParams(np.ones((1, 1)), np.zeros(1))
    >>> add_params((one, one), (one, one))[1].W
    array([[2.]])
    """
    if not isinstance(a, tuple):
        return a + b
    parts = [add_params(x, y) for x, y in zip(a, b, strict=True)]
    return type(a)(*parts) if hasattr(a, "_fields") else tuple(parts)


def _put_back(like: Any, arrays: dict[str, Array], path: str) -> Any:
    parts = [
        _put_back(part, arrays, f"{path}{name}.")
        if isinstance(part, tuple)
        else arrays.get(path + name)  # None where a part is left out
        for name, part in zip(_names(like), like, strict=True)
    ]
    return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)


def _names(p: Any) -> list[str]:
    return list(getattr(p, "_fields", map(str, range(len(p)))))

"""Optimisers over parameters that are NamedTuples or dicts of arrays.

An optimiser keeps its state and returns new parameters; it never changes the arrays
it is given.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from rnncourse.reference.validate import (
    Array,
    check_dtype,
    check_finite,
    check_float,
)

Params = TypeVar("Params", bound=Any)


def named(params: Any) -> dict[str, Array]:
    """Return the arrays of a NamedTuple or dict by name.

    Raises
    ------
    TypeError
        If it is neither.

    Examples
    --------
    >>> list(named({"w": np.zeros(2)}))
    ['w']
    """
    if isinstance(params, dict):
        return params
    if hasattr(params, "_asdict"):
        return dict(params._asdict())
    raise TypeError(
        f"params must be a NamedTuple or dict of arrays, got {type(params).__name__}"
    )


def rebuild(params: Any, arrays: dict[str, Array]) -> Any:
    """Put arrays into the same kind of container as ``params``.

    Examples
    --------
    >>> rebuild({"w": np.zeros(2)}, {"w": np.ones(2)})["w"]
    array([1., 1.])
    """
    return arrays if isinstance(params, dict) else type(params)(**arrays)


def pairs(params: Any, grads: Any) -> dict[str, tuple[Array, Array]]:
    """Match parameters with gradients by name and check their shapes.

    Examples
    --------
    >>> list(pairs({"w": np.zeros(2)}, {"w": np.ones(2)}))
    ['w']
    """
    weights, slopes = named(params), named(grads)
    if weights.keys() != slopes.keys():
        raise ValueError(
            f"grads must have the names {sorted(weights)}, got {sorted(slopes)}"
        )
    for name, w in weights.items():
        if np.shape(slopes[name]) != np.shape(w):
            raise ValueError(
                f"grads.{name} must have shape {np.shape(w)}, "
                f"got {np.shape(slopes[name])}"
            )
    return {name: (w, slopes[name]) for name, w in weights.items()}


def check_rate(name: str, value: float, *, below: float = np.inf) -> float:
    """Return a positive number below a bound as a float, or raise.

    Examples
    --------
    >>> check_rate("lr", 0.1)
    0.1
    """
    if not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not 0 < value < below:
        limit = "positive" if below == np.inf else f"in (0, {below:g})"
        raise ValueError(f"{name} must be {limit}, got {value}")
    return float(value)  # a NumPy scalar would turn float32 weights into float64


def finite_pairs(params: Any, grads: Any) -> dict[str, tuple[Array, Array]]:
    """Match as :func:`pairs`; a gradient that is not finite is an error.

    Examples
    --------
    >>> list(finite_pairs({"w": np.zeros(2)}, {"w": np.ones(2)}))
    ['w']
    """
    matched = pairs(params, grads)
    for name, (w, dw) in matched.items():
        check_float(f"params.{name}", w)
        check_dtype(f"grads.{name}", dw, w.dtype)
        check_finite(f"grads.{name}", dw)
    return matched


class SGD:
    """Plain gradient descent: w ← w − lr · dw.

    Examples
    --------
    >>> SGD(lr=0.5).update({"w": np.array([1.0])}, {"w": np.array([0.2])})["w"]
    array([0.9])
    """

    def __init__(self, lr: float) -> None:
        self.lr = check_rate("lr", lr)

    def update(self, params: Params, grads: Any) -> Params:
        """Return the parameters one step on."""
        new = {
            n: w - self.lr * dw for n, (w, dw) in finite_pairs(params, grads).items()
        }
        updated: Params = rebuild(params, new)
        return updated


class Momentum:
    """Gradient descent with a memory: v ← μ v + dw, w ← w − lr · v.

    The form of ``torch.optim.SGD(momentum=μ)``.

    Examples
    --------
    >>> optimiser = Momentum(lr=0.5, momentum=0.5)
    >>> w = optimiser.update({"w": np.array([1.0])}, {"w": np.array([0.2])})
    >>> optimiser.update(w, {"w": np.array([0.2])})["w"].round(3)
    array([0.75])
    """

    def __init__(self, lr: float, momentum: float = 0.9) -> None:
        self.lr = check_rate("lr", lr)
        self.momentum = check_rate("momentum", momentum, below=1)
        self.v: dict[str, Array] = {}

    def update(self, params: Params, grads: Any) -> Params:
        """Return the parameters one step on."""
        new = {}
        for name, (w, dw) in finite_pairs(params, grads).items():
            self.v[name] = self.momentum * self.v.get(name, 0) + dw
            new[name] = w - self.lr * self.v[name]
        updated: Params = rebuild(params, new)
        return updated


class Adam:
    """Adam with bias correction.

    References
    ----------
    Kingma and Ba, 2015, arXiv:1412.6980, algorithm 1.

    Examples
    --------
    >>> w, dw = {"w": np.array([1.0])}, {"w": np.array([0.2])}
    >>> Adam(lr=0.1).update(w, dw)["w"].round(6)
    array([0.9])
    """

    def __init__(
        self,
        lr: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        self.lr = check_rate("lr", lr)
        self.beta1 = check_rate("beta1", beta1, below=1)
        self.beta2 = check_rate("beta2", beta2, below=1)
        self.eps = check_rate("eps", eps)
        self.steps = 0
        self.m: dict[str, Array] = {}
        self.v: dict[str, Array] = {}

    def update(self, params: Params, grads: Any) -> Params:
        """Return the parameters one step on."""
        matched = finite_pairs(params, grads)
        self.steps += 1
        new = {}
        for name, (w, dw) in matched.items():
            m = self.beta1 * self.m.get(name, 0) + (1 - self.beta1) * dw
            v = self.beta2 * self.v.get(name, 0) + (1 - self.beta2) * dw**2
            self.m[name], self.v[name] = m, v
            m_hat = m / (1 - self.beta1**self.steps)
            v_hat = v / (1 - self.beta2**self.steps)
            new[name] = w - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
        updated: Params = rebuild(params, new)
        return updated


class AdamW(Adam):
    """Adam whose weight decay goes to the weights directly, not through the gradient.

    References
    ----------
    Loshchilov and Hutter, 2019, arXiv:1711.05101, algorithm 2.

    Examples
    --------
    >>> w, dw = {"w": np.array([1.0])}, {"w": np.array([0.2])}
    >>> AdamW(lr=0.1, weight_decay=0.5).update(w, dw)["w"].round(6)
    array([0.85])
    """

    def __init__(
        self,
        lr: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(lr, beta1, beta2, eps)
        self.weight_decay = check_rate("weight_decay", weight_decay)

    def update(self, params: Params, grads: Any) -> Params:
        """Return the parameters one step on."""
        keep = 1 - self.lr * self.weight_decay
        shrunk = {n: w * keep for n, (w, _) in finite_pairs(params, grads).items()}
        updated: Params = super().update(rebuild(params, shrunk), grads)  # (2.6)
        return updated


class RMSprop:
    """Divide each slope by its own recent size: v ← ρ v + (1 − ρ) dw².

    References
    ----------
    Tieleman and Hinton, 2012, lecture 6.5 of "Neural networks for machine learning".

    Examples
    --------
    >>> w, dw = {"w": np.array([1.0])}, {"w": np.array([0.2])}
    >>> RMSprop(lr=0.1, decay=0.75).update(w, dw)["w"].round(6)
    array([0.8])
    """

    def __init__(self, lr: float = 1e-2, decay: float = 0.99, eps: float = 1e-8):
        self.lr = check_rate("lr", lr)
        self.decay = check_rate("decay", decay, below=1)
        self.eps = check_rate("eps", eps)
        self.v: dict[str, Array] = {}

    def update(self, params: Params, grads: Any) -> Params:
        """Return the parameters one step on."""
        new = {}
        for name, (w, dw) in finite_pairs(params, grads).items():
            v = self.decay * self.v.get(name, 0) + (1 - self.decay) * dw**2
            self.v[name] = v
            new[name] = w - self.lr * dw / (np.sqrt(v) + self.eps)  # (2.4)
        updated: Params = rebuild(params, new)
        return updated


def global_norm(grads: Any) -> float:
    """Return the Euclidean length of all gradients as one long vector.

    Examples
    --------
    >>> global_norm({"a": np.array([3.0]), "b": np.array([4.0])})
    5.0
    """
    return float(np.sqrt(sum(np.sum(np.square(g)) for g in named(grads).values())))


def clip_by_global_norm(grads: Params, max_norm: float) -> tuple[Params, float]:
    """Shorten the gradients if they are longer than ``max_norm``; keep the direction.

    Returns
    -------
    grads : same kind as given
    norm : float
        The length before clipping.

    Raises
    ------
    ValueError
        If ``max_norm`` is not positive or a gradient is not finite: a length that
        is NaN cannot be mended by shortening.

    References
    ----------
    Pascanu, Mikolov and Bengio, 2013, arXiv:1211.5063, algorithm 1.

    Examples
    --------
    >>> grads = {"a": np.array([3.0]), "b": np.array([4.0])}
    >>> grads, norm = clip_by_global_norm(grads, 1.0)
    >>> norm
    5.0
    >>> grads["b"].round(3)
    array([0.8])
    """
    max_norm = check_rate("max_norm", max_norm)
    norm = global_norm(grads)
    if not np.isfinite(norm):
        raise ValueError(f"grads must be finite to be clipped, got norm {norm}")
    if norm <= max_norm:
        return grads, norm
    scale = max_norm / norm
    return rebuild(grads, {n: g * scale for n, g in named(grads).items()}), norm


def clip_by_value(grads: Params, limit: float) -> Params:
    """Cut every entry to −limit..limit; this can turn the direction.

    Returns
    -------
    grads : same kind as given

    Raises
    ------
    ValueError
        If ``limit`` is not positive or a gradient is not finite.

    References
    ----------
    Mikolov, 2012, "Statistical language models based on neural networks", thesis, Brno.

    Examples
    --------
    >>> clip_by_value({"a": np.array([3.0, -0.5])}, 1.0)["a"]
    array([ 1. , -0.5])
    """
    limit = check_rate("limit", limit)
    for name, g in named(grads).items():
        check_finite(f"grads.{name}", g)
    clipped: Params = rebuild(
        grads,
        {n: np.clip(g, -limit, limit) for n, g in named(grads).items()},  # (9.13)
    )
    return clipped

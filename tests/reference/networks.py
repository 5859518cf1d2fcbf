"""What every network of several parts is held to: differences, padding, batches."""

import math

import numpy as np

from rnncourse.reference.gradcheck import relative_error
from rnncourse.reference.nested import nested_arrays, nested_from_arrays
from tests.reference.differences import assert_gradient


def widen(p, rng, scale=0.7, dtype=np.float64):
    """Return weights drawn anew, biases too, so that no gradient is near zero."""
    wide = {n: scale * rng.normal(size=w.shape) for n, w in nested_arrays(p).items()}
    return nested_from_arrays(p, {n: w.astype(dtype) for n, w in wide.items()})


def like(tree, rng):
    """Return a tree of the same shapes with other numbers."""
    arrays = nested_arrays(tree)
    drawn = {n: rng.normal(size=a.shape).astype(a.dtype) for n, a in arrays.items()}
    return nested_from_arrays(tree, drawn)


def assert_backward(forward, backward, args, rng):
    """Compare with central differences.

    ``forward(*args)`` gives a tree of results and a cache, ``backward(slopes, cache)``
    the gradients in a tuple like ``args``.
    """
    given = nested_arrays(args)
    results, cache = forward(*args)
    base = nested_arrays(results)
    slopes = like(results, rng)
    flat_slopes = nested_arrays(slopes)

    def loss(q):
        moved = nested_arrays(forward(*nested_from_arrays(args, q))[0])
        parts = [((moved[n] - base[n]) * flat_slopes[n]).ravel() for n in base]
        return math.fsum(np.concatenate(parts))  # less rounding

    grads = nested_arrays(backward(slopes, cache))
    assert_gradient(loss, given, grads)


def assert_same(got, want, tol=1e-12):
    """Compare two trees of arrays."""
    got, want = nested_arrays(got), nested_arrays(want)
    assert got.keys() == want.keys()
    for name, a in got.items():
        assert a.dtype == want[name].dtype
        assert relative_error(a, want[name]).max(initial=0) <= tol, name


def spoil(xs, lengths, rubbish):
    """Return a copy with rubbish after each length."""
    spoilt = xs.copy()
    spoilt[np.arange(len(xs))[:, None] >= np.array(lengths)] = rubbish
    return spoilt


def assert_padding_is_never_read(forward, backward, xs, dys, lengths, rubbish):
    """Hold that rubbish changes nothing and that each sequence stands for itself.

    ``forward(xs, lengths)`` gives (ys, states, cache); ``backward(dys, cache)``
    the gradients, those of the inputs first.
    """
    ys, last, cache = forward(xs, lengths)
    grads = backward(dys, cache)
    ys_2, last_2, cache_2 = forward(spoil(xs, lengths, rubbish), lengths)
    assert_same((ys_2, last_2, *backward(dys, cache_2)), (ys, last, *grads), 0)
    for k, n in enumerate(lengths):
        one, end, _ = forward(xs[:n, [k]], None)
        np.testing.assert_allclose(ys[:n, [k]], one, rtol=1e-11, atol=1e-13)
        ends = nested_arrays((last,)).values(), nested_arrays((end,)).values()
        for a, b in zip(*ends, strict=True):
            np.testing.assert_allclose(a[[k]], b, rtol=1e-11, atol=1e-13)
        assert not grads[0][n:, k].any()

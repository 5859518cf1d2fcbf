"""Central differences for deep networks, whose small gradients drown in rounding."""

from rnncourse.reference.gradcheck import numerical_gradient, relative_error


def assert_gradient(f, params, grads, tol=1e-7, eps=1e-3):
    """Compare with two central differences, extrapolated to a nudge of zero.

    Their errors are c·ε² + O(ε⁴), so (4·g(ε) - g(2ε)) / 3 is without the first term.
    That allows a nudge at which rounding, δ/ε, is a hundred times smaller.
    """
    near, far = (numerical_gradient(f, params, step) for step in (eps, 2 * eps))
    assert near.keys() == grads.keys()
    for name, given in grads.items():
        measured = (4 * near[name] - far[name]) / 3
        assert given.shape == measured.shape
        assert relative_error(given, measured).max(initial=0) <= tol, name

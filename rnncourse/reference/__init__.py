"""The equations in NumPy, forward and backward; nothing here knows autograd."""

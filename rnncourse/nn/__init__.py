"""PyTorch twins of the reference networks: same names, same order, any device."""

from rnncourse.nn.rnn import RNN

__all__ = ["RNN"]

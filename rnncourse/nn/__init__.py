"""PyTorch twins of the reference networks: same names, same order, any device."""

from rnncourse.nn.recurrent import RNN

__all__ = ["RNN"]

"""The support package of the course on recurrent neural networks.

Importing it is cheap: neither torch nor Matplotlib is loaded until a part that
needs them is.
"""

__version__ = "0.1.0"

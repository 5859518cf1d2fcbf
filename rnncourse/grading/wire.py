"""Plain values between two processes: a JSON header and a safetensors body.

Both ends use this file. Nothing that is read here can run code, and everything that
is read has a limit that is looked at before memory is taken.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from safetensors.numpy import load, save

MAX_HEAD = 4 << 20  # bytes of JSON
MAX_BODY = 96 << 20  # bytes of arrays
MAX_INDEX = 1 << 20  # bytes of the index within the body
MAX_NODES = 200_000
MAX_DEPTH = 16
MAX_BITS = 1024  # of a whole number; more does not fit a float
LENGTHS = struct.Struct(">II")

NATIVE = {
    *map(np.dtype, ("bool", "float16", "float32", "float64")),
    *(np.dtype(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)),
}
RAW = {"complex64", "complex128", "longdouble", "clongdouble"}  # sent as bytes

UNUSABLE = "__unusable__"  # as in rnncourse.checks.ask


class WireError(ValueError):
    """What came over the wire is not a value of the kind, or too much of it."""


# -- values ------------------------------------------------------------------------


def pack(value: Any) -> bytes:
    """Write a plain value (see :mod:`rnncourse.checks.ask`) as one frame.

    Raises
    ------
    WireError
        If the value is not plain, or larger than a frame may be.
    """
    arrays: dict[str, np.ndarray] = {}
    tree = _encode(value, arrays, 0)
    head = json.dumps(tree, allow_nan=False, separators=(",", ":")).encode()
    body = save(arrays) if arrays else b""
    if len(head) > MAX_HEAD or len(body) > MAX_BODY:
        raise WireError(f"too large to hand over ({len(head) + len(body):,} bytes)")
    return LENGTHS.pack(len(head), len(body)) + head + body


def _encode(value: Any, arrays: dict[str, np.ndarray], depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError("nested too deeply")
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        if value.bit_length() > MAX_BITS:
            return _encode({UNUSABLE: "a number too large to look at"}, arrays, depth)
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"f": str(value)}
    if isinstance(value, list | tuple):
        return [_encode(item, arrays, depth + 1) for item in value]
    if isinstance(value, dict):
        items = value.items()
        return {"d": [[str(k), _encode(v, arrays, depth + 1)] for k, v in items]}
    if type(value) is np.ndarray:
        return _encode_array(value, arrays)
    raise WireError(f"{type(value).__name__} is not a plain value")


def _encode_array(a: np.ndarray, arrays: dict[str, np.ndarray]) -> Any:
    shape = list(a.shape)
    if a.dtype.kind == "U":
        return {"s": [str(item) for item in a.reshape(-1)], "shape": shape}
    if a.dtype.kind == "S":
        items = [bytes(item).decode("latin-1") for item in a.reshape(-1)]
        return {"b": items, "shape": shape}
    a = np.array(a, dtype=a.dtype.newbyteorder("="), order="C", copy=True)
    name = str(len(arrays))
    if a.dtype in NATIVE:
        arrays[name] = a
        return {"a": name}
    for raw in RAW:
        if a.dtype == np.dtype(raw):
            arrays[name] = np.frombuffer(a.tobytes(), dtype=np.uint8)
            return {"a": name, "as": raw, "shape": shape}
    raise WireError(f"an array of type {a.dtype} is not a plain value")


def unpack(head: bytes, body: bytes) -> Any:
    """Read one frame.

    Raises
    ------
    WireError
        Whatever is wrong with it.
    """
    try:
        tree = json.loads(head, parse_constant=_no_constant)
        arrays = _read_arrays(body)
        return _Decoder(arrays).decode(tree, 0)
    except WireError:
        raise
    except Exception as error:  # safetensors has an error class of its own
        raise WireError(f"unreadable ({type(error).__name__})") from None


def _no_constant(name: str) -> None:
    raise WireError(f"{name} stands where a number should")


def _read_arrays(body: bytes) -> dict[str, np.ndarray]:
    if not body:
        return {}
    if len(body) < 8 or int.from_bytes(body[:8], "little") > MAX_INDEX:
        raise WireError("the index of the arrays is too long")
    return {name: np.array(a, copy=True) for name, a in load(body).items()}


class _Decoder:
    """Turn a tree of JSON back into values; each array is used once."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays
        self.nodes = 0

    def decode(self, node: Any, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise WireError("too many values, or nested too deeply")
        if node is None or type(node) in (bool, str, float):
            return node
        if type(node) is int:
            if node.bit_length() > MAX_BITS:
                raise WireError("a number is too large")
            return node
        if type(node) is list:
            return [self.decode(item, depth + 1) for item in node]
        keys = set(node)
        if keys == {"f"} and node["f"] in ("nan", "inf", "-inf"):
            return float(node["f"])
        if keys == {"d"} and type(node["d"]) is list:
            return self._dict(node["d"], depth)
        if keys == {"a"}:
            return self._array(node["a"])
        if keys == {"a", "as", "shape"} and node["as"] in RAW:
            data = self._array(node["a"]).tobytes()
            raw = np.frombuffer(data, dtype=node["as"]).copy()
            return raw.reshape(_shape(node["shape"], raw.size))
        if keys == {"s", "shape"}:
            return self._texts(node["s"], node["shape"])
        if keys == {"b", "shape"}:
            return np.char.encode(self._texts(node["b"], node["shape"]), "latin-1")
        raise WireError("a value of no known kind")

    def _dict(self, pairs: list[Any], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for pair in pairs:
            if type(pair) is not list or len(pair) != 2 or type(pair[0]) is not str:
                raise WireError("a malformed dict")
            found[pair[0]] = self.decode(pair[1], depth + 1)
        return found

    def _array(self, name: Any) -> np.ndarray:
        if type(name) is not str or name not in self.arrays:
            raise WireError("an array is missing, or used twice")
        a = self.arrays.pop(name)
        if a.dtype not in NATIVE:
            raise WireError(f"an array of type {a.dtype}")
        return a

    def _texts(self, items: Any, shape: Any) -> np.ndarray:
        if type(items) is not list or any(type(item) is not str for item in items):
            raise WireError("a malformed array of strings")
        self.nodes += len(items)
        longest = max((len(item) for item in items), default=0)
        if longest * len(items) > MAX_HEAD:  # NumPy pads each to the longest
            raise WireError("too many long strings")
        return np.array(items, dtype=f"U{max(longest, 1)}").reshape(
            _shape(shape, len(items))
        )


def _shape(shape: Any, size: int) -> list[int]:
    if type(shape) is not list or len(shape) > 32:
        raise WireError("a malformed shape")
    if any(type(n) is not int or not 0 <= n < 1 << 40 for n in shape):
        raise WireError("a malformed shape")
    if math.prod(shape) != size:
        raise WireError("a shape that does not fit its values")
    return shape


# -- frames ------------------------------------------------------------------------


class Reader:
    """Put frames together from the pieces that a socket gives.

    Parameters
    ----------
    most : int
        Bytes that may come in all; after them every piece is an error.
    """

    def __init__(self, most: int) -> None:
        self.left = most
        self.buffer = bytearray()

    def feed(self, piece: bytes) -> list[tuple[bytes, bytes]]:
        """Take a piece; give the frames that it completes, as (head, body)."""
        self.left -= len(piece)
        if self.left < 0:
            raise WireError("more was handed over than an answer may have")
        self.buffer += piece
        frames = []
        while len(self.buffer) >= LENGTHS.size:
            head, body = LENGTHS.unpack_from(self.buffer)
            if head > MAX_HEAD or body > MAX_BODY:
                raise WireError(f"an answer of {head + body:,} bytes is too large")
            end = LENGTHS.size + head + body
            if len(self.buffer) < end:
                break
            frame = bytes(self.buffer[LENGTHS.size : end])
            del self.buffer[:end]
            frames.append((frame[:head], frame[head:]))
        return frames


def receive(read: Callable[[int], bytes]) -> Any:
    """Wait for one frame; ``read(n)`` gives up to n bytes, or none at the end."""

    def exactly(n: int) -> bytes:
        got = bytearray()
        while len(got) < n:
            piece = read(min(n - len(got), 1 << 20))
            if not piece:
                raise WireError("the other side has closed")
            got += piece
        return bytes(got)

    head, body = LENGTHS.unpack(exactly(LENGTHS.size))
    if head > MAX_HEAD or body > MAX_BODY:
        raise WireError("a frame is too large")
    return unpack(exactly(head), exactly(body))

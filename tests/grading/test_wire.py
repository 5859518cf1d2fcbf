"""What crosses the wall: plain values arrive as they left, and nothing else does."""

import contextlib
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnncourse.checks.ask import same
from rnncourse.grading import wire

DTYPES = ("?", "i1", "u2", "i8", "f2", "f4", "f8", "c8", "c16", "U5", "S3", ">f8", "g")
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.none(), st.text()
)
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(np.dtype(dtype), hnp.array_shapes(min_dims=0, min_side=0))
)
VALUES = st.recursive(
    NUMBERS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def through(value):
    frames = wire.Reader(1 << 30).feed(wire.pack(value))
    assert len(frames) == 1
    return wire.unpack(*frames[0])


def frame(head, body=b""):
    return struct.pack(">II", len(head), len(body)) + head + body


def body(index, data=b""):
    text = json.dumps(index).encode()
    return struct.pack("<Q", len(text)) + text + data


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_a_plain_value_arrives_as_it_left(value):
    got = through(value)
    assert type(got) is type(value)
    assert same(_native(got), _native(value))


def _native(value):
    """Forget the byte order, which need not survive."""
    if isinstance(value, np.ndarray) and value.dtype.kind not in "US":
        return value.astype(value.dtype.newbyteorder("="))
    if isinstance(value, np.ndarray):
        return [str(item) for item in value.reshape(-1)]
    if isinstance(value, list):
        return [_native(item) for item in value]
    if isinstance(value, dict):
        return {key: _native(item) for key, item in value.items()}
    return value


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_are_a_value_or_an_error_of_the_wire(head, data):
    with contextlib.suppress(wire.WireError):
        wire.unpack(head, data)


@settings(max_examples=50, deadline=None)
@given(VALUES, st.integers(1, 7))
def test_a_frame_may_come_in_any_pieces(value, step):
    packed = wire.pack(value) + wire.pack("next")
    reader = wire.Reader(1 << 30)
    pieces = [packed[k : k + step] for k in range(0, len(packed), step)]
    frames = [frame for piece in pieces for frame in reader.feed(piece)]
    assert len(frames) == 2
    assert same(_native(wire.unpack(*frames[0])), _native(value))
    assert wire.unpack(*frames[1]) == "next"


@pytest.mark.parametrize(
    ("head", "data"),
    [
        (b"{", b""),
        (b"NaN", b""),
        (b'{"f": 1}', b""),
        (b'{"d": [["a"]]}', b""),
        (b'{"a": "0"}', b""),
        (b'[{"a": "0"}, {"a": "0"}]', wire.pack(np.ones(2))[len(b'{"a":"0"}') + 8 :]),
        (b'{"a": "0"}', b"\xff" * 20),
        (b'{"a": "0"}', body({"0": {"dtype": "F64", "shape": [1 << 50]}})),
        (
            b'{"a": "0"}',
            body(
                {"0": {"dtype": "F64", "shape": [9], "data_offsets": [0, 8]}}, b"8" * 8
            ),
        ),
        (b'{"s": ["a"], "shape": [2]}', b""),
        (b'{"s": ["a"], "shape": [-1]}', b""),
        (b'{"x": 1}', b""),
        (b"[" * 100_000, b""),
        (b"[" * 40 + b"]" * 40, b""),
        (b"[" + b"0," * 300_000 + b"0]", b""),
        (b"1" * 500, b""),
        (b"1" * 5_000, b""),
        (json.dumps({"s": ["a" * 4000, *["b"] * 4000], "shape": [4001]}).encode(), b""),
    ],
)
def test_a_malformed_frame_is_refused(head, data):
    with pytest.raises(wire.WireError):
        wire.unpack(head, data)


def test_a_length_that_is_too_large_is_refused_before_it_is_read():
    for lengths in ((wire.MAX_HEAD + 1, 0), (2, wire.MAX_BODY + 1)):
        with pytest.raises(wire.WireError, match="too large"):
            wire.Reader(1 << 30).feed(struct.pack(">II", *lengths))


def test_all_that_comes_together_has_a_limit_too():
    reader = wire.Reader(100)
    reader.feed(frame(b"1"))
    with pytest.raises(wire.WireError, match="more"):
        for _ in range(20):
            reader.feed(frame(b"1"))


def test_what_is_not_plain_is_not_sent():
    for thing in (object(), {1, 2}, np.array([object()]), np.ma.masked_array([1.0])):
        with pytest.raises(wire.WireError):
            wire.pack(thing)


def test_a_number_that_no_float_holds_is_named_instead():
    assert wire.UNUSABLE in through(10**400)

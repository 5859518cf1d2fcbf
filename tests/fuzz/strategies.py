"""Inputs for hypothesis: notebooks that were spoilt, values, frames."""

import json
import struct

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnncourse.grading import wire

from . import targets

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(["unrolled-sum", "unrolled-sum-check", "learner", "code", "4"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8)
            | st.sampled_from(
                ["cells", "source", "metadata", "nbgrader", "grade_id", "cell_type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


def places(node, way=()):
    """Name every place in a tree of JSON."""
    yield way
    items = node.items() if isinstance(node, dict) else ()
    items = enumerate(node) if isinstance(node, list) else items
    for key, inner in items:
        yield from places(inner, (*way, key))


def put(tree, way, value, how):
    """Change one place of a tree: replace, delete, double, move to the end."""
    if not way:
        return value
    above = tree
    for key in way[:-1]:
        above = above[key]
    key = way[-1]
    if how == "replace":
        above[key] = value
    elif how == "delete":
        del above[key]
    elif isinstance(above, list):
        above.append(above[key] if how == "double" else above.pop(key))
    else:
        above[f"{key}"] = [above[key]] * 2
    return tree


@st.composite
def spoilt_notebooks(draw):
    """Take an honest notebook and change a few places of it."""
    tree = json.loads(targets.honest())
    for _ in range(draw(st.integers(1, 6))):
        if not isinstance(tree, dict | list):
            break
        way = draw(st.sampled_from(list(places(tree))))
        how = draw(st.sampled_from(["replace", "replace", "delete", "double", "move"]))
        tree = put(tree, way, draw(JSON), how)
    text = json.dumps(tree)
    encoding = draw(st.sampled_from(["utf-8"] * 6 + ["utf-16", "utf-8-sig", "latin-1"]))
    data = text.encode(encoding)
    if draw(st.integers(0, 5)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=8)) + data[at + 1 :]
    return data


DTYPES = ("?", "i1", "u2", "i8", "f2", "f4", "f8", "c8", "c16", "U5", "S3", ">f8", "g")
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(np.dtype(dtype), hnp.array_shapes(min_dims=0, min_side=0))
)
VALUES = st.recursive(
    SCALARS | ARRAYS | hnp.arrays(np.float64, st.integers(0, 8)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def frames(draw):
    """Give frames whose lengths, heads and bodies may be wrong."""
    pieces = []
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            message = {
                "op": draw(st.sampled_from(["replies", "begin", "numbers", "x"]))
            }
            message["replies"] = draw(VALUES)
            message["nonce"] = draw(st.text(max_size=4))
            try:
                data = bytearray(wire.pack(message))
            except wire.WireError:
                continue
            for _ in range(draw(st.integers(0, 4))):
                data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
            pieces.append(bytes(data))
        else:
            head = json.dumps(draw(JSON)).encode()
            body = draw(st.binary(max_size=60))
            lengths = struct.pack(">II", len(head), len(body))
            pieces.append(
                draw(st.sampled_from([lengths, b"", b"\xff" * 8])) + head + body
            )
    return b"".join(pieces)


@st.composite
def changes(draw):
    """Give a function that spoils a tree of plain values."""
    edits = draw(
        st.lists(
            st.tuples(
                st.integers(0, 30),
                VALUES,
                st.sampled_from(["replace", "replace", "delete", "double"]),
            ),
            min_size=1,
            max_size=4,
        )
    )

    def change(tree):
        for number, value, how in edits:
            ways = [way for way in places(tree) if way]
            if not isinstance(tree, dict | list) or not ways:
                return tree
            tree = put(tree, ways[number % len(ways)], value, how)
        return tree

    return change


TARGETS = {
    "intake: any bytes": (st.binary(max_size=400), targets.notebook_bytes),
    "intake: spoilt notebooks": (spoilt_notebooks(), targets.notebook_bytes),
    "channel: any bytes": (st.binary(max_size=400), targets.channel_bytes),
    "channel: spoilt frames": (frames(), targets.channel_bytes),
    "channel: any values": (VALUES, targets.channel_value),
    "channel: spoilt replies": (changes(), targets.channel_message),
}

"""What is fuzzed: the two places where a hand-in's bytes meet the grader itself.

Each target takes whatever came and raises only if the grader would have been harmed:
anything but the refusal it is allowed, a notebook that is not the released one with
answers in it, or points that were not earned.
"""

import copy
import functools
import json

from rnncourse.checks import all_checks, variants
from rnncourse.checks.ask import plain
from rnncourse.grading import intake, wire
from rnncourse.grading.conversation import Conversation

from ..grading.common import filled, model, short_release

MEMORY = 1 << 30  # above what the process starts with
SECONDS = 10.0  # of processor time, for one input
KEPT = ("cell_type", "metadata")


@functools.cache
def release():
    return short_release()


@functools.cache
def honest():
    return json.dumps(filled(model()))


def notebook_bytes(data: bytes) -> str:
    """Let a file in, as the grader does; say what became of it."""
    intake.looks_like(data, ["unrolled-sum-check"])
    try:
        parsed = intake.parse(data)
        variants.stated(parsed)
        rebuilt = intake.rebuild(parsed, release())
    except intake.Refused as refused:
        assert 0 < len(str(refused)) < 500
        return "refused"
    _is_the_release_with_answers(rebuilt.notebook)
    json.dumps(rebuilt.notebook).encode()
    assert all(len(note) < 1000 for note in rebuilt.notes)
    return "let in"


def _is_the_release_with_answers(notebook):
    marked = [c for c in notebook["cells"] if "nbgrader" in c["metadata"]]
    trusted = release()["cells"]
    assert len(marked) == len(trusted)
    for cell, wanted in zip(marked, trusted, strict=True):
        assert {k: cell[k] for k in KEPT} == {k: wanted[k] for k in KEPT}
        if not wanted["metadata"]["nbgrader"]["solution"]:
            assert cell["source"] == wanted["source"]
        assert type(cell["source"]) is str
    for cell in notebook["cells"]:
        if "nbgrader" not in cell["metadata"]:
            assert cell["metadata"] == {}
            assert cell["cell_type"] in ("code", "markdown")
        assert cell["cell_type"] != "code" or cell["outputs"] == []


def conversation(name: str = "unrolled-sum") -> Conversation:
    check = all_checks()[name]
    talk = Conversation(check, seed=7, most=8 << 20)
    assert talk.hear(wire.pack({"op": "begin", "name": check.name}))
    return talk


def channel_bytes(data: bytes) -> str:
    """Send bytes in the place of an answer; nothing may be earned by accident."""
    talk = conversation()
    for at in range(0, len(data), 1 << 16):
        talk.hear(data[at : at + (1 << 16)])
    return _nothing_earned(talk)


def replies(talk: Conversation, values) -> list:
    """Make the replies that hand over some values for the case that is asked."""
    calls = talk._drawn[len(talk._replies)]
    return [
        {"kind": "value", "value": values, "changed": [], "printed": ""} for _ in calls
    ]


def channel_value(value) -> str:
    """Hand over one plain value for every case; the sandbox would have packed it."""
    talk = conversation()
    try:
        value = plain(value)
        packed = wire.pack(value)
    except wire.WireError:
        return "not sent"
    assert wire.Reader(1 << 30).feed(packed)
    while talk.verdict is None and not talk.broken:
        message = {"op": "replies", "nonce": talk._nonce}
        talk.hear(wire.pack({**message, "replies": replies(talk, value)}))
    return _nothing_earned(talk)


def channel_message(change) -> str:
    """Send an honest reply that ``change`` has spoilt, as a tree of plain values."""
    talk = conversation()
    message = {
        "op": "replies",
        "nonce": talk._nonce,
        "replies": replies(talk, [0.0, 1.0]),
    }
    spoilt = change(copy.deepcopy(message))
    try:
        talk.hear(wire.pack(spoilt))
    except wire.WireError:
        return "not sent"
    return _nothing_earned(talk)


def _nothing_earned(talk: Conversation) -> str:
    assert len(talk.flags) < 30
    if talk.verdict is None:
        return "broken" if talk.broken else "no verdict"
    assert talk.verdict.points == 0.0, talk.verdict
    assert len(talk.verdict.text) < 20_000
    talk.verdict.text.encode()
    return "judged"

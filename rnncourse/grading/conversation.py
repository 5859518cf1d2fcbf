"""The talk with the sandbox about one graded cell, from the trusted side.

The trusted side knows which cell is running. It draws the inputs, sends them, reads
what comes back as plain values, and judges them. Whatever the other side sends, only
values that are right for fresh inputs earn anything.
"""

from __future__ import annotations

import ast
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from rnncourse.checks import Check, Mistake, Verdict, draw, judge
from rnncourse.checks.ask import MAX_PRINTED, MAX_TEXT, Inputs, Reply
from rnncourse.grading import wire

KINDS = {"value", "error", "unanswered", "not-callable", "signature"}
MOST_NUMBERS = 1000  # how often one cell may ask for them
ELSEWHERE = "a check counts only in its own cell; here it gives no points."


@dataclass
class Conversation:
    """What is said while one cell runs.

    Parameters
    ----------
    check : Check or None
        The check that this cell was released with; None for every other cell.
    seed : int, optional
        What the inputs are drawn from; by default the public seed of the check.
    most : int
        Bytes that may come in all.
    numbers : callable, optional
        ``numbers(name)`` gives the numbers of a check for whoever handed this in, or
        None where there are none.
    others : callable, optional
        ``others(check)`` gives numbers of others for which an answer may be right.
    """

    check: Check | None
    seed: int | None = None
    most: int = 256 << 20
    numbers: Callable[[str], Inputs | None] = lambda name: None
    others: Callable[[Check], Iterable[tuple[Mistake, Inputs]]] = lambda check: ()
    verdict: Verdict | None = None
    flags: list[str] = field(default_factory=list)
    broken: bool = False  # nothing that comes later can be understood

    def __post_init__(self) -> None:
        self._reader = wire.Reader(self.most)
        self._drawn: list[list[Inputs]] = []
        if self.check:
            own = self.numbers(self.check.name) if self.check.numbers else None
            self._drawn = draw(self.check, self.seed, own)
        self._numbers_told = 0
        self._replies: list[list[Reply]] = []
        self._nonce = ""

    @property
    def begun(self) -> bool:
        """Whether the cell has asked for its inputs."""
        return bool(self._nonce)

    def hear(self, piece: bytes) -> list[bytes]:
        """Take what the socket gave; return the frames to send."""
        if self.broken:
            return []
        said = []
        try:
            for head, body in self._reader.feed(piece):
                said += self._answer(wire.unpack(head, body))
        except (wire.WireError, MemoryError) as error:
            self.broken = True
            self.flags.append(f"the answer could not be read: {error}")
        return said

    def _answer(self, message: Any) -> list[bytes]:
        operation = _word(message, "op")
        if operation == "begin":
            return self._begin(message)
        if operation == "numbers" and self._numbers_told < MOST_NUMBERS:
            self._numbers_told += 1
            told = self.numbers(_word(message, "name"))
            return [wire.pack({"op": "numbers", "numbers": told})]
        expected = self.check and self._nonce and self.verdict is None
        if (
            operation == "replies"
            and expected
            and _word(message, "nonce") == self._nonce
        ):
            calls = self._drawn[len(self._replies)]
            self._replies.append(read_replies(message.get("replies"), calls))
            if len(self._replies) < len(self._drawn):
                return [self._ask()]
            return [self._judge()]
        self.flags.append("something out of turn came from the sandbox")
        if len(self.flags) > 20:
            raise wire.WireError("too much out of turn")
        return []

    def _begin(self, message: dict[str, Any]) -> list[bytes]:
        named = self.check is not None and _word(message, "name") == self.check.name
        if not named or self.begun:
            return [wire.pack({"op": "verdict", "quiet": False, "text": ELSEWHERE})]
        return [self._ask()]

    def _ask(self) -> bytes:
        assert self.check is not None
        calls = self._drawn[len(self._replies)]
        self._nonce = secrets.token_hex(8)
        by_value = self.check.how == "value"
        return wire.pack(
            {
                "op": "ask",
                "nonce": self._nonce,
                "how": self.check.how,
                "library": self.check.library,
                "calls": [{} for _ in calls] if by_value else calls,
            }
        )

    def _judge(self) -> bytes:
        assert self.check is not None
        try:
            self.verdict = judge(
                self.check, self._drawn, self._replies, self.others(self.check)
            )
        except Exception as error:  # values may be anything; the grader must go on
            self.flags.append(f"the judging failed: {type(error).__name__}: {error}")
            text = f"{self.check.title}: what came back could not be judged."
            points = float(self.check.points)
            self.verdict = Verdict(self.check.name, 0.0, points, text, ())
        return wire.pack({"op": "verdict", "quiet": True})


def read_replies(given: Any, calls: list[dict[str, Any]]) -> list[Reply]:
    """Keep of some replies what a reply has, within its limits.

    Raises
    ------
    WireError
        If they are not as :func:`rnncourse.checks.ask.ask` gives them.
    """
    if not isinstance(given, list) or len(given) != len(calls):
        raise wire.WireError("not one reply for each call")
    return [
        _read_reply(reply, inputs) for reply, inputs in zip(given, calls, strict=True)
    ]


def _read_reply(given: Any, inputs: dict[str, Any]) -> Reply:
    kind = _word(given, "kind")
    if kind not in KINDS:
        raise wire.WireError("a reply of no known kind")
    reply: Reply = {"kind": kind}
    if kind == "value":
        if "value" not in given:
            raise wire.WireError("a reply without its value")
        reply["value"] = given["value"]
    for name, most in (("text", MAX_TEXT), ("error", 100), ("function", 100)):
        reply[name] = _text(given.get(name, ""), most)
    reply["source"] = _text(given.get("source", ""), 120)
    reply["line"] = _count(given.get("line", 0), 1_000_000)
    for name in ("library", "device"):
        if name in given:
            reply[name] = _text(given[name], 40)
    changed = given.get("changed", [])
    strings = isinstance(changed, list) and all(type(n) is str for n in changed)
    if not strings or any(name not in inputs for name in changed):
        raise wire.WireError("a reply that changed what it was not given")
    reply["changed"] = changed
    reply["printed"] = _text(given.get("printed", ""), MAX_PRINTED)
    in_all = _count(given.get("printed_in_all", 0), 1 << 50)
    reply["printed_in_all"] = max(in_all, len(reply["printed"]))
    warned = given.get("warnings", [])
    if not isinstance(warned, list):
        raise wire.WireError("malformed warnings")
    reply["warnings"] = [_text(w, MAX_TEXT) for w in warned[:5]]
    return reply


def _word(message: Any, name: str) -> str:
    """Read a string of a message; "" if it is anything else, an array for example."""
    found = message.get(name) if isinstance(message, dict) else None
    return found if type(found) is str else ""


def _text(given: Any, most: int) -> str:
    """Read a text that can be shown and stored: no lone surrogates, no NUL."""
    if not isinstance(given, str):
        raise wire.WireError("a text is missing")
    return given[:most].encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _count(given: Any, most: int) -> int:
    if type(given) is not int or given < 0:
        raise wire.WireError("a count is missing")
    return min(given, most)


def check_of(source: str) -> str:
    """Name the check that a released cell ends with, or "" if it has none.

    It is read from the trusted source, never from what the learner's side says.
    """
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return ""
    if not body or not isinstance(body[-1], ast.Expr):
        return ""
    call = body[-1].value
    if (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "check"
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    ):
        return call.args[0].value
    return ""


def seed_for(secret: bytes, *names: str) -> int:
    """Derive the seed of one cell of one hand-in from the run's secret.

    So that a hand-in gets the same inputs however often, where and beside whom it is
    graded in a run, and nobody without the secret can know them.
    """
    text = "\0".join(names).encode()
    return int.from_bytes(hmac.digest(secret, text, hashlib.sha256)[:16], "big")

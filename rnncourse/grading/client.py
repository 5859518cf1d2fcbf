"""``check`` as the sandbox has it: it hands over values, and learns no verdict.

It stands where :mod:`rnncourse.checks` stands at home, with the same signature and
the same words. It knows no right answer, and nothing in it is believed outside.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Any

from rnncourse.checks.ask import UNUSABLE, ask
from rnncourse.grading import wire

CHANNEL = "RNNCOURSE_CHECK_FD"

__all__ = ["CheckFailed", "UnknownCheck", "ask", "check", "numbers"]


class CheckFailed(AssertionError):
    """No credit. Shown as its message alone, without a trace of the check's code."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class UnknownCheck(LookupError):
    """There is no check of that name."""


_channel: socket.socket | None = None


def _connection() -> socket.socket:
    """Give the channel, without what a cell that was interrupted left unread in it.

    Outside nobody speaks before being spoken to, so all of it is of earlier cells.
    """
    global _channel
    if _channel is None:
        _channel = socket.socket(fileno=int(os.environ[CHANNEL]))
        _channel.setblocking(True)
    with contextlib.suppress(BlockingIOError):
        while _channel.recv(1 << 16, socket.MSG_DONTWAIT):
            pass
    return _channel


def numbers(name: str, course: str = "", learner: str = "") -> dict[str, Any]:
    """Give the numbers that a task is about, for whoever handed this in.

    Parameters
    ----------
    name : str
        Name of the check, as in the task.
    course, learner : str
        Without effect in a graded run, which knows both.

    Returns
    -------
    dict
        The numbers by name.

    Raises
    ------
    UnknownCheck
        If the assignment has no such check with numbers of its own.
    """
    sock = _connection()
    sock.sendall(wire.pack({"op": "numbers", "name": str(name)}))
    told = wire.receive(sock.recv)["numbers"]
    if not isinstance(told, dict):
        raise UnknownCheck(f"there is no check {name!r} with numbers of its own here")
    return told


def check(
    name: str,
    answer: object,
    *,
    seed: int | None = None,
    device: str | None = None,
    course: str = "",
    learner: str = "",
) -> float:
    """Hand over what an answer gives for the inputs of a check.

    Parameters
    ----------
    name : str
        Name of the check, as in the task.
    answer : object
        The function, model or value that was asked for.
    seed : int, optional
        Without effect in a graded run, which draws its own inputs.
    device : str, optional
        Where tensors are handed over; by default where the model is.
    course, learner : str
        Without effect in a graded run, which knows both.

    Returns
    -------
    float
        Nothing in the graded cell of the check: points and words are written outside
        and do not come in here. Elsewhere 0, since only that cell counts.
    """
    sock = _connection()
    sock.sendall(wire.pack({"op": "begin", "name": str(name)}))
    while True:
        asked = wire.receive(sock.recv)
        if asked["op"] == "verdict":
            break
        replies = ask(
            answer,
            asked["calls"],
            how=asked["how"],
            library=asked["library"],
            device=device,
        )
        sock.sendall(_pack_replies(asked["nonce"], replies))
    if asked["quiet"]:
        return None  # type: ignore[return-value]  # IPython would show anything else
    print(asked["text"])
    return 0.0


def _pack_replies(nonce: str, replies: list[dict[str, Any]]) -> bytes:
    message = {"op": "replies", "nonce": nonce, "replies": replies}
    try:
        return wire.pack(message)
    except wire.WireError as error:  # too large in all, or of a rare type
        for reply in replies:
            if "value" in reply:
                reply["value"] = {UNUSABLE: f"something that is {error}"}
        return wire.pack(message)

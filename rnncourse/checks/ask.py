"""The part of a check that meets the learner's code: call it, bring back plain values.

Nothing here knows a right answer. Inputs come in and replies go out as arrays,
numbers, strings and lists or dicts of them, so that the same lines can run in
another process, with the judging outside of it. Only NumPy is imported; PyTorch is
used when the learner has it loaded or the check hands out tensors.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import linecache
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

UNUSABLE = "__unusable__"
MAX_BYTES = 64 << 20  # of one array that an answer may hand back
MAX_ITEMS = 2000  # of one list or dict
MAX_DEPTH = 5
MAX_PRINTED = 2000  # characters of the learner's own printing that are shown
MAX_TEXT = 400  # characters of the learner's own error

Inputs = dict[str, Any]
Reply = dict[str, Any]

_HERE = str(Path(__file__).resolve().parent)
_LIBRARIES = tuple(
    str(Path(sysconfig.get_path(name)).resolve())
    for name in ("stdlib", "purelib", "platlib")
)


def ask(
    answer: object,
    calls: Sequence[Inputs],
    *,
    how: str = "call",
    library: str = "numpy",
    device: str | None = None,
) -> list[Reply]:
    """Ask an answer once for each set of inputs.

    Parameters
    ----------
    answer : object
        What the learner handed over: a function, a model, or a value.
    calls : sequence of dict
        Arguments by name, in the order in which they are passed (by position).
    how : {"call", "value"}
        Whether the answer is called, or is itself the value.
    library : {"numpy", "torch"}
        What the arrays of the inputs are handed over as.
    device : str, optional
        Where tensors are put; by default where the parameters of a model are.

    Returns
    -------
    list of dict
        One plain reply a call. ``kind`` is ``"value"``, ``"error"``,
        ``"unanswered"``, ``"not-callable"`` or ``"signature"``.
    """
    if how not in ("call", "value"):
        raise ValueError(f"how must be 'call' or 'value', got {how!r}")
    replies: list[Reply] = []
    for inputs in calls:
        if how == "value":
            replies.append(_value_reply(answer))
        elif not callable(answer):
            replies.append({"kind": "not-callable", "text": describe(answer)})
        else:
            replies.append(_call(answer, inputs, library, device))
        if replies[-1]["kind"] in ("unanswered", "not-callable", "signature"):
            return [replies[-1]] * len(calls)
    return replies


def _value_reply(answer: object) -> Reply:
    if answer is None or answer is Ellipsis:
        return {"kind": "unanswered"}
    where = _whereabouts(answer)
    return {"kind": "value", "value": plain(answer), "changed": [], **where}


def _call(
    answer: Callable[..., object],
    inputs: Inputs,
    library: str,
    device: str | None,
) -> Reply:
    if library == "torch":
        device = device or _device_of(answer)
    given = {k: hand_over(v, library, device) for k, v in inputs.items()}
    if problem := _signature_problem(answer, given):
        return {"kind": "signature", "text": problem}
    reply: Reply = {}
    with _quiet(reply):
        try:
            value = answer(*given.values())
        except (Exception, SystemExit) as error:
            reply.update(_error_reply(error))
        else:
            reply.update({"kind": "value", "value": plain(value)})
            reply.update(_whereabouts(value))
    reply["changed"] = [k for k in inputs if not same(plain(given[k]), inputs[k])]
    return reply


@contextlib.contextmanager
def _quiet(reply: Reply) -> Iterator[None]:
    """Keep what the learner's code prints or warns off the page's stderr."""
    out = _Capped()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            yield
    reply["printed"] = out.text
    reply["printed_in_all"] = out.total
    reply["warnings"] = sorted({str(w.message)[:MAX_TEXT] for w in caught})[:5]


class _Capped(io.TextIOBase):
    """A stream that keeps the first characters and counts the others."""

    def __init__(self) -> None:
        self.text = ""
        self.total = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.total += len(text)
        if len(self.text) < MAX_PRINTED:
            self.text += text[: MAX_PRINTED - len(self.text)]
        return len(text)


def _signature_problem(answer: Callable[..., object], given: Inputs) -> str:
    signature = _signature(answer)
    if signature is None:
        return ""
    try:
        signature.bind(*given.values())
    except TypeError:
        return f"{signature}"[:MAX_TEXT]
    return ""


_read: tuple[object, inspect.Signature | None] = (None, None)


def _signature(answer: Callable[..., object]) -> inspect.Signature | None:
    """Read a signature, once for all calls of an answer, which may have no hash."""
    global _read
    if _read[0] is not answer:
        try:
            _read = answer, inspect.signature(answer)
        except (TypeError, ValueError):
            _read = answer, None
    return _read[1]


def _error_reply(error: BaseException) -> Reply:
    """Describe the learner's error: its text and the line of theirs it came from."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        frames.append((name, trace.tb_lineno, trace.tb_frame.f_code.co_name))
        trace = trace.tb_next
    theirs = [f for f in frames if _is_theirs(f[0])]
    filename, line, function = theirs[-1] if theirs else ("", 0, "")
    source = linecache.getline(filename, line).strip() if filename else ""
    if isinstance(error, NotImplementedError) and (
        "NotImplementedError" in source or not str(error)
    ):
        return {"kind": "unanswered"}
    if isinstance(error, SystemExit):
        text = "the code ended the program (exit)"
    else:
        text = f"{type(error).__name__}: {error}".rstrip(": ")
    return {
        "kind": "error",
        "error": type(error).__name__,
        "text": text[:MAX_TEXT],
        "line": line,
        "function": function,
        "source": source[:120],
    }


def _is_theirs(filename: str) -> bool:
    if filename.startswith("<frozen"):
        return False
    name = str(Path(filename).resolve()) if filename[:1] != "<" else filename
    if name == __file__ or (name.startswith(_HERE) and name.endswith("ask.py")):
        return False
    return not any(name.startswith(folder) for folder in _LIBRARIES)


def hand_over(value: Any, library: str = "numpy", device: str | None = None) -> Any:
    """Copy an input, so that the answer can do nothing to the original."""
    if isinstance(value, np.ndarray):
        if library == "torch" and value.dtype.kind in "biuf":
            import torch

            return torch.from_numpy(value.copy()).to(device or "cpu")
        return value.copy()
    if isinstance(value, dict):
        return {k: hand_over(v, library, device) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [hand_over(v, library, device) for v in value]
    return value


def plain(value: Any, depth: int = 0) -> Any:
    """Turn what came back into arrays, numbers, strings, lists and dicts.

    What cannot be turned is replaced by a note of what it was, never kept: an
    object that only pretends to be an array has lost its tricks here.
    """
    try:
        return _plain(value, depth)
    except Exception as error:  # whatever the learner's object does when looked at
        return {UNUSABLE: f"something that cannot be read ({type(error).__name__})"}


def _plain(value: Any, depth: int) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, complex) and not isinstance(value, np.generic):
        return np.array(complex(value))
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = _from_torch(value)
    elif not isinstance(value, np.ndarray) and hasattr(value, "to_numpy"):
        value = np.asarray(value.to_numpy())
    if isinstance(value, np.ma.MaskedArray):
        return {UNUSABLE: "a masked array"}
    if isinstance(value, np.ndarray | np.generic):
        return _plain_array(np.array(value, copy=True, subok=False))
    if depth >= MAX_DEPTH:
        return {UNUSABLE: f"something nested more than {MAX_DEPTH} deep"}
    if isinstance(value, dict | list | tuple) and len(value) > MAX_ITEMS:
        return {UNUSABLE: f"{describe(value)}: too many to look at"}
    if isinstance(value, dict):
        return {str(k): plain(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v, depth + 1) for v in value]
    return {UNUSABLE: describe(value)}


def _plain_array(a: np.ndarray) -> Any:
    if a.dtype.kind == "O":
        return {UNUSABLE: f"an array of Python objects with shape {a.shape}"}
    if a.dtype.kind in "mM":
        return a.astype(str)
    if a.dtype.kind not in "biufcUS":
        return {UNUSABLE: f"an array of type {a.dtype}"}
    if a.nbytes > MAX_BYTES:
        return {UNUSABLE: f"an array with {a.size:,} entries, too large to look at"}
    return a


def _from_torch(tensor: Any) -> np.ndarray:
    tensor = tensor.detach().cpu()
    if tensor.layout != sys.modules["torch"].strided:
        tensor = tensor.to_dense()
    if "bfloat16" in str(tensor.dtype):
        tensor = tensor.float()
    return np.array(tensor.resolve_conj().resolve_neg().numpy(), copy=True)


def describe(value: object) -> str:
    """Say in words what kind of thing a value is."""
    if value is None:
        return "None"
    if isinstance(value, bool | np.bool_):
        return "a truth value"
    if isinstance(value, int | float | np.integer | np.floating):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, tuple | list):
        kind = "a tuple" if isinstance(value, tuple) else "a list"
        return f"{kind} of {len(value)}"
    if isinstance(value, dict):
        return f"a dict of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if inspect.isgenerator(value):
        return "a generator"
    if inspect.isclass(value):
        return f"the class {value.__name__}"
    if inspect.isroutine(value):
        return "a function"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name} object"


def same(a: Any, b: Any) -> bool:
    """Tell whether two plain values are equal, bit for bit, NaN equal to NaN."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or (a != a and b != b)


def _whereabouts(value: object) -> dict[str, str]:
    torch = sys.modules.get("torch")
    items = value if isinstance(value, tuple | list) else [value]
    for item in items[:10]:
        if torch is not None and isinstance(item, torch.Tensor):
            return {"library": "torch", "device": str(item.device)}
    return {"library": "numpy", "device": "cpu"}


def _device_of(answer: object) -> str:
    """Find where a model's parameters are, so that its inputs go there too."""
    parameters = getattr(answer, "parameters", None)
    if callable(parameters):
        for parameter in parameters():
            return str(parameter.device)
    return "cpu"

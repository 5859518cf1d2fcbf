"""Compare two plain values, and say what a difference looks like.

Works on what :func:`rnncourse.checks.ask.plain` gives. It knows nothing of any
check: these are the slips that happen everywhere. A check's own catalogue comes
first, this comes after it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rnncourse.checks.ask import UNUSABLE

RTOL32, ATOL32 = 2e-4, 2e-5  # what a hundred float32 operations may lose


def numbers(value: Any) -> np.ndarray | None:
    """Read a plain value as an array of numbers, or give None.

    A list of equal arrays counts as the array they stack to.
    """
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind in "biufc" else None
    if isinstance(value, bool | int | float):
        try:
            return np.asarray(value, dtype=None if abs(value) < 2**62 else float)
        except (OverflowError, ValueError):
            return None
    if isinstance(value, list) and value:
        parts = [numbers(v) for v in value]
        if all(p is not None and p.shape == parts[0].shape for p in parts):  # type: ignore[union-attr]
            return np.stack([p for p in parts if p is not None])
    return None


def close(
    got: Any, want: Any, *, rtol: float = 1e-6, atol: float = 1e-8, dtype: bool = False
) -> bool:
    """Tell whether two plain values agree.

    Parameters
    ----------
    got, want : plain values
    rtol, atol : float
        Used where both are float64; float32 on either side gets float32's.
    dtype : bool
        Whether the types of arrays have to agree as well; 3 and 3.0 do.
    """
    if isinstance(want, dict):
        return (
            isinstance(got, dict)
            and set(got) == set(want)
            and all(
                close(got[k], want[k], rtol=rtol, atol=atol, dtype=dtype) for k in want
            )
        )
    a, b = numbers(got), numbers(want)
    if a is not None and b is not None:
        return _close_arrays(a, b, rtol, atol) and (not dtype or _same_kind(a, b))
    if isinstance(want, list) and b is None:
        return (
            isinstance(got, list)
            and len(got) == len(want)
            and all(
                close(g, w, rtol=rtol, atol=atol, dtype=dtype)
                for g, w in zip(got, want, strict=True)
            )
        )
    if isinstance(want, str) and isinstance(got, str):
        return got.strip().casefold() == want.strip().casefold()
    if a is None and b is None and type(got) is type(want):
        if isinstance(want, np.ndarray):
            return bool(np.array_equal(got, want))
        return bool(got == want)
    return False


def _same_kind(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether types agree; a whole number may come as int or as float."""
    kinds = {a.dtype.kind, b.dtype.kind}
    whole = kinds <= set("iuf") and kinds != {"f"}
    return whole or a.dtype == b.dtype


def _close_arrays(a: np.ndarray, b: np.ndarray, rtol: float, atol: float) -> bool:
    if a.shape != b.shape or "c" in (a.dtype.kind, b.dtype.kind):
        return False
    if a.dtype.kind == "b" or b.dtype.kind == "b":
        return bool(np.array_equal(a, b)) and a.dtype.kind == b.dtype.kind
    if _coarse(a) or _coarse(b):
        rtol, atol = max(rtol, RTOL32), max(atol, ATOL32)
    with np.errstate(all="ignore"):
        return bool(np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True))


def _coarse(a: np.ndarray) -> bool:
    return a.dtype.kind == "f" and a.dtype.itemsize < 8


def difference(got: np.ndarray, want: np.ndarray) -> str:
    """Say how large the largest difference is, and where."""
    with np.errstate(all="ignore"):
        gap = np.abs(got.astype(float) - want.astype(float))
    gap = np.where(np.isnan(gap), np.inf, gap)
    gap = np.where(np.isnan(got) & np.isnan(want), 0, gap)
    at = np.unravel_index(int(np.argmax(gap)), gap.shape) if gap.ndim else ()
    both = f"{_short(want[at])} expected, {_short(got[at])} came"
    if not gap.ndim:
        return both
    where = f"at [{', '.join(str(int(i)) for i in at)}]"
    if not np.isfinite(gap[at]):
        return f"{where}: {both}"
    return f"largest difference {_short(gap[at])} {where}: {both}"


def _short(x: Any) -> str:
    x = float(x)
    if not np.isfinite(x):
        return str(x)
    return f"{x:.0f}" if x == round(x) and abs(x) < 1e6 else f"{x:.4g}"


def type_trouble(got: Any, want: Any, name: str) -> str:
    """Say what is wrong with the kind of thing that came, or ""."""
    a, b = numbers(got), numbers(want)
    if got is None:
        return (
            f"{name} is None. A function without a return at its end gives None back."
        )
    if isinstance(got, dict) and UNUSABLE in got:
        return f"{name} is {got[UNUSABLE]}; {kind_of(want)} was asked for."
    if b is not None and a is None:
        if isinstance(got, list) and any(isinstance(v, list | np.ndarray) for v in got):
            return (
                f"{name} is a list of {len(got)} parts that do not stack to one "
                f"array; {kind_of(want)} was asked for."
            )
        return f"{name} is {kind_of(got)}; {kind_of(want)} was asked for."
    if a is not None and b is None:
        return f"{name} is {kind_of(got)}; {kind_of(want)} was asked for."
    if a is None or b is None:
        if type(got) is not type(want):
            return f"{name} is {kind_of(got)}; {kind_of(want)} was asked for."
        return ""
    if a.dtype.kind == "c":
        return f"{name} has complex numbers; real numbers were asked for."
    if a.dtype.kind == "b" and b.dtype.kind != "b":
        return f"{name} has truth values; numbers were asked for."
    if b.dtype.kind == "b" and a.dtype.kind != "b":
        return f"{name} has numbers; truth values (True or False) were asked for."
    return ""


def kind_of(value: Any) -> str:
    """Say in words what kind of plain value came."""
    if isinstance(value, dict) and UNUSABLE in value:
        return str(value[UNUSABLE])
    a = numbers(value)
    if a is not None:
        if a.ndim == 0:
            return "a truth value" if a.dtype.kind == "b" else "a number"
        return f"an array of shape {a.shape}"
    if isinstance(value, np.ndarray):
        return f"an array of text of shape {value.shape}"
    if isinstance(value, str):
        return f"a string ({value[:30]!r})"
    if isinstance(value, list):
        return f"a tuple or list of {len(value)}"
    if isinstance(value, dict):
        return f"a dict with the keys {', '.join(map(repr, list(value)[:8]))}"
    return "None" if value is None else type(value).__name__


def shape_trouble(got: np.ndarray, want: np.ndarray, name: str, same: Any) -> str:
    """Say what a wrong shape looks like, or "" if the shapes agree."""
    if got.shape == want.shape:
        return ""
    head = f"{name} must have shape {want.shape}, got {got.shape}."
    if got.size == want.size:
        if got.ndim == want.ndim and got.ndim >= 2:
            if same(got.T, want):
                return f"{head} It is transposed."
            if same(np.swapaxes(got, 0, 1), want):
                return f"{head} The first two axes are swapped: time comes first."
        if same(got.reshape(want.shape), want):
            return f"{head} The numbers are right: only the axes of length 1 differ."
        return head
    if want.ndim == 0:
        return f"{head} One number was asked for, not one for each entry."
    if got.ndim == 0:
        return f"{head} One number for each entry was asked for."
    if got.ndim == want.ndim and got.shape[1:] == want.shape[1:]:
        steps = got.shape[0] - want.shape[0]
        if steps == 1 and (same(got[1:], want) or same(got[:-1], want)):
            end = "first" if same(got[1:], want) else "last"
            return f"{head} There is one entry too many: the {end} one does not belong."
        if steps == -1 and (same(got, want[1:]) or same(got, want[:-1])):
            end = "first" if same(got, want[1:]) else "last"
            return f"{head} The {end} entry is missing."
    if got.ndim == want.ndim - 1 and got.shape == want.shape[1:]:
        if len(want) and same(got, want[-1]):
            return f"{head} Only the last step came; all of them were asked for."
        return f"{head} The first axis is missing."
    if got.ndim == want.ndim + 1 and got.shape[1:] == want.shape:
        if len(got) and same(got[-1], want):
            return f"{head} All steps came; only the last one was asked for."
        return f"{head} There is one axis too many at the front."
    return head


def looks_like(
    got: np.ndarray, want: np.ndarray, sizes: Mapping[str, int], same: Any
) -> str:
    """Say what wrong numbers of the right shape look like, or ""."""
    if got.dtype.kind not in "iuf" or got.size == 0:
        return ""
    if trouble := _not_finite(got, want):
        return trouble
    got = got.astype(float)
    want = want.astype(float)
    for text in _numeric_signs(got, want, sizes, same):
        return text
    for text in _time_signs(got, want, same):
        return text
    if got.ndim == 2 and got.shape[0] == got.shape[1] and same(got.T, want):
        return "It is transposed."
    if same(got, np.round(want)) or same(got, np.trunc(want)):
        return "The numbers are rounded to whole ones: an integer array somewhere?"
    wrong = ~np.isclose(got, want, rtol=1e-6, atol=1e-8)
    if got.ndim >= 2:
        for axis, word in ((0, "first"), (1, "second")):
            others = tuple(i for i in range(got.ndim) if i != axis)
            bad = np.flatnonzero(wrong.any(axis=others))
            if 0 < len(bad) <= max(1, got.shape[axis] // 3) and got.shape[axis] > 2:
                place = ", ".join(map(str, bad[:5]))
                return (
                    f"Along the {word} axis only index {place} of 0 to "
                    f"{got.shape[axis] - 1} is wrong."
                )
    return ""


def _not_finite(got: np.ndarray, want: np.ndarray) -> str:
    bad = ~np.isfinite(got) & np.isfinite(want)
    if not bad.any():
        return ""
    many = "It is" if bad.ndim == 0 else f"{int(bad.sum())} of {got.size} numbers are"
    return (
        f"{many} not finite (NaN or infinity). Look for an overflow, a logarithm of 0, "
        "or a division by 0."
    )


def _numeric_signs(
    got: np.ndarray, want: np.ndarray, sizes: Mapping[str, int], same: Any
) -> Iterator[str]:
    if not want.any():
        return
    if not got.any():
        yield "Every number is 0."
    if same(-got, want):
        yield "The sign is the other way round."
    big = np.abs(want) > 1e-3 * np.abs(want).max()
    ratio = got[big] / want[big]
    factor = float(np.median(ratio))
    if factor and want.ndim == 0 and want == np.round(want):
        times = factor if abs(factor) > 1 else 1 / factor
        if times % 1:  # between two places in a list, 8 and 12, a ratio says nothing
            factor = 0.0
    if np.isfinite(factor) and factor != 0 and same(got / factor, want):
        yield _factor(factor, sizes)
    gap = got - want
    offset = float(np.median(gap))
    if got.size > 2 and offset != 0 and same(got - offset, want):
        yield f"Every number is too large by the same {_short(offset)}."


def _factor(factor: float, sizes: Mapping[str, int]) -> str:
    for name, n in sizes.items():
        if n > 1 and math.isclose(factor, n, rel_tol=1e-6):
            return f"Every number is {n} times too large ({n} = {name}): summed up?"
        if n > 1 and math.isclose(factor, 1 / n, rel_tol=1e-6):
            return f"Every number is {n} times too small ({n} = {name}): a mean?"
    if factor > 1:
        return f"Every number is {_short(factor)} times too large."
    if factor > 0:
        return f"Every number is {_short(1 / factor)} times too small."
    return f"Every number is {_short(factor)} times the right one."


def _time_signs(got: np.ndarray, want: np.ndarray, same: Any) -> Iterator[str]:
    if got.ndim == 0 or len(got) < 3:
        return
    if same(got[1:], want[:-1]):
        yield "It is one step late: each entry stands where the next belongs."
    if same(got[:-1], want[1:]):
        yield "It is one step early: each entry stands where the one before belongs."
    if same(got[::-1], want):
        yield "The order along the first axis is reversed."
    if same(got[:-1], want[:-1]):
        yield (
            "Right except at the last step"
            + (", which is 0." if not got[-1].any() else ".")
        )
    if same(got[1:], want[1:]):
        yield (
            "Right except at the first step"
            + (", which is 0." if not got[0].any() else ".")
        )

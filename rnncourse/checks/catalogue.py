"""Find the checks: modules named after a chapter have some, and ``slips`` has."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path

from rnncourse.checks.protocol import Check, UnknownCheck

MODULE = r"ch\d\d|slips"


def module_of(check: Check) -> str:
    """Name the module of this package that a check stands in."""
    number = check.assignment.split("-")[0]
    return f"ch{number}" if number.isdecimal() else "slips"


@cache
def all_checks() -> dict[str, Check]:
    """Load every check, by name."""
    found: dict[str, Check] = {}
    folder = str(Path(__file__).parent)
    names = sorted(module.name for module in pkgutil.iter_modules([folder]))
    for name in names:
        if not re.fullmatch(MODULE, name):
            continue
        module = importlib.import_module(f"rnncourse.checks.{name}")
        for check in module.CHECKS:
            if check.name in found:
                raise ValueError(f"two checks are named {check.name!r}")
            found[check.name] = check
    return found


def find_check(name: str) -> Check:
    """Give the check of a name; an unknown name is answered with close ones."""
    checks = all_checks()
    if isinstance(name, str) and name in checks:
        return checks[name]
    close = difflib.get_close_matches(str(name).replace("_", "-"), checks, n=3)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise UnknownCheck(
        f"there is no check {name!r}.{hint} `rnncourse check --list` shows them all."
    )


def list_checks() -> list[str]:
    """Give one line for each check: its name, points, assignment and what it asks."""
    checks = list(all_checks().values())
    width = max((len(check.name) for check in checks), default=0)
    return [
        f"{c.name:<{width}}  {c.points:g} points  {c.assignment}  {c.asks}"
        for c in checks
    ]

"""What every test stands on: one thread, the real data, honest skips."""

import os
from pathlib import Path

import pytest

# Two threads on two busy cores run many times slower; set before NumPy is loaded.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
if SHARED_DATA.is_dir():
    os.environ.setdefault("RNNCOURSE_DATA", str(SHARED_DATA))


def require_tool(name: str, found: object, reason: str) -> None:
    """Skip the test where a tool is missing; in CI that is a failure."""
    if found:
        return
    message = f"{name} is missing: {reason}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)

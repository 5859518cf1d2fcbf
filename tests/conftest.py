"""What every test stands on: one thread, the real data, honest skips."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rnncourse.environment import QUIET_BROWSER, find_browser

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


ARGUMENTS = ["--no-sandbox", *QUIET_BROWSER]  # as root Chromium has none


@pytest.fixture(scope="session")
def browser():
    """One Chromium for the session: two of Playwright's loops cannot live together."""
    path = find_browser()
    require_tool("Chromium", path, "the pages cannot be opened; install Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


def by_itself(function, *given):
    """Call what starts Playwright, in a thread: the tests' own browser runs in this."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(function, *given).result()

"""Valid HTML by the Nu checker, Lighthouse's goals for three pages: `make test-site`.

Both come from npm as ``npm/package-lock.json`` pins them, the first time only.
"""

import gzip
import json
import os
import shutil
import statistics
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rnncourse.environment import find_browser
from tests.conftest import ARGUMENTS, ROOT, require_tool

HERE = Path(__file__).parent
PLACE = ROOT / "_build" / "npm"
FILES = ("package.json", "package-lock.json")
MEASURED = (
    "intro",
    "chapters/08-backpropagation-through-time",
    "chapters/19-energy-forecast",
)
PERFORMANCE = {"desktop": 0.95, "mobile": 0.90}
SHIFT = 0.02  # cumulative layout shift
RUNS = 3  # the middle one counts: a machine does other things too
pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def modules():
    """The folder of the npm packages, installed if they are not there."""
    node, npm = shutil.which("node"), shutil.which("npm")
    require_tool("Node with npm", node and npm, "install nodejs and npm, 18 or newer")
    done = PLACE / "installed"  # written last, so a broken installation is renewed
    lock = (HERE / "npm" / "package-lock.json").read_bytes()
    if not (done.is_file() and done.read_bytes() == lock):
        PLACE.mkdir(parents=True, exist_ok=True)
        done.unlink(missing_ok=True)
        for name in FILES:
            shutil.copy(HERE / "npm" / name, PLACE / name)
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        ran = subprocess.run(
            command, cwd=PLACE, capture_output=True, text=True, check=False
        )
        said = (ran.stderr + ran.stdout)[-800:]
        require_tool("Lighthouse", not ran.returncode, f"npm could not install: {said}")
        done.write_bytes(lock)
    return PLACE / "node_modules"


# -- valid pages ---------------------------------------------------------------------


def errors(modules, pages):
    """Return what the Nu checker finds wrong on pages."""
    jar = modules / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = ["java", "-Xss4m", "-jar", str(jar), "--errors-only", "--format", "json"]
    ran = subprocess.run(
        [*command, *map(str, pages)], capture_output=True, text=True, check=False
    )
    found = json.loads(ran.stderr)["messages"]
    return [(Path(m["url"]).name, m.get("lastLine"), m["message"]) for m in found]


@pytest.fixture
def java():
    """Skip without Java."""
    require_tool("Java", shutil.which("java"), "install a Java runtime, 17 or newer")


def test_every_page_is_valid(java, modules, site):
    pages = [p for p in sorted(site.rglob("*.html")) if "_static" not in p.parts]
    assert len(pages) > 40
    assert errors(modules, pages) == []


def test_the_checker_sees_a_broken_page(java, modules, tmp_path):
    page = tmp_path / "broken.html"
    page.write_text(
        '<!DOCTYPE html><html lang="en"><title>a</title><p id="a"><p id="a">',
        encoding="utf-8",
    )
    assert [message for _, _, message in errors(modules, [page])] == [
        "Duplicate ID “a”."
    ]


# -- Lighthouse ----------------------------------------------------------------------


class Packed(SimpleHTTPRequestHandler):
    """Serves text packed, as the hosts of such pages do."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *values):
        """Say nothing."""

    def do_GET(self):  # noqa: N802
        """Send one file."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Cache-Control", "max-age=600")
        if path.suffix in (".html", ".js", ".css", ".svg"):
            data = gzip.compress(data, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(scope="module")
def host(site):
    """The address at which the book is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Packed, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("device", list(PERFORMANCE))
@pytest.mark.parametrize("name", MEASURED)
def test_page_is_quick_still_and_clean(name, device, host, modules, tmp_path):
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("Lighthouse measures alone: make test-site")
    require_tool("Chromium", find_browser(), "Lighthouse needs it; install Chromium")
    reports = [measure(modules, f"{host}/{name}.html", device) for _ in range(RUNS)]
    for report in reports:
        for category in ("accessibility", "best-practices", "seo"):
            assert report["categories"][category]["score"] == 1, category
        shift = report["audits"]["cumulative-layout-shift"]["numericValue"]
        assert shift <= SHIFT
        asked = report["audits"]["network-requests"]["details"]["items"]
        outside = [r["url"] for r in asked if not r["url"].startswith((host, "data:"))]
        assert outside == []
        for audit in ("label-content-name-mismatch", "unsized-images"):
            assert report["audits"][audit]["score"] in (1, None), audit
    scores = [report["categories"]["performance"]["score"] for report in reports]
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    assert statistics.median(scores) >= PERFORMANCE[device], (
        f"{scores}; {load:.1f} processes wait for each core: above 1 the score says "
        "more of the machine than of the page"
    )


def measure(modules, address, device):
    """Run Lighthouse over one page; return its report."""
    command = ["node", str(modules / "lighthouse" / "cli" / "index.js"), address]
    command += ["--quiet", "--output=json", "--output-path=stdout"]
    command += [f"--chrome-flags={' '.join(['--headless=new', *ARGUMENTS])}"]
    command += ["--preset=desktop"] if device == "desktop" else []
    environment = {**os.environ, "CHROME_PATH": find_browser() or ""}
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)

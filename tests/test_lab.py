"""`rnncourse lab`: JupyterLab as a person starts it, opens a chapter and stops it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from rnncourse import lab
from rnncourse.environment import SetupError
from tests.conftest import ROOT

MOMENT = 180_000  # ms


def test_without_jupyterlab_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match="JupyterLab is missing; run `make setup`"):
        lab.open_lab(8888, browser=False)


def test_a_taken_port_is_passed_over(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < lab.free_port(port) < port + 20
        monkeypatch.setattr(lab, "range", lambda a, b: [port], raising=False)
        with pytest.raises(SetupError, match="are taken; try --port"):
            lab.free_port(port)


@pytest.mark.skipif(os.name == "nt", reason="Windows waits for nothing")
def test_a_port_that_was_left_a_moment_ago_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(server.getsockname()) as client:
            server.accept()[0].close()  # who closes first has to wait
            client.recv(1)
    assert lab.free_port(port) == port


def test_the_kernel_of_the_chapters_runs_this_python(tmp_path):
    spec = tmp_path / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"
    lab.register_kernel(tmp_path)
    assert json.loads(spec.read_text())["argv"][0] == sys.executable
    written = spec.stat().st_mtime_ns
    lab.register_kernel(tmp_path)
    assert spec.stat().st_mtime_ns == written
    spec.write_text(json.dumps({"argv": ["/elsewhere/python", "-m", "ipykernel"]}))
    lab.register_kernel(tmp_path)
    assert json.loads(spec.read_text())["argv"][0] == sys.executable


def test_a_server_that_does_not_start_is_told(monkeypatch):
    failing = [sys.executable, "-c", "raise SystemExit(3)"]
    monkeypatch.setattr(lab, "command", lambda root, port: failing)
    with pytest.raises(SetupError, match="did not start"):
        lab.open_lab(8888, browser=False)


@pytest.fixture
def running(tmp_path):
    """JupyterLab, started by the command; yield the process and its address."""
    said = tmp_path / "said.txt"
    code = (
        "import sys; from pathlib import Path; from rnncourse import cli, environment;"
        "environment.ensure = lambda root=None: Path(sys.executable);"
        "sys.exit(cli.main(['lab', '--no-browser', '--port', '8930']))"
    )
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    try:
        until = time.monotonic() + 180
        while not (found := re.search(r"is at (http\S+)", said.read_text())):
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < until, said.read_text()
            time.sleep(0.2)
        yield process, found[1], said
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


@pytest.mark.heavy
def test_the_first_chapter_opens_as_a_notebook_and_runs(running, browser):
    process, address, said = running
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.set_default_timeout(MOMENT)
    asked, outside = r"(https?|wss?)://127\.0\.0\.1:|data:|blob:", []
    page.on("request", lambda r: re.match(asked, r.url) or outside.append(r.url))
    chapter = ROOT / lab.FIRST
    before = chapter.read_bytes()
    try:
        page.goto(address)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell .cm-content")
        assert page.locator(
            '.lm-TabBar-tabLabel:text-is("01-perceptron.ipynb")'
        ).count()
        page.wait_for_selector(
            '.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached"
        )
        # The first cell prepares Colab, the second is the chapter's own.
        for cell in page.locator(".jp-Notebook .jp-CodeCell").all()[:2]:
            cell.locator(".cm-content").click()
            page.keyboard.press("Control+Enter")
        # Stored outputs are there before anything has run; this one is not.
        where = (
            "import os, sys, rnncourse\n"
            "print(os.getcwd(), sys.prefix, rnncourse.__file__)\n"
            "print(round(log_p['careful'], 1))"
        )
        cell = page.locator(".jp-Notebook .jp-CodeCell").nth(1)
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(where)
        page.keyboard.press("Control+Enter")
        line = cell.locator(".jp-OutputArea-output", has_text="rnncourse")
        words = line.inner_text().split()
        assert words == [
            str(ROOT / "chapters"),
            sys.prefix,
            str(ROOT / "rnncourse" / "__init__.py"),
            "-36.2",
        ]
        assert outside == []
    finally:
        context.close()
        chapter.write_bytes(before)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert "stopping JupyterLab" in said.read_text()
    assert "Traceback" not in said.read_text()
    port = int(re.search(r":(\d+)/", address)[1])
    with socket.socket() as tried:
        assert tried.connect_ex(("127.0.0.1", port)) != 0

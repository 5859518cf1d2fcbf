"""Take the pictures of the page for instructors, from a real graded run.

    python docs/pictures/make.py [PICTURE ...]

A course folder is laid out, twelve hand-ins are made of the answers that the course
ships in ``tests/assignments/``, and ``rnncourse grade`` grades them. Then Chromium
opens nbgrader's Formgrader on the gradebook, the class report and a feedback page.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ASSIGNMENT = "07-recurrent-networks"
MOST = 150_000  # bytes of a picture
COLOURS = 128


# -- a graded course ---------------------------------------------------------------


def hand_ins() -> dict[str, dict[str, str]]:
    """Give the answers of each learner by cell: wrong ones, right ones, none at all."""
    from tests.assignments.common import answers, by_turns, model_answers

    model = model_answers(ASSIGNMENT)
    model["state-in-words"] = "Here stands the answer of the learner, in words."
    shipped = answers(ASSIGNMENT)
    wrong = [(cell, source) for cell, source, _ in shipped.WRONG]
    some: list[dict[str, str]] = [model, {}]
    for number in range(6):  # one or two mistakes each
        few = wrong[number * 2 % len(wrong) :: 7][: 1 + number % 2]
        some.append(model | dict(few))
    for turn in by_turns(shipped.RIGHT)[:4]:
        some.append(model | {cell: source for cell, (source,) in turn.items()})
    for given in some:  # as a learner would write them
        for cell, source in given.items():
            given[cell] = re.sub(
                r"^ *### (BEGIN|END) SOLUTION\n?", "", source, flags=re.M
            )
    names = [f"learner-{number:02}" for number in range(1, len(some) + 1)]
    return dict(zip(names, some, strict=True))


def graded_course(folder: Path) -> Path:
    """Lay out a course, put the hand-ins into it and grade them."""
    import nbformat

    from rnncourse import cli
    from tests.assignments.common import fill, read

    course = folder / "rnn-2027"
    run(cli.main, "new-course", course, "--chapters", "5,7,8,10,19")
    for name, given in hand_ins().items():
        path = course / "submitted" / name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(fill(read("exercises", ASSIGNMENT), given), path)
    run(cli.main, "grade", course)
    exchange = folder / "exchange"
    exchange.mkdir()
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(f"c.Exchange.root = {str(exchange)!r}\n")
    return course


def run(main: Callable[[list[str]], int], *arguments: object) -> None:
    """Call the command line; stop if it fails."""
    words = [str(one) for one in arguments]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = main(words)
    if code:
        raise SystemExit(f"rnncourse {' '.join(words)}: {code}\n{said.getvalue()}")


@contextlib.contextmanager
def lab(course: Path) -> Iterator[str]:
    """Run JupyterLab in the course folder; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token="]
    home = course.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {**os.environ, "HOME": str(home), "JUPYTER_NO_CONFIG": ""}
    with (course.parent / "lab.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=course, env=environment, stdout=log, stderr=log
        )
        address = f"http://127.0.0.1:{port}"
        try:
            end = time.monotonic() + 120
            while True:
                try:
                    urlopen(f"{address}/api", timeout=5).close()
                    break
                except OSError:
                    if server.poll() is not None or time.monotonic() > end:
                        log.flush()
                        said = (course.parent / "lab.log").read_text()[-2000:]
                        raise SystemExit(
                            f"JupyterLab does not start:\n{said}"
                        ) from None
                    time.sleep(0.5)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


# -- the pictures ------------------------------------------------------------------

# From where to where a page is shown, in pixels: no line is cut. None is a screen.
Rows = tuple[float, float] | None
BELOW = "e => e.getBoundingClientRect().bottom + window.scrollY"
AROUND = """e => {
  const top = one => one.getBoundingClientRect().top + window.scrollY;
  const heads = [...document.querySelectorAll("h2")];
  return [
    Math.max(...heads.map(top).filter(y => y < top(e))) - 24,
    Math.min(...heads.map(top).filter(y => y > top(e))) - 24,
  ];
}"""


def formgrader(page: Any, address: str, course: Path) -> Rows:
    """Show the list of assignments with their hand-ins."""
    page.goto(f"{address}/formgrader/")
    row = page.get_by_role("link", name=ASSIGNMENT, exact=True)
    row.wait_for()
    page.wait_for_timeout(1500)  # its tables are filled piece by piece
    return 0, page.get_by_text("Add new assignment").last.evaluate(BELOW) + 24


def formgrader_reads(page: Any, address: str, course: Path) -> Rows:
    """Show an answer that a person must read, with its field for points."""
    url = f"sqlite:///{course / 'gradebook.db'}"
    page.goto(f"{address}/formgrader/submissions/{one_to_read(url)}")
    points = page.locator("input#state-in-words")
    points.wait_for()
    page.wait_for_timeout(1500)  # saved points are filled in piece by piece
    points.evaluate("e => e.closest('.panel').scrollIntoView({block: 'center'})")
    return None


def one_to_read(url: str) -> str:
    """Give formgrader's name of a notebook that waits for a person."""
    from rnncourse.grading import gradebook

    with gradebook.quiet(), gradebook.open_gradebook(url) as book:
        for submission in book.assignment_submissions(ASSIGNMENT):
            for notebook in submission.notebooks:
                if notebook.needs_manual_grade and notebook.score:
                    return str(notebook.id)
    raise SystemExit("no hand-in waits for a person")


def report(page: Any, address: str, course: Path) -> Rows:
    """Show the class report, down to the tasks."""
    page.goto((course / f"report-{ASSIGNMENT}.html").as_uri())
    return 0, page.locator("table").first.evaluate(BELOW) + 24


def feedback(page: Any, address: str, course: Path) -> Rows:
    """Show the feedback of a learner with a mistake, at that mistake."""
    for path in sorted((course / "feedback").glob(f"*/{ASSIGNMENT}/*.html")):
        page.goto(path.as_uri())
        said = page.get_by_text("It looks like")
        if said.count() == 1:
            top, bottom = said.evaluate(AROUND)
            return top, bottom
    raise SystemExit("nobody made one mistake that has a name")


PICTURES: dict[str, tuple[Callable[[Any, str, Path], Rows], tuple[int, int]]] = {
    "formgrader": (formgrader, (1100, 700)),
    "formgrader-reads": (formgrader_reads, (1100, 620)),
    "report": (report, (1000, 1150)),
    "feedback": (feedback, (1000, 900)),
}


def compress(data: bytes) -> bytes:
    """Give the same picture with few colours."""
    from PIL import Image

    picture = Image.open(io.BytesIO(data)).convert("RGB")
    out = io.BytesIO()
    for colours in (COLOURS, 64, 32):
        out = io.BytesIO()
        few = picture.quantize(colours, dither=Image.Dither.NONE)
        few.save(out, "PNG", optimize=True)
        if out.tell() <= MOST:
            break
    return out.getvalue()


def main(names: list[str]) -> int:
    """Take the pictures that are named, or all."""
    from playwright.sync_api import sync_playwright

    from rnncourse.environment import find_browser
    from tests.conftest import ARGUMENTS

    with tempfile.TemporaryDirectory(prefix="rnncourse-pictures-") as name:
        course = graded_course(Path(name))
        with lab(course) as address, sync_playwright() as started:
            browser = started.chromium.launch(
                executable_path=find_browser(), args=ARGUMENTS
            )
            for picture, (show, (width, height)) in PICTURES.items():
                if names and picture not in names:
                    continue
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme="light"
                )
                context.set_default_timeout(180_000)  # of a busy machine
                page = context.new_page()
                rows = show(page, address, course)
                cut: dict[str, Any] = {}
                if rows:
                    tall = rows[1] - rows[0]
                    clip = {"x": 0, "y": rows[0], "width": width, "height": tall}
                    cut = {"full_page": True, "clip": clip}
                data = compress(page.screenshot(**cut))
                (HERE / f"{picture}.png").write_bytes(data)
                print(json.dumps({"picture": picture, "bytes": len(data)}))
                context.close()
            browser.close()
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    raise SystemExit(main(sys.argv[1:]))

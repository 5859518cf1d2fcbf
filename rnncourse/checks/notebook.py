"""Check a filled notebook from outside: run it in a fresh kernel, read its cells."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnncourse.checks.catalogue import all_checks
from rnncourse.checks.language import Voice, voice

CALL = re.compile(r"""^check\(\s*["']([^"']+)["']""", re.MULTILINE)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class CellResult:
    """What one graded cell came to."""

    name: str
    points: float | None  # None where a person reads the answer
    out_of: float
    text: str


@dataclass(frozen=True)
class Report:
    """What a notebook came to."""

    path: Path
    cells: tuple[CellResult, ...]

    @property
    def points(self) -> float:
        """The points earned, without the cells that a person reads."""
        return sum(cell.points or 0.0 for cell in self.cells)

    @property
    def out_of(self) -> float:
        """The points that could be earned, without those a person gives."""
        return sum(cell.out_of for cell in self.cells if cell.points is not None)

    @property
    def complete(self) -> bool:
        """Whether every cell that a check judges has all its points."""
        return self.points == self.out_of

    @property
    def text(self) -> str:
        """The report as it is printed."""
        say = voice()
        head = f"{self.path.name}: {self.points:g} of {self.out_of:g} points"
        lines = [say(head), ""]
        for cell in self.cells:
            if cell.points is None:
                lines.append(
                    say(f"[{cell.name}] {cell.out_of:g} points: read by a person")
                )
            else:
                lines.append(
                    say(f"[{cell.name}] {cell.points:g} of {cell.out_of:g} points")
                )
                lines += [f"    {line}" for line in cell.text.splitlines()]
        return "\n".join(lines)


def check_notebook(path: str | Path, *, time_limit: int = 120) -> Report:
    """Run a filled notebook in a fresh kernel and report each graded cell.

    Parameters
    ----------
    path : path
        A notebook of exercises/, filled in. It is read, never written.
    time_limit : int
        Seconds that one cell may take.

    Returns
    -------
    Report
        ``text`` is what to print, ``points`` and ``out_of`` the sums, ``complete``
        whether nothing is missing, ``cells`` the results one by one.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a notebook, or has no graded cell.
    """
    import nbformat

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must be a notebook; there is no file {path}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without ids and the like
            notebook = nbformat.read(path, as_version=4)
    except Exception as error:
        raise ValueError(f"path must be a notebook; {path} is not: {error}") from None
    if not any(_grading(cell) for cell in notebook.cells):
        raise ValueError(f"path must have graded cells; {path} has none")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    stopped = _run(notebook, path.parent, time_limit)
    results = [
        _result(cell, grading, stopped, time_limit)
        for cell in notebook.cells
        if (grading := _grading(cell))
    ]
    return Report(path, tuple(results))


def _grading(cell: Any) -> dict[str, Any]:
    """Give a graded cell's name and points, also where metadata were lost."""
    given = cell.metadata.get("nbgrader", {})
    call = CALL.search(cell.source) if cell.cell_type == "code" else None
    if given.get("grade"):
        check = call.group(1) if call else ""
        return {"id": given.get("grade_id", ""), "points": given.get("points", 0.0)} | {
            "check": check
        }
    if call and call.group(1) in all_checks():
        check = all_checks()[call.group(1)]
        return {
            "id": f"{check.name}-check",
            "points": check.points,
            "check": check.name,
        }
    return {}


@contextmanager
def _one_thread() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _run(notebook: Any, folder: Path, time_limit: int) -> str:
    """Run all cells in place; return why the kernel stopped early, or ""."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of event loops, in the tool chain
        import nbclient
        from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager

        class ThisPython(KernelSpecManager):
            """Answers every kernel name with the interpreter that is running."""

            def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
                launch = [sys.executable, "-m", "ipykernel_launcher"]
                return KernelSpec(
                    argv=[*launch, "-f", "{connection_file}"],
                    display_name="Python 3",
                    language="python",
                )

        class Manager(AsyncKernelManager):
            def __init__(self, **settings: Any) -> None:
                super().__init__(kernel_spec_manager=ThisPython(), **settings)

        client = nbclient.NotebookClient(
            notebook,
            kernel_manager_class=Manager,
            kernel_name="python3",
            timeout=time_limit,
            allow_errors=True,
            interrupt_on_timeout=True,
            error_on_timeout={"ename": "TimeLimit", "evalue": "", "traceback": []},
            resources={"metadata": {"path": str(folder)}},
        )
        with _one_thread():
            try:
                # What the kernel's own machinery says on its stderr is not an answer.
                client.execute(stderr=subprocess.DEVNULL)
            except nbclient.exceptions.DeadKernelError:
                return "the kernel died before this cell (out of memory, or exit?)."
    return ""


def _result(
    cell: Any, grading: dict[str, Any], stopped: str, time_limit: int
) -> CellResult:
    name, out_of = grading["id"], float(grading["points"])
    if cell.cell_type != "code":
        return CellResult(name, None, out_of, "")
    printed: list[str] = []
    points = None
    for output in cell.outputs:
        if output.output_type == "error":
            text = _error_text(output, grading["check"], time_limit, voice())
            return CellResult(name, 0.0, out_of, "\n".join([*printed, text]))
        if output.output_type == "stream":
            printed.append(output.text.rstrip("\n"))
        if output.output_type == "execute_result" and points is None:
            points = _number(output.data.get("text/plain", ""))
    if points is None:
        why = "the cell gave no points: was it changed?"
        if stopped and cell.execution_count is None:
            why = stopped
        why = voice()(why)
        return CellResult(name, 0.0, out_of, "\n".join([*printed, why]))
    return CellResult(name, min(max(points, 0.0), out_of), out_of, "\n".join(printed))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _error_text(output: Any, check: str, time_limit: int, say: Voice = str) -> str:
    if output.ename == "CheckFailed":
        return str(output.evalue)
    if output.ename == "NameError":
        asked = all_checks()[check].title if check in all_checks() else "it"
        return say(
            f"{asked}: not answered yet, or the cell above stopped with an error "
            f"({output.evalue})."
        )
    if output.ename in ("TimeLimit", "KeyboardInterrupt"):
        return say(f"the cell took longer than {time_limit} seconds and was stopped.")
    return f"{output.ename}: {ANSI.sub('', str(output.evalue))}"

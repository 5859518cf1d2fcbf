"""Chapters: from text to an executed notebook, one way, byte for byte.

``chapters/src/NN-slug.md`` is what people edit; ``chapters/NN-slug.ipynb`` is built
from it and committed, since Colab opens only notebooks and the book renders without
running anything.

In the text, ``{{ address.repository }}`` and its kin stand for public addresses, and in
Markdown ``{{ results.some.value:.1f }}`` for a figure of ``chapters/results/``.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from rnncourse import address
from rnncourse.environment import project_root, say

TIMEOUT = 900  # seconds a cell may take; the text promises far less
TOKEN = re.compile(r"\{\{\s*([A-Za-z_]+\.[^{}]*?)\s*\}\}")
KINDS = ("address", "results")  # the second only in Markdown
ADDRESSES: dict[str, Callable[[], str]] = {
    "install": address.install,
    "repository": address.repository,
    "pages": address.pages,
}


class BuildError(Exception):
    """A chapter did not run; the message names chapter, cell and error."""


# -- names -------------------------------------------------------------------------


def chapters_folder() -> Path:
    """Return the folder of the built chapters."""
    return project_root() / "chapters"


def known() -> list[str]:
    """Return the slugs of all chapters, in order."""
    return sorted(path.stem for path in (chapters_folder() / "src").glob("*.md"))


def select(names: Sequence[str] | None = None) -> list[str]:
    """Return the slugs meant by names such as ``7``, ``07`` or a whole slug.

    Raises
    ------
    ValueError
        If a name means no chapter.
    """
    slugs = known()
    if not names:
        return slugs
    wanted = []
    for name in names:
        number = name.zfill(2) if name.isdigit() else name
        found = [s for s in slugs if s == name or s.startswith(f"{number}-")]
        if not found:
            raise ValueError(f"there is no chapter {name!r}; there are: {slugs}")
        wanted += found
    return sorted(set(wanted))


# -- text to cells -----------------------------------------------------------------


def render(slug: str) -> NotebookNode:
    """Return a chapter as a notebook that has not been run.

    Ids come from the content and tokens are replaced, so the same text gives the
    same notebook.

    Raises
    ------
    ValueError
        If a token names something that does not exist.
    """
    import jupytext

    folder = chapters_folder()
    text = (folder / "src" / f"{slug}.md").read_text(encoding="utf-8")
    notebook: NotebookNode = jupytext.reads(text, fmt="md:myst")
    results = folder / "results" / f"{slug}.json"
    figures = json.loads(results.read_text("utf-8")) if results.is_file() else {}
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        allowed = KINDS if cell.cell_type == "markdown" else KINDS[:1]
        cell.source = replace_tokens(cell.source, slug, figures, allowed)
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        seen[digest] += 1
        cell.id = f"{digest}-{seen[digest]}"
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def replace_tokens(
    text: str, slug: str, figures: dict[str, Any], allowed: Sequence[str]
) -> str:
    """Put addresses and stored figures where their tokens stand."""

    def value(match: re.Match[str]) -> str:
        path, _, spec = match.group(1).partition(":")
        kind, *keys = path.strip().split(".")
        if kind not in KINDS:
            raise ValueError(
                f"{slug}: {match.group(0)} means nothing; tokens begin with "
                f"{' or '.join(KINDS)}"
            )
        if kind not in allowed:
            raise ValueError(f"{slug}: {match.group(0)} stands in a code cell")
        if kind == "address":
            return _address(slug, keys)
        here: Any = figures
        try:
            for key in keys:
                here = here[int(key)] if isinstance(here, list) else here[key]
        except (KeyError, IndexError, TypeError, ValueError):
            raise ValueError(
                f"{slug}: chapters/results/{slug}.json has no {'.'.join(keys)}"
            ) from None
        try:
            return format(here, spec).replace("%", " %")  # as the prose has it: 90 %
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{slug}: {match.group(0)} cannot be written so: {error}"
            ) from None

    return TOKEN.sub(value, text)


def _address(slug: str, keys: list[str]) -> str:
    if keys == ["colab"]:
        return address.colab(f"chapters/{slug}.ipynb")
    if keys == ["exercise"]:
        return address.source(f"exercises/{slug}/{slug}.ipynb")
    if keys == ["exercise_colab"]:
        return address.colab(f"exercises/{slug}/{slug}.ipynb")
    if len(keys) == 1 and keys[0] in ADDRESSES:
        return ADDRESSES[keys[0]]()
    known = [*ADDRESSES, "colab", "exercise", "exercise_colab"]
    raise ValueError(f"{slug}: no address {'.'.join(keys)!r}; there are {known}")


# -- what a chapter depends on -----------------------------------------------------


def imported_modules(notebook: NotebookNode) -> list[Path]:
    """Return the files of ``rnncourse`` that a notebook imports, directly or not."""
    code = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
    code = re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.MULTILINE)
    found: dict[Path, None] = {}
    waiting = list(_module_files(code, None))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = None
            waiting += _module_files(path.read_text(encoding="utf-8"), path)
    return sorted(found)


def _module_files(code: str, path: Path | None) -> Iterator[Path]:
    package = Path(__file__).parent
    for node in ast.walk(ast.parse(code, str(path))):
        if isinstance(node, ast.Import):
            dotted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            dotted = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
        else:
            continue
        for name in dotted:
            top, *rest = name.split(".")
            if top != "rnncourse":
                continue
            base = package.joinpath(*rest)
            for candidate in (base.with_suffix(".py"), base / "__init__.py"):
                if candidate.is_file():
                    yield candidate


def named_files(modules: Sequence[Path]) -> list[Path]:
    """Return the settings that modules name and that lie beside them, in order."""
    found = set()
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                name = node.value
                if name.endswith((".toml", ".mplstyle")) and "/" not in name:
                    found.add(module.with_name(name))
    return sorted(path for path in found if path.is_file())


def fingerprint(notebook: NotebookNode, slug: str) -> str:
    """Return a hash of what a notebook runs on beside its own text.

    These are the files of the package that it imports, directly or not, the settings
    they name, and the chapter's stored results if a cell reads them.
    """
    modules = imported_modules(notebook)
    files = modules + named_files(modules)
    results = chapters_folder() / "results" / f"{slug}.json"
    code = (c.source for c in notebook.cells if c.cell_type == "code")
    if results.is_file() and any(results.name in source for source in code):
        files.append(results)
    digest = hashlib.sha256()
    for path in files:  # as text, so that a checkout's line ends do not matter
        digest.update(path.read_text(encoding="utf-8").encode())
    return digest.hexdigest()[:16]


def content(notebook: NotebookNode) -> list[tuple[Any, ...]]:
    """Return what must agree between the text and the stored notebook."""
    return [
        (
            cell.id,
            cell.cell_type,
            cell.source,
            json.dumps(cell.metadata, sort_keys=True),
        )
        for cell in notebook.cells
    ]


def reason_stale(slug: str) -> str | None:
    """Say why a stored chapter is not what its text and code would give now."""
    built = chapters_folder() / f"{slug}.ipynb"
    if not built.is_file():
        return "it has not been built yet"
    fresh, stored = render(slug), nbformat.read(built, as_version=4)
    if content(fresh) != content(stored):
        return "its text has changed"
    if stored.metadata.get("rnncourse") != fingerprint(fresh, slug):
        return "the code or the results it runs on have changed"
    return None


def stale(names: Sequence[str] | None = None) -> list[str]:
    """Return one line for each chapter that is not up to date; no kernel is needed."""
    reasons = ((slug, reason_stale(slug)) for slug in select(names))
    return [f"{slug}: {reason}" for slug, reason in reasons if reason]


# -- running -----------------------------------------------------------------------


def build(
    names: Sequence[str] | None = None, *, jobs: int = 2, force: bool = False
) -> list[str]:
    """Run the chapters that are stale, or all of the named ones with ``force``.

    Where prose alone has changed the stored outputs are still right, and are kept.

    Raises
    ------
    BuildError
        If a chapter fails. The others are still run, and its stored notebook stays
        as it was.
    """
    slugs = [slug for slug in select(names) if force or reason_stale(slug)]
    if not slugs:
        say("every chapter is up to date")
        return []
    say(f"running {len(slugs)} of {len(known())} chapters: {', '.join(slugs)}")
    failures = []
    with ProcessPoolExecutor(max_workers=max(1, min(jobs, len(slugs)))) as pool:
        running = {pool.submit(build_one, slug, keep=not force): slug for slug in slugs}
        for done, future in enumerate(as_completed(running), start=1):
            slug = running[future]
            try:
                seconds = future.result()
            except BuildError as error:
                failures.append(str(error))
                say(f"[{done}/{len(slugs)}] {slug} failed")
            else:
                did = f"ran in {seconds:.0f} s" if seconds else "has its new prose"
                say(f"[{done}/{len(slugs)}] {slug} {did}")
    if failures:
        raise BuildError("\n\n".join(failures))
    return slugs


def keep_outputs(notebook: NotebookNode, slug: str, mark: str) -> bool:
    """Take over the stored outputs if only prose has changed; tell whether it had.

    Every code cell and everything it runs on must be what the stored notebook ran.
    """
    built = chapters_folder() / f"{slug}.ipynb"
    if not built.is_file():
        return False
    stored = nbformat.read(built, as_version=4)
    code, ran = (
        [cell for cell in nb.cells if cell.cell_type == "code"]
        for nb in (notebook, stored)
    )
    same = [[(c.id, c.source, c.metadata) for c in cells] for cells in (code, ran)]
    if stored.metadata.get("rnncourse") != mark or same[0] != same[1]:
        return False
    for cell, old in zip(code, ran, strict=True):
        cell.outputs, cell.execution_count = old.outputs, old.execution_count
    return True


def build_one(slug: str, out: Path | None = None, *, keep: bool = False) -> float:
    """Run one chapter and write its notebook; return the seconds it took.

    With ``keep`` a chapter whose prose alone has changed is not run: 0 seconds.
    """
    try:
        notebook = render(slug)
    except ValueError as error:
        raise BuildError(str(error)) from None
    mark, seconds = fingerprint(notebook, slug), 0.0
    if not keep or not keep_outputs(notebook, slug, mark):
        started = time.perf_counter()
        execute(notebook, slug, chapters_folder())
        seconds = time.perf_counter() - started
    notebook.metadata["rnncourse"] = mark
    target = chapters_folder() / f"{slug}.ipynb" if out is None else out
    waiting = target.with_suffix(".ipynb.part")
    nbformat.write(notebook, waiting)
    waiting.replace(target)
    return seconds


def execute(notebook: NotebookNode, name: str, folder: Path) -> None:
    """Run a notebook in place, on one thread, with the real data where it is.

    Raises
    ------
    BuildError
        If a cell raises, takes too long or the kernel dies.
    """
    from jupyter_client.manager import KernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import (
        CellExecutionError,
        CellTimeoutError,
        DeadKernelError,
    )

    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        kernel_manager_class=KernelManager,
        extra_arguments=["--IPKernelApp.log_level=40"],  # errors alone
    )
    try:
        client.execute(env={**os.environ, **kernel_variables()})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise BuildError(_failure(name, notebook, error)) from None
    except RuntimeError as error:  # the kernel did not answer at all
        raise BuildError(f"{name}: {error}") from None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
    notebook.metadata.pop("language_info", None)


def kernel_variables() -> dict[str, str]:
    """Return the variables a chapter runs under."""
    variables = dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"
    )
    variables |= {
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    shared = project_root().parent / "shared" / "data"
    if "RNNCOURSE_DATA" not in os.environ and shared.is_dir():
        variables["RNNCOURSE_DATA"] = str(shared)
    return variables


def merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of one stream, whose cuts depend on the clock."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        same = last is not None and output.output_type == last.output_type == "stream"
        if last is not None and same and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def _failure(name: str, notebook: NotebookNode, error: Exception) -> str:
    ran = [c for c in notebook.cells if c.cell_type == "code" and c.execution_count]
    place = f"{name}, code cell {len(ran)}" if ran else name
    source = ran[-1].source if ran else ""
    kind, value = getattr(error, "ename", ""), getattr(error, "evalue", "")
    what = f"{kind}: {value}" if kind else str(error).splitlines()[0]
    shown = "\n".join(f"    {line}" for line in source.splitlines()[:12])
    return f"{place}: {what}\n{shown}"

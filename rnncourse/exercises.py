"""Generate what learners get: exercises/ from solutions/, by nbgrader's own converter.

Nothing is cleaned by code of this course. The converter runs in a private course
folder without a gradebook, with the settings of nbgrader_config.py, and its files
are copied only where their bytes differ.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_RELEASED = {".ipynb_checkpoints", "__pycache__", ".DS_Store"}


class GenerationError(RuntimeError):
    """Nbgrader refused an assignment; the message holds its words."""


def assignments(root: Path = ROOT) -> list[str]:
    """List the assignments that have a source, by name."""
    return sorted(
        folder.name
        for folder in (root / "solutions").iterdir()
        if folder.is_dir() and any(folder.glob("*.ipynb"))
    )


def fill_address(source: str) -> str:
    """Replace ``{{ address.install }}`` and its like by the course's public address."""
    if "{{ address." not in source:
        return source
    from rnncourse import address

    def value(token: re.Match[str]) -> str:
        if not hasattr(address, token[1]):
            raise ValueError(f"{token[0]} is unknown: there is no address.{token[1]}()")
        return str(getattr(address, token[1])())

    return re.sub(r"\{\{ address\.(\w+) \}\}", value, source)


def exercises(*, check: bool = False, root: str | Path = ROOT) -> list[str]:
    """Bring exercises/ in step with solutions/.

    Parameters
    ----------
    check : bool
        Change nothing, only report.
    root : path
        The project; it has nbgrader_config.py and solutions/.

    Returns
    -------
    list of str
        Files that differ (with ``check``) or were written or removed, relative to
        ``root``. Empty if exercises/ is what solutions/ generates, byte for byte.

    Raises
    ------
    FileNotFoundError
        If there is no solutions/ or no nbgrader_config.py.
    GenerationError
        If nbgrader refuses a notebook.
    """
    root = Path(root)
    for needed in ("solutions", "nbgrader_config.py"):
        if not (root / needed).exists():
            raise FileNotFoundError(f"root must hold {needed}, not found in {root}")
    with tempfile.TemporaryDirectory(prefix="rnncourse-exercises-") as folder:
        course = Path(folder)
        shutil.copytree(
            root / "solutions",
            course / "solutions",
            ignore=shutil.ignore_patterns(*NOT_RELEASED),
        )
        shutil.copy(root / "nbgrader_config.py", course)
        for name in assignments(course):
            _generate(course, name)
        return _bring_over(course / "exercises", root / "exercises", check=check)


def _generate(course: Path, name: str) -> None:
    """Run nbgrader's GenerateAssignment on one assignment of a course folder."""
    with warnings.catch_warnings():
        # nbgrader's imports warn of its own dependencies; nothing of it is ours.
        warnings.simplefilter("ignore")
        from nbgrader.converters import GenerateAssignment
        from nbgrader.coursedir import CourseDirectory
        from traitlets.config.loader import PyFileConfigLoader

        config = PyFileConfigLoader(
            "nbgrader_config.py", path=str(course)
        ).load_config()
        config.CourseDirectory.root = str(course)
        config.SaveCells.enabled = False
        config.GenerateAssignment.no_database = True
        courses = CourseDirectory(config=config, assignment_id=name)
        converter = GenerateAssignment(coursedir=courses, config=config)
        converter.force = True
        with _log_of(converter.log) as log:
            try:
                converter.start()
            except (Exception, SystemExit) as error:
                raise GenerationError(f"{name}: {error}\n{log.getvalue()}") from error


@contextlib.contextmanager
def _log_of(log: logging.Logger) -> Iterator[io.StringIO]:
    """Keep what a logger says, out of sight unless something goes wrong."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    before = log.handlers[:], log.propagate
    log.handlers, log.propagate = [handler], False
    try:
        yield text
    finally:
        log.handlers, log.propagate = before


def _bring_over(made: Path, kept: Path, *, check: bool) -> list[str]:
    """Copy what differs, remove what is no longer generated; name both."""
    new, old = _files(made), _files(kept)
    changed = []
    for name in sorted(new | old):
        source, target = made / name, kept / name
        if name in new and name in old and source.read_bytes() == target.read_bytes():
            continue
        changed.append(f"{kept.name}/{name}")
        if check:
            continue
        if name in new:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
        else:
            target.unlink()
            with contextlib.suppress(OSError):  # another file may still be there
                target.parent.rmdir()
    return changed


def _files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not NOT_RELEASED & set(path.parts)
    }


if __name__ == "__main__":
    for name in exercises():
        print(f"written: {name}")

"""What is let in, and how a damaged notebook is put right.

A hand-in is read without following links, within limits, and rebuilt on the released
notebook: only the sources of answers and of the learner's own cells come from the
learner; metadata, ids, points, tests and their order come from the release. So no
trick with metadata or cells reaches nbgrader, and an honest accident (a cell split,
copied, deleted or moved) costs nothing. Each repair is told to the learner. The
original file is never changed.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rnncourse.checks import variants

MiB = 1 << 20
MAX_NOTEBOOK = 20 * MiB
MAX_CELLS = 1000
MAX_SOURCE = 1 * MiB  # of one cell
MAX_NESTING = 60
MAX_FILES = 200
MAX_FILES_BYTES = 32 * MiB
MAX_DEPTH = 6
NAME = re.compile(r"[\w .@+()-]{1,120}")
NOT_COPIED = {".ipynb", ".py", ".pyc", ".so", ".pth", ".pyd", ".dll", ".exe", ".cfg"}
CELL_TYPES = ("code", "markdown", "raw")
# Follow no link, wait for no pipe; Windows has none of these, and needs the last.
OPENING = 0
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    OPENING |= getattr(os, _name, 0)


class Refused(ValueError):
    """A hand-in that cannot be read; the message is a sentence for people."""


@dataclass(frozen=True)
class Submission:
    """One hand-in as it was found.

    Parameters
    ----------
    student : str
    notebook : bytes
        As it came; empty where ``trouble`` says why.
    files : tuple of (str, bytes)
        What else lay beside it.
    notes : tuple of str
        What was noticed on the way.
    trouble : str
        Why it cannot be graded, or "".
    """

    student: str
    notebook: bytes = b""
    files: tuple[tuple[str, bytes], ...] = ()
    notes: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def digest(self) -> str:
        """The sha256 of all that was handed in."""
        made = hashlib.sha256()
        for name, data in (("", self.notebook), *self.files):
            made.update(f"{len(name)} {len(data)} {name}".encode())
            made.update(data)
        made.update(self.trouble.encode())
        return made.hexdigest()

    @property
    def stamp(self) -> str | None:
        """When it came, in UTC, as the exchange's timestamp.txt beside it says."""
        text = (
            dict(self.files).get("timestamp.txt", b"")[:100].decode("utf-8", "replace")
        )
        found = re.fullmatch(
            r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?) UTC", text.strip()
        )
        try:
            return datetime.fromisoformat(found[1]).isoformat() if found else None
        except ValueError:
            return None


# -- reading files -----------------------------------------------------------------


def read_regular(path: Path | str, most: int) -> bytes:
    """Read a regular file, following no link and waiting for no pipe.

    Raises
    ------
    Refused
        If it is anything else, or too large.
    """
    try:
        opened = os.open(path, os.O_RDONLY | OPENING)
    except OSError as error:
        links = " (links are not followed)" if os.path.islink(path) else ""
        raise Refused(f"the file cannot be opened{links}: {error.strerror}.") from None
    with os.fdopen(opened, "rb") as stream:
        what = os.fstat(opened)
        if not stat.S_ISREG(what.st_mode):
            raise Refused("it is not a regular file.")
        if what.st_nlink > 1:
            raise Refused("the file has a second name elsewhere (a hard link).")
        if what.st_size > most:
            raise Refused(f"the file is larger than {most // MiB} MB.")
        data = stream.read(most + 1)
    if len(data) > most:
        raise Refused(f"the file is larger than {most // MiB} MB.")
    return data


def collect(folder: Path, assignment: str) -> list[Submission]:
    """Find the hand-ins in a folder.

    Known are notebooks side by side, named ``STUDENT.ipynb`` or
    ``STUDENT__ANYTHING.ipynb``; a folder for each student with one notebook; and
    nbgrader's ``submitted/STUDENT/ASSIGNMENT/``.

    Returns
    -------
    list of Submission
        One for each student, sorted by name.
    """
    if (folder / "submitted").is_dir() and not (folder / "submitted").is_symlink():
        folder = folder / "submitted"
    found: dict[str, Submission] = {}
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            one = _from_folder(Path(entry.path), assignment)
        elif entry.name.endswith(".ipynb"):
            one = _from_file(Path(entry.path), assignment)
        else:
            continue
        if one is None:
            continue
        if one.student in found:
            double = "there is more than one hand-in under this name."
            one = Submission(one.student, trouble=double)
        found[one.student] = one
    return [found[name] for name in sorted(found)]


def student_name(text: str) -> str:
    """Make a name that is safe as a key and as a folder's name."""
    name = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    name = re.sub(r"[^\w.@+-]+", "-", name)[:80].strip(".-")
    return name or "nameless"


def _from_file(path: Path, assignment: str) -> Submission | None:
    stem = path.stem.split("__", 1)[0]
    if stem == assignment:
        return Submission(
            "nameless", trouble="the file's name does not say whose it is."
        )
    student = student_name(re.sub(re.escape(assignment), "", stem))
    try:
        return Submission(student, read_regular(path, MAX_NOTEBOOK))
    except Refused as refused:
        return Submission(student, trouble=str(refused))


def _from_folder(path: Path, assignment: str) -> Submission | None:
    student = student_name(path.name)
    inner = path / assignment
    if inner.is_dir() and not inner.is_symlink():
        path = inner
    try:
        notebook = _find_notebook(path, assignment)
        data = read_regular(notebook, MAX_NOTEBOOK)
        files, notes = _other_files(path)
    except Refused as refused:
        return Submission(student, trouble=str(refused))
    except OSError as error:
        why = f"the folder cannot be read: {error.strerror}."
        return Submission(student, trouble=why)
    if notebook.name != f"{assignment}.ipynb":
        notes.append(f"The file was named {_shown(notebook.name)}; it was graded.")
    return Submission(student, data, tuple(files), tuple(notes))


def _find_notebook(path: Path, assignment: str) -> Path:
    wanted = path / f"{assignment}.ipynb"
    if os.path.lexists(wanted):
        return wanted
    others = [
        entry.name
        for entry in os.scandir(path)
        if entry.name.endswith(".ipynb") and not entry.name.startswith(".")
    ]
    if len(others) == 1:
        return path / others[0]
    if others:
        raise Refused(f"there are {len(others)} notebooks, none named as the task.")
    raise Refused("there is no notebook.")


def _other_files(top: Path) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Read what lies beside the notebook: plain files with plain names."""
    files: list[tuple[str, bytes]] = []
    left_out = total = seen = 0
    todo = [(top, 0)]
    while todo:
        folder, depth = todo.pop()
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            seen += 1
            if seen > 10 * MAX_FILES or len(files) >= MAX_FILES:
                return files, ["There were too many files; the rest was left out."]
            if entry.is_dir(follow_symlinks=False):
                plain = NAME.fullmatch(entry.name) and not entry.name.startswith(".")
                if plain and depth < MAX_DEPTH and entry.name != "__pycache__":
                    todo.append((Path(entry.path), depth + 1))
                continue
            suffix = Path(entry.name).suffix.lower()
            if suffix in NOT_COPIED or entry.name.startswith("."):
                continue
            try:
                if not NAME.fullmatch(entry.name):
                    raise Refused("an odd name")
                data = read_regular(entry.path, MAX_FILES_BYTES - total)
            except Refused:
                left_out += 1
                continue
            total += len(data)
            files.append((os.path.relpath(entry.path, top), data))
    notes = []
    if left_out:
        notes.append(
            f"{left_out} of the files were left out: links, pipes, odd names or sizes."
        )
    return files, notes


# -- reading the notebook ----------------------------------------------------------


def parse(data: bytes) -> dict[str, Any]:
    """Read the bytes of a notebook, whoever wrote them.

    Raises
    ------
    Refused
        With the reason.
    """
    text = _decode(data)
    if _nesting(text) > MAX_NESTING:
        raise Refused("the notebook is nested too deeply to be one.")
    try:
        notebook = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if hasattr(error, "lineno") else ""
        raise Refused(f"the file is not a notebook: it is not JSON{where}.") from None
    if not isinstance(notebook, dict):
        raise Refused("the file is not a notebook.")
    version = notebook.get("nbformat")
    if version == 3:
        notebook = _upgrade(text)
    elif version != 4:
        raise Refused(f"notebooks of format {_shown(str(version))} cannot be read.")
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise Refused("the notebook has no list of cells.")
    if len(cells) > MAX_CELLS:
        raise Refused(f"the notebook has {len(cells):,} cells; {MAX_CELLS:,} may be.")
    return dict(notebook)


def _decode(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused(f"the file is not UTF-8 (byte {error.start}).") from None


def _nesting(text: str) -> int:
    """Say how deeply brackets are nested, strings left out."""
    depth = deepest = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*+"|[\[{]+|[\]}]+', text, re.DOTALL):
        token = found[0]
        if token[0] in "[{":
            depth += len(token)
            deepest = max(deepest, depth)
        elif token[0] in "]}":
            depth -= len(token)
    return deepest


def _upgrade(text: str) -> dict[str, Any]:
    import nbformat

    try:
        upgraded = nbformat.convert(nbformat.reads(text, as_version=3), 4)
        loaded: dict[str, Any] = json.loads(nbformat.writes(upgraded))
    except Exception:
        raise Refused("the notebook is of format 3 and cannot be upgraded.") from None
    return loaded


def _source(cell: dict[str, Any]) -> str:
    text = cell.get("source", "")
    if isinstance(text, list) and all(isinstance(part, str) for part in text):
        text = "".join(text)
    if not isinstance(text, str):
        raise Refused("a cell's text is not text.")
    if len(text) > MAX_SOURCE:
        raise Refused("a cell is longer than 1 MB.")
    text = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shown(text: str) -> str:
    """Quote a few characters of something that a learner wrote."""
    text = "".join(c if c.isprintable() else "\ufffd" for c in text[:60])
    return f"“{text}”"


# -- rebuilding --------------------------------------------------------------------


@dataclass
class Rebuilt:
    """A notebook made anew on the release, and what was put right."""

    notebook: dict[str, Any]
    notes: list[str] = field(default_factory=list)


@dataclass
class _Found:
    """What the learner's cells are, in their order."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    own: dict[str | None, list[dict[str, Any]]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)  # in the learner's order
    recovered: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def rebuild(handed_in: dict[str, Any], release: dict[str, Any]) -> Rebuilt:
    """Put a learner's answers into the released notebook.

    Parameters
    ----------
    handed_in : dict
        From :func:`parse`.
    release : dict
        The notebook as it was released, trusted.

    Raises
    ------
    Refused
        If it has nothing of the assignment in it.
    """
    known = {_grade_id(cell): cell for cell in release["cells"] if _grade_id(cell)}
    found = _sort_cells(handed_in["cells"], known)
    if not found.seen and not found.recovered:
        raise Refused("the notebook is not one of this assignment.")
    order = [name for name in known if name in found.seen]
    if list(dict.fromkeys(found.seen)) != order:
        found.notes.append("Cells stood in another order; they were put back.")
    there = {*found.seen, *found.recovered}
    missing = [name for name in known if name not in there]
    for name in missing:
        what = "answer" if _is_answer(known[name]) else "cell"
        found.notes.append(f"The {what} “{name}” was missing; it was put back.")
    cells: list[dict[str, Any]] = list(found.own.get(None, []))
    for trusted in release["cells"]:
        cell = copy.deepcopy(trusted)
        name = _grade_id(cell)
        answers = found.answers.get(name, [])
        if answers:
            cell["source"] = _join(name, answers, found.notes)
        if name == variants.CELL:
            cell["source"] = _learner(cell["source"], variants.stated(handed_in).name)
        cells.append(cell)
        if name:
            cells += found.own.get(name, [])
    for number, cell in enumerate(cells):
        cell.setdefault("id", f"own-{number}")
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return Rebuilt({**release, "cells": cells}, list(dict.fromkeys(found.notes)))


def _learner(released: str, name: str) -> str:
    """Put a learner's name into the released cell; the course's word stays."""
    word = variants.word_in(released)
    line = f"COURSE, LEARNER = {json.dumps(word)}, {json.dumps(name)}"
    return re.sub(
        r"^COURSE, LEARNER = .*$", lambda _: line, released, flags=re.MULTILINE
    )


def _grade_id(cell: dict[str, Any]) -> str:
    return str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", ""))


def _is_answer(cell: dict[str, Any]) -> bool:
    return bool(cell["metadata"]["nbgrader"].get("solution"))


def _sort_cells(cells: Sequence[Any], known: dict[str, dict[str, Any]]) -> _Found:
    found = _Found()
    by_id = {cell.get("id"): name for name, cell in known.items() if cell.get("id")}
    sources = {_text_of(cell): name for name, cell in known.items()}
    for cell in _readable(cells, found.notes):
        source, kind = _source(cell), cell["cell_type"]
        name = _name_of(cell, known)
        own_id = cell.get("id")
        if not name and isinstance(own_id, str) and own_id in by_id:
            name = by_id[own_id]  # its tags were lost, its id was not
            found.notes.append(f"The cell “{name}” had lost its marks.")
        if not name and sources.get(source.strip()) not in (None, *found.seen):
            name = sources[source.strip()]
            found.notes.append(f"The cell “{name}” had lost its marks.")
        if not name:
            _keep_own(found, source, kind)
            continue
        _take(found, known[name], name, source, kind)
    _find_lost_answers(found, known)
    return found


def _readable(cells: Sequence[Any], notes: list[str]) -> Iterator[dict[str, Any]]:
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") in CELL_TYPES:
            yield cell
        else:
            notes.append("A cell that cannot be read was left out.")


def _name_of(cell: dict[str, Any], known: dict[str, dict[str, Any]]) -> str:
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) and name in known else ""


def _text_of(cell: dict[str, Any]) -> str:
    return "".join(cell["source"]).strip()


def _take(
    found: _Found, trusted: dict[str, Any], name: str, source: str, kind: str
) -> None:
    again = name in found.seen
    found.seen.append(name)
    if name == variants.CELL:
        return  # see _learner
    if not _is_answer(trusted):
        if again:
            found.notes.append(f"The cell “{name}” was there twice; one was kept.")
        if source.strip() != _text_of(trusted):
            found.notes.append(f"The cell “{name}” had been changed; it was put back.")
        return
    if kind != trusted["cell_type"]:
        found.notes.append(
            f"The answer “{name}” had become a {kind} cell; it was changed back."
        )
    found.answers.setdefault(name, []).append(source)


def _keep_own(found: _Found, source: str, kind: str) -> None:
    if not source.strip():
        return
    place = found.seen[-1] if found.seen else None
    kept: dict[str, Any] = {
        "cell_type": "code" if kind == "code" else "markdown",
        "metadata": {},
        "source": source,
    }
    found.own.setdefault(place, []).append(kept)


def _join(name: str, answers: list[str], notes: list[str]) -> str:
    """Make one answer of several cells under one name.

    A cell that was split keeps its name in both halves, so the halves follow each
    other; a cell that was copied stands there twice, and the last one counts, as it
    did when it was run.
    """
    if len(answers) == 1:
        return answers[0]
    different = list(dict.fromkeys(text for text in answers if text.strip()))
    if len(different) <= 1:
        notes.append(f"The answer “{name}” was there twice, alike; one was kept.")
        return different[0] if different else ""
    notes.append(
        f"The answer “{name}” stood in {len(different)} cells; they were put "
        "together in their order."
    )
    return "\n\n".join(different)


def _find_lost_answers(found: _Found, known: dict[str, dict[str, Any]]) -> None:
    """Find a missing answer among the learner's own cells by the name it defines."""
    for name, trusted in known.items():
        if name in found.answers or not _is_answer(trusted):
            continue
        defined = re.search(r"^(?:def|class) (\w+)", _text_of(trusted), re.MULTILINE)
        if not defined or trusted["cell_type"] != "code":
            continue
        pattern = re.compile(rf"^(?:def|class) {defined[1]}\b", re.MULTILINE)
        for own in found.own.values():
            for cell in own:
                if cell["cell_type"] == "code" and pattern.search(cell["source"]):
                    own.remove(cell)
                    found.answers[name] = [cell["source"]]
                    found.recovered.append(name)
                    found.notes.append(
                        f"The answer “{name}” had lost its marks; it was found by "
                        f"the name {defined[1]}."
                    )
                    break
            if name in found.answers:
                break


def looks_like(data: bytes, grade_ids: Sequence[str]) -> int:
    """Count how many of an assignment's cells a file names, without parsing it."""
    return sum(f'"{name}"'.encode() in data for name in grade_ids)

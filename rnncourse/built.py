"""Whether the built book is still that of what lies here: then nobody builds it again.

The book is always built whole, since Sphinx warns only of the pages it reads, and a
second build of a broken book would pass. What makes a build without any change quick is
therefore all or nothing: a build in which nothing was wrong leaves a hash of all that
it may have read, and of the pages it wrote; as long as both hold, it need not be done.

What may have been read is everything in the folder that git does not ignore, rather
than a list of what the pages use today, which nobody would keep up.

Only the standard library is imported, as in :mod:`.environment`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from rnncourse.environment import find_browser

KEPT = Path("_build") / "built.json"
PAGES = Path("_build") / "html"
VARIABLES = ("LANG", "LC_", "PYTHONPATH", "RNNCOURSE", "SOURCE_DATE_EPOCH")
VERSIONS = (
    "import sys; from importlib.metadata import distributions as found; "
    "print(sys.version, sorted({f'{d.name} {d.version}' for d in found()}))"
)


def fingerprint(root: Path, python: Path) -> str:
    """Return a hash of all that a build may read, to be taken before the build.

    Parameters
    ----------
    root : Path
        Of the repository.
    python : Path
        The Python that builds.
    """
    rest = repr(around(root, python)).encode()
    return f"{hash_of(root)} {hashlib.sha256(rest).hexdigest()}"


def hash_of(folder: Path) -> str:
    """Return a hash of names and contents of the files that git would not ignore."""
    digest = hashlib.sha256()
    for path in files(folder):
        content = path.read_bytes()
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def files(root: Path) -> Iterator[Path]:
    """Yield the files of a folder, by name, without what its .gitignore names."""
    listed = root / ".gitignore"
    lines = listed.read_text("utf-8").splitlines() if listed.is_file() else []

    def counts(path: Path) -> bool:
        place = f"/{path.relative_to(root).as_posix()}"
        return not (
            path.name == ".git"
            or (path / "pyvenv.cfg").is_file()
            or any(
                fnmatch(place if line.startswith("/") else path.name, line.rstrip("/"))
                for line in lines
            )
        )

    for folder, names, found in os.walk(root):
        names[:] = sorted(name for name in names if counts(Path(folder, name)))
        for name in sorted(found):
            path = Path(folder, name)
            if counts(path) and path.is_file():
                yield path


def around(root: Path, python: Path) -> list[object]:
    """Return what else a build depends on: versions, history, browser, settings."""
    browser = find_browser()
    kind = os.stat(browser) if browser else None
    return [
        str(root),
        said([str(python), "-c", VERSIONS], root),
        # The dates below the pages are those of the commits.
        said(["git", "rev-parse", "HEAD", "--is-shallow-repository"], root),
        time.tzname,
        (browser, kind.st_size, kind.st_mtime_ns) if kind else "no browser",
        sorted(pair for pair in os.environ.items() if pair[0].startswith(VARIABLES)),
    ]


def said(command: list[str], root: Path) -> str:
    """Return what a command prints; "" if there is no such command."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, cwd=root, capture_output=True, text=True).stdout


def holds(root: Path, now: str, languages: list[str]) -> bool:
    """Tell whether the pages are those of this fingerprint, in all these languages."""
    try:
        kept = json.loads((root / KEPT).read_text(encoding="utf-8"))
        return (
            kept["fingerprint"] == now
            and set(languages) <= set(kept["languages"])
            and kept["pages"] == hash_of(root / PAGES)
        )
    except (OSError, ValueError, KeyError):
        return False


def keep(root: Path, now: str, languages: list[str]) -> None:
    """Remember a build in which nothing was wrong."""
    pages = hash_of(root / PAGES)
    kept = {"fingerprint": now, "languages": languages, "pages": pages}
    (root / KEPT).write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def forget(root: Path) -> None:
    """Forget the last build; the next one is done, whatever this one comes to."""
    (root / KEPT).unlink(missing_ok=True)

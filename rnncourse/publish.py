"""The site as it is published: the book, the files to take away, and older releases.

A release keeps its site as the zip of ``make offline``. Each is laid out under its
version; its pages name the page now as the one to cite and to find, and a page of an
older release says that it is old.
"""

from __future__ import annotations

import html
import re
import shutil
import zipfile
from pathlib import Path

from rnncourse import __version__, address
from rnncourse.environment import SetupError, say

PACKED = re.compile(r"rnncourse-book-(\d+)\.(\d+)\.(\d+)\.zip")
CANONICAL = re.compile(r'<link rel="canonical" href="[^"]*"\s*/?>')
STYLE = "padding:0.6rem 1rem;text-align:center;background:#fff1c9;color:#3b2a00"
LIST = "versions.html"

Version = tuple[int, int, int]


def publish(build: Path, releases: Path, out: Path, now: str = __version__) -> None:
    """Lay the published site out in one folder.

    Parameters
    ----------
    build : Path
        Has the built pages in ``html``, and the zip and the PDF of `now`.
    releases : Path
        Has the zips of the releases; others are left aside.
    out : Path
        Where the site goes; what was there is removed.
    now : str
        The version of the pages in `build`.

    Raises
    ------
    SetupError
        If the pages, the zip or the PDF are missing.
    """
    site = build / "html"
    if not (site / "index.html").is_file():
        raise SetupError(
            "the book is not built; run `make offline` and `make pdf` first"
        )
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(site, out)
    for kind in ("zip", "pdf"):
        made = build / f"rnncourse-book-{now}.{kind}"
        if not made.is_file():
            raise SetupError(
                f"{made.name} is missing; run `make offline` and `make pdf`"
            )
        shutil.copy2(made, out / f"rnncourse-book.{kind}")
    found = packed(releases)
    for version, path in found.items():
        folder = out / f"v{words(version)}"
        unpack(path, folder)
        mark(folder, out, version, old=version < numbers(now))
        shutil.copy2(path, folder / "rnncourse-book.zip")
        say(f"version {words(version)} is in {folder.name}/")
    (out / LIST).write_text(listed(sorted(found, reverse=True), now), "utf-8")


def packed(releases: Path) -> dict[Version, Path]:
    """Return the zips of releases by version, the oldest first."""
    found = {}
    for path in releases.glob("*.zip") if releases.is_dir() else ():
        if match := PACKED.fullmatch(path.name):
            found[numbers(".".join(match.groups()))] = path
    return dict(sorted(found.items()))


def numbers(version: str) -> Version:
    """Return 1.2.3 as numbers, which compare as versions do."""
    major, minor, patch = (int(part) for part in version.split(".")[:3])
    return major, minor, patch


def words(version: Version) -> str:
    """Return a version as it is written."""
    return ".".join(map(str, version))


def unpack(path: Path, folder: Path) -> None:
    """Unpack a site; the zip has one folder with everything in it."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            inner = Path(*Path(info.filename).parts[1:])
            if info.is_dir() or ".." in inner.parts:
                continue
            target = folder / inner
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(info))
    # One map of the site, and one index, are enough: those of the pages now.
    for name in ("sitemap.xml", "llms.txt"):
        (folder / name).unlink(missing_ok=True)


def mark(folder: Path, site: Path, version: Version, *, old: bool) -> None:
    """Lead each page of a release to the same page now, if there still is one."""
    for path in sorted(folder.rglob("*.html")):
        inner = path.relative_to(folder)
        if "_static" in inner.parts:
            continue
        text = path.read_text(encoding="utf-8")
        there = (site / inner).is_file()
        best = inner.as_posix() if there else f"{folder.name}/{inner.as_posix()}"
        link = f'<link rel="canonical" href="{address.pages()}{best}" />'
        text, count = CANONICAL.subn(link, text)
        if not count:
            text = text.replace("</head>", f"{link}\n</head>", 1)
        if old:
            up = "../" * len(inner.parts)
            to = f"{up}{inner.as_posix()}" if there else f"{up}index.html"
            line = note(version, to, there=there, up=up)
            if body := re.search(r"<body\b[^>]*>", text):
                text = text[: body.end()] + line + text[body.end() :]
        path.write_text(text, encoding="utf-8")


def note(version: Version, to: str, *, there: bool, up: str) -> str:
    """Return the line at the top of an old page."""
    same = (
        "Read this page as it is now"
        if there
        else "This page is gone: see the book now"
    )
    colour = 'style="color:#0b3d91;text-decoration:underline"'
    return (
        '<aside lang="en" class="old-version" aria-label="Old version" '
        f'style="{STYLE}">'
        f"This is version {words(version)} of the book, which is old. "
        f'<a {colour} href="{html.escape(to)}">{same}</a> · '
        f'<a {colour} href="{up}{LIST}">All versions</a></aside>'
    )


def listed(versions: list[Version], now: str) -> str:
    """Return the page that lists the versions, the newest first."""
    items = "".join(
        f'<li><a href="v{words(version)}/index.html">Version {words(version)}</a>, '
        f'<a href="v{words(version)}/rnncourse-book.zip">the same as one zip</a></li>'
        for version in versions
    )
    kept = f"<ul>{items}</ul>" if items else "<p>No version has been released yet.</p>"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>Versions of the book</title>"
        f'<link rel="canonical" href="{address.pages()}{LIST}">'
        "<style>:root{color-scheme:light dark}body{font:1.1rem/1.6 sans-serif;"
        "max-width:40rem;margin:3rem auto;padding:0 1rem}</style></head>"
        "<body><main><h1>Versions of the book</h1>"
        f'<p><a href="index.html">The book as it is now</a> ({html.escape(now)} and '
        f"what was mended since). A released version stays as it was:</p>{kept}"
        "</main></body></html>\n"
    )

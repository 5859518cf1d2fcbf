"""Make the built pages light, and hold what is on them in its place while they load.

- The theme's icons come as a font; the script that draws them again is left out.
- The search, with its index of all words, waits until the page is there.
- A picture says its size beforehand, and those below the first screen load when needed.
- A notebook to download has no outputs, which are most of its weight.
- Maps for debugging the theme's scripts are not published.
"""

from __future__ import annotations

import json
import re
import struct
from functools import cache
from pathlib import Path

from rnncourse import __version__

ICONS = re.compile(r'\s*<script[^>]*src="[^"]*scripts/fontawesome\.js[^"]*"></script>')
# The rest of the theme's scripts count on one another at once.
LOADED = re.compile(
    r'<script src="([^"]*(?:searchtools|language_data|searchindex|/page)\.js[^"]*)"'
)
PICTURE = re.compile(
    r'<img(?P<before>[^>]*?) src="(?P<src>[^"]*_images/[^"]+\.png)"(?P<after>[^>]*)>'
)


@cache
def size_of(path: Path) -> tuple[int, int] | None:
    """Return width and height of a PNG in pixels, or None if it is none."""
    with path.open("rb") as file:
        head = file.read(24)
    if head[:8] != b"\x89PNG\r\n\x1a\n":
        return None
    return struct.unpack(">II", head[16:24])


def lighten(text: str, folder: Path) -> str:
    """Return a page of a folder made light; a second time changes nothing."""
    text = ICONS.sub("", text)
    text = LOADED.sub(r'<script defer src="\1"', text)
    count = 0

    def placed(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        if " width=" in match[0] or not (folder / match["src"]).is_file():
            return match[0]
        size = size_of((folder / match["src"]).resolve())
        if size is None:
            return match[0]
        lazy = ' loading="lazy"' if count > 1 else ""
        return (
            f'<img{match["before"]} src="{match["src"]}" width="{size[0]}" '
            f'height="{size[1]}"{lazy}{match["after"]}>'
        )

    return PICTURE.sub(placed, text)


def strip(path: Path) -> None:
    """Take the outputs out of a notebook: who downloads it will run it."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    text = json.dumps(notebook, indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def finish(app, exception):
    """Lighten every page that was built."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for path in sorted(out.rglob("*.html")):
        if "_static" not in path.relative_to(out).parts:
            text = path.read_text(encoding="utf-8")
            if (light := lighten(text, path.parent)) != text:
                path.write_text(light, encoding="utf-8")
    for path in (out / "_sources").rglob("*.ipynb"):
        strip(path)
    scripts = out / "_static" / "scripts"
    for path in {*scripts.glob("*.map"), *scripts.glob("fontawesome.js*")}:
        path.unlink()


def setup(app):
    """Connect the pass."""
    app.connect("build-finished", finish, priority=900)
    return {"version": __version__, "parallel_read_safe": True}

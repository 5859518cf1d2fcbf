"""A small page like the book's: cells with stills, and the scripts at its end."""

import json
import re
import struct
import zlib

from tests.conftest import ROOT

SCRIPTS = ROOT / "_ext" / "interactive"
FIGURES = sorted({path.stem for path in SCRIPTS.glob("*.js")} - {"figure"})

STYLE = """
body{font-family:system-ui,sans-serif;margin:0;background:#fff;color:#222832}
html[data-theme=dark] body{background:#14181e;color:#ced6dd}
main{max-width:760px;padding:0 16px;margin:auto} img{max-width:100%}
"""


def scripts_of(figures):
    """Return the scripts of figures, each behind those that it says it needs."""
    found = []
    for name in figures:
        text = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
        found += [*re.findall(r"^// needs (\S+)$", text, flags=re.M), name]
    return list(dict.fromkeys(found))


def png(width=320, height=120):
    """Return a grey picture as the bytes of a PNG file."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = (b"\0" + b"\xc8" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def write_page(folder, *, theme="light", figures=FIGURES, params=None, by_class=True):
    """Write the page and its still pictures to ``folder``; return its path."""
    cells = []
    for name in figures:
        (folder / f"{name}.png").write_bytes(png())
        data = json.dumps((params or {}).get(name, {})).replace('"', "&quot;")
        mark = (
            f'class="cell tag_interactive-{name} docutils container"'
            if by_class
            else f'class="cell docutils container" data-interactive="{name}"'
        )
        cells.append(
            f'<h2>{name}</h2><div {mark} data-params="{data}">'
            f'<div class="cell_output docutils container">'
            f'<img alt="Still picture of {name}" src="{name}.png"></div></div>'
        )
    scripts = "".join(
        f'<script src="{(SCRIPTS / name).as_uri()}.js"></script>'
        for name in ("figure", *scripts_of(figures))
    )
    page = folder / f"page-{theme}.html"
    page.write_text(
        f'<!doctype html><html lang="en" data-theme="{theme}"><head>'
        '<meta charset="utf-8"><title>Figures</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main><h1>Figures</h1>"
        f"{''.join(cells)}</main>{scripts}</body></html>",
        encoding="utf-8",
    )
    return page

"""The book in another language: extract its messages, count them, write its pages.

A message is a paragraph, heading, list or table of a page, or the alt text of a
figure, with its tokens (``{{ results.some.value }}``) as they stand in the text.
``locales/LANGUAGE/LC_MESSAGES/PAGE.po`` gives its translation. A page counts as
translated if it has a catalogue. What the catalogue does not know, because it is new
or because the English text has changed, appears in English and is marked as such.

Figures are drawn by the same cells with other labels: ``figures/PAGE.po`` beside the
catalogues has the labels, ``locales/LANGUAGE/figures/PAGE/`` the pictures. A picture
counts only as long as the English one is the one it was drawn beside.
"""

from __future__ import annotations

import base64
import difflib
import hashlib
import json
import posixpath
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncourse import address, contents
from rnncourse.environment import project_root
from rnncourse.messages import Entry, Speaker, read_po, write_po

if TYPE_CHECKING:
    from nbformat import NotebookNode

LANGUAGES = {"es": "Español"}
LIKE = 0.6  # as like as this, a new message is offered an old translation
MARK = "untranslated"  # class of what is shown in English for want of a translation
IMAGE = "image/png"
TOKENS = re.compile(r"\{\{.*?\}\}")
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


# -- where things are --------------------------------------------------------------


def folder(language: str) -> Path:
    """Return the folder of a language.

    Raises
    ------
    ValueError
        If there is no edition in it.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {sorted(LANGUAGES)}: {language!r}")
    return project_root() / "locales" / language


def catalogue(language: str, name: str) -> Path:
    """Return the path of a catalogue such as ``intro`` or ``chapters/07-…``."""
    return folder(language) / "LC_MESSAGES" / f"{name}.po"


def pages(language: str) -> list[str]:
    """Return the pages that have a catalogue, in the book's order."""
    return [page for page in contents.pages() if catalogue(language, page).is_file()]


def title(page: str) -> str:
    """Return the English title of a page."""
    text = source_of(page).read_text(encoding="utf-8")
    match = re.search(r"^# +(.+)$", text, re.MULTILINE)
    return match.group(1).strip() if match else page


def source_of(page: str) -> Path:
    """Return the file that people edit for a page."""
    root = project_root()
    if page.startswith("chapters/"):
        return root / "chapters" / "src" / f"{Path(page).name}.md"
    return root / f"{page}.md"


@cache
def glossary(language: str) -> dict[str, list[str]]:
    """Return the terms of the course with what each may be called, the first preferred.

    A term with an empty list has no name of its own and stays English.
    """
    path = folder(language) / "glossary.toml"
    terms = tomllib.loads(path.read_text(encoding="utf-8"))["terms"]
    return {term: list(names) for term, names in terms.items()}


# -- Markdown in pieces ------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """A stretch of Markdown; without a message it is kept as it is."""

    text: str  # all of it, so that the pieces joined are the Markdown
    message: str = ""
    lead: str = ""  # before the message: "## " or spaces
    kind: str = ""  # "heading", "html", "text" or "formula"


NUMBER = re.compile(
    r"(?<![\w.,])(?!(?<=\()\d+\.\d+\))"  # no name, version, equation (7.3)
    r"(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?!\w|[.,]\d|\.$)"
)
LIST = re.compile(r"\s*(?:[-*+]|\d+\.)\s")


def cut(markdown: str) -> Iterator[Piece]:
    """Cut Markdown into pieces at blank lines; code and directives are kept."""
    lines = markdown.splitlines(keepends=True)
    waiting: list[str] = []
    fence = ""
    opened = False  # the line before opened a directive, so options may follow

    def flush() -> Iterator[Piece]:
        if waiting:
            yield _piece("".join(waiting))
            waiting.clear()

    for line in lines:
        bare = line.strip()
        if fence:
            waiting.append(line)
            if bare.startswith(fence) and not bare.strip(fence[0]):
                fence = ""
                yield Piece("".join(waiting))
                waiting.clear()
            continue
        code = re.match(r"(`{3,}|~{3,})", bare)
        if code:
            yield from flush()
            fence = code.group(1)
            waiting.append(line)
        elif not bare or bare.startswith((":::", "<!--", "+++")):
            yield from flush()
            yield Piece(line)
        elif opened and re.match(r":[\w-]+:", bare):
            yield Piece(line)
            continue
        elif re.match(r"#{1,6} ", line):
            yield from flush()
            yield _piece(line)
        elif LIST.match(line) and waiting and LIST.match(waiting[0]):
            if len(line) - len(line.lstrip()) <= len(waiting[0]) - len(
                waiting[0].lstrip()
            ):
                yield from flush()  # each entry of a list is a message
            waiting.append(line)
        else:
            waiting.append(line)
        opened = bare.startswith(":::") and len(bare) > 3
    if fence:
        yield Piece("".join(waiting))
    else:
        yield from flush()


def _piece(text: str) -> Piece:
    body = text.rstrip()
    end_of_lead = re.match(r"#{1,6} +|\s*(?:[-*+]|\d+\.)\s+|\s*", body)
    lead = end_of_lead.group(0) if end_of_lead else ""
    message = body[len(lead) :]
    if not re.search(r"^\s*\||(?:  |\\\\)$", message, re.MULTILINE):
        message = " ".join(message.split())  # where lines break says nothing
    kind = "text"
    if lead.startswith("#"):
        kind = "heading"
    elif message.startswith("<"):
        kind = "html"
    elif message.startswith("$$"):
        kind = "formula"
    nothing = not re.search(r"[^\W\d_]{2}", re.sub(r"<[^>]*>", "", message))
    if nothing or (kind == "formula" and "\\text{" not in message):
        return Piece(text)
    return Piece(text, message, lead, kind)


def in_english(piece: Piece) -> str:
    """Return a piece in English, marked as such."""
    end = piece.text[len(piece.text.rstrip()) :]
    if piece.kind == "heading":
        return f"{piece.lead}[{piece.message}]{{.{MARK}}}{end}"
    if piece.kind == "html":
        return piece.text.replace("<summary>", f'<summary class="{MARK}">')
    if piece.message.endswith("</details>"):
        body = piece.message.removesuffix("</details>").rstrip()
        return f"{piece.lead}[{body}]{{.{MARK}}} </details>{end}"
    if piece.kind == "formula":
        return piece.text
    if LIST.match(piece.text):
        return f"{piece.lead}[{piece.message}]{{.{MARK}}}{end}"
    space = piece.lead
    return f"{space}````{{div}} {MARK}\n{piece.text.rstrip()}\n{space}````{end}"


# -- a page's messages -------------------------------------------------------------


@dataclass(frozen=True)
class Message:
    """What has to be translated, and where it stands."""

    text: str
    note: str = ""


def page_messages(page: str) -> list[Message]:
    """Return the messages of a page in order, each once."""
    found: dict[str, Message] = {}
    for cell in source_cells(page):
        if cell.cell_type == "markdown":
            for piece in cut(cell.source):
                if piece.message:
                    note = piece.kind if piece.kind != "text" else ""
                    found.setdefault(piece.message, Message(piece.message, note))
        elif alt := _alt(cell):
            found.setdefault(alt, Message(alt, "what a figure shows, for the blind"))
    return list(found.values())


def source_cells(page: str) -> list[NotebookNode]:
    """Return the cells of a page with the tokens still in them."""
    text = source_of(page).read_text(encoding="utf-8")
    if page.startswith("chapters/"):
        import jupytext

        return list(jupytext.reads(text, fmt="md:myst").cells)
    from nbformat.v4 import new_markdown_cell

    return [new_markdown_cell(text)]


def _alt(cell: NotebookNode) -> str:
    image = cell.metadata.get("mystnb", {}).get("image", {})
    return str(image.get("alt", ""))


def update(language: str, page: str) -> tuple[int, int]:
    """Bring a catalogue up to date with the English text; return known and new ones.

    A message that is much like one that has gone is offered its translation, flagged
    ``fuzzy``, for a person to mend and confirm.
    """
    path = catalogue(language, page)
    old = read_po(path)
    wanted = page_messages(page)
    texts = {message.text for message in wanted}
    gone = [entry for source, entry in old.items() if source not in texts]
    entries = []
    for message in wanted:
        entry = old.get(message.text)
        if entry is None:
            entry = _alike(message.text, gone)
        entries.append(replace(entry, note=message.note))
    write_po(path, entries, language)
    known = sum(entry.usable for entry in entries)
    return known, len(entries) - known


def _alike(text: str, gone: list[Entry]) -> Entry:
    best, score = None, LIKE
    for entry in gone:
        if entry.target:
            matcher = difflib.SequenceMatcher(None, entry.source, text, autojunk=False)
            if matcher.quick_ratio() > score and (ratio := matcher.ratio()) > score:
                best, score = entry, ratio
    if best is None:
        return Entry(text)
    gone.remove(best)
    return Entry(text, best.target, ("fuzzy",), before=best.before or best.source)


# -- counting ----------------------------------------------------------------------


@dataclass(frozen=True)
class Count:
    """How far a page is."""

    page: str
    messages: int
    translated: int
    outdated: int  # translations whose English is no longer there
    figures: int
    drawn: int
    labels: int  # labels of figures that have no translation

    @property
    def complete(self) -> bool:
        """Whether nothing of the page appears in English that should not."""
        return self.messages == self.translated and self.figures == self.drawn


def count(language: str, page: str) -> Count:
    """Count what is translated on a page."""
    entries = read_po(catalogue(language, page))
    wanted = page_messages(page)
    texts = {message.text for message in wanted}
    usable = {source for source, entry in entries.items() if entry.usable}
    lost = [e for s, e in entries.items() if s not in texts and e.usable]
    fuzzy = [e for e in entries.values() if "fuzzy" in e.flags]
    pictures = list(_images(page))
    index = _index(language, page)
    drawn = sum(_fresh(index, *picture) is not None for picture in pictures)
    return Count(
        page,
        messages=len(wanted),
        translated=len(texts & usable),
        outdated=len(lost) + len(fuzzy),
        figures=len(pictures),
        drawn=drawn,
        labels=len(index.get("labels without a translation", [])),
    )


def table(language: str) -> list[str]:
    """Return the counts of an edition as lines to print."""
    lines = [
        f"{'page':34} {'paragraphs':>12} {'outdated':>9} {'figures':>9} {'labels':>7}"
    ]
    for page in pages(language):
        c = count(language, page)
        lines.append(
            f"{page:34} {c.translated:5} of {c.messages:3} {c.outdated:9} "
            f"{c.drawn:3} of {c.figures:2} {f'-{c.labels}' if c.labels else 'ok':>7}"
        )
    return lines


# -- figures -----------------------------------------------------------------------


def _images(page: str) -> Iterator[tuple[str, int, str]]:
    """Give cell, place and picture of each stored figure of a page."""
    for cell in stored_cells(page):
        yield from _cell_images(cell)


def _cell_images(cell: NotebookNode) -> Iterator[tuple[str, int, str]]:
    if cell.cell_type == "code":
        for place, output in enumerate(cell.outputs):
            if IMAGE in output.get("data", {}):
                yield cell.id, place, output.data[IMAGE]


def stored_cells(page: str) -> list[NotebookNode]:
    """Return the executed cells of a chapter; other pages have none."""
    import nbformat

    path = project_root() / f"{page}.ipynb"
    return list(nbformat.read(path, as_version=4).cells) if path.is_file() else []


def _index(language: str, page: str) -> dict[str, Any]:
    path = _drawings(language, page) / "figures.json"
    if not path.is_file():
        return {}
    index: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    labels = labels_of(language, page)
    return index if index["table"] == hash_file(labels) else {}


def _drawings(language: str, page: str) -> Path:
    return folder(language) / "figures" / Path(page).name


def labels_of(language: str, page: str) -> Path:
    """Return the catalogue of the labels in a chapter's figures."""
    return catalogue(language, f"figures/{Path(page).name}")


def _fresh(index: dict[str, Any], cell: str, place: int, picture: str) -> str | None:
    """Return the file of a figure if it was drawn beside this English picture."""
    name = f"{cell}-{place}.png"
    known = index.get("beside", {}).get(name)
    return name if known == short_hash(picture.encode()) else None


def short_hash(data: bytes) -> str:
    """Return a hash fit for telling versions apart."""
    return hashlib.sha256(data).hexdigest()[:16]


def hash_file(path: Path) -> str:
    """Return the hash of a text file, whatever its line ends; "" if there is none."""
    if not path.is_file():
        return ""
    return short_hash(path.read_text(encoding="utf-8").encode())


def draw_figures(language: str, slug: str) -> list[str]:
    """Run a chapter with translated labels and store its pictures.

    The notebook itself is not touched: what it prints stays as the English run gave
    it. Returns the labels that have no translation.
    """
    from nbformat.v4 import new_code_cell

    from rnncourse import notebooks

    page = f"chapters/{slug}"
    notebook = notebooks.render(slug)
    ids = [cell.id for cell in notebook.cells]
    if ids != [cell.id for cell in stored_cells(page)]:
        raise notebooks.BuildError(f"{slug}: its text has changed; `make notebooks`")
    hook = f"from rnncourse import translations as _t; _t.hook({language!r}, {slug!r})"
    said = "print('\\n'.join(_t.HOOKED.missed))"
    notebook.cells = [new_code_cell(hook), *notebook.cells, new_code_cell(said)]
    notebooks.execute(notebook, slug, notebooks.chapters_folder())
    last = notebook.cells[-1].outputs
    missed = [line for output in last for line in output.text.splitlines() if line]
    english = {(c, k): picture for c, k, picture in _images(page)}
    target = _drawings(language, page)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    beside = {}
    for cell in notebook.cells[1:-1]:
        for name, place, picture in _cell_images(cell):
            file = f"{name}-{place}.png"
            (target / file).write_bytes(base64.b64decode(picture))
            beside[file] = short_hash(english[name, place].encode())
    index = {
        "labels without a translation": missed,
        "table": hash_file(labels_of(language, page)),
        "beside": beside,
    }
    text = json.dumps(index, indent=1, ensure_ascii=False)
    (target / "figures.json").write_text(text + "\n", encoding="utf-8")
    return missed


HOOKED = Speaker({})


def hook(language: str, slug: str) -> None:
    """Let Matplotlib write its labels in a language, from here to the kernel's end."""
    global HOOKED
    from matplotlib.text import Text

    HOOKED = Speaker(read_po(catalogue(language, f"figures/{slug}")))
    write: Callable[[Any, Any], None] = Text.set_text

    def set_text(self: Any, s: Any) -> None:
        write(self, label(HOOKED, s) if isinstance(s, str) else s)

    Text.set_text = set_text  # type: ignore[method-assign]


def label(speaker: Speaker, text: str) -> str:
    """Return a label in the speaker's language, with a decimal comma."""
    said = speaker.whole(text)
    if said is None:
        said = text
        known = set(speaker.exact.values())
        if needs_words(text) and text not in known:
            speaker.missed[text.replace("\n", "\\n")] = None
    return decimal_comma(said)


def needs_words(text: str) -> bool:
    """Tell whether a label has a word in it, not only symbols and numbers."""
    text = re.sub(r"\$[^$]*\$", "", text)
    return bool(re.search(r"(?<![\w_])[a-z]{3,}", text))


def decimal_comma(text: str) -> str:
    """Write 12,345.6% as 12 345,6 %, as Spanish does; leave (7.3) and 1.2.3 alone."""

    def number(match: re.Match[str]) -> str:
        digits = match.group(1).split(",")
        part = (match.group(2) or "").replace(".", ",")
        short = len(digits) == 2 and len(digits[0]) == 1  # 1179, but 11 790
        return ("" if short else "\u202f").join(digits) + part

    text = NUMBER.sub(number, text)
    text = re.sub(r"(\d,\d+), (?=[−-]?\d)", r"\1; ", text)
    return re.sub(r"(?<=\d)%", "\u00a0%", text)


# -- writing the edition -----------------------------------------------------------


def write_sources(language: str, target: Path) -> list[Count]:
    """Write the pages of an edition, ready to be built, and return their counts."""
    root = project_root()
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copytree(root / "_static", target / "_static")
    counts = []
    for page in pages(language):
        counts.append(count(language, page))
        path = target / f"{page}.x"
        path.parent.mkdir(parents=True, exist_ok=True)
        if page.startswith("chapters/"):
            import nbformat

            text = nbformat.writes(translate_chapter(language, page))
            path.with_suffix(".ipynb").write_text(text, encoding="utf-8")
        else:
            text = translate_text(
                language, page, source_of(page).read_text(encoding="utf-8")
            )
            path.with_suffix(".md").write_text(text, encoding="utf-8")
    (target / "glosario.md").write_text(glossary_page(language), encoding="utf-8")
    return counts


def translate_chapter(language: str, page: str) -> NotebookNode:
    """Return an executed chapter in another language.

    Raises
    ------
    ValueError
        If the stored notebook is not that of the text.
    """
    import nbformat

    notebook: NotebookNode = nbformat.read(
        project_root() / f"{page}.ipynb", as_version=4
    )
    written = source_cells(page)
    if [c.cell_type for c in written] != [c.cell_type for c in notebook.cells]:
        raise ValueError(f"{page}: the notebook is stale; run `make notebooks`")
    index = _index(language, page)
    entries = read_po(catalogue(language, page))
    for cell, source in zip(notebook.cells, written, strict=True):
        if cell.cell_type == "markdown":
            cell.source = translate_text(language, page, source.source)
            continue
        alt = entries.get(_alt(source))
        if alt is not None and alt.usable:
            cell.metadata["mystnb"]["image"]["alt"] = alt.target
        for name, place, picture in _cell_images(cell):
            if file := _fresh(index, name, place, picture):
                drawn = (_drawings(language, page) / file).read_bytes()
                cell.outputs[place].data[IMAGE] = base64.b64encode(drawn).decode()
    return notebook


def translate_text(language: str, page: str, markdown: str) -> str:
    """Return Markdown in another language, with tokens and links filled in."""
    entries = read_po(catalogue(language, page))
    words = Speaker(read_po(catalogue(language, "edition")))
    said = []

    def spoken(figure: str) -> str:
        return words.whole(figure) or decimal_comma(figure)

    for piece in cut(markdown):
        entry = entries.get(piece.message) if piece.message else None
        if not piece.message:
            said.append(fill_tokens(page, piece.text))
        elif entry is None or not entry.usable:
            said.append(fill_tokens(page, in_english(piece)))
        else:
            end = piece.text[len(piece.text.rstrip()) :]
            text = fill_tokens(page, entry.target, spoken)
            said.append(piece.lead + text + end)
    return mend_links(language, page, "".join(said))


def fill_tokens(
    page: str, text: str, spoken: Callable[[str], str] = lambda number: number
) -> str:
    """Replace the tokens of a page; ``spoken`` has the last word on its figures."""
    from rnncourse import notebooks

    slug = Path(page).name
    results = project_root() / "chapters" / "results" / f"{slug}.json"
    figures = json.loads(results.read_text("utf-8")) if results.is_file() else {}

    def value(match: re.Match[str]) -> str:
        filled = notebooks.replace_tokens(
            match.group(0), slug, figures, notebooks.KINDS
        )
        return filled if match.group(1).startswith("address") else spoken(filled)

    return notebooks.TOKEN.sub(value, text)


def mend_links(language: str, page: str, markdown: str) -> str:
    """Lead links to pages that this edition lacks to the English ones."""
    here = posixpath.dirname(page)
    there = set(pages(language))

    def mended(match: re.Match[str]) -> str:
        path, _, anchor = match.group(1).partition("#")
        name = posixpath.normpath(posixpath.join(here, path))
        name = re.sub(r"\.(?:ipynb|md)$", "", name)
        if name in there and not anchor:
            return match.group(0)
        return f"]({address.pages()}{name}.html{f'#{anchor}' if anchor else ''})"

    return re.sub(
        r"\]\(((?!\w+:)[^()\s]+\.(?:ipynb|md)(?:#[^()\s]*)?)\)", mended, markdown
    )


def glossary_page(language: str) -> str:
    """Return the page of terms."""
    rows = [
        f"| {term} | {', '.join(names) if names else f'*{term}*'} |"
        for term, names in sorted(
            glossary(language).items(), key=lambda t: t[0].lower()
        )
    ]
    intro = (folder(language) / "glossary.md").read_text(encoding="utf-8")
    text = f"{intro.rstrip()}\n" + "\n".join(rows) + "\n"
    return mend_links(language, "glosario", text)


def toc(language: str) -> dict[str, Any]:
    """Return the table of contents: what is missing leads to the English page."""
    (_, (front,)), *listed = contents.parts(project_root())
    there = set(pages(language))
    words = Speaker(read_po(catalogue(language, "edition")))

    def entry(page: str) -> dict[str, str]:
        if page in there:
            return {"file": page}
        return {"url": f"{address.pages()}{page}.html", "title": title(page)}

    parts: list[dict[str, Any]] = [
        {
            "caption": words.whole(caption) or caption,
            "chapters": [entry(page) for page in in_it],
        }
        for caption, in_it in listed
    ]
    parts[-1]["chapters"].insert(0, {"file": "glosario"})
    return {"format": "jb-book", "root": front, "parts": parts}


def config(language: str) -> dict[str, Any]:
    """Return the settings of the edition: those of the English one, said in it."""
    import yaml

    root = project_root()
    settings: dict[str, Any] = yaml.safe_load(
        (root / "_config.yml").read_text(encoding="utf-8")
    )
    words = Speaker(read_po(catalogue(language, "edition")))
    settings["title"] = words.whole(settings["title"]) or settings["title"]
    settings["author"] = words.whole(settings["author"]) or settings["author"]
    settings.pop("bibtex_bibfiles", None)
    sphinx = settings["sphinx"]
    ours = ("course", "edition", "course_map", "page", "typeset", "light")
    sphinx["local_extensions"] = {name: str(root / "_ext") for name in ours}
    sphinx["config"] |= {"language": language}
    for name in ("nb_code_prompt_show", "nb_code_prompt_hide"):
        text = sphinx["config"][name]
        sphinx["config"][name] = words.whole(text) or text
    for name in list(sphinx["config"]):  # of extensions that only English pages need
        if name.startswith(("autodoc_", "numpydoc_", "bibtex_")):
            del sphinx["config"][name]
    return settings


def write_edition(language: str, target: Path) -> list[Count]:
    """Write all that Jupyter Book needs to build an edition."""
    import yaml

    counts = write_sources(language, target)
    for name, content in (("_config", config(language)), ("_toc", toc(language))):
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (target / f"{name}.yml").write_text(text, encoding="utf-8")
    return counts


def built(work: Path) -> Path:
    """Return the folder of the pages that ``build`` makes."""
    return work / "_build" / "html"


def build(language: str, work: Path) -> None:
    """Build an edition in a folder.

    Raises
    ------
    SystemExit
        With Jupyter Book's status, if there was an error or a warning.
    """
    for counted in write_edition(language, work / "source"):
        print(counted)
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", "-W", "-n", "--keep-going"]
    command += ["--all", "--path-output", str(work), str(work / "source")]
    sys.stdout.flush()
    if code := subprocess.run(command, cwd=project_root()).returncode:
        raise SystemExit(code)

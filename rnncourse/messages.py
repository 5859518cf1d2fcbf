"""Messages in another language: catalogues in gettext's format, and what they say.

A catalogue is a ``.po`` file, which every translator's tool reads and writes. Only
what such tools need is read here, with the standard library alone, so that the checks
speak Spanish in Colab too. The English text is the key. An entry flagged ``fuzzy`` is
a proposal that nobody has confirmed, and counts as missing. An entry flagged
``python-brace-format`` is a template: ``{0}`` stands for whatever came there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

PLACEHOLDER = re.compile(r"\{(\d+)\}")
TEMPLATE = "python-brace-format"
HEADER = """\
msgid ""
msgstr ""
"Project-Id-Version: rnncourse\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


@dataclass(frozen=True)
class Entry:
    """One message of a catalogue."""

    source: str
    target: str = ""
    flags: tuple[str, ...] = ()
    note: str = ""  # for the translator: where it stands
    before: str = ""  # the English that a fuzzy target translates

    @property
    def usable(self) -> bool:
        """Whether the target may be shown."""
        return bool(self.target) and "fuzzy" not in self.flags


def read_po(path: Path) -> dict[str, Entry]:
    """Read a catalogue, in its order; without the file it is empty.

    Raises
    ------
    ValueError
        If a line cannot be read, or a message stands there twice.
    """
    entries: dict[str, Entry] = {}
    if not path.is_file():
        return entries
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        parts = {"msgid": "", "msgstr": "", "#| msgid": ""}
        flags: list[str] = []
        notes: list[str] = []
        here = ""
        for line in block.splitlines():
            if line.startswith("#,"):
                flags += [flag.strip() for flag in line[2:].split(",")]
            elif line.startswith("#."):
                notes.append(line[2:].strip())
            elif line.startswith("#") and not line.startswith("#|"):
                continue
            elif match := re.fullmatch(r'((?:#\| )?[a-z]*) ?(".*")', line.strip()):
                word, text = match.groups()
                here = word if word in parts else here
                if word not in parts and word not in ("", "#| "):
                    raise ValueError(f"{path}: {word} is not understood")
                parts[here] += ast.literal_eval(text)
            elif line.strip():
                raise ValueError(f"{path}: {line!r} is not understood")
        if not parts["msgid"]:
            continue  # the header, or nothing
        if parts["msgid"] in entries:
            raise ValueError(f"{path} has {parts['msgid']!r} twice")
        entries[parts["msgid"]] = Entry(
            parts["msgid"],
            parts["msgstr"],
            tuple(flags),
            " ".join(notes),
            parts["#| msgid"],
        )
    return entries


def write_po(path: Path, entries: Iterable[Entry], language: str) -> None:
    """Write a catalogue, the same bytes for the same entries."""
    blocks = [HEADER.format(language=language)]
    for entry in entries:
        lines = [f"#. {entry.note}"] if entry.note else []
        if entry.flags:
            lines.append(f"#, {', '.join(entry.flags)}")
        if entry.before:
            lines.append(f"#| msgid {_quoted(entry.before, '#| ')}")
        lines.append(f"msgid {_quoted(entry.source)}")
        lines.append(f"msgstr {_quoted(entry.target)}")
        blocks.append("\n".join(lines) + "\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(blocks), encoding="utf-8")


def _quoted(text: str, start: str = "") -> str:
    pieces = []
    for line in text.splitlines(keepends=True):
        for old, new in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
            line = line.replace(old, new)
        pieces.append(f'"{line}"')
    if len(pieces) < 2:
        return pieces[0] if pieces else '""'
    return "\n".join(['""', *(start + piece for piece in pieces)])


@dataclass(frozen=True)
class Speaker:
    """What a set of catalogues can say.

    Parameters
    ----------
    entries : mapping
        From the English text to its entry; unusable ones are passed over.
    """

    entries: Mapping[str, Entry]
    missed: dict[str, None] = field(default_factory=dict, compare=False)

    @cached_property
    def exact(self) -> dict[str, str]:
        """The messages without placeholders."""
        return {
            e.source: e.target
            for e in self.entries.values()
            if e.usable and TEMPLATE not in e.flags
        }

    @cached_property
    def templates(self) -> list[tuple[re.Pattern[str], str]]:
        """Patterns and targets of the messages with placeholders, longest first."""
        found = [e for e in self.entries.values() if e.usable and TEMPLATE in e.flags]
        found.sort(key=_weight, reverse=True)
        return [(_pattern(e.source), e.target) for e in found]

    def whole(self, text: str) -> str | None:
        """Translate a text that is one message, or give None."""
        if text in self.exact:
            return self.exact[text]
        for pattern, target in self.templates:
            if match := pattern.fullmatch(text):
                return self._fill(target, match)
        return None

    def say(self, text: str) -> str:
        """Translate every message that begins at a word of the text; keep the rest."""
        if (whole := self.whole(text)) is not None:
            return whole
        said, at = "", 0
        while at < len(text):
            found = None
            if at == 0 or not text[at - 1].isalnum():
                found = self._begins(text, at)
            target, length = found or (text[at], 1)
            said, at = said + target, at + length
        return said

    def _begins(self, text: str, at: int) -> tuple[str, int] | None:
        """Return the longest message that begins here, translated, and its length."""
        for pattern, target in self._parts:
            if match := pattern.match(text, at):
                return self._fill(target, match), match.end() - at
        return None

    @cached_property
    def _parts(self) -> list[tuple[re.Pattern[str], str]]:
        """What may stand inside a longer text, the longest first."""
        found = [
            e
            for e in self.entries.values()
            if e.usable and (TEMPLATE in e.flags or " " in e.source)
        ]
        found.sort(key=_weight, reverse=True)
        return [
            (_pattern(e.source), e.target)
            if TEMPLATE in e.flags
            else (re.compile(re.escape(e.source)), e.target)
            for e in found
        ]

    def _fill(self, target: str, match: re.Match[str]) -> str:
        if not match.groupdict():
            return target

        def value(place: re.Match[str]) -> str:
            text = match.group(f"p{place.group(1)}")
            bare = text.strip()
            return text.replace(bare, self.say(bare)) if bare else text

        return PLACEHOLDER.sub(value, target)


def _weight(entry: Entry) -> int:
    """Return how many letters of a message are its own."""
    return len(PLACEHOLDER.sub("", entry.source))


def _pattern(source: str) -> re.Pattern[str]:
    """Return what matches a template; no placeholder reaches past its sentence."""
    pieces, end, seen = [], 0, set()
    for place in PLACEHOLDER.finditer(source):
        pieces.append(re.escape(source[end : place.start()]))
        name = f"p{place.group(1)}"
        some = r"(?:(?!\. )[^\n])+?"
        if not place.start():  # it begins a sentence, and does not reach past one
            many = "+?" if source[place.end() :][:1] == " " else "*?"
            some = rf"(?:(?![.;] )[^\n]){many}"
        elif place.end() == len(source):
            some += r"(?=[.;:]?$|\. )"
        pieces.append(f"(?P={name})" if name in seen else f"(?P<{name}>{some})")
        seen.add(name)
        end = place.end()
    return re.compile("".join(pieces) + re.escape(source[end:]))


def template(source: str, target: str) -> Entry:
    """Return an entry, flagged as a template if it has placeholders."""
    flags = (TEMPLATE,) if PLACEHOLDER.search(source) else ()
    return Entry(source, target, flags)


def placeholders(text: str) -> list[str]:
    """Return the placeholders of a template, sorted."""
    return sorted(PLACEHOLDER.findall(text))


def counted(number: int, thing: str) -> str:
    """Return "1 page" or "2,000 pages"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"

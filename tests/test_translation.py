"""The Spanish edition: does it say what the English says, and own up if it cannot?"""

import ast
import json
import re
import shutil
import subprocess
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from rnncourse import translations
from rnncourse.checks import language, run_check
from rnncourse.checks.catalogue import all_checks
from rnncourse.messages import (
    TEMPLATE,
    Entry,
    Speaker,
    placeholders,
    read_po,
    template,
    write_po,
)
from tests.conftest import ROOT, require_tool

LOCALE = ROOT / "locales" / "es" / "LC_MESSAGES"
PAGES = ("intro", "chapters/05-sequences-and-windows")
PAGES += ("chapters/07-recurrent-networks", "chapters/19-energy-forecast")
ASSIGNMENTS = ("05-sequences-and-windows", "07-recurrent-networks")
ASSIGNMENTS += ("19-energy-forecast",)
CATALOGUES = sorted(LOCALE.rglob("*.po")) + sorted(language.FOLDER.glob("es/*.po"))
NODE = shutil.which("node")


def names(paths):
    return [f"{path.parent.name}/{path.stem}" for path in paths]


# -- catalogues --------------------------------------------------------------------


@pytest.mark.parametrize("path", CATALOGUES, ids=names(CATALOGUES))
def test_a_catalogue_is_one_that_translators_tools_read(path, tmp_path):
    pofile = pytest.importorskip("babel.messages.pofile")
    with path.open("rb") as stream:
        theirs = {m.id: m for m in pofile.read_po(stream) if m.id}
    ours = read_po(path)
    assert list(ours) == list(theirs)
    for source, entry in ours.items():
        assert entry.target == theirs[source].string
        assert set(entry.flags) <= set(theirs[source].flags)
    again = tmp_path / path.name
    write_po(again, ours.values(), "es")
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("path", CATALOGUES, ids=names(CATALOGUES))
def test_every_placeholder_of_a_message_is_in_its_translation(path):
    for entry in read_po(path).values():
        assert entry.target, f"{entry.source!r} has no translation"
        if TEMPLATE in entry.flags:
            assert placeholders(entry.source) == placeholders(entry.target)


def test_a_catalogue_keeps_quotes_lines_and_what_a_translator_proposed(tmp_path):
    path = tmp_path / "one.po"
    entries = [
        Entry('a "word" and a \\ backslash', "una «palabra»", note="heading"),
        Entry("two\nlines", "dos\nlíneas\n", ("fuzzy",), before="two\nold lines"),
        template("{0} of {1}", "{0} de {1}"),
    ]
    write_po(path, entries, "es")
    assert list(read_po(path).values()) == entries
    assert [entry.usable for entry in entries] == [True, False, True]


# -- pages -------------------------------------------------------------------------

CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"\]\(([^()\s]+(?:\([^()]*\))?[^()\s]*)\)")


def usable(page):
    entries = read_po(translations.catalogue("es", page))
    return [entry for entry in entries.values() if entry.usable]


def numbers(text, *, spanish):
    """The numbers of a text, whichever way they are written."""
    text = re.sub(r"\{\{.*?\}\}", " ", CODE.sub(" ", LINK.sub("]", text)))
    if spanish:
        text = re.sub("(?<=\\d)[\u202f\u00a0](?=\\d)", "", text)
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    else:
        text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    return Counter(re.findall(r"\d+(?:\.\d+)*", text))


@pytest.mark.parametrize("page", PAGES)
def test_a_translation_keeps_numbers_code_links_and_tokens(page):
    entries = usable(page)
    assert entries
    for entry in entries:
        a, b = entry.source, entry.target
        assert numbers(a, spanish=False) == numbers(b, spanish=True), b
        for kind in (CODE, LINK, translations.TOKENS, re.compile(r"</?\w+>")):
            assert Counter(kind.findall(a)) == Counter(kind.findall(b)), b
        assert a.count("|") == b.count("|"), b


def plain(text):
    """Text without accents and capitals."""
    text = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in text if not unicodedata.combining(c))


def said(name, text):
    """Tell whether a term is in a text; each of its words may have another ending."""
    words = [re.escape(re.sub(r"[aeoszn]$", "", plain(word))) for word in name.split()]
    return bool(re.search(r"\b" + r"\w{0,5}\s+".join(words), plain(text)))


def used_terms(text, terms):
    """The terms of a text; one inside a longer one does not count."""
    found = []
    for apart in (r"\[[^\]]*\]\([^()]*\)", r"\{\{.*?\}\}", r"`[^`]*`", r'"[^"]*"'):
        text = re.sub(apart, " ", text)
    for term in sorted(terms, key=len, reverse=True):
        pattern = re.compile(rf"(?<![\w-]){re.escape(term)}(?:e?s)?(?![\w-])", re.I)
        if pattern.search(text):
            found.append(term)
            text = pattern.sub(" ", text)
    return found


def test_the_words_of_the_glossary_are_those_of_the_translation():
    terms = translations.glossary("es")
    assert len(terms) >= 60
    wrong, used = [], set()
    for page in PAGES:
        for entry in usable(page):
            for term in used_terms(entry.source, terms):
                used.add(term)
                if not any(said(n, entry.target) for n in terms[term] or [term]):
                    wrong.append(f"{page}: {term!r}, not so in {entry.target[:90]!r}")
    assert not wrong, "\n".join(wrong)
    assert len(used) >= 50


def test_a_wrong_word_is_noticed():
    assert said("red recurrente", "Las redes recurrentes leen.")
    assert said("tasa de aprendizaje", "Con tasas de aprendizaje altas")
    assert not said("red recurrente", "Una malla recurrente")
    assert used_terms("The learning rate of a gate", translations.glossary("es")) == [
        "learning rate",
        "gate",
    ]


@pytest.mark.parametrize("page", PAGES)
def test_markdown_cut_into_pieces_is_whole(page):
    for cell in translations.source_cells(page):
        if cell.cell_type == "markdown":
            pieces = list(translations.cut(cell.source))
            assert "".join(piece.text for piece in pieces) == cell.source


def test_code_options_and_fences_are_no_messages():
    text = (
        ":::{warning}\n:class: tip\nMind the step.\n:::\n\n"
        "```python\nx = 1  # keep\n```\n\n## A heading\n\n"
        "- one thing;\n- another\n  over two lines.\n\n$$ x \\tag{1.1} $$\n"
    )
    pieces = [p for p in translations.cut(text) if p.message]
    assert [p.message for p in pieces] == [
        "Mind the step.",
        "A heading",
        "one thing;",
        "another over two lines.",
    ]
    assert [p.kind for p in pieces] == ["text", "heading", "text", "text"]


def test_a_changed_paragraph_is_in_english_marked_and_counted(monkeypatch):
    page = "chapters/07-recurrent-networks"
    cells = translations.source_cells(page)
    before = translations.count("es", page)
    cell = next(c for c in cells if "The step never changes." in c.source)
    cell.source = cell.source.replace("never changes.", "never changes at all.")
    monkeypatch.setattr(translations, "source_cells", lambda _: cells)
    after = translations.count("es", page)
    assert after.translated == before.translated - 1
    assert after.outdated == before.outdated + 1
    assert not after.complete
    text = translations.translate_text("es", page, cell.source)
    assert "````{div} untranslated\nThe step never changes at all." in text
    assert "## Cinco formas, una celda" in text


def test_a_changed_paragraph_is_offered_its_old_translation(monkeypatch, tmp_path):
    path = tmp_path / "page.po"
    monkeypatch.setattr(translations, "catalogue", lambda language, page: path)
    text = "A state is a private note of what the network has read so far."
    first = [translations.Message(text), translations.Message("Something else.")]
    monkeypatch.setattr(translations, "page_messages", lambda page: first)
    assert translations.update("es", "page") == (0, 2)
    entries = read_po(path)
    entries[text] = Entry(text, "Un estado es una nota privada.")
    write_po(path, entries.values(), "es")
    changed = text.replace("so far", "until now")
    later = [translations.Message(changed), translations.Message("Something else.")]
    monkeypatch.setattr(translations, "page_messages", lambda page: later)
    assert translations.update("es", "page") == (0, 2)
    offered = read_po(path)[changed]
    assert offered.target == "Un estado es una nota privada."
    assert offered.before == text
    assert not offered.usable


def test_marks_do_not_break_headings_lists_and_folded_answers():
    def shown(text):
        (piece,) = (p for p in translations.cut(text) if p.message)
        return translations.in_english(piece)

    assert shown("## The step\n") == "## [The step]{.untranslated}\n"
    assert shown("- one thing;\n") == "- [one thing;]{.untranslated}\n"
    assert shown("(b). So it is. </details>\n") == (
        "[(b). So it is.]{.untranslated} </details>\n"
    )
    assert shown("<details><summary>Why?</summary>\n") == (
        '<details><summary class="untranslated">Why?</summary>\n'
    )


def test_links_lead_to_english_pages_where_there_is_no_other():
    text = "[a](08-backpropagation-through-time.ipynb) [b](19-energy-forecast.ipynb)"
    mended = translations.mend_links("es", "chapters/07-recurrent-networks", text)
    assert "/chapters/08-backpropagation-through-time.html)" in mended
    assert "[b](19-energy-forecast.ipynb)" in mended


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("12,345.6%", "12\u202f345,6\u00a0%"),
        ("0.54", "0,54"),
        ("1,179", "1179"),
        ("bent (5.10)", "bent (5.10)"),
        ("torch 2.13.0", "torch 2.13.0"),
        ("(0.1, −0.1)", "(0,1; −0,1)"),
        ("01.01.", "01.01."),
        ("W_2.5", "W_2.5"),
    ],
)
def test_numbers_get_a_decimal_comma(english, spanish):
    assert translations.decimal_comma(english) == spanish


def test_stored_figures_in_a_paragraph_get_a_decimal_comma():
    text = translations.fill_tokens(
        "chapters/07-recurrent-networks",
        "{{ results.characters.network.mean:.2f }} y {{ address.repository }}",
        translations.decimal_comma,
    )
    assert re.fullmatch(r"\d,\d\d y https://github\.com/\S+", text)


# -- figures -----------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES[1:])
def test_no_figure_of_a_translated_chapter_has_a_label_left(page):
    index = translations._index("es", page)
    assert index, "the labels have changed: `rnncourse notebooks NN --lang es`"
    assert index["labels without a translation"] == []
    folder = translations._drawings("es", page)
    assert sorted(index["beside"]) == sorted(p.name for p in folder.glob("*.png"))


def test_a_figure_drawn_beside_another_picture_is_not_used():
    page = "chapters/07-recurrent-networks"
    index = translations._index("es", page)
    cell, place, picture = next(iter(translations._images(page)))
    name = f"{cell}-{place}.png"
    index["beside"][name] = translations.short_hash(picture.encode())
    assert translations._fresh(index, cell, place, picture) == name
    assert translations._fresh(index, cell, place, picture + "A") is None


def test_labels_are_said_in_spanish_and_the_unknown_are_remembered():
    speaker = Speaker({"length {0}": template("length {0}", "longitud {0}")})
    assert translations.label(speaker, "length 2.5") == "longitud 2,5"
    assert translations.label(speaker, "$h_t$") == "$h_t$"
    assert translations.label(speaker, "time step") == "time step"
    assert list(speaker.missed) == ["time step"]


def interactive():
    return sorted((LOCALE / "interactive").glob("*.po"))


@pytest.mark.parametrize("path", interactive(), ids=names(interactive()))
def test_what_an_interactive_figure_says_stands_in_its_script(path):
    folder = ROOT / "_ext" / "interactive"
    files = folder.glob("*.js" if path.stem == "figure" else f"{path.stem}.js")
    script = path.stem.replace("-", " ")
    script += "".join(file.read_text("utf-8") for file in files)
    for entry in read_po(path).values():
        parts = [entry.source]
        if TEMPLATE in entry.flags:
            parts = re.split(r"\{\d+\}", entry.source)
        for part in parts:
            words = re.findall(r"[A-Za-z’']{4,}", part)
            missing = [word for word in words if word not in script]
            assert not missing, f"{entry.source!r}: {missing}"


def test_every_figure_of_a_translated_chapter_has_its_words():
    there = {path.stem for path in interactive()}
    for page in PAGES[1:]:
        for cell in translations.source_cells(page):
            for tag in cell.metadata.get("tags", []):
                if tag.startswith("interactive-"):
                    assert tag.removeprefix("interactive-") in there


def test_scripts_and_python_say_the_same():
    require_tool("node", NODE, "it runs the scripts of the pages")
    entries = {}
    for path in interactive():
        entries |= read_po(path)
    words = {"exact": {}, "templates": {}}
    for entry in entries.values():
        kind = "templates" if TEMPLATE in entry.flags else "exact"
        words[kind][entry.source] = entry.target
    texts = [re.sub(r"\{(\d)\}", r"<\1>", source) for source in entries]
    texts += [f"Before. {text} After: {text}" for text in texts]
    run = "const w = require('./words.js'); const c = JSON.parse(require('fs')"
    run += ".readFileSync(0)); process.stdout.write(JSON.stringify(w.run(c)));"
    done = subprocess.run(
        [NODE, "-e", run],
        input=json.dumps({"words": words, "texts": texts}),
        cwd=ROOT / "_ext",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    ours = [Speaker(entries).say(text) for text in texts]
    assert json.loads(done.stdout) == ours
    assert len(set(ours) - set(texts)) > 100


# -- the checks --------------------------------------------------------------------


@pytest.fixture
def spanish(monkeypatch):
    monkeypatch.setenv("RNNCOURSE_LANG", "es_PE.UTF-8")


def strings_of(path):
    """Every string of a module, f-strings as templates."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            count, text = 0, ""
            for part in node.values:
                if isinstance(part, ast.Constant):
                    text += part.value
                else:
                    text += f"{{{count}}}"
                    count += 1
            found.append(text)
    return found


def messages_of(assignment):
    """What the checks of an assignment can say, without what they work out."""
    for check in all_checks().values():
        if check.assignment == assignment:
            yield check.asks
            yield check.section
            yield from (case.says for case in check.cases if case.kind != "naming")
            yield from (mistake.message for mistake in check.mistakes)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_message_of_an_assignment_is_translated(assignment):
    entries = read_po(language.FOLDER / "es" / f"{assignment}.po")
    missing = [m for m in messages_of(assignment) if m not in entries]
    assert not missing
    module = ROOT / "rnncourse" / "checks" / f"ch{assignment[:2]}.py"
    computed = [
        s.strip()
        for s in strings_of(module)
        if TEMPLATE in template(s, s).flags and len(s.split()) > 4
    ]
    missing = [s for s in computed if s not in entries]
    assert not missing


@pytest.mark.parametrize("name", [*ASSIGNMENTS, "common"])
def test_what_is_translated_is_still_said(name):
    modules = [ROOT / "rnncourse" / "checks" / f"ch{name[:2]}.py"]
    if name == "common":
        folder = ROOT / "rnncourse" / "checks"
        modules = [p for p in folder.glob("*.py") if not p.name.startswith("ch0")]
    code = " ".join(" ".join(s.split()) for m in modules for s in strings_of(m))
    for source in read_po(language.FOLDER / "es" / f"{name}.po"):
        for part in re.split(r"\{\d+\}", source):
            gone = [w for w in re.findall(r"[A-Za-z]{4,}", part) if w not in code]
            assert not gone, f"{source!r}: no check says {gone}"


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_numbers_and_equations_of_a_message_are_kept(assignment):
    for entry in read_po(language.FOLDER / "es" / f"{assignment}.po").values():
        kept = re.findall(r"\(\d+\.\d+\)", entry.source)
        assert Counter(kept) == Counter(re.findall(r"\(\d+\.\d+\)", entry.target))


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_message_sends_to_a_heading_that_the_spanish_page_has(assignment):
    words = read_po(language.FOLDER / "es" / f"{assignment}.po")
    for check in all_checks().values():
        if check.assignment == assignment:
            page = f"chapters/{check.page or assignment}"
            heading = read_po(translations.catalogue("es", page))[check.section]
            assert words[check.section].target == heading.target


def test_a_wrong_answer_is_told_in_spanish(spanish):
    check = all_checks()["rnn-step"]
    wrong = next(m.wrong for m in check.mistakes if m.name == "no-tanh")
    text = run_check(check, wrong).text
    assert text.startswith("rnn_step: 0 de 3 puntos.\nTodavía no: el estado nuevo")
    assert "h tiene la forma correcta, no los números correctos (mayor" in text
    assert "Parece que la suma a de (7.3) volvió tal cual." in text
    assert "Lee «El paso: dos productos, una suma y una tanh»" in text
    assert text.endswith("#el-paso-dos-productos-una-suma-y-una-tanh")
    assert "/es/chapters/07-recurrent-networks.html" in text


ENGLISH = re.compile(r"\b(the|was|were|are|and|with|which|came|asked|not)\b")


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_english_is_left_in_what_a_check_says(assignment, spanish):
    for check in all_checks().values():
        if check.assignment != assignment:
            continue
        for mistake in check.mistakes:
            wrong = mistake.wrong
            if check.how == "value" and callable(wrong):
                wrong = wrong()
            for line in run_check(check, wrong).text.splitlines():
                if "Error: " in line or line.startswith(("http", "Tu código dio")):
                    continue  # Python's own words
                assert not ENGLISH.search(line), line


def test_without_the_variable_and_in_other_languages_a_check_speaks_english(
    monkeypatch,
):
    check = all_checks()["rnn-step"]
    monkeypatch.delenv("RNNCOURSE_LANG", raising=False)
    english = run_check(check, None).text
    assert "a function was asked for" in english.lower()
    for name in ("", "xx", "../es", "en"):
        monkeypatch.setenv("RNNCOURSE_LANG", name)
        assert run_check(check, None).text == english


def test_what_has_no_translation_is_said_in_english(spanish):
    check = next(c for c in all_checks().values() if c.assignment.startswith("10-"))
    text = run_check(check, check.reference).text
    assert "Correcto: " in text
    assert check.cases[0].says in text
    assert f"es/chapters/{check.assignment}" not in run_check(check, None).text


def test_package_ships_the_catalogues_of_the_checks():
    assert '"checks/locales/*/*.po"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert Path(language.FOLDER / "es" / "common.po").is_file()

"""The stored chapters are what their text gives, executed, and read well anywhere."""

import re

import nbformat
import pytest

from rnncourse import notebooks

SLUGS = notebooks.known()
INSTALL = "importlib.util.find_spec"


def stored(slug):
    """Return a chapter as it is committed."""
    path = notebooks.chapters_folder() / f"{slug}.ipynb"
    return nbformat.read(path, as_version=4)


def code_cells(slug):
    return [c for c in stored(slug).cells if c.cell_type == "code"]


def prose(slug):
    """Return the words of a chapter without code, equations and tables' rules."""
    text = "\n".join(c.source for c in stored(slug).cells if c.cell_type == "markdown")
    text = re.sub(r"```.*?```", " ", text, flags=re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$", " ", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>|\]\([^)]*\)|[|*#`]", " ", text)
    return [word for word in text.split() if re.search(r"[^\W\d_]", word)]


@pytest.mark.parametrize("slug", SLUGS)
def test_chapter_is_stored_executed(slug):
    counts = [c.execution_count for c in code_cells(slug)]
    want = list(range(1, len(counts) + 1))
    assert counts == want, "it is not run from top to bottom; nbval would skip cells"


@pytest.mark.parametrize("slug", SLUGS)
def test_chapter_holds_no_error_and_no_warning(slug):
    for cell in code_cells(slug):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", (cell.source, output.text)


@pytest.mark.parametrize("slug", SLUGS)
def test_chapter_is_not_stale(slug):
    assert notebooks.reason_stale(slug) is None, "run `make notebooks`"


@pytest.mark.parametrize("slug", SLUGS)
def test_text_gives_the_same_notebook_twice(slug):
    first, second = (nbformat.writes(notebooks.render(slug)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("slug", SLUGS)
def test_first_code_cell_installs_the_package_where_it_is_missing(slug):
    first = code_cells(slug)[0]
    assert INSTALL in first.source
    assert "git+https://" in first.source
    assert first.metadata.tags == ["remove-cell"]


@pytest.mark.parametrize("slug", SLUGS)
def test_cells_read_well_where_no_myst_role_is_resolved(slug):
    for cell in stored(slug).cells:
        if cell.cell_type == "markdown":
            role = re.search(r"\{[a-z:-]+\}`", cell.source)
            directive = re.search(
                r"```\{|^:::\{(?!note|tip|warning)", cell.source, re.M
            )
            assert not role, cell.source
            assert not directive, cell.source


@pytest.mark.parametrize("slug", SLUGS)
def test_every_picture_says_what_is_there(slug):
    alts = []
    for cell in code_cells(slug):
        if any("image/png" in o.get("data", {}) for o in cell.outputs):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt.split()) >= 8, f"no alt text:\n{cell.source}"
            alts.append(alt)
    assert len(set(alts)) == len(alts)
    assert 5 <= len(alts) <= 12


@pytest.mark.parametrize("slug", SLUGS)
def test_every_figure_has_a_caption_with_its_number(slug):
    text = "\n".join(c.source for c in stored(slug).cells if c.cell_type == "markdown")
    pictures = sum(
        any("image/png" in o.get("data", {}) for o in c.outputs)
        for c in code_cells(slug)
    )
    numbers = re.findall(r"^\*Figure (\d+\.\d+)\.", text, re.MULTILINE)
    chapter = int(slug.split("-")[0])
    assert numbers == [f"{chapter}.{k + 1}" for k in range(pictures)]


@pytest.mark.parametrize("slug", SLUGS)
def test_chapter_has_the_length_of_an_hour(slug):
    assert 2500 <= len(prose(slug)) <= 5000


@pytest.mark.parametrize("slug", SLUGS)
def test_chapter_names_no_folder_of_one_machine(slug):
    text = nbformat.writes(stored(slug))
    assert not re.search(r"/(?:root|work|home/\w+|tmp/\w+|Users)/", text)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_cell_whose_words_are_not_compared_asserts_a_bound(slug):
    for cell in code_cells(slug):
        speaks = any("image/png" not in o.get("data", {}) for o in cell.outputs)
        if speaks and "nbval-ignore-output" in cell.metadata.get("tags", []):
            # check_gradient raises above its tolerance; a sampled text claims nothing
            bounded = re.search(r"\bassert\b|check_gradient\(|drawn from", cell.source)
            assert bounded, cell.source


@pytest.mark.parametrize("slug", SLUGS)
def test_only_a_cell_that_holds_a_clock_is_left_out_of_a_rebuild(slug):
    for cell in code_cells(slug):
        tags = cell.metadata.get("tags", [])
        if "timed" in tags:
            assert "interleave(" in cell.source, cell.source
            assert "nbval-ignore-output" in tags, cell.source


# -- the builder itself, on chapters made for the purpose --------------------------


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder of chapters of one's own; returns a function that writes one."""
    (tmp_path / "src").mkdir()
    (tmp_path / "results").mkdir()
    monkeypatch.setattr(notebooks, "chapters_folder", lambda: tmp_path)

    def write(slug, text, results="{}"):
        head = "---\nkernelspec:\n  display_name: Python 3\n  language: python\n"
        head += "  name: python3\n---\n\n"
        (tmp_path / "src" / f"{slug}.md").write_text(head + text)
        (tmp_path / "results" / f"{slug}.json").write_text(results)
        return tmp_path / f"{slug}.ipynb"

    return write


def cell(code):
    return f"```{{code-cell}} ipython3\n{code}\n```\n"


def test_a_rebuild_is_the_same_to_the_last_byte(desk):
    path = desk("01-a", "# A\n\n" + cell("import numpy as np\nprint(np.arange(3))"))
    notebooks.build_one("01-a")
    first = path.read_bytes()
    notebooks.build_one("01-a")
    assert path.read_bytes() == first
    assert b"[0 1 2]" in first
    assert b"language_info" not in first


def test_a_failing_cell_is_named_and_the_old_notebook_stays(desk):
    path = desk("01-a", "# A\n\n" + cell("print(1)"))
    notebooks.build_one("01-a")
    before = path.read_bytes()
    desk("01-a", "# A\n\n" + cell("print(1)") + cell("undefined_name + 1"))
    with pytest.raises(notebooks.BuildError, match="01-a, code cell 2: NameError"):
        notebooks.build_one("01-a")
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.part"))


def test_new_prose_alone_runs_nothing_and_anything_else_does(desk, monkeypatch):
    code = cell("from rnncourse import address\nprint(1)")
    path = desk("01-a", "# A\n\n" + code)
    notebooks.build_one("01-a")

    def refuse(*about):
        raise RuntimeError("run")

    monkeypatch.setattr(notebooks, "execute", refuse)
    desk("01-a", "# Another title\n\n" + code)
    assert notebooks.build_one("01-a", keep=True) == 0
    assert notebooks.stale() == []
    stored = nbformat.read(path, as_version=4)
    assert stored.cells[0].source == "# Another title"
    assert (stored.cells[1].execution_count, stored.cells[1].outputs[0].text) == (
        1,
        "1\n",
    )
    with pytest.raises(RuntimeError, match="run"):
        notebooks.build_one("01-a")
    desk("01-a", "# A\n\n" + code.replace("print(1)", "print(2)"))
    with pytest.raises(RuntimeError, match="run"):
        notebooks.build_one("01-a", keep=True)
    desk("01-a", "# A\n\n" + code)
    monkeypatch.setattr(notebooks, "fingerprint", lambda *about: "other")
    with pytest.raises(RuntimeError, match="run"):
        notebooks.build_one("01-a", keep=True)


def test_stale_says_why_without_running_anything(desk, monkeypatch):
    desk("01-a", "# A\n\n" + cell("from rnncourse import address\nprint(1)"))
    assert notebooks.stale() == ["01-a: it has not been built yet"]
    notebooks.build_one("01-a")
    assert notebooks.stale() == []
    with monkeypatch.context() as patch:
        patch.setattr(notebooks, "fingerprint", lambda *about: "other")
        (reason,) = notebooks.stale()
        assert reason == "01-a: the code or the results it runs on have changed"
    desk("01-a", "# B\n\n" + cell("from rnncourse import address\nprint(1)"))
    assert notebooks.stale() == ["01-a: its text has changed"]


def test_the_fingerprint_covers_what_is_imported_by_what_is_imported(desk):
    desk("01-a", cell("from rnncourse.reference.rnn import rnn_step"))
    files = {p.name for p in notebooks.imported_modules(notebooks.render("01-a"))}
    assert {"rnn.py", "validate.py"} <= files
    assert "training.py" not in files


def test_figures_and_addresses_stand_where_their_tokens_stood(desk):
    text = "Error {{ results.runs.0.mae:.1f }}, see {{ address.repository }}.\n\n"
    code = cell('install = "{{ address.install }}"')
    desk("01-a", text + code, '{"runs": [{"mae": 15.46}]}')
    rendered = notebooks.render("01-a")
    assert rendered.cells[0].source.startswith("Error 15.5, see https://github.com/")
    assert "git+https://" in rendered.cells[1].source


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ results.nothing }}", "has no nothing"),
        ("{{ address.nowhere }}", "no address 'nowhere'"),
        ("```{code-cell} ipython3\nx = '{{ results.a }}'\n```", "in a code cell"),
        ("{{ adress.install }}", "tokens begin with address or results"),
        ("{{ results.runs.3 }}", "has no runs.3"),
        ("{{ results.runs:.1f }}", "cannot be written so"),
    ],
)
def test_a_token_that_means_nothing_is_an_error(desk, text, words):
    desk("01-a", text, '{"runs": [1, 2]}')
    with pytest.raises(ValueError, match=words):
        notebooks.render("01-a")


def test_a_name_may_be_a_number_or_a_slug():
    assert notebooks.select(["7"]) == ["07-recurrent-networks"]
    assert notebooks.select(["07", "07-recurrent-networks"]) == [
        "07-recurrent-networks"
    ]
    with pytest.raises(ValueError, match="there is no chapter '99'"):
        notebooks.select(["99"])

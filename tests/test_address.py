"""One file names the public address, and everything else derives from it."""

import subprocess

import pytest

from rnncourse import __version__, address
from tests.conftest import ROOT


@pytest.fixture
def fork(monkeypatch):
    """Change the one line as a fork would."""

    def change(line):
        text = f'repository = "{line}"\n'
        monkeypatch.setattr(address.Path, "read_text", lambda *a, **k: text)
        address.repository.cache_clear()

    yield change
    address.repository.cache_clear()


def test_a_fork_changes_one_line_and_every_link_follows(fork):
    fork("https://github.com/somebody/rnn")
    assert address.repository() == "https://github.com/somebody/rnn"
    assert address.pages() == "https://somebody.github.io/rnn/"
    assert address.install() == (
        f"rnncourse @ git+https://github.com/somebody/rnn@v{__version__}"
    )
    assert address.colab("chapters/a.ipynb") == (
        "https://colab.research.google.com/github/somebody/rnn/blob/main/chapters/a.ipynb"
    )
    assert address.binder("chapters/a.ipynb") == (
        "https://mybinder.org/v2/gh/somebody/rnn/main?urlpath=lab/tree/chapters/a.ipynb"
    )
    assert address.source("a/b.py", 7) == (
        "https://github.com/somebody/rnn/blob/main/a/b.py#L7"
    )


@pytest.mark.parametrize("line", ["https://example.org/a/b", "https://github.com/a"])
def test_an_address_that_is_no_repository_is_refused(fork, line):
    fork(line)
    with pytest.raises(ValueError, match="must look like https://github.com/OWNER"):
        address.repository()


def test_no_other_file_repeats_the_address():
    # Built files hold it, and are built anew by `make notebooks` and `make exercises`.
    built = ("chapters/", "exercises/", "rnncourse/address.toml")
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    slug = address.slug().encode()
    repeated = [
        name
        for name in files
        if not (name.startswith(built) and name.endswith((".ipynb", ".toml")))
        and (ROOT / name).is_file()
        and slug in (ROOT / name).read_bytes()
    ]
    assert repeated == []

"""Every public address of the course, derived from the one in ``address.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from rnncourse import __version__

BRANCH = "main"


@cache
def repository() -> str:
    """Return the address of the repository, without a slash at its end.

    Raises
    ------
    ValueError
        If ``address.toml`` does not name a repository on GitHub.
    """
    text = Path(__file__).with_name("address.toml").read_text(encoding="utf-8")
    address = str(tomllib.loads(text)["repository"]).rstrip("/")
    if not address.startswith("https://github.com/") or address.count("/") != 4:
        raise ValueError(
            "repository in address.toml must look like "
            f"https://github.com/OWNER/NAME, got {address!r}"
        )
    return address


def slug() -> str:
    """Return ``OWNER/NAME``."""
    return repository().removeprefix("https://github.com/")


def pages() -> str:
    """Return the address of the published book, with a slash at its end."""
    owner, name = slug().split("/")
    return f"https://{owner}.github.io/{name}/"


def install() -> str:
    """Return what pip is asked to install on a machine without the package."""
    return f"rnncourse @ git+{repository()}@v{__version__}"


def colab(path: str) -> str:
    """Return the address that opens a notebook of the repository in Colab."""
    return f"https://colab.research.google.com/github/{slug()}/blob/{BRANCH}/{path}"


def binder(path: str) -> str:
    """Return the address that opens a notebook of the repository on Binder."""
    return f"https://mybinder.org/v2/gh/{slug()}/{BRANCH}?urlpath=lab/tree/{path}"


def edit(path: str) -> str:
    """Return the address at which a file of the repository is edited."""
    return f"{repository()}/edit/{BRANCH}/{path}"


def issue(title: str, body: str) -> str:
    """Return the address of a new issue with title and text filled in."""
    return f"{repository()}/issues/new?{urlencode({'title': title, 'body': body})}"


def source(path: str, line: int | None = None) -> str:
    """Return the address of a file of the repository, at a line if given."""
    anchor = "" if line is None else f"#L{line}"
    return f"{repository()}/blob/{BRANCH}/{path}{anchor}"

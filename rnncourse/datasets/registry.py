"""Where each file comes from, and the one way to get it.

The order is: the package itself, the folder that ``RNNCOURSE_DATA`` names, the
user's cache, the addresses of ``registry.toml``. Bytes that do not match the stored
checksum are never used and never stay in the cache.
"""

from __future__ import annotations

import difflib
import gzip
import hashlib
import io
import lzma
import os
import sys
import tempfile
import tomllib
import zipfile
import zlib
from functools import cache
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

VARIABLE = "RNNCOURSE_DATA"
CONNECT_SECONDS, READ_SECONDS = 5, 30

# What unpacking damaged bytes may raise; such bytes simply do not match.
_UNPACKING: tuple[type[Exception], ...] = (
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)


class DataNotFound(Exception):
    """A file is nowhere to be had; the message says what to do."""


class Dataset(NamedTuple):
    """One line of the list of data sets.

    Attributes
    ----------
    name : str
    kind : {"shipped", "download", "by hand"}
        In the package; at a public address; or only where you have put it.
    size : str
        Of the unpacked file, such as ``"1.1 MB"``.
    licence : str
    where : str
        The place it would come from now.
    about, rows : str
    """

    name: str
    kind: str
    size: str
    licence: str
    where: str
    about: str
    rows: str


@cache
def registry() -> dict[str, dict[str, Any]]:
    """Return ``registry.toml`` as a dict by name."""
    source = resources.files("rnncourse.datasets").joinpath("registry.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def names() -> list[str]:
    """Return the names that :func:`fetch` knows."""
    return sorted(registry())


def entry(name: str) -> dict[str, Any]:
    """Return the registry's entry for a name.

    Raises
    ------
    ValueError
        If there is none; the message has the nearest names.
    """
    if isinstance(name, str) and name in registry():
        return registry()[name]
    near = difflib.get_close_matches(str(name), names(), n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else ""
    raise ValueError(
        f"name must be a known data set, got {name!r}; "
        + (hint or f"rnncourse.datasets.names() lists all {len(names())}")
    )


def describe(name: str) -> str:
    """Say in a few lines what a data set holds, whose it is and where it is from."""
    e = entry(name)
    return (
        f"{name}: {e['about']}; {e['rows']}\n"
        f"licence: {e['licence']}\ncitation: {e['citation']}\nsource: {_source(e)}"
    )


def data_home() -> Path:
    """Return the user's cache folder for downloads (it may not exist yet)."""
    import pooch

    return Path(pooch.os_cache("rnncourse"))


def list_datasets() -> list[Dataset]:
    """Return every data set with the place it would come from now.

    Looks for files and does not open them, so a damaged one is listed, too.
    """
    return [
        Dataset(
            name=name,
            kind=_kind(e),
            size=_size(e),
            licence=e["licence"],
            where=_where(e),
            about=e["about"],
            rows=e["rows"],
        )
        for name, e in sorted(registry().items())
    ]


def data_table() -> str:
    """Return :func:`list_datasets` as text for a terminal."""
    lines = [f"downloads go to {data_home()}; {VARIABLE} names a folder to look first"]
    for d in list_datasets():
        lines.append(f"\n{d.name}  ({d.kind}, {d.size}, {d.where})")
        lines.append(f"  {d.about}; {d.rows}\n  licence: {d.licence}")
    return "\n".join(lines)


def read(name: str, *, cache_dir: str | Path | None = None) -> bytes:
    """Return the unpacked bytes of a data set, wherever it lies.

    Parameters
    ----------
    name : str
        One of :func:`names`.
    cache_dir : path, optional
        Folder for downloads instead of :func:`data_home`.

    Raises
    ------
    ValueError
        If the name is unknown.
    DataNotFound
        If the file is nowhere and cannot be downloaded, or is not the one it should be.
    """
    return _get(name, cache_dir)[1]


def fetch(name: str, *, cache_dir: str | Path | None = None) -> Path:
    """Return the path of a data set's file, downloading it if need be.

    Parameters and errors are those of :func:`read`. A downloaded file lies unpacked
    in the cache, except that a zip stays whole, since its other members say who made
    it. One that ships, or that you have put down yourself, may be packed with gzip, xz
    or zip: :func:`read` gives the content either way.
    """
    return _get(name, cache_dir)[0]


def _get(name: str, cache_dir: str | Path | None) -> tuple[Path, bytes]:
    e = entry(name)
    if "ships" in e:
        path = Path(__file__).parent / "files" / str(e["ships"])
        return path, _trusted(path, e)
    if (own := _in_folder(e)) is not None:
        return own, _trusted(own, e)
    home = data_home() if cache_dir is None else Path(cache_dir)
    for place in _places(e):
        path = home / place
        if path.is_file():
            content = _matching(path.read_bytes(), e)
            if content is not None:
                return path, content
            path.unlink()  # damaged since it was stored
    return _download(name, e, home)


def _places(e: dict[str, Any]) -> tuple[PurePosixPath, PurePosixPath]:
    """Return where a file may lie in a data folder: as kept, and unpacked."""
    kept = PurePosixPath(e["local"])
    if "member" in e:
        return kept, kept.with_name(PurePosixPath(e["member"]).name)
    return kept, kept.with_suffix("") if kept.suffix in (".gz", ".xz") else kept


def _in_folder(e: dict[str, Any]) -> Path | None:
    folder = os.environ.get(VARIABLE)
    if not folder:
        return None
    found = (Path(folder) / place for place in _places(e))
    return next((path for path in found if path.is_file()), None)


def _download(name: str, e: dict[str, Any], home: Path) -> tuple[Path, bytes]:
    kept, plain = (home / place for place in _places(e))
    whole = kept.suffix == ".zip"
    path = kept if whole else plain
    tried = []
    if folder := os.environ.get(VARIABLE):
        tried.append(f"{folder} ({VARIABLE}): no {e['local']} there")
    for url in e["urls"]:
        for _ in range(2):  # one retry
            try:
                raw = _receive(url, name, int(e["bytes"]))
            except Exception as error:  # whatever the network brings is one sentence
                reason, final = _reason(error)
                tried.append(f"{url}: {reason}")
                if final:
                    break
                continue
            content = _matching(raw, e)
            if content is not None:
                _store(path, raw if whole else content)
                return path, content
            tried.append(f"{url}: {len(raw)} bytes came that do not match the checksum")
    if not e["urls"]:
        tried.append(f"no address serves this very file; {_source(e)}")
    raise DataNotFound(
        f"could not get {name} ({e['about']}, {_size(e)}).\n"
        + "\n".join(f"  tried {line}" for line in dict.fromkeys(tried))
        + "\nWhat to do: connect to the network and try again; or download the file "
        f"yourself and save it as {path}; or put it at {e['local']} in a folder of "
        f"yours and name that folder in the variable {VARIABLE}."
    )


def _receive(url: str, name: str, size: int) -> bytes:
    """Return what an address sends; nothing of it stays on the disk."""
    import pooch
    from tqdm import tqdm

    pooch.get_logger().setLevel("ERROR")
    bar = tqdm(
        total=size,  # until the server says; a bar of total 0 would count as none
        unit="B",
        unit_scale=True,
        desc=name,
        file=sys.stdout,
        leave=False,
    )
    times = (CONNECT_SECONDS, READ_SECONDS)
    with bar, tempfile.TemporaryDirectory() as folder:
        waiting = Path(folder) / "download"
        pooch.HTTPDownloader(timeout=times, progressbar=bar)(url, str(waiting), None)
        return waiting.read_bytes()


def _store(path: Path, content: bytes) -> None:
    """Write a file in one move, so that no reader ever sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, waiting = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(waiting, path)
    except BaseException:
        Path(waiting).unlink(missing_ok=True)
        raise


def _reason(error: Exception) -> tuple[str, bool]:
    """Say why a download failed, and whether asking again is pointless."""
    from requests import exceptions

    text = str(error)
    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        status = error.response.status_code
        words = "not found there (404)" if status == 404 else f"it answered {status}"
        return words, 400 <= status < 500
    if isinstance(error, exceptions.ConnectTimeout):
        return f"no answer within {CONNECT_SECONDS} seconds", True
    if isinstance(error, exceptions.ReadTimeout):
        return f"nothing came for {READ_SECONDS} seconds", False
    for sign, words in (
        ("Name or service not known", "no such host, or no network"),
        ("Failed to resolve", "no such host, or no network"),
        ("Network is unreachable", "no network"),
        ("No route to host", "no way to that host"),
        ("refused", "the connection was refused"),
    ):
        if sign in text:
            return words, True
    if "IncompleteRead" in text:
        return "the connection broke off half-way", False
    first = text.splitlines()[0] if text else ""
    return f"{type(error).__name__}: {first[:120]}", False


def _unpack(raw: bytes, e: dict[str, Any]) -> bytes:
    if raw[:2] == b"\x1f\x8b":
        return gzip.decompress(raw)
    if raw[:6] == b"\xfd7zXZ\x00":
        return lzma.decompress(raw)
    if raw[:4] == b"PK\x03\x04" and "member" in e:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return archive.read(e["member"])
    return raw


def _matching(raw: bytes, e: dict[str, Any]) -> bytes | None:
    """Return the unpacked bytes if they are those of the registry, else None."""
    try:
        content = _unpack(raw, e)
    except _UNPACKING:
        return None
    if "sha256" in e:
        return content if hashlib.sha256(content).hexdigest() == e["sha256"] else None
    blob = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    blob.update(content)
    return content if blob.hexdigest() == e["git_blob"] else None


def _trusted(path: Path, e: dict[str, Any]) -> bytes:
    """Return the content of a file that is not ours to remove, or say what is wrong."""
    content = _matching(path.read_bytes(), e)
    if content is None:
        raise DataNotFound(
            f"{path} is damaged or another file: its unpacked bytes do not have the "
            f"checksum of registry.toml. Replace or remove it; if it is in the folder "
            f"of {VARIABLE}, unsetting that variable looks elsewhere."
        )
    return content


def _source(e: dict[str, Any]) -> str:
    return str(e["page"] if "page" in e else e["urls"][0])


def _size(e: dict[str, Any]) -> str:
    n = int(e["bytes"])
    return f"{n / 1e6:.1f} MB" if n >= 100_000 else f"{n / 1e3:.1f} kB"


def _kind(e: dict[str, Any]) -> str:
    if "ships" in e:
        return "shipped"
    return "download" if e["urls"] else "by hand"


def _where(e: dict[str, Any]) -> str:
    if "ships" in e:
        return "in the package"
    if _in_folder(e) is not None:
        return f"in {VARIABLE}"
    if any((data_home() / place).is_file() for place in _places(e)):
        return "in the cache"
    return "to be downloaded" if e["urls"] else "not here"

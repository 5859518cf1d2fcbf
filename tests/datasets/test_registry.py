"""Does every file come whole, or else with a sentence that says what to do?"""

import gzip
import hashlib
import io
import lzma
import re
import socket
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rnncourse import datasets
from rnncourse.datasets import DataNotFound, fetch, read
from rnncourse.datasets import registry as module
from tests.conftest import SHARED_DATA

CONTENT = b"to be or not to be\n" * 500
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """A real HTTP server on this machine that answers by a list."""

    def __init__(self):
        self.answers, self.asked = {}, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                queue = outer.answers[self.path]
                answer = queue.pop(0) if len(queue) > 1 else queue[0]
                answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self.thread.start()

    def url(self, path="/file.txt"):
        return f"http://127.0.0.1:{self.http.server_port}{path}"

    def close(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


def sends(body, *, status=200, promised=None):
    """Return an answer; ``promised`` bytes are announced, whatever comes."""

    def answer(handler):
        handler.send_response(status)
        handler.send_header("Content-Length", str(promised or len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def sleeps(handler):
    time.sleep(1.0)
    handler.close_connection = True


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    server = Server()
    yield server
    server.close()


@pytest.fixture
def register(monkeypatch):
    """Add a data set to the registry for one test."""

    def add(urls, **more):
        e = {
            "local": "plays/hamlet.txt",
            "urls": urls,
            "sha256": SHA256,
            "bytes": len(CONTENT),
            "rows": "500 lines",
            "about": "a line of Hamlet",
            "licence": "public domain",
            "citation": "Shakespeare, 1603",
        } | more
        known = module.registry() | {"hamlet": e}
        monkeypatch.setattr(module, "registry", lambda: known)

    return add


def files_in(folder):
    return sorted(p.name for p in Path(folder).rglob("*") if p.is_file())


# -- downloads ---------------------------------------------------------------------


def test_good_file_is_downloaded_once_and_then_read_from_the_cache(
    server, register, tmp_path, capsys
):
    server.answers["/file.txt"] = [sends(CONTENT)]
    register([server.url()])
    path = fetch("hamlet", cache_dir=tmp_path)
    assert path == tmp_path / "plays" / "hamlet.txt"
    assert path.read_bytes() == CONTENT
    assert read("hamlet", cache_dir=tmp_path) == CONTENT
    assert fetch("hamlet", cache_dir=tmp_path) == path
    assert server.asked == ["/file.txt"]
    assert capsys.readouterr().err == "", "in a notebook it would look like a failure"


def test_slow_download_shows_a_bar_with_its_name_and_size(
    server, register, tmp_path, capsys
):
    def slowly(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        for k in range(0, len(CONTENT), 1900):
            handler.wfile.write(CONTENT[k : k + 1900])
            handler.wfile.flush()
            time.sleep(0.15)

    server.answers["/file.txt"] = [slowly]
    register([server.url()])
    assert read("hamlet", cache_dir=tmp_path) == CONTENT
    shown = capsys.readouterr().out
    percents = [int(p) for p in re.findall(r"hamlet: +(\d+)%.*?/9\.50k", shown)]
    assert 0 in percents
    assert any(0 < percent < 100 for percent in percents), shown


BAD = {
    "other bytes": sends(CONTENT.replace(b"be", b"me")),
    "one bit": sends(bytes([CONTENT[0] ^ 1]) + CONTENT[1:]),
    "truncated, as announced": sends(CONTENT[:-1]),
    "truncated against its length": sends(CONTENT[:4000], promised=len(CONTENT)),
    "empty": sends(b""),
    "a page of a hotel network": sends(b"<html>Please log in</html>"),
    "gzip cut off": sends(gzip.compress(CONTENT)[:-20]),
    "gzip with a flaw": sends(gzip.compress(CONTENT)[:20] + b"?" * 80),
    "xz cut off": sends(lzma.compress(CONTENT)[:-20]),
    "server error": sends(b"sorry", status=503),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_transfer_is_retried_once_and_the_good_file_kept(
    bad, server, register, tmp_path
):
    server.answers["/file.txt"] = [bad, sends(CONTENT)]
    register([server.url()])
    assert fetch("hamlet", cache_dir=tmp_path).read_bytes() == CONTENT
    assert len(server.asked) == 2
    assert files_in(tmp_path) == ["hamlet.txt"]


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_transfer_never_stays_in_the_cache(bad, server, register, tmp_path):
    server.answers["/file.txt"] = [bad]
    register([server.url()])
    with pytest.raises(DataNotFound) as failure:
        fetch("hamlet", cache_dir=tmp_path)
    assert files_in(tmp_path) == []
    assert len(server.asked) == 2, "one retry, no more"
    message = str(failure.value)
    assert server.url() in message
    assert str(tmp_path / "plays" / "hamlet.txt") in message
    assert "RNNCOURSE_DATA" in message
    assert "plays/hamlet.txt in a folder" in message
    # and the next attempt, once the server is well, succeeds
    server.answers["/file.txt"] = [sends(CONTENT)]
    assert read("hamlet", cache_dir=tmp_path) == CONTENT


def test_missing_address_is_asked_once_then_the_next_one(server, register, tmp_path):
    server.answers["/gone"] = [sends(b"no", status=404)]
    server.answers["/file.txt"] = [sends(CONTENT)]
    register([server.url("/gone"), server.url()])
    assert fetch("hamlet", cache_dir=tmp_path).read_bytes() == CONTENT
    assert server.asked == ["/gone", "/file.txt"]


def test_whole_story_damaged_truncated_missing_then_good(server, register, tmp_path):
    server.answers["/a"] = [BAD["one bit"], BAD["truncated against its length"]]
    server.answers["/b"] = [sends(b"no", status=404)]
    server.answers["/c"] = [sends(CONTENT)]
    register([server.url(path) for path in ("/a", "/b", "/c")])
    assert fetch("hamlet", cache_dir=tmp_path).read_bytes() == CONTENT
    assert server.asked == ["/a", "/a", "/b", "/c"]
    assert files_in(tmp_path) == ["hamlet.txt"]


def test_reasons_are_told_in_words(server, register, tmp_path):
    server.answers["/gone"] = [sends(b"no", status=404)]
    server.answers["/cut"] = [BAD["truncated against its length"]]
    server.answers["/other"] = [BAD["other bytes"]]
    register([server.url(path) for path in ("/gone", "/cut", "/other")])
    with pytest.raises(DataNotFound) as failure:
        fetch("hamlet", cache_dir=tmp_path)
    message = str(failure.value)
    assert "/gone: not found there (404)" in message
    assert "/cut: the connection broke off half-way" in message
    assert "/other: 9500 bytes came that do not match the checksum" in message


def test_packed_downloads_are_stored_unpacked(server, register, tmp_path):
    for k, pack in enumerate((gzip.compress, lzma.compress)):
        server.answers[f"/{k}"] = [sends(pack(CONTENT))]
        register([server.url(f"/{k}")], local="plays/hamlet.txt.gz")
        path = fetch("hamlet", cache_dir=tmp_path / str(k))
        assert path.name == "hamlet.txt"
        assert path.read_bytes() == CONTENT


def test_zip_stays_whole_and_its_member_is_what_counts(server, register, tmp_path):
    def packed(content):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("about.txt", "by Shakespeare")
            archive.writestr("deep/hamlet.txt", content)
        return file.getvalue()

    wrong, right = packed(CONTENT + b"!"), packed(CONTENT)
    server.answers["/zip"] = [sends(wrong), sends(right)]
    register([server.url("/zip")], local="plays/hamlet.zip", member="deep/hamlet.txt")
    path = fetch("hamlet", cache_dir=tmp_path)
    assert path.read_bytes() == right
    assert read("hamlet", cache_dir=tmp_path) == CONTENT
    assert len(server.asked) == 2
    path.unlink()  # the member alone will do as well
    (path.parent / "hamlet.txt").write_bytes(CONTENT)
    assert read("hamlet", cache_dir=tmp_path) == CONTENT
    assert len(server.asked) == 2


def test_zip_without_its_member_does_not_match(server, register, tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("other.txt", CONTENT)
    server.answers["/zip"] = [sends(file.getvalue())]
    register([server.url("/zip")], local="plays/hamlet.zip", member="hamlet.txt")
    with pytest.raises(DataNotFound, match="do not match"):
        fetch("hamlet", cache_dir=tmp_path)
    assert files_in(tmp_path) == []


def test_git_blob_checksum_serves_where_no_sha256_is_known(
    server, register, tmp_path, monkeypatch
):
    # `git hash-object` of the five bytes of hello
    blob = "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"
    server.answers["/hello"] = [sends(b"hellO"), sends(b"hello")]
    register([server.url("/hello")])
    e = dict(module.registry()["hamlet"])
    del e["sha256"]
    monkeypatch.setattr(module, "registry", lambda: {"h": e | {"git_blob": blob}})
    assert read("h", cache_dir=tmp_path) == b"hello"
    assert len(server.asked) == 2


def test_file_damaged_in_the_cache_is_removed_and_fetched_again(
    server, register, tmp_path
):
    server.answers["/file.txt"] = [sends(CONTENT)]
    register([server.url()])
    path = fetch("hamlet", cache_dir=tmp_path)
    path.write_bytes(CONTENT[:100])
    assert read("hamlet", cache_dir=tmp_path) == CONTENT
    assert path.read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_interrupted_download_leaves_nothing(server, register, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    server.answers["/file.txt"] = [sends(CONTENT)]
    register([server.url()])
    monkeypatch.setattr(module.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch("hamlet", cache_dir=tmp_path)
    assert files_in(tmp_path) == []


# -- no network --------------------------------------------------------------------


def test_refused_connection_is_told_at_once(register, tmp_path, monkeypatch):
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as taken:  # bound and not listening: nobody answers here
        taken.bind(("127.0.0.1", 0))
        register([f"http://127.0.0.1:{taken.getsockname()[1]}/file.txt"])
        start = time.perf_counter()
        with pytest.raises(DataNotFound, match="the connection was refused"):
            fetch("hamlet", cache_dir=tmp_path)
        assert time.perf_counter() - start < 5
    assert files_in(tmp_path) == []


def test_unknown_host_is_told_in_words(register, tmp_path, monkeypatch):
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    def no_such_host(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    # What a resolver says without a network; asking a real one could take seconds.
    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    register(["http://data.invalid/file.txt"])
    start = time.perf_counter()
    with pytest.raises(DataNotFound, match="no such host, or no network"):
        fetch("hamlet", cache_dir=tmp_path)
    assert time.perf_counter() - start < 5
    assert files_in(tmp_path) == []


def test_silent_server_is_left_after_the_time_limit(
    server, register, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "READ_SECONDS", 0.2)
    server.answers["/file.txt"] = [sleeps, sends(CONTENT)]
    register([server.url()])
    assert read("hamlet", cache_dir=tmp_path) == CONTENT
    assert len(server.asked) == 2


def test_file_without_an_address_says_where_it_comes_from(
    register, tmp_path, monkeypatch
):
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    register([], page="made from https://example.org/folio.txt")
    with pytest.raises(DataNotFound, match="made from https://example.org/folio"):
        fetch("hamlet", cache_dir=tmp_path)


# -- the folder of the variable ----------------------------------------------------


def own_folder(monkeypatch, folder, path, content):
    file = folder / path
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    monkeypatch.setenv("RNNCOURSE_DATA", str(folder))
    return file


def test_own_folder_comes_before_cache_and_network(
    server, register, tmp_path, monkeypatch
):
    server.answers["/file.txt"] = [sends(CONTENT)]
    register([server.url()])
    cached = fetch("hamlet", cache_dir=tmp_path / "cache")
    file = own_folder(monkeypatch, tmp_path / "own", "plays/hamlet.txt", CONTENT)
    assert fetch("hamlet", cache_dir=tmp_path / "cache") == file != cached
    assert len(server.asked) == 1


def test_damaged_file_in_the_own_folder_is_an_error_and_is_not_removed(
    server, register, tmp_path, monkeypatch
):
    server.answers["/file.txt"] = [sends(CONTENT)]
    register([server.url()])
    file = own_folder(monkeypatch, tmp_path, "plays/hamlet.txt", CONTENT[:-1])
    with pytest.raises(DataNotFound, match="damaged or another file") as failure:
        read("hamlet", cache_dir=tmp_path / "cache")
    assert str(file) in str(failure.value)
    assert "RNNCOURSE_DATA" in str(failure.value)
    assert file.read_bytes() == CONTENT[:-1]
    assert server.asked == []


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)]
)
def test_own_folder_may_hold_the_file_packed_or_not(
    suffix, pack, register, tmp_path, monkeypatch
):
    register([], local=f"plays/hamlet.txt{suffix}", page="nowhere")
    own_folder(monkeypatch, tmp_path / "a", f"plays/hamlet.txt{suffix}", pack(CONTENT))
    assert read("hamlet") == CONTENT
    own_folder(monkeypatch, tmp_path / "b", "plays/hamlet.txt", CONTENT)
    assert read("hamlet") == CONTENT


def test_own_folder_without_the_file_is_named_in_the_error(
    register, tmp_path, monkeypatch
):
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path / "mistyped"))
    register([], page="nowhere")
    with pytest.raises(DataNotFound, match="mistyped"):
        fetch("hamlet", cache_dir=tmp_path)


# -- the registry itself -----------------------------------------------------------


@pytest.mark.parametrize("name", datasets.names())
def test_entry_says_what_whose_and_where(name):
    e = module.entry(name)
    for key in ("local", "rows", "about", "licence", "citation"):
        assert e[key].strip(), key
    assert e["urls"] or e["page"]
    assert e["bytes"] > 0
    if "sha256" in e:
        assert re.fullmatch("[0-9a-f]{64}", e["sha256"])
    else:
        assert re.fullmatch("[0-9a-f]{40}", e["git_blob"])
    for url in e["urls"]:
        assert url.startswith("https://")
        if "raw.githubusercontent.com" in url:
            assert re.match(
                r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/", url
            ), f"pinned to a commit: {url}"
    text = datasets.describe(name)
    assert e["licence"] in text
    assert e["citation"] in text


@pytest.mark.parametrize("name", datasets.names())
def test_real_file_has_the_checksum_of_the_registry(name, monkeypatch):
    e = module.entry(name)
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data are not here: there is no folder {SHARED_DATA}")
    monkeypatch.setenv("RNNCOURSE_DATA", str(SHARED_DATA))
    if module._in_folder(e) is None:
        assert name in ("jena", "quijote-gutenberg"), "the two that are not there"
        return
    content = module._trusted(module._in_folder(e), e)
    assert len(content) == e["bytes"]


def test_no_two_entries_share_a_file():
    places = [
        place for e in module.registry().values() for place in set(module._places(e))
    ]
    assert len(places) == len(set(places))


def test_unknown_name_is_answered_with_the_nearest():
    for call in (fetch, read, datasets.describe):
        with pytest.raises(ValueError, match="'shakespear'; did you mean shakespeare"):
            call("shakespear")
    with pytest.raises(ValueError, match="a known data set, got 7; .* lists all"):
        fetch(7)


def test_list_says_where_each_set_is_now(server, register, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "data_home", lambda: tmp_path / "cache")
    server.answers["/file.txt"] = [sends(CONTENT)]
    register([server.url()])

    def row():
        return next(d for d in datasets.list_datasets() if d.name == "hamlet")

    assert row().kind == "download"
    assert row().size == "9.5 kB"
    assert row().licence == "public domain"
    assert row().where == "to be downloaded"
    fetch("hamlet")
    assert row().where == "in the cache"
    own_folder(monkeypatch, tmp_path / "own", "plays/hamlet.txt", CONTENT)
    assert row().where == "in RNNCOURSE_DATA"
    energy = next(d for d in datasets.list_datasets() if d.name == "energy")
    assert (energy.kind, energy.where) == ("shipped", "in the package")
    quijote = next(d for d in datasets.list_datasets() if d.name == "quijote")
    assert quijote.kind == "by hand"
    assert [d.name for d in datasets.list_datasets()] == datasets.names()
    table = datasets.data_table()
    assert "hamlet  (download, 9.5 kB, in RNNCOURSE_DATA)" in table
    assert str(tmp_path / "cache") in table


def test_data_home_is_a_folder_of_the_user():
    assert "rnncourse" in datasets.data_home().parts


def test_importing_the_data_sets_loads_neither_torch_nor_matplotlib():
    import subprocess

    code = (
        "import sys, rnncourse.datasets as d; d.load_energy(); "
        "print([m for m in ('torch', 'matplotlib', 'pooch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

"""What `rnncourse classroom` says when it cannot open, and what it never does."""

import json
import os
import re
import socket
import stat
import sys

import pytest

from rnncourse import cli, environment
from rnncourse.environment import SetupError
from tests.conftest import ROOT

if os.name == "nt":
    pytest.skip("JupyterHub needs Linux or macOS", allow_module_level=True)

from rnncourse.classroom import room as rooms  # noqa: E402
from rnncourse.classroom import run  # noqa: E402


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("ten years")
    for fresh in (False, True):
        with pytest.raises(SetupError, match="no classroom and not empty"):
            rooms.open_room(tmp_path, fresh=fresh)
    assert (tmp_path / "thesis.txt").read_text() == "ten years"


def test_fresh_removes_what_the_classroom_made_and_nothing_else(tmp_path):
    folder = tmp_path / "room"
    room = rooms.open_room(folder, fresh=False)
    room.write({"prepared": True})
    (room.homes / "ada").mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    rooms.open_room(folder, fresh=True)
    assert not room.homes.exists()
    assert room.read() == {}
    assert (folder / "notes.txt").read_text() == "mine"


def test_passwords_are_for_the_owner_alone_and_differ(tmp_path):
    room = rooms.open_room(tmp_path / "room", fresh=False)
    room.write({"passwords": {"ada": "x"}})
    assert stat.S_IMODE(room.record.stat().st_mode) == 0o600
    assert stat.S_IMODE(room.folder.stat().st_mode) == 0o700
    made = {rooms._password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"(\w{4}-){2}\w{4}", one) for one in made)


def test_a_spoilt_record_gets_a_sentence(tmp_path):
    room = rooms.open_room(tmp_path / "room", fresh=False)
    room.record.write_text("{")
    with pytest.raises(SetupError, match="--fresh starts anew"):
        room.read()


def test_only_one_may_hold_a_room(tmp_path):
    room = rooms.open_room(tmp_path / "room", fresh=False)
    with rooms.only_one(room):
        held = rf"open already, by process {os.getpid()}"
        with pytest.raises(SetupError, match=held), rooms.only_one(room):
            pass
    with rooms.only_one(room):
        pass


def test_other_chapters_than_the_room_has_are_told(tmp_path):
    room = rooms.open_room(tmp_path / "room", fresh=False)
    record = {"prepared": True, "chapters": [1]}
    room.write(record)
    assert rooms.prepare(room, ROOT, []) == record
    assert rooms.prepare(room, ROOT, [1]) == record
    with pytest.raises(SetupError, match="has chapters 1; --fresh"):
        rooms.prepare(room, ROOT, [2])


def test_a_taken_port_is_told_with_another_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=rf"port {port} cannot .*--port"):
            run.must_be_free(port)
    with pytest.raises(SetupError, match="port 70000 cannot be used"):
        run.must_be_free(70000)


def program(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_missing_or_old_node_is_told_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="apt install nodejs npm"):
        run.find_node()
    program(tmp_path, "node", "echo v16.20.1")
    with pytest.raises(SetupError, match=r"too old, v16\.20\.1: install Node 18"):
        run.find_node()
    program(tmp_path, "node", "echo v18.19.0")
    assert run.find_node() == str(tmp_path / "node")


def test_a_missing_or_failing_npm_is_told(tmp_path, monkeypatch):
    place = tmp_path / "proxy"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="npm is missing"):
        run.install_proxy(place)
    program(tmp_path, "npm", "echo no network >&2; exit 1")
    with pytest.raises(SetupError, match="no network\nnpm could not install"):
        run.install_proxy(place)
    assert not (place / "installed").exists()


def test_the_proxy_is_pinned_with_a_hash_for_every_package():
    folder = ROOT / "rnncourse" / "classroom" / "proxy"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    lock = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert lock[""]["dependencies"] == wanted
    (version,) = wanted.values()
    assert re.fullmatch(r"[\d.]+", version)
    packages = {name: one for name, one in lock.items() if name}
    assert packages["node_modules/configurable-http-proxy"]["version"] == version
    lacking = [name for name, one in packages.items() if "integrity" not in one]
    assert lacking == []
    most = max(
        int(found[1])
        for one in packages.values()
        if (found := re.match(r">= ?(\d+)", one.get("engines", {}).get("node", "")))
    )
    assert most <= run.LOWEST_NODE


def test_what_the_classroom_needs_is_pinned():
    pins = environment.pinned(ROOT)
    for name, bound in environment.required(ROOT, "classroom").items():
        assert name in pins
        assert bound.startswith(">=")


def test_the_command_ends_with_a_sentence_where_node_is_missing(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(run, "ensure", lambda: sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = tmp_path / "room"
    assert cli.main(["classroom", "--folder", str(folder)]) == 1
    said = capsys.readouterr().err
    assert "JupyterHub's proxy runs on Node, which is missing" in said
    assert "Traceback" not in said
    assert not folder.exists()

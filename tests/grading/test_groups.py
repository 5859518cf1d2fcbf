"""Control groups around a hand-in, where this machine lets them be made."""

import contextlib
from dataclasses import replace

import pytest

from rnncourse.grading import groups
from rnncourse.grading.conversation import Conversation
from rnncourse.grading.host import Forks, Host
from rnncourse.grading.kernel import Kernel, new_context
from rnncourse.grading.limits import Limits

from .common import linux

pytestmark = linux
LIMITS = replace(Limits(), memory_in_all=300 << 20)
MANY = """
import os, time
ready, told = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        os.close(ready)
        kept = bytearray(b"x") * (120 << 20)
        os.write(told, b"x")
        time.sleep(60)
os.close(told)
print("children that kept their memory:", len(os.read(ready, 9)), flush=True)
time.sleep(1)
"""


@contextlib.contextmanager
def kernel(limits):
    host = Host("strict", libraries=(frozenset(),))
    context = new_context(limits)
    try:
        host.wait_until_ready()
        forks = Forks(host.address)
        made = Kernel(forks, limits, (), context)
        yield made, forks
        made.close()
        forks.close()
    finally:
        context.destroy(linger=0)
        host.close()


@pytest.mark.skipif(not groups.find(), reason="no control groups can be made here")
def test_a_hand_in_is_in_groups_of_its_own_that_are_gone_after_it():
    with kernel(LIMITS) as (made, forks):
        (group,) = forks._groups
        folders = list(group.folders)
        for folder in folders:
            assert len((folder / "cgroup.procs").read_text().split()) == 2
        sums = [folder / "memory.max" for folder in folders]
        sums += [folder / "memory.limit_in_bytes" for folder in folders]
        assert {int(path.read_text()) for path in sums if path.exists()} <= {300 << 20}
        tasks = [folder / "pids.max" for folder in folders]
        assert {path.read_text() for path in tasks if path.exists()} <= {"48\n"}
        outcome = made.run(MANY, Conversation(None), 20)
        # Four times 120 MB do not fit, whoever has to go.
        said = "".join(str(output.get("text", "")) for output in outcome.outputs)
        assert outcome.died or outcome.stopped or "memory: 4" not in said
    assert not [folder for folder in folders if folder.exists()]


def test_without_them_a_run_goes_on(monkeypatch):
    monkeypatch.setattr(groups, "find", lambda: ())
    assert "rlimits for each process" in groups.describe()
    with kernel(LIMITS) as (made, forks):
        assert forks._groups == []
        outcome = made.run("print(1 + 1)", Conversation(None), 20)
        assert outcome.outputs[0]["text"] == "2\n"


def test_it_is_not_guessed_where_groups_can_be_made(tmp_path):
    assert groups.find(tmp_path) == ()
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "cgroup.procs").touch()
    assert groups.find(tmp_path) == ()  # a folder, but not one of the kernel's


def test_groups_of_a_run_that_was_killed_are_removed(tmp_path):
    for name in ("rnncourse-1-0", "rnncourse-2-7", "other"):
        (tmp_path / name).mkdir()
    groups.sweep((tmp_path,), lambda pid: pid == "2")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "other",
        "rnncourse-2-7",
    ]

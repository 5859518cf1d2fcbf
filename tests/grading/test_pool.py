"""Workers that die or hang cost their own hand-in at most."""

import os
import time

from rnncourse.grading.pool import Pool, Task

from .common import linux

pytestmark = linux


def run(work, names, *, jobs=2, seconds=20.0):
    pool = Pool(lambda: (work, lambda: None), jobs, seconds)
    try:
        return {task.name: text for task, text in pool.run([Task(n, n) for n in names])}
    finally:
        pool.close()


def test_every_task_is_done_once():
    names = [f"n{k}" for k in range(20)]
    assert run(str.upper, names) == {name: name.upper() for name in names}


def test_one_that_ends_its_worker_is_tried_again_and_then_given_up(tmp_path):
    def work(name):
        seen = tmp_path / name
        first = not seen.exists()
        with seen.open("a") as file:
            file.write("x")
        if name == "always" or (name == "once" and first):
            os._exit(1)
        return name

    names = ["a", "always", "b", "once", "c"]
    got = run(work, names)
    assert got == {**{name: name for name in names}, "always": ""}
    assert (tmp_path / "always").read_text() == "xx"
    assert (tmp_path / "once").read_text() == "xx"
    assert (tmp_path / "a").read_text() == "x"


def test_one_that_hangs_is_ended():
    def work(name):
        if name == "hangs":
            time.sleep(60)
        return name

    start = time.monotonic()
    assert run(work, ["hangs", "a", "b"], seconds=1.0) == {
        "hangs": "",
        "a": "a",
        "b": "b",
    }
    assert time.monotonic() - start < 20


def test_a_worker_cannot_take_all_memory():
    def work(name):
        try:
            bytearray(16 << 30)
        except MemoryError:
            return "refused"
        return "taken"

    assert run(work, ["a"], jobs=1) == {"a": "refused"}


def test_texts_with_any_characters_come_through():
    assert run(lambda name: name + "\ud800\u00e9", ["a"]) == {"a": "a\ud800\u00e9"}

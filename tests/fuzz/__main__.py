"""Fuzz intake and value channel for minutes, and store what came of it.

``python -m tests.fuzz --with hypothesis --seconds 600`` gives each half of the targets
(intake, value channel) that time; ``--with atheris`` does the same with coverage as
its guide (``pip install rnncourse[fuzz]``). A crash, an input that takes more than
ten seconds of processor time, or memory beyond the limit ends it with the input. The
record is ``docs/certificates/fuzz.json``.
"""

import argparse
import contextlib
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np

from rnncourse.exercises import ROOT

from . import targets

RECORD = ROOT / "docs" / "certificates" / "fuzz.json"
HALVES = ("intake", "channel")


def main():
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--with", dest="how", choices=("hypothesis", "atheris"))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--half", choices=HALVES, help="run this one here")
    args = parser.parse_args()
    if args.half:
        print(json.dumps(RUN[args.how](args.half, args.seconds)))
        return 0
    record = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    failed, running = False, {}
    for half in HALVES:
        command = [sys.executable, "-m", "tests.fuzz", "--with", args.how]
        command += ["--seconds", str(args.seconds), "--half", half]
        running[half] = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    for half, process in running.items():
        said = process.communicate()[0]
        lines = [line for line in said.splitlines() if line.startswith("{")]
        found = json.loads(lines[-1]) if lines else {}
        if process.returncode or not found:
            found = {**found, "failed": said[-3000:]}
            failed = True
        found |= {"date": date.today().isoformat(), "asked_seconds": args.seconds}
        found["machine"] = f"{platform.system()}, {os.cpu_count()} cores"
        record.setdefault(args.how, {})[half] = found
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(half, found)
    return 1 if failed else 0


class Watch:
    """Count inputs; raise if one took too long. Memory is limited by the system."""

    def __init__(self):
        self.inputs, self.slowest, self.ends = 0, 0.0, Counter()
        with open("/proc/self/statm") as file:
            present = int(file.read().split()[0]) * resource.getpagesize()
        most = present + targets.MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        self.start, self.cpu = time.monotonic(), time.process_time()

    def run(self, target, value):
        began = time.process_time()
        end = target(value)
        took = time.process_time() - began
        self.inputs += 1
        self.ends[end] += 1
        self.slowest = max(self.slowest, took)
        assert took < targets.SECONDS, f"one input took {took:.1f} s"

    def found(self):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return {
            "inputs": self.inputs,
            "ends": dict(self.ends),
            "seconds": round(time.monotonic() - self.start),
            "cpu_seconds": round(time.process_time() - self.cpu),
            "slowest_cpu_seconds": round(self.slowest, 3),
            "peak_memory_MB": peak,
        }


def _one(watch, target):
    """Give the test of one target; hypothesis takes no function with defaults."""

    def one(value):
        watch.run(target, value)

    return one


def by_hypothesis(half, seconds):
    from hypothesis import HealthCheck, given, seed, settings

    from .strategies import TARGETS

    watch, number = Watch(), 0
    chosen = [value for name, value in TARGETS.items() if name.startswith(half)]
    while time.monotonic() - watch.start < seconds:
        strategy, target = chosen[number % len(chosen)]
        some = settings(
            max_examples=100,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        seed(20261121 + number)(some(given(strategy)(_one(watch, target))))()
        number += 1
    return watch.found()


def by_atheris(half, seconds):
    import atheris
    import nbformat  # so that no input has to wait for it

    assert nbformat.convert
    with atheris.instrument_imports(
        include=["rnncourse.grading.intake", "rnncourse.grading.wire"]
    ):
        import importlib

        from rnncourse.grading import conversation, intake, wire

        for module in (intake, wire, conversation):
            importlib.reload(module)
    targets.intake, targets.wire = intake, wire
    targets.Conversation = conversation.Conversation
    watch = Watch()
    target = targets.notebook_bytes if half == "intake" else targets.channel_bytes
    corpus = seeds(half)
    kept = Path(os.environ.get("TMPDIR", "/tmp")) / f"rnncourse-fuzz-{os.getpid()}"
    kept.mkdir()
    for number, data in enumerate(corpus):
        (kept / str(number)).write_bytes(data)
    pid = os.fork()  # libFuzzer ends the process that it runs in
    if pid == 0:
        report = kept.with_suffix(".json")
        watch.start, watch.cpu = time.monotonic(), time.process_time()

        def one(data):
            watch.run(target, data)
            if watch.inputs % 50 == 0:
                report.write_text(json.dumps(watch.found()))

        arguments = [f"-max_total_time={seconds}", "-timeout=900", "-max_len=60000"]
        arguments += ["-rss_limit_mb=2048", "-print_final_stats=1", str(kept)]
        atheris.Setup([sys.argv[0], *arguments], one)
        atheris.Fuzz()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    found = {}
    with contextlib.suppress(OSError):
        found = json.loads(kept.with_suffix(".json").read_text())
        kept.with_suffix(".json").unlink()
    found["corpus"] = len(list(kept.iterdir()))
    for path in kept.iterdir():
        path.unlink()
    kept.rmdir()
    if code:
        found["code"] = code
        print(json.dumps(found))
        raise SystemExit(f"the fuzzer ended with {code}")
    return found


def seeds(half):
    """Give inputs to begin with: an honest one, and some that were refused once."""
    if half == "intake":
        return [targets.honest().encode(), b"{}", b"[" * 50, b'{"nbformat": 3}']
    from rnncourse.grading import wire

    talk = targets.conversation()
    honest = {"op": "replies", "nonce": "", "replies": targets.replies(talk, [0.0])}
    return [
        wire.pack(honest),
        wire.pack({"op": "begin", "name": "x"}),
        wire.pack({"op": "numbers", "name": "three-steps"}),
        wire.pack(np.ones((2, 3))),
    ]


RUN = {"hypothesis": by_hypothesis, "atheris": by_atheris}

if __name__ == "__main__":
    raise SystemExit(main())

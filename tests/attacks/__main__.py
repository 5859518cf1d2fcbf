"""Run the attacks at a level, or on stock nbgrader, and store what happened.

``python -m tests.attacks --level standard`` grades every attack of the corpus beside
honest hand-ins. ``--stock`` hands each, between two honest ones, to ``nbgrader
autograde`` as nbgrader is installed. Both go on where they were stopped: what was run
and has not changed since is not run again. The records are
``docs/certificates/attacks-LEVEL.json``, ``attacks-strict-as-user.json`` and
``attacks-stock.json``; the page of certificates is made from them.

An attack may really do what it says. So what is not behind our walls, stock nbgrader
and the level ``standard``, runs in a box of bubblewrap as an ordinary user: with its
own processes, no network, a system that cannot be written and scratch of a fixed size.
``--as-user`` puts ``strict`` into such a box, too, for what a user can reach.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import date
from pathlib import Path
from typing import Any

from rnncourse import __version__
from rnncourse.exercises import ROOT
from rnncourse.grading import certificate, versions

from . import corpus, stock

USER = 41_000
SECONDS = 3600  # of one box
PROCESSES, MEMORY = 120, 6 << 30  # of the user, and of one process, in the box
KINDS = ("mark", "read", "left", "stopped", "otherwise")


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is asked for; return 1 if an attack on our grader achieved anything."""
    with ExitStack() as stack:
        return _main(argv, stack)


def _main(argv: Sequence[str] | None, stack: ExitStack) -> int:
    parser = argparse.ArgumentParser(prog="tests.attacks", description=__doc__)
    parser.add_argument("--level", choices=("strict", "standard"), default="strict")
    parser.add_argument("--stock", action="store_true", help="nbgrader autograde")
    parser.add_argument("--as-user", action="store_true", help="strict, in a box")
    parser.add_argument("--only", nargs="*", default=[], help="names, A-empty-file")
    parser.add_argument("--batch", type=int, default=9, help="attacks at a time")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cell-seconds", type=float, default=0, help="of our grader")
    parser.add_argument("--again", action="store_true", help="forget what was run")
    args = parser.parse_args(argv)
    how = "stock" if args.stock else args.level
    user = "-as-user" if args.as_user and how == "strict" else ""
    path = ROOT / certificate.FOLDER / f"attacks-{how}{user}.json"
    record = {} if args.again else _read(path)
    record = {**record, **_facts(how)}
    cases: dict[str, Any] = record.setdefault("cases", {})
    known = {corpus.name_of(attack): attack for attack in corpus.ATTACKS}
    keys = {name: _key(attack, how) for name, attack in known.items()}
    for name in [n for n in cases if keys.get(n) != cases[n]["key"]]:
        del cases[name]
    wanted = [n for n in known if n not in cases and (not args.only or n in args.only)]
    boxed = args.stock or args.level == "standard" or args.as_user
    template: Path | None = None
    if args.stock and wanted:
        template = _run(how, {"names": []}, boxed=True)["template"]
        stack.callback(shutil.rmtree, template, ignore_errors=True)

    told = {"jobs": args.jobs, "cell_seconds": args.cell_seconds}

    def run(names: list[str]) -> dict[str, Any]:
        return _run(how, {**told, "names": names}, boxed=boxed, template=template)

    single = [n for n in wanted if args.stock and stock.alone(known[n])]
    together = [n for n in wanted if n not in single]
    batches = [*_batches(together, args.batch), *_batches(single, 1)]
    for batch in batches:
        start = time.monotonic()
        found = run(batch)
        if len(batch) > 1 and any(found["all"].values()):
            # Something was found that belongs to no one alone: each by itself.
            parts = [run([one])["each"] for one in batch]
            found["each"] = {
                name: what for part in parts for name, what in part.items()
            }
        for name in batch:
            cases[name] = {"key": keys[name], "found": found["each"][name]}
        record["level"] = found.get("level", record.get("level", ""))
        record["cases"] = {name: cases[name] for name in known if name in cases}
        _store(path, record)
        said = {name: found["each"][name] for name in batch if found["each"][name]}
        print(f"{len(cases)} of {len(known)}, {time.monotonic() - start:.0f} s", said)
        sys.stdout.flush()
    bad = [name for name, case in cases.items() if case["found"]]
    print(f"{len(cases) - len(bad)} of {len(cases)} achieved nothing; others: {bad}")
    return 1 if bad and not args.stock else 0


def _read(path: Path) -> dict[str, Any]:
    with suppress(FileNotFoundError):
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return read
    return {}


def _store(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(
        json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    os.replace(fresh, path)


def _facts(how: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "on": "nbgrader autograde" if how == "stock" else "rnncourse grade",
        "version": __version__,
        "machine": f"{platform.system()} {platform.release()}, {os.cpu_count()} cores",
        "date": date.today().isoformat(),
    }
    if how == "stock":
        from importlib.metadata import version

        facts["version"] = f"nbgrader {version('nbgrader')}"
    return facts


def _key(attack: dict[str, Any], how: str) -> str:
    """Hash what a case's outcome depends on."""
    made = hashlib.sha256(json.dumps(attack, sort_keys=True).encode())
    made.update((_facts(how)["version"] if how == "stock" else _ours()).encode())
    return made.hexdigest()[:16]


def _ours() -> str:
    return versions.trusted({"ch08.py"})


def _batches(names: list[str], size: int) -> Iterator[list[str]]:
    for at in range(0, len(names), size):
        yield names[at : at + size]


# -- one box -----------------------------------------------------------------------


def _run(
    how: str, told: dict[str, Any], *, boxed: bool, template: Path | None = None
) -> dict[str, Any]:
    """Run some attacks in a process of their own, and read what it found."""
    names: list[str] = told["names"]
    work = Path(os.environ.get("TMPDIR", "/tmp")) / f"rnncourse-attacks-{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    if template is not None:
        shutil.copytree(template, work / "course")
    if os.geteuid() == 0 and boxed:
        for path in (work, *work.rglob("*")):
            os.chown(path, USER, USER)
    command = _box(work, nests=how == "strict") if boxed else []
    command += [sys.executable, "-m", "tests.attacks.inside", how, str(work)]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        try:
            errors = process.communicate(json.dumps(told).encode(), timeout=SECONDS)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            errors = process.communicate()[1] + b"\nthe box was ended"
        if how == "stock":
            if not names:
                template = work.with_name(f"{work.name}-template")
                shutil.copytree(work / "course", template)
                return {"template": template}
            return stock.read(work, names)
        try:
            read: dict[str, Any] = json.loads((work / "found.json").read_bytes())
        except FileNotFoundError:
            words = errors.decode(errors="replace").strip()[-2000:]
            raise SystemExit(f"{names}: the run ended: {words}") from None
        return read
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _box(work: Path, *, nests: bool = False) -> list[str]:
    """Give the command of a box whose only way out is the folder ``work``.

    Namespaces nest in a box only if an ordinary user has made it: in one of root's,
    parts of /proc are covered, and then the kernel allows no second /proc. The user
    must be able to read Python, which is not so where it lies below /root.
    """
    base = Path(sys.base_prefix)
    user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    user += ["--inh-caps=-all"]
    if os.geteuid():
        user = []
    command = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc"]
    command += ["--die-with-parent", "--new-session", "--ro-bind", "/", "/"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for folder, size in (("/tmp", 1 << 30), ("/dev/shm", 256 << 20)):
        command += ["--perms", "1777", "--size", str(size), "--tmpfs", folder]
    if Path("/root") in base.parents and not nests:  # only root may look below it
        command += ["--perms", "755", "--tmpfs", "/root"]
        for folder in list(reversed(base.parents))[2:]:
            command += ["--perms", "755", "--dir", str(folder)]
        command += ["--ro-bind", str(base), str(base)]
    command += ["--bind", str(work), str(work), "--setenv", "HOME", "/tmp"]
    if nests:
        return [*user, *command]
    if user:
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", *user]
    return command


def limit_this_process() -> None:
    """Limit what a user may take in a box, in all and each process."""
    for what, most in (
        (resource.RLIMIT_NPROC, PROCESSES),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 256 << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    raise SystemExit(main())

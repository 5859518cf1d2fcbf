"""Judge the mutants of the reference one by one in forks of a process that is warm.

mutmut makes the mutants and collects the tests anew for each of them, which takes
longer than the tests do. Here they are collected once, in the folder ``mutants`` that
mutmut has made; then each mutant has a fork, in which its tests run until one fails.
Those tests are the ones that entered its function when nothing was changed.

Results are written as they come, so that a run can be stopped and taken up again::

    python -m mutmut run none   # makes the mutants and their statistics
    python tests/mutants.py [--only MODULE ...] [--again] [--seconds S]
"""

import argparse
import gc
import json
import os
import random
import resource
import sys
import time
import tomllib
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "mutants"
RESULTS = ROOT.parent / "mutants" / "judged.json"
KILLED, SURVIVED, UNTESTED, TIMEOUT = "killed", "survived", "no test", "timeout"


def mutants():
    """Return the names of all mutants."""
    found = []
    for path in sorted(ROOT.glob("rnncourse/reference/*.meta")):
        found += json.loads(path.read_text())["exit_code_by_key"]
    return found


def function_of(mutant):
    return mutant.rpartition("__mutmut_")[0]


def module_of(mutant):
    return mutant.split(".")[2]


class Judge:
    """A pytest plugin that runs the tests once for each mutant."""

    def __init__(self, only, again, seconds, until, children, status, seed):
        self.only, self.again, self.seconds = only, again, seconds
        self.until, self.children, self.status = until, children, status
        self.seed = seed
        self.results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}

    def pytest_runtestloop(self, session):
        from mutmut.state import state

        stats = json.loads((ROOT / "mutmut-stats.json").read_text())
        self.items = {item.nodeid: item for item in session.items}
        self.quick = stats["duration_by_test"]
        self.tests = defaultdict(set)
        for function, tests in stats["tests_by_mangled_function_name"].items():
            self.tests[function] |= set(tests)
        new = [item for name, item in self.items.items() if name not in self.quick]
        print(f"{len(self.items)} tests, {len(new)} of them new", flush=True)
        os.environ["MUTANT_UNDER_TEST"] = "stats"
        for item in new:
            start = time.process_time()
            state()._stats.clear()
            self.passes([item])  # raises if it fails with no mutant at all
            self.quick[item.nodeid] = time.process_time() - start
            for function in state()._stats:
                self.tests[function].add(item.nodeid)
        if new:
            stats["duration_by_test"] = self.quick
            known = {k: sorted(v) for k, v in self.tests.items()}
            stats["tests_by_mangled_function_name"] = known
            (ROOT / "mutmut-stats.json").write_text(json.dumps(stats))
        os.environ["MUTANT_UNDER_TEST"] = ""
        self.judge_all()
        return True

    def judge_all(self):
        todo = mutants()
        random.Random(self.seed).shuffle(todo)  # so that a part of them stands for all
        if self.only:
            todo = [m for m in todo if module_of(m) in self.only]
        if self.status:
            todo = [m for m in todo if self.results.get(m) == self.status]
        elif not self.again:
            todo = [m for m in todo if m not in self.results]
        print(f"{len(todo)} mutants to judge", flush=True)
        running, done, start, cost = {}, 0, time.time(), Counter()
        gc.disable()
        gc.freeze()  # so that the forks share the pages
        while todo or running:
            if todo and len(running) < self.children:
                if time.time() > self.until:
                    todo = []
                    continue
                mutant = todo.pop(0)
                items = self.in_order(self.tests[function_of(mutant)])
                if not items:
                    self.results[mutant] = UNTESTED
                    continue
                running[self.fork(mutant, items)] = mutant
                continue
            pid, code, used = os.wait4(-1, 0)
            cost[code == 0] += used.ru_utime + used.ru_stime
            mutant = running.pop(pid)
            exit_code = os.waitstatus_to_exitcode(code)
            self.results[mutant] = {0: SURVIVED, 1: KILLED}.get(exit_code, TIMEOUT)
            done += 1
            if done % 50 == 0:
                self.save()
                kinds = Counter(self.results.values())
                rate = done / (time.time() - start)
                print(f"{done} done, {rate:.1f} a second, {dict(kinds)}", flush=True)
                print(f"seconds of the killed and the others: {dict(cost)}", flush=True)
        self.save()

    def save(self):
        RESULTS.write_text(json.dumps(self.results, indent=0, sort_keys=True))

    def in_order(self, tests):
        """The quick before the slow, but no test function with all its cases first."""
        groups = defaultdict(list)
        for name in tests:
            if name in self.items:
                groups[name.partition("[")[0]].append(name)
        ranked = []
        for names in groups.values():
            names.sort(key=lambda n: (self.quick[n], n))
            ranked += [((k + 1) * self.quick[n], n) for k, n in enumerate(names)]
        return [self.items[n] for _, n in sorted(ranked)]

    def fork(self, mutant, items):
        sys.stdout.flush()
        if pid := os.fork():
            return pid
        os.environ["MUTANT_UNDER_TEST"] = mutant
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        limit = int(4 * self.seconds) + 20  # of the processor, for what never ends
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30,) * 2)
        try:
            code = 0 if self.passes(items, self.seconds) else 1
        except BaseException:  # whatever it is, the tests notice
            code = 1
        os._exit(code)

    def passes(self, items, seconds=None):
        """Whether all pass, or all of them that can be run in so many seconds."""
        start = time.process_time()
        for item, after in zip(items, [*items[1:], None], strict=True):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    for mark in item.iter_markers("filterwarnings"):
                        warnings.filterwarnings(*_filter(mark.args[0]))
                    item.ihook.pytest_runtest_setup(item=item)
                    item.runtest()
            except (Exception, pytest.fail.Exception) as e:
                if not isinstance(e, pytest.skip.Exception):
                    if seconds is None:
                        raise
                    return False
            except pytest.skip.Exception:
                pass
            except BaseException:
                return False
            finally:
                item.ihook.pytest_runtest_teardown(item=item, nextitem=after)
            if seconds is not None and time.process_time() - start > seconds:
                break
        return True


def _filter(text):
    action, _, message = text.partition(":")
    return action, message


def table():
    """Print the results by module."""
    results = json.loads(RESULTS.read_text())
    count = defaultdict(Counter)
    for mutant in mutants():
        count[module_of(mutant)][results.get(mutant, "not looked at")] += 1
    count["all"] = sum(count.values(), Counter())
    print(
        "| module | mutants | killed | survived | no test | not looked at | killed % |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for module, kinds in count.items():
        killed = kinds[KILLED] + kinds[TIMEOUT]
        judged = killed + kinds[SURVIVED] + kinds[UNTESTED]
        rate = f"{100 * killed / judged:.1f}" if judged else "–"
        print(
            f"| {module} | {kinds.total()} | {killed} | {kinds[SURVIVED]} | "
            f"{kinds[UNTESTED]} | {kinds['not looked at']} | {rate} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[], metavar="MODULE")
    parser.add_argument("--again", action="store_true", help="judge the judged too")
    parser.add_argument("--status", help="judge again what ended like this")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each mutant")
    parser.add_argument("--minutes", type=float, default=600.0, help="for the run")
    parser.add_argument("--children", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of their order")
    parser.add_argument("--table", action="store_true", help="only show the results")
    args = parser.parse_args()
    if args.table:
        return table()
    os.chdir(ROOT)
    sys.path[:] = [str(ROOT)] + [p for p in sys.path if Path(p) != ROOT.parent]
    os.environ["PYTHONPATH"] = str(ROOT)
    import rnncourse.reference.rnn as one

    assert Path(one.__file__).is_relative_to(ROOT), one.__file__
    until = time.time() + 60 * args.minutes
    judge = Judge(
        args.only,
        args.again,
        args.seconds,
        until,
        args.children,
        args.status,
        args.seed,
    )
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    options = ["-q", "-s", "-p", "no:cacheprovider", "--rootdir=.", "tests/reference"]
    options += settings["pytest_add_cli_args"]
    return pytest.main(options, plugins=[judge])


if __name__ == "__main__":
    sys.exit(main())

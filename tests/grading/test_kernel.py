"""The forked kernel, which has fewer threads than a notebook's: what cells still do."""

import re

import pytest

from rnncourse.checks import all_checks
from rnncourse.grading.conversation import Conversation
from rnncourse.grading.host import Forks, Host
from rnncourse.grading.kernel import Kernel, new_context
from rnncourse.grading.limits import Limits

from .common import linux, model

pytestmark = linux
LIMITS = Limits(deaf_seconds=1)


@pytest.fixture(scope="module")
def kernel():
    with Host("none", libraries=[frozenset()]) as host:
        forks, context = Forks(host.address), new_context(LIMITS)
        made = Kernel(forks, LIMITS, (), context)
        yield made
        made.close()
        forks.close()
        context.destroy(linger=0)


def run(kernel, source, seconds=20.0):
    outcome = kernel.run(source, Conversation(None), seconds)
    return outcome, "".join(
        output.get("text", "") + output.get("data", {}).get("text/plain", "")
        for output in outcome.outputs
    )


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("print('a')\n1 % 2", "a\n1"),
        ("%time x = 41 + 1\nx", "42"),
        ("y = %pwd\nlen(y) > 0", "True"),
        ("import asyncio\nawait asyncio.sleep(0.01)\nprint('waited')", "waited\n"),
        ("import sys\nprint('e', file=sys.stderr)", "e\n"),
        ("for n in range(5000):\n    print(n)", "4998\n4999\n"),
        ("if True:\n    '''two\n lines'''\n    z = '%time !ls ?'\nz", "'%time !ls ?'"),
        ("  indented = 3\n  indented", "3"),
        ("import inspect\ndef f():\n    return 1\ninspect.getsource(f)", "return 1"),
    ],
)
def test_cells_do_what_they_do_in_a_notebook(kernel, source, shown):
    outcome, text = run(kernel, source)
    assert outcome.error is None
    assert text.endswith(shown) or shown in text


def test_what_is_not_python_is_said_as_in_a_notebook(kernel):
    outcome, _ = run(kernel, "def broken(:\n    pass")
    assert outcome.error is not None
    assert outcome.error[0] == "SyntaxError"


def test_threads_print_beside_each_other_and_nothing_is_lost(kernel):
    source = (
        "import threading\n"
        "def say(name):\n    for n in range(200):\n        print(f'{name}-{n}.')\n"
        "them = [threading.Thread(target=say, args=(k,)) for k in 'abcd']\n"
        "[t.start() for t in them]\n[t.join() for t in them]\nsay('e')"
    )
    _, text = run(kernel, source)
    said = re.findall(r"[a-e]-\d+\.", text)
    assert sorted(said) == sorted(f"{k}-{n}." for k in "abcde" for n in range(200))


def test_what_was_printed_before_a_cell_is_stopped_is_kept(kernel):
    source = "print('before')\nimport time\nwhile True:\n    time.sleep(0.05)"
    outcome, text = run(kernel, source, seconds=1.0)
    assert outcome.stopped == "time"
    assert text.startswith("before\n")
    assert run(kernel, "print('after')")[1] == "after\n"


@pytest.mark.parametrize("turn", range(3))
def test_an_interrupt_between_two_words_breaks_no_message(kernel, turn):
    source = "while True:\n    print('x', flush=True)"
    outcome, text = run(kernel, source, seconds=0.4 + 0.05 * turn)
    assert outcome.stopped == "time" and not outcome.died
    assert outcome.error is not None and outcome.error[0] == "KeyboardInterrupt"
    assert set(text.split("\n")) <= {"x", ""}
    assert run(kernel, "print('after')")[1] == "after\n"


@pytest.mark.parametrize("heard", [0, 1, len(all_checks()["unrolled-sum"].cases)])
def test_what_an_interrupted_check_left_unread_spoils_no_later_one(kernel, heard):
    """A cell may be stopped at any word of its talk, the verdict's included."""
    source = f"""
import rnncourse.checks as checks
from rnncourse.grading import wire
receive, heard = wire.receive, []
def interrupted(read):
    if len(heard) == {heard}:
        raise KeyboardInterrupt
    heard.append(1)
    return receive(read)
wire.receive = interrupted
try:
    checks.check("unrolled-sum", lambda b, c: b)
finally:
    wire.receive = receive
"""
    known = all_checks()
    stopped = Conversation(known["unrolled-sum"])
    outcome = kernel.run(source, stopped, 20.0)
    assert outcome.error is not None
    assert outcome.error[0] == "KeyboardInterrupt"
    assert (stopped.verdict is not None) == (heard > 1)
    later = Conversation(known["numbers-kept"])
    answer = f"{model()['numbers-kept']}\nchecks.check('numbers-kept', numbers_kept)"
    kernel.run(answer, later, 20.0)
    assert later.flags == []
    assert later.verdict is not None
    assert later.verdict.right


def test_what_a_kernel_that_dies_printed_before_is_kept(kernel):
    source = (
        "import os, time\nprint('early')\ntime.sleep(0.3)\nprint('late')\nos._exit(1)"
    )
    outcome, text = run(kernel, source)
    assert outcome.died
    assert text.startswith("early\n")

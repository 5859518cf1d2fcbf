"""A short part of the fuzzing: nothing that is let in can harm the grader.

``python -m tests.fuzz`` does the same for minutes and with coverage as a guide.
"""

import copy
import time

import numpy as np
import pytest
from hypothesis import given, settings

from ..fuzz import targets
from ..fuzz.strategies import TARGETS, put
from .common import filled, linux, model


@linux
@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_is_refused_or_judged_and_earns_nothing(name):
    strategy, target = TARGETS[name]
    ends = set()

    @settings(max_examples=60, deadline=None)
    @given(strategy)
    def one(value):
        began = time.process_time()
        ends.add(target(value))
        assert time.process_time() - began < targets.SECONDS

    one()
    assert ends


def test_the_targets_see_what_is_right():
    """A target that let everything pass, or nothing, would prove nothing."""
    assert targets.notebook_bytes(targets.honest().encode()) == "let in"
    assert targets.notebook_bytes(b"") == "refused"
    assert targets.channel_value([1.0]) == "judged"
    assert targets.channel_bytes(b"\xff" * 8) == "broken"
    assert targets.channel_message(lambda tree: tree) in ("judged", "no verdict")


def test_a_notebook_that_is_not_the_release_is_noticed():
    notebook = filled(model())
    for cell in notebook["cells"]:
        cell["outputs"] = []
    targets._is_the_release_with_answers(notebook)
    spoilt = copy.deepcopy(notebook)
    spoilt["cells"][-1]["metadata"]["nbgrader"]["points"] = 99
    with pytest.raises(AssertionError):
        targets._is_the_release_with_answers(spoilt)


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("op",), np.ones(2)),
        (("nonce",), np.ones(2)),
        (("nonce",), ["x"]),
        (("replies", 0, "kind"), []),
        (("replies", 0, "kind"), {"a": 1}),
        (("replies", 0, "kind"), np.ones(3)),
        (("replies", 0, "changed"), [["b"]]),
        (("replies", 0, "changed"), [np.ones(2)]),
        (("replies",), np.ones((2, 2))),
    ],
)
def test_a_word_of_a_message_that_is_no_string_is_refused(way, value):
    """Fuzzing found these: they raised an error in the grader itself."""
    found = targets.channel_message(lambda tree: put(tree, way, value, "replace"))
    assert found in ("broken", "no verdict")

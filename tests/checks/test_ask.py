"""The part that meets the learner's code: whatever comes back, it stays plain."""

import json
import subprocess
import sys
import warnings
from typing import NamedTuple

import numpy as np
import pytest

from rnncourse.checks.ask import (
    MAX_ITEMS,
    MAX_PRINTED,
    UNUSABLE,
    ask,
    hand_over,
    plain,
    same,
)

X = np.arange(6.0).reshape(2, 3)


def one(answer, **inputs):
    (reply,) = ask(answer, [inputs or {"x": X}])
    return reply


def is_plain(value):
    if isinstance(value, dict):
        return all(type(k) is str and is_plain(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(is_plain, value))
    if isinstance(value, np.ndarray):
        return type(value) is np.ndarray and value.dtype.kind in "biufcUS"
    return value is None or type(value) in (bool, int, float, str)


class Pair(NamedTuple):
    a: object
    b: object


class Pretender:
    """Answers yes to every comparison."""

    shape = (2, 3)

    def __eq__(self, other):
        return True

    __hash__ = None


class Loud(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)

    __hash__ = None


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        2.5,
        "text",
        True,
        X,
        X.view(Loud),
        np.float32(2),
        np.ma.masked_array(X, X > 2),
        np.array([object()]),
        np.array(["a"]),
        np.datetime64("2017-01-01"),
        3 + 1j,
        (X, [X, {"k": X, 4: None}]),
        Pair(X, 1),
        {1, 2},
        Pretender(),
        iter([1]),
        print,
        [[[[[[[1]]]]]]],
        list(range(MAX_ITEMS + 1)),
        10**400,
    ],
    ids=lambda v: type(v).__name__,
)
def test_any_answer_comes_back_plain(value):
    assert is_plain(one(lambda x: value))
    assert is_plain(plain(value))


def test_an_object_that_pretends_to_be_an_array_is_named_for_what_it_is():
    assert plain(Pretender()) == {UNUSABLE: "a Pretender object"}
    assert type(plain(X.view(Loud))) is np.ndarray


def test_lists_that_contain_themselves_end():
    loop = []
    loop.append(loop)
    assert is_plain(plain(loop))


def test_inputs_are_copies_and_a_change_is_noticed():
    before = X.copy()

    def spoil(x, other):
        x[0] = 7
        return x

    reply = one(spoil, x=X, other=[X])
    assert reply["changed"] == ["x"]
    assert np.array_equal(X, before)


def test_a_change_inside_a_dict_is_noticed():
    def spoil(weights):
        weights["W"] *= 2
        return 1

    assert one(spoil, weights={"W": X})["changed"] == ["weights"]


def test_arguments_go_by_position_whatever_they_are_called():
    reply = one(lambda anything, else_: anything - else_, x=X, y=2 * X)
    assert np.array_equal(reply["value"], -X)


def test_error_tells_text_line_and_source_of_the_learners_code():
    def wrong(x):
        assert x.T.shape == (3, 2)
        return x @ x

    reply = one(wrong)
    assert reply["kind"] == "error"
    assert reply["text"].startswith("ValueError: matmul")
    assert reply["source"] == "return x @ x"
    assert reply["function"] == "wrong"


def test_error_inside_a_library_points_to_the_learners_line():
    reply = one(lambda x: json.loads("{"))
    assert reply["error"] == "JSONDecodeError"
    assert "json.loads" in reply["source"]


def test_leaving_the_program_is_an_answer_like_any_other():
    assert one(lambda x: sys.exit(0))["text"] == "the code ended the program (exit)"


def test_the_stub_reads_as_unanswered_and_is_called_once():
    calls = []

    def stub(x):
        calls.append(1)
        raise NotImplementedError

    replies = ask(stub, [{"x": X}] * 3)
    assert [reply["kind"] for reply in replies] == ["unanswered"] * 3
    assert len(calls) == 1


def test_a_library_that_lacks_something_is_an_error_not_an_empty_answer():
    def answer(x):
        helper()

    def helper():
        raise_elsewhere("this device cannot do it")

    def raise_elsewhere(text):
        error = NotImplementedError
        raise error(text)

    assert one(answer)["kind"] == "error"


def test_interrupting_is_left_to_the_person():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one(interrupted)


@pytest.mark.parametrize("answer", [3, None, X, "rnn_step", [1]])
def test_what_cannot_be_called_is_said_to_be_so(answer):
    assert one(answer)["kind"] == "not-callable"


def test_wrong_number_of_arguments_is_noticed_before_the_call():
    reply = one(lambda a, b: 1)
    assert reply == {"kind": "signature", "text": "(a, b)"}


def test_printing_is_kept_and_cut(capfd):
    def chatty(x):
        for _ in range(10_000):
            print("hello")
        sys.stderr.write("and this")
        return x

    reply = one(chatty)
    assert len(reply["printed"]) == MAX_PRINTED
    assert reply["printed_in_all"] == 60_008
    assert capfd.readouterr() == ("", "")


def test_warnings_are_collected_and_reach_nobody(recwarn):
    def warn(x):
        warnings.warn("careful", stacklevel=1)
        return np.log(0 * x)

    reply = one(warn)
    assert reply["kind"] == "value"
    assert reply["warnings"] == ["careful", "divide by zero encountered in log"]
    assert not recwarn.list


def test_values_are_asked_without_calling():
    (reply,) = ask(X, [{}], how="value")
    assert np.array_equal(reply["value"], X)
    for nothing in (None, ...):
        assert ask(nothing, [{}], how="value") == [{"kind": "unanswered"}]


def test_how_must_be_known():
    with pytest.raises(ValueError, match="how must be 'call' or 'value', got 'x'"):
        ask(X, [{}], how="x")


def test_numpy_scalars_keep_their_type():
    assert plain(np.float32(2)).dtype == np.float32


def test_same_is_strict_about_types_and_knows_nan():
    assert same(np.array([np.nan]), np.array([np.nan]))
    assert not same(np.float32([1]), np.array([1.0]))
    assert not same([1], [1, 2])
    assert same({"a": X}, {"a": X.copy()})


def test_only_numpy_is_loaded():
    code = (
        "import sys, rnncourse.checks.ask; "
        "print([m for m in ('torch', 'matplotlib', 'rnncourse.reference') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


class TestTorch:
    torch = pytest.importorskip("torch")

    def test_tensors_come_back_as_arrays_with_their_whereabouts(self):
        torch = self.torch

        def answer(x):
            w = torch.ones(3, dtype=torch.float64, requires_grad=True)
            return torch.from_numpy(x) * w

        reply = one(answer)
        assert np.array_equal(reply["value"], X)
        assert (reply["library"], reply["device"]) == ("torch", "cpu")

    @pytest.mark.parametrize("kind", ["bfloat16", "float16", "sparse", "conj"])
    def test_unusual_tensors_come_back_too(self, kind):
        torch = self.torch
        tensor = torch.eye(2)
        made = {
            "bfloat16": tensor.bfloat16(),
            "float16": tensor.half(),
            "sparse": tensor.to_sparse(),
            "conj": torch.complex(tensor, tensor).conj(),
        }[kind]
        assert is_plain(plain(made))
        assert plain(made).shape == (2, 2)

    def test_tensors_are_handed_over_where_the_model_is(self):
        torch = self.torch
        seen = []

        class Model(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.w = torch.nn.Parameter(torch.ones(3, device="meta"))

            def forward(self, x):
                seen.append(str(x.device))
                return 1

        ask(Model(), [{"x": X}], library="torch", device=None)
        ask(lambda x: seen.append(str(x.device)), [{"x": X}], library="torch")
        assert seen == ["meta", "cpu"]

    def test_a_device_can_be_asked_for(self):
        given = hand_over(X, "torch", "meta")
        assert given.device.type == "meta"

    def test_a_changed_tensor_is_noticed(self):
        (reply,) = ask(lambda x: x.zero_(), [{"x": X}], library="torch")
        assert reply["changed"] == ["x"]

    def test_a_tensor_on_a_graphics_card_keeps_its_place(self):
        torch = self.torch
        if not torch.cuda.is_available():
            pytest.skip("no graphics card")
        model = torch.nn.Linear(3, 4).double().cuda()
        (reply,) = ask(model, [{"x": X}], library="torch")
        assert reply["device"] == "cuda:0"
        assert type(reply["value"]) is np.ndarray

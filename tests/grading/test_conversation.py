"""The talk about one cell: only right values for fresh inputs earn points."""

import numpy as np
import pytest

from rnncourse.checks import all_checks, ask, run_check
from rnncourse.grading import wire
from rnncourse.grading.conversation import (
    ELSEWHERE,
    Conversation,
    check_of,
    read_replies,
    seed_for,
)

CHECK = all_checks()["unrolled-sum"]


def right(b, c):
    return CHECK.reference(b, c)


def twice(b, c):
    return 2 * CHECK.reference(b, c)


def loud(b, c):
    print("here")
    b += 1
    return CHECK.reference(b - 1, c)


def raises(b, c):
    raise KeyError("b")


def unpack(frames):
    (one,) = frames
    (found,) = wire.Reader(1 << 30).feed(one)
    return wire.unpack(*found)


def begin(talk, name=CHECK.name):
    return unpack(talk.hear(wire.pack({"op": "begin", "name": name})))


def talk_to_the_end(talk, answer):
    said = begin(talk)
    while said["op"] == "ask":
        replies = ask(answer, said["calls"], how=said["how"], library=said["library"])
        message = {"op": "replies", "nonce": said["nonce"], "replies": replies}
        said = unpack(talk.hear(wire.pack(message)))
    return said


@pytest.mark.parametrize("answer", [right, twice, loud, raises, None, 7])
@pytest.mark.parametrize("seed", [None, 5])
def test_the_words_are_those_of_home(answer, seed):
    talk = Conversation(CHECK, seed)
    said = talk_to_the_end(talk, answer)
    home = run_check(CHECK, answer, seed=seed)
    assert talk.verdict == home
    assert talk.verdict.printed == home.printed
    assert said == {"op": "verdict", "quiet": True}  # of the verdict nothing goes in
    assert not talk.flags


@pytest.mark.parametrize("name", sorted(all_checks()))
def test_every_check_of_the_course_can_be_asked_through_the_wall(name):
    check = all_checks()[name]
    talk = Conversation(check, 11)
    said = begin(talk, name)
    while said["op"] == "ask":
        calls = said["calls"]
        answer = check.reference
        if check.how == "value":
            assert calls == [{}] * len(calls)
            answer = answer() if callable(answer) else answer
        replies = ask(answer, calls, how=said["how"], library="numpy")
        message = {"op": "replies", "nonce": said["nonce"], "replies": replies}
        said = unpack(talk.hear(wire.pack(message)))
    assert talk.verdict.points == check.points, talk.verdict.text


def test_inputs_are_other_ones_than_at_home_when_the_seed_is_secret():
    public, secret = begin(Conversation(CHECK)), begin(Conversation(CHECK, 1 << 100))
    pairs = zip(public["calls"], secret["calls"], strict=True)
    assert all(not np.array_equal(p["b"], s["b"]) for p, s in pairs)


def test_another_name_counts_for_nothing():
    talk = Conversation(CHECK)
    said = begin(talk, "numbers-kept")
    assert (said["text"], said["quiet"]) == (ELSEWHERE, False)
    assert talk.verdict is None


def test_a_cell_without_a_check_gets_no_inputs():
    talk = Conversation(None)
    assert begin(talk)["text"] == ELSEWHERE
    assert talk.verdict is None


def test_a_check_asked_twice_keeps_its_first_verdict():
    talk = Conversation(CHECK)
    talk_to_the_end(talk, twice)
    first = talk.verdict
    assert begin(talk)["text"] == ELSEWHERE
    assert talk.verdict is first


def test_replies_without_their_question_count_for_nothing():
    talk = Conversation(CHECK)
    early = {"op": "replies", "nonce": "", "replies": []}
    assert talk.hear(wire.pack(early)) == []
    said = begin(talk)
    replies = ask(right, said["calls"])
    forged = {"op": "replies", "nonce": "0" * 16, "replies": replies}
    assert talk.hear(wire.pack(forged)) == []
    assert talk.verdict is None
    assert len(talk.flags) == 2


def test_a_flood_out_of_turn_breaks_the_talk():
    talk = Conversation(CHECK)
    for _ in range(40):
        talk.hear(wire.pack({"op": "nothing"}))
    assert talk.broken
    assert talk.verdict is None


@pytest.mark.parametrize(
    "reply",
    [
        None,
        {},
        {"kind": "right"},
        {"kind": "value"},
        {"kind": "value", "value": 1, "changed": ["x"]},
        {"kind": "value", "value": 1, "changed": "b"},
        {"kind": "error", "text": 5},
        {"kind": "error", "line": -1},
        {"kind": "value", "value": 1, "warnings": "no"},
        {"kind": "value", "value": 1, "warnings": [1]},
        {"kind": "value", "value": 1, "printed_in_all": True},
    ],
)
def test_a_malformed_reply_is_refused(reply):
    with pytest.raises(wire.WireError):
        read_replies([reply], [{"b": 1, "c": 2}])


def test_of_a_reply_only_what_a_reply_has_is_kept():
    given = {"kind": "value", "value": 3, "points": 9, "printed": "x" * 10**5}
    (reply,) = read_replies([given], [{}])
    assert "points" not in reply
    assert len(reply["printed"]) == 2000
    assert reply["printed_in_all"] == 2000


def test_texts_that_cannot_be_stored_are_made_so():
    given = {"kind": "error", "text": "a\ud800b\0c"}
    (reply,) = read_replies([given], [{}])
    assert reply["text"] == "a?b\ufffdc"


@pytest.mark.parametrize(
    "value",
    [
        "text",
        {"a": 1},
        [[1.0], [1.0, 2.0]],
        float("nan"),
        2**1000,
        True,
        None,
        [],
        np.zeros((3, 0)),
        np.array("x"),
        np.array(1j),
    ],
    ids=repr,
)
def test_the_judge_survives_any_value(value):
    for check in (CHECK, all_checks()["train-step"], all_checks()["numbers-kept"]):
        talk = Conversation(check)
        said = begin(talk, check.name)
        while said["op"] == "ask":
            replies = [{"kind": "value", "value": value} for _ in said["calls"]]
            message = {"op": "replies", "nonce": said["nonce"], "replies": replies}
            said = unpack(talk.hear(wire.pack(message)))
        assert talk.verdict.points == 0, check.name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ('check("rnn-step", rnn_step)', "rnn-step"),
        ('x = 1\ncheck("rnn-step", x)', "rnn-step"),
        ('check("rnn-step", x)\n1.0', ""),
        ("check(name, x)", ""),
        ('other("rnn-step", x)', ""),
        ("assert True", ""),
        ("def broken(", ""),
        ("", ""),
    ],
)
def test_the_check_of_a_cell_is_read_from_its_source(source, name):
    assert check_of(source) == name


def test_seeds_depend_on_secret_hand_in_and_cell():
    seeds = {
        seed_for(secret, key, cell)
        for secret in (b"a", b"b")
        for key in ("x", "y")
        for cell in ("1", "2")
    }
    assert len(seeds) == 8
    assert seed_for(b"a", "x", "1") == seed_for(b"a", "x", "1")

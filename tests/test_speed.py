"""The stopwatch of the course, held against a clock that we turn ourselves."""

import pytest

from rnncourse.speed import interleave, paired_ratio


class Hands:
    """A clock that only a program moves."""

    def __init__(self):
        self.now, self.ran = 0.0, []

    def __call__(self):
        return self.now

    def program(self, name, seconds):
        def run():
            self.ran.append(name)
            self.now += seconds

        return run


def test_each_program_gets_the_time_that_one_call_takes():
    hands = Hands()
    programs = {"slow": hands.program("slow", 0.5), "fast": hands.program("fast", 0.01)}
    times = interleave(programs, rounds=3, seconds=0.2, clock=hands)
    assert times["slow"] == pytest.approx([0.5] * 3)
    assert times["fast"] == pytest.approx([0.01] * 3)


def test_a_short_program_is_repeated_and_a_long_one_runs_once():
    hands = Hands()
    programs = {"slow": hands.program("slow", 0.5), "fast": hands.program("fast", 0.01)}
    interleave(programs, rounds=3, seconds=0.2, clock=hands)
    in_turn = hands.ran[-66:]  # the last three rounds
    there, back = ["slow"] + 20 * ["fast"], 20 * ["fast"] + ["slow"]
    assert in_turn[3:] == there + back + there


def test_a_ratio_is_taken_round_by_round():
    times = {"a": [2.0, 40.0, 3.0], "b": [1.0, 10.0, 1.0]}
    assert paired_ratio(times, "a", "b") == (2.0, 3.0, 4.0)
    assert paired_ratio(times, "b", "a")[1] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"programs": {}}, "at least one program, got none"),
        ({"rounds": 0}, "rounds must be at least 1, got 0"),
        ({"seconds": 0.0}, "seconds must be positive, got 0.0"),
    ],
)
def test_what_cannot_be_timed_is_said(arguments, words):
    given = {"programs": {"one": int}} | arguments
    with pytest.raises(ValueError, match=words):
        interleave(given.pop("programs"), **given)


def test_rounds_that_do_not_pair_are_an_error():
    with pytest.raises(ValueError, match="zip"):
        paired_ratio({"a": [1.0], "b": [1.0, 2.0]}, "a", "b")

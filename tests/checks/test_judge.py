"""Judging: credit by part and by case, and sentences that say what came."""

import subprocess
import sys

import numpy as np
import pytest

from rnncourse.checks import (
    Case,
    Check,
    CheckFailed,
    Mistake,
    UnknownCheck,
    all_checks,
    check,
    draw,
    find_check,
    judge,
    list_checks,
    run_check,
)
from rnncourse.checks.ask import plain

STEP = find_check("rnn-step")
FORWARD = find_check("rnn-forward")
PADDING = find_check("padding-rule")
COUNT = find_check("parameter-count")


def right(*args):
    x, h_prev, W_x, W_h, b = args
    return np.tanh(x @ W_x + h_prev @ W_h + b)


def pair(mistakes=(), **settings):
    """Make a check with two parts, sum and difference."""
    return Check(
        name="pair",
        assignment="07-recurrent-networks",
        points=4,
        title="pair",
        asks="the sum and the difference",
        equation="7.3",
        section="The step",
        reference=lambda a, b: (a + b, a - b),
        returns=("total", "gap"),
        cases=(
            Case("value", "both", 2, draw_pair),
            Case("property", "twice", 1, lambda rng: [draw_pair(rng), draw_pair(rng)]),
            Case("edge", "alone", 1, lambda rng: draw_pair(rng, 1), **settings),
        ),
        mistakes=mistakes,
    )


def draw_pair(rng, n=4):
    return {"a": rng.normal(size=(n, 3)), "b": rng.normal(size=(n, 3))}


def say(answer, check=STEP):
    verdict = run_check(check, answer)
    assert verdict.points < verdict.out_of
    return verdict.text


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda *a: None, "h is None. A function without a return"),
        (lambda *a: "text", "h is a string ('text'); an array of shape (2, 5)"),
        (lambda *a: 3.0, "h must have shape (2, 5), got (). One number for each entry"),
        (lambda *a: right(*a).T, "got (5, 2). It is transposed."),
        (lambda *a: right(*a)[None], "only the axes of length 1 differ"),
        (lambda *a: (right(*a), 1), "h is right, but it came in a tuple or list of 2"),
        (lambda *a: [right(*a), "x"], "but it came in a tuple or list of 2"),
        (lambda *a: -right(*a), "The sign is the other way round."),
        (lambda *a: 2 * right(*a), "2 times too large"),
        (lambda *a: right(*a) / 5, "5 times too small"),
        (lambda *a: right(*a) + 0.25, "too large by the same 0.25"),
        (lambda *a: right(*a) * 0, "Every number is 0."),
        (lambda *a: right(*a) * np.nan, "10 of 10 numbers are not finite"),
        (lambda *a: right(*a) + np.inf, "not finite (NaN or infinity)"),
        (lambda *a: right(*a).astype(complex), "h has complex numbers"),
        (lambda *a: right(*a) > 0, "h has truth values; numbers were asked for"),
        (lambda *a: right(*a).astype(object), "an array of Python objects"),
        (lambda *a: right(*a).astype(str), "an array of text"),
        (lambda *a: {"h": right(*a)}, "h is a dict with the keys 'h'"),
        (lambda *a: {1, 2}, "h is a set object"),
        (lambda *a: (x for x in a), "h is a generator"),
        (lambda *a: right, "h is a function"),
        (lambda *a: right(*a).round(), "rounded to whole ones"),
        (lambda *a: 1 / 0, "ZeroDivisionError: division by zero"),
        (
            lambda x, h: 1,
            "The check could not call it: it passes 5 arguments in the order",
        ),
        (3.0, "rnn_step: 0 of 3 points. A function was asked for, and a number came"),
        (None, "A function was asked for, and None came"),
        (right(*draw(STEP)[0][0].values()), "and an array of shape (2, 5) came"),
    ],
)
def test_each_kind_of_answer_gets_a_sentence_of_its_own(answer, sentence):
    text = say(answer)
    assert sentence in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("turn", "sentence"),
    [
        (lambda hs: hs[::-1], "The order along the first axis is reversed."),
        (lambda hs: np.concatenate([hs[:1] * 0, hs[:-1]]), "It is one step late"),
        (lambda hs: np.concatenate([hs[1:], hs[:1] * 0]), "It is one step early"),
        (lambda hs: hs * np.array([0, 1, 1, 1])[:, None, None], "at the first step"),
        (lambda hs: hs[1:], "The first entry is missing."),
        (lambda hs: hs[:-1], "The last entry is missing."),
        (lambda hs: np.concatenate([hs, hs[-1:]]), "the last one does not belong"),
        (lambda hs: hs[None], "only the axes of length 1 differ"),
        (lambda hs: hs[0], "The first axis is missing."),
        (lambda hs: hs.transpose(2, 1, 0), "It is transposed."),
    ],
)
def test_slips_along_time_are_seen(turn, sentence):
    def answer(*args):
        hs = np.asarray(FORWARD.reference(*args))
        return turn(hs) if len(hs) == 4 else hs

    assert sentence in say(answer, FORWARD)


def test_largest_difference_is_told_with_its_place():
    def answer(*args):
        h = right(*args)
        h[-1, -1] += 0.5
        return h

    assert "largest difference 0.5 at [1, 4]: " in say(answer)


def test_credit_is_given_by_part():
    check = pair()
    verdict = run_check(check, lambda a, b: (a + b, b - a))
    assert verdict.points == 2
    assert "total is right. gap has the right shape, not the right numbers" in (
        verdict.text
    )
    assert "The sign is the other way round." in verdict.text


def test_a_sentence_begins_with_a_capital_or_a_name_of_the_code():
    assert "Not yet: both. Your code stopped" in say(lambda a, b: 1 / 0, pair())
    assert "Not yet: both. total is None." in say(
        lambda a, b: (None, a - 2 * b), pair()
    )


def test_parts_may_come_as_tuple_list_array_or_dict():
    for form in (
        lambda s, d: (s, d),
        lambda s, d: [s, d],
        lambda s, d: np.stack([s, d]),
        lambda s, d: {"gap": d, "total": s},
    ):
        verdict = run_check(pair(), lambda a, b, form=form: form(a + b, a - b))
        assert verdict.right, verdict.text


def test_numbers_may_come_in_one_array():
    counts = find_check("gru-counts")
    verdict = run_check(counts, lambda D, H: np.array(counts.reference(D, H)))
    assert verdict.right, verdict.text


def test_a_mistake_in_floats_is_named_like_one_in_ints():
    counts = find_check("gru-counts")
    mistake = counts.mistakes[0]
    verdict = run_check(counts, lambda D, H: [float(n) for n in mistake.wrong(D, H)])
    assert verdict.mistakes[:1] == (mistake.name,)


def test_parts_in_another_order_are_seen():
    text = say(lambda a, b: (a - b, a + b), pair())
    assert "in another order: gap, total came, total, gap was asked for" in text


def test_a_tuple_of_the_wrong_length_is_told():
    text = say(lambda a, b: (a, b, a), pair())
    assert "2 things were asked for (total, gap); a tuple of 3 came." in text


def test_without_the_value_the_other_cases_give_nothing():
    def only_alone(a, b):
        return (a + b, a - b) if len(a) == 1 else (a, b)

    assert run_check(pair(), only_alone).points == 0


def test_partial_credit_is_by_case():
    def breaks_alone(a, b):
        return (a + b, a - b) if len(a) > 1 else (a, b)

    verdict = run_check(pair(), breaks_alone)
    assert verdict.points == 3
    assert verdict.text.startswith("pair: 3 of 4 points.\nRight: both; twice.")


def test_float32_is_accepted_unless_the_case_is_about_it():
    def coarse(a, b):
        return (a + b).astype(np.float32), (a - b).astype(np.float32)

    assert run_check(pair(), coarse).right
    verdict = run_check(pair(strict_dtype=True), coarse)
    assert verdict.points == 3
    assert "right, but in float32 where float64 was given" in verdict.text


def test_a_right_answer_that_changes_its_input_keeps_half():
    def spoil(a, b):
        answer = a + b, a - b
        a += 1
        return answer

    verdict = run_check(pair(), spoil)
    assert verdict.points == 2
    assert verdict.mistakes == ("changed-its-input",)
    assert "It changed its input a" in verdict.text


def test_a_mistake_must_fit_every_answer_to_be_named():
    always = Mistake("always", lambda a, b: (a * b, a - b), "a product (7.3).")
    sometimes = Mistake(
        "sometimes", lambda a, b: (a * b, a - b) if len(a) > 1 else (a, b), "x (7.3)."
    )
    check = pair(mistakes=(sometimes, always))
    assert run_check(check, always.wrong).mistakes == ("always",)
    assert run_check(check, sometimes.wrong).mistakes == ("sometimes",)


def test_an_error_alone_names_a_mistake_only_if_no_other_raises_it():
    def crash(a, b):
        raise ValueError("no")

    one = Mistake("one", crash, "one (7.3).")
    two = Mistake("two", crash, "two (7.3).")
    assert run_check(pair(mistakes=(one,)), crash).mistakes == ("one",)
    assert run_check(pair(mistakes=(one, two)), crash).mistakes == ()


def test_much_printing_is_cut_and_told_and_costs_nothing():
    def chatty(*args):
        print("x" * 9000)
        return right(*args)

    verdict = run_check(STEP, chatty)
    assert verdict.right
    assert "printed 9,001 characters in one call; only the first 2,000" in verdict.text


def test_a_warning_is_told_and_costs_nothing():
    def warn(*args):
        np.log(np.zeros(1))
        return right(*args)

    verdict = run_check(STEP, warn)
    assert verdict.right
    assert "gave a warning: divide by zero encountered in log." in verdict.text


def test_judge_needs_no_object_of_the_learner():
    """Replies written by hand are judged: nothing but plain values crosses."""
    drawn = draw(STEP, 7)
    replies = [
        [
            {"kind": "value", "value": right(*inputs.values()), "changed": []}
            for inputs in calls
        ]
        for calls in drawn
    ]
    assert judge(STEP, drawn, replies).right
    replies[0][0]["value"] = 0 * replies[0][0]["value"]
    assert judge(STEP, drawn, replies).points == 0


def test_check_prints_and_returns_points(capsys):
    points = check("rnn-step", right)
    out = capsys.readouterr()
    assert points == 3.0
    assert type(points) is float
    assert out.out.startswith("rnn_step: 3 of 3 points.\nRight: ")
    assert out.err == ""


def test_check_raises_the_message_alone_without_credit(capsys):
    with pytest.raises(CheckFailed) as caught:
        check("rnn-step", lambda *a: None)
    error = caught.value
    assert "h is None" in str(error)
    assert error._render_traceback_() == str(error).splitlines()
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert capsys.readouterr() == ("", "")


def test_a_seed_gives_other_inputs():
    seen = []

    def spy(*args):
        seen.append(args[0])
        return right(*args)

    check("rnn-step", spy)
    first = seen.copy()
    seen.clear()
    check("rnn-step", spy, seed=99)
    assert not np.allclose(first[0], seen[0])


def test_an_answer_made_for_the_public_inputs_fails_on_others():
    table = {calls[0]["x"].tobytes(): right(*calls[0].values()) for calls in draw(STEP)}

    def by_heart(x, *rest):
        return table.get(x.tobytes(), right(x, *rest) * 0)

    assert run_check(STEP, by_heart, seed=1).points == 0


@pytest.mark.parametrize("name", ["rnn_step", "rnn-stp", "RNN-step"])
def test_an_unknown_name_is_answered_with_close_ones(name):
    with pytest.raises(UnknownCheck, match="Did you mean .*'rnn-step'") as caught:
        check(name, right)
    assert caught.value._render_traceback_() == [str(caught.value)]


def test_a_name_like_nothing_is_answered_with_the_way_to_the_list():
    with pytest.raises(UnknownCheck, match="no check 'zzz'. `rnncourse check --list`"):
        find_check("zzz")
    with pytest.raises(UnknownCheck, match="no check 5"):
        find_check(5)


def test_the_list_has_a_line_for_each_check():
    lines = list_checks()
    assert any(
        line.split()[:4] == ["rnn-step", "3", "points", "07-recurrent-networks"]
        for line in lines
    )


def test_a_check_refuses_to_be_built_wrong():
    with pytest.raises(ValueError, match="kind must be one of"):
        Case("other", "x", 1, draw_pair)
    with pytest.raises(ValueError, match="only a naming case has weight 0"):
        Case("value", "x", 0, draw_pair)
    twice = Mistake("a", right, "x (7.3)."), Mistake("a", right, "y (7.3).")
    with pytest.raises(ValueError, match="two mistakes have one name"):
        pair(mistakes=twice)


def test_a_law_that_the_reference_breaks_is_an_error_of_the_check():
    broken = pair()
    cases = (
        broken.cases[0],
        Case("property", "p", 1, draw_pair, law=lambda calls, values: "broken"),
    )
    check = Check(**{**broken.__dict__, "cases": cases})
    with pytest.raises(ValueError, match="the reference breaks its law"):
        run_check(check, lambda a, b: (a + b, a + b))


def test_the_padding_law_is_told():
    def reads_padding(xs, lengths, h0, W_x, W_h, b):
        hs, h_T = PADDING.reference(xs, lengths, h0, W_x, W_h, b)
        return hs + xs.mean(), h_T

    verdict = run_check(PADDING, reads_padding)
    assert "What stands in the padding must not change any state." in verdict.text


def test_a_count_may_be_any_kind_of_integer():
    for kind in (int, np.int64, np.array, float):
        verdict = run_check(COUNT, lambda T, D, H, K, k=kind: k(_count(D, H, K)))
        assert verdict.right, verdict.text


def _count(D, H, K):
    return H * (D + H + 1) + K * (H + 1)


ODD = [
    0,
    -1.5,
    10**30,
    float("nan"),
    1j,
    True,
    "text",
    b"bytes",
    [],
    (),
    {},
    [[1, 2], [3]],
    [None],
    ["a", 1.0],
    {"a": [1]},
    {1, 2},
    np.zeros(0),
    np.zeros((0, 3)),
    np.full((3, 2), np.nan),
    np.array(np.inf),
    np.ones((4, 2, 3, 5, 6)),
    np.array([True, False]),
    np.array([1, 2], dtype=np.uint8),
    np.array(["x"]),
    np.array([None]),
    np.array(["2017-01-01"], dtype="M8[D]"),
    1e308 * np.ones((2, 5)),
    range(3),
]


@pytest.mark.parametrize("check", all_checks().values(), ids=lambda c: c.name)
def test_no_answer_however_odd_breaks_a_check(check):
    """Every odd answer gets a sentence; none of them gets all the points."""
    for odd in ODD:
        answer = odd if check.how == "value" else lambda *args, odd=odd: odd
        verdict = run_check(check, answer)
        assert verdict.points < check.points
        assert verdict.text.count("\n") >= 1


@pytest.mark.parametrize("check", all_checks().values(), ids=lambda c: c.name)
def test_no_part_of_an_answer_however_odd_breaks_a_check(check):
    names = check.returns
    right = plain(check.reference) if check.how == "value" else None
    if isinstance(right, dict):
        names = tuple(right)
    for odd in ODD:
        whole = dict.fromkeys(names, odd)
        answers = [tuple(whole.values()), whole]
        if isinstance(right, dict):
            answers += [{**right, name: odd} for name in names]
        for given in answers:
            answer = given if check.how == "value" else lambda *a, given=given: given
            assert run_check(check, answer).text


def test_checks_for_torch_hand_tensors_over():
    torch = pytest.importorskip("torch")
    cells = {
        "name": "doubled",
        "assignment": "07-recurrent-networks",
        "points": 2,
        "title": "doubled",
        "asks": "twice the input",
        "equation": "7.3",
        "section": "The step",
        "reference": lambda a: 2 * a,
        "library": "torch",
        "cases": (Case("value", "it", 1, lambda rng: {"a": rng.normal(size=3)}),),
        "mistakes": (
            Mistake("halved", lambda a: torch.mul(a, 0.5), "a half came, not (7.3)."),
        ),
    }
    made = Check(**cells)
    assert run_check(made, lambda a: torch.add(a, a)).right
    assert run_check(made, lambda a: a.div(2)).mistakes == ("halved",)
    assert run_check(made, lambda a: a.add_(a)).mistakes == ("changed-its-input",)


def test_loading_the_checks_loads_neither_torch_nor_matplotlib():
    code = (
        "import sys, rnncourse.checks as c; c.list_checks(); "
        "print([m for m in ('torch', 'matplotlib', 'nbformat') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_mistake_that_fails_with_other_words_is_named_all_the_same():
    """The products stand in the other order, so NumPy complains of the other one."""
    check = find_check("rnn-step")

    def swapped(x, h_prev, W_x, W_h, b):
        return np.tanh(h_prev @ W_x + x @ W_h + b)

    assert run_check(check, swapped).mistakes == ("weights-swapped",)


def test_an_error_alone_is_not_taken_for_another_mistake_with_that_error():
    check = find_check("rnn-step")

    def both(x, h_prev, W_x, W_h, b):
        return np.tanh(x @ W_h + h_prev @ W_h + b)

    assert run_check(check, both).mistakes == ()

"""Every check, as data: the reference passes, every mistake is caught by name."""

import re
from pathlib import Path

import numpy as np
import pytest

from rnncourse import address
from rnncourse.checks import all_checks, draw, run_check
from rnncourse.checks.ask import ask, plain, same

ROOT = Path(__file__).resolve().parents[2]
CHECKS = list(all_checks().values())
SEEDS = (None, 1, 2, 20260)
MISTAKES = [
    pytest.param(check, mistake, id=f"{check.name}-{mistake.name}")
    for check in CHECKS
    for mistake in check.mistakes
]


def by_check(checks):
    return pytest.mark.parametrize("check", checks, ids=lambda c: c.name)


def answer_of(check, value):
    """Make of a reference or a mistake what a learner would hand over."""
    return value() if check.how == "value" and callable(value) else value


def source_of(check):
    (path,) = (ROOT / "chapters" / "src").glob(f"{check.chapter:02d}-*.md")
    return path.read_text(encoding="utf-8")


@by_check(CHECKS)
@pytest.mark.parametrize("seed", SEEDS)
def test_reference_earns_all_points(check, seed):
    verdict = run_check(check, answer_of(check, check.reference), seed=seed)
    assert verdict.points == check.points, verdict.text
    assert not verdict.mistakes


@pytest.mark.parametrize(("check", "mistake"), MISTAKES)
@pytest.mark.parametrize("seed", SEEDS)
def test_mistake_is_caught_under_its_own_name(check, mistake, seed):
    verdict = run_check(check, answer_of(check, mistake.wrong), seed=seed)
    assert verdict.points < check.points
    assert verdict.mistakes[:1] == (mistake.name,), verdict.text
    assert mistake.message in verdict.text


@by_check(CHECKS)
def test_stub_earns_nothing_and_is_told_so(check):
    def stub(*args):
        raise NotImplementedError

    verdict = run_check(check, None if check.how == "value" else stub)
    assert verdict.points == 0
    assert "Not answered yet" in verdict.text


@by_check([check for check in CHECKS if check.how == "call"])
def test_lazy_answers_earn_nothing(check):
    right = [plain(check.reference(**c)) for c in draw(check)[0]][0]

    def shaped(fill):
        def make(value):
            if isinstance(value, list):
                return tuple(make(v) for v in value)
            return np.full_like(value, fill) if isinstance(value, np.ndarray) else fill

        return lambda *args: make(right)

    for lazy in (shaped(0), shaped(1), lambda first, *rest: first, lambda *a: a):
        assert run_check(check, lazy).points == 0


@by_check(CHECKS)
def test_each_check_has_a_value_a_property_and_an_edge(check):
    kinds = [case.kind for case in check.cases]
    assert kinds[0] == "value"
    assert {"value", "property", "edge"} <= set(kinds)


@by_check(CHECKS)
def test_drawing_follows_its_seed_and_gives_plain_values(check):
    assert same(draw(check, 5), draw(check, 5))
    for calls in draw(check):
        for inputs in calls:
            assert same(plain(inputs), inputs)


@by_check([check for check in CHECKS if check.how == "call"])
def test_sizes_differ_so_that_a_transposition_cannot_hide(check):
    for inputs in draw(check)[0]:
        for value in inputs.values():
            if isinstance(value, np.ndarray) and value.ndim > 1 and "W_h" not in inputs:
                assert len(set(value.shape)) == value.ndim
        sizes = [inputs[k].shape[-1] for k in ("W_x", "W_h") if k in inputs]
        if len(sizes) == 2:
            D, H = inputs["W_x"].shape
            assert D != H


@by_check(CHECKS)
def test_a_law_holds_for_the_reference(check):
    for case, calls in zip(check.cases, draw(check, 3), strict=True):
        if case.law is not None:
            replies = ask(check.reference, calls)
            assert case.law(calls, [reply["value"] for reply in replies]) == ""


@by_check(CHECKS)
def test_equation_and_section_stand_in_the_chapter(check):
    text = source_of(check)
    told = {check.equation}
    for mistake in check.mistakes:
        told |= set(re.findall(r"\((\d+\.\d+)\)", mistake.message))
    given = set(re.findall(r"\\tag\{(\d+\.\d+)\}", text))
    assert told <= given, f"cited but not in the chapter: {sorted(told - given)}"
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    assert check.section in headings


@by_check(CHECKS)
def test_the_link_goes_to_the_section_of_the_page(check):
    nodes = pytest.importorskip("docutils.nodes")  # names the sections of the book
    page, anchor = check.link.split("#")
    assert page == f"{address.pages()}chapters/{check.page or check.assignment}.html"
    assert anchor == nodes.make_id(check.section)
    assert check.link in run_check(check, None).text


@by_check([check for check in CHECKS if check.mistakes])
def test_a_failure_says_what_was_asked_and_where_to_read(check):
    wrong = answer_of(check, check.mistakes[0].wrong)
    text = run_check(check, wrong).text
    read = f"Read “{check.section}” in chapter {check.chapter}"
    assert f"Asked for: {check.asks}. {read}; the equation is ({check.equation})." in (
        text
    )


def test_no_message_is_shared():
    messages = [m.message for check in CHECKS for m in check.mistakes]
    twice = {message for message in messages if messages.count(message) > 1}
    assert not twice


def test_no_message_gives_the_code_away():
    for check in CHECKS:
        for mistake in check.mistakes:
            assert not re.search(
                r"np\.|torch\.| @ |\bdef\b|\breturn\b", mistake.message
            )


def test_there_are_checks_for_every_assignment():
    slugs = {check.assignment for check in CHECKS}
    sources = {path.name for path in (ROOT / "solutions").iterdir() if path.is_dir()}
    assert slugs == sources

"""The part of a check that decides: compare with the reference, name the mistake.

It sees inputs and plain replies, never an object of the learner's.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rnncourse.checks import diagnose
from rnncourse.checks.ask import Inputs, Reply, ask, hand_over, plain
from rnncourse.checks.language import Voice, voice, where
from rnncourse.checks.protocol import Case, Check, Finding, Mistake, Verdict

CHANGED_CREDIT = 0.5  # of a right answer that spoils what it was given


TEXTS_NUMBERS = Mistake(
    "numbers-of-the-text",
    None,
    "the numbers of the text were used. In this course everybody has their own: "
    "the cell above the answer shows yours, once the first cell has your name.",
)
ANOTHERS_NUMBERS = Mistake(
    "numbers-of-another-learner",
    None,
    "these are the numbers of another learner: the answer is right for theirs, not for "
    "yours. The cell above the answer shows the numbers that are yours.",
)
OTHER_NAMES_NUMBERS = Mistake(
    "numbers-of-another-name",
    None,
    "the first cell had another name than the one this was handed in under: the answer "
    "is right for the numbers of that name. Tell whoever teaches the course if it is "
    "yours, too.",
)


def judge(
    check: Check,
    drawn: Sequence[list[Inputs]],
    replies: Sequence[list[Reply]],
    others: Iterable[tuple[Mistake, Inputs]] = (),
) -> Verdict:
    """Judge the replies to a check.

    Parameters
    ----------
    check : Check
    drawn : list of list of dict
        The inputs, by case and call, as :func:`~rnncourse.checks.protocol.draw`
        made them.
    replies : list of list of dict
        What :func:`~rnncourse.checks.ask.ask` brought back for them.
    others : iterable of (Mistake, dict)
        Numbers for which the answer might be right instead, and how to say so.

    Returns
    -------
    Verdict
        Points between 0 and ``check.points``, and the text to show.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        # An answer may be as wild as it likes: a warning here would be ours, and
        # nbgrader takes anything on stderr for a failure.
        warnings.simplefilter("ignore")
        return _judge(check, drawn, replies, others)


def _judge(
    check: Check,
    drawn: Sequence[list[Inputs]],
    replies: Sequence[list[Reply]],
    others: Iterable[tuple[Mistake, Inputs]],
) -> Verdict:
    if text := _nothing_to_judge(drawn[0][0], replies[0][0]):
        finding = Finding(check.cases[0], 0.0, text)
        return _verdict(check, (finding,), replies, refused=text)
    findings = []
    overall = None
    case = check.cases[0]
    own = check.numbers is not None
    if own and _judge_case(check, case, drawn[0], replies[0]).credit < 1:
        for mistake, inputs in others:
            if _judge_case(check, case, [inputs], replies[0]).credit == 1:
                found = Finding(case, 0.0, _right_for_others(), mistake.name)
                rest = [replace(found, case=one) for one in check.cases[1:]]
                words = {mistake.name: mistake.message}
                return _verdict(check, (found, *rest), replies, named=words)
    for case, calls, came in zip(check.cases, drawn, replies, strict=True):
        if case.kind == "naming":
            continue
        finding = _judge_case(check, case, calls, came)
        if finding.credit < 1 and not finding.mistake:
            if overall is None:
                overall = list(_matching(check, drawn, replies))
            named = overall or list(_matching(check, [calls], [came], shown_only=True))
            if named:
                finding = replace(finding, mistake=named[0].name)
        findings.append(finding)
    if findings[0].credit == 0:
        findings = [replace(finding, credit=0.0) for finding in findings]
    return _verdict(check, tuple(findings), replies)


def _nothing_to_judge(inputs: Inputs, reply: Reply) -> str:
    if reply["kind"] == "unanswered":
        return "not answered yet."
    if reply["kind"] == "not-callable":
        return (
            f"a function was asked for, and {reply['text']} came. Hand over the "
            "function by its name, without calling it."
        )
    if reply["kind"] == "signature":
        return (
            f"the check could not call it: it passes {len(inputs)} arguments in the "
            f"order of the task, and yours takes {reply['text']}."
        )
    return ""


def _judge_case(
    check: Check, case: Case, calls: list[Inputs], replies: list[Reply]
) -> Finding:
    for inputs, reply in zip(calls, replies, strict=True):
        if reply["kind"] != "value":
            return Finding(case, 0.0, _error_text(reply, inputs))
    values = [reply["value"] for reply in replies]
    if case.judge is not None:
        try:
            credit, message, *named = case.judge(calls, values)
        except (TypeError, ValueError, LookupError, AttributeError):
            came = diagnose.kind_of(values[0])
            return Finding(case, 0.0, f"{came} came, which has not the form asked for.")
        credit = float(np.clip(credit, 0, 1))
        return Finding(case, credit, message, "".join(named))
    credits: list[float] = []
    messages: list[str] = []
    for inputs, reply in zip(calls, replies, strict=True):
        want = right_answer(check, inputs)
        credit, message = _compare(check, case, inputs, reply["value"], want)
        credits.append(credit)
        if message and not messages:
            messages.append(message)
    credit = min(credits)
    if messages and case.law is not None:
        broken = case.law(calls, [right_answer(check, c) for c in calls])
        if broken:
            raise ValueError(f"{check.name}, {case.says}: the reference breaks its law")
        try:
            broken = case.law(calls, values)
        except Exception:  # the values may be anything; then the law has no say
            broken = ""
        messages += [broken] if broken else []
    changed = sorted({name for reply in replies for name in reply["changed"]})
    mistake = ""
    if changed and credit > 0:
        credit *= CHANGED_CREDIT
        mistake = "changed-its-input" if not messages else ""
        messages.append(
            f"It changed its input {_and(changed)}: whoever called it still needs "
            "that array. Write into a new one."
        )
    return Finding(case, credit, " ".join(messages), mistake)


def right_answer(check: Check, inputs: Inputs) -> Any:
    """Compute the plain value that is right for some inputs."""
    if check.how == "value":
        reference = check.reference
        return plain(reference(**inputs) if callable(reference) else reference)
    try:
        return plain(check.reference(*hand_over(inputs).values()))
    except Exception as error:
        raise ValueError(f"{check.name}: the reference failed: {error}") from error


def _compare(
    check: Check, case: Case, inputs: Inputs, got: Any, want: Any
) -> tuple[float, str]:
    """Compare one answer part by part; return the credit and what is wrong."""

    def same(a: Any, b: Any) -> bool:
        return diagnose.close(a, b, rtol=check.rtol, atol=check.atol)

    if len(check.returns) == 1:
        if same(got, want):
            return _right_but(case, got, want, check.returns[0])
        if isinstance(got, list) and len(got) and _array_asked(want):
            alone = diagnose.numbers(got)
            if (alone is None or alone.shape != np.shape(want)) and same(got[0], want):
                return 0.0, (
                    f"{check.returns[0]} is right, but it came in a tuple or list of "
                    f"{len(got)}; it was asked for alone."
                )
        return 0.0, _trouble(check.returns[0], got, want, inputs, same)
    if isinstance(got, dict) and set(got) == set(check.returns):
        got = [got[name] for name in check.returns]
    if isinstance(got, np.ndarray) and len(got.shape) and len(got) == len(want):
        got = [np.asarray(part) for part in got]  # a row of numbers has no 0-d arrays
    if not isinstance(got, list):
        trouble = (
            diagnose.type_trouble(got, want, "the answer")
            or f"one thing came ({diagnose.kind_of(got)})."
        )
        return 0.0, f"{_asked(check)}; {trouble}"
    if len(got) != len(want):
        return 0.0, f"{_asked(check)}; a tuple of {len(got)} came."
    right, troubles, notes = [], [], []
    for name, g, w in zip(check.returns, got, want, strict=True):
        if same(g, w):
            credit, note = _right_but(case, g, w, name)
            right += [name] if credit else []
            notes += [note] if note else []
        else:
            troubles.append((name, g, w))
    if not troubles:
        return len(right) / len(want), " ".join(notes[:1])
    order = _order(check.returns, got, want, same)
    if order:
        return 0.0, order
    head = (
        f"{_and(right)} {'is' if len(right) == 1 else 'are'} right. " if right else ""
    )
    name, g, w = troubles[0]
    rest = [name for name, _, _ in troubles[1:]]
    tail = f" Wrong as well: {_and(rest)}." if rest else ""
    text = head + _trouble(name, g, w, inputs, same) + tail
    return len(right) / len(want), text


def _array_asked(want: Any) -> bool:
    return diagnose.numbers(want) is not None


def _asked(check: Check) -> str:
    return f"{len(check.returns)} things were asked for ({', '.join(check.returns)})"


def _order(names: Sequence[str], got: list[Any], want: list[Any], same: Any) -> str:
    """Notice that the parts are all there, in another order."""
    found = []
    for g in got:
        match = [n for n, w in zip(names, want, strict=True) if same(g, w)]
        if not match:
            return ""
        found.append(match[0])
    if len(set(found)) < len(found):
        return ""
    return (
        f"All parts are right, in another order: {', '.join(found)} came, "
        f"{', '.join(names)} was asked for."
    )


def _right_but(case: Case, got: Any, want: Any, name: str) -> tuple[float, str]:
    a, b = diagnose.numbers(got), diagnose.numbers(want)
    if not case.strict_dtype or not isinstance(want, np.ndarray):
        return 1.0, ""
    if a is None or b is None or a.dtype == b.dtype:
        return 1.0, ""
    return 0.0, (
        f"{name} is right, but in {a.dtype} where {b.dtype} was given: "
        "the type should follow the input."
    )


def _trouble(name: str, got: Any, want: Any, inputs: Inputs, same: Any) -> str:
    """Say what is wrong with one part of an answer."""
    if text := diagnose.type_trouble(got, want, name):
        return text
    a, b = diagnose.numbers(got), diagnose.numbers(want)
    if a is None or b is None:
        return f"{name} is {got!r}, which is not right."[:300]
    if text := diagnose.shape_trouble(a, b, name, same):
        return text
    sizes = _sizes(inputs)
    sign = diagnose.looks_like(a, b, sizes, same)
    shape = " has the right shape, not the right numbers" if b.ndim else " is not right"
    return f"{name}{shape} ({diagnose.difference(a, b)}). {sign}".rstrip()


def _sizes(inputs: Inputs) -> dict[str, int]:
    """Read the names of sizes from the inputs, to explain a factor."""
    sizes: dict[str, int] = {}
    for name, value in inputs.items():
        if type(value) is int and value > 0:
            sizes[name] = value
        if isinstance(value, np.ndarray):
            for axis, n in enumerate(value.shape):
                sizes.setdefault(f"the length of axis {axis} of {name}", n)
            if value.dtype.kind in "biu" and value.ndim:
                sizes.setdefault(f"the sum of {name}", int(value.sum()))
    return sizes


def _error_text(reply: Reply, inputs: Inputs) -> str:
    place = f" in line {reply['line']}" if reply.get("line") else ""
    source = f" ({reply['source']})" if reply.get("source") else ""
    shapes = ", ".join(
        f"{name} {value.shape}"
        for name, value in inputs.items()
        if isinstance(value, np.ndarray)
    )
    given = f" It was given {shapes}." if shapes else ""
    return f"your code stopped{place}{source}: {reply['text']}.{given}"


# -- naming -----------------------------------------------------------------------


def _matching(
    check: Check,
    drawn: Sequence[list[Inputs]],
    replies: Sequence[list[Reply]],
    *,
    shown_only: bool = False,
) -> Iterator[Mistake]:
    """Give the mistakes of the catalogue that answer every call as it was answered.

    Where a call raised, the same type of error counts as the same answer: one slip may
    be written in two ways that fail with other words. So a mistake must show itself in
    a number somewhere (the naming case is there for that). One that only raises is
    given last, if its words are the same and it is the only one, and not at all with
    ``shown_only``: two different slips can raise one error.
    """
    loose = []
    for mistake in check.mistakes:
        wrong = mistake.wrong
        if check.how == "value" and callable(wrong):
            wrong = wrong(**drawn[0][0]) if check.numbers else wrong()
        equal, shown, same_words = True, False, True
        for calls, came in zip(drawn, replies, strict=True):
            theirs = ask(wrong, calls, how=check.how, library=check.library)
            for inputs, reply, other in zip(calls, came, theirs, strict=True):
                if not _same_reply(check, reply, other):
                    equal = False
                    break
                if reply["kind"] == "error":
                    same_words = same_words and reply["text"] == other["text"]
                if reply["kind"] == "value" and not shown:
                    right = {"value": right_answer(check, inputs), "changed": []}
                    shown = not _same_reply(check, {"kind": "value", **right}, reply)
            if not equal:
                break
        if equal and shown:
            yield mistake
        elif equal and same_words:
            loose.append(mistake)
    if len(loose) == 1 and not shown_only:
        yield loose[0]


def _same_reply(check: Check, a: Reply, b: Reply) -> bool:
    if a["kind"] != b["kind"]:
        return False
    if a["kind"] == "error":
        return bool(a["text"].split(":")[0] == b["text"].split(":")[0])
    if a["kind"] != "value":
        return True
    return a["changed"] == b["changed"] and _alike(check, a["value"], b["value"])


def _alike(check: Check, a: Any, b: Any) -> bool:
    """Compare two answers of which both may be wrong, types included."""
    x, y = diagnose.numbers(a), diagnose.numbers(b)
    if isinstance(a, list) and isinstance(b, list) and (x is None or y is None):
        return len(a) == len(b) and all(
            _alike(check, p, q) for p, q in zip(a, b, strict=True)
        )
    return diagnose.close(a, b, rtol=check.rtol, atol=check.atol, dtype=True)


# -- words ------------------------------------------------------------------------


def _verdict(
    check: Check,
    findings: tuple[Finding, ...],
    replies: Sequence[list[Reply]],
    refused: str = "",
    named: dict[str, str] | None = None,
) -> Verdict:
    weights = sum(case.weight for case in check.cases)
    earned = sum(f.credit * f.case.weight for f in findings) / weights
    out_of = float(check.points)
    points = out_of if earned > 1 - 1e-9 else round(earned * out_of, 2)
    say = voice(check.assignment)
    printed, noticed = _side_effects(replies)
    score = f"{check.title}: {_number(points)} of {_number(check.points)} points."
    lines = [say(score)]
    if refused:
        lines[0] += f" {_sentence(check, say(refused))}"
        lines.append(_asked_for(check, say))
    elif points == check.points:
        said = "; ".join(say(f.case.says) for f in findings)
        lines.append(f"{say('Right:')} {said}.")
    else:
        by_name = {mistake.name: mistake.message for mistake in check.mistakes}
        by_name |= named or {}
        lines += list(_failure_lines(check, findings, by_name, say))
    lines += [say(line) for line in noticed]
    mistakes = tuple(dict.fromkeys(f.mistake for f in findings if f.mistake))
    return Verdict(
        check.name, points, out_of, "\n".join(lines), findings, mistakes, printed
    )


def _right_for_others() -> str:
    return "that is not right for your numbers."


def _failure_lines(
    check: Check, findings: Sequence[Finding], by_name: dict[str, str], say: Voice
) -> Iterator[str]:
    right = [say(f.case.says) for f in findings if f.credit == 1]
    if right:
        yield f"{say('Right:')} {'; '.join(right)}."
    if not findings[0].credit:  # without the value the rest says nothing new
        findings = findings[:1]
    told: set[str] = set()
    for finding in findings:
        if finding.credit == 1 or not finding.message:
            continue
        not_yet = f"{say('Not yet:')} {say(finding.case.says)}"
        if finding.mistake in by_name and finding.mistake in told:
            yield f"{not_yet} {say('(for the same reason)')}."
            continue
        if finding.message in told:
            yield f"{not_yet} {say('(the same)')}."
            continue
        told |= {finding.message, finding.mistake}
        yield f"{not_yet}. {_sentence(check, say(finding.message))}"
        if finding.mistake in by_name:
            yield f"{say('It looks like')} {say(by_name[finding.mistake])}"
    yield _asked_for(check, say)


def _sentence(check: Check, text: str) -> str:
    """Begin with a capital, unless the first word is a name in the code."""
    first = text.split()[0]
    if first in check.returns or "_" in first:
        return text
    return text[0].upper() + text[1:]


def _side_effects(replies: Sequence[list[Reply]]) -> tuple[str, list[str]]:
    """Gather what the code printed and warned, once each."""
    flat = [reply for came in replies for reply in came]
    printed = next((r["printed"] for r in flat if r.get("printed")), "")
    total = max((r.get("printed_in_all", 0) for r in flat), default=0)
    lines = []
    if total > len(printed):
        lines.append(
            f"Your code printed {total:,} characters in one call; only the first "
            f"{len(printed):,} are shown."
        )
    warned = sorted({w for reply in flat for w in reply.get("warnings", [])})
    if warned:
        lines.append(f"Your code gave a warning: {'; '.join(warned[:3])}.")
    return printed, lines


def _asked_for(check: Check, say: Voice) -> str:
    """Say what was asked and where to read."""
    section = say(check.section)
    page = check.page or check.assignment
    read = (
        f"Read “{section}” in chapter {check.chapter}; the equation is "
        f"({check.equation})."
    )
    link = where(page, check.section, section)
    return f"{say('Asked for:')} {say(check.asks)}. {say(read)}\n{link}"


def _number(x: float) -> str:
    return f"{x:g}"


def _and(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} {voice()('and')} {last}" if most else last

"""Checks of the assignment of chapter 17: text generation.

Every wrong answer below is one that people give. The small functions compute it, so
that a check can recognise it, and the tests hand it in.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.ask import Inputs
from rnncourse.checks.protocol import Case, Check, by_slip

SLUG = "17-text-generation"
Rng = np.random.Generator


# -- the vocabulary -------------------------------------------------------------------


def _encode_text(train: str, text: str, *, slip: str = "") -> Any:
    if slip == "lower":
        train, text = train.lower(), text.lower()
    if slip == "codes":
        return np.array([ord(c) for c in text]), np.int64(len(set(train)) + 1)
    symbols = sorted(set(train))
    if slip == "leak":
        symbols = sorted(set(train + text))
    if slip == "appearance":
        symbols = list(dict.fromkeys(train))
    if slip == "frequency":
        symbols = sorted(symbols, key=lambda c: (-train.count(c), c))
    if slip == "letters":
        symbols = [c for c in symbols if not c.isspace()]
    if slip == "backwards":
        symbols = symbols[::-1]
    first, unknown, V = 1, 0, len(symbols) + 1
    if slip == "last":
        first, unknown = 0, len(symbols)
    if slip == "after":
        unknown = V
    if slip == "shared":
        first, V = 0, len(symbols)
    if slip == "size":
        V = len(symbols)
    number = {c: i for i, c in enumerate(symbols, start=first)}
    if slip == "dropped":
        text = "".join(c for c in text if c in number)
    ids = np.array([number.get(c, unknown) for c in text], dtype=np.int64)
    return ids, np.int64(V)


def _draw_texts(rng: Rng) -> Inputs:
    symbols = rng.permutation(list("abtzBTñé\n ,'")).tolist()
    while True:
        known, strange = symbols[:9], symbols[9:]
        both = "".join(known)
        if any(c in both for c in "\n ") and any(c in both for c in "BT"):
            break
        symbols = rng.permutation(symbols).tolist()
    train = "".join(rng.permutation(known + rng.choice(known, size=24).tolist()))
    text = "".join(rng.permutation(strange + known))
    return {"train": train, "text": text}


def _draw_texts_shuffled(rng: Rng) -> list[Inputs]:
    first = _draw_texts(rng)
    shuffled = "".join(rng.permutation(list(first["train"])))
    return [first, {**first, "train": shuffled}]


def _draw_texts_edge(rng: Rng) -> list[Inputs]:
    return [
        {"train": "aaaa", "text": "aaba"},
        {"train": "To be, or not\nto be", "text": "0123456789"[: rng.integers(3, 9)]},
    ]


def _same_symbols_same_numbers(calls: list[Inputs], values: list[Any]) -> str:
    first, second = (np.asarray(value[0]) for value in values)
    if first.shape == second.shape and np.array_equal(first, second):
        return ""
    return "The same symbols in another order must have the same numbers."


VOCABULARY = Check(
    name="encode-text",
    assignment=SLUG,
    points=3,
    title="encode_text",
    asks="the numbers ids (T,) of the characters of `text` and the size V of the "
    "vocabulary: 0 for what `train` does not have, 1 to V-1 for its symbols, sorted",
    equation="17.1",
    section="Sixty-five symbols",
    reference=_encode_text,
    returns=("ids", "V"),
    cases=(
        Case("value", "a text with three unknown symbols", 2, _draw_texts),
        Case("property", "the training text in another order", 1, _draw_texts_shuffled,
             law=_same_symbols_same_numbers),
        Case("edge", "one symbol; nothing but unknown ones", 1, _draw_texts_edge),
    ),
    mistakes=by_slip(
        _encode_text,
        {
            "held-out-text-looked-at": (
                "leak",
                "symbols of the held-out text have numbers of their own. The "
                "vocabulary is made from the training text alone, (17.1); the rest is "
                "unknown.",
            ),
            "order-of-appearance": (
                "appearance",
                "the symbols are numbered as they first come. (17.1) sorts them, so "
                "that two texts with the same symbols have the same numbers.",
            ),
            "order-of-frequency": (
                "frequency",
                "the symbols are numbered by how often they come. (17.1) sorts them "
                "as characters.",
            ),
            "order-backwards": (
                "backwards",
                "the symbols are sorted from the end of the alphabet.",
            ),
            "case-thrown-away": (
                "lower",
                "the text was lower-cased. That is another task with fewer symbols, "
                "and its loss cannot be compared.",
            ),
            "spaces-left-out": (
                "letters",
                "blank and line break have no number. They are symbols like any "
                "other, and the most frequent ones.",
            ),
            "character-codes": (
                "codes",
                "the codes of the characters came back. A row of the input has V "
                "places, so the numbers have to be 0 to V-1.",
            ),
            "unknown-comes-last": (
                "last",
                "the unknown has the last number. Here it has 0, and the symbols "
                "begin at 1.",
            ),
            "unknown-beyond-the-vocabulary": (
                "after",
                "the unknown has the number V. Numbers go from 0 to V-1, and 0 is free "
                "for it, since the symbols begin at 1.",
            ),
            "unknown-shares-a-number": (
                "shared",
                "unknown symbols have the number of the first known one. They need "
                "a number of their own, or the two cannot be told apart.",
            ),
            "unknown-not-counted": (
                "size",
                "the unknown is missing in V. It has a number, so it needs a place in "
                "the input and in the output.",
            ),
            "unknown-left-out": (
                "dropped",
                "unknown characters were dropped. The text gets shorter, and the loss "
                "forgets the characters it could not predict.",
            ),
        },
    ),
)  # fmt: skip


# -- batches for stateful training ----------------------------------------------------


def _cut_streams(ids: Any, B: int, T: int, *, slip: str = "") -> Any:
    text = np.asarray(ids)
    N = len(text)
    each, longer = divmod(N - 1, B)
    lengths = each + (np.arange(B) < longer)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    if slip == "joints":  # targets only inside a stream
        each, longer = divmod(N, B)
        pieces = each + (np.arange(B) < longer)
        starts = np.concatenate([[0], np.cumsum(pieces)[:-1]])
        lengths = pieces - 1
    if slip == "rest":
        lengths = np.full(B, each)
        starts = np.arange(B) * each
    total = int(lengths.max())
    S = max(1, total // T) if slip == "short" else -(-total // T)
    t = np.arange(S * T)[:, None]
    if slip == "overlap" and T > 1:
        S = -(-(total - 1) // (T - 1))
        t = (np.arange(S)[:, None] * (T - 1) + np.arange(T)).reshape(-1, 1)
    mask = t < lengths
    at = np.where(mask, starts + t, 0)
    if slip == "rows":
        S = -(-(N - 1) // (B * T))
        t, b = np.arange(S * T)[:, None], np.arange(B)
        at = (t // T * B + b) * T + t % T
        mask = at < N - 1
        at = np.where(mask, at, 0)
    if slip == "interleaved":
        S = -(-total // T)
        at = np.arange(S * T)[:, None] * B + np.arange(B)
        mask = at < N - 1
        at = np.where(mask, at, 0)
    xs, ys = np.where(mask, text[at], 0), np.where(mask, text[at + 1], 0)
    if slip == "unshifted":
        ys = xs
    if slip == "swapped":
        xs, ys = ys, xs
    if slip == "all":
        mask = np.ones_like(mask)
    if slip == "more":
        mask = np.arange(len(mask))[:, None] <= lengths
    if slip == "inverted":
        mask = ~mask
    found = tuple(a.reshape(S, T, B) for a in (xs, ys, mask))
    if slip == "batch-first":
        return tuple(a.transpose(0, 2, 1).copy() for a in found)
    return found


def _draw_stream(rng: Rng, N: int = 38, B: int = 3, T: int = 5) -> Inputs:
    return {"ids": rng.integers(1, 60, size=N), "B": B, "T": T}


def _draw_stream_twice(rng: Rng) -> list[Inputs]:
    first = _draw_stream(rng, N=40, B=4, T=3)
    return [first, {**first, "T": 4}]


def _draw_stream_edge(rng: Rng) -> list[Inputs]:
    return [
        _draw_stream(rng, N=25, B=2, T=4),  # nothing is left over
        _draw_stream(rng, N=8, B=1, T=3),
        _draw_stream(rng, N=6, B=5, T=2),  # one target a stream
    ]


def _each_target_once(calls: list[Inputs], values: list[Any]) -> str:
    for call, value in zip(calls, values, strict=True):
        ys, mask = np.asarray(value[1]), np.asarray(value[2]).astype(bool)
        if ys.shape != mask.shape:
            continue
        got, want = sorted(ys[mask].tolist()), sorted(np.asarray(call["ids"])[1:])
        if got != [int(i) for i in want]:
            return (
                "Each character but the first must be a target exactly once: here "
                f"{len(got)} targets came of {len(want)}."
            )
    return ""


STREAMS = Check(
    name="cut-streams",
    assignment=SLUG,
    points=4,
    title="cut_streams",
    asks="inputs xs, targets ys and mask, each (S, T, B): S stretches of T characters "
    "of B streams",
    equation="17.2",
    section="No character lost, none read twice",
    reference=_cut_streams,
    returns=("xs", "ys", "mask"),
    cases=(
        Case("value", "a text that does not divide", 2, _draw_stream),
        Case("property", "the same text in longer stretches", 1, _draw_stream_twice,
             law=_each_target_once),
        Case("edge", "nothing left over; one stream; one target a stream", 1,
             _draw_stream_edge),
    ),
    mistakes=by_slip(
        _cut_streams,
        {
            "targets-lost-at-the-joints": (
                "joints",
                "the last character of each stream has no target. Its target is the "
                "first character of the next stream: cut the N - 1 pairs, not the N "
                "characters.",
            ),
            "rest-thrown-away": (
                "rest",
                "what does not divide by B is missing. By (17.2) the first streams "
                "are one longer, and the mask says so.",
            ),
            "last-stretch-thrown-away": (
                "short",
                "the last, shorter stretch is missing. It is filled up with 0 and the "
                "mask says which of it counts.",
            ),
            "stretches-overlap": (
                "overlap",
                "each stretch begins with the last character of the one before, which "
                "is read twice. It was a target there; here it is an input for the "
                "first time in the next stretch.",
            ),
            "next-stretch-in-the-next-row": (
                "rows",
                "stream b of a stretch is continued by stream b + 1 of the same "
                "stretch. (17.2) continues it in the next stretch: only then does the "
                "state that is handed on belong to what comes.",
            ),
            "streams-interleaved": (
                "interleaved",
                "each stream takes every B-th character. A stream is a connected "
                "piece of the text.",
            ),
            "target-is-the-input": (
                "unshifted",
                "the targets are the inputs. The target is the next character, one "
                "place on.",
            ),
            "inputs-and-targets-swapped": (
                "swapped",
                "inputs and targets have changed places: this network would read "
                "backwards from what it is to predict.",
            ),
            "padding-counts": (
                "all",
                "the mask is true everywhere. Where a stream has ended there is "
                "nothing to predict.",
            ),
            "mask-one-step-too-long": (
                "more",
                "the mask of each stream has one step more than the stream has "
                "targets.",
            ),
            "mask-upside-down": (
                "inverted",
                "the mask is true on the padding and false on the text.",
            ),
            "streams-before-time": (
                "batch-first",
                "the axes are (S, B, T). Time comes before the streams here.",
            ),
        },
    ),
)  # fmt: skip


# -- the state is handed on -----------------------------------------------------------


def _carry_state(
    ids: Any, fresh: Any, W_x: Any, W_h: Any, b: Any, *, slip: str = ""
) -> Any:
    ids, fresh = np.asarray(ids), np.asarray(fresh).astype(bool)
    S, T, B = ids.shape
    h, found = np.zeros((B, len(b))), []
    for s in range(S):
        clear = fresh[s]
        if slip == "always":
            clear = np.ones(B, dtype=bool)
        if slip == "never":
            clear = np.zeros(B, dtype=bool)
        if slip == "whole":
            clear = np.full(B, fresh[s].any())
        if slip == "late":
            clear = fresh[s - 1] if s else clear
        if slip == "inverted":
            clear = ~clear
        start = np.where(clear[:, None], 0.0, h)
        if slip == "neighbour":
            start = np.roll(start, 1, axis=0)
        h, hs = start, []
        for t in range(T):
            h = np.tanh(W_x[ids[s, t]] + h @ W_h + b)
            hs.append(h)
        found.append(np.stack(hs))
        if slip == "first":
            h = hs[0]
        if slip == "mean":
            h = np.mean(hs, axis=0)
    return np.stack(found)


def _draw_carry(rng: Rng, S: int = 4, T: int = 3, B: int = 2, H: int = 5) -> Inputs:
    V = 7
    fresh = np.zeros((S, B), dtype=bool)
    fresh[0] = True
    if S > 2 and B > 1:
        fresh[2, 0] = True
    return {
        "ids": rng.integers(0, V, size=(S, T, B)),
        "fresh": fresh,
        "W_x": rng.normal(size=(V, H)),
        "W_h": rng.normal(size=(H, H)) / 2,
        "b": rng.normal(size=H),
    }


def _draw_carry_recut(rng: Rng) -> list[Inputs]:
    first = _draw_carry(rng, S=4, T=2, B=3)
    first["fresh"] = np.zeros((4, 3), dtype=bool)
    first["fresh"][0] = True
    whole = first["ids"].reshape(1, 8, 3)
    return [first, {**first, "ids": whole, "fresh": first["fresh"][:1]}]


def _draw_carry_edge(rng: Rng) -> list[Inputs]:
    one = _draw_carry(rng, S=5, T=1, B=1)
    one["fresh"][3] = True
    every = _draw_carry(rng, S=3, T=2, B=2)
    every["fresh"][:] = True
    return [one, every]


def _cuts_do_not_matter(calls: list[Inputs], values: list[Any]) -> str:
    first, second = (np.asarray(value) for value in values)
    if first.size == second.size and np.allclose(first.ravel(), second.ravel()):
        return ""
    return (
        "Where a text is cut must not matter: four stretches of two characters have "
        "the states of one stretch of eight."
    )


CARRY = Check(
    name="carry-state",
    assignment=SLUG,
    points=3,
    title="carry_state",
    asks="the states hs (S, T, B, H) of all stretches, where each begins with the "
    "state its stream ended with, or with zeros where `fresh` (S, B) is true",
    equation="17.3",
    section="The state is handed on",
    reference=_carry_state,
    returns=("hs",),
    cases=(
        Case("value", "four stretches, one stream begins anew", 2, _draw_carry),
        Case("property", "the same text in one stretch", 1, _draw_carry_recut,
             law=_cuts_do_not_matter),
        Case("edge", "stretches of one character; all of them fresh", 1,
             _draw_carry_edge),
    ),
    mistakes=by_slip(
        _carry_state,
        {
            "zeros-at-each-stretch": (
                "always",
                "each stretch begins with zeros. (17.3) hands on the last state of "
                "the stretch before, unless the stream is fresh.",
            ),
            "never-fresh": (
                "never",
                "`fresh` was not looked at: a new text begins with the state of "
                "another one.",
            ),
            "one-fresh-stream-clears-all": (
                "whole",
                "one fresh stream cleared the states of all. Each stream has its own "
                "entry in `fresh`.",
            ),
            "cleared-one-stretch-late": (
                "late",
                "the state was cleared after the fresh stretch, not before it.",
            ),
            "fresh-upside-down": (
                "inverted",
                "the state was handed on where the stream is fresh, and cleared where "
                "it goes on.",
            ),
            "state-of-the-neighbour": (
                "neighbour",
                "stream b goes on with the state of stream b - 1.",
            ),
            "first-state-handed-on": (
                "first",
                "the state after the first character of a stretch was handed on, not "
                "the one after its last.",
            ),
            "mean-state-handed-on": (
                "mean",
                "the mean of the states was handed on. (17.3) hands on the last one.",
            ),
        },
    ),
)  # fmt: skip


# -- one number for the whole text ----------------------------------------------------


def _text_loss(logits: Any, ys: Any, mask: Any, *, slip: str = "") -> Any:
    logits, ys = np.asarray(logits, dtype=float), np.asarray(ys)
    m = np.asarray(mask).astype(float)
    top = logits.max(axis=-1, keepdims=True)
    logs = logits - top - np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))
    if slip == "unnormalised":
        logs = logits
    L = -np.take_along_axis(logs, ys[..., None], axis=-1)[..., 0]
    if slip == "probability":
        L = 1 - np.exp(-L)
    nats = (m * L).sum() / m.sum()
    if slip == "stretches":
        nats = ((m * L).sum(axis=(1, 2)) / m.sum(axis=(1, 2))).mean()
    if slip == "padding":
        nats = L.mean()
    if slip == "divided":
        nats = (m * L).sum() / m.size
    if slip == "sum":
        nats = (m * L).sum()
    if slip == "last":
        nats = (m * L)[-1].sum() / m[-1].sum()
    bits, pp = nats / np.log(2), np.exp(nats)
    if slip == "times":
        bits = nats * np.log(2)
    if slip == "tens":
        bits = nats / np.log(10)
    if slip == "two":
        pp = 2**nats
    if slip == "mean-of-exp":
        pp = (m * np.exp(L)).sum() / m.sum()
    return np.float64(nats), np.float64(bits), np.float64(pp)


def _draw_scores(rng: Rng, S: int = 3, T: int = 4, B: int = 2, V: int = 6) -> Inputs:
    lengths = (S - 1) * T + np.array([1, 2, 1, 1])[:B]
    mask = (np.arange(S * T)[:, None] < lengths).reshape(S, T, B)
    return {
        "logits": 2 * rng.normal(size=(S, T, B, V)),
        "ys": rng.integers(0, V, size=(S, T, B)),
        "mask": mask,
    }


def _draw_scores_shifted(rng: Rng) -> list[Inputs]:
    first = _draw_scores(rng)
    shift = rng.normal(size=first["ys"].shape)[..., None] * 3
    return [first, {**first, "logits": first["logits"] + shift}]


def _draw_scores_edge(rng: Rng) -> list[Inputs]:
    far = _draw_scores(rng, S=2, T=3, B=1, V=3)
    far["logits"] = np.zeros((2, 3, 1, 3)) + np.array([900.0, 899.0, -900.0])
    far["ys"][:] = 1
    even = _draw_scores(rng, S=1, T=2, B=2, V=5)
    even["logits"] = np.zeros((1, 2, 2, 5))
    return [far, even]


def _shift_changes_nothing(calls: list[Inputs], values: list[Any]) -> str:
    first, second = (np.asarray(value[0], dtype=float) for value in values)
    if np.allclose(first, second):
        return ""
    return (
        "A number added to all scores of a step changes no probability, so the loss "
        "must stay."
    )


TEXT_LOSS = Check(
    name="text-loss",
    assignment=SLUG,
    points=3,
    title="text_loss",
    asks="three numbers for the whole text: the loss in nats a character, in bits a "
    "character, and the perplexity",
    equation="17.4",
    section="One number for the whole text",
    reference=_text_loss,
    returns=("nats", "bits", "perplexity"),
    cases=(
        Case("value", "three stretches, the last one short", 2, _draw_scores),
        Case("property", "scores shifted step by step", 1, _draw_scores_shifted,
             law=_shift_changes_nothing),
        Case("edge", "scores of 900 and -900; five equal ones", 1, _draw_scores_edge),
    ),
    mistakes=by_slip(
        _text_loss,
        {
            "mean-of-stretches": (
                "stretches",
                "the mean of the stretches' means. The last stretch has fewer "
                "characters, and they would weigh more than the others; (17.4) adds "
                "first and divides once.",
            ),
            "padding-in-the-loss": (
                "padding",
                "steps count at which the stream had ended. (17.4) multiplies by the "
                "mask.",
            ),
            "divided-by-all-steps": (
                "divided",
                "the sum is masked, what it is divided by is not: (17.4) divides by "
                "the number of characters that count.",
            ),
            "sum-over-the-text": (
                "sum",
                "the losses were added and not divided by the number of characters.",
            ),
            "last-stretch-only": (
                "last",
                "only the last stretch came in. The loss is that of the whole text.",
            ),
            "scores-not-normalised": (
                "unnormalised",
                "the scores were taken as logarithms of probabilities. They become "
                "that by a softmax first.",
            ),
            "mean-of-misses": (
                "probability",
                "the mean of 1 - p. The loss is the mean of -ln p.",
            ),
            "bits-the-wrong-way": (
                "times",
                "for the bits the nats were multiplied by ln 2. A bit is the smaller "
                "unit, so there are more of them.",
            ),
            "digits-instead-of-bits": (
                "tens",
                "the nats were divided by ln 10. A bit is a choice of two.",
            ),
            "two-to-the-nats": (
                "two",
                "the perplexity is 2 to the power of nats. Base and unit belong "
                "together: e and nats, or 2 and bits.",
            ),
            "mean-of-perplexities": (
                "mean-of-exp",
                "the perplexity is the mean of 1/p over the characters. It is exp of "
                "the mean loss: the mean comes first.",
            ),
        },
    ),
)  # fmt: skip


# -- which character next -------------------------------------------------------------


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max())
    return np.asarray(e / e.sum())


def _top_k(logits: Any, k: int, *, slip: str = "") -> Any:
    logits = np.asarray(logits, dtype=float)
    p = _softmax(logits)
    order = np.argsort(-logits, kind="stable")
    size = {"fewer": k - 1, "more": k + 1}.get(slip, k)
    kept = np.zeros(len(p), dtype=bool)
    kept[order[:size]] = True
    if slip == "smallest":
        kept = np.zeros(len(p), dtype=bool)
        kept[order[::-1][:k]] = True
    if slip == "first":
        kept = np.arange(len(p)) < k
    if slip == "ties":
        kept = logits >= np.sort(logits)[::-1][min(k, len(p)) - 1]
    if slip == "cut":
        kept = ~kept
        if not kept.any():
            return np.zeros(len(p))
    if slip == "sum-below-one":
        return np.where(kept, p, 0)
    if slip == "zero-scores":
        return _softmax(np.where(kept, logits, 0))
    if slip == "equal":
        return kept / max(kept.sum(), 1)
    if slip == "shared":
        rest = p[~kept].sum()
        return np.where(kept, p + rest / max(kept.sum(), 1), 0)
    q = np.where(kept, p, 0)
    q = q / q.sum() if kept.any() else q
    return q[order] if slip == "sorted" else q


def _draw_top_k(rng: Rng) -> Inputs:
    return {"logits": rng.permutation(rng.normal(size=9) * 2), "k": 4}


def _draw_top_k_shifted(rng: Rng) -> list[Inputs]:
    first = _draw_top_k(rng)
    return [first, {**first, "logits": first["logits"] + 5 * rng.normal()}]


def _draw_top_k_edge(rng: Rng) -> list[Inputs]:
    tied = rng.permutation([2.0, 1.0, 1.0, 1.0, 0.0, -1.0])
    return [
        {"logits": tied, "k": 2},
        {"logits": rng.normal(size=5), "k": 5},
        {"logits": rng.normal(size=5), "k": 50},
        {"logits": np.array([900.0, -900.0, 899.0]), "k": 1},
    ]


def _adds_up(calls: list[Inputs], values: list[Any]) -> str:
    for value in values:
        total = float(np.sum(np.asarray(value, dtype=float)))
        if not np.isclose(total, 1):
            return f"What is left must add up to 1; here it adds up to {total:.3g}."
    return ""


TOP_K = Check(
    name="top-k",
    assignment=SLUG,
    points=3,
    title="top_k",
    asks="the probabilities (V,) of the k likeliest characters, adding up to 1, and 0 "
    "for the others; of equal scores the one with the lower number is kept first",
    equation="17.6",
    section="Cut the tail: top-k and nucleus",
    reference=_top_k,
    returns=("p",),
    cases=(
        Case("value", "nine scores, four kept", 2, _draw_top_k),
        Case("property", "all scores shifted", 1, _draw_top_k_shifted, law=_adds_up),
        Case("edge", "equal scores; k = V and beyond; k = 1", 1, _draw_top_k_edge),
    ),
    mistakes=by_slip(
        _top_k,
        {
            "not-scaled-up-again": (
                "sum-below-one",
                "the probabilities of those kept were left as they were. (17.6) "
                "divides by their sum.",
            ),
            "cut-scores-set-to-zero": (
                "zero-scores",
                "the scores that are cut were set to 0, and e to the power 0 is 1. "
                "Their probability has to be 0.",
            ),
            "one-kept-too-few": (
                "fewer",
                "one character fewer than k was kept.",
            ),
            "one-kept-too-many": (
                "more",
                "one character more than k was kept.",
            ),
            "unlikeliest-kept": (
                "smallest",
                "the k least likely characters were kept. An ascending order has them "
                "in front.",
            ),
            "first-k-kept": (
                "first",
                "the characters with numbers 0 to k - 1 were kept, whatever their "
                "scores.",
            ),
            "kept-and-cut-swapped": (
                "cut",
                "the k likeliest were cut and the others kept.",
            ),
            "all-kept-alike": (
                "equal",
                "the k characters have equal probabilities. They keep their "
                "proportions, (17.6).",
            ),
            "rest-shared-out-evenly": (
                "shared",
                "what was cut was shared out evenly among those kept. (17.6) divides, "
                "so the proportions stay.",
            ),
            "order-of-likelihood": (
                "sorted",
                "the probabilities came in falling order. Place i belongs to "
                "character i.",
            ),
        },
    ),
)  # fmt: skip


def _nucleus(logits: Any, mass: float, *, slip: str = "") -> Any:
    p = _softmax(np.asarray(logits, dtype=float))
    order = np.argsort(-p, kind="stable")
    if slip == "unsorted":
        order = np.arange(len(p))
    if slip == "least":
        order = order[::-1]
    reached = np.cumsum(p[order])
    size = min(int(np.searchsorted(reached, mass)) + 1, len(p))
    if slip == "strict":
        size = min(int(np.searchsorted(reached, mass, side="right")) + 1, len(p))
    if slip == "before":
        size = max(1, int(np.searchsorted(reached, mass, side="right")))
    if slip == "after":
        size = min(size + 1, len(p))
    kept = np.zeros(len(p), dtype=bool)
    kept[order[:size]] = True
    if slip == "threshold":
        kept = p >= 1 - mass
    if slip == "relative":
        kept = p >= (1 - mass) * p.max()
    if slip == "tail":
        kept = ~kept
        if not kept.any():
            return np.zeros(len(p))
    if slip == "share":
        kept = np.zeros(len(p), dtype=bool)
        kept[order[: int(np.ceil(mass * len(p)))]] = True
    if slip == "sum-below-one":
        return np.where(kept, p, 0)
    if slip == "equal":
        return kept / kept.sum()
    q = np.where(kept, p, 0)
    q = q / q.sum() if kept.any() else q
    return q[order] if slip == "sorted" else q


NUCLEUS_SLIPS = (
    "unsorted", "least", "before", "after", "threshold", "relative", "tail", "share",
    "sum-below-one", "equal", "sorted",
)  # fmt: skip


def _draw_nucleus(rng: Rng) -> Inputs:
    """Draw scores for which each slip gives an answer of its own."""
    while True:
        call: Inputs = {"logits": rng.normal(size=10) * 1.6, "mass": 0.7}
        answers = [_nucleus(**call, slip=slip) for slip in ("", *NUCLEUS_SLIPS)]
        kept = int((answers[0] > 0).sum())
        apart = all(
            not np.allclose(a, b) for i, a in enumerate(answers) for b in answers[:i]
        )
        if apart and 3 <= kept <= 6:
            return call


def _draw_nucleus_shifted(rng: Rng) -> list[Inputs]:
    first = _draw_nucleus(rng)
    return [first, {**first, "logits": first["logits"] + 5 * rng.normal()}]


def _draw_nucleus_edge(rng: Rng) -> list[Inputs]:
    sure = np.zeros(6)
    sure[rng.integers(6)] = 9.0
    return [
        {"logits": np.zeros(8), "mass": 0.5},  # reached exactly by four
        {"logits": sure, "mass": 0.9},
        {"logits": rng.normal(size=5), "mass": 1.0},
        {"logits": np.array([900.0, -900.0, 899.5]), "mass": 0.9},
    ]


NUCLEUS = Check(
    name="nucleus",
    assignment=SLUG,
    points=3,
    title="nucleus",
    asks="the probabilities (V,) of the fewest likeliest characters that have `mass` "
    "together, adding up to 1, and 0 for the others",
    equation="17.7",
    section="Cut the tail: top-k and nucleus",
    reference=_nucleus,
    returns=("p",),
    cases=(
        Case("value", "ten scores, 0.7 of the mass", 2, _draw_nucleus),
        Case("property", "all scores shifted", 1, _draw_nucleus_shifted, law=_adds_up),
        Case("edge", "equal scores; one sure character; all the mass", 1,
             _draw_nucleus_edge),
    ),
    mistakes=by_slip(
        _nucleus,
        {
            "stops-before-the-mass": (
                "before",
                "the character that reaches the mass is missing. (17.7) keeps the "
                "fewest that have at least the mass, and with one fewer they have "
                "less.",
            ),
            "one-after-the-mass": (
                "after",
                "one character more was kept than the mass needs.",
            ),
            "more-than-the-mass": (
                "strict",
                "where the mass is reached exactly another character was taken. "
                "(17.7) asks for at least the mass, not for more.",
            ),
            "order-of-numbers": (
                "unsorted",
                "the probabilities were added up in the order of the characters' "
                "numbers. The likeliest come first.",
            ),
            "from-the-least-likely": (
                "least",
                "the probabilities were added up from the least likely. The likeliest "
                "come first.",
            ),
            "tail-kept": (
                "tail",
                "the nucleus was cut and the tail kept.",
            ),
            "threshold-for-each": (
                "threshold",
                "each character was compared with 1 - mass. (17.7) looks at the sum "
                "of the likeliest.",
            ),
            "compared-with-the-likeliest": (
                "relative",
                "each character was compared with the likeliest one. That is another "
                "rule (it is known as min-p); (17.7) adds up.",
            ),
            "share-of-the-characters": (
                "share",
                "a fixed share of the characters was kept. Mass is probability: a sure "
                "network keeps one character, an unsure one many.",
            ),
            "nucleus-not-scaled-up": (
                "sum-below-one",
                "the probabilities in the nucleus were left as they were. They are "
                "divided by their sum.",
            ),
            "nucleus-all-alike": (
                "equal",
                "all characters of the nucleus have equal probabilities. They keep "
                "their proportions.",
            ),
            "nucleus-in-falling-order": (
                "sorted",
                "the answer is in falling order: its first place has to belong to "
                "character 0, whatever its probability.",
            ),
        },
    ),
)  # fmt: skip


# -- write one, read it back ----------------------------------------------------------


def _write(
    start: Any,
    us: Any,
    tau: float,
    W_x: Any,
    W_h: Any,
    b: Any,
    W_y: Any,
    b_y: Any,
    *,
    slip: str = "",
) -> Any:
    def read(h: np.ndarray, i: int) -> np.ndarray:
        return np.asarray(np.tanh(W_x[i] + h @ W_h + b))

    start, h = [int(i) for i in start], np.zeros(len(b))
    for i in start[-1:] if slip == "cold" else start:
        h = read(h, i)
    if slip == "first-only":
        h = read(np.zeros(len(b)), start[0])
    if slip == "twice":
        h = read(h, start[-1])
    first, found = h, []
    for u in us:
        z = h @ W_y + b_y
        p = _softmax(z * tau if slip == "times" else z / tau)
        if slip == "untempered":
            p = _softmax(z)
        c = np.cumsum(p)
        i = min(int(np.searchsorted(c, u, side="right")), len(p) - 1)
        if slip == "likeliest":
            i = int(p.argmax())
        if slip == "next-one":
            i = (i + 1) % len(p)
        found.append(i)
        if slip == "deaf":
            h = read(h, start[-1])
        elif slip == "frozen":
            h = first
        elif slip == "amnesia":
            h = read(np.zeros(len(b)), i)
        else:
            h = read(h, i)
    if slip == "start-included":
        found = start + found
    return np.array(found, dtype=np.int64)


def _draw_network(rng: Rng, V: int = 9, H: int = 4) -> Inputs:
    return {
        "W_x": rng.normal(size=(V, H)) * 1.5,
        "W_h": rng.normal(size=(H, H)),
        "b": rng.normal(size=H),
        "W_y": rng.normal(size=(H, V)),
        "b_y": rng.normal(size=V) / 2,
    }


def _draw_write(rng: Rng) -> Inputs:
    start = rng.integers(0, 9, size=3)
    return {"start": start, "us": rng.random(30), "tau": 0.6, **_draw_network(rng)}


def _draw_write_on(rng: Rng) -> list[Inputs]:
    first = _draw_write(rng)
    head = _write(**{**first, "us": first["us"][:12]})
    rest = {
        **first,
        "start": np.concatenate([first["start"], head]),
        "us": first["us"][12:],
    }
    return [first, rest]


def _draw_write_edge(rng: Rng) -> list[Inputs]:
    one = _draw_write(rng)
    return [
        {**one, "start": one["start"][:1], "us": one["us"][:12], "tau": 0.01},
        {**one, "start": one["start"][:2], "us": one["us"][:12], "tau": 1000.0},
        {**one, "us": one["us"][:1], "tau": 1.0},
    ]


def _goes_on_where_it_stopped(calls: list[Inputs], values: list[Any]) -> str:
    whole, rest = (np.asarray(value).ravel() for value in values)
    if len(whole) == 30 and np.array_equal(whole[12:], rest):
        return ""
    return (
        "Read what was written so far, and go on with the rest of u: it must become "
        "the same text as in one go."
    )


WRITE = Check(
    name="write-text",
    assignment=SLUG,
    points=4,
    title="write_text",
    asks="the numbers (N,) of the characters that are written after `start` was read, "
    "the n-th drawn with us[n]",
    equation="17.9",
    section="Write one, read it back",
    reference=_write,
    returns=("ids",),
    cases=(
        Case("value", "thirty characters after three", 2, _draw_write),
        Case("property", "stopped and taken up again", 1, _draw_write_on,
             law=_goes_on_where_it_stopped),
        Case("edge", "temperatures of 0.01 and 1000; one character", 1,
             _draw_write_edge),
    ),
    mistakes=by_slip(
        _write,
        {
            "start-not-read": (
                "cold",
                "only the last character of the start was read. The state has to come "
                "through all of them, one after the other.",
            ),
            "only-the-first-read": (
                "first-only",
                "only the first character of the start was read.",
            ),
            "last-of-the-start-read-twice": (
                "twice",
                "the last character of the start was read twice: once with the start "
                "and once again before the first draw.",
            ),
            "state-thrown-away": (
                "amnesia",
                "the state is zero before each character. Then the network knows the "
                "last character only, like a count of pairs.",
            ),
            "state-stands-still": (
                "frozen",
                "the state stays as it was after the start: what was drawn is never "
                "read.",
            ),
            "own-text-not-read": (
                "deaf",
                "the state moves on, but reads the same old character. (17.9) reads "
                "what was drawn.",
            ),
            "always-the-likeliest": (
                "likeliest",
                "the likeliest character was taken each time. (17.9) draws with u.",
            ),
            "multiplied-by-the-temperature": (
                "times",
                "the scores were multiplied by the temperature. (17.5) divides, so "
                "that a low one makes the network surer.",
            ),
            "temperature-forgotten": (
                "untempered",
                "the temperature was not used.",
            ),
            "one-character-on": (
                "next-one",
                "each character is the one after the right one: take the first whose "
                "sum with those before it goes beyond u.",
            ),
            "start-in-the-answer": (
                "start-included",
                "the start stands in front of the answer. Only what was written is "
                "asked for.",
            ),
        },
    ),
)  # fmt: skip

CHECKS = (VOCABULARY, STREAMS, CARRY, TEXT_LOSS, TOP_K, NUCLEUS, WRITE)

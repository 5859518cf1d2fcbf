"""Texts as numbers: vocabulary, term tables, n-gram models, sampling, batches.

A text becomes a sequence of tokens, characters or words, and each token a whole
number. What counts tokens here knows nothing of networks; :func:`stateful_batches`
cuts the same numbers for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.validate import check_size

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

__all__ = [
    "NGram",
    "StatefulBatch",
    "TermTable",
    "Vocabulary",
    "cosine",
    "count_terms",
    "inverse_document_frequency",
    "perplexity",
    "sample",
    "stateful_batches",
    "stem",
    "tf_idf",
    "words",
]

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


# -- tokens --------------------------------------------------------------------------


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation and digits.

    An apostrophe inside a word belongs to it.

    Examples
    --------
    >>> words("The dog's back: it is well-made.")
    ['the', "dog's", 'back', 'it', 'is', 'well', 'made']
    """
    return WORD.findall(text.lower())


def stem(word: str) -> str:
    """Cut the endings 's and -ed from an English word.

    Two rules, no dictionary: enough for a table on a slide, wrong for "indeed".

    Examples
    --------
    >>> [stem(w) for w in ("jumped", "dog's", "their", "red", "indeed")]
    ['jump', 'dog', 'their', 'red', 'inde']
    """
    word = re.sub(r"['\u2019]s$", "", word)
    return word[:-2] if word.endswith("ed") and len(word) > 4 else word


class Vocabulary:
    """A list of different tokens; the place of a token is its number.

    Parameters
    ----------
    tokens : iterable of hashable
        Each token once, in the order of the numbers.
    unknown : hashable, optional
        A token of the vocabulary that stands for every other one.

    Attributes
    ----------
    tokens : tuple
    unknown : hashable or None

    Raises
    ------
    ValueError
        If a token comes twice, or ``unknown`` is not among the tokens.

    Examples
    --------
    >>> v = Vocabulary.of("to be or not to be".split())
    >>> v.tokens
    ('be', 'not', 'or', 'to')
    >>> v.encode(["not", "to", "be"])
    array([1, 3, 0])
    """

    def __init__(
        self, tokens: Iterable[Hashable], *, unknown: Hashable | None = None
    ) -> None:
        self.tokens = tuple(tokens)
        self.unknown = unknown
        self._id = {token: i for i, token in enumerate(self.tokens)}
        if len(self._id) < len(self.tokens):
            twice = next(t for i, t in enumerate(self.tokens) if self._id[t] != i)
            raise ValueError(f"tokens must differ, got {twice!r} twice")
        if unknown is not None and unknown not in self._id:
            raise ValueError(f"unknown must be one of the tokens, got {unknown!r}")

    @classmethod
    def of(
        cls,
        tokens: Iterable[Any],
        *,
        least: int = 1,
        unknown: Hashable | None = None,
    ) -> Vocabulary:
        """Collect the tokens that come at least ``least`` times, sorted.

        With ``unknown``, that token is put first.
        """
        check_size("least", least)
        seen: dict[Any, int] = {}
        for token in tokens:
            seen[token] = seen.get(token, 0) + 1
        kept = sorted(t for t, n in seen.items() if n >= least and t != unknown)
        return cls(kept if unknown is None else [unknown, *kept], unknown=unknown)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and (
            (self.tokens, self.unknown) == (other.tokens, other.unknown)
        )

    def __hash__(self) -> int:
        return hash((self.tokens, self.unknown))

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} tokens, unknown={self.unknown!r})"

    def encode(self, tokens: Iterable[Hashable]) -> Ints:
        """Return the numbers (T,) of tokens.

        Raises
        ------
        ValueError
            If a token is not in a vocabulary that has no ``unknown``.
        """
        other = None if self.unknown is None else self._id[self.unknown]
        ids = []
        for t, token in enumerate(tokens):
            i = self._id.get(token, other)
            if i is None:
                raise ValueError(
                    f"tokens must be in the vocabulary, got {token!r} at {t}; "
                    "a vocabulary with unknown=... takes any"
                )
            ids.append(i)
        return np.array(ids, dtype=np.int64)

    def decode(self, ids: Iterable[int]) -> list[Any]:
        """Return the tokens of numbers in 0..V-1.

        Raises
        ------
        ValueError
            If a number is no token's.
        """
        return [self.tokens[i] for i in _ids(ids, len(self)).tolist()]


# -- documents as rows of numbers -----------------------------------------------------


class TermTable(NamedTuple):
    """How often each term stands in each document."""

    terms: tuple[str, ...]  # V terms, sorted
    counts: Ints  # (N, V), a row for each of N documents


def count_terms(
    documents: Sequence[str],
    *,
    stop_words: Iterable[str] = (),
    tokens: Callable[[str], list[str]] = words,
    change: Callable[[str], str] | None = None,
) -> TermTable:
    """Count the terms of documents; the order of the words is lost.

    Parameters
    ----------
    documents : sequence of N str
    stop_words : iterable of str
        Words that are left out, before ``change`` sees them.
    tokens : callable
        Cuts a document into words.
    change : callable, optional
        Makes a term of a word, for example :func:`stem`.

    Returns
    -------
    TermTable
        Terms that no document has do not appear.

    Examples
    --------
    >>> count_terms(["to be or not to be"], stop_words=["or"])
    TermTable(terms=('be', 'not', 'to'), counts=array([[2, 1, 2]]))
    """
    stop = set(stop_words)
    made = [
        [change(w) if change else w for w in tokens(text) if w not in stop]
        for text in documents
    ]
    terms = Vocabulary.of(t for document in made for t in document)
    counts: Ints = np.zeros((len(made), len(terms)), dtype=np.int64)
    for row, document in zip(counts, made, strict=True):
        row += np.bincount(terms.encode(document), minlength=len(terms))  # (6.1)
    return TermTable(tuple(map(str, terms.tokens)), counts)


def inverse_document_frequency(counts: Any) -> Floats:
    """Return ln(N / n_w) for each term, n_w being the documents that have it.

    Parameters
    ----------
    counts : (N, V) array

    Returns
    -------
    (V,) array
        0 for a term that every document has, and for one that none has.
    """
    table = _table(counts)
    having = (table > 0).sum(axis=0)
    return np.where(
        having > 0, np.log(len(table) / np.maximum(having, 1)), 0.0
    )  # (6.2)


def tf_idf(counts: Any, idf: Any = None) -> Floats:
    """Weigh counts by how rare their terms are.

    Parameters
    ----------
    counts : (N, V) array
    idf : (V,) array, optional
        That of other documents, for example of the training ones.

    Returns
    -------
    (N, V) array
    """
    table = _table(counts)
    return table * (inverse_document_frequency(table) if idf is None else idf)  # (6.3)


def cosine(a: Any, b: Any) -> Floats:
    """Return the cosine of the angle between rows; 0 where a row is all 0.

    Parameters
    ----------
    a, b : (N, V) and (M, V) arrays

    Returns
    -------
    (N, M) array
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(
            f"a and b must have shapes (N, V) and (M, V), got {a.shape} and {b.shape}"
        )
    lengths = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    cosines: Floats = a @ b.T / np.where(lengths > 0, lengths, 1.0)  # (6.4)
    return cosines


def _table(counts: Any) -> NDArray[Any]:
    table = np.asarray(counts)
    if table.ndim != 2 or not len(table):
        raise ValueError(
            f"counts must have shape (N, V) with N at least 1, got {table.shape}"
        )
    if (table < 0).any():
        raise ValueError(f"counts must not be negative, got {table.min()}")
    return table


# -- n-grams --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Grams:
    """All different runs of k tokens: each is a shorter run and one more token."""

    keys: Ints  # sorted; number of the run without its last token, times V, plus that
    counts: Ints
    total: Ints  # N(c): how often something followed the shorter run c
    kinds: Ints  # T(c): how many different tokens did


class NGram:
    """Probabilities of the next token from the last ``order`` ones, by counting.

    Witten and Bell's interpolation: whatever follows a context is believed as far as
    the context has been seen, the rest is left to the context one token shorter, and
    in the end to all V tokens alike. So every token has a probability above 0.

    Parameters
    ----------
    ids : (T,) int array
        The text, as numbers in 0..V-1.
    V : int
        Size of the vocabulary.
    order : int
        Tokens of context, 0 or more: 1 is a bigram model.

    Attributes
    ----------
    V, order : int

    Raises
    ------
    ValueError
        If the text has fewer than ``order + 1`` tokens.

    References
    ----------
    I. H. Witten and T. C. Bell, The zero-frequency problem, IEEE Transactions on
    Information Theory 37 (4), 1991, method C; interpolated as in S. F. Chen and
    J. Goodman, An empirical study of smoothing techniques, 1999.

    Examples
    --------
    >>> v = Vocabulary.of("abc")
    >>> model = NGram(v.encode("abababac"), len(v), order=1)
    >>> model.probabilities(v.encode("a")).round(3)
    array([0.152, 0.621, 0.227])
    """

    def __init__(self, ids: Any, V: int, order: int) -> None:
        check_size("V", V)
        check_size("order", order, least=0)
        text = _ids(ids, V)
        if len(text) <= order:
            raise ValueError(
                f"ids must have at least order + 1 = {order + 1} tokens, "
                f"got {len(text)}"
            )
        self.V, self.order = int(V), int(order)
        self._levels: list[_Grams] = []
        before: Ints = np.zeros(len(text), dtype=np.int64)  # the empty context
        contexts = 1
        for _ in range(self.order + 1):
            # before[t] is the run that ends just before text[t]
            follows = before * self.V + text[len(text) - len(before) :]
            keys, runs, counts = np.unique(
                follows, return_inverse=True, return_counts=True
            )
            self._levels.append(
                _Grams(
                    keys,
                    counts.astype(np.int64),
                    np.bincount(before, minlength=contexts),
                    np.bincount(keys // self.V, minlength=contexts),
                )
            )
            before, contexts = runs.reshape(-1)[:-1].astype(np.int64), len(keys)

    def __repr__(self) -> str:
        return f"NGram(V={self.V}, order={self.order}, {self.n_entries} counts)"

    @property
    def n_entries(self) -> int:
        """How many counts above 0 the tables hold, all orders together."""
        return sum(len(level.keys) for level in self._levels)

    @property
    def n_contexts(self) -> int:
        """How many different contexts of ``order`` tokens something followed."""
        return int((self._levels[-1].total > 0).sum())

    def probabilities(self, context: Any = ()) -> Floats:
        """Return the probability of each token after a context.

        Parameters
        ----------
        context : sequence of int
            The tokens before; only the last ``order`` are looked at. A shorter one
            is used as far as it goes.

        Returns
        -------
        (V,) array
            Above 0, adding up to 1.
        """
        p: Floats = self.ladder(context)[-1]
        return p

    def ladder(self, context: Any = ()) -> Floats:
        """Return the probabilities by the last 0, 1, ... tokens of a context.

        Returns
        -------
        (K, V) array
            Row k used k tokens; a row for which the context was never seen is equal
            to the one before it. K is one more than the tokens that are looked at.
        """
        given = _ids(context, self.V)
        given = given[max(0, len(given) - self.order) :]
        p = np.full(self.V, 1 / self.V)  # (6.10)
        rows = []
        for k in range(len(given) + 1):
            level = self._levels[k]
            run = self._run(given[len(given) - k :])
            if run >= 0 and level.total[run] > 0:
                low, high = np.searchsorted(
                    level.keys, [run * self.V, (run + 1) * self.V]
                )
                seen = np.zeros(self.V)
                seen[level.keys[low:high] - run * self.V] = level.counts[low:high]
                n, kinds = level.total[run], level.kinds[run]
                p = (seen + kinds * p) / (n + kinds)  # (6.9)
            rows.append(p)
        return np.stack(rows)

    def log_probabilities(self, ids: Any, *, before: Any = ()) -> Floats:
        """Return ln p of each token of a text given the ones before it.

        Parameters
        ----------
        ids : (T,) int array
        before : sequence of int
            What stands before the text. Without it the first tokens have a shorter
            context.

        Returns
        -------
        (T,) array
        """
        return np.log(self._pointwise(ids, before)[0])

    def depth(self, ids: Any, *, before: Any = ()) -> Ints:
        """Return how many tokens of context were known at each token of a text.

        Returns
        -------
        (T,) int array
            Between 0 and ``order``.
        """
        return self._pointwise(ids, before)[1]

    def _pointwise(self, ids: Any, before: Any) -> tuple[Floats, Ints]:
        text, head = _ids(ids, self.V), _ids(before, self.V)
        head = head[max(0, len(head) - self.order) :]
        whole = np.concatenate([head, text])
        p = np.full(len(whole), 1 / self.V)  # (6.10)
        depth: Ints = np.zeros(len(whole), dtype=np.int64)
        run: Ints = np.zeros(len(whole), dtype=np.int64)  # -1 is a run never seen
        for k, level in enumerate(self._levels):
            if k >= len(whole):
                break
            wanted = np.where(run >= 0, run * self.V + whole[k:], -1)
            place = np.minimum(np.searchsorted(level.keys, wanted), len(level.keys) - 1)
            known = level.keys[place] == wanted
            n = np.where(run >= 0, level.total[run], 0)
            kinds = np.where(run >= 0, level.kinds[run], 0)
            seen = np.where(known, level.counts[place], 0)
            usable = n > 0
            mixed = (seen + kinds * p[k:]) / np.maximum(n + kinds, 1)  # (6.9)
            p[k:] = np.where(usable, mixed, p[k:])
            depth[k:] = np.where(usable, k, depth[k:])
            run = np.where(known, place, -1)[:-1]
        return p[len(head) :], depth[len(head) :]

    def _run(self, tokens: Ints) -> int:
        """Return the number of a run of tokens, or -1."""
        run = 0
        for level, token in zip(self._levels, tokens.tolist(), strict=False):
            wanted = run * self.V + token
            run = int(np.searchsorted(level.keys, wanted))
            if run == len(level.keys) or level.keys[run] != wanted:
                return -1
        return run


def perplexity(log_probabilities: Any) -> float:
    """Return exp of the mean of -ln p: as if so many tokens were equally likely.

    Parameters
    ----------
    log_probabilities : (T,) array
        Natural logarithms; -inf gives inf.

    Raises
    ------
    ValueError
        If there are none, or one is above 0.
    """
    logs = np.asarray(log_probabilities, dtype=float)
    if not logs.size:
        raise ValueError("log_probabilities must have at least one number, got none")
    if not (logs <= 0).all():
        raise ValueError(f"log_probabilities must be at most 0, got {logs.max()}")
    return float(np.exp(-logs.mean()))  # (6.13)


def sample(
    model: Any,
    n: int,
    *,
    start: Any = (),
    temperature: float = 1.0,
    seed: int = 0,
) -> Ints:
    """Draw tokens one after the other, each from what stands before it.

    Parameters
    ----------
    model : object
        With ``probabilities(context)``, which gives (V,) numbers adding up to 1.
    n : int
        How many tokens to draw.
    start : sequence of int
        What stands before; it is not part of the result.
    temperature : float
        Above 0. Below 1 likely tokens become likelier, above 1 all come closer.
    seed : int

    Returns
    -------
    (n,) int array
    """
    check_size("n", n, least=0)
    if not (np.isfinite(temperature) and temperature > 0):
        raise ValueError(f"temperature must be above 0 and finite, got {temperature}")
    rng = np.random.default_rng(seed)
    reach = getattr(model, "order", None)
    tokens = [int(i) for i in np.asarray(start, dtype=np.int64)]
    first = len(tokens)
    for _ in range(n):
        context = tokens if reach is None else tokens[max(0, len(tokens) - reach) :]
        p = np.asarray(model.probabilities(context), dtype=float)
        if temperature != 1:
            logs = np.log(p, where=p > 0, out=np.full(len(p), -np.inf)) / temperature
            p = np.exp(logs - logs.max())  # (6.14)
            p = p / p.sum()
        tokens.append(int(rng.choice(len(p), p=p)))
    return np.array(tokens[first:], dtype=np.int64)


def _ids(ids: Any, V: int) -> Ints:
    """Return numbers of tokens as (T,) int64, each in 0..V-1."""
    given = np.asarray(ids if isinstance(ids, np.ndarray) else list(ids))
    if given.ndim != 1:
        raise ValueError(f"ids must have shape (T,), got {given.shape}")
    if given.size and given.dtype.kind not in "iu":
        raise TypeError(f"ids must be whole numbers, got {given.dtype}")
    if given.size and (given.min() < 0 or given.max() >= V):
        bad = given.min() if given.min() < 0 else given.max()
        raise ValueError(f"ids must lie in 0..{V - 1}, got {int(bad)}")
    return given.astype(np.int64)


# -- batches for networks --------------------------------------------------------------


class StatefulBatch(NamedTuple):
    """A stretch of B streams of one text; the next batch goes on where it ends."""

    xs: Ints  # (T, B) tokens, 0 after a length
    ys: Ints  # (T, B) the token after each, 0 after a length
    lengths: Ints  # (B,) in 1..T; below T at most by one, and only in the last batch


def stateful_batches(ids: Any, *, B: int, T: int) -> Iterator[StatefulBatch]:
    """Cut a text into B streams and read them side by side, T tokens at a time.

    Stream b of one batch is continued by stream b of the next, so a state may be
    carried on. Every token but the first is a target exactly once.

    Parameters
    ----------
    ids : (N,) int array
    B : int
        Streams. Each must have at least one target: N is at least B + 1.
    T : int
        Tokens of a batch. The last batch may have fewer, or one more: where the
        text does not divide by B, the first streams are one token longer.

    Yields
    ------
    StatefulBatch
    """
    check_size("B", B)
    check_size("T", T)
    text = np.asarray(ids)
    if text.ndim != 1 or len(text) < B + 1:
        raise ValueError(
            f"ids must have shape (N,) with N at least B + 1 = {B + 1}, "
            f"got {text.shape}"
        )
    return _batches(text.astype(np.int64), B, T)


def _batches(text: Ints, B: int, T: int) -> Iterator[StatefulBatch]:
    each, longer = divmod(len(text) - 1, B)
    lengths = each + (np.arange(B) < longer)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    cuts = [*range(0, each, T), int(lengths.max())]
    for low, high in zip(cuts[:-1], cuts[1:], strict=True):
        t = np.arange(low, high)[:, None]
        there = t < lengths
        at = np.where(there, starts + t, 0)
        yield StatefulBatch(
            np.where(there, text[at], 0),
            np.where(there, text[at + 1], 0),
            np.minimum(lengths, high) - low,
        )

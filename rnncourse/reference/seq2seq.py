"""Sequence to sequence: an encoder reads, a decoder writes, attention looks back.

The decoder begins in the encoder's last state and reads the embedding of the token
before (Sutskever, Vinyals and Le, arXiv:1409.3215; Cho and others, arXiv:1406.1078).
With attention, each of its states asks the encoder's states, and the output layer sees
the state and the answer side by side, as in Luong, Pham and Manning
(arXiv:1508.04025), who have a hidden layer more in between. What the decoder reads is
settled before it runs, since no gradient goes through a choice; so its states need one
call of the cell and its questions one call of the attention.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.attention import (
    SCORES,
    AttentionCache,
    AttentionParams,
    attention_backward,
    attention_forward,
    init_attention,
)
from rnncourse.reference.cells import (
    State,
    cell_backward,
    cell_forward,
    check_cell,
    init_cell,
)
from rnncourse.reference.dense import (
    DenseParams,
    check_dense,
    dense_backward,
    dense_forward,
    init_dense,
)
from rnncourse.reference.embedding import (
    embedding_backward,
    embedding_forward,
    init_embedding,
)
from rnncourse.reference.functional import log_softmax
from rnncourse.reference.search import Step
from rnncourse.reference.tokens import Ids, open_tokens
from rnncourse.reference.validate import (
    Array,
    check_choice,
    check_dtype,
    check_float,
    check_shape,
    check_size,
)


class Seq2SeqParams(NamedTuple):
    """Weights of an encoder and a decoder.

    ``E_x`` (V_x, D) and ``E_y`` (V_y, D); ``encoder`` and ``decoder``, two cells of
    one kind; ``attention`` of the additive score, else None; ``out`` (H, V_y), or
    (2H, V_y) with attention. ``nested.nested_arrays`` names all arrays, for an
    optimiser.
    """

    E_x: Array
    encoder: Any
    E_y: Array
    decoder: Any
    attention: AttentionParams | None
    out: DenseParams


class Memory(NamedTuple):
    """What the encoder leaves to the decoder."""

    hs: Array  # (T, B, H)
    mask: NDArray[np.bool_]  # (T, B), True where a token was read
    state: State  # the last state of each sequence


class EncoderCache(NamedTuple):
    """What :func:`encode` remembers."""

    cell: str
    ids: Ids  # (T, B), what the encoder read, 0 in the padding
    layer: Any


class Seq2SeqCache(NamedTuple):
    """What :func:`seq2seq_forward` remembers for its backward pass."""

    encoder: EncoderCache
    inputs: Ids  # (S, B), what the decoder read
    decoder: Any
    attention: AttentionCache | None
    features: Array  # (S, B, H) or (S, B, 2H), what the output layer read


def init_seq2seq(
    cell: str,
    V_x: int,
    V_y: int,
    D: int,
    H: int,
    *,
    attention: str | None = None,
    A: int | None = None,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> Seq2SeqParams:
    """Draw the weights of an encoder and a decoder.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    V_x, V_y : int
        Sizes of the two vocabularies.
    D, H : int
        Sizes of the embeddings and of the states.
    attention : "additive", "dot" or "scaled", optional
    A : int, optional
        Hidden size of the additive score; H if left out.
    rng : numpy Generator
    dtype : float32 or float64

    Returns
    -------
    Seq2SeqParams

    Raises
    ------
    TypeError, ValueError
        If a size, the cell or the score does not fit.

    Examples
    --------
    >>> p = init_seq2seq("rnn", 11, 13, 3, 5, attention="dot",
    ...                  rng=np.random.default_rng(0))
    >>> p.out.W.shape
    (10, 13)
    """
    if attention is not None:
        check_choice("attention", attention, SCORES)
    check_size("V_x", V_x)
    check_size("V_y", V_y)
    given = {"rng": rng, "dtype": dtype}
    asking = None
    if attention == "additive":
        asking = init_attention(H, H, H if A is None else A, **given)
    return Seq2SeqParams(
        E_x=init_embedding(V_x, D, **given),
        encoder=init_cell(cell, D, H, **given),
        E_y=init_embedding(V_y, D, **given),
        decoder=init_cell(cell, D, H, **given),
        attention=asking,
        out=init_dense(H if attention is None else 2 * H, V_y, **given),
    )


def encode(
    cell: str, xs: Any, p: Seq2SeqParams, lengths: Any = None
) -> tuple[Memory, EncoderCache]:
    """Read the input with the encoder (16.1).

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    xs : (T, B) array of int, each in 0..V_x-1
    p : Seq2SeqParams
    lengths : (B,) array of int, each in 1..T, optional
        What stands after a length is never read; it may be no token at all.

    Returns
    -------
    memory : Memory
    cache : EncoderCache

    Raises
    ------
    TypeError, ValueError
        If a shape, a length or a token does not fit; the message names it.

    Examples
    --------
    >>> p = init_seq2seq("rnn", 11, 13, 3, 5, rng=np.random.default_rng(0))
    >>> memory, _ = encode("rnn", [[1, 2], [3, -1]], p, lengths=[2, 1])
    >>> memory.hs.shape, memory.mask.tolist()
    ((2, 2, 5), [[True, True], [True, False]])
    """
    _check_parts(cell, p)
    return _encode(cell, *open_tokens("xs", xs, lengths, len(p.E_x)), p)


def _encode(
    cell: str, ids: Ids, mask: NDArray[np.bool_], p: Seq2SeqParams
) -> tuple[Memory, EncoderCache]:
    embedded = embedding_forward(ids, p.E_x)  # (18.1)
    ends = mask.sum(axis=0)
    hs, state, cache = cell_forward(cell, embedded, p.encoder, lengths=ends)  # (16.1)
    return Memory(hs, mask, state), EncoderCache(cell, ids, cache)


def decoder_step(
    cell: str, memory: Memory, p: Seq2SeqParams, *, attention: str | None = None
) -> tuple[Step, Any]:
    """Make the decoder ready for :mod:`rnncourse.reference.search`.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    memory : Memory
        From :func:`encode`.
    p : Seq2SeqParams
    attention : str, optional
        The score that the weights were made for.

    Returns
    -------
    step : callable
        ``step(state, tokens) -> (log_probs, state)``, log p(y_t | y_<t, x).
    state : tuple of arrays
        Before the first token, one row for each sequence: where it stands in the
        memory, and the encoder's last states. ``take_rows(state, [k])`` of that
        module is the one for a beam search of sequence k.

    Raises
    ------
    TypeError, ValueError
        If the weights or the memory do not fit.

    Examples
    --------
    >>> from rnncourse.reference.search import greedy_search
    >>> p = init_seq2seq("rnn", 11, 13, 3, 5, rng=np.random.default_rng(0))
    >>> step, state = decoder_step("rnn", encode("rnn", [[1], [2]], p)[0], p)
    >>> greedy_search(step, state, [0], end=1, max_length=4).tokens.shape
    (4, 1)
    """
    check_seq2seq(cell, p, attention)
    if not isinstance(memory, Memory):
        raise TypeError(f"memory must come from encode, got {type(memory).__name__}")

    def step(state: Any, tokens: Ids) -> tuple[Array, Any]:
        rows, *before = state
        x = embedding_forward(tokens, p.E_y)  # (18.1)
        h, after, _ = cell_forward(cell, x[None], p.decoder, tuple(before))
        logits, _, _ = _outputs(h, memory, p, attention, rows)
        return log_softmax(logits[0]), (rows, *after)  # (16.3)

    return step, (np.arange(memory.hs.shape[1]), *memory.state)  # (16.2)


def seq2seq_forward(
    cell: str,
    xs: Any,
    ys: Any,
    p: Seq2SeqParams,
    *,
    start: int,
    attention: str | None = None,
    x_lengths: Any = None,
    y_lengths: Any = None,
    own: Any = None,
) -> tuple[Array, Array | None, Seq2SeqCache]:
    """Read the input and score every token of the output.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    xs : (T, B) array of int, each in 0..V_x-1
    ys : (S, B) array of int, each in 0..V_y-1
        The output, its end token included. The decoder reads ``start`` and then the
        tokens before the one it is to tell (teacher forcing).
    p : Seq2SeqParams
    start : int
        The first token that the decoder reads.
    attention : "additive", "dot" or "scaled", optional
        The score that the weights were made for.
    x_lengths, y_lengths : (B,) arrays of int, optional
        What stands after a length is never read.
    own : (S, B) array of bool, optional
        True where the decoder reads its own most probable token in place of the
        true one: all True is free running, a random draw is scheduled sampling
        (Bengio and others, arXiv:1506.03099). The first row is not looked at, since
        ``start`` stands there. No gradient goes through the choice.

    Returns
    -------
    logits : (S, B, V_y) array
        For ``tokens.sequence_loss``; p(y_t | y_<t, x) is their softmax. After its
        length a sequence repeats its last ones.
    weights : (S, B, T) array or None
        Of the attention.
    cache : Seq2SeqCache
        For :func:`seq2seq_backward`; its ``inputs`` are what the decoder read.

    Raises
    ------
    TypeError, ValueError
        If a shape, a length or a token does not fit; the message names it.

    Examples
    --------
    >>> p = init_seq2seq("rnn", 11, 13, 3, 5, rng=np.random.default_rng(0))
    >>> ys = [[7], [8], [1]]
    >>> logits, _, cache = seq2seq_forward("rnn", [[1], [2]], ys, p, start=0)
    >>> logits.shape, cache.inputs.ravel()
    ((3, 1, 13), array([0, 7, 8]))
    """
    check_seq2seq(cell, p, attention)
    read = open_tokens("xs", xs, x_lengths, len(p.E_x), lengths_name="x_lengths")
    memory, encoder = _encode(cell, *read, p)
    V_y, B = len(p.E_y), memory.hs.shape[1]
    ids, mask = open_tokens("ys", ys, y_lengths, V_y, B=B, lengths_name="y_lengths")
    check_size("start", start, least=0)
    if start >= V_y:
        raise ValueError(f"start must lie in 0..{V_y - 1}, got {start}")
    inputs = np.concatenate([np.full_like(ids[:1], start), ids[:-1]])
    if own is not None:
        inputs = _mix(decoder_step(cell, memory, p, attention=attention), inputs, own)
    embedded, ends = embedding_forward(inputs, p.E_y), mask.sum(axis=0)
    begin = memory.state  # the decoder begins where the encoder ended (16.2)
    hs, _, decoder = cell_forward(cell, embedded, p.decoder, begin, ends)
    logits, features, asked = _outputs(hs, memory, p, attention)
    weights = None if asked is None else asked.weights.copy()
    return logits, weights, Seq2SeqCache(encoder, inputs, decoder, asked, features)


def seq2seq_backward(
    dlogits: Array, cache: Seq2SeqCache, p: Seq2SeqParams
) -> Seq2SeqParams:
    """Go back through the decoder, the attention and the encoder.

    Parameters
    ----------
    dlogits : (S, B, V_y) array
    cache : Seq2SeqCache
        From :func:`seq2seq_forward`.
    p : Seq2SeqParams
        The weights of that forward pass.

    Returns
    -------
    Seq2SeqParams
        The gradients.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype does not fit, or the cache is of another kind.

    Examples
    --------
    >>> p = init_seq2seq("rnn", 11, 13, 3, 5, rng=np.random.default_rng(0))
    >>> logits, _, cache = seq2seq_forward("rnn", [[1], [2]], [[7], [8]], p, start=0)
    >>> dp = seq2seq_backward(np.ones_like(logits), cache, p)
    >>> np.flatnonzero(dp.E_x.any(axis=1)), np.flatnonzero(dp.E_y.any(axis=1))
    (array([1, 2]), array([0, 7]))
    """
    if not isinstance(cache, Seq2SeqCache):
        kind = type(cache).__name__
        raise TypeError(f"cache must come from seq2seq_forward, got {kind}")
    (cell, ids, encoder), inputs, decoder, asked, features = cache
    check_seq2seq(cell, p, None if asked is None else asked.score)
    check_dtype("dlogits", dlogits, features.dtype)
    S, B, _ = features.shape
    check_shape("dlogits", dlogits, "S B V_y", S=S, B=B, V_y=len(p.E_y))
    dfeatures, dout = dense_backward(dlogits, features, p.out)
    H = len(p.decoder.W_h)
    dhs, dcontexts = dfeatures[..., :H], dfeatures[..., H:]
    dmemory = np.zeros((*ids.shape, H), dtype=features.dtype)
    dattention = None
    if asked is not None:
        dqueries, dkeys, dvalues, dattention = attention_backward(
            dcontexts, asked, p.attention
        )
        dhs = dhs + dqueries  # a state is read twice: by the output, as a question
        dmemory = dkeys + dvalues  # the encoder's states are both keys and values
    dembedded, dstate, ddecoder = cell_backward(cell, dhs, decoder, p.decoder)
    # what arrives at the decoder's first state arrives at the encoder's last, (16.2)
    dxs, _, dencoder = cell_backward(cell, dmemory, encoder, p.encoder, dstate)
    return Seq2SeqParams(
        E_x=embedding_backward(dxs, ids, p.E_x),
        encoder=dencoder,
        E_y=embedding_backward(dembedded, inputs, p.E_y),
        decoder=ddecoder,
        attention=dattention,
        out=dout,
    )


def _outputs(
    hs: Array,
    memory: Memory,
    p: Seq2SeqParams,
    attention: str | None,
    rows: Any = slice(None),
) -> tuple[Array, Array, AttentionCache | None]:
    """Turn states of the decoder into scores of the next token.

    ``rows`` says which sequence of the memory each state belongs to.
    """
    if attention is None:
        return dense_forward(hs, p.out), hs, None
    keys, mask = memory.hs[:, rows], memory.mask[:, rows]
    contexts, _, asked = attention_forward(
        hs, keys, keys, p.attention, mask, score=attention
    )
    features = np.concatenate([hs, contexts], axis=-1)
    return dense_forward(features, p.out), features, asked


def _mix(ready: tuple[Step, Any], inputs: Ids, own: Any) -> Ids:
    """Replace inputs by the decoder's own choices, which it makes one by one."""
    asked = np.asarray(own)
    check_shape("own", asked, "S B", S=len(inputs), B=inputs.shape[1])
    if asked.dtype != bool:
        raise TypeError(f"own must be bool, got {asked.dtype}")
    step, state = ready
    mixed = inputs.copy()
    for t in range(1, len(inputs)):
        log_probs, state = step(state, mixed[t - 1])
        mixed[t] = np.where(asked[t], log_probs.argmax(axis=-1), inputs[t])
    return mixed


# -- checks at the door ------------------------------------------------------------


def _check_parts(cell: str, p: Any) -> None:
    """Raise unless the embeddings and the two cells fit each other."""
    if not isinstance(p, Seq2SeqParams):
        raise TypeError(f"p must be Seq2SeqParams, got {type(p).__name__}")
    check_float("p.E_x", p.E_x)
    check_shape("p.E_x", p.E_x, "V_x D")
    D, dtype = p.E_x.shape[1], p.E_x.dtype
    check_shape("p.E_y", p.E_y, "V_y D", D=D)
    check_dtype("p.E_y", p.E_y, dtype)
    _, H = check_cell(cell, p.encoder, name="p.encoder", D=D, dtype=dtype)
    check_cell(cell, p.decoder, name="p.decoder", D=D, H=H, dtype=dtype)


def check_seq2seq(cell: str, p: Any, attention: str | None) -> None:
    """Raise unless all weights fit each other, the cell and the score.

    Examples
    --------
    >>> p = init_seq2seq("rnn", 11, 13, 3, 5, rng=np.random.default_rng(0))
    >>> check_seq2seq("rnn", p, None)
    >>> check_seq2seq("rnn", p, "dot")
    Traceback (most recent call last):
        ...
    ValueError: p.out.W must have shape (2H=10, V_y=13), got (5, 13)
    """
    if attention is not None:
        check_choice("attention", attention, SCORES)
    _check_parts(cell, p)
    want = AttentionParams if attention == "additive" else type(None)
    if not isinstance(p.attention, want):
        raise TypeError(
            f"p.attention must be {want.__name__} with attention={attention!r}, "
            f"got {type(p.attention).__name__}"
        )
    H = len(p.decoder.W_h)
    sizes: dict[str, int | None] = {"H": H, "2H": 2 * H, "V_y": len(p.E_y)}
    axes = "H V_y" if attention is None else "2H V_y"
    check_dense("p.out", p.out, axes, dtype=p.E_x.dtype, **sizes)

"""The checks of chapter 16: encoder, decoder, loss, attention, greedy and beam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, Mistake

ASSIGNMENT = "16-sequence-to-sequence"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]


def _log_softmax(z: Array, axis: int = -1) -> Array:
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def _softmax(z: Array, axis: int = -1) -> Array:
    return np.exp(_log_softmax(z, axis))


# -- seq-encoder ------------------------------------------------------------------


def _encode(
    xs: Array, lengths: Array, E_x: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    from rnncourse.reference.rnn import RNNParams, rnn_forward

    hs, h_T, _ = rnn_forward(E_x[xs], RNNParams(W_x, W_h, b), lengths=lengths)
    return hs, h_T


def _read(
    inputs: Array, live: Array, W_x: Array, W_h: Array, b: Array, carry: bool = True
) -> Array:
    """Run a plain network from zero; where ``live`` is false the state stays."""
    h = np.zeros((inputs.shape[1], len(b)), dtype=b.dtype)
    hs = []
    for x, on in zip(inputs, live, strict=True):
        new = np.tanh(x @ W_x + (h @ W_h if carry else 0) + b)
        h = np.where(on[:, None], new, h)
        hs.append(h)
    return np.stack(hs), h


def _live(xs: Array, lengths: Array) -> Array:
    return np.arange(len(xs))[:, None] < lengths


def _encode_ignored(
    xs: Array, lengths: Array, E_x: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return _read(E_x[xs], np.ones(xs.shape, dtype=bool), W_x, W_h, b)


def _encode_final(
    xs: Array, lengths: Array, E_x: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    hs, _ = _read(E_x[xs], _live(xs, lengths), W_x, W_h, b)
    return hs, _encode_ignored(xs, lengths, E_x, W_x, W_h, b)[1]


def _encode_zeroed(
    xs: Array, lengths: Array, E_x: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    live = _live(xs, lengths)
    hs, h_T = _read(E_x[xs], live, W_x, W_h, b)
    return hs * live[:, :, None], h_T


def _encode_late(
    xs: Array, lengths: Array, E_x: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return _read(E_x[xs], _live(xs, lengths + 1), W_x, W_h, b)


def _encode_no_carry(
    xs: Array, lengths: Array, E_x: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return _read(E_x[xs], _live(xs, lengths), W_x, W_h, b, carry=False)


def _encode_no_bias(
    xs: Array, lengths: Array, E_x: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    return _read(E_x[xs], _live(xs, lengths), W_x, W_h, np.zeros_like(b))


def _encode_silent_padding(
    xs: Array, lengths: Array, E_x: Array, W_x: Array, W_h: Array, b: Array
) -> Array:
    inputs = E_x[xs] * _live(xs, lengths)[:, :, None]
    return _read(inputs, np.ones(xs.shape, dtype=bool), W_x, W_h, b)


def _draw_encoder(rng: np.random.Generator, lengths: tuple[int, ...]) -> Inputs:
    V, D, H, T, B = 7, 3, 4, max(lengths), len(lengths)
    return {
        "xs": rng.integers(0, V, size=(T, B)),
        "lengths": np.array(lengths),
        "E_x": rng.normal(size=(V, D)),
        "W_x": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_h": 1.2 * rng.normal(size=(H, H)) / np.sqrt(H),
        "b": rng.normal(size=H),
    }


def _draw_encoder_padding(rng: np.random.Generator) -> list[Inputs]:
    """Draw one batch twice, with other tokens in the padding."""
    drawn = _draw_encoder(rng, (6, 2, 4))
    other = drawn["xs"].copy()
    other[~_live(other, drawn["lengths"])] = 0
    return [drawn, {**drawn, "xs": other}]


ENCODER = Check(
    name="seq-encoder",
    assignment=ASSIGNMENT,
    points=3,
    title="encode",
    asks="the states hs, shape (T, B, H), and the last states h_T, shape (B, H)",
    equation="16.1",
    section="One network reads, another writes",
    reference=_encode,
    returns=("hs", "h_T"),
    cases=(
        Case(
            "value",
            "three inputs of unequal length",
            1.5,
            lambda rng: _draw_encoder(rng, (5, 3, 2)),
        ),
        Case(
            "property",
            "what stands in the padding is never read",
            0.75,
            _draw_encoder_padding,
        ),
        Case(
            "edge",
            "no padding at all, and an input of one token",
            0.75,
            lambda rng: [_draw_encoder(rng, (4, 4)), _draw_encoder(rng, (1, 3))],
        ),
    ),
    mistakes=(
        Mistake(
            "encoder-lengths-ignored",
            _encode_ignored,
            "the lengths were not used: (16.1) went on reading the padding, and what "
            "the decoder gets depends on its neighbours in the batch.",
        ),
        Mistake(
            "encoder-last-state-of-padding",
            _encode_final,
            "hs is right, but h_T read the padding: the decoder must start from the "
            "state after the last token of (16.1).",
        ),
        Mistake(
            "encoder-states-zeroed",
            _encode_zeroed,
            "hs holds zeros after the end of an input. After its end it should repeat "
            "the last state of (16.1); hiding it is the mask's work.",
        ),
        Mistake(
            "encoder-one-token-late",
            _encode_late,
            "each input read one token of its padding. Counted from 0, the last step "
            "of (16.1) is length - 1.",
        ),
        Mistake(
            "encoder-state-not-carried",
            _encode_no_carry,
            "every step began from zero. In (16.1) a state is made from the state "
            "before as well as from the token.",
        ),
        Mistake(
            "encoder-without-bias",
            _encode_no_bias,
            "the bias of the step in (16.1) was left out.",
        ),
        Mistake(
            "encoder-padding-embedded-as-zero",
            _encode_silent_padding,
            "the padding was embedded as zeros and (16.1) ran on. Old state and bias "
            "still move it: hold the state instead.",
        ),
    ),
)


# -- seq-decoder-step -------------------------------------------------------------


def _decode(
    tokens: Array,
    h_prev: Array,
    E_y: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    W_o: Array,
    b_o: Array,
) -> Array:
    h = np.tanh(E_y[tokens] @ W_x + h_prev @ W_h + b)
    return _log_softmax(h @ W_o + b_o), h


def _decode_probs(*given: Array) -> Array:
    log_probs, h = _decode(*given)
    return np.exp(log_probs), h


def _decode_logits(*given: Array) -> Array:
    h = _decode(*given)[1]
    return h @ given[6] + given[7], h


def _decode_old_state(*given: Array) -> Array:
    return _log_softmax(given[1] @ given[6] + given[7]), _decode(*given)[1]


def _decode_deaf(*given: Array) -> Array:
    return _decode(given[0], given[1], 0 * given[2], *given[3:])


def _decode_forgetful(*given: Array) -> Array:
    return _decode(given[0], 0 * given[1], *given[2:])


def _decode_batch(*given: Array) -> Array:
    h = _decode(*given)[1]
    return _log_softmax(h @ given[6] + given[7], axis=0), h


def _decode_no_out_bias(*given: Array) -> Array:
    return _decode(*(*given[:7], 0 * given[7]))


def _draw_decoder(rng: np.random.Generator, B: int, V: int, D: int, H: int) -> Inputs:
    return {
        "tokens": rng.integers(0, V, size=B),
        "h_prev": np.tanh(rng.normal(size=(B, H))),
        "E_y": rng.normal(size=(V, D)),
        "W_x": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_h": rng.normal(size=(H, H)) / np.sqrt(H),
        "b": rng.normal(size=H),
        "W_o": rng.normal(size=(H, V)),
        "b_o": rng.normal(size=V),
    }


def _draw_decoder_rows(rng: np.random.Generator) -> list[Inputs]:
    """Draw a batch, then each of its rows alone."""
    whole = _draw_decoder(rng, 3, 6, 2, 4)
    rows = [
        {
            **whole,
            "tokens": whole["tokens"][i : i + 1],
            "h_prev": whole["h_prev"][i : i + 1],
        }
        for i in range(3)
    ]
    return [whole, *rows]


def _draw_decoder_far(rng: np.random.Generator) -> list[Inputs]:
    """Draw scores so far apart that exp of them alone would overflow."""
    drawn = _draw_decoder(rng, 2, 5, 3, 4)
    return [{**drawn, "b_o": 2000.0 * np.arange(5)}]


DECODER = Check(
    name="seq-decoder-step",
    assignment=ASSIGNMENT,
    points=4,
    title="decoder_step",
    asks="log_probs, shape (B, V), and the next state h, shape (B, H)",
    equation="16.3",
    section="One network reads, another writes",
    reference=_decode,
    returns=("log_probs", "h"),
    cases=(
        Case("value", "a batch of two", 2, lambda rng: _draw_decoder(rng, 2, 6, 3, 5)),
        Case(
            "property",
            "each row of a batch gives what it gives alone",
            1,
            _draw_decoder_rows,
        ),
        Case("edge", "scores thousands apart stay finite", 1, _draw_decoder_far),
    ),
    mistakes=(
        Mistake(
            "decoder-probabilities",
            _decode_probs,
            "probabilities came back. The logarithm of (16.3) is asked for: only logs "
            "of long sequences can be added without vanishing.",
        ),
        Mistake(
            "decoder-not-normalised",
            _decode_logits,
            "the scores came back as they are. (16.3) is a distribution: the exp of "
            "each row must sum to 1.",
        ),
        Mistake(
            "decoder-tells-from-old-state",
            _decode_old_state,
            "the output was made from the state before. In (16.3) the token is read "
            "first, and the new state tells what follows.",
        ),
        Mistake(
            "decoder-deaf-to-its-token",
            _decode_deaf,
            "the token before was not read. (16.3) has y_<t as well as x after the "
            "bar.",
        ),
        Mistake(
            "decoder-forgets-the-input",
            _decode_forgetful,
            "the state before was not used. It is the only way in which x reaches "
            "(16.3).",
        ),
        Mistake(
            "decoder-normalised-over-the-batch",
            _decode_batch,
            "the softmax ran over the batch. In (16.3) it is the V tokens of one "
            "sequence that compete.",
        ),
        Mistake(
            "decoder-output-bias-forgotten",
            _decode_no_out_bias,
            "the bias b_o of the output layer in (16.3) was left out.",
        ),
    ),
)


# -- seq-masked-loss --------------------------------------------------------------


def _token_losses(logits: Array, ys: Array) -> Array:
    return -np.take_along_axis(_log_softmax(logits), ys[..., None], axis=-1)[..., 0]


def _loss(logits: Array, ys: Array, lengths: Array) -> Array:
    from rnncourse.reference.tokens import sequence_loss

    return sequence_loss(logits, ys, lengths)


def _loss_padding(logits: Array, ys: Array, lengths: Array) -> Array:
    return _token_losses(logits, ys).mean()


def _loss_wrong_count(logits: Array, ys: Array, lengths: Array) -> Array:
    return (_token_losses(logits, ys) * _live(ys, lengths)).mean()


def _loss_mean_of_means(logits: Array, ys: Array, lengths: Array) -> Array:
    return ((_token_losses(logits, ys) * _live(ys, lengths)).sum(0) / lengths).mean()


def _loss_per_sequence(logits: Array, ys: Array, lengths: Array) -> Array:
    return (_token_losses(logits, ys) * _live(ys, lengths)).sum(0).mean()


def _loss_not_normalised(logits: Array, ys: Array, lengths: Array) -> Array:
    at = np.take_along_axis(logits, ys[..., None], axis=-1)[..., 0]
    live = _live(ys, lengths)
    return -(at * live).sum() / live.sum()


def _loss_no_end(logits: Array, ys: Array, lengths: Array) -> Array:
    live = _live(ys, lengths - 1)
    return (_token_losses(logits, ys) * live).sum() / max(live.sum(), 1)


def _loss_probability(logits: Array, ys: Array, lengths: Array) -> Array:
    live = _live(ys, lengths)
    return (np.exp(-_token_losses(logits, ys)) * live).sum() / live.sum()


def _draw_loss(rng: np.random.Generator, lengths: tuple[int, ...], V: int) -> Inputs:
    S, B = max(lengths), len(lengths)
    return {
        "logits": 2 * rng.normal(size=(S, B, V)),
        "ys": rng.integers(0, V, size=(S, B)),
        "lengths": np.array(lengths),
    }


def _draw_loss_padding(rng: np.random.Generator) -> list[Inputs]:
    """Draw once, then again with other scores in the padding."""
    drawn = _draw_loss(rng, (5, 2, 3), 4)
    other = drawn["logits"].copy()
    other[~_live(drawn["ys"], drawn["lengths"])] = 7.0
    other[~_live(drawn["ys"], drawn["lengths"]), 0] = -50.0
    return [drawn, {**drawn, "logits": other}]


LOSS = Check(
    name="seq-masked-loss",
    assignment=ASSIGNMENT,
    points=3,
    title="masked_loss",
    asks="one number, the mean of -log p over all tokens that count",
    equation="16.4",
    section="The loss, and what the decoder is fed",
    reference=_loss,
    cases=(
        Case(
            "value",
            "outputs of unequal length",
            1.5,
            lambda rng: _draw_loss(rng, (4, 2, 1), 5),
        ),
        Case("property", "the padding changes nothing", 0.75, _draw_loss_padding),
        Case(
            "edge",
            "no padding, and a single output",
            0.75,
            lambda rng: [_draw_loss(rng, (3, 3), 4), _draw_loss(rng, (6,), 3)],
        ),
    ),
    mistakes=(
        Mistake(
            "loss-counts-padding",
            _loss_padding,
            "the padding was counted. The sum of (16.4) ends with the end token.",
        ),
        Mistake(
            "loss-divided-by-all",
            _loss_wrong_count,
            "the padding was masked but still counted in the divisor: divide (16.4) "
            "by the number of tokens that count, not by S times B.",
        ),
        Mistake(
            "loss-mean-of-means",
            _loss_mean_of_means,
            "each sequence was averaged on its own first, so a token of a short output "
            "weighs more than one of a long. Add (16.4) over all, then divide once.",
        ),
        Mistake(
            "loss-per-sequence",
            _loss_per_sequence,
            "the sum was divided by the number of sequences. That is the mean of "
            "(16.4) over sequences; a mean over tokens is asked for.",
        ),
        Mistake(
            "loss-of-raw-scores",
            _loss_not_normalised,
            "the scores were used as if they were logs of probabilities. (16.4) needs "
            "the log of the softmax.",
        ),
        Mistake(
            "loss-without-the-end",
            _loss_no_end,
            "the last token of every output was left out. It is the end token, and "
            "(16.4) must pay for it: without it the decoder never learns to stop.",
        ),
        Mistake(
            "loss-of-probabilities",
            _loss_probability,
            "the mean of the probabilities came back. (16.4) adds their logarithms.",
        ),
    ),
)


# -- seq-dot-attention ------------------------------------------------------------


def _dot(queries: Array, keys: Array, mask: Array, scaled: bool) -> Array:
    from rnncourse.reference.attention import attention_forward

    score = "scaled" if scaled else "dot"
    return attention_forward(queries, keys, keys, None, mask, score=score)[1]


def _dot_scores(queries: Array, keys: Array, scale: float) -> Array:
    return scale * np.einsum("sbk,tbk->sbt", queries, keys)


def _weigh(scores: Array, mask: Array) -> Array:
    return _softmax(np.where(mask.T, scores, -np.inf))


def _root(keys: Array, scaled: bool) -> float:
    return float(keys.shape[2] ** -0.5) if scaled else 1.0


def _dot_no_mask(queries: Array, keys: Array, mask: Array, scaled: bool) -> Array:
    return _softmax(_dot_scores(queries, keys, _root(keys, scaled)))


def _dot_zero(queries: Array, keys: Array, mask: Array, scaled: bool) -> Array:
    return _softmax(_dot_scores(queries, keys, _root(keys, scaled)) * mask.T)


def _dot_cut(queries: Array, keys: Array, mask: Array, scaled: bool) -> Array:
    return _dot_no_mask(queries, keys, mask, scaled) * mask.T


def _dot_by_k(queries: Array, keys: Array, mask: Array, scaled: bool) -> Array:
    scale = 1 / keys.shape[2] if scaled else 1.0
    return _weigh(_dot_scores(queries, keys, scale), mask)


def _dot_never(queries: Array, keys: Array, mask: Array, scaled: bool) -> Array:
    return _weigh(_dot_scores(queries, keys, 1.0), mask)


def _dot_always(queries: Array, keys: Array, mask: Array, scaled: bool) -> Array:
    return _weigh(_dot_scores(queries, keys, _root(keys, True)), mask)


def _dot_over_queries(queries: Array, keys: Array, mask: Array, scaled: bool) -> Array:
    weights = _softmax(_dot_scores(queries, keys, _root(keys, scaled)), axis=0)
    return weights * mask.T


def _draw_dot(
    rng: np.random.Generator, lengths: tuple[int, ...], S: int = 4, K: int = 3
) -> Inputs:
    T, B = max(lengths), len(lengths)
    return {
        "queries": rng.normal(size=(S, B, K)),
        "keys": 1.5 * rng.normal(size=(T, B, K)),
        "mask": np.arange(T)[:, None] < np.array(lengths),
        "scaled": True,
    }


def _draw_dot_both(rng: np.random.Generator) -> list[Inputs]:
    drawn = _draw_dot(rng, (5, 2))
    return [drawn, {**drawn, "scaled": False}]


def _draw_dot_padding(rng: np.random.Generator) -> list[Inputs]:
    """Draw once, then with other keys where the mask is off."""
    drawn = _draw_dot(rng, (4, 2, 6))
    other = drawn["keys"].copy()
    other[~drawn["mask"]] = 5.0
    return [drawn, {**drawn, "keys": other}]


def _draw_dot_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw one key that may be looked at, and one query of large scores."""
    one, large = _draw_dot(rng, (1, 4)), _draw_dot(rng, (3, 2), S=1, K=5)
    return [one, {**large, "queries": 500 * large["queries"]}]


DOT = Check(
    name="seq-dot-attention",
    assignment=ASSIGNMENT,
    points=4,
    title="dot_attention",
    asks="the weights, shape (S, B, T), each row summing to 1",
    equation="16.9",
    section="Ask every state",
    reference=_dot,
    cases=(
        Case("value", "with and without the scale, padded", 2, _draw_dot_both),
        Case("property", "masked keys are never looked at", 1, _draw_dot_padding),
        Case("edge", "a single key, and very large scores", 1, _draw_dot_edge),
    ),
    mistakes=(
        Mistake(
            "attention-mask-ignored",
            _dot_no_mask,
            "the mask was not used: the softmax of (16.9) gave weight to padding.",
        ),
        Mistake(
            "attention-masked-to-zero",
            _dot_zero,
            "the masked scores were set to 0. exp(0) = 1 still gets a share in (16.9); "
            "only minus infinity gets none.",
        ),
        Mistake(
            "attention-cut-after",
            _dot_cut,
            "the padding was removed after the softmax, so the weights of (16.9) no "
            "longer sum to 1. Mask the scores instead.",
        ),
        Mistake(
            "attention-scaled-by-k",
            _dot_by_k,
            "the dot product was divided by K. (16.7) divides by its square root, by "
            "which the spread of a sum of K terms grows.",
        ),
        Mistake(
            "attention-never-scaled",
            _dot_never,
            "the scale of (16.7) was not used when asked for.",
        ),
        Mistake(
            "attention-always-scaled",
            _dot_always,
            "(16.7) was used where the plain dot product (16.6) was asked for.",
        ),
        Mistake(
            "attention-over-queries",
            _dot_over_queries,
            "the softmax ran over the queries. In (16.9) it is the T keys that share "
            "the attention of one query.",
        ),
    ),
)


# -- seq-additive-score -----------------------------------------------------------


def _additive(queries: Array, keys: Array, W_q: Array, W_k: Array, v: Array) -> Array:
    hidden = np.tanh((queries @ W_q)[:, None] + keys @ W_k)
    return (hidden @ v).swapaxes(1, 2)


def _additive_sum(q: Array, k: Array, W_q: Array, W_k: Array) -> Array:
    return (q @ W_q)[:, None] + k @ W_k


def _additive_linear(q: Array, k: Array, W_q: Array, W_k: Array, v: Array) -> Array:
    return (_additive_sum(q, k, W_q, W_k) @ v).swapaxes(1, 2)


def _additive_outside(q: Array, k: Array, W_q: Array, W_k: Array, v: Array) -> Array:
    return np.tanh(_additive_linear(q, k, W_q, W_k, v))


def _additive_apart(q: Array, k: Array, W_q: Array, W_k: Array, v: Array) -> Array:
    return ((np.tanh(q @ W_q)[:, None] + np.tanh(k @ W_k)) @ v).swapaxes(1, 2)


def _additive_product(q: Array, k: Array, W_q: Array, W_k: Array, v: Array) -> Array:
    return (np.tanh((q @ W_q)[:, None] * (k @ W_k)) @ v).swapaxes(1, 2)


def _additive_no_v(q: Array, k: Array, W_q: Array, W_k: Array, v: Array) -> Array:
    return np.tanh(_additive_sum(q, k, W_q, W_k)).sum(-1).swapaxes(1, 2)


def _additive_sigmoid(q: Array, k: Array, W_q: Array, W_k: Array, v: Array) -> Array:
    hidden = 0.5 + 0.5 * np.tanh(_additive_sum(q, k, W_q, W_k) / 2)
    return (hidden @ v).swapaxes(1, 2)


def _additive_weights(q: Array, k: Array, W_q: Array, W_k: Array, v: Array) -> Array:
    return _softmax(_additive(q, k, W_q, W_k, v))


def _draw_additive(
    rng: np.random.Generator, S: int, T: int, B: int, Q: int, K: int, A: int
) -> Inputs:
    return {
        "queries": rng.normal(size=(S, B, Q)),
        "keys": rng.normal(size=(T, B, K)),
        "W_q": rng.normal(size=(Q, A)) / np.sqrt(Q),
        "W_k": rng.normal(size=(K, A)) / np.sqrt(K),
        "v": rng.normal(size=A),
    }


def _draw_additive_order(rng: np.random.Generator) -> list[Inputs]:
    """Draw keys in one order, then in the opposite one."""
    drawn = _draw_additive(rng, 3, 5, 2, 4, 2, 6)
    return [drawn, {**drawn, "keys": drawn["keys"][::-1].copy()}]


def _follow_their_keys(calls: list[Inputs], values: list[Any]) -> str:
    first, second = values
    if np.allclose(first, second[..., ::-1]):
        return ""
    return "With the keys in opposite order the scores must come in opposite order."


ADDITIVE = Check(
    name="seq-additive-score",
    assignment=ASSIGNMENT,
    points=3,
    title="additive_scores",
    asks="the scores, shape (S, B, T)",
    equation="16.8",
    section="Three ways to score",
    reference=_additive,
    cases=(
        Case(
            "value",
            "four queries, six keys, other sizes",
            1.5,
            lambda rng: _draw_additive(rng, 4, 6, 2, 3, 5, 7),
        ),
        Case(
            "property",
            "the scores follow the order of the keys",
            0.75,
            _draw_additive_order,
            law=_follow_their_keys,
        ),
        Case(
            "edge",
            "one query, one key, one hidden unit",
            0.75,
            lambda rng: [
                _draw_additive(rng, 1, 1, 3, 2, 4, 5),
                _draw_additive(rng, 3, 2, 1, 4, 2, 1),
            ],
        ),
    ),
    mistakes=(
        Mistake(
            "additive-without-tanh",
            _additive_linear,
            "the tanh of (16.8) was left out. Then the query adds the same number to "
            "all scores, which the softmax does not see at all.",
        ),
        Mistake(
            "additive-tanh-outside",
            _additive_outside,
            "the tanh came after the product with v. In (16.8) v weighs hidden units "
            "that are squashed already.",
        ),
        Mistake(
            "additive-tanh-apart",
            _additive_apart,
            "query and key were squashed each on its own, then added. In (16.8) the "
            "tanh takes their sum; otherwise they never meet.",
        ),
        Mistake(
            "additive-multiplied",
            _additive_product,
            "query and key were multiplied before the tanh. (16.8) adds them, hence "
            "its name.",
        ),
        Mistake(
            "additive-without-v",
            _additive_no_v,
            "the hidden units were summed with equal weights. (16.8) weighs them by v.",
        ),
        Mistake(
            "additive-sigmoid",
            _additive_sigmoid,
            "the sigmoid took the place of the tanh in (16.8).",
        ),
        Mistake(
            "additive-softmax-too-early",
            _additive_weights,
            "the weights came back. The scores of (16.8), before any softmax, are "
            "asked for.",
        ),
    ),
)


# -- seq-context ------------------------------------------------------------------


def _context(weights: Array, values: Array, dcontexts: Array) -> Array:
    contexts = np.einsum("sbt,tbm->sbm", weights, values)
    dalpha = np.einsum("sbm,tbm->sbt", dcontexts, values)
    dvalues = np.einsum("sbt,sbm->tbm", weights, dcontexts)
    dscores = weights * (dalpha - (weights * dalpha).sum(-1, keepdims=True))
    return contexts, dvalues, dscores


def _dalpha(values: Array, dcontexts: Array) -> Array:
    return np.einsum("sbm,tbm->sbt", dcontexts, values)


def _context_no_softmax(weights: Array, values: Array, dcontexts: Array) -> Array:
    return *_context(weights, values, dcontexts)[:2], _dalpha(values, dcontexts)


def _context_no_mean(weights: Array, values: Array, dcontexts: Array) -> Array:
    d = weights * _dalpha(values, dcontexts)
    return *_context(weights, values, dcontexts)[:2], d


def _context_plain_mean(weights: Array, values: Array, dcontexts: Array) -> Array:
    d = _dalpha(values, dcontexts)
    d = weights * (d - d.mean(-1, keepdims=True))
    return *_context(weights, values, dcontexts)[:2], d


def _context_sigmoid(weights: Array, values: Array, dcontexts: Array) -> Array:
    d = _dalpha(values, dcontexts) * weights * (1 - weights)
    return *_context(weights, values, dcontexts)[:2], d


def _context_equal(weights: Array, values: Array, dcontexts: Array) -> Array:
    flat = np.full_like(weights, 1 / weights.shape[2])
    _, dvalues, dscores = _context(weights, values, dcontexts)
    return np.einsum("sbt,tbm->sbm", flat, values), dvalues, dscores


def _context_hard(weights: Array, values: Array, dcontexts: Array) -> Array:
    best = weights.argmax(-1)[..., None] == np.arange(weights.shape[2])
    _, dvalues, dscores = _context(weights, values, dcontexts)
    contexts = np.einsum("sbt,tbm->sbm", best.astype(weights.dtype), values)
    return contexts, dvalues, dscores


def _context_dvalues_all(weights: Array, values: Array, dcontexts: Array) -> Array:
    contexts, _, dscores = _context(weights, values, dcontexts)
    full = np.einsum("sbt,sbm->tbm", np.ones_like(weights), dcontexts)
    return contexts, full, dscores


def _draw_context(rng: np.random.Generator, S: int, B: int, T: int, M: int) -> Inputs:
    return {
        "weights": _softmax(1.5 * rng.normal(size=(S, B, T))),
        "values": rng.normal(size=(T, B, M)),
        "dcontexts": rng.normal(size=(S, B, M)),
    }


def _draw_context_shift(rng: np.random.Generator) -> list[Inputs]:
    """Draw values, then the same with one number added to all of them."""
    drawn = _draw_context(rng, 3, 2, 5, 4)
    return [drawn, {**drawn, "values": drawn["values"] + 2.0}]


def _dscores_sum_to_zero(calls: list[Inputs], values: list[Any]) -> str:
    for _, _, dscores in values:
        if not np.allclose(np.asarray(dscores).sum(-1), 0, atol=1e-7):
            return (
                "Adding one number to all scores changes no weight, so each row of "
                "dscores must sum to 0."
            )
    return ""


def _draw_context_masked(rng: np.random.Generator) -> list[Inputs]:
    """Draw with a weight of exactly 0, as a mask makes it, and with one key alone."""
    drawn = _draw_context(rng, 2, 3, 4, 5)
    weights = drawn["weights"].copy()
    weights[:, 1, 3] = 0
    weights /= weights.sum(-1, keepdims=True)
    return [{**drawn, "weights": weights}, _draw_context(rng, 2, 2, 1, 3)]


CONTEXT = Check(
    name="seq-context",
    assignment=ASSIGNMENT,
    points=4,
    title="context_and_back",
    asks=(
        "contexts, shape (S, B, M), and the gradients dvalues (T, B, M) and dscores "
        "(S, B, T)"
    ),
    equation="16.12",
    section="Back through the question",
    reference=_context,
    returns=("contexts", "dvalues", "dscores"),
    cases=(
        Case("value", "three queries", 2, lambda rng: _draw_context(rng, 3, 2, 5, 4)),
        Case(
            "property",
            "each row of dscores sums to 0",
            1,
            _draw_context_shift,
            law=_dscores_sum_to_zero,
        ),
        Case("edge", "a masked key, and a key alone", 1, _draw_context_masked),
    ),
    mistakes=(
        Mistake(
            "context-softmax-skipped",
            _context_no_softmax,
            "dscores is the gradient of the weights (16.11). The softmax stands "
            "between scores and weights: (16.12).",
        ),
        Mistake(
            "context-mean-forgotten",
            _context_no_mean,
            "the sum in (16.12) was not taken away: a weight can only grow if others "
            "shrink.",
        ),
        Mistake(
            "context-mean-unweighted",
            _context_plain_mean,
            "the plain mean of the gradients was taken away. The sum in (16.12) weighs "
            "them by the attention.",
        ),
        Mistake(
            "context-sigmoid-slope",
            _context_sigmoid,
            "each score was treated on its own, with the slope of a sigmoid. (16.12) "
            "has every score move every weight of its row.",
        ),
        Mistake(
            "context-plain-mean",
            _context_equal,
            "the context is the plain mean of the values. (16.10) weighs them.",
        ),
        Mistake(
            "context-hard-choice",
            _context_hard,
            "the context is the value of the largest weight alone. (16.10) mixes all; "
            "a hard choice would have no gradient.",
        ),
        Mistake(
            "context-dvalues-unweighted",
            _context_dvalues_all,
            "dvalues got the whole gradient of each context. By (16.11) a value gets "
            "the share that its weight is.",
        ),
    ),
)


# -- seq-greedy -------------------------------------------------------------------


def _by_table(table: Array) -> Callable[[Any, Array], tuple[Array, Any]]:
    return lambda state, tokens: (table[tokens], state)


def _greedy(table: Array, starts: Array, end: int, max_length: int) -> Array:
    from rnncourse.reference.search import greedy_search

    found = greedy_search(
        _by_table(table), None, starts, end=end, max_length=max_length
    )
    tokens = np.full((max_length, len(starts)), end)
    tokens[: len(found.tokens)] = found.tokens
    return tokens, found.log_probs


def _walk(
    table: Array,
    starts: Array,
    end: int,
    max_length: int,
    *,
    stop: bool = True,
    feed: bool = True,
    count_all: bool = False,
    lowest: bool = False,
) -> Array:
    tokens, total = np.array(starts), np.zeros(len(starts))
    live, rows = np.ones(len(starts), dtype=bool), []
    for _ in range(max_length):
        log_probs = table[tokens if feed else starts]
        best = (-log_probs if lowest else log_probs).argmax(-1)
        gain = np.take_along_axis(log_probs, best[:, None], 1)[:, 0]
        total = total + (gain if count_all or not stop else np.where(live, gain, 0))
        tokens = np.where(live, best, end) if stop else best
        live = live & (tokens != end)
        rows.append(tokens)
    return np.stack(rows), total


def _greedy_runs_on(table: Array, starts: Array, end: int, max_length: int) -> Array:
    return _walk(table, starts, end, max_length, stop=False)


def _greedy_pays_on(table: Array, starts: Array, end: int, max_length: int) -> Array:
    return _walk(table, starts, end, max_length, count_all=True)


def _greedy_no_feed(table: Array, starts: Array, end: int, max_length: int) -> Array:
    return _walk(table, starts, end, max_length, feed=False)


def _greedy_lowest(table: Array, starts: Array, end: int, max_length: int) -> Array:
    return _walk(table, starts, end, max_length, lowest=True)


def _greedy_probability(
    table: Array, starts: Array, end: int, max_length: int
) -> Array:
    tokens, total = _greedy(table, starts, end, max_length)
    return tokens, np.exp(total)


def _greedy_with_start(table: Array, starts: Array, end: int, max_length: int) -> Array:
    tokens, total = _greedy(table, starts, end, max_length)
    return np.concatenate([starts[None], tokens[:-1]]), total


def _greedy_mean(table: Array, starts: Array, end: int, max_length: int) -> Array:
    tokens, total = _greedy(table, starts, end, max_length)
    lengths = np.minimum((tokens != end).sum(0) + 1, max_length)
    return tokens, total / lengths


def _draw_table(rng: np.random.Generator, V: int, spread: float = 1.0) -> Array:
    return _log_softmax(spread * rng.normal(size=(V + 1, V)))


def _draw_chain(rng: np.random.Generator, V: int, steps: int, end: int) -> Array:
    """Draw a table that leads from token V - 1 to ``end`` in so many steps."""
    z = rng.uniform(0, 0.5, size=(V + 1, V))  # the last row is for the start token
    path = [V - 1, *[t for t in range(V - 2, -1, -1) if t != end][: steps - 1], end]
    for a, c in zip(path, path[1:], strict=False):
        z[a, c] += 1.0
    z[V, V - 1] += 1.0
    z[end, V - 1] += 1.0  # after the end the walk would begin again
    return _log_softmax(z)


def _draw_greedy(rng: np.random.Generator) -> list[Inputs]:
    """Draw walks of several lengths, one row ending before the other."""
    return [
        {
            "table": _draw_chain(rng, 6, 3, 1),
            "starts": np.array([6, 4]),
            "end": 1,
            "max_length": 5,
        },
        {
            "table": _draw_chain(rng, 5, 4, 0),
            "starts": np.array([5, 2, 3]),
            "end": 0,
            "max_length": 7,
        },
    ]


def _draw_greedy_rows(rng: np.random.Generator) -> list[Inputs]:
    """Draw a batch, then each row alone."""
    whole = _draw_greedy(rng)[1]
    rows = [{**whole, "starts": whole["starts"][i : i + 1]} for i in range(3)]
    return [whole, *rows]


def _draw_greedy_edge(rng: np.random.Generator) -> list[Inputs]:
    """Draw a walk cut off before it ends, and one of a single step."""
    drawn = _draw_greedy(rng)[1]
    return [{**drawn, "max_length": 2}, {**drawn, "max_length": 1}]


GREEDY = Check(
    name="seq-greedy",
    assignment=ASSIGNMENT,
    points=3,
    title="greedy",
    asks="tokens, shape (max_length, B), and log_probs, shape (B,)",
    equation="16.4",
    section="Greedy or beam",
    reference=_greedy,
    returns=("tokens", "log_probs"),
    cases=(
        Case("value", "outputs that end at different steps", 1.5, _draw_greedy),
        Case(
            "property",
            "each row of a batch gives what it gives alone",
            0.75,
            _draw_greedy_rows,
        ),
        Case("edge", "outputs cut off at max_length", 0.75, _draw_greedy_edge),
    ),
    mistakes=(
        Mistake(
            "greedy-never-stops",
            _greedy_runs_on,
            "tokens were still chosen after the end token. The sum of (16.4) is over "
            "by then: repeat the end token and add nothing.",
        ),
        Mistake(
            "greedy-pays-after-the-end",
            _greedy_pays_on,
            "the tokens are right, but log_probs went on adding after the end token, "
            "where (16.4) has no more terms.",
        ),
        Mistake(
            "greedy-not-fed-back",
            _greedy_no_feed,
            "every step read the start token. In (16.4) the token chosen last stands "
            "after the bar at the next step.",
        ),
        Mistake(
            "greedy-least-probable",
            _greedy_lowest,
            "the least probable token was taken. Logs of probabilities are negative: "
            "the largest term of (16.4) is the one nearest 0.",
        ),
        Mistake(
            "greedy-probability-returned",
            _greedy_probability,
            "the probability came back in place of its logarithm, (16.4).",
        ),
        Mistake(
            "greedy-start-returned",
            _greedy_with_start,
            "the start token is among the tokens. It is fed, not told: (16.4) begins "
            "with the first token of the output.",
        ),
        Mistake(
            "greedy-mean-returned",
            _greedy_mean,
            "log_probs was divided by the length. (16.4) is the plain sum; a penalty "
            "comes later.",
        ),
    ),
)


# -- seq-beam ---------------------------------------------------------------------


def _beam(
    table: Array, start: int, end: int, width: int, max_length: int, alpha: float
) -> Array:
    from rnncourse.reference.search import beam_search

    best = beam_search(
        _by_table(table),
        None,
        start,
        end=end,
        width=width,
        max_length=max_length,
        alpha=alpha,
    )[0]
    return _padded(best.tokens, end, max_length), best.score


def _padded(tokens: tuple[int, ...], end: int, max_length: int) -> Array:
    return np.array([*tokens, *[end] * (max_length - len(tokens))])


def _penalty(length: int, alpha: float) -> float:
    return float(((5 + length) / 6) ** alpha)


def _search(
    table: Array,
    start: int,
    end: int,
    width: int,
    max_length: int,
    rank: Callable[[float, int], float],
    *,
    forget: bool = False,
    first: bool = False,
    complete: bool = False,
) -> Array:
    """Search with a beam; ``rank`` turns log-probability and length into a score."""
    going: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    found: list[tuple[float, tuple[int, ...]]] = []
    for length in range(1, max_length + 1):
        grown = [
            ((0 if forget else total) + float(gain), (*tokens, token))
            for total, tokens in going
            for token, gain in enumerate(table[tokens[-1] if tokens else start])
        ]
        grown.sort(key=lambda one: -one[0])
        going = []
        for total, tokens in grown[:width]:
            if tokens[-1] == end or (length == max_length and not complete):
                found.append((rank(total, length), tokens))
            else:
                going.append((total, tokens))
        if not going or (first and found):
            break
    found = found or [(rank(total, max_length), tokens) for total, tokens in going]
    score, tokens = max(found, key=lambda one: one[0])
    return _padded(tokens, end, max_length), score


def _beam_greedy(
    table: Array, start: int, end: int, width: int, max_length: int, alpha: float
) -> Array:
    return _beam(table, start, end, 1, max_length, alpha)


def _beam_no_penalty(
    table: Array, start: int, end: int, width: int, max_length: int, alpha: float
) -> Array:
    return _beam(table, start, end, width, max_length, 0.0)


def _beam_multiplied(
    table: Array, start: int, end: int, width: int, max_length: int, alpha: float
) -> Array:
    def rank(total: float, length: int) -> float:
        return total * _penalty(length, alpha)

    return _search(table, start, end, width, max_length, rank)


def _beam_by_length(
    table: Array, start: int, end: int, width: int, max_length: int, alpha: float
) -> Array:
    def rank(total: float, length: int) -> float:
        return float(total / length**alpha)

    return _search(table, start, end, width, max_length, rank)


def _beam_one_more(
    table: Array, start: int, end: int, width: int, max_length: int, alpha: float
) -> Array:
    def rank(total: float, length: int) -> float:
        return total / _penalty(length + 1, alpha)

    return _search(table, start, end, width, max_length, rank)


def _beam_forgets(
    table: Array, start: int, end: int, width: int, max_length: int, alpha: float
) -> Array:
    def rank(total: float, length: int) -> float:
        return total / _penalty(length, alpha)

    return _search(table, start, end, width, max_length, rank, forget=True)


def _beam_first(
    table: Array, start: int, end: int, width: int, max_length: int, alpha: float
) -> Array:
    def rank(total: float, length: int) -> float:
        return total / _penalty(length, alpha)

    return _search(table, start, end, width, max_length, rank, first=True)


def _differs(call: Inputs, *others: Callable[..., Array]) -> bool:
    tokens, score = _beam(**call)
    return all(
        (tokens != got[0]).any() and not np.isclose(score, got[1])
        for got in (other(**call) for other in others)
    )


def _draw_until(
    rng: np.random.Generator, width: int, alpha: float, *others: Callable[..., Array]
) -> Inputs:
    """Draw tables until the right answer differs from those of other programs."""
    call: Inputs = {}
    for _ in range(2000):
        V, end = 5, 1
        z = 1.2 * rng.normal(size=(V + 1, V))
        z[:, end] += 0.3
        call = {
            "table": _log_softmax(z),
            "start": V,
            "end": end,
            "width": width,
            "max_length": 6,
            "alpha": alpha,
        }
        if _differs(call, *others):
            break
    return call


def _draw_beam(rng: np.random.Generator) -> list[Inputs]:
    """Draw searches that greedy, no penalty and stopping early all get wrong."""
    return [
        _draw_until(rng, 3, 0.8, _beam_greedy),
        _draw_until(rng, 3, 1.0, _beam_no_penalty),
        _draw_until(rng, 4, 0.7, _beam_first),
    ]


def _draw_beam_ends(rng: np.random.Generator) -> list[Inputs]:
    """Draw one search with a beam of one, and of as many as there are sequences."""
    call = {**_draw_until(rng, 2, 0.0, _beam_greedy), "max_length": 3}
    return [{**call, "width": 1}, {**call, "width": 125}]


def _wider_is_not_worse(calls: list[Inputs], values: list[Any]) -> str:
    if values[1][1] >= values[0][1] - 1e-9:
        return ""
    return "A beam that drops nothing must not find less than a beam of one."


def _draw_beam_cut(rng: np.random.Generator) -> list[Inputs]:
    """Draw a search in which nothing ends in time."""
    table = _draw_table(rng, 4)
    table[:, 2] -= 12
    call = {"table": _log_softmax(table), "start": 4, "end": 2, "width": 2}
    return [{**call, "max_length": 4, "alpha": 0.6}]


BEAM = Check(
    name="seq-beam",
    assignment=ASSIGNMENT,
    points=5,
    title="beam",
    asks="the best tokens, shape (max_length,), and their score",
    equation="16.13",
    section="Greedy or beam",
    reference=_beam,
    returns=("tokens", "score"),
    cases=(
        Case("value", "three searches with a length penalty", 2.5, _draw_beam),
        Case(
            "property",
            "a beam of one, and one that drops nothing",
            1.25,
            _draw_beam_ends,
            law=_wider_is_not_worse,
        ),
        Case("edge", "nothing ends before max_length", 1.25, _draw_beam_cut),
    ),
    mistakes=(
        Mistake(
            "beam-of-one",
            _beam_greedy,
            "only one prefix was kept, which is greedy. (16.13) keeps the k best.",
        ),
        Mistake(
            "beam-penalty-ignored",
            _beam_no_penalty,
            "the finished outputs were ranked without (16.5), so short ones win.",
        ),
        Mistake(
            "beam-penalty-multiplied",
            _beam_multiplied,
            "the log-probability was multiplied by the penalty. It is negative: to "
            "help a long output (16.5) divides.",
        ),
        Mistake(
            "beam-divided-by-length",
            _beam_by_length,
            "the divisor was the length to the power of alpha. (16.5) has (5 + L)/6 "
            "there, which grows more gently.",
        ),
        Mistake(
            "beam-start-counted",
            _beam_one_more,
            "the length in (16.5) is one too large: the end token counts, the start "
            "token does not.",
        ),
        Mistake(
            "beam-past-forgotten",
            _beam_forgets,
            "prefixes were compared by their last token alone. (16.13) keeps those "
            "whose whole sum is largest.",
        ),
        Mistake(
            "beam-stops-at-the-first-end",
            _beam_first,
            "the search stopped as soon as one output had ended. A longer one, by "
            "(16.5), may still score better; (16.13) goes on.",
        ),
    ),
)

CHECKS = (ENCODER, DECODER, LOSS, DOT, ADDITIVE, CONTEXT, GREEDY, BEAM)

"""Every public function of the reference, given what does not fit.

The table holds one valid call of each; the tests spoil one argument at a time, so a
new function needs one line here and no test of its own for its door.
"""

import inspect
import re

import numpy as np
import pytest

from rnncourse import api
from rnncourse.reference import (
    analysis,
    attention,
    bidirectional,
    cells,
    chunks,
    cnn_lstm,
    conditioning,
    convolution,
    deep,
    dense,
    embedding,
    functional,
    gru,
    hierarchical,
    initialise,
    layer_norm,
    leaky,
    lstm,
    lstm_variants,
    min_gru,
    min_lstm,
    one_to_many,
    peephole,
    pooling,
    readers,
    rnn,
    scan,
    search,
    seq2seq,
    sequences,
    skip,
    stacked,
    tokens,
    variants,
)

T, B, D, H, K, V = 4, 2, 3, 5, 6, 7
RNG = np.random.default_rng(0)
LENGTHS = np.array([T, 2])

# What takes no arrays and no sizes, or is held by the tests of all that call it
EXCEPTIONS = {
    "checks, each with tests of its own in test_validate and the modules": (
        "analysis.check_lag",
        "bidirectional.check_bidirectional",
        "cells.check_cell",
        "cells.check_state",
        "cells.find_cell",
        "conditioning.check_conditioned",
        "deep.check_deep",
        "dense.check_dense",
        "hierarchical.check_hierarchical",
        "readers.check_reader",
        "stacked.check_stacked",
        "cells.open_state",
        "cnn_lstm.check_cnn_lstm",
        "gru.check_kind",
        "gru.check_no_inner_bias",
        "lstm_loop.check_params",
        "lstm_loop.check_step",
        "lstm_loop.check_step_backward",
        "lstm_loop.check_weights",
        "lstm_loop.open_state",
        "optim.check_rate",
        "seq2seq.check_seq2seq",
        "state_loop.check_params",
        "state_loop.check_step",
        "state_loop.check_step_backward",
        "state_loop.open_layer",
        "state_loop.open_past",
        "tokens.open_tokens",
        "validate.*",
    ),
    "loops called by every variant in the table": (
        "lstm_loop.draw_weights",
        "lstm_loop.loop_backward",
        "lstm_loop.loop_forward",
        "state_loop.draw_matrices",
        "state_loop.state_loop_backward",
        "state_loop.state_loop_forward",
    ),
    "containers of any arrays": (
        "dense.mlp_arrays",
        "dense.mlp_from_arrays",
        "nested.add_params",
        "nested.nested_arrays",
        "nested.nested_from_arrays",
        "optim.clip_by_global_norm",
        "optim.clip_by_value",
        "optim.finite_pairs",
        "optim.global_norm",
        "optim.named",
        "optim.pairs",
        "optim.rebuild",
        "search.take_rows",
    ),
    "their arguments are functions; test_search and test_gradcheck spoil them": (
        "gradcheck.check_gradient",
        "gradcheck.default_eps",
        "gradcheck.numerical_gradient",
        "gradcheck.relative_error",
        "search.beam_search",
        "search.greedy_search",
        "search.sample",
        "seq2seq.decoder_step",
    ),
    "numbers alone, spoilt in their own tests": (
        "cnn_lstm.steps_left",
        "convolution.output_size",
        "initialise.fans",
        "schedules.constant",
        "schedules.cosine",
        "schedules.exponential",
        "schedules.step_decay",
        "search.length_penalty",
    ),
}


def draw(*shape):
    return RNG.normal(size=shape)


CALLS = {}  # name: (function, arguments, axes that may have any size, what is finite)


def add(function, free="", finite="", /, **arguments):
    home = function.__module__.removeprefix("rnncourse.reference.")
    CALLS[f"{home}.{function.__name__}"] = (
        function,
        arguments,
        free.split(),
        finite.split(),
    )
    return function(**arguments)


def add_layer(module, name, *, states=("h",), textbook=False, delay=None, kinds=None):
    """Add the functions of a recurrent layer, all named alike."""
    kinds = kinds or {}

    def of(what):
        return getattr(module, f"{name}{what}")

    init = getattr(module, f"init_{name}")
    add(init, D=D, H=H, rng=RNG, dtype=np.float64)
    p = init(D, H, rng=np.random.default_rng(1))
    past = {f"{s}_prev": draw(B, H) for s in states}
    later = {f"d{s}": draw(B, H) for s in states}
    if delay and name == "skip":
        past["h_skip"] = draw(B, H)
    if delay and name == "removed":
        past = {"h_skip": draw(B, H)}
    cache = add(of("_step"), x=draw(B, D), **past, p=p, **kinds)[-1]
    add(of("_step_backward"), **later, cache=cache, p=p)
    size = (delay, B, H) if delay else (B, H)
    first = {f"{s}0": draw(*size) for s in states}
    last = {f"d{s}_T": draw(*size) for s in states}
    more = {"d": delay} if delay else {}
    for tail in ("", "_textbook") if textbook else ("",):
        *_, cache = add(
            of(f"_forward{tail}"),
            "xs.0",
            "xs",
            **{"xs": draw(T, B, D), "p": p, "lengths": LENGTHS},
            **(first | more | kinds),
        )
        known = inspect.signature(of(f"_backward{tail}")).parameters
        name_of_cache = "caches" if "caches" in known else "cache"
        add(
            of(f"_backward{tail}"),
            **{"dhs": draw(T, B, H), name_of_cache: cache, "p": p},
            **last,
        )
    return p, cache


def fill():
    p, _ = add_layer(rnn, "rnn", textbook=True, kinds={"nonlinearity": "relu"})
    xs, dhs = draw(T, B, D), draw(T, B, H)
    hs, _, cache = rnn.rnn_forward(xs, p)
    add(rnn.rnn_backward_truncated, dhs=dhs, cache=cache, p=p, tau=2, dh_T=draw(B, H))
    add_layer(gru, "gru", textbook=True, kinds={"reset": "after", "z_keeps": True})
    add(gru.flip_z, "p.W_x.0", p=gru.init_gru(D, H, rng=RNG))
    both = ("h", "c")
    lstm_p, _ = add_layer(lstm, "lstm", states=both, textbook=True)
    coupled, _ = add_layer(lstm_variants, "coupled", states=both)
    no_forget, _ = add_layer(lstm_variants, "no_forget", states=both)
    peeping, _ = add_layer(peephole, "peephole", states=both)
    add_layer(layer_norm, "layer_norm_lstm", states=both)
    add_layer(leaky, "leaky")
    add_layer(skip, "skip", delay=2)
    add_layer(skip, "removed", delay=2)
    add_layer(min_gru, "min_gru", textbook=True)
    add_layer(min_lstm, "min_lstm", textbook=True)
    add(lstm_variants.lstm_from_coupled, "p.W_x.0", p=coupled)
    add(
        lstm_variants.coupled_from_lstm,
        "p.W_x.0",
        p=lstm_variants.lstm_from_coupled(coupled),
    )
    add(lstm_variants.lstm_from_no_forget, "p.W_x.0", p=no_forget)
    add(peephole.peephole_from_lstm, "p.W_x.0", p=lstm_p)
    add(peephole.lstm_from_peephole, "p.W_x.0", p=peephole.peephole_from_lstm(lstm_p))
    _, cache = add(
        layer_norm.layer_norm, "a.0 a.n", a=draw(B, H), gamma=draw(H), beta=draw(H)
    )
    add(layer_norm.layer_norm_backward, dy=draw(B, H), cache=cache, gamma=draw(H))

    add(cells.init_cell, cell="gru", D=D, H=H, rng=RNG, dtype=np.float64)
    state = {"state": (draw(B, H), draw(B, H)), "lengths": LENGTHS}
    *_, cache = add(
        cells.cell_forward, "xs.0", "xs", cell="lstm", xs=xs, p=lstm_p, **state
    )
    add(
        cells.cell_backward,
        **{"cell": "lstm", "dhs": dhs, "cache": cache, "p": lstm_p},
        dstate_T=(draw(B, H), draw(B, H)),
    )

    add(analysis.jacobian_products, "hs.0 hs.1", hs=hs, W_h=draw(H, H))
    add(analysis.spectral_radius, "", "W", W=draw(H, H))
    add(analysis.power_method, "", "W v", W=draw(H, H), v=draw(H), n_steps=3)
    add(analysis.jacobian_bound, "", "W_h", W_h=draw(H, H), gamma=1.0)
    add(analysis.power_norms, "", "W", W=draw(H, H), K=3)
    add(analysis.transient_growth, "", "W", W=draw(H, H), K=3)
    add(analysis.henrici_departure, "", "W", W=draw(H, H))
    add(analysis.input_times_gradient, xs=xs, dxs=xs, lengths=LENGTHS)
    add(
        analysis.gradient_against_lag,
        "xs.0",
        "xs",
        **{"step": rnn.rnn_step, "step_backward": rnn.rnn_step_backward, "xs": xs},
        **{"p": p, "state": draw(B, H), "dh_T": draw(B, H), "K": 2},
    )

    add(attention.init_attention, Q=3, K=4, A=5, rng=RNG, dtype=np.float64)
    q = attention.init_attention(3, 4, 5, rng=RNG)
    given = {"queries": draw(2, B, 3), "keys": draw(T, B, 4), "values": draw(T, B, 6)}
    *_, cache = add(
        attention.attention_forward,
        "queries.0 values.2",
        **given,
        p=q,
        mask=np.ones((T, B), dtype=bool),
        score="additive",
    )
    add(
        attention.attention_backward,
        **{"dcontexts": draw(2, B, 6), "cache": cache, "p": q},
        dweights=draw(2, B, T),
    )

    for module, name, shape, kernel in (
        (convolution, "conv1d", (T, B, D), 2),
        (convolution, "conv2d", (T, 5, B, D), (2, 2)),
    ):
        conv = convolution.init_conv(kernel, D, 4, rng=RNG)
        for tail in ("", "_textbook"):
            ys, cache = add(
                getattr(module, f"{name}_forward{tail}"),
                "xs.0 xs.1 xs.2 p.W.0 p.W.1" if name == "conv2d" else "xs.0 xs.1 p.W.0",
                "xs",
                **{"xs": draw(*shape), "p": conv, "padding": "same"},
                **{"stride": 1, "dilation": 1},
            )
            add(
                getattr(module, f"{name}_backward{tail}"),
                **{"dys": np.ones_like(ys), "cache": cache, "p": conv},
            )
    add(convolution.init_conv, kernel=2, D=D, F=4, rng=RNG, dtype=np.float64)
    add(convolution.flip_kernel, "W.0 W.1 W.2 W.n", W=draw(2, D, 4))
    for kind in ("max", "mean"):
        ys, cache = add(
            getattr(pooling, f"{kind}_pool_forward"),
            "xs.0 xs.1 xs.2 xs.n",
            "xs",
            **{"xs": xs, "size": 2, "stride": 2},
        )
        add(
            getattr(pooling, f"{kind}_pool_backward"), dys=np.ones_like(ys), cache=cache
        )

    add(cnn_lstm.init_cnn_lstm, kernel=2, D=D, F=4, H=H, K=K, rng=RNG, dtype=np.float64)
    net = cnn_lstm.init_cnn_lstm(2, D, 4, H, K, rng=RNG)
    y, cache = add(
        cnn_lstm.cnn_lstm_forward,
        "xs.0 p.conv.W.0",
        "xs",
        **{"xs": xs, "p": net, "lengths": LENGTHS, "padding": "causal", "pool": 2},
    )
    add(cnn_lstm.cnn_lstm_backward, dy=np.ones_like(y), cache=cache, p=net)

    add(dense.init_dense, D=D, K=K, rng=RNG, dtype=np.float64)
    one = dense.init_dense(D, K, rng=RNG)
    add(dense.dense_forward, "x.0 x.n", x=draw(B, D), p=one)
    add(dense.dense_backward, dy=draw(B, K), x=draw(B, D), p=one)
    logistic = dense.LogisticParams(draw(D), draw(1))
    add(dense.logistic_forward, "x.0", "x", x=draw(B, D), p=logistic)
    add(dense.logistic_backward, "", "x", dz=draw(B), x=draw(B, D), p=logistic)
    add(dense.binary_cross_entropy, "", "z", z=draw(B), y=[0, 1])
    add(dense.binary_cross_entropy_backward, "", "z", z=draw(B), y=[0, 1])
    add(dense.init_mlp, sizes=[D, H, K], rng=RNG, dtype=np.float64)
    mlp = dense.init_mlp([D, H, K], rng=RNG)
    _, cache = add(
        dense.mlp_forward, "x.0 x.n", "x", x=draw(B, D), p=mlp, nonlinearity="relu"
    )
    add(dense.mlp_backward, dy=draw(B, K), cache=cache, p=mlp)

    ids = np.array([[1, 2], [3, 0], [4, 6]])
    add(embedding.init_embedding, V=V, D=D, rng=RNG, dtype=np.float64)
    E = draw(V, D)
    add(embedding.embedding_forward, "ids.0 ids.1 ids.n E.0 E.1", ids=ids, E=E)
    add(embedding.embedding_backward, "E.0", dxs=draw(3, B, D), ids=ids, E=E)
    add(embedding.skipgram_pairs, "ids.0 ids.big ids.small", ids=ids[:, 0], window=2)
    add(
        embedding.noise_distribution,
        "counts.0 counts.big counts.half",
        counts=np.arange(1, V),
    )
    add(embedding.init_word2vec, V=V, D=D, rng=RNG, dtype=np.float64)
    word2vec = embedding.Word2VecParams(E, draw(V, D))
    words = {"centres": ids[:, 0], "contexts": ids[:, 1]}
    _, cache = add(
        embedding.word2vec_forward, "negatives.1", **words, negatives=ids, p=word2vec
    )
    add(embedding.word2vec_backward, cache=cache, p=word2vec)
    add(
        embedding.word2vec_step,
        "noise.own",
        **{"p": word2vec, **words, "noise": np.full(V, 1 / V)},
        **{"n_negatives": 2, "lr": 0.1, "rng": RNG},
    )
    add(embedding.nearest, "E.0 E.1", "E", E=E, word=2, n=2)

    for name in ("sigmoid", "relu", "softmax", "log_softmax"):
        add(getattr(functional, name), "z.0 z.1 z.n", z=draw(B, K))
    for name in ("sigmoid", "tanh", "relu"):
        add(getattr(functional, f"{name}_backward"), dy=draw(B, K), y=draw(B, K))
    add(functional.one_hot, "ids.0 ids.1 ids.n", ids=ids, V=V)
    scores = {"logits": draw(3, B, V), "targets": ids, "mask": np.ones((3, B))}
    add(functional.cross_entropy, "logits.2 mask.any", "mask", **scores)
    add(functional.cross_entropy_backward, "logits.2 mask.any", "mask", **scores)
    for name in ("mse", "mae"):
        for tail in ("", "_backward"):
            add(
                getattr(functional, name + tail),
                *("y.any mask.any", "mask"),
                **{"y_hat": draw(B, K), "y": draw(B, K), "mask": np.ones((B, K))},
            )
    add(tokens.sequence_loss, "logits.2", logits=draw(3, B, V), ys=ids, lengths=[3, 3])
    add(
        tokens.sequence_loss_backward,
        "logits.2",
        **{"logits": draw(3, B, V), "ys": ids, "lengths": [3, 3]},
    )

    shape = {"shape": (D, H), "rng": RNG, "dtype": np.float64}
    add(initialise.uniform, **shape, bound=0.1)
    for name in ("glorot_uniform", "glorot_normal", "he_uniform", "he_normal"):
        add(getattr(initialise, name), **shape)
    add(initialise.orthogonal, D=D, H=H, rng=RNG, dtype=np.float64)
    add(initialise.identity, H=H, dtype=np.float64)
    add(initialise.unit_forget_bias, b=draw(4 * H))
    ab = {"a": draw(T, B), "b": draw(T, B), "h0": draw(B)}
    add(scan.linear_loop, "", "a b", **ab)
    hs = add(scan.linear_scan, "", "a b", **ab, method="blelloch")
    add(
        scan.linear_scan_backward,
        "",
        "a hs",
        **{"dhs": draw(T, B), "a": ab["a"], "hs": hs, "h0": ab["h0"]},
        method="blelloch",
    )
    add(search.restrict, "log_probs.0 log_probs.1 log_probs.n", log_probs=draw(B, V))
    add(
        seq2seq.init_seq2seq,
        **{"cell": "gru", "V_x": V, "V_y": V, "D": D, "H": H, "rng": RNG},
        dtype=np.float64,
        attention="dot",
    )
    net = seq2seq.init_seq2seq("gru", V, V, D, H, attention="dot", rng=RNG)
    add(
        seq2seq.encode,
        "xs.0 p.E_x.0 p.E_y.0 p.decoder* p.out*",
        cell="gru",
        xs=ids,
        p=net,
        lengths=[3, 3],
    )
    *_, cache = add(
        seq2seq.seq2seq_forward,
        "xs.0 ys.0 p.E_x.0",
        **{"cell": "gru", "xs": ids, "ys": ids, "p": net, "start": 0},
        **{"attention": "dot", "x_lengths": [3, 3], "y_lengths": [3, 3]},
    )
    add(seq2seq.seq2seq_backward, "p.E_x.0", dlogits=draw(3, B, V), cache=cache, p=net)
    add(sequences.reverse_valid, "xs.0 xs.2 xs.n xs.any", xs=xs, lengths=LENGTHS)

    add(variants.init_output_rnn, D=D, H=H, K=K, rng=RNG, dtype=np.float64)
    out = variants.init_output_rnn(D, H, K, rng=RNG)
    *_, cache = add(variants.output_rnn_step, x=draw(B, D), y_prev=draw(B, K), p=out)
    add(variants.output_rnn_step_backward, dy=draw(B, K), cache=cache, p=out)
    *_, caches = add(
        variants.output_rnn_forward,
        "",
        "xs ys_true",
        **{"xs": xs, "p": out, "ys_true": draw(T, B, K), "lengths": LENGTHS},
    )
    add(
        variants.output_rnn_backward,
        **{"dys": draw(T, B, K), "caches": caches, "p": out},
    )
    fill_networks(xs)


def fill_networks(xs):
    """Add what is built around the cells."""
    given, drawn = {"cell": "rnn", "xs": xs}, {"rng": RNG, "dtype": np.float64}
    h, dhs = draw(B, H), draw(T, B, H)
    last = {"lengths": LENGTHS}
    add(bidirectional.init_bidirectional, cell="rnn", D=D, H=H, **drawn)
    p = bidirectional.init_bidirectional("rnn", D, H, rng=RNG)
    hs, _, cache = add(
        bidirectional.bidirectional_forward,
        *("xs.0", "xs"),
        **{**given, "p": p, "states": ((h,), (h,)), **last},
    )
    add(
        bidirectional.bidirectional_backward,
        **{"dhs": np.ones_like(hs), "cache": cache, "p": p},
        dstates_T=((h,), (h,)),
    )
    p = cells.init_cell("rnn", D, H, rng=RNG)
    *_, cache = add(
        chunks.chunks_forward,
        *("xs.0", "xs"),
        **{**given, "p": p, "size": 3, "state": (h,), **last},
    )
    add(
        chunks.chunks_backward,
        dhs=dhs,
        cache=cache,
        p=p,
        dstate_T=(h,),
    )
    add(conditioning.init_conditioned, cell="rnn", D=D, C=4, H=H, place="both", **drawn)
    p, v = conditioning.init_conditioned("rnn", D, 4, H, rng=RNG), draw(B, 4)
    start = add(conditioning.context_state, "v.0", "v", v=v, p=p.start, n_states=1)
    add(
        conditioning.context_state_backward,
        **{"dstate": (h,), "state": start, "v": v, "p": p.start},
    )
    *_, cache = add(
        conditioning.conditioned_forward,
        *("xs.0", "xs v"),
        **{**given, "v": v, "p": p, **last},
    )
    add(
        conditioning.conditioned_backward,
        dhs=dhs,
        cache=cache,
        p=p,
        dstate_T=(h,),
    )
    p = deep.init_deep([D, 4], H, [K], n_transition=1, rng=RNG)
    add(
        deep.init_deep,
        **{"sizes_before": [D, 4], "H": H, "sizes_after": [K], "n_transition": 1},
        **drawn,
    )
    ys, _, cache = add(deep.deep_forward, "xs.0", "xs", xs=xs, p=p, h0=h, **last)
    add(
        deep.deep_backward,
        dys=np.ones_like(ys),
        cache=cache,
        p=p,
        dh_T=h,
    )
    add(hierarchical.init_hierarchical, cell="rnn", D=D, sizes=[H, 4], **drawn)
    p = hierarchical.init_hierarchical("rnn", D, [H, 4], rng=RNG)
    states = ((h,), (draw(B, 4),))
    hs, _, cache = add(
        hierarchical.hierarchical_forward,
        *("xs.0", "xs"),
        **{**given, "p": p, "periods": [1, 2], "states": states, **last},
    )
    add(
        hierarchical.hierarchical_backward,
        **{"dhs": np.ones_like(hs), "cache": cache, "p": p, "dstates_T": states},
    )
    add(readers.init_reader, cell="rnn", D=D, H=H, K=D, **drawn)
    p = readers.init_reader("rnn", D, H, D, rng=RNG)
    add(readers.pool_forward, "hs.0 hs.2", hs=dhs, pool="mean", **last)
    add(readers.pool_backward, "dpooled.1", dpooled=h, T=T, pool="mean", **last)
    for function in (readers.many_to_many_forward, readers.many_to_one_forward):
        *_, cache = add(
            function, *("xs.0", "xs"), **{**given, "p": p, "state": (h,), **last}
        )
    add(readers.reader_backward, dys=draw(B, D), cache=cache, p=p, dstate_T=(h,))
    ys, _, cache = add(
        one_to_many.one_to_many_forward,
        "p.out.W.1",
        **{"cell": "rnn", "x": draw(B, D), "p": p, "n_steps": 3, "state": (h,)},
    )
    add(
        one_to_many.one_to_many_backward,
        **{"dys": np.ones_like(ys), "cache": cache, "p": p, "dstate_T": (h,)},
    )
    add(stacked.init_stacked, cell="rnn", D=D, H=H, n_layers=2, **drawn)
    p = stacked.init_stacked("rnn", D, H, 2, rng=RNG)
    *_, cache = add(
        stacked.stacked_forward,
        *("xs.0", "xs"),
        **{**given, "p": p, "states": ((h,), (h,)), **last},
    )
    add(
        stacked.stacked_backward,
        **{"dhs": dhs, "cache": cache, "p": p, "dstates_T": ((h,), (h,))},
    )


fill()


def test_every_public_function_is_spoilt_here_or_has_a_reason_not_to():
    excused = {name for names in EXCEPTIONS.values() for name in names}
    public = set()
    for module in api.modules("rnncourse.reference"):
        home = module.__name__.removeprefix("rnncourse.reference.")
        if f"{home}.*" not in excused:
            found = api.members(module).items()
            public |= {f"{home}.{n}" for n, v in found if inspect.isfunction(v)}
    excused = {name for name in excused if not name.endswith(".*")}
    assert not excused & CALLS.keys()
    assert excused | CALLS.keys() == public


# -- spoiling one leaf of the arguments at a time ----------------------------------


def leaves(value, path):
    """Yield every array of nested tuples and dicts, with its path."""
    if isinstance(value, np.ndarray):
        yield path, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, f"{path}.{name}")
    elif isinstance(value, tuple):
        names = getattr(value, "_fields", range(len(value)))
        for name, part in zip(names, value, strict=True):
            yield from leaves(part, f"{path}.{name}")


def put(value, path, new):
    """Return arguments with one leaf exchanged."""
    if not path:
        return new
    name, *rest = path
    if isinstance(value, dict):
        return {**value, name: put(value[name], rest, new)}
    if hasattr(value, "_replace"):
        return value._replace(**{name: put(getattr(value, name), rest, new)})
    k = int(name)
    return (*value[:k], put(value[k], rest, new), *value[k + 1 :])


def arrays_of(arguments):
    for name, value in arguments.items():
        if "cache" not in name:
            yield from leaves(value, name)


INNER = {  # a state given as a tuple is named as the cell names it
    "state": ("h0", "c0", "h_prev"),
    "states": ("h0",),
    "dstate_T": ("dh_T", "dc_T"),
    "dstates_T": ("dh_T",),
}
FORM = re.compile(r"(?P<name>\S+) must (?P<rule>.+), got (?P<fact>.+)")
AXES = {
    *("T", "B", "D", "H", "K", "V", "S", "N", "C", "F", "Q", "A", "M", "n", "d", "..."),
    *("2H", "3H", "4H", "V_x", "V_y", "D+C", "K1", "K2", "height", "width", "states"),
    *("one", "gates", "axis0", "axis1", "axis2"),
}


def as_written(path):
    """Return a path as Python writes it: p.after[0].b."""
    return re.sub(r"\.(\d+)", r"[\1]", path)


def names_of(path):
    """Return what a message may call an argument: its path, or the layer it is of."""
    parts = as_written(path).split(".")
    whole = {".".join(parts[:-1])} if parts[-2:-1] and parts[-2][-1] == "]" else set()
    return {as_written(path), *whole, *INNER.get(path.split(".")[0], ())}


def refuses(name, path, new, *, partners=False, error=(TypeError, ValueError)):
    """Hold an error to the form: the argument, what it must be, and what came."""
    function, arguments, _, _ = CALLS[name]
    names = names_of(path)
    if partners:
        for other, _ in arrays_of(arguments):
            names |= names_of(other)
        names |= set(arguments)
        names |= {"x"} if "step" in arguments else set()  # what a step is given
    spoilt = put(arguments, path.split("."), new)
    with pytest.raises(error) as caught:
        function(**spoilt)
    said = FORM.fullmatch(str(caught.value))
    assert said and said["name"] in names, str(caught.value)
    given = {as_written(p): a for p, a in arrays_of(spoilt)}.get(said["name"])
    right = {as_written(p): a for p, a in arrays_of(arguments)}.get(said["name"])
    rule, fact = said["rule"], said["fact"]
    if said["name"] != as_written(path):
        right = None  # a partner takes the blame, for it no longer fits
    if shape := re.fullmatch(r"have shape \((.*?),?\)", rule):
        told = [axis.split("=") for axis in shape[1].split(", ")]
        assert all(axis[0] in AXES or axis[0].isdigit() for axis in told), rule
        if given is not None:
            assert fact.startswith(str(given.shape)), str(caught.value)
        if right is not None and right.ndim:  # the rule lets in what is right
            sizes = [int(axis[-1]) if axis[-1].isdigit() else None for axis in told]
            if told[0] == ["..."]:
                sizes = [None] * (right.ndim - len(told) + 1) + sizes[1:]
            pairs = list(zip(sizes, right.shape, strict=True))
            fits = all(n in (None, m) for n, m in pairs)
            if not fits:  # it is made of the rows that came, as of a square matrix
                assert all(n is None or n % len(given) == 0 for n in sizes), rule
    elif given is not None and "float" in rule:
        assert fact == str(given.dtype), str(caught.value)
        if right is not None:
            assert str(right.dtype) in rule, str(caught.value)
    elif rule.startswith("be one of "):
        choices = re.findall(r"'(.+?)'", rule)
        assert arguments[path] in choices and fact == repr(new), str(caught.value)
    elif bounds := re.fullmatch(r"lie in (-?\d+)\.\.(-?\d+)", rule):
        low, high = int(bounds[1]), int(bounds[2])
        right = arguments[path] if right is None else right
        assert low <= np.min(right) and np.max(right) <= high, str(caught.value)
        outside = np.ravel(new)[(np.ravel(new) < low) | (np.ravel(new) > high)]
        assert int(fact) == outside[0], str(caught.value)
    elif least := re.fullmatch(r"be at least (\d+)", rule):
        assert arguments.get(path, right) >= int(least[1]) > new == int(fact)
    elif channels := re.fullmatch(r"have as many channels as p.W, (\d+)", rule):
        assert int(channels[1]) == spoilt["p"].W.shape[-2], str(caught.value)
    elif rule == "be a whole number":
        assert fact == repr(new), str(caught.value)
    elif rule == "be finite":
        at = tuple(int(k) for k in np.argwhere(~np.isfinite(new))[0])
        assert fact == f"nan at {at}", str(caught.value)
    elif rule in ("be an array", "be a numpy Generator"):
        assert fact == type(new).__name__, str(caught.value)


def cases(wanted):
    found = []
    for name, (_, arguments, free, finite) in CALLS.items():
        unread = tuple(n[:-1] for n in free if n.endswith("*"))
        for case in wanted(arguments, free, finite):
            if unread and case[0].startswith(unread):
                continue
            label = "-".join(map(str, (name, *case)))
            found.append(pytest.param(name, *case, id=label))
    return found


def floats(arguments, free, finite):
    return [(n,) for n, a in arrays_of(arguments) if a.dtype == np.float64]


def whole(arguments, free, finite):
    return [(n,) for n, a in arrays_of(arguments) if a.dtype.kind == "i"]


def axes(arguments, free, finite):
    return [
        (n, k)
        for n, a in arrays_of(arguments)
        for k in range(a.ndim)
        if f"{n}.{k}" not in free
    ]


def value_of(name, path):
    return dict(arrays_of(CALLS[name][1]))[path]


@pytest.mark.parametrize(("name", "path"), cases(floats))
def test_whole_numbers_in_place_of_floats_are_refused_by_name(name, path):
    if f"{path}.any" not in CALLS[name][2]:  # it may be of any numbers
        refuses(name, path, value_of(name, path).astype(int), error=TypeError)


@pytest.mark.parametrize(("name", "path"), cases(floats))
def test_something_that_is_no_array_is_refused_by_name(name, path):
    refuses(name, path, "no array")


@pytest.mark.parametrize(("name", "path"), cases(floats))
def test_one_axis_more_is_refused_by_name(name, path):
    if f"{path}.n" not in CALLS[name][2]:
        refuses(name, path, value_of(name, path)[None], partners=True)


@pytest.mark.parametrize(("name", "path", "axis"), cases(axes))
def test_another_size_is_refused_by_a_name(name, path, axis):
    a = value_of(name, path)
    longer = np.concatenate([a, np.take(a, [0], axis)], axis)
    refuses(name, path, longer, partners=True, error=ValueError)


def partnered(arguments, free, finite):
    own = {n for kind in ("any", "own") for n in free if n.endswith(f".{kind}")}
    found = [n for n, a in arrays_of(arguments) if a.dtype == np.float64]
    found = [n for n in found if not {f"{n}.any", f"{n}.own"} & own]
    return [(n,) for n in found if len(found) > 1]


@pytest.mark.parametrize(("name", "path"), cases(partnered))
def test_another_dtype_than_its_partners_is_refused_by_a_name(name, path):
    refuses(name, path, value_of(name, path).astype(np.float32), partners=True)


@pytest.mark.parametrize(
    ("name", "path"), cases(lambda a, free, finite: [(n,) for n in finite])
)
def test_a_number_that_is_not_finite_is_refused_by_name_and_place(name, path):
    bad = value_of(name, path).copy()
    bad.flat[bad.size // 2 :: 2] = np.nan  # the message tells the first place
    refuses(name, path, bad, error=ValueError)


@pytest.mark.parametrize(("name", "path"), cases(whole))
def test_whole_numbers_are_held_to_their_range(name, path):
    a = value_of(name, path)
    if path == "lengths":
        wrong = [a + 1, a * 0, a[:1], np.append(a, 1), a + 0.5]
    else:
        wrong = [] if f"{path}.half" in CALLS[name][2] else [a + 0.5]
        if f"{path}.small" not in CALLS[name][2]:
            wrong += [np.where(a == a.max(), -1, a)]
        wrong += [] if f"{path}.big" in CALLS[name][2] else [a + 1000]
    for bad in wrong:
        refuses(name, path, bad)


def others(kind):
    def wanted(arguments, free, finite):
        return [
            (n,)
            for n, v in arguments.items()
            if isinstance(v, kind) and not isinstance(v, bool)
        ]

    return wanted


@pytest.mark.parametrize(("name", "path"), cases(others(int)))
def test_sizes_are_whole_numbers_that_are_not_negative(name, path):
    refuses(name, path, -1, error=ValueError)
    refuses(name, path, 1.5, error=TypeError)


@pytest.mark.parametrize(("name", "path"), cases(others(str)))
def test_a_choice_that_is_unknown_is_refused(name, path):
    refuses(name, path, "unheard of", error=ValueError)


@pytest.mark.parametrize(
    ("name", "path"),
    cases(lambda a, f, _: [(n,) for n in a if n in ("cache", "caches", "rng")]),
)
def test_another_kind_of_thing_is_refused(name, path):
    refuses(name, path, object(), error=TypeError)


@pytest.mark.parametrize(
    ("name", "path"), cases(lambda a, f, _: [(n,) for n in a if n == "dtype"])
)
def test_a_dtype_that_is_no_float_is_refused(name, path):
    refuses(name, path, np.int64, error=TypeError)


# -- one dtype throughout ----------------------------------------------------------


def narrow(value):
    """Return arguments with float32 in place of float64."""
    if isinstance(value, np.ndarray):
        with np.errstate(over="ignore"):  # of what was never written in a cache
            return value.astype(np.float32) if value.dtype == np.float64 else value
    if isinstance(value, dict):
        return {name: narrow(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        parts = [narrow(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, (np.dtype, type)) and value == np.float64:
        return np.dtype(np.float32)
    return value


def everything(value):
    """Yield all arrays of what a function gives, caches included."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from everything(part)


FLOATS = [
    name
    for name, (_, arguments, _, _) in CALLS.items()
    if floats(arguments, (), ()) or "dtype" in arguments or "cache" in arguments
]


@pytest.mark.parametrize("name", FLOATS)
def test_float32_in_gives_float32_out(name):
    function, arguments, _, _ = CALLS[name]
    found = list(everything(function(**narrow(arguments))))
    assert all(a.dtype != np.float64 for a in found), [a.dtype for a in found]


# -- an empty batch, and one step --------------------------------------------------


LAYERS = [name for name, (_, a, _, _) in CALLS.items() if "xs" in a and "p" in a]


@pytest.mark.parametrize("name", LAYERS)
def test_one_step_works(name):
    function, arguments, _, _ = CALLS[name]
    a = dict(arguments)
    for key in ("xs", "ys", "ys_true"):
        if key in a:
            a[key] = a[key][:1]
    for key in ("lengths", "x_lengths", "y_lengths"):
        if key in a:
            a[key] = [1, 1]
    a.pop("pool", None)
    if "K" in a:
        a["K"] = 1
    found = function(**a)
    assert all(np.isfinite(x).all() for _, x in leaves(found[:1], "ys"))


@pytest.mark.parametrize("name", LAYERS)
def test_no_step_at_all_is_refused_by_name(name):
    function, arguments, _, _ = CALLS[name]
    if name.startswith("convolution.conv2d"):
        pytest.skip("its first axis is the batch")
    both = "xs must have at least one step in each direction, got (0, 2, 3)"
    said = {"analysis": "K must be at most T=0, got 2", "convolution": both}.get(
        name.partition(".")[0], "xs must have at least one time step, got T=0"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        function(**{**arguments, "xs": arguments["xs"][:0]})


INITS = [name for name in CALLS if name.partition(".")[2].startswith("init_")]


@pytest.mark.parametrize("name", INITS)
def test_drawn_weights_have_both_signs_and_follow_the_generator(name):
    function, arguments, _, _ = CALLS[name]
    big = {**arguments, "H": 64} if "H" in arguments else arguments

    def draw_with(seed):
        rng = np.random.default_rng(seed)
        return dict(leaves(function(**{**big, "rng": rng}), "p"))

    one, again, other = draw_with(3), draw_with(3), draw_with(4)
    assert all(np.array_equal(a, again[path]) for path, a in one.items())
    drawn = {path: a for path, a in one.items() if a.ndim > 1 and a.any()}
    assert drawn
    for path, a in drawn.items():
        assert a.min() < 0 < a.max() and not np.array_equal(a, other[path])
        if "H" in arguments and path.endswith((".W_x", ".W_h", ".W_v")):
            assert 0.95 * 64**-0.5 < np.abs(a).max() <= 64**-0.5
    if "dtype" in arguments:
        rest = {k: v for k, v in arguments.items() if k != "dtype"}
        assert all(a.dtype == np.float64 for a in everything(function(**rest)))


EMPTY = [
    f"{home}.{name}_forward{tail}"
    for home, name, tails in (
        ("rnn", "rnn", ("", "_textbook")),
        ("gru", "gru", ("", "_textbook")),
        ("lstm", "lstm", ("", "_textbook")),
        ("lstm_variants", "coupled", ("",)),
        ("lstm_variants", "no_forget", ("",)),
        ("peephole", "peephole", ("",)),
        ("layer_norm", "layer_norm_lstm", ("",)),
        ("leaky", "leaky", ("",)),
        ("skip", "skip", ("",)),
        ("skip", "removed", ("",)),
        ("min_gru", "min_gru", ("", "_textbook")),
        ("min_lstm", "min_lstm", ("", "_textbook")),
        ("cells", "cell", ("",)),
        ("chunks", "chunks", ("",)),
        ("stacked", "stacked", ("",)),
        ("bidirectional", "bidirectional", ("",)),
        ("hierarchical", "hierarchical", ("",)),
        ("deep", "deep", ("",)),
    )
    for tail in tails
]


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_batch_works_there_and_back(name):
    function, arguments, _, _ = CALLS[name]
    keep = {k: arguments[k] for k in KEPT if k in arguments}
    hs, _, cache = function(xs=np.zeros((T, 0, D)), lengths=[], **keep)
    assert hs.shape[:2] == (T, 0)
    backward, known, _, _ = CALLS[name.replace("forward", "backward")]
    slot = "dys" if "dys" in known else "dhs"
    held = "caches" if "caches" in known else "cache"
    first = {"cell": keep["cell"]} if "cell" in known else {}
    dxs, _, dp = backward(**first, **{slot: hs, held: cache, "p": keep["p"]})
    assert dxs.shape == (T, 0, D)
    assert not any(w.any() for _, w in leaves(dp, "dp"))


KEPT = ("cell", "p", "d", "size", "periods", "nonlinearity", "reset", "z_keeps")

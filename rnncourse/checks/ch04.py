"""The checks of chapter 4: kernels, places, padding, pooling and what a layer costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from rnncourse.checks.protocol import Case, Check, Mistake, by_slip

ASSIGNMENT = "04-convolution"
Array = Any  # plain arrays go in and out; their shapes are in each check's ``asks``
Inputs = dict[str, Any]
Rng = np.random.Generator


# -- conv-1d ----------------------------------------------------------------------


def _conv1d_reference(x: Array, W: Array, b: Array, stride: int, dilation: int) -> Any:
    from rnncourse.reference.convolution import ConvParams, conv1d_forward

    p = ConvParams(W, b)
    return conv1d_forward(x[:, None], p, stride=stride, dilation=dilation)[0][:, 0]


def _conv1d(
    x: Array, W: Array, b: Array, stride: int, dilation: int, *, slip: str = ""
) -> Array:
    K = len(W)
    if slip == "flip":
        W = W[::-1]
    if slip == "no-stride":
        stride = 1
    if slip == "no-dilation":
        dilation = 1
    if slip == "swapped":
        stride, dilation = dilation, stride
    if slip == "zeros":
        x = np.pad(x, ((dilation * (K - 1), 0), (0, 0)))
    places = range(0, len(x) - dilation * (K - 1), stride)
    if slip == "last":
        places = places[:-1]
    if slip == "late":
        places = range(stride - 1, len(x) - dilation * (K - 1), stride)
    y = np.array(
        [sum(x[t + k * dilation] @ W[k] for k in range(K)) for t in places]
    ).reshape(-1, W.shape[2])
    if slip == "no-bias":
        return y
    if slip == "bias-each":
        return y + K * b
    if slip == "mean":
        return y / K + b
    if slip == "relu":
        return np.maximum(y + b, 0)
    if slip == "one-channel":
        return (
            np.array(
                [
                    sum(x[t + k * dilation, :1] @ W[k, :1] for k in range(K))
                    for t in places
                ]
            )
            + b
        )
    return y + b


def _draw_conv1d(
    rng: Rng, T: int, K: int, *, stride: int = 1, dilation: int = 1
) -> Inputs:
    return {
        "x": rng.normal(size=(T, 2)),
        "W": rng.normal(size=(K, 2, 4)),
        "b": rng.uniform(0.5, 1.5, size=4),
        "stride": stride,
        "dilation": dilation,
    }


def _draw_strides(rng: Rng) -> list[Inputs]:
    """Draw dilation 2 with every place, then with every third one."""
    first = _draw_conv1d(rng, 12, 3, dilation=2)
    return [first, {**first, "stride": 3}]


def _stride_keeps_every_third(calls: list[Inputs], values: list[Any]) -> str:
    every, third = np.asarray(values[0]), np.asarray(values[1])
    if every[::3].shape == third.shape and np.allclose(every[::3], third):
        return ""
    return (
        "With stride 3 the output must be every third row of the output with stride 1, "
        "the first one included."
    )


CONV1D = Check(
    name="conv-1d",
    assignment=ASSIGNMENT,
    points=3,
    title="conv1d",
    asks="the sums y of all places without zeros around x, an array of shape (T', F)",
    equation="4.1",
    section="One kernel slides along a row",
    reference=_conv1d_reference,
    returns=("y",),
    cases=(
        Case("value", "three channels of weights over eleven steps", 2,
             lambda rng: _draw_conv1d(rng, 11, 3)),
        Case("property", "strides and dilation", 2, _draw_strides,
             law=_stride_keeps_every_third),
        Case("edge", "a kernel as long as x, and a kernel of one", 1,
             lambda rng: [_draw_conv1d(rng, 5, 5),
                          _draw_conv1d(rng, 5, 1, stride=2, dilation=3)]),
    ),
    mistakes=by_slip(
        _conv1d,
        {
            "bias-forgotten": (
                "no-bias",
                "the bias b of (4.1) is missing.",
            ),
            "bias-with-each-weight": (
                "bias-each",
                "b was added with every weight, K times in all. In (4.1) it stands "
                "behind the sum and is added once.",
            ),
            "kernel-flipped": (
                "flip",
                "the last weight met the first entry. That is the convolution of "
                "(4.2); (4.1) does not turn the kernel round.",
            ),
            "last-place-missing": (
                "last",
                "one place is missing at the end. The kernel may begin wherever all of "
                "its K entries still find an input in (4.1).",
            ),
            "zeros-in-front": (
                "zeros",
                "zeros were put in front of x. Here only places that lie wholly inside "
                "of x count in (4.1).",
            ),
            "stride-ignored": (
                "no-stride",
                "every place was computed, whatever the stride. In (4.1) place t "
                "begins at ts.",
            ),
            "dilation-ignored": (
                "no-dilation",
                "the kernel read neighbours, whatever the dilation. In (4.1) its k-th "
                "weight meets the entry kd further on.",
            ),
            "stride-and-dilation-swapped": (
                "swapped",
                "stride and dilation changed places. In (4.1) the stride s goes with "
                "the place t, the dilation d with the weight k.",
            ),
            "first-place-late": (
                "late",
                "the first place begins at entry s - 1. In (4.1) t counts from 0, so "
                "the first place begins at entry 0 for every stride.",
            ),
            "mean-of-products": (
                "mean",
                "the sum was divided by K. (4.1) adds the products up and leaves it at "
                "that.",
            ),
            "relu-added": (
                "relu",
                "negative sums became 0. The nonlinearity comes after this layer; "
                "(4.1) itself is linear.",
            ),
            "first-channel-only": (
                "one-channel",
                "only the first channel of x was read. Every kernel of (4.1) reads all "
                "D channels and adds them up.",
            ),
        },
    ),
)  # fmt: skip


# -- conv-2d ----------------------------------------------------------------------


def _conv2d_reference(x: Array, w: Array, b: float, stride: int) -> Array:
    from rnncourse.reference.convolution import ConvParams, conv2d_forward

    p = ConvParams(w[:, :, None, None], np.array([b], dtype=float))
    return conv2d_forward(x[None, :, :, None], p, stride=stride)[0][0, :, :, 0]


def _conv2d(x: Array, w: Array, b: float, stride: int, *, slip: str = "") -> Array:
    if slip == "flip":
        w = w[::-1, ::-1]
    if slip == "flip-rows":
        w = w[::-1]
    if slip == "flip-columns":
        w = w[:, ::-1]
    if slip == "turned":
        w = w.T
    if slip == "same":
        rows, cols = w.shape[0] - 1, w.shape[1] - 1
        x = np.pad(x, ((rows // 2, rows - rows // 2), (cols // 2, cols - cols // 2)))
    s1, s2 = stride, 1 if slip == "rows-only" else stride
    if slip == "no-stride":
        s1 = s2 = 1
    K1, K2 = w.shape
    y = np.array(
        [
            [
                (x[i : i + K1, j : j + K2] * w).sum()
                for j in range(0, x.shape[1] - K2 + 1, s2)
            ]
            for i in range(0, x.shape[0] - K1 + 1, s1)
        ]
    )
    if slip == "last":
        return y[:-1, :-1] + b
    if slip == "transposed":
        return y.T + b
    if slip == "no-bias":
        return y
    if slip == "bias-each":
        return y + K1 * K2 * b
    if slip == "mean":
        return y / w.size + b
    if slip == "clipped":
        return np.clip(y + b, 0, 255)
    return y + b


def _draw_conv2d(
    rng: Rng, shape: tuple[int, int], kernel: tuple[int, int], stride: int = 1
) -> Inputs:
    return {
        "x": rng.normal(size=shape),
        "w": rng.normal(size=kernel),
        "b": float(rng.uniform(0.5, 1.5)),
        "stride": stride,
    }


def _draw_moved_picture(rng: Rng) -> list[Inputs]:
    """Draw a picture, and the same without its first row and first two columns."""
    first = _draw_conv2d(rng, (7, 8), (2, 3))
    return [first, {**first, "x": first["x"][1:, 2:].copy()}]


def _map_moves_along(calls: list[Inputs], values: list[Any]) -> str:
    whole, part = np.asarray(values[0]), np.asarray(values[1])
    if whole[1:, 2:].shape == part.shape and np.allclose(whole[1:, 2:], part):
        return ""
    return (
        "When the picture moves, the map must move with it and stay the same "
        "otherwise: every place is treated alike."
    )


CONV2D = Check(
    name="conv-2d",
    assignment=ASSIGNMENT,
    points=3,
    title="conv2d",
    asks="the map y of all places of the kernel inside of the picture, an array of two "
    "axes, rows first",
    equation="4.3",
    section="The deck's 114, and the other twenty-four",
    reference=_conv2d_reference,
    returns=("y",),
    cases=(
        Case("value", "a kernel of 3 x 2 on a picture of 6 x 9", 2,
             lambda rng: _draw_conv2d(rng, (6, 9), (3, 2))),
        Case("property", "a picture that is moved", 1, _draw_moved_picture,
             law=_map_moves_along),
        Case("edge", "stride 2; a kernel as large as the picture; a kernel of one", 1,
             lambda rng: [_draw_conv2d(rng, (7, 6), (2, 3), 2),
                          _draw_conv2d(rng, (3, 4), (3, 4)),
                          _draw_conv2d(rng, (3, 4), (1, 1), 3)]),
        Case("naming", "a square kernel", 0,
             lambda rng: _draw_conv2d(rng, (6, 6), (3, 3))),
    ),
    mistakes=by_slip(
        _conv2d,
        {
            "kernel-flipped": (
                "flip",
                "the kernel was turned round in both directions. That is a true "
                "convolution, (4.2); (4.3) lays the kernel on as it is.",
            ),
            "rows-flipped": (
                "flip-rows",
                "the rows of the kernel came upside down. In (4.3) both indices of "
                "the kernel run the same way as those of the picture.",
            ),
            "columns-flipped": (
                "flip-columns",
                "each row of the kernel was read backwards. In (4.3) m runs to the "
                "right in the picture and in the kernel.",
            ),
            "kernel-transposed": (
                "turned",
                "rows and columns of the kernel changed places. In (4.3) the first "
                "index of w goes with the first of x.",
            ),
            "map-transposed": (
                "transposed",
                "the map came with rows and columns exchanged. In (4.3) y has the "
                "order of x.",
            ),
            "zeros-around": (
                "same",
                "zeros were added around the picture. The deck does so; here only "
                "places inside of the picture were asked for, as (4.3) stands.",
            ),
            "last-places-missing": (
                "last",
                "the last row and the last column of the map are missing. The kernel "
                "of (4.3) fits once more in each direction.",
            ),
            "bias-forgotten": (
                "no-bias",
                "b of (4.3) is missing.",
            ),
            "bias-with-each-weight": (
                "bias-each",
                "b was added to each of the products. In (4.3) it stands outside of "
                "both sums.",
            ),
            "mean-of-products": (
                "mean",
                "the products were averaged. (4.3) adds them; whether that is an "
                "average is up to the weights.",
            ),
            "stride-along-rows-only": (
                "rows-only",
                "the stride was used downwards and not to the right. In (4.3) s stands "
                "with i and with j.",
            ),
            "stride-ignored": (
                "no-stride",
                "all places were computed, whatever the stride s of (4.3) was.",
            ),
            "grey-values-cut": (
                "clipped",
                "the sums were cut to 0 to 255. A screen needs that, a network does "
                "not: (4.3) keeps negative sums.",
            ),
        },
    ),
)  # fmt: skip


# -- output-size ------------------------------------------------------------------


def _size_reference(N: int, K: int, stride: int, dilation: int, pads: int) -> int:
    from rnncourse.reference.convolution import output_size

    return output_size(N, K, stride=stride, dilation=dilation, pads=pads)


def _size(
    N: int, K: int, stride: int, dilation: int, pads: int, *, slip: str = ""
) -> Any:
    free = N + pads - dilation * (K - 1) - 1
    if slip == "no-one":
        return free // stride
    if slip == "up":
        return -(-free // stride) + 1
    if slip == "span":
        return (N + pads - dilation * K) // stride + 1
    if slip == "both":
        return (free + pads) // stride + 1
    if slip == "no-pads":
        return (free - pads) // stride + 1
    if slip == "no-dilation":
        return (N + pads - K) // stride + 1
    if slip == "far":
        return (free + 1) // stride + 1
    if slip == "fraction":
        return free / stride + 1
    if slip == "plain":
        return (N + pads) // stride
    if slip == "no-stride":
        return free + 1
    if slip == "less":
        return (free + 1) // stride
    return free // stride + 1


def _sizes(*rows: tuple[int, int, int, int, int]) -> list[Inputs]:
    names = ("N", "K", "stride", "dilation", "pads")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _draw_sizes(rng: Rng) -> list[Inputs]:
    """Draw sizes that a stride does not divide, so that rounding shows."""
    calls = []
    for _ in range(4):
        K, stride, dilation = (int(n) for n in rng.integers(2, 6, size=3))
        pads, places = int(rng.integers(1, 5)), int(rng.integers(4, 9))
        rest = int(rng.integers(1, stride))
        N = dilation * (K - 1) + 1 - pads + places * stride + rest
        calls.append((N, K, stride, dilation, pads))
    return _sizes(*calls)


def _draw_same(rng: Rng) -> list[Inputs]:
    calls = []
    for _ in range(4):
        N, K, dilation = (
            int(rng.integers(*ends)) for ends in ((9, 40), (2, 7), (1, 4))
        )
        calls.append((N, K, 1, dilation, dilation * (K - 1)))
    return _sizes(*calls)


def _same_keeps_the_size(calls: list[Inputs], values: list[Any]) -> str:
    if all(int(v) == c["N"] for c, v in zip(calls, values, strict=True)):
        return ""
    return (
        "With stride 1 and d(K - 1) zeros in all, the output is as long as the input: "
        "that is why this padding is called same."
    )


SIZE = Check(
    name="output-size",
    assignment=ASSIGNMENT,
    points=2,
    title="output_size",
    asks="the number of places N' of a kernel of K entries, a whole number",
    equation="4.4",
    section="How many places are there",
    reference=_size_reference,
    returns=("the number of places",),
    cases=(
        Case("value", "four sizes that do not come out even", 2, _draw_sizes),
        Case("property", "padding that keeps the size", 1, _draw_same,
             law=_same_keeps_the_size),
        Case("edge", "a kernel that just fits; a kernel of one; a stride beyond the "
             "input", 1,
             lambda rng: _sizes((7, 4, 3, 2, 0), (6, 1, 1, 5, 0), (3, 3, 9, 2, 2))),
    ),
    mistakes=by_slip(
        _size,
        {
            "one-forgotten": (
                "no-one",
                "the first place was not counted. The quotient of (4.4) counts the "
                "steps between places; there is one place more than steps.",
            ),
            "rounded-up": (
                "up",
                "the quotient was rounded up. A place that begins too late to fit is "
                "none, so (4.4) rounds down.",
            ),
            "span-too-long": (
                "span",
                "the kernel was taken to span dK inputs. Between K entries there are "
                "only K - 1 gaps, so it spans d(K - 1) + 1, see (4.4).",
            ),
            "zeros-counted-twice": (
                "both",
                "the zeros were counted twice. P in (4.4) is the number at both ends "
                "together.",
            ),
            "zeros-forgotten": (
                "no-pads",
                "the zeros at the ends are missing. To the kernel of (4.4) they are "
                "inputs like any other.",
            ),
            "dilation-forgotten": (
                "no-dilation",
                "the dilation d of (4.4) is missing: the kernel was taken to be dense.",
            ),
            "one-too-far": (
                "far",
                "the last place begins one entry too far. In (4.4) 1 is taken away "
                "before the division, too.",
            ),
            "fraction-kept": (
                "fraction",
                "the number of places is not a whole one. (4.4) rounds the quotient "
                "down.",
            ),
            "kernel-forgotten": (
                "plain",
                "the inputs were divided by the stride, as if the kernel had no size. "
                "See what is taken away in (4.4).",
            ),
            "stride-forgotten": (
                "no-stride",
                "every place was counted. (4.4) takes each s-th one.",
            ),
            "one-added-too-early": (
                "less",
                "the 1 was added before the division. (4.4) adds it to the quotient.",
            ),
        },
    ),
)  # fmt: skip


# -- deck-example -----------------------------------------------------------------

PATCH = np.array(
    [
        [60, 113, 56, 139, 85],
        [73, 121, 54, 84, 128],
        [131, 99, 70, 129, 127],
        [80, 57, 115, 69, 134],
        [104, 126, 123, 95, 130],
    ]
)
SHARPEN = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
EDGE = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])


def _own_deck(rng: np.random.Generator | None) -> Inputs:
    """Draw a patch of grey values for which every slip shows."""
    while rng is not None:
        patch = rng.integers(50, 141, (5, 5))
        answers = [tuple(_deck(patch=patch, slip=slip).values()) for slip in DECK_SLIPS]
        if len(set(answers)) == len(answers):
            return {"patch": patch}
    return {"patch": PATCH}


DECK_SLIPS = (
    "",
    "inside",
    "edge-repeated",
    "swapped",
    "signs",
    "centre",
    "negative",
    "cut",
    "beside",
    "four",
)


def _deck(patch: Array = PATCH, slip: str = "") -> dict[str, int]:
    kernels = {"first": SHARPEN, "edge": EDGE, "corner": SHARPEN}
    at = {"first": (0, 0), "edge": (0, 0), "corner": (4, 4)}
    picture = np.pad(patch, 1, mode="edge" if slip == "edge-repeated" else "constant")
    if slip == "inside":
        picture, at = patch, {"first": (0, 0), "edge": (0, 0), "corner": (2, 2)}
    if slip == "beside":
        at["corner"] = (4, 3)
    if slip == "swapped":
        kernels = {"first": EDGE, "edge": SHARPEN, "corner": EDGE}
    if slip == "four":
        kernels["edge"] = SHARPEN - np.diag([0, 1, 0])
    sums = {}
    for name, (i, j) in at.items():
        w = kernels[name]
        if slip == "signs":
            w = np.abs(w)
        sums[name] = int((picture[i : i + 3, j : j + 3] * w).sum())
        if slip == "centre":
            sums[name] = int(picture[i + 1, j + 1] * w[1, 1])
        if slip == "negative":
            sums[name] = -sums[name]
        if slip == "cut":
            sums[name] = min(max(sums[name], 0), 255)
    return sums


def _three_sums(values: list[Any]) -> dict[str, float]:
    """Read the answer, a dict or three numbers, as numbers by name."""
    given, names = values[0], ("first", "edge", "corner")
    if isinstance(given, dict):
        return {name: float(given[name]) for name in names}
    return {name: float(v) for name, v in zip(names, given, strict=True)}


def _judge_same_place(calls: list[Inputs], values: list[Any]) -> tuple[float, str]:
    """Compare both kernels in one place: their difference is a kernel, too."""
    found = _three_sums(values)
    want = int((np.pad(calls[0]["patch"], 1)[:3, :3] * (EDGE - SHARPEN)).sum())
    if found["edge"] - found["first"] == want:
        return 1.0, ""
    return 0.0, (
        "edge and first come from one and the same patch, so they differ by the sum "
        "with the difference of the kernels, three times the centre minus the four "
        f"corners: {want}. Yours differ by {found['edge'] - found['first']:g}."
    )


def _judge_range(calls: list[Inputs], values: list[Any]) -> tuple[float, str]:
    """Ask for the sum in the corner, which is no grey value."""
    corner = _three_sums(values)["corner"]
    if corner == _deck(calls[0]["patch"])["corner"]:
        return 1.0, ""
    return 0.0, (
        f"in the lower right corner {corner:g} came. Two of the four neighbours are "
        "zeros of the rim there, and the sum need not be a grey value."
    )


DECK = Check(
    name="deck-example",
    assignment=ASSIGNMENT,
    points=2,
    title="sums",
    asks="a dict with three whole numbers: first, edge and corner",
    equation="4.3",
    section="The deck's 114, and the other twenty-four",
    reference=lambda **given: tuple(_deck(**given).values()),
    how="value",
    returns=("first", "edge", "corner"),
    cases=(
        Case("value", "the three sums", 2, lambda rng: {}),
        Case("property", "two kernels on one patch", 1, lambda rng: {},
             judge=_judge_same_place),
        Case("edge", "the corner with the rim of zeros on two sides", 1,
             lambda rng: {}, judge=_judge_range),
    ),
    mistakes=tuple(
        Mistake(name, partial(_deck, slip=slip), message)
        for name, (slip, message) in {
            "rim-left-out": (
                "inside",
                "the kernel was laid on the numbers themselves, without the rim of "
                "zeros. In the deck's first place five of its nine weights of (4.3) "
                "meet a zero.",
            ),
            "rim-repeats-the-picture": (
                "edge-repeated",
                "the rim repeats the outermost grey values. The deck's rim for (4.3) "
                "is of zeros.",
            ),
            "kernels-exchanged": (
                "swapped",
                "the two kernels changed places. Sharpen has the 5 in its middle, "
                "edge the 8.",
            ),
            "signs-dropped": (
                "signs",
                "the neighbours were added. Their weights are negative in both "
                "kernels.",
            ),
            "centre-only": (
                "centre",
                "only the product in the centre was taken. (4.3) adds nine.",
            ),
            "sign-turned": (
                "negative",
                "every sum has the wrong sign. In (4.3) the weights are used as they "
                "are printed.",
            ),
            "cut-to-grey": (
                "cut",
                "a sum above 255 was cut. A picture on a screen needs that, the sum "
                "of (4.3) does not.",
            ),
            "one-column-short": (
                "beside",
                "corner was computed one column too far to the left. The last place "
                "of (4.3) has its centre on the last number.",
            ),
            "four-neighbours": (
                "four",
                "for edge the sharpen kernel with a 4 in its middle was used. That is "
                "an edge detector, too; the deck's has 8 and looks at all eight "
                "neighbours.",
            ),
        }.items()
    ),
    numbers=_own_deck,
)  # fmt: skip


# -- both-ways --------------------------------------------------------------------


def _both_reference(x: Array, w: Array) -> tuple[Array, Array]:
    from rnncourse.reference.convolution import (
        ConvParams,
        conv1d_forward,
        flip_kernel,
    )

    W, none = w[:, None, None], np.zeros(1)
    xs = x[:, None, None]
    there = conv1d_forward(xs, ConvParams(W, none))[0].ravel()
    return there, conv1d_forward(xs, ConvParams(flip_kernel(W), none))[0].ravel()


def _both(x: Array, w: Array, *, slip: str = "") -> tuple[Array, Array]:
    K = len(w)
    plain = np.array([x[t : t + K] @ w for t in range(len(x) - K + 1)])
    turned = np.array([x[t : t + K] @ w[::-1] for t in range(len(x) - K + 1)])
    if slip == "exchanged":
        return turned, plain
    if slip == "no-flip":
        return plain, plain.copy()
    if slip == "two-flips":
        return turned, turned.copy()
    if slip == "sign":
        return plain, -plain
    if slip == "output":
        return plain, plain[::-1].copy()
    if slip == "input":
        return plain, turned[::-1].copy()
    if slip == "full":
        return np.convolve(x, w[::-1]), np.convolve(x, w)
    if slip == "rolled":
        return plain, np.array(
            [x[t : t + K] @ np.roll(w, 1) for t in range(len(plain))]
        )
    if slip == "last":
        return plain[:-1], turned[:-1]
    if slip == "sorted":
        return plain, np.array(
            [x[t : t + K] @ np.sort(w)[::-1] for t in range(len(plain))]
        )
    return plain, turned


def _draw_both(rng: Rng, T: int = 9, K: int = 4) -> Inputs:
    return {"x": rng.normal(size=T), "w": rng.normal(size=K)}


def _draw_spark_and_symmetry(rng: Rng) -> list[Inputs]:
    """Draw a spark with any kernel, then any signal with a symmetric kernel."""
    w = rng.normal(size=4)
    spark = np.zeros(7)
    spark[3] = 1
    half = rng.normal(size=2)
    return [
        {"x": spark, "w": w},
        {"x": rng.normal(size=8), "w": np.concatenate([half, half[::-1]])},
    ]


def _spark_is_answered_by_the_kernel(calls: list[Inputs], values: list[Any]) -> str:
    (_, stamp), (one, other) = values
    if not np.allclose(stamp, calls[0]["w"]):
        return (
            "A single 1 must be answered by the kernel as it is: that is convolution."
        )
    if not np.allclose(one, other):
        return "With a kernel that reads the same backwards the two must agree."
    return ""


BOTH = Check(
    name="both-ways",
    assignment=ASSIGNMENT,
    points=3,
    title="both_ways",
    asks="two arrays of shape (T - K + 1,), the cross-correlation of x with w and "
    "their convolution",
    equation="4.2",
    section="The machine does not turn the kernel round",
    reference=_both_reference,
    returns=("correlation", "convolution"),
    cases=(
        Case("value", "nine entries and a kernel of four", 2, _draw_both),
        Case("property", "a spark, and a symmetric kernel", 1, _draw_spark_and_symmetry,
             law=_spark_is_answered_by_the_kernel),
        Case("edge", "a kernel as long as x, and a kernel of one", 1,
             lambda rng: [_draw_both(rng, 4, 4), _draw_both(rng, 5, 1)]),
    ),
    mistakes=by_slip(
        _both,
        {
            "exchanged": (
                "exchanged",
                "the two changed places. It is the convolution of (4.2) that turns the "
                "kernel round, not the cross-correlation.",
            ),
            "never-flipped": (
                "no-flip",
                "the same came twice, (4.1) both times. In (4.2) the weights run "
                "backwards.",
            ),
            "always-flipped": (
                "two-flips",
                "the same came twice, (4.2) both times. The cross-correlation of (4.1) "
                "leaves the kernel as it is.",
            ),
            "sign-instead-of-flip": (
                "sign",
                "the convolution is minus the cross-correlation. That happens to be so "
                "for (-1, 1); in general (4.2) reads w backwards.",
            ),
            "output-reversed": (
                "output",
                "the output was reversed instead of the kernel. In (4.2) the places "
                "keep their order.",
            ),
            "input-reversed": (
                "input",
                "x was reversed instead of w. The sums of (4.2) are all there, in the "
                "opposite order.",
            ),
            "full-length": (
                "full",
                "sums from places that reach beyond x came, too, T + K - 1 in all. "
                "(4.2) was asked for the T - K + 1 places inside.",
            ),
            "rotated": (
                "rolled",
                "the kernel was rotated by one instead of read backwards, see (4.2).",
            ),
            "last-place-missing": (
                "last",
                "the last place is missing in both. There are T - K + 1 of them, as "
                "(4.4) says.",
            ),
            "sorted-downwards": (
                "sorted",
                "the weights were sorted, the largest first. (4.2) reads them "
                "backwards whatever their size.",
            ),
        },
    ),
)  # fmt: skip


# -- pad-sequence -----------------------------------------------------------------


def _pad(x: Array, K: int, dilation: int, mode: str, *, slip: str = "") -> Array:
    missing = dilation * (K - 1)
    if slip == "no-dilation":
        missing = K - 1
    if slip == "K":
        missing = dilation * K
    if slip == "span":
        missing = dilation * (K - 1) + 1 if K > 1 else 0
    left, right = {
        "valid": (0, 0),
        "same": (missing // 2, missing - missing // 2),
        "causal": (missing, 0),
    }[mode]
    if slip == "right" and mode == "causal":
        left, right = right, left
    if slip == "odd-left" and mode == "same":
        left, right = right, left
    if slip == "even-only" and mode == "same":
        left, right = missing // 2, missing // 2
    if slip == "both" and mode == "same":
        left, right = missing, missing
    if slip == "always-same" and mode == "causal":
        left, right = missing // 2, missing - missing // 2
    if slip == "valid-too" and mode == "valid":
        left, right = missing // 2, missing - missing // 2
    widths = ((left, right), (0, 0))
    if slip == "channels":
        widths = ((left, right), (left, right))
    if slip == "repeat":
        return np.pad(x, widths, mode="edge")
    return np.pad(x, widths)


def _pad_reference(x: Array, K: int, dilation: int, mode: str) -> Array:
    from rnncourse.reference.convolution import ConvParams, conv1d_forward

    p = ConvParams(np.zeros((K, x.shape[1], 1)), np.zeros(1))
    cache = conv1d_forward(x[:, None], p, padding=mode, dilation=dilation)[1]
    return cache.x[:, 0]


def _draw_pad(rng: Rng, K: int, dilation: int, mode: str) -> Inputs:
    return {
        "x": rng.uniform(1, 2, size=(7, 3)),
        "K": K,
        "dilation": dilation,
        "mode": mode,
    }


def _draw_lengths(rng: Rng) -> list[Inputs]:
    return [
        _draw_pad(rng, int(rng.integers(2, 5)), int(rng.integers(2, 4)), mode)
        for mode in ("same", "causal", "same", "causal")
    ]


def _length_is_kept(calls: list[Inputs], values: list[Any]) -> str:
    for given, value in zip(calls, values, strict=True):
        left = len(value) - given["dilation"] * (given["K"] - 1)
        if left != len(given["x"]):
            return (
                f"With K = {given['K']} and dilation {given['dilation']} the kernel "
                f"finds {left} places on what you made of {len(given['x'])} entries; "
                f"{given['mode']} padding must leave it as many as there are entries."
            )
    return ""


PAD = Check(
    name="pad-sequence",
    assignment=ASSIGNMENT,
    points=3,
    title="pad_sequence",
    asks="x with the zeros that the mode asks for, an array of shape (T + zeros, D)",
    equation="4.11",
    section="How many places are there",
    reference=_pad_reference,
    returns=("the padded x",),
    cases=(
        Case("value", "same and causal, K = 3", 2,
             lambda rng: [_draw_pad(rng, 3, 1, "same"),
                          _draw_pad(rng, 3, 1, "causal")]),
        Case("property", "dilated kernels: the length is kept", 2, _draw_lengths,
             law=_length_is_kept),
        Case("edge", "valid; a kernel of one; an odd number of zeros", 1,
             lambda rng: [_draw_pad(rng, 4, 2, "valid"), _draw_pad(rng, 1, 3, "causal"),
                          _draw_pad(rng, 1, 2, "same"), _draw_pad(rng, 4, 1, "same")]),
    ),
    mistakes=by_slip(
        _pad,
        {
            "causal-on-the-right": (
                "right",
                "the causal zeros stand behind x. By (4.11) they stand in front, so "
                "that no output reads ahead.",
            ),
            "causal-shared-out": (
                "always-same",
                "the causal zeros were shared out to both ends. By (4.11) all of them "
                "stand in front.",
            ),
            "dilation-ignored": (
                "no-dilation",
                "K - 1 zeros came for every dilation. The gaps grow with d, so (4.11) "
                "asks for d(K - 1).",
            ),
            "one-gap-too-many": (
                "K",
                "dK zeros came. K entries have K - 1 gaps between them, see (4.11).",
            ),
            "span-instead-of-gaps": (
                "span",
                "as many zeros came as the kernel is long. One of its entries always "
                "lies on x itself, so (4.11) has one fewer.",
            ),
            "odd-zero-in-front": (
                "odd-left",
                "where the number of zeros is odd, the extra one stands in front. With "
                "same padding it stands behind, as in PyTorch.",
            ),
            "odd-zero-lost": (
                "even-only",
                "where the number of zeros is odd, one was lost. Same padding has "
                "d(K - 1) in all, however they are shared out.",
            ),
            "doubled": (
                "both",
                "same padding came with d(K - 1) zeros at each end. That is their "
                "number at both ends together.",
            ),
            "valid-padded": (
                "valid-too",
                "valid was padded. It means no zeros at all.",
            ),
            "edge-repeated": (
                "repeat",
                "the outermost entries were repeated. Zeros were asked for.",
            ),
            "channels-padded": (
                "channels",
                "channels were padded, too. Zeros go before and behind in time; a row "
                "of x keeps its D numbers.",
            ),
        },
    ),
)  # fmt: skip


# -- max-pool ---------------------------------------------------------------------


def _pool_reference(x: Array, n: int, stride: int) -> Array:
    from rnncourse.reference.pooling import max_pool_forward

    return max_pool_forward(x[None], n, stride=stride)[0][0]


def _pool(x: Array, n: int, stride: int, *, slip: str = "") -> Array:
    if slip == "side-by-side":
        stride = n
    if slip == "every":
        stride = 1
    rows = range(0, x.shape[0] - n + 1, stride)
    cols = range(0, x.shape[1] - n + 1, stride)
    if slip == "leftover":
        rows = range(0, x.shape[0], stride)
        cols = range(0, x.shape[1], stride)
    take: Callable[..., Any] = {
        "mean": lambda w: w.mean(axis=(0, 1)),
        "min": lambda w: w.min(axis=(0, 1)),
        "abs": lambda w: np.abs(w).max(axis=(0, 1)),
        "zero": lambda w: np.maximum(w.max(axis=(0, 1)), 0),
        "first": lambda w: w[0, 0],
        "sum": lambda w: w.sum(axis=(0, 1)),
        "rows": lambda w: w[:, 0].max(axis=0),
        "channels": lambda w: np.full(w.shape[2], w.max()),
    }.get(slip, lambda w: w.max(axis=(0, 1)))
    y = np.array([[take(x[i : i + n, j : j + n]) for j in cols] for i in rows])
    return y.transpose(1, 0, 2) if slip == "turned" else y


def _draw_pool(rng: Rng, height: int, width: int, n: int, stride: int) -> Inputs:
    x = rng.normal(size=(height, width, 2)) - 0.8  # some windows hold no positive one
    return {"x": x, "n": n, "stride": stride}


def _draw_raised(rng: Rng) -> list[Inputs]:
    """Draw a picture with overlapping windows, then the same, raised by a constant."""
    first = _draw_pool(rng, 7, 9, 3, 2)
    return [first, {**first, "x": first["x"] - 5.0}]


def _maximum_moves_along(calls: list[Inputs], values: list[Any]) -> str:
    if np.allclose(np.asarray(values[0]) - 5.0, values[1]):
        return ""
    return "With 5 taken from every entry each maximum must fall by 5, below zero, too."


POOL = Check(
    name="max-pool",
    assignment=ASSIGNMENT,
    points=3,
    title="max_pool",
    asks="the largest number of each window, channel by channel, an array of shape "
    "(rows, columns, C)",
    equation="4.8",
    section="Pooling forgets where",
    reference=_pool_reference,
    returns=("y",),
    cases=(
        Case("value", "windows of 2 x 2 side by side", 2,
             lambda rng: _draw_pool(rng, 6, 8, 2, 2)),
        Case("property", "overlapping windows; a constant taken away", 1, _draw_raised,
             law=_maximum_moves_along),
        Case("edge", "rows and columns that fill no window; one window", 1,
             lambda rng: [_draw_pool(rng, 5, 7, 2, 2), _draw_pool(rng, 3, 3, 3, 3),
                          _draw_pool(rng, 4, 3, 1, 1)]),
    ),
    mistakes=by_slip(
        _pool,
        {
            "mean-taken": (
                "mean",
                "the windows were averaged. That is mean-pooling, (4.10).",
            ),
            "sum-taken": (
                "sum",
                "the windows were added up. (4.8) keeps one of their numbers.",
            ),
            "smallest-taken": (
                "min",
                "the smallest number of each window came. (4.8) keeps the largest.",
            ),
            "signs-dropped": (
                "abs",
                "the signs were dropped before the comparison. In (4.8) -3 is less "
                "than 1.",
            ),
            "begins-at-zero": (
                "zero",
                "a window without a positive number gives 0. Perhaps the search for "
                "the maximum of (4.8) begins at 0.",
            ),
            "first-of-window": (
                "first",
                "the first number of each window came. That makes the picture smaller, "
                "too, but (4.8) looks at the others.",
            ),
            "one-column-of-window": (
                "rows",
                "only the first column of each window was looked at. The maximum of "
                "(4.8) runs over both directions here.",
            ),
            "over-the-channels": (
                "channels",
                "the maximum ran over the channels, too. Each of them is pooled for "
                "itself in (4.8).",
            ),
            "stride-ignored": (
                "side-by-side",
                "the windows stand side by side, whatever the stride. In (4.8) window "
                "t begins at ts.",
            ),
            "every-place": (
                "every",
                "a window was laid in every place. In (4.8) they begin s entries "
                "apart.",
            ),
            "leftover-pooled": (
                "leftover",
                "windows that reach beyond the picture were kept. What fills no window "
                "is left out, as (4.4) counts them.",
            ),
            "map-transposed": (
                "turned",
                "rows and columns of the answer are exchanged. They have the order of "
                "x in (4.8).",
            ),
        },
    ),
)  # fmt: skip


# -- max-pool-backward ------------------------------------------------------------


def _pool_backward_reference(dy: Array, x: Array, n: int) -> Array:
    from rnncourse.reference.pooling import max_pool_backward, max_pool_forward

    cache = max_pool_forward(x[None, :, :, None], n)[1]
    return max_pool_backward(dy[None, :, :, None], cache)[0, :, :, 0]


def _pool_backward(dy: Array, x: Array, n: int, *, slip: str = "") -> Array:
    dx = np.zeros_like(x, dtype=float)
    for i, j in np.ndindex(*dy.shape):
        rows, cols = slice(i * n, (i + 1) * n), slice(j * n, (j + 1) * n)
        window, part = x[rows, cols], dx[rows, cols]
        top = window == window.max()
        where = np.unravel_index(window.argmax(), window.shape)
        if slip == "ties":
            part[top] = dy[i, j]
        elif slip == "shared-ties":
            part[top] = dy[i, j] / top.sum()
        elif slip == "last":
            part[tuple(np.argwhere(top)[-1])] = dy[i, j]
        elif slip == "columns":
            part[tuple(np.argwhere(top.T)[0])[::-1]] = dy[i, j]
        elif slip == "mean":
            part[:] = dy[i, j] / n**2
        elif slip == "all":
            part[:] = dy[i, j]
        elif slip == "ones":
            part[where] = 1
        elif slip == "first":
            part[0, 0] = dy[i, j]
        elif slip == "value":
            part[where] = dy[i, j] * window.max()
        elif slip == "smallest":
            part[np.unravel_index(window.argmin(), window.shape)] = dy[i, j]
        elif slip == "size":
            part[where] = dy[i, j] / n**2
        else:
            part[where] = dy[i, j]
    if slip == "cut":
        return dx[: dy.shape[0] * n, : dy.shape[1] * n]
    return dx


def _draw_backward(rng: Rng, shape: tuple[int, int], n: int) -> Inputs:
    dy = rng.normal(size=(shape[0] // n, shape[1] // n))
    return {
        "dy": dy,
        "x": rng.permutation(shape[0] * shape[1]).reshape(shape) / 4.0 + 2.0,
        "n": n,
    }


def _draw_ties(rng: Rng) -> list[Inputs]:
    """Draw windows with two equal maxima: (0, 2), (2, 0) and with them (1, 1)."""
    calls = []
    for places in (((0, 1), (1, 0)), ((0, 2), (1, 0), (2, 2))):
        n = 2 + (len(places) == 3)
        x = rng.permutation(n * n * 2).reshape(n, 2 * n) / 100.0
        for j in (0, n):
            for a, b in places:
                x[a, j + b] = 3.0
        calls.append({"dy": rng.uniform(1, 2, size=(1, 2)), "x": x, "n": n})
    return calls


def _nothing_is_lost(calls: list[Inputs], values: list[Any]) -> str:
    for given, value in zip(calls, values, strict=True):
        if not np.isclose(np.sum(value), given["dy"].sum()):
            return (
                "The gradients that went in add up to "
                f"{given['dy'].sum():.3g}, those that came out to {np.sum(value):.3g}. "
                "A maximum passes its gradient on whole, to one place."
            )
    return ""


POOL_BACKWARD = Check(
    name="max-pool-backward",
    assignment=ASSIGNMENT,
    points=3,
    title="max_pool_backward",
    asks="the gradient dx, an array of the shape of x",
    equation="4.9",
    section="Pooling forgets where",
    reference=_pool_backward_reference,
    returns=("dx",),
    cases=(
        Case("value", "windows of 2 x 2, no two numbers equal", 2,
             lambda rng: _draw_backward(rng, (4, 6), 2)),
        Case("property", "windows with several maxima: nothing lost, nothing doubled",
             1, _draw_ties, law=_nothing_is_lost),
        Case("edge", "entries that no window covers; windows of one", 1,
             lambda rng: [_draw_backward(rng, (5, 8), 3),
                          _draw_backward(rng, (2, 3), 1)]),
    ),
    mistakes=by_slip(
        _pool_backward,
        {
            "every-tie-gets-it": (
                "ties",
                "each of several equal maxima got the whole gradient, which doubles "
                "it. (4.9) gives it to the first of them.",
            ),
            "ties-share": (
                "shared-ties",
                "equal maxima shared the gradient. That can be defended, but (4.9), "
                "as PyTorch, gives it to the first of them.",
            ),
            "last-of-the-ties": (
                "last",
                "of several equal maxima the last one got the gradient. (4.9) takes "
                "the first in reading order.",
            ),
            "first-by-columns": (
                "columns",
                "of several equal maxima the first from above came, column by column. "
                "(4.9) reads row by row.",
            ),
            "shared-by-all": (
                "mean",
                "every entry got an equal share. That is the backward of mean-pooling, "
                "(4.10).",
            ),
            "copied-to-all": (
                "all",
                "every entry of a window got the whole gradient. Only the maximum "
                "moves y, see (4.9).",
            ),
            "gradient-left-out": (
                "ones",
                "the maxima were marked with 1. By the chain rule (4.9) carries dy "
                "there.",
            ),
            "first-of-window": (
                "first",
                "the upper left entry of each window got the gradient, whether it is "
                "the maximum of (4.9) or not.",
            ),
            "times-the-value": (
                "value",
                "the gradient was multiplied by the maximum. The derivative of a "
                "maximum with respect to its largest entry is 1.",
            ),
            "smallest-gets-it": (
                "smallest",
                "the smallest entry of each window got the gradient of (4.9).",
            ),
            "divided-by-the-window": (
                "size",
                "the right places got a share of the gradient. (4.9) passes it on "
                "whole; only the mean of (4.10) divides.",
            ),
            "rest-cut-off": (
                "cut",
                "dx is smaller than x. Entries that no window covers have the gradient "
                "0, but they are there.",
            ),
        },
    ),
)  # fmt: skip


# -- parameter-counts -------------------------------------------------------------


def _counts(
    height: int, width: int, C: int, kernel: tuple[int, int], F: int, *, slip: str = ""
) -> tuple[Any, Any]:
    K1, K2 = kernel
    conv = (K1 * K2 * C + 1) * F
    dense = (height * width * C + 1) * F
    if slip == "no-bias":
        return conv - F, dense - F
    if slip == "one-bias":
        return conv - F + 1, dense - F + 1
    if slip == "no-channels":
        return (K1 * K2 + 1) * F, dense
    if slip == "no-channels-dense":
        return conv, (height * width + 1) * F
    if slip == "places":
        return conv * (height - K1 + 1) * (width - K2 + 1), dense
    if slip == "square":
        return (K1 * K1 * C + 1) * F, dense
    if slip == "bias-per-channel":
        return (K1 * K2 + 1) * C * F, dense
    if slip == "exchanged":
        return dense, conv
    if slip == "map":
        return conv, (height * width * C + 1) * height * width * F
    if slip == "added":
        return (K1 + K2) * C * F + F, dense
    if slip == "one-kernel":
        return K1 * K2 * C + 1, dense
    return conv, dense


def _counts_reference(
    height: int, width: int, C: int, kernel: tuple[int, int], F: int
) -> tuple[int, int]:
    from rnncourse.reference.convolution import init_conv
    from rnncourse.reference.dense import init_dense

    rng = np.random.default_rng(0)
    conv = init_conv((int(kernel[0]), int(kernel[1])), C, F, rng=rng)
    dense = init_dense(height * width * C, F, rng=rng)
    return sum(w.size for w in conv), sum(w.size for w in dense)


def _draw_counts(rng: Rng, *, C: int | None = None) -> Inputs:
    height, width = (int(n) for n in rng.choice(np.arange(9, 15), 2, replace=False))
    K1, K2 = (int(n) for n in rng.choice(np.arange(2, 6), 2, replace=False))
    return {
        "height": height,
        "width": width,
        "C": int(rng.integers(2, 5)) if C is None else C,
        "kernel": [K1, K2],
        "F": int(rng.integers(5, 9)),
    }


def _draw_two_sizes(rng: Rng) -> list[Inputs]:
    first = _draw_counts(rng)
    return [
        first,
        {**first, "height": 2 * first["height"], "width": 2 * first["width"]},
    ]


def _size_is_no_matter(calls: list[Inputs], values: list[Any]) -> str:
    (conv, dense), (conv_large, dense_large) = values
    if conv != conv_large:
        return (
            "The second picture is twice as high and twice as wide. The kernels of the "
            "convolution stay as they are."
        )
    if dense_large <= dense:
        return "The dense layer has a weight for each pixel, so it must have grown."
    return ""


COUNTS = Check(
    name="parameter-counts",
    assignment=ASSIGNMENT,
    points=2,
    title="parameter_counts",
    asks="two whole numbers, the parameters of the convolution and those of the dense "
    "layer",
    equation="4.12",
    section="What a layer costs",
    reference=_counts_reference,
    returns=("conv", "dense"),
    cases=(
        Case("value", "a picture with several channels", 2, _draw_counts),
        Case("property", "the same kernels on a larger picture", 1, _draw_two_sizes,
             law=_size_is_no_matter),
        Case("edge", "grey pictures, and kernels as large as the picture", 1,
             lambda rng: [_draw_counts(rng, C=1),
                          {"height": 4, "width": 3, "C": 2, "kernel": [4, 3], "F": 5}]),
    ),
    mistakes=by_slip(
        _counts,
        {
            "biases-forgotten": (
                "no-bias",
                "the biases are missing in both. (4.12) has one for each kernel, and a "
                "dense layer one for each unit.",
            ),
            "one-bias-in-all": (
                "one-bias",
                "one bias was counted for the whole layer. The + 1 of (4.12) stands "
                "inside of the bracket.",
            ),
            "channels-forgotten": (
                "no-channels",
                "the channels are missing in the convolution. A kernel of (4.12) has "
                "weights of its own for each channel that it reads.",
            ),
            "channels-forgotten-in-the-dense": (
                "no-channels-dense",
                "the channels are missing in the dense layer. It has a weight for each "
                "number of the picture, and that is pixels times channels.",
            ),
            "weights-for-each-place": (
                "places",
                "the convolution got weights of its own in every place. They are "
                "shared: no size of the picture stands in (4.12).",
            ),
            "square-kernel": (
                "square",
                "the kernel was taken to be square. In (4.12) K1 and K2 may differ.",
            ),
            "bias-for-each-channel": (
                "bias-per-channel",
                "a bias was counted for each channel that a kernel reads. (4.12) has "
                "one for the whole kernel.",
            ),
            "exchanged": (
                "exchanged",
                "the two numbers changed places. The convolution of (4.12) comes "
                "first.",
            ),
            "dense-to-a-whole-map": (
                "map",
                "the dense layer was given a unit for every pixel of every map. Here "
                "it has F units; its count is the formula below (4.12).",
            ),
            "sides-added": (
                "added",
                "the sides of the kernel were added. (4.12) multiplies them.",
            ),
            "one-kernel-only": (
                "one-kernel",
                "one kernel was counted. The layer of (4.12) has F of them.",
            ),
        },
    ),
)  # fmt: skip


CHECKS = (
    CONV1D,
    CONV2D,
    SIZE,
    DECK,
    BOTH,
    PAD,
    POOL,
    POOL_BACKWARD,
    COUNTS,
)

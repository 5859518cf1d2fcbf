"""A character model trained end to end: the package in NumPy beside ``torch.nn``.

Both train the same network from the same weights on the same batches of Shakespeare,
on one thread: one-hot characters, a GRU, a dense layer, softmax cross-entropy,
clipping by the global norm and Adam. They take turns, and the median of the paired
ratios of their speeds is the result, at several sizes. torch keeps a second bias for
r and z, which would make Adam move their sum twice as far; it is held at zero.

Run it with ``python -m benchmarks.train_characters``; it writes
``benchmarks/results/train_characters.json``.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
if __name__ == "__main__":  # the libraries read these once, when they are imported
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from benchmarks.layers import cpu_seconds, machine, settle_memory  # noqa: E402
from rnncourse.datasets.texts import TextData, fetch_shakespeare  # noqa: E402
from rnncourse.nn.convert import gru_to_torch  # noqa: E402
from rnncourse.reference.dense import (  # noqa: E402
    DenseParams,
    dense_backward,
    dense_forward,
    init_dense,
)
from rnncourse.reference.functional import (  # noqa: E402
    cross_entropy,
    cross_entropy_backward,
    one_hot,
)
from rnncourse.reference.gru import (  # noqa: E402
    GRUParams,
    gru_backward,
    gru_forward,
    init_gru,
)
from rnncourse.reference.optim import Adam, clip_by_global_norm  # noqa: E402

LEARNING_RATE, MAX_NORM = 2e-3, 1.0
REQUIRED, AIM = 1.0, 1.1
AGREE_STEPS, AGREE = 5, 1e-4  # float32: the losses of the first steps
RESULTS = Path(__file__).parent / "results" / "train_characters.json"
Train = Callable[[np.ndarray, np.ndarray], float]


class Sizes(NamedTuple):
    """Steps, sequences in a batch, and states."""

    T: int = 64
    B: int = 64
    H: int = 256


SIZES = (Sizes(), Sizes(50, 32, 128), Sizes(100, 128, 64), Sizes(100, 1, 100))


def encode(text: str) -> tuple[np.ndarray, int]:
    """Return the text as numbers and how many different characters it has."""
    alphabet, ids = np.unique(list(text), return_inverse=True)
    return ids, len(alphabet)


def batch(
    ids: np.ndarray, sizes: Sizes, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut pieces from anywhere: characters and their successors, both (T, B)."""
    starts = rng.integers(0, len(ids) - sizes.T, size=sizes.B)
    at = np.arange(sizes.T)[:, None] + starts
    return ids[at], ids[at + 1]


def draw(V: int, H: int) -> tuple[GRUParams, DenseParams]:
    """Return the weights that both start from."""
    rng = np.random.default_rng(0)
    p = init_gru(V, H, rng=rng, dtype=np.float32)
    return p, init_dense(H, V, rng=rng, dtype=np.float32)


def in_numpy(V: int, H: int) -> Train:
    """Return a function that trains on one batch with the package."""
    p, out = draw(V, H)
    weights = {f"gru.{n}": w for n, w in p._asdict().items()}
    weights |= {f"out.{n}": w for n, w in out._asdict().items()}
    optimiser = Adam(lr=LEARNING_RATE)

    def train(inputs: np.ndarray, targets: np.ndarray) -> float:
        nonlocal p, out, weights
        xs = one_hot(inputs, V, dtype=np.float32)
        hs, _, cache = gru_forward(xs, p)
        logits = dense_forward(hs, out)
        loss = cross_entropy(logits, targets)
        dhs, dout = dense_backward(cross_entropy_backward(logits, targets), hs, out)
        _, _, dp = gru_backward(dhs, cache, p)
        grads = {f"gru.{n}": w for n, w in dp._asdict().items()}
        grads |= {f"out.{n}": w for n, w in dout._asdict().items()}
        grads, _ = clip_by_global_norm(grads, MAX_NORM)
        weights = optimiser.update(weights, grads)
        p = GRUParams(*(weights[f"gru.{n}"] for n in p._fields))
        out = DenseParams(*(weights[f"out.{n}"] for n in out._fields))
        return loss

    return train


def in_torch(V: int, H: int) -> Train:
    """Return a function that trains on one batch with ``torch.nn``."""
    p, out = draw(V, H)
    layer, dense = gru_to_torch(p), torch.nn.Linear(H, V)
    with torch.no_grad():
        dense.weight.copy_(torch.from_numpy(out.W.T.copy()))
        dense.bias.copy_(torch.from_numpy(out.b))
    only_n = torch.zeros(3 * H)
    only_n[2 * H :] = 1
    dict(layer.named_parameters())["bias_hh_l0"].register_hook(lambda g: g * only_n)
    parameters = [*layer.parameters(), *dense.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=LEARNING_RATE)

    def train(inputs: np.ndarray, targets: np.ndarray) -> float:
        xs = torch.nn.functional.one_hot(torch.from_numpy(inputs), V).float()
        optimiser.zero_grad(set_to_none=True)
        hs, _ = layer(xs)
        loss = torch.nn.functional.cross_entropy(
            dense(hs).reshape(-1, V), torch.from_numpy(targets).reshape(-1)
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, MAX_NORM)
        optimiser.step()
        return loss.item()

    return train


def compare(text: TextData, sizes: Sizes, rounds: int) -> dict[str, Any]:
    """Train both for some batches, in turn; return speeds and losses."""
    ids, V = encode(text.text)
    rng = np.random.default_rng(1)
    ours, theirs = in_numpy(V, sizes.H), in_torch(V, sizes.H)
    losses, times = [], []
    for k in range(rounds + AGREE_STEPS):
        pair = batch(ids, sizes, rng)
        took, loss = [0.0, 0.0], [0.0, 0.0]
        for which in (0, 1) if k % 2 else (1, 0):

            def one(which: int = which) -> None:
                loss[which] = (ours, theirs)[which](*pair)  # noqa: B023 - run at once

            took[which] = cpu_seconds(one, 1)
        losses.append(loss)
        times.append(took)
    own, other = np.array(times[AGREE_STEPS:]).T  # the first batches warm up
    low, median, high = np.quantile(other / own, [0.25, 0.5, 0.75])
    characters = sizes.T * sizes.B
    first = np.array(losses[:AGREE_STEPS])
    return {
        "sizes": {**sizes._asdict(), "V": V},
        "rounds": rounds,
        "ratio": round(float(median), 3),
        "quartiles": [round(float(low), 3), round(float(high), 3)],
        "characters_per_second": round(characters / float(np.median(own))),
        "torch_characters_per_second": round(characters / float(np.median(other))),
        "first_losses": first[:, 0].round(6).tolist(),
        "torch_first_losses": first[:, 1].round(6).tolist(),
        "largest_difference_of_first_losses": float(
            f"{np.abs(first[:, 0] - first[:, 1]).max():.1e}"
        ),
        "last_loss": round(losses[-1][0], 4),
        "torch_last_loss": round(losses[-1][1], 4),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Train both, print and store; return 1 if too slow or not the same losses."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.train_characters", description=__doc__
    )
    parser.add_argument("--rounds", type=int, default=60, help="batches for each")
    parser.add_argument("--synthetic", action="store_true", help="need no download")
    parser.add_argument(
        "--out", type=Path, default=RESULTS, help="where to write the figures"
    )
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    settle_memory()
    text = fetch_shakespeare(synthetic=args.synthetic)
    rows = [compare(text, sizes, args.rounds) for sizes in SIZES]
    for row in rows:
        print(
            f"{row['sizes']}: {row['ratio']:.3f} ({row['quartiles']}), "
            f"losses differ by {row['largest_difference_of_first_losses']}"
        )
    report = {
        "what": "characters per second of CPU time, as a multiple of torch.nn",
        "text": text.name,
        "required": REQUIRED,
        "aim": AIM,
        "slowest": min(row["ratio"] for row in rows),
        "machine": machine(),
        "rows": rows,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    agree = all(row["largest_difference_of_first_losses"] <= AGREE for row in rows)
    return 0 if agree and report["slowest"] >= REQUIRED else 1


if __name__ == "__main__":
    raise SystemExit(main())

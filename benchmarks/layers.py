"""The recurrent layers of the package beside those of ``torch.nn``, on one thread.

One round runs forward and backward (with the gradient of the input) of both, in
turn and in alternating order, and keeps the ratio of their CPU times. A ratio of a
round is far steadier than either time; the median of the rounds is the result.

Beside the time stands the memory: what a pass keeps for its backward, against what
the backward needs by count; and the share of the time that the matrix products of
the same pass take by themselves.

The C library hands large blocks back to the system and asks for them again, by a rule
that changes the first time that one is freed, and then a pass can cost thousands of
page faults. So one is freed before anything is measured, as in any process that has run
for a while, and the page faults of one pass of each candidate are stored.

Run it with ``python -m benchmarks.layers [rnn] [gru] [lstm]``; it writes
``benchmarks/results/KIND.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
if __name__ == "__main__":  # the libraries read these once, when they are imported
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from rnncourse.nn.convert import layers_to_torch  # noqa: E402
from rnncourse.reference.gru import gru_backward, gru_forward, init_gru  # noqa: E402
from rnncourse.reference.lstm import (  # noqa: E402
    init_lstm,
    lstm_backward,
    lstm_forward,
)
from rnncourse.reference.rnn import init_rnn, rnn_backward, rnn_forward  # noqa: E402

Shape = tuple[int, int, int, int]
SHAPES: tuple[Shape, ...] = (
    (33, 64, 1, 32),
    (28, 128, 28, 128),
    (100, 64, 65, 256),
    (29, 128, 32, 64),
    (200, 1, 65, 100),
)
MEMORY = 1.2  # what a pass may keep, as a multiple of the count
RESULTS = Path(__file__).parent / "results"


class Kind(NamedTuple):
    """A layer and what is asked of it."""

    init: Callable[..., Any]
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    gates: int
    states: int  # rows of H numbers that the backward needs of each step
    required: tuple[float, float]  # of torch's time: batches, one sequence


KINDS = {
    "rnn": Kind(init_rnn, rnn_forward, rnn_backward, 1, 1, (0.85, 0.85)),
    "gru": Kind(init_gru, gru_forward, gru_backward, 3, 5, (0.90, 0.90)),
    "lstm": Kind(init_lstm, lstm_forward, lstm_backward, 4, 7, (1.0, 1.5)),
}


class Result(NamedTuple):
    """Everything that both candidates compute."""

    hs: np.ndarray  # (T, B, H)
    dxs: np.ndarray  # (T, B, D)
    dW_x: np.ndarray
    dW_h: np.ndarray
    db: np.ndarray


def draw(kind: Kind, shape: Shape, seed: int = 0) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return weights, inputs and the gradients of all states, in float32."""
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    p = kind.init(D, H, rng=rng, dtype=np.float32)
    xs = rng.normal(size=(T, B, D)).astype(np.float32)
    dhs = rng.normal(size=(T, B, H)).astype(np.float32)
    return p, xs, dhs


def candidates(
    kind: Kind, shape: Shape, *, seed: int = 0
) -> tuple[Callable[[], Result], Callable[[], Result]]:
    """Return the package's and torch's forward and backward pass on the same data."""
    p, xs, dhs = draw(kind, shape, seed)

    def ours() -> Result:
        hs, _, cache = kind.forward(xs, p)
        dxs, _, dp = kind.backward(dhs, cache, p)
        return Result(hs, dxs, dp.W_x, dp.W_h, dp.b)

    layer = layers_to_torch([[p]])
    xs_torch = torch.from_numpy(xs.copy()).requires_grad_()
    dhs_torch = torch.from_numpy(dhs.copy())

    def theirs() -> Result:
        xs_torch.grad = None
        layer.zero_grad(set_to_none=True)
        hs, _ = layer(xs_torch)
        hs.backward(dhs_torch)
        dW_x, dW_h, db, _ = (p.grad.numpy() for p in layer.parameters())
        return Result(hs.detach().numpy(), xs_torch.grad.numpy(), dW_x.T, dW_h.T, db)

    return ours, theirs


def products(kind: Kind, shape: Shape) -> Callable[[], None]:
    """Return a run of nothing but the matrix products of the pass."""
    T, B, D, H = shape
    F, G = 1 + D + H, kind.gates * H
    rng = np.random.default_rng(0)
    sizes = (T, B, F), (F, G), (T, B, G), (G, H), (G, D)
    s, W, das, back, to_x = (rng.normal(size=z).astype(np.float32) for z in sizes)
    a, dh = np.empty((B, G), np.float32), np.empty((B, H), np.float32)

    def run() -> None:
        for t in range(T):
            np.dot(s[t], W, out=a)
        for t in range(T):
            np.dot(das[t], back, out=dh)
        das.reshape(T * B, G) @ to_x
        s.reshape(T * B, F).T @ das.reshape(T * B, G)

    return run


def entrywise(shape: Shape, *, tanh: bool) -> Callable[[], None]:
    """Return a run of the LSTM's work on single entries, without the matrix products.

    Either its tanh alone, or all its sums and products of entries: as many calls over
    as many blocks (B, H) as the layer makes, but on arrays of one step that stay in
    the cache. So it is a floor: what no order of the same calls can beat.
    """
    T, B, _, H = shape
    block = np.random.default_rng(0).uniform(0.1, 0.9, (6, B, H)).astype(np.float32)
    out, half = np.empty_like(block), np.array(0.5, np.float32)
    a, b = block[:3], block[3:]
    to = {k: out[:k] for k in (1, 2, 3, 4)}
    steps_at_once = max(1, 2**14 // (B * H))

    def all_tanh() -> None:
        for _ in range(T):
            np.tanh(block[:4], to[4])  # the four gates
            np.tanh(block[0], out[0])  # c

    def arithmetic() -> None:
        for _ in range(T):
            np.multiply(a, half, to[3])  # forward: tanh to sigmoid, two calls
            np.add(a, half, to[3])
            np.multiply(a[:2], b[:2], to[2])  # f * c_{t-1} and i * g
            for _ in range(2):  # their sum, and h
                np.multiply(a[0], b[0], out[0])
            for _ in range(5):  # backward: dh, dc three times, da of o
                np.multiply(a[0], b[0], out[0])
            np.multiply(a, b[:1], to[3])  # da of f, i and g
        for _ in range(0, T, steps_at_once):  # the slopes, of several steps at once
            for x, y, z in slopes:
                np.multiply(x, y, z)

    n = min(steps_at_once, T)
    x, y, z = (np.full((3, n, B, H), 0.5, np.float32) for _ in range(3))
    slopes = [(x[:k], y[:k], z[:k]) for k in (3, 3, 3, 2, 2)]
    return all_tanh if tanh else arithmetic


def largest_difference(a: Result, b: Result) -> float:
    """Return the largest difference of any array, relative to its largest entry."""
    pairs = zip(a, b, strict=True)
    return max(float(np.abs(x - y).max() / np.abs(y).max()) for x, y in pairs)


def cpu_seconds(run: Callable[[], Any], repeats: int) -> float:
    """Return the CPU time of this process for one run, averaged over repeats."""
    start = time.process_time()
    for _ in range(repeats):
        run()
    return (time.process_time() - start) / repeats


def settle_memory() -> None:
    """Free one large block, after which glibc keeps blocks below its size."""
    block = np.empty(31 * 2**20, np.uint8)  # its rule goes up to 32 MB
    del block


def page_faults(run: Callable[[], Any]) -> int | None:
    """Count the page faults of one run, where the system counts them."""
    try:
        import resource
    except ImportError:
        return None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    run()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def interleave(
    runs: Sequence[Callable[[], Any]], *, rounds: int, seconds_per_turn: float
) -> np.ndarray:
    """Time several candidates in turn.

    Parameters
    ----------
    runs : functions
    rounds : int
        Every second round goes through them backwards.
    seconds_per_turn : float
        Each turn repeats its candidate until it takes about this long.

    Returns
    -------
    (rounds, number of runs) array
        CPU seconds of one run.
    """
    once = max(1e-6, *(cpu_seconds(run, 3) for run in runs))
    repeats = max(1, round(seconds_per_turn / once))
    times = np.empty((rounds, len(runs)))
    for k in range(rounds):
        order = range(len(runs)) if k % 2 else reversed(range(len(runs)))
        for j in order:
            times[k, j] = cpu_seconds(runs[j], repeats)
    return times


def measure(
    kind: Kind, shape: Shape, *, rounds: int, seconds_per_turn: float
) -> dict[str, Any]:
    """Time both candidates and the bare products at one shape, and count memory."""
    ours, theirs = candidates(kind, shape)
    difference = largest_difference(ours(), theirs())
    runs = [ours, theirs, products(kind, shape)]
    if kind.gates == 4:
        runs += [entrywise(shape, tanh=True), entrywise(shape, tanh=False)]
    own, other, bare, *entries = interleave(
        runs, rounds=rounds, seconds_per_turn=seconds_per_turn
    ).T
    low, median, high = np.quantile(own / other, [0.25, 0.5, 0.75])
    return {
        "shape": dict(zip("TBDH", shape, strict=True)),
        "ratio": round(float(median), 3),
        "quartiles": [round(float(low), 3), round(float(high), 3)],
        "required": kind.required[shape[1] == 1],
        "rounds": rounds,
        "ms": round(1e3 * float(np.median(own)), 3),
        "torch_ms": round(1e3 * float(np.median(other)), 3),
        "share_of_products": round(float(np.median(bare / own)), 3),
        "torch_share_of_products": round(float(np.median(bare / other)), 3),
        **_floor(other, bare, *entries),
        "page_faults": [page_faults(ours), page_faults(theirs)],
        "largest_difference": float(f"{difference:.1e}"),
        **memory(kind, shape),
    }


def memory(kind: Kind, shape: Shape) -> dict[str, Any]:
    """Measure what a forward pass keeps for the backward, and the most it ever held.

    Both without the results. The backward needs, by count, x and as many rows of H
    numbers as the kind's ``states`` says: h (RNN); r, z, n, the product that r
    multiplies, and h (GRU); i, f, g, o, c, tanh c and h (LSTM).
    """
    T, B, D, H = shape
    p, xs, _ = draw(kind, shape)
    kind.forward(xs, p)  # what is allocated once is allocated now
    tracemalloc.start()
    hs, last, cache = kind.forward(xs, p)
    total, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    ends = last if isinstance(last, tuple) else (last,)
    results = hs.nbytes + sum(a.nbytes for a in ends)
    kept, held = total - results, peak - results
    assert cache is not None  # it must live until here
    needed = (D + kind.states * H) * B * T * xs.itemsize
    return {
        "kept_bytes_per_step": round(kept / T),
        "needed_bytes_per_step": round(needed / T),
        "memory_ratio": round(kept / needed, 3),
        "peak_ratio": round(held / needed, 3),
    }


def machine() -> dict[str, Any]:
    """Say where and with what the figures were measured."""
    names = {
        line.split(":", 1)[1].strip()
        for line in _read("/proc/cpuinfo").splitlines()
        if line.startswith("model name")
    }
    return {
        "processor": ", ".join(sorted(names)) or platform.processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "dtype": "float32",
        **_company(),
    }


def report(name: str, *, rounds: int, turn: float) -> dict[str, Any]:
    """Measure a kind of layer at all shapes and print a line for each."""
    kind, rows = KINDS[name], []
    print(
        f"{name.upper():<24}  ratio   quartiles   required"
        "        ms   torch ms  products  memory"
    )
    for shape in SHAPES:
        row = measure(kind, shape, rounds=rounds, seconds_per_turn=turn)
        low, high = row["quartiles"]
        print(
            f"{str(shape):<24} {row['ratio']:6.3f}  {low:.3f}..{high:.3f} "
            f"{row['required']:6.2f} {row['ms']:12.3f} {row['torch_ms']:10.3f} "
            f"{row['share_of_products']:8.2f} {row['memory_ratio']:8.3f}",
            flush=True,
        )
        rows.append(row)
    return {
        "what": f"{name.upper()} forward and backward, CPU time as a multiple of "
        f"torch.nn.{name.upper()}",
        "missed": [r["shape"] for r in rows if r["ratio"] > r["required"]],
        "worst": max(r["ratio"] for r in rows),
        "memory_required": MEMORY,
        "machine": machine(),
        "rows": rows,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure all shapes of each kind and store them; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.layers", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--rounds", type=int, default=21, help="rounds for each shape")
    parser.add_argument(
        "--turn", type=float, default=0.08, help="seconds a candidate runs at a time"
    )
    parser.add_argument(
        "--out", type=Path, default=RESULTS, help="folder for the figures"
    )
    args = parser.parse_args(argv)
    if unknown := set(args.kinds) - set(KINDS):
        parser.error(f"no kind {sorted(unknown)}; there are {', '.join(KINDS)}")
    torch.set_num_threads(1)
    settle_memory()
    args.out.mkdir(parents=True, exist_ok=True)
    missed = []
    for name in args.kinds or KINDS:
        found = report(name, rounds=args.rounds, turn=args.turn)
        path = args.out / f"{name}.json"
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        missed += [(name, *shape.values()) for shape in found["missed"]]
        missed += [
            (name, "memory", *row["shape"].values())
            for row in found["rows"]
            if row["memory_ratio"] > MEMORY
        ]
    print("every goal is met" if not missed else f"missed: {missed}")
    return 1 if missed else 0


def _floor(
    other: np.ndarray,
    bare: np.ndarray,
    tanh: np.ndarray | None = None,
    arithmetic: np.ndarray | None = None,
) -> dict[str, Any]:
    """Return what each part of the floor takes, as a multiple of torch's whole time."""
    if tanh is None or arithmetic is None:
        return {}
    parts = {"products": bare, "tanh": tanh, "arithmetic": arithmetic}
    parts["sum"] = bare + tanh + arithmetic
    found = {k: round(float(np.median(t / other)), 3) for k, t in parts.items()}
    return {"floor": found}


def _company() -> dict[str, Any]:
    """Say how many others wanted the processor, and who goes first."""
    if not hasattr(os, "getloadavg"):
        return {}
    load = [round(n, 1) for n in os.getloadavg()]
    return {"load_of_1_5_15_minutes": load, "niceness": os.nice(0)}


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


if __name__ == "__main__":
    raise SystemExit(main())

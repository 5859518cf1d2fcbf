"""The recurrent layer of the package beside ``torch.nn.RNN``, on one thread.

One round runs forward and backward (with the gradient of the input) of both, in
turn and in alternating order, and keeps the ratio of their CPU times. A ratio of a
round is far steadier than either time; the median of the rounds is the result.

Run it with ``python -m benchmarks.rnn``; it writes ``benchmarks/results/rnn.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
if __name__ == "__main__":  # the libraries read these once, when they are imported
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from rnncourse.nn.convert import rnn_to_torch  # noqa: E402
from rnncourse.reference.rnn import (  # noqa: E402
    RNNParams,
    init_rnn,
    rnn_backward,
    rnn_forward,
)

SHAPES = (
    (33, 64, 1, 32),
    (28, 128, 28, 128),
    (100, 64, 65, 256),
    (29, 128, 32, 64),
    (200, 1, 65, 100),
)
REQUIRED, AIM = 0.95, 0.85
RESULTS = Path(__file__).parent / "results" / "rnn.json"


class Result(NamedTuple):
    """Everything that both candidates compute."""

    hs: np.ndarray  # (T, B, H)
    dxs: np.ndarray  # (T, B, D)
    dp: RNNParams


def candidates(
    shape: tuple[int, int, int, int], *, seed: int = 0
) -> tuple[Callable[[], Result], Callable[[], Result]]:
    """Return the package's and torch's forward and backward pass on the same data."""
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    p = init_rnn(D, H, rng=rng, dtype=np.float32)
    xs = rng.normal(size=(T, B, D)).astype(np.float32)
    dhs = rng.normal(size=(T, B, H)).astype(np.float32)

    def ours() -> Result:
        hs, _, cache = rnn_forward(xs, p)
        dxs, _, dp = rnn_backward(dhs, cache, p)
        return Result(hs, dxs, dp)

    layer = rnn_to_torch(p)
    xs_torch = torch.from_numpy(xs.copy()).requires_grad_()
    dhs_torch = torch.from_numpy(dhs.copy())

    def theirs() -> Result:
        xs_torch.grad = None
        layer.zero_grad(set_to_none=True)
        hs, _ = layer(xs_torch)
        hs.backward(dhs_torch)
        w = {name: p.grad.numpy() for name, p in layer.named_parameters()}
        dp = RNNParams(w["weight_ih_l0"].T, w["weight_hh_l0"].T, w["bias_ih_l0"])
        return Result(hs.detach().numpy(), xs_torch.grad.numpy(), dp)

    return ours, theirs


def largest_difference(a: Result, b: Result) -> float:
    """Return the largest difference of any array, relative to its largest entry."""
    pairs = zip((a.hs, a.dxs, *a.dp), (b.hs, b.dxs, *b.dp), strict=True)
    return max(float(np.abs(x - y).max() / np.abs(y).max()) for x, y in pairs)


def cpu_seconds(run: Callable[[], Any], repeats: int) -> float:
    """Return the CPU time of this process for one run, averaged over repeats."""
    start = time.process_time()
    for _ in range(repeats):
        run()
    return (time.process_time() - start) / repeats


def measure(
    shape: tuple[int, int, int, int], *, rounds: int, seconds_per_turn: float
) -> dict[str, Any]:
    """Time both candidates at one shape, in turn.

    Parameters
    ----------
    shape : (T, B, D, H)
    rounds : int
        Number of paired ratios.
    seconds_per_turn : float
        Each turn repeats its candidate until it takes about this long.
    """
    ours, theirs = candidates(shape)
    difference = largest_difference(ours(), theirs())
    once = max(cpu_seconds(ours, 3), cpu_seconds(theirs, 3), 1e-6)
    repeats = max(1, round(seconds_per_turn / once))
    times = []
    for k in range(rounds):
        if k % 2:
            b, a = cpu_seconds(theirs, repeats), cpu_seconds(ours, repeats)
        else:
            a, b = cpu_seconds(ours, repeats), cpu_seconds(theirs, repeats)
        times.append((a, b))
    own, other = np.array(times).T
    low, median, high = np.quantile(own / other, [0.25, 0.5, 0.75])
    return {
        "shape": dict(zip("TBDH", shape, strict=True)),
        "ratio": round(float(median), 3),
        "quartiles": [round(float(low), 3), round(float(high), 3)],
        "rounds": rounds,
        "repeats": repeats,
        "ms": round(1e3 * float(np.median(own)), 3),
        "torch_ms": round(1e3 * float(np.median(other)), 3),
        "largest_difference": float(f"{difference:.1e}"),
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
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure all shapes, print and store them; return 1 if one is too slow."""
    parser = argparse.ArgumentParser(prog="benchmarks.rnn", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="pairs for each shape")
    parser.add_argument(
        "--turn", type=float, default=0.08, help="seconds a candidate runs at a time"
    )
    parser.add_argument(
        "--out", type=Path, default=RESULTS, help="where to write the figures"
    )
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    rows = []
    print("(T, B, D, H)              ratio   quartiles        ms   torch ms")
    for shape in SHAPES:
        row = measure(shape, rounds=args.rounds, seconds_per_turn=args.turn)
        low, high = row["quartiles"]
        print(
            f"{str(shape):<24} {row['ratio']:6.3f}  {low:.3f}..{high:.3f}"
            f" {row['ms']:9.3f} {row['torch_ms']:9.3f}"
        )
        rows.append(row)
    worst = max(row["ratio"] for row in rows)
    print(f"worst ratio {worst:.3f}; required at most {REQUIRED}, aim {AIM}")
    report = {
        "what": "RNN forward and backward, CPU time as a multiple of torch.nn.RNN",
        "required": REQUIRED,
        "aim": AIM,
        "worst": worst,
        "machine": machine(),
        "rows": rows,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0 if worst <= REQUIRED else 1


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


if __name__ == "__main__":
    raise SystemExit(main())

"""Measure speed: one layer in six programs, a scan against its loop, minGRU at work.

Every run is stored as soon as it is done and is not repeated when the lab is started
again. Training takes about a minute of processor time, the clocks about two more.
Times depend on the machine: ``--again`` forgets them and measures anew, and keeps what
was trained; do so on a machine that nobody else uses. A CUDA device is measured too
where there is one. Writes chapters/results/23-speed.json.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # read when the libraries are imported

import jupytext
import numpy as np
import torch

from rnncourse import labs
from rnncourse.nn import MinGRU
from rnncourse.nn.convert import layers_to_torch
from rnncourse.reference import gru, lstm, rnn, scan
from rnncourse.speed import interleave, paired_ratio

SLUG = Path(__file__).stem
PLACE = Path(__file__).parents[1] / "results" / f"{SLUG}.json"
SEEDS = range(3)
DISTANCES = (1, 2, 5, 10, 20, 40, 60, 100)
# Widths of the layers, one upon the other. The first and the last have as many weights.
NETWORKS = {"GRU": [32], "minGRU, one layer": [64], "minGRU, two layers": [40, 40]}
SHAPES = {
    "energy": (33, 64, 1, 32),
    "digits": (28, 128, 28, 128),
    "characters": (100, 64, 65, 256),
    "one at a time": (200, 1, 65, 100),
}
WIDTHS = (32, 64, 128, 256, 512)
LONG = (64, 256, 1024, 4096)  # steps of a sequence
WIDE = (1, 8, 64, 512, 4096)  # recurrences side by side
CLOCKS = (
    "both ways", "widths", "scan", "train step", "ladder", "compiled", "gpu"
)  # fmt: skip


def chapter_13() -> Any:
    """Return the lab of chapter 13, whose tasks and training are used again."""
    path = Path(__file__).with_name("13-long-memory.py")
    spec = importlib.util.spec_from_file_location("lab13", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- training ------------------------------------------------------------------------


class Tower(torch.nn.Module):
    """Layers one upon the other; gives the last state of the uppermost."""

    def __init__(self, name: str, D: int) -> None:
        super().__init__()
        sizes = NETWORKS[name]
        kind = torch.nn.GRU if name == "GRU" else MinGRU
        self.layers = torch.nn.ModuleList(
            kind(d, h) for d, h in zip([D, *sizes], sizes, strict=False)
        )
        self.H = sizes[-1]

    def forward(self, xs: torch.Tensor) -> torch.Tensor:
        """Take (T, B, D), return (B, H)."""
        for layer in self.layers:
            xs = layer(xs)[0]
        return xs[-1]


def weights_of(layer: torch.nn.Module) -> int:
    """Count the numbers that are learnt; of torch's two biases only one counts."""
    twice = sum(w.numel() for n, w in layer.named_parameters() if "bias_ih" in n)
    return sum(w.numel() for w in layer.parameters()) - twice


def run_sentences(name: str, seed: int) -> dict[str, Any]:
    """Train on distances 1 to 60, as chapter 13 does; test at each distance."""
    past = chapter_13()
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    words = torch.nn.Embedding(past.SPEAK + 1, 12)
    layer = Tower(name, 12)
    head = torch.nn.Linear(layer.H, 5)

    def losses(_: int) -> torch.Tensor:
        distance = int(torch.randint(1, 61, (), generator=rng))
        ids, ys = past.sentences(64, distance, rng)
        return torch.nn.functional.cross_entropy(head(layer(words(ids))), ys)

    past.train([*words.parameters(), *layer.parameters(), *head.parameters()],
               losses, 800, 5e-3)  # fmt: skip
    test, found = torch.Generator().manual_seed(10_000 + seed), []
    with torch.no_grad():
        for distance in DISTANCES:
            ids, ys = past.sentences(1000, distance, test)
            right = head(layer(words(ids))).argmax(1) == ys
            found.append(float(right.float().mean()))
    return {"accuracy": found, "weights": weights_of(layer)}


# -- clocks --------------------------------------------------------------------------


def chapter_programs() -> dict[str, Any]:
    """Run the cells of the chapter that define its programs, and no clock."""
    path = PLACE.parents[1] / "src" / f"{SLUG}.md"
    names: dict[str, Any] = {}
    for cell in jupytext.read(path).cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or {"remove-cell", "timed", "hide-input"} & {*tags}:
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(cell.source, SLUG, "exec"), names)
        if "programs" in names:
            break
    return names


def described(times: dict[str, list[float]], to: str) -> dict[str, Any]:
    """Return milliseconds and ratios of all programs, medians with their range."""
    found: dict[str, Any] = {}
    for name, seconds in times.items():
        low, median, high = paired_ratio(times, name, to)
        found[name] = {
            "ms": round(1e3 * statistics.median(seconds), 5),
            "ratio": round(median, 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "rounds": len(seconds),
        }
    return found


def draw(shape: tuple[int, int, int, int]) -> Any:
    """Return weights of an LSTM, inputs and gradients of the states, in float32."""
    steps, B, D, H = shape
    rng = np.random.default_rng(0)
    p = lstm.init_lstm(D, H, rng=rng, dtype=np.float32)
    xs = rng.normal(size=(steps, B, D)).astype(np.float32)
    dhs = rng.normal(size=(steps, B, H)).astype(np.float32)
    return p, xs, dhs


def clock_ladder(programs: Callable[..., dict[str, Callable[[], Any]]]) -> Any:
    """Time the programs of the chapter, forward, at all shapes."""
    found = {}
    for name, shape in SHAPES.items():
        p, xs, _ = draw(shape)
        times = interleave(programs(xs, p), rounds=7, seconds=0.03)
        found[name] = described(times, "one product")
    return found


def clock_both_ways() -> Any:
    """Time forward and backward of RNN, GRU and LSTM, ours and torch's."""
    found: dict[str, Any] = {}
    for name in ("energy", "digits"):
        steps, B, D, H = SHAPES[name]
        rng = np.random.default_rng(0)
        runs: dict[str, Callable[[], Any]] = {}
        for kind, module in (("rnn", rnn), ("gru", gru), ("lstm", lstm)):
            p = getattr(module, f"init_{kind}")(D, H, rng=rng, dtype=np.float32)
            xs = rng.normal(size=(steps, B, D)).astype(np.float32)
            dhs = rng.normal(size=(steps, B, H)).astype(np.float32)
            for twin in ("", "_textbook"):
                go = getattr(module, f"{kind}_forward{twin}")
                back = getattr(module, f"{kind}_backward{twin}")
                runs[f"{kind}{twin}"] = ours(go, back, xs, dhs, p)
            runs[f"{kind}_torch"] = theirs(layers_to_torch([[p]]), xs, dhs)
        times = interleave(runs, rounds=5, seconds=0.03)
        found[name] = described(times, "lstm")
    return found


def ours(go: Any, back: Any, xs: np.ndarray, dhs: np.ndarray, p: Any) -> Any:
    """Return a pass of the package in both directions."""

    def run() -> None:
        back(dhs, go(xs, p)[2], p)

    return run


def theirs(layer: torch.nn.Module, xs: np.ndarray, dhs: np.ndarray) -> Any:
    """Return the same of a layer of torch; the gradient of the input included."""
    x = torch.from_numpy(xs).requires_grad_()
    dh = torch.from_numpy(dhs)

    def run() -> None:
        x.grad = None
        layer.zero_grad(set_to_none=True)
        layer(x)[0].backward(dh)

    return run


def clock_widths() -> Any:
    """Time one step of an LSTM, both ways and 64 sequences, for widths up to 1,024."""
    found = {}
    for H in WIDTHS:
        p, xs, dhs = draw((16, 64, H, H))
        run = ours(lstm.lstm_forward, lstm.lstm_backward, xs, dhs, p)
        (seconds,) = interleave({"": run}, rounds=5, seconds=0.04).values()
        found[str(H)] = round(1e3 * statistics.median(seconds) / 16, 5)
    return found


def clock_scan() -> Any:
    """Time loop and scans of NumPy for T = 1,024 and more and more recurrences."""
    found = {}
    rng = np.random.default_rng(0)
    for n in WIDE:
        a, b = rng.uniform(0.5, 1, (2, 1024, n)).astype(np.float32)
        runs = {
            "loop": lambda a=a, b=b: scan.linear_loop(a, b),
            "blelloch": lambda a=a, b=b: scan.linear_scan(a, b),
            "hillis-steele": lambda a=a, b=b: scan.linear_scan(
                a, b, method="hillis-steele"
            ),
        }
        found[str(n)] = described(interleave(runs, rounds=7, seconds=0.03), "loop")
    return found


def train_steps(steps: int, device: str = "cpu") -> dict[str, Callable[[], Any]]:
    """Return one step of training each: forward, backward, no optimiser."""
    torch.manual_seed(0)
    xs = torch.randn(steps, 32, 2, device=device)
    runs = {}
    layers = {"GRU": torch.nn.GRU(2, 40), "minGRU": MinGRU(2, 40)}
    for name, layer in layers.items():
        layer.to(device)

        def run(layer: Any = layer) -> None:
            layer.zero_grad(set_to_none=True)
            layer(xs)[1].square().sum().backward()

        runs[name] = run
    return runs


def train_batch() -> dict[str, Callable[[], Any]]:
    """Return forward and backward on 64 sequences of 100 steps, per network."""
    xs = torch.randn(100, 64, 2)
    runs = {}
    for name in NETWORKS:
        layer = Tower(name, 2)

        def run(layer: torch.nn.Module = layer) -> None:
            layer.zero_grad(set_to_none=True)
            layer(xs).square().sum().backward()

        runs[name] = run
    return runs


def clock_train_step() -> Any:
    """Time one step of training of GRU and minGRU, for longer and longer sequences."""
    found = {}
    for steps in LONG:
        times = interleave(train_steps(steps), rounds=5, seconds=0.03)
        found[str(steps)] = described(times, "minGRU")
    times = interleave(train_batch(), rounds=7, seconds=0.03)
    return found | {"batch": described(times, "GRU")}


def clock_compiled(names: dict[str, Any]) -> Any:
    """Time the loop of torch with its step compiled, if a compiler is there."""
    p, xs, _ = draw(SHAPES["digits"])
    begin = time.process_time()
    children = os.times().children_user
    try:
        program = names["torch_program"](xs, p, torch.compile(names["torch_step"]))
        program()
    except Exception as error:  # no compiler, or no support for this machine
        return {"missing": type(error).__name__}
    spent = time.process_time() - begin + os.times().children_user - children
    runs = names["programs"](xs, p) | {"compiled": program}
    times = interleave(runs, rounds=7, seconds=0.05)
    found: dict[str, Any] = described(times, "torch loop")["compiled"]
    return found | {"seconds_to_compile": round(spent, 1)}


def clock_gpu() -> Any:
    """Time an eager loop and torch.nn on a CUDA device; say so where there is none."""
    if not torch.cuda.is_available():
        return {"device": None}
    found: dict[str, Any] = {"device": torch.cuda.get_device_name()}
    for name, (steps, B, D, H) in SHAPES.items():
        xs = torch.randn(steps, B, D, device="cuda")
        layer = torch.nn.LSTM(D, H).cuda()
        cell = torch.nn.LSTMCell(D, H).cuda()

        def eager(xs: Any = xs, cell: Any = cell) -> None:
            state, hs = None, []
            for x in xs:
                state = cell(x, state)
                hs.append(state[0])
            torch.stack(hs).sum().backward()
            torch.cuda.synchronize()

        def whole(xs: Any = xs, layer: Any = layer) -> None:
            layer(xs)[0].sum().backward()
            torch.cuda.synchronize()

        p, xs_cpu, dhs = draw((steps, B, D, H))
        runs = {
            "NumPy, one core": ours(lstm.lstm_forward, lstm.lstm_backward,
                                    xs_cpu, dhs, p),
            "eager loop": eager,
            "torch.nn.LSTM": whole,
        }  # fmt: skip
        times = interleave(runs, rounds=9, seconds=0.1, clock=time.perf_counter)
        found[name] = described(times, "NumPy, one core")
    for steps in LONG:
        times = interleave(
            train_steps(steps, "cuda"), rounds=5, seconds=0.1, clock=time.perf_counter
        )
        found[f"train {steps}"] = described(times, "minGRU")
    return found


# -- all of it -----------------------------------------------------------------------


def jobs() -> list[tuple[str, Callable[[], Any]]]:
    """Return all runs by name, training first."""
    found: list[tuple[str, Callable[[], Any]]] = []
    for seed in SEEDS:
        found += [
            (f"sentences {name} {seed}", lambda n=name, s=seed: run_sentences(n, s))
            for name in NETWORKS
        ]
    return [
        *found,
        ("both ways", clock_both_ways),
        ("widths", clock_widths),
        ("scan", clock_scan),
        ("train step", clock_train_step),
        ("ladder", lambda: clock_ladder(chapter_programs()["programs"])),
        ("gpu", clock_gpu),
        ("compiled", lambda: clock_compiled(chapter_programs())),
    ]


def summarise(runs: dict[str, Any]) -> dict[str, Any]:
    """Return the figures that the chapter quotes, from the runs that are there."""
    found: dict[str, Any] = {"sentences": {"distances": DISTANCES}}
    for name in NETWORKS:
        key = name.replace(",", "").replace(" ", "_")
        there = [v for k, v in runs.items() if k.startswith(f"sentences {name} ")]
        if there:
            all_of_them = [r["accuracy"] for r in there]
            found["sentences"][key] = {
                "mean": np.mean(all_of_them, axis=0).tolist(),
                "min": np.min(all_of_them, axis=0).tolist(),
                "max": np.max(all_of_them, axis=0).tolist(),
                "seeds": len(there),
                "weights": there[0]["weights"],
            }
    clocks = {k.replace(" ", "_"): runs[k] for k in CLOCKS if k in runs}
    found["clocks"] = clocks
    path = PLACE.with_name("13-long-memory.json")  # its plain network, for comparison
    past = json.loads(path.read_text(encoding="utf-8"))["sentences"]["RNN"]
    found["sentences"]["RNN_of_chapter_13"] = past
    both_ways = clocks.get("both_ways")
    if "ladder" in clocks:
        for key, shape in (("one", "one at a time"), ("many", "characters")):
            ratios = [row["ratio"] for row in clocks["ladder"][shape].values()]
            found.setdefault("spread", {})[key] = max(ratios) / min(ratios)
    if both_ways:
        loop, kernel = 484 / 1024, 5.2 / 1024  # ms a step, FlashRNN's figure
        steps, here = SHAPES["energy"][0], both_ways["energy"]["lstm"]["ms"]
        found["estimate"] = {"loses": steps * loop / here, "fused": loop / kernel}
        times = {name: row["ratio"] for name, row in both_ways["digits"].items()}
        found["decks"] = {
            "numpy": 1 - times["gru"] / times["lstm"],
            "torch": times["gru_torch"] / times["lstm_torch"],
        }
    return found


def main() -> None:
    """Do the runs that are missing; store after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--again", action="store_true", help="measure all times anew, train nothing"
    )
    parser.add_argument("--only", default="", help="runs whose names begin so")
    parser.add_argument("--clocks", action="store_true", help="train nothing")
    args = parser.parse_args()
    torch.set_num_threads(1)
    stored: dict[str, Any] = {}
    if PLACE.exists():
        stored = json.loads(PLACE.read_text(encoding="utf-8"))
    runs, took = stored.get("runs", {}), stored.get("took", {})
    if args.again:
        runs = {name: run for name, run in runs.items() if name not in CLOCKS}

    def keep() -> None:
        found = {**summarise(runs), "runs": runs, "took": took}
        found["cpu_minutes"] = sum(took.values()) / 60
        if "execution" in stored:
            found["execution"] = stored["execution"]
        labs.store(SLUG, found)

    for name, job in jobs():
        if args.clocks and name not in CLOCKS:
            continue
        if name not in runs and name.startswith(args.only):
            begin = time.process_time()
            runs[name] = job()
            took[name] = round(time.process_time() - begin, 1)
            if name not in CLOCKS:
                runs[name]["seconds"] = took[name]
            print(name, flush=True)
            keep()
    if not (
        args.only or args.clocks
    ):  # the chapter's own cells, with the figures above
        stored["execution"] = {"cpu_seconds": labs.run_cells(SLUG)[1]}
    keep()


if __name__ == "__main__":
    main()

"""Measure memory: sentences, adding, copying, and digits by rows and by pixels.

Every run is stored as soon as it is done and is not repeated when the lab is started
again. Adding and copy have T = 100; MNIST by rows is read in five epochs; pixels are
read in order and shuffled, on a small part of the digits and for a short time only.
Writes chapters/results/13-long-memory.json. About twenty minutes on one free core.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnncourse import labs
from rnncourse.datasets import make_adding, read

SLUG = Path(__file__).stem
PLACE = Path(__file__).parents[1] / "results" / f"{SLUG}.json"
SEEDS = range(3)
WIDTHS = {"RNN": 56, "LSTM": 27, "GRU": 32}  # about 3,400 parameters each on adding
T = 100
DISTANCES = (1, 2, 5, 10, 20, 40, 60, 100)
LENGTHS = (25, 50, 100, 200, 400)  # at which a network trained at 100 is tried
WAITS = (0, 1, 2, 4, 8, 16, 32)  # blank rows after the last row of a picture
# Spanish is the language of two of the six countries.
LANGUAGE = torch.tensor([0, 0, 1, 2, 3, 4])
COUNTRIES, FILLERS = 6, 12
GREW, VISITED, SPEAK = (COUNTRIES + FILLERS + k for k in range(3))


def layer_of(name: str, D: int, H: int) -> torch.nn.Module:
    """Return a layer of ``torch.nn``; an LSTM has a forget bias of 1."""
    layer = getattr(torch.nn, name)(D, H)
    if name == "LSTM":
        with torch.no_grad():
            layer.bias_ih_l0[H : 2 * H] = 1
    return layer


def train(
    weights: list[torch.Tensor],
    losses: Callable[[int], torch.Tensor],
    steps: int,
    lr: float,
    one_cycle: bool = False,
) -> None:
    """Take ``steps`` steps of Adam, norms clipped at 1."""
    opt = torch.optim.Adam(weights, lr=lr)
    schedule: Any
    if one_cycle:
        schedule = torch.optim.lr_scheduler.OneCycleLR(opt, lr, total_steps=steps)
    else:
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps)
    for k in range(steps):
        loss = losses(k)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        opt.step()
        schedule.step()


def sentences(
    n: int, distance: int, rng: torch.Generator, visit: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return word numbers (distance + 2, n) and the language that comes next.

    "grew", the country, distance - 1 words, "speak". Some of the words between say
    that a country was visited; that must not count. Without ``visit`` none do.
    """
    country = torch.randint(COUNTRIES, (n,), generator=rng)
    words = torch.randint(FILLERS, (distance + 2, n), generator=rng) + COUNTRIES
    words[0], words[1], words[-1] = GREW, country, SPEAK
    if visit and distance > 3:
        at = torch.randint(2, distance, (n,), generator=rng)
        who = torch.arange(n)
        words[at, who] = VISITED
        words[at + 1, who] = torch.randint(COUNTRIES, (n,), generator=rng)
    return words, LANGUAGE[country]


def run_sentences(name: str, seed: int, visit: bool = True) -> dict[str, Any]:
    """Train on distances 1 to 60, drawn anew for each batch; test at each distance."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    H = WIDTHS[name]
    words = torch.nn.Embedding(SPEAK + 1, 12)
    layer, head = layer_of(name, 12, H), torch.nn.Linear(H, 5)

    def scores(ids: torch.Tensor) -> torch.Tensor:
        return head(layer(words(ids))[0][-1])

    def losses(_: int) -> torch.Tensor:
        distance = int(torch.randint(1, 61, (), generator=rng))
        ids, ys = sentences(64, distance, rng, visit)
        return torch.nn.functional.cross_entropy(scores(ids), ys)

    train([*words.parameters(), *layer.parameters(), *head.parameters()],
          losses, 800, 5e-3)  # fmt: skip
    test, found = torch.Generator().manual_seed(10_000 + seed), []
    with torch.no_grad():
        for distance in DISTANCES:
            ids, ys = sentences(1000, distance, test, visit)
            found.append(float((scores(ids).argmax(1) == ys).float().mean()))
    return {"accuracy": found}


def run_adding(name: str, seed: int) -> dict[str, Any]:
    """Train 2,000 steps on T = 100; return the test error and the curve."""
    torch.manual_seed(seed)
    layer, head = layer_of(name, 2, WIDTHS[name]), torch.nn.Linear(WIDTHS[name], 1)
    curve = []

    def losses(k: int) -> torch.Tensor:
        data = make_adding(64, n_steps=T, seed=1_000_000 * (seed + 1) + k)
        xs, ys = (torch.tensor(a, dtype=torch.float32) for a in (data.xs, data.ys))
        loss = ((head(layer(xs)[0][-1])[:, 0] - ys) ** 2).mean()
        curve.append(loss.item())
        return loss

    train([*layer.parameters(), *head.parameters()], losses, 2000, 5e-3)
    means = np.reshape(curve, (-1, 50)).mean(axis=1)
    found: dict[str, Any] = {"curve": [round(float(v), 5) for v in means]}
    by_length = []
    for steps in LENGTHS:
        data = make_adding(2000, n_steps=steps, seed=seed)
        xs, ys = (torch.tensor(a, dtype=torch.float32) for a in (data.xs, data.ys))
        with torch.no_grad():
            squares = ((head(layer(xs)[0][-1])[:, 0] - ys) ** 2).numpy()
        by_length.append(float(squares.mean()))
        if steps == T:
            lag = T - 1 - data.xs[..., 1].argmax(axis=0)  # of the first mark, 50 to 99
            found["error"] = float(squares.mean())
            found["by_lag"] = [
                float(squares[(lag >= k) & (lag < k + 10)].mean())
                for k in range(50, 100, 10)
            ]
    return found | {"by_length": by_length}


def copies(n: int, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs and targets (T + 20, n): ten symbols 1 to 8, blanks 0, signal 9."""
    symbols = torch.randint(1, 9, (10, n), generator=rng)
    xs = torch.zeros(T + 20, n, dtype=torch.long)
    ys = xs.clone()
    xs[:10], xs[T + 9 : T + 20], ys[-10:] = symbols, 9, symbols
    return xs, ys


class Convolutions(torch.nn.Module):
    """Five causal convolutions, dilated 1 to 16, each added to what came in.

    Eight entries each, so an output sees 1 + 7 · 31 = 218 steps, (4.13).
    """

    def __init__(self, D: int, C: int) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(
            torch.nn.Conv1d(C if k else D, C, 8, dilation=2**k) for k in range(5)
        )

    def forward(self, xs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Take (T, B, D), return (T, B, C), and None in the place of a state."""
        a = xs.permute(1, 2, 0)
        for k, layer in enumerate(self.layers):
            new = torch.relu(layer(torch.nn.functional.pad(a, (7 * 2**k, 0))))
            a = a + new if k else new
        return a.permute(2, 0, 1), None


def run_copy(name: str, seed: int) -> dict[str, Any]:
    """Train 600 steps on T = 100; return loss, symbols copied and the curve.

    The recurrent networks are 64 wide (LSTM 19,456 weights), the convolutions 24
    (20,472), without the last layer.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    layer: torch.nn.Module
    if name == "TCN":
        layer, head = Convolutions(10, 24), torch.nn.Linear(24, 9)
    else:
        layer, head = layer_of(name, 10, 64), torch.nn.Linear(64, 9)
    curve: list[float] = []

    def scores(xs: torch.Tensor) -> torch.Tensor:
        return head(layer(torch.nn.functional.one_hot(xs, 10).float())[0])

    def losses(_: int) -> torch.Tensor:
        xs, ys = copies(32, rng)
        loss = torch.nn.functional.cross_entropy(scores(xs).flatten(0, 1), ys.flatten())
        curve.append(loss.item())
        return loss

    train([*layer.parameters(), *head.parameters()], losses, 600, 3e-3)
    xs, ys = copies(500, torch.Generator().manual_seed(10_000 + seed))
    with torch.no_grad():
        out = scores(xs)
        loss = torch.nn.functional.cross_entropy(out.flatten(0, 1), ys.flatten())
        right = (out[-10:].argmax(-1) == ys[-10:]).float().mean()
    means = np.reshape(curve, (-1, 30)).mean(axis=1)
    return {
        "loss": float(loss),
        "right": float(right),
        "steps": len(curve),
        "weights": sum(w.numel() for w in layer.parameters()),
        "curve": [round(float(v), 6) for v in means],
    }


def digits(part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures (N, 28, 28) between 0 and 1, and labels."""
    pictures = np.frombuffer(read(f"mnist-{part}-images"), np.uint8, offset=16)
    labels = np.frombuffer(read(f"mnist-{part}-labels"), np.uint8, offset=8)
    return (
        torch.tensor(pictures.reshape(-1, 28, 28)).float() / 255,
        torch.tensor(labels.astype(np.int64)),
    )


def run_digits(
    name: str, seed: int, *, H: int, D: int, n: int, epochs: int, permute: bool = False
) -> dict[str, Any]:
    """Read the first n digits as sequences with D numbers a step; test on all 10,000.

    Smaller tests than that are said in the result.
    """
    torch.manual_seed(seed)
    order = torch.randperm(784, generator=torch.Generator().manual_seed(0))
    parts = {}
    for part in ("train", "test"):
        pictures, labels = digits(part)
        flat = pictures.reshape(-1, 784)
        flat = flat[:, order] if permute else flat
        parts[part] = flat.reshape(len(flat), -1, D), labels
    xs, ys = parts["train"][0][:n], parts["train"][1][:n]
    layer, head = layer_of(name, D, H), torch.nn.Linear(H, 10)
    batch = 128 if D > 1 else 50
    per_epoch = n // batch
    picks = torch.stack(
        [torch.randperm(n)[: per_epoch * batch] for _ in range(epochs)]
    ).reshape(-1, batch)

    def scores(rows: torch.Tensor) -> torch.Tensor:
        return head(layer(rows.transpose(0, 1))[0][-1])

    def losses(k: int) -> torch.Tensor:
        i = picks[k]
        return torch.nn.functional.cross_entropy(scores(xs[i]), ys[i])

    train([*layer.parameters(), *head.parameters()], losses, len(picks),
          4e-3 if D > 1 else 3e-3, one_cycle=True)  # fmt: skip
    rows, labels = parts["test"]
    if D == 1:
        rows, labels = rows[:2000], labels[:2000]
    with torch.no_grad():
        guess = torch.cat([scores(part).argmax(1) for part in rows.split(500)])
    found: dict[str, Any] = {
        "accuracy": 100 * float((guess == labels).float().mean()),
        "tested": len(labels),
        "trained": n,
        "epochs": epochs,
    }
    if D == 1:
        return found
    with torch.no_grad():
        states = torch.cat(
            [
                layer(torch.cat([part, part.new_zeros(len(part), WAITS[-1], D)], 1)
                      .transpose(0, 1))[0]
                for part in rows.split(500)
            ],
            dim=1,
        )  # fmt: skip
        right = [100 * float((head(h).argmax(1) == labels).float().mean())
                 for h in states]  # fmt: skip
        shares = head(states[:28, 0]).softmax(1)
    found["after_row"] = right[:28]
    found["waiting"] = [right[27 + k] for k in WAITS]
    if seed == 0:  # the first test picture, and what the network makes of it
        found["picture"] = (255 * rows[0]).round().int().tolist()
        found["shares"] = [[round(float(v), 4) for v in row] for row in shares]
    return found


def jobs() -> list[tuple[str, Callable[[], dict[str, Any]]]]:
    """Return all runs by name, the first seeds first."""
    found: list[tuple[str, Callable[[], dict[str, Any]]]] = []
    for seed in SEEDS:
        for task, run in (("sentences", run_sentences), ("adding", run_adding)):
            for name in WIDTHS:
                found.append(
                    (
                        f"{task} {name} {seed}",
                        lambda f=run, n=name, s=seed: f(n, s),
                    )
                )
        found.append(
            (
                f"rows LSTM {seed}",
                lambda s=seed: run_digits("LSTM", s, H=128, D=28, n=60000, epochs=5),
            )
        )
        found.append(
            (f"no visit RNN {seed}", lambda s=seed: run_sentences("RNN", s, False))
        )
        for name in (*WIDTHS, "TCN"):
            found.append((f"copy {name} {seed}", lambda n=name, s=seed: run_copy(n, s)))
        if seed:
            continue
        for task in ("pixels", "permuted"):
            found.append(
                (
                    f"{task} GRU 0",
                    lambda p=task == "permuted": run_digits(
                        "GRU", 0, H=48, D=1, n=2000, epochs=3, permute=p
                    ),
                )
            )
    # What the chapter is held to first, then one seed of everything.
    order = ("rows", "sentences", "no visit", "copy", "adding", "permuted", "pixels")

    def place(job: tuple[str, Any]) -> tuple[bool, int]:
        k = next(k for k, task in enumerate(order) if job[0].startswith(task))
        return k > 3 and not job[0].endswith("0"), k

    return sorted(found, key=place)


def summarise(runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the figures that the chapter quotes, from the runs that are there."""
    found: dict[str, Any] = {}
    for task, figure in (("adding", "error"), ("rows", "accuracy"), ("copy", "loss")):
        for name in (*WIDTHS, "TCN"):
            there = [
                v[figure] for k, v in runs.items() if k.startswith(f"{task} {name}")
            ]
            if there:
                found.setdefault(task, {})[name] = labs.summary(there)
    for name in WIDTHS:
        there = [v["accuracy"] for k, v in runs.items() if f"sentences {name}" in k]
        if there:
            found.setdefault("sentences", {"distances": DISTANCES})[name] = {
                "mean": np.mean(there, axis=0).tolist(),
                "min": np.min(there, axis=0).tolist(),
                "max": np.max(there, axis=0).tolist(),
                "seeds": len(there),
            }
    there = [v["accuracy"] for k, v in runs.items() if "no visit" in k]
    if there:
        found["no_visit"] = {
            "mean": np.mean(there, axis=0).tolist(),
            "seeds": len(there),
        }
    for task in ("pixels", "permuted"):
        if f"{task} GRU 0" in runs:
            found[task] = runs[f"{task} GRU 0"]
    return found


def main() -> None:
    """Do the runs that are missing; store after each."""
    torch.set_num_threads(1)
    runs: dict[str, Any] = {}
    if PLACE.exists():
        runs = json.loads(PLACE.read_text(encoding="utf-8")).get("runs", {})
    for name, job in jobs():
        if name not in runs:
            begin = time.process_time()
            runs[name] = job()
            runs[name]["seconds"] = round(time.process_time() - begin, 1)
            brief = {k: v for k, v in runs[name].items() if not isinstance(v, list)}
            print(name, brief, flush=True)
        lines = {"adding": 1 / 6, "copy": 10 * math.log(8) / (T + 20)}
        found = {"lines": lines, **summarise(runs), "runs": runs}
        labs.store(SLUG, found)
    seconds = labs.run_cells(SLUG)[1]  # the chapter's own, which read the figures above
    labs.store(SLUG, {**found, "execution": {"cpu_seconds": seconds}})


if __name__ == "__main__":
    main()

"""Train the character networks of chapter 17 for their budgets, and count beside them.

The code is the chapter's own: its cells tagged ``lab-code`` are run first. Every piece
(one run, or the counts of one text) is stored as soon as it is done and is not
repeated when the lab is started again, so that it may be stopped at any time.
``--pieces N`` stops after N pieces. Budgets are in CPU seconds of training:

- 120 s of one core with three seeds: the plays, the same with the state thrown away
  at each stretch, and Don Quijote;
- 1,200 CPU seconds on two cores (ten minutes) with three seeds, 512 units.

The page's own network, trained again, gives the scores of the interactive figure
(``_ext/interactive/next-character.js``), and all cells are timed once. About an
hour and a quarter of a quiet machine in all. Writes
chapters/results/17-text-generation.json.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import torch

from rnncourse import labs

SLUG = Path(__file__).stem
SOURCE = Path(__file__).parents[1] / "src" / f"{SLUG}.md"
PLACE = Path(__file__).parents[1] / "results" / f"{SLUG}.json"
FIGURE = Path(__file__).parents[2] / "_ext" / "interactive" / "next-character.js"
SEEDS = 3
SHORT, LONG = 120, 1200  # CPU seconds
UNITS, LONG_UNITS, LONG_DROP = 256, 512, 0.2
PAGE_UPDATES = 1600
LINE = "QUEEN MARGARET:\nMy son, my son was "  # as in the chapter and the figure
SPEECH = {"tau": 0.8, "mass": 0.95}
ORDERS = {"shakespeare": range(6), "quijote": range(7)}


def chapter_code() -> dict[str, Any]:
    """Run the cells of the chapter that only define things and read the texts."""
    import matplotlib

    matplotlib.use("Agg")
    names: dict[str, Any] = {}
    for cell in jupytext.read(SOURCE).cells:
        if "lab-code" in cell.metadata.get("tags", []):
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, SLUG, "exec"), names)
    if not names["real"]:
        raise SystemExit("the texts are not here: nothing is measured on made-up ones")
    names["corpora"] = {
        "shakespeare": names["plays"],
        "quijote": names["corpus"](names["novel"]),
    }
    return names


def passed(curve: list[tuple[float, float]], level: float) -> float:
    """Return the seconds at which a curve falls below a level, between two looks."""
    for (t, a), (u, b) in zip(curve[:-1], curve[1:], strict=True):
        if b < level <= a:
            return t + (u - t) * (a - level) / (a - b)
    return float("nan")


def run_counts(n: dict[str, Any], text: str) -> dict[str, Any]:
    """Count the contexts of each order; the loss on the held-out tenth."""
    data = n["corpora"][text]
    found = {}
    for order in ORDERS[text]:
        model = n["NGram"](data.train, data.V, order=order)
        found[str(order)] = float(-model.log_probabilities(data.test).mean())
    return {"nats": found}


def run_training(
    n: dict[str, Any], text: str, seed: int, *, threads: int = 1, speak: bool = False,
    **options: Any,
) -> dict[str, Any]:  # fmt: skip
    """Train for a budget; return losses, curve and, if asked, what it writes."""
    torch.set_num_threads(threads)
    begin, data = time.perf_counter(), n["corpora"][text]
    looks = 24 if options["seconds"] <= SHORT else 12
    model, curve, characters = n["train_text"](data, seed=seed, looks=looks, **options)
    wall = time.perf_counter() - begin
    torch.set_num_threads(1)
    found: dict[str, Any] = {
        "nats": curve[-1][1],
        "curve": [[round(t, 2), round(v, 4)] for t, v in curve],
        "characters": characters,
        "threads": threads,
        "wall_seconds": wall,
        "weights": sum(w.numel() for w in model.parameters()),
    }
    if speak:
        source = data.text[: len(data.train)]
        known = set(n["words"](source))
        written = n["write"](model, data, 3000, seed=1, **SPEECH)
        found["sample"] = written[:420].strip()
        found["known"] = 100 * float(n["share_known"](written, known))
        found["quote"] = len(n["longest_quote"](written, source))
    return found


def run_figure(n: dict[str, Any]) -> dict[str, Any]:
    """Train the page's network again and put its scores into the figure."""
    data = n["plays"]
    model, curve, _ = n["train_text"](data, updates=PAGE_UPDATES)
    ids = data.vocabulary.encode(LINE)
    with torch.no_grad():
        scores = model(torch.as_tensor(ids)[:, None])[0][:, 0].numpy()
    write_figure(LINE, data.vocabulary.tokens, scores)
    return {"seconds": curve[-1][0], "nats": curve[-1][1]}


def write_figure(line: str, symbols: Any, scores: np.ndarray) -> None:
    """Store scores (T, V), in hundredths, without that of the unknown symbol."""
    rows = np.round(100 * (scores - scores.max(axis=1, keepdims=True)))[:, 1:]
    data = {
        "line": line,
        "symbols": "".join(symbols[1:]),
        "scores": rows.astype(int).ravel().tolist(),
    }
    block = "const DATA = " + json.dumps(data, separators=(",", ":")) + ";"
    text = FIGURE.read_text(encoding="utf-8")
    text = re.sub(r"^const DATA = .*;$", lambda _: block, text, flags=re.MULTILINE)
    FIGURE.write_text(text, encoding="utf-8")


def run_page(n: dict[str, Any]) -> dict[str, Any]:
    """Run every cell of the chapter once."""
    return {"cpu_seconds": labs.run_cells(SLUG)[1]}


def jobs() -> list[tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]]:
    """Return all pieces by name."""
    found: list[tuple[str, Callable[..., dict[str, Any]]]] = [
        ("counts shakespeare", lambda n: run_counts(n, "shakespeare")),
        ("counts quijote", lambda n: run_counts(n, "quijote")),
        ("figure", run_figure),
    ]
    short = {"H": UNITS, "seconds": SHORT}
    for seed in range(SEEDS):
        found += [
            (f"two {seed}",
             lambda n, s=seed: run_training(n, "shakespeare", s, **short)),
            (f"reset {seed}",
             lambda n, s=seed: run_training(
                 n, "shakespeare", s, hand_on=False, **short)),
            (f"quijote {seed}",
             lambda n, s=seed: run_training(n, "quijote", s, **short)),
            (f"ten {seed}",
             lambda n, s=seed: run_training(
                 n, "shakespeare", s, threads=2, speak=s == 0, H=LONG_UNITS,
                 drop=LONG_DROP, lr=4e-3, seconds=LONG)),
        ]  # fmt: skip
    return [*found, ("page", run_page)]


def digest(runs: dict[str, Any]) -> dict[str, Any]:
    """Summarise the pieces that are there, as the chapter quotes them."""
    results: dict[str, Any] = {"runs": runs, "seeds": SEEDS}
    for text in ORDERS:
        if f"counts {text}" in runs:
            nats = runs[f"counts {text}"]["nats"]
            order = min(nats, key=nats.get)
            results.setdefault("counting", {})[text] = {
                "order": int(order),
                "best": nats[order],
                "nats": nats,
            }
    if "page" in runs:
        results["execution"] = runs["page"]
    settings = {
        "two": {"seconds": SHORT, "units": UNITS},
        "reset": {"seconds": SHORT, "units": UNITS},
        "quijote": {"seconds": SHORT, "units": UNITS},
        "ten": {"seconds": LONG, "units": LONG_UNITS, "drop": LONG_DROP},
    }
    for name, setting in settings.items():
        done = [runs[f"{name} {s}"] for s in range(SEEDS) if f"{name} {s}" in runs]
        if not done:
            continue
        spread = labs.summary(run["nats"] for run in done)
        results[name] = {**setting, "nats": spread}
        results[name]["wall_seconds"] = labs.summary(r["wall_seconds"] for r in done)
        if "sample" in done[0]:
            results[name] |= {k: done[0][k] for k in ("sample", "known", "quote")}
        if name == "two" and "counting" in results:
            level = results["counting"]["shakespeare"]["best"]
            results[name]["passed"] = labs.summary(
                passed(run["curve"], level) for run in done
            )
    if "two" in results and "reset" in results:
        results["reset"]["gap"] = (
            results["reset"]["nats"]["mean"] - results["two"]["nats"]["mean"]
        )
    if "quijote" in results and "characters" in runs.get("texts", {}):
        results["quijote"]["characters"] = runs["texts"]["characters"]
    return results


def main() -> None:
    """Do what is missing, and store after each piece."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=1000, help="stop after so many")
    left = parser.parse_args().pieces
    runs: dict[str, Any] = {}
    if PLACE.is_file():
        runs = json.loads(PLACE.read_text(encoding="utf-8")).get("runs", {})
    names = chapter_code()
    runs["texts"] = {"characters": len(names["novel"])}
    for name, run in jobs():
        if name in runs:
            continue
        if left <= 0:
            break
        left -= 1
        begin = time.process_time()
        runs[name] = run(names)
        labs.store(SLUG, digest(runs))
        seconds = time.process_time() - begin
        shown = {k: v for k, v in runs[name].items() if k not in ("curve", "sample")}
        print(name, f"{seconds:.0f} s", shown, flush=True)
    labs.store(SLUG, digest(runs))
    waiting = [name for name, _ in jobs() if name not in runs]
    print("still to do:", waiting or "nothing")


if __name__ == "__main__":
    main()

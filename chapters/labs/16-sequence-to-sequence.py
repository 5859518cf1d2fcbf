"""Repeat the labs of chapter 16 with more seeds, and train the translator longer.

The functions are the chapter's own: its cells are run first, and timed. Sums and dates
are trained with three seeds; sums also with the answer written from the front, and with
the decoder reading its own tokens; the translator for three thousand steps, and its
BLEU is compared with that of sacrebleu. Every piece is written
to the results as soon as it is done and skipped if it is there already; name pieces on
the command line to run those alone. ``alignment`` writes the weights of the interactive
figure. Everything together takes about half an hour on one core.
"""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnncourse import labs

SLUG = Path(__file__).stem
CHAPTERS = Path(__file__).resolve().parents[1]
SEEDS, STEPS, LONG_STEPS = range(3), 1800, 3000

Names = dict[str, Any]


def sums(
    names: Names, seed: int, *, front: bool = False, **settings: Any
) -> list[float]:
    """Train on sums as the chapter does; return the rows of what was seen, in percent.

    A row is (tokens fed the truth, tokens running freely, whole sums).
    """
    draw = names["draw_sums"]
    if front:
        draw = functools.partial(draw, step=1)
    given = {"H": 128, "steps": STEPS, "seed": seed, **settings}
    _, seen = names["train"](draw, "0123456789+", "0123456789", **given)
    print(front, given, seen[-1].round(3).tolist(), flush=True)
    return [[100 * share for share in row[2:]] for row in seen]


def whole(runs: list[Any]) -> dict[str, Any]:
    """Return the whole sums at the end of all runs."""
    return {"percent": labs.summary(rows[-1][2] for rows in runs)}


def addition(names: Names) -> dict[str, Any]:
    """Write the answer from the back; also the gap half-way through training."""
    runs = [sums(names, seed) for seed in SEEDS]
    gaps = [max(taught - free for taught, free, _ in rows) for rows in runs]
    return {"steps": STEPS, "gap": labs.summary(gaps), **whole(runs)}


def front(names: Names) -> dict[str, Any]:
    """Write the answer from the front, with equal training."""
    return {"steps": STEPS, **whole([sums(names, seed, front=True) for seed in SEEDS])}


def free(names: Names) -> dict[str, Any]:
    """Train on sums with all of the tokens read the decoder's own."""
    return whole([sums(names, seed, own=1.0) for seed in SEEDS])


def dates(names: Names) -> dict[str, Any]:
    """Train on dates with each seed; return whole dates right, in percent."""
    settings = {"attention": "scaled", "H": 64, "steps": 500, "batch": 64}
    shares = [
        names["train"](
            names["draw_dates"], names["LETTERS"], "0123456789-", seed=seed, **settings
        )[1][-1, 4]
        for seed in SEEDS
    ]
    return {"percent": labs.summary(100 * share for share in shares)}


def translation(names: Names) -> dict[str, Any]:
    """Train the translator longer; return exact match and BLEU, also of sacrebleu."""
    model = names["train_translator"](LONG_STEPS)
    found: dict[str, Any] = {"steps": LONG_STEPS, "seed": 0}
    for width in (1, 4):
        translate = names["translate_with"](model, width)
        exact, bleu = names["scores_of"](translate)
        found[f"beam_{width}"] = {"exact": exact, "bleu": bleu}
    found["sacrebleu"] = sacrebleu(names, translate)
    return found


def sacrebleu(names: Names, translate: Callable[[Any], Any]) -> dict[str, Any]:
    """Score a translation with sacrebleu, on words as the chapter splits them."""
    from sacrebleu.metrics import BLEU

    answers = names["answers"]
    outputs = [" ".join(translate(words)) for words in answers]
    rights = [[" ".join(words) for words in some] for some in answers.values()]
    most = max(map(len, rights))
    columns = [[r[k] if k < len(r) else None for r in rights] for k in range(most)]
    metric = BLEU(tokenize="none", smooth_method="none", force=True)
    score = metric.corpus_score(outputs, columns).score
    return {"bleu": score, "signature": str(metric.get_signature())}


def alignment(names: Names) -> dict[str, Any]:
    """Write the weights of the chapter's figure into the interactive one."""
    read, (written, weights) = names["source"], (names["written"], names["weights"])
    rows = [[round(float(w), 2) for w in row] for row in weights]
    start = json.dumps({"read": read, "written": written, "weights": rows})
    path = CHAPTERS.parent / "_ext" / "interactive" / "alignment.js"
    text = path.read_text(encoding="utf-8")
    new = re.sub(r"/\*START\*/.*?/\*END\*/", f"/*START*/{start}/*END*/", text)
    path.write_text(new, encoding="utf-8")
    return {"written": written, "row_sums": float(np.array(weights).sum(1).mean())}


PIECES: dict[str, Callable[[Names], dict[str, Any]]] = {
    "alignment": alignment,
    "addition": addition,
    "front": front,
    "dates": dates,
    "free": free,
    "translation": translation,
}


def main() -> None:
    """Run what is missing, or what is asked for, and write after every piece."""
    torch.set_num_threads(1)
    path = CHAPTERS / "results" / f"{SLUG}.json"
    results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    results.pop("machine", None)
    asked = sys.argv[1:] or [name for name in PIECES if name not in results]
    names, seconds = labs.run_cells(SLUG)
    results["execution"] = {"cpu_seconds": seconds}
    labs.store(SLUG, results)
    for name in asked:
        results[name] = PIECES[name](names)
        print(name, results[name], flush=True)
        labs.store(SLUG, results)


if __name__ == "__main__":
    main()

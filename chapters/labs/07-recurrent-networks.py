"""Run chapter 7 once, time it, and store the figures that its text quotes.

The code is the chapter's own, cell by cell. Takes about half a minute. Writes
chapters/results/07-recurrent-networks.json.
"""

from __future__ import annotations

import contextlib
import io
import json
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jupytext
import matplotlib
import matplotlib.pyplot as plt

matplotlib.use("Agg")
CHAPTERS = Path(__file__).resolve().parent.parent
SLUG = "07-recurrent-networks"


def run_cells() -> dict[str, Any]:
    """Run the chapter's code; return what it defines."""
    names: dict[str, Any] = {}
    for cell in jupytext.read(CHAPTERS / "src" / f"{SLUG}.md").cells:
        if cell.cell_type == "code" and "remove-cell" not in cell.metadata.get(
            "tags", []
        ):
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, SLUG, "exec"), names)
            plt.close("all")
    return names


def summary(values: list[float]) -> dict[str, float]:
    """Return mean, smallest and largest of a figure over the seeds."""
    values = [float(v) for v in values]
    return {"mean": sum(values) / len(values), "min": min(values), "max": max(values)}


def main() -> None:
    """Run, measure, write."""
    begin = time.process_time()
    names = run_cells()
    seconds = time.process_time() - begin
    if names["text"] is None or names["archive"] is None:
        raise SystemExit("the texts are missing: run `rnncourse data` first")
    results = {
        "execution": {"cpu_seconds": seconds},
        "seeds": 3,
        "alphabet": {
            d: {k: summary(v) for k, v in of.items()}
            for d, of in names["alphabet_results"].items()
        },
        "tracks": {
            "memory" if m else "no_memory": summary(list(errors[:, -1]))
            for m, errors in names["tracks"].items()
        },
        "context": {
            k.replace(" ", "_"): {
                "trigram": float(names["trigram"][k]),
                "network": summary(names["accuracy"][k]),
            }
            for k in names["kinds"]
        },
        "characters": {
            "bigram": float(names["plays"].bigram),
            "network": summary(names["final"]),
        },
        "spanish": {
            "bigram": float(names["spanish"].bigram),
            "network": summary(names["spanish_final"]),
        },
        "device": "CPU, one thread",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "torch")},
        },
    }
    path = CHAPTERS / "results" / f"{SLUG}.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(path.read_text())


if __name__ == "__main__":
    main()

"""Run chapter 7 once, time it, and store the figures that its text quotes.

The code is the chapter's own, cell by cell. Takes about half a minute. Writes
chapters/results/07-recurrent-networks.json.
"""

from __future__ import annotations

from pathlib import Path

from rnncourse import labs

SLUG = Path(__file__).stem


def main() -> None:
    """Run, measure, write."""
    names, seconds = labs.run_cells(SLUG)
    if names["text"] is None or names["archive"] is None:
        raise SystemExit("the texts are missing: run `rnncourse data` first")
    results = {
        "execution": {"cpu_seconds": seconds},
        "alphabet": {
            d: {k: labs.summary(v) for k, v in of.items()}
            for d, of in names["alphabet_results"].items()
        },
        "tracks": {
            "memory" if m else "no_memory": labs.summary(list(errors[:, -1]))
            for m, errors in names["tracks"].items()
        },
        "context": {
            k.replace(" ", "_"): {
                "trigram": float(names["trigram"][k]),
                "network": labs.summary(names["accuracy"][k]),
            }
            for k in names["kinds"]
        },
        "characters": {
            "bigram": float(names["plays"].bigram),
            "network": labs.summary(names["final"]),
        },
        "spanish": {
            "bigram": float(names["spanish"].bigram),
            "network": labs.summary(names["spanish_final"]),
        },
    }
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

"""Run chapter 5 once and store what its text quotes.

Writes chapters/results/05-sequences-and-windows.json. Takes about a minute.
"""

from pathlib import Path

from rnncourse import labs

SLUG = Path(__file__).stem
WAYS = ("in order", "one shuffle for all", "a shuffle for each")
LEAKS = {
    "honest": "honest",
    "scaled": "A: scale from all years",
    "smoothed": "B: smoothed over tomorrow",
    "dealt": "C: windows dealt out",
}


def main() -> None:
    """Run, measure, write."""
    names, seconds = labs.run_cells(SLUG)
    leaks = {
        key: dict(zip(("least_squares", "boosting"), names["leaks"][name], strict=True))
        for key, name in LEAKS.items()
    }
    results = {
        "execution": {"cpu_seconds": seconds},
        "memory": {"year": float(names["short"][364])},
        "order": {
            way.replace(" ", "_"): labs.summary(names["ways"][way]) for way in WAYS
        },
        "leaks": {
            **leaks,
            "share": float(names["share"]),
            "gain": labs.summary(names["gains"]),
        },
    }
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

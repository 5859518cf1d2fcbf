"""Run chapter 1 once and repeat its lab with more seeds.

Writes chapters/results/01-perceptron.json. Takes about half a minute.
"""

from pathlib import Path

from rnncourse import labs

SLUG = Path(__file__).stem


def main() -> None:
    """Run, measure, write."""
    names, seconds = labs.run_cells(SLUG)
    results = {
        "execution": {"cpu_seconds": seconds},
        "digits": {
            "pictures": len(names["keep"]),
            "loss": labs.summary(names["losses"]),
            **{
                name.replace(" ", "_").replace("-", "_"): labs.summary(values)
                for name, values in names["scores"].items()
            },
        },
    }
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

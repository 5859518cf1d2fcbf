"""What the long labs share: run a chapter's code, describe a spread, store figures.

A lab is a script ``chapters/labs/NN-slug.py``; ``make results`` runs them. The text of
the chapter quotes what they store as ``{{ results.some.value:.1f }}``.
"""

from __future__ import annotations

import contextlib
import io
import json
import platform
import time
import warnings
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jupytext

from rnncourse.environment import project_root


def run_cells(slug: str) -> tuple[dict[str, Any], float]:
    """Run the code of a chapter in one go.

    Parameters
    ----------
    slug : str
        Such as ``"08-backpropagation-through-time"``.

    Returns
    -------
    names : dict
        What its cells define.
    seconds : float
        Processor time it took.
    """
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("Agg")
    names: dict[str, Any] = {}
    begin = time.process_time()
    for cell in jupytext.read(_chapters() / "src" / f"{slug}.md").cells:
        if cell.cell_type != "code" or "remove-cell" in cell.metadata.get("tags", []):
            continue
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="FigureCanvasAgg")
            exec(compile(cell.source, slug, "exec"), names)
        plt.close("all")
    return names, round(time.process_time() - begin, 1)


def summary(values: Iterable[float]) -> dict[str, float]:
    """Return mean, smallest, largest and number of the figures of all seeds."""
    figures = [float(v) for v in values]
    return {
        "mean": sum(figures) / len(figures),
        "min": min(figures),
        "max": max(figures),
        "seeds": len(figures),
    }


def machine() -> dict[str, str]:
    """Return where figures were made: device and versions."""
    found = {
        "device": "CPU, one thread",
        "processor": platform.machine(),
        "python": platform.python_version(),
    }
    for name in ("numpy", "torch", "scikit-learn"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def store(slug: str, results: dict[str, Any]) -> Path:
    """Write the figures of a chapter, with the machine they come from."""
    path = _chapters() / "results" / f"{slug}.json"
    path.write_text(
        json.dumps({**results, "machine": machine()}, indent=1) + "\n", encoding="utf-8"
    )
    return path


def _chapters() -> Path:
    return project_root() / "chapters"

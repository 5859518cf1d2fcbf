"""The appendix of the package: every public name, from its docstring.

Numpydoc sets the docstrings. A function whose lines name equations of the book links
to them, so that a reader can go from code to chapter and back.
"""

from __future__ import annotations

import inspect
import json
from functools import cache
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from rnncourse import __version__, api, equations

PARTS = ("products", "tanh", "arithmetic", "sum")
RESULTS = Path(__file__).parent.parent / "benchmarks" / "results"


class PublicModules(SphinxDirective):
    """Describe each public module of a package in a section of its own."""

    required_arguments = 1

    def run(self):
        """Return one section for each module."""
        sections = []
        for module in api.modules(self.arguments[0]):
            name = module.__name__
            section = nodes.section(ids=[name.replace(".", "-")], names=[name])
            section += nodes.title("", "", nodes.literal("", short(name)))
            lines = ["```{eval-rst}", f".. automodule:: {name}", ""]
            for member, value in api.members(module).items():
                kind = "class" if inspect.isclass(value) else "function"
                lines += [f".. auto{kind}:: {name}.{member}"]
                if kind == "class" and not api.is_record(value):
                    lines += ["   :members:"]
                lines += [""]
            lines += ["```"]
            text = StringList(lines, source=f"<{name}>")
            self.state.nested_parse(text, self.content_offset, section)
            sections.append(section)
        return sections


class SpeedTable(SphinxDirective):
    """Quote the stored timings of the layers beside ``torch.nn``."""

    def run(self):
        """Return a table: a row for each shape, a column for each kind of layer."""
        layers = {
            name: json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
            for name in ("rnn", "gru", "lstm")
        }
        lines = ["| T, B, D, H |" + "".join(f" {name.upper()} |" for name in layers)]
        lines += ["|---|" + "---|" * len(layers)]
        for rows in zip(*(found["rows"] for found in layers.values()), strict=True):
            shape = ", ".join(str(n) for n in rows[0]["shape"].values())
            cells = "".join(f" {timing(row)} |" for row in rows)
            lines.append(f"| {shape} |{cells}")
        machine = next(iter(layers.values()))["machine"]
        lines += ["", f"*{conditions(machine)}*"]
        box = nodes.container()
        self.state.nested_parse(StringList(lines), self.content_offset, box)
        return box.children


class FloorTable(SphinxDirective):
    """Quote what the LSTM's time is made of, where a goal is missed."""

    def run(self):
        """Return a table: a row for each shape, a column for each part."""
        stored = json.loads((RESULTS / "lstm.json").read_text(encoding="utf-8"))
        lines = [
            "| T, B, D, H | products | tanh | sums and products of entries | together "
            "| LSTM |",
            "|---|---|---|---|---|---|",
        ]
        for row in stored["rows"]:
            shape = ", ".join(str(n) for n in row["shape"].values())
            parts = row["floor"]
            cells = "".join(f" {parts[k]:.2f} |" for k in PARTS)
            lines.append(f"| {shape} |{cells} {row['ratio']:.2f} |")
        box = nodes.container()
        self.state.nested_parse(StringList(lines), self.content_offset, box)
        return box.children


class TrainingTable(SphinxDirective):
    """Quote the stored speed of a training run beside ``torch.nn``."""

    def run(self):
        """Return a table: a row for each size of the network and the batch."""
        path = RESULTS / "train_characters.json"
        stored = json.loads(path.read_text(encoding="utf-8"))
        lines = ["| T, B, H | speed | NumPy | torch |", "|---|---|---|---|"]
        for row in stored["rows"]:
            sizes = ", ".join(str(row["sizes"][axis]) for axis in "TBH")
            low, high = row["quartiles"]
            own, other = (row[k + "characters_per_second"] for k in ("", "torch_"))
            lines.append(
                f"| {sizes} | {row['ratio']:.2f} ({low:.2f} to {high:.2f}) "
                f"| {own:,} characters/s | {other:,} characters/s |"
            )
        worst = max(row["largest_difference_of_first_losses"] for row in stored["rows"])
        lines += ["", f"*{stored['text']}; {conditions(stored['machine'])} "]
        lines[-1] += f"The first losses of both differ by {worst:.0e} at most.*"
        box = nodes.container()
        self.state.nested_parse(StringList(lines), self.content_offset, box)
        return box.children


def conditions(machine: dict) -> str:
    """Say on what and beside what the figures were measured."""
    text = (
        f"{machine['processor']}, one thread, float32, NumPy {machine['numpy']}, "
        f"torch {machine['torch']}"
    )
    load = machine.get("load_of_1_5_15_minutes")
    if load and load[0] > machine["cores"]:
        text += f"; {machine['cores']} cores shared with others (load {load[0]:.0f})"
    return text + "."


def timing(row: dict) -> str:
    """Return ratio and quartiles of a shape, and the goal where it is missed."""
    low, high = row["quartiles"]
    text = f"{row['ratio']:.2f} ({low:.2f} to {high:.2f})"
    if row["ratio"] <= row["required"]:
        return text
    return f"{text}, goal {row['required']}"


def short(name: str) -> str:
    """Return a module's name without that of the package."""
    return name.removeprefix("rnncourse.")


@cache
def cited_in() -> dict[tuple[str, str], list[str]]:
    """Return the equations that each function's lines name, by file and function."""
    found: dict[tuple[str, str], list[str]] = {}
    written = equations.collect()
    for number, line in equations.citations():
        numbers = found.setdefault((line.path, line.function), [])
        if number in written and number not in numbers:
            numbers.append(number)
    return found


def add_equations(app, what, name, value, options, lines):
    """Link the description of a function to the equations that its lines name."""
    if what not in ("function", "method"):
        return
    path = value.__module__.replace(".", "/") + ".py"
    numbers = cited_in().get((path, value.__qualname__), [])
    if not numbers:
        return
    written = equations.collect()
    links = [
        f"`({n}) <../chapters/{written[n].chapter}.html#eq-{n.replace('.', '-')}>`__"
        for n in sorted(numbers, key=equations.order)
    ]
    lines += ["", f"In the book: {', '.join(links)}", ""]


def setup(app):
    """Connect everything."""
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("numpydoc")
    app.add_directive("public-modules", PublicModules)
    app.add_directive("speed-table", SpeedTable)
    app.add_directive("floor-table", FloorTable)
    app.add_directive("training-table", TrainingTable)
    app.connect("autodoc-process-docstring", add_equations, priority=900)
    return {"version": __version__, "parallel_read_safe": True}

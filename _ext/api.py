"""The appendix of the package: every public name, from its docstring.

Numpydoc sets the docstrings. A function whose lines name equations of the book links
to them, so that a reader can go from code to chapter and back.
"""

from __future__ import annotations

import inspect

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from rnncourse import __version__, api, equations


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


def short(name: str) -> str:
    """Return a module's name without that of the package."""
    return name.removeprefix("rnncourse.")


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
    app.connect("autodoc-process-docstring", add_equations, priority=900)
    return {"version": __version__, "parallel_read_safe": True}

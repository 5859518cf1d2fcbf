"""Imports run one way, and importing the package costs nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "rnncourse"
FILES = sorted(PACKAGE.rglob("*.py"))

# A part may import itself, the parts named here, and nothing else of the package.
FACTS = {"address", "messages"}  # what anything but the reference may look up
MIDDLE = {
    "anomalies",
    "datasets",
    "forecasting",
    "plotting",
    "speed",
    "stills",
    "text",
    "training",
    "trained",
}
BELOW = {
    "__init__": set(),
    "reference": set(),
    **{part: set() for part in FACTS},
    "nn": {"reference"},
    **{part: {"reference", "nn"} | MIDDLE | FACTS for part in MIDDLE},
    "checks": {"reference", "nn"} | MIDDLE | FACTS,
    "grading": {"reference", "nn", "checks"} | MIDDLE | FACTS,
}
TOP = "cli, its helpers and the tools for notebooks and exercises"


def part_of(path):
    """Return the first name below ``rnncourse`` of a file."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path):
    """Return every module that a file imports, also inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = ("rnncourse", *path.relative_to(PACKAGE).with_suffix("").parts)
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = list(inside[: len(inside) - node.level]) if node.level else []
            base += node.module.split(".") if node.module else []
            module = ".".join(base)
            names.add(module)
            if module == "rnncourse":  # from rnncourse import nn
                names |= {f"rnncourse.{alias.name}" for alias in node.names}
    return names


def parts_imported(path):
    names = (name.split(".") for name in imported(path))
    return {n[1] for n in names if n[0] == "rnncourse" and len(n) > 1}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_file_imports_nothing_above_it(path):
    part = part_of(path)
    if part in BELOW:
        upwards = parts_imported(path) - BELOW[part] - {part, "__version__"}
        assert not upwards, f"{part} imports {sorted(upwards)}, which stand above it"
    else:  # the top may import everything but is imported by nothing below
        users = {
            p
            for p in BELOW
            for f in FILES
            if part_of(f) == p
            if part in parts_imported(f)
        }
        assert not users, f"{part} is {TOP}, but {sorted(users)} import it"


def test_reference_imports_only_numpy_and_the_standard_library():
    allowed = sys.stdlib_module_names | {"numpy", "rnncourse"}
    for path in FILES:
        if part_of(path) == "reference":
            others = {name.split(".")[0] for name in imported(path)} - allowed
            assert not others, f"{path.name} imports {sorted(others)}"


def test_the_reference_loads_where_torch_is_not_installed():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import rnncourse.reference.rnn, rnncourse.reference.variants\n"
        "import rnncourse.reference.optim, rnncourse.reference.gradcheck\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_importing_the_package_loads_neither_torch_nor_matplotlib():
    code = (
        "import sys, rnncourse\n"
        "heavy = {'torch', 'matplotlib', 'sklearn', 'pooch'} & sys.modules.keys()\n"
        "sys.exit(f'loaded: {sorted(heavy)}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_the_rule_sees_imports_of_every_form(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    file = tmp_path / "reference" / "cell.py"
    file.parent.mkdir()
    file.write_text(
        "import rnncourse.nn.convert\n"
        "from .. import plotting\n"
        "from . import dense\n"
        "def late():\n"
        "    from rnncourse import checks\n"
        "    from rnncourse.cli import main\n",
        encoding="utf-8",
    )
    assert parts_imported(file) == {"nn", "plotting", "reference", "checks", "cli"}

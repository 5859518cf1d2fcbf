"""The files of the repository that repeat each other say the same."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml

import rnncourse
from rnncourse import environment
from tests.conftest import ROOT

CORE_IN_CONDA = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}


def conda() -> tuple[dict[str, str], list[str]]:
    """Return the conda pins and the pip lines of environment.yml."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pins = dict(line.split("=") for line in listed if "=" in line)
    (pip,) = [entry["pip"] for entry in listed if isinstance(entry, dict)]
    return pins, pip


def test_every_requirement_has_a_lower_bound_that_its_pin_meets():
    from packaging.specifiers import SpecifierSet

    pins = environment.pinned(ROOT)
    for name, bound in environment.required(ROOT, *environment.EXTRAS).items():
        assert bound.startswith(">="), f"{name} has no lower bound"
        assert pins[name] in SpecifierSet(bound), f"{name}: {pins[name]} not {bound}"


def test_every_pin_is_the_version_installed_here():
    from importlib.metadata import version

    if sys.version_info[:2] != (3, 11):
        pytest.skip("some pins differ by Python version; compared on 3.11")
    pins = environment.pinned(ROOT)
    for name in environment.required(ROOT, *environment.EXTRAS):
        assert version(name).split("+")[0] == pins[name], name


def test_torch_is_pinned_since_a_plain_one_brings_gigabytes():
    assert environment.pinned(ROOT)["torch"] == "2.13.0"


def test_conda_twin_has_the_same_requirements_at_the_same_versions():
    pins, pip = conda()
    exact = environment.pinned(ROOT)
    want = {CORE_IN_CONDA.get(n, n): exact[n] for n in environment.required(ROOT)}
    assert {n: v for n, v in pins.items() if n != "python"} == want
    extras = ",".join(environment.EXTRAS)
    assert pip == ["--constraint constraints.txt", f"--editable .[{extras}]"]


def test_the_page_that_tells_of_conda_has_the_name_and_the_file_right():
    name = yaml.safe_load((ROOT / "environment.yml").read_text())["name"]
    text = (ROOT / "appendices" / "ways-to-run.md").read_text()
    assert f"conda activate {name}\n" in text
    assert "conda env create --file environment.yml\n" in text


def test_the_chapters_that_import_torch_are_counted_where_the_book_says_so():
    chapters = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))
    imports = re.compile(r"(?:import|from) (?:torch|rnncourse\.(?:nn|training))\b")
    without = [p.stem[:2] for p in chapters if not imports.search(p.read_text())]
    assert without == ["06"]
    text = " ".join((ROOT / "appendices" / "ways-to-run.md").read_text().split())
    counted = f"{len(chapters) - 1} of the {len(chapters)} chapters import it"
    assert f"{counted}, all but chapter 6." in text


def test_conda_python_is_one_the_package_accepts():
    pins, _ = conda()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lowest = project["requires-python"].removeprefix(">=")
    assert tuple(map(int, pins["python"].split("."))) >= tuple(
        map(int, lowest.split("."))
    )


def test_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["version"] == citation["version"] == rnncourse.__version__


def test_makefile_targets_are_commands_and_have_a_line_of_help():
    text = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):(.*)$", text, re.MULTILINE)
    assert targets
    assert [name for name, line in targets if "## " not in line] == []
    listed = subprocess.run(
        [sys.executable, "-m", "rnncourse", "targets"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    ).stdout
    for name, _ in targets:
        assert re.search(rf"^  {name} ", listed, re.MULTILINE), name


def test_every_makefile_recipe_is_one_line_that_calls_the_command_line():
    text = (ROOT / "Makefile").read_text()
    recipes = re.findall(r"^\t(.*)$", text, re.MULTILINE)
    assert recipes
    for recipe in recipes:
        assert recipe.startswith(("@$(RNN) ", "@$(PYTHON) -m rnncourse "))


def test_workflows_are_valid_yaml_and_call_commands_that_exist():
    from rnncourse.cli import build_parser

    known = set(build_parser()._subparsers._group_actions[0].choices)
    files = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert {f.stem for f in files} >= {"test", "book", "weekly"}
    for file in files:
        text = file.read_text()
        assert yaml.safe_load(text)["jobs"]
        called = set(re.findall(r"python -m rnncourse ([a-z-]+)", text))
        assert called <= known, f"{file.name}: {called - known}"


def test_ci_calls_the_tests_that_the_readme_names():
    script = (ROOT / ".ci" / "run").read_text().strip()
    assert script.endswith("make test")
    assert "make test" in (ROOT / "README.md").read_text()


def test_nothing_tracked_names_a_folder_of_one_machine():
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.split(b"\0")
    private = re.compile(rb"/(?:root|home/\w+|work|Users/\w+)/")
    found = []
    for name in filter(None, files):
        path = ROOT / name.decode()
        if path.suffix in {".png", ".gz", ".woff"} or not path.is_file():
            continue
        if private.search(path.read_bytes()):
            found.append(name.decode())
    assert [name for name in found if name != "tests/test_repository.py"] == []

"""The sessions of the framework map print what the page says they print."""

import doctest
import importlib
import os
import pkgutil
import re

import pytest

import rnncourse.nn
import rnncourse.reference
from tests.conftest import ROOT

os.environ["KERAS_BACKEND"] = "torch"  # Keras reads it once, when it is imported
pytest.importorskip("keras")

PAGE = ROOT / "appendices" / "framework-map.md"


def test_every_session_prints_what_the_page_shows(capsys):
    sessions = re.findall(r"```pycon\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(sessions) >= 6
    test = doctest.DocTestParser().get_doctest(
        "".join(sessions), {}, PAGE.name, str(PAGE), 0
    )
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    failed, tried = runner.run(test)
    assert tried > 30
    assert failed == 0, capsys.readouterr().out


def test_every_name_of_ours_exists():
    names = PAGE.read_text("utf-8").split("## Names")[1].split("## ")[0]
    rows = re.findall(r"^\| `(\w+)[^|]*\| (?:`nn\.([\w.]+))?", names, re.MULTILINE)
    assert len(rows) >= 10
    modules = [
        importlib.import_module(f"rnncourse.reference.{found.name}")
        for found in pkgutil.iter_modules(rnncourse.reference.__path__)
    ]
    for function, layer in rows:
        assert any(hasattr(module, function) for module in modules), function
        if layer:
            owner, *method = layer.split(".")
            layer = getattr(rnncourse.nn, owner)
            assert all(hasattr(layer, name) for name in method), layer

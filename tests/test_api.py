"""Every public name is documented, and every example in a docstring runs."""

import doctest
import inspect

import pytest

from rnncourse import api

NETWORKS = ("rnncourse.reference", "rnncourse.nn")
SHOWN = (
    *NETWORKS,
    "rnncourse.anomalies",
    "rnncourse.api",
    "rnncourse.datasets",
    "rnncourse.forecasting",
    "rnncourse.plotting",
    "rnncourse.speed",
    "rnncourse.text",
    "rnncourse.training",
)
MODULES = [module for package in SHOWN for module in api.modules(package)]
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)


def test_the_public_names_are_those_that_people_call():
    names = [name for module in MODULES for name in api.members(module)]
    assert {"rnn_forward", "RNN", "load_energy", "backtest", "Adam"} <= set(names)
    assert not [name for name in names if name.startswith("_")]
    assert "np" not in names
    assert "check_shape" not in api.members(api.modules("rnncourse.reference.rnn")[0])


@each_module
def test_each_public_name_is_documented(module):
    members = api.members(module)
    assert module.__doc__
    without = [name for name, value in members.items() if not value.__doc__]
    for name, value in members.items():
        if inspect.isclass(value) and not api.is_record(value):
            methods = inspect.getmembers(value, inspect.isfunction)
            without += [
                f"{name}.{method}"
                for method, function in methods
                if not method.startswith("_")
                and function.__module__ == module.__name__
                and not function.__doc__
            ]
    assert without == []


@pytest.mark.parametrize(
    "module",
    [m for m in MODULES if m.__name__.startswith(NETWORKS)],
    ids=lambda m: m.__name__,
)
def test_each_function_of_a_network_has_an_example(module):
    without = [
        name
        for name, value in api.members(module).items()
        if not api.is_record(value) and ">>> " not in (value.__doc__ or "")
    ]
    assert without == []


@each_module
def test_each_example_gives_what_it_shows(module):
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0

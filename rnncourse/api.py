"""What of the package is public: the appendix shows it, the tests hold it.

Public is each function and class whose name has no underscore in front, in the module
that defines it. A new module or function needs no entry anywhere.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any


def modules(package: str) -> list[ModuleType]:
    """Return the public modules of a package (or the module itself), by name.

    Parameters
    ----------
    package : str
        For example ``"rnncourse.reference"``.

    Examples
    --------
    >>> [m.__name__ for m in modules("rnncourse.forecasting")]
    ['rnncourse.forecasting']
    >>> "rnncourse.nn.rnn" in [m.__name__ for m in modules("rnncourse.nn")]
    True
    """
    home = importlib.import_module(package)
    if not hasattr(home, "__path__"):
        return [home]
    names = sorted(m.name for m in pkgutil.iter_modules(home.__path__))
    public = [name for name in names if not name.startswith("_")]
    return [importlib.import_module(f"{package}.{name}") for name in public]


def members(module: ModuleType) -> dict[str, Any]:
    """Return the public functions and classes that a module defines, in its order.

    Examples
    --------
    >>> import rnncourse.reference.gradcheck
    >>> list(members(rnncourse.reference.gradcheck))[:2]
    ['GradientMismatch', 'Report']
    """
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
    }


def is_record(value: Any) -> bool:
    """Say whether a class only holds named values, as parameters and caches do."""
    return inspect.isclass(value) and (
        hasattr(value, "_fields") or hasattr(value, "__dataclass_fields__")
    )

"""Small networks that the course has trained, for figures that take them apart.

Each is a file of weights beside this module, rounded to ten-thousandths, written by a
lab under ``chapters/labs``; the script of the figure holds the same text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference.validate import check_choice

UNIT = 1e-4  # what the last digit of a weight is worth
NETWORKS = ("brackets", "countries")


def load_network(name: str) -> dict[str, NDArray[np.float64]]:
    """Return the weights of a trained network by their names.

    Parameters
    ----------
    name : {"brackets", "countries"}
        ``"brackets"``: an LSTM that minds brackets and quotation marks, chapter 10:
        ``W_x``, ``W_h``, ``b`` and, for its output, ``W_y``, ``b_y``.
        ``"countries"``: two simple layers of chapter 9, from a small random and from
        an orthogonal start, after so many steps of training: ``small_0.W_x``,
        ``small_1200.W_h``, ``orthogonal_100.b``, and ``W_y``, ``b_y`` of the output.

    Returns
    -------
    dict of arrays

    Raises
    ------
    ValueError
        If there is no such network.

    Examples
    --------
    >>> load_network("brackets")["W_y"].shape
    (12, 10)
    """
    check_choice("name", name, NETWORKS)
    path = resources.files(__name__) / f"{name}.json"
    return unpack(json.loads(path.read_text(encoding="utf-8")))


def pack(arrays: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return arrays as text: whole ten-thousandths of 16 bits in base 64.

    Parameters
    ----------
    arrays : mapping of name to array
        Within -3.2767 and 3.2767.

    Raises
    ------
    ValueError
        If a number is too large.

    Examples
    --------
    >>> pack({"b": np.array([0.5, -1.0])})
    {'b': {'shape': [2], 'bytes': 'iBPw2A=='}}
    """
    packed = {}
    for name, a in arrays.items():
        whole = np.round(np.asarray(a, dtype=np.float64) / UNIT)
        if np.abs(whole).max() > np.iinfo(np.int16).max:
            most = UNIT * np.abs(whole).max()
            raise ValueError(f"{name} must lie within ±3.2767, got {most:.4f}")
        data = whole.astype("<i2").tobytes()
        packed[name] = {
            "shape": list(whole.shape),
            "bytes": base64.b64encode(data).decode(),
        }
    return packed


def unpack(packed: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    """Return the arrays that :func:`pack` has written.

    Examples
    --------
    >>> unpack({"b": {"shape": [2], "bytes": "iBPw2A=="}})["b"]
    array([ 0.5, -1. ])
    """
    arrays = {}
    for name, stored in packed.items():
        whole = np.frombuffer(base64.b64decode(stored["bytes"]), dtype="<i2")
        arrays[name] = np.round(whole * UNIT, 4).reshape(stored["shape"])
    return arrays


def write_network(name: str, arrays: Mapping[str, Any], script: Path) -> None:
    """Write the weights of a network here and into the script of its figure.

    Parameters
    ----------
    name : str
    arrays : mapping of name to array
    script : Path
        Has one line that begins with ``const MODEL = ``.

    Raises
    ------
    ValueError
        If the script has no such line, or several.
    """
    text = json.dumps(pack(arrays))
    lines = script.read_text(encoding="utf-8").splitlines(keepends=True)
    at = [k for k, line in enumerate(lines) if line.startswith("const MODEL = ")]
    if len(at) != 1:
        raise ValueError(f"{script} must have one line of weights, got {len(at)}")
    lines[at[0]] = f"const MODEL = {text};\n"
    script.write_text("".join(lines), encoding="utf-8")
    Path(__file__).with_name(f"{name}.json").write_text(text + "\n", encoding="utf-8")

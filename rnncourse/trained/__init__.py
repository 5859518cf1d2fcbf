"""Small networks that the course has trained, for figures that take them apart.

Each is a file of rounded weights beside this module, written by a lab under
``chapters/labs``; the script of the figure holds the same text.
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
    (16, 10)
    """
    check_choice("name", name, NETWORKS)
    path = resources.files(__name__) / f"{name}.json"
    return unpack(json.loads(path.read_text(encoding="utf-8")))


def pack(arrays: Mapping[str, Any], parts: int = 10_000) -> dict[str, Any]:
    """Return arrays as text: whole numbers of 16 bits in base 64.

    Parameters
    ----------
    arrays : mapping of name to array
        Within ±32767 / parts.
    parts : int
        How many steps make 1; the arrays are rounded to one.

    Raises
    ------
    ValueError
        If a number is too large.

    Examples
    --------
    >>> pack({"b": np.array([0.5, -1.0])})
    {'parts': 10000, 'arrays': {'b': {'shape': [2], 'bytes': 'iBPw2A=='}}}
    """
    packed, most = {}, int(np.iinfo(np.int16).max)
    for name, a in arrays.items():
        whole = np.round(np.asarray(a, dtype=np.float64) * parts)
        if np.abs(whole).max() > most:
            got = np.abs(whole).max() / parts
            raise ValueError(f"{name} must lie within ±{most / parts}, got {got}")
        data = whole.astype("<i2").tobytes()
        packed[name] = {
            "shape": list(whole.shape),
            "bytes": base64.b64encode(data).decode(),
        }
    return {"parts": parts, "arrays": packed}


def unpack(packed: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    """Return the arrays that :func:`pack` has written.

    Examples
    --------
    >>> unpack(pack({"b": np.array([0.5, -1.0])}))["b"]
    array([ 0.5, -1. ])
    """
    arrays = {}
    for name, stored in packed["arrays"].items():
        whole = np.frombuffer(base64.b64decode(stored["bytes"]), dtype="<i2")
        arrays[name] = (whole / packed["parts"]).reshape(stored["shape"])
    return arrays


def write_network(
    name: str, arrays: Mapping[str, Any], script: Path, parts: int = 10_000
) -> None:
    """Write the weights of a network here and into the script of its figure.

    Parameters
    ----------
    name : str
    arrays : mapping of name to array
    script : Path
        Has one line that begins with ``const MODEL = ``.
    parts : int
        As in :func:`pack`.

    Raises
    ------
    ValueError
        If the script has no such line, or several.
    """
    text = json.dumps(pack(arrays, parts))
    lines = script.read_text(encoding="utf-8").splitlines(keepends=True)
    at = [k for k, line in enumerate(lines) if line.startswith("const MODEL = ")]
    if len(at) != 1:
        raise ValueError(f"{script} must have one line of weights, got {len(at)}")
    lines[at[0]] = f"const MODEL = {text};\n"
    script.write_text("".join(lines), encoding="utf-8")
    Path(__file__).with_name(f"{name}.json").write_text(text + "\n", encoding="utf-8")

"""An assignment that was graded, made up without a kernel, for pages and exports."""

import copy
import json
from pathlib import Path

from rnncourse.grading.history import Finished, Mark
from rnncourse.grading.result import Result

from .common import CELLS, POINTS, filled, model, short_release

RIGHT = {"credit": 1.0, "message": "", "mistake": ""}
WRONG = {
    "credit": 0.0,
    "message": "a has the right shape, not the right numbers.",
    "mistake": "product-starts-early",
}
NAMES = {
    "ada": ("Ada", "Lovelace", "ada@example.org", "11"),
    "ben": ("", "", "", ""),
    "cem": ("Cem", '=HYPERLINK("http://evil.example","x")', "cem@example.org", "13"),
    "dan": ("Dan", 'Écu, the "2nd"', "dan@example.org", "14"),
    "eve": ("Eve", "Ünal", "eve@example.org", "15"),
    "zoe": ("Zoe", "Lee", "zoe@example.org", "16"),
}


def finding(says, weight, **more):
    return {"says": says, "kind": "value", "weight": weight, **RIGHT, **more}


def result(student, scores, *, wrong=(), notebook=None, **more):
    """Give what came of a hand-in that has these points."""
    text = json.dumps(notebook if notebook is not None else filled(model()))
    return Result(
        student=student,
        digest=student,
        rows={
            "submissions": [{"timestamp": None}],
            "notebooks": [],
            "grades": [
                {
                    "notebook": "short",
                    "cell": cell,
                    "auto_score": score,
                    "needs_manual_grade": 0,
                }
                for cell, score in scores.items()
            ],
            "comments": [],
        },
        notebook=text,
        mistakes={cell: [WRONG["mistake"]] for cell in wrong},
        findings={
            cell: [finding("the sum", 2, **(WRONG if cell in wrong else {}))]
            for cell in scores
        },
        **more,
    )


def finished(results=None, *, waits=(), manual=None, penalties=None) -> Finished:
    """Give a class of six: one right, some not, one late, one not read, one waiting."""
    none = dict.fromkeys(POINTS, 0.0)
    first = f"{CELLS[0]}-check"
    if results is None:
        aside = result("zoe", none)
        aside.notebook, aside.trouble = "", "the file is not UTF-8 (byte 4)."
        aside.notes = ["Needs attention: The file is not UTF-8 (byte 4)."]
        aside.findings, aside.rows["grades"] = {}, []
        results = [
            result("ada", POINTS),
            result("ben", {**POINTS, first: 0.0}, wrong=[first]),
            result("cem", {**none, first: 0.5}, wrong=[first]),
            result("dan", POINTS, notes=["Cells stood in another order."]),
            result("eve", POINTS),
            aside,
        ]
        waits = ("eve",)
        penalties = {"dan": 1.5}
    return Finished(
        assignment="short",
        out=Path("nowhere"),
        url="sqlite:///nowhere",
        release=copy.deepcopy(RELEASE),
        results=tuple(results),
        marks={
            one.student: {
                row["cell"]: Mark(
                    row["auto_score"],
                    (manual or {}).get((one.student, row["cell"])),
                    one.student in waits and row["cell"] == first,
                    POINTS[row["cell"]],
                )
                for row in one.rows["grades"]
            }
            for one in results
        },
        penalties=penalties or {},
        names={one.student: NAMES.get(one.student, ("",) * 4) for one in results},
        level="isolation: strict (namespaces and a seccomp filter)",
    )


RELEASE = short_release()

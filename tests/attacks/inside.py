"""What runs in the box: grade some attacks, say what was found."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import corpus


def ours(work: Path, given: dict[str, Any], level: str) -> dict[str, Any]:
    """Grade by this course's own grader."""
    names, limits = given["names"], corpus.LIMITS
    if seconds := given["cell_seconds"]:
        limits = replace(
            limits, cell_seconds=seconds, notebook_seconds=10 * seconds, deaf_seconds=3
        )
    attacks = [one for one in corpus.ATTACKS if corpus.name_of(one) in names]
    run = corpus.grade(attacks, work, level=level, jobs=given["jobs"], limits=limits)
    each = {}
    for attack in attacks:
        result = run["results"][attack["name"]]
        each[corpus.name_of(attack)] = corpus.ended(
            attack, result, run["loot"], words=level != "standard"
        )
    lost = {
        name: corpus.grades(run["results"][name])
        for name in corpus.HONEST
        if corpus.grades(run["results"][name]) != corpus.POINTS
    }
    everybody = {
        "left": ", ".join(sorted(run["left"])),
        "mark": ", ".join(f"changed: {path}" for path in sorted(run["changed"])),
        "stopped": f"honest hand-ins beside it: {lost}" if lost else "",
    }
    everybody = {kind: text for kind, text in everybody.items() if text}
    if len(names) == 1:
        each[names[0]] = {**everybody, **each[names[0]]}
    return {
        "each": each,
        "all": everybody,
        "level": run["level"],
        "seconds": round(run["seconds"], 1),
    }


def main() -> None:
    how, work = sys.argv[1], Path(sys.argv[2])
    given = json.loads(sys.stdin.read())
    if how == "stock":
        from . import stock

        stock.run(work, given["names"])
        return
    found = ours(work, given, how)
    fresh = work / "found.new"
    fresh.write_text(json.dumps(found), encoding="utf-8")
    os.replace(fresh, work / "found.json")


if __name__ == "__main__":
    main()

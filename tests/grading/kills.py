"""Kill runs at many random places, and store that each ended as if nothing had been.

``python -m tests.grading.kills --kills 200`` does what the weekly test does, from a
seed of its own, and writes ``docs/certificates/faults.json`` after each run.
"""

import argparse
import contextlib
import json
import os
import platform
import random
import secrets
import tempfile
import time
from datetime import date
from pathlib import Path

from rnncourse.exercises import ROOT

from . import test_faults as faults

RECORD = ROOT / "docs" / "certificates" / "faults.json"


def main():
    parser = argparse.ArgumentParser(prog="tests.grading.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=faults.MANY)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    args = parser.parse_args()
    start, chance = time.monotonic(), random.Random(args.seed)
    kills = runs = 0
    differed = ""
    with tempfile.TemporaryDirectory(prefix="rnncourse-kills-") as name:
        top = Path(name)

        def new_folder(word):
            (top / word).mkdir()
            return top / word

        folder = faults.make_folder(new_folder("faults"))
        undisturbed = faults.grade_undisturbed(folder, new_folder)
        while kills < args.kills and not differed:
            try:
                kills += faults.kill_and_compare(
                    folder, top / f"out-{runs}", undisturbed, chance
                )
                runs += 1
            except AssertionError as error:
                differed = f"run {runs}: {error}"[:2000]
            record = {
                "kills": kills,
                "runs_compared": runs,
                "differed": differed,
                "places": sorted(set(undisturbed["places"])),
                "writes_in_a_run": len(undisturbed["places"]),
                "seed": args.seed,
                "seconds": round(time.monotonic() - start),
                "machine": f"{platform.system()}, {os.cpu_count()} cores",
                "date": date.today().isoformat(),
            }
            text = json.dumps(record, indent=1) + "\n"
            RECORD.write_text(text, encoding="utf-8")
    with contextlib.suppress(NameError):
        print(text)
    return 1 if differed else 0


if __name__ == "__main__":
    raise SystemExit(main())

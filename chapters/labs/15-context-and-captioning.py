"""Repeat the labs of chapter 15 with three seeds, and train the player's network.

The code is the chapter's own: its cells are run first, and timed. Takes about seven
minutes on one core. Writes chapters/results/15-context-and-captioning.json and the
weights in _ext/interactive/genre-player.js.
"""

from __future__ import annotations

import base64
import copy
import json
import re
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnncourse import labs
from rnncourse.datasets.scenes import SHAPES, SIZES, SceneData, make_scenes
from rnncourse.environment import project_root

SLUG = Path(__file__).stem
SEEDS = range(3)
PLACES = ("state", "input", "both")
LONGER = 36  # epochs, three times the chapter's
FEW = 40  # pictures of the new things, of 4,000
PLAYER_STEPS = 3000


def whisper(lab: dict[str, Any]) -> dict[str, Any]:
    """Return the share of whispers understood after 40 steps, by cell and place."""
    found: dict[str, Any] = {"seeds": len(SEEDS)}
    for cell in ("rnn", "gru"):
        found[cell] = {}
        for place in PLACES:
            shares = [lab["whisper"](cell, place, 40, seed) for seed in SEEDS]
            found[cell][place] = labs.summary(shares)
            print(cell, place, shares, flush=True)
    rnn, gru = found["rnn"]["state"], found["gru"]["state"]
    if rnn["max"] < 0.5 and gru["min"] > 0.9:
        found["verdict"] = (
            "What the GRU shows is that the first state can be enough, where the cell "
            "can hold what it was told."
        )
    elif rnn["max"] < 0.5 and gru["max"] < 0.5:
        found["verdict"] = (
            "That the GRU does not hear it either, in so short a training, shows that "
            "gates alone do not make a first state easy to use."
        )
    else:
        found["verdict"] = (
            "The ranges of the first state show how much hangs on cell and seed."
        )
    return found


def caption_runs(lab: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Return exact shares by place of the context, and the runs with both."""
    test, baselines = lab["test"], list(lab["baselines"].values())
    found: dict[str, Any] = {
        "seeds": len(SEEDS),
        "most_frequent": float(baselines[0]),
        "nearest": float(baselines[1]),
        "floor": float(lab["floor"]),
    }

    def run(place: str, seed: int, **options: Any) -> tuple[float, Any]:
        made = lab["train_captioner"](place, seed, **options)
        said = lab["caption"](*made[:2], test.pictures)
        return float(lab["exact"](said, test.scenes)), made

    for place in PLACES:
        runs = [run(place, seed) for seed in SEEDS]
        found[place] = {
            "parameters": runs[0][1][3],
            "loss": statistics.mean(made[2][-1] for _, made in runs),
            **labs.summary(share for share, _ in runs),
        }
        print(place, found[place], flush=True)
    longer = [run("state", seed, epochs=LONGER)[0] for seed in SEEDS]
    found["longer"] = {"epochs": LONGER, **labs.summary(longer)}
    state, other, both = (found[place] for place in PLACES)
    first = (
        "With every seed the first state alone is behind the other two."
        if state["max"] < min(other["min"], both["min"])
        else "The ranges overlap."
    )
    apart = both["min"] > other["max"] or other["min"] > both["max"]
    found["verdict"] = first + (
        "" if apart else " Between extra input and both the seeds do not decide."
    )
    return found, [made for _, made in runs]


def joined(a: SceneData, b: SceneData) -> SceneData:
    """Return two sets of scenes as one."""
    return SceneData(
        np.concatenate([a.pictures, b.pictures]),
        a.scenes + b.scenes,
        a.captions + b.captions,
        a.description,
    )


def unseen(lab: dict[str, Any], runs: list[Any]) -> dict[str, Any]:
    """Return exact shares on new combinations, what is said instead, what helps."""
    things, pairs = lab["new_things"], lab["new_pairs"]
    banned = lab["NEW_THINGS"] + lab["APART"]

    def share(made: Any, data: SceneData) -> float:
        return float(
            lab["exact"](lab["caption"](*made[:2], data.pictures), data.scenes)
        )

    kept = {"size": 0, "kind": 0, "all": 0}
    for made in runs:
        said = lab["caption"](*made[:2], things.pictures)
        for words, scene in zip(said, things.scenes, strict=True):
            parts = words.split()
            if len(scene) > 1:
                continue
            kept["all"] += 1
            if len(parts) == 3 and parts[1] in SIZES and parts[2] in SHAPES:
                same = (parts[1] == scene[0].size, parts[2] == scene[0].kind)
                kept["size"] += same == (True, False)
                kept["kind"] += same == (False, True)
    found = {
        "seeds": len(SEEDS),
        "things": labs.summary(share(made, things) for made in runs),
        "pairs": labs.summary(share(made, pairs) for made in runs),
        "kept_size": kept["size"] / kept["all"],
        "kept_shape": kept["kind"] / kept["all"],
        "few": FEW,
    }
    print(found, flush=True)
    some = joined(
        make_scenes(4000 - FEW, seed=0, without=banned),
        make_scenes(FEW, seed=4, only=lab["NEW_THINGS"], without=lab["APART"]),
    )
    helped = [
        share(lab["train_captioner"]("both", seed, data=some), things) for seed in SEEDS
    ]
    found["helped"] = labs.summary(helped)
    return found


def music(lab: dict[str, Any]) -> dict[str, Any]:
    """Return the share of tunes that keep every rule of the genre asked."""
    genres, known = list(lab["GENRES"]), set()
    for tunes in lab["made"].values():
        known |= {tuple(tune) for tune in tunes}

    def judge(writer: Any, contexts: Any) -> tuple[float, float]:
        good = new = 0
        for k, genre in enumerate(genres):
            for tune in lab["compose"](writer, contexts[k], 200):
                if all(lab["kept_rules"](tune, genre).values()):
                    good += 1
                    new += tuple(tune) not in known
        return good / 800, new / max(good, 1)

    runs = []
    for seed in SEEDS:
        writer, _ = lab["train_musician"](seed)
        torch.manual_seed(100 + seed)
        runs.append(judge(writer, torch.eye(4)))
        print("music", runs[-1], flush=True)
    blind = dict(lab)
    untold, _ = train_untold(blind)
    torch.manual_seed(100)
    return {
        "seeds": len(SEEDS),
        "all": labs.summary(share for share, _ in runs),
        "new": statistics.mean(new for _, new in runs),
        "untold": judge(untold, torch.zeros(4, 4))[0],
    }


def train_untold(lab: dict[str, Any]) -> Any:
    """Train the chapter's musician with a context that is always zero."""

    class Untold(lab["Writer"]):  # type: ignore[misc]
        def forward(self, ids: Any, v: Any, h: Any = None) -> Any:
            return super().forward(ids, torch.zeros_like(v), h)

    train = lab["train_musician"]
    told = train.__globals__["Writer"]
    train.__globals__["Writer"] = Untold
    try:
        return train(0)
    finally:
        train.__globals__["Writer"] = told


def give_to_player(lab: dict[str, Any]) -> dict[str, Any]:
    """Train longer, write the weights into the figure's script, judge its tunes."""
    writer, loss = lab["train_musician"](0, steps=PLAYER_STEPS)
    arrays = {}
    for name, weight in copy.deepcopy(writer).state_dict().items():
        a = weight.numpy()
        scale = float(np.abs(a).max() / 127)
        whole = np.round(a / scale).astype(np.int8)
        arrays[name] = {
            "shape": list(a.shape),
            "scale": float(f"{scale:.6g}"),
            "bytes": base64.b64encode(whole.tobytes()).decode(),
        }
    line = "const WEIGHTS = " + json.dumps({"notes": lab["NOTES"], "arrays": arrays})
    path = project_root() / "_ext" / "interactive" / "genre-player.js"
    text = path.read_text(encoding="utf-8")
    new, count = re.subn(
        r"^const WEIGHTS = .*$", lambda _: line + ";", text, flags=re.M
    )
    assert count == 1, "the script has one line for the weights"
    path.write_text(new, encoding="utf-8")
    return {"steps": PLAYER_STEPS, "loss": float(loss)}


def main() -> None:
    """Run, measure, write after each part."""
    torch.set_num_threads(1)
    lab, seconds = labs.run_cells(SLUG)
    results: dict[str, Any] = {"execution": {"cpu_seconds": seconds}}
    print("cells", seconds, flush=True)
    results["player"] = give_to_player(lab)
    labs.store(SLUG, results)
    results["captions"], runs = caption_runs(lab)
    labs.store(SLUG, results)
    results["unseen"] = unseen(lab, runs)
    labs.store(SLUG, results)
    results["music"] = music(lab)
    labs.store(SLUG, results)
    results["whisper"] = whisper(lab)
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

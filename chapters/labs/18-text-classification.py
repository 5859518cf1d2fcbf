"""Repeat the labs of chapter 18 with three seeds, and copy the small network.

The code is the chapter's own: its cells are run first, and timed. Then the intents
with tables from the labels and from word2vec, with all and with few examples, the
reviews and the pronouns. The small network that reads word by word goes, rounded, into
the page's figure. Takes about eight minutes of one core. Writes
chapters/results/18-text-classification.json and the numbers in
_ext/interactive/word-by-word.js.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from rnncourse import labs
from rnncourse.nn.convert import gru_from_torch
from rnncourse.text import words

SLUG = Path(__file__).stem
FIGURE = Path(__file__).parents[2] / "_ext" / "interactive" / "word-by-word.js"
SEEDS = 3
EPOCHS, FEW, FEW_EPOCHS = 8, 20, 20
KINDS: dict[str, dict[str, Any]] = {
    "learned": {"pretrained": False, "H": 128},
    "word2vec": {"pretrained": True, "H": 128},
    "both": {"pretrained": True, "H": 64, "twice": True, "drop": 0.2},
}


def percent(values: list[float]) -> dict[str, float]:
    """Return the summary of shares, in percent."""
    return labs.summary(100 * v for v in values)


def run_bag(train: Any, test: Any, **options: Any) -> tuple[float, np.ndarray]:
    """Fit TF-IDF and logistic regression; return percent right and probabilities."""
    rows = TfidfVectorizer(**options)
    X = rows.fit_transform(train[0])
    bag = LogisticRegression(C=10, tol=1e-3, max_iter=200).fit(X, train[1])
    p = bag.predict_proba(rows.transform(test[0]))
    return 100 * float(np.mean(p.argmax(axis=1) == test[1])), p


def run_kind(n: dict[str, Any], kind: str, bag: np.ndarray) -> dict[str, float]:
    """Train one kind of network with each seed; average them, and with the bag."""
    options = dict(KINDS[kind])
    pretrained, H = options.pop("pretrained"), options.pop("H")
    questions, labels = n["questions"], n["targets"]["test"]
    right, believed = [], []
    for seed in range(SEEDS):
        begin, table = time.process_time(), n["first_table"](pretrained, seed)
        model = n["Reader"](table, H, len(n["intents"]), **options)
        n["train_reader"](model, questions["train"], epochs=EPOCHS, seed=seed)
        out = n["logits_of"](model, questions["test"])
        right.append(n["share_right"](out, questions["test"]))
        believed.append(out.softmax(dim=1).numpy())
        seconds = time.process_time() - begin
        print(kind, seed, f"{right[-1]:.4f} {seconds:.0f} s", flush=True)
    mean = np.mean(believed, axis=0)
    averaged = {"averaged": mean, "with_bag": (mean + bag) / 2}
    return percent(right) | {
        name: 100 * float(np.mean(p.argmax(axis=1) == labels))
        for name, p in averaged.items()
    }


def run_intents(n: dict[str, Any]) -> dict[str, Any]:
    """Fit the bag of words and train all kinds of networks on all questions."""
    train, test = ((n["texts"][k], n["targets"][k]) for k in ("train", "test"))
    seen = Counter(w for x in train[0] for w in set(words(x)))
    found: dict[str, Any] = {
        "words_thousand": sum(len(words(x)) for x in train[0]) / 1e3,
        "rare_percent": 100 * float(np.mean([c < 5 for c in seen.values()])),
    }
    found["tfidf"], bag = run_bag(train, test)
    for kind in KINDS:
        found[kind] = run_kind(n, kind, bag)
        print(found, flush=True)
    found["lead"] = found["tfidf"] - found["learned"]["mean"]
    return found


def run_few(n: dict[str, Any]) -> dict[str, Any]:
    """Train on FEW examples of each intent."""
    labels = n["targets"]["train"]
    part = np.concatenate(
        [np.flatnonzero(labels == k)[:FEW] for k in range(len(n["intents"]))]
    )
    test = n["texts"]["test"], n["targets"]["test"]
    train = [n["texts"]["train"][k] for k in part], labels[part]
    found: dict[str, Any] = {"tfidf": run_bag(train, test)[0], "examples": FEW}
    data = [n["questions"]["train"][k] for k in part]
    for kind, pretrained in (("learned", False), ("word2vec", True)):
        right = []
        for seed in range(SEEDS):
            table = n["first_table"](pretrained, seed)
            model = n["Reader"](table, 128, len(n["intents"]))
            n["train_reader"](model, data, epochs=FEW_EPOCHS, seed=seed)
            out = n["logits_of"](model, n["questions"]["test"])
            right.append(n["share_right"](out, n["questions"]["test"]))
            print("few", kind, seed, f"{right[-1]:.4f}", flush=True)
        found[kind] = percent(right)
    found["gain"] = found["word2vec"]["mean"] - found["learned"]["mean"]
    return found


def run_reviews(n: dict[str, Any]) -> dict[str, Any]:
    """Judge the reviews with both tables, and with a bag of words."""
    sides = [tuple(zip(*n["reviews"][k], strict=True)) for k in ("train", "test")]
    (train, test) = ((x, np.array(y)) for x, y in sides)
    found: dict[str, Any] = {
        "tfidf": run_bag(train, test)[0],
        "tfidf_pairs": run_bag(train, test, ngram_range=(1, 2))[0],
        "held": len(test[0]),
    }
    judged = n["judged"]
    for kind, pretrained in (("learned", False), ("word2vec", True)):
        right = []
        for seed in range(SEEDS):
            model = n["new_critic"](pretrained, seed)
            out = n["logits_of"](model, judged["test"])
            right.append(n["share_right"](out, judged["test"]))
            print("reviews", kind, seed, f"{right[-1]:.4f}", flush=True)
        found[kind] = percent(right)
    found["gap"] = found["tfidf"] - found["word2vec"]["max"]
    return found


def run_pronouns(n: dict[str, Any]) -> dict[str, Any]:
    """Find the persons with both tables."""
    found: dict[str, Any] = {}
    for kind, pretrained in (("learned", False), ("word2vec", True)):
        runs = [n["train_pronouns"](pretrained, seed) for seed in range(SEEDS)]
        for name, key in (("held", "held"), ("new persons", "new")):
            found.setdefault(key, {})[kind] = percent([r[0][name] for r in runs])
            found[key]["bag"] = percent([r[1][name] for r in runs])
        print("pronouns", kind, found, flush=True)
    return found


def copy_tiny(n: dict[str, Any]) -> dict[str, Any]:
    """Round the small network to hundredths, into the script of the figure."""
    tiny = n["tiny"]
    p = gru_from_torch(tiny.layer)
    parts = {
        "E": tiny.embed.weight.detach().numpy(),
        **dict(zip(p._fields, p, strict=True)),
        "W_y": tiny.head.weight.detach().numpy().T,
        "b_y": tiny.head.bias.detach().numpy(),
    }
    whole = {
        name: np.round(100 * np.asarray(w)).astype(int).ravel().tolist()
        for name, w in parts.items()
    }
    model = {"intents": n["EIGHT"], "words": " ".join(n["often"].tokens), **whole}
    text = FIGURE.read_text(encoding="utf-8")
    block = "const MODEL = " + json.dumps(model, separators=(",", ":")) + ";"
    text = re.sub(r"^const MODEL = .*;$", lambda _: block, text, flags=re.MULTILINE)
    FIGURE.write_text(text, encoding="utf-8")
    return {
        "units": tiny.layer.hidden_size,
        "words": len(n["often"]),
        "right": 100 * n["tiny_right"],
        "test": len(n["small"]["test"]),
    }


def main() -> None:
    """Run, measure, write after each part."""
    torch.set_num_threads(1)
    begin = time.process_time()
    n, seconds = labs.run_cells(SLUG)
    results: dict[str, Any] = {
        "execution": {"cpu_seconds": seconds},
        "tiny": copy_tiny(n),
        "word2vec": {
            "sentences_thousand": len(n["sentences"]) / 1e3,
            "words": int(n["counts"].sum()),
            "table": len(n["book"]),
            "pairs": len(n["pairs"][0]),
        },
        "device": "one CPU core",
        "seeds": SEEDS,
    }
    parts = (
        ("pronouns", run_pronouns), ("reviews", run_reviews),
        ("intents", run_intents), ("few", run_few),
    )  # fmt: skip
    for name, run in parts:
        results[name] = run(n)
        results["minutes"] = (time.process_time() - begin) / 60
        labs.store(SLUG, results)
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

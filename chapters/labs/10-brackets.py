"""Train the small LSTM whose gates chapter 10 holds open and shut.

Sixteen units read the language of brackets and quotations and say the next symbol; a
small penalty on the weights lets units specialise. The weights are rounded to
hundredths, and all figures below are measured on the rounded ones. Takes about a
minute of one core. Writes rnncourse/trained/brackets.json, the script
_ext/interactive/networks/brackets.js, and chapters/results/10-brackets.json.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from rnncourse import labs
from rnncourse.datasets.brackets import (
    SYMBOLS,
    encode_brackets,
    make_brackets,
    read_brackets,
)
from rnncourse.nn.convert import lstm_from_torch
from rnncourse.reference.functional import log_softmax
from rnncourse.reference.lstm import LSTMParams, lstm_forward
from rnncourse.trained import load_network, write_network

SLUG = Path(__file__).stem
SCRIPT = Path(__file__).parents[2] / "_ext" / "interactive" / "networks" / "brackets.js"
H, T, TEXTS, STEPS, PENALTY = 16, 110, 4000, 9000, 3e-5
SEED, PARTS = 0, 100


def encoded(n: int, seed: int) -> np.ndarray:
    """Return n texts of T symbols as numbers (T, n)."""
    rng = np.random.default_rng(seed)
    texts = [make_brackets(T, seed=rng) for _ in range(n)]
    return np.stack([encode_brackets(text) for text in texts], axis=1)


def train() -> dict[str, np.ndarray]:
    """Train the LSTM; return its weights and those of its output."""
    torch.manual_seed(SEED)
    data, eye = torch.tensor(encoded(TEXTS, seed=SEED)), torch.eye(len(SYMBOLS))
    layer = torch.nn.LSTM(len(SYMBOLS), H)
    head = torch.nn.Linear(H, len(SYMBOLS))
    with torch.no_grad():
        layer.bias_ih_l0[H : 2 * H] = 1
    weights = [*layer.parameters(), *head.parameters()]
    matrices = [layer.weight_hh_l0, layer.weight_ih_l0, head.weight]
    opt = torch.optim.Adam(weights, lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, STEPS)
    for step in range(STEPS):
        ids = data[:, torch.randint(TEXTS, (32,))]
        scores = head(layer(eye[ids[:-1]])[0])
        loss = torch.nn.functional.cross_entropy(
            scores.flatten(0, 1), ids[1:].flatten()
        )
        opt.zero_grad()
        (loss + PENALTY * sum(w.abs().sum() for w in matrices)).backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        opt.step()
        schedule.step()
        if step % 1000 == 999:
            print(step + 1, f"{float(loss.detach()):.4f}", flush=True)
    with torch.no_grad():
        for w in weights:
            w.copy_((PARTS * w).round() / PARTS)
    p = lstm_from_torch(layer)
    W_y, b_y = head.weight.detach().numpy().T, head.bias.detach().numpy()
    return {**p._asdict(), "W_y": W_y, "b_y": b_y}


def measure(n: int = 300) -> dict[str, float]:
    """Return loss and forbidden share of the stored network on new texts."""
    a = load_network("brackets")
    p = LSTMParams(a["W_x"], a["W_h"], a["b"])
    rng = np.random.default_rng(1000)
    texts = [make_brackets(T, seed=rng) for _ in range(n)]
    ids = np.stack([encode_brackets(text) for text in texts], axis=1)
    hs = lstm_forward(np.eye(len(SYMBOLS))[ids], p)[0]
    logs = log_softmax(hs @ a["W_y"] + a["b_y"])
    allowed = np.stack([read_brackets(text)[2] for text in texts], axis=1)
    forbidden = np.where(allowed, 0, np.exp(logs)).sum(axis=2)
    next_logs = np.take_along_axis(logs[:-1], ids[1:, :, None], axis=2)
    return {
        "loss": float(-next_logs.mean()),
        "forbidden_percent": float(100 * forbidden.mean()),
        "forbidden_worst_percent": float(100 * forbidden.max()),
    }


def main() -> None:
    """Train, write, measure."""
    torch.set_num_threads(1)
    write_network("brackets", train(), SCRIPT, PARTS)
    results = {"units": H, "steps": STEPS, "seeds": 1}
    print(labs.store(SLUG, results | measure()).read_text())


if __name__ == "__main__":
    main()

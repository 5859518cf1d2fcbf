"""Train the simple layers whose Jacobians chapter 9 takes apart.

Two layers of 12 units, one from the libraries' small uniform start and one from an
orthogonal start, learn to name the country of the chapter's sentences at lags of 1 to
30 words. They are kept before training, on the way and after it, and the share they get
right is measured on the rounded weights. Five seeds of each
are measured, too. Takes about half a minute. Writes the weights
into rnncourse/trained/countries.json and _ext/interactive/gradient-spectra.js, and
what they can do into chapters/results/09-spectra.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnncourse import labs
from rnncourse.nn import RNN
from rnncourse.reference import initialise
from rnncourse.reference.analysis import jacobian_products
from rnncourse.reference.rnn import RNNParams, rnn_forward
from rnncourse.trained import load_network, write_network

SLUG = Path(__file__).stem
SCRIPT = Path(__file__).parents[2] / "_ext" / "interactive" / "gradient-spectra.js"
COUNTRIES, FILLERS, H, LONGEST, SEED, SEEDS = 8, 8, 12, 30, 0, 5
KEPT = {"small": (0, 1200), "orthogonal": (0, 100, 300, 1200)}


def draw(n: int, lag: int, generator: torch.Generator) -> tuple[Any, Any]:
    """Draw n sentences (lag + 1, n, 16) and their countries (n,)."""
    country = torch.randint(COUNTRIES, (n,), generator=generator)
    filler = COUNTRIES + torch.randint(FILLERS, (lag, n), generator=generator)
    symbols = torch.cat([country[None], filler])
    return torch.nn.functional.one_hot(symbols, COUNTRIES + FILLERS).float(), country


def train(start: str, seed: int = SEED) -> dict[str, np.ndarray]:
    """Train from one start; return all weights at the steps to keep, by name."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    layer, head = RNN(COUNTRIES + FILLERS, H), torch.nn.Linear(H, COUNTRIES)
    if start == "orthogonal":
        W_h = initialise.orthogonal(H, H, rng=np.random.default_rng(seed))
        with torch.no_grad():
            layer.W_h.copy_(torch.as_tensor(W_h))
    weights, found = [*layer.parameters(), *head.parameters()], {}
    opt = torch.optim.Adam(weights, lr=3e-3)
    for step in range(max(KEPT[start]) + 1):
        if step in KEPT[start]:
            for name, w in (
                ("W_x", layer.W_x),
                ("W_h", layer.W_h),
                ("b", layer.b),
                ("W_y", head.weight.T),
                ("b_y", head.bias),
            ):
                found[f"{start}_{step}.{name}"] = w.detach().numpy().copy()
        lag = int(torch.randint(1, LONGEST + 1, (), generator=generator))
        xs, country = draw(64, lag, generator)
        loss = torch.nn.functional.cross_entropy(head(layer(xs)[0][-1]), country)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        opt.step()
    return found


def share_right(arrays: dict[str, np.ndarray], name: str, lag: int) -> float:
    """Return the share of 2,000 new sentences of one lag that are answered right."""
    p = RNNParams(*(arrays[f"{name}.{key}"] for key in ("W_x", "W_h", "b")))
    xs, country = draw(2000, lag, torch.Generator().manual_seed(10_000 + lag))
    _, h_T, _ = rnn_forward(xs.numpy().astype(np.float64), p)
    scores = h_T @ arrays[f"{name}.W_y"] + arrays[f"{name}.b_y"]
    return float(np.mean(scores.argmax(axis=1) == country.numpy()))


def largest(arrays: dict[str, np.ndarray], name: str, lag: int = 39) -> float:
    """Return the largest singular value of dh_T/dh_{T-lag}: median of 16 sentences."""
    p = RNNParams(*(arrays[f"{name}.{key}"] for key in ("W_x", "W_h", "b")))
    xs, _ = draw(16, 39, torch.Generator().manual_seed(20_000))
    hs, _, _ = rnn_forward(xs.numpy().astype(np.float64), p)
    products = jacobian_products(hs, p.W_h)[40 - lag]
    return float(np.median(np.linalg.norm(products, ord=2, axis=(1, 2))))


def repeat() -> dict[str, Any]:
    """Train with more seeds: share right at lag 39, largest singular value there."""
    found: dict[str, Any] = {"seeds": SEEDS}
    for start, steps in KEPT.items():
        runs = []
        for seed in range(SEEDS):
            arrays = {k: np.float64(w) for k, w in train(start, seed).items()}
            for step in (0, max(steps)):
                name = f"{start}_{step}"
                right = share_right(arrays, name, 39)
                runs.append([seed, step, right, largest(arrays, name)])
            print(start, runs[-2:], flush=True)
        found[start] = runs
    return found


def main() -> None:
    """Train, write, measure."""
    torch.set_num_threads(1)
    write_network("countries", train("small") | train("orthogonal"), SCRIPT)
    arrays = load_network("countries")
    right = {
        f"{start}_{step}": {
            str(lag): share_right(arrays, f"{start}_{step}", lag)
            for lag in (1, 10, 20, 30, 39)
        }
        for start, steps in KEPT.items()
        for step in steps
    }
    results = {"longest": LONGEST, "units": H, "seeds": 1, "right": right}
    results["repeated"] = repeat()
    print(labs.store(SLUG, results).read_text())


if __name__ == "__main__":
    main()

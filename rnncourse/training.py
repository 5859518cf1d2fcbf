"""One training loop for torch models: seeds, device, clipping, early stop, history."""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from rnncourse.reference.validate import check_choice, check_size

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass
class History:
    """What happened during :func:`fit`.

    Attributes
    ----------
    train, validation : list of float
        Mean loss of each epoch; ``validation`` is empty without validation data.
    best_epoch : int
        The epoch, counted from 1, whose weights the model has now.
    seconds : float
        Wall-clock time.
    device : str
    stopped : {"end", "early", "interrupted"}
        Why it ended.
    """

    train: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    best_epoch: int = 0
    seconds: float = 0.0
    device: str = "cpu"
    stopped: str = "end"

    @property
    def best(self) -> float:
        """The loss of the best epoch, on the validation data where there is some."""
        return (self.validation or self.train)[self.best_epoch - 1]


def set_seed(seed: int) -> torch.Generator:
    """Seed torch's global generator, which draws first weights; return one of its own.

    Parameters
    ----------
    seed : int
        Not negative.
    """
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"seed must be a whole number of at least 0, got {seed!r}")
    torch.manual_seed(int(seed))
    return torch.Generator().manual_seed(int(seed))


def find_device(device: str | torch.device = "auto") -> torch.device:
    """Return a device; ``"auto"`` takes a GPU where there is one."""
    if device != "auto":
        return torch.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def batches(
    n: int, batch_size: int, generator: torch.Generator | None
) -> Iterator[Tensor]:
    """Go through 0..n-1 once, in batches of indices, shuffled by the generator."""
    order = (
        torch.arange(n) if generator is None else torch.randperm(n, generator=generator)
    )
    yield from order.split(batch_size)


def fit(
    model: nn.Module,
    loss_fn: Loss,
    train: tuple[Tensor, ...],
    validation: tuple[Tensor, ...] | None = None,
    *,
    epochs: int = 20,
    batch_size: int = 64,
    lr: float = 1e-3,
    weight_decay: float = 0.0,
    clip: float | None = 1.0,
    patience: int | None = None,
    schedule: str = "cosine",
    device: str | torch.device = "auto",
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Train a model with Adam and leave it with its best weights.

    Parameters
    ----------
    model : torch.nn.Module
        Called with all tensors of a batch but the last, which is the target.
    loss_fn : callable
        ``loss_fn(prediction, target)`` returns the mean loss of a batch.
    train, validation : tuples of tensors
        All of one length along the first axis, targets last. Floating-point tensors
        are taken in the dtype they come in.
    epochs, batch_size : int
    lr : float
        First learning rate.
    weight_decay : float
        As in AdamW.
    clip : float or None
        Largest Euclidean norm of all gradients together.
    patience : int, optional
        Stop after so many epochs without a better validation loss.
    schedule : {"cosine", "constant"}
        Whether the learning rate falls along half a cosine, step by step.
    device : str
        ``"auto"`` takes a GPU where there is one. The model stays there.
    seed : int
        Orders the batches. First weights are the caller's: :func:`set_seed`.
    progress : bool
        Show a bar with the time left, on standard output.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If an argument does not fit, or the loss stops being a number.

    Notes
    -----
    Ctrl-C ends the training and leaves the best weights so far.
    """
    _check(train, validation, clip, patience, lr, weight_decay)
    check_size("epochs", epochs)
    check_size("batch_size", batch_size)
    check_choice("schedule", schedule, ("cosine", "constant"))
    where = find_device(device)
    model.to(where)
    train = tuple(t.to(where) for t in train)
    held = None if validation is None else tuple(t.to(where) for t in validation)
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    n = len(train[-1])
    steps = epochs * -(-n // batch_size)
    history = History(device=str(where))
    best, best_weights = float("inf"), copy.deepcopy(model.state_dict())
    started, step = time.perf_counter(), 0
    bar = _bar(epochs, progress)
    try:
        for epoch in range(1, epochs + 1):
            model.train()
            total = torch.zeros((), device=where)
            for rows in batches(n, batch_size, generator):
                if schedule == "cosine":
                    rate = 0.5 * lr * (1 + np.cos(np.pi * step / steps))
                    for group in optimiser.param_groups:
                        group["lr"] = rate
                inputs, target = _take(train, rows.to(where))
                optimiser.zero_grad()
                loss = loss_fn(model(*inputs), target)
                loss.backward()
                if clip is not None:
                    nn.utils.clip_grad_norm_(model.parameters(), clip)
                optimiser.step()
                total += loss.detach() * len(rows)
                step += 1
            history.train.append(float(total) / n)
            if not np.isfinite(history.train[-1]):
                raise ValueError(
                    f"the loss is {history.train[-1]} in epoch {epoch}; "
                    f"try a smaller lr than {lr:g}, or clip={clip} lower"
                )
            if held is not None:
                history.validation.append(evaluate(model, loss_fn, held))
            now = (history.validation or history.train)[-1]
            if now < best:
                best, best_weights = now, copy.deepcopy(model.state_dict())
                history.best_epoch = epoch
            bar.set_postfix_str(f"loss {now:.4f}, best {best:.4f}")
            bar.update()
            if patience is not None and epoch - history.best_epoch >= patience:
                history.stopped = "early"
                break
    except KeyboardInterrupt:
        history.stopped = "interrupted"
        print(f"stopped after {len(history.train)} epochs; the best weights are kept")
    finally:
        bar.close()
        model.load_state_dict(best_weights)
        history.seconds = time.perf_counter() - started
    return history


@torch.no_grad()
def predict(
    model: nn.Module, inputs: tuple[Tensor, ...], *, batch_size: int = 1024
) -> Tensor:
    """Return the model's answers for all rows, on the CPU, in evaluation mode."""
    check_size("batch_size", batch_size)
    model.eval()
    where = next(model.parameters()).device
    parts = [
        model(*(t[rows].to(where) for t in inputs)).cpu()
        for rows in torch.arange(len(inputs[0])).split(batch_size)
    ]
    return torch.cat(parts)


@torch.no_grad()
def evaluate(
    model: nn.Module,
    loss_fn: Loss,
    data: tuple[Tensor, ...],
    *,
    batch_size: int = 1024,
) -> float:
    """Return the mean loss over all rows, in evaluation mode."""
    model.eval()
    total, n = 0.0, len(data[-1])
    for rows in torch.arange(n, device=data[-1].device).split(batch_size):
        inputs, target = _take(data, rows)
        total += float(loss_fn(model(*inputs), target)) * len(rows)
    return total / n


def _take(data: tuple[Tensor, ...], rows: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
    *inputs, target = (t[rows] for t in data)
    return tuple(inputs), target


def _bar(epochs: int, progress: bool):  # type: ignore[no-untyped-def]
    from tqdm import tqdm

    return tqdm(
        total=epochs, desc="epochs", file=sys.stdout, disable=not progress, leave=False
    )


def _check(
    train: tuple[Tensor, ...],
    validation: tuple[Tensor, ...] | None,
    clip: float | None,
    patience: int | None,
    lr: float,
    weight_decay: float,
) -> None:
    for name, data in (("train", train), ("validation", validation)):
        if data is None:
            continue
        if not isinstance(data, tuple) or len(data) < 2:
            raise ValueError(f"{name} must be a tuple of inputs and a target")
        sizes = {len(t) for t in data}
        if len(sizes) != 1 or sizes == {0}:
            found = [len(t) for t in data]
            raise ValueError(f"{name} must hold tensors of one length, got {found}")
        for t in data:
            if t.is_floating_point() and not bool(torch.isfinite(t).all()):
                raise ValueError(f"{name} must be finite, it holds NaN or an infinity")
    if not lr > 0:
        raise ValueError(f"lr must be positive, got {lr}")
    if weight_decay < 0:
        raise ValueError(f"weight_decay must not be negative, got {weight_decay}")
    if clip is not None and not clip > 0:
        raise ValueError(f"clip must be positive or None, got {clip}")
    if patience is not None:
        check_size("patience", patience)
        if validation is None:
            raise ValueError("patience needs validation data, got none")

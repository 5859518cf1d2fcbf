"""The training loop keeps its promises: seeds, best weights, interruption, errors."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from rnncourse.nn.forecaster import Forecaster, HorizonForecaster, LoopForecaster
from rnncourse.training import (
    batches,
    evaluate,
    find_device,
    fit,
    predict,
    set_seed,
)

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
loss_fn = nn.functional.mse_loss


def line(n=64, seed=0):
    """Return inputs (n, 2) and a linear target with noise."""
    rng = np.random.default_rng(seed)
    xs = rng.normal(size=(n, 2)).astype("float32")
    ys = xs @ np.array([2.0, -1.0], dtype="float32") + 0.5
    return torch.tensor(xs), torch.tensor(ys)


class Line(nn.Module):
    """One dense layer with one output."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(2, 1)

    def forward(self, xs):
        return self.dense(xs)[:, 0]


def trained(seed=0, **settings):
    set_seed(seed)
    model = Line()
    settings = {"epochs": 30, "lr": 0.1, "progress": False, "device": "cpu"} | settings
    return model, fit(model, loss_fn, line(), line(32, 1), seed=seed, **settings)


@pytest.mark.parametrize("device", DEVICES)
def test_a_line_is_learnt_on_every_device(device):
    model, history = trained(device=device, batch_size=8)
    assert history.validation[-1] < 1e-3
    weights = model.dense.weight.detach().cpu().numpy()
    assert np.allclose(weights, [[2, -1]], atol=0.05)
    assert history.device.startswith(device)


def test_one_seed_gives_the_same_weights_to_the_last_bit():
    first, history = trained(seed=3)
    second, again = trained(seed=3)
    other, _ = trained(seed=4)
    assert torch.equal(first.dense.weight, second.dense.weight)
    assert history.train == again.train
    assert not torch.equal(first.dense.weight, other.dense.weight)


def test_batches_show_every_row_once_in_an_order_of_the_seed():
    shuffled = list(batches(10, 3, torch.Generator().manual_seed(1)))
    assert [len(b) for b in shuffled] == [3, 3, 3, 1]
    assert sorted(torch.cat(shuffled).tolist()) == list(range(10))
    assert torch.cat(list(batches(10, 3, None))).tolist() == list(range(10))


def test_the_best_weights_are_kept_not_the_last():
    set_seed(0)
    model = Line()
    calls = {"n": 0}

    def turning(y_hat, y):
        calls["n"] += torch.is_grad_enabled()
        sign = 1 if calls["n"] < 20 else -1
        return (
            sign * loss_fn(y_hat, y) if torch.is_grad_enabled() else loss_fn(y_hat, y)
        )

    history = fit(
        model,
        turning,
        line(),
        line(32, 1),
        epochs=40,
        batch_size=64,
        lr=0.2,
        schedule="constant",
        progress=False,
    )
    kept = evaluate(model, loss_fn, line(32, 1))
    assert history.best_epoch < 40
    assert kept == pytest.approx(min(history.validation), rel=1e-6)
    assert history.validation[-1] > 2 * kept
    assert history.best == min(history.validation)


def test_patience_stops_early():
    _, history = trained(epochs=500, patience=3, schedule="constant", lr=0.5)
    assert history.stopped == "early"
    assert len(history.train) == history.best_epoch + 3


def test_ctrl_c_in_the_middle_of_a_batch_leaves_the_best_so_far(capsys):
    set_seed(0)
    model = Line()
    seen = []

    def interrupted(y_hat, y):
        seen.append(1)
        if len(seen) == 12:
            raise KeyboardInterrupt
        return loss_fn(y_hat, y)

    before = copy.deepcopy(model.state_dict())
    history = fit(
        model, interrupted, line(), epochs=50, batch_size=16, lr=0.1, progress=False
    )
    assert history.stopped == "interrupted"
    assert len(history.train) == 2
    assert history.best_epoch == 2
    assert not torch.equal(model.dense.weight, before["dense.weight"])
    assert (
        "stopped after 2 epochs; the best weights are kept" in capsys.readouterr().out
    )


def test_clipping_bounds_the_length_of_each_update():
    xs, ys = line()
    lengths = []

    class Watched(Line):
        def forward(self, x):
            return 1000 * super().forward(x)

    set_seed(0)
    model = Watched()
    original = torch.optim.AdamW.step

    def step(self, *args, **kwargs):
        parts = [p.grad.pow(2).sum() for p in model.parameters()]
        lengths.append(float(sum(parts).sqrt()))
        return original(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        fit(model, loss_fn, (xs, ys), epochs=2, clip=0.5, progress=False)
    assert max(lengths) <= 0.5 + 1e-5


def test_the_cosine_schedule_ends_near_zero():
    rates = []
    original = torch.optim.AdamW.step

    def step(self, *args, **kwargs):
        rates.append(self.param_groups[0]["lr"])
        return original(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        trained(epochs=10, lr=0.1)
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] < 0.005
    assert rates == sorted(rates, reverse=True)


def test_a_loss_that_is_no_number_stops_with_advice():
    xs, ys = line()
    with pytest.raises(
        ValueError, match="the loss is nan in epoch 1; try a smaller lr"
    ):
        fit(Line(), lambda a, b: loss_fn(a, b) * torch.nan, (xs, ys), progress=False)


def test_the_bar_goes_to_standard_output_and_leaves_stderr_empty(capfd):
    trained(progress=True, epochs=2)
    printed = capfd.readouterr()
    assert "epochs" in printed.out
    assert printed.err == ""


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"batch_size": 2.5}, "batch_size must be a whole number"),
        ({"lr": 0.0}, "lr must be positive"),
        ({"clip": -1.0}, "clip must be positive or None"),
        ({"weight_decay": -0.1}, "weight_decay must not be negative"),
        ({"schedule": "linear"}, "schedule must be one of"),
        ({"patience": 0}, "patience must be at least 1"),
    ],
)
def test_a_wrong_setting_is_named(settings, words):
    with pytest.raises((ValueError, TypeError), match=words):
        trained(**settings)


def test_wrong_data_is_named():
    xs, ys = line()
    with pytest.raises(ValueError, match="train must be a tuple"):
        fit(Line(), loss_fn, (xs,), progress=False)
    with pytest.raises(ValueError, match=r"tensors of one length, got \[64, 10\]"):
        fit(Line(), loss_fn, (xs, ys[:10]), progress=False)
    with pytest.raises(ValueError, match="train must be finite"):
        fit(Line(), loss_fn, (xs * torch.nan, ys), progress=False)
    with pytest.raises(ValueError, match="patience needs validation data"):
        fit(Line(), loss_fn, (xs, ys), patience=2, progress=False)
    with pytest.raises(ValueError, match="seed must be a whole number"):
        set_seed(-1)


def test_predict_in_pieces_equals_predict_at_once():
    model, _ = trained()
    xs, _ = line(100, 5)
    whole = predict(model, (xs,), batch_size=100)
    assert torch.allclose(predict(model, (xs,), batch_size=7), whole)
    assert not whole.requires_grad


def test_auto_takes_a_gpu_only_where_there_is_one():
    found = find_device("auto").type
    if torch.cuda.is_available():
        assert found == "cuda"
    elif torch.backends.mps.is_available():
        assert found == "mps"
    else:
        assert found == "cpu"
    assert find_device("cpu").type == "cpu"


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_the_forecaster_reads_the_past_and_what_is_known(cell):
    set_seed(0)
    model = Forecaster(cell, D=3, H=5, known=2, width=4)
    xs, known = torch.randn(6, 7, 3), torch.randn(6, 2)
    answer = model(xs, known)
    assert answer.shape == (6,)
    for changed in ((xs + 1, known), (xs, known + 1)):
        assert not torch.allclose(model(*changed), answer)
    alone = model(xs[2:3], known[2:3])
    assert torch.allclose(alone, answer[2:3], atol=1e-6)


def test_the_forecaster_names_a_wrong_cell_and_shape():
    with pytest.raises(ValueError, match="cell must be one of 'RNN', 'GRU', 'LSTM'"):
        Forecaster("TCN", D=1, H=2)
    with pytest.raises(ValueError, match=r"xs must have shape \(B, T, D=3\)"):
        Forecaster("RNN", D=3, H=2)(torch.zeros(4, 5, 2))


def test_answering_at_once_begins_as_persistence():
    model = HorizonForecaster("GRU", 3, 5, horizon=4)
    torch.nn.init.zeros_(model.head.weight)
    torch.nn.init.zeros_(model.head.bias)
    xs = torch.randn(2, 6, 3)
    torch.testing.assert_close(model(xs), xs[:, -1, :1].expand(2, 4))
    with pytest.raises(ValueError, match="xs must have shape"):
        model(torch.zeros(2, 6, 4))


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_the_loop_reads_its_forecasts_like_measurements(cell):
    """Step h of the loop is one step from the window with h - 1 forecasts in it."""
    torch.manual_seed(0)
    model = LoopForecaster(cell, 2, 5, known=1)
    xs, known = torch.randn(3, 6, 3), torch.randn(3, 4, 1)
    with torch.no_grad():
        forecasts = model(xs, known)
        longer = torch.cat([xs, torch.cat([forecasts, known], dim=2)], dim=1)
        for h in range(4):
            one = model(longer[:, : 6 + h], known[:, :1])
            torch.testing.assert_close(one[:, 0], forecasts[:, h])
    assert forecasts.shape == (3, 4, 2)


def test_the_gradient_goes_back_through_the_forecasts():
    model = LoopForecaster("RNN", 2, 5)
    model(torch.randn(3, 6, 2), torch.zeros(3, 4, 0))[:, -1].sum().backward()
    last = model.layer.weight_ih_l0.grad.clone()
    assert last.abs().sum() > 0
    with pytest.raises(ValueError, match="known must have shape"):
        model(torch.randn(3, 6, 2), torch.zeros(3, 4, 1))

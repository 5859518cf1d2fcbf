"""A recurrent forecaster whose dropout stays on: Monte-Carlo dropout.

One mask for the state and one for the hidden layer of the head are drawn for a window;
that of the state is kept for all of its steps (Gal and Ghahramani, 2016,
arXiv:1512.05287). Every draw is another network; what they disagree about is what the
training days did not settle.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rnncourse.reference.validate import check_shape, check_size


def dropout_mask(
    shape: tuple[int, ...], p: float, rng: torch.Generator | None = None
) -> Tensor:
    """Draw a mask: 0 with probability p, otherwise 1 / (1 - p), so its mean is 1.

    Parameters
    ----------
    shape : tuple of int
    p : float
        In [0, 1).
    rng : torch.Generator, optional
        torch's own if left out.

    Returns
    -------
    tensor of that shape

    Examples
    --------
    >>> dropout_mask((6,), 0.5, torch.Generator().manual_seed(0))
    tensor([0., 2., 0., 0., 0., 2.])
    """
    if not 0 <= p < 1:
        raise ValueError(f"p must be in [0, 1), got {p}")
    kept = torch.rand(shape, generator=rng) >= p
    return kept.float() / (1 - p)  # (24.17)


class DropoutForecaster(nn.Module):
    """Many to one: a recurrent layer, a head on its last state, masks on both.

    Parameters
    ----------
    D, H : int
        Features of each day, units.
    known : int
        Features that are known of the target day, read by the head.
    width : int
        Units of the hidden layer in the head.
    p : float
        Share of units that a mask silences.

    Examples
    --------
    >>> model = DropoutForecaster(13, 8, known=12, width=16, p=0.1)
    >>> model(torch.zeros(4, 33, 13), torch.zeros(4, 12)).shape
    torch.Size([4])
    >>> model.passes(torch.zeros(4, 33, 13), torch.zeros(4, 12), n_passes=7).shape
    torch.Size([7, 4])
    """

    def __init__(self, D: int, H: int, *, known: int, width: int, p: float) -> None:
        super().__init__()
        for name, size in (("D", D), ("H", H), ("width", width)):
            check_size(name, size)
        check_size("known", known, least=0)
        self.p = p
        dropout_mask((1,), p)  # says what is wrong with p
        self.read = nn.Linear(D, H)
        self.again = nn.Linear(H, H, bias=False)
        self.hidden = nn.Linear(H + known, width)
        self.out = nn.Linear(width, 1)

    def forward(
        self, xs: Tensor, known: Tensor, rng: torch.Generator | None = None
    ) -> Tensor:
        """Forecast one value for each window; draw masks in training, none otherwise.

        Parameters
        ----------
        xs : (B, T, D) tensor
        known : (B, F) tensor
        rng : torch.Generator, optional
            If one is given, masks are drawn from it whatever the mode.

        Returns
        -------
        (B,) tensor
        """
        check_shape("xs", xs, "B T D", D=self.read.in_features)
        B, H = len(xs), self.again.in_features
        p = self.p if self.training or rng is not None else 0.0
        on_state = dropout_mask((B, H), p, rng)  # one for all steps
        on_hidden = dropout_mask((B, self.hidden.out_features), p, rng)
        h = xs.new_zeros(B, H)
        for a in self.read(xs.transpose(0, 1)):  # x_t W_x + b of all steps at once
            h = torch.tanh(a + self.again(h * on_state))  # (24.18)
        summary = torch.cat([h * on_state, known], dim=1)
        forecast: Tensor = self.out(torch.relu(self.hidden(summary)) * on_hidden)
        return forecast[:, 0]

    @torch.no_grad()
    def passes(
        self, xs: Tensor, known: Tensor, *, n_passes: int, seed: int = 0
    ) -> Tensor:
        """Forecast every window with ``n_passes`` networks that masks make.

        Returns
        -------
        (n_passes, B) tensor
        """
        check_size("n_passes", n_passes)
        rng = torch.Generator().manual_seed(seed)
        return torch.stack([self(xs, known, rng) for _ in range(n_passes)])

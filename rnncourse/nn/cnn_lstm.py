"""A CNN-LSTM as a torch module, in the reference's names."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.convolution import Conv1d
from rnncourse.nn.dense import Dense
from rnncourse.nn.doors import open_sequences
from rnncourse.nn.lstm import LSTM
from rnncourse.reference.cnn_lstm import steps_left
from rnncourse.reference.validate import check_size


class CNNLSTM(nn.Module):
    """conv → relu → (max-pool) → LSTM → dense; twin of ``reference.cnn_lstm``.

    Parameters
    ----------
    kernel : int
        How many steps a pattern spans.
    D, F, H, K : int
        Sizes of input, features, state and output.
    padding : "valid", "same" or "causal"
    pool : int, optional
        Keep the largest of so many features in a row; without it no pooling.

    Attributes
    ----------
    conv, lstm, out : Conv1d, LSTM and Dense

    Examples
    --------
    >>> import torch
    >>> CNNLSTM(3, 1, 8, 5, 2, pool=2)(torch.zeros(29, 4, 1)).shape
    torch.Size([4, 2])
    """

    def __init__(
        self,
        kernel: int,
        D: int,
        F: int,
        H: int,
        K: int,
        *,
        padding: str = "causal",
        pool: int | None = None,
    ) -> None:
        super().__init__()
        self.conv = Conv1d(kernel, D, F, padding=padding)
        self.lstm = LSTM(F, H)
        self.out = Dense(H, K)
        if pool is not None:
            check_size("pool", pool)
        self.pool = pool

    def forward(self, xs: Tensor | PackedSequence, lengths: Any = None) -> Tensor:
        """Read a batch of sequences and answer each with one vector.

        Parameters
        ----------
        xs : (T, B, D) tensor, on the device and in the dtype of the weights
            Or a ``PackedSequence`` of such, which brings its lengths along.
        lengths : (B,) whole numbers in 1..T, optional
            A shorter sequence is answered as if it had been cut off.

        Returns
        -------
        (B, K) tensor
        """
        kernel, D, _ = self.conv.W.shape
        xs, live = open_sequences(xs, lengths, D, self.conv.W)
        asked: dict[str, Any] = {"padding": self.conv.padding, "pool": self.pool}
        steps_left("xs", np.array([len(xs)]), kernel, **asked)
        ends = None
        if live is not None:
            given = live.sum(dim=0)[:, 0].cpu().numpy()
            ends = steps_left("lengths", given, kernel, **asked)
        features = self.conv(xs).relu()
        if self.pool is not None:
            last = features.permute(1, 2, 0)  # torch pools along the last axis
            features = functional.max_pool1d(last, self.pool).permute(2, 0, 1)
        _, (h_T, _) = self.lstm(features, lengths=ends)
        y: Tensor = self.out(h_T)  # (21.1)
        return y

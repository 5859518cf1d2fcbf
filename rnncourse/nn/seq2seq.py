"""Sequence to sequence as a torch module, in the reference's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from rnncourse.nn.attention import Attention
from rnncourse.nn.cells import make_cell, run_cell
from rnncourse.nn.dense import Dense
from rnncourse.nn.embedding import open_ids
from rnncourse.reference.tokens import open_tokens
from rnncourse.reference.validate import check_shape, check_size


class Memory(NamedTuple):
    """What the encoder leaves to the decoder."""

    hs: Tensor  # (T, B, H)
    mask: Tensor  # (T, B), True where a token was read
    state: tuple[Tensor, ...]  # the last state of each sequence


class EncoderDecoder(nn.Module):
    """An encoder and a decoder; twin of :mod:`rnncourse.reference.seq2seq`.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    V_x, V_y : int
        Sizes of the two vocabularies.
    D, H : int
        Sizes of the embeddings and of the states.
    attention : "additive", "dot" or "scaled", optional
    A : int, optional
        Hidden size of the additive score; H if left out.

    Attributes
    ----------
    E_x, E_y : (V_x, D), (V_y, D) parameters
    encoder, decoder : modules of one kind
    attention : Attention or None
    out : Dense
        (H, V_y), or (2H, V_y) with attention.

    Examples
    --------
    >>> model = EncoderDecoder("gru", 11, 13, 3, 5, attention="dot")
    >>> logits, weights = model([[1, 4], [2, 9]], [[7, 7], [8, 1], [1, 1]], start=0)
    >>> logits.shape, weights.shape
    (torch.Size([3, 2, 13]), torch.Size([3, 2, 2]))
    """

    def __init__(
        self,
        cell: str,
        V_x: int,
        V_y: int,
        D: int,
        H: int,
        *,
        attention: str | None = None,
        A: int | None = None,
    ) -> None:
        super().__init__()
        for name, size in {"V_x": V_x, "V_y": V_y, "D": D, "H": H}.items():
            check_size(name, size)
        self.E_x = nn.Parameter(torch.randn(V_x, D))
        self.encoder = make_cell(cell, D, H)
        self.E_y = nn.Parameter(torch.randn(V_y, D))
        self.decoder = make_cell(cell, D, H)
        self.attention = None
        if attention is not None:
            sizes = (H, H, H if A is None else A) if attention == "additive" else ()
            self.attention = Attention(attention, *sizes)
        self.out = Dense(H if attention is None else 2 * H, V_y)

    def encode(self, xs: Any, lengths: Any = None) -> Memory:
        """Read the input (T, B), each token in 0..V_x-1, with the encoder (16.1)."""
        ids, mask = _open("xs", xs, lengths, self.E_x)
        hs, state = run_cell(self.encoder, self.E_x[ids], (), mask.sum(dim=0))  # (16.1)
        return Memory(hs, mask, state)

    def decoder_step(self, memory: Memory) -> tuple[Callable[..., Any], Any]:
        """Make the decoder ready for :mod:`rnncourse.reference.search`.

        Parameters
        ----------
        memory : Memory
            From :meth:`encode`.

        Returns
        -------
        step : callable
            ``step(state, tokens) -> (log_probs, state)``, without a gradient, since
            none goes through a choice.
        state : tuple of tensors
            Before the first token, one row for each sequence.
        """
        if not isinstance(memory, Memory):
            kind = type(memory).__name__
            raise TypeError(f"memory must come from encode, got {kind}")

        @torch.no_grad()
        def step(state: Any, tokens: Any) -> tuple[Tensor, Any]:
            rows, *before = state
            x = self.E_y[open_ids("tokens", tokens, self.E_y)]
            h, after = run_cell(self.decoder, x[None], tuple(before))
            logits, _ = self._outputs(h, memory, rows)
            return torch.log_softmax(logits[0], dim=-1), (rows, *after)  # (16.3)

        B, device = memory.hs.shape[1], memory.hs.device
        return step, (torch.arange(B, device=device), *memory.state)  # (16.2)

    def forward(
        self,
        xs: Any,
        ys: Any,
        *,
        start: int,
        x_lengths: Any = None,
        y_lengths: Any = None,
        own: Any = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Read the input and score every token of the output.

        Parameters
        ----------
        xs : (T, B) whole numbers, each in 0..V_x-1
        ys : (S, B) whole numbers, each in 0..V_y-1
            The output, its end token included; the decoder reads ``start`` and then
            the tokens before the one it is to tell.
        start : int
        x_lengths, y_lengths : (B,) whole numbers, optional
            What stands after a length is never read.
        own : (S, B) array or tensor of bool, optional
            True where the decoder reads its own most probable token.

        Returns
        -------
        logits : (S, B, V_y) tensor
            After its length a sequence repeats its last ones.
        weights : (S, B, T) tensor or None
            Of the attention.
        """
        memory = self.encode(xs, x_lengths)
        ids, mask = _open("ys", ys, y_lengths, self.E_y, memory.hs.shape[1])
        check_size("start", start, least=0)
        inputs = ids.roll(1, dims=0)
        inputs[0] = open_ids("start", start, self.E_y)
        if own is not None:
            self._mix(inputs, memory, own)
        begin = memory.state  # the decoder begins where the encoder ended (16.2)
        hs, _ = run_cell(self.decoder, self.E_y[inputs], begin, mask.sum(dim=0))
        return self._outputs(hs, memory)

    def _mix(self, inputs: Tensor, memory: Memory, own: Any) -> None:
        """Replace inputs by the decoder's own choices, which it makes one by one."""
        asked = torch.as_tensor(own, device=inputs.device)
        check_shape("own", asked, "S B", S=len(inputs), B=inputs.shape[1])
        if asked.dtype != torch.bool:
            raise TypeError(f"own must be bool, got {asked.dtype}")
        step, state = self.decoder_step(memory)
        for t in range(1, len(inputs)):
            log_probs, state = step(state, inputs[t - 1])
            inputs[t] = torch.where(asked[t], log_probs.argmax(dim=-1), inputs[t])

    def _outputs(
        self, hs: Tensor, memory: Memory, rows: Any = slice(None)
    ) -> tuple[Tensor, Tensor | None]:
        """Turn states of the decoder into scores of the next token.

        ``rows`` says which sequence of the memory each state belongs to.
        """
        if self.attention is None:
            return self.out(hs), None
        keys, mask = memory.hs[:, rows], memory.mask[:, rows]
        contexts, weights = self.attention(hs, keys, keys, mask)
        return self.out(torch.cat([hs, contexts], dim=-1)), weights


def _open(
    name: str, tokens: Any, lengths: Any, table: Tensor, B: int | None = None
) -> tuple[Tensor, Tensor]:
    """Check tokens against a table (V, D); return them and who is valid."""
    tokens, lengths = (
        a.detach().cpu().numpy() if isinstance(a, Tensor) else a
        for a in (tokens, lengths)
    )
    ids, mask = open_tokens(name, tokens, lengths, len(table), B=B)
    device = table.device
    return torch.as_tensor(ids, device=device), torch.as_tensor(mask, device=device)

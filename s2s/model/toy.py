"""A model with hand-written probabilities: only what ``search`` needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from s2s.model.decoder import DecoderState, Memory
from s2s.model.interface import Model, StepAttention, StepOutput
from s2s.text.vocab import EOS


class TableModel(Model):
    """``table`` maps the ids read so far, ``<bos>`` left out, to the probabilities of the next id.

    Where it says nothing ``<eos>`` is certain. ``attentions`` does the same for the attention, uniform by default.
    """

    def __init__(
        self,
        size: int,
        table: Mapping[tuple[int, ...], Mapping[int, float]],
        attentions: Mapping[tuple[int, ...], Sequence[float]] | None = None,
    ) -> None:
        super().__init__()
        self.size, self.table, self.attentions = size, table, attentions or {}

    @property
    def vocabulary(self) -> int:
        """The number of ids."""
        return self.size

    @property
    def device(self) -> torch.device:
        """There are no weights."""
        return torch.device("cpu")

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, DecoderState]:
        """As ``Seq2Seq.encode``; nothing is read of a source but its length."""
        states_BSM = torch.zeros(*source_BS.shape, 1)
        batch = len(source_BS)
        return Memory(states_BSM, states_BSM, source_BS != 0), DecoderState(
            torch.zeros(1, batch, 0), torch.zeros(batch, 1)
        )

    def step(
        self,
        state: DecoderState,
        token_B: Tensor,
        memory: Memory,
        attention_BS: Tensor | None = None,
        embedded_BE: Tensor | None = None,
    ) -> StepOutput:
        """As ``Seq2Seq.step``; the state is what was read, and no other attention would change a thing."""
        read_LBT = torch.cat([state.hidden_LBH, token_B.float()[None, :, None]], dim=2)
        paths = [tuple(row[1:]) for row in read_LBT[0].long().tolist()]
        probs_BV = torch.zeros(len(paths), self.size)
        for row, path in enumerate(paths):
            for token, p in self.table.get(path, {EOS: 1.0}).items():
                probs_BV[row, token] = p
        width = memory.mask_BS.size(1)
        rows = [self.attentions.get(path, [1 / width] * width) for path in paths]
        step_attention = StepAttention(
            state.readout_BR, memory.states_BSM[:, :, 0], torch.tensor(rows), state.readout_BR
        )
        return StepOutput(probs_BV.log(), DecoderState(read_LBT, state.readout_BR), step_attention)

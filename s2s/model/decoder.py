"""One decoder step, in the two orders that the papers give.

Bahdanau: the *previous* state looks back, the context is an input of the recurrent step.
Luong: the recurrent step comes first, the *current* state looks back, and the readout is fed to
the next step (input feeding).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from s2s.config import ModelConfig
from s2s.model.attention import AdditiveAttention, GeneralAttention, context, weights


class Memory(NamedTuple):
    """An encoded source, all that a step reads of it."""

    states_BSM: Tensor
    keys_BSA: Tensor
    mask_BS: Tensor  # true at real tokens

    def select(self, index_N: Tensor) -> Memory:
        """The rows that an index names."""
        return Memory(*(t[index_N] for t in self))


class State(NamedTuple):
    """What one step hands to the next; a value, never kept on a module."""

    hidden_LBH: Tensor
    readout_BR: Tensor  # the last readout, zeros at first; read only with input feeding

    def select(self, index_N: Tensor) -> State:
        """The rows that an index names."""
        return State(self.hidden_LBH[:, index_N], self.readout_BR[index_N])


class Look(NamedTuple):
    """What a step saw: the state that looked back, scores before the mask, attention, context."""

    query_BH: Tensor
    scores_BS: Tensor
    attention_BS: Tensor
    context_BM: Tensor


class Decoder(nn.Module):
    """A stack of GRU cells with attention; ``readout`` is what the output layer reads."""

    attention: AdditiveAttention | GeneralAttention

    def __init__(self, config: ModelConfig, readout_size: int, dropout: float) -> None:
        super().__init__()
        memory, hidden, embedded = 2 * config.encoder_size, config.decoder_size, config.embedding_size
        self.previous = config.attention == "additive"  # which state looks back
        self.feeding = not self.previous and config.input_feeding
        if self.previous:
            self.attention = AdditiveAttention(hidden, memory, config.attention_size)
            extra, read = memory, hidden + memory + embedded
        else:
            self.attention = GeneralAttention(hidden, memory)
            extra, read = readout_size if self.feeding else 0, hidden + memory
        self.cells = nn.ModuleList(
            nn.GRUCell(embedded + extra if layer == 0 else hidden, hidden) for layer in range(config.decoder_layers)
        )
        self.readout = nn.Linear(read, readout_size)
        self.dropout = nn.Dropout(dropout)

    def look(self, state_BH: Tensor, memory: Memory, attention_BS: Tensor | None) -> Look:
        """score → softmax → context; a given attention replaces the softmax, not the scores."""
        scores_BS = self.attention.scores(state_BH, memory.keys_BSA)
        if attention_BS is None:
            attention_BS = weights(scores_BS, memory.mask_BS)
        return Look(state_BH, scores_BS, attention_BS, context(attention_BS, memory.states_BSM))

    def recur(self, input_BI: Tensor, hidden_LBH: Tensor) -> Tensor:
        """The cells one step on: (L, B, H)."""
        new = []
        for layer, cell in enumerate(self.cells):
            if layer:
                input_BI = self.dropout(input_BI)
            input_BI = cell(input_BI, hidden_LBH[layer])
            new.append(input_BI)
        return torch.stack(new)

    def forward(
        self, embedded_BE: Tensor, state: State, memory: Memory, attention_BS: Tensor | None = None
    ) -> tuple[State, Look]:
        """One step: the new state, whose readout goes to the output layer, and what was seen."""
        if self.previous:  # Bahdanau 2015, eq. 4 to 6 and A.2.2
            look = self.look(state.hidden_LBH[-1], memory, attention_BS)
            hidden_LBH = self.recur(torch.cat([embedded_BE, look.context_BM], dim=1), state.hidden_LBH)
            read = [hidden_LBH[-1], look.context_BM, embedded_BE]
        else:  # Luong 2015, eq. 5 and section 3.3
            fed = [embedded_BE, state.readout_BR] if self.feeding else [embedded_BE]
            hidden_LBH = self.recur(torch.cat(fed, dim=1), state.hidden_LBH)
            look = self.look(hidden_LBH[-1], memory, attention_BS)
            read = [look.context_BM, hidden_LBH[-1]]
        readout_BR = self.dropout(torch.tanh(self.readout(torch.cat(read, dim=1))))
        return State(hidden_LBH, readout_BR), look

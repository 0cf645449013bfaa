"""The decoder: one step, in the order of Bahdanau's or Luong's paper.

Bahdanau: the *previous* state looks back, the context is an input of the recurrent step.
Luong: the recurrent step comes first, the *current* state looks back, and the readout is fed to
the next step (input feeding).
Without attention the context is one vector of the source, the same at every step (Cho et al. 2014);
it goes where Bahdanau's goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from s2s.config import ModelConfig
from s2s.model.attention import LocalAttention, attention, context, weights
from s2s.model.interface import StepAttention
from s2s.model.kernels import linear
from s2s.model.kernels.linear import Linear
from s2s.model.kernels.recurrent import GRUCell, LSTMCell


class Memory(NamedTuple):
    """An encoded source: everything that a step reads of it."""

    states_BSM: Tensor
    keys_BSA: Tensor
    mask_BS: Tensor  # true at real tokens
    source_BS: Tensor | None = None  # ids, for the pointer
    prior_BV: Tensor | None = None  # ŷ, with prior knowledge
    summary_BM: Tensor | None = None  # without attention, the only input from the source: the encoder's last states

    def select(self, index_N: Tensor) -> Memory:
        """The rows that an index names."""
        return Memory(*(None if t is None else t[index_N] for t in self))  # type: ignore[arg-type]


class DecoderState(NamedTuple):
    """The decoder state after a step; a value, never stored on a module."""

    hidden_LBH: Tensor
    readout_BR: Tensor  # the last readout, zeros at first; read only with input feeding
    cell_LBH: Tensor | None = None  # LSTM alone
    coverage_BS: Tensor | None = None  # Σ of the attention so far, with coverage
    time_B: Tensor | None = None  # steps taken, for local attention

    def select(self, index_N: Tensor) -> DecoderState:
        """The rows that an index names."""
        hidden_LBH, readout_BR, cell_LBH, *rows = self
        return DecoderState(
            hidden_LBH[:, index_N],
            readout_BR[index_N],
            None if cell_LBH is None else cell_LBH[:, index_N],
            *(None if t is None else t[index_N] for t in rows),
        )

    @property
    def top_BH(self) -> Tensor:
        """The top layer's."""
        return self.hidden_LBH[-1]

    @staticmethod
    def joined(states: Sequence[DecoderState]) -> DecoderState:
        """The states concatenated along the rows."""
        hidden, readout, cell, *rows = zip(*states, strict=True)
        return DecoderState(
            torch.cat(hidden, dim=1),
            torch.cat(readout),
            None if cell[0] is None else torch.cat(cell, dim=1),
            *(None if row[0] is None else torch.cat(row) for row in rows),
        )


class Decoder(nn.Module):
    """A stack of GRU or LSTM cells with attention; ``readout`` is what the output layer reads."""

    def __init__(self, config: ModelConfig, readout_size: int, dropout: float) -> None:
        super().__init__()
        memory, hidden, embedded = 2 * config.encoder_size, config.decoder_size, config.embedding_size
        self.previous = config.attention in ("additive", "none")  # the context comes before the recurrent step
        self.feeding = not self.previous and config.input_feeding
        self.covering, self.carrying = config.coverage, config.carry_state
        self.attention = attention(config)
        if self.previous:
            extra, read = memory, hidden + memory + embedded
        else:
            extra, read = readout_size if self.feeding else 0, hidden + memory
        cell = LSTMCell if config.cell == "lstm" else GRUCell
        self.cells = nn.ModuleList(
            cell(embedded + extra if layer == 0 else hidden, hidden) for layer in range(config.decoder_layers)
        )
        self.readout_size = readout_size
        self.readout = None if config.readout == "state" else Linear(read, readout_size)
        self.squashing = config.readout == "tanh"
        self.dropout = nn.Dropout(dropout)

    def attend(
        self, state_BH: Tensor, state: DecoderState, memory: Memory, attention_BS: Tensor | None
    ) -> StepAttention:
        """score → softmax → context; a given attention replaces the softmax, not the scores."""
        if memory.summary_BM is not None:
            none_B0 = state_BH.new_zeros(len(state_BH), 0)
            return StepAttention(state_BH, none_B0, none_B0, memory.summary_BM)
        scores_BS = self.attention.scores(state_BH, memory.keys_BSA, state.coverage_BS)
        focus = None
        if isinstance(self.attention, LocalAttention) and state.time_B is not None:
            focus = self.attention.focus(state_BH, state.time_B, memory.mask_BS)
        if attention_BS is None:
            focused_BS = scores_BS if focus is None else scores_BS + focus.log_factors_BS
            attention_BS = weights(focused_BS, memory.mask_BS)
        context_BM = context(attention_BS, memory.states_BSM)
        return StepAttention(state_BH, scores_BS, attention_BS, context_BM, state.coverage_BS, focus)

    def recur(self, input_BI: Tensor, state: DecoderState) -> tuple[Tensor, Tensor | None]:
        """The cells one step on: hidden states (L, B, H), and of an LSTM its cells' (L, B, H)."""
        if not self.carrying:
            zeros_LBH = torch.zeros_like(state.hidden_LBH)
            state = state._replace(hidden_LBH=zeros_LBH, cell_LBH=None if state.cell_LBH is None else zeros_LBH)
        hidden, cells = [], []
        for layer, cell in enumerate(self.cells):
            if layer:
                input_BI = self.dropout(input_BI)
            if state.cell_LBH is None:
                input_BI = cell(input_BI, state.hidden_LBH[layer])
            else:
                input_BI, cell_BH = cell(input_BI, (state.hidden_LBH[layer], state.cell_LBH[layer]))
                cells.append(cell_BH)
            hidden.append(input_BI)
        return torch.stack(hidden), torch.stack(cells) if cells else None

    def forward(
        self, embedded_BE: Tensor, state: DecoderState, memory: Memory, attention_BS: Tensor | None = None
    ) -> tuple[DecoderState, StepAttention]:
        """One step: the new state, whose readout goes to the output layer, and what was seen."""
        if self.previous:  # Bahdanau 2015, eq. 4 to 6 and A.2.2; Cho 2014, section 2.2
            step_attention = self.attend(state.hidden_LBH[-1], state, memory, attention_BS)
            hidden_LBH, cell_LBH = self.recur(torch.cat([embedded_BE, step_attention.context_BM], dim=1), state)
            read = [hidden_LBH[-1], step_attention.context_BM, embedded_BE]
        else:  # Luong 2015, eq. 5 and section 3.3
            fed = [embedded_BE, state.readout_BR] if self.feeding else [embedded_BE]
            hidden_LBH, cell_LBH = self.recur(torch.cat(fed, dim=1), state)
            step_attention = self.attend(hidden_LBH[-1], state, memory, attention_BS)
            read = [step_attention.context_BM, hidden_LBH[-1]]
        readout_BR = self.dropout(self.read(read))
        coverage_BS = None if state.coverage_BS is None else state.coverage_BS + step_attention.attention_BS
        time_B = None if state.time_B is None else state.time_B + 1
        return DecoderState(hidden_LBH, readout_BR, cell_LBH, coverage_BS, time_B), step_attention

    def read(self, parts: Sequence[Tensor]) -> Tensor:
        """The readout of a step's state and context: Bahdanau's order [s; c; y], else [c; s]."""
        if self.readout is None:
            return parts[0]
        mixed_BR: Tensor = self.readout(torch.cat(list(parts), dim=1))
        return linear.tanh(mixed_BR) if self.squashing else mixed_BR

    def start(self, hidden_LBH: Tensor, cell_LBH: Tensor | None, memory: Memory) -> DecoderState:
        """The state before the first step: nothing read, nothing covered."""
        readout_BR = hidden_LBH.new_zeros(hidden_LBH.size(1), self.readout_size)
        coverage_BS = time_B = None
        if self.covering:
            coverage_BS = torch.zeros_like(memory.states_BSM[:, :, 0])
        if isinstance(self.attention, LocalAttention):
            time_B = torch.zeros_like(memory.mask_BS[:, 0], dtype=torch.long)
        return DecoderState(hidden_LBH, readout_BR, cell_LBH, coverage_BS, time_B)

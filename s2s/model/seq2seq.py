"""Encoder, bridge, decoder and output layer behind three calls: ``encode``, ``step``, ``forward``."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from s2s.config import ModelConfig
from s2s.data import Batch
from s2s.errors import UserError
from s2s.model.decoder import Decoder, Look, Memory, State
from s2s.model.encoder import Encoder
from s2s.vocab import PAD

ATTENTIONS = ("additive", "general")


class StepOutput(NamedTuple):
    """One decoding step of B rows."""

    log_probs_BV: Tensor
    state: State
    look: Look

    @property
    def attention_BS(self) -> Tensor:
        """The weights the step used, rows summing to 1, padding 0."""
        return self.look.attention_BS


class Seq2Seq(nn.Module):
    """``P(y|x) = Π_t P(y_t | y_<t, x)`` with attention over the encoder's states."""

    def __init__(
        self, config: ModelConfig, source_size: int, target_size: int, dropout: float = 0.0, word_dropout: float = 0.0
    ) -> None:
        super().__init__()
        if config.attention not in ATTENTIONS:
            raise UserError("attention_unknown", found=config.attention, known=", ".join(ATTENTIONS))
        self.config, self.word_dropout = config, word_dropout
        embedding, memory = config.embedding_size, 2 * config.encoder_size
        readout = embedding if config.tied_embeddings else config.decoder_size
        self.encoder = Encoder(source_size, embedding, config.encoder_size, config.encoder_layers, dropout)
        self.bridge = nn.Linear(memory, config.decoder_layers * config.decoder_size)
        self.embedding = nn.Embedding(target_size, embedding, padding_idx=PAD)
        self.decoder = Decoder(config, readout, dropout)
        self.output = nn.Linear(readout, target_size)
        self.dropout = nn.Dropout(dropout)
        self._initialise()
        if config.tied_embeddings:
            self.output.weight = self.embedding.weight

    def _initialise(self) -> None:
        for name, weight in self.named_parameters():
            if weight.dim() < 2:
                nn.init.zeros_(weight)
            elif "embedding" in name or name == "output.weight":
                nn.init.normal_(weight, std=weight.size(1) ** -0.5)
            elif "weight_hh" in name:
                for gate in weight.chunk(3):
                    nn.init.orthogonal_(gate)
            else:
                nn.init.xavier_uniform_(weight)
        with torch.no_grad():
            self.encoder.embedding.weight[PAD].zero_()
            self.embedding.weight[PAD].zero_()

    def encode(self, source_BS: Tensor, lengths_B: Tensor) -> tuple[Memory, State]:
        """Source ids to memory and the decoder's first state, ``tanh(W [forward; backward] + b)``."""
        keep_BS = self._keep(source_BS)
        memory_BSM, final_BM = self.encoder(source_BS, lengths_B, keep_BS)
        hidden_BLH = torch.tanh(self.bridge(final_BM)).view(len(final_BM), self.config.decoder_layers, -1)
        readout_BR = memory_BSM.new_zeros(len(final_BM), self.decoder.readout.out_features)
        memory = Memory(memory_BSM, self.decoder.attention.keys(memory_BSM), source_BS != PAD)
        return memory, State(hidden_BLH.transpose(0, 1).contiguous(), readout_BR)

    def step(self, state: State, token_B: Tensor, memory: Memory, attention_BS: Tensor | None = None) -> StepOutput:
        """Read one token a row and give the next token's log-probabilities.

        Every strategy (greedy, sampling, beam, forced prefix, edited attention) decodes through
        this call. ``attention_BS`` replaces the weights that the model would have used.
        """
        state, look = self.decoder(self.dropout(self.embedding(token_B)), state, memory, attention_BS)
        return StepOutput(torch.log_softmax(self.output(state.readout_BR), dim=1), state, look)

    def forward(self, batch: Batch) -> Tensor:
        """Teacher forcing: the logits of every real target token, row by row, (N, V).

        The output layer runs once for all steps, over real tokens only; N counts them in the
        order of ``batch.target_out_BT[batch.target_out_BT != PAD]``.
        """
        memory, state = self.encode(batch.source_BS, batch.lengths_B)
        embedded_BTE = self.dropout(self.embedding(batch.target_in_BT))
        keep_BT = self._keep(batch.target_in_BT)
        if keep_BT is not None:
            embedded_BTE = embedded_BTE * keep_BT.unsqueeze(2)
        readouts = []
        for embedded_BE in embedded_BTE.unbind(1):
            state, _ = self.decoder(embedded_BE, state, memory)
            readouts.append(state.readout_BR)
        readout_BTR = torch.stack(readouts, dim=1)
        logits_NV: Tensor = self.output(readout_BTR[batch.target_out_BT != PAD])
        return logits_NV

    def _keep(self, ids_BT: Tensor) -> Tensor | None:
        """Which words survive word dropout while training."""
        if not self.training or self.word_dropout == 0:
            return None
        return (torch.rand(ids_BT.shape, device=ids_BT.device) >= self.word_dropout).float()

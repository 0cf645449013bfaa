"""Encoder, bridge, decoder and output layer behind three calls: ``encode``, ``step``, ``forward``."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from s2s.config import ModelConfig
from s2s.data.batches import Batch
from s2s.errors import UserError
from s2s.model.decoder import Decoder, DecoderState, Memory
from s2s.model.encoder import Encoder
from s2s.model.interface import Forced, Model, Part, Sizes, Spoken, StepAttention, StepOutput
from s2s.model.kernels import linear
from s2s.model.kernels.linear import Linear
from s2s.model.pointer import Pointer, mix
from s2s.model.prior import Prior, blend
from s2s.text.vocab import EOS, PAD


class Seq2Seq(Model):
    """``P(y|x) = Π_t P(y_t | y_<t, x)`` with attention over the encoder's states."""

    def __init__(
        self, config: ModelConfig, source_size: int, target_size: int, dropout: float = 0.0, word_dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.config, self.word_dropout = config, word_dropout
        embedding, memory, state = config.embedding_size, 2 * config.encoder_size, config.decoder_size
        readout = embedding if config.tied_embeddings else state
        parts = 2 if config.cell == "lstm" else 1  # a hidden state, and an LSTM's cell
        self.encoder = Encoder(source_size, embedding, config.encoder_size, config.encoder_layers, dropout, config.cell)
        copied = config.bridge == "copy"
        self.bridge = None if copied else Linear(parts * memory, parts * config.decoder_layers * state)
        self.embedding = nn.Embedding(target_size, embedding, padding_idx=PAD)
        self.decoder = Decoder(config, readout, dropout)
        self.output = Linear(readout, target_size)
        self.prior = Prior(target_size) if config.prior else None
        self.pointer = Pointer(memory, state, embedding) if config.pointer else None
        self.dropout = nn.Dropout(dropout)
        self._initialise()
        self.tie()

    def tie(self) -> None:
        """Make one tensor of the weights that the config shares."""
        if self.config.shared_embeddings:
            self.embedding.weight = self.encoder.embedding.weight
        if self.config.tied_embeddings:
            self.output.weight = self.embedding.weight

    def check_length(self, longest: int) -> None:
        """UserError for a source that is longer than location attention has weights for."""
        limit = self.config.max_source_length
        if self.config.attention == "location" and longest > limit:
            raise UserError("source_too_long", found=longest, limit=limit)

    def _initialise(self) -> None:
        if self.embedding.weight.is_meta:
            return  # shapes only
        for name, weight in self.named_parameters():
            if weight.dim() < 2:
                nn.init.zeros_(weight)
            elif "embedding" in name or name == "output.weight":
                nn.init.normal_(weight, std=weight.size(1) ** -0.5)
            elif "weight_hh" in name:
                for gate in torch.split(weight, weight.size(1)):
                    nn.init.orthogonal_(gate)
            else:
                nn.init.xavier_uniform_(weight)
        with torch.no_grad():
            self.encoder.embedding.weight[PAD].zero_()
            self.embedding.weight[PAD].zero_()

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, DecoderState]:
        """Source ids to memory and the decoder's first state (``first``).

        ``embedded_BSE`` is read in the place of the words' embeddings, to differentiate by it; prior and
        pointer still know the ids. Raises UserError for a source that is longer than location attention
        has weights for.
        """
        self.check_length(int(lengths_B.max()))
        keep_BS = self._keep(source_BS)
        memory_BSM, ends_PLBM = self.encoder(source_BS, lengths_B, keep_BS, embedded_BSE)
        hidden_LBH, *cell_LBH = self.first(ends_PLBM)
        memory = Memory(
            memory_BSM,
            self.decoder.attention.keys(memory_BSM),
            source_BS != PAD,
            None if self.pointer is None else source_BS,
            None if self.prior is None else self.prior(source_BS),
            ends_PLBM[0, -1] if self.config.attention == "none" else None,
        )
        return memory, self.decoder.start(hidden_LBH, cell_LBH[0] if cell_LBH else None, memory)

    def first(self, ends_PLBM: Tensor) -> Tensor:
        """The decoder's first states, of an LSTM its cells after them, from the encoder's last: (parts, L, B, H)."""
        layers, size = self.config.decoder_layers, self.config.decoder_size
        if self.bridge is None:
            return ends_PLBM[:, :layers, :, :size].contiguous()
        top_BF = torch.cat(list(ends_PLBM[:, -1]), dim=1)
        first_BF: Tensor = self.bridge(top_BF)
        if self.config.bridge == "tanh":
            first_BF = torch.tanh(first_BF)
        return first_BF.view(len(first_BF), -1, layers, size).permute(1, 2, 0, 3).contiguous()

    def step(
        self,
        state: DecoderState,
        token_B: Tensor,
        memory: Memory,
        attention_BS: Tensor | None = None,
        embedded_BE: Tensor | None = None,
    ) -> StepOutput:
        """Read one token a row and give the next token's log-probabilities.

        Every strategy (greedy, sampling, beam, forced prefix, edited attention) decodes through
        this call. ``attention_BS`` replaces the weights that the model would have used, ``embedded_BE``
        the tokens' embeddings.
        """
        embedded_BE = self.dropout(self.embedding(token_B) if embedded_BE is None else embedded_BE)
        state, step_attention = self.decoder(embedded_BE, state, memory, attention_BS)
        logits_BV = self.output(state.readout_BR)
        if memory.prior_BV is not None:
            logits_BV = blend(logits_BV, memory.prior_BV)
        if self.pointer is None or memory.source_BS is None:
            return StepOutput(torch.log_softmax(logits_BV, dim=1), state, step_attention)
        gate_B = self.pointer(step_attention.context_BM, state.hidden_LBH[-1], embedded_BE)
        return StepOutput(
            mix(logits_BV, gate_B, step_attention.attention_BS, memory.source_BS), state, step_attention, gate_B
        )

    def attend(
        self,
        state: DecoderState,
        token_B: Tensor,
        memory: Memory,
        attention_BS: Tensor | None = None,
        embedded_BE: Tensor | None = None,
    ) -> tuple[DecoderState, StepAttention]:
        """``step`` without the output layer: the next state, and what was seen."""
        embedded_BE = self.dropout(self.embedding(token_B) if embedded_BE is None else embedded_BE)
        seen: tuple[DecoderState, StepAttention] = self.decoder(embedded_BE, state, memory, attention_BS)
        return seen

    def spoken(
        self, state: DecoderState, token_B: Tensor, memory: Memory, attention_BS: Tensor | None = None
    ) -> Spoken:
        """How the context of ``step`` reaches the first row's logits."""
        output, decoder = self.step(state, token_B, memory, attention_BS), self.decoder
        hidden_H, context_M = output.state.hidden_LBH[-1, 0], output.attention.context_BM[0]
        vectors = [("c", context_M), ("h", hidden_H)]
        if decoder.previous:
            vectors = [("s", hidden_H), ("c", context_M), ("y", self.embedding(token_B)[0])]
        act, bias_R = "state", None
        parts: tuple[Part, ...] = (Part("s", hidden_H, hidden_H.new_empty(0)),)
        if decoder.readout is not None:
            columns = torch.split(decoder.readout.weight, [len(vector) for _, vector in vectors], dim=1)
            parts = tuple(Part(*named, own_RN) for named, own_RN in zip(vectors, columns, strict=True))
            act, bias_R = "tanh" if decoder.squashing else "linear", decoder.readout.bias
        readout_R, prior_V = output.state.readout_BR[0], None if memory.prior_BV is None else memory.prior_BV[0]
        said_V = output.log_probs_BV[0]
        return Spoken(act, parts, bias_R, readout_R, self.output.weight, self.output.bias, prior_V, said_V)

    def forward(self, batch: Batch) -> Tensor:
        """Teacher forcing: the logits of every real target token, row by row, (N, V).

        Their log-softmax is what ``step`` gives. The output layer runs once for all steps, over
        real tokens only; N counts them in the order of ``batch.target_out_BT[batch.target_out_BT != PAD]``.
        """
        return self.forced(batch).logits_NV

    def forced(self, batch: Batch) -> Forced:
        """``forward``, what the coverage loss is made of, and what each step read and saw."""
        with linear.one_pass():
            return self._forced(batch)

    def _forced(self, batch: Batch) -> Forced:
        memory, state = self.encode(batch.source_BS, batch.lengths_B)
        embedded_BTE = self.dropout(self.embedding(batch.target_in_BT))
        keep_BT = self._keep(batch.target_in_BT)
        if keep_BT is not None:
            embedded_BTE = embedded_BTE * keep_BT.unsqueeze(2)
        states, attentions = [state], list[StepAttention]()
        for embedded_BE in embedded_BTE.unbind(1):
            state, step_attention = self.decoder(embedded_BE, state, memory)
            states.append(state)
            attentions.append(step_attention)
        before, after = states[:-1], states[1:]
        real_BT = batch.target_out_BT != PAD

        def real(steps: list[Tensor]) -> Tensor:
            return torch.stack(steps, dim=1)[real_BT]

        logits_NV: Tensor = self.output(real([s.readout_BR for s in after]))
        row_N = real_BT.nonzero()[:, 0] if self.prior or self.pointer else None
        if memory.prior_BV is not None:
            logits_NV = blend(logits_NV, memory.prior_BV[row_N])
        if self.pointer is not None and memory.source_BS is not None:
            contexts_NM, hidden_NH = real([k.context_BM for k in attentions]), real([s.hidden_LBH[-1] for s in after])
            gate_N = self.pointer(contexts_NM, hidden_NH, embedded_BTE[real_BT])
            logits_NV = mix(logits_NV, gate_N, real([k.attention_BS for k in attentions]), memory.source_BS[row_N])
        covered = [torch.minimum(k.attention_BS, k.coverage_BS).sum(1) for k in attentions if k.coverage_BS is not None]
        return Forced(logits_NV, real(covered) if covered else None, memory, before, attentions)

    def embed(self, source_S: Tensor) -> Tensor:
        """The words' embeddings."""
        embedded_SE: Tensor = self.encoder.embedding(source_S)
        return embedded_SE

    def embed_target(self, target_T: Tensor) -> Tensor:
        """The words' embeddings."""
        embedded_TE: Tensor = self.embedding(target_T)
        return embedded_TE

    def normaliser(self, output: StepOutput, memory: Memory) -> Tensor:
        """log Σ exp(logits), from the logit and the log-probability of a token that cannot be copied."""
        token = EOS if output.gate_B is None else PAD
        logit: Tensor = output.state.readout_BR[0] @ self.output.weight[token] + self.output.bias[token]
        if memory.prior_BV is not None:
            logit = blend(logit, memory.prior_BV[0, token])
        log_prob = output.log_probs_BV[0, token]
        return logit - (log_prob if output.gate_B is None else log_prob - F.logsigmoid(output.gate_B[0]))

    def terms(self, step_attention: StepAttention, memory: Memory, count: int) -> tuple[tuple[float, ...], ...]:
        """First terms of the score of the source token that got the most attention."""
        if self.config.attention == "none":
            return ()
        place = int(step_attention.attention_BS[0].argmax())
        coverage = None if step_attention.coverage_BS is None else step_attention.coverage_BS[0, place]
        terms = self.decoder.attention.terms(step_attention.query_BH[0], memory.keys_BSA[0, place], count, coverage)
        return tuple(tuple(row) for row in terms.tolist())

    def floats(self, length: int) -> int:
        """A distribution, and what attention makes of the source."""
        config = self.config
        return self.vocabulary + 4 * length * max(config.attention_size, config.decoder_size, 2 * config.encoder_size)

    @property
    def vocabulary(self) -> int:
        """The number of target ids."""
        return self.embedding.num_embeddings

    @property
    def sizes(self) -> Sizes:
        """The lengths of its vectors."""
        return Sizes(2 * self.config.encoder_size, self.config.decoder_size, 2 * self.config.encoder_size)

    @property
    def longest_source(self) -> int | None:
        """As many tokens as location attention has weights for."""
        return self.config.max_source_length if self.config.attention == "location" else None

    def _keep(self, ids_BT: Tensor) -> Tensor | None:
        """The mask of words that survive word dropout in training."""
        if not self.training or self.word_dropout == 0:
            return None
        return (torch.rand(ids_BT.shape, device=ids_BT.device) >= self.word_dropout).float()

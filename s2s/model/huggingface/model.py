"""A Hugging Face encoder-decoder with the interface ``s2s.model.interface.Model``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from s2s.data.batches import Batch
from s2s.errors import UserError
from s2s.model.huggingface.attention import Glance
from s2s.model.huggingface.ids import Ids
from s2s.model.huggingface.parts import CROSS, cached, project
from s2s.model.huggingface.state import HuggingFaceState, Memory
from s2s.model.interface import Forced, Model, Sizes, Spoken, StepAttention, StepOutput
from s2s.text.vocab import PAD

NEVER = -1e4  # log-probability of ids that are ruled out, finite so that 0 · log 0 is 0


class HuggingFace(Model):
    """A network whose shown attention is one head of one decoder layer; both count from 1, 0 is the mean of all.

    Edited attention replaces the weights of that head, or of all heads or layers if the mean is shown.
    """

    def __init__(self, network: Any, ids: Ids, layer: int = 0, head: int = 0) -> None:
        super().__init__()
        self.network: Any = network
        self.ids, self.layer, self.head = ids, layer, head
        decoder: Any = network.get_decoder()
        named = decoder.named_modules()
        self.cross: list[Any] = [module for name, module in named if name.rpartition(".")[2] in CROSS]
        self.layers = len(self.cross)
        self.heads = int(getattr(self.cross[0], "num_heads", 0) or getattr(self.cross[0], "n_heads", 0))
        if not 0 <= layer <= self.layers or not 0 <= head <= self.heads:
            raise UserError("huggingface_view", layer=layer, head=head, layers=self.layers, heads=self.heads)

    def looking(self, layer: int, head: int) -> HuggingFace:
        """The same network showing another layer and head."""
        return HuggingFace(self.network, self.ids, layer, head)

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, HuggingFaceState]:
        """Memory and the decoder's first state. UserError if the source is longer than the model's positions."""
        longest = self.longest_source
        if longest is not None and source_BS.size(1) > longest:
            raise UserError("source_no_places", found=source_BS.size(1), limit=longest)
        mask_BS = source_BS != PAD
        read = {"input_ids": self.ids.source_V[source_BS]} if embedded_BSE is None else {"inputs_embeds": embedded_BSE}
        states_BSM = self.network.get_encoder()(attention_mask=mask_BS.long(), **read).last_hidden_state
        cross = [torch.stack([project(m, states_BSM, part) for m in self.cross], dim=1) for part in (0, 1)]
        empty = HuggingFaceState(
            (),
            (0,) * len(source_BS),
            states_BSM.new_zeros(len(source_BS), self.sizes.decoder),
            states_BSM.new_zeros(len(source_BS)),
        )
        return Memory(states_BSM, mask_BS, torch.stack(cross)), empty

    def step(
        self,
        state: HuggingFaceState,
        token_B: Tensor,
        memory: Memory,
        attention_BS: Tensor | None = None,
        embedded_BE: Tensor | None = None,
    ) -> StepOutput:
        """Read one token for each row; rows of the same length are computed together."""
        places = dict[int, list[int]]()
        for row, time in enumerate(state.times):
            places.setdefault(time, []).append(row)
        if len(places) <= 1:
            return self._step(state, token_B, memory, attention_BS, embedded_BE)
        outputs = []
        for rows in places.values():
            index_N = torch.tensor(rows)
            given = [None if part is None else part[index_N] for part in (attention_BS, embedded_BE)]
            outputs.append(self._step(state.select(index_N), token_B[index_N], memory.select(index_N), *given))
        back_N = torch.tensor(list(chain.from_iterable(places.values()))).argsort()
        log_probs, states, attentions, _ = zip(*outputs, strict=True)
        step_attention = StepAttention(*(torch.cat([seen[part] for seen in attentions])[back_N] for part in range(4)))  # type: ignore[arg-type]
        return StepOutput(torch.cat(log_probs)[back_N], HuggingFaceState.joined(states).select(back_N), step_attention)

    def _step(
        self,
        state: HuggingFaceState,
        token_B: Tensor,
        memory: Memory,
        attention_BS: Tensor | None,
        embedded_BE: Tensor | None,
    ) -> StepOutput:
        time = state.times[0]
        read_BT = self.ids.target_V[token_B].unsqueeze(1)
        if time == 0:  # <bos> stands for all that the decoder reads before its first word
            read_BT = torch.cat([read_BT, *(torch.full_like(read_BT, i) for i in self.ids.opening[1:])], dim=1)
        past = torch.cat(state.past, dim=4)[..., :time, :] if time else None
        filled = sum(part.size(4) for part in state.past) > time  # padding behind this row's tokens
        glance = Glance(self.cross, self.layer, self.head, attention_BS)
        logits_BTV, new_PBLHTD = self._run(read_BT, memory, past, glance, embedded_BE)
        logits_BV = logits_BTV[:, -1]
        step_attention, normaliser_B = self._look(glance, memory, -1), logits_BV.logsumexp(dim=1)
        following = HuggingFaceState(
            (new_PBLHTD,) if past is None else (past, new_PBLHTD) if filled else (*state.past, new_PBLHTD),
            tuple(t + read_BT.size(1) for t in state.times),
            step_attention.query_BH,
            normaliser_B,
        )
        log_probs_BV = (logits_BV - normaliser_B.unsqueeze(1))[:, self.ids.target_V].clamp_min(NEVER)
        return StepOutput(log_probs_BV.masked_fill(self.ids.never(first=time == 0), NEVER), following, step_attention)

    def _run(
        self,
        read_BT: Tensor,
        memory: Memory,
        past_PBLHTD: Tensor | None,
        glance: Glance,
        embedded_BE: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The logits after each id, and its keys and values (2, B, L, H, T, D)."""
        made, new_PBLHTD = self._call(read_BT, memory, past_PBLHTD, glance, embedded_BE)
        return made.logits, new_PBLHTD

    def _call(
        self,
        read_BT: Tensor,
        memory: Memory,
        past_PBLHTD: Tensor | None,
        glance: Glance,
        embedded_BE: Tensor | None = None,
        **more: Any,
    ) -> tuple[Any, Tensor]:
        """The network's output, and the new keys and values; ``more`` is passed to the network."""
        time = 0 if past_PBLHTD is None else past_PBLHTD.size(4)
        limit = self.positions
        if limit is not None and time + read_BT.size(1) > limit:
            raise UserError("output_too_long", limit=limit)
        own, cross = DynamicCache(), DynamicCache()
        for layer in range(self.layers if past_PBLHTD is not None else 0):
            own.layers.append(cached(past_PBLHTD[:, :, layer]))  # type: ignore[index]
        for layer in range(self.layers):
            cross.layers.append(cached(memory.cross_PBLHSD[:, :, layer]))
        if embedded_BE is None:
            more["decoder_input_ids"] = read_BT
        else:
            more["decoder_inputs_embeds"] = embedded_BE.unsqueeze(1)
        made = self.network(
            encoder_outputs=BaseModelOutput(last_hidden_state=memory.states_BSM),
            attention_mask=memory.mask_BS.long(),
            past_key_values=EncoderDecoderCache(own, cross),
            use_cache=True,
            glance=glance,
            **more,
        )
        parts = [[getattr(layer, part)[:, :, time:] for layer in own.layers] for part in ("keys", "values")]
        return made, torch.stack([torch.stack(part, dim=1) for part in parts])

    def spoken(
        self, state: HuggingFaceState, token_B: Tensor, memory: Memory, attention_BS: Tensor | None = None
    ) -> Spoken | None:
        """The last layer's output and the output matrix, in which the context has gone through all later layers.

        None if their product, scaled as T5 does, is not the network's logits.
        """
        output, time = self.step(state, token_B, memory, attention_BS), state.times[0]
        read_BT = self.ids.target_V[token_B].unsqueeze(1)
        if time == 0:
            read_BT = torch.cat([read_BT, *(torch.full_like(read_BT, i) for i in self.ids.opening[1:])], dim=1)
        past = torch.cat(state.past, dim=4)[..., :time, :] if time else None
        glance = Glance(self.cross, self.layer, self.head, attention_BS)
        made, _ = self._call(read_BT, memory, past, glance, output_hidden_states=True)
        hidden_R, logits_W = made.decoder_hidden_states[-1][0, -1], made.logits[0, -1]
        matrix = self.network.get_output_embeddings()
        bias_W = torch.zeros_like(logits_W)
        for bias in (getattr(matrix, "bias", None), getattr(self.network, "final_logits_bias", None)):
            bias_W = bias_W if bias is None else bias_W + bias.flatten()
        for scale in (1.0, len(hidden_R) ** -0.5):  # T5 scales with tied embeddings
            if torch.allclose(matrix.weight @ (scale * hidden_R) + bias_W, logits_W, atol=1e-3):
                weight_VR, bias_V = matrix.weight[self.ids.target_V], bias_W[self.ids.target_V]
                return Spoken("deep", (), None, scale * hidden_R, weight_VR, bias_V, None, output.log_probs_BV[0])
        return None

    def _look(self, glance: Glance, memory: Memory, at: int) -> StepAttention:
        """The attention at position ``at``. Its scores are the logarithms of the weights, as a mean has no scores."""
        place = (self.layer or self.layers) - 1
        layers = [glance.weights[place]] if self.layer else [glance.weights[n] for n in range(self.layers)]
        seen_BHS = torch.stack([weights_BHTS[:, :, at] for weights_BHTS in layers]).mean(dim=0)
        own_BHS, values_BHSD = glance.weights[place][:, :, at], memory.cross_PBLHSD[1, :, place]
        context_BHD = torch.einsum("bhs,bhsd->bhd", own_BHS, values_BHSD)
        if self.head:
            seen_BHS, context_BHD = (part[:, self.head - 1 : self.head] for part in (seen_BHS, context_BHD))
        attention_BS = seen_BHS.mean(dim=1)
        query_BH = glance.queries[place][:, :, at].flatten(1)
        return StepAttention(query_BH, attention_BS.clamp_min(1e-38).log(), attention_BS, context_BHD.flatten(1))

    def attend(
        self,
        state: HuggingFaceState,
        token_B: Tensor,
        memory: Memory,
        attention_BS: Tensor | None = None,
        embedded_BE: Tensor | None = None,
    ) -> tuple[HuggingFaceState, StepAttention]:
        """The next state and the step's attention."""
        output = self.step(state, token_B, memory, attention_BS, embedded_BE)
        return output.state, output.attention

    def forward(self, batch: Batch) -> Tensor:
        """Teacher forcing: the logits of every real target token, row by row, (N, V)."""
        return self.forced(batch).logits_NV

    def forced(self, batch: Batch) -> Forced:
        """One pass over whole references. The logits are the network's; no id is ruled out."""
        memory, start = self.encode(batch.source_BS, batch.lengths_B)
        opening = len(self.ids.opening)
        first_BO = torch.tensor(self.ids.opening).expand(len(batch.target_in_BT), -1)
        glance = Glance(self.cross)
        read_BT = torch.cat([first_BO, self.ids.target_V[batch.target_in_BT[:, 1:]]], dim=1)
        logits_BTV, past_PBLHTD = self._run(read_BT, memory, None, glance)
        logits_BTV = logits_BTV[:, opening - 1 :]
        steps = range(logits_BTV.size(1))
        attentions, normaliser_BT = (
            [self._look(glance, memory, opening - 1 + t) for t in steps],
            logits_BTV.logsumexp(dim=2),
        )
        states = [start]
        for t in steps[:-1]:
            times = (opening + t,) * len(read_BT)
            states.append(
                HuggingFaceState(
                    (past_PBLHTD[..., : opening + t, :],), times, attentions[t].query_BH, normaliser_BT[:, t]
                )
            )
        logits_NV = logits_BTV[batch.target_out_BT != PAD][:, self.ids.target_V]
        return Forced(logits_NV.clamp_min(NEVER).masked_fill(self.ids.alias_V, NEVER), None, memory, states, attentions)

    def heads_of(self, source: Sequence[int], read: Sequence[int]) -> Tensor:
        """The weights of every head while the decoder reads ids, ``<bos>`` first: (L, H, T, S)."""
        memory, _ = self.encode(torch.tensor([list(source)]), torch.tensor([len(source)]))
        glance, opening = Glance(self.cross), self.ids.opening
        after = self.ids.target_V[torch.tensor(list(read[1:]), dtype=torch.long)].tolist()
        self._run(torch.tensor([[*opening, *after]]), memory, None, glance)
        return torch.stack([glance.weights[n][0, :, len(opening) - 1 :] for n in range(self.layers)])

    def embed(self, source_S: Tensor) -> Tensor:
        """The embeddings that the encoder reads for ids."""
        encoder = self.network.get_encoder()
        embedded_SE: Tensor = encoder.get_input_embeddings()(self.ids.source_V[source_S])
        return embedded_SE * getattr(encoder, "embed_scale", 1.0)  # Marian and similar models scale embeddings

    def embed_target(self, target_T: Tensor) -> Tensor:
        """The embeddings that the decoder reads for ids after ``<bos>``; it scales what it is given itself."""
        embedded_TE: Tensor = self.network.get_decoder().get_input_embeddings()(self.ids.target_V[target_T])
        return embedded_TE

    def normaliser(self, output: StepOutput, memory: Memory) -> Tensor:
        """log Σ exp(logits) of the first row."""
        value: Tensor = output.state.normaliser_B[0]
        return value

    def terms(self, step_attention: StepAttention, memory: Memory, count: int) -> tuple[tuple[float, ...], ...]:
        """Empty: the weights shown may be a mean over many heads."""
        return ()

    def floats(self, length: int) -> int:
        """Numbers kept for a row: distributions, and keys and values of the source and of the longest output."""
        return 3 * self.vocabulary + 2 * self.layers * self.sizes.decoder * (3 * length + 10)

    @property
    def vocabulary(self) -> int:
        """The number of target ids."""
        return len(self.ids.target_V)

    @property
    def sizes(self) -> Sizes:
        """Sizes of a source state, of the shown layer's query, and of the context of its head or of all heads."""
        query = int(getattr(self.cross[0], "inner_dim", 0) or self.network.config.d_model)
        return Sizes(self.network.config.d_model, query, query // self.heads if self.head else query)

    @property
    def sums_states(self) -> bool:
        """False: every head sums its own value vectors."""
        return False

    @property
    def positions(self) -> int | None:
        """The number of positions; None for relative positions."""
        return getattr(self.network.config, "max_position_embeddings", None)

    @property
    def longest_source(self) -> int | None:
        """The longest source for which an output of twice its length plus 10 still has positions."""
        return None if self.positions is None else (self.positions - 10 - len(self.ids.opening)) // 2

"""Code that people write: a decoder, an encoder or a score function with one wrong method."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from s2s.model.attention import AdditiveAttention, DotAttention, LocalAttention, context, weights
from s2s.model.decoder import Decoder, DecoderState, Memory
from s2s.model.interface import StepAttention
from s2s.model.seq2seq import Seq2Seq
from s2s.text.vocab import PAD


class Parts(Decoder):
    """The decoder of the product with the parts of ``attend`` as methods, one of which each class below replaces."""

    def attend(
        self, state_BH: Tensor, state: DecoderState, memory: Memory, attention_BS: Tensor | None
    ) -> StepAttention:
        """score → weights → context."""
        scores_BS = self.attention.scores(state_BH, memory.keys_BSA, state.coverage_BS)
        if attention_BS is None:
            attention_BS = self.weights(scores_BS, memory.mask_BS)
        return StepAttention(state_BH, scores_BS, attention_BS, self.context(attention_BS, memory), state.coverage_BS)

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        """Softmax over the real tokens."""
        return weights(scores_BS, mask_BS)

    def context(self, attention_BS: Tensor, memory: Memory) -> Tensor:
        """Σ α h."""
        return context(attention_BS, memory.states_BSM)


class NoMask(Parts):
    """The mask is built and never used."""

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        return torch.softmax(scores_BS, dim=1)


class TinyMask(Parts):
    """-1e-9 for -1e9."""

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        return torch.softmax(scores_BS.masked_fill(~mask_BS, -1e-9), dim=1)


class MaskOfLongest(Parts):
    """The mask is sorted by length, as for packing, and the scores are not."""

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        return weights(scores_BS, mask_BS[mask_BS.sum(1).argsort(descending=True)])


class MaskedAfter(Parts):
    """Padding is set to 0 after the softmax, and the rest is not divided by its sum."""

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        return torch.softmax(scores_BS, dim=1) * mask_BS


class OverBatch(Parts):
    """``softmax(dim=0)``: what was right for scores of one sentence runs over the batch now."""

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        return torch.softmax(scores_BS.masked_fill(~mask_BS, -1e9), dim=0)


class Sigmoid(Parts):
    """A sigmoid in the softmax's place."""

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        return torch.sigmoid(scores_BS) * mask_BS


class Exponential(Parts):
    """The softmax's numerator alone."""

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        return (scores_BS - scores_BS.max(1, keepdim=True).values).exp() * mask_BS


class MaskShort(Parts):
    """The mask ends one token too early: nothing is left of a sentence of one word."""

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        return weights(scores_BS, _short(mask_BS))


class MaskShortZeroed(MaskShort):
    """The same, and the NaN that it gave were made 0."""

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        return torch.nan_to_num(super().weights(scores_BS, mask_BS))


def _short(mask_BS: Tensor) -> Tensor:
    return mask_BS & F.pad(mask_BS[:, 1:], (0, 1))


class Causal(Parts):
    """The mask of self-attention on the source: the one word that is decoded now sees the first word alone."""

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        causal_TS = torch.ones(1, mask_BS.size(1), dtype=torch.bool).tril()
        return weights(scores_BS, mask_BS & causal_TS)


class ScaledTwice(Parts):
    """Scores of 48 numbers are divided by 48 and not by its root, and once more."""

    def weights(self, scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
        return weights(scores_BS / 48, mask_BS)


class NextState(Parts):
    """The weights meet the states of the next words."""

    def context(self, attention_BS: Tensor, memory: Memory) -> Tensor:
        return context(attention_BS, F.pad(memory.states_BSM[:, 1:], (0, 0, 0, 1)))


class PreviousState(Parts):
    """The weights meet the states of the words before."""

    def context(self, attention_BS: Tensor, memory: Memory) -> Tensor:
        return context(attention_BS, F.pad(memory.states_BSM[:, :-1], (0, 0, 1, 0)))


class Averaged(Parts):
    """``(α h).mean(1)``."""

    def context(self, attention_BS: Tensor, memory: Memory) -> Tensor:
        return context(attention_BS, memory.states_BSM) / attention_BS.size(1)


class Reshaped(Parts):
    """The states were brought into another order by ``view`` where ``transpose`` was meant."""

    def context(self, attention_BS: Tensor, memory: Memory) -> Tensor:
        states_BMS = memory.states_BSM.contiguous().view(len(attention_BS), -1, attention_BS.size(1))
        return torch.bmm(states_BMS, attention_BS.unsqueeze(2)).squeeze(2)


class Mean(Parts):
    """``h.mean(1)``: the weights are worked out and not used."""

    def context(self, attention_BS: Tensor, memory: Memory) -> Tensor:
        return memory.states_BSM.mean(1)


class Unread(Decoder):
    """Nothing reads the context: attention is worked out and shown, and changes nothing."""

    def recur(self, input_BI: Tensor, state: DecoderState) -> tuple[Tensor, Tensor | None]:
        if self.previous:
            size = self.attention.key.in_features
            input_BI = torch.cat([input_BI[:, :-size], torch.zeros_like(input_BI[:, -size:])], dim=1)
        return super().recur(input_BI, state)

    def read(self, parts: list[Tensor]) -> Tensor:  # type: ignore[override]
        place = 1 if self.previous else 0
        return super().read([torch.zeros_like(p) if i == place else p for i, p in enumerate(parts)])


class NoTanh(AdditiveAttention):
    """``v·(W s + U h)``: what the state says is the same for all words."""

    def scores(self, state_BH: Tensor, keys_BSA: Tensor, coverage_BS: Tensor | None = None) -> Tensor:
        return (self.query(state_BH).unsqueeze(1) + keys_BSA) @ self.v.weight[0]


class Multiplied(DotAttention):
    """Scores are multiplied by the root of their size instead of divided by it."""

    def scores(self, state_BH: Tensor, keys_BSH: Tensor, coverage_BS: Tensor | None = None) -> Tensor:
        return super().scores(state_BH, keys_BSH) * state_BH.size(1) ** 0.5


class NoQuery(AdditiveAttention):
    """``v·tanh(U h)``: the state was forgotten."""

    def scores(self, state_BH: Tensor, keys_BSA: Tensor, coverage_BS: Tensor | None = None) -> Tensor:
        return torch.tanh(keys_BSA) @ self.v.weight[0]


class AtTheEnd(LocalAttention):
    """The window's centre is the length of the source, not the time."""

    def position(self, state_BH: Tensor, time_B: Tensor, lengths_B: Tensor) -> Tensor:
        return lengths_B.float() - 1


class NoLengths(Seq2Seq):
    """Lengths are not told: padding is read as words, and has no mask."""

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, DecoderState]:
        memory, state = super().encode(source_BS, torch.full_like(lengths_B, source_BS.size(1)), embedded_BSE)
        return memory._replace(mask_BS=torch.ones_like(memory.mask_BS)), state


class Sorted(Seq2Seq):
    """Sentences are sorted by length for packing, and not brought back."""

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, DecoderState]:
        memory, state = super().encode(source_BS, lengths_B, embedded_BSE)
        order_B = lengths_B.argsort(descending=True, stable=True)
        return memory.select(order_B), state


class KeptKeys(Seq2Seq):
    """Keys are kept for the steps of a sentence, and not forgotten when the next one comes."""

    kept_BSA: Tensor | None = None

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, DecoderState]:
        memory, state = super().encode(source_BS, lengths_B, embedded_BSE)
        if self.kept_BSA is None:
            self.kept_BSA = memory.keys_BSA[:1].detach()
        missing = memory.keys_BSA.size(1) - self.kept_BSA.size(1)
        kept_BSA = F.pad(self.kept_BSA, (0, 0, 0, missing)).expand(len(source_BS), -1, -1)
        return memory._replace(keys_BSA=kept_BSA), state


class Neighbour(Seq2Seq):
    """A beam's rows and a batch's are confused: every sentence sees the memory of the one before it."""

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, DecoderState]:
        memory, state = super().encode(source_BS, lengths_B, embedded_BSE)
        return memory.select(torch.arange(len(source_BS)).roll(1)), state


class Backwards(Seq2Seq):
    """Sources are read backwards, as a model that is trained so wants them; this one is not."""

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, DecoderState]:
        places_BS = lengths_B[:, None] - 1 - torch.arange(source_BS.size(1))
        places_BS = torch.where(places_BS >= 0, places_BS, torch.arange(source_BS.size(1)))
        if embedded_BSE is not None:
            embedded_BSE = embedded_BSE.gather(1, places_BS[:, :, None].expand_as(embedded_BSE))
        assert bool((source_BS.gather(1, places_BS) != PAD).eq(source_BS != PAD).all())
        return super().encode(source_BS.gather(1, places_BS), lengths_B, embedded_BSE)


class AlwaysDropout(Seq2Seq):
    """``F.dropout(x)`` without ``training=self.training``."""

    def step(self, state, token_B, memory, attention_BS=None):  # type: ignore[no-untyped-def]
        return super().step(state, token_B, memory._replace(states_BSM=F.dropout(memory.states_BSM)), attention_BS)


class Detached(Seq2Seq):
    """``encode`` under ``no_grad``, or ``.data``: no gradient reaches the encoder."""

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, DecoderState]:
        with torch.no_grad():
            return super().encode(source_BS, lengths_B, embedded_BSE)


class NoStart(Seq2Seq):
    """The encoder's last states are not handed over."""

    def first(self, ends_PLBM: Tensor) -> Tensor:
        return torch.zeros_like(super().first(ends_PLBM))

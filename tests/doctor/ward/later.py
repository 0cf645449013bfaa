"""Patients that were thought of when the doctor's thresholds had been set: what it says of faults that it never met."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor
from torch.nn import functional as F

from s2s.model import Seq2Seq
from s2s.model.attention import AdditiveAttention
from s2s.model.decoder import DecoderState, Memory
from s2s.model.interface import StepAttention
from s2s.text.vocab import EOS
from tests.doctor.ward import heads, tasks
from tests.doctor.ward.broken_code import Made, decoder, scores, whole
from tests.doctor.ward.broken_weights import gates
from tests.doctor.ward.code import Parts
from tests.doctor.ward.healthy import additive, backwards, from_one, full_stop, general
from tests.doctor.ward.patient import broken, patient
from tests.doctor.ward.training import trained


@patient("wrong_head", lambda own, well: own.on_links[0] < 0.6 < well.on_links[0] and own.loss == well.loss)
def first_of_three_layers() -> Made:
    return heads.view(1, 1, layers=3), heads.view(3, 1, layers=3)


class PaddedLeft(Seq2Seq):
    """Padding stands before the words, where a recurrent network cannot skip it, and the mask moves with it."""

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, DecoderState]:
        width = source_BS.size(1)
        places_BS = (torch.arange(width) + lengths_B[:, None]) % width
        if embedded_BSE is not None:
            embedded_BSE = embedded_BSE.gather(1, places_BS[:, :, None].expand_as(embedded_BSE))
        turned_BS = source_BS.gather(1, places_BS)
        memory, state = super().encode(turned_BS, torch.full_like(lengths_B, width), embedded_BSE)
        return memory, state


@patient("padding_mass", lambda own, well: own.padding > 0.1 and own.loss > 2 * own.alone)
def padding_on_the_left() -> Made:
    return broken(additive(), whole(PaddedLeft))


class TenTimes(AdditiveAttention):
    """Scores with temperature 0.1."""

    def scores(self, state_BH: Tensor, keys_BSA: Tensor, coverage_BS: Tensor | None = None) -> Tensor:
        return 10 * super().scores(state_BH, keys_BSA, coverage_BS)


@patient("saturated", lambda own, well: own.entropy < 0.1 < well.entropy and own.loss > 3 * well.loss)
def temperature_of_a_tenth() -> Made:
    return broken(additive(), scores(TenTimes))


def _exchanged(model: Seq2Seq) -> None:
    """The encoder's weights of both directions, one in the other's place."""
    own = dict(model.encoder.named_parameters())
    with torch.no_grad():
        for name, weight in own.items():
            if name.endswith("_reverse"):
                other = own[name.removesuffix("_reverse")]
                kept = weight.clone()
                weight.copy_(other)
                other.copy_(kept)


@patient("gate_order", lambda own, well: own.loss > 0.5)
def directions_exchanged() -> Made:
    return broken(general(), _exchanged)


@patient("gate_order", lambda own, well: own.loss > 0.5)
def gates_of_encoder() -> Made:
    return broken(full_stop(), gates("encoder", (0, 1, 3, 2)))


def _shuffled(model: Seq2Seq) -> None:
    with torch.no_grad():
        words_VE = model.encoder.embedding.weight[EOS + 1 :]
        words_VE.copy_(words_VE[torch.randperm(len(words_VE), generator=torch.Generator().manual_seed(3))])


@patient("wrong_vocabulary", lambda own, well: own.loss > 1)
def source_words_shuffled() -> Made:
    return broken(additive(), _shuffled)


def _by_one(model: Seq2Seq) -> None:
    with torch.no_grad():
        for weight in (model.embedding.weight, model.output.weight, model.output.bias):
            weight[EOS + 1 :] = weight[EOS + 1 :].roll(1, 0)


@patient("wrong_vocabulary", lambda own, well: own.loss > 1)
def target_words_one_on() -> Made:
    return broken(general(), _by_one)


class QueryBefore(Parts):
    """Luong's order in the code, Bahdanau's in the query: a step looks with the state before the last."""

    def attend(
        self, state_BH: Tensor, state: DecoderState, memory: Memory, attention_BS: Tensor | None
    ) -> StepAttention:
        return super().attend(state.hidden_LBH[-1], state, memory, attention_BS)


@patient("shift", lambda own, well: own.on_links[-1] > 0.5 and own.loss > 1)
def weights_of_the_step_before() -> Made:
    return broken(general(), decoder(QueryBefore))


@patient("half_trained", lambda own, well: own.loss > 1.5 and own.learnt > 1.5)
def rate_too_low() -> Made:
    return trained(tasks.MONOTONE, rate=1e-4), additive()


@patient("unknown_words", lambda own, well: own.unknown > 0.5)
def not_lowercased() -> Made:
    well = full_stop()
    return dataclasses.replace(well, dev=[(source.upper(), target) for source, target in well.dev]), well


class Relu(AdditiveAttention):
    """``v·relu(W s + U h)``."""

    def scores(self, state_BH: Tensor, keys_BSA: Tensor, coverage_BS: Tensor | None = None) -> Tensor:
        return torch.relu(self.query(state_BH).unsqueeze(1) + keys_BSA) @ self.v.weight[0]


@patient("no_tanh", lambda own, well: own.loss > 0.3)
def relu_for_tanh() -> Made:
    return broken(additive(), scores(Relu))


class StateKept(Seq2Seq):
    """The decoder goes on from the state that it began the sentence before with."""

    kept: DecoderState | None = None

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, DecoderState]:
        memory, state = super().encode(source_BS, lengths_B, embedded_BSE)
        kept, self.kept = self.kept, state
        return memory, kept if kept is not None and kept.top_BH.shape == state.top_BH.shape else state


@patient("other_source", lambda own, well: own.alone > 10 * well.alone)
def state_of_the_sentence_before() -> Made:
    return broken(backwards(), whole(StateKept))


class WordsDropped(Seq2Seq):
    """The embeddings of the source's words are dropped at test, too."""

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None
    ) -> tuple[Memory, DecoderState]:
        embedded_BSE = self.embed(source_BS) if embedded_BSE is None else embedded_BSE
        return super().encode(source_BS, lengths_B, F.dropout(embedded_BSE, 0.2))


@patient("dropout_at_test", lambda own, well: own.again > 0.1 and own.loss > 2 * well.loss)
def words_dropped() -> Made:
    return broken(from_one(), whole(WordsDropped))

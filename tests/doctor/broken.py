"""The shipped model of dates, broken in one way at a time, in its code or in its weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.model import Seq2Seq
from s2s.model.attention import AdditiveAttention
from s2s.model.decoder import DecoderState, Memory
from s2s.model.interface import StepOutput
from s2s.tasks.date import examples
from tests.paths import ROOT


def pairs(count: int = 24) -> list[tuple[str, str]]:
    """Dates that the model has not seen in training, with their references."""
    return [(example.source, example.target) for example in examples("test", count, 77)]


def date() -> Checkpoint:
    return load(ROOT / "checkpoints/date")


def as_class(kind: type[Seq2Seq]) -> Checkpoint:
    """The model with another class, and the same weights."""
    checkpoint = date()
    model = kind(checkpoint.config.model, len(checkpoint.source.vocab), len(checkpoint.target.vocab))
    model.load_state_dict(checkpoint.recurrent.state_dict())
    return dataclasses.replace(checkpoint, model=model.eval())


def with_weights(change: Callable[[Seq2Seq], None]) -> Checkpoint:
    """The model with weights that a function changes."""
    checkpoint = date()
    with torch.no_grad():
        change(checkpoint.recurrent)
    return checkpoint


class NoMask(Seq2Seq):
    """Padding is looked at as if it were words."""

    def encode(self, *given: Any) -> tuple[Memory, DecoderState]:
        memory, state = super().encode(*given)
        return memory._replace(mask_BS=torch.ones_like(memory.mask_BS)), state


class PaddingRead(Seq2Seq):
    """The encoder reads padding: it is told that every source is as long as the longest."""

    def encode(self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None) -> Any:
        memory, state = super().encode(source_BS, torch.full_like(lengths_B, source_BS.size(1)), embedded_BSE)
        return memory, state


class OtherMemory(Seq2Seq):
    """Every row looks back at the source of the row before."""

    def encode(self, *given: Any) -> tuple[Memory, DecoderState]:
        memory, state = super().encode(*given)
        return memory.select(torch.roll(torch.arange(len(memory.mask_BS)), 1)), state


class Stale(Seq2Seq):
    """The memory is that of the call before."""

    kept: Memory | None = None

    def encode(self, *given: Any) -> tuple[Memory, DecoderState]:
        memory, state = super().encode(*given)
        before, self.kept = self.kept, memory
        return before if before is not None and before.mask_BS.shape[0] == memory.mask_BS.shape[0] else memory, state


class Backwards(Seq2Seq):
    """It learned to read sources from their end."""

    def encode(self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None) -> Any:
        turned_BS = source_BS.clone()
        for row, length in enumerate(lengths_B.tolist()):
            turned_BS[row, :length] = source_BS[row, :length].flip(0)
        return super().encode(turned_BS, lengths_B, None if embedded_BSE is None else embedded_BSE.flip(1))


class Detached(Seq2Seq):
    """Nothing that is learned reaches the encoder."""

    def encode(self, *given: Any) -> tuple[Memory, DecoderState]:
        memory, state = super().encode(*given)
        parts = (None if part is None else part.detach() for part in memory)
        return Memory(*parts), state._replace(hidden_LBH=state.hidden_LBH.detach())  # type: ignore[arg-type]


class DetachedMemory(Seq2Seq):
    """Nothing that is learned reaches the encoder through attention."""

    def encode(self, *given: Any) -> tuple[Memory, DecoderState]:
        memory, state = super().encode(*given)
        return Memory(*(None if part is None else part.detach() for part in memory)), state  # type: ignore[arg-type]


class Dropping(Seq2Seq):
    """Dropout is on although nobody trains."""

    def step(self, state: DecoderState, token_B: Tensor, *given: Any) -> StepOutput:
        output = super().step(state._replace(hidden_LBH=nn.functional.dropout(state.hidden_LBH, 0.3)), token_B, *given)
        return output


def reread(decoder_method: str, remake: Callable[..., Tensor]) -> type[Seq2Seq]:
    """A model whose weights or context a function makes of scores, weights and memory."""

    class Made(Seq2Seq):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            own = self.decoder.attend

            def attend(state_BH: Tensor, state: Any, memory: Memory, attention_BS: Tensor | None) -> Any:
                seen = own(state_BH, state, memory, attention_BS)
                if decoder_method == "weights" and attention_BS is None:
                    made_BS = remake(seen.scores_BS, memory)
                    return own(state_BH, state, memory, made_BS)
                if decoder_method == "context":
                    return seen._replace(context_BM=remake(seen.attention_BS, memory))
                return seen

            self.decoder.attend = attend  # type: ignore[method-assign]

    return Made


def additive(model: Seq2Seq) -> AdditiveAttention:
    """Its score function."""
    assert isinstance(model.decoder.attention, AdditiveAttention)
    return model.decoder.attention


class NoTanh(Seq2Seq):
    """Scores are ``v·(W s + U h)``."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        part = additive(self)

        def scores(state_BH: Tensor, keys_BSA: Tensor, coverage_BS: Tensor | None = None) -> Tensor:
            return (part.query(state_BH)[:, None] + keys_BSA) @ part.v.weight[0]

        part.scores = scores  # type: ignore[method-assign]


def gates(model: Seq2Seq) -> None:
    """The decoder's gates as another library orders them."""
    for name, weight in model.named_parameters():
        if name.startswith("decoder.cells"):
            r, z, n = weight.chunk(3)
            weight.copy_(torch.cat([z, r, n]))


def encoder_gates(model: Seq2Seq) -> None:
    for name, weight in model.named_parameters():
        if name.startswith("encoder.rnn"):
            r, z, n = weight.chunk(3)
            weight.copy_(torch.cat([z, r, n]))


def fresh(prefix: str) -> Callable[[Seq2Seq], None]:
    """Weights as they are before training."""

    def change(model: Seq2Seq) -> None:
        torch.manual_seed(5)
        other = Seq2Seq(model.config, model.encoder.embedding.num_embeddings, model.vocabulary)
        own = dict(model.named_parameters())
        for name, weight in other.named_parameters():
            if name.startswith(prefix):
                own[name].copy_(weight)

    return change


def no_bridge(model: Seq2Seq) -> None:
    assert model.bridge is not None
    model.bridge.weight.zero_()


def loud_scores(model: Seq2Seq) -> None:
    additive(model).v.weight.mul_(40)


def flat_tanh(model: Seq2Seq) -> None:
    additive(model).key.weight.mul_(30)
    additive(model).query.weight.mul_(30)


def _one_further(weights_BS: Tensor, memory: Memory) -> Tensor:
    return torch.bmm(weights_BS[:, None], torch.roll(memory.states_BSM, -1, dims=1))[:, 0]


BROKEN: dict[str, tuple[str, Callable[[], Checkpoint]]] = {
    "no mask": ("padding_mass", lambda: as_class(NoMask)),
    "padding read": ("padding_mass", lambda: as_class(PaddingRead)),
    "other row's memory": ("other_source", lambda: as_class(OtherMemory)),
    "memory of the call before": ("other_source", lambda: as_class(Stale)),
    "source read backwards": ("reversed_source", lambda: as_class(Backwards)),
    "detached": ("no_gradient", lambda: as_class(Detached)),
    "detached memory": ("no_gradient", lambda: as_class(DetachedMemory)),
    "dropout": ("dropout_at_test", lambda: as_class(Dropping)),
    "softmax over the batch": (
        "wrong_axis",
        lambda: as_class(reread("weights", lambda scores, memory: torch.softmax(scores, dim=0))),
    ),
    "sigmoid": ("not_normalised", lambda: as_class(reread("weights", lambda s, m: torch.sigmoid(s) * m.mask_BS))),
    "NaN": ("nan", lambda: as_class(reread("weights", lambda s, m: torch.softmax(s * torch.nan, dim=1)))),
    "empty rows": ("empty_row", lambda: as_class(reread("weights", lambda s, m: torch.zeros_like(s)))),
    "mean of states": ("not_summed", lambda: as_class(reread("context", lambda w, m: m.states_BSM.mean(dim=1)))),
    "states one further": ("shift", lambda: as_class(reread("context", _one_further))),
    "no tanh": ("no_tanh", lambda: as_class(NoTanh)),
    "decoder's gates": ("gate_order", lambda: with_weights(gates)),
    "encoder's gates": ("gate_order", lambda: with_weights(encoder_gates)),
    "fresh encoder": ("frozen_encoder", lambda: with_weights(fresh("encoder."))),
    "fresh scores": ("untrained_scores", lambda: with_weights(fresh("decoder.attention."))),
    "no bridge": ("dead_bridge", lambda: with_weights(no_bridge)),
    "loud scores": ("saturated", lambda: with_weights(loud_scores)),
    "flat tanh": ("saturated_tanh", lambda: with_weights(flat_tanh)),
    "fresh": ("half_trained", lambda: with_weights(fresh(""))),
}

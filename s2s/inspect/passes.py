"""Both lanes of a batch of examples, one pass each, with the values that the probes need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from s2s.data.batches import Ids, collate
from s2s.decode.search import greedy
from s2s.evaluate.batching import chunks, forced_log_probs, rows_together, slices
from s2s.evaluate.bootstrap import Floats
from s2s.inspect.measures import Array
from s2s.model import Model
from s2s.model.decoder import DecoderState
from s2s.text.vocab import EOS, UNK, matches_reference


@dataclass(frozen=True)
class Free:
    """The greedy free-running lane of one example: T output tokens, ``<eos>`` included unless it was cut off."""

    output: tuple[int, ...]  # without <eos>
    cut_off: bool
    log_prob_T: Floats
    attention_TS: Array

    @property
    def tokens(self) -> tuple[int, ...]:
        """The T output tokens."""
        return self.output if self.cut_off else (*self.output, EOS)


@dataclass(frozen=True)
class Forced:
    """The teacher-forced lane of one example with T reference tokens, ``<eos>`` included."""

    gold: tuple[int, ...]
    best: tuple[int, ...]  # the most probable tokens
    log_prob_T: Floats  # of the reference's
    best_log_prob_T: Floats

    @property
    def hits(self) -> list[bool]:
        """True where the most probable token is the reference's; ``<unk>`` is never right."""
        return matches_reference(self.best, self.gold)


class ForcedPass:
    """A teacher-forced pass over a batch; its steps can be run again with other attention."""

    @torch.inference_mode()
    def __init__(self, model: Model, pairs: Sequence[Ids]) -> None:
        batch = collate(pairs)
        forced = model.forced(batch)
        log_probs, best, best_log_probs = forced_log_probs(forced.logits_NV, batch)
        self.model, self.size, self.lengths = model, len(pairs), [len(source) for source, _ in pairs]
        self.memory, self.attentions, self.read_BT = forced.memory, forced.attentions, batch.target_in_BT
        self.states: list[DecoderState] = forced.states
        self.lanes = [
            Forced((*target, EOS), tuple(best[row].astype(int).tolist()), log_probs[row], best_log_probs[row])
            for row, (_, target) in enumerate(pairs)
        ]

    def attention(self, row: int, t: int) -> Array:
        """The weights of one step: (S,)."""
        weights: Array = self.attentions[t].attention_BS[row, : self.lengths[row]].numpy()
        return weights

    @torch.inference_mode()
    def one_hot(self, positions: Sequence[tuple[int, int]]) -> list[tuple[Array, list[bool]]]:
        """Run each (row, step) again for each source token, with all attention on that token.

        For each (row, step), by source position: the probability of the reference's token, and whether it is the most
        probable one.
        """
        if not positions:
            return []
        state = self.states[0].joined(self.states)  # row t·B + b
        steps = [(row, t, s) for row, t in positions for s in range(self.lengths[row])]
        parts = [
            self._one_hot_steps(state, some)
            for some in slices(steps, rows_together(self.model, self.memory.mask_BS.size(1)))
        ]
        probability_N, best_N = (np.concatenate(part) for part in zip(*parts, strict=True))
        out, start = [], 0
        for row, _ in positions:
            part = slice(start, start := start + self.lengths[row])
            out.append((probability_N[part], best_N[part].tolist()))
        return out

    def _one_hot_steps(self, state: DecoderState, steps: Sequence[tuple[int, int, int]]) -> tuple[Array, Array]:
        row_N, time_N, source_N = (torch.tensor(column) for column in zip(*steps, strict=True))
        hot_NS = torch.zeros(len(steps), self.memory.mask_BS.size(1)).scatter_(1, source_N.unsqueeze(1), 1.0)
        gold_N = torch.tensor([self.lanes[row].gold[t] for row, t, _ in steps])
        state = state.select(time_N * self.size + row_N)
        step = self.model.step(state, self.read_BT[row_N, time_N], self.memory.select(row_N), hot_NS)
        gold: Tensor = step.log_probs_BV.gather(1, gold_N.unsqueeze(1)).squeeze(1)
        return gold.exp().numpy(), ((step.log_probs_BV.argmax(dim=1) == gold_N) & (gold_N != UNK)).numpy()


@torch.inference_mode()
def free_lanes(model: Model, sources: Sequence[list[int]]) -> list[Free]:
    """The greedy outputs of a batch with attention and log-probabilities."""
    attention, log_probs = list[Tensor](), list[Tensor]()
    outputs = greedy(model, sources, attention=attention, log_probs=log_probs)
    return [
        Free(tuple(ids), len(values_T) == len(ids), values_T.double().numpy(), weights_TS.numpy())
        for ids, weights_TS, values_T in zip(outputs, attention, log_probs, strict=True)
    ]


def forced_lanes(model: Model, pairs: Sequence[Ids]) -> list[Forced]:
    """The teacher-forced lanes of any number of pairs, in their order."""
    out: dict[int, Forced] = {}
    for index in batches_by_length(model, pairs):
        lanes = ForcedPass(model, [pairs[i] for i in index]).lanes
        out.update(zip(index, lanes, strict=True))
    return [out[i] for i in range(len(pairs))]


def batches_by_length(model: Model, pairs: Sequence[Ids]) -> Iterator[list[int]]:
    """Yield batches of indices of pairs of similar length: at most 256 pairs, with bounded tensors."""
    width = model.vocabulary + 2 * model.sizes.encoder + 2 * model.sizes.decoder
    longest = [([0] * len(source), [0] * max(len(source), len(target))) for source, target in pairs]
    return chunks(longest, width)

"""One step again with other attention weights: uniform, permuted, or with the largest weights erased.

Only this step's weights change; all earlier steps keep theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from s2s.evaluate.batching import rows_together
from s2s.explain.replay import Lane
from s2s.explain.replay import edited_attention as edited
from s2s.model import Memory, Model, ModelState, StepOutput

PERMUTATIONS = 20  # random orders that a permuted change is the mean of


class AttentionMoment(NamedTuple):
    """The input of one step (token id, memory, state), and the output with the weights in use."""

    read: int
    memory: Memory
    state: ModelState
    output: StepOutput

    @property
    def attention_S(self) -> Tensor:
        """The weights in use: the model's, or the edited ones."""
        return self.output.attention_BS[0]

    @property
    def log_probs_V(self) -> Tensor:
        """Log-probabilities of all words with these weights."""
        return self.output.log_probs_BV[0]


class Change(NamedTuple):
    """The effect of other weights: total variation ``½ Σ_v |p_v - p'_v|``, and ``p - p'`` of the explained word."""

    variation: float
    drop: float


def moments(model: Model, lane: Lane, steps: Sequence[int]) -> list[AttentionMoment]:
    """The given steps of the lane, in order."""
    memory, state = model.encode(torch.tensor([lane.source]), torch.tensor([len(lane.source)]))
    out, wanted = list[AttentionMoment](), set(steps)
    every = range(len(lane.source))
    for t in range(max(steps) + 1):
        output = model.step(state, torch.tensor([lane.read[t]]), memory, edited(lane, t, [every], len(every)))
        if t in wanted:
            out.append(AttentionMoment(lane.read[t], memory, state, output))
        state = output.state
    return out


def log_probs_with(model: Model, moment: AttentionMoment, attention_NS: Tensor) -> Tensor:
    """Log-probabilities of the step under each of N rows of weights: (N, V)."""
    parts = []
    for some_NS in torch.split(attention_NS, rows_together(model, attention_NS.size(1))):
        index_N = torch.zeros(len(some_NS), dtype=torch.long)
        memory, state = moment.memory.select(index_N), moment.state.select(index_N)
        parts.append(model.step(state, torch.full((len(some_NS),), moment.read), memory, some_NS).log_probs_BV)
    return torch.cat(parts)


def changes(model: Model, moment: AttentionMoment, word: int, attention_NS: Tensor) -> Change:
    """The mean change over N rows of weights."""
    p_V, p_NV = moment.log_probs_V.exp(), log_probs_with(model, moment, attention_NS).exp()
    return Change(float((p_NV - p_V).abs().sum(dim=1).mean()) / 2, float(p_V[word] - p_NV[:, word].mean()))


def uniform(model: Model, moment: AttentionMoment, word: int) -> Change:
    """``1/S`` for every source token."""
    return changes(model, moment, word, torch.full_like(moment.attention_S, 1 / len(moment.attention_S)).unsqueeze(0))


def permuted(
    model: Model, moment: AttentionMoment, word: int, rng: torch.Generator, permutations: int = PERMUTATIONS
) -> Change:
    """The same weights in random order, averaged over ``permutations`` (Jain and Wallace 2019, section 4.2.1)."""
    attention_S = moment.attention_S
    orders = [torch.randperm(len(attention_S), generator=rng) for _ in range(permutations)]
    return changes(model, moment, word, torch.stack([attention_S[order] for order in orders]))


def flip(model: Model, moment: AttentionMoment) -> int | None:
    """The number of weights that must be erased, largest first, until another word is the most probable.

    The remaining weights are renormalised (Serrano and Smith 2019, section 4). None if the decision never flips;
    the last weight above 0 is not erased.
    """
    attention_S = moment.attention_S.double()
    order_S = attention_S.argsort(descending=True, stable=True)
    left_KS = attention_S.repeat(len(order_S) - 1, 1)
    for k, row_S in enumerate(left_KS):
        row_S[order_S[: k + 1]] = 0
    total_K1 = left_KS.sum(dim=1, keepdim=True)
    left_KS = (left_KS / total_K1)[total_K1[:, 0] > 0].float()
    if not len(left_KS):
        return None
    flipped_K = log_probs_with(model, moment, left_KS).argmax(dim=1) != moment.log_probs_V.argmax()
    return 1 + int(flipped_K.nonzero()[0]) if flipped_K.any() else None

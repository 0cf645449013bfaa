"""Teacher-forced runs through ``step``, as every test of a model makes them: alone, in a batch, with other weights."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import Ids, collate
from s2s.evaluate.batching import chunks
from s2s.model import Model
from s2s.model.interface import StepAttention
from s2s.text.vocab import BOS, EOS

FEW = 16  # pairs of the tests that run a model many times
LONGEST = 60  # tokens of a side in those tests
View = tuple[int, int]  # layer and head, both from 1; head 0: the mean of a layer, layer 0: that of all
T = TypeVar("T")
Remake = Callable[[int, StepAttention, Any], Tensor | None]  # step, what was seen, memory → the weights to use instead


@dataclass(frozen=True, eq=False)
class Run:
    """One batch, teacher-forced: what each step gave. Rows have the width of the batch, padding included."""

    pairs: tuple[Ids, ...]
    memory: Any
    first: Any  # the decoder's first state
    log_probs_BT: Tensor  # of the references
    weights_BTS: Tensor
    scores_BTS: Tensor
    contexts_BTM: Tensor

    def log_probs(self, row: int) -> Tensor:
        """The log-probabilities of one reference, ``<eos>`` included."""
        return self.log_probs_BT[row, : len(self.pairs[row][1]) + 1]

    def weights(self, row: int, padding: bool = False) -> Tensor:
        """One sentence's weights (T, S), with what lies on padding or without."""
        source, target = self.pairs[row]
        return self.weights_BTS[row, : len(target) + 1, : None if padding else len(source)]

    def scores(self, row: int) -> Tensor:
        """One sentence's scores (T, S)."""
        source, target = self.pairs[row]
        return self.scores_BTS[row, : len(target) + 1, : len(source)]


@torch.no_grad()
def forced(model: Model, pairs: Sequence[Ids], first: int = BOS, remake: Remake | None = None) -> Run:
    """Run a batch along its references; ``first`` is read in the place of ``<bos>``, ``remake`` makes other weights."""
    batch = collate(pairs)
    memory, start = model.encode(batch.source_BS, batch.lengths_B)
    said, weights, scores, contexts = list[Tensor](), list[Tensor](), list[Tensor](), list[Tensor]()
    state = start
    for t, token_B in enumerate(batch.target_in_BT.unbind(1)):
        token_B = torch.full_like(token_B, first) if t == 0 else token_B
        given_BS = None
        if remake is not None:
            given_BS = remake(t, model.attend(state, token_B, memory)[1], memory)
        output = model.step(state, token_B, memory, given_BS)
        state = output.state
        said.append(output.log_probs_BV.gather(1, batch.target_out_BT[:, t : t + 1]).squeeze(1))
        seen = output.attention
        weights.append(seen.attention_BS)
        scores.append(seen.scores_BS)
        contexts.append(seen.context_BM)
    stacked = [torch.stack(part, dim=1) for part in (said, weights, scores, contexts)]
    return Run(tuple(pairs), memory, start, *stacked)


def with_rows(model: Model, run: Run, rows_TS: Tensor) -> Run:
    """A sentence that ran alone again, with other weights."""

    def remake(t: int, seen: StepAttention, memory: Any) -> Tensor:
        return rows_TS[t : t + 1]

    return forced(model, run.pairs, remake=remake)


def alone(model: Model, pairs: Sequence[Ids], first: int = BOS) -> list[Run]:
    """Each pair in a batch of its own."""
    return [forced(model, [pair], first) for pair in pairs]


def score(runs: Sequence[Run]) -> float:
    """The mean log-probability of a reference's token, in nats."""
    values = torch.cat([run.log_probs(row) for run in runs for row in range(len(run.pairs))])
    return float(values.double().mean())


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most ``most`` of the items, at even distances."""
    return list(items[:: max(1, len(items) // most)][:most])


@dataclass(eq=False)
class Exam:
    """A checkpoint under examination: pairs of ids, of which ``some`` serve the costly tests, and what is measured."""

    checkpoint: Checkpoint
    model: Model
    pairs: list[Ids]
    train: list[Ids] = field(default_factory=list)
    texts: Sequence[tuple[str, str]] = ()  # the pairs as they were given
    measures: dict[str, float] = field(default_factory=dict)
    alone: bool = False  # whether sentences in one batch disturb each other
    dead: set[str] = field(default_factory=set)  # parameters that are 0 or one number alone, or no numbers
    failed: dict[str, str] = field(default_factory=dict)  # tests that the model's code broke, and what it raised
    runs: list[Run] = field(default_factory=list)  # of ``some``, each alone
    overlaps: dict[View, float] = field(default_factory=dict)  # with erasure, of each head of many
    error_rates: dict[View, float] = field(default_factory=dict)  # against people's links, of each head of many

    @functools.cached_property
    def frequencies(self) -> float:
        """The loss of a model that knows the frequencies of the references' tokens alone, in nats a token."""
        words = Counter(token for _, target in self.pairs for token in (*target, EOS))
        total = sum(words.values())
        return -sum(n / total * math.log(n / total) for n in words.values())

    @property
    def looks(self) -> bool:
        """Whether the model has attention."""
        return self.checkpoint.config.model.attention != "none"

    @functools.cached_property
    def some(self) -> list[Ids]:
        """Up to ``FEW`` pairs that are neither very short nor long, spread over all."""
        fit = [p for p in self.pairs if 2 < len(p[0]) <= LONGEST and 2 < len(p[1]) <= LONGEST]
        fit = fit or sorted(self.pairs, key=lambda p: len(p[0]) + len(p[1]))
        return spread(fit, FEW)

    def whole(self, pairs: Sequence[Ids], progress: Callable[[float], None]) -> list[Run]:
        """All pairs in batches of about one length."""
        parts = chunks(pairs, self.model.vocabulary, progress, rows=1 if self.alone else None)
        return [forced(self.model, [pairs[n] for n in index]) for index in parts]

"""Log-probability of the reference against that of a random target of the same length (the distractor)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from s2s.data.batches import Ids, collate
from s2s.evaluate.batching import Progress, chunks, quiet
from s2s.evaluate.bootstrap import Bootstrap, Floats
from s2s.evaluate.measured import Estimate
from s2s.exposure.lanes import forced_pass
from s2s.model import Model


@dataclass(frozen=True)
class Distraction:
    """One sentence: its distractor, and the log-probabilities of reference and distractor with ``<eos>``, in nats."""

    distractor: tuple[int, ...]
    tokens: int  # of the reference, <eos> included
    reference_log_prob: float
    distractor_log_prob: float


def draw_distractors(
    targets: Sequence[Sequence[int]], pool: Sequence[Sequence[int]], seed: int
) -> list[list[int] | None]:
    """For each target a different one of the pool with the nearest number of tokens; None if the pool has no other."""
    by_length: dict[int, list[tuple[int, ...]]] = {}
    for other in sorted({tuple(p) for p in pool}):
        by_length.setdefault(len(other), []).append(other)
    rng, out = random.Random(seed), list[list[int] | None]()
    for target in map(tuple, targets):
        chosen = None
        for length in sorted(by_length, key=lambda n: (abs(n - len(target)), n)):
            others = [other for other in by_length[length] if other != target]
            if others:
                chosen = list(rng.choice(others))
                break
        out.append(chosen)
    return out


def distractions(
    model: Model,
    pairs: Sequence[Ids],
    seed: int = 0,
    pool: Sequence[Sequence[int]] = (),
    known: Sequence[float] = (),
    progress: Progress = quiet,
) -> list[Distraction]:
    """Compare each pair's reference with a distractor from the pool (by default the pairs' own targets).

    ``known`` has the references' log-probabilities if they have been computed already. Pairs without a
    distractor are left out.
    """
    drawn = draw_distractors([t for _, t in pairs], pool or [t for _, t in pairs], seed)
    wrong = [(source, other) for (source, _), other in zip(pairs, drawn, strict=True) if other is not None]
    right = [n for n, other in enumerate(drawn) if other is not None]
    scores = log_probs(model, [*wrong, *([] if known else [pairs[n] for n in right])], progress).tolist()
    own = [known[n] for n in right] if known else scores[len(wrong) :]
    both = zip(right, wrong, own, scores, strict=False)
    return [Distraction(tuple(other), len(pairs[n][1]) + 1, a, b) for n, (_, other), a, b in both]


@torch.inference_mode()
def log_probs(model: Model, pairs: Sequence[Ids], progress: Progress = quiet) -> Floats:
    """``log P(target <eos> | source)`` of each pair, in nats: (N,)."""
    totals_N = np.zeros(len(pairs))
    for index in chunks(pairs, model.vocabulary, progress):
        gold, _, _ = forced_pass(model, collate([pairs[i] for i in index]).to(model.device))
        totals_N[index] = [row.sum() for row in gold]
    return totals_N


@dataclass(frozen=True)
class Distractions:
    """``log P(reference) - log P(distractor)``: mean, mean per reference token, and share of positive values."""

    margin: Estimate
    margin_per_token: Estimate
    preferred: Estimate


def distraction(records: Sequence[Distraction], bootstrap: Bootstrap) -> Distractions:
    """The summary over the sentences of a corpus."""
    margin_N = np.array([d.reference_log_prob - d.distractor_log_prob for d in records])
    one_N = np.ones(len(records))
    return Distractions(
        bootstrap.mean(margin_N, one_N),
        bootstrap.mean(margin_N, np.array([float(d.tokens) for d in records])),
        bootstrap.mean((margin_N > 0).astype(float), one_N),
    )

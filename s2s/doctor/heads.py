"""Models of many heads: which of them looks where people's links or erasure say, and whether it is the one shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from s2s.data.batches import Links
from s2s.doctor.diagnosis import Head
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.run import Exam, View
from s2s.doctor.thresholds import GOLD_GAIN, GOLD_LINKS
from s2s.explain.alignment_score import GoldPair, gold_counts, rate
from s2s.model import Model
from s2s.text.vocab import BOS

Counts = list[list[int]]  # by sentence, as ``gold_counts`` gives them


def many(model: Model) -> bool:
    """Whether a model has heads to choose from."""
    return hasattr(model, "heads_of")


def own_view(model: Model) -> View:
    """The layer and the head that a model of many heads shows."""
    return int(getattr(model, "layer", 0)), int(getattr(model, "head", 0))


@torch.no_grad()
def views(model: Model, source: Sequence[int], read: Sequence[int]) -> dict[View, Tensor]:
    """The weights (T, S) of every head, of the mean of every layer, and of the mean of all."""
    weights_LHTS: Tensor = model.heads_of(source, read)  # type: ignore[operator]
    found: dict[View, Tensor] = {(0, 0): weights_LHTS.mean(dim=(0, 1))}
    for layer, weights_HTS in enumerate(weights_LHTS, start=1):
        found[layer, 0] = weights_HTS.mean(dim=0)
        found |= {(layer, head): weights_TS for head, weights_TS in enumerate(weights_HTS, start=1)}
    return found


def ranking(exam: Exam) -> tuple[Head, ...]:
    """All heads, the best first: by their error rate where links say it, else by their overlap with erasure."""
    shown = own_view(exam.model)
    return tuple(
        Head(*view, aer=exam.error_rates.get(view), overlap=exam.overlaps.get(view), shown=view == shown)
        for view in best_first(exam)
    )


def best_first(exam: Exam) -> list[View]:
    """The heads, the better first; of two with one error rate the one that overlaps more."""
    rates, overlaps = exam.error_rates, exam.overlaps
    return sorted(rates or overlaps, key=lambda view: (rates.get(view, 0.0), -overlaps.get(view, 0.0)))


def largest(weights_TS: Tensor, words: int) -> Links:
    """A link from each of the first target tokens to the source token of the largest weight at its step."""
    return frozenset((s, t) for t, s in enumerate(weights_TS[:words].argmax(dim=1).tolist()))


@torch.no_grad()
def against_links(exam: Exam, pairs: Sequence[GoldPair], own: Counts) -> Iterator[Finding]:
    """The error rate of every head; another is better if it is so by far in either half of the sentences.

    ``own`` has the counts of what is shown.
    """
    if not many(exam.model):
        return
    counts: dict[View, Counts] = {}
    for pair in pairs:
        source, target = pair.ids
        everywhere = set(range(len(target)))
        for view, weights_TS in views(exam.model, source, (BOS, *target)).items():
            made = largest(weights_TS, len(target))
            counts.setdefault(view, []).append(gold_counts(pair, made, everywhere))
    rates = {view: rate(rows) for view, rows in counts.items()}
    exam.error_rates = {view: found for view, found in rates.items() if found is not None}
    if not exam.error_rates:
        return
    best = best_first(exam)[0]
    falls = [_fall(own[half::2], counts[best][half::2]) for half in (0, 1)]
    if min(falls) >= GOLD_GAIN:
        before, after = rate(own) or 0.0, exam.error_rates[best]
        numbers = {"layer": best[0], "head": best[1], "aer": before, "best": after}
        cure = Cure("other_head", True, {"aer": before}, {"aer": after})
        yield Finding("wrong_head", 0.7 + 0.3 * min(falls), numbers, "doctor.cause.head_by_links", cure)


def _fall(own: Counts, other: Counts) -> float:
    """How much lower the other error rate is; 0 with too few links."""
    before, after, links = rate(own), rate(other), sum(row[-1] for row in own)
    return 0.0 if before is None or after is None or links < GOLD_LINKS else before - after

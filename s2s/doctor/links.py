"""Attention against links that people drew: at its step and one beside, of every head, and the evidence beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from s2s.data.batches import collate
from s2s.doctor import heads
from s2s.doctor.finding import Finding
from s2s.doctor.matrix import shifted
from s2s.doctor.run import Exam, spread
from s2s.evaluate.batching import Progress, chunks
from s2s.explain.alignment_error import (
    LONGEST,
    SHIFTS,
    attention_links,
    diagonal_counts,
    evidence_rows,
    forced_attention,
)
from s2s.explain.alignment_score import GoldPair, gold_counts, rate

ROWS = 24  # pairs, at most, of which the evidence beside attention is measured


def against_links(exam: Exam, pairs: Sequence[GoldPair], progress: Progress) -> Iterator[Finding]:
    """The alignment error rates of what is shown, of all heads, and of every row of evidence."""
    weights = _weights(exam, pairs)
    counts = {shift: [_counts(*both, shift) for both in zip(pairs, weights, strict=True)] for shift in SHIFTS}
    by_shift = {shift: found for shift, rows in counts.items() if (found := rate(rows)) is not None}
    if len(by_shift) < len(SHIFTS):  # there is no link
        return
    exam.measures |= {f"aer{shift:+d}": value for shift, value in by_shift.items()}
    diagonal = rate([diagonal_counts(pair) for pair in pairs])
    exam.measures |= {"aer_diagonal": diagonal or 0.0, "aer_sentences": len(pairs)}
    progress(0.1)
    yield from shifted(by_shift, sum(len(pair.gold.sure) for pair in pairs))
    yield from heads.against_links(exam, pairs, counts[0])
    progress(0.2)
    some = [(pairs[n], weights[n]) for n in explained(pairs)]
    _evidence(exam, some, lambda share: progress(0.2 + 0.8 * share))


def explained(pairs: Sequence[GoldPair]) -> list[int]:
    """The places of the pairs whose evidence is measured, spread over those that are not too long."""
    fit = [n for n, pair in enumerate(pairs) if max(map(len, pair.ids)) <= LONGEST]
    return spread(fit, ROWS)


def work(pair: GoldPair) -> int:
    """What the evidence of a pair takes: about as long as it has cells."""
    return len(pair.ids[0]) * len(pair.ids[1])


def _weights(exam: Exam, pairs: Sequence[GoldPair]) -> list[Tensor]:
    """The teacher-forced weights (T, S) of each pair."""
    ids, found = [pair.ids for pair in pairs], dict[int, Tensor]()
    for index in chunks(ids, exam.model.vocabulary, rows=1 if exam.alone else None):
        weights_BTS = forced_attention(exam.model, collate([ids[n] for n in index]))
        for row, n in enumerate(index):
            found[n] = weights_BTS[row, : len(ids[n][1]) + 1, : len(ids[n][0])]
    return [found[n] for n in range(len(ids))]


def _counts(pair: GoldPair, weights_TS: Tensor, shift: int = 0) -> list[int]:
    words = len(pair.ids[1])
    return gold_counts(pair, attention_links(weights_TS, words, shift), set(range(words)))


def _evidence(exam: Exam, some: Sequence[tuple[GoldPair, Tensor]], progress: Progress) -> None:
    """The error rates of attention and of the evidence beside it on the same pairs."""
    counts, done, whole = dict[str, list[list[int]]](), 0, sum(work(pair) for pair, _ in some)
    for pair, weights_TS in some:
        for name, row_TS in evidence_rows(exam.model, pair, weights_TS).items():
            counts.setdefault(name, []).append(_counts(pair, torch.nan_to_num(row_TS)))
        done += work(pair)
        progress(done / whole)
    rates = {f"aer_{name}": rate(rows) for name, rows in counts.items()}
    exam.measures |= {name: value for name, value in rates.items() if value is not None}
    exam.measures["aer_row_sentences"] = len(some)

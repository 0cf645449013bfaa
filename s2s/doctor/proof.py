"""Attention against erasure: which row, which head agrees with what the model loses when a word is taken away."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from s2s.doctor.finding import Cure, Finding
from s2s.doctor.heads import many, views
from s2s.doctor.order import MOVES, shifted
from s2s.doctor.run import Exam, forced, score
from s2s.doctor.thresholds import AGAIN, ASTRAY, AVOIDED, HEAD_TIMES, OVERLAP, OVERLAP_TIMES
from s2s.explain.agreement import kendall, mean_tau
from s2s.explain.erasure import leave_one_out
from s2s.explain.replay import Lane
from s2s.model import Seq2Seq
from s2s.text.vocab import BOS, EOS, UNK

SENTENCES, LONGEST = 8, 60  # sentences whose words are erased; tokens of a side, at most
LEAST = 3  # source tokens


@torch.no_grad()
def against_erasure(exam: Exam) -> Iterator[Finding]:
    """The overlap ``Σ min(α, e)`` of attention with the shares of erasure: as it is, moved, and by head."""
    fit = [run for run in exam.runs if LEAST <= len(run.pairs[0][0]) <= LONGEST and len(run.pairs[0][1]) <= LONGEST]
    rows = list[tuple[Tensor, Tensor, Lane]]()
    for run in fit[:SENTENCES]:
        source, target = run.pairs[0]
        lane = Lane(tuple(source), (BOS, *target), (*target, EOS))
        lost_TS = _lost(exam, lane).clamp_min(0)
        shares_TS = lost_TS / lost_TS.sum(dim=1, keepdim=True).clamp_min(1e-9)
        rows.append((run.weights(0), shares_TS, lane))
    if not rows:
        return
    own = _mean([_overlap(weights, lost) for weights, lost, _ in rows])
    taus = [kendall(a.tolist(), b.tolist()) for w, e, _ in rows for a, b in zip(w, e, strict=True)]
    exam.measures |= {"erasure_overlap": own, "erasure_tau": mean_tau(taus) or 0.0}
    by_move = {move: _mean([_overlap(shifted(w, *move), e) for w, e, _ in rows]) for move in MOVES}
    (steps, tokens), best = max(by_move.items(), key=lambda item: item[1])
    exam.measures["erasure_overlap_moved"] = best
    gain = exam.measures.get(f"moved_{steps:+d}_{tokens:+d}_gain", 0.0)
    knows = -score(exam.runs) < exam.frequencies  # of a word that it does not expect, no source word costs it anything
    if knows and best - own > OVERLAP and best > OVERLAP_TIMES * own and gain > 0:
        cure = Cure("move_attention", True, {"erasure_overlap": own}, {"erasure_overlap": best})
        numbers = {"steps": steps, "tokens": tokens, "overlap": own, "moved": best}
        yield Finding("shift", 0.7, numbers, cure=cure)
    yield from _avoiding(exam, rows)
    yield from _heads(exam, rows, own)


def _lost(exam: Exam, lane: Lane) -> Tensor:
    """What each step loses without each word: (T, S). A network that counts places reads ``<unk>`` there instead."""
    if isinstance(exam.model, Seq2Seq):
        return leave_one_out(exam.model, lane, range(len(lane.read)))
    source, count = list(lane.source), len(lane.source)
    rows = [source, *([*source[:s], UNK, *source[s + 1 :]] for s in range(count))]
    log_probs_BT = forced(exam.model, [(row, list(lane.read[1:])) for row in rows]).log_probs_BT
    return (log_probs_BT[0] - log_probs_BT[1:]).t()


def _avoiding(exam: Exam, rows: list[tuple[Tensor, Tensor, Lane]]) -> Iterator[Finding]:
    """With coverage: how much each step needs words that steps before it needed, and looks where these looked."""
    settings = exam.checkpoint.config
    if not settings.model.coverage:
        return
    need = _mean([_again(shares_TS) for _, shares_TS, _ in rows])
    weight = _mean([_again(weights_TS) for weights_TS, _, _ in rows])
    exam.measures |= {"needed_again": need, "seen_again": weight}
    early = settings.train.coverage_weight > 0 and not settings.train.start
    astray = exam.measures["erasure_overlap"] < ASTRAY
    if early and astray and need > AGAIN and weight < AVOIDED * need:
        numbers = {"needed_again": need, "seen_again": weight, "coverage_weight": settings.train.coverage_weight}
        yield Finding("coverage_too_early", 0.8, numbers, cure=Cure("coverage_later"))


def _again(rows_TS: Tensor) -> Tensor:
    """``Σ min(row, sum of the rows before)`` of every row but the first."""
    before_TS = rows_TS.cumsum(dim=0) - rows_TS
    return torch.minimum(rows_TS, before_TS).sum(dim=1)[1:]


def _overlap(weights_TS: Tensor, shares_TS: Tensor) -> Tensor:
    """One number for each step at which some word costs anything."""
    return torch.minimum(weights_TS, shares_TS).sum(dim=1)[shares_TS.sum(dim=1) > 0]


def _mean(parts: list[Tensor]) -> float:
    values = torch.cat(parts)
    return float(values.mean()) if len(values) else 0.0


def _heads(exam: Exam, rows: list[tuple[Tensor, Tensor, Lane]], own: float) -> Iterator[Finding]:
    """All heads of all layers and their means, by their overlap; none of a model with one."""
    if not many(exam.model):
        return
    heads = [views(exam.model, lane.source, lane.read) for _, _, lane in rows]
    exam.overlaps = {
        view: _mean([_overlap(every[view], row[1]) for every, row in zip(heads, rows, strict=True)])
        for view in heads[0]
    }
    (layer, head), best = max(exam.overlaps.items(), key=lambda item: item[1])
    if best - own > OVERLAP and best > HEAD_TIMES * own:
        cure = Cure("other_head", True, {"erasure_overlap": own}, {"erasure_overlap": best})
        numbers = {"layer": layer, "head": head, "overlap": own, "best": best}
        yield Finding("wrong_head", 0.75, numbers, cure=cure)

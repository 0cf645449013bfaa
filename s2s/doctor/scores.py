"""The score function: its formula, its range, and what other ranges of the scores would do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from s2s.doctor.batch import cured
from s2s.doctor.context import by_our_network, remade, sheets
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.of_trace import score_measures, scored
from s2s.doctor.rebuilt import rebuilt
from s2s.doctor.run import Exam, Run, score
from s2s.doctor.sheet import shape
from s2s.doctor.thresholds import FLAT, OTHER_SCORES, PARALLEL, SAME_SCORES, SATURATED_TANH
from s2s.model import Model, Seq2Seq
from s2s.model.attention import AdditiveAttention
from s2s.model.interface import StepAttention
from s2s.text.vocab import BOS

ALIKE = 0.76  # strength of scores that are the same at every step, whatever the rows look like
FACTORS = (2.0, 6.0, 24.0)  # by which scores are multiplied or divided


@torch.no_grad()
def formula(exam: Exam) -> Iterator[Finding]:
    """Scores against those of our score function with the model's weights, and of additive ones without tanh."""
    ours = rebuilt(exam.checkpoint)
    queries = [] if not isinstance(ours, Seq2Seq) else [_queries(exam.model, run) for run in exam.runs]
    if not isinstance(ours, Seq2Seq) or any(query_TH is None for query_TH in queries):
        return
    part, flat = ours.decoder.attention, list[float]()
    given, made, plain = list[Tensor](), list[Tensor](), list[Tensor]()
    for run, query_TH in zip(exam.runs, queries, strict=True):
        assert query_TH is not None
        keys_TSA = part.keys(run.memory.states_BSM).expand(len(query_TH), -1, -1)
        given.append(_centred(run.scores(0)))
        made.append(_centred(part.scores(query_TH, keys_TSA)))
        if isinstance(part, AdditiveAttention):
            inside_TSA = part.query(query_TH)[:, None] + keys_TSA
            plain.append(_centred(inside_TSA @ part.v.weight[0]))
            flat.append(float((torch.tanh(inside_TSA).abs() > FLAT).float().mean()))
    exam.measures |= {"score_difference": _off(given, made), "score_ratio": _ratio(given, made)}
    if flat:
        exam.measures["saturated_tanh"] = sum(flat) / len(flat)
    yield from _other_formula(exam, _off(given, plain) if plain else 1.0, _off(given, made, _ratio(given, made)))


def _other_formula(exam: Exam, plain: float, scaled: float) -> Iterator[Finding]:
    """Of scores that are not ours: without tanh, a multiple of ours, or others; of ours: tanh beyond its range."""
    away, ratio = exam.measures["score_difference"], exam.measures["score_ratio"]
    flat = exam.measures.get("saturated_tanh", 0.0)
    if plain <= SAME_SCORES and away > 10 * SAME_SCORES:
        cure = by_our_network(exam, "put_tanh_back")
        yield Finding("no_tanh", 1.0, {"without_tanh": plain, "with_tanh": away}, cure=cure)
    elif away > OTHER_SCORES:
        name, remedy = ("saturated", "smaller_scores") if ratio > 1 else ("uniform", "larger_scores")
        if scaled > SAME_SCORES:
            name, remedy = "no_tanh", "put_tanh_back"
        cure = by_our_network(exam, remedy)
        if cure.verified and (name != "no_tanh" or "saturated_tanh" in exam.measures):
            cause = "doctor.cause.other_formula" if name == "no_tanh" else ""
            yield Finding(name, 0.9, {"score_difference": away, "score_ratio": ratio}, cause, cure)
    elif flat > SATURATED_TANH:
        yield Finding("saturated_tanh", 0.6 + 0.3 * flat, {"units": flat}, cure=Cure("smaller_weights"))


def _off(given: list[Tensor], made: list[Tensor], ratio: float = 1.0) -> float:
    """The mean difference of scores from a multiple of others, as a share of their size."""
    one, two = (torch.cat([part.flatten() for part in parts]) for parts in (given, made))
    return float((one - ratio * two).abs().mean() / one.abs().mean().clamp_min(1e-6))


def _ratio(given: list[Tensor], made: list[Tensor]) -> float:
    """The multiple of the second that comes closest to the first."""
    one, two = (torch.cat([part.flatten() for part in parts]) for parts in (given, made))
    return float(one @ two / (two @ two).clamp_min(1e-9))


def _centred(scores_TS: Tensor) -> Tensor:
    return scores_TS - scores_TS.mean(dim=1, keepdim=True)


def _queries(model: Model, run: Run) -> Tensor | None:
    """The states that looked back along a run: (T, H); None of a model with coverage, whose scores have a term more."""
    state, queries = run.first, list[Tensor]()
    for token in (BOS, *run.pairs[0][1]):
        state, seen = model.attend(state, torch.tensor([token]), run.memory)
        if seen.coverage_BS is not None:
            return None
        queries.append(seen.query_BH[0])
    return torch.stack(queries)


def saturation(exam: Exam) -> Iterator[Finding]:
    """Scores so far apart that their softmax has no gradient; the same scores, divided."""
    if not isinstance(exam.model, Seq2Seq):  # what is shown of many heads has no scores
        return
    exam.measures |= score_measures([run.scores(0).double().numpy() for run in exam.runs])
    cure = _scaled(exam, "smaller_scores", [1 / factor for factor in FACTORS])
    exam.measures["smaller_scores_gain"] = cure.after["log_prob"] - cure.before["log_prob"]
    other = {"score_ratio": exam.measures["score_ratio"]} if _multiplied(exam) else {}
    for finding in scored(shape(sheets(exam)) | exam.measures):
        yield replace(finding, numbers={**finding.numbers, **other}, cure=cure)
    spread = exam.measures.get("score_spread", 1.0)
    if spread < PARALLEL:
        yield Finding("constant", ALIKE, {"score_spread": spread}, cure=by_our_network(exam, "read_state"))


def _multiplied(exam: Exam) -> bool:
    """Whether scores are greater than those that our score function makes of the model's weights."""
    return exam.measures.get("score_difference", 0.0) > OTHER_SCORES and exam.measures["score_ratio"] > 1


def flat(exam: Exam, finding: Finding) -> Finding:
    """A finding of uniform attention, with the same scores multiplied tried as a cure."""
    if not isinstance(exam.model, Seq2Seq):
        return finding
    return replace(finding, cure=_scaled(exam, "larger_scores", FACTORS))


def alike(exam: Exam, finding: Finding) -> Finding:
    """A finding of rows that are all the same, with our network's tried as a cure."""
    return replace(finding, cure=by_our_network(exam, "read_state"))


def _scaled(exam: Exam, name: str, factors: list[float] | tuple[float, ...]) -> Cure:
    """The best of some factors on the scores."""
    before = score(exam.runs)

    def by(factor: float) -> float:
        def remake(t: int, seen: StepAttention, memory: object) -> Tensor:
            return torch.softmax(seen.scores_BS * factor, dim=1)

        return score(remade(exam, remake))

    return cured(name, before, max(map(by, factors)))

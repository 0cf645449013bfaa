"""The score function: its formula, its range, and what other ranges of the scores would do."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from s2s.doctor.batch import cured
from s2s.doctor.context import remade
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.matrix import UNIFORM
from s2s.doctor.of_trace import score_measures, scored
from s2s.doctor.rebuilt import rebuilt
from s2s.doctor.run import Exam, Run, alone, score
from s2s.model import Model, Seq2Seq
from s2s.model.attention import AdditiveAttention
from s2s.model.interface import StepAttention
from s2s.text.vocab import BOS

TANH = 1e-3  # mean difference of scores, as a share of their spread, up to which they follow a formula
FLAT = 0.99  # |tanh| from which a unit is saturated
SATURATED_TANH = 0.9  # share of such units
FACTORS = (2.0, 6.0, 24.0)  # by which scores are multiplied or divided


@torch.no_grad()
def formula(exam: Exam) -> Iterator[Finding]:
    """Additive scores against both formulas, with tanh and without, and how many units of tanh are saturated."""
    model = exam.model
    if not isinstance(model, Seq2Seq) or not isinstance(model.decoder.attention, AdditiveAttention):
        return
    part, sums_4 = model.decoder.attention, torch.zeros(4, dtype=torch.float64)
    for run in exam.runs:
        query_TH = _queries(model, run)
        if query_TH is None:
            return
        inside_TSA = part.query(query_TH)[:, None] + part.key(run.memory.states_BSM[0])[None]
        v_A, scores_TS = part.v.weight[0], _centred(run.scores(0))
        away = [(_centred(made @ v_A) - scores_TS).abs().mean() for made in (torch.tanh(inside_TSA), inside_TSA)]
        sums_4 += torch.stack([*away, scores_TS.abs().mean(), (torch.tanh(inside_TSA).abs() > FLAT).float().mean()])
    with_tanh, without, spread, flat = (sums_4 / len(exam.runs)).tolist()
    exam.measures["saturated_tanh"] = flat
    close = TANH * max(spread, 1e-6)
    if without <= close and with_tanh > 10 * close:
        ours, before = rebuilt(exam.checkpoint), score(exam.runs)
        cure = Cure("put_tanh_back") if ours is None else cured("put_tanh_back", before, score(alone(ours, exam.some)))
        yield Finding("no_tanh", 1.0, {"without_tanh": without, "with_tanh": with_tanh}, cure=cure)
    elif flat > SATURATED_TANH:
        yield Finding("saturated_tanh", 0.6 + 0.3 * flat, {"units": flat}, cure=Cure("smaller_weights"))


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
    for finding in scored(exam.measures):
        yield Finding(finding.name, finding.strength, finding.numbers, cure=cure)


def flat(exam: Exam, finding: Finding) -> Finding:
    """A finding of uniform attention, with the same scores multiplied tried as a cure."""
    if not isinstance(exam.model, Seq2Seq) or exam.measures.get("entropy_share", 0) <= UNIFORM:
        return finding
    return Finding(finding.name, finding.strength, finding.numbers, cure=_scaled(exam, "larger_scores", FACTORS))


def _scaled(exam: Exam, name: str, factors: list[float] | tuple[float, ...]) -> Cure:
    """The best of some factors on the scores."""
    before = score(exam.runs)

    def by(factor: float) -> float:
        def remake(t: int, seen: StepAttention, memory: object) -> Tensor:
            return torch.softmax(seen.scores_BS * factor, dim=1)

        return score(remade(exam, remake))

    return cured(name, before, max(map(by, factors)))

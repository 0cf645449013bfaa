"""What a batch or an earlier call changes, though it should change nothing: padding, other sentences, dropout."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from s2s.data.batches import Ids
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.rebuilt import rebuilt
from s2s.doctor.run import Exam, Remake, Run, alone, forced, score
from s2s.doctor.thresholds import BETTER, PADDING_MASS, SAME
from s2s.model.interface import StepAttention

TWICE = 3  # sentences that run several times
ROWS = 6  # sentences of a batch that is compared with each alone


def cured(name: str, before: float, after: float) -> Cure:
    """A cure with the mean log-probability of a reference's token before and after, verified where it rose."""
    return Cure(name, after > before + BETTER, {"log_prob": before}, {"log_prob": after})


def repeated(exam: Exam) -> Iterator[Finding]:
    """The same call again: random outputs are dropout; outputs that remember the call before read another source."""
    few = exam.some[:TWICE]
    again = [forced(exam.model, [pair]) for pair in few for _ in range(3)]
    if any(call.log_probs_BT.isnan().any() for call in again):  # its own cause
        return
    memory = max(_difference(*two) for two in zip(again[::3], again[1::3], strict=True))
    random = max(_difference(*two) for two in zip(again[1::3], again[2::3], strict=True))
    exam.measures |= {"repeat_difference": random, "memory_difference": memory}
    if random > SAME:
        yield _random(exam, random)
    elif memory > SAME:
        yield _stale(exam, memory)
        exam.model = rebuilt(exam.checkpoint) or exam.model


def _random(exam: Exam, difference: float) -> Finding:
    """What the model says three times; then in evaluation mode, or if its code is random even so, by our code."""
    runs = [score(alone(exam.model, exam.some)) for _ in range(3)]
    exam.model = copy.deepcopy(exam.model).eval()
    if not _steady(exam):
        exam.model = rebuilt(exam.checkpoint) or exam.model
    before, after = sum(runs) / len(runs), score(alone(exam.model, exam.some))
    cure = Cure("evaluation_mode", _steady(exam), {"log_prob": before}, {"log_prob": after})
    return Finding("dropout_at_test", 1.0, {"difference": difference, "range": max(runs) - min(runs)}, cure=cure)


def _steady(exam: Exam) -> bool:
    """Whether two calls give the same."""
    first, second = (alone(exam.model, exam.some[:TWICE]) for _ in range(2))
    return max(_difference(*two) for two in zip(first, second, strict=True)) <= SAME


def _stale(exam: Exam, difference: float) -> Finding:
    """Each sentence after another one, and after itself."""
    after_other, after_itself = list[Run](), list[Run]()
    for pair in exam.some:
        after_other.append(forced(exam.model, [pair]))
        after_itself.append(forced(exam.model, [pair]))
    cure = cured("own_memory", score(after_other), score(after_itself))
    return Finding("other_source", 1.0, {"difference": difference}, cure=cure)


def _difference(one: Run, two: Run) -> float:
    return worst((one.log_probs_BT - two.log_probs_BT).abs())


def worst(differences: Tensor) -> float:
    """The greatest difference, infinite where one is no number."""
    found = torch.nan_to_num(differences, nan=torch.inf, posinf=torch.inf)
    return float(found.max()) if found.numel() else 0.0


def together(exam: Exam) -> Iterator[Finding]:
    """Sentences of one length in a batch, then of several: another sentence's memory, then padding."""
    pairs = exam.some[:ROWS]
    if len(pairs) < 2 or any(run.weights_BTS.isnan().any() for run in exam.runs):
        return
    shortest = min(len(source) for source, _ in pairs)
    level = [(source[:shortest], target) for source, target in pairs]
    mixed = list(_mixed(exam, level, pairs))
    yield from mixed
    if not mixed:
        yield from _padded(exam, pairs)


def _apart(batch: Run, singles: Sequence[Run]) -> float:
    parts = [batch.log_probs(row) - single.log_probs(0) for row, single in enumerate(singles)]
    return worst(torch.cat(parts).abs())


def _mixed(exam: Exam, level: Sequence[Ids], pairs: Sequence[Ids]) -> Iterator[Finding]:
    batch, singles = forced(exam.model, level), alone(exam.model, level)
    difference = _apart(batch, singles)
    exam.measures["batch_difference"] = difference
    sums_BT = batch.weights_BTS.sum(dim=2)
    if difference <= SAME or bool(((sums_BT - 1).abs() > SAME).any()):  # rows that do not sum to 1 are their own cause
        return
    before, after = score([forced(exam.model, pairs)]), score(alone(exam.model, pairs))
    yield Finding("other_source", 1.0, {"difference": difference}, cure=cured("own_memory", before, after))


def _padded(exam: Exam, pairs: Sequence[Ids]) -> Iterator[Finding]:
    batch, singles = forced(exam.model, pairs), alone(exam.model, pairs)
    difference, mass = _apart(batch, singles), _mass(batch)
    if strange := _exchanged(batch, singles):
        cure = cured("own_memory", score([batch]), score(singles))
        yield Finding("other_source", 1.0, {"difference": difference, "rows": strange}, cure=cure)
        return
    off = float((1 - torch.cat([batch.weights(row).sum(dim=1) for row in range(len(pairs))])).abs().mean())
    off = off if exam.looks and exam.measures.get("rows_off", 0) == 0 else 0.0
    exam.measures |= {"padding_difference": difference, "padding_mass": mass, "batch_row_error": off}
    if mass > PADDING_MASS:
        remade = forced(exam.model, pairs, remake=_masked(pairs))
        cure = cured("mask_padding", score([batch]), score([remade]))
        numbers = {"share": mass, "difference": difference}
        yield Finding("padding_mass", 0.9 + 0.1 * mass, numbers, cure=cure)
    elif off > SAME:
        remade = forced(exam.model, pairs, remake=_masked(pairs))
        cure = cured("softmax_over_source", score([batch]), score([remade]))
        yield Finding("not_normalised", 0.9, {"missing": off, "difference": difference}, cure=cure)
    elif difference > SAME and exam.measures["batch_difference"] <= SAME:
        cure = cured("pack_padding", score([batch]), score(singles))
        yield Finding(
            "padding_mass", 0.85, {"share": mass, "difference": difference}, "doctor.cause.padding_read", cure
        )


def _exchanged(batch: Run, singles: Sequence[Run]) -> float:
    """The share of rows whose first source state is that of another sentence."""
    first_NM = torch.stack([single.memory.states_BSM[0, 0] for single in singles])
    away_NN = torch.cdist(batch.memory.states_BSM[:, 0], first_NM)
    own_N, scale = away_NN.diagonal(), float(first_NM.std()) + 1e-9
    return float(((own_N > 0.1 * scale) & (away_NN.min(dim=1).values < 1e-2 * scale)).double().mean())


def _mass(batch: Run) -> float:
    """The mean weight beyond the end of a source, in the rows that have padding."""
    found, width = list[Tensor](), batch.weights_BTS.size(2)
    for row, (source, _) in enumerate(batch.pairs):
        if len(source) < width:
            found.append(batch.weights(row, padding=True)[:, len(source) :].abs().sum(dim=1))
    return float(torch.cat(found).mean()) if found else 0.0


def _masked(pairs: Sequence[Ids]) -> Remake:
    """Weights without those on padding, divided by what is left."""

    def remake(t: int, seen: StepAttention, memory: object) -> Tensor:
        weights_BS = seen.attention_BS.clone()
        for row, (source, _) in enumerate(pairs):
            weights_BS[row, len(source) :] = 0
        return weights_BS / weights_BS.sum(dim=1, keepdim=True).clamp_min(1e-9)

    return remake

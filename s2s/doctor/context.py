"""From scores to weights to context: each step of attention computed again from the one before, and compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from s2s.data.batches import Ids
from s2s.doctor.batch import cured
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.order import MOVES, shifted
from s2s.doctor.rebuilt import rebuilt
from s2s.doctor.run import Exam, Remake, Run, alone, forced, score
from s2s.doctor.sheet import Sheet, sums
from s2s.doctor.thresholds import (
    BATCH_COLUMNS,
    CLOSE,
    COLUMNS_WHOLE,
    IDLE,
    MOVED,
    NEGATIVE,
    ROWS_OFF,
    SOURCE,
    SUM_ERROR,
)
from s2s.explain.counterfactual import changes, moments, permuted
from s2s.explain.replay import Lane
from s2s.model import Seq2Seq
from s2s.model.interface import StepAttention
from s2s.text.vocab import BOS, EOS

PLACES = 2  # source tokens, at least, to judge other weights
JUDGED = 8  # sentences
SHORTEST = 4  # sentences that are looked at besides, the shortest of all
LARGE = 1e4  # a score that is no number counts as this far below, or above


def sheets(exam: Exam, runs: list[Run] | None = None) -> list[Sheet]:
    """The weights of the sentences that ran alone, with their tokens."""
    source, target = exam.checkpoint.source.vocab.tokens, exam.checkpoint.target.vocab.tokens
    return [
        Sheet(
            run.weights(0).double().numpy(),
            tuple(source[i] for i in run.pairs[0][0]),
            tuple(target[i] for i in (*run.pairs[0][1], EOS)),
        )
        for run in (exam.runs if runs is None else runs)
    ]


def sums_of_rows(exam: Exam) -> Iterator[Finding]:
    """Rows without numbers, without weight, or that do not sum to 1; then the softmax of the scores over the source."""
    short = sorted(exam.pairs, key=lambda pair: len(pair[0]))[:SHORTEST]  # where a mask that is off leaves nothing
    runs = [*exam.runs, *alone(exam.model, short)]
    found = sums(sheets(exam, runs))
    exam.measures |= found
    if found["nan_rows"] or any(run.log_probs_BT.isnan().any() for run in runs):
        after = score(remade(exam, _finite, short))
        whole = bool(np.isfinite(after))
        cure = Cure("mask_finite", whole, {}, {"log_prob": after} if whole else {})  # no number before: it was NaN
        yield Finding("nan", 1.0, {"rows": found["nan_rows"]}, cure=cure)
        return
    before, after = score(runs), score(remade(exam, _finite, short))
    if found["empty_rows"]:
        numbers = {"rows": found["empty_rows"]}
        yield Finding("empty_row", 0.95, numbers, cure=cured("keep_one", before, after))
    if found["rows_off"] > ROWS_OFF or found["least_weight"] < NEGATIVE:
        batch = forced(exam.model, exam.some[:6])
        columns = float((batch.weights_BTS[:, 0].sum(dim=0) - 1).abs().le(SUM_ERROR).double().mean())
        numbers = {name: found[name] for name in ("rows_off", "columns_whole", "least_weight")}
        negative = found["least_weight"] < NEGATIVE
        axis = not negative and (columns > BATCH_COLUMNS or found["columns_whole"] > COLUMNS_WHOLE)
        name, strength = ("wrong_axis", 1.0) if axis else ("not_normalised", 0.9)
        cure, cause = cured("softmax_over_source", before, after), "doctor.cause.negative" if negative else ""
        yield Finding(name, strength, numbers | {"batch_columns": columns}, cause, cure)


def _finite(t: int, seen: StepAttention, memory: object) -> Tensor:
    """The softmax of the scores over the source; of those that are no numbers, as of very small or large ones."""
    scores_BS = torch.nan_to_num(seen.scores_BS, nan=-LARGE, posinf=LARGE, neginf=-LARGE).clamp(-LARGE, LARGE)
    return torch.softmax(scores_BS, dim=1)


def remade(exam: Exam, remake: Remake, more: Sequence[Ids] = ()) -> list[Run]:
    """The sentences of the exam again, and some more, each alone, with other weights."""
    return [forced(exam.model, [pair], remake=remake) for pair in (*exam.some, *more)]


def _away(run: Run, weights_TS: Tensor) -> tuple[Tensor, Tensor]:
    """How far each context is from the sum of the states with these weights, and the size of that sum."""
    expected_TM = weights_TS @ run.memory.states_BSM[0]
    return (run.contexts_BTM[0] - expected_TM).norm(dim=1), expected_TM.norm(dim=1)


def _difference(exam: Exam, steps: int = 0, tokens: int = 0) -> float:
    parts = [_away(run, shifted(run.weights_BTS[0], steps, tokens)) for run in exam.runs]
    away, size = (torch.cat(column).mean() for column in zip(*parts, strict=True))
    return float(away / size.clamp_min(1e-9))


def by_our_network(exam: Exam, remedy: str) -> Cure:
    """A remedy that our own network with the model's weights brings; tried where it can be built."""
    ours = rebuilt(exam.checkpoint)
    return Cure(remedy) if ours is None else cured(remedy, score(exam.runs), score(alone(ours, exam.some)))


def summed(exam: Exam) -> Iterator[Finding]:
    """The context against ``Σ α h`` of the states in the memory, where the model says that it is this sum."""
    if not exam.model.sums_states:
        return
    difference = _difference(exam)
    exam.measures["context_difference"] = difference
    if difference <= CLOSE:
        return
    moved = {move: _difference(exam, *move) for move in MOVES}
    (steps, tokens), least = min(moved.items(), key=lambda item: item[1])
    name, remedy = ("shift", "move_attention") if least <= MOVED * difference else ("not_summed", "sum_states")
    cure = by_our_network(exam, remedy)
    if name == "shift":
        numbers = {"steps": steps, "tokens": tokens, "difference": difference, "moved": least}
        yield Finding("shift", 1.0, numbers, cure=cure)
    else:
        yield Finding("not_summed", 0.9 + 0.1 * min(1.0, difference), {"difference": difference}, cure=cure)


@torch.no_grad()
def keys(exam: Exam) -> Iterator[Finding]:
    """The keys that scores are made of, against the keys of the states in the same memory."""
    if not isinstance(exam.model, Seq2Seq):
        return
    part, away, size = exam.model.decoder.attention, 0.0, 1e-9
    for run in exam.runs:
        made_SA = part.keys(run.memory.states_BSM)[0]
        given_SA = run.memory.keys_BSA[0][: len(made_SA)]
        away += float((made_SA[: len(given_SA)] - given_SA).norm())
        size += float(made_SA.norm())
    exam.measures["keys_difference"] = away / size
    if away / size > CLOSE:
        cure = by_our_network(exam, "own_memory")
        yield Finding("other_source", 1.0, {"keys_difference": away / size}, cure=cure)


def bypass(exam: Exam) -> Iterator[Finding]:
    """Other weights change nothing, though another source does: the word does not go through attention."""
    if getattr(exam.model, "head", 0):  # one of many heads
        return
    fit = [pair for pair in exam.some if len(pair[0]) >= PLACES][:JUDGED]
    parts = [_variations(exam, *pair, fit[(n + 1) % len(fit)][0]) for n, pair in enumerate(fit)]
    if not parts:
        return
    columns = np.concatenate(parts).mean(axis=0).tolist()
    means = dict(zip(("permuted_variation", "place_variation", "source_variation"), columns, strict=True))
    exam.measures |= means
    most = max(means["permuted_variation"], means["place_variation"])
    if most < IDLE and means["source_variation"] > SOURCE:
        yield Finding("bypassed", 0.9, means, cure=Cure("read_context"))


@torch.no_grad()
def _variations(exam: Exam, source: list[int], target: list[int], other: list[int]) -> np.ndarray:
    """Total variation of each step by permuted weights, by all weight on one place, by another source: (T, 3)."""
    rng, out = torch.Generator().manual_seed(0), list[tuple[float, float, float]]()
    read, said = (BOS, *target), (*target, EOS)
    own, others = (moments(exam.model, Lane(tuple(ids), read, said), range(len(read))) for ids in (source, other))
    for moment, elsewhere, word in zip(own, others, said, strict=True):
        place_1S = torch.zeros(1, len(source))
        place_1S[0, int(torch.randint(len(source), (1,), generator=rng))] = 1
        mixed = permuted(exam.model, moment, word, rng, 4).variation
        changed = float((moment.log_probs_V.exp() - elsewhere.log_probs_V.exp()).abs().sum()) / 2
        out.append((mixed, changes(exam.model, moment, word, place_1S).variation, changed))
    return np.array(out)

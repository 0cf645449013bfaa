"""What data and training say: unknown words, a model that only knows its training pairs, one that has not learned."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional as F

from s2s.data.batches import Ids, collate
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.run import LONGEST, Exam, alone, score, spread
from s2s.doctor.thresholds import (
    FAR,
    FEW_PAIRS,
    FEWER,
    GAIN,
    GROWN,
    LOSS_RISE,
    MORE_BATCH,
    MORE_RATE,
    MORE_STEPS,
    NORM_GROWTH,
    SHARE,
    UNKNOWN,
    UNLEARNED,
    WORSE,
    most,
)
from s2s.model import Seq2Seq
from s2s.text.vocab import PAD, UNK

KNOWN = 200  # training pairs whose loss is looked at
RATE, CLIP = 0.05, 100.0  # settings of a training that makes it likely
OWN = 0.05  # share of the time that a pass over the pairs takes, where a training follows


def unknown(exam: Exam) -> Iterator[Finding]:
    """The share of tokens that a side's vocabulary lacks."""
    for side, place in (("source", 0), ("target", 1)):
        tokens = [token for pair in exam.pairs for token in pair[place]]
        exam.measures[f"unknown_{side}"] = sum(token == UNK for token in tokens) / max(len(tokens), 1)
    worst = max(exam.measures["unknown_source"], exam.measures["unknown_target"])
    if worst > UNKNOWN:
        numbers = {side: exam.measures[f"unknown_{side}"] for side in ("source", "target")}
        before = sum(numbers.values()) / 2
        after = _exchanged(exam)
        cause, cure = "", Cure("more_vocabulary")
        if after <= FEWER * before:
            cause = "doctor.cause.columns"
            cure = Cure("exchange_columns", True, {"unknown_words": before}, {"unknown_words": after})
        yield Finding("unknown_words", 0.6 + 0.4 * worst, numbers, cause, cure)


def _exchanged(exam: Exam) -> float:
    """The mean of both sides' shares of unknown words, were the source in the target's column and vice versa."""
    sides, shares = (exam.checkpoint.source, exam.checkpoint.target), list[float]()
    for side, place in zip(sides, (1, 0), strict=True):
        ids = [token for pair in exam.texts[:FEW_PAIRS] for token in side.encode(pair[place])]
        shares.append(sum(token == UNK for token in ids) / max(len(ids), 1))
    return sum(shares) / len(shares)


def overlap(exam: Exam) -> float:
    """The share of these pairs that are training pairs, too."""
    known = {_key(pair) for pair in exam.train}
    return sum(_key(pair) in known for pair in exam.pairs) / len(exam.pairs)


def _key(pair: Ids) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(pair[0]), tuple(pair[1])


def learned(exam: Exam, progress: Callable[[float], None], explained: bool) -> Iterator[Finding]:
    """The loss on these pairs against that of word frequencies, and against that on training pairs.

    Where another finding says why a loss is high, more training is not tried.
    """
    own = OWN if exam.train else 1.0
    loss = -score(exam.whole(exam.pairs, lambda share: progress(own * share)))
    frequencies = exam.frequencies
    exam.measures |= {"loss": loss, "loss_of_frequencies": frequencies}
    if not math.isfinite(loss):
        return
    if exam.train:
        exam.measures["training_overlap"] = overlap(exam)
        some = spread(exam.train, KNOWN)
        known = -score(exam.whole(some, lambda share: progress(own + own * share)))
        exam.measures["loss_on_training"] = known
        if loss > most(known, frequencies):
            numbers = {"loss": loss, "loss_on_training": known, "loss_of_frequencies": frequencies}
            yield Finding("too_little_data", 0.7 + 0.1 * min(1.0, loss - known), numbers, cure=Cure("more_data"))
            return
        if not explained:
            yield from _unfinished(exam, loss, lambda share: progress(2 * own + (1 - 2 * own) * share))
    growth, train = exam.measures.get("weight_growth", 0.0), exam.checkpoint.config.train
    wild = train.learning_rate > RATE or train.clip > CLIP
    nothing = exam.measures.get("loss_on_training", 0.0) > UNLEARNED * frequencies  # learned; or the pairs are odd
    if loss > UNLEARNED * frequencies and growth > GROWN and (wild or nothing or growth > FAR):
        strength = 0.92 if wild else 0.62
        numbers = {"growth": growth, "loss": loss, "loss_of_frequencies": frequencies}
        yield Finding("exploding_norms", strength, numbers, "doctor.cause.grown", Cure("clip_gradient"))
    elif UNLEARNED * frequencies < loss < WORSE * frequencies:
        numbers = {"loss": loss, "loss_of_frequencies": frequencies}
        yield Finding("half_trained", 0.5 + 0.1 * loss / frequencies, numbers, cure=Cure("train_longer"))


def _unfinished(exam: Exam, loss: float, progress: Callable[[float], None]) -> Iterator[Finding]:
    """A copy of the model is trained for some steps more on the training pairs: whether its loss here falls at once."""
    before, asked = score(exam.runs), {_key(pair) for pair in exam.pairs}
    others = [pair for pair in exam.train if _key(pair) not in asked]
    if not isinstance(exam.model, Seq2Seq) or len(others) < MORE_BATCH or -before < GAIN:
        return
    model, rng = copy.deepcopy(exam.model), random.Random(0)
    for weight in model.parameters():
        weight.requires_grad_(True)
    optimiser = torch.optim.Adam(model.parameters(), lr=MORE_RATE)
    fit = [pair for pair in others if max(map(len, pair)) <= LONGEST] or others
    with torch.enable_grad():
        for done in range(1, MORE_STEPS + 1):
            batch = collate(rng.sample(fit, min(MORE_BATCH, len(fit))))
            wrong = F.cross_entropy(model(batch), batch.target_out_BT[batch.target_out_BT != PAD])
            optimiser.zero_grad()
            wrong.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            progress(done / MORE_STEPS)
    after = score(alone(model.eval(), exam.some))
    exam.measures["training_gain"] = after - before
    if after - before > max(GAIN, SHARE * -before):
        cure = Cure("train_longer", True, {"log_prob": before}, {"log_prob": after})
        numbers = {"gain": after - before, "loss": loss}
        strength = 0.55 + 0.2 * (after - before) / -before
        yield Finding("half_trained", strength, numbers, "doctor.cause.unfinished", cure)


def run_log(curve: Sequence[Mapping[str, Any]]) -> tuple[dict[str, float], list[Finding]]:
    """Measures and findings of a run's log: norms that explode, a loss that still falls, coverage from the start."""
    measures, found = dict[str, float](), list[Finding]()
    norms = _column(curve, "gradient_norm") or _column(curve, "grad_norm")
    losses, dev = _column(curve, "train_loss"), _column(curve, "dev_loss")
    if len(norms) >= 4:
        middle = sorted(norms)[len(norms) // 2]
        measures["gradient_growth"] = max(norms) / max(middle, 1e-12)
    broken = any(not math.isfinite(loss) for loss in losses)
    rise = _rise([loss for loss in losses if math.isfinite(loss)])
    measures["loss_rise"] = rise
    growth = measures.get("gradient_growth", 0.0)
    if broken or growth > NORM_GROWTH or rise > LOSS_RISE:
        found.append(Finding("exploding_norms", 0.85, {"growth": growth, "rise": rise}, cure=Cure("clip_gradient")))
    finite = [loss for loss in dev if math.isfinite(loss)]
    if len(finite) >= 4:
        before, last = finite[-1 - max(1, len(finite) // 4)], finite[-1]
        measures["loss_falling"] = (before - last) / max(abs(before), 1e-9)
    return measures, found


def _column(curve: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    return [float(line[name]) for line in curve if isinstance(line.get(name), int | float)]


def _rise(losses: Sequence[float]) -> float:
    """How far the loss ends above its lowest value, as a share of it."""
    return losses[-1] / max(min(losses), 1e-9) - 1 if losses else 0.0


def ids(checkpoint: Any, pairs: Sequence[tuple[str, str]], longest: int) -> list[Ids]:
    """The pairs as ids, without those that have an empty or too long side."""
    made = [(checkpoint.source.encode(source), checkpoint.target.encode(target)) for source, target in pairs]
    limit = min(longest, checkpoint.model.longest_source or longest)
    return [(s, t) for s, t in made if 0 < len(s) <= limit and 0 < len(t) <= longest]

"""All tests of a checkpoint, in an order in which a fault that is found spoils none of those that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import MAX_TOKENS
from s2s.doctor import batch, context, data, order, proof, scores, sinks, weights
from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.finding import Finding
from s2s.doctor.matrix import known, shapes
from s2s.doctor.run import Exam, alone
from s2s.doctor.sheet import shape
from s2s.doctor.sinks import PLACES
from s2s.errors import UserError

BROKEN = (RuntimeError, IndexError, TypeError, AttributeError)


def examine(
    checkpoint: Checkpoint,
    pairs: Sequence[tuple[str, str]],
    progress: Callable[[float], None],
    train: Sequence[tuple[str, str]] | None = None,
    curve: Sequence[Mapping[str, Any]] | None = None,
) -> Diagnosis:
    """The diagnosis. UserError if no pair can be used."""
    usable = data.ids(checkpoint, pairs, MAX_TOKENS)
    if not usable:
        raise UserError("exposure_no_pairs", limit=MAX_TOKENS)
    exam = Exam(checkpoint, checkpoint.model, usable, data.ids(checkpoint, train or (), MAX_TOKENS))
    found = list(_findings(exam, progress))
    if curve:
        measures, more = data.run_log(curve)
        exam.measures |= measures
        found += more
    about = {
        "kind": "checkpoint",
        "name": checkpoint.name,
        "digest": checkpoint.digest,
        "attention": checkpoint.config.model.attention,
        "sentences": len(usable),
        "left_out": len(pairs) - len(usable),
        "not_run": sorted(exam.failed),
    }
    progress(1.0)
    return Diagnosis.of(_once(found), known(exam.measures), about)


def _findings(exam: Exam, progress: Callable[[float], None]) -> Iterator[Finding]:
    yield from batch.repeated(exam)
    exam.runs = alone(exam.model, exam.some)
    progress(0.05)
    if exam.looks:
        broken = list(context.sums_of_rows(exam))
        yield from broken
        if any(run.log_probs_BT.isnan().any() for run in exam.runs):  # nothing that it says can be compared
            return
    mixed = list(batch.together(exam))
    yield from mixed
    exam.alone = bool(mixed)
    progress(0.1)
    tests: list[Callable[[Exam], Iterator[Finding]]] = [
        data.unknown,
        weights.untrained,
        weights.tied,
        weights.bridge,
        order.backwards,
        order.first_token,
        order.gates,
    ]
    if exam.looks:
        tests += [
            context.keys,
            context.summed,
            order.replayed,
            scores.formula,
            scores.saturation,
            order.moved,
            context.bypass,
        ]
        tests += [proof.against_erasure, _shapes]
    tests += [weights.gradient]
    for n, test in enumerate(tests, start=1):
        try:
            yield from test(exam)
        except BROKEN as error:  # of code that is being examined, which may do anything
            exam.failed[test.__name__] = str(error)
        progress(0.1 + 0.6 * n / len(tests))
    yield from data.learned(exam, lambda share: progress(0.7 + 0.3 * share))


def _shapes(exam: Exam) -> Iterator[Finding]:
    measures = shape(context.sheets(exam))
    exam.measures |= measures
    for finding in shapes(measures):
        if finding.name in PLACES:
            yield sinks.without_place(exam, finding)
        else:
            yield scores.flat(exam, finding) if finding.name == "uniform" else finding


def _once(found: Sequence[Finding]) -> list[Finding]:
    """Of several findings of one cause, the strongest."""
    best = dict[str, Finding]()
    for finding in found:
        if finding.name not in best or finding.strength > best[finding.name].strength:
            best[finding.name] = finding
    return list(best.values())

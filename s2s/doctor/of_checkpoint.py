"""All tests of a checkpoint, in an order in which a fault that is found spoils none of those that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import MAX_TOKENS
from s2s.doctor import batch, context, data, heads, links, order, proof, ranks, scores, sinks, vocabulary, weights
from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.finding import Finding
from s2s.doctor.formed import formed
from s2s.doctor.matrix import known, shapes
from s2s.doctor.run import Exam, View, alone
from s2s.doctor.sheet import Sheet, shape
from s2s.doctor.sinks import PLACES
from s2s.doctor.thresholds import FEW_PAIRS
from s2s.errors import UserError
from s2s.evaluate.batching import Progress
from s2s.explain.alignment_error import left_out
from s2s.explain.alignment_error import usable as usable_links
from s2s.explain.alignment_score import GoldPair
from s2s.explain.gold_links import Gold
from s2s.text.vocab import BOS
from s2s.trace.film import FilmFrame

CELLS, TRAINING = 600, 12.0  # cells of evidence in a second, and seconds of a training that goes on
BROKEN = (RuntimeError, IndexError, TypeError, AttributeError)


def examine(
    checkpoint: Checkpoint,
    pairs: Sequence[tuple[str, str]],
    progress: Callable[[float], None],
    train: Sequence[tuple[str, str]] | None = None,
    curve: Sequence[Mapping[str, Any]] | None = None,
    gold: Sequence[Gold] | None = None,
    film: Sequence[FilmFrame] | None = None,
) -> Diagnosis:
    """The diagnosis. UserError if no pair can be used, or no pair of the links."""
    linked, usable = usable_links(checkpoint, gold) if gold else [], data.ids(checkpoint, pairs, MAX_TOKENS)
    if not usable:
        raise UserError("exposure_no_pairs", limit=MAX_TOKENS)
    exam = Exam(checkpoint, checkpoint.model, usable, data.ids(checkpoint, train or (), MAX_TOKENS), pairs)
    found = list(_findings(exam, linked, progress))
    if exam.error_rates:  # people know better than erasure which head is right
        found = [finding for finding in found if not (finding.name == "wrong_head" and "overlap" in finding.numbers)]
    if curve:
        for measures, more in (data.run_log(curve), formed(film or (), curve, checkpoint)):
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
        "caveats": list(_caveats(exam, bool(curve))),
    }
    if gold:
        about |= {"linked": len(linked), "rows_left_out": left_out(gold, linked)}
    progress(1.0)
    return Diagnosis.of(ranks.settled(found), known(exam.measures), about, heads.ranking(exam), _drawn(exam))


def _drawn(exam: Exam) -> Sheet | None:
    """The first sentence that ran alone, with its scores, and of a model of many heads with all of them."""
    if not exam.looks or not exam.runs:
        return None
    (source, target), rows = exam.runs[0].pairs[0], dict[View, Tensor]()
    if heads.many(exam.model):
        rows = heads.views(exam.model, source, (BOS, *target))
    (sheet,) = context.sheets(exam, exam.runs[:1])
    scores_TS = exam.runs[0].scores(0).double().numpy()
    return replace(sheet, scores_TS=scores_TS, heads={view: row.double().numpy() for view, row in rows.items()})


def _caveats(exam: Exam, logged: bool) -> Iterator[str]:
    """What was not tested, as what it needs is not there."""
    if not exam.looks:
        yield "no_attention"
    if exam.measures.get("training_overlap"):
        yield "overlap"
    if len(exam.pairs) < FEW_PAIRS:
        yield "few_pairs"
    if not exam.train:
        yield "no_training_pairs"
    if not logged:
        yield "no_log"


def _findings(exam: Exam, linked: Sequence[GoldPair], progress: Progress) -> Iterator[Finding]:
    tests_done, links_done = _shares(exam, linked)
    dead = list(weights.broken(exam))
    yield from dead
    yield from batch.repeated(exam)
    exam.runs = alone(exam.model, exam.some)
    progress(0.1 * tests_done)
    if exam.looks:
        broken = list(context.sums_of_rows(exam))
        yield from broken
        if any(run.log_probs_BT.isnan().any() for run in exam.runs):  # nothing that it says can be compared
            return
    mixed = list(batch.together(exam))
    yield from mixed
    exam.alone = bool(mixed)
    progress(0.2 * tests_done)
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
    found = list[Finding]()
    for n, test in enumerate(tests, start=1):
        found += _tried(exam, test.__name__, test(exam))
        progress(tests_done * (0.2 + 0.8 * n / len(tests)))
    if linked:
        part = _part(progress, tests_done, links_done)
        found += _tried(exam, "against_links", links.against_links(exam, linked, part))
    if not any(ranks.explains(finding) for finding in (*dead, *mixed, *found)):
        found += _tried(exam, "renumbered", vocabulary.renumbered(exam))
    yield from found
    explained = any(ranks.explains(finding) for finding in (*dead, *mixed, *found))
    yield from data.learned(exam, _part(progress, links_done, 1.0), explained)


def _tried(exam: Exam, name: str, test: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from test
    except BROKEN as error:  # of code that is being examined, which may do anything
        exam.failed[name] = str(error)


def _shares(exam: Exam, linked: Sequence[GoldPair]) -> tuple[float, float]:
    """The shares of the time at whose end the tests are done, and the links, by seconds of zh-en-luong."""
    tests, last = 6.0, TRAINING if exam.train else 0.5
    evidence = sum(links.work(linked[n]) for n in links.explained(linked)) / CELLS
    whole = tests + evidence + last
    return tests / whole, (tests + evidence) / whole


def _part(progress: Progress, start: float, stop: float) -> Progress:
    return lambda share: progress(start + (stop - start) * share)


def _shapes(exam: Exam) -> Iterator[Finding]:
    measures = shape(context.sheets(exam))
    exam.measures |= measures
    for finding in shapes(measures):
        if finding.name in PLACES:
            yield sinks.without_place(exam, finding)
        else:
            yield scores.flat(exam, finding) if finding.name == "uniform" else scores.alike(exam, finding)

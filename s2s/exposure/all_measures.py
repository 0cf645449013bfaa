"""All measures of one checkpoint on one file of pairs, as a small record that is written as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import MAX_TOKENS, Ids, Pair
from s2s.errors import UserError
from s2s.evaluate.batching import Progress, quiet
from s2s.evaluate.bootstrap import Bootstrap, Curve
from s2s.evaluate.corpus import fitting
from s2s.evaluate.measured import Estimate
from s2s.evaluate.metrics import bleu_tokenizer
from s2s.exposure.beams import SIZES, BeamScores, beam_scores, best_hypotheses
from s2s.exposure.calibration import Calibration, calibration
from s2s.exposure.distractor import Distractions, distraction, distractions
from s2s.exposure.excess import Excess, Oracle, divergences, excess
from s2s.exposure.lanes import Positions, lanes, positions
from s2s.exposure.recovery import Recoveries, recoveries, recovery

SCHEMA = "lookback-exposure/1"


@dataclass(frozen=True)
class Report:
    """All measures of one checkpoint on one file."""

    checkpoint: str
    digest: str
    sentences: int
    left_out: int  # pairs with an empty side, a side of more than 400 tokens, or a source longer than the model reads
    bootstrap: Bootstrap
    positions: Positions
    recovery: Recoveries
    distractor: Distractions | None  # None if all targets are the same
    calibration: Calibration
    beams: tuple[BeamScores, ...]
    excess: Excess | None  # None without an oracle
    bleu_tokenizer: str = ""  # sacrebleu's tokenizer of the beams' BLEU

    @property
    def overall(self) -> dict[str, Estimate | None]:
        """The main measures, under the names that comparisons of remedies use."""
        lanes, cost, apart = self.positions.overall, self.recovery.overall, self.distractor
        return {
            "accuracy_forced": lanes["accuracy_forced"],
            "accuracy_free": lanes["accuracy_free"],
            "accuracy_gap": lanes["accuracy_gap"],
            "nll_forced": lanes["nll_running"],
            "nll_free": lanes["nll_free"],
            "cost_accuracy": cost["cost_accuracy"],
            "cost_f1": cost["cost_f1"],
            "margin": apart.margin if apart else None,
            "preferred": apart.preferred if apart else None,
            "ece_eos": self.calibration.eos.ece,
            "ece_other": self.calibration.other.ece,
            **({"excess": _last(self.excess.excess)} if self.excess else {}),
        }

    def to_json(self) -> str:
        """The record in one line of JSON, as docs/FORMATS.md describes."""
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class Options:
    """Settings of a measurement: the bootstrap, the beam sizes, and the oracle of a synthetic task if there is one."""

    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    beams: tuple[int, ...] = SIZES
    oracle: Oracle | None = None


def measure(
    checkpoint: Checkpoint, texts: Sequence[Pair], options: Options | None = None, progress: Progress = quiet
) -> Report:
    """Run all measures on pairs of texts.

    ``progress`` gets the share that is done; an exception that it raises ends the work.
    Raises UserError if no pair can be used, or if the oracle cannot read a source.
    """
    options = options or Options()
    model, by = checkpoint.model, options.bootstrap
    pairs, usable = _usable(checkpoint, texts)
    references = [text for _, text in usable]
    parts = _Parts(progress, [2.0, 5.0, 1.0, 2.0 if options.oracle else 0.0, *map(float, options.beams)])
    ran = lanes(model, pairs, parts.next())
    recovered = recovery(recoveries(model, pairs, parts.next()), by)
    known = [float(lane.forced_log_prob.sum()) for lane in ran]
    distracted = distractions(model, pairs, by.seed, known=known, progress=parts.next())
    share, exceeded = parts.next(), None
    if options.oracle:
        sources, vocab = [text for text, _ in usable], checkpoint.target.vocab
        exceeded = excess(divergences(model, sources, pairs, vocab, options.oracle, share), by)
    beams = []
    for size in options.beams:
        best = best_hypotheses(model, [source for source, _ in pairs], size, progress=parts.next())
        beams.append(beam_scores(size, best, pairs, references, checkpoint.target, by))
    return Report(
        checkpoint=checkpoint.name,
        digest=checkpoint.digest,
        sentences=len(pairs),
        left_out=len(texts) - len(pairs),
        bootstrap=by,
        positions=positions(ran, by),
        recovery=recovered,
        distractor=distraction(distracted, by) if distracted else None,
        calibration=calibration(ran, by),
        beams=tuple(beams),
        excess=exceeded,
        bleu_tokenizer=bleu_tokenizer(checkpoint.target.segmenter, references),
    )


def _last(curve: Curve) -> Estimate:
    """The estimate at the last position that at least half of the sentences have."""
    last = max(n for n, count in enumerate(curve.count) if 2 * count >= max(curve.count))
    return curve.at(last)


def _usable(checkpoint: Checkpoint, texts: Sequence[Pair]) -> tuple[list[Ids], list[Pair]]:
    """Ids and texts of the pairs that can be measured; UserError if there are none."""
    ids = [(checkpoint.source.encode(s), checkpoint.target.encode(t)) for s, t in texts]
    fit = fitting(checkpoint.model, ids)
    if not fit:
        raise UserError("exposure_no_pairs", limit=MAX_TOKENS)
    return [ids[n] for n in fit], [texts[n] for n in fit]


class _Parts:
    """Combine the progress of several parts, weighted by the time that each takes, into one."""

    def __init__(self, whole: Progress, weights: Sequence[float]) -> None:
        self.whole, self.weights, self.part = whole, weights, -1

    def next(self) -> Progress:
        """The progress of the next part."""
        self.part += 1
        before, own, total = sum(self.weights[: self.part]), self.weights[self.part], sum(self.weights)
        return lambda share: self.whole((before + own * share) / total)

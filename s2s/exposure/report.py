"""All measures of one checkpoint on one file of pairs, as a small record that is written as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from s2s.checkpoint import Checkpoint
from s2s.data import Pair
from s2s.errors import UserError
from s2s.exposure.beams import SIZES, BeamScores, beam_scores, searched
from s2s.exposure.bootstrap import Bootstrap
from s2s.exposure.calibration import Calibration, calibration
from s2s.exposure.distractor import Distractions, distraction, distractions
from s2s.exposure.excess import Excess, Oracle, divergences, excess
from s2s.exposure.lanes import Positions, Progress, lanes, positions, quiet
from s2s.exposure.recovery import Recoveries, recoveries, recovery

SCHEMA = "lookback-exposure/1"
MAX_TOKENS = 400  # of a side; a longer pair is left out


@dataclass(frozen=True)
class Report:
    """The measures, and what they were taken of."""

    checkpoint: str
    digest: str
    sentences: int
    left_out: int  # pairs without a token on a side, or with more than 400
    bootstrap: Bootstrap
    positions: Positions
    recovery: Recoveries
    distractor: Distractions | None  # None where all targets are the same
    calibration: Calibration
    beams: tuple[BeamScores, ...]
    excess: Excess | None  # only with an oracle

    def to_json(self) -> str:
        """The record in one line of JSON, as docs/FORMATS.md describes."""
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class Options:
    """What to measure besides the fixed: beam sizes, the oracle of a synthetic task; and how to resample."""

    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    beams: tuple[int, ...] = SIZES
    oracle: Oracle | None = None


def measure(
    checkpoint: Checkpoint, texts: Sequence[Pair], options: Options | None = None, progress: Progress = quiet
) -> Report:
    """All measures; ``progress`` is told the share that is done, and what it raises ends the work.

    Raises UserError where no pair can be used, or where the oracle cannot read a source.
    """
    told = options or Options()
    model, by = checkpoint.model, told.bootstrap
    ids = [(checkpoint.source.encode(s), checkpoint.target.encode(t)) for s, t in texts]
    fit = [n for n, (s, t) in enumerate(ids) if 0 < len(s) <= MAX_TOKENS and 0 < len(t) <= MAX_TOKENS]
    if not fit:
        raise UserError("exposure_no_pairs", limit=MAX_TOKENS)
    pairs, sources, references = [ids[n] for n in fit], [texts[n][0] for n in fit], [texts[n][1] for n in fit]
    parts = _Parts(progress, [2.0, 5.0, 1.0, 2.0 if told.oracle else 0.0, *map(float, told.beams)])
    ran = lanes(model, pairs, parts.next())
    recovered = recovery(recoveries(model, pairs, parts.next()), by)
    known = [float(lane.forced_log_prob.sum()) for lane in ran]
    distracted = distractions(model, pairs, by.seed, known=known, progress=parts.next())
    share = parts.next()
    exceeded = None
    if told.oracle:
        series = divergences(model, sources, pairs, checkpoint.target.vocab, told.oracle, share)
        exceeded = excess(series, by)
    beams = tuple(
        beam_scores(
            size,
            searched(model, [s for s, _ in pairs], size, progress=parts.next()),
            pairs,
            references,
            checkpoint.target,
            by,
        )
        for size in told.beams
    )
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
        beams=beams,
        excess=exceeded,
    )


class _Parts:
    """One progress from those of parts that take about so much time each."""

    def __init__(self, whole: Progress, weights: Sequence[float]) -> None:
        self.whole, self.weights, self.part = whole, weights, -1

    def next(self) -> Progress:
        """The progress of the next part."""
        self.part += 1
        before, own, total = sum(self.weights[: self.part]), self.weights[self.part], sum(self.weights)
        return lambda share: self.whole((before + own * share) / total)

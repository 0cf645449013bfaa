"""The evidence of all output tokens of many sources, as means with bootstrap intervals."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from s2s.checkpoint.record import Checkpoint
from s2s.decode.search import greedy
from s2s.decode.strategy import Settings, limit
from s2s.errors import UserError
from s2s.evaluate.batching import Progress, quiet
from s2s.evaluate.bootstrap import Bootstrap, Curve
from s2s.evaluate.measured import Estimate
from s2s.explain.agreement import VERDICTS
from s2s.explain.evidence import ROWS, Evidence, examine
from s2s.explain.prefix import METHODS, Origins, origins
from s2s.explain.replay import Lane
from s2s.text.vocab import BOS, EOS

SCHEMA = "lookback-evidence/1"
LONGEST = 100  # source tokens; a longer source is left out
BLOCK = 16  # steps examined together
STEPS = 100  # positions of a curve, at most


@dataclass(frozen=True)
class PrefixReport:
    """The source's share against the words before a step, by each of ``prefix.METHODS``.

    ``share`` is the mean over all steps but the first, which has no word before it; ``by_step`` by position.
    ``gap`` is the mean size of the completeness gap of integrated gradients over both.
    """

    share: dict[str, Estimate]
    by_step: dict[str, Curve]
    gap: Estimate


@dataclass(frozen=True)
class EvidenceReport:
    """Means over all steps of the free-running lanes (greedy), ``<eos>`` included."""

    checkpoint: str
    digest: str
    sentences: int
    left_out: int  # sources with no token or too many
    bootstrap: Bootstrap
    measures: dict[str, Estimate]
    verdicts: dict[str, Estimate]
    prefix: PrefixReport

    def to_json(self) -> str:
        """The record in one line of JSON, as docs/EVIDENCE.md describes."""
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, ensure_ascii=False, allow_nan=False)


def step_numbers(step: Evidence) -> dict[str, float | None]:
    """The values of one step by measure; None if the step does not count in that mean."""
    comprehensive, sufficient = step.removal.normalised
    length = len(step.attention)
    return {
        **{f"tau_{name}": step.taus[name] for name in ROWS},
        "uniform_variation": step.uniform.variation,
        "uniform_drop": step.uniform.drop,
        "permuted_variation": step.permuted.variation,
        "permuted_drop": step.permuted.drop,
        "flips": None if length < 2 else float(step.flip is not None),
        "flip_share": None if step.flip is None else step.flip / length,
        "comprehensiveness": step.removal.comprehensiveness,
        "sufficiency": step.removal.sufficiency,
        "comprehensiveness_normalised": comprehensive,
        "sufficiency_normalised": sufficient,
        "gap": abs(step.gap),
    }


def measure_evidence(
    checkpoint: Checkpoint, sources: Sequence[str], bootstrap: Bootstrap | None = None, progress: Progress = quiet
) -> EvidenceReport:
    """Decode each source greedily and average the evidence of all steps; resampled by sentences.

    ``progress`` gets the share that is done; an exception that it raises ends the work.
    Raises UserError if the model has no attention or if no source can be used.
    """
    by, model = bootstrap or Bootstrap(), checkpoint.model
    if checkpoint.config.model.attention == "none":
        raise UserError("attention_none", checkpoint=checkpoint.name)
    ids = [checkpoint.source.encode(text) for text in sources]
    most = min(model.longest_source or LONGEST, LONGEST)
    fit = [source for source in ids if 0 < len(source) <= most]
    if not fit:
        raise UserError("exposure_no_pairs", limit=LONGEST)
    rows, verdicts = list[list[dict[str, float | None]]](), list[list[str]]()
    owed = list[list[Origins]]()
    for n, source in enumerate(fit):
        output = greedy(model, [source])[0]
        if len(output) < limit(Settings(), len(source)):  # a longer output was cut off
            output.append(EOS)
        lane = Lane(tuple(source), (BOS, *output[:-1]), tuple(output))
        evidence, owing = list[Evidence](), list[Origins]()
        for start in range(0, len(output), BLOCK):
            block = range(start, min(start + BLOCK, len(output)))
            evidence += examine(model, lane, block)
            owing += origins(model, lane, block)
            progress((n + min(1.0, (start + BLOCK) / len(output))) / len(fit))
        rows.append([step_numbers(step) for step in evidence])
        verdicts.append([step.verdict for step in evidence])
        owed.append(owing)
    names = list(rows[0][0])
    return EvidenceReport(
        checkpoint=checkpoint.name,
        digest=checkpoint.digest,
        sentences=len(fit),
        left_out=len(sources) - len(fit),
        bootstrap=by,
        measures={name: _mean([[step[name] for step in steps] for steps in rows], by) for name in names},
        verdicts={name: _mean([[float(v == name) for v in steps] for steps in verdicts], by) for name in VERDICTS},
        prefix=_prefix_report(owed, by),
    )


def _prefix_report(owed: Sequence[Sequence[Origins]], by: Bootstrap) -> PrefixReport:
    shares = {name: [[step.shares[name] for step in steps] for steps in owed] for name in METHODS}
    return PrefixReport(
        share={name: _mean([row[1:] for row in rows], by) for name, rows in shares.items()},
        by_step={name: _by_step(rows, by) for name, rows in shares.items()},
        gap=_mean([[abs(step.gap) for step in steps] for steps in owed], by),
    )


def _by_step(values: Sequence[Sequence[float | None]], by: Bootstrap) -> Curve:
    """The mean at each of the first steps over the sentences that have it."""
    length = min(STEPS, max(map(len, values)))
    known_NT = np.array([[*row, *[None] * length][:length] for row in values], dtype=float)
    return by.means(np.nan_to_num(known_NT), np.isfinite(known_NT).astype(float))


def _mean(values: Sequence[Sequence[float | None]], by: Bootstrap) -> Estimate:
    """The mean over all steps that have a value, resampled by sentences."""
    known = [[value for value in row if value is not None] for row in values]
    totals_N = np.round([sum(row) for row in known], 9)  # so that opposite τ cancel exactly
    return by.mean(totals_N, np.array([float(len(row)) for row in known]))

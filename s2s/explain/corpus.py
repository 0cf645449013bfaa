"""The evidence of every word that a model says to many sources, as means with intervals."""

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
from s2s.evaluate.bootstrap import Bootstrap
from s2s.evaluate.measured import Estimate
from s2s.explain.agreement import VERDICTS
from s2s.explain.evidence import ROWS, Evidence, examine
from s2s.explain.replay import Lane
from s2s.text.vocab import BOS, EOS

SCHEMA = "lookback-evidence/1"
LONGEST = 100  # of a source; a longer one is left out
BLOCK = 16  # steps that are examined together


@dataclass(frozen=True)
class Report:
    """Means over the steps of the free-running lanes (greedy), ``<eos>`` included."""

    checkpoint: str
    digest: str
    sentences: int
    left_out: int  # sources without a token or with too many
    bootstrap: Bootstrap
    measures: dict[str, Estimate]
    verdicts: dict[str, Estimate]

    def to_json(self) -> str:
        """The record in one line of JSON, as docs/EVIDENCE.md describes."""
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, ensure_ascii=False, allow_nan=False)


def numbers(found: Evidence) -> dict[str, float | None]:
    """What a step adds to each mean; None where it adds nothing."""
    comprehensive, sufficient = found.removal.normalised
    length = len(found.attention)
    return {
        **{f"tau_{name}": found.taus[name] for name in ROWS},
        "uniform_variation": found.uniform.variation,
        "uniform_drop": found.uniform.drop,
        "permuted_variation": found.permuted.variation,
        "permuted_drop": found.permuted.drop,
        "flips": None if length < 2 else float(found.flip is not None),
        "flip_share": None if found.flip is None else found.flip / length,
        "comprehensiveness": found.removal.comprehensiveness,
        "sufficiency": found.removal.sufficiency,
        "comprehensiveness_normalised": comprehensive,
        "sufficiency_normalised": sufficient,
        "gap": abs(found.gap),
    }


def measure(
    checkpoint: Checkpoint, sources: Sequence[str], bootstrap: Bootstrap | None = None, progress: Progress = quiet
) -> Report:
    """The means; ``progress`` is told the share that is done, and what it raises ends the work.

    Raises UserError where no source can be used.
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
    for n, source in enumerate(fit):
        said = greedy(model, [source])[0]
        if len(said) < limit(Settings(), len(source)):  # else it was cut off
            said.append(EOS)
        lane = Lane(tuple(source), (BOS, *said[:-1]), tuple(said))
        found = list[Evidence]()
        for start in range(0, len(said), BLOCK):
            found += examine(model, lane, range(start, min(start + BLOCK, len(said))))
            progress((n + min(1.0, (start + BLOCK) / len(said))) / len(fit))
        rows.append([numbers(one) for one in found])
        verdicts.append([one.verdict for one in found])
    names = list(rows[0][0])
    return Report(
        checkpoint=checkpoint.name,
        digest=checkpoint.digest,
        sentences=len(fit),
        left_out=len(sources) - len(fit),
        bootstrap=by,
        measures={name: _mean([[step[name] for step in steps] for steps in rows], by) for name in names},
        verdicts={name: _mean([[float(v == name) for v in said] for said in verdicts], by) for name in VERDICTS},
    )


def _mean(values: Sequence[Sequence[float | None]], by: Bootstrap) -> Estimate:
    """The mean over all steps that have a value, resampled by sentences."""
    known = [[value for value in row if value is not None] for row in values]
    totals_N = np.round([sum(row) for row in known], 9)  # opposite τ cancel, whatever their last digit
    return by.mean(totals_N, np.array([float(len(row)) for row in known]))

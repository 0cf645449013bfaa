"""A trace's tests: those of its matrix, of its scores, and of the words that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.matrix import against_links, backwards, broken, known, of_file, shapes, shifted
from s2s.doctor.run_links import links_of_run
from s2s.doctor.sheet import Sheet, shape, softmax, sums
from s2s.doctor.thresholds import CLOSE, GAP, HARD, HARD_GAP, REMARK, SATURATED, UNKNOWN
from s2s.errors import UserError
from s2s.trace.trace import Trace

if TYPE_CHECKING:
    from s2s.explain.gold_links import Gold

LEAST = 4  # steps and source tokens, at least, of rows of scores that are compared


@np.errstate(over="ignore", invalid="ignore")  # of numbers that are too large, which is a finding
def examine(trace: Trace, gold: Sequence[Gold] | None = None) -> Diagnosis:
    """The diagnosis of one trace; weights that a person edited are looked at as the model made them.

    ``gold`` are pairs whose words people have linked; UserError if none has the words of the trace, or there is no
    attention.
    """
    if not isinstance(trace, Trace):
        raise UserError("doctor_trace")
    rows = [step.attention if step.own_attention is None else step.own_attention for step in trace.steps]
    about: dict[str, Any] = {
        "kind": "trace",
        "name": trace.checkpoint.get("name", ""),
        "steps": len(rows),
        "source": trace.looks,
    }
    measures = {"unknown_words": len(set(trace.source_unknown)) / max(len(trace.source_tokens), 1)}
    found, sheet = list(_words(measures)), None
    about["caveats"] = ["no_attention" if not trace.looks else "too_small"]
    if trace.looks and rows:
        said = tuple(step.output for step in trace.steps)
        sheet = Sheet(np.array(rows, dtype=np.float64), trace.source_tokens, said)
        measures |= sums([sheet]) | shape([sheet])
        scores = [step.scores for step in trace.steps if len(step.scores) == trace.looks]
        measures |= score_measures([np.array(scores, dtype=np.float64)] if len(scores) == len(rows) else [])
        found += [*broken(measures), *shapes(measures), *backwards(measures)]
        remark = _softmax_of(scores, rows)  # as no model says what it costs
        found += [replace(finding, strength=REMARK) if remark else finding for finding in scored(measures)]
        about["caveats"] = list(of_file(measures, bool(gold)))
        if gold:
            sure, possible = links_of_run(trace.source_tokens, said, gold)
            by_shift = against_links(sheet, sure, possible)
            measures |= {f"aer{shift:+d}": value for shift, value in by_shift.items()}
            found += shifted(by_shift, len(sure))
    elif gold:
        raise UserError("attention_none", checkpoint=about["name"])
    return Diagnosis.of(found, known(measures), about, sheet=sheet)


def _softmax_of(scores: Sequence[ArrayLike], rows: Sequence[ArrayLike]) -> bool:
    """Whether the weights are those that a softmax makes of the scores."""
    if len(scores) != len(rows):
        return False
    shares_TS = softmax(np.array(scores, dtype=np.float64))
    return bool((np.abs(shares_TS - np.array(rows, dtype=np.float64)).sum(axis=1) / 2 < CLOSE).all())


def _words(measures: Mapping[str, float]) -> Iterator[Finding]:
    share = measures["unknown_words"]
    if share > UNKNOWN:
        yield Finding("unknown_words", 0.5 + 0.5 * share, {"source": share}, cure=Cure("more_vocabulary"))


def score_measures(scores: list[np.ndarray]) -> dict[str, float]:
    """Of rows of scores: how many a softmax turns into one place alone, and how parallel they are."""
    gaps, spreads = list[float](), list[float]()
    for scores_TS in scores:
        if scores_TS.shape[1] < 2:
            continue
        two_T2 = np.sort(scores_TS, axis=1)[:, -2:]
        gaps += (two_T2[:, 1] - two_T2[:, 0]).tolist()
        if min(scores_TS.shape) >= LEAST:
            centred_TS = scores_TS - scores_TS.mean(axis=1, keepdims=True)
            spread = float(np.sqrt(((centred_TS - centred_TS.mean(axis=0)) ** 2).mean()))
            spreads.append(spread / max(float(centred_TS.std()), 1e-9))
    out = dict[str, float]()
    if gaps:
        out |= {"score_gap": float(np.median(gaps)), "saturated_steps": float(np.mean(np.array(gaps) > GAP))}
    if spreads:
        out["score_spread"] = float(np.mean(spreads))
    return out


def scored(measures: Mapping[str, float]) -> Iterator[Finding]:
    """A softmax that has no gradient left."""
    share, gap = measures.get("saturated_steps", 0.0), measures.get("score_gap", 0.0)
    if share > SATURATED:
        numbers = {"steps": share, "gap": gap}
        yield Finding("saturated", 0.7 + 0.3 * share, numbers, cure=Cure("smaller_scores"))
    elif gap > HARD_GAP and measures["entropy_share"] < HARD:
        numbers = {"gap": gap, "entropy_share": measures["entropy_share"]}
        yield Finding("saturated", 0.7, numbers, cure=Cure("smaller_scores"))

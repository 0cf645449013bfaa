"""Which of several findings stay: a symptom, a smaller remedy or a consequence yields to what explains it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from s2s.doctor.finding import Cure, Finding
from s2s.doctor.sinks import PLACES
from s2s.doctor.thresholds import GAIN, HALF, REMARK, STRONG

SHAPES = {*PLACES, "uniform", "constant"}  # what rows look like, which says little of why
SHOWN = {"wrong_head", "late_attention"}  # of what is looked at, which makes no model worse
REMEDIES = {"gate_order", "wrong_bos", "reversed_source", "wrong_vocabulary", "shift"}
WHOLE = {"not_summed", "not_normalised"}  # a context that depends on the width of the batch


def explains(finding: Finding) -> bool:
    """Whether a finding says why, and not only what a model without a cause looks like."""
    named = {*SHAPES, *SHOWN, "half_trained", "too_little_data"}
    return weighed(finding).strength >= STRONG and finding.name not in named


def weighed(finding: Finding) -> Finding:
    """A finding of looks that costs nothing is a remark."""
    return replace(finding, strength=min(finding.strength, REMARK)) if finding.costless else finding


def settled(found: Sequence[Finding]) -> list[Finding]:
    """Of several findings of one cause the strongest, without those that another one brings about."""
    best = dict[str, Finding]()
    for finding in map(weighed, found):
        if finding.name not in best or finding.strength > best[finding.name].strength:
            best[finding.name] = finding
    if WHOLE & set(best):
        best = {name: one for name, one in best.items() if one.cause != "doctor.cause.padding_read"}
    saved = [_saves(finding) for finding in best.values() if finding.name in REMEDIES]
    most = max((nats for nats in saved if math.isfinite(nats)), default=0.0)
    kept = [f for f in best.values() if f.name not in REMEDIES or _saves(f) >= HALF * most]
    return [_yielding(finding, kept) for finding in kept]


def _yielding(finding: Finding, found: Sequence[Finding]) -> Finding:
    """What another finding explains is a remark: little learned, flat rows of it, no gradient through huge weights."""
    if finding.name != "broken_weights" and any(other.name == "broken_weights" for other in found):
        return replace(finding, strength=min(finding.strength, REMARK))
    others = [o for o in found if o is not finding and o.strength >= STRONG and o.name not in SHOWN]
    explained = {
        "doctor.cause.half_trained": any(not _flat(other) for other in others),
        "doctor.cause.unfinished": any(not _flat(other) for other in others),
        "doctor.cause.too_little_data": any(explains(other) for other in others),
        "doctor.cause.gradient_lost": any(other.name == "exploding_norms" for other in others),
        "doctor.cause.uniform": _flat(finding) and any(other.name == "half_trained" for other in others),
    }
    if not explained.get(finding.cause):
        return finding
    cure = Cure("train_longer") if finding.name == "half_trained" else finding.cure
    return replace(finding, strength=min(finding.strength, REMARK), cure=cure)


def _flat(finding: Finding) -> bool:
    """Whether rows are uniform and larger scores bring nothing, as where a model has not learned to look."""
    return finding.name == "uniform" and finding.gain is not None and finding.gain < GAIN


def _saves(finding: Finding) -> float:
    """Nats a token that a verified remedy gives the references, infinite where it was not judged by them."""
    judged = finding.cure is not None and finding.cure.verified
    return finding.gain if judged and finding.gain is not None else math.inf

"""All evidence for or against attention as the reason of a step's word: one record per step."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from s2s.explain.agreement import kendall, mean_tau, same_first, shares, verdict
from s2s.explain.counterfactual import Change, flip, moments, permuted, uniform
from s2s.explain.erasure import SEARCHED, Removal, bounding, leaving_one_out, removing
from s2s.explain.gradients import attributing
from s2s.explain.replay import Lane, Pausing, run_to_end
from s2s.model import Model
from s2s.text.rounding import significant

ROWS = ("gradient", "integrated", "erasure")
SEED = 0  # of the permutations of each step


@dataclass(frozen=True)
class Evidence:
    """One step: attention and three rows of signed nats over the source tokens, and the effect of other weights.

    ``gap`` is the completeness gap of integrated gradients. ``flip`` is the number of weights that must be erased
    until another word wins, None if that never happens.
    """

    step: int
    word: int
    probability: float
    attention: tuple[float, ...]
    gradient: tuple[float, ...]
    integrated: tuple[float, ...]
    erasure: tuple[float, ...]
    gap: float
    uniform: Change
    permuted: Change
    flip: int | None
    removal: Removal

    @property
    def taus(self) -> dict[str, float | None]:
        """Kendall's τ of attention with the absolute values of each other row (Jain and Wallace 2019)."""
        return {name: kendall(self.attention, shares(getattr(self, name))) for name in ROWS}

    @property
    def verdict(self) -> str:
        """One of ``agreement.VERDICTS``."""
        changed = self.uniform.variation, self.permuted.variation
        first = same_first([self.attention, *(shares(getattr(self, name)) for name in ROWS)])
        return verdict(len(self.attention), list(self.taus.values()), *changed, first)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers to 5 significant digits, as docs/EVIDENCE.md describes them."""
        normalised, taus = self.removal.normalised, self.taus
        return {
            "step": self.step,
            "probability": _short(self.probability),
            "rows": {name: [_short(x) for x in getattr(self, name)] for name in ("attention", *ROWS)},
            "shares": {name: [round(x, 5) for x in shares(getattr(self, name))] for name in ROWS},
            "gap": _short(self.gap),
            "tau": {name: _short(tau) for name, tau in {**taus, "mean": mean_tau(list(taus.values()))}.items()},
            "uniform": {"variation": _short(self.uniform.variation), "drop": _short(self.uniform.drop)},
            "permuted": {"variation": _short(self.permuted.variation), "drop": _short(self.permuted.drop)},
            "flip": self.flip,
            "counts": list(self.removal.counts),
            "without": [_short(p) for p in self.removal.without],
            "with_only": [_short(p) for p in self.removal.with_only],
            "comprehensiveness": _short(self.removal.comprehensiveness),
            "sufficiency": _short(self.removal.sufficiency),
            "normalised": [_short(x) for x in normalised],
            "exact": bool(self.removal.bounds and self.removal.bounds.exact),
            "verdict": self.verdict,
        }


def _short(value: float | None) -> float | None:
    return None if value is None else significant(value, 5)


def examine(model: Model, lane: Lane, steps: Sequence[int], normalise: bool = True) -> list[Evidence]:
    """The evidence of some steps of a lane, in order; the numbers of a step do not depend on the other steps.

    ``normalise`` searches the best and the worst order of deletions, which takes most of the time.
    """
    evidence = run_to_end(examining(model, lane, steps))
    return run_to_end(ordering(model, lane, evidence)) if normalise else evidence


@torch.no_grad()
def examining(model: Model, lane: Lane, steps: Sequence[int]) -> Pausing[list[Evidence]]:
    """``examine`` without normalisation, as a generator that pauses between pieces of work."""
    steps = sorted(set(steps))
    now = moments(model, lane, steps)
    attributed = yield from attributing(model, lane, steps)
    erased_KS = yield from leaving_one_out(model, lane, steps)
    removed = yield from removing(model, lane, steps, torch.stack([moment.attention_S for moment in now]))
    evidence = []
    for k, t in enumerate(steps):
        moment, word, rng = now[k], lane.words[t], torch.Generator().manual_seed(SEED)
        evidence.append(
            Evidence(
                step=t,
                word=word,
                probability=float(moment.log_probs_V[word].exp()),
                attention=tuple(moment.attention_S.tolist()),
                gradient=tuple(attributed[k].gradient_S.tolist()),
                integrated=tuple(attributed[k].integrated_S.tolist()),
                erasure=tuple(erased_KS[k].tolist()),
                gap=attributed[k].gap,
                uniform=uniform(model, moment, word),
                permuted=permuted(model, moment, word, rng),
                flip=flip(model, moment),
                removal=removed[k],
            )
        )
        yield
    return evidence


@torch.no_grad()
def ordering(model: Model, lane: Lane, evidence: Sequence[Evidence]) -> Pausing[list[Evidence]]:
    """The evidence with the bounds of normalisation added; unchanged if the source is too long to search them."""
    if not 1 < len(lane.source) <= SEARCHED:
        return list(evidence)
    by_step = yield from bounding(model, lane, [step.step for step in evidence])
    return [
        dataclasses.replace(step, removal=step.removal._replace(bounds=bound))
        for step, bound in zip(evidence, by_step, strict=True)
    ]

"""The doctor's word on each patient and each healthy model, worked out once."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from s2s.doctor import STRONG, Diagnosis, Finding, examine_checkpoint
from tests.doctor.ward import broken_code, broken_views, broken_weights, later  # noqa: F401 - they list their patients
from tests.doctor.ward.healthy import HEALTHY
from tests.doctor.ward.patient import WARD


@dataclass(frozen=True)
class Verdict:
    """A diagnosis beside what it should say first: one of some causes, or for a healthy model none."""

    expected: str
    also: frozenset[str]
    diagnosis: Diagnosis

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of strength."""
        return tuple(finding for finding in self.diagnosis.findings if finding.strength >= STRONG)

    @property
    def right(self) -> bool:
        """Whether a right cause comes first, or of a healthy model none."""
        first = self.findings[0].name if self.findings else "healthy"
        return first == self.expected or first in self.also


def everyone() -> list[str]:
    """All patients, then all healthy models."""
    return [*WARD, *HEALTHY]


@functools.cache
def verdict(name: str) -> Verdict:
    """Of one patient or healthy model."""
    if name in WARD:
        ill = WARD[name]()
        found = examine_checkpoint(ill.checkpoint, ill.pairs, train=ill.train, curve=ill.curve or None)
        return Verdict(ill.expected, frozenset(ill.also), found)
    well = HEALTHY[name]()
    found = examine_checkpoint(well.checkpoint, well.dev, train=well.train, curve=well.curve)
    return Verdict("healthy", frozenset(), found)

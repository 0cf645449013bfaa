"""All findings of one examination, the likeliest cause first, and everything that was measured."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s2s.doctor.finding import CAUSES, Finding
from s2s.doctor.thresholds import STRONG
from s2s.text.rounding import significant

if TYPE_CHECKING:
    from s2s.doctor.sheet import Sheet

SCHEMA = "lookback-doctor/1"


@dataclass(frozen=True)
class Head:
    """One head with what was measured of it; head 0 is the mean of a layer, layer 0 that of all layers."""

    layer: int
    head: int
    aer: float | None  # alignment error rate against people's links
    overlap: float | None  # with erasure
    shown: bool  # whether this is the one that was examined

    @property
    def numbers(self) -> dict[str, float]:
        """The measures that there are."""
        both = {"aer": self.aer, "overlap": self.overlap}
        return {name: value for name, value in both.items() if value is not None}


@dataclass(frozen=True)
class Diagnosis:
    """Findings sorted by strength; ``measures`` has every number, also of the tests that found nothing.

    >>> Diagnosis.of([Finding("uniform", 0.6), Finding("nan", 1.0)], {}).findings[0].name
    'nan'
    """

    findings: tuple[Finding, ...]
    measures: Mapping[str, float] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)  # what was examined: kind, name, digest, sentences
    heads: tuple[Head, ...] = ()  # of a model of many, the best first
    sheet: Sheet | None = field(default=None, compare=False)  # the weights that are drawn; the record has none

    @classmethod
    def of(
        cls,
        findings: Iterable[Finding],
        measures: Mapping[str, float],
        about: Mapping[str, Any] | None = None,
        heads: tuple[Head, ...] = (),
        sheet: Sheet | None = None,
    ) -> Diagnosis:
        """Sort the findings: strongest first, of equals the likelier cause."""
        ranked = sorted(findings, key=lambda finding: (-round(finding.strength, 6), CAUSES.index(finding.name)))
        return cls(tuple(ranked), dict(measures), dict(about or {}), heads, sheet)

    @property
    def healthy(self) -> bool:
        """Whether no finding is strong."""
        return not any(finding.strength >= STRONG for finding in self.findings)

    @property
    def verdict(self) -> str:
        """``ill``; ``no_attention`` or ``too_small`` where nothing could be tested; ``alone`` or ``healthy``.

        ``alone``: nothing strong was found in weights that neither a model nor people's links were there to judge by.
        """
        caveats = self.about.get("caveats", ())
        if not self.healthy:
            return "ill"
        return next((name for name in ("no_attention", "too_small", "alone") if name in caveats), "healthy")

    def to_dict(self) -> dict[str, Any]:
        """Plain values in the order of docs/DOCTOR.md; numbers to 6 significant digits."""
        return {
            "schema": SCHEMA,
            "about": dict(self.about),
            "healthy": self.healthy,
            "verdict": self.verdict,
            "findings": [_plain(finding) for finding in self.findings],
            "measures": _short(self.measures),
            "heads": [dataclasses.asdict(head) | _short(head.numbers) for head in self.heads],
        }

    def to_json(self) -> str:
        """The record in one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)


def _plain(finding: Finding) -> dict[str, Any]:
    cure = finding.cure
    told = cure and {
        "name": cure.name,
        "verified": cure.verified,
        "before": _short(cure.before),
        "after": _short(cure.after),
    }
    return {
        "name": finding.name,
        "strength": significant(finding.strength, 6),
        "numbers": _short(finding.numbers),
        "where": finding.where,
        "cure": told,
    }


def _short(values: Mapping[str, float]) -> dict[str, float]:
    return {name: significant(float(value), 6) for name, value in values.items() if math.isfinite(value)}

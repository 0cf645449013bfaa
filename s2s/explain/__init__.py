"""Is attention the reason for a word? Attributions, erasure, other weights, alignment, as in docs/EVIDENCE.md."""

from __future__ import annotations

from s2s.explain.evidence import Evidence, examine
from s2s.explain.prefix import Origins, instead, origins
from s2s.explain.replay import Lane, of_trace

__all__ = ["Evidence", "Lane", "Origins", "examine", "instead", "of_trace", "origins"]

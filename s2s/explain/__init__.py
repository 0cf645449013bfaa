"""Is attention the reason? Attributions, erasure, other attention, alignment: docs/EVIDENCE.md defines each."""

from __future__ import annotations

from s2s.explain.evidence import Evidence, examine
from s2s.explain.replay import Lane, of_trace

__all__ = ["Evidence", "Lane", "examine", "of_trace"]

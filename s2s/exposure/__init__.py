"""Exposure bias, measured: what a model loses when it reads its own words instead of the reference's.

``report`` puts the measures together; each has a module: a pass over sentences that gives a record
a sentence, and a summary of the records with bootstrap intervals.
"""

from __future__ import annotations

from s2s.exposure.report import Options, Report, measure

__all__ = ["Options", "Report", "measure"]

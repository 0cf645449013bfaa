"""Exposure bias: what a model loses when it reads its own words instead of the reference's.

Each measure has a module: a pass over the sentences that gives one record per sentence, and a summary of
the records with bootstrap intervals. ``all_measures`` runs them all.
"""

from __future__ import annotations

from s2s.exposure.all_measures import Options, Report, measure

__all__ = ["Options", "Report", "measure"]

"""The page of error inspection, in sections: run, summary, charts, table, one example opened."""

from __future__ import annotations

from s2s.web.inspection import charts, example, run, summary, table


def page() -> None:
    """The sections from the top; without a finished inspection only the first."""
    shown = run.section()
    if shown is None:
        return
    summary.section(shown)
    charts.section(shown)
    table.section(shown)
    example.section(shown)

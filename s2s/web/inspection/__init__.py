"""The page of error inspection, in sections: run, summary, charts, table, one example opened."""

from __future__ import annotations

from s2s.web.inspection import charts, labelled, rows, run, summary, table


def page(names: list[str]) -> None:
    """The sections from the top; without a finished inspection only the first."""
    shown = run.section(names)
    if shown is None:
        return
    summary.section(shown)
    charts.section(shown)
    labelled.section(shown)
    table.controls(shown)
    rows.section(shown)

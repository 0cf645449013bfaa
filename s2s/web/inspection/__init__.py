"""The page *Inspection*, in sections: the choice of an inspection, summary, charts, table, one example."""

from __future__ import annotations

from s2s.web.inspection import charts, findings, labelled, rows, run, slices, summary, table
from s2s.web.shell.gone import rerun_if_gone


def inspection_page(names: list[str]) -> None:
    """Draw the sections from the top; without a finished inspection only the first."""
    view = run.choose_inspection(names)
    if view is None:
        return
    with rerun_if_gone(view.examples.is_there):
        summary.summary_section(view)
        charts.charts_section(view)
        slices.slices_section(view)
        findings.findings_section(view)
        labelled.label_section(view)
        table.table_controls(view)
    rows.rows_fragment(view)

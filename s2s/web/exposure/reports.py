"""Measured reports as tables and charts, each measure with its formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from s2s.figures import exposure
from s2s.figures.numbers import with_interval
from s2s.web.shell import language
from s2s.web.shell.foreign import code, plain
from s2s.web.shell.formulas import explain
from s2s.web.shell.language import t
from s2s.web.shell.titles import contrasts

if TYPE_CHECKING:
    from s2s.exposure.all_measures import Report

PLAIN = {"displayModeBar": False}


def render_reports(file: str, reports: Sequence[Report]) -> None:
    """Draw the reports of one file: overall measures, downloads, charts."""
    first = reports[0]
    st.markdown(t("exposure.of_file", file=code(file), sentences=first.sentences, left_out=first.left_out))
    st.caption(t("exposure.interval", level=100 * first.bootstrap.level, resamples=first.bootstrap.resamples))
    columns = [report.overall for report in reports]
    names = list(columns[0])
    shown = _titled(reports)
    rows = {t("exposure.measure_name"): [t(f"measure.{name}") for name in names]}
    of_each = {
        plain(report.checkpoint): [with_interval(column[name]) for name in names]
        for report, column in zip(shown, columns, strict=True)
    }
    _table(rows | of_each)
    with st.container(horizontal=True):
        for report, titled in zip(reports, shown, strict=True):
            name = report.checkpoint
            label, file = t("exposure.json", checkpoint=plain(titled.checkpoint)), f"exposure-{name}.json"
            st.download_button(label, report.to_json(), file, "application/json", on_click="ignore", key=f"json-{name}")
    _measure_charts(shown)


def main_result(reports: Sequence[Report]) -> str:
    """The first measure of each model, in a clause."""
    found = contrasts(report.checkpoint for report in reports)
    measure = next(iter(reports[0].overall))
    values = [(found[report.checkpoint], with_interval(report.overall[measure])) for report in reports]
    several = [t("app.said", name=name, text=value) for name, value in values]
    text = t("app.list").join(several if len(values) > 1 else [values[0][1]])
    return t("app.said", name=t(f"measure.{measure}"), text=text)


def _titled(reports: Sequence[Report]) -> list[Report]:
    """The reports with the models' titles in place of their names."""
    found = contrasts(report.checkpoint for report in reports)
    return [replace(report, checkpoint=found[report.checkpoint]) for report in reports]


def _table(columns: Mapping[str, Sequence[str]]) -> None:
    st.table(dict(columns), hide_index=True, border="horizontal")


def _measure_charts(reports: Sequence[Report]) -> None:
    """Draw the charts and tables, each with its formula."""
    text = language.strings("curve")
    charts = [
        ("accuracy", exposure.positions(reports, "accuracy", text)),
        ("nll", exposure.positions(reports, "nll", text)),
        ("recovery", exposure.recovery(reports, text)),
        ("cost", exposure.cost(reports, text)),
    ]
    for name, figure in charts:
        st.markdown(f"#### {t(f'exposure.title.{name}')}")
        st.plotly_chart(figure, key=f"corpus-{name}", config=PLAIN)
        if name == "recovery":
            st.caption(t("exposure.means.recovery"))
        else:
            explain(name)
    st.caption(t("exposure.rare", share=100 * exposure.RARE, least=exposure.FEWEST))
    st.markdown(f"#### {t('exposure.title.distractor')}")
    rows = {t("exposure.measure_name"): [t("measure.margin"), t("measure.margin_per_token"), t("measure.preferred")]}
    for report in reports:
        apart = report.distractor
        margins = (apart.margin, apart.margin_per_token, apart.preferred) if apart else (None,) * 3
        rows[plain(report.checkpoint)] = [with_interval(estimate) for estimate in margins]
    _table(rows)
    explain("distractor")
    _excess_charts(reports)
    st.markdown(f"#### {t('exposure.title.beams')}")
    _beam_table(reports)
    explain("beams")
    st.markdown(f"#### {t('exposure.title.ece')}")
    st.plotly_chart(exposure.reliability(reports, text), key="corpus-ece", config=PLAIN)
    explain("ece")


def _excess_charts(reports: Sequence[Report]) -> None:
    """Draw the charts that compare models with the oracle of the date task; nothing for other files."""
    known = [(report.checkpoint, report.excess) for report in reports if report.excess]
    if not known:
        return
    text = language.strings("curve")
    st.markdown(f"#### {t('exposure.title.excess')}")
    st.plotly_chart(exposure.accumulated(reports, text), key="corpus-accumulated", config=PLAIN)
    st.plotly_chart(exposure.excess(reports, text), key="corpus-excess", config=PLAIN)
    explain("excess")
    _table(
        {t("exposure.measure_name"): [t("measure.undefined")]}
        | {plain(name): [with_interval(e.undefined)] for name, e in known}
    )


def _beam_table(reports: Sequence[Report]) -> None:
    """Draw a table with a row for each checkpoint and beam size."""
    bleu = "bleu_char" if reports[0].bleu_tokenizer == "char" else "bleu"  # all are of one file
    rows: dict[str, list[str]] = {t(f"exposure.beam_{name}"): [] for name in ("size", "log_prob", "length", bleu)}
    for report in reports:
        for beam in report.beams:
            size = str(beam.beam) if len(reports) == 1 else f"{plain(report.checkpoint)} · {beam.beam}"
            cells = [size, *map(with_interval, (beam.log_prob, beam.length_ratio, beam.bleu))]
            for column, cell in zip(rows.values(), cells, strict=True):
                column.append(cell)
    _table(rows)

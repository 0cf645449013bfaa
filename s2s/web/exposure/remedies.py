"""The published comparison of remedies for exposure bias on the chosen checkpoint's task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from s2s.errors import sentences
from s2s.evaluate.measured import Measured
from s2s.exposure import remedies
from s2s.exposure.remedies import Comparison
from s2s.figures import exposure
from s2s.figures.numbers import with_interval
from s2s.web.shell import csv_table, language
from s2s.web.shell.bound import chooses
from s2s.web.shell.foreign import code, plain
from s2s.web.shell.language import t
from s2s.web.shell.same_data import training_file
from s2s.web.shell.titles import title


def text_or_name(prefix: str, name: str) -> str:
    """The text of a measure or an objective in the page's language; if there is no text, its name."""
    return sentences(language.current()).get(f"{prefix}.{name}", name)


def remedies_section(name: str) -> None:
    """Draw a table and a forest plot for each comparison on this checkpoint's task."""
    train = training_file(name)
    for comparison in remedies.comparisons_about(train, remedies.FOLDER) if train else []:
        st.markdown(f"#### {t('exposure.remedies', task=plain(comparison.task))}")
        st.markdown(t("exposure.remedies_help", test=code(comparison.test), sentences=comparison.sentences))
        if name not in {system.name for system in comparison.systems}:
            base = comparison.systems[0].name
            st.markdown(t("exposure.remedies_other", chosen=plain(title(name)), base=plain(title(base))))
        _comparison_tables(comparison)
        key = f"remedy-{comparison.task}"
        if st.session_state.get(key) not in comparison.measures:
            st.session_state[key] = comparison.measures[0]
        listed = chooses(key, language.current(), comparison.measures)
        st.selectbox(t("exposure.measure_name"), **listed, format_func=lambda measure: text_or_name("measure", measure))
        measure = st.session_state[key]
        figure = exposure.forest(comparison, measure, text_or_name("measure", measure))
        st.plotly_chart(figure, key=f"forest-{comparison.task}", config={"displayModeBar": False})
        st.caption(t("exposure.remedies_note", level=100 * comparison.level))


def _comparison_tables(comparison: Comparison) -> None:
    """Draw a table with a row for each objective, and one with a row for each system, in an expander."""
    pooled, systems = comparison.pooled, comparison.systems
    first: dict[str, list[Any]] = {
        t("exposure.objective"): [text_or_name("objective", row.objective) for row in pooled],
        t("exposure.extra"): [f"{row.extra_steps:,}" for row in pooled],
        t("exposure.seeds"): [row.seeds for row in pooled],
    }
    file = f"remedies-{comparison.task}"
    csv_table.show_table(first | _measure_columns(comparison, [row.measures for row in pooled]), file, file)
    st.caption(t("exposure.pooled"))
    with st.expander(t("exposure.every_system", count=len(systems))):
        single: dict[str, list[Any]] = {
            t("exposure.system"): [system.name for system in systems],
            t("exposure.objective"): [text_or_name("objective", system.objective) for system in systems],
            t("exposure.seed"): [system.seed for system in systems],
        }
        rows = [system.measures for system in systems]
        csv_table.show_table(single | _measure_columns(comparison, rows), f"{file}-systems", f"{file}-systems")


def _measure_columns(comparison: Comparison, rows: Sequence[Mapping[str, Measured]]) -> dict[str, list[Any]]:
    """One column of values with intervals for each measure."""
    return {
        text_or_name("measure", name): [with_interval(row.get(name)) for row in rows] for name in comparison.measures
    }

"""The remedies for exposure bias that were compared on the chosen checkpoint's task."""

from __future__ import annotations

import streamlit as st

from s2s import curves, remedies
from s2s.errors import sentences
from s2s.remedies import Comparison, Measured
from s2s.web import language, models
from s2s.web.language import t
from s2s.web.panel import code, signed


def named(prefix: str, name: str) -> str:
    """The text of a measure or an objective; its own name where there is none."""
    return sentences(language.current()).get(f"{prefix}.{name}", name)


def section(name: str) -> None:
    """A table and a forest plot a comparison; nothing where none is about this checkpoint's task."""
    data = models.about(name, models.changed(name))["config"].get("data")
    train = data.get("train") if isinstance(data, dict) else None
    for comparison in remedies.about(train, remedies.FOLDER) if isinstance(train, str) else []:
        st.markdown(f"#### {t('exposure.remedies', task=comparison.task)}")
        st.markdown(t("exposure.remedies_help", test=code(comparison.test), sentences=comparison.sentences))
        _table(comparison)
        measure = st.selectbox(
            t("exposure.measure_name"),
            comparison.measures,
            format_func=lambda measure: named("measure", measure),
            key=f"remedy-{comparison.task}-{language.current()}",
        )
        figure = curves.forest(comparison, measure, named("measure", measure))
        st.plotly_chart(figure, key=f"forest-{comparison.task}", config={"displayModeBar": False})
        st.caption(t("exposure.remedies_note", level=100 * comparison.level))


def _table(comparison: Comparison) -> None:
    rows: dict[str, list[object]] = {
        t("exposure.system"): [system.name for system in comparison.systems],
        t("exposure.objective"): [named("objective", system.objective) for system in comparison.systems],
        t("exposure.seed"): [system.seed for system in comparison.systems],
        t("exposure.extra"): [f"{system.extra_steps:,}" for system in comparison.systems],
    }
    for measure in comparison.measures:
        rows[named("measure", measure)] = [_cell(system.measures.get(measure)) for system in comparison.systems]
    st.dataframe(rows, hide_index=True, height="content")


def _cell(found: Measured | None) -> str:
    return "–" if found is None else signed(f"{found.value:.4g} [{found.low:.4g}, {found.high:.4g}]")

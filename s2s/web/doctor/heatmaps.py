"""The weights that a diagnosis is about: heatmaps as they are and as the first cure makes them, and their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from s2s.doctor.report import words
from s2s.doctor.report.pictures import labels
from s2s.text.safe import shortened
from s2s.web.shell import csv_table, language, projector
from s2s.web.shell.language import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from s2s.doctor.diagnosis import Diagnosis
    from s2s.doctor.sheet import Sheet, Weights

DRAWN = 200  # steps and source tokens of a heatmap
TALLEST = 900  # pixels of a heatmap
LABEL = 12  # characters of a token beside it


def render_heatmaps(diagnosis: Diagnosis, sheet: Sheet) -> None:
    """Draw the weights; beside them those of the first cure that changes them and needs no run; both as tables."""
    from s2s.doctor.treated import cured_weights

    cured = cured_weights(diagnosis)
    titled = [(t("doctor.page.picture"), sheet.weights_TS)]
    if cured is not None:
        titled.append((t("doctor.page.after", name=words.name(cured[0], language.current())), cured[1]))
    _explain(diagnosis, sheet.weights_TS)
    for number, (column, (title, weights_TS)) in enumerate(zip(st.columns(len(titled)), titled, strict=True)):
        with column:
            _draw(sheet, weights_TS, title, f"doctor_heatmap_{number}")
    with st.expander(t("doctor.page.numbers"), key="doctor_numbers", on_change="rerun") as section:
        if section.open:
            for number, (title, weights_TS) in enumerate(titled):
                st.text(title)
                _table(sheet, weights_TS, f"doctor_weights_{number}")


def _explain(diagnosis: Diagnosis, weights_TS: Weights) -> None:
    """What is drawn, how much of it, and what its colours cannot show."""
    if diagnosis.about.get("kind") == "checkpoint":
        st.caption(t("doctor.drawn_sentence"))
    steps, tokens = weights_TS.shape
    if max(steps, tokens) > DRAWN:
        st.caption(t("doctor.page.cut", steps=min(steps, DRAWN), tokens=min(tokens, DRAWN)))
    finite = weights_TS[np.isfinite(weights_TS)]
    if finite.size < weights_TS.size:
        st.caption(t("doctor.page.not_finite"))
    if finite.size and (finite.min() < 0 or finite.max() > 1):
        st.caption(t("doctor.page.beyond", least=words.shown(finite.min()), most=words.shown(finite.max())))


def _draw(sheet: Sheet, weights_TS: Weights, title: str, key: str) -> None:
    from s2s.figures import trace as figures
    from s2s.trace.grid import Grid

    drawn_TS = weights_TS[:DRAWN, :DRAWN]
    steps, tokens = drawn_TS.shape
    grid = Grid(_short(sheet.target, steps), _short(sheet.source, tokens), drawn_TS)
    figure = figures.attention(grid, title, language.strings("figure"))
    figure.update_layout(height=min(figure.layout.height, TALLEST))
    projector.show_chart(figure, key)


def _table(sheet: Sheet, weights_TS: Weights, key: str) -> None:
    """A row a step and a column a source token, both numbered, since tokens may come twice."""
    drawn_TS = weights_TS[:DRAWN, :DRAWN]
    steps, tokens = drawn_TS.shape
    columns: dict[str, Sequence[object]] = {t("figure.output"): _numbered(sheet.target, steps)}
    columns |= dict(zip(_numbered(sheet.source, tokens), drawn_TS.T.tolist(), strict=True))
    number = st.column_config.NumberColumn(format="%.3f", width="small")
    csv_table.show_table(columns, "attention", key, {name: number for name in list(columns)[1:]})


def _numbered(given: Sequence[str], count: int) -> list[str]:
    return [f"{number} {token}" if given else token for number, token in enumerate(_short(given, count), start=1)]


def _short(given: Sequence[str], count: int) -> tuple[str, ...]:
    return tuple(shortened(token, LABEL) for token in labels(given, count))

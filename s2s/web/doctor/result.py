"""A diagnosis on the page: the verdict, each finding with its numbers and cure, the picture, everything measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.finding import Finding
from s2s.doctor.report import words
from s2s.doctor.report.tables import tables
from s2s.doctor.thresholds import STRONG
from s2s.web.doctor.heatmaps import render_heatmaps
from s2s.web.shell import language
from s2s.web.shell.foreign import plain, short
from s2s.web.shell.language import t
from s2s.web.shell.titles import title


@dataclass(frozen=True, eq=False)
class Shown:
    """A diagnosis, and the name of the file that it is of or empty."""

    diagnosis: Diagnosis
    file: str = ""


def clause(diagnosis: Diagnosis) -> str:
    """What is said of it when a job has ended."""
    lang = language.current()
    if diagnosis.healthy:
        return words.verdict(diagnosis, lang)
    return t("doctor.page.first", name=words.name(diagnosis.findings[0], lang))


def render_diagnosis(shown: Shown) -> None:
    """Everything that a diagnosis says, in the visitor's language."""
    diagnosis, lang = shown.diagnosis, language.current()
    strong = [finding for finding in diagnosis.findings if finding.strength >= STRONG]
    weak = [finding for finding in diagnosis.findings if finding.strength < STRONG]
    _heading(shown)
    if strong:
        st.warning(f"**{plain(clause(diagnosis))}** · {plain(words.verdict(diagnosis, lang))}")
    else:
        (st.success if diagnosis.verdict == "healthy" else st.info)(plain(words.verdict(diagnosis, lang)))
    for fact in words.about(diagnosis, lang):
        st.caption(plain(short(fact)))
    if strong:
        st.caption(plain(words.reliability(diagnosis, lang)))
    _downloads(diagnosis)
    for number, finding in enumerate(strong, start=1):
        with st.container(key=f"doctor-finding-{number}", border=True):
            _finding(finding, diagnosis, f"{number}. ")
    if weak:
        with st.expander(t("doctor.page.remarks", count=len(weak))):
            for finding in weak:
                _finding(finding, diagnosis)
    if diagnosis.sheet is not None:
        render_heatmaps(diagnosis, diagnosis.sheet)
    elif diagnosis.about.get("kind") == "trace":
        st.caption(t("doctor.page.no_picture"))
    _tables(diagnosis)
    if tests := words.by_test(diagnosis, lang):
        with st.expander(t("doctor.measures")):
            st.caption(plain(t("doctor.measures_note")))
            for test, lines in tests:
                st.markdown(f"##### {plain(test)}")
                _table(lines)


def _heading(shown: Shown) -> None:
    name, file = str(shown.diagnosis.about.get("name", "")), plain(short(shown.file))
    if shown.diagnosis.about.get("kind") != "checkpoint":
        st.markdown(f"#### {file}")
        return
    examined = file if shown.file else t("doctor.page.examples_of")
    st.markdown(f"#### {t('app.said', name=plain(title(name)), text=examined)}")
    st.page_link("pages/step_through.py", label=t("doctor.page.look"))


def _downloads(diagnosis: Diagnosis) -> None:
    """The report and the numbers, named by what kind of thing was examined: other names are another's text."""
    lang, kind = language.current(), diagnosis.about.get("kind", "")

    def html() -> str:
        from s2s.doctor.report.page import render

        return render(diagnosis, lang)

    with st.container(horizontal=True):
        for form, make, mime in (("html", html, "text/html"), ("json", diagnosis.to_json, "application/json")):
            name, key = f"doctor-{kind}.{form}", f"doctor_{form}"
            st.download_button(t(f"doctor.page.{form}"), make, name, mime, on_click="ignore", key=key)


def _finding(finding: Finding, diagnosis: Diagnosis, number: str = "") -> None:
    lang, kind = language.current(), str(diagnosis.about.get("kind", ""))
    told = plain(words.strength(finding, lang))
    st.markdown(f"##### {number}{plain(words.name(finding, lang))} :small[:gray[{told}]]")
    st.markdown(plain(words.cause(finding, lang)))
    if lines := words.numbers_of(finding, lang):
        _table(lines)
    mark = "✓ " if finding.cure and finding.cure.verified else ""
    st.markdown(f"**{mark}{t('doctor.cure')}** · {plain(words.remedy(finding, lang, kind))}")


def _table(lines: Sequence[words.Line]) -> None:
    lang = language.current()
    columns = {
        "measure": [plain(line.label) for line in lines],
        "value": [plain(words.marked(line, lang)) for line in lines],
        "limit": [plain(line.limit) for line in lines],
    }
    st.table({t(f"doctor.{name}"): values for name, values in columns.items()}, hide_index=True, border="horizontal")


def _tables(diagnosis: Diagnosis) -> None:
    """When there are links of people or many heads: their tables, open where somebody gave the links."""
    for table in tables(diagnosis, language.current()):
        with st.expander(plain(table.title), expanded="aer+0" in diagnosis.measures):
            st.caption(plain(table.note))
            columns = [list(map(plain, column)) for column in zip(*table.rows, strict=True)]
            shown = dict(zip(map(plain, table.header), columns, strict=True))
            st.table(shown, hide_index=True, border="horizontal")

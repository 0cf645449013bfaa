"""Evidence over a file: upload, a job with progress and Stop, tables of what it found with the formulas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s.data.readers import Columns
from s2s.errors import UserError
from s2s.figures.numbers import with_interval
from s2s.server.job import Job
from s2s.server.user_files import alignments, pairs
from s2s.web.shell import controls, job_panel, language, models
from s2s.web.shell.foreign import code
from s2s.web.shell.formulas import explain
from s2s.web.shell.job_panel import MEGABYTES, Task
from s2s.web.shell.language import t

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint
    from s2s.data.text_file import Form
    from s2s.explain.alignment_error import Alignment
    from s2s.explain.corpus import Report

RESULT = "evidence_found"  # file, kind and result of the last job

MOST = 200  # sentences whose evidence is gathered
KINDS = ("pairs", "links")
SHIFTS = {"-1": "−1", "0": "0", "1": "+1"}


def work(checkpoint: Checkpoint, kind: str, found: Sequence[Any]) -> Callable[[Callable[[float], None]], Any]:
    """The measures of a kind, on one core, as sentences are decoded on another."""

    def measured(tell: Callable[[float], None]) -> Any:
        import torch

        from s2s.explain import alignment_error, corpus

        torch.set_num_threads(1)
        if kind == "links":
            return alignment_error.align(checkpoint, found, progress=tell)
        return corpus.measure(checkpoint, [source for source, _ in found], progress=tell)

    return measured


def section(model: str) -> None:
    """Upload and button, or the running job; then the results of the last one."""
    try:
        checkpoint = models.load(model, models.changed(model))
    except UserError as error:
        st.error(language.explain(error))
        return
    kind, found, name = _upload()
    if done := job_panel.run("evidence_", bool(found), lambda: Task(name, Job(work(checkpoint, kind, found)), kind)):
        st.session_state[RESULT] = (done.file, done.kind, done.job.result)
    if RESULT in st.session_state:
        show(*st.session_state[RESULT])


def _upload() -> tuple[str, Sequence[Any], str]:
    """What kind of file it is, what it holds, and its name; nothing where there is no usable file."""
    kind = controls.own_radio("kind", t("evidence.kind"), {kind: t(f"evidence.kind_{kind}") for kind in KINDS})
    st.caption(t(f"evidence.help_{kind}", most=MOST, size=MEGABYTES))
    file = st.file_uploader(t("exposure.file"), key="evidence_file", max_upload_size=MEGABYTES)
    columns = Columns()
    most = MOST
    if kind == "pairs":
        left, middle, right = st.columns(3)
        source = left.text_input(t("exposure.source_column"), "source", key="evidence_source", max_chars=100)
        target = middle.text_input(t("exposure.target_column"), "target", key="evidence_target", max_chars=100)
        most = int(right.number_input(t("exposure.most"), 1, MOST, 50, key="evidence_most"))
        columns = Columns(source or "source", target or "target")
    if file is None:
        return kind, [], ""
    forms: list[Form] = []
    try:
        content = file.getvalue()
        found = (
            alignments(file.name, content, forms.append)
            if kind == "links"
            else pairs(file.name, content, columns, most, forms.append)
        )
    except UserError as error:
        st.error(language.explain(error))
        return kind, [], file.name
    said = forms[0].remark(language.current(), code(file.name))
    st.caption(" ".join([t("exposure.pairs", count=len(found)), said]).strip())
    return kind, found, file.name


def show(file: str, kind: str, found: Any) -> None:
    """Everything that was measured on a file."""
    heading = t("evidence.of_file", file=code(file), checkpoint=found.checkpoint, sentences=found.sentences)
    st.markdown(f"#### {heading}")
    by = found.bootstrap
    st.caption(t("exposure.interval", level=100 * by.level, resamples=by.resamples))
    name = f"evidence-{found.checkpoint}.json"
    st.download_button(
        t("exposure.json", checkpoint=found.checkpoint),
        found.to_json(),
        name,
        "application/json",
        on_click="ignore",
        key="evidence_json",
    )
    if kind == "links":
        _alignment(found)
    else:
        _evidence(found)


PARTS = {
    "tau": ("tau_gradient", "tau_integrated", "tau_erasure"),
    "change": ("uniform_variation", "uniform_drop", "permuted_variation", "permuted_drop"),
    "flip": ("flips", "flip_share"),
    "comprehensiveness": ("comprehensiveness", "comprehensiveness_normalised"),
    "sufficiency": ("sufficiency", "sufficiency_normalised"),
}


def _table(rows: Sequence[tuple[str, str]]) -> None:
    names, values = zip(*rows, strict=True)
    table = {t("exposure.measure_name"): list(names), t("evidence.value"): list(values)}
    st.table(table, hide_index=True, border="horizontal")


def _evidence(report: Report) -> None:
    verdicts = [(t(f"evidence.verdict_{name}"), with_interval(share)) for name, share in report.verdicts.items()]
    st.markdown(f"##### {t('evidence.verdicts')}")
    _table(verdicts)
    for part, names in PARTS.items():
        st.markdown(f"##### {t(f'evidence.title_{part}')}")
        _table([(t(f"evidence.measure_{name}"), with_interval(report.measures[name])) for name in names])
        explain(part, prefix="evidence")
    explain("naopc", "integrated", prefix="evidence")
    st.caption(t("evidence.gap", gap=with_interval(report.measures["gap"])))


def _alignment(made: Alignment) -> None:
    rows = []
    for lane, scores in (("forced", made.forced), ("free", made.free), ("own", made.by_token)):
        for shift, score in scores.items():
            rows.append(
                (t("app.list").join((t(f"evidence.lane_{lane}"), t("evidence.shift", shift=SHIFTS[shift]))), score)
            )
    rows.append((t("evidence.lane_diagonal"), made.diagonal))
    table = {
        t("exposure.measure_name"): [name for name, _ in rows],
        "AER": [with_interval(score.error_rate) for _, score in rows],
        t("evidence.precision"): [with_interval(score.precision) for _, score in rows],
        t("evidence.recall"): [with_interval(score.recall) for _, score in rows],
    }
    st.table(table, hide_index=True, border="horizontal")
    shares = {"source": made.unknown_source, "target": made.unknown_target, "free": made.free_words}
    st.caption(t("evidence.words", **{name: 100 * share for name, share in shares.items()}))
    explain("aer", prefix="evidence")
    st.markdown(t("evidence.published"))

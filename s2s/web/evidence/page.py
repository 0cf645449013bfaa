"""Evidence over a file: upload, a job with progress and Stop, tables of its results with the formulas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from s2s.data.readers import Columns
from s2s.errors import UserError
from s2s.figures import exposure
from s2s.figures.numbers import with_interval
from s2s.server.job import Job
from s2s.server.user_files import parse_alignments, parse_pairs
from s2s.web.evidence.heatmaps import heatmaps_section
from s2s.web.shell import controls, job_panel, language, models
from s2s.web.shell.foreign import code, plain
from s2s.web.shell.formulas import explain
from s2s.web.shell.job_panel import Task
from s2s.web.shell.language import t
from s2s.web.shell.titles import title
from s2s.web.shell.upload import explain_refusal, file_field, tell_rows

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint
    from s2s.data.text_file import Form
    from s2s.explain.alignment_error import Alignment
    from s2s.explain.alignment_score import Score
    from s2s.explain.corpus import EvidenceReport, PrefixReport

RESULT = "evidence_found"  # file, kind and result of the last job

MAX_SENTENCES = 200  # of one file
MAX_ROWS, USUAL_ROWS = 50, 10  # pairs with word links whose other evidence is scored, too
KINDS = ("pairs", "links")
SHIFTS = {"-1": "−1", "0": "0", "1": "+1"}


class Upload(NamedTuple):
    """A file's kind, its pairs (with word links for the kind ``links``), its name, and ``rows`` of ``links``."""

    kind: str
    pairs: Sequence[Any]
    name: str
    rows: int = 0  # pairs, at most, whose other evidence is scored


def measure_evidence(checkpoint: Checkpoint, upload: Upload) -> Callable[[Callable[[float], None]], Any]:
    """The work of a job that measures pairs or word links. It uses one core, so that pages can still decode."""

    def work(report: Callable[[float], None]) -> Any:
        import torch

        from s2s.explain import alignment_error, corpus

        torch.set_num_threads(1)
        if upload.kind == "links":
            return alignment_error.measure_alignment(checkpoint, upload.pairs, progress=report, rows=upload.rows)
        return corpus.measure_evidence(checkpoint, [source for source, _ in upload.pairs], progress=report)

    return work


def evidence_page(model: str) -> None:
    """Draw the upload and the button, or the running job; the results of the last job; and what ships, compared."""
    try:
        checkpoint = models.load(model, models.changed(model))
    except UserError as error:
        st.error(language.explain(error))
        return
    looks = checkpoint.config.model.attention != "none"
    if not looks:
        st.warning(language.explain(UserError("attention_none", checkpoint=checkpoint.name)))
    upload = _read_upload() if looks else Upload(KINDS[0], [], "")
    if done := job_panel.run(
        "evidence_",
        bool(upload.pairs),
        lambda: Task(upload.name, Job(measure_evidence(checkpoint, upload)), upload.kind),
        field="evidence_file",
    ):
        st.session_state[RESULT] = (done.file, done.kind, done.job.result)
    if RESULT in st.session_state:
        measured, kind, report = st.session_state[RESULT]
        with job_panel.result("evidence_", _clause(kind, report)):
            render_evidence_report(measured, kind, report)
    heatmaps_section()


def _read_upload() -> Upload:
    """Draw the fields of the upload. Without a usable file there are no pairs."""
    kind = controls.own_radio("kind", t("evidence.kind"), {kind: t(f"evidence.kind_{kind}") for kind in KINDS})
    st.caption(t(f"evidence.help_{kind}", most=MAX_SENTENCES))
    file = file_field(t("exposure.file"), "evidence_file", "small_file_mb")
    columns = Columns()
    limit, most = MAX_SENTENCES, 0
    if kind == "pairs":
        left, middle, right = st.columns(3)
        source = left.text_input(t("exposure.source_column"), "source", key="evidence_source", max_chars=100)
        target = middle.text_input(t("exposure.target_column"), "target", key="evidence_target", max_chars=100)
        limit = int(right.number_input(t("exposure.most"), 1, MAX_SENTENCES, 50, key="evidence_most"))
        columns = Columns(source or "source", target or "target")
    else:
        most = int(st.number_input(t("evidence.rows"), 0, MAX_ROWS, USUAL_ROWS, key="evidence_rows"))
        st.caption(t("evidence.rows_help"))
    if file is None:
        return Upload(kind, [], "")
    forms: list[Form] = []
    try:
        content = file.getvalue()
        pairs = (
            parse_alignments(file.name, content, forms.append)
            if kind == "links"
            else parse_pairs(file.name, content, columns, limit, forms.append)
        )
    except UserError as error:
        explain_refusal("evidence_file", error)
        return Upload(kind, [], file.name)
    tell_rows(pairs, file.name, forms[0])
    return Upload(kind, pairs, file.name, most)


def render_evidence_report(file: str, kind: str, report: Any) -> None:
    """Draw the results of one file, of measured pairs (a ``Report``) or of word links (an ``Alignment``)."""
    model = plain(title(report.checkpoint))
    heading = t("evidence.of_file", file=code(file), checkpoint=model, sentences=report.sentences)
    st.markdown(f"#### {heading}")
    bootstrap = report.bootstrap
    st.caption(t("exposure.interval", level=100 * bootstrap.level, resamples=bootstrap.resamples))
    name = f"evidence-{report.checkpoint}.json"
    st.download_button(
        t("exposure.json", checkpoint=model),
        report.to_json(),
        name,
        "application/json",
        on_click="ignore",
        key="evidence_json",
    )
    if kind == "links":
        _alignment_table(report)
    else:
        _evidence_tables(report)


def _clause(kind: str, report: Any) -> str:
    """The main result: of pairs the most frequent verdict, of word links the error rate of what the model reads."""
    if kind == "links":
        return t("app.said", name="AER", text=with_interval(report.forced["0"].error_rate))
    name = max(report.verdicts, key=lambda verdict: report.verdicts[verdict].value or 0.0)
    return t("app.said", name=t(f"evidence.verdict_{name}"), text=with_interval(report.verdicts[name]))


PARTS = {
    "tau": ("tau_gradient", "tau_integrated", "tau_erasure"),
    "change": ("uniform_variation", "uniform_drop", "permuted_variation", "permuted_drop"),
    "flip": ("flips", "flip_share"),
    "comprehensiveness": ("comprehensiveness", "comprehensiveness_normalised"),
    "sufficiency": ("sufficiency", "sufficiency_normalised"),
}


CURVES = ("integrated", "unknown")  # methods whose curve over the sentence is drawn


def _table(rows: Sequence[tuple[str, str]]) -> None:
    names, values = zip(*rows, strict=True)
    table = {t("exposure.measure_name"): list(names), t("evidence.value"): list(values)}
    st.table(table, hide_index=True, border="horizontal")


def _evidence_tables(report: EvidenceReport) -> None:
    verdicts = [(t(f"evidence.verdict_{name}"), with_interval(share)) for name, share in report.verdicts.items()]
    st.markdown(f"#### {t('evidence.verdicts')}")
    _table(verdicts)
    for part, names in PARTS.items():
        st.markdown(f"#### {t(f'evidence.title_{part}')}")
        _table([(t(f"evidence.measure_{name}"), with_interval(report.measures[name])) for name in names])
        explain(part, prefix="evidence")
    explain("naopc", "integrated", prefix="evidence")
    st.caption(t("evidence.gap", gap=with_interval(report.measures["gap"])))
    _prefix_part(report.prefix)


def _prefix_part(prefix: PrefixReport) -> None:
    """How much of the words comes from the source: by each method, and by position."""
    st.markdown(f"#### {t('evidence.title_prefix')}")
    _table([(t(f"evidence.prefix_{name}"), with_interval(share)) for name, share in prefix.share.items()])
    curves = {t(f"evidence.prefix_{name}"): prefix.by_step[name] for name in CURVES}
    figure = exposure.source_share_by_step(curves, language.strings("curve"))
    st.plotly_chart(figure, key="evidence-prefix", config={"displayModeBar": False})
    st.caption(t("exposure.rare", share=100 * exposure.RARE, least=exposure.FEWEST))
    explain("prefix", prefix="evidence")
    st.caption(t("evidence.prefix_gap", gap=with_interval(prefix.gap)))


def _alignment_table(alignment: Alignment) -> None:
    rows = []
    for lane, scores in (("forced", alignment.forced), ("free", alignment.free), ("own", alignment.by_token)):
        for shift, score in scores.items():
            rows.append(
                (t("app.list").join((t(f"evidence.lane_{lane}"), t("evidence.shift", shift=SHIFTS[shift]))), score)
            )
    rows.append((t("evidence.lane_diagonal"), alignment.diagonal))
    _scores(rows)
    shares = {"source": alignment.unknown_source, "target": alignment.unknown_target, "free": alignment.free_words}
    st.caption(t("evidence.words", **{name: 100 * share for name, share in shares.items()}))
    explain("aer", prefix="evidence")
    st.markdown(t("evidence.published"))
    if alignment.rows:
        st.markdown(f"#### {t('evidence.title_rows')}")
        _scores([(t(f"evidence.row_{name}"), score) for name, score in alignment.rows.items()])
        st.caption(t("evidence.rows_of", count=alignment.row_sentences))


def _scores(rows: Sequence[tuple[str, Score]]) -> None:
    table = {
        t("exposure.measure_name"): [name for name, _ in rows],
        "AER": [with_interval(score.error_rate) for _, score in rows],
        t("evidence.precision"): [with_interval(score.precision) for _, score in rows],
        t("evidence.recall"): [with_interval(score.recall) for _, score in rows],
    }
    st.table(table, hide_index=True, border="horizontal")

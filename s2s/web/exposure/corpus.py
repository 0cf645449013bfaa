"""Exposure bias on a test file: upload, a job with progress and Stop, charts and tables of its results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from s2s.data.readers import Columns, Pair
from s2s.errors import UserError
from s2s.server.job import Job
from s2s.server.user_files import MAX_PAIRS, parse_pairs
from s2s.web.exposure.reports import main_result, render_reports
from s2s.web.shell import job_panel
from s2s.web.shell.job_panel import Task
from s2s.web.shell.language import t
from s2s.web.shell.upload import explain_refusal, file_field, tell_rows

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint
    from s2s.data.text_file import Form
    from s2s.exposure.all_measures import Report

REPORTS = "reports"  # file and reports of the last job


def measure_exposure(
    checkpoints: Sequence[Checkpoint], texts: Sequence[Pair]
) -> Callable[[Callable[[float], None]], list[Report]]:
    """The work of a job that makes one report for each checkpoint. It uses one core, so that pages can still decode.

    If all sources belong to the date task and all models output characters, the models are compared with its oracle.
    """

    def work(report: Callable[[float], None]) -> list[Report]:
        import torch

        from s2s.exposure import Options, measure
        from s2s.tasks import date

        torch.set_num_threads(1)
        dates = all(date.is_readable(source) for source, _ in texts)
        options = Options(oracle=date.oracle if dates and _all_characters(checkpoints) else None)

        def part(n: int) -> Callable[[float], None]:
            return lambda share: report((n + share) / len(checkpoints))

        return [measure(checkpoint, texts, options, progress=part(n)) for n, checkpoint in enumerate(checkpoints)]

    return work


def _all_characters(checkpoints: Sequence[Checkpoint]) -> bool:
    """Whether all models output characters, as the oracle does."""
    return all(checkpoint.config.text.target == "characters" for checkpoint in checkpoints)


def corpus_section(checkpoints: list[Checkpoint]) -> None:
    """Draw the upload and the button, or the running job; then the results of the last job."""
    st.markdown(f"#### {t('exposure.corpus')}")
    st.markdown(t("exposure.corpus_help", most=MAX_PAIRS))
    texts, name = _read_upload()

    def start() -> Task:
        return Task(name, Job(measure_exposure(checkpoints, texts)))

    if done := job_panel.run("", bool(texts), start, field="test_file"):
        st.session_state[REPORTS] = (done.file, done.job.result)
    if REPORTS in st.session_state:
        file, reports = st.session_state[REPORTS]
        with job_panel.result("", main_result(reports)):
            render_reports(file, reports)


def _read_upload() -> tuple[list[Pair], str]:
    """Draw the fields of the upload; returns its pairs and its name. No pairs without a usable file."""
    file = file_field(t("exposure.file"), "test_file", "small_file_mb")
    left, middle, right = st.columns(3)
    source = left.text_input(t("exposure.source_column"), "source", key="source_column", max_chars=100)
    target = middle.text_input(t("exposure.target_column"), "target", key="target_column", max_chars=100)
    limit = right.number_input(t("exposure.most"), 1, MAX_PAIRS, 500, key="most")
    if file is None:
        return [], ""
    forms: list[Form] = []
    try:
        columns = Columns(source or "source", target or "target")
        rows = parse_pairs(file.name, file.getvalue(), columns, int(limit), forms.append)
    except UserError as error:
        explain_refusal("test_file", error)
        return [], file.name
    tell_rows(rows, file.name, forms[0])
    return rows, file.name

"""Exposure bias on a test file: upload, a job with progress and Stop, charts and tables of what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from s2s.data.readers import Columns, Pair
from s2s.errors import UserError
from s2s.server.job import Job
from s2s.server.user_files import MOST, pairs
from s2s.web.exposure.reports import show
from s2s.web.shell import job_panel, language
from s2s.web.shell.foreign import code
from s2s.web.shell.job_panel import MEGABYTES, Task
from s2s.web.shell.language import t

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint
    from s2s.data.text_file import Form
    from s2s.exposure.report import Report

REPORTS = "reports"  # file and reports of the last job


def work(checkpoints: Sequence[Checkpoint], texts: Sequence[Pair]) -> Callable[[Callable[[float], None]], list[Report]]:
    """One report a checkpoint, with one progress for all; on one core, as sentences are decoded on another.

    Where every source is one of the date task, the models are held against its oracle.
    """

    def measured(tell: Callable[[float], None]) -> list[Report]:
        import torch

        from s2s.exposure import Options, measure
        from s2s.tasks import date

        torch.set_num_threads(1)
        dates = all(date.readable(source) for source, _ in texts)
        options = Options(oracle=date.oracle if dates and _characters(checkpoints) else None)

        def part(n: int) -> Callable[[float], None]:
            return lambda share: tell((n + share) / len(checkpoints))

        return [measure(checkpoint, texts, options, progress=part(n)) for n, checkpoint in enumerate(checkpoints)]

    return measured


def _characters(checkpoints: Sequence[Checkpoint]) -> bool:
    """Whether all say characters, as the oracle does."""
    return all(checkpoint.config.text.target == "characters" for checkpoint in checkpoints)


def section(checkpoints: list[Checkpoint]) -> None:
    """Upload and button, or the running job; then the results of the last one."""
    st.markdown(f"#### {t('exposure.corpus')}")
    st.markdown(t("exposure.corpus_help", most=MOST, size=MEGABYTES))
    texts, name = _upload()
    if done := job_panel.run("", bool(texts), lambda: Task(name, Job(work(checkpoints, texts)))):
        st.session_state[REPORTS] = (done.file, done.job.result)
    if REPORTS in st.session_state:
        show(*st.session_state[REPORTS])


def _upload() -> tuple[list[Pair], str]:
    """The pairs to measure and their file's name; none where there is no usable file."""
    file = st.file_uploader(t("exposure.file"), key="test_file", max_upload_size=MEGABYTES)
    left, middle, right = st.columns(3)
    source = left.text_input(t("exposure.source_column"), "source", key="source_column", max_chars=100)
    target = middle.text_input(t("exposure.target_column"), "target", key="target_column", max_chars=100)
    most = right.number_input(t("exposure.most"), 1, MOST, 500, key="most")
    if file is None:
        return [], ""
    forms: list[Form] = []
    try:
        columns = Columns(source or "source", target or "target")
        found = pairs(file.name, file.getvalue(), columns, int(most), forms.append)
    except UserError as error:
        st.error(language.explain(error))
        return [], file.name
    said = forms[0].remark(language.current(), code(file.name))
    st.caption(" ".join([t("exposure.pairs", count=len(found)), said]).strip())
    return found, file.name

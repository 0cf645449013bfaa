"""Exposure bias on a test file: upload, a job with progress and Stop, charts and tables of what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from s2s.errors import UserError
from s2s.readers import Columns, Pair
from s2s.web import language
from s2s.web.job import Job
from s2s.web.language import t
from s2s.web.panel import code
from s2s.web.reports import show
from s2s.web.upload import MOST, pairs

if TYPE_CHECKING:
    from s2s.checkpoint import Checkpoint
    from s2s.exposure.report import Report

MEGABYTES = 5
POLL = 0.5  # seconds between two looks at a job


@dataclass(frozen=True)
class Task:
    """A job in the session, and the file that it measures."""

    file: str
    job: Job[list[Report]]


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
    task = st.session_state.get("task")
    texts, name = _upload()
    running = isinstance(task, Task) and task.job.look()
    if st.button(t("exposure.measure"), key="measure", type="primary", disabled=running or not texts):
        st.session_state["task"] = task = Task(name, Job(work(checkpoints, texts)))
        st.rerun()
    if isinstance(task, Task):
        if running:
            _watch()
        else:
            _ended(task)
    if "reports" in st.session_state:
        show(*st.session_state["reports"])


def _upload() -> tuple[list[Pair], str]:
    """The pairs to measure and their file's name; none where there is no usable file."""
    file = st.file_uploader(t("exposure.file"), key="test_file", max_upload_size=MEGABYTES)
    left, middle, right = st.columns(3)
    source = left.text_input(t("exposure.source_column"), "source", key="source_column", max_chars=100)
    target = middle.text_input(t("exposure.target_column"), "target", key="target_column", max_chars=100)
    most = right.number_input(t("exposure.most"), 1, MOST, 500, key="most")
    if file is None:
        return [], ""
    try:
        found = pairs(file.name, file.getvalue(), Columns(source or "source", target or "target"), int(most))
    except UserError as error:
        st.error(language.explain(error))
        return [], file.name
    st.caption(t("exposure.pairs", count=len(found)))
    return found, file.name


@st.fragment(run_every=POLL)
def _watch() -> None:
    """The progress, twice a second, and the button that ends the job."""
    task = st.session_state.get("task")
    if not isinstance(task, Task):
        return
    if not task.job.look():
        st.rerun()
    left, right = st.columns([6, 1], vertical_alignment="bottom")
    state = "waiting" if task.job.waiting else "measuring"
    left.progress(task.job.share, t(f"exposure.{state}", file=code(task.file), share=100 * task.job.share))
    right.button(t("exposure.stop"), key="stop", on_click=task.job.stop, width="stretch")


def _ended(task: Task) -> None:
    """A job's end: results into the session, or what went wrong."""
    mistake = task.job.mistake()
    if mistake is not None:
        st.error(language.explain(mistake))
    elif task.job.stopped:
        st.info(t("exposure.stopped", file=code(task.file)))
    elif task.job.result is not None:
        st.session_state["reports"] = (task.file, task.job.result)

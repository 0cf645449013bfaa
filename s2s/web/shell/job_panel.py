"""A job on a file, kept in the session: the button that starts it, its progress with Stop, how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from s2s.server.job import Job
from s2s.web.shell import language
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t

POLL = 0.5  # seconds between two looks at a job
MEGABYTES = 5  # of a file that a visitor has measured


@dataclass(frozen=True)
class Task:
    """A job, the file that it measures, and what kind of file that is where there are several."""

    file: str
    job: Job[Any]
    kind: str = ""


def run(prefix: str, ready: bool, start: Callable[[], Task], label: str = "exposure.measure") -> Task | None:
    """The button, or the running job, under the session's names with a prefix; the task whose job has a result."""
    key = f"{prefix}task"
    task = st.session_state.get(key)
    running = isinstance(task, Task) and task.job.look()
    if st.button(t(label), key=f"{prefix}measure", type="primary", disabled=running or not ready):
        st.session_state[key] = start()
        st.rerun()
    if not isinstance(task, Task):
        return None
    if running:
        _watch(prefix)
        return None
    mistake = task.job.mistake()
    if mistake is not None:
        st.error(language.explain(mistake))
    elif task.job.stopped:
        st.info(t("exposure.stopped", file=code(task.file)))
    return task if task.job.result is not None else None


@st.fragment(run_every=POLL)
def _watch(prefix: str) -> None:
    """The progress, twice a second, and the button that ends the job."""
    task = st.session_state.get(f"{prefix}task")
    if not isinstance(task, Task):
        return
    if not task.job.look():
        st.rerun()
    left, right = st.columns([6, 1], vertical_alignment="bottom")
    state = "waiting" if task.job.waiting else "measuring"
    left.progress(task.job.share, t(f"exposure.{state}", file=code(task.file), share=100 * task.job.share))
    right.button(t("exposure.stop"), key=f"{prefix}stop", on_click=task.job.stop, width="stretch")

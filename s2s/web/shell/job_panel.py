"""The controls of a job on a file: the button that starts it, its progress with a stop button, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import streamlit as st

from s2s.server.job import Job
from s2s.web.shell import announce, language
from s2s.web.shell.announce import Work
from s2s.web.shell.foreign import code, short
from s2s.web.shell.language import t

POLL = 0.5  # seconds between two updates of the progress


@dataclass(frozen=True)
class Task:
    """A job, the name of the file that it measures, and the kind of file if a page takes several kinds.

    ``doing`` is the key of what the job is called.
    """

    file: str
    job: Job[Any]
    kind: str = ""
    doing: str = "announce.measuring"


def run(
    prefix: str, ready: bool, start: Callable[[], Task], label: str = "exposure.measure", field: str | None = None
) -> Task | None:
    """Show the start button and the running job; return the task once its job has a result, else None.

    The session holds the task as ``PREFIXtask``; ``start`` makes one when the button is pressed. Why a job ended
    without a result is said until ``field``, the key of the field of its file if there is one, has another file.
    """
    key = f"{prefix}task"
    task = st.session_state.get(key)
    running = isinstance(task, Task) and task.job.poll()
    if st.button(t(label), key=f"{prefix}measure", type="primary", disabled=running or not ready):
        st.session_state.update({key: start(), f"{key}_file": _chosen_file(field)})
        announce.begin(key)
        st.rerun()
    if not isinstance(task, Task):
        return None
    if running:
        _watch(prefix)
        return None
    if task.job.result is None and _chosen_file(field) not in ("", st.session_state.get(f"{key}_file")):
        return None
    mistake = task.job.user_error()
    work = _work(prefix, task)
    if mistake is not None:
        st.error(language.explain(mistake))
        announce.ended(work, "failed", f"{prefix}measure", reason=language.spoken(mistake))
    elif task.job.stopped:
        st.info(t("exposure.stopped", file=code(task.file)))
        announce.ended(work, "stopped", f"{prefix}measure")
    return task if task.job.result is not None else None


@contextmanager
def result(prefix: str, clause: str) -> Iterator[None]:
    """A place for what came of the last job of a page; ``clause`` is what is said of it when it has ended."""
    with st.container(key=f"{prefix}result"):
        yield
    task = st.session_state.get(f"{prefix}task")
    if isinstance(task, Task) and task.job.result is not None:
        announce.ended(_work(prefix, task), "done", f"{prefix}result", result=clause)


def _work(prefix: str, task: Task) -> Work:
    return Work(f"{prefix}task", t(task.doing, file=short(task.file)), (f"{prefix}measure",), f"{prefix}stop")


def _chosen_file(field: str | None) -> str:
    """What identifies the file in a field; empty without one."""
    return str(getattr(st.session_state.get(field), "file_id", "")) if field else ""


@st.fragment(run_every=POLL)
def _watch(prefix: str) -> None:
    """The progress, and the button that stops the job."""
    task = st.session_state.get(f"{prefix}task")
    if not isinstance(task, Task):
        return
    if not task.job.poll():
        st.rerun()
    work, job = _work(prefix, task), task.job
    with st.container(key=work.bar):
        left, right = st.columns([6, 1], vertical_alignment="bottom")
    state = "waiting" if job.waiting else "measuring"
    left.progress(job.share, t(f"exposure.{state}", file=code(task.file), share=100 * job.share))
    right.button(t("exposure.stop"), key=work.stop, on_click=job.stop, width="stretch")
    announce.under_way(work, job.share, job.waiting)

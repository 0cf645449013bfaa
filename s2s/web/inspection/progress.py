"""Unfinished inspections: progress and Stop, or Continue; what is said of them when they end, and why one failed."""

from __future__ import annotations

import streamlit as st

from s2s.errors import UserError
from s2s.server import inspections, lease
from s2s.server.inspections import InspectionEntry, RunningInspection
from s2s.web.inspection.holdings import inspection_title
from s2s.web.shell import announce, keys, language, models
from s2s.web.shell.announce import Work
from s2s.web.shell.foreign import code, plain, short
from s2s.web.shell.language import t
from s2s.web.shell.titles import title
from s2s.web.shell.upload import explain_refusal

PROBLEM = "inspect_problem"  # UserError of the last start, shown once
FAILED = "inspect_failed"  # the work that ended with it, if it began
BEGUN = "inspections_begun"  # how many forms have been drawn
OPENED = "inspect_form_opened"  # the key of the form that is drawn open

POLL = 1.0  # seconds between two looks at a job


def open_inspection(name: str) -> None:
    """Choose an inspection; no row of it is open."""
    st.session_state.update({keys.INSPECTION: name, keys.ROW: 0, keys.TABLE_FROM: 0})


def form_key() -> str:
    """The key of the form, another one after each start, as it is then closed again."""
    return f"inspect_new-{st.session_state.get(BEGUN, 0)}"


def new_form(opened: bool = False) -> None:
    """Draw another form from now on: folded where there are inspections, or ``opened``."""
    st.session_state[BEGUN] = st.session_state.get(BEGUN, 0) + 1
    st.session_state[OPENED] = form_key() if opened else ""


def is_form_opened() -> bool:
    """Whether the form is drawn open, as its last file was refused."""
    return bool(st.session_state.get(OPENED) == form_key())


def work_id(name: str) -> str:
    """What the announcements call an inspection."""
    return f"inspection-{name}"


def _work(entry: InspectionEntry) -> Work:
    name = t("announce.inspecting", file=short(entry.file), checkpoint=title(entry.checkpoint))
    return Work(work_id(entry.name), name, ("inspect_start", f"go-{entry.name}"), f"stop-{entry.name}")


@st.fragment(run_every=POLL)
def progress_fragment(entry: InspectionEntry) -> None:
    """Draw an unfinished inspection: its progress and Stop, or Continue.

    A rerun of the fragment gets the ``entry`` of the last run of the page, so it is looked up again.
    """
    running, current = inspections.find_running(entry.name), inspections.find_entry(entry.name)
    if running is None and (current is None or current.finished):  # another visitor's run has ended
        st.rerun()
    entry = current or entry
    alive = running is not None and running.job.poll()
    if entry.name == st.session_state[keys.INSPECTION]:
        announce.wait_for(work_id(entry.name))
    if running is not None and alive:
        _draw_running(entry, running)
        return
    if running is not None and current is not None and current.finished:
        inspections.forget_job(entry.name)
        st.rerun()  # whoever started it has it open
    work = _work(entry)
    if lease.is_held(entry.name):
        words = t("inspect.elsewhere", name=plain(inspection_title(entry)), share=100 * entry.share)
        with st.container(key=work.bar):
            st.progress(entry.share, words)
        announce.under_way(work, entry.share, elsewhere=True)
        return
    mistake = running.job.user_error() if running is not None else None
    if mistake is not None and mistake.key == "error.inspect_elsewhere":  # the other process has ended meanwhile
        mistake = None
    if mistake is not None and entry.manifest is None:  # the file cannot be used, so there is nothing to continue
        inspections.forget_job(entry.name)
        open_inspection("")
        st.session_state.update({PROBLEM: mistake.bare(), FAILED: work})
        new_form(opened=True)  # for another file
        st.rerun()
    _draw_stopped(entry, work, mistake)


def _draw_running(entry: InspectionEntry, running: RunningInspection) -> None:
    remaining, job, work = running.seconds_left(), running.job, _work(entry)
    words = t("inspect.left", time=_duration(remaining)) if remaining is not None else ""
    phase, name = "waiting" if job.waiting else "running", plain(inspection_title(entry))
    with st.container(key=work.bar):
        left, right = st.columns([6, 1], vertical_alignment="center")
    left.progress(min(1.0, job.share), t(f"inspect.{phase}", name=name, share=100 * job.share, left=words))
    right.button(t("exposure.stop"), key=work.stop, on_click=job.stop, width="stretch")
    announce.under_way(work, job.share, job.waiting)


def _draw_stopped(entry: InspectionEntry, work: Work, mistake: UserError | None) -> None:
    """Draw an inspection that nobody computes, with the error of its last run or start, and Continue."""
    with st.container(key=work.bar):
        left, right = st.columns([6, 1], vertical_alignment="center")
    stopped = "inspect.unfinished" if entry.request else "inspect.of_command"
    left.markdown(t(stopped, name=code(inspection_title(entry)), share=100 * entry.share))
    if entry.request is None:
        return
    problem, go_on = f"inspect_problem-{entry.name}", f"go-{entry.name}"
    if (mistake := st.session_state.get(problem, mistake)) is not None:
        st.error(language.explain(mistake))
    # What went wrong is shown here, because the fragment does not rerun the form.
    right.button(t("inspect.go_on"), key=go_on, on_click=start_job, args=(entry.name, problem), width="stretch")
    reason = "" if mistake is None else language.spoken(mistake)
    announce.ended(work, "failed" if mistake else "stopped", go_on, reason=reason)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def start_job(name: str, problem: str = PROBLEM) -> None:
    """Start or continue an inspection; a UserError is stored under the session key ``problem``."""
    st.session_state.pop(problem, None)
    try:
        entry = inspections.find_entry(name)
        if entry is None or not models.is_known(entry.checkpoint):
            raise UserError("inspect_gone")
        checkpoint = models.load(entry.checkpoint, models.changed(entry.checkpoint))
        inspections.start_inspection(name, checkpoint)
        st.session_state[keys.INSPECTION] = name
        announce.begin(work_id(name))
    except UserError as error:
        st.session_state[problem] = error.bare()


def show_problem() -> None:
    """Show the error of the last request, once."""
    if (problem := st.session_state.pop(PROBLEM, None)) is None:
        return
    explain_refusal("inspect_file", problem, "-started")
    if (work := st.session_state.pop(FAILED, None)) is not None:
        announce.ended(work, "failed", form_key(), reason=language.spoken(problem))


def tell_finished(entry: InspectionEntry, result: str = "") -> None:
    """Say that a finished inspection is done, if this visit follows it, with the ``result`` if that is on the page."""
    if inspections.find_running(entry.name) is None:
        announce.ended(_work(entry), "done", "inspect_json" if result else "", result=result)

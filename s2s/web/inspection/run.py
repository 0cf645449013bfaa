"""Which inspection: one that there is, or a new one of a checkpoint and a file, with its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from s2s.errors import UserError
from s2s.inspect.paired import SCORES
from s2s.server import inspections
from s2s.web.inspection import state
from s2s.web.shell import controls, keys, language, models
from s2s.web.shell.bound import picks
from s2s.web.shell.foreign import code
from s2s.web.shell.heads import select_number
from s2s.web.shell.language import t

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

INSPECT_CHECKPOINT = "inspect_checkpoint"  # the checkpoint to inspect with; its layer and head, 0: the mean of all
INSPECT_HEAD = "inspect_head"
INSPECT_LAYER = "inspect_layer"
INSPECT_PROBLEM = "inspect_problem"  # UserError of the last start, shown once

POLL = 1.0  # seconds between two looks at a job
MINE = "inspections"  # of uploads, that this session made or was led to
BEGUN = "inspections_begun"  # how many the form was sent for


def section(names: list[str]) -> state.Shown | None:
    """The choice, unfinished ones, the form for a new one; what is chosen, if it is finished."""
    own: set[str] = st.session_state.setdefault(MINE, set())
    linked = st.session_state[keys.INSPECTION]
    if linked and inspections.entry(linked) is None:
        st.warning(language.explain(UserError("inspect_gone")))
        st.session_state[keys.INSPECTION] = linked = ""
    own |= {name for name in (linked, st.session_state[keys.AGAINST]) if name}
    entries = inspections.listed(own)
    finished = [entry for entry in entries if entry.finished]
    _choose(finished)
    for entry in entries:
        if not entry.finished or inspections.running(entry.name):
            _progress(entry)
    _problem()
    begun = st.session_state.get(BEGUN, 0)  # another form after each start: it is closed again
    with st.expander(t("inspect.new"), expanded=not finished, key=f"inspect_new-{begun}"):
        _new(names, own)
    return _shown(finished)


def title(entry: inspections.Entry) -> str:
    """An inspection in a list."""
    count = f" · {entry.manifest['examples']:,}" if entry.manifest and "examples" in entry.manifest else ""
    private = f" · {t('inspect.private')}" if entry.name.startswith(inspections.PRIVATE) else ""
    return f"{entry.checkpoint} · {entry.file}{count}{private}"


def _choose(finished: list[inspections.Entry]) -> None:
    """One of the finished, and one of the same file to hold against it."""
    if not finished:
        return
    known = {entry.name: entry for entry in finished}
    linked = st.session_state[keys.INSPECTION]
    if linked not in known and inspections.entry(linked) is None:
        st.session_state[keys.INSPECTION] = finished[0].name
    chosen = known.get(st.session_state[keys.INSPECTION])
    left, middle, right = st.columns([5, 5, 2], vertical_alignment="bottom")
    key = f"which-{language.current()}-{chosen.name if chosen else ''}"
    left.selectbox(
        t("inspect.which"),
        list(known),
        index=list(known).index(chosen.name) if chosen else None,
        format_func=lambda name: title(known[name]),
        key=key,
        on_change=lambda: _open(st.session_state[key]),
        placeholder="—",
    )
    if chosen is None:
        return
    with middle:
        _against(chosen, finished)
    if st.session_state[keys.AGAINST]:
        with right:
            _won_by()


def _against(chosen: inspections.Entry, finished: list[inspections.Entry]) -> None:
    """Another inspection of the same file, or none."""
    file = _file(chosen)
    others = {entry.name: title(entry) for entry in finished if entry.name != chosen.name and _file(entry) == file}
    key = f"against-{language.current()}-{chosen.name}"
    if st.session_state[keys.AGAINST] not in others:
        st.session_state[keys.AGAINST] = ""
    st.session_state[key] = st.session_state[keys.AGAINST]
    st.selectbox(
        t("inspect.against"),
        **picks(key, ["", *others]),
        format_func={"": "—", **others}.__getitem__,
        on_change=lambda: st.session_state.update({keys.AGAINST: st.session_state[key]}),
        help=t("inspect.against_help"),
    )


def _won_by() -> None:
    """The score by which a row is won."""
    key = f"by-{language.current()}"
    st.session_state[key] = st.session_state[keys.WON_BY]
    st.selectbox(
        t("inspect.won_by"),
        **picks(key, SCORES),
        format_func={name: t(f"inspect.column.{name}") for name in SCORES}.__getitem__,
        on_change=lambda: st.session_state.update({keys.WON_BY: st.session_state[key]}),
    )


def _file(entry: inspections.Entry) -> dict[str, object]:
    return {**(entry.manifest or {}).get("file", {}), "name": ""}


def _open(name: str) -> None:
    st.session_state.update({keys.INSPECTION: name, keys.ROW: 0, keys.TABLE_FROM: 0})


@st.fragment(run_every=POLL)
def _progress(entry: inspections.Entry) -> None:
    """One that is not finished: its progress and Stop, or Go on. ``entry`` may be older than a run of this alone."""
    running, held = inspections.running(entry.name), inspections.entry(entry.name)
    if running is None and (held is None or held.finished):  # another visitor's run has ended
        st.rerun()
    entry = held or entry
    alive = running is not None and running.job.look()
    name = title(entry)
    left, right = st.columns([6, 1], vertical_alignment="center")
    if running is not None and alive:
        remaining = running.left()
        words = t("inspect.left", time=_duration(remaining)) if remaining is not None else ""
        said = "waiting" if running.job.waiting else "running"
        share = 100 * running.job.share
        left.progress(min(1.0, running.job.share), t(f"inspect.{said}", name=name, share=share, left=words))
        right.button(t("exposure.stop"), key=f"stop-{entry.name}", on_click=running.job.stop, width="stretch")
        return
    if running is not None and not running.job.stopped and running.job.failure is None:
        inspections.forget(entry.name)
        _open(entry.name)
        st.rerun()
    mistake = running.job.mistake() if running is not None else None
    if mistake is not None and entry.manifest is None:  # the file cannot be used: there is nothing to go on with
        inspections.forget(entry.name)
        _open("")
        st.session_state[INSPECT_PROBLEM] = mistake
        st.rerun()
    left.markdown(t("inspect.unfinished", name=code(name)))
    problem = f"inspect_problem-{entry.name}"
    if (mistake := st.session_state.get(problem, mistake)) is not None:
        st.error(language.explain(mistake))
    go_on = (entry.name, problem)  # said here: the form is not run again with this
    right.button(t("inspect.go_on"), key=f"go-{entry.name}", on_click=_start, args=go_on, width="stretch")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def _start(name: str, problem: str = "inspect_problem") -> None:
    """Begin or go on; what goes wrong is kept under the session's name ``problem`` for who says it."""
    st.session_state.pop(problem, None)
    try:
        entry = inspections.entry(name)
        if entry is None or not models.is_known(entry.checkpoint):
            raise UserError("inspect_gone")
        checkpoint = models.load(entry.checkpoint, models.changed(entry.checkpoint))
        inspections.start(name, checkpoint)
        st.session_state[keys.INSPECTION] = name
    except UserError as error:
        st.session_state[problem] = error


def _new(names: list[str], own: set[str]) -> None:
    """The form; an inspection of the same that there is already is opened, or gone on with."""
    left, right = st.columns(2)
    with left:
        checkpoint = _checkpoint(names)
    kinds = {"upload": t("inspect.from_upload"), "path": t("inspect.from_path")}
    with right:
        kind = controls.own_radio("from", t("inspect.from"), kinds)
    upload: UploadedFile | None = None
    typed = ""
    if kind == "upload":
        upload = st.file_uploader(t("exposure.file"), key="inspect_file", max_upload_size=inspections.MEGABYTES)
        st.caption(t("inspect.upload_help"))
    else:
        typed = st.text_input(t("inspect.path"), key="inspect_path", placeholder="tatoeba/test.tsv")
    columns = st.columns([3, 3, 3, 4], vertical_alignment="bottom")
    source = columns[0].text_input(t("exposure.source_column"), "source", key="inspect_source", max_chars=100)
    target = columns[1].text_input(t("exposure.target_column"), "target", key="inspect_target", max_chars=100)
    limit = columns[2].number_input(t("inspect.limit"), 0, 10_000_000, 0, key="inspect_limit")
    skip = columns[3].checkbox(t("inspect.skip_bad"), key="inspect_skip", help=t("inspect.skip_bad_help"))
    if st.button(t("inspect.start"), key="inspect_start", type="primary", disabled=kind == "upload" and upload is None):
        settings = (source or "source", target or "target", int(limit) or None, skip)
        try:
            file = upload.name if upload else typed.strip()
            path = inspections.keep(upload.name, upload.getvalue()) if upload else typed
            name = inspections.ask(inspections.Asked(checkpoint, file, path, upload is not None, *settings), own)
        except UserError as error:
            st.error(language.explain(error))
            return
        own.add(name)
        _begin(name)
    _problem()


def _checkpoint(names: list[str]) -> str:
    """Which model, to begin with that of the other pages; of one with many heads which is looked at, as in its name."""
    state = st.session_state
    if INSPECT_CHECKPOINT not in state:
        shown = state[keys.MODEL] if state[keys.MODEL] in names else names[0]
        state.update({INSPECT_CHECKPOINT: shown, INSPECT_LAYER: state[keys.LAYER], INSPECT_HEAD: state[keys.HEAD]})

    def first() -> None:
        state.update({INSPECT_LAYER: 0, INSPECT_HEAD: 0})

    name: str = st.selectbox(t("step.checkpoint"), **picks(INSPECT_CHECKPOINT, names), on_change=first)
    sizes = controls.sizes(name)
    if any(sizes):
        for part, count, column in zip(("layer", "head"), sizes, st.columns(2), strict=True):
            with column:
                select_number(part, count, "inspect_")
        st.caption(t("inspect.heads"))
    return controls.viewed_name(name, state[INSPECT_LAYER], state[INSPECT_HEAD])


def _problem() -> None:
    """What went wrong with the last inspection that was asked for."""
    if (problem := st.session_state.pop(INSPECT_PROBLEM, None)) is not None:
        st.error(language.explain(problem))


def _begin(name: str) -> None:
    """Open what is finished, start what is not; the address names it from now on."""
    entry = inspections.entry(name)
    _open(name)
    st.query_params["inspection"] = name
    if entry is not None and not entry.finished:
        with st.spinner(t("step.loading"), show_time=False):
            _start(name)
    if INSPECT_PROBLEM not in st.session_state:
        st.session_state[BEGUN] = st.session_state.get(BEGUN, 0) + 1
        st.rerun()


def _shown(finished: list[inspections.Entry]) -> state.Shown | None:
    known = {entry.name: entry for entry in finished}
    chosen = known.get(st.session_state[keys.INSPECTION])
    if chosen is None:
        return None
    try:
        return state.shown(chosen, known.get(st.session_state[keys.AGAINST]))
    except UserError as error:
        st.error(language.explain(inspections.named(error, chosen.file)))
        return None

"""The choice of an inspection: an existing one, or a new one of a checkpoint and a file, with its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from s2s import settings
from s2s.errors import UserError
from s2s.inspect.paired import SCORES
from s2s.server import folders, inspection_quota, inspections
from s2s.web.inspection import progress, state
from s2s.web.inspection.holdings import MINE, deletion_section, inspection_title, request_inspection
from s2s.web.shell import announce, controls, keys, language, models
from s2s.web.shell.bound import picks
from s2s.web.shell.gone import rerun_if_gone
from s2s.web.shell.heads import select_number
from s2s.web.shell.language import t
from s2s.web.shell.titles import choose_model
from s2s.web.shell.upload import explain_refusal, file_field

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

INSPECT_CHECKPOINT = "inspect_checkpoint"  # the checkpoint to inspect with; its layer and head, 0: the mean of all
INSPECT_HEAD = "inspect_head"
INSPECT_LAYER = "inspect_layer"


def choose_inspection(names: list[str]) -> state.InspectionView | None:
    """Draw the choice, unfinished inspections and the form for a new one; returns the chosen one if it is finished."""
    inspection_quota.sweep()
    visitor_names: set[str] = st.session_state.setdefault(MINE, set())
    _forget_gone()
    visitor_names |= {name for key in (keys.INSPECTION, keys.AGAINST) if (name := st.session_state[key])}
    entries = inspections.list_entries(visitor_names)
    finished = [entry for entry in entries if entry.finished]
    _inspection_select(finished)
    for entry in entries:
        if not entry.finished or inspections.find_running(entry.name):
            progress.progress_fragment(entry)
        elif entry.name != st.session_state[keys.INSPECTION]:
            progress.tell_finished(entry)
    progress.show_problem()
    with st.expander(t("inspect.new"), expanded=not finished or progress.is_form_opened(), key=progress.form_key()):
        _new_inspection_form(names)
    deletion_section(entries)
    for name in (st.session_state[keys.INSPECTION], st.session_state[keys.AGAINST]):
        inspection_quota.mark_opened(name)
    return _chosen_view(finished)


def _forget_gone() -> None:
    """Forget an inspection that is no longer there, with its open row, and one to compare with; say so."""
    names = {key: st.session_state[key] for key in (keys.INSPECTION, keys.AGAINST)}
    gone = [key for key, name in names.items() if name and inspections.find_entry(name) is None]
    if keys.INSPECTION in gone:
        progress.open_inspection("")
    if keys.AGAINST in gone:
        st.session_state[keys.AGAINST] = ""
    if gone:
        st.warning(language.explain(UserError("inspect_gone")))


def _inspection_select(finished: list[inspections.InspectionEntry]) -> None:
    """Draw the choice of a finished inspection, and of a second one of the same file to compare with."""
    if not finished:
        return
    known = {entry.name: entry for entry in finished}
    linked = st.session_state[keys.INSPECTION]
    if linked not in known and inspections.find_entry(linked) is None:
        st.session_state[keys.INSPECTION] = finished[0].name
    chosen = known.get(st.session_state[keys.INSPECTION])
    left, middle, right = st.columns([5, 5, 2], vertical_alignment="bottom")
    key = f"which-{language.current()}-{chosen.name if chosen else ''}"
    titles = {name: inspection_title(entry) for name, entry in known.items()}
    left.selectbox(
        t("inspect.which"),
        list(known),
        index=list(known).index(chosen.name) if chosen else None,
        format_func=titles.__getitem__,
        key=key,
        on_change=lambda: progress.open_inspection(st.session_state[key]),
        placeholder="—",
    )
    if chosen is None:
        return
    with middle:
        _second_select(chosen, finished)
    if st.session_state[keys.AGAINST]:
        with right:
            _score_select()


def _second_select(chosen: inspections.InspectionEntry, finished: list[inspections.InspectionEntry]) -> None:
    """Draw the choice of another inspection of the same file, or none."""
    file = _file_facts(chosen)
    others = {
        entry.name: inspection_title(entry)
        for entry in finished
        if entry.name != chosen.name and _file_facts(entry) == file
    }
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


def _score_select() -> None:
    """Draw the choice of the score that decides which inspection is better on a row."""
    key = f"by-{language.current()}"
    st.session_state[key] = st.session_state[keys.WON_BY]
    st.selectbox(
        t("inspect.won_by"),
        **picks(key, SCORES),
        format_func={name: t(f"inspect.column.{name}") for name in SCORES}.__getitem__,
        on_change=lambda: st.session_state.update({keys.WON_BY: st.session_state[key]}),
    )


def _file_facts(entry: inspections.InspectionEntry) -> dict[str, object]:
    return {**(entry.manifest or {}).get("file", {}), "name": ""}


def _new_inspection_form(names: list[str]) -> None:
    """Draw the form. If the same inspection exists, it is opened or continued."""
    if off := settings.is_off("inspections"):
        st.caption(t("error.switched_off"))
    left, right = st.columns(2)
    with left:
        checkpoint = _checkpoint_select(names)
    kinds = {"upload": t("inspect.from_upload"), "path": t("inspect.from_path")}
    with right:
        kind = controls.own_radio("from", t("inspect.from"), kinds)
    upload: UploadedFile | None = None
    typed = ""
    if kind == "upload":
        upload = file_field(t("exposure.file"), "inspect_file", "test_file_mb", needs="test files")
        st.caption(t("inspect.upload_help"))
    else:
        typed = st.text_input(
            t("inspect.path"), key="inspect_path", max_chars=folders.MAX_PATH, placeholder="tatoeba/test.tsv"
        )
    columns = st.columns([3, 3, 3, 3, 4], vertical_alignment="bottom")
    source = columns[0].text_input(t("exposure.source_column"), "source", key="inspect_source", max_chars=100)
    target = columns[1].text_input(t("exposure.target_column"), "target", key="inspect_target", max_chars=100)
    limit = columns[2].number_input(t("inspect.limit"), 0, 10_000_000, 0, key="inspect_limit")
    skip = columns[3].checkbox(t("inspect.skip_bad"), key="inspect_skip", help=t("inspect.skip_bad_help"))
    shares = columns[4].checkbox(t("inspect.shares"), key="inspect_shares", help=t("inspect.shares_help"))
    blind = models.model_config(checkpoint).get("attention") == "none"
    if blind:
        st.warning(language.explain(UserError("attention_none", checkpoint=checkpoint)))
    idle = off or blind or (kind == "upload" and upload is None)
    if st.button(t("inspect.start"), key="inspect_start", type="primary", disabled=idle):
        columns_and_limit = (source or "source", target or "target", int(limit) or None, skip, shares)
        try:
            file = upload.name if upload else typed.strip()
            request = inspections.InspectionRequest(checkpoint, file, typed, upload is not None, *columns_and_limit)
            name = request_inspection(request, upload)
        except UserError as error:
            explain_refusal("inspect_file", error)
            return
        _open_or_start(name)
    progress.show_problem()


def _checkpoint_select(names: list[str]) -> str:
    """Draw the choice of checkpoint, layer and head; returns the name, with the head in it.

    The first choice is that of the other pages.
    """
    state = st.session_state
    if INSPECT_CHECKPOINT not in state:
        model = state[keys.MODEL] if state[keys.MODEL] in names else names[0]
        state.update({INSPECT_CHECKPOINT: model, INSPECT_LAYER: state[keys.LAYER], INSPECT_HEAD: state[keys.HEAD]})

    def first() -> None:
        state.update({INSPECT_LAYER: 0, INSPECT_HEAD: 0})

    name = choose_model(INSPECT_CHECKPOINT, t("step.checkpoint"), names, first)
    sizes = controls.sizes(name)
    if any(sizes):
        for part, count, column in zip(("layer", "head"), sizes, st.columns(2), strict=True):
            with column:
                select_number(part, count, "inspect_")
        st.caption(t("inspect.heads"))
    return controls.viewed_name(name, state[INSPECT_LAYER], state[INSPECT_HEAD])


def _open_or_start(name: str) -> None:
    """Open a finished inspection, start another one; the address gets its name."""
    entry = inspections.find_entry(name)
    progress.open_inspection(name)
    st.query_params["inspection"] = name
    if entry is not None and entry.finished:
        announce.begin(progress.work_id(name))
    elif entry is not None:
        with st.spinner(t("step.loading"), show_time=False):
            progress.start_job(name)
    if progress.PROBLEM not in st.session_state:
        progress.new_form()
        st.rerun()


def _chosen_view(finished: list[inspections.InspectionEntry]) -> state.InspectionView | None:
    known = {entry.name: entry for entry in finished}
    chosen = known.get(st.session_state[keys.INSPECTION])
    if chosen is None:
        return None
    second = known.get(st.session_state[keys.AGAINST])
    with rerun_if_gone(lambda: all(inspections.is_finished(entry.name) for entry in (chosen, second) if entry)):
        try:
            return state.read_view(chosen, second)
        except UserError as error:
            st.error(language.explain(inspections.name_displayed_file(error, chosen.file)))
    return None

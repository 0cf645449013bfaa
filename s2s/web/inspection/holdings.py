"""The inspections that a visit holds: what it may request, their list with sizes, ends and Delete; Delete of states."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from s2s import settings
from s2s.errors import UserError
from s2s.figures.numbers import storage
from s2s.server import clients, inspection_quota, inspections
from s2s.web.shell import keys, language, turns
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t
from s2s.web.shell.titles import title

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

MINE = "inspections"  # names of the inspections that this session made or opened by a link
MADE = "inspections_made"  # names of those that it made
TIMES = "inspection_times"  # when it did so, in seconds since 1970, of the last hour
DELETED = "inspect_deleted"  # key of the sentence about what was deleted, shown once
DELETE_PROBLEM = "inspect_delete_problem"  # UserError of the last deletion, shown once
STATES_PROBLEM = "states_delete_problem"  # the same of states


def request_inspection(request: inspections.InspectionRequest, upload: UploadedFile | None) -> str:
    """Store a request and its file; returns the inspection's name. A new one counts. UserError if it is refused."""
    state = st.session_state
    made: set[str] = state.setdefault(MADE, set())
    made -= {name for name in made if inspections.find_entry(name) is None}
    times = [moment for moment in state.get(TIMES, []) if time.time() - moment < inspection_quota.HOUR]
    megabytes = upload.size / settings.MEGABYTE if upload else 0.0
    counted = False

    def admit() -> None:
        nonlocal counted
        if counted:  # for its file
            return
        counted = True
        inspection_quota.check_visit(len(made), times)
        clients.check_inspection(turns.visitor().client)
        inspection_quota.make_room(megabytes)

    if upload:
        request = replace(request, path=inspections.store_upload(upload.name, upload.getvalue(), admit))
    name = inspections.submit_request(request, state[MINE], admit)
    state[MINE].add(name)
    if counted:
        made.add(name)
        state[TIMES] = [*times, time.time()]
    return name


def inspection_title(entry: inspections.InspectionEntry) -> str:
    """What an inspection is called: checkpoint, file and number of examples."""
    count = f" · {entry.manifest['examples']:,}" if entry.manifest and "examples" in entry.manifest else ""
    private = f" · {t('inspect.private')}" if entry.name.startswith(inspections.PRIVATE_PREFIX) else ""
    return f"{title(entry.checkpoint)} · {entry.file}{count}{private}"


def deletion_section(entries: Sequence[inspections.InspectionEntry]) -> None:
    """Say what was deleted, and draw a line for each inspection that this visit may delete."""
    if deleted := st.session_state.pop(DELETED, None):
        st.success(t(deleted))
    made = st.session_state.get(MADE, set())
    held = [entry for entry in entries if inspection_quota.may_delete(entry.name, made)]
    problem = st.session_state.pop(DELETE_PROBLEM, None)
    if not held:
        return
    with st.expander(t("inspect.delete"), expanded=problem is not None, key="inspect_delete"):
        st.caption(t("inspect.delete_help"))
        if problem is not None:
            st.error(language.explain(problem))
        for entry in held:
            _line(entry.name, inspection_title(entry))


def _line(name: str, title: str) -> None:
    left, right = st.columns([6, 1], vertical_alignment="center")
    size = storage(inspection_quota.size(name))
    days = inspection_quota.days_left(name)
    ends = f" · {t('inspect.delete_ends', days=days)}" if days is not None else ""
    left.markdown(t("inspect.delete_line", name=code(title), size=size) + ends)
    with right.popover(t("inspect.delete_one"), width="stretch", key=f"delete-{name}"):
        st.button(t("inspect.delete_sure"), key=f"delete-sure-{name}", type="primary", on_click=_delete, args=(name,))


def _delete(name: str) -> None:
    """Delete an inspection; the page forgets it."""
    state = st.session_state
    try:
        if not inspection_quota.may_delete(name, state.get(MADE, set())):
            raise UserError("inspect_gone")
        inspection_quota.delete(name)
    except UserError as error:
        state[DELETE_PROBLEM] = error.bare()
        return
    state[DELETED] = "inspect.deleted"
    for names in (state[MINE], state.get(MADE, set())):
        names.discard(name)
    for key in (keys.INSPECTION, keys.AGAINST):
        if state.get(key) == name:
            state[key] = ""


def states_deletion(directory: Path, forget: Callable[[], None]) -> None:
    """Draw the button that deletes an inspection's states, if this visit may; ``forget`` closes their files first."""
    if problem := st.session_state.pop(STATES_PROBLEM, None):
        st.error(language.explain(problem))
    if not inspection_quota.may_delete(directory.name, st.session_state.get(MADE, set())):
        return
    size = storage(inspection_quota.states_size(directory))
    with st.popover(t("states.delete", size=size), key="delete-states"):
        st.markdown(t("states.delete_help"))
        arguments = (directory, forget)
        st.button(t("inspect.delete_sure"), key="delete-states-sure", on_click=_delete_states, args=arguments)


def _delete_states(directory: Path, forget: Callable[[], None]) -> None:
    try:
        if not inspection_quota.may_delete(directory.name, st.session_state.get(MADE, set())):
            raise UserError("inspect_gone")
        forget()
        inspection_quota.delete_states(directory)
        st.session_state[DELETED] = "states.deleted"
    except UserError as error:
        st.session_state[STATES_PROBLEM] = error.bare()

"""Slices: conditions with a name, saved for everybody who inspects the file; opened, renamed and deleted here."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from s2s.errors import UserError
from s2s.inspect.slice import Slice
from s2s.store.database import connect
from s2s.store.label import MAX_NAME
from s2s.store.slices import Slices
from s2s.web.inspection import state
from s2s.web.inspection.more_filters import more_filters
from s2s.web.inspection.state import InspectionView
from s2s.web.shell import language
from s2s.web.shell.bound import follows
from s2s.web.shell.language import explain, t

SLICE_NAME = "inspect_slice_name"  # the name as it is typed
SLICE_MISTAKE = "inspect_slice_mistake"  # UserError of the last change, shown once


def slices_section(view: InspectionView) -> None:
    """Draw, in an expander, the filters that no chart shows, and the saved slices."""
    with st.expander(t("slices.bar"), key="inspect_slices"):
        more_filters(view)
        try:
            _saved_slices(view, Slices(connect(), view.examples.manifest))
        except UserError as error:
            st.error(explain(error))


def slice_name(view: InspectionView) -> str:
    """The name of the saved slice whose conditions are in force; empty if there is none."""
    try:
        return _name_of(view.slice, Slices(connect(), view.examples.manifest).all()) if view.slice else ""
    except UserError:
        return ""


def _name_of(current: Slice, saved: dict[str, str]) -> str:
    packed = current.pack()
    return next((name for name, conditions in saved.items() if conditions == packed), "")


def _saved_slices(view: InspectionView, slices: Slices) -> None:
    saved = slices.all()
    current = view.slice
    name = _name_of(current, saved) if current else ""
    left, middle, *buttons = st.columns([4, 4, 2, 2], vertical_alignment="bottom")
    with left:
        _open_select(saved, name)
    if mistake := st.session_state.pop(SLICE_MISTAKE, None):
        st.error(explain(mistake))
    if not current:
        middle.caption(t("slices.help"))
        return
    key = f"{SLICE_NAME}-{name}"
    middle.text_input(t("slices.name"), name, key=key, max_chars=MAX_NAME)
    if name:
        buttons[0].button(
            t("labels.rename"), key="slice-rename", on_click=_rename, args=(slices, name, key), width="stretch"
        )
        buttons[1].button(
            t("inspect.delete_one"), key="slice-delete", on_click=_remove, args=(slices, name), width="stretch"
        )
    else:
        buttons[0].button(
            t("slices.save"), key="slice-save", on_click=_save, args=(slices, current, key), width="stretch"
        )


def _open_select(saved: dict[str, str], name: str) -> None:
    """Draw the choice of a saved slice; an emptied field shows all rows."""

    def change(chosen: str | None) -> None:
        if chosen:
            _try(lambda: state.open_slice(Slice.unpack(saved[chosen])))
        else:
            state.clear_conditions()

    bound = follows(f"slice-open-{language.current()}", list(saved), name or None, change)
    st.selectbox(t("slices.saved"), **bound, placeholder="—", disabled=not saved)


def _save(slices: Slices, current: Slice, key: str) -> None:
    _try(slices.add, st.session_state[key], current.pack())


def _remove(slices: Slices, name: str) -> None:
    """Delete a slice; its conditions stay in force and its name in the field, so that *Save* undoes it."""
    _try(slices.remove, name)
    st.session_state[f"{SLICE_NAME}-"] = name


def _rename(slices: Slices, name: str, key: str) -> None:
    if st.session_state[key].strip() != name:
        _try(slices.rename, name, st.session_state[key])


def _try(change: Callable[..., object], *values: str) -> None:
    try:
        change(*values)
    except UserError as error:
        st.session_state[SLICE_MISTAKE] = error.bare()
    except ValueError:  # a slice that a later version saved
        st.session_state[SLICE_MISTAKE] = UserError("link_filter")

"""Projector mode: large type and no sidebar, for the lesson, Step through and the classroom."""

from __future__ import annotations

import streamlit as st

from s2s.web.shell import keys, style
from s2s.web.shell.bound import shows
from s2s.web.shell.language import t


def switch() -> None:
    """The switch; its state is the link's ``projector``."""
    st.toggle(t("projector.switch"), **shows(keys.PROJECTOR), help=t("projector.help"))


def apply() -> None:
    """If the mode is on, its style, and a button that leaves it, because the sidebar is hidden."""
    if st.session_state[keys.PROJECTOR]:
        style.projector()
        with st.container(key="projector-title"):
            st.text(st.session_state[keys.TEXT])
        st.button(t("projector.leave"), key="projector-leave", on_click=_leave, shortcut="P", help=t("projector.key"))


def _leave() -> None:
    st.session_state[keys.PROJECTOR] = False

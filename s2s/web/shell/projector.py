"""Projector mode: large type and no sidebar, for the lesson, Step through and the classroom."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from s2s.player import bundle
from s2s.web.shell import keys, style
from s2s.web.shell.bound import shows
from s2s.web.shell.language import t


def switch() -> None:
    """The switch; its state is the link's ``projector``."""
    st.toggle(t("projector.switch"), **shows(keys.PROJECTOR), help=t("projector.help"))


def apply() -> None:
    """If the mode is on, its style, and a button that leaves it, because the sidebar is hidden; if it is off, a key.

    The key is that of a button that nobody sees: the switch may be in a closed menu.
    """
    if not st.session_state[keys.PROJECTOR]:
        st.button(t("projector.enter"), key="projector-enter", on_click=_set, args=(True,), shortcut="P")
    else:
        style.projector()
        with st.container(key="projector-title"):
            st.text(st.session_state[keys.TEXT])
        more: Any = {"on_click": _set, "args": (False,), "shortcut": "P", "help": t("projector.key")}
        st.button(t("projector.leave"), key="projector-leave", **more)


@functools.cache
def _component() -> Any:
    js = bundle.script(Path(__file__).parents[1] / "components" / "projected" / "projected.js")
    return st.components.v2.component("lookback_projected", html="<i hidden></i>", js=js)


def keep_focus(box: str) -> None:
    """Focus the element of the CSS selector ``box``, or the page, when the mode is entered or left; called last."""
    _component()(key="projected", data={"box": box, "projected": st.session_state[keys.PROJECTOR]}, height=1)


def words_and_figure() -> tuple[DeltaGenerator, DeltaGenerator]:
    """A container for words, and one for the figure that they lead to; in projector mode the figure stands first."""
    first, second = st.container(), st.container()
    return (second, first) if st.session_state[keys.PROJECTOR] else (first, second)


def show_chart(figure: Any, key: str, **options: Any) -> None:
    """Draw a plotly figure of a page that may be projected, with large type if it is."""
    if st.session_state[keys.PROJECTOR]:
        from s2s.figures.projected import enlarge

        enlarge(figure)
    st.plotly_chart(figure, key=key, **options)


def _set(on: bool) -> None:
    st.session_state[keys.PROJECTOR] = on

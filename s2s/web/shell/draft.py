"""Whose sentence is on screen: what the fields hold that was not run, and a reference typed for another sentence."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.player.bundle import script
from s2s.web.shell import keys, language
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t

FOLDER = Path(__file__).parents[1] / "components" / "draft"
OF = "ref_of"  # the session's last reference with the sentence that it belongs to
SWITCHES = "switches"  # how many times a model was chosen, which may bring another sentence
LONGEST = 60  # characters of the other sentence that are said


@functools.cache
def _component() -> Any:
    js = script(FOLDER / "draft.js")
    css = (FOLDER / "draft.css").read_text(encoding="utf-8")
    return st.components.v2.component("lookback_draft", html='<div class="draft"></div>', css=css, js=js)


def unrun() -> None:
    """Below the fields: that they hold another sentence than what is shown."""
    state = st.session_state
    words = {name: text for name, text in language.strings("player").items() if name.startswith("stale")}
    shown = {name: state[name] for name in (keys.TEXT, keys.REFERENCE)}
    _component()(key="draft", data={"shown": shown, "switches": state.get(SWITCHES, 0), "strings": words})


def stranger(pairs: Sequence[tuple[str, str]]) -> None:
    """That the reference was given for another sentence; ``pairs`` are sentences with references of their own."""
    if (other := _other(pairs)) is not None:
        with st.container(horizontal=True, vertical_alignment="center", key="stranger"):
            st.warning(t("step.stranger", text=code(other[:LONGEST])))
            st.button(t("step.stranger_drop"), key="drop_ref", on_click=_drop)
            st.button(t("step.stranger_keep"), key="keep_ref", on_click=_keep)


def switched() -> None:
    """Another model was chosen."""
    st.session_state[SWITCHES] = st.session_state.get(SWITCHES, 0) + 1


def _other(pairs: Sequence[tuple[str, str]]) -> str | None:
    """The sentence that the reference was given with, where it is another than the one on screen."""
    text, reference = (st.session_state[name].strip() for name in (keys.TEXT, keys.REFERENCE))
    before: tuple[str, str] | None = st.session_state.get(OF)
    if not text:
        return None  # nothing is compared
    if not reference or before is None or before[1] != reference or (text, reference) in pairs:
        _keep()
        return None
    return before[0] if before[0] != text else None


def _keep() -> None:
    st.session_state[OF] = tuple(st.session_state[name].strip() for name in (keys.TEXT, keys.REFERENCE))


def _drop() -> None:
    st.session_state[keys.REFERENCE] = ""

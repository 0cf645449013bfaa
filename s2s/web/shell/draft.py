"""Notes below the sentence form: the fields hold text that was not run; the reference was typed for another text."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.player.bundle import script
from s2s.web.shell import keys, language
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t

FOLDER = Path(__file__).parents[1] / "components" / "draft"
OF = "ref_of"  # a pair: the sentence that the last reference belongs to, and this reference
SWITCHES = "switches"  # how many times a model was chosen; each may have changed the sentence
BACKS = "backs"  # how many times the browser's Back or Forward was followed
LONGEST = 60  # characters of the other sentence that are shown


@functools.cache
def _component() -> Any:
    js = script(FOLDER / "draft.js")
    css = (FOLDER / "draft.css").read_text(encoding="utf-8")
    return st.components.v2.component("lookback_draft", html='<div class="draft"></div>', css=css, js=js)


def unrun_note() -> None:
    """A note below the fields, shown by the browser while they hold another sentence than the one that was run."""
    state = st.session_state
    words = {name: text for name, text in language.strings("player").items() if name.startswith("stale")}
    shown = {name: state[name] for name in (keys.TEXT, keys.REFERENCE)}
    counts = {"switches": state.get(SWITCHES, 0), "backs": state.get(BACKS, 0)}
    _component()(key="draft", data={"shown": shown, **counts, "strings": words})


def reference_warning(pairs: Sequence[tuple[str, str]], is_used: Callable[[], bool]) -> None:
    """Warn if the reference was typed for another sentence; one of the example ``pairs`` of the model never warns.

    Nor does a reference that the model cannot use: nothing is compared with it, and the page says why.
    """
    if (other := _other(pairs)) is not None and is_used():
        with st.container(horizontal=True, vertical_alignment="center", key="stranger"):
            st.warning(t("step.stranger", text=code(other[:LONGEST])))
            st.button(t("step.stranger_drop"), key="drop_ref", on_click=_drop)
            st.button(t("step.stranger_keep"), key="keep_ref", on_click=_keep)


def count_switch() -> None:
    """Count that another model was chosen."""
    st.session_state[SWITCHES] = st.session_state.get(SWITCHES, 0) + 1


def count_back() -> None:
    """Count that Back or Forward brought another sentence."""
    st.session_state[BACKS] = st.session_state.get(BACKS, 0) + 1


def _other(pairs: Sequence[tuple[str, str]]) -> str | None:
    """The sentence that the reference was typed for; None if it is the one on screen, or if there is no reference."""
    text, reference = (st.session_state[name].strip() for name in (keys.TEXT, keys.REFERENCE))
    before: tuple[str, str] | None = st.session_state.get(OF)
    if not text:
        return None  # there is no sentence to compare with
    if not reference or before is None or before[1] != reference or (text, reference) in pairs:
        _keep()
        return None
    return before[0] if before[0] != text else None


def _keep() -> None:
    st.session_state[OF] = tuple(st.session_state[name].strip() for name in (keys.TEXT, keys.REFERENCE))


def _drop() -> None:
    st.session_state[keys.REFERENCE] = ""

"""Widgets that show a value of the session, wherever and whenever they are mounted.

Streamlit tells the browser once of a value that the session was given, and only a widget that is mounted then hears
it. One in a popover that nobody has opened, an expander or a collapsed sidebar would begin with its own default, its
minimum or its first option, and send that back as if it had been chosen; one that was closed again would send back what
it showed before. So a widget begins with what the session says, and one that is given another value while it may be
closed is another widget from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

TURNS = "turns"  # of each name how many times ``set_shown`` gave it a value


def shows(name: str) -> dict[str, Any]:
    """Key and first value of a slider, a number, a text or a toggle that shows ``st.session_state[name]``."""
    state, key = st.session_state, _turned(name, name)
    if key == name:
        return {"key": name, "value": state[name]}
    return {"key": key, "value": state[name], "on_change": _take, "args": (name, key)}


def marks(key: str) -> dict[str, Any]:
    """Key and first choices of pills of which ``st.session_state[key]`` are chosen: a list."""
    return {"key": key, "default": st.session_state[key]}


def picks(key: str, options: Sequence[Any]) -> dict[str, Any]:
    """Options, key and first choice of a list of which ``st.session_state[key]`` is chosen, perhaps none."""
    chosen = st.session_state[key]
    return {"options": options, "key": key, "index": options.index(chosen) if chosen in options else None}


def chooses(name: str, spoken: str, options: Sequence[Any]) -> dict[str, Any]:
    """As ``picks``, of a list that Streamlit knows by its labels: each language, ``spoken``, has its own widget."""
    key = _turned(name, f"{name}-{spoken}")
    st.session_state[key] = st.session_state[name]
    return {**picks(key, options), "on_change": _take, "args": (name, key)}


def set_shown(**values: Any) -> None:
    """Give the session values that widgets which may be closed are to show."""
    state = st.session_state
    turns = state.setdefault(TURNS, {})
    for name, value in values.items():
        set_unbound(name, value)
        turns[name] = turns.get(name, 0) + 1


def set_unbound(name: str, value: Any) -> None:
    """Give the session a value that is no widget's: Streamlit would forget it with the widget."""
    state = st.session_state
    state[name] = value
    del state[name]  # and with it which widget had the name
    state[name] = value


def _turned(name: str, key: str) -> str:
    turn = st.session_state.get(TURNS, {}).get(name, 0)
    return f"{key}-{turn}" if turn else key


def _take(name: str, key: str) -> None:
    st.session_state[name] = st.session_state[key]

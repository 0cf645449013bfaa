"""Keys and first values of widgets that show a value of the session, also if they are mounted later.

Streamlit sends the browser a value that was set in the session once, and only a widget that is mounted at that time
takes it. A widget in a closed popover, expander or sidebar would begin with its own default, and send this back as if
it had been chosen; one that was opened and closed again would send back its earlier value, and one in a closed expander
takes a value so late that a quick next act still sends back the earlier one. Therefore a widget here gets the session's
value as its first value, and a value that is set while the widget may be closed changes the widget's key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

TURNS = "turns"  # by name: how many times ``set_shown`` set its value, or ``follows`` found it set
FOLLOWED = "followed"  # by name: the value that the widget of ``follows`` shows


def shows(name: str) -> dict[str, Any]:
    """Arguments of a slider, number, text or toggle for the value ``st.session_state[name]``: key and first value."""
    state, key = st.session_state, _turned(name, name)
    if key == name:
        return {"key": name, "value": state[name]}
    return {"key": key, "value": state[name], "on_change": _take, "args": (name, key)}


def marks(key: str) -> dict[str, Any]:
    """Arguments of pills for ``st.session_state[key]``, a list of the chosen ones: key and first choices."""
    return {"key": key, "default": st.session_state[key]}


def picks(key: str, options: Sequence[Any]) -> dict[str, Any]:
    """Arguments of a choice for ``st.session_state[key]``: options, key, first choice (None if it is no option)."""
    chosen = st.session_state[key]
    return {"options": options, "key": key, "index": options.index(chosen) if chosen in options else None}


def chooses(name: str, spoken: str, options: Sequence[Any], then: Callable[[], None] | None = None) -> dict[str, Any]:
    """As ``picks`` with a widget for each language ``spoken``, as Streamlit identifies options by their labels.

    ``then`` is called after the visitor has chosen another option.
    """
    key = _turned(name, f"{name}-{spoken}")
    st.session_state[key] = st.session_state[name]
    return {**picks(key, options), "on_change": _take, "args": (name, key, then)}


def follows(
    name: str, options: Sequence[Any], value: Any, then: Callable[[Any], None], empty: Any = None
) -> dict[str, Any]:
    """Arguments of a choice that shows ``value``, which other controls change, too; it may be in a closed expander.

    ``then`` is called with what the visitor has chosen here, ``empty`` if the field was emptied. Any other change of
    the value gives the widget another key: what the browser sends back of the old one then counts for nothing.
    """
    state = st.session_state
    followed, turns = state.setdefault(FOLLOWED, {}), state.setdefault(TURNS, {})
    if followed.setdefault(name, value) != value:
        turns[name] = turns.get(name, 0) + 1
        followed[name] = value
    key = _turned(name, name)

    def change() -> None:
        if key != _turned(name, name):
            return
        chosen = state[key]
        followed[name] = empty if chosen is None else chosen
        then(followed[name])

    return {
        "options": options,
        "key": key,
        "index": options.index(value) if value in options else None,
        "on_change": change,
    }


def set_shown(**values: Any) -> None:
    """Set values of the session whose widgets may be closed."""
    state = st.session_state
    turns = state.setdefault(TURNS, {})
    for name, value in values.items():
        set_unbound(name, value)
        turns[name] = turns.get(name, 0) + 1


def set_unbound(name: str, value: Any) -> None:
    """Set a value of the session that belongs to no widget: Streamlit deletes a widget's value together with it."""
    state = st.session_state
    state[name] = value
    del state[name]  # which also ends its connection to a widget
    state[name] = value


def _turned(name: str, key: str) -> str:
    turn = st.session_state.get(TURNS, {}).get(name, 0)
    return f"{key}-{turn}" if turn else key


def _take(name: str, key: str, then: Callable[[], None] | None = None) -> None:
    st.session_state[name] = st.session_state[key]
    if then is not None:
        then()

"""The teacher's room of a session: just opened, from a teacher's link, or stored in the teacher's browser."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from sqlalchemy import Engine

from s2s.errors import UserError
from s2s.player import bundle
from s2s.store import rooms
from s2s.web.shell import language

CLASS_PROBLEM = "class_problem"  # sentence of the last mistake, shown once
ROOM = "teach"  # code and key of the teacher's room, or None
ROOM_READ = "teach_heard"  # whether the browser's copy of the room has been read
ROOM_SEEN = "teach_seen"  # the room that this visit has seen open
ROOM_LEFT = "teach_left"  # the room that was left, for the browser to forget

FOLDER = Path(__file__).parents[1] / "components" / "room"
COMPONENT = "teacher"  # its key, under which the session holds what the browser set
KEY = re.compile(r"[\w-]{24}", re.ASCII)
Room = tuple[str, str]  # its code and its key


@functools.cache
def _component() -> Any:
    css = bundle.style(FOLDER / "teacher.css")
    js = bundle.script(FOLDER / "teacher.js")
    return st.components.v2.component("lookback_teacher", html='<div class="teacher"></div>', css=css, js=js)


def current_room(engine: Engine) -> tuple[Room | None, str]:
    """The session's room; without one ``ended`` if it has ended, ``closed`` if it is not the teacher's or long gone."""
    state, broken = st.session_state, False
    if ROOM not in state:
        linked = st.query_params.get("teach", "")
        code, _, key = linked.partition(".")
        enter_room(_valid_room(code, key))
        broken = bool(linked) and state[ROOM] is None
    stored = _browser_room()
    from_browser = state[ROOM] is None and not state[ROOM_READ] and stored is not None
    if from_browser:
        enter_room(stored)
    room: Room | None = state[ROOM]
    if from_browser and room is not None and rooms.is_teacher(engine, *room):
        st.rerun()  # the part above was drawn without a room
    if room is None or rooms.is_teacher(engine, *room):
        state[ROOM_SEEN] = room
        return room, "closed" if broken else ""
    own = room in (stored, state.get(ROOM_SEEN))
    leave_room()
    state[ROOM_READ] = room == stored  # after a wrong link the browser's room is still read
    return None, "ended" if own else "closed"


def enter_room(room: Room | None) -> None:
    """Make a room the session's; with None the browser's stored room is read next."""
    st.session_state.update({ROOM: room, ROOM_READ: room is not None, ROOM_LEFT: None})


def leave_room() -> None:
    """Forget the session's room; the browser deletes it, too."""
    st.session_state.update({ROOM: None, ROOM_READ: True, ROOM_LEFT: st.session_state[ROOM]})


def show_problem() -> None:
    """Show the error of the last button, once."""
    if problem := st.session_state.pop(CLASS_PROBLEM, None):
        st.error(problem)


def keep_problem(error: UserError) -> None:
    """Keep the error of a button for the next run; of a room that has ended the page itself says so."""
    if error.key != "error.room_unknown":
        st.session_state[CLASS_PROBLEM] = language.explain(error)


def sync_browser() -> None:
    """Mount the component that stores the room in the browser or reads it, and has the button for the link."""
    state = st.session_state
    data = {
        "room": _room_data(state[ROOM]),
        "heard": state[ROOM_READ],
        "left": _room_data(state[ROOM_LEFT]),
        "strings": language.strings("teacher"),
    }
    _component()(key=COMPONENT, data=data, on_kept_change=lambda: None)


def _room_data(room: Room | None) -> dict[str, str] | None:
    return {"code": room[0], "key": room[1]} if room else None


def _browser_room() -> Room | None:
    """The room that the browser has stored; None if there is none, or if what it sent is not valid."""
    sent = st.session_state.get(COMPONENT)
    stored = sent.get("kept") if isinstance(sent, Mapping) else None
    return _valid_room(stored.get("code"), stored.get("key")) if isinstance(stored, Mapping) else None


def _valid_room(code: object, key: object) -> Room | None:
    """The room if code and key have the right form; whether it exists is not checked."""
    if isinstance(code, str) and isinstance(key, str) and rooms.CODE.fullmatch(code) and KEY.fullmatch(key):
        return code, key
    return None

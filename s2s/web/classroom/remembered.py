"""Which room a visit teaches in: what it opened, a teacher's link, or what the teacher's browser kept."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from sqlalchemy import Engine

from s2s.player import bundle
from s2s.store import rooms
from s2s.web.shell import language

ROOM = "teach"  # code and key of the teacher's room, or None
ROOM_READ = "teach_heard"  # whether the browser's copy of the room has been read
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


def room(engine: Engine) -> tuple[Room | None, bool]:
    """The visit's room, and whether there was one that is no more, or whose key is wrong."""
    state, broken = st.session_state, False
    if ROOM not in state:
        linked = st.query_params.get("teach", "")
        code, _, key = linked.partition(".")
        enter(_room(code, key))
        broken = bool(linked) and state[ROOM] is None
    kept = _kept()
    found = state[ROOM] is None and not state[ROOM_READ] and kept is not None
    if found:
        enter(kept)
    held: Room | None = state[ROOM]
    if found and held is not None and rooms.teaches(engine, *held):
        st.rerun()  # what stands above was drawn as for a visit without a room
    if held is None or rooms.teaches(engine, *held):
        return held, broken
    leave()
    state[ROOM_READ] = held == kept  # a wrong link costs nobody the room that the browser kept
    return None, True


def enter(held: Room | None) -> None:
    """From now on the visit teaches in this room; in none until the browser says which it kept."""
    st.session_state.update({ROOM: held, ROOM_READ: held is not None, ROOM_LEFT: None})


def leave() -> None:
    """The visit's room is nobody's here; the browser loses it, too."""
    st.session_state.update({ROOM: None, ROOM_READ: True, ROOM_LEFT: st.session_state[ROOM]})


def remember() -> None:
    """What the browser keeps, and the button that copies the teacher's link; without a room it is asked for one."""
    state = st.session_state
    data = {
        "room": _data(state[ROOM]),
        "heard": state[ROOM_READ],
        "left": _data(state[ROOM_LEFT]),
        "strings": language.strings("teacher"),
    }
    _component()(key=COMPONENT, data=data, on_kept_change=lambda: None)


def _data(held: Room | None) -> dict[str, str] | None:
    return {"code": held[0], "key": held[1]} if held else None


def _kept() -> Room | None:
    """The room that the browser says it kept: client data."""
    told = st.session_state.get(COMPONENT)
    kept = told.get("kept") if isinstance(told, Mapping) else None
    return _room(kept.get("code"), kept.get("key")) if isinstance(kept, Mapping) else None


def _room(code: object, key: object) -> Room | None:
    """A room where both could be a room's; whether they are, the database knows."""
    if isinstance(code, str) and isinstance(key, str) and rooms.CODE.fullmatch(code) and KEY.fullmatch(key):
        return code, key
    return None

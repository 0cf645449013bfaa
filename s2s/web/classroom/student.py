"""A student's page: the question of a room and one vote for it, in a fragment that costs little to run again."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.errors import UserError
from s2s.player import bundle
from s2s.store import rooms
from s2s.store.database import connect
from s2s.web.shell import language, request

FOLDER = Path(__file__).parents[1] / "components" / "room"
NONE = -1  # a place or a word that was left out


@functools.cache
def _component() -> Any:
    css = bundle.style(FOLDER / "room.css")
    return st.components.v2.component(
        "lookback_room", html='<div class="room"></div>', css=css, js=bundle.script(FOLDER / "room.js")
    )


@st.fragment
def section(code: str) -> None:
    """The room of a code, in whatever case it was typed; a sentence where there is none."""
    code = code.strip().upper()[:12]
    handlers: dict[str, request.Handler] = {"look": _look, "vote": functools.partial(_vote, code)}
    asking = request.answer_request(request.state_digest("room", code), handlers)
    data = {"code": code, "strings": language.strings("room"), "asking": asking, **_shown(code)}
    _component()(key=request.COMPONENT, data=data, on_request_change=lambda: None)


def _shown(code: str) -> dict[str, Any]:
    """The room's state, of a revealed question the votes too, or why there is none."""
    state, counts, problem = rooms.RoomState(0, "waiting"), None, None
    try:
        engine = connect()
        state = rooms.state(engine, code)
        if state.phase == "revealed" and state.question:
            counts = asdict(rooms.counts(engine, code, state.number, state.question))
    except UserError as error:
        problem = language.spoken(error)
    return {"state": asdict(state), "counts": counts, "error": problem}


def _look(_: request.Request) -> Mapping[str, Any]:
    return {}


def _vote(code: str, asked: request.Request) -> Mapping[str, Any]:
    number = asked.whole("number", 1, rooms.MAX_QUESTIONS)
    place, word = (asked.whole(name, NONE, 10_000) for name in ("place", "word"))
    choice = (None if chosen == NONE else chosen for chosen in (place, word))
    rooms.vote(connect(), code, number, asked.text("voter"), *choice)
    return {}

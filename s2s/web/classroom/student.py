"""A student's page: a room's question and one vote, in a fragment that is cheap to rerun."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import streamlit as st

from s2s import settings
from s2s.errors import UserError
from s2s.player import bundle
from s2s.server import clients
from s2s.store import rooms, votes
from s2s.store.database import connect
from s2s.web.shell import language, request, turns

FOLDER = Path(__file__).parents[1] / "components" / "room"
VOTERS = "class_voters"  # the name under which this visit votes, by the room's code
SEEN = "class_seen"  # codes of the rooms that this visit has seen open
NO_CHOICE = -1  # a source word or a next word that the vote leaves out


@functools.cache
def _component() -> Any:
    css = bundle.style(FOLDER / "room.css")
    return st.components.v2.component(
        "lookback_room", html='<div class="room"></div>', css=css, js=bundle.script(FOLDER / "room.js")
    )


@st.fragment
def student_page(code: str) -> None:
    """Draw the room of a code, typed in upper or lower case, or say that there is none."""
    code = code.strip().upper()[:12]
    asking = request.answer_request(
        request.state_digest("room", code),
        {
            "look": _answer_poll,
            "join": functools.partial(_answer_join, code),
            "vote": functools.partial(_answer_vote, code),
        },
    )
    data = {"code": code, "strings": language.strings("room"), "asking": asking, **_room_data(code)}
    _component()(key=request.COMPONENT, data=data, on_request_change=lambda: None)


def _room_data(code: str) -> dict[str, Any]:
    """The room's state, after the reveal with the votes; or the error message. ``over``: there is nothing to wait for.

    A room that this visit saw open has ended, which is no error.
    """
    state, counts, problem, over = rooms.RoomState(0, "waiting"), None, None, False
    seen = st.session_state.setdefault(SEEN, set())
    try:
        engine = connect()
        state = rooms.read_room(engine, code)
        if state.phase == "revealed" and state.question:
            counts = asdict(votes.count_votes(engine, code, state.number, state.question))
        seen.add(code)
        language.answered("room")
    except UserError as error:
        over = error.key == "error.room_unknown"
        if over and settings.is_off("classroom"):
            error = UserError("rooms_off")
        problem = None if over and code in seen else language.spoken(language.count_once("room", error))
    return {"state": asdict(state), "counts": counts, "error": problem, "over": over}


def _answer_poll(_: request.Request) -> Mapping[str, Any]:
    return {}


def _answer_join(code: str, _: request.Request) -> Mapping[str, Any]:
    """Take a seat for this browser: one a visit, so that a script cannot take them all."""
    taken = st.session_state.setdefault(VOTERS, {})
    if code not in taken:
        try:
            taken[code] = votes.join_room(connect(), code, lambda: clients.check_join(turns.visitor().client))
        except UserError as error:
            if error.key == "error.room_unknown":  # which the page says
                return {}
            raise language.count_once("seat", error) from None
    return {"voter": taken[code]}


def _answer_vote(code: str, sent: request.Request) -> Mapping[str, Any]:
    """Record a vote. A visit votes under one name; a browser whose seat is unknown here has to join again."""
    voter = sent.text("voter")
    if st.session_state.get(VOTERS, {}).get(code, voter) != voter:
        raise UserError("request_broken")
    number = sent.whole("number", 1, settings.current().room_questions)
    place, word = (sent.whole(name, NO_CHOICE, 10_000) for name in ("place", "word"))
    choice = (None if chosen == NO_CHOICE else chosen for chosen in (place, word))
    try:
        votes.record_vote(connect(), code, number, voter, *choice)
    except UserError as error:
        if error.key == "error.vote_no_seat":
            st.session_state.get(VOTERS, {}).pop(code, None)
            return {"unseated": True}
        raise
    st.session_state.setdefault(VOTERS, {})[code] = voter
    return {}

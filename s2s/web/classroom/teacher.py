"""The teacher's page: open a room, ask, watch the votes, close, reveal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import segno
import streamlit as st
from sqlalchemy import Engine

from s2s import settings
from s2s.errors import UserError
from s2s.server import clients
from s2s.settings import checks
from s2s.store import rooms, votes
from s2s.store.database import connect
from s2s.trace.trace import Trace
from s2s.web.classroom import teacher_room
from s2s.web.classroom.board import render_board
from s2s.web.shell import controls, language, layout, models, request, turns
from s2s.web.shell.language import t

CLASS_PROBLEM = "class_problem"  # sentence of the last mistake, shown once

PASSWORD = "class_password"  # as the teacher typed it

PAGE = "classroom"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def teacher_page() -> None:
    """Draw the page; a UserError is shown as a message."""
    layout.write_address(controls.state())  # removes the key of a teacher's link from the address
    try:
        engine = connect()
        room, note = teacher_room.current_room(engine)
        if note == "ended":
            st.info(t("classroom.ended"))
        elif note:
            st.warning(t("classroom.closed"))
        if room is None:
            _show_problem()
            _opening_form(engine)
            teacher_room.sync_browser()
            return
        left, right = st.columns([9, 3], gap="medium")
        with right:
            _join_box(engine, *room)
        with left:
            _question_fragment(engine, *room)
    except UserError as error:
        st.error(language.explain(error))


def _show_problem() -> None:
    """Show the error of the last button, once."""
    if problem := st.session_state.pop(CLASS_PROBLEM, None):
        st.error(problem)


def _keep_problem(error: UserError) -> None:
    """Keep the error of a button for the next run; of a room that has ended the page itself says so."""
    if error.key != "error.room_unknown":
        st.session_state[CLASS_PROBLEM] = language.explain(error)


def _opening_form(engine: Engine) -> None:
    """The button that opens a room, and a field where the server has a password for teachers."""
    off = settings.is_off("classroom")
    with st.form("opening", border=False):
        if settings.current().teacher_password:
            most = checks.PASSWORD[1]
            st.text_input(t("classroom.password"), type="password", key=PASSWORD, max_chars=most, autocomplete="off")
        name, given = t("classroom.open"), (engine,)
        st.form_submit_button(name, key="open_room", type="primary", on_click=_open_room, args=given, disabled=off)
    if off:
        st.caption(t("error.switched_off"))


def _open_room(engine: Engine) -> None:
    try:
        clients.check_teacher(st.session_state.get(PASSWORD, ""))
        teacher_room.enter_room(rooms.open_room(engine, client=turns.visitor().client))
    except UserError as error:
        _keep_problem(error)


def join_link(address: str, code: str) -> str:
    """The link for the class, from the address of the teacher's page.

    >>> join_link("http://school.example/lookback/classroom", "ABC234")
    'http://school.example/lookback/?room=ABC234'
    """
    return f"{address.split('?')[0].rstrip('/').removesuffix(PAGE).rstrip('/')}/?room={code}"


def _join_box(engine: Engine, code: str, key: str) -> None:
    """Draw how the class gets in: QR code, link and code; below, how to leave the room."""
    address = join_link(st.context.url or "", code)
    picture = segno.make(address, error="m").svg_data_uri(scale=6, border=3, dark="#000", light="#fff")
    style = "width:100%;max-width:280px;border-radius:8px;display:block"
    st.html(f'<img src="{picture}" alt="{t("classroom.qr")}" style="{style}">')
    st.markdown(t("classroom.join"))
    st.code(address, language=None, wrap_lines=True)
    st.markdown(f"### {t('classroom.code')} `{code}`")
    _seats_form(engine, code, key)
    if urlsplit(address).hostname in LOCAL_HOSTS:
        st.caption(t("classroom.localhost"))
    st.caption(t("classroom.teacher_link"))
    teacher_room.sync_browser()
    with st.container(horizontal=True):
        st.button(t("classroom.leave"), key="leave_room", type="tertiary", on_click=teacher_room.leave_room)
        with st.popover(t("classroom.end"), type="tertiary"):
            st.markdown(t("classroom.end_help"))
            st.button(t("classroom.end_now"), key="end_room", on_click=_end_room, args=(engine, code, key))


def _seats_form(engine: Engine, code: str, key: str) -> None:
    """The number of the room's seats, and whether somebody without one may still take one."""
    seats = votes.read_seats(engine, code)
    count, locked = f"class_seats-{code}", f"class_locked-{code}"
    st.session_state.setdefault(count, seats.seats)
    st.session_state.setdefault(locked, seats.locked)

    def change() -> None:
        try:
            votes.set_seats(engine, code, key, st.session_state[count], st.session_state[locked])
        except UserError as error:
            _keep_problem(error)

    most = max(seats.seats, settings.current().room_voters)
    st.number_input(t("classroom.seats"), 1, most, key=count, on_change=change, help=t("classroom.seats_help"))
    st.toggle(t("classroom.locked"), key=locked, on_change=change, help=t("classroom.locked_help"))


def _end_room(engine: Engine, code: str, key: str) -> None:
    try:
        rooms.end_room(engine, code, key)
    except UserError as error:
        _keep_problem(error)
    teacher_room.leave_room()


def _free_lane() -> Trace:
    """The free-running lane of the page's sentence. Raises UserError if it cannot be decoded."""
    state = controls.state()
    name = controls.model_name(state)
    return models.decode(name, models.changed(name), state.source, "", "free", state.settings)


@st.fragment(run_every=1.0)
def _question_fragment(engine: Engine, code: str, key: str) -> None:
    """Draw the question with its votes, and the buttons; the fragment reads the room once a second."""
    try:
        _show_problem()
        state = rooms.read_room(engine, code)
        counts = None
        if state.question:
            counts = votes.count_votes(engine, code, state.number, state.question)
        _phase_controls(engine, code, key, state)
        status = t(f"classroom.phase.{state.phase}")
        seats = votes.read_seats(engine, code)
        taken = t("classroom.taken", taken=seats.taken, seats=seats.seats)
        if counts is None or state.question is None:
            st.markdown(f"{status} {taken}")
            return
        text = language.strings("classroom")
        st.markdown(f"#### {t('classroom.question', step=state.question.step + 1)}")
        st.markdown(f"{status} **{t('classroom.voters', count=counts.voters)}** · {taken}")
        st.html(render_board(state.question, counts, state.truth, text))
        if state.truth:
            st.caption(t("classroom.legend"))
        language.answered("class")
    except UserError as error:
        if error.key == "error.room_unknown":  # it has expired meanwhile, so the whole page must run
            st.rerun()
        st.error(language.explain(language.count_once("class", error)))


def _phase_controls(engine: Engine, code: str, key: str, state: rooms.RoomState) -> None:
    """Draw the choice of a step, and the one button that asks, closes and reveals; Page Down presses it."""
    lane = _free_lane()
    step, main = st.columns([3, 9], vertical_alignment="bottom")
    # The key contains question and lane: a value set here would be overwritten by the browser's, sent once a second.
    name = f"class_step-{state.number}-{request.state_digest(lane.source_tokens, [step.output for step in lane.steps])}"
    chosen = step.number_input(t("classroom.step"), 1, len(lane.steps), value=_next_step(state, lane), key=name)
    actions: dict[str, tuple[str, Any]] = {
        "open": (t("classroom.close"), lambda: rooms.set_phase(engine, code, key, "closed")),
        "closed": (t("classroom.reveal"), lambda: rooms.set_phase(engine, code, key, "revealed")),
    }
    ask = (
        t("classroom.ask", step=chosen),
        lambda: rooms.ask_question(engine, code, key, *rooms.make_question(lane, chosen - 1)),
    )
    name, action = actions.get(state.phase, ask)
    arguments = (engine, code, state, action)
    main.button(name, key="class_on", type="primary", shortcut="PageDown", on_click=_act_once, args=arguments)


def _next_step(state: rooms.RoomState, lane: Trace) -> int:
    """The step after that of the question on screen, from 1; the first if the question is about another lane."""
    question = state.question
    if question is None or tuple(question.source) != lane.source_tokens:
        return 1
    same = list(question.said) == [step.output for step in lane.steps[: question.step]]
    return min(question.step + 2, len(lane.steps)) if same else 1


def _act_once(engine: Engine, code: str, seen: rooms.RoomState, action: Any) -> None:
    """Act unless the room has changed since the button was drawn, so that one press does not act twice."""
    try:
        now = rooms.read_room(engine, code)
        if (now.number, now.phase) == (seen.number, seen.phase):
            action()
    except UserError as error:
        _keep_problem(error)

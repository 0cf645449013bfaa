"""The teacher's page: a room, the question on screen, the votes as they come, the reveal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import segno
import streamlit as st
from sqlalchemy import Engine

from s2s.errors import UserError
from s2s.store import rooms
from s2s.store.database import connect
from s2s.trace.trace import Trace
from s2s.web.classroom import remembered
from s2s.web.classroom.board import board
from s2s.web.shell import controls, language, layout, models, request
from s2s.web.shell.language import t

CLASS_PROBLEM = "class_problem"  # sentence of the last mistake, shown once

PAGE = "classroom"
NEARBY = ("localhost", "127.0.0.1", "::1")


def section() -> None:
    """Everything of the page; errors as sentences."""
    layout.write_address(controls.state())  # a teacher's link leaves it here
    try:
        engine = connect()
        room, closed = remembered.room(engine)
        if closed:
            st.warning(t("classroom.closed"))
        if room is None:
            _problem()
            st.button(t("classroom.open"), key="open_room", type="primary", on_click=_open, args=(engine,))
            remembered.remember()
            return
        left, right = st.columns([9, 3], gap="medium")
        with right:
            _join(room[0])
        with left:
            _live(engine, *room)
    except UserError as error:
        st.error(language.explain(error))


def _problem() -> None:
    """What the last button could not do."""
    if problem := st.session_state.pop(CLASS_PROBLEM, None):
        st.error(problem)


def _open(engine: Engine) -> None:
    try:
        remembered.enter(rooms.open_room(engine))
    except UserError as error:
        st.session_state[CLASS_PROBLEM] = language.explain(error)


def join_link(address: str, code: str) -> str:
    """The link for the class, from the address of the teacher's page.

    >>> join_link("http://school.example/lookback/classroom", "ABC234")
    'http://school.example/lookback/?room=ABC234'
    """
    return f"{address.split('?')[0].rstrip('/').removesuffix(PAGE).rstrip('/')}/?room={code}"


def _join(code: str) -> None:
    """The way in for the class: QR code, link, code."""
    address = join_link(st.context.url or "", code)
    picture = segno.make(address, error="m").svg_data_uri(scale=6, border=3, dark="#000", light="#fff")
    look = "width:100%;max-width:280px;border-radius:8px;display:block"
    st.html(f'<img src="{picture}" alt="{t("classroom.qr")}" style="{look}">')
    st.markdown(t("classroom.join"))
    st.code(address, language=None, wrap_lines=True)
    st.markdown(f"### {t('classroom.code')} `{code}`")
    if urlsplit(address).hostname in NEARBY:
        st.caption(t("classroom.localhost"))
    st.caption(t("classroom.teacher_link"))
    remembered.remember()
    st.button(t("classroom.leave"), key="leave_room", type="tertiary", on_click=remembered.leave)


def _lane() -> Trace:
    """The free-running lane of the sentence; UserError where it cannot be decoded."""
    state = controls.state()
    name = controls.model_name(state)
    return models.decode(name, models.changed(name), state.source, "", "free", state.settings)


@st.fragment(run_every=1.0)
def _live(engine: Engine, code: str, key: str) -> None:
    """The question with its votes, and the buttons; it looks at the room once a second."""
    try:
        _problem()
        state = rooms.state(engine, code)
        counts = None
        if state.question:
            counts = rooms.counts(engine, code, state.number, state.question)
        _controls(engine, code, key, state)
        status = t(f"classroom.phase.{state.phase}")
        if counts is None or state.question is None:
            st.markdown(status)
            return
        text = language.strings("classroom")
        st.markdown(f"#### {t('classroom.question', step=state.question.step + 1)}")
        st.markdown(f"{status} **{t('classroom.voters', count=counts.voters)}**")
        st.html(board(state.question, counts, state.truth, text))
        if state.truth:
            st.caption(t("classroom.legend"))
    except UserError as error:
        if error.key == "error.room_unknown":  # it has closed meanwhile, which concerns the whole page
            st.rerun()
        st.error(language.explain(error))


def _controls(engine: Engine, code: str, key: str, state: rooms.RoomState) -> None:
    """One button leads on, from asking to closing to revealing; a presenter's remote presses it."""
    lane = _lane()
    step, main = st.columns([3, 9], vertical_alignment="bottom")
    # A widget a question and lane: written to from here, it would be overruled by what the browser sends once a second.
    name = f"class_step-{state.number}-{request.state_digest(lane.source_tokens, [step.output for step in lane.steps])}"
    chosen = step.number_input(t("classroom.step"), 1, len(lane.steps), value=_next(state, lane), key=name)
    actions: dict[str, tuple[str, Any]] = {
        "open": (t("classroom.close"), lambda: rooms.turn(engine, code, key, "closed")),
        "closed": (t("classroom.reveal"), lambda: rooms.turn(engine, code, key, "revealed")),
    }
    ask = (
        t("classroom.ask", step=chosen),
        lambda: rooms.ask(engine, code, key, *rooms.about(lane, chosen - 1)),
    )
    name, action = actions.get(state.phase, ask)
    arguments = (engine, code, state, action)
    main.button(name, key="class_on", type="primary", shortcut="PageDown", on_click=_press, args=arguments)


def _next(state: rooms.RoomState, lane: Trace) -> int:
    """The step that follows the question on screen, counted from 1; of another lane the first."""
    asked = state.question
    if asked is None or tuple(asked.source) != lane.source_tokens:
        return 1
    same = list(asked.said) == [step.output for step in lane.steps[: asked.step]]
    return min(asked.step + 2, len(lane.steps)) if same else 1


def _press(engine: Engine, code: str, seen: rooms.RoomState, action: Any) -> None:
    """Act, unless the room is not any more what the button was drawn for: one press must not lead on twice."""
    try:
        now = rooms.state(engine, code)
        if (now.number, now.phase) == (seen.number, seen.phase):
            action()
    except UserError as error:
        st.session_state[CLASS_PROBLEM] = language.explain(error)

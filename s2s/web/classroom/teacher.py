"""The teacher's page: open a room, ask, watch the votes, close, reveal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st
from sqlalchemy import Engine

from s2s import settings
from s2s.errors import UserError, joined
from s2s.player import bundle
from s2s.server import clients
from s2s.settings import checks
from s2s.store import rooms, votes
from s2s.store.database import connect
from s2s.store.rooms import RoomState
from s2s.trace.trace import Trace
from s2s.web.classroom import join, teacher_room
from s2s.web.classroom.board import render_board
from s2s.web.shell import controls, keys, language, layout, models, projector, request, style, turns
from s2s.web.shell.foreign import plain, short
from s2s.web.shell.language import t

PASSWORD = "class_password"  # as the teacher typed it
FOLDER = Path(__file__).parents[1] / "components" / "room"


def teacher_page(names: list[str]) -> None:
    """Draw the page; a UserError is shown as a message. In a room the sentence's form stands below the question."""
    sheets = ("page.css", "projected.css") if st.session_state[keys.PROJECTOR] else ("page.css",)
    st.html(f"<style>{''.join(bundle.style(FOLDER / sheet) for sheet in sheets)}</style>")
    layout.write_address(controls.state())  # removes the key of a teacher's link from the address
    room = None
    try:
        engine = connect()
        room, note = teacher_room.current_room(engine)
        if note == "ended":
            st.info(t("classroom.ended"))
        elif note:
            st.warning(t("classroom.closed"))
        if room is not None:
            with st.container(key="class-head", horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{t('page.classroom')}**")
                join.room_menu(engine, *room)
                teacher_room.sync_browser()
            _question_fragment(engine, *room)
    except UserError as error:
        st.error(language.explain(error))
    if room is None:
        st.markdown(f"**{t('page.classroom')}** :small[:gray[{t('classroom.intro')}]]")
    _sentence_form(names, room is not None)
    if room is None:
        _opening_section()
    projector.keep_focus(".st-key-class-board")


def _sentence_form(names: list[str], teaching: bool) -> None:
    """The sentence that the next question is about; folded in a room, where its reference would tell the answer."""
    folded = st.expander(t("classroom.sentence"), expanded=not teaching, key=f"class-sentence-{teaching}")
    with folded, controls.sentence_line():
        controls.checkpoint(names)
        controls.example_sentences()
        projector.switch()
    style.veil_reference()


def _opening_section() -> None:
    """The button that opens a room, and a field where the server has a password for teachers."""
    teacher_room.show_problem()
    off = settings.is_off("classroom")
    with st.form("opening", border=False):
        if settings.current().teacher_password:
            most = checks.PASSWORD[1]
            st.text_input(t("classroom.password"), type="password", key=PASSWORD, max_chars=most, autocomplete="off")
        st.form_submit_button(t("classroom.open"), key="open_room", type="primary", on_click=_open_room, disabled=off)
    if off:
        st.caption(t("error.switched_off"))
    teacher_room.sync_browser()


def _open_room() -> None:
    try:
        clients.check_teacher(st.session_state.get(PASSWORD, ""))
        teacher_room.enter_room(rooms.open_room(connect(), client=turns.visitor().client))
    except UserError as error:
        teacher_room.keep_problem(error)


def _free_lane() -> Trace:
    """The free-running lane of the page's sentence. Raises UserError if it cannot be decoded."""
    state = controls.state()
    name = controls.model_name(state)
    return models.decode(name, models.changed(name), state.source, "", "free", state.settings)


@st.fragment(run_every=1.0)
def _question_fragment(engine: Engine, code: str, key: str) -> None:
    """Draw the buttons, and the question with its votes; the fragment reads the room once a second."""
    try:
        teacher_room.show_problem()
        state = rooms.read_room(engine, code)
        with st.container(key="class-line", horizontal=True, vertical_alignment="center"):
            _phase_controls(engine, code, key, state)
            question = state.question
            counts = votes.count_votes(engine, code, state.number, question) if question else None
            st.markdown(_status(state, votes.read_seats(engine, code), counts))
        with st.container(key="class-board"):
            _board_section(code, state, counts)
        language.answered("class")
    except UserError as error:
        if error.key == "error.room_unknown":  # it has expired meanwhile, so the whole page must run
            st.rerun()
        st.error(language.explain(language.count_once("class", error)))


def _status(state: RoomState, seats: votes.Seats, counts: votes.Counts | None) -> str:
    """Whether the vote is open, how many have voted, and how many seats are taken."""
    voted = f"**{t('classroom.voters', count=counts.voters)}** · " if counts else ""
    taken = t("classroom.taken", taken=seats.taken, seats=seats.seats)
    return joined(t(f"classroom.phase.{state.phase}"), voted + taken)


def _board_section(code: str, state: RoomState, counts: votes.Counts | None) -> None:
    """The question with its votes, beside the QR code while one may vote; before the first question that code alone."""
    text, address = language.strings("classroom"), join.class_link(code)
    way_in = join.render_join(address, code, text)
    if state.question and counts:
        st.html(render_board(state.question, counts, state.truth, text, way_in if state.phase == "open" else ""))
        return
    st.html(f'<div class="lb-waiting">{way_in}</div>')
    if join.is_local(address):
        alone = settings.current().address in join.LOCAL_HOSTS
        st.caption(t("classroom.localhost_alone" if alone else "classroom.localhost"))


def _phase_controls(engine: Engine, code: str, key: str, state: RoomState) -> None:
    """Draw the one button that asks, closes and reveals, on Page Down; beside *Ask* the choice of a step."""
    actions: dict[str, tuple[str, Any]] = {
        "open": (t("classroom.close"), lambda: rooms.set_phase(engine, code, key, "closed")),
        "closed": (t("classroom.reveal"), lambda: rooms.set_phase(engine, code, key, "revealed")),
    }
    place = st.container(width="content")
    try:
        name, action = actions[state.phase] if state.phase in actions else _asking(engine, code, key, state)
    except UserError as error:  # of a sentence that cannot be decoded; the board stays
        st.error(language.explain(language.count_once("class_lane", error)))
        return
    arguments = (engine, code, state, action)
    place.button(name, key="class_on", type="primary", shortcut="PageDown", on_click=_act_once, args=arguments)


def _asking(engine: Engine, code: str, key: str, state: RoomState) -> tuple[str, Any]:
    """Draw the choice of the next question's step; returns the label of the button that asks, and what it does.

    If the page's sentence is another than that of the question on screen, a line says which.
    """
    lane = _free_lane()
    # The key contains question and lane: a value set here would be overwritten by the browser's, sent once a second.
    name = f"class_step-{state.number}-{request.state_digest(lane.source_tokens, [step.output for step in lane.steps])}"
    first = _next_step(state, lane)
    chosen = st.number_input(t("classroom.step"), 1, len(lane.steps), value=first, key=name, width=200)
    if state.question is not None and tuple(state.question.source) != lane.source_tokens:
        st.markdown(t("classroom.next_about", text=plain(short(st.session_state[keys.TEXT]))))
    return t("classroom.ask", step=chosen), lambda: rooms.ask_question(
        engine, code, key, *rooms.make_question(lane, chosen - 1)
    )


def _next_step(state: RoomState, lane: Trace) -> int:
    """The step after that of the question on screen, from 1; the first if the question is about another lane."""
    question = state.question
    if question is None or tuple(question.source) != lane.source_tokens:
        return 1
    same = list(question.said) == [step.output for step in lane.steps[: question.step]]
    return min(question.step + 2, len(lane.steps)) if same else 1


def _act_once(engine: Engine, code: str, seen: RoomState, action: Any) -> None:
    """Act unless the room has changed since the button was drawn, so that one press does not act twice."""
    try:
        now = rooms.read_room(engine, code)
        if (now.number, now.phase) == (seen.number, seen.phase):
            action()
    except UserError as error:
        teacher_room.keep_problem(error)

"""How a class gets into a room, and what its teacher may change about it: seats, lock, link, leave, end."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from html import escape
from urllib.parse import urlsplit

import segno
import streamlit as st
from sqlalchemy import Engine

from s2s import settings
from s2s.errors import UserError
from s2s.store import rooms, votes
from s2s.web.classroom import teacher_room
from s2s.web.shell.bound import shows
from s2s.web.shell.language import t

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def join_link(address: str, code: str) -> str:
    """The link for the class, from the address of the teacher's page, which ends with one of the page's names.

    >>> join_link("http://school.example/lookback/classroom", "ABC234")
    'http://school.example/lookback/?room=ABC234'
    """
    return f"{address.split('?')[0].rpartition('/')[0]}/?room={code}"


def render_join(address: str, code: str, text: Mapping[str, str]) -> str:
    """The QR code of a link, with the link and the room's code, as HTML. ``text`` has the strings of the page."""
    return (
        f'<figure class="lb-join"><img src="{_picture(address)}" alt="{escape(text["qr"], quote=True)}">'
        f"<figcaption>{escape(text['join'])} <b>{escape(address)}</b><br>{escape(text['code'])} <b>{escape(code)}</b>"
        "</figcaption></figure>"
    )


def is_local(address: str) -> bool:
    """Whether only this computer reaches the address."""
    return urlsplit(address).hostname in LOCAL_HOSTS


@functools.lru_cache(maxsize=64)
def _picture(address: str) -> str:
    return segno.make(address, error="m").svg_data_uri(scale=6, border=3, dark="#000", light="#fff")


def class_link(code: str) -> str:
    """The link for the class to a room of this server."""
    return join_link(st.context.url or "", code)


def room_menu(engine: Engine, code: str, key: str) -> None:
    """A popover named after the room with its link, seats and lock; below, how to leave the room and how to end it."""
    with st.popover(f"{t('classroom.code')} {code}", key="room-menu"):
        st.markdown(t("classroom.join"))
        st.code(class_link(code), language=None, wrap_lines=True)
        _seats_form(engine, code, key)
        st.caption(t("classroom.teacher_link"))
        with st.expander(t("classroom.leave")):
            st.markdown(t("classroom.leave_help"))
            st.button(t("classroom.leave_now"), key="leave_room", on_click=teacher_room.leave_room)
        with st.expander(t("classroom.end")):
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
            teacher_room.keep_problem(error)

    most = max(seats.seats, settings.current().room_voters)
    seats_now, locked_now = shows(count), shows(locked)  # the menu may be closed
    st.number_input(t("classroom.seats"), 1, most, **seats_now, on_change=change, help=t("classroom.seats_help"))
    st.toggle(t("classroom.locked"), **locked_now, on_change=change, help=t("classroom.locked_help"))


def _end_room(engine: Engine, code: str, key: str) -> None:
    try:
        rooms.end_room(engine, code, key)
    except UserError as error:
        teacher_room.keep_problem(error)
    teacher_room.leave_room()

"""Share: a link for others, with a note and without what they need not see, and the HTML that frames it in a page."""

from __future__ import annotations

import functools
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from s2s.player.bundle import script
from s2s.web.shell import controls, keys, language, page_state
from s2s.web.shell.hidden import CONTROLS
from s2s.web.shell.language import t
from s2s.web.shell.link_values import MAX_NOTE
from s2s.web.shell.page_state import HIDEABLE, PageState, names_of

CHOSEN, NOTE, STEP = "share_hide", "share_note", "share_step"  # widgets of the dialog
PLACE = Path(__file__).parents[1] / "components" / "share" / "place.js"
LANE = "share_lane"  # the lane on screen when it was opened
OPENING = "share_opening"  # whether the button was just pressed
OPENED = "share_opened"  # how many times it was pressed
HEIGHT = 720  # pixels of the frame
PREVIEW = """<style>
.lb-share { display: flex; flex-wrap: wrap; gap: 4px; margin: 0; padding: 0; list-style: none; }
.lb-share li { border: 1px solid currentColor; border-radius: 6px; padding: 1px 8px; font-size: 0.85rem; }
.lb-share del { opacity: 0.75; }
.lb-share li:has(del) { border-style: dashed; }
</style>"""


def share_button() -> None:
    """A button that opens the dialog."""
    st.button(t("share.open"), key="share", help=t("share.help"), width="stretch", on_click=_open)
    if st.session_state.pop(OPENING, False):
        st.dialog(t("share.open"), width="medium")(_panel)()  # made here, as its title is in the page's language


def openings() -> int:
    """How many times the visitor has opened the dialog."""
    return int(st.session_state.get(OPENED, 0))


def _open() -> None:
    plain, state = PageState(), st.session_state
    state.update({OPENING: True, OPENED: openings() + 1, STEP: plain.step, LANE: plain.lane})


@functools.cache
def _place() -> Any:
    return st.components.v2.component("lookback_place", html="<i></i>", js=script(PLACE))


def _take_place(key: str) -> None:
    """Begin at the step and in the lane of the player, which only the browser's address has."""
    sent = st.session_state[key].get("place")
    here, _ = page_state.read_link({name: str(sent[name]) for name in ("step", "lane") if sent.get(name)})
    st.session_state.update({STEP: here.step, LANE: here.lane})


def _panel() -> None:
    """What is hidden, the note, the preview, link and frame."""
    key = f"share_place-{openings()}"
    _place()(key=key, on_place_change=functools.partial(_take_place, key))
    labels = {name: t(f"hide.{name}") for name in HIDEABLE}
    chosen = st.pills(
        t("share.hide"),
        HIDEABLE,
        selection_mode="multi",
        default=names_of(st.session_state[keys.HIDE]),
        format_func=labels.__getitem__,
        key=f"{CHOSEN}-{language.current()}",
        help=t("share.hide_help"),
    )
    note = st.text_area(t("share.note"), st.session_state[keys.NOTE], key=NOTE, max_chars=MAX_NOTE, height=90)
    step = st.number_input(t("share.step"), 1, 10_000, key=STEP)
    st.markdown(t("share.left"))
    st.html(PREVIEW + preview(chosen))
    if note.strip():
        with st.container(border=True):
            st.text(note.strip())
    address = link(chosen, note, int(step))
    st.markdown(t("share.link"))
    st.code(address, language=None, wrap_lines=True)
    st.markdown(t("share.frame"))
    st.code(frame(address, t("app.title")), language="html", wrap_lines=True)
    st.caption(t("share.frame_help"))


def preview(chosen: list[str]) -> str:
    """The controls and parts as HTML; those that are hidden are struck out."""
    lists = []
    for names in (CONTROLS, [name for name in HIDEABLE if name not in CONTROLS]):
        marked = ((escape(t(f"hide.{name}")), name in chosen) for name in names)
        lists.append("".join(f"<li><del>{text}</del></li>" if gone else f"<li>{text}</li>" for text, gone in marked))
    return "".join(f"<ul class='lb-share'>{items}</ul>" for items in lists)


def link(chosen: list[str], note: str, step: int) -> str:
    """The link to what is on screen, with these choices."""
    parameters = controls.address(controls.state())
    own = {"hide": ",".join(name for name in HIDEABLE if name in chosen), "note": note.strip()}
    parameters = {name: value for name, value in parameters.items() if name not in own}
    lane = st.session_state[LANE]
    parameters |= {name: value for name, value in own.items() if value}
    parameters |= {"step": str(step), "lane": lane} if step > 1 or lane != PageState().lane else {}
    return f"{(st.context.url or '').split('?')[0]}?{urlencode(parameters)}"


def frame(address: str, title: str) -> str:
    """HTML that shows a link in another page, without Streamlit's header.

    >>> frame("https://school.example/?text=a&lang=en", "Lookback")[:70]
    '<iframe src="https://school.example/?text=a&amp;lang=en&amp;embed=true'
    """
    source = escape(f"{address}&embed=true")
    style = "width:100%;border:0"
    return f'<iframe src="{source}" title="{escape(title)}" height="{HEIGHT}" style="{style}" loading="lazy"></iframe>'

"""The first minute and the guided tour of Step through: what their script needs, and the examples that it asks for."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.errors import UserError
from s2s.player import bundle
from s2s.web.shell import controls, keys, language, request

COMPONENT = "tour"
BARE = "bare_link"  # whether the visit began with a link that names nothing to look at

FOLDER = Path(__file__).parents[1] / "components" / "tour"
HARMLESS = {"lang", "model"}  # parameters of a link with which a first minute may begin


@functools.cache
def _component() -> Any:
    css = bundle.style(FOLDER / "tour.css")
    js = bundle.script(FOLDER / "tour.js")
    return st.components.v2.component("lookback_tour", html='<div class="tour"></div>', css=css, js=js)


def mount_tour() -> None:
    """Mount the script, which takes no room; call it before the form, because it may ask for an example."""
    if (asked := request.take_request(COMPONENT)) is not None:
        _answer(asked)
    data = {
        "strings": language.strings("tour"),
        "examples": controls.marked_examples(),
        "first": _is_first(),
        "seq": request.last_taken(COMPONENT),
    }
    _component()(key=COMPONENT, data=data, on_request_change=lambda: None)


def _answer(asked: request.Request) -> None:
    """Show the example that the script asks for; anything else is ignored, as it is no visitor's doing."""
    allowed = [example["number"] for example in controls.marked_examples().values()]
    try:
        number = asked.whole("number", 0, max(allowed, default=-1))
    except UserError:
        return
    if asked.kind == "example" and number in allowed:
        controls.use_example(number)


def _is_first() -> bool:
    """Whether the page shows what a visit begins with, and nothing that somebody chose or was sent."""
    state = st.session_state
    bare = state.setdefault(BARE, set(st.query_params) <= HARMLESS and not st.context.is_embedded)
    shown = controls.first_example(state[keys.MODEL]).get("text")
    return bool(bare and state[keys.TEXT] == shown and not state[keys.PREDICT] and not state[keys.PROJECTOR])

"""The visitor's session and the link: filled at the start of a visit, kept from page to page, taken back by Back.

The player writes the address, and reads its own part of it, the step and the lane. Python reads the other parameters
once, when a visit begins; later changes of the address do not reach it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from s2s.checkpoint.find import VIEW
from s2s.web.shell import bound, keys
from s2s.web.shell.page_state import FIELDS, INSPECTION, PLAYERS, SETTINGS, PageState, parameters, read_link, spelt

LAST_PAGE = "page"  # the page that ran last

VIEWED = rf"(.+){VIEW}([0-9]{{1,3}})\.([0-9]{{1,3}})"  # a checkpoint's name with the layer and head to look at


def restore(names: list[str], first: Callable[[str], dict[str, Any]]) -> None:
    """At the start of a visit, fill the session from the link; ``keys.IGNORED`` are the parameters that were refused.

    A link without a model gets the first, one without a text the example that ``first`` has for the model.
    """
    if keys.IGNORED not in st.session_state:
        state, ignored = read_link(st.query_params.to_dict())
        state = _viewed(state)
        if state.model not in names:
            if state.model:
                ignored.append(("model", state.model[:40]))
            state = replace(state, model=names[0])
        if "text" not in st.query_params:
            state = replace(state, **first(state.model))
        if state.compare not in ("", *names):
            ignored.append(("compare", state.compare[:40]))
            state = replace(state, compare="")
        if not spelt(state.text, state.tokens):
            ignored.append(("tokens", state.tokens[:40]))
            state = replace(state, tokens="")
        if not spelt(state.b_text, state.b_tokens):
            ignored.append(("b_tokens", state.b_tokens[:40]))
            state = replace(state, b_tokens="")
        kept = {name: value for name, value in parameters(state).items() if name not in PLAYERS}
        st.session_state.update(kept)
        st.session_state[keys.LAST_STATE] = kept  # of a page that is left before it runs again, too
        st.session_state[keys.IGNORED] = ignored


def back(names: Collection[str]) -> None:
    """After the browser's Back or Forward, the session as the address says it; what it does not name stays.

    ``names`` are the checkpoints. A page without an address of its own names nothing.
    """
    visit, state = get_script_run_ctx(), st.session_state
    if visit is None or not visit.is_history_navigation or keys.IGNORED not in state:
        return
    query = st.query_params.to_dict()
    linked, _ = read_link(query)
    named = [name for name in FIELDS if name not in (*PLAYERS, *INSPECTION, "branches")] if "text" in query else []
    named += INSPECTION if "inspection" in query else []
    other = {name: value for name in named if state.get(name) != (value := getattr(linked, name))}
    if other.get("model", "") not in names or other.get("compare", "") not in ("", *names):
        other = {name: value for name, value in other.items() if name not in ("model", "compare")}
    bound.set_shown(**{name: other.pop(name) for name in list(other) if name.removeprefix("b_") in SETTINGS})
    state.update(other)


def _viewed(state: PageState) -> PageState:
    """A state in which models are named with a layer and a head, as outside of links: these become fields."""
    if compare := re.fullmatch(VIEWED, state.compare):
        state = replace(state, compare=compare[1])
    if model := re.fullmatch(VIEWED, state.model):
        state = replace(state, model=model[1], layer=int(model[2]), head=int(model[3]))
    return state


def through_app() -> None:
    """Begin again with app.py where a page's file is run alone: so a server's first run of a link to a page begins.

    Streamlit takes the folder ``pages`` for its older kind of navigation until ``st.navigation`` has been called once.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def keep_fields(page: str) -> None:
    """Bring the fields back, which Streamlit forgets with their widgets; of this page's, those that it does not show.

    From then on they are the session's own: a callback, which comes before this, finds every one.
    """
    state = st.session_state
    kept = state.get(keys.LAST_STATE, {}) | {name: state[name] for name in FIELDS if name in state}
    another = state.get(LAST_PAGE, page) != page
    for name, value in kept.items():
        if another or name not in state:  # also what is still there: the new page's widgets have other identities
            bound.set_unbound(name, value)
    state.update({LAST_PAGE: page, keys.LAST_STATE: kept})

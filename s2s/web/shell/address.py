"""The link and the session: read the link when a visit begins, keep its fields between pages, follow the Back button.

The player writes the address and reads its own parameters, the step and the lane. Python reads the others once, when a
visit begins, and again after Back or Forward.
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
from s2s.errors import LANGUAGES, UserError
from s2s.web.shell import bound, draft, keys, language
from s2s.web.shell.link_values import refuse
from s2s.web.shell.page_state import (
    FIELDS,
    INSPECTION,
    PLAYERS,
    SETTINGS,
    PageState,
    parameters,
    read_link,
    spelt,
)

LAST_PAGE = "page"  # the page that ran last
ASKED_NAME = "asked_name"  # the page that the visit began with, as its address spells it
IN_POPOVERS = (*SETTINGS, "mode", keys.LAYER, keys.HEAD, keys.PREDICT, keys.PROJECTOR)  # whose widgets may be closed

VIEWED = rf"(.+){VIEW}([0-9]{{1,3}})\.([0-9]{{1,3}})"  # a checkpoint's name with the layer and head to show


def restore(names: list[str], first: Callable[[str], dict[str, Any]]) -> None:
    """At the start of a visit, fill the session from the link; later calls do nothing.

    Refused parameters get their default and go into ``keys.IGNORED``. Without a model in the link the first of
    ``names`` is chosen; without a text, the example that ``first`` gives for the model.
    """
    if keys.IGNORED not in st.session_state:
        state, ignored = read_link(st.query_params.to_dict())
        state = _viewed(state)
        if state.model not in names:
            if state.model:
                ignored.append(refuse("model", state.model, UserError("link_model"), names[0]))
            state = replace(state, model=names[0])
        refused = {one.name for one in ignored}
        if "text" not in st.query_params or "text" in refused:
            state = replace(state, **first(state.model), tokens="" if "text" in refused else state.tokens)
        if "b_text" in refused:
            state = replace(state, b_tokens="")
        if state.compare not in ("", *names):
            ignored.append(refuse("compare", state.compare, UserError("link_model")))
            state = replace(state, compare="")
        if not spelt(state.text, state.tokens):
            ignored.append(refuse("tokens", state.tokens, UserError("link_spelling")))
            state = replace(state, tokens="")
        if not spelt(state.b_text, state.b_tokens):
            ignored.append(refuse("b_tokens", state.b_tokens, UserError("link_spelling")))
            state = replace(state, b_tokens="")
        if (lang := st.query_params.get("lang", "")) not in ("", *LANGUAGES):
            reason = UserError("link_choice", known=", ".join(LANGUAGES))
            ignored.append(refuse("lang", lang, reason, language.current()))
        fields = {name: value for name, value in parameters(state).items() if name not in PLAYERS}
        st.session_state.update(fields)
        st.session_state[keys.LAST_STATE] = fields  # now, because the page may be left before it runs again
        st.session_state[keys.IGNORED] = ignored


def back(names: Collection[str]) -> None:
    """After the browser's Back or Forward, read the address again into the session.

    ``names`` are the checkpoints. The address of most pages contains a text, and then all other fields; that of the
    inspection contains its own; with neither, nothing changes.
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
    bound.set_shown(**{name: other.pop(name) for name in list(other) if name.removeprefix("b_") in IN_POPOVERS})
    state.update(other)
    if {keys.TEXT, keys.REFERENCE} & other.keys():
        draft.count_back()


def _viewed(state: PageState) -> PageState:
    """Move a layer and head in the names of the models (``NAME@LAYER.HEAD``) to the fields of the state."""
    if compare := re.fullmatch(VIEWED, state.compare):
        state = replace(state, compare=compare[1])
    if model := re.fullmatch(VIEWED, state.model):
        state = replace(state, model=model[1], layer=int(model[2]), head=int(model[3]))
    return state


def through_app() -> None:
    """Rerun through app.py if Streamlit ran the file of a page alone.

    Until ``st.navigation`` has been called once in a server, Streamlit takes the folder ``pages`` for its older kind of
    navigation, and runs the file of the page that a link names.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def asked_name() -> str:
    """The name of the page with which the visit began, as the address spells it; empty for the first page.

    The browser tells it once and then identifies the page by a hash of this name, so the session keeps it.
    """
    visit, state = get_script_run_ctx(), st.session_state
    if visit is not None and visit.pages_manager.intended_page_name:
        state[ASKED_NAME] = visit.pages_manager.intended_page_name
    return str(state.get(ASKED_NAME, ""))


def same_name(asked: str, names: Collection[str]) -> bool:
    """Whether a name of an address is one of ``names``, in any case, and with hyphens or underscores.

    >>> same_name("Step_Through", ["step-through"]), same_name("stop", ["step"])
    (True, False)
    """
    return _plain(asked) in map(_plain, names)


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def keep_fields(page: str) -> None:
    """Restore the fields that Streamlit deleted together with their widgets.

    Streamlit deletes a value whose widget is not on the page. Restored values belong to no widget, so that they stay,
    and callbacks, which run before the next restoration, find all of them.
    """
    state = st.session_state
    fields = state.get(keys.LAST_STATE, {}) | {name: state[name] for name in FIELDS if name in state}
    another = state.get(LAST_PAGE, page) != page
    for name, value in fields.items():
        if another or name not in state:  # on another page all of them, because its widgets have other identities
            bound.set_unbound(name, value)
    state.update({LAST_PAGE: page, keys.LAST_STATE: fields})

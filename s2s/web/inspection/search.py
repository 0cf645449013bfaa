"""The search above the table: a text, a word or a regular expression, in a field; several searches hold together."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from s2s.errors import UserError
from s2s.inspect.query import HOW, MOST, MOST_SEARCHES, SEARCHED, Query, Search
from s2s.web.inspection import state
from s2s.web.shell import language
from s2s.web.shell.bound import chooses, shows
from s2s.web.shell.language import t

INSPECT_SEARCH = "inspect_search"
SEARCH_HOW = "inspect_search_how"
SEARCH_FIELD = "inspect_search_field"
EDITED = "inspect_search_edited"  # the index of the search that the field shows; one more than the last: a new one


def search_controls(query: Query) -> None:
    """Draw the field with the search that is edited, how and where it searches, and a button for another one."""
    edited, session = _edited(query), st.session_state
    wrong = session.get(state.WRONG_SEARCH)
    session.setdefault(SEARCH_HOW, HOW[0])
    session.setdefault(SEARCH_FIELD, "")
    session[INSPECT_SEARCH] = edited.text if edited else ""
    if wrong is not None:
        session[INSPECT_SEARCH] = wrong.text
    elif edited is not None:
        session[SEARCH_HOW], session[SEARCH_FIELD] = edited.how, edited.field
    left, middle, right, more = st.columns([5, 3, 3, 2], vertical_alignment="bottom")
    left.text_input(t("inspect.search"), **shows(INSPECT_SEARCH), max_chars=MOST, on_change=_change_search)
    ways = {how: t(f"inspect.search_{how}") for how in HOW}
    fields = {"": t("inspect.search_anywhere"), **{name: t(f"inspect.column.{name}") for name in SEARCHED}}
    for column, name, title, names in (
        (middle, SEARCH_HOW, "inspect.search_how", ways),
        (right, SEARCH_FIELD, "inspect.search_field", fields),
    ):
        bound = chooses(name, language.current(), list(names), _change_search)
        column.selectbox(t(title), **bound, format_func=names.__getitem__)
    full = edited is None or len(query.searches) >= MOST_SEARCHES
    more.button(
        t("inspect.search_more"), key="inspect_search_more", on_click=_search_more, disabled=full, width="stretch"
    )
    if wrong is not None:
        st.error(language.explain(wrong.reason))


def _index(query: Query) -> int:
    return min(int(st.session_state.get(EDITED, 0)), len(query.searches))


def _edited(query: Query) -> Search | None:
    index = _index(query)
    return query.searches[index] if index < len(query.searches) else None


def _search_more() -> None:
    """Leave the searches as they are and begin another one."""
    st.session_state[EDITED] = len(state.current_query().searches)


def _change_search() -> None:
    session, query = st.session_state, state.current_query()
    text, index, edited = session[INSPECT_SEARCH].strip(), _index(query), _edited(query)
    wrong = session.pop(state.WRONG_SEARCH, None)
    if not text and edited is None and wrong is None:
        return
    try:
        negated = edited is not None and edited.negated
        new = (Search(text, session[SEARCH_HOW], session[SEARCH_FIELD], negated),) if text else ()
    except UserError as error:
        session[state.WRONG_SEARCH] = state.WrongSearch(text, error.bare())
        return
    session[EDITED] = index
    state.set_query(replace(query, searches=(*query.searches[:index], *new, *query.searches[index + 1 :])))

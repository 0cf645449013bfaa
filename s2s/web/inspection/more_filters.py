"""Filters that no chart shows: verdict, the rarest source word, unknown words, columns of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from s2s.inspect.matching import extra_columns
from s2s.inspect.query import UNKNOWN, VERDICTS
from s2s.inspect.table import Examples
from s2s.web.inspection import state
from s2s.web.inspection.state import InspectionView
from s2s.web.shell import language
from s2s.web.shell.bound import follows
from s2s.web.shell.language import t

RANK = "rarest_rank"
BUCKETS = ((None, 100), (101, 1_000), (1_001, 10_000), (10_001, None))  # of the rarest source word's rank
OWN_COLUMN = "inspect_own_column"  # the user's own column whose values are offered


@st.cache_resource(max_entries=16, show_spinner=False)
def _own_columns(key: tuple[Any, ...], _examples: Examples) -> dict[str, list[str]]:
    return extra_columns(_examples)


@st.cache_resource(max_entries=16, show_spinner=False)
def _is_ranked(key: tuple[Any, ...], _examples: Examples) -> bool:
    return bool(_examples.column(RANK).null_count < len(_examples))


def more_filters(view: InspectionView) -> None:
    """Draw the choices; each changes the query at once."""
    query, columns = view.query, _own_columns(view.key, view.examples)
    with st.container(horizontal=True):
        verdicts = {"": t("labels.filter_all"), **{name: t(f"inspect.verdict.{name}") for name in VERDICTS}}
        _choice("verdict", "inspect.verdict", verdicts, query.verdict, _set_verdict)
        if _is_ranked(view.key, view.examples):
            ends = query.ranges.get(RANK)
            _choice(RANK, f"inspect.column.{RANK}", _buckets(ends), ends or "", _set_rank)
        unknown = {"": t("labels.filter_all"), **{name: t(f"inspect.unknown.{name}") for name in UNKNOWN}}
        _choice("unknown", "inspect.unknown", unknown, query.unknown[0] if query.unknown else "", _set_unknown)
        if columns:
            _own_column(view, columns)


def _buckets(ends: tuple[float | None, float | None] | None) -> dict[Any, str]:
    """The ranges of ranks in words, with that of the query, which may be another one."""
    buckets: dict[Any, str] = {"": t("labels.filter_all")}
    for low, high in dict.fromkeys([*BUCKETS, *([ends] if ends else [])]):
        if high is None or low is None:
            limit = high if low is None else low
            buckets[low, high] = "" if limit is None else f"{'≤' if low is None else '≥'} {limit:,.0f}"
        else:
            buckets[low, high] = f"{low:,.0f}–{high:,.0f}"
    return buckets


def _choice(name: str, title: str, names: dict[Any, str], chosen: Any, then: Callable[[Any], None]) -> None:
    """Draw a selectbox, whose key contains the language, under a title's key; an emptied field filters nothing."""
    none = next(iter(names))
    bound = follows(f"inspect-filter-{name}-{language.current()}", list(names), chosen, then, none)
    st.selectbox(t(title), **bound, format_func=names.__getitem__, placeholder=names[none])


def _set_verdict(chosen: str) -> None:
    state.set_query(replace(state.current_query(), verdict=chosen))


def _set_rank(chosen: Any) -> None:
    query = state.current_query().without(f"ranges:{RANK}")
    state.set_query(replace(query, ranges={**query.ranges, RANK: chosen}) if chosen else query)


def _set_unknown(chosen: str) -> None:
    state.set_query(replace(state.current_query(), unknown=(chosen,) if chosen else ()))


def _own_column(view: InspectionView, columns: dict[str, list[str]]) -> None:
    """Draw the choice of one of the user's own columns, and that of its value."""
    filtered = [name for name in view.query.extra if name in columns]
    name = st.session_state.get(OWN_COLUMN) or (filtered[0] if filtered else next(iter(columns)))
    name = name if name in columns else next(iter(columns))
    _choice("own", "inspect.own_column", {one: one for one in columns}, name, _set_column)
    values = {"": t("labels.filter_all"), **{value: value for value in columns[name]}}
    chosen = view.query.extra.get(name, "")
    if chosen:  # may be too rare to be listed
        values[chosen] = chosen
    _choice(f"value-{name}", "inspect.own_value", values, chosen, lambda value: _set_value(name, value))


def _set_column(chosen: str) -> None:
    st.session_state[OWN_COLUMN] = chosen


def _set_value(name: str, chosen: str) -> None:
    query = state.current_query().without(f"extra:{name}")
    state.set_query(replace(query, extra={**query.extra, name: chosen}) if chosen else query)

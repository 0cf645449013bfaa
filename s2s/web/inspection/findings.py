"""Where a model is bad: an expander with the worst slices, words by training frequency, and n-grams of two systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from s2s.errors import UserError
from s2s.figures.numbers import chance, signed
from s2s.inspect.conditions import describe_conditions
from s2s.inspect.paired import Paired
from s2s.inspect.query import DIFFERENCE, Query
from s2s.inspect.slice import Slice
from s2s.inspect.table import Examples
from s2s.inspect.worst import WorstSearch, WorstSlice, query_of, worst_slices
from s2s.web.inspection import state
from s2s.web.inspection.state import InspectionView
from s2s.web.inspection.word_tables import word_tables
from s2s.web.shell import language
from s2s.web.shell.bound import picks
from s2s.web.shell.foreign import plain
from s2s.web.shell.language import t
from s2s.web.shell.titles import pair_titles

BASE = "inspect_worst_base"  # the ``Base`` of the search on screen
SCORE = "inspect_worst_score"  # what is searched by
SURE = 0.05  # the largest p of a slice that is listed
BEHIND, AHEAD = "behind", "ahead"  # of two inspections: where the first is worse, where it is better


@dataclass(frozen=True)
class Base:
    """The rows among which slices are searched: those that fitted when the search began."""

    key: tuple[Any, ...]  # of the inspection
    rows_key: tuple[Any, ...]
    slice: Slice
    rows_N: np.ndarray | None


@st.cache_resource(max_entries=32, show_spinner=False)
def _search(rows_key: tuple[Any, ...], score: str, _examples: Examples, _rows_N: np.ndarray | None) -> WorstSearch:
    if score in (BEHIND, AHEAD):
        return worst_slices(_examples, DIFFERENCE, _rows_N, high=score == AHEAD)
    return worst_slices(_examples, score, _rows_N)


def findings_section(view: InspectionView) -> None:
    """Draw the expander; what is in it is computed only while it is open."""
    with st.expander(t("findings.bar"), key="inspect_findings", on_change="rerun") as section:
        if section.open:
            _worst_slices(view)
            with st.spinner(t("inspect.summing"), show_time=False):
                word_tables(view)


def _worst_slices(view: InspectionView) -> None:
    """Draw the slices that a search found, each a button that filters by it."""
    st.markdown(f"**{t('findings.worst')}**", help=t("findings.worst_help"))
    score, base = _score_select(view), _base(view)
    with st.spinner(t("findings.searching"), show_time=False):
        search = _search(base.rows_key, score, view.examples, base.rows_N)
    sure = [one for one in search.found if one.p <= SURE]
    told = {"slices": search.candidates, "rows": search.rows, "least": search.least}
    if not search.candidates:
        st.caption(t("findings.too_few", **told))
    elif not sure:
        st.caption(t("findings.none", **told))
    else:
        st.caption(t("findings.searched", **told))
    for number, one in enumerate(sure):
        _found_slice(view, base, score, one, number)
    if view.rows_key != base.rows_key:
        count = len(view.examples) if view.rows_N is None else int(view.rows_N.sum())
        st.button(t("findings.again", count=count), key="worst-again", on_click=_forget_base)


def _score_select(view: InspectionView) -> str:
    """Draw the choice of what is searched by; returns it."""
    if isinstance(view.examples, Paired):
        a, b = pair_titles(view.entry.checkpoint, view.examples.second.manifest["checkpoint"]["name"])
        score = t(f"inspect.column.{view.examples.score}")
        both = ((BEHIND, a, b), (AHEAD, b, a))
        titles = {name: t("findings.behind", first=x, second=y, score=score) for name, x, y in both}
    else:
        names = ("chrf", "error", "nll")
        there = [name for name in names if view.examples.column(name).null_count < len(view.examples)]
        titles = {name: t(f"findings.by_{name}") for name in there}
    key = f"{SCORE}-{language.current()}"
    chosen = st.session_state.get(SCORE)
    st.session_state[key] = chosen if chosen in titles else next(iter(titles))
    st.selectbox(
        t("findings.by"),
        **picks(key, list(titles)),
        format_func=titles.__getitem__,
        on_change=lambda: st.session_state.update({SCORE: st.session_state[key]}),
        width=480,
    )
    return str(st.session_state[key] or next(iter(titles)))


def _base(view: InspectionView) -> Base:
    """The rows that are searched; they stay the same while found slices are opened and closed."""
    base: Base | None = st.session_state.get(BASE)
    if base is None or base.key != view.key:
        base = Base(view.key, view.rows_key, view.slice, view.rows_N)
        st.session_state[BASE] = base
    return base


def _forget_base() -> None:
    st.session_state.pop(BASE, None)


def _found_slice(view: InspectionView, base: Base, score: str, one: WorstSlice, number: int) -> None:
    """Draw a slice's button and its numbers."""
    chosen = narrowed(base.slice, query_of(one.kind, one.value))
    left, right = st.columns([4, 7], vertical_alignment="center")
    left.button(
        plain(_words([one])),
        key=f"worst-{number}",
        type="primary" if chosen == view.slice else "secondary",
        on_click=_open,
        args=(chosen, base.slice, chosen == view.slice),
        disabled=chosen is None,
        width="stretch",
    )
    percent = 100.0 if score == "error" else 1.0
    numbers = {
        name: signed(f"{percent * value:.3g}") if (value := getattr(one, name)) is not None else "–"
        for name in ("mean", "rest", "difference", "low", "high")
    }
    key = "share" if score == "error" else "difference" if score in (BEHIND, AHEAD) else "mean"
    line = t(f"findings.{key}", count=one.count, p=chance(one.p), **numbers)
    also = t("findings.also", slices=plain(_words([_Named(*other) for other in one.also[:3]]))) if one.also else ""
    right.markdown(line)
    if also:
        right.caption(also)


@dataclass(frozen=True)
class _Named:
    kind: str
    value: Any


def _words(slices: Sequence[WorstSlice | _Named]) -> str:
    """Slices in words, as the chips say them."""
    described = (describe_conditions(query_of(one.kind, one.value), t) for one in slices)
    return t("app.list").join(words for conditions in described for _, words in conditions)


def _open(chosen: Slice, base: Slice, is_open: bool) -> None:
    """Filter by a slice, or by what was searched again."""
    state.open_slice(base if is_open else chosen)


def narrowed(base: Slice, found: Query) -> Slice | None:
    """The rows of a slice that meet the conditions of a found one, too; None if that are too many conditions."""
    query = base.query
    ranges = {**query.ranges}
    for name, (low, high) in found.ranges.items():
        ends = ranges.get(name, (None, None))
        lows, highs = ([x for x in pair if x is not None] for pair in ((ends[0], low), (ends[1], high)))
        ranges[name] = max(lows, default=None), min(highs, default=None)
    try:
        return replace(
            base,
            query=replace(
                query,
                ranges=ranges,
                searches=(*query.searches, *found.searches),
                unknown=tuple(dict.fromkeys((*query.unknown, *found.unknown))),
                extra={**query.extra, **found.extra},
            ),
        )
    except UserError:
        return None

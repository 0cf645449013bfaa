"""The state of the page: inspection, query and open row, in the session under the keys of the link."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from s2s.errors import UserError
from s2s.inspect.causes import TAGS
from s2s.inspect.paired import Paired
from s2s.inspect.query import DIFFERENCE, NUMBERS, SORTS, WORDS, Query
from s2s.inspect.slice import Slice
from s2s.inspect.table import Examples
from s2s.server import inspections
from s2s.store.label import LabelFilter
from s2s.web.inspection import label_filter, labels
from s2s.web.inspection.bookmarks import take_bookmarks
from s2s.web.shell import keys, language, request
from s2s.web.shell.link_values import MAX_VALUE
from s2s.web.shell.page_state import INSPECTION, PageState, write_link
from s2s.web.shell.request import Request

PAGE_ROWS = 10  # rows of one page of the table
WRONG_SEARCH = "inspect_search_wrong"  # ``WrongSearch`` until the search is changed


class WrongSearch(NamedTuple):
    """A search that cannot be made: what was typed, and why."""

    text: str
    reason: UserError


@dataclass(frozen=True)
class InspectionView:
    """A finished inspection, or two, with the query and the labels that choose and sort its rows.

    The open row stays among the rows even if a new label excludes it, until another row is opened.
    """

    entry: inspections.InspectionEntry
    examples: Examples
    key: tuple[Any, ...]  # identifies the examples' files for caches
    query: Query
    label_view: label_filter.LabelView
    positions: np.ndarray  # of the rows that fit, among all examples, in the query's order

    def refreshed(self) -> InspectionView:
        """The same inspection with the session's current query and the current labels."""
        return _make_view(self.entry, self.examples, self.key)

    @property
    def outer_state(self) -> tuple[Any, ...]:
        """The values that the page outside the fragment depends on; if they change, the whole page must run."""
        label_view = self.label_view
        mask = None if label_view.mask_N is None else label_view.mask_N.tobytes()
        lost = label_view.problem is not None
        return self.query, mask, label_view.filter, label_view.people, tuple(label_view.categories.items()), lost

    @property
    def directory(self) -> Path:
        """The directory of the (first) inspection."""
        return self.examples.directory

    def masks(self) -> dict[str, np.ndarray]:
        """For each condition the rows that meet it, by name: ``Examples.masks``, and ``labels`` if filtered by them."""
        labels = {} if self.label_view.mask_N is None else {"labels": self.label_view.mask_N}
        return self.examples.masks(self.query) | labels

    @property
    def slice(self) -> Slice:
        """The conditions in force; false if there are none."""
        return Slice(self.query, self.label_view.filter if self.label_view.mask_N is not None else LabelFilter())

    @functools.cached_property
    def rows_N(self) -> np.ndarray | None:
        """The rows that meet all conditions, as a mask; None without conditions."""
        return np.logical_and.reduce(list(self.masks().values())) if self.slice else None

    @functools.cached_property
    def rows_key(self) -> tuple[Any, ...]:
        """Identifies the files and the rows that fit, for caches."""
        rows = b"" if self.rows_N is None else np.packbits(self.rows_N).tobytes()
        return (*self.key, hashlib.sha256(rows).hexdigest())

    @property
    def ids(self) -> np.ndarray:
        """The ids of the rows that fit, in order."""
        ids: np.ndarray = self.examples.column("id").to_numpy()[self.positions]
        return ids

    @property
    def row(self) -> int | None:
        """The id of the open row; None if no row is open or it does not fit the query."""
        row = int(st.session_state[keys.ROW])
        return row if row and len(self.index_of(row)) else None

    def index_of(self, id: int) -> np.ndarray:
        """The index of an id among the rows that fit, as an array of one number; empty if it is not among them."""
        return np.flatnonzero(self.ids == id)


@st.cache_resource(max_entries=8, show_spinner=False)
def _examples(directory: str, stamp: int) -> Examples:
    """A table, shared by all visitors, which caches the columns that were read."""
    return Examples(directory)


@st.cache_resource(max_entries=8, show_spinner=False)
def _pair(first: str, second: str, stamps: tuple[int, int], score: str) -> Paired:
    return Paired(_examples(first, stamps[0]), _examples(second, stamps[1]), score)


@st.cache_resource(max_entries=64, show_spinner=False)
def _row_order(key: tuple[Any, ...], packed: str, _examples: Examples) -> np.ndarray:
    """``Examples.order``, cached for turning pages and opening rows."""
    return _examples.order(Query.unpack(packed))


def _stamp(directory: Path) -> int:
    return (directory / "examples.parquet").stat().st_mtime_ns


def load_examples(name: str) -> Examples:
    """A finished inspection's table. Raises UserError as ``Examples`` does."""
    directory = inspections.inspection_directory(name)
    return _examples(str(directory), _stamp(directory))


def read_view(entry: inspections.InspectionEntry, second: inspections.InspectionEntry | None) -> InspectionView:
    """Apply the browser's requests, then read the view. Raises UserError if the inspections are of different files."""
    score, first = st.session_state[keys.WON_BY], load_examples(entry.name)
    key: tuple[Any, ...] = (str(first.directory), _stamp(first.directory))
    table: Examples = first
    if second is not None:
        other = inspections.inspection_directory(second.name)
        stamps = key[1], _stamp(other)
        table, key = _pair(str(first.directory), str(other), stamps, score), (*key, str(other), stamps[1], score)
    for component in ("inspect_charts", "inspect_table"):
        handle_request(component)
    query = current_query()
    if second is None:
        query = query.without(f"ranges:{DIFFERENCE}")
        query = replace(query, sort="id", descending=False) if query.sort == DIFFERENCE else query
        set_query(query)
    try:
        return _make_view(entry, table, key)
    except UserError as error:
        if error.key != "error.regex_slow":
            raise
        slow = str(error.values["expression"])
        st.session_state[WRONG_SEARCH] = WrongSearch(slow, error.bare())
        set_query(replace(query, searches=tuple(search for search in query.searches if search.how != "regex")))
    return _make_view(entry, table, key)


def _make_view(entry: inspections.InspectionEntry, table: Examples, key: tuple[Any, ...]) -> InspectionView:
    query = current_query()
    label_view = label_filter.read_label_view(table, query)
    return InspectionView(
        entry, table, key, query, label_view, _apply_labels(_row_order(key, query.pack(), table), label_view, table)
    )


def _apply_labels(positions: np.ndarray, label_view: label_filter.LabelView, table: Examples) -> np.ndarray:
    """Positions sorted by label and filtered by label, where the session asks for that; the open row stays."""
    if label_view.order_N is not None:
        fits_N = np.zeros(len(table), dtype=bool)
        fits_N[positions] = True
        positions = label_view.order_N[fits_N[label_view.order_N]]
    if label_view.mask_N is not None:
        keep_N = label_view.mask_N | (table.column("id").to_numpy() == st.session_state[keys.ROW])
        positions = positions[keep_N[positions]]
    return positions


def current_query() -> Query:
    """The query in the session."""
    return Query.unpack(st.session_state[keys.QUERY])


def set_query(query: Query) -> None:
    """Change the session's query; if it differs, the table returns to its first page."""
    if query.pack() != st.session_state[keys.QUERY]:
        st.session_state.update({keys.QUERY: query.pack(), keys.TABLE_FROM: 0})


def show_only(ids: tuple[int, ...]) -> None:
    """Restrict the query to some examples by id; an empty tuple lifts the restriction."""
    set_query(replace(current_query(), ids=ids))


def clear_condition(condition: str) -> None:
    """Clear one condition."""
    if condition == "labels":
        label_filter.set_label_filter(LabelFilter())
    else:
        set_query(current_query().without(condition))


def negate_condition(condition: str) -> None:
    """Ask for the rows that do not meet a condition, or again for those that do."""
    if condition == "labels":
        wanted = LabelFilter.unpack(st.session_state[keys.LABELLED])
        label_filter.set_label_filter(replace(wanted, negated=not wanted.negated))
    elif condition in current_query().conditions():  # otherwise it is gone: the button was clicked twice
        set_query(current_query().negate(condition))


def clear_conditions() -> None:
    """Clear all conditions; the sort order stays."""
    open_slice(Slice())


def open_slice(chosen: Slice) -> None:
    """Set the conditions; the sort order stays."""
    query = current_query()
    set_query(replace(chosen.query, sort=query.sort, descending=query.descending))
    label_filter.set_label_filter(chosen.labels)


def handle_request(component: str) -> None:
    """Apply a component's new request, if there is one; an invalid request is ignored."""
    if (sent := request.take_request(component)) is not None:
        take_bookmarks(sent.fields.get("bookmarks"))
        with contextlib.suppress(UserError):
            _apply_request(sent)


def _apply_request(sent: Request) -> None:
    query, fields = current_query(), sent.fields
    name = str(fields.get("name"))
    if sent.kind == "open" and type(fields.get("id")) is int:
        st.session_state[keys.ROW] = max(0, min(fields["id"], 10**12))
    elif sent.kind == "turn" and type(fields.get("start")) is int:
        st.session_state[keys.TABLE_FROM] = max(0, min(fields["start"], 10**9))
    elif sent.kind == "sort" and name in SORTS:
        set_query(replace(query, sort=name, descending=query.sort == name and not query.descending))
    elif sent.kind == "cause" and name in TAGS:
        others = tuple(cause for cause in query.causes if cause != name)
        set_query(replace(query, causes=others if name in query.causes else (*others, name)))
    elif sent.kind == "range" and name in NUMBERS:
        low, high = _finite(fields.get("low")), _finite(fields.get("high"))
        rest = query.without(f"ranges:{name}").ranges
        set_query(replace(query, ranges=rest if low is None and high is None else {**rest, name: (low, high)}))
    elif sent.kind == "words":
        words = {key: fields[key] for key in WORDS if isinstance(fields.get(key), str) and len(fields[key]) <= 400}
        set_query(replace(query, words={} if words == query.words else words))


def _finite(value: Any) -> float | None:
    """A finite number, else None."""
    return value if type(value) in (int, float) and math.isfinite(value) else None


def inspection_link() -> dict[str, str]:
    """The parameters of a link to the current state of the page."""
    state = PageState(**{name: st.session_state[name] for name in INSPECTION})
    if len(state.query) > MAX_VALUE:  # too many ids for an address
        state = replace(state, query=current_query().without("ids").pack())
    person = labels.current_person()
    return {**write_link(state), **({"person": person} if person else {}), "lang": language.current()}

"""What is looked at: the inspection, the query and the row, kept in the session under the link's names."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from s2s.inspect.causes import CAUSES
from s2s.inspect.paired import Paired
from s2s.inspect.table import DIFFERENCE, NUMBERS, SORTS, WORDS, Examples, Query
from s2s.server import inspections
from s2s.store.label import Asked
from s2s.web.inspection import label_filter, labels
from s2s.web.shell import keys, language, request
from s2s.web.shell.page_state import INSPECTION, MAX_VALUE, PageState, write_link
from s2s.web.shell.request import Request

COUNT = 10  # rows of a page of the table


@dataclass(frozen=True)
class Shown:
    """A finished inspection, perhaps with a second one; the query, what people said, the places of the rows that fit.

    Places are in the query's order. The row that is open stays whatever is said of it until another one is opened.
    """

    entry: inspections.Entry
    examples: Examples
    key: tuple[Any, ...]  # what the table is made of, for caches
    query: Query
    said: label_filter.Said
    places: np.ndarray

    def again(self) -> Shown:
        """The same inspection as the session now asks for it, and as people now label it."""
        return _shown(self.entry, self.examples, self.key)

    @property
    def asked(self) -> tuple[Any, ...]:
        """All that the page shows beside the rows, and that another query or label may change."""
        told = self.said
        mask = None if told.mask_N is None else told.mask_N.tobytes()
        lost = told.problem is not None
        return self.query, mask, told.asked, told.people, tuple(told.categories.items()), lost

    @property
    def directory(self) -> Path:
        """Where it is."""
        return self.examples.directory

    def masks(self) -> dict[str, np.ndarray]:
        """Of each condition the rows that meet it: ``Examples.masks``, and ``labels``."""
        own = {} if self.said.mask_N is None else {"labels": self.said.mask_N}
        return self.examples.masks(self.query) | own

    @property
    def ids(self) -> np.ndarray:
        """The ids of the rows that fit, in order."""
        ids: np.ndarray = self.examples.column("id").to_numpy()[self.places]
        return ids

    @property
    def row(self) -> int | None:
        """The id of the row that is open, if it fits the query."""
        row = int(st.session_state[keys.ROW])
        return row if row and len(self.positions(row)) else None

    def positions(self, id: int) -> np.ndarray:
        """Where an id stands among the rows that fit: one number or none."""
        return np.flatnonzero(self.ids == id)


@st.cache_resource(max_entries=8, show_spinner=False)
def _examples(directory: str, stamp: int) -> Examples:
    """A table with the columns that were read of it; shared by all visitors and only ever added to."""
    return Examples(directory)


@st.cache_resource(max_entries=8, show_spinner=False)
def _paired(first: str, second: str, stamps: tuple[int, int], score: str) -> Paired:
    return Paired(_examples(first, stamps[0]), _examples(second, stamps[1]), score)


@st.cache_resource(max_entries=64, show_spinner=False)
def _order(key: tuple[Any, ...], packed: str, _examples: Examples) -> np.ndarray:
    """``Examples.order``, found again while one turns pages and opens rows."""
    return _examples.order(Query.unpack(packed))


def _stamp(directory: Path) -> int:
    return (directory / "examples.parquet").stat().st_mtime_ns


def examples(name: str) -> Examples:
    """A finished inspection's table. Raises UserError as ``Examples`` does."""
    directory = inspections.directory(name)
    return _examples(str(directory), _stamp(directory))


def shown(entry: inspections.Entry, second: inspections.Entry | None) -> Shown:
    """What the session names, once the browser's requests have been followed. Raises UserError for two files."""
    score, first = st.session_state[keys.WON_BY], examples(entry.name)
    key: tuple[Any, ...] = (str(first.directory), _stamp(first.directory))
    table: Examples = first
    if second is not None:
        other = inspections.directory(second.name)
        stamps = key[1], _stamp(other)
        table, key = _paired(str(first.directory), str(other), stamps, score), (*key, str(other), stamps[1], score)
    for component in ("inspect_charts", "inspect_table"):
        follow(component)
    query = asked_for()
    if second is None:
        query = query.without(f"ranges:{DIFFERENCE}")
        query = replace(query, sort="id", descending=False) if query.sort == DIFFERENCE else query
        ask(query)
    return _shown(entry, table, key)


def _shown(entry: inspections.Entry, table: Examples, key: tuple[Any, ...]) -> Shown:
    query = asked_for()
    told = label_filter.read(table, query)
    return Shown(entry, table, key, query, told, _labelled(_order(key, query.pack(), table), told, table))


def _labelled(places: np.ndarray, told: label_filter.Said, table: Examples) -> np.ndarray:
    """Places in the order of labels, without those not asked for; the row that is open stays."""
    if told.order_N is not None:
        fits_N = np.zeros(len(table), dtype=bool)
        fits_N[places] = True
        places = told.order_N[fits_N[told.order_N]]
    if told.mask_N is not None:
        keep_N = told.mask_N | (table.column("id").to_numpy() == st.session_state[keys.ROW])
        places = places[keep_N[places]]
    return places


def asked_for() -> Query:
    """The session's query."""
    return Query.unpack(st.session_state[keys.QUERY])


def ask(query: Query) -> None:
    """Another query; the table begins at its first rows if it is another one."""
    if query.pack() != st.session_state[keys.QUERY]:
        st.session_state.update({keys.QUERY: query.pack(), keys.TABLE_FROM: 0})


def choose(ids: tuple[int, ...]) -> None:
    """Only these examples; all where there is none."""
    ask(replace(asked_for(), ids=ids))


def drop(condition: str) -> None:
    """Clear one condition."""
    if condition == "labels":
        label_filter.ask(Asked())
    else:
        ask(asked_for().without(condition))


def clear() -> None:
    """Clear all conditions; the order stays."""
    query = asked_for()
    ask(Query(sort=query.sort, descending=query.descending))
    label_filter.ask(Asked())


def follow(component: str) -> None:
    """Do what the browser asks, if it makes sense; else nothing."""
    if (asked := request.take_request(component)) is not None:
        _follow(asked)


def _follow(asked: Request) -> None:
    query, fields = asked_for(), asked.fields
    name = str(fields.get("name"))
    if asked.kind == "open" and type(fields.get("id")) is int:
        st.session_state[keys.ROW] = max(0, min(fields["id"], 10**12))
    elif asked.kind == "turn" and type(fields.get("start")) is int:
        st.session_state[keys.TABLE_FROM] = max(0, min(fields["start"], 10**9))
    elif asked.kind == "sort" and name in SORTS:
        ask(replace(query, sort=name, descending=query.sort == name and not query.descending))
    elif asked.kind == "cause" and name in CAUSES:
        kept = tuple(one for one in query.causes if one != name)
        ask(replace(query, causes=kept if name in query.causes else (*kept, name)))
    elif asked.kind == "range" and name in NUMBERS:
        low, high = _bound(fields.get("low")), _bound(fields.get("high"))
        rest = query.without(f"ranges:{name}").ranges
        ask(replace(query, ranges=rest if low is None and high is None else {**rest, name: (low, high)}))
    elif asked.kind == "words":
        words = {key: fields[key] for key in WORDS if isinstance(fields.get(key), str) and len(fields[key]) <= 400}
        ask(replace(query, words={} if words == query.words else words))


def _bound(value: Any) -> float | None:
    """A finite number, else None."""
    return value if type(value) in (int, float) and math.isfinite(value) else None


def address() -> dict[str, str]:
    """The link to what is on screen."""
    state = PageState(**{name: st.session_state[name] for name in INSPECTION})
    if len(state.query) > MAX_VALUE:  # many examples picked one by one: no address holds them
        state = replace(state, query=asked_for().without("ids").pack())
    person = labels.person()
    return {**write_link(state), **({"person": person} if person else {}), "lang": language.current()}

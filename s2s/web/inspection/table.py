"""The rows that fit, a page at a time: search, errors alone, order; a click opens one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from s2s.inspect.causes import CAUSES
from s2s.inspect.paired import OTHER, Paired
from s2s.inspect.table import DIFFERENCE, LABEL, MOST, SORTS
from s2s.web.components import inspection
from s2s.web.inspection import state
from s2s.web.inspection.state import COUNT, Shown
from s2s.web.shell import keys, language, request
from s2s.web.shell.bound import picks, shows
from s2s.web.shell.language import t

INSPECT_ERRORS = "inspect_errors"
INSPECT_SEARCH = "inspect_search"
TABLE_ROW = "table_row"  # id of the row that was open when the table was drawn last

LONGEST = 300  # characters of a text that a cell holds
TEXTS = ("source", "reference", "output")
MEASURED = ("chrf", "bleu", "nll", "divergence")
PLACES = ("divergence", "attended", "moved_to")  # counted from 0 in the file, from 1 on the pages
DECIMALS = {"chrf": 1, "bleu": 1, "rouge_l": 1, "nll": 2, DIFFERENCE: 1}


def section(shown: Shown) -> None:
    """The component."""
    start = min(int(st.session_state.get(keys.TABLE_FROM, 0)), max(0, len(shown.places) - 1))
    row = shown.row
    if row is not None and st.session_state.get(TABLE_ROW) != row:  # opened elsewhere: its page is shown
        at = int(shown.positions(row)[0])
        start = start if start <= at < start + COUNT else at // COUNT * COUNT
    st.session_state.update({TABLE_ROW: row, keys.TABLE_FROM: start})
    inspection.mount("table", _data(shown, start, row))


def controls(shown: Shown) -> None:
    """Search, errors alone, order."""
    left, middle, sort, order = st.columns([5, 2, 3, 2], vertical_alignment="bottom")
    query = shown.query
    st.session_state[INSPECT_SEARCH] = query.text
    st.session_state[INSPECT_ERRORS] = query.errors
    left.text_input(t("inspect.search"), **shows(INSPECT_SEARCH), max_chars=MOST, on_change=_search)
    middle.checkbox(t("inspect.only_errors"), **shows(INSPECT_ERRORS), on_change=_errors)
    ids = f"sort-{language.current()}", f"order-{language.current()}"
    st.session_state[ids[0]], st.session_state[ids[1]] = query.sort, query.descending
    there = {DIFFERENCE: isinstance(shown.examples, Paired), LABEL: bool(shown.said.people) or query.sort == LABEL}
    names = [name for name in SORTS if there.get(name, True)]
    labels = {name: t(f"inspect.column.{name}") for name in names}
    sort.selectbox(t("inspect.sort"), **picks(ids[0], names), format_func=labels.__getitem__, on_change=_sort, args=ids)
    orders = {False: t("inspect.ascending"), True: t("inspect.descending")}
    order.selectbox(
        t("inspect.order"),
        **picks(ids[1], [False, True]),
        format_func=orders.__getitem__,
        on_change=_sort,
        args=ids,
    )


def _search() -> None:
    state.ask(replace(state.asked_for(), text=st.session_state[INSPECT_SEARCH].strip()))


def _errors() -> None:
    state.ask(replace(state.asked_for(), errors=st.session_state[INSPECT_ERRORS]))


def _sort(sort: str, order: str) -> None:
    chosen = {"sort": st.session_state[sort], "descending": st.session_state[order]}
    state.ask(replace(state.asked_for(), **chosen))


def _data(shown: Shown, start: int, row: int | None) -> dict[str, Any]:
    """What the browser needs of one page, and the ids just before and after it."""
    examples, sort = shown.examples, shown.query.sort
    paired = isinstance(examples, Paired)
    texts = [*TEXTS, *([f"{OTHER}output"] if paired else [])]
    measured = [*([DIFFERENCE] if paired else []), *MEASURED]
    numbers = ["id", *measured, *([sort] if sort not in ("id", LABEL, *measured) else [])]
    stored = [name for name in numbers if name not in ("source_length", "reference_length")]
    lengths = [name for name in numbers if name not in stored]
    needed = [*texts, *stored, *(f"cause_{name}" for name in CAUSES)]
    places = shown.places[start : start + COUNT]
    rows = examples.rows(places, needed)
    for name in lengths:
        for found, place in zip(rows, places.tolist(), strict=True):
            found[name] = examples.column(name)[place].as_py()
    names = [numbers[0], *texts, *numbers[1:]]
    ids = shown.ids
    told = shown.said.shown_of([found["id"] for found in rows])
    return {
        "columns": [_column(shown, name, name in numbers) for name in names],
        "label": None if told is None else t(f"inspect.column.{LABEL}"),
        "rows": [_row(found, names) | {"labels": (told or {}).get(found["id"], [])} for found in rows],
        "before": int(ids[start - 1]) if start else None,
        "after": int(ids[start + COUNT]) if start + COUNT < len(ids) else None,
        "start": start,
        "count": COUNT,
        "total": len(ids),
        "open": row,
        "sort": sort,
        "descending": shown.query.descending,
        "strings": language.strings("inspect_table"),
        "heard": request.last_taken("inspect_table"),
        "link": state.address() if row is None else None,
    }


def _column(shown: Shown, name: str, number: bool) -> dict[str, Any]:
    title = _title(shown, name)
    return {
        "name": name,
        "title": title,
        "number": number,
        "hint": t("inspect.column.divergence") if title == "◆" else title,
    }


def _title(shown: Shown, name: str) -> str:
    if isinstance(shown.examples, Paired):
        names = {
            "output": shown.entry.checkpoint,
            f"{OTHER}output": shown.examples.second.manifest["checkpoint"]["name"],
        }
        if name in names:
            return t("inspect.output_of", checkpoint=names[name])
        if name == DIFFERENCE:
            return t("inspect.ahead", score=t(f"inspect.column.{shown.examples.score}"))
    if name == "bleu" and shown.examples.manifest.get("bleu_tokenizer") == "char":
        name = "bleu_char"
    return "◆" if name == "divergence" else t(f"inspect.column.{name}")


def _row(found: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    tags = [t(f"cause.{name}") for name in CAUSES if found[f"cause_{name}"]]
    return {"id": found["id"], "cells": [cell(name, found[name]) for name in names], "tags": tags}


def cell(name: str, value: Any) -> str:
    """A value as a text: steps from 1, as everywhere on the pages.

    >>> cell("divergence", 0), cell("chrf", 12.345), cell("nll", None), cell("length_ratio", 0.5)
    ('1', '12.3', '–', '0.5')
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return value[:LONGEST] + ("…" if len(value) > LONGEST else "")
    if name in PLACES:
        return str(value + 1)
    text = (
        f"{value:.{DECIMALS[name]}f}"
        if name in DECIMALS
        else f"{value:.3g}"
        if isinstance(value, float)
        else str(value)
    )
    return text.replace("-", "−")

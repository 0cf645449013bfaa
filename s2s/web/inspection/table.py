"""The table of the rows that fit, page by page, with search, order and *errors only*; a click opens a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from s2s.inspect import causes
from s2s.inspect.conditions import POSITIONS
from s2s.inspect.paired import OTHER, Paired
from s2s.inspect.query import DIFFERENCE, LABEL, SORTS
from s2s.inspect.table import Examples
from s2s.text.difference import parts
from s2s.web.components import inspection
from s2s.web.inspection import state
from s2s.web.inspection.bookmarks import table_bookmarks
from s2s.web.inspection.marks import TAGS, mark_tag, marked_words
from s2s.web.inspection.search import search_controls
from s2s.web.inspection.state import PAGE_ROWS, InspectionView
from s2s.web.shell import keys, language, request
from s2s.web.shell.bound import picks, shows
from s2s.web.shell.language import t
from s2s.web.shell.titles import pair_titles

INSPECT_ERRORS = "inspect_errors"
TABLE_ROW = "table_row"  # id of the row that was open when the table was drawn last

MAX_CELL = 300  # characters of a text in a cell
TEXTS = ("source", "reference", "output")
MEASURED = ("chrf", "bleu", "nll", "divergence")
SHARE = "source_share"
DECIMALS = {"chrf": 1, "bleu": 1, "rouge_l": 1, "nll": 2, SHARE: 2, DIFFERENCE: 1}


def table_section(view: InspectionView) -> None:
    """Draw one page of the table; after a row was opened elsewhere, the page that has it."""
    start = min(int(st.session_state.get(keys.TABLE_FROM, 0)), max(0, len(view.positions) - 1))
    row = view.row
    if row is not None and st.session_state.get(TABLE_ROW) != row:  # opened elsewhere
        index = int(view.index_of(row)[0])
        start = start if start <= index < start + PAGE_ROWS else index // PAGE_ROWS * PAGE_ROWS
    st.session_state.update({TABLE_ROW: row, keys.TABLE_FROM: start})
    inspection.mount_inspection_component("table", _table_data(view, start, row))


def table_controls(view: InspectionView) -> None:
    """Draw the search, the checkbox *errors only* and the choice of order."""
    query = view.query
    search_controls(query)
    left, sort, order = st.columns([3, 3, 2], vertical_alignment="bottom")
    st.session_state[INSPECT_ERRORS] = query.errors
    left.checkbox(t("inspect.only_errors"), **shows(INSPECT_ERRORS), on_change=_change_errors)
    ids = f"sort-{language.current()}", f"order-{language.current()}"
    st.session_state[ids[0]], st.session_state[ids[1]] = query.sort, query.descending
    there = {DIFFERENCE: isinstance(view.examples, Paired), LABEL: bool(view.label_view.people) or query.sort == LABEL}
    there[SHARE] = has_shares(view.examples) or query.sort == SHARE
    names = [name for name in SORTS if there.get(name, True)]
    labels = {name: t(f"inspect.column.{name}") for name in names}
    sort.selectbox(
        t("inspect.sort"), **picks(ids[0], names), format_func=labels.__getitem__, on_change=_change_sort, args=ids
    )
    orders = {False: t("inspect.ascending"), True: t("inspect.descending")}
    order.selectbox(
        t("inspect.order"),
        **picks(ids[1], [False, True]),
        format_func=orders.__getitem__,
        on_change=_change_sort,
        args=ids,
    )


def has_shares(examples: Examples) -> bool:
    """Whether it was measured how much of each output comes from the source."""
    return bool(examples.column(SHARE).null_count < len(examples))


def _change_errors() -> None:
    state.set_query(replace(state.current_query(), errors=st.session_state[INSPECT_ERRORS]))


def _change_sort(sort: str, order: str) -> None:
    chosen = {"sort": st.session_state[sort], "descending": st.session_state[order]}
    state.set_query(replace(state.current_query(), **chosen))


def _table_data(view: InspectionView, start: int, row: int | None) -> dict[str, Any]:
    """The component's data: one page of rows from ``start``, and the ids just before and after it."""
    examples, sort = view.examples, view.query.sort
    paired = isinstance(examples, Paired)
    texts = [*TEXTS, *([f"{OTHER}output"] if paired else [])]
    measured = [*([DIFFERENCE] if paired else []), *MEASURED, *([SHARE] if has_shares(examples) else [])]
    numbers = ["id", *measured, *([sort] if sort not in ("id", LABEL, *measured) else [])]
    stored = [name for name in numbers if name not in ("source_length", "reference_length")]
    lengths = [name for name in numbers if name not in stored]
    needed = [*texts, *stored, *causes.TAGS.values()]
    positions = view.positions[start : start + PAGE_ROWS]
    rows = examples.rows(positions, needed)
    for name in lengths:
        for row_values, position in zip(rows, positions.tolist(), strict=True):
            row_values[name] = examples.column(name)[position].as_py()
    names = [numbers[0], *texts, *numbers[1:]]
    ids = view.ids
    labels = view.label_view.for_rows([row_values["id"] for row_values in rows])
    return {
        "columns": [_column(view, name, name in numbers) for name in names],
        "label": None if labels is None else t(f"inspect.column.{LABEL}"),
        "rows": [_row(values, names) | {"labels": (labels or {}).get(values["id"], [])} for values in rows],
        "before": int(ids[start - 1]) if start else None,
        "after": int(ids[start + PAGE_ROWS]) if start + PAGE_ROWS < len(ids) else None,
        "start": start,
        "count": PAGE_ROWS,
        "total": len(ids),
        "open": row,
        "sort": sort,
        "descending": view.query.descending,
        "bookmarks": table_bookmarks(examples.manifest),
        "strings": language.strings("inspect_table"),
        "heard": request.last_taken("inspect_table"),
        "link": state.inspection_link() if row is None else None,
    }


def _column(view: InspectionView, name: str, number: bool) -> dict[str, Any]:
    title = _title(view, name)
    return {
        "name": name,
        "title": title,
        "number": number,
        "tag": mark_tag(name) if name in TAGS else None,
        "hint": t("inspect.column.divergence") if title == "◆" else title,
    }


def _title(view: InspectionView, name: str) -> str:
    if isinstance(view.examples, Paired):
        both = pair_titles(view.entry.checkpoint, view.examples.second.manifest["checkpoint"]["name"])
        names = dict(zip(("output", f"{OTHER}output"), both, strict=True))
        if name in names:
            return t("inspect.output_of", checkpoint=names[name])
        if name == DIFFERENCE:
            return t("inspect.ahead", score=t(f"inspect.column.{view.examples.score}"))
    if name == "bleu" and view.examples.manifest.get("bleu_tokenizer") == "char":
        name = "bleu_char"
    return "◆" if name == "divergence" else t(f"inspect.column.{name}")


def _row(values: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    tags = [t(f"cause.{name}") for name, column in causes.TAGS.items() if values[column]]
    marked = {name: parts(values[name], words, MAX_CELL) for name, words in marked_words(values).items() if words}
    cells = [format_cell(name, values[name]) for name in names]
    return {"id": values["id"], "cells": cells, "marked": marked, "tags": tags}


def format_cell(name: str, value: Any) -> str:
    """A column's value as text; steps and source positions are counted from 1.

    >>> [format_cell(*cell) for cell in (("divergence", 0), ("chrf", 12.345), ("nll", None), ("length_ratio", 0.5))]
    ['1', '12.3', '–', '0.5']
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return value[:MAX_CELL] + ("…" if len(value) > MAX_CELL else "")
    if name in POSITIONS:
        return str(value + 1)
    text = (
        f"{value:.{DECIMALS[name]}f}"
        if name in DECIMALS
        else f"{value:.3g}"
        if isinstance(value, float)
        else str(value)
    )
    return text.replace("-", "−")

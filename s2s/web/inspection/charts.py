"""Charts that filter the table by brush or click: distributions, causes, confused words; the conditions as chips."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import streamlit as st

from s2s.inspect import bins
from s2s.inspect.paired import Paired
from s2s.inspect.summary import float_column
from s2s.inspect.table import DIFFERENCE, WORDS, Examples, Query
from s2s.web.components import inspection
from s2s.web.inspection import state
from s2s.web.inspection.state import InspectionView
from s2s.web.inspection.table import POSITIONS
from s2s.web.shell import language, request
from s2s.web.shell.foreign import plain
from s2s.web.shell.language import t


@st.cache_resource(max_entries=64, show_spinner=False)
def _bins(key: tuple[Any, ...], name: str, _examples: Examples) -> bins.Bins | None:
    return bins.bins_of(_examples, name)


def charts_section(view: InspectionView) -> None:
    """Draw the charts and the chips."""
    mask_N = view.label_view.mask_N
    labelled = "" if mask_N is None else hashlib.sha256(np.packbits(mask_N).tobytes()).hexdigest()
    data = _chart_data((*view.key, labelled), view.query.pack(), language.current(), view)
    strings = language.strings("inspect_charts")
    inspection.mount_inspection_component(
        "charts", {**data, "strings": strings, "heard": request.last_taken("inspect_charts")}
    )
    _chip_buttons([*query_chips(view.query), *([("labels", chip)] if (chip := view.label_view.chip_text()) else [])])


@st.cache_resource(max_entries=64, show_spinner=False)
def _chart_data(key: tuple[Any, ...], packed: str, lang: str, _view: InspectionView) -> dict[str, Any]:
    """The data of all charts for a query, cached for turning pages and opening rows."""
    examples, query = _view.examples, _view.query
    masks = _view.masks()
    measures = (DIFFERENCE, *bins.MEASURES) if isinstance(examples, Paired) else bins.MEASURES
    charts = [_distribution(_view, masks, name) for name in measures]
    causes = [
        cause | {"title": t(f"cause.{cause['name']}"), "means": t(f"cause_means.{cause['name']}"), "on": on}
        for cause in bins.cause_counts(examples, masks)
        if (on := cause["name"] in query.causes) or cause["all"]
    ]
    confusion = bins.confusion_counts(examples, query, masks)
    confusion["on"] = {name: query.words.get(name) for name in WORDS}
    return {"charts": [chart for chart in charts if chart], "causes": causes, "confusion": confusion}


def _distribution(view: InspectionView, masks: bins.Masks, name: str) -> dict[str, Any] | None:
    """A measure's distribution over all rows, and over those that meet all conditions on other measures; or None."""
    examples = view.examples
    measure_bins = _bins(view.key, name, examples)
    if measure_bins is None:
        return None
    fits = bins.mask_without(masks, f"ranges:{name}", len(examples))
    title = t(f"inspect.column.{name}")
    if isinstance(examples, Paired) and name == DIFFERENCE:
        title = t("inspect.ahead", score=t(f"inspect.column.{examples.score}"))
    return {
        "name": name,
        "title": title,
        "bounds": measure_bins.bounds,
        "edges": measure_bins.edges,
        "whole": name in bins.WHOLE,
        "from": _first_number(name),
        "all": measure_bins.counts(np.ones(len(examples), dtype=bool)),
        "kept": measure_bins.counts(fits),
        "none": int((~np.isfinite(float_column(examples.column(name))) & fits).sum()),
        "range": view.query.ranges.get(name),
    }


def query_chips(query: Query) -> list[tuple[str, str]]:
    """The conditions of a query, each as its name and its text on the page."""
    named = [("errors", t("inspect.only_errors"))] if query.errors else []
    named += [(f"causes:{name}", t(f"cause.{name}")) for name in query.causes]
    for name, (low, high) in query.ranges.items():
        column, first = t(f"inspect.column.{name}"), _first_number(name)
        low, high = (None if x is None else x + first for x in (low, high))
        if low is None or high is None:
            named.append(
                (
                    f"ranges:{name}",
                    f"{column} {'≤' if low is None else '≥'} {_format_number(high if low is None else low)}",
                )
            )
        else:
            between = _format_number(low) if low == high else f"{_format_number(low)}–{_format_number(high)}"
            named.append((f"ranges:{name}", f"{column} {between}"))
    named += [(f"words:{name}", t(f"inspect.chip_{name}", word=word)) for name, word in query.words.items()]
    named += [("ids", t("inspect.chip_ids", count=len(query.ids)))] if query.ids else []
    return named + ([("text", t("inspect.chip_text", text=query.text))] if query.text else [])


def _first_number(name: str) -> int:
    """The number at which the page starts to count a column: 1 for steps and source positions."""
    return 1 if name in POSITIONS else 0


def _format_number(value: float | None) -> str:
    return f"{value:.3g}".replace("-", "−") if value is not None else ""


def _chip_buttons(conditions: list[tuple[str, str]]) -> None:
    """Draw a button for each condition, which clears it, and one that clears all."""
    if not conditions:
        return
    with st.container(horizontal=True, key="inspect_chips", gap="small", vertical_alignment="center"):
        for condition, words in conditions:
            st.button(plain(f"{words} ✕"), key=f"chip-{condition}", on_click=state.clear_condition, args=(condition,))
        if len(conditions) > 1:
            st.button(t("inspect.clear"), key="chip-all", on_click=state.clear_conditions, type="tertiary")

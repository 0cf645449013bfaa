"""Charts that filter the table by brush or click: distributions, causes, confused words; the conditions as chips."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from s2s.inspect import bins
from s2s.inspect.columns import float_column
from s2s.inspect.conditions import describe_conditions, first_number
from s2s.inspect.paired import Paired
from s2s.inspect.query import DIFFERENCE, WORDS, Query
from s2s.inspect.table import Examples
from s2s.web.components import inspection
from s2s.web.inspection import state
from s2s.web.inspection.state import InspectionView
from s2s.web.shell import language, request
from s2s.web.shell.foreign import plain
from s2s.web.shell.language import t


@st.cache_resource(max_entries=64, show_spinner=False)
def _bins(key: tuple[Any, ...], name: str, _examples: Examples) -> bins.Bins | None:
    return bins.bins_of(_examples, name)


def charts_section(view: InspectionView) -> None:
    """Draw the charts and the chips."""
    data = _chart_data(view.rows_key, view.query.pack(), language.current(), view)
    strings = language.strings("inspect_charts")
    inspection.mount_inspection_component(
        "charts", {**data, "strings": strings, "heard": request.last_taken("inspect_charts")}
    )
    _chip_buttons(
        [*describe_conditions(view.query, t), *([("labels", chip)] if (chip := view.label_view.chip_text()) else [])],
        view.query,
    )


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
        "from": first_number(name),
        "all": measure_bins.counts(np.ones(len(examples), dtype=bool)),
        "kept": measure_bins.counts(fits),
        "none": int((~np.isfinite(float_column(examples.column(name))) & fits).sum()),
        "range": view.query.ranges.get(name),
    }


def _chip_buttons(conditions: list[tuple[str, str]], query: Query) -> None:
    """Draw two buttons for each condition, which clear and negate it, and one that clears all."""
    if not conditions:
        return
    opposite = {name: dict(describe_conditions(query.negate(name), t))[name] for name in query.conditions()}
    with st.container(horizontal=True, key="inspect_chips", gap="small", vertical_alignment="center"):
        for condition, words in conditions:
            st.button(plain(f"{words} ✕"), key=f"chip-{condition}", on_click=state.clear_condition, args=(condition,))
            st.button(
                plain(f"⇄ {opposite.get(condition) or t('inspect.not', what=words)}"),
                key=f"not-{condition}",
                on_click=state.negate_condition,
                args=(condition,),
                help=t("inspect.negate_help"),
                type="tertiary",
            )
        if len(conditions) > 1:
            st.button(t("inspect.clear"), key="chip-all", on_click=state.clear_conditions, type="tertiary")

"""Distributions, causes and confused words of the rows that fit, to be brushed and clicked; the filters as chips."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import streamlit as st

from s2s.inspect import bins
from s2s.inspect.paired import Paired
from s2s.inspect.summary import floats
from s2s.inspect.table import DIFFERENCE, WORDS, Examples, Query
from s2s.web.components import inspection
from s2s.web.inspection import state
from s2s.web.inspection.state import Shown
from s2s.web.inspection.table import PLACES
from s2s.web.shell import language, request
from s2s.web.shell.foreign import plain
from s2s.web.shell.language import t


@st.cache_resource(max_entries=64, show_spinner=False)
def _bins(key: tuple[Any, ...], name: str, _examples: Examples) -> bins.Bins | None:
    return bins.bins(_examples, name)


def section(shown: Shown) -> None:
    """The component, and the chips."""
    mask_N = shown.said.mask_N
    labelled = "" if mask_N is None else hashlib.sha256(np.packbits(mask_N).tobytes()).hexdigest()
    counted = _counted((*shown.key, labelled), shown.query.pack(), language.current(), shown)
    strings = language.strings("inspect_charts")
    inspection.mount("charts", {**counted, "strings": strings, "heard": request.last_taken("inspect_charts")})
    _chips([*chips(shown.query), *([("labels", chip)] if (chip := shown.said.chip()) else [])])


@st.cache_resource(max_entries=64, show_spinner=False)
def _counted(key: tuple[Any, ...], packed: str, lang: str, _shown: Shown) -> dict[str, Any]:
    """Everything that is counted for a query, once while one turns pages and opens rows."""
    examples, query = _shown.examples, _shown.query
    masks = _shown.masks()
    measures = (DIFFERENCE, *bins.MEASURES) if isinstance(examples, Paired) else bins.MEASURES
    found = [_chart(_shown, masks, name) for name in measures]
    causes = [
        cause | {"title": t(f"cause.{cause['name']}"), "means": t(f"cause_means.{cause['name']}"), "on": on}
        for cause in bins.causes(examples, masks)
        if (on := cause["name"] in query.causes) or cause["all"]
    ]
    confusion = bins.confusion(examples, query, masks)
    confusion["on"] = {name: query.words.get(name) for name in WORDS}
    return {"charts": [chart for chart in found if chart], "causes": causes, "confusion": confusion}


def _chart(shown: Shown, masks: bins.Masks, name: str) -> dict[str, Any] | None:
    """One distribution, of all rows and of those that every other condition holds for."""
    examples = shown.examples
    made = _bins(shown.key, name, examples)
    if made is None:
        return None
    kept = bins.others(masks, f"ranges:{name}", len(examples))
    title = t(f"inspect.column.{name}")
    if isinstance(examples, Paired) and name == DIFFERENCE:
        title = t("inspect.ahead", score=t(f"inspect.column.{examples.score}"))
    return {
        "name": name,
        "title": title,
        "bounds": made.bounds,
        "edges": made.edges,
        "whole": name in bins.WHOLE,
        "from": _first(name),
        "all": made.counts(np.ones(len(examples), dtype=bool)),
        "kept": made.counts(kept),
        "none": int((~np.isfinite(floats(examples.column(name))) & kept).sum()),
        "range": shown.query.ranges.get(name),
    }


def chips(query: Query) -> list[tuple[str, str]]:
    """Every condition of a query: its name and what it says to a person."""
    said = [("errors", t("inspect.only_errors"))] if query.errors else []
    said += [(f"causes:{name}", t(f"cause.{name}")) for name in query.causes]
    for name, (low, high) in query.ranges.items():
        column, first = t(f"inspect.column.{name}"), _first(name)
        low, high = (None if x is None else x + first for x in (low, high))
        if low is None or high is None:
            said.append(
                (f"ranges:{name}", f"{column} {'≤' if low is None else '≥'} {_short(high if low is None else low)}")
            )
        else:
            between = _short(low) if low == high else f"{_short(low)}–{_short(high)}"
            said.append((f"ranges:{name}", f"{column} {between}"))
    said += [(f"words:{name}", t(f"inspect.chip_{name}", word=word)) for name, word in query.words.items()]
    said += [("ids", t("inspect.chip_ids", count=len(query.ids)))] if query.ids else []
    return said + ([("text", t("inspect.chip_text", text=query.text))] if query.text else [])


def _first(name: str) -> int:
    """What a column's 0 is called: steps and places are counted from 1 on the pages."""
    return 1 if name in PLACES else 0


def _short(value: float | None) -> str:
    return f"{value:.3g}".replace("-", "−") if value is not None else ""


def _chips(found: list[tuple[str, str]]) -> None:
    """A button a condition, which clears it, and one for all."""
    if not found:
        return
    with st.container(horizontal=True, key="inspect_chips", gap="small", vertical_alignment="center"):
        for condition, words in found:
            st.button(plain(f"{words} ✕"), key=f"chip-{condition}", on_click=state.drop, args=(condition,))
        if len(found) > 1:
            st.button(t("inspect.clear"), key="chip-all", on_click=state.clear, type="tertiary")

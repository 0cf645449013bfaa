"""The inspection in numbers; for two inspections which is better, and whether the difference is significant."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from s2s.data.text_file import Form
from s2s.evaluate.baselines import SCORED
from s2s.figures.numbers import chance, signed
from s2s.inspect.comparison import comparison, other_causes, same_model
from s2s.inspect.paired import Paired
from s2s.inspect.summary import SHOWN, load_summary, slice_scores, summary
from s2s.inspect.table import Examples
from s2s.web.inspection import progress, state
from s2s.web.inspection.baselines import baselines_caption
from s2s.web.inspection.slices import slice_name
from s2s.web.inspection.state import InspectionView
from s2s.web.shell import language
from s2s.web.shell.foreign import code, plain, quoted
from s2s.web.shell.language import t
from s2s.web.shell.titles import pair_titles


@st.cache_resource(max_entries=32, show_spinner=False)
def _summary(directory: str, stamp: int) -> dict[str, Any]:
    return load_summary(Path(directory))


@st.cache_resource(max_entries=32, show_spinner=False)
def _comparison(
    rows_key: tuple[Any, ...], score: str, _first: Examples, _second: Examples, _rows_N: np.ndarray | None
) -> dict[str, Any]:
    return comparison(_first, _second, score, rows_N=_rows_N)


@st.cache_resource(max_entries=32, show_spinner=False)
def _slice_scores(rows_key: tuple[Any, ...], _examples: Examples, _rows_N: np.ndarray) -> dict[str, Any]:
    return slice_scores(_examples, _rows_N)


def summary_section(view: InspectionView) -> None:
    """Draw a line of scores and the download; for two inspections their comparison."""
    with st.spinner(t("inspect.summing"), show_time=False):
        numbers = _summary(str(view.directory), view.key[1])
    shown = _shown(numbers)
    parts = [t("inspect.examples", count=numbers["examples"]), *_parts(numbers, shown)]
    if numbers["left_out"] or numbers["bad_rows"]:
        parts.append(t("inspect.passed", left=numbers["left_out"], bad=numbers["bad_rows"]))
    left, right = st.columns([9, 2], vertical_alignment="center")
    left.markdown(" · ".join(parts))
    _baselines(numbers, shown)
    progress.tell_finished(view.entry, t("app.list").join(parts[: 2 if "errors" in numbers else 1]))
    if read_as := view.examples.manifest.get("read_as"):  # inspections of earlier versions lack it
        name = numbers["file"]["name"]
        if remark := Form(Path(name), **read_as).remark(language.current(), code(name)):
            st.caption(remark)
    _filtered_line(view, shown)
    named = f"{file_stem(view)}-summary.json"
    right.download_button(
        t("inspect.json"), partial(_json, view), named, "application/json", on_click="ignore", key="inspect_json"
    )
    if isinstance(view.examples, Paired) and (view.rows_N is None or (view.rows_N & view.examples.shared).any()):
        _compare_pair(view.examples, view)


def _shown(numbers: dict[str, Any]) -> dict[str, str]:
    """The scores that are shown, by name, each with the column whose title it has."""
    char = {"bleu": "bleu_char"} if numbers.get("bleu_tokenizer") == "char" else {}
    return {name: char.get(name, name) for name in SHOWN if name in numbers["scores"]}


def _parts(numbers: dict[str, Any], shown: dict[str, str]) -> list[str]:
    """Errors and scores in words."""
    scores = numbers["scores"]
    parts = [f"{t(f'inspect.column.{column}')} {_format_estimate(scores[name])}" for name, column in shown.items()]
    if (errors := numbers.get("errors")) is not None:
        share = 100 * errors / numbers["examples"] if numbers["examples"] else 0.0
        parts.insert(0, t("inspect.errors", count=errors, share=share))
    return parts


def _filtered_line(view: InspectionView, shown: dict[str, str]) -> None:
    """Draw the numbers of the rows that fit, if there is a filter; with the name of the slice, if it is saved."""
    if view.rows_N is None:
        return
    with st.spinner(t("inspect.summing"), show_time=False):
        numbers = _slice_scores(view.rows_key, view.examples, view.rows_N)
    counts, name = {"count": numbers["examples"], "all": numbers["of"]}, slice_name(view)
    head = t("slices.named", name=quoted(name), **counts) if name else t("slices.filtered", **counts)
    parts = _parts(numbers, shown) if numbers["examples"] else [t("slices.none")]
    with st.container(key="inspect_filtered"):
        st.markdown(" · ".join([f"**{head}**", *parts]))
        _baselines(numbers, shown)


def _baselines(numbers: dict[str, Any], shown: dict[str, str]) -> None:
    shared = [name for name in shown if name in SCORED]
    baselines_caption(numbers.get("baselines", {}), shared, shown, numbers["examples"])


def file_stem(view: InspectionView) -> str:
    """The beginning of a download's name: the inspection, and the slice or how many rows are left."""
    if view.rows_N is None:
        return view.entry.name
    part = re.sub(r"[^\w-]+", "-", slice_name(view)).strip("-")
    return f"{view.entry.name}-{part or 'filtered'}-{int(view.rows_N.sum())}"


def _json(view: InspectionView) -> str:
    """The summary of all rows, or of those that fit."""
    whole = view.rows_N is None
    numbers = _summary(str(view.directory), view.key[1]) if whole else summary(view.examples, rows_N=view.rows_N)
    conditions = {} if whole else {"slice": json.loads(view.slice.pack())}
    return json.dumps(numbers | conditions, ensure_ascii=False, indent=1)


def _compare_pair(pair: Paired, view: InspectionView) -> None:
    """Draw the difference of two inspections with its interval, and the wins, losses and ties."""
    files = [pair, pair.second]
    with st.spinner(t("inspect.summing"), show_time=False):
        compared = _comparison(view.rows_key, pair.score, pair, pair.second, view.rows_N)
    names = pair_titles(*(str(one.manifest["checkpoint"]["name"]) for one in files))
    values = {
        "a": quoted(names[0]),
        "b": quoted(names[1]),
        "score": t(f"inspect.column.{pair.score}"),
        "first": _format_estimate(compared["first"]),
        "second": _format_estimate(compared["second"]),
        "difference": _format_estimate(compared["difference"]),
        "chance": _chance(compared),
    }
    if same_model(*files):
        _compare_heads(pair, view.key, names, compared)
        return
    with st.container(border=True):
        if view.rows_N is not None:
            st.caption(t("slices.compared"))
        st.markdown(t("inspect.versus", **values))
        counts = {name: compared[name] for name in ("wins", "losses", "ties")}
        st.markdown(t("inspect.wins", **counts, examples=compared["examples"], a=quoted(names[0]), b=quoted(names[1])))


def _chance(compared: dict[str, Any]) -> str:
    """Whether a difference may be chance, by both tests."""
    p_values = [compared[name] for name in ("p", "p_randomisation")]
    key = "inspect.chance" if max(p_values) >= 0.05 else "inspect.no_chance"
    return t(key, **dict(zip("pq", map(chance, p_values), strict=True)))


@st.cache_resource(max_entries=32, show_spinner=False)
def _other_causes(key: tuple[Any, ...], _first: Examples, _second: Examples) -> tuple[int, ...]:
    return other_causes(_first, _second)


def _compare_heads(pair: Paired, key: tuple[Any, ...], names: tuple[str, str], compared: dict[str, Any]) -> None:
    """Draw the comparison of two heads of one model, which differ only in what their attention explains."""
    ids = _other_causes(key, pair, pair.second)
    with st.container(border=True):
        st.markdown(
            t("inspect.same_model", a=quoted(names[0]), b=quoted(names[1]), score=t(f"inspect.column.{pair.score}"))
        )
        counts = {t(f"cause.{name}"): one for name, one in compared["causes"].items() if one["first"] != one["second"]}
        measures = compared["attention"].items()
        means = {t("inspect.mean_of", measure=t(f"inspect.column.{name}")): sides for name, sides in measures}
        columns = {"": [*counts, *means]}
        for name, side in zip(names, ("first", "second"), strict=True):
            columns[plain(name)] = [f"{one[side]:,}" for one in counts.values()]
            columns[plain(name)] += ["–" if one[side] is None else f"{one[side]:.3f}" for one in means.values()]
        st.table(columns, hide_index=True, border="horizontal")
        if ids:
            label = t("inspect.other_causes", count=len(ids))
            st.button(label, key="inspect_other_causes", on_click=state.show_only, args=(ids,))
        else:
            st.caption(t("inspect.same_causes"))


def _format_estimate(estimate: dict[str, float | None]) -> str:
    """A value with its interval as text."""
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if value is None:
        return "–"
    between = "" if low is None or high is None else f" [{low:.4g}, {high:.4g}]"
    return signed(f"{value:.4g}{between}")

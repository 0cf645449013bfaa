"""The inspection in numbers; for two inspections which is better, and whether the difference is significant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.data.text_file import Form
from s2s.evaluate.baselines import SCORED
from s2s.figures.numbers import chance, signed
from s2s.inspect.comparison import comparison, other_causes, same_model
from s2s.inspect.paired import Paired
from s2s.inspect.summary import load_summary
from s2s.inspect.table import Examples
from s2s.web.inspection import progress, state
from s2s.web.inspection.baselines import baselines_caption
from s2s.web.inspection.state import InspectionView
from s2s.web.shell import language
from s2s.web.shell.foreign import code, plain, quoted
from s2s.web.shell.language import t
from s2s.web.shell.titles import pair_titles


@st.cache_resource(max_entries=32, show_spinner=False)
def _summary(directory: str, stamp: int) -> dict[str, Any]:
    return load_summary(Path(directory))


@st.cache_resource(max_entries=32, show_spinner=False)
def _comparison(key: tuple[Any, ...], score: str, _first: Examples, _second: Examples) -> dict[str, Any]:
    return comparison(_first, _second, score)


def summary_section(view: InspectionView) -> None:
    """Draw a line of scores and the download; for two inspections their comparison."""
    with st.spinner(t("inspect.summing"), show_time=False):
        numbers = _summary(str(view.directory), view.key[1])
    errors = numbers.get("errors")
    parts = [t("inspect.examples", count=numbers["examples"])]
    if errors is not None:
        parts.append(t("inspect.errors", count=errors, share=100 * errors / numbers["examples"]))
    names = [name for name in ("bleu", "chrf", "perplexity") if name in numbers["scores"]]
    char = {"bleu": "bleu_char"} if numbers.get("bleu_tokenizer") == "char" else {}
    parts += [
        f"{t(f'inspect.column.{char.get(name, name)}')} {_format_estimate(numbers['scores'][name])}" for name in names
    ]
    if numbers["left_out"] or numbers["bad_rows"]:
        parts.append(t("inspect.passed", left=numbers["left_out"], bad=numbers["bad_rows"]))
    left, right = st.columns([9, 2], vertical_alignment="center")
    left.markdown(" · ".join(parts))
    shared = [name for name in names if name in SCORED]
    baselines_caption(numbers.get("baselines", {}), shared, char, numbers["examples"])
    progress.tell_finished(view.entry, t("app.list").join(parts[: 1 if errors is None else 2]))
    if read_as := view.examples.manifest.get("read_as"):  # inspections of earlier versions lack it
        name = numbers["file"]["name"]
        if remark := Form(Path(name), **read_as).remark(language.current(), code(name)):
            st.caption(remark)
    text = json.dumps(numbers, ensure_ascii=False, indent=1)
    right.download_button(
        t("inspect.json"), text, "summary.json", "application/json", on_click="ignore", key="inspect_json"
    )
    if isinstance(view.examples, Paired):
        _compare_pair(view.examples, view.key)


def _compare_pair(pair: Paired, key: tuple[Any, ...]) -> None:
    """Draw the difference of two inspections with its interval, and the wins, losses and ties."""
    files = [pair, pair.second]
    with st.spinner(t("inspect.summing"), show_time=False):
        compared = _comparison(key, pair.score, *files)
    names = pair_titles(*(str(one.manifest["checkpoint"]["name"]) for one in files))
    values = {
        "a": quoted(names[0]),
        "b": quoted(names[1]),
        "score": t(f"inspect.column.{pair.score}"),
        "first": _format_estimate(compared["first"]),
        "second": _format_estimate(compared["second"]),
        "difference": _format_estimate(compared["difference"]),
        "chance": t("inspect.chance" if compared["p"] >= 0.05 else "inspect.no_chance", p=chance(compared["p"])),
    }
    if same_model(*files):
        _compare_heads(pair, key, names, compared)
        return
    with st.container(border=True):
        st.markdown(t("inspect.versus", **values))
        counts = {name: compared[name] for name in ("wins", "losses", "ties")}
        st.markdown(t("inspect.wins", **counts, examples=compared["examples"], a=quoted(names[0]), b=quoted(names[1])))


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

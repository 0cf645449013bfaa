"""The inspection in numbers; of two, which is better, and whether that is more than chance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.data.text_file import Form
from s2s.figures.numbers import chance, signed
from s2s.inspect.comparison import comparison, other_causes, same_model
from s2s.inspect.paired import Paired
from s2s.inspect.summary import summarised
from s2s.inspect.table import Examples
from s2s.web.inspection import state
from s2s.web.inspection.state import Shown
from s2s.web.shell import language
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t


@st.cache_resource(max_entries=32, show_spinner=False)
def _summary(directory: str, stamp: int) -> dict[str, Any]:
    return summarised(Path(directory))


@st.cache_resource(max_entries=32, show_spinner=False)
def _compared(key: tuple[Any, ...], score: str, _first: Examples, _second: Examples) -> dict[str, Any]:
    return comparison(_first, _second, score)


def section(shown: Shown) -> None:
    """One line of scores, the rest behind a fold; of two a sentence that says who wins."""
    path = shown.examples.path
    with st.spinner(t("inspect.summing"), show_time=False):
        held = _summary(str(shown.directory), path.stat().st_mtime_ns)
    errors = held.get("errors")
    parts = [t("inspect.examples", count=held["examples"])]
    if errors is not None:
        parts.append(t("inspect.errors", count=errors, share=100 * errors / held["examples"]))
    names = [name for name in ("bleu", "chrf", "perplexity") if name in held["scores"]]
    char = {"bleu": "bleu_char"} if held.get("bleu_tokenizer") == "char" else {}
    parts += [f"{t(f'inspect.column.{char.get(name, name)}')} {_number(held['scores'][name])}" for name in names]
    if held["left_out"] or held["bad_rows"]:
        parts.append(t("inspect.passed", left=held["left_out"], bad=held["bad_rows"]))
    left, right = st.columns([9, 2], vertical_alignment="center")
    left.markdown(" · ".join(parts))
    if read_as := shown.examples.manifest.get("read_as"):  # inspections of earlier versions lack it
        name = held["file"]["name"]
        if said := Form(Path(name), **read_as).remark(language.current(), code(name)):
            st.caption(said)
    text = json.dumps(held, ensure_ascii=False, indent=1)
    right.download_button(
        t("inspect.json"), text, "summary.json", "application/json", on_click="ignore", key="inspect_json"
    )
    if isinstance(shown.examples, Paired):
        _versus(shown.examples)


def _versus(pair: Paired) -> None:
    """Wins, losses and ties, the difference with its interval."""
    files = [pair, pair.second]
    key = tuple((str(one.directory), one.path.stat().st_mtime_ns) for one in files)
    with st.spinner(t("inspect.summing"), show_time=False):
        made = _compared(key, pair.score, *files)
    names = [str(one.manifest["checkpoint"]["name"]) for one in files]
    if names[0] == names[1]:
        names = [f"{name} {side}" for name, side in zip(names, "AB", strict=True)]
    values = {
        "a": code(names[0]),
        "b": code(names[1]),
        "score": t(f"inspect.column.{pair.score}"),
        "first": _number(made["first"]),
        "second": _number(made["second"]),
        "difference": _number(made["difference"]),
        "chance": t("inspect.chance" if made["p"] >= 0.05 else "inspect.no_chance", p=chance(made["p"])),
    }
    if same_model(*files):
        _looked(pair, key, names, made)
        return
    with st.container(border=True):
        st.markdown(t("inspect.versus", **values))
        counts = {name: made[name] for name in ("wins", "losses", "ties")}
        st.markdown(t("inspect.wins", **counts, examples=made["examples"], a=code(names[0]), b=code(names[1])))


@st.cache_resource(max_entries=32, show_spinner=False)
def _other_causes(key: tuple[Any, ...], _first: Examples, _second: Examples) -> tuple[int, ...]:
    return other_causes(_first, _second)


def _looked(pair: Paired, key: tuple[Any, ...], names: list[str], made: dict[str, Any]) -> None:
    """One model looked at in two places: what it says is the same, what attention explains is not."""
    ids = _other_causes(key, pair, pair.second)
    with st.container(border=True):
        st.markdown(
            t("inspect.same_model", a=code(names[0]), b=code(names[1]), score=t(f"inspect.column.{pair.score}"))
        )
        counted = {t(f"cause.{name}"): one for name, one in made["causes"].items() if one["first"] != one["second"]}
        means = {t("inspect.mean_of", measure=t(f"inspect.column.{n}")): one for n, one in made["attention"].items()}
        columns = {"": [*counted, *means]}
        for name, side in zip(names, ("first", "second"), strict=True):
            columns[code(name)] = [f"{one[side]:,}" for one in counted.values()]
            columns[code(name)] += ["–" if one[side] is None else f"{one[side]:.3f}" for one in means.values()]
        st.table(columns, hide_index=True, border="horizontal")
        if ids:
            label = t("inspect.other_causes", count=len(ids))
            st.button(label, key="inspect_other_causes", on_click=state.choose, args=(ids,))
        else:
            st.caption(t("inspect.same_causes"))


def _number(estimate: dict[str, float | None]) -> str:
    """A value with its interval."""
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if value is None:
        return "–"
    between = "" if low is None or high is None else f" [{low:.4g}, {high:.4g}]"
    return signed(f"{value:.4g}{between}")

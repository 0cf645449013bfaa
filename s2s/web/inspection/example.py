"""One row opened: its texts, its causes with their evidence, both lanes in the player, the way to the next."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from s2s.errors import UserError
from s2s.figures.numbers import share, signed
from s2s.inspect.causes import CAUSES
from s2s.inspect.comparison import same_model
from s2s.inspect.paired import OTHER, Paired
from s2s.inspect.reasons import why
from s2s.web.components.player import player
from s2s.web.inspection import labels, state
from s2s.web.inspection.state import Shown
from s2s.web.inspection.table import cell
from s2s.web.shell import keys, language, models, page_state
from s2s.web.shell.foreign import code
from s2s.web.shell.lanes import decode_lanes
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState

PROBABILITIES = ("p", "moved")


def section(shown: Shown) -> None:
    """The row that is open, if there is one."""
    id = shown.row
    if id is None:
        if st.session_state[keys.ROW]:
            st.info(t("inspect.row_gone", id=st.session_state[keys.ROW]))
        elif len(shown.places):
            st.caption(t("inspect.row_none"))
        return
    row = shown.examples.example(id)
    place = int(shown.positions(id)[0])
    _head(shown, id, place)
    _texts(shown, row, int(shown.places[place]))
    _causes(shown, row)
    labels.panel(shown.directory, id)
    _player(shown, row)


def _head(shown: Shown, id: int, place: int) -> None:
    """Which it is of how many, the way back and on, the ways to other pages."""
    ids = shown.ids
    with st.container(horizontal=True, vertical_alignment="center", key="inspect_head"):
        st.markdown(t("inspect.row", id=id, place=place + 1, total=len(ids)))
        for name, at in (("previous", place - 1), ("following", place + 1)):
            there = 0 <= at < len(ids)
            to = int(ids[at]) if there else 0
            st.button(t(f"inspect.{name}"), key=f"row-{name}", on_click=_go, args=(to,), disabled=not there)
        st.button(t("inspect.close"), key="row-close", on_click=_go, args=(0,), type="tertiary")


def _go(id: int) -> None:
    st.session_state[keys.ROW] = id


def _texts(shown: Shown, row: dict[str, Any], place: int) -> None:
    """Source, reference and what was said, of two inspections by both."""
    lines = [("source", row["source"]), ("reference", row["reference"])]
    titles = {name: t(f"inspect.column.{name}") for name in ("source", "reference", "output")}
    scores = _scores(row)
    if isinstance(shown.examples, Paired):
        names = [f"{OTHER}{name}" for name in ("output", "chrf", "bleu", "nll")]
        (beside,) = shown.examples.rows(np.array([place]), names)
        second = {name.removeprefix(OTHER): beside[name] for name in names}
        first_name, second_name = shown.entry.checkpoint, shown.examples.second.manifest["checkpoint"]["name"]
        titles |= {"output": t("inspect.output_of", checkpoint=first_name)}
        titles |= {"second": t("inspect.output_of", checkpoint=second_name)}
        lines += [("output", f"{row['output']}  ({scores})"), ("second", f"{second['output']}  ({_scores(second)})")]
    elif row["output"] is not None:
        lines.append(("output", f"{row['output']}  ({scores})"))
    st.html(_lines([(titles[name], text) for name, text in lines]))
    with st.container(horizontal=True, key="inspect_open"):
        address = {**page_state.write_link(_state(shown, row)), "lang": language.current()}
        parts = {} if row["divergence"] is None else {"step": row["divergence"] + 1}
        st.link_button(t("inspect.open_step"), f"./?{urlencode(address | parts)}")
        if isinstance(shown.examples, Paired) and not same_model(shown.examples, shown.examples.second):
            address |= {"compare": shown.examples.second.manifest["checkpoint"]["name"], "differs": "checkpoint"}
            st.link_button(t("inspect.open_compare"), f"./compare?{urlencode(address)}")


def _scores(row: dict[str, Any]) -> str:
    found = [(name, row.get(name)) for name in ("chrf", "bleu", "nll")]
    parts = [f"{t(f'inspect.column.{name}')} {cell(name, value)}" for name, value in found if value is not None]
    return " · ".join(parts)


def _lines(lines: list[tuple[str, str]]) -> str:
    """Texts under their names, whatever they hold."""
    grid = "display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 14px"
    style = f"{grid};margin:0;padding:0;overflow-wrap:anywhere"
    body = "".join(
        f'<dt style="opacity:.7">{escape(name)}</dt><dd style="margin:0" dir="auto">{escape(text)}</dd>'
        for name, text in lines
    )
    return f'<dl style="{style}">{body}</dl>'


def _causes(shown: Shown, row: dict[str, Any]) -> None:
    """The causes; of two inspections those of both."""
    examples = shown.examples
    if not isinstance(examples, Paired):
        _explained(row, examples.manifest)
        return
    for one in (examples, examples.second):
        st.markdown(t("inspect.causes_of", checkpoint=code(one.manifest["checkpoint"]["name"])))
        try:
            _explained(row if one is examples else one.example(row["id"]), one.manifest)
        except KeyError:  # inspected to another limit
            st.markdown(t("inspect.row_missing"))


def _explained(row: dict[str, Any], manifest: dict[str, Any]) -> None:
    """Each cause with the numbers that its test read, so that a person can disagree."""
    found = [name for name in CAUSES if row[f"cause_{name}"]]
    if row["error"] is False:
        st.success(t("inspect.no_error"))
    elif not found:
        st.markdown(t("inspect.no_cause"))
    for name in found:
        key, values = why(name, row, manifest.get("fences", {}))
        st.markdown(f"- **{t(f'cause.{name}')}** — {t(f'why.{key}', **_said(values))}")


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Numbers and words as they are written in a sentence."""
    said: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list):
            said[name] = t("inspect.and").join(code(str(word)) for word in value)
        elif isinstance(value, str):
            said[name] = code(value)
        elif name in PROBABILITIES:
            said[name] = share(value)
        elif isinstance(value, float):
            said[name] = signed(f"{value:.3g}")
        else:
            said[name] = "–" if value is None else value
    return said


def _state(shown: Shown, row: dict[str, Any]) -> PageState:
    """The row as Step through shows it."""
    return PageState(model=shown.entry.checkpoint, text=row["source"], ref=row["reference"])


def _player(shown: Shown, row: dict[str, Any]) -> None:
    """Both lanes, decoded again by the checkpoint that was inspected, if it is still the same."""
    name, digest = shown.entry.checkpoint, shown.examples.manifest["checkpoint"]["digest"]
    try:
        if not models.is_known(name):
            raise UserError("inspect_no_model", name=name)
        with st.spinner(t("step.loading"), show_time=False):
            checkpoint = models.load(name, models.changed(name))
        if checkpoint.digest != digest:
            raise UserError("inspect_other_model", name=name)
    except UserError as error:
        st.warning(language.explain(error))
        return
    found, messages = decode_lanes(_state(shown, row))
    for kind, message in messages:
        getattr(st, kind)(message)
    if found:
        lane = "free" if "free" in found else "forced"
        player(found, len(checkpoint.target.vocab), state.address(), begin=(lane, found[lane].divergence or 0))

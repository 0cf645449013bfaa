"""The open row: its texts, its causes with their evidence, both lanes in the player, buttons to other rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from s2s.errors import UserError
from s2s.figures.numbers import share, signed
from s2s.inspect.causes import TAGS
from s2s.inspect.comparison import same_model
from s2s.inspect.judgement import AGREES, ERROR, judge
from s2s.inspect.paired import OTHER, Paired
from s2s.inspect.reasons import cause_reason
from s2s.web.components.player import mount_player
from s2s.web.inspection import labels, state
from s2s.web.inspection.bookmarks import bookmark_button
from s2s.web.inspection.marks import SECOND, marked_html, marked_words
from s2s.web.inspection.shaded import suspicion_html
from s2s.web.inspection.source_share import source_share_line
from s2s.web.inspection.state import InspectionView
from s2s.web.inspection.table import format_cell
from s2s.web.shell import keys, language, models, page_state
from s2s.web.shell.foreign import code, quoted
from s2s.web.shell.lanes import decode_lanes
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState
from s2s.web.shell.titles import pair_titles

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint

PROBABILITIES = ("p", "moved")


def example_section(view: InspectionView) -> None:
    """Draw the open row, or say that there is none."""
    id = view.row
    if id is None:
        if st.session_state[keys.ROW]:
            known = st.session_state[keys.ROW] in view.examples.column("id").to_numpy()
            st.info(t("inspect.row_gone" if known else "inspect.row_unknown", id=st.session_state[keys.ROW]))
        elif len(view.positions):
            st.caption(t("inspect.row_none"))
        return
    row = view.examples.example(id)
    index = int(view.index_of(id)[0])
    _row_navigation(view, id, index)
    _row_texts(view, row, int(view.positions[index]))
    _row_causes(view, row)
    checkpoint = _inspected_checkpoint(view)
    if checkpoint is not None:
        source_share_line(row, checkpoint)
    labels.label_panel(view.examples.manifest, id)
    if checkpoint is not None:
        _row_player(view, row, checkpoint)


def _row_navigation(view: InspectionView, id: int, index: int) -> None:
    """Draw the row's number among all, and the buttons *previous*, *next*, *bookmark* and *close*."""
    ids = view.ids
    with st.container(horizontal=True, vertical_alignment="center", key="inspect_head"):
        st.markdown(t("inspect.row", id=id, place=index + 1, total=len(ids)))
        for name, other in (("previous", index - 1), ("following", index + 1)):
            exists = 0 <= other < len(ids)
            other_id = int(ids[other]) if exists else 0
            st.button(
                t(f"inspect.{name}"), key=f"row-{name}", on_click=_open_row, args=(other_id,), disabled=not exists
            )
        bookmark_button(view.examples.manifest, id)
        st.button(t("inspect.close"), key="row-close", on_click=_open_row, args=(0,), type="tertiary")


def _open_row(id: int) -> None:
    st.session_state[keys.ROW] = id


def _row_texts(view: InspectionView, row: dict[str, Any], position: int) -> None:
    """Draw source, reference and output (of two inspections both), further columns, and the links to other pages."""
    lines = [("source", marked_html("source", row["source"], ()))]
    titles = {name: t(f"inspect.column.{name}") for name in ("source", "reference", "output")}
    values = dict(row)
    if isinstance(view.examples, Paired):
        names = [f"{OTHER}{name}" for name in ("output", "chrf", "bleu", "nll")]
        values |= view.examples.rows(np.array([position]), names)[0]
        a, b = pair_titles(view.entry.checkpoint, view.examples.second.manifest["checkpoint"]["name"])
        titles |= {"output": t("inspect.output_of", checkpoint=a), SECOND: t("inspect.output_of", checkpoint=b)}
    marked = marked_words(values)
    for name, prefix in (("reference", None), ("output", ""), (SECOND, OTHER)):
        if values.get(name) is not None:
            scores = "" if prefix is None else f"  ({_format_scores(values, prefix)})"
            lines.append((name, marked_html(name, values[name], marked.get(name, ())) + escape(scores)))
    named = [(titles[name], text) for name, text in lines]
    if row["suspicion"]:
        named.append((t("inspect.suspicion"), suspicion_html(row["output_tokens"], row["suspicion"])))
    named += [(name, escape(value)) for name, value in row["extra"].items()]  # the file's further columns
    st.html(_definition_list(named))
    if row["suspicion"]:
        st.caption(t("inspect.suspicion_help"))
    with st.container(horizontal=True, key="inspect_open"):
        address = {**page_state.write_link(_page_state(view, row)), "lang": language.current()}
        at = error_step(row)
        parts = {} if at is None else {"step": at + 1}
        st.link_button(t("inspect.open_step"), f"./?{urlencode(address | parts)}")
        if isinstance(view.examples, Paired) and not same_model(view.examples, view.examples.second):
            address |= {"compare": view.examples.second.manifest["checkpoint"]["name"], "differs": "checkpoint"}
            st.link_button(t("inspect.open_compare"), f"./compare?{urlencode(address)}")


def _format_scores(row: dict[str, Any], prefix: str) -> str:
    scores = [(name, row.get(prefix + name)) for name in ("chrf", "bleu", "nll")]
    parts = [f"{t(f'inspect.column.{name}')} {format_cell(name, value)}" for name, value in scores if value is not None]
    return " · ".join(parts)


def _definition_list(lines: list[tuple[str, str]]) -> str:
    """Names and texts, which are HTML already, as a definition list."""
    grid = "display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 14px"
    style = f"{grid};margin:0;padding:0;overflow-wrap:anywhere"
    body = "".join(
        f'<dt style="opacity:.8">{escape(name)}</dt><dd style="margin:0" dir="auto">{text}</dd>' for name, text in lines
    )
    return f'<dl style="{style}">{body}</dl>'


def _row_causes(view: InspectionView, row: dict[str, Any]) -> None:
    """Draw the causes of the row's error, of two inspections those of both."""
    examples = view.examples
    if not isinstance(examples, Paired):
        _explain_causes(row, examples.manifest)
        return
    pair = (examples, examples.second)
    both = pair_titles(*(one.manifest["checkpoint"]["name"] for one in pair))
    for one, name in zip(pair, both, strict=True):
        st.markdown(t("inspect.causes_of", checkpoint=quoted(name)))
        try:
            _explain_causes(row if one is examples else one.example(row["id"]), one.manifest)
        except KeyError:  # the second inspection ended at a lower limit
            st.markdown(t("inspect.row_missing"))


def _explain_causes(row: dict[str, Any], manifest: dict[str, Any]) -> None:
    """Draw each cause with the numbers that its test used, so that the reader can judge it."""
    causes = [name for name, column in TAGS.items() if row[column]]
    if row["verdict"] == "same" and not row["error_probability"]:
        st.success(t("inspect.no_error"))
    elif row["verdict"] == "same":
        st.markdown(t("inspect.likely_same", p=share(row["error_probability"])))
    elif row["verdict"] == "doubtful":
        st.markdown(t("inspect.doubtful", p=share(row["error_probability"])))
    elif row["verdict"] == "error":
        measured = judge().measured
        right, agree = (share(measured[name][0]) for name in (ERROR, AGREES))
        st.markdown(t("inspect.error", p=share(row["error_probability"]), right=right, agree=agree))
        if row["cause"] is None:
            st.markdown(t("inspect.no_cause"))
    for name in causes:
        key, values = cause_reason(name, row, manifest["experiments"])
        st.markdown(f"- **{t(f'cause.{name}')}** — {t(f'why.{key}', **_format_values(values))}")


def _format_values(values: dict[str, Any]) -> dict[str, Any]:
    """Numbers and words as text for a sentence."""
    texts: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list):
            texts[name] = t("inspect.and").join(code(str(word)) for word in value)
        elif isinstance(value, str):
            texts[name] = code(value)
        elif value is None:
            texts[name] = "–"
        elif name in PROBABILITIES:
            texts[name] = share(value)
        elif isinstance(value, float):
            texts[name] = signed(f"{value:.3g}")
        else:
            texts[name] = f"{value:,}"
    return texts


def _page_state(view: InspectionView, row: dict[str, Any]) -> PageState:
    """The state with which the page *Step through* shows the row."""
    return PageState(model=view.entry.checkpoint, text=row["source"], ref=row["reference"])


def error_step(row: Mapping[str, Any]) -> int | None:
    """The step of the free lane, from 0, at which a row is opened: its first wrong token, or else its divergence."""
    wrong: Sequence[int] = row["wrong_output"] or ()
    step: int | None = min(wrong) if wrong else row["divergence"]
    return step


def _inspected_checkpoint(view: InspectionView) -> Checkpoint | None:
    """The checkpoint of the inspection; None with a warning if it is missing or has changed."""
    name, digest = view.entry.checkpoint, view.examples.manifest["checkpoint"]["digest"]
    try:
        if not models.is_known(name):
            raise UserError("inspect_no_model", name=name)
        with st.spinner(t("step.loading"), show_time=False):
            checkpoint = models.load(name, models.changed(name))
        if checkpoint.digest != digest:
            raise UserError("inspect_other_model", name=name)
    except UserError as error:
        st.warning(language.explain(error))
        return None
    return checkpoint


def _row_player(view: InspectionView, row: dict[str, Any], checkpoint: Checkpoint) -> None:
    """Draw both lanes, decoded again."""
    lanes, messages = decode_lanes(_page_state(view, row))
    for kind, message in messages:
        getattr(st, kind)(message)
    if lanes:
        lane = "free" if "free" in lanes else "forced"
        at = error_step(row) if lane == "free" else lanes[lane].divergence
        begin = (lane, min(at or 0, len(lanes[lane].steps) - 1))
        mount_player(lanes, len(checkpoint.target.vocab), state.inspection_link(), begin=begin)

"""The words in which output and reference differ, or two outputs, marked in the table and in the open row."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from s2s.inspect.paired import OTHER, Paired
from s2s.text.difference import differing, parts
from s2s.web.inspection.state import InspectionView
from s2s.web.shell import keys, language
from s2s.web.shell.bound import picks, shows
from s2s.web.shell.language import t

INSPECT_MARKED = "inspect_marked"
SECOND = f"{OTHER}output"
WIDTH = 320  # pixels of the choice
TAGS = {"reference": "del", "output": "ins", SECOND: "ins"}  # elements that stand for the marked words of a text


def marks_control(view: InspectionView) -> None:
    """Draw the checkbox that marks differences; with two inspections a choice of what is compared."""
    marked = st.session_state[keys.MARKED]
    if not isinstance(view.examples, Paired):
        st.session_state[INSPECT_MARKED] = marked != "off"
        st.checkbox(t("marks.show"), **shows(INSPECT_MARKED), on_change=_change_checkbox, help=t("marks.help"))
        return
    key = f"{INSPECT_MARKED}-{language.current()}"
    st.session_state[key] = marked
    options = {name: t(f"marks.{name}") for name in ("reference", "outputs", "off")}
    st.selectbox(
        t("marks.show"),
        **picks(key, list(options)),
        format_func=options.__getitem__,
        on_change=_change_choice,
        args=(key,),
        help=t("marks.help_two"),
        width=WIDTH,
    )


def _change_checkbox() -> None:
    st.session_state[keys.MARKED] = "reference" if st.session_state[INSPECT_MARKED] else "off"


def _change_choice(key: str) -> None:
    st.session_state[keys.MARKED] = st.session_state[key] or "reference"


def marked_words(row: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """By text of a row the indices of its marked words, as the session asks for; of two outputs both.

    A word of the reference is marked if no output has it.
    """
    marked = st.session_state[keys.MARKED]
    outputs = {name: row[name] for name in ("output", SECOND) if row.get(name) is not None}
    if marked == "off" or not outputs:
        return {}
    if marked == "outputs" and SECOND in row:
        return dict(zip(outputs, differing(*outputs.values()), strict=True)) if len(outputs) == 2 else {}
    pairs = {name: differing(row["reference"], output) for name, output in outputs.items()}
    missing = set.intersection(*(set(words) for words, _ in pairs.values()))
    return {"reference": tuple(sorted(missing)), **{name: words for name, (_, words) in pairs.items()}}


def mark_tag(name: str) -> str:
    """The HTML element of the marked words of a text."""
    return "mark" if st.session_state[keys.MARKED] == "outputs" else TAGS[name]


def marked_html(name: str, text: str, words: tuple[int, ...]) -> str:
    """A text as escaped HTML, its marked words bold and underlined: dotted in the reference."""
    tag = mark_tag(name) if words else ""
    line = "dotted" if tag == "del" else "solid"
    style = f"text-decoration:underline {line} 2px;text-underline-offset:3px;font-weight:600;color:inherit"
    shade = "background:color-mix(in srgb,currentColor 10%,transparent)"
    return "".join(
        f'<{tag} style="{style};{shade}">{escape(part)}</{tag}>' if index % 2 else escape(part)
        for index, part in enumerate(parts(text, words))
    )

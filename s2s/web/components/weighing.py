"""Score, softmax and context of several models beside each other: a browser component with scores to drag."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.player import bundle
from s2s.trace.branch import Edit
from s2s.trace.trace import Trace
from s2s.web.shell import controls, language, models, request
from s2s.web.shell.request import Request

FOLDER = Path(__file__).parent / "weighing"
COMPONENT = "weighing"  # its key, under which the session holds what the browser set


def script() -> str:
    """The component's script, joined with the modules that it imports."""
    return bundle.script(FOLDER / "weighing.js")


@functools.cache
def _component() -> Any:
    css = bundle.style(FOLDER / "weighing.css")
    return st.components.v2.component("lookback_weighing", html='<div class="weighing"></div>', css=css, js=script())


@st.fragment
def mount_weighing(text: str, sides: Sequence[tuple[Trace, Sequence[float]]]) -> None:
    """Show free-running lanes of one text, each with its steps' scores of padding.

    The component requests the words that follow from dragged scores.
    """
    traces = [trace for trace, _ in sides]

    def words(sent: Request) -> Mapping[str, Any]:
        """The most probable words of a step, before and after its attention weights are replaced."""
        trace = traces[sent.whole("side", 0, len(traces) - 1)]
        step = sent.whole("step", 0, len(trace.steps) - 1)
        edit = Edit("weights", weights=sent.numbers("weights", len(trace.source_tokens)))
        prefix = [one.output for one in trace.steps[:step]]
        name = trace.checkpoint["name"]
        seen = models.preview(name, models.changed(name), text, prefix, {}, edit)
        return {"top": [{"token": c.token, "before": c.before, "after": c.after} for c in seen.changes]}

    shown = request.state_digest("weighing", text, [trace.checkpoint["digest"] for trace in traces])
    data = {
        "sides": [{"trace": trace.to_dict(), "padding": list(padding)} for trace, padding in sides],
        "strings": language.strings("weighing"),
        "worked": language.strings("player"),
        "run": controls.runs(),
        "asking": request.answer_request(shown, {"words": words}, COMPONENT),
    }
    _component()(key=COMPONENT, data=data, on_request_change=lambda: None)

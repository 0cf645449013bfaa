"""The player: a browser component that holds whole traces and paints itself."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.trace import Trace
from s2s.web import language
from s2s.web.request import COMPONENT

FOLDER = Path(__file__).parent / "player"
SCRIPTS = (
    "dom.js",
    "ask.js",
    "lanes.js",
    "heatmap.js",
    "softmax.js",
    "worked.js",
    "evidence.js",
    "export.js",
    "input.js",
    "player.js",
)


def script() -> str:
    """The player's files as one module: they share their top-level names."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)


@functools.cache
def _component() -> Any:
    css = (FOLDER / "player.css").read_text(encoding="utf-8")
    return st.components.v2.component("lookback_player", html='<div class="lookback"></div>', css=css, js=script())


def player(
    lanes: Mapping[str, Trace], vocabulary: int, link: Mapping[str, str], asking: Mapping[str, Any] | None = None
) -> None:
    """Show one or two lanes of one sentence; ``vocabulary`` counts the target words, ``link`` names the state.

    ``asking`` is what ``request.handle`` returned; a player without it cannot ask.
    """
    data = {
        "lanes": {mode: lanes[mode].to_dict() if mode in lanes else None for mode in ("forced", "free")},
        "strings": language.strings("player"),
        "vocabulary": vocabulary,
        "link": dict(link),
        "asking": asking,
    }
    _component()(key=COMPONENT, data=data, on_request_change=lambda: None)

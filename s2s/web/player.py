"""The player: a browser component that holds whole traces and paints itself."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from s2s.player import FOLDER, lane_values, read, script
from s2s.trace import Trace
from s2s.web import language
from s2s.web.request import COMPONENT

__all__ = ["FOLDER", "player", "script"]


@functools.cache
def _component() -> Any:
    css = read("player.css")
    return st.components.v2.component("lookback_player", html='<div class="lookback"></div>', css=css, js=script())


def player(
    lanes: Mapping[str, Trace],
    vocabulary: int,
    link: Mapping[str, str],
    asking: Mapping[str, Any] | None = None,
    branches: Sequence[Mapping[str, Any]] = (),
    predict: bool = False,
) -> None:
    """Show one or two lanes of one sentence; ``vocabulary`` counts the target words, ``link`` names the state.

    ``asking`` is what ``request.handle`` returned; a player without it cannot ask. ``branches`` are further rows, of
    each its steps from where it leaves its parent. With ``predict`` each step is guessed before it is shown.
    """
    data = {
        "lanes": lane_values(lanes),
        "strings": language.strings("player"),
        "vocabulary": vocabulary,
        "link": dict(link),
        "asking": asking,
        "branches": list(branches),
        "predict": predict,
    }
    _component()(key=COMPONENT, data=data, on_request_change=lambda: None)

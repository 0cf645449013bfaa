"""The player: a browser component that gets whole traces and draws them itself."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from s2s.player import bundle
from s2s.player.payload import FOLDER, lane_summaries, lane_values, read, script, source_words
from s2s.trace.trace import Trace
from s2s.web.shell import controls, hidden, keys, language
from s2s.web.shell.request import COMPONENT

__all__ = ["FOLDER", "mount_player", "script"]


@functools.cache
def _component() -> Any:
    css = bundle.style(FOLDER / "player.css")
    return st.components.v2.component("lookback_player", html='<div class="lookback"></div>', css=css, js=script())


@functools.cache
def _wire() -> Any:
    return st.components.v2.component("lookback_wire", js=read("wire.js"))


def mount_player(
    lanes: Mapping[str, Trace],
    vocabulary: int | None,
    link: Mapping[str, str] | None,
    page: str | None = None,
    branches: Sequence[Mapping[str, Any]] = (),
    predict: bool = False,
    begin: tuple[str, int] | None = None,
    projector: bool | None = None,
    model: Mapping[str, Any] | None = None,
) -> None:
    """Show one or two lanes of one sentence in the player.

    ``vocabulary`` is the number of target words, ``link`` the parameters of a link to the page's state. ``page`` is the
    digest of that state, sent with every request; a player without it sends none. ``branches`` are further rows, each
    with its steps after those it shares with its parent; those of ``mount_wire`` take precedence. With ``predict`` the
    viewer guesses each step before it is shown. ``begin`` is the lane and the step (from 0) at which the player opens
    if the link names none. ``projector`` shows the stage alone; None is for a page that has no such stage.
    ``model`` is what ``browser_model.offer`` returns, for a browser that answers forks and edits itself.
    """
    data = {
        "lanes": lane_values(lanes),
        "summaries": {} if predict else lane_summaries(lanes),
        "language": language.current(),
        "hide": hidden.hidden_parts(),
        "strings": language.strings("player"),
        "vocabulary": vocabulary,
        "words": source_words(lanes),
        "pieces": bool(st.session_state.get(keys.PIECES)),
        "link": dict(link) if link is not None else None,
        "page": page,
        "branches": list(branches),
        "predict": predict,
        "begin": None if begin is None else {"lane": begin[0], "step": begin[1]},
        "projector": projector,
        "model": model,
        "run": controls.runs(),
    }
    _component()(key="lanes", data=data)


def mount_wire(told: Mapping[str, Any], link: Mapping[str, str], branches: Sequence[Mapping[str, Any]]) -> None:
    """Send the player its answer, link and branches, apart from the lanes so that the message is small.

    ``told`` is the result of ``request.answer_request``; a branch that the browser already has may lack its steps.
    """
    data = {**told, "link": dict(link), "branches": list(branches)}
    _wire()(key=COMPONENT, data=data, on_request_change=lambda: None)

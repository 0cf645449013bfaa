"""The player: a browser component that holds whole traces and paints itself."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from s2s.player import bundle
from s2s.player.payload import FOLDER, lane_values, read, script, source_words
from s2s.trace.trace import Trace
from s2s.web.shell import controls, keys, language
from s2s.web.shell.request import COMPONENT

__all__ = ["FOLDER", "player", "script"]


@functools.cache
def _component() -> Any:
    css = bundle.style(FOLDER / "player.css")
    return st.components.v2.component("lookback_player", html='<div class="lookback"></div>', css=css, js=script())


@functools.cache
def _wire() -> Any:
    return st.components.v2.component("lookback_wire", js=read("wire.js"))


def player(
    lanes: Mapping[str, Trace],
    vocabulary: int | None,
    link: Mapping[str, str] | None,
    page: str | None = None,
    branches: Sequence[Mapping[str, Any]] = (),
    predict: bool = False,
    begin: tuple[str, int] | None = None,
) -> None:
    """Show one or two lanes of one sentence; ``vocabulary`` counts the target words, ``link`` names the state.

    ``page`` is the name that its requests go by; a player without it cannot ask. ``branches`` are further rows, of
    each its steps from where it leaves its parent; where ``answer`` says others, these hold. With
    ``predict`` each step is guessed before it is shown. ``begin`` is the lane and the step, from 0, at which it opens
    where the link names none.
    """
    data = {
        "lanes": lane_values(lanes),
        "strings": language.strings("player"),
        "vocabulary": vocabulary,
        "words": source_words(lanes),
        "pieces": bool(st.session_state.get(keys.PIECES)),
        "link": dict(link) if link is not None else None,
        "page": page,
        "branches": list(branches),
        "predict": predict,
        "begin": None if begin is None else {"lane": begin[0], "step": begin[1]},
        "run": controls.runs(),
    }
    _component()(key="lanes", data=data)


def answer(told: Mapping[str, Any], link: Mapping[str, str], branches: Sequence[Mapping[str, Any]]) -> None:
    """What a player that can ask must know beside its lanes: it goes alone, so that an answer is a small message.

    ``told`` is what ``request.answer_request`` returned; of ``branches`` those that the browser has may be heads.
    """
    data = {**told, "link": dict(link), "branches": list(branches)}
    _wire()(key=COMPONENT, data=data, on_request_change=lambda: None)

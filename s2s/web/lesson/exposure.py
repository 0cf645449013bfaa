"""Chapter Teacher forcing and exposure bias: both lanes of the sentence, their divergence, the remedies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from s2s.errors import UserError, joined
from s2s.text.vocab import EOS, SPECIALS
from s2s.trace.trace import Trace
from s2s.web.components.player import mount_player
from s2s.web.lesson import remedies
from s2s.web.lesson.pair import Pair, pair_of, result_or_message
from s2s.web.lesson.tables import STYLE, formulas
from s2s.web.shell import controls, layout, models, projector
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t
from s2s.web.shell.page_state import GREEDY, PageState

END = SPECIALS[EOS]


def exposure_chapter(state: PageState) -> None:
    """The lanes, why they diverge, the remedies, the question."""
    st.html(STYLE)
    pair = pair_of(state)
    words, figure = projector.words_and_figure()
    with words:
        formulas("chain", "lanes")
    with figure:
        lanes = _lanes_in_player(state, pair)
    if lanes:
        remedies.remedy_section(pair)
    with st.container(horizontal=True):
        st.page_link("pages/exposure.py", label=t("lesson.exposure.more"))
    _question(pair)


def _lanes_in_player(state: PageState, pair: Pair) -> Mapping[str, Trace] | None:
    """Both lanes in the player, and where they diverge; None after a message."""
    lanes = result_or_message(lambda: _lanes(pair))
    if lanes is not None:
        loaded = models.load(*pair[:2])
        mount_player(lanes, len(loaded.target.vocab), controls.address(state))
        _divergence(lanes)
    return lanes


def _lanes(pair: Pair) -> Mapping[str, Trace]:
    """Both lanes; the free one is greedy, whatever the settings of other pages are."""
    return {"forced": models.decode(*pair, "forced", ()), "free": models.decode(*pair, "free", GREEDY)}


def _divergence(lanes: Mapping[str, Trace]) -> None:
    """The divergence, marked ◆ in the player, in words."""
    forced = lanes["forced"]
    at = forced.divergence
    if at is None:
        st.markdown(t("exposure.no_divergence"))
        return
    step = forced.steps[at]
    assert step.target is not None
    gold, own = step.target.token, step.top[0].token
    words = {"gold": code(gold), "own": code(own)}
    why = "why_gold" if gold == END else "why_own" if own == END else "why"
    parted, reason = t("exposure.at", step=at + 1, **words), t(f"lesson.exposure.{why}", step=at + 2, **words)
    st.markdown(joined("◆", parted, reason))


def _question(pair: Pair) -> None:
    """The question where ◆ is if the free-running output is the reference: for most outputs nowhere."""
    try:
        free = models.decode(*pair, "free", GREEDY)
        if not free.text.strip():
            layout.question("exposure", answers=("copied_none", "answer"))
            return
        forced = models.decode(*pair[:3], free.text, "forced", ())
    except UserError:
        layout.question("exposure")
        return
    at = forced.divergence
    cut_off = free.ended == "length" and at == len(forced.steps) - 1
    answer = "copied" if at is None else "copied_long" if cut_off else "copied_cut"
    values: dict[str, Any] = {"text": code(free.text), "step": (at or 0) + 1}
    layout.question("exposure", answers=(answer, "answer"), **values)

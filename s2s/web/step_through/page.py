"""The page below its controls: decode the lanes, show errors, the player, charts and tabs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s.errors import UserError
from s2s.figures import trace as figures
from s2s.player import page
from s2s.trace.grid import Grid
from s2s.trace.trace import Trace
from s2s.web.components.player import mount_player, mount_wire
from s2s.web.shell import (
    branches,
    browser_model,
    controls,
    in_session,
    keys,
    language,
    models,
    projector,
    request,
    share,
    style,
)
from s2s.web.shell.bound import shows
from s2s.web.shell.lanes import decode_lanes
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState
from s2s.web.step_through import beam, heads
from s2s.web.step_through.evidence import EvidenceAnswers
from s2s.web.step_through.what_if import WhatIf

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint


def more_menu() -> Any:
    """The menu at the end of the line: guessing, the projector, Share, Compare. The download comes with the lanes."""
    state = st.session_state
    # Another key closes it: a change of the mode, or a dialog, is seen where the menu was.
    done = f"{state[keys.PREDICT]:d}{state[keys.PROJECTOR]:d}-{share.openings()}"
    with st.popover(t("step.more"), key=f"more-{done}") as menu:
        st.toggle(t("step.predict"), **shows(keys.PREDICT), help=t("step.predict_help"))
        projector.switch()
        share.share_button()
        st.page_link("pages/compare.py", label=t("step.compare"))
        st.page_link("pages/doctor.py", label=t("step.doctor"))
    return menu


def render_stage(state: PageState, menu: Any) -> None:
    """Everything below the controls, for the page's state; the download goes into ``menu``."""
    name = controls.model_name(state)
    try:
        with st.spinner(t("step.loading"), show_time=False):
            checkpoint = models.load(name, models.changed(name))
    except UserError as error:
        st.error(language.explain(error))
        return
    lanes, messages = decode_lanes(state)
    for kind, message in messages:
        getattr(st, kind)(message)
    if not lanes:
        return
    if state.predict:
        _guess(checkpoint, lanes, state)
        return
    with menu:
        _take_away(lanes, state, checkpoint)
    searched = ["beam_tab"] if "free" in lanes and state.strategy == "beam" else []
    if searched and (problem := beam.take_opened_hypothesis(state)):
        st.warning(problem)
    many = ["heads_tab"] if checkpoint.config.model.attention == "cross" else []
    stepping, charts, *others = _tabs(["player", "charts", *many, *searched])
    with stepping:
        _play(_whatif(checkpoint, lanes, state))
    if charts.open:
        with charts:
            _charts(lanes)
    if many and others[0].open:
        with others[0]:
            heads.heads_tab(lanes, checkpoint, state)
    if searched and others[-1].open:
        with others[-1]:
            beam.beam_tab(state)


def _tabs(names: list[str]) -> Sequence[Any]:
    """Tabs, of which the open one is part of the link. Streamlit identifies it by its label: one widget a language."""
    state, key = st.session_state, f"view-{language.current()}"
    labels = {name: t(f"step.{name}") for name in names}
    if state[keys.TAB] not in names:
        state[keys.TAB] = names[0]
    state[key] = labels[state[keys.TAB]]
    names_by_label = {label: name for name, label in labels.items()}

    def keep_open() -> None:
        state[keys.TAB] = names_by_label.get(state[key], names[0])

    with st.container(key="views"):  # its row of tabs stands in the header, by shell/style.py
        return st.tabs(list(names_by_label), key=key, on_change=keep_open)


def _whatif(checkpoint: Checkpoint, lanes: dict[str, Trace], state: PageState) -> WhatIf:
    fixed = replace(state, branches=(), tab="", pieces=False)
    return WhatIf(request.state_digest(checkpoint.name, checkpoint.digest, fixed), checkpoint, lanes, state)


def _play(whatif: WhatIf) -> None:
    """The player, and the fragment that answers its requests."""
    with st.container(gap=None):
        _answer(whatif)
        words = len(whatif.checkpoint.target.vocab)
        mount_player(
            whatif.lanes,
            words,
            _address(whatif),
            whatif.digest,
            whatif.rows(own=request.computed(whatif.digest)),
            projector=whatif.state.projector,
            model=browser_model.offer(whatif.checkpoint, whatif.lanes, whatif.state),
        )


def _guess(checkpoint: Checkpoint, lanes: dict[str, Trace], state: PageState) -> None:
    """The player in predict mode alone: charts, search and downloads would reveal the output."""
    style.veil_reference()
    mount_player(lanes, len(checkpoint.target.vocab), controls.address(state), predict=True, projector=state.projector)


@st.fragment
def _answer(whatif: WhatIf) -> None:
    """Answer the player. As a fragment, a request reruns only this function and does not send the lanes again."""
    more = {"pieces": heads.set_pieces, "place": whatif.remember_position}
    response = request.answer_request(whatif.digest, whatif.handlers() | EvidenceAnswers(whatif).handlers() | more)
    rows = whatif.rows(request.known(), request.computed(whatif.digest))
    mount_wire(response, _address(whatif), rows)


def _address(whatif: WhatIf) -> dict[str, str]:
    session = st.session_state
    now = replace(whatif.state, branches=branches.list_branches(), tab=session[keys.TAB], pieces=session[keys.PIECES])
    return controls.address(now)


def _take_away(lanes: dict[str, Trace], state: PageState, checkpoint: Checkpoint) -> None:
    """The download of lanes and branches as a page that plays without a server; it is made on demand."""
    lang, name, words = language.current(), checkpoint.name, len(checkpoint.target.vocab)

    def make() -> str:
        whatif = _whatif(checkpoint, lanes, state)
        return page.render(lanes, lang, words, whatif.rows(), begin=whatif.begin(), note=state.note)

    st.download_button(
        t("step.html"),
        in_session.within(make),
        f"lookback-{name}.html",
        "text/html",
        key="html",
        help=t("step.html_help"),
        on_click="ignore",
    )


def _charts(lanes: dict[str, Trace]) -> None:
    text = language.strings("figure")
    rolled = heads.words_switch(*lanes.values())
    for mode, trace in lanes.items():
        lane, grid = t(f"player.{mode}"), Grid.said(trace)
        if trace.looks:
            title = t("figure.attention", lane=lane)
            figure = figures.attention(grid.words() if rolled else grid, title, text)
            projector.show_chart(figure, key=f"attention-{mode}")
        figure = figures.probabilities(trace, text, t("figure.probabilities_of", lane=lane))
        projector.show_chart(figure, key=f"probabilities-{mode}")

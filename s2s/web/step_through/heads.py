"""The tab Heads: the attention of all heads beside each other; the switch between words and subwords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s.figures import heads as multiples
from s2s.trace.grid import Grid
from s2s.trace.trace import Trace
from s2s.web.shell import keys, language, models, request
from s2s.web.shell.bound import shows
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState

if TYPE_CHECKING:
    import numpy as np

    from s2s.checkpoint.record import Checkpoint

WORDS = "words"  # value of the switch: show words; the negation of keys.PIECES


@st.cache_resource(max_entries=32, show_spinner=False)
def weights(lane: str, _checkpoint: Checkpoint, _trace: Trace) -> np.ndarray:
    """The weights of every head along a lane, (L, H, T, S); ``lane`` is a digest of its content, the cache's key."""
    import torch

    from s2s.explain import of_trace
    from s2s.model.huggingface.model import HuggingFace

    model, followed = _checkpoint.model, of_trace(_checkpoint, _trace)
    assert isinstance(model, HuggingFace)
    with torch.inference_mode():
        return models.with_model_lock(lambda: model.heads_of(followed.source, followed.read).numpy())


def heads_tab(lanes: Mapping[str, Trace], checkpoint: Checkpoint, state: PageState) -> None:
    """The content of the tab: all heads of all layers on one lane, with a choice of the lane if there are two."""
    st.caption(t("heads.intro"))
    lane = next(iter(lanes))
    if len(lanes) > 1:
        names = {mode: t(f"player.{mode}") for mode in reversed(list(lanes))}
        lane = st.segmented_control(
            t("heads.lane"), list(names), format_func=names.__getitem__, default="free", required=True, key="heads-lane"
        )
    trace = lanes[lane]
    name = request.state_digest(checkpoint.digest, trace.source_tokens, [step.input for step in trace.steps])
    grid = Grid(tuple(step.output for step in trace.steps), trace.source_tokens, weights(name, checkpoint, trace))
    if words_switch(trace):
        grid = grid.words()
    st.html(multiples.STYLE)
    text = {"alt": language.strings("heads")["alt"]}
    for layer, weights_HTS in enumerate(grid.weights, start=1):
        st.markdown(f"**{t('heads.layer_row', layer=layer)}**")
        every = range(1, len(weights_HTS) + 1)
        seen = [head for head in every if state.head in (0, head)] if state.layer in (0, layer) else []
        st.html(multiples.heads_html(weights_HTS, grid.sources, layer, seen, text))


def words_switch(*traces: Trace) -> bool:
    """The switch between words and subwords, if the traces have subwords; returns whether to join them to words."""
    if not any(Grid.of(trace).subwords for trace in traces):
        return False
    st.session_state[WORDS] = not st.session_state[keys.PIECES]
    st.toggle(t("heads.pieces"), **shows(WORDS), help=t("heads.pieces_help"), on_change=_turn)
    return not st.session_state[keys.PIECES]


def set_pieces(request: request.Request) -> dict[str, Any]:
    """Answer to the player's switch between words and subwords: keep the choice for the rest of the page."""
    st.session_state[keys.PIECES] = request.fields.get("on") is True
    return {}


def _turn() -> None:
    st.session_state[keys.PIECES] = not st.session_state[WORDS]

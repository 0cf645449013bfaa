"""Chapter Predict, then reveal: the player asks before it shows, on the free-running lane."""

from __future__ import annotations

import streamlit as st

from s2s.web.components.player import player
from s2s.web.lesson.pair import pair_of, result_or_message
from s2s.web.shell import controls, layout, models, style
from s2s.web.shell.language import t
from s2s.web.shell.page_state import GREEDY, PageState


def predict_chapter(state: PageState) -> None:
    """The player that asks, the way to a whole class, the question."""
    style.veil_reference()  # it would tell
    name, changed, text, _ = pair_of(state)
    free = result_or_message(lambda: models.decode(name, changed, text, "", "free", GREEDY))
    if free is not None:
        vocabulary = len(models.load(name, changed).target.vocab)
        player({"free": free}, vocabulary, controls.address(state), predict=True)
    with st.container(horizontal=True):
        st.page_link("pages/classroom.py", label=t("lesson.predict.more"))
    layout.question("predict")
